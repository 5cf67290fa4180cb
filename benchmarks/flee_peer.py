"""Run Flee itself on one of its folders and say how long it took and how wrong it was.

Started by the interpreter that has Flee (installed, or a checkout on PYTHONPATH), not by that of keyterrain:

    python benchmarks/flee_peer.py FOLDER [--hasten 10] [--days 300] [--counts counts.csv]

Prints one JSON object. A day has the order of Flee's own serial script: zones, newcomers, closures, movement, counts.
"""

from __future__ import annotations

import argparse
import contextlib
import csv
import inspect
import json
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any


def settings_with(folder: Path, hasten: int | None) -> Path:
    """Copy the settings of a folder, with another share of the people."""
    import yaml

    said = yaml.safe_load((folder / "simsetting.yml").read_text(encoding="utf-8"))
    said.setdefault("log_levels", {}).update({"agent": 0, "link": 0})
    if hasten is not None:
        said.setdefault("optimisations", {})["hasten"] = hasten
    copy = Path(tempfile.mkdtemp(prefix="flee-peer-")) / "simsetting.yml"
    copy.write_text(yaml.safe_dump(said), encoding="utf-8")
    return copy


def play(folder: Path, hasten: int | None, days: int | None) -> dict[str, Any]:
    """Run one replicate; returns its errors, its counts by day and camp, and its seconds of processor time."""
    from flee import InputGeography, flee, spawning  # type: ignore[import-not-found]
    from flee.datamanager import handle_refugee_data  # type: ignore[import-not-found]

    with (folder / "input_csv" / "sim_period.csv").open(encoding="utf-8") as file:
        period = {row[0].strip().lower(): row[1].strip() for row in csv.reader(file) if len(row) > 1}
    start, length = period["startdate"], int(period["length"])
    flee.SimulationSettings.ReadFromYML(str(settings_with(folder, hasten)))
    flee.SimulationSettings.ConflictInputFile = str(folder / "input_csv" / "conflicts.csv")
    began = time.process_time()
    system = flee.Ecosystem()
    geography = InputGeography.InputGeography()
    geography.ReadConflictInputCSV(flee.SimulationSettings.ConflictInputFile)
    geography.ReadLocationsFromCSV(str(folder / "input_csv" / "locations.csv"))
    geography.ReadLinksFromCSV(str(folder / "input_csv" / "routes.csv"))
    geography.ReadClosuresFromCSV(str(folder / "input_csv" / "closures.csv"))
    system, places = geography.StoreInputGeographyInEcosystem(system)
    counts = handle_refugee_data.RefugeeTable(
        csvformat="generic",
        data_directory=str(folder / "source_data"),
        start_date=start,
        data_layout="data_layout.csv",
        population_scaledown_factor=flee.SimulationSettings.optimisations["PopulationScaleDownFactor"],
    )
    counts.ReadL1Corrections(str(folder / "input_csv" / "registration_corrections.csv"))
    camps = system.get_camp_names()
    for camp in camps:
        spawning.add_initial_refugees(system, counts, places[camp])
    newcomers: dict[str, Any] = {}
    if "SumFromCamps" in inspect.signature(spawning.spawn_daily_displaced).parameters:
        newcomers["SumFromCamps"] = True  # the default of later versions
    table = []
    for day in range(days or length):
        geography.AddNewConflictZones(system, day)
        spawning.spawn_daily_displaced(system, day, counts, **newcomers)
        spawning.refresh_spawn_weights(system)
        system.enact_border_closures(day)
        system.evolve()
        table.append([(places[camp].numAgents, counts.get_field(camp, day)) for camp in camps])
    seconds = time.process_time() - began
    return {"camps": camps, "table": table, "seconds": seconds, "agents": system.numAgents()}


def errors_of(table: list[list[tuple[float, float]]]) -> tuple[float, float]:
    """Averaged relative difference, raw and rescaled."""
    raw = rescaled = 0.0
    for row in table:
        simulated, observed = sum(sim for sim, _ in row), sum(data for _, data in row)
        scale = observed / simulated if simulated > 0 else 0.0
        raw += sum(abs(sim - data) for sim, data in row) / max(observed, 1)
        rescaled += sum(abs(sim * scale - data) for sim, data in row) / max(observed, 1)
    return raw / len(table), rescaled / len(table)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--hasten", type=int)
    parser.add_argument("--days", type=int)
    parser.add_argument("--counts", type=Path, help="write simulated and observed counts by day and camp here")
    arguments = parser.parse_args()
    with (
        Path(os.devnull).open("w", encoding="utf-8") as nowhere,
        contextlib.redirect_stderr(nowhere),
        contextlib.redirect_stdout(nowhere),
    ):
        played = play(arguments.folder, arguments.hasten, arguments.days)
    raw, rescaled = errors_of(played["table"])
    if arguments.counts:
        with arguments.counts.open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow(["day", *(f"{camp} {what}" for camp in played["camps"] for what in ("sim", "data"))])
            writer.writerows([day, *(n for pair in row for n in pair)] for day, row in enumerate(played["table"]))
    said = {
        "folder": arguments.folder.name,
        "days": len(played["table"]),
        "agents": played["agents"],
        "seconds": round(played["seconds"], 2),
        "ard": round(raw, 4),
        "ard_rescaled": round(rescaled, 4),
    }
    sys.stdout.write(json.dumps(said) + "\n")


if __name__ == "__main__":
    main()
