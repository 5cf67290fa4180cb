"""Combat: logistic odds, geometric phases, losses as in CDB90, monotony, symmetry, and assaults as of the bare prototype."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from keyterrain.dynamics.frontage import frontage
from keyterrain.dynamics.state import SUPPORT
from keyterrain.theatre.parameters import PARAMETERS
from steps_by_hand import ABANDONED, BROKEN_OFF, TAKEN, assaults, log_ratio_of
from worlds_by_hand import (
    BYSTANDER,
    GOVERNMENT,
    HOLD,
    OPPOSITION,
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

STAGING, TARGET, REAR = 0, 1, 2
ATTACKER, DEFENDER = 0, 1

NEVER_ENDS_EARLY = {"combat_leave_rate": 0.0, "decision_loss_limit": 1e9}
NO_LOSSES = {"combat_loss_factor": 0.0, "combat_readiness_assault": 0.0}
MANY = 6000


class Assaults(NamedTuple):
    """What became of an assault (replicate): days, how it ended, sectors taken, and losses of both in battle."""

    days: NDArray[np.int64]
    ending: NDArray[np.int64]
    sectors: NDArray[np.int64]
    attacker_lost: NDArray[np.int64]
    defender_lost: NDArray[np.int64]


def assault(
    world: Records,
    draws: Records,
    *,
    n: int,
    seed: np.uint64 = SEED,
    side: int = GOVERNMENT,
    days: int = 150,
    one_phase: bool = False,
) -> Assaults:
    """Let the fighters of a side who stand in the target assault it, n times."""
    out = np.zeros((n, 5), dtype=np.int64)
    assaults(world, draws, np.zeros(1, dtype=STATE), seed, side, STAGING, TARGET, n, days, one_phase, out)
    return Assaults(*out.T)


def theatre(*, approaches: float = 3.0, air: bool = False, **changes: Any) -> Records:
    """A staging place, the target and its defenders' rear, in a row."""
    actors = [Actor(GOVERNMENT, air=air), Actor(OPPOSITION, irregular=True)]
    world = make_world(3, [Road(STAGING, TARGET), Road(TARGET, REAR)], actors, **changes)
    world["approaches"][0, TARGET] = approaches
    world["p_least"][0, HOLD] = 0.0
    return world


def garrisons(attackers: int, defenders: int, *, par: Mapping[str, float] | None = None, **changes: Any) -> Records:
    """Attackers already inside the target, against its defenders."""
    changes = {"sectors": [1, 99, 1], **changes}
    holder = [GOVERNMENT, OPPOSITION, OPPOSITION]
    strength = {(ATTACKER, TARGET): attackers, (DEFENDER, TARGET): defenders}
    return make_draw(holder=holder, strength=strength, par={"combat_frontage": 1e9, **NEVER_ENDS_EARLY, **(par or {})}, **changes)


def logistic(x: float) -> float:
    return 1.0 / (1.0 + math.exp(-x))


def assert_share(hits: NDArray[np.bool_], p: float) -> None:
    """Hold a share of independent trials against its probability, within four standard errors."""
    assert abs(hits.mean() - p) < 4.0 * math.sqrt(p * (1.0 - p) / len(hits)) + 1e-12, (hits.mean(), p)


# --- odds and length of a phase


@pytest.mark.parametrize("ratio", [0.25, 0.5, 1.0, 2.0, 4.0])
def test_a_phase_at_constant_odds_is_won_with_exactly_logistic_chance(ratio: float) -> None:
    draw = garrisons(round(1000 * ratio), 1000, par={**NO_LOSSES, "combat_intercept": 0.2, "combat_slope": 1.3})
    fought = assault(theatre(), draw, n=MANY, one_phase=True)
    assert fought.attacker_lost.sum() + fought.defender_lost.sum() == 0
    assert_share(fought.sectors == 1, logistic(0.2 + 1.3 * math.log(ratio)))


def one_phase_won(world: Records, draw: Records) -> NDArray[np.bool_]:
    return assault(world, draw, n=MANY, one_phase=True).sectors == 1


def test_quality_counts_in_logits_and_force_outside_the_frontage_not_at_all() -> None:
    par = {**NO_LOSSES, "combat_frontage": 1000.0, "combat_narrowing": 0.0}
    draw = garrisons(9000, 1500, par=par, quality=[0.7, -0.4])
    for roads in (1.0, 2.0, 7.0):
        assert_share(one_phase_won(theatre(approaches=roads), draw), logistic(math.log(3000 / 1500) + 0.7 + 0.4))


def test_relief_narrows_the_front_and_with_works_multiplies_the_defender() -> None:
    half_dug_in = {"combat_dug_in_days": 1e9}
    par = {**NO_LOSSES, **half_dug_in, "combat_frontage": 1000.0, "combat_narrowing": 0.5}
    draw = garrisons(9000, 300, par=par, relief=[0.0, 0.8, 0.0], held_days=[0, 5 * 10**8, 0])
    handicap = 0.8 * math.log(1.25) + 0.5 * math.log(1.3)
    # each front with a road takes 1000 x 0.6, each without 1000 x 0.6^4 = 129.6
    for roads, fighters in ((1.0, 859.2), (2.0, 1329.6), (3.0, 1800.0), (7.0, 1800.0)):
        assert_share(one_phase_won(theatre(approaches=roads), draw), logistic(math.log(fighters / 300) - handicap))


def test_on_open_ground_an_attacker_needs_no_road_and_in_the_mountains_he_does() -> None:
    def fighters(roads: float, relief: float) -> float:
        draw = garrisons(9000, 300, relief=[0.0, relief, 0.0])
        return float(frontage(theatre(approaches=roads)[0], draw[0], TARGET, 1200.0, 0.6))

    assert fighters(1.0, 0.0) == fighters(3.0, 0.0) == 3600.0
    assert fighters(1.0, 1.0) == pytest.approx(1200.0 * (0.4 + 2 * 0.4**4))
    assert fighters(1.0, 1.0) < fighters(2.0, 1.0) < fighters(3.0, 1.0) == pytest.approx(1440.0)


PAIRS = st.tuples(st.floats(0.05, 1.0), st.floats(0.05, 1.0))


@given(supplied=PAIRS, ready=PAIRS, support=st.floats(0.0, 1.0), relief=st.floats(0.0, 1.0))
def test_supply_readiness_air_weather_relief_and_works_weigh_as_written(
    supplied: tuple[float, float], ready: tuple[float, float], support: float, relief: float
) -> None:
    world, draw = theatre(air=True), garrisons(1700, 600, relief=[0.0, relief, 0.0], held_days=[0, 12, 0])
    states = evening(world, draw)
    s = opened(states)
    s.supplied[[GOVERNMENT, OPPOSITION], TARGET] = supplied
    s.readiness[:2] = ready
    s.sky[SUPPORT] = support
    strong = 1700 * supplied[0] * (1 + 0.5 * support) * (0.6 + 0.4 * ready[0])
    weak = 600 * supplied[1] * (0.6 + 0.4 * ready[1])
    expected = math.log(strong / weak) - relief * math.log(1.25) - 12 / 30 * math.log(1.3)
    assert log_ratio_of(world, draw, states, GOVERNMENT, OPPOSITION, TARGET) == pytest.approx(expected, abs=1e-9)


def test_air_and_artillery_help_whoever_has_them_attacker_or_defender() -> None:
    even = garrisons(1000, 1000, par=NO_LOSSES)
    assert_share(one_phase_won(theatre(air=True), even), logistic(math.log(1.5)))
    against = assault(theatre(air=True), mirrored_garrisons(even), n=MANY, side=OPPOSITION, one_phase=True)
    assert_share(against.sectors == 1, logistic(-math.log(1.3)))


def mirrored_garrisons(draw: Records) -> Records:
    """The same fighters with the opposition as attacker."""
    swapped = draw.copy()
    swapped["holder"][0, :3] = [OPPOSITION, GOVERNMENT, GOVERNMENT]
    return swapped


def test_length_of_a_phase_is_geometric() -> None:
    days = assault(theatre(), garrisons(1000, 1000, par=NO_LOSSES), n=MANY, one_phase=True).days
    expected = 0.4 * 0.6 ** np.arange(8)
    observed = np.array([(days == k + 1).mean() for k in range(8)])
    assert np.all(np.abs(observed - expected) < 4.0 * np.sqrt(expected * (1 - expected) / MANY))


def test_length_of_a_phase_does_not_depend_on_the_ratio_nor_on_who_wins() -> None:
    weak = assault(theatre(), garrisons(400, 1000, par=NO_LOSSES), n=MANY, one_phase=True)
    strong = assault(theatre(), garrisons(2500, 1000, par=NO_LOSSES), n=MANY, one_phase=True)
    assert np.array_equal(weak.days, strong.days)
    assert (strong.sectors == 1).mean() > (weak.sectors == 1).mean() + 0.3
    won, lost = weak.days[weak.sectors == 1], weak.days[weak.sectors == 0]
    assert abs(won.mean() - lost.mean()) < 4.0 * weak.days.std() * math.sqrt(1 / len(won) + 1 / len(lost))


def test_works_make_a_phase_longer() -> None:
    days = assault(theatre(), garrisons(1000, 1000, par=NO_LOSSES, held_days=[0, 300, 0]), n=MANY, one_phase=True).days
    assert abs(days.mean() - 1 / 0.25) < 4.0 * math.sqrt(0.75) / 0.25 / math.sqrt(MANY)


# --- monotony: more force on the same luck

FORCES = st.integers(40, 5000)
MORE = st.integers(0, 5000)
GROUND = st.tuples(st.floats(0.0, 1.0), st.integers(0, 60), st.sampled_from([1.0, 2.0, 5.0]))


def one_phase(attackers: int, defenders: int, ground: tuple[float, int, float], replicate: int) -> int:
    relief, held_days, approaches = ground
    draw = garrisons(
        attackers,
        defenders,
        par={"combat_frontage": 1200.0, "combat_loss_factor": 1.2},
        relief=[0.0, relief, 0.0],
        held_days=[0, held_days, 0],
        quality=[0.3, -0.1],
    )
    seed = np.uint64(replicate)
    return int(assault(theatre(approaches=approaches), draw, n=1, seed=seed, one_phase=True).sectors[0])


@given(attackers=FORCES, more=MORE, defenders=FORCES, ground=GROUND, replicate=st.integers(0, 2**31))
@settings(max_examples=150)
def test_more_attackers_never_turn_a_won_phase_into_a_lost_one(
    attackers: int, more: int, defenders: int, ground: tuple[float, int, float], replicate: int
) -> None:
    assert one_phase(attackers + more, defenders, ground, replicate) >= one_phase(attackers, defenders, ground, replicate)


@given(attackers=FORCES, more=MORE, defenders=FORCES, ground=GROUND, replicate=st.integers(0, 2**31))
@settings(max_examples=150)
def test_more_defenders_never_turn_a_lost_phase_into_a_won_one(
    attackers: int, more: int, defenders: int, ground: tuple[float, int, float], replicate: int
) -> None:
    assert one_phase(attackers, defenders + more, ground, replicate) <= one_phase(attackers, defenders, ground, replicate)


# --- losses

CERTAIN = 50.0
BIG = 1_000_000
FEW = st.integers(1, 400)
CDB90_DAILY_LOSS = {
    # a day of fighting at even engaged numbers: (attacker, defender), by whether the attacker is winning
    True: (0.0162, 0.0375),
    False: (0.0272, 0.0176),
}


def first_day_losses(attackers: int, defenders: int, *, winning: bool, relief: float = 0.0, **par: float) -> NDArray[np.float64]:
    """Shares (2, replicate) that attackers and defenders lose on the first day."""
    par = {"combat_intercept": CERTAIN if winning else -CERTAIN, "combat_loss_factor": 1.0, "combat_frontage": 1e9, **par}
    draw = garrisons(attackers, defenders, par=par, relief=[0.0, relief, 0.0])
    fought = assault(theatre(), draw, n=MANY, days=1)
    return np.array([fought.attacker_lost / attackers, fought.defender_lost / defenders])


@pytest.mark.parametrize("winning", [True, False])
def test_median_daily_losses_at_even_numbers_are_those_of_cdb90(winning: bool) -> None:
    lost = first_day_losses(BIG, BIG, winning=winning)
    assert np.median(lost, axis=1) == pytest.approx(CDB90_DAILY_LOSS[winning], rel=0.06)


def test_losses_spread_and_go_together_as_in_cdb90() -> None:
    attacker, defender = np.log(first_day_losses(BIG, BIG, winning=False))
    assert attacker.std() == pytest.approx(0.785, rel=0.05)
    # The cap of 0.3 cuts the defender's upper tail.
    below = np.quantile(defender, [0.05, 0.5])
    assert (below[1] - below[0]) / 1.645 == pytest.approx(0.932, rel=0.06)
    assert np.corrcoef(attacker, defender)[0, 1] == pytest.approx(0.238, abs=0.05)


def test_luck_of_losses_has_nothing_to_do_with_length_or_winner_of_the_phase() -> None:
    def one_day(days: int, one_phase: bool) -> Assaults:
        draw = garrisons(BIG, BIG, par={"combat_readiness_assault": 0.0})
        return assault(theatre(), draw, n=MANY, days=days, one_phase=one_phase)

    first, phase = one_day(1, one_phase=False), one_day(99, one_phase=True)
    for lost in (first.attacker_lost, first.defender_lost):
        assert abs(np.corrcoef(np.log(lost), phase.days)[0, 1]) < 4.0 / math.sqrt(MANY)
    winning = np.argsort(np.argsort(first.attacker_lost)) > MANY / 2
    assert phase.sectors[winning].mean() < phase.sectors[~winning].mean(), "who is winning loses less"


def test_who_has_more_loses_a_smaller_share() -> None:
    even = np.median(first_day_losses(BIG, BIG, winning=True), axis=1)
    double = np.median(first_day_losses(2 * BIG, BIG, winning=True), axis=1)
    assert double / even == pytest.approx([2.0**-0.3073, 2.0**0.4193], rel=0.01)


def test_on_rugged_ground_both_lose_less_a_day() -> None:
    plain = np.median(first_day_losses(BIG, BIG, winning=True), axis=1)
    rugged = np.median(first_day_losses(BIG, BIG, winning=True, relief=1.0), axis=1)
    assert rugged / plain == pytest.approx([0.7834, 0.7007], rel=0.01)


def test_irregular_war_costs_less_by_its_factor() -> None:
    full = np.median(first_day_losses(BIG, BIG, winning=False), axis=1)
    part = np.median(first_day_losses(BIG, BIG, winning=False, combat_loss_factor=0.7), axis=1)
    assert part / full == pytest.approx([0.7, 0.7], rel=0.01)


def test_only_the_engaged_suffer() -> None:
    lost = first_day_losses(BIG, BIG, winning=False, combat_frontage=BIG / 30.0, combat_narrowing=0.0)
    assert np.median(lost[0]) == pytest.approx(0.1 * CDB90_DAILY_LOSS[False][0], rel=0.06)


def test_no_day_costs_more_than_a_fifth_of_attackers_and_three_tenths_of_defenders() -> None:
    attacker, defender = first_day_losses(BIG, BIG, winning=False, combat_loss_factor=100.0)
    assert attacker.max() == pytest.approx(0.2, abs=1e-5)
    assert defender.max() == pytest.approx(0.3, abs=1e-5)


@given(attackers=FEW, defenders=FEW, factor=st.floats(0.1, 200.0), replicate=st.integers(0, 2**31))
@settings(max_examples=150)
def test_losses_never_exceed_strength(attackers: int, defenders: int, factor: float, replicate: int) -> None:
    draw = garrisons(attackers, defenders, par={"combat_loss_factor": factor})
    fought = assault(theatre(), draw, n=5, seed=np.uint64(replicate), days=60)
    assert 0 <= fought.attacker_lost.min() <= fought.attacker_lost.max() <= attackers
    assert 0 <= fought.defender_lost.min() <= fought.defender_lost.max() <= defenders


# --- symmetry


def test_swapping_the_indices_of_sides_with_their_luck_swaps_the_answer() -> None:
    draw = garrisons(2000, 900, par={"combat_leave_rate": 0.5, "decision_loss_limit": 0.2}, sectors=[1, 4, 1], quality=[0.2, 0.4])
    straight = assault(theatre(), draw, n=500)
    turned = assault(swapped_world(theatre()), swapped_draw(draw), n=500, side=OPPOSITION)
    assert len(set(straight.ending.tolist())) >= 3, "all kinds of ending should occur"
    assert np.array_equal(np.array(straight), np.array(turned))


def swapped_world(world: Records) -> Records:
    """The world with sides and actors in reversed order, each with its own luck."""
    swapped = world.copy()
    sides, actors = [OPPOSITION, GOVERNMENT, BYSTANDER], [1, 0]
    for field in ("active", "side_irregular", "aims", "side_place_word", "side_route_word"):
        swapped[field][0, :3] = world[field][0, sides]
    for field in ("actor_irregular", "actor_air", "actor_place_word", "muster"):
        swapped[field][0, :2] = world[field][0, actors]
    swapped["actor_side"][0, :2] = [1 - world["actor_side"][0, actor] for actor in actors]
    return swapped


def swapped_draw(draw: Records) -> Records:
    swapped = draw.copy()
    swapped["holder"][0, :3] = 1 - draw["holder"][0, :3]
    for field in ("strength", "quality", "mobility"):
        swapped[field][0, :2] = draw[field][0, [1, 0]]
    return swapped


# --- leaving and breaking off


def test_a_steadfast_garrison_that_sees_good_odds_stays_and_a_hopeless_one_leaves() -> None:
    hopeless = garrisons(9000, 300, par={"combat_leave_rate": 0.5}, sectors=[1, 6, 1])
    proud = garrisons(300, 9000, par={"combat_leave_rate": 0.5, "decision_loss_limit": 1e9}, sectors=[1, 6, 1])
    assert (assault(theatre(), hopeless, n=500).ending == ABANDONED).mean() > 0.8
    assert (assault(theatre(), proud, n=500, days=30).ending == ABANDONED).mean() == 0.0


def test_nobody_breaks_off_below_the_limit_of_losses_and_everyone_who_does_is_above_it() -> None:
    draw = garrisons(1000, 1000, par={"combat_leave_rate": 0.0, "decision_loss_limit": 0.1}, sectors=[1, 5, 1])
    fought = assault(theatre(), draw, n=500)
    broken = fought.ending == BROKEN_OFF
    assert 0.3 < broken.mean() < 1.0
    assert fought.attacker_lost[broken].min() > 100


def test_a_cautious_side_breaks_off_when_the_odds_have_gone() -> None:
    world = theatre()
    draw = garrisons(300, 900, par={**NO_LOSSES}, policy=[RAID, HOLD, HOLD], sectors=[1, 6, 1])
    assert (assault(world, draw, n=300).ending == BROKEN_OFF).all()


# --- the assault on one place, against the figures of the bare prototype

BARE = {"combat_readiness_floor": 1.0, "combat_morale_loss": 0.0, "combat_morale_ground": 0.0}
CAMPAIGNS = 2000
LEVERS_OFF = {"combat_relief_multiplier": 1.0, "combat_narrowing": 0.0}


class Campaign(NamedTuple):
    """A campaign against one place over uncertain parameters: share that failed; 10, 50 and 90 % of days and losses."""

    p_failed: float
    days: NDArray[np.float64]
    attacker_lost: NDArray[np.float64]
    defender_lost: NDArray[np.float64]


def campaign(
    attackers: int, defenders: int, *, sectors: int, approaches: float, relief: float, dug_in_days: int, **fixed: float
) -> Campaign:
    draw = garrisons(attackers, defenders, sectors=[1, sectors, 1], relief=[0.0, relief, 0.0], held_days=[0, dug_in_days, 0])
    draws = uncertain(draw, CAMPAIGNS, {**BARE, "decision_loss_limit": PARAMETERS["decision.loss_limit"].default, **fixed})
    world = theatre(approaches=approaches)
    world["p_least"][0, HOLD] = 0.4
    fought = assault(world, draws, n=CAMPAIGNS)
    fell = np.isin(fought.ending, [TAKEN, ABANDONED])
    tenths = (np.quantile(each[fell], [0.1, 0.5, 0.9]) for each in (fought.days, fought.attacker_lost, fought.defender_lost))
    return Campaign(1.0 - fell.mean(), *tenths)


def uncertain(draw: Records, n: int, fixed: Mapping[str, float]) -> Records:
    """Draw combat's parameters and both sides' quality from their distributions; those in `fixed` are not drawn."""
    rng = np.random.default_rng(1)
    draws = np.repeat(draw, n)
    for parameter in PARAMETERS.values():
        u = rng.uniform(1e-4, 1 - 1e-4, n)
        if parameter.key.startswith("combat."):
            draws["par"][parameter.field] = [parameter.ppf(each) for each in u]
    for name, value in fixed.items():
        draws["par"][name] = value
    draws["quality"][:, :2] = rng.normal(size=(n, 2)) * draws["par"]["combat_quality_sd"][:, None]
    return draws


@pytest.fixture(scope="module")
def al_qusayr() -> Campaign:
    return campaign(7500, 1900, sectors=4, approaches=3, relief=0.0, dug_in_days=60)


@pytest.fixture(scope="module")
def exposed_town() -> Campaign:
    return campaign(2000, 600, sectors=3, approaches=3, relief=0.1, dug_in_days=5)


@pytest.fixture(scope="module")
def mountain_village() -> Campaign:
    return campaign(2000, 600, sectors=3, approaches=1, relief=0.8, dug_in_days=60)


def test_al_qusayr_falls_in_weeks_at_the_price_on_record(al_qusayr: Campaign) -> None:
    low, median, high = al_qusayr.days
    assert 3 <= low <= 17 <= median <= 40 <= high <= 80, "it fell in 17 days"
    assert al_qusayr.p_failed < 0.2
    assert 150 < al_qusayr.attacker_lost[1] < 1500
    assert 0.5 < al_qusayr.defender_lost[1] / 1900 < 0.95


def test_an_exposed_town_falls_to_three_times_its_garrison_in_a_fortnight(exposed_town: Campaign) -> None:
    assert 6 <= exposed_town.days[1] <= 20
    assert exposed_town.p_failed < 0.1


def test_a_mountain_village_takes_longer_costs_more_and_fails_more_often(
    exposed_town: Campaign, mountain_village: Campaign
) -> None:
    assert 1.5 * exposed_town.days[1] < mountain_village.days[1] < 60
    assert mountain_village.attacker_lost[1] > exposed_town.attacker_lost[1]
    assert 1.5 * exposed_town.p_failed < mountain_village.p_failed < 0.35


def test_doubling_the_attackers_hardly_shortens_the_fight_for_a_village_on_one_road(mountain_village: Campaign) -> None:
    doubled = campaign(4000, 600, sectors=3, approaches=1, relief=0.8, dug_in_days=60)
    assert 0.8 * mountain_village.days[1] < doubled.days[1] < 1.2 * mountain_village.days[1]


def test_without_the_three_levers_relief_decides_no_phase_and_with_each_it_does() -> None:
    def won(relief: float, **par: float) -> NDArray[np.bool_]:
        draw = garrisons(2000, 600, par={**NO_LOSSES, "combat_frontage": 1200.0, **par}, relief=[0.0, relief, 0.0])
        return one_phase_won(theatre(approaches=1.0), draw)

    assert np.array_equal(won(0.8, **LEVERS_OFF), won(0.0, **LEVERS_OFF))
    assert won(0.8, combat_narrowing=0.0).mean() < won(0.0).mean() - 0.02
    assert won(0.8, combat_relief_multiplier=1.0).mean() < won(0.0).mean() - 0.02


def test_without_the_three_levers_relief_makes_fights_longer_and_no_less_successful() -> None:
    same = {"sectors": 4, "approaches": 1, "dug_in_days": 60, **LEVERS_OFF}
    plain, rugged = campaign(2000, 600, relief=0.0, **same), campaign(2000, 600, relief=0.8, **same)
    assert rugged.p_failed == pytest.approx(plain.p_failed, abs=0.03)
    assert rugged.days[1] > 1.15 * plain.days[1]
