"""Registration: how many people of each origin are at each host, without room for all pairs of them.

Most pairs of an origin and a host never come about, the more so the larger the theatre. Each pair that does is a row; the rows of
an origin are chained by host and those at a host by origin, so that who walks along either meets people in the order of places.
Rows are never given back: a pair whose people have all left keeps its row, with nobody in it.
"""

from __future__ import annotations

from keyterrain.dynamics.kernel import kernel
from keyterrain.dynamics.state import NONE, OVERFLOW, ROWS, State


@kernel
def row_before(s: State, origin: int, host: int) -> int:
    """Last row of an origin whose host comes before this one, NONE if there is none."""
    before, row = NONE, s.first_of_origin[origin]
    while row != NONE and s.row_host[row] < host:
        before, row = row, s.next_of_origin[row]
    return int(before)


@kernel
def new_row(s: State, origin: int, host: int, before: int) -> int:
    """Open a row for a pair, in its places in both chains; NONE if there is no room."""
    row = s.count[ROWS]
    if row >= s.row_n.shape[0]:
        s.count[OVERFLOW] = 1
        return NONE
    s.count[ROWS] = row + 1
    s.row_origin[row] = origin
    s.row_host[row] = host
    s.row_n[row] = 0
    if before == NONE:
        s.next_of_origin[row] = s.first_of_origin[origin]
        s.first_of_origin[origin] = row
    else:
        s.next_of_origin[row] = s.next_of_origin[before]
        s.next_of_origin[before] = row
    beside, after = NONE, s.first_at_host[host]
    while after != NONE and s.row_origin[after] < origin:
        beside, after = after, s.next_at_host[after]
    s.next_at_host[row] = after
    if beside == NONE:
        s.first_at_host[host] = row
    else:
        s.next_at_host[beside] = row
    return int(row)


@kernel
def register(s: State, origin: int, host: int, n: int) -> None:
    """Count people of an origin as guests of a host; `origin` is the number of places where it is unknown.

    Without room for one more pair the replicate reports an overrun.
    """
    before = row_before(s, origin, host)
    row = s.first_of_origin[origin] if before == NONE else s.next_of_origin[before]
    if row == NONE or s.row_host[row] != host:
        row = new_row(s, origin, host, before)
    if row != NONE:
        s.row_n[row] += n
        s.guests[host] += n
