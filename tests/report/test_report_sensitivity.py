"""What moves outcomes, kept with a run, is in its report: to scale, every report with its source, and nothing of it runs."""

from __future__ import annotations

import json
import math
import re
import shutil
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest

from fabricated_run import HOSTILE
from keyterrain.analysis.inputs import Input
from keyterrain.analysis.saved_sensitivity import FILE, save_sensitivity, saved_sensitivity
from keyterrain.analysis.sensitivity.question import OutcomeSensitivity, Report, Sensitivity
from keyterrain.analysis.sensitivity.screening import Screened, Share
from keyterrain.analysis.sensitivity.sobol import SobolIndex, SobolIndices
from keyterrain.campaign.ensemble import open_run
from keyterrain.campaign.errors import RunRefused
from keyterrain.report import write_report
from keyterrain.theatre.nouns import Outcome

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Page

    from keyterrain.campaign.ensemble import Run

INDICES = tuple(
    SobolIndex(name, first, first - 0.1, first + 0.1, total, max(total - 0.15, 0.0), total + 0.15)
    for name, first, total in [
        ("luck", 0.4, 0.6), ("strength of brigades", 0.2, 0.3), (HOSTILE, 0.05, 0.1), *((f"f{k}", 0.0, 0.0) for k in range(12)),
    ]
)  # fmt: skip
GROUPS = (Share("strength of brigades", 0.31, math.nan, 0.01, 4), Share("positions", -0.01, math.nan, 0.6, 20),
          Share("too many", math.nan, math.nan, math.nan, 90))  # fmt: skip
KNOWN = Input("strength", HOSTILE, "fighters", "fighters", "400 to 600", "report; assumption: a guess", "D4", "strength:one")
CHOICE = Input("side", "Government", "policy", "", "broad 0.5, raid 0.5", "report", "", "policy:government", ("broad", "raid"))
REPORTS = (Report("strength:one", "strength of brigades", 0.3, -0.5, 0.004, KNOWN),
           Report("policy:government", "policy of government", 0.2, 0.4, 0.01, CHOICE))  # fmt: skip
PARAMETERS = (Report("parameter:combat.tempo", "parameters of combat", 0.1, 0.3, 0.02, None),)

WIDER_THAN_THEIR_FRAMES = """() => [...document.querySelectorAll("#sensitivity table")].map(
  (each) => each.scrollWidth - each.parentElement.clientWidth)"""
NAMES_OF_ROWS = """() => [...document.querySelectorAll("[data-figure=sensitivity-a] .ytick text")].map(
  (each) => each.getBoundingClientRect()).map((box) => [box.left, box.top, box.bottom]).sort((one, other) => one[1] - other[1])"""


def an_answer(run: Run) -> Sensitivity:
    plan = run.manifest.plan
    outcomes = [Outcome(key, says, "area_held_share", {}) for key, says in (("a", "Share held"), ("b", HOSTILE), ("c", "Back"))]
    screened = Screened(40, (Share("strength:one", 0.3, -0.5, 0.004, 1),), GROUPS)
    return Sensitivity(
        plan.scenario, "A small theatre", plan.start, plan.days, plan.seed, plan.version, 41, 900, {},
        (
            OutcomeSensitivity(outcomes[0], 0.5, 0.1, screened, SobolIndices(60, INDICES), REPORTS, PARAMETERS),
            OutcomeSensitivity(outcomes[1], 1.0, 0.0, screened, SobolIndices(9, (), "defined in 9 pairs"), (), ()),
            OutcomeSensitivity(outcomes[2], math.nan, math.nan, Screened(0, (), (), "defined in 0 replicates"), None, (), ()),
        ),
    )  # fmt: skip


@pytest.fixture(scope="module")
def folder(run_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    copy = tmp_path_factory.mktemp("moved") / "run"
    shutil.copytree(run_folder, copy)
    run = open_run(copy)
    save_sensitivity(an_answer(run), run)
    return copy


@pytest.fixture(scope="module")
def reported(folder: Path) -> Path:
    return write_report(folder)


@pytest.fixture(scope="module")
def html(reported: Path) -> str:
    found = re.search(r'<section id="sensitivity">.*?</section>', reported.read_text(encoding="utf-8"), flags=re.DOTALL)
    assert found
    return found[0]


@pytest.fixture(scope="module")
def figures(reported: Path) -> dict[str, Any]:
    page = reported.read_text(encoding="utf-8")
    found = re.search(r'<script type="application/json" id="keyterrain-figures">(.*?)</script>', page, flags=re.DOTALL)
    assert found
    drawn: dict[str, Any] = json.loads(found[1])
    return drawn


def test_what_is_kept_reads_back(folder: Path) -> None:
    kept, answer = saved_sensitivity(folder), an_answer(open_run(folder))
    assert kept is not None
    assert [each.key for each in kept.outcomes] == ["a", "b", "c"]
    first, second, third = kept.outcomes
    assert [(each.factor, each.total, each.first_low) for each in first.indices] == [
        (each.factor, each.total, each.first_low) for each in INDICES
    ]
    assert (first.pairs, second.why_no_indices, third.why) == (60, "defined in 9 pairs", "defined in 0 replicates")
    assert [each.share for each in first.groups] == [0.31, -0.01, None]
    assert [each.draw for each in first.worth_verifying] == [each.draw for each in answer.outcomes[0].worth_verifying]
    assert first.worth_verifying[0].input is not None
    assert first.worth_verifying[0].input.grade == "D4"
    assert (first.parameters[0].input, third.mean) == (None, None)


def test_an_answer_about_another_campaign_is_not_kept_and_one_that_is_no_answer_not_read(folder: Path, tmp_path: Path) -> None:
    run = open_run(folder)
    with pytest.raises(RunRefused, match=r"another seed \(9, the run has 7\)"):
        save_sensitivity(replace(an_answer(run), seed=9), run)
    kept = json.loads((folder / FILE.name).read_text(encoding="utf-8"))
    kept["answer"]["outcomes"][0]["sobol"]["indices"][0]["total"] = "much"
    (tmp_path / FILE.name).write_text(json.dumps(kept), encoding="utf-8")
    with pytest.raises(RunRefused, match="keyterrain sensitivity RUN --save"):
        saved_sensitivity(tmp_path)


def test_both_orders_are_drawn_to_scale_with_their_intervals(figures: dict[str, Any]) -> None:
    drawn, places = {}, set()
    for trace in figures["sensitivity-a"]["data"]:
        for x, y, up, down in zip(trace["x"], trace["y"], trace["error_x"]["array"], trace["error_x"]["arrayminus"], strict=True):
            drawn[round(y), trace["name"]] = (x - down, x, x + up, trace["marker"]["color"])
            places.add(y)
    assert len(drawn) == len(places) == 20, "ten rows with two orders each, none upon another"
    for row, index in enumerate(INDICES[:10]):
        total, first = drawn[9 - row, "total order"], drawn[9 - row, "first order"]
        assert total[:3] == pytest.approx((index.total_low, index.total, index.total_high))
        assert first[:3] == pytest.approx((index.first_low, index.first, index.first_high))
    colours = [drawn[9 - row, "total order"][3] for row in range(4)]
    assert len(set(colours[:2])) == 2, "luck has a colour of its own"
    assert colours[2] == colours[3] != colours[1], "what touches 0 is grey"
    axis = figures["sensitivity-a"]["layout"]["yaxis"]
    assert axis["ticktext"][:2] == ["luck", "strength of brigades"]
    assert axis["tickvals"] == list(range(9, -1, -1))


def test_without_indices_the_shares_are_drawn_and_what_cannot_be_told_is_said(figures: dict[str, Any], html: str) -> None:
    clear, other = figures["sensitivity-b"]["data"]
    assert (clear["x"], clear["marker"]["symbol"]) == ([0.31], "circle")
    assert (other["x"], other["marker"]["symbol"]) == ([-0.01], "circle-open")
    assert "sensitivity-c" not in figures
    assert "Back: cannot tell, defined in 0 replicates." in html
    assert "cannot tell, defined in 9 pairs." in html


def test_every_report_stands_with_what_was_said_of_it(html: str) -> None:
    table = html[html.index("Which report is worth verifying</h3>") : html.index("<details>")]
    rows = re.findall(r"<tr>(.*?)</tr>", table, flags=re.DOTALL)[1:]
    first, second = ([re.sub("<.*?>", "", cell) for cell in re.findall(r"<td.*?>(.*?)</td>", row)] for row in rows)
    assert first[1:] == ["400 to 600 fighters", "D4", "report; assumption: a guess", "Share held", "0.30", "−0.50", "0.004"]
    assert second[6] == "", "one of several has no more and no less"
    assert 'title="' in rows[0], "a source has its title"
    assert "Worth verifying first: " in html
    assert "for 2 of 3 outcomes no report stands out from chance" in html
    assert "Parameters that matter (1)" in html
    assert "combat.tempo" in html


def test_all_factors_are_in_a_table_and_nothing_that_is_named_becomes_markup(
    html: str, reported: Path, report_path: Path
) -> None:
    table = html[html.index("All groups of inputs (") :]
    assert table.count("<tr>") == 1 + len(INDICES) + 2 + len(GROUPS)
    page = reported.read_text(encoding="utf-8")
    assert HOSTILE not in page
    assert page.count("<script") == report_path.read_text(encoding="utf-8").count("<script")
    assert 'href="#sensitivity"' in page
    assert 'href="#sensitivity"' not in report_path.read_text(encoding="utf-8")


def test_the_section_can_be_read_at_1280_pixels(
    reported: Path, page: Page, http_requests: list[str], page_errors: list[str]
) -> None:
    page.goto(reported.as_uri())
    page.wait_for_selector("html[data-ready=yes]", timeout=60_000)
    for chart in page.locator("#sensitivity [data-figure]").all():
        chart.scroll_into_view_if_needed()
    page.wait_for_function("[...document.querySelectorAll('#sensitivity [data-figure]')].every((each) => each.dataset.drawn)")
    wide = page.evaluate(WIDER_THAN_THEIR_FRAMES)
    assert max(wide) <= 0, "no table has to be scrolled sideways"
    rows = page.evaluate(NAMES_OF_ROWS)
    assert len(rows) == 10
    assert all(left >= 0 for left, _, _ in rows)
    assert all(one[2] <= other[1] + 3 for one, other in pairwise(rows))
    assert (http_requests, page_errors) == ([], [])
