"""The fit itself: in waves, each played where the one before left the parameters, what a campaign comes to is learned.

Every wave plays one campaign at each member of an ensemble, fits the emulator to all campaigns so far, and draws the next
members from the prior weighed by how well the emulator says that they give what was observed: a normal likelihood round its mean
with the luck that it left over (a synthetic likelihood, Wood 2010, doi:10.1038/nature09319), tempered so that early waves move
only part of the way. The members left by the last wave are the posterior. Nothing here knows of campaigns: the simulator may be
anything.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from keyterrain.analysis.calibration.emulator import Emulator
from keyterrain.campaign.resampling import normals, resampling_weights, uniforms

Floats = NDArray[np.float64]

CANDIDATES = 20_000
"""Points that are weighed (assumption)."""
PROPOSALS, WIDER = 4, 1.5
"""Times that points are proposed anew where the last ones were likely, and how much wider than those (assumption)."""
LEAST_EFFECTIVE = 100
"""Fewer effective candidates than this are no posterior (assumption)."""
ROUNDS = 20
"""Times that the fit is repeated on campaigns weighed anew, for its own error (assumption)."""
DRAWS = 500
"""Members of the posterior that are kept, at most (assumption: means over them are good to a twentieth)."""
PARTS = 4
"""Parts of the candidates, one of which each such repetition uses (assumption: fewer would cost little less)."""
AT_ONCE = 4000
FEWER_CANDIDATES = 2000
"""Points for a planted truth."""
INTERVAL = (0.05, 0.95)


class Observed(NamedTuple):
    """What is to be met.

    Attributes
    ----------
    values
        Statistics (statistic) as they were observed, on the scale on which they are simulated.
    errors
        Standard deviation (statistic) of the observation.
    is_one
        Whether (statistic) the value comes from one campaign, whose luck is then part of the error; else it is a mean over many.
    """

    values: Floats
    errors: Floats
    is_one: NDArray[np.bool_]


class Played(NamedTuple):
    """Campaigns as they came out: scores (campaign, parameter) and statistics (campaign, statistic), nan where undefined."""

    scores: Floats
    values: Floats


class Simulator(Protocol):
    """Plays campaigns."""

    def __call__(self, scores: Floats, wave: int) -> Played:
        """Play at members (member, parameter) of a wave; no two waves share their luck."""


@dataclass(frozen=True)
class Wave:
    """What a wave came to: effective candidates, mean and standard deviation of scores (parameter)."""

    n_campaigns: int
    effective: float
    mean: Floats
    sd: Floats


@dataclass(frozen=True)
class Fit:
    """A fit.

    Attributes
    ----------
    members
        Scores (member, parameter) of the posterior, all equally likely.
    mean, sd
        Of the posterior (parameter), by all weighed candidates.
    mean_error, sd_error
        Standard errors of the two, from repeating the fit on campaigns weighed anew and on another part of the candidates.
    effective
        Effective number of candidates under the posterior.
    emulator
        Of the last wave.
    first
        Campaigns of the first wave, played over the prior.
    """

    members: Floats
    mean: Floats
    sd: Floats
    mean_error: Floats
    sd_error: Floats
    effective: float
    emulator: Emulator
    waves: tuple[Wave, ...]
    first: Played


class NothingLeft(ValueError):
    """The observed lies so far from all that was simulated that hardly a candidate has any weight."""


def fit(
    simulate: Simulator,
    observed: Observed,
    n_parameters: int,
    *,
    members: int,
    waves: int,
    seed: int,
    candidates: int = CANDIDATES,
    say: Callable[[Wave, int], None] | None = None,
) -> Fit:
    """Fit parameters whose prior scores are standard normal and independent.

    Parameters
    ----------
    members
        Points at which each wave plays; of the posterior's members so many are kept, but at most `DRAWS`.
    candidates
        Points of the prior that are weighed.
    say
        Told of every wave, with its number.

    Raises
    ------
    TooFewDefined
        A statistic is defined in too few campaigns.
    NothingLeft
        Fewer than `LEAST_EFFECTIVE` effective candidates are left.
    """
    standard = normals(seed, "candidates", candidates, n_parameters)
    chosen = standard[:members]
    scores, values = np.empty((0, n_parameters)), np.empty((0, len(observed.values)))
    told: list[Wave] = []
    first: Played | None = None
    emulator: Emulator | None = None
    for wave in range(waves):
        played = simulate(chosen, wave)
        first = first or played
        scores = np.concatenate([scores, played.scores])
        values = np.concatenate([values, played.values])
        emulator = Emulator.of(scores, values)
        points, weights = posterior_of(emulator, observed, standard, (wave + 1) / waves)
        told.append(_wave(len(played.values), weights, points))
        if told[-1].effective < LEAST_EFFECTIVE:
            raise NothingLeft(f"{told[-1].effective:.0f} effective candidates of {candidates} are left after wave {wave + 1}")
        kept = members if wave + 1 < waves else min(members, DRAWS)
        chosen = points[systematic(weights, kept, float(uniforms(seed, "error", 1, 1, first_row=wave)[0, 0]))]
        if say is not None:
            say(told[-1], wave)
    assert emulator is not None
    assert first is not None
    mean_error, sd_error = _errors(scores, values, observed, standard, seed)
    last = told[-1]
    return Fit(chosen, last.mean, last.sd, mean_error, sd_error, last.effective, emulator, tuple(told), first)


def posterior_of(emulator: Emulator, observed: Observed, standard: Floats, temper: float = 1.0) -> tuple[Floats, Floats]:
    """Return points (point, parameter) and their weights (point): of the prior first, then round those that were likely.

    Importance sampling with proposals that learn (Cappe et al. 2004, doi:10.1198/106186004X12803): normal, round the mean of the
    weighed points and wider than they are, so that a posterior far out in the prior has many points all the same.

    Parameters
    ----------
    standard
        Standard normal points, of which every proposal is made.
    temper
        Power of the likelihood.
    """
    mean, sd = np.zeros(standard.shape[1]), np.ones(standard.shape[1])
    for proposal in range(1 + PROPOSALS):
        points = standard if proposal == 0 else mean + WIDER * sd * standard
        proposed = -0.5 * (standard**2).sum(axis=1)
        weights = weights_of(log_likelihood(emulator, observed, points) * temper - 0.5 * (points**2).sum(axis=1) - proposed)
        mean, sd = _moments(weights, points)
    return points, weights


def log_likelihood(emulator: Emulator, observed: Observed, scores: Floats) -> Floats:
    """Return the log likelihood (point) of what was observed, but for a constant.

    The error is that of the observation and, where the value comes from one campaign, its luck. The emulator's own error is left
    out: with it, points far from all that was played would be likely for no other reason.
    """
    one = np.outer(observed.is_one, observed.is_one)
    found = np.empty(len(scores))
    for begin in range(0, len(scores), AT_ONCE):
        some = scores[begin : begin + AT_ONCE]
        factor = np.linalg.cholesky(one * emulator.luck(some) + np.diag(observed.errors**2))
        away = observed.values - emulator.mean(some)
        scaled = np.linalg.solve(factor, away[..., None])[..., 0]
        found[begin : begin + AT_ONCE] = -0.5 * (scaled**2).sum(axis=1) - np.log(np.einsum("pkk->pk", factor)).sum(axis=1)
    return found


def weights_of(log_likelihood: Floats) -> Floats:
    """Return weights that sum to 1."""
    weights = np.exp(log_likelihood - log_likelihood.max())
    return np.asarray(weights / weights.sum())


def effective(weights: Floats) -> float:
    """Return how many equally weighed points say as much (Kish 1965)."""
    return float(1.0 / (weights**2).sum())


def systematic(weights: Floats, n: int, u: float) -> NDArray[np.int64]:
    """Return so many points drawn by weight with a single uniform, in order; a point of weight w comes n w times, rounded."""
    edges = np.cumsum(weights)
    return np.minimum(np.searchsorted(edges / edges[-1], (np.arange(n) + u) / n), len(weights) - 1)


def _moments(weights: Floats, points: Floats) -> tuple[Floats, Floats]:
    mean = weights @ points
    return mean, np.sqrt(weights @ (points - mean) ** 2)


def _wave(n_campaigns: int, weights: Floats, prior: Floats) -> Wave:
    mean, sd = _moments(weights, prior)
    return Wave(n_campaigns, effective(weights), mean, sd)


def _errors(scores: Floats, values: Floats, observed: Observed, standard: Floats, seed: int) -> tuple[Floats, Floats]:
    """Return standard errors of the posterior's mean and standard deviation, from campaigns and candidates together."""
    found = []
    for k, weights in enumerate(resampling_weights(seed, ROUNDS, len(scores))):
        points, of_points = posterior_of(Emulator.of(scores, values, weights), observed, standard[k % PARTS :: PARTS])
        found.append(_moments(of_points, points))
    means, sds = (np.array(each) for each in zip(*found, strict=True))
    return means.std(axis=0, ddof=1), sds.std(axis=0, ddof=1)


class Recovery(NamedTuple):
    """How often planted values were found again: truths tried, and the share (parameter) that the 90 % interval held."""

    n: int
    coverage: Floats
    n_statistics: int


def recovery(first: Played, observed: Observed, *, truths: int, seed: int, candidates: int = FEWER_CANDIDATES) -> Recovery:
    """Plant values, take what a campaign played at them came to for the observed, and see whether the interval holds them.

    The campaigns that serve as truths are left out of the emulator. What is a mean over many campaigns cannot be taken from one:
    it is the emulator's mean with the error of the observation.
    """
    emulator = Emulator.of(first.scores[truths:], first.values[truths:])
    at = range(truths)
    noise = normals(seed, "error", truths, len(observed.values), first_row=1000) * observed.errors
    points = normals(seed, "error", candidates, first.scores.shape[1], first_row=100_000)
    inside = np.zeros((truths, first.scores.shape[1]))
    for k in at:
        truth = first.scores[k]
        values = np.where(observed.is_one, first.values[k], emulator.mean(truth[None])[0]) + noise[k]
        known = np.flatnonzero(~np.isnan(values))
        seen = Observed(values[known], observed.errors[known], observed.is_one[known])
        found, weights = posterior_of(emulator.only(known), seen, points)
        for j, value in enumerate(truth):
            below = weights[found[:, j] < value].sum()
            inside[k, j] = INTERVAL[0] <= below <= INTERVAL[1]
    return Recovery(truths, inside.mean(axis=0), len(observed.values))
