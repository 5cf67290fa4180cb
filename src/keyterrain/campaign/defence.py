"""What ground is worth to a defender: the rules of combat applied to one and the same battle at every place.

    F  as in combat, by roads and relief;  R = min(A, F)/min(D, F)
    p  = logistic(b0 + b1 (ln R - r ln M)),  P = p^max(1, K/2),  K = 2 + round(worth x k)
    defence = (A/D)/R',  R' being the ratio that gives the same P on open ground

The battle is A = 2,000 against D = 600 in a small town of two sectors, rested, supplied and without works, as in the first
formulation of combat. Who holds a place, how many live there and what it is called do not enter. A defence of 2 says that
2,000 attackers can do there what 1,000 could on open ground. Every lever of the formula that makes mountains hard to take is an
assumption (docs/model.md); a rank by defence is a rank under these assumptions.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import product
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from keyterrain.dynamics.frontage import FRONTS
from keyterrain.theatre.parameters import PARAMETERS

if TYPE_CHECKING:
    from keyterrain.theatre.ground import Ground

ATTACKERS = 2000.0
DEFENDERS = 600.0
"""Sizes of the battle that is fought everywhere; assumption, the example of the first formulation of combat."""
OPEN_SECTORS = 2
"""Sectors of the small town without commanding heights; assumption, so that a first height counts."""

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Levers:
    """The parameters of combat that make ground count, and the two that turn a ratio into odds."""

    relief_multiplier: float
    heights_worth: float
    frontage: float
    narrowing: float
    intercept: float
    slope: float

    @classmethod
    def default(cls) -> Levers:
        """All at their defaults."""
        return cls(**{name: PARAMETERS[f"combat.{name}"].default for name in cls.__slots__})

    @classmethod
    def spread(cls, n: int = 5) -> Iterator[Levers]:
        """Combinations of the four levers of ground, each in the middle of n equal parts of its distribution; equally likely."""
        names = ("relief_multiplier", "heights_worth", "frontage", "narrowing")
        values = [[PARAMETERS[f"combat.{name}"].ppf((k + 0.5) / n) for k in range(n)] for name in names]
        for one in product(*values):
            yield replace(cls.default(), **dict(zip(names, one, strict=True)))


def frontage(n_roads: ArrayLike, relief_index: ArrayLike, levers: Levers) -> Floats:
    """Fighters of a side who can be brought to bear at a place: as `dynamics.frontage` has it, a place at a time."""
    roads = np.clip(np.asarray(n_roads, dtype=np.float64), 1.0, FRONTS)
    open_share = 1.0 - levers.narrowing * np.asarray(relief_index, dtype=np.float64)
    fighters: Floats = levers.frontage * (roads * open_share + (FRONTS - roads) * open_share**4)
    return fighters


def p_taken(relief_index: ArrayLike, n_heights: ArrayLike, n_roads: ArrayLike, levers: Levers) -> Floats:
    """Chance that the battle's attackers take all sectors, as a side weighs it that decides on an operation."""
    most = frontage(n_roads, relief_index, levers)
    log_ratio = np.log(np.minimum(ATTACKERS, most) / np.minimum(DEFENDERS, most))
    handicap = np.asarray(relief_index) * np.log(levers.relief_multiplier)
    p_phase = 1.0 / (1.0 + np.exp(-(levers.intercept + levers.slope * (log_ratio - handicap))))
    sectors = OPEN_SECTORS + np.floor(max(levers.heights_worth, 0.0) * np.asarray(n_heights, dtype=np.float64) + 0.5)
    p_all: Floats = p_phase ** np.maximum(1.0, sectors / 2.0)
    return p_all


def defence(relief_index: ArrayLike, n_heights: ArrayLike, n_roads: ArrayLike, levers: Levers | None = None) -> Floats:
    """How many times fewer attackers would have the same chance on open ground; 1 on open ground, arrays broadcast."""
    rules = levers or Levers.default()
    p_phase = p_taken(relief_index, n_heights, n_roads, rules) ** (1.0 / max(1.0, OPEN_SECTORS / 2.0))
    equal = np.exp((np.log(p_phase / (1.0 - p_phase)) - rules.intercept) / rules.slope)
    open_cap = rules.frontage * FRONTS
    worth: Floats = min(ATTACKERS, open_cap) / min(DEFENDERS, open_cap) / equal
    return worth


def defence_of(ground: Ground, levers: Levers | None = None) -> Floats:
    """Defence of every place at each of its positions, (J, P)."""
    return defence(ground.relief_index, ground.n_commanding_heights, ground.n_approaches, levers)
