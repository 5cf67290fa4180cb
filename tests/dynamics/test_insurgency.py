"""Insurgency: the mean, the scatter and the spread of a self-exciting process, fed by raiders who exist."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from numpy.typing import NDArray

from hand_made import ROOM, Records, Theatre, hand_made, kernel
from keyterrain.campaign.interventions import Interventions
from keyterrain.campaign.world import build_world
from keyterrain.dynamics.insurgency import insurgency
from keyterrain.dynamics.luck import Luck
from keyterrain.dynamics.state import EVENTS, INCIDENT, OVERFLOW
from keyterrain.theatre import load
from keyterrain.theatre.ground import measure_ground
from scenarios import write_small_scenario

if TYPE_CHECKING:
    from pathlib import Path

TOWNS = [f"t{i}" for i in range(8)]
CAMP_STRENGTH, BACKGROUND, MEMORY_DAYS = 2000, 0.05, 14.0
LONG = 300_000
TARGET_LOSS, RAIDER_LOSS = 2.0, 0.7


def towns_within_reach_of_a_camp(
    raiders: int = CAMP_STRENGTH, *, guards: int = 10, bloodless: bool = True, **parameters: float
) -> Theatre:
    """Eight towns in a ring, each of which passes half of its excitement on to its neighbours, and one camp near all."""
    ring = [*pairwise(TOWNS), (TOWNS[-1], TOWNS[0])]
    both_ways = [*ring, *((b, a) for a, b in ring)]
    losses = {"insurgency_target_loss": 0.0, "insurgency_raider_loss": 0.0} if bloodless else {}
    return hand_made(
        " ".join([*TOWNS, "camp"]),
        holds={"camp": "opposition"},
        garrisons={"camp": raiders} | dict.fromkeys(TOWNS, guards),
        near=[(town, place, float(place == "camp")) for town in TOWNS for place in (town, "camp")],
        spill=[(town, town, 0.5) for town in TOWNS] + [(a, b, 0.25) for a, b in both_ways],
        parameters={"insurgency_background": BACKGROUND} | losses | parameters,
    )


@kernel
def watch(worlds: Records, draws: Records, luck: Luck, states: Records, out: NDArray[np.int64]) -> None:
    """Incidents by day and place."""
    s = states[0]
    for day in range(1, out.shape[0] + 1):
        s.count[EVENTS] = 0
        insurgency(day, worlds[0], draws[0], luck, s)
        out[day - 1] = s.incidents[: out.shape[1]]


def incidents_of(theatre: Theatre, days: int) -> NDArray[Any]:
    """Incidents by day and town, all that the days brought."""
    out = np.zeros((days, len(TOWNS) + 1), dtype=np.int64)
    watch(theatre.world, theatre.draw, theatre.luck, theatre.state, out)
    assert theatre.at("count")[OVERFLOW] == 0
    assert (out[:, -1] == 0).all()
    return out[:, :-1]


def test_nobody_raids_his_own_side_in_a_place_that_it_has_taken() -> None:
    theatre = towns_within_reach_of_a_camp(insurgency_background=50.0)
    assert incidents_of(theatre, 1).all()
    theatre.put("holder", theatre.number["opposition"], TOWNS[0])
    theatre.muster().play("insurgency", first=2)
    raids = theatre.at("incidents")[: len(TOWNS)]
    assert raids[theatre.number[TOWNS[0]]] == 0
    assert raids.sum() > 0


def dispersion(counts: NDArray[Any], days: int) -> float:
    """Variance over mean of the theatre's incidents in windows of so many days."""
    windows = counts.sum(axis=1)[: len(counts) // days * days].reshape(-1, days).sum(axis=1)
    return float(windows.var() / windows.mean())


@pytest.mark.parametrize("branching", [0.0, 0.4, 0.7])
@pytest.mark.parametrize("memory_days", [7.0, 30.0])
def test_the_stationary_mean_is_the_background_over_one_minus_the_branching_ratio(branching: float, memory_days: float) -> None:
    theatre = towns_within_reach_of_a_camp(insurgency_branching=branching, insurgency_memory_days=memory_days)
    counts = incidents_of(theatre, LONG)
    assert counts.mean() == pytest.approx(BACKGROUND / (1.0 - branching), rel=0.02)
    # in every town alike
    np.testing.assert_allclose(counts.mean(axis=0), BACKGROUND / (1.0 - branching), rtol=0.06)


def test_without_branching_incidents_are_poisson() -> None:
    counts = incidents_of(towns_within_reach_of_a_camp(insurgency_branching=0.0), LONG)
    for days in (1, 7, 30):
        assert dispersion(counts, days) == pytest.approx(1.0, abs=0.04)
    daily = counts.sum(axis=1)
    mean = BACKGROUND * len(TOWNS)
    for k in range(4):
        expected = math.exp(-mean) * mean**k / math.factorial(k)
        assert np.mean(daily == k) == pytest.approx(expected, abs=4.0 * (expected / LONG) ** 0.5)
    assert abs(np.corrcoef(daily[1:], daily[:-1])[0, 1]) < 4.0 / LONG**0.5


@pytest.mark.parametrize("branching", [0.3, 0.55])
def test_scatter_over_long_windows_gives_the_branching_ratio_back(branching: float) -> None:
    # variance over mean of a Hawkes process tends to (1 - eta)^-2
    counts = incidents_of(towns_within_reach_of_a_camp(insurgency_branching=branching, insurgency_memory_days=7.0), LONG)
    assert 1.0 - dispersion(counts, 300) ** -0.5 == pytest.approx(branching, abs=0.05)


def test_excitation_is_shared_out_whole_and_fades_as_its_memory_says() -> None:
    theatre = towns_within_reach_of_a_camp(raiders=0, insurgency_battle_effect=0.3)
    theatre.put("battle", 1, "t3")
    theatre.play("insurgency")
    beta = math.exp(-1.0 / MEMORY_DAYS)
    share = dict(zip(TOWNS, theatre.at("excitation") / ((1.0 - beta) * 0.3), strict=False))
    assert share == pytest.approx(dict.fromkeys(TOWNS, 0.0) | {"t2": 0.25, "t3": 0.5, "t4": 0.25})
    theatre.put("battle", 0, "t3")
    start = theatre.at("excitation").sum()
    theatre.play("insurgency", first=2, days=10)
    assert theatre.at("excitation").sum() == pytest.approx(start * beta**10)


def test_an_incident_excites_by_the_branching_ratio() -> None:
    theatre = towns_within_reach_of_a_camp(insurgency_branching=0.4, insurgency_background=3.0)
    theatre.play("insurgency")
    n = theatre.at("incidents").sum()
    assert n > 5
    assert theatre.at("excitation").sum() == pytest.approx((1.0 - math.exp(-1.0 / MEMORY_DAYS)) * 0.4 * n)


def test_columns_of_a_built_world_sum_to_one_and_fall_with_distance(tmp_path: Path) -> None:
    situation = load(write_small_scenario(tmp_path / "small")).situation(None)
    built = build_world(situation, measure_ground(situation), Interventions(), 10)
    assert dict(built.room) == ROOM
    world = built.record[0]
    keys = [place.key for place in situation.places]
    starts = world["spill_start"][: len(keys) + 1]
    for i, (first, last) in enumerate(pairwise(starts)):
        share, place = world["spill_share"][first:last], world["spill_place"][first:last]
        assert share.sum() == pytest.approx(1.0, abs=1e-5)
        assert (share > 0.0).all()
        assert place[np.argmax(share)] == i
    first, last = starts[keys.index("capital")], starts[keys.index("capital") + 1]
    share_of = {
        keys[p]: float(x) for p, x in zip(world["spill_place"][first:last], world["spill_share"][first:last], strict=True)
    }
    # 25 km of motorway, then 15 more, at 60 km/h and a reach of two hours; the knolls of the plain slow a little
    assert share_of["junction"] / share_of["capital"] == pytest.approx(math.exp(-25.0 / 60.0 / 2.0), rel=1e-3)
    assert share_of["highway-town"] / share_of["junction"] == pytest.approx(math.exp(-15.0 / 60.0 / 2.0), rel=1e-3)


def test_where_there_are_no_irregulars_there_are_no_incidents() -> None:
    assert incidents_of(towns_within_reach_of_a_camp(raiders=0), 3000).sum() == 0
    regulars = towns_within_reach_of_a_camp()
    regulars.world["actor_irregular"][:] = 0
    assert incidents_of(regulars.muster(), 3000).sum() == 0


def test_battles_alone_raise_no_incident_where_there_are_no_raiders() -> None:
    theatre = towns_within_reach_of_a_camp(raiders=0, insurgency_battle_effect=5.0)
    theatre.at("battle")[: len(TOWNS)] = 1
    assert incidents_of(theatre, 300).sum() == 0
    assert theatre.at("excitation").sum() > 1.0


def test_irregulars_out_of_reach_or_on_ground_that_is_not_theirs_raid_no_one() -> None:
    far = towns_within_reach_of_a_camp()
    far.world["near_start"][:] = 0
    assert incidents_of(far, 3000).sum() == 0
    inert = towns_within_reach_of_a_camp()
    inert.put("holder", inert.number["neutral"], "camp")
    assert incidents_of(inert.muster(), 3000).sum() == 0


def test_a_neutral_holder_is_not_raided() -> None:
    theatre = towns_within_reach_of_a_camp()
    theatre.put("holder", theatre.number["neutral"], "t0")
    counts = incidents_of(theatre.muster(), 5000)
    assert counts[:, 0].sum() == 0 < counts[:, 1].sum()


@pytest.mark.parametrize(
    ("raiders", "guards", "held_days", "factor"),
    [
        (600, 10, 30, 1.0),  # young control, raiders near
        (150, 10, 30, 0.5),  # half the raiders that make exposure full
        (600, 600, 30, 0.5),  # parity
        (600, 50_000, 30, 1.0),  # young control, hardly a raider
        (600, 50_000, 90, 0.3),  # deep in a firm rear
        (600, 5_000, 90, 1.0),  # firm, but a tenth of those in reach are hostile
    ],
)
def test_background_by_zone_of_control(raiders: int, guards: int, held_days: int, factor: float) -> None:
    theatre = towns_within_reach_of_a_camp(raiders, guards=guards)
    theatre.at("held_days")[:] = held_days
    theatre.play("insurgency")
    np.testing.assert_allclose(theatre.at("background")[: len(TOWNS)], factor * BACKGROUND)


def fighters(theatre: Theatre) -> list[int]:
    """Fighters of each actor, the lost among them."""
    return [int(n) for n in theatre.at("strength").sum(axis=1) + theatre.at("cum_loss").sum(axis=1)]


def test_raiders_are_lost_and_accounted_for_and_never_created() -> None:
    theatre = towns_within_reach_of_a_camp(raiders=30_000, guards=9_000, bloodless=False, insurgency_background=0.5)
    before, n_incidents, strength = fighters(theatre), 0, theatre.at("strength").copy()
    for day in range(1, 1001):
        theatre.play("insurgency", first=day)
        n_incidents += int(theatre.at("incidents").sum())
        theatre.at("count")[EVENTS] = 0
        assert fighters(theatre) == before
        assert (theatre.at("strength") <= strength).all()
        strength = theatre.at("strength").copy()
    target, raider = theatre.at("cum_loss").sum(axis=1)[:2]
    assert target == pytest.approx(TARGET_LOSS * n_incidents, abs=5.0 * (TARGET_LOSS * n_incidents) ** 0.5)
    assert raider == pytest.approx(RAIDER_LOSS * n_incidents, abs=5.0 * (RAIDER_LOSS * n_incidents) ** 0.5)


def test_the_last_raiders_die_out_and_leave_nobody_below_none() -> None:
    theatre = towns_within_reach_of_a_camp(
        raiders=25,
        guards=3,
        bloodless=False,
        insurgency_background=30.0,
        insurgency_target_loss=40.0,
        insurgency_raider_loss=40.0,
    )
    before = fighters(theatre)
    for day in range(1, 30):
        theatre.play("insurgency", first=day)
        theatre.muster()
        assert (theatre.at("strength") >= 0).all()
    assert fighters(theatre) == before
    assert theatre.at("strength").sum(axis=1)[1] == 0
    assert theatre.at("incidents").sum() == 0


def test_every_incident_is_in_the_trace_with_its_place_and_side() -> None:
    theatre = towns_within_reach_of_a_camp()
    counts = np.zeros(len(TOWNS), dtype=int)
    for day in range(1, 200):
        theatre.play("insurgency", first=day)
        counts += theatre.at("incidents")[: len(TOWNS)]
    events = theatre.at("event")[: theatre.at("count")[EVENTS]]
    assert counts.sum() > 20
    assert set(events[:, 1]) == {INCIDENT}
    assert set(events[:, 4]) == {theatre.number["opposition"]}
    assert np.bincount(events[:, 2], events[:, 6], len(TOWNS)).tolist() == counts.tolist()


@pytest.mark.parametrize(("branching", "memory_days"), [(0.4, 14.0), (0.0, 14.0), (0.55, 7.0)])
def test_the_share_of_self_excited_incidents_is_given_back_by_the_estimator_of_spillover(
    branching: float, memory_days: float
) -> None:
    from keyterrain.analysis.spillover.contagion import fit_contagion_within

    theatre = towns_within_reach_of_a_camp(insurgency_branching=branching, insurgency_memory_days=memory_days)
    counts = np.ascontiguousarray(incidents_of(theatre, 6000))
    towns = range(len(TOWNS))
    steps = np.abs(np.subtract.outer(towns, towns))
    nearness = np.select([steps == 0, (steps == 1) | (steps == len(TOWNS) - 1)], [0.5, 0.25], 0.0)
    fit = fit_contagion_within(counts, nearness, trend_days=3000.0)
    assert fit.eta == pytest.approx(branching, abs=0.08)
    assert fit.low <= branching <= fit.high
    assert fit.high - fit.low < 0.35
    if branching:
        assert fit.memory_days == pytest.approx(memory_days, rel=0.5)
        assert fit.ratio > 10.0
    else:
        assert fit.ratio < 6.0
