"""Waves of displaced people beside the record: which counts are scored, since when, and of which replicates; on paper."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from fabricated_run import fabricated_kernels
from keyterrain.analysis.backtest.episodes import WINDOW_DAYS
from keyterrain.analysis.backtest.question import Target, backtest
from keyterrain.analysis.backtest.scores import FEW_EPISODES
from keyterrain.analysis.backtest.waves import (
    LEAST_GIVEN,
    CountAfterStart,
    Gains,
    counts_after,
    gains,
    gains_given,
    score_counts,
    score_waves,
)
from keyterrain.analysis.measures.replicates import Replicates
from keyterrain.theatre import Scenario, check, load
from keyterrain.theatre.save import save
from scenarios import write_small_scenario
from stand_in_campaign import EVENT_SCHEMA

START = date(2013, 11, 22)
SINCE = "2013-12-04"


def count(on: str, origin: str, people: int, since: str = "", host: str = "border-town") -> dict[str, str]:
    return {
        "date": on, "origin": origin, "host": host, "cum_persons": str(people), "since": since, "source": "press", "grade": "B2",
        "known_on": on,
    }  # fmt: skip


def small(folder: Path, *rows: dict[str, str], **changes: Any) -> Scenario:
    return load(write_small_scenario(folder / "small", displacement=list(rows), **changes))


# Which counts are scored, and since when


def test_a_series_that_had_begun_counts_from_what_had_come_by_the_start(tmp_path: Path) -> None:
    rows = [count("2013-11-06", "highway-town", 1200), count("2013-11-16", "highway-town", 2200)]
    rows += [count("2013-12-02", "highway-town", 4500)]
    (found,), left_out = counts_after(small(tmp_path, *rows), START, 60)
    assert (found.gain, found.since, found.from_day, found.day) == (2300.0, START, 0, 10)
    assert found.before == 100.0
    assert found.not_given == "the series had begun before the start"
    assert left_out == ()


def test_a_wave_counts_from_the_evening_that_the_record_says(tmp_path: Path) -> None:
    rows = [count("2013-12-08", "highway-town", 700, SINCE), count("2013-12-12", "highway-town", 900, SINCE)]
    found, _ = counts_after(small(tmp_path, *rows), START, 60)
    assert [(each.gain, each.since, each.from_day, each.day) for each in found] == [
        (700.0, date(2013, 12, 4), 12, 16),
        (900.0, date(2013, 12, 4), 12, 20),
    ]
    assert {each.attacked for each in found} == {("highway-town",)}
    assert len({each.wave for each in found}) == 1


def test_what_cannot_be_told_from_what_came_before_the_start_is_left_out_with_the_reason(tmp_path: Path) -> None:
    scenario = small(tmp_path, count("2013-12-02", "highway-town", 4500, "2013-11-16"))
    found, (left_out,) = counts_after(scenario, START, 60)
    assert found == ()
    assert left_out.why == "counted since 2013-11-16, and nothing says how many of them had come by the start"
    (same,), none = counts_after(scenario, date(2013, 11, 16), 60)
    assert (same.gain, same.from_day, none) == (4500.0, 0, ())


def test_of_an_area_the_places_count_that_the_record_saw_change_hands_then(tmp_path: Path) -> None:
    rows = [count("2014-01-20", "hills", 50, "2014-01-15"), count("2013-12-10", "hills", 70, SINCE)]
    rows += [count("2014-01-20", "the mountains", 50, "2014-01-15"), count("2013-12-10", "highway-town", 90)]
    found, _ = counts_after(small(tmp_path, *rows), START, 60)
    given = {(each.origin, each.on.isoformat()): (each.attacked, each.not_given) for each in found}
    assert given["hills", "2014-01-20"] == (("hill-village",), "")
    assert given["hills", "2013-12-10"] == (("hill-village", "hill-fort", "high-pass"), "")
    assert given["the mountains", "2014-01-20"] == ((), "the origin is neither a place nor an area of the theatre")
    assert given["highway-town", "2013-12-10"] == ((), "the record does not say since when they were counted")


def test_how_fast_a_host_had_filled_is_of_what_was_known_at_the_start(tmp_path: Path) -> None:
    scenario = small(
        tmp_path, count("2013-12-08", "highway-town", 700, SINCE), count("2013-12-08", "hills", 9, SINCE, "neighbour")
    )
    filling = {each.host: each.filling for each in counts_after(scenario, START, 60)[0]}
    assert filling == {"border-town": 1800 / 52, "neighbour": 0.0}  # since 1 October, 1,800 known on 21 November
    earlier, *_ = counts_after(scenario, date(2013, 11, 14), 60)[0]
    assert earlier.filling == 1500 / 44


# What replicates say of them


def replicates(n_displaced: list[list[int]], assaults: list[tuple[int, int, str]]) -> Replicates:
    """People at one host, evening by evening; assaults by replicate, day and place."""
    arrays = {"n_displaced": np.array(n_displaced)[:, :, None]}
    labels = {"day": list(range(len(n_displaced[0]))), "host": ["refuge"], "place": ["home", "far"], "side": ["army"]}
    rows = [
        {"replicate": 7 + i, "day": day, "kind": kind, "place": place, "side": "army", "cause": "", "number": 0}
        for i, day, place in assaults
        for kind in ("assault", "flight")
    ]
    rows.append({"replicate": 7, "day": 1, "kind": "capture", "place": "home", "side": "army", "cause": "", "number": 0})
    return Replicates(arrays, labels, None, 7, len(n_displaced), pa.Table.from_pylist(rows, schema=EVENT_SCHEMA))  # type: ignore[arg-type]


def wave(from_day: int, day: int, gain: float, **changes: Any) -> CountAfterStart:
    fields = {"before": 0.0, "filling": 0.0, "attacked": ("home",), "not_given": ""} | changes
    return CountAfterStart(START, day, START, from_day, "refuge", "home", gain, grade="B2", **fields)


def test_people_are_counted_from_their_evening_and_given_the_attack_from_the_evening_before_it() -> None:
    there = [[100, 100, 160, 190, 200, 500, 505], [100, 100, 100, 100, 180, 230, 240], [100, 90, 90, 80, 80, 80, 80]]
    played = replicates(there, [(0, 5, "home"), (0, 2, "home"), (1, 4, "home"), (2, 2, "far")])
    counts = [wave(1, 3, 50.0), wave(0, 3, 50.0, attacked=("home", "far")), wave(2, 5, 1.0, attacked=(), not_given="why")]
    assert gains(counts, played).tolist() == [[90, 90, 340], [0, 0, 130], [-10, -20, -10]]
    found = gains_given(counts, played)
    assert found[0, :2].tolist() == [190 - 100, 200 - 100]
    assert found[1, :2].tolist() == [230 - 100, 240 - 100]
    assert np.isnan(found[2, 0])
    assert found[2, 1] == 80 - 90
    assert np.isnan(found[:, 2]).all()


def test_an_attack_outside_the_window_or_too_late_to_be_followed_is_none() -> None:
    last = 30
    there = [list(range(last + 1))] * 4
    days = [3, 1 + WINDOW_DAYS + 3, 2 + WINDOW_DAYS + 3, 28]
    played = replicates(there, [(i, day, "home") for i, day in enumerate(days)])
    assert gains_given([wave(3, 8, 1.0)], played)[:, 0].tolist()[:2] == [5.0, 5.0]
    assert np.isnan(gains_given([wave(3, 8, 1.0)], played)[2:, 0]).all()
    assert np.isnan(gains_given([wave(27, 32, 1.0)], played)[3, 0])
    assert gains_given([wave(3, 8, 1.0)], played, math.inf)[:3, 0].tolist() == [5.0, 5.0, 5.0]
    assert np.isnan(gains_given([wave(3, 8, 1.0)], played, math.inf)[3, 0])


def test_a_count_is_scored_beside_rivals_and_given_the_attack_only_where_enough_replicates_have_it() -> None:
    one = wave(2, 12, 1000.0, before=30.0, filling=150.0)
    gain, given = np.full((100, 1), 400.0), np.full((100, 1), math.nan)
    given[: LEAST_GIVEN - 1] = 900.0
    (few,) = score_counts([one], Gains(gain, given, np.full_like(gain, 950.0)))
    assert (few.whenever.n, few.whenever.median, few.whenever.crps) == (100, 950.0, 50.0)
    assert (few.median, few.low, few.high, few.crps) == (400.0, 400.0, 400.0, 600.0)
    assert few.baselines == {"nothing comes": 1000.0, "goes on as before": 700.0, "fills as so far": 500.0}
    assert math.isnan(few.given.median)
    assert few.given.why == f"attacked about then in {LEAST_GIVEN - 1} of 100 replicates; {LEAST_GIVEN} are needed"
    given[LEAST_GIVEN - 1] = 900.0
    (enough,) = score_counts([one], Gains(gain, given, gain))
    assert (enough.given.n, enough.given.median, enough.given.crps, enough.given.why) == (LEAST_GIVEN, 900.0, 100.0, "")


def test_the_crps_is_the_mean_distance_less_half_the_spread() -> None:
    gain = np.arange(0.0, 50.0)[:, None] ** 2
    nobody = np.full_like(gain, math.nan)
    (found,) = score_counts([wave(0, 5, 700.0)], Gains(gain, nobody, nobody))
    expected = np.abs(gain - 700.0).mean() - np.abs(gain - gain.T).mean() / 2
    assert found.crps == pytest.approx(expected)


def test_counts_of_one_wave_are_one_episode() -> None:
    counts = [wave(0, day, 100.0 * day) for day in (1, 2, 3)]
    nobody = np.full((30, 3), math.nan)
    scores = score_counts(counts, Gains(np.zeros((30, 3)), nobody, nobody))
    alone = score_waves(counts, scores, seed=1)
    assert (alone.score, alone.n, alone.n_episodes, alone.verdict) == (200.0, 3, 1, "cannot tell")
    assert alone.why == f"1 wave in the record, and {FEW_EPISODES} are needed"
    nothing = score_waves([], (), seed=1)
    assert (nothing.n, nothing.verdict) == (0, "cannot tell")


@pytest.mark.parametrize(("n", "verdict"), [(FEW_EPISODES - 1, "cannot tell"), (FEW_EPISODES, "better")])
def test_a_perfect_forecast_of_few_waves_tells_nothing(n: int, verdict: str) -> None:
    counts = [replace(wave(0, 5, 100.0 + i), origin=f"home-{i}") for i in range(n)]
    nobody = np.full((30, n), math.nan)
    told = np.tile([count.gain for count in counts], (30, 1))
    found = score_waves(counts, score_counts(counts, Gains(told, nobody, nobody)), seed=1)
    assert (found.score, found.n_episodes, found.verdict) == (0.0, n, verdict)


# The whole, and faults


def test_a_backtest_scores_the_waves_of_its_record(tmp_path: Path) -> None:
    rows = [count("2013-12-10", "highway-town", 900, SINCE), count("2014-01-19", "hills", 300, "2014-01-17")]
    scenario = small(tmp_path, *rows, count("2013-12-02", "capital", 10, "2013-11-16"))
    (campaign,) = backtest([Target(scenario)], replicates=12, seed=1, kernels=fabricated_kernels()).campaigns
    assert [(each.origin, each.since.isoformat(), each.observed) for each in campaign.counts] == [
        ("highway-town", SINCE, 900.0),
        ("hills", "2014-01-17", 300.0),
    ]
    assert (campaign.waves.n, campaign.waves.n_episodes) == (2, 2)
    assert campaign.waves.score == pytest.approx(np.mean([each.crps for each in campaign.counts]))
    assert [each.origin for each in campaign.counts_left_out] == ["capital"]
    assert all("of 12 replicates" in each.given.why for each in campaign.counts)
    assert load(save(scenario, tmp_path / "again")) == scenario


def test_faults_of_counts_are_found_all_at_once(tmp_path: Path) -> None:
    rows = [
        count("2013-12-10", "highway-town", 900, "2013-12-10"),
        count("2013-12-10", "hills", 900, "soon"),
        count("2013-12-10", "hills", 900, SINCE),
        count("2013-12-12", "hills", 800, SINCE),
        count("2013-12-14", "hills", 800, "2013-12-13"),
    ]
    folder = write_small_scenario(tmp_path / "small", displacement=rows)
    found = {(fault.file, fault.row, fault.field): fault.what for fault in check(folder).faults}
    of_record = {(row, field) for file, row, field in found if file == "record/displacement.csv"}
    assert of_record == {(2, "since"), (3, "since"), (5, "cum_persons")}
    assert "not before the day of the count" in found["record/displacement.csv", 2, "since"]
    assert "fewer than on 2013-12-10" in found["record/displacement.csv", 5, "cum_persons"]
