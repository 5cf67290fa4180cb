"""Figures before and after replicates are weighed: means with the error of their sampling, and bands over replicates."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

BAND = (0.5, 0.05, 0.95)
"""Levels of a band, its middle first: nine replicates in ten, as in a report."""
UNDEFINED = (math.nan, math.nan, math.nan)


@dataclass(frozen=True, slots=True)
class Shift:
    """A mean before and after, each with its 95 per cent interval of sampling; after is nan where the update refuses."""

    key: str
    says: str
    unit: str
    before: float
    before_low: float
    before_high: float
    after: float
    after_low: float
    after_high: float


@dataclass(frozen=True, slots=True)
class BandShift(Shift):
    """A median before and after, each with the 5 and 95 per cent points over replicates in place of an interval."""


def mean_shift(key: str, says: str, unit: str, values: Floats, weights: Floats | None, rounds: Floats) -> Shift:
    """Return the mean over replicates, even and weighed; values that are nan do not count."""
    even = np.full(len(values), 1.0 / len(values))
    after = UNDEFINED if weights is None else _mean(values, weights, rounds)
    return Shift(key, says, unit, *_mean(values, even, rounds), *after)


def band_shift(key: str, says: str, unit: str, values: Floats, weights: Floats | None) -> BandShift:
    """Return the band over replicates, even and weighed."""
    even = np.full(len(values), 1.0 / len(values))
    after = UNDEFINED if weights is None else _band(values, weights)
    return BandShift(key, says, unit, *_band(values, even), *after)


def _mean(values: Floats, weights: Floats, rounds: Floats) -> tuple[float, float, float]:
    """Return a weighted mean over defined values with its interval by Bayesian bootstrap."""
    known = ~np.isnan(values)
    share = weights * known
    if share.sum() <= 0.0:
        return UNDEFINED
    filled = np.where(known, values, 0.0)
    resampled = (rounds @ (share * filled)) / (rounds @ share)
    low, high = np.quantile(resampled, [0.025, 0.975])
    return float((share * filled).sum() / share.sum()), float(low), float(high)


def _band(values: Floats, weights: Floats) -> tuple[float, float, float]:
    """Return at each level the smallest value that at least that share of the weight does not exceed."""
    order = np.argsort(values, kind="stable")
    reached = weights[order].cumsum() + 1e-9
    at = np.minimum(np.searchsorted(reached, BAND), len(values) - 1)
    middle, low, high = values[order][at].tolist()
    return middle, low, high
