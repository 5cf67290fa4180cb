"""Mutually exciting events fitted by maximum likelihood: who raises whom, how much, and how surely.

    lam_i(t) = mu_i(t) + sum_j eta_ij sum_{t_jk < t} beta_i exp(-beta_i (t - t_jk))

The background is linear between knots, whose number is chosen by Akaike's criterion: a trend that both share is not to be taken
for one raising the other. The branching matrix eta says how many events of kind i one event of kind j raises. Intervals are of
the profile likelihood (which knows that eta cannot be negative), for very many events of the curvature. Whether one kind raises
another at all is asked by a likelihood ratio whose distribution comes from series simulated without it; whether the model fits,
by rescaled time (Ogata 1988, doi:10.1080/01621459.1988.10478560).
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from keyterrain.campaign.point_process import MarkedTimes, log_likelihood_of_kind, rescaled_times, simulated

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

FADING_DAYS = (0.5, 60.0)
"""Shortest and longest memory that is looked for, in days (assumption; Lewis et al. 2012 find two to six weeks at most)."""
FIRST_FADING_DAYS = (2.0, 10.0)
MOST_BRANCHING = 5.0
LEAST_LEVEL = 1e-9
MOST_KNOTS = 33
DEVIANCE_95 = 3.841458820694124
"""95% point of chi-squared with one degree of freedom."""
PROFILED_EVENTS = 5000
"""Events above which intervals follow from the curvature, which is as good there and much cheaper (assumption)."""


@dataclass(frozen=True, eq=False)
class KindFit:
    """The part of a model that belongs to one kind.

    Attributes
    ----------
    levels
        Background at the knots (knot,), events per day.
    branching
        Events of this kind that one event of each kind raises (kind,).
    low, high
        95% intervals of the branching (kind,).
    fading_days
        Days until what an event raises has faded to 1/e; says nothing where nothing is raised.
    log_likelihood, akaike
        Of this kind's events.
    p_fit
        Kolmogorov-Smirnov p of the rescaled waiting times; the parameters were fitted to them, so that it is on the mild side.
    """

    levels: Floats
    branching: Floats
    low: Floats
    high: Floats
    fading_days: float
    log_likelihood: float
    akaike: float
    p_fit: float


@dataclass(frozen=True, eq=False)
class HawkesFit:
    """A fitted model.

    Attributes
    ----------
    names
        Names of the kinds.
    horizon
        Days observed.
    kinds
        Part of each kind.
    n
        Events of each kind.
    """

    names: tuple[str, ...]
    horizon: float
    kinds: tuple[KindFit, ...]
    n: tuple[int, ...]

    @property
    def branching(self) -> Floats:
        """Events of a kind (row) that one event of a kind (column) raises."""
        return np.array([kind.branching for kind in self.kinds])

    @property
    def log_likelihood(self) -> float:
        """Of all events."""
        return float(sum(kind.log_likelihood for kind in self.kinds))


def fit_hawkes(
    events: MarkedTimes,
    names: Sequence[str],
    horizon: float,
    *,
    trend_days: float,
    intervals: bool = True,
    threads: int = 2,
) -> HawkesFit:
    """Fit a mutually exciting process.

    Parameters
    ----------
    events
        Times in days from 0 to the horizon, in order; kinds from 0.
    trend_days
        Knots of the background are at least that far apart.
    """
    n_kinds = len(names)

    def of_kind(kind: int) -> KindFit:
        return _fit_kind(_Likelihood(events, kind, n_kinds, horizon), trend_days, intervals=intervals)

    with ThreadPoolExecutor(min(threads, n_kinds)) as pool:
        kinds = tuple(pool.map(of_kind, range(n_kinds)))
    n = tuple(int(count) for count in np.bincount(events.kinds, minlength=n_kinds))
    return HawkesFit(tuple(names), float(horizon), kinds, n)


@dataclass(frozen=True, eq=False)
class RatioTest:
    """Whether one kind raises another: twice the log-likelihood ratio, and its p among series simulated without it."""

    raised: int
    raising: int
    ratio: float
    p: float
    n_simulated: int


def ratio_test(
    spreads: Sequence[MarkedTimes], fit: HawkesFit, raised: int, raising: int, *, n_simulated: int, seed: int, by_day: bool = True
) -> RatioTest:
    """Ask by parametric bootstrap whether one kind raises another.

    Parameters
    ----------
    spreads
        The same events with their hours drawn several times; the ratio is the mean over them, which varies less than that of a
        simulated series and so is on the safe side. The fit is of the first.
    by_day
        Whether times were spread within days; the simulated are then rounded down and spread alike.
    """
    n_knots = len(fit.kinds[raised].levels)
    compared = [_ratio(events, fit, raised, raising, n_knots) for events in spreads]
    ratio = float(np.mean([each.ratio for each in compared]))
    levels, branching, decays = _parameters(fit, raised, compared[0].without)
    reached = 0
    for number in range(n_simulated):
        other = simulated(seed, number, fit.horizon, levels, branching, decays)
        if by_day:
            other = spread_within_days(other, seed, number)
        reached += _ratio(other, fit, raised, raising, n_knots).ratio >= ratio - 1e-9
    return RatioTest(raised, raising, ratio, (1 + reached) / (1 + n_simulated), n_simulated)


def spread_within_days(events: MarkedTimes, seed: int, number: int) -> MarkedTimes:
    """Return the events with their hours drawn anew: what is dated by the day has any order within it."""
    from keyterrain.campaign.resampling import uniforms

    times = np.floor(events.times) + uniforms(seed, "within_day", 1, len(events.times), first_row=(1 << 30) + number)[0]
    order = np.argsort(times, kind="stable")
    return MarkedTimes(times[order], events.kinds[order])


@dataclass(frozen=True, eq=False)
class _Point:
    """Parameters of one kind with their log-likelihood."""

    levels: Floats
    branching: Floats
    decay: float
    value: float


class _Compared(NamedTuple):
    """Twice the log-likelihood ratio, and the best point without the excitation in question."""

    ratio: float
    without: _Point


class _Parameters(NamedTuple):
    """What a simulation needs: levels (kind, knot), branching (kind, kind), decays (kind,)."""

    levels: Floats
    branching: Floats
    decays: Floats


def _parameters(fit: HawkesFit, replaced: int, part: _Point) -> _Parameters:
    """Return levels (kind, knot), branching and decays with one kind's replaced; knots are brought to a common number."""
    most = max(len(kind.levels) for kind in fit.kinds)
    levels, branching, decays = [], [], []
    for number, kind in enumerate(fit.kinds):
        own = part.levels if number == replaced else kind.levels
        at = np.linspace(0.0, 1.0, max(most, 2))
        levels.append(np.interp(at, np.linspace(0.0, 1.0, len(own)), own) if len(own) > 1 else np.full(len(at), own[0]))
        branching.append(part.branching if number == replaced else kind.branching)
        decays.append(part.decay if number == replaced else 1.0 / kind.fading_days)
    matrix = np.array(branching)
    radius = float(np.abs(np.linalg.eigvals(matrix)).max())
    return _Parameters(np.array(levels), matrix * min(1.0, 0.95 / max(radius, 1e-12)), np.array(decays))


def _ratio(events: MarkedTimes, fit: HawkesFit, raised: int, raising: int, n_knots: int) -> _Compared:
    likelihood = _Likelihood(events, raised, len(fit.names), fit.horizon)
    kind = fit.kinds[raised]
    start = _with_knots(_Point(kind.levels, kind.branching, 1.0 / kind.fading_days, 0.0), n_knots)
    without = likelihood.best(n_knots, fixed={raising: 0.0}, start=start)
    branching = without.branching.copy()
    branching[raising] = max(0.05, float(kind.branching[raising]))
    full = likelihood.best(n_knots, start=_Point(without.levels, branching, without.decay, 0.0))
    return _Compared(max(0.0, 2.0 * (full.value - without.value)), without)


class _Likelihood:
    """The likelihood of one kind's events as a function of a vector: levels over their mean, branching, log of the decay."""

    def __init__(self, events: MarkedTimes, kind: int, n_kinds: int, horizon: float) -> None:
        self.events = events
        self.kind = kind
        self.n_kinds = n_kinds
        self.horizon = horizon
        self.n = int(np.count_nonzero(events.kinds == kind))
        self.unit = max(self.n, 1) / horizon

    def best(self, n_knots: int, fixed: dict[int, float] | None = None, start: _Point | None = None) -> _Point:
        """Return the best point with some branching fixed, from one start or from several memories."""
        if start is not None:
            return self._climbed(self._vector(start), n_knots, fixed or {})
        first = [
            np.concatenate([np.full(n_knots, 0.7), np.full(self.n_kinds, 0.15), [-np.log(days)]]) for days in FIRST_FADING_DAYS
        ]
        return max((self._climbed(vector, n_knots, fixed or {}) for vector in first), key=lambda point: point.value)

    def _vector(self, point: _Point) -> Floats:
        return np.concatenate([point.levels / self.unit, point.branching, [np.log(point.decay)]])

    def _climbed(self, vector: Floats, n_knots: int, fixed: dict[int, float]) -> _Point:
        from scipy.optimize import Bounds, minimize

        low = np.concatenate([np.full(n_knots, LEAST_LEVEL), np.zeros(self.n_kinds), [-np.log(FADING_DAYS[1])]])
        high = np.concatenate([np.full(n_knots, np.inf), np.full(self.n_kinds, MOST_BRANCHING), [-np.log(FADING_DAYS[0])]])
        for j, value in fixed.items():
            low[n_knots + j] = high[n_knots + j] = value
        scale = 1.0 / max(self.n, 1)

        def worse(x: Floats) -> tuple[float, Floats]:
            value, slope = self.at(x, n_knots)
            return -value * scale, -slope * scale

        found = minimize(
            worse,
            np.clip(vector, low, high),
            jac=True,
            method="L-BFGS-B",
            bounds=Bounds(low, high),
            options={"maxiter": 300, "ftol": 1e-10, "gtol": 1e-6},
        )
        x = np.asarray(found.x)
        return _Point(x[:n_knots] * self.unit, x[n_knots:-1], float(np.exp(x[-1])), float(-found.fun / scale))

    def at(self, x: Floats, n_knots: int) -> tuple[float, Floats]:
        """Return the log-likelihood and its slope at a vector."""
        decay = float(np.exp(x[-1]))
        found = log_likelihood_of_kind(
            self.events, self.kind, self.horizon, np.ascontiguousarray(x[:n_knots] * self.unit),
            np.ascontiguousarray(x[n_knots:-1]), decay,
        )  # fmt: skip
        slope = found.gradient.copy()
        slope[:n_knots] *= self.unit
        slope[-1] *= decay
        return found.value, slope


def _fit_kind(likelihood: _Likelihood, trend_days: float, *, intervals: bool) -> KindFit:
    """Fit one kind, with as many knots as Akaike's criterion allows."""
    points: dict[int, _Point] = {}
    akaike: dict[int, float] = {}
    for n in _numbers_of_knots(likelihood.horizon, trend_days, likelihood.n):
        start = _with_knots(points[min(akaike, key=lambda each: akaike[each])], n) if points else None
        points[n] = likelihood.best(n, start=start)
        akaike[n] = 2.0 * (n + likelihood.n_kinds + 1 - points[n].value)
    n_knots = min(akaike, key=lambda each: akaike[each])
    best = points[n_knots]
    low, high = best.branching.copy(), best.branching.copy()
    if intervals:
        if len(likelihood.events.times) <= PROFILED_EVENTS:
            ends = [_profiled(likelihood, best, n_knots, j) for j in range(likelihood.n_kinds)]
            low, high = (np.array(side) for side in zip(*ends, strict=True))
        else:
            low, high = _by_curvature(likelihood, best, n_knots)
    rescaled = rescaled_times(
        likelihood.events, likelihood.kind, likelihood.horizon, best.levels, best.branching, best.decay
    )  # fmt: skip
    return KindFit(
        best.levels, best.branching, low, high, 1.0 / best.decay, best.value, akaike[n_knots], _exponential_p(rescaled)
    )


def _with_knots(point: _Point, n: int) -> _Point:
    """Return a point with its background read off at other knots, to start from."""
    old = point.levels
    at = np.linspace(0.0, 1.0, n)
    levels = np.interp(at, np.linspace(0.0, 1.0, len(old)), old) if len(old) > 1 else np.full(n, old[0])
    return _Point(np.maximum(levels, 1e-6), np.maximum(point.branching, 0.02), point.decay, point.value)


def _numbers_of_knots(horizon: float, trend_days: float, n: int) -> tuple[int, ...]:
    """Return numbers of knots to try: halving the distance each time, down to the trend's, with events enough for each."""
    found = [1]
    knots = 2
    while knots <= MOST_KNOTS and horizon / (knots - 1) >= 2.0 * trend_days and n >= 8 * knots:
        found.append(knots)
        knots = 2 * knots - 1
    return tuple(found)


def _profiled(likelihood: _Likelihood, best: _Point, n_knots: int, j: int) -> tuple[float, float]:
    """Return where the profile of one branching ratio falls to its 95% bound."""
    from scipy.optimize import brentq

    start = {"point": best}

    def excess(value: float) -> float:
        point = likelihood.best(n_knots, fixed={j: value}, start=start["point"])
        start["point"] = point
        return 2.0 * (best.value - point.value) - DEVIANCE_95

    estimate = float(best.branching[j])
    low = 0.0
    if estimate > 0.0 and excess(0.0) > 0.0:
        low = float(brentq(excess, 0.0, estimate, xtol=1e-3))
    start["point"] = best
    step = max(0.05, 0.5 * estimate)
    high = estimate + step
    while excess(high) < 0.0 and high < MOST_BRANCHING:
        step *= 1.6
        high += step
    if high >= MOST_BRANCHING:
        return low, MOST_BRANCHING
    return low, float(brentq(excess, estimate, high, xtol=1e-3))


def _by_curvature(likelihood: _Likelihood, best: _Point, n_knots: int) -> tuple[Floats, Floats]:
    """Return intervals from the second derivatives, over the parameters that are not at their bounds."""
    x = np.concatenate([best.levels / likelihood.unit, best.branching, [np.log(best.decay)]])
    free = x > 1e-6
    free[-1] = True
    at = np.flatnonzero(free)
    curvature = np.empty((len(at), len(at)))
    for row, i in enumerate(at):
        step = 1e-4 * max(abs(x[i]), 0.05)
        up, down = x.copy(), x.copy()
        up[i] += step
        down[i] -= step
        curvature[row] = ((likelihood.at(up, n_knots)[1] - likelihood.at(down, n_knots)[1]) / (2.0 * step))[at]
    spread = np.zeros(len(x))
    spread[at] = np.sqrt(np.maximum(np.diag(np.linalg.pinv(-0.5 * (curvature + curvature.T))), 0.0))
    of = slice(n_knots, n_knots + likelihood.n_kinds)
    half = 1.96 * spread[of]
    return np.maximum(best.branching - half, 0.0), best.branching + half


def _exponential_p(rescaled: Floats) -> float:
    """Return the p of waiting times in rescaled time being exponential with mean 1, nan where there are too few."""
    from scipy.stats import kstest

    if len(rescaled) < 5:
        return float("nan")
    return float(kstest(np.diff(rescaled, prepend=0.0), "expon").pvalue)
