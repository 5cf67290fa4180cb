"""What the assumptions about relief carry: planted effects of the levers are found, and what they cannot reach stays."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from keyterrain.analysis.claims import ClaimAnswer, ClaimAnswers, PartAnswer, verdict_of
from keyterrain.analysis.interval import Interval
from keyterrain.analysis.relief_levers import ReliefShares, about_relief, relief_shares, with_levers
from keyterrain.analysis.relief_points import (
    AS_ASSUMED,
    FRONTAGE,
    HEIGHTS,
    MULTIPLIER,
    NARROWING,
    OFF,
    STRONG,
    WEAK,
    levers_at,
)
from keyterrain.analysis.saved_claims import relief_for_scripts
from keyterrain.campaign.errors import RunRefused
from keyterrain.theatre import Scenario, load
from keyterrain.theatre.claims import Claim, Comparison
from keyterrain.theatre.faults import ScenarioFaults
from keyterrain.theatre.parameters import PARAMETERS
from scenarios import write_small_scenario

SAID = {"says": "Something", "source": "report"}
CLAIMS: dict[str, Any] = {
    "untouched": {
        **SAID, "measure": "area_held_share", "area": "hills", "side": "government", "given": {"hold": {"hills": "government"}},
        "borne_out_if": {"above": 0.9},
    },
    "takes-the-hills": {
        **SAID, "about": "relief", "measure": "area_taken", "area": "hills", "side": "government", "share": 0.5, "day": 10,
        "borne_out_if": {"above": 0.5},
    },
    "sets-it-itself": {
        **SAID, "measure": "area_held_share", "area": "hills", "side": "government",
        "given": {"set": {"combat.relief_multiplier": 3}}, "borne_out_if": {"above": 0.9},
    },
    "heights-against-none": {
        **SAID, "about": "relief", "measure": "area_held_share", "area": "hills", "side": "government",
        "contrast": {"first": {}, "second": {"set": {"combat.heights_worth": 0}}}, "borne_out_if": {"above": 0.1},
    },
    "map": {
        **SAID, "about": "relief", "measure": "km_to_corridor", "place": "junction", "corridor": "highway",
        "borne_out_if": {"below": 0.1},
    },
}  # fmt: skip


def scenario_with(folder: Path, claims: dict[str, Any]) -> Scenario:
    write_small_scenario(folder, days="10")
    (folder / "claims.yaml").write_text(json.dumps({"claims": claims}), encoding="utf-8")
    return load(folder)


@pytest.fixture(scope="module")
def scenario(tmp_path_factory: pytest.TempPathFactory) -> Scenario:
    return scenario_with(tmp_path_factory.mktemp("relief") / "small", CLAIMS)


def answered_by_the_multiplier(scenario: Scenario, **_options: Any) -> ClaimAnswers:
    """Answers as if the estimate of every claim were the relief multiplier of its (first) campaign, 1.25 where none is set."""

    def answer(claim: Claim) -> ClaimAnswer:
        part = claim.parts[0]
        assert isinstance(part, Comparison)
        change = part.reading.contrast[0] if part.reading.contrast else part.reading.given
        value = float(dict(change.set).get(MULTIPLIER, 1.25))
        interval = Interval(value, value - 0.01, value + 0.01, 40, 40, 0.95)
        verdict = verdict_of(part.borne_out_if, interval)
        return ClaimAnswer(claim, date(2013, 11, 22), verdict, (PartAnswer("m", "1", "above", interval, verdict),), 40)

    return ClaimAnswers("s", "S", 3, 40, tuple(answer(claim) for claim in scenario.claims), 1, 40)


@pytest.fixture
def shares(scenario: Scenario, monkeypatch: pytest.MonkeyPatch) -> ReliefShares:
    monkeypatch.setattr("keyterrain.analysis.relief_levers.answer_claims", answered_by_the_multiplier)
    return relief_shares(scenario, every=True, replicates=40, seed=3)


def test_at_the_joint_points_all_levers_lean_the_same_way() -> None:
    assert set(levers_at(WEAK)) == set(levers_at(STRONG)) == set(levers_at(OFF)) == {MULTIPLIER, NARROWING, FRONTAGE, HEIGHTS}
    for key in (MULTIPLIER, NARROWING, HEIGHTS):
        assert (levers_at(WEAK)[key], levers_at(STRONG)[key]) == (PARAMETERS[key].low, PARAMETERS[key].high)
    # a wide front lets more attackers in: it is small where mountains are strong
    assert (levers_at(WEAK)[FRONTAGE], levers_at(STRONG)[FRONTAGE]) == (PARAMETERS[FRONTAGE].high, PARAMETERS[FRONTAGE].low)
    assert levers_at(AS_ASSUMED) == {}


def test_only_claims_said_to_be_about_relief_and_put_to_campaigns_are_asked_of_their_own_accord(scenario: Scenario) -> None:
    assert [claim.key for claim in about_relief(scenario)] == ["takes-the-hills", "heights-against-none"]
    assert about_relief(scenario, ["untouched"]) == ()


def test_swing_and_share_are_read_off_the_joint_points(shares: ReliefShares) -> None:
    share = {each.claim.key: each for each in shares.shares}["takes-the-hills"]
    low, high = PARAMETERS[MULTIPLIER].low, PARAMETERS[MULTIPLIER].high
    assert [share.estimate(point) for point in (AS_ASSUMED, WEAK, STRONG, OFF)] == pytest.approx([1.25, low, high, 1.0])
    assert share.swing == pytest.approx(high - low)
    assert share.carried == pytest.approx(0.25)
    assert not share.rests_on_it, "above 0.5 at each of them"
    assert {each.claim.key: each for each in shares.shares}["untouched"].rests_on_it, "above 0.9 but for its low end"


def test_what_a_claim_sets_itself_stays(shares: ReliefShares) -> None:
    share = {each.claim.key: each for each in shares.shares}["sets-it-itself"]
    assert [share.estimate(point) for point in (WEAK, STRONG, OFF)] == [3.0, 3.0, 3.0]
    assert share.swing == 0.0


def test_campaigns_played_give_the_same_where_the_levers_cannot_reach(scenario: Scenario) -> None:
    found = relief_shares(scenario, only=["untouched"], every=True, replicates=12, seed=3)
    share = found.shares[0]
    assert share.estimate(AS_ASSUMED) == 1.0
    assert share.swing == share.carried == 0.0
    assert found.n_played == 4 * 12


def test_levers_are_set_in_both_campaigns_of_a_contrast(scenario: Scenario) -> None:
    claim = next(claim for claim in scenario.claims if claim.key == "heights-against-none")
    part = with_levers(claim, levers_at(STRONG)).parts[0]
    assert isinstance(part, Comparison)
    assert part.reading.contrast is not None
    first, second = (dict(change.set) for change in part.reading.contrast)
    assert set(first) == set(second) == set(levers_at(STRONG))
    assert (first[HEIGHTS], second[HEIGHTS]) == ("1.7", "0")


def test_the_map_alone_is_refused(scenario: Scenario) -> None:
    with pytest.raises(RunRefused, match="carry none of them"):
        relief_shares(scenario, only=["map"])


def test_for_scripts_every_point_has_its_levers_estimate_and_verdict(shares: ReliefShares) -> None:
    written: Any = relief_for_scripts(shares)
    first = next(each for each in written["claims"] if each["id"] == "takes-the-hills")
    assert [point["point"] for point in first["points"]] == [AS_ASSUMED, WEAK, STRONG, OFF]
    assert first["points"][0]["levers"] is None
    assert first["points"][3]["levers"][MULTIPLIER] == 1.0
    assert first["rests_on_it"] is False
    assert first["points"][1]["estimate"] == PARAMETERS[MULTIPLIER].low


def test_a_claim_about_something_else_is_a_fault(tmp_path: Path) -> None:
    claims = {"one": {**CLAIMS["untouched"], "about": "releif"}}
    with pytest.raises(ScenarioFaults, match=r"about.*nearest valid: relief"):
        scenario_with(tmp_path / "small", claims)
