"""Least-cost paths against independent codes: networkx for slopes, scikit-image for level ground with holes."""

from __future__ import annotations

from math import exp, hypot
from pathlib import Path

import networkx as nx
import numpy as np
import pytest
from skimage.graph import MCP_Geometric

from keyterrain.geo.elevation import Elevation
from keyterrain.geo.leastcost import CellNetwork, on_foot, on_tracks
from terrains import centre, ground_of, rough_heights, utm_ground

CELL_M = 500.0
LEVEL_KM_H = 0.6 * 6.0 * exp(-0.175)


def hours_from(elevation: Elevation, row: int, column: int) -> np.ndarray:
    """Hours on foot from a cell to all others, (row, column)."""
    (reach,) = CellNetwork(elevation, on_foot).from_points(centre(elevation, row, column))
    return reach.hours.reshape(elevation.heights_m.shape)


def by_networkx(heights: np.ndarray, row: int, column: int) -> np.ndarray:
    """The same from a graph that is built cell by cell, with Tobler written out again and distances of the plane."""
    graph = nx.DiGraph()
    n_rows, n_columns = heights.shape
    for r in range(n_rows):
        for c in range(n_columns):
            for dr in (-1, 0, 1):
                for dc in (-1, 0, 1):
                    if (dr, dc) != (0, 0) and 0 <= r + dr < n_rows and 0 <= c + dc < n_columns:
                        km = hypot(dr, dc) * CELL_M / 1000.0
                        slope = (heights[r + dr, c + dc] - heights[r, c]) / (1000.0 * km)
                        hours = km / (0.6 * 6.0 * exp(-3.5 * abs(slope + 0.05)))
                        graph.add_edge((r, c), (r + dr, c + dc), hours=hours)
    found = nx.single_source_dijkstra_path_length(graph, (row, column), weight="hours")
    return np.array([[found[r, c] for c in range(n_columns)] for r in range(n_rows)])


def test_hours_over_rough_ground_agree_with_networkx(tmp_path: Path) -> None:
    heights = rough_heights((18, 22), seed=4, smooth=1.5, low=900.0, high=2000.0).astype(np.float32)
    # the projection stretches by 4 in 10,000 where the raster lies
    np.testing.assert_allclose(
        hours_from(utm_ground(tmp_path, heights, step_m=CELL_M), 3, 5), by_networkx(heights.astype(float), 3, 5), rtol=1e-3
    )


def test_hours_over_level_ground_with_lakes_agree_with_scikit_image(tmp_path: Path) -> None:
    heights = np.full((30, 30), 800.0)
    heights[5:25, 12] = np.nan
    heights[20, 12:28] = np.nan
    found = hours_from(utm_ground(tmp_path, heights, step_m=CELL_M), 15, 4)
    costs, _ = MCP_Geometric(np.where(np.isnan(heights), -1.0, 1.0)).find_costs([(15, 4)])
    expected = costs * CELL_M / 1000.0 / LEVEL_KM_H
    land = ~np.isnan(heights)
    np.testing.assert_allclose(found[land], expected[land], rtol=1e-3)
    assert np.isinf(found[~land]).all()
    assert found[15, 14] > 2.0 * 5.0 / LEVEL_KM_H, "the lake has to be gone round"


def test_the_way_over_open_ground_is_at_most_8_percent_too_long(tmp_path: Path) -> None:
    elevation = utm_ground(tmp_path, np.full((41, 41), 500.0), step_m=CELL_M)
    row, column = np.mgrid[0:41, 0:41]
    straight = np.hypot(row - 20, column - 20) * CELL_M / 1000.0 / LEVEL_KM_H
    share = hours_from(elevation, 20, 20)[straight > 0] / straight[straight > 0]
    assert share.min() == pytest.approx(1.0, abs=1e-3)
    assert share.max() == pytest.approx(1.0 / np.cos(np.radians(22.5)), abs=2e-3)


def test_a_path_takes_the_saddle_and_not_the_ridge(tmp_path: Path) -> None:
    heights = np.full((21, 21), 1000.0)
    heights[:, 10] = 1800.0
    heights[14, 10] = 1150.0
    elevation = utm_ground(tmp_path, heights, step_m=CELL_M)
    (reach,) = CellNetwork(elevation, on_foot).from_points(centre(elevation, 8, 2))
    path = reach.path_to(8 * 21 + 18)
    assert path is not None
    assert (path.row[path.highest], path.column[path.highest]) == (14, 10)
    assert (path.row[0], path.column[0], path.row[-1], path.column[-1]) == (8, 2, 8, 18)
    assert path.hours == pytest.approx(float(reach.hours[8 * 21 + 18]))
    assert np.abs(np.diff(path.row)).max() <= 1
    assert np.abs(np.diff(path.column)).max() <= 1


def test_uphill_takes_longer_than_downhill(tmp_path: Path) -> None:
    slope = np.broadcast_to(np.arange(20) * 0.2 * CELL_M, (5, 20))
    elevation = utm_ground(tmp_path, slope, step_m=CELL_M)
    km = 19 * CELL_M / 1000.0
    assert hours_from(elevation, 2, 0)[2, 19] == pytest.approx(km / (3.6 * exp(-3.5 * 0.25)), rel=1e-3)
    assert hours_from(elevation, 2, 19)[2, 0] == pytest.approx(km / (3.6 * exp(-3.5 * 0.15)), rel=1e-3)


def test_vehicles_go_round_what_is_steeper_than_their_critical_slope(tmp_path: Path) -> None:
    heights = np.full((15, 15), 700.0)
    heights[4:11, 7] = 850.0  # 30 % up and down
    elevation = utm_ground(tmp_path, heights, step_m=CELL_M)
    (reach,) = CellNetwork(elevation, on_tracks(20.0, 0.1)).from_points(centre(elevation, 7, 3))
    path = reach.path_to(7 * 15 + 11)
    assert path is not None
    assert path.height_m.max() == 700.0
    # straight over: 6 level steps and 2 at three times the critical slope, six times as long each
    assert path.hours < (6 + 2 * 6) * 0.5 / 20.0


def test_where_no_way_leads_there_is_no_path(tmp_path: Path) -> None:
    heights = np.full((9, 9), 700.0)
    heights[:, 4] = np.nan
    elevation = utm_ground(tmp_path, heights, step_m=CELL_M)
    (reach,) = CellNetwork(elevation, on_foot).from_points(centre(elevation, 4, 1))
    assert reach.path_to(4 * 9 + 7) is None
    assert np.isinf(reach.hours_to(centre(elevation, 4, 7)))


def test_a_limit_cuts_off_what_is_farther(tmp_path: Path) -> None:
    elevation = utm_ground(tmp_path, np.full((9, 30), 700.0), step_m=CELL_M)
    (reach,) = CellNetwork(elevation, on_foot).from_points(centre(elevation, 4, 0), 1.0)
    columns = np.arange(30) * 0.5 / LEVEL_KM_H
    np.testing.assert_array_equal(np.isfinite(reach.hours.reshape(9, 30)[4]), columns <= 1.0)


def test_hours_are_the_same_on_mirrored_ground(tmp_path: Path) -> None:
    heights = rough_heights((16, 16), seed=9, smooth=1.0)
    one = hours_from(ground_of(tmp_path, heights), 3, 4)
    other = hours_from(ground_of(tmp_path, heights[:, ::-1]), 3, 11)
    np.testing.assert_allclose(one, other[:, ::-1], rtol=1e-9)


def test_degrees_are_never_taken_for_km(tmp_path: Path) -> None:
    # 10 cells of 30 arc seconds: along a meridian 9.24 km, along the parallel of 34.4 degrees 7.66 km
    elevation = ground_of(tmp_path, np.full((20, 20), 400.0))
    hours = hours_from(elevation, 5, 5)
    assert hours[15, 5] * LEVEL_KM_H == pytest.approx(9.244, rel=1e-3)
    assert hours[5, 15] * LEVEL_KM_H == pytest.approx(7.659, rel=2e-3)
