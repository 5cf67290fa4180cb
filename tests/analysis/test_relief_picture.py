"""The shaded relief: light comes from the north-west, level ground is evenly lit, the picture lies where it says."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from rasterio.io import MemoryFile

from keyterrain.analysis.relief import hillshade, shaded_relief
from terrains import write_raster

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.filterwarnings("ignore::rasterio.errors.NotGeoreferencedWarning")  # a JPEG has no place on the earth


def cone(n: int = 41) -> np.ndarray:
    row, column = np.mgrid[0:n, 0:n] - n // 2
    return 2000.0 - 40.0 * np.hypot(row, column)


def test_level_ground_has_the_sine_of_the_height_of_the_light() -> None:
    np.testing.assert_allclose(hillshade(np.full((5, 6), 1234.0), 500.0), np.sqrt(0.5))


def test_slopes_to_the_north_west_are_lit_and_those_to_the_south_east_are_dark() -> None:
    light = hillshade(cone(), 500.0)
    assert light[10, 10] > np.sqrt(0.5) > light[30, 30]
    np.testing.assert_allclose(light[10, 30], light[30, 10])  # north-east and south-west mirror each other


def place(lat: float, lon: float) -> Any:
    return SimpleNamespace(lat=lat, lon=lon)


def picture_of(path: Path, heights: np.ndarray) -> Any:
    write_raster(path / "terrain.tif", heights, west=36.0, north=34.5, step=1 / 120)
    return shaded_relief(path / "terrain.tif", [place(33.8, 36.4), place(34.1, 36.6)])


def test_the_picture_covers_the_places_and_no_more_than_the_file(tmp_path: Path) -> None:
    relief = picture_of(tmp_path, np.linspace(300, 2500, 120)[None, :] * np.ones((120, 1)))
    assert 36.0 <= relief.west < 36.4
    assert 36.6 < relief.east <= 37.0
    assert 33.5 <= relief.south < 33.8
    assert 34.1 < relief.north <= 34.5
    with MemoryFile(relief.jpeg) as memory, memory.open() as image:
        aspect = (relief.east - relief.west) * np.cos(np.radians(33.95)) / (relief.north - relief.south)
        assert image.count == 3
        assert image.width / image.height == pytest.approx(aspect, rel=0.02)


def test_the_sea_is_blue_and_land_is_not(tmp_path: Path) -> None:
    heights = np.where(np.arange(120)[None, :] < 50, 0.0, 800.0) * np.ones((120, 1))
    relief = picture_of(tmp_path, heights)
    with MemoryFile(relief.jpeg) as memory, memory.open() as image:
        red, _, blue = image.read().astype(int)
    sea, land = (slice(None), slice(0, 20)), (slice(None), slice(-20, None))
    assert (blue[sea] - red[sea]).mean() > 10
    assert (blue[land] - red[land]).mean() < 0
