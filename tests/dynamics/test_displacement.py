"""Displacement: nobody is lost, those who leave and where they go follow from danger, ways, size and kin, few come back soon."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from keyterrain.dynamics.state import KILLED, MOST_GOALS, NONE, ON_THE_WAY, WAYS
from keyterrain.theatre.parameters import PARAMETERS
from steps_by_hand import displace
from worlds_by_hand import (
    BYSTANDER,
    GOVERNMENT,
    MEAN_WAY_HOURS,
    OPPOSITION,
    SEED,
    Actor,
    Records,
    Road,
    evening,
    make_draw,
    make_world,
    opened,
    people_of,
)

HOME, TOWN, CITY = 0, 1, 2
ABROAD = 3
FIRST = np.uint64(0)
ACTORS = [Actor(GOVERNMENT), Actor(OPPOSITION, irregular=True)]
NOBODY_DIES = {"displacement_killed_rate": 0.0}
EVERYBODY_LEAVES = NOBODY_DIES | {"displacement_leave_rate": 1e3}


def theatre(
    residents: int = 20_000, *, par: dict[str, float] | None = None, world: dict[str, Any] | None = None, **changes: Any
) -> tuple[Records, Records, Records]:
    """A home with a town of 4,000 four hours away and a city of 64,000 eight hours away."""
    fields = {
        "lean": [OPPOSITION, NONE, NONE],
        "n_abroad": 1,
        **(world or {}),
    }
    built = make_world(3, [Road(HOME, TOWN, 4.0), Road(HOME, CITY, 8.0)], ACTORS, **fields)
    draw = make_draw(
        **{
            "holder": [OPPOSITION, BYSTANDER, BYSTANDER],
            "residents": [residents, 0, 0],
            "population": [20_000.0, 4000.0, 64_000.0],
            "room": np.full(3, 1e12),
            "par": NOBODY_DIES | (par or {}),
            **changes,
        }
    )
    return built, draw, evening(built, draw)


def attack(states: Records, side: int = GOVERNMENT, place: int = HOME) -> None:
    """Let a side fight for a place, day after day until somebody says otherwise."""
    s = opened(states)
    s.battle[place], s.besieger[place], s.attacker[place] = True, side, side


def cease(states: Records) -> None:
    s = opened(states)
    s.battle[:], s.besieger[:], s.attacker[:] = False, NONE, NONE


def set_off(states: Records) -> NDArray[np.int64]:
    """People on the way by where they go."""
    s = opened(states)
    n = int(s.count[WAYS])
    return np.bincount(s.way_goal[:n], s.way_n[:n], minlength=4).astype(np.int64)


def after_a_day(records: tuple[Records, Records, Records], replicate: int = 0, side: int = GOVERNMENT) -> NDArray[np.int64]:
    """Who sets off on the first day of an attack, by goal."""
    world, draw, start = records
    states = start.copy()
    attack(states, side)
    displace(1, world, draw, states, SEED, np.uint64(replicate))
    return set_off(states)


def assert_binomial(k: float, n: int, p: float) -> None:
    assert abs(k - n * p) <= 4.5 * math.sqrt(n * p * (1 - p)) + 1, (k, n * p)


# --- who leaves


@pytest.mark.parametrize(
    ("lean", "side", "sympathy"),
    [(OPPOSITION, GOVERNMENT, 1.0), (GOVERNMENT, GOVERNMENT, 0.15), (OPPOSITION, OPPOSITION, 0.15), (NONE, GOVERNMENT, 0.5)],
)
def test_the_share_that_leaves_follows_from_who_is_coming(lean: int, side: int, sympathy: float) -> None:
    gone = after_a_day(theatre(world={"lean": [lean, NONE, NONE]}), side=side).sum()
    assert_binomial(gone, 20_000, 1 - math.exp(-0.6 * sympathy))


def test_friendly_troops_empty_fewer_homes_on_the_same_luck() -> None:
    records = theatre(400)
    for replicate in range(200):
        fled, stayed = (after_a_day(records, replicate, side).sum() for side in (GOVERNMENT, OPPOSITION))
        assert stayed < fled / 2


def exposure(population: list[float], **marks: Any) -> NDArray[np.float64]:
    """Exposure of the three places when fields of the state are set."""
    world, draw, states = theatre(population=population)
    for name, value in marks.items():
        states[name][0, :3] = value
    displace(1, world, draw, states, SEED, FIRST)
    return opened(states).exposure[:3].copy()


def test_a_battle_exposes_a_town_whole_a_warning_less_and_a_city_in_part() -> None:
    population = [20_000.0, 50_000.0, 200_000.0]
    assert exposure(population, battle=True) == pytest.approx([1.0, 1.0, 0.25])
    assert exposure(population, besieger=GOVERNMENT) == pytest.approx([0.7, 0.7, 0.7 * 0.25])


def test_raids_expose_by_their_number() -> None:
    raids = exposure([8000.0, 8000.0, 40_000.0], recent_incidents=[5.0, 1.0, 5.0])
    assert raids == pytest.approx([0.15, 0.03, 0.15 * 0.25])


def test_a_battle_exposes_those_within_two_hours_walk() -> None:
    world = make_world(3, [Road(HOME, TOWN, 1.9), Road(CITY, TOWN, 2.1)], ACTORS, n_abroad=1)
    draw = make_draw(holder=[0, 0, 0], population=np.full(3, 5000.0))
    states = evening(world, draw)
    attack(states, place=TOWN)
    displace(1, world, draw, states, SEED, FIRST)
    assert opened(states).exposure[:3] == pytest.approx([0.2, 1.0, 0.0])


def test_the_encircled_are_trapped() -> None:
    records = theatre()
    opened(records[2]).cut_days[OPPOSITION, HOME] = 3
    assert_binomial(after_a_day(records).sum(), 20_000, 1 - math.exp(-0.6 * 0.15))


def test_civilians_are_killed_at_their_rate_and_stay_counted() -> None:
    world, draw, states = theatre(200_000, par={"displacement_killed_rate": 0.01, "displacement_leave_rate": 1e-9})
    attack(states)
    displace(1, world, draw, states, SEED, FIRST)
    s = opened(states)
    assert_binomial(s.count[KILLED], 200_000, 0.01)
    assert s.residents[HOME] + s.count[KILLED] == 200_000


def test_in_calm_nobody_moves() -> None:
    world, draw, states = theatre()
    for day in range(1, 30):
        displace(day, world, draw, states, SEED, FIRST)
    assert opened(states).residents[HOME] == 20_000


# --- where they go


def fitted(name: str) -> float:
    return PARAMETERS[f"displacement.{name}"].default


def near(hours: float) -> float:
    """What a way of so many hours leaves of a pull."""
    return float((fitted("softening") + hours / MEAN_WAY_HOURS) ** -fitted("distance_power"))


PLAIN_PULL = np.array([0.0, near(4) * 4000**0.5, near(8) * 64_000**0.5])


def assert_shares(records: tuple[Records, Records, Records], pull: NDArray[np.float64]) -> None:
    """Hold the goals of those who leave against the pulls."""
    gone = after_a_day(records)
    for goal, share in enumerate(pull / pull.sum()):
        assert_binomial(gone[goal], int(gone.sum()), share)


def test_goals_follow_from_distance_and_size() -> None:
    assert_shares(theatre(), PLAIN_PULL)


def test_kin_draw_fivefold_and_twice_that_across_a_border() -> None:
    kin = {"community": [4, NONE, 4]}
    assert_shares(theatre(world=kin), PLAIN_PULL * [0, 1, 5])
    assert_shares(theatre(world={**kin, "country": [0, 0, 1]}), PLAIN_PULL * [0, 1, 10])
    assert_shares(theatre(world={"community": [4, 4, NONE], "country": [0, 0, 1]}), PLAIN_PULL * [0, 5, 1])


def test_a_hostile_holder_a_hostile_road_danger_and_crowds_repel() -> None:
    assert_shares(theatre(holder=[OPPOSITION, GOVERNMENT, BYSTANDER]), PLAIN_PULL * [0, 0.1, 1])
    assert_shares(theatre(room=[1.0, 1000.0, 1e12], guests=[750], world=guests_in_town(750)), all_in_town(0.25))
    assert_shares(theatre(room=[1.0, 1000.0, 1e12], guests=[5000], world=guests_in_town(5000)), all_in_town(0.05))
    records = theatre()
    opened(records[2]).danger[TOWN] = 0.5
    assert_shares(records, PLAIN_PULL * [0, math.exp(-3 * 0.5 * 6 / 7), 1])


def guests_in_town(n: int) -> dict[str, Any]:
    return {"guest_origin": [3], "guest_host": [TOWN], "n_guest_groups": 1}


def all_in_town(room: float) -> NDArray[np.float64]:
    """Pulls where all the displaced are in the town, be they few or many."""
    return PLAIN_PULL * [0, room * (1 + 1 / fitted("crowd_share")) ** fitted("crowd_power"), 1]


def test_a_way_through_a_hostile_place_repels_like_a_hostile_holder() -> None:
    roads = [Road(0, 1, 4.0), Road(0, 2, 2.0), Road(2, 3, 2.0)]
    world = make_world(4, roads, ACTORS, lean=np.full(4, OPPOSITION), n_abroad=0)
    draw = make_draw(
        holder=[OPPOSITION, OPPOSITION, GOVERNMENT, OPPOSITION],
        residents=[30_000],
        population=[1.0, 4000.0, 0.0, 4000.0],
        room=np.full(4, 1e12),
        par=NOBODY_DIES,
    )
    gone = after_a_day((world, draw, evening(world, draw)))
    assert_binomial(gone[3], int(gone.sum()), 0.1 / 1.1)
    assert gone[1] + gone[3] == gone.sum()


def through_a_gate(**changes: Any) -> tuple[Records, Records, Records]:
    """The town is on a border; an hour beyond lies a country of four millions."""
    gate = {"gate_place": [TOWN], "gate_country": [0], "gate_hours": [1.0]}
    return theatre(world=gate, abroad_population=[4e6], **changes)


def test_people_go_abroad_through_gates() -> None:
    pull = np.append(PLAIN_PULL, near(5) * 4e6**0.5)
    assert_shares(through_a_gate(), pull)


def test_the_displaced_draw_others_to_countries_as_to_towns() -> None:
    abroad = through_a_gate()
    opened(abroad[2]).guests[[TOWN, ABROAD]] = 300, 900
    seed = fitted("crowd_share") * 1200
    drawn = [1.0, 1 + 300 / seed, 1.0, 1 + 900 / seed]
    assert_shares(abroad, np.append(PLAIN_PULL, near(5) * 4e6**0.5) * np.power(drawn, fitted("crowd_power")))


def test_only_the_displaced_within_the_theatre_count_for_the_crowd() -> None:
    apart = theatre(world={"apart": [False, False, True]})
    opened(apart[2]).guests[[TOWN, CITY]] = 300, 10_000
    drawn = [1.0, 1 + 1 / fitted("crowd_share"), 1 + 10_000 / (fitted("crowd_share") * 300)]
    assert_shares(apart, PLAIN_PULL * np.power(drawn, fitted("crowd_power")))


def test_doubling_all_hours_and_with_them_the_mean_way_changes_nothing() -> None:
    usual = {"displacement_travel_hours": 10.0}
    once, twice = theatre(par=usual), theatre(par={"displacement_travel_hours": 20.0})
    opened(twice[2]).hours[:2] *= 2
    assert after_a_day(once)[CITY] != after_a_day(twice)[CITY]  # as long as the ways are not measured by their mean
    opened(twice[0]).mean_way_hours = 2 * MEAN_WAY_HOURS
    assert np.array_equal(after_a_day(once), after_a_day(twice))


@pytest.mark.parametrize("seed", range(4))
def test_the_goals_kept_are_the_strongest_of_all(seed: int) -> None:
    rng = np.random.Generator(np.random.Philox(seed))
    n = 30
    hours = rng.choice([0.0, 0.3, 4.9, 20.0, 60.0], n - 1) + rng.uniform(0, 5, n - 1)
    world = make_world(n, [Road(0, 1 + i, each) for i, each in enumerate(hours)], ACTORS, lean=np.full(n, NONE), n_abroad=0)
    people = np.array([10_000.0, *np.exp(rng.uniform(2, 13, n - 1))])
    draw = make_draw(
        holder=np.full(n, BYSTANDER), residents=[50_000], population=people, room=np.full(n, 1e12), par=EVERYBODY_LEAVES
    )
    states = evening(world, draw)
    opened(states).hours[3] = np.inf
    pull = np.array([0.0, *(near(each) for each in hours)]) * people**0.5
    pull[4] = 0.0
    kept = np.sort(np.argsort(-pull)[:MOST_GOALS])
    attack(states)
    displace(1, world, draw, states, SEED, FIRST)
    s = opened(states)
    found = dict(zip(s.goal[0, :MOST_GOALS].tolist(), s.goal_pull[0, :MOST_GOALS].tolist(), strict=True))
    assert found == pytest.approx({int(goal): pull[goal] for goal in kept}, rel=5e-3)


def test_a_closed_border_passes_none() -> None:
    records = through_a_gate()
    opened(records[2]).hours[0] = np.inf
    gone = after_a_day(records)
    assert gone[CITY] == gone.sum() > 0


def test_an_isolated_place_receives_nobody_and_lets_nobody_out() -> None:
    records = theatre()
    opened(records[2]).hours[1] = np.inf
    gone = after_a_day(records)
    assert gone[TOWN] == gone.sum() > 0
    opened(records[2]).hours[0] = np.inf
    assert after_a_day(records).sum() == 0


@pytest.mark.parametrize("n", [1, 5, 16, 17, 60, 400])
def test_whole_people_are_divided_by_their_chances_be_they_few_or_many(n: int) -> None:
    records = theatre(n, par=EVERYBODY_LEAVES)
    replicates = 1500
    gone = np.array([after_a_day(records, i) for i in range(replicates)])
    assert np.all(gone.sum(axis=1) == n)
    p = PLAIN_PULL[CITY] / PLAIN_PULL.sum()
    assert_binomial(gone[:, CITY].sum(), n * replicates, p)
    assert set(gone[:, CITY]) <= {math.floor(n * p), math.ceil(n * p)}  # a systematic sample: its share to within a person


@pytest.mark.parametrize("residents", [1000, 100_000, 10_000_000])
def test_shares_do_not_depend_on_the_number_of_people(residents: int) -> None:
    gone = after_a_day(theatre(residents))
    assert_binomial(gone.sum(), residents, 1 - math.exp(-0.6))
    assert_binomial(gone[CITY], int(gone.sum()), PLAIN_PULL[CITY] / PLAIN_PULL.sum())


# --- on the way, and home again


def test_families_travel_ten_hours_a_day_and_wait_before_a_closed_goal() -> None:
    world, draw, states = theatre(par=EVERYBODY_LEAVES)
    s = opened(states)
    s.hours[1] = 25.0
    attack(states)
    displace(1, world, draw, states, SEED, FIRST)
    bound = set_off(states)
    cease(states)
    displace(2, world, draw, states, SEED, FIRST)
    assert s.guests[TOWN] == bound[TOWN]
    displace(3, world, draw, states, SEED, FIRST)
    s.hours[1] = np.inf
    for day in (4, 5, 6):
        displace(day, world, draw, states, SEED, FIRST)
        assert (s.guests[CITY], s.count[ON_THE_WAY]) == (0, bound[CITY])
    s.hours[1] = 25.0
    displace(7, world, draw, states, SEED, FIRST)
    assert (s.guests[CITY], s.count[ON_THE_WAY]) == (bound[CITY], 0)


def test_guests_flee_again_when_their_refuge_is_attacked() -> None:
    world, draw, states = theatre(0, world=guests_in_town(3000), guests=[3000], par=EVERYBODY_LEAVES)
    attack(states, place=TOWN)
    s = opened(states)
    for day in range(1, 7):
        displace(day, world, draw, states, SEED, FIRST)
    assert s.guests[TOWN] == 0
    assert s.guests[[HOME, CITY]].sum() + s.count[ON_THE_WAY] == 3000


def back_home(holder: int = OPPOSITION, lean: int = OPPOSITION, days: int = 90) -> NDArray[np.int64]:
    """Residents on every evening after all had to leave on the first day."""
    world, draw, states = theatre(
        30_000, par=EVERYBODY_LEAVES | {"displacement_return_rate": 0.01}, world={"lean": [lean, NONE, NONE]}
    )
    attack(states, GOVERNMENT if lean != GOVERNMENT else OPPOSITION)
    s = opened(states)
    at_home = []
    for day in range(1, days + 1):
        displace(day, world, draw, states, SEED, FIRST)
        cease(states)
        s.holder[HOME] = holder
        at_home.append(int(s.residents[HOME]))
        assert people_of(world, states) == 30_000
    return np.array(at_home)


def test_people_come_back_only_after_sixty_days_of_calm_and_then_by_their_rate() -> None:
    at_home = back_home()
    # The second day is the first calm one, people decide every fourteenth, and are home a day later.
    assert not at_home[:70].any()
    assert_binomial(at_home[70], 30_000, 1 - 0.99**14)
    assert_binomial(at_home[84] - at_home[70], 30_000 - at_home[70], 1 - 0.99**14)


def test_nobody_comes_back_to_a_hostile_holder() -> None:
    assert not back_home(holder=GOVERNMENT).any()
    assert back_home(holder=GOVERNMENT, lean=NONE).any()


# --- conservation

EVENT = st.tuples(
    st.integers(0, 2), st.sampled_from([GOVERNMENT, OPPOSITION, NONE]), st.sampled_from([0.5, 9.0, math.inf]), st.integers(0, 1)
)


@given(days=st.lists(EVENT, min_size=1, max_size=25), people=st.integers(0, 40_000), replicate=st.integers(0, 2**31))
@settings(max_examples=80)
def test_people_are_conserved_to_the_person_on_every_day(
    days: list[tuple[int, int, float, int]], people: int, replicate: int
) -> None:
    gate = {"gate_place": [TOWN], "gate_country": [0], "gate_hours": [1.0]}
    world, draw, states = theatre(
        people,
        par={"displacement_killed_rate": 0.001, "displacement_calm_days": 3.0, "displacement_return_rate": 0.2},
        world={**gate, **guests_in_town(700), "lean": [OPPOSITION, GOVERNMENT, NONE]},
        guests=[700],
        abroad_population=[4e6],
    )
    s = opened(states)
    everyone = people_of(world, states)
    assert everyone == people + 700
    for day, (place, side, hours, route) in enumerate(days, start=1):
        cease(states)
        if side != NONE:
            attack(states, side, place)
        s.hours[route] = hours
        displace(day, world, draw, states, SEED, np.uint64(replicate))
        assert people_of(world, states) == everyone
        assert min(s.residents.min(), s.guests.min(), s.row_n.min(), s.away.min(), s.count[ON_THE_WAY]) >= 0
        assert s.row_n.sum() == s.guests.sum()
        assert s.way_n[: s.count[WAYS]].sum() == s.count[ON_THE_WAY]
