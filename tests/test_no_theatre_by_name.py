"""Nothing that computes or draws knows a theatre by name: what ships as a scenario is data, and examples are examples."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

import keyterrain
from keyterrain.theatre import Scenario, load, shipped

SOURCE = Path(keyterrain.__file__).parent
EXAMPLES = {"EXAMPLES", "EPILOG"}  # what help shows
WORDS_OF_THE_FORMAT = {"neutral"}  # a relation, whatever sides are called
DATA = (".js", ".html", ".css", ".csv")


def names_of(scenario: Scenario) -> set[str]:
    nouns = (
        *scenario.places, *scenario.actors, *scenario.sides, *scenario.areas, *scenario.corridors, *scenario.abroad,
        *scenario.uncertain_places, *scenario.outcomes,
    )  # fmt: skip
    return {scenario.name, *(noun.key for noun in nouns)} - WORDS_OF_THE_FORMAT


@pytest.fixture(scope="module")
def names() -> set[str]:
    return {name for scenario in shipped() for name in names_of(load(scenario))}


def texts_in(code: str) -> list[str]:
    """Return every text of some code but its docstrings and the examples of its help."""
    left_out: set[int] = set()
    tree = ast.parse(code)
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            left_out.add(id(node.value))
        if isinstance(node, ast.Assign) and any(isinstance(each, ast.Name) and each.id in EXAMPLES for each in node.targets):
            left_out |= {id(part) for part in ast.walk(node.value)}
    constants = [node for node in ast.walk(tree) if isinstance(node, ast.Constant) and id(node) not in left_out]
    return [node.value for node in constants if isinstance(node.value, str)]


def known_by_name(code: str, names: set[str]) -> set[str]:
    texts, scenarios = texts_in(code), shipped()
    return (names & set(texts)) | {name for name in scenarios for text in texts if name in text}


def test_two_theatres_ship() -> None:
    assert set(shipped()) >= {"qalamoun-2013", "qusayr-2013"}


def test_no_code_knows_a_theatre_by_name(names: set[str]) -> None:
    known = {path.relative_to(SOURCE).as_posix(): known_by_name(path.read_text("utf-8"), names) for path in SOURCE.rglob("*.py")}
    assert {path: found for path, found in known.items() if found} == {}


def test_no_page_style_or_table_of_the_package_does(names: set[str]) -> None:
    telling = [name for name in names if len(name) > 4 and name not in {"government", "opposition"}]
    pattern = re.compile(rf"(?<![\w-])({'|'.join(map(re.escape, telling))})(?![\w-])")
    files = [path for path in SOURCE.rglob("*") if path.suffix in DATA and "scenarios" not in path.parts]
    assert files
    assert {path.name: found for path in files if (found := set(pattern.findall(path.read_text("utf-8"))))} == {}


@pytest.mark.parametrize(
    "code", ["if place.key == 'al-qusayr': pass", "START = load('qusayr-2013')", "x = f'of qalamoun-2013 {y}'", "{'m5': 1}"]
)
def test_a_name_in_code_would_be_found(code: str, names: set[str]) -> None:
    assert known_by_name(code, names)


@pytest.mark.parametrize(
    "code", ["'''keyterrain run qusayr-2013'''", "EXAMPLES = 'keyterrain run qusayr-2013'", "RELATION = 'neutral'"]
)
def test_examples_and_words_of_the_format_are_no_names(code: str, names: set[str]) -> None:
    assert not known_by_name(code, names)
