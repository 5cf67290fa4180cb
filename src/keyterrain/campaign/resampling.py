"""Random numbers for what is asked of results (weights, resamples, areas at random), apart from all luck of campaigns."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from keyterrain.campaign.entities import words

Floats = NDArray[np.float64]
Purpose = Literal[
    "weights",
    "bootstrap",
    "areas",
    "orders",
    "candidates",
    "error",
    "surrogates",
    "planted",
    "within_day",
    "dates",
    "permutations",
]

STREAM: dict[Purpose, int] = {
    "weights": 200,
    "bootstrap": 201,
    "areas": 202,
    "orders": 203,
    "candidates": 210,
    "error": 211,
    "surrogates": 230,
    "planted": 231,
    "within_day": 232,
    "dates": 233,
    "permutations": 240,
}
"""Numbers of streams in place of a process's; those of `dynamics.luck` end at 100. None is used again for another purpose."""


def normals(seed: int, purpose: Purpose, n_rows: int, n_columns: int, first_row: int = 0) -> Floats:
    """Return standard normals (row, column), each at an address of its own: more rows or columns change no other."""
    from keyterrain.dynamics.compile_cache import activate

    activate()
    from keyterrain.dynamics.luck import fill_normals

    values: Floats = np.empty((n_rows, n_columns))
    fill_normals(np.uint64(seed), STREAM[purpose], first_row, np.arange(n_columns, dtype=np.uint64), values)
    return values


def uniforms(seed: int, purpose: Purpose, n_rows: int, n_columns: int, first_row: int = 0) -> Floats:
    """Return uniforms (row, column) strictly between 0 and 1, each at an address of its own."""
    from scipy.special import ndtr

    return np.asarray(ndtr(normals(seed, purpose, n_rows, n_columns, first_row)))


def orders(seed: int, keys: Iterable[str], n: int) -> tuple[tuple[str, ...], ...]:
    """Return so many orders of keys at random, all equally likely; a key that is left out leaves the order of the others.

    Raises
    ------
    WordsCollide
        Two keys have the same word and would share their luck.
    """
    from keyterrain.dynamics.compile_cache import activate

    activate()
    from keyterrain.dynamics.luck import fill_normals

    named = sorted(set(keys))
    values: Floats = np.empty((n, len(named)))
    fill_normals(np.uint64(seed), STREAM["orders"], 0, words(named), values)
    return tuple(tuple(named[i] for i in row) for row in np.argsort(values, axis=1, kind="stable"))


def resampling_weights(seed: int, rounds: int, replicates: int) -> Floats:
    """Return weights (round, replicate) that sum to 1 in each round, each drawn at an address of its own.

    The Bayesian bootstrap (Rubin 1981, doi:10.1214/aos/1176345338): exponential weights in place of drawing replicates with
    replacement, so that no round leaves a rare campaign out altogether.
    """
    from scipy.special import log_ndtr

    weights: Floats = -log_ndtr(normals(seed, "weights", rounds, replicates))
    weights /= weights.sum(axis=1, keepdims=True)
    return weights
