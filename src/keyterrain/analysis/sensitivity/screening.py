"""Screening: how much of an outcome's variance over the replicates of a run goes with each input, against a null by permutation.

An outcome and its inputs are ranked; inputs of a few values (which claim, which policy) are compared value by value instead.
The share of an input, or of all inputs of a group together, is that of the squared ranks that a linear fit explains, less what
it explains on average when the outcome is permuted. What inputs do only together, or up and down, this does not see: that is
what Sobol indices are for.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from keyterrain.campaign.resampling import uniforms

Floats = NDArray[np.float64]

PERMUTATIONS = 400
"""Permutations of the null (assumption: a chance of 5 per cent is then known to 1 point)."""
FEW_VALUES = 6
"""Values up to which an input counts as a choice (assumption: more policies or claims than that there are not)."""
LEAST_REPLICATES = 30
"""Replicates with a defined outcome below which nothing is said (assumption, as for claims)."""
MOST_COLUMNS = 0.5
"""Columns of a fit, as a share of the replicates, beyond which it explains anything (assumption)."""


@dataclass(frozen=True, slots=True)
class Share:
    """How much of an outcome goes with an input or a group.

    Attributes
    ----------
    share
        Share of the variance of ranks beyond that of the null; nan where it cannot be told.
    rank_correlation
        Spearman's, nan for groups and choices.
    p
        Chance that the largest share of any input (or group) is as large when nothing matters: for all of them together.
    n_inputs
        Inputs of which it is made.
    """

    name: str
    share: float
    rank_correlation: float
    p: float
    n_inputs: int


@dataclass(frozen=True, slots=True)
class Screened:
    """Shares of inputs and of groups, largest first; `why` says why there are none."""

    n: int
    inputs: tuple[Share, ...]
    groups: tuple[Share, ...]
    why: str = ""


def screen(outcome: Floats, draws: Mapping[str, Floats], groups: Mapping[str, Sequence[str]], seed: int) -> Screened:
    """Hold an outcome (replicate) against inputs (replicate by name), alone and by groups.

    Replicates in which the outcome is undefined do not count. Inputs that never vary are left out.
    """
    known = ~np.isnan(outcome)
    n = int(known.sum())
    if n < LEAST_REPLICATES:
        return Screened(n, (), (), f"the outcome is defined in {n} replicates, and {LEAST_REPLICATES} are needed")
    if np.ptp(outcome[known]) == 0.0:
        return Screened(n, (), (), "the outcome is the same in every replicate")
    target = _standard(_ranks(outcome[known]))
    permuted = target[np.argsort(uniforms(seed, "permutations", PERMUTATIONS, n), axis=1)]
    columns = {name: _columns(values[known]) for name, values in draws.items() if np.ptp(values[known]) > 0.0}
    correlation = {name: float(column[:, 0] @ target) if column.shape[1] == 1 else math.nan for name, column in columns.items()}
    alone = _shares({name: (column,) for name, column in columns.items()}, target, permuted, correlation)
    members = {
        group: tuple(columns[name] for name in names if name in columns)
        for group, names in groups.items()
        if any(name in columns for name in names)
    }
    return Screened(n, alone, _shares(members, target, permuted, {}))


def _shares(
    columns: Mapping[str, Sequence[Floats]], target: Floats, permuted: Floats, correlation: Mapping[str, float]
) -> tuple[Share, ...]:
    """Return the shares of sets of columns, with their chance under the largest of the null."""
    own, null, n_inputs = {}, {}, {}
    for name, parts in columns.items():
        n_inputs[name] = len(parts)
        fit = _basis(np.concatenate(parts, axis=1))
        if fit is None:
            continue
        chance = ((permuted @ fit) ** 2).sum(axis=1)
        usual = float(chance.mean())
        own[name] = (float(((target @ fit) ** 2).sum()) - usual) / (1.0 - usual)
        null[name] = (chance - usual) / (1.0 - usual)
    largest = np.max(list(null.values()), axis=0) if null else np.zeros(0)
    found = [
        Share(
            name, own.get(name, math.nan), correlation.get(name, math.nan),
            float((1 + (largest >= own[name]).sum()) / (1 + len(largest))) if name in own else math.nan, n_inputs[name],
        )
        for name in columns
    ]  # fmt: skip
    return tuple(sorted(found, key=lambda share: (math.isnan(share.share), -share.share, share.name)))


def _columns(values: Floats) -> Floats:
    """Return an input as centred columns of length 1: its ranks, or one column for each value of a choice."""
    distinct = np.unique(values)
    if len(distinct) > FEW_VALUES:
        return _standard(_ranks(values))[:, None]
    if len(distinct) == 2:
        return _standard((values == distinct[1]).astype(np.float64))[:, None]
    return np.stack([_standard((values == value).astype(np.float64)) for value in distinct[:-1]], axis=1)


def _basis(columns: Floats) -> Floats | None:
    """Return an orthonormal basis of what columns span, None where they are too many for so few replicates."""
    if columns.shape[1] > MOST_COLUMNS * len(columns):
        return None
    if columns.shape[1] == 1:
        return columns
    left, sizes, _ = np.linalg.svd(columns, full_matrices=False)
    basis: Floats = left[:, sizes > 1e-9 * sizes[0]]
    return basis


def _ranks(values: Floats) -> Floats:
    from scipy.stats import rankdata

    return np.asarray(rankdata(values), dtype=np.float64)


def _standard(values: Floats) -> Floats:
    """Centre values and bring them to length 1."""
    centred = values - values.mean()
    standard: Floats = centred / np.linalg.norm(centred)
    return standard
