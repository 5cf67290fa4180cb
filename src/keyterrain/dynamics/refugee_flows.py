"""Refugee flows: people as groups on a network of places and links, a day at a time, whatever their number.

    newcomers -> who sets off -> which way (weights) -> as far as a day's travel goes -> who returns

A *leg* is a stretch that a group is on, with the goal it is bound for; a group at the end of its leg goes on to the next, or
chooses. Which candidates a place offers, and with what weights, is all that tells one set of rules from another: Flee's rules
offer the neighbours of a place, ours offer the camps. Weight of a candidate:

    ((w0 + score) (s + km)^-a exp(-km/L) room crowd)^b        room = 1 up to a share of the capacity, falling to 0 at it

How many leave is a binomial draw of whole people; where to, a systematic sample (Madow and Madow 1944,
doi:10.1214/aoms/1177731312), as for the groups of the campaign (`displacement.send_out`). People who set off in the course of a
day are gathered by place and eighth of a day's travel, so that cost does not depend on their number.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from keyterrain.dynamics.kernel import kernel
from keyterrain.dynamics.luck import Luck, binomial, mixed, poisson, uniforms

REFUGEE_FLOWS = 20
"""Stream of this process; none of the campaign's (`luck`)."""

N_BINS = 8
"""Parts of a day's travel by which those under way are gathered (assumption: an eighth of a day is finer than the data)."""
MOST_SWEEPS = 24
"""Times that those under way in one part of the day move on; links without length would take them round for ever."""
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
    """State of one replicate; `fresh` are people who have not ended a leg yet, kept apart where the first is walked."""

    at: NDArray[np.int64]
    fresh: NDArray[np.int64]
    waiting: NDArray[np.int64]
    on: NDArray[np.int64]
    base: NDArray[np.float64]
    weight: NDArray[np.float64]
    crowd: NDArray[np.float64]
    spawned: NDArray[np.int64]
    pool: NDArray[np.int64]
    moved: NDArray[np.float64]
    pooled: NDArray[np.int64]
    count: NDArray[np.int64]


DEBT, UNPLACED, RETURNED, N_COUNTS = 0, 1, 2, 3


@kernel
def room(capacity: float, people: int, buffer: float) -> float:
    """Share of its pull that a place keeps as it fills up."""
    if capacity < 1.0 or people <= buffer * capacity:
        return 1.0
    if people >= capacity:
        return 0.0
    return 1.0 - (people - buffer * capacity) / (capacity * (1.0 - buffer))


@kernel
def weigh_distances(net: Network, rules: Rules, s: Flows) -> None:
    """Fill in what distance and kinship leave of each candidate's weight, in each epoch."""
    for e in range(net.candidate_leg.shape[0]):
        for k in range(net.candidate_leg.shape[1]):
            if net.candidate_leg[e, k] < 0:
                s.base[e, k] = 0.0
                continue
            km = net.candidate_km[e, k]
            near = (rules.softening_km + km) ** (-rules.distance_power) if rules.distance_power != 0.0 else 1.0
            if rules.reach_km > 0.0:
                near *= math.exp(-km / rules.reach_km)
            s.base[e, k] = near * net.candidate_pull[k]


@kernel
def weigh_crowds(net: Network, rules: Rules, s: Flows) -> None:
    """Fill in how much more a host pulls for those who are there already."""
    for place in range(len(net.is_host)):
        s.crowd[place] = 1.0
        if rules.crowd_power != 0.0 and net.is_host[place]:
            s.crowd[place] = (1.0 + s.at[place] / rules.crowd_seed) ** rules.crowd_power


@kernel
def weigh_candidates(day: int, net: Network, days: Days, rules: Rules, s: Flows, place: int) -> float:
    """Fill in the weights of a place's candidates today; returns their sum."""
    e = days.epoch[day]
    total = 0.0
    for k in range(net.candidate_start[place], net.candidate_start[place + 1]):
        w = 0.0
        if net.candidate_leg[e, k] >= 0:
            goal = net.candidate_goal[k]
            w = (rules.weight_softening + days.score[day, goal]) * s.base[e, k] * s.crowd[goal]
            w *= room(net.capacity[goal], s.at[goal], rules.capacity_buffer)
            if rules.weight_power != 1.0:
                w = w**rules.weight_power
        s.weight[k] = w
        total += w
    if total <= 0.0 and rules.any_way_if_none:
        for k in range(net.candidate_start[place], net.candidate_start[place + 1]):
            s.weight[k] = 1.0 if net.candidate_leg[e, k] >= 0 else 0.0
            total += s.weight[k]
    return total


@kernel
def refuses(net: Network, rules: Rules, s: Flows, goal: int) -> bool:
    """Whether a host is so full that nobody sets off for it."""
    return bool(net.is_host[goal] and room(net.capacity[goal], s.at[goal], rules.capacity_buffer) < rules.refuse_below)


@kernel
def stop(s: Flows, place: int, leg: int, n: int) -> None:
    """Let a group stay for the day, with the leg that it means to go on with, or without."""
    if leg < 0:
        s.at[place] += n
    else:
        s.waiting[leg] += n


@kernel
def come_to(day: int, net: Network, days: Days, rules: Rules, luck: Luck, s: Flows, leg: int, n: int, moved: float) -> None:
    """Bring a group to the end of its leg, and on from there as far as the day goes."""
    e = days.epoch[day]
    for hop in range(MOST_SWEEPS):
        place = net.leg_to[leg]
        if net.leg_closed[e, leg]:
            s.at[net.leg_from[leg]] += n
            return
        onward = net.leg_next[e, leg]
        if moved >= net.leg_speed[leg]:
            stop(s, place, onward, n)
            return
        if onward < 0:
            if place == net.leg_goal[leg] and days.leave[day, place] < STAYS_PUT:
                s.at[place] += n
                return
            b = min(N_BINS - 1, int(N_BINS * moved / rules.speed_km))
            s.pool[b, place] += n
            s.moved[b, place] += n * moved
            s.pooled[b] += n
            return
        if net.leg_closed[e, onward] or refuses(net, rules, s, net.leg_goal[onward]):
            s.at[place] += n
            return
        going = n
        chance = rules.onward if rules.onward > 0.0 else days.leave[day, place]
        if chance < 1.0:
            u = uniforms(luck, REFUGEE_FLOWS, day, net.place_word[place], ONWARD_DRAW + hop)
            going = binomial(n, chance, u.a)
            s.waiting[onward] += n - going
        if going == 0:
            return
        if net.leg_speed[onward] <= net.leg_km[onward]:
            s.on[net.leg_slot[onward] + 1] += going
            return
        moved += net.leg_km[onward]
        leg, n = onward, going
    s.at[net.leg_to[leg]] += n


@kernel
def set_off(
    day: int, net: Network, days: Days, rules: Rules, luck: Luck, s: Flows, leg: int, n: int, moved: float, fresh: bool
) -> None:
    """Put a group on a leg: in the morning it has the whole day before it, later what is left of it."""
    if moved < 0.0:
        s.on[net.leg_slot[leg]] += n
    elif net.leg_speed[leg] <= net.leg_km[leg]:
        s.on[net.leg_slot[leg] + 1] += n
    else:
        come_to(day, net, days, rules, luck, s, leg, n, moved + net.leg_km[leg])


@kernel
def choose_and_go(
    day: int, net: Network, days: Days, rules: Rules, luck: Luck, s: Flows, place: int, n: int, moved: float, fresh: bool, u: float
) -> None:
    """Divide a group among the candidates of its place; who finds none, or only a full one, stays."""
    total = weigh_candidates(day, net, days, rules, s, place)
    if total <= 0.0:
        s.at[place] += n
        return
    e = days.epoch[day]
    per_weight = n / total
    passed, given = 0.0, 0
    first, last = net.candidate_start[place], net.candidate_start[place + 1]
    final = first
    for k in range(first, last):
        if s.weight[k] > 0.0:
            final = k
    for k in range(first, final + 1):
        passed += s.weight[k] * per_weight
        up_to = n if k == final else min(n, int(passed + u))
        m = up_to - given
        given = up_to
        if m <= 0:
            continue
        if refuses(net, rules, s, net.candidate_goal[k]):
            s.at[place] += m
            continue
        leg = net.candidate_leg[e, k]
        if fresh and net.first_leg[leg] >= 0:
            leg = net.first_leg[leg]
        set_off(day, net, days, rules, luck, s, leg, m, moved, fresh)


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
                s.fresh[place] += n
                s.spawned[place] += n
        return
    n = days.newcomers[day] + s.count[UNPLACED] - s.count[DEBT]
    s.count[UNPLACED] = 0
    s.count[DEBT] = 0
    if n < 0:
        if rules.returns:
            send_home(day, net, luck, s, -n)
        else:
            s.count[DEBT] = -n
        return
    total = 0.0
    for place in range(n_places):
        total += zone_weight(day, days, rules, s, place)
    if total <= 0.0:
        s.count[UNPLACED] = n
        return
    passed, given = 0.0, 0
    for place in range(n_places):
        passed += zone_weight(day, days, rules, s, place)
        up_to = min(n, int(passed / total * n + u))
        s.fresh[place] += up_to - given
        s.spawned[place] += up_to - given
        given = up_to
    s.count[UNPLACED] = n - given


@kernel
def zone_weight(day: int, days: Days, rules: Rules, s: Flows, place: int) -> float:
    """How many of the newcomers a place sends: its people, by how hard it is fought over."""
    people = days.people[place]
    if rules.take_from_population:
        people = max(people - s.spawned[place], 0.0)
    return people * days.fighting[day, place]


@kernel
def send_home(day: int, net: Network, luck: Luck, s: Flows, n: int) -> None:
    """Let as many go home as the total falls, from each host its share; what no host can give stays a debt."""
    guests = 0
    for place in range(len(net.is_host)):
        guests += s.at[place] if net.is_host[place] else 0
    going = min(n, guests)
    s.count[DEBT] = n - going
    if going == 0:
        return
    u = uniforms(luck, REFUGEE_FLOWS, day, np.uint64(0), RETURN_DRAW).a
    share = going / guests
    passed, given = 0, 0
    for place in range(len(net.is_host)):
        if net.is_host[place]:
            passed += s.at[place]
            up_to = going if passed == guests else min(going, int(passed * share + u))
            m = min(up_to - given, s.at[place])
            s.at[place] -= m
            given += m
    s.count[RETURNED] += given
    s.count[DEBT] += going - given


@kernel
def leave_places(day: int, net: Network, days: Days, rules: Rules, luck: Luck, s: Flows) -> None:
    """Let people set off in the morning: those who choose, and those who go on."""
    e = days.epoch[day]
    for place in range(len(net.is_host)):
        n, fresh = s.at[place], s.fresh[place]
        if n + fresh == 0 or days.leave[day, place] <= 0.0:
            s.at[place] += fresh
            s.fresh[place] = 0
            continue
        u = uniforms(luck, REFUGEE_FLOWS, day, net.place_word[place], LEAVE_DRAW)
        if rules.walk_km > 0.0:
            going = binomial(fresh, days.leave[day, place], u.c)
            s.fresh[place] = fresh - going
            if going > 0:
                choose_and_go(day, net, days, rules, luck, s, place, going, -1.0, True, u.d)
        else:
            n += fresh
            s.fresh[place] = 0
            s.at[place] = n
        going = binomial(n, days.leave[day, place], u.a)
        if going > 0:
            s.at[place] -= going
            choose_and_go(day, net, days, rules, luck, s, place, going, -1.0, False, u.b)
    for leg in range(len(s.waiting)):
        n = s.waiting[leg]
        if n == 0:
            continue
        place = net.leg_from[leg]
        going = n
        if rules.onward <= 0.0:
            entity = mixed(net.place_word[place], mixed(net.place_word[net.leg_goal[leg]], net.leg_word[leg]))
            going = binomial(n, days.leave[day, place], uniforms(luck, REFUGEE_FLOWS, day, entity, ONWARD_DRAW).b)
        if going == 0:
            continue
        s.waiting[leg] -= going
        if net.leg_closed[e, leg] or refuses(net, rules, s, net.leg_goal[leg]):
            s.at[place] += going
        else:
            s.on[net.leg_slot[leg]] += going


@kernel
def travel(day: int, net: Network, days: Days, rules: Rules, luck: Luck, s: Flows) -> None:
    """Bring everyone under way a day's travel forward, through places where they do not stay."""
    for leg in range(len(s.waiting)):
        slot, end = net.leg_slot[leg], net.leg_slot[leg + 1]
        speed, km = net.leg_speed[leg], net.leg_km[leg]
        for i in range(end - 1, slot - 1, -1):
            n = s.on[i]
            if n == 0:
                continue
            s.on[i] = 0
            k = i - slot
            if (k + 1) * speed > km:
                come_to(day, net, days, rules, luck, s, leg, n, km - k * speed)
            else:
                s.on[i + 1] += n
    for b in range(N_BINS):
        for sweep in range(MOST_SWEEPS):
            if s.pooled[b] == 0:
                break
            move_on(day, net, days, rules, luck, s, b, sweep)
        if s.pooled[b] > 0:
            for place in range(len(net.is_host)):
                s.at[place] += s.pool[b, place]
                s.pool[b, place] = 0
                s.moved[b, place] = 0.0
            s.pooled[b] = 0


@kernel
def move_on(day: int, net: Network, days: Days, rules: Rules, luck: Luck, s: Flows, b: int, sweep: int) -> None:
    """Let those who came to a place in one part of the day stay there, or choose and go on."""
    for place in range(len(net.is_host)):
        n = s.pool[b, place]
        if n == 0:
            continue
        moved = s.moved[b, place] / n
        s.pool[b, place] = 0
        s.moved[b, place] = 0.0
        s.pooled[b] -= n
        u = uniforms(luck, REFUGEE_FLOWS, day, net.place_word[place], HOP_DRAW + b * MOST_SWEEPS + sweep)
        going = binomial(n, days.leave[day, place], u.a)
        s.at[place] += n - going
        if going > 0:
            choose_and_go(day, net, days, rules, luck, s, place, going, moved, False, u.b)


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
    """Play one replicate from an empty state; fills `arrived` (day, host) and `elsewhere` (day, under way or homeless; returned)."""
    luck = Luck(seed, replicate)
    weigh_distances(net, rules, s)
    for place in range(len(net.is_host)):
        s.at[place] = days.at_start[place]
    for day in range(len(days.epoch)):
        add_newcomers(day, net, days, rules, luck, s)
        weigh_crowds(net, rules, s)
        leave_places(day, net, days, rules, luck, s)
        travel(day, net, days, rules, luck, s)
        for k in range(len(hosts)):
            arrived[day, k] = s.at[hosts[k]] + s.fresh[hosts[k]]
        under_way = 0
        for place in range(len(net.is_host)):
            under_way += s.fresh[place] + (0 if net.is_host[place] else s.at[place])
        for leg in range(len(s.waiting)):
            under_way += s.waiting[leg]
        for i in range(len(s.on)):
            under_way += s.on[i]
        elsewhere[day, 0] = under_way
        elsewhere[day, 1] = s.count[RETURNED]
        elsewhere[day, 2] = s.count[UNPLACED]
        elsewhere[day, 3] = s.count[DEBT]
