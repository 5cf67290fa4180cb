"""Dated observations of a campaign under way, read from a CSV file with every fault at once.

An observation is not part of a scenario: it is what somebody sees after the start, and it carries its own uncertainty.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from keyterrain.theatre.cells import BadCell, read_cell
from keyterrain.theatre.columns import Column, Table
from keyterrain.theatre.faults import Fault, ScenarioFaults, in_order, nearest, shown
from keyterrain.theatre.tables import RawRow, read_table

if TYPE_CHECKING:
    from keyterrain.theatre.nouns import Situation

Kind = Literal["control", "corridor", "route", "displaced"]
KINDS: tuple[Kind, ...] = ("control", "corridor", "route", "displaced")
CONTESTED_WORD = "contested"
STATES = ("open", "closed")
LARGEST_BYTES = 20_000_000
"""Size beyond which a file is taken for a slip; assumption."""
DEFAULT_P_WRONG = 0.05
"""Chance that a report is plainly wrong; assumption."""
DEFAULT_RELATIVE_ERROR = 0.3
"""Log standard deviation of a count of people where none is given; assumption: counts of one wave by two agencies differ so."""

OBSERVATIONS = Table(
    "observations",
    "observations.csv",
    "What was seen after the start.",
    (
        Column("date", "date", "evening on which it was so; after the start and not after the run's last day", attribute="on"),
        Column("kind", "choice", "what was seen", choices=KINDS),
        Column("subject", "text", "place, corridor, route (`from--to`) or host that it is about"),
        Column("value", "text", "side or `contested`; `open` or `closed`; displaced people there beyond those of the start"),
        Column("error", "number", "days that the date may be off; of people the log standard deviation", default="", least=0),
        Column(
            "p_wrong", "number", "chance that the report is plainly wrong", "1", default=str(DEFAULT_P_WRONG), least=0, most=1
        ),
        Column("source", "text", "where it is from", default=""),
    ),
)


@dataclass(frozen=True, slots=True)
class Observation:
    """One thing seen; `people` is nan but for counts, `error` is in days or, for counts, a log standard deviation."""

    on: date
    day: int
    kind: Kind
    subject: str
    value: str
    people: float
    error: float
    p_wrong: float
    source: str
    row: int


@dataclass(frozen=True, slots=True)
class Subjects:
    """What can be observed of a run: keys by kind, and the span of its days."""

    places: frozenset[str]
    sides: frozenset[str]
    corridors: frozenset[str]
    routes: frozenset[str]
    hosts: frozenset[str]
    start: date
    days: int

    @classmethod
    def of(cls, situation: Situation, days: int, hosts: frozenset[str]) -> Subjects:
        """Return what can be observed of a campaign; `hosts` are the labels of who takes people in."""
        return cls(
            frozenset(place.key for place in situation.places),
            frozenset(side.key for side in situation.sides),
            frozenset(corridor.key for corridor in situation.corridors),
            frozenset(route.key for route in situation.routes),
            hosts,
            situation.start,
            days,
        )

    def of_kind(self, kind: Kind) -> frozenset[str]:
        """Return the keys that an observation of a kind may be about."""
        named: Mapping[str, frozenset[str]] = {
            "control": self.places, "corridor": self.corridors, "route": self.routes, "displaced": self.hosts,
        }  # fmt: skip
        return named[kind]


def read_observations(path: Path, subjects: Subjects) -> tuple[Observation, ...]:
    """Return the observations of a file, in order of time.

    Raises
    ------
    ScenarioFaults
        With every fault of the file: it cannot be read, is empty, is malformed, or speaks of what the run does not have.
    """
    schema = replace(OBSERVATIONS, file=path.name)
    try:
        if path.stat().st_size > LARGEST_BYTES:
            raise ScenarioFaults(str(path), [Fault(path.name, None, None, "is larger than 20 MB")])
        raw = read_table(schema, path.read_bytes())
    except OSError as error:
        raise ScenarioFaults(str(path), [Fault(path.name, None, None, f"cannot be read: {error.strerror}")]) from None
    faults = list(raw.faults)
    if raw.is_readable and not raw.rows and not faults:
        faults.append(Fault(path.name, None, None, "holds no observation: write one row at least"))
    found = [each for row in raw.rows if (each := _observation(schema, row, raw.columns, subjects, faults)) is not None]
    faults.extend(_repeated(path.name, found))
    if faults:
        raise ScenarioFaults(str(path), in_order(faults))
    return tuple(sorted(found, key=lambda each: (each.on, each.row)))


def _observation(
    schema: Table, row: RawRow, present: tuple[str, ...], subjects: Subjects, faults: list[Fault]
) -> Observation | None:
    cells: dict[str, Any] = {}
    for column in schema.columns:
        if column.is_required and column.name not in present:
            continue  # said once, of the header
        try:
            cells[column.name] = read_cell(column, row.cells.get(column.name, ""))
        except BadCell as error:
            faults.append(Fault(schema.file, row.line, column.name, error.what, error.nearest))
    found = list(_strange(schema.file, row.line, cells, subjects))
    faults.extend(found)
    if found or len(cells) < len(schema.columns):
        return None
    is_count = cells["kind"] == "displaced"
    usual = DEFAULT_RELATIVE_ERROR if is_count else 0.0
    return Observation(
        on=cells["date"],
        day=(cells["date"] - subjects.start).days,
        kind=cells["kind"],
        subject=_as_keyed(cells["subject"], subjects) if cells["kind"] == "route" else cells["subject"],
        value=cells["value"],
        people=float(cells["value"]) if is_count else float("nan"),
        error=usual if cells["error"] is None else float(cells["error"]),
        p_wrong=float(cells["p_wrong"]),
        source=cells["source"],
        row=row.line,
    )


def _strange(file: str, line: int, cells: Mapping[str, Any], subjects: Subjects) -> Iterator[Fault]:
    """Return what a row says that cannot be of this run."""
    if "date" in cells:
        last = subjects.start + timedelta(days=subjects.days)
        if cells["date"] <= subjects.start:
            yield Fault(file, line, "date", f"{cells['date']} is not after the start, {subjects.start}: the run knows it already")
        elif cells["date"] > last:
            yield Fault(file, line, "date", f"{cells['date']} is after the last day of the run, {last}")
    kind = cells.get("kind")
    if kind is None:
        return
    known = subjects.of_kind(kind)
    subject = cells.get("subject")
    if subject is not None and (_as_keyed(subject, subjects) if kind == "route" else subject) not in known:
        yield Fault(file, line, "subject", f"unknown {_WHAT[kind]} {shown(subject)}", nearest(subject, known))
    if "value" in cells:
        yield from _strange_value(file, line, kind, cells["value"], subjects)
    if kind == "displaced" and cells.get("error") == 0:
        yield Fault(file, line, "error", "no count of people is exact: give a log standard deviation above 0, or leave it blank")


def _strange_value(file: str, line: int, kind: Kind, value: str, subjects: Subjects) -> Iterator[Fault]:
    if kind == "displaced":
        column = Column("value", "number", "people", least=0)
        try:
            read_cell(column, value)
        except BadCell as error:
            yield Fault(file, line, "value", error.what)
        return
    valid = {*subjects.sides, CONTESTED_WORD} if kind == "control" else set(STATES)
    if value not in valid:
        what = (
            f"{shown(value)} is neither a side nor `contested`" if kind == "control" else f"{shown(value)} is not open or closed"
        )
        yield Fault(file, line, "value", what, nearest(value, valid))


def _repeated(file: str, found: list[Observation]) -> Iterator[Fault]:
    """Refuse what is said twice of one evening: it would count twice."""
    first: dict[tuple[date, str, str], int] = {}
    for each in found:
        what = (each.on, each.kind, each.subject)
        if what in first:
            yield Fault(file, each.row, "subject", f"is observed on {each.on} in row {first[what]} already: it would count twice")
        first.setdefault(what, each.row)


def _as_keyed(written: str, subjects: Subjects) -> str:
    """Return a route as it is keyed, whichever end is named first."""
    start, _, end = written.partition("--")
    turned = f"{end}--{start}"
    return turned if turned in subjects.routes and written not in subjects.routes else written


_WHAT = {"control": "place", "corridor": "corridor", "route": "route", "displaced": "host"}
