"""Daily losses of both sides, how long battles last and how fast a winning attacker advances.

    ln(share lost a day) = level + winner + e ln R + r rugged + f flat + d ln days + s ln size,   a level for each war

Length and size are there so that they do not pass for ratio or ground; levels are those of
battles on rolling ground, of middling length and size, at even numbers. The
spread is that of single battles within a war.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from keyterrain.analysis.battles.outcome import log_ratios, wins
from keyterrain.analysis.battles.records import FLAT, FORTIFIED, PREPARED, RUGGED, Battle
from keyterrain.analysis.battles.regression import within_wars

Floats = NDArray[np.float64]


class LossLaw(NamedTuple):
    """Logs of daily loss shares of a winning and a losing side, slopes, and the spread of single battles."""

    attacker_winning: float
    attacker_losing: float
    defender_losing: float
    defender_winning: float
    attacker_elasticity: float
    defender_elasticity: float
    attacker_relief: float
    defender_relief: float
    attacker_sd: float
    defender_sd: float
    correlation: float


def with_losses(battles: Sequence[Battle]) -> list[Battle]:
    """Return the battles whose length and whose losses on both sides are known and not nil."""
    return [battle for battle in battles if battle.attackers_lost and battle.defenders_lost and battle.days]


def fit_losses(battles: Sequence[Battle]) -> LossLaw:
    """Fit the daily losses of battles that are `with_losses`."""
    days = np.array([float(battle.days or 1) for battle in battles])
    size = np.log([battle.attackers + battle.defenders for battle in battles])
    won = wins(battles)
    columns = np.column_stack(
        [
            won,
            log_ratios(battles),
            on(battles, RUGGED),
            on(battles, FLAT),
            np.log(days) - np.median(np.log(days)),
            size - np.median(size),
        ]
    )
    attackers = np.log([(battle.attackers_lost or 1.0) / battle.attackers for battle in battles] / days)
    defenders = np.log([(battle.defenders_lost or 1.0) / battle.defenders for battle in battles] / days)
    first, second = within_wars(battles, attackers, columns), within_wars(battles, defenders, columns)
    n_free = len(battles) - len({battle.war for battle in battles}) - columns.shape[1]
    return LossLaw(
        attacker_winning=first.level + first.slopes[0],
        attacker_losing=first.level,
        defender_losing=second.level + second.slopes[0],
        defender_winning=second.level,
        attacker_elasticity=first.slopes[1],
        defender_elasticity=second.slopes[1],
        attacker_relief=first.slopes[2],
        defender_relief=second.slopes[2],
        attacker_sd=math.sqrt(first.residuals @ first.residuals / n_free),
        defender_sd=math.sqrt(second.residuals @ second.residuals / n_free),
        correlation=float(np.corrcoef(first.residuals, second.residuals)[0, 1]),
    )


def on(battles: Sequence[Battle], terrain: str) -> Floats:
    """Return 1 of battles on such ground, else 0 (battle)."""
    return np.array([1.0 if battle.terrain == terrain else 0.0 for battle in battles])


def ending_chance(battles: Sequence[Battle]) -> float:
    """Return the chance that a battle ends on a day, the likeliest for a geometric length."""
    days = [battle.days for battle in battles if battle.days]
    return len(days) / sum(days)


def of_known_length(battles: Sequence[Battle]) -> list[Battle]:
    """Return the battles whose length is known."""
    return [battle for battle in battles if battle.days]


def fortified_lengthening(battles: Sequence[Battle]) -> float:
    """Return the log of the factor by which works lengthen battles of known length, against hasty defence, within wars."""
    postures = np.array([[float(battle.posture == each) for each in (FORTIFIED, PREPARED)] for battle in battles])
    return float(within_wars(battles, np.log([battle.days or 1 for battle in battles]), postures).slopes[0])


def relief_on_advance(battles: Sequence[Battle]) -> float:
    """Return the log of the factor by which rugged ground, against rolling, slows a winning attacker, within wars."""
    pace = np.log([(battle.advance or 1.0) / (battle.days or 1) for battle in battles])
    postures = [[1.0 if battle.posture == posture else 0.0 for battle in battles] for posture in (PREPARED, FORTIFIED)]
    return float(within_wars(battles, pace, np.column_stack([on(battles, RUGGED), on(battles, FLAT), *postures])).slopes[0])


def that_advanced(battles: Sequence[Battle]) -> list[Battle]:
    """Return the battles in which a winning attacker advanced, and how far and how long is known."""
    return [battle for battle in battles if battle.won and battle.advance and battle.advance > 0.0 and battle.days]
