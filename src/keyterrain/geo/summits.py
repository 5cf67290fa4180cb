"""Summits that command a place, and the summit that a roughly known height must be.

Prominence is the least descent on the way to higher ground (Helman 2005, "The Finest Peaks"). Whether it reaches a
threshold is found by walking down from the summit, always over the highest cell not yet visited, until a higher cell or
a cell below the threshold is met.
"""

from __future__ import annotations

from dataclasses import dataclass
from heapq import heappop, heappush
from math import ceil

import numpy as np
from numpy.typing import NDArray

from keyterrain.geo.distance import Booleans, Floats, Integers, Points, pairs_within
from keyterrain.geo.elevation import Elevation
from keyterrain.geo.sight import sees

COMMANDING_KM = 4.0
COMMANDING_M = 100.0
PROMINENCE_M = 100.0
MOST_COUNTED = 3
"""PROCESSES 0: at least 100 m above the place, 100 m prominence, within 4 km, at most 3 (assumptions)."""
HIGHER_GROUND_KM = 10.0
"""How far the way to higher ground is followed; a summit that has none within is prominent (assumption)."""
NEIGHBOURS = [(dr, dc) for dr in (-1, 0, 1) for dc in (-1, 0, 1) if (dr, dc) != (0, 0)]


@dataclass(frozen=True, slots=True)
class CommandingHeights:
    """Summits that look down on points: `point` is the index of the point, several rows may share one."""

    point: Integers
    summits: Points
    height_m: Floats
    km: Floats

    def count(self, n_points: int) -> Integers:
        """How many command each point."""
        return np.bincount(self.point, minlength=n_points).astype(np.int64)


@dataclass(frozen=True, slots=True)
class Peaks:
    """Cells not lower than any neighbour, one for each flat top that touches itself only."""

    row: Integers
    column: Integers
    points: Points
    height_m: Floats


def commanding_heights(elevation: Elevation, points: Points) -> CommandingHeights:
    """Separate summits near each point from which it is looked down upon, the highest three of each.

    A summit counts if it is within 4 km, at least 100 m above the point, has 100 m prominence and sees the point.
    """
    peaks = local_peaks(elevation)
    near = pairs_within(points, peaks.points, COMMANDING_KM)
    near = near.only(peaks.height_m[near.second] >= elevation.at(points)[near.first] + COMMANDING_M)
    near = near.only(_prominent(elevation, peaks, near.second))
    near = near.only(sees(elevation, peaks.points[near.second], points[near.first], COMMANDING_KM))
    near = near.only(_among_highest(near.first, peaks.height_m[near.second], near.km))
    return CommandingHeights(near.first, peaks.points[near.second], peaks.height_m[near.second], near.km)


def local_peaks(elevation: Elevation) -> Peaks:
    """Cells that no neighbour tops; cells at the edge of the raster are none, since the ground may rise beyond it."""
    height_m = np.where(np.isnan(elevation.heights_m), -np.inf, elevation.heights_m)
    inner = height_m[1:-1, 1:-1]
    topped = np.zeros(inner.shape, dtype=np.bool_)
    for d_row, d_column in NEIGHBOURS:
        other = _shifted(height_m, d_row, d_column)
        # of two equal neighbours only the one that comes later in the raster stays, so a flat top counts once
        topped |= (other >= inner) if (d_row, d_column) > (0, 0) else (other > inner)
    row, column = np.nonzero(~topped & np.isfinite(inner))
    height = inner[row, column].astype(np.float64)
    return Peaks(row + 1, column + 1, elevation.grid.position_of(row + 1, column + 1), height)


def _shifted(height_m: NDArray[np.floating], d_row: int, d_column: int) -> NDArray[np.floating]:
    n_rows, n_columns = height_m.shape
    return height_m[1 + d_row : n_rows - 1 + d_row, 1 + d_column : n_columns - 1 + d_column]


def _prominent(elevation: Elevation, peaks: Peaks, which: Integers) -> Booleans:
    """For each entry of `which`, whether that peak has the prominence of a separate summit; each peak is walked once."""
    distinct, back = np.unique(which, return_inverse=True)
    answers = [is_prominent(elevation, int(peaks.row[i]), int(peaks.column[i])) for i in distinct]
    return np.array(answers, dtype=np.bool_)[back]


def is_prominent(elevation: Elevation, row: int, column: int, prominence_m: float = PROMINENCE_M) -> bool:
    """Whether every way from this cell to higher ground within 10 km descends by at least the prominence."""
    heights_m, top_m = elevation.heights_m, float(elevation.heights_m[row, column])
    rows = _bounded(row, HIGHER_GROUND_KM / elevation.cell.height_km, heights_m.shape[0])
    columns = _bounded(column, HIGHER_GROUND_KM / elevation.cell.width_km, heights_m.shape[1])
    seen, frontier = {(row, column)}, [(-top_m, row, column)]
    while frontier:
        below_zero_m, r, c = heappop(frontier)
        if -below_zero_m <= top_m - prominence_m:
            return True
        if _higher(-below_zero_m, r, c, top_m, row, column):
            return False
        for cell in ((r + d_row, c + d_column) for d_row, d_column in NEIGHBOURS):
            if cell[0] in rows and cell[1] in columns and cell not in seen:
                seen.add(cell)
                if not np.isnan(heights_m[cell]):
                    heappush(frontier, (-float(heights_m[cell]), *cell))
    return True


def _bounded(index: int, reach: float, n: int) -> range:
    return range(max(0, index - ceil(reach)), min(n, index + ceil(reach) + 1))


def _higher(height_m: float, row: int, column: int, top_m: float, top_row: int, top_column: int) -> bool:
    """Whether a cell outranks a top; between cells of one height the later in the raster does, as in `local_peaks`."""
    return (height_m, row, column) > (top_m, top_row, top_column)


def _among_highest(group: Integers, height_m: Floats, km: Floats) -> Booleans:
    order = np.lexsort((km, -height_m, group))
    rank = np.empty(group.size, dtype=np.int64)
    first = np.searchsorted(group[order], group[order])
    rank[order] = np.arange(group.size) - first
    return rank < MOST_COUNTED


def highest_within(elevation: Elevation, points: Points, radius_km: Floats) -> Points:
    """The highest cell within each point's radius, the nearest of equals; the point itself where no cell is higher."""
    own_m = elevation.at(points)
    tops = [
        _top(elevation, lat, lon, km, own) for lat, lon, km, own in zip(points.lat, points.lon, radius_km, own_m, strict=True)
    ]
    return Points.of([top[0] for top in tops], [top[1] for top in tops])


def _top(elevation: Elevation, lat: float, lon: float, radius_km: float, own_m: float) -> tuple[float, float]:
    cells = elevation.cells_within(lat, lon, radius_km)
    if not cells.km.size or cells.height_m.max() <= own_m:
        return lat, lon
    best = np.lexsort((cells.km, -cells.height_m))[0]
    return float(cells.points.lat[best]), float(cells.points.lon[best])
