"""Supply: what arrives falls with travel time and attacks, stocks run down over days, and cut off means less and dearer.

    D[p] = max over sources and ways of  exp(-hours / L) x prod(1 - tax) x prod(bypass survival)
    Z += min(3 D, 3) + local - use,   use = 1 quiet or 2.5 fighting;   factor = floor + (1 - floor) min(1, Z / Z_low)

The form of the distance decay is Boulding's (1962) loss-of-strength gradient. Contested places pass nothing on; irregulars
pass enemy places at the price of hours and of exp(-guards / G).
"""

from __future__ import annotations

import math

from keyterrain.dynamics.interdiction import EVERY_DAYS
from keyterrain.dynamics.kernel import kernel
from keyterrain.dynamics.luck import Luck
from keyterrain.dynamics.network import begin_search, reach, settle
from keyterrain.dynamics.presence import hostile_force
from keyterrain.dynamics.state import (
    BLOCKED,
    ENEMY,
    FREE,
    LAST_SUPPLY_DAY,
    NONE,
    PASSABLE_CHANGED,
    ROADS_CHANGED,
    SETTLED,
    Draw,
    State,
    World,
)

MOST_DAYS_BETWEEN_SEARCHES = 3
"""Stores bridge the days between searches; a change of ground is searched at once (assumption)."""
CUT_OFF_DAYS = 3
"""Days without delivery after which a place counts as cut off."""


@kernel
def bypass_cost(w: World, d: Draw, s: State, side: int, place: int) -> float:
    """Log price of going round an enemy place."""
    par = d.par
    guards = hostile_force(w, s, side, place)
    return float(par.routes_bypass_hours / par.supply_reach_hours + guards / par.routes_bypass_guard)


@kernel
def spread_supply(w: World, d: Draw, s: State, side: int, place: int) -> None:
    """Carry supply on from a settled place."""
    standing = s.passable[side, place]
    irregular = w.side_irregular[side]
    through = 0.0
    if standing == BLOCKED or (standing == ENEMY and not irregular):
        return
    if standing == ENEMY:
        through = bypass_cost(w, d, s, side, place)
    for k in range(w.arc_start[place], w.arc_start[place + 1]):
        route = w.arc_route[k]
        hours = s.hours[route]
        goal = w.arc_place[k]
        if hours == math.inf or (s.passable[side, goal] != FREE and not irregular and s.force[side, goal] == 0):
            continue
        cost = s.cost[place] + through + hours / d.par.supply_reach_hours + s.tax_cost[side, route]
        reach(s, goal, cost, s.path_hours[place] + hours, 0.0, False, place, s.root[place])


@kernel
def need(d: Draw, s: State, side: int, place: int) -> float:
    """Daily need of a garrison in fighters fed."""
    use = d.par.supply_fighting_use if s.battle[place] else 1.0
    return float(s.force[side, place] * use)


@kernel
def n_garrisons(w: World, s: State, side: int) -> int:
    """Places where a side has fighters, as far as roads join them."""
    n = 0
    for place in range(w.n_places):
        n += 1 if s.force[side, place] > 0 and not w.apart[place] else 0
    return n


@kernel
def deliver(w: World, d: Draw, s: State, side: int) -> None:
    """Find what reaches each garrison of a side, share out what a source cannot cover, and keep where the supply passes."""
    begin_search(s)
    for k in range(w.n_sources):
        s.source_need[k] = 0.0
        if w.source_side[k] == side and s.passable[side, w.source_place[k]] == FREE and d.capacity[k] > 0.0:
            reach(s, w.source_place[k], 0.0, 0.0, 0.0, False, NONE, k)
    wanted = n_garrisons(w, s, side)
    while wanted > 0:
        place = settle(s)
        if place == NONE:
            break
        spread_supply(w, d, s, side, place)
        if s.force[side, place] > 0:
            wanted -= 0 if w.apart[place] else 1
            s.source_need[s.root[place]] += need(d, s, side, place)
    for place in range(w.n_places):
        s.delivery[side, place] = 0.0
        s.flow[side, place] = 0.0
    share_out(w, d, s, side)


@kernel
def share_out(w: World, d: Draw, s: State, side: int) -> None:
    """Give everyone on a source the same share, and sum the need that passes each place on its way."""
    n_settled = s.count[SETTLED]
    total = 0.0
    for i in range(n_settled):
        place = s.settled[i]
        source = s.root[place]
        share = min(1.0, d.capacity[source] / s.source_need[source]) if s.source_need[source] > 0.0 else 1.0
        s.delivery[side, place] = math.exp(-s.cost[place]) * share
        s.load[place] = need(d, s, side, place)
        total += 0.0 if w.apart[place] else s.load[place]
    for i in range(n_settled - 1, -1, -1):
        place = s.settled[i]
        if s.previous[place] != NONE:
            s.load[s.previous[place]] += s.load[place]
        if total > 0.0:
            s.flow[side, place] = s.load[place] / total


@kernel
def local_food(w: World, d: Draw, s: State, side: int, place: int) -> float:
    """Days of need that a garrison finds on the spot."""
    if not w.side_irregular[side]:
        return 0.0
    if s.residents[place] + s.guests[place] > 10 * s.force[side, place]:
        return float(d.par.supply_local_full)
    return float(d.par.supply_local_part)


@kernel
def run_stores(w: World, d: Draw, s: State, side: int) -> None:
    """Fill and empty the stores of a side for a day, and say who is cut off."""
    par = d.par
    s.n_cut_off[side] = 0
    for place in range(w.n_places):
        if s.force[side, place] == 0:
            s.cut_days[side, place] = 0
            continue
        arrives = s.delivery[side, place]
        use = par.supply_fighting_use if s.battle[place] else 1.0
        store = s.store[side, place] + min(3.0 * arrives, 3.0) + local_food(w, d, s, side, place) - use
        s.store[side, place] = min(max(store, 0.0), par.supply_store_days)
        s.supplied[side, place] = par.supply_floor + (1.0 - par.supply_floor) * min(
            1.0, s.store[side, place] / par.supply_low_days
        )
        s.cut_days[side, place] = s.cut_days[side, place] + 1 if arrives < par.supply_cut_off_share else 0
        if s.cut_days[side, place] >= CUT_OFF_DAYS and not w.apart[place]:
            s.n_cut_off[side] += 1


@kernel
def safest_passage(w: World, d: Draw, s: State, corridor: int, side: int) -> float:
    """Least sum of rate x threat over the open ways of a corridor, inf where none is open.

    The chance that a passage meets no attack is exp(-sum). Arcs are listed from the start outwards, so a few sweeps do.
    """
    first, last = w.corridor_arc_start[corridor], w.corridor_arc_start[corridor + 1]
    start, end = w.corridor_from[corridor], w.corridor_to[corridor]
    irregular = w.side_irregular[side] != 0
    danger = s.corridor_work[0]
    for k in range(first, last):
        danger[w.corridor_arc_from[k]] = math.inf
    danger[start] = 0.0
    better = True
    while better:
        better = False
        for k in range(first, last):
            a, b, route = w.corridor_arc_from[k], w.corridor_arc_to[k], w.corridor_arc_route[k]
            through = danger[a] + d.par.interdiction_attack_rate * s.threat[side, route]
            if through >= danger[b] or (s.hours[route] if irregular else s.drive_hours[route]) == math.inf:
                continue
            if (a == start or s.passable[side, a] == FREE) and (b == end or s.passable[side, b] == FREE):
                danger[b] = through
                better = True
    return float(danger[end])


@kernel
def cheapest_carriage(w: World, d: Draw, s: State, corridor: int, side: int) -> float:
    """Least log price of carrying a load through a corridor by any way, bypasses of enemy places included."""
    first, last = w.corridor_arc_start[corridor], w.corridor_arc_start[corridor + 1]
    start = w.corridor_from[corridor]
    irregular = w.side_irregular[side] != 0
    price, toll = s.corridor_work[1], s.corridor_work[2]
    for k in range(first, last):
        a = w.corridor_arc_from[k]
        price[a] = math.inf
        standing = FREE if a == start else s.passable[side, a]
        toll[a] = 0.0 if standing == FREE else math.inf
        if standing == ENEMY and irregular:
            toll[a] = bypass_cost(w, d, s, side, a)
    price[start] = 0.0
    better = True
    while better:
        better = False
        for k in range(first, last):
            a, b, route = w.corridor_arc_from[k], w.corridor_arc_to[k], w.corridor_arc_route[k]
            through = price[a] + toll[a]
            if through >= price[b]:
                continue
            through += s.hours[route] / d.par.supply_reach_hours + s.tax_cost[side, route]
            if through < price[b]:
                price[b] = through
                better = True
    return float(price[w.corridor_to[corridor]])


@kernel
def full_supply(w: World, s: State) -> None:
    """Supply without the process: everyone has all, nothing is cut off."""
    s.delivery[:, :] = 1.0
    s.supplied[:, :] = 1.0
    s.n_cut_off[:] = 0


@kernel
def road_changed(w: World, s: State, corridor: int, side: int) -> bool:
    """Whether a route of a corridor has opened or closed to the vehicles that its side needs; irregulars walk if they must."""
    if w.side_irregular[side]:
        return False
    for k in range(w.corridor_arc_start[corridor], w.corridor_arc_start[corridor + 1]):
        if s.way_changed[w.corridor_arc_route[k]]:
            return True
    return False


@kernel
def corridors(day: int, w: World, d: Draw, s: State) -> None:
    """Bring all corridors up to date where roads, ground or threats have changed."""
    if s.count[ROADS_CHANGED] == 0 and s.count[PASSABLE_CHANGED] == 0 and day % EVERY_DAYS != 1:
        return
    ground = s.count[PASSABLE_CHANGED] == 1 or day % EVERY_DAYS == 1
    for corridor in range(w.n_corridors):
        side = w.corridor_side[corridor]
        if not ground and not road_changed(w, s, corridor, side):
            continue
        danger = safest_passage(w, d, s, corridor, side)
        s.corridor_open[corridor] = 1.0 if danger < math.inf else 0.0
        s.corridor_secure[corridor] = math.exp(-danger)
        if ground:
            s.corridor_delivery[corridor] = math.exp(-cheapest_carriage(w, d, s, corridor, side))
    s.way_changed[:] = 0


@kernel
def supply(day: int, w: World, d: Draw, luck: Luck, s: State) -> None:
    """Search the ways anew where they changed, and run the stores for a day."""
    since = day - s.count[LAST_SUPPLY_DAY]
    anew = day == 1 or s.count[PASSABLE_CHANGED] == 1 or since >= MOST_DAYS_BETWEEN_SEARCHES
    for side in range(w.n_sides):
        if w.active[side]:
            if anew:
                deliver(w, d, s, side)
            run_stores(w, d, s, side)
    if anew:
        s.count[LAST_SUPPLY_DAY] = day
        s.count[ROADS_CHANGED] = 0
        s.count[PASSABLE_CHANGED] = 0
