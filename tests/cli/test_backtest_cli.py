"""`keyterrain backtest` on the command line."""

from __future__ import annotations

import json
import shutil
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from fabricated_run import fabricated_kernels
from keyterrain.analysis.saved_backtest import saved_backtest
from keyterrain.campaign.calibrated import CalibratedDraws
from keyterrain.campaign.ensemble import run
from keyterrain.campaign.interventions import Interventions
from keyterrain.cli.main import main
from keyterrain.report import write_report
from keyterrain.theatre import load
from scenarios import write_small_scenario

NOT_BLIND = {"side": "government", "blind": "false", "reason": "Its makers had read <b>the record</b>."}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_small_scenario(tmp_path_factory.mktemp("backtest") / "small", backtest=NOT_BLIND)


@pytest.fixture(scope="module")
def run_folder(folder: Path) -> Path:
    out = folder.parent / "run"
    run(load(folder), replicates=20, out=out, seed=4, chunk=10, kernels=fabricated_kernels())
    return out


def said(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = main(["backtest", *arguments])
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def read(out: str) -> Any:
    return json.loads(out, parse_constant=lambda word: pytest.fail(f"{word} is no JSON"))


def test_a_scenario_is_played_and_scored(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = said(capsys, str(folder), "--replicates", "6", "--horizons", "30", "60", "90", "--json")
    answer = read(out)
    assert code == 0
    assert set(answer["brier"]) == {"30", "60"}
    for score in (*answer["brier"].values(), answer["crps_capture"]):
        assert {"score", "low", "high", "skill", "best_baseline"} <= set(score)
        assert score["low"] <= score["score"] <= score["high"]
    assert "kendall_tau" in answer
    places = {each["place"]: each for each in answer["places"]}
    assert places["highway-town"]["fell_on"] == "2013-12-08"
    assert places["high-pass"]["fell_on"] is None
    assert set(places["high-pass"]["p_fallen"]) == {"30", "60"}
    assert answer["campaigns"][0]["blind"] is False
    waves = answer["campaigns"][0]["waves"]
    assert (waves["n"], waves["n_episodes"], set(waves["baselines"])) == (
        2,
        2,
        {"nothing comes", "goes on as before", "fills as so far"},
    )
    assert {each["given"]["crps"] for each in answer["campaigns"][0]["counts"]} == {None}
    assert "replicates" in err


def test_a_run_is_read_and_its_report_shows_forecast_beside_fact(run_folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = said(capsys, str(run_folder), "--save")
    assert code == 0
    assert "Not blind" in out
    assert "not scored at 90 days: the run lasts 60 days" in out
    assert "highway-town" in out
    assert "displaced people beyond those of the evening" in out
    assert "given the attack, hills by 2013-12-01: cannot tell, the record does not say since when they were counted" in out
    assert "nan" not in out
    kept = saved_backtest(run_folder)
    assert kept is not None
    assert kept.blind == "false"
    page = write_report(run_folder).read_text(encoding="utf-8")
    for text in ('id="backtest"', "Forecast beside what happened", "Not blind", "2013-12-08", 'data-figure="reliability"'):
        assert text in page
    for text in ("Given the attack", "nothing comes", "cannot tell: the record does not say since when they were counted"):
        assert text in page
    assert "<b>the record</b>" not in page


def calibrated_run(folder: Path, out: Path, until: date | None, fitted_on: tuple[str, ...] = ()) -> Path:
    draws = CalibratedDraws("fit", ("decision.tempo",), ((0.5,), (2.0,)), fitted_on, until)
    interventions = Interventions(calibrated=draws)
    run(load(folder), replicates=4, out=out, seed=4, kernels=fabricated_kernels(), interventions=interventions)
    return out


def test_a_calibrated_run_is_scored_if_the_fit_did_not_see_what_is_scored(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    earlier = calibrated_run(folder, tmp_path / "earlier", date(2013, 11, 13))
    code, out, _ = said(capsys, str(earlier), "--save")
    assert code == 0
    assert "parameters drawn from fit, records up to 2013-11-13" in out
    kept = saved_backtest(earlier)
    assert kept is not None
    assert kept.fitted == "fit, records up to 2013-11-13"
    assert "Parameters drawn from fit" in write_report(earlier).read_text(encoding="utf-8")
    later = calibrated_run(folder, tmp_path / "later", date(2014, 1, 1))
    on_its_first_day = calibrated_run(folder, tmp_path / "first", date(2013, 11, 22))
    on_itself = calibrated_run(folder, tmp_path / "itself", None, ("small",))
    for each in (later, on_its_first_day, on_itself):
        code, out, err = said(capsys, str(each))
        assert (code, out) == (2, "")
        assert "has seen what would be scored" in err.replace("\n", " ")


def test_the_answer_of_a_calibrated_run_is_not_taken_for_that_of_another(
    folder: Path, run_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    calibrated = calibrated_run(folder, tmp_path / "calibrated", date(2013, 11, 13))
    assert said(capsys, str(calibrated), "--save")[0] == 0
    plain = tmp_path / "plain"
    shutil.copytree(run_folder, plain)
    shutil.copy(calibrated / "backtest.json", plain)
    assert "another calibration" in write_report(plain).read_text(encoding="utf-8")


def test_several_are_pooled(run_folder: Path, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = said(capsys, str(run_folder), str(folder), "--start", "2013-11-14", "--replicates", "3", "--json")
    answer = read(out)
    assert code == 0
    assert [each["start"] for each in answer["campaigns"]] == ["2013-11-22", "2013-11-14"]
    assert answer["brier"]["30"]["n"] == sum(each["brier"]["30"]["n"] for each in answer["campaigns"])
    assert len(answer["places"]) == sum(len(each["places"]) for each in answer["campaigns"])


def test_a_record_without_a_later_day_is_an_honest_cannot_tell(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    cut = write_small_scenario(tmp_path / "cut", control=lambda rows: [row for row in rows if row["date"] < "2013-11-22"])
    code, out, _ = said(capsys, str(cut), "--replicates", "2", "--json")
    answer = read(out)
    assert code == 0
    assert answer["brier"] == {}
    assert answer["kendall_tau"] is None
    assert answer["crps_capture"]["score"] is None
    assert "Cannot tell" in answer["answer"]
    assert said(capsys, str(cut), "--replicates", "2")[0] == 0


@pytest.mark.parametrize(
    ("arguments", "what"),
    [
        (["RUN", "--start", "2013-11-14"], "--start"),
        (["RUN", "--seed", "3", "--replicates", "4"], "--seed, --replicates"),
        (["small", "--save"], "neither a folder nor a scenario"),
        (["SCENARIO", "--save"], "--save keeps"),
        (["SCENARIO", "--start", "2013-11-14", "--all-starts"], "contradict"),
        (["SCENARIO", "--start", "2010-01-01"], "does not cover"),
    ],
)
def test_what_cannot_be_done_is_refused(
    folder: Path, run_folder: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], what: str
) -> None:
    known = {"RUN": str(run_folder), "SCENARIO": str(folder)}
    code, out, err = said(capsys, *(known.get(each, each) for each in arguments))
    assert (code, out) == (2, "")
    assert what in err
    assert "Traceback" not in err
