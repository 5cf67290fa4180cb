"""Forecasts scored: scores against others' code, the record by hand, rivals by hand, and controls that must tell nothing."""

from __future__ import annotations

import math
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.stats import kendalltau

from fabricated_run import fabricated_kernels
from keyterrain.analysis.backtest.episodes import episodes, joined, resamplings
from keyterrain.analysis.backtest.happened import happened
from keyterrain.analysis.backtest.hazards import AGE_EDGES
from keyterrain.analysis.backtest.question import Target, backtest
from keyterrain.analysis.backtest.risk import at_risk, scored_sides
from keyterrain.analysis.backtest.rivals import hazards_before, rivals
from keyterrain.analysis.backtest.scores import (
    BIN_EDGES,
    LOG_FLOOR,
    brier,
    calibration,
    crps_of_time,
    log_score,
    order_score,
    scored,
)
from keyterrain.campaign.errors import RunRefused
from keyterrain.theatre import Scenario, ScenarioFaults, check, load
from keyterrain.theatre.nouns import ControlRow
from keyterrain.theatre.save import save
from scenarios import Rows, write_small_scenario

START = date(2013, 11, 22)


def small(folder: Path, **changes: Any) -> Scenario:
    return load(write_small_scenario(folder / "small", **changes))


def row(on: str, place: str, holder: str, **changes: str) -> dict[str, str]:
    known = changes.pop("known_on", on)
    bare = {
        "date": on,
        "place": place,
        "holder": holder,
        "contested_by": "",
        "weight": "",
        "precision_days": "0",
        "how": "assault",
    }
    return {**bare, "source": "report", "grade": "B2", "known_on": known, **changes}


def after(*more: dict[str, str]) -> Any:
    """The record up to the start, and then these rows alone."""
    return lambda rows: [each for each in rows if each["date"] <= START.isoformat()] + list(more)


# Scores


def test_scores_of_certain_outcomes_are_those_of_scoringrules() -> None:
    scoringrules = pytest.importorskip("scoringrules")
    p, o = np.array([0.0, 0.1, 0.5, 0.97, 1.0]), np.array([0.0, 1.0, 1.0, 0.0, 1.0])
    assert brier(p, o) == pytest.approx(scoringrules.brier_score(o, p))
    kept = p.clip(LOG_FLOOR, 1 - LOG_FLOOR)
    assert log_score(p, o) == pytest.approx(scoringrules.log_score(o, kept))


def test_the_score_of_a_doubtful_outcome_is_the_mean_over_what_may_have_happened() -> None:
    p = np.array([0.3])
    assert brier(p, np.array([0.25]))[0] == pytest.approx(0.25 * 0.7**2 + 0.75 * 0.3**2)
    assert log_score(p, np.array([0.25]))[0] == pytest.approx(-0.25 * math.log(0.3) - 0.75 * math.log(0.7))


def test_the_score_of_capture_times_is_the_crps_of_censored_times() -> None:
    from scoringrules import crps_ensemble

    horizon, when, fell = 20, np.array([3, 3, 8, 15, 40, 40]), 6
    days = np.arange(horizon + 1)
    taken = (when[:, None] <= days).mean(axis=0)[:, None]
    fact = (fell <= days).astype(float)[:, None]
    expected = crps_ensemble(float(min(fell, horizon)), np.minimum(when, horizon).astype(float), backend="numpy")
    assert crps_of_time(taken, fact)[0] == pytest.approx(float(expected))


def test_a_perfect_forecast_has_full_skill_and_a_rival_against_itself_none() -> None:
    outcome = np.array([1.0, 1.0, 1.0, 0.0, 0.0, 0.0])
    units = ["a", "b", "c", "d", "e", "f"]
    nothing = brier(np.zeros(6), outcome)
    perfect = scored(brier(outcome, outcome), {"nothing changes": nothing}, units, outcome, seed=1)
    assert (perfect.skill, perfect.verdict, perfect.score) == (1.0, "better", 0.0)
    same = scored(nothing, {"nothing changes": nothing}, units, outcome, seed=1)
    assert (same.skill, same.verdict) == (0.0, "cannot tell")
    wrong = scored(brier(1 - outcome, outcome), {"nothing changes": nothing}, units, outcome, seed=1)
    assert wrong.verdict == "worse"


def test_one_episode_tells_nothing_however_good_the_forecast() -> None:
    outcome = np.array([1.0, 1.0, 1.0, 0.0])
    one = scored(brier(outcome, outcome), {"nothing": brier(np.zeros(4), outcome)}, ["a", "a", "a", "d"], outcome, seed=1)
    assert one.verdict == "cannot tell"
    assert one.why.startswith("1 episode ")
    assert one.n_episodes == 1


def test_intervals_are_wider_where_places_fell_together() -> None:
    outcome = np.tile([1.0, 0.0], 12)
    own, rival = brier(np.full(24, 0.4), outcome), {"nothing": brier(np.zeros(24), outcome)}
    alone = scored(own, rival, [str(each) for each in range(24)], outcome, seed=1)
    together = scored(own, rival, [str(each // 8) + str(each % 2) for each in range(24)], outcome, seed=1)
    assert together.high - together.low > 1.3 * (alone.high - alone.low)


def test_places_that_are_not_scored_any_more_do_not_count() -> None:
    outcome = np.array([1.0, np.nan, 0.0])
    score = scored(brier(np.array([1.0, 0.9, 0.0]), outcome), {"nothing": brier(np.zeros(3), outcome)}, list("abc"), outcome, 1)
    assert (score.n, score.score) == (2, 0.0)
    assert scored(np.array([np.nan]), {"nothing": np.array([np.nan])}, ["a"], np.array([np.nan]), 1).why == "nothing is scored"


def test_resampling_keeps_what_fell_together_together() -> None:
    weights = resamplings(3, ["a", "b", "a", "c"], rounds=200)
    assert (weights[:, 0] == weights[:, 2]).all()
    assert not (weights[:, 0] == weights[:, 1]).all()
    assert weights[:, [0, 1, 3]].sum(axis=1).tolist() == [3.0] * 200


def test_calibration_counts_what_came_true() -> None:
    forecast, outcome = np.array([0.01, 0.01, 0.5, 0.5, 1.0]), np.array([0.0, 0.0, 1.0, 0.0, 1.0])
    bins = calibration(forecast, outcome, list("abcde"), seed=1)
    assert [(each.n, each.happened) for each in bins] == [(2, 0.0), (2, 0.5), (1, 1.0)]
    assert bins[-1].high_edge == BIN_EDGES[-1]


def test_the_order_of_capture_is_kendalls() -> None:
    own, fell = np.array([5.0, 9.0, 7.0, 3.0, 99.0]), np.array([10.0, 30.0, 12.0, 11.0, np.nan])
    units = ["a", "b", "c", "d", "e"]
    found = order_score(own, {"reversed": -own, "none": np.ones(5)}, fell, units, seed=1)
    assert found.tau == pytest.approx(kendalltau(own[:4], fell[:4]).statistic)
    assert found.baselines["reversed"] == pytest.approx(-found.tau)
    assert math.isnan(found.baselines["none"])
    assert found.n == 4
    assert math.isnan(order_score(own, {}, np.full(5, np.nan), units, seed=1).tau)


def test_places_of_different_campaigns_are_not_ranked_against_each_other() -> None:
    own, fell = np.array([1.0, 2.0, 50.0, 40.0]), np.array([10.0, 20.0, 1.0, 2.0])
    found = order_score(own, {}, fell, list("abcd"), 1, campaigns=[0, 0, 1, 1])
    assert found.tau == 0.0  # the same order in one, the opposite in the other
    assert order_score(own, {}, fell, list("abcd"), 1).tau != 0.0


# What is at risk, and what happened


def test_the_scored_side_is_the_one_that_sets_out_to_take_ground(tmp_path: Path) -> None:
    scenario = small(tmp_path)
    assert scored_sides(scenario, scenario.situation()) == ("government",)
    both = {side: {"raid": "1", "source": "assumption"} for side in ("government", "opposition")}
    other = small(tmp_path / "both", policies=both)
    assert scored_sides(other, other.situation()) == ("government", "opposition")
    declared = small(tmp_path / "declared", backtest={"side": "opposition"})
    assert scored_sides(declared, declared.situation()) == ("opposition",)


def test_what_is_contested_or_doubtful_at_the_start_is_left_out_with_the_reason(tmp_path: Path) -> None:
    scenario = small(tmp_path, backtest={"leave_out": ["high-pass"]})
    found = at_risk(scenario, scenario.situation())
    assert [each.place.key for each in found.places] == ["highway-town", "hill-village"]
    assert all(each.takers == ("government",) for each in found.places)
    assert {each.place: each.why for each in found.left_out} == {
        "orchards": "contested at the start",
        "hill-fort": "accounts of who held it at the start contradict each other",
        "high-pass": "left out by the scenario",
    }


def test_what_had_fallen_before_the_start_and_was_reported_after_it_is_left_out(tmp_path: Path) -> None:
    scenario = small(tmp_path, control=after(row("2013-11-20", "hill-village", "government", known_on="2013-11-30")))
    found = {each.place: each.why for each in at_risk(scenario, scenario.situation()).left_out}
    assert "reported only after" in found["hill-village"]


def test_the_record_after_the_start_changes_nothing_of_the_set_or_the_rivals(tmp_path: Path) -> None:
    full, cut = small(tmp_path / "full"), small(tmp_path / "cut", control=after())
    sets = [at_risk(each, each.situation()) for each in (full, cut)]
    assert sets[0] == sets[1]
    one, other = (rivals(each, each.situation(), sets[0], 50) for each in (full, cut))
    assert all((one[name] == other[name]).all() for name in one)


@pytest.mark.parametrize(
    ("rows", "held", "taken"),
    [
        ([row("2013-11-27", "hill-village", "government")], {4: 0.0, 5: 1.0, 20: 1.0}, {4: 0.0, 5: 1.0}),
        ([row("2013-11-27", "hill-village", "government", precision_days="1")], {3: 0.0, 4: 1 / 3, 5: 2 / 3, 6: 1.0}, {4: 1 / 3}),
        ([row("2013-11-27", "hill-village", "opposition", contested_by="government")], {20: 0.0}, {20: 0.0}),
        ([row("2013-11-27", "hill-village", "government", grade="C4")], {4: 0.0, 5: 0.5, 20: 0.5}, {20: 0.5}),
        ([row("2013-11-27", "hill-village", "government", grade="E5")], {4: 0.0, 5: math.nan}, {5: math.nan}),
        ([row("2013-11-27", "hill-village", "government", how="truce")], {4: 0.0, 5: math.nan}, {5: math.nan}),
        ([row("2013-11-27", "hill-village", "neutral", how="")], {4: 0.0, 5: math.nan}, {5: math.nan}),
        (
            [
                row("2013-11-27", "hill-village", "government", weight="0.25"),
                row("2013-11-27", "hill-village", "opposition", weight="0.75"),
            ],
            {5: 0.25},
            {5: 0.25},
        ),
        (
            [row("2013-11-27", "hill-village", "government"), row("2013-12-02", "hill-village", "opposition")],
            {5: 1.0, 9: 1.0, 10: 0.0},
            {5: 1.0, 10: 1.0, 20: 1.0},
        ),
        ([], {20: 0.0}, {20: 0.0}),
    ],
    ids=[
        "fell",
        "doubtful day",
        "contested",
        "doubtful",
        "nobody can say",
        "truce",
        "passive",
        "rivals",
        "lost again",
        "nothing",
    ],
)
def test_the_record_is_read_as_stated(tmp_path: Path, rows: Rows, held: dict[int, float], taken: dict[int, float]) -> None:
    scenario = small(tmp_path, control=after(*rows))
    situation = scenario.situation()
    risk = at_risk(scenario, situation)
    column = [each.place.key for each in risk.places].index("hill-village")
    found = happened(scenario, situation, risk.places, 30)
    for values, expected in ((found.held, held), (found.taken, taken)):
        for day, chance in expected.items():
            assert values[day, column] == pytest.approx(chance, nan_ok=True)


def test_what_fell_within_days_and_near_is_one_episode(tmp_path: Path) -> None:
    scenario = small(tmp_path)
    places = at_risk(scenario, scenario.situation()).places  # high-pass, highway-town, hill-village
    keys = [each.place.key for each in places]
    near = episodes("x", places, [date(2013, 12, 1) if key != "highway-town" else None for key in keys])
    by_key = dict(zip(keys, near, strict=True))
    assert by_key["high-pass"] == by_key["hill-village"] != by_key["highway-town"]
    late = episodes("x", places, [date(2013, 12, 1 + 11 * number) for number in range(len(keys))])
    assert len(set(late)) == len(keys)
    shifted = [unit.replace("fell ", "fell later ") if "fell" in unit else unit for unit in near]
    shifted = [unit.replace("fell later", "fell 2014") for unit in shifted]
    one, other = joined([near, shifted], [places, places], ["x", "x"])
    assert one == other
    apart = joined([near, shifted], [places, places], ["x", "y"])
    assert apart[0] != apart[1]


# Rivals


def control(on: str, place: str, holder: str, contested_by: str = "") -> ControlRow:
    day = date.fromisoformat(on)
    return ControlRow(day, place, holder, contested_by, 1.0, 0.0, "", "report", "B2", day)


def test_hazards_are_falls_by_days_held() -> None:
    takers = {"government": frozenset[str](), "opposition": frozenset({"government"})}
    rows = [
        control("2013-01-01", "a", "opposition"),
        control("2013-01-05", "a", "opposition", "government"),  # contested: not lost yet
        control("2013-01-11", "a", "government"),  # fell at age 10
        control("2013-01-01", "b", "opposition"),
        control("2013-03-02", "b", "government"),  # fell at age 60
        control("2013-01-01", "c", "government"),  # theirs is not counted
        control("2014-01-01", "a", "opposition"),  # after the start
    ]
    found = hazards_before(rows, date(2013, 4, 11), takers)
    assert AGE_EDGES == (0, 30, 120)
    assert found.falls == (1.0, 1.0, 0.0)
    assert found.days == (40.0, 30.0, 0.0)
    assert found.constant == pytest.approx(2 / 70)
    assert found.by_age[0] == pytest.approx((1 + 1) / (40 + 35))
    assert hazards_before([], date(2013, 4, 11), takers).constant == 0.0


def test_the_rivals_are_what_they_say(tmp_path: Path) -> None:
    told = [
        {"forecaster": "A paper", "ground": "hills", "by": "2013-12-22", "p": "0.6", "source": "press", "known_on": "2013-11-22"}
    ]
    folder = write_small_scenario(tmp_path / "small")
    header = "forecaster,ground,by,p,source,known_on\n"
    (folder / "record" / "forecasts.csv").write_text(header + ",".join(told[0].values()) + "\n", encoding="utf-8")
    scenario = load(folder)
    situation = scenario.situation()
    risk = at_risk(scenario, situation)
    found = rivals(scenario, situation, risk, 60)
    assert list(found) == ["nothing changes", "constant hazard", "hazard by age", "nearest first", "A paper"]
    assert not found["nothing changes"].any()
    for name, chances in found.items():
        assert (np.diff(chances, axis=0) >= 0).all(), name
        assert not chances[0].any(), name
    keys = [each.place.key for each in risk.places]
    assert found["A paper"][[15, 30, 60], keys.index("hill-village")].tolist() == pytest.approx([0.3, 0.6, 0.6])
    assert not found["A paper"][:, keys.index("highway-town")].any()
    assert "A paper" not in rivals(scenario, scenario.situation(date(2013, 11, 14)), risk, 60)
    assert load(save(scenario, tmp_path / "again")) == scenario


# The whole


@pytest.fixture(scope="module")
def answered(tmp_path_factory: pytest.TempPathFactory) -> Any:
    scenario = small(tmp_path_factory.mktemp("played"))
    return backtest([Target(scenario)], horizons=(20, 40, 90), replicates=30, seed=2, kernels=fabricated_kernels())


def test_a_backtest_says_what_it_scored_and_what_not(answered: Any) -> None:
    (campaign,) = answered.campaigns
    assert set(campaign.scores.brier) == {20, 40}
    assert campaign.not_scored == {90: "the run lasts 60 days"}
    assert campaign.replicates == 30
    fell = {each.place: each.fell_on for each in campaign.places}
    assert fell == {"high-pass": None, "highway-town": date(2013, 12, 8), "hill-village": date(2014, 1, 20)}
    assert campaign.scores.brier[20].n_fallen == 1.0
    assert campaign.scores.brier[20].verdict == "cannot tell"
    assert answered.pooled is campaign.scores
    assert campaign.corridors == ()
    assert [count.observed for count in campaign.counts] == [3300.0, 900.0]


def test_the_same_campaign_twice_has_no_more_episodes(tmp_path: Path) -> None:
    scenario = small(tmp_path)
    kernels = fabricated_kernels()
    once = backtest([Target(scenario)], horizons=(60,), replicates=10, kernels=kernels)
    twice = backtest([Target(scenario), Target(scenario, date(2013, 11, 14))], horizons=(60,), replicates=10, kernels=kernels)
    assert twice.pooled.brier[60].n_episodes == once.pooled.brier[60].n_episodes
    assert twice.pooled.brier[60].n > once.pooled.brier[60].n


def test_a_record_without_a_later_day_cannot_tell(tmp_path: Path) -> None:
    scenario = small(tmp_path, control=after())
    found = backtest([Target(scenario)], replicates=4, kernels=fabricated_kernels())
    assert found.pooled.brier == {}
    assert found.pooled.brier_integral.verdict == "cannot tell"
    assert found.pooled.brier_integral.why == "nothing is scored"
    assert set(found.campaigns[0].not_scored.values()) == {"the run lasts 60 days", "the record has nothing after the start"}


def test_what_cannot_be_scored_is_refused() -> None:
    with pytest.raises(RunRefused, match="nothing to score"):
        backtest([])


def test_faults_of_the_declaration_are_found(tmp_path: Path) -> None:
    declared = {"side": "goverment", "ground": ["hils"], "leave_out": ["hill-forts"], "blind": "perhaps", "blnd": "true"}
    folder = write_small_scenario(tmp_path / "small", backtest=declared)
    header = "forecaster,ground,by,p,source,known_on\n"
    rows = "A,hils,2013-12-22,0.5,press,2013-11-22\nA,hills,soon,1.5,press,2013-11-22\n"
    (folder / "record" / "forecasts.csv").write_text(header + rows, encoding="utf-8")
    found = {(fault.file, fault.row, fault.field): fault.nearest for fault in check(folder).faults}
    by_field = {field: near for (_, _, field), near in found.items()}
    assert by_field["backtest.side"] == "government"
    assert by_field["backtest.ground"] == "hills"
    assert by_field["backtest.leave_out"] == "hill-fort"
    assert by_field["backtest.blnd"] == "blind"
    assert "backtest.blind" in by_field
    assert {("record/forecasts.csv", 2, "ground"), ("record/forecasts.csv", 3, "by"), ("record/forecasts.csv", 3, "p")} <= set(
        found
    )
    with pytest.raises(ScenarioFaults):
        load(folder)
