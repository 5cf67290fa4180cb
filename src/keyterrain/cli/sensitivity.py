"""`keyterrain sensitivity`: which unknowns move an outcome, and which report is worth verifying."""

from __future__ import annotations

import argparse
import math
import textwrap
from typing import TYPE_CHECKING, Any

from keyterrain.cli.answer import as_table
from keyterrain.cli.arguments import Answer, add_command, add_seed, add_span, whole_number
from keyterrain.cli.asked import add_asked, kept_in, run_asked
from keyterrain.cli.crew import add_crew, crew_of
from keyterrain.cli.progress import CountLine

if TYPE_CHECKING:
    from collections.abc import Sequence

    from keyterrain.analysis.sensitivity.question import OutcomeSensitivity, Report, Sensitivity

EXAMPLES = """
keyterrain sensitivity runs/base
keyterrain sensitivity runs/base --outcome western_qalamoun_held m5_open_share --pairs 100 --save
keyterrain sensitivity qalamoun-2013 --outcome western_qalamoun_held --pairs 500
keyterrain sensitivity qusayr-2013 --json
"""
WIDTH = 128
MOST = 12
"""Rows of a table for people."""


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
    says = "say which unknowns move an outcome, and which report is worth verifying"
    parser = add_command(commands, "sensitivity", says, work, EXAMPLES)
    add_asked(parser)
    parser.add_argument("--outcome", nargs="+", default=[], metavar="KEY", help="outcomes of the scenario (default: all)")
    pairs = "pairs of replicates for Sobol indices, each played once for every group (default: 100; of a run none)"
    parser.add_argument("--pairs", type=whole_number(0, 1_000_000), metavar="N", help=pairs)
    add_span(parser)
    add_seed(parser, default=None, otherwise="0, or that of the run")
    add_crew(parser)


def work(arguments: argparse.Namespace) -> Answer:
    """Say what matters."""
    from keyterrain.analysis.kept_answers import CALIBRATED, refuse_other_version, refuse_run_that_was_changed
    from keyterrain.analysis.saved_sensitivity import save_sensitivity
    from keyterrain.analysis.sensitivity.question import sensitivity
    from keyterrain.campaign.errors import RunRefused
    from keyterrain.theatre import load

    run = run_asked(arguments)
    given = [f"--{name}" for name in ("start", "days", "seed") if run is not None and getattr(arguments, name) is not None]
    if given:
        raise RunRefused(f"A run is asked as it was played: leave out {', '.join(given)}, or ask its scenario.")
    if run is not None and arguments.save:
        refuse_other_version(run)
        refuse_run_that_was_changed(run, but=CALIBRATED)
    scenario = run.scenario if run is not None else load(arguments.scenario)
    progress = CountLine("replicates")
    try:
        with crew_of(arguments) as crew:
            answer = sensitivity(
                scenario,
                outcomes=arguments.outcome,
                pairs=arguments.pairs,
                start=arguments.start,
                days=arguments.days,
                seed=arguments.seed or 0,
                run=run,
                executor=crew,
                progress=progress,
            )
    finally:
        progress.close()
    said = Answer(_machine(answer), _text(answer))
    return kept_in(save_sensitivity(answer, run), said) if run is not None and arguments.save else said


def _machine(answer: Sensitivity) -> dict[str, object]:
    return {
        "scenario": answer.scenario,
        "start": answer.start,
        "days": answer.days,
        "seed": answer.seed,
        "replicates": answer.replicates,
        "played": answer.n_played,
        "groups": {group: len(names) for group, names in answer.groups.items()},
        "outcomes": [_machine_of(each) for each in answer.outcomes],
    }


def _machine_of(each: OutcomeSensitivity) -> dict[str, object]:
    sobol = each.sobol
    return {
        "outcome": each.outcome.key,
        "says": each.outcome.says,
        "mean": each.mean,
        "sd": each.sd,
        "why": each.screened.why or None,
        "sobol": None if sobol is None else {"pairs": sobol.n, "why": sobol.why or None, "factors": list(sobol.indices)},
        "groups": [{"group": one.name, "share": one.share, "p": one.p, "inputs": one.n_inputs} for one in each.screened.groups],
        "worth_verifying": [_machine_report(report) for report in each.worth_verifying],
        "parameters": [_machine_report(report) for report in each.parameters],
    }


def _machine_report(report: Report) -> dict[str, Any]:
    known = report.input
    return {
        "input": report.draw,
        "group": report.group,
        "share": report.share,
        "rank_correlation": report.rank_correlation,
        "p": report.p,
        "name": known.name if known else None,
        "reported": known.prior if known else None,
        "source": known.source if known else None,
        "grade": (known.grade or None) if known else None,
    }


def _text(answer: Sensitivity) -> str:
    played = f", {answer.n_played} replicates played for Sobol indices" if answer.n_played else ""
    heading = f"{answer.title}: from {answer.start}, {answer.replicates} replicates screened{played}, seed {answer.seed}"
    return "\n".join([heading, *(_of_outcome(each) for each in answer.outcomes)])


def _of_outcome(each: OutcomeSensitivity) -> str:
    lines = [f"\n{each.outcome.key}: {each.outcome.says} (mean {_number(each.mean)}, sd {_number(each.sd)})"]
    if each.screened.why:
        return "\n".join([*lines, f"  cannot tell: {each.screened.why}"])
    if each.sobol is not None:
        lines += _sobol_lines(each)
    rows = [["group (share of ranks explained beyond chance)", "share", "chance", "inputs"]]
    rows += [[one.name, _number(one.share), _number(one.p), str(one.n_inputs)] for one in each.screened.groups[:MOST]]
    lines += [f"  {line}" for line in as_table(rows).splitlines()]
    lines += _report_lines("worth verifying", "no report stands out from chance", each.worth_verifying)
    lines += _report_lines("parameters that matter", "no parameter stands out from chance", each.parameters)
    return "\n".join(lines)


def _sobol_lines(each: OutcomeSensitivity) -> list[str]:
    sobol = each.sobol
    if sobol is None or sobol.why:
        return [f"  Sobol indices: cannot tell: {sobol.why}"] if sobol else []
    rows = [[f"factor ({sobol.n} pairs)", "total order", "", "first order", ""]]
    for one in sobol.indices[:MOST]:
        first = [_number(one.first), f"[{one.first_low:.2f}, {one.first_high:.2f}]"]
        rows.append([one.factor, _number(one.total), f"[{one.total_low:.2f}, {one.total_high:.2f}]", *first])
    return [f"  {line}" for line in as_table(rows).splitlines()]


def _report_lines(title: str, none: str, reports: Sequence[Report]) -> list[str]:
    if not reports:
        return [f"  {title}: {none}"]
    lines = [f"  {title}:"]
    for rank, report in enumerate(reports[:MOST], start=1):
        known = report.input
        said = f"{known.group}: {known.name}, {known.meaning} {known.prior} {known.unit}".strip() if known else report.draw
        trend = "" if math.isnan(report.rank_correlation) else f", rank correlation {report.rank_correlation:+.2f}"
        source = f"; {known.grade or 'ungraded'}, {known.source}" if known and known.source else ""
        text = f"{rank}. {said}: share {report.share:.3f}{trend}, chance {report.p:.3f}{source}"
        lines += textwrap.wrap(text, WIDTH, initial_indent="    ", subsequent_indent="       ", break_long_words=False)
    return lines


def _number(value: float) -> str:
    return "undefined" if math.isnan(value) else f"{value:.3g}"
