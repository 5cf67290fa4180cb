"""Hazards: falls and days under the enemy by age of the holding, counted from holdings whoever kept the record."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

AGE_EDGES = (0, 30, 120)
"""Days of holding at which the hazard changes (record of western Syria 2012 to 2013: it falls most after the first month)."""


@dataclass(frozen=True, slots=True)
class Hazards:
    """Falls and days under the enemy on the record before the start, by age of the holding, and the rates per day."""

    falls: tuple[float, ...]
    days: tuple[float, ...]

    @property
    def constant(self) -> float:
        """Falls per day, all ages together; 0 without a day on the record."""
        return sum(self.falls) / sum(self.days) if sum(self.days) > 0 else 0.0

    @property
    def by_age(self) -> tuple[float, ...]:
        """Falls per day by age; each rate has the overall one as if it had been seen in one fall more."""
        if self.constant == 0.0:
            return tuple(0.0 for _ in self.falls)
        return tuple((falls + 1.0) / (days + 1.0 / self.constant) for falls, days in zip(self.falls, self.days, strict=True))


class Holding(NamedTuple):
    """Ground in the hands of one side: since when, until when, and whether a fall that counts ended it."""

    since: date
    until: date
    fell: bool

    @property
    def age(self) -> int:
        """Days that it lasted."""
        return (self.until - self.since).days


def hazards_of(holdings: Iterable[Holding]) -> Hazards:
    """Count falls and exposure."""
    falls, days = np.zeros(len(AGE_EDGES)), np.zeros(len(AGE_EDGES))
    for each in holdings:
        days += [max(min(each.age, stop) - first, 0) for first, stop in zip(AGE_EDGES, (*AGE_EDGES[1:], np.inf), strict=True)]
        falls[age_class(each.age)] += each.fell
    return Hazards(tuple(falls.tolist()), tuple(days.tolist()))


def age_class(days: int) -> int:
    """Return the number of the age that so many days are in."""
    return int(np.searchsorted(AGE_EDGES, days, side="right")) - 1


def chances_by_age(rates: Iterable[float], age: Floats, day: Floats) -> Floats:
    """Return chances of having fallen (day, place) from rates that are constant between ages."""
    hazard = np.zeros((len(day), len(age)))
    for rate, first, stop in zip(rates, AGE_EDGES, (*AGE_EDGES[1:], np.inf), strict=True):
        hazard += rate * (np.clip(age + day, first, stop) - np.clip(age, first, stop))
    chances: Floats = -np.expm1(-hazard)
    return chances
