"""The combat law: what battles of history say about the parameters of combat, with standard errors, as the table that ships.

    law = fit_law(read_cdb90(Path("cdb90")))
    write_law(law, Path("combat_law.csv"))

Who wins is fitted to battles of all eras (few armies fought often enough in one), the rest to those since 1900 with both sides
below 50,000. A parameter's range is its estimate and 1.645 standard errors either way on its scale: its 5 % and 95 % points.
"""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from statistics import NormalDist
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from keyterrain.analysis.battles.losses import (
    ending_chance,
    fit_losses,
    fortified_lengthening,
    of_known_length,
    relief_on_advance,
    that_advanced,
    with_losses,
)
from keyterrain.analysis.battles.outcome import OutcomeLaw, fit_outcome, ratio_design
from keyterrain.analysis.battles.records import FORTIFIED, Battle, BattleRecord
from keyterrain.analysis.battles.regression import jackknifed

Floats = NDArray[np.float64]
Scale = Literal["normal", "log", "logit"]

SCALES: dict[str, Scale] = {"normal": "normal", "log": "log", "logit": "logit"}
Z95 = NormalDist().inv_cdf(0.95)
LEAST_BATTLES, LEAST_WARS = 30, 3
"""Below these nothing is fitted (assumption: eleven loss parameters and a level for each war)."""
SHIPPED = "combat_law.csv"
ALL, MODERN = "all eras", "since 1900, both sides below 50,000"
DIGITS = 4

LOSS_SCALES: dict[str, Scale] = {
    "attacker_loss_winning": "log",
    "attacker_loss_losing": "log",
    "defender_loss_losing": "log",
    "defender_loss_winning": "log",
    "attacker_elasticity": "normal",
    "defender_elasticity": "normal",
    "attacker_loss_relief": "log",
    "defender_loss_relief": "log",
    "attacker_loss_sd": "log",
    "defender_loss_sd": "log",
    "loss_correlation": "normal",
}
"""Parameters in the order of `losses.LossLaw`."""
FITTED_AS_LOGS = ("attacker_loss_sd", "defender_loss_sd")
"""Spreads, which the loss law gives as they are and which are drawn on a log scale."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """What battles say about one parameter.

    Attributes
    ----------
    standard_error
        On the parameter's scale: of its logarithm for `log`, of its logit for `logit`.
    low, high
        5 % and 95 % points.
    sample, n, n_wars
        Battles it is fitted to, their number and that of their wars.
    """

    parameter: str
    estimate: float
    standard_error: float
    low: float
    high: float
    scale: Scale
    sample: str
    n: int
    n_wars: int

    def errors_from(self, value: float) -> float:
        """Return how many standard errors a value lies from the estimate, on the parameter's scale."""
        return (_stretched(value, self.scale) - _stretched(self.estimate, self.scale)) / self.standard_error


@dataclass(frozen=True, slots=True)
class CombatLaw:
    """Estimates of the parameters of combat, and the two laws of who wins."""

    source: str
    n_read: int
    estimates: tuple[Estimate, ...]
    outcome: OutcomeLaw | None = None

    def of(self, parameter: str) -> Estimate:
        """Return the estimate of a parameter."""
        return next(each for each in self.estimates if each.parameter == parameter)


class TooFewBattles(ValueError):
    """A record too small, or too much alike, to fit a law to."""


def fit_law(record: BattleRecord) -> CombatLaw:
    """Fit the combat law to a record of battles.

    Raises
    ------
    TooFewBattles
        The record has too few battles or wars, or all of them ended alike.
    """
    modern = record.modern
    counted = {
        "battles that can be fitted to": record.battles,
        "of them since 1900 and below 50,000 a side": modern,
        "with losses and length known": with_losses(modern),
        "in which a winner advanced": that_advanced(modern),
    }
    for said, battles in counted.items():
        wars = len({battle.war for battle in battles})
        if len(battles) < LEAST_BATTLES or wars < LEAST_WARS:
            raise TooFewBattles(
                f"{record.source}: {len(battles)} battles of {wars} wars ({said}); "
                f"a law needs {LEAST_BATTLES} of {LEAST_WARS} wars at least."
            )
    try:
        outcome = fit_outcome(record.battles, ratio_design(record.battles), with_quality=True)
        recent = fit_outcome(modern, ratio_design(modern), with_quality=True)
        estimates = (
            *_of_outcome(record.battles, modern, outcome, recent),
            *_of_losses(modern),
            *_of_pace(record.battles, modern),
        )
    except ValueError as error:  # nobody lost, all lengths are one day: a logarithm of nothing
        raise TooFewBattles(f"{record.source}: {error}.") from error
    return CombatLaw(record.source, record.n_read, estimates, outcome)


def _of_outcome(
    battles: Sequence[Battle], modern: Sequence[Battle], outcome: OutcomeLaw, recent: OutcomeLaw
) -> tuple[Estimate, ...]:
    first, second = outcome.coefficients, outcome.coefficient_errors
    return (
        _estimate("intercept", first[0], second[0], "normal", ALL, battles),
        _estimate("slope", first[1], second[1], "normal", ALL, battles),
        _estimate("quality_sd", math.log(recent.quality_sd), recent.quality_sd_log_error, "log", MODERN, modern),
    )


def _of_losses(modern: Sequence[Battle]) -> tuple[Estimate, ...]:
    battles = with_losses(modern)
    found = jackknifed(battles, _losses_on_scales)
    return tuple(
        _estimate(name, value, error, scale, MODERN, battles)
        for (name, scale), value, error in zip(LOSS_SCALES.items(), *found, strict=True)
    )


def _losses_on_scales(battles: Sequence[Battle]) -> Floats:
    fitted = fit_losses(battles)
    return np.array([math.log(each) if name in FITTED_AS_LOGS else each for name, each in zip(LOSS_SCALES, fitted, strict=True)])


def _of_pace(battles: Sequence[Battle], modern: Sequence[Battle]) -> tuple[Estimate, ...]:
    """Return the chances that a battle ends on a day, and what rugged ground does to advance.

    Small modern battles are too few to show what works do to length: their factor is that of all eras, within wars.
    """
    hasty = [battle for battle in of_known_length(modern) if battle.posture != FORTIFIED]
    known, advanced = of_known_length(battles), that_advanced(modern)
    ends = jackknifed(hasty, lambda some: np.array([_logit(ending_chance(some))]))
    longer = jackknifed(known, lambda some: np.array([fortified_lengthening(some)]))
    pace = jackknifed(advanced, lambda some: np.array([relief_on_advance(some)]))
    chance = ending_chance(hasty)
    fortified = chance * math.exp(-longer.values[0])
    # d logit(p) = d ln p / (1 - p); the two samples are taken to err independently
    error = math.hypot(ends.errors[0] * (1.0 - chance), longer.errors[0]) / (1.0 - fortified)
    return (
        _estimate("phase_end", ends.values[0], ends.errors[0], "logit", MODERN, hasty),
        _estimate("phase_end_fortified", _logit(fortified), error, "logit", f"{MODERN}; works: {ALL}", known),
        _estimate("tempo_relief", pace.values[0], pace.errors[0], "log", MODERN, advanced),
    )


def _estimate(name: str, middle: float, error: float, scale: Scale, sample: str, battles: Sequence[Battle]) -> Estimate:
    value, low, high = (round(_unstretched(each, scale), DIGITS) for each in (middle, middle - Z95 * error, middle + Z95 * error))
    wars = len({battle.war for battle in battles})
    return Estimate(f"combat.{name}", value, round(float(error), DIGITS), low, high, scale, sample, len(battles), wars)


def _logit(p: float) -> float:
    return math.log(p / (1.0 - p)) if p < 1.0 else math.inf


def _stretched(value: float, scale: Scale) -> float:
    into: dict[Scale, Callable[[float], float]] = {"normal": float, "log": math.log, "logit": _logit}
    return into[scale](value)


def _unstretched(value: float, scale: Scale) -> float:
    back: dict[Scale, Callable[[float], float]] = {
        "normal": float,
        "log": math.exp,
        "logit": lambda x: 1.0 / (1.0 + math.exp(-x)),
    }
    return back[scale](value)


COLUMNS = ("parameter", "estimate", "standard_error", "low", "high", "scale", "sample", "n", "n_wars")


def law_as_csv(law: CombatLaw) -> str:
    """Return the table of estimates as text."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows([getattr(each, column) for column in COLUMNS] for each in law.estimates)
    return text.getvalue()


def write_law(law: CombatLaw, path: Path) -> None:
    """Write the table of estimates.

    Raises
    ------
    OSError
        The file cannot be written.
    """
    path.write_text(law_as_csv(law), encoding="utf-8")


def shipped_law() -> CombatLaw:
    """Return the estimates that ship with the package."""
    text = resources.files("keyterrain.analysis.battles").joinpath(SHIPPED).read_text(encoding="utf-8")
    estimates = tuple(
        Estimate(
            parameter=row["parameter"],
            estimate=float(row["estimate"]),
            standard_error=float(row["standard_error"]),
            low=float(row["low"]),
            high=float(row["high"]),
            scale=SCALES[row["scale"]],
            sample=row["sample"],
            n=int(row["n"]),
            n_wars=int(row["n_wars"]),
        )
        for row in csv.DictReader(text.splitlines())
    )
    return CombatLaw("cdb90", 660, estimates)
