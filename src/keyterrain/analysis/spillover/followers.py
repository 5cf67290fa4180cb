"""How many more events follow a trigger than their trend explains: the statistic, its null and its scan over lags.

For a trigger on day a and lags k with weights w_k,

    E_w = sum_a sum_k w_k [y(a + k) - r(a + k)],        S_w = sum_a sum_k w_k [y(a + k) / r(a + k) - 1],

where y are the events that may follow and r their trend. With w = 1 on lags 1 to W, E / n is the mean number of additional events
within W days of a trigger: a reading of the branching ratio that needs no model. S is what is tested: the slope of the likelihood
at no effect, in which an event counts the more the rarer its like were at the time. Events of one day stand in no known order, so
lag 0 counts one half. The weights of a scan are a box and exponentials of several lengths; what is compared is the largest of
them in units of its own spread among surrogates, so that looking at many costs what it should (maximum statistic; Westfall and
Young 1993).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from keyterrain.analysis.spillover.series import DailySeries, beyond_trend, trend
from keyterrain.analysis.spillover.surrogates import DEFAULT_NULL, Counts, Null, surrogates

Floats = NDArray[np.float64]

SAME_DAY = 0.5
"""Weight of a pair on one day: either may have come first."""
LEAST_SPREAD = 1e-9
LEAST_SHARE = 0.25
"""Share of the mean rate below which rarity gives an event no more weight (assumption: bounds what one event can say)."""


@dataclass(frozen=True, slots=True)
class Lags:
    """Weights by lag (lag,), from lag 0 on."""

    name: str
    weights: tuple[float, ...]

    def after(self, lag: int) -> Lags:
        """Return the same from a later lag on."""
        return Lags(f"{self.name} from day {lag}", (*(0.0,) * lag, *self.weights))


def box(days: int, same_day: float = SAME_DAY) -> Lags:
    """Return even weights on lags 1 to `days`."""
    return Lags(f"within {days} d", (same_day, *(1.0,) * days))


def fading(days: float, same_day: float = SAME_DAY) -> Lags:
    """Return weights that fade exponentially, to 1/e in that many days."""
    reach = np.arange(1, int(np.ceil(4.0 * days)) + 1)
    return Lags(f"fading in {days:g} d", (same_day, *np.exp(-reach / days).tolist()))


def scan_of(window: int, same_day: float = SAME_DAY) -> tuple[Lags, ...]:
    """Return the scan up to a window: the window itself, and exponentials from one day on."""
    lengths = [days for days in (1.0, 2.0, 4.0, 8.0, 16.0) if days <= max(1.0, window / 1.5)]
    return (box(window, same_day), *(fading(days, same_day) for days in lengths))


@dataclass(frozen=True, slots=True)
class FollowerTest:
    """What came of it.

    Attributes
    ----------
    effect, low, high
        Additional events within the window of a trigger, with the interval that the spread among surrogates gives.
    expected
        Events within the window of a trigger by trend alone.
    p
        Chance of so large a maximum where the series have nothing to do with each other.
    largest
        Name of the lags at which the scan was largest.
    observed, null
        The maximum, and that of each surrogate of the triggers.
    """

    effect: float
    low: float
    high: float
    expected: float
    p: float
    largest: str
    observed: float
    null: Floats

    def histogram(self, n_bins: int = 40) -> tuple[Floats, Floats]:
        """Return edges (bin + 1,) and counts (bin,) of the null; the edges reach the observed."""
        low, high = float(min(self.null.min(), self.observed)), float(max(self.null.max(), self.observed))
        counts, edges = np.histogram(self.null, bins=n_bins, range=(low, high + 0.02 * (high - low) + LEAST_SPREAD))
        return edges, counts.astype(np.float64)


@dataclass(frozen=True, eq=False)
class FollowerScan:
    """The scan for two series, ready to be asked many times.

    Attributes
    ----------
    triggers, followers
        The two series, of the same days.
    lags
        What is scanned; the first is the window that the effect is stated for.
    moved
        Surrogates of the triggers (surrogate, day); the followers stay as they are.
    """

    triggers: DailySeries
    followers: DailySeries
    lags: tuple[Lags, ...]
    trend_days: float
    moved: Counts

    @classmethod
    def of(
        cls,
        triggers: DailySeries,
        followers: DailySeries,
        lags: tuple[Lags, ...],
        *,
        trend_days: float,
        n_surrogates: int,
        null: Null = DEFAULT_NULL,
        seed: int = 0,
    ) -> FollowerScan:
        """Draw the surrogates."""
        moved = surrogates(triggers, null, n_surrogates, trend_days, seed)
        return cls(triggers, followers, lags, trend_days, moved)

    def test(self) -> FollowerTest:
        """Return the test of the two series."""
        after = self._after(self.followers.counts, self.lags)
        observed = self.triggers.counts @ after
        largest, null = _largest(observed, self.moved @ after)
        n = max(self.triggers.n, 1)
        effect = self._effect() / n
        return FollowerTest(
            effect=float(effect[0] - effect[1]),
            low=float(effect[0] - effect[1] - 1.96 * effect[2]),
            high=float(effect[0] - effect[1] + 1.96 * effect[2]),
            expected=float(self._expected() / n),
            p=p_of(float(largest.max()), null),
            largest=self.lags[int(largest.argmax())].name,
            observed=float(largest.max()),
            null=null,
        )

    def on_later_days(self) -> FollowerScan:
        """Return the same scan without pairs on the first day of the lag, on which the order is not known."""
        lags = tuple(replace(each, weights=_without_first(each.weights)) for each in self.lags)
        return replace(self, lags=lags)

    def p_of_other_followers(self, counts: NDArray[np.generic]) -> float:
        """Return the p of other followers (day,) beside the same triggers."""
        after = self._after(counts, self.lags)
        largest, null = _largest(self.triggers.counts @ after, self.moved @ after)
        return p_of(float(largest.max()), null)

    def by_lag(self, most: int) -> tuple[Floats, Floats, Floats]:
        """Return additional events on the day at each lag (0 to most) per trigger, and the band that holds all lags in 95%."""
        rest = beyond_trend(self.followers.counts, self.trend_days)
        shifted = np.stack([np.concatenate([rest[lag:], np.zeros(lag)]) for lag in range(most + 1)], axis=1)
        n = max(self.triggers.n, 1)
        observed = self.triggers.counts @ shifted / n
        null = self.moved @ shifted / n
        middle, spread = null.mean(axis=0), np.maximum(null.std(axis=0), LEAST_SPREAD)
        widest = np.quantile(np.abs((null - middle) / spread).max(axis=1), 0.95)
        return observed - middle, -widest * spread, widest * spread

    def _rarity(self, counts: NDArray[np.generic]) -> Floats:
        """Return the weight (day,) of a follower: one over the trend, bounded where hardly any were."""
        rate = trend(counts, self.trend_days)
        return 1.0 / np.maximum(rate, LEAST_SHARE * max(float(rate.mean()), LEAST_SPREAD))

    def _after(self, counts: NDArray[np.generic], lags: Sequence[Lags]) -> Floats:
        """Return for each day (day, lags) the weighted sum of what follows beyond the trend."""
        return _summed_ahead(beyond_trend(counts, self.trend_days) * self._rarity(counts), lags)

    def _effect(self) -> Floats:
        """Return additional followers within the window, and their mean and spread among surrogates."""
        ahead = _summed_ahead(beyond_trend(self.followers.counts, self.trend_days), self.lags[:1])[:, 0]
        null = self.moved @ ahead
        return np.array([self.triggers.counts @ ahead, null.mean(), max(float(null.std()), LEAST_SPREAD)])

    def _expected(self) -> float:
        return float(self.triggers.counts @ _summed_ahead(trend(self.followers.counts, self.trend_days), self.lags[:1])[:, 0])


def _without_first(weights: tuple[float, ...]) -> tuple[float, ...]:
    first = next(i for i, weight in enumerate(weights) if weight > 0.0)
    return (*weights[:first], 0.0, *weights[first + 1 :])


def _summed_ahead(values: Floats, lags: Sequence[Lags]) -> Floats:
    """Return for each day (day, lags) the weighted sum of the values from it on."""
    return np.stack([np.convolve(values[::-1], each.weights)[: len(values)][::-1] for each in lags], axis=1)


def p_of(observed: float, null: Floats) -> float:
    """Return the share of surrogates that reach the observed, counting the observed as one of them."""
    return float((1 + np.count_nonzero(null >= observed - LEAST_SPREAD)) / (1 + len(null)))


def _largest(observed: Floats, null: Floats) -> tuple[Floats, Floats]:
    """Return the observed by lags, and the maximum of each surrogate, both in units of the spread among surrogates."""
    middle, spread = null.mean(axis=0), np.maximum(null.std(axis=0), LEAST_SPREAD)
    return (observed - middle) / spread, ((null - middle) / spread).max(axis=1)
