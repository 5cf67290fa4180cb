"""How rugged the ground about a place is: relief, slope and two measures of ruggedness, in metres and degrees, never cells."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from keyterrain.geo.distance import M_PER_KM, Floats, Points
from keyterrain.geo.elevation import Elevation, bilinear

RELIEF_RADIUS_KM = 3.0
"""PROCESSES 0: relief is taken within 3 km (assumption)."""
ROLLING_RELIEF_M = 150.0
"""Relief of rolling ground, where the index is 0 (assumption)."""
ALPINE_RELIEF_M = 1000.0
"""Relief of alpine ground, where the index is 1 (assumption)."""

CELLS_AT_ONCE = 200_000
"""About as many cells are looked at together: enough that no time goes on calls, and some tens of MB."""


def relief_m(elevation: Elevation, points: Points, radius_km: float = RELIEF_RADIUS_KM) -> Floats:
    """Highest less lowest cell within the radius of each point; the point itself counts as one of them."""
    own_m = elevation.at(points)
    at_once = max(1, int(CELLS_AT_ONCE * elevation.cell.width_km * elevation.cell.height_km / (2.0 * radius_km) ** 2))
    spans = [
        _span_m(np.column_stack([elevation.heights_within(points[part], radius_km), own_m[part]]))
        for part in (slice(i, i + at_once) for i in range(0, len(points), at_once))
    ]
    return np.concatenate([np.empty(0), *spans])


def _span_m(heights_m: Floats) -> Floats:
    span: Floats = np.fmax.reduce(heights_m, axis=1) - np.fmin.reduce(heights_m, axis=1)
    return span


def relief_index(relief_m: NDArray[np.floating]) -> Floats:
    r"""Ruggedness between 0 (rolling or flatter) and 1 (alpine).

    .. math:: r = \mathrm{clip}\left(\frac{\ln H - \ln 150}{\ln 1000 - \ln 150}, 0, 1\right)
    """
    # ground flatter than 1 m has no logarithm worth taking and is 0 in any case
    logs = np.log(np.maximum(np.asarray(relief_m, dtype=np.float64), 1.0))
    share = (logs - np.log(ROLLING_RELIEF_M)) / (np.log(ALPINE_RELIEF_M) - np.log(ROLLING_RELIEF_M))
    index: Floats = np.clip(share, 0.0, 1.0)
    return index


def slope_deg(elevation: Elevation, points: Points) -> Floats:
    """Inclination of the ground over 3 x 3 cells about each point.

    Weighted differences after Horn (1981), doi:10.1109/PROC.1981.11918, over heights one cell apart, the size of the
    cell measured on the ground at each point. Neighbours without data take the height of the point.
    """
    inclination: Floats = np.degrees(np.arctan(np.hypot(*_gradient(elevation, points))))
    return inclination


def _gradient(elevation: Elevation, points: Points) -> tuple[Floats, Floats]:
    """Rise over run along a row and along a column."""
    width_km, height_km = elevation.grid.cell_km(points)
    z = _neighbourhood_m(elevation, points)
    along_row = (z[:, :, 2] - z[:, :, 0]) @ np.array([1.0, 2.0, 1.0])
    along_column = (z[:, 2, :] - z[:, 0, :]) @ np.array([1.0, 2.0, 1.0])
    return along_row / (8.0 * width_km * M_PER_KM), along_column / (8.0 * height_km * M_PER_KM)


def ruggedness_m(elevation: Elevation, points: Points) -> Floats:
    """Terrain ruggedness index: root of the summed squared differences in height to the eight neighbours, one cell apart.

    After Riley, DeGloria and Elliot (1999), Intermountain Journal of Sciences 5, 23-27. It grows with the size of the cell, so
    it ranks places on one raster and compares no two rasters.
    """
    z = _neighbourhood_m(elevation, points)
    differences_m = z - z[:, 1:2, 1:2]
    index: Floats = np.sqrt((differences_m**2).sum(axis=(1, 2)))
    return index


def vector_ruggedness(elevation: Elevation, points: Points) -> Floats:
    """How far the ground's normals over 3 x 3 cells are from being parallel: 0 on any plane, level or inclined, 1 at most.

    After Sappington, Longshore and Thompson (2007), doi:10.2193/2005-723; the nine normals are those of planes fitted as for
    the slope. Unlike relief it does not take a steady slope for broken ground.
    """
    row, column = elevation.grid.cell_of(points)
    step = np.array([-1.0, 0.0, 1.0])
    rows = (row[:, None, None] + step[:, None] + 0.0 * step).reshape(-1)
    columns = (column[:, None, None] + step + 0.0 * step[:, None]).reshape(-1)
    east, north = _gradient(elevation, elevation.grid.position_of(rows, columns))
    normals = np.stack([-east, -north, np.ones_like(east)]) / np.sqrt(1.0 + east**2 + north**2)
    resultant = np.sqrt((normals.reshape(3, len(points), 9).sum(axis=2) ** 2).sum(axis=0))
    ruggedness: Floats = np.clip(1.0 - resultant / 9.0, 0.0, 1.0)
    return ruggedness


def _neighbourhood_m(elevation: Elevation, points: Points) -> Floats:
    """Heights one cell apart about each point, shape (point, 3, 3)."""
    row, column = elevation.grid.cell_of(points)
    step = np.array([-1.0, 0.0, 1.0])
    rows = np.broadcast_to(row[:, None, None] + step[:, None], (len(points), 3, 3))
    columns = np.broadcast_to(column[:, None, None] + step, (len(points), 3, 3))
    heights = bilinear(elevation.heights_m, rows, columns)
    return np.where(np.isnan(heights), heights[:, 1:2, 1:2], heights)
