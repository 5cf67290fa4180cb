"""Layers: tables whose rows lie somewhere on the map, as geographic programs and notebooks take them.

What a scenario says before anything is played: places, routes and areas as they were known on the evening of a start. What
a run adds is in `run_layers`. Nothing is written here; `report.export` does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt

from keyterrain.geo.distance import Points
from keyterrain.geo.hull import hull_around
from keyterrain.version import __version__

if TYPE_CHECKING:
    from keyterrain.theatre.nouns import Holding, Place, Situation
    from keyterrain.theatre.quantity import Quantity
    from keyterrain.theatre.scenario import Scenario

Geometry = Literal["point", "line", "polygon", "none"]
Shape = tuple[tuple[float, float], ...]
"""Positions as (longitude, latitude) in degrees, WGS 84: the order that geographic files have."""

NOWHERE = -1
LEAST_RADIUS_KM = 1.0
"""How far an area reaches beyond its places at least; assumption: the fields and outskirts of a village."""


@dataclass(frozen=True, slots=True)
class Field:
    """One column of a layer; `tag` is its hashtag in the Humanitarian Exchange Language, `cells` has one entry a row."""

    name: str
    meaning: str
    unit: str
    tag: str
    cells: Sequence[Any] | npt.NDArray[Any]


@dataclass(frozen=True, slots=True)
class Layer:
    """A table with a shape for each row: `shapes[shape_of_row[i]]`, none where that is `NOWHERE`."""

    name: str
    says: str
    geometry: Geometry
    fields: tuple[Field, ...]
    shapes: tuple[Shape, ...] = ()
    shape_of_row: npt.NDArray[np.int64] | None = None

    def __len__(self) -> int:
        return len(self.fields[0].cells)

    def field(self, name: str) -> Field:
        """Return a column by its name."""
        return next(field for field in self.fields if field.name == name)


@dataclass(frozen=True, slots=True)
class Layers:
    """Layers with what they were made from; without a run there are no replicates, seed or interventions."""

    scenario: str
    title: str
    start: date
    days: int
    fingerprint: str
    layers: tuple[Layer, ...]
    n_replicates: int | None = None
    seed: int | None = None
    interventions: str = ""
    version: str = __version__

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the layers, in order."""
        return tuple(layer.name for layer in self.layers)


def scenario_layers(scenario: Scenario, start: date | None = None) -> Layers:
    """Return what a scenario says, as it was known on the evening of a start (the scenario's first by default).

    Raises
    ------
    keyterrain.theatre.faults.ScenarioFaults
        The record does not cover that day.
    """
    situation = scenario.situation(start)
    return Layers(
        scenario=scenario.name,
        title=scenario.title,
        start=situation.start,
        days=situation.days,
        fingerprint=scenario.fingerprint_at(situation.start),
        layers=standing_layers(situation),
    )


def standing_layers(situation: Situation) -> tuple[Layer, ...]:
    """Return places, routes and areas of a situation."""
    return (_places(situation), _routes(situation), _areas(situation))


def point(place: Place) -> Shape:
    """Return where a place is."""
    return ((place.lon, place.lat),)


def route_shapes(situation: Situation) -> tuple[Shape, ...]:
    """Return each route as the straight line between its ends: the course of a road is not known, its length is."""
    at = {place.key: (place.lon, place.lat) for place in situation.places}
    return tuple((at[route.start], at[route.end]) for route in situation.routes)


def area_members(situation: Situation) -> dict[str, list[Place]]:
    """Return the places of each area that has any."""
    members = {key: [place for place in situation.places if key in place.areas] for key in situation.areas}
    return {key: places for key, places in members.items() if places}


def area_shapes(situation: Situation) -> tuple[Shape, ...]:
    """Return the hull of each area's places, each with its error about it; a scenario knows no borders of areas."""
    return tuple(_hull(places) for places in area_members(situation).values())


def _hull(places: Sequence[Place]) -> Shape:
    centres = Points.of([place.lat for place in places], [place.lon for place in places])
    ring = hull_around(centres, [max(place.error_km, LEAST_RADIUS_KM) for place in places])
    return tuple(zip(ring.lon.tolist(), ring.lat.tolist(), strict=True))


def _places(situation: Situation) -> Layer:
    places = situation.places
    held = [_likeliest(situation.holdings.get(place.key, ())) for place in places]
    people = [place.population for place in places]
    fields = (
        Field("place", "key of the place", "", "#loc+code", [place.key for place in places]),
        Field("name", "display name", "", "#loc+name", [place.name for place in places]),
        Field("kind", "what it is", "", "#loc+type", [place.kind for place in places]),
        Field("country", "country (ISO 3166)", "", "#country+code", [place.country for place in places]),
        Field(
            "areas", "areas it belongs to, separated by ;", "", "#region+code+list", [";".join(place.areas) for place in places]
        ),
        Field("error_km", "how far the coordinates may be off", "km", "#geo+error", [place.error_km for place in places]),
        Field(
            "elevation_m", "height that a source states", "m", "#geo+elevation", _numbers(place.elevation_m for place in places)
        ),
        Field("population_low", "inhabitants, 5 per cent point", "people", "#population+low", _points(people, "low")),
        Field("population", "inhabitants, median", "people", "#population+median", _points(people, "mid")),
        Field("population_high", "inhabitants, 95 per cent point", "people", "#population+high", _points(people, "high")),
        Field("holder", "side that most likely holds it at the start", "", "#org+code+holder", [row.holder for row in held]),
        Field("contested_by", "side that holds the rest", "", "#org+code+contender", [row.contested_by for row in held]),
        Field("holder_weight", "weight of that in the record", "1", "#indicator+weight", [row.weight for row in held]),
        Field("held_since", "first evening of that holder", "", "#date+held", [row.since for row in held]),
        Field("source", "sources", "", "#meta+source", [place.source for place in places]),
    )
    shapes = tuple(point(place) for place in places)
    return Layer("places", "Places as they were known at the start", "point", fields, shapes, np.arange(len(places)))


def _routes(situation: Situation) -> Layer:
    routes = situation.routes
    closed = {mode: _closed(situation, mode) for mode in ("vehicle", "foot")}
    fields = (
        Field("route", "key of the route", "", "#access+code", [route.key for route in routes]),
        Field("from", "key of the place at one end", "", "#loc+code+from", [route.start for route in routes]),
        Field("to", "key of the place at the other end", "", "#loc+code+to", [route.end for route in routes]),
        Field(
            "km", "length on the ground, longer than the line drawn", "km", "#indicator+length", [route.km for route in routes]
        ),
        Field("kind", "what it is", "", "#access+type", [route.kind for route in routes]),
        *(
            Field(mode, f"whether it can be used ({mode})", "", f"#access+{mode}", [mode in route.modes for route in routes])
            for mode in ("vehicle", "foot")
        ),
        *(
            Field(f"closed_{mode}", f"whether it is closed at the start ({mode})", "", f"#access+closed+{mode}", closed[mode])
            for mode in ("vehicle", "foot")
        ),
        Field("source", "sources", "", "#meta+source", [route.source for route in routes]),
    )
    says = "Roads, tracks and passes, each drawn as the straight line between its ends"
    return Layer("routes", says, "line", fields, route_shapes(situation), np.arange(len(routes)))


def _closed(situation: Situation, mode: str) -> list[bool]:
    """Return for each route whether a closure of the record is in force."""
    shut = {frozenset((row.start, row.end)) for row in situation.closures if row.mode in {mode, "both"}}
    return [frozenset((route.start, route.end)) in shut for route in situation.routes]


def _areas(situation: Situation) -> Layer:
    members = area_members(situation)
    fields = (
        Field("area", "key of the area", "", "#region+code", list(members)),
        Field("name", "display name", "", "#region+name", [situation.areas[key] for key in members]),
        Field("n_places", "places of the area", "1", "#meta+count", [len(places) for places in members.values()]),
        Field("shape", "what the outline is", "", "#meta+shape", ["hull of its places"] * len(members)),
    )
    says = "Areas, each drawn as the hull of its places with their errors: no border is known, and hulls overlap"
    return Layer("areas", says, "polygon", fields, area_shapes(situation), np.arange(len(members)))


def _likeliest(holdings: Sequence[Holding]) -> Holding:
    return max(holdings, key=lambda holding: holding.weight)


def _points(quantities: Sequence[Quantity | None], which: str) -> npt.NDArray[np.float64]:
    return _numbers(None if quantity is None else getattr(quantity, which) for quantity in quantities)


def _numbers(values: Any) -> npt.NDArray[np.float64]:
    """Return numbers, nan where there is none."""
    return np.array([np.nan if value is None else value for value in values], dtype=np.float64)
