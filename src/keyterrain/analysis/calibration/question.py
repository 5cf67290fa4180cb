"""Calibration of scenarios: from the targets that may be used to the posterior, with everything that it rests on.

calibrate([load("qusayr-2013")], scored=[load("qalamoun-2013")], seed=1)
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from keyterrain.analysis.calibration.campaigns import Campaigns, observed_of
from keyterrain.analysis.calibration.emulator import TooFewDefined, terms_of
from keyterrain.analysis.calibration.posterior import Calibration, calibration_of
from keyterrain.analysis.calibration.targets import Target, targets_of
from keyterrain.analysis.calibration.waves import NothingLeft, fit, recovery
from keyterrain.campaign.calibrated import calibrated_parameter_faults
from keyterrain.campaign.errors import RunRefused
from keyterrain.campaign.variants import Stage

if TYPE_CHECKING:
    from keyterrain.analysis.calibration.waves import Wave
    from keyterrain.campaign.chunks import Kernels
    from keyterrain.campaign.variants import Executor
    from keyterrain.theatre.scenario import Scenario

PARAMETERS_TO_FIT = ("decision.tempo", "combat.leave_hope", "combat.loss_factor", "interdiction.attack_rate")
"""What a campaign can tell and battles of history cannot: tempo, tolerance, losses, interdiction (PROCESSES section 11)."""
DEFAULT_MEMBERS = 5000
"""Campaigns of each wave and scenario (assumption: 20,000 in all, some minutes for a theatre of sixty places)."""
DEFAULT_ITERATIONS = 4
TRUTHS = 200
LARGEST_PART_HELD_OUT = 4
"""At most one in so many members of the first wave serves as a planted truth."""


def calibrate(
    scenarios: Sequence[Scenario],
    *,
    table: Path | str | None = None,
    scored: Sequence[Scenario] = (),
    parameters: Sequence[str] = PARAMETERS_TO_FIT,
    members: int = DEFAULT_MEMBERS,
    iterations: int = DEFAULT_ITERATIONS,
    seed: int = 0,
    executor: Executor | None = None,
    kernels: Kernels | None = None,
    progress: Callable[[int, int], None] | None = None,
    say: Callable[[str], None] | None = None,
) -> Calibration:
    """Fit parameters on campaigns.

    Parameters
    ----------
    scenarios
        Whose campaigns are played, from what was known at their start.
    table
        Targets in place of those that ship.
    scored
        Campaigns that are to be forecast: nothing of their record or of the time after their start may enter.
    members, iterations
        Points of each wave, and waves; a campaign is played at each point.
    say
        Told in a sentence how each wave ended.

    Raises
    ------
    RunRefused
        A target may not be used or cannot be measured, a parameter cannot be fitted, hardly a campaign defines a target, or what
        was observed lies beyond all that was played.
    """
    if faults := calibrated_parameter_faults(parameters):
        raise RunRefused(" ".join(faults))
    targets = targets_of(scenarios, table=table, scored=scored)
    _refuse_too_few(members, len(parameters))
    stages = {scenario.name: Stage(scenario, seed=seed, executor=executor, kernels=kernels) for scenario in scenarios}
    campaigns = Campaigns(stages, targets, parameters, progress=progress)
    observed = observed_of(targets)
    told = _teller(say, parameters, iterations)
    try:
        fitted = fit(campaigns, observed, len(parameters), members=members, waves=iterations, seed=seed, say=told)
        truths = min(TRUTHS, members // LARGEST_PART_HELD_OUT)
        recovered = recovery(fitted.first, observed, truths=truths, seed=seed)
    except TooFewDefined as few:
        raise RunRefused(_few(few, campaigns.keys)) from few
    except NothingLeft as nothing:
        raise RunRefused(
            f"What was observed lies beyond what these campaigns come to: {nothing}. Is a target's error stated too small?"
        ) from nothing
    return calibration_of(
        fitted,
        targets,
        parameters,
        recovered,
        scenarios=tuple(_provenance(scenario, targets) for scenario in scenarios),
        scored=tuple(scenario.name for scenario in scored),
        seed=seed,
        members=members,
        iterations=iterations,
        n_played=campaigns.n_played,
    )


def _refuse_too_few(n: int, n_parameters: int) -> None:
    least = 10 * terms_of(np.zeros((1, n_parameters))).shape[1]
    if n < least:
        raise RunRefused(f"{n} campaigns a wave are too few for {n_parameters} parameters: at least {least}, by more --members.")


def _few(few: TooFewDefined, keys: Sequence[str]) -> str:
    said = [f"{keys[k]} is defined in {few.n_defined[k]} of {few.n} campaigns" for k in few.statistics]
    return f"Not measurable: {'; '.join(said)}. Leave the target out of the table, or play more --members."


def _teller(say: Callable[[str], None] | None, parameters: Sequence[str], iterations: int) -> Callable[[Wave, int], None] | None:
    if say is None:
        return None

    def tell(wave: Wave, number: int) -> None:
        shrunk = ", ".join(f"{key} {mean:+.2f} ± {sd:.2f}" for key, mean, sd in zip(parameters, wave.mean, wave.sd, strict=True))
        say(f"wave {number + 1} of {iterations}: {wave.n_campaigns} campaigns, standard scores {shrunk}")

    return tell


def _provenance(scenario: Scenario, targets: Sequence[Target]) -> dict[str, object]:
    """Return what a scenario's campaigns could know, by start."""
    starts = sorted({target.variant.start for target in targets if target.scenario == scenario.name and target.variant.start})
    return {
        "scenario": scenario.name,
        "campaigns": [{"start": start.isoformat(), "fingerprint": scenario.fingerprint_at(start)} for start in starts],
    }
