"""The answer of a calibration: prior beside posterior, how near the targets are met, and where it all comes from."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from keyterrain.analysis.calibration.campaigns import values_at
from keyterrain.campaign.calibrated import FORMAT, CalibratedDraws
from keyterrain.campaign.manifest import Environment, write_atomically
from keyterrain.theatre.parameters import before_fits
from keyterrain.version import __version__

if TYPE_CHECKING:
    from keyterrain.analysis.calibration.targets import Target
    from keyterrain.analysis.calibration.waves import Fit, Recovery

Floats = NDArray[np.float64]

LEARNED = 0.2
"""Share by which the spread must have shrunk for a parameter to count as learned (PROCESSES section 11: a fifth)."""
NOT_LEARNED = "not learned"
QUANTILES = (0.05, 0.5, 0.95)
FAR = 3.0
"""A target missed by more than so many errors is one that these parameters cannot meet (Pukelsheim 1994, doi:10.2307/2684253)."""


@dataclass(frozen=True, slots=True)
class ParameterAnswer:
    """A parameter's prior beside its posterior.

    Attributes
    ----------
    prior, posterior
        5 %, 50 % and 95 % points in the parameter's own unit.
    shrinkage
        Share by which the standard deviation of the parameter's standard normal score became smaller; below zero it grew.
    shift
        Mean of that score, 0 in the prior.
    shift_error, shrinkage_error
        Standard errors of the two, from the sampling of campaigns and candidates.
    """

    parameter: str
    meaning: str
    unit: str
    prior: tuple[float, float, float]
    posterior: tuple[float, float, float]
    shrinkage: float
    shrinkage_error: float
    shift: float
    shift_error: float
    recovered: float

    @property
    def is_learned(self) -> bool:
        """Whether the spread shrank by a fifth or more."""
        return self.shrinkage >= LEARNED


@dataclass(frozen=True, slots=True)
class TargetAnswer:
    """How near a target was met: what was observed, what campaigns came to on average before and after.

    Attributes
    ----------
    prior, posterior
        Mean on the scale, brought back to the measure's own unit.
    missed_by
        Distance of the posterior's mean from the observed, in standard deviations of what one would see there: of the
        observation, of one campaign's luck where the value comes from one, and of what the posterior leaves open.
    """

    target: str
    scenarios: tuple[str, ...]
    reads: str
    scale: str
    observed: float
    error: float
    is_one: bool
    prior: float
    posterior: float
    missed_by: float
    campaign: str
    until: date | None
    source: str

    @property
    def is_far(self) -> bool:
        """Whether the parameters fitted cannot meet it."""
        return abs(self.missed_by) > FAR


@dataclass(frozen=True)
class Calibration:
    """A calibration with its provenance.

    Attributes
    ----------
    scenarios
        Fingerprint of each scenario as far as its campaigns could know it, with their starts.
    scored
        Campaigns that it may be scored on: nothing of their record, nor of the time after their start, entered.
    draws
        Values (member, parameter) of the posterior.
    """

    parameters: tuple[ParameterAnswer, ...]
    targets: tuple[TargetAnswer, ...]
    draws: tuple[tuple[float, ...], ...]
    scenarios: tuple[Mapping[str, object], ...]
    scored: tuple[str, ...]
    seed: int
    members: int
    iterations: int
    n_played: int
    effective: float
    n_truths: int
    version: str = __version__

    @property
    def fitted_on(self) -> tuple[str, ...]:
        """Campaigns whose own record was fitted."""
        return tuple(sorted({target.campaign for target in self.targets if target.campaign}))

    @property
    def until(self) -> date | None:
        """Last day of the record that entered."""
        return max((target.until for target in self.targets if target.until), default=None)

    def as_draws(self, name: str) -> CalibratedDraws:
        """Return the draws as a run takes them."""
        return CalibratedDraws(name, tuple(row.parameter for row in self.parameters), self.draws, self.fitted_on, self.until)

    def to_json(self) -> dict[str, object]:
        """Return the form that is written and that scripts read; null for what is no number."""
        return {
            "format": FORMAT,
            "version": self.version,
            "environment": {name: getattr(Environment.here(), name) for name in Environment.__slots__},
            "seed": self.seed,
            "members": self.members,
            "iterations": self.iterations,
            "campaigns_played": self.n_played,
            "effective": round(self.effective, 1),
            "scenarios": [dict(each) for each in self.scenarios],
            "fitted_on": list(self.fitted_on),
            "until": self.until.isoformat() if self.until else None,
            "scored": list(self.scored),
            "planted": self.n_truths,
            "parameters": [_parameter(row) for row in self.parameters],
            "targets": [_target(row) for row in self.targets],
            "draws": [list(values) for values in self.draws],
        }


def save_calibration(calibration: Calibration, path: Path) -> Path:
    """Write a calibration whole or not at all.

    Raises
    ------
    OSError
        The file cannot be written.
    """
    lines = json.dumps({**calibration.to_json(), "draws": None}, indent=1, allow_nan=False)
    rows = ",\n".join(f"  {json.dumps(list(values))}" for values in calibration.draws)
    text = lines.replace('"draws": null', f'"draws": [\n{rows}\n ]')
    write_atomically(path, f"{text}\n".encode())
    return path


def calibration_of(
    fitted: Fit,
    targets: Sequence[Target],
    parameters: Sequence[str],
    recovered: Recovery,
    **provenance: object,
) -> Calibration:
    """Lay a fit out as an answer."""
    return Calibration(
        parameters=tuple(_parameter_answer(k, key, fitted, recovered) for k, key in enumerate(parameters)),
        targets=_target_answers(fitted, targets),
        draws=tuple(map(tuple, values_at(parameters, fitted.members).tolist())),
        effective=fitted.effective,
        n_truths=recovered.n,
        **provenance,  # type: ignore[arg-type]
    )


def _parameter_answer(k: int, key: str, fitted: Fit, recovered: Recovery) -> ParameterAnswer:
    parameter = before_fits(key)
    own = np.quantile(fitted.members[:, k], QUANTILES)
    low, middle, high = values_at([key], own[:, None])[:, 0].tolist()
    return ParameterAnswer(
        parameter=key,
        meaning=parameter.meaning,
        unit=parameter.unit,
        prior=(parameter.ppf(0.05), parameter.ppf(0.5), parameter.ppf(0.95)),
        posterior=(low, middle, high),
        shrinkage=1.0 - float(fitted.sd[k]),
        shrinkage_error=float(fitted.sd_error[k]),
        shift=float(fitted.mean[k]),
        shift_error=float(fitted.mean_error[k]),
        recovered=float(recovered.coverage[k]),
    )


def _target_answers(fitted: Fit, targets: Sequence[Target]) -> tuple[TargetAnswer, ...]:
    by_key: dict[str, list[Target]] = {}
    for target in targets:
        by_key.setdefault(target.key, []).append(target)
    before = np.nanmean(fitted.first.values, axis=0)
    after = fitted.emulator.mean(fitted.members)
    lucks = np.einsum("pkk->pk", fitted.emulator.luck(fitted.members))
    answers = []
    for k, (key, same) in enumerate(by_key.items()):
        target = same[0]
        mean = float(after[:, k].mean())
        luck = float(lucks[:, k].mean()) if target.is_one else 0.0
        spread = math.sqrt(target.error**2 + luck + float(after[:, k].var()))
        answers.append(
            TargetAnswer(
                target=key,
                scenarios=tuple(each.scenario for each in same),
                reads=target.measurement.text,
                scale=target.scale,
                observed=target.value,
                error=target.error,
                is_one=target.is_one,
                prior=target.back(float(before[k])),
                posterior=target.back(mean),
                missed_by=(target.scaled - mean) / spread,
                campaign=target.campaign,
                until=target.until,
                source=target.source,
            )
        )
    return tuple(answers)


def _parameter(row: ParameterAnswer) -> dict[str, object]:
    names = ("low", "median", "high")
    return {
        "parameter": row.parameter,
        "meaning": row.meaning,
        "unit": row.unit,
        "prior": dict(zip(names, map(_rounded, row.prior), strict=True)),
        "posterior": dict(zip(names, map(_rounded, row.posterior), strict=True)),
        "shrinkage": round(row.shrinkage, 3),
        "shrinkage_error": round(row.shrinkage_error, 3),
        "shift": round(row.shift, 3),
        "shift_error": round(row.shift_error, 3),
        "verdict": "learned" if row.is_learned else NOT_LEARNED,
        "planted_recovered": round(row.recovered, 3),
    }


def _target(row: TargetAnswer) -> dict[str, object]:
    return {
        "target": row.target,
        "scenarios": list(row.scenarios),
        "reads": row.reads,
        "scale": row.scale,
        "observed": _rounded(row.observed),
        "error": _rounded(row.error),
        "luck": "one" if row.is_one else "many",
        "prior": _rounded(row.prior),
        "posterior": _rounded(row.posterior),
        "missed_by": round(row.missed_by, 2),
        "campaign": row.campaign or None,
        "until": row.until.isoformat() if row.until else None,
        "source": row.source,
    }


def _rounded(value: float) -> float:
    return float(f"{value:.4g}")
