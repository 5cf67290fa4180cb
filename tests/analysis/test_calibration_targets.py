"""Tables of targets: read against nouns and record, everything wrong said at once, and nothing of a scored campaign let in."""

from __future__ import annotations

import csv
import math
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from keyterrain.analysis.calibration.targets import COLUMNS, earliest_start, targets_of
from keyterrain.campaign.errors import RunRefused
from keyterrain.theatre import Scenario, load
from played_campaigns import small_scenario

ROW = {
    "target": "hills", "scenario": "small", "measure": "area_held_share", "arguments": "area hills; side government",
    "scale": "plain", "value": "0.4", "error": "0.1", "luck": "one", "campaign": "", "until": "2013-12-01",
    "source": "assumption: so",
}  # fmt: skip


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Scenario:
    return small_scenario(tmp_path_factory.mktemp("scenario") / "small", name="small", days="20")


def table(folder: Path, *rows: dict[str, str]) -> Path:
    path = folder / "targets.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, restval="")
        writer.writeheader()
        writer.writerows(rows)
    return path


def test_a_row_is_read_with_its_scale(small: Scenario, tmp_path: Path) -> None:
    row = {**ROW, "measure": "places_gained", "arguments": "area hills;side government;day 9", "scale": "sqrt", "value": "4"}
    (target,) = targets_of([small], table=table(tmp_path, row))
    assert (target.value, target.scaled, target.is_one) == (4.0, 2.0, True)
    assert target.measurement.text == "places_gained(area hills, side government, day 9)"
    assert target.back(2.0) == 4.0
    assert target.scale_of(np.array([9.0, np.nan])).tolist()[0] == 3.0
    log = replace(target, scale="log")
    assert log.scaled == pytest.approx(math.log(5.0))
    assert log.back(log.scaled) == pytest.approx(4.0)


def test_the_record_gives_its_own_value(small: Scenario, tmp_path: Path) -> None:
    row = {
        **ROW,
        "measure": "place_taken_after",
        "arguments": "place highway-town;side government",
        "value": "record",
        "until": "",
    }
    (target,) = targets_of([small], table=table(tmp_path, row))
    assert target.value == (date(2013, 12, 8) - small.default_start).days
    assert target.campaign == "small"
    assert target.until is not None
    assert target.until > small.default_start


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (
            {"measure": "area_held_shares"},
            r"row 2, measure: 'area_held_shares' is not measurable.*nearest valid: area_held_share",
        ),
        ({"measure": "km_to_corridor"}, "read off the map and not measurable on campaigns"),
        ({"arguments": "area hill;side government"}, r"no area 'hill' in it \(nearest valid: hills\)"),
        ({"arguments": "area hills"}, "needs side"),
        ({"arguments": "areas hills;side government"}, "has no argument 'areas'"),
        ({"measure": "area_held_on", "arguments": "area hills;side government;day 99"}, "day 99 lies beyond the 20 days"),
        ({"scale": "ln"}, "'ln' is none of plain, sqrt, log"),
        ({"luck": "some"}, "'some' is none of one, many"),
        ({"error": "0"}, "error: is not above zero"),
        ({"error": ""}, "error: '' is no number"),
        ({"value": "nan"}, "value: 'nan' is no number"),
        ({"value": "-1", "scale": "log"}, "below zero, which the scale log does not take"),
        ({"measure": "fighters_lost", "arguments": "side government", "value": "record"}, "not told by the record of small"),
        ({"until": "June"}, "'June' is no date"),
        ({"source": ""}, "source: is blank"),
        ({"scenario": "smal"}, r"is not among the scenarios given \(nearest valid: small\)"),
        ({"days": "1.5"}, "no whole number"),
    ],
)
def test_a_row_at_fault_is_named_with_what_is_wrong(small: Scenario, tmp_path: Path, change: dict[str, str], says: str) -> None:
    with pytest.raises(RunRefused, match=says):
        targets_of([small], table=table(tmp_path, {**ROW, **change}))


def test_all_faults_are_said_at_once(small: Scenario, tmp_path: Path) -> None:
    bad = table(tmp_path, {**ROW, "scale": "x", "error": "-1"}, {**ROW, "measure": "none"})
    with pytest.raises(RunRefused) as refused:
        targets_of([small], table=bad)
    assert all(word in str(refused.value) for word in ("row 2, scale", "row 2, error", "row 3, measure"))


def test_columns_are_named_where_they_are_wrong(small: Scenario, tmp_path: Path) -> None:
    path = tmp_path / "targets.csv"
    path.write_text("target,measures\na,b\n", "utf-8")
    with pytest.raises(RunRefused, match=r"no column 'measures' \(nearest valid: measure\).*the column scenario is missing"):
        targets_of([small], table=path)


def test_an_empty_table_and_a_missing_one_are_refused(small: Scenario, tmp_path: Path) -> None:
    with pytest.raises(RunRefused, match="no target of it is left for small"):
        targets_of([small], table=table(tmp_path))
    with pytest.raises(RunRefused, match="There is no file"):
        targets_of([small], table=tmp_path / "none.csv")
    (tmp_path / "empty.csv").write_text("", "utf-8")
    with pytest.raises(RunRefused, match="column target is missing"):
        targets_of([small], table=tmp_path / "empty.csv")


def test_a_scored_campaign_is_not_among_its_own_targets(small: Scenario, tmp_path: Path) -> None:
    with pytest.raises(RunRefused, match="small is scored, and may not be among its own targets"):
        targets_of([small], table=table(tmp_path, {**ROW, "campaign": "small"}), scored=[small])


def test_nothing_from_after_the_start_of_a_scored_campaign_enters(small: Scenario, tmp_path: Path) -> None:
    start = earliest_start(small).isoformat()
    with pytest.raises(RunRefused, match=f"begins on {start}, and this looks at {start}"):
        targets_of([small], table=table(tmp_path, {**ROW, "until": start}), scored=[small])
    assert targets_of([small], table=table(tmp_path, {**ROW, "until": "2013-01-01"}), scored=[small])


def test_a_scenario_given_twice_is_refused(small: Scenario) -> None:
    with pytest.raises(RunRefused, match="more than once"):
        targets_of([small, small])


def test_a_scenario_without_rows_is_fitted_to_what_its_record_says_of_its_outcomes(small: Scenario) -> None:
    own = [target for target in targets_of([small]) if target.campaign == "small"]
    assert own
    assert all(target.key.endswith("@small") and target.is_one for target in own)
    assert not [target for target in targets_of([small], scored=[small]) if target.campaign == "small"]


def test_the_shipped_table_keeps_the_flagship_apart_from_its_own_record() -> None:
    fitted, scored = load("qusayr-2013"), load("qalamoun-2013")
    targets = targets_of([fitted], scored=[scored])
    assert {target.campaign for target in targets} == {"qusayr-2013", ""}
    assert max(target.until for target in targets if target.until) < earliest_start(scored)
    assert len({target.key for target in targets}) == len(targets) >= 8


def test_the_shipped_table_leaves_a_campaign_out_of_the_fit_that_it_is_scored_with() -> None:
    campaign = load("qusayr-2013")
    targets = targets_of([campaign], scored=[campaign])
    assert {target.campaign for target in targets} == {""}
    assert max(target.until for target in targets if target.until) < date(2013, 4, 4)
