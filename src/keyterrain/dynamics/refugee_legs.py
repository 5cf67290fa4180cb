"""Where ways lead in a day: everybody is in a cell, and a day leads from cell to cell.

Cells hold, in this order, those at each place; those who have not ended a leg yet (*fresh*, kept apart where the first is
walked); those who wait at the start of each leg; those on it, by the days they have travelled; and those who come to a place in
the course of today, by the part of the day. Where a leg leads by the evening depends on what is closed alone, so it is worked out
once for each span of days (`lead_on`), and a day's travel is one pass over a list (`refugee_travel`), however many there are.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from keyterrain.dynamics.kernel import bare_kernel, inlined
from keyterrain.dynamics.luck import Luck, mixed
from keyterrain.dynamics.refugee_choice import Choice
from keyterrain.dynamics.refugee_network import Days, Network, Rules

N_BINS = 8
"""Parts of a day's travel by which those under way are gathered (assumption: an eighth of a day is finer than the data)."""
MOST_HOPS = 60
"""Legs that a group with a goal goes in a day at most, for the same reason."""
STAYS_PUT = 0.01
"""Chance of leaving below which people who have just arrived wait for the next day: camps (Flee's chance there is 0.001)."""
FROM, TO, GOAL, SLOT, N_SLOTS, NEXT, CLOSED, FIRST, N_LEG_FIELDS = 0, 1, 2, 3, 4, 5, 6, 7, 8
"""Columns of `Ways.leg`; SLOT is the cell of those who set out on it today, FIRST the leg on which the fresh walk instead."""
LENGTH, SPEED = 0, 1
"""Columns of `Ways.leg_km`."""
RIDES, WALKS = 0, 1
"""Rows of `Ways.set_out`."""
TO_POOL, DRAWN = 0, 1
"""Rows of `Ways.listed`: cells of those who come to a place in the course of today, and of those some of whom go on from it."""
NO_LEG = -1


class Layout(NamedTuple):
    """Where which cells begin, and whether whoever is bound for a goal keeps on towards it without a draw."""

    n_places: int
    first_waiting: int
    first_pool: int
    keeps_on: bool
    speed_km: float


class Setting(NamedTuple):
    """All that a replicate is given."""

    net: Network
    days: Days
    rules: Rules
    luck: Luck
    at: Layout


class Ways(NamedTuple):
    """Where everybody is and where that leads.

    `moved` goes with the last of the cells, those of people who come to a place today: km times people. By leg: numbers, km, and
    its word in draws. By place: whether who arrives stays for the day, and the log of the chance to stay. By candidate: the cell
    of those who set out that way. From `was` to `moved_by_then` one entry for each cell from `Layout.first_waiting` on: how many
    were there, where it leads, km moved by then, and lists of those that take more than a move. Last, uniform numbers.
    """

    cells: NDArray[np.int64]
    moved: NDArray[np.float64]
    leg: NDArray[np.int64]
    leg_km: NDArray[np.float64]
    leg_word: NDArray[np.uint64]
    stays: NDArray[np.bool_]
    log_stay: NDArray[np.float64]
    set_out: NDArray[np.int64]
    was: NDArray[np.int64]
    leads_to: NDArray[np.int64]
    moved_by_then: NDArray[np.float64]
    listed: NDArray[np.int64]
    n_listed: NDArray[np.int64]
    uniform: NDArray[np.float64]
    walker_uniform: NDArray[np.float64]


class Landing(NamedTuple):
    """The cell where a group ends up, the km it has moved today, and the leg at whose end chance decides, or `NO_LEG`."""

    cell: int
    moved: float
    drawn: int


@bare_kernel
def layout_of(net: Network, rules: Rules) -> Layout:
    """Say where cells begin."""
    n_places, n_legs = len(net.is_host), len(net.leg_from)
    keeps_on = (rules.onward >= 1.0 and rules.refuse_below <= 0.0) or not has_onward_legs(net.leg_next)
    return Layout(n_places, 2 * n_places, 2 * n_places + n_legs + net.leg_slot[n_legs], keeps_on, rules.speed_km)


@inlined
def has_onward_legs(leg_next: NDArray[np.int64]) -> bool:
    """Whether any leg has another after it."""
    for e in range(leg_next.shape[0]):
        for leg in range(leg_next.shape[1]):
            if leg_next[e, leg] >= 0:
                return True
    return False


@bare_kernel
def set_up_legs(net: Network, at: Layout, ways: Ways) -> None:
    """Fill in what lasts of the legs."""
    leg, leg_km = ways.leg, ways.leg_km
    for i in range(len(net.leg_from)):
        leg[i, FROM] = net.leg_from[i]
        leg[i, TO] = net.leg_to[i]
        leg[i, GOAL] = net.leg_goal[i]
        leg[i, SLOT] = at.first_waiting + len(net.leg_from) + net.leg_slot[i]
        leg[i, N_SLOTS] = net.leg_slot[i + 1] - net.leg_slot[i]
        leg[i, FIRST] = net.first_leg[i]
        leg_km[i, LENGTH] = net.leg_km[i]
        leg_km[i, SPEED] = net.leg_speed[i]
        ways.leg_word[i] = mixed(net.place_word[net.leg_from[i]], mixed(net.place_word[net.leg_goal[i]], net.leg_word[i]))


@bare_kernel
def ways_change(day: int, days: Days, stays: NDArray[np.bool_], log_stay: NDArray[np.float64]) -> bool:
    """Note what is new about chances to leave; returns whether what is closed, or where arrivals stay, is not as yesterday."""
    changed = day == 0 or days.epoch[day] != days.epoch[day - 1]
    for place in range(len(stays)):
        leave = days.leave[day, place]
        if day == 0 or leave != days.leave[day - 1, place]:
            log_stay[place] = math.log1p(-leave)
            changed |= (leave < STAYS_PUT) != stays[place]
            stays[place] = leave < STAYS_PUT
    return changed


@bare_kernel
def lead_on(e: int, net: Network, at: Layout, choice: Choice, ways: Ways) -> None:
    """Work out where each cell of a leg leads in a day, and where people set out, from now on."""
    legs = ways.leg
    for leg in range(legs.shape[0]):
        legs[leg, NEXT] = net.leg_next[e, leg]
        legs[leg, CLOSED] = 1 if net.leg_closed[e, leg] else 0
    ways.n_listed[TO_POOL], ways.n_listed[DRAWN] = 0, 0
    for leg in range(legs.shape[0]):
        lead_on_leg(leg, at, ways)
    for place in range(at.n_places):
        for k in range(net.candidate_start[place], net.candidate_start[place + 1]):
            leg = net.candidate_leg[e, k]
            choice.leg[k] = leg
            walked = legs[leg, FIRST] if leg >= 0 and legs[leg, FIRST] >= 0 else leg
            ways.set_out[RIDES, k] = legs[leg, SLOT] if leg >= 0 else place
            ways.set_out[WALKS, k] = legs[walked, SLOT] if leg >= 0 else place


@inlined
def lead_on_leg(leg: int, at: Layout, ways: Ways) -> None:
    """Work out where those on a leg, and those who wait for it, get to in a day."""
    legs, first, last = ways.leg, ways.leg[leg, SLOT], ways.leg[leg, N_SLOTS] - 1
    km, speed = ways.leg_km[leg, LENGTH], ways.leg_km[leg, SPEED]
    for k in range(last + 1):
        if k < last and (k + 1) * speed <= km:
            note_way(first + k, Landing(first + k + 1, speed, NO_LEG), at, ways)
        else:
            note_way(first + k, follow(leg, km - k * speed, at, ways), at, ways)
    waiting = at.first_waiting + leg
    if not at.keeps_on:
        note_way(waiting, Landing(waiting, 0.0, NO_LEG), at, ways)
    elif legs[leg, CLOSED]:
        note_way(waiting, Landing(legs[leg, FROM], 0.0, NO_LEG), at, ways)
    elif last > 0:
        note_way(waiting, Landing(first + 1, speed, NO_LEG), at, ways)
    else:
        note_way(waiting, follow(leg, km, at, ways), at, ways)


@inlined
def note_way(cell: int, landing: Landing, at: Layout, ways: Ways) -> None:
    """Keep where a cell leads, and list it if that takes more than a move."""
    i = cell - at.first_waiting
    ways.leads_to[i] = landing.cell if landing.drawn < 0 else landing.drawn
    ways.moved_by_then[i] = landing.moved
    if landing.drawn >= 0 or landing.cell >= at.first_pool:
        kind = DRAWN if landing.drawn >= 0 else TO_POOL
        ways.listed[kind, ways.n_listed[kind]] = i
        ways.n_listed[kind] += 1


@inlined
def part_of_day(moved: float, speed: float) -> int:
    """Which of the parts of a day it is when people have moved so far."""
    return min(N_BINS - 1, int(N_BINS * moved / speed))


@inlined
def follow(leg: int, moved: float, at: Layout, ways: Ways) -> Landing:
    """Where people get to today who end a leg after so many km."""
    legs, leg_km = ways.leg, ways.leg_km
    for _ in range(MOST_HOPS):
        place, onward = legs[leg, TO], legs[leg, NEXT]
        if legs[leg, CLOSED]:
            return Landing(legs[leg, FROM], moved, NO_LEG)
        if moved >= leg_km[leg, SPEED]:
            return Landing(place if onward < 0 else at.first_waiting + onward, moved, NO_LEG)
        if onward < 0:
            pool = at.first_pool + part_of_day(moved, at.speed_km) * at.n_places + place
            return Landing(place if ways.stays[place] else pool, moved, NO_LEG)
        if legs[onward, CLOSED]:
            return Landing(place, moved, NO_LEG)
        if not at.keeps_on:
            return Landing(place, moved, leg)
        if leg_km[onward, SPEED] <= leg_km[onward, LENGTH]:
            return Landing(legs[onward, SLOT] + 1, moved, NO_LEG)
        moved += leg_km[onward, LENGTH]
        leg = onward
    return Landing(legs[leg, TO], moved, NO_LEG)
