"""What refugee flows are played on: places, candidates, legs, what each day brings, and the numbers of a set of rules."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

REFUGEE_FLOWS = 20
"""Stream of this process; none of the campaign's (`luck`)."""
NEWCOMERS_DRAW, LEAVE_DRAW, RETURN_DRAW, WALK_DRAW, ONWARD_DRAW, HOP_DRAW, THROUGH_DRAW = 0, 1, 2, 3, 4, 64, 1024
"""Draws of a day; the last two are the first of many, by part of the day and sweep or hop."""

FROM_TOTALS, CONSTANT, POISSON, SHARE_OF_PEOPLE = 0, 1, 2, 3
"""How newcomers are counted: by the daily totals, or by the fighting."""


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
    least_guests: float
    returns: bool
