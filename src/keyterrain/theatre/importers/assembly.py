"""From a network with its places to a scenario: keys, names, heights, people, routes, and place-holders for the rest."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import NamedTuple

import numpy as np

from keyterrain.geo.distance import Points
from keyterrain.geo.elevation import Elevation
from keyterrain.theatre.faults import Fault
from keyterrain.theatre.importers import osm, undecided
from keyterrain.theatre.importers.decisions import FILE
from keyterrain.theatre.importers.gazetteer import MOST_ALT_NAMES, Settlement, slug
from keyterrain.theatre.importers.naming import Keys, keys_of
from keyterrain.theatre.importers.request import BuildRequest, Read, TheatreNetwork, listed, nearest_settlement, refusal
from keyterrain.theatre.importers.roads import MOTORWAY
from keyterrain.theatre.importers.routes import LEAST_KM, name_of, source_of, straight_km
from keyterrain.theatre.nouns import ControlRow, Place, Record, Route, Source
from keyterrain.theatre.quantity import Quantity
from keyterrain.theatre.scenario import Scenario
from keyterrain.theatre.schema import SETTLEMENT_KINDS

UNKNOWN_COUNTRY = "XX"
GUESSED_POPULATION = {
    "city": "20000 < 80000 < 400000",
    "town": "2000 < 8000 < 40000",
    "village": "50 < 500 < 4000",
    "quarter": "500 < 5000 < 40000",
    "enclave": "500 < 5000 < 40000",
}
"""Inhabitants where a gazetteer says none; assumption, wide on purpose."""
JUNCTION_ERROR_KM = 0.2
"""Junctions stand for crossings up to 300 m apart; assumption."""


class _Named(NamedTuple):
    """Keys by node, and the places of the theatre."""

    key_of: dict[int, str]
    places: tuple[Place, ...]


def scenario_of(request: BuildRequest, sources: Read, theatre: TheatreNetwork, folder: Path, out: Path) -> Scenario:
    """Return the scenario; its elevation file lies in `folder`, its key follows from where it is to go.

    Raises
    ------
    ScenarioFaults
        Where roads meet on ground of unknown height.
    """
    start = request.start or undecided.NO_START
    named = _named(request, sources, theatre, start)
    _require_heights(named.places, sources.mosaic.elevation)
    heights = [place.elevation_m for place in named.places if place.elevation_m is not None]
    reference_m = round(float(np.median(heights)), -1)
    control = tuple(
        ControlRow(start, place.key, undecided.HOLDER, "", 1.0, 0.0, "", undecided.PLACEHOLDER, "", start)
        for place in named.places
    )
    return Scenario(
        path=folder, name=slug(out.name) or "theatre", title=request.title or out.name,
        summary=f"Built from geodata of the box {request.box}; who fights whom is not decided, see {FILE}.",
        starts=(start,), days=undecided.DAYS, covered_until=None, **undecided.parties(), actors=(), areas=(), corridors=(),
        abroad=(), uncertain_places=(), outcomes=(), reference_height_m=reference_m, crest_areas=(), parameters={},
        places=named.places,
        routes=_routes(theatre, named.key_of, named.places, start), forces=(), strength_claims=(), reinforcements=(),
        supply_sources=(), stocks=(), people=(), climate=undecided.climate(request.box.lat, reference_m),
        record=Record(control, (), (), (), ()), sources=_sources(request), claims=(), fingerprint="",
    )  # fmt: skip


def _require_heights(places: Sequence[Place], ground: Elevation) -> None:
    covered = ground.covers(Points.of([place.lat for place in places], [place.lon for place in places]))
    bare = [
        f"{place.name} ({place.lat}, {place.lon})" for place, is_covered in zip(places, covered, strict=True) if not is_covered
    ]
    if bare:
        what = f"no data under {listed(bare)}, where roads meet: fill its gaps (gdal_fillnodata) or take another file"
        raise refusal([Fault("elevation", None, None, what)])


def _named(request: BuildRequest, sources: Read, theatre: TheatreNetwork, start: date) -> _Named:
    keys = Keys((*(side.key for side in undecided.SIDES),))
    names = keys_of(theatre.settlements, keys)
    key_of = dict(zip((int(node) for node in theatre.nodes), names, strict=True))
    ground, source_keys = sources.mosaic.elevation, _source_keys(request)
    places = [
        _settled(each, key, ground, source_keys[each.file], start) for each, key in zip(theatre.settlements, names, strict=True)
    ]
    used = sorted({end for way in theatre.ways for end in (way.start, way.end)} - set(key_of))
    places += _between(used, theatre, keys, key_of, ground, start)
    return _Named(key_of, tuple(sorted(places, key=lambda place: place.key)))


def _settled(each: Settlement, key: str, ground: Elevation, source: str, start: date) -> Place:
    is_settlement = each.kind in SETTLEMENT_KINDS
    population, says = None, source
    if is_settlement and each.population is None:
        population = Quantity.parse(GUESSED_POPULATION[each.kind])
        says += f";assumption: no population known, as of any {each.kind}"
    elif each.population is not None:
        population = Quantity.parse(f"about {each.population}" if each.population else "0")
    height_m = each.elevation_m if each.elevation_m is not None else _height_m(ground, each.lat, each.lon)
    return Place(
        key=key, name=_clean(each.name), alt_names=_spellings(each), lat=round(each.lat, 5), lon=round(each.lon, 5),
        error_km=each.error_km, elevation_m=height_m, population=population, kind=each.kind,
        country=each.country or UNKNOWN_COUNTRY, areas=(), community="", leaning="", host_capacity=None, source=says,
        known_on=start,
    )  # fmt: skip


def _height_m(ground: Elevation, lat: float, lon: float) -> float | None:
    height = float(ground.at(Points.of([lat], [lon]))[0])
    return None if np.isnan(height) else float(round(height))


def _clean(name: str) -> str:
    return " ".join(name.replace(";", ",").split())


def _spellings(each: Settlement) -> tuple[str, ...]:
    names = (_clean(name) for name in (each.ascii_name, *each.alt_names))
    return tuple(name for name in dict.fromkeys(names) if name and name != _clean(each.name))[:MOST_ALT_NAMES]


def _between(
    used: Sequence[int], theatre: TheatreNetwork, keys: Keys, key_of: dict[int, str], ground: Elevation, start: date
) -> list[Place]:
    """Places of kind pass and junction, named after the nearest settlement."""
    if not used:
        return []
    here = theatre.network.points[np.array(used, dtype=np.int64)]
    near = nearest_settlement(here, theatre.settlements)
    on_motorway = {end for way in theatre.ways if way.kind == MOTORWAY for end in (way.start, way.end)}
    places = []
    numbers: dict[str, int] = {}
    for i, node in enumerate(used):
        by = theatre.settlements[near[i]]
        is_pass = node in theatre.passes
        what = "pass" if is_pass else "motorway junction" if node in on_motorway else "junction"
        own_name = theatre.passes.get(node, "")
        name = own_name or f"{what.capitalize()} near {by.name}"
        numbers[name] = numbers.get(name, 0) + 1
        if numbers[name] > 1:
            name = f"{name} ({numbers[name]})"
        key = keys.give(slug(own_name) or f"{(slug(by.ascii_name or by.name) or 'place')[:28]}-{what.replace(' ', '-')}")
        key_of[node] = key
        lat, lon = round(float(here.lat[i]), 5), round(float(here.lon[i]), 5)
        places.append(
            Place(
                key=key, name=_clean(name), alt_names=(), lat=lat, lon=lon, error_km=JUNCTION_ERROR_KM,
                elevation_m=_height_m(ground, lat, lon), population=None, kind="pass" if is_pass else "junction",
                country=by.country or UNKNOWN_COUNTRY, areas=(), community="", leaning="", host_capacity=None, source="roads",
                known_on=start,
            )
        )  # fmt: skip
    return places


def _routes(theatre: TheatreNetwork, key_of: dict[int, str], places: Sequence[Place], start: date) -> tuple[Route, ...]:
    error_km = {place.key: place.error_km for place in places}
    line_km = straight_km(theatre.network, theatre.ways)
    routes = []
    for way, straight in zip(theatre.ways, line_km, strict=True):
        one, two = sorted((key_of[way.start], key_of[way.end]))
        least = max(LEAST_KM, float(straight) - error_km[one] - error_km[two])
        modes = frozenset(("vehicle", "foot")) if way.vehicle else frozenset(("foot",))
        km = round(max(way.km, least), 2)
        routes.append(Route(one, two, km, name_of(way.kind), modes, source_of(way, "roads"), start))  # type: ignore[arg-type]
    return tuple(sorted(routes, key=lambda route: (route.start, route.end)))


def _source_keys(request: BuildRequest) -> dict[str, str]:
    keys: dict[str, str] = {}
    for number, path in enumerate(request.places, start=1):
        keys.setdefault(path.name, "places" if number == 1 else f"places-{number}")
    return keys


def _sources(request: BuildRequest) -> tuple[Source, ...]:
    is_osm = request.roads.name.lower().endswith(osm.SUFFIXES)
    licence = "Map data from OpenStreetMap, ODbL: name it where results are shown" if is_osm else ""
    roads = Source("roads", f"Roads: {request.roads.name}", "", "data set", licence)
    elevation = Source("elevation", f"Elevation: {listed(path.name for path in request.dem)}", "", "data set", "")
    places = [Source(key, f"Places: {name}", "", "data set", "") for name, key in _source_keys(request).items()]
    return (elevation, *places, roads)
