"""Measure what the tests of spillover are worth on simulated series: false positives, power, coverage of intervals, and speed.

python benchmarks/spillover.py --pairs 1000 --fits 300      # the figures of docs/spillover.md, some half an hour
python benchmarks/spillover.py --speed --json               # what `make bench` asks for
"""

from __future__ import annotations

import argparse
import json
import time
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from keyterrain.analysis.spillover.coincidence import coincidence
from keyterrain.analysis.spillover.followers import FollowerScan, scan_of
from keyterrain.analysis.spillover.hawkes import fit_hawkes
from keyterrain.analysis.spillover.series import DailySeries
from keyterrain.analysis.spillover.surrogates import CLUSTERED, Null
from keyterrain.campaign.point_process import MarkedTimes, simulated

Floats = NDArray[np.float64]

SEED = 2013
LEVEL = 0.05
N_SURROGATES = 199
WINDOWS = (3, 7)
TREND_KNOTS = 60


class Setting(NamedTuple):
    """Two series: events of each, days, how they cluster, and what one raises in the other."""

    name: str
    events: int
    days: int
    own: float
    fading: float
    coupling: float
    trend: str


INDEPENDENT = (
    Setting("rising, dense", 300, 1000, 0.4, 5.0, 0.0, "rising"),
    Setting("seasons, dense", 300, 1000, 0.4, 5.0, 0.0, "seasons"),
    Setting("rising, sparse", 150, 3000, 0.5, 10.0, 0.0, "rising"),
    Setting("seasons, sparse", 150, 3000, 0.5, 10.0, 0.0, "seasons"),
)
COUPLED = tuple(
    Setting(f"branching 0.2, {days} days, fading {fading:g} d, clustering {own:g}", 300, days, own, fading, 0.2, "rising")
    for days in (1000, 2000, 4000)
    for fading in (2.0, 5.0)
    for own in (0.0, 0.4)
)


def trend_of(name: str, days: int) -> Floats:
    at = np.linspace(0.0, days, TREND_KNOTS)
    level = 0.2 + 1.6 * at / days if name == "rising" else 1.0 + 0.8 * np.sin(2.0 * np.pi * at / 365.0)
    return np.asarray(level / level.mean())


def pair(setting: Setting, number: int) -> tuple[DailySeries, DailySeries]:
    """Simulate two kinds, the first of which may raise the second, and date them by the day."""
    rate = setting.events / setting.days
    shape = trend_of(setting.trend, setting.days)
    founders = np.array([rate * (1.0 - setting.own), rate * (1.0 - setting.own) - rate * setting.coupling])
    branching = np.array([[setting.own, 0.0], [setting.coupling, setting.own]])
    decays = np.full(2, 1.0 / setting.fading)
    events = simulated(SEED, number, float(setting.days), founders[:, None] * shape, branching, decays)
    days = events.times.astype(np.int64)
    first, second = (DailySeries.of(f"kind {kind}", days[events.kinds == kind], 0, setting.days - 1) for kind in (0, 1))
    return first, second


class Found(NamedTuple):
    """Share of pairs that each test finds connected."""

    pairs: int
    surrogates: float
    poisson: dict[str, float]


def scan(first: DailySeries, second: DailySeries, null: Null, seed: int) -> FollowerScan:
    return FollowerScan.of(first, second, scan_of(7), trend_days=30.0, n_surrogates=N_SURROGATES, null=null, seed=seed)


def found_in(setting: Setting, n: int) -> Found:
    surrogates, poisson = [], {window: [0] * n for window in WINDOWS}
    for number in range(n):
        first, second = pair(setting, number)
        surrogates.append(all(scan(first, second, null, number).test().p <= LEVEL for null in CLUSTERED))
        for window in WINDOWS:
            poisson[window][number] = coincidence(first, second, window=window).p_precursor["poisson"] <= LEVEL
    return Found(n, float(np.mean(surrogates)), {f"{window} d": float(np.mean(hits)) for window, hits in poisson.items()})


class Coverage(NamedTuple):
    """Share of 95% intervals that hold the truth, and the mean estimate, by entry of the branching matrix."""

    fits: int
    truth: list[list[float]]
    mean: list[list[float]]
    coverage: list[list[float]]
    overall: float


def coverage_of(n: int) -> Coverage:
    truth = np.array([[0.3, 0.1], [0.2, 0.4]])
    levels, decays, horizon = np.array([[0.12], [0.08]]), np.array([0.25, 0.25]), 1500.0
    inside, estimates = np.zeros((2, 2)), np.zeros((2, 2))
    for number in range(n):
        events = simulated(SEED, number, horizon, levels, truth, decays)
        fit = fit_hawkes(events, ("a", "b"), horizon, trend_days=365.0)
        low, high = (np.array([getattr(kind, side) for kind in fit.kinds]) for side in ("low", "high"))
        inside += (low <= truth) & (truth <= high)
        estimates += fit.branching
    share = inside / n
    return Coverage(n, truth.tolist(), (estimates / n).tolist(), share.tolist(), float(share.mean()))


def five_kinds(events: int) -> MarkedTimes:
    levels = np.full((5, 2), 0.3) * np.array([1.0, 1.6])
    return simulated(SEED, 0, events / 4.9, levels, np.eye(5) * 0.3 + 0.06, np.full(5, 0.3))


def speeds(sizes: tuple[int, ...]) -> dict[str, float]:
    fit_hawkes(five_kinds(500), tuple("abcde"), 500 / 4.9, trend_days=60.0)  # compiles
    taken = {}
    for size in sizes:
        events = five_kinds(size)
        began = time.perf_counter()
        fit_hawkes(events, tuple("abcde"), size / 4.9, trend_days=60.0)
        taken[str(len(events.times))] = time.perf_counter() - began
    return taken


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=int, default=0, help="pairs of series in all for false positives, a fifth for each power")
    parser.add_argument("--fits", type=int, default=0, help="fits for the coverage of intervals")
    parser.add_argument("--speed", action="store_true", help="seconds for five kinds, 20,000 to 400,000 events")
    parser.add_argument("--quick", action="store_true", help="the smallest size alone")
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    answer: dict[str, object] = {}
    if asked.pairs:
        answer["false_positives"] = {each.name: found_in(each, asked.pairs // len(INDEPENDENT))._asdict() for each in INDEPENDENT}
        answer["power"] = {each.name: found_in(each, max(asked.pairs // 5, 10))._asdict() for each in COUPLED}
    if asked.fits:
        answer["coverage"] = coverage_of(asked.fits)._asdict()
    if asked.speed:
        answer["seconds"] = speeds((20_000,) if asked.quick else (20_000, 100_000, 400_000))
    print(json.dumps(answer, indent=None if asked.json else 1))


if __name__ == "__main__":
    main()
