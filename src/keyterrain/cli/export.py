"""`keyterrain export`: runs and scenarios for geographic programs, spreadsheets and notebooks."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from keyterrain.cli.answer import as_table
from keyterrain.cli.arguments import Answer, add_command, day

if TYPE_CHECKING:
    from keyterrain.report.export import Export

EXAMPLES = """
keyterrain export runs/demo --to gpkg --out demo.gpkg
keyterrain export runs/demo --to csv --hxl --out demo-csv
keyterrain export runs/demo --to geojson --layer control --out control.geojson
keyterrain export runs/demo --to views --outcome displaced --out displaced.parquet
keyterrain export qalamoun-2013 --to geoparquet --start 2013-11-14 --out theatre
"""
FORMATS = ("gpkg", "geojson", "geoparquet", "csv", "views")


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
    parser = add_command(commands, "export", "write a run or a scenario for QGIS, spreadsheets and notebooks", work, EXAMPLES)
    parser.add_argument("subject", metavar="RUN_OR_SCENARIO", help="the folder of a run, or a scenario's name or folder")
    formats = "gpkg: one file; geojson, geoparquet, csv: a file a layer in a folder; views: samples as one parquet"
    parser.add_argument("--to", required=True, choices=FORMATS, help=formats)
    where = "where to; nothing that exists is overwritten"
    parser.add_argument("--out", required=True, type=Path, metavar="PATH", help=where)
    parser.add_argument("--layer", action="append", default=[], metavar="NAME", help="this layer alone; may be repeated")
    parser.add_argument(
        "--start", type=day, metavar="DATE", help="of a scenario: the evening it is shown on (default: its first)"
    )
    parser.add_argument("--hxl", action="store_true", help="csv: a second row of HXL hashtags")
    sampled = "views: displaced (default), incidents or fighters-killed"
    parser.add_argument("--outcome", metavar="NAME", help=sampled)


def work(arguments: argparse.Namespace) -> Answer:
    """Write the export and say what it holds."""
    from keyterrain.report import write_export

    export = write_export(
        arguments.subject,
        arguments.to,
        arguments.out,
        only=arguments.layer,
        start=arguments.start,
        hxl=arguments.hxl,
        outcome=arguments.outcome,
    )
    return Answer(_machine(export), _people(export))


def _machine(export: Export) -> dict[str, object]:
    return {
        "scenario": export.scenario,
        "start": export.start,
        "days": export.days,
        "replicates": export.n_replicates,
        "seed": export.seed,
        "version": export.version,
        "to": export.form,
        "out": export.path,
        "layers": [
            {"layer": each.name, "file": each.path, "geometry": each.geometry, "rows": each.rows, "says": each.says}
            for each in export.written
        ],
    }


def _people(export: Export) -> str:
    whose = "as it was known" if export.n_replicates is None else f"{export.n_replicates} replicates of {export.days} days"
    rows = [["layer", "rows", "geometry", "says"]]
    rows += [
        [each.name, f"{each.rows:,}", "" if each.geometry == "none" else each.geometry, each.says] for each in export.written
    ]
    return f"{export.scenario} from {export.start}, {whose}, is in {export.path}\n{as_table(rows)}"
