"""`keyterrain spillover`: whether events here are followed by events there, or fall together by chance."""

from __future__ import annotations

import argparse
import math
import os
import textwrap
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from keyterrain.cli.answer import as_table
from keyterrain.cli.arguments import Answer, add_command, add_seed, day, whole_number
from keyterrain.cli.progress import CountLine

if TYPE_CHECKING:
    from collections.abc import Sequence

    from keyterrain.analysis.spillover.answer import Direction, SpilloverAnswer
    from keyterrain.analysis.spillover.incidents import IncidentAnswer, NamedIncident
    from keyterrain.theatre.events import EventTable

EXAMPLES = """
keyterrain spillover qalamoun-2013 --from country=Syria,kind=battle --to "country!=Syria,kind!=diplomacy" --picture spill.html
keyterrain spillover ged.csv --from country=Syria --to country=Lebanon --window 14 --since 2012-01-01 --until 2014-12-31
keyterrain spillover here.csv there.csv --from-file here.csv --to-file there.csv
keyterrain spillover my-theatre/ --from country=Syria --to country=Lebanon --near 2013-11-19 --incident "2013-11-19 kind=bomb"
keyterrain spillover acled.csv --from kind=Battles --to "kind=Explosions/Remote violence" --theatre qalamoun-2013 --json
"""
FILTER_HELP = "field=value|value, field!=value, field~part, weight>=25, date>=2013-01-01; joined by commas all must hold"
WIDTH = 120
N_WARNED = 5
LABELS = ("first", "second")
WAYS = ("first, second", "second, first")


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
    parser = add_command(commands, "spillover", "say whether distant events are connected or coincide by chance", work, EXAMPLES)
    says = "files of events (ACLED, UCDP GED, GTD, or a plain table with a date), or a scenario whose record has them"
    parser.add_argument("events", nargs="+", metavar="EVENTS", help=says)
    of = parser.add_mutually_exclusive_group(required=True)
    of.add_argument("--from", dest="triggers", metavar="FILTER", help=f"what comes first: {FILTER_HELP}")
    of.add_argument("--from-file", metavar="FILE", help="all events of one of the files come first")
    to = parser.add_mutually_exclusive_group(required=True)
    to.add_argument("--to", dest="followers", metavar="FILTER", help="what may follow")
    to.add_argument("--to-file", metavar="FILE", help="all events of one of the files may follow")
    parser.add_argument("--window", type=whole_number(1, 365), default=7, metavar="D", help="days within which they count (7)")
    parser.add_argument("--lag", type=whole_number(0, 365), default=0, metavar="D", help="days from which on they count (0)")
    trend = "what comes and goes within so many days is no trend (30)"
    parser.add_argument("--trend-days", type=whole_number(2, 3650), default=30, metavar="D", help=trend)
    effect = "additional followers of a trigger that the power is stated for (0.2)"
    parser.add_argument("--effect", type=_positive, default=0.2, metavar="N", help=effect)
    parser.add_argument("--since", type=day, metavar="DATE", help="first day looked at (default: that of the first event)")
    parser.add_argument("--until", type=day, metavar="DATE", help="last day looked at (default: that of the last event)")
    near = "day of the trigger that named incidents are held against; several for several datings"
    parser.add_argument("--near", type=day, action="append", default=[], metavar="DATE", help=near)
    named = 'a named incident: its day and the kind that it is one of, "2013-11-19 kind=bombing,country=Lebanon"'
    parser.add_argument("--incident", type=_incident, action="append", default=[], metavar='"DATE FILTER"', help=named)
    parser.add_argument("--theatre", metavar="SCENARIO", help="fit contagion along the roads of this scenario too")
    parser.add_argument("--without-estimates", action="store_true", help="leave out events whose source is an assumption")
    parser.add_argument("--leave-out-faulty", action="store_true", help="go on without rows that have faults, and count them")
    surrogates = "series drawn for each null (999)"
    parser.add_argument("--surrogates", type=whole_number(19, 99999), default=999, metavar="N", help=surrogates)
    simulated = "series simulated for the likelihood ratio (99); 0 fits no exciting process"
    parser.add_argument("--simulated", type=whole_number(0, 9999), default=99, metavar="N", help=simulated)
    add_seed(parser)
    parser.add_argument("--picture", type=Path, metavar="FILE.html", help="write a page with timelines, null and branching")


def work(arguments: argparse.Namespace) -> Answer:
    """Say whether events are connected."""
    _one_thread_for_small_matrices()
    from keyterrain.analysis.spillover import SpilloverQuestion, ask_spillover
    from keyterrain.theatre import load

    table = _events(arguments)
    question = SpilloverQuestion(
        triggers=arguments.triggers or f"file={_file_of(arguments.from_file, arguments.events)}",
        followers=arguments.followers or f"file={_file_of(arguments.to_file, arguments.events)}",
        window=arguments.window,
        lag=arguments.lag,
        trend_days=float(arguments.trend_days),
        effect=arguments.effect,
        n_surrogates=arguments.surrogates,
        n_simulated=arguments.simulated,
        seed=arguments.seed,
        since=arguments.since,
        until=arguments.until,
    )
    theatre = None
    if arguments.theatre:
        scenario = load(arguments.theatre)
        theatre = scenario.situation(scenario.default_start)
    progress = CountLine("steps")
    try:
        answer = ask_spillover(
            table,
            question,
            incidents=_named(arguments.near, arguments.incident),
            theatre=theatre,
            with_excitation=arguments.simulated > 0,
            progress=progress,
        )
    finally:
        progress.close()
    written = ""
    if arguments.picture:
        from keyterrain.report.spillover import write_spillover_page

        write_spillover_page(answer, arguments.picture)
        written = f"\n\nThe picture: {arguments.picture}"
    return Answer(_machine(answer, table), _text(answer, table) + written)


def _one_thread_for_small_matrices() -> None:
    """Keep linear algebra from sharing matrices of ten rows out among threads, which wait for each other many times as long.

    The library reads this when it is first imported; where it was before, nothing changes but time.
    """
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")


def _events(arguments: argparse.Namespace) -> EventTable:
    from keyterrain.campaign.errors import RunRefused
    from keyterrain.theatre.events import read_events
    from keyterrain.theatre.events.recorded import record_of_region, without_estimates

    paths = [Path(each) for each in arguments.events]
    tables = [each for each in arguments.events if not Path(each).is_file()]
    if tables and len(arguments.events) > 1:
        raise RunRefused(f"{tables[0]} is no file; a scenario is given alone, files of events together.")
    table = record_of_region(tables[0]) if tables else read_events(paths, leave_out_faulty=arguments.leave_out_faulty)
    return without_estimates(table) if arguments.without_estimates else table


def _file_of(name: str, events: Sequence[str]) -> str:
    from keyterrain.campaign.errors import RunRefused
    from keyterrain.theatre.faults import nearest

    names = [Path(each).name for each in events]
    if Path(name).name not in names:
        found = nearest(Path(name).name, names)
        raise RunRefused(f"{name} is none of the files of events{f'; did you mean {found}?' if found else '.'}")
    return Path(name).name


def _named(near: Sequence[date], incidents: Sequence[tuple[date, str]]) -> tuple[NamedIncident, ...]:
    from keyterrain.analysis.spillover import NamedIncident
    from keyterrain.campaign.errors import RunRefused

    if bool(near) != bool(incidents):
        raise RunRefused("--near and --incident go together: the day of the trigger, and the incident held against it.")
    return tuple(NamedIncident(f"{kind} of {on}", on, trigger, kind) for trigger in near for on, kind in incidents)


def _incident(text: str) -> tuple[date, str]:
    on, _, kind = text.strip().partition(" ")
    if not kind.strip():
        raise argparse.ArgumentTypeError(f'{text!r} lacks its kind: write "2013-11-19 kind=bombing,country=Lebanon"')
    return day(on.rstrip(":")), kind.strip()


def _positive(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = 0.0
    if not 0.0 < number <= 100.0:
        raise argparse.ArgumentTypeError(f"{text!r} is no number above 0 and up to 100")
    return number


def _machine(answer: SpilloverAnswer, table: EventTable) -> dict[str, object]:
    fitted = answer.excitation
    question = answer.question
    return {
        "verdict": answer.verdict,
        "answer": answer.sentence,
        "effect": answer.there.test.effect,
        "effect_low": answer.there.test.low,
        "effect_high": answer.there.test.high,
        "p": answer.there.p,
        "power": answer.there.power.value,
        "power_effect": answer.there.power.effect,
        "branching": fitted.branching.tolist() if fitted else None,
        "branching_low": fitted.low.tolist() if fitted else None,
        "branching_high": fitted.high.tolist() if fitted else None,
        "branching_of": list(fitted.names) if fitted else None,
        "fading_days": list(fitted.fading_days) if fitted else None,
        "p_fit": list(fitted.p_fit) if fitted else None,
        "difference": {"value": fitted.difference, "low": fitted.difference_low, "high": fitted.difference_high}
        if fitted
        else None,
        "directions": [_direction(each) for each in (answer.there, answer.back)],
        "incidents": [
            {
                "incident": each.incident.kind,
                "on": each.incident.on,
                "trigger_on": each.incident.trigger_on,
                "lag": each.lag,
                "p": each.p,
                "p_any": each.p_any,
                "p_some_trigger": each.p_some_trigger,
                "n_alike": each.n_alike,
                "n_any": each.n_any,
                "n_triggers": each.n_triggers,
            }
            for each in answer.incidents
        ],
        "near_repeat": _near_repeat(answer),
        "contagion": answer.contagion,
        "warnings": list(answer.warnings),
        "version": answer.version,
        "seed": question.seed,
        "question": question,
        "files": [{"file": file, "format": form} for file, form in answer.files],
        "events": answer.n_events,
        "left_out_undated": answer.n_left_out,
        "first_day": answer.first_day,
        "last_day": answer.last_day,
        "row_warnings": [_fault(each) for each in table.warnings],
        "rows_left_out": [_fault(each) for each in table.left_out],
    }


def _fault(fault: object) -> dict[str, object]:
    return {name: getattr(fault, name) for name in ("file", "row", "field", "what", "nearest")}


def _near_repeat(answer: SpilloverAnswer) -> dict[str, object] | None:
    near = answer.near_repeat
    if near is None:
        return None
    return {
        "km": list(near.km), "days": list(near.days), "observed": near.observed.tolist(), "ratio": near.ratio.tolist(),
        "p": near.p.tolist(), "p_any": near.p_any, "events": near.n, "left_out": near.n_left_out,
    }  # fmt: skip


def _direction(direction: Direction) -> dict[str, object]:
    counted = direction.coincidence
    return {
        "from": direction.triggers.name,
        "to": direction.followers.name,
        "verdict": direction.verdict,
        "effect": direction.test.effect,
        "low": direction.test.low,
        "high": direction.test.high,
        "expected": direction.test.expected,
        "p": direction.p,
        "power": {"effect": direction.power.effect, "value": direction.power.value, "low": direction.power.low,
                  "high": direction.power.high},
        "coincidence": {
            "window": counted.window, "lag": counted.lag, "precursor_rate": counted.precursor_rate,
            "trigger_rate": counted.trigger_rate, "preceded": counted.preceded, "followers": counted.n_followers,
            "followed": counted.followed, "triggers": counted.n_triggers, "p_precursor": counted.p_precursor,
            "p_trigger": counted.p_trigger,
        },
        "by_lag": {"effect": direction.by_lag.effect.tolist(), "low": direction.by_lag.low.tolist(),
                   "high": direction.by_lag.high.tolist()},
    }  # fmt: skip


def _text(answer: SpilloverAnswer, table: EventTable) -> str:
    question = answer.question
    heading = (
        f"{answer.n_events} events ({', '.join(f'{file}: {form}' for file, form in answer.files)}), {answer.first_day} to "
        f"{answer.last_day}; window {question.window} days from day {question.lag}, trend {question.trend_days:g} days, seed "
        f"{question.seed}"
    )
    there = answer.there
    named = "\n".join(
        textwrap.fill(f"{label}: {series.name} ({series.n} events)", WIDTH)
        for label, series in zip(LABELS, (there.triggers, there.followers), strict=True)
    )
    parts = [textwrap.fill(answer.sentence, WIDTH), textwrap.fill(heading, WIDTH), named, _both(answer)]
    if answer.excitation:
        parts.append(_branching(answer))
    if answer.incidents:
        parts.append(_incidents(answer.incidents))
    parts += [_space(answer)] if answer.near_repeat or answer.contagion else []
    parts.append("\n".join(textwrap.fill(f"! {each}", WIDTH, subsequent_indent="  ") for each in answer.warnings))
    if table.warnings or table.left_out:
        parts.append(_rows(table))
    return "\n\n".join(filter(None, parts))


def _both(answer: SpilloverAnswer) -> str:
    rows = [["from, to", "verdict", "additional", "[low, high]", "by trend", "p", "power", "preceded", "followed"]]
    for ways, each in zip(WAYS, (answer.there, answer.back), strict=True):
        rows.append(
            [
                ways,
                each.verdict,
                f"{each.test.effect:+.2f}",
                f"[{each.test.low:+.2f}, {each.test.high:+.2f}]",
                f"{each.test.expected:.2f}",
                f"{each.test.p:.3f}",
                f"{each.power.value:.0%} for {each.power.effect:g}",
                f"{each.coincidence.preceded} of {each.coincidence.n_followers}",
                f"{each.coincidence.followed} of {each.coincidence.n_triggers}",
            ]
        )
    nulls = [["p by null", *(name for name in answer.there.p if name != "surrogate")]]
    for ways, each in zip(WAYS, (answer.there, answer.back), strict=True):
        cells = [value for name, value in each.p.items() if name != "surrogate"]
        nulls.append([ways, *("-" if value is None else f"{value:.3f}" for value in cells)])
    return f"{as_table(rows)}\n\n{as_table(nulls)}"


def _branching(answer: SpilloverAnswer) -> str:
    fitted = answer.excitation
    if fitted is None:
        return ""
    rows = [["raised in", *(f"by {label}" for label in LABELS), "fades in", "p of fit"]]
    for i, name in enumerate(LABELS):
        cells = [f"{fitted.branching[i, j]:.2f} [{fitted.low[i, j]:.2f}, {fitted.high[i, j]:.2f}]" for j in range(2)]
        rows.append([name, *cells, f"{fitted.fading_days[i]:.1f} d", f"{fitted.p_fit[i]:.2f}"])
    said = (
        f"From first to second less the reverse: {fitted.difference:+.2f} [{fitted.difference_low:+.2f}, "
        f"{fitted.difference_high:+.2f}]"
    )
    return f"Events that one event raises (mutually exciting process)\n{as_table(rows)}\n{said}"


def _incidents(incidents: Sequence[IncidentAnswer]) -> str:
    rows = [
        [
            "incident",
            "trigger",
            "lag",
            "of its kind",
            "p Poisson",
            "p trend",
            "p shift",
            "any looked at, p",
            "near some trigger, p",
        ]
    ]
    rows += [
        [
            each.incident.label,
            str(each.incident.trigger_on),
            f"{each.lag} d",
            str(each.n_alike),
            f"{each.p['poisson']:.3f}",
            f"{each.p['trend']:.3f}",
            f"{each.p['circular_shift']:.3f}",
            f"{each.p_any['circular_shift']:.2f} of {each.n_any}",
            f"{each.p_some_trigger['circular_shift']:.2f} of {each.n_triggers}",
        ]
        for each in incidents
    ]
    note = "Chance that one of the kind, or any looked at, falls as close to this trigger, or one of the kind to any trigger."
    return f"{as_table(rows)}\n{note}"


def _space(answer: SpilloverAnswer) -> str:
    said = []
    if near := answer.near_repeat:
        best = near.ratio[0, 0]
        text = "none expected" if math.isnan(best) else f"{best:.1f} times the expected"
        said.append(
            f"Near repeats among {near.n} events with coordinates: {near.observed[0, 0]} pairs within {near.km[0]:g} km and "
            f"{near.days[0]} d, {text}; p of any band {near.p_any:.3f}."
        )
    if spread := answer.contagion:
        said.append(
            f"Contagion along the roads: one event raises {spread.eta:.2f} [{spread.low:.2f}, {spread.high:.2f}] others, fading "
            f"in {spread.memory_days:.0f} d and {spread.reach_km:g} km ({spread.n_events} events at {spread.n_places} places, "
            f"{spread.n_far} too far from any)."
        )
    return "\n".join(textwrap.fill(each, WIDTH) for each in said)


def _rows(table: EventTable) -> str:
    lines = [f"Rows left out for their faults: {len(table.left_out)}"] if table.left_out else []
    lines += [f"  {fault}" for fault in table.left_out[:N_WARNED]]
    lines += [f"Rows with a warning: {len(table.warnings)}"] if table.warnings else []
    lines += [f"  {fault}" for fault in table.warnings[:N_WARNED]]
    return "\n".join(lines)
