"""`keyterrain export` on the command line."""

from __future__ import annotations

import json
from pathlib import Path

import geopandas as gpd
import pytest

from keyterrain.cli.main import main
from scenarios import write_small_scenario


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_small_scenario(tmp_path / "small", days="20")


def said(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = main(["export", *arguments])
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def test_a_played_run_is_exported_and_told_to_scripts(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run, out = tmp_path / "run", tmp_path / "run.gpkg"
    assert main(["run", str(folder), "--replicates", "6", "--seed", "3", "--out", str(run)]) == 0
    capsys.readouterr()
    code, told, _ = said(capsys, str(run), "--to", "gpkg", "--out", str(out), "--json")
    answer = json.loads(told)
    assert code == 0
    assert (answer["replicates"], answer["seed"], answer["to"], answer["out"]) == (6, 3, "gpkg", str(out))
    for layer in answer["layers"]:
        assert len(gpd.read_file(layer["file"], layer=layer["layer"])) == layer["rows"], layer["layer"]
    control = gpd.read_file(out, layer="control")
    assert len(control) == 21 * 10
    assert (control["p_government"] * 6).round(9).isin(range(7)).all()


def test_a_scenario_is_exported_and_told_to_people(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = said(capsys, str(folder), "--to", "csv", "--out", str(tmp_path / "sheets"))
    assert code == 0
    assert "as it was known" in out
    assert "hull of its places" in (tmp_path / "sheets" / "areas.csv").read_text(encoding="utf-8")
    answer = json.loads(said(capsys, str(folder), "--to", "csv", "--out", str(tmp_path / "again"), "--json")[1])
    assert (answer["replicates"], answer["seed"]) == (None, None)


@pytest.mark.parametrize(
    ("arguments", "what"),
    [
        (("--to", "gpkg", "--out", "a.geojson"), "ends in .gpkg"),
        (("--to", "csv", "--layer", "plces", "--out", "a"), "did you mean places"),
        (("--to", "csv", "--start", "1999-01-01", "--out", "a"), "does not cover a start on 1999-01-01"),
        (("--to", "views", "--out", "a.parquet"), "not the folder of a run"),
        (("--to", "csv", "--out", "small"), "exists"),
    ],
)
def test_bad_input_is_said_and_ends_with_2(
    folder: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    arguments: tuple[str, ...],
    what: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    code, out, err = said(capsys, str(folder), *arguments)
    assert (code, out) == (2, "")
    assert what in err
    assert "Traceback" not in err
    assert {path.name for path in tmp_path.iterdir()} == {"small"}


@pytest.mark.parametrize("arguments", [(), ("--to", "gpkg"), ("--out", "a"), ("--to", "shp", "--out", "a")])
def test_what_is_missing_is_an_error_of_usage(
    folder: Path, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["export", str(folder), *arguments])
    assert ended.value.code == 2
    capsys.readouterr()


def test_help_ends_in_examples(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["export", "-h"])
    assert "keyterrain export runs/demo --to gpkg --out demo.gpkg" in capsys.readouterr().out


def test_the_formats_offered_are_those_that_can_be_written() -> None:
    from keyterrain.cli import export
    from keyterrain.report.export import FORMATS

    assert tuple(FORMATS) == export.FORMATS
