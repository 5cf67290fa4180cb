"""Decision: whom a side attacks, with how much, when, and what it sees; by hand on nets of a few places."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from keyterrain.dynamics.state import (
    ASSAULT,
    CONSOLIDATING,
    IDLE,
    MARCHING,
    MASSING,
    MEAN_SUPPORT,
    NONE,
    ORDERS,
)
from steps_by_hand import decide, estimate_of, fight, move
from worlds_by_hand import (
    BROAD,
    BYSTANDER,
    GOVERNMENT,
    HOLD,
    OPPOSITION,
    PIECEMEAL,
    RAID,
    SEED,
    STATE,
    Actor,
    Records,
    Road,
    evening,
    make_draw,
    make_world,
    opened,
)

ARMY, BRIGADES = 0, 1
ACTORS = [Actor(GOVERNMENT), Actor(OPPOSITION, irregular=True)]
FIRST = np.uint64(0)
CLEAR_SIGHT = {"decision_sight_error": 1e-9, "decision_choice_noise": 1e-9, "decision_success_pull": 1e-9}
HOME = 0
OLD_DAYS = 30
"""Age from which ground is no fresh gain."""


def star(
    enemies: list[int], *, home: int = 20_000, policy: int = PIECEMEAL, par: dict[str, float] | None = None, **changes: Any
) -> tuple[Records, Records, Records]:
    """A base with the army, and enemy places of the given strengths, each four hours away and open from three directions."""
    n = len(enemies) + 1
    world = make_world(n, [Road(HOME, i, 4.0) for i in range(1, n)], ACTORS, approaches=np.full(n, 3))
    fields = {
        "holder": [GOVERNMENT] + [OPPOSITION] * len(enemies),
        "strength": {(ARMY, HOME): home} | {(BRIGADES, i): strength for i, strength in enumerate(enemies, start=1)},
        "population": np.full(n, 10_000.0),
        "policy": [policy, HOLD, HOLD],
        "held_days": np.full(n, OLD_DAYS),
        "par": CLEAR_SIGHT | (par or {}),
        **changes,
    }
    draw = make_draw(**fields)
    return world, draw, evening(world, draw)


def targets(states: Records, side: int = GOVERNMENT) -> list[int]:
    """Targets of a side's operations that are not over."""
    s = opened(states)
    return [int(place) for place, state in zip(s.op_target[side], s.op_state[side], strict=True) if state != IDLE]


def chosen(records: tuple[Records, Records, Records], replicates: int) -> NDArray[np.int64]:
    """First target on the first day (replicate), -1 for none."""
    world, draw, start = records
    found = np.full(replicates, NONE)
    for i in range(replicates):
        states = start.copy()
        decide(1, world, draw, states, SEED, np.uint64(i))
        found[i] = (targets(states) or [NONE])[0]
    return found


# --- what is chosen


@pytest.mark.parametrize("strengths", [[300, 900], [900, 300], [1500, 800, 400], [400, 1500, 800]])
def test_of_places_of_equal_value_the_weakest_is_chosen(strengths: list[int]) -> None:
    assert set(chosen(star(strengths), 20)) == {1 + strengths.index(min(strengths))}


def test_of_equally_strong_places_the_one_that_is_worth_more_is_chosen() -> None:
    assert set(chosen(star([500, 500, 500], population=[0.0, 9000.0, 10_000.0, 8000.0]), 20)) == {2}


def test_between_equal_places_common_noise_is_fair() -> None:
    first = chosen(star([500, 500], par={"decision_choice_noise": 0.1}), 1500) == 1
    assert abs(first.mean() - 0.5) < 4.0 * 0.5 / math.sqrt(1500)


def test_noise_and_error_leave_the_weaker_place_the_likelier_one() -> None:
    noisy = {"decision_choice_noise": 0.1, "decision_sight_error": 0.5}
    found = chosen(star([300, 1200], home=4500, par=noisy), 1000)
    assert 0.55 < (found == 1).mean() < 0.95


def test_a_place_next_to_the_last_success_is_preferred() -> None:
    roads = [Road(0, 1, 4.0), Road(0, 2, 4.0), Road(2, 3, 4.0)]
    world = make_world(4, roads, ACTORS)
    strength = {(ARMY, 0): 20_000, (BRIGADES, 1): 500, (BRIGADES, 2): 500}
    draw = make_draw(
        holder=[GOVERNMENT, OPPOSITION, OPPOSITION, GOVERNMENT],
        strength=strength,
        held_days=np.full(4, OLD_DAYS),
        population=np.full(4, 10_000.0),
        policy=[PIECEMEAL, HOLD, HOLD],
        par=CLEAR_SIGHT | {"decision_choice_noise": 0.02, "decision_success_pull": 0.3},
    )
    start = evening(world, draw)
    opened(start).last_success[GOVERNMENT] = 3
    assert (chosen((world, draw, start), 100) == 2).mean() > 0.95


@pytest.mark.parametrize(("aim", "wanted"), [(0, 1), (1, 2), (2, 3), (3, 4)])
def test_each_of_the_four_aims_leads_to_its_own_target(aim: int, wanted: int) -> None:
    # The first enemy threatens the own corridor, the second has the people, the third the enemy's supply, the fourth has many
    # fighters, and few against it.
    roads = [Road(0, 1, 4.0), Road(0, 2, 4.0), Road(0, 3, 4.0), Road(0, 5, 4.0), Road(5, 4, 1.0)]
    aims = np.zeros((3, 4))
    aims[GOVERNMENT, aim] = 1.0
    world = make_world(6, roads, ACTORS, aims=aims)
    world["own_corridor"][0, GOVERNMENT, 0] = True
    draw = make_draw(
        holder=[GOVERNMENT] + [OPPOSITION] * 4 + [GOVERNMENT],
        strength={(ARMY, 0): 20_000, (ARMY, 5): 40, (BRIGADES, 4): 700} | {(BRIGADES, i): 300 for i in range(1, 4)},
        population=[0.0, 100.0, 5000.0, 100.0, 100.0, 0.0],
        policy=[PIECEMEAL, HOLD, HOLD],
        par=CLEAR_SIGHT,
    )
    start = evening(world, draw)
    opened(start).flow[OPPOSITION, :5] = [0.0, 0.1, 0.1, 0.9, 0.1]
    assert set(chosen((world, draw, start), 5)) == {wanted}


def test_nobody_attacks_a_bystander_an_ally_or_a_place_out_of_reach() -> None:
    world, draw, start = star([300, 300, 300])
    opened(start).holder[[1, 2]] = [BYSTANDER, GOVERNMENT]
    opened(start).hours[2] = np.inf
    assert set(chosen((world, draw, start), 10)) == {NONE}
    opened(start).hours[2] = 4.0
    assert set(chosen((world, draw, start), 10)) == {3}


# --- policies


def play_decisions(records: tuple[Records, Records, Records], days: int, replicate: int = 0) -> NDArray[np.int64]:
    """State of every operation (day, side, slot) when sides decide and march but nobody fights."""
    world, draw, start = records
    states = start.copy()
    seen = []
    for day in range(1, days + 1):
        decide(day, world, draw, states, SEED, np.uint64(replicate))
        seen.append(opened(states).op_state[:3].copy())
        move(day, world, draw, states, SEED, np.uint64(replicate))
    return np.array(seen, dtype=np.int64)


@pytest.mark.parametrize(("policy", "slots"), [(PIECEMEAL, 1), (BROAD, 4), (RAID, 2), (HOLD, 0)])
def test_operations_fill_the_slots_of_the_policy_and_never_exceed_them(policy: int, slots: int) -> None:
    running = (play_decisions(star([100] * 8, policy=policy), 40) != IDLE).sum(axis=2)
    assert running[:, GOVERNMENT].max() == slots
    assert running[:, [OPPOSITION, BYSTANDER]].max() == 0


def test_raiders_take_on_posts_of_one_or_two_sectors_only() -> None:
    sectors = [1, 4, 3, 2, 1]
    raided, swept = star([100] * 4, policy=RAID, sectors=sectors), star([100] * 4, policy=BROAD, sectors=sectors)
    assert set(chosen(raided, 10)) <= {3, 4}
    play_decisions(raided, 1)
    states = swept[2]
    for day in range(1, 20):
        decide(day, swept[0], swept[1], states, SEED, FIRST)
    assert set(targets(states)) & {1, 2}


@pytest.mark.parametrize(("policy", "days"), [(PIECEMEAL, 7), (BROAD, 3), (RAID, 2)])
def test_an_assault_is_prepared_for_as_long_as_the_policy_says(policy: int, days: int) -> None:
    states = play_decisions(star([100], policy=policy), 20)[:, GOVERNMENT, 0]
    assert states[:days].tolist() == [MASSING] * days
    assert states[days] == MARCHING
    slow = play_decisions(star([100], policy=policy, par={"decision_tempo": 2.0}), 20)[:, GOVERNMENT, 0]
    assert slow[: 2 * days].tolist() == [MASSING] * (2 * days)
    assert slow[2 * days] == MARCHING


@pytest.mark.parametrize(("policy", "ratio"), [(PIECEMEAL, 3.0), (BROAD, 1.5), (RAID, 2.0)])
def test_the_mass_is_the_ratio_of_the_policy_to_what_is_believed(policy: int, ratio: float) -> None:
    _, _, states = records = star([400], policy=policy)
    decide(1, *records, SEED, FIRST)
    assert opened(states).op_wanted[GOVERNMENT, 0] == pytest.approx(ratio * 400, abs=1)


def test_without_the_odds_its_policy_asks_for_a_side_does_not_attack() -> None:
    enough = star([1000], home=3300)
    few = star([1000], home=2900)
    dug_in_deep = star([1000], sectors=[1, 30], home=20_000)
    assert set(chosen(enough, 5)) == {1}
    assert set(chosen(few, 5)) == {NONE}
    assert set(chosen(dug_in_deep, 5)) == {NONE}


def test_a_tired_side_begins_nothing() -> None:
    world, draw, start = star([300])
    opened(start).readiness[ARMY] = 0.49
    assert set(chosen((world, draw, start), 5)) == {NONE}
    opened(start).readiness[ARMY] = 0.51
    assert set(chosen((world, draw, start), 5)) == {1}


def test_a_target_that_was_given_up_is_left_alone_for_three_weeks() -> None:
    world, draw, start = star([300])
    opened(start).cooldown[GOVERNMENT, 1] = 21
    begun = play_decisions((world, draw, start), 30)[:, GOVERNMENT, 0]
    assert np.flatnonzero(begun == MASSING)[0] + 1 == 22


# --- what a decree and the season forbid


def test_no_operation_against_ground_held_by_decree() -> None:
    world, draw, start = star([100, 1000])
    world["decree"][0, 1] = True
    assert set(chosen((world, draw, start), 10)) == {2}
    world["decree"][0, 1:3] = True
    assert set(chosen((world, draw, start), 10)) == {NONE}
    world["decree"][0] = False
    assert set(chosen((world, draw, start), 10)) == {1}


@pytest.mark.parametrize(
    ("snow_cm", "support", "expected"), [(0.0, 1.0, 1), (19.9, 0.71, 1), (20.1, 1.0, NONE), (0.0, 0.69, NONE)]
)
def test_who_waits_for_spring_begins_nothing_in_deep_snow_or_lasting_foul_weather(
    snow_cm: float, support: float, expected: int
) -> None:
    world, draw, start = star([300], waits=[True, False, False])
    world["route_ground"][0, 0] = 9
    opened(start).snow_cm[:, 9] = snow_cm
    opened(start).sky[MEAN_SUPPORT] = support
    assert set(chosen((world, draw, start), 3)) == {expected}
    draw["waits"] = False
    assert set(chosen((world, draw, start), 3)) == {1}


# --- mass and guards

FORCES = st.lists(st.integers(0, 3000), min_size=4, max_size=4)


@given(own=FORCES, enemy=FORCES, mobility=st.floats(0.1, 1.0), threatened=st.integers(0, 3), replicate=st.integers(0, 2**31))
@settings(max_examples=150)
def test_nobody_sends_more_than_is_there_and_every_garrison_that_has_a_guard_keeps_it(
    own: list[int], enemy: list[int], mobility: float, threatened: int, replicate: int
) -> None:
    world, draw, states = two_fronts(own, enemy, mobility)
    besiege(states, threatened)
    s = opened(states)
    before = s.strength[ARMY, :4].copy()
    decide(1, world, draw, states, SEED, np.uint64(replicate))
    sent = np.bincount(s.order_from[: s.count[ORDERS]], s.order_n[: s.count[ORDERS]], minlength=8)[:4]
    guard = np.maximum(50.0, 0.3 * np.array(enemy))
    assert np.all(sent <= before)
    # Real numbers become whole men with the right mean, twice at most.
    assert np.all(before - sent >= np.minimum(before, guard - 2))


@pytest.mark.parametrize("mobility", [0.3, 0.8])
def test_only_the_mobile_part_of_a_surplus_goes_and_without_it_there_is_no_attack(mobility: float) -> None:
    most = mobility * (2050 - 50)
    too_strong, just_right = int(most / 1.5) + 2, int(most / 1.5) - 2
    mobile = {"home": 2050, "policy": BROAD, "mobility": [mobility, 0.0]}
    assert set(chosen(star([too_strong], **mobile), 5)) == {NONE}
    assert set(chosen(star([just_right], **mobile), 5)) == {1}


def two_fronts(own: list[int], enemy: list[int], mobility: float) -> tuple[Records, Records, Records]:
    """Four own places in a row, each before an enemy place an hour's walk away."""
    roads = [Road(i, i + 1, 3.0) for i in range(3)] + [Road(i, 4 + i, 1.0) for i in range(4)]
    world = make_world(8, roads, ACTORS)
    draw = make_draw(
        holder=[GOVERNMENT] * 4 + [OPPOSITION] * 4,
        strength={(ARMY, i): n for i, n in enumerate(own)} | {(BRIGADES, 4 + i): n for i, n in enumerate(enemy)},
        population=np.full(8, 5000.0),
        policy=[BROAD, HOLD, HOLD],
        mobility=[mobility, 0.0],
        par=CLEAR_SIGHT,
    )
    return world, draw, evening(world, draw)


def besiege(states: Records, place: int) -> None:
    """Let the opposition mass all it has beside a place against it."""
    s = opened(states)
    s.op_state[OPPOSITION, 0], s.op_target[OPPOSITION, 0], s.op_staging[OPPOSITION, 0] = MASSING, place, 4 + place
    s.op_days[OPPOSITION, 0], s.op_force[OPPOSITION, 0, BRIGADES] = 5, s.strength[BRIGADES, 4 + place]


def test_a_threatened_place_is_helped_by_those_within_half_a_day_with_a_part_of_what_they_can_spare() -> None:
    roads = [Road(0, 1, 5.0), Road(0, 2, 11.0), Road(0, 3, 13.0), Road(0, 4, 1.0)]
    world = make_world(5, roads, ACTORS)
    draw = make_draw(
        holder=[GOVERNMENT] * 4 + [OPPOSITION],
        strength={(ARMY, 0): 100, (ARMY, 1): 1050, (ARMY, 2): 2050, (ARMY, 3): 3050, (BRIGADES, 4): 5000},
        mobility=[0.5, 0.0],
        par=CLEAR_SIGHT,
    )
    states = evening(world, draw)
    s = opened(states)
    s.op_state[OPPOSITION, 0], s.op_target[OPPOSITION, 0], s.op_staging[OPPOSITION, 0] = MASSING, 0, 4
    s.op_days[OPPOSITION, 0], s.op_force[OPPOSITION, 0, BRIGADES] = 5, 5000
    decide(1, world, draw, states, SEED, FIRST)
    sent = np.bincount(s.order_from[: s.count[ORDERS]], s.order_n[: s.count[ORDERS]], minlength=5)
    assert sent[[0, 3]].tolist() == [0, 0], "the threatened keeps all, the third is too far"
    assert sent[1] == pytest.approx(0.3 * 0.5 * 1000, abs=1)
    assert sent[2] == pytest.approx(0.3 * 0.5 * 2000, abs=1)
    assert set(s.order_to[: s.count[ORDERS]].tolist()) == {0}


# --- the life of an operation


def test_an_operation_masses_marches_assaults_consolidates_and_ends() -> None:
    world, draw, states = star([200], home=5000, par={"combat_intercept": 50.0, "decision_sight_error": 1e-9})
    s = opened(states)
    seen = []
    for day in range(1, 40):
        decide(day, world, draw, states, SEED, FIRST)
        seen.append(int(s.op_state[GOVERNMENT, 0]))
        move(day, world, draw, states, SEED, FIRST)
        fight(day, world, draw, states, SEED, FIRST)
    order = [seen[0]] + [after for before, after in pairwise(seen) if before != after]
    assert order == [MASSING, MARCHING, ASSAULT, CONSOLIDATING, IDLE]
    assert seen.count(CONSOLIDATING) == 7 - 1, "the evening of the capture is the first"
    assert s.holder[1] == GOVERNMENT
    assert not s.op_force.any()
    assert not s.earmark.any()


def test_an_operation_ends_when_its_base_falls_and_lets_its_fighters_go() -> None:
    world, draw, states = star([300])
    s = opened(states)
    decide(1, world, draw, states, SEED, FIRST)
    assert s.op_state[GOVERNMENT, 0] == MASSING
    assert s.earmark.any()
    s.holder[HOME] = OPPOSITION
    decide(2, world, draw, states, SEED, FIRST)
    assert s.op_state[GOVERNMENT, 0] == IDLE
    assert not s.earmark.any()
    assert s.cooldown[GOVERNMENT, 1] > 2


def test_an_operation_whose_mass_does_not_come_is_given_up() -> None:
    world, draw, states = star([300])
    s = opened(states)
    decide(1, world, draw, states, SEED, FIRST)
    s.strength[ARMY, HOME] = 10
    for day in range(2, 24):
        decide(day, world, draw, states, SEED, FIRST)
    assert s.op_state[GOVERNMENT, 0] == IDLE
    assert not s.earmark.any()


def test_an_operation_that_meets_more_than_it_reckoned_with_calls_more_to_it() -> None:
    world, draw, states = star([300])
    s = opened(states)
    decide(1, world, draw, states, SEED, FIRST)
    assert s.op_force[GOVERNMENT, 0, ARMY] == pytest.approx(900, abs=1)
    s.strength[BRIGADES, 1] = 700
    for day in range(2, 5):
        decide(day, world, draw, states, SEED, FIRST)
    assert s.op_wanted[GOVERNMENT, 0] == pytest.approx(2100, abs=1)
    assert s.op_force[GOVERNMENT, 0, ARMY] == pytest.approx(2100, abs=2)
    assert s.earmark[ARMY, HOME] == s.op_force[GOVERNMENT, 0, ARMY]


def test_fighters_lost_on_the_way_are_made_good() -> None:
    roads = [Road(0, 1, 4.0), Road(0, 2, 4.0)]
    world = make_world(3, roads, ACTORS)
    strength = {(ARMY, 0): 400, (ARMY, 1): 6000, (BRIGADES, 2): 300}
    holder = [GOVERNMENT, GOVERNMENT, OPPOSITION]
    draw = make_draw(
        holder=holder, strength=strength, population=np.full(3, 10_000.0), policy=[PIECEMEAL, HOLD, HOLD], par=CLEAR_SIGHT
    )
    states = evening(world, draw)
    s = opened(states)
    decide(1, world, draw, states, SEED, FIRST)
    called = int(s.op_force[GOVERNMENT, 0, ARMY])
    s.strength[ARMY, 0] = 400 + (called - 400) // 2  # of those from afar half arrive
    for day in range(2, 5):
        decide(day, world, draw, states, SEED, FIRST)
    coming = np.array(s.order_n[: s.count[ORDERS]]).sum()
    assert s.op_force[GOVERNMENT, 0, ARMY] == pytest.approx(900, abs=2)
    assert coming == s.op_force[GOVERNMENT, 0, ARMY] - s.strength[ARMY, 0]


def test_an_operation_that_cannot_have_enough_any_more_is_given_up_at_once_until_the_next_look() -> None:
    world, draw, states = star([300], home=1100)
    s = opened(states)
    decide(1, world, draw, states, SEED, FIRST)
    assert s.op_state[GOVERNMENT, 0] == MASSING
    s.strength[BRIGADES, 1] = 700
    for day in range(2, 5):
        decide(day, world, draw, states, SEED, FIRST)
    assert s.op_state[GOVERNMENT, 0] == IDLE
    assert s.cooldown[GOVERNMENT, 1] == 4 + 9
    assert not s.earmark.any()


def consolidating(strengths: list[int]) -> tuple[Records, Records, Records]:
    """An own base (0) and a place just taken from it (1); enemies next to the latter (2) and next to the base alone (3)."""
    world = make_world(4, [Road(0, 1, 4.0), Road(1, 2, 4.0), Road(0, 3, 4.0)], ACTORS, approaches=np.full(4, 3))
    draw = make_draw(
        holder=[GOVERNMENT, GOVERNMENT, OPPOSITION, OPPOSITION],
        strength={(ARMY, 0): 20_000, (ARMY, 1): 5000} | {(BRIGADES, 2 + i): n for i, n in enumerate(strengths)},
        population=np.full(4, 10_000.0),
        held_days=np.full(4, OLD_DAYS),
        policy=[PIECEMEAL, HOLD, HOLD],
        par=CLEAR_SIGHT,
    )
    states = evening(world, draw)
    s = opened(states)
    s.op_state[GOVERNMENT, 0], s.op_target[GOVERNMENT, 0], s.last_success[GOVERNMENT] = CONSOLIDATING, 1, 1
    return world, draw, states


def far_garrison(hours: float) -> tuple[Records, Records, Records]:
    """A captured place (1) with a small garrison next to an enemy (2); the army stands so many hours behind it (0)."""
    world = make_world(3, [Road(0, 1, hours), Road(1, 2, 4.0)], ACTORS, approaches=np.full(3, 3))
    draw = make_draw(
        holder=[GOVERNMENT, GOVERNMENT, OPPOSITION],
        strength={(ARMY, 0): 5000, (ARMY, 1): 100, (BRIGADES, 2): 300},
        population=np.full(3, 10_000.0),
        held_days=np.full(3, OLD_DAYS),
        policy=[PIECEMEAL, HOLD, HOLD],
        par=CLEAR_SIGHT,
    )
    return world, draw, evening(world, draw)


def test_where_too_few_could_come_nobody_is_called_and_a_capture_goes_on_being_consolidated() -> None:
    world, draw, states = far_garrison(25.0)
    s = opened(states)
    s.op_state[GOVERNMENT, 0], s.op_target[GOVERNMENT, 0], s.op_days[GOVERNMENT, 0] = CONSOLIDATING, 1, 2
    decide(1, world, draw, states, SEED, FIRST)
    assert (s.op_state[GOVERNMENT, 0], s.op_target[GOVERNMENT, 0]) == (CONSOLIDATING, 1)
    assert s.cooldown[GOVERNMENT, 2] == 1 + 9
    assert s.count[ORDERS] == 0
    near = far_garrison(20.0)
    decide(1, *near, SEED, FIRST)
    assert targets(near[2]) == [2]


def test_who_is_on_the_way_is_not_called_a_second_time() -> None:
    world, draw, states = far_garrison(20.0)
    s = opened(states)
    for day in range(1, 8):
        decide(day, world, draw, states, SEED, FIRST)
        assert s.op_force[GOVERNMENT, 0, ARMY] <= 902
        move(day, world, draw, states, SEED, FIRST)
    assert s.strength[ARMY, 0] + s.strength[ARMY, 1] == 5100
    assert s.strength[ARMY, 1] == pytest.approx(900, abs=51)


def test_nobody_counts_for_two_operations_at_one_staging_place() -> None:
    world, draw, states = star([150, 150], home=500)
    s = opened(states)
    for slot in range(2):
        s.op_state[GOVERNMENT, slot], s.op_target[GOVERNMENT, slot], s.op_staging[GOVERNMENT, slot] = MASSING, 1 + slot, HOME
        s.op_force[GOVERNMENT, slot, ARMY], s.op_wanted[GOVERNMENT, slot] = 450, 450
    s.earmark[ARMY, HOME] = 900
    decide(2, world, draw, states, SEED, FIRST)
    assert np.array(s.op_sent[GOVERNMENT, :2]).tolist() == [450, 0]
    assert s.order_n[: s.count[ORDERS]].sum() == 450


@pytest.mark.parametrize(("captor", "expected"), [(GOVERNMENT, [2]), (OPPOSITION, [1])])
def test_nobody_goes_on_from_a_capture_that_is_lost_again(captor: int, expected: list[int]) -> None:
    world = make_world(3, [Road(0, 1, 4.0), Road(1, 2, 4.0), Road(0, 2, 4.0)], ACTORS, approaches=np.full(3, 3))
    draw = make_draw(
        holder=[GOVERNMENT, captor, OPPOSITION],
        strength={(ARMY, 0): 20_000, (BRIGADES, 2): 300} | ({(BRIGADES, 1): 15_000} if captor == OPPOSITION else {}),
        population=np.full(3, 10_000.0),
        held_days=np.full(3, OLD_DAYS),
        policy=[PIECEMEAL, HOLD, HOLD],
        par=CLEAR_SIGHT,
    )
    states = evening(world, draw)
    s = opened(states)
    s.op_state[GOVERNMENT, 0], s.op_target[GOVERNMENT, 0] = CONSOLIDATING, 1
    decide(1, world, draw, states, SEED, FIRST)
    assert targets(states) == expected


def test_an_operation_that_is_always_short_by_what_was_lost_on_the_way_is_given_up_after_a_fortnight() -> None:
    world, draw, states = far_garrison(8.0)
    s = opened(states)
    given_up = 0
    for day in range(1, 40):
        decide(day, world, draw, states, SEED, FIRST)
        if s.cooldown[GOVERNMENT, 2] > 0 and given_up == 0:
            given_up = day
        s.count[ORDERS] = 0  # whoever marches is lost
        s.strength[ARMY, 0] = 5000
    assert given_up == 1 + 7 + 14 + 1, "preparation, a fortnight, and the day after"
    assert s.cooldown[GOVERNMENT, 2] >= given_up + 21


def test_from_a_capture_a_side_goes_on_next_door_without_new_preparation() -> None:
    world, draw, states = consolidating([500, 100])
    s = opened(states)
    decide(1, world, draw, states, SEED, FIRST)
    assert targets(states) == [2], "the weaker place is not next to the capture, and no slot is free for it"
    assert s.op_state[GOVERNMENT, 0] == MASSING
    decide(2, world, draw, states, SEED, FIRST)
    assert s.op_state[GOVERNMENT, 0] == MARCHING


@pytest.mark.parametrize(("held_days", "state"), [(29, MARCHING), (30, MASSING)])
def test_what_the_enemy_took_within_the_month_is_fought_over_again_without_preparation(held_days: int, state: int) -> None:
    world, draw, states = star([300])
    s = opened(states)
    s.held_days[1] = held_days
    decide(1, world, draw, states, SEED, FIRST)
    s.held_days[1] = held_days  # so that the day does not matter
    decide(2, world, draw, states, SEED, FIRST)
    assert s.op_state[GOVERNMENT, 0] == state


def test_a_fresh_gain_of_the_enemy_is_preferred() -> None:
    world, draw, states = star([500, 500], par={"decision_choice_noise": 0.02, "decision_success_pull": 0.3})
    opened(states).held_days[1:3] = [400, 5]
    assert (chosen((world, draw, states), 100) == 2).mean() > 0.95


def test_with_nothing_next_door_that_could_be_had_a_capture_is_consolidated() -> None:
    world, draw, states = consolidating([9000, 100])
    s = opened(states)
    for day in range(1, 7):
        decide(day, world, draw, states, SEED, FIRST)
        assert s.op_state[GOVERNMENT, 0] == CONSOLIDATING
    decide(7, world, draw, states, SEED, FIRST)
    assert targets(states) == [3], "the slot is free, and what it begins is prepared"
    decide(8, world, draw, states, SEED, FIRST)
    assert s.op_state[GOVERNMENT, 0] == MASSING


# --- sight


def errors(days: int, replicate: int) -> NDArray[np.float64]:
    """Errors of one side about thirty enemy places (look, place), which are brought up to date every ninth day."""
    world, draw, _ = records = star([500] * 30, policy=HOLD, par={"decision_sight_error": 0.5})
    states = records[2].copy()
    seen = []
    for day in range(1, days, 9):
        decide(day, world, draw, states, SEED, np.uint64(replicate))
        seen.append(opened(states).sight[GOVERNMENT, 1:31].copy())
    return np.array(seen)


def test_errors_of_estimates_have_the_right_spread_from_the_first_day_and_fade_like_an_ar1() -> None:
    seen = np.array([errors(390, replicate) for replicate in range(25)])
    assert abs(seen.mean()) < 0.02
    assert seen[:, 0].std() == pytest.approx(0.5, rel=0.1)
    assert seen[:, 20:].std() == pytest.approx(0.5, rel=0.05)
    lags = [np.corrcoef(seen[:, :-k].ravel(), seen[:, k:].ravel())[0, 1] for k in (1, 2, 4)]
    assert lags == pytest.approx([0.9**9, 0.9**18, 0.9**36], abs=0.03)


def test_errors_about_two_places_and_of_two_replicates_have_nothing_in_common() -> None:
    one, other = errors(398, 1), errors(398, 2)
    among = np.corrcoef(one.T)[np.triu_indices(30, 1)]
    assert abs(among.mean()) < 0.04
    assert abs(np.corrcoef(one.ravel(), other.ravel())[0, 1]) < 0.1


def test_between_looks_a_side_sees_the_same_and_its_own_ground_not_at_all() -> None:
    world, draw, states = star([500] * 3, policy=HOLD, par={"decision_sight_error": 0.5})
    s = opened(states)
    decide(1, world, draw, states, SEED, FIRST)
    first = s.sight.copy()
    for day in range(2, 10):
        decide(day, world, draw, states, SEED, FIRST)
        assert np.array_equal(s.sight, first)
    decide(10, world, draw, states, SEED, FIRST)
    assert not np.isclose(s.sight[GOVERNMENT, 1:4], first[GOVERNMENT, 1:4]).any()
    assert s.sight[GOVERNMENT, HOME] == first[GOVERNMENT, HOME]


@given(n=st.integers(0, 5000), error=st.floats(-2.0, 2.0))
def test_an_estimate_is_the_strength_times_its_error_half_of_it_for_neighbours_and_at_least_thirty(n: int, error: float) -> None:
    states = np.zeros(1, dtype=STATE)
    states["sight"][0, GOVERNMENT, 3] = error
    assert estimate_of(states, GOVERNMENT, 3, n, False) == pytest.approx(max(n, 30) * math.exp(error))
    assert estimate_of(states, GOVERNMENT, 3, n, True) == pytest.approx(max(n, 30) * math.exp(error / 2))
