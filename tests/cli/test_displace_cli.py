"""`keyterrain displace`, as a user meets it."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pandas as pd
import pytest

from flee_folders import ROUTES, write_flee_folder
from keyterrain.cli.main import main

QUICK = ["--replicates", "6", "--threads", "1"]


def test_json_holds_what_is_promised_and_nothing_else_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["displace", str(write_flee_folder(tmp_path)), *QUICK, "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert {"folder", "days", "people", "ard", "ard_rescaled", "crps", "coverage_90", "seconds_per_replicate"} <= set(said)
    assert (said["folder"], said["days"]) == ("made-up", 60)
    assert 0 < said["ard_rescaled"] < 1
    assert len(said["by_day"]["ard_rescaled"]) == 60


def test_people_read_camps_measures_and_baselines(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["displace", str(write_flee_folder(tmp_path)), *QUICK]) == 0
    said = capsys.readouterr().out
    for expected in ("Lager", "rescaled", "internally displaced", "by capacity", "ms of processor time"):
        assert expected in said


def test_faults_end_in_exit_code_2_with_file_and_row(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bad = write_flee_folder(tmp_path, "bad", routes=ROUTES.replace("Mitte,Weiler", "Mitte,Weilr"))
    worse = write_flee_folder(tmp_path, "worse", routes="")
    assert main(["displace", str(bad), *QUICK, "--json"]) == 2
    captured = capsys.readouterr()
    assert json.loads(captured.out)["faults"][0]["row"] == 3
    assert "Traceback" not in captured.err
    assert main(["displace", str(bad), str(worse), *QUICK]) == 2
    said = capsys.readouterr().err
    assert "bad/input_csv/routes.csv, row 3" in said
    assert "worse/input_csv/routes.csv, row 1" in said


def test_files_are_written_with_a_row_of_hashtags_on_request(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder, out = write_flee_folder(tmp_path), tmp_path / "out"
    assert main(["displace", str(folder), *QUICK, "--out", str(out), "--hxl"]) == 0
    with (out / "arrivals.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    assert rows[1][0] == "#date"
    assert len(rows) == 2 + 60 * 3
    frame = pd.read_parquet(out / "arrivals.parquet")
    assert len(frame) == 180
    assert (frame["low"] <= frame["high"]).all()
    page = (out / "arrivals.html").read_text(encoding="utf-8")
    assert 'src="http' not in page
    assert "made-up" in page
    capsys.readouterr()
    assert main(["displace", str(folder), *QUICK, "--out", str(out)]) == 2
    assert "is left as it is" in capsys.readouterr().err


def test_a_comparison_lays_both_rules_side_by_side(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folders = [str(write_flee_folder(tmp_path, name)) for name in ("one", "two")]
    assert main(["displace", *folders, *QUICK, "--compare", "--json"]) == 0
    compared = json.loads(capsys.readouterr().out)["compared"]
    assert [(each["folder"], each["rules"], each["capacities"]) for each in compared[:4]] == [
        ("one", "keyterrain", "without-leaked"),
        ("one", "keyterrain", "as-given"),
        ("one", "flee", "as-given"),
        ("one", "flee", "without-leaked"),
    ]
    assert len(compared) == 8


@pytest.mark.parametrize(
    "options", [["--hxl"], ["--compare", "--out", "somewhere"]], ids=["hashtags without a file", "files of a comparison"]
)
def test_options_that_do_not_go_together_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], options: list[str]
) -> None:
    assert main(["displace", str(write_flee_folder(tmp_path)), *QUICK, *options]) == 2
    assert "keyterrain:" in capsys.readouterr().err


def test_the_same_seed_gives_the_same_answer(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    answers = []
    for _ in range(2):
        main(["displace", str(write_flee_folder(tmp_path)), *QUICK, "--seed", "5", "--json"])
        said = json.loads(capsys.readouterr().out)
        answers.append({key: value for key, value in said.items() if not key.startswith("seconds")})
    assert answers[0] == answers[1]
