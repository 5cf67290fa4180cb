"""What could be known by a start: the latest row of each thing, who held what, which roads were closed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import replace
from datetime import date
from typing import Protocol, TypeVar

from keyterrain.theatre.nouns import ClosureRow, ControlRow, Holding


class Dated(Protocol):
    """A row that says from which day it was known."""

    @property
    def known_on(self) -> date:
        """Day from which it was true and observable on the spot."""


Row = TypeVar("Row", bound=Dated)


def known_by(rows: Iterable[Row], start: date) -> tuple[Row, ...]:
    """Return the rows known on the evening of `start`, in an order that does not depend on theirs."""
    return tuple(sorted((row for row in rows if row.known_on <= start), key=repr))


def latest_by(rows: Iterable[Row], start: date, thing: Callable[[Row], Hashable]) -> tuple[Row, ...]:
    """Return for each thing the rows of the latest day known by `start`, in an order that does not depend on theirs."""
    known = known_by(rows, start)
    latest: dict[Hashable, date] = {}
    for row in known:
        latest[thing(row)] = max(row.known_on, latest.get(thing(row), row.known_on))
    return tuple(row for row in known if row.known_on == latest[thing(row)])


def holdings_on(control: Iterable[ControlRow], start: date) -> dict[str, tuple[Holding, ...]]:
    """Return who held each place on the evening of `start`, with weights where the record knows alternatives.

    The latest date up to the start counts. A holder who is on the record before it without a break holds since then.
    """
    history: dict[str, dict[date, list[ControlRow]]] = defaultdict(lambda: defaultdict(list))
    for row in latest_by((row for row in control if row.on <= start), start, lambda row: (row.place, row.on)):
        history[row.place][row.on].append(row)
    return {place: _alternatives(history[place]) for place in sorted(history)}


def _alternatives(by_day: Mapping[date, list[ControlRow]]) -> tuple[Holding, ...]:
    days = sorted(by_day)
    last = by_day[days[-1]]
    total = sum(row.weight for row in last)
    holdings = (Holding(row.holder, row.contested_by, row.weight / total, _since(row, days, by_day)) for row in last)
    return tuple(sorted(holdings, key=lambda holding: (holding.holder, holding.contested_by)))


def _since(holder: ControlRow, days: list[date], by_day: Mapping[date, list[ControlRow]]) -> date:
    since = days[-1]
    for day in reversed(days):
        if not any((row.holder, row.contested_by) == (holder.holder, holder.contested_by) for row in by_day[day]):
            break
        since = day
    return since


def closures_on(closures: Iterable[ClosureRow], start: date) -> tuple[ClosureRow, ...]:
    """Return the closures in force on the evening of `start`; when they will end is not known then."""
    return tuple(
        replace(row, reopened_on=None)
        for row in known_by(closures, start)
        if row.closed_on <= start and (row.reopened_on is None or row.reopened_on > start)
    )


def earliest_known(control: Iterable[ControlRow], places: Iterable[str]) -> date | None:
    """Return the first day by which the record has a holder for every place, None where it never has."""
    first: dict[str, date] = {}
    for row in control:
        day = max(row.on, row.known_on)
        first[row.place] = min(day, first.get(row.place, day))
    days = [first.get(place) for place in places]
    known = [day for day in days if day is not None]
    return max(known) if known and len(known) == len(days) else None
