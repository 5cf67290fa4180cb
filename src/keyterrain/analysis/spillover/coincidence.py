"""Event coincidence analysis (Donges et al. 2016, doi:10.1140/epjst/e2015-50233-y), in days.

A follower on day t is *preceded* if a trigger fell within [t - lag - window, t - lag]; a trigger on day t is *followed* if a
follower fell within [t + lag, t + lag + window]. The precursor rate is the share of followers that are preceded, the trigger rate
the share of triggers that are followed. For Poisson series without trend the numbers are binomial; for others the surrogates say.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from keyterrain.analysis.spillover.followers import p_of
from keyterrain.analysis.spillover.series import DailySeries
from keyterrain.analysis.spillover.surrogates import Counts, Null, surrogates

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Coincidence:
    """Rates of coincidence with their p under each null.

    Attributes
    ----------
    window, lag
        In days; a window of 0 is the day of the lag alone.
    preceded, n_followers, precursor_rate
        Followers with a trigger before them, of how many.
    followed, n_triggers, trigger_rate
        Triggers with a follower after them, of how many.
    p_precursor, p_trigger
        Chance of as many by null: `poisson` and those of the surrogates of the triggers.
    """

    window: int
    lag: int
    preceded: int
    n_followers: int
    followed: int
    n_triggers: int
    p_precursor: dict[str, float]
    p_trigger: dict[str, float]

    @property
    def precursor_rate(self) -> float:
        """Share of followers that are preceded, nan if there are none."""
        return self.preceded / self.n_followers if self.n_followers else float("nan")

    @property
    def trigger_rate(self) -> float:
        """Share of triggers that are followed, nan if there are none."""
        return self.followed / self.n_triggers if self.n_triggers else float("nan")


def coincidence(
    triggers: DailySeries,
    followers: DailySeries,
    *,
    window: int,
    lag: int = 0,
    nulls: tuple[Null, ...] = (),
    n_surrogates: int = 999,
    trend_days: float = 30.0,
    seed: int = 0,
) -> Coincidence:
    """Count coincidences and hold them against the analytic null and against surrogates of the triggers."""
    preceded = count_preceded(triggers.counts, followers.counts, window, lag)
    followed = count_followed(triggers.counts, followers.counts, window, lag)
    p_precursor = {"poisson": poisson_p(int(preceded), followers.n, triggers.n, window, lag, triggers.n_days)}
    p_trigger = {"poisson": poisson_p(int(followed), triggers.n, followers.n, window, lag, triggers.n_days)}
    for null in nulls:
        moved = surrogates(triggers, null, n_surrogates, trend_days, seed)
        p_precursor[null] = p_of(float(preceded), count_preceded(moved, followers.counts, window, lag))
        shares = count_followed(moved, followers.counts, window, lag) / np.maximum(moved.sum(axis=1), 1.0)
        p_trigger[null] = p_of(float(followed) / max(triggers.n, 1), shares)
    return Coincidence(window, lag, int(preceded), followers.n, int(followed), triggers.n, p_precursor, p_trigger)


def poisson_p(n_coincident: int, n: int, n_other: int, window: int, lag: int, n_days: int) -> float:
    """Return the chance of at least that many coincidences among n events, if the others were scattered evenly.

    Binomial with q = 1 - (1 - (window + 1) / (n_days - lag))^n_other: a window of days, both ends included, holds one day more
    than its length (Donges et al. 2016, their equation for continuous time; the count of days as in Siegmund et al. 2017,
    doi:10.1016/j.cageo.2016.10.004).
    """
    from scipy.stats import binom

    share = min(1.0, (window + 1) / max(n_days - lag, 1))
    q = 1.0 - (1.0 - share) ** n_other
    return float(binom.sf(n_coincident - 1, n, q))


def count_preceded(triggers: Counts | NDArray[np.int64], followers: NDArray[np.int64], window: int, lag: int) -> Floats:
    """Return how many followers (day,) are preceded by triggers (..., day)."""
    total = np.concatenate([np.zeros((*triggers.shape[:-1], 1)), np.cumsum(triggers, axis=-1)], axis=-1)
    n = triggers.shape[-1]
    day = np.arange(n)
    last, first = np.clip(day - lag + 1, 0, n), np.clip(day - lag - window, 0, n)
    return np.asarray(((total[..., last] - total[..., first]) > 0.5) @ followers.astype(np.float64))


def count_followed(triggers: Counts | NDArray[np.int64], followers: NDArray[np.int64], window: int, lag: int) -> Floats:
    """Return how many triggers (..., day) are followed by followers (day,)."""
    return np.asarray(triggers @ is_followed(followers, window, lag).astype(np.float64))


def is_followed(followers: NDArray[np.int64], window: int, lag: int) -> NDArray[np.bool_]:
    """Return whether a trigger on each day (day,) would be followed."""
    n = len(followers)
    total = np.concatenate([[0], np.cumsum(followers)])
    day = np.arange(n)
    first, last = np.clip(day + lag, 0, n), np.clip(day + lag + window + 1, 0, n)
    found: NDArray[np.bool_] = (total[last] - total[first]) > 0
    return found
