"""Consecutive replicates as measures see them: arrays with labels, whether just played or read from a store."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from keyterrain.analysis.chunks import Chunk, read_chunks, thinned
from keyterrain.campaign.store import read_events
from keyterrain.theatre.outcomes import WHOLE_THEATRE

if TYPE_CHECKING:
    import pyarrow as pa

    from keyterrain.campaign.chunks import PlayedChunk
    from keyterrain.campaign.ensemble import Run
    from keyterrain.campaign.prepare import Prepared
    from keyterrain.theatre.nouns import Situation

Labels = Mapping[str, Sequence[str | int]]
Shared = TypeVar("Shared")

EVENTS = "events"
"""Name under which a measure asks for the events beside variables of the store."""


class Events(NamedTuple):
    """Events as columns of numbers: row of the replicate, day, and index into the labels of `place` and `side` (-1 for none)."""

    row: NDArray[np.int64]
    day: NDArray[np.int64]
    kind: NDArray[np.str_]
    place: NDArray[np.int64]
    side: NDArray[np.int64]
    number: NDArray[np.int64]

    def where(self, chosen: NDArray[np.bool_]) -> Events:
        """Return some of the events."""
        return Events._make(column[chosen] for column in self)


@dataclass(frozen=True)
class Replicates:
    """Replicates `first` to `first + n`.

    Attributes
    ----------
    arrays
        Variables as in `campaign.record`, replicate first; weekly ones by week.
    labels
        Labels of every dimension but the replicate.
    table
        Events of these replicates, where they were asked for.
    """

    arrays: Chunk
    labels: Labels
    situation: Situation
    first: int
    n: int
    table: pa.Table | None = None
    _shared: dict[object, Any] = field(default_factory=dict, repr=False)

    def at(self, dim: str, label: str) -> int:
        """Return the position of a label."""
        return self._positions[dim][label]

    @cached_property
    def _positions(self) -> dict[str, dict[str | int, int]]:
        return {dim: {label: i for i, label in enumerate(labels)} for dim, labels in self.labels.items()}

    @property
    def last_day(self) -> int:
        """The last day that was played."""
        return len(self.labels["day"]) - 1

    def members(self, area: str, outside: frozenset[str] = frozenset()) -> NDArray[np.int64]:
        """Return the positions of the places of an area, or of the whole theatre, without those outside of which one measures."""
        keys = [place.key for place in self.situation.places if area == WHOLE_THEATRE or area in place.areas]
        return self.places(key for key in keys if key not in outside)

    def places(self, keys: Iterable[str]) -> NDArray[np.int64]:
        """Return the positions of places."""
        return np.array([self.at("place", key) for key in keys], dtype=np.int64)

    def actors_of(self, side: str) -> NDArray[np.int64]:
        """Return the positions of the actors of a side."""
        return np.array([self.at("actor", actor.key) for actor in self.situation.actors if actor.side == side], dtype=np.int64)

    def shared(self, key: object, make: Callable[[], Shared]) -> Shared:
        """Return what several measures of these replicates need, made once."""
        if key not in self._shared:
            self._shared[key] = make()
        made: Shared = self._shared[key]
        return made

    @property
    def events(self) -> Events:
        """Events as columns of numbers."""
        return self.shared(EVENTS, self._read_events)

    def _read_events(self) -> Events:
        if self.table is None:
            raise ValueError("the events of these replicates were not asked for")
        columns = {
            name: self.table.column(name).combine_chunks() for name in ("replicate", "day", "kind", "place", "side", "number")
        }
        return Events(
            _numbers(columns["replicate"]) - self.first,
            _numbers(columns["day"]),
            np.array(_labels_of(columns["kind"]).names, dtype=np.str_)[_labels_of(columns["kind"]).code],
            self._codes(columns["place"], "place"),
            self._codes(columns["side"], "side"),
            _numbers(columns["number"]),
        )

    def _codes(self, column: Any, dim: str) -> NDArray[np.int64]:
        labels = _labels_of(column)
        position = np.array([*(self._positions[dim].get(name, -1) for name in labels.names), -1], dtype=np.int64)
        return position[labels.code]


class _Coded(NamedTuple):
    names: list[str]
    code: NDArray[np.int64]


def _labels_of(column: Any) -> _Coded:
    """Take a column of text apart into names and codes; -1, which is the last of any list, where there is none."""
    coded = column if hasattr(column, "dictionary") else column.dictionary_encode()
    code = np.asarray(coded.indices.fill_null(-1).to_numpy(zero_copy_only=False), dtype=np.int64)
    return _Coded(coded.dictionary.to_pylist() or [""], code)


def _numbers(column: Any) -> NDArray[np.int64]:
    return np.asarray(column.to_numpy(zero_copy_only=False), dtype=np.int64)


def of_chunk(prepared: Prepared, first: int, chunk: PlayedChunk) -> Replicates:
    """Return replicates that were just played, without daily record, as measures see them."""
    n = len(next(iter(chunk.arrays.values())))
    return Replicates(chunk.arrays, prepared.coordinates, prepared.situation, first, n, chunk.events)


def of_run(run: Run, variables: Sequence[str], *, n_at_once: int | None = None) -> Iterator[Replicates]:
    """Read a finished run some replicates at a time, events too.

    Parameters
    ----------
    variables
        Variables of the store, and `events` where they are wanted (see `variables_of`).
    """
    dataset = thinned(run.dataset)
    labels = {str(dim): dataset[dim].to_numpy().tolist() for dim in dataset.dims if dim != "replicate"}
    situation = run.scenario.situation(run.manifest.plan.start)
    names = [name for name in variables if name != EVENTS] or ["wet"]
    first = 0
    for arrays in read_chunks(dataset, names, n_at_once=n_at_once):
        n = len(arrays[names[0]])
        table = _stored_events(run, first, first + n) if EVENTS in variables else None
        yield Replicates(arrays, labels, situation, first, n, table)
        first += n


def _stored_events(run: Run, first: int, stop: int) -> pa.Table:
    """Read the events of replicates `first` to `stop` from the parts that hold them."""
    import pyarrow.compute as pc

    table = read_events(run.path, [chunk.first for chunk in run.manifest.done if chunk.first < stop and chunk.stop > first])
    number = table.column("replicate")
    return table.filter(pc.and_(pc.greater_equal(number, first), pc.less(number, stop)))
