"""`keyterrain calibrate`: the few free parameters fitted on campaigns other than the one that is forecast."""

from __future__ import annotations

import argparse
import math
from pathlib import Path
from typing import TYPE_CHECKING

from keyterrain.cli.answer import as_table
from keyterrain.cli.arguments import Answer, add_command, add_seed, whole_number
from keyterrain.cli.crew import add_crew, crew_of
from keyterrain.cli.progress import CountLine

if TYPE_CHECKING:
    from keyterrain.analysis.calibration.posterior import Calibration, ParameterAnswer, TargetAnswer

EXAMPLES = """
keyterrain calibrate qusayr-2013 --scored qalamoun-2013 --seed 1 --out fit.json
keyterrain calibrate qusayr-2013 --targets my-targets.csv --members 500 --iterations 3
keyterrain run qalamoun-2013 --calibrated fit.json --out runs/calibrated
"""
MEMBERS, ITERATIONS = 5000, 4


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
    parser = add_command(commands, "calibrate", "fit the few free parameters on campaigns", work, EXAMPLES)
    parser.add_argument(
        "scenarios", metavar="SCENARIO", nargs="+", help="whose campaigns are played: a name that ships, or a folder"
    )
    parser.add_argument("--targets", type=Path, metavar="FILE", help="table of what is to be met (default: the one that ships)")
    scored = "a campaign to be forecast: nothing of its record or after its start may enter; may be repeated"
    parser.add_argument("--scored", action="append", default=[], metavar="SCENARIO", help=scored)
    parser.add_argument(
        "--fit", nargs="+", metavar="PARAMETER", help="parameters to fit (default: the four of docs/calibration.md)"
    )
    for option, least, default, says in (
        (
            "--members",
            10,
            MEMBERS,
            "points at which each iteration plays a campaign of each scenario",
        ),
        ("--iterations", 1, ITERATIONS, "waves of campaigns, each where the one before leads"),
    ):
        explained = f"{says} (default: {default})"
        parser.add_argument(option, type=whole_number(least, 100_000), default=default, metavar="N", help=explained)
    add_seed(parser)
    add_crew(parser)
    parser.add_argument("--out", type=Path, metavar="FILE", help="a new file for the posterior, for run --calibrated FILE")


def work(arguments: argparse.Namespace) -> Answer:
    """Fit, and write the posterior where it was asked for."""
    from keyterrain.analysis.calibration.posterior import save_calibration
    from keyterrain.analysis.calibration.question import PARAMETERS_TO_FIT, calibrate
    from keyterrain.theatre import load

    _refuse_file(arguments.out)
    scenarios = [load(name) for name in arguments.scenarios]
    scored = [load(name) for name in arguments.scored]
    progress = CountLine("campaigns")
    try:
        with crew_of(arguments) as crew:
            found = calibrate(
                scenarios,
                table=arguments.targets,
                scored=scored,
                parameters=tuple(arguments.fit or PARAMETERS_TO_FIT),
                members=arguments.members,
                iterations=arguments.iterations,
                seed=arguments.seed,
                executor=crew,
                progress=progress,
                say=progress.say,
            )
    finally:
        progress.close()
    machine, people = found.to_json(), _text(found)
    if arguments.out:
        saved = save_calibration(found, arguments.out)
        machine, people = {**machine, "saved": saved}, f"{people}\n\nwritten to {saved}; play with it by run --calibrated {saved}"
    return Answer(machine, people)


def _refuse_file(out: Path | None) -> None:
    from keyterrain.campaign.errors import RunRefused

    if out is None:
        return
    if out.exists():
        raise RunRefused(f"{out} exists already: choose another --out.")
    if not out.absolute().parent.is_dir():
        raise RunRefused(f"There is no folder {out.parent} for {out.name}.")


def _text(found: Calibration) -> str:
    learned = [row.parameter for row in found.parameters if row.is_learned]
    said = f"learned {', '.join(learned)}" if learned else "nothing learned"
    on = ", ".join(str(each["scenario"]) for each in found.scenarios)
    until = f", with records to {found.until}" if found.until else ""
    apart = f"; may be scored on {', '.join(found.scored)}" if found.scored else ""
    heading = (
        f"{said}: {len(found.parameters)} parameters on {len(found.targets)} targets, "
        f"{found.n_played} campaigns of {on}{until}{apart}; seed {found.seed}, effective sample {found.effective:.0f}"
    )
    head = [
        "parameter",
        "unit",
        "prior 5, 50, 95 %",
        "posterior 5, 50, 95 %",
        "moved",
        "spread",
        "verdict",
        f"{found.n_truths} planted",
    ]
    rows = [head, *(_parameter(row) for row in found.parameters)]
    met = [["target", "observed", "prior", "posterior", "missed by", "measured as"], *(_target(row) for row in found.targets)]
    notes = [
        "moved: mean of the posterior in standard deviations of the prior, with its standard error",
        "spread: change of the standard deviation on the parameter's scale, with its standard error; not learned below a fifth",
        "planted: share of planted values that the 90 % interval held again, after one iteration",
        "missed by: in standard deviations of what one would see; beyond 3 these parameters cannot meet it",
    ]
    return "\n\n".join([heading, as_table(rows), as_table(met), "\n".join(notes)])


def _parameter(row: ParameterAnswer) -> list[str]:
    verdict = "learned" if row.is_learned else "not learned"
    spread = f"{-100 * row.shrinkage:+.0f} % ± {100 * row.shrinkage_error:.0f}"
    moved = f"{row.shift:+.2f} ± {row.shift_error:.2f}"
    held = f"{100 * row.recovered:.0f} % held"
    return [row.parameter, row.unit, _three(row.prior), _three(row.posterior), moved, spread, verdict, held]


def _three(values: tuple[float, float, float]) -> str:
    return ", ".join(f"{value:.3g}" for value in values)


def _target(row: TargetAnswer) -> list[str]:
    missed = "" if math.isnan(row.missed_by) else f"{row.missed_by:+.1f}{' (far)' if row.is_far else ''}"
    return [row.target, f"{row.observed:.3g}", f"{row.prior:.3g}", f"{row.posterior:.3g}", missed, row.reads]
