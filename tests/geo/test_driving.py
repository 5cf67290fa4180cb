from __future__ import annotations

import numpy as np
import pytest

from keyterrain.geo.driving import mean_square_gradient, times_longer, times_longer_without_road


def test_a_road_at_the_critical_slope_takes_twice_as_long_and_a_level_one_as_long() -> None:
    steady = mean_square_gradient(np.array([0.0, 60.0, 120.0]), 1.0)
    assert steady == pytest.approx(0.12**2)
    assert times_longer(steady, 0.12) == pytest.approx(2.0)
    assert times_longer(mean_square_gradient(np.full(5, 700.0), 3.0), 0.12) == 1.0


def test_the_slowing_of_a_road_is_the_mean_slowing_of_its_parts() -> None:
    heights_m = np.array([100.0, 180.0, 90.0, 400.0, 400.0])
    gradients = np.diff(heights_m) / 2000.0  # four legs of 2 km
    by_parts = np.mean(1.0 + (gradients / 0.1) ** 2)
    assert times_longer(mean_square_gradient(heights_m, 8.0), 0.1) == pytest.approx(by_parts)


def test_up_and_down_slow_alike_and_more_km_for_the_same_climb_slow_less() -> None:
    up = np.array([0.0, 100.0, 300.0])
    assert mean_square_gradient(up, 4.0) == pytest.approx(mean_square_gradient(up[::-1], 4.0))
    assert mean_square_gradient(up, 8.0) == pytest.approx(mean_square_gradient(up, 4.0) / 4.0)
    assert mean_square_gradient(up, 0.0) == 0.0


def test_beyond_the_critical_slope_hairpins_are_quicker_than_the_way_straight_up() -> None:
    slopes = np.array([-0.24, 0.0, 0.06, 0.12, 0.24])
    np.testing.assert_allclose(times_longer_without_road(slopes, 0.12), [4.0, 1.0, 1.25, 2.0, 4.0])
    # a slope of 24 % by hairpins at s: s/0.24 of it straight, 0.24/s times as long, each km at 1 + (s/c)^2
    hairpins = [(0.24 / s) * (1.0 + (s / 0.12) ** 2) for s in np.linspace(0.02, 0.24, 2201)]
    assert min(hairpins) == pytest.approx(float(times_longer_without_road(0.24, 0.12)), rel=1e-6)
