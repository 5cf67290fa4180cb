"""Shapley values of games that are small enough for paper, and the four properties that no other way of sharing out has."""

from __future__ import annotations

from collections import Counter
from itertools import permutations
from typing import Any

import numpy as np
import pytest

from keyterrain.analysis.decisive.shapley import Coalition, Floats, Game, both_ways, exact, left_over, marginals, mean_marginals
from keyterrain.campaign.resampling import orders

PLAYERS = ("ada", "bo", "cy", "di", "ed")


def game_of(worth: Any) -> Game:
    def game(coalition: Coalition) -> Floats:
        return np.array([float(worth(coalition))])

    return game


def any_game(case: int, n_outcomes: int = 3) -> Game:
    """Return a game without any structure: a number at random for each coalition."""
    luck = np.random.default_rng([31, case])
    names = {name: 1 << i for i, name in enumerate(PLAYERS)}
    worth = luck.normal(size=(1 << len(PLAYERS), n_outcomes))
    return lambda coalition: worth[sum(names[each] for each in coalition)]


def over_all_orders(game: Game, players: tuple[str, ...]) -> dict[str, Floats]:
    """Return the values by their definition."""
    every = [marginals(game, order) for order in permutations(players)]
    return {player: np.mean([each[player] for each in every], axis=0) for player in players}


def test_gloves_are_shared_out_as_in_the_books() -> None:
    """One left glove, two right ones; only a pair is worth something: 2/3, 1/6, 1/6."""
    values = exact(game_of(lambda s: "left" in s and len(s) > 1), ("left", "right-1", "right-2"))
    assert [values[player][0] for player in ("left", "right-1", "right-2")] == pytest.approx([2 / 3, 1 / 6, 1 / 6])


def test_a_runway_is_paid_by_who_needs_its_length() -> None:
    """Littlechild and Owen (1973): each stretch is shared among those who need it."""
    needs = {"ada": 1.0, "bo": 3.0, "cy": 7.0}
    values = exact(game_of(lambda s: max((needs[each] for each in s), default=0.0)), tuple(needs))
    assert [values[player][0] for player in needs] == pytest.approx([1 / 3, 1 / 3 + 2 / 2, 1 / 3 + 2 / 2 + 4])


@pytest.mark.parametrize("case", range(5))
def test_all_coalitions_and_all_orders_give_the_same_values(case: int) -> None:
    game = any_game(case)
    one, other = exact(game, PLAYERS), over_all_orders(game, PLAYERS)
    for player in PLAYERS:
        np.testing.assert_allclose(one[player], other[player], atol=1e-12)


@pytest.mark.parametrize("case", range(5))
def test_nothing_is_left_over_in_any_order(case: int) -> None:
    game = any_game(case)
    for order in orders(case, PLAYERS, 20):
        assert left_over(marginals(game, order), game) < 1e-12
    assert left_over(exact(game, PLAYERS), game) < 1e-12


def test_what_is_left_over_is_found() -> None:
    game = any_game(0)
    values = exact(game, PLAYERS)
    values["bo"] = values["bo"] + 0.25
    assert left_over(values, game) == pytest.approx(0.25)


def test_players_that_do_the_same_get_the_same() -> None:
    values = exact(game_of(lambda s: len(s & {"ada", "bo"}) ** 2 + 3.0 * ("cy" in s)), PLAYERS)
    assert values["ada"] == pytest.approx(values["bo"])
    assert values["ada"][0] == pytest.approx(2.0)


def test_who_changes_nothing_gets_nothing_in_any_order() -> None:
    game = any_game(1)

    def without_ed(coalition: Coalition) -> Floats:
        return game(coalition - {"ed"})

    assert (exact(without_ed, PLAYERS)["ed"] == 0.0).all()
    assert (mean_marginals(without_ed, orders(4, PLAYERS, 8))["ed"] == 0.0).all()
    assert (exact(game, PLAYERS)["ed"] != 0.0).all()


def test_values_of_a_sum_of_games_are_the_sums_of_the_values() -> None:
    one, other = any_game(2), any_game(3)

    def both(coalition: Coalition) -> Floats:
        return 2.0 * one(coalition) - other(coalition)

    for share in (lambda game: exact(game, PLAYERS), lambda game: mean_marginals(game, orders(5, PLAYERS, 6))):
        values, of_one, of_other = share(both), share(one), share(other)
        for player in PLAYERS:
            np.testing.assert_allclose(values[player], 2.0 * of_one[player] - of_other[player], atol=1e-12)


def test_orders_at_random_come_to_the_exact_values_within_their_standard_error() -> None:
    game, truth = any_game(7), exact(any_game(7), PLAYERS)
    sampled = [mean_marginals(game, both_ways(order)) for order in orders(1, PLAYERS, 2000)]
    for player in PLAYERS:
        values = np.array([each[player] for each in sampled])
        error = values.std(axis=0, ddof=1) / np.sqrt(len(values))
        assert (np.abs(values.mean(axis=0) - truth[player]) < 4.5 * error).all()
        assert (error < 0.03).all()


def test_an_order_with_its_reverse_is_exact_where_players_work_in_twos() -> None:
    """In a sum over pairs of players each pair is shared in halves by any order and its reverse."""
    luck = np.random.default_rng(3)
    ties = {frozenset((a, b)): luck.normal() for a in PLAYERS for b in PLAYERS if a < b}
    game = game_of(lambda s: sum(tie for pair, tie in ties.items() if pair <= s))
    truth = exact(game, PLAYERS)
    (order,) = orders(9, PLAYERS, 1)
    there_and_back, there = mean_marginals(game, both_ways(order)), marginals(game, order)
    for player in PLAYERS:
        np.testing.assert_allclose(there_and_back[player], truth[player], atol=1e-12)
    assert any(abs(there[player][0] - truth[player][0]) > 0.1 for player in PLAYERS)


def test_all_orders_are_equally_likely_and_do_not_hang_on_who_else_is_there() -> None:
    drawn = orders(2, ("bo", "ada", "cy"), 6000)
    counts = Counter(drawn)
    assert set(counts) == set(permutations(("ada", "bo", "cy")))
    chi_squared = sum((n - 1000.0) ** 2 / 1000.0 for n in counts.values())
    assert chi_squared < 20.5  # 5 degrees of freedom: once in a thousand
    assert drawn == orders(2, ("cy", "bo", "ada"), 6000)
    with_more = orders(2, ("ada", "bo", "cy", "di"), 6000)
    assert [tuple(each for each in order if each != "di") for order in with_more] == list(drawn)
    assert drawn != orders(3, ("ada", "bo", "cy"), 6000)


def test_what_is_left_over_is_the_largest_gap_of_any_outcome_either_way() -> None:
    def game(coalition: frozenset[str]) -> np.ndarray[Any, np.dtype[np.float64]]:
        return np.array([1.0, 2.0, np.nan]) * len(coalition)

    values = {"a": np.array([1.0, 1.5, 0.0]), "b": np.array([1.0, 2.0, 0.0])}
    assert left_over(values, game) == 0.5
    assert left_over({key: -value for key, value in values.items()}, game) == 7.5
