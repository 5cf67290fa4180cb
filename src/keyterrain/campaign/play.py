"""Playing: consecutive replicates of a prepared situation, written to arrays and a table of events."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from threading import Lock, local
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from keyterrain.campaign.day import Outcome, play_replicate
from keyterrain.campaign.errors import ListOverrun
from keyterrain.campaign.prepare import Prepared
from keyterrain.campaign.record import VARIABLES, Variable, dimensions, order_in_memory
from keyterrain.campaign.sheets import blank_sheets, pages_of, turn_over
from keyterrain.dynamics.audit import FIGHTERS, NEGATIVE, PEOPLE, SOUND, TALLIES
from keyterrain.dynamics.luck import Luck
from keyterrain.dynamics.state import CAUSES, EVENT_KINDS, state_type

if TYPE_CHECKING:
    import pyarrow as pa

BREACHES = {
    FIGHTERS: "fighters of {where} are not conserved: {off_by:+d}",
    PEOPLE: "people are not conserved: {off_by:+d}",
    NEGATIVE: "a negative count at {where}: {off_by}",
    TALLIES: "guests at {where} do not add up: {off_by:+d}",
}


@dataclass(frozen=True, slots=True)
class PlayedChunk:
    """Consecutive replicates as they were played.

    Attributes
    ----------
    arrays
        Every variable of the store, replicate first.
    events
        One row per event: replicate, day, kind, place, route, side, cause, number.
    breaches
        Laws that were broken, each in a sentence; empty unless they were checked.
    """

    arrays: Mapping[str, NDArray[Any]]
    events: pa.Table
    breaches: Sequence[str]
    forms: Forms

    def release(self) -> None:
        """Give the arrays up to be written on by a later chunk; nobody may look at them afterwards.

        Raises
        ------
        ValueError
            They have been given up already.
        """
        _PAGES.give_back(self.forms, self.arrays)


def play_chunk(prepared: Prepared, first: int, n: int, *, record_daily: bool = False, verify: bool = False) -> PlayedChunk:
    """Play replicates `first` to `first + n`; each is the same world however they are divided.

    Raises
    ------
    ListOverrun
        A list of fixed length ran over.
    """
    drawn = prepared.first_evening.draw(prepared.seed, first, n, prepared.world.room)
    forms = _forms(prepared, n, record_daily=record_daily)
    arrays = _PAGES.take(forms)
    arrays["draw"][:] = drawn.values
    sheets = blank_sheets(arrays)
    pages = pages_of(sheets, arrays)
    state = state_of_thread(prepared.world.room)
    week_days = prepared.week_days(record_daily=record_daily)
    events: list[NDArray[np.int32]] = []
    breaches: list[str] = []
    for i in range(n):
        luck = Luck(np.uint64(prepared.seed), np.uint64(first + i))
        outcome = play_replicate(i, prepared.world.record, drawn.records, luck, state, sheets, prepared.days, week_days, verify)
        if outcome.overflow:
            raise ListOverrun(_overrun(prepared, first + i))
        if outcome.finding.breach != SOUND:
            breaches.append(_sentence(prepared, first + i, outcome))
        turn_over(pages, i)
        events.append(_numbered(first + i, state, int(outcome.n_events)))
    rows = np.concatenate(events) if events else np.zeros((0, 8), np.int32)
    return PlayedChunk(arrays, event_table(prepared, rows), breaches, forms)


def _overrun(prepared: Prepared, replicate: int) -> str:
    return (
        f"Replicate {replicate} of {prepared.days} days from {prepared.situation.start} has more events, orders, groups on the "
        f"way or pairs of origin and host than there is room for in a theatre of {len(prepared.index.places)} places. Play fewer "
        "--days, or look for what makes it busier than others, such as forces or parameters (--set) far beyond the usual; "
        "replicates that were stored before are kept."
    )


def state_of_thread(room: Mapping[str, int]) -> NDArray[np.void]:
    """Return the state of this thread; a replicate clears what the last one left."""
    known = getattr(_OF_THREAD, "state", None)
    if known is None or _OF_THREAD.room != room:
        known = _OF_THREAD.state = np.zeros(1, dtype=state_type(dict(room)))
        _OF_THREAD.room = dict(room)
    return known


_OF_THREAD = local()


class _Form(NamedTuple):
    """How a variable of a chunk lies in memory, which is as the store takes it, so that no one has to copy it."""

    name: str
    dtype: str
    lying: tuple[int, ...]
    axes: tuple[int, ...]

    def blank(self) -> NDArray[Any]:
        return np.zeros(self.lying, dtype=self.dtype).transpose(self.axes)


Forms = tuple[_Form, ...]


def _forms(prepared: Prepared, n: int, *, record_daily: bool) -> Forms:
    return tuple(_form(v, (n, *prepared.shape(v.dims, v.cadence, record_daily=record_daily))) for v in VARIABLES)


def _form(variable: Variable, shape: tuple[int, ...]) -> _Form:
    order = order_in_memory(dimensions(variable, record_daily=False))
    back = tuple(int(axis) for axis in np.argsort(order))
    return _Form(variable.name, variable.dtype, tuple(shape[axis] for axis in order), back)


class _Pages:
    """Arrays of chunks that nobody looks at any more: written on again, they cost no new memory to be fetched from the system."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._free: list[tuple[Forms, Mapping[str, NDArray[Any]]]] = []

    def take(self, forms: Forms) -> Mapping[str, NDArray[Any]]:
        """Return arrays of these forms, with whatever was last written on them; a replicate fills its part of each."""
        with self._lock:
            for k, (known, arrays) in enumerate(self._free):
                if known == forms:
                    del self._free[k]
                    return arrays
            self._free.clear()
        return {form.name: form.blank() for form in forms}

    def give_back(self, forms: Forms, arrays: Mapping[str, NDArray[Any]]) -> None:
        with self._lock:
            if any(known is arrays for _, known in self._free):
                raise ValueError("the arrays of a chunk are released twice")
            self._free.append((forms, arrays))


_PAGES = _Pages()


def _numbered(replicate: int, state: NDArray[np.void], n_events: int) -> NDArray[np.int32]:
    rows = np.empty((n_events, 8), dtype=np.int32)
    rows[:, 0] = replicate
    rows[:, 1:] = state["event"][0, :n_events]
    return rows


def _sentence(prepared: Prepared, replicate: int, outcome: Outcome) -> str:
    finding = outcome.finding
    labels = list(prepared.index.actors) if finding.breach == FIGHTERS else list(prepared.index.places)
    where = labels[finding.where] if 0 <= finding.where < len(labels) else "a host"
    what = BREACHES[finding.breach].format(where=where, off_by=finding.off_by)
    return f"replicate {replicate}, day {outcome.day}: {what}"


def event_table(prepared: Prepared, rows: NDArray[np.int32]) -> pa.Table:
    """Turn rows of numbers into a table with names (dictionaries), sorted by replicate, day, kind, place and route."""
    import pyarrow as pa

    columns = np.ascontiguousarray(rows.T)
    columns = np.take(columns, _order(columns[:5]), axis=1)
    index = prepared.index
    return pa.Table.from_pydict(
        {
            "replicate": _numbers(columns[0]),
            "day": _numbers(columns[1]),
            "kind": _names(columns[2], EVENT_KINDS),
            "place": _names(columns[3], list(index.places)),
            "route": _names(columns[4], list(index.routes)),
            "side": _names(columns[5], list(index.sides)),
            "cause": _names(columns[6], CAUSES),
            "number": _numbers(columns[7]),
        }
    )


def _order(keys: NDArray[np.int32]) -> NDArray[np.int64]:
    """Return the order by several keys (key, row), made one number of: rows come nearly sorted, and then that is fast."""
    if not keys.size:
        return np.zeros(0, dtype=np.int64)
    lowest, highest = keys.min(axis=1, keepdims=True), keys.max(axis=1, keepdims=True)
    return np.argsort(np.ravel_multi_index(tuple(keys - lowest), tuple((highest - lowest + 1)[:, 0])), kind="stable")


def _numbers(numbers: NDArray[np.int32], *, none_below_zero: bool = False) -> pa.Array:
    """Return an arrow array made of its buffers, since `pyarrow.array` imports pandas, which takes a quarter of a second."""
    import pyarrow as pa

    there = pa.py_buffer(np.packbits(numbers >= 0, bitorder="little")) if none_below_zero else None
    return pa.Array.from_buffers(pa.int32(), len(numbers), [there, pa.py_buffer(numbers)])


def _names(numbers: NDArray[np.int32], labels: Sequence[str]) -> pa.Array:
    import pyarrow as pa

    texts = [label.encode() for label in labels]
    ends = np.cumsum([0, *(len(text) for text in texts)]).astype(np.int32)
    known = pa.Array.from_buffers(pa.string(), len(texts), [None, pa.py_buffer(ends), pa.py_buffer(b"".join(texts))])
    return pa.DictionaryArray.from_arrays(_numbers(numbers, none_below_zero=True), known)
