"""`keyterrain sensitivity` on the command line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from fabricated_run import fabricated_kernels
from keyterrain.analysis.saved_sensitivity import saved_sensitivity
from keyterrain.campaign.ensemble import run
from keyterrain.cli.main import main
from keyterrain.report import write_report
from keyterrain.theatre import load
from scenarios import write_small_scenario


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_small_scenario(tmp_path_factory.mktemp("sensitivity") / "small", days="20")


@pytest.fixture(scope="module")
def run_folder(folder: Path) -> Path:
    out = folder.parent / "run"
    run(load(folder), replicates=60, out=out, seed=4, chunk=30, kernels=fabricated_kernels())
    return out


def said(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = main(["sensitivity", *arguments])
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def read(out: str) -> Any:
    return json.loads(out, parse_constant=lambda word: pytest.fail(f"{word} is no JSON"))


def test_a_scenario_is_played_for_every_group(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = said(capsys, str(folder), "--outcome", "hills-held", "--pairs", "32", "--json")
    answer = read(out)
    assert code == 0
    (outcome,) = answer["outcomes"]
    factors = {each["factor"] for each in outcome["sobol"]["factors"]}
    assert factors == {*answer["groups"], "luck"} or outcome["sobol"]["why"]
    assert answer["played"] == 32 * (len(answer["groups"]) + 3)
    assert {"outcome", "groups", "worth_verifying", "parameters", "why"} <= set(outcome)
    assert "replicates" in err


def test_a_run_is_screened_for_people_and_scripts(run_folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = said(capsys, str(run_folder))
    assert code == 0
    assert "60 replicates screened" in out
    assert "hills-held" in out
    assert "nan" not in out.replace("opposition", "")
    code, out, _ = said(capsys, str(run_folder), "--outcome", "hills-held", "--json")
    assert code == 0
    assert read(out)["outcomes"][0]["sobol"] is None


def test_an_answer_is_kept_for_the_report(run_folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = said(capsys, str(run_folder), "--save", "--json")
    answer = read(out)
    assert code == 0
    assert answer["saved"] == str(run_folder / "sensitivity.json")
    kept = saved_sensitivity(run_folder)
    assert kept is not None
    assert [(each.key, each.mean, [one.share for one in each.groups]) for each in kept.outcomes] == [
        (each["outcome"], each["mean"], [one["share"] for one in each["groups"]]) for each in answer["outcomes"]
    ]
    page = write_report(run_folder).read_text(encoding="utf-8")
    assert '<section id="sensitivity">' in page
    assert "This answer is about" not in page
    assert "kept in" in said(capsys, str(run_folder), "--save")[1]


@pytest.mark.parametrize(
    ("arguments", "what"),
    [
        (["RUN", "--outcome", "hils-held"], "nearest valid: hills-held"),
        (["RUN", "--seed", "3"], "leave out --seed"),
        (["SCENARIO", "--pairs", "0"], "no replicates to screen"),
        (["SCENARIO", "--save"], "is none: play one with run"),
        (["nowhere"], "neither a folder nor a scenario"),
    ],
)
def test_what_cannot_be_asked_is_refused(
    folder: Path, run_folder: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], what: str
) -> None:
    known = {"RUN": str(run_folder), "SCENARIO": str(folder)}
    code, out, err = said(capsys, *(known.get(each, each) for each in arguments))
    assert (code, out) == (2, "")
    assert what in err
    assert "Traceback" not in err
