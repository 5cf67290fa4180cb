"""People who had to flee, by where they are."""

from __future__ import annotations

import numpy as np

from keyterrain.analysis.measures.control import undefined
from keyterrain.analysis.measures.fighting import first_assault
from keyterrain.analysis.measures.registry import Floats, computes
from keyterrain.analysis.measures.replicates import EVENTS, Replicates


@computes("displaced_at", "n_displaced")
def displaced_at(replicates: Replicates, *, host: str, day: int | None) -> Floats:
    """Return the displaced at a host on an evening."""
    wanted = replicates.last_day if day is None else day
    if wanted > replicates.last_day:
        return undefined(replicates)
    return replicates.arrays["n_displaced"][:, wanted, replicates.at("host", host)].astype(np.float64)


@computes("displaced_gain", "n_displaced")
def displaced_gain(replicates: Replicates, *, host: str, day: int | None) -> Floats:
    """Return how many more there are than on the first evening; fewer give a negative number."""
    return displaced_at(replicates, host=host, day=day) - displaced_at(replicates, host=host, day=0)


@computes("displaced_reach", "n_displaced")
def displaced_reach(replicates: Replicates, *, host: str, people: int, day: int | None) -> Floats:
    """Return 1 where so many more than on the first evening are there on some evening by that day."""
    last = replicates.last_day if day is None else day
    if last > replicates.last_day:
        return undefined(replicates)
    there = replicates.arrays["n_displaced"][:, : last + 1, replicates.at("host", host)].astype(np.int64)
    return np.where((there - there[:, :1]).max(axis=1) >= people, 1.0, 0.0)


@computes("displaced_after_assault", EVENTS, "n_displaced")
def displaced_after_assault(replicates: Replicates, *, place: str, side: str, host: str, days: int) -> Floats:
    """Return the growth about the first assault; it begins on a morning, so the evening before counts as still quiet."""
    begun = first_assault(replicates, place, side)
    there = replicates.arrays["n_displaced"][:, :, replicates.at("host", host)].astype(np.float64)
    rows = np.flatnonzero(~np.isnan(begun) & (begun + days <= replicates.last_day))
    day = begun[rows].astype(np.int64)
    growth = undefined(replicates)
    growth[rows] = there[rows, day + days] - there[rows, day - 1]
    return growth
