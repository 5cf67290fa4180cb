"""What the map says of ground, against an independent library and by hand."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path

import networkx as nx
import numpy as np
import pytest

from bridge_theatre import BRIDGE, POCKET, WEST_PLACES, bridge_theatre
from keyterrain.analysis.decisive.ground import Ground, grounds_of
from keyterrain.analysis.decisive.structure import Network
from keyterrain.theatre import load
from keyterrain.theatre.nouns import Situation
from scenarios import write_small_scenario


def situation_of(folder: Path, **changes: object) -> Situation:
    scenario = load(write_small_scenario(folder, **changes))
    return scenario.situation(scenario.default_start)


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Network:
    return Network(situation_of(tmp_path_factory.mktemp("structure") / "small"))


def graph_of(network: Network) -> nx.Graph:
    """The network with hours of every route, as the library has it."""
    graph = nx.Graph()
    graph.add_nodes_from(network.at)
    for route, hours in zip(network.situation.routes, network.route_hours, strict=True):
        graph.add_edge(route.start, route.end, hours=hours)
    return graph


def test_hours_are_those_of_the_shortest_paths_of_the_library(small: Network) -> None:
    lengths = dict(nx.all_pairs_dijkstra_path_length(graph_of(small), weight="hours"))
    for a, i in small.at.items():
        for b, j in small.at.items():
            assert small.hours[i, j] == pytest.approx(lengths[a][b])


def test_betweenness_is_that_of_the_library_where_fastest_ways_are_single(small: Network) -> None:
    graph = graph_of(small)
    expected = nx.betweenness_centrality(graph, weight="hours", normalized=True)
    for place, i in small.at.items():
        assert small.betweenness(np.array([i])) == pytest.approx(expected[place])
    fastest = {ends: set(nx.dijkstra_path(graph, *ends, weight="hours")) for ends in combinations(small.at, 2)}
    for pair in combinations(small.at, 2):
        ways = [way for ends, way in fastest.items() if not set(ends) & set(pair)]
        share = sum(bool(way & set(pair)) for way in ways) / len(ways)
        assert small.betweenness(np.array([small.at[key] for key in pair])) == pytest.approx(share)


def test_ways_are_the_edge_disjoint_paths_of_the_library(small: Network) -> None:
    for corridor in small.situation.corridors:
        graph = graph_of(small).subgraph(corridor.places)
        assert small.ways[corridor.key] == len(list(nx.edge_disjoint_paths(graph, corridor.start, corridor.end)))
        for ground in grounds_of(small.situation):
            if {corridor.start, corridor.end} & set(ground.places):
                assert small.ways_lost(corridor, ground) == 1.0
                continue
            left = graph.subgraph(set(corridor.places) - set(ground.places))
            joined = nx.has_path(left, corridor.start, corridor.end)
            n = len(list(nx.edge_disjoint_paths(left, corridor.start, corridor.end))) if joined else 0
            assert small.ways_lost(corridor, ground) == pytest.approx(1.0 - n / small.ways[corridor.key])


def test_a_lone_bridge_is_on_every_way_across_and_all_ways_are_lost_with_it(tmp_path: Path) -> None:
    ends = (WEST_PLACES[0], POCKET[2])
    corridor = {"name": "Across", "side": "alpha", "from": ends[0], "to": ends[1], "source": "map"}
    places = [*WEST_PLACES, BRIDGE, *POCKET]
    network = Network(
        situation_of(tmp_path / "b", **{**bridge_theatre(0), "corridors": {"across": {**corridor, "places": places}}})
    )
    (across,) = network.situation.corridors
    bridge = Ground(BRIDGE, "", "place", (BRIDGE,))
    assert network.ways["across"] == 2, "two roads lead to it on either side"
    assert network.ways_lost(across, bridge) == 1.0
    assert network.ways_lost(across, Ground("west-mill", "", "place", ("west-mill",))) == 0.5
    assert network.betweenness(np.array([network.at[BRIDGE]])) == pytest.approx(5 * 5 / (10 * 9 / 2))


def test_what_is_seen_grows_with_the_ground_and_is_a_share(small: Network) -> None:
    highway = next(each for each in small.situation.corridors if each.key == "highway")
    one = {place: small.observed(highway, np.array([i])) for place, i in small.at.items()}
    assert all(0.0 <= share <= 1.0 for share in one.values())
    assert max(one.values()) > 0.0
    everywhere = small.observed(highway, np.arange(len(small.at)))
    assert max(one.values()) <= everywhere <= min(1.0, sum(one.values()))
