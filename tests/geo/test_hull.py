"""Outlines of groups of places."""

from __future__ import annotations

import numpy as np
import pytest
from pyproj import Geod
from shapely import Point, Polygon

from keyterrain.geo.distance import Points, distance_km, travel
from keyterrain.geo.hull import hull_around

HOMS, QUSAYR, HERMEL = (34.724, 36.7256), (34.5078, 36.5803), (34.3942, 36.3847)


def centres(*places: tuple[float, float]) -> Points:
    return Points.of([lat for lat, _ in places], [lon for _, lon in places])


def area_km2(ring: Points) -> float:
    """Signed area on the ellipsoid, above 0 where the ring runs counter-clockwise."""
    return float(Geod(ellps="WGS84").polygon_area_perimeter(ring.lon, ring.lat)[0]) / 1e6


def test_one_place_has_a_circle_of_its_radius() -> None:
    ring = hull_around(centres(HOMS), 2.0)
    at_rim = distance_km(centres(HOMS), ring)
    assert at_rim == pytest.approx(np.full(len(ring), 2.0), abs=1e-6)
    assert area_km2(ring) == pytest.approx(np.pi * 4.0, rel=0.01)


def test_the_outline_of_two_places_is_the_strip_between_their_circles() -> None:
    ring = hull_around(centres(HOMS, QUSAYR), 1.0)
    apart = float(distance_km(centres(HOMS), centres(QUSAYR))[0])
    assert area_km2(ring) == pytest.approx(2.0 * apart + np.pi, rel=0.01)


def test_the_outline_holds_every_circle_and_is_convex() -> None:
    radii = [0.5, 3.0, 1.0]
    shape = Polygon(np.column_stack([(ring := hull_around(centres(HOMS, QUSAYR, HERMEL), radii)).lon, ring.lat]))
    rim = travel(centres(HOMS, QUSAYR, HERMEL)[:, None], np.arange(0.0, 360.0, 11.25), np.array(radii)[:, None]).flat()
    assert all(shape.buffer(1e-9).contains(Point(lon, lat)) for lat, lon in zip(rim.lat, rim.lon, strict=True))
    assert shape.convex_hull.area == pytest.approx(shape.area)
    assert shape.exterior.is_ccw
    assert (ring.lat[0], ring.lon[0]) == (ring.lat[-1], ring.lon[-1])


def test_the_order_of_places_does_not_matter() -> None:
    one, other = (hull_around(centres(*order), 1.0) for order in ((HOMS, QUSAYR, HERMEL), (HERMEL, HOMS, QUSAYR)))
    assert Polygon(np.column_stack([one.lon, one.lat])).equals(Polygon(np.column_stack([other.lon, other.lat])))


@pytest.mark.parametrize("radius", [0.0, -1.0, float("nan")])
def test_a_radius_that_is_none_is_refused(radius: float) -> None:
    with pytest.raises(ValueError, match="above 0"):
        hull_around(centres(HOMS), radius)


def test_an_outline_around_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="no place"):
        hull_around(centres(), 1.0)
