"""`keyterrain update`: a stored run in the light of what was seen after its start."""

from __future__ import annotations

import argparse
import math
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING

from keyterrain.cli.answer import as_table
from keyterrain.cli.arguments import Answer, add_command, whole_number

if TYPE_CHECKING:
    from collections.abc import Sequence

    from keyterrain.analysis.update.question import Update
    from keyterrain.analysis.update.shifts import Shift

EXAMPLES = """
keyterrain update runs/base --observed seen.csv
keyterrain update runs/base --observed seen.csv --day 60 --save
keyterrain update runs/base --observed seen.csv --json
"""
WIDTH = 128
MOST_PLACES, MOST_HOSTS = 20, 8
"""Places that are shown to people, those first that move most, and hosts, those first with most people."""

LARGE = 1000.0
"""From which on a number is written without a power of ten."""


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
    parser = add_command(commands, "update", "weigh the replicates of a run by what was seen after its start", work, EXAMPLES)
    parser.add_argument("run", metavar="RUN", help="the folder of a run")
    observed = "CSV of observations: date,kind,subject,value,error,p_wrong,source (docs/update.md)"
    parser.add_argument("--observed", metavar="FILE", type=Path, required=True, help=observed)
    day = "evening on which places, corridors and people are looked at (default: the run's last)"
    parser.add_argument("--day", type=whole_number(0), metavar="D", help=day)
    parser.add_argument("--save", action="store_true", help="keep the answer in the run's folder, for its report")


def work(arguments: argparse.Namespace) -> Answer:
    """Weigh a run by observations."""
    from keyterrain.analysis.kept_answers import CALIBRATED, refuse_other_version, refuse_run_that_was_changed
    from keyterrain.analysis.saved_update import save_update, update_for_scripts
    from keyterrain.analysis.update.question import subjects_of, update
    from keyterrain.campaign.ensemble import open_run
    from keyterrain.campaign.errors import RunRefused
    from keyterrain.theatre.observations import read_observations

    run = open_run(arguments.run)
    if arguments.day is not None and arguments.day > run.manifest.plan.days:
        raise RunRefused(f"--day is {arguments.day}; the run has {run.manifest.plan.days} days.")
    if arguments.save:
        refuse_other_version(run)
        refuse_run_that_was_changed(run, but=CALIBRATED)
    observations = read_observations(arguments.observed, subjects_of(run))
    answer = update(run, observations, day=arguments.day)
    machine, people = update_for_scripts(answer), _text(answer)
    if arguments.save:
        saved = save_update(answer, run)
        machine, people = {**machine, "saved": saved}, f"{people}\n\nkept in {saved}; the report of the run shows it"
    return Answer(machine, people)


def _text(answer: Update) -> str:
    n = len(answer.observations)
    heading = (
        f"{answer.title}: {answer.replicates} replicates from {answer.start} weighed by {n} observation{'s' * (n != 1)}; "
        f"{answer.ess:.1f} of them count, {answer.floor:.0f} are needed"
    )
    lines = [heading, "", *as_table(_observations(answer)).splitlines()]
    impossible = [each.observation for each in answer.observations if each.agreeing == 0.0]
    for of in impossible:
        said = f"no replicate agrees that {of.subject} was {of.value} on {of.on}"
        lines += textwrap.wrap(f"{said}: the model holds it impossible, and the update takes it as wrong", WIDTH)
    if answer.verdict == "cannot tell":
        advice = f"CANNOT TELL: too few replicates are left to read anything from. {answer.what_to_do}"
        return "\n".join([*lines, "", *textwrap.wrap(advice, WIDTH)])
    lines += ["", *as_table(_rows("outcome", answer.outcomes)).splitlines()]
    moved = sorted(answer.places, key=lambda each: (-abs(each.after - each.before), each.key))[:MOST_PLACES]
    of_day = f"by the evening of day {answer.day}"
    for says, corridors in (
        (f"corridor open on day {answer.day}", answer.corridors),
        ("share of days open", answer.corridor_days),
    ):
        lines += ["", *as_table(_rows(says, corridors)).splitlines()] if corridors else []
    hosts = [answer.fled, *answer.hosts[:MOST_HOSTS]]
    more = f", {len(answer.hosts) - MOST_HOSTS} more hosts" if len(answer.hosts) > MOST_HOSTS else ""
    says = f"displaced {of_day}, beyond those at the start (median, 5 to 95%{more})"
    lines += ["", *as_table(_rows(says, hosts)).splitlines()]
    says = f"place lost to an enemy {of_day} (those {len(moved)} that move most)"
    return "\n".join([*lines, "", *as_table(_rows(says, moved)).splitlines()])


def _observations(answer: Update) -> list[list[str]]:
    rows = [["seen on", "what", "", "was", "agree", "count by it alone", "count without it"]]
    for each in answer.observations:
        of = each.observation
        counts = [f"{each.ess_alone:.0f}", f"{each.ess_without:.0f}"]
        rows.append([str(of.on), of.kind, of.subject, of.value, f"{each.agreeing:.1%}", *counts])
    return rows


def _rows(what: str, shifts: Sequence[Shift]) -> list[list[str]]:
    rows = [[what, "before", "", "after", "", "unit"]]
    for each in shifts:
        before = [_number(each.before), _span(each.before_low, each.before_high)]
        after = [_number(each.after), _span(each.after_low, each.after_high)]
        rows.append([each.key, *before, *after, "" if each.unit == "1" else each.unit])
    return rows


def _number(value: float) -> str:
    return "undefined" if math.isnan(value) else f"{float(f'{value:.3g}'):,.0f}" if abs(value) >= LARGE else f"{value:.3g}"


def _span(low: float, high: float) -> str:
    return "" if math.isnan(low) else f"[{_number(low)}, {_number(high)}]"
