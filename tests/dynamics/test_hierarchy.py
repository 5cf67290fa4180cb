"""The search from families' homes: it agrees with networkx whatever the tolls, and a link more changes no way."""

from __future__ import annotations

import math
from itertools import combinations
from typing import Any

import networkx as nx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hand_made import Records, Road, Theatre, hand_made, kernel
from keyterrain.campaign.contraction import Contraction, contract
from keyterrain.dynamics.hierarchy import find_all_ways, weigh_links

Ends = list[tuple[int, int]]


@kernel
def search(worlds: Records, states: Records, origin: int) -> None:
    weigh_links(worlds[0], states[0], states[0].hours, 1)
    find_all_ways(worlds[0], states[0], 1, origin)


@st.composite
def networks(draw: Any) -> tuple[int, Ends]:
    n = draw(st.integers(2, 14))
    pair = st.tuples(st.integers(0, n - 1), st.integers(0, n - 1)).filter(lambda ends: ends[0] < ends[1])
    return n, draw(st.lists(pair, min_size=1, max_size=34, unique=True))


def theatre_of(n: int, ends: Ends, hours: list[float], tolls: list[float]) -> Theatre:
    keys = [f"p{i:02}" for i in range(n)]
    theatre = hand_made(" ".join(keys), [Road(keys[a], keys[b]) for a, b in ends])
    theatre.at("hours")[: len(ends)] = hours
    theatre.at("toll")[:n] = tolls
    return theatre


def found(theatre: Theatre, n: int, origin: int, what: str) -> list[float]:
    search(theatre.world, theatre.state, origin)
    return theatre.at(what)[theatre.world["rank_of"][0, :n]].tolist()


def costs_by_networkx(n: int, ends: Ends, hours: list[float], tolls: list[float], origin: int) -> list[float]:
    graph = nx.DiGraph()
    graph.add_nodes_from(range(n))
    for (a, b), each in zip(ends, hours, strict=True):
        for start, goal in ((a, b), (b, a)):
            cost = each + (0.0 if start == origin else tolls[start])
            if cost < math.inf:
                graph.add_edge(start, goal, weight=cost)
    lengths = nx.single_source_dijkstra_path_length(graph, origin)
    return [lengths.get(place, math.inf) for place in range(n)]


@given(network=networks(), data=st.data())
def test_costs_are_those_of_networkx(network: tuple[int, Ends], data: st.DataObject) -> None:
    n, ends = network
    hours = data.draw(st.lists(st.floats(0.1, 20.0) | st.just(math.inf), min_size=len(ends), max_size=len(ends)))
    tolls = data.draw(st.lists(st.sampled_from([0.0, 0.0, 6.0, math.inf]), min_size=n, max_size=n))
    theatre = theatre_of(n, ends, hours, tolls)
    for origin in data.draw(st.lists(st.integers(0, n - 1), min_size=1, max_size=3)):
        assert found(theatre, n, origin, "rank_cost") == pytest.approx(costs_by_networkx(n, ends, hours, tolls, origin))


@pytest.mark.parametrize("seed", range(10))
def test_costs_over_a_large_network_are_those_of_networkx_and_hours_leave_out_the_tolls(seed: int) -> None:
    rng = np.random.Generator(np.random.Philox(seed))
    pairs = list(combinations(range(32), 2))
    ends = [pairs[i] for i in rng.choice(len(pairs), 64, replace=False)]
    hours = [float(each) for each in rng.uniform(0.1, 20.0, 64)]
    tolls = [float(each) for each in rng.choice([0.0, 0.0, 100.0], 32)]
    theatre = theatre_of(32, ends, hours, tolls)
    for origin in range(0, 32, 5):
        cost = np.array(found(theatre, 32, origin, "rank_cost"))
        assert cost == pytest.approx(costs_by_networkx(32, ends, hours, tolls, origin))
        reached = np.isfinite(cost)
        paid = cost[reached] - np.array(found(theatre, 32, origin, "rank_hours"))[reached]
        assert paid == pytest.approx(100.0 * np.round(paid / 100.0), abs=1e-9)


def test_nobody_pays_where_he_sets_off_or_arrives_and_the_rest_once() -> None:
    theatre = theatre_of(4, [(0, 1), (1, 2), (2, 3)], [1.0, 2.0, 3.0], [50.0, 60.0, 70.0, 80.0])
    assert found(theatre, 4, 0, "rank_cost") == [0.0, 1.0, 63.0, 136.0]
    assert found(theatre, 4, 0, "rank_hours") == [0.0, 1.0, 3.0, 6.0]
    assert found(theatre, 4, 3, "rank_cost") == [136.0, 75.0, 3.0, 0.0]


def chordal(n: int, made: Contraction) -> nx.Graph:
    graph = nx.Graph()
    graph.add_nodes_from(range(n))
    for rank in range(n):
        for k in range(made.link_start[rank], made.link_start[rank + 1]):
            graph.add_edge(int(made.place_at[rank]), int(made.place_at[made.link_rank[k]]))
    return graph


@given(network=networks())
def test_links_keep_every_route_and_close_every_ring(network: tuple[int, Ends]) -> None:
    n, ends = network
    made = contract(n, ends)
    graph = chordal(n, made)
    assert sorted(made.place_at) == list(range(n))
    assert np.array_equal(made.place_at[made.rank_of], np.arange(n))
    assert all(graph.has_edge(a, b) for a, b in ends)
    assert nx.is_chordal(nx.Graph(graph.edges))
    assert {frozenset(each) for each in nx.connected_components(graph)} == {
        frozenset(each) for each in nx.connected_components(nx.Graph([*ends, *((place, place) for place in range(n))]))
    }


def test_a_place_that_no_road_joins_leaves_the_order_of_the_others() -> None:
    ends = [(0, 1), (1, 2), (2, 3), (3, 0), (1, 3)]
    with_it = contract(5, [(a + (a >= 2), b + (b >= 2)) for a, b in ends])  # place 2 is the new one
    others = [int(place) - (place > 2) for place in with_it.place_at if place != 2]
    assert others == contract(4, ends).place_at.tolist()


def test_a_line_needs_no_more_links_than_it_has_roads() -> None:
    made = contract(6, [(k, k + 1) for k in range(5)])
    assert len(made.link_rank) == 5
    assert len(made.triangle_across) == 0
