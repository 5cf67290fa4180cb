"""The report in a browser without network: the slider moves the map to what the data block says."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Page

READY = "html[data-ready=yes]"
PLACES = """() => {
  const trace = document.getElementById("map-figure").data.find((each) => each.name === "places");
  return { shares: trace.customdata, colours: trace.marker.color, symbols: trace.marker.symbol, text: trace.text };
}"""
ROUTES = """() => document.getElementById("map-figure").data.filter((each) => each.mode === "lines")
  .map((each) => [each.name, each.x.filter((x) => x === null).length])"""


@pytest.fixture(scope="module")
def troubles() -> list[str]:
    """Requests, errors and complaints of the page, in all tests of this module."""
    return []


@pytest.fixture(scope="module")
def report(browser: Browser, report_path: Path, troubles: list[str]) -> Iterator[Page]:
    context = browser.new_context(offline=True, viewport={"width": 1280, "height": 800})
    page = context.new_page()
    page.on(
        "request",
        lambda request: troubles.append(request.url) if not request.url.startswith(("file:", "data:", "blob:")) else None,
    )
    page.on("pageerror", lambda error: troubles.append(str(error)))
    page.on("console", lambda message: troubles.append(message.text) if message.type in {"error", "warning"} else None)
    page.goto(report_path.as_uri())
    page.wait_for_selector(READY, timeout=60_000)
    yield page
    context.close()


@pytest.fixture(scope="module")
def data(report: Page) -> dict[str, Any]:
    block: dict[str, Any] = json.loads(report.inner_text("#keyterrain-data") or report.text_content("#keyterrain-data") or "")
    return block


def wait_for_date(page: Page, date: str) -> None:
    page.wait_for_function("date => document.getElementById('map-figure').dataset.date === date", arg=date)


def shares_on(data: dict[str, Any], day: int) -> list[list[float]]:
    return [[data["p_control"][holder][day][place] for holder in data["holders"]] for place in range(len(data["places"]))]


def test_arrow_keys_move_the_map_to_what_the_data_says(report: Page, data: dict[str, Any]) -> None:
    report.focus("#day")
    report.keyboard.press("Home")
    wait_for_date(report, data["dates"][0])
    assert report.evaluate(PLACES)["shares"] == shares_on(data, 0)
    for _ in range(9):
        report.keyboard.press("ArrowRight")
    wait_for_date(report, data["dates"][9])
    assert report.evaluate(PLACES)["shares"] == shares_on(data, 9)
    assert report.inner_text("#date") == "1 December 2013"
    report.keyboard.press("ArrowLeft")
    wait_for_date(report, data["dates"][8])
    report.keyboard.press("End")
    wait_for_date(report, data["dates"][-1])
    last = report.evaluate(PLACES)
    assert last["shares"] == shares_on(data, -1)
    assert shares_on(data, -1) != shares_on(data, 0)
    assert "Hill Fort" in "".join(last["text"])


def test_colour_and_mark_are_those_of_the_likeliest_holder(report: Page, data: dict[str, Any]) -> None:
    marks = report.evaluate(PLACES)
    day = data["dates"].index(report.get_attribute("#map-figure", "data-date"))
    by_symbol: dict[str, set[str]] = {}
    for shares, symbol in zip(shares_on(data, day), marks["symbols"], strict=True):
        by_symbol.setdefault(symbol, set()).add(data["holders"][shares.index(max(shares))])
    assert all(len(holders) == 1 for holders in by_symbol.values())
    assert len(by_symbol) >= 2


def test_a_side_can_be_chosen(report: Page, data: dict[str, Any]) -> None:
    report.check("input[name=shown][value=opposition]")
    report.wait_for_function("document.getElementById('map-figure').dataset.shown === 'opposition'")
    day = data["dates"].index(report.get_attribute("#map-figure", "data-date"))
    colours = report.evaluate(PLACES)["colours"]
    for p, colour in zip(data["p_control"]["opposition"][day], colours, strict=True):
        red, green, blue = (int(part) for part in colour[4:-1].split(","))
        expected = [round(255 - (255 - full) * p) for full in (0xD5, 0x5E, 0x00)]
        assert max(abs(one - other) for one, other in zip((red, green, blue), expected, strict=True)) <= 1
    report.check("input[name=shown][value=likeliest]")


def test_routes_are_drawn_by_how_often_they_are_open(report: Page, data: dict[str, Any]) -> None:
    report.focus("#day")
    report.keyboard.press("Home")
    wait_for_date(report, data["dates"][0])
    for mode in ("vehicle", "foot"):
        report.check(f"input[name=mode][value={mode}]")
        report.wait_for_timeout(200)
        found = report.evaluate(ROUTES)
        open_share = data["p_route_open"][mode][0]
        always = sum(n for name, n in found if name == "open on nine days in ten or more")
        assert always == sum(p >= 0.9 for p in open_share)
        assert sum(n for name, n in found if name != "snow") == len(data["routes"])
        assert next(n for name, n in found if name == "snow") == sum(p >= 0.5 for p in data["p_route_snow"][0])


def test_names_on_the_map_do_not_collide_and_do_not_run(report: Page) -> None:
    boxes = report.evaluate(
        """() => [...document.querySelectorAll("#map-figure .textpoint text")].map((each) => {
          const box = each.getBoundingClientRect();
          return { left: box.left, right: box.right, top: box.top + 3, bottom: box.bottom - 3, text: each.textContent };
        })"""
    )
    assert len(boxes) >= 4
    for row, one in enumerate(boxes):
        for other in boxes[row + 1 :]:
            apart = one["right"] <= other["left"] or other["right"] <= one["left"] or one["bottom"] <= other["top"]
            assert apart or other["bottom"] <= one["top"], (one, other)
    assert any("<script>" in box["text"] for box in boxes)


def test_a_view_can_be_chosen(report: Page) -> None:
    before = report.evaluate("document.getElementById('map-figure').layout.xaxis.range")
    report.select_option("#view", label="The hills")
    report.wait_for_timeout(300)
    near = report.evaluate("document.getElementById('map-figure').layout.xaxis.range")
    assert near[1] - near[0] < before[1] - before[0]
    report.select_option("#view", label="whole theatre")


def test_tables_can_be_searched_and_sorted(report: Page) -> None:
    report.fill("#inputs .search input >> nth=0", "brigades fort")
    assert report.locator("#inputs > .table tbody tr:visible").count() == 1
    report.fill("#inputs .search input >> nth=0", "")
    header = report.locator("#inputs > .table thead th").first
    header.click()
    kinds = report.locator("#inputs > .table tbody tr td:first-child").all_inner_texts()
    assert kinds == sorted(kinds)
    header.click()
    assert report.locator("#inputs > .table tbody tr td:first-child").first.inner_text() == kinds[-1]


def test_all_charts_are_drawn(report: Page) -> None:
    for chart in report.locator("[data-figure]").all():
        chart.scroll_into_view_if_needed()
    report.wait_for_function("[...document.querySelectorAll('[data-figure]')].every((each) => each.dataset.drawn)")
    assert report.locator("#corridors .main-svg").count() >= 2


def test_the_map_of_the_ground_has_the_relief_beneath_it(report: Page) -> None:
    chart = report.locator('[data-figure="ground"]')
    chart.scroll_into_view_if_needed()
    report.wait_for_function("""document.querySelector('[data-figure="ground"] image')?.href.baseVal.startsWith("data:image")""")
    assert report.locator("#ground tbody tr").count() == 10
    assert chart.locator(".scatterlayer .point").count() >= 10


def test_the_page_fits_a_phone(browser: Browser, report_path: Path, troubles: list[str]) -> None:
    context = browser.new_context(offline=True, viewport={"width": 390, "height": 844})
    page = context.new_page()
    page.on("pageerror", lambda error: troubles.append(str(error)))
    page.goto(report_path.as_uri())
    page.wait_for_selector(READY, timeout=60_000)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    context.close()


def test_without_scripts_a_sentence_says_what_is_missing(browser: Browser, report_path: Path) -> None:
    context = browser.new_context(offline=True, java_script_enabled=False)
    page = context.new_page()
    page.goto(report_path.as_uri())
    assert page.locator("noscript").first.inner_text().startswith("The map and the charts of this report are drawn by scripts")
    assert page.locator("#places tbody tr").count() > 3
    context.close()


def test_the_page_asks_for_nothing_and_complains_of_nothing(report: Page, troubles: list[str]) -> None:
    assert report.locator("#trouble").is_hidden()
    assert troubles == []
