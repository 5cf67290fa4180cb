"""`keyterrain decisive` on the command line."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from keyterrain.cli.main import main
from scenarios import write_small_scenario

FEW = ("--only", "hills", "beyond", "junction", "border-town", "--replicates", "20", "--seed", "2", "--areas-at-random", "2")
PROMISED = {"ground", "outcome", "effect", "low", "high", "rank", "shapley"}
MORE = {"worth", "worth_low", "worth_high", "stands_out", "replicates", "counts", "rank_low", "rank_high", "p_first", "structure"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_small_scenario(tmp_path / "small", days="20")


def said(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = main(["decisive", *arguments])
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def test_ground_is_given_to_scripts(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = said(capsys, str(folder), *FEW, "--json")
    answered = json.loads(out, parse_constant=lambda word: pytest.fail(f"{word} is no JSON"))
    assert code == 0
    assert "replicates played" in err
    assert "outside the theatre" in answered["answer"]
    assert {row["ground"] for row in answered["areas"]} == {"hills", "beyond"}
    assert {row["ground"] for row in answered["places"]} == {"junction", "border-town"}
    for row in (*answered["areas"], *answered["places"]):
        assert row.keys() >= PROMISED | MORE
        assert row["shapley"] is None
        assert row["replicates"] == 20
    assert len(answered["places"]) == 2 * 6
    own = [row for row in answered["places"] if row["ground"] == "junction" and row["outcome"] == "highway-open"]
    assert [(row["counts"], row["left_out"]) for row in own] == [(False, "the corridor can lead through this ground")]
    assert (answered["seed"], answered["replicates"]) == (2, 20)


def test_starts_and_taking_are_given_to_scripts(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = said(capsys, str(folder), *FEW, "--json")
    answered = json.loads(out)
    for row in (*answered["areas"], *answered["places"]):
        assert [row[name] for name in ("start_effect", "start_low", "start_high", "start")] == [None] * 4
    assert answered["start_replicates"] is None
    (road, *_) = [row for row in answered["places"] if row["ground"] == "junction"]
    assert list(road["taking"]) == ["opposition"]
    assert road["taking"]["opposition"]["p_half"] is None
    assert 0.0 <= road["taking"]["opposition"]["p_taken"]["value"] <= 1.0
    assert answered["replicates_watched"] == 100
    code, out, err = said(capsys, str(folder), *FEW, "--start-only", "--start-replicates", "10", "--json")
    assert code == 0
    assert err.startswith("Starts alone: up to 60 campaigns (3 pieces of ground"), "said before anything is played"
    answered = json.loads(out, parse_constant=lambda word: pytest.fail(f"{word} is no JSON"))
    for row in answered["places"]:
        assert row["start"]["replicates"] == 10
        assert (row["start_effect"] is None) == (row["start_low"] is None)
    assert any(row["start_effect"] is not None for row in answered["places"])
    assert answered["start_replicates"] == 10


def test_starts_and_taking_are_given_to_people(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = said(capsys, str(folder), *FEW, "--start-replicates", "10")
    assert code == 0
    assert "Starts alone: up to 60 campaigns" in err
    assert "half" in next(line for line in out.splitlines() if " hills " in line), "of an area also half of it"
    for text in ("start worth", "at the start", "to take junction", "takes half of its places", "cannot tell"):
        assert text in out
    assert "nan" not in out


def test_ground_without_worth_has_null_and_no_rank(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    road = ("--only", "junction", "--outcome", "highway-open", "--replicates", "4", "--json")
    (row,) = json.loads(said(capsys, str(folder), *road)[1])["places"]
    assert (row["worth"], row["worth_low"], row["stands_out"], row["rank"]) == (None, None, None, None)


TOGETHER = (*FEW, "--shapley", "600", "--pairs", "500")


def test_ground_together_is_given_to_scripts(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = said(capsys, str(folder), *TOGETHER, "--json")
    answered = json.loads(out, parse_constant=lambda word: pytest.fail(f"{word} is no JSON"))
    assert code == 0
    assert re.search(
        r"Shapley values of 2 areas for \d outcomes, \d+ replicates with all coalitions: \d+ campaigns at most, about \d+ s", err
    )
    assert re.search(r"\d pairs of \d pieces of ground, up to 20 replicates each: \d+ campaigns at most, about \d+ s", err)
    shared = {each["outcome"]: each for each in answered["shapley"]["outcomes"]}
    assert shared
    for row in answered["areas"]:
        is_shared = row["outcome"] in shared and row["ground"] in shared[row["outcome"]]["areas"]
        assert (row["shapley"] is not None) == is_shared
        if is_shared:
            assert row["shapley_low"] <= row["shapley"] <= row["shapley_high"]
            assert row["shapley_after"][-1] == pytest.approx(row["shapley"])
            values = [each["shapley"] for each in answered["areas"] if each["outcome"] == row["outcome"]]
            assert sum(values) == pytest.approx(shared[row["outcome"]]["together"])
    assert all(row["shapley"] is None for row in answered["places"])
    assert max(each["left_over"] for each in shared.values()) < 1e-9
    for pair in answered["pairs"]["pairs"]:
        parts = pair["effect_both"] - pair["effect_one"] - pair["effect_other"]
        assert pair["interaction"] == pytest.approx(parts)
        assert pair["interaction_low"] <= pair["interaction"] <= pair["interaction_high"]
    assert "pairs of ground" in answered["pairs"]["answer"]


def test_ground_together_is_given_to_people(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = said(capsys, str(folder), *TOGETHER)
    assert code == 0
    for text in ("Shapley values", "holds all 2 areas (all coalitions", "after 25%", "pairs of ground", "Interaction:"):
        assert text in " ".join(out.split())
    assert "nan" not in out


def test_what_rests_on_relief_is_given_to_people_and_scripts(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    asked = (str(folder), "--only", "hills", "junction", "--replicates", "10", "--areas-at-random", "0", "--relief", "4")
    code, out, err = said(capsys, *asked, "--json")
    answered = json.loads(out, parse_constant=lambda word: pytest.fail(f"{word} is no JSON"))
    assert code == 0
    assert "Relief: 2 pieces of ground at 3 more points, 4 replicates each: 60 campaigns at most" in err
    relief = answered["relief"]
    assert [each["ground"] for each in (*relief["areas"], *relief["places"])] == ["hills", "junction"]
    points = ["as assumed", "joint 5 %", "joint 95 %", "off"]
    assert [each["point"] for each in relief["places"][0]["points"]] == points
    assert list(relief["levers"]) == points[1:]
    assert relief["replicates"] == 4
    code, out, _ = said(capsys, *asked)
    assert code == 0
    for text in ("worth, joint 95 %", "rests on relief", "*: stands out there"):
        assert text in " ".join(out.split())
    assert "nan" not in out


def test_wrong_ground_and_a_wrong_outcome_are_said_together_also_when_starts_are_asked(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, err = said(capsys, str(folder), "--start-only", "--only", "hils", "--outcome", "hills-hled")
    assert (code, out) == (2, "")
    assert "did you mean hills?" in err
    assert "did you mean hills-held?" in err


@pytest.mark.parametrize("option", ["--shapley", "--pairs", "--relief"])
def test_a_scenario_after_an_option_whose_number_was_left_out_is_named(
    folder: Path, capsys: pytest.CaptureFixture[str], option: str
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["decisive", option, str(folder)])
    assert ended.value.code == 2
    err = " ".join(capsys.readouterr().err.split())
    assert f"argument {option}: '{folder}' stands where only a number may: write it before this option" in err


def test_too_few_campaigns_end_with_2(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = said(capsys, str(folder), *FEW, "--shapley", "10")
    assert (code, out) == (2, "")
    assert "campaigns at least, more than 10" in err


def test_ground_is_given_to_people(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = said(capsys, str(folder), *FEW)
    assert code == 0
    assert out.startswith("Of 2 areas")
    for text in ("90% of ranks", "does not count: the corridor can lead", "Holding creates no force", "of its size"):
        assert text in " ".join(out.split())
    assert "nan" not in out


@pytest.mark.parametrize(
    ("arguments", "what"),
    [
        (("--only", "hils"), "did you mean hills"),
        (("--outcome", "hills-hled"), "did you mean hills-held"),
        (("--only", "hils", "--outcome", "hills-hled"), "did you mean hills-held"),
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


@pytest.mark.parametrize("arguments", [("--replicates", "1"), ("--replicates", "1001"), ("--days", "x"), ("--seed", "-1")])
def test_numbers_out_of_range_end_with_2(folder: Path, arguments: tuple[str, ...]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["decisive", str(folder), *arguments])
    assert ended.value.code == 2


def test_help_has_an_example(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["decisive", "-h"])
    assert "keyterrain decisive qalamoun-2013" in capsys.readouterr().out
