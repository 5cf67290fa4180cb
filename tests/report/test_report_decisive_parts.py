"""What `decisive` says beside its ranking stands in the report: starts, taking, shares, pairs, and what rests on relief."""

from __future__ import annotations

import json
import math
import re
import shutil
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from fabricated_run import HOSTILE
from keyterrain.analysis.decisive.answer import DecisiveAnswer, Effect, GroundAnswer, StartAnswer, Structure
from keyterrain.analysis.decisive.ground import Ground
from keyterrain.analysis.decisive.pairs import PairEffect, PairsAnswer
from keyterrain.analysis.decisive.relief import GroundRelief, ReliefOfGround, WorthAt
from keyterrain.analysis.decisive.sharing import ShapleyAnswer, Share, SharedOutcome
from keyterrain.analysis.decisive.taking import Taking
from keyterrain.analysis.interval import Interval
from keyterrain.analysis.relief_points import POINTS
from keyterrain.analysis.saved_decisive import FILE, save_decisive, saved_decisive
from keyterrain.campaign.ensemble import open_run
from keyterrain.campaign.errors import RunRefused
from keyterrain.report import write_report
from keyterrain.theatre.nouns import Outcome

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Page

    from keyterrain.campaign.ensemble import Run

OUTCOMES = (Outcome("held", HOSTILE, "area_held_share", {}), Outcome("fled", "People who fled", "displaced_people", {}))
SIDES = ("government", "opposition")
HILLS, TOWN = Ground("hills", "The hills", "area", ("hill-village",)), Ground("junction", HOSTILE, "place", ("junction",))
UNKNOWN = Interval(math.nan, math.nan, math.nan, 3, 200, 0.95)


def about(value: float, width: float = 0.1) -> Interval:
    return Interval(value, value - width, value + width, 50, 50, 0.95)


def taking(side: str, p: float) -> Taking:
    return Taking(side, 200, about(p), about(p + 0.1), about(p + 0.2), about(12.0, 3.0), *[about(900.0, 50.0)] * 3, about(0.4),
                  about(0.5), *[about(70.0, 9.0)] * 2, UNKNOWN, about(1234.0, 100.0))  # fmt: skip


def ground(of: Ground, worth: float) -> GroundAnswer:
    effect = Effect("held", *SIDES, "1", about(worth), about(worth), about(worth))
    start = StartAnswer(worth / 2, worth / 4, worth, 1, None, 40, (effect,), {"government": 1.0, "opposition": 0.25})
    return GroundAnswer(of, worth, worth / 2, 2 * worth, 1, 1, 2, 0.5, True, 50, (effect,), Structure(0.1, {}, {}), None,
                        (taking("opposition", 0.3),), start)  # fmt: skip


def pair(one: Interval, other: Interval, both: Interval, interaction: Interval) -> PairEffect:
    return PairEffect("area:hills", "place:junction", "held", "1", *SIDES, one, other, both, interaction)


PAIRS = (pair(about(0.02), about(0.0), about(0.94), about(0.92)), pair(about(0.3), about(0.2), about(0.5), about(0.0)))
SHARES = (
    Share("hills", "held", *SIDES, about(0.4), (0.5, 0.45, 0.4)),
    Share("beyond", "held", *SIDES, about(0.2), (0.1, 0.15, 0.2)),
)
SHARED = SharedOutcome("held", "1", *SIDES, ("hills", "beyond"), True, about(0.6), 0.0, SHARES)
OTHER = replace(SHARED, outcome="fled", unit="people", together=about(5000.0, 900.0),
                shares=(replace(SHARES[0], interval=about(5000.0, 900.0), after=(4000.0, 4500.0, 5000.0)),))  # fmt: skip


def relief(of: Ground, worths: tuple[float, ...]) -> GroundRelief:
    return GroundRelief.of(
        of, tuple(WorthAt(at, each, each - 0.01, each + 0.01, 1, each > 0.2) for at, each in zip(POINTS, worths, strict=True))
    )


def an_answer(run: Run) -> DecisiveAnswer:
    plan = run.manifest.plan
    return DecisiveAnswer(
        plan.scenario, "A small theatre", plan.start, plan.days, plan.seed, 50, 0.95, {side: side for side in SIDES}, OUTCOMES,
        (ground(HILLS, 0.4),), (ground(TOWN, 0.2),), 0.1, 0.1, 900, 100, {},
        shapley=ShapleyAnswer(600, 120, 300, 0, 0.95, (SHARED, OTHER)),
        pairs=PairsAnswer(500, ("area:hills", "place:junction"), 1, 90, 0, 0.95, PAIRS),
        relief=ReliefOfGround(50, 600, 0.95, {}, (relief(HILLS, (0.4, 0.1, 0.5, 0.0)),), (relief(TOWN, (0.2, 0.2, 0.2, 0.2)),)),
    )  # fmt: skip


@pytest.fixture(scope="module")
def folder(run_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    copy = tmp_path_factory.mktemp("parts") / "run"
    shutil.copytree(run_folder, copy)
    run = open_run(copy)
    save_decisive(an_answer(run), run)
    return copy


@pytest.fixture(scope="module")
def reported(folder: Path) -> Path:
    return write_report(folder)


@pytest.fixture(scope="module")
def text(reported: Path) -> str:
    return reported.read_text(encoding="utf-8")


def rows_after(text: str, heading: str) -> list[list[str]]:
    """Return the cells, as text, of the first table after a heading."""
    table = text[text.index(heading) :]
    table = table[table.index("<tbody>") : table.index("</tbody>")]
    rows = re.findall(r"<tr>(.*?)</tr>", table, flags=re.DOTALL)
    return [
        [re.sub("<.*?>", " ", each).strip() for each in re.findall(r"<td.*?>(.*?)</td>", row, flags=re.DOTALL)] for row in rows
    ]


def test_everything_reads_back(folder: Path) -> None:
    kept = saved_decisive(folder)
    assert kept is not None
    assert kept.pairs is not None
    assert [each.verdict for each in kept.pairs.effects] == ["only together", ""]
    assert "matter only together" in kept.pairs.sentence
    assert kept.relief is not None
    assert [each.rests_on_it for each in (*kept.relief.areas, *kept.relief.places)] == [True, False]
    assert kept.shapley is not None
    assert kept.shapley.shared[0].together.value == 0.6
    assert kept.areas[0].taking[0].lost_per_capture.value is None


def test_starts_and_taking_stand_in_compact_tables(text: str) -> None:
    hills, town = rows_after(text, "At the start alone (2)")
    assert hills == ["The hills", "area", "0.4", "0.2  [0.1, 0.4]", "cannot tell", "100%", "25%"]
    assert town[2:4] == ["0.2", "0.1  [0.05, 0.2]"]
    hills, _ = rows_after(text, "What it takes to take it (2)")
    assert [" ".join(each.split()) for each in hills] == [
        "The hills", "area", "opposition", "30% 20%–40%", "40% 30%–50%", "50% 40%–60%", "12 9–15", "900 850–950", "cannot tell",
        "1,234 1,134–1,334",
    ]  # fmt: skip


def test_shares_sum_up_to_the_first_row_by_outcome(text: str) -> None:
    whole, hills, beyond = rows_after(text, "Shared out among areas")
    assert [row[0] for row in (whole, hills, beyond)] == ["all of them together", "The hills", "beyond"]
    first = [float(row[1].split()[0]) for row in (whole, hills, beyond)]
    assert first == [0.6, 0.4, 0.2]
    assert "(+0.50, +0.45)" in hills[1]
    assert (beyond[2], hills[2].split()[0]) == ("–", "+5,000")


def test_only_clear_pairs_are_shown_with_what_either_does_alone(text: str) -> None:
    (row,) = rows_after(text, "<h3>Pairs of ground</h3>")
    assert row[2:6] == ["only together", "+0.02", "+0.00", "+0.94"]
    assert row[6].startswith("+0.92")


def test_what_rests_on_relief_has_a_section_of_its_own_with_what_moves_most_first(text: str, report_path: Path) -> None:
    assert 'href="#relief"' in text
    assert 'href="#relief"' not in report_path.read_text(encoding="utf-8")
    section = text[text.index('<section id="relief">') :]
    assert "the worth of The hills (+0.4) rests on what is assumed of relief" in section
    hills, town = rows_after(section, "Worth of ground at each point")
    assert (hills[0], hills[-2:], town[-2:]) == ("The hills", ["+0.4", "yes"], ["+0", "not shown"])
    assert [each.split()[0] for each in hills[2:6]] == ["0.4", "0.1", "0.5", "0"]


def test_nothing_that_is_named_becomes_markup(text: str) -> None:
    assert HOSTILE not in text


def test_verdicts_that_are_missing_are_a_fault(folder: Path, tmp_path: Path) -> None:
    kept = json.loads((folder / FILE.name).read_text(encoding="utf-8"))
    kept["said"]["verdicts_of_pairs"].pop()
    (tmp_path / FILE.name).write_text(json.dumps(kept), encoding="utf-8")
    with pytest.raises(RunRefused, match="keyterrain decisive RUN --save"):
        saved_decisive(tmp_path)


def test_no_table_has_to_be_scrolled_sideways_at_1280_pixels(reported: Path, page: Page, page_errors: list[str]) -> None:
    page.goto(reported.as_uri())
    page.wait_for_selector("html[data-ready=yes]", timeout=60_000)
    wide = page.evaluate(
        """() => [...document.querySelectorAll("#decisive details, #relief")].flatMap((each) => {
             each.open = true;
             return [...each.querySelectorAll("table")].map((one) => one.scrollWidth - one.parentElement.clientWidth);
           })"""
    )
    assert len(wide) == 4
    assert max(wide) <= 0
    assert page_errors == []
