"""Time by vehicle along a profile of the ground: gradients slow, up and down.

After Herzog (2014), "Least-cost paths: some methodological issues", doi:10.11141/ia.36.5: a km of gradient s takes 1 + (s/c)^2
times as long as a level one, c being the *critical slope*, beyond which hairpins are quicker than the straight way up.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from keyterrain.geo.distance import M_PER_KM, Floats

CRITICAL_SLOPE = 0.12
"""Gradient at which a vehicle takes twice as long as on the level (assumption, within Herzog's 8 to 16 % for wheels)."""


def mean_square_gradient(heights_m: Floats, km: float) -> float:
    """Mean of the squared gradient along a profile of equally spaced heights stretched to `km`.

    All that the slowing of a road needs to know of it: on a road of so many km its hairpins are in the km already, and the
    mean of 1 + (s/c)^2 over the road is 1 + (mean of s^2)/c^2 whatever c is.
    """
    if km <= 0.0:
        return 0.0
    leg_m = km * M_PER_KM / (heights_m.shape[-1] - 1)
    return float(np.mean((np.diff(heights_m) / leg_m) ** 2))


def times_longer(mean_square: ArrayLike, critical_slope: float = CRITICAL_SLOPE) -> Floats:
    """By how much gradients lengthen the time over a road."""
    longer: Floats = 1.0 + np.asarray(mean_square, dtype=np.float64) / critical_slope**2
    return longer


def times_longer_without_road(slope: ArrayLike, critical_slope: float = CRITICAL_SLOPE) -> Floats:
    """By how much a slope lengthens the time over it where no road leads: beyond the critical slope in hairpins at that slope.

    A hairpin at the critical slope takes twice the time of the level and is s/c times as long as the way straight up.
    """
    steepness = np.abs(np.asarray(slope, dtype=np.float64)) / critical_slope
    longer: Floats = np.where(steepness <= 1.0, 1.0 + steepness**2, 2.0 * steepness)
    return longer
