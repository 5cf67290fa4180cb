"""Outlines around the places of areas, to be drawn: they say which places belong together and are no borders."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import cos, radians
from typing import TYPE_CHECKING

from keyterrain.analysis.relief import KM_PER_DEGREE

if TYPE_CHECKING:
    from keyterrain.theatre.nouns import Place

MARGIN_KM = 2.0
"""Distance of an outline from its outermost places; assumption: chosen by eye."""
CONCAVITY = 0.5
"""How far an outline follows its places inwards: 0 as far as it can, 1 not at all (convex); assumption: chosen by eye."""


@dataclass(frozen=True, slots=True)
class Outline:
    """A closed line of longitudes and latitudes in degrees; its last point is its first."""

    lons: tuple[float, ...]
    lats: tuple[float, ...]


def area_outlines(places: Sequence[Place], areas: Sequence[str]) -> Mapping[str, Outline]:
    """Return an outline of each of these areas that has places; every place of the area lies within."""
    middle = sum(place.lat for place in places) / max(len(places), 1)
    members = {area: [place for place in places if area in place.areas] for area in areas}
    return {area: _outline(of_area, middle) for area, of_area in members.items() if of_area}


def _outline(places: Sequence[Place], middle_lat: float) -> Outline:
    import shapely

    east_km = KM_PER_DEGREE * cos(radians(middle_lat))
    points = shapely.MultiPoint([(place.lon * east_km, place.lat * KM_PER_DEGREE) for place in places])
    around = shapely.concave_hull(points, ratio=CONCAVITY).buffer(MARGIN_KM, quad_segs=4).exterior
    corners = [(x / east_km, y / KM_PER_DEGREE) for x, y in around.coords]
    return Outline(tuple(round(lon, 4) for lon, _ in corners), tuple(round(lat, 4) for _, lat in corners))
