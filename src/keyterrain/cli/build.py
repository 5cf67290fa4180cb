"""`keyterrain build`: a theatre from elevation, roads and a gazetteer."""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import TYPE_CHECKING

from keyterrain.cli.arguments import Answer, add_command, day, whole_number
from keyterrain.cli.progress import StageLine

if TYPE_CHECKING:
    from keyterrain.theatre.importers.request import Built

EXAMPLES = """
keyterrain build --dem N33E036.hgt N34E036.hgt --roads syria.osm.pbf --places SY.txt --bbox 36.0,33.4,36.9,34.2 \\
    --min-population 500 --title "Qalamoun" --out my-theatre
keyterrain build --dem dem.tif --roads roads.gpkg --places towns.csv bases.geojson --bbox 36.0,33.4,36.9,34.2 --out my-theatre
"""


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
    parser = add_command(commands, "build", "make a theatre from elevation, roads and a gazetteer", work, EXAMPLES)
    files = parser.add_argument_group("files")
    files.add_argument(
        "--dem", type=Path, nargs="+", required=True, metavar="FILE", help="elevation: GeoTIFF or SRTM tiles (.hgt)"
    )
    files.add_argument("--roads", type=Path, required=True, metavar="FILE", help="roads: .osm.pbf, or GeoPackage or GeoJSON")
    files.add_argument(
        "--places",
        type=Path,
        nargs="+",
        required=True,
        metavar="FILE",
        help="places: a dump of GeoNames (.txt), .csv, GeoPackage or GeoJSON",
    )
    files.add_argument("--out", type=Path, required=True, metavar="DIR", help="the scenario's folder; refused if it is there")
    parser.add_argument("--bbox", required=True, metavar="W,S,E,N", help="edges in degrees: west, south, east, north")
    parser.add_argument(
        "--min-population", type=whole_number(0), default=0, metavar="N", help="leave out settlements of fewer inhabitants"
    )
    parser.add_argument("--title", default="", help="title of the scenario (default: the folder's name)")
    parser.add_argument("--start", type=day, metavar="DATE", help="first evening (default: left to be decided)")
    parser.add_argument(
        "--pieces",
        choices=("refuse", "largest", "all"),
        default="refuse",
        help="what to do with a network in pieces (default: refuse)",
    )
    parser.add_argument("--leave-out-sea", action="store_true", help="leave out places in the sea instead of refusing them")
    parser.add_argument("--all-roads", action="store_true", help="keep roads that no way between places takes, dead ends apart")


def work(arguments: argparse.Namespace) -> Answer:
    """Build a theatre; files that are at fault are named all at once."""
    from keyterrain.theatre.importers.build import box_of, build
    from keyterrain.theatre.importers.request import BuildRequest

    began = time.perf_counter()
    request = BuildRequest(
        dem=tuple(arguments.dem), roads=arguments.roads, places=tuple(arguments.places), box=box_of(arguments.bbox),
        min_population=arguments.min_population, title=arguments.title, start=arguments.start, pieces=arguments.pieces,
        leave_out_sea=arguments.leave_out_sea, all_roads=arguments.all_roads,
    )  # fmt: skip
    line = StageLine()
    try:
        built = build(request, arguments.out, line)
    finally:
        line.close()
    return Answer(_machine(built, time.perf_counter() - began), _people(built))


def _machine(built: Built, seconds: float) -> dict[str, object]:
    from keyterrain.cli.check import described

    return {
        "out": str(built.out),
        "box": str(built.request.box),
        "places": built.n_places,
        "passes": built.n_passes,
        "junctions": built.n_junctions,
        "routes": built.n_routes,
        "km": round(built.km, 2),
        "population": round(built.population),
        "ways_read": built.n_ways_read,
        "points_read": built.n_points_read,
        "seconds": round(seconds, 2),
        "faults": [],
        "warnings": described(built.warnings),
        "to_decide": [{"topic": each.topic, "about": each.about, "meanwhile": each.meanwhile} for each in built.decisions],
    }


def _people(built: Built) -> str:
    counts = (
        f"{built.n_places} place{_s(built.n_places)}, {built.n_passes} pass{'' if built.n_passes == 1 else 'es'}, "
        f"{built.n_junctions} junction{_s(built.n_junctions)} and {built.n_routes} route{_s(built.n_routes)}"
    )
    return (
        f"{built.out}: {counts} ({built.km:,.0f} km), from {built.n_ways_read:,} ways with {built.n_points_read:,} points\n"
        f"{len(built.decisions)} things are left to decide, listed in {built.out / 'TO_DECIDE.md'}\n"
        f"next: keyterrain check {built.out}"
    )


def _s(n: int) -> str:
    return "" if n == 1 else "s"
