"""Who looks down on whom: the ground that a position overlooks, and the ground from which it is overlooked."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, sqrt

import numpy as np

from keyterrain.geo.distance import Booleans, Floats, Integers, Points, distance_km
from keyterrain.geo.elevation import Cells, Elevation
from keyterrain.geo.sight import sees

DOMINANCE_KM = 4.0
"""How far a height matters to those beneath it (assumption: as for commanding heights)."""
CLEARLY_M = 30.0
"""Difference in height below which neither looks down on the other (assumption: about the error of a raster of 1 km)."""


MOST_CELLS = 400
"""Cells about a point that are looked at (assumption: a share is known to some points then)."""


@dataclass(frozen=True, slots=True)
class Dominance:
    """Shares (point) of the ground within 4 km that lies clearly lower, or clearly higher, and in mutual sight."""

    overlooks: Floats
    overlooked: Floats

    @property
    def net(self) -> Floats:
        """From -1, in a pit under the eyes of all, to 1, above everything; 0 on level ground."""
        return self.overlooks - self.overlooked


@dataclass(frozen=True, slots=True)
class Commands:
    """Pairs of points in mutual sight of which the first stands clearly higher, highest above first."""

    above: Integers
    below: Integers
    climb_m: Floats
    km: Floats


def dominance(elevation: Elevation, points: Points, reach_km: float = DOMINANCE_KM) -> Dominance:
    """Measure how much of the ground about each point it looks down on, and how much of it looks down on the point."""
    around = [_looked_at(elevation, lat, lon, reach_km) for lat, lon in zip(points.lat, points.lon, strict=True)]
    n_cells = np.array([cells.km.size for cells in around], dtype=np.int64)
    viewer = np.repeat(np.arange(len(points)), n_cells)
    lat, lon, height_m = (_joined([pick(cells) for cells in around]) for pick in (_lat, _lon, _height_m))
    seen = sees(elevation, points[viewer], Points(lat, lon), reach_km)
    higher_m = elevation.at(points)[viewer] - height_m
    return Dominance(
        _share(viewer, seen & (higher_m >= CLEARLY_M), n_cells), _share(viewer, seen & (higher_m <= -CLEARLY_M), n_cells)
    )


def commands(elevation: Elevation, points: Points, least_m: float, reach_km: float = DOMINANCE_KM) -> Commands:
    """Find which points stand at least so much higher than which others within reach and in sight."""
    from keyterrain.geo.distance import pairs_within

    near = pairs_within(points, points, reach_km)
    height_m = elevation.at(points)
    climb_m = height_m[near.first] - height_m[near.second]
    high = climb_m >= least_m
    first, second, climb_m = near.first[high], near.second[high], climb_m[high]
    seen = sees(elevation, points[first], points[second], reach_km)
    first, second, climb_m = first[seen], second[seen], climb_m[seen]
    order = np.lexsort((second, first, -climb_m))
    first, second = first[order], second[order]
    return Commands(first, second, climb_m[order], distance_km(points[first], points[second]))


def viewshed(elevation: Elevation, viewer: Points, reach_km: float) -> Booleans:
    """Cells (row, column) of the raster within reach that one viewer sees."""
    seen = np.zeros(elevation.heights_m.shape, dtype=np.bool_)
    cells = elevation.cells_within(float(viewer.lat[0]), float(viewer.lon[0]), reach_km)
    eye = viewer[np.zeros(cells.km.size, dtype=np.int64)]
    seen[cells.row, cells.column] = sees(elevation, eye, cells.points, reach_km)
    return seen


def _looked_at(elevation: Elevation, lat: float, lon: float, reach_km: float) -> Cells:
    """Cells within reach of a point; where they are many, those of every n-th row and column counted from its own."""
    cells = elevation.cells_within(lat, lon, reach_km)
    apart = ceil(sqrt(cells.km.size / MOST_CELLS))
    if apart <= 1:
        return cells
    row, column = elevation.grid.cell_of(Points.of([lat], [lon]))
    kept = ((cells.row - round(float(row[0]))) % apart == 0) & ((cells.column - round(float(column[0]))) % apart == 0)
    return Cells(cells.row[kept], cells.column[kept], cells.points[kept], cells.km[kept], cells.height_m[kept])


def _share(viewer: Integers, counts: Booleans, n_cells: Integers) -> Floats:
    found = np.bincount(viewer, weights=counts, minlength=n_cells.size)
    return np.divide(found, n_cells, out=np.zeros(n_cells.size), where=n_cells > 0)


def _joined(parts: list[Floats]) -> Floats:
    return np.concatenate([np.empty(0), *parts])


def _lat(cells: Cells) -> Floats:
    return cells.points.lat


def _lon(cells: Cells) -> Floats:
    return cells.points.lon


def _height_m(cells: Cells) -> Floats:
    return cells.height_m
