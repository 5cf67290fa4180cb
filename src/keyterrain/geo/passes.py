"""Passes and choke points: where the easiest ways across a theatre cross high ground, and where they bundle.

Between every two positions that are neither near nor far from each other the least-cost path on foot is followed, there and
back. A *pass* is where paths reach their highest cell, if that is well above both their ends; a *choke point* is where most
paths go through the same cell, away from their ends. Both are found cell by cell, the strongest first, and what lies about one
found already is counted to it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from keyterrain.geo.distance import Booleans, Floats, Integers, Points, distance_km, pairs_within
from keyterrain.geo.elevation import Elevation
from keyterrain.geo.leastcost import CellNetwork, Path, on_foot

NEAREST_KM, FARTHEST_KM = 8.0, 30.0
"""Between which distances ways are followed (assumption: beyond the next village, within a few days' march)."""
PASS_M = 100.0
"""How far a pass lies above both ends (assumption: as for a commanding height)."""
APART_KM = 2.5
"""Within which cells count as one pass or choke point (assumption: a few cells of 1 km)."""
END_KM = 3.0
"""About an end all ways bundle, which says nothing of the ground (assumption)."""
LEAST_WAYS = 4
"""A place that fewer ways go through is nobody's pass (assumption)."""
MOST_SOURCES = 200
"""Of more positions every n-th is taken, so that large theatres do not take for ever."""
LONGEST_HOURS = 24.0
"""Ways that take longer are nobody's (assumption: a day on foot)."""


@dataclass(frozen=True, slots=True)
class Bundles:
    """Cells in which ways come together, that with most first.

    `ways` is how many go through, `start` and `end` are the ends (numbers of positions) of the quickest of them.
    """

    points: Points
    height_m: Floats
    ways: Integers
    start: Integers
    end: Integers


@dataclass(frozen=True, slots=True)
class Crossings:
    """Passes and choke points, and how many ways were followed in all, and over high ground."""

    passes: Bundles
    chokes: Bundles
    n_ways: int
    n_over: int


@dataclass(frozen=True, slots=True)
class _Way:
    start: int
    end: int
    path: Path


def crossings(elevation: Elevation, points: Points) -> Crossings:
    """Find the passes and choke points between positions."""
    ways = list(_ways(elevation, points))
    over = [way for way in ways if _crosses_high_ground(way.path)]
    passes = _bundles(elevation, over, lambda path: np.array([path.highest]))
    chokes = _bundles(elevation, ways, _away_from_ends)
    return Crossings(passes, chokes, len(ways), len(over))


def _ways(elevation: Elevation, points: Points) -> Iterator[_Way]:
    """Least-cost paths between positions at a medium distance, in both directions."""
    taken = np.arange(0, len(points), max(1, -(-len(points) // MOST_SOURCES)))
    near = pairs_within(points[taken], points[taken], FARTHEST_KM)
    near = near.only(near.km >= NEAREST_KM)
    network = CellNetwork(elevation, on_foot)
    cells = network.cells_of(points)
    for first in np.unique(near.first):
        reach = network.from_points(points[taken[first : first + 1]], LONGEST_HOURS)[0]
        for second in near.second[near.first == first]:
            path = reach.path_to(int(cells[taken[second]]))
            if path is not None:
                yield _Way(int(taken[first]), int(taken[second]), path)


def _crosses_high_ground(path: Path) -> bool:
    return bool(path.height_m[path.highest] >= max(path.height_m[0], path.height_m[-1]) + PASS_M)


def _away_from_ends(path: Path) -> Integers:
    ends = path.points[np.array([0, -1])]
    km = distance_km(path.points[:, None], ends)
    return np.flatnonzero(km.min(axis=1) >= END_KM).astype(np.int64)


def _bundles(elevation: Elevation, ways: list[_Way], marks: Callable[[Path], Integers]) -> Bundles:
    """Cells that most ways mark; every way counts once for each, and for none that lies about one found before."""
    n_columns = elevation.heights_m.shape[1]
    marked = [way.path.row[at] * n_columns + way.path.column[at] for way in ways for at in [marks(way.path)]]
    way_of = np.repeat(np.arange(len(ways)), [cells.size for cells in marked])
    cells, cell_of = np.unique(np.concatenate([np.empty(0, np.int64), *marked]), return_inverse=True)
    row, column = np.divmod(cells, n_columns)
    points = elevation.grid.position_of(row, column)
    left = np.ones(way_of.size, dtype=np.bool_)
    found: list[tuple[int, int, int]] = []  # cell, ways, quickest way
    while left.any():
        best = int(np.argmax(np.bincount(cell_of[left], minlength=cells.size)))
        about = _about(elevation, points, row, column, best)
        through = np.unique(way_of[left & about[cell_of]])
        if through.size < LEAST_WAYS:
            break
        found.append((best, through.size, min(through, key=lambda way: (ways[way].path.hours, way))))
        left &= ~np.isin(way_of, through)
    found.sort(key=lambda each: -each[1])
    at = np.array([each[0] for each in found], dtype=np.int64)
    return Bundles(
        points[at],
        elevation.heights_m[row[at], column[at]].astype(np.float64),
        np.array([each[1] for each in found], dtype=np.int64),
        np.array([ways[each[2]].start for each in found], dtype=np.int64),
        np.array([ways[each[2]].end for each in found], dtype=np.int64),
    )


def _about(elevation: Elevation, points: Points, row: Integers, column: Integers, centre: int) -> Booleans:
    """Which cells lie within a pass's width of one of them."""
    reach = 1 + int(np.ceil(APART_KM / (0.9 * elevation.cell.finest_km)))
    near = np.flatnonzero((np.abs(row - row[centre]) <= reach) & (np.abs(column - column[centre]) <= reach))
    about = np.zeros(row.size, dtype=np.bool_)
    about[near] = distance_km(points[near], points[centre : centre + 1]) <= APART_KM
    return about
