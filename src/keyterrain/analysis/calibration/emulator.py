"""What statistics of a campaign come to, and how far luck scatters them, as smooth functions of a few parameters.

The mean of each statistic is a polynomial of second degree in the parameters' standard normal scores, fitted to campaigns that
were each played at other values. What it leaves over is luck: all that a campaign draws beside the parameters fitted. The
logarithm of the luck's variance is such a polynomial too (a side that hardly ever attacks has little luck with its attacks),
fitted as a gamma regression of the squared leftovers, within what the campaigns span; each is fitted in turn with the other, so
that campaigns of much luck count less for the mean. How the lucks of statistics hang together is the same everywhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

LEAST_VARIANCE = 1e-9
SPAN = (0.02, 0.98)
"""Part of the campaigns whose fitted variances bound what it can be anywhere (assumption)."""
ROUNDS = 3
"""Times that mean and variance are fitted in turn (assumption)."""
STEPS, LONGEST_STEP, SHORTEST_STEP = 25, 1.0, 1e-6
"""Steps of the regression of variances, the longest change of a coefficient in one, and that which ends them (assumption)."""
LEAST_PER_TERM = 4
"""Campaigns that each term of the polynomial must rest on (assumption)."""


@dataclass(frozen=True, slots=True)
class Emulator:
    """Statistics as functions of parameters.

    Attributes
    ----------
    terms
        Coefficients (term, statistic).
    log_variance
        Coefficients (term, statistic) of the log variance of what the polynomial leaves over.
    limits
        Least and largest log variance (2, statistic), beyond which it is cut off.
    correlation
        Correlation (statistic, statistic) of what it leaves over.
    n_defined
        Campaigns in which each statistic is defined.
    """

    terms: Floats
    log_variance: Floats
    limits: Floats
    correlation: Floats
    n_defined: NDArray[np.int64]

    @classmethod
    def of(cls, scores: Floats, values: Floats, weights: Floats | None = None) -> Emulator:
        """Fit.

        Parameters
        ----------
        scores
            Standard normal scores (campaign, parameter).
        values
            Statistics (campaign, statistic), nan where one is undefined; such a campaign says nothing of it.
        weights
            How much each campaign counts (campaign); alike by default.

        Raises
        ------
        TooFewDefined
            A statistic is defined in too few campaigns.
        """
        there = ~np.isnan(values)
        rows, n_statistics = terms_of(scores), values.shape[1]
        n_defined, n_terms = there.sum(axis=0), rows.shape[1]
        if (n_defined < LEAST_PER_TERM * n_terms).any():
            raise TooFewDefined(np.flatnonzero(n_defined < LEAST_PER_TERM * n_terms).tolist(), n_defined.tolist(), len(values))
        roots = np.ones(len(values)) if weights is None else np.sqrt(weights * (len(values) / weights.sum()))
        terms = np.empty((n_terms, n_statistics))
        log_variance, limits = np.empty((n_terms, n_statistics)), np.empty((2, n_statistics))
        leftover = np.full(values.shape, np.nan)
        for k in range(n_statistics):
            some = there[:, k]
            own, root, sd = rows[some], roots[some], np.ones(int(some.sum()))
            for _ in range(ROUNDS):
                terms[:, k] = _least_squares(own, values[some, k], root / sd)
                leftover[some, k] = values[some, k] - own @ terms[:, k]
                log_variance[:, k] = _log_variance(own, leftover[some, k] ** 2, root)
                fitted = own @ log_variance[:, k]
                limits[:, k] = np.quantile(fitted, SPAN)
                sd = np.exp(0.5 * fitted.clip(*limits[:, k]))
        scaled = leftover / np.exp(0.5 * (rows @ log_variance).clip(*limits))
        return cls(terms, log_variance, limits, _correlation(scaled, roots**2), n_defined)

    def mean(self, scores: Floats) -> Floats:
        """Return what the statistics come to (point, statistic) on average."""
        return np.asarray(terms_of(scores) @ self.terms)

    def luck(self, scores: Floats) -> Floats:
        """Return the covariance of the luck (point, statistic, statistic)."""
        sd = np.exp(0.5 * (terms_of(scores) @ self.log_variance).clip(*self.limits))
        return np.asarray(sd[:, :, None] * sd[:, None, :] * self.correlation)

    def only(self, statistics: NDArray[np.int64]) -> Emulator:
        """Return some of the statistics."""
        correlation = self.correlation[np.ix_(statistics, statistics)]
        return Emulator(
            self.terms[:, statistics],
            self.log_variance[:, statistics],
            self.limits[:, statistics],
            correlation,
            self.n_defined[statistics],
        )


class TooFewDefined(ValueError):
    """Statistics that hardly any campaign defines, by number."""

    def __init__(self, statistics: Sequence[int], n_defined: Sequence[int], n: int) -> None:
        super().__init__(f"statistics {list(statistics)} are defined in too few of {n} campaigns")
        self.statistics, self.n_defined, self.n = tuple(statistics), tuple(n_defined), n


def terms_of(scores: Floats) -> Floats:
    """Return the terms (point, term) of the polynomial: one, each score, and each product of two."""
    n = scores.shape[1]
    products = [scores[:, i] * scores[:, j] for i in range(n) for j in range(i, n)]
    return np.column_stack([np.ones(len(scores)), scores, *products])


def _least_squares(rows: Floats, values: Floats, roots: Floats) -> Floats:
    """Return coefficients by the normal equations: terms of standard normal scores are well conditioned, and this is quick."""
    weighted = (rows * roots[:, None] ** 2).T
    return np.asarray(np.linalg.solve(weighted @ rows, weighted @ values))


def _log_variance(rows: Floats, squares: Floats, roots: Floats) -> Floats:
    """Return coefficients of the log variance: a gamma regression by least squares (McCullagh and Nelder 1989, ch. 8)."""
    found = np.zeros(rows.shape[1])
    found[0] = np.log(max(float(np.average(squares, weights=roots**2)), LEAST_VARIANCE))
    weighted = (rows * roots[:, None] ** 2).T
    inverse = np.linalg.inv(weighted @ rows)
    for _ in range(STEPS):
        change = inverse @ (weighted @ (squares / np.exp(rows @ found).clip(LEAST_VARIANCE) - 1.0))
        longest = float(np.abs(change).max())
        found = found + change * min(1.0, LONGEST_STEP / max(longest, LONGEST_STEP))
        if longest < SHORTEST_STEP:
            break
    return found


def _correlation(scaled: Floats, weights: Floats) -> Floats:
    """Return correlations from the campaigns that define both of two statistics, made free of negative variances."""
    there = ~np.isnan(scaled)
    filled = np.where(there, scaled, 0.0)
    both = (there * weights[:, None]).T.astype(float) @ there
    products = ((filled * weights[:, None]).T @ filled) / np.maximum(both, 1.0)
    values, vectors = np.linalg.eigh(products)
    positive = (vectors * np.maximum(values, LEAST_VARIANCE)) @ vectors.T
    sd = np.sqrt(np.diag(positive))
    return np.asarray(positive / np.outer(sd, sd))
