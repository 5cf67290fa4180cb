"""What a schema is made of: columns with type, unit and default, gathered in tables."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

CellType = Literal[
    "key",
    "keys",
    "text",
    "texts",
    "number",
    "integer",
    "quantity",
    "date",
    "dates",
    "grade",
    "source",
    "choice",
    "choices",
    "flag",
    "weights",
    "nested",
]
Form = Literal["csv", "fields", "entries", "values", "triples"]
"""How a table is written: a CSV file; one mapping; a mapping of entries; a mapping of key to value; a list of triples."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table, or one key of a section of the settings.

    `attribute` is the noun's attribute where that is named otherwise; `refers_to` lists the name spaces whose keys are valid
    here, `also` further words; a `flag` is true at the first of its two `choices`. A column without a default is required.
    """

    name: str
    type: CellType
    says: str
    unit: str = ""
    default: str | None = None
    choices: tuple[str, ...] = ()
    least: float = -math.inf
    most: float = math.inf
    above: float = -math.inf
    refers_to: tuple[str, ...] = ()
    also: tuple[str, ...] = ()
    attribute: str = ""

    @property
    def is_required(self) -> bool:
        """Whether a blank or missing cell is a fault."""
        return self.default is None


@dataclass(frozen=True, slots=True)
class Table:
    """One table of a scenario; `unique` names the columns whose cells together may occur once."""

    name: str
    file: str
    says: str
    columns: tuple[Column, ...]
    form: Form = "csv"
    section: str = ""
    unique: tuple[str, ...] = ()
    is_optional: bool = False
    noun: type | None = None
    defines: str = ""

    def column(self, name: str) -> Column:
        """Return the column of that name."""
        return next(column for column in self.columns if column.name == name)

    @property
    def column_names(self) -> tuple[str, ...]:
        """Names in the order in which they are written."""
        return tuple(column.name for column in self.columns)
