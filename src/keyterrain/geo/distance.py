"""Distances and directions on the WGS 84 ellipsoid.

Geodesics after Karney (2013), doi:10.1007/s00190-012-0578-z, as PROJ computes them.
Latitudes and longitudes are degrees, distances km, bearings degrees clockwise from north.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

if TYPE_CHECKING:
    from pyproj import Geod

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Booleans = NDArray[np.bool_]

M_PER_KM = 1000.0


@dataclass(frozen=True, slots=True)
class Points:
    """Positions in WGS 84 degrees; both arrays have the same shape."""

    lat: Floats
    lon: Floats

    @classmethod
    def of(cls, lat: ArrayLike, lon: ArrayLike) -> Points:
        """Positions from anything that reads as numbers, one latitude for each longitude."""
        lats, lons = np.broadcast_arrays(np.asarray(lat, dtype=np.float64), np.asarray(lon, dtype=np.float64))
        return cls(lats, lons)

    def __len__(self) -> int:
        return int(self.lat.shape[0])

    def __getitem__(self, which: Integers | Booleans | slice | int | tuple[slice, None]) -> Points:
        return Points(np.asarray(self.lat[which]), np.asarray(self.lon[which]))

    def flat(self) -> Points:
        """The same positions along one axis."""
        return Points(self.lat.ravel(), self.lon.ravel())

    def followed_by(self, others: Points) -> Points:
        """These positions and then the others."""
        return Points(np.concatenate([self.lat, others.lat]), np.concatenate([self.lon, others.lon]))


@dataclass(frozen=True, slots=True)
class Pairs:
    """Which of the first points lie near which of the second, sorted by (first, second)."""

    first: Integers
    second: Integers
    km: Floats

    def only(self, which: Booleans) -> Pairs:
        """The pairs for which `which` is true."""
        return Pairs(self.first[which], self.second[which], self.km[which])


@cache
def _ellipsoid() -> Geod:
    from pyproj import Geod

    return Geod(ellps="WGS84")


def distance_km(start: Points, end: Points) -> Floats:
    """Geodesic distance between points, broadcast against each other."""
    lat0, lon0, lat1, lon1 = _together(start, end)
    _, _, metres = _ellipsoid().inv(lon0, lat0, lon1, lat1)
    return np.asarray(metres, dtype=np.float64) / M_PER_KM


def bearing_deg(start: Points, end: Points) -> Floats:
    """Direction in which the geodesic leaves `start` for `end`, in [0, 360)."""
    lat0, lon0, lat1, lon1 = _together(start, end)
    forward, _, _ = _ellipsoid().inv(lon0, lat0, lon1, lat1)
    return np.mod(np.asarray(forward, dtype=np.float64), 360.0)


def offset(start: Points, east_km: ArrayLike, north_km: ArrayLike) -> Points:
    """Point reached along the geodesic that sets out by so many km to the east and to the north."""
    east, north = np.asarray(east_km, dtype=np.float64), np.asarray(north_km, dtype=np.float64)
    return travel(start, np.degrees(np.arctan2(east, north)), np.hypot(east, north))


def travel(start: Points, bearing: ArrayLike, km: ArrayLike) -> Points:
    """Point reached from `start` after `km` along the geodesic with this initial bearing."""
    lat, lon, azimuth, length = (
        np.array(part) for part in np.broadcast_arrays(start.lat, start.lon, np.asarray(bearing), np.asarray(km))
    )
    lons, lats, _ = _ellipsoid().fwd(lon, lat, azimuth, length * M_PER_KM)
    return Points(np.asarray(lats, dtype=np.float64), np.asarray(lons, dtype=np.float64))


def geodesic_points(start: Points, end: Points, n_segments: int) -> Points:
    """Points that cut each geodesic into equal segments, ends included.

    Returns
    -------
    Positions of shape (line, n_segments + 1).
    """
    share = np.linspace(0.0, 1.0, n_segments + 1)
    km = distance_km(start, end)
    between = travel(start[:, None], bearing_deg(start, end)[:, None], km[:, None] * share)
    return _with_exact_ends(between, start, end)


def short_line_points(start: Points, end: Points, n_segments: int) -> Points:
    """Points that cut short lines into equal steps of latitude and longitude, ends included.

    Cheaper than the geodesic; at 34 degrees of latitude it leaves it by 6 m on a line of 20 km and by 0.4 m on one of 5 km.

    Returns
    -------
    Positions of shape (line, n_segments + 1).
    """
    share = np.linspace(0.0, 1.0, n_segments + 1)
    lat = start.lat[:, None] + (end.lat - start.lat)[:, None] * share
    lon = start.lon[:, None] + (end.lon - start.lon)[:, None] * share
    return _with_exact_ends(Points(lat, lon), start, end)


def pairs_within(first: Points, second: Points, radius_km: float) -> Pairs:
    """All pairs of a first and a second point not farther apart than the radius.

    Distances are chords through the ellipsoid, shorter than the geodesic by less than 1 m at 50 km.
    """
    from scipy.spatial import cKDTree

    if not len(first) or not len(second):
        return Pairs(np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0))
    here, there = _on_ellipsoid_km(first), _on_ellipsoid_km(second)
    found = cKDTree(here).sparse_distance_matrix(cKDTree(there), radius_km, output_type="ndarray")
    i, j, km = np.asarray(found["i"], np.int64), np.asarray(found["j"], np.int64), np.asarray(found["v"], np.float64)
    order = np.lexsort((j, i))
    return Pairs(i[order], j[order], km[order])


def _with_exact_ends(between: Points, start: Points, end: Points) -> Points:
    lat, lon = between.lat, between.lon
    lat[:, 0], lon[:, 0], lat[:, -1], lon[:, -1] = start.lat, start.lon, end.lat, end.lon
    return Points(lat, lon)


def _on_ellipsoid_km(points: Points) -> Floats:
    ellipsoid = _ellipsoid()
    lat, lon = np.radians(points.lat), np.radians(points.lon)
    normal_km = ellipsoid.a / np.sqrt(1.0 - ellipsoid.es * np.sin(lat) ** 2) / M_PER_KM
    east = np.cos(lat) * np.cos(lon)
    north = np.cos(lat) * np.sin(lon)
    up = (1.0 - ellipsoid.es) * np.sin(lat)
    position_km: Floats = normal_km[:, None] * np.stack([east, north, up], axis=1)
    return position_km


def _together(start: Points, end: Points) -> tuple[Floats, Floats, Floats, Floats]:
    lat0, lon0, lat1, lon1 = (np.array(part) for part in np.broadcast_arrays(start.lat, start.lon, end.lat, end.lon))
    return lat0, lon0, lat1, lon1
