"""Fit our rules of displacement on folders of Flee, and test each on the rest: leave one conflict out.

    python benchmarks/fit_displacement.py CONFLICT CONFLICT CONFLICT [--free all] [--processes 2]

What is minimised is the mean logarithm of the rescaled averaged relative difference of one replicate without leaked capacities,
relative to Flee's own figure (`PEER`), and a penalty for leaving neutral values (`FREE`): what the conflicts do not tell stays
where it was. By default two parameters are fitted; `--free all` frees those as well that are shipped at their neutral values, to
see whether the conflicts would have them there. Prints the parameters and figures that docs/displacement.md quotes, then what the
shipped parameters give, and last the spread of the errors of conflicts left out, which the ensemble draws (`Uncertainty`). The
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
from numpy.typing import NDArray
from scipy.optimize import Bounds, differential_evolution

from keyterrain.analysis.displacement_skill import averaged_relative_difference, rescaled_to
from keyterrain.campaign.refugee_ensemble import play_once
from keyterrain.campaign.refugee_rules import FITTED, GoalFrame, GoalParameters, capacities_without_news, goal_frame, tuned
from keyterrain.theatre.flee_folder import FleeFolder, read_flee_folder

PEER = {"car": 0.349, "mali2012": 0.307, "syria2013": 0.277}
"""Flee's rescaled figures as measured for docs/displacement.md; 1 stands in for a folder that is not listed."""
PENALTY = 0.01
"""What it costs to leave the neutral value by one spread: one per cent of the error (assumption)."""
SEED = 1
LEAST_RISE = 0.001
"""Share of all displaced below which a camp's rise is not told from none, for the spread of errors (assumption)."""


class Free(NamedTuple):
    """A parameter that is fitted: its bounds, its neutral value and a spread about it; of its logarithm where it is a scale."""

    low: float
    high: float
    neutral: float
    spread: float
    is_log: bool = False

    def value(self, x: float) -> float:
        """Return what a coded value stands for, to three digits."""
        return float(f"{math.exp(x) if self.is_log else x:.3g}")

    def coded(self, value: float) -> float:
        """Return the logarithm of a scale, others as they are."""
        return math.log(value) if self.is_log else value


FITTED_ONES = {
    "softening": Free(0.005, 1.0, 0.1, 1.0, is_log=True),
    "crowd_share": Free(0.003, 3.0, 0.3, 1.0, is_log=True),
}
NEUTRAL_ONES = {
    "distance_power": Free(0.0, 3.0, 1.0, 0.5),
    "sharing": Free(0.0, 1.5, 0.5, 0.25),
    "crowd_power": Free(0.0, 2.0, 1.0, 0.25),
    "site_power": Free(-0.5, 1.5, 1.0, 0.5),
    "people_power": Free(0.0, 1.2, 0.5, 0.25),
}
"""Parameters, with bounds and spreads (assumptions) and neutral values (decision 0036)."""
FREE = {"fitted": FITTED_ONES, "all": FITTED_ONES | NEUTRAL_ONES}


class Known(NamedTuple):
    """A folder made ready, and its counts."""

    folder: FleeFolder
    frame: GoalFrame

    def arrived(self, parameters: GoalParameters) -> NDArray[np.float64]:
        """Return one replicate, by (day, camp)."""
        return play_once(tuned(self.frame, parameters), SEED, 0).astype(np.float64)

    def observed(self) -> NDArray[np.float64]:
        """Return what was counted, by (day, camp)."""
        return self.folder.observed().astype(np.float64)

    def error(self, parameters: GoalParameters) -> float:
        """Return Flee's rescaled measure of one replicate."""
        return averaged_relative_difference(self.arrived(parameters), self.observed(), rescale=True)

    def missed_rises(self, parameters: GoalParameters) -> list[list[float]]:
        """Return by country, for each camp with a way to it, the logarithm of its rise observed over that forecast."""
        observed = self.observed()
        forecast = rescaled_to(self.arrived(parameters), observed.sum(axis=1))
        least = LEAST_RISE * observed[-1].sum()
        rises = [np.maximum(each[-1] - observed[0], least) for each in (observed, forecast)]
        reached = self.frame.ready.network.candidate_goal[(self.frame.ready.network.candidate_leg >= 0).any(axis=0)]
        missed: dict[str, list[float]] = {}
        for k, camp in enumerate(self.folder.camps):
            if camp in reached:
                missed.setdefault(self.folder.places[camp].country, []).append(float(np.log(rises[0][k] / rises[1][k])))
        return list(missed.values())


def known(path: Path) -> Known:
    folder = read_flee_folder(path)
    return Known(folder, goal_frame(folder, ignored=capacities_without_news(folder)))


def fit(conflicts: Sequence[Known], frees: dict[str, Free], generations: int) -> GoalParameters:
    def parameters(x: NDArray[np.float64]) -> GoalParameters:
        return GoalParameters(**{name: free.value(each) for (name, free), each in zip(frees.items(), x, strict=True)})

    def loss(x: NDArray[np.float64]) -> float:
        tried = parameters(x)
        errors = [math.log(each.error(tried) / PEER.get(each.folder.name, 1.0)) for each in conflicts]
        away = [(each - free.coded(free.neutral)) / free.spread for free, each in zip(frees.values(), x, strict=True)]
        return float(np.mean(errors) + PENALTY * np.square(away).sum())

    bounds = Bounds([free.coded(free.low) for free in frees.values()], [free.coded(free.high) for free in frees.values()])
    start = [free.coded(free.neutral) for free in frees.values()]
    found = differential_evolution(
        loss, bounds, maxiter=generations, popsize=6, x0=start, rng=SEED, init="sobol", polish=False, tol=1e-3
    )
    return parameters(found.x)


class Job(NamedTuple):
    """One fit: on all of the folders but one, of which parameters."""

    folders: tuple[Path, ...]
    left_out: Path | None
    free: str
    generations: int


def fitted_without(job: Job) -> tuple[str, list[list[float]]]:
    """Fit on all conflicts but one; say how right that is on each, and by how much the one left out is missed."""
    conflicts = {path: known(path) for path in job.folders}
    parameters = fit([each for path, each in conflicts.items() if path != job.left_out], FREE[job.free], job.generations)
    named = {name: getattr(parameters, name) for name in FREE[job.free]}
    line = f"left out: {job.left_out.name if job.left_out else 'none'}; {named}; {errors(list(conflicts.values()), parameters)}\n"
    return line, conflicts[job.left_out].missed_rises(parameters) if job.left_out else []


def spreads(missed: Sequence[list[list[float]]]) -> tuple[float, float]:
    """Divide errors, by conflict and country, into the standard deviation among camps of a country and that among countries."""
    countries = [each for conflict in missed for each in conflict]
    n_free = sum(len(each) - 1 for each in countries)
    among_camps = sum(float(np.var(each)) * len(each) for each in countries) / max(n_free, 1)
    beyond = [
        float(np.var([np.mean(each) for each in conflict], ddof=1))
        - among_camps * float(np.mean([1 / len(each) for each in conflict]))
        for conflict in missed
        if len(conflict) > 1
    ]
    return math.sqrt(among_camps), math.sqrt(max(float(np.mean(beyond or [0.0])), 0.0))


def errors(conflicts: Sequence[Known], parameters: GoalParameters) -> dict[str, float]:
    return {each.folder.name: round(each.error(parameters), 3) for each in conflicts}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", type=Path, nargs="+")
    parser.add_argument("--free", choices=FREE, default="fitted")
    parser.add_argument("--generations", type=int, default=40)
    parser.add_argument("--processes", type=int, default=2)
    arguments = parser.parse_args()
    left_out: list[Path | None] = [None, *arguments.folders] if len(arguments.folders) > 1 else [None]
    jobs = [Job(tuple(arguments.folders), path, arguments.free, arguments.generations) for path in left_out]
    with get_context("spawn").Pool(arguments.processes) as pool:
        missed = []
        for line, each in pool.imap(fitted_without, jobs):
            sys.stdout.write(line)
            sys.stdout.flush()
            missed.append(each)
    shipped = errors([known(path) for path in arguments.folders], FITTED)
    sys.stdout.write(f"shipped: { {name: getattr(FITTED, name) for name in FREE[arguments.free]} }; {shipped}\n")
    camps, countries = spreads([each for each in missed if each])
    sys.stdout.write(
        f"errors of conflicts left out: standard deviation {camps:.2f} among camps, {countries:.2f} among countries\n"
    )


if __name__ == "__main__":
    main()
