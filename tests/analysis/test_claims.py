"""Claims answered: planted effects are found, absent ones are not, and a claim is never borne out together with its negation."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from datetime import date
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import keyterrain as kt
from keyterrain.analysis.claims import (
    BORNE_OUT,
    CANNOT_TELL,
    NOT_BORNE_OUT,
    ClaimAnswers,
    answer_claims,
    combined,
    unanimous,
    verdict_of,
)
from keyterrain.analysis.interval import Interval, of_difference, of_mean
from keyterrain.analysis.measures import Measurement, standing_value
from keyterrain.analysis.measures.observed import observed_value
from keyterrain.analysis.measures.standing import standing_measures
from keyterrain.campaign.errors import RunRefused
from keyterrain.theatre import Scenario, load
from keyterrain.theatre.claims import Bound
from keyterrain.theatre.outcomes import MEASURES
from scenarios import write_small_scenario

SAID = {"says": "Something", "source": "report"}
NUMBERS = st.floats(-10, 10).map(lambda number: round(number, 3))


def scenario_with(folder: Path, claims: dict[str, Any], **changes: Any) -> Scenario:
    write_small_scenario(folder, **{"days": "40", **changes})
    (folder / "claims.yaml").write_text(json.dumps({"claims": claims}), encoding="utf-8")
    return load(folder)


def refuse_to_play(*_arguments: Any) -> Any:
    raise AssertionError("nothing may be played")


def hold(side: str) -> dict[str, Any]:
    return {"hold": {"hills": side}}


HELD = {"measure": "area_held_share", "area": "hills", "side": "government"}
FLED = {"measure": "displaced_gain", "host": "border-town"}
CONTRAST = {"contrast": {"first": hold("government"), "second": hold("opposition")}}
GAP = {"contrast": {"first": hold("government"), "second": {}}}
STRONG = {"measure": "first_strength", "actor": "army", "area": "south", "at_least": 99_999}
CLAIMS: dict[str, Any] = {
    "planted": {**SAID, **HELD, **CONTRAST, "borne_out_if": {"above": 0.9}},
    "planted-otherwise": {**SAID, **HELD, **CONTRAST, "borne_out_if": {"below": 0.9}},
    "turned-round": {
        **SAID, **HELD, "contrast": {"first": hold("opposition"), "second": hold("government")}, "borne_out_if": {"above": 0.9},
    },
    "no-effect": {
        **SAID, **FLED, "contrast": {"first": {"set": {"processes.weather": "on"}}, "second": {}}, "borne_out_if": {"above": 0},
    },
    "no-effect-either": {
        **SAID, **FLED, "contrast": {"first": {"set": {"processes.weather": "on"}}, "second": {}}, "borne_out_if": {"below": 0},
    },
    "outside": {**SAID, **HELD, "outside": ["hills"], "borne_out_if": {"above": 0.5}},
    "rare": {**SAID, **HELD, "among": STRONG, "borne_out_if": {"above": 0.5}},
    "unknowable": {**SAID, "cannot_tell": "It lies beyond the theatre"},
    "both": {**SAID, "all_of": [
        {**HELD, "given": hold("government"), "borne_out_if": {"above": 0.9}},
        {**HELD, "given": hold("opposition"), "borne_out_if": {"below": 0.1}},
    ]},
    "not-both": {**SAID, "all_of": [
        {**HELD, "given": hold("government"), "borne_out_if": {"above": 0.9}},
        {**HELD, "given": hold("opposition"), "borne_out_if": {"above": 0.1}},
    ]},
    "one-or-the-other": {**SAID, "any_of": [
        {**HELD, "given": hold("government"), "borne_out_if": {"below": 0.1}},
        {**HELD, "given": hold("opposition"), "borne_out_if": {"below": 0.1}},
    ]},
    "whichever-is-meant": {**SAID, "all_of": [{"whichever": [
        {**HELD, "given": hold("government"), "borne_out_if": {"above": 0.9}},
        {**HELD, "given": hold("opposition"), "borne_out_if": {"above": 0.1}},
    ]}]},
    "more-than": {**SAID, **HELD, **CONTRAST, "than": GAP, "borne_out_if": {"above": 0}},
    "other-start": {
        **SAID, "measure": "area_held_on", "area": "hills", "side": "opposition", "day": 0, "borne_out_if": {"below": 0.1},
        "given": {"start_holder": {"hills": "government"}},
    },
    "map": {**SAID, "measure": "km_to_corridor", "place": "junction", "corridor": "highway", "borne_out_if": {"below": 0.1}},
}  # fmt: skip
EXPECTED = {
    "planted": BORNE_OUT, "planted-otherwise": NOT_BORNE_OUT, "turned-round": NOT_BORNE_OUT, "no-effect": NOT_BORNE_OUT,
    "no-effect-either": NOT_BORNE_OUT, "outside": CANNOT_TELL, "rare": CANNOT_TELL, "unknowable": CANNOT_TELL, "both": BORNE_OUT,
    "not-both": NOT_BORNE_OUT, "one-or-the-other": BORNE_OUT, "whichever-is-meant": CANNOT_TELL, "more-than": BORNE_OUT,
    "other-start": BORNE_OUT, "map": BORNE_OUT,
}  # fmt: skip


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> ClaimAnswers:
    return answer_claims(scenario_with(tmp_path_factory.mktemp("claims") / "small", CLAIMS), budget=60, seed=2)


@pytest.mark.parametrize("key", CLAIMS)
def test_planted_effects_are_found_and_absent_ones_are_not(answers: ClaimAnswers, key: str) -> None:
    assert answers.of(key).verdict == EXPECTED[key]


def test_each_variant_is_played_once_for_all_claims(answers: ClaimAnswers) -> None:
    assert answers.n_variants == 4  # as it is, the hills in either hand, and at the start; weather on changes nothing
    assert answers.n_played == 4 * 60


def test_an_answer_without_a_verdict_says_why(answers: ClaimAnswers) -> None:
    for answer in answers.answers:
        assert bool(answer.why) == (answer.verdict == CANNOT_TELL)
    assert "0 of 60 replicates" in answers.of("rare").why
    assert answers.of("unknowable").why == "It lies beyond the theatre"
    assert answers.of("unknowable").replicates == 0


def test_the_map_is_asked_without_playing(tmp_path: Path) -> None:
    scenario = scenario_with(tmp_path / "small", CLAIMS)
    answer = answer_claims(scenario, only=["map", "unknowable"], budget=60, executor=refuse_to_play).of("map")
    assert (answer.verdict, answer.replicates) == (BORNE_OUT, 0)
    deciding = answer.deciding
    assert deciding is not None
    assert deciding.interval.low == deciding.interval.value == deciding.interval.high == 0.0


def test_swapped_sides_get_the_same_estimate_with_the_other_sign(answers: ClaimAnswers) -> None:
    one, other = answers.of("planted").deciding, answers.of("turned-round").deciding
    assert one is not None
    assert other is not None
    assert other.interval.value == -one.interval.value


def test_shuffled_rows_and_renamed_places_give_the_same_answers(tmp_path: Path) -> None:
    asked = {"both": CLAIMS["both"], "fled": {**SAID, **FLED, "given": hold("government"), "borne_out_if": {"above": 0}}}
    plain = answer_claims(scenario_with(tmp_path / "plain", asked), budget=20)
    renamed = scenario_with(
        tmp_path / "renamed",
        asked,
        places=lambda rows: [{**row, "name": f"The {row['name']}"} for row in reversed(rows)],
        routes=lambda rows: rows[::-1],
        forces=lambda rows: rows[::-1],
    )
    again = answer_claims(renamed, budget=20)
    assert [answer.parts for answer in plain.answers] == [answer.parts for answer in again.answers]


BOUNDS = st.one_of(
    st.tuples(st.sampled_from(["above", "below"]), st.tuples(NUMBERS)),
    st.tuples(st.sampled_from(["between", "not_between"]), st.tuples(NUMBERS, NUMBERS).map(lambda pair: tuple(sorted(pair)))),
)
NEGATION = {"above": "below", "below": "above", "between": "not_between", "not_between": "between"}


@given(BOUNDS, NUMBERS, st.floats(0, 5))
def test_a_claim_and_its_negation_are_never_both_borne_out(bound: Any, low: float, width: float) -> None:
    word, numbers = bound
    interval = Interval(low + width / 2, low, low + width, 100, 100, 0.95)
    verdicts = [verdict_of(Bound(each, numbers), interval) for each in (word, NEGATION[word])]
    assert verdicts.count(BORNE_OUT) <= 1
    if BORNE_OUT in verdicts:
        assert NOT_BORNE_OUT in verdicts


@given(BOUNDS, st.integers(0, 400), st.integers(1, 400))
def test_nor_are_they_with_the_intervals_that_are_used(bound: Any, n_yes: int, n_no: int) -> None:
    word, numbers = bound
    values = np.r_[np.ones(n_yes), np.zeros(n_no)]
    for interval in (of_mean(values, "whether"), of_mean(values, "share"), of_difference(values, values[::-1], "whether")):
        verdicts = [verdict_of(Bound(each, numbers), interval) for each in (word, NEGATION[word])]
        assert verdicts.count(BORNE_OUT) <= 1


@pytest.mark.parametrize("word", NEGATION)
def test_an_interval_without_numbers_tells_nothing(word: Any) -> None:
    assert verdict_of(Bound(word, (0.0, 1.0)), Interval(math.nan, math.nan, math.nan, 0, 9, 0.95)) == CANNOT_TELL


def test_several_verdicts_combine_as_logic_has_it() -> None:
    for verdicts in product([BORNE_OUT, NOT_BORNE_OUT, CANNOT_TELL], repeat=2):
        turned = [{BORNE_OUT: NOT_BORNE_OUT, NOT_BORNE_OUT: BORNE_OUT}.get(verdict, CANNOT_TELL) for verdict in verdicts]
        either = combined(verdicts, "any_of")
        assert combined(turned, "all_of") == {BORNE_OUT: NOT_BORNE_OUT, NOT_BORNE_OUT: BORNE_OUT}.get(either, CANNOT_TELL)
        assert unanimous(verdicts) == (verdicts[0] if verdicts[0] == verdicts[1] else CANNOT_TELL)
    assert combined([BORNE_OUT, CANNOT_TELL], "all_of") == CANNOT_TELL
    assert combined([NOT_BORNE_OUT, CANNOT_TELL], "all_of") == NOT_BORNE_OUT


def test_more_replicates_are_played_only_while_a_verdict_is_open(tmp_path: Path) -> None:
    even = {**SAID, **FLED, "given": {"set": {"processes.displacement": "off"}}, "borne_out_if": {"not_between": [-1, 0]}}
    scenario = scenario_with(tmp_path / "small", {"clear": CLAIMS["planted"], "open": CLAIMS["rare"], "even": even}, days="10")
    found = answer_claims(scenario, budget=600)
    assert found.of("clear").replicates == 250
    assert found.of("open").replicates == 600


def test_a_claim_that_cannot_be_refuted_is_not(tmp_path: Path) -> None:
    quiet = {**SAID, "measure": "longest_quiet_days", "area": "hills", "months": 6, "borne_out_if": {"below": 0}}
    claims = {"plain": quiet, "one-sided": {**quiet, "only_bears_out": "The record is thin"}}
    found = answer_claims(scenario_with(tmp_path / "small", claims), executor=refuse_to_play)
    assert found.of("plain").verdict == NOT_BORNE_OUT
    assert (found.of("one-sided").verdict, found.of("one-sided").why) == (CANNOT_TELL, "The record is thin")


def test_a_claim_that_is_not_there_is_refused_with_the_nearest(tmp_path: Path) -> None:
    scenario = scenario_with(tmp_path / "small", CLAIMS)
    with pytest.raises(RunRefused, match="did you mean planted"):
        answer_claims(scenario, only=["plantd"])
    with pytest.raises(RunRefused, match=r"claims\.yaml"):
        answer_claims(replace(scenario, claims=()))


RUN_CLAIMS: dict[str, Any] = {
    "own": {**SAID, **HELD, "borne_out_if": {"above": 0.99}},
    "other": {**SAID, **HELD, "given": hold("government"), "borne_out_if": {"above": 0.9}},
    "against": {**SAID, **HELD, **GAP, "borne_out_if": {"above": 0}},
}


@pytest.fixture(scope="module")
def run_scenario(tmp_path_factory: pytest.TempPathFactory) -> Scenario:
    return scenario_with(tmp_path_factory.mktemp("run") / "small", RUN_CLAIMS)


@pytest.fixture(scope="module")
def stored(run_scenario: Scenario, tmp_path_factory: pytest.TempPathFactory) -> Any:
    out = tmp_path_factory.mktemp("run") / "run"
    kt.run(run_scenario, replicates=40, seed=6, out=out)
    return kt.open_run(out)


def test_claims_about_a_run_are_read_and_not_played(stored: Any) -> None:
    found = answer_claims(stored.scenario, only=["own"], run=stored, executor=refuse_to_play)
    assert (found.of("own").replicates, found.n_played, found.seed) == (40, 0, 6)


def test_other_variants_are_played_on_the_luck_of_the_run(stored: Any, run_scenario: Scenario) -> None:
    found = answer_claims(stored.scenario, run=stored)
    assert found.n_played == 40
    afresh = answer_claims(run_scenario, budget=40, seed=6)
    assert [answer.parts for answer in found.answers] == [answer.parts for answer in afresh.answers]


def test_a_run_of_another_version_is_not_compared_with_this_one(stored: Any) -> None:
    plan = replace(stored.manifest.plan, version="0.0.1")
    old = replace(stored, manifest=replace(stored.manifest, plan=plan))
    assert answer_claims(old.scenario, only=["own"], run=old).of("own").replicates == 40
    with pytest.raises(RunRefused, match=r"0\.0\.1"):
        answer_claims(old.scenario, only=["against"], run=old)


def test_an_input_that_is_not_drawn_is_refused_with_the_nearest(tmp_path: Path) -> None:
    claim = {**SAID, "measure": "drawn_input", "input": "qualty:army", "borne_out_if": {"above": 0}}
    with pytest.raises(RunRefused, match="did you mean quality:army"):
        answer_claims(scenario_with(tmp_path / "small", {"one": claim}), budget=5)


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Scenario:
    def changed(rows: list[dict[str, str]]) -> list[dict[str, str]]:
        last = {**rows[0], "place": "high-pass", "contested_by": "", "weight": "", "precision_days": "", "how": ""}
        handed = (("2013-10-05", "government"), ("2013-10-07", "opposition"), ("2013-11-01", "government"))
        return [*rows, *({**last, "date": on, "holder": holder, "known_on": on} for on, holder in handed)]

    def incidents(rows: list[dict[str, str]]) -> list[dict[str, str]]:
        new = {**rows[0], "place": "hill-fort", "date": "2013-10-20", "known_on": "2013-10-20"}
        later = {**new, "date": "2013-11-30", "known_on": "2013-11-30"}
        return [new, later]

    folder = tmp_path_factory.mktemp("standing") / "small"
    return load(write_small_scenario(folder, control=changed, incidents=incidents, starts=["2013-11-22"]))


def value(scenario: Scenario, measure: str, **arguments: Any) -> float:
    return standing_value(Measurement.of(measure, **arguments), scenario, scenario.situation(date(2013, 11, 22)))


def test_every_declared_measure_of_map_and_record_is_read() -> None:
    assert standing_measures() == {name for name, measure in MEASURES.items() if measure.basis in ("map", "record")}


def test_the_road_leaves_the_capital_northwards(recorded: Scenario) -> None:
    bearing = value(recorded, "way_enters_from", corridor="highway", km=20.0)
    assert min(bearing, 360 - bearing) < 1.0


def test_distance_to_the_road_is_that_to_its_nearest_place(recorded: Scenario) -> None:
    assert value(recorded, "km_to_corridor", place="junction", corridor="highway") == 0.0
    far = value(recorded, "km_to_corridor", place="hill-village", corridor="highway")
    assert far == pytest.approx(17.87, abs=0.1)  # 0.19 degrees of longitude and 0.03 of latitude from the highway town


def test_the_last_capture_that_was_kept_counts(recorded: Scenario) -> None:
    asked = {"area": "hills", "side": "government"}
    assert value(recorded, "days_since_capture", days=1, **asked) == 21.0
    assert value(recorded, "days_since_capture", days=30, **asked) == 21.0, "it lasts as far as is known"
    assert value(recorded, "days_since_capture", area="hills", side="opposition", days=25) == 46.0
    assert math.isnan(value(recorded, "days_since_capture", area="hills", side="opposition", days=26))


def test_a_quiet_spell_lies_between_events_known_at_the_start(recorded: Scenario) -> None:
    # 22 September to 5 October 13 days; 2, 13, 12 and 21 days follow
    assert value(recorded, "longest_quiet_days", area="hills", months=2) == 21.0
    assert value(recorded, "longest_quiet_days", area="beyond", months=1) == 30.0


def test_what_happened_is_measured_as_campaigns_are(recorded: Scenario) -> None:
    control = recorded.record.control
    last = max(row.on for row in control)
    assert last == date(2014, 1, 20), "the case by hand rests on it"
    start = date(2013, 11, 22)
    asked = Measurement.of("area_held_share", area="hills", side="government")
    held = observed_value(asked, recorded, start, (last - start).days)
    assert held is not None
    assert 1 / 3 <= held <= 1.0
    assert observed_value(asked, recorded, start, (last - start).days + 1) is None, "the record ends before"
    assert observed_value(Measurement.of("fighters_lost", side="government"), recorded, start, 3) is None
