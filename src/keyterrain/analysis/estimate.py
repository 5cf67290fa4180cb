"""Estimates over replicates, each with the error that comes from having played only so many of them.

The errors here are those of sampling alone: they say how far a figure would move if the same model were played again with other
luck, and nothing about how far the model is from the world.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import xarray as xr

Z_95 = 1.959963984540054
"""Two-sided 95 per cent point of the normal distribution."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean or a probability over replicates with its standard error and 95 % interval; all four share labels."""

    value: xr.DataArray
    standard_error: xr.DataArray
    low: xr.DataArray
    high: xr.DataArray

    def sel(self, **labels: object) -> Estimate:
        """Pick labels from all four arrays at once."""
        return Estimate(self.value.sel(labels), self.standard_error.sel(labels), self.low.sel(labels), self.high.sel(labels))


@dataclass(frozen=True, slots=True)
class Scalar:
    """One estimated number with its standard error and 95 % interval."""

    value: float
    standard_error: float
    low: float
    high: float


def scalar(estimate: Estimate) -> Scalar:
    """Turn an estimate that has been picked down to one number into plain floats."""
    return Scalar(float(estimate.value), float(estimate.standard_error), float(estimate.low), float(estimate.high))


def probability(count: xr.DataArray, n_replicates: int | xr.DataArray) -> Estimate:
    """Estimate a probability from the number of replicates in which something held.

    Parameters
    ----------
    count
        Replicates in which it held, any shape.
    n_replicates
        Replicates in which it could have held; where there is none the estimate is missing (nan).

    Returns
    -------
    Estimate
        Standard error sqrt(p (1 - p) / n); the interval is the score interval of E. B. Wilson (1927,
        doi:10.1080/01621459.1927.10502953), which stays honest at 0 and 1, where the standard error vanishes.
    """
    n = n_replicates + 0.0 * count
    n = n.where(n > 0)
    p = count / n
    standard_error = (p * (1.0 - p) / n) ** 0.5
    centre = (p + Z_95**2 / (2.0 * n)) / (1.0 + Z_95**2 / n)
    half = Z_95 / (1.0 + Z_95**2 / n) * (p * (1.0 - p) / n + Z_95**2 / (4.0 * n**2)) ** 0.5
    return Estimate(p, standard_error, (centre - half).clip(0.0, 1.0), (centre + half).clip(0.0, 1.0))


def mean(total: xr.DataArray, total_of_squares: xr.DataArray, n_replicates: int) -> Estimate:
    """Estimate a mean over replicates from sums of values and of squares; the interval is the normal one.

    With one replicate the error is unknown (nan), not zero.
    """
    value = total / n_replicates
    if n_replicates > 1:
        variance = ((total_of_squares - n_replicates * value**2) / (n_replicates - 1)).clip(min=0.0)
        standard_error = (variance / n_replicates) ** 0.5
    else:
        standard_error = value * np.nan
    return Estimate(value, standard_error, value - Z_95 * standard_error, value + Z_95 * standard_error)
