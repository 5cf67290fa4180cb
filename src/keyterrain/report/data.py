"""The data block of a report: what its map shows, so that anyone can hold the picture against the store."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

import numpy as np

from keyterrain.report.palette import looks

if TYPE_CHECKING:
    from collections.abc import Sequence

    import xarray as xr

    from keyterrain.analysis.outlook import Outlook
    from keyterrain.analysis.relief import ReliefPicture
    from keyterrain.campaign.manifest import Manifest
    from keyterrain.theatre.nouns import Place

FORMAT = "keyterrain-report/1"
DIGITS = 4
"""Probabilities are written to so many digits."""

MAJOR_ROUTES = frozenset({"motorway", "primary"})
RANKS = {"city": 3, "town": 2, "enclave": 2, "quarter": 1, "village": 1}


def data_block(outlook: Outlook, manifest: Manifest) -> dict[str, Any]:
    """Return dates, places, sides, probabilities of control, and the state of routes and corridors, as plain JSON values."""
    situation = outlook.situation
    holders = outlook.control.value["holder"].to_numpy().tolist()
    return {
        "format": FORMAT,
        "scenario": manifest.plan.scenario,
        "seed": manifest.plan.seed,
        "replicates": outlook.n_replicates,
        "start": situation.start.isoformat(),
        "dates": [day.isoformat() for day in outlook.dates],
        "week_dates": [outlook.date_of(day).isoformat() for day in outlook.weeks],
        "places": outlook.control.value["place"].to_numpy().tolist(),
        "sides": [side.key for side in situation.sides],
        "holders": holders,
        "corridors": outlook.corridors.p_open.value["corridor"].to_numpy().tolist(),
        "routes": outlook.routes.p_open.value["route"].to_numpy().tolist(),
        "axes": {
            "p_control": ["holder", "date", "place"],
            "p_route_open": ["mode", "week_date", "route"],
            "p_route_snow": ["week_date", "route"],
            "p_corridor_open": ["corridor", "date"],
        },
        "p_control": {holder: _rounded(outlook.control.value.sel(holder=holder)) for holder in holders},
        "p_route_open": {
            mode: _rounded(outlook.routes.p_open.value.sel(mode=mode))
            for mode in outlook.routes.p_open.value["mode"].to_numpy().tolist()
        },
        "p_route_snow": _rounded(outlook.routes.p_snow.value),
        "p_corridor_open": {
            corridor: _rounded(outlook.corridors.p_open.value.sel(corridor=corridor))
            for corridor in outlook.corridors.p_open.value["corridor"].to_numpy().tolist()
        },
        "largest_standard_error": round(float(outlook.control.standard_error.max()), DIGITS),
    }


def map_block(outlook: Outlook, relief: ReliefPicture, labels_first: Sequence[str]) -> dict[str, Any]:
    """Return what the map needs beside the data block: positions, names, looks, the relief beneath, and views to choose from."""
    situation = outlook.situation
    places = {place.key: place for place in situation.places}
    routes = {route.key: route for route in situation.routes}
    keys = outlook.control.value["place"].to_numpy().tolist()
    return {
        "relief": {
            "source": f"data:image/jpeg;base64,{base64.b64encode(relief.jpeg).decode()}",
            **{edge: round(getattr(relief, edge), 5) for edge in ("west", "east", "south", "north")},
        },
        "places": [_place(places[key], outlook, labels_first) for key in keys],
        "first_place": keys.index(labels_first[0]) if labels_first else 0,
        "routes": [
            {"from": keys.index(route.start), "to": keys.index(route.end), "major": route.kind in MAJOR_ROUTES}
            for route in (routes[key] for key in outlook.routes.p_open.value["route"].to_numpy().tolist())
        ],
        "looks": [
            {"holder": look.holder, "name": look.name, "colour": look.colour, "symbol": look.symbol}
            for look in looks(situation.sides)
        ],
        "views": [_view(name, [place for place in situation.places if area in place.areas]) for area, name in _areas(outlook)],
    }


def _areas(outlook: Outlook) -> list[tuple[str, str]]:
    """Return areas with places, those with most first."""
    areas = outlook.situation.areas
    n_places = {area: sum(area in place.areas for place in outlook.situation.places) for area in areas}
    return sorted(((area, areas[area]) for area in areas if n_places[area]), key=lambda pair: (-n_places[pair[0]], pair[0]))


def _view(name: str, places: Sequence[Place]) -> dict[str, Any]:
    lats, lons = [place.lat for place in places], [place.lon for place in places]
    edges = {"west": min(lons), "east": max(lons), "south": min(lats), "north": max(lats)}
    return {"name": name, **{edge: round(degrees, 4) for edge, degrees in edges.items()}}


def _place(place: Place, outlook: Outlook, labels_first: Sequence[str]) -> dict[str, Any]:
    return {
        "name": place.name,
        "alt_names": list(place.alt_names),
        "kind": place.kind,
        "lat": place.lat,
        "lon": place.lon,
        "rank": 4 if place.key in labels_first else RANKS.get(place.kind, 0),
        "people": round(place.population.mid) if place.population else 0,
        "start_holder": outlook.start_holder(place.key),
    }


def _rounded(values: xr.DataArray) -> list[Any]:
    """Return nested lists of rounded numbers, whole ones without a point."""
    nested: list[Any] = _shortened(np.round(values.to_numpy(), DIGITS).tolist())
    return nested


def _shortened(values: Any) -> Any:
    if isinstance(values, list):
        return [_shortened(value) for value in values]
    return int(values) if values in {0.0, 1.0} else values
