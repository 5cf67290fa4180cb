"""Supply: what arrives falls with travel time and attacks, stocks run down over days, and cut off means less and dearer.

    D[p] = max over sources and ways of  exp(-hours / L) x prod(1 - tax) x prod(bypass survival)
    Z += min(3 D, 3) + local - use,   use = 1 quiet or 2.5 fighting;   factor = floor + (1 - floor) min(1, Z / Z_low)

The form of the distance decay is Boulding's (1962) loss-of-strength gradient. Contested places pass nothing on; irregulars
pass enemy places at the price of hours and of exp(-guards / G). Ways once found are kept while they are open: they are sought
anew when ground changes, when one of them closes to vehicles, and every ninth day; their prices are those of every third day.
"""

from __future__ import annotations

import math

from keyterrain.dynamics.interdiction import EVERY_DAYS
from keyterrain.dynamics.kernel import kernel
from keyterrain.dynamics.luck import Luck
from keyterrain.dynamics.network import begin_way, begin_ways, cheapest_ways, sort_by_price
from keyterrain.dynamics.presence import hostile_force
from keyterrain.dynamics.state import (
    ENEMY,
    FREE,
    LONGEST_CUT_DAYS,
    NONE,
    PASSABLE_CHANGED,
    ROADS_CHANGED,
    SUPPLY_SOUGHT,
    Draw,
    Ints,
    State,
    World,
)

SEEK_EVERY_DAYS = 9
"""Days for which drivers keep to ways that stay open (assumption: what has reopened is found out within days)."""
CUT_OFF_DAYS = 3
"""Days without delivery after which a place counts as cut off (assumption)."""


@kernel
def bypass_cost(w: World, d: Draw, s: State, side: int, place: int) -> float:
    """Log price of going round an enemy place."""
    par = d.par
    guards = hostile_force(w, s, side, place)
    return float(par.routes_bypass_hours / par.supply_reach_hours + guards / par.routes_bypass_guard)


@kernel
def charge_tolls(w: World, d: Draw, s: State, side: int, stops: Ints) -> None:
    """Set the price of going on from places: what an enemy holds is bypassed by irregulars alone."""
    irregular = w.side_irregular[side] != 0
    for i in range(stops.shape[0]):
        place = stops[i]
        standing = s.passable[side, place]
        s.toll[place] = 0.0
        if standing != FREE:
            s.toll[place] = bypass_cost(w, d, s, side, place) if standing == ENEMY and irregular else math.inf


@kernel
def price_load(w: World, d: Draw, s: State, side: int, route: int) -> float:
    """Log price of carrying a load over a route."""
    return float(s.hours[route] / d.par.supply_reach_hours + s.tax_cost[side, route])


@kernel
def price_carriage(w: World, d: Draw, s: State, side: int) -> None:
    """Set the log price of carrying a load over each route."""
    for route in range(w.n_routes):
        s.way_price[route] = price_load(w, d, s, side, route)


@kernel
def need(d: Draw, s: State, side: int, place: int) -> float:
    """Daily need of a garrison in fighters fed."""
    use = d.par.supply_fighting_use if s.battle[place] else 1.0
    return float(s.force[side, place] * use)


@kernel
def begin_at_sources(w: World, d: Draw, s: State, side: int, order: Ints) -> None:
    """Begin a search at all sources of a side that lie on ground which lets it through."""
    begin_ways(s, order)
    for k in range(w.n_sources):
        s.source_need[k] = 0.0
        if w.source_side[k] == side and s.passable[side, w.source_place[k]] == FREE and d.capacity[k] > 0.0:
            if s.cost[w.source_place[k]] > 0.0:  # of several sources at one place the first counts
                begin_way(s, w.source_place[k])
                s.root[w.source_place[k]] = k


@kernel
def deliver(w: World, d: Draw, s: State, side: int, anew: bool) -> None:
    """Find what reaches each garrison of a side, share out what a source cannot cover, and keep where the supply passes."""
    order = s.supply_order[side, : w.n_places]
    charge_tolls(w, d, s, side, order)
    price_carriage(w, d, s, side)
    if anew or not price_known_ways(w, s, side, order):
        begin_at_sources(w, d, s, side, order)
        cheapest_ways(w, s, order, s.way_price)
        sort_by_price(s, order)
        keep_ways(w, s, side, order)
    share_out(w, d, s, side, order)


@kernel
def keep_ways(w: World, s: State, side: int, order: Ints) -> None:
    """Remember how supply reaches each place, and from which source."""
    for i in range(order.shape[0]):
        place = order[i]
        arc = s.by_arc[place]
        if arc != NONE:
            s.root[place] = s.root[w.arc_from[arc]]
        elif s.cost[place] > 0.0:
            s.root[place] = NONE
        s.supply_arc[side, place] = arc
        s.supply_drives[side, place] = arc != NONE and s.drive_hours[w.arc_route[arc]] < math.inf
        s.supply_root[side, place] = s.root[place]


@kernel
def price_known_ways(w: World, s: State, side: int, order: Ints) -> bool:
    """Price the ways of supply that are known by today's roads and threats; False if one of them has closed to vehicles."""
    for k in range(w.n_sources):
        s.source_need[k] = 0.0
    for i in range(order.shape[0]):
        place = order[i]
        arc = s.supply_arc[side, place]
        s.by_arc[place] = arc
        s.root[place] = s.supply_root[side, place]
        if arc == NONE:
            s.cost[place] = math.inf if s.root[place] == NONE else 0.0
            continue
        if s.supply_drives[side, place] and s.drive_hours[w.arc_route[arc]] == math.inf:
            return False
        before = w.arc_from[arc]
        s.cost[place] = s.cost[before] + s.toll[before] + s.way_price[w.arc_route[arc]]
    return True


@kernel
def share_out(w: World, d: Draw, s: State, side: int, order: Ints) -> None:
    """Give everyone on a source the same share, and sum the need that passes each place on its way; nearest places come first."""
    total = 0.0
    for place in range(w.n_places):
        s.load[place] = 0.0
        if s.force[side, place] > 0:
            s.load[place] = need(d, s, side, place)
            if s.root[place] != NONE:
                total += 0.0 if w.apart[place] else s.load[place]
                s.source_need[s.root[place]] += s.load[place]
    per_head = 1.0 / total if total > 0.0 else 0.0
    for i in range(w.n_places - 1, -1, -1):
        place = order[i]
        s.delivery[side, place] = 0.0
        source = s.root[place]
        if source != NONE and s.force[side, place] > 0:
            share = min(1.0, d.capacity[source] / s.source_need[source])
            s.delivery[side, place] = math.exp(-s.cost[place]) * share
        load = s.load[place] if source != NONE else 0.0
        s.flow[side, place] = load * per_head
        arc = s.by_arc[place]
        if arc != NONE:
            s.load[w.arc_from[arc]] += load


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
    per_low_day = (1.0 - par.supply_floor) / par.supply_low_days
    s.n_cut_off[side] = 0
    for place in range(w.n_places):
        if s.force[side, place] == 0:
            s.cut_days[side, place] = 0
            continue
        arrives = s.delivery[side, place]
        use = par.supply_fighting_use if s.battle[place] else 1.0
        store = s.store[side, place] + min(3.0 * arrives, 3.0) + local_food(w, d, s, side, place) - use
        store = min(max(store, 0.0), par.supply_store_days)
        s.store[side, place] = store
        s.supplied[side, place] = min(1.0, par.supply_floor + store * per_low_day)
        cut_days = s.cut_days[side, place] + 1 if arrives < par.supply_cut_off_share else 0
        s.cut_days[side, place] = cut_days
        if cut_days >= CUT_OFF_DAYS and not w.apart[place]:
            s.n_cut_off[side] += 1
        if not w.apart[place]:
            s.count[LONGEST_CUT_DAYS] = max(s.count[LONGEST_CUT_DAYS], cut_days)


@kernel
def price_passage(w: World, d: Draw, s: State, side: int, route: int) -> float:
    """Rate x threat of a route for the vehicles of a side, or for irregulars on foot; inf where it is closed to them.

    The chance that a passage meets no attack is exp(-sum) over its routes.
    """
    hours = s.hours[route] if w.side_irregular[side] else s.drive_hours[route]
    return float(d.par.interdiction_attack_rate * s.threat[side, route]) if hours < math.inf else math.inf


@kernel
def seek_through(w: World, s: State, corridor: int, stops: Ints) -> float:
    """Least price of a way through a corridor at the prices and tolls that are set, inf where there is none."""
    start = w.corridor_from[corridor]
    s.toll[start] = 0.0
    begin_ways(s, stops)
    begin_way(s, start)
    cheapest_ways(w, s, stops, s.way_price)
    return float(s.cost[w.corridor_to[corridor]])


@kernel
def seek_passage(w: World, d: Draw, s: State, corridor: int, side: int) -> float:
    """Seek the safest open way through a corridor that passes no ground but free ground, and remember it."""
    for k in range(w.corridor_way_start[corridor], w.corridor_way_start[corridor + 1]):
        s.way_price[w.corridor_way[k]] = price_passage(w, d, s, side, w.corridor_way[k])
    stops = w.corridor_stop[w.corridor_stop_start[corridor] : w.corridor_stop_start[corridor + 1]]
    for i in range(stops.shape[0]):
        s.toll[stops[i]] = 0.0 if s.passable[side, stops[i]] == FREE else math.inf
    danger = seek_through(w, s, corridor, stops)
    n = 0
    arc = s.by_arc[w.corridor_to[corridor]]
    while arc != NONE:
        s.corridor_arc[corridor, n] = arc
        n += 1
        arc = s.by_arc[w.arc_from[arc]]
    s.n_corridor_arcs[corridor] = n
    return danger


@kernel
def price_known_passage(w: World, d: Draw, s: State, corridor: int, side: int) -> float:
    """Price the passage that is known by today's roads and threats, inf if there is none or it has closed."""
    n = s.n_corridor_arcs[corridor]
    price = 0.0 if n > 0 else math.inf
    for i in range(n):
        price += price_passage(w, d, s, side, w.arc_route[s.corridor_arc[corridor, i]])
    return price


@kernel
def seek_carriage(w: World, d: Draw, s: State, corridor: int, side: int) -> float:
    """Seek the cheapest way to carry a load through a corridor, bypasses of enemy places included."""
    for k in range(w.corridor_way_start[corridor], w.corridor_way_start[corridor + 1]):
        s.way_price[w.corridor_way[k]] = price_load(w, d, s, side, w.corridor_way[k])
    stops = w.corridor_stop[w.corridor_stop_start[corridor] : w.corridor_stop_start[corridor + 1]]
    charge_tolls(w, d, s, side, stops)
    return seek_through(w, s, corridor, stops)


@kernel
def full_supply(w: World, s: State) -> None:
    """Supply without the process: everyone has all, nothing is cut off."""
    s.delivery[:, :] = 1.0
    s.supplied[:, :] = 1.0
    s.n_cut_off[:] = 0
    s.count[LONGEST_CUT_DAYS] = 0
    forget_changes_of_ground(s)


@kernel
def forget_changes_of_ground(s: State) -> None:
    """Say that everyone who asks what ground has changed has seen it."""
    s.count[PASSABLE_CHANGED] = 0
    s.ground_changed[:] = 0


@kernel
def ground_changed(w: World, s: State, corridor: int) -> bool:
    """Whether a place of a corridor lets others through than before."""
    if s.count[PASSABLE_CHANGED] == 0:
        return False
    for i in range(w.corridor_stop_start[corridor], w.corridor_stop_start[corridor + 1]):
        if s.ground_changed[w.corridor_stop[i]]:
            return True
    return False


@kernel
def road_changed(w: World, s: State, corridor: int, side: int) -> bool:
    """Whether a route of a corridor has opened or closed to the vehicles that its side needs; irregulars walk if they must."""
    if w.side_irregular[side]:
        return False
    for k in range(w.corridor_way_start[corridor], w.corridor_way_start[corridor + 1]):
        if s.way_changed[w.corridor_way[k]]:
            return True
    return False


@kernel
def corridors(day: int, w: World, d: Draw, s: State) -> None:
    """Bring all corridors up to date where roads, ground or threats have changed; carriage is priced every third day."""
    threats = day % EVERY_DAYS == 1
    season = day % SEEK_EVERY_DAYS == 1
    if s.count[ROADS_CHANGED] == 0 and s.count[PASSABLE_CHANGED] == 0 and not season and not threats:
        return
    for corridor in range(w.n_corridors):
        side = w.corridor_side[corridor]
        ground = season or ground_changed(w, s, corridor)
        changed = road_changed(w, s, corridor, side)
        if ground or threats or changed:
            danger = math.inf if ground else price_known_passage(w, d, s, corridor, side)
            if ground or danger == math.inf:
                danger = seek_passage(w, d, s, corridor, side)
            s.corridor_open[corridor] = 1.0 if danger < math.inf else 0.0
            s.corridor_secure[corridor] = math.exp(-danger)
        if ground or threats:
            s.corridor_delivery[corridor] = math.exp(-seek_carriage(w, d, s, corridor, side))
    s.way_changed[:] = 0
    s.count[ROADS_CHANGED] = 0


@kernel
def supply(day: int, w: World, d: Draw, luck: Luck, s: State) -> None:
    """Price the ways every third day, seek them anew where ground or roads changed, and run the stores for a day."""
    s.count[LONGEST_CUT_DAYS] = 0
    anew = s.count[PASSABLE_CHANGED] == 1 or day % SEEK_EVERY_DAYS == 1 or s.count[SUPPLY_SOUGHT] == 0
    for side in range(w.n_sides):
        if w.active[side]:
            if anew or day % EVERY_DAYS == 1:
                deliver(w, d, s, side, anew)
            run_stores(w, d, s, side)
    s.count[SUPPLY_SOUGHT] = 1
    forget_changes_of_ground(s)
