"""`keyterrain run`: play a campaign many times."""

from __future__ import annotations

import argparse
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING

from keyterrain.cli.answer import as_table
from keyterrain.cli.arguments import Answer, add_command, add_scenario, add_span, whole_number
from keyterrain.cli.crew import add_crew
from keyterrain.cli.progress import ProgressLine

if TYPE_CHECKING:
    from datetime import date

    from keyterrain.campaign.calibrated import CalibratedDraws
    from keyterrain.campaign.ensemble import RunSummary
    from keyterrain.campaign.interventions import Interventions
    from keyterrain.theatre import Scenario

EXAMPLES = """
keyterrain run qalamoun-2013 --replicates 500 --seed 1 --out runs/demo
keyterrain run qalamoun-2013 --start 2013-11-14 --hold western-qalamoun=opposition --out runs/crest-held
keyterrain run qalamoun-2013 --policy government=broad --set "weather.winter_offset=-2..0" --out runs/mild-and-broad
keyterrain run qalamoun-2013 --calibrated fit.json --out runs/calibrated
keyterrain run qalamoun-2013 --replicates 100000 --scheduler tcp://host:8786 --out runs/large
keyterrain run qalamoun-2013 --plan
"""
DEFAULT_REPLICATES = 1000
RUNS = Path("runs")


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
    parser = add_command(commands, "run", "play a campaign many times and store every replicate", work, EXAMPLES)
    add_scenario(parser)
    _add_campaign_options(parser)
    _add_ensemble_options(parser)


def _add_campaign_options(parser: argparse.ArgumentParser) -> None:
    what = parser.add_argument_group("the campaign")
    add_span(what)
    _add_repeated(what, "--hold", "GROUND=SIDE", "an area or place that a side holds throughout")
    starts = "an area or place that a side holds on the first evening, with as many of its mobile force as had to leave"
    _add_repeated(what, "--start-holder", "GROUND=SIDE", starts)
    policies = "piecemeal, broad, raid or hold; NAME,spring waits out the winter, NAME,now does not"
    _add_repeated(what, "--policy", "SIDE=NAME", policies)
    _add_repeated(what, "--set", "KEY=VALUE", "a parameter (process.name) and its quantity, or processes.NAME=off")
    fitted = "draw the fitted parameters jointly from a calibration: a name that ships, or a file that calibrate wrote"
    what.add_argument("--calibrated", metavar="NAME_OR_FILE", help=fitted)
    what.add_argument("--plan", action="store_true", help="print the order of a day and run nothing")


def _add_repeated(group: argparse._ArgumentGroup, option: str, form: str, says: str) -> None:
    group.add_argument(option, action="append", default=[], metavar=form, help=f"{says}; may be repeated")


def _add_ensemble_options(parser: argparse.ArgumentParser) -> None:
    how = parser.add_argument_group("the ensemble")
    for option, letter, least, most, default, says in (
        ("--replicates", "N", 1, None, DEFAULT_REPLICATES, f"how often to play (default: {DEFAULT_REPLICATES})"),
        ("--seed", "S", 0, 2**32 - 1, 0, "number that all luck follows from (default: 0)"),
        ("--chunk", "N", 1, None, None, "replicates per chunk (default: from the size of the theatre)"),
    ):
        how.add_argument(option, type=whole_number(least, most), default=default, metavar=letter, help=says)
    add_crew(how)
    how.add_argument("--out", type=Path, metavar="DIR", help="a new folder for the run (default: runs/SCENARIO-START-seedS)")
    how.add_argument("--resume", action="store_true", help="take up an unfinished run; where nothing is begun, begin")
    how.add_argument("--record", choices=("thinned", "daily"), default="thinned", help="daily: store all variables of every day")
    checks = "check day by day that people and fighters are conserved; with --resume also what is stored against its digest"
    how.add_argument("--verify", action="store_true", help=checks)


def work(arguments: argparse.Namespace) -> Answer:
    """Play, or print the order of a day."""
    from keyterrain.campaign.calibrated import read_calibrated
    from keyterrain.campaign.interventions import Interventions
    from keyterrain.theatre import load

    interventions = Interventions.parse(
        hold=arguments.hold, policy=arguments.policy, settings=arguments.set, start_holder=arguments.start_holder
    )
    if arguments.calibrated:
        interventions = replace(interventions, calibrated=read_calibrated(arguments.calibrated))
    scenario = load(arguments.scenario)
    return (_plan if arguments.plan else _play)(arguments, scenario, interventions)


def _play(arguments: argparse.Namespace, scenario: Scenario, interventions: Interventions) -> Answer:
    from keyterrain.campaign.ensemble import run

    progress = ProgressLine()
    try:
        summary = run(
            scenario,
            start=arguments.start,
            days=arguments.days,
            replicates=arguments.replicates,
            seed=arguments.seed,
            interventions=interventions,
            out=arguments.out or default_folder(scenario, arguments),
            resume=arguments.resume,
            threads=arguments.threads,
            workers=arguments.workers,
            scheduler=arguments.scheduler,
            chunk=arguments.chunk,
            record_daily=arguments.record == "daily",
            verify=arguments.verify,
            progress=progress,
        )
    finally:
        progress.close()
    calibrated, start = interventions.calibrated, scenario.situation(arguments.start).start
    machine: dict[str, object] = {**asdict(summary), "replicate_days_per_s": summary.replicate_days_per_s}
    if calibrated is None:
        return Answer(machine, _text(summary))
    machine["calibrated"] = {**calibrated.said, "is_of_the_past": calibrated.is_of_the_past_of(start)}
    return Answer(machine, f"{_text(summary)}\n{_drawn_from(calibrated, start)}")


def _drawn_from(calibrated: CalibratedDraws, start: date) -> str:
    """Say which parameters were drawn from a calibration, and whether it knew what came after the start."""
    said = f"{', '.join(calibrated.parameters)} drawn from the calibration {calibrated.name} ({calibrated.digest})"
    if calibrated.is_of_the_past_of(start):
        return said
    return f"{said}, which was fitted on the record to {calibrated.until}, after the start: this run is no forecast"


def default_folder(scenario: Scenario, arguments: argparse.Namespace) -> Path:
    """Return where a run goes that was not told where to go."""
    start = arguments.start or scenario.default_start
    return RUNS / f"{scenario.name}-{start}-seed{arguments.seed}"


def _text(summary: RunSummary) -> str:
    speed = summary.replicate_days_per_s
    by = f" by {len(summary.workers)} workers" if len(summary.workers) > 1 else ""
    played = f"{summary.n_played} replicates of {summary.days} days played{by} in {summary.seconds:.1f} s"
    return "\n".join(
        [
            f"{summary.out}: {summary.replicates} replicates are finished",
            f"{played}, {speed:,.0f} replicate-days per second" if speed else "nothing was left to play",
            f"digest of all arrays {summary.digest}",
        ]
    )


def _plan(arguments: argparse.Namespace, scenario: Scenario, interventions: Interventions) -> Answer:
    """Show the order of a day, with what is switched off."""
    from keyterrain.campaign.order import ORDER_OF_DAY

    situation = scenario.situation(arguments.start)
    interventions.check(situation)
    is_on = {step.name: step.name not in interventions.switches for step in ORDER_OF_DAY}
    steps = [{**asdict(step), "on": is_on[step.name]} for step in ORDER_OF_DAY]
    names = [step.name if is_on[step.name] else f"{step.name} (off)" for step in ORDER_OF_DAY]
    cells = [
        [str(number), name, ", ".join(step.reads), ", ".join(step.writes), step.draws]
        for number, (name, step) in enumerate(zip(names, ORDER_OF_DAY, strict=True), start=1)
    ]
    days = arguments.days or situation.days
    machine: dict[str, object] = {"scenario": scenario.name, "start": situation.start, "days": days, "order": steps}
    heading = f"Each of {days} days from {situation.start}, in this order:"
    return Answer(machine, f"{heading}\n{as_table([['', 'step', 'reads', 'writes', 'draws'], *cells])}")
