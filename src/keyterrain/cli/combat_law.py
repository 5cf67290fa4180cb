"""`keyterrain combat-law`: the parameters of combat fitted to battles of history, and scored on wars left out."""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from keyterrain.cli.answer import as_table
from keyterrain.cli.arguments import Answer, add_command, add_seed
from keyterrain.cli.progress import CountLine

if TYPE_CHECKING:
    from keyterrain.analysis.battles.heldout import Grouping, HeldOut, Score
    from keyterrain.analysis.battles.law import CombatLaw
    from keyterrain.analysis.battles.records import BattleRecord

EXAMPLES = """
keyterrain combat-law
keyterrain combat-law path/to/cdb90
keyterrain combat-law path/to/cdb90 --held-out
keyterrain combat-law path/to/cdb90 --picture calibration.svg
keyterrain combat-law path/to/cdb90 --out combat_law.csv --json
"""


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
    says = "fit the combat law to the battles of CDB90, and hold what ships against it"
    parser = add_command(commands, "combat-law", says, work, EXAMPLES)
    parser.add_argument(
        "folder", metavar="CDB90", nargs="?", type=Path, help="folder of its tables (default: show the fit that ships)"
    )
    parser.add_argument("--held-out", action="store_true", help="score the law and its rivals on wars left out of their fits")
    parser.add_argument("--out", type=Path, metavar="FILE", help="write the table of estimates")
    picture = "draw predicted chance against frequency on wars left out, as SVG (asks for --held-out)"
    parser.add_argument("--picture", type=Path, metavar="FILE", help=picture)
    add_seed(parser, default=1, otherwise="1; of the resampling of wars")


def work(arguments: argparse.Namespace) -> Answer:
    """Fit the law, or show what was fitted."""
    from keyterrain.analysis.battles.law import TooFewBattles, fit_law, shipped_law, write_law
    from keyterrain.analysis.battles.records import read_cdb90
    from keyterrain.campaign.errors import RunRefused
    from keyterrain.report.battles import refuse_picture, write_calibration_picture

    if arguments.folder is None:
        if arguments.held_out or arguments.out or arguments.picture:
            raise RunRefused("--held-out, --picture and --out need the tables: keyterrain combat-law path/to/cdb90.")
        return _answer(shipped_law(), None, ())
    if arguments.picture:
        refuse_picture(arguments.picture)
    if arguments.out and not arguments.out.absolute().parent.is_dir():
        raise RunRefused(f"There is no folder {arguments.out.parent} for {arguments.out.name}.")
    record = read_cdb90(arguments.folder)
    try:
        law = fit_law(record)
        scores = _held_out(record, arguments.seed) if arguments.held_out or arguments.picture else ()
    except TooFewBattles as error:
        raise RunRefused(str(error)) from error
    if arguments.out:
        write_law(law, arguments.out)
    if arguments.picture:
        write_calibration_picture(scores, arguments.picture)
    return _answer(law, record, scores)


def _held_out(record: BattleRecord, seed: int) -> tuple[HeldOut, ...]:
    from keyterrain.analysis.battles.heldout import RIVALS, held_out
    from keyterrain.analysis.battles.law import ALL, MODERN

    groupings: tuple[Grouping, ...] = ("conflict", "war")
    asked = [(sample, battles, by) for sample, battles in ((ALL, record.battles), (MODERN, record.modern)) for by in groupings]
    progress = CountLine("forecasts")
    try:
        return tuple(
            held_out(
                battles,
                sample=sample,
                grouping=by,
                seed=seed,
                progress=part_of(progress, before * len(RIVALS), len(asked) * len(RIVALS)),
            )
            for before, (sample, battles, by) in enumerate(asked)
        )
    finally:
        progress.close()


def part_of(progress: Callable[[int, int], None], before: int, of_all: int) -> Callable[[int, int], None]:
    """Return a progress that counts on from what was done before."""
    return lambda done, _: progress(before + done, of_all)


def _answer(law: CombatLaw, record: BattleRecord | None, scores: tuple[HeldOut, ...]) -> Answer:
    machine: dict[str, object] = {
        "source": law.source,
        "battles_read": law.n_read,
        "battles": record and len(record.battles),
        "left_out": record and record.left_out._asdict(),
        "estimates": [
            {
                "parameter": each.parameter,
                "estimate": each.estimate,
                "standard_error": each.standard_error,
                "low": each.low,
                "high": each.high,
                "scale": each.scale,
                "sample": each.sample,
                "battles": each.n,
                "wars": each.n_wars,
                "in_use": _in_use(each.parameter),
                "standard_errors_off": each.errors_from(_in_use(each.parameter)["default"]),
            }
            for each in law.estimates
        ],
        "held_out": list(scores),
    }
    return Answer(machine, "\n\n".join([_law_text(law, record), *(_scores_text(each) for each in scores)]))


def _in_use(parameter: str) -> dict[str, float]:
    from keyterrain.theatre.parameters import PARAMETERS

    row = PARAMETERS[parameter]
    return {"default": row.default, "low": row.low, "high": row.high}


def _law_text(law: CombatLaw, record: BattleRecord | None) -> str:
    heading = f"Combat law as it ships, fitted to {law.source}"
    if record is not None:
        left = record.left_out
        heading = (
            f"{record.source}: {record.n_read} battles, {len(record.battles)} fitted to; left out {left.nested} within another, "
            f"{left.undecided} undecided, {left.without_terrain} without ground, {left.without_strength} without strengths"
        )
    rows = [["parameter", "estimate", "5% to 95%", "se (scale)", "battles, wars", "in use", "off by"]]
    for each in law.estimates:
        use = _in_use(each.parameter)
        rows.append(
            [
                each.parameter,
                f"{each.estimate:.4g}",
                f"{each.low:.4g} to {each.high:.4g}",
                f"{each.standard_error:.2g} ({each.scale})",
                f"{each.n}, {each.n_wars}",
                f"{use['default']:.4g} [{use['low']:.4g}, {use['high']:.4g}]",
                _off(each.errors_from(use["default"])),
            ]
        )
    return f"{heading}\n{as_table(rows)}\n'off by': standard errors between the estimate and what campaigns use"


def _off(errors: float) -> str:
    return "cannot tell" if math.isnan(errors) else f"{abs(errors):.1f} se"


def _scores_text(held: HeldOut) -> str:
    rows = [["forecast", "log loss", "less base rate", "Brier", "AUC"]]
    rows += [
        [each.rival, _score(each.log_loss), _score(each.against_base), _score(each.brier), _score(each.auc)]
        for each in held.rivals
    ]
    curve = ", ".join(f"{each.forecast:.2f}: {_score(each.won)}" for each in held.calibration)
    return (
        f"Held out, {held.sample}: {held.n} battles, each of {held.n_wars} wars (by {held.grouping}) left out in turn; "
        f"95% intervals over wars, {held.rounds} resamples, seed {held.seed}\n{as_table(rows)}\n"
        f"calibration of the law, qualities unknown (forecast: attackers who won): {curve}"
    )


def _score(score: Score) -> str:
    return f"{score.value:.3f} [{score.low:.3f}, {score.high:.3f}]"
