"""Events as counts by day, and how often they come in the long run."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

LEAST_RATE = 1e-3
"""Share of the mean rate that is added everywhere, so that no day is impossible (assumption)."""


@dataclass(frozen=True, eq=False)
class DailySeries:
    """Events of one kind, by day.

    Attributes
    ----------
    name
        As it is shown.
    first_day
        Day of the first entry, counted from 1970-01-01.
    counts
        Events of each day (day,).
    """

    name: str
    first_day: int
    counts: Ints

    @classmethod
    def of(cls, name: str, days: Ints, first_day: int, last_day: int) -> DailySeries:
        """Count the events from a first to a last day; those outside are left out."""
        inside = days[(days >= first_day) & (days <= last_day)] - first_day
        return cls(name, first_day, np.bincount(inside, minlength=last_day - first_day + 1).astype(np.int64))

    @property
    def n(self) -> int:
        """Number of events."""
        return int(self.counts.sum())

    @property
    def n_days(self) -> int:
        """Number of days."""
        return len(self.counts)

    @cached_property
    def days(self) -> Ints:
        """Day of each event, from 0."""
        return np.repeat(np.arange(self.n_days), self.counts)


def trend(counts: NDArray[np.generic], trend_days: float) -> Floats:
    """Return the rate (..., day) that changes slowly: counts smoothed by a normal curve of that standard deviation.

    The ends are mirrored. What changes within the curve's width is trend, what changes faster is left for clustering and
    coupling to explain.
    """
    from scipy.ndimage import gaussian_filter1d

    values = np.asarray(counts, dtype=np.float64)
    smooth: Floats = gaussian_filter1d(values, trend_days, axis=-1, mode="reflect", truncate=4.0)
    rate: Floats = (1.0 - LEAST_RATE) * smooth + LEAST_RATE * values.mean(axis=-1, keepdims=True)
    return rate


def beyond_trend(counts: NDArray[np.generic], trend_days: float) -> Floats:
    """Return what each day (..., day) has more than the trend."""
    return np.asarray(counts, dtype=np.float64) - trend(counts, trend_days)
