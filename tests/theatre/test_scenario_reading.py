"""Files as people's programs write them: what is harmless is read, what is broken is one fault with its line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from keyterrain.theatre import CheckReport, Fault, Scenario, check, load
from scenarios import write_small_scenario


@pytest.fixture
def small(tmp_path: Path) -> Path:
    return write_small_scenario(tmp_path / "small")


@pytest.fixture
def sound(small: Path) -> Scenario:
    return load(small)


def only_fault(folder: Path, file: str) -> Fault:
    (fault,) = (fault for fault in check(folder).faults if fault.file == file)
    return fault


@pytest.mark.parametrize(
    "rewrite",
    [
        lambda content: b"\xef\xbb\xbf" + content,
        lambda content: content.replace(b"\n", b"\r\n"),
        lambda content: content.replace(b"\n", b"\r"),
        lambda content: content + b"\n\n,,,\n",
        lambda content: content.rstrip(b"\n"),
    ],
    ids=["byte-order mark", "Windows line ends", "old Mac line ends", "blank rows at the end", "no line end at the end"],
)
def test_harmless_forms_of_csv_are_read(rewrite: Callable[[bytes], bytes], small: Path, sound: Scenario) -> None:
    for path in (small / "sources.csv", small / "stocks.csv"):
        path.write_bytes(rewrite(path.read_bytes()))
    assert load(small) == sound


def test_columns_may_come_in_any_order_with_blanks_about_them(small: Path, sound: Scenario) -> None:
    rows = [line.split(",") for line in (small / "stocks.csv").read_text().splitlines()]
    (small / "stocks.csv").write_text("\n".join(" , ".join(reversed(row)) for row in rows))
    assert load(small) == sound


def test_quoted_commas_quotes_and_line_breaks_are_part_of_a_cell(small: Path) -> None:
    text = 'source,title,address,kind,note\r\ncensus,"A ""census"", of\r\nthe plain",,,\r\nmap,M,,,\r\nreport,R,,,\r\n'
    text += "press,P,,,\r\nmap,M,,,\r\n"
    (small / "sources.csv").write_bytes(text.encode())
    fault = only_fault(small, "sources.csv")
    assert fault.row == 7
    (small / "sources.csv").write_bytes(text.removesuffix("map,M,,,\r\n").encode())
    assert load(small).sources[0].title == 'A "census", of\nthe plain'


@pytest.mark.parametrize(
    ("content", "row", "field", "what"),
    [
        (b"side,place\nrebels,caf\xe9\n", 2, None, "byte 0xe9 at position 21"),
        ("side,place\n".encode("utf-16"), 1, None, "UTF-16"),
        (b"side,place\n\nreb\0els,x\n", 3, None, "NUL"),
        (b"", 1, None, "the file is empty"),
        (b" \n\n", 1, None, "the file is empty"),
        (b'side,place\n"rebels,x\n', 2, None, "no valid CSV"),
        (b'side,place\n"rebels"x,y\n', 2, None, "no valid CSV"),
        (b"side;place;stock_days;source;grade;known_on\n", 1, None, "not separated by commas"),
    ],
)
def test_a_file_that_cannot_be_read_is_one_fault(content: bytes, row: int, field: str | None, what: str, small: Path) -> None:
    (small / "stocks.csv").write_bytes(content)
    fault = only_fault(small, "stocks.csv")
    assert (fault.row, fault.field) == (row, field)
    assert what in fault.what


def test_a_cell_longer_than_csv_allows_is_a_fault(small: Path) -> None:
    (small / "stocks.csv").write_text("side,place\n" + "x" * 200_000 + ",y\n")
    assert "no valid CSV" in only_fault(small, "stocks.csv").what


HEADER = "side,place,stock_days,source,grade,known_on\n"
ROW = "opposition,hill-fort,10,report,D3,2013-11-01\n"


@pytest.mark.parametrize(
    ("text", "row", "field", "what"),
    [
        (HEADER + "opposition,hill-fort,10,report,D3\n", 2, None, "the row has 5 cells, the header 6"),
        (HEADER + "opposition,hill-fort,10,report,D3,2013-11-01,\n", 2, None, "the row has 7 cells, the header 6"),
        ("side,place,place,stock_days,source,grade,known_on\n", 1, "place", "there twice"),
        ("side,place,stock_days,source,grade,known_on,\n", 1, None, "column 7 has no name"),
        (
            "side,place,source,grade,known_on\nopposition,hill-fort,report,D3,2013-11-01\n",
            1,
            "stock_days",
            "the column is missing",
        ),
        ("\n\n" + HEADER + ROW.replace("10", "ten"), 4, "stock_days", "is no quantity"),
    ],
)
def test_a_table_of_bad_form_is_one_fault(text: str, row: int, field: str | None, what: str, small: Path) -> None:
    (small / "stocks.csv").write_text(text)
    fault = only_fault(small, "stocks.csv")
    assert (fault.row, fault.field) == (row, field)
    assert what in fault.what


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        ("days: ", "days: [", "malformed YAML"),
        ("days: ", "\tdays: ", "malformed YAML"),
        ("days: ", "name: again\ndays: ", "the key is there twice"),
        ("days: ", "days: &anchor ", "anchors and aliases"),
        ("days: ", "days: !!python/object:os.system ", "tags are not supported"),
        ("days: ", "---\ndays: ", "more than one YAML document"),
        ("days: ", "x: " + "[" * 30 + "]" * 30 + "\ndays: ", "nested too deeply"),
        ("days: ", "? [a, b]\n: c\ndays: ", "a key is no single word"),
        ("days: ", "x: \x07\ndays: ", "malformed YAML"),
    ],
)
def test_malformed_settings_are_one_fault_with_a_line(old: str, new: str, what: str, small: Path) -> None:
    path = small / "scenario.yaml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    faults = [fault for fault in check(small).faults if what in fault.what]
    assert len(faults) == 1
    if "\x07" not in new:
        assert faults[0].row is not None
        assert abs(faults[0].row - text[: text.index(old)].count("\n")) <= 3


@pytest.mark.parametrize("text", ["- a\n- b\n", "just words", "", "42"])
def test_settings_that_are_no_mapping_are_one_fault(text: str, small: Path) -> None:
    (small / "scenario.yaml").write_text(text)
    faults = check(small).faults
    assert [fault.file for fault in faults] == ["scenario.yaml"]


@pytest.mark.parametrize("value", ["[1, 2]", "{a: b}", "[[1]]", "{a: [b]}", "text", ""])
@pytest.mark.parametrize(
    "key", ["sides", "relations", "actors", "corridors", "climate", "parameters", "outcomes", "starts", "title"]
)
def test_values_of_the_wrong_shape_are_faults(key: str, value: str, small: Path) -> None:
    path = small / "scenario.yaml"
    kept, skipping = [], False
    for line in path.read_text(encoding="utf-8").splitlines():
        skipping = line.startswith(f"{key}:") or (skipping and line.startswith((" ", "-")))
        kept += [] if skipping else [line]
    path.write_text("\n".join([*kept, f"{key}: {value}", ""]), encoding="utf-8")
    assert isinstance(check(small), CheckReport)
    if not (key == "title" and value == "text") and not (value == "" and key in ("corridors", "parameters", "outcomes")):
        assert check(small).faults


def test_yaml_types_do_not_matter(small: Path, sound: Scenario) -> None:
    path = small / "scenario.yaml"
    text = path.read_text(encoding="utf-8").replace("'2013-11-22'", "2013-11-22").replace("days: '60'", "days: 60")
    path.write_text(text, encoding="utf-8")
    assert load(small) == sound


def test_a_broken_table_hides_no_faults_of_others(small: Path) -> None:
    (small / "places.csv").write_bytes(b"place,name\n\xff\xfe\n")
    (small / "stocks.csv").write_text(HEADER + ROW.replace("10", "-10").replace("opposition", "opposition "))
    faults = check(small).faults
    assert [(fault.file, fault.field) for fault in faults] == [("places.csv", None), ("stocks.csv", "stock_days")]
