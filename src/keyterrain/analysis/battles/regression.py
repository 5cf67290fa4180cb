"""Least squares within wars, and standard errors by leaving out one war at a time.

Battles of one war share weapons, armies and whoever counted the dead: they are no independent draws. So slopes are taken within
wars where ground and war go together, and every standard error is a jackknife over wars (Efron and Tibshirani 1993, ch. 11),
weighted for their unequal size (Busing, Meijer and van der Leeden 1999, doi:10.1023/A:1008800423698).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from keyterrain.analysis.battles.records import Battle

Floats = NDArray[np.float64]


class Jackknifed(NamedTuple):
    """Estimates of the whole sample with their standard errors over wars."""

    values: Floats
    errors: Floats


def jackknifed(battles: Sequence[Battle], estimate: Callable[[Sequence[Battle]], Floats]) -> Jackknifed:
    """Return what an estimator gives of all battles, and its standard error over wars; nan where there is but one war."""
    whole = estimate(battles)
    wars = sorted({battle.war for battle in battles})
    if len(wars) < 2:
        return Jackknifed(whole, np.full_like(whole, np.nan))
    n = len(battles)
    pseudo, share = [], []
    for war in wars:
        others = [battle for battle in battles if battle.war != war]
        h = n / (n - len(others))
        pseudo.append(h * whole - (h - 1.0) * estimate(others))
        share.append(h)
    weights = 1.0 / np.array(share)
    mean = weights @ np.array(pseudo)
    variance = sum((each - mean) ** 2 / (h - 1.0) for each, h in zip(pseudo, share, strict=True)) / len(wars)
    return Jackknifed(whole, np.sqrt(variance))


class WithinWars(NamedTuple):
    """Slopes (column), the level of the middle war at zero of every column, and residuals (battle)."""

    slopes: Floats
    level: float
    residuals: Floats


def within_wars(battles: Sequence[Battle], y: Floats, columns: Floats) -> WithinWars:
    """Fit y (battle) to columns (battle, column) with a level of its own for each war; the level returned is their mean."""
    wars = np.array([battle.war for battle in battles])
    inner_y, inner_columns = y - _war_means(wars, y), columns - np.column_stack([_war_means(wars, each) for each in columns.T])
    slopes = np.asarray(np.linalg.lstsq(inner_columns, inner_y, rcond=None)[0], np.float64)
    return WithinWars(
        slopes, float(y.mean() - columns.mean(axis=0) @ slopes), np.asarray(inner_y - inner_columns @ slopes, np.float64)
    )


def _war_means(wars: NDArray[np.str_], values: Floats) -> Floats:
    _, group = np.unique(wars, return_inverse=True)
    return np.asarray((np.bincount(group, values) / np.bincount(group))[group], np.float64)
