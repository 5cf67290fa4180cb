"""Who wins: a logistic law of the log force ratio, with a quality of its own for each army that fought.

    logit P(win) = b0 + b1 ln R + mean quality of the attackers - mean quality of the defenders,  quality ~ Normal(0, sd)

Qualities are integrated out by Laplace's approximation (Tierney and Kadane 1986, doi:10.1080/01621459.1986.10478240);
standard errors are from its curvature, that of the spread on the log scale.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from keyterrain.analysis.battles.records import Battle

Floats = NDArray[np.float64]

STEP = 1e-2
"""Of the differences that the curvature of the likelihood is taken by."""
SMALLEST_SD, LARGEST_SD = 0.02, 5.0
NEWTON_ROUNDS, NEWTON_TOLERANCE = 60, 1e-10


@dataclass(frozen=True, slots=True)
class OutcomeLaw:
    """The fitted law of who wins.

    Attributes
    ----------
    coefficients, coefficient_errors
        Of the columns of the design, intercept first, with standard errors.
    quality_sd
        Spread of the armies' quality in logits; 0 where none was fitted.
    quality_sd_log_error
        Standard error of its logarithm, nan where the fit is at its edge.
    armies, qualities
        Names of the armies and the likeliest quality (army) of each.
    log_likelihood
        Of the fit, qualities integrated out.
    """

    coefficients: Floats
    coefficient_errors: Floats
    quality_sd: float
    quality_sd_log_error: float
    armies: tuple[str, ...]
    qualities: Floats
    log_likelihood: float

    def chances(self, design: Floats, battles: Sequence[Battle]) -> Floats:
        """Return the attacker's chance to win each battle (battle); an army not in the fit is of mean quality.

        The chance at the likeliest quality of those that were in the fit and at the mean over the unknown rest: the logit shrinks
        by `sqrt(1 + pi v / 8)`, v its variance (MacKay 1992, doi:10.1162/neco.1992.4.5.720).
        """
        known = dict(zip(self.armies, self.qualities, strict=True))
        quality, unknown = np.zeros(len(battles)), np.zeros(len(battles))
        for row, battle in enumerate(battles):
            for sign, armies in ((1.0, battle.attacking), (-1.0, battle.defending)):
                for army in armies:
                    quality[row] += sign * known.get(army, 0.0) / len(armies)
                    unknown[row] += 0.0 if army in known else (self.quality_sd / len(armies)) ** 2
        logits = (design @ self.coefficients + quality) / np.sqrt(1.0 + math.pi * unknown / 8.0)
        return np.asarray(1.0 / (1.0 + np.exp(-logits)), np.float64)


def log_ratios(battles: Sequence[Battle]) -> Floats:
    """Return the log of attackers over defenders (battle)."""
    return np.array([math.log(battle.attackers / battle.defenders) for battle in battles])


def wins(battles: Sequence[Battle]) -> Floats:
    """Return 1 where the attacker won and 0 where not (battle)."""
    return np.array([1.0 if battle.won else 0.0 for battle in battles])


def ratio_design(battles: Sequence[Battle]) -> Floats:
    """Return a column of ones and the log force ratio (battle, 2)."""
    return np.column_stack([np.ones(len(battles)), log_ratios(battles)])


def fit_outcome(battles: Sequence[Battle], design: Floats, *, with_quality: bool) -> OutcomeLaw:
    """Fit who wins to a design (battle, column), with a random quality of each army or without.

    Raises
    ------
    ValueError
        All battles ended alike, so that nothing can be fitted.
    """
    from scipy.optimize import minimize

    won = wins(battles)
    if won.min() == won.max():
        raise ValueError(f"all of {len(battles)} battles ended alike: there is nothing to fit")
    armies, membership = _memberships(battles) if with_quality else ((), np.zeros((len(battles), 0)))
    n = design.shape[1]

    likeliest = np.zeros(len(armies))

    def loss(theta: Floats) -> float:
        nonlocal likeliest
        mode = _laplace(theta, design, membership, won, likeliest)
        likeliest = mode.standard
        return -mode.log_likelihood

    begin = np.zeros(n + (1 if armies else 0))
    least, most = math.log(SMALLEST_SD), math.log(LARGEST_SD)
    limits: list[tuple[float | None, float | None]] = [(None, None)] * n + ([(least, most)] if armies else [])
    found = minimize(loss, begin, method="L-BFGS-B", bounds=limits, options={"ftol": 1e-12, "gtol": 1e-7})
    inside = bool(armies) and least + 0.05 < found.x[-1] < most - 0.05
    n_free = n + (1 if inside else 0)
    errors = _standard_errors(lambda free: loss(np.concatenate([free, found.x[n_free:]])), found.x[:n_free])
    mode = _laplace(found.x, design, membership, won, likeliest)
    return OutcomeLaw(
        coefficients=found.x[:n],
        coefficient_errors=errors[:n],
        quality_sd=math.exp(found.x[n]) if armies else 0.0,
        quality_sd_log_error=float(errors[n]) if inside else math.nan,
        armies=armies,
        qualities=mode.qualities,
        log_likelihood=mode.log_likelihood,
    )


def _memberships(battles: Sequence[Battle]) -> tuple[tuple[str, ...], Floats]:
    """Return the armies, and what each counts for in each battle (battle, army): shares of its side, less for defenders."""
    armies = tuple(sorted({army for battle in battles for army in (*battle.attacking, *battle.defending)}))
    column = {army: each for each, army in enumerate(armies)}
    counts = np.zeros((len(battles), len(armies)))
    for row, battle in enumerate(battles):
        for sign, side in ((1.0, battle.attacking), (-1.0, battle.defending)):
            for army in side:
                counts[row, column[army]] += sign / len(side)
    return armies, counts


@dataclass(frozen=True, slots=True)
class _Mode:
    log_likelihood: float
    qualities: Floats
    standard: Floats
    """The qualities in units of their spread."""


def _laplace(theta: Floats, design: Floats, membership: Floats, won: Floats, begin: Floats) -> _Mode:
    """Return the log likelihood with qualities integrated out, and the likeliest qualities, found by Newton's steps."""
    n = design.shape[1]
    fixed = design @ theta[:n]
    n_armies = membership.shape[1]
    if not n_armies:
        return _Mode(float(won @ fixed - np.logaddexp(0.0, fixed).sum()), begin, begin)
    sd = math.exp(theta[n])
    scaled = membership * sd
    z = begin
    curvature = np.eye(n_armies)
    for _ in range(NEWTON_ROUNDS):
        p = 1.0 / (1.0 + np.exp(-(fixed + scaled @ z)))
        curvature = np.eye(n_armies) + (scaled * (p * (1.0 - p))[:, None]).T @ scaled
        step = np.linalg.solve(curvature, scaled.T @ (won - p) - z)
        z = z + step
        if np.abs(step).max() < NEWTON_TOLERANCE:
            break
    logits = fixed + scaled @ z
    joint = float(won @ logits - np.logaddexp(0.0, logits).sum() - 0.5 * z @ z)
    return _Mode(joint - 0.5 * float(np.linalg.slogdet(curvature)[1]), z * sd, z)


def _standard_errors(loss: Callable[[Floats], float], at: Floats) -> Floats:
    """Return standard errors from the curvature of a loss, by central differences."""
    n = len(at)
    hessian = np.zeros((n, n))
    steps = np.eye(n) * STEP
    for i in range(n):
        for j in range(i, n):
            corners = [loss(at + a * steps[i] + b * steps[j]) for a, b in ((1, 1), (1, -1), (-1, 1), (-1, -1))]
            hessian[i, j] = hessian[j, i] = (corners[0] - corners[1] - corners[2] + corners[3]) / (4.0 * STEP**2)
    variances = np.diag(np.linalg.pinv(hessian))
    return np.asarray(np.sqrt(np.where(variances > 0.0, variances, np.nan)), np.float64)
