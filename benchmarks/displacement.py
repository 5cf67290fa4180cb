"""Speed of `keyterrain displace`, and beside it that of Flee where Flee is installed.

    python benchmarks/displacement.py [FOLDER ...]          FLEE_PYTHON=/path/to/python with flee, for the comparison

Without folders a made-up conflict is written: 60 places, 12 camps, 500 days. Measured: an ensemble of 200 replicates from
outside; one replicate with 10^4 to 10^7 people; and, with FLEE_PYTHON (or Flee in this interpreter), one run of Flee against one
replicate under Flee's rules and under ours, at the same number of people: Flee simulates 1/hasten of them, and its seconds are
multiplied by that, since its cost is linear in agents. Both in processor time: what else the machine does counts for neither.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import subprocess
import sys
import tempfile
import time
from datetime import date, timedelta
from pathlib import Path

from keyterrain.campaign.refugee_ensemble import play_displacement
from keyterrain.theatre.flee_folder import FleeFolder, read_flee_folder

START, DAYS, SIDE, CAMPS = date(2020, 1, 1), 500, 8, 12
PEOPLE = (10_000, 100_000, 1_000_000, 10_000_000)
AGENTS = 5_000
"""Flee is asked to simulate about so many people: some minutes."""
ENSEMBLES = 8


def write_made_up(folder: Path, people: int) -> Path:
    """Write a grid of places with camps beyond one edge."""
    (folder / "input_csv").mkdir(parents=True)
    (folder / "source_data").mkdir()
    towns = [(i, j) for i in range(SIDE) for j in range(6)]
    rows = ["#name,region,country,lat,lon,location_type,conflict_date,population"]
    rows += [
        f"T{i}{j},R,Home,{10 + i / 2},{10 + j / 2},{'conflict_zone' if j < 3 else 'town'},0,{20000 + 1000 * i}" for i, j in towns
    ]
    rows += [f"C{k},R,Abroad,{10 + k / 3},14,camp,,0" for k in range(CAMPS)]
    links = ["#name1,name2,distance,forced_redirection"]
    links += [f"T{i}{j},T{i + 1}{j},{50 + 3 * j},0" for i, j in towns if i + 1 < SIDE]
    links += [f"T{i}{j},T{i}{j + 1},{60 + 4 * i},0" for i, j in towns if j + 1 < 6]
    links += [f"T{k % SIDE}5,C{k},{40 + 10 * k},0" for k in range(CAMPS)]
    zones = [f"T{i}{j}" for i, j in towns if j < 3]
    conflicts = [",".join(["#Day", *zones])] + [",".join([str(day), *("1" for _ in zones)]) for day in range(DAYS)]
    texts = {
        "input_csv/locations.csv": rows,
        "input_csv/routes.csv": links,
        "input_csv/closures.csv": ["#closure_type,name1,name2,closure_start,closure_end"],
        "input_csv/conflicts.csv": conflicts,
        "input_csv/sim_period.csv": [f"StartDate,{START}", f"Length,{DAYS}"],
        "input_csv/registration_corrections.csv": [""],
        "source_data/data_layout.csv": ["total,refugees.csv", *(f"C{k},c{k}.csv" for k in range(CAMPS))],
        "source_data/refugees.csv": ["Date,n", f"{START},0", f"{START + timedelta(DAYS)},{people}"],
        **{
            f"source_data/c{k}.csv": ["Date,n", f"{START},0", f"{START + timedelta(DAYS)},{people // CAMPS}"]
            for k in range(CAMPS)
        },
        "simsetting.yml": ["move_rules:", "  max_move_speed: 200", "  awareness_level: 1"],
    }
    for file, lines in texts.items():
        (folder / file).write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder


def replicate_seconds(folder: FleeFolder, rules: str, capacities: str, replicates: int = 10) -> float:
    """Processor time of one, the best of several ensembles: what else the machine does can only add to it."""
    runs = (
        play_displacement(folder, rules=rules, capacities=capacities, replicates=replicates, threads=1) for _ in range(ENSEMBLES)
    )
    return min(run.seconds_per_replicate for run in runs)


def ensemble_seconds(folder: Path) -> tuple[float, float]:
    """The command from outside, and what of it is playing."""
    began = time.perf_counter()
    command = [sys.executable, "-m", "keyterrain", "displace", str(folder), "--json"]
    said = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    return time.perf_counter() - began, float(said["seconds"])


def flee_python() -> str | None:
    if named := os.environ.get("FLEE_PYTHON"):
        return named
    return sys.executable if importlib.util.find_spec("flee") else None


def compare_with_flee(path: Path, folder: FleeFolder, python: str) -> None:
    hasten = max(1, int(folder.totals().max()) // AGENTS)
    command = [python, str(Path(__file__).parent / "flee_peer.py"), str(path), "--hasten", str(hasten)]
    peer = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    full = peer["seconds"] * hasten
    taken = f"{peer['seconds']:.1f} s, all of them: {full:,.0f} s"
    print(f"  Flee, 1/{hasten} of the people: {taken}; ARD rescaled {peer['ard_rescaled']}")
    for rules, capacities in (("flee", "as-given"), ("keyterrain", "without-leaked")):
        seconds = replicate_seconds(folder, rules, capacities)
        print(f"  rules {rules}: {seconds * 1000:.2f} ms a replicate, {full / seconds:,.0f} times as fast")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", type=Path, nargs="*")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        made_up = {people: write_made_up(Path(scratch) / f"people-{people}", people) for people in PEOPLE}
        print("cost by number of people, 500 days, one replicate in ms:")
        for rules in ("keyterrain", "flee"):
            times = [replicate_seconds(read_flee_folder(path), rules, "as-given") * 1000 for path in made_up.values()]
            said = "  ".join(f"{people:,}: {ms:.2f}" for people, ms in zip(PEOPLE, times, strict=True))
            print(f"  {rules:10} {said}  dearest over cheapest: {max(times) / min(times):.2f}")
        folders = arguments.folders or [made_up[100_000]]
        python = flee_python()
        for path in folders:
            whole, playing = ensemble_seconds(path)
            print(f"{path.name}: 200 replicates in {playing:.2f} s, with start, measures and answer {whole:.2f} s")
            if python is not None:
                compare_with_flee(path, read_flee_folder(path), python)
        if python is None:
            print("Flee is not installed here and FLEE_PYTHON names no interpreter that has it: no comparison.")


if __name__ == "__main__":
    main()
