"""What was observed: the record's counts of people and changes of hands, set beside a run and never read by one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from keyterrain.theatre.nouns import ControlRow, DisplacementRow, Record


@dataclass(frozen=True, slots=True)
class ObservedCount:
    """A count of people from the record; `after_start` says that no run from that start could know it."""

    on: date
    origin: str
    host: str
    cum_persons: float
    source: str
    grade: str
    after_start: bool


@dataclass(frozen=True, slots=True)
class ObservedHolder:
    """Who took or contested a place, by the record, on a day after the start."""

    on: date
    place: str
    holder: str
    contested_by: str
    weight: float
    precision_days: float
    source: str
    grade: str


@dataclass(frozen=True, slots=True)
class Observed:
    """The part of the record that a reader compares a run with."""

    counts: tuple[ObservedCount, ...]
    changes: tuple[ObservedHolder, ...]

    def changes_at(self, place: str) -> tuple[ObservedHolder, ...]:
        """Return the changes of hands at a place after the start, in order of time."""
        return tuple(change for change in self.changes if change.place == place)


def observed(record: Record, start: date, end: date, hosts: Iterable[str]) -> Observed:
    """Select from the record the counts at known hosts up to `end`, and the changes of hands after `start` up to `end`."""
    known = set(hosts)
    counts = [row for row in record.displacement if row.host in known and row.on <= end]
    changes = [row for row in record.control if start < row.on <= end]
    return Observed(
        tuple(_count(row, start) for row in sorted(counts, key=lambda row: (row.host, row.on))),
        tuple(_change(row) for row in sorted(changes, key=lambda row: (row.on, row.place))),
    )


def counted_hosts(record: Record, end: date, hosts: Sequence[str]) -> list[str]:
    """Return those hosts for which the record has a count by `end`, in the order of `hosts`."""
    counted = {row.host for row in record.displacement if row.on <= end}
    return [host for host in hosts if host in counted]


def _count(row: DisplacementRow, start: date) -> ObservedCount:
    return ObservedCount(row.on, row.origin, row.host, row.cum_persons, row.source, row.grade, max(row.on, row.known_on) > start)


def _change(row: ControlRow) -> ObservedHolder:
    return ObservedHolder(row.on, row.place, row.holder, row.contested_by, row.weight, row.precision_days, row.source, row.grade)
