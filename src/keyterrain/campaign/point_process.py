"""The doorway to compiled point processes for whoever asks: plain arrays in, plain numbers out.

Analysis does not import kernels; what it fits and simulates with is offered here, as luck is in `resampling`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

ROOM_FACTOR = 2.0
LEAST_ROOM = 1000


@dataclass(frozen=True, eq=False)
class MarkedTimes:
    """Events in the order of time: when (event,), in days from 0, and of which kind (event,)."""

    times: Floats
    kinds: Ints


@dataclass(frozen=True, eq=False)
class LogLikelihood:
    """A log-likelihood with its gradient by levels, branching and decay."""

    value: float
    gradient: Floats


@dataclass(frozen=True, eq=False)
class Expectation:
    """What one expectation over days and places gives (see `dynamics.point_process.contagion_step`)."""

    log_likelihood: float
    own: Floats
    season_own: Floats
    raised: float
    raised_age: float
    exposure: float


def log_likelihood_of_kind(
    events: MarkedTimes, kind: int, horizon: float, levels: Floats, branching: Floats, decay: float
) -> LogLikelihood:
    """Return the part of the log-likelihood that belongs to one kind."""
    from keyterrain.dynamics.compile_cache import activate

    activate()
    from keyterrain.dynamics.point_process import log_likelihood

    gradient = np.empty(len(levels) + len(branching) + 1)
    value = log_likelihood(events.times, events.kinds, kind, float(horizon), levels, branching, float(decay), gradient)
    return LogLikelihood(float(value), gradient)


def rescaled_times(events: MarkedTimes, kind: int, horizon: float, levels: Floats, branching: Floats, decay: float) -> Floats:
    """Return the integral of the rate of a kind up to each of its events (event of the kind,)."""
    from keyterrain.dynamics.compile_cache import activate

    activate()
    from keyterrain.dynamics.point_process import compensators

    out = np.empty(int(np.count_nonzero(events.kinds == kind)))
    compensators(events.times, events.kinds, kind, float(horizon), levels, branching, float(decay), out)
    return out


def simulated(seed: int, replicate: int, horizon: float, levels: Floats, branching: Floats, decays: Floats) -> MarkedTimes:
    """Return a realisation, its luck at the address (seed, replicate).

    Raises
    ------
    ValueError
        The branching matrix has a spectral radius of 1 or more: the process would explode.
    """
    from keyterrain.dynamics.compile_cache import activate

    activate()
    from keyterrain.dynamics.luck import Luck
    from keyterrain.dynamics.point_process import simulate

    radius = float(np.abs(np.linalg.eigvals(branching)).max())
    if radius >= 1.0:
        raise ValueError(f"each generation is {radius:g} times as large as the last: the process explodes")
    founders = float(np.maximum(levels, 0.0).mean(axis=1).sum()) * horizon
    room = int(ROOM_FACTOR * founders / (1.0 - radius)) + LEAST_ROOM
    while True:
        times, kinds = np.empty(room), np.empty(room, dtype=np.int64)
        n = int(simulate(Luck(np.uint64(seed), np.uint64(replicate)), float(horizon), levels, branching, decays, times, kinds))
        if n >= 0:
            order = np.argsort(times[:n], kind="stable")
            return MarkedTimes(times[:n][order], kinds[:n][order])
        room *= 2


def expectation(
    counts: Ints, nearness: Floats, fade: float, base: Floats, season: Floats, block: Ints, eta: float
) -> Expectation:
    """Return one expectation over days and places."""
    from keyterrain.dynamics.compile_cache import activate

    activate()
    from keyterrain.dynamics.point_process import contagion_step

    own, season_own, ages = np.empty(len(base)), np.empty(len(season)), np.empty(3)
    value = contagion_step(counts, nearness, float(fade), base, season, block, float(eta), own, season_own, ages)
    return Expectation(float(value), own, season_own, float(ages[0]), float(ages[1]), float(ages[2]))
