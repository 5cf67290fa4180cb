"""Uncertain inputs: what a replicate draws before its first day, each under its own name.

Every input has its own address in the random streams, so that a new input shifts nobody's draw. A quantity is drawn through a
table of its quantiles at even steps of the standard normal scale.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from keyterrain.campaign.entities import words
from keyterrain.dynamics.luck import INPUTS, fill_normals

Floats = NDArray[np.float64]

GRID = np.linspace(-4.0, 4.0, 97)
"""Standard normal scale at which quantiles are tabulated; what lies beyond is one draw in 16,000."""
_GRID_U = tuple(NormalDist().cdf(z) for z in GRID)


@lru_cache(maxsize=4096)
def quantile_table(distribution: object) -> Floats:
    """Quantiles of a distribution (anything with `ppf`) on the grid."""
    ppf: Callable[[float], float] = distribution.ppf  # type: ignore[attr-defined]
    return np.array([ppf(u) for u in _GRID_U])


@dataclass(frozen=True, slots=True)
class Inputs:
    """Names of all inputs, in order, and the words that give each its luck."""

    names: tuple[str, ...]
    entity: NDArray[np.uint64]

    @classmethod
    def of(cls, names: list[str]) -> Inputs:
        """Give each name its word; names are sorted, so that their order in a table does not matter."""
        ordered = tuple(sorted(names))
        return cls(ordered, words(ordered))


@dataclass(frozen=True, slots=True)
class Borrowed:
    """Inputs that take their draw from the replicate `by` further on; all else, the luck of every day too, stays its own.

    What is borrowed is drawn as it would be there, so that a replicate can be played with some of its unknowns exchanged for
    those of another (Saltelli et al. 2010, doi:10.1016/j.cpc.2009.09.018).
    """

    names: frozenset[str]
    by: int


class DrawnInputs:
    """The draws of a run of replicates: standard normals by name, and the values that were made of them.

    In memory the replicates of an input lie side by side, since inputs are drawn one after another, each for all replicates.
    """

    def __init__(self, inputs: Inputs, seed: int, first: int, n: int, borrowed: Borrowed | None = None) -> None:
        self._column = {name: i for i, name in enumerate(inputs.names)}
        by_replicate: Floats = np.empty((n, len(inputs.names)))
        fill_normals(np.uint64(seed), INPUTS, first, inputs.entity, by_replicate)
        if borrowed is not None:
            columns = [column for name, column in self._column.items() if name in borrowed.names]
            lent: Floats = np.empty((n, len(columns)))
            fill_normals(np.uint64(seed), INPUTS, first + borrowed.by, inputs.entity[columns], lent)
            by_replicate[:, columns] = lent
        self._z = np.asfortranarray(by_replicate)
        self.values: Floats = np.zeros_like(self._z)

    def z(self, name: str) -> Floats:
        """Standard normals (replicate) of an input."""
        return self._z[:, self._column[name]]

    def z_of_all(self, names: Sequence[str]) -> Floats:
        """Standard normals (replicate, input) of several inputs."""
        return self._z[:, self._columns(names)]

    def keep(self, name: str, values: Floats) -> Floats:
        """Note the value that an input took in each replicate, and return it."""
        self.values[:, self._column[name]] = values
        return values

    def keep_all(self, names: Sequence[str], values: Floats) -> Floats:
        """Note the values (replicate, input) that several inputs took, and return them."""
        self.values[:, self._columns(names)] = values
        return values

    def _columns(self, names: Sequence[str]) -> list[int]:
        return [self._column[name] for name in names]

    def quantity(self, name: str, distribution: object) -> Floats:
        """Draw a quantity (replicate) and note it."""
        return self.keep(name, quantiles(self.z(name), distribution))

    def quantities(self, names: Sequence[str], distributions: Sequence[object]) -> Floats:
        """Draw several quantities (replicate, input) at once, which takes a small part of the time, and note them."""
        return self.keep_all(names, quantiles_of_each(self.z_of_all(names), distributions))

    def choice(self, name: str, weights: Floats) -> NDArray[np.int64]:
        """Draw one of several alternatives (replicate) by weight and note its number."""
        return self.choices([name], weights)[:, 0]

    def choices(self, names: Sequence[str], weights: Floats) -> NDArray[np.int64]:
        """Draw one of several alternatives (replicate, input) for each of several inputs by the same weights."""
        chosen = np.searchsorted(_edges(tuple(weights.tolist())), self.z_of_all(names), side="right")
        self.keep_all(names, chosen.astype(np.float64))
        return chosen


@lru_cache(maxsize=4096)
def _edges(weights: tuple[float, ...]) -> Floats:
    """Standard normal scores at which one alternative gives way to the next."""
    standard = NormalDist()
    return np.array([standard.inv_cdf(min(max(c, 1e-12), 1 - 1e-12)) for c in np.cumsum(weights)[:-1] / np.sum(weights)])


def quantiles(z: Floats, distribution: object) -> Floats:
    """Values of a distribution at standard normal scores, by interpolation."""
    return np.interp(z, GRID, quantile_table(distribution))


def quantiles_of_each(z: Floats, distributions: Sequence[object]) -> Floats:
    """Values (replicate, input) at standard normal scores, each input by its own distribution."""
    tables = np.array([quantile_table(distribution) for distribution in distributions]).reshape(-1, len(GRID))
    steps = (z.clip(GRID[0], GRID[-1]) - GRID[0]) / (GRID[1] - GRID[0])
    below = np.minimum(steps.astype(np.int64), len(GRID) - 2)
    columns = np.arange(z.shape[1])
    low, high = tables[columns, below], tables[columns, below + 1]
    values: Floats = low + (steps - below) * (high - low)
    return values
