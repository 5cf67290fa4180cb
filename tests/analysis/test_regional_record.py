"""Statistics of a regional record against counts by hand; what may not enter does not."""

from __future__ import annotations

import csv
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from keyterrain.analysis.calibration.regional_record import RegionalRecord, main, targets_from_record

CONTROL = """id,date,region,to_side,how,op_start,duration_days,campaign,basis
a,2013-01-10,north,red,assault,2013-01-06,5,,read
b,2013-01-10,north,red,assault,2013-01-08,3,,read
c,2013-02-20,south,red,siege,2013-02-10,11,,sheet
d,2013-02-21,south,red,assault,2013-02-10,40,,estimate
e,2013-02-22,south,red,gradual,2013-02-10,50,,read
f,2013-02-23,south,red,assault,2013-02-10,60,named_2013,read
g,2013-05-01,south,red,assault,2013-04-01,70,,read
h,2013-01-15,north,blue,raid,2013-01-15,1,,read
"""
OFFENSIVES = """name,side,start,end,outcome,campaign
one,red,2013-01-01,2013-01-10,won,
two,red,2013-01-01,2013-01-20,failed,
three,red,2013-01-01,2013-01-20,partial,
four,red,2013-01-01,2013-06-20,failed,
five,red,2013-01-01,2013-01-20,failed,named_2013
"""
ROADS = """road,section,closed,reopened,kind
M,A - B,2013-01-01,2013-06-01,"threatened, open"
M,A - B,2013-02-01,2013-02-10,closed
M,side,2013-02-20,2013-02-23,contested
M,elsewhere,2013-01-01,,closed
"""
BEFORE = date(2013, 4, 11)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in (("control", CONTROL), ("offensives", OFFENSIVES), ("roads", ROADS)):
        (tmp_path / f"record_{name}.csv").write_text(text, "utf-8")
    return tmp_path


def test_days_to_a_capture_leave_out_estimates_gradual_changes_named_campaigns_and_what_came_later(folder: Path) -> None:
    found = RegionalRecord.read(folder, BEFORE).capture_days({"side": "red"})
    assert found.value == 5.0
    assert found.rests_on == "3 captures in 3 operations"
    assert 0.0 < found.error < np.log1p(11.0)


def test_an_offensive_that_is_partly_won_counts_half(folder: Path) -> None:
    found = RegionalRecord.read(folder, BEFORE).offensives_won({"side": "red"})
    assert found.value == pytest.approx(0.5)
    assert found.rests_on == "3 offensives"


def test_captures_a_month_are_of_some_regions_since_a_day(folder: Path) -> None:
    record = RegionalRecord.read(folder, BEFORE)
    found = record.captures_per_month({"side": "red", "regions": "north", "since": "2013-01-01"})
    assert found.value == pytest.approx(2 / (100 / (365.25 / 12)))
    assert record.captures_per_month({"side": "red", "regions": "north|south", "since": "2013-02-01"}).rests_on.startswith("1 ")


def test_a_road_is_open_on_the_days_on_which_it_was_not_closed(folder: Path) -> None:
    found = RegionalRecord.read(folder, BEFORE).road_open({"sections": "A - B|side"})
    assert found.value == pytest.approx(1 - (10 + 0.5 * 4) / 100)
    cut_off = RegionalRecord.read(folder, date(2013, 2, 6)).road_open({"sections": "A - B|side"})
    assert cut_off.value == pytest.approx(1 - 5 / 36)


def test_a_table_is_written_anew_and_keeps_what_comes_from_elsewhere(folder: Path) -> None:
    recipe = folder / "recipe.csv"
    recipe.write_text(
        "target,scenario,statistic,of,measure,arguments,scale,own_error,source\n"
        "red-days,,capture_days,side=red,capture_days,side red,log,0.3,record\n",
        "utf-8",
    )
    out = folder / "targets.csv"
    main(recipe, folder, "2013-04-11,2013-01-12", out)
    with out.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [(row["target"], row["value"], row["until"], row["luck"]) for row in rows] == [
        ("red-days", "5", "2013-04-10", "many"),
        ("red-days", "4", "2013-01-11", "many"),
    ]
    kept = out.read_text("utf-8") + "mine,,,,capture_days,side red,log,1,0.1,many,,,assumption: so\n"
    out.write_text(kept, "utf-8")
    main(recipe, folder, "2013-04-11", out)
    assert [line.split(",")[0] for line in out.read_text("utf-8").splitlines()] == ["target", "mine", "red-days"]


def test_the_error_holds_sampling_and_what_is_assumed(folder: Path) -> None:
    recipe = [
        {
            "target": "t", "scenario": "", "statistic": "capture_days", "of": "side=red", "measure": "capture_days",
            "arguments": "side red", "scale": "log", "own_error": own, "source": "s",
        }
        for own in ("0", "3")
    ]  # fmt: skip
    sampling, both = (float(row["error"]) for row in targets_from_record(recipe, folder, BEFORE))
    assert sampling < 1.5
    assert both == pytest.approx(np.hypot(sampling, 3.0), rel=0.05)
