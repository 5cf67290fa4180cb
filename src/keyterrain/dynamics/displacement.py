"""Displacement: groups of people who leave by exposure, choose a goal by its pull, travel, and go home when it is calm.

    X_p = battle 1, warned 0.7, battle near 0.2, + 0.03 per incident of the last week (for those whom it concerns)
    leave 1 - exp(-d X sym trap);   pull of goal k = exp(-hours/L) (people_k)^alpha safe_k kin_k room_k abroad_k
    safe_k = exp(-3 mean X_k) x 0.1 if the holder of k, or of the way there, is hostile to those who flee

All moves are binomial draws of whole people; the chain of conditional binomials over goals is a multinomial. Ways are searched
from a place that people leave at most once a week; pulls of safety and room are those of the day. All values are assumptions.
"""

from __future__ import annotations

import math

import numpy as np

from keyterrain.dynamics.kernel import kernel
from keyterrain.dynamics.luck import DISPLACEMENT, Luck, binomial, mixed, uniforms
from keyterrain.dynamics.network import begin_search, reach, settle
from keyterrain.dynamics.state import (
    BY_ATTACK,
    BY_FEAR,
    FLIGHT,
    HOSTILE,
    KILLED,
    MOST_GOALS,
    MOST_WAYS,
    NONE,
    ON_THE_WAY,
    OVERFLOW,
    WAYS,
    Draw,
    State,
    World,
)
from keyterrain.dynamics.trace import note

DAYS_BETWEEN_SEARCHES = 7
LONGEST_BETWEEN_SEARCHES = 56
"""Days for which ways once found are trusted, in danger and without (assumption)."""
WEEK_DAYS = 7
MOST_PLACES_SEEN = 80
"""Places that a family thinks of, nearest first (assumption)."""
WALK_NEAR_HOURS = 2.0
LEAST_EXPOSURE = 1e-3
ACUTE_EXPOSURE = 0.05
"""Exposure from which people decide day by day; below it, where there are but raids, week by week (assumption)."""
WEEK_WEIGHT = 1.0 / 7.0
FEW = 16
"""Group in which each chooses alone; the same multinomial, drawn another way."""
WAVE = 1000
"""People leaving a place in a day from which the trace notes a wave (assumption)."""
RETURN_EVERY_DAYS = 7
GUESTS_DECIDE_DAYS = 3
"""Guests of a place in danger decide every third day whether to move on (assumption)."""

LEAVE_DRAW = 0
GOAL_DRAW = 1
GUEST_DRAW = 100
RETURN_DRAW = 1000


@kernel
def hostile_to_people(w: World, s: State, side: int, place: int) -> bool:
    """Whether a side is an enemy of the side that the people of a place lean to."""
    lean = w.lean[place]
    return bool(lean != NONE and side != NONE and w.relation[lean, side] == HOSTILE)


@kernel
def concerned(d: Draw, place: int, people: float) -> float:
    """Share of the inhabitants of a place whom an event concerns that reaches so many people."""
    return float(min(1.0, people / max(d.population[place], 1.0)))


@kernel
def expose_people(w: World, d: Draw, s: State) -> None:
    """Exposure of every place today, its weekly mean, and the days of calm."""
    par = d.par
    for place in range(w.n_places):
        x = 0.0
        if s.battle[place]:
            x = 1.0
        elif s.besieger[place] != NONE:
            x = par.displacement_warned
        x *= concerned(d, place, par.displacement_battle_people)
        raids = par.displacement_per_incident * s.recent_incidents[place]
        s.exposure[place] = x + raids * concerned(d, place, par.displacement_incident_people)
    for place in range(w.n_places):
        if s.battle[place]:
            for k in range(w.near_start[place], w.near_start[place + 1]):
                other = w.near_place[k]
                if w.near_hours[k] <= WALK_NEAR_HOURS and other != place and not s.battle[other]:
                    near = par.displacement_near_battle * concerned(d, other, par.displacement_battle_people)
                    s.exposure[other] = max(s.exposure[other], near)
                    if s.besieger[other] == NONE:
                        s.besieger[other] = s.attacker[place]
    for place in range(w.n_places):
        s.danger[place] += WEEK_WEIGHT * (s.exposure[place] - s.danger[place])
        s.calm[place] = s.calm[place] + 1 if s.exposure[place] < par.displacement_near_battle else 0


@kernel
def sympathy(w: World, d: Draw, s: State, place: int) -> float:
    """How much of the exposure drives people out, by who is coming."""
    lean = w.lean[place]
    if lean == NONE:
        return float(d.par.displacement_unaligned_share)
    coming = s.besieger[place]
    if coming == NONE:
        coming = s.raider_side[place] if s.raider_place[place] != NONE else s.holder[place]
    return 1.0 if hostile_to_people(w, s, coming, place) else float(d.par.displacement_friendly_share)


@kernel
def encircled(s: State, place: int) -> bool:
    """Whether the garrison of a place, and so its people, are cut off."""
    return bool(s.cut_days[s.holder[place], place] >= 3)


@kernel
def leave_rate(w: World, d: Draw, s: State, place: int, days: int) -> float:
    """Chance that a person leaves within some days of such exposure."""
    trap = d.par.displacement_trapped_share if encircled(s, place) else 1.0
    return 1.0 - math.exp(-days * d.par.displacement_leave_rate * s.exposure[place] * sympathy(w, d, s, place) * trap)


@kernel
def base_pull(w: World, d: Draw, origin: int, goal: int, hours: float, people: float, hostile_way: bool) -> float:
    """The part of a goal's pull that lasts from one search to the next."""
    par = d.par
    pull = math.exp(-hours / par.displacement_reach_hours) * max(people, 1.0) ** par.displacement_size_power
    if goal >= 0:
        kin = w.community[origin] != NONE and w.community[origin] == w.community[goal]
        if kin:
            pull *= par.displacement_kin_factor
            if w.country[origin] != w.country[goal]:
                pull *= par.displacement_border_factor
    return float(pull * (par.displacement_hostile_factor if hostile_way else 1.0))


@kernel
def offer_goal(d: Draw, s: State, origin: int, host: int, hours: float, pull: float) -> None:
    """Keep a goal if it is among the strongest."""
    n = s.n_goals[origin]
    slot = n
    if n == MOST_GOALS:
        slot = 0
        for k in range(1, n):
            if s.goal_pull[origin, k] < s.goal_pull[origin, slot]:
                slot = k
        if s.goal_pull[origin, slot] >= pull:
            return
    else:
        s.n_goals[origin] = n + 1
    s.goal[origin, slot] = host
    s.goal_days[origin, slot] = max(1, int(math.ceil(hours / d.par.displacement_travel_hours)))
    s.goal_pull[origin, slot] = pull


@kernel
def seek_goals(day: int, w: World, d: Draw, s: State, origin: int) -> None:
    """Search the ways from a place to where its people might go."""
    n_places = w.n_places
    s.goal_day[origin] = day
    s.n_goals[origin] = 0
    begin_search(s)
    reach(s, origin, 0.0, 0.0, 0.0, False, NONE, origin)
    for _ in range(MOST_PLACES_SEEN):
        place = settle(s)
        if place == NONE:
            break
        hours = s.path_hours[place]
        hostile_way = s.path_flag[place]
        if place != origin and d.population[place] > 0.0:
            people = d.population[place] + s.guests[place]
            pull = base_pull(w, d, origin, place, hours, people, hostile_way)
            offer_goal(d, s, origin, place, hours, pull)
        gate = w.gate_of[place]
        while gate != NONE and gate < w.n_gates and w.gate_place[gate] == place:
            country = w.gate_country[gate]
            beyond = hours + w.gate_hours[gate]
            pull = base_pull(w, d, origin, NONE, beyond, d.abroad_population[country], hostile_way)
            offer_goal(d, s, origin, n_places + country, beyond, pull)
            gate += 1
        flag = hostile_way or (place != origin and hostile_to_people(w, s, s.holder[place], origin))
        detour = d.par.routes_bypass_hours if flag and not hostile_way else 0.0
        for k in range(w.arc_start[place], w.arc_start[place + 1]):
            step = s.hours[w.arc_route[k]]
            if step < math.inf:
                cost = s.cost[place] + step + detour
                reach(s, w.arc_place[k], cost, hours + step, 0.0, flag, place, origin)


@kernel
def rank_goals(s: State, origin: int) -> None:
    """Put the strongest goals first, so that a group is soon divided."""
    for i in range(1, s.n_goals[origin]):
        goal, days, pull = s.goal[origin, i], s.goal_days[origin, i], s.goal_pull[origin, i]
        k = i
        while k > 0 and s.goal_pull[origin, k - 1] < pull:
            s.goal[origin, k] = s.goal[origin, k - 1]
            s.goal_days[origin, k] = s.goal_days[origin, k - 1]
            s.goal_pull[origin, k] = s.goal_pull[origin, k - 1]
            k -= 1
        s.goal[origin, k], s.goal_days[origin, k], s.goal_pull[origin, k] = goal, days, pull


@kernel
def weigh_goals(w: World, d: Draw, s: State, origin: int) -> float:
    """Pull of each goal today, with safety, holder and room; returns the sum."""
    par = d.par
    n_places = w.n_places
    total = 0.0
    for k in range(s.n_goals[origin]):
        host = s.goal[origin, k]
        pull = s.goal_pull[origin, k]
        if host < n_places:
            pull *= math.exp(-par.displacement_danger * s.danger[host])
            pull *= max(par.displacement_room_floor, 1.0 - s.guests[host] / max(d.room[host], 1.0))
            if hostile_to_people(w, s, s.holder[host], origin):
                pull *= par.displacement_hostile_factor
        s.goal_weight[k] = pull
        total += pull
    return total


@kernel
def set_off(w: World, s: State, day: int, origin: int, goal: int, n: int, days: int) -> bool:
    """Put a group on the way; False if there is no room in the list (then it stays where it is)."""
    i = s.count[WAYS]
    if i >= MOST_WAYS:
        s.count[OVERFLOW] = 1
        return False
    s.way_origin[i] = origin
    s.way_goal[i] = goal
    s.way_n[i] = n
    s.way_day[i] = day + days
    s.count[WAYS] = i + 1
    s.count[ON_THE_WAY] += n
    tally_fled(w, s, origin, on_the_way_column(w), n)
    return True


@kernel
def on_the_way_column(w: World) -> int:
    """Column of `fled` for people on the way."""
    return int(w.n_areas + w.n_abroad)


@kernel
def host_column(w: World, s: State, host: int) -> int:
    """Column of `fled` for a host: the area of a place, or the country."""
    n_places = w.n_places
    return int(w.area[host]) if host < n_places else int(w.n_areas + host - n_places)


@kernel
def tally_fled(w: World, s: State, origin: int, column: int, n: int) -> None:
    """Count people who fled since the start by the area they come from; earlier guests do not count."""
    if origin < w.n_places:
        s.fled[w.area[origin], column] += n


@kernel
def send_few(
    day: int, w: World, luck: Luck, s: State, place: int, origin: int, n: int, first_draw: int, entity: np.uint64, total: float
) -> int:
    """Let each of a few people choose a goal alone, two to a block of luck; returns how many found one."""
    gone = 0
    for person in range(n):
        u = uniforms(luck, DISPLACEMENT, day, entity, first_draw + MOST_GOALS + person // 2)
        target = total * (u.a if person % 2 == 0 else u.b)
        k = 0
        while k < s.n_goals[place] - 1 and target >= s.goal_weight[k]:
            target -= s.goal_weight[k]
            k += 1
        if set_off(w, s, day, origin, s.goal[place, k], 1, s.goal_days[place, k]):
            gone += 1
    return gone


@kernel
def send_out(day: int, w: World, luck: Luck, s: State, place: int, origin: int, n: int, first_draw: int, total: float) -> int:
    """Divide a group that leaves among the weighed goals by conditional binomials; returns how many found one."""
    if total <= 0.0:
        return 0
    entity = w.place_word[place] if origin == place else mixed(w.place_word[place], origin_word(w, origin))
    if n <= FEW:
        return send_few(day, w, luck, s, place, origin, n, first_draw, entity, total)
    left, gone = n, 0
    for k in range(s.n_goals[place]):
        if left == 0 or total <= 0.0:
            break
        share = min(1.0, s.goal_weight[k] / total)
        m = (
            left
            if k == s.n_goals[place] - 1
            else binomial(left, share, uniforms(luck, DISPLACEMENT, day, entity, first_draw + k).a)
        )
        total -= s.goal_weight[k]
        if m > 0 and set_off(w, s, day, origin, s.goal[place, k], m, s.goal_days[place, k]):
            gone += m
        left -= m
    return gone


@kernel
def origin_word(w: World, origin: int) -> np.uint64:
    """Word of a place of origin; people of unknown origin share one that is nobody's."""
    word: np.uint64 = w.place_word[origin] if origin < w.n_places else np.uint64(0)
    return word


@kernel
def flee(day: int, w: World, d: Draw, luck: Luck, s: State, place: int, days: int) -> None:
    """Let residents and guests of an exposed place die or leave, for as many days as they decide at once."""
    u = uniforms(luck, DISPLACEMENT, day, w.place_word[place], LEAVE_DRAW)
    p_leave = leave_rate(w, d, s, place, days)
    p_killed = days * d.par.displacement_killed_rate * s.exposure[place]
    killed = binomial(s.residents[place], p_killed, u.a)
    s.residents[place] -= killed
    s.count[KILLED] += killed
    tally_fled(w, s, place, on_the_way_column(w) + 1, killed)
    n = binomial(s.residents[place], p_leave, u.b)
    guests = s.guests[place] > 0 and s.exposure[place] >= ACUTE_EXPOSURE and day % GUESTS_DECIDE_DAYS == 0
    if n == 0 and not guests:
        return
    age = DAYS_BETWEEN_SEARCHES if s.exposure[place] >= ACUTE_EXPOSURE else LONGEST_BETWEEN_SEARCHES
    if day - s.goal_day[place] >= age or s.goal_day[place] == 0:
        seek_goals(day, w, d, s, place)
        rank_goals(s, place)
    total = weigh_goals(w, d, s, place)
    gone = send_out(day, w, luck, s, place, place, n, GOAL_DRAW, total)
    s.residents[place] -= gone
    s.away[place] += gone
    if gone >= WAVE:
        note(s, day, FLIGHT, place, NONE, s.besieger[place], BY_ATTACK if s.battle[place] else BY_FEAR, gone)
    if guests:
        flee_again(day, w, d, luck, s, place, leave_rate(w, d, s, place, GUESTS_DECIDE_DAYS), total)


@kernel
def flee_again(day: int, w: World, d: Draw, luck: Luck, s: State, place: int, p_leave: float, total: float) -> None:
    """Let guests of an exposed place move on."""
    for origin in range(w.n_places + 1):
        n = s.displaced[place, origin]
        if n == 0:
            continue
        entity = mixed(w.place_word[place], origin_word(w, origin))
        m = binomial(n, p_leave, uniforms(luck, DISPLACEMENT, day, entity, GUEST_DRAW - 1).a)
        if m == 0:
            continue
        m = send_out(day, w, luck, s, place, origin, m, GUEST_DRAW, total)
        s.displaced[place, origin] -= m
        s.guests[place] -= m
        tally_fled(w, s, origin, host_column(w, s, place), -m)


@kernel
def can_enter(w: World, s: State, host: int) -> bool:
    """Whether any route into a goal passes today; those on the way to one that is shut wait."""
    if host >= w.n_places:
        return True
    for k in range(w.arc_start[host], w.arc_start[host + 1]):
        if s.hours[w.arc_route[k]] < math.inf:
            return True
    return False


@kernel
def come_in(day: int, w: World, s: State) -> None:
    """Bring in the people whose way ends today."""
    kept = 0
    for i in range(s.count[WAYS]):
        origin, goal, n = s.way_origin[i], s.way_goal[i], s.way_n[i]
        if s.way_day[i] <= day and can_enter(w, s, goal):
            s.count[ON_THE_WAY] -= n
            tally_fled(w, s, origin, on_the_way_column(w), -n)
            if goal == origin and origin < w.n_places:
                s.residents[goal] += n
                s.away[origin] -= n
            else:
                s.displaced[goal, origin] += n
                s.guests[goal] += n
                tally_fled(w, s, origin, host_column(w, s, goal), n)
            continue
        s.way_origin[kept] = origin
        s.way_goal[kept] = goal
        s.way_n[kept] = n
        s.way_day[kept] = s.way_day[i]
        kept += 1
    s.count[WAYS] = kept


@kernel
def may_return(w: World, d: Draw, s: State, origin: int) -> bool:
    """Whether a home has been calm long enough under a holder its people need not fear."""
    return bool(
        s.away[origin] > 0
        and s.calm[origin] >= d.par.displacement_calm_days
        and not hostile_to_people(w, s, s.holder[origin], origin)
    )


@kernel
def go_home(day: int, w: World, d: Draw, luck: Luck, s: State) -> None:
    """Once a week, let people go back to calm homes."""
    p_return = 1.0 - (1.0 - d.par.displacement_return_rate) ** RETURN_EVERY_DAYS
    calm = s.load
    for origin in range(w.n_places):
        calm[origin] = 1.0 if may_return(w, d, s, origin) else 0.0
    for host in range(w.n_places + w.n_abroad):
        if s.guests[host] == 0:
            continue
        for origin in range(w.n_places):
            n = s.displaced[host, origin]
            if n == 0 or calm[origin] == 0.0:
                continue
            entity = mixed(w.place_word[origin], w.place_word[host] if host < w.n_places else w.place_word[origin])
            m = binomial(n, p_return, uniforms(luck, DISPLACEMENT, day, entity, RETURN_DRAW + max(host - w.n_places, -1)).a)
            if m > 0 and set_off(w, s, day, origin, origin, m, 1):
                s.displaced[host, origin] -= m
                s.guests[host] -= m
                tally_fled(w, s, origin, host_column(w, s, host), -m)


@kernel
def displacement(day: int, w: World, d: Draw, luck: Luck, s: State) -> None:
    """Move people for a day."""
    expose_people(w, d, s)
    come_in(day, w, s)
    for place in range(w.n_places):
        if s.exposure[place] <= LEAST_EXPOSURE or (s.residents[place] == 0 and s.guests[place] == 0):
            continue
        if s.exposure[place] >= ACUTE_EXPOSURE:
            flee(day, w, d, luck, s, place, 1)
        elif day % WEEK_DAYS == 0:
            flee(day, w, d, luck, s, place, WEEK_DAYS)
    if day % RETURN_EVERY_DAYS == 0:
        go_home(day, w, d, luck, s)
