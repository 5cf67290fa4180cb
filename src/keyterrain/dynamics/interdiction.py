"""Interdiction: a hostile force near a road attacks it without holding it.

    H[s, e] = sum over hostile garrisons p within reach:  n_p exp(-hours_pe / T) (o + (1 - o) seen_pe) (0.5 + 0.5 supply_p)
    h[s, e] <- h + weight (H / (H + H_half + gamma G) - h),   G the side's own strength at the ends of e
    attack on e today with chance 1 - exp(-rate h);  it closes e with chance c for Geometric(mean) days
    log tax on what passes: delta h

Recent raids count as raiders on the roads of their place. Hours on foot across country. All values are assumptions.
"""

from __future__ import annotations

import math

from keyterrain.dynamics.kernel import kernel
from keyterrain.dynamics.luck import INTERDICTION, Luck, fill_uniforms, geometric, uniforms
from keyterrain.dynamics.presence import stands
from keyterrain.dynamics.state import AMBUSHES, BY_ATTACK, CLOSURE, FREE, HOSTILE, NONE, ROUTES_ON, Draw, State, World
from keyterrain.dynamics.trace import note

EVERY_DAYS = 3
"""Days between looks at what threatens the roads, after the third day of the first formulation (assumption)."""
ATTACK_DRAW = 0
CLOSURE_DRAW = 1
LEAST_WEIGHT = 0.02
"""Worth of a raider below which a place does not count for a route (assumption: fifty such raiders are one)."""
LEAST_CHANGE = 0.05
"""Share by which the raiders at a place must change to count anew (assumption: nobody on the road notices less)."""
LEAST_THREAT = 0.02
"""Threat below which no attack is drawn (assumption: less than one attack in a hundred days)."""


@kernel
def weigh_pairs(w: World, d: Draw, s: State) -> None:
    """Worth of one raider at each place for each route in reach, fixed for a replicate; the faint ones are left out."""
    par = d.par
    unseen = par.interdiction_unseen_share
    n = 0
    for place in range(w.n_places):
        s.pair_begin[place] = n
        for k in range(w.pair_start[place], w.pair_start[place + 1]):
            seen = unseen + (1.0 - unseen) * w.pair_seen[k]
            weight = math.exp(-w.pair_hours[k] / par.interdiction_reach_hours) * seen
            if weight >= LEAST_WEIGHT:
                s.pair_way[n] = w.pair_route[k]
                s.pair_weight[n] = weight
                n += 1
    s.pair_begin[w.n_places] = n


@kernel
def list_suspects(w: World, s: State, side: int) -> int:
    """List the places where a side has, or had when they were last counted, fighters or raids; returns how many there are."""
    n = 0
    for place in range(w.n_places):
        s.suspect[n] = place
        raids = (s.recent_incidents[place] > 0.0) & (s.raider_side[place] == side)
        n += 1 if (s.force[side, place] > 0) | raids | (s.raiders_counted[side, place] > 0.0) else 0
    return n


@kernel
def count_garrison_threat(w: World, d: Draw, s: State, side: int) -> None:
    """Bring what a side's garrisons and fresh raids threaten to the routes in their reach up to date where it has changed."""
    for i in range(list_suspects(w, s, side)):
        place = s.suspect[i]
        raiders = 0.0
        if s.force[side, place] > 0 and stands(w, s, side, place):
            raiders = s.force[side, place] * (0.5 + 0.5 * s.supplied[side, place])
        if s.recent_incidents[place] > 0.0 and s.raider_side[place] == side:
            raiders += s.recent_incidents[place] * d.par.interdiction_raid_worth
        counted = s.raiders_counted[side, place]
        if abs(raiders - counted) > LEAST_CHANGE * counted + 1.0 or (raiders == 0.0 and counted > 0.0):
            s.raiders_counted[side, place] = raiders
            for other in range(w.n_sides):
                if w.active[other] and w.relation[side, other] == HOSTILE:
                    add_threat(s, other, place, raiders - counted)


@kernel
def add_threat(s: State, side: int, place: int, raiders: float) -> None:
    """Add raiders at a place to what threatens a side on the routes in their reach."""
    for k in range(s.pair_begin[place], s.pair_begin[place + 1]):
        s.threat_now[side, s.pair_way[k]] += raiders * s.pair_weight[k]


@kernel
def smooth_threat(w: World, d: Draw, s: State, first: bool) -> None:
    """Turn raiders in reach into the smoothed threat and the tax on what passes; those who stand there at first did so before."""
    par = d.par
    weight = 1.0 if first else 1.0 - (1.0 - par.interdiction_daily_weight) ** EVERY_DAYS
    for side in range(w.n_sides):
        if not w.active[side]:
            continue
        for route in range(w.n_routes):
            raiders = max(s.threat_now[side, route], 0.0)  # sums that come and go leave a rounding error
            guards = s.force[side, w.route_from[route]] + s.force[side, w.route_to[route]]
            level = raiders / (raiders + par.interdiction_half_strength + par.interdiction_guard_worth * guards)
            s.threat[side, route] += weight * (level - s.threat[side, route])
            s.tax_cost[side, route] = par.interdiction_tax * s.threat[side, route]


@kernel
def uses(s: State, w: World, side: int, route: int) -> bool:
    """Whether a side's traffic runs on a route: it passes both ends and holds one."""
    a, b = w.route_from[route], w.route_to[route]
    passes = (s.passable[side, a] == FREE) & (s.passable[side, b] == FREE)
    return bool(passes & ((s.holder[a] == side) | (s.holder[b] == side)))


@kernel
def p_attack(d: Draw, threat: float) -> float:
    """Chance that a day's traffic is attacked."""
    return 1.0 - math.exp(-d.par.interdiction_attack_rate * threat)


@kernel
def list_threatened_traffic(w: World, s: State) -> int:
    """List every side and threatened way in use, with its word; returns how many there are.

    Each is written where the next will stand and counted if it belongs there: nobody can foresee which do, and a processor that
    guesses wrong loses more time than the stores cost.
    """
    n = 0
    for side in range(w.n_sides):
        if not w.active[side]:
            continue
        for route in range(w.n_routes):
            s.traffic_side[n] = side
            s.traffic_route[n] = route
            s.traffic_word[n] = w.side_route_word[side, route]
            threatened = s.threat[side, route] >= LEAST_THREAT
            n += 1 if threatened & (w.route_vehicle[route] != 0) & uses(s, w, side, route) else 0
    return n


@kernel
def lay_ambushes(day: int, w: World, d: Draw, luck: Luck, s: State) -> None:
    """Draw for each side and threatened way in use on which of the days to the next update an attack closes it."""
    n_traffic = list_threatened_traffic(w, s)
    fill_uniforms(luck, INTERDICTION, day, s.traffic_word, n_traffic, ATTACK_DRAW, s.traffic_luck)
    n = 0
    for i in range(n_traffic):
        threat = s.threat[s.traffic_side[i], s.traffic_route[i]]
        likeliest = min(s.traffic_luck[0, i], s.traffic_luck[1, i], s.traffic_luck[2, i])
        if likeliest >= d.par.interdiction_attack_rate * threat * d.par.interdiction_closing_share:
            continue  # the chance is never above this
        p = p_attack(d, threat) * d.par.interdiction_closing_share
        for ahead in range(EVERY_DAYS):
            if s.traffic_luck[ahead, i] < p:
                s.ambush_side[n], s.ambush_route[n], s.ambush_day[n] = s.traffic_side[i], s.traffic_route[i], day + ahead
                n += 1
    s.count[AMBUSHES] = n


@kernel
def attack_roads(day: int, w: World, d: Draw, luck: Luck, s: State) -> None:
    """Carry out the day's attacks on the ways that their victims use."""
    for i in range(s.count[AMBUSHES]):
        side, route = s.ambush_side[i], s.ambush_route[i]
        if s.ambush_day[i] != day or not uses(s, w, side, route):
            continue
        u = uniforms(luck, INTERDICTION, day, w.side_route_word[side, route], CLOSURE_DRAW)
        s.shut_days[route] = max(s.shut_days[route], geometric(d.par.interdiction_closure_days, u.a))
        note(s, day, CLOSURE, NONE, route, side, BY_ATTACK, s.shut_days[route])


@kernel
def interdiction(day: int, w: World, d: Draw, luck: Luck, s: State) -> None:
    """Bring the threat up to date every third day and draw the day's attacks."""
    if day % EVERY_DAYS == 1:
        for side in range(w.n_sides):
            count_garrison_threat(w, d, s, side)
        smooth_threat(w, d, s, day == 1)
        if w.on[ROUTES_ON]:  # else nothing would count the days of a closure
            lay_ambushes(day, w, d, luck, s)
    attack_roads(day, w, d, luck, s)
