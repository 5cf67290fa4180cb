"""The register of displaced people agrees with a table of all pairs, keeps the order of places, and says when it is full."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hand_made import STATE, Records
from keyterrain.dynamics.kernel import kernel
from keyterrain.dynamics.registration import register
from keyterrain.dynamics.state import NONE, OVERFLOW, ROWS, capacities, state_type

Moves = list[tuple[int, int, int]]


@kernel
def register_all(states: Records, moves: np.ndarray[Any, np.dtype[np.int64]]) -> None:
    for i in range(len(moves)):
        register(states[0], moves[i, 0], moves[i, 1], moves[i, 2])


def registered(moves: Moves) -> Records:
    states = np.zeros(1, dtype=STATE)
    states["first_of_origin"], states["first_at_host"] = NONE, NONE
    register_all(states, np.array(moves, dtype=np.int64).reshape(-1, 3))
    return states


def along(states: Records, first: int, onward: str, what: str) -> list[tuple[int, int]]:
    """What a chain of rows names, with the people in each."""
    found, row = [], first
    while row != NONE:
        found.append((int(states[what][0, row]), int(states["row_n"][0, row])))
        row = states[onward][0, row]
    return found


@given(st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6), st.integers(0, 9)), max_size=60))
def test_both_chains_tell_what_a_table_of_all_pairs_tells_in_the_order_of_places(moves: Moves) -> None:
    table: Counter[tuple[int, int]] = Counter()
    for origin, host, n in moves:
        table[origin, host] += n
    states = registered(moves)
    for i in range(7):
        of_origin = along(states, states["first_of_origin"][0, i], "next_of_origin", "row_host")
        at_host = along(states, states["first_at_host"][0, i], "next_at_host", "row_origin")
        assert of_origin == sorted((host, n) for (origin, host), n in table.items() if origin == i)
        assert at_host == sorted((origin, n) for (origin, host), n in table.items() if host == i)
        assert states["guests"][0, i] == sum(n for (_, host), n in table.items() if host == i)


@pytest.mark.parametrize("more", [0, 1])
def test_a_full_register_is_reported_and_counts_nobody_who_is_not_in_it(more: int) -> None:
    room = 5
    narrow = np.zeros(1, dtype=state_type(capacities({}) | {"rows": room}))
    narrow["first_of_origin"], narrow["first_at_host"] = NONE, NONE
    moves = [(i, 3, 1) for i in range(room + more)]
    register_all(narrow, np.array([*moves, moves[0]]))
    assert narrow["count"][0, OVERFLOW] == more
    assert narrow["count"][0, ROWS] == room
    assert narrow["row_n"].sum() == narrow["guests"].sum() == room + 1
