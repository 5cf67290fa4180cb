"""Scores of forecasts, each a mean over rows with an interval by episodes, beside rivals.

Scores are proper and lower is better. An outcome may itself be a chance, where the record leaves it in doubt: the score is then
its mean over what may have happened, which is exact since every score here is linear in the outcome.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from keyterrain.analysis.backtest.episodes import resamplings

Floats = NDArray[np.float64]
Verdict = Literal["better", "worse", "cannot tell"]

LOG_FLOOR = 0.01
"""Chances are kept this far from 0 and 1 in the log score (assumption: nobody is surer than that of a village)."""
LEAST_EPISODES = 2
"""Episodes without which there is nothing to resample, and no verdict."""
FEW_EPISODES = 5
"""Episodes below which an interval by resampling them is too narrow to be relied on (assumption), and is said to be."""
ORDER_ROUNDS = 500
"""Resamplings of the order of capture, each of which has to be ranked anew (assumption)."""
BIN_EDGES = (0.0, 0.02, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1.0)
"""Bins of the calibration curve, finer where most forecasts lie; assumption."""


@dataclass(frozen=True, slots=True)
class Score:
    """A score with its interval by episodes, beside rivals.

    Attributes
    ----------
    score, low, high
        Mean over places and its 95 per cent interval; nan where nothing was scored.
    best_baseline
        The rival that scores best on all rows; it is kept through the resampling.
    skill, skill_low, skill_high
        1 less the ratio to that rival's score; nan where the rival makes no error.
    n, n_fallen, n_episodes
        Places scored, the number of them that had fallen, and their episodes.
    why
        Why there is no verdict, or empty.
    """

    score: float
    low: float
    high: float
    baselines: Mapping[str, float]
    best_baseline: str
    skill: float
    skill_low: float
    skill_high: float
    n: int
    n_fallen: float
    n_episodes: int
    verdict: Verdict
    why: str = ""


@dataclass(frozen=True, slots=True)
class CalibrationBin:
    """Forecasts between two chances: how many, their mean, and the share that came true with its interval by episodes."""

    low_edge: float
    high_edge: float
    n: int
    forecast: float
    happened: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class OrderScore:
    """Kendall's tau of the order of capture, with its interval by episodes; nan where fewer than two places fell."""

    tau: float
    low: float
    high: float
    baselines: Mapping[str, float] = field(default_factory=dict)
    n: int = 0
    why: str = ""


def brier(forecast: Floats, outcome: Floats) -> Floats:
    """Return the Brier score of each forecast (Brier 1950), its mean over what may have happened."""
    scores: Floats = outcome * (1.0 - forecast) ** 2 + (1.0 - outcome) * forecast**2
    return scores


def log_score(forecast: Floats, outcome: Floats) -> Floats:
    """Return the logarithmic score of each forecast in nats, chances kept `LOG_FLOOR` from 0 and 1."""
    kept = forecast.clip(LOG_FLOOR, 1.0 - LOG_FLOOR)
    scores: Floats = -outcome * np.log(kept) - (1.0 - outcome) * np.log1p(-kept)
    return scores


def crps_of_time(taken: Floats, happened: Floats) -> Floats:
    """Return the CRPS in days of the time of capture, censored where the rows end or what happened is nan.

    Parameters
    ----------
    taken, happened
        Chance (day, place) of capture up to each evening from day 0 on, by the forecast and by the record. The integral of the
        Brier score over time is the CRPS (Hersbach 2000, doi:10.1175/1520-0434(2000)015<0559:DOTCRP>2.0.CO;2); a day counts
        from its evening to the next.
    """
    of_day = brier(taken[:-1], happened[:-1])
    scored: Floats = np.where(np.isnan(of_day), 0.0, of_day).sum(axis=0)
    return np.where(np.isnan(of_day).all(axis=0), np.nan, scored)


def scored(own: Floats, rivals: Mapping[str, Floats], units: Sequence[str], fallen: Floats, seed: int) -> Score:
    """Return the mean of a score (row) beside those of rivals on the same rows; rows that are nan do not count.

    Parameters
    ----------
    units
        What is resampled together, by row (see `episodes`).
    fallen
        Chance that a place had fallen, by row: for counting, and for telling whether there is anything to resample.
    """
    known = ~np.isnan(own)
    if not known.any():
        nan = math.nan
        return Score(nan, nan, nan, {}, "", nan, nan, nan, 0, 0.0, 0, "cannot tell", "nothing is scored")
    own, fallen = own[known], fallen[known]
    rivals = {name: values[known] for name, values in rivals.items()}
    of_row = [unit for unit, is_known in zip(units, known, strict=True) if is_known]
    weights = resamplings(seed, of_row)
    means = {name: float(values.mean()) for name, values in rivals.items()}
    best = min(means, key=lambda name: means[name])
    resampled, of_best = _means(own, weights), _means(rivals[best], weights)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = resampled / of_best
    low, high = _limits(resampled)
    worst_ratio, best_ratio = _limits(ratio[np.isfinite(ratio)])[::-1]
    skill = 1.0 - float(own.mean()) / means[best] if means[best] > 0.0 else math.nan
    fell = {unit for unit, share in zip(of_row, fallen, strict=True) if share >= 0.5}
    verdict, why = _verdict(resampled - of_best, len(fell), skill)
    return Score(
        float(own.mean()), low, high, means, best, skill, 1.0 - worst_ratio, 1.0 - best_ratio, len(own), float(fallen.sum()),
        len(fell), verdict, why,
    )  # fmt: skip


def _verdict(difference: Floats, n_episodes: int, skill: float) -> tuple[Verdict, str]:
    if n_episodes < LEAST_EPISODES:
        return "cannot tell", f"{n_episodes or 'no'} episode{'' if n_episodes == 1 else 's'} in the record: nothing to resample"
    if math.isnan(skill):
        return "cannot tell", "the rival makes no error"
    low, high = _limits(difference)
    caution = f"only {n_episodes} episodes: the interval is narrower than it should be" if n_episodes < FEW_EPISODES else ""
    if high < 0.0:
        return "better", caution
    if low > 0.0:
        return "worse", caution
    return "cannot tell", "the interval of the difference to the best rival holds 0"


def calibration(forecast: Floats, outcome: Floats, units: Sequence[str], seed: int) -> tuple[CalibrationBin, ...]:
    """Return how often forecasts came true, by bins of what was forecast; rows that are nan do not count."""
    known = ~np.isnan(outcome)
    forecast, outcome = forecast[known], outcome[known]
    weights = resamplings(seed, [unit for unit, is_known in zip(units, known, strict=True) if is_known]) if known.any() else None
    found = []
    for low_edge, high_edge in pairwise(BIN_EDGES):
        inside = (forecast >= low_edge) & ((forecast < high_edge) | (high_edge == 1.0))
        if weights is None or not inside.any():
            continue
        low, high = _limits(_means(outcome[inside], weights[:, inside]))
        means = float(forecast[inside].mean()), float(outcome[inside].mean())
        found.append(CalibrationBin(low_edge, high_edge, int(inside.sum()), *means, low, high))
    return tuple(found)


def order_score(
    own: Floats, rivals: Mapping[str, Floats], fell: Floats, units: Sequence[str], seed: int, campaigns: Sequence[int] = ()
) -> OrderScore:
    """Return Kendall's tau-b between expected and actual days of capture, of those places that fell.

    Parameters
    ----------
    own, rivals
        Expected day (place) by a forecast, censored at the horizon; of a rival that ranks nothing the tau is undefined.
    fell
        Day (place) on which it fell, nan where it did not.
    campaigns
        Number (place) of its campaign; places are compared within campaigns only, whose taus are weighted by their pairs.
    """
    rows = np.flatnonzero(~np.isnan(fell))
    if len(rows) < 2:
        return OrderScore(math.nan, math.nan, math.nan, {}, len(rows), "fewer than two places fell")
    of_campaign = np.asarray(campaigns, dtype=np.int64)[rows] if len(campaigns) else np.zeros(len(rows), dtype=np.int64)
    taus = {name: _tau(values[rows], fell[rows], of_campaign) for name, values in rivals.items()}
    of_row = [units[row] for row in rows.tolist()]
    counts = resamplings(seed, of_row, rounds=ORDER_ROUNDS).astype(np.int64)
    drawn = (np.repeat(rows, times) for times in counts)
    resampled = np.array(
        [_tau(own[each], fell[each], np.repeat(of_campaign, times)) for each, times in zip(drawn, counts, strict=True)]
    )
    low, high = _limits(resampled)
    why = "" if len(set(of_row)) >= LEAST_EPISODES else "one episode: nothing to resample"
    return OrderScore(_tau(own[rows], fell[rows], of_campaign), low, high, taus, len(rows), why)


def _tau(one: Floats, other: Floats, campaigns: NDArray[np.int64]) -> float:
    """Return the mean of the campaigns' taus, weighted by their pairs; a campaign in which either ranks nothing has none."""
    from scipy.stats import kendalltau

    total, n_pairs = 0.0, 0.0
    for campaign in np.unique(campaigns):
        first, second = one[campaigns == campaign], other[campaigns == campaign]
        if len(first) < 2 or np.ptp(first) == 0.0 or np.ptp(second) == 0.0:
            continue
        pairs = len(first) * (len(first) - 1) / 2
        total += float(kendalltau(first, second).statistic) * pairs
        n_pairs += pairs
    return total / n_pairs if n_pairs else math.nan


def _means(values: Floats, weights: Floats) -> Floats:
    totals = weights.sum(axis=1)
    with np.errstate(invalid="ignore"):
        means: Floats = (weights @ values) / totals
    return means


def _limits(resampled: Floats) -> tuple[float, float]:
    resampled = resampled[~np.isnan(resampled)]
    if not len(resampled):
        return math.nan, math.nan
    low, high = np.quantile(resampled, [0.025, 0.975])
    return float(low), float(high)
