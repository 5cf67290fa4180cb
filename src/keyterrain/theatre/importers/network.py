"""The road network as flat arrays, and what is done to all of it at once: contraction, pruning, merging, splitting.

Nodes are numbered once and for all; what is taken away are edges. Lengths are sums of geodesics between the points of ways, and
stay sums whatever is contracted.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from keyterrain.geo.distance import Booleans, Floats, Integers, Points, distance_km, travel
from keyterrain.geo.elevation import Elevation
from keyterrain.theatre.importers.roads import MOTORWAY, MOUNTAIN, PAVED, PRIMARY, TRACK, Ways
from keyterrain.theatre.parameters import PARAMETERS
from keyterrain.theatre.schema import ROUTE_KINDS

WAY, JOINED, ON_FOOT, BESIDE_MOTORWAY = range(4)
"""What an edge comes from: ways alone; a place beside a road; a place far from any; a place beside a motorway alone."""
FOOT_KM_H = 4.0
"""Speed by which ways on foot are weighed against roads; assumption: loaded, on a path, neither up nor down."""
STEEP = 0.05
"""Gradient over half a kilometre from which on a paved road is a mountain road; assumption."""
GRADIENT_KM = 0.5
MOUNTAIN_SLOWER = 0.8
"""Speed on a steep paved road over that on a level one, by which ways are weighed; assumption."""
LONGEST_FRAGMENT_KM = 2.0
"""Ways in pieces of up to this length in all join nothing; assumption."""
DOES_NOT_DOMINATE = 0.67
"""A way on foot is kept beside a road if it is shorter than this part of it; assumption."""
SECOND_WAY_KM = 3.0
"""A second road between the same two nodes is a way of its own if it is longer; assumption: no interchange is."""
SECOND_WAY_SLOWER = 2.0
"""... and not so many times slower than the first; assumption."""
APART_KM = 1.0
"""... and, where both are of one sort, so far from it about halfway; assumption."""
BARELY_MOTORWAY_KM = 0.5
"""Roads with no more motorway than this, or than half of their length, are not of its sort; assumption: a ramp."""


@dataclass(frozen=True, eq=False)
class Network:
    """Nodes with positions, edges with their ends; all edge arrays have the same length.

    `kind` is an index into ROUTE_KINDS of an edge that is still one segment; `hours` those of a vehicle at default speeds, or on
    foot where no vehicle passes; `via` a node about the middle of a contracted edge, -1 where there is none; `link` what it
    comes from.
    """

    lat: Floats
    lon: Floats
    u: Integers
    v: Integers
    km: Floats
    hours: Floats
    motorway_km: Floats
    vehicle: Booleans
    link: NDArray[np.int8]
    via: Integers
    kind: NDArray[np.int8]
    one_way: Booleans
    is_ramp: Booleans

    @property
    def n_nodes(self) -> int:
        """Nodes, whether an edge leads there or not."""
        return int(self.lat.size)

    def __len__(self) -> int:
        return int(self.u.size)

    @property
    def points(self) -> Points:
        """Positions of the nodes."""
        return Points(self.lat, self.lon)

    @property
    def is_motorway(self) -> Booleans:
        """Whether an edge is motorway, ramps not counted."""
        motorway: Booleans = self.motorway_km > np.minimum(BARELY_MOTORWAY_KM, 0.5 * self.km)
        return motorway

    @property
    def degree(self) -> Integers:
        """Edges at each node; both ends of a loop count."""
        return np.bincount(self.u, minlength=self.n_nodes) + np.bincount(self.v, minlength=self.n_nodes)

    def take(self, which: Booleans | Integers) -> Network:
        """Return the network with these edges alone."""
        return replace(self, **{name: getattr(self, name)[which] for name in EDGE_FIELDS})

    def followed_by(self, other: Network) -> Network:
        """Return the network with the edges of another one of the same nodes added."""
        both = {name: np.concatenate([getattr(self, name), getattr(other, name)]) for name in EDGE_FIELDS}
        return replace(self, **both)

    def with_nodes(self, lat: Floats, lon: Floats) -> Network:
        """Return the network with further nodes, which no edge touches yet."""
        return replace(self, lat=np.concatenate([self.lat, lat]), lon=np.concatenate([self.lon, lon]))


EDGE_FIELDS = tuple(each.name for each in fields(Network) if each.name not in ("lat", "lon"))


def edges(like: Network, u: Integers, v: Integers, km: Floats, *, link: int, vehicle: Booleans) -> Network:
    """Return edges that stand for no way, on the nodes of a network."""
    n = u.size
    return replace(
        like,
        u=u, v=v, km=km, hours=km / np.where(vehicle, speed_km_h()[PAVED], FOOT_KM_H), motorway_km=np.zeros(n), vehicle=vehicle,
        link=np.full(n, link, np.int8), via=np.full(n, -1, np.int64), kind=np.where(vehicle, PAVED, TRACK).astype(np.int8),
        one_way=np.zeros(n, np.bool_), is_ramp=np.zeros(n, np.bool_),
    )  # fmt: skip


def speed_km_h() -> Floats:
    """Default speeds of vehicles by kind of road; those that parameters give are for level ground."""
    level = {kind: PARAMETERS[f"routes.{kind}_speed"].default for kind in ("motorway", "primary", "paved", "track")}
    steep = level | {"mountain": MOUNTAIN_SLOWER * level["paved"], "pass": level["track"]}
    return np.array([steep[kind] for kind in ROUTE_KINDS])


def of_ways(ways: Ways, elevation: Elevation) -> Network:
    """Return the network of all segments of ways, each directed as traffic runs where that is one way."""
    at = np.arange(ways.point.size - 1)
    at = np.delete(at, np.isin(at, ways.start[1:-1] - 1))
    way = np.searchsorted(ways.start, at, side="right") - 1
    u, v = ways.point[at], ways.point[at + 1]
    back = ways.one_way[way] < 0
    u, v = np.where(back, v, u), np.where(back, u, v)
    keep = u != v
    u, v, way = u[keep], v[keep], way[keep]
    nodes = Points(ways.lat, ways.lon)
    km = distance_km(nodes[u], nodes[v])
    kind = _with_mountain_roads(ways.kind[way], nodes[u], nodes[v], elevation)
    vehicle = ways.vehicle[way]
    hours = km / np.where(vehicle, speed_km_h()[kind], FOOT_KM_H)
    n = u.size
    return Network(
        lat=ways.lat, lon=ways.lon, u=u, v=v, km=km, hours=hours, motorway_km=np.where(kind == MOTORWAY, km, 0.0),
        vehicle=vehicle, link=np.zeros(n, np.int8), via=np.full(n, -1, np.int64), kind=kind, one_way=ways.one_way[way] != 0,
        is_ramp=ways.is_ramp[way],
    )  # fmt: skip


def _with_mountain_roads(kind: NDArray[np.int8], start: Points, end: Points, elevation: Elevation) -> NDArray[np.int8]:
    from keyterrain.geo.distance import bearing_deg

    middle = Points((start.lat + end.lat) / 2.0, (start.lon + end.lon) / 2.0)
    along, half = bearing_deg(start, end), GRADIENT_KM / 2.0
    rise_m = elevation.at(travel(middle, along, half)) - elevation.at(travel(middle, along, -half))
    steep = np.abs(np.nan_to_num(rise_m)) / (GRADIENT_KM * 1000.0) >= STEEP
    return np.where(steep & ((kind == PRIMARY) | (kind == PAVED)), MOUNTAIN, kind).astype(np.int8)


class Insertion(NamedTuple):
    """Points to be made nodes: on which edge, at which part of its length from `u`, and where they lie."""

    edge: Integers
    share: Floats
    points: Points


class Inserted(NamedTuple):
    """A network with new nodes on its edges, and the number of each of them."""

    network: Network
    node: Integers


AT_END = 1e-9


def insert(network: Network, new: Insertion) -> Inserted:
    """Split edges at points; a point at the very end of an edge is the node that is there."""
    node = network.n_nodes + np.arange(new.edge.size)
    node = np.where(new.share <= AT_END, network.u[new.edge], np.where(new.share >= 1.0 - AT_END, network.v[new.edge], node))
    wider = network.with_nodes(new.points.lat, new.points.lon)
    real = node >= network.n_nodes
    cut = np.unique(new.edge[real])
    if not cut.size:
        return Inserted(wider, node)
    edge = np.concatenate([cut, new.edge[real], cut])
    share = np.concatenate([np.zeros(cut.size), new.share[real], np.ones(cut.size)])
    at = np.concatenate([network.u[cut], node[real], network.v[cut]])
    order = np.lexsort((at, share, edge))
    edge, share, at = edge[order], share[order], at[order]
    same = edge[1:] == edge[:-1]
    part = (share[1:] - share[:-1])[same]
    pieces = wider.take(edge[:-1][same])
    pieces = replace(
        pieces,
        u=at[:-1][same],
        v=at[1:][same],
        km=pieces.km * part,
        hours=pieces.hours * part,
        motorway_km=pieces.motorway_km * part,
    )
    left = np.ones(len(network), np.bool_)
    left[cut] = False
    return Inserted(wider.take(left).followed_by(pieces), node)


def merge_nodes(network: Network, label: Integers, extra_km: Floats | None = None) -> Network:
    """Let edges end at the node that stands for theirs; what lies between the two adds to their lengths."""
    u, v = label[network.u], label[network.v]
    km, hours = network.km, network.hours
    if extra_km is not None:
        more = extra_km[network.u] + extra_km[network.v]
        km, hours = km + more, hours + more / np.where(network.vehicle, speed_km_h()[PAVED], FOOT_KM_H)
    return replace(network, u=u, v=v, km=km, hours=hours).take(u != v)


def components(network: Network) -> Integers:
    """Number of the piece that each node belongs to; a node without edges is a piece of its own."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    n = network.n_nodes
    graph = coo_array((np.ones(len(network), np.int8), (network.u, network.v)), shape=(n, n))
    _, label = connected_components(graph.tocsr(), directed=False)
    return np.asarray(label, dtype=np.int64)


def without_fragments(network: Network) -> Network:
    """Leave out ways in pieces too short to join anything."""
    label = components(network)
    total = np.bincount(label[network.u], network.km)
    return network.take(total[label[network.u]] > LONGEST_FRAGMENT_KM)


def simplify(network: Network, fixed: Booleans, kept: Booleans) -> Network:
    """Contract chains, merge parallel edges and take off dead ends, until nothing changes.

    Parameters
    ----------
    network
        Any network.
    fixed
        Nodes that stay even at a dead end: places.
    kept
        Further nodes that are not contracted, but go with a dead end: passes.
    """
    while True:
        n = len(network)
        network = _without_dead_ends(_merge_parallel(network.take(network.u != network.v)), fixed)
        network = _merge_parallel(_contract(network, fixed | kept))
        if len(network) == n:
            return network


def _without_dead_ends(network: Network, fixed: Booleans) -> Network:
    while True:
        is_end = (network.degree == 1) & ~fixed
        dead = is_end[network.u] | is_end[network.v]
        if not dead.any():
            return network
        network = network.take(~dead)


def _category(network: Network) -> NDArray[np.int8]:
    """0 motorway, 1 another road, 2 foot alone."""
    return np.where(network.vehicle, np.where(network.is_motorway, 0, 1), 2).astype(np.int8)


def _merge_parallel(network: Network) -> Network:
    """Of edges between the same two nodes keep those that are ways of their own.

    That is the fastest motorway and the fastest other road, of either a second one that runs elsewhere, and a much shorter way
    on foot.
    """
    low, high = np.minimum(network.u, network.v), np.maximum(network.u, network.v)
    order = np.lexsort((np.arange(len(network)), network.km, network.hours, _category(network), high, low))
    network = network.take(order)
    same = repeats(low[order], high[order], _category(network))
    first = np.maximum.accumulate(np.where(same, 0, np.arange(same.size)))
    apart = same & _runs_elsewhere(network, first)
    n_before: Integers = np.cumsum(apart) - apart
    is_next = apart & (n_before == n_before[first])
    network = network.take(~same | is_next)
    return network.take(~_is_dominated(network))


def _runs_elsewhere(network: Network, other: Integers) -> Booleans:
    """Whether edges that vehicles pass lead past another place, about halfway, than some other edges."""
    known = network.vehicle & (network.via >= 0) & (network.via[other] >= 0)
    middle = network.points
    km = distance_km(middle[np.maximum(network.via, 0)], middle[np.maximum(network.via[other], 0)])
    elsewhere: Booleans = known & (km >= APART_KM)
    return elsewhere


def _is_dominated(network: Network) -> Booleans:
    pair = np.minimum(network.u, network.v) * network.n_nodes + np.maximum(network.u, network.v)
    _, index = np.unique(pair, return_inverse=True)
    road = network.vehicle
    shortest_km = _least(network.km, index, road)
    fastest_hours = _least(network.hours, index, road)
    needless = network.km >= DOES_NOT_DOMINATE * shortest_km[index]
    is_second = network.hours > fastest_hours[index]
    no_way_of_its_own = (network.km < SECOND_WAY_KM) | (network.hours > SECOND_WAY_SLOWER * fastest_hours[index])
    dominated: Booleans = np.where(road, is_second & no_way_of_its_own, needless)
    return dominated


def _least(value: Floats, index: Integers, among: Booleans) -> Floats:
    least = np.full(index.max(initial=-1) + 1, np.inf)
    np.minimum.at(least, index[among], value[among])
    return least


def repeats(*keys: Integers | NDArray[np.int8]) -> Booleans:
    """Whether all keys of an entry are those of the one before it."""
    same = np.zeros(keys[0].size, np.bool_)
    same[1:] = np.all([key[1:] == key[:-1] for key in keys], axis=0)
    return same


def _contract(network: Network, stay: Booleans) -> Network:
    """Make one edge of each chain of nodes at which just two edges meet, both motorway or neither."""
    inner = (network.degree == 2) & (network.take(network.is_motorway).degree != 1) & ~stay
    if not inner.any():
        return network
    both = inner[network.u] & inner[network.v]
    label = components(network.take(both))
    of_u, of_v = inner[network.u], inner[network.v]
    in_chain = of_u | of_v
    chain_node = np.where(of_u, network.u, network.v)[in_chain]
    chains, chain = np.unique(label[chain_node], return_inverse=True)
    parts = network.take(in_chain)
    ends = _chain_ends(parts, chain, inner, chains.size)
    m = chains.size
    joined = replace(
        network,
        u=ends[:, 0], v=ends[:, 1], km=_total(chain, parts.km, m), hours=_total(chain, parts.hours, m),
        motorway_km=_total(chain, parts.motorway_km, m), vehicle=np.bincount(chain, ~parts.vehicle, m) == 0,
        link=_most(chain, parts.link, m), via=_middles(network, label, chains, inner, ends), kind=_most(chain, parts.kind, m),
        one_way=np.zeros(m, np.bool_), is_ramp=np.bincount(chain, ~parts.is_ramp, m) == 0,
    )  # fmt: skip
    joined = _paced_on_foot(joined, chain, parts)
    is_ring = ends[:, 0] < 0
    return network.take(~in_chain).followed_by(joined.take(~is_ring & (ends[:, 0] != ends[:, 1])))


def _paced_on_foot(joined: Network, chain: Integers, parts: Network) -> Network:
    """A chain with a stretch that no vehicle passes is walked from end to end."""
    mixed = ~joined.vehicle & (np.bincount(chain, parts.vehicle, len(joined)) > 0)
    return replace(joined, hours=np.where(mixed, joined.km / FOOT_KM_H, joined.hours))


def _total(chain: Integers, value: Floats, n: int) -> Floats:
    return np.bincount(chain, value, n).astype(np.float64)


def _most(chain: Integers, value: NDArray[np.int8], n: int) -> NDArray[np.int8]:
    most = np.zeros(n, np.int8)
    np.maximum.at(most, chain, value)
    return most


def _chain_ends(parts: Network, chain: Integers, inner: Booleans, n: int) -> Integers:
    """Both ends of each chain, -1 of a ring that nothing else touches."""
    outer = np.concatenate([np.where(inner[parts.u], -1, parts.u), np.where(inner[parts.v], -1, parts.v)])
    owner = np.concatenate([chain, chain])
    owner, outer = owner[outer >= 0], outer[outer >= 0]
    order = np.lexsort((outer, owner))
    owner, outer = owner[order], outer[order]
    ends = np.full((n, 2), -1, dtype=np.int64)
    first = np.searchsorted(owner, np.arange(n))
    has = np.bincount(owner, minlength=n) == 2
    ends[has, 0], ends[has, 1] = outer[first[has]], outer[first[has] + 1]
    return ends


def _middles(network: Network, label: Integers, chains: Integers, inner: Booleans, ends: Integers) -> Integers:
    """Of each chain the node that is most nearly as far from one end as from the other."""
    node = np.flatnonzero(inner)
    of = np.searchsorted(chains, label[node])
    one, two = network.points[np.maximum(ends[of, 0], 0)], network.points[np.maximum(ends[of, 1], 0)]
    here = network.points[node]
    uneven = np.abs(distance_km(here, one) - distance_km(here, two))
    order = np.lexsort((node, uneven, of))
    first = np.searchsorted(of[order], np.arange(chains.size))
    return node[order][first]
