from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from keyterrain.geo.distance import distance_km
from keyterrain.geo.elevation import Elevation
from keyterrain.geo.passes import END_KM, Crossings, crossings
from terrains import utm_ground

CELL_M = 800.0


def a_range(*saddles: tuple[int, float]) -> np.ndarray:
    """A plain with a range across it, lower in some rows."""
    heights = np.full((41, 41), 900.0)
    heights[:, 19:22] = 1900.0
    for row, height_m in saddles:
        heights[row, 19:22] = height_m
    return heights


def found_on(elevation: Elevation, rows: list[int], columns: tuple[int, int] = (12, 28)) -> Crossings:
    """Crossings between places on both sides of the range."""
    row, column = np.array([(r, c) for r in rows for c in columns]).T
    return crossings(elevation, elevation.grid.position_of(row, column))


def test_all_ways_over_a_range_cross_it_by_its_one_saddle(tmp_path: Path) -> None:
    elevation = utm_ground(tmp_path, a_range((20, 1150.0)), step_m=CELL_M)
    found = found_on(elevation, [14, 20, 26])
    row, column = elevation.grid.cell_of(found.passes.points)
    assert len(found.passes.ways) == 1
    assert row[0] == pytest.approx(20.0, abs=1e-6)
    assert 19 <= round(float(column[0])) <= 21
    assert found.passes.height_m[0] == 1150.0
    # three places on each side, there and back, and none along the range
    assert found.passes.ways[0] == found.n_over == 18
    # the quickest of them is that between the two places beside the saddle
    assert {int(found.passes.start[0]), int(found.passes.end[0])} == {2, 3}


def test_of_two_saddles_each_has_the_ways_that_are_near_it(tmp_path: Path) -> None:
    elevation = utm_ground(tmp_path, a_range((8, 1150.0), (32, 1150.0)), step_m=CELL_M)
    found = found_on(elevation, [6, 10, 30, 34])
    row, _ = elevation.grid.cell_of(found.passes.points)
    assert sorted(np.rint(row).tolist()) == [8.0, 32.0]
    assert found.passes.ways.sum() == found.n_over


def test_level_ground_has_no_passes(tmp_path: Path) -> None:
    found = found_on(utm_ground(tmp_path, np.full((41, 41), 900.0), step_m=CELL_M), [10, 20, 30])
    assert found.n_over == 0
    assert found.passes.ways.size == 0
    assert found.n_ways > 0


def test_ways_bundle_in_a_gap(tmp_path: Path) -> None:
    heights = np.full((41, 41), 900.0)
    heights[:, 20] = np.nan
    heights[20, 20] = 900.0  # a bridge, with no climb to it
    elevation = utm_ground(tmp_path, heights, step_m=CELL_M)
    found = found_on(elevation, [14, 26])
    row, column = elevation.grid.cell_of(found.chokes.points[:1])
    assert np.hypot(row[0] - 20, column[0] - 20) * CELL_M <= 2500.0
    assert found.chokes.ways[0] == 8
    assert found.passes.ways.size == 0


def test_what_few_ways_use_is_nobodys_pass(tmp_path: Path) -> None:
    elevation = utm_ground(tmp_path, a_range((20, 1150.0)), step_m=CELL_M)
    assert found_on(elevation, [20]).passes.ways.size == 0


def test_mirrored_ground_has_mirrored_passes(tmp_path: Path) -> None:
    # the middle of the zone, where the projection is symmetric
    west = 500_000.0 - 41 * CELL_M / 2
    heights = a_range((12, 1150.0), (29, 1250.0))
    heights += np.linspace(0.0, 60.0, 41)[:, None]
    one = found_on(utm_ground(tmp_path, heights, step_m=CELL_M, west=west), [10, 22, 30])
    other = found_on(utm_ground(tmp_path, heights[:, ::-1], step_m=CELL_M, west=west), [10, 22, 30])
    np.testing.assert_array_equal(one.passes.ways, other.passes.ways)
    np.testing.assert_allclose(one.passes.height_m, other.passes.height_m)


def test_saddles_four_km_apart_are_two(tmp_path: Path) -> None:
    elevation = utm_ground(tmp_path, a_range((17, 1150.0), (22, 1150.0)), step_m=CELL_M)
    row, _ = elevation.grid.cell_of(found_on(elevation, [13, 16, 23, 26]).passes.points)
    assert sorted(np.rint(row).tolist()) == [17.0, 22.0]


def test_the_edge_of_an_upland_is_no_pass(tmp_path: Path) -> None:
    heights = np.full((41, 41), 900.0)
    heights[:, 20:] = 1900.0
    found = found_on(utm_ground(tmp_path, heights, step_m=CELL_M), [14, 20, 26])
    assert found.n_ways > 0
    assert found.n_over == 0


def test_ways_to_the_next_village_are_not_followed(tmp_path: Path) -> None:
    elevation = utm_ground(tmp_path, np.full((41, 41), 900.0), step_m=CELL_M)
    assert found_on(elevation, [20], (12, 18)).n_ways == 0  # 4.8 km
    assert found_on(elevation, [20], (12, 24)).n_ways == 2  # 9.6 km


def test_where_ways_bundle_because_they_end_there_is_no_choke_point(tmp_path: Path) -> None:
    elevation = utm_ground(tmp_path, np.full((41, 41), 900.0), step_m=CELL_M)
    places = elevation.grid.position_of(np.array([20, 8, 16, 24, 32]), np.array([6, 30, 30, 30, 30]))
    chokes = crossings(elevation, places).chokes
    assert chokes.ways.size
    for i in range(chokes.ways.size):
        assert distance_km(chokes.points[i : i + 1], places[chokes.start[i : i + 1]])[0] >= END_KM
        assert distance_km(chokes.points[i : i + 1], places[chokes.end[i : i + 1]])[0] >= END_KM
