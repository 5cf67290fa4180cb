"""`keyterrain build` as it is used: what it says, how it ends, and that JSON stands alone."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from extracts import SETTLED, arguments
from keyterrain.cli.main import main


@pytest.fixture(scope="module")
def command(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    files = arguments(tmp_path_factory.mktemp("valley"))
    given = ["--dem", str(files["dem"]), "--roads", str(files["roads"]), "--places", str(files["places"])]
    return ["build", *given, "--bbox", "36,34,36.5,34.4"]


def test_a_theatre_is_built_and_checked(command: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "theatre"
    assert main([*command, "--out", str(out), "--title", "A valley", "--start", "2013-11-01"]) == 0
    said = capsys.readouterr()
    assert "6 places, 1 pass, 4 junctions and 11 routes (122 km)" in said.out
    assert "TO_DECIDE.md" in said.out
    assert "6 places in the box" in said.err
    assert main(["check", str(out)]) == 0
    settings = (out / "scenario.yaml").read_text(encoding="utf-8")
    assert "title: A valley" in settings
    assert "2013-11-01" in settings


def test_json_stands_alone_and_counts(command: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*command, "--out", str(tmp_path / "theatre"), "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert (said["places"], said["junctions"], said["routes"], said["faults"]) == (len(SETTLED), 4, 11, [])
    assert {each["topic"] for each in said["to_decide"]} >= {"conflict", "population", "links", "beyond", "climate"}
    assert any(each["about"].startswith("Epsilon is 4.3 km") for each in said["to_decide"])


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        (["--bbox", "34,36,34.4,36.5"], "write 36,34,36.5,34.4"),
        (["--bbox", "36.5,34,36,34.4"], "is 36,34,36.5,34.4 meant"),
        (["--min-population", "1000000"], "lower --min-population"),
        (["--places", "nowhere.txt"], "there is no file nowhere.txt"),
        (["--start", "1200-01-01"], "1200-01-01 is before 1800"),
        (["--bbox", "-6.5,34,-6,34.4"], "of another region than the box -6.5,34,-6,34.4"),
    ],
)
def test_faults_are_sentences_and_end_with_2(
    command: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str], changes: list[str], says: str
) -> None:
    assert main([*command, "--out", str(tmp_path / "theatre"), "--json", *changes]) == 2
    said = capsys.readouterr()
    assert says in said.err
    assert "Traceback" not in said.err
    assert any(says in fault["what"] for fault in json.loads(said.out)["faults"])
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_there_ends_with_2(command: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*command, "--out", str(tmp_path)]) == 2
    assert "nothing is written over" in capsys.readouterr().err
