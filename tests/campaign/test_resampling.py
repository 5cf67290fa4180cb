"""Weights of resampling: at an address of their own, and of the right distribution."""

from __future__ import annotations

import numpy as np
from scipy.stats import kstest

from keyterrain.campaign.inputs import DrawnInputs, Inputs
from keyterrain.campaign.resampling import resampling_weights


def test_each_round_sums_to_one_and_its_weights_are_those_of_the_bayesian_bootstrap() -> None:
    weights = resampling_weights(3, 200, 50)
    np.testing.assert_allclose(weights.sum(axis=1), 1.0)
    assert (weights > 0).all()
    assert (
        kstest(weights[:, 7], lambda share: 1 - (1 - share) ** 49).pvalue > 1e-3
    )  # one of fifty shares of a Dirichlet (1, ..., 1)


def test_the_same_seed_gives_the_same_bytes_and_more_rounds_leave_the_first_as_they_are() -> None:
    few, many = resampling_weights(3, 5, 40), resampling_weights(3, 9, 40)
    assert few.tobytes() == many[:5].tobytes()
    assert (resampling_weights(4, 5, 40) != few).all()


def test_resampling_shares_no_luck_with_the_campaigns() -> None:
    drawn = DrawnInputs(Inputs.of([f"input {number}" for number in range(40)]), 3, 0, 5)
    luck = np.array([drawn.z(f"input {number}") for number in range(40)]).ravel()
    weights = resampling_weights(3, 5, 40)
    assert abs(np.corrcoef(luck, np.log(weights).T.ravel())[0, 1]) < 0.25
