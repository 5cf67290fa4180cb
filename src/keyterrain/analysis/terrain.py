"""What the ground of a theatre is worth, measure by measure, with the spread that comes of roughly known coordinates.

A place whose coordinates are known to a km or two has each measure at 17 positions; the spread runs over them. That one place
outranks another is a probability over both places' positions, which err independently; half of a tie counts.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from keyterrain.campaign.defence import Levers, defence_of, frontage
from keyterrain.campaign.errors import RunRefused
from keyterrain.campaign.world import drive_hours, stopping_snow_cm, walk_hours
from keyterrain.geo.distance import Points, distance_km
from keyterrain.theatre.faults import nearest
from keyterrain.theatre.ground import Ground, measure_ground
from keyterrain.theatre.survey import Survey, survey_terrain
from keyterrain.version import __version__

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence
    from collections.abc import Set as AbstractSet

    from keyterrain.theatre.nouns import Situation
    from keyterrain.theatre.scenario import Scenario

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Measure:
    """One measure of places: its unit, and what more of it says."""

    key: str
    unit: str
    says: str
    high_is_hard: bool
    """Whether a place with more of it is taken to be harder to take; an assumption wherever combat does not use it."""
    used: bool
    """Whether the campaign uses it."""


MEASURES = (
    Measure("defence", "1", "times fewer attackers that could do the same on open ground", True, used=True),
    Measure("relief_m", "m", "highest less lowest ground within 3 km", True, used=True),
    Measure("heights", "1", "summits within 4 km that command the place", True, used=True),
    Measure("frontage", "fighters", "who can be brought to bear by a side", False, used=True),
    Measure("elevation_m", "m", "height above the sea", True, used=False),
    Measure("slope_deg", "degrees", "inclination over 3 x 3 cells", True, used=False),
    Measure("ruggedness_m", "m", "terrain ruggedness index (Riley)", True, used=False),
    Measure("vector_ruggedness", "1", "spread of the ground's normals (Sappington)", True, used=False),
    Measure("dominance", "1", "share of ground within 4 km overlooked, less that from which one is", True, used=False),
    Measure("approach_climb_m", "m", "mean climb of the last 3 km of road", True, used=False),
    Measure("motorway_km", "km", "distance from the motorway", True, used=False),
    Measure("observed_km", "km", "road in view within 5 km", True, used=False),
)
"""Measures by which places are compared; `observed_km` enters the campaign route by route, as observation."""


@dataclass(frozen=True, slots=True)
class Spread:
    """A measure at the stated position, its mean, and its 5 and 95 % points over all positions; NaN where undefined."""

    stated: float
    mean: float
    low: float
    high: float

    @classmethod
    def of(cls, values: Floats) -> Spread:
        """From values by position, the stated one first."""
        low, high = np.quantile(values, [0.05, 0.95])
        return cls(float(values[0]), float(values.mean()), float(low), float(high))


@dataclass(frozen=True, slots=True)
class PlaceTerrain:
    """A place with all its measures; rank 1 has the highest mean defence, equals share the better rank."""

    place: str
    name: str
    rank: int
    measures: dict[str, Spread]
    error_km: float
    approaches: int
    off_road_hours: float


@dataclass(frozen=True, slots=True)
class RouteTerrain:
    """A route: hours by the faster mode, by vehicle and on foot (mean of both ways), and what else the ground does to it."""

    start: str
    end: str
    kind: str
    km: float
    hours: float
    vehicle_hours: float
    foot_hours: float
    gradient: float
    stopping_snow_cm: float
    max_elevation_m: float
    observed_share: float
    watched_from: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Overlook:
    """A place that looks down on another."""

    above: str
    below: str
    by_m: float
    km: float


@dataclass(frozen=True, slots=True)
class Crossing:
    """Where easiest ways on foot between places cross their highest ground, or where they bundle.

    `ways` are how many, `share` their part of all such ways (of a pass: of those that cross high ground at all), `between` the
    ends of the quickest of them, `near` the nearest place, `near_km` away.
    """

    kind: Literal["pass", "choke point"]
    lat: float
    lon: float
    elevation_m: float
    ways: int
    share: float
    between: tuple[str, str]
    near: str
    near_km: float


@dataclass(frozen=True, slots=True)
class Outranks:
    """Probability that a place is harder than another by a measure; half of a tie counts.

    `p` is over the positions of both, with all levers of ground at their defaults; `p_levers` lets these vary as well, each by
    its own distribution, and is `p` for a measure that none of them enters. NaN where the measure is undefined.
    """

    place: str
    against: str
    measure: str
    p: float
    p_levers: float


@dataclass(frozen=True)
class TerrainAnswer:
    """What was asked about the ground of a scenario, and the answer."""

    scenario: str
    title: str
    version: str
    start: date
    snow_cm: float
    n_positions: int
    places: tuple[PlaceTerrain, ...]
    routes: tuple[RouteTerrain, ...]
    overlooks: tuple[Overlook, ...]
    crossings: tuple[Crossing, ...]
    outranks: tuple[Outranks, ...]


@dataclass(frozen=True)
class _Ground:
    """Ground and survey of a situation, and measures (J, P) by name."""

    situation: Situation
    ground: Ground
    survey: Survey

    @cached_property
    def by_measure(self) -> dict[str, Floats]:
        ground, survey = self.ground, self.survey
        return {
            "defence": defence_of(ground),
            "relief_m": ground.relief_m,
            "heights": ground.n_commanding_heights.astype(np.float64),
            "frontage": frontage(ground.n_approaches, ground.relief_index, Levers.default()),
            "elevation_m": survey.elevation_m,
            "slope_deg": ground.slope_deg,
            "ruggedness_m": survey.ruggedness_m,
            "vector_ruggedness": survey.vector_ruggedness,
            "dominance": survey.overlooks - survey.overlooked,
            "approach_climb_m": survey.approach_climb_m,
            "motorway_km": survey.motorway_km,
            "observed_km": survey.observed_km,
        }

    @cached_property
    def defence_by_levers(self) -> Floats:
        """Defence (levers, J, P) at every combination of the levers."""
        return np.stack([defence_of(self.ground, levers) for levers in Levers.spread()])

    @cached_property
    def frontage_by_levers(self) -> Floats:
        """Frontage (levers, J, P) at every combination of the levers."""
        ground = self.ground
        return np.stack([frontage(ground.n_approaches, ground.relief_index, levers) for levers in Levers.spread()])


def p_harder(values: Floats, one: int, other: int, *, high_is_hard: bool) -> float:
    """Chance over all pairs of positions that one place is harder by a measure than another; half of a tie counts.

    Parameters
    ----------
    values
        The measure (..., position, place); what stands before is averaged over.
    one, other
        Numbers of the places.
    high_is_hard
        Whether more of the measure makes a place harder.
    """
    here, there = values[..., :, None, one], values[..., None, :, other]
    if np.isnan(here).any() or np.isnan(there).any():
        return float("nan")
    more = (here - there) * (1.0 if high_is_hard else -1.0)
    # differences below a millionth are rounding
    tie = np.abs(more) <= 1e-6 * np.maximum(1.0, np.abs(here))
    return float(np.where(tie, 0.5, more > 0.0).mean())


def terrain(
    scenario: Scenario,
    *,
    start: date | None = None,
    against: str = "",
    only: Sequence[str] = (),
    snow_cm: float = 0.0,
) -> TerrainAnswer:
    """Measure the ground of a scenario place by place and road by road.

    Parameters
    ----------
    scenario
        Gives places, roads and elevation.
    start
        Evening of which places and roads are known; the scenario's own by default.
    against
        A place that all others are held against, measure by measure; none by default.
    only
        Places and areas to answer for, with the roads that end there; ranks are still among all places. All by default.
    snow_cm
        Settled snow on all roads, on which their hours are given.

    Raises
    ------
    ScenarioFaults, RunRefused, ElevationError
        The start is not covered, no place or area is called so, or the elevation cannot be used.
    """
    situation = scenario.situation(start)
    index = {place.key: i for i, place in enumerate(situation.places)}
    areas = {area: [place.key for place in situation.places if area in place.areas] for area in situation.areas}
    _require_known(only, {*index, *areas}, "place or area", scenario.title)
    _require_known([against] if against else [], index, "place", scenario.title)
    asked = {place for key in only for place in ([key] if key in index else areas[key])} if only else set(index)
    known = _Ground(situation, measure_ground(situation), survey_terrain(situation))
    return TerrainAnswer(
        scenario=situation.scenario_name,
        title=scenario.title,
        version=__version__,
        start=situation.start,
        snow_cm=snow_cm,
        n_positions=known.ground.relief_m.shape[0],
        places=tuple(row for row in _places(known) if row.place in asked),
        routes=tuple(row for row in _routes(known, snow_cm) if row.start in asked or row.end in asked),
        overlooks=tuple(row for row in _overlooks(known) if row.above in asked or row.below in asked),
        crossings=_crossings(known),
        outranks=_outranks(known, index[against], asked) if against else (),
    )


def _require_known(keys: Sequence[str], valid: Collection[str], noun: str, title: str) -> None:
    unknown = [key for key in keys if key not in valid]
    if unknown:
        close = {key: nearest(key, valid) for key in unknown}
        said = ", ".join(f"{key!r}{f' (did you mean {close[key]}?)' if close[key] else ''}" for key in unknown)
        raise RunRefused(f"No {noun} of {title} is called {said}.")


def _places(known: _Ground) -> tuple[PlaceTerrain, ...]:
    mean = known.by_measure["defence"].mean(axis=0)
    # a millionth forgives rounding, so that equal ground has equal rank
    rank = 1 + (mean[None, :] > mean[:, None] + 1e-6).sum(axis=1)
    rows = [
        PlaceTerrain(
            place=place.key,
            name=place.name,
            rank=int(rank[i]),
            measures={key: Spread.of(values[:, i]) for key, values in known.by_measure.items()},
            error_km=place.error_km,
            approaches=int(known.ground.n_approaches[i]),
            off_road_hours=float(known.survey.off_road_hours[i]),
        )
        for i, place in enumerate(known.situation.places)
    ]
    return tuple(sorted(rows, key=lambda row: (row.rank, row.place)))


def _routes(known: _Ground, snow_cm: float) -> tuple[RouteTerrain, ...]:
    situation, ground = known.situation, known.ground
    vehicle, foot = drive_hours(situation, ground, snow_cm), walk_hours(situation, ground, snow_cm)
    watchers = _watchers(known)
    return tuple(
        RouteTerrain(
            start=route.start,
            end=route.end,
            kind=route.kind,
            km=route.km,
            hours=float(min(vehicle[e], foot[e])),
            vehicle_hours=float(vehicle[e]),
            foot_hours=float(foot[e]),
            gradient=float(np.sqrt(ground.route_mean_square_gradient[e])),
            stopping_snow_cm=stopping_snow_cm(route),
            max_elevation_m=float(ground.route_max_elevation_m[e]),
            observed_share=float(known.survey.route_observed_share[e]),
            watched_from=watchers[e],
        )
        for e, route in enumerate(situation.routes)
    )


def _watchers(known: _Ground, n_named: int = 3) -> list[tuple[str, ...]]:
    """For each route the places, other than its ends, that see most of it."""
    ground, places = known.ground, known.situation.places
    found: list[list[tuple[float, str]]] = [[] for _ in known.situation.routes]
    pairs = zip(ground.pair_place, ground.pair_route, ground.pair_observation, strict=True)
    for place, route, share in pairs:
        key = places[place].key
        if share > 0.0 and key not in (known.situation.routes[route].start, known.situation.routes[route].end):
            found[route].append((-float(share), key))
    return [tuple(key for _, key in sorted(seen)[:n_named]) for seen in found]


def _overlooks(known: _Ground) -> tuple[Overlook, ...]:
    places, survey = known.situation.places, known.survey
    pairs = zip(survey.above, survey.below, survey.above_by_m, survey.above_km, strict=True)
    return tuple(Overlook(places[a].key, places[b].key, float(by_m), float(km)) for a, b, by_m, km in pairs)


def _crossings(known: _Ground) -> tuple[Crossing, ...]:
    survey = known.survey
    passes = (survey.pass_lat, survey.pass_lon, survey.pass_m, survey.pass_ways, survey.pass_start, survey.pass_end)
    chokes = (survey.choke_lat, survey.choke_lon, survey.choke_m, survey.choke_ways, survey.choke_start, survey.choke_end)
    return (*_crossings_of("pass", known, passes, survey.n_over), *_crossings_of("choke point", known, chokes, survey.n_ways))


def _crossings_of(
    kind: Literal["pass", "choke point"], known: _Ground, columns: tuple[NDArray[Any], ...], n_ways: NDArray[np.int64]
) -> Iterator[Crossing]:
    places, ground = known.situation.places, known.ground
    for lat, lon, height_m, ways, start, end in zip(*columns, strict=True):
        km = distance_km(Points.of([lat], [lon]), Points(ground.lat, ground.lon))
        closest = int(km.argmin())
        between = (places[start].key, places[end].key)
        share = float(ways / n_ways)
        yield Crossing(
            kind, float(lat), float(lon), float(height_m), int(ways), share, between, places[closest].key, float(km[closest])
        )


def _outranks(known: _Ground, other: int, asked: AbstractSet[str]) -> tuple[Outranks, ...]:
    """Every place asked for against one, by every measure."""
    places = known.situation.places
    by_levers = {"defence": known.defence_by_levers, "frontage": known.frontage_by_levers}
    answers = []
    for one, place in enumerate(places):
        if one == other or place.key not in asked:
            continue
        for measure in MEASURES:
            values, varied = known.by_measure[measure.key], by_levers.get(measure.key)
            p = p_harder(values, one, other, high_is_hard=measure.high_is_hard)
            p_levers = p if varied is None else p_harder(varied, one, other, high_is_hard=measure.high_is_hard)
            answers.append(Outranks(place.key, places[other].key, measure.key, p, p_levers))
    return tuple(answers)
