"""Keys: each once, of good form, and every name that is used is known."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from keyterrain.theatre.columns import Column, Table
from keyterrain.theatre.draft import Draft, DraftTable, Row
from keyterrain.theatre.faults import Fault, nearest, shown
from keyterrain.theatre.outcomes import MEASURES
from keyterrain.theatre.schema import CLAIM, FORCES, OUTCOMES, RESERVED_KEYS, ROUTES

_ASSUMPTION = "assumption"
_MUST_DIFFER = (("place", "abroad"), ("place", "area"), ("area", "abroad"), ("actor", "side"))
"""Name spaces whose keys are given in one argument or stand beside each other in results."""


def rows_are_unique(draft: Draft) -> Iterator[Fault]:
    """Nothing is there twice: places, roads in either direction, and what one table says of one thing on one day."""
    for table in draft.tables.values():
        seen: dict[tuple[str, ...], int] = {}
        for row in table.rows:
            identity = _identity(table.schema, row)
            if identity is None:
                continue
            if identity.cells in seen:
                yield row.fault(identity.columns[0], f"{identity.says} twice, first in row {seen[identity.cells]}")
            seen.setdefault(identity.cells, row.line)


class _Identity(NamedTuple):
    """What makes a row the same as another."""

    columns: tuple[str, ...]
    cells: tuple[str, ...]

    @property
    def says(self) -> str:
        """The cells as they stand in a message."""
        cells = ", ".join(shown(cell) for cell in self.cells)
        return f"{', '.join(self.columns)} {cells} {'is' if len(self.columns) == 1 else 'are'} there"


def _identity(schema: Table, row: Row) -> _Identity | None:
    if schema is ROUTES and row.has("from", "to"):
        one, other = sorted((row.get("from"), row.get("to")))
        return _Identity(("from", "to"), (one, other))
    columns = _claim_or_force(row) if schema is FORCES else schema.unique
    if not columns or not row.has(*columns):
        return None
    return _Identity(columns, tuple(str(row.get(column)) for column in columns))


def _claim_or_force(row: Row) -> tuple[str, ...]:
    if row.get("kind") == CLAIM:
        return ("actor", "region", "strength", "source", "known_on")
    return ("actor", "place", "kind", "known_on")


def names_are_known(draft: Draft) -> Iterator[Fault]:
    """Every key that a cell names is defined by the table it belongs to."""
    valid_of = {space: draft.names(space) for space in ("place", "side", "actor", "area", "corridor", "abroad")}
    for table in draft.tables.values():
        for row in table.rows:
            for column in _referring(table.schema, row):
                yield from _unknown_names(row, column, valid_of)


def _referring(schema: Table, row: Row) -> Iterator[Column]:
    columns = schema.columns
    if schema is OUTCOMES and row.has("measure"):
        columns += MEASURES[row.get("measure")].arguments
    return (column for column in columns if column.refers_to and row.get(column.name))


def _unknown_names(row: Row, column: Column, valid_of: Mapping[str, frozenset[str] | None]) -> Iterator[Fault]:
    spaces = [valid_of[space] for space in column.refers_to]
    known = [names for names in spaces if names is not None]
    if len(known) < len(spaces):
        return
    for name in _names_in(row.get(column.name)):
        if name not in column.also and not any(name in names for names in known):
            valid = frozenset(column.also).union(*known)
            yield row.fault(column.name, f"unknown {' or '.join(column.refers_to)} {shown(name)}", nearest(name, valid))


def _names_in(value: Any) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value)


def sources_are_known(draft: Draft) -> Iterator[Fault]:
    """Every number cites sources of sources.csv, or says that it is an assumption."""
    valid = draft.names("source")
    for table in draft.tables.values():
        columns = [column.name for column in table.schema.columns if column.type == "source"]
        for row in table.rows:
            for column in columns:
                yield from _unknown_sources(row, column, valid)


def _unknown_sources(row: Row, column: str, valid: frozenset[str] | None) -> Iterator[Fault]:
    if valid is None:
        return
    for part in (row.get(column) or "").split(";"):
        source = part.strip()
        if source and source not in valid and not source.startswith(_ASSUMPTION):
            what = f"{shown(source)} is neither a key of sources.csv nor `assumption: why`"
            yield row.fault(column, what, nearest(source, valid | {_ASSUMPTION}))


def keys_are_free(draft: Draft) -> Iterator[Fault]:
    """No key is a word that results use as a label."""
    for table in draft.tables.values():
        if table.schema.defines not in ("", "source"):
            yield from _reserved(table)


def _reserved(table: DraftTable) -> Iterator[Fault]:
    column = table.schema.columns[0].name
    for row in table.rows:
        if row.get(column) in RESERVED_KEYS:
            yield row.fault(column, f"{shown(row.get(column))} is a word that results use as a label; choose another key")


def keys_differ_between_tables(draft: Draft) -> Iterator[Fault]:
    """A key that may be given for either of two things means one of them."""
    tables = {table.schema.defines: table for table in draft.tables.values() if table.schema.defines}
    for one, other in _MUST_DIFFER:
        taken = draft.names(one) or frozenset()
        column = tables[other].schema.columns[0].name
        for row in tables[other].rows:
            if row.get(column) in taken:
                yield row.fault(column, f"{shown(row.get(column))} is the key of a {one} too; choose another")
    yield from _uncertain_places_that_exist(draft)


def _uncertain_places_that_exist(draft: Draft) -> Iterator[Fault]:
    places = draft.names("place") or frozenset()
    for row in draft.rows("uncertain_places"):
        if row.get("uncertain_place") in places:
            yield row.fault("", f"{shown(row.get('uncertain_place'))} is the key of a place too; choose another")


def display_names_differ(draft: Draft) -> Iterator[Fault]:
    """Two places of one display name are hard to tell apart in a report (warning)."""
    seen: dict[str, int] = {}
    for row in draft.rows("places"):
        name = row.get("name")
        if name and name in seen:
            yield row.fault("name", f"{shown(name)} is also the name of the place in row {seen[name]}")
        elif name:
            seen[name] = row.line


def areas_have_places(draft: Draft) -> Iterator[Fault]:
    """An area without places says nothing (warning)."""
    used = {area for row in draft.rows("places") for area in row.get("areas") or ()}
    for row in draft.rows("areas"):
        if row.has("area") and row.get("area") not in used and draft.names("place"):
            yield row.fault("", "no place names this area")
