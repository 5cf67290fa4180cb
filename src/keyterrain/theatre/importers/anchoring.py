"""Places set onto the network: beside a road, beside a motorway alone, or far from any, by a way on foot.

A place is a node of its own, joined to the nearest point of a road. What it is off the road beyond the error of its coordinates
counts as a way. Rivers are not read, so a way on foot to a far road is a guess for a person to look at.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from keyterrain.geo.distance import Booleans, Floats, Integers, Points, distance_km
from keyterrain.theatre.importers.carriageways import Plane, along, foot_share, on_plane, segments
from keyterrain.theatre.importers.network import (
    BESIDE_MOTORWAY,
    JOINED,
    ON_FOOT,
    Insertion,
    Network,
    edges,
    insert,
)

BESIDE_KM = 1.0
"""A place so near a road, the error of its coordinates added, lies on it; assumption."""
FARTHEST_ON_FOOT_KM = 15.0
"""A place farther than this from any way has none; assumption: half a day's walk."""
FOOT_DETOUR = 1.4
"""Length of a path over the straight line where no path is mapped; assumption: 1.2 to 1.5 is usual of roads and hill paths."""


@dataclass(frozen=True, eq=False)
class Anchored:
    """A network with a node for each place; `link` is how it was joined, -1 where it was not, `offset_km` how far off it is."""

    network: Network
    node: Integers
    link: NDArray[np.int8]
    offset_km: Floats


class _Nearest(NamedTuple):
    """The nearest edge of each place, -1 where none is near enough."""

    edge: Integers
    km: Floats


def anchor(network: Network, places: Points, error_km: Floats, lat: float) -> Anchored:
    """Give each place a node and join it to the network.

    A road beside it comes first, then a way on foot beside it, then a motorway beside it, and at last any way but a motorway
    within 15 km, on foot.
    """
    plane = on_plane(network.points, lat)
    at = on_plane(places, lat)
    beside_km = BESIDE_KM + error_km
    road = network.vehicle & ~network.is_motorway
    chosen = np.full(len(places), -1, dtype=np.int64)
    link = np.full(len(places), -1, dtype=np.int8)
    for which, most_km, kind in (
        (road & ~network.is_ramp, beside_km, JOINED),
        (~network.vehicle, beside_km, JOINED),
        (network.is_motorway, beside_km, BESIDE_MOTORWAY),
        (~network.is_motorway, np.full(len(places), FARTHEST_ON_FOOT_KM), ON_FOOT),
    ):
        found = _nearest(network, np.flatnonzero(which), plane, at, most_km)
        take = (chosen < 0) & (found.edge >= 0)
        chosen[take], link[take] = found.edge[take], kind
    return _joined(network, places, error_km, chosen, link, plane, at)


def _nearest(network: Network, which: Integers, plane: Plane, at: Plane, most_km: Floats) -> _Nearest:
    import shapely

    edge, km = np.full(at.x.size, -1, dtype=np.int64), np.full(at.x.size, np.inf)
    if not which.size or not at.x.size:
        return _Nearest(edge, km)
    tree = shapely.STRtree(segments(network, which, plane))
    found, distance = tree.query_nearest(
        shapely.points(at.x, at.y), max_distance=float(most_km.max()) + 1e-9, return_distance=True, all_matches=False
    )
    place, line = found
    near = distance <= most_km[place]
    edge[place[near]], km[place[near]] = which[line[near]], distance[near]
    return _Nearest(edge, km)


def _joined(
    network: Network, places: Points, error_km: Floats, chosen: Integers, link: NDArray[np.int8], plane: Plane, at: Plane
) -> Anchored:
    some = np.flatnonzero(chosen >= 0)
    share = foot_share(plane, network, chosen[some], Plane(at.x[some], at.y[some]))
    feet = along(network, chosen[some], share)
    vehicle = network.vehicle[chosen[some]] & (link[some] != ON_FOOT)
    done = insert(network, Insertion(chosen[some], share, feet))
    node = done.network.n_nodes + np.arange(len(places))
    wider = done.network.with_nodes(places.lat, places.lon)
    off_km = distance_km(places[some], feet)
    detour = np.where(link[some] == ON_FOOT, FOOT_DETOUR, 1.0)
    km = np.where(link[some] == JOINED, np.maximum(off_km - error_km[some], 0.0), detour * off_km)
    joins = [
        edges(wider, node[some][same], done.node[same], km[same], link=int(kind), vehicle=vehicle[same])
        for kind in (JOINED, ON_FOOT, BESIDE_MOTORWAY)
        if (same := _same(link[some], kind)).any()
    ]
    for each in joins:
        wider = wider.followed_by(each)
    offset_km = np.full(len(places), np.nan)
    offset_km[some] = off_km
    return Anchored(wider, node, link, offset_km)


def _same(link: NDArray[np.int8], kind: int) -> Booleans:
    same: Booleans = link == kind
    return same
