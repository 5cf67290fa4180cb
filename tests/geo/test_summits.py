from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy.ndimage import label

from keyterrain.geo.distance import Points, distance_km, offset
from keyterrain.geo.elevation import Elevation
from keyterrain.geo.summits import commanding_heights, highest_within, is_prominent, local_peaks
from terrains import centre, ground_of, rough_heights, utm_ground

STEP_M = 250.0
MIDDLE = 40


def hills(path: Path, *tops: tuple[float, float, float], half_width_km: float = 0.7, plain_m: float = 1000.0) -> Elevation:
    """Cones on a plain: km east and north of the middle cell, and metres above the plain."""
    offsets_km = (np.arange(2 * MIDDLE + 1) - MIDDLE) * STEP_M / 1000.0
    east, north = np.meshgrid(offsets_km, -offsets_km)
    heights = np.full(east.shape, plain_m)
    for x, y, rise in tops:
        cone = rise * np.clip(1.0 - np.hypot(east - x, north - y) / half_width_km, 0.0, 1.0)
        heights = np.maximum(heights, plain_m + cone)
    return utm_ground(path, heights, step_m=STEP_M)


def n_commanding(elevation: Elevation) -> int:
    return int(commanding_heights(elevation, centre(elevation, MIDDLE, MIDDLE)).count(1)[0])


def test_hills_about_a_place_are_counted(tmp_path: Path) -> None:
    assert n_commanding(hills(tmp_path)) == 0
    assert n_commanding(hills(tmp_path, (2.0, 0.0, 200.0))) == 1
    assert n_commanding(hills(tmp_path, (2.0, 0.0, 200.0), (-2.0, 1.0, 150.0))) == 2


def test_no_more_than_three_are_counted_and_these_are_the_highest(tmp_path: Path) -> None:
    tops = [(2.0, 0.0, 110.0), (0.0, 2.0, 300.0), (-2.0, 0.0, 200.0), (0.0, -2.0, 250.0)]
    elevation = hills(tmp_path, *tops)
    found = commanding_heights(elevation, centre(elevation, MIDDLE, MIDDLE))
    assert sorted(found.height_m) == pytest.approx([1200.0, 1250.0, 1300.0], abs=0.01)


@pytest.mark.parametrize(("rise_m", "n"), [(99.0, 0), (101.0, 1)])
def test_a_hill_counts_from_100_m_above_the_place(tmp_path: Path, rise_m: float, n: int) -> None:
    assert n_commanding(hills(tmp_path, (2.0, 0.0, rise_m))) == n


@pytest.mark.parametrize(("km", "n"), [(3.75, 1), (4.25, 0)])
def test_a_hill_counts_up_to_4_km(tmp_path: Path, km: float, n: int) -> None:
    assert n_commanding(hills(tmp_path, (km, 0.0, 300.0))) == n


@pytest.mark.parametrize(("apart_km", "n"), [(0.5, 1), (1.5, 2)])
def test_two_tops_count_twice_only_with_a_dip_of_100_m_between_them(tmp_path: Path, apart_km: float, n: int) -> None:
    # cones of 300 m over 0.7 km: 0.5 km apart the saddle is 107 m below if between cells, 1.5 km apart it is the plain
    elevation = hills(tmp_path, (2.0, 0.0, 240.0), (2.0, apart_km, 230.0), half_width_km=0.8)
    assert n_commanding(elevation) == n


def test_a_hill_behind_a_ridge_does_not_command(tmp_path: Path) -> None:
    wall = [(1.0, y, 90.0) for y in np.arange(-6.0, 6.1, 0.25)]
    assert n_commanding(hills(tmp_path, (3.5, 0.0, 150.0))) == 1
    assert n_commanding(hills(tmp_path, (3.5, 0.0, 150.0), *wall)) == 0


def test_the_spur_of_a_higher_massif_is_no_separate_summit(tmp_path: Path) -> None:
    steps = [(2.0 + i, 0.0, 200.0 + 100.0 * i) for i in range(6)]
    elevation = hills(tmp_path, *steps, half_width_km=2.5)
    assert n_commanding(elevation) == 0


@pytest.mark.parametrize(("km", "separate"), [(8.0, False), (12.0, True)])
def test_the_way_to_higher_ground_is_followed_for_10_km(tmp_path: Path, km: float, separate: bool) -> None:
    heights = np.full((20, 81), 1000.0)
    end = 10 + round(km * 1000.0 / STEP_M)
    heights[10, 10:end] = 1190.0  # a crest that dips by 10 m only
    heights[10, 10], heights[10, end] = 1200.0, 1300.0
    assert is_prominent(utm_ground(tmp_path, heights, step_m=STEP_M), 10, 10) is separate


def test_a_flat_top_is_one_summit(tmp_path: Path) -> None:
    heights = np.full((81, 81), 1000.0)
    heights[36:39, 47:50] = 1200.0
    elevation = utm_ground(tmp_path, heights, step_m=STEP_M)
    assert n_commanding(elevation) == 1


def test_a_horseshoe_of_one_height_is_one_summit(tmp_path: Path) -> None:
    heights = np.full((81, 81), 1000.0)
    heights[36, 46:52] = heights[36:42, 46] = heights[36:42, 51] = 1200.0
    elevation = utm_ground(tmp_path, heights, step_m=STEP_M)
    assert sum(is_prominent(elevation, int(r), int(c)) for r, c in zip(*peaks_above(elevation, 1100.0), strict=True)) == 1


def peaks_above(elevation: Elevation, height_m: float) -> tuple[np.ndarray, np.ndarray]:
    peaks = local_peaks(elevation)
    high = peaks.height_m > height_m
    return peaks.row[high], peaks.column[high]


def test_prominence_agrees_with_islands_left_by_a_flood(tmp_path: Path) -> None:
    heights = rough_heights((30, 30), seed=1, smooth=1.2, low=500.0, high=1500.0).astype(np.float32)
    elevation = utm_ground(tmp_path, heights, step_m=STEP_M)
    peaks = local_peaks(elevation)
    answers = [is_prominent(elevation, int(r), int(c)) for r, c in zip(peaks.row, peaks.column, strict=True)]
    expected = []
    for r, c in zip(peaks.row, peaks.column, strict=True):
        islands, _ = label(heights > heights[r, c] - 100.0, structure=np.ones((3, 3)))
        expected.append(bool(heights[islands == islands[r, c]].max() == heights[r, c]))
    assert answers == expected
    assert 3 < sum(answers) < len(answers) - 3


def test_peaks_are_the_cells_higher_than_all_eight_about_them(tmp_path: Path) -> None:
    heights = rough_heights((25, 25), seed=2, smooth=0.8)
    peaks = local_peaks(ground_of(tmp_path, heights))
    expected = [
        (r, c) for r in range(1, 24) for c in range(1, 24) if heights[r, c] == heights[r - 1 : r + 2, c - 1 : c + 2].max()
    ]
    assert list(zip(peaks.row.tolist(), peaks.column.tolist(), strict=True)) == expected


def test_a_roughly_known_height_is_the_highest_cell_within_its_error(tmp_path: Path) -> None:
    elevation = hills(tmp_path, (1.0, 0.0, 300.0), (2.5, 0.0, 500.0))
    stated = centre(elevation, MIDDLE, MIDDLE)
    near, far = (highest_within(elevation, stated, np.array([km])) for km in (1.5, 3.0))
    assert distance_km(near, centre(elevation, MIDDLE, MIDDLE + 4))[0] < 0.001
    assert distance_km(far, centre(elevation, MIDDLE, MIDDLE + 10))[0] < 0.001


def test_a_height_on_flat_ground_or_without_error_stays(tmp_path: Path) -> None:
    elevation = hills(tmp_path, (1.0, 0.0, 300.0))
    flat = offset(centre(elevation, MIDDLE, MIDDLE), -4.03, 0.07)
    top = offset(centre(elevation, MIDDLE, MIDDLE), 0.6, 0.07)
    for stated, km in ((flat, 1.5), (top, 0.0)):
        kept = highest_within(elevation, stated, np.array([km]))
        assert (kept.lat, kept.lon) == (stated.lat, stated.lon)


def test_every_point_has_its_own_summits(tmp_path: Path) -> None:
    elevation = hills(tmp_path, (-5.0, 0.0, 200.0), (5.0, 0.0, 250.0))
    points = elevation.grid.position_of(np.array([40.0, 40.0, 40.0]), np.array([12.0, 40.0, 68.0]))
    found = commanding_heights(elevation, points)
    assert found.count(3).tolist() == [1, 0, 1]
    assert found.point.tolist() == [0, 2]
    assert found.height_m.tolist() == pytest.approx([1200.0, 1250.0], abs=0.01)
    assert found.km.tolist() == pytest.approx([2.0, 2.0], rel=1e-2)
    assert not commanding_heights(elevation, Points.of([], [])).point.size
