"""claims.yaml is read with every fault at once, and written so that it reads the same."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from keyterrain.theatre import ScenarioFaults, check, load
from keyterrain.theatre.claims import Bound, Change, Claim, Whichever
from keyterrain.theatre.save import save
from scenarios import write_small_scenario

SOUND: dict[str, Any] = {
    "says": "The hills protect the highway",
    "source": "report",
    "grade": "C3",
    "start": "2013-11-14",
    "measure": "corridor_secure_share",
    "corridor": "highway",
    "threshold": 0.5,
    "contrast": {"first": {"hold": {"hills": "government"}}, "second": {"hold": {"hills": "opposition"}}},
    "borne_out_if": {"above": 0},
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_small_scenario(tmp_path / "small")


def write(folder: Path, claims: dict[str, Any]) -> Path:
    """Write claims as JSON, which is YAML too and has no anchors for what is there twice."""
    (folder / "claims.yaml").write_text(json.dumps({"claims": claims}, indent=1), encoding="utf-8")
    return folder


def faults_of(folder: Path, **changes: Any) -> list[tuple[str | None, str, str | None]]:
    claim = {key: value for key, value in {**SOUND, **changes}.items() if value is not None}
    report = check(write(folder, {"one": claim}))
    assert all(fault.file == "claims.yaml" and fault.row for fault in report.faults)
    return [(fault.field, fault.what, fault.nearest) for fault in report.faults]


def only_claim(folder: Path, claim: dict[str, Any]) -> Claim:
    (found,) = load(write(folder, {"one": claim})).claims
    return found


def test_a_sound_claim_has_no_faults_and_is_read(folder: Path) -> None:
    assert faults_of(folder) == []
    claim = only_claim(folder, SOUND)
    (part,) = claim.parts
    assert not isinstance(part, Whichever)
    assert part.reading.contrast == (Change(hold=(("hills", "government"),)), Change(hold=(("hills", "opposition"),)))
    assert part.borne_out_if == Bound("above", (0.0,))
    assert dict(part.reading.arguments) == {"corridor": "highway", "threshold": 0.5}


def test_a_scenario_without_claims_is_sound(folder: Path) -> None:
    assert check(folder).faults == ()
    assert load(folder).claims == ()


@pytest.mark.parametrize(
    ("changes", "field", "what", "nearest"),
    [
        ({"measure": "corridor_secured_share"}, "measure", "corridor_secured_share", "corridor_secure_share"),
        ({"corridor": "high-way"}, "corridor", "unknown corridor", "highway"),
        ({"treshold": 0.5}, "treshold", "unknown key", "threshold"),
        ({"threshold": 1.5}, "threshold", "1.5", None),
        ({"threshold": None}, "threshold", "missing", None),
        ({"source": "reprot"}, "source", "neither a key", "report"),
        ({"says": None}, "says", "missing", None),
        ({"borne_out_if": None}, "borne_out_if", "missing", None),
        ({"borne_out_if": {"over": 0}}, "borne_out_if.over", "unknown key", None),
        ({"borne_out_if": {"above": 0, "below": 1}}, "borne_out_if", "write one of", None),
        ({"borne_out_if": {"between": [2, 1]}}, "borne_out_if.between", "larger", None),
        ({"borne_out_if": {"between": [2]}}, "borne_out_if.between", "two numbers", None),
        ({"contrast": {"first": {}}}, "contrast", "needs first and second", None),
        ({"contrast": {"first": {}, "second": {}}}, "contrast", "the same change", None),
        ({"given": {"hold": {"hillz": "government"}}}, "given.hold.hillz", "unknown area or place", "hills"),
        ({"given": {"hold": {"hill-fort": "goverment"}}}, "given.hold.hill-fort", "unknown side", "government"),
        ({"given": {"policy": {"government": "piecemal"}}}, "given.policy.government", "unknown policy", "piecemeal"),
        ({"given": {"policy": {"government": "broad,summer"}}}, "given.policy.government", "spring or now", None),
        ({"given": {"policy": {"neutral": "broad"}}}, "given.policy.neutral", "passive", None),
        ({"given": {"set": {"combat.slop": "1"}}}, "given.set.combat.slop", "unknown parameter", "combat.slope"),
        ({"given": {"set": {"combat.frontage": "-3"}}}, "given.set.combat.frontage", "", None),
        ({"given": {"set": {"processes.wether": "off"}}}, "given.set.processes.wether", "unknown process", "weather"),
        ({"given": {"set": {"processes.weather": "of"}}}, "given.set.processes.weather", "on or off", None),
        ({"given": {"start_holder": {"hillz": "government"}}}, "given.start_holder.hillz", "unknown area or place", "hills"),
        ({"given": {"start_holder": {"hills": "goverment"}}}, "given.start_holder.hills", "unknown side", "government"),
        ({"given": {"start_holder": {"hill-fort": "opposition"}}}, "contrast.first", "contradict each other", None),
        ({"given": {"start_holders": {"hills": "government"}}}, "given.start_holders", "unknown key", "start_holder"),
        ({"given": {"hold": {"high-pass": "government", "hills": "opposition"}}}, "given", "contradict each other", None),
        ({"given": {"hold": {"hill-fort": "opposition"}}}, "contrast.first", "contradict each other", None),
        ({"outside": ["hils"]}, "outside", "unknown area or place", "hills"),
        ({"among": {"measure": "place_taken", "place": "hill-fort"}}, "among.side", "missing", None),
        ({"among": {"measure": "corridor_open_share", "corridor": "highway"}}, "among", "at_least", None),
        ({"among": {"measure": "longest_quiet_days", "area": "hills", "months": 3}}, "among.measure", "record", None),
        ({"than": {"corridor": "over-the-pas"}}, "than.corridor", "unknown corridor", "over-the-pass"),
        ({"than": {"measure": "area_held_share"}}, "than.measure", "unknown key", None),
        ({"cannot_tell": "beyond us"}, "", "write one of", None),
        ({"observed": {"says": "It was safe"}}, "observed.source", "missing", None),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_with_its_place_and_the_nearest_name(
    folder: Path, changes: dict[str, Any], field: str, what: str, nearest: str | None
) -> None:
    found = faults_of(folder, **changes)
    where = f"claims.one{f'.{field}' if field else ''}"
    matching = [fault for fault in found if (fault[0] or "").startswith(where) and what in fault[1]]
    assert matching, found
    assert nearest is None or matching[0][2] == nearest


def test_all_faults_of_all_claims_are_found_at_once(folder: Path) -> None:
    claims = {
        "one": {**SOUND, "corridor": "high-way", "source": "reprot"},
        "two": {**SOUND, "measure": "nothing"},
        "Three!": {**SOUND},
        "four": "a sentence",
    }
    fields = {fault.field for fault in check(write(folder, claims)).faults}
    assert {"claims.one.corridor", "claims.one.source", "claims.two.measure", "claims.four"} <= fields
    with pytest.raises(ScenarioFaults):
        load(folder)


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("claims: []\n", "should be a mapping"),
        ("claim: {}\n", "unknown key"),
        ("- one\n", "no mapping"),
        ("claims: {one: {says: a, says: b}}\n", "twice"),
        ("claims: {one: &x {says: a}}\n", "anchors"),
        ("claims: {one: {says: a\n", "malformed"),
    ],
)
def test_a_file_of_another_form_is_a_fault_and_no_traceback(folder: Path, text: str, what: str) -> None:
    (folder / "claims.yaml").write_text(text, encoding="utf-8")
    assert any(what in fault.what for fault in check(folder).faults)


@pytest.mark.parametrize("value", ["x", "", ["x"], {"x": "y"}, [["x"]], {"x": {"y": ["z"]}}, None, 3])
@pytest.mark.parametrize(
    "key", [*SOUND, "given", "among", "than", "outside", "observed", "all_of", "any_of", "cannot_tell", "note"]
)
def test_no_value_of_a_key_gives_a_traceback(folder: Path, key: str, value: Any) -> None:
    check(write(folder, {"one": {**SOUND, key: value}}))


def test_a_day_beyond_the_campaign_is_a_fault(folder: Path) -> None:
    late = {"measure": "place_taken", "place": "hill-fort", "side": "government", "day": 61}
    claim = {"says": "It falls", "source": "report", **late, "borne_out_if": {"above": 0.5}}
    (fault,) = check(write(folder, {"one": claim})).faults
    assert "60 days" in fault.what


def test_a_start_that_the_record_does_not_cover_is_a_fault(folder: Path) -> None:
    (fault,) = check(write(folder, {"one": {**SOUND, "start": "2012-01-01"}})).faults
    assert (fault.file, fault.field) == ("claims.yaml", "claims.one.start")
    assert "does not cover" in fault.what


def test_claims_come_back_as_they_were(folder: Path, tmp_path: Path) -> None:
    taken = {"measure": "place_taken", "place": "hill-fort", "side": "government"}
    claims = {
        "contrast": SOUND,
        "than": {
            **{key: SOUND[key] for key in ("says", "source")},
            **taken,
            "given": {"policy": {"government": "broad,now"}, "set": {"combat.slope": "0.9..1.1", "processes.weather": "off"}},
            "than": {"place": "hill-village", "given": {}},
            "borne_out_if": {"not_between": [-0.5, 0.25]},
        },
        "among": {
            "says": "Few reach the border",
            "source": "report;assumption: a reading of it",
            "measure": "displaced_reach",
            "host": "border-town",
            "people": 500,
            "outside": ["hills"],
            "among": {**taken, "day": 20},
            "borne_out_if": {"between": [0.1, 0.9]},
            "observed": {"says": "Some hundred", "source": "press", "grade": "B2"},
            "note": "Counted late",
            "only_bears_out": "Counts are thin",
        },
        "several": {
            "says": "Both",
            "source": "press",
            "any_of": [
                {**taken, "borne_out_if": {"above": 0.5}},
                {"whichever": [{**taken, "borne_out_if": {"below": 0.5}}, {**taken, "day": 9, "borne_out_if": {"below": 0.1}}]},
            ],
        },
        "beyond": {"says": "Heard far away", "source": "press", "cannot_tell": "Far away"},
    }
    scenario = load(write(folder, claims))
    assert len(scenario.claims) == len(claims)
    again = load(save(scenario, tmp_path / "copy"))
    assert again.claims == scenario.claims


def test_the_claims_of_the_flagship_come_back_too(tmp_path: Path) -> None:
    scenario = load("qalamoun-2013")
    assert load(save(scenario, tmp_path / "copy")).claims == scenario.claims


def test_claims_change_no_run(folder: Path) -> None:
    before = load(folder)
    after = load(write(folder, {"one": SOUND}))
    assert (before.fingerprint, before.fingerprint_at(before.default_start)) == (
        after.fingerprint, after.fingerprint_at(after.default_start)
    )  # fmt: skip


def test_the_flagship_speaks_of_all_that_the_commentary_claims() -> None:
    claims = {claim.key: claim for claim in load("qalamoun-2013").claims}
    assert len(claims) >= 40
    said = " ".join(claim.says.lower() for claim in claims.values())
    for word in (
        "motorway", "bekaa", "damascus", "homs", "hizbollah", "15,000", "halbun", "hosh arab", "jubb'adin", "hared", "qara",
        "piecemeal", "broad", "winter", "18,000", "arsal", "bombing", "mortar", "coming months", "eighteen months", "cut off",
    ):  # fmt: skip
        assert re.search(word, said), word
    assert all(not claim.parts for claim in claims.values() if claim.cannot_tell)
    assert "article" in {part for claim in claims.values() for part in claim.source.split(";")}
