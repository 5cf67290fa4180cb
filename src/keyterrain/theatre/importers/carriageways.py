"""Roads that are drawn as several lines made one: roundabouts, and the two carriageways of a road.

Two one-way lines that run against each other side by side are zipped up: each point of one is set into the other at its foot,
and the two become one node. Then both lines lead through the same nodes, and their edges are parallel, of which one stays.
"""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from keyterrain.geo.box import KM_PER_DEGREE
from keyterrain.geo.distance import Floats, Integers, Points, distance_km
from keyterrain.theatre.importers.network import Insertion, Network, insert, merge_nodes, repeats
from keyterrain.theatre.importers.roads import TRACK, Ways

FARTHEST_APART_KM = 0.1
"""Distance between the lines of two carriageways of one road, at most; assumption."""
AGAINST = -0.9
"""Cosine of the angle between two directions that run against each other: 154 degrees and more."""
NEAR_END_KM = 0.02
"""So near the end of a line its end is meant; assumption: the width of a carriageway."""


class Plane(NamedTuple):
    """Positions in km on a plane about a latitude: good for what is near by, never for lengths that are kept."""

    x: Floats
    y: Floats


def on_plane(points: Points, lat: float) -> Plane:
    """Lay positions out about a latitude."""
    return Plane(points.lon * np.cos(np.radians(lat)) * KM_PER_DEGREE, points.lat * KM_PER_DEGREE)


def foot_share(plane: Plane, network: Network, edge: Integers, at: Plane) -> Floats:
    """Part of an edge's length at which it is nearest to a position."""
    x, y = plane.x[network.u[edge]], plane.y[network.u[edge]]
    dx, dy = plane.x[network.v[edge]] - x, plane.y[network.v[edge]] - y
    length2 = np.maximum(dx * dx + dy * dy, 1e-18)
    share: Floats = np.clip(((at.x - x) * dx + (at.y - y) * dy) / length2, 0.0, 1.0)
    return share


def along(network: Network, edge: Integers, share: Floats) -> Points:
    """Position at a part of an edge that is one short segment."""
    u, v = network.u[edge], network.v[edge]
    return Points(
        network.lat[u] + (network.lat[v] - network.lat[u]) * share, network.lon[u] + (network.lon[v] - network.lon[u]) * share
    )


def segments(network: Network, which: Integers, plane: Plane) -> NDArray[np.object_]:
    """Lines of edges on the plane."""
    import shapely

    u, v = network.u[which], network.v[which]
    ends = np.stack([np.stack([plane.x[u], plane.y[u]], axis=1), np.stack([plane.x[v], plane.y[v]], axis=1)], axis=1)
    lines: NDArray[np.object_] = shapely.linestrings(ends)
    return lines


def without_roundabouts(network: Network, ways: Ways) -> Network:
    """Make a node of each roundabout; roads that meet it grow by the way to its middle."""
    ring = np.flatnonzero(ways.is_roundabout)
    if not ring.size:
        return network
    links = [(ways.point[i], ways.point[i + 1]) for way in ring for i in range(ways.start[way], ways.start[way + 1] - 1)]
    pairs = np.array(links, dtype=np.int64)
    label, lat, lon = _grouped(network, pairs[:, 0], pairs[:, 1])
    extra_km = distance_km(network.points, Points(lat, lon)[label])
    return merge_nodes(replace(network, lat=lat, lon=lon), label, extra_km)


def zipped(network: Network, lat: float) -> Network:
    """Make one line of the two carriageways of a road."""
    lane = np.flatnonzero(network.one_way & ~network.is_ramp & network.vehicle & (network.kind < TRACK))
    if not lane.size:
        return network
    plane = on_plane(network.points, lat)
    found = _opposite(network, lane, plane)
    if not found.node.size:
        return network
    share = found.share
    length = network.km[found.edge]
    share = np.where(share * length <= NEAR_END_KM, 0.0, np.where((1.0 - share) * length <= NEAR_END_KM, 1.0, share))
    done = insert(network, Insertion(found.edge, share, along(network, found.edge, share)))
    label, lats, lons = _grouped(done.network, found.node, done.node)
    return merge_nodes(replace(done.network, lat=lats, lon=lons), label)


class _Opposite(NamedTuple):
    """Nodes of a carriageway, each with the edge of the other that is beside it, and where on it."""

    node: Integers
    edge: Integers
    share: Floats


def _opposite(network: Network, lane: Integers, plane: Plane) -> _Opposite:
    import shapely

    node = np.unique(np.concatenate([network.u[lane], network.v[lane]]))
    dx, dy = _directions(network, lane, plane)
    heading_x, heading_y = _headings(network, lane, dx, dy)
    tree = shapely.STRtree(segments(network, lane, plane))
    points = shapely.points(plane.x[node], plane.y[node])
    i, j = tree.query(points, predicate="dwithin", distance=FARTHEST_APART_KM)
    here, edge = node[i], lane[j]
    against = heading_x[here] * dx[j] + heading_y[here] * dy[j] < AGAINST
    touches = (network.u[edge] == here) | (network.v[edge] == here)
    here, edge = here[against & ~touches], edge[against & ~touches]
    share = foot_share(plane, network, edge, Plane(plane.x[here], plane.y[here]))
    u, v = network.u[edge], network.v[edge]
    foot_x = plane.x[u] + (plane.x[v] - plane.x[u]) * share
    foot_y = plane.y[u] + (plane.y[v] - plane.y[u]) * share
    km = np.hypot(foot_x - plane.x[here], foot_y - plane.y[here])
    order = np.lexsort((edge, km, here))
    best = order[~repeats(here[order])]
    return _Opposite(here[best], edge[best], share[best])


def _directions(network: Network, lane: Integers, plane: Plane) -> tuple[Floats, Floats]:
    dx, dy = plane.x[network.v[lane]] - plane.x[network.u[lane]], plane.y[network.v[lane]] - plane.y[network.u[lane]]
    length = np.maximum(np.hypot(dx, dy), 1e-12)
    return dx / length, dy / length


def _headings(network: Network, lane: Integers, dx: Floats, dy: Floats) -> tuple[Floats, Floats]:
    n = network.n_nodes
    ends = np.concatenate([network.u[lane], network.v[lane]])
    x, y = np.bincount(ends, np.tile(dx, 2), n), np.bincount(ends, np.tile(dy, 2), n)
    length = np.maximum(np.hypot(x, y), 1e-12)
    return x / length, y / length


def _grouped(network: Network, one: Integers, other: Integers) -> tuple[Integers, Floats, Floats]:
    """One node for each group of nodes that pairs join, at the middle of the group; its number is the lowest of them."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    n = network.n_nodes
    graph = coo_array((np.ones(one.size, np.int8), (one, other)), shape=(n, n))
    _, group = connected_components(graph.tocsr(), directed=False)
    _, lowest, label = np.unique(group, return_index=True, return_inverse=True)
    size = np.bincount(label)
    lat, lon = np.bincount(label, network.lat) / size, np.bincount(label, network.lon) / size
    alone = size[label] == 1
    return lowest[label], np.where(alone, network.lat, lat[label]), np.where(alone, network.lon, lon[label])
