"""Contagion between the places of a theatre: events that raise others near by road, by day.

    lam_p(d) = mu_p s(d) + eta sum_q K_pq x_q(d),      K_pq proportional to exp(-road km / reach), columns summing to 1

with memory x that fades by the day: the process that the campaign plays as its insurgency. Background by place, its slow course
s in common. Fitted by expectation and maximisation for each reach of a grid (Veen and Schoenberg 2008).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from keyterrain.campaign.point_process import Expectation, expectation

if TYPE_CHECKING:
    from keyterrain.theatre.nouns import Place, Route

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

REACHES_KM = (2.0, 5.0, 10.0, 20.0, 40.0, 80.0)
"""Distances over which excitation may fade to 1/e (assumption: from one village to a province)."""
MOST_STEPS = 400
"""Steps after which the search gives up (assumption: several times what fits took)."""
STILL_STEP = 1e-5
"""Change of the log-likelihood at which the steps stop."""
DEVIANCE_95 = 3.841458820694124
"""95 % quantile of chi-squared with one degree of freedom."""


@dataclass(frozen=True, eq=False)
class ContagionFit:
    """A fitted contagion.

    Attributes
    ----------
    eta, low, high
        Events that one event raises, near and far together, with the 95% interval of its profile likelihood.
    memory_days
        Days until what an event raises has faded to 1/e.
    reach_km
        Road distance over which it fades to 1/e; nan where nearness was given.
    log_likelihood, ratio
        At the best point, and twice its advantage over no contagion.
    n_events, n_places, n_days
        What it was fitted to.
    n_far
        Events left out because no place of the theatre is near.
    """

    eta: float
    low: float
    high: float
    memory_days: float
    reach_km: float
    log_likelihood: float
    ratio: float
    n_events: int
    n_places: int
    n_days: int
    n_far: int = 0


def fit_contagion(counts: Ints, road_km: Floats, *, trend_days: float, reaches: Sequence[float] = REACHES_KM) -> ContagionFit:
    """Fit contagion to counts (day, place), with road distances (place, place) in km, inf where no road leads."""
    rough = {
        reach: fit_contagion_within(counts, nearness_of(road_km, reach), trend_days=trend_days, intervals=False)
        for reach in reaches
    }
    reach = max(rough, key=lambda each: rough[each].log_likelihood)
    return replace(fit_contagion_within(counts, nearness_of(road_km, reach), trend_days=trend_days), reach_km=reach)


def fit_contagion_within(counts: Ints, nearness: Floats, *, trend_days: float, intervals: bool = True) -> ContagionFit:
    """Fit contagion to counts (day, place) with a given nearness (place raised, place raising), columns summing to 1."""
    n_days, n_places = counts.shape
    blocks = max(1, round(n_days / (2.0 * trend_days)))
    block = np.minimum(np.arange(n_days) * blocks // n_days, blocks - 1)
    state = _State(np.maximum(counts.mean(axis=0), 1e-9) * 0.7, np.ones(blocks), 0.3, float(np.exp(-1.0 / 10.0)), float("-inf"))
    best = _climbed(counts, nearness, block, state)
    without = _climbed(counts, nearness, block, replace(best, eta=0.0), fixed=True)
    low = high = best.eta
    if intervals:
        low, high = _profiled(counts, nearness, block, best, without)
    return ContagionFit(
        eta=best.eta,
        low=low,
        high=high,
        memory_days=float(-1.0 / np.log(best.fade)),
        reach_km=float("nan"),
        log_likelihood=best.value,
        ratio=max(0.0, 2.0 * (best.value - without.value)),
        n_events=int(counts.sum()),
        n_places=n_places,
        n_days=n_days,
    )


def nearness_of(road_km: Floats, reach_km: float) -> Floats:
    """Return nearness (place raised, place raising) with columns that sum to 1."""
    near = np.exp(-road_km / reach_km)
    found: Floats = near / near.sum(axis=0, keepdims=True)
    return found


def road_distances(places: Sequence[Place], routes: Sequence[Route]) -> Floats:
    """Return the shortest way in km between places (place, place), whoever may use it; inf where there is none."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import dijkstra

    at = {place.key: i for i, place in enumerate(places)}
    start, end, km = zip(*((at[route.start], at[route.end], route.km) for route in routes), strict=True)
    graph = coo_array((np.array(km), (np.array(start), np.array(end))), shape=(len(at), len(at))).tocsr()
    return np.asarray(dijkstra(graph, directed=False), dtype=np.float64)


@dataclass(frozen=True, eq=False)
class _State:
    base: Floats
    season: Floats
    eta: float
    fade: float
    value: float


def _climbed(counts: Ints, nearness: Floats, block: Ints, state: _State, *, fixed: bool = False) -> _State:
    """Return where expectation and maximisation come to rest, the branching fixed on request."""
    length = np.bincount(block).astype(np.float64)
    total = max(float(counts.sum()), 1.0)
    before = float("-inf")
    for _ in range(MOST_STEPS):
        found = expectation(counts, nearness, state.fade, state.base, state.season, block, state.eta)
        if found.log_likelihood - before < STILL_STEP * max(1.0, total / 1000.0):
            return replace(state, value=found.log_likelihood)
        before = found.log_likelihood
        state = _maximised(found, state, length, fixed=fixed)
    return replace(state, value=before)


def _maximised(found: Expectation, state: _State, length: Floats, *, fixed: bool) -> _State:
    base = np.maximum(found.own / float(length @ state.season), 1e-12)
    season = np.maximum(found.season_own / (length * base.sum()), 1e-6)
    scale = float(length @ season / length.sum())
    eta, fade = state.eta, state.fade
    if found.raised > 0.0 and found.exposure > 0.0:
        eta = eta if fixed else found.raised / found.exposure
        fade = float(np.clip(1.0 - found.raised / max(found.raised_age, 1e-12), np.exp(-2.0), np.exp(-1.0 / 60.0)))
    return _State(base * scale, season / scale, eta, fade, found.log_likelihood)


def _profiled(counts: Ints, nearness: Floats, block: Ints, best: _State, without: _State) -> tuple[float, float]:
    """Return where the profile falls to its 95% bound: by halving between a point inside and one outside."""

    def deviance(eta: float) -> float:
        return 2.0 * (best.value - _climbed(counts, nearness, block, replace(best, eta=eta), fixed=True).value) - DEVIANCE_95

    low = 0.0
    if 2.0 * (best.value - without.value) > DEVIANCE_95:
        low = _halved(deviance, best.eta, 0.0)
    outside = best.eta + 0.1
    while deviance(outside) < 0.0 and outside < 2.0:
        outside += 0.1
    return low, _halved(deviance, best.eta, outside)


def _halved(deviance: Callable[[float], float], inside: float, outside: float) -> float:
    """Return where the deviance crosses zero, to a hundredth of the distance."""
    for _ in range(7):
        middle = 0.5 * (inside + outside)
        if deviance(middle) < 0.0:
            inside = middle
        else:
            outside = middle
    return 0.5 * (inside + outside)
