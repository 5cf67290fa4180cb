"""Networks small enough for paper, and random ones against networkx."""

from __future__ import annotations

from pathlib import Path

import networkx as nx
import numpy as np
import pytest

from extracts import BOX, Extract, between, km_of, write_dem
from keyterrain.geo.distance import Points, distance_km
from keyterrain.geo.elevation import Elevation
from keyterrain.theatre.importers.anchoring import anchor
from keyterrain.theatre.importers.carriageways import without_roundabouts, zipped
from keyterrain.theatre.importers.network import Network, of_ways, simplify, without_fragments
from keyterrain.theatre.importers.osm import read_osm
from keyterrain.theatre.importers.roads import MOTORWAY, PAVED, PRIMARY, TRACK, meaning
from keyterrain.theatre.importers.routes import ways_between
from keyterrain.theatre.importers.theatre_scale import reduce


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Elevation:
    return Elevation.open(write_dem(tmp_path_factory.mktemp("dem") / "flat.tif", np.full((160, 200), 500.0)))


def network_of(extract: Extract, folder: Path, ground: Elevation) -> Network:
    ways = read_osm(extract.write(folder / "x.osm.pbf"), BOX)
    return zipped(without_roundabouts(of_ways(ways, ground), ways), BOX.lat)


def node_at(network: Network, lon: float, lat: float) -> int:
    return int(np.argmin(distance_km(network.points, Points.of([lat], [lon]))))


def simplified(network: Network, *fixed: tuple[float, float]) -> Network:
    marks = np.zeros(network.n_nodes, np.bool_)
    marks[[node_at(network, *each) for each in fixed]] = True
    return simplify(network, marks, np.zeros(network.n_nodes, np.bool_))


A, B, C = (36.10, 34.10), (36.40, 34.10), (36.25, 34.20)


def test_a_winding_road_keeps_its_length_when_it_becomes_one_edge(tmp_path: Path, ground: Elevation) -> None:
    e = Extract()
    bends = [(lon, 34.10 + 0.01 * (i % 3)) for i, (lon, _) in enumerate(between(A, B, 12), start=1)]
    e.way(e.line([A, *bends, B]), "secondary")
    network = simplified(network_of(e, tmp_path, ground), A, B)
    assert len(network) == 1
    assert network.km[0] == pytest.approx(km_of([A, *bends, B]), rel=1e-9)


def test_dead_ends_and_rings_go_and_places_stay(tmp_path: Path, ground: Elevation) -> None:
    e = Extract()
    road = e.way(e.line([A, (36.2, 34.1), (36.3, 34.1), B]), "secondary")
    branch = e.way([road[1], *e.line([(36.2, 34.2), (36.2, 34.25)])], "tertiary")
    e.way([branch[1], *e.line([(36.22, 34.22), (36.24, 34.2)]), branch[1]], "tertiary")
    e.way([road[2], *e.line([(36.3, 34.2)])], "tertiary")
    assert len(simplified(network_of(e, tmp_path, ground), A, B)) == 1
    assert len(simplified(network_of(e, tmp_path, ground), A, B, (36.3, 34.2))) == 3


def test_two_carriageways_with_points_at_other_places_are_one_road(tmp_path: Path, ground: Elevation) -> None:
    e = Extract()
    e.way(e.line((lon, 34.1998) for lon in np.linspace(36.1, 36.4, 11)), "motorway")
    e.way(e.line((lon, 34.2002) for lon in np.linspace(36.4, 36.1, 8)), "motorway")
    network = simplified(network_of(e, tmp_path, ground), (36.1, 34.2), (36.4, 34.2))
    assert len(network) == 1
    assert network.km[0] == pytest.approx(km_of([(36.1, 34.2), (36.4, 34.2)]), rel=1e-3)


@pytest.mark.parametrize(
    ("highway", "apart_deg", "back"),
    [("motorway", 0.004, True), ("motorway", 0.0004, False), ("track", 0.0004, True)],
)
def test_lines_that_are_no_two_carriageways_stay_two(
    tmp_path: Path, ground: Elevation, highway: str, apart_deg: float, back: bool
) -> None:
    e = Extract()
    e.way(e.line((lon, 34.2) for lon in np.linspace(36.1, 36.4, 11)), highway, oneway="yes")
    other = list(np.linspace(36.1, 36.4, 8))
    e.way(e.line((lon, 34.2 + apart_deg) for lon in (other[::-1] if back else other)), highway, oneway="yes")
    ends = [(lon, 34.2 + off) for lon in (36.1, 36.4) for off in (0.0, apart_deg)]
    assert len(simplified(network_of(e, tmp_path, ground), *ends)) == 2


def test_a_roundabout_is_one_junction_and_roads_reach_its_middle(tmp_path: Path, ground: Elevation) -> None:
    e = Extract()
    angles = np.linspace(0, 2 * np.pi, 13)[:-1]
    ring = e.line((36.25 + 0.001 * np.cos(a), 34.10 + 0.001 * np.sin(a)) for a in angles)
    e.way([*ring, ring[0]], "secondary", junction="roundabout")
    west = e.line([A])
    e.way([*west, ring[6]], "secondary")
    e.way([ring[0], *e.line([B])], "secondary")
    e.way([ring[3], *e.line([C])], "secondary")
    network = simplified(network_of(e, tmp_path, ground), A, B, C)
    assert len(network) == 3
    assert sorted(network.km)[1:] == pytest.approx([km_of([A, (36.25, 34.1)])] * 2, rel=2e-3)


def test_a_way_drawn_twice_is_one(tmp_path: Path, ground: Elevation) -> None:
    e = Extract()
    road = e.line([A, C, B])
    for _ in range(2):
        e.way(road, "primary")
    network = simplified(network_of(e, tmp_path, ground), A, B)
    assert len(network) == 1
    assert network.km[0] == pytest.approx(km_of([A, C, B]), rel=1e-9)


def test_a_much_shorter_path_beside_a_road_is_kept_with_a_junction_of_its_own(tmp_path: Path, ground: Elevation) -> None:
    for path, n in ([C], 3), ([(36.25, 34.3)], 1):  # a short cut, and a detour
        e = Extract()
        a, b = e.line([A, B])
        e.way([a, *e.line([(36.1, 34.35), (36.4, 34.35)]), b] if n == 3 else [a, b], "secondary")
        e.way([a, *e.line(path), b], "path")
        network = simplified(network_of(e, tmp_path, ground), A, B)
        ways = ways_between(network, np.zeros(network.n_nodes, np.bool_))
        assert [way.vehicle for way in ways].count(True) == 1
        assert len(ways) == n
        assert sum(way.km for way in ways if not way.vehicle) == pytest.approx(km_of([A, *path, B]) if n == 3 else 0.0)


@pytest.mark.parametrize(
    ("off_deg", "n_routes"),
    [(0.004, 1), (0.08, 3), (0.29, 1)],
    ids=["beside the first", "in the next valley", "over twice as long"],
)
def test_a_second_road_stays_where_it_runs_elsewhere_and_is_not_twice_as_slow(
    tmp_path: Path, ground: Elevation, off_deg: float, n_routes: int
) -> None:
    e = Extract()
    a, b = e.line([A, B])
    for off in (0.0, off_deg):
        e.way([a, *e.line((lon, lat + off) for lon, lat in between(A, B, 6)), b], "tertiary")
    network = network_of(e, tmp_path, ground)
    nodes = np.array([node_at(network, *A), node_at(network, *B)])
    made = reduce(network, nodes, ("post", "post"), np.empty(0, np.int64), all_roads=False)
    ways = ways_between(made, np.zeros(made.n_nodes, np.bool_))
    assert len(ways) == n_routes
    second = km_of([A, *((lon, lat + off_deg) for lon, lat in between(A, B, 6)), B])
    assert sum(way.km for way in ways) == pytest.approx(27.675 + (second if n_routes == 3 else 0.0), abs=0.02)


def grid(e: Extract, n: int) -> dict[tuple[int, int], int]:
    """Crossings of a lattice of paved roads, 4.6 by 5.5 km, rows ever so slightly longer to the north."""
    node = {(i, j): e.node(36.05 + 0.05 * i + 0.0002 * j * i, 34.05 + 0.05 * j) for i in range(n) for j in range(n)}
    for (i, j), here in node.items():
        for other in ((i + 1, j), (i, j + 1)):
            if other in node:
                e.way([here, node[other]], "tertiary")
    return node


def test_roads_that_no_way_between_places_takes_go_unless_all_are_wanted(tmp_path: Path, ground: Elevation) -> None:
    e = Extract()
    node = grid(e, 6)
    network = network_of(e, tmp_path, ground)
    ends = [node[each] for each in ((0, 0), (5, 0), (2, 0))]
    nodes = np.array([node_at(network, *e.nodes[each][:2]) for each in ends])
    kinds = ("post",) * 3
    some, every = (reduce(network, nodes, kinds, np.empty(0, np.int64), all_roads=each) for each in (False, True))
    assert len(every) == 60 - 2  # two corners without a place are no crossings
    assert len(some) < 15
    reached = nx.Graph(zip(some.u.tolist(), some.v.tolist(), strict=True))
    for one in nodes:
        for other in nodes:
            if one != other:
                assert nx.edge_connectivity(reached, int(one), int(other)) == 2  # the first way, and a second


def test_a_motorway_keeps_its_kind_where_a_road_leads_on(tmp_path: Path, ground: Elevation) -> None:
    e = Extract()
    a, c, b = e.line([A, C, B])
    e.way([a, c], "motorway", oneway="no")
    e.way([c, b], "tertiary")
    network = simplified(network_of(e, tmp_path, ground), A, B)
    assert {way.kind for way in ways_between(network, np.zeros(network.n_nodes, np.bool_))} == {MOTORWAY, PAVED}


def test_steep_roads_are_mountain_roads_and_level_ones_are_not(tmp_path: Path) -> None:
    heights = np.repeat(np.maximum(0.0, np.arange(200) - 90)[None, :] * 50.0, 160, axis=0)  # 50 m each 460 m from 36.2 east on
    slope = Elevation.open(write_dem(tmp_path / "slope.tif", heights))
    e = Extract()
    e.way(e.line([(36.02, 34.1), *between((36.02, 34.1), (36.45, 34.1), 30), (36.45, 34.1)]), "secondary")
    network = of_ways(read_osm(e.write(tmp_path / "x.osm.pbf"), BOX), slope)
    middle = network.lon[network.u] + 0.5 * (network.lon[network.v] - network.lon[network.u])
    names = np.array(["paved", "mountain"])[(network.kind != PAVED).astype(int)]
    assert set(names[middle < 36.19]) == {"paved"}
    assert set(names[middle > 36.22]) == {"mountain"}


def test_lengths_between_places_are_those_of_networkx_on_the_ways_as_drawn(tmp_path: Path, ground: Elevation) -> None:
    """No short cut and no detour appears, whatever is contracted, pruned and merged."""
    from scipy.spatial import Delaunay

    rng = np.random.default_rng(7)
    spots = np.column_stack([rng.uniform(36.02, 36.48, 90), rng.uniform(34.02, 34.38, 90)])
    sides = {tuple(sorted((int(t[i]), int(t[i - 1])))) for t in Delaunay(spots).simplices for i in range(3)}
    e, plain = Extract(), nx.Graph()
    node = [e.node(float(lon), float(lat)) for lon, lat in spots]
    for one, two in sorted(sides):
        if rng.uniform() < 0.45:
            continue
        inner = between(tuple(spots[one]), tuple(spots[two]), 4)
        bent = [(lon + 0.002, lat - 0.002) for lon, lat in inner]
        e.way([node[one], *e.line(bent), node[two]], "tertiary")
        plain.add_edge(one, two, km=km_of([tuple(spots[one]), *bent, tuple(spots[two])]))
    piece = sorted(max(nx.connected_components(plain), key=len))
    chosen = piece[:: len(piece) // 12][:12]
    network = network_of(e, tmp_path, ground)
    places = Points.of(spots[chosen, 1], spots[chosen, 0])
    anchored = anchor(network, places, np.zeros(len(chosen)), BOX.lat)
    kinds = ("post",) * len(chosen)
    for all_roads, off in (True, 1e-6), (False, 0.0205):
        made = reduce(anchored.network, anchored.node, kinds, np.empty(0, np.int64), all_roads=all_roads)
        found = nx.MultiGraph()
        found.add_weighted_edges_from(zip(made.u.tolist(), made.v.tolist(), made.km.tolist(), strict=True), weight="km")
        for i, one in enumerate(chosen):
            true = nx.single_source_dijkstra_path_length(plain, one, weight="km")
            ours = nx.single_source_dijkstra_path_length(found, int(anchored.node[i]), weight="km")
            for j, two in enumerate(chosen):
                assert true[two] * (1 - 1e-9) - 0.7 <= ours[int(anchored.node[j])] <= true[two] * (1 + off) + 0.7


@pytest.mark.parametrize(
    ("tags", "kind", "vehicle", "one_way"),
    [
        ({"highway": "motorway"}, MOTORWAY, True, 1),
        ({"highway": "motorway", "oneway": "no"}, MOTORWAY, True, 0),
        ({"highway": "trunk"}, PRIMARY, True, 0),
        ({"highway": "trunk", "motorroad": "yes"}, MOTORWAY, True, 0),
        ({"highway": "primary_link", "oneway": "-1"}, PRIMARY, True, -1),
        ({"highway": "residential"}, PAVED, True, 0),
        ({"highway": "tertiary", "surface": "gravel"}, TRACK, True, 0),
        ({"highway": "track"}, TRACK, True, 0),
        ({"highway": "path"}, TRACK, False, 0),
        ({"highway": "unclassified", "motor_vehicle": "no"}, PAVED, False, 0),
    ],
)
def test_tags_mean(tags: dict[str, str], kind: int, vehicle: bool, one_way: int) -> None:
    said = meaning(tags)
    assert said is not None
    assert (said.kind, said.vehicle, said.one_way) == (kind, vehicle, one_way)


@pytest.mark.parametrize(
    "tags",
    [
        {"highway": "footway"},
        {"highway": "proposed"},
        {"highway": "service", "service": "driveway"},
        {"highway": "track", "access": "no"},
    ],
)
def test_tags_of_no_way_between_places(tags: dict[str, str]) -> None:
    assert meaning(tags) is None


def joined(network: Network, *places: tuple[float, float], error_km: float = 0.0) -> tuple[Network, np.ndarray]:
    anchored = anchor(
        network, Points.of([lat for _, lat in places], [lon for lon, _ in places]), np.full(len(places), error_km), BOX.lat
    )
    return anchored.network, anchored.node


def test_a_town_is_a_point_and_the_way_within_it_is_kept(tmp_path: Path, ground: Elevation) -> None:
    e = Extract()
    fork = (36.26, 34.10)  # 0.92 km east of the town, within its radius
    a, middle, f, b, c = e.line([A, (36.25, 34.10), fork, B, (36.30, 34.20)])
    for one, other in ((a, middle), (middle, f), (f, b), (f, c)):
        e.way([one, other], "tertiary")
    network, nodes = joined(network_of(e, tmp_path, ground), (36.25, 34.10), A, B, (36.30, 34.20))
    made = reduce(network, nodes, ("town", "post", "post", "post"), np.empty(0, np.int64), all_roads=False)
    assert len(made) == 3
    by_hand = [km_of([A, (36.25, 34.1)]), km_of([(36.25, 34.1), fork, B]), km_of([(36.25, 34.1), fork, (36.30, 34.20)])]
    assert sorted(made.km) == pytest.approx(sorted(by_hand), abs=1e-3)


def test_a_motorway_passes_a_town_by(tmp_path: Path, ground: Elevation) -> None:
    e = Extract()
    town, near, a, b = e.line([(36.25, 34.10), (36.25, 34.108), (36.1, 34.108), (36.4, 34.108)])
    e.way([a, near, b], "motorway", oneway="no")
    e.way([town, near], "tertiary")
    network, nodes = joined(network_of(e, tmp_path, ground), (36.25, 34.10), (36.1, 34.108), (36.4, 34.108))
    made = reduce(network, nodes, ("city", "post", "post"), np.empty(0, np.int64), all_roads=False)
    assert made.degree[nodes[0]] == 1  # its road to the junction, not the motorway


def test_what_lies_between_crossings_that_become_one_is_kept(tmp_path: Path, ground: Elevation) -> None:
    e = Extract()
    west, east = e.line([(36.25, 34.1), (36.252, 34.1)])  # 0.18 km apart
    a, b, c, d = e.line([A, B, (36.25, 34.2), (36.252, 34.02)])
    for one, other in ((a, west), (west, east), (east, b), (west, c), (east, d)):
        e.way([one, other], "tertiary")
    network, nodes = joined(network_of(e, tmp_path, ground), A, B, (36.25, 34.2), (36.252, 34.02))
    made = reduce(network, nodes, ("post",) * 4, np.empty(0, np.int64), all_roads=False)
    assert len(made) == 4
    assert made.km.sum() == pytest.approx(
        km_of([A, B]) + km_of([(36.25, 34.1), (36.25, 34.2)]) + km_of([(36.252, 34.1), (36.252, 34.02)])
        + km_of([(36.25, 34.1), (36.252, 34.1)]), abs=1e-3,
    )  # fmt: skip


def test_the_shortest_way_stays_though_another_is_much_faster(tmp_path: Path, ground: Elevation) -> None:
    e = Extract()
    a, b = e.line([A, B])
    e.way([a, *e.line(between(A, B, 6)), b], "track")
    around = [(36.1, 34.12), (36.4, 34.12)]
    e.way([a, *e.line(around), b], "motorway", oneway="no")
    network = network_of(e, tmp_path, ground)
    nodes = np.array([node_at(network, *A), node_at(network, *B)])
    made = reduce(network, nodes, ("post", "post"), np.empty(0, np.int64), all_roads=True)
    assert len(made) == 1  # 1.6 h against 0.5 h: more than twice as slow between the same two nodes
    mid = e.line([C])[0]
    e.way([a, mid], "motorway", oneway="no")
    e.way([mid, b], "motorway", oneway="no")
    e.way([mid, *e.line([(36.25, 34.3)])], "track")
    e.ways.pop(1)
    network = network_of(e, tmp_path, ground)
    nodes = np.array([node_at(network, *each) for each in (A, B, (36.25, 34.3))])
    made = reduce(network, nodes, ("post",) * 3, np.empty(0, np.int64), all_roads=False)
    assert any(km == pytest.approx(km_of([A, B]), abs=1e-3) for km in made.km)


@pytest.mark.parametrize(
    ("off_km", "error_km", "link", "km"), [(0.5, 0.0, 1, 0.5), (0.5, 0.7, 1, 0.0), (1.5, 0.7, 1, 0.8), (1.5, 0.0, 2, 2.1)]
)
def test_a_place_off_the_road_is_joined_by_what_its_error_does_not_explain(
    tmp_path: Path, ground: Elevation, off_km: float, error_km: float, link: int, km: float
) -> None:
    e = Extract()
    e.way(e.line([A, *between(A, B, 6), B]), "tertiary")
    network, nodes = joined(network_of(e, tmp_path, ground), (36.22, 34.10 + off_km / 110.93), error_km=error_km)
    at = (network.u == nodes[0]) | (network.v == nodes[0])
    assert (network.link[at].tolist(), network.km[at].tolist()) == ([link], [pytest.approx(km, abs=0.01)])


def test_fragments_of_ways_attract_no_place(tmp_path: Path, ground: Elevation) -> None:
    e = Extract()
    e.way(e.line([A, B]), "tertiary")
    e.way(e.line([(36.2, 34.2), (36.21, 34.2)]), "tertiary")
    assert len(without_fragments(network_of(e, tmp_path, ground))) == 1


def test_a_carriageway_drawn_against_its_traffic_is_turned(tmp_path: Path, ground: Elevation) -> None:
    e = Extract()
    e.way(e.line((lon, 34.1998) for lon in np.linspace(36.1, 36.4, 11)), "primary", oneway="yes")
    e.way(e.line((lon, 34.2002) for lon in np.linspace(36.1, 36.4, 8)), "primary", oneway="-1")
    assert len(simplified(network_of(e, tmp_path, ground), (36.1, 34.2), (36.4, 34.2))) == 1


def test_a_way_with_a_stretch_that_no_vehicle_passes_is_walked(tmp_path: Path, ground: Elevation) -> None:
    e = Extract()
    a, c, b = e.line([A, C, B])
    e.way([a, c], "tertiary")
    e.way([c, b], "path")
    network = simplified(network_of(e, tmp_path, ground), A, B)
    assert (len(network), bool(network.vehicle[0])) == (1, False)
    assert network.hours[0] == pytest.approx(network.km[0] / 4.0)
