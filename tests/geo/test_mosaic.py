"""Elevation of a box from several files, and boxes that cannot be meant."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from keyterrain.geo.box import Box, BoxError
from keyterrain.geo.distance import Points
from keyterrain.geo.elevation import Elevation, ElevationError
from keyterrain.geo.mosaic import lies_in_the_sea, mosaic, write_geotiff
from terrains import rough_heights, write_raster

WHOLE = np.round(rough_heights((80, 120), seed=4))
BOX = Box(36.2, 34.1, 36.7, 34.4)
STEP = 0.01


def tile(path: Path, rows: slice, columns: slice, **other: object) -> Path:
    """A part of the whole as a file of its own."""
    place: dict[str, object] = {"west": 35.9 + columns.start * STEP, "north": 34.6 - rows.start * STEP, "step": STEP}
    return write_raster(path, WHOLE[rows, columns], **(place | other))  # type: ignore[arg-type]


def quarters(folder: Path) -> list[Path]:
    """Four tiles that share their outermost cells, as SRTM's do."""
    parts = {"a": (slice(0, 41), slice(0, 61)), "b": (slice(0, 41), slice(60, 120)), "c": (slice(40, 80), slice(0, 61)),
             "d": (slice(40, 80), slice(60, 120))}  # fmt: skip
    return [tile(folder / f"{name}.tif", *part) for name, part in parts.items()]


def test_tiles_together_are_the_whole(tmp_path: Path) -> None:
    whole = Elevation.open(tile(tmp_path / "whole.tif", slice(0, 80), slice(0, 120)))
    there = Points.of(np.linspace(34.1, 34.4, 40), np.linspace(36.2, 36.7, 40))
    for order in (1, -1):
        together = mosaic(quarters(tmp_path)[::order], BOX).elevation
        np.testing.assert_allclose(together.at(there), whole.at(there), atol=1e-3)


def test_what_is_written_reads_back_at_the_same_place(tmp_path: Path) -> None:
    made = mosaic(quarters(tmp_path), BOX)
    write_geotiff(made, tmp_path / "terrain.tif")
    back = Elevation.open(tmp_path / "terrain.tif")
    there = Points.of(np.linspace(34.1, 34.4, 40), np.linspace(36.2, 36.7, 40))
    np.testing.assert_allclose(back.at(there), made.elevation.at(there), atol=1e-3)


def test_heights_with_fractions_keep_their_decimetres(tmp_path: Path) -> None:
    path = write_raster(tmp_path / "f.tif", WHOLE + 0.3, west=35.9, north=34.6, step=STEP)
    made = mosaic([path], BOX)
    write_geotiff(made, tmp_path / "terrain.tif")
    assert not made.is_whole
    assert Elevation.open(tmp_path / "terrain.tif").heights_m[30, 30] == pytest.approx(
        made.elevation.heights_m[30, 30], abs=0.051
    )


def test_srtm_tiles_are_read_by_their_names(tmp_path: Path) -> None:
    for west in (36, 37):
        column = np.arange(1201) / 1200 + west
        heights = np.repeat((1000 * (column - 36))[None, :], 1201, axis=0).astype(">i2")
        (tmp_path / f"N34E0{west}.hgt").write_bytes(heights.tobytes())
    made = mosaic([tmp_path / "N34E036.hgt", tmp_path / "N34E037.hgt"], Box(36.4, 34.3, 37.6, 34.7))
    np.testing.assert_allclose(made.elevation.at(Points.of([34.5, 34.5], [36.5, 37.5])), [500, 1500], atol=1.0)


def test_files_that_leave_a_gap_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ElevationError, match=r"% of the box 36.2,34.1,36.7,34.4 is not covered"):
        mosaic(quarters(tmp_path)[:3], BOX)


def test_a_file_of_another_region_is_refused_with_where_it_lies(tmp_path: Path) -> None:
    with pytest.raises(ElevationError, match=r"of another region than the box .* covers 35.9,33.8,37.1,34.6"):
        mosaic([tile(tmp_path / "whole.tif", slice(0, 80), slice(0, 120))], Box(10, 50, 11, 51))


def test_a_box_with_latitude_first_is_recognised(tmp_path: Path) -> None:
    with pytest.raises(ElevationError, match=r"write 36\.2,34\.1,36\.7,34\.4"):
        mosaic([tile(tmp_path / "whole.tif", slice(0, 80), slice(0, 120))], BOX.turned)


@pytest.mark.parametrize("other", [{"step": 0.02}, {"west": 36.5037}])
def test_files_on_different_grids_are_refused(tmp_path: Path, other: dict[str, float]) -> None:
    first = tile(tmp_path / "first.tif", slice(0, 80), slice(0, 61))
    second = tile(tmp_path / "second.tif", slice(0, 80), slice(60, 120), **other)
    with pytest.raises(ElevationError, match=r"first.tif and second.tif lie on different grids"):
        mosaic([first, second], Box(36.2, 34.1, 37.0, 34.4))


def test_a_file_without_reference_system_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ElevationError, match="no coordinate reference system"):
        mosaic([tile(tmp_path / "nowhere.tif", slice(0, 80), slice(0, 120), crs=None)], BOX)


def test_the_sea_is_no_data_or_level_zero_and_a_shore_is_land(tmp_path: Path) -> None:
    heights = np.full((80, 120), -80.0)  # land below the sea's level
    heights[:, 40:80] = 0.0
    heights[:, 80:] = -32768.0
    ground = Elevation.open(write_raster(tmp_path / "s.tif", heights, west=35.9, north=34.6, step=STEP, nodata=-32768))
    assert not lies_in_the_sea(ground, 34.2, 36.2)
    assert not lies_in_the_sea(ground, 34.2, 36.3001)
    assert lies_in_the_sea(ground, 34.2, 36.5)
    assert lies_in_the_sea(ground, 34.2, 36.9)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("36,34,37", "not four numbers"),
        ("36,34,37,north", "not four numbers"),
        ("36,34,37,inf", "not four numbers"),
        ("37,34,36,35", "is 36,34,37,35 meant"),
        ("36,35,37,34", "is 36,34,37,35 meant"),
        ("36,34,36.001,35", "no theatre is that small"),
        ("0,0,40,40", "no side of over 20"),
        ("0,0,40,10", "no side of over 20"),
        ("34,136,35,137", "swapped it would be 136,34,137,35"),
    ],
)
def test_a_box_that_cannot_be_meant_says_why(text: str, says: str) -> None:
    with pytest.raises(BoxError, match=says):
        Box.read(text)


def test_a_box_is_read_as_it_is_written() -> None:
    assert str(Box.read("36.0, 33.4,36.9,34.2")) == "36,33.4,36.9,34.2"


def test_a_margin_is_as_wide_in_km_eastward_as_northward() -> None:
    wide = Box(10.0, 59.0, 11.0, 60.0).wider(111.2)
    assert (wide.west, wide.south, wide.east, wide.north) == pytest.approx((8.0, 58.0, 13.0, 61.0))


def test_heights_reach_25_km_beyond_the_box(tmp_path: Path) -> None:
    ground = mosaic(quarters(tmp_path), BOX).elevation
    # 24 km west and east, 24 km north and south of its edges
    assert ground.covers(Points.of([34.25, 34.25, 34.61 - 0.02, 33.89], [35.94, 36.96, 36.4, 36.4])).all()


def test_where_files_differ_the_first_is_believed(tmp_path: Path) -> None:
    low, high = (
        write_raster(tmp_path / f"{h:g}.tif", np.full((80, 120), h), west=35.9, north=34.6, step=STEP) for h in (100.0, 200.0)
    )
    there = Points.of([34.2], [36.5])
    assert mosaic([low, high], BOX).elevation.at(there).tolist() == [100.0]
    assert mosaic([high, low], BOX).elevation.at(there).tolist() == [200.0]


def test_on_coarse_cells_a_place_is_not_in_the_sea_because_no_cell_is_near(tmp_path: Path) -> None:
    ground = Elevation.open(write_raster(tmp_path / "c.tif", np.full((20, 20), 300.0), west=36.0, north=34.4, step=0.02))
    assert not lies_in_the_sea(ground, 34.2, 36.2)  # where four cells of 2.2 km meet
