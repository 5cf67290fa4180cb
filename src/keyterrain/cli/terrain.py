"""`keyterrain terrain`: what the ground is worth, place by place and road by road."""

from __future__ import annotations

import argparse
import math
import textwrap
from typing import TYPE_CHECKING

from keyterrain.cli.answer import as_table
from keyterrain.cli.arguments import Answer, add_command, add_scenario, day, whole_number

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from keyterrain.analysis.terrain import Outranks, PlaceTerrain, RouteTerrain, Spread, TerrainAnswer

EXAMPLES = """
keyterrain terrain qalamoun-2013
keyterrain terrain qalamoun-2013 --against qara --only halbun hosh-arab jubbadin qalamoun-border-heights
keyterrain terrain qalamoun-2013 --only qalamoun-border-heights --snow 20
keyterrain terrain my-theatre/ --json
"""
WIDTH = 120
TOP = 25
TOP_CROSSINGS = 8
NOTES = (
    "Defence: how many times fewer attackers would have the same chance on open ground, by the model's rules at their defaults, "
    "as the mean over the positions that a place may have [5 and 95 % of them in brackets]; who holds it and how many live there "
    "do not enter. What makes mountains hard to take in these rules is assumed (docs/terrain.md). Dominance: share of the ground "
    "within 4 km that is in sight and clearly lower, less the share that is clearly higher. Frontage: fighters of a side who can "
    "be brought to bear."
)
AGAINST_NOTES = (
    "Probability, over the positions that both places may have, that a place is harder than {other} by each measure (more of it, "
    "but less frontage); 0.5 is a tie. In brackets: with the assumed worth of relief, narrowing, frontage and heights drawn from "
    "their ranges as well. Only defence, relief, heights and frontage enter the campaign, besides the time over the roads."
)


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
    parser = add_command(commands, "terrain", "say what the ground is worth, measure by measure", work, EXAMPLES)
    add_scenario(parser)
    parser.add_argument("--start", type=day, metavar="DATE", help="evening of which roads are known (default: the scenario's)")
    against = "say how probably each place is harder than this one, measure by measure"
    parser.add_argument("--against", default="", metavar="PLACE", help=against)
    snow = "settled snow on all roads but ploughed ones, for their hours (default: none)"
    parser.add_argument("--snow", type=whole_number(0, 1000), default=0, metavar="CM", help=snow)
    parser.add_argument(
        "--only", nargs="+", default=[], metavar="GROUND", help="places and areas to show, with their roads (default: all)"
    )


def work(arguments: argparse.Namespace) -> Answer:
    """Measure the ground."""
    from keyterrain.analysis.terrain import terrain
    from keyterrain.theatre import load

    answer = terrain(
        load(arguments.scenario),
        start=arguments.start,
        against=arguments.against,
        only=arguments.only,
        snow_cm=arguments.snow,
    )
    return Answer(_machine(answer), _text(answer, in_full=bool(arguments.only)))


def _machine(answer: TerrainAnswer) -> dict[str, object]:
    return {
        "scenario": answer.scenario,
        "version": answer.version,
        "start": answer.start,
        "snow_cm": answer.snow_cm,
        "positions": answer.n_positions,
        "places": [_place(place) for place in answer.places],
        "routes": [_route(route) for route in answer.routes],
        "overlooks": list(answer.overlooks),
        "crossings": list(answer.crossings),
        "against": list(answer.outranks),
    }


def _place(row: PlaceTerrain) -> dict[str, object]:
    means = {key: spread.mean for key, spread in row.measures.items()}
    return {
        "place": row.place,
        **means,
        "rank": row.rank,
        "spread": row.measures,
        "error_km": row.error_km,
        "approaches": row.approaches,
        "off_road_hours": row.off_road_hours,
    }


def _route(row: RouteTerrain) -> dict[str, object]:
    return {
        "from": row.start,
        "to": row.end,
        "hours": row.hours,
        "max_elevation_m": row.max_elevation_m,
        "observed_share": row.observed_share,
        "kind": row.kind,
        "km": row.km,
        "vehicle_hours": row.vehicle_hours,
        "foot_hours": row.foot_hours,
        "gradient": row.gradient,
        "vehicle_stopped_by_snow_cm": row.stopping_snow_cm,
        "watched_from": row.watched_from,
    }


def _text(answer: TerrainAnswer, *, in_full: bool) -> str:
    n_places, n_routes = len(answer.places), len(answer.routes)
    heading = (
        f"{answer.title}, {answer.start}: {n_places} places, {n_routes} roads, each place at {answer.n_positions} positions "
        "within the error of its coordinates"
    )
    places = answer.places if in_full else answer.places[:TOP]
    parts = [textwrap.fill(heading, WIDTH), _place_table(places)]
    if len(places) < n_places:
        parts.append(f"and {n_places - len(places)} places more: --only GROUND ... or --json")
    if in_full:
        parts.append(_route_table(answer.routes))
        if answer.overlooks:
            parts.append(_overlooks(answer))
    elif answer.crossings:
        parts += [_crossings(answer, "pass"), _crossings(answer, "choke point")]
    parts.append(textwrap.fill(NOTES, WIDTH))
    if answer.outranks:
        parts += [_against(answer.outranks, {place.place for place in places})]
    return "\n\n".join(parts)


def _place_table(places: Sequence[PlaceTerrain]) -> str:
    rows = [
        [
            "rank",
            "place",
            "defence",
            "relief m",
            "slope",
            "heights",
            "roads",
            "frontage",
            "dominance",
            "climb m",
            "km to motorway",
        ]
    ]
    for row in places:
        measures = row.measures
        rows.append(
            [
                str(row.rank),
                row.place,
                _spread(measures["defence"], 2),
                _spread(measures["relief_m"], 0),
                f"{measures['slope_deg'].mean:.1f}",
                _spread(measures["heights"], 1),
                str(row.approaches) if row.approaches else _off_road(row),
                f"{measures['frontage'].mean:.0f}",
                f"{measures['dominance'].mean:+.2f}",
                _spread(measures["approach_climb_m"], 0),
                _spread(measures["motorway_km"], 1),
            ]
        )
    return as_table(rows)


def _off_road(row: PlaceTerrain) -> str:
    return "none" if math.isnan(row.off_road_hours) else f"none, {row.off_road_hours:.1f} h on foot"


def _spread(spread: Spread, digits: int) -> str:
    if math.isnan(spread.mean):
        return "-"
    middle, low, high = (f"{value:.{digits}f}" for value in (spread.mean, spread.low, spread.high))
    return middle if low == high else f"{middle} [{low}, {high}]"


def _route_table(routes: Sequence[RouteTerrain]) -> str:
    rows = [
        ["road", "kind", "km", "hours", "by vehicle", "on foot", "gradient", "highest m", "snow stops at", "observed", "from"]
    ]
    rows += [
        [
            f"{row.start} - {row.end}",
            row.kind,
            f"{row.km:g}",
            f"{row.hours:.2f}" if math.isfinite(row.hours) else "closed",
            f"{row.vehicle_hours:.2f}" if math.isfinite(row.vehicle_hours) else "-",
            f"{row.foot_hours:.1f}" if math.isfinite(row.foot_hours) else "-",
            f"{row.gradient:.1%}",
            f"{row.max_elevation_m:.0f}",
            f"{row.stopping_snow_cm:.0f} cm" if math.isfinite(row.vehicle_hours) else "-",
            f"{row.observed_share:.0%}",
            ", ".join(row.watched_from),
        ]
        for row in routes
    ]
    return as_table(rows)


def _overlooks(answer: TerrainAnswer) -> str:
    rows = [["looks down on", "", "by m", "km"]]
    rows += [[row.above, row.below, f"{row.by_m:.0f}", f"{row.km:.1f}"] for row in answer.overlooks]
    return as_table(rows)


def _crossings(answer: TerrainAnswer, kind: str) -> str:
    of_which = "of ways over high ground" if kind == "pass" else "of all ways"
    rows = [[f"{kind} at", "m", "ways", of_which, "quickest between", "nearest place"]]
    for row in [each for each in answer.crossings if each.kind == kind][:TOP_CROSSINGS]:
        at, between = f"{row.lat:.3f} N {row.lon:.3f} E", " and ".join(row.between)
        near = f"{row.near} ({row.near_km:.1f} km)"
        rows.append([at, f"{row.elevation_m:.0f}", str(row.ways), f"{row.share:.1%}", between, near])
    return as_table(rows)


def _against(outranks: Sequence[Outranks], shown: Collection[str]) -> str:
    from keyterrain.analysis.terrain import MEASURES

    rows = [[f"harder than {outranks[0].against}?", *(measure.key for measure in MEASURES)]]
    by_place: dict[str, dict[str, Outranks]] = {}
    for row in outranks:
        if row.place in shown:
            by_place.setdefault(row.place, {})[row.measure] = row
    for place, row_of in sorted(by_place.items(), key=lambda item: (-item[1]["defence"].p, item[0])):
        rows.append([place, *(_probability(row_of[measure.key]) for measure in MEASURES)])
    note = textwrap.fill(AGAINST_NOTES.format(other=outranks[0].against), WIDTH)
    return f"{as_table(rows)}\n\n{note}"


def _probability(row: Outranks) -> str:
    if math.isnan(row.p):
        return "-"
    return f"{row.p:.2f}" + (f" [{row.p_levers:.2f}]" if row.measure == "defence" else "")
