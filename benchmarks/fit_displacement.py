"""Fit our rules of displacement on folders of Flee, and test each on the rest: leave one conflict out.

    python benchmarks/fit_displacement.py CONFLICT CONFLICT CONFLICT [--processes 2]

What is minimised is the mean logarithm of the rescaled averaged relative difference of one replicate without leaked capacities,
relative to Flee's own figure (`PEER`), and a penalty for leaving neutral values (`FREE`): what the conflicts do not tell stays
where it was. Prints the parameters and figures that docs/displacement.md quotes, then what the shipped parameters give. The
folders are Flee's and are no part of this repository.
"""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Sequence
from multiprocessing import get_context
from pathlib import Path
from typing import NamedTuple

import numpy as np
from scipy.optimize import differential_evolution

from keyterrain.analysis.displacement_skill import averaged_relative_difference
from keyterrain.campaign.refugee_ensemble import play_once
from keyterrain.campaign.refugee_rules import FITTED, GoalFrame, GoalParameters, capacities_without_news, goal_frame, tuned
from keyterrain.theatre.flee_folder import FleeFolder, read_flee_folder

PEER = {"car": 0.349, "mali2012": 0.307, "syria2013": 0.277}
"""Flee's rescaled figures as measured for docs/displacement.md; 1 stands in for a folder that is not listed."""
PENALTY = 0.01
"""What it costs to leave the neutral value by one spread: one per cent of the error (assumption)."""
SEED = 1


class Free(NamedTuple):
    """A parameter that is fitted: its bounds, its neutral value and a spread about it; of its logarithm where it is a scale."""

    low: float
    high: float
    neutral: float
    spread: float
    is_log: bool = False

    def value(self, x: float) -> float:
        return float(f"{math.exp(x) if self.is_log else x:.3g}")

    def coded(self, value: float) -> float:
        return math.log(value) if self.is_log else value


FREE = {
    "distance_power": Free(0.0, 3.0, 1.0, 0.5),
    "softening": Free(0.005, 1.0, 0.1, 1.0, is_log=True),
    "sharing": Free(0.0, 1.5, 0.5, 0.25),
    "crowd_share": Free(0.003, 1.0, 0.1, 1.0, is_log=True),
}
"""Bounds, neutral values and spreads are assumptions, made before the fit: attraction falls with distance as its inverse; twice
the camps in a country bring it half as many people more again, neither none nor twice as many."""


class Known(NamedTuple):
    """A folder made ready, and its counts."""

    folder: FleeFolder
    frame: GoalFrame

    def error(self, parameters: GoalParameters) -> float:
        arrived = play_once(tuned(self.frame, parameters), SEED, 0)
        observed = self.folder.observed().astype(np.float64)
        return averaged_relative_difference(arrived.astype(np.float64), observed, rescale=True)


def known(path: Path) -> Known:
    folder = read_flee_folder(path)
    return Known(folder, goal_frame(folder, ignored=capacities_without_news(folder)))


def fit(conflicts: Sequence[Known], generations: int) -> GoalParameters:
    def parameters(x: Sequence[float]) -> GoalParameters:
        return GoalParameters(**{name: free.value(each) for (name, free), each in zip(FREE.items(), x, strict=True)})

    def loss(x: Sequence[float]) -> float:
        tried = parameters(x)
        errors = [math.log(each.error(tried) / PEER.get(each.folder.name, 1.0)) for each in conflicts]
        away = [(each - free.coded(free.neutral)) / free.spread for free, each in zip(FREE.values(), x, strict=True)]
        return float(np.mean(errors)) + PENALTY * sum(each**2 for each in away)

    bounds = [(free.coded(free.low), free.coded(free.high)) for free in FREE.values()]
    start = [free.coded(free.neutral) for free in FREE.values()]
    found = differential_evolution(
        loss, bounds, maxiter=generations, popsize=6, x0=start, rng=SEED, init="sobol", polish=False, tol=1e-4
    )
    return parameters(found.x)


def fitted_without(job: tuple[list[Path], Path | None, int]) -> str:
    """Fit on all conflicts but one, and say how right that is on each."""
    paths, left_out, generations = job
    conflicts = {path: known(path) for path in paths}
    parameters = fit([each for path, each in conflicts.items() if path != left_out], generations)
    named = {name: getattr(parameters, name) for name in FREE}
    return f"left out: {left_out.name if left_out else 'none'}; {named}; {errors(list(conflicts.values()), parameters)}\n"


def errors(conflicts: Sequence[Known], parameters: GoalParameters) -> dict[str, float]:
    return {each.folder.name: round(each.error(parameters), 3) for each in conflicts}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", type=Path, nargs="+")
    parser.add_argument("--generations", type=int, default=40)
    parser.add_argument("--processes", type=int, default=2)
    arguments = parser.parse_args()
    left_out: list[Path | None] = [None, *arguments.folders] if len(arguments.folders) > 1 else [None]
    jobs = [(arguments.folders, path, arguments.generations) for path in left_out]
    with get_context("spawn").Pool(arguments.processes) as pool:
        for line in pool.imap(fitted_without, jobs):
            sys.stdout.write(line)
            sys.stdout.flush()
    shipped = errors([known(path) for path in arguments.folders], FITTED)
    sys.stdout.write(f"shipped: { {name: getattr(FITTED, name) for name in FREE} }; {shipped}\n")


if __name__ == "__main__":
    main()
