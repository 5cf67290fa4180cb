"""What the data could have shown: how often an effect of a stated size, planted in series like these, would be found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from keyterrain.analysis.spillover.followers import FollowerScan
from keyterrain.analysis.spillover.surrogates import surrogates

PLANTED_FADING = 1.0 / 3.0
"""Mean wait of a planted follower in windows: 95% of them then lie within the window (assumption)."""


@dataclass(frozen=True, slots=True)
class Power:
    """Share of planted series in which the test finds something.

    Attributes
    ----------
    effect
        Additional followers of one trigger that were planted.
    value, low, high
        The share, with its interval of sampling (Wilson 1927).
    """

    effect: float
    value: float
    low: float
    high: float
    n_planted: int


def power_of(scans: Sequence[FollowerScan], effect: float, window: int, *, level: float, n_planted: int, seed: int) -> Power:
    """Plant followers after the triggers, as many fewer elsewhere, and test.

    Elsewhere is a surrogate of the followers, with their trend and clustering and no regard to the triggers. The scans are of one
    pair of series under several nulls; what is planted counts as found if each of them finds it.
    """
    from keyterrain.analysis.interval import of_mean

    scan = scans[0]
    first = scan.moved.shape[0]
    unrelated = surrogates(scan.followers, "circular_shift", n_planted, scan.trend_days, seed, first)
    found = np.zeros(n_planted)
    for number in range(n_planted):
        counts = _planted(scan, unrelated[number].astype(np.int64), effect, window * PLANTED_FADING, seed, number)
        found[number] = all(each.p_of_other_followers(counts) <= level for each in scans)
    interval = of_mean(found, "whether", 0.95)
    return Power(effect, interval.value, interval.low, interval.high, n_planted)


def _planted(
    scan: FollowerScan, unrelated: NDArray[np.int64], effect: float, fading_days: float, seed: int, number: int
) -> NDArray[np.int64]:
    """Return unrelated counts thinned by what is then added after triggers."""
    from scipy.stats import poisson

    from keyterrain.campaign.resampling import uniforms

    n_triggers, n_followers = scan.triggers.n, max(scan.followers.n, 1)
    luck = uniforms(seed, "planted", 3, n_triggers + n_followers, first_row=3 * number)
    kept = 1.0 - min(0.9, effect * n_triggers / n_followers)
    days = np.repeat(np.arange(len(unrelated)), unrelated)
    days = days[luck[0, : len(days)] < kept] if len(days) <= luck.shape[1] else days
    n_raised = poisson.ppf(luck[1, :n_triggers], effect).astype(np.int64)
    begun = np.repeat(scan.triggers.days + luck[2, :n_triggers], n_raised)
    waits = uniforms(seed, "planted", 1, max(len(begun), 1), first_row=(1 << 30) + number)[0, : len(begun)]
    raised = (begun - np.log(waits) * fading_days).astype(np.int64)
    all_days = np.concatenate([days, raised[raised < len(unrelated)]])
    return np.bincount(all_days, minlength=len(unrelated)).astype(np.int64)
