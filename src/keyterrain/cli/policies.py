"""`keyterrain policies`: what the sides may do, compared as a game over each outcome."""

from __future__ import annotations

import argparse
import math
from typing import TYPE_CHECKING

from keyterrain.cli.answer import as_table
from keyterrain.cli.arguments import Answer, add_command, add_seed, add_span, whole_number
from keyterrain.cli.asked import add_asked, campaign_asked, kept_in
from keyterrain.cli.crew import add_crew, crew_of
from keyterrain.cli.progress import CountLine

if TYPE_CHECKING:
    from keyterrain.analysis.interval import Interval
    from keyterrain.analysis.payoffs import Difference, Equilibrium, Payoffs, Reply
    from keyterrain.analysis.policies import OutcomeTable, PolicyComparison

EXAMPLES = """
keyterrain policies qalamoun-2013
keyterrain policies qalamoun-2013 --outcome m5_open_share western_qalamoun_held --replicates 500 --seed 1
keyterrain policies qalamoun-2013 --season --policy government=piecemeal --policy government=broad --policy opposition=raid
keyterrain policies runs/base --save
keyterrain policies my-theatre/ --json
"""
NOTES = (
    "Each outcome is read as a game: its side wants more, the enemy less, and what one gains the other loses (an assumption).\n"
    "Cells are means with their 95% interval of sampling. A reply is better where the paired interval says so, all comparisons\n"
    "of a table together with 95%; those that cannot be told apart stand together, the best by its mean first."
)
FEW = 3
"""Pure equilibria that are named in full."""
TWO_SIDES = 2


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
    parser = add_command(commands, "policies", "compare the policies of the sides as a pay-off table", work, EXAMPLES)
    add_asked(parser)
    add_span(parser)
    often = "how often to play each combination (default: 200)"
    parser.add_argument("--replicates", type=whole_number(1, 10_000_000), default=200, metavar="N", help=often)
    add_seed(parser, default=None, otherwise="0, or that of the run")
    outcomes = "outcomes to show, with the differences between choices (default: all, without)"
    parser.add_argument("--outcome", nargs="+", default=[], metavar="NAME", help=outcomes)
    policies = "a policy that a side may choose, NAME,now or NAME,spring with its season; may be repeated (default: every policy)"
    parser.add_argument("--policy", action="append", default=[], metavar="SIDE=NAME", help=policies)
    parser.add_argument("--season", action="store_true", help="every policy twice: now, and in spring")
    add_crew(parser)


def work(arguments: argparse.Namespace) -> Answer:
    """Compare policies."""
    from keyterrain.analysis.policies import compare_policies
    from keyterrain.analysis.saved_policies import save_policies

    asked = campaign_asked(arguments)
    progress = CountLine("replicates")
    try:
        with crew_of(arguments) as crew:
            compared = compare_policies(
                asked.scenario,
                start=asked.start,
                days=asked.days,
                replicates=arguments.replicates,
                seed=asked.seed,
                outcomes=arguments.outcome,
                policies=arguments.policy,
                season=arguments.season,
                executor=crew,
                progress=progress,
            )
    finally:
        progress.close()
    said = Answer(_machine(compared), _text(compared, in_full=bool(arguments.outcome)))
    return kept_in(save_policies(compared, asked.run), said) if asked.run is not None and arguments.save else said


def _machine(compared: PolicyComparison) -> dict[str, object]:
    return {
        "scenario": compared.scenario,
        "version": compared.version,
        "start": compared.start,
        "days": compared.days,
        "seed": compared.seed,
        "replicates": compared.replicates,
        "replicates_played": compared.n_played,
        "resamplings": compared.rounds,
        "sides": [
            {
                "side": side,
                "choices": [{"choice": each.name, "policy": each.policy, "waits_for_spring": each.waits} for each in choices],
            }
            for side, choices in compared.choices.items()
        ],
        "outcomes": [_outcome(table) for table in compared.tables],
    }


def _outcome(table: OutcomeTable) -> dict[str, object]:
    payoffs = table.payoffs
    return {
        "outcome": table.outcome.key,
        "says": table.outcome.says,
        "unit": table.unit,
        "wanted_by": table.outcome.wanted_by or None,
        "source": table.outcome.source or None,
        "cells": [{"choices": payoffs.names(cell), **_interval(interval, "mean")} for cell, interval in payoffs.cells.items()],
        "differences": [_difference(each, payoffs) for each in payoffs.differences],
        "best_replies": [_reply(each, payoffs) for each in payoffs.replies],
        "equilibrium": _equilibrium(payoffs),
    }


def _interval(interval: Interval, name: str) -> dict[str, object]:
    said = {name: interval.value, "low": interval.low, "high": interval.high}
    return {**said, "level": interval.level, "replicates_defined": interval.n}


def _difference(difference: Difference, payoffs: Payoffs) -> dict[str, object]:
    first, second = payoffs.names(difference.first), payoffs.names(difference.second)
    side = payoffs.sides[difference.side].side
    return {
        "side": side,
        "against": {other: name for other, name in first.items() if other != side},
        "first": first[side],
        "second": second[side],
        **_interval(difference.interval, "difference"),
        "replicates_differing": difference.n_differing,
        "clear": difference.is_clear,
    }


def _reply(reply: Reply, payoffs: Payoffs) -> dict[str, object]:
    side, names = payoffs.sides[reply.side], payoffs.names(reply.against)
    return {
        "side": side.side,
        "wants": "more" if side.wants > 0 else "less",
        "against": {other: name for other, name in names.items() if other != side.side},
        "best": [side.names[choice] for choice in reply.best],
        "clear": reply.is_clear,
    }


def _equilibrium(payoffs: Payoffs) -> dict[str, object]:
    found = payoffs.equilibrium
    mixed = {
        side.side: [
            {"choice": side.names[share.choice], "share": share.value, "low": share.low, "high": share.high}
            for share in found.shares
            if share.side == axis
        ]
        for axis, side in enumerate(payoffs.sides)
    }
    return {
        "kind": found.kind,
        "pure": [
            {"choices": payoffs.names(each.cell), "clear": each.is_clear, "stability": each.stability} for each in found.pure
        ],
        "mixed": mixed if found.shares else None,
        "value": found.value,
        "low": found.low,
        "high": found.high,
        "stability": found.stability,
        "why": found.why or None,
    }


def _text(compared: PolicyComparison, *, in_full: bool) -> str:
    ways = " x ".join(str(len(choices)) for choices in compared.choices.values())
    sides = " and ".join(compared.side_names[side] for side in compared.choices)
    heading = (
        f"{compared.title}: policies of {sides}, {ways} combinations, {compared.replicates} replicates each on common luck, "
        f"{compared.days} days from {compared.start}, seed {compared.seed}"
    )
    return "\n".join([heading, NOTES, *(_paragraph(table, in_full=in_full) for table in compared.tables)])


def _paragraph(table: OutcomeTable, *, in_full: bool) -> str:
    outcome, payoffs = table.outcome, table.payoffs
    unit = "" if table.unit == "1" else f", {table.unit}"
    wanted = f"wanted by {outcome.wanted_by}" if outcome.wanted_by else "nobody is said to want it"
    lines = [f"\n{outcome.key}: {outcome.says} ({wanted}{unit})", *_indented(_grid(payoffs))]
    if all(math.isnan(interval.value) for interval in payoffs.cells.values()):
        return "\n".join([*lines, "    undefined in every replicate"])
    if not any(each.n_differing for each in payoffs.differences):
        return "\n".join([*lines, "    no choice makes a difference in any replicate: cannot tell them apart"])
    lines += [f"    {line}" for line in _said_replies(payoffs)]
    lines += _indented(_said_differences(payoffs)) if in_full else []
    return "\n".join([*lines, f"    {_said_equilibrium(payoffs)}"])


def _indented(text: str) -> list[str]:
    return [f"    {line}" for line in text.splitlines()]


def _grid(payoffs: Payoffs) -> str:
    """Return the means: of two sides as a table, otherwise a line for each combination."""
    if len(payoffs.sides) != TWO_SIDES:
        rows = [[*(side.side for side in payoffs.sides), "mean"]]
        rows += [[*payoffs.names(cell).values(), _number(interval)] for cell, interval in payoffs.cells.items()]
        return as_table(rows)
    first, second = payoffs.sides
    rows = [[f"{first.side} \\ {second.side}", *second.names]]
    for row, name in enumerate(first.names):
        rows.append([name, *(_number(payoffs.cells[row, column]) for column in range(len(second.names)))])
    return as_table(rows)


def _number(interval: Interval) -> str:
    if math.isnan(interval.value):
        return "undefined"
    spread = "" if math.isnan(interval.low) else f" [{interval.low:.3g}, {interval.high:.3g}]"
    of = "" if interval.n == interval.n_played else f" ({interval.n} of {interval.n_played})"
    return f"{interval.value:.3g}{spread}{of}"


def _said_replies(payoffs: Payoffs) -> list[str]:
    """Say the best replies, those that are the same against several choices together."""
    together: dict[tuple[int, tuple[int, ...]], list[str]] = {}
    for reply in payoffs.replies:
        names = payoffs.names(reply.against)
        against = " and ".join(name for other, name in names.items() if other != payoffs.sides[reply.side].side)
        together.setdefault((reply.side, reply.best), []).append(against)
    return [_said_reply(payoffs, side, best, against) for (side, best), against in together.items()]


def _said_reply(payoffs: Payoffs, side: int, best: tuple[int, ...], against: list[str]) -> str:
    chooser = payoffs.sides[side]
    names = [chooser.names[choice] for choice in best]
    said = f"{chooser.side}, against {'; '.join(against)}: " if any(against) else f"{chooser.side}: "
    return said + (f"{names[0]} is best" if len(names) == 1 else f"cannot tell apart {'; '.join(names)}")


def _said_differences(payoffs: Payoffs) -> str:
    rows = [["side", "against", "choice", "less", "difference", "replicates that differ", "clear"]]
    for each in payoffs.differences:
        side = payoffs.sides[each.side].side
        first, second = payoffs.names(each.first), payoffs.names(each.second)
        against = " and ".join(name for other, name in first.items() if other != side)
        clear = "yes" if each.is_clear else "no"
        rows.append([side, against, first[side], second[side], _number(each.interval), str(each.n_differing), clear])
    return as_table(rows)


def _said_equilibrium(payoffs: Payoffs) -> str:
    found = payoffs.equilibrium
    why = f" ({found.why})" if found.why else ""
    if found.kind == "none":
        return f"no equilibrium is named: {found.why}" if found.why else "no equilibrium"
    value = "" if math.isnan(found.value) else f"; it comes to {found.value:.3g} [{found.low:.3g}, {found.high:.3g}]"
    stability = f"in {found.stability:.0%} of resamplings"
    if found.kind == "mixed":
        return f"mixed equilibrium ({stability}): {_said_mix(found, payoffs)}{value}{why}"
    cells = "; ".join(", ".join(f"{side} {name}" for side, name in payoffs.names(each.cell).items()) for each in found.pure[:FEW])
    more = f" and {len(found.pure) - FEW} more that are equal" if len(found.pure) > FEW else ""
    doubt = "" if any(each.is_clear for each in found.pure) else ", by the means; not every step away from it is clearly worse"
    return f"pure equilibrium ({stability}{doubt}): {cells}{more}{value}{why}"


def _said_mix(found: Equilibrium, payoffs: Payoffs) -> str:
    sides = []
    for axis, side in enumerate(payoffs.sides):
        shares = [share for share in found.shares if share.side == axis and share.value > 0.005]
        parts = [f"{side.names[share.choice]} {share.value:.0%} [{share.low:.0%}, {share.high:.0%}]" for share in shares]
        sides.append(f"{side.side} {', '.join(parts)}")
    return "; ".join(sides)
