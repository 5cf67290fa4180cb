"""Measure speed, start-up and memory of the command line from outside, by the clock on the wall.

Nothing of the package is imported here: what is timed is what a user waits for.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

SCENARIO = "qalamoun-2013"
RESULTS = Path(__file__).with_name("results.json")
PROFILE = "keyterrain.campaign.profile"

RUN_REPLICATES = (1000, 2000, 10_000)
"""Sizes of the runs whose speed and memory are measured: start-up weighs on the small ones, memory could grow with the large."""
SHORTENED_BY = 20

PLACE_DAY_LIMIT_NS = 200
START_LIMIT_S = 3.0
MEMORY_LIMIT_MB = 1500
CLAIMS_REPLICATES = 1000
CLAIMS_LIMIT_S = 120.0
DECISIVE_REPLICATES = 1000
DECISIVE_LIMIT_S = 240.0
DECISIVE_MEMORY_LIMIT_MB = 2000
POLICIES_REPLICATES = 200
POLICIES_LIMIT_S = 60.0
"""Three times what it took when it was built (docs/policies.md); the project has set no limit of its own: assumption."""
LARGE_COPIES = 60
"""Copies of the flagship that make a theatre of 10,000 places."""
LARGE_REPLICATES = 40
LARGE_TIMES_LIMIT = 1.5
BUILD_LIMIT_S = 60.0
BUILD_MEMORY_LIMIT_MB = 1000
SPILLOVER = Path(__file__).with_name("spillover.py")
SPILLOVER_LIMIT_S = 20.0


class Finished(NamedTuple):
    """What one finished command cost and said."""

    seconds: float
    peak_mb: float
    stdout: str


class Speed(NamedTuple):
    """Speed of one run."""

    replicates: int
    days: int
    places: int
    seconds: float
    replicate_days_per_s: float
    ns_per_place_day_per_core: float
    peak_mb: float


class Large(NamedTuple):
    """Cost of a place-day in a large theatre and in the flagship, while campaigns are played."""

    places: int
    replicates: int
    seconds: float
    ns_per_place_day_per_core: float
    flagship_ns_per_place_day_per_core: float
    peak_mb: float

    @property
    def times_the_flagship(self) -> float:
        """Return how many times as much a place-day costs as in the flagship."""
        return self.ns_per_place_day_per_core / self.flagship_ns_per_place_day_per_core


class Benchmark(NamedTuple):
    """Everything measured, ready to be written as JSON."""

    machine: dict[str, str | int]
    speed: list[Speed]
    second_start_s: float
    help_s: float
    seconds_by_process: dict[str, float] | None
    claims_s: float
    claims_peak_mb: float
    decisive_s: float
    decisive_peak_mb: float
    policies_s: float
    policies_peak_mb: float
    large: Large
    build_road_nodes: int
    build_s: float
    build_peak_mb: float
    spillover_fit_s: dict[str, float]


def measure(command: list[str]) -> Finished:
    """Run a command in a fresh process; its peak memory is its own, not that of earlier ones."""
    with tempfile.TemporaryFile("w+") as said:
        began = time.perf_counter()
        process = subprocess.Popen(command, stdout=said)
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            raise subprocess.CalledProcessError(process.returncode, command)
        said.seek(0)
        return Finished(seconds, usage.ru_maxrss / rss_units_per_mb(), said.read())


def rss_units_per_mb() -> float:
    """Linux counts resident memory in KiB, macOS in bytes."""
    return 1e6 if sys.platform == "darwin" else 1e6 / 1024


def keyterrain(*arguments: str) -> list[str]:
    return [str(Path(sys.executable).with_name("keyterrain")), *arguments]


def play(replicates: int, out: Path) -> Finished:
    return measure(keyterrain("run", SCENARIO, "--replicates", str(replicates), "--seed", "1", "--json", "--out", str(out)))


def ns_playing(finished: Finished, places: int) -> float:
    """Core-nanoseconds for a day of a place while campaigns are played: what is read and prepared once is left out."""
    said = json.loads(finished.stdout)
    return float(said["seconds_playing"] * n_cores() / (said["replicates"] * said["days"] * places) * 1e9)


def play_large(scratch: Path, replicates: int) -> Large:
    """Play a theatre of many copies of the flagship, and as many place-days of the flagship itself."""
    folder, out, small = scratch / "large", scratch / "large-run", scratch / "small-run"
    writer = [sys.executable, str(Path(__file__).with_name("large_theatre.py")), SCENARIO, str(LARGE_COPIES), str(folder)]
    measure(writer)
    measure(keyterrain("run", str(folder), "--replicates", "1", "--json", "--out", str(scratch / "large-warm-up")))
    large = measure(keyterrain("run", str(folder), "--replicates", str(replicates), "--json", "--out", str(out)))
    flagship = play(replicates * LARGE_COPIES, small)
    return Large(
        places=n_places(out),
        replicates=replicates,
        seconds=large.seconds,
        ns_per_place_day_per_core=ns_playing(large, n_places(out)),
        flagship_ns_per_place_day_per_core=ns_playing(flagship, n_places(small)),
        peak_mb=large.peak_mb,
    )


def build(scratch: Path) -> Finished:
    """Build a theatre from the made-up country, which is written by a process of its own."""
    country, out = scratch / "country", scratch / "theatre"
    measure([sys.executable, str(Path(__file__).with_name("large_extract.py")), str(country)])
    files = ["--dem", "dem.tif", "--roads", "roads.osm.pbf", "--places", "places.csv"]
    given = [each if each.startswith("--") else str(country / each) for each in files]
    return measure(keyterrain("build", *given, "--bbox", "36,33,38,35", "--out", str(out), "--json"))


def speed_of(finished: Finished, out: Path) -> Speed:
    said = json.loads(finished.stdout)
    replicate_days = said["replicates"] * said["days"]
    places = n_places(out)
    return Speed(
        replicates=said["replicates"],
        days=said["days"],
        places=places,
        seconds=finished.seconds,
        replicate_days_per_s=replicate_days / finished.seconds,
        ns_per_place_day_per_core=finished.seconds * n_cores() / (replicate_days * places) * 1e9,
        peak_mb=finished.peak_mb,
    )


def n_places(out: Path) -> int:
    """Read the number of places from the store's own description of its coordinate."""
    description = json.loads((out / "ensemble.zarr" / "place" / "zarr.json").read_text(encoding="utf-8"))
    return int(description["shape"][0])


def n_cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def time_by_process() -> dict[str, float] | None:
    """Seconds spent in each process of a day, as the kernels report them; None where they cannot."""
    if not find_spec(PROFILE):
        return None
    finished = measure([sys.executable, "-m", PROFILE, SCENARIO, "--json"])
    seconds: dict[str, float] = json.loads(finished.stdout)["seconds"]
    return seconds


def machine() -> dict[str, str | int]:
    return {"cores": n_cores(), "processor": processor(), "system": platform.system(), "python": platform.python_version()}


def processor() -> str:
    described = Path("/proc/cpuinfo")
    if described.exists():
        for line in described.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def bench(scratch: Path, shortened_by: int) -> Benchmark:
    print(f"warming up: the first run on a machine compiles ({SCENARIO})", file=sys.stderr)
    play(2, scratch / "warm-up")
    second_start = play(2, scratch / "second-start")

    speed = []
    for replicates in RUN_REPLICATES:
        n = replicates // shortened_by
        print(f"speed and memory, {n:,} replicates", file=sys.stderr)
        with tempfile.TemporaryDirectory(dir=scratch) as room:
            out = Path(room) / "run"
            speed.append(speed_of(play(n, out), out))

    n = CLAIMS_REPLICATES // shortened_by
    print(f"claims, {n:,} replicates at most", file=sys.stderr)
    claims = measure(keyterrain("claims", SCENARIO, "--replicates", str(n), "--json"))

    n = max(DECISIVE_REPLICATES // shortened_by, 2)
    print(f"which ground decides, {n:,} replicates at most", file=sys.stderr)
    decisive = measure(keyterrain("decisive", SCENARIO, "--replicates", str(n), "--seed", "1", "--json"))

    n = max(POLICIES_REPLICATES // shortened_by, 2)
    print(f"policies compared, {n:,} replicates of each combination", file=sys.stderr)
    policies = measure(keyterrain("policies", SCENARIO, "--replicates", str(n), "--seed", "1", "--json"))
    print(f"a theatre of {LARGE_COPIES} flagships", file=sys.stderr)
    large = play_large(scratch, max(LARGE_REPLICATES // shortened_by, 2))
    print("building a theatre from a large extract", file=sys.stderr)
    built = build(scratch)
    print("five mutually exciting kinds, 20,000 to 400,000 events", file=sys.stderr)
    fits = measure(
        [
            "env",
            "OPENBLAS_NUM_THREADS=1",
            sys.executable,
            str(SPILLOVER),
            "--speed",
            "--json",
            *(["--quick"] if shortened_by > 1 else []),
        ]
    )

    return Benchmark(
        machine=machine(),
        speed=speed,
        second_start_s=second_start.seconds,
        help_s=measure(keyterrain("--help")).seconds,
        seconds_by_process=time_by_process(),
        claims_s=claims.seconds,
        claims_peak_mb=claims.peak_mb,
        decisive_s=decisive.seconds,
        decisive_peak_mb=decisive.peak_mb,
        policies_s=policies.seconds,
        policies_peak_mb=policies.peak_mb,
        large=large,
        build_road_nodes=json.loads(built.stdout)["points_read"],
        build_s=built.seconds,
        build_peak_mb=built.peak_mb,
        spillover_fit_s=json.loads(fits.stdout)["seconds"],
    )


def table(result: Benchmark) -> str:
    rows = [
        *(row for speed in result.speed for row in speed_rows(speed)),
        ("second start, 2 replicates", f"{result.second_start_s:.2f} s", f"limit {START_LIMIT_S:.0f} s"),
        ("--help", f"{result.help_s:.2f} s", "limit 1 s"),
        ("claims", f"{result.claims_s:.0f} s", f"limit {CLAIMS_LIMIT_S:.0f} s"),
        ("peak memory, claims", f"{result.claims_peak_mb:,.0f} MB", f"limit {MEMORY_LIMIT_MB:,} MB"),
        ("decisive", f"{result.decisive_s:.0f} s", f"limit {DECISIVE_LIMIT_S:.0f} s"),
        ("peak memory, decisive", f"{result.decisive_peak_mb:,.0f} MB", f"limit {DECISIVE_MEMORY_LIMIT_MB:,} MB"),
        ("policies", f"{result.policies_s:.0f} s", f"limit {POLICIES_LIMIT_S:.0f} s"),
        ("peak memory, policies", f"{result.policies_peak_mb:,.0f} MB", f"limit {MEMORY_LIMIT_MB:,} MB"),
        (
            f"place-day among {result.large.places:,}",
            f"{result.large.ns_per_place_day_per_core:.0f} ns, {result.large.times_the_flagship:.2f} times",
            f"limit {LARGE_TIMES_LIMIT} times the flagship's {result.large.flagship_ns_per_place_day_per_core:.0f} ns",
        ),
        ("peak memory, large theatre", f"{result.large.peak_mb:,.0f} MB", f"limit {MEMORY_LIMIT_MB:,} MB"),
        (f"build, {result.build_road_nodes:,} road nodes", f"{result.build_s:.1f} s", f"limit {BUILD_LIMIT_S:.0f} s"),
        ("peak memory, build", f"{result.build_peak_mb:,.0f} MB", f"limit {BUILD_MEMORY_LIMIT_MB:,} MB"),
        *spillover_rows(result.spillover_fit_s),
        *process_rows(result.seconds_by_process),
    ]
    heading = ", ".join(f"{key} {value}" for key, value in result.machine.items())
    return "\n".join([heading, *(f"  {what:<32}{value:>24}   {limit}".rstrip() for what, value, limit in rows)])


def speed_rows(speed: Speed) -> list[tuple[str, str, str]]:
    """Rows of one run, start-up and the writing of the store counted."""
    return [
        ("replicates x days x places", f"{speed.replicates:,} x {speed.days} x {speed.places}", ""),
        ("  wall clock", f"{speed.seconds:.2f} s", ""),
        ("  replicate-days per second", f"{speed.replicate_days_per_s:,.0f}", ""),
        ("  place-day of one core", f"{speed.ns_per_place_day_per_core:.0f} ns", f"limit {PLACE_DAY_LIMIT_NS} ns"),
        ("  peak memory", f"{speed.peak_mb:,.0f} MB", f"limit {MEMORY_LIMIT_MB:,} MB"),
    ]


def spillover_rows(seconds: dict[str, float]) -> list[tuple[str, str, str]]:
    limits = (f"limit {SPILLOVER_LIMIT_S:.0f} s", *("",) * len(seconds))
    return [
        (f"fit, {int(n):,} events", f"{spent:.1f} s", limit) for (n, spent), limit in zip(seconds.items(), limits, strict=False)
    ]


def process_rows(seconds: dict[str, float] | None) -> list[tuple[str, str, str]]:
    if not seconds:
        return [("time by process", "not measured", "")]
    total = sum(seconds.values())
    by_cost = sorted(seconds.items(), key=lambda each: -each[1])
    return [(f"  {process}", f"{spent * 1e3:.3f} ms a replicate", f"{spent / total:.0%}") for process, spent in by_cost]


def as_json(result: Benchmark) -> str:
    return (
        json.dumps(
            result._asdict() | {"speed": [speed._asdict() for speed in result.speed], "large": result.large._asdict()}, indent=2
        )
        + "\n"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--save", action="store_true", help=f"keep the figures in {RESULTS.name}")
    parser.add_argument(
        "--quick", action="store_true", help=f"{SHORTENED_BY} times fewer replicates, to see that all of it works"
    )
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="keyterrain-bench-") as scratch:
        result = bench(Path(scratch), SHORTENED_BY if arguments.quick else 1)
    print(table(result))
    if arguments.save:
        RESULTS.write_text(as_json(result), encoding="utf-8")


if __name__ == "__main__":
    main()
