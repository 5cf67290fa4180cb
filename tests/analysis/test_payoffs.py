"""Pay-off tables by hand: known games, oracles for their value, and no finding where there is none."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from keyterrain.analysis.equilibrium import pure_equilibria, zero_sum_solution
from keyterrain.analysis.interval import of_difference
from keyterrain.analysis.payoffs import Choices, Payoffs, payoff_table
from keyterrain.campaign.resampling import resampling_weights

Floats = NDArray[np.float64]
N = 120
WEIGHTS = resampling_weights(1, 60, N)
GAMES = arrays(np.float64, st.tuples(st.integers(1, 4), st.integers(1, 4)), elements=st.integers(-5, 5).map(float))
"""Small games, with ties."""


def played(means: Floats, *, noise: float = 0.05, common: float = 1.0, seed: int = 0) -> Floats:
    """Replicates about some means: luck that all cells share, and a little of their own."""
    luck = np.random.Generator(np.random.Philox(key=seed))
    own = noise * luck.standard_normal((*means.shape, N))
    return means[..., None] + common * luck.standard_normal(N) + own - own.mean(-1, keepdims=True)


def table(values: Floats, wants: tuple[int, ...] = (1, -1)) -> Payoffs:
    sides = [
        Choices(f"side {axis}", tuple(f"choice {i}" for i in range(n)), want)
        for axis, (n, want) in enumerate(zip(values.shape[:-1], wants, strict=True))
    ]
    return payoff_table(values, sides, "number", WEIGHTS)


SADDLE = np.array([[4.0, 1.0, 3.0], [5.0, 2.0, 4.0], [3.0, 0.0, 9.0]])
"""The first side does best by its second choice whatever happens but the third, and the second side by its second."""
PENNIES = np.array([[1.0, -1.0], [-1.0, 1.0]])


def test_a_planted_pure_equilibrium_is_found_and_is_clear() -> None:
    found = table(played(SADDLE)).equilibrium
    assert (found.kind, [each.cell for each in found.pure]) == ("pure", [(1, 1)])
    assert found.pure[0].is_clear
    assert found.stability == found.pure[0].stability == 1.0
    assert found.low < found.value < found.high
    assert found.value == pytest.approx(2.0, abs=0.5)


def test_matching_pennies_are_mixed_by_halves() -> None:
    found = table(played(PENNIES)).equilibrium
    assert (found.kind, found.pure) == ("mixed", ())
    assert [share.value for share in found.shares] == pytest.approx([0.5] * 4, abs=0.02)
    assert all(share.low <= share.value <= share.high for share in found.shares)
    assert found.stability == 1.0


def test_a_game_that_is_loaded_is_mixed_as_on_paper() -> None:
    solution = zero_sum_solution(np.array([[3.0, -1.0], [-2.0, 4.0]]))
    assert solution.shares[0] == pytest.approx([0.6, 0.4])
    assert solution.shares[1] == pytest.approx([0.5, 0.5])
    assert solution.value == pytest.approx(1.0)


@given(GAMES)
def test_in_an_equilibrium_no_choice_does_better(game: Floats) -> None:
    solution = zero_sum_solution(game)
    first, second = solution.shares
    assert (game @ second <= solution.value + 1e-6).all()
    assert (first @ game >= solution.value - 1e-6).all()
    lower, upper = game.min(axis=1).max(), game.max(axis=0).min()
    assert lower - 1e-6 <= solution.value <= upper + 1e-6
    assert solution.is_pure == (lower == upper), "there is a saddle point just where maximin and minimax meet"


@given(GAMES, st.sampled_from([1e-6, 1.0, 1e6]), st.floats(-1e3, 1e3))
def test_another_scale_changes_the_value_alone(game: Floats, scale: float, shift: float) -> None:
    one, other = zero_sum_solution(game), zero_sum_solution(scale * (game + shift))
    assert other.value == pytest.approx(scale * (one.value + shift), abs=1e-6 * scale * max(1.0, abs(shift)))


@given(arrays(np.float64, st.lists(st.integers(1, 3), min_size=1, max_size=3).map(tuple), elements=st.integers(-3, 3).map(float)))
def test_pure_equilibria_are_those_from_which_no_single_step_gains(game: Floats) -> None:
    wants = (1, -1, 1)[: game.ndim]
    found = pure_equilibria(game, wants)
    for cell in product(*map(range, game.shape)):
        steps = [
            sign * (game[(*cell[:axis], other, *cell[axis + 1 :])] - game[cell])
            for axis, sign in enumerate(wants)
            for other in range(game.shape[axis])
        ]
        assert found[cell] == (max(steps) <= 0)


def test_exchanging_the_sides_exchanges_the_equilibrium() -> None:
    loaded = played(np.array([[3.0, -1.0], [-2.0, 4.0]]))
    one, other = table(loaded), table(loaded.transpose(1, 0, 2), wants=(-1, 1))
    shares = {(share.side, share.choice): share.value for share in one.equilibrium.shares}
    assert {(1 - share.side, share.choice): share.value for share in other.equilibrium.shares} == pytest.approx(shares)
    assert other.equilibrium.value == pytest.approx(one.equilibrium.value)
    assert {(1 - reply.side, reply.against[::-1], reply.best) for reply in other.replies} == {
        (reply.side, reply.against, reply.best) for reply in one.replies
    }


def test_differences_are_paired_so_that_common_luck_drops_out() -> None:
    values = played(SADDLE, common=50.0)
    found = table(values)
    width = np.mean([each.interval.high - each.interval.low for each in found.differences])
    apart = played(SADDLE, common=50.0, seed=1)
    wide = of_difference(values[0, 0], apart[1, 0], "number", found.level)
    assert 100 * width < wide.high - wide.low
    assert all(each.is_clear for each in found.differences)
    first = found.differences[0]
    assert (first.side, first.first, first.second) == (0, (0, 0), (1, 0))
    assert first.interval.value == pytest.approx(-1.0)


def test_best_replies_name_one_choice_only_where_it_is_clear() -> None:
    close = np.array([[1.0, 0.0], [1.001, 0.0], [0.0, 0.5]])
    replies = {(reply.side, reply.against): reply for reply in table(played(close)).replies}
    assert replies[0, (1, 0)].best == (1, 0), "the best by its mean first, then what cannot be told apart from it"
    assert not replies[0, (1, 0)].is_clear
    assert replies[0, (2, 1)].best == (2,)
    assert replies[1, (2, 0)].best == (0,), "the second side wants less"


def test_all_comparisons_of_a_table_together_hold_with_their_level() -> None:
    """Where no choice matters, some difference of the table is called clear in one table of twenty at most."""
    wrong = 0
    for seed in range(200):
        luck = np.random.Generator(np.random.Philox(key=[seed, 1]))
        wrong += any(each.is_clear for each in table(luck.standard_normal((3, 3, N))).differences)
    assert wrong <= 18  # of 200 tables 10 are expected at most; 19 come once in a hundred


def test_choices_that_change_nothing_cannot_be_told_apart() -> None:
    found = table(np.broadcast_to(played(np.zeros(1))[0], (3, 3, N)).copy())
    assert all(each.n_differing == 0 and not each.is_clear for each in found.differences)
    assert all(len(reply.best) == 3 for reply in found.replies)
    assert len(found.equilibrium.pure) == 9
    assert not any(each.is_clear for each in found.equilibrium.pure)


def test_nobody_is_said_to_want_it_so_there_is_a_table_alone() -> None:
    found = table(played(SADDLE), wants=(0, 0))
    assert len(found.cells) == 9
    assert len(found.differences) == 18
    assert found.replies == ()
    assert found.equilibrium.kind == "none"
    assert "wanted_by" in found.equilibrium.why


def test_three_sides_have_replies_and_no_mixture() -> None:
    pennies = played(np.stack([PENNIES, PENNIES]))
    found = table(pennies, wants=(0, 1, -1))
    assert (found.equilibrium.kind, found.equilibrium.shares) == ("none", ())
    assert "two sides only" in found.equilibrium.why
    assert {reply.side for reply in found.replies} == {1, 2}
    assert len(found.replies) == 8
    pure = table(played(np.stack([SADDLE, SADDLE - 1.0])), wants=(1, 1, -1)).equilibrium
    assert [(each.cell, each.is_clear) for each in pure.pure] == [((0, 1, 1), True)]


def test_two_sides_that_are_no_enemies_get_no_mixture() -> None:
    found = table(played(PENNIES), wants=(1, 0)).equilibrium
    assert found.shares == ()
    assert "want the opposite" in found.why


def test_what_is_seldom_defined_says_nothing() -> None:
    values = played(SADDLE)
    values[1, 1, 20:] = np.nan
    found = table(values)
    assert found.equilibrium.kind == "none"
    assert "20 replicates" in found.equilibrium.why
    touching = [each for each in found.differences if (1, 1) in {each.first, each.second}]
    assert touching
    assert not any(each.is_clear for each in touching)


def test_a_mean_leaves_out_replicates_in_which_it_is_undefined() -> None:
    values = played(PENNIES)
    values[0, 0, :30] = np.nan
    found = table(values)
    assert found.cells[0, 0].n == N - 30
    assert found.to_xarray().to_numpy()[0, 0] == pytest.approx(np.nanmean(values[0, 0]))
    assert found.equilibrium.kind == "mixed"


def test_an_equilibrium_that_hangs_on_few_replicates_is_said_to_be_unstable() -> None:
    means = np.array([[0.02, 0.0], [0.0, 0.02]])
    found = table(played(means, noise=1.0)).equilibrium
    assert found.stability < 0.9
    assert table(played(SADDLE)).equilibrium.stability == 1.0
