"""Weights by which replicates are counted again, to see how far a finding rests on those that happened to be played."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

RESAMPLING = 200
"""Number of the stream in place of a process's; those of `dynamics.luck` end at 100."""


def resampling_weights(seed: int, rounds: int, replicates: int) -> NDArray[np.float64]:
    """Return weights (round, replicate) that sum to 1 in each round, each drawn at an address of its own.

    The Bayesian bootstrap (Rubin 1981, doi:10.1214/aos/1176345338): exponential weights in place of drawing replicates with
    replacement, so that no round leaves a rare campaign out altogether.
    """
    from scipy.special import log_ndtr

    from keyterrain.dynamics.compile_cache import activate

    activate()
    from keyterrain.dynamics.luck import fill_normals

    normals = np.empty((rounds, replicates), dtype=np.float64)
    fill_normals(np.uint64(seed), RESAMPLING, 0, np.arange(replicates, dtype=np.uint64), normals)
    weights: NDArray[np.float64] = -log_ndtr(normals)
    weights /= weights.sum(axis=1, keepdims=True)
    return weights
