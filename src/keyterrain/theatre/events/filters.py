"""Which events are meant: `country=Syria,kind=battle|bombing,date>=2013-01-01`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from keyterrain.theatre.events.table import TEXTS, day_number
from keyterrain.theatre.faults import nearest, shown

if TYPE_CHECKING:
    from keyterrain.theatre.events.table import EventTable

Flags = NDArray[np.bool_]

_TERM = re.compile(r"\s*([A-Za-z_]+)\s*(!=|>=|<=|=|~)\s*(.*?)\s*")
NUMBER_FIELDS = ("weight", "low", "high", "lat", "lon", "date_error")
TEXT_FIELDS = (*TEXTS, "file", "party")
FIELDS = (*TEXT_FIELDS, *NUMBER_FIELDS, "date")
ALIASES = {"deaths": "weight", "fatalities": "weight", "event_type": "kind", "location": "place"}


class BadFilter(ValueError):
    """A filter that cannot be read or that no event passes; the message says what, and the nearest that can."""


@dataclass(frozen=True, slots=True)
class Term:
    """One condition: `party` is either actor, `date_error` the days between the first and last possible day."""

    field: str
    operator: str
    wanted: tuple[str, ...]

    def holds(self, table: EventTable) -> Flags:
        """Return which events it holds for."""
        if self.field == "date":
            return self._compared(table.frame["day"].to_numpy(np.float64), [float(day_number(_day(v))) for v in self.wanted])
        if self.field in NUMBER_FIELDS:
            return self._compared(_numbers(table, self.field), [float(value) for value in self.wanted])
        if self.field == "party":
            either = [self._of_texts(table.frame[name].to_numpy(object)) for name in ("actor", "other_actor")]
            return either[0] & either[1] if self.operator == "!=" else either[0] | either[1]
        return self._of_texts(table.frame[self.field].to_numpy(object))

    def _of_texts(self, texts: NDArray[np.object_]) -> Flags:
        import pandas as pd

        where, different = pd.factorize(texts)
        wanted = {value.casefold() for value in self.wanted}
        if self.operator == "~":
            fits = np.array([any(value in each.casefold() for value in wanted) for each in list(different)], dtype=bool)
        else:
            fits = np.array([each.casefold() in wanted for each in list(different)], dtype=bool)
        found: Flags = fits[where]
        return ~found if self.operator == "!=" else found

    def _compared(self, numbers: NDArray[np.float64], values: list[float]) -> Flags:
        with np.errstate(invalid="ignore"):
            found: Flags
            match self.operator:
                case ">=":
                    found = numbers >= values[0]
                case "<=":
                    found = numbers <= values[0]
                case "!=":
                    found = ~np.isin(numbers, values)
                case _:
                    found = np.isin(numbers, values)
        return found


@dataclass(frozen=True, slots=True)
class EventFilter:
    """Conditions that all must hold; none at all passes everything."""

    terms: tuple[Term, ...]
    text: str

    @classmethod
    def parse(cls, text: str) -> EventFilter:
        """Read `field=value|value,field!=value,weight>=25,description~word`.

        Raises
        ------
        BadFilter
            With the nearest valid field.
        """
        terms = []
        for part in filter(str.strip, re.split(r",(?=\s*[A-Za-z_]+\s*(?:!=|>=|<=|=|~))", text)):
            match = _TERM.fullmatch(part)
            if match is None:
                raise BadFilter(f"{shown(part)} is no condition: write country=Syria,kind=battle|bombing or weight>=25")
            name, operator, values = match.groups()
            terms.append(_checked(ALIASES.get(name.casefold(), name.casefold()), operator, tuple(_split(values))))
        return cls(tuple(terms), text)

    def holds(self, table: EventTable) -> Flags:
        """Return which events of a table pass.

        Raises
        ------
        BadFilter
            None passes; said with the value nearest to the first that no event has.
        """
        flags = np.ones(table.n, dtype=bool)
        for term in self.terms:
            flags &= term.holds(table)
        if not flags.any():
            raise BadFilter(f"No event passes {shown(self.text)}.{self._hint(table)}")
        return flags

    def _hint(self, table: EventTable) -> str:
        for term in self.terms:
            if term.field in TEXT_FIELDS and term.operator in ("=", "~") and not term.holds(table).any():
                names = ("actor", "other_actor") if term.field == "party" else (term.field,)
                values = sorted({str(each) for name in names for each in table.frame[name].unique()} - {""})
                found = nearest(term.wanted[0], values)
                some = f"; did you mean {found}?" if found else f"; there are {', '.join(values[:8])}." if values else "."
                return f" None has {term.field} {' or '.join(term.wanted)}{some}"
        return " Each condition holds somewhere, all of them nowhere."


def _split(values: str) -> list[str]:
    return [value.strip().strip('"') for value in values.split("|")]


def _checked(name: str, operator: str, values: tuple[str, ...]) -> Term:
    if name not in FIELDS:
        found = nearest(name, FIELDS)
        raise BadFilter(f"There is no field {shown(name)}{f'; did you mean {found}?' if found else f'; there are {FIELDS}'}")
    is_text = name in TEXT_FIELDS
    if is_text and operator in (">=", "<="):
        raise BadFilter(f"{name} is a text: write {name}=value, {name}!=value or {name}~part")
    if not is_text and operator == "~":
        raise BadFilter(f"{name} is no text: write {name}=value, {name}>=value or {name}<=value")
    for value in values if not is_text else ():
        _read_number(name, value)
    return Term(name, operator, values)


def _read_number(name: str, value: str) -> None:
    if name == "date":
        _day(value)
        return
    try:
        float(value)
    except ValueError:
        raise BadFilter(f"{shown(value)} is no number for {name}") from None


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise BadFilter(f"{shown(text)} is no date: write 2013-11-22") from None


def _numbers(table: EventTable, name: str) -> NDArray[np.float64]:
    if name == "date_error":
        return (table.frame["last_day"] - table.frame["first_day"]).to_numpy(np.float64)
    return table.frame[name].to_numpy(np.float64)
