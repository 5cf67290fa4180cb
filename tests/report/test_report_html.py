"""The report says what the store says, names cannot run in it, and it asks the network for nothing."""

from __future__ import annotations

import base64
import gzip
import json
import re
from html.parser import HTMLParser
from math import nan
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from fabricated_run import HOSTILE
from keyterrain.analysis.estimate import Scalar
from keyterrain.analysis.headline import Band
from keyterrain.report.escape import html_text, json_text
from keyterrain.report.wording import count, count_with_band, listed, percent, percent_with_error

if TYPE_CHECKING:
    from pathlib import Path

    from keyterrain.campaign.ensemble import Run


class Reader(HTMLParser):
    """Collects blocks of data, what an element would load, and the visible text."""

    def __init__(self) -> None:
        super().__init__()
        self.blocks: dict[str, str] = {}
        self.scripts: list[dict[str, str | None]] = []
        self.loads: list[str] = []
        self.tags: list[str] = []
        self.text: list[str] = []
        self._block = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = dict(attrs)
        self.tags.append(tag)
        self.loads += [value for name, value in attrs if name in {"src", "srcset", "data", "action"} and value]
        if tag == "link":
            self.loads.append(attributes.get("href") or "")
        if tag == "script":
            self.scripts.append(attributes)
            self._block = attributes.get("id") or f"script {len(self.scripts)}"

    def handle_endtag(self, tag: str) -> None:
        if tag == "script":
            self._block = ""

    def handle_data(self, data: str) -> None:
        if self._block:
            self.blocks[self._block] = self.blocks.get(self._block, "") + data
        else:
            self.text.append(data)


@pytest.fixture(scope="module")
def page(report_path: Path) -> str:
    return report_path.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def read(page: str) -> Reader:
    reader = Reader()
    reader.feed(page)
    return reader


@pytest.fixture(scope="module")
def data(read: Reader) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(read.blocks["keyterrain-data"])
    return loaded


def test_probabilities_of_control_are_those_of_the_store(data: dict[str, Any], opened: Run) -> None:
    control = opened.dataset["control"]
    assert data["places"] == list(control["place"].to_numpy())
    assert data["sides"] == list(opened.dataset["side"].to_numpy())
    assert len(data["dates"]) == control.sizes["day"]
    assert data["dates"][0] == "2013-11-22"
    for code, side in enumerate(data["sides"]):
        np.testing.assert_allclose(data["p_control"][side], (control == code).mean("replicate"), atol=5e-5)
    np.testing.assert_allclose(data["p_control"]["contested"], (control == -1).mean("replicate"), atol=5e-5)


def test_routes_and_corridors_are_those_of_the_store(data: dict[str, Any], opened: Run) -> None:
    part = opened.dataset["route_open"] / 100.0
    for mode, rows in data["p_route_open"].items():
        np.testing.assert_allclose(rows, part.sel(mode=mode).mean("replicate"), atol=5e-5)
    is_open = opened.dataset["corridor_open"].mean("replicate")
    for corridor, rows in data["p_corridor_open"].items():
        np.testing.assert_allclose(rows, is_open.sel(corridor=corridor), atol=5e-5)
    assert data["routes"] == list(opened.dataset["route"].to_numpy())


def test_the_ground_is_what_the_command_says(read: Reader, opened: Run) -> None:
    from keyterrain.analysis.terrain import terrain

    answer = terrain(opened.scenario)
    figure = json.loads(read.blocks["keyterrain-figures"])["ground"]
    marks = next(trace for trace in figure["data"] if trace["name"] == "defence")
    expected = [place.measures["defence"].mean for place in reversed(answer.places)]
    np.testing.assert_allclose(marks["marker"]["color"], expected)
    assert figure["layout"]["images"][0]["source"] == "relief"
    in_view = [route for route in answer.routes if route.observed_share >= 0.75]
    drawn = next(trace for trace in figure["data"] if trace["name"].startswith("road in view"))
    assert len(drawn["x"]) == 3 * len(in_view)


def test_the_summary_says_what_the_store_says(read: Reader, data: dict[str, Any]) -> None:
    text = " ".join(" ".join(read.text).split())
    p = data["p_control"]["opposition"][-1][data["places"].index("hill-village")]
    assert f"By 21 January 2014 the opposition holds {HOSTILE} in {percent(p)}" in text
    assert "on these shares of days: Capital to north " in text


def test_nothing_is_loaded(page: str, read: Reader) -> None:
    assert [address for address in read.loads if not address.startswith("data:")] == []
    assert all("src" not in script for script in read.scripts)
    assert "default-src 'none'" in page
    assert not re.search(r"@import|url\(\s*['\"]?(?!data:)", page)
    outside = [found for found in re.findall(r"https?://[^\"'<\s]+", page) if "example.org" not in found]
    assert set(outside) <= {"http://www.w3.org/2000/svg"}  # a name of a vocabulary, which nobody fetches


def test_plotly_is_there_once_and_whole(read: Reader) -> None:
    script = gzip.decompress(base64.b64decode(read.blocks["plotly-packed"])).decode()
    assert "Plotly" in script
    assert len(read.blocks["plotly-packed"]) < 2_500_000


def test_names_cannot_become_markup(page: str, read: Reader, data: dict[str, Any]) -> None:
    assert HOSTILE not in page
    assert "<script>alert" not in page
    assert "<b>Co</b>" not in page
    block = json.loads(read.blocks["keyterrain-map"])
    assert HOSTILE in [place["name"] for place in block["places"]]
    assert html_text(HOSTILE) in page
    assert len(read.scripts) == 5


def test_blocks_are_json_without_an_opening_bracket(read: Reader) -> None:
    for name in ("keyterrain-data", "keyterrain-map", "keyterrain-figures"):
        assert "<" not in read.blocks[name]
        json.loads(read.blocks[name], parse_constant=pytest.fail)


@pytest.mark.parametrize("text", ["</script><script>alert(1)</script>", "<!--", "]]>", "\u2028", "&amp;", "\"'"])
def test_json_in_a_page_ends_nothing_and_reads_back(text: str) -> None:
    written = json_text({"name": text})
    assert not set("<>&\u2028") & set(written)
    assert json.loads(written) == {"name": text}


def test_a_number_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        json_text([float("nan")])


def test_without_scripts_the_page_says_so_and_has_its_tables(read: Reader) -> None:
    text = " ".join(read.text)
    assert "noscript" in read.tags
    for words in ("switched off", "Place by place", "Hill Fort", "Digest of all arrays", "no targeting aid", "up to 3000", "D4"):
        assert words in " ".join(text.split())


def test_observed_counts_are_drawn_and_told_apart(read: Reader) -> None:
    figure = json.loads(read.blocks["keyterrain-figures"])["arrivals-border-town"]
    points = {trace["name"]: trace for trace in figure["data"] if trace.get("mode") == "markers"}
    assert points["counted before the start"]["y"] == [1200]
    assert points["counted after it (not seen by the run)"]["y"] == [4500]


def test_the_same_run_gives_the_same_page(run_folder: Path, page: str, tmp_path: Path) -> None:
    from keyterrain.report import write_report

    again = write_report(run_folder, tmp_path / "deeper" / "again.html")
    assert again.read_text(encoding="utf-8") == page
    assert [path.name for path in again.parent.iterdir()] == ["again.html"]


def test_what_is_no_run_is_refused(tmp_path: Path) -> None:
    from keyterrain.campaign.errors import RunRefused
    from keyterrain.report import write_report

    with pytest.raises(RunRefused):
        write_report(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_numbers_in_words() -> None:
    assert [percent(p) for p in (0.0, 0.001, 0.434, 0.999, 1.0)] == ["0%", "<1%", "43%", ">99%", "100%"]
    assert [count(n) for n in (7, 155.4, 1234, 18456, -2499)] == ["7", "155", "1,200", "18,000", "−2,500"]
    assert percent_with_error(Scalar(0.434, 0.02, 0.395, 0.473)) == "43% [40–47]"
    assert percent_with_error(Scalar(0.0081, 0.001, 0.0061, 0.0101)) == "0.8% [0.6–1.0]"
    assert percent_with_error(Scalar(0.5, nan, nan, nan)) == "50%"
    assert count_with_band(Band(-2000.0, 300.0, 4000.0)) == "300 (−2,000 to 4,000)"
    assert listed(["a", "b", "c"]) == "a, b and c"
