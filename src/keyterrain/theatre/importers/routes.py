"""From edges to routes between places: each pair of places once, kinds by speed, junctions where routes meet.

Two ways between the same two places stay two where they are of different sorts: the slower gets a junction halfway.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from keyterrain.geo.distance import Booleans, Integers, distance_km
from keyterrain.theatre.importers.network import BESIDE_MOTORWAY, ON_FOOT, Network, repeats, speed_km_h
from keyterrain.theatre.importers.roads import MOTORWAY, PASS
from keyterrain.theatre.schema import ROUTE_KINDS

LEAST_KM = 0.05
"""Length of a route between places that share a crossing."""


@dataclass(frozen=True, slots=True)
class Way:
    """One route: nodes at its ends, length, index into ROUTE_KINDS, whether vehicles pass, and what it comes from."""

    start: int
    end: int
    km: float
    kind: int
    vehicle: bool
    link: int
    is_half: bool


def ways_between(network: Network, passes: Booleans) -> tuple[Way, ...]:
    """Return the routes of a network by their nodes; of parallel edges all but the fastest lead through a junction halfway."""
    network = _apart(network)
    kinds = _kinds(network, passes)
    order = np.lexsort((network.hours, network.v, network.u))
    return tuple(
        Way(
            start=int(network.u[i]), end=int(network.v[i]), km=float(network.km[i]), kind=int(kinds[i]),
            vehicle=bool(network.vehicle[i]), link=int(network.link[i]), is_half=bool(network.via[i] == HALF),
        )
        for i in order
    )  # fmt: skip


HALF = -2
"""What stands in `via` of half an edge."""


def _apart(network: Network) -> Network:
    from dataclasses import replace

    network = replace(network, u=np.minimum(network.u, network.v), v=np.maximum(network.u, network.v))
    order = np.lexsort((network.hours, network.v, network.u))
    network = network.take(order)
    same = repeats(network.u, network.v)
    busy = np.zeros(network.n_nodes, np.bool_)
    busy[network.u] = busy[network.v] = True
    can = same & (network.via >= 0)
    can[can] = ~busy[network.via[can]]
    split = network.take(can)
    middle = split.via
    half = {"km": split.km / 2, "hours": split.hours / 2, "motorway_km": split.motorway_km / 2, "via": np.full(len(split), HALF)}
    first = replace(split, v=middle, **half)
    second = replace(split, u=split.v, v=middle, **half)
    return network.take(~same).followed_by(first).followed_by(second)


def _kinds(network: Network, passes: Booleans) -> Integers:
    """The kind whose speed is nearest to that of the whole way; a track is a pass where it ends at one."""
    speed = np.log(speed_km_h()[:PASS])
    mean = np.log(np.maximum(network.km, 1e-9) / np.maximum(network.hours, 1e-9))
    off = np.abs(mean[:, None] - speed[None, :])
    off[~network.is_motorway, MOTORWAY] = np.inf
    # what lies on a road by all that is known of its coordinates has no length to drive
    by_speed = np.where(network.hours > 0.0, off.argmin(axis=1), network.kind)
    kind = np.where(network.vehicle, by_speed, PASS - 1)
    at_pass = passes[network.u] | passes[network.v]
    return np.where((kind == PASS - 1) & at_pass, PASS, kind)


def straight_km(network: Network, ways: tuple[Way, ...]) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Length of the straight line of each route."""
    one = np.array([way.start for way in ways], dtype=np.int64)
    two = np.array([way.end for way in ways], dtype=np.int64)
    km: np.ndarray[tuple[int], np.dtype[np.float64]] = distance_km(network.points[one], network.points[two])
    return km


def source_of(way: Way, key: str) -> str:
    """What a route's source cell says."""
    says = [key] if way.link != BESIDE_MOTORWAY else []
    if way.link == ON_FOOT:
        says.append("assumption: way on foot to the nearest road, straight line by a detour factor of 1.4, no such way is mapped")
    if way.link == BESIDE_MOTORWAY:
        says.append("assumption: joined to the motorway beside it, no such road is mapped")
    if way.is_half:
        says.append("assumption: halves of one way, with a junction between that keeps it apart from another")
    return ";".join(says)


def name_of(kind: int) -> str:
    """Name of a kind of route."""
    return ROUTE_KINDS[kind]
