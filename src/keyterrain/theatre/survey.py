"""A fuller look at the ground than a campaign takes: what a reader compares places by.

`measure_ground` gives what is played with; this adds ruggedness, dominance, climbs, distance from the motorway, the roads that a
place sees, and ways where no road leads. Like those, measures follow from elevation, coordinates and roads alone and are taken
at every position that a place may have.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from keyterrain.geo import walking
from keyterrain.geo.distance import Points, distance_km, pairs_within, short_line_points
from keyterrain.geo.dominance import commands, dominance
from keyterrain.geo.elevation import Elevation
from keyterrain.geo.leastcost import CellNetwork, on_foot
from keyterrain.geo.passes import crossings
from keyterrain.geo.relief import ruggedness_m, vector_ruggedness
from keyterrain.geo.sight import sightings
from keyterrain.geo.summits import COMMANDING_M, commanding_heights
from keyterrain.theatre.ground import (
    APPROACH_KM,
    Ground,
    Ways,
    cache_key,
    default_cache,
    keep_measures,
    kept_measures,
    measure_ground,
    open_elevation,
    place_positions,
)
from keyterrain.theatre.nouns import Place, Situation

TRUNK_KINDS = frozenset({"motorway"})
"""What the distance from the motorway is taken to: a fact about the road, not about the ground."""
PATH_CELL_KM = 0.75
"""Least size of cells over which least-cost paths are sought (assumption: what a day's march notices)."""
LONGEST_WALK_HOURS = 24.0
"""How far a way without road is sought (assumption: three days' march of 8 h)."""

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Survey:
    """Further measures of the ground, in the order of the situation.

    Axes: P places, E routes, J positions of a place (0 is the stated one), N pairs of places.

    Attributes
    ----------
    elevation_m
        (J, P) of the raster.
    ruggedness_m, vector_ruggedness
        (J, P) terrain ruggedness index and vector ruggedness over 3 x 3 cells.
    overlooks, overlooked
        (J, P) share of the ground within 4 km that is in sight and clearly lower, or clearly higher, than the place.
    approach_climb_m
        (J, P) mean climb over the last 3 km of the roads into the place, 0 where there is none.
    motorway_km
        (J, P) to the nearest point of a motorway, NaN where there is none in the theatre.
    observed_km
        (J, P) km of road that are seen from the place or a summit of it, within 5 km; roads as straight lines.
    route_observed_share
        (E,) of its 500 m points that any place but its ends, or a summit of one, sees within 5 km, all at their stated positions.
    off_road_hours
        (P,) on foot by the least-cost path to the nearest place with a road; NaN for places with one, and where none is in reach.
    pass_lat, pass_lon, pass_m, pass_ways, pass_start, pass_end
        (M,) where ways on foot between places cross their highest ground: position, height, how many ways, and the ends (places)
        of the quickest of them.
    choke_lat, choke_lon, choke_m, choke_ways, choke_start, choke_end
        (L,) where such ways bundle: the same.
    n_ways, n_over
        () how many ways there are in all, and how many go over ground 100 m higher than both their ends.
    above, below, above_by_m, above_km
        (N,) pairs of places within 4 km in sight of each other, the first at least 100 m higher.
    """

    elevation_m: Floats
    ruggedness_m: Floats
    vector_ruggedness: Floats
    overlooks: Floats
    overlooked: Floats
    approach_climb_m: Floats
    motorway_km: Floats
    observed_km: Floats
    route_observed_share: Floats
    off_road_hours: Floats
    pass_lat: Floats
    pass_lon: Floats
    pass_m: Floats
    pass_ways: Integers
    pass_start: Integers
    pass_end: Integers
    choke_lat: Floats
    choke_lon: Floats
    choke_m: Floats
    choke_ways: Integers
    choke_start: Integers
    choke_end: Integers
    n_ways: Integers
    n_over: Integers
    above: Integers
    below: Integers
    above_by_m: Floats
    above_km: Floats


def survey_terrain(situation: Situation, *, n_jitter: int = 16, cache: Path | None = None) -> Survey:
    """Survey the ground of a situation, or fetch what an earlier survey found.

    Raises
    ------
    ElevationError
        The elevation file cannot be used or does not cover all places.
    """
    ground = measure_ground(situation, n_jitter=n_jitter, cache=cache)
    kept = (cache if cache is not None else default_cache()) / f"survey-{_key(situation, n_jitter)}.npz"
    survey = kept_measures(kept, Survey)
    if survey is None:
        survey = _surveyed(situation, ground, n_jitter)
        keep_measures(survey, kept)
    return survey


def _key(situation: Situation, n_jitter: int) -> str:
    trunk = [route.kind in TRUNK_KINDS for route in situation.routes]
    own = files("keyterrain.theatre").joinpath("survey.py").read_text(encoding="utf-8")
    return hashlib.sha256(repr([cache_key(situation, n_jitter), trunk, own]).encode()).hexdigest()


def _surveyed(situation: Situation, ground: Ground, n_jitter: int) -> Survey:
    places = situation.places
    elevation = open_elevation(situation)
    variants = place_positions(elevation, places, n_jitter)
    shape, flat = variants.lat.shape, variants.flat()
    ways = Ways.between(elevation, places, situation.routes, variants[0])
    seen = _Seen.of(elevation, variants, ways)
    # one position after another: on fine rasters all at once would not fit into memory
    looks = [dominance(elevation, variants[j]) for j in range(shape[0])]
    # steps of a walker over cells of a few metres would take for ever and follow every boulder
    coarse = elevation.coarsened(PATH_CELL_KM)
    pairs = commands(elevation, variants[0], COMMANDING_M)
    found = crossings(coarse, variants[0])
    return Survey(
        elevation_m=elevation.at(flat).reshape(shape),
        ruggedness_m=ruggedness_m(elevation, flat).reshape(shape),
        vector_ruggedness=vector_ruggedness(elevation, flat).reshape(shape),
        overlooks=np.stack([look.overlooks for look in looks]),
        overlooked=np.stack([look.overlooked for look in looks]),
        approach_climb_m=_approach_climb_m(elevation, variants, ways),
        motorway_km=_motorway_km(situation, variants, ways),
        observed_km=seen.km_by_position(),
        route_observed_share=seen.share_by_route(),
        off_road_hours=_off_road_hours(coarse, places, ground, variants[0]),
        pass_lat=found.passes.points.lat,
        pass_lon=found.passes.points.lon,
        pass_m=found.passes.height_m,
        pass_ways=found.passes.ways,
        pass_start=found.passes.start,
        pass_end=found.passes.end,
        choke_lat=found.chokes.points.lat,
        choke_lon=found.chokes.points.lon,
        choke_m=found.chokes.height_m,
        choke_ways=found.chokes.ways,
        choke_start=found.chokes.start,
        choke_end=found.chokes.end,
        n_ways=np.array(found.n_ways),
        n_over=np.array(found.n_over),
        above=pairs.above,
        below=pairs.below,
        above_by_m=pairs.climb_m,
        above_km=pairs.km,
    )


def _approach_climb_m(elevation: Elevation, variants: Points, ways: Ways) -> Floats:
    """Mean climb of the last km of every road into each position of a place, from the stated position of its other end."""
    n_positions, n_places = variants.lat.shape
    own = ways.ends[:, ::-1].T.ravel()  # each road once to either end
    other, km = ways.ends.T.ravel(), np.tile(ways.km, 2)
    position = np.repeat(np.arange(n_positions), own.size)
    road = np.tile(np.arange(own.size), n_positions)
    start, end = variants[0][other[road]], Points(variants.lat[position, own[road]], variants.lon[position, own[road]])
    climb_m = np.zeros(road.size)
    parts = walking.n_segments(distance_km(start, end))
    for n in np.unique(parts):
        same = np.flatnonzero(parts == n)
        heights_m = walking.without_gaps(elevation.at(short_line_points(start[same], end[same], int(n))))
        climb_m[same] = [walking.final_climb_m(h, APPROACH_KM / km[road[i]]) for h, i in zip(heights_m, same, strict=True)]
    into = position * n_places + own[road]
    total, number = (np.bincount(into, weights=w, minlength=n_positions * n_places) for w in (climb_m, np.ones(road.size)))
    return np.divide(total, number, out=np.zeros(total.shape), where=number > 0).reshape(n_positions, n_places)


def _motorway_km(situation: Situation, variants: Points, ways: Ways) -> Floats:
    trunk = np.array([route.kind in TRUNK_KINDS for route in situation.routes], dtype=np.bool_)
    points = ways.all_points()[trunk[ways.route_of_point()]]
    if not len(points):
        return np.full(variants.lat.shape, np.nan)
    flat = variants.flat()
    nearest = _nearest(flat, points)
    km: Floats = distance_km(flat, points[nearest]).reshape(variants.lat.shape)
    return km


def _nearest(points: Points, others: Points) -> Integers:
    """Number of the nearest of the others to each point, looked for in ever wider circles."""
    found = np.full(len(points), -1, dtype=np.int64)
    radius_km = 2.0
    while (missing := np.flatnonzero(found < 0)).size:
        near = pairs_within(points[missing], others, radius_km)
        order = np.lexsort((near.second, near.km, near.first))
        first, at = np.unique(near.first[order], return_index=True)
        found[missing[first]] = near.second[order][at]
        radius_km *= 2.0
    return found


@dataclass(frozen=True, slots=True)
class _Seen:
    """Points of roads seen from positions of places and their summits: stand = position x places + place, each pair once."""

    stand: Integers
    point: Integers
    shape: tuple[int, int]
    ways: Ways

    @classmethod
    def of(cls, elevation: Elevation, variants: Points, ways: Ways) -> _Seen:
        own, n_points = variants.flat(), max(1, int(ways.n_points().sum()))
        heights = commanding_heights(elevation, own)
        viewer = np.concatenate([np.arange(len(own)), heights.point])
        seen = sightings(elevation, own.followed_by(heights.summits), ways.all_points())
        pairs = np.unique(viewer[seen.first] * n_points + seen.second)
        return cls(pairs // n_points, pairs % n_points, (variants.lat.shape[0], variants.lat.shape[1]), ways)

    def km_by_position(self) -> Floats:
        """Km of road seen from each position, (J, P); a point stands for its part of the road."""
        route = self.ways.route_of_point()[self.point]
        km: Floats = self.ways.km[route] / self.ways.n_points()[route]
        seen_km: Floats = np.zeros(self.shape[0] * self.shape[1])
        np.add.at(seen_km, self.stand, km)
        return seen_km.reshape(self.shape)

    def share_by_route(self) -> Floats:
        """Share of each route seen at the stated positions from any place that it does not end at."""
        route = self.ways.route_of_point()
        place = self.stand % self.shape[1]
        foreign = (self.stand < self.shape[1]) & ~(self.ways.ends[route[self.point]] == place[:, None]).any(axis=1)
        points = np.unique(self.point[foreign])
        n_points = self.ways.n_points()
        return np.bincount(route[points], minlength=n_points.size) / np.maximum(n_points, 1)


def _off_road_hours(elevation: Elevation, places: tuple[Place, ...], ground: Ground, positions: Points) -> Floats:
    """Hours from places without a road to the nearest with one, by the least-cost path over open ground."""
    hours = np.full(len(places), np.nan)
    without = np.flatnonzero(ground.n_approaches == 0)
    joined = np.flatnonzero(ground.n_approaches > 0)
    if without.size and joined.size:
        network = CellNetwork(elevation, on_foot)
        for place, reach in zip(without, network.from_points(positions[without], LONGEST_WALK_HOURS), strict=True):
            least = float(reach.hours_to(positions[joined]).min())
            hours[place] = least if np.isfinite(least) else np.nan
    return hours
