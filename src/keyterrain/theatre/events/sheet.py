"""A file of separated values as texts: whatever its encoding, its separator and its line ends."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from keyterrain.theatre.faults import Fault

if TYPE_CHECKING:
    import pyarrow as pa

SEPARATORS = (",", ";", "\t", "|")
_BOMS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
_SPREADSHEETS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
_BLOCK_BYTES = 1 << 24
_LONGEST_CELL = 1 << 24
_NEWLINE, _QUOTE = 10, 34


class NotASheet(ValueError):
    """A file that holds no table; the message says why."""


class Record(NamedTuple):
    """A row with the line at which it begins."""

    line: int
    cells: list[str]


@dataclass(frozen=True)
class Opening:
    """A file as UTF-8 with plain ends of lines, and the names of its columns in small letters."""

    file: str
    content: bytes = field(repr=False)
    encoding: str
    separator: str
    header: tuple[str, ...]

    def records(self) -> Iterator[Record]:
        """Read the rows one by one, the header first; slow, and needed only to say where faults are."""
        reader = csv.reader(io.StringIO(self.content.decode()), delimiter=self.separator)
        begun = 0
        while (cells := _next_cells(reader)) is not None:
            if cells:
                yield Record(begun + 1, cells)
            begun = reader.line_num


@dataclass(frozen=True)
class Sheet:
    """The columns that were asked for, all as texts.

    Attributes
    ----------
    columns
        Those that were asked for; rows of a wrong length are not among them.
    faults
        Those rows, and a last row that is cut short.
    """

    opening: Opening
    columns: pa.Table
    faults: tuple[Fault, ...]
    has_wrong_lengths: bool

    def lines(self) -> NDArray[np.int64]:
        """Return the line at which each row begins, as an editor counts."""
        if self.has_wrong_lengths:
            n = len(self.opening.header)
            return np.array([record.line for record in self.opening.records() if len(record.cells) == n][1:], dtype=np.int64)
        return self._lines_by_quotes()[: self.columns.num_rows]

    def _lines_by_quotes(self) -> NDArray[np.int64]:
        """Return lines from where newlines stand outside quotations: some ten times as fast as reading cells."""
        letters = np.frombuffer(self.opening.content, dtype=np.uint8)
        newlines = np.flatnonzero(letters == _NEWLINE)
        if newlines.size == self.columns.num_rows + 1 and self.opening.content.endswith(b"\n"):
            return np.arange(2, self.columns.num_rows + 2)
        quotes = np.flatnonzero(letters == _QUOTE)
        ends = newlines[np.searchsorted(quotes, newlines) % 2 == 0]
        starts = np.concatenate([[0], ends + 1])
        stops = np.concatenate([ends, [len(letters)]])
        filled = starts[stops > starts]
        found: NDArray[np.int64] = np.searchsorted(newlines, filled)[1:] + 1
        return found


def open_sheet(path: Path) -> Opening:
    """Return the text of a file and the names of its columns.

    Raises
    ------
    NotASheet
        It is empty, a spreadsheet, or holds bytes that are no text.
    OSError
        It cannot be read.
    """
    content = path.read_bytes()
    if content.startswith(_SPREADSHEETS):
        raise NotASheet("is a spreadsheet or an archive: save its table as CSV")
    content, encoding = _as_utf8(content)
    if b"\0" in content:
        raise NotASheet("holds bytes that are no text")
    content = content.lstrip(b"\n")
    first = content.partition(b"\n")[0].decode()
    if not first.strip():
        raise NotASheet("is empty")
    separator = max(SEPARATORS, key=lambda each: len(_next_cells(csv.reader([first], delimiter=each)) or ()))
    names = _next_cells(csv.reader(io.StringIO(content[: _end_of_header(content)].decode()), delimiter=separator)) or []
    return Opening(path.name, content, encoding, separator, tuple(name.strip().casefold() for name in names))


def _next_cells(reader: Iterator[list[str]]) -> list[str] | None:
    """Return the next row of a reader, whose cells may be long, or None; how long cells may be elsewhere stays as it was."""
    usual = csv.field_size_limit(_LONGEST_CELL)
    try:
        return next(reader, None)
    finally:
        csv.field_size_limit(usual)


def read_sheet(opening: Opening, wanted: tuple[str, ...]) -> Sheet:
    """Read some columns of a file as texts; rows of a wrong length, and a last row that is cut short, are faults."""
    import pyarrow as pa
    from pyarrow import csv as arrow_csv

    opening, faults = _without_cut_off_end(opening)
    wrong: list[int] = []

    def of_wrong_length(row: arrow_csv.InvalidRow) -> str:
        wrong.append(row.actual_columns)
        return "skip"

    names = [name if opening.header.index(name) == i else f"{name}\0{i}" for i, name in enumerate(opening.header)]
    body = pa.py_buffer(opening.content).slice(_end_of_header(opening.content))
    table = pa.table({name: pa.array([], pa.string()) for name in wanted})
    if body.size and opening.content[_end_of_header(opening.content) :][:4096].strip(b"\n"):
        table = arrow_csv.read_csv(
            pa.BufferReader(body),
            read_options=arrow_csv.ReadOptions(column_names=names, block_size=max(_BLOCK_BYTES, _longest_row(opening))),
            parse_options=arrow_csv.ParseOptions(
                delimiter=opening.separator, newlines_in_values=True, invalid_row_handler=of_wrong_length
            ),
            convert_options=arrow_csv.ConvertOptions(
                include_columns=list(wanted), column_types=dict.fromkeys(wanted, pa.string()), strings_can_be_null=False
            ),
        )
    if wrong:
        n = len(opening.header)
        faults += [
            Fault(opening.file, record.line, None, f"{len(record.cells)} cells where the header names {n} columns")
            for record in opening.records()
            if len(record.cells) != n
        ]
    return Sheet(opening, table, tuple(faults), bool(wrong))


def _longest_row(opening: Opening) -> int:
    """Return a size that no row surpasses, for files with very long cells."""
    return len(opening.content) + 1 if len(opening.content) < 4 * _BLOCK_BYTES else _BLOCK_BYTES


def _end_of_header(content: bytes) -> int:
    """Return where the first record ends, quoted newlines and all."""
    at = 0
    while (end := content.find(b"\n", at)) >= 0:
        if content.count(b'"', 0, end) % 2 == 0:
            return end + 1
        at = end + 1
    return len(content)


def _as_utf8(content: bytes) -> tuple[bytes, str]:
    """Return a text as UTF-8 and its encoding: by its mark, else UTF-8, else the Western one of old spreadsheets."""
    for mark, encoding in _BOMS:
        if content.startswith(mark):
            try:
                return _with_plain_ends(content.decode(encoding).encode()), encoding
            except UnicodeDecodeError as error:
                raise NotASheet(f"is marked as {encoding} and is not: {error.reason}") from None
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return _with_plain_ends(content.decode("cp1252", errors="replace").encode()), "cp1252"
    return _with_plain_ends(content), "utf-8"


def _with_plain_ends(content: bytes) -> bytes:
    return content.replace(b"\r\n", b"\n").replace(b"\r", b"\n") if b"\r" in content else content


def _without_cut_off_end(opening: Opening) -> tuple[Opening, list[Fault]]:
    """Return the file up to a quotation that never ends, which is what a file that was cut short leaves."""
    if opening.content.count(b'"') % 2 == 0:
        return opening, []
    last = 1
    for record in opening.records():
        last = record.line
    what = "a quotation begins here and never ends: the file is cut short, or a quote is missing"
    kept = b"\n".join(opening.content.split(b"\n")[: last - 1]) + b"\n"
    return Opening(opening.file, kept, opening.encoding, opening.separator, opening.header), [
        Fault(opening.file, last, None, what)
    ]
