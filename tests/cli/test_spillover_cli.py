"""`keyterrain spillover` on the command line."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from keyterrain.cli.main import main

QUICK = ("--surrogates", "39", "--simulated", "0")
PROMISED = {"verdict", "effect", "p", "power", "branching"}


@pytest.fixture
def events(tmp_path: Path) -> Path:
    rows = [
        f"2013-{1 + i % 12:02}-{1 + i:02},{'Syria' if i % 2 else 'Lebanon'},{'battle' if i % 3 else 'bombing'}" for i in range(28)
    ]
    path = tmp_path / "events.csv"
    path.write_text("\n".join(["date,country,kind", *rows]) + "\n", encoding="utf-8")
    return path


def said(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = main(["spillover", *arguments])
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def test_an_answer_for_scripts_is_json_alone(events: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = said(capsys, str(events), "--from", "country=Syria", "--to", "country=Lebanon", *QUICK, "--json")
    answer = json.loads(out, parse_constant=lambda word: pytest.fail(f"{word} is no JSON"))
    assert code == 0
    assert answer.keys() >= PROMISED
    assert answer["verdict"] in {"connected", "coincidence", "cannot tell"}
    assert answer["p"].keys() >= {"poisson", "surrogate", "circular_shift", "waiting_times", "blocks", "rate", "likelihood_ratio"}
    assert answer["p"]["likelihood_ratio"] is None
    assert answer["branching"] is None
    assert [each["from"] for each in answer["directions"]] == ["country=Syria", "country=Lebanon"]


def test_branching_is_a_matrix_where_it_is_fitted(events: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ("--from", "country=Syria", "--to", "country=Lebanon", "--surrogates", "39", "--simulated", "3", "--json")
    answer = json.loads(said(capsys, str(events), *arguments)[1])
    assert [len(row) for row in answer["branching"]] == [2, 2]
    assert 0 < answer["p"]["likelihood_ratio"] <= 1


def test_people_read_the_verdict_first_and_incidents_by_both_datings(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = said(
        capsys, "qalamoun-2013", "--from", "country=Syria,kind=battle", "--to", "country=Lebanon", "--near", "2013-11-18",
        "--near", "2013-11-19", "--incident", "2013-11-19 kind=bombing,country=Lebanon", *QUICK,
    )  # fmt: skip
    assert code == 0
    assert out.startswith(("Connected:", "Coincidence:", "Cannot tell:"))
    assert "2013-11-18  1 d" in out
    assert "2013-11-19  0 d" in out
    assert "steps" in err


def test_estimates_can_be_left_out(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ("qalamoun-2013", "--from", "country=Syria", "--to", "country!=Syria", *QUICK, "--json")
    numbers = [json.loads(said(capsys, *arguments, *more)[1])["events"] for more in ((), ("--without-estimates",))]
    assert numbers == [160, 88]


def test_files_can_be_the_two_series(events: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    other = tmp_path / "there.csv"
    other.write_text(events.read_text(encoding="utf-8"), encoding="utf-8")
    files = (str(events), str(other), "--from-file", "events.csv")
    code, out, _ = said(capsys, *files, "--to-file", "there.csv", *QUICK)
    assert code == 0
    assert "one and the same day" in out
    code, _, err = said(capsys, *files, "--to-file", "ther.csv", *QUICK)
    assert (code, "did you mean there.csv" in err) == (2, True)


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (("--from", "country=Siria", "--to", "country=Lebanon"), "did you mean Syria"),
        (("--from", "contry=Syria", "--to", "country=Lebanon"), "did you mean country"),
        (("--from", "country=Syria", "--to", "kind=battle"), "both filters"),
        (("--from", "country=Syria", "--to", "country=Lebanon", "--near", "2013-03-01"), "go together"),
    ],
)
def test_what_is_asked_wrongly_is_said_in_one_sentence(
    events: Path, arguments: tuple[str, ...], named: str, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, err = said(capsys, str(events), *arguments, *QUICK)
    assert (code, out) == (2, "")
    assert named in err
    assert "Traceback" not in err


def test_faulty_rows_are_refused_or_counted(events: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with events.open("a", encoding="utf-8") as file:
        file.write("soon,Syria,battle\n")
    asked = (str(events), "--from", "country=Syria", "--to", "country=Lebanon", *QUICK, "--json")
    code, out, err = said(capsys, *asked)
    assert code == 2
    assert json.loads(out)["faults"][0]["row"] == 30
    assert "row 30, date" in err
    code, out, _ = said(capsys, *asked, "--leave-out-faulty")
    assert code == 0
    assert [row["row"] for row in json.loads(out)["rows_left_out"]] == [30]


def test_a_picture_is_one_page_without_scripts_and_safe_of_what_files_say(
    events: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    events.write_text(events.read_text(encoding="utf-8").replace("Lebanon", "<b>&L"), encoding="utf-8")
    page = tmp_path / "pages" / "spill.html"
    asked = (str(events), "--from", "country=Syria", "--to", "country!=Syria,country~<b>", "--picture", str(page))
    assert said(capsys, *asked, "--near", "2013-06-01", "--incident", "2013-06-03 country~<b>", *QUICK)[0] == 0
    text = page.read_text(encoding="utf-8")
    assert "<b>&L" not in text
    assert "<script" not in text
    assert "http" not in text.replace("http-equiv", "")
    drawings = text.split("<svg")[1:]
    assert len(drawings) == 6  # timelines, days around the trigger, two nulls, two curves of lags
    for drawing in drawings:
        ET.fromstring(f"<svg{drawing.partition('</svg>')[0]}</svg>")
    assert not list(page.parent.glob(".*"))
