"""What `keyterrain decisive` is judged by, on many generated theatres.

    .venv/bin/python benchmarks/decisive.py rings 200      # nothing decides where all ground is alike; equal sides are equal
    .venv/bin/python benchmarks/decisive.py bridges 100    # a planted bridge comes first, the hub with the most roads does not
    .venv/bin/python benchmarks/decisive.py swaps 20       # the sides' names and forces swapped: the verdicts are swapped
    .venv/bin/python -m keyterrain decisive qalamoun-2013 --json > answer.json
    .venv/bin/python benchmarks/decisive.py narrowing answer.json > docs/narrowing.csv

Theatres are those of the tests. Each line printed says a case, the last one the count; exit 1 where the criterion is missed.
"""

from __future__ import annotations

import csv
import json
import math
import statistics
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from bridge_theatre import AT, BRIDGE, HUB, bridge_theatre  # type: ignore[import-not-found]
from keyterrain.analysis.decisive.answer import DecisiveAnswer
from keyterrain.analysis.decisive.question import decide
from keyterrain.analysis.experiment import Experiment
from keyterrain.analysis.interval import of_difference
from keyterrain.analysis.measures import Measurement
from keyterrain.campaign.variants import Stage, Variant
from keyterrain.theatre import load
from keyterrain.theatre.scenario import Scenario
from ring_theatre import SIDES, ring_theatre  # type: ignore[import-not-found]
from scenarios import write_small_scenario  # type: ignore[import-not-found]
from swapped_theatre import swapped  # type: ignore[import-not-found]

REPLICATES = 50
FIRST_CASE = 1000
"""Cases from here on are none of those that the tests look at."""
NOMINAL = 0.05
WANTED_BRIDGES = 0.95


def most_at(rate: float, n: int) -> int:
    """Return the most cases of n that a true rate explains: more would come by chance less than once in a hundred."""
    from scipy.stats import binom

    return int(binom.ppf(0.99, n, rate))


def cases(n: int) -> Iterator[tuple[int, Path]]:
    """Yield cases, each with a folder that is removed afterwards."""
    for case in range(FIRST_CASE, FIRST_CASE + n):
        with tempfile.TemporaryDirectory() as folder:
            yield case, Path(folder)


def asked(scenario: Scenario, case: int, only: list[str]) -> DecisiveAnswer:
    """Ask which of some places decides."""
    return decide(scenario, only=only, replicates=REPLICATES, seed=case, areas_at_random=0)


def sides_differ(scenario: Scenario, case: int) -> bool:
    """Say whether a 95 % interval has it that one of two equal sides holds more than the other."""
    shares = [Measurement.of("area_held_share", area="land", side=side) for side in SIDES]
    values = Experiment(Stage(scenario, seed=case)).measure({Variant(): shares}, REPLICATES)
    first, second = (values.of(Variant(), share) for share in shares)
    interval = of_difference(first, second, "share", 1.0 - NOMINAL)
    return not interval.low <= 0.0 <= interval.high


def rings(n: int) -> bool:
    """Count rings in which some place is said to decide, and rings whose sides are said to differ."""
    found = unequal = 0
    for case, folder in cases(n):
        changes = ring_theatre(case)
        scenario = load(write_small_scenario(folder / "ring", **changes))
        answer = asked(scenario, case, [f"place:{row['place']}" for row in changes["places"]])
        differ = sides_differ(scenario, case)
        found += bool(answer.decisive)
        unequal += differ
        say(f"{case}: {len(answer.places)} places, typical worth {answer.typical_place:.2f}, {answer.sentence}")
    most = most_at(NOMINAL, n)
    say(f"something decides in {found} of {n} rings, sides differ in {unequal} (at most {most} at the nominal rate)")
    return max(found, unequal) <= most


def bridges(n: int) -> bool:
    """Count planted bridges that come first and hubs that do."""
    first = []
    for case, folder in cases(n):
        answer = asked(load(write_small_scenario(folder / "bridge", **bridge_theatre(case))), case, list(AT))
        first.append(answer.places[0].ground.key)
        say(f"{case}: {first[-1]} (worth {answer.places[0].worth:.2f} [{answer.places[0].low:.2f}, {answer.places[0].high:.2f}])")
    say(f"the bridge comes first in {first.count(BRIDGE)} of {n}, the hub in {first.count(HUB)}")
    return first.count(BRIDGE) >= WANTED_BRIDGES * n and HUB not in first


def swaps(n: int) -> bool:
    """Count planted theatres whose answer is mirrored when the sides' names and forces are swapped."""
    kept = 0
    for case, folder in cases(n):
        one, other = (
            asked(load(write_small_scenario(folder / name, **changes)), case, list(AT)).of(BRIDGE)
            for name, changes in (("one", bridge_theatre(case)), ("other", swapped(bridge_theatre(case))))
        )
        a, b = one.strongest, other.strongest
        mirrored = a is not None and b is not None and a.interval.high < 0.0 < b.interval.low
        kept += mirrored and one.rank == other.rank == 1 and bool(one.stands_out and other.stands_out)
        say(f"{case}: {a and a.interval.value:+.2f}, with sides swapped {b and b.interval.value:+.2f}")
    say(f"the verdict is swapped in {kept} of {n}")
    return kept == n


def narrowing(path: Path) -> bool:
    """Write what common luck narrows intervals by, a row for each piece of ground, from an answer in JSON."""
    answer = json.loads(path.read_text())
    table = csv.writer(sys.stdout, lineterminator="\n")
    table.writerow(["kind", "ground", "replicates", "outcomes", "median", "least", "never_differ"])
    every: list[float] = []
    for kind in ("areas", "places"):
        by_ground: dict[str, list[float]] = {}
        replicates = {}
        for row in answer[kind]:
            replicates[row["ground"]] = row["replicates"]
            own = by_ground.setdefault(row["ground"], [])
            if row["counts"] and (row["narrowing"] is not None or row["never_differs"]):
                own.append(math.inf if row["never_differs"] else row["narrowing"])
        for ground, own in sorted(by_ground.items()):
            figures = (f"{statistics.median(own):.2f}", f"{min(own):.3f}") if own else ("", "")
            table.writerow([kind[:-1], ground, replicates[ground], len(own), *figures, sum(map(math.isinf, own))])
        every += [each for own in by_ground.values() for each in own]
    print(f"median {statistics.median(every):.2f}, least {min(every):.3f}, of {len(every)}", file=sys.stderr)
    return statistics.median(every) >= 5.0


def say(line: str) -> None:
    """Print a line at once."""
    print(line, flush=True)


if __name__ == "__main__":
    what, argument = sys.argv[1:]
    if what == "narrowing":
        sys.exit(not narrowing(Path(argument)))
    sys.exit(not {"rings": rings, "bridges": bridges, "swaps": swaps}[what](int(argument)))
