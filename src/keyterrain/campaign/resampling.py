"""Random numbers for what is asked of results: resampling, permutations, areas at random; apart from all luck of campaigns."""

from __future__ import annotations

import math
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from keyterrain.dynamics.luck import fill_normals

Floats = NDArray[np.float64]
Purpose = Literal["bootstrap", "areas", "permutations"]

_STREAM: dict[Purpose, int] = {"bootstrap": 201, "areas": 202, "permutations": 203}
"""Numbers of streams beside those of `dynamics.luck`; a number is not used again for another purpose."""


def normals(seed: int, purpose: Purpose, n_rows: int, n_columns: int, first_row: int = 0) -> Floats:
    """Return standard normals (row, column), each at an address of its own: more rows or columns change no other."""
    values: Floats = np.empty((n_rows, n_columns))
    fill_normals(np.uint64(seed), _STREAM[purpose], first_row, np.arange(n_columns, dtype=np.uint64), values)
    return values


def uniforms(seed: int, purpose: Purpose, n_rows: int, n_columns: int, first_row: int = 0) -> Floats:
    """Return uniforms (row, column) strictly between 0 and 1."""
    z = normals(seed, purpose, n_rows, n_columns, first_row)
    return np.array([[0.5 * math.erfc(-x / math.sqrt(2.0)) for x in row] for row in z]).reshape(z.shape)
