"""How people get on: who sets off, is brought to where ways lead in a day (`refugee_legs`), and stays or goes on from there.

A group is divided in one pass over the sums of its place's weights; random numbers are drawn for all places at once.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from keyterrain.dynamics.destination import room, sampled_up_to
from keyterrain.dynamics.kernel import bare_kernel, inlined
from keyterrain.dynamics.luck import binomial, fill_uniforms, uniforms
from keyterrain.dynamics.refugee_choice import Choice, Today, prepare
from keyterrain.dynamics.refugee_legs import (
    CLOSED,
    DRAWN,
    FROM,
    GOAL,
    LENGTH,
    MOST_HOPS,
    N_BINS,
    NEXT,
    RIDES,
    SLOT,
    SPEED,
    TO,
    TO_POOL,
    WALKS,
    Landing,
    Layout,
    Setting,
    Ways,
    follow,
    part_of_day,
)
from keyterrain.dynamics.refugee_network import HOP_DRAW, LEAVE_DRAW, ONWARD_DRAW, REFUGEE_FLOWS, THROUGH_DRAW, WALK_DRAW, Network

MOST_SWEEPS = 24
"""Times that those under way in one part of the day move on; links without length would take them round for ever."""
INVERSION_UP_TO = 25.0
"""Mean up to which `binomial` inverts, and `leavers` does it for it."""
RECIPROCAL = 1.0 / np.arange(1.0, 129.0)
"""Of 1, 2, ...: the chance that more leave where the mean is as above is below 1e-40."""


class Group(NamedTuple):
    """How many people, and how many km they have moved today on average."""

    n: int
    moved: float


@inlined
def leavers(n: int, chance: float, log_stay: float, u: float) -> int:
    """As `binomial`, where the log of the chance to stay is known."""
    mean = n * chance
    if u <= 1.0 - mean:
        return 0
    if chance > 0.5 or mean > INVERSION_UP_TO:
        return binomial(n, chance, u)
    odds = chance / (1.0 - chance)
    odds_of_all = odds * (n + 1)
    most = min(n, len(RECIPROCAL))
    term = math.exp(n * log_stay)
    total = term
    k = 0
    while u > total and k < most:
        term *= odds_of_all * RECIPROCAL[k] - odds  # which is odds (n - k) / (k + 1)
        k += 1
        total += term
    return k


@bare_kernel
def set_off(now: Today, given: Setting, choice: Choice, ways: Ways) -> None:
    """Let people set off in the morning who choose their way; the fresh walk if that is the rule, else they are as all others."""
    net, rules, n_places = given.net, given.rules, given.at.n_places
    cells, uniform = ways.cells, ways.uniform
    fill_uniforms(given.luck, REFUGEE_FLOWS, now.day, net.place_word, n_places, LEAVE_DRAW, uniform)
    if rules.walk_km > 0.0:
        fill_uniforms(given.luck, REFUGEE_FLOWS, now.day, net.place_word, n_places, WALK_DRAW, ways.walker_uniform)
    for place in range(n_places):
        n, fresh = cells[place], cells[n_places + place]
        if rules.walk_km <= 0.0:
            n, fresh = n + fresh, 0
        leave, log_stay = given.days.leave[now.day, place], ways.log_stay[place]
        going = leavers(n, leave, log_stay, uniform[0, place])
        walking = leavers(fresh, leave, log_stay, ways.walker_uniform[0, place]) if fresh > 0 else 0
        cells[place] = n - going
        cells[n_places + place] = fresh - walking
        if going + walking > 0:
            prepare(place, now, net, rules, cells, choice)
            send_out(place, going, uniform[1, place], RIDES, net, choice, ways)
            if walking > 0:
                send_out(place, walking, ways.walker_uniform[1, place], WALKS, net, choice, ways)


@inlined
def send_out(place: int, n: int, u: float, how: int, net: Network, choice: Choice, ways: Ways) -> None:
    """Divide a group among the ways from its place; it travels with all others who are on them."""
    given = 0
    if choice.total[place] > 0.0:
        per_weight = n / choice.total[place]
        for k in range(net.candidate_start[place], net.candidate_start[place + 1]):
            passed = sampled_up_to(n, choice.up_to[k] * per_weight, u)
            ways.cells[ways.set_out[how, k] if choice.leg[k] >= 0 else place] += passed - given
            given = passed
    ways.cells[place] += n - given  # whom rounding has left over, or all


@bare_kernel
def set_off_again(now: Today, given: Setting, ways: Ways) -> None:
    """Let people set off in the morning who wait on the way to a goal, where chance decides who does."""
    cells, legs, rules = ways.cells, ways.leg, given.rules
    for leg in range(legs.shape[0]):
        n = cells[given.at.first_waiting + leg]
        if n == 0:
            continue
        place, goal = legs[leg, FROM], legs[leg, GOAL]
        chance = rules.onward if rules.onward > 0.0 else given.days.leave[now.day, place]
        going = binomial(n, chance, uniforms(given.luck, REFUGEE_FLOWS, now.day, ways.leg_word[leg], ONWARD_DRAW).a)
        cells[given.at.first_waiting + leg] -= going
        refused = legs[leg, CLOSED] or room(given.net.capacity[goal], cells[goal], rules.capacity_buffer) < rules.refuse_below
        cells[place if refused else legs[leg, SLOT]] += going


@bare_kernel
def travel(now: Today, given: Setting, ways: Ways) -> None:
    """Bring everyone on a leg to where it leads in a day."""
    cells, was, leads_to, first = ways.cells, ways.was, ways.leads_to, given.at.first_waiting
    for i in range(len(was)):
        was[i] = cells[first + i]
        cells[first + i] = 0
    for j in range(ways.n_listed[DRAWN]):
        i = ways.listed[DRAWN, j]
        if was[i] > 0:
            go_on(now, leads_to[i], was[i], ways.moved_by_then[i], given, ways)
            was[i] = 0
    for i in range(len(was)):
        cells[leads_to[i]] += was[i]
    for j in range(ways.n_listed[TO_POOL]):
        i = ways.listed[TO_POOL, j]
        ways.moved[leads_to[i] - given.at.first_pool] += was[i] * ways.moved_by_then[i]


@inlined
def go_on(now: Today, leg: int, n: int, moved: float, given: Setting, ways: Ways) -> None:
    """Bring a group that has ended a leg on as far as the day goes, where at each place chance decides who goes on."""
    cells, legs, leg_km, rules = ways.cells, ways.leg, ways.leg_km, given.rules
    for hop in range(MOST_HOPS):
        landing = follow(leg, moved, given.at, ways)
        if landing.drawn < 0:
            land(n, landing, given.at, ways)
            return
        place, onward = legs[leg, TO], legs[leg, NEXT]
        goal = legs[onward, GOAL]
        if room(given.net.capacity[goal], cells[goal], rules.capacity_buffer) < rules.refuse_below:
            cells[place] += n
            return
        chance = rules.onward if rules.onward > 0.0 else given.days.leave[now.day, place]
        draw = THROUGH_DRAW + part_of_day(moved, given.at.speed_km) * MOST_HOPS + hop
        going = binomial(n, chance, uniforms(given.luck, REFUGEE_FLOWS, now.day, ways.leg_word[leg], draw).a)
        cells[given.at.first_waiting + onward] += n - going
        if leg_km[onward, SPEED] <= leg_km[onward, LENGTH]:
            cells[legs[onward, SLOT] + 1] += going
            return
        if going == 0:
            return
        n = going
        moved += leg_km[onward, LENGTH]
        leg = onward
    cells[legs[leg, TO]] += n


@inlined
def land(n: int, landing: Landing, at: Layout, ways: Ways) -> None:
    """Put a group where it ends up."""
    ways.cells[landing.cell] += n
    if landing.cell >= at.first_pool:
        ways.moved[landing.cell - at.first_pool] += n * landing.moved


@bare_kernel
def choose_again(now: Today, given: Setting, choice: Choice, ways: Ways) -> None:
    """Let those who come to places in the course of the day stay there or go on, one part of the day after another."""
    net, n_places = given.net, given.at.n_places
    for b in range(N_BINS):
        for sweep in range(MOST_SWEEPS):
            if in_pool(b, given.at, ways) == 0:
                break
            draw = HOP_DRAW + b * MOST_SWEEPS + sweep
            fill_uniforms(given.luck, REFUGEE_FLOWS, now.day, net.place_word, n_places, draw, ways.uniform)
            for place in range(n_places):
                if ways.cells[given.at.first_pool + b * n_places + place] > 0:
                    stay_or_choose(now, b, place, given, choice, ways)
        if in_pool(b, given.at, ways) > 0:
            for place in range(n_places):
                ways.cells[place] += take_out(b, place, given.at, ways).n


@inlined
def in_pool(b: int, at: Layout, ways: Ways) -> int:
    """How many have come to places in a part of the day."""
    first, n = at.first_pool + b * at.n_places, 0
    for place in range(at.n_places):
        n += ways.cells[first + place]
    return n


@inlined
def take_out(b: int, place: int, at: Layout, ways: Ways) -> Group:
    """Take those who have come to a place in a part of the day."""
    i = b * at.n_places + place
    n, moved = ways.cells[at.first_pool + i], ways.moved[i]
    ways.cells[at.first_pool + i] = 0
    ways.moved[i] = 0.0
    return Group(n, moved / n if n > 0 else 0.0)


@inlined
def stay_or_choose(now: Today, b: int, place: int, given: Setting, choice: Choice, ways: Ways) -> None:
    """Let those who have come to a place stay, or choose and go on."""
    group = take_out(b, place, given.at, ways)
    going = leavers(group.n, given.days.leave[now.day, place], ways.log_stay[place], ways.uniform[0, place])
    ways.cells[place] += group.n - going
    if going > 0:
        prepare(place, now, given.net, given.rules, ways.cells, choice)
        send_on(now, place, going, group.moved, ways.uniform[1, place], given, choice, ways)


@inlined
def send_on(now: Today, place: int, n: int, moved: float, u: float, given: Setting, choice: Choice, ways: Ways) -> None:
    """Divide a group that is under way among the ways from a place, and bring each part as far as the day goes."""
    passed, gone = 0, 0
    if choice.total[place] > 0.0:
        per_weight = n / choice.total[place]
        for k in range(given.net.candidate_start[place], given.net.candidate_start[place + 1]):
            passed = sampled_up_to(n, choice.up_to[k] * per_weight, u)
            if passed > gone:
                start_leg(now, place, choice.leg[k], passed - gone, moved, given, ways)
            gone = passed
    ways.cells[place] += n - gone  # whom rounding has left over, or all


@inlined
def start_leg(now: Today, place: int, leg: int, n: int, moved: float, given: Setting, ways: Ways) -> None:
    """Bring a group from a place along a leg, and on as far as the day goes."""
    leg_km = ways.leg_km
    if leg < 0:
        ways.cells[place] += n
    elif leg_km[leg, SPEED] <= leg_km[leg, LENGTH]:
        ways.cells[ways.leg[leg, SLOT] + 1] += n
    elif given.at.keeps_on:
        land(n, follow(leg, moved + leg_km[leg, LENGTH], given.at, ways), given.at, ways)
    else:
        go_on(now, leg, n, moved + leg_km[leg, LENGTH], given, ways)
