"""Least-cost paths over the cells of a raster, where no road says how to go.

Each cell is joined to its eight neighbours; a step costs its length on the ground times what a km of its slope takes in that
direction, so that uphill and downhill differ. Cells without data are not entered. Steps in eight directions make a way over
open ground up to 8 % longer than it is (the octagon's detour, sec 22.5 degrees).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from keyterrain.geo import driving, walking
from keyterrain.geo.distance import M_PER_KM, Floats, Integers, Points, distance_km
from keyterrain.geo.elevation import Elevation

if TYPE_CHECKING:
    from scipy.sparse import csr_array

HoursPerKm = Callable[[Floats], Floats]
"""Hours that a km takes by its slope (rise over run, positive uphill)."""
NO_CELL = -9999
"""What stands for the cell before the first one of a path."""
STEPS = ((0, 1), (1, -1), (1, 0), (1, 1))
"""Half of the eight neighbours; the others are the way back."""


def on_foot(slope: Floats) -> Floats:
    """Hours a km takes a walker off any path, after Tobler."""
    hours: Floats = 1.0 / (walking.OFF_PATH * walking.tobler_km_h(slope))
    return hours


def on_tracks(level_km_h: float, critical_slope: float = driving.CRITICAL_SLOPE) -> HoursPerKm:
    """Hours a km takes a vehicle that may go anywhere, by its speed on the level."""
    return lambda slope: driving.times_longer_without_road(slope, critical_slope) / level_km_h


@dataclass(frozen=True)
class Path:
    """A way over cells: rows and columns from start to end, their positions and heights, and the hours that it takes."""

    row: Integers
    column: Integers
    points: Points
    height_m: Floats
    hours: float

    @property
    def highest(self) -> int:
        """Number of the highest cell on the way, the first of equals."""
        return int(np.argmax(self.height_m))


@dataclass(frozen=True, eq=False)
class Reach:
    """Hours from one cell to all others, and for each the cell before it on the way (flat indices)."""

    network: CellNetwork
    hours: Floats
    before: NDArray[np.int32]

    def hours_to(self, points: Points) -> Floats:
        """Hours to the cells in which points lie; infinite where no way leads."""
        return np.asarray(self.hours[self.network.cells_of(points)])

    def path_to(self, cell: int) -> Path | None:
        """The way to a cell, None where there is none."""
        if not np.isfinite(self.hours[cell]):
            return None
        cells = [cell]
        while self.before[cells[-1]] != NO_CELL:
            cells.append(int(self.before[cells[-1]]))
        way = np.array(cells[::-1], dtype=np.int64)
        row, column = np.divmod(way, self.network.n_columns)
        heights_m = self.network.elevation.heights_m[row, column].astype(np.float64)
        return Path(row, column, self.network.points[way], heights_m, float(self.hours[cell]))


@dataclass(frozen=True, eq=False)
class CellNetwork:
    """The cells of a raster as a directed network of hours."""

    elevation: Elevation
    hours_per_km: HoursPerKm

    @property
    def n_columns(self) -> int:
        """Cells in a row."""
        return int(self.elevation.heights_m.shape[1])

    @cached_property
    def points(self) -> Points:
        """Positions of all cells, by flat index."""
        row, column = np.divmod(np.arange(self.elevation.heights_m.size), self.n_columns)
        return self.elevation.grid.position_of(row, column)

    def cells_of(self, points: Points) -> Integers:
        """Flat index of the cell in which each point lies."""
        n_rows, n_columns = self.elevation.heights_m.shape
        row, column = self.elevation.grid.cell_of(points)
        rows = np.clip(np.rint(row), 0, n_rows - 1).astype(np.int64)
        return np.asarray(rows * n_columns + np.clip(np.rint(column), 0, n_columns - 1).astype(np.int64))

    @cached_property
    def hours(self) -> csr_array:
        """Hours of each step between neighbours, (cell, cell)."""
        from scipy.sparse import csr_array

        parts = [self._steps(*step) for step in STEPS]
        start, end, there, back = (np.concatenate(arrays) for arrays in zip(*parts, strict=True))
        known = np.isfinite(there)
        start, end, there, back = start[known], end[known], there[known], back[known]
        n = self.elevation.heights_m.size
        hours = np.concatenate([there, back])
        return csr_array((hours, (np.concatenate([start, end]), np.concatenate([end, start]))), shape=(n, n))

    def from_points(self, points: Points, limit_hours: float = np.inf) -> list[Reach]:
        """Hours from the cell of each point to every cell, no further than a limit."""
        from scipy.sparse.csgraph import dijkstra

        found = []
        for cell in self.cells_of(points):
            hours, before = dijkstra(self.hours, indices=np.array([cell]), limit=limit_hours, return_predecessors=True)
            found.append(Reach(self, hours[0], before[0].astype(np.int32)))
        return found

    def _steps(self, d_row: int, d_column: int) -> tuple[Integers, Integers, Floats, Floats]:
        """Cells with a neighbour in one direction, those neighbours, and the hours there and back."""
        heights_m = self.elevation.heights_m.astype(np.float64)
        n_rows, n_columns = heights_m.shape
        first = 1 if d_column < 0 else 0
        rows, columns = np.mgrid[0 : n_rows - d_row, first : n_columns - max(d_column, 0)]
        row, column = rows.ravel(), columns.ravel()
        start, end = row * n_columns + column, (row + d_row) * n_columns + column + d_column
        km = distance_km(self.points[start], self.points[end])
        slope = (heights_m.ravel()[end] - heights_m.ravel()[start]) / (km * M_PER_KM)
        return start, end, km * self.hours_per_km(slope), km * self.hours_per_km(-slope)
