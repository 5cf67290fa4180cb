"""One cell: from text to a value and back, by the type of its column."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date

from keyterrain.theatre.columns import Column
from keyterrain.theatre.faults import nearest, shown
from keyterrain.theatre.quantity import GRADE_PATTERN, Quantity, format_number

KEY_PATTERN = re.compile(r"[a-z0-9]+(?:[-_][a-z0-9]+)*")
_DATE_PATTERN = re.compile(r"\d{4}-\d{2}-\d{2}")
_NUMBER_PATTERN = re.compile(r"[+-]?\d{1,15}(?:\.\d{1,25})?(?:[eE][+-]?\d{1,3})?")
EARLIEST_YEAR = 1800
_LARGEST_NUMBER = 1e15
_LONGEST_KEY = 60
_LONGEST_TEXT = 20_000

Raw = str | Sequence[str] | Mapping[str, str]
"""A cell as written: text, or in the settings also a list or a mapping of texts."""


class BadCell(ValueError):
    """A cell that does not fit its column."""

    def __init__(self, what: str, nearest_valid: str | None = None) -> None:
        self.what = what
        self.nearest = nearest_valid
        super().__init__(what)


def read_cell(column: Column, raw: Raw, grade: str = "") -> object:
    """Return the value of a cell, the default where it is blank.

    Parameters
    ----------
    column
        Whose cell it is.
    raw
        What was written.
    grade
        Grade of its row, which widens a quantity.

    Raises
    ------
    BadCell
        Saying what is wrong and what would have been nearest.
    """
    if not raw and column.is_required:
        raise BadCell("is undated: say from which day it was known" if column.name == "known_on" else "is blank")
    written = raw or column.default or ""
    if column.type == "quantity":
        return _quantity(column, _single(written), grade)
    return _READERS[column.type](column, written)


def _single(raw: Raw) -> str:
    if not isinstance(raw, str):
        raise BadCell("should be a single value")
    if len(raw) > _LONGEST_TEXT:
        raise BadCell(f"is longer than {_LONGEST_TEXT} characters")
    return raw


def _several(raw: Raw) -> list[str]:
    if isinstance(raw, Mapping):
        raise BadCell("should be a list")
    parts = raw.split(";") if isinstance(raw, str) else raw
    return [part.strip() for part in parts if part.strip()]


def _text(column: Column, raw: Raw) -> str:
    return _single(raw)


def _texts(column: Column, raw: Raw) -> tuple[str, ...]:
    return tuple(_several(raw))


def _key(column: Column, raw: Raw) -> str:
    text = _single(raw)
    if text and not column.refers_to and (not KEY_PATTERN.fullmatch(text) or len(text) > _LONGEST_KEY):
        what = f"{shown(text)} is no key: lower-case letters and digits, with single hyphens or underscores between them"
        raise BadCell(what, _as_key(text))
    return text


def _as_key(text: str) -> str | None:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:_LONGEST_KEY].strip("-") or None


def _keys(column: Column, raw: Raw) -> tuple[str, ...]:
    parts = _several(raw)
    for position, part in enumerate(parts):
        if part in parts[:position]:
            raise BadCell(f"names {shown(part)} twice")
    return tuple(parts)


def _number(column: Column, raw: Raw) -> float | None:
    text = _single(raw)
    if not text:
        return None
    if not _NUMBER_PATTERN.fullmatch(text):
        raise BadCell(f"{shown(text)} is no number")
    if abs(float(text)) > _LARGEST_NUMBER:
        raise BadCell(f"{shown(text)} is too large")
    return _within(column, float(text))


def _within(column: Column, number: float) -> float:
    if number < column.least:
        raise BadCell(f"is negative: {format_number(number)}" if column.least == 0 else f"is below {format_number(column.least)}")
    if number <= column.above:
        raise BadCell(f"is not above {format_number(column.above)}: {format_number(number)}")
    if number > column.most:
        raise BadCell(f"is above {format_number(column.most)}: {format_number(number)}")
    return number


def _integer(column: Column, raw: Raw) -> int | None:
    number = _number(column, raw)
    if number is not None and not number.is_integer():
        raise BadCell(f"{shown(_single(raw))} is no whole number")
    return None if number is None else int(number)


def _quantity(column: Column, text: str, grade: str) -> Quantity | None:
    if not text:
        return None
    try:
        return Quantity.parse(text, grade, least=column.least, most=column.most)
    except ValueError as error:
        raise BadCell(str(error)) from None


def _date(column: Column, raw: Raw) -> date | None:
    text = _single(raw)
    return read_date(text) if text else None


def read_date(text: str) -> date:
    """Return an ISO date.

    Raises
    ------
    BadCell
        If the text is none, or before 1800, which is a slip of the pen.
    """
    if not _DATE_PATTERN.fullmatch(text):
        raise BadCell(f"{shown(text)} is no date: write it as 2013-11-22")
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise BadCell(f"{shown(text)} is a day that does not exist") from None
    if day.year < EARLIEST_YEAR:
        raise BadCell(f"{shown(text)} is before {EARLIEST_YEAR}")
    return day


def _dates(column: Column, raw: Raw) -> tuple[date, ...]:
    days = [read_date(part) for part in _several(raw)]
    if len(set(days)) < len(days):
        raise BadCell("names a day twice")
    return tuple(days)


def _grade(column: Column, raw: Raw) -> str:
    text = _single(raw)
    if text and not GRADE_PATTERN.fullmatch(text):
        raise BadCell(f"{shown(text)} is no grade of the Admiralty code, which runs from A1 to F6", _as_grade(text))
    return text


def _as_grade(text: str) -> str | None:
    upper = text.upper().replace(" ", "")
    return upper if GRADE_PATTERN.fullmatch(upper) else None


def _source(column: Column, raw: Raw) -> str:
    parts = _several(_single(raw))
    if not parts and (raw or column.is_required):
        raise BadCell("names no source")
    return "; ".join(parts)


def _choice(column: Column, raw: Raw) -> str:
    return _chosen(column, _single(raw))


def _chosen(column: Column, text: str) -> str:
    if text and text not in column.choices:
        raise BadCell(f"unknown value {shown(text)}: {' | '.join(column.choices)}", nearest(text, column.choices))
    return text


def _choices(column: Column, raw: Raw) -> frozenset[str]:
    return frozenset(_chosen(column, part) for part in _several(raw))


def _flag(column: Column, raw: Raw) -> bool:
    return _chosen(column, _single(raw).lower()) == column.choices[0]


def _weights(column: Column, raw: Raw) -> dict[str, float]:
    if not isinstance(raw, Mapping):
        raise BadCell("should be a mapping of keys to numbers")
    weights = {}
    for key, text in raw.items():
        try:
            number = _number(column, text)
        except BadCell as error:
            raise BadCell(f"{key}: {error.what}") from None
        if number is None:
            raise BadCell(f"{key}: is blank")
        weights[key] = number
    return weights


_READERS: Mapping[str, Callable[[Column, Raw], object]] = {
    "key": _key,
    "keys": _keys,
    "text": _text,
    "texts": _texts,
    "number": _number,
    "integer": _integer,
    "date": _date,
    "dates": _dates,
    "grade": _grade,
    "source": _source,
    "choice": _choice,
    "choices": _choices,
    "flag": _flag,
    "weights": _weights,
}


def write_cell(column: Column, value: object) -> str:
    """Return the text of a value as a CSV cell that reads back as the same value."""
    match value:
        case None:
            text = ""
        case bool():
            text = column.choices[0 if value else 1]
        case int() | float():
            text = format_number(value)
        case frozenset():
            text = ";".join(choice for choice in column.choices if choice in value)
        case tuple():
            text = ";".join(str(part) for part in value)
        case _:
            text = str(value)
    return text
