"""Shapley values of any game: what all players bring about together, shared out among them.

    value_i = mean over orders of v(those before i, and i) - v(those before i)

The one way of sharing out that leaves nothing over (efficiency), treats equals alike (symmetry), gives nothing to who changes
nothing (null player) and adds up over games (additivity): Shapley (1953, doi:10.1515/9781400881970-018). Exactly over all
coalitions, or over orders at random (Castro, Gomez and Tejada 2009, doi:10.1016/j.cor.2008.04.004), each of which shares out
everything, taken together with its reverse: who comes early in one comes late in the other (Mitchell, Cooper, Frank and
Holmes 2022, JMLR 23:43).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Coalition = frozenset[str]
Game = Callable[[Coalition], Floats]
"""What a coalition brings about: an array of the same shape for each, such as one number per outcome and replicate."""


def along(order: Sequence[str]) -> Iterator[Coalition]:
    """Yield the coalitions that grow by one player at a time, from nobody to all."""
    for n in range(len(order) + 1):
        yield frozenset(order[:n])


def both_ways(order: Sequence[str]) -> tuple[tuple[str, ...], ...]:
    """Return an order and its reverse, which for a single player are the same and counted once."""
    there = tuple(order)
    return (there, there[::-1]) if len(there) > 1 else (there,)


def marginals(game: Game, order: Sequence[str]) -> dict[str, Floats]:
    """Return what each player adds to those before it."""
    worth = [game(coalition) for coalition in along(order)]
    return {player: after - before for player, before, after in zip(order, worth, worth[1:], strict=False)}


def mean_marginals(game: Game, orders: Iterable[Sequence[str]]) -> dict[str, Floats]:
    """Return what each player adds to those before it, on average over orders of the same players."""
    added = [marginals(game, order) for order in orders]
    return {player: np.asarray(sum(each[player] for each in added) / len(added)) for player in sorted(added[0])}


def coalitions(players: Sequence[str]) -> tuple[Coalition, ...]:
    """Return all coalitions of players, nobody first and all last."""
    return tuple(frozenset(some) for n in range(len(players) + 1) for some in combinations(sorted(players), n))


def exact(game: Game, players: Sequence[str]) -> dict[str, Floats]:
    """Return the Shapley values from all coalitions, of which there are 2 to the number of players."""
    n = len(players)
    worth = {coalition: game(coalition) for coalition in coalitions(players)}
    weight = [math.factorial(size) * math.factorial(n - size - 1) / math.factorial(n) for size in range(n)]
    values = {}
    for player in sorted(players):
        without = [coalition for coalition in worth if player not in coalition]
        values[player] = np.asarray(sum(weight[len(s)] * (worth[s | {player}] - worth[s]) for s in without))
    return values


def left_over(values: Mapping[str, Floats], game: Game) -> float:
    """Return the largest part, either way, of what all players bring about that no value accounts for; rounding alone is left.

    What is undefined (nan) is not compared.
    """
    together = game(frozenset(values)) - game(frozenset())
    gaps = np.abs(np.asarray(sum(values.values()) - together))
    known = gaps[~np.isnan(gaps)]
    return float(known.max()) if known.size else 0.0
