"""What the ground of a theatre is like: place by place and route by route, from elevation and coordinates alone.

No measure looks at a label, except that a place of kind `height` is taken to be the highest cell within its stated error.
Coordinates are known to a stated error; every measure that depends on them is taken at the stated position and at a fixed
set of positions about it, which follow from the key of the place and nothing else.
"""

from __future__ import annotations

import hashlib
import json
import os
import zipfile
import zlib
from collections.abc import Iterable
from dataclasses import dataclass, fields
from importlib.metadata import version
from importlib.resources import files
from math import ceil, log, pi
from pathlib import Path
from tempfile import NamedTemporaryFile, gettempdir
from typing import TYPE_CHECKING, TypeVar

import numpy as np
from numpy.typing import NDArray

from keyterrain.geo import driving, walking
from keyterrain.geo.distance import Points, offset, pairs_within
from keyterrain.geo.elevation import Elevation, fingerprint
from keyterrain.geo.relief import relief_index, relief_m, slope_deg
from keyterrain.geo.sight import sightings
from keyterrain.geo.summits import commanding_heights, highest_within
from keyterrain.theatre.nouns import Place, Route, Situation

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

    Measures = TypeVar("Measures", bound=DataclassInstance)

STATED_SHARE = 0.9
"""A stated error of coordinates is read as the radius that holds the true position with 90 % (assumption)."""
MIRRORED = np.array([[1.0, 1.0], [-1.0, 1.0], [1.0, -1.0], [-1.0, -1.0]])
"""Positions come in fours that mirror each other, so that mirrored ground gives the same spread of every measure."""
N_OBSERVED_FROM = 5
"""Observation is averaged over the stated position and the first four about it (assumption: enough for a mean)."""
REACH_HOURS = 6.0
"""PROCESSES 3: a force further than 6 h on foot from a road does not threaten it (assumption)."""
APPROACH_KM = 3.0
"""The last part of a road into a place, over which its climb is taken (assumption: the radius of relief)."""

Floats = NDArray[np.float64]
Integers = NDArray[np.int32]
Booleans = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Ground:
    """Measures of the ground, places and routes in the order of the situation.

    Axes: P places, E routes, J positions of a place (0 is the stated one), N pairs of a place and a route near it.

    Attributes
    ----------
    lat, lon
        (P,) degrees; a place of kind `height` stands on its summit, others where they are stated.
    elevation_m
        (P,) as stated, or else from the raster.
    relief_m, slope_deg, relief_index, n_commanding_heights
        (J, P) within 3 km; over 3 x 3 cells; in [0, 1]; summits that look down on the place, 0 to 3.
    n_approaches, approach_climb_m
        (P,) routes that end there; their mean climb over the last 3 km, 0 where there is none.
    route_max_elevation_m
        (E,) along the straight line.
    route_climb_m, route_foot_hours
        (E, 2) from `start` to `end` of the route and back, by the profile of the straight line stretched to the stated km.
    route_mean_square_gradient
        (E,) along the same profile: what slows vehicles.
    route_on_crest, place_on_crest
        (E,), (P,) in an area of the windward crest; a route if one of its ends is.
    pair_place, pair_route
        (N,) indices, sorted; all pairs within 6 h on foot across country.
    pair_hours
        (N,) mean of there and back between the place and the nearest point of the route; 0 for a route that ends there.
    pair_observation
        (N,) share of the route that is seen from the place or a summit of it, mean over five positions of the place.
    """

    lat: Floats
    lon: Floats
    elevation_m: Floats
    relief_m: Floats
    slope_deg: Floats
    relief_index: Floats
    n_commanding_heights: Integers
    n_approaches: Integers
    approach_climb_m: Floats
    place_on_crest: Booleans
    route_max_elevation_m: Floats
    route_climb_m: Floats
    route_foot_hours: Floats
    route_mean_square_gradient: Floats
    route_on_crest: Booleans
    pair_place: Integers
    pair_route: Integers
    pair_hours: NDArray[np.float32]
    pair_observation: NDArray[np.float32]


def measure_ground(situation: Situation, *, n_jitter: int = 16, cache: Path | None = None) -> Ground:
    """Measure the ground under the places and routes of a situation.

    Parameters
    ----------
    situation
        Gives places, routes, crest areas and the elevation file.
    n_jitter
        Positions about the stated one at which each place is measured as well; J = 1 + n_jitter.
    cache
        Folder where measures are kept, instead of the user's own; one that cannot be written is done without.

    Raises
    ------
    ElevationError
        The elevation file cannot be used or does not cover all places.
    """
    folder = cache if cache is not None else default_cache()
    if not situation.terrain_path.is_file():
        return _measured(situation, n_jitter)
    kept = folder / f"{cache_key(situation, n_jitter)}.npz"
    ground = kept_measures(kept, Ground)
    if ground is None:
        ground = _measured(situation, n_jitter)
        keep_measures(ground, kept)
    return ground


def position_variants(places: Iterable[Place], n_jitter: int) -> Points:
    """Stated positions of places, and positions that they might really have.

    Radii follow a normal error of which 90 % lies within the stated one, one draw from each equal share of it;
    directions are uniform; both come from a hash of the key. Four at a time they mirror each other, east against west
    and north against south.

    Returns
    -------
    Positions of shape (1 + n_jitter, place).
    """
    listed = tuple(places)
    stated = Points.of([place.lat for place in listed], [place.lon for place in listed])
    moved = np.array([_offsets_km(place.key, place.error_km, n_jitter) for place in listed])
    moved = moved.reshape(len(listed), 1 + n_jitter, 2)
    return offset(stated, moved[:, :, 0].T, moved[:, :, 1].T)


def default_cache() -> Path:
    """Folder of the user's cache: KEYTERRAIN_CACHE, or keyterrain in XDG_CACHE_HOME, or in ~/.cache."""
    if own := os.environ.get("KEYTERRAIN_CACHE"):
        return Path(own) / "ground"
    if shared := os.environ.get("XDG_CACHE_HOME"):
        return Path(shared) / "keyterrain" / "ground"
    try:
        return Path.home() / ".cache" / "keyterrain" / "ground"
    except RuntimeError:  # a user without a home
        return Path(gettempdir()) / "keyterrain" / "ground"


def _offsets_km(key: str, error_km: float, n_jitter: int) -> Floats:
    """Offsets east and north of the positions of a place, shape (1 + n_jitter, 2), the first of them zero."""
    n_fours = ceil(n_jitter / len(MIRRORED))
    radius_share, direction = _uniforms(key, 2 * n_fours).reshape(2, n_fours)
    quantile = (np.arange(n_fours) + radius_share) / max(1, n_fours)
    radius_km = error_km * np.sqrt(np.log1p(-quantile) / log(1.0 - STATED_SHARE))
    corner = radius_km[:, None] * np.stack([np.cos(direction * pi / 2), np.sin(direction * pi / 2)], axis=1)
    around = (corner[:, None, :] * MIRRORED).reshape(-1, 2)
    return np.concatenate([np.zeros((1, 2)), around[:n_jitter]])


def _uniforms(key: str, n: int) -> Floats:
    """Numbers in [0, 1) that depend on the key alone."""
    digest = hashlib.shake_256(f"position of {key}".encode()).digest(8 * n)
    return (np.frombuffer(digest, dtype=">u8") >> np.uint64(11)).astype(np.float64) * 2.0**-53


def _measured(situation: Situation, n_jitter: int) -> Ground:
    places, routes = situation.places, situation.routes
    elevation = open_elevation(situation)
    variants = place_positions(elevation, places, n_jitter)
    ways = Ways.between(elevation, places, routes, variants[0])
    pairs = _pairs(elevation, variants, ways)
    relief = relief_m(elevation, variants.flat()).reshape(variants.lat.shape)
    heights = commanding_heights(elevation, variants.flat())
    place_on_crest = np.array([not situation.crest_areas.isdisjoint(place.areas) for place in places], dtype=np.bool_)
    return Ground(
        lat=variants.lat[0],
        lon=variants.lon[0],
        elevation_m=_elevation_m(elevation, places, variants[0]),
        relief_m=relief,
        slope_deg=slope_deg(elevation, variants.flat()).reshape(relief.shape),
        relief_index=relief_index(relief),
        n_commanding_heights=heights.count(relief.size).reshape(relief.shape).astype(np.int32),
        n_approaches=np.bincount(ways.ends.ravel(), minlength=len(places)).astype(np.int32),
        approach_climb_m=ways.approach_climb_m(len(places)),
        place_on_crest=place_on_crest,
        route_max_elevation_m=np.array([heights_m.max() for heights_m in ways.heights_m]),
        route_climb_m=ways.climb_m(),
        route_foot_hours=ways.foot_hours(),
        route_mean_square_gradient=ways.mean_square_gradient(),
        route_on_crest=place_on_crest[ways.ends[:, 0]] | place_on_crest[ways.ends[:, 1]],
        pair_place=pairs.place,
        pair_route=pairs.route,
        pair_hours=pairs.hours,
        pair_observation=pairs.observation,
    )


def open_elevation(situation: Situation) -> Elevation:
    """Read the elevation about the places of a situation.

    Raises
    ------
    ElevationError
        The file cannot be used or does not cover all places.
    """
    stated = Points.of([place.lat for place in situation.places], [place.lon for place in situation.places])
    return Elevation.open(situation.terrain_path, around=stated, names=[place.name for place in situation.places])


def place_positions(elevation: Elevation, places: tuple[Place, ...], n_jitter: int) -> Points:
    """Positions at which places are measured, shape (J, P): on the map, and heights on their summits."""
    spread = position_variants(places, n_jitter)
    # a position off the raster or on water without data is no position of a place
    on_ground = elevation.covers(spread)
    lat = np.where(on_ground, spread.lat, spread.lat[0])
    lon = np.where(on_ground, spread.lon, spread.lon[0])
    for i, place in enumerate(places):
        if place.kind == "height":
            tops = highest_within(elevation, Points(lat[:, i], lon[:, i]), np.full(1 + n_jitter, place.error_km))
            lat[:, i], lon[:, i] = tops.lat, tops.lon
    return Points(lat, lon)


def _elevation_m(elevation: Elevation, places: tuple[Place, ...], positions: Points) -> Floats:
    stated = np.array([np.nan if place.elevation_m is None else place.elevation_m for place in places])
    return np.where(np.isnan(stated), elevation.at(positions), stated)


@dataclass(frozen=True, slots=True)
class Ways:
    """Routes as straight lines sampled every 500 m, with the ground beneath them; `ends` are indices of places (E, 2)."""

    km: Floats
    ends: NDArray[np.int64]
    points: list[Points]
    heights_m: list[Floats]

    @classmethod
    def between(cls, elevation: Elevation, places: tuple[Place, ...], routes: tuple[Route, ...], positions: Points) -> Ways:
        """Routes between places at given positions, as straight lines."""
        index = {place.key: i for i, place in enumerate(places)}
        ends = np.array([[index[route.start], index[route.end]] for route in routes], dtype=np.int64).reshape(-1, 2)
        points = walking.straight_points(positions[ends[:, 0]], positions[ends[:, 1]])
        heights_m = [walking.without_gaps(elevation.at(line)[None])[0] for line in points]
        return cls(np.array([route.km for route in routes], dtype=np.float64), ends, points, heights_m)

    def climb_m(self) -> Floats:
        """Climb of each route there and back, (E, 2)."""
        climbs = [walking.climb(heights_m) for heights_m in self.heights_m]
        return np.array([[climb.there_m, climb.back_m] for climb in climbs], dtype=np.float64).reshape(-1, 2)

    def foot_hours(self) -> Floats:
        """Hours on foot over each route there and back, (E, 2)."""
        walks = [walking.walk(heights_m, km, on_path=True) for heights_m, km in zip(self.heights_m, self.km, strict=True)]
        return np.array([[walk.there_hours, walk.back_hours] for walk in walks], dtype=np.float64).reshape(-1, 2)

    def mean_square_gradient(self) -> Floats:
        """Mean squared gradient of each route, (E,)."""
        routes = zip(self.heights_m, self.km, strict=True)
        return np.array([driving.mean_square_gradient(heights_m, km) for heights_m, km in routes], dtype=np.float64)

    def approach_climb_m(self, n_places: int) -> Floats:
        """Mean climb of the last 3 km of road into each place."""
        climbs = [
            [walking.final_climb_m(towards_m, APPROACH_KM / km) for towards_m in (heights_m[::-1], heights_m)]
            for heights_m, km in zip(self.heights_m, self.km, strict=True)
        ]
        weights = np.array(climbs, dtype=np.float64).ravel()
        total = np.bincount(self.ends.ravel(), weights=weights, minlength=n_places)
        number = np.bincount(self.ends.ravel(), minlength=n_places)
        return np.divide(total, number, out=np.zeros(n_places), where=number > 0)

    def all_points(self) -> Points:
        """Points of all routes, one route after another."""
        return Points.of(
            np.concatenate([np.empty(0), *(line.lat for line in self.points)]),
            np.concatenate([np.empty(0), *(line.lon for line in self.points)]),
        )

    def n_points(self) -> NDArray[np.int64]:
        """Number of points of each route."""
        return np.array([len(line) for line in self.points], dtype=np.int64)

    def route_of_point(self) -> NDArray[np.int64]:
        """Route of each point."""
        return np.repeat(np.arange(len(self.points)), self.n_points())


@dataclass(frozen=True, slots=True)
class _PlaceRoutePairs:
    place: Integers
    route: Integers
    hours: NDArray[np.float32]
    observation: NDArray[np.float32]


def _pairs(elevation: Elevation, variants: Points, ways: Ways) -> _PlaceRoutePairs:
    """Pairs of a place and a route within reach on foot, with hours and observation."""
    route_points, route_of_point = ways.all_points(), ways.route_of_point()
    # nobody walks further off a path in the time, so no pair is lost here
    farthest_km = REACH_HOURS * walking.FASTEST_KM_H * walking.OFF_PATH
    near = pairs_within(variants[0], route_points, farthest_km)
    order = np.lexsort((near.second, near.km, route_of_point[near.second], near.first))
    code = near.first * len(ways.points) + route_of_point[near.second]
    code, first = np.unique(code[order], return_index=True)
    place, point = near.first[order][first], near.second[order][first]
    hours = walking.cross_country_hours(elevation, variants[0][place], route_points[point])
    mean_hours = (hours.there_hours + hours.back_hours) / 2.0
    within = mean_hours <= REACH_HOURS
    seen = _observation(elevation, variants, ways)
    return _PlaceRoutePairs(
        place[within].astype(np.int32),
        route_of_point[point][within].astype(np.int32),
        mean_hours[within].astype(np.float32),
        np.array([seen.get(int(pair), 0.0) for pair in code[within]], dtype=np.float32),
    )


def _observation(elevation: Elevation, variants: Points, ways: Ways) -> dict[int, float]:
    """Mean share of each route seen from each place or its summits, by place x number of routes + route; 0 left out."""
    n_places, n_routes, n_points = len(variants[0]), len(ways.points), int(ways.n_points().sum())
    stands = variants[: min(N_OBSERVED_FROM, variants.lat.shape[0])]
    n_stands, own = stands.lat.shape[0], stands.flat()
    heights = commanding_heights(elevation, own)
    viewer = np.concatenate([np.arange(len(own)), heights.point])
    seen = sightings(elevation, own.followed_by(heights.summits), ways.all_points())
    # a point seen from the place and from its summits counts once
    stand_point = np.unique(viewer[seen.first] * n_points + seen.second)
    stand, point = stand_point // max(1, n_points), stand_point % max(1, n_points)
    route = ways.route_of_point()[point]
    pair, n_seen = np.unique((stand % n_places) * n_routes + route, return_counts=True)
    share = n_seen / (n_stands * ways.n_points()[pair % max(1, n_routes)])
    return dict(zip(pair.tolist(), share.tolist(), strict=True))


def cache_key(situation: Situation, n_jitter: int) -> str:
    """Hash of everything that measures of a situation follow from."""
    crest = sorted(situation.crest_areas)
    places = [
        [place.key, place.lat, place.lon, place.error_km, place.elevation_m, place.kind == "height", place.areas]
        for place in situation.places
    ]
    routes = [[route.start, route.end, route.km] for route in situation.routes]
    parts = [fingerprint(situation.terrain_path), places, routes, crest, n_jitter, _sources(), _versions()]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def _sources() -> list[str]:
    """Text of everything that decides what is measured, so that no measure outlives the code that made it."""
    geo = sorted((file for file in files("keyterrain.geo").iterdir() if file.name.endswith(".py")), key=lambda f: f.name)
    return [file.read_text(encoding="utf-8") for file in (*geo, files("keyterrain.theatre") / "ground.py")]


def _versions() -> list[str]:
    return [version(package) for package in ("numpy", "scipy", "pyproj", "rasterio")]


def kept_measures(path: Path, kind: type[Measures]) -> Measures | None:
    """Measures from an earlier run; None where there are none, or where the file is damaged."""
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            return kind(**{field.name: arrays[field.name] for field in fields(kind)})
    except (OSError, ValueError, TypeError, KeyError, EOFError, zipfile.BadZipFile, zlib.error, NotImplementedError):
        return None


def keep_measures(measures: DataclassInstance, path: Path) -> None:
    """Write beside and rename, so that no reader ever sees half a file; where nothing can be written, nothing is kept."""
    arrays = {field.name: getattr(measures, field.name) for field in fields(measures)}
    beside: Path | None = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with NamedTemporaryFile(dir=path.parent, suffix=".part", delete=False) as file:
            beside = Path(file.name)
            np.savez(file, allow_pickle=False, **arrays)
        beside.replace(path)
    except OSError:
        if beside is not None:
            beside.unlink(missing_ok=True)
