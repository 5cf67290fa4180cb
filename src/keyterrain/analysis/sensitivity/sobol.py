"""Sobol indices of groups of inputs, luck among them, by exchanging draws between replicates.

Replicate r of the ensemble is a draw of all unknowns and of all luck; replicate r + N is another. For each factor the first is
played again with that factor taken from the second. First order says how much of the variance goes if the factor were known;
total order how much stays while it alone is unknown (Saltelli et al. 2010, doi:10.1016/j.cpc.2009.09.018). The indices and
their intervals by bootstrap are SALib's.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

LEAST_ROWS = 30
"""Pairs of replicates below which nothing is said (assumption, as for claims)."""
RESAMPLINGS = 200
"""Bootstraps of an interval; assumption."""
SEED_OF_NONE = 1
"""Seed of the bootstrap where the seed is 0, which SALib takes for none."""


@dataclass(frozen=True, slots=True)
class SobolIndex:
    """First and total order of a factor, with their 95 per cent intervals."""

    factor: str
    first: float
    first_low: float
    first_high: float
    total: float
    total_low: float
    total_high: float


@dataclass(frozen=True, slots=True)
class SobolIndices:
    """Indices of all factors, largest total first; `why` says why there are none. `n` is the number of pairs of replicates."""

    n: int
    indices: tuple[SobolIndex, ...]
    why: str = ""


def sobol_indices(factors: Sequence[str], own: Floats, other: Floats, exchanged: Floats, seed: int) -> SobolIndices:
    """Return the indices of factors from three sets of results.

    Parameters
    ----------
    own, other
        Results (pair) of the one and of the other replicate.
    exchanged
        Results (factor, pair) of the one with a factor of the other.
    seed
        Seed of the bootstrap.
    """
    known = ~(np.isnan(own) | np.isnan(other) | np.isnan(exchanged).any(axis=0))
    n = int(known.sum())
    if n < LEAST_ROWS:
        return SobolIndices(n, (), f"the outcome is defined in {n} pairs of replicates, and {LEAST_ROWS} are needed")
    own, other, exchanged = own[known], other[known], exchanged[:, known]
    if np.ptp(np.concatenate([own, other])) == 0.0:
        return SobolIndices(n, (), "the outcome is the same in every replicate")
    from SALib.analyze.sobol import analyze

    rows = np.column_stack([own, exchanged.T, other]).ravel()
    problem = {"num_vars": len(factors), "names": list(factors), "bounds": [[0.0, 1.0]] * len(factors)}
    found = analyze(problem, rows, calc_second_order=False, num_resamples=RESAMPLINGS, seed=seed or SEED_OF_NONE)
    figures = (found[key].tolist() for key in ("S1", "S1_conf", "ST", "ST_conf"))
    indices = [
        SobolIndex(factor, first, first - half, first + half, total, max(total - half_of_total, 0.0), total + half_of_total)
        for factor, first, half, total, half_of_total in zip(factors, *figures, strict=True)
    ]
    return SobolIndices(n, tuple(sorted(indices, key=lambda each: (math.isnan(each.total), -each.total, each.factor))))
