"""Spillover: cases small enough for paper, independent codes, and series that must be told apart from chance, or must not."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
import pytest
from HawkesPyLib.core.compensator import uvhp_expo_compensator
from HawkesPyLib.core.logll import uvhp_expo_logL
from numpy.typing import NDArray
from scipy.stats import binom, kstest

from keyterrain.analysis.spillover import NamedIncident, SpilloverQuestion, SpilloverRefused, ask_spillover
from keyterrain.analysis.spillover.coincidence import coincidence, poisson_p
from keyterrain.analysis.spillover.contagion import fit_contagion, nearness_of
from keyterrain.analysis.spillover.followers import FollowerScan, Lags, box, scan_of
from keyterrain.analysis.spillover.hawkes import fit_hawkes, ratio_test
from keyterrain.analysis.spillover.incidents import closeness
from keyterrain.analysis.spillover.near_repeat import near_repeats
from keyterrain.analysis.spillover.power import power_of
from keyterrain.analysis.spillover.series import DailySeries, trend
from keyterrain.analysis.spillover.surrogates import CLUSTERED, NULLS, Null, surrogates
from keyterrain.analysis.spillover.verdict import verdict_of
from keyterrain.campaign.point_process import MarkedTimes, log_likelihood_of_kind, rescaled_times, simulated
from keyterrain.theatre.events.table import COLUMNS, EventTable

SEED = 11


def series(days: list[int], n_days: int, name: str = "series") -> DailySeries:
    return DailySeries.of(name, np.array(days, dtype=np.int64), 0, n_days - 1)


def pair(
    number: int, *, coupling: float, n_days: int = 2000, own: float = 0.4, fading: float = 2.0
) -> tuple[DailySeries, DailySeries]:
    """Two clustered series of some 300 events that rise together; an event of the first raises `coupling` of the second."""
    rate = 300 / n_days
    shape = np.linspace(0.3, 1.7, 9)
    founders = np.array([rate * (1 - own), rate * (1 - own) - rate * coupling])
    branching = np.array([[own, 0.0], [coupling, own]])
    events = simulated(SEED, number, float(n_days), founders[:, None] * shape, branching, np.full(2, 1.0 / fading))
    days = events.times.astype(np.int64)
    first, second = (DailySeries.of(f"kind {kind}", days[events.kinds == kind], 0, n_days - 1) for kind in (0, 1))
    return first, second


def p_of_pair(first: DailySeries, second: DailySeries) -> float:
    def scan(null: Null) -> FollowerScan:
        return FollowerScan.of(first, second, scan_of(7), trend_days=30.0, n_surrogates=99, null=null, seed=3)

    return max(scan(null).test().p for null in CLUSTERED)


# event coincidence analysis


def test_coincidences_are_counted_as_on_paper() -> None:
    triggers, followers = series([2, 10, 20], 30), series([1, 4, 12, 13, 29], 30)
    counted = coincidence(triggers, followers, window=3)
    assert (counted.preceded, counted.followed) == (3, 2)  # 4 after 2, 12 and 13 after 10; nothing after 20
    assert (counted.precursor_rate, counted.trigger_rate) == (3 / 5, 2 / 3)
    assert coincidence(triggers, followers, window=0, lag=2).preceded == 2
    assert coincidence(triggers, followers, window=2, lag=3).preceded == 1  # 13 alone lies 3 to 5 days after a trigger
    same = coincidence(series([5], 30), series([5], 30), window=0)
    assert (same.preceded, same.followed) == (1, 1)


def test_the_analytic_null_is_the_published_binomial() -> None:
    # q = 1 - (1 - (window + 1) / (days - lag))^n; P(K >= k) of n events
    q = 1 - (1 - 4 / 98) ** 7
    assert poisson_p(3, 5, 7, window=3, lag=2, n_days=100) == pytest.approx(1 - sum(binom.pmf(k, 5, q) for k in range(3)))
    assert poisson_p(0, 5, 7, window=3, lag=0, n_days=100) == 1.0


def test_scattered_events_coincide_as_often_as_the_analytic_null_says() -> None:
    luck = np.random.Generator(np.random.Philox(5))
    p = []
    for _ in range(400):
        first, second = (series(np.sort(luck.integers(0, 1000, 40)).tolist(), 1000) for _ in range(2))
        p.append(coincidence(first, second, window=4).p_precursor["poisson"])
    assert np.mean(np.array(p) <= 0.05) == pytest.approx(0.04, abs=0.03)
    assert np.mean(p) == pytest.approx(0.55, abs=0.06)


# surrogates


@pytest.mark.parametrize("null", NULLS)
def test_surrogates_keep_number_and_trend(null: Null) -> None:
    first, _ = pair(1, coupling=0.0)
    moved = surrogates(first, null, 200, 30.0, seed=1)
    if null != "blocks":
        assert (moved.sum(axis=1) == first.n).all()
    assert moved.sum(axis=1).mean() == pytest.approx(first.n, rel=0.05)
    halves = moved[:, :1000].sum(axis=1).mean() / moved.sum(axis=1).mean()
    assert halves == pytest.approx(first.counts[:1000].sum() / first.n, abs=0.04)
    assert not (moved[0] == moved[1]).all()


def clustering(counts: NDArray[Any]) -> float:
    """Mean product of what two days next to each other have beyond the trend, over the mean count."""
    rest = np.atleast_2d(counts) - trend(np.atleast_2d(counts), 30.0)
    return float((rest[:, 1:] * rest[:, :-1]).mean() / counts.mean())


def test_all_but_one_null_keep_clustering() -> None:
    first, _ = pair(2, coupling=0.0, own=0.6)
    own = clustering(first.counts)
    kept = {null: clustering(surrogates(first, null, 200, 30.0, seed=1)) for null in NULLS}
    assert kept["circular_shift"] == pytest.approx(own, rel=0.3)
    assert kept["blocks"] == pytest.approx(own, rel=0.35)
    assert kept["waiting_times"] > 0.3 * own
    assert abs(kept["rate"]) < 0.1 * own


def test_luck_of_surrogates_has_addresses() -> None:
    first, _ = pair(1, coupling=0.0)
    for null in NULLS:
        whole = surrogates(first, null, 6, 30.0, seed=1)
        np.testing.assert_array_equal(whole[3:], surrogates(first, null, 3, 30.0, seed=1, first=3))
        assert not (whole == surrogates(first, null, 6, 30.0, seed=2)).all()


def test_no_events_have_no_surrogates() -> None:
    assert surrogates(series([], 50), "circular_shift", 4, 10.0, seed=1).sum() == 0


# additional followers


def test_additional_followers_are_those_beyond_the_trend() -> None:
    triggers = series(list(range(50, 950, 100)), 1000)
    followers = series([day + 2 for day in triggers.days.tolist()], 1000)
    test = FollowerScan.of(triggers, followers, scan_of(5), trend_days=100.0, n_surrogates=199, seed=1).test()
    assert test.expected == pytest.approx(9 / 1000 * 5.5, rel=0.1)
    assert test.effect == pytest.approx(1 - test.expected, abs=0.08)
    assert test.p < 0.05


def test_a_pair_on_one_day_counts_half() -> None:
    assert box(3).weights == (0.5, 1.0, 1.0, 1.0)
    assert box(2).after(2).weights == (0.0, 0.0, 0.5, 1.0, 1.0)
    assert Lags("x", (1.0,)).after(1).weights == (0.0, 1.0)


def test_unconnected_clustered_series_with_a_common_trend_are_seldom_called_connected() -> None:
    found = [p_of_pair(*pair(number, coupling=0.0, own=0.5, fading=8.0)) <= 0.05 for number in range(80)]
    assert binom.sf(sum(found) - 1, len(found), 0.05) > 0.002  # benchmarks/spillover.py has a thousand


def test_the_plain_poisson_null_is_not_to_be_had_there() -> None:
    p = [coincidence(*pair(n, coupling=0.0, own=0.5, fading=8.0), window=2).p_precursor["poisson"] for n in range(120)]
    assert np.mean(np.array(p) <= 0.05) > 0.12


def test_coupled_series_are_found() -> None:
    found = [p_of_pair(*pair(number, coupling=0.2)) <= 0.05 for number in range(40)]
    assert binom.cdf(sum(found), len(found), 0.8) > 0.01


def test_the_direction_is_told_apart_on_later_days() -> None:
    first, second = pair(3, coupling=0.4, own=0.0)
    assert p_of_pair(first, second) <= 0.02
    there, back = (
        FollowerScan.of(*each, scan_of(7), trend_days=30.0, n_surrogates=199, seed=1).on_later_days()
        for each in ((first, second), (second, first))
    )
    assert there.lags[0].weights == (0.0, *(1.0,) * 7)
    assert there.test().p <= 0.02
    assert back.test().p > 0.05


def test_power_rises_with_the_effect_and_is_about_the_level_without_one() -> None:
    scan = FollowerScan.of(*pair(4, coupling=0.0), scan_of(7), trend_days=30.0, n_surrogates=99, seed=2)
    none, some, much = (power_of([scan], effect, 7, level=0.05, n_planted=60, seed=5).value for effect in (1e-9, 0.15, 0.6))
    assert none < 0.16
    assert none <= some <= much
    assert much > 0.95


def test_a_verdict_needs_events_and_coincidence_needs_power() -> None:
    assert verdict_of(0.01, 0.1, 50, 50) == "connected"
    assert verdict_of(0.3, 0.9, 50, 50) == "coincidence"
    assert verdict_of(0.3, 0.7, 50, 50) == "cannot tell"
    assert verdict_of(0.01, 0.9, 4, 50) == "cannot tell"


# the mutually exciting process


def test_the_log_likelihood_is_that_of_another_code() -> None:
    events = simulated(1, 0, 400.0, np.array([[0.5]]), np.array([[0.4]]), np.array([0.7]))
    for mu, eta, decay in ((0.5, 0.4, 0.7), (0.8, 0.1, 0.2), (0.2, 0.9, 3.0)):
        ours = log_likelihood_of_kind(events, 0, 400.0, np.array([mu]), np.array([eta]), decay).value
        assert ours == pytest.approx(-uvhp_expo_logL(np.array([mu, eta, 1 / decay]), events.times, 400.0), rel=1e-12)
    theirs = uvhp_expo_compensator(events.times, 0.5, 0.4, 1 / 0.7)
    ours = rescaled_times(events, 0, 400.0, np.array([0.5]), np.array([0.4]), 0.7)
    np.testing.assert_allclose(ours, theirs, rtol=1e-10)


def direct(events: MarkedTimes, kind: int, horizon: float, levels: NDArray[Any], branching: NDArray[Any], decay: float) -> float:
    """The same by its definition, every pair of events on its own."""
    knots = np.linspace(0.0, horizon, len(levels))
    total = -float(np.trapezoid(levels, knots))
    for t in events.times[events.kinds == kind]:
        before = events.times < t
        raised = branching[events.kinds[before]] * decay * np.exp(-decay * (t - events.times[before]))
        total += math.log(np.interp(t, knots, levels) + raised.sum())
    return total - float((branching[events.kinds] * (1 - np.exp(-decay * (horizon - events.times)))).sum())


def test_the_log_likelihood_is_that_of_the_definition_and_its_slope_its_derivative() -> None:
    truth = np.array([[0.3, 0.2], [0.1, 0.4]])
    events = simulated(2, 0, 200.0, np.array([[0.2, 0.4], [0.3, 0.1]]), truth, np.array([0.5, 0.2]))
    events = replace(events, times=np.where(np.arange(len(events.times)) == 6, events.times[5], events.times))  # a tie
    levels, branching, decay = np.array([0.3, 0.5, 0.2]), np.array([0.25, 0.1]), 0.4
    found = log_likelihood_of_kind(events, 1, 200.0, levels, branching, decay)
    assert found.value == pytest.approx(direct(events, 1, 200.0, levels, branching, decay), rel=1e-12)
    x = np.concatenate([levels, branching, [decay]])
    for i in range(len(x)):
        up, down = x.copy(), x.copy()
        up[i] += 1e-6
        down[i] -= 1e-6
        values = [log_likelihood_of_kind(events, 1, 200.0, y[:3].copy(), y[3:5].copy(), y[5]).value for y in (up, down)]
        assert found.gradient[i] == pytest.approx((values[0] - values[1]) / 2e-6, rel=1e-5, abs=1e-5)


def test_simulated_events_have_the_stationary_mean_and_rescale_to_poisson() -> None:
    branching = np.array([[0.3, 0.2], [0.1, 0.4]])
    levels, decays, horizon = np.array([[0.3], [0.2]]), np.array([0.5, 0.2]), 20_000.0
    events = simulated(7, 0, horizon, levels, branching, decays)
    expected = np.linalg.solve(np.eye(2) - branching, levels[:, 0])
    np.testing.assert_allclose(np.bincount(events.kinds) / horizon, expected, rtol=0.06)
    for kind in (0, 1):
        rescaled = rescaled_times(events, kind, horizon, levels[kind], branching[kind], decays[kind])
        assert kstest(np.diff(rescaled, prepend=0.0), "expon").pvalue > 0.001
        wrong = rescaled_times(events, kind, horizon, levels[kind], np.zeros(2), decays[kind])
        assert kstest(np.diff(wrong, prepend=0.0), "expon").pvalue < 0.001


def test_a_process_that_explodes_is_refused() -> None:
    with pytest.raises(ValueError, match="explodes"):
        simulated(1, 0, 10.0, np.array([[1.0]]), np.array([[1.0]]), np.array([1.0]))


def test_fitted_parameters_are_those_that_made_the_events() -> None:
    truth = np.array([[0.3, 0.0], [0.2, 0.4]])
    levels = np.array([[0.2, 0.6], [0.4, 0.1]])
    events = simulated(3, 0, 2500.0, levels, truth, np.array([0.3, 0.3]))
    fit = fit_hawkes(events, ("a", "b"), 2500.0, trend_days=90.0)
    np.testing.assert_allclose(fit.branching, truth, atol=0.11)
    for kind, row in zip(fit.kinds, truth, strict=True):
        assert (kind.low - 0.02 <= row).all()
        assert (row <= kind.high + 0.02).all()
        assert kind.p_fit > 0.001
    assert fit.kinds[0].fading_days == pytest.approx(1 / 0.3, rel=0.35)
    assert [kind.levels[-1] > kind.levels[0] for kind in fit.kinds] == [True, False]


def test_the_likelihood_ratio_finds_what_is_there_and_no_more() -> None:
    events = simulated(4, 0, 1000.0, np.array([[0.15], [0.1]]), np.array([[0.3, 0.0], [0.35, 0.3]]), np.array([0.3, 0.3]))
    fit = fit_hawkes(events, ("a", "b"), 1000.0, trend_days=90.0, intervals=False)
    assert ratio_test([events], fit, 1, 0, n_simulated=39, seed=1, by_day=False).p <= 0.05
    assert ratio_test([events], fit, 0, 1, n_simulated=39, seed=1, by_day=False).p > 0.05


# space


def test_contagion_along_roads_is_found_with_its_reach() -> None:
    km = np.abs(np.subtract.outer(range(6), range(6))) * 10.0
    luck = np.random.Generator(np.random.Philox(9))
    for eta in (0.0, 0.5):
        near, memory = nearness_of(km, 10.0), np.zeros(6)
        counts = np.zeros((3000, 6), dtype=np.int64)
        for day in range(3000):
            counts[day] = luck.poisson(0.06 + eta * near @ memory)
            memory = math.exp(-1 / 8) * memory + (1 - math.exp(-1 / 8)) * counts[day]
        fit = fit_contagion(counts, km, trend_days=1500.0, reaches=(5.0, 10.0, 40.0))
        assert fit.low <= eta <= fit.high
        assert (fit.low > 0.2) == (eta > 0)
        if eta:
            assert fit.reach_km == 10.0


def test_near_repeats_are_found_where_planted_and_not_elsewhere() -> None:
    luck = np.random.Generator(np.random.Philox(3))
    days, lat, lon = luck.integers(0, 365, 80), luck.uniform(33, 35, 80), luck.uniform(36, 37, 80)
    plain = near_repeats(days, lat, lon, n_permuted=199)
    repeated = near_repeats(np.concatenate([days, days + 1]), np.tile(lat, 2), np.tile(lon, 2), n_permuted=199)
    assert plain is not None
    assert repeated is not None
    assert plain.p_any > 0.05
    assert repeated.p_any <= 0.01
    assert repeated.ratio[0, 0] > 20
    assert near_repeats(days[:2], lat[:2], lon[:2]) is None


# named incidents


def test_closeness_of_an_incident_on_paper() -> None:
    alike, anything, triggers = series([20, 50, 80], 100), series(list(range(0, 100, 5)), 100), series([48, 90], 100)
    named = NamedIncident("x", date(1970, 2, 20), date(1970, 2, 18), "x")  # day 50 after day 48
    found = closeness(named, alike, anything, triggers, trend_days=30.0, n_surrogates=999, seed=1)
    assert found.lag == 2
    assert found.p["poisson"] == pytest.approx(1 - (1 - 3 / 100) ** 3)
    assert found.p_any["poisson"] == pytest.approx(1 - (1 - 3 / 100) ** 20)
    assert found.p_some_trigger["poisson"] == pytest.approx(1 - (1 - 6 / 100) ** 3)
    assert found.p["circular_shift"] == pytest.approx(0.09, abs=0.04)
    assert found.p_any["circular_shift"] > found.p["circular_shift"]
    same_day = closeness(replace(named, trigger_on=named.on), alike, anything, triggers, trend_days=30.0, n_surrogates=99, seed=1)
    assert same_day.lag == 0
    assert same_day.p["poisson"] == pytest.approx(1 - (1 - 1 / 100) ** 3)
    before = closeness(
        replace(named, trigger_on=date(1970, 2, 22)), alike, anything, triggers, trend_days=30.0, n_surrogates=99, seed=1
    )
    assert before.is_before
    assert before.p["poisson"] == found.p["poisson"]


# the whole question


def table_of(first: DailySeries, second: DailySeries, **columns: Callable[[int], object]) -> EventTable:
    days = np.concatenate([first.days, second.days])
    frame = pd.DataFrame(dict.fromkeys(COLUMNS, ""), index=range(len(days)))
    for name in ("lat", "lon", "weight", "low", "high", "place_precision"):
        frame[name] = np.nan
    for name in ("day", "first_day", "last_day"):
        frame[name] = days
    frame["country"] = np.repeat(["A", "B"], [first.n, second.n])
    for name, value in columns.items():
        frame[name] = [value(i) for i in range(len(days))]
    return EventTable(frame.sort_values("day", kind="stable", ignore_index=True), (("made.csv", "plain table"),))


QUESTION = SpilloverQuestion("country=A", "country=B", n_surrogates=99, n_planted=20, n_simulated=19)


def test_the_answer_holds_both_directions_and_says_why() -> None:
    answer = ask_spillover(table_of(*pair(3, coupling=0.4, own=0.0, fading=4.0)), QUESTION)
    assert answer.verdict == "connected"
    assert answer.there.p["likelihood_ratio"] == 0.05
    assert answer.back.p["likelihood_ratio"] > 0.05
    assert answer.back.p["later_days"] > 0.05
    assert answer.excitation is not None
    assert answer.excitation.difference > 0
    assert answer.excitation.difference_low < answer.excitation.difference < answer.excitation.difference_high
    assert answer.excitation.branching[1, 0] == pytest.approx(0.4, abs=0.2)
    assert answer.sentence.startswith("Connected: ")
    assert any("common cause" in warning for warning in answer.warnings)


def test_the_same_question_has_the_same_answer_and_another_seed_another_luck() -> None:
    table = table_of(*pair(5, coupling=0.0, n_days=400))
    answers = [ask_spillover(table, replace(QUESTION, seed=seed), with_excitation=False) for seed in (1, 1, 2)]
    assert answers[0].there.p == answers[1].there.p
    assert answers[0].there.p != answers[2].there.p
    assert answers[0].there.test.effect == answers[1].there.test.effect


def test_events_dated_worse_than_the_window_are_left_out_and_said() -> None:
    table = table_of(*pair(5, coupling=0.0, n_days=400))
    vague = table.frame.copy()
    vague.loc[vague.index[::4], "last_day"] += 8
    answer = ask_spillover(replace(table, frame=vague), QUESTION, with_excitation=False)
    assert answer.n_left_out == len(vague.index[::4])
    assert any("were left out" in warning for warning in answer.warnings)


def test_shared_reporting_is_said() -> None:
    first, _ = pair(5, coupling=0.0, n_days=400)
    answer = ask_spillover(table_of(first, first, source=lambda _: "one agency"), QUESTION, with_excitation=False)
    assert any("same source" in warning for warning in answer.warnings)
    assert any("one and the same day" in warning for warning in answer.warnings)


def test_what_cannot_be_asked_is_refused() -> None:
    table = table_of(*pair(5, coupling=0.0, n_days=400))
    with pytest.raises(SpilloverRefused, match="both filters"):
        ask_spillover(table, replace(QUESTION, followers="country=A|B"))
    with pytest.raises(SpilloverRefused, match="twice as many"):
        ask_spillover(table, replace(QUESTION, since=date(1970, 1, 3), until=date(1970, 1, 10)))
    outside = NamedIncident("x", date(1990, 1, 1), date(1990, 1, 1), "country=B")
    with pytest.raises(SpilloverRefused, match="outside the days"):
        ask_spillover(table, QUESTION, incidents=[outside], with_excitation=False)


def test_too_few_events_say_nothing() -> None:
    answer = ask_spillover(table_of(series([5, 90], 200), series([6, 91, 140], 200)), QUESTION)
    assert answer.verdict == answer.back.verdict == "cannot tell"
    assert answer.excitation is None
    assert "too few" in answer.sentence


def test_pairs_for_the_picture_lie_within_the_window() -> None:
    answer = ask_spillover(table_of(series([5, 50, 90], 200), series([6, 60, 91, 97, 98, 140], 200)), QUESTION)
    assert answer.there.pairs == ((0, 1), (85, 86), (85, 92))  # days from the first event on
    assert all(low <= high for low, high in pairwise(edge for edge in answer.there.test.histogram()[0]))
    assert answer.there.test.histogram()[1].sum() == QUESTION.n_surrogates


def test_every_declared_measure_of_events_is_read_and_bears_on_the_commentarys_claims() -> None:
    from keyterrain.analysis.claims import answer_claims
    from keyterrain.analysis.measures.events import event_measures
    from keyterrain.theatre import load
    from keyterrain.theatre.outcomes import MEASURES

    assert event_measures() == {name for name, measure in MEASURES.items() if measure.basis == "events"}
    asked = ["beirut-bombing-is-no-coincidence", "heard-across-the-region"]
    answers = answer_claims(load("qalamoun-2013"), only=asked, budget=2)
    assert answers.n_variants == 0
    embassy, heard = (answers.of(key) for key in asked)
    assert embassy.verdict == "not borne out"  # some incident abroad would have been as close by chance, whichever the dating
    assert [part.interval.value > 0.1 for part in embassy.parts[:2]] == [True, True]
    assert embassy.parts[2].interval.value < embassy.parts[1].interval.value  # fewer incidents to choose from
    assert heard.verdict == "cannot tell"
    assert heard.parts[0].interval.low < 0 < heard.parts[0].interval.high
