"""Defence: combat's own rules, written for all places at once, against its kernels; and what ground must and must not do."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyterrain.campaign.defence import ATTACKERS, DEFENDERS, Levers, defence, frontage, p_taken
from keyterrain.dynamics import appraisal
from keyterrain.dynamics.frontage import frontage as frontage_of_kernel
from keyterrain.theatre.parameters import PARAMETERS
from worlds_by_hand import make_draw, make_world

RELIEF = st.floats(0.0, 1.0)
ROADS = st.integers(1, 9)
HEIGHTS = st.integers(0, 3)


def test_flat_ground_gives_every_place_the_same_defence_whatever_its_roads() -> None:
    assert defence(0.0, 0, np.arange(10)).tolist() == pytest.approx([1.0] * 10)


def test_an_alpine_village_on_one_road_by_hand() -> None:
    # fronts 0.4 + 2 x 0.4^4 = 0.4512 of 1,200 fighters: 541 on both sides, so that numbers do not help; p = 1/(1 + 1.25)
    p = 1.0 / (1.0 + 1.25)
    assert frontage(1, 1.0, Levers.default()) == pytest.approx(541.44)
    assert p_taken(1.0, 0, 1, Levers.default()) == pytest.approx(p)
    assert defence(1.0, 0, 1) == pytest.approx((ATTACKERS / DEFENDERS) * 1.25)
    # two heights make four sectors, two phases to be won: p^2 = 0.1975, whose odds are 0.2462
    assert defence(1.0, 2, 1) == pytest.approx((ATTACKERS / DEFENDERS) / (p**2 / (1.0 - p**2)))


@given(relief=RELIEF, roads=ROADS, narrowing=st.floats(0.0, 0.9))
def test_frontage_is_that_of_the_kernel(relief: float, roads: int, narrowing: float) -> None:
    world, draw = make_world(1, [], [], approaches=[float(roads)]), make_draw(holder=[0], relief=[relief])
    levers = replace(Levers.default(), narrowing=narrowing)
    kernel = frontage_of_kernel(world[0], draw[0], 0, levers.frontage, narrowing)
    assert float(frontage(roads, relief, levers)) == pytest.approx(kernel)


@given(relief=RELIEF, roads=ROADS, heights=HEIGHTS)
def test_the_chance_is_that_which_a_side_weighs_when_it_decides(relief: float, roads: int, heights: int) -> None:
    world, draw = make_world(1, [], [], approaches=[float(roads)]), make_draw(holder=[0], relief=[relief])
    advantage = -relief * math.log(PARAMETERS["combat.relief_multiplier"].default)
    p_phase = appraisal.believed_p_phase(world[0], draw[0], 0, ATTACKERS, DEFENDERS, advantage)
    p_all = appraisal.p_of_all(p_phase, max(1.0, (2 + heights) / 2.0))
    assert float(p_taken(relief, heights, roads, Levers.default())) == pytest.approx(p_all, rel=1e-9)


@given(relief=RELIEF, more=RELIEF, roads=ROADS, heights=HEIGHTS)
def test_more_relief_more_heights_and_fewer_roads_never_make_a_place_easier(
    relief: float, more: float, roads: int, heights: int
) -> None:
    low, high = sorted((relief, more))
    assert defence(high, heights, roads) >= defence(low, heights, roads) - 1e-9
    assert defence(relief, heights + 1, roads) > defence(relief, heights, roads)
    assert defence(relief, heights, roads + 1) <= defence(relief, heights, roads) + 1e-9


@given(relief=RELIEF, roads=ROADS, heights=HEIGHTS)
def test_without_its_levers_ground_is_worth_nothing(relief: float, roads: int, heights: int) -> None:
    off = replace(Levers.default(), relief_multiplier=1.0, narrowing=0.0, heights_worth=0.0)
    assert defence(relief, heights, roads, off) == pytest.approx(1.0)


def test_levers_are_spread_over_their_distributions() -> None:
    spread = list(Levers.spread(3))
    assert len(spread) == 81
    for name in ("relief_multiplier", "heights_worth", "frontage", "narrowing"):
        values = sorted({getattr(levers, name) for levers in spread})
        parameter = PARAMETERS[f"combat.{name}"]
        assert values[1] == pytest.approx(parameter.default)
        assert parameter.low < values[0] < values[1] < values[2] < parameter.high
    assert {levers.slope for levers in spread} == {PARAMETERS["combat.slope"].default}
