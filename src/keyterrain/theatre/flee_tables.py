"""CSV files as Flee reads them: columns by position, `#` before what is no data, counts between their dates interpolated."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import NamedTuple

from keyterrain.theatre.faults import Fault, nearest, shown
from keyterrain.theatre.text import UnreadableText, decode

MOST_PEOPLE = 100_000_000
"""Largest count of a place (UNHCR counted 123 million displaced people in the whole world at the end of 2024)."""


class PlainRow(NamedTuple):
    """Cells of a row, stripped, and the line it begins on."""

    line: int
    cells: list[str]

    def cell(self, k: int) -> str:
        """Return a cell, empty where the row is too short."""
        return self.cells[k] if k < len(self.cells) else ""


class CountSeries(NamedTuple):
    """Counts on days since the start, in order."""

    days: tuple[int, ...]
    counts: tuple[float, ...]

    def on(self, day: int) -> int:
        """Return the whole count of a day: interpolated, held before the first date and after the last."""
        days, counts = self.days, self.counts
        if day <= days[0]:
            return int(counts[0])
        for k in range(1, len(days)):
            if day < days[k]:
                share = (day - days[k - 1]) / (days[k] - days[k - 1])
                return int(counts[k - 1] + share * (counts[k] - counts[k - 1]))
        return int(counts[-1])

    def scaled_before(self, day: int) -> CountSeries | None:
        """Return the series with all before a day scaled to join it there; None if the day is not one of its dates."""
        if day not in self.days:
            return None
        k = self.days.index(day)
        if k == 0 or self.counts[k - 1] == 0:
            return self
        factor = self.counts[k] / self.counts[k - 1]
        return CountSeries(self.days, (*(count * factor for count in self.counts[:k]), *self.counts[k:]))


def summed(first: CountSeries, second: CountSeries) -> CountSeries:
    """Add two series as Flee does: of the first the date to come counts, of the second the date past, until the second ends."""
    last = second.days[-1]
    days = sorted({*second.days, *(day for day in first.days if day < last)})
    total = []
    for day in days:
        ahead = next((count for each, count in zip(*first, strict=True) if each >= day), first.counts[-1])
        behind = [count for each, count in zip(*second, strict=True) if each <= day]
        total.append(ahead + (behind[-1] if behind else 0.0))
    return CountSeries(tuple(days), tuple(total))


@dataclass(slots=True)
class FolderReading:
    """Files of a folder as they are read, with everything that is found wrong."""

    folder: Path
    faults: list[Fault] = field(default_factory=list)
    warnings: list[Fault] = field(default_factory=list)

    def fault(self, file: str, row: int | None, column: str | None, what: str, near: str | None = None) -> None:
        """Note what keeps the folder from being used."""
        self.faults.append(Fault(file, row, column, what, near))

    def warn(self, file: str, row: int | None, column: str | None, what: str, near: str | None = None) -> None:
        """Note what does not."""
        self.warnings.append(Fault(file, row, column, what, near))

    def text(self, file: str, *, required: bool = True) -> str | None:
        """Return the text of a file, None if there is none, or nothing in it."""
        try:
            content = (self.folder / file).read_bytes()
        except FileNotFoundError:
            if required:
                self.fault(file, None, None, "is missing", self._like(file))
            return None
        except OSError as error:
            self.fault(file, None, None, f"cannot be read: {error.strerror}")
            return None
        if not required and not content.strip():
            return None
        try:
            return decode(file, content)
        except UnreadableText as error:
            self.faults.append(error.fault)
            return None

    def rows(self, file: str, *, required: bool = True, comments: bool = True) -> list[PlainRow]:
        """Return the rows of a file that hold data: not empty and, with comments, not begun with `#`."""
        text = self.text(file, required=required)
        if text is None:
            return []
        rows = list(self._parsed(file, text))
        kept = [row for row in rows if any(row.cells) and not (comments and row.cell(0).startswith("#"))]
        if required and not kept:
            self.fault(file, 1, None, "holds no rows of data")
        return kept

    def header(self, file: str) -> list[str]:
        """Return the last row that begins with `#`, which names the columns."""
        text = self.text(file, required=False)
        rows = [row.cells for row in self._parsed(file, text)] if text else []
        marked = [cells for cells in rows if cells and cells[0].startswith("#")]
        return marked[-1] if marked else []

    def whole(self, file: str, row: PlainRow, k: int, column: str, *, empty: int | None = None) -> int | None:
        """Read a whole number, at least -1; a fault if it is none."""
        value = self.number(file, row, k, column, empty=None if empty is None else float(empty))
        if value is not None and value != int(value):
            self.fault(file, row.line, column, f"{shown(row.cell(k))} is no whole number")
            return None
        return None if value is None else int(value)

    def number(self, file: str, row: PlainRow, k: int, column: str, *, empty: float | None = None) -> float | None:
        """Read a finite number, the one for empty where the cell is; a fault if it is none."""
        text = row.cell(k)
        if not text and empty is not None:
            return empty
        try:
            value = float(text)
        except ValueError:
            self.fault(file, row.line, column, f"{shown(text)} is no number" if text else "is empty")
            return None
        if not abs(value) < 1e15:
            self.fault(file, row.line, column, f"{shown(text)} is no finite number")
            return None
        return value

    def day(self, file: str, row: PlainRow, k: int) -> date | None:
        """Read a date; a fault if it is none."""
        try:
            return date.fromisoformat(row.cell(k))
        except ValueError:
            self.fault(file, row.line, "date", f"{shown(row.cell(k))} is no date: write 2013-11-22")
            return None

    def series(self, file: str, start: date) -> CountSeries | None:
        """Read a file of dates and counts; None where it cannot be used."""
        n_faults = len(self.faults)
        days: list[int] = []
        counts: list[float] = []
        for k, row in enumerate(self.rows(file)):
            if not row.cell(1) or (k == 0 and not row.cell(0)[:1].isdigit()):
                continue  # the header, or a date without a count
            when, count = self.day(file, row, 0), self.number(file, row, 1, "count")
            if when is None or count is None:
                continue
            if not 0 <= count <= MOST_PEOPLE:
                self.fault(file, row.line, "count", f"{row.cell(1)} is not from 0 to {MOST_PEOPLE:,}")
            day = (when - start).days
            if days and day < days[-1]:
                self.fault(file, row.line, "date", f"{when} is before the date of the row above it")
            elif days and day == days[-1]:
                self.warn(file, row.line, "date", f"{when} stands twice; the later count holds")
                days.pop()
                counts.pop()
            days.append(day)
            counts.append(count)
        if len(self.faults) > n_faults:
            return None
        if not days:
            self.fault(file, 1, None, "holds no counts")
            return None
        return CountSeries(tuple(days), tuple(counts))

    def _parsed(self, file: str, text: str) -> Iterable[PlainRow]:
        reader = csv.reader(io.StringIO(text, newline=""), skipinitialspace=True)
        line = 1
        try:
            for cells in reader:
                yield PlainRow(line, [cell.strip() for cell in cells])
                line = reader.line_num + 1
        except csv.Error as error:
            self.fault(file, line, None, f"is no CSV: {error}")

    def _like(self, file: str) -> str | None:
        where = (self.folder / file).parent
        names = [path.name for path in where.iterdir() if path.is_file()] if where.is_dir() else []
        return nearest(Path(file).name, names)
