"""xarray-spatial as an oracle for terrain: interpreted, since compiling its viewshed takes longer than all tests that ask it."""

from __future__ import annotations

import sys
from functools import cache
from types import ModuleType

import numba
import numpy as np
import xarray as xr
from numpy.typing import NDArray

PACKAGE = "xrspatial"


@cache
def _interpreted() -> ModuleType:
    """The package with its kernels left as Python; whatever was imported of it before is forgotten."""
    for name in [name for name in sys.modules if name.split(".")[0] == PACKAGE]:
        del sys.modules[name]
    before = numba.config.DISABLE_JIT
    numba.config.DISABLE_JIT = True
    try:
        return __import__(PACKAGE)
    finally:
        numba.config.DISABLE_JIT = before


def slope_deg(heights_m: NDArray[np.float64], cell_m: float) -> NDArray[np.float64]:
    """Slope of each cell, degrees; NaN along the edge."""
    return np.asarray(_interpreted().slope(_raster(heights_m, cell_m)).to_numpy(), dtype=np.float64)


def is_seen(
    heights_m: NDArray[np.float64], cell_m: float, row: int, column: int, eye_m: float, target_m: float
) -> NDArray[np.bool_]:
    """Whether each cell is seen from one on a flat earth without air."""
    angles = _interpreted().viewshed(
        _raster(heights_m, cell_m), x=column * cell_m, y=-row * cell_m, observer_elev=eye_m, target_elev=target_m
    )
    return np.asarray(angles.to_numpy() >= 0.0)


def _raster(heights_m: NDArray[np.float64], cell_m: float) -> xr.DataArray:
    n_rows, n_columns = heights_m.shape
    coords = {"y": -np.arange(n_rows) * cell_m, "x": np.arange(n_columns) * cell_m}
    return xr.DataArray(heights_m, dims=("y", "x"), coords=coords)
