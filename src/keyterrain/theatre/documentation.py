"""docs/scenario-format.md, rendered from the schema that the loader reads."""

from __future__ import annotations

import inspect
import math
from collections.abc import Iterable, Iterator
from pathlib import Path

from keyterrain.theatre import quantity
from keyterrain.theatre.claims import BOUND_COLUMNS, CHANGE_COLUMNS, CLAIM_COLUMNS, COMPARISON_COLUMNS, CONDITION_COLUMNS
from keyterrain.theatre.columns import Column, Table
from keyterrain.theatre.outcomes import MEASURES, Measure
from keyterrain.theatre.quantity import format_number
from keyterrain.theatre.schema import CSV_TABLES, FORMAT, SETTINGS_TABLES

_INTRODUCTION = f"""\
# The scenario folder

<!-- Rendered from the schema by `python -m keyterrain.theatre.documentation docs/scenario-format.md`; edit the schema. -->

A scenario is a folder of plain tables (`{FORMAT}`): what a person can edit in a spreadsheet and review in a diff.
`keyterrain check FOLDER` lists everything that is wrong with one, with file, row, field and the nearest valid name.

- CSV files are UTF-8 with a header row and commas; a byte-order mark and Windows line ends do no harm. Columns may come in any
  order; unknown ones are faults. Files that may hold no rows are still there, with their header.
- `scenario.yaml` holds the rest. Every value is read as the type that stands below, so quotes change nothing; anchors, tags and
  keys given twice are refused.
- `terrain.tif` is a GeoTIFF of heights in metres with a coordinate reference system; it covers every place.
- `claims.yaml` may hold claims to be put to the test.
- Other files named `.csv`, `.yaml` or `.tif` are faults; anything else (a README, notes) is left alone.
- Keys are lower-case letters and digits with single hyphens or underscores between them. `on_the_way`, `dead`, `elsewhere`,
  `theatre` and `contested` are taken. No area has the key of a place, and no actor that of a side.

**Known when.** `known_on` is the day from which a row was true and observable on the spot. A run sees rows known on the evening
of its start, and of several about the same thing those of the latest day: forces by actor and place, people by place, group and
origin, stocks and supply by side and place, control by place and date. Who holds a place at the start is the latest date of
`record/control.csv` up to it. What comes later is *the observed*: deleting it changes no run. Places and roads are listed once,
and places are known by the earliest start.

**Start.** Any day from which on all places have a holder in the record and the actors their forces, up to `covered_until`.

**Sources.** A `source` cell names keys of `sources.csv`, or says `assumption: why`; several parts are separated by `;`.
"""

_CLAIMS_INTRODUCTION = """\
Statements to be put to the test: under `claims` a mapping by key, each with the keys below and those of one comparison, or with
`all_of`, `any_of` or `cannot_tell`. How to write one and what a verdict means: [claims.md](claims.md)."""

MOST_CHOICES = 20
"""Choices that a table spells out."""

_TYPES = {
    "key": "key",
    "keys": "list of keys",
    "text": "text",
    "texts": "list of texts",
    "number": "number",
    "integer": "whole number",
    "quantity": "quantity",
    "date": "date",
    "dates": "list of dates",
    "grade": "grade",
    "source": "sources",
    "weights": "mapping of keys to numbers",
    "nested": "mapping or list",
}


def render() -> str:
    """Return the documentation of the scenario folder as Markdown."""
    parts = [
        _INTRODUCTION,
        f"## Quantities\n\n{inspect.cleandoc(quantity.__doc__ or '')}\n",
        "## scenario.yaml\n",
        *(_section(table) for table in SETTINGS_TABLES),
        _measures(),
        "## Tables\n",
        *(_section(table) for table in CSV_TABLES),
        _claims(),
    ]
    return "\n".join(parts)


def _section(table: Table) -> str:
    return f"### {_title(table)}\n\n{table.says}{_how_written(table)}\n\n{_columns(table.columns)}\n"


def _title(table: Table) -> str:
    if table.form == "csv":
        return f"{table.file}{' (optional)' if table.is_optional else ''}"
    return f"`{table.section}`{' (optional)' if table.is_optional else ''}" if table.section else "Top level"


def _how_written(table: Table) -> str:
    first = table.columns[0].name
    return {
        "csv": "",
        "fields": "",
        "entries": f" A mapping by {first}, each with the keys below.",
        "values": " A mapping of keys to values.",
        "triples": f" A list of [{', '.join(table.column_names)}].",
    }[table.form]


def _columns(columns: Iterable[Column]) -> str:
    lines = ["| name | type | unit | blank means | meaning |", "|---|---|---|---|---|"]
    lines += [
        " | ".join(("| `" + column.name + "`", _type(column), column.unit, _blank(column), column.says + " |"))
        for column in columns
    ]
    return "\n".join(line.replace("|  |", "| |") for line in lines)


def _type(column: Column) -> str:
    if column.name == "measure" and len(column.choices) > MOST_CHOICES:
        return "a measure of those listed"
    if column.choices:
        words = ", ".join(f"`{choice}`" for choice in column.choices)
        return f"any of {words}" if column.type == "choices" else words
    named = " or ".join((*column.refers_to, *(f"`{word}`" for word in column.also)))
    return "; ".join([_TYPES[column.type] + (f" of {named}" if named else ""), *_limits(column)])


def _limits(column: Column) -> Iterator[str]:
    if math.isfinite(column.above):
        yield f"above {format_number(column.above)}"
    if math.isfinite(column.least):
        yield f"at least {format_number(column.least)}"
    if math.isfinite(column.most):
        yield f"at most {format_number(column.most)}"


def _blank(column: Column) -> str:
    if column.is_required:
        return "fault"
    return f"`{column.default}`" if column.default else "none"


def _measures() -> str:
    lines = [
        "Measures, with the keys that each needs. Outcomes name those of runs; claims may name those of the map and of the",
        "record before the start too. A replicate in which a measure is undefined is left out of its mean.",
        "",
        *(_measure(measure) for measure in MEASURES.values()),
    ]
    return "\n".join(lines) + "\n"


def _claims() -> str:
    parts = [
        "### claims.yaml (optional)",
        _CLAIMS_INTRODUCTION,
        _columns(CLAIM_COLUMNS),
        "A comparison; the arguments of its measure are further keys:",
        _columns(COMPARISON_COLUMNS),
        "A change (`given`, `first` and `second` of a `contrast`); empty for none:",
        _columns(CHANGE_COLUMNS),
        "`among`, and what the mean must be (`borne_out_if`, one of these):",
        _columns(CONDITION_COLUMNS),
        _columns(BOUND_COLUMNS),
    ]
    return "\n\n".join(parts) + "\n"


def _measure(measure: Measure) -> str:
    arguments = ", ".join(f"`{argument.name}` ({_type(argument)}{_may_be_blank(argument)})" for argument in measure.arguments)
    of = "" if measure.basis == "runs" else f" ({measure.basis})"
    undefined = f" Undefined where {measure.undefined}." if measure.undefined else ""
    return f"- `{measure.name}`{of}: {measure.says}. Needs {arguments}.{undefined}"


def _may_be_blank(argument: Column) -> str:
    return "" if argument.is_required else f", {f'default {argument.default}' if argument.default else 'may be blank'}"


if __name__ == "__main__":
    import sys

    Path(sys.argv[1]).write_text(render(), encoding="utf-8")
