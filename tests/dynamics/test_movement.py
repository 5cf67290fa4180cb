"""Movement: nobody is early, nobody is lost on the way but by ambush, and whoever has no goal left turns aside or waits."""

from __future__ import annotations

import math

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keyterrain.dynamics.state import DEAD, NONE, ORDERS, WOUNDED
from steps_by_hand import decide, move
from worlds_by_hand import (
    BROAD,
    GOVERNMENT,
    HOLD,
    OPPOSITION,
    SEED,
    Actor,
    Records,
    Road,
    evening,
    fighters_of,
    make_draw,
    make_world,
    opened,
)

ARMY, BRIGADES = 0, 1
ACTORS = [Actor(GOVERNMENT), Actor(OPPOSITION, irregular=True)]
ROW = [Road(0, 1), Road(1, 2), Road(2, 3)]
FIRST = np.uint64(0)


def give_order(states: Records, start: int, goal: int, n: int, *, hours: float, risk: float = 0.0, actor: int = ARMY) -> None:
    s = opened(states)
    i = s.count[ORDERS]
    s.order_actor[i], s.order_from[i], s.order_to[i], s.order_n[i] = actor, start, goal, n
    s.order_hours[i], s.order_risk[i] = hours, risk
    s.count[ORDERS] = i + 1


def row_of_four(holder: list[int] | None = None, **changes: object) -> tuple[Records, Records, Records]:
    """Four places in a row, a thousand of the army in the first."""
    world = make_world(4, ROW, ACTORS)
    draw = make_draw(holder=holder or [GOVERNMENT] * 4, strength={(ARMY, 0): 1000}, **changes)  # type: ignore[arg-type]
    return world, draw, evening(world, draw)


@pytest.mark.parametrize(("hours", "days"), [(0.0, 1), (0.5, 1), (8.0, 1), (8.01, 2), (24.0, 3), (63.0, 8), (1000.0, 8)])
def test_a_march_of_so_many_hours_takes_so_many_days_of_eight(hours: float, days: int) -> None:
    world, draw, states = row_of_four()
    s = opened(states)
    give_order(states, 0, 3, 400, hours=hours)
    arrived = []
    for day in range(20, 31):
        move(day, world, draw, states, SEED, FIRST)
        arrived.append(int(s.strength[ARMY, 3]))
        assert s.n_marching[ARMY] == 400 - arrived[-1]
    # On the first day they only leave.
    assert arrived == [0] * days + [400] * (11 - days)
    assert s.strength[ARMY, 0] == 600


def test_nobody_is_called_by_a_way_other_than_the_shortest_through_own_ground() -> None:
    rng = np.random.default_rng(3)
    called = detours = 0
    for _ in range(60):
        holder = rng.choice([GOVERNMENT, OPPOSITION], size=12, p=[0.75, 0.25])
        ends = np.sort(rng.integers(0, 12, size=(20, 2)), axis=1)
        net = [Road(int(a), int(b), float(rng.uniform(0.2, 6.0))) for a, b in np.unique(ends[ends[:, 0] < ends[:, 1]], axis=0)]
        world = make_world(12, net, ACTORS)
        strength = {(ARMY if side == GOVERNMENT else BRIGADES, i): int(rng.integers(60, 400)) for i, side in enumerate(holder)}
        draw = make_draw(holder=holder, strength=strength, policy=[BROAD, HOLD, HOLD], population=np.full(12, 5000.0))
        states = evening(world, draw)
        decide(1, world, draw, states, SEED, FIRST)
        own_ground, anywhere = nx.Graph(), nx.Graph()
        anywhere.add_weighted_edges_from((road.a, road.b, road.hours) for road in net)
        own_ground.add_weighted_edges_from(edge for edge in anywhere.edges(data="weight") if not holder[list(edge[:2])].any())
        for _, start, goal, _, hours in orders(states):
            shortest = nx.shortest_path_length(own_ground, start, goal, weight="weight")
            assert hours == pytest.approx(shortest)
            called += 1
            detours += shortest > nx.shortest_path_length(anywhere, start, goal, weight="weight") + 1e-9
    assert called > 50
    assert detours > 0, "some way should have to go round enemy ground"


def orders(states: Records) -> list[tuple[int, int, int, int, float]]:
    """Orders of the day as (actor, start, goal, fighters, hours)."""
    s = opened(states)
    n = int(s.count[ORDERS])
    columns = (s.order_actor, s.order_from, s.order_to, s.order_n, s.order_hours)
    return list(zip(*(column[:n].tolist() for column in columns), strict=True))


def test_two_orders_to_the_same_men_move_them_once() -> None:
    world, draw, states = row_of_four()
    give_order(states, 0, 1, 700, hours=2.0)
    give_order(states, 0, 2, 700, hours=2.0)
    move(1, world, draw, states, SEED, FIRST)
    s = opened(states)
    assert s.strength[ARMY, 0] == 0
    assert s.n_marching[ARMY] == 1000
    move(2, world, draw, states, SEED, FIRST)
    assert s.strength[ARMY, 1:3].tolist() == [700, 300]


def test_who_finds_the_goal_fallen_goes_on_to_the_nearest_own_place() -> None:
    world, draw, states = row_of_four()
    s = opened(states)
    give_order(states, 0, 2, 400, hours=4.0)
    move(1, world, draw, states, SEED, FIRST)
    s.holder[2] = OPPOSITION
    move(2, world, draw, states, SEED, FIRST)
    assert s.strength[ARMY, :4].tolist() == [600, 0, 0, 0]
    assert s.n_marching[ARMY] == 400
    move(3, world, draw, states, SEED, FIRST)
    # Both neighbours of the goal are as near; the men are in one of them, whole.
    assert sorted(s.strength[ARMY, [1, 3]].tolist()) == [0, 400]
    assert s.n_marching[ARMY] == 0


def test_who_has_no_way_stays_in_the_open_is_counted_and_comes_in_when_there_is_one() -> None:
    world, draw, states = row_of_four()
    s = opened(states)
    give_order(states, 0, 3, 400, hours=6.0)
    move(1, world, draw, states, SEED, FIRST)
    s.holder[:4] = [GOVERNMENT, OPPOSITION, OPPOSITION, OPPOSITION]
    for day in range(2, 12):
        move(day, world, draw, states, SEED, FIRST)
        assert s.n_marching[ARMY] == 400
        assert s.strength[ARMY, :4].tolist() == [600, 0, 0, 0]
    s.holder[2] = GOVERNMENT
    for day in range(12, 17):
        move(day, world, draw, states, SEED, FIRST)
    assert s.n_marching[ARMY] == 0
    assert s.strength[ARMY, 2] == 400


def test_who_marches_into_an_attack_of_their_side_arrives_on_enemy_ground() -> None:
    world, draw, states = row_of_four(holder=[GOVERNMENT, OPPOSITION, OPPOSITION, OPPOSITION])
    s = opened(states)
    s.op_state[GOVERNMENT, 0], s.op_target[GOVERNMENT, 0] = 2, 1
    give_order(states, 0, 1, 400, hours=3.0)
    for day in (1, 2):
        move(day, world, draw, states, SEED, FIRST)
    assert s.strength[ARMY, :2].tolist() == [600, 400]


# --- ambushes

AMBUSHES = 2500


def ambushed(risk: float, n: int = 100_000, **par: float) -> np.ndarray:
    """Shares lost by bodies that march over roads of some summed threat, each on luck of its own."""
    world = make_world(4, ROW, ACTORS)
    draw = make_draw(holder=[GOVERNMENT] * 4, strength={(ARMY, 0): n}, par=par)
    start = evening(world, draw)
    lost = np.empty(AMBUSHES)
    for i in range(AMBUSHES):
        states = start.copy()
        give_order(states, 0, 1, n, hours=3.0, risk=risk)
        move(1, world, draw, states, SEED, np.uint64(i))
        s = opened(states)
        lost[i] = s.cum_loss[ARMY].sum() / n
        assert s.n_marching[ARMY] + s.cum_loss[ARMY].sum() == n
    return lost


@pytest.mark.parametrize("risk", [0.5, 2.0])
def test_ambushes_cost_two_per_cent_of_the_threat_on_average(risk: float) -> None:
    lost = ambushed(risk)
    assert abs(lost.mean() - 0.02 * risk) < 4.0 * lost.std() / math.sqrt(AMBUSHES)
    assert lost.max() <= 0.2 + 1e-4


def test_no_ambush_costs_more_than_a_fifth() -> None:
    lost = ambushed(20.0)
    assert lost.max() == pytest.approx(0.2, abs=1e-4)
    assert (lost > 0.199).mean() > 0.3


def test_on_safe_roads_nobody_is_lost() -> None:
    assert ambushed(0.0).max() == 0.0


def test_of_the_ambushed_a_quarter_are_dead_and_two_fifths_of_the_wounded_come_back_after_a_month() -> None:
    world, draw, states = row_of_four(par={"movement_ambush_loss": 10.0, "movement_ambush_most": 1.0})
    world["muster"][0, ARMY] = [1, 2, NONE]
    s = opened(states)
    give_order(states, 0, 1, 1000, hours=3.0, risk=1.0)
    move(1, world, draw, states, SEED, FIRST)
    lost = s.cum_loss[ARMY].copy()
    assert lost.sum() > 100
    assert abs(lost[DEAD] - 0.25 * lost.sum()) <= 1
    s.holder[1] = OPPOSITION
    for day in range(2, 31):
        move(day, world, draw, states, SEED, FIRST)
        assert s.cum_returned[ARMY] == 0
    move(31, world, draw, states, SEED, FIRST)
    assert abs(s.cum_returned[ARMY] - 0.4 * lost[WOUNDED]) <= 1
    assert s.strength[ARMY, 2] == s.cum_returned[ARMY], "the second of their bases is the first still held"


def test_the_recovered_wait_while_none_of_their_bases_is_held() -> None:
    world, draw, states = row_of_four()
    world["muster"][0, ARMY] = [1, NONE, NONE]
    s = opened(states)
    s.recovering[5, ARMY] = 70
    s.holder[1] = OPPOSITION
    for day in (5, 6, 7):
        move(day, world, draw, states, SEED, FIRST)
    assert s.cum_returned[ARMY] == 0
    s.holder[1] = GOVERNMENT
    move(8, world, draw, states, SEED, FIRST)
    assert s.cum_returned[ARMY] == s.strength[ARMY, 1] == 70


# --- reinforcements and conservation


def test_reinforcements_come_on_their_day_or_go_where_their_side_still_stands() -> None:
    world = make_world(4, ROW, ACTORS, join_day=[3, 5], join_actor=[ARMY, ARMY], join_place=[3, 2])
    draw = make_draw(holder=[GOVERNMENT, GOVERNMENT, OPPOSITION, GOVERNMENT], joining=[250, 80])
    states = evening(world, draw)
    s = opened(states)
    present = []
    for day in range(1, 8):
        move(day, world, draw, states, SEED, FIRST)
        present.append((int(s.cum_joined[ARMY]), int(s.strength[ARMY, :4].sum() + s.n_marching[ARMY])))
    assert present == [(0, 0), (0, 0), (250, 250), (250, 250), (330, 330), (330, 330), (330, 330)]
    assert s.strength[ARMY, 2] == 0


MARCH = st.tuples(
    st.sampled_from([ARMY, BRIGADES]),
    st.integers(0, 3),
    st.integers(0, 3),
    st.integers(0, 900),
    st.floats(0.0, 80.0),
    st.floats(0.0, 30.0),
)
DAY = st.tuples(st.lists(MARCH, max_size=4), st.lists(st.sampled_from([GOVERNMENT, OPPOSITION]), min_size=4, max_size=4))


@given(days=st.lists(DAY, min_size=1, max_size=12), replicate=st.integers(0, 2**31))
@settings(max_examples=80)
def test_fighters_are_conserved_to_the_man_on_every_day(days: list[tuple[list[tuple], list[int]]], replicate: int) -> None:  # type: ignore[type-arg]
    world = make_world(4, ROW, ACTORS, join_day=[2], join_actor=[BRIGADES], join_place=[3])
    world["muster"][0, :2, 0] = [0, 3]
    strength = {(ARMY, 0): 1000, (ARMY, 1): 300, (BRIGADES, 2): 500, (BRIGADES, 3): 40}
    draw = make_draw(holder=[GOVERNMENT, GOVERNMENT, OPPOSITION, OPPOSITION], strength=strength, joining=[77])
    states = evening(world, draw)
    s = opened(states)
    first = fighters_of(world, states)
    assert first.tolist() == [1300, 540]
    for day, (marches, holder) in enumerate(days, start=1):
        for actor, start, goal, n, hours, risk in marches:
            give_order(states, start, goal, n, hours=hours, risk=risk, actor=actor)
        s.holder[:4] = holder
        move(day, world, draw, states, SEED, np.uint64(replicate))
        assert fighters_of(world, states).tolist() == first.tolist()
        assert s.n_marching[:2].tolist() == s.marching[:, :2].sum(axis=(0, 2)).tolist()
        assert s.strength.min() >= 0
        assert s.marching.min() >= 0
