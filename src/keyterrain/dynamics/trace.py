"""The trace of a replicate: one row for each thing that a historian would note."""

from __future__ import annotations

from keyterrain.dynamics.kernel import kernel
from keyterrain.dynamics.state import EVENTS, OVERFLOW, State


@kernel
def note(s: State, day: int, kind: int, place: int, route: int, side: int, cause: int, number: int) -> None:
    """Add an event; a full list is reported, never silently cut."""
    i = s.count[EVENTS]
    if i >= s.event.shape[0]:
        s.count[OVERFLOW] = 1
        return
    s.event[i, 0] = day
    s.event[i, 1] = kind
    s.event[i, 2] = place
    s.event[i, 3] = route
    s.event[i, 4] = side
    s.event[i, 5] = cause
    s.event[i, 6] = number
    s.count[EVENTS] = i + 1
