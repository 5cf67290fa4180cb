"""Lanchester's laws casualty by casualty: Brown's recursion, closed forms, and battles of the combat process set to them."""

from __future__ import annotations

import math
from fractions import Fraction
from functools import cache

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.stats import nbinom

from keyterrain.dynamics.lanchester import LINEAR, SQUARE, chance_to_win, fight_many
from steps_by_hand import BROKEN_OFF, TAKEN, assaults
from worlds_by_hand import GOVERNMENT, OPPOSITION, SEED, STATE, Actor, Road, make_draw, make_world

MANY = 4000
BATTLES = [(10, 10, 1.0), (30, 20, 0.5), (20, 40, 3.0), (5, 60, 2.0)]
LAWS = pytest.mark.parametrize("law", [LINEAR, SQUARE])


def recursion(law: int, attackers: int, defenders: int, worth: Fraction) -> Fraction:
    """Brown's recursion in exact fractions, written down anew."""

    @cache
    def p(x: int, y: int) -> Fraction:
        if y == 0 or x == 0:
            return Fraction(int(y == 0))
        a = worth / (worth + 1) if law == LINEAR else worth * x / (worth * x + y)
        return a * p(x, y - 1) + (1 - a) * p(x - 1, y)

    return p(attackers, defenders)


@LAWS
@pytest.mark.parametrize(("attackers", "defenders", "worth"), BATTLES)
def test_the_chance_to_win_is_browns(law: int, attackers: int, defenders: int, worth: float) -> None:
    exact = float(recursion(law, attackers, defenders, Fraction(worth)))
    assert chance_to_win(law, attackers, defenders, worth) == pytest.approx(exact, abs=1e-12)


def test_by_the_linear_law_it_is_a_negative_binomial() -> None:
    for attackers, defenders, worth in BATTLES:
        p = worth / (1.0 + worth)
        # the last defender falls before the last attacker: fewer attackers down than there are
        exact = nbinom.cdf(attackers - 1, defenders, p)
        assert chance_to_win(LINEAR, attackers, defenders, worth) == pytest.approx(exact, abs=1e-10)


def test_by_the_square_law_it_is_the_closed_sum() -> None:
    """The square law at even worth has a closed sum by partial fractions of a race of pure deaths (OK Corral)."""
    x, y = 8, 6
    total = Fraction(0)
    for k in range(1, x + 1):
        # chance that k attackers are left: sum over the order in which independent clocks of rates j and i ring
        total += Fraction((-1) ** (x - k) * k ** (x + y), 1) / (math.factorial(x - k) * math.factorial(y + k))
    assert chance_to_win(SQUARE, x, y, 1.0) == pytest.approx(float(total), abs=1e-9)


@LAWS
def test_sides_exchanged_exchange_the_chances(law: int) -> None:
    for attackers, defenders, worth in BATTLES:
        there = chance_to_win(law, attackers, defenders, worth)
        assert there + chance_to_win(law, defenders, attackers, 1.0 / worth) == pytest.approx(1.0, abs=1e-12)


def test_numbers_count_squared_by_the_square_law_and_plainly_by_the_linear() -> None:
    """At great numbers a battle is even where worth x numbers, or worth x their square, are equal."""
    assert chance_to_win(LINEAR, 1000, 2000, 2.0) == pytest.approx(0.5, abs=0.02)
    assert chance_to_win(SQUARE, 1000, 2000, 4.0) == pytest.approx(0.5, abs=0.02)
    assert chance_to_win(SQUARE, 1000, 2000, 2.0) < 0.01


def test_with_nobody_on_a_side_the_other_has_won() -> None:
    assert chance_to_win(SQUARE, 5, 0, 1.0) == 1.0
    assert chance_to_win(SQUARE, 0, 5, 1.0) == 0.0


def assert_share(hits: NDArray[np.bool_], p: float) -> None:
    assert abs(hits.mean() - p) < 4.0 * math.sqrt(p * (1.0 - p) / len(hits)) + 1e-12, (hits.mean(), p)


@LAWS
@pytest.mark.parametrize(("attackers", "defenders", "worth"), BATTLES)
def test_battles_played_are_won_as_often(law: int, attackers: int, defenders: int, worth: float) -> None:
    left = np.zeros((MANY, 2), dtype=np.int64)
    fight_many(law, np.uint64(1), attackers, defenders, worth, left)
    assert (left.min(axis=1) == 0).all()
    assert (left.max(axis=1) > 0).all()
    assert_share(left[:, 0] > 0, chance_to_win(law, attackers, defenders, worth))


# --- the combat process set to a law

STAGING, TARGET = 0, 1
TIRELESS = {
    "combat_readiness_floor": 1.0,
    "combat_frontage": 1e9,
    "combat_works_multiplier": 1.0,
    "combat_slope": 1.0,
    "combat_intercept": 0.0,
    "control_least_garrison": 0.0,
}


def fought(law: int, attackers: int, defenders: int, quality: float, n: int = MANY) -> NDArray[np.int64]:
    """How assaults end (replicate) in a campaign's combat process."""
    world = make_world(3, [Road(0, 1), Road(1, 2)], [Actor(GOVERNMENT), Actor(OPPOSITION, irregular=True)])
    par = {key: value for key, value in TIRELESS.items() if key.startswith("combat")}
    draw = make_draw(
        holder=[GOVERNMENT, OPPOSITION, OPPOSITION],
        strength={(0, TARGET): attackers, (1, TARGET): defenders},
        par={**par, "combat_law": float(law)},
        quality=[quality, 0.0],
        sectors=[1, 3, 1],
    )
    out = np.zeros((n, 5), dtype=np.int64)
    assaults(world, draw, np.zeros(1, dtype=STATE), SEED, GOVERNMENT, STAGING, TARGET, n, 2000, False, out)
    return out


@LAWS
@pytest.mark.parametrize(("attackers", "defenders", "worth"), [(60, 60, 1.0), (80, 70, 0.8), (70, 90, 1.4)])
def test_the_combat_process_set_to_a_law_wins_as_often_as_brown_says(
    law: int, attackers: int, defenders: int, worth: float
) -> None:
    endings = fought(law, attackers, defenders, math.log(worth))
    lost = endings[:, 3:]
    assert np.isin(endings[:, 1], [TAKEN, BROKEN_OFF]).all()
    assert ((lost[:, 0] == attackers) | (lost[:, 1] == defenders)).all(), "fought to the last"
    assert_share(lost[:, 1] == defenders, chance_to_win(law, attackers, defenders, worth))


def test_in_phases_it_does_not() -> None:
    endings = fought(0, 60, 60, 0.0, n=200)
    assert not ((endings[:, 3] == 60) | (endings[:, 4] == 60)).all()
