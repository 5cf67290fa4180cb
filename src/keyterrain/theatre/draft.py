"""A scenario as it stands in its files: typed rows that know their line, before anything is known to be sound.

CSV tables and sections of the settings become the same thing here, so that one check serves both.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from keyterrain.theatre.cells import BadCell, Raw, read_cell
from keyterrain.theatre.columns import Column, Table
from keyterrain.theatre.faults import Fault, nearest, shown
from keyterrain.theatre.folder import FolderContents, read_folder
from keyterrain.theatre.outcomes import MEASURES
from keyterrain.theatre.schema import (
    CSV_TABLES,
    HEADING,
    OPTIONAL_FILES,
    OUTCOMES,
    REQUIRED_FILES,
    SETTINGS_FILE,
    SETTINGS_TABLES,
)
from keyterrain.theatre.settings import Entry, ListNode, MapNode, Node, Scalar, read_settings
from keyterrain.theatre.tables import RawRow, read_table


@dataclass(frozen=True, slots=True)
class Row:
    """Sound cells of one row; a cell that is malformed is not there. `where` is its path in the settings."""

    file: str
    line: int
    cells: Mapping[str, Any]
    where: str = ""
    lines: Mapping[str, int] = field(default_factory=dict)

    def get(self, column: str) -> Any:
        """Return a cell's value, None where it is blank or malformed."""
        return self.cells.get(column)

    def has(self, *columns: str) -> bool:
        """Whether all of these cells are sound."""
        return all(column in self.cells for column in columns)

    def fault(self, column: str, what: str, nearest_valid: str | None = None) -> Fault:
        """Return a fault of one cell."""
        path = ".".join(part for part in (self.where, column) if part)
        return Fault(self.file, self.lines.get(column, self.line), path or None, what, nearest_valid)


@dataclass(frozen=True, slots=True)
class DraftTable:
    """Rows of one table; `is_readable` is false where the file or section could not be read at all."""

    schema: Table
    rows: tuple[Row, ...]
    is_readable: bool


@dataclass(frozen=True, slots=True)
class Draft:
    """Everything of a scenario's folder that could be read."""

    folder: Path
    contents: FolderContents
    tables: Mapping[str, DraftTable]

    def rows(self, table: str) -> tuple[Row, ...]:
        """Return the rows of a table."""
        return self.tables[table].rows

    @property
    def heading(self) -> Row:
        """The scenario's own keys."""
        return self.rows("heading")[0]

    def names(self, space: str) -> frozenset[str] | None:
        """Return the keys that a table defines, or None where it could not be read."""
        table = next(table for table in self.tables.values() if table.schema.defines == space)
        if not table.is_readable:
            return None
        column = table.schema.columns[0].name
        return frozenset(row.get(column) for row in table.rows if row.has(column))


@dataclass(frozen=True, slots=True)
class ReadDraft:
    """A draft, and the faults found while reading it."""

    draft: Draft
    faults: tuple[Fault, ...]


def read_draft(folder: Path) -> ReadDraft:
    """Read every file of a scenario's folder as far as it can be read."""
    contents = read_folder(folder, REQUIRED_FILES, OPTIONAL_FILES)
    faults = list(contents.faults)
    tables = {schema.name: _csv_draft(schema, contents, faults) for schema in CSV_TABLES}
    tables |= _settings_drafts(contents, faults)
    return ReadDraft(Draft(folder, contents, tables), tuple(faults))


def _csv_draft(schema: Table, contents: FolderContents, faults: list[Fault]) -> DraftTable:
    file = contents.files.get(schema.file)
    if file is None:
        is_left_out = schema.is_optional and not any(fault.file == schema.file for fault in contents.faults)
        return DraftTable(schema, (), is_readable=is_left_out)
    raw = read_table(schema, file.content)
    faults.extend(raw.faults)
    rows = tuple(_csv_row(schema, row, raw.columns, faults) for row in raw.rows)
    is_usable = raw.is_readable and (not schema.defines or schema.columns[0].name in raw.columns)
    return DraftTable(schema, rows, is_usable)


def _csv_row(schema: Table, raw: RawRow, present: tuple[str, ...], faults: list[Fault]) -> Row:
    written = {
        column.name: raw.cells.get(column.name, "")
        for column in schema.columns
        if not (column.is_required and (column.name not in present or (raw.is_ragged and not raw.cells.get(column.name))))
    }
    return _typed(schema.columns, written, Row(schema.file, raw.line, {}), faults)


def _typed(columns: tuple[Column, ...], written: Mapping[str, Raw], bare: Row, faults: list[Fault]) -> Row:
    cells: dict[str, Any] = {}
    grade = _grade_of(columns, written)
    for column in columns:
        if column.name not in written:
            continue
        try:
            cells[column.name] = read_cell(column, written[column.name], grade)
        except BadCell as error:
            faults.append(bare.fault(column.name, error.what, error.nearest))
    return Row(bare.file, bare.line, cells, bare.where, bare.lines)


def _grade_of(columns: tuple[Column, ...], written: Mapping[str, Raw]) -> str:
    column = next((column for column in columns if column.type == "grade"), None)
    if column is None or column.name not in written:
        return ""
    try:
        return str(read_cell(column, written[column.name]))
    except BadCell:
        return ""


def _settings_drafts(contents: FolderContents, faults: list[Fault]) -> dict[str, DraftTable]:
    file = contents.files.get(SETTINGS_FILE)
    if file is None:
        return {schema.name: _nothing(schema) for schema in SETTINGS_TABLES}
    tree = read_settings(SETTINGS_FILE, file.content)
    faults.extend(tree.faults)
    if not tree.is_readable:
        return {schema.name: _nothing(schema) for schema in SETTINGS_TABLES}
    faults.extend(_unknown_keys(tree.root, _top_level_keys(), ""))
    drafts = {schema.name: _section_draft(schema, tree.root, faults) for schema in SETTINGS_TABLES if schema is not HEADING}
    return {HEADING.name: _heading_draft(tree.root, faults), **drafts}


def _nothing(schema: Table) -> DraftTable:
    rows = (Row(schema.file, 1, {}),) if schema is HEADING else ()
    return DraftTable(schema, rows, is_readable=False)


def _top_level_keys() -> tuple[str, ...]:
    return HEADING.column_names + tuple(schema.section for schema in SETTINGS_TABLES if schema.section)


def _unknown_keys(mapping: MapNode, valid: tuple[str, ...], where: str) -> Iterator[Fault]:
    for entry in mapping.entries.values():
        if entry.key not in valid:
            path = f"{where}.{entry.key}" if where else entry.key
            yield Fault(SETTINGS_FILE, entry.line, path, f"unknown key {shown(entry.key)}", nearest(entry.key, valid))


def _heading_draft(root: MapNode, faults: list[Fault]) -> DraftTable:
    return DraftTable(HEADING, (_fields_row(HEADING.columns, root, "", faults, {}),), is_readable=True)


def _section_draft(schema: Table, root: MapNode, faults: list[Fault]) -> DraftTable:
    entry = root.entries.get(schema.section)
    if entry is None:
        if not schema.is_optional:
            faults.append(Fault(SETTINGS_FILE, None, schema.section, "the key is missing"))
        return DraftTable(schema, (), is_readable=schema.is_optional)
    if isinstance(entry.value, Scalar) and not entry.value.text:
        entry = Entry(entry.key, entry.line, ListNode([], entry.line) if schema.form == "triples" else MapNode({}, entry.line))
    expected = ListNode if schema.form == "triples" else MapNode
    if not isinstance(entry.value, expected):
        wanted = "list" if schema.form == "triples" else "mapping"
        faults.append(Fault(SETTINGS_FILE, entry.line, schema.section, f"should be a {wanted}"))
        return DraftTable(schema, (), is_readable=False)
    return DraftTable(schema, tuple(_section_rows(schema, entry.value, faults)), is_readable=True)


def _section_rows(schema: Table, node: Node, faults: list[Fault]) -> Iterator[Row]:
    if isinstance(node, ListNode):
        yield from _triples(schema, node, faults)
    elif isinstance(node, MapNode) and schema.form == "fields":
        faults.extend(_unknown_keys(node, schema.column_names, schema.section))
        yield _fields_row(schema.columns, node, schema.section, faults, {})
    elif isinstance(node, MapNode):
        for entry in node.entries.values():
            yield _value_row(schema, entry, faults) if schema.form == "values" else _entry_row(schema, entry, faults)


def _triples(schema: Table, node: ListNode, faults: list[Fault]) -> Iterator[Row]:
    for item in node.items:
        texts = _plain(item)
        if not isinstance(texts, list) or len(texts) != len(schema.columns):
            wanted = ", ".join(schema.column_names)
            faults.append(Fault(SETTINGS_FILE, item.line, schema.section, f"should be a list of {wanted}"))
            continue
        bare = Row(SETTINGS_FILE, item.line, {}, schema.section)
        yield _typed(schema.columns, dict(zip(schema.column_names, texts, strict=True)), bare, faults)


def _value_row(schema: Table, entry: Entry, faults: list[Fault]) -> Row:
    key, value = schema.columns
    written = _plain(entry.value)
    bare = Row(SETTINGS_FILE, entry.line, {}, schema.section)
    row = _typed((key,), {key.name: entry.key}, bare, faults)
    try:
        return Row(row.file, row.line, {**row.cells, value.name: read_cell(value, _known(written))}, row.where)
    except BadCell as error:
        faults.append(row.fault(entry.key, error.what, error.nearest))
        return row


def _entry_row(schema: Table, entry: Entry, faults: list[Fault]) -> Row:
    where = f"{schema.section}.{entry.key}"
    key, *columns = schema.columns
    if not isinstance(entry.value, MapNode):
        faults.append(Fault(SETTINGS_FILE, entry.line, where, f"should be a mapping with {', '.join(c.name for c in columns)}"))
        return _typed((key,), {key.name: entry.key}, Row(SETTINGS_FILE, entry.line, {}, where), faults)
    arguments = _arguments(schema, entry.value)
    columns = [*columns, *(argument for argument in arguments if argument.name not in schema.column_names)]
    if schema is not OUTCOMES or arguments:
        faults.extend(_unknown_keys(entry.value, tuple(column.name for column in columns), where))
    return _fields_row((key, *columns), entry.value, where, faults, {key.name: entry})


def _arguments(schema: Table, entry: MapNode) -> tuple[Column, ...]:
    named = entry.entries.get("measure")
    if schema is not OUTCOMES or named is None or not isinstance(named.value, Scalar):
        return ()
    measure = MEASURES.get(named.value.text)
    return measure.arguments if measure else ()


def _fields_row(columns: tuple[Column, ...], node: MapNode, where: str, faults: list[Fault], keyed: Mapping[str, Entry]) -> Row:
    entries = {column.name: node.entries[column.name] for column in columns if column.name in node.entries}
    entries |= {name: Entry(name, entry.line, Scalar(entry.key, entry.line)) for name, entry in keyed.items()}
    lines = {name: entry.line for name, entry in entries.items()}
    bare = Row(SETTINGS_FILE, min(lines.values(), default=node.line), {}, where, lines)
    written: dict[str, Raw] = {}
    for column in columns:
        if column.name in entries:
            plain = _plain(entries[column.name].value)
            if plain is None:
                faults.append(bare.fault(column.name, "is nested too deeply"))
            else:
                written[column.name] = plain
        elif column.is_required:
            faults.append(bare.fault(column.name, "the key is missing"))
        else:
            written[column.name] = ""
    return _typed(columns, written, bare, faults)


def _known(plain: Raw | None) -> Raw:
    if plain is None:
        raise BadCell("is nested too deeply")
    return plain


def _plain(node: Node) -> Raw | None:
    """Return a value of single texts, or None where lists or mappings stand within each other."""
    if isinstance(node, Scalar):
        return node.text
    values = node.items if isinstance(node, ListNode) else [entry.value for entry in node.entries.values()]
    texts = [value.text for value in values if isinstance(value, Scalar)]
    if len(texts) < len(values):
        return None
    return texts if isinstance(node, ListNode) else dict(zip(node.entries, texts, strict=True))
