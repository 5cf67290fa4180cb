"""`keyterrain update` on the command line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from fabricated_run import fabricated_kernels
from keyterrain.analysis.saved_update import saved_update
from keyterrain.campaign.ensemble import run
from keyterrain.cli.main import main
from keyterrain.report import write_report
from keyterrain.theatre import load
from scenarios import write_small_scenario

HEADER = "date,kind,subject,value,error,p_wrong,source\n"
LIKELY = HEADER + "2013-12-20,corridor,highway,open,2,0.2,<b>a radio</b>\n2013-12-24,corridor,highway,closed,3,0.3,press\n"
UNLIKELY = HEADER + "2013-12-20,control,hill-village,neutral,0,0,press\n"


@pytest.fixture(scope="module")
def run_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("update")
    scenario = load(write_small_scenario(folder / "small"))
    run(scenario, replicates=120, out=folder / "run", seed=4, chunk=40, kernels=fabricated_kernels())
    return folder / "run"


def said(capsys: pytest.CaptureFixture[str], folder: Path, text: str, *options: str) -> tuple[int, str, str]:
    path = folder.parent / "seen.csv"
    path.write_text(text, encoding="utf-8")
    code = main(["update", str(folder), "--observed", str(path), *options])
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def read(out: str) -> Any:
    return json.loads(out, parse_constant=lambda word: pytest.fail(f"{word} is no JSON"))


def test_before_and_after_are_told_and_kept_for_the_report(run_folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = said(capsys, run_folder, LIKELY, "--save")
    assert code == 0
    for text in ("120 replicates", "before", "after", "highway-open", "hill-village", "kept in"):
        assert text in out
    kept = saved_update(run_folder)
    assert kept is not None
    assert kept.verdict == "updated"
    page = write_report(run_folder).read_text(encoding="utf-8")
    assert 'id="update"' in page
    assert "In the light of what was seen" in page
    assert "<b>a radio</b>" not in page
    assert {each.key for each in kept.corridors} == {each.key for each in kept.corridor_days} == {"highway", "over-the-pass"}
    section = page[page.index('<section id="update">') :]
    section = section[: section.index("</section>")]
    for text in ("Corridors on day 60", "Displaced people on the evening of day 60", "displaced, wherever they are"):
        assert text in section
    for text in ("corridor open on day 60", "share of days open", "displaced by the evening of day 60"):
        assert text in out


def test_scripts_get_the_same(run_folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = said(capsys, run_folder, LIKELY, "--json", "--day", "40")
    answer = read(out)
    assert code == 0
    assert answer["verdict"] == "updated"
    assert answer["day"] == 40
    assert 50 <= answer["ess"] <= 120
    assert {"on", "kind", "subject", "agreeing", "ess_alone", "ess_without"} <= set(answer["observations"][0])
    assert [each["corridor"] for each in answer["corridors"]] == ["highway", "over-the-pass"]
    assert answer["fled"]["before_low"] <= answer["fled"]["before"] <= answer["fled"]["before_high"]
    assert {"host", "says", "unit", "before", "after_high"} <= set(answer["hosts"][0])
    assert {each["outcome"] for each in answer["outcomes"]} >= {"highway-open", "reversal"}


def test_a_refusal_is_an_answer(run_folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = said(capsys, run_folder, UNLIKELY, "--json")
    answer = read(out)
    assert code == 0
    assert answer["verdict"] == "cannot tell"
    assert answer["what_to_do"]
    assert {each["after"] for each in (*answer["places"], *answer["outcomes"], *answer["corridors"], answer["fled"])} == {None}
    code, out, _ = said(capsys, run_folder, UNLIKELY)
    assert code == 0
    assert "CANNOT TELL" in out


@pytest.mark.parametrize(
    ("text", "options", "what"),
    [
        ("", (), "the file is empty"),
        (HEADER, (), "holds no observation"),
        (HEADER + "2013-11-20,control,hill-vilage,government,0,2,x\n", (), "nearest valid: hill-village"),
        (LIKELY, ("--day", "900"), "the run has 60 days"),
    ],
)
def test_bad_input_is_refused(
    run_folder: Path, capsys: pytest.CaptureFixture[str], text: str, options: tuple[str, ...], what: str
) -> None:
    code, out, err = said(capsys, run_folder, text, *options)
    assert (code, out) == (2, "")
    assert what in err
