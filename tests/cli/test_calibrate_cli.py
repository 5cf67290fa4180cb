"""`keyterrain calibrate` and `run --calibrated` on the command line."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from keyterrain.analysis.calibration.targets import COLUMNS
from keyterrain.campaign.calibrated import MEMBER
from keyterrain.campaign.ensemble import open_run
from keyterrain.cli import calibrate
from keyterrain.cli.main import main
from scenarios import write_small_scenario

FEW = ("--members", "160", "--iterations", "2", "--seed", "1", "--threads", "2")
ROWS = (
    ("government-lost", "fighters_lost", "side government", "log", "150", "0.3"),
    ("opposition-lost", "fighters_lost", "side opposition", "log", "300", "0.3"),
    ("highway-open", "corridor_open_share", "corridor highway", "plain", "0.9", "0.1"),
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_small_scenario(tmp_path / "small", name="small", days="20")


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "targets.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, restval="")
        writer.writeheader()
        for key, measure, arguments, scale, value, error in ROWS:
            own = {"target": key, "measure": measure, "arguments": arguments, "scale": scale, "value": value, "error": error}
            writer.writerow({**own, "luck": "one", "until": "2013-06-01", "source": "assumption: made up"})
    return path


def said(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> tuple[int, str, str]:
    code = main([str(each) for each in arguments])
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def test_a_fit_is_told_to_scripts_written_and_played_with(
    folder: Path, table: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "fit.json"
    code, answer, err = said(capsys, "calibrate", folder, "--targets", table, *FEW, "--out", out, "--json")
    told = json.loads(answer, parse_constant=lambda word: pytest.fail(f"{word} is no JSON"))
    assert code == 0
    assert "160 campaigns played" in err
    assert "wave 2 of 2" in err
    assert (told["campaigns_played"], told["members"], told["iterations"], told["seed"]) == (320, 160, 2, 1)
    assert [row["parameter"] for row in told["parameters"]] == [
        "decision.tempo", "combat.leave_hope", "combat.loss_factor", "interdiction.attack_rate",
    ]  # fmt: skip
    assert all(row["verdict"] == ("learned" if row["shrinkage"] >= 0.2 else "not learned") for row in told["parameters"])
    assert all(row["prior"]["low"] < row["prior"]["median"] < row["prior"]["high"] for row in told["parameters"])
    assert told["scenarios"][0]["scenario"] == "small"
    assert len(told["scenarios"][0]["campaigns"][0]["fingerprint"]) == 64
    assert json.loads(out.read_text("utf-8")) == {name: value for name, value in told.items() if name != "saved"}
    assert len(told["draws"]) == 160

    run = tmp_path / "run"
    code, answer, _ = said(capsys, "run", folder, "--calibrated", out, "--replicates", "6", "--out", run, "--json")
    assert code == 0
    assert json.loads(answer)["calibrated"]["is_of_the_past"] is True
    opened = open_run(run)
    drawn = opened.dataset.draw.sel(input=["parameter:decision.tempo", "parameter:combat.loss_factor"]).to_numpy()
    members = opened.dataset.draw.sel(input=MEMBER).to_numpy().astype(int)
    assert drawn.tolist() == [[told["draws"][member][0], told["draws"][member][2]] for member in members]
    assert opened.manifest.plan.interventions.calibrated is not None
    code, _, err = said(capsys, "run", folder, "--calibrated", out, "--set", "decision.tempo=1", "--out", tmp_path / "no")
    assert code == 2
    assert "contradict each other" in err
    assert not (tmp_path / "no").exists()


def test_the_same_seed_writes_the_same_file_whatever_the_threads(
    folder: Path, table: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = [tmp_path / f"{k}.json" for k in range(2)]
    for file, threads in zip(files, ("1", "2"), strict=True):
        few = ("--members", "160", "--iterations", "1", "--seed", "4", "--threads", threads)
        assert said(capsys, "calibrate", folder, "--targets", table, *few, "--out", file)[0] == 0
    assert files[0].read_bytes() == files[1].read_bytes()


def test_people_are_shown_prior_beside_posterior_and_how_near_the_targets_are_met(
    folder: Path, table: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, _ = said(capsys, "calibrate", folder, "--targets", table, *FEW, "--fit", "combat.loss_factor")
    assert code == 0
    assert "1 parameters on 3 targets, 320 campaigns of small" in out
    assert "combat.loss_factor  1     0.3, 0.7, 1.2" in out
    assert "highway-open" in out
    assert "decision.tempo" not in out


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("calibrate", "qusayr-2014"), "nearest valid: qusayr-2013"),
        (("calibrate", "{folder}", "--fit", "decision.tempi"), "did you mean decision.tempo"),
        (("calibrate", "{folder}", "--fit", "decision.cooldown_days"), "is fixed and not drawn"),
        (("calibrate", "{folder}", "--targets", "none.csv"), "There is no file none.csv"),
        (("calibrate", "{folder}", "--targets", "{table}", "--members", "20"), "are too few for 4 parameters"),
        (("calibrate", "{folder}", "--targets", "{table}", "--out", "{table}"), "exists already"),
        (("calibrate", "{folder}", "--targets", "{table}", "--out", "no/where.json"), "There is no folder no"),
        (("calibrate", "{folder}", "{folder}", "--targets", "{table}"), "given more than once"),
        (("run", "{folder}", "--calibrated", "none.json"), "neither a file nor a calibration that ships"),
        (("run", "{folder}", "--calibrated", "{table}"), "it is not JSON"),
    ],
)
def test_bad_input_ends_with_2_and_a_sentence(
    folder: Path, table: Path, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], says: str
) -> None:
    code, out, err = said(capsys, *(each.format(folder=folder, table=table) for each in arguments))
    assert code == 2
    assert says in err
    assert "Traceback" not in err
    assert not out


def test_the_defaults_of_the_command_are_those_of_the_library() -> None:
    from keyterrain.analysis.calibration import question

    assert (calibrate.MEMBERS, calibrate.ITERATIONS) == (question.DEFAULT_MEMBERS, question.DEFAULT_ITERATIONS)
