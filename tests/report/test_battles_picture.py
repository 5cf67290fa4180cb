"""The picture of the combat law's calibration: drawn to scale, well-formed, and refused early where it cannot be written."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from keyterrain.analysis.battles.heldout import CalibrationBin, HeldOut, Score
from keyterrain.cli.main import main
from keyterrain.report.battles import LEFT, SIDE, TOP, write_calibration_picture

BINS = (CalibrationBin(0.25, Score(0.5, 0.25, 0.75), 10), CalibrationBin(0.75, Score(1.0, 0.5, 1.0), 30))
SCORES = tuple(
    HeldOut(f"sample <{number}> & more", grouping, 40, 12, 100, 1, (), BINS)
    for number in range(2)
    for grouping in ("conflict", "war")
)
SVG = "{http://www.w3.org/2000/svg}"


def test_dots_and_whiskers_lie_where_forecast_and_frequency_put_them(tmp_path: Path) -> None:
    root = ET.parse(write_calibration_picture(SCORES, tmp_path / "picture.svg")).getroot()
    dots = [(float(each.get("cx", "")), float(each.get("cy", ""))) for each in root.iter(f"{SVG}circle")]
    assert len(dots) == 8
    assert dots[:2] == [(LEFT + 0.25 * SIDE, TOP + 0.5 * SIDE), (LEFT + 0.75 * SIDE, TOP)]
    upright = [
        (float(each.get("x1", "")), float(each.get("y1", "")), float(each.get("y2", "")))
        for each in root.iter(f"{SVG}line")
        if each.get("x1") == each.get("x2")
    ]
    assert upright[0] == (LEFT + 0.25 * SIDE, TOP + 0.75 * SIDE, TOP + 0.25 * SIDE)
    said = [each.text for each in root.iter(f"{SVG}text")]
    assert "sample <0> & more" in said
    assert "40 battles, 12 wars, finer" in said
    (base,) = {
        each.get("y1") for each in root.iter(f"{SVG}line")
        if each.get("stroke-dasharray") == "1.5,4" and float(each.get("y1", "")) < TOP + SIDE
    }  # fmt: skip
    assert base == f"{TOP + (1.0 - 0.875) * SIDE:.1f}", "the share of all who won, by battles"


@pytest.mark.parametrize(("name", "said"), [("picture.png", "ends in .svg"), ("none/picture.svg", "There is no folder")])
def test_a_picture_that_cannot_be_written_is_refused_before_anything_is_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str, said: str
) -> None:
    assert main(["combat-law", str(tmp_path / "no-tables"), "--picture", str(tmp_path / name)]) == 2
    assert said in capsys.readouterr().err


def test_a_table_that_cannot_be_written_is_refused_before_anything_is_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").touch()
    assert main(["combat-law", str(tmp_path / "no-tables"), "--out", str(tmp_path / "file" / "law.csv")]) == 2
    assert "There is no folder" in capsys.readouterr().err


def test_a_picture_needs_the_tables(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["combat-law", "--picture", str(tmp_path / "picture.svg")]) == 2
    assert "need the tables" in capsys.readouterr().err
