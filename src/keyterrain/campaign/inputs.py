"""Uncertain inputs: what a replicate draws before its first day, each under its own name.

Every input has its own address in the random streams, so that a new input shifts nobody's draw. A quantity is drawn through a
table of its quantiles at even steps of the standard normal scale.
"""

from __future__ import annotations

from collections.abc import Callable
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


class DrawnInputs:
    """The draws of a run of replicates: standard normals by name, and the values that were made of them."""

    def __init__(self, inputs: Inputs, seed: int, first: int, n: int) -> None:
        self._column = {name: i for i, name in enumerate(inputs.names)}
        self._z: Floats = np.empty((n, len(inputs.names)))
        fill_normals(np.uint64(seed), INPUTS, first, inputs.entity, self._z)
        self.values: Floats = np.zeros_like(self._z)

    def z(self, name: str) -> Floats:
        """Standard normals (replicate) of an input."""
        return self._z[:, self._column[name]]

    def keep(self, name: str, values: Floats) -> Floats:
        """Note the value that an input took in each replicate, and return it."""
        self.values[:, self._column[name]] = values
        return values

    def quantity(self, name: str, distribution: object) -> Floats:
        """Draw a quantity (replicate) and note it."""
        return self.keep(name, quantiles(self.z(name), distribution))

    def choice(self, name: str, weights: Floats) -> NDArray[np.int64]:
        """Draw one of several alternatives (replicate) by weight and note its number."""
        edges = NormalDist()
        cut = np.array([edges.inv_cdf(min(max(c, 1e-12), 1 - 1e-12)) for c in np.cumsum(weights)[:-1] / np.sum(weights)])
        chosen = np.searchsorted(cut, self.z(name), side="right")
        self.keep(name, chosen.astype(np.float64))
        return chosen


def quantiles(z: Floats, distribution: object) -> Floats:
    """Values of a distribution at standard normal scores, by interpolation."""
    return np.interp(z, GRID, quantile_table(distribution))
