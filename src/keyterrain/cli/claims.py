"""`keyterrain claims`: statements put to the test."""

from __future__ import annotations

import argparse
import math
import textwrap
from collections import Counter
from typing import TYPE_CHECKING

from keyterrain.cli.answer import as_table
from keyterrain.cli.arguments import Answer, add_command, add_seed, whole_number
from keyterrain.cli.asked import run_asked
from keyterrain.cli.crew import add_crew, crew_of
from keyterrain.cli.progress import CountLine

if TYPE_CHECKING:
    from keyterrain.analysis.claims import ClaimAnswer, ClaimAnswers, PartAnswer
    from keyterrain.analysis.relief_levers import ReliefShare, ReliefShares
    from keyterrain.analysis.relief_points import Point
    from keyterrain.campaign.ensemble import Run

EXAMPLES = """
keyterrain claims qalamoun-2013
keyterrain claims qalamoun-2013 --only qara-was-takable piecemeal-is-slower --replicates 4000 --seed 1
keyterrain claims qalamoun-2013 --only no-quiet-month --relief --relief-replicates 500
keyterrain claims runs/base --save
keyterrain claims runs/base --json
keyterrain claims --measures
"""
WIDTH = 128


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
    parser = add_command(commands, "claims", "put the claims of a scenario to the test", work, EXAMPLES)
    parser.add_argument(
        "scenario", metavar="SCENARIO_OR_RUN", nargs="?", help="a name that ships, a folder, or the folder of a run"
    )
    budget = "most replicates of each campaign that is played (default: 1000, or those of the run)"
    parser.add_argument("--replicates", type=whole_number(1, 10_000_000), metavar="N", help=budget)
    add_seed(parser, default=None, otherwise="0, or that of the run")
    add_crew(parser)
    parser.add_argument("--only", nargs="+", default=[], metavar="CLAIM", help="claims to answer (default: all)")
    relief = "answer every claim chosen also over the joint range of what is assumed of relief (default: those about relief)"
    parser.add_argument("--relief", action="store_true", help=relief)
    shares = "replicates of each campaign for that; 0 leaves it out (default: 250, or --replicates where that is less)"
    parser.add_argument("--relief-replicates", type=whole_number(0, 10_000_000), metavar="N", help=shares)
    parser.add_argument("--save", action="store_true", help="keep the answers in the run's folder, for its report")
    parser.add_argument("--measures", action="store_true", help="list what claims and outcomes may measure, and answer nothing")


def work(arguments: argparse.Namespace) -> Answer:
    """Answer claims, or list the measures that they may name."""
    if arguments.measures:
        return _measures()
    if not arguments.scenario:
        from keyterrain.campaign.errors import RunRefused

        raise RunRefused("Say which scenario or run: keyterrain claims SCENARIO_OR_RUN.")
    from keyterrain.analysis.saved_claims import claims_for_scripts, relief_for_scripts, save_claims

    run = run_asked(arguments)
    answers = _answers(arguments, run)
    shares = _relief(arguments, run)
    machine = {**claims_for_scripts(answers), **({} if shares is None else {"relief": relief_for_scripts(shares)})}
    people = _text(answers, in_full=bool(arguments.only)) + ("" if shares is None else f"\n\n{_relief_text(shares)}")
    if run is not None and arguments.save:
        saved = save_claims(answers, run, shares)
        machine, people = {**machine, "saved": saved}, f"{people}\n\nkept in {saved}; the report of the run shows them"
    return Answer(machine, people)


def _answers(arguments: argparse.Namespace, run: Run | None) -> ClaimAnswers:
    from keyterrain.analysis.claims import answer_claims
    from keyterrain.campaign.errors import RunRefused
    from keyterrain.theatre import load

    if run is not None and arguments.seed not in (None, run.manifest.plan.seed):
        raise RunRefused(f"{run.path} was played with seed {run.manifest.plan.seed}: leave out --seed, or ask its scenario.")
    scenario = run.scenario if run else load(arguments.scenario)
    progress = CountLine("replicates")
    try:
        with crew_of(arguments) as crew:
            return answer_claims(
                scenario,
                only=arguments.only,
                budget=arguments.replicates,
                seed=arguments.seed or 0,
                run=run,
                executor=crew,
                progress=progress,
            )
    finally:
        progress.close()


def _relief(arguments: argparse.Namespace, run: Run | None) -> ReliefShares | None:
    """Answer the claims about relief over the joint range of its assumptions; None where there are none, or none is wanted."""
    from keyterrain.analysis.relief_levers import DEFAULT_REPLICATES, about_relief, relief_shares
    from keyterrain.theatre import load

    most = arguments.replicates or DEFAULT_REPLICATES
    replicates = min(DEFAULT_REPLICATES, most) if arguments.relief_replicates is None else arguments.relief_replicates
    scenario = run.scenario if run else load(arguments.scenario)
    if replicates == 0 or not (arguments.relief or about_relief(scenario, arguments.only)):
        return None
    progress = CountLine("replicates")
    try:
        with crew_of(arguments) as crew:
            return relief_shares(
                scenario,
                only=arguments.only,
                every=arguments.relief,
                replicates=replicates,
                seed=arguments.seed or 0,
                run=run,
                executor=crew,
                progress=progress,
            )
    finally:
        progress.close()


def _relief_text(shares: ReliefShares) -> str:
    """Say what the assumptions about relief carry of each answer."""
    from keyterrain.analysis.relief_points import POINTS

    rows = [["claim", *POINTS, "5 to 95 %", "verdict"]]
    for share in shares.shares:
        cells = [_estimate(share, each.point, each.answer) for each in share.points]
        verdict = "rests on them" if share.rests_on_it else "the same throughout"
        rows.append([share.claim.key, *cells, "undefined" if math.isnan(share.swing) else f"{share.swing:+.3g}", verdict])
    heading = (
        f"What the assumptions about relief carry together (relief multiplier, narrowing, frontage, heights): each claim "
        f"with all four at the joint 5 % and 95 % points of their ranges and with all of them off; {shares.replicates} "
        f"replicates each on the same luck, {shares.n_played} played, seed {shares.seed}"
    )
    return "\n".join([*_wrapped(heading, 0), as_table(rows)])


def _estimate(share: ReliefShare, point: Point, answer: ClaimAnswer) -> str:
    value = share.estimate(point)
    return f"{'undefined' if math.isnan(value) else f'{value:.3g}'} ({answer.verdict})"


def _text(answers: ClaimAnswers, *, in_full: bool) -> str:
    counted = [
        sum(answer.verdict == verdict for answer in answers.answers) for verdict in ("borne out", "not borne out", "cannot tell")
    ]
    heading = (
        f"{answers.title}: {len(answers.answers)} claims, {counted[0]} borne out, {counted[1]} not, {counted[2]} cannot be told; "
        f"{answers.n_played} replicates of {answers.n_variants} campaigns played, seed {answers.seed}"
    )
    return "\n".join([heading, *(_paragraph(answer, in_full=in_full) for answer in answers.answers)])


def _paragraph(answer: ClaimAnswer, *, in_full: bool) -> str:
    """Say a claim with its verdict; of several parts the one that decided, or all of them."""
    lines = [f"\n{answer.verdict.upper():14} {answer.claim.key}", *_wrapped(answer.claim.says, 4)]
    is_alone = len(answer.parts) == 1
    shown = answer.parts if in_full else [part for part in (answer.deciding,) if part is not None]
    lines += [line for part in shown for line in _wrapped(_reading(part, alone=is_alone), 8)]
    if len(shown) < len(answer.parts):
        verdicts = Counter(part.verdict for part in answer.parts)
        counted = ", ".join(f"{n} {verdict}" for verdict, n in verdicts.items())
        lines += _wrapped(f"of {len(answer.parts)} parts: {counted} (all are shown by --only {answer.claim.key})", 8)
    if answer.why:
        lines += _wrapped(f"why: {answer.why}", 8)
    if (observed := answer.happened) is not None:
        lines += _wrapped(f"observed: {f'{observed:.4g}' if isinstance(observed, float) else observed}", 8)
    if answer.claim.note:
        lines += _wrapped(f"note: {answer.claim.note}", 8)
    return "\n".join(lines)


def _reading(part: PartAnswer, *, alone: bool) -> str:
    interval = part.interval
    unit = "" if part.unit == "1" else f" {part.unit}"
    is_exact = interval.n_played == 0 and interval.low == interval.high
    spread = "" if is_exact else f" [{interval.low:.4g}, {interval.high:.4g}]"
    of = "" if interval.n_played == 0 else f", {interval.n} of {interval.n_played} replicates"
    said = "undefined" if math.isnan(interval.value) else f"{interval.value:.4g}{spread}{unit}"
    return f"{'' if alone else f'{part.verdict}: '}{said}{of}; borne out if {part.borne_out_if}: {part.reads}"


def _wrapped(text: str, indent: int) -> list[str]:
    return textwrap.wrap(text, WIDTH, initial_indent=" " * indent, subsequent_indent=" " * (indent + 2), break_long_words=False)


def _measures() -> Answer:
    from keyterrain.theatre.outcomes import MEASURES

    listed = [
        {
            "measure": measure.name,
            "says": measure.says,
            "kind": measure.kind,
            "unit": measure.unit,
            "basis": measure.basis,
            "undefined": measure.undefined or None,
            "arguments": [
                {
                    "name": column.name,
                    "type": column.type,
                    "says": column.says,
                    "required": column.is_required,
                    "default": column.default or None,
                    "refers_to": list(column.refers_to),
                    "choices": list(column.choices),
                }
                for column in measure.arguments
            ],
        }
        for measure in MEASURES.values()
    ]
    rows = [["measure", "of", "gives", "arguments", "says"]]
    for measure in MEASURES.values():
        arguments = ", ".join(column.name if column.is_required else f"[{column.name}]" for column in measure.arguments)
        gives = measure.kind if measure.unit == "1" else measure.unit
        rows.append([measure.name, measure.basis, gives, arguments, measure.says])
    return Answer({"measures": listed}, as_table(rows))
