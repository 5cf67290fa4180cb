"""Fit our rules of displacement on folders of Flee, and test each on the rest: leave one conflict out.

    python benchmarks/fit_displacement.py CONFLICT CONFLICT CONFLICT [--generations 16]

What is minimised is the rescaled averaged relative difference of one replicate without leaked capacities, relative to Flee's own
figure (`PEER`), summed over the conflicts that are fitted on, with more weight on what is worse than Flee. Prints the parameters
and figures that docs/displacement.md quotes. The folders are Flee's and are no part of this repository.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import Bounds, differential_evolution

from keyterrain.analysis.displacement_skill import averaged_relative_difference
from keyterrain.campaign.refugee_ensemble import CERTAIN, play_displacement
from keyterrain.campaign.refugee_rules import GoalParameters
from keyterrain.theatre.flee_folder import FleeFolder, read_flee_folder

PEER = {"car": 0.349, "mali2012": 0.307, "syria2013": 0.277}
"""Flee's rescaled figures as measured for docs/displacement.md; 1 stands in for a folder that is not listed."""
BOUNDS = {
    "distance_power": (0.2, 2.5),
    "softening": (0.02, 0.6),
    "hub_power": (0.0, 1.5),
    "sibling_power": (0.0, 2.0),
    "crowd_power": (0.0, 1.2),
    "crowd_share": (0.005, 0.3),
    "gate_power": (-0.5, 1.0),
}
WORSE_THAN, WORSE_WEIGHT = 0.97, 3.0


def error(folder: FleeFolder, values: Sequence[float]) -> float:
    parameters = GoalParameters(**dict(zip(BOUNDS, np.round(values, 4).tolist(), strict=True)))
    run = play_displacement(folder, replicates=1, seed=1, threads=1, parameters=parameters, uncertainty=CERTAIN)
    return averaged_relative_difference(run.central.astype(np.float64), folder.observed().astype(np.float64), rescale=True)


def fit(folders: Sequence[FleeFolder], generations: int) -> NDArray[np.float64]:
    def loss(values: NDArray[np.float64]) -> float:
        relative = [error(folder, values.tolist()) / PEER.get(folder.name, 1.0) for folder in folders]
        return sum(relative) + WORSE_WEIGHT * sum(max(each - WORSE_THAN, 0.0) for each in relative)

    found = differential_evolution(
        loss, Bounds(*zip(*BOUNDS.values(), strict=True)), maxiter=generations, popsize=6, seed=1, polish=False, tol=1e-3
    )
    fitted: NDArray[np.float64] = found.x
    return fitted


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", type=Path, nargs="+")
    parser.add_argument("--generations", type=int, default=16)
    arguments = parser.parse_args()
    folders = [read_flee_folder(path) for path in arguments.folders]
    for left_out in [None, *folders] if len(folders) > 1 else [None]:
        fitted = fit([folder for folder in folders if folder is not left_out], arguments.generations)
        errors = {folder.name: round(error(folder, fitted.tolist()), 3) for folder in folders}
        named = dict(zip(BOUNDS, np.round(fitted, 3).tolist(), strict=True))
        sys.stdout.write(f"left out: {left_out.name if left_out else 'none'}; {named}; {errors}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
