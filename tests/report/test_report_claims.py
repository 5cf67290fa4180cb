"""Claims that were kept with a run are in its report: what they say, drawn to scale, and nothing of them runs."""

from __future__ import annotations

import json
import math
import re
import shutil
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Any

import pytest

from fabricated_run import HOSTILE
from keyterrain.analysis.claims import BORNE_OUT, CANNOT_TELL, NOT_BORNE_OUT, ClaimAnswer, ClaimAnswers, PartAnswer
from keyterrain.analysis.interval import Interval
from keyterrain.analysis.relief_levers import ReliefPoint, ReliefShare, ReliefShares
from keyterrain.analysis.relief_points import POINTS, levers_at
from keyterrain.analysis.saved_claims import FILE, save_claims, saved_claims
from keyterrain.campaign.ensemble import open_run
from keyterrain.campaign.errors import RunRefused
from keyterrain.report import write_report
from keyterrain.theatre.claims import Claim

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Browser

    from keyterrain.analysis.claims import Verdict

START = date(2013, 11, 22)


def part(
    value: float, low: float, high: float, verdict: Verdict, *, unit: str = "1", observed: float | None = None
) -> PartAnswer:
    interval = Interval(value, low, high, 200, 200, 0.95)
    return PartAnswer("area_held_share(area hills)", unit, "above 0.5", interval, verdict, observed, bounds=(0.5,))


def answer(key: str, says: str, verdict: Verdict, *parts: PartAnswer, why: str = "") -> ClaimAnswer:
    claim = Claim(key=key, says=says, source="report", grade="", start=None, parts=(), note=HOSTILE)
    return ClaimAnswer(claim, START, verdict, parts, 200 if parts else 0, why)


ANSWERS = ClaimAnswers(
    "small", "A small theatre", 7, 200,
    (
        answer("held", HOSTILE, BORNE_OUT, part(0.75, 0.5, 1.0, BORNE_OUT, observed=1.0)),
        answer("lost", "They lose it & more", NOT_BORNE_OUT, part(-0.1, -0.2, 0.0, NOT_BORNE_OUT)),
        answer("fled", "Many flee", BORNE_OUT, part(18000.0, 15000.0, 21000.0, BORNE_OUT, unit="people")),
        answer("undefined", "It comes back", CANNOT_TELL, part(math.nan, math.nan, math.nan, CANNOT_TELL), why=f"<b>{HOSTILE}"),
        answer("far", "It is heard far away", CANNOT_TELL, why="It lies beyond the theatre"),
    ),
)  # fmt: skip


@pytest.fixture(scope="module")
def folder(run_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    copy = tmp_path_factory.mktemp("claimed") / "run"
    shutil.copytree(run_folder, copy)
    save_claims(ANSWERS, open_run(copy))
    return copy


@pytest.fixture(scope="module")
def claimed(folder: Path) -> Path:
    return write_report(folder)


@pytest.fixture(scope="module")
def section(claimed: Path) -> str:
    found = re.search(r'<section id="claims">.*?</section>', claimed.read_text(encoding="utf-8"), flags=re.DOTALL)
    assert found
    return found[0]


def test_what_claims_rest_on_is_kept_and_shown(folder: Path, tmp_path: Path) -> None:
    copy = tmp_path / "run"
    shutil.copytree(folder, copy)
    assert saved_claims(copy).relief is None  # type: ignore[union-attr]
    held, lost = ANSWERS.answers[:2]
    shares = ReliefShares(
        "small", 7, 250, 2000,
        (
            ReliefShare(held.claim, tuple(ReliefPoint(point, levers_at(point) or None, held) for point in POINTS)),
            ReliefShare(
                lost.claim,
                tuple(
                    ReliefPoint(point, levers_at(point), replace(lost, verdict=CANNOT_TELL) if point == POINTS[-1] else lost)
                    for point in POINTS
                ),
            ),
        ),
    )  # fmt: skip
    save_claims(ANSWERS, open_run(copy), shares)
    kept = saved_claims(copy)
    assert kept is not None
    assert kept.relief is not None
    assert [(each.key, each.rests_on_it, each.points[0].estimate) for each in kept.relief.claims] == [
        ("held", False, 0.75), ("lost", True, -0.1),
    ]  # fmt: skip
    page = write_report(copy).read_text(encoding="utf-8")
    assert HOSTILE not in page
    section = page[page.index('<section id="relief">') :]
    assert "Of 2 claims the verdict of 1 is another at some point." in section
    assert section.count("rests on them</td>") == 1
    assert section.count("the same throughout</td>") == 1


def row(section: str, key: str) -> str:
    return next(each for each in re.findall(r"<tr>.*?</tr>", section, flags=re.DOTALL) if f"<summary>{key}</summary>" in each)


def test_what_is_kept_reads_back(folder: Path) -> None:
    kept = saved_claims(folder)
    assert kept is not None
    assert [claim.key for claim in kept.claims] == ["held", "lost", "fled", "undefined", "far"]
    assert (kept.seed, kept.digest) == (7, open_run(folder).manifest.digest)
    assert kept.claims[0].leading == kept.claims[0].parts[0]
    assert kept.claims[0].happened == 1.0
    assert kept.claims[3].parts[0].spread is None
    assert kept.claims[4].leading is None
    assert (kept.count(BORNE_OUT), kept.count(NOT_BORNE_OUT), kept.count(CANNOT_TELL)) == (2, 1, 2)
    assert not list(folder.glob(".*.new"))


def test_each_claim_has_its_estimate_verdict_and_what_happened(section: str) -> None:
    assert "5 claims: 2 borne out, 1 not borne out, 2 cannot tell" in section
    for key, words in {
        "held": ("0.75 [0.5, 1]", "\u2713", "> borne out<", ">1</td>"),
        "lost": ("\u22120.1 [\u22120.2, 0]", "\u2717", "> not borne out<", "They lose it &amp; more"),
        "fled": ("18,000 [15,000, 21,000] people", "not on record"),
        "undefined": ("undefined", "?", "> cannot tell<"),
        "far": ("It lies beyond the theatre",),
    }.items():
        assert [word for word in words if word not in row(section, key)] == []


def test_intervals_lie_on_one_axis_where_the_unit_allows(section: str) -> None:
    """The axis runs from -0.2 to 1, over 172 pixels from the fourth on."""
    bars = {key: re.search(r'<rect x="([\d.]+)" y="4" width="([\d.]+)"', row(section, key)) for key in ("held", "lost")}
    assert all(bars.values())
    drawn = {key: tuple(map(float, found.groups())) for key, found in bars.items() if found}
    assert drawn["held"] == pytest.approx((4 + 172 * 0.7 / 1.2, 172 * 0.5 / 1.2), abs=0.06)
    assert drawn["lost"] == pytest.approx((4.0, 172 * 0.2 / 1.2), abs=0.06)
    assert "All bars run from \u22120.2 to 1" in section
    assert all("<rect" not in row(section, key) for key in ("fled", "undefined", "far"))


def test_nothing_that_claims_say_becomes_markup(claimed: Path) -> None:
    page = claimed.read_text(encoding="utf-8")
    assert HOSTILE not in page
    assert "<script>alert" not in page
    assert page.count("<script") == 5, "as many as without claims"


def test_the_section_is_in_the_contents_only_where_there_are_claims(claimed: Path, report_path: Path) -> None:
    assert 'href="#claims"' in claimed.read_text(encoding="utf-8")
    without = report_path.read_text(encoding="utf-8")
    assert 'href="#claims"' not in without
    assert 'id="claims"' not in without


def test_answers_to_another_state_of_the_run_are_said_to_be_old(folder: Path, section: str, tmp_path: Path) -> None:
    assert "has changed since" not in section
    copy = tmp_path / "run"
    shutil.copytree(folder, copy)
    kept = json.loads((copy / FILE.name).read_text(encoding="utf-8"))
    (copy / FILE.name).write_text(json.dumps({**kept, "digest": "0" * 64}), encoding="utf-8")
    assert "The run has changed since" in write_report(copy).read_text(encoding="utf-8")


def with_change(kept: dict[str, Any], **changes: Any) -> str:
    return json.dumps({**kept, "claims": [{**kept["claims"][0], **changes}]})


@pytest.mark.parametrize(
    "fault", ["cut short", "no JSON", "a list", "another format", "no parts", "no such part", "nan", "a list happened"]
)
def test_answers_that_cannot_be_read_are_refused_in_a_sentence(folder: Path, tmp_path: Path, fault: str) -> None:
    kept = json.loads((folder / FILE.name).read_text(encoding="utf-8"))
    text = {
        "cut short": json.dumps(kept)[:200],
        "no JSON": "claims",
        "a list": "[]",
        "another format": json.dumps({**kept, "format": "keyterrain-claims/9"}),
        "no parts": with_change(kept, parts=None),
        "no such part": with_change(kept, deciding_part=3),
        "nan": json.dumps({**kept, "seed": math.nan}),
        "a list happened": with_change(kept, observed=["x"]),
    }[fault]
    (tmp_path / FILE.name).write_text(text, encoding="utf-8")
    with pytest.raises(RunRefused, match=r"claims\.json.*--save"):
        saved_claims(tmp_path)


def test_a_folder_without_answers_has_none(tmp_path: Path) -> None:
    assert saved_claims(tmp_path) is None


@pytest.mark.parametrize("width", [390, 1280])
def test_claims_can_be_read_on_a_phone_and_on_a_desk(browser: Browser, claimed: Path, width: int) -> None:
    context = browser.new_context(offline=True, viewport={"width": width, "height": 844})
    page, errors = context.new_page(), list[str]()
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(claimed.as_uri())
    page.wait_for_selector("html[data-ready=yes]", timeout=60_000)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.evaluate("(each => each.scrollWidth - each.clientWidth)(document.querySelector('#claims .table'))") <= 0
    boxes = [row.bounding_box() for row in page.locator("#claims tbody tr").all()]
    assert all(box and box["height"] > 20 and box["x"] >= 0 and box["x"] + box["width"] <= width for box in boxes)
    bars = [bar.bounding_box() for bar in page.locator("#claims svg.interval").all()]
    assert [box and round(box["width"]) for box in bars] == [180, 180]
    marks = page.locator("#claims .verdict > span").all_inner_texts()
    assert marks == ["\u2713", "\u2717", "\u2713", "?", "?"], "a verdict has a mark of its own beside its colour"
    assert errors == []
    context.close()
