"""Contraction: an order of the places, and the links that a search for all ways from a place needs.

Places are taken out of the network one by one; whenever one goes, its neighbours that are left are linked with each other, so
that no way between them is lost. Which links and triangles come about depends on the network alone, never on hours, so they are
made once; what each link costs is worked out in `dynamics.hierarchy` whenever hours have changed (customizable contraction
hierarchies: Dibbelt, Strasser and Wagner 2016, doi:10.1145/2886843). The place that adds fewest links goes first (minimum fill:
Rose 1972), or nearly: what a place adds is counted anew when a neighbour goes, not when one two steps away does.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from heapq import heapify, heappop, heappush
from itertools import combinations

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Contraction:
    """The order in which places are taken out, and what links them.

    Attributes
    ----------
    place_at
        (P) place by rank; the first is taken out first.
    rank_of
        (P) rank by place.
    link_start
        (P + 1) links of the place of a rank to those that outlast it stand from here to the next.
    link_rank
        (links) rank of the upper end, ascending for each lower end.
    route_link
        (E) link that a route is a part of.
    triangle_start
        (P + 1) triangles whose lowest corner is the place of a rank.
    triangle_sides, triangle_across
        (triangles, 2) links from the lowest corner to the other two, and (triangles) the link between these.
    """

    place_at: NDArray[np.int32]
    rank_of: NDArray[np.int32]
    link_start: NDArray[np.int32]
    link_rank: NDArray[np.int32]
    route_link: NDArray[np.int32]
    triangle_start: NDArray[np.int32]
    triangle_sides: NDArray[np.int32]
    triangle_across: NDArray[np.int32]


def contract(n_places: int, ends: Sequence[tuple[int, int]]) -> Contraction:
    """Take the places of a network out one by one.

    Parameters
    ----------
    n_places
        Number of places; the result depends on their order only where two are alike.
    ends
        Both ends of each route.
    """
    place_at, above = _eliminate(n_places, ends)
    rank_of = np.empty(n_places, dtype=np.int32)
    rank_of[place_at] = np.arange(n_places)
    uppers = [sorted(int(rank_of[place]) for place in above[place]) for place in place_at]
    number = {pair: i for i, pair in enumerate((rank, upper) for rank in range(n_places) for upper in uppers[rank])}
    corners = [[(rank, *pair) for pair in combinations(upper, 2)] for rank, upper in enumerate(uppers)]
    triangles = [triangle for each in corners for triangle in each]
    return Contraction(
        place_at=np.array(place_at, dtype=np.int32),
        rank_of=rank_of,
        link_start=_starts(map(len, uppers)),
        link_rank=np.array([upper for each in uppers for upper in each], dtype=np.int32),
        route_link=np.array([number[_sorted(rank_of[a], rank_of[b])] for a, b in ends], dtype=np.int32),
        triangle_start=_starts(map(len, corners)),
        triangle_sides=np.array([(number[low, a], number[low, b]) for low, a, b in triangles], dtype=np.int32).reshape(-1, 2),
        triangle_across=np.array([number[a, b] for _, a, b in triangles], dtype=np.int32),
    )


def _eliminate(n_places: int, ends: Iterable[tuple[int, int]]) -> tuple[list[int], list[set[int]]]:
    """Return the places in the order in which they go, and by place the neighbours that it has when it goes."""
    left: list[set[int]] = [set() for _ in range(n_places)]
    for a, b in ends:
        left[a].add(b)
        left[b].add(a)
    queue = [(_fill(left, place), len(left[place]), place) for place in range(n_places)]
    heapify(queue)
    order: list[int] = []
    gone = [False] * n_places
    while queue:
        *asked, place = heappop(queue)
        if gone[place]:
            continue
        now = (_fill(left, place), len(left[place]))
        if now != tuple(asked):
            heappush(queue, (*now, place))
            continue
        gone[place] = True
        order.append(place)
        for other in left[place]:
            left[other] |= left[place]
            left[other] -= {place, other}
        for other in left[place]:
            heappush(queue, (_fill(left, other), len(left[other]), other))
    return order, left


def _fill(left: Sequence[set[int]], place: int) -> int:
    """Count the links that taking a place out would add."""
    return sum(b not in left[a] for a, b in combinations(left[place], 2))


def _sorted(a: np.int32, b: np.int32) -> tuple[int, int]:
    return (int(a), int(b)) if a < b else (int(b), int(a))


def _starts(lengths: Iterable[int]) -> NDArray[np.int32]:
    return np.cumsum([0, *lengths]).astype(np.int32)
