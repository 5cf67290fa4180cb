"""Questions asked of a run: its own start, days and seed, kept in its folder on request, and refused where that would mislead."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from keyterrain.analysis.saved_decisive import saved_decisive
from keyterrain.analysis.saved_policies import saved_policies
from keyterrain.campaign import manifest as manifests
from keyterrain.cli.main import main
from scenarios import write_small_scenario

if TYPE_CHECKING:
    from pathlib import Path

FEW = {
    "decisive": ("--only", "hills", "junction", "--replicates", "20", "--areas-at-random", "0"),
    "policies": ("--policy", "government=broad", "--policy", "opposition=raid,now", "--replicates", "40"),
}


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_small_scenario(tmp_path_factory.mktemp("asked") / "small", days="20")


@pytest.fixture
def run_folder(source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    out = tmp_path / "run"
    assert main(["run", str(source), "--replicates", "10", "--days", "12", "--seed", "5", "--out", str(out)]) == 0
    capsys.readouterr()
    return out


def said(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = main(list(arguments))
    captured = capsys.readouterr()
    return code, captured.out, " ".join(captured.err.split())


@pytest.mark.parametrize("command", list(FEW))
def test_the_campaign_of_a_run_is_asked_and_the_answer_kept_on_request(
    source: Path, run_folder: Path, command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, _ = said(capsys, command, str(run_folder), *FEW[command], "--json")
    asked: dict[str, Any] = json.loads(out)
    assert code == 0
    assert (asked["days"], asked["seed"]) == (12, 5)
    assert not (run_folder / f"{command}.json").exists()
    of_scenario = json.loads(said(capsys, command, str(source), *FEW[command], "--days", "12", "--seed", "5", "--json")[1])
    assert of_scenario == asked

    code, out, _ = said(capsys, command, str(run_folder), *FEW[command], "--save", "--json")
    assert code == 0
    assert json.loads(out) == {**asked, "saved": str(run_folder / f"{command}.json")}
    code, out, _ = said(capsys, command, str(run_folder), *FEW[command], "--save")
    assert code == 0
    assert f"kept in {run_folder / f'{command}.json'}; the report of the run shows it" in out
    assert said(capsys, "report", str(run_folder))[0] == 0
    page = (run_folder / "report.html").read_text(encoding="utf-8")
    assert f'<section id="{command}">' in page
    assert "This answer is about" not in page


def test_what_is_kept_is_what_was_said(run_folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    asked = json.loads(said(capsys, "decisive", str(run_folder), *FEW["decisive"], "--save", "--json")[1])
    decided = saved_decisive(run_folder)
    assert decided is not None
    assert decided.sentence == asked["answer"]
    rows = {row["outcome"]: row for row in asked["places"] if row["ground"] == "junction"}
    (junction,) = decided.places
    assert {each.outcome: each.value for each in junction.effects} == {key: row["effect"] for key, row in rows.items()}
    assert junction.worth == rows["hills-held"]["worth"]
    asked = json.loads(said(capsys, "policies", str(run_folder), *FEW["policies"], "--save", "--json")[1])
    compared = saved_policies(run_folder)
    assert compared is not None
    assert [[each.value for each in table.cells.values()] for table in compared.tables] == [
        [cell["mean"] for cell in outcome["cells"]] for outcome in asked["outcomes"]
    ]


@pytest.mark.parametrize("command", list(FEW))
@pytest.mark.parametrize("option", [("--seed", "6"), ("--days", "13"), ("--start", "2013-11-20")])
def test_options_may_not_contradict_the_run(
    run_folder: Path, command: str, option: tuple[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, err = said(capsys, command, str(run_folder), *FEW[command], *option)
    assert (code, out) == (2, "")
    assert f"was played with {option[0]}" in err
    assert "leave out" in err


@pytest.mark.parametrize("command", list(FEW))
def test_a_scenario_keeps_nothing(source: Path, command: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = said(capsys, command, str(source), *FEW[command], "--save")
    assert (code, out) == (2, "")
    assert "is none: play one with run" in err


@pytest.mark.parametrize("command", list(FEW))
def test_a_run_with_interventions_and_one_of_another_version_are_refused_together(
    source: Path, tmp_path: Path, command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "held"
    held = ("--hold", "hills=opposition", "--replicates", "2", "--days", "5", "--out", str(out))
    assert main(["run", str(source), *held]) == 0
    written = json.loads((out / manifests.FILE_NAME).read_text(encoding="utf-8"))
    written["version"] = "0.0.7"
    (out / manifests.FILE_NAME).write_text(json.dumps(written), encoding="utf-8")
    capsys.readouterr()
    code, answer, err = said(capsys, command, str(out), *FEW[command], "--save", "--seed", "9")
    assert (code, answer) == (2, "")
    assert "hills" in err
    assert "as its scenario has it" in err
    assert "was played by keyterrain 0.0.7" in err
    assert "was played with --seed 0" in err
    assert not (out / f"{command}.json").exists()
