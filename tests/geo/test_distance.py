from __future__ import annotations

import numpy as np
import pytest
from pyproj import Geod

from keyterrain.geo.distance import (
    Points,
    bearing_deg,
    distance_km,
    geodesic_points,
    offset,
    pairs_within,
    short_line_points,
)


def scattered(n: int, seed: int, *, spread: float = 1.0) -> Points:
    rng = np.random.default_rng(seed)
    return Points.of(34.0 + spread * rng.uniform(-1, 1, n), 36.5 + spread * rng.uniform(-1, 1, n))


@pytest.mark.parametrize(
    ("start", "end", "km"),
    [
        ((0.0, 0.0), (0.0, 1.0), 111.31949),  # a sphere of the equatorial radius, 6,378.137 km x pi / 180
        ((0.0, 0.0), (1.0, 0.0), 110.57439),  # WGS 84 meridian degree at the equator
        ((0.0, 0.0), (90.0, 0.0), 10_001.96573),  # WGS 84 meridian quadrant
    ],
)
def test_published_lengths_of_the_ellipsoid(start: tuple[float, float], end: tuple[float, float], km: float) -> None:
    assert distance_km(Points.of(*start), Points.of(*end)) == pytest.approx(km, abs=1e-4)


def test_distances_and_bearings_agree_with_pyproj() -> None:
    here, there = scattered(200, 1), scattered(200, 2)
    azimuth, _, metres = Geod(ellps="WGS84").inv(here.lon, here.lat, there.lon, there.lat)
    np.testing.assert_allclose(distance_km(here, there), metres / 1000.0, rtol=1e-12)
    np.testing.assert_allclose(bearing_deg(here, there), azimuth % 360.0, rtol=1e-12)


def test_distances_broadcast_to_a_matrix() -> None:
    here, there = scattered(3, 1), scattered(4, 2)
    matrix = distance_km(here[:, None], there)
    assert matrix.shape == (3, 4)
    assert matrix[2, 3] == distance_km(here[2], there[3])


def test_an_offset_lies_as_far_as_asked_and_in_that_direction() -> None:
    start = scattered(50, 3)
    east, north = np.random.default_rng(4).uniform(-5, 5, (2, 50))
    moved = offset(start, east, north)
    np.testing.assert_allclose(distance_km(start, moved), np.hypot(east, north), rtol=1e-9)
    np.testing.assert_allclose(bearing_deg(start, moved), np.degrees(np.arctan2(east, north)) % 360.0, atol=1e-6)


def test_no_offset_stays() -> None:
    start = scattered(5, 3)
    moved = offset(start, 0.0, 0.0)
    np.testing.assert_allclose([moved.lat, moved.lon], [start.lat, start.lon], rtol=0, atol=1e-12)


def test_a_degree_of_longitude_is_not_a_degree_of_latitude() -> None:
    north, east = offset(Points.of(60.0, 20.0), 0.0, 10.0), offset(Points.of(60.0, 20.0), 10.0, 0.0)
    assert (east.lon - 20.0) / (north.lat - 60.0) == pytest.approx(2.0, rel=0.01)


def test_points_along_a_geodesic_are_evenly_spaced_and_end_where_it_ends() -> None:
    start, end = scattered(6, 5), scattered(6, 6)
    line = geodesic_points(start, end, 7)
    steps = distance_km(Points(line.lat[:, :-1], line.lon[:, :-1]), Points(line.lat[:, 1:], line.lon[:, 1:]))
    np.testing.assert_allclose(steps, np.broadcast_to(distance_km(start, end)[:, None] / 7, (6, 7)), rtol=1e-8)
    assert (line.lat[:, 0] == start.lat).all()
    assert (line.lon[:, -1] == end.lon).all()


@pytest.mark.parametrize(("km", "leaves_by_m"), [(5.0, 0.5), (20.0, 6.5)])
def test_a_short_line_stays_as_close_to_the_geodesic_as_said(km: float, leaves_by_m: float) -> None:
    start = Points.of(np.full(36, 34.0), np.full(36, 36.0))
    bearing = np.radians(np.arange(0, 360, 10))
    end = offset(start, km * np.sin(bearing), km * np.cos(bearing))
    apart = distance_km(short_line_points(start, end, 10), geodesic_points(start, end, 10))
    assert 0.1 * leaves_by_m < apart.max() * 1000.0 < leaves_by_m


def test_pairs_within_a_radius_are_those_of_the_full_matrix() -> None:
    first, second = scattered(40, 7, spread=0.2), scattered(70, 8, spread=0.2)
    second = second.followed_by(first[:3])
    matrix = distance_km(first[:, None], second)
    expected = np.argwhere(matrix <= 12.0)
    pairs = pairs_within(first, second, 12.0)
    np.testing.assert_array_equal(np.stack([pairs.first, pairs.second], axis=1), expected)
    np.testing.assert_allclose(pairs.km, matrix[pairs.first, pairs.second], rtol=1e-6, atol=1e-9)
    assert {(0, 70), (1, 71), (2, 72)} <= set(zip(pairs.first.tolist(), pairs.second.tolist(), strict=True))


def test_nothing_is_near_nothing() -> None:
    nothing = Points.of([], [])
    assert not pairs_within(nothing, scattered(3, 1), 10.0).first.size
    assert not pairs_within(scattered(3, 1), nothing, 10.0).first.size
