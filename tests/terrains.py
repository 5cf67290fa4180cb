"""Small made-up ground for tests: rasters on disk, and situations that stand on them."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
from numpy.typing import ArrayLike
from rasterio.transform import Affine

from keyterrain.geo.distance import Points
from keyterrain.geo.elevation import Elevation
from keyterrain.theatre.nouns import Place, Route, Situation

ARC_30 = 1.0 / 120.0
"""Cells of 30 arc seconds, about 0.77 x 0.92 km at 34 degrees north."""
START = date(2013, 11, 22)


def write_raster(
    path: Path,
    heights: ArrayLike,
    *,
    west: float,
    north: float,
    step: float,
    crs: str | None = "EPSG:4326",
    nodata: float | None = None,
    units: str | None = None,
    dtype: str = "float32",
) -> Path:
    """Write heights, first row northernmost, as a GeoTIFF of square cells in the units of the CRS."""
    values = np.asarray(heights, dtype=dtype)
    layers = values if values.ndim == 3 else values[None]
    profile: dict[str, Any] = {"driver": "GTiff", "dtype": dtype, "crs": crs, "nodata": nodata, "count": layers.shape[0]}
    profile |= {"height": layers.shape[1], "width": layers.shape[2], "transform": Affine(step, 0.0, west, 0.0, -step, north)}
    with rasterio.open(path, "w", **profile) as raster:
        raster.write(layers)
        if units is not None:
            raster.units = (units,) * layers.shape[0]
    return path


def ground_of(path: Path, heights: ArrayLike, *, west: float = 36.0, north: float = 34.5, step: float = ARC_30) -> Elevation:
    """Heights in WGS 84, read back from a file."""
    return Elevation.open(write_raster(path / "terrain.tif", heights, west=west, north=north, step=step))


def utm_ground(
    path: Path, heights: ArrayLike, *, step_m: float, west: float = 300_000.0, north: float = 3_800_000.0
) -> Elevation:
    """Heights in UTM zone 37 north, read back from a file."""
    return Elevation.open(write_raster(path / "utm.tif", heights, west=west, north=north, step=step_m, crs="EPSG:32637"))


def centre(elevation: Elevation, row: float, column: float) -> Points:
    """Position of a cell, as an array of one."""
    return elevation.grid.position_of(np.array([float(row)]), np.array([float(column)]))


def rough_heights(
    shape: tuple[int, int], *, seed: int, smooth: float = 2.0, low: float = 800.0, high: float = 2400.0
) -> np.ndarray:
    """A random landscape without two equal heights."""
    from scipy.ndimage import gaussian_filter

    noise = gaussian_filter(np.random.default_rng(seed).normal(size=shape), smooth)
    return low + (high - low) * (noise - noise.min()) / (noise.max() - noise.min())


def a_place(key: str, lat: float, lon: float, **changes: Any) -> Place:
    """A village without people whose coordinates are exact, unless told otherwise."""
    place = Place(
        key=key, name=key.title(), alt_names=(), lat=lat, lon=lon, error_km=0.0, elevation_m=None, population=None,
        kind="village", country="SY", areas=(), community="", leaning="", host_capacity=None, source="assumption",
        known_on=START,
    )  # fmt: skip
    return replace(place, **changes)


def a_route(start: str, end: str, km: float) -> Route:
    """A paved road."""
    return Route(start, end, km, "paved", frozenset(("vehicle", "foot")), "assumption", START)


def a_situation(terrain: Path, places: list[Place], routes: list[Route], *, crest_areas: tuple[str, ...] = ()) -> Situation:
    """A theatre at peace: places, routes and the ground beneath them."""
    return Situation(
        scenario_name="made-up", start=START, days=10, sides=(), relations={}, actors=(), policies={}, aims={}, areas={},
        corridors=(), abroad=(), uncertain_places=(), outcomes=(), reference_height_m=1300.0,
        crest_areas=frozenset(crest_areas), parameters={}, places=tuple(sorted(places, key=lambda place: place.key)),
        routes=tuple(sorted(routes, key=lambda route: route.key)), forces=(), strength_claims=(), reinforcements=(),
        supply_sources=(), stocks=(), people=(), climate=(), holdings={}, closures=(), incidents=(), terrain_path=terrain,
    )  # fmt: skip
