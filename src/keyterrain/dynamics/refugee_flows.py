"""Refugee flows: people as groups on a network of places and links, a day at a time, whatever their number.

    newcomers -> who sets off -> which way (weights) -> as far as a day's travel goes -> who returns

A *leg* is a stretch that a group is on, with the goal it is bound for; a group at the end of its leg goes on to the next, or
chooses. Which candidates a place offers, and with what weights, is all that tells one set of rules from another: Flee's rules
offer the neighbours of a place, ours offer the camps. Weight of a candidate, by the law that the campaign shares (`destination`):

    ((w0 + score) (s + km)^-a exp(-km/L) room crowd)^b

How many leave is a binomial draw of whole people; where to, a systematic sample (Madow and Madow 1944,
doi:10.1214/aoms/1177731312), as for the groups of the campaign (`displacement.send_out`). People who set off in the course of a
day are gathered by place and eighth of a day's travel, so that cost does not depend on their number.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from keyterrain.dynamics.destination import crowd as crowded
from keyterrain.dynamics.destination import nearness, room, sampled_up_to
from keyterrain.dynamics.kernel import kernel
from keyterrain.dynamics.luck import Luck, binomial, mixed, poisson, uniforms

REFUGEE_FLOWS = 20
"""Stream of this process; none of the campaign's (`luck`)."""

N_BINS = 8
"""Parts of a day's travel by which those under way are gathered (assumption: an eighth of a day is finer than the data)."""
MOST_SWEEPS = 24
"""Times that those under way in one part of the day move on; links without length would take them round for ever."""
MOST_HOPS = 60
"""Legs that a group with a goal goes in a day at most, for the same reason."""
STAYS_PUT = 0.01
"""Chance of leaving below which people who have just arrived wait for the next day: camps (Flee's chance there is 0.001)."""

FROM_TOTALS, CONSTANT, POISSON, SHARE_OF_PEOPLE = 0, 1, 2, 3
"""How newcomers are counted: by the daily totals, or by the fighting."""

NEWCOMERS_DRAW, LEAVE_DRAW, RETURN_DRAW, ONWARD_DRAW, HOP_DRAW = 0, 1, 2, 3, 64


class Network(NamedTuple):
    """Places, candidates and legs. Epochs are spans of days between closures; a leg of -1 is no way."""

    place_word: NDArray[np.uint64]
    capacity: NDArray[np.float64]
    is_host: NDArray[np.bool_]
    candidate_start: NDArray[np.int64]
    candidate_goal: NDArray[np.int64]
    candidate_leg: NDArray[np.int64]
    candidate_km: NDArray[np.float64]
    candidate_pull: NDArray[np.float64]
    leg_word: NDArray[np.uint64]
    leg_from: NDArray[np.int64]
    leg_to: NDArray[np.int64]
    leg_goal: NDArray[np.int64]
    leg_km: NDArray[np.float64]
    leg_speed: NDArray[np.float64]
    leg_slot: NDArray[np.int64]
    leg_next: NDArray[np.int64]
    leg_closed: NDArray[np.bool_]
    first_leg: NDArray[np.int64]


class Days(NamedTuple):
    """What each day brings: its epoch, the change of the total, and of each place the chance to leave, score and fighting."""

    epoch: NDArray[np.int64]
    newcomers: NDArray[np.int64]
    at_start: NDArray[np.int64]
    leave: NDArray[np.float64]
    score: NDArray[np.float64]
    fighting: NDArray[np.float64]
    people: NDArray[np.float64]


class Rules(NamedTuple):
    """How people choose and travel; km and days."""

    spawn_mode: int
    displaced_per_day: float
    take_from_population: bool
    weight_softening: float
    weight_power: float
    softening_km: float
    distance_power: float
    reach_km: float
    capacity_buffer: float
    refuse_below: float
    any_way_if_none: bool
    speed_km: float
    walk_km: float
    onward: float
    crowd_power: float
    crowd_seed: float
    returns: bool


class Flows(NamedTuple):
    """State of one replicate, and what holds for the present epoch and day.

    `people` holds those at each place, those who have not ended a leg yet (`fresh`, kept apart where the first is walked), those
    who wait at the start of a leg, and those on it by the days they have travelled: one list, since a kernel pays for every array
    that it is handed.
    """

    people: NDArray[np.int64]
    leg: NDArray[np.int64]
    leg_km: NDArray[np.float64]
    candidate: NDArray[np.int64]
    base: NDArray[np.float64]
    weight: NDArray[np.float64]
    total: NDArray[np.float64]
    crowd: NDArray[np.float64]
    is_live: NDArray[np.bool_]
    weighed: NDArray[np.bool_]
    spawned: NDArray[np.int64]
    pool: NDArray[np.int64]
    moved: NDArray[np.float64]
    pooled: NDArray[np.int64]
    tally: NDArray[np.int64]


FROM, TO, GOAL, SLOT, NEXT, CLOSED, FIRST, BUSY, LAST, N_LEG_FIELDS = 0, 1, 2, 3, 4, 5, 6, 7, 8, 9
"""Columns of `Flows.leg`; BUSY is 0 while nobody waits for a leg or is on it, LAST the days that it can take but one."""
LENGTH, SPEED = 0, 1
"""Columns of `Flows.leg_km`."""
DEBT, UNPLACED, RETURNED, N_COUNTS = 0, 1, 2, 3
"""Slots of `Flows.tally`."""
LIVE_FROM = 0.25
"""Share of its capacity from which a host's room is looked at with every group, not once a day (assumption)."""


class Chances(NamedTuple):
    """Numbers that every step of a day needs."""

    day: int
    onward: float
    speed_km: float
    buffer: float
    refuse_below: float


@kernel
def weigh_distances(net: Network, rules: Rules, s: Flows) -> None:
    """Fill in what distance and kinship leave of each candidate's weight, in each epoch."""
    candidate_leg, candidate_km, candidate_pull, base = net.candidate_leg, net.candidate_km, net.candidate_pull, s.base
    for e in range(candidate_leg.shape[0]):
        for k in range(candidate_leg.shape[1]):
            if candidate_leg[e, k] < 0:
                base[e, k] = 0.0
                continue
            near = nearness(candidate_km[e, k], rules.softening_km, rules.distance_power, rules.reach_km)
            base[e, k] = near * candidate_pull[k]


@kernel
def enter_epoch(e: int, net: Network, s: Flows) -> None:
    """Take over which legs are closed and which follow, from this day on."""
    leg, candidate = s.leg, s.candidate
    for i in range(leg.shape[0]):
        leg[i, NEXT] = net.leg_next[e, i]
        leg[i, CLOSED] = 1 if net.leg_closed[e, i] else 0
    for k in range(candidate.shape[0]):
        candidate[k, 1] = net.candidate_leg[e, k]


@kernel
def weigh_crowds(net: Network, rules: Rules, s: Flows) -> None:
    """Fill in how much more each host pulls for those who are there as the day begins, and forget the weights of yesterday."""
    people, crowd, is_host, weighed = s.people, s.crowd, net.is_host, s.weighed
    for place in range(len(is_host)):
        weighed[place] = False
        if rules.crowd_power != 0.0 and is_host[place]:
            crowd[place] = crowded(people[place], rules.crowd_seed, rules.crowd_power)


@kernel
def weigh_candidates(
    place: int,
    first: int,
    last: int,
    softening: float,
    power: float,
    people: NDArray[np.int64],
    crowd: NDArray[np.float64],
    weight: NDArray[np.float64],
    base: NDArray[np.float64],
    candidate: NDArray[np.int64],
    capacity: NDArray[np.float64],
    score: NDArray[np.float64],
    total: NDArray[np.float64],
    is_live: NDArray[np.bool_],
    weighed: NDArray[np.bool_],
) -> None:
    """Fill in the weights of a place's candidates, once a day, without room at hosts that may fill up in the course of it."""
    any_weight, any_live = 0.0, False
    for k in range(first, last):
        w = 0.0
        if candidate[k, 1] >= 0:
            goal = candidate[k, 0]
            w = (softening + score[goal]) * base[k] * crowd[goal]
            if power != 1.0:
                w = w**power
            any_live |= capacity[goal] >= 1.0 and people[goal] > LIVE_FROM * capacity[goal]
        weight[k] = w
        any_weight += w
    total[place] = any_weight
    is_live[place] = any_live
    weighed[place] = True


@kernel
def come_to(
    c: Chances,
    leg: int,
    n: int,
    moved: float,
    legs: NDArray[np.int64],
    leg_km: NDArray[np.float64],
    people: NDArray[np.int64],
    leave: NDArray[np.float64],
    capacity: NDArray[np.float64],
    pool: NDArray[np.int64],
    pool_moved: NDArray[np.float64],
    pooled: NDArray[np.int64],
    luck: Luck,
    words: NDArray[np.uint64],
) -> None:
    """Bring a group to the end of its leg, and on from there as far as the day goes."""
    n_places = len(leave)
    for hop in range(MOST_HOPS):
        if legs[leg, CLOSED]:
            people[legs[leg, FROM]] += n
            return
        place, onward = legs[leg, TO], legs[leg, NEXT]
        if moved >= leg_km[leg, SPEED]:
            if onward < 0:
                people[place] += n
            else:
                people[2 * n_places + onward] += n
                legs[onward, BUSY] = 1
            return
        if onward < 0:
            if leave[place] < STAYS_PUT:
                people[place] += n
                return
            b = min(N_BINS - 1, int(N_BINS * moved / c.speed_km))
            pool[b, place] += n
            pool_moved[b, place] += n * moved
            pooled[b] += n
            return
        goal = legs[onward, GOAL]
        if legs[onward, CLOSED] or room(capacity[goal], people[goal], c.buffer) < c.refuse_below:
            people[place] += n
            return
        going = n
        chance = c.onward if c.onward > 0.0 else leave[place]
        if chance < 1.0:
            going = binomial(n, chance, uniforms(luck, REFUGEE_FLOWS, c.day, words[place], ONWARD_DRAW + hop).a)
            people[2 * n_places + onward] += n - going
            legs[onward, BUSY] = 1
        if going == 0:
            return
        if leg_km[onward, SPEED] <= leg_km[onward, LENGTH]:
            people[legs[onward, SLOT] + 1] += going
            legs[onward, BUSY] = 1
            return
        moved += leg_km[onward, LENGTH]
        leg, n = onward, going
    people[legs[leg, TO]] += n


@kernel
def choose_and_go(
    c: Chances,
    place: int,
    n: int,
    moved: float,
    fresh: bool,
    u: float,
    first: int,
    last: int,
    total: float,
    live: bool,
    weight: NDArray[np.float64],
    candidate: NDArray[np.int64],
    legs: NDArray[np.int64],
    leg_km: NDArray[np.float64],
    people: NDArray[np.int64],
    leave: NDArray[np.float64],
    capacity: NDArray[np.float64],
    pool: NDArray[np.int64],
    pool_moved: NDArray[np.float64],
    pooled: NDArray[np.int64],
    luck: Luck,
    words: NDArray[np.uint64],
    any_way: bool,
    power: float,
) -> None:
    """Divide a group among the candidates of its place; who finds none, or only a full one, stays."""
    if live:
        total = 0.0
        for k in range(first, last):
            goal = candidate[k, 0]
            share = room(capacity[goal], people[goal], c.buffer)
            total += weight[k] * (share if power == 1.0 else share**power)
    equal = total <= 0.0
    if equal:
        if any_way:
            for k in range(first, last):
                total += 1.0 if candidate[k, 1] >= 0 else 0.0
        if total <= 0.0:
            people[place] += n
            return
    per_weight = n / total
    passed, given = 0.0, 0
    for k in range(first, last):
        leg = candidate[k, 1]
        if given == n:
            break
        if leg < 0:
            continue
        goal = candidate[k, 0]
        share = room(capacity[goal], people[goal], c.buffer) if live else 1.0
        passed += 1.0 if equal else weight[k] * (share if power == 1.0 else share**power)
        up_to = sampled_up_to(n, passed * per_weight, u)
        m = up_to - given
        if m <= 0:
            continue
        given = up_to
        if share < c.refuse_below:
            people[place] += m
            continue
        if fresh:
            leg = legs[leg, FIRST]
        if moved < 0.0:
            people[legs[leg, SLOT]] += m
            legs[leg, BUSY] = 1
        elif leg_km[leg, SPEED] <= leg_km[leg, LENGTH]:
            people[legs[leg, SLOT] + 1] += m
            legs[leg, BUSY] = 1
        else:
            come_to(
                c,
                leg,
                m,
                moved + leg_km[leg, LENGTH],
                legs,
                leg_km,
                people,
                leave,
                capacity,
                pool,
                pool_moved,
                pooled,
                luck,
                words,
            )
    people[place] += n - given  # whom rounding, or a host that filled up meanwhile, has left over


@kernel
def add_newcomers(day: int, net: Network, days: Days, rules: Rules, luck: Luck, s: Flows) -> None:
    """Let people leave their homes: as many as the totals say, from where there is fighting, or as the fighting says."""
    n_places = len(net.is_host)
    u = uniforms(luck, REFUGEE_FLOWS, day, np.uint64(0), NEWCOMERS_DRAW).a
    if rules.spawn_mode != FROM_TOTALS:
        for place in range(n_places):
            x = days.fighting[day, place]
            if x > 0.0:
                mean = rules.displaced_per_day * x
                if rules.spawn_mode == SHARE_OF_PEOPLE:
                    mean *= max(days.people[place] - (s.spawned[place] if rules.take_from_population else 0), 0.0)
                n = int(mean)
                if rules.spawn_mode == POISSON:
                    v = uniforms(luck, REFUGEE_FLOWS, day, net.place_word[place], NEWCOMERS_DRAW).b
                    n = poisson(mean, v) if mean < 50.0 else int(max(0.0, mean + math.sqrt(mean) * (2.0 * v - 1.0) * 1.7320508))
                s.people[n_places + place] += n
                s.spawned[place] += n
        return
    n = days.newcomers[day] + s.tally[UNPLACED] - s.tally[DEBT]
    s.tally[UNPLACED] = 0
    s.tally[DEBT] = 0
    if n < 0:
        if rules.returns:
            send_home(day, net, luck, s, -n)
        else:
            s.tally[DEBT] = -n
        return
    total = 0.0
    for place in range(n_places):
        total += zone_weight(day, days, rules, s, place)
    if total <= 0.0:
        s.tally[UNPLACED] = n
        return
    passed, given = 0.0, 0
    for place in range(n_places):
        passed += zone_weight(day, days, rules, s, place)
        up_to = sampled_up_to(n, passed / total * n, u)
        s.people[n_places + place] += up_to - given
        s.spawned[place] += up_to - given
        given = up_to
    s.tally[UNPLACED] = n - given


@kernel
def zone_weight(day: int, days: Days, rules: Rules, s: Flows, place: int) -> float:
    """How many of the newcomers a place sends: its people, by how hard it is fought over."""
    people = days.people[place]
    if rules.take_from_population:
        people = max(people - s.spawned[place], 0.0)
    return float(people * days.fighting[day, place])


@kernel
def send_home(day: int, net: Network, luck: Luck, s: Flows, n: int) -> None:
    """Let as many go home as the total falls, from each host its share; what no host can give stays a debt."""
    guests = 0
    for place in range(len(net.is_host)):
        guests += s.people[place] if net.is_host[place] else 0
    going = min(n, guests)
    s.tally[DEBT] = n - going
    if going == 0:
        return
    u = uniforms(luck, REFUGEE_FLOWS, day, np.uint64(0), RETURN_DRAW).a
    share = going / guests
    passed, given = 0, 0
    for place in range(len(net.is_host)):
        if net.is_host[place]:
            passed += s.people[place]
            up_to = going if passed == guests else sampled_up_to(going, passed * share, u)
            m = min(up_to - given, s.people[place])
            s.people[place] -= m
            given += m
    s.tally[RETURNED] += given
    s.tally[DEBT] += going - given


@kernel
def leave_places(c: Chances, net: Network, days: Days, rules: Rules, luck: Luck, s: Flows) -> None:
    """Let people set off in the morning: those who choose, and those who go on."""
    day = c.day
    people, legs, leg_km, leave, words, start = s.people, s.leg, s.leg_km, days.leave[day], net.place_word, net.candidate_start
    weight, candidate, capacity, pool, pool_moved, pooled = s.weight, s.candidate, net.capacity, s.pool, s.moved, s.pooled
    totals, is_live, weighed, crowd = s.total, s.is_live, s.weighed, s.crowd
    base, score = s.base[days.epoch[c.day]], days.score[c.day]
    n_places = len(leave)
    for place in range(n_places):
        n, fresh = people[place], people[n_places + place]
        if n + fresh == 0:
            continue
        u = uniforms(luck, REFUGEE_FLOWS, day, words[place], LEAVE_DRAW)
        for walks in range(2):
            if walks and (rules.walk_km <= 0.0 or fresh == 0):
                break
            if walks:
                going = binomial(fresh, leave[place], u.c)
                people[n_places + place] = fresh - going
            else:
                if rules.walk_km <= 0.0:
                    n += fresh
                    people[n_places + place] = 0
                going = binomial(n, leave[place], u.a)
                people[place] = n - going
            if going > 0:
                if not weighed[place]:
                    weigh_candidates(
                        place, start[place], start[place + 1], rules.weight_softening, rules.weight_power, people, crowd, weight,
                        base, candidate, capacity, score, totals, is_live, weighed,
                    )  # fmt: skip
                choose_and_go(
                    c, place, going, -1.0, walks == 1, u.d if walks else u.b, start[place], start[place + 1], totals[place],
                    is_live[place], weight, candidate, legs, leg_km, people, leave, capacity, pool, pool_moved, pooled, luck,
                    words, rules.any_way_if_none, rules.weight_power,
                )  # fmt: skip
    first_waiting = 2 * n_places
    for leg in range(legs.shape[0]):
        if legs[leg, BUSY] == 0:
            continue
        n = people[first_waiting + leg]
        if n == 0:
            continue
        place, goal = legs[leg, FROM], legs[leg, GOAL]
        going = n
        if rules.onward <= 0.0:
            entity = mixed(words[place], mixed(words[goal], net.leg_word[leg]))
            going = binomial(n, leave[place], uniforms(luck, REFUGEE_FLOWS, day, entity, ONWARD_DRAW).b)
        if going == 0:
            continue
        people[first_waiting + leg] -= going
        if legs[leg, CLOSED] or room(capacity[goal], people[goal], c.buffer) < c.refuse_below:
            people[place] += going
        else:
            people[legs[leg, SLOT]] += going


@kernel
def travel(c: Chances, net: Network, days: Days, rules: Rules, luck: Luck, s: Flows) -> None:
    """Bring everyone under way a day's travel forward, through places where they do not stay."""
    people, legs, leg_km, leave, words = s.people, s.leg, s.leg_km, days.leave[c.day], net.place_word
    capacity, pool, pool_moved, pooled = net.capacity, s.pool, s.moved, s.pooled
    first_waiting = 2 * len(leave)
    for leg in range(legs.shape[0]):
        if legs[leg, BUSY] == 0:
            continue
        slot = legs[leg, SLOT]
        speed, km = leg_km[leg, SPEED], leg_km[leg, LENGTH]
        legs[leg, BUSY] = 1 if people[first_waiting + leg] > 0 else 0
        for k in range(legs[leg, LAST], -1, -1):
            n = people[slot + k]
            if n == 0:
                continue
            people[slot + k] = 0
            if (k + 1) * speed > km:
                come_to(c, leg, n, km - k * speed, legs, leg_km, people, leave, capacity, pool, pool_moved, pooled, luck, words)
            else:
                people[slot + k + 1] += n
                legs[leg, BUSY] = 1
    for b in range(N_BINS):
        for sweep in range(MOST_SWEEPS):
            if pooled[b] == 0:
                break
            move_on(c, net, days, rules, luck, s, b, sweep)
        if pooled[b] > 0:
            for place in range(len(leave)):
                people[place] += pool[b, place]
                pool[b, place] = 0
                pool_moved[b, place] = 0.0
            pooled[b] = 0


@kernel
def move_on(c: Chances, net: Network, days: Days, rules: Rules, luck: Luck, s: Flows, b: int, sweep: int) -> None:
    """Let those who came to a place in one part of the day stay there, or choose and go on."""
    people, legs, leg_km, leave, words, start = s.people, s.leg, s.leg_km, days.leave[c.day], net.place_word, net.candidate_start
    weight, candidate, capacity, pool, pool_moved, pooled = s.weight, s.candidate, net.capacity, s.pool, s.moved, s.pooled
    totals, is_live, weighed, crowd = s.total, s.is_live, s.weighed, s.crowd
    base, score = s.base[days.epoch[c.day]], days.score[c.day]
    for place in range(len(leave)):
        n = pool[b, place]
        if n == 0:
            continue
        moved = pool_moved[b, place] / n
        pool[b, place] = 0
        pool_moved[b, place] = 0.0
        pooled[b] -= n
        u = uniforms(luck, REFUGEE_FLOWS, c.day, words[place], HOP_DRAW + b * MOST_SWEEPS + sweep)
        going = binomial(n, leave[place], u.a)
        people[place] += n - going
        if going > 0:
            if not weighed[place]:
                weigh_candidates(
                    place, start[place], start[place + 1], rules.weight_softening, rules.weight_power, people, crowd, weight,
                    base, candidate, capacity, score, totals, is_live, weighed,
                )  # fmt: skip
            choose_and_go(
                c, place, going, moved, False, u.b, start[place], start[place + 1], totals[place],
                is_live[place], weight, candidate, legs, leg_km, people, leave, capacity, pool, pool_moved, pooled, luck, words,
                rules.any_way_if_none, rules.weight_power,
            )  # fmt: skip


@kernel
def set_up(net: Network, days: Days, rules: Rules, s: Flows) -> None:
    """Fill in a state that is all zeros: lasting columns of the legs, weights by distance, and people at the start."""
    n_places, n_legs = len(net.is_host), len(net.leg_from)
    for i in range(n_legs):
        s.leg[i, FROM] = net.leg_from[i]
        s.leg[i, TO] = net.leg_to[i]
        s.leg[i, GOAL] = net.leg_goal[i]
        s.leg[i, SLOT] = 2 * n_places + n_legs + net.leg_slot[i]
        s.leg[i, FIRST] = net.first_leg[i]
        s.leg[i, LAST] = net.leg_slot[i + 1] - net.leg_slot[i] - 1
        s.leg_km[i, LENGTH] = net.leg_km[i]
        s.leg_km[i, SPEED] = net.leg_speed[i]
    for k in range(len(net.candidate_goal)):
        s.candidate[k, 0] = net.candidate_goal[k]
    for place in range(n_places):
        s.people[place] = days.at_start[place]
    weigh_distances(net, rules, s)


@kernel
def play_flows(
    seed: np.uint64,
    replicate: np.uint64,
    net: Network,
    days: Days,
    rules: Rules,
    s: Flows,
    hosts: NDArray[np.int64],
    arrived: NDArray[np.int32],
    elsewhere: NDArray[np.int64],
) -> None:
    """Play one replicate from a state of zeros.

    Fills `arrived` (day, host) and `elsewhere` (day, 4): people under way or in towns; gone home; newcomers for whom there was no
    place to come from yet; and those by whom the total fell while nobody was left to go home.
    """
    luck = Luck(seed, replicate)
    n_places = len(net.is_host)
    set_up(net, days, rules, s)
    people = s.people
    for day in range(len(days.epoch)):
        c = Chances(day, rules.onward, rules.speed_km, rules.capacity_buffer, rules.refuse_below)
        if day == 0 or days.epoch[day] != days.epoch[day - 1]:
            enter_epoch(days.epoch[day], net, s)
        add_newcomers(day, net, days, rules, luck, s)
        weigh_crowds(net, rules, s)
        leave_places(c, net, days, rules, luck, s)
        travel(c, net, days, rules, luck, s)
        received = 0
        for k in range(len(hosts)):
            arrived[day, k] = people[hosts[k]] + people[n_places + hosts[k]]
            received += arrived[day, k]
        everybody = 0
        for i in range(len(people)):
            everybody += people[i]
        elsewhere[day, 0] = everybody - received
        elsewhere[day, 1] = s.tally[RETURNED]
        elsewhere[day, 2] = s.tally[UNPLACED]
        elsewhere[day, 3] = s.tally[DEBT]
