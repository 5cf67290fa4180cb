"""What is said about spillover: the answer with all that it was made from."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from keyterrain.analysis.spillover.coincidence import Coincidence
from keyterrain.analysis.spillover.contagion import ContagionFit
from keyterrain.analysis.spillover.followers import FollowerTest
from keyterrain.analysis.spillover.hawkes import RatioTest
from keyterrain.analysis.spillover.incidents import IncidentAnswer
from keyterrain.analysis.spillover.near_repeat import NearRepeat
from keyterrain.analysis.spillover.power import Power
from keyterrain.analysis.spillover.series import DailySeries
from keyterrain.analysis.spillover.verdict import Verdict

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class SpilloverQuestion:
    """What was asked, with everything that the answer follows from.

    Attributes
    ----------
    triggers, followers
        Filters of what comes first and what may follow.
    window, lag
        Days within which followers count, and from which on.
    trend_days
        What changes within so many days is not trend.
    effect
        Additional followers of a trigger that the power is stated for.
    n_surrogates, n_simulated, n_planted
        Series drawn for the nulls, for the likelihood ratio, and for the power.
    """

    triggers: str
    followers: str
    window: int = 7
    lag: int = 0
    trend_days: float = 30.0
    effect: float = 0.2
    level: float = 0.05
    n_surrogates: int = 999
    n_simulated: int = 99
    n_planted: int = 200
    seed: int = 0
    since: date | None = None
    until: date | None = None


@dataclass(frozen=True, eq=False)
class LagCurve:
    """Additional followers on the day at each lag (lag,) per trigger, and the band that holds all lags in 95% if nothing is."""

    effect: Floats
    low: Floats
    high: Floats


@dataclass(frozen=True, eq=False)
class Direction:
    """One direction: from triggers to followers.

    Attributes
    ----------
    p
        By null, of the scan of additional followers; `surrogate`, which the verdict rests on, is the largest of those that keep
        clustering, `later_days` the same without pairs of one day, `poisson` that of the precursor rate, `likelihood_ratio` that
        of the mutually exciting process, None where it was not fitted.
    """

    triggers: DailySeries
    followers: DailySeries
    verdict: Verdict
    test: FollowerTest
    p: dict[str, float | None]
    power: Power
    coincidence: Coincidence
    by_lag: LagCurve

    @property
    def pairs(self) -> tuple[tuple[int, int], ...]:
        """Days of a trigger and of a follower within the lag and window of it, both from 0; each pair of days once."""
        first, last = self.coincidence.lag, self.coincidence.lag + self.coincidence.window
        after = np.unique(self.followers.days)
        found = []
        for day in np.unique(self.triggers.days).tolist():
            low, high = np.searchsorted(after, [day + first, day + last + 1])
            found += [(day, follower) for follower in after[low:high].tolist()]
        return tuple(found)


@dataclass(frozen=True, eq=False)
class Excitation:
    """The fitted mutually exciting process of the two series, over several spreads of events within their days.

    Attributes
    ----------
    names
        Of the two kinds.
    branching, low, high
        Events of a kind (row) that one event of a kind (column) raises, with 95% intervals.
    fading_days
        By kind raised.
    p_fit
        Rescaled time, by kind.
    tests
        Likelihood ratios of one kind raising the other.
    difference, difference_low, difference_high
        Raised by the first in the second, less raised by the second in the first.
    """

    names: tuple[str, ...]
    branching: Floats
    low: Floats
    high: Floats
    fading_days: tuple[float, ...]
    p_fit: tuple[float, ...]
    tests: tuple[RatioTest, ...]
    difference: float
    difference_low: float
    difference_high: float


@dataclass(frozen=True, eq=False)
class SpilloverAnswer:
    """The whole answer.

    Attributes
    ----------
    there, back
        From triggers to followers, and the other way round.
    n_events
        Events read, of which those that pass neither filter count only for the span.
    first_day, last_day
        Days looked at.
    warnings
        What else could have produced the same, and what the data lack.
    """

    question: SpilloverQuestion
    version: str
    files: tuple[tuple[str, str], ...]
    n_events: int
    n_left_out: int
    first_day: date
    last_day: date
    there: Direction
    back: Direction
    excitation: Excitation | None
    incidents: tuple[IncidentAnswer, ...]
    near_repeat: NearRepeat | None
    contagion: ContagionFit | None
    warnings: tuple[str, ...]
    sentence: str

    @property
    def verdict(self) -> Verdict:
        """Of the direction that was asked about."""
        return self.there.verdict
