"""Which ground decides, kept with a run, is in its report: map, ranking and effects say what was answered; nothing of it runs."""

from __future__ import annotations

import json
import math
import re
import shutil
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest

from fabricated_run import HOSTILE
from keyterrain.analysis.decisive.answer import DecisiveAnswer, Effect, GroundAnswer, OfItsSize, Structure
from keyterrain.analysis.decisive.ground import Ground
from keyterrain.analysis.interval import Interval
from keyterrain.analysis.saved_decisive import FILE, save_decisive, saved_decisive
from keyterrain.campaign.ensemble import open_run
from keyterrain.campaign.errors import RunRefused
from keyterrain.report import write_report
from keyterrain.theatre.nouns import Outcome

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Page

    from keyterrain.campaign.ensemble import Run

OUTCOMES = (
    Outcome("open", HOSTILE, "route_open_share", {"route": "a"}),
    Outcome("held", "Share held & more", "area_held_share", {"area": "hills"}),
    Outcome("fled", "People who fled", "displaced_people", {}),
)
MOVED = {"open": 0.4, "held": -0.25, "fled": 1500.0}
"""Effect of the first ground; of the n-th it is an n-th of that."""


def effect(outcome: str, value: float, width: float, *, left_out: str = "") -> Effect:
    interval = Interval(value, value - width, value + width, 50, 50, 0.95)
    unit = "people" if outcome == "fled" else "1"
    return Effect(outcome, "government", "opposition", unit, interval, interval, interval, left_out)


def ground_answer(ground: Ground, rank: int, worth: float, *, stands_out: bool | None) -> GroundAnswer:
    wide = 0.0 if math.isnan(worth) else worth / 2
    effects = (
        effect(
            "open", MOVED["open"] / rank, 0.1 / rank, left_out="the corridor can lead through this ground" if rank == 3 else ""
        ),
        effect("held", MOVED["held"] / rank, 0.3),
        effect("fled", MOVED["fled"] / rank, 100.0 / rank),
    )
    size = OfItsSize(4, 50, 0.1, 0.2, 0.75) if ground.kind == "area" else None
    return GroundAnswer(
        ground, worth, worth - wide, worth + wide, rank, max(rank - 1, 1), rank + 1, 0.5, stands_out, 50, effects,
        Structure(0.1, {}, {}), size,
    )  # fmt: skip


def an_answer(run: Run) -> DecisiveAnswer:
    """Places by rank: the first stands out, every third cannot be told, the last is not ranked."""
    situation, plan = run.scenario.situation(run.manifest.plan.start), run.manifest.plan
    places = [Ground(place.key, place.name, "place", (place.key,)) for place in situation.places]
    areas = [
        Ground(key, name, "area", members)
        for key, name in situation.areas.items()
        if (members := tuple(place.key for place in situation.places if key in place.areas))
    ]

    def standing(rank: int) -> bool | None:
        return True if rank == 1 else None if rank % 3 == 0 else False

    def ranked(grounds: list[Ground]) -> tuple[GroundAnswer, ...]:
        return tuple(
            ground_answer(each, rank, 0.6 / rank if rank < len(grounds) else math.nan, stands_out=standing(rank))
            for rank, each in enumerate(grounds, start=1)
        )

    return DecisiveAnswer(
        plan.scenario, "A small theatre", plan.start, plan.days, plan.seed, 50, 0.95,
        {"government": "The government", "opposition": "The opposition"}, OUTCOMES, ranked(areas), ranked(places), 0.1, 0.08, 900,
        100, {"highway": 2},
    )  # fmt: skip


@dataclass(frozen=True)
class WithAnOptionalField(DecisiveAnswer):
    """An answer that says more, as a later version may."""

    taking: Any = None


@pytest.fixture(scope="module")
def folder(run_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    copy = tmp_path_factory.mktemp("decided") / "run"
    shutil.copytree(run_folder, copy)
    run = open_run(copy)
    save_decisive(an_answer(run), run)
    return copy


@pytest.fixture(scope="module")
def reported(folder: Path) -> Path:
    return write_report(folder)


@pytest.fixture(scope="module")
def html(reported: Path) -> str:
    found = re.search(r'<section id="decisive">.*?</section>', reported.read_text(encoding="utf-8"), flags=re.DOTALL)
    assert found
    return found[0]


def block(page: str, key: str) -> Any:
    found = re.search(rf'<script type="application/json" id="{key}">(.*?)</script>', page, flags=re.DOTALL)
    assert found
    return json.loads(found[1])


@pytest.fixture(scope="module")
def data(reported: Path) -> dict[str, Any]:
    decisive: dict[str, Any] = block(reported.read_text(encoding="utf-8"), "keyterrain-data")["decisive"]
    return decisive


# --- kept


def test_what_is_kept_reads_back(folder: Path) -> None:
    kept, answer = saved_decisive(folder), an_answer(open_run(folder))
    assert kept is not None
    assert kept.sentence == answer.sentence
    assert [each.key for each in kept.places] == [each.ground.key for each in answer.places]
    assert kept.places[0].spread == pytest.approx((0.3, 0.6, 0.9))
    assert [each.stands_out for each in kept.places[:3]] == [True, False, None]
    assert (kept.places[-1].worth, kept.places[-1].spread) == (None, None)
    assert kept.areas[0].share_below == 0.75
    assert (kept.bar_of_areas, kept.bar_of_places) == (0.2, 0.16)
    strongest, expected = kept.places[0].strongest, answer.places[0].strongest
    assert strongest is not None
    assert expected is not None
    assert (strongest.outcome, strongest.value) == (expected.outcome, expected.interval.value)
    assert not list(folder.glob(".*.new"))


def test_typical_ground_below_what_nobody_need_care_about_makes_no_lower_bar(run_folder: Path, tmp_path: Path) -> None:
    shutil.copytree(run_folder, tmp_path / "run")
    run = open_run(tmp_path / "run")
    save_decisive(replace(an_answer(run), typical_place=0.0001, typical_area=math.nan), run)
    kept = saved_decisive(tmp_path / "run")
    assert kept is not None
    assert (kept.bar_of_places, kept.bar_of_areas) == (0.02, 0.02)


def test_optional_fields_are_kept_and_do_no_harm(run_folder: Path, tmp_path: Path) -> None:
    shutil.copytree(run_folder, tmp_path / "run")
    run = open_run(tmp_path / "run")
    answer = an_answer(run)
    taking = {("qara", "government"): [1.0, math.nan]}
    more = WithAnOptionalField(**{**{key: getattr(answer, key) for key in answer.__dataclass_fields__}, "taking": taking})
    path = save_decisive(more, run)
    assert json.loads(path.read_text(encoding="utf-8"))["answer"]["taking"] == {"qara,government": [1.0, None]}
    again = saved_decisive(tmp_path / "run")
    save_decisive(answer, run)
    assert again == saved_decisive(tmp_path / "run")


def test_fields_that_an_answer_may_lack_may_be_missing(folder: Path, tmp_path: Path) -> None:
    kept = json.loads((folder / FILE.name).read_text(encoding="utf-8"))
    for each in kept["answer"]["areas"]:
        del each["size"], each["structure"]
    (tmp_path / FILE.name).write_text(json.dumps(kept), encoding="utf-8")
    read = saved_decisive(tmp_path)
    assert read is not None
    assert read.areas[0].share_below is None


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"seed": 8}, r"another seed \(8, the run has 7\)"),
        ({"days": 3}, "another number of days"),
        ({"version": "0.0.7"}, r"another version of keyterrain \(0\.0\.7, the run has"),
        ({"scenario": "elsewhere"}, "another scenario"),
        ({"seed": 8, "days": 3}, "number of days.*and another seed"),
    ],
)
def test_an_answer_about_another_campaign_is_not_kept(
    run_folder: Path, tmp_path: Path, change: dict[str, Any], said: str
) -> None:
    shutil.copytree(run_folder, tmp_path / "run")
    run = open_run(tmp_path / "run")
    with pytest.raises(RunRefused, match=said):
        save_decisive(replace(an_answer(run), **change), run)
    assert not (tmp_path / "run" / FILE.name).exists()


def test_an_answer_that_was_brought_from_elsewhere_is_said_to_be(folder: Path, html: str, tmp_path: Path) -> None:
    assert "This answer is about" not in html
    shutil.copytree(folder, tmp_path / "run")
    kept = json.loads((folder / FILE.name).read_text(encoding="utf-8"))
    kept["campaign"] |= {"seed": 8, "fingerprint": "0" * 64}
    (tmp_path / "run" / FILE.name).write_text(json.dumps(kept), encoding="utf-8")
    page = write_report(tmp_path / "run").read_text(encoding="utf-8")
    assert "This answer is about another content of the scenario (000000000000, the run has " in page
    assert "another seed (8, the run has 7)" in page


@pytest.mark.parametrize("fault", ["cut short", "a list", "another format", "no campaign", "no rank", "a word stands out", "nan"])
def test_what_cannot_be_read_is_refused_in_a_sentence(folder: Path, tmp_path: Path, fault: str) -> None:
    kept = json.loads((folder / FILE.name).read_text(encoding="utf-8"))
    first = kept["answer"]["places"][0]
    match fault:
        case "cut short":
            text = json.dumps(kept)[:300]
        case "a list":
            text = "[]"
        case "another format":
            text = json.dumps({**kept, "format": "keyterrain-decisive/9"})
        case "no campaign":
            text = json.dumps({**kept, "campaign": None})
        case "no rank":
            first["rank"] = None
            text = json.dumps(kept)
        case "a word stands out":
            first["stands_out"] = "yes"
            text = json.dumps(kept)
        case _:
            first["worth"] = math.nan
            text = json.dumps(kept)
    (tmp_path / FILE.name).write_text(text, encoding="utf-8")
    with pytest.raises(RunRefused, match=r"decisive\.json.*keyterrain decisive RUN --save"):
        saved_decisive(tmp_path)


# --- shown


def test_the_section_says_the_sentence_and_is_in_the_contents_only_where_it_is(
    html: str, reported: Path, report_path: Path
) -> None:
    assert "Of 4 areas" in html
    assert 'href="#decisive"' in reported.read_text(encoding="utf-8")
    assert 'href="#decisive"' not in report_path.read_text(encoding="utf-8")
    assert "worth-figure" not in re.sub(
        r"<script>.*?</script>|<style>.*?</style>", "", report_path.read_text(encoding="utf-8"), flags=re.DOTALL
    )


def test_the_map_shows_what_was_answered(folder: Path, data: dict[str, Any]) -> None:
    kept = saved_decisive(folder)
    assert kept is not None
    assert [(each["key"], each["worth"], each["stands_out"]) for each in data["places"]] == [
        (each.key, each.worth, each.stands_out) for each in kept.places
    ]
    assert (data["bar_places"], data["bar_areas"]) == (0.16, 0.2)
    assert all(each["outline"] for each in data["areas"])


def test_everything_is_in_a_table_too(html: str, folder: Path) -> None:
    kept = saved_decisive(folder)
    assert kept is not None
    table = html[html.index("<details>") :]
    assert table.count("<tr>") == 1 + len(kept.areas) + len(kept.places)
    assert "0.6 [0.3, 0.9]" in table
    assert "no outcome counts" in table
    assert "above 75%" in table


def test_effects_are_shaded_where_their_sign_is_clear(html: str) -> None:
    heat = html[html.index('class="table plain heat"') : html.index("<details>")]
    rows = re.findall(r'<tr><th scope="row">(.*?)</th>(.*?)</tr>', heat, flags=re.DOTALL)
    cells = {name: re.findall(r"<td(.*?)>(.*?)</td>", row, flags=re.DOTALL) for name, row in rows}
    (opened,) = (each for name, each in cells.items() if "script" in name)
    assert "rgba(0,114,178," in opened[0][0]
    assert opened[0][1].startswith("+0.40<br>")
    left_out = [each for each in opened if "the corridor can lead through this ground" in each[0]]
    assert left_out
    assert all(each[1].endswith("–</span>") for each in left_out)
    held = cells["Share held &amp; more"]
    assert all("background" not in look for look, _ in held), "an interval with zero in it has no colour"
    assert held[0][1].startswith("\u22120.25")
    fled = next(each for name, each in cells.items() if "People who fled" in name)
    shades = [float(look.rpartition(",")[2].partition(")")[0]) for look, _ in fled]
    assert max(shades) == shades[0] == 0.62, "other units are held against the largest of their row"


def test_the_ranking_is_drawn_to_scale(reported: Path, folder: Path) -> None:
    figures = block(reported.read_text(encoding="utf-8"), "keyterrain-figures")
    kept = saved_decisive(folder)
    assert kept is not None
    drawn = {}
    for trace in figures["ranked-places"]["data"]:
        for key, x, up, down in zip(
            trace["y"], trace["x"], trace["error_x"]["array"], trace["error_x"]["arrayminus"], strict=True
        ):
            drawn[key] = (x - down, x, x + up, trace["name"])
    names = {True: "stands out", False: "does not stand out", None: "cannot tell"}
    ranked = [each for each in kept.places[:20] if each.spread]
    assert drawn.keys() == {each.key for each in ranked}
    for each in ranked:
        assert each.spread is not None
        assert drawn[each.key][:3] == pytest.approx(each.spread)
        assert drawn[each.key][3] == names[each.stands_out]
    (bar,) = figures["ranked-places"]["layout"]["shapes"]
    assert (bar["x0"], bar["x1"]) == (0.16, 0.16)
    assert figures["ranked-places"]["layout"]["yaxis"]["categoryarray"] == [each.key for each in reversed(ranked)]


def test_nothing_that_is_named_becomes_markup(reported: Path, report_path: Path) -> None:
    page = reported.read_text(encoding="utf-8")
    assert HOSTILE not in page
    assert page.count("<script") == report_path.read_text(encoding="utf-8").count("<script")


# --- looked at

MARKS = """() => {
  const trace = document.getElementById("worth-figure").data.find((each) => each.name === "places");
  return trace.customdata.map(([key, worth, out], i) => ({
    key, worth, out, size: trace.marker.size[i], symbol: trace.marker.symbol[i], line: trace.marker.line.color[i],
    lon: trace.x[i], lat: trace.y[i],
  }));
}"""
BOXES = """(within) => [...document.querySelectorAll(within)].map((each) => {
  const box = each.getBoundingClientRect();
  return { left: box.left, right: box.right, top: box.top + 3, bottom: box.bottom - 3, text: each.textContent };
})"""


@pytest.fixture(scope="module", params=[1280, 800, 390])
def shown(request: pytest.FixtureRequest, browser: Browser, reported: Path) -> Iterator[Page]:
    context = browser.new_context(offline=True, viewport={"width": request.param, "height": 844})
    page, troubles = context.new_page(), list[str]()
    page.on("pageerror", lambda error: troubles.append(str(error)))
    page.on("request", lambda asked: troubles.append(asked.url) if asked.url.startswith(("http", "ws")) else None)
    page.goto(reported.as_uri())
    page.wait_for_selector("html[data-ready=yes]", timeout=60_000)
    for chart in page.locator("#decisive [data-figure]").all():
        chart.scroll_into_view_if_needed()
    page.wait_for_function("[...document.querySelectorAll('#decisive [data-figure]')].every((each) => each.dataset.drawn)")
    yield page
    assert troubles == []
    context.close()


def test_places_are_as_large_as_they_are_worth_and_hollow_where_it_is_open(shown: Page, data: dict[str, Any]) -> None:
    marks = {each["key"]: each for each in shown.evaluate(MARKS)}
    ranked = [each for each in data["places"] if each["worth"] is not None]
    assert marks.keys() == {each["key"] for each in ranked}
    sizes = [marks[each["key"]]["size"] for each in sorted(ranked, key=lambda each: -each["worth"])]
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[0] > 1.5 * sizes[-1]
    for each in ranked:
        assert (marks[each["key"]]["symbol"] == "circle-open") == (each["stands_out"] is None)
        assert (marks[each["key"]]["line"] == "#D55E00") == (each["stands_out"] is True)


def test_places_lie_where_the_theatre_has_them(shown: Page, folder: Path) -> None:
    places = {each.key: each for each in open_run(folder).scenario.situation().places}
    for mark in shown.evaluate(MARKS):
        assert (mark["lon"], mark["lat"]) == (places[mark["key"]].lon, places[mark["key"]].lat)


def test_names_on_the_map_of_worth_do_not_collide_and_do_not_run(shown: Page) -> None:
    boxes = shown.evaluate(BOXES, "#worth-figure .textpoint text")
    assert len(boxes) >= 3
    for row, one in enumerate(boxes):
        for other in boxes[row + 1 :]:
            apart = one["right"] <= other["left"] or other["right"] <= one["left"] or one["bottom"] <= other["top"]
            assert apart or other["bottom"] <= one["top"], (one, other)


def test_names_beside_the_ranking_do_not_collide_nor_leave_the_page(shown: Page) -> None:
    for chart in ("ranked-areas", "ranked-places"):
        boxes = sorted(shown.evaluate(BOXES, f"[data-figure={chart}] .ytick text"), key=lambda each: float(each["top"]))
        assert boxes
        assert all(one["bottom"] <= other["top"] + 3 for one, other in pairwise(boxes))
        assert all(box["left"] >= 0 for box in boxes)


def test_areas_that_stand_out_are_outlined_and_others_on_request(shown: Page, data: dict[str, Any]) -> None:
    points = (
        "() => document.getElementById('worth-figure').data.slice(0, 3).map((each) => each.x.filter((x) => x === null).length)"
    )
    out = [each["stands_out"] for each in data["areas"] if each["worth"] is not None]
    assert shown.evaluate(points) == [0, 0, out.count(True)]
    shown.check("input[name=outlined][value=all]")
    shown.wait_for_function("document.getElementById('worth-figure').dataset.outlined === 'all'")
    assert sum(shown.evaluate(points)) == len(out)
    shown.check("input[name=outlined][value=none]")
    shown.wait_for_function("document.getElementById('worth-figure').dataset.outlined === 'none'")
    assert sum(shown.evaluate(points)) == 0
    shown.check("input[name=outlined][value=first]")


def test_the_page_is_as_wide_as_the_screen_and_pictures_have_words(shown: Page) -> None:
    width = shown.evaluate("window.innerWidth")
    assert shown.evaluate("document.documentElement.scrollWidth") <= width
    assert "stands out" in (shown.get_attribute("#worth-figure", "aria-label") or "")
    assert "stands out" in (shown.get_attribute("[data-figure=ranked-places]", "aria-label") or "")
    legend = shown.inner_text("#worth-legend")
    assert "from 0, nothing, to 1" in legend
    assert "above 0.16" in legend
    assert "cannot tell" in legend
