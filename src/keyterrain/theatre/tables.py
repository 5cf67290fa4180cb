"""CSV files to rows of cells, each row with its line, and everything that is wrong with their form."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from keyterrain.theatre.columns import Table
from keyterrain.theatre.faults import Fault, nearest, shown
from keyterrain.theatre.text import UnreadableText, decode


@dataclass(frozen=True, slots=True)
class RawRow:
    """Cells of one row by column; `is_ragged` where their number was wrong."""

    line: int
    cells: Mapping[str, str]
    is_ragged: bool


@dataclass(frozen=True, slots=True)
class RawTable:
    """Rows of a file, the columns it has, and the faults of its form."""

    columns: tuple[str, ...]
    rows: tuple[RawRow, ...]
    faults: tuple[Fault, ...]
    is_readable: bool = True


@dataclass(frozen=True, slots=True)
class _Line:
    number: int
    cells: list[str]


def read_table(schema: Table, content: bytes) -> RawTable:
    """Read a CSV file against its schema; unknown columns are reported and left out."""
    try:
        text = decode(schema.file, content)
        lines = list(_lines(schema.file, text))
    except UnreadableText as error:
        return RawTable((), (), (error.fault,), is_readable=False)
    if not lines:
        return RawTable((), (), (Fault(schema.file, 1, None, "the file is empty"),), is_readable=False)
    header, *body = lines
    faults = list(_header_faults(schema, header))
    faults.extend(_ragged_faults(schema.file, len(header.cells), body))
    return RawTable(tuple(header.cells), tuple(_rows(schema, header.cells, body)), tuple(faults))


def _lines(file: str, text: str) -> Iterator[_Line]:
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    first_line = 1
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise UnreadableText(Fault(file, first_line, None, f"is no valid CSV: {error}")) from None
        if any(cell.strip() for cell in cells):
            yield _Line(first_line, [_tidy(cell) for cell in cells])
        first_line = reader.line_num + 1


def _tidy(cell: str) -> str:
    return cell.strip().replace("\r\n", "\n").replace("\r", "\n")


def _header_faults(schema: Table, header: _Line) -> Iterator[Fault]:
    if len(header.cells) == 1 and any(mark in header.cells[0] for mark in ";\t"):
        yield Fault(schema.file, header.number, None, "the columns are not separated by commas")
        return
    valid = schema.column_names
    for position, name in enumerate(header.cells):
        if not name:
            yield Fault(schema.file, header.number, None, f"column {position + 1} has no name")
        elif name in header.cells[:position]:
            yield Fault(schema.file, header.number, name, "the column is there twice")
        elif name not in valid:
            yield Fault(schema.file, header.number, name, f"unknown column {shown(name)}", nearest(name, valid))
    for column in schema.columns:
        if column.is_required and column.name not in header.cells:
            yield Fault(schema.file, header.number, column.name, "the column is missing")


def _ragged_faults(file: str, width: int, body: list[_Line]) -> Iterator[Fault]:
    for line in body:
        if len(line.cells) != width:
            yield Fault(file, line.number, None, f"the row has {len(line.cells)} cells, the header {width}")


def _rows(schema: Table, header: list[str], body: list[_Line]) -> Iterator[RawRow]:
    valid = set(schema.column_names)
    positions = {name: header.index(name) for name in header if name in valid}
    for line in body:
        cells = {name: line.cells[position] for name, position in positions.items() if position < len(line.cells)}
        yield RawRow(line.number, cells, is_ragged=len(line.cells) != len(header))
