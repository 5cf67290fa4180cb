"""`keyterrain terrain` on the command line."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from keyterrain.cli.main import main
from scenarios import write_small_scenario, write_terrain

PLACE = {"place", "relief_m", "slope_deg", "dominance", "defence", "rank"}
ROUTE = {"from", "to", "hours", "max_elevation_m", "observed_share"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_small_scenario(tmp_path_factory.mktemp("terrain") / "small")


def said(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = main(["terrain", *arguments])
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def test_ground_is_given_to_scripts(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = said(capsys, str(folder), "--json")
    answered = json.loads(out, parse_constant=lambda word: pytest.fail(f"{word} is no JSON"))
    assert (code, err) == (0, "")
    assert len(answered["places"]) == 10
    assert len(answered["routes"]) == 13
    for place in answered["places"]:
        assert place.keys() >= PLACE
    for route in answered["routes"]:
        assert route.keys() >= ROUTE
        assert 0.0 <= route["observed_share"] <= 1.0
        assert route["hours"] > 0.0
    (on_foot,) = [route for route in answered["routes"] if {route["from"], route["to"]} == {"north-city", "hill-fort"}]
    assert on_foot["vehicle_hours"] is None
    assert answered["against"] == []


def test_ground_is_given_to_people(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = said(capsys, str(folder), "--against", "junction", "--only", "hills")
    assert code == 0
    lines = [line.split() for line in out.splitlines()]
    assert ["rank", "place", "defence"] in [line[:3] for line in lines]
    for place in ("hill-village", "hill-fort", "high-pass"):
        assert sum(place in line for line in lines) >= 2
    assert "harder than junction?" in out
    assert "What makes mountains hard to take in these rules is assumed" in " ".join(out.split())
    assert not re.search(r"\bnan\b", out)


@pytest.mark.parametrize(
    ("terrain", "says"),
    [
        ({"crs": None}, "has no coordinate reference system"),
        ({"crs": "EPSG:32637"}, "does not cover"),
        ({"west": 10.0, "north": 50.0}, "does not cover"),
    ],
)
def test_ground_that_cannot_be_believed_is_refused_in_a_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], terrain: dict[str, object], says: str
) -> None:
    folder = write_small_scenario(tmp_path / "small")
    write_terrain(folder / "terrain.tif", **terrain)  # type: ignore[arg-type]
    code, out, err = said(capsys, str(folder))
    assert (code, out) == (2, "")
    assert says in err
    assert "Traceback" not in err


@pytest.mark.parametrize("option", ["--against", "--only"])
def test_a_place_that_is_not_there_is_the_inputs_fault(folder: Path, capsys: pytest.CaptureFixture[str], option: str) -> None:
    code, out, err = said(capsys, str(folder), option, "hill-fortt")
    assert (code, out) == (2, "")
    assert "did you mean hill-fort?" in err
    assert len(err.strip().splitlines()) == 1
