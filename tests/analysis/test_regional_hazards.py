"""Hazards of a regional record: counted against a count by hand; what may not enter does not, and the rival follows from them."""

from __future__ import annotations

import csv
import math
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest

from keyterrain.analysis.backtest import regional_hazards as module
from keyterrain.analysis.backtest import rivals as rivals_module
from keyterrain.analysis.backtest.hazards import AGE_EDGES, Hazards, Holding, chances_by_age, hazards_of
from keyterrain.analysis.backtest.regional_hazards import hazards_from_record, main, regional_hazards
from keyterrain.analysis.backtest.risk import at_risk
from keyterrain.analysis.backtest.rivals import BY_AGE, OF_REGION, rivals
from keyterrain.theatre import load
from scenarios import write_small_scenario

CONTROL = """id,date,place,region,from_side,to_side,how,op_start,campaign,basis
a,2013-01-01,Hill,north,blue,red,assault,,,read
b,2013-01-11,Hill,north,red,blue,assault,2013-01-08,,read
c,2013-02-01,Hill,north,blue,red,gradual,,,estimate
d,2013-01-01,Hill,south,blue,red,assault,,,read
e,2013-01-05,Hill,south,red,contested,raid,,,read
f,2013-03-02,Hill,south,red,blue,siege,2013-01-20,,sheet
g,2013-01-01,Ford,north,blue,red,assault,,,read
h,2013-01-21,Ford,north,red,blue,truce,,,read
i,2013-01-01,Mill,north,blue,red,assault,,,read
j,2013-01-31,Mill,north,red,blue,assault,,,estimate
k,2013-01-03,Gate,north,red,blue,assault,,,read
l,2013-01-01,Named,north,blue,red,assault,,named_2013,read
m,2013-01-02,Named,north,red,blue,assault,,named_2013,read
n,2013-01-01,Late,north,blue,red,assault,,,read
o,2013-04-11,Late,north,red,blue,assault,,,read
"""
BEFORE = date(2013, 4, 11)
RECIPE = [
    {
        "scenarios": "here;there", "holder": "ours", "taker": "theirs", "holder_on_record": "red", "taker_on_record": "blue",
        "source": "x",
    }
]  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "record_control.csv").write_text(CONTROL, encoding="utf-8")
    return tmp_path


def test_falls_and_days_are_those_of_the_record_by_hand(folder: Path) -> None:
    rows = hazards_from_record(RECIPE, folder, BEFORE)
    assert [int(row["age_days"]) for row in rows] == list(AGE_EDGES)
    assert {row["until"] for row in rows} == {"2013-04-10"}
    # Hill north 10 days and a fall, again 69 days; Hill south 60 and a fall; Ford 20, Mill 30, Late 100, none of them a fall
    young, grown = 10 + 30 + 30 + 20 + 30 + 30, 0 + 39 + 30 + 0 + 0 + 70
    assert [(row["falls"], row["days"], row["operations"]) for row in rows] == [
        ("1", str(young), "1"), ("1", str(grown), "1"), ("0", "0", "0"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "more", ["p,2013-04-11,Hill,north,red,blue,assault,,,read", "q,2013-02-02,Hill,south,red,blue,raid,,named_2013,read"]
)
def test_what_came_later_and_named_campaigns_change_nothing(folder: Path, more: str) -> None:
    before = hazards_from_record(RECIPE, folder, BEFORE)
    (folder / "record_control.csv").write_text(f"{CONTROL}{more}\n", encoding="utf-8")
    assert hazards_from_record(RECIPE, folder, BEFORE) == before
    (folder / "record_control.csv").write_text(f"{CONTROL}r,2013-04-01,Hill,north,red,blue,raid,,,read\n", encoding="utf-8")
    assert hazards_from_record(RECIPE, folder, BEFORE) != before, "a row that may enter does"


def test_the_latest_record_that_ends_before_the_start_is_used(folder: Path) -> None:
    with (folder / "recipe.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(RECIPE[0]))
        writer.writeheader()
        writer.writerows(RECIPE)
    table = folder / "table.csv"
    main(folder / "recipe.csv", folder, "2013-02-01,2013-04-11", table)

    def found(start: date, scenario: str = "there", holder: str = "ours", taker: str = "theirs") -> Hazards | None:
        return regional_hazards(scenario, holder, (taker, "others"), start, table)

    late, early = found(BEFORE), found(BEFORE - timedelta(days=1))
    rows = table.read_text(encoding="utf-8").splitlines()
    others = [row.replace(",theirs,", ",others,") for row in rows[1:]]
    table.write_text("\n".join([*rows, *others]) + "\n", encoding="utf-8")
    by_either = found(BEFORE)
    assert by_either is not None
    assert late is not None
    assert (by_either.falls, by_either.days) == (tuple(2 * each for each in late.falls), late.days), "the same ground, two takers"
    table.write_text("\n".join(rows) + "\n", encoding="utf-8")
    assert late is not None
    assert early is not None
    assert late.falls == (1.0, 1.0, 0.0)
    assert early.falls == (1.0, 0.0, 0.0)
    assert found(date(2013, 1, 31)) is None, "nothing of the start itself or after it"
    assert found(BEFORE, scenario="elsewhere") is None
    assert found(BEFORE, holder="theirs") is None
    assert found(BEFORE, taker="nobody") is None


def test_chances_follow_from_rates_by_age() -> None:
    hazards = hazards_of(
        [Holding(date(2013, 1, 1), date(2013, 1, 11), True), Holding(date(2013, 1, 1), date(2013, 2, 20), False)]
    )
    assert (hazards.falls, hazards.days) == ((1.0, 0.0, 0.0), (40.0, 20.0, 0.0))
    chances = chances_by_age((0.1, 0.01, 0.001), np.array([20.0, 200.0]), np.array([[0.0], [10.0], [40.0]]))
    assert chances[0].tolist() == [0.0, 0.0]
    assert chances[1, 0] == pytest.approx(1 - math.exp(-1.0))
    assert chances[2] == pytest.approx([1 - math.exp(-(10 * 0.1 + 30 * 0.01)), 1 - math.exp(-0.04)])


def test_the_rival_is_there_where_the_region_is_known_and_nowhere_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scenario = load(write_small_scenario(tmp_path / "small"))
    situation = scenario.situation()
    risk = at_risk(scenario, situation)
    assert OF_REGION not in rivals(scenario, situation, risk, 60)
    known = Hazards((2.0, 1.0, 0.0), (100.0, 500.0, 900.0))
    asked = []

    def of_region(name: str, holder: str, takers: tuple[str, ...], start: date) -> Hazards:
        asked.append((name, holder, takers, start))
        return known

    monkeypatch.setattr(rivals_module, "regional_hazards", of_region)
    found = rivals(scenario, situation, risk, 60)
    ages = np.array([(situation.start - place.since).days for place in risk.places], dtype=float)
    assert found[OF_REGION] == pytest.approx(chances_by_age(known.by_age, ages, np.arange(61.0)[:, None]))
    assert not np.allclose(found[OF_REGION], found[BY_AGE])
    assert {each[0] for each in asked} == {scenario.name}
    assert {each[3] for each in asked} == {situation.start}


def test_what_ships_ends_before_the_starts_it_is_for_and_has_its_source() -> None:
    rows = module._table(module.calibrations_folder() / module.SHIPPED)
    assert rows
    assert all(row["source"] for row in rows)
    for name in dict.fromkeys(name for row in rows for name in row["scenarios"].split(module.SEVERAL)):
        scenario = load(name)
        for start in scenario.starts:
            situation = scenario.situation(start)
            place = at_risk(scenario, situation).places[0]
            hazards = regional_hazards(name, place.holder, place.takers, start)
            assert hazards is not None
            assert hazards.by_age[0] > hazards.by_age[1] > 0.0
