from __future__ import annotations

from math import exp
from pathlib import Path

import numpy as np
import pytest

from keyterrain.geo.distance import Points, distance_km, offset
from keyterrain.geo.walking import (
    climb,
    cross_country_hours,
    final_climb_m,
    n_segments,
    straight_points,
    tobler_km_h,
    walk,
    without_gaps,
)
from terrains import ground_of

LEVEL_KM_H = 6.0 * exp(-0.175)
NAN = float("nan")


def test_speeds_of_tobler_by_hand() -> None:
    # level 6 e^-0.175, best at 5 % down, 10 % up 6 e^-0.525, 10 % down 6 e^-0.175
    np.testing.assert_allclose(tobler_km_h([0.0, -0.05, 0.1, -0.1]), [5.0367, 6.0, 3.5494, 5.0367], atol=1e-4)


def test_hours_along_a_profile_by_hand() -> None:
    hours = walk(np.array([[1000.0, 1050.0, 1050.0]]), np.array([1.0]), on_path=True)
    # 0.5 km at 10 % up and 0.5 km level; on the way back 10 % down takes as long as level
    assert hours.there_hours[0] == pytest.approx(0.5 / 3.5494 + 0.5 / 5.0367, rel=1e-4)
    assert hours.back_hours[0] == pytest.approx(1.0 / 5.0367, rel=1e-4)


def test_off_a_path_everything_takes_five_thirds_of_the_time() -> None:
    profile, km = np.array([[0.0, 200.0, 100.0, 400.0]]), np.array([6.0])
    on, off = (walk(profile, km, on_path=on_path) for on_path in (True, False))
    np.testing.assert_allclose(off.there_hours, on.there_hours / 0.6)
    np.testing.assert_allclose(off.back_hours, on.back_hours / 0.6)


def test_there_is_back_for_the_profile_turned_round() -> None:
    profile, km = np.array([[0.0, 200.0, 100.0, 400.0]]), np.array([6.0])
    forth, turned = walk(profile, km, on_path=True), walk(profile[:, ::-1], km, on_path=True)
    np.testing.assert_allclose(forth.there_hours, turned.back_hours)


def test_a_road_longer_than_the_line_is_gentler() -> None:
    profile = np.array([[0.0, 300.0]])
    direct, winding = walk(profile, np.array([1.0]), on_path=True), walk(profile, np.array([3.0]), on_path=True)
    assert winding.there_hours[0] == pytest.approx(3.0 / 3.5494, rel=1e-4)
    assert winding.there_hours[0] < 3.0 * direct.there_hours[0]


def test_no_way_takes_no_time() -> None:
    hours = walk(np.array([[500.0, 500.0]]), np.array([0.0]), on_path=False)
    assert (hours.there_hours[0], hours.back_hours[0]) == (0.0, 0.0)


def test_climb_is_the_sum_of_rises_in_each_direction() -> None:
    risen = climb(np.array([[100.0, 300.0, 250.0, 400.0]]))
    assert (risen.there_m[0], risen.back_m[0]) == (350.0, 50.0)


@pytest.mark.parametrize(("share", "m"), [(0.25, 150.0), (0.5, 150.0), (0.625, 250.0), (1.0, 350.0), (3.0, 350.0)])
def test_climb_of_the_last_part(share: float, m: float) -> None:
    assert final_climb_m(np.array([100.0, 100.0, 300.0, 250.0, 400.0]), share) == pytest.approx(m)


def test_lines_are_cut_into_parts_of_at_most_500_m() -> None:
    assert n_segments(np.array([0.0, 0.3, 0.5, 0.51, 5.0, 5.2])).tolist() == [1, 1, 1, 2, 10, 11]


def test_points_of_a_line_are_at_most_500_m_apart() -> None:
    start = Points.of([34.0, 34.0], [36.0, 36.0])
    end = offset(start, np.array([7.3, 0.2]), np.array([2.0, 0.1]))
    for line, km in zip(straight_points(start, end), distance_km(start, end), strict=True):
        steps = distance_km(Points(line.lat[:-1], line.lon[:-1]), Points(line.lat[1:], line.lon[1:]))
        assert steps.max() <= 0.5 + 1e-6
        assert steps.sum() == pytest.approx(km)


def test_across_a_plain_it_is_distance_over_speed(tmp_path: Path) -> None:
    elevation = ground_of(tmp_path, np.full((40, 40), 900.0))
    start = Points.of([34.4] * 3, [36.1] * 3)
    end = offset(start, np.array([10.0, 0.0, 0.0]), np.array([0.0, -7.7, 0.0]))
    hours = cross_country_hours(elevation, start, end)
    np.testing.assert_allclose(hours.there_hours, np.array([10.0, 7.7, 0.0]) / (0.6 * LEVEL_KM_H), rtol=1e-6, atol=1e-12)
    np.testing.assert_allclose(hours.there_hours, hours.back_hours)


def test_up_a_plane_it_is_the_speed_of_its_slope(tmp_path: Path) -> None:
    elevation = ground_of(tmp_path, np.arange(40)[:, None] * 92.43 * np.ones(40))
    start = Points.of([34.4], [36.1])
    hours = cross_country_hours(elevation, start, offset(start, 0.0, -10.0))
    assert hours.there_hours[0] == pytest.approx(10.0 / (0.6 * 3.5494), rel=2e-3)
    assert hours.back_hours[0] == pytest.approx(10.0 / (0.6 * 5.0367), rel=2e-3)


def test_gaps_in_a_profile_are_bridged() -> None:
    filled = without_gaps(np.array([[100.0, NAN, 300.0], [NAN, 50.0, NAN], [NAN, NAN, NAN], [1.0, 2.0, 3.0]]))
    assert filled.tolist() == [[100.0, 200.0, 300.0], [50.0, 50.0, 50.0], [0.0, 0.0, 0.0], [1.0, 2.0, 3.0]]
