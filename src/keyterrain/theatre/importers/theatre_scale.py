"""From a network of roads to one of a theatre: towns and crossings become points, and roads that no way between places takes go.

Lengths are kept: what lies between a node and the point that it becomes adds to the roads that end there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from keyterrain.geo.distance import Booleans, Floats, Integers, distance_km
from keyterrain.theatre.importers.network import BESIDE_MOTORWAY, ON_FOOT, Network, merge_nodes, repeats, simplify

TOWN_RADIUS_KM: Mapping[str, float] = {"city": 3.0, "town": 1.5}
"""Crossings so near a place by road are within it; assumption."""
VILLAGE_RADIUS_KM = 0.5
CROSSING_KM = 0.3
"""Crossings so near each other are one junction; assumption: a motorway's interchange."""
DEARER = 2.0
"""A second way is kept where it is less than so many times as long as the first; assumption."""
NEIGHBOURS = 8
"""Second ways are sought to so many of the nearest places; assumption."""
BEATEN = 0.98
"""A road that is taken already is preferred where it is at most 2 % slower, so that ways bundle; assumption."""
SHORTEST_KM = 1e-6


def towns_as_points(network: Network, nodes: Integers, radius_km: Floats, stays: Booleans) -> Network:
    """Make crossings within a place that place. Motorways pass by: their nodes are never within."""
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import dijkstra

    if not nodes.size:
        return network
    by_motorway = np.zeros(network.n_nodes, np.bool_)
    motorway = network.is_motorway
    by_motorway[network.u[motorway]] = by_motorway[network.v[motorway]] = True
    local = network.take(~motorway & (network.link != ON_FOOT) & (network.link != BESIDE_MOTORWAY))
    lightest = local.take(_lightest(local, local.km).edges)
    n = network.n_nodes
    graph = csr_array((np.maximum(lightest.km, SHORTEST_KM), (lightest.u, lightest.v)), shape=(n, n))
    found = dijkstra(graph, directed=False, indices=nodes, limit=float(radius_km.max()), min_only=True, return_predecessors=True)
    km, _, source = found
    radius = np.zeros(network.n_nodes)
    radius[nodes] = radius_km
    within = (source >= 0) & ~by_motorway & ~stays
    within[within] = km[within] <= radius[source[within]]
    label = np.arange(network.n_nodes)
    label[within] = source[within]
    return merge_nodes(network, label, np.where(within, np.where(np.isfinite(km), km, 0.0), 0.0))


def crossings_as_points(network: Network, stays: Booleans) -> Network:
    """Make one junction of crossings that short roads join."""
    label = np.arange(network.n_nodes)
    short = np.flatnonzero((network.km <= CROSSING_KM) & ~stays[network.u] & ~stays[network.v])
    seed: dict[int, int] = {}
    for edge in short[np.argsort(network.km[short], kind="stable")]:
        u, v = int(network.u[edge]), int(network.v[edge])
        if u in seed and v in seed:
            continue
        if u not in seed and v not in seed:
            seed[u] = seed[v] = min(u, v)
        else:
            known, new = (u, v) if u in seed else (v, u)
            if _km_between(network, seed[known], new) <= CROSSING_KM:
                seed[new] = seed[known]
    if not seed:
        return network
    member, centre = np.array(list(seed), dtype=np.int64), np.array(list(seed.values()), dtype=np.int64)
    label[member] = centre
    return merge_nodes(network, label, distance_km(network.points, network.points[label]))


def _km_between(network: Network, one: int, other: int) -> float:
    points = network.points
    return float(distance_km(points[one : one + 1], points[other : other + 1])[0])


def in_use(network: Network, nodes: Integers, tell: Callable[[str], None] = lambda _: None) -> Network:
    """Keep the roads that lead from some place to another.

    Those are the fastest way between any two, the shortest between neighbours, and between neighbours a second one that is not
    twice as slow.
    """
    fastest = _used(network, network.hours, nodes)
    tell("fastest ways between places found")
    shortest = _used(network, network.km, nodes, NEIGHBOURS)
    second = _used(network, np.where(fastest | shortest, DEARER, 1.0) * network.hours, nodes, NEIGHBOURS)
    tell("shortest and second ways between neighbours found")
    return network.take(fastest | shortest | second)


def _used(network: Network, weight: Floats, nodes: Integers, n_nearest: int | None = None) -> Booleans:
    """Whether an edge lies on the lightest way between any two of the nodes, or between each and the nearest of the others."""
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import dijkstra

    network, nodes = _renumbered(network, nodes)
    best, edge_of = _lightest(network, weight)
    n = network.n_nodes
    # numbers in place of weights say where in the compressed rows each edge went
    graph = csr_array((np.arange(1.0, best.size + 1.0), (network.u[best], network.v[best])), shape=(n, n))
    edge = best[graph.data.astype(np.int64) - 1]
    used = np.zeros(len(network), np.bool_)
    for source in nodes:
        graph.data = np.maximum(np.where(used[edge], BEATEN, 1.0) * weight[edge], SHORTEST_KM)
        far, before = (found[0] for found in dijkstra(graph, directed=False, indices=[int(source)], return_predecessors=True))
        reached = nodes[before[nodes] >= 0]
        if n_nearest is not None:
            reached = reached[np.argsort(far[reached], kind="stable")[:n_nearest]]
        tail = _passed(before, reached)
        used[edge_of(tail, before[tail].astype(np.int64))] = True
    return used


def _passed(before: Integers, reached: Integers) -> Integers:
    """Nodes on the way back from some nodes to where a search began, that one left out."""
    passed = np.zeros(before.size, np.bool_)
    while reached.size:
        passed[reached] = True
        reached = np.unique(before[reached])
        reached = reached[reached >= 0]
        reached = reached[~passed[reached]]
    tail = np.flatnonzero(passed)
    return tail[before[tail] >= 0]


def _renumbered(network: Network, nodes: Integers) -> tuple[Network, Integers]:
    """Number only the nodes that edges and places have, so that a search does not walk over the rest."""
    alive = np.unique(np.concatenate([network.u, network.v, nodes]))
    u, v = np.searchsorted(alive, network.u), np.searchsorted(alive, network.v)
    return replace(network, lat=network.lat[alive], lon=network.lon[alive], u=u, v=v), np.searchsorted(alive, nodes)


class _Lightest(NamedTuple):
    """The lightest edge between each two nodes, and a function from pairs of nodes to it."""

    edges: Integers
    between: Callable[[Integers, Integers], Integers]


def _lightest(network: Network, weight: Floats) -> _Lightest:
    n = network.n_nodes
    pair = np.minimum(network.u, network.v) * n + np.maximum(network.u, network.v)
    order = np.lexsort((np.arange(len(network)), weight, pair))
    best = order[~repeats(pair[order])]
    pairs = pair[best]

    def between(one: Integers, other: Integers) -> Integers:
        return best[np.searchsorted(pairs, np.minimum(one, other) * n + np.maximum(one, other))]

    return _Lightest(best, between)


def reduce(
    network: Network,
    nodes: Integers,
    kinds: tuple[str, ...],
    passes: Integers,
    *,
    all_roads: bool,
    tell: Callable[[str], None] = lambda _: None,
) -> Network:
    """Return the network of the theatre: places, passes, and junctions where roads between them meet.

    Parameters
    ----------
    network
        Roads with the places joined to them.
    nodes, kinds
        Node and kind of each place.
    passes
        Nodes that are passes.
    all_roads
        Keep every road that is no dead end.
    tell
        Told how far it is.
    """
    fixed, kept = np.zeros(network.n_nodes, np.bool_), np.zeros(network.n_nodes, np.bool_)
    fixed[nodes] = kept[passes] = True
    stays = fixed | kept
    radius_km = np.array([TOWN_RADIUS_KM.get(kind, VILLAGE_RADIUS_KM) for kind in kinds])
    network = simplify(network, fixed, kept)
    tell(f"{len(network):,} roads between crossings")
    network = simplify(towns_as_points(network, nodes, radius_km, stays), fixed, kept)
    network = simplify(crossings_as_points(network, stays), fixed, kept)
    tell(f"{len(network):,} roads with towns and crossings as points")
    if not all_roads:
        network = simplify(in_use(network, nodes, tell), fixed, kept)
    return network
