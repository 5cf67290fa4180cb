from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy.ndimage import map_coordinates

from keyterrain.geo.distance import Points, distance_km, offset
from keyterrain.geo.sight import apparent_drop_m, sees, sightings
from terrains import ARC_30, ground_of, rough_heights, utm_ground

BENT_RADIUS_M = 6_371_008.8 / 0.87
"""Over an earth of this radius light with a refraction coefficient of 0.13 runs straight."""


def clearance_m(heights: np.ndarray, here: tuple[float, float], there: tuple[float, float], km: float) -> float:
    """Least height of the ray over the ground, in a plane through the centre of the earth."""
    share = np.linspace(0.0, 1.0, 801)
    lat, lon = here[0] + share * (there[0] - here[0]), here[1] + share * (there[1] - here[1])
    z = map_coordinates(heights, [(34.5 - lat) / ARC_30 - 0.5, (lon - 36.0) / ARC_30 - 0.5], order=1, mode="nearest")
    angle = share * km * 1000.0 / BENT_RADIUS_M
    ground = (BENT_RADIUS_M + z) * np.array([np.sin(angle), np.cos(angle)])
    eye, target = ((BENT_RADIUS_M + z[i] + 2.0) * np.array([np.sin(angle[i]), np.cos(angle[i])]) for i in (0, -1))
    along = (ground[0] - eye[0]) / (target[0] - eye[0])
    return float((eye[1] + along * (target[1] - eye[1]) - ground[1])[1:-1].min())


def test_lines_of_sight_agree_with_rays_drawn_in_space(tmp_path: Path) -> None:
    heights = rough_heights((40, 40), seed=1, smooth=1.5, high=1200.0)
    elevation = ground_of(tmp_path, heights)
    rng = np.random.default_rng(2)
    here = Points.of(34.5 - rng.uniform(8, 32, 400) * ARC_30, 36.0 + rng.uniform(8, 32, 400) * ARC_30)
    there = offset(here, *rng.uniform(-3.5, 3.5, (2, 400)))
    km = distance_km(here, there)
    seen = sees(elevation, here, there, 5.0)
    clear = np.array(
        [
            clearance_m(heights, *ends, length)
            for *ends, length in zip(
                zip(here.lat, here.lon, strict=True), zip(there.lat, there.lon, strict=True), km, strict=True
            )
        ]
    )
    # a ray that grazes the ground may be decided by what lies between two samples
    decided = np.abs(clear) > 2.0
    assert decided.sum() > 200
    assert 0.1 < seen[decided].mean() < 0.9
    np.testing.assert_array_equal(seen[decided], clear[decided] > 0.0)


def test_sight_is_mutual(tmp_path: Path) -> None:
    elevation = ground_of(tmp_path, rough_heights((40, 40), seed=3, smooth=1.0))
    rng = np.random.default_rng(4)
    here = Points.of(34.5 - rng.uniform(8, 32, 200) * ARC_30, 36.0 + rng.uniform(8, 32, 200) * ARC_30)
    there = offset(here, *rng.uniform(-3, 3, (2, 200)))
    forth, back = sees(elevation, here, there, 5.0), sees(elevation, there, here, 5.0)
    assert (forth == back).mean() > 0.99  # the last bit may decide a grazing ray


def test_the_drop_of_the_horizon_by_hand() -> None:
    # 0.87 x 5000^2 / (2 x 6,371,008.8) = 1.7070 m, and four times as much at twice the distance
    np.testing.assert_allclose(apparent_drop_m(np.array([0.0, 5.0, 10.0])), [0.0, 1.70695, 6.8278], rtol=1e-4)


@pytest.mark.parametrize(("km", "seen"), [(5.0, True), (10.4, True), (11.3, False), (20.0, False)])
def test_on_a_plain_two_men_see_each_other_up_to_the_horizon(tmp_path: Path, km: float, seen: bool) -> None:
    # eyes and target 2 m high: 2 x sqrt(2 x 7.323e6 x 2) = 10.8 km
    elevation = ground_of(tmp_path, np.full((60, 60), 700.0))
    here = Points.of([34.25], [36.1])
    assert sees(elevation, here, offset(here, km, 0.0), 20.0)[0] == seen


def test_a_ridge_hides_what_lies_behind_it(tmp_path: Path) -> None:
    heights = np.full((60, 60), 700.0)
    here = Points.of([34.25], [36.1])
    behind, before, along = offset(here, 5.0, 0.0), offset(here, 1.0, 0.0), offset(here, 0.0, 4.0)
    assert sees(ground_of(tmp_path, heights), here, behind, 5.0)[0]
    heights[:, 15:17] = 800.0
    ridge = ground_of(tmp_path, heights)
    assert not sees(ridge, here, behind, 5.0)[0]
    assert sees(ridge, here, before, 5.0)[0]
    assert sees(ridge, here, along, 5.0)[0]


def test_who_stands_on_the_ridge_sees_both_sides(tmp_path: Path) -> None:
    heights = np.full((60, 60), 700.0)
    heights[:, 15] = 800.0
    elevation = ground_of(tmp_path, heights)
    top = Points.of([34.25], [36.0 + 15.5 * ARC_30])
    for east in (-4.0, 4.0):
        assert sees(elevation, top, offset(top, east, 0.0), 5.0)[0]


def test_a_viewer_sees_its_own_place(tmp_path: Path) -> None:
    elevation = ground_of(tmp_path, rough_heights((20, 20), seed=5))
    here = Points.of([34.42], [36.08])
    assert sees(elevation, here, here, 5.0)[0]


def test_ground_without_data_hides_nothing_and_is_not_seen(tmp_path: Path) -> None:
    heights = np.full((40, 40), 700.0)
    heights[:, 10:14] = np.nan
    elevation = ground_of(tmp_path, heights)
    here, lake, shore = (Points.of([34.3], [36.0 + (column + 0.5) * ARC_30]) for column in (8, 12, 15))
    assert sees(elevation, here, shore, 6.0)[0]
    assert not sees(elevation, here, lake, 6.0)[0]


def test_sight_does_not_depend_on_the_kind_of_coordinates(tmp_path: Path) -> None:
    heights = np.full((60, 60), 700.0)
    heights[:, 30] = 760.0
    elevation = utm_ground(tmp_path, heights, step_m=800.0)
    here = elevation.grid.position_of(np.array([30.0, 30.0]), np.array([27.0, 27.0]))
    there = elevation.grid.position_of(np.array([30.0, 30.0]), np.array([33.0, 29.0]))
    assert sees(elevation, here, there, 5.0).tolist() == [False, True]


def test_sightings_are_the_pairs_within_reach_that_see_each_other(tmp_path: Path) -> None:
    elevation = ground_of(tmp_path, rough_heights((40, 40), seed=6, smooth=1.5))
    rng = np.random.default_rng(7)
    viewers, targets = (Points.of(34.5 - rng.uniform(8, 32, n) * ARC_30, 36.0 + rng.uniform(8, 32, n) * ARC_30) for n in (12, 50))
    found = sightings(elevation, viewers, targets, 5.0)
    km = distance_km(viewers[:, None], targets)
    expected = [
        (i, j)
        for i in range(12)
        for j in range(50)
        if km[i, j] <= 5.0 and sees(elevation, viewers[i : i + 1], targets[j : j + 1], 5.0)[0]
    ]
    assert list(zip(found.first.tolist(), found.second.tolist(), strict=True)) == expected
    assert 0 < len(expected) < (km <= 5.0).sum()
