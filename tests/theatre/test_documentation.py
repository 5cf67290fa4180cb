"""The documentation of the format says what the loader reads."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from keyterrain.theatre.columns import Table
from keyterrain.theatre.documentation import render
from keyterrain.theatre.quantity import ABOUT_LOG_SD, CREDIBILITY_LOG_SD, RELIABILITY_LOG_SD
from keyterrain.theatre.schema import TABLES

PAGE = Path(__file__).parents[2] / "docs" / "scenario-format.md"


def test_the_page_is_up_to_date() -> None:
    command = "python -m keyterrain.theatre.documentation docs/scenario-format.md"
    assert PAGE.read_text(encoding="utf-8") == render(), f"render it again: {command}"


@pytest.mark.parametrize("table", TABLES.values(), ids=lambda table: table.name)
def test_every_column_is_explained_and_has_an_attribute(table: Table) -> None:
    attributes = {field.name for field in dataclasses.fields(table.noun)} if table.noun else None
    for column in table.columns:
        assert column.says
        assert f"| `{column.name}` |" in render()
        assert attributes is None or (column.attribute or column.name) in attributes | {"place", "kind"}
    assert set(table.unique) <= set(table.column_names)


def test_the_page_states_the_spreads_that_are_used() -> None:
    page = " ".join(render().split())
    for key, spread in [*RELIABILITY_LOG_SD.items(), *CREDIBILITY_LOG_SD.items()]:
        assert not key or f"{key} {spread:.2f}" in page
    assert f"standard deviation {ABOUT_LOG_SD}" in page
