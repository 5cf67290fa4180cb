"""Whatever is done to a scenario's files, `check` returns a report and `load` agrees with it."""

from __future__ import annotations

import csv
import io
import shutil
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keyterrain.theatre import CheckReport, Fault, Scenario, ScenarioFaults, check, load
from scenarios import FILES, write_small_scenario

TEXT_FILES = ["scenario.yaml", *FILES.values()]
CELLS = st.one_of(
    st.sampled_from(["", "0", "-1", "1e9", "nan", "inf", "9" * 400, "1e-300", "..", "1..", "5 < 4 < 3", "1e9..2e9", "up to"]),
    st.sampled_from(["2013-11-22", "0001-01-01", "9999-12-31", "assumption", "theatre", "capital", "government", "hostile"]),
    st.sampled_from(["a;b;;", "null", "[", "{", "é\u2028", "\x85", "=1+1", '"', "\r", "*x", "&x", "!!x", "? y", "- z", "x: y"]),
    st.text(max_size=12),
    st.floats().map(str),
)


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_small_scenario(tmp_path_factory.mktemp("original") / "small")


@pytest.fixture(scope="module")
def mutant(original: Path) -> Iterator[Path]:
    with TemporaryDirectory() as folder:
        yield Path(folder) / "small"


def fresh(original: Path, mutant: Path) -> Path:
    shutil.rmtree(mutant, ignore_errors=True)
    shutil.copytree(original, mutant)
    return mutant


def assert_it_is_examined(folder: Path) -> None:
    report = check(folder)
    assert isinstance(report, CheckReport)
    for fault in (*report.faults, *report.warnings):
        assert isinstance(fault, Fault)
        assert fault.what
        assert len(str(fault)) < 2000
        str(fault).encode()
    if report.faults:
        with pytest.raises(ScenarioFaults):
            load(folder)
    else:
        scenario = load(folder)
        assert isinstance(scenario, Scenario)
        for start in scenario.starts:
            scenario.situation(start)


@settings(max_examples=60)
@given(data=st.data())
def test_any_cell(data: st.DataObject, original: Path, mutant: Path) -> None:
    path = fresh(original, mutant) / data.draw(st.sampled_from(sorted(FILES.values())))
    rows = list(csv.reader(io.StringIO(path.read_text(encoding="utf-8"))))
    for _ in range(data.draw(st.integers(1, 3))):
        row = data.draw(st.integers(0, len(rows) - 1))
        column = data.draw(st.integers(0, len(rows[row]) - 1))
        rows[row][column] = data.draw(CELLS)
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    path.write_text(text.getvalue(), encoding="utf-8", errors="surrogatepass", newline="")
    assert_it_is_examined(mutant)


@settings(max_examples=60)
@given(data=st.data())
def test_any_line(data: st.DataObject, original: Path, mutant: Path) -> None:
    path = fresh(original, mutant) / data.draw(st.sampled_from(TEXT_FILES))
    lines = path.read_text(encoding="utf-8").split("\n")
    at = data.draw(st.integers(0, len(lines) - 1))
    other = data.draw(st.integers(0, len(lines) - 1))
    match data.draw(st.sampled_from(["drop", "repeat", "swap", "indent", "cut", "replace"])):
        case "drop":
            del lines[at]
        case "repeat":
            lines.insert(other, lines[at])
        case "swap":
            lines[at], lines[other] = lines[other], lines[at]
        case "indent":
            lines[at] = "  " + lines[at]
        case "cut":
            lines = lines[:at]
        case _:
            lines[at] = data.draw(CELLS)
    path.write_text("\n".join(lines), encoding="utf-8", errors="surrogatepass", newline="")
    assert_it_is_examined(mutant)


@settings(max_examples=60)
@given(data=st.data())
def test_any_value_of_the_settings(data: st.DataObject, original: Path, mutant: Path) -> None:
    path = fresh(original, mutant) / "scenario.yaml"
    words = path.read_text(encoding="utf-8").split(" ")
    at = data.draw(st.integers(0, len(words) - 1))
    words[at] = data.draw(CELLS) + ("\n" if words[at].endswith("\n") else "")
    path.write_text(" ".join(words), encoding="utf-8", errors="surrogatepass", newline="")
    assert_it_is_examined(mutant)


@settings(max_examples=60)
@given(data=st.data())
def test_any_byte(data: st.DataObject, original: Path, mutant: Path) -> None:
    path = fresh(original, mutant) / data.draw(st.sampled_from([*TEXT_FILES, "terrain.tif"]))
    content = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, min(len(content), 4000) - 1))
        content[at : at + data.draw(st.integers(0, 2))] = data.draw(st.binary(max_size=3))
    path.write_bytes(bytes(content))
    assert_it_is_examined(mutant)
