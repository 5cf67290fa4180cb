"""Intervals against scipy, against their nominal coverage, and where naive ones collapse."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from keyterrain.analysis.interval import FEW, level_of_each, looks, of_difference, of_mean, of_median


def luck(number: int) -> np.random.Generator:
    return np.random.Generator(np.random.Philox(key=number))


@pytest.mark.parametrize(("successes", "n"), [(0, 40), (40, 40), (3, 40), (21, 40)])
def test_a_probability_has_the_interval_of_wilson(successes: int, n: int) -> None:
    values = np.r_[np.ones(successes), np.zeros(n - successes)]
    expected = stats.binomtest(successes, n).proportion_ci(0.9, method="wilson")
    found = of_mean(values, "whether", 0.9)
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high), abs=1e-9)
    assert found.low < found.high


def test_a_mean_has_the_interval_of_student() -> None:
    values = luck(1).normal(3.0, 2.0, 50)
    expected = stats.ttest_1samp(values, 0.0).confidence_interval(0.95)
    found = of_mean(values, "number")
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high))


def test_a_paired_difference_has_the_interval_of_the_paired_test() -> None:
    first = luck(2).normal(3.0, 2.0, 60)
    second = first + luck(3).normal(0.1, 0.2, 60)
    expected = stats.ttest_rel(first, second).confidence_interval(0.95)
    found = of_difference(first, second, "number")
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high))


def test_undefined_replicates_are_left_out_and_counted() -> None:
    found = of_difference(np.array([1.0, np.nan, 3.0, 4.0]), np.array([0.0, 1.0, np.nan, 1.0]), "number")
    assert (found.value, found.n, found.n_played) == (2.0, 2, 4)


@pytest.mark.parametrize("kind", ["whether", "share"])
def test_agreement_of_all_replicates_is_no_certainty(kind: str) -> None:
    alike = np.full(200, 1.0)
    assert of_mean(alike, kind).low < 1.0
    assert of_difference(alike, alike, kind).low < 0.0 < of_difference(alike, alike, kind).high


def test_shares_that_hardly_ever_differ_are_not_trusted_more_than_zero_and_one() -> None:
    first = np.zeros(400)
    first[: FEW - 1] = 0.5
    naive = stats.ttest_1samp(first, 0.0).confidence_interval(0.95)
    assert of_difference(first, np.zeros(400), "share").high > naive.high


def test_numbers_that_never_differ_are_no_certainty_either() -> None:
    same = of_mean(np.full(250, 7.0), "number")
    assert same.low < same.value == 7.0 < same.high
    rare = np.zeros(250)
    rare[0] = 40.0
    assert of_mean(rare, "number").high > 40.0 / 250 * 3, "the chance of one in 250 may well be three times as large"


def test_the_matched_interval_covers_at_its_level_where_the_naive_one_does_not() -> None:
    n, p_gain, p_loss, rounds = 60, 0.03, 0.01, 2000
    drawn = luck(4).random((rounds, n))
    difference = np.where(drawn < p_gain, 1.0, np.where(drawn > 1 - p_loss, -1.0, 0.0))
    truth = p_gain - p_loss

    def coverage(low: np.ndarray, high: np.ndarray) -> float:
        return float(((low <= truth) & (truth <= high)).mean())

    matched = [of_difference(row, np.zeros(n), "whether") for row in difference]
    mean, error = difference.mean(axis=1), difference.std(axis=1, ddof=1) / np.sqrt(n)
    assert coverage(np.array([each.low for each in matched]), np.array([each.high for each in matched])) >= 0.94
    assert coverage(mean - 1.96 * error, mean + 1.96 * error) < 0.94


def test_looks_double_and_end_at_the_budget() -> None:
    assert looks(100) == (100,)
    assert looks(2000) == (250, 500, 1000, 2000)
    assert looks(600) == (250, 500, 600)


def test_looking_often_errs_no_more_often_than_looking_once() -> None:
    """Without an effect the chance that some look excludes 0 stays within 5 per cent; at 95 per cent each it would not."""
    schedule, rounds = looks(1000), 600
    noise = luck(5).normal(size=(rounds, schedule[-1]))

    def wrong(level: float) -> float:
        found = [[of_mean(row[:n], "number", level) for n in schedule] for row in noise]
        return float(np.mean([any(each.low > 0 or each.high < 0 for each in looked) for looked in found]))

    assert wrong(level_of_each(len(schedule))) <= 0.06
    assert wrong(0.95) > 0.07


@pytest.mark.parametrize("n", [1, 2, 5, 6, 10, 31, 60, 1200])
def test_a_median_has_the_interval_of_the_binomial_law(n: int) -> None:
    values = luck(n).gamma(2.0, 10.0, n)
    found = of_median(np.r_[values, np.nan])
    expected = stats.quantile_test(values, q=10.0, p=0.5).confidence_interval(0.95)
    smallest, largest = float(values.min()), float(values.max())
    assert found.low == pytest.approx(smallest if np.isnan(expected.low) else expected.low)
    assert found.high == pytest.approx(largest if np.isnan(expected.high) else expected.high)
    assert (found.value, found.n, found.n_played) == (float(np.median(values)), n, n + 1)


def test_a_median_of_nothing_is_undefined() -> None:
    assert np.isnan(of_median(np.array([np.nan])).value)
    assert of_median(np.zeros(0)).n == 0
