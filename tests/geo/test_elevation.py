from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from pyproj import Transformer
from rasterio.transform import Affine
from scipy.ndimage import map_coordinates

from keyterrain.geo.distance import Points, distance_km
from keyterrain.geo.elevation import Elevation, ElevationError, fingerprint
from terrains import ARC_30, centre, ground_of, rough_heights, utm_ground, write_raster

NAN = float("nan")


def refusal(path: Path, **how: Any) -> str:
    with pytest.raises(ElevationError) as refused:
        Elevation.open(path, **how)
    sentence = str(refused.value)
    assert sentence.endswith(".")
    assert "\n" not in sentence
    return sentence


def a_raster(path: Path, heights: Any = None, **changes: Any) -> Path:
    placed = {"west": 36.0, "north": 34.0, "step": ARC_30}
    return write_raster(path / "dem.tif", np.full((6, 6), 500.0) if heights is None else heights, **(placed | changes))


def test_heights_at_the_centres_of_cells_are_those_of_the_cells(tmp_path: Path) -> None:
    heights = rough_heights((6, 9), seed=1).astype(np.float32)
    elevation = ground_of(tmp_path, heights)
    rows, columns = np.mgrid[0:6, 0:9]
    np.testing.assert_allclose(elevation.at(elevation.grid.position_of(rows, columns)), heights, rtol=1e-6)


def test_heights_between_cells_agree_with_scipy(tmp_path: Path) -> None:
    heights = rough_heights((12, 15), seed=2)
    elevation = ground_of(tmp_path, heights)
    rng = np.random.default_rng(3)
    points = Points.of(34.5 - rng.uniform(0.0, 12 * ARC_30, 300), 36.0 + rng.uniform(0.0, 15 * ARC_30, 300))
    row, column = (34.5 - points.lat) / ARC_30 - 0.5, (points.lon - 36.0) / ARC_30 - 0.5
    expected = map_coordinates(heights, [row, column], order=1, mode="nearest")
    np.testing.assert_allclose(elevation.at(points), expected, rtol=1e-6)


def test_the_first_row_is_the_north(tmp_path: Path) -> None:
    elevation = ground_of(tmp_path, [[900.0, 900.0], [100.0, 100.0]])
    north, south = elevation.at(Points.of([34.499, 34.5 - 2 * ARC_30 + 0.001], [36.005, 36.005]))
    assert (north, south) == (900.0, 100.0)


def test_cells_without_data_are_left_out_of_the_mean(tmp_path: Path) -> None:
    path = a_raster(tmp_path, [[100.0, -500.0], [300.0, -500.0]], nodata=-500.0)
    elevation = Elevation.open(path)
    in_the_middle = elevation.grid.position_of(np.array([0.5]), np.array([0.5]))
    assert elevation.at(in_the_middle) == pytest.approx(200.0)
    assert np.isnan(elevation.at(centre(elevation, 0, 1)))
    assert elevation.covers(centre(elevation, 0, 0)).all()
    assert not elevation.covers(centre(elevation, 0, 1)).any()


def test_outside_there_is_no_height_and_at_the_very_edge_there_is(tmp_path: Path) -> None:
    elevation = Elevation.open(a_raster(tmp_path))
    assert elevation.covers(Points.of([34.0, 34.0 - 6 * ARC_30], [36.0, 36.0 + 6 * ARC_30])).all()
    assert not elevation.covers(Points.of([34.001, 33.9, 33.98, 33.98], [36.02, 36.02, 35.99, 36.06])).any()


def test_a_projected_raster_gives_the_heights_of_its_coordinates(tmp_path: Path) -> None:
    heights = np.add.outer(np.arange(20.0)[::-1] * 10.0, np.arange(30.0))
    elevation = utm_ground(tmp_path, heights, step_m=500.0)
    x, y = 300_000.0 + 500.0 * np.array([3.5, 12.25]), 3_800_000.0 - 500.0 * np.array([7.5, 10.75])
    lon, lat = Transformer.from_crs("EPSG:32637", "EPSG:4326", always_xy=True).transform(x, y)
    np.testing.assert_allclose(elevation.at(Points.of(lat, lon)), [120.0 + 3.0, (19 - 10.25) * 10.0 + 11.75], atol=1e-4)
    assert elevation.cell == pytest.approx((0.5, 0.5), rel=2e-3)


def test_cells_of_a_geographic_raster_have_their_size_on_the_ground(tmp_path: Path) -> None:
    elevation = Elevation.open(a_raster(tmp_path))
    # WGS 84 at 34 degrees: a degree of longitude is 92.38 km, of latitude 110.92 km
    assert elevation.cell == pytest.approx((92.38 / 120, 110.92 / 120), rel=1e-3)


def test_cells_within_a_radius_are_those_of_the_whole_raster(tmp_path: Path) -> None:
    heights = rough_heights((30, 30), seed=4)
    heights[10, 12] = -500.0
    elevation = Elevation.open(a_raster(tmp_path, heights, nodata=-500.0))
    lat, lon = 33.913, 36.101
    rows, columns = np.mgrid[0:30, 0:30]
    km = distance_km(Points.of(lat, lon), elevation.grid.position_of(rows, columns))
    expected = (km <= 3.0) & (heights != -500.0)
    cells = elevation.cells_within(lat, lon, 3.0)
    assert set(zip(cells.row.tolist(), cells.column.tolist(), strict=True)) == set(map(tuple, np.argwhere(expected).tolist()))
    np.testing.assert_allclose(cells.height_m, heights[cells.row, cells.column], rtol=1e-6)
    assert cells.km.max() <= 3.0


def test_a_window_of_a_raster_says_the_same_as_the_whole(tmp_path: Path) -> None:
    path = a_raster(tmp_path, rough_heights((120, 120), seed=5))
    places = Points.of([33.5, 33.52], [36.5, 36.51])
    whole, part = Elevation.open(path), Elevation.open(path, around=places, margin_km=8.0)
    assert part.heights_m.size < whole.heights_m.size / 4
    assert part.cell == whole.cell
    assert part.at(places).tobytes() == whole.at(places).tobytes()
    near = [elevation.cells_within(33.51, 36.505, 7.0) for elevation in (whole, part)]
    np.testing.assert_array_equal(near[0].height_m, near[1].height_m)
    for name in ("lat", "lon"):
        assert getattr(near[0].points, name).tobytes() == getattr(near[1].points, name).tobytes()
    assert near[0].km.tobytes() == near[1].km.tobytes()


def test_scale_and_offset_of_a_band_are_applied(tmp_path: Path) -> None:
    path = a_raster(tmp_path, np.full((4, 4), 5000), dtype="int16")
    with rasterio.open(path, "r+") as raster:
        raster.scales, raster.offsets = (0.1,), (30.0,)
    assert Elevation.open(path).at(Points.of([33.99], [36.01])) == pytest.approx(530.0)


def test_metres_may_be_written_in_several_ways(tmp_path: Path) -> None:
    for units in ("m", "metre", "Meters"):
        assert Elevation.open(a_raster(tmp_path, units=units)).covers(Points.of([33.99], [36.01])).all()


def test_a_fingerprint_is_that_of_the_bytes(tmp_path: Path) -> None:
    path = a_raster(tmp_path)
    assert fingerprint(path) == hashlib.sha256(path.read_bytes()).hexdigest()


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    assert "no elevation file" in refusal(tmp_path / "absent.tif")
    assert "no elevation file" in refusal(tmp_path)


def test_a_file_that_is_no_raster_is_refused(tmp_path: Path) -> None:
    (tmp_path / "dem.tif").write_text("a,b\n1,2\n")
    assert "cannot be read" in refusal(tmp_path / "dem.tif")


def test_a_raster_cut_short_is_refused(tmp_path: Path) -> None:
    path = a_raster(tmp_path, rough_heights((200, 200), seed=1))
    path.write_bytes(path.read_bytes()[:60_000])
    assert "cannot be read" in refusal(path)


def test_a_raster_without_crs_is_refused(tmp_path: Path) -> None:
    assert "no coordinate reference system" in refusal(a_raster(tmp_path, crs=None))


def test_a_crs_of_the_building_site_is_refused(tmp_path: Path) -> None:
    local = 'LOCAL_CS["site",UNIT["metre",1]]'
    assert "coordinate" in refusal(a_raster(tmp_path, crs=local))


def test_degrees_declared_as_metres_are_refused(tmp_path: Path) -> None:
    # degrees written under a projected system: cells of 8 mm off the coast of Africa
    path = a_raster(tmp_path, crs="EPSG:32637")
    assert "does not cover" in refusal(path, around=Points.of([33.98], [36.02]))


def test_metres_declared_as_degrees_are_refused(tmp_path: Path) -> None:
    assert "beyond the earth" in refusal(a_raster(tmp_path, west=300_000.0, north=3_800_000.0, step=900.0))


def test_cells_of_a_degree_are_refused_and_not_taken_for_metres(tmp_path: Path) -> None:
    sentence = refusal(a_raster(tmp_path, west=34.0, north=36.0, step=1.0))
    assert "111 km" in sentence


def test_several_bands_are_refused(tmp_path: Path) -> None:
    assert "3 bands" in refusal(a_raster(tmp_path, np.full((3, 5, 5), 100.0)))


def test_a_rotated_raster_is_refused(tmp_path: Path) -> None:
    path = a_raster(tmp_path)
    with rasterio.open(path, "r+") as raster:
        raster.transform = Affine(0.94 * ARC_30, 0.34 * ARC_30, 36.0, 0.34 * ARC_30, -0.94 * ARC_30, 34.0)
    assert "rotated" in refusal(path)


@pytest.mark.parametrize("units", ["ft", "cm", "degree"])
def test_units_other_than_metres_are_refused(tmp_path: Path, units: str) -> None:
    assert f"heights in {units}" in refusal(a_raster(tmp_path, units=units))


@pytest.mark.parametrize("height", [-32768.0, 9999.0, 65535.0])
def test_heights_that_no_land_has_are_refused(tmp_path: Path, height: float) -> None:
    heights = np.full((6, 6), 500.0)
    heights[2, 3] = height
    assert f"{height:g}" in refusal(a_raster(tmp_path, heights))


def test_a_raster_without_any_height_is_refused(tmp_path: Path) -> None:
    assert "no height at all" in refusal(a_raster(tmp_path, np.full((6, 6), NAN), nodata=NAN))


def test_complex_numbers_are_no_heights(tmp_path: Path) -> None:
    assert "not heights" in refusal(a_raster(tmp_path, dtype="complex64"))


def test_points_outside_are_named(tmp_path: Path) -> None:
    path = a_raster(tmp_path)
    sentence = refusal(path, around=Points.of([33.98, 51.5], [36.02, -0.1]), names=["Qara", "London"])
    assert "London (51.5000, -0.1000)" in sentence
    assert "Qara" not in sentence


def test_points_on_water_without_data_are_named(tmp_path: Path) -> None:
    heights = np.full((6, 6), 500.0)
    heights[:, 3:] = -500.0
    path = a_raster(tmp_path, heights, nodata=-500.0)
    assert "Raft" in refusal(path, around=Points.of([33.98, 33.98], [36.01, 36.045]), names=["Shore", "Raft"])


def test_many_uncovered_points_are_counted_and_not_listed(tmp_path: Path) -> None:
    elevation = Elevation.open(a_raster(tmp_path))
    with pytest.raises(ElevationError, match="and 7 more points"):
        elevation.require_cover(Points.of(np.zeros(10), np.zeros(10)))


def test_a_coarsened_raster_has_the_means_of_its_blocks_where_they_lie(tmp_path: Path) -> None:
    heights = np.arange(7 * 8, dtype=float).reshape(7, 8)
    heights[0, 0] = np.nan
    heights[2:4, 2:4] = np.nan
    fine = utm_ground(tmp_path, heights, step_m=100.0)
    coarse = fine.coarsened(0.25)
    assert coarse.heights_m.shape == (3, 4)
    assert coarse.heights_m[0, 0] == pytest.approx((1 + 8 + 9) / 3)
    assert np.isnan(coarse.heights_m[1, 1])
    assert coarse.heights_m[2, 3] == pytest.approx(np.mean([38, 39, 46, 47]))
    assert coarse.cell.width_km == pytest.approx(2.0 * fine.cell.width_km)
    middle = fine.grid.position_of(np.array([4.5]), np.array([6.5]))
    row, column = coarse.grid.cell_of(middle)
    assert (row[0], column[0]) == pytest.approx((2.0, 3.0), abs=1e-6)


def test_a_window_is_coarsened_where_it_lies_and_a_coarse_raster_stays(tmp_path: Path) -> None:
    fine = utm_ground(tmp_path, np.arange(400.0).reshape(20, 20), step_m=100.0)
    part = Elevation(fine.heights_m[5:17, 4:16], fine.grid.part(slice(5, 17), slice(4, 16)), fine.cell)
    coarse = part.coarsened(0.3)
    row, column = coarse.grid.cell_of(fine.grid.position_of(np.array([6.0]), np.array([5.0])))
    assert (row[0], column[0]) == pytest.approx((0.0, 0.0), abs=1e-6)
    assert coarse.heights_m[0, 0] == pytest.approx(fine.heights_m[5:8, 4:7].mean())
    assert fine.coarsened(0.05) is fine
    assert fine.coarsened(0.1) is fine
