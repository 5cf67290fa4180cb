"""Ground that a side has on the first evening alone: values as played in full, its budget, and nothing where nothing moves."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from keyterrain.analysis.decisive.answer import DecisiveAnswer
from keyterrain.analysis.decisive.ground import grounds_of
from keyterrain.analysis.decisive.holding import Held, Holdings
from keyterrain.analysis.decisive.question import decide
from keyterrain.analysis.decisive.start import start_budget
from keyterrain.analysis.experiment import Experiment
from keyterrain.analysis.measures import Measurement
from keyterrain.campaign.errors import RunRefused
from keyterrain.campaign.interventions import Interventions, StartHolder
from keyterrain.campaign.variants import Stage, Variant
from keyterrain.theatre import Scenario, load
from scenarios import write_small_scenario
from still_theatre import STILL

ONLY = ["hills", "beyond", "hill-fort", "junction", "capital", "border-town"]


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Scenario:
    return load(write_small_scenario(tmp_path_factory.mktemp("start") / "small", days="40"))


@pytest.fixture(scope="module")
def answered(small: Scenario) -> DecisiveAnswer:
    return decide(small, replicates=50, start_replicates=60, seed=5, areas_at_random=0, only=ONLY)


def test_values_are_those_of_campaigns_played_in_full_with_the_other_start(small: Scenario) -> None:
    asked = [Measurement.of_outcome(each) for each in small.outcomes]
    grounds = grounds_of(small.situation(small.default_start), ["hills", "hill-fort", "capital"])
    held = Holdings(Stage(small, seed=4), grounds, asked, ("government", "opposition"))
    held.extend(grounds, 12, "start")
    assert held.n_copied > 0, "who has it anyway is not played again"
    n_differing = 0
    for ground in grounds:
        for side in held.sides:
            started = tuple(StartHolder(f"place:{place}", side) for place in ground.places)
            variant = Variant(interventions=Interventions(start_holder=started))
            measurements = held.measurements[ground]
            values = Experiment(Stage(small, seed=4)).measure({variant: measurements}, 12)
            expected = np.array([values.of(variant, each) for each in measurements])
            found = held.if_held(Held(ground, side, "start"))
            np.testing.assert_array_equal(found, expected)
            n_differing += int((found != held.if_nothing_is_held(ground)[:, :12]).sum())
            assert held.if_held(Held(ground, side)).shape[1] == 0, "holding was not asked"
    assert n_differing > 20


def test_starts_stand_beside_holding_and_change_none_of_it(small: Scenario, answered: DecisiveAnswer) -> None:
    without = decide(small, replicates=50, seed=5, areas_at_random=0, only=ONLY)
    for each in (*answered.areas, *answered.places):
        own = next(other for other in (*without.areas, *without.places) if other.ground == each.ground)
        assert own.start is None
        assert repr(own.effects) == repr(each.effects)
        assert own.taking == each.taking or repr(own.taking) == repr(each.taking)
        assert each.start is not None
        assert [effect.outcome for effect in each.start.effects] == [effect.outcome for effect in each.effects]
    assert (answered.start_budget, without.start_budget) == (60, 0)


def test_a_side_that_has_the_ground_anyway_gains_nothing_from_starting_with_it(answered: DecisiveAnswer) -> None:
    start = answered.of("capital").start
    assert start is not None
    assert start.effects[0].first == "government"
    known = [effect.if_first.value for effect in start.effects if not math.isnan(effect.if_first.value)]
    assert known == [0.0] * len(known)
    assert known
    assert any(effect.if_second.value != 0.0 for effect in start.effects)


def test_an_area_of_one_place_starts_as_that_place_does(answered: DecisiveAnswer) -> None:
    area, place = answered.of("beyond").start, answered.of("border-town").start
    assert area is not None
    assert place is not None
    assert repr(area.effects) == repr(place.effects)


def test_who_has_no_other_place_keeps_the_ground_and_that_is_said(tmp_path: Path) -> None:
    def in_the_hills(rows: list[dict[str, str]]) -> list[dict[str, str]]:
        kept = {"hill-village", "high-pass", ""}
        return [row for row in rows if row["actor"] not in {"brigades", "fighters", "opposition"} or row["place"] in kept]

    def held(rows: list[dict[str, str]]) -> list[dict[str, str]]:
        """All but two villages is the government's."""
        one_account = [{**row, "weight": ""} for row in rows if row["weight"] != "0.3"]
        lost = {"holder": "government", "contested_by": ""}
        return [row if row["place"] in {"hill-village", "high-pass", "border-town"} else {**row, **lost} for row in one_account]

    scenario = load(write_small_scenario(tmp_path / "few", days="10", control=held, forces=in_the_hills))
    answer = decide(scenario, replicates=4, start_replicates=4, areas_at_random=0, only=["hills", "hill-village"])
    area, place = answer.of("hills").start, answer.of("hill-village").start
    assert area is not None
    assert place is not None
    assert area.made["government"] == 0.0
    assert place.made == {"government": 1.0, "opposition": 1.0}


def test_where_nothing_can_move_another_start_changes_nothing_elsewhere(tmp_path: Path) -> None:
    scenario = load(write_small_scenario(tmp_path / "still", days="20", **STILL))
    answer = decide(scenario, replicates=10, start_replicates=10, areas_at_random=0, only=["hill-village", "junction"])
    for each in answer.places:
        assert each.start is not None
        assert each.start.worth == 0.0
        assert each.start.stands_out is False
        assert {effect.interval.value for effect in each.start.effects if effect.counts} == {0.0}


def test_the_budget_is_an_upper_limit_that_is_known_beforehand(small: Scenario, answered: DecisiveAnswer) -> None:
    budget = start_budget(small, start=None, only=ONLY, replicates=60)
    assert (budget.n_grounds, budget.n_sides, budget.campaigns) == (5, 2, 600)  # an area is one of the places
    assert "up to 600 campaigns" in budget.sentence
    without = decide(small, replicates=50, seed=5, areas_at_random=0, only=ONLY)
    extra_baseline = 10
    assert 0 < answered.n_played - without.n_played <= budget.campaigns + extra_baseline
    with pytest.raises(RunRefused, match="did you mean hills"):
        start_budget(small, start=None, only=["hils"], replicates=60)


def test_the_same_seed_gives_the_same_starts(small: Scenario) -> None:
    asked: dict[str, Any] = {"replicates": 8, "start_replicates": 8, "seed": 3, "only": ["hills"], "areas_at_random": 0}
    assert repr(decide(small, **asked).areas) == repr(decide(small, **asked).areas)
