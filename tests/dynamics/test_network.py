"""The search for ways: it agrees with networkx, settles places in the order of cost, and stops where nobody may pass."""

from __future__ import annotations

import math
from itertools import combinations, pairwise
from typing import Any, NamedTuple

import networkx as nx
import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from numpy.typing import NDArray

from hand_made import STATE, Records, Road, Theatre, hand_made, kernel
from keyterrain.dynamics.network import (
    begin_march_search,
    begin_search,
    begin_way,
    begin_ways,
    cheapest_ways,
    lead_back,
    pop,
    push,
    settle,
    sort_by_price,
    spread_march,
)
from keyterrain.dynamics.state import BLOCKED, ENEMY, FREE, HEAP, NONE

UNSAFE = 0.25
SIDE = "government"


@kernel
def march_search(worlds: Records, states: Records, side: int, origin: int, order: NDArray[np.int64]) -> int:
    w, s = worlds[0], states[0]
    begin_march_search(s, origin)
    n = 0
    while True:
        place = settle(s)
        if place == NONE:
            return n
        order[n] = place
        n += 1
        spread_march(w, s, side, place, origin, UNSAFE)


@kernel
def sort_by_heap(states: Records, cost: NDArray[np.float64], out: NDArray[np.int64]) -> None:
    s = states[0]
    begin_search(s)
    for i in range(cost.shape[0]):
        push(s, cost[i], i)
    for i in range(cost.shape[0]):
        out[i] = pop(s)


class Net(NamedTuple):
    """Roads of a random net with their hours and threats, and whether each place lets one through."""

    ends: list[tuple[int, int]]
    hours: list[float]
    threat: list[float]
    passable: list[int]


@st.composite
def nets(draw: Any) -> Net:
    n = draw(st.integers(2, 12))
    pair = st.tuples(st.integers(0, n - 1), st.integers(0, n - 1)).filter(lambda ends: ends[0] < ends[1])
    ends = draw(st.lists(pair, min_size=1, max_size=30, unique=True))
    hours = draw(st.lists(st.floats(0.1, 20.0) | st.just(math.inf), min_size=len(ends), max_size=len(ends)))
    threat = draw(st.lists(st.floats(0.0, 1.0), min_size=len(ends), max_size=len(ends)))
    passable = draw(st.lists(st.sampled_from([FREE, FREE, FREE, BLOCKED, ENEMY]), min_size=n, max_size=n))
    return Net(ends, hours, threat, passable)


def theatre_of(net: Net) -> Theatre:
    keys = [f"p{i:02}" for i in range(len(net.passable))]
    theatre = hand_made(" ".join(keys), [Road(keys[a], keys[b]) for a, b in net.ends])
    side, n = theatre.number[SIDE], len(net.ends)
    theatre.at("hours")[:n] = net.hours
    theatre.at("threat")[side, :n] = net.threat
    theatre.at("passable")[side, : len(keys)] = net.passable
    return theatre


def graph_of(net: Net, origin: int) -> nx.Graph:
    """What a march from a place may use: roads that are open between places that let it through."""
    free = {place for place, standing in enumerate(net.passable) if standing == FREE} | {origin}
    graph = nx.Graph()
    graph.add_nodes_from(free)
    for (a, b), hours in zip(net.ends, net.hours, strict=True):
        if a in free and b in free and hours < math.inf:
            graph.add_edge(a, b, weight=hours)
    return graph


def search(theatre: Theatre, origin: int) -> list[int]:
    order = np.full(64, NONE)
    n = march_search(theatre.world, theatre.state, theatre.number[SIDE], origin, order)
    return [int(place) for place in order[:n]]


@given(net=nets(), data=st.data())
def test_shortest_times_are_those_of_networkx(net: Net, data: st.DataObject) -> None:
    theatre = theatre_of(net)
    for origin in data.draw(st.lists(st.integers(0, len(net.passable) - 1), min_size=1, max_size=3)):
        order = search(theatre, origin)
        hours = nx.single_source_dijkstra_path_length(graph_of(net, origin), origin)
        assert sorted(order) == sorted(hours)
        assert [theatre.at("path_hours")[place] for place in order] == pytest.approx([hours[place] for place in order])


def large_net(seed: int) -> Net:
    """As many places and roads as there is room for in the smallest shape."""
    rng = np.random.Generator(np.random.Philox(seed))
    pairs = list(combinations(range(32), 2))
    ends = [pairs[i] for i in rng.choice(len(pairs), 64, replace=False)]
    return Net(
        ends, [*rng.uniform(0.1, 20.0, 64)], [*rng.uniform(size=64)], [int(each) for each in rng.choice([1, 1, 1, 1, 0], 32)]
    )


@pytest.mark.parametrize("seed", range(20))
def test_shortest_times_over_a_large_net_are_those_of_networkx(seed: int) -> None:
    net = large_net(seed)
    theatre = theatre_of(net)
    for origin in range(0, 32, 5):
        hours = nx.single_source_dijkstra_path_length(graph_of(net, origin), origin)
        assert search(theatre, origin) == list(hours)
        assert theatre.at("path_hours")[list(hours)] == pytest.approx([*hours.values()])


@given(net=nets())
def test_places_are_settled_in_the_order_of_hours_each_once(net: Net) -> None:
    theatre = theatre_of(net)
    order = search(theatre, 0)
    assert order[0] == 0
    assert (np.diff(theatre.at("path_hours")[order]) >= 0.0).all()
    assert len(set(order)) == len(order)
    assert theatre.at("count")[HEAP] == 0


@given(net=nets())
def test_the_risk_is_that_of_the_shortest_way(net: Net) -> None:
    theatre = theatre_of(net)
    risk = {frozenset(ends): threat if threat > UNSAFE else 0.0 for ends, threat in zip(net.ends, net.threat, strict=True)}
    for place in search(theatre, 0):
        ways = nx.all_shortest_paths(graph_of(net, 0), 0, place, weight="weight")
        risks = [sum(risk[frozenset(step)] for step in pairwise(way)) for way in ways]
        assert min(abs(theatre.at("path_risk")[place] - each) for each in risks) < 1e-9


@kernel
def correct_labels(worlds: Records, states: Records, origin: int, order: NDArray[np.uint32]) -> bool:
    s = states[0]
    begin_ways(s, order)
    begin_way(s, origin)
    changed = cheapest_ways(worlds[0], s, order, s.hours)
    sort_by_price(s, order)
    return changed


class Priced(NamedTuple):
    """A theatre with tolls, the places that a search is confined to, and their prices by networkx from place 0."""

    theatre: Theatre
    order: NDArray[np.uint32]
    tolls: list[float]
    price: dict[int, float]


def priced(net: Net, data: st.DataObject, within: list[int]) -> Priced:
    n = len(net.passable)
    theatre = theatre_of(net)
    tolls = [0.0, *data.draw(st.lists(st.sampled_from([0.0, 0.0, 6.0, math.inf]), min_size=n - 1, max_size=n - 1))]
    theatre.at("toll")[:n] = tolls
    order = np.array(data.draw(st.permutations(within)), dtype=np.uint32)
    return Priced(theatre, order, tolls, price_of(net, tolls, within))


def price_of(net: Net, tolls: list[float], within: list[int], origin: int = 0) -> dict[int, float]:
    graph = nx.DiGraph()
    graph.add_nodes_from(within)
    for ends, hours in zip(net.ends, net.hours, strict=True):
        for a, b in (ends, ends[::-1]):
            toll = tolls[a] if a != origin else 0.0
            if a in within and b in within and hours + toll < math.inf:
                graph.add_edge(a, b, weight=hours + toll)
    return dict(nx.single_source_dijkstra_path_length(graph, origin))


def assert_ways_cost_what_is_said(net: Net, priced: Priced) -> None:
    theatre, _, tolls, price = priced
    for place in price:
        back, spent = place, 0.0
        while (arc := int(theatre.at("by_arc")[back])) != NONE:
            back = int(theatre.world["arc_from"][0, arc])
            spent += net.hours[int(theatre.world["arc_route"][0, arc])] + tolls[back]
        assert (back, spent) == (0, pytest.approx(price[place]))


@given(net=nets(), data=st.data())
def test_prices_in_any_order_of_places_are_those_of_networkx(net: Net, data: st.DataObject) -> None:
    n = len(net.passable)
    within = [0, *data.draw(st.lists(st.integers(1, n - 1), unique=True))]
    case = priced(net, data, within)
    theatre, order = case.theatre, case.order
    assert correct_labels(theatre.world, theatre.state, 0, order) == (len(case.price) > 1)
    assert theatre.at("cost")[within] == pytest.approx([case.price.get(place, math.inf) for place in within])
    assert (np.diff(theatre.at("cost")[order[np.isfinite(theatre.at("cost")[order])]]) >= 0.0).all()
    assert sorted(order) == sorted(within)
    assert_ways_cost_what_is_said(net, case)


@kernel
def sweep_on(worlds: Records, states: Records, order: NDArray[np.uint32]) -> bool:
    return cheapest_ways(worlds[0], states[0], order, states[0].hours)


@given(net=nets(), data=st.data())
def test_a_search_that_begins_with_known_ways_ends_with_the_cheapest(net: Net, data: st.DataObject) -> None:
    case = priced(net, data, list(range(len(net.passable))))
    theatre, order = case.theatre, case.order
    correct_labels(theatre.world, theatre.state, 0, order)
    assert not sweep_on(theatre.world, theatre.state, order)
    dearer = data.draw(st.lists(st.sampled_from([0.0, 1.5]), min_size=len(net.ends), max_size=len(net.ends)))
    cheaper = net._replace(hours=[max(hours - less, 0.05) for hours, less in zip(net.hours, dearer, strict=True)])
    theatre.at("hours")[: len(net.ends)] = cheaper.hours
    sweep_on(theatre.world, theatre.state, order)
    price = price_of(cheaper, case.tolls, list(range(len(net.passable))))
    assert theatre.at("cost")[list(price)] == pytest.approx([*price.values()])


@kernel
def find_back(worlds: Records, states: Records, order: NDArray[np.uint32]) -> None:
    lead_back(worlds[0], states[0], order, states[0].hours)


@given(net=nets(), data=st.data())
def test_places_whose_way_has_closed_find_the_cheapest_of_those_that_are_left(net: Net, data: st.DataObject) -> None:
    n = len(net.passable)
    case = priced(net, data, list(range(n)))
    theatre, order = case.theatre, case.order
    correct_labels(theatre.world, theatre.state, 0, order)
    closed = data.draw(st.integers(0, len(net.ends) - 1))
    hours = [math.inf if road == closed else each for road, each in enumerate(net.hours)]
    theatre.at("hours")[: len(hours)] = hours
    astray: set[int] = set(range(n)) - set(case.price)
    for place in order:  # by price: who stands before is known already
        arc = int(theatre.at("by_arc")[place])
        road, before = int(theatre.world["arc_route"][0, arc]), int(theatre.world["arc_from"][0, arc])
        if arc != NONE and (road == closed or before in astray):
            astray.add(int(place))
    for place in astray:
        theatre.at("cost")[place] = math.inf
        theatre.at("by_arc")[place] = NONE
    theatre.at("astray")[:n] = [place in astray for place in range(n)]
    find_back(theatre.world, theatre.state, order)
    after = net._replace(hours=hours)
    price = price_of(after, case.tolls, list(range(n)))  # nobody else can gain by a closure
    assert theatre.at("cost")[:n] == pytest.approx([price.get(place, math.inf) for place in range(n)])
    assert_ways_cost_what_is_said(after, case._replace(price=price))


@given(net=nets(), standing=st.sampled_from([BLOCKED, ENEMY]))
def test_nobody_goes_into_or_through_a_place_that_lets_no_one_pass(net: Net, standing: int) -> None:
    everywhere_free = net._replace(passable=[FREE] * len(net.passable))
    theatre = theatre_of(everywhere_free)
    inner = [place for place in search(theatre, 0) if place != 0]
    for shut in inner[:3]:
        passable = [standing if place == shut else FREE for place in range(len(net.passable))]
        reached = search(theatre_of(net._replace(passable=passable)), 0)
        without = graph_of(everywhere_free, 0)
        without.remove_node(shut)
        assert set(reached) == nx.node_connected_component(without, 0)


@pytest.mark.parametrize("standing", [BLOCKED, ENEMY])
def test_those_who_are_shut_in_may_still_break_out(standing: int) -> None:
    net = Net([(0, 1), (1, 2)], [2.0, 3.0], [0.0, 0.0], [standing, FREE, FREE])
    assert search(theatre_of(net), 0) == [0, 1, 2]


@given(cost=st.lists(st.floats(0.0, 1e3), min_size=1, max_size=200))
def test_the_heap_sorts(cost: list[float]) -> None:
    out = np.zeros(len(cost), dtype=np.int64)
    sort_by_heap(hand_made("a").state, np.array(cost), out)
    assert sorted(out) == list(range(len(cost)))
    assert [cost[i] for i in out] == sorted(cost)


def test_the_heap_has_room_for_every_road_both_ways() -> None:
    # all 28 roads among 8 places, each offer cheaper than the last
    n = 8
    ends = [(a, b) for a in range(n) for b in range(a + 1, n)]
    hours = [0.01 + 10.0 * (b - a - 1) for a, b in ends]
    theatre = theatre_of(Net(ends, hours, [0.0] * len(ends), [FREE] * n))
    assert search(theatre, 0) == list(range(n))
    assert theatre.at("path_hours")[:n].tolist() == pytest.approx([0.01 * i for i in range(n)])


@kernel
def sort_places(states: Records, order: NDArray[np.uint32]) -> None:
    sort_by_price(states[0], order)


@given(
    price=st.lists(st.floats(0.0, 40.0) | st.sampled_from([0.0, 1.5, 1e300, math.inf]), min_size=32, max_size=32),
    order=st.permutations(range(32)),
)
@example(price=[float(32 - i) for i in range(32)], order=list(range(32)))
@example(price=[1e300 - i * 1e284 for i in range(32)], order=list(range(32)))
def test_places_come_in_the_order_of_their_prices_and_equals_as_they_stood(price: list[float], order: list[int]) -> None:
    states = np.zeros(1, dtype=STATE)
    states["cost"][0, :32] = price
    places = np.array(order, dtype=np.uint32)
    sort_places(states, places)
    assert places.tolist() == sorted(order, key=lambda place: price[place])
