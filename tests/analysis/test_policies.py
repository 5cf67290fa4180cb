"""Policies compared on theatres that are played: mirrored sides give mirrored tables, and what cannot matter does not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import keyterrain as kt
from keyterrain.analysis.experiment import Experiment
from keyterrain.analysis.measures import Measurement
from keyterrain.analysis.policies import PolicyComparison, compare_policies
from keyterrain.campaign.errors import RunRefused
from keyterrain.campaign.interventions import InterventionFaults, Interventions
from keyterrain.campaign.variants import Stage, Variant, on_threads_of
from keyterrain.theatre import Scenario, load
from mirrored_theatre import Half, mirrored_theatre
from scenarios import Rows, write_small_scenario

HALVES = {
    "aa-held": {"says": "So", "measure": "area_held_share", "area": "aa-land", "side": "alpha", "wanted_by": "alpha"},
    "zz-held": {"says": "So", "measure": "area_held_share", "area": "zz-land", "side": "omega", "wanted_by": "omega"},
}
ERROR_RATE = 1e-4


def mirrored(folder: Path, west: Half, east: Half, stronger: str = "") -> PolicyComparison:
    changes: dict[str, Any] = mirrored_theatre(west, east, "irregular")
    if stronger:
        changes["actors"][f"{stronger}-army"]["quality"] = "1"
    write_small_scenario(folder, **{**changes, "days": "60", "outcomes": HALVES})
    return compare_policies(load(folder), replicates=200, seed=11)


@pytest.fixture(scope="module")
def even(tmp_path_factory: pytest.TempPathFactory) -> PolicyComparison:
    return mirrored(tmp_path_factory.mktemp("mirrored") / "even", Half("alpha", "aa", -1), Half("omega", "zz", 1))


def unlike(compared: PolicyComparison) -> list[tuple[int, ...]]:
    """Cells of one half's table that differ from those of the other half's, turned over, by more than their errors allow."""
    own, other = compared.of("aa-held").payoffs, compared.of("zz-held").payoffs
    found = []
    for cell, interval in own.cells.items():
        mirror = other.cells[cell[::-1]]
        error = sum(((each.high - each.low) / 2 / 1.96) ** 2 for each in (interval, mirror)) ** 0.5
        if abs(interval.value - mirror.value) > 4.5 * error:  # sixteen cells at an error rate of 1e-4 in all
            found.append(cell)
    return found


def test_a_mirrored_theatre_gives_a_mirrored_table(even: PolicyComparison) -> None:
    assert unlike(even) == []
    own, other = even.of("aa-held").payoffs, even.of("zz-held").payoffs
    mirror = {(1 - reply.side, reply.against[reply.side - 1]): set(reply.best) for reply in other.replies}
    clear = {(reply.side, reply.against[1 - reply.side]): set(reply.best) for reply in own.replies if reply.is_clear}
    assert all(best <= mirror[where] for where, best in clear.items())


def test_a_stronger_side_breaks_the_mirror(tmp_path: Path) -> None:
    uneven = mirrored(tmp_path / "uneven", Half("alpha", "aa", -1), Half("omega", "zz", 1), stronger="alpha")
    assert len(unlike(uneven)) > 4


def test_a_map_seen_in_a_mirror_gives_the_same_tables(even: PolicyComparison, tmp_path: Path) -> None:
    seen = mirrored(tmp_path / "seen", Half("omega", "zz", -1), Half("alpha", "aa", 1))
    for key in HALVES:
        assert seen.of(key).payoffs.cells == even.of(key).payoffs.cells
        assert seen.of(key).payoffs.replies == even.of(key).payoffs.replies
        assert seen.of(key).payoffs.equilibrium == even.of(key).payoffs.equilibrium


def without_mobile_force(rows: Rows) -> Rows:
    return [row for row in rows if not (row["kind"] == "mobile" and row["actor"] in {"fighters", "brigades"})]


def bound_to_its_ground(actors: dict[str, Any]) -> dict[str, Any]:
    return {key: {**actor, "mobility": "0"} if actor["side"] == "opposition" else actor for key, actor in actors.items()}


def wanted(outcomes: dict[str, Any]) -> dict[str, Any]:
    return {
        key: {**outcome, "wanted_by": "opposition" if key == "hills-held" else "government"} for key, outcome in outcomes.items()
    }


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Scenario:
    folder = tmp_path_factory.mktemp("policies") / "small"
    return load(write_small_scenario(folder, days="40", outcomes=wanted))


def test_policies_of_a_side_that_cannot_move_cannot_be_told_apart(tmp_path: Path) -> None:
    still = {"forces": without_mobile_force, "actors": bound_to_its_ground, "outcomes": wanted}
    compared = compare_policies(load(write_small_scenario(tmp_path / "still", days="40", **still)), replicates=40)
    payoffs = compared.of("hills-held").payoffs
    assert [side.side for side in payoffs.sides] == ["government", "opposition"]
    own = [each for each in payoffs.differences if each.side == 1]
    assert len(own) == 4 * 6
    assert all(each.n_differing == 0 and not each.is_clear for each in own)
    assert all(len(reply.best) == 4 for reply in payoffs.replies if reply.side == 1)
    assert any(each.is_clear for each in payoffs.differences if each.side == 0), "the enemy's choices do matter"


def test_cells_are_the_campaigns_that_run_would_play(small: Scenario) -> None:
    compared = compare_policies(small, replicates=12, seed=4, outcomes=["hills-held"], season=True)
    broad = Interventions.parse(policy=["government=broad,now", "opposition=raid,spring"])
    held = Measurement.of("area_held_share", area="hills", side="opposition")
    variant = Variant(small.default_start, 40, broad)
    values = Experiment(Stage(small, seed=4)).measure({variant: [held]}, 12).of(variant, held)
    payoffs = compared.of("hills-held").payoffs
    cell = payoffs.to_xarray().sel(government="broad,now", opposition="raid,spring")
    assert float(cell) == pytest.approx(values.mean())
    assert payoffs.to_xarray().shape == (8, 8)
    assert compared.n_played == 64 * 12


def test_the_same_seed_gives_the_same_comparison_whatever_the_threads(small: Scenario) -> None:
    asked: dict[str, Any] = {"replicates": 35, "seed": 3, "policies": ["government=broad", "government=hold", "opposition=raid"]}
    one = compare_policies(small, executor=on_threads_of(1), **asked)
    other = compare_policies(small, executor=on_threads_of(3), **asked)
    assert one.of("hills-held") == other.of("hills-held")
    assert one.of("hills-held").payoffs.to_xarray().shape == (2, 1)


def test_what_a_side_may_choose_can_be_narrowed_and_doubled_by_season(small: Scenario) -> None:
    chosen = compare_policies(small, replicates=1, policies=["government=hold,spring", "government=broad"], season=True).choices
    assert [choice.name for choice in chosen["government"]] == ["hold,spring", "broad,now", "broad,spring"]
    assert len(chosen["opposition"]) == 8
    assert "neutral" not in chosen


def test_an_outcome_nobody_is_said_to_want_has_a_table_and_no_equilibrium(tmp_path: Path) -> None:
    compared = compare_policies(
        load(write_small_scenario(tmp_path / "small", days="20")), replicates=30, policies=["opposition=raid"]
    )
    payoffs = compared.of("hills-held").payoffs
    assert len(payoffs.cells) == 4
    assert payoffs.replies == ()
    assert payoffs.equilibrium.kind == "none"


def with_a_third_side(to_government: str) -> dict[str, Any]:
    """Changes that add a side that acts, hostile to the opposition."""
    relations = [["third", "government", to_government], ["third", "opposition", "hostile"], ["third", "neutral", "neutral"]]
    return {
        "sides": lambda sides: {**sides, "third": {"name": "Third", "posture": "active"}},
        "relations": lambda known: [*known, *relations],
        "policies": lambda policies: {**policies, "third": {"hold": "1.0", "source": "assumption"}},
        "aims": lambda aims: {**aims, "third": dict(aims["government"])},
    }


@pytest.mark.parametrize(("relation", "wants"), [("allied", 1), ("neutral", 0)])
def test_three_sides_have_every_combination_and_no_mixture(tmp_path: Path, relation: str, wants: int) -> None:
    scenario = load(write_small_scenario(tmp_path / "three", days="20", outcomes=wanted, **with_a_third_side(relation)))
    few = ["government=broad", "government=hold", "opposition=raid", "opposition=hold", "third=hold"]
    compared = compare_policies(scenario, replicates=30, policies=few, outcomes=["highway-open", "towns-safe"])
    payoffs = compared.of("highway-open").payoffs
    assert payoffs.to_xarray().shape == (2, 2, 1)
    assert [side.wants for side in payoffs.sides] == [1, -1, wants]
    assert {reply.side for reply in payoffs.replies} == ({0, 1, 2} if wants else {0, 1})
    assert payoffs.equilibrium.shares == ()
    assert "two sides only" in payoffs.equilibrium.why


def test_enemies_of_the_side_that_wants_it_want_less_of_it(small: Scenario) -> None:
    compared = kt.compare_policies(small, replicates=1)
    wants = {key: tuple(side.wants for side in compared.of(key).payoffs.sides) for key in ("hills-held", "highway-open")}
    assert wants == {"hills-held": (-1, 1), "highway-open": (1, -1)}


@pytest.mark.parametrize(
    ("asked", "what"),
    [
        ({"outcomes": ["hills-hled", "highwy-open"]}, "did you mean hills-held.*did you mean highway-open"),
        ({"policies": ["government=braod"]}, "did you mean broad"),
        ({"policies": ["goverment=broad"]}, "did you mean government"),
        ({"policies": ["neutral=hold"]}, "passive"),
        ({"policies": ["government=broad,autumn"]}, "spring or now"),
        ({"policies": ["government"]}, "write SIDE=NAME"),
    ],
)
def test_what_is_not_there_is_refused_with_the_nearest_name(small: Scenario, asked: dict[str, Any], what: str) -> None:
    with pytest.raises(RunRefused, match=what):
        compare_policies(small, replicates=1, kernels=None, **asked)


def test_all_faults_of_policies_are_said_at_once(small: Scenario) -> None:
    with pytest.raises(InterventionFaults) as refused:
        compare_policies(small, replicates=1, policies=["government=braod", "opposition=riad"])
    assert len(refused.value.faults) == 2


def test_a_scenario_without_outcomes_says_what_is_missing(tmp_path: Path) -> None:
    with pytest.raises(RunRefused, match=r"scenario\.yaml"):
        compare_policies(load(write_small_scenario(tmp_path / "small", outcomes={})), replicates=1)


def test_every_outcome_of_the_flagship_is_wanted_by_an_active_side_with_a_source() -> None:
    scenario = load("qalamoun-2013")
    active = {side.key for side in scenario.sides if side.active}
    assert all(outcome.wanted_by in active and outcome.source for outcome in scenario.outcomes)
    assert np.unique([outcome.wanted_by for outcome in scenario.outcomes]).size == 2
