"""How well the law tells battles of wars it has not seen, beside simple rivals.

Each war in turn is left out, every rival is fitted to the rest and gives a chance to each battle of that war. Scores are
compared on the same battles; their intervals resample wars, since battles of a war are alike.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from keyterrain.analysis.battles.outcome import fit_outcome, log_ratios, ratio_design, wins
from keyterrain.analysis.battles.records import Battle
from keyterrain.campaign.resampling import normals

Floats = NDArray[np.float64]
Grouping = Literal["war", "conflict"]
Forecast = Callable[[Sequence[Battle], Sequence[Battle]], Floats]

ROUNDS = 2000
"""Resamples of an interval (assumption: its ends are then known to about a tenth of its width)."""
LEVEL = 0.95
CALIBRATION_BINS = 6
"""Assumption: enough battles in each to see a difference of a tenth."""

DUPUY_POSTURE = {"HD": 1.3, "PD": 1.5, "FD": 1.6, "WD": 1.15, "DL": 1.2}
DUPUY_RELIEF = {"G": 1.5, "R": 1.3, "F": 1.2}
DUPUY_URBAN = 1.4
"""Multipliers of the defender, Dupuy (1985), *Numbers, Predictions and War*, tables 1 and 5; of a relief with mixed cover."""


@dataclass(frozen=True, slots=True)
class Score:
    """A score with an interval over wars."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class RivalScores:
    """Scores of one way to forecast, and its log loss less that of the base rate; below 0 is better."""

    rival: str
    log_loss: Score
    brier: Score
    auc: Score
    against_base: Score


@dataclass(frozen=True, slots=True)
class CalibrationBin:
    """Battles with like forecasts: mean forecast, share won by the attacker with an interval over wars, number."""

    forecast: float
    won: Score
    n: int


@dataclass(frozen=True, slots=True)
class HeldOut:
    """Held-out scores of a sample by one grouping of wars."""

    sample: str
    grouping: Grouping
    n: int
    n_wars: int
    rounds: int
    seed: int
    rivals: tuple[RivalScores, ...]
    calibration: tuple[CalibrationBin, ...]
    """Of the law as it is played."""


def base_rate(seen: Sequence[Battle], unseen: Sequence[Battle]) -> Floats:
    """Return the share of attackers who won."""
    return np.full(len(unseen), wins(seen).mean())


def bigger_side(seen: Sequence[Battle], unseen: Sequence[Battle]) -> Floats:
    """Return how often attackers won where they were more, and where they were not (one of each kind added, after Laplace)."""
    won, more = wins(seen), log_ratios(seen) > 0.0
    chance = {side: (won[more == side].sum() + 1.0) / ((more == side).sum() + 2.0) for side in (True, False)}
    return np.array([chance[bool(each)] for each in log_ratios(unseen) > 0.0])


def ratio_only(seen: Sequence[Battle], unseen: Sequence[Battle]) -> Floats:
    """Return the chance by the force ratio alone."""
    return fit_outcome(seen, ratio_design(seen), with_quality=False).chances(ratio_design(unseen), unseen)


def dupuy(seen: Sequence[Battle], unseen: Sequence[Battle]) -> Floats:
    """Return the chance by the force ratio over Dupuy's multipliers of posture and ground, calibrated."""
    law = fit_outcome(seen, _dupuy_design(seen), with_quality=False)
    return law.chances(_dupuy_design(unseen), unseen)


def law_as_played(seen: Sequence[Battle], unseen: Sequence[Battle]) -> Floats:
    """Return the chance by the law with the quality of every army unknown, as it is drawn in a campaign."""
    law = fit_outcome(seen, ratio_design(seen), with_quality=True)
    return replace(law, armies=(), qualities=np.zeros(0)).chances(ratio_design(unseen), unseen)


def law_with_known_armies(seen: Sequence[Battle], unseen: Sequence[Battle]) -> Floats:
    """Return the chance by the law with the quality of armies that fought in other wars as far as these told it."""
    return fit_outcome(seen, ratio_design(seen), with_quality=True).chances(ratio_design(unseen), unseen)


RIVALS: dict[str, Forecast] = {
    "base rate": base_rate,
    "the bigger side wins": bigger_side,
    "force ratio only": ratio_only,
    "Dupuy's multipliers": dupuy,
    "the law, qualities unknown": law_as_played,
    "the law, armies of other wars known": law_with_known_armies,
}
BASE, PLAYED = "base rate", "the law, qualities unknown"


def dupuy_multiplier(battle: Battle) -> float:
    """Return the defender's multiplier by Dupuy's published tables."""
    ground = DUPUY_URBAN if battle.ground[2:3] == "U" else DUPUY_RELIEF.get(battle.terrain, 1.0)
    return DUPUY_POSTURE.get(battle.posture, 1.0) * ground


def _dupuy_design(battles: Sequence[Battle]) -> Floats:
    multipliers = np.log([dupuy_multiplier(battle) for battle in battles])
    return np.column_stack([np.ones(len(battles)), log_ratios(battles) - multipliers])


def held_out_chances(battles: Sequence[Battle], grouping: Grouping, forecast: Forecast) -> Floats:
    """Return the chance (battle) that a rival gives when the battle's war is left out of its fit."""
    wars = np.array([getattr(battle, grouping) for battle in battles])
    chances = np.empty(len(battles))
    for war in np.unique(wars):
        out = np.flatnonzero(wars == war)
        seen = [battle for battle, other in zip(battles, wars, strict=True) if other != war]
        chances[out] = forecast(seen, [battles[int(row)] for row in out])
    return chances


def held_out(
    battles: Sequence[Battle],
    *,
    sample: str,
    grouping: Grouping,
    seed: int = 1,
    rounds: int = ROUNDS,
    progress: Callable[[int, int], None] | None = None,
) -> HeldOut:
    """Score every rival with one war left out at a time.

    Raises
    ------
    ValueError
        There are fewer than three wars, or the battles of a fit all ended alike.
    """
    wars, group = np.unique([getattr(battle, grouping) for battle in battles], return_inverse=True)
    if len(wars) < 3:
        raise ValueError(f"the battles are of {len(wars)} wars; with fewer than three none can be left out")
    won = wins(battles)
    # whole wars with weights of mean 1: the Bayesian bootstrap, as everywhere in the package
    luck = normals(seed, "bootstrap", rounds, len(wars))
    weights = _exponentials(luck)[:, group]
    chances = {}
    for n_done, (name, forecast) in enumerate(RIVALS.items()):
        chances[name] = held_out_chances(battles, grouping, forecast)
        if progress is not None:
            progress(n_done + 1, len(RIVALS))
    base = _log_losses(chances[BASE], won)
    rivals = tuple(_scored(name, each, won, weights, base) for name, each in chances.items())
    calibration = calibration_curve(chances[PLAYED], won, weights)
    return HeldOut(sample, grouping, len(battles), len(wars), rounds, seed, rivals, calibration)


def _scored(name: str, chances: Floats, won: Floats, weights: Floats, base: Floats) -> RivalScores:
    losses = _log_losses(chances, won)
    return RivalScores(
        rival=name,
        log_loss=_mean_score(losses, weights),
        brier=_mean_score((chances - won) ** 2, weights),
        auc=_interval(area_under_curve(chances, won), np.array([area_under_curve(chances, won, each) for each in weights])),
        against_base=_mean_score(losses - base, weights),
    )


def calibration_curve(chances: Floats, won: Floats, weights: Floats, bins: int = CALIBRATION_BINS) -> tuple[CalibrationBin, ...]:
    """Return battles in groups of equal number by forecast, with how often the attacker won."""
    order = np.argsort(chances, kind="stable")
    return tuple(
        CalibrationBin(float(chances[rows].mean()), _mean_score(won[rows], weights[:, rows]), len(rows))
        for rows in np.array_split(order, min(bins, len(order)))
    )


def area_under_curve(chances: Floats, won: Floats, weights: Floats | None = None) -> float:
    """Return the chance that a battle won has the higher forecast than one lost, ties counting half; 0.5 where all are alike."""
    each = np.ones(len(won)) if weights is None else weights
    order = np.argsort(chances, kind="stable")
    _, tie = np.unique(chances[order], return_inverse=True)
    of_won = np.bincount(tie, (each * won)[order])
    of_lost = np.bincount(tie, (each * (1.0 - won))[order])
    below = np.cumsum(of_lost) - of_lost
    total = of_won.sum() * of_lost.sum()
    return float((of_won * (below + 0.5 * of_lost)).sum() / total) if total > 0.0 else 0.5


def _log_losses(chances: Floats, won: Floats) -> Floats:
    return np.asarray(-np.log(np.where(won > 0.0, chances, 1.0 - chances)), np.float64)


def _mean_score(values: Floats, weights: Floats) -> Score:
    return _interval(float(values.mean()), (weights @ values) / weights.sum(axis=1))


def _interval(value: float, resampled: Floats) -> Score:
    low, high = np.quantile(resampled, [(1.0 - LEVEL) / 2.0, (1.0 + LEVEL) / 2.0])
    return Score(value, float(low), float(high))


def _exponentials(luck: Floats) -> Floats:
    from scipy.special import log_ndtr

    return np.asarray(-log_ndtr(luck), np.float64)
