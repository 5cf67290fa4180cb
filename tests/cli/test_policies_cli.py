"""`keyterrain policies` on the command line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from keyterrain.cli.main import main
from scenarios import write_small_scenario


def wanted(outcomes: dict[str, Any]) -> dict[str, Any]:
    return {key: {**outcome, "wanted_by": "government", "source": "assumption: so"} for key, outcome in outcomes.items()}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_small_scenario(tmp_path / "small", days="20", outcomes=wanted)


def said(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = main(["policies", *arguments])
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def test_tables_are_given_to_scripts(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    few = ("--policy", "government=broad", "--policy", "government=hold", "--policy", "opposition=raid,now")
    code, out, err = said(capsys, str(folder), "--replicates", "40", "--seed", "2", *few, "--json")
    answered = json.loads(out, parse_constant=lambda word: pytest.fail(f"{word} is no JSON"))
    assert code == 0
    assert "80 replicates played" in err
    assert (answered["replicates"], answered["replicates_played"], answered["seed"]) == (40, 80, 2)
    assert [[choice["choice"] for choice in side["choices"]] for side in answered["sides"]] == [["broad", "hold"], ["raid,now"]]
    outcomes = {each["outcome"]: each for each in answered["outcomes"]}
    assert set(outcomes) == {"highway-open", "highway-secure", "hills-held", "towns-safe", "cut-off", "reversal"}
    held = outcomes["hills-held"]
    assert held["cells"][0]["choices"] == {"government": "broad", "opposition": "raid,now"}
    assert held["cells"][0]["low"] <= held["cells"][0]["mean"] <= held["cells"][0]["high"]
    (difference,) = held["differences"]
    assert (difference["side"], difference["first"], difference["second"]) == ("government", "broad", "hold")
    assert difference["against"] == {"opposition": "raid,now"}
    assert difference["difference"] == pytest.approx(held["cells"][0]["mean"] - held["cells"][1]["mean"])
    assert {reply["side"]: reply["wants"] for reply in held["best_replies"]} == {"government": "more", "opposition": "less"}
    assert held["equilibrium"]["kind"] == "pure"
    assert outcomes["reversal"]["cells"][0]["mean"] is None


def test_tables_are_given_to_people(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = said(capsys, str(folder), "--replicates", "40")
    assert code == 0
    for text in ("4 x 4 combinations", "government \\ opposition", "(an assumption)", "equilibrium", "cannot tell", "undefined"):
        assert text in out
    assert "nan" not in out
    code, out, _ = said(capsys, str(folder), "--replicates", "40", "--outcome", "hills-held")
    assert code == 0
    assert "replicates that differ" in out
    assert "highway-open" not in out


def test_seasons_double_every_policy(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    few = ("--policy", "government=broad", "--policy", "opposition=hold")
    code, out, _ = said(capsys, str(folder), "--season", *few, "--replicates", "2", "--json")
    assert code == 0
    choices = [choice for side in json.loads(out)["sides"] for choice in side["choices"]]
    assert [(each["choice"], each["waits_for_spring"]) for each in choices] == [
        ("broad,now", False), ("broad,spring", True), ("hold,now", False), ("hold,spring", True),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("arguments", "what"),
    [
        (("--outcome", "hills-hled"), "did you mean hills-held"),
        (("--policy", "government=braod"), "did you mean broad"),
        (("--policy", "goverment=broad"), "did you mean government"),
        (("--start", "1999-01-01"), "does not cover a start on 1999-01-01"),
    ],
)
def test_bad_input_is_said_and_ends_with_2(
    folder: Path, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], what: str
) -> None:
    code, out, err = said(capsys, str(folder), *arguments)
    assert (code, out) == (2, "")
    assert what in err
    assert "Traceback" not in err


@pytest.mark.parametrize("arguments", [("--replicates", "0"), ("--days", "x"), ("--seed", "-1")])
def test_numbers_out_of_range_end_with_2(folder: Path, arguments: tuple[str, ...]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["policies", str(folder), *arguments])
    assert ended.value.code == 2


def test_help_has_an_example(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["policies", "-h"])
    assert "keyterrain policies qalamoun-2013" in capsys.readouterr().out
