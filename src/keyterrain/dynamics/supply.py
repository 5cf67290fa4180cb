"""Supply: what arrives falls with travel time and attacks, stocks run down over days, and cut off means less and dearer.

    D[p] = max over sources and ways of  exp(-hours / L) x prod(1 - tax) x prod(bypass survival)
    Z += min(3 D, 3) + local - use,   use = 1 quiet or 2.5 fighting;   factor = floor + (1 - floor) min(1, Z / Z_low)

The form of the distance decay is Boulding's (1962) loss-of-strength gradient. Contested places pass nothing on; irregulars
pass enemy places at the price of hours and of exp(-guards / G). Ways once found are kept while they are open: who is without one,
behind a road that closes to vehicles or ground that is lost, seeks the best of what is left, ground that lets the side through
again draws ways to it, and every ninth day all are sought anew. Prices are those of every third day, and of the day after ground
has changed hands.
"""

from __future__ import annotations

import math

from keyterrain.dynamics.interdiction import EVERY_DAYS
from keyterrain.dynamics.kernel import kernel
from keyterrain.dynamics.luck import Luck
from keyterrain.dynamics.network import begin_way, begin_ways, cheapest_ways, lead_back, pass_on, sort_by_price
from keyterrain.dynamics.presence import count_facing
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
    return float(par.routes_bypass_hours / par.supply_reach_hours + s.facing[side, place] / par.routes_bypass_guard)


@kernel
def toll_of(w: World, d: Draw, s: State, side: int, place: int) -> float:
    """Price of going on from a place: what an enemy holds is bypassed by irregulars alone."""
    standing = s.passable[side, place]
    if standing == FREE:
        return 0.0
    return bypass_cost(w, d, s, side, place) if standing == ENEMY and w.side_irregular[side] else math.inf


@kernel
def charge_tolls(w: World, d: Draw, s: State, side: int, stops: Ints) -> None:
    """Set the price of going on from places."""
    for i in range(stops.shape[0]):
        s.toll[stops[i]] = toll_of(w, d, s, side, stops[i])


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
def begin_at_sources(w: World, d: Draw, s: State, side: int) -> None:
    """Let ways begin at all sources of a side that lie on ground which lets it through."""
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
    begin_ways(s, order)
    begin_at_sources(w, d, s, side)
    changed = follow_known_ways(w, s, side, order)
    if anew:
        changed |= cheapest_ways(w, s, order, s.way_price)
    else:
        changed |= lead_back(w, s, order, s.way_price)
        if s.count[PASSABLE_CHANGED]:
            changed |= open_ground(w, s, order)
    if changed:
        sort_by_price(s, order)
        keep_ways(w, s, side, order)
    share_out(w, d, s, side, order)


@kernel
def open_ground(w: World, s: State, order: Ints) -> bool:
    """Let ways lead over ground that has just changed and lets the side through now, if only at a toll; True if any does."""
    for i in range(order.shape[0]):
        place = order[i]
        s.passed_on[place] = math.inf if s.ground_changed[place] and s.toll[place] < math.inf else s.cost[place]
    return pass_on(w, s, order, s.way_price)


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


@kernel
def follow_known_ways(w: World, s: State, side: int, order: Ints) -> bool:
    """Price the ways of supply that are known by today's roads, tolls and threats; True if one of them has closed.

    A way closes where vehicles that drove it cannot pass, or over ground that has just ceased to be free. Places on it from there
    on, and those that had none, are marked as astray.
    """
    closed = False
    for i in range(order.shape[0]):
        place = order[i]
        arc = s.supply_arc[side, place]
        s.astray[place] = False
        if s.cost[place] == 0.0:  # a source
            closed |= arc != NONE
            continue
        s.root[place] = NONE
        if arc == NONE:
            s.astray[place] = True
            continue
        route, before = w.arc_route[arc], w.arc_from[arc]
        stopped = (s.supply_drives[side, place] and s.drive_hours[route] == math.inf) or (
            s.ground_changed[before] and s.passable[side, before] != FREE
        )
        s.cost[place] = s.cost[before] + s.toll[before] + s.way_price[route]
        s.astray[place] = s.astray[before] or stopped or s.cost[place] == math.inf
        closed |= s.astray[place] != 0
        if s.cost[place] < math.inf:
            s.by_arc[place] = arc
            s.root[place] = s.root[before]
    return closed


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
def seek_through(w: World, s: State, corridor: int, known: Ints) -> int:
    """Seek the cheapest way through a corridor at the prices and tolls that are set; returns its arcs' number, 0 if none."""
    start, end = w.corridor_from[corridor], w.corridor_to[corridor]
    stops = w.corridor_stop[w.corridor_stop_start[corridor] : w.corridor_stop_start[corridor + 1]]
    s.toll[start] = 0.0
    begin_ways(s, stops)
    begin_way(s, start)
    cheapest_ways(w, s, stops, s.way_price)
    n = 0
    arc = s.by_arc[end]
    while arc != NONE:
        known[n] = arc
        n += 1
        arc = s.by_arc[w.arc_from[arc]]
    return n


@kernel
def seek_passage(w: World, d: Draw, s: State, corridor: int, side: int) -> None:
    """Seek the safest open way through a corridor that passes no ground but free ground, and remember it."""
    for k in range(w.corridor_way_start[corridor], w.corridor_way_start[corridor + 1]):
        s.way_price[w.corridor_way[k]] = price_passage(w, d, s, side, w.corridor_way[k])
    for i in range(w.corridor_stop_start[corridor], w.corridor_stop_start[corridor + 1]):
        stop = w.corridor_stop[i]
        s.toll[stop] = 0.0 if s.passable[side, stop] == FREE else math.inf
    s.n_corridor_arcs[corridor] = seek_through(w, s, corridor, s.corridor_arc[corridor])


@kernel
def price_known_passage(w: World, d: Draw, s: State, corridor: int, side: int) -> float:
    """Price the passage that is known by today's roads and threats, inf if there is none or it has closed."""
    n = s.n_corridor_arcs[corridor]
    price = 0.0 if n > 0 else math.inf
    for i in range(n):
        price += price_passage(w, d, s, side, w.arc_route[s.corridor_arc[corridor, i]])
    return price


@kernel
def seek_carriage(w: World, d: Draw, s: State, corridor: int, side: int) -> None:
    """Seek the cheapest way to carry a load through a corridor, bypasses of enemy places included, and remember it."""
    for k in range(w.corridor_way_start[corridor], w.corridor_way_start[corridor + 1]):
        s.way_price[w.corridor_way[k]] = price_load(w, d, s, side, w.corridor_way[k])
    charge_tolls(w, d, s, side, w.corridor_stop[w.corridor_stop_start[corridor] : w.corridor_stop_start[corridor + 1]])
    s.n_carriage_arcs[corridor] = seek_through(w, s, corridor, s.carriage_arc[corridor])


@kernel
def price_known_carriage(w: World, d: Draw, s: State, corridor: int, side: int) -> float:
    """Price the carriage that is known by today's roads, threats and guards, inf if there is none or it has closed."""
    n = s.n_carriage_arcs[corridor]
    price = 0.0 if n > 0 else math.inf
    for i in range(n):
        arc = s.carriage_arc[corridor, i]
        price += price_load(w, d, s, side, w.arc_route[arc])
        if w.arc_from[arc] != w.corridor_from[corridor]:
            price += toll_of(w, d, s, side, w.arc_from[arc])
    return price


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
    """Whether a route of a corridor has opened or closed to the vehicles that its side needs; irregulars walk where they can."""
    for k in range(w.corridor_way_start[corridor], w.corridor_way_start[corridor + 1]):
        way = w.corridor_way[k]
        if s.way_changed[way] and (w.shut_foot[way] or not w.side_irregular[side]):
            return True
    return False


@kernel
def corridors(day: int, w: World, d: Draw, s: State) -> None:
    """Bring all corridors up to date where roads, ground or threats have changed.

    Ways of passage and of carriage are priced every third day and sought when ground changes and every ninth day, a passage also
    when it closes, or when a road opens where there is none.
    """
    threats = day % EVERY_DAYS == 1
    season = day % SEEK_EVERY_DAYS == 1
    if s.count[ROADS_CHANGED] == 0 and s.count[PASSABLE_CHANGED] == 0 and not season and not threats:
        return
    count_facing(w, s)
    for corridor in range(w.n_corridors):
        side = w.corridor_side[corridor]
        ground = season or ground_changed(w, s, corridor)
        changed = road_changed(w, s, corridor, side)
        if ground or threats or changed:
            danger = price_known_passage(w, d, s, corridor, side)
            has_closed = danger == math.inf and s.n_corridor_arcs[corridor] > 0
            if ground or has_closed or (changed and danger == math.inf):
                seek_passage(w, d, s, corridor, side)
                danger = price_known_passage(w, d, s, corridor, side)
            s.corridor_open[corridor] = 1.0 if danger < math.inf else 0.0
            s.corridor_secure[corridor] = math.exp(-danger)
        if ground or threats:
            if ground:
                seek_carriage(w, d, s, corridor, side)
            s.corridor_delivery[corridor] = math.exp(-price_known_carriage(w, d, s, corridor, side))
    s.way_changed[:] = 0
    s.count[ROADS_CHANGED] = 0


@kernel
def supply(day: int, w: World, d: Draw, luck: Luck, s: State) -> None:
    """Run the stores for a day; price the ways every third day and when ground has changed, and seek all anew every ninth."""
    s.count[LONGEST_CUT_DAYS] = 0
    anew = day % SEEK_EVERY_DAYS == 1 or s.count[SUPPLY_SOUGHT] == 0
    due = anew or s.count[PASSABLE_CHANGED] == 1 or day % EVERY_DAYS == 1
    if due:
        count_facing(w, s)
    for side in range(w.n_sides):
        if w.active[side]:
            if due:
                deliver(w, d, s, side, anew)
            run_stores(w, d, s, side)
    s.count[SUPPLY_SOUGHT] = 1
    forget_changes_of_ground(s)
