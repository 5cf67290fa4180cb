"""The part of `keyterrain decisive` that says what the assumptions about relief carry of the worth of ground."""

from __future__ import annotations

import argparse
import math
import textwrap
from typing import TYPE_CHECKING

from keyterrain.cli.answer import as_table
from keyterrain.cli.arguments import number_that_may_be_left_out

if TYPE_CHECKING:
    from collections.abc import Sequence

    from keyterrain.analysis.decisive.relief import GroundRelief, ReliefOfGround, WorthAt

REPLICATES = 50
"""Replicates where no number is given: `DEFAULT_REPLICATES` of the library, which is dear to import for a help."""
MARKS = {True: " *", False: "", None: " ?"}


def add_relief(parser: argparse.ArgumentParser) -> None:
    """Add what asks for relief."""
    says = "ask again with all assumptions about relief at their joint 5%% and 95%% points and off, so many replicates each (50)"
    parser.add_argument(
        "--relief", nargs="?", const=REPLICATES, default=0, type=number_that_may_be_left_out(2, 1000), metavar="N", help=says
    )


def relief_for_machines(answer: ReliefOfGround | None) -> dict[str, object] | None:
    """Return the worth of all ground at every point."""
    if answer is None:
        return None
    return {
        "answer": answer.sentence,
        "replicates": answer.replicates,
        "replicates_played": answer.n_played,
        "level": answer.level,
        "levers": {point: dict(levers) for point, levers in answer.levers.items()},
        "areas": [_ground(each) for each in answer.areas],
        "places": [_ground(each) for each in answer.places],
    }


def _ground(each: GroundRelief) -> dict[str, object]:
    return {
        "ground": each.ground.key,
        "points": list(each.at),
        "swing": each.swing,
        "carried": each.carried,
        "rests_on_it": each.rests_on_it,
    }


def relief_for_people(answer: ReliefOfGround | None, most: int | None, width: int) -> list[str]:
    """Return a table for each kind of ground, the first by worth as assumed."""
    if answer is None:
        return []
    heading = (
        f"{answer.sentence} Levers: relief multiplier, narrowing, frontage, heights. {answer.replicates} replicates with "
        f"either side at each point, on the same luck; {answer.n_played} played for it. *: stands out there, ?: cannot tell."
    )
    tables = [_table(title, grounds[:most]) for title, grounds in (("areas", answer.areas), ("places", answer.places)) if grounds]
    return [textwrap.fill(heading, width), *tables]


def _table(title: str, grounds: Sequence[GroundRelief]) -> str:
    points = [each.point for each in grounds[0].at]
    rows = [[title, *(f"worth, {point}" for point in points), "5 to 95 %", "rests on relief"]]
    for each in grounds:
        swing = "" if math.isnan(each.swing) else f"{each.swing:+.3f}"
        rows.append([each.ground.key, *map(_worth, each.at), swing, "yes" if each.rests_on_it else "not shown"])
    return as_table(rows)


def _worth(at: WorthAt) -> str:
    return "none counts" if math.isnan(at.worth) else f"{at.worth:.3f} [{at.low:.3f}, {at.high:.3f}]{MARKS[at.stands_out]}"
