"""`keyterrain decisive`: which ground decides, when one side or the other holds it."""

from __future__ import annotations

import argparse
import math
import textwrap
from typing import TYPE_CHECKING

from keyterrain.cli.answer import as_table
from keyterrain.cli.arguments import Answer, add_command, add_scenario, add_seed, add_span, add_threads, whole_number
from keyterrain.cli.progress import CountLine

if TYPE_CHECKING:
    from collections.abc import Sequence

    from keyterrain.analysis.decisive.answer import DecisiveAnswer, Effect, GroundAnswer, OfItsSize

EXAMPLES = """
keyterrain decisive qalamoun-2013
keyterrain decisive qalamoun-2013 --only western-qalamoun yabroud qara --replicates 500 --seed 1
keyterrain decisive qalamoun-2013 --outcome m5_open_share ghouta_cut_off --areas-at-random 0
keyterrain decisive my-theatre/ --json
"""
NOTES = (
    "Worth: how far outcomes elsewhere move when one side rather than the other holds the ground throughout, 0 nothing, 1 "
    "everything; its limits hold for all ground of its kind together. Outcomes of a corridor that can lead through the ground, "
    "and those that some campaign leaves undefined, do not count. Intervals speak of sampling alone. Holding creates no force; "
    "the model is no better than its inputs. Between: share of pairs of other places whose fastest way passes the ground."
)
WIDTH = 120
TOP = 10


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
    parser = add_command(commands, "decisive", "say which ground decides", work, EXAMPLES)
    add_scenario(parser)
    add_span(parser)
    often = "most replicates of each piece of ground in the hands of each side (default: 1000)"
    parser.add_argument("--replicates", type=whole_number(2, 1000), default=1000, metavar="N", help=often)
    add_seed(parser)
    only = "areas and places to hold, area:KEY or place:KEY where a key is both (default: all); shown in full"
    parser.add_argument("--only", nargs="+", default=[], metavar="GROUND", help=only)
    parser.add_argument("--outcome", nargs="+", default=[], metavar="NAME", help="outcomes to look at (default: all)")
    at_random = "random connected areas beside the areas of each size, 50 replicates each (default: 8)"
    parser.add_argument("--areas-at-random", type=whole_number(0, 1000), default=8, metavar="N", help=at_random)
    add_threads(parser)


def work(arguments: argparse.Namespace) -> Answer:
    """Say which ground decides."""
    from keyterrain.analysis.decisive.question import decide
    from keyterrain.campaign.variants import on_threads_of
    from keyterrain.theatre import load

    progress = CountLine("replicates")
    try:
        answer = decide(
            load(arguments.scenario),
            start=arguments.start,
            days=arguments.days,
            replicates=arguments.replicates,
            seed=arguments.seed,
            only=arguments.only,
            outcomes=arguments.outcome,
            areas_at_random=arguments.areas_at_random,
            executor=on_threads_of(arguments.threads),
            progress=progress,
        )
    finally:
        progress.close()
    return Answer(_machine(answer), _text(answer, in_full=bool(arguments.only)))


def _machine(answer: DecisiveAnswer) -> dict[str, object]:
    return {
        "answer": answer.sentence,
        "scenario": answer.scenario,
        "version": answer.version,
        "start": answer.start,
        "days": answer.days,
        "seed": answer.seed,
        "replicates": answer.budget,
        "replicates_played": answer.n_played,
        "replicates_copied": answer.n_copied,
        "level": answer.level,
        "typical_area": answer.typical_area,
        "typical_place": answer.typical_place,
        "narrowing": answer.narrowing if math.isfinite(answer.narrowing) else None,
        "corridor_ways": answer.corridor_ways,
        "areas": [_row(ground, effect) for ground in answer.areas for effect in ground.effects],
        "places": [_row(ground, effect) for ground in answer.places for effect in ground.effects],
    }


def _row(answer: GroundAnswer, effect: Effect) -> dict[str, object]:
    return {
        "ground": answer.ground.key,
        "outcome": effect.outcome,
        "effect": effect.interval.value,
        "low": effect.interval.low,
        "high": effect.interval.high,
        "unit": effect.unit,
        "first": effect.first,
        "second": effect.second,
        "if_first": effect.if_first.value,
        "if_second": effect.if_second.value,
        "replicates_defined": effect.interval.n,
        "counts": effect.counts,
        "left_out": effect.left_out or None,
        "narrowing": effect.narrowing if math.isfinite(effect.narrowing) else None,
        "never_differs": effect.narrowing == math.inf,
        "rank": answer.rank if not math.isnan(answer.worth) else None,
        "rank_low": answer.rank_low,
        "rank_high": answer.rank_high,
        "p_first": answer.p_first,
        "worth": answer.worth,
        "worth_low": answer.low,
        "worth_high": answer.high,
        "stands_out": answer.stands_out,
        "replicates": answer.replicates,
        "places": list(answer.ground.places),
        "structure": {
            "betweenness": answer.structure.betweenness,
            "ways_lost": answer.structure.ways_lost,
            "observed": answer.structure.observed,
        },
        "of_its_size": _size(answer.size),
        "shapley": None,
    }


def _size(size: OfItsSize | None) -> dict[str, object] | None:
    if size is None:
        return None
    return {
        "n": size.n,
        "replicates": size.replicates,
        "typical": size.typical,
        "largest": size.largest,
        "share_below": size.share_below,
    }


def _text(answer: DecisiveAnswer, *, in_full: bool) -> str:
    heading = (
        f"{answer.title}, {answer.start}, {answer.days} days: {len(answer.areas)} areas and {len(answer.places)} places held by "
        f"{' and by '.join(answer.sides.values())}; up to {answer.budget} replicates of each, {answer.n_played} played, "
        f"{answer.n_copied} that holding could not touch taken over, seed {answer.seed}{_narrowed(answer)}"
    )
    parts = [textwrap.fill(answer.sentence, WIDTH), textwrap.fill(heading, WIDTH)]
    for title, grounds in (("areas", answer.areas), ("places", answer.places)):
        if grounds:
            parts.append(_table(title, grounds if in_full else grounds[:TOP]))
    if in_full:
        parts += [_effects(ground) for ground in (*answer.areas, *answer.places)]
    return "\n\n".join([*parts, textwrap.fill(NOTES, WIDTH)])


def _narrowed(answer: DecisiveAnswer) -> str:
    if not math.isfinite(answer.narrowing):
        return ""
    return f"; common luck narrows the intervals {answer.narrowing:.1f} times (median)"


def _table(title: str, grounds: Sequence[GroundAnswer]) -> str:
    rows = [
        [
            "rank",
            title,
            "worth",
            "[low, high]",
            "stands out",
            "90% of ranks",
            "replicates",
            "counted",
            "between",
            "most of all",
            "of its size",
        ]
    ]
    for each in grounds:
        ranked = not math.isnan(each.worth)
        rows.append(
            [
                str(each.rank) if ranked else "-",
                each.ground.key,
                f"{each.worth:.3f}" if ranked else "none counts",
                f"[{each.low:.3f}, {each.high:.3f}]" if ranked else "",
                {True: "yes", False: "no", None: "cannot tell"}[each.stands_out] if ranked else "",
                f"{each.rank_low}-{each.rank_high}" if ranked else "",
                str(each.replicates),
                f"{each.n_counted} of {len(each.effects)}",
                f"{each.structure.betweenness:.0%}",
                _most(each.strongest),
                f"above {each.size.share_below:.0%} of {each.size.n}" if each.size and ranked else "",
            ]
        )
    return as_table(rows if any(each.size for each in grounds) else [row[:-1] for row in rows])


def _most(effect: Effect | None) -> str:
    if effect is None:
        return ""
    return f"{effect.interval.value:+.3f} {effect.outcome}{'' if effect.is_clear else ' (not clear)'}"


def _effects(answer: GroundAnswer) -> str:
    """Every effect of a piece of ground; what does not count with why."""
    rows = [[answer.ground.key, "effect", "[low, high]", "if held by", "rather than", ""]]
    for each in answer.effects:
        interval = each.interval
        known = not math.isnan(interval.value)
        rows.append(
            [
                each.outcome,
                f"{interval.value:+.3f}" if known else "undefined",
                f"[{interval.low:+.3f}, {interval.high:+.3f}]" if known else "",
                each.first,
                each.second,
                f"does not count: {each.left_out}" if each.left_out else "",
            ]
        )
    return as_table(rows)
