"""What statistics of a campaign come to, and how far luck scatters them, as a smooth function of a few parameters.

Each statistic is a polynomial of second degree in the parameters' standard normal scores, fitted by least squares to campaigns
that were each played at other values. What it leaves over is luck: all that a campaign draws beside the parameters fitted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

LEAST_PER_TERM = 4
"""Campaigns that each term of the polynomial must rest on (assumption)."""


@dataclass(frozen=True, slots=True)
class Emulator:
    """Statistics as functions of parameters.

    Attributes
    ----------
    terms
        Coefficients (term, statistic).
    luck
        Covariance (statistic, statistic) of what the polynomial leaves over.
    n_defined
        Campaigns in which each statistic is defined.
    """

    terms: Floats
    luck: Floats
    n_defined: NDArray[np.int64]

    @classmethod
    def of(
        cls, scores: Floats, values: Floats, weights: Floats | None = None, recent: NDArray[np.bool_] | None = None
    ) -> Emulator:
        """Fit.

        Parameters
        ----------
        scores
            Standard normal scores (campaign, parameter).
        values
            Statistics (campaign, statistic), nan where one is undefined; such a campaign says nothing of it.
        weights
            How much each campaign counts (campaign); alike by default.
        recent
            Campaigns (campaign) whose leftovers tell the luck; all by default.

        Raises
        ------
        TooFewDefined
            A statistic is defined in too few campaigns.
        """
        there = ~np.isnan(values)
        n_terms = terms_of(scores[:1]).shape[1]
        n_defined = there.sum(axis=0)
        if (n_defined < LEAST_PER_TERM * n_terms).any():
            raise TooFewDefined(np.flatnonzero(n_defined < LEAST_PER_TERM * n_terms).tolist(), n_defined.tolist(), len(values))
        rows = terms_of(scores)
        weights = np.ones(len(values)) if weights is None else weights * (len(values) / weights.sum())
        n_statistics = values.shape[1]
        coefficients = np.empty((n_terms, n_statistics))
        for k in range(n_statistics):
            some = there[:, k]
            root = np.sqrt(weights[some])
            coefficients[:, k] = np.linalg.lstsq(rows[some] * root[:, None], values[some, k] * root, rcond=None)[0]
        leftover = values - rows @ coefficients
        kept = np.ones(len(values), dtype=bool) if recent is None else recent
        return cls(coefficients, _covariance(leftover[kept], weights[kept]), n_defined)

    def mean(self, scores: Floats) -> Floats:
        """Return what the statistics come to (point, statistic) on average."""
        return np.asarray(terms_of(scores) @ self.terms)

    def only(self, statistics: NDArray[np.int64]) -> Emulator:
        """Return some of the statistics."""
        return Emulator(self.terms[:, statistics], self.luck[np.ix_(statistics, statistics)], self.n_defined[statistics])


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


def _covariance(leftover: Floats, weights: Floats) -> Floats:
    """Return covariances from the campaigns that define both of two statistics, made free of negative variances."""
    there = ~np.isnan(leftover)
    filled = np.where(there, leftover, 0.0)
    both = (there * weights[:, None]).T.astype(float) @ there
    products = (filled * weights[:, None]).T @ filled
    covariance = products / np.maximum(both, 1.0)
    values, vectors = np.linalg.eigh(covariance)
    return np.asarray((vectors * np.maximum(values, 0.0)) @ vectors.T)
