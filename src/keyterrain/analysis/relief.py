"""The ground as a picture: shaded relief on a grid of longitude and latitude, to lie beneath a map.

Shading after Horn (1981, doi:10.1109/PROC.1981.11918): the cosine of the angle between the ground's normal and a light in the
north-west, 45 degrees high; heights are exaggerated, since a cell of a km hides most of the slope within it.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt

from keyterrain.geo.distance import Points, distance_km
from keyterrain.geo.elevation import Elevation

if TYPE_CHECKING:
    from keyterrain.theatre.nouns import Place

LIGHT_AZIMUTH_DEG = 315.0
LIGHT_HEIGHT_DEG = 45.0
EXAGGERATION = 2.2
"""Assumption: chosen by eye for cells of about a km."""

MARGIN_DEG = 0.06
"""Ground shown beyond the outermost places, about 6 km."""

WIDTH_TO_HEIGHT = 1.3
"""Wanted shape of the picture; assumption: what a screen shows well beside a legend."""

MARGIN_READ_KM = 60.0
KM_PER_DEGREE = 111.2
"""Length of a degree of latitude, within half a per cent."""

TINTS_M = (0.0, 400.0, 900.0, 1500.0, 2200.0, 3000.0)
TINTS_RGB = ((229, 236, 222), (238, 240, 226), (246, 240, 222), (240, 226, 204), (232, 218, 204), (250, 248, 246))
"""Colour by height: pale, so that what lies upon it can be read."""

SEA_RGB = (222, 233, 240)
LONGER_SIDE_PIXELS = 1100
JPEG_QUALITY = 82


class _Edges(NamedTuple):
    west: float
    east: float
    south: float
    north: float


class _Ground(NamedTuple):
    """Heights (row, column) from north to south, and where nothing is known of them: the sea, for the most part."""

    heights_m: npt.NDArray[np.float64]
    is_sea: npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class ReliefPicture:
    """A JPEG and the longitudes and latitudes of its edges."""

    jpeg: bytes
    west: float
    east: float
    south: float
    north: float


def shaded_relief(terrain: Path, places: Sequence[Place]) -> ReliefPicture:
    """Draw the ground about some places, wider than high where the elevation file allows.

    Raises
    ------
    keyterrain.geo.elevation.ElevationError
        If the elevation file cannot be read or does not cover them.
    """
    positions = Points.of([place.lat for place in places], [place.lon for place in places])
    elevation = Elevation.open(terrain, around=positions, margin_km=MARGIN_READ_KM)
    edges = _edges(positions, elevation)
    aspect = np.cos(np.radians((edges.south + edges.north) / 2.0))
    per_degree = LONGER_SIDE_PIXELS / max(edges.north - edges.south, (edges.east - edges.west) * aspect)
    shape = (
        max(int((edges.north - edges.south) * per_degree), 2),
        max(int((edges.east - edges.west) * aspect * per_degree), 2),
    )
    ground = _smooth_ground(elevation, edges, shape)
    middle = (edges.south + edges.north) / 2.0
    width_km = float(distance_km(Points.of([middle], [edges.west]), Points.of([middle], [edges.east]))[0])
    light = hillshade(ground.heights_m, width_km * 1000.0 / shape[1])
    return ReliefPicture(_jpeg(_tinted(ground, light)), edges.west, edges.east, edges.south, edges.north)


def _edges(positions: Points, elevation: Elevation) -> _Edges:
    """Return the box of the places with a margin, widened to the wanted shape, within what the elevation file covers."""
    grid = elevation.grid
    last_row, last_column = grid.n_rows - 1, grid.n_columns - 1
    corners = grid.position_of(np.array([0, 0, last_row, last_row]), np.array([0, last_column, 0, last_column]))
    south, north = float(positions.lat.min()) - MARGIN_DEG, float(positions.lat.max()) + MARGIN_DEG
    west, east = float(positions.lon.min()) - MARGIN_DEG, float(positions.lon.max()) + MARGIN_DEG
    wanted = WIDTH_TO_HEIGHT * (north - south) / np.cos(np.radians((south + north) / 2.0))
    widen = max((wanted - (east - west)) / 2.0, 0.0)
    return _Edges(
        west=max(west - widen, float(max(corners.lon[0], corners.lon[2]))),
        east=min(east + widen, float(min(corners.lon[1], corners.lon[3]))),
        south=max(south, float(corners.lat.min())),
        north=min(north, float(corners.lat.max())),
    )


def hillshade(heights_m: npt.NDArray[np.float64], cell_m: float) -> npt.NDArray[np.float64]:
    """Return the light on each cell, 0 to 1; rows run from north to south, cells are square.

    Level ground has the sine of the light's height, here 0.71.
    """
    to_south, to_east = np.gradient(heights_m * EXAGGERATION, cell_m)
    azimuth, height = np.radians(LIGHT_AZIMUTH_DEG), np.radians(LIGHT_HEIGHT_DEG)
    towards_light = np.sin(height) - np.cos(height) * (to_east * np.sin(azimuth) - to_south * np.cos(azimuth))
    return np.asarray(np.clip(towards_light / np.sqrt(1.0 + to_east**2 + to_south**2), 0.0, 1.0), np.float64)


def _smooth_ground(elevation: Elevation, edges: _Edges, shape: tuple[int, int]) -> _Ground:
    """Sample the ground at about its own resolution and draw it out by cubic splines, so that cells do not show."""
    from scipy.ndimage import zoom

    n_rows = min(max(int((edges.north - edges.south) * KM_PER_DEGREE / elevation.cell.height_km), 4), shape[0])
    km_per_degree_east = KM_PER_DEGREE * np.cos(np.radians(edges.south))
    n_columns = min(max(int((edges.east - edges.west) * km_per_degree_east / elevation.cell.width_km), 4), shape[1])
    lats, lons = np.linspace(edges.north, edges.south, n_rows), np.linspace(edges.west, edges.east, n_columns)
    lat, lon = np.meshgrid(lats, lons, indexing="ij")
    coarse = elevation.at(Points.of(lat.ravel(), lon.ravel())).reshape(n_rows, n_columns)
    factor = (shape[0] / n_rows, shape[1] / n_columns)
    # elevation files have the sea as missing or as exactly 0; land below the sea is neither
    sea = ~np.isfinite(coarse) | (coarse == 0.0)
    heights_m = zoom(np.where(sea, 0.0, coarse), factor, order=3, mode="nearest")
    return _Ground(np.asarray(heights_m, np.float64), zoom(sea.astype(np.float64), factor, order=1, mode="nearest") > 0.5)


def _tinted(ground: _Ground, light: npt.NDArray[np.float64]) -> npt.NDArray[np.uint8]:
    """Return red, green and blue (3, row, column): colour by height, darkened and lightened by the light."""
    level = np.sin(np.radians(LIGHT_HEIGHT_DEG))
    shade = np.where(light < level, 0.55 + 0.45 * light / level, 1.0 + 0.10 * (light - level) / (1.0 - level))
    tint = np.stack([np.interp(ground.heights_m, TINTS_M, [rgb[band] for rgb in TINTS_RGB]) for band in range(3)])
    sea = np.asarray(SEA_RGB, np.float64)[:, None, None]
    return np.rint(np.where(ground.is_sea, sea, np.clip(tint * shade, 0.0, 255.0))).astype(np.uint8)


def _jpeg(picture: npt.NDArray[np.uint8]) -> bytes:
    from rasterio.errors import NotGeoreferencedWarning
    from rasterio.io import MemoryFile

    bands, n_rows, n_columns = picture.shape
    with MemoryFile() as memory, warnings.catch_warnings():
        warnings.simplefilter("ignore", NotGeoreferencedWarning)
        with memory.open(driver="JPEG", height=n_rows, width=n_columns, count=bands, dtype="uint8", QUALITY=JPEG_QUALITY) as out:
            out.write(picture)
        return bytes(memory.read())
