"""How rugged the ground about a place is: relief and slope, in metres and degrees, never cells."""

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


def relief_m(elevation: Elevation, points: Points, radius_km: float = RELIEF_RADIUS_KM) -> Floats:
    """Highest less lowest cell within the radius of each point; the point itself counts as one of them."""
    return np.array([_span_m(elevation, *at, radius_km) for at in zip(points.lat, points.lon, elevation.at(points), strict=True)])


def _span_m(elevation: Elevation, lat: float, lon: float, own_m: float, radius_km: float) -> float:
    heights = np.append(elevation.cells_within(lat, lon, radius_km).height_m, own_m)
    return float(np.nanmax(heights) - np.nanmin(heights))


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
    width_km, height_km = elevation.grid.cell_km(points)
    z = _neighbourhood_m(elevation, points)
    along_row = (z[:, :, 2] - z[:, :, 0]) @ np.array([1.0, 2.0, 1.0])
    along_column = (z[:, 2, :] - z[:, 0, :]) @ np.array([1.0, 2.0, 1.0])
    rise = np.hypot(along_row / (8.0 * width_km * M_PER_KM), along_column / (8.0 * height_km * M_PER_KM))
    inclination: Floats = np.degrees(np.arctan(rise))
    return inclination


def _neighbourhood_m(elevation: Elevation, points: Points) -> Floats:
    """Heights one cell apart about each point, shape (point, 3, 3)."""
    row, column = elevation.grid.cell_of(points)
    step = np.array([-1.0, 0.0, 1.0])
    rows = np.broadcast_to(row[:, None, None] + step[:, None], (len(points), 3, 3))
    columns = np.broadcast_to(column[:, None, None] + step, (len(points), 3, 3))
    heights = bilinear(elevation.heights_m, rows, columns)
    return np.where(np.isnan(heights), heights[:, 1:2, 1:2], heights)
