"""Refugee flows: people as groups on a network of places and links, a day at a time, whatever their number.

    newcomers -> who sets off -> which way (weights) -> as far as a day's travel goes -> who returns

A *leg* is a stretch that a group is on, with the goal it is bound for; a group at the end of its leg goes on to the next, or
chooses. Which candidates a place offers, and with what weights (`refugee_choice`), is all that tells one set of rules from
another: Flee's rules offer the neighbours of a place, ours offer the camps.

How many leave is a binomial draw of whole people; where to, a systematic sample (Madow and Madow 1944,
doi:10.1214/aoms/1177731312), as for the groups of the campaign (`displacement.send_out`). People who set off in the course of a
day are gathered by place and eighth of a day's travel, so that cost does not depend on their number (`refugee_travel`).
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from keyterrain.dynamics.destination import sampled_up_to
from keyterrain.dynamics.kernel import bare_kernel
from keyterrain.dynamics.luck import Luck, poisson, uniforms
from keyterrain.dynamics.refugee_choice import Choice, Today, look_at_hosts, weigh_distances
from keyterrain.dynamics.refugee_legs import Setting, Ways, layout_of, lead_on, set_up_legs, ways_change
from keyterrain.dynamics.refugee_network import (
    FROM_TOTALS,
    NEWCOMERS_DRAW,
    POISSON,
    REFUGEE_FLOWS,
    RETURN_DRAW,
    SHARE_OF_PEOPLE,
    Days,
    Network,
    Rules,
)
from keyterrain.dynamics.refugee_travel import choose_again, set_off, set_off_again, travel

DEBT, UNPLACED, RETURNED, N_COUNTS = 0, 1, 2, 3
"""Slots of `Flows.tally`."""


class Flows(NamedTuple):
    """State of one replicate: what pulls, where everybody is, who has come from where, and who could not come or go home."""

    choice: Choice
    ways: Ways
    spawned: NDArray[np.int64]
    from_zone: NDArray[np.float64]
    tally: NDArray[np.int64]


@bare_kernel
def add_newcomers(day: int, given: Setting, s: Flows) -> None:
    """Let people leave their homes: as many as the totals say, from where there is fighting, or as the fighting says."""
    net, days, rules, luck = given.net, given.days, given.rules, given.luck
    cells, tally, n_places = s.ways.cells, s.tally, given.at.n_places
    fresh, fighting = cells[n_places : 2 * n_places], days.fighting[day]
    if rules.spawn_mode != FROM_TOTALS:
        drive_out(day, rules, luck, net.place_word, days.people, fighting, s.spawned, fresh)
        return
    n = days.newcomers[day] + tally[UNPLACED] - tally[DEBT]
    tally[UNPLACED] = max(n, 0)
    tally[DEBT] = max(-n, 0)
    if n < 0 and rules.returns:
        send_home(day, luck, -n, net.is_host, cells, tally)
    elif n > 0:
        tally[UNPLACED] -= take_in(day, n, rules, luck, days.people, fighting, s.spawned, s.from_zone, fresh)


@bare_kernel
def drive_out(
    day: int,
    rules: Rules,
    luck: Luck,
    words: NDArray[np.uint64],
    people: NDArray[np.float64],
    fighting: NDArray[np.float64],
    spawned: NDArray[np.int64],
    fresh: NDArray[np.int64],
) -> None:
    """Let as many leave their homes as the fighting says, place by place."""
    for place in range(len(fighting)):
        if fighting[place] <= 0.0:
            continue
        mean = rules.displaced_per_day * fighting[place]
        if rules.spawn_mode == SHARE_OF_PEOPLE:
            mean *= max(people[place] - (spawned[place] if rules.take_from_population else 0), 0.0)
        n = int(mean)
        if rules.spawn_mode == POISSON:
            v = uniforms(luck, REFUGEE_FLOWS, day, words[place], NEWCOMERS_DRAW).b
            n = poisson(mean, v) if mean < 50.0 else int(max(0.0, mean + math.sqrt(mean) * (2.0 * v - 1.0) * 1.7320508))
        fresh[place] += n
        spawned[place] += n


@bare_kernel
def take_in(
    day: int,
    n: int,
    rules: Rules,
    luck: Luck,
    people: NDArray[np.float64],
    fighting: NDArray[np.float64],
    spawned: NDArray[np.int64],
    from_zone: NDArray[np.float64],
    fresh: NDArray[np.int64],
) -> int:
    """Divide newcomers among places by their people and how hard they are fought over; returns how many came from anywhere."""
    total = 0.0
    for place in range(len(fighting)):
        left = max(people[place] - spawned[place], 0.0) if rules.take_from_population else people[place]
        total += left * fighting[place]
        from_zone[place] = total
    if total <= 0.0:
        return 0
    u = uniforms(luck, REFUGEE_FLOWS, day, np.uint64(0), NEWCOMERS_DRAW).a
    given = 0
    for place in range(len(fighting)):
        up_to = sampled_up_to(n, from_zone[place] / total * n, u)
        fresh[place] += up_to - given
        spawned[place] += up_to - given
        given = up_to
    return given


@bare_kernel
def send_home(
    day: int, luck: Luck, n: int, is_host: NDArray[np.bool_], cells: NDArray[np.int64], tally: NDArray[np.int64]
) -> None:
    """Let as many go home as the total falls, from each host its share; what no host can give stays a debt."""
    guests = 0
    for place in range(len(is_host)):
        guests += cells[place] if is_host[place] else 0
    going = min(n, guests)
    if going == 0:
        return
    u = uniforms(luck, REFUGEE_FLOWS, day, np.uint64(0), RETURN_DRAW).a
    share = going / guests
    passed, given = 0, 0
    for place in range(len(is_host)):
        if is_host[place]:
            passed += cells[place]
            up_to = going if passed == guests else sampled_up_to(going, passed * share, u)
            m = min(up_to - given, cells[place])
            cells[place] -= m
            given += m
    tally[RETURNED] += given
    tally[DEBT] -= given


@bare_kernel
def count_people(
    day: int,
    cells: NDArray[np.int64],
    n_places: int,
    hosts: NDArray[np.int64],
    tally: NDArray[np.int64],
    arrived: NDArray[np.int32],
    elsewhere: NDArray[np.int64],
) -> None:
    """Note the day's counts."""
    received, everybody = 0, 0
    for k in range(len(hosts)):
        arrived[day, k] = cells[hosts[k]] + cells[n_places + hosts[k]]
        received += arrived[day, k]
    for i in range(len(cells)):
        everybody += cells[i]
    elsewhere[day, 0] = everybody - received
    elsewhere[day, 1] = tally[RETURNED]
    elsewhere[day, 2] = tally[UNPLACED]
    elsewhere[day, 3] = tally[DEBT]


@bare_kernel
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
    at, choice, ways = layout_of(net, rules), s.choice, s.ways
    given = Setting(net, days, rules, Luck(seed, replicate), at)
    set_up_legs(net, at, ways)
    weigh_distances(net, rules, choice.base)
    for place in range(at.n_places):
        ways.cells[place] = days.at_start[place]
    for day in range(len(days.epoch)):
        epoch = days.epoch[day]
        if ways_change(day, days, ways.stays, ways.log_stay):
            lead_on(epoch, net, at, choice, ways)
        add_newcomers(day, given, s)
        now = Today(day, epoch, look_at_hosts(net, rules, days.score[day], ways.cells, choice))
        set_off(now, given, choice, ways)
        if not at.keeps_on:
            set_off_again(now, given, ways)
        travel(now, given, ways)
        choose_again(now, given, choice, ways)
        count_people(day, ways.cells, at.n_places, hosts, s.tally, arrived, elsewhere)
