"""The fit against exact answers, an independent smoother, brute force and planted truths; and what it must not claim."""

from __future__ import annotations

from typing import Any

import iterative_ensemble_smoother as ies
import numpy as np
import pytest

from keyterrain.analysis.calibration.emulator import Emulator, TooFewDefined, terms_of
from keyterrain.analysis.calibration.waves import (
    NothingLeft,
    Observed,
    Played,
    effective,
    fit,
    log_likelihood,
    recovery,
    systematic,
    weights_of,
)

FORWARD = np.array([[1.0, 0.3], [0.2, -0.6], [0.5, 0.5]])
LUCK = np.array([[0.5, 0.2, 0.0], [0.2, 0.4, 0.1], [0.0, 0.1, 0.3]])
ERRORS = np.array([0.3, 0.4, 0.5])
SEEN = np.array([1.2, 0.4, 0.9])
MANY = np.array([False, False, True])


def rng(*key: int) -> np.random.Generator:
    return np.random.Generator(np.random.Philox(key=[*key, 7][:2]))


def linear(scores: np.ndarray, wave: int) -> Played:
    """Statistics that are linear in the scores, with luck that hangs together."""
    luck = rng(wave, 1).multivariate_normal(np.zeros(3), LUCK, len(scores))
    return Played(scores, scores @ FORWARD.T + luck)


def counts(scores: np.ndarray, wave: int) -> Played:
    """A war of few events: places taken, the dead of the fights for them, and days on which a road was shut."""
    luck = rng(wave, 2)
    taken = luck.poisson(np.exp(1.2 - 0.6 * scores[:, 0]))
    dead = luck.poisson((20.0 + 30.0 * taken) * np.exp(0.5 * scores[:, 1]))
    shut = luck.binomial(30, 1.0 / (1.0 + np.exp(1.0 - 0.8 * scores[:, 2])))
    return Played(scores, np.column_stack([np.sqrt(taken), np.log1p(dead), shut / 30.0]))


def exact_posterior() -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard deviation by the rules of normal distributions."""
    one = ~MANY
    error = np.outer(one, one) * LUCK + np.diag(ERRORS**2)
    covariance = np.linalg.inv(np.eye(2) + FORWARD.T @ np.linalg.solve(error, FORWARD))
    return covariance @ FORWARD.T @ np.linalg.solve(error, SEEN), np.sqrt(np.diag(covariance))


def test_the_posterior_of_a_linear_world_is_the_exact_one() -> None:
    found = fit(linear, Observed(SEEN, ERRORS, ~MANY), 2, members=2000, waves=3, seed=1)
    mean, sd = exact_posterior()
    assert found.mean == pytest.approx(mean, abs=0.05)
    assert found.sd == pytest.approx(sd, abs=0.03)
    assert found.members.mean(axis=0) == pytest.approx(mean, abs=0.06)
    assert found.members.std(axis=0) == pytest.approx(sd, abs=0.05)
    assert (np.abs(found.mean - mean) < 4 * found.mean_error + 0.02).all()


def test_it_agrees_with_an_ensemble_smoother() -> None:
    error = np.outer(~MANY, ~MANY) * LUCK + np.diag(ERRORS**2)
    smoother = ies.ESMDA(covariance=error, observations=SEEN, alpha=4, seed=rng(3, 3))
    members = rng(4, 4).standard_normal((2, 4000))
    for _ in range(smoother.num_assimilations()):
        smoother.prepare_assimilation(Y=FORWARD @ members)
        members = smoother.assimilate_batch(X=members)
    found = fit(linear, Observed(SEEN, ERRORS, ~MANY), 2, members=2000, waves=4, seed=2)
    assert found.mean == pytest.approx(members.mean(axis=1), abs=0.08)
    assert found.sd == pytest.approx(members.std(axis=1), abs=0.06)


def test_it_agrees_with_brute_force_on_a_discrete_world() -> None:
    observed = Observed(np.array([np.sqrt(7.0), np.log1p(420.0), 0.15]), np.array([0.2, 0.2, 0.05]), np.ones(3, bool))
    found = fit(counts, observed, 3, members=2000, waves=2, seed=1)
    scores = rng(9, 9).standard_normal((600_000, 3))
    played = counts(scores, 50).values + rng(10, 10).standard_normal((600_000, 3)) * observed.errors
    away = (((played - observed.values) / played.std(axis=0)) ** 2).sum(axis=1)
    kept = scores[np.argsort(away)[:1500]]
    assert found.mean == pytest.approx(kept.mean(axis=0), abs=0.15)
    assert found.sd == pytest.approx(kept.std(axis=0), abs=0.15)


def test_planted_values_lie_in_their_intervals_as_often_as_they_should() -> None:
    observed = Observed(np.zeros(3), np.array([0.2, 0.2, 0.05]), np.ones(3, bool))
    scores = rng(11, 1).standard_normal((3000, 3))
    found = recovery(counts(scores, 20), observed, truths=300, seed=1)
    assert found.n == 300
    assert ((found.coverage > 0.84) & (found.coverage < 0.96)).all()


def test_the_luck_that_is_left_over_is_the_luck_that_was_put_in() -> None:
    scores = rng(12, 1).standard_normal((4000, 2))
    luck = Emulator.of(scores, linear(scores, 30).values).luck(np.array([[0.0, 0.0], [1.0, -1.0]]))
    assert luck == pytest.approx(np.stack([LUCK, LUCK]), abs=0.06)


def test_luck_that_hangs_on_a_parameter_is_found_to() -> None:
    scores = rng(15, 1).standard_normal((4000, 2))
    values = (scores[:, :1] + np.exp(0.7 * scores[:, 1:]) * rng(15, 2).standard_normal((4000, 1))) * [1.0]
    luck = Emulator.of(scores, values).luck(np.array([[0.0, -1.0], [0.0, 0.0], [2.0, 1.0]]))[:, 0, 0]
    assert np.log(luck) / 2 == pytest.approx([-0.7, 0.0, 0.7], abs=0.12)


def test_a_luck_taken_for_none_makes_intervals_that_do_not_hold_what_was_planted() -> None:
    scores = rng(12, 1).standard_normal((3000, 2))
    played = linear(scores, 31)
    observed = Observed(np.zeros(3), np.full(3, 0.3), np.ones(3, bool))
    assert recovery(played, observed, truths=200, seed=1).coverage.min() > 0.82
    points, emulator = rng(12, 3).standard_normal((20_000, 2)), Emulator.of(scores, played.values)
    inside = []
    for k in range(200):
        blind = Observed(played.values[k], observed.errors, np.zeros(3, bool))
        weights = weights_of(log_likelihood(emulator, blind, points))
        inside.append(0.05 < weights[points[:, 0] < scores[k, 0]].sum() < 0.95)
    assert np.mean(inside) < 0.75


def test_statistics_that_do_not_hang_on_a_parameter_teach_nothing_of_it() -> None:
    def deaf(scores: np.ndarray, wave: int) -> Played:
        return Played(scores, np.column_stack([scores[:, 0] + 0.5 * rng(wave, 5).standard_normal(len(scores))]))

    found = fit(deaf, Observed(np.array([1.0]), np.array([0.1]), np.array([True])), 2, members=2000, waves=3, seed=3)
    assert found.sd[0] < 0.6
    assert found.sd[1] == pytest.approx(1.0, abs=0.08)
    assert found.mean[1] == pytest.approx(0.0, abs=0.12)


def test_luck_widens_what_is_learned_from_one_campaign_and_not_from_many() -> None:
    def one(is_one: bool) -> float:
        observed = Observed(SEEN, ERRORS, np.full(3, is_one))
        return float(fit(linear, observed, 2, members=1000, waves=2, seed=4).sd[0])

    assert one(is_one=True) > one(is_one=False) + 0.1


def test_the_same_seed_gives_the_same_bytes_and_another_seed_other_ones() -> None:
    observed = Observed(SEEN, ERRORS, ~MANY)
    one, same, other = (fit(linear, observed, 2, members=300, waves=2, seed=seed) for seed in (5, 5, 6))
    assert one.members.tobytes() == same.members.tobytes()
    assert one.members.tobytes() != other.members.tobytes()


def test_campaigns_in_which_a_statistic_is_undefined_say_nothing_of_it() -> None:
    scores = rng(13, 1).standard_normal((4000, 2))
    values = linear(scores, 40).values
    values[::2, 1] = np.nan
    some = Emulator.of(scores, values)
    assert some.n_defined.tolist() == [4000, 2000, 4000]
    assert some.mean(np.array([[1.0, -1.0]]))[0] == pytest.approx(FORWARD @ [1.0, -1.0], abs=0.12)
    assert (np.linalg.eigvalsh(some.correlation) > 0.0).all()


def test_a_statistic_that_hardly_any_campaign_defines_is_refused() -> None:
    scores = rng(14, 1).standard_normal((500, 2))
    values = linear(scores, 41).values
    values[10:, 2] = np.nan
    with pytest.raises(TooFewDefined) as refused:
        Emulator.of(scores, values)
    assert refused.value.statistics == (2,)


def test_what_lies_beyond_all_that_was_played_is_no_posterior() -> None:
    far = Observed(np.array([60.0, -50.0, 40.0]), np.full(3, 0.01), np.zeros(3, bool))
    with pytest.raises(NothingLeft):
        fit(linear, far, 2, members=500, waves=1, seed=1)


def test_terms_are_those_of_a_polynomial_of_second_degree() -> None:
    assert terms_of(np.array([[2.0, 3.0]])).tolist() == [[1, 2, 3, 4, 6, 9]]


@pytest.mark.parametrize("u", [0.01, 0.5, 0.99])
def test_systematic_draws_come_as_often_as_their_weight(u: float) -> None:
    weights = np.array([0.5, 0.25, 0.0, 0.25])
    assert np.bincount(systematic(weights, 8, u), minlength=4).tolist() == [4, 2, 0, 2]
    assert effective(np.full(10, 0.1)) == pytest.approx(10.0)


def test_weights_do_not_overflow() -> None:
    weights: Any = weights_of(np.array([-5000.0, -5001.0]))
    assert weights.sum() == pytest.approx(1.0)
    assert weights[0] == pytest.approx(1 / (1 + np.exp(-1.0)))
