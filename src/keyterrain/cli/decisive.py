"""`keyterrain decisive`: which ground decides, when one side or the other holds it."""

from __future__ import annotations

import argparse
import math
import textwrap
from typing import TYPE_CHECKING

from keyterrain.cli.answer import as_table
from keyterrain.cli.arguments import Answer, add_command, add_seed, add_span, number_that_may_be_left_out, whole_number
from keyterrain.cli.asked import add_asked, campaign_asked, kept_in
from keyterrain.cli.crew import add_crew, crew_of
from keyterrain.cli.decisive_relief import add_relief, relief_for_machines, relief_for_people
from keyterrain.cli.decisive_start import add_start, say_budget, start_columns, start_json
from keyterrain.cli.decisive_taking import brief, in_full, taking_json
from keyterrain.cli.decisive_together import (
    CAMPAIGNS,
    pairs_for_machines,
    pairs_for_people,
    say_beforehand,
    shapley_for_machines,
    shapley_for_people,
    share_for_machines,
)
from keyterrain.cli.progress import CountLine

if TYPE_CHECKING:
    from collections.abc import Sequence

    from keyterrain.analysis.decisive.answer import DecisiveAnswer, Effect, GroundAnswer, OfItsSize
    from keyterrain.analysis.decisive.sharing import ShapleyAnswer
    from keyterrain.analysis.interval import Interval

EXAMPLES = """
keyterrain decisive qalamoun-2013
keyterrain decisive qalamoun-2013 --only western-qalamoun yabroud qara --replicates 500 --seed 1
keyterrain decisive qalamoun-2013 --outcome m5_open_share ghouta_cut_off --areas-at-random 0
keyterrain decisive qalamoun-2013 --start-only --only qalamoun damascus
keyterrain decisive runs/base --save
keyterrain decisive qalamoun-2013 --outcome ghouta_cut_off --shapley 20000 --pairs
keyterrain decisive qalamoun-2013 --only western-qalamoun yabroud --relief
keyterrain decisive my-theatre/ --json
"""
NOTES = (
    "Worth: how far outcomes elsewhere move when one side rather than the other holds the ground throughout, 0 nothing, 1 "
    "everything; its limits hold for all ground of its kind together. Outcomes of a corridor that can lead through the ground, "
    "and those that some campaign leaves undefined, do not count. Intervals speak of sampling alone. Holding creates no force; "
    "the model is no better than its inputs. Between: share of pairs of other places whose fastest way passes the ground. "
    "To take it: in how many campaigns a side that does not have the ground on the first evening takes it, whole, and what it "
    "sends and loses for that; each figure for itself, places of an area together."
)
WIDTH = 120
TOP = 10


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
    parser = add_command(commands, "decisive", "say which ground decides", work, EXAMPLES)
    add_asked(parser)
    add_span(parser)
    often = "most replicates of each piece of ground in the hands of each side (default: 1000)"
    parser.add_argument("--replicates", type=whole_number(2, 1000), default=1000, metavar="N", help=often)
    add_seed(parser, default=None, otherwise="0, or that of the run")
    only = "areas and places to hold, area:KEY or place:KEY where a key is both (default: all); shown in full"
    parser.add_argument("--only", nargs="+", default=[], metavar="GROUND", help=only)
    parser.add_argument("--outcome", nargs="+", default=[], metavar="NAME", help="outcomes to look at (default: all)")
    at_random = "random connected areas beside the areas of each size, 50 replicates each (default: 8)"
    parser.add_argument("--areas-at-random", type=whole_number(0, 1000), default=8, metavar="N", help=at_random)
    add_start(parser)
    add_crew(parser)
    shares = "share out among the areas asked about what they change together (Shapley values), in so many campaigns at most"
    parser.add_argument(
        "--shapley", nargs="?", const=CAMPAIGNS, type=number_that_may_be_left_out(1), metavar="N", help=f"{shares} (20000)"
    )
    alone = "say which pairs of the ground asked about matter only together, in so many campaigns at most"
    parser.add_argument(
        "--pairs", nargs="?", const=CAMPAIGNS, type=number_that_may_be_left_out(1), metavar="N", help=f"{alone} (20000)"
    )
    add_relief(parser)


def work(arguments: argparse.Namespace) -> Answer:
    """Say which ground decides."""
    from keyterrain.analysis.decisive.question import decide, refuse_what_is_not_there
    from keyterrain.analysis.saved_decisive import save_decisive

    asked = campaign_asked(arguments)
    refuse_what_is_not_there(asked.scenario, asked.start, arguments.only, arguments.outcome)
    starts = say_budget(arguments, asked.scenario, asked.start)
    progress = CountLine("replicates")
    try:
        with crew_of(arguments) as crew:
            answer = decide(
                asked.scenario,
                start=asked.start,
                days=asked.days,
                replicates=arguments.replicates,
                seed=asked.seed,
                only=arguments.only,
                outcomes=arguments.outcome,
                areas_at_random=arguments.areas_at_random,
                start_replicates=starts,
                shapley=arguments.shapley,
                pairs=arguments.pairs,
                relief=arguments.relief,
                announce=lambda allowance: say_beforehand(allowance, progress),
                executor=crew,
                progress=progress,
            )
    finally:
        progress.close()
    said = Answer(_machine(answer), _text(answer, whole=bool(arguments.only)))
    return kept_in(save_decisive(answer, asked.run), said) if asked.run is not None and arguments.save else said


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
        "start_replicates": answer.start_budget or None,
        "replicates_watched": answer.n_watched,
        "shapley": shapley_for_machines(answer.shapley),
        "pairs": pairs_for_machines(answer.pairs),
        "relief": relief_for_machines(answer.relief),
        "areas": [_row(ground, effect, answer.shapley) for ground in answer.areas for effect in ground.effects],
        "places": [_row(ground, effect) for ground in answer.places for effect in ground.effects],
    }


def _row(answer: GroundAnswer, effect: Effect, shapley: ShapleyAnswer | None = None) -> dict[str, object]:
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
        **share_for_machines(shapley, answer.ground.key, effect),
        **start_json(answer, effect),
        "taking": taking_json(answer.taking),
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


def _counted(grounds: Sequence[GroundAnswer], noun: str) -> str:
    return f"{len(grounds)} {noun}{'s' * (len(grounds) != 1)}"


def _text(answer: DecisiveAnswer, *, whole: bool) -> str:
    heading = (
        f"{answer.title}, {answer.start}, {answer.days} days: {_counted(answer.areas, 'area')} and "
        f"{_counted(answer.places, 'place')} held by "
        f"{' and by '.join(answer.sides.values())}; up to {answer.budget} replicates of each, {answer.n_played} played, "
        f"{answer.n_copied} that holding could not touch taken over, seed {answer.seed}{_narrowed(answer)}"
    )
    parts = [textwrap.fill(answer.sentence, WIDTH), textwrap.fill(heading, WIDTH)]
    for title, grounds in (("areas", answer.areas), ("places", answer.places)):
        if grounds:
            parts.append(_table(title, grounds if whole else grounds[:TOP]))
    if whole:
        for ground in (*answer.areas, *answer.places):
            parts += [_effects(ground), in_full(ground)]
    parts += shapley_for_people(answer, WIDTH) + pairs_for_people(answer, WIDTH)
    parts += relief_for_people(answer.relief, None if whole else TOP, WIDTH)
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
            "to take it",
            *start_columns(grounds),
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
                brief(each.taking),
                *start_columns(grounds, each),
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
    starts = answer.start.effects if answer.start is not None else ()
    only = ["at the start", "[low, high]"] if starts else []
    rows = [[answer.ground.key, "effect", "[low, high]", *only, "if held by", "rather than", ""]]
    for i, each in enumerate(answer.effects):
        interval = each.interval
        rows.append(
            [
                each.outcome,
                *_with_limits(interval),
                *(_with_limits(starts[i].interval) if starts else []),
                each.first,
                each.second,
                f"does not count: {each.left_out}" if each.left_out else "",
            ]
        )
    return as_table(rows)


def _with_limits(interval: Interval) -> list[str]:
    if math.isnan(interval.value):
        return ["undefined", ""]
    return [f"{interval.value:+.3f}", f"[{interval.low:+.3f}, {interval.high:+.3f}]"]
