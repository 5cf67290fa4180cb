"""Which way people go who set off: how much each candidate weighs, and what share of a group it gets.

    ((w0 + score) (s + km)^-a exp(-km/L) room crowd)^b        by the law that the campaign shares (`destination`)

The weights of a place are added up once a day, so that a group is divided in one pass, whatever its number; only where a host may
fill up in the course of the day are they added up for each group.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from keyterrain.dynamics.destination import crowd, nearness, room
from keyterrain.dynamics.kernel import bare_kernel, inlined
from keyterrain.dynamics.refugee_network import Network, Rules

LIVE_FROM = 0.25
"""Share of its capacity from which a host's room is looked at with every group, not once a day (assumption)."""
STAYS = -1
"""Way of a candidate that is closed or refused: who draws it stays."""


class Choice(NamedTuple):
    """What pulls people.

    By (epoch, candidate) `base`, what distance and lasting pull make of it; by candidate its way as things stand, its weight and
    the sum of weights up to it; by place its pull as a goal, the sum of its candidates' weights, whether it may fill up today,
    whether any of its candidates may, and the day after that on which they were weighed last.
    """

    base: NDArray[np.float64]
    leg: NDArray[np.int64]
    weight: NDArray[np.float64]
    up_to: NDArray[np.float64]
    pull: NDArray[np.float64]
    total: NDArray[np.float64]
    is_filling: NDArray[np.bool_]
    is_live: NDArray[np.bool_]
    weighed_by: NDArray[np.int64]


class Today(NamedTuple):
    """The day, its epoch, and whether any host may fill up."""

    day: int
    epoch: int
    any_filling: bool


@bare_kernel
def weigh_distances(net: Network, rules: Rules, base: NDArray[np.float64]) -> None:
    """Fill in what distance and lasting pull make of each candidate, in each epoch."""
    for e in range(base.shape[0]):
        for k in range(base.shape[1]):
            base[e, k] = 0.0
            if net.candidate_leg[e, k] >= 0:
                near = nearness(net.candidate_km[e, k], rules.softening_km, rules.distance_power, rules.reach_km)
                base[e, k] = near * net.candidate_pull[k]


@bare_kernel
def look_at_hosts(net: Network, rules: Rules, score: NDArray[np.float64], cells: NDArray[np.int64], choice: Choice) -> bool:
    """Fill in what pulls as a day begins, and which hosts may fill up; returns whether any may."""
    any_filling = False
    guests = 0
    for place in range(len(net.is_host)):
        guests += cells[place] if net.is_host[place] else 0
    usual = rules.crowd_seed * max(float(guests), rules.least_guests)
    for place in range(len(net.is_host)):
        filling = net.capacity[place] >= 1.0 and cells[place] > LIVE_FROM * net.capacity[place]
        any_filling |= filling
        choice.is_filling[place] = filling
        choice.pull[place] = rules.weight_softening + score[place]
        if rules.crowd_power != 0.0 and net.is_host[place]:
            choice.pull[place] *= crowd(float(cells[place]), usual, rules.crowd_power)
    return any_filling


@inlined
def prepare(place: int, now: Today, net: Network, rules: Rules, cells: NDArray[np.int64], choice: Choice) -> None:
    """See to it that the sums of a place's weights are those of the day and, where a host fills up, of the moment."""
    if choice.weighed_by[place] != now.day + 1:
        weigh_candidates(place, now, net, rules, choice)
    if choice.is_live[place]:
        weigh_room(place, now, net, rules, cells, choice)


@inlined
def weigh_candidates(place: int, now: Today, net: Network, rules: Rules, choice: Choice) -> None:
    """Add up the weights of a place's candidates for the day."""
    first, last = net.candidate_start[place], net.candidate_start[place + 1]
    for k in range(first, last):
        choice.weight[k] = choice.base[now.epoch, k] * choice.pull[net.candidate_goal[k]]
        choice.up_to[k] = choice.weight[k]
    choice.total[place] = add_up(first, last, now, net, rules, choice)
    choice.weighed_by[place] = now.day + 1
    note_live(place, first, last, now, net, choice)


@inlined
def note_live(place: int, first: int, last: int, now: Today, net: Network, choice: Choice) -> None:
    """Note whether a host may fill up among those that people of a place may choose; if not, none refuses them."""
    was_live = choice.is_live[place]
    is_live = False
    if now.any_filling:
        for k in range(first, last):
            is_live |= choice.is_filling[net.candidate_goal[k]] and net.candidate_leg[now.epoch, k] >= 0
    choice.is_live[place] = is_live
    if was_live and not is_live:
        for k in range(first, last):
            choice.leg[k] = net.candidate_leg[now.epoch, k]


@inlined
def weigh_room(place: int, now: Today, net: Network, rules: Rules, cells: NDArray[np.int64], choice: Choice) -> None:
    """Add up the weights of a place's candidates by the room that there is now; a host that is nearly full refuses."""
    first, last = net.candidate_start[place], net.candidate_start[place + 1]
    for k in range(first, last):
        goal = net.candidate_goal[k]
        share = room(net.capacity[goal], cells[goal], rules.capacity_buffer)
        choice.leg[k] = STAYS if share < rules.refuse_below else net.candidate_leg[now.epoch, k]
        choice.up_to[k] = choice.weight[k] * share
    choice.total[place] = add_up(first, last, now, net, rules, choice)


@inlined
def add_up(first: int, last: int, now: Today, net: Network, rules: Rules, choice: Choice) -> float:
    """Turn weights into the sums of their powers; returns the last. Where it is 0 and any way will do, each weighs the same."""
    up_to, total = choice.up_to, 0.0
    if rules.weight_power != 1.0:
        for k in range(first, last):
            up_to[k] **= rules.weight_power
    for k in range(first, last):
        total += up_to[k]
        up_to[k] = total
    if total <= 0.0 and rules.any_way_if_none:
        for k in range(first, last):
            total += 1.0 if net.candidate_leg[now.epoch, k] >= 0 else 0.0
            up_to[k] = total
    return total
