"""`keyterrain combat-law` from the command line: the shipped fit, machine and people, and what it refuses."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from keyterrain.analysis.battles.law import shipped_law
from keyterrain.cli.main import main


def test_without_tables_the_shipped_fit_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["combat-law"]) == 0
    said = capsys.readouterr().out
    for each in shipped_law().estimates:
        assert each.parameter in said
    assert main(["combat-law", "--json"]) == 0
    written = json.loads(capsys.readouterr().out)
    slope = next(each for each in written["estimates"] if each["parameter"] == "combat.slope")
    assert (slope["estimate"], slope["wars"], slope["in_use"]["default"]) == (0.875, 87, 1.0)
    assert abs(slope["standard_errors_off"]) < 1.0


def test_scores_without_tables_and_folders_without_tables_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["combat-law", "--held-out"]) == 2
    assert "need the tables" in capsys.readouterr().err
    out = tmp_path / "law.csv"
    assert main(["combat-law", str(tmp_path), "--out", str(out), "--json"]) == 2
    written = json.loads(capsys.readouterr().out)
    assert {fault["file"] for fault in written["faults"]} == {
        "CDB90-patched.csv", "battles.csv", "active_periods.csv", "battle_actors.csv",
    }  # fmt: skip
    assert not out.exists()
