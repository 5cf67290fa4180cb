"""From files to events: every row is held against what its format says, and what is wrong is said row by row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from keyterrain.theatre.events.dates import read_dates
from keyterrain.theatre.events.formats import ACLED, FORMATS, PLAIN, EventFormat, format_of, likeliest_format
from keyterrain.theatre.events.sheet import CUT_UTF8, NotASheet, Sheet, open_sheet, read_sheet
from keyterrain.theatre.events.table import COLUMNS, DAYS, NUMBERS, TEXTS, EventFaults, EventTable, day_number
from keyterrain.theatre.faults import Fault, in_order, nearest, shown

if TYPE_CHECKING:
    import pandas as pd

Texts = NDArray[np.object_]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

EARLIEST, LATEST = date(1800, 1, 1), date(2200, 1, 1)
"""Dates beyond these are taken for slips (assumption)."""
ACLED_SPREAD = {"1": 0, "2": 3, "3": 15}
"""Days by which an ACLED date may be off, by `time_precision`: the day, the week, the month (ACLED codebook)."""
MONTH_DAYS, YEAR_DAYS = 15, 183
"""Half of what a date may be off where only the month, or only the year, is known."""
_LIMITS = {
    "lat": (-90.0, 90.0), "lon": (-180.0, 180.0), "weight": (0.0, np.inf), "low": (0.0, np.inf), "high": (0.0, np.inf),
    "precision_days": (0.0, 36_525.0), "year": (0.0, 9999.0), "month": (0.0, 12.0), "day_of_month": (0.0, 31.0),
}  # fmt: skip
"""What each number may be; a date that is off by more than a century is a slip (assumption)."""


def read_events(paths: Sequence[Path], *, leave_out_faulty: bool = False) -> EventTable:
    """Read events from files of any known format.

    Parameters
    ----------
    leave_out_faulty
        Go on without rows that have faults; they are kept with the result.

    Raises
    ------
    EventFaults
        With every fault of all files: a format that is not known, columns that are missing, rows that cannot be read.
    OSError
        A file cannot be read.
    """
    import pandas as pd

    files = [_file(path) for path in paths]
    fatal = [fault for each in files for fault in each.fatal]
    of_rows = [fault for each in files for fault in each.faults]
    if fatal or (of_rows and not leave_out_faulty):
        raise EventFaults(", ".join(path.name for path in paths), in_order([*fatal, *of_rows]))
    frame = pd.concat([each.frame for each in files], ignore_index=True)
    frame, repeated = _once(frame)
    frame = frame.sort_values("day", kind="stable", ignore_index=True)
    formats = tuple((each.name, each.format.name) for each in files)
    warnings = in_order([*(warning for each in files for warning in each.warnings), *repeated])
    return EventTable(frame, formats, warnings, in_order(of_rows))


@dataclass
class _File:
    """One file on its way to events."""

    name: str
    format: EventFormat = PLAIN
    frame: Any = None
    fatal: list[Fault] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    warnings: list[Fault] = field(default_factory=list)


def _file(path: Path) -> _File:
    done = _File(path.name)
    try:
        opening = open_sheet(path)
    except NotASheet as error:
        done.fatal.append(Fault(path.name, None, None, str(error)))
        return done
    header = opening.header
    found = format_of(header)
    if found is None:
        likely = likeliest_format(header)
        missing = ", ".join(mark for mark in likely.marks if mark not in header)
        known = ", ".join(f"{each.name} ({', '.join(each.marks)})" for each in FORMATS)
        what = f"no known format; most like {likely.name}, which has {missing}. Known by their columns: {known}"
        done.fatal.append(Fault(path.name, 1, None, what, nearest(likely.marks[0], header)))
        return done
    done.format = found
    columns = {role: name for role in found.columns if (name := found.column(role, header)) is not None}
    for role in found.required:
        if role not in columns:
            names = found.columns[role]
            done.fatal.append(Fault(path.name, 1, names[0], f"the column is missing ({found.name})", nearest(names[0], header)))
    doubled = sorted({name for name in columns.values() if header.count(name) > 1})
    done.fatal += [Fault(path.name, 1, name, "the column stands there twice") for name in doubled]
    if done.fatal:
        return done
    sheet = read_sheet(opening, tuple(dict.fromkeys(columns.values())))
    done.faults += sheet.faults
    if opening.encoding == "cp1252":
        done.warnings.append(Fault(path.name, None, None, "is not UTF-8 and was read as Windows-1252"))
    if opening.encoding == CUT_UTF8:
        done.warnings.append(Fault(path.name, None, None, "ends in the middle of a letter: the file is cut short"))
    done.frame = _Rows(sheet, columns, done).frame()
    return done


class _Rows:
    """The rows of a file, column by column, with the faults that they have."""

    def __init__(self, sheet: Sheet, columns: dict[str, str], file: _File) -> None:
        self.sheet = sheet
        self.columns = columns
        self.file = file
        self.n = sheet.columns.num_rows
        self.bad: Flags = np.zeros(self.n, dtype=bool)

    def frame(self) -> pd.DataFrame:
        """Return the rows without faults as events."""
        import pandas as pd

        days = self.days()
        numbers = {name: self.number(name) for name in NUMBERS}
        self.refuse_order(numbers)
        self.forget_null_island(numbers)
        values: dict[str, Any] = {"file": self.file.name, "row": self.lines, **days, **numbers}
        for name in TEXTS:
            values[name] = self.coded(name)
        frame = pd.DataFrame(values, columns=list(COLUMNS), index=range(self.n))
        return frame[~self.bad].reset_index(drop=True)

    @cached_property
    def lines(self) -> NDArray[np.int64]:
        """Line of the file at which each row begins."""
        return self.sheet.lines()

    def text(self, role: str) -> Texts:
        """Return the texts of a role without blanks around them, empty where the file lacks it."""
        if role not in self.columns:
            return np.full(self.n, "", dtype=object)
        from pyarrow import compute

        column = compute.utf8_trim_whitespace(self.sheet.columns[self.columns[role]].combine_chunks())
        return np.asarray(column.dictionary_encode().to_pandas().astype(object), dtype=object)

    def coded(self, role: str) -> Texts:
        """Return texts with numeric codes written out."""
        texts = self.text(role)
        codes = self.file.format.codes.get(role)
        if not codes:
            return texts
        different, where = _different(texts)
        said = np.array([codes.get(each.removesuffix(".0"), each) for each in different], dtype=object)
        return said[where] if different else texts

    def fault(self, rows: NDArray[np.int64], role: str, what: str, texts: Texts | None = None) -> None:
        """Note a fault of some rows."""
        self.bad[rows] = True
        for row in rows.tolist():
            said = f"{what} {shown(str(texts[row]))}" if texts is not None else what
            self.file.faults.append(Fault(self.file.name, int(self.lines[row]), self.columns.get(role, role), said))

    def warn(self, rows: NDArray[np.int64], role: str, what: str) -> None:
        for row in rows.tolist():
            self.file.warnings.append(Fault(self.file.name, int(self.lines[row]), self.columns.get(role, role), what))

    # numbers

    def number(self, role: str) -> Floats:
        """Return numbers, nan where the cell is blank."""
        import pandas as pd

        if role not in self.columns:
            return np.full(self.n, np.nan)
        texts = self.text(role)
        blank = texts == ""
        different, where = _different(texts)
        values: Floats = pd.to_numeric(pd.Series(different, dtype=object), errors="coerce").to_numpy(np.float64)[where]
        self.fault(np.flatnonzero(~blank & ~np.isfinite(values)), role, "is no number:", texts)
        low, high = _LIMITS.get(role, (-np.inf, np.inf))
        with np.errstate(invalid="ignore"):
            self.fault(np.flatnonzero((values < low) | (values > high)), role, f"lies outside {low:g} to {high:g}:", texts)
        return values

    def within(self, role: str) -> Floats:
        """Return numbers of a role with 0 for what is blank or beyond its limits, which are faults already."""
        values = self.number(role)
        low, high = _LIMITS[role]
        return np.where((values >= low) & (values <= high), values, 0.0)

    def refuse_order(self, numbers: dict[str, Floats]) -> None:
        """Find rows whose low, best and high are not in order."""
        with np.errstate(invalid="ignore"):
            wrong = (numbers["low"] > numbers["weight"]) | (numbers["weight"] > numbers["high"])
        self.fault(np.flatnonzero(wrong), "weight", "low, best and high are not in order")

    def forget_null_island(self, numbers: dict[str, Floats]) -> None:
        """Take coordinates 0, 0, and halves of coordinates, for unknown: what is not known is often written so."""
        null = (numbers["lat"] == 0.0) & (numbers["lon"] == 0.0)
        half = np.isnan(numbers["lat"]) != np.isnan(numbers["lon"])
        self.warn(np.flatnonzero(null), "lat", "0, 0 lies in the sea off Africa: taken for unknown")
        self.warn(np.flatnonzero(half), "lat", "one coordinate without the other: taken for unknown")
        for name in ("lat", "lon"):
            numbers[name][null | half] = np.nan

    # days

    def days(self) -> dict[str, NDArray[np.int64]]:
        """Return the likeliest day of each row and the first and last that it may have been."""
        first, last = self.days_in_parts() if "year" in self.columns else self.days_as_written()
        swapped = np.flatnonzero(first > last)
        self.fault(swapped, "end_date", "the end lies before the beginning")
        return dict(zip(DAYS, ((first + last) // 2, first, last), strict=True))

    def days_as_written(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        first = self.dates("date")
        last = self.dates("end_date", first) if "end_date" in self.columns else first
        spread = self.spread()
        return first - spread, last + spread

    def spread(self) -> NDArray[np.int64]:
        """Return by how many days a date without an end may be off."""
        if "precision_days" in self.columns:
            days: NDArray[np.int64] = np.ceil(self.within("precision_days")).astype(np.int64)
            return days
        if self.file.format is not ACLED or "date_precision" not in self.columns:
            return np.zeros(self.n, dtype=np.int64)
        texts = self.text("date_precision")
        known = np.array([text.removesuffix(".0") in {*ACLED_SPREAD, ""} for text in texts], dtype=bool)
        self.fault(np.flatnonzero(~known), "date_precision", "is none of 1, 2, 3:", texts)
        return np.array([ACLED_SPREAD.get(text.removesuffix(".0"), 0) for text in texts], dtype=np.int64)

    def dates(self, role: str, otherwise: NDArray[np.int64] | None = None) -> NDArray[np.int64]:
        """Return counted days; a blank is a fault unless there is something else to take."""
        texts = self.text(role)
        different, where = _different(texts)
        read = read_dates(different)
        if read.order_is_clear is False:
            what = (
                "days and months stand in both orders; those that could be either are not read"
                if read.order_contradicts
                else "day or month may come first: read as day, month, year"
            )
            self.file.warnings.append(Fault(self.file.name, None, self.columns[role], what))
        numbers = np.array([_counted(read.dates.get(text)) for text in different], dtype=np.int64)
        days = numbers[where]
        blank = texts == ""
        if otherwise is not None:
            days = np.where(blank, otherwise, days)
        else:
            self.fault(np.flatnonzero(blank), role, "the date is missing")
        wrong = np.flatnonzero((days == _UNREADABLE) & ~blank)
        self.fault(wrong, role, "is no date:", texts)
        far = (days != _UNREADABLE) & ((days < day_number(EARLIEST)) | (days > day_number(LATEST)))
        self.fault(np.flatnonzero(far), role, "lies too far away to be meant:", texts)
        return np.where(days == _UNREADABLE, 0, days)

    def days_in_parts(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return days from year, month and day, of which the last two are 0 where they are unknown."""
        roles = ("year", "month", "day_of_month")
        numbers = [self.within(role) for role in roles]
        for role, values in zip(roles, numbers, strict=True):
            self.fault(np.flatnonzero(values % 1.0 != 0.0), role, "is no whole number:", self.text(role))
        parts = [values.astype(np.int64) for values in numbers]
        different, where = np.unique(np.stack(parts), axis=1, return_inverse=True)
        spans = [_span(*(int(x) for x in column)) for column in different.T]
        first, last = (np.array([span[i] for span in spans], dtype=np.int64)[where.ravel()] for i in (0, 1))
        wrong = np.flatnonzero((first == _UNREADABLE) & ~self.bad)
        written = np.array([f"{y}-{m}-{d}" for y, m, d in zip(*parts, strict=True)], dtype=object) if len(wrong) else None
        self.fault(wrong, "year", "is no date:", written)
        return np.where(first == _UNREADABLE, 0, first), np.where(last == _UNREADABLE, 0, last)


_UNREADABLE = np.iinfo(np.int64).min


def _different(texts: Texts) -> tuple[list[str], NDArray[np.int64]]:
    """Return the different texts and which of them each is."""
    import pandas as pd

    where, different = pd.factorize(texts)
    return list(different), where


def _counted(on: date | None) -> int:
    return _UNREADABLE if on is None else day_number(on)


def _span(year: int, month: int, day: int) -> tuple[int, int]:
    """Return the first and last day that a date may be, of which the month or the day may be 0."""
    try:
        if not EARLIEST.year <= year < LATEST.year or day < 0 or (month == 0 and day != 0):
            return _UNREADABLE, _UNREADABLE
        if month == 0:
            return day_number(date(year, 1, 1)), day_number(date(year, 12, 31))
        if day == 0:
            after = date(year + month // 12, month % 12 + 1, 1)
            return day_number(date(year, month, 1)), day_number(after) - 1
        return (day_number(date(year, month, day)),) * 2
    except ValueError:
        return _UNREADABLE, _UNREADABLE


def _once(frame: pd.DataFrame) -> tuple[pd.DataFrame, list[Fault]]:
    """Return events once each, with a warning for each repetition.

    A row with the identifier of an earlier one (a dyadic export names an event once for each actor) counts once. Rows without
    identifiers that agree in everything are kept, since two like incidents on a day are possible, and named.
    """
    if frame.empty:
        return frame, []
    named = frame["id"].to_numpy() != ""
    again = frame.duplicated(["id"], keep="first").to_numpy() & named
    same = frame.duplicated([*DAYS, "place", "country", "kind", "actor", "description", "lat", "lon"], keep="first").to_numpy()
    said = [
        Fault(str(file), int(row), "id", f"repeats event {shown(str(key))}: counted once")
        for file, row, key in frame.loc[again, ["file", "row", "id"]].itertuples(index=False)
    ]
    alike = same & ~again
    said += [
        Fault(str(file), int(row), None, "reads like an earlier row in all that is looked at: kept; is it the same event?")
        for file, row in frame.loc[alike & ~named, ["file", "row"]].itertuples(index=False)
    ]
    return frame[~again], said
