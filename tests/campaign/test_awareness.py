"""People know of what is near: the search from their home looks at little else, and finds for that what a search of all finds."""

from __future__ import annotations

from itertools import pairwise

import networkx as nx
import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.sparse import csr_array

from hand_made import Records, Road, hand_made, kernel
from keyterrain.campaign.awareness import Awareness, Gate, awareness, mean_way_hours
from keyterrain.campaign.contraction import Contraction, contract
from keyterrain.dynamics.hierarchy import find_all_ways, weigh_links

N = 32
MOST = 9
MOST_ROADS = 60
GATES = np.array([5, 30], dtype=np.int32)


@kernel
def search(worlds: Records, states: Records, origin: int) -> None:
    weigh_links(worlds[0], states[0], states[0].hours, 0)
    find_all_ways(worlds[0], states[0], 0, origin)


@pytest.fixture(scope="module", params=[3, 4])
def roads(request: pytest.FixtureRequest) -> list[tuple[int, int, float]]:
    graph = nx.random_geometric_graph(N, 0.35, seed=request.param)
    rng = np.random.Generator(np.random.Philox(request.param))
    edges = sorted(tuple(sorted(edge)) for edge in graph.edges)
    chosen = rng.choice(len(edges), MOST_ROADS, replace=False)
    return [(*edges[i], float(rng.uniform(0.5, 6.0))) for i in chosen]


def graph_of(roads: list[tuple[int, int, float]]) -> csr_array:
    a, b, hours = (np.array(each) for each in zip(*roads, strict=True))
    return csr_array((np.concatenate([hours, hours]), (np.concatenate([a, b]), np.concatenate([b, a]))), shape=(N, N))


def made_of(roads: list[tuple[int, int, float]]) -> Contraction:
    return contract(N, [road[:2] for road in roads])


def lists(start: NDArray[np.int32], items: NDArray[np.int32]) -> list[list[int]]:
    return [items[a:b].tolist() for a, b in pairwise(start)]


def known_to_networkx(roads: list[tuple[int, int, float]], origin: int) -> set[int]:
    graph = nx.Graph()
    graph.add_nodes_from(range(N))
    graph.add_weighted_edges_from(roads)
    hours = nx.single_source_dijkstra_path_length(graph, origin)
    return {*sorted(hours, key=lambda place: (hours[place], place))[:MOST], *GATES.tolist()}


def test_people_know_of_the_nearest_places_and_of_the_gates(roads: list[tuple[int, int, float]]) -> None:
    aware = awareness(graph_of(roads), GATES, made_of(roads), MOST)
    for origin, known in enumerate(lists(aware.known_start, aware.known_place)):
        assert known == sorted(known_to_networkx(roads, origin))


def test_in_a_small_theatre_everyone_knows_of_everything_and_all_is_surveyed_from_the_top(
    roads: list[tuple[int, int, float]],
) -> None:
    aware = awareness(graph_of(roads), GATES, made_of(roads), N)
    assert lists(aware.known_start, aware.known_place) == [list(range(N))] * N
    assert lists(aware.survey_start, aware.survey_rank) == [list(range(N - 1, -1, -1))] * N


def ways(roads: list[tuple[int, int, float]], aware: Awareness, origin: int) -> NDArray[np.float64]:
    """Cost of each place by a search that looks at what people of the origin know of; tolls on every third place."""
    keys = [f"p{i:02}" for i in range(N)]
    theatre = hand_made(" ".join(keys), [Road(keys[a], keys[b]) for a, b, _ in roads])
    theatre.at("hours")[: len(roads)] = [hours for *_, hours in sorted(roads)]
    theatre.at("toll")[:N] = [7.0 if i % 3 == 0 else 0.0 for i in range(N)]
    for name in ("known_start", "known_place", "survey_start", "survey_rank"):
        values = getattr(aware, name)
        theatre.world[name][0, : len(values)] = values
    theatre.state["rank_cost"] = np.nan
    search(theatre.world, theatre.state, origin)
    cost: NDArray[np.float64] = theatre.state["rank_cost"][0][theatre.world["rank_of"][0, :N]]
    return cost


def test_what_is_known_is_reached_at_the_same_cost_as_if_all_were_surveyed(roads: list[tuple[int, int, float]]) -> None:
    made = made_of(sorted(roads))
    some, everything = (awareness(graph_of(roads), GATES, made, most) for most in (MOST, N))
    assert len(some.survey_rank) < 0.8 * len(everything.survey_rank)
    for origin in range(N):
        known = lists(some.known_start, some.known_place)[origin]
        np.testing.assert_array_equal(ways(roads, some, origin)[known], ways(roads, everything, origin)[known])


def way_graph(n: int, roads: list[tuple[int, int, float]]) -> csr_array:
    a, b, hours = (np.array(each) for each in zip(*roads, strict=True))
    return csr_array((np.concatenate([hours, hours]), (np.concatenate([a, b]), np.concatenate([b, a]))), shape=(n, n))


def mean_way(n: int, roads: list[tuple[int, int, float]], people: list[float], gates: list[Gate]) -> float:
    graph = way_graph(n, roads)
    places = np.unique([gate.place for gate in gates]).astype(np.int32)
    return mean_way_hours(graph, awareness(graph, places, contract(n, [road[:2] for road in roads])), np.array(people), gates)


def test_the_mean_way_is_that_of_those_who_live_there_to_the_places_and_countries_they_know() -> None:
    roads = [(0, 1, 2.0), (1, 2, 4.0), (1, 3, 1.0)]
    gates = [Gate(0, 0, 5.0), Gate(2, 0, 1.0)]
    # Nobody lives in 3. From 0 it is 2 and 6 hours to towns and 5 abroad, from 1 2, 4 and 5, from 2 6, 4 and 1.
    expected = (3000 * 13 / 3 + 1000 * 11 / 3 + 500 * 11 / 3) / 4500
    assert mean_way(4, roads, [3000.0, 1000.0, 500.0, 0.0], gates) == pytest.approx(expected)
    twice = [(a, b, 2 * hours) for a, b, hours in roads], [gate._replace(hours=2 * gate.hours) for gate in gates]
    assert mean_way(4, twice[0], [3000.0, 1000.0, 500.0, 0.0], twice[1]) == pytest.approx(2 * expected)


def test_a_place_without_a_road_does_not_change_the_mean_way() -> None:
    roads = [(0, 1, 2.0), (1, 2, 4.0), (1, 3, 1.0)]
    people = [3000.0, 1000.0, 500.0, 700.0]
    assert mean_way(5, roads, [*people, 9000.0], []) == mean_way(4, roads, people, [])
    assert mean_way(5, roads, [0.0, 0.0, 0.0, 0.0, 9000.0], []) == 1.0


def test_places_where_nobody_lives_are_left_out_but_for_home_and_gates(roads: list[tuple[int, int, float]]) -> None:
    peopled = np.arange(N) % 3 == 0
    graph, made = graph_of(roads), made_of(roads)
    every = awareness(graph, GATES, made, MOST)
    some = awareness(graph, GATES, made, MOST, peopled)
    for origin, (known, all_known) in enumerate(
        zip(lists(some.known_start, some.known_place), lists(every.known_start, every.known_place), strict=True)
    ):
        assert known == sorted({each for each in all_known if peopled[each]} | {origin, *GATES.tolist()})
        np.testing.assert_array_equal(ways(roads, some, origin)[known], ways(roads, every, origin)[known])
    assert len(some.survey_rank) < len(every.survey_rank)
