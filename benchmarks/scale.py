"""Measure what a second worker brings, and what a run on a cluster sends and takes, from the command line.

The same run is played by one worker process and by two, in turn; the best of several counts, since whatever else the machine does
can only slow a run down. Beside the clock stands the processor time that all processes of a run took: where another program takes
part of the cores, seconds of the clock say less than they seem to, and the processor time per replicate still says whether two
workers hinder each other.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

SCENARIO = "qalamoun-2013"
REPLICATES = 7920
"""48 chunks of 165, which two workers share evenly."""
REPEATS = 5
LEAST_SPEED_UP = 1.8


class Timed(NamedTuple):
    """One run by so many workers."""

    workers: int
    seconds_playing: float
    seconds_of_processors: float
    cores_others_took: float
    digest: str


def play(workers: int, replicates: int, out: Path) -> Timed:
    """Play once in fresh processes; playing is what the run itself counts, without starting processes and preparing."""
    command = [str(Path(sys.executable).with_name("keyterrain")), "run", SCENARIO, "--replicates", str(replicates), "--seed", "1"]
    busy, spent, began = seconds_busy(), seconds_of_children(), time.perf_counter()
    finished = subprocess.run(
        [*command, "--workers", str(workers), "--out", str(out), "--json"], check=True, capture_output=True, text=True
    )
    seconds, ours = time.perf_counter() - began, seconds_of_children() - spent
    said = json.loads(finished.stdout)
    return Timed(workers, said["seconds_playing"], ours, max(0.0, seconds_busy() - busy - ours) / seconds, said["digest"])


def seconds_of_children() -> float:
    """Processor time of all processes that have ended, with their own children as far as these were waited for."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def seconds_busy() -> float:
    """Processor time that the whole machine has spent on anything; 0 where it does not say."""
    told = Path("/proc/stat")
    if not told.exists():
        return 0.0
    user, nice, system, *_ = (float(each) for each in told.read_text(encoding="ascii").split(maxsplit=11)[1:10])
    return (user + nice + system) / os.sysconf("SC_CLK_TCK")


def table(runs: list[Timed], replicates: int) -> str:
    lines = [f"{SCENARIO}, {replicates} replicates, {os.cpu_count()} cores"]
    lines.append("  workers   playing   processors   ms of processor a replicate   cores that others took")
    for run in runs:
        each = run.seconds_of_processors / replicates * 1000
        lines.append(
            f"  {run.workers:7}  {run.seconds_playing:6.1f} s  {run.seconds_of_processors:9.1f} s"
            f"  {each:28.2f}  {run.cores_others_took:23.2f}"
        )
    one, two = (min(run.seconds_playing for run in runs if run.workers == n) for n in (1, 2))
    lines.append(f"best of each: {one:.2f} s and {two:.2f} s, {one / two:.2f} times as fast (wanted: {LEAST_SPEED_UP})")
    lines.append(f"same bytes in all runs: {'yes' if len({run.digest for run in runs}) == 1 else 'NO'}")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--replicates", type=int, default=REPLICATES)
    parser.add_argument("--repeats", type=int, default=REPEATS)
    arguments = parser.parse_args()
    runs = []
    with tempfile.TemporaryDirectory(prefix="keyterrain-scale-") as scratch:
        play(1, 2, Path(scratch) / "warm-up")  # compiles on a machine where nothing is compiled yet
        for repeat in range(arguments.repeats):
            for workers in (1, 2):
                with tempfile.TemporaryDirectory(dir=scratch) as room:
                    runs.append(play(workers, arguments.replicates, Path(room) / "run"))
                print(f"{repeat + 1} of {arguments.repeats}: {runs[-1]}", file=sys.stderr)
    print(table(runs, arguments.replicates))


if __name__ == "__main__":
    main()
