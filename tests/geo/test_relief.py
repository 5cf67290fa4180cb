from __future__ import annotations

from collections.abc import Callable
from functools import partial
from math import atan, cos, degrees, radians, sqrt
from pathlib import Path

import numpy as np
import pytest

import spatial_oracle
from keyterrain.geo import relief as relief_module
from keyterrain.geo.distance import Points
from keyterrain.geo.elevation import Elevation
from keyterrain.geo.relief import relief_index, relief_m, ruggedness_m, slope_deg, vector_ruggedness
from terrains import ARC_30, centre, ground_of, rough_heights, utm_ground


def great_circle_km(lat0: float, lon0: float, lat1: np.ndarray, lon1: np.ndarray) -> np.ndarray:
    """Haversine on a sphere, for a check that shares nothing with the package; within 0.5 % of the ellipsoid."""
    a = np.sin(np.radians(lat1 - lat0) / 2) ** 2
    a += cos(radians(lat0)) * np.cos(np.radians(lat1)) * np.sin(np.radians(lon1 - lon0) / 2) ** 2
    return 2 * 6371.0 * np.arcsin(np.sqrt(a))


def test_relief_agrees_with_a_look_at_every_cell(tmp_path: Path) -> None:
    heights = rough_heights((40, 40), seed=1, smooth=1.0)
    elevation = ground_of(tmp_path, heights)
    rng = np.random.default_rng(2)
    points = Points.of(34.5 - rng.uniform(8, 32, 200) * ARC_30, 36.0 + rng.uniform(8, 32, 200) * ARC_30)
    row, column = np.mgrid[0:40, 0:40]
    n_checked = 0
    for lat, lon, relief in zip(points.lat, points.lon, relief_m(elevation, points), strict=True):
        km = great_circle_km(lat, lon, 34.5 - (row + 0.5) * ARC_30, 36.0 + (column + 0.5) * ARC_30)
        if (abs(km - 3.0) > 0.015).all():  # a cell nearer to the rim may be in for the sphere and out for the ellipsoid
            inside = heights[km <= 3.0]
            assert relief == pytest.approx(inside.max() - inside.min(), rel=1e-5)
            n_checked += 1
    assert n_checked > 40


def test_relief_counts_metres_and_not_cells(tmp_path: Path) -> None:
    # the same slope of 100 m per km on cells of 250 m and of 1000 m
    fine, coarse = (
        utm_ground(tmp_path, np.broadcast_to(np.arange(n) * step / 10.0, (n, n)), step_m=step)
        for n, step in ((80, 250.0), (20, 1000.0))
    )
    for elevation, tolerance_m in ((fine, 50.0), (coarse, 200.0)):
        middle = centre(elevation, elevation.grid.n_rows / 2, elevation.grid.n_columns / 2)
        assert relief_m(elevation, middle)[0] == pytest.approx(600.0, abs=tolerance_m)


def test_flat_ground_has_neither_relief_nor_slope(tmp_path: Path) -> None:
    elevation = ground_of(tmp_path, np.full((20, 20), 1234.0))
    points = Points.of([34.45, 34.41, 34.5], [36.05, 36.1, 36.0])
    assert (relief_m(elevation, points) == 0.0).all()
    assert (slope_deg(elevation, points) == 0.0).all()


def test_slope_of_a_hand_sized_raster(tmp_path: Path) -> None:
    elevation = utm_ground(tmp_path, [[50.0, 45.0, 50.0], [30.0, 30.0, 30.0], [8.0, 10.0, 10.0]], step_m=5.0)
    # Horn by hand: across (50 + 60 + 10 - 50 - 60 - 8) / 40 = 0.05, down (8 + 20 + 10 - 50 - 90 - 50) / 40 = -3.8
    expected = degrees(atan(sqrt(0.05**2 + 3.8**2)))
    assert slope_deg(elevation, centre(elevation, 1, 1))[0] == pytest.approx(expected, abs=0.02)


def test_slope_agrees_with_xarray_spatial(tmp_path: Path) -> None:
    heights = rough_heights((30, 30), seed=3, smooth=1.5)
    expected = spatial_oracle.slope_deg(heights, 500.0)[1:-1, 1:-1]
    elevation = utm_ground(tmp_path, heights, step_m=500.0)
    row, column = (index.ravel() for index in np.mgrid[1:29, 1:29])
    found = slope_deg(elevation, elevation.grid.position_of(row, column)).reshape(28, 28)
    np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-3)


def test_ruggedness_of_a_hand_sized_raster(tmp_path: Path) -> None:
    elevation = utm_ground(tmp_path, [[9.0, 8.0, 7.0], [6.0, 5.0, 4.0], [3.0, 2.0, 1.0]], step_m=500.0)
    # differences of 4, 3, 2, 1, 1, 2, 3, 4
    assert ruggedness_m(elevation, centre(elevation, 1, 1))[0] == pytest.approx(sqrt(60.0), rel=1e-5)


def test_a_steady_slope_is_steep_and_not_broken(tmp_path: Path) -> None:
    plane = np.add.outer(np.arange(11) * 150.0, np.arange(11) * 60.0)
    elevation = utm_ground(tmp_path, plane, step_m=500.0)
    assert ruggedness_m(elevation, centre(elevation, 5, 5))[0] > 300.0
    assert vector_ruggedness(elevation, centre(elevation, 5, 5))[0] == pytest.approx(0.0, abs=1e-8)


def test_broken_ground_has_normals_that_spread_as_by_hand(tmp_path: Path) -> None:
    roof = 1000.0 - 250.0 * np.abs(np.arange(11) - 5)[None, :] * np.ones((11, 1))  # a ridge with sides of 50 %
    elevation = utm_ground(tmp_path, roof, step_m=500.0)
    # three normals lean west, three stand upright on the crest, three lean east: sum (0, 6 cos a + 3)
    upright = (6.0 / sqrt(1.0 + 0.5**2) + 3.0) / 9.0
    assert vector_ruggedness(elevation, centre(elevation, 5, 5))[0] == pytest.approx(1.0 - upright, rel=1e-3)
    assert vector_ruggedness(ground_of(tmp_path, np.full((9, 9), 5.0)), Points.of([34.46], [36.03]))[0] == 0.0


@pytest.mark.parametrize("lat", [0.5, 34.0, 60.0])
def test_a_plane_has_its_slope_at_every_latitude(tmp_path: Path, lat: float) -> None:
    m_per_row = 111_132.95 - 559.85 * cos(2 * radians(lat)) + 1.175 * cos(4 * radians(lat))  # series for a degree of WGS 84
    heights = 0.1 * m_per_row * ARC_30 * np.arange(20)[:, None] * np.ones(20)
    elevation = ground_of(tmp_path, heights, north=lat + 10 * ARC_30)
    assert slope_deg(elevation, Points.of([lat], [36.08]))[0] == pytest.approx(degrees(atan(0.1)), rel=1e-3)


def test_ground_steep_to_the_east_is_steeper_where_degrees_are_narrower(tmp_path: Path) -> None:
    slopes = [
        slope_deg(
            ground_of(tmp_path, np.broadcast_to(np.arange(20) * 50.0, (20, 20)), north=lat), Points.of([lat - 0.08], [36.08])
        )[0]
        for lat in (0.08, 60.08)
    ]
    assert np.tan(np.radians(slopes[1])) / np.tan(np.radians(slopes[0])) == pytest.approx(2.0, rel=0.01)


def test_the_relief_index_is_0_on_rolling_and_1_on_alpine_ground() -> None:
    index = relief_index(np.array([0.0, 10.0, 150.0, sqrt(150.0 * 1000.0), 1000.0, 2500.0]))
    np.testing.assert_allclose(index, [0.0, 0.0, 0.0, 0.5, 1.0, 1.0], atol=1e-12)


@pytest.mark.parametrize("at_once", [1, 500, 200_000])
@pytest.mark.parametrize("make", [ground_of, partial(utm_ground, step_m=700.0)])
def test_relief_of_many_points_is_to_the_bit_that_of_the_cells_about_each(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, make: Callable[[Path, np.ndarray], Elevation], at_once: int
) -> None:
    heights = rough_heights((30, 40), seed=4)
    heights[5:9, 11:14] = np.nan
    elevation = make(tmp_path, heights)
    rng = np.random.default_rng(3)
    # also at the edge, in corners and amid cells without data
    row, column = (
        np.append(rng.uniform(-0.5, 29.5, 60), [0.0, 29.0, 6.0]),
        np.append(rng.uniform(-0.5, 39.5, 60), [0.0, 39.0, 12.0]),
    )
    points = elevation.grid.position_of(row, column)
    around = [elevation.cells_within(lat, lon, 3.0).height_m for lat, lon in zip(points.lat, points.lon, strict=True)]
    expected = [
        np.ptp(np.append(cells, own[~np.isnan(own)])) for cells, own in zip(around, elevation.at(points)[:, None], strict=True)
    ]
    monkeypatch.setattr(relief_module, "CELLS_AT_ONCE", at_once)
    assert relief_m(elevation, points).tolist() == expected
    assert relief_m(elevation, points[:0]).shape == (0,)
