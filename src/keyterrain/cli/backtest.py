"""`keyterrain backtest`: forecasts scored against what happened."""

from __future__ import annotations

import argparse
import math
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING

from keyterrain.cli.answer import as_table
from keyterrain.cli.arguments import Answer, add_command, add_seed, add_span, whole_number
from keyterrain.cli.asked import MANIFEST
from keyterrain.cli.crew import add_crew, crew_of
from keyterrain.cli.progress import CountLine

if TYPE_CHECKING:
    from collections.abc import Sequence

    from keyterrain.analysis.backtest.question import Backtest, BacktestScores, CampaignBacktest, Target
    from keyterrain.analysis.backtest.scores import Score
    from keyterrain.analysis.backtest.waves import CountScore, GivenAttack

EXAMPLES = """
keyterrain backtest qalamoun-2013
keyterrain backtest runs/base --save
keyterrain backtest runs/base qusayr-2013 --horizons 30 60 --json
keyterrain backtest qusayr-2013 --all-starts --replicates 1000
"""
WIDTH = 128
FEW = 4
"""Places that are named before the rest are counted."""
LIKELY = 0.1
"""Chance of falling from which on a place that stood is shown (assumption)."""


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
    parser = add_command(commands, "backtest", "score forecasts against what happened, beside simple rivals", work, EXAMPLES)
    says = "names that ship, folders, or folders of runs; several are scored alone and pooled"
    parser.add_argument("scenarios", metavar="SCENARIO_OR_RUN", nargs="+", help=says)
    horizons = "days after the start at which control is scored (default: 30 60 90 120 150)"
    parser.add_argument("--horizons", type=whole_number(1), nargs="+", metavar="DAY", help=horizons)
    replicates = "replicates of each scenario that is played (default: 500)"
    parser.add_argument("--replicates", type=whole_number(1, 10_000_000), metavar="N", help=replicates)
    add_span(parser)
    parser.add_argument("--all-starts", action="store_true", help="score every declared start of a scenario, not only the first")
    add_seed(parser, default=None, otherwise="0, or that of the run")
    add_crew(parser)
    parser.add_argument("--save", action="store_true", help="keep each run's scores in its folder, for its report")


def work(arguments: argparse.Namespace) -> Answer:
    """Score what was asked for."""
    from keyterrain.analysis.backtest.question import DEFAULT_REPLICATES, HORIZONS, backtest
    from keyterrain.analysis.kept_answers import refuse_other_version
    from keyterrain.analysis.saved_backtest import backtest_for_scripts, save_backtest

    targets = _targets(arguments)
    runs = [target.run for target in targets if target.run is not None]
    if arguments.save:
        for run in runs:
            refuse_other_version(run)
    progress = CountLine("replicates")
    try:
        with crew_of(arguments) as crew:
            answer = backtest(
                targets,
                horizons=arguments.horizons or HORIZONS,
                replicates=arguments.replicates or DEFAULT_REPLICATES,
                seed=arguments.seed or 0,
                executor=crew,
                progress=progress,
            )
    finally:
        progress.close()
    machine, people = backtest_for_scripts(answer), _text(answer)
    if arguments.save:
        saved = [
            save_backtest(campaign, target.run)
            for campaign, target in zip(answer.campaigns, targets, strict=True)
            if target.run is not None
        ]
        machine["saved"] = saved
        people = "\n".join([people, "", *(f"kept in {path}; the report of the run shows it" for path in saved)])
    return Answer(machine, people)


def _targets(arguments: argparse.Namespace) -> list[Target]:
    """Open what was named; options that contradict a run, or that nothing can follow, are refused before anything is played."""
    from keyterrain.analysis.backtest.question import Target
    from keyterrain.campaign.ensemble import open_run
    from keyterrain.campaign.errors import RunRefused
    from keyterrain.theatre import load, shipped

    if arguments.start and arguments.all_starts:
        raise RunRefused("--start and --all-starts contradict each other: leave out one of them.")
    targets: list[Target] = []
    for name in arguments.scenarios:
        if name not in shipped() and (Path(name) / MANIFEST).is_file():
            targets.append(Target.of_run(open_run(name)))
            continue
        scenario = load(name)
        starts = scenario.starts if arguments.all_starts else (arguments.start,)
        targets += [Target(scenario, start, arguments.days) for start in starts]
    has_run = any(target.run is not None for target in targets)
    has_scenario = any(target.run is None for target in targets)
    given = [
        f"--{option.replace('_', '-')}"
        for option in ("start", "days", "seed", "replicates", "all_starts")
        if getattr(arguments, option) not in (None, False)
    ]
    if has_run and not has_scenario and given:
        raise RunRefused(f"Runs are scored as they were played: leave out {', '.join(given)}, or name their scenarios.")
    if arguments.save and not has_run:
        raise RunRefused("--save keeps scores in the folder of a run, and none is named: play one with run.")
    return targets


def _text(answer: Backtest) -> str:
    parts = [_of_campaign(each) for each in answer.campaigns]
    if len(answer.campaigns) > 1:
        parts.append(_of_scores("All of them pooled", answer.pooled, ""))
    return "\n\n".join(parts)


def _of_campaign(each: CampaignBacktest) -> str:
    title = (
        f"{each.title}: from {each.start}, {each.days} days, {each.replicates} replicates, seed {each.seed}; captures by "
        f"{' and '.join(each.sides) or 'nobody'} of {len(each.places)} places held by an enemy at the start"
    )
    lines = [_of_scores(title, each.scores, each.blind)]
    lines += [f"  parameters drawn from {each.fitted}"] * bool(each.fitted)
    lines += [f"  not scored at {horizon} days: {why}" for horizon, why in each.not_scored.items()]
    if each.last_row is not None:
        lines += _wrapped(
            f"the record is taken to cover all days up to {each.observed_until}; its last change is of {each.last_row}"
        )
    if each.left_out:
        lines += _wrapped("left out: " + "; ".join(f"{one.place} ({one.why})" for one in each.left_out))
    lines += _place_lines(each)
    for way in each.corridors:
        beside = "".join(f"; {name} {score:.3f}" for name, score in way.baselines.items())
        lines.append(
            f"  {way.corridor}: closed on {way.n_closed} of {way.n_days} days known, foretold {way.mean:.1f} "
            f"({way.low:.0f} to {way.high:.0f}); Brier {way.score:.3f}{beside}"
        )
    return "\n".join([*lines, *_wave_lines(each)])


def _wave_lines(each: CampaignBacktest) -> list[str]:
    """Show each count of displaced people beside the forecast, that given the attack, and rivals; and all of them together."""
    lines = _count_lines(each.counts) + _together(each.waves) if each.counts else []
    lines += [line for count in each.counts for line in _whose_attack(count)]
    for one in each.counts_left_out:
        lines += _wrapped(f"people from {one.origin} at {one.host} by {one.on} are not scored: {one.why}")
    return lines


def _count_lines(counts: Sequence[CountScore]) -> list[str]:
    head = [
        "from, at",
        "since",
        "by",
        "counted",
        "foretold",
        "CRPS",
        *counts[0].baselines,
        "given the attack",
        "CRPS, replicates",
    ]
    rows = [head, *(_count_row(count) for count in counts)]
    said = "displaced people beyond those of the evening from which they were counted (median, 5 to 95 per cent; rivals' errors):"
    return [f"  {said}", *(f"    {line}" for line in as_table(rows).splitlines())]


def _count_row(count: CountScore) -> list[str]:
    given = ["-", "-"] if count.given.why else [_foretold(count.given), f"{count.given.crps:.0f}, {count.given.n}"]
    beside = [f"{error:.0f}" for error in count.baselines.values()]
    where_and_when = [f"{count.origin}, {count.host}", str(count.since), str(count.on)]
    return [*where_and_when, f"{count.observed:.0f}", _foretold(count), f"{count.crps:.0f}", *beside, *given]


def _together(waves: Score) -> list[str]:
    beside = "".join(f"; {name} {error:.0f}" for name, error in waves.baselines.items())
    skill = f"{_number(waves.skill)} {_span(waves.skill_low, waves.skill_high)}"
    why = f": {waves.why}" if waves.why else ""
    return _wrapped(
        f"mean CRPS of {waves.n} counts in {waves.n_episodes} waves {waves.score:.0f} {_span(waves.low, waves.high)}{beside}; "
        f"skill {skill} over {waves.best_baseline}; {waves.verdict}{why}"
    )


def _whose_attack(count: CountScore) -> list[str]:
    """Say on which places the attack is, and what came whenever it was."""
    if not count.attacked:
        return _wrapped(f"given the attack, {count.origin} by {count.on}: cannot tell, {count.given.why}")
    where = f"{', '.join(count.attacked[:FEW])}{f' or {len(count.attacked) - FEW} more' * (len(count.attacked) > FEW)}"
    about = f"cannot tell, {count.given.why}" if count.given.why else f"{count.given.n} replicates"
    whenever = count.whenever
    at_any_time = f"cannot tell, {whenever.why}"
    if not whenever.why:
        at_any_time = f"{_foretold(whenever)} in {whenever.n} replicates, CRPS {whenever.crps:.0f}"
    return _wrapped(f"given the attack on {where}, by {count.on}: about then {about}; at any time {at_any_time}")


def _foretold(of: CountScore | GivenAttack) -> str:
    return f"{of.median:.0f} ({of.low:.0f} to {of.high:.0f})"


def _place_lines(each: CampaignBacktest) -> list[str]:
    """Show the places that fell, and those that were likely to and did not."""
    horizons = list(each.scores.brier)
    shown = [
        place for place in each.places
        if place.fell_on or place.scored_until or max(place.p_fallen.values(), default=0.0) >= LIKELY
    ]  # fmt: skip
    if not shown or not horizons:
        return []
    rows = [["place", *(f"{horizon} d" for horizon in horizons), "fell on"]]
    for place in sorted(shown, key=lambda place: (str(place.fell_on or "9999"), place.place)):
        fell = str(place.fell_on or "-") + (f" (scored until {place.scored_until})" if place.scored_until else "")
        rows.append([place.place, *(f"{place.p_fallen[horizon]:.2f}" for horizon in horizons), fell])
    said = f"places that fell, and others of a chance of {LIKELY:g} or more ({len(each.places) - len(shown)} more are not shown):"
    return [f"  {said}", *(f"    {line}" for line in as_table(rows).splitlines())]


def _of_scores(title: str, scores: BacktestScores, blind: str) -> str:
    from keyterrain.analysis.saved_backtest import sentence

    lines = [*textwrap.wrap(title, WIDTH), *_wrapped(sentence(scores, blind))]
    if scores.brier:
        rivals = list(scores.brier_integral.baselines)
        rows = [["score", "model", *rivals, "skill over the best", "verdict"]]
        rows += [_row(f"Brier, {horizon} d", score) for horizon, score in scores.brier.items()]
        rows += [_row(f"log, {horizon} d", score) for horizon, score in scores.log.items()]
        rows += [_row("Brier, mean over days", scores.brier_integral), _row("CRPS of capture, days", scores.crps_capture)]
        lines += [f"  {line}" for line in as_table(rows).splitlines()]
        order = scores.kendall
        beside = "".join(f"; {name} {tau:.2f}" for name, tau in order.baselines.items() if not math.isnan(tau))
        why = f" ({order.why})" if order.why else ""
        tau = f"{_number(order.tau)} {_span(order.low, order.high)}"
        lines.append(f"  order of {order.n} captures, Kendall's tau: {tau}{beside}{why}")
    return "\n".join(lines)


def _row(name: str, score: Score) -> list[str]:
    beside = [f"{value:.4g}" for value in score.baselines.values()]
    skill = f"{_number(score.skill)} {_span(score.skill_low, score.skill_high)} {score.best_baseline}"
    why = f": {score.why}" if score.why else ""
    return [name, f"{score.score:.4g} {_span(score.low, score.high)}", *beside, skill, f"{score.verdict}{why}"]


def _number(value: float) -> str:
    return "undefined" if math.isnan(value) else f"{value:.2f}"


def _span(low: float, high: float) -> str:
    return "" if math.isnan(low) else f"[{low:.3g}, {high:.3g}]"


def _wrapped(text: str) -> list[str]:
    return textwrap.wrap(text, WIDTH, initial_indent="  ", subsequent_indent="    ", break_long_words=False)
