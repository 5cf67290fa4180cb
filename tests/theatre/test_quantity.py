"""Quantities: what is written comes back, and what it means is a distribution with the properties that the table promises."""

from __future__ import annotations

import math
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyterrain.theatre.quantity import HEDGES, Quantity, format_number

GRADES = ["", *(letter + figure for letter in "ABCDEF" for figure in "123456")]
numbers = st.one_of(st.integers(0, 10**7).map(float), st.floats(0, 1e6, allow_nan=False).map(lambda x: round(x, 6)))
rising = st.lists(numbers, min_size=3, max_size=3).map(sorted)
hedged = st.tuples(st.sampled_from(sorted(HEDGES)), numbers).map(lambda parts: f"{parts[0]} {format_number(parts[1])}")
written = st.one_of(
    numbers.map(format_number),
    hedged,
    rising.map(lambda n: f"{format_number(n[0])}..{format_number(n[2])}"),
    rising.map(lambda n: f"{format_number(n[0])} < {format_number(n[1])} < {format_number(n[2])}"),
)
probabilities = st.floats(1e-9, 1 - 1e-9)


@given(written, st.sampled_from(GRADES))
def test_text_comes_back(text: str, grade: str) -> None:
    quantity = Quantity.parse(text, grade)
    assert str(quantity) == text
    assert Quantity.parse(str(quantity), grade) == quantity


@given(written, st.sampled_from(GRADES), probabilities, probabilities)
def test_the_inverse_distribution_function_never_falls(text: str, grade: str, u: float, v: float) -> None:
    quantity = Quantity.parse(text, grade)
    low, high = quantity.ppf(min(u, v)), quantity.ppf(max(u, v))
    assert 0 <= low <= high * (1 + 1e-12)
    assert math.isfinite(high)


@given(written, st.sampled_from(GRADES[1:]))
def test_a_grade_widens_and_keeps_the_median(text: str, grade: str) -> None:
    plain, graded = Quantity.parse(text), Quantity.parse(text, grade)
    assert graded.mid == pytest.approx(plain.mid, rel=1e-9)
    assert graded.low <= plain.low * (1 + 1e-9)
    assert graded.high >= plain.high * (1 - 1e-9)


def test_a_worse_grade_widens_more() -> None:
    spreads = [Quantity.parse("1000", grade).high for grade in ("A1", "B2", "C3", "D4", "E5")]
    assert spreads == sorted(spreads)
    assert len(set(spreads)) == len(spreads)


@pytest.mark.parametrize(
    ("text", "low", "mid", "high"),
    [
        ("12000", 12000, 12000, 12000),
        ("8000..15000", 8000, 11500, 15000),
        ("1000..9000", 1000, 3000, 9000),
        ("-0.5..0.5", -0.5, 0, 0.5),
        ("0 < 50 < 100", 50 * math.sqrt(0.1), 50, 100 - 50 * math.sqrt(0.1)),
        ("about 800", 800 * math.exp(-0.15 * 1.644854), 800, 800 * math.exp(0.15 * 1.644854)),
    ],
)
def test_the_table_of_hedges(text: str, low: float, mid: float, high: float) -> None:
    quantity = Quantity.parse(text)
    assert (quantity.low, quantity.mid, quantity.high) == pytest.approx((low, mid, high), rel=1e-6, abs=1e-9)


def test_figures_of_the_documentation_hold() -> None:
    for grade, low, high in (("B2", 790, 1260), ("D4", 470, 2130)):
        quantity = Quantity.parse("1000", grade)
        assert (quantity.low, quantity.high) == pytest.approx((low, high), rel=0.005)


def test_up_to_and_at_least_keep_to_their_side() -> None:
    up_to, at_least = Quantity.parse("up to 15000"), Quantity.parse("at least 500")
    assert 0.6 * 15000 < up_to.mid < 0.7 * 15000
    assert up_to.ppf(1 - 1e-12) <= 15000
    assert at_least.ppf(1e-12) >= 500
    assert 600 < at_least.mid < 700


def test_an_ungraded_number_is_exact_and_a_graded_one_is_not() -> None:
    assert Quantity.parse("300").is_exact
    assert not Quantity.parse("300", "A1").is_exact
    assert Quantity.parse("0", "F6").is_exact
    assert not Quantity.parse("100..200").is_exact


def test_limits_cut_the_distribution_off() -> None:
    share = Quantity.parse("0.2..0.9", "F6", least=0, most=1)
    assert share.ppf(1e-9) >= 0
    assert share.ppf(1 - 1e-9) == 1


def test_a_quantity_survives_pickling() -> None:
    quantity = Quantity.parse("5 < 8 < 15", "C3", least=0, most=20)
    copy = pickle.loads(pickle.dumps(quantity))
    assert copy == quantity
    assert copy.ppf(0.3) == quantity.ppf(0.3)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "many",
        "15,000",
        "1...5",
        "9..8",
        "3 < 2 < 5",
        "up to",
        "up to -5",
        "1e400",
        "nan",
        "inf",
        "12 000",
        "5 < 8",
        "..5",
        "about 5..8",
    ],
)
def test_what_is_no_quantity_is_refused_in_a_sentence(text: str) -> None:
    with pytest.raises(ValueError, match=r"\w+ \w+ \w+"):
        Quantity.parse(text)


def test_what_lies_outside_its_limits_is_refused() -> None:
    with pytest.raises(ValueError, match="negative"):
        Quantity.parse("-5", least=0)
    with pytest.raises(ValueError, match="above 1"):
        Quantity.parse("0.5..1.5", least=0, most=1)
    with pytest.raises(ValueError, match="A1 to F6"):
        Quantity.parse("5", "G7")


@given(st.floats(-1e14, 1e14, allow_nan=False))
def test_numbers_are_written_so_that_they_read_back(number: float) -> None:
    assert float(format_number(number)) == number
