"""Displacement: groups of people who leave by exposure, choose a goal by its pull, travel, and go home when it is calm.

    X_p = battle 1, warned 0.7, battle near 0.2, + 0.03 per incident of the last week (for those whom it concerns)
    leave 1 - exp(-d X sym trap)
    pull of goal k = (s + hours/H)^-a (1 + guests_k / (c guests))^p (people_k)^alpha safe_k kin_k room_k abroad_k
    safe_k = exp(-3 mean X_k) x 0.1 if the holder of k, or of the way there, is hostile to those who flee

The first two factors and room are the law of `destination`, with the values of a, s, c and p for refugee flows of other
conflicts; H is the mean way over dry roads (`World.mean_way_hours`). What is measured there by distance is measured here in
hours, so that snow and closures lengthen it. Size, safety, kin and holders are the campaign's own, and all their values are
assumptions; so is the rate of leaving, of which counts of arrivals tell nothing.

How many leave or return is a binomial draw of whole people; who of them goes where is systematic sampling: each goal gets its
share to within a person, each person each goal with its chance, for one uniform a group. Ways are searched from a place that
people leave at most once a fortnight; a way that avoids hostile places is preferred even if it is hours longer; pulls of safety
and room are those of the day.
"""

from __future__ import annotations

import math

import numpy as np

from keyterrain.dynamics.destination import log_crowd, log_nearness, room, sampled_up_to
from keyterrain.dynamics.hierarchy import find_all_ways, weigh_links
from keyterrain.dynamics.kernel import kernel
from keyterrain.dynamics.luck import DISPLACEMENT, Luck, binomial, mixed, uniforms
from keyterrain.dynamics.registration import register
from keyterrain.dynamics.state import (
    BY_ATTACK,
    BY_FEAR,
    FLIGHT,
    HOSTILE,
    KILLED,
    MOST_GOALS,
    NONE,
    ON_THE_WAY,
    OVERFLOW,
    WAY_STEPS,
    WAYS,
    Draw,
    Floats,
    State,
    World,
)
from keyterrain.dynamics.supply import CUT_OFF_DAYS
from keyterrain.dynamics.trace import note

DAYS_BETWEEN_SEARCHES = 14
LONGEST_BETWEEN_SEARCHES = 56
"""Days for which ways once found are trusted, in danger and without (assumption)."""
WEEK_DAYS = 7
WALK_NEAR_HOURS = 2.0
LEAST_EXPOSURE = 1e-3
HEARD_EXPOSURE = 0.05
ACUTE_EXPOSURE = 0.35
"""Exposures from which people decide every third day, as next to a battle, and every day; below, where there are but raids, they
decide once a week (assumption)."""
WEEK_WEIGHT = 1.0 / 7.0
STEPS_PER_WAY = 32
"""Steps of a mean way at which the pull by the way is kept; between them it is interpolated, to within 1 % (assumption)."""
WAVE = 1000
"""People leaving a place in a day from which the trace notes a wave (assumption)."""
RETURN_EVERY_DAYS = 14
HEARD_DAYS = 3
"""Every third day it gets about where there is fighting near and which roads are open to whom (assumption)."""
GUESTS_DECIDE_DAYS = 3
"""Guests of a place in danger decide every third day whether to move on (assumption)."""

LEAVE_DRAW = 0
GUEST_DRAW = 1
ONWARD_DRAW = 2
RETURN_DRAW = 3


@kernel
def size_up_people(w: World, d: Draw, s: State) -> None:
    """Say what is fixed for a replicate: whom a battle or a raid concerns, how much size pulls, and what ways leave of a pull."""
    par = d.par
    for place in range(w.n_places):
        s.battle_share[place] = concerned(d, place, par.displacement_battle_people)
        s.raid_share[place] = concerned(d, place, par.displacement_incident_people)
        s.log_people[place] = par.displacement_size_power * math.log(max(d.population[place], 1.0))
    for country in range(w.n_abroad):
        s.log_people[w.n_places + country] = par.displacement_size_power * math.log(max(d.abroad_population[country], 1.0))
    for step in range(WAY_STEPS):
        s.log_near[step] = log_nearness(step / STEPS_PER_WAY, par.displacement_softening, par.displacement_distance_power)


@kernel
def measure_pull_of_size(w: World, d: Draw, s: State) -> None:
    """Log of what the people of each place or country, and the displaced who are there already, add to its pull."""
    n_places, n_displaced = w.n_places, 0
    for host in range(n_places + w.n_abroad):
        n_displaced += s.guests[host] if host >= n_places or not w.apart[host] else 0
    seed = d.par.displacement_crowd_share * max(n_displaced, 1)
    for host in range(n_places + w.n_abroad):
        s.log_size[host] = s.log_people[host]
        if s.guests[host] > 0:
            s.log_size[host] += log_crowd(s.guests[host], seed, d.par.displacement_crowd_power)


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
def expose_neighbours(w: World, d: Draw, s: State, place: int) -> None:
    """Let a battle be heard within two hours' walk."""
    for k in range(w.near_start[place], w.near_start[place + 1]):
        other = w.near_place[k]
        if w.near_hours[k] > WALK_NEAR_HOURS:
            break
        if other != place and not s.battle[other]:
            s.exposure[other] = max(s.exposure[other], d.par.displacement_near_battle * s.battle_share[other])
            if s.besieger[other] == NONE:
                s.besieger[other] = s.attacker[place]


@kernel
def expose_people(w: World, d: Draw, s: State) -> None:
    """Exposure of every place today, its weekly mean, and the days of calm."""
    par = d.par
    any_battle = False
    for place in range(w.n_places):
        x = 0.0
        if s.battle[place]:
            x = 1.0
            any_battle = True
        elif s.besieger[place] != NONE:
            x = par.displacement_warned
        raids = par.displacement_per_incident * s.recent_incidents[place]
        s.exposure[place] = x * s.battle_share[place] + raids * s.raid_share[place]
    if any_battle:
        for place in range(w.n_places):
            if s.battle[place]:
                expose_neighbours(w, d, s, place)
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
    return bool(s.cut_days[s.holder[place], place] >= CUT_OFF_DAYS)


@kernel
def leave_rate(w: World, d: Draw, s: State, place: int, days: int) -> float:
    """Chance that a person leaves within some days of such exposure."""
    trap = d.par.displacement_trapped_share if encircled(s, place) else 1.0
    return 1.0 - math.exp(-days * d.par.displacement_leave_rate * s.exposure[place] * sympathy(w, d, s, place) * trap)


@kernel
def log_near_by(way: float, log_near: Floats) -> float:
    """Log of what a way leaves of a pull, from its values at steps of a mean way; beyond the last of them it is the last."""
    steps = min(way * STEPS_PER_WAY, WAY_STEPS - 2.0)
    step = int(steps)
    return float(log_near[step] + (steps - step) * (log_near[step + 1] - log_near[step]))


@kernel
def weakest_goal(s: State, origin: int) -> int:
    """Which of a full list of goals pulls least."""
    weakest, least = 0, s.goal_pull[origin, 0]
    for k in range(1, MOST_GOALS):
        pull = s.goal_pull[origin, k]
        weakest = k if pull < least else weakest
        least = min(pull, least)
    return weakest


@kernel
def offer_goal(d: Draw, s: State, origin: int, host: int, hours: float, pull: float, weakest: int) -> int:
    """Keep a goal if it is among the strongest; returns which of the kept ones is the weakest once the list is full."""
    n = s.n_goals[origin]
    slot = n
    if n == MOST_GOALS:
        if s.goal_pull[origin, weakest] >= pull:
            return weakest
        slot = weakest
    else:
        s.n_goals[origin] = n + 1
    s.goal[origin, slot] = host
    s.goal_days[origin, slot] = max(1, int(math.ceil(hours / d.par.displacement_travel_hours)))
    s.goal_pull[origin, slot] = pull
    return weakest_goal(s, origin) if s.n_goals[origin] == MOST_GOALS else 0


@kernel
def charge_detours(w: World, d: Draw, s: State, lean: int) -> None:
    """Set the hours that going round each place takes: none where its holder was no enemy of the side that people lean to."""
    for place in range(w.n_places):
        hostile = lean != NONE and w.relation[lean, s.heard_holder[place]] == HOSTILE
        s.toll[place] = d.par.routes_bypass_hours if hostile else 0.0


@kernel
def hear_of_roads(w: World, s: State) -> None:
    """Let it get about which roads are open and who holds what today; links are weighed when somebody asks."""
    for route in range(w.n_routes):
        s.heard_hours[route] = s.hours[route]
    for place in range(w.n_places):
        s.heard_holder[place] = s.holder[place]
    s.weighed[:] = False


@kernel
def weigh_for(w: World, d: Draw, s: State, lean: int) -> int:
    """Weigh the links for those who lean to a side, if nobody has since roads were last heard of; returns their leaning."""
    leaning = w.n_sides if lean == NONE else lean
    if not s.weighed[leaning]:
        s.weighed[leaning] = True
        charge_detours(w, d, s, lean)
        weigh_links(w, s, s.heard_hours, leaning)
    return int(leaning)


@kernel
def passes_enemies(d: Draw, s: State, rank: int) -> bool:
    """Whether the way found to the place of a rank goes round ground that enemies hold."""
    return bool(s.rank_cost[rank] > s.rank_hours[rank] + 0.5 * d.par.routes_bypass_hours)


@kernel
def feel_pulls(w: World, d: Draw, s: State, origin: int) -> None:
    """Hours to each known place, and the log of what lasts of its pull until the next search, -inf without a way."""
    par = d.par
    kin, border = math.log(par.displacement_kin_factor), math.log(par.displacement_border_factor)
    past_enemies = math.log(par.displacement_hostile_factor)
    per_hour = 1.0 / w.mean_way_hours
    community, country = w.community[origin], w.country[origin]
    for k in range(w.known_start[origin], w.known_start[origin + 1]):
        place = w.known_place[k]
        rank = w.rank_of[place]
        hours = s.rank_hours[rank]
        pull = s.log_size[place] + log_near_by(hours * per_hour, s.log_near) if hours < math.inf else -math.inf
        pull += past_enemies if passes_enemies(d, s, rank) else 0.0
        among_kin = (community != NONE) & (w.community[place] == community)
        pull += kin if among_kin else 0.0
        pull += border if among_kin & (w.country[place] != country) else 0.0
        s.pull[place] = pull
        s.pull_hours[place] = hours


@kernel
def seek_goals(day: int, w: World, d: Draw, s: State, origin: int) -> None:
    """Search the ways from a place to where its people might go, and keep the goals that pull most."""
    find_all_ways(w, s, weigh_for(w, d, s, w.lean[origin]), origin)
    s.goal_day[origin] = day
    s.n_goals[origin] = 0
    feel_pulls(w, d, s, origin)
    weakest, least = 0, -math.inf
    for k in range(w.known_start[origin], w.known_start[origin + 1]):
        place = w.known_place[k]
        if s.pull[place] > least and place != origin and d.population[place] > 0.0:
            weakest = offer_goal(d, s, origin, place, s.pull_hours[place], s.pull[place], weakest)
            least = s.goal_pull[origin, weakest] if s.n_goals[origin] == MOST_GOALS else -math.inf
    past_enemies = math.log(d.par.displacement_hostile_factor)
    for gate in range(w.n_gates):
        rank = w.rank_of[w.gate_place[gate]]
        if s.rank_hours[rank] < math.inf:
            host, hours = w.n_places + w.gate_country[gate], s.rank_hours[rank] + w.gate_hours[gate]
            risk = past_enemies if passes_enemies(d, s, rank) else 0.0
            pull = s.log_size[host] + log_near_by(hours / w.mean_way_hours, s.log_near)
            weakest = offer_goal(d, s, origin, host, hours, pull + risk, weakest)
    for k in range(s.n_goals[origin]):
        s.goal_pull[origin, k] = math.exp(s.goal_pull[origin, k])


@kernel
def safety(day: int, d: Draw, s: State, host: int) -> float:
    """Factor of a place's pull by the danger of the last week."""
    if s.safety_day[host] != day:
        s.safety_day[host] = day
        s.safety[host] = math.exp(-d.par.displacement_danger * s.danger[host])
    return float(s.safety[host])


@kernel
def weigh_goals(day: int, w: World, d: Draw, s: State, origin: int) -> float:
    """Pull of each goal today, with safety, holder and room; returns the sum."""
    par = d.par
    n_places = w.n_places
    total = 0.0
    for k in range(s.n_goals[origin]):
        host = s.goal[origin, k]
        pull = s.goal_pull[origin, k]
        if host < n_places:
            pull *= safety(day, d, s, host)
            pull *= max(par.displacement_room_floor, room(max(d.room[host], 1.0), s.guests[host], 0.0))
            if hostile_to_people(w, s, s.holder[host], origin):
                pull *= par.displacement_hostile_factor
        s.goal_weight[k] = pull
        total += pull
    return total


@kernel
def set_off(w: World, s: State, day: int, origin: int, goal: int, n: int, days: int) -> bool:
    """Put a group on the way; False if there is no room in the list (then it stays where it is)."""
    i = s.count[WAYS]
    if i >= s.way_n.shape[0]:
        s.count[OVERFLOW] = 1
        return False
    s.way_origin[i] = origin
    s.way_goal[i] = goal
    s.way_n[i] = n
    s.way_day[i] = day + days
    s.count[WAYS] = i + 1
    return True


@kernel
def count_on_the_way(w: World, s: State, origin: int, n: int) -> None:
    """Count people of an origin who have set off, or with a minus sign arrived."""
    s.count[ON_THE_WAY] += n
    tally_fled(w, s, origin, on_the_way_column(w), n)


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
def send_out(day: int, w: World, s: State, place: int, origin: int, n: int, u: float, total: float) -> int:
    """Divide a group that leaves a place among its weighed goals; returns how many found one."""
    given, gone = 0, 0
    passed, per_pull = 0.0, n / total
    last = s.n_goals[place] - 1
    for k in range(last + 1):
        passed += s.goal_weight[k]
        up_to = n if k == last else sampled_up_to(n, passed * per_pull, u)
        if up_to > given and set_off(w, s, day, origin, s.goal[place, k], up_to - given, s.goal_days[place, k]):
            gone += up_to - given
        given = up_to
    count_on_the_way(w, s, origin, gone)
    return gone


@kernel
def origin_word(w: World, origin: int) -> np.uint64:
    """Word of a place of origin; people of unknown origin share one that is nobody's."""
    word: np.uint64 = w.place_word[origin] if origin < w.n_places else np.uint64(0)
    return word


@kernel
def kill(w: World, s: State, place: int, n: int) -> None:
    """Count residents who were killed."""
    s.residents[place] -= n
    s.count[KILLED] += n
    tally_fled(w, s, place, on_the_way_column(w) + 1, n)


@kernel
def flee(day: int, w: World, d: Draw, luck: Luck, s: State, place: int, days: int) -> None:
    """Let residents and guests of an exposed place die or leave, for as many days as they decide at once."""
    u = uniforms(luck, DISPLACEMENT, day, w.place_word[place], LEAVE_DRAW)
    fighting = s.exposure[place] >= HEARD_EXPOSURE
    killed = binomial(s.residents[place], days * d.par.displacement_killed_rate * s.exposure[place], u.a)
    if killed > 0:
        kill(w, s, place, killed)
    n = binomial(s.residents[place], leave_rate(w, d, s, place, days), u.b)
    n_guests = 0
    if s.guests[place] > 0 and fighting and day % GUESTS_DECIDE_DAYS == 0:
        n_guests = binomial(s.guests[place], leave_rate(w, d, s, place, GUESTS_DECIDE_DAYS), u.c)
    if n == 0 and n_guests == 0:
        return
    age = DAYS_BETWEEN_SEARCHES if fighting else LONGEST_BETWEEN_SEARCHES
    if day - s.goal_day[place] >= age or s.goal_day[place] == 0:
        seek_goals(day, w, d, s, place)
    total = weigh_goals(day, w, d, s, place)
    if total <= 0.0:
        return
    if n > 0:
        gone = send_out(day, w, s, place, place, n, u.d, total)
        s.residents[place] -= gone
        s.away[place] += gone
        if gone >= WAVE:
            note(s, day, FLIGHT, place, NONE, s.besieger[place], BY_ATTACK if s.battle[place] else BY_FEAR, gone)
    if n_guests > 0:
        flee_again(day, w, luck, s, place, n_guests, total)


@kernel
def flee_again(day: int, w: World, luck: Luck, s: State, place: int, n: int, total: float) -> None:
    """Let some of the guests of an exposed place move on, of each origin its share."""
    offset = uniforms(luck, DISPLACEMENT, day, w.place_word[place], GUEST_DRAW).a
    per_guest = n / s.guests[place]
    passed, given = 0, 0
    row = s.first_at_host[place]
    while row != NONE:
        origin = s.row_origin[row]
        passed += s.row_n[row]
        up_to = sampled_up_to(n, passed * per_guest, offset)
        if up_to > given:
            entity = mixed(w.place_word[place], origin_word(w, origin))
            u = uniforms(luck, DISPLACEMENT, day, entity, ONWARD_DRAW).a
            m = send_out(day, w, s, place, origin, up_to - given, u, total)
            s.row_n[row] -= m
            s.guests[place] -= m
            tally_fled(w, s, origin, host_column(w, s, place), -m)
        given = up_to
        row = s.next_at_host[row]


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
            count_on_the_way(w, s, origin, -n)
            if goal == origin and origin < w.n_places:
                s.residents[goal] += n
                s.away[origin] -= n
            else:
                register(s, origin, goal, n)
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
    """Once a fortnight, let people go back to calm homes."""
    p_return = 1.0 - (1.0 - d.par.displacement_return_rate) ** RETURN_EVERY_DAYS
    for origin in range(w.n_places):
        if may_return(w, d, s, origin):
            u = uniforms(luck, DISPLACEMENT, day, w.place_word[origin], RETURN_DRAW)
            n = binomial(s.away[origin], p_return, u.a)
            if n > 0:
                bring_home(day, w, s, origin, n, u.b)


@kernel
def bring_home(day: int, w: World, s: State, origin: int, n: int, u: float) -> None:
    """Let some of those who are away from a place return, from each host its share; those on their way do not turn round."""
    per_head = n / s.away[origin]
    passed, given, gone = 0, 0, 0
    row = s.first_of_origin[origin]
    while row != NONE:
        host = s.row_host[row]
        passed += s.row_n[row]
        up_to = sampled_up_to(n, passed * per_head, u)
        m = up_to - given
        if m > 0 and set_off(w, s, day, origin, origin, m, 1):
            s.row_n[row] -= m
            s.guests[host] -= m
            gone += m
            tally_fled(w, s, origin, host_column(w, s, host), -m)
        given = up_to
        row = s.next_of_origin[row]
    count_on_the_way(w, s, origin, gone)


@kernel
def days_decided(day: int, exposure: float) -> int:
    """For how many days people decide today, 0 if it is not their day: the greater the danger, the oftener."""
    if exposure >= ACUTE_EXPOSURE:
        return 1
    if exposure >= HEARD_EXPOSURE:
        return HEARD_DAYS if day % HEARD_DAYS == 0 else 0
    return WEEK_DAYS if day % WEEK_DAYS == 0 else 0


@kernel
def displacement(day: int, w: World, d: Draw, luck: Luck, s: State) -> None:
    """Move people for a day."""
    if day % WEEK_DAYS == 1:
        measure_pull_of_size(w, d, s)
    if day % HEARD_DAYS == 1:
        hear_of_roads(w, s)
    expose_people(w, d, s)
    come_in(day, w, s)
    for place in range(w.n_places):
        if s.exposure[place] <= LEAST_EXPOSURE or (s.residents[place] == 0 and s.guests[place] == 0):
            continue
        days = days_decided(day, s.exposure[place])
        if days > 0:
            flee(day, w, d, luck, s, place, days)
    if day % RETURN_EVERY_DAYS == 0:
        go_home(day, w, d, luck, s)
