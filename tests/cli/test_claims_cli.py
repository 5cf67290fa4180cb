"""`keyterrain claims` on the command line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from keyterrain.cli.main import main
from keyterrain.theatre.outcomes import MEASURES
from scenarios import write_small_scenario

HELD = {"measure": "area_held_share", "area": "hills", "side": "government"}
LIKELY = {"borne_out_if": {"above": 0.5}}
CLAIMS: dict[str, Any] = {
    "held": {"says": "They hold it", "source": "report", **HELD, **LIKELY, "given": {"hold": {"hills": "government"}}},
    "open": {"says": "It stays open", "source": "report", **HELD, **LIKELY, "outside": ["hills"], "note": "Or not"},
    "far": {"says": "It is heard far away", "source": "report", "cannot_tell": "It lies beyond the theatre"},
    "parts": {"says": "Both", "source": "report", "all_of": [
        {**HELD, "borne_out_if": {"between": [0, 1]}}, {**HELD, "borne_out_if": {"above": -1}},
    ]},
}  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = write_small_scenario(tmp_path / "small", days="20")
    (path / "claims.yaml").write_text(json.dumps({"claims": CLAIMS}), encoding="utf-8")
    return path


def said(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = main(["claims", *arguments])
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def test_every_claim_is_answered_for_scripts(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = said(capsys, str(folder), "--replicates", "40", "--json")
    answered = json.loads(out, parse_constant=lambda word: pytest.fail(f"{word} is no JSON"))
    assert code == 0
    claims = {claim["id"]: claim for claim in answered["claims"]}
    assert list(claims) == list(CLAIMS)
    for claim in claims.values():
        assert {"id", "says", "estimate", "low", "high", "verdict", "observed", "replicates"} <= set(claim)
        assert claim["verdict"] in {"borne out", "not borne out", "cannot tell"}
    held = claims["held"]
    assert held["verdict"] == "borne out"
    assert held["low"] <= held["estimate"] == 1.0 <= held["high"]
    assert claims["open"]["estimate"] is None
    assert claims["far"]["why"] == "It lies beyond the theatre"
    assert "replicates played" in err


def test_every_claim_is_answered_for_people(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = said(capsys, str(folder), "--replicates", "40")
    assert code == 0
    assert "4 claims, 2 borne out, 0 not, 2 cannot be told" in out
    for text in (
        "BORNE OUT      held",
        "They hold it",
        "why: It lies beyond the theatre",
        "note: Or not",
        "of 2 parts: 2 borne out",
    ):
        assert text in out
    assert "nan" not in out


def test_claims_can_be_picked_and_are_then_shown_in_full(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = said(capsys, str(folder), "--only", "parts", "--replicates", "40")
    assert code == 0
    assert out.count("borne out if") == 2
    assert "held\n" not in out


def test_a_run_answers_from_its_store(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", str(folder), "--replicates", "35", "--seed", "3", "--out", str(tmp_path / "run")]) == 0
    capsys.readouterr()
    code, out, err = said(capsys, str(tmp_path / "run"), "--only", "parts", "--json")
    answered = json.loads(out)
    assert code == 0
    assert (answered["seed"], answered["replicates_played"], answered["claims"][0]["replicates"]) == (3, 0, 35)
    assert "played" not in err
    code, _, err = said(capsys, str(tmp_path / "run"), "--seed", "4")
    assert code == 2
    assert "seed 3" in err


def test_answers_are_kept_in_a_run_and_shown_in_its_report(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = tmp_path / "run"
    assert main(["run", str(folder), "--replicates", "35", "--seed", "3", "--out", str(run)]) == 0
    capsys.readouterr()
    code, out, _ = said(capsys, str(run), "--save", "--json")
    answered = json.loads(out)
    kept = json.loads((run / "claims.json").read_text(encoding="utf-8"), parse_constant=pytest.fail)
    assert (code, answered.pop("saved")) == (0, str(run / "claims.json"))
    assert kept == {"format": "keyterrain-claims/1", "digest": kept["digest"], **answered}
    assert main(["report", str(run)]) == 0
    assert "They hold it" in (run / "report.html").read_text(encoding="utf-8")
    capsys.readouterr()
    code, out, _ = said(capsys, str(run), "--save", "--only", "held")
    assert code == 0
    assert "kept in" in out
    assert len(json.loads((run / "claims.json").read_text(encoding="utf-8"))["claims"]) == 1
    relief = ("--save", "--only", "held", "--relief", "--relief-replicates", "4", "--json")
    answered = json.loads(said(capsys, str(run), *relief)[1])
    assert json.loads((run / "claims.json").read_text(encoding="utf-8"))["relief"] == answered["relief"]
    assert main(["report", str(run)]) == 0
    assert '<section id="relief">' in (run / "report.html").read_text(encoding="utf-8")


def test_answers_are_kept_only_in_a_run(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = sorted(folder.rglob("*"))
    code, out, err = said(capsys, str(folder), "--save")
    assert (code, out) == (2, "")
    assert "is none" in err
    assert sorted(folder.rglob("*")) == before


def test_measures_are_listed_with_what_they_need(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = said(capsys, "--measures", "--json")
    listed = {each["measure"]: each for each in json.loads(out)["measures"]}
    assert code == 0
    assert set(listed) == set(MEASURES)
    assert [each["name"] for each in listed["place_taken"]["arguments"]] == ["place", "side", "day"]
    assert listed["place_taken"]["arguments"][2]["required"] is False
    code, out, _ = said(capsys, "--measures")
    assert code == 0
    assert all(name in out for name in MEASURES)


@pytest.mark.parametrize(
    ("arguments", "what"),
    [
        ((), "Say which scenario or run"),
        (("no-such-scenario",), "neither a folder nor a scenario"),
        (("SMALL", "--only", "hled"), "did you mean held"),
    ],
)
def test_bad_input_is_said_and_ends_with_2(
    folder: Path, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], what: str
) -> None:
    code, _, err = said(capsys, *(str(folder) if word == "SMALL" else word for word in arguments))
    assert code == 2
    assert what in err
    assert "Traceback" not in err


@pytest.mark.parametrize(
    ("claim", "what"),
    [
        ({**HELD, "area": "hils", "borne_out_if": {"above": 0}}, "nearest valid: hills"),
        ({**HELD, "measure": "area_held_shar", "borne_out_if": {"above": 0}}, "nearest valid: area_held_share"),
        (
            {**HELD, "given": {"hold": {"hills": "government", "hill-fort": "opposition"}}, "borne_out_if": {"above": 0}},
            "contradict each other",
        ),
    ],
)
def test_a_claim_at_fault_is_said_with_file_and_field(
    folder: Path, capsys: pytest.CaptureFixture[str], claim: dict[str, Any], what: str
) -> None:
    (folder / "claims.yaml").write_text(json.dumps({"claims": {"one": {"says": "So", "source": "report", **claim}}}))
    code, _, err = said(capsys, str(folder))
    assert code == 2
    assert "claims.yaml" in err
    assert "claims.one" in err
    assert what in err


def test_a_scenario_without_claims_says_where_they_are_written(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "claims.yaml").unlink()
    code, _, err = said(capsys, str(folder))
    assert code == 2
    assert "docs/claims.md" in err


def test_all_claims_of_the_flagship_can_be_put(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = said(capsys, "qalamoun-2013", "--replicates", "2", "--json")
    claims = {claim["id"]: claim for claim in json.loads(out)["claims"]}
    assert code == 0
    assert len(claims) >= 40
    two_replicates_tell_nothing = [
        claim for claim in claims.values() if claim["replicates"] and claim["verdict"] != "cannot tell"
    ]
    assert two_replicates_tell_nothing == []
    assert claims["motorway-enters-from-the-south"]["verdict"] == "not borne out"
    assert claims["qara-falls-soon"]["observed"] == 1.0
    assert all(claim["why"] for claim in claims.values() if claim["verdict"] == "cannot tell")
