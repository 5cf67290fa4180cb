"""Dates as files of events write them: each different text is read once."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date

MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_ISO = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})(?:[T ]\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?)?(?:Z|\+00:00)?")
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})")
_YEAR_FIRST = re.compile(r"(\d{4})[/.](\d{1,2})[/.](\d{1,2})")
_NAMED = re.compile(r"(\d{1,2})[ -]([A-Za-z]{3,9})\.?[ -](\d{4}|\d{2})")
_NAMED_FIRST = re.compile(r"([A-Za-z]{3,9})\.? (\d{1,2}),? (\d{4})")
_SLASHED = re.compile(r"(\d{1,2})[/.](\d{1,2})[/.](\d{4})(?: \d{1,2}:\d{2}(?::\d{2})?)?")
CENTURY_TURNS = 70
"""Two-digit years from here on are of the twentieth century."""


@dataclass(frozen=True, slots=True)
class ReadDates:
    """Texts that are dates, and whether days and months in figures could be told apart (None where there were none)."""

    dates: Mapping[str, date]
    order_is_clear: bool | None = None
    order_contradicts: bool = False


def read_dates(texts: Iterable[str]) -> ReadDates:
    """Read different texts as dates; what is none is not among the answers.

    `3/4/2013` is day, month and year, unless another text of the column can only be month, day and year.
    """
    found: dict[str, date] = {}
    slashed: list[tuple[str, int, int, int]] = []
    for text in texts:
        plain = text.strip()
        if match := _SLASHED.fullmatch(plain):
            first, second, year = (int(part) for part in match.groups())
            slashed.append((text, first, second, year))
        elif (on := _unmistakable(plain)) is not None:
            found[text] = on
    if not slashed:
        return ReadDates(found)
    day_first = any(first > 12 for _, first, _, _ in slashed)
    month_first = any(second > 12 for _, _, second, _ in slashed)
    for text, first, second, year in slashed:
        if day_first and month_first and first <= 12 and second <= 12:
            continue
        as_month_first = second > 12 or (month_first and not day_first)
        month, day = (first, second) if as_month_first else (second, first)
        if (on := _made(year, month, day)) is not None:
            found[text] = on
    return ReadDates(found, day_first != month_first, day_first and month_first)


def _unmistakable(text: str) -> date | None:
    for pattern, read in _READERS:
        if match := pattern.fullmatch(text):
            return read(match)
    return None


def _in_figures(match: re.Match[str]) -> date | None:
    year, month, day = (int(part) for part in match.groups()[:3])
    return _made(year, month, day)


def _named(match: re.Match[str]) -> date | None:
    day, month, year = match.groups()
    full = int(year) if len(year) == 4 else int(year) + (1900 if int(year) >= CENTURY_TURNS else 2000)
    return _made(full, _month(month), int(day))


def _named_first(match: re.Match[str]) -> date | None:
    month, day, year = match.groups()
    return _made(int(year), _month(month), int(day))


def _month(name: str) -> int:
    start = name[:3].casefold()
    return MONTHS.index(start) + 1 if start in MONTHS else 0


def _made(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


_READERS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], date | None]], ...] = (
    (_ISO, _in_figures),
    (_COMPACT, _in_figures),
    (_YEAR_FIRST, _in_figures),
    (_NAMED, _named),
    (_NAMED_FIRST, _named_first),
)
