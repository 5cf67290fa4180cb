"""What needs no campaign: measures of the map, and of the record before the start."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Mapping
from datetime import date, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from keyterrain.geo.distance import Points, bearing_deg, distance_km
from keyterrain.theatre.known import known_by
from keyterrain.theatre.outcomes import MEASURES, WHOLE_THEATRE

if TYPE_CHECKING:
    from keyterrain.analysis.measures.registry import Measurement
    from keyterrain.theatre.nouns import ControlRow, Corridor, Place, Situation
    from keyterrain.theatre.scenario import Scenario

DAYS_OF_A_MONTH = 365.25 / 12.0


class Known(NamedTuple):
    """A scenario and what was known at a start."""

    scenario: Scenario
    situation: Situation


_READERS: dict[str, Callable[..., float]] = {}


def _reads(measure: str) -> Callable[[Callable[..., float]], Callable[..., float]]:
    if MEASURES[measure].basis == "runs":
        raise ValueError(f"{measure} is computed from campaigns")

    def register(function: Callable[..., float]) -> Callable[..., float]:
        _READERS[measure] = function
        return function

    return register


def standing_measures() -> frozenset[str]:
    """Return the measures that are read off the map or the record."""
    return frozenset(_READERS)


def standing_value(asked: Measurement, scenario: Scenario, situation: Situation) -> float:
    """Return the value of a measure of the map or the record, nan where it is undefined; of the record what was known then."""
    return _READERS[asked.measure](Known(scenario, situation), **dict(asked.arguments))


class _Road(NamedTuple):
    """Places along the shortest road through a corridor, in order, and how far each is from its beginning."""

    places: tuple[Place, ...]
    km: tuple[float, ...]


def _road_through(situation: Situation, corridor: str) -> _Road | None:
    """Return the shortest road for vehicles through the places of a corridor, whoever holds them and whatever closes it."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import dijkstra

    noun: Corridor = next(each for each in situation.corridors if each.key == corridor)
    places = {place.key: place for place in situation.places}
    at = {key: i for i, key in enumerate(noun.places)}
    arcs = [
        (at[route.start], at[route.end], route.km)
        for route in situation.routes
        if route.start in at and route.end in at and "vehicle" in route.modes
    ]
    if not arcs:
        return None
    start, end, km = (np.array(column) for column in zip(*arcs, strict=True))
    graph = coo_array((km, (start, end)), shape=(len(at), len(at))).tocsr()
    found = dijkstra(graph, directed=False, indices=np.array([at[noun.start]]), return_predecessors=True)
    far, before, stop = found[0][0], found[1][0], at[noun.end]
    if not math.isfinite(far[stop]):
        return None
    way = [stop]
    while way[-1] != at[noun.start]:
        way.append(int(before[way[-1]]))
    way.reverse()
    return _Road(tuple(places[noun.places[i]] for i in way), tuple(float(far[i]) for i in way))


def _points(places: tuple[Place, ...]) -> Points:
    return Points.of([place.lat for place in places], [place.lon for place in places])


@_reads("way_enters_from")
def way_enters_from(known: Known, *, corridor: str, km: float) -> float:
    """Return the bearing of the first place on the road that is that far from its beginning; the last where it is shorter."""
    road = _road_through(known.situation, corridor)
    if road is None:
        return math.nan
    at = next((i for i, far in enumerate(road.km) if far >= km), len(road.km) - 1)
    return float(bearing_deg(_points(road.places[:1]), _points(road.places[at : at + 1]))[0]) % 360.0


@_reads("km_to_corridor")
def km_to_corridor(known: Known, *, place: str, corridor: str) -> float:
    """Return the distance to the nearest place on the road."""
    road = _road_through(known.situation, corridor)
    if road is None:
        return math.nan
    here = tuple(each for each in known.situation.places if each.key == place) * len(road.places)
    return float(distance_km(_points(here), _points(road.places)).min())


def _in_area(situation: Situation, area: str) -> frozenset[str]:
    return frozenset(place.key for place in situation.places if area == WHOLE_THEATRE or area in place.areas)


def _changes(known: Known, area: str) -> Mapping[str, list[ControlRow]]:
    """Return the rows of control that were known at the start, by place of the area and in order of time."""
    places, start = _in_area(known.situation, area), known.situation.start
    rows: dict[str, list[ControlRow]] = defaultdict(list)
    for row in sorted(known_by(known.scenario.record.control, start), key=lambda row: (row.place, row.on, -row.weight)):
        if row.place in places and row.on <= start:
            rows[row.place].append(row)
    return rows


class _Handover(NamedTuple):
    """A place that passed to another holder, until a later day or, as far as was known, for good."""

    on: date
    holder: str
    until: date


def _handovers(known: Known, area: str) -> list[_Handover]:
    """Return the handovers of places of the area in order of time; the first row of a place is none."""
    found = []
    for rows in _changes(known, area).values():
        likeliest = {row.on: row.holder for row in reversed(rows)}
        days = sorted(likeliest)
        changed = [day for i, day in enumerate(days) if i == 0 or likeliest[days[i - 1]] != likeliest[day]]
        found += [_Handover(on, likeliest[on], until) for on, until in pairwise([*changed, date.max])][1:]
    return sorted(found)


@_reads("longest_quiet_days")
def longest_quiet_days(known: Known, *, area: str, months: int) -> float:
    """Return the longest spell between two recorded events, from the first of the days looked at to the start."""
    start = known.situation.start
    first = start - timedelta(days=round(months * DAYS_OF_A_MONTH))
    places = _in_area(known.situation, area)
    noted = [row.on for row in known.situation.incidents if row.place in places]
    noted += [handover.on for handover in _handovers(known, area)]
    days = [first, *sorted(day for day in noted if first <= day <= start), start]
    return float(max((later - earlier).days for earlier, later in pairwise(days)))


@_reads("days_since_capture")
def days_since_capture(known: Known, *, area: str, side: str, days: int) -> float:
    """Return the days since a place of the area last passed to the side and stayed with it for so long."""
    kept = timedelta(days=days)
    taken = [each.on for each in _handovers(known, area) if each.holder == side and each.until - each.on >= kept]
    return float((known.situation.start - taken[-1]).days) if taken else math.nan
