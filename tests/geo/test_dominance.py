"""Viewsheds against xarray-spatial, and who looks down on whom on ground made by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from keyterrain.geo.distance import Points, distance_km, offset
from keyterrain.geo.dominance import commands, dominance, viewshed
from spatial_oracle import is_seen
from terrains import centre, rough_heights, utm_ground

CELL_M = 500.0


def by_xarray_spatial(heights: np.ndarray, row: int, column: int) -> np.ndarray:
    """Cells seen on a flat earth that has been bent by hand: curvature less refraction taken off the heights beforehand."""
    rows, columns = np.mgrid[0 : heights.shape[0], 0 : heights.shape[1]]
    away_m = np.hypot(rows - row, columns - column) * CELL_M
    bent = heights - (1.0 - 0.13) * away_m**2 / (2.0 * 6_371_008.8)
    return is_seen(bent, CELL_M, row, column, eye_m=2.0, target_m=2.0)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_viewshed_agrees_with_xarray_spatial(tmp_path: Path, seed: int) -> None:
    heights = rough_heights((41, 41), seed=seed, smooth=2.0, low=900.0, high=1500.0).astype(np.float32).astype(float)
    elevation = utm_ground(tmp_path, heights, step_m=CELL_M)
    row, column = np.mgrid[0:41, 0:41]
    near = np.hypot(row - 20, column - 20) * CELL_M < 9_900.0
    seen, expected = viewshed(elevation, centre(elevation, 20, 20), 10.0), by_xarray_spatial(heights, 20, 20)
    assert 0.1 < expected[near].mean() < 0.9
    # the two draw the ground between cells differently, so that rays which graze it may differ
    assert (seen == expected)[near].mean() > 0.95
    assert abs(seen[near].mean() - expected[near].mean()) < 0.03


def test_a_ridge_hides_from_a_viewshed_what_lies_behind_it(tmp_path: Path) -> None:
    heights = np.full((21, 21), 700.0)
    heights[:, 14] = 900.0
    elevation = utm_ground(tmp_path, heights, step_m=CELL_M)
    seen = viewshed(elevation, centre(elevation, 10, 10), 5.0)
    assert seen[10, 5:14].all()
    assert seen[10, 14]
    assert not seen[:, 15:].any()


def test_on_level_ground_nobody_looks_down_on_anybody(tmp_path: Path) -> None:
    elevation = utm_ground(tmp_path, np.full((41, 41), 700.0), step_m=CELL_M)
    points = offset(centre(elevation, 20, 20), np.array([0.0, 1.3, -2.0]), np.array([0.0, 0.4, 1.1]))
    found = dominance(elevation, points)
    assert found.net.tolist() == found.overlooks.tolist() == [0.0, 0.0, 0.0]
    assert commands(elevation, points, 1.0).above.size == 0


def test_a_peak_dominates_all_about_it_and_a_bowl_is_dominated(tmp_path: Path) -> None:
    row, column = np.mgrid[0:41, 0:41]
    away_m = np.hypot(row - 20, column - 20) * CELL_M
    peak, bowl = 2000.0 - 8.0 * np.sqrt(away_m), 700.0 + 2.5e-5 * away_m**2  # both hollow, so that nothing hides the rest
    found = [dominance(e, centre(e, 20, 20)) for e in (utm_ground(tmp_path, heights, step_m=CELL_M) for heights in (peak, bowl))]
    # all cells but those next to the middle are clearly lower, or higher, and in sight
    near = away_m <= 4000.0
    for one, heights, n_clear in ((found[0].overlooks, peak, 1), (found[1].overlooked, bowl, -1)):
        clear = near & (n_clear * (heights[20, 20] - heights) >= 30.0)
        assert one[0] == pytest.approx(clear.sum() / near.sum(), abs=0.03)
        assert one[0] > 0.8
    assert found[0].overlooked[0] == found[1].overlooks[0] == 0.0


def test_differences_smaller_than_the_error_of_a_raster_do_not_count(tmp_path: Path) -> None:
    heights = np.full((21, 21), 700.0)
    heights[10, 10] = 725.0
    elevation = utm_ground(tmp_path, heights, step_m=CELL_M)
    assert dominance(elevation, centre(elevation, 10, 10)).net[0] == 0.0
    heights[10, 10] = 735.0
    elevation = utm_ground(tmp_path, heights, step_m=CELL_M)
    assert dominance(elevation, centre(elevation, 10, 10)).net[0] > 0.9


def test_dominance_is_the_same_on_mirrored_ground(tmp_path: Path) -> None:
    heights = rough_heights((41, 41), seed=5, smooth=2.0)
    one, other = (utm_ground(tmp_path, h, step_m=CELL_M, west=500_000.0 - 41 * CELL_M / 2) for h in (heights, heights[:, ::-1]))
    here, there = (dominance(e, centre(e, 18, c)).net[0] for e, c in ((one, 15), (other, 25)))
    assert here == pytest.approx(there, abs=1e-9)
    assert here != 0.0


def test_commands_are_the_pairs_in_sight_of_which_one_is_higher(tmp_path: Path) -> None:
    heights = rough_heights((41, 41), seed=6, smooth=1.5)
    elevation = utm_ground(tmp_path, heights, step_m=CELL_M)
    cells = np.random.default_rng(1).integers(8, 33, (14, 2))
    points = elevation.grid.position_of(cells[:, 0], cells[:, 1])
    found = commands(elevation, points, 100.0)
    height_m, km = elevation.at(points), distance_km(points[:, None], points)
    pairs = list(zip(found.above.tolist(), found.below.tolist(), strict=True))
    assert len(pairs) > 3
    for above, below in pairs:
        assert height_m[above] >= height_m[below] + 100.0
        assert km[above, below] <= 4.0
        assert (below, above) not in pairs
        assert viewshed(elevation, points[above : above + 1], 5.0)[tuple(cells[below])]
    assert (np.diff(found.climb_m) <= 0.0).all()


def test_a_point_without_company_commands_nobody(tmp_path: Path) -> None:
    elevation = utm_ground(tmp_path, rough_heights((21, 21), seed=1), step_m=CELL_M)
    assert commands(elevation, Points.of([], []), 100.0).above.size == 0
    assert dominance(elevation, Points.of([], [])).net.size == 0


def test_on_a_fine_raster_fewer_cells_say_nearly_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    elevation = utm_ground(tmp_path, rough_heights((121, 121), seed=8, smooth=8.0, low=900.0, high=1600.0), step_m=100.0)
    points = offset(centre(elevation, 60, 60), np.array([0.0, 0.7, -1.1]), np.array([0.0, -0.4, 0.9]))
    some = dominance(elevation, points)
    monkeypatch.setattr("keyterrain.geo.dominance.MOST_CELLS", 10**9)
    every = dominance(elevation, points)
    np.testing.assert_allclose(some.overlooks, every.overlooks, atol=0.05)
    np.testing.assert_allclose(some.overlooked, every.overlooked, atol=0.05)
    assert np.abs(every.net).max() > 0.1
