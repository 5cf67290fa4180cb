"""Policies compared, kept with a run, are in its report as pay-off tables with best replies and intervals."""

from __future__ import annotations

import json
import re
import shutil
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from fabricated_run import HOSTILE
from keyterrain.analysis.payoffs import Choices, payoff_table
from keyterrain.analysis.policies import Choice, OutcomeTable, PolicyComparison
from keyterrain.analysis.saved_policies import FILE, save_policies, saved_policies
from keyterrain.campaign.ensemble import open_run
from keyterrain.campaign.errors import RunRefused
from keyterrain.campaign.interventions import Interventions
from keyterrain.campaign.resampling import resampling_weights
from keyterrain.report import write_report
from keyterrain.theatre.nouns import Outcome

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Browser

    from keyterrain.campaign.ensemble import Run

REPLICATES = 60
ROWS, COLUMNS = ("piecemeal", "broad"), ("raid", "hold")


def table(key: str, means: list[list[float]], *, says: str = "A share", wants: tuple[int, int] = (1, -1)) -> OutcomeTable:
    """Values about some means: odd replicates above, even ones below, so that replicates pair up exactly."""
    swing = np.where(np.arange(REPLICATES) % 2, 0.05, -0.05)
    values = np.array(means)[..., None] + swing * np.isfinite(np.array(means))[..., None]
    sides = [Choices("government", ROWS, wants[0]), Choices("opposition", COLUMNS, wants[1])]
    weights = resampling_weights(1, 20, REPLICATES)
    outcome = Outcome(key, says, "area_held_share", {"area": "hills"}, "government" if wants[0] else "", "assumption")
    return OutcomeTable(outcome, payoff_table(values, sides, "share", weights))


def compared(run: Run, *more: OutcomeTable) -> PolicyComparison:
    plan = run.manifest.plan
    tables = (
        table("saddle", [[0.5, 0.6], [0.3, 0.7]], says=f"A saddle {HOSTILE}"),
        table("mixed", [[0.8, 0.2], [0.3, 0.7]], says="No pure equilibrium"),
        table("alike", [[0.5, 0.5], [0.5, 0.5]], says="Nothing moves it"),
        table("nobody", [[0.1, 0.2], [0.3, 0.4]], says="Nobody wants it", wants=(0, 0)),
        *more,
    )
    return PolicyComparison(
        plan.scenario, "A small theatre", plan.start, plan.days, plan.seed, REPLICATES,
        {side: tuple(Choice(side, each) for each in names) for side, names in (("government", ROWS), ("opposition", COLUMNS))},
        {"government": "The government", "opposition": "The opposition"}, tables, 20, 240,
    )  # fmt: skip


@pytest.fixture(scope="module")
def folder(run_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    copy = tmp_path_factory.mktemp("compared") / "run"
    shutil.copytree(run_folder, copy)
    run = open_run(copy)
    save_policies(compared(run), run)
    return copy


@pytest.fixture(scope="module")
def reported(folder: Path) -> Path:
    return write_report(folder)


@pytest.fixture(scope="module")
def page(reported: Path) -> str:
    return reported.read_text(encoding="utf-8")


def cells(page: str, key: str) -> list[list[tuple[str, str]]]:
    """Attributes and content of each cell, row by row."""
    found = re.search(rf'<figure class="payoff" id="payoff-{key}">.*?</figure>', page, flags=re.DOTALL)
    assert found
    rows = re.findall(r'<tr><th scope="row">.*?</tr>', found[0], flags=re.DOTALL)
    return [re.findall(r"<td(.*?)>(.*?)</td>", row, flags=re.DOTALL) for row in rows]


def test_what_is_kept_reads_back(folder: Path) -> None:
    kept = saved_policies(folder)
    assert kept is not None
    saddle = kept.tables[0]
    assert saddle.cells[1, 0].value == pytest.approx(0.3)
    assert [(reply.side, reply.cells) for reply in saddle.replies] == [
        (0, ((0, 0),)), (0, ((1, 1),)), (1, ((0, 0),)), (1, ((1, 0),)),
    ]  # fmt: skip
    assert (saddle.equilibrium.kind, saddle.equilibrium.cells, saddle.equilibrium.is_clear) == ("pure", ((0, 0),), True)
    assert kept.tables[1].equilibrium.kind == "mixed"
    assert [each.makes_a_difference for each in kept.tables] == [True, True, False, True]
    assert (kept.replicates, kept.campaign.seed) == (60, 7)


def test_best_replies_are_marked_and_the_equilibrium_is_framed(page: str) -> None:
    """The row is chosen by who wants more: the top of each column; the column by who wants less: the bottom of each row."""
    saddle = cells(page, "saddle")
    assert [["\u25b2" in content for _, content in row] for row in saddle] == [[True, False], [False, True]]
    assert [["\u25c4" in content for _, content in row] for row in saddle] == [[True, False], [True, False]]
    assert [["framed" in look for look, _ in row] for row in saddle] == [[True, False], [False, False]]
    assert "0.500<br><small>0.4" in saddle[0][0][1]
    assert (
        "Pure equilibrium in 100% of resamplings: The government piecemeal, The opposition raid; it comes to 0.500 [0.4" in page
    )


def test_a_mixed_equilibrium_is_said_and_nothing_is_framed(page: str) -> None:
    """The first row of [[a, b], [c, d]] has the share (d - c) / (a - b - c + d), here 0.4."""
    assert "Mixed equilibrium in 100% of resamplings: The government piecemeal 40%" in page
    assert "broad 60%" in page
    assert not any("framed" in look for row in cells(page, "mixed") for look, _ in row)


def test_what_no_choice_changes_has_no_table_and_what_nobody_wants_no_marks(page: str) -> None:
    assert 'id="payoff-alike"' not in page
    assert "what can be said of: Nothing moves it." in page
    assert not any("reply" in content for row in cells(page, "nobody") for _, content in row)
    assert "nobody is said to want it" in page
    assert "No equilibrium is named (the scenario does not say who wants more of it" in page


def test_replies_that_cannot_be_told_apart_are_hollow_and_unmarked_where_all_are(run_folder: Path, tmp_path: Path) -> None:
    shutil.copytree(run_folder, tmp_path / "run")
    run = open_run(tmp_path / "run")
    values = np.zeros((3, 2, REPLICATES))
    values[:2] = 0.5
    values[0, 0, ::2] += 0.01
    sides = [Choices("government", ("piecemeal", "broad", "hold"), 1), Choices("opposition", COLUMNS, -1)]
    payoffs = payoff_table(values, sides, "number", resampling_weights(1, 20, REPLICATES))
    values[1, 0, 1::2] += 0.01
    payoffs = payoff_table(values, sides, "number", resampling_weights(1, 20, REPLICATES))
    outcome = Outcome("close", "Close", "area_held_share", {"area": "hills"}, "government", "assumption")
    base = compared(run, OutcomeTable(outcome, payoffs))
    save_policies(base, run)
    found = cells(write_report(tmp_path / "run").read_text(encoding="utf-8"), "close")
    assert ["\u25b3" in row[0][1] for row in found] == [True, True, False]
    assert ["\u25b2" in row[0][1] for row in found] == [False, False, False]
    assert "\u25c5" not in found[2][0][1], "against the last row all columns are alike"


def test_tables_are_in_the_data_block(page: str) -> None:
    found = re.search(r'<script type="application/json" id="keyterrain-data">(.*?)</script>', page, flags=re.DOTALL)
    assert found
    data = json.loads(found[1])["policies"]
    assert [each["outcome"] for each in data] == ["saddle", "mixed", "alike", "nobody"]
    assert data[0]["cells"][2] == {
        "choices": {"government": "broad", "opposition": "raid"},
        "mean": pytest.approx(0.3), "low": pytest.approx(0.287, abs=2e-3), "high": pytest.approx(0.313, abs=2e-3),
    }  # fmt: skip
    assert data[0]["best_replies"][0]["best"] == ["piecemeal"]


def test_nothing_that_is_named_becomes_markup(page: str, report_path: Path) -> None:
    assert HOSTILE not in page
    without = report_path.read_text(encoding="utf-8")
    assert page.count("<script") == without.count("<script")
    assert 'href="#policies"' in page
    assert 'href="#policies"' not in without


@pytest.mark.parametrize("fault", ["cut short", "another format", "a cell that is not there", "a reply that is not there"])
def test_what_cannot_be_read_is_refused_in_a_sentence(folder: Path, tmp_path: Path, fault: str) -> None:
    kept = json.loads((folder / FILE.name).read_text(encoding="utf-8"))
    payoffs = kept["answer"]["tables"][0]["payoffs"]
    match fault:
        case "another format":
            kept["format"] = "keyterrain-policies/9"
        case "a cell that is not there":
            payoffs["cells"]["2,0"] = payoffs["cells"]["1,0"]
        case "a reply that is not there":
            payoffs["replies"][0]["best"] = [5]
    text = json.dumps(kept)
    (tmp_path / FILE.name).write_text(text[:200] if fault == "cut short" else text, encoding="utf-8")
    with pytest.raises(RunRefused, match=r"policies\.json.*keyterrain policies RUN --save"):
        saved_policies(tmp_path)


def test_a_comparison_of_another_campaign_is_not_kept(run_folder: Path, tmp_path: Path) -> None:
    shutil.copytree(run_folder, tmp_path / "run")
    run = open_run(tmp_path / "run")
    with pytest.raises(RunRefused, match=r"it is about another seed \(9, the run has 7\)"):
        save_policies(replace(compared(run), seed=9), run)
    changed = replace(
        run,
        manifest=replace(
            run.manifest, plan=replace(run.manifest.plan, interventions=Interventions.parse(policy=["government=broad"]))
        ),
    )
    with pytest.raises(RunRefused, match="as its scenario has it"):
        save_policies(compared(run), changed)
    assert not (tmp_path / "run" / FILE.name).exists()


@pytest.mark.parametrize("width", [390, 800, 1280])
def test_tables_can_be_read_on_a_phone_and_on_a_desk(browser: Browser, reported: Path, width: int) -> None:
    context = browser.new_context(offline=True, viewport={"width": width, "height": 844})
    page, errors = context.new_page(), list[str]()
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(reported.as_uri())
    page.wait_for_selector("html[data-ready=yes]", timeout=60_000)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    for figure in page.locator("#policies .payoff").all():
        caption, scrolled = figure.locator("figcaption").bounding_box(), figure.locator(".table").bounding_box()
        assert caption is not None
        assert scrolled is not None
        assert caption["x"] + caption["width"] <= width
        assert scrolled["x"] + scrolled["width"] <= width
        assert caption["y"] + caption["height"] <= scrolled["y"] + 1
    if width > 390:
        assert page.evaluate(
            "[...document.querySelectorAll('.payoff .table')].every((each) => each.scrollWidth <= each.clientWidth)"
        )
    assert page.locator("#payoff-saddle .reply").first.get_attribute("aria-label") == "best for The government"
    assert errors == []
    context.close()
