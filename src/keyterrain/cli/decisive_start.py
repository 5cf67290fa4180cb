"""The part of `keyterrain decisive` that says what ground does which a side has at the start alone."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from keyterrain.cli.arguments import whole_number

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from keyterrain.analysis.decisive.answer import Effect, GroundAnswer
    from keyterrain.theatre.scenario import Scenario

COLUMNS = ("start_effect", "start_low", "start_high", "start")


def add_start(parser: argparse.ArgumentParser) -> None:
    """Add what asks for starts."""
    also = "beside holding it, have each side hold the ground on the first evening alone"
    parser.add_argument("--start-only", action="store_true", help=also)
    often = "most replicates of each such start (default: 100); asks for --start-only"
    parser.add_argument("--start-replicates", type=whole_number(2, 1000), default=0, metavar="N", help=often)


def say_budget(arguments: argparse.Namespace, scenario: Scenario, start: date | None) -> int:
    """Say on stderr what starts may cost, before anything is played; return the replicates of each, 0 where it is not asked."""
    if not arguments.start_only and not arguments.start_replicates:
        return 0
    from keyterrain.analysis.decisive.start import DEFAULT_REPLICATES, start_budget

    replicates = int(arguments.start_replicates or DEFAULT_REPLICATES)
    budget = start_budget(scenario, start=start, only=arguments.only, replicates=replicates)
    print(budget.sentence, file=sys.stderr, flush=True)
    return replicates


def start_columns(grounds: Sequence[GroundAnswer], ground: GroundAnswer | None = None) -> list[str]:
    """Return the columns of a table of ground about starts: their heads, or those of one piece of ground; none if not asked."""
    if all(each.start is None for each in grounds):
        return []
    if ground is None:
        return ["start worth", "[low, high]"]
    start = ground.start
    if start is None or start.worth != start.worth:
        return ["none counts", ""]
    return [f"{start.worth:.3f}", f"[{start.low:.3f}, {start.high:.3f}]"]


def start_json(ground: GroundAnswer, effect: Effect) -> dict[str, object]:
    """Return what a row says about the same outcome when the start alone is changed; null throughout if not asked."""
    start = ground.start
    if start is None:
        return dict.fromkeys(COLUMNS)
    same = (effect.outcome, effect.first, effect.second)
    own = next(each for each in start.effects if (each.outcome, each.first, each.second) == same)
    return {
        "start_effect": own.interval.value,
        "start_low": own.interval.low,
        "start_high": own.interval.high,
        "start": {
            "if_first": own.if_first.value,
            "if_second": own.if_second.value,
            "counts": own.counts,
            "left_out": own.left_out or None,
            "worth": start.worth,
            "worth_low": start.low,
            "worth_high": start.high,
            "rank": start.rank if start.worth == start.worth else None,
            "stands_out": start.stands_out,
            "replicates": start.replicates,
            "made": dict(start.made),
        },
    }
