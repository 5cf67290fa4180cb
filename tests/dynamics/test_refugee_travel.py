"""Steps of refugee flows by hand, and how their kernels are compiled."""

from __future__ import annotations

import math
import sys

import numpy as np
import pytest
from numba.core.errors import TypingError
from numpy.typing import NDArray

from keyterrain.dynamics.kernel import bare_kernel, inlined
from keyterrain.dynamics.luck import binomial
from keyterrain.dynamics.refugee_travel import RECIPROCAL, leavers


@pytest.mark.parametrize("chance", [0.0, 0.001, 0.3, 0.5, 0.7, 1.0])
def test_those_who_leave_are_as_many_as_the_binomial_says(chance: float) -> None:
    log_stay = math.log1p(-chance) if chance < 1.0 else -math.inf
    grid = np.concatenate(([2.0**-33, 1.0 - 2.0**-33], (np.arange(200) + 0.5) / 200))
    for n in (0, 1, 2, 7, 40, 83, 84, 1000, 20_000, 10_000_000):
        for u in grid:
            assert leavers(n, chance, log_stay, u) == binomial(n, chance, u), (n, chance, u)


def test_the_reciprocals_reach_further_than_any_draw_up_to_the_mean_that_is_inverted() -> None:
    furthest = max(leavers(n, 25.0 / n, math.log1p(-25.0 / n), 1.0 - 2.0**-33) for n in (50, 100, 1000, 10**6))
    assert 55 < furthest < len(RECIPROCAL)


def test_a_bare_kernel_makes_no_array() -> None:
    @bare_kernel
    def makes(n: int) -> float:
        return float(np.zeros(n).sum())

    with pytest.raises(TypingError, match="Only accept returning of array passed"):
        makes(3)


def test_a_bare_kernel_changes_an_array_in_place_and_keeps_none() -> None:
    @inlined
    def add(values: NDArray[np.float64], i: int) -> None:
        values[i] += i

    @bare_kernel
    def count_up(values: NDArray[np.float64]) -> float:
        for i in range(len(values)):
            add(values, i)
        return float(values[-1])

    values = np.zeros(4)
    held = [sys.getrefcount(values) for _ in range(3) if count_up(values) >= 0.0]
    assert values.tolist() == [0.0, 3.0, 6.0, 9.0]
    assert len(set(held)) == 1
