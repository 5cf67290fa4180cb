"""Several pieces of ground together: planted bridges, campaigns played in full, what cannot matter, and what it may take."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from keyterrain.analysis.decisive import sharing
from keyterrain.analysis.decisive.answer import DecisiveAnswer
from keyterrain.analysis.decisive.ground import grounds_of, measured_at, outside, why_left_out
from keyterrain.analysis.decisive.holding import Holdings
from keyterrain.analysis.decisive.pairs import PairEffect, PairsAnswer
from keyterrain.analysis.decisive.question import decide
from keyterrain.analysis.decisive.sharing import ShapleyAnswer
from keyterrain.analysis.decisive.unions import Allowance, Unions, of_combination
from keyterrain.analysis.experiment import Experiment
from keyterrain.analysis.interval import Interval
from keyterrain.analysis.measures import Measurement
from keyterrain.campaign.errors import RunRefused
from keyterrain.campaign.interventions import Hold, Interventions
from keyterrain.campaign.variants import Stage, Variant, on_threads_of
from keyterrain.theatre import Scenario, load
from scenarios import write_small_scenario
from still_theatre import STILL
from two_bridges import LAND, LOWER, UPPER, in_a_row, side_by_side

CROSSINGS = [f"place:{UPPER}", f"place:{LOWER}", "west-hub", "far-town", "far-camp"]
LANDS = [*LAND.values(), "west", "far-east"]
A_THIRD_WAY = ("west-hub", "east-mine")


def paired(folder: Path, changes: dict[str, Any], **asked: Any) -> PairsAnswer:
    asked = {"only": CROSSINGS, "replicates": 50, "pairs": 5_000, "areas_at_random": 0, **asked}
    answer = decide(load(write_small_scenario(folder, **changes)), **asked).pairs
    assert answer is not None
    return answer


def shared(folder: Path, changes: dict[str, Any], **asked: Any) -> ShapleyAnswer:
    asked = {"only": LANDS, "replicates": 20, "shapley": 3_000, "areas_at_random": 0, **asked}
    answer = decide(load(write_small_scenario(folder, **changes)), **asked).shapley
    assert answer is not None
    return answer


def verdicts(answer: PairsAnswer) -> dict[tuple[str, str], str]:
    return {(each.one_key, each.other_key): each.verdict for each in answer.effects if each.verdict}


BRIDGES = (f"place:{LOWER}", f"place:{UPPER}")

# Planted bridges


@pytest.mark.parametrize("case", range(3))
def test_two_bridges_side_by_side_matter_only_together(tmp_path: Path, case: int) -> None:
    answer = paired(tmp_path / "side", side_by_side(case), seed=case)
    assert verdicts(answer) == {BRIDGES: "only together"}
    (found,) = answer.that_are("only together")
    assert (found.one.value, found.other.value, found.both.value) == (0.0, 0.0, -1.0)
    assert f"{LOWER} and {UPPER} (-1 pocket-cut-off) matter only together" in answer.sentence


def test_of_two_bridges_in_a_row_either_does(tmp_path: Path) -> None:
    answer = paired(tmp_path / "row", in_a_row(0))
    assert verdicts(answer) == {BRIDGES: "substitutes"}
    assert "are substitutes" in answer.sentence


def test_with_a_third_way_no_pair_matters(tmp_path: Path) -> None:
    answer = paired(tmp_path / "three", side_by_side(0, A_THIRD_WAY))
    assert verdicts(answer) == {}
    assert answer.sentence.endswith("none is shown to matter only together, none to be substitutes.")


def test_ground_is_paired_that_is_worth_nothing_alone_but_lies_on_many_ways(tmp_path: Path) -> None:
    """With campaigns for few pairs, worth alone would have left the bridges out."""
    scenario = load(write_small_scenario(tmp_path / "side", **side_by_side(0)))
    answer = decide(scenario, replicates=50, pairs=1_600, areas_at_random=0)
    assert answer.of(UPPER).worth == answer.of(LOWER).worth == 0.0
    assert answer.pairs is not None
    assert len(answer.pairs.grounds) < len(scenario.situation(scenario.default_start).places)
    assert verdicts(answer.pairs)[BRIDGES] == "only together"


def test_an_area_of_one_place_is_not_paired_beside_that_place(tmp_path: Path) -> None:
    answer = paired(tmp_path / "side", side_by_side(0), only=[UPPER, LOWER, *LAND.values()])
    assert (len(answer.grounds), answer.n_pairs) == (2, 1)


@pytest.mark.parametrize("is_sampled", [False, True])
def test_two_bridges_share_what_both_cut_off(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, is_sampled: bool) -> None:
    if is_sampled:
        monkeypatch.setattr(sharing, "EXACT_UP_TO", 0)
    answer = shared(tmp_path / "side", side_by_side(0), only=LANDS[:2])
    (outcome,) = answer.shared
    assert (outcome.is_exact, outcome.together.value, outcome.left_over) == (not is_sampled, -1.0, 0.0)
    assert {share.ground: share.interval.value for share in outcome.shares} == {"upper-land": -0.5, "lower-land": -0.5}
    assert [share.after for share in outcome.shares] == [(-0.5,) * 3] * 2


def test_orders_at_random_agree_with_all_coalitions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In the west lie alpha's sources of supply: holding it cuts the pocket off too, so that four areas interact."""
    (exact,) = shared(tmp_path / "exact", side_by_side(1), shapley=1_600).shared
    monkeypatch.setattr(sharing, "EXACT_UP_TO", 0)
    (sampled,) = shared(tmp_path / "sampled", side_by_side(1), shapley=1_600).shared
    assert (exact.is_exact, sampled.is_exact) == (True, False)
    values = {share.ground: share.interval for share in sampled.shares}
    for share in exact.shares:
        assert values[share.ground].low <= share.interval.value <= values[share.ground].high
    assert values["west"].value == pytest.approx(-2 / 3, abs=0.1)
    assert sum(share.interval.value for share in exact.shares) == pytest.approx(exact.together.value)
    assert sum(share.interval.value for share in sampled.shares) == pytest.approx(sampled.together.value)
    assert max(exact.left_over, sampled.left_over) < 1e-12


# Nothing that can matter


def test_where_nothing_can_change_hands_nothing_is_shared_out_and_no_pair_matters(tmp_path: Path) -> None:
    scenario = load(write_small_scenario(tmp_path / "still", days="20", **STILL))
    answer = decide(scenario, replicates=50, areas_at_random=0, shapley=1_000, pairs=8_000)
    assert answer.shapley is not None
    assert answer.pairs is not None
    assert answer.shapley.shared
    assert {share.interval.value for each in answer.shapley.shared for share in each.shares} == {0.0}
    assert answer.pairs.n_pairs > 20
    assert verdicts(answer.pairs) == {}


# Campaigns


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Scenario:
    return load(write_small_scenario(tmp_path_factory.mktemp("together") / "small", days="40"))


def unions_of(scenario: Scenario, keys: list[str], seed: int = 4) -> Unions:
    situation = scenario.situation(scenario.default_start)
    grounds = grounds_of(situation, keys)
    asked = [Measurement.of_outcome(each) for each in scenario.outcomes]
    held = Holdings(Stage(scenario, seed=seed), grounds, asked, ("government", "opposition"))
    held.extend(grounds[:1], 6)
    return Unions(held, grounds, scenario.outcomes, situation)


def test_a_union_is_measured_as_campaigns_played_in_full_with_all_its_ground(small: Scenario) -> None:
    unions = unions_of(small, ["beyond", "junction", "capital"])
    replicates = [1, 2, 3, 7, 11]
    beyond, capital = (next(g for g in unions.grounds if g.key == key) for key in ("beyond", "capital"))
    for grounds in (unions.grounds, (beyond, capital), (beyond,), (capital,)):
        union = unions.union(grounds)
        unions.play({union: replicates})
        places = [place for ground in grounds for place in ground.places]
        variants = [
            Variant(interventions=Interventions(hold=tuple(Hold(f"place:{place}", side) for place in places)))
            for side in unions.sides
        ]
        measured = Experiment(Stage(small, seed=4)).measure(dict.fromkeys(variants, unions.measurements), 12)
        effects = unions.effects(union, replicates, *unions.sides)
        for row, asked in enumerate(unions.measurements):
            one, other = (measured.of(variant, asked)[replicates] for variant in variants)
            expected = one - other if unions.is_elsewhere(union, row) else np.full(len(replicates), np.nan)
            np.testing.assert_array_equal(effects[row], expected)
    assert unions.n_copied > 0


def test_ground_that_overlaps_counts_once_and_nothing_held_has_no_effect(small: Scenario) -> None:
    unions = unions_of(small, ["hills", "hill-fort", "junction"])
    hills, fort, junction = (next(g for g in unions.grounds if g.key == key) for key in ("hills", "hill-fort", "junction"))
    assert unions.union([hills, fort]) == unions.union([hills])
    assert unions.union([hills, junction]) == unions.union([junction, fort, hills])
    assert not unions.effects(0, [0, 5], *unions.sides).any()


def test_ground_is_elsewhere_where_the_outcome_is_measured_whole_and_counts(small: Scenario) -> None:
    situation = small.situation(small.default_start)
    n_elsewhere = 0
    for ground in grounds_of(situation):
        for outcome in small.outcomes:
            asked = Measurement.of_outcome(outcome)
            is_elsewhere = not measured_at(asked, situation) & set(ground.places)
            assert is_elsewhere == (outside(asked, ground, situation) == asked and not why_left_out(asked, ground, situation))
            n_elsewhere += is_elsewhere
    assert 20 < n_elsewhere < len(grounds_of(situation)) * len(small.outcomes)


def together(scenario: Scenario, **asked: Any) -> DecisiveAnswer:
    asked = {"replicates": 50, "seed": 3, "only": ["hills", "south", "beyond", "junction"], **asked}
    return decide(scenario, areas_at_random=0, shapley=800, pairs=900, **asked)


def test_the_same_seed_gives_the_same_values_and_pairs_whatever_the_threads(small: Scenario) -> None:
    one, other = (together(small, executor=on_threads_of(n)) for n in (1, 3))
    assert repr(one.shapley) == repr(other.shapley)
    assert repr(one.pairs) == repr(other.pairs)


def test_what_is_asked_of_ground_alone_does_not_change_with_what_is_asked_of_it_together(small: Scenario) -> None:
    asked: dict[str, Any] = {"replicates": 50, "seed": 3, "only": ["hills", "beyond", "junction"]}
    alone, with_more = decide(small, areas_at_random=0, **asked), together(small, **asked)
    assert repr((alone.areas, alone.places, alone.n_played)) == repr((with_more.areas, with_more.places, with_more.n_played))


@pytest.mark.parametrize("theatre", [side_by_side, in_a_row])
def test_of_two_areas_each_gets_its_effect_and_half_of_what_both_do_beyond_the_sum(tmp_path: Path, theatre: Any) -> None:
    scenario = load(write_small_scenario(tmp_path / "bridges", **theatre(2)))
    answer = decide(scenario, replicates=50, seed=3, only=["upper-land", "west"], areas_at_random=0, shapley=350)
    assert answer.shapley is not None
    assert answer.shapley.replicates == 50
    for each in answer.shapley.shared:
        effects = [_effect(answer, key, each.outcome) for key in each.players]
        beyond = each.together.value - sum(effects)
        for key, effect in zip(each.players, effects, strict=True):
            share = answer.shapley.of(key, each.outcome, each.first, each.second)
            assert share is not None
            assert share.interval.value == pytest.approx(effect + beyond / 2)
    assert any(abs(share.interval.value) > 0.01 for each in answer.shapley.shared for share in each.shares)


def _effect(answer: DecisiveAnswer, ground: str, outcome: str) -> float:
    return next(effect.interval.value for effect in answer.of(ground).effects if effect.outcome == outcome)


# What it may take


def test_what_it_may_take_is_said_beforehand_and_kept_to(small: Scenario) -> None:
    said: list[Allowance] = []
    answer = decide(small, replicates=60, seed=3, areas_at_random=0, shapley=1_000, pairs=1_500, announce=said.append)
    assert answer.shapley is not None
    assert answer.pairs is not None
    of_shapley, of_pairs = said
    assert answer.shapley.n_played + answer.shapley.n_copied <= of_shapley.campaigns <= 1_000
    assert answer.pairs.n_played + answer.pairs.n_copied <= of_pairs.campaigns <= 1_500
    assert "Shapley values" in of_shapley.says
    assert "pairs of" in of_pairs.says
    assert min(each.seconds for each in said) > 0.0
    assert len(answer.pairs.effects) > 10


@pytest.mark.parametrize(
    ("asked", "what"),
    [
        ({"shapley": 30}, r"Shapley values of these \d areas need \d+ campaigns at least, more than 30"),
        ({"shapley": 5_000, "only": ["hills", "junction"]}, "Nothing can be shared out"),
        ({"pairs": 30}, r"A single pair of ground needs \d+ campaigns, more than 30"),
        ({"pairs": 5_000, "only": ["junction"]}, "no pair to ask about"),
        ({"pairs": 5_000, "only": ["hills", "hill-fort"]}, "no pair to ask about"),
    ],
)
def test_what_cannot_be_asked_is_refused_before_anything_is_played(
    small: Scenario, monkeypatch: pytest.MonkeyPatch, asked: dict[str, Any], what: str
) -> None:
    monkeypatch.setattr(Holdings, "extend", lambda *_: pytest.fail("played"))
    with pytest.raises(RunRefused, match=what):
        decide(small, replicates=50, **asked)


# Verdicts


def interval(value: float, half: float = 0.1) -> Interval:
    return Interval(value, value - half, value + half, 50, 50, 0.95)


@pytest.mark.parametrize(
    ("one", "other", "both", "verdict"),
    [
        (0.0, 0.0, 0.5, "only together"),
        (0.05, -0.05, -0.5, "only together"),
        (0.3, 0.0, 0.9, "more together"),
        (0.4, 0.5, 0.5, "substitutes"),
        (-0.4, -0.5, -0.5, "substitutes"),
        (0.4, 0.0, 0.0, "less together"),
        (0.4, 0.4, 0.8, None),
        (0.0, 0.0, 0.0, None),
    ],
)
def test_a_pair_is_what_its_clear_effects_say(one: float, other: float, both: float, verdict: str | None) -> None:
    effects = (interval(one), interval(other), interval(both), interval(both - one - other))
    assert PairEffect("a", "b", "out", "1", "x", "y", *effects).verdict == verdict


def test_sums_that_never_differ_have_an_interval_that_grows_with_their_reach() -> None:
    nothing = np.zeros(100)
    widths = [of_combination(nothing, "share", reach, 0.95).high for reach in (1.0, 3.0)]
    assert widths[1] == pytest.approx(3.0 * widths[0])
    assert 0.0 < widths[0] < 0.1


def test_pairs_that_differ_by_noise_alone_are_clear_no_oftener_than_they_may() -> None:
    luck = np.random.default_rng(5)
    level = 1.0 - 0.05 / 40
    found = 0
    for _ in range(200):
        parts = luck.choice([-1.0, 0.0, 0.0, 0.0, 1.0], size=(40, 50))
        intervals = [of_combination(values, "share", 3.0, level) for values in parts]
        found += any(each.low > 0.0 or each.high < 0.0 for each in intervals)
    assert found <= 20  # of 200 at 5%
