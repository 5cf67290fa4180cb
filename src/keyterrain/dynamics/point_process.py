"""Mutually exciting events (Hawkes 1971, doi:10.1093/biomet/58.1.83): their likelihood, their simulation and their residuals.

    lam_i(t) = mu_i(t) + sum_j eta_ij sum_{t_jk < t} beta_i exp(-beta_i (t - t_jk))

eta_ij: events of kind i that one event of kind j raises; 1 / beta_i: days until that fades to 1/e. The background mu_i is linear
between equally spaced knots. The likelihood is recursive (Ozaki 1979, doi:10.1007/BF02480272): one pass over the events, so its
cost grows with their number. Kinds have decays of their own, so that the likelihood falls into one part per kind.

    by day and place:  lam_p(d) = mu_p s(d) + eta sum_q K_pq x_q(d);   x_q(d + 1) = e^-beta x_q(d) + (1 - e^-beta) y_q(d)

is the process of `insurgency.py`, where the columns of K sum to 1. It is fitted by expectation and maximisation (Veen and
Schoenberg 2008, doi:10.1198/016214508000000148), whose steps have closed forms and never leave what is possible.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from keyterrain.dynamics.kernel import kernel
from keyterrain.dynamics.luck import Luck, poisson, uniforms

LEAST_RATE = 1e-300
EXCITATION = 110
"""Number of this process in streams of luck."""
ROOT_DRAW, CHILD_DRAW, DELAY_DRAW = 0, 1, 2


@kernel
def background(levels: NDArray[np.float64], horizon: float, t: float) -> float:
    """Background at a time: linear between knots, constant where there is one."""
    n = levels.shape[0]
    if n == 1:
        return float(levels[0])
    x = t / horizon * (n - 1)
    cell = min(int(x), n - 2)
    share = x - cell
    return float(levels[cell] * (1.0 - share) + levels[cell + 1] * share)


@kernel
def log_likelihood(
    times: NDArray[np.float64],
    kinds: NDArray[np.int64],
    target: int,
    horizon: float,
    levels: NDArray[np.float64],
    branching: NDArray[np.float64],
    decay: float,
    gradient: NDArray[np.float64],
) -> float:
    """Log-likelihood of the events of one kind, with its gradient by levels, branching and decay in that order.

    Events at one and the same time do not raise each other: their order is not known.
    """
    n_levels, n_kinds = levels.shape[0], branching.shape[0]
    gradient[:] = 0.0
    near = np.zeros(n_kinds)  # sum of exp(-decay age)
    aged = np.zeros(n_kinds)  # sum of age exp(-decay age)
    waiting = np.zeros(n_kinds)
    total = 0.0
    last = 0.0
    for k in range(times.shape[0]):
        gap = times[k] - last
        if gap > 0.0:
            fade = math.exp(-decay * gap)
            for j in range(n_kinds):
                near[j] += waiting[j]
                waiting[j] = 0.0
                aged[j] = fade * (aged[j] + gap * near[j])
                near[j] *= fade
            last = times[k]
        if kinds[k] == target:
            cell, share = 0, 0.0
            rate = levels[0]
            if n_levels > 1:
                x = times[k] / horizon * (n_levels - 1)
                cell = min(int(x), n_levels - 2)
                share = x - cell
                rate = levels[cell] * (1.0 - share) + levels[cell + 1] * share
            by_decay = 0.0
            for j in range(n_kinds):
                rate += branching[j] * decay * near[j]
                by_decay += branching[j] * (near[j] - decay * aged[j])
            rate = max(rate, LEAST_RATE)
            total += math.log(rate)
            gradient[cell] += (1.0 - share) / rate
            if n_levels > 1:
                gradient[cell + 1] += share / rate
            for j in range(n_kinds):
                gradient[n_levels + j] += decay * near[j] / rate
            gradient[n_levels + n_kinds] += by_decay / rate
        waiting[kinds[k]] += 1.0
    step = horizon / max(n_levels - 1, 1)
    for i in range(n_levels):
        weight = step if n_levels == 1 or 0 < i < n_levels - 1 else 0.5 * step
        total -= levels[i] * weight
        gradient[i] -= weight
    for k in range(times.shape[0]):
        left = horizon - times[k]
        remains = math.exp(-decay * left)
        j = kinds[k]
        total -= branching[j] * (1.0 - remains)
        gradient[n_levels + j] -= 1.0 - remains
        gradient[n_levels + n_kinds] -= branching[j] * left * remains
    return total


@kernel
def compensators(
    times: NDArray[np.float64],
    kinds: NDArray[np.int64],
    target: int,
    horizon: float,
    levels: NDArray[np.float64],
    branching: NDArray[np.float64],
    decay: float,
    out: NDArray[np.float64],
) -> None:
    """Integral of the rate of a kind up to each of its events (Ogata 1988): rescaled times, of rate 1 if the model holds."""
    n_levels, n_kinds = levels.shape[0], branching.shape[0]
    step = horizon / max(n_levels - 1, 1)
    near = np.zeros(n_kinds)
    seen = np.zeros(n_kinds)
    last = 0.0
    done = 0
    knot, below = 0, 0.0
    for k in range(times.shape[0]):
        fade = math.exp(-decay * (times[k] - last))
        for j in range(n_kinds):
            near[j] *= fade
        last = times[k]
        if kinds[k] == target:
            if n_levels == 1:
                whole = levels[0] * last
            else:
                while knot < n_levels - 2 and last > (knot + 1) * step:
                    below += 0.5 * (levels[knot] + levels[knot + 1]) * step
                    knot += 1
                part = last - knot * step
                here = background(levels, horizon, last)
                whole = below + 0.5 * (levels[knot] + here) * part
            for j in range(n_kinds):
                whole += branching[j] * (seen[j] - near[j])
            out[done] = whole
            done += 1
        near[kinds[k]] += 1.0
        seen[kinds[k]] += 1.0


@kernel
def simulate(
    luck: Luck,
    horizon: float,
    levels: NDArray[np.float64],
    branching: NDArray[np.float64],
    decays: NDArray[np.float64],
    times: NDArray[np.float64],
    kinds: NDArray[np.int64],
) -> int:
    """Fill times and kinds with events as clusters (Hawkes and Oakes 1974), unsorted; returns how many, or -1 if room is short.

    `levels` (kind, knot), `branching` (kind raised, kind raising). Founders come by thinning; each event raises a Poisson number
    of others of each kind after exponential waits. The luck of an event follows from its number in the order of making.
    """
    n_kinds, n_levels = levels.shape
    n = 0
    address = 0
    for kind in range(n_kinds):
        most = 0.0
        for i in range(n_levels):
            most = max(most, levels[kind, i])
        t = 0.0
        while most > 0.0:
            u = uniforms(luck, EXCITATION, kind, np.uint64(address), ROOT_DRAW)
            address += 1
            t -= math.log(u.a) / most
            if t >= horizon:
                break
            if u.b * most < background(levels[kind], horizon, t):
                if n == times.shape[0]:
                    return -1
                times[n] = t
                kinds[n] = kind
                n += 1
    parent = 0
    while parent < n:
        for kind in range(n_kinds):
            mean = branching[kind, kinds[parent]]
            if mean <= 0.0:
                continue
            n_children = poisson(mean, uniforms(luck, EXCITATION, kind, np.uint64(parent), CHILD_DRAW).a)
            for child in range(n_children):
                u = uniforms(luck, EXCITATION, kind, np.uint64(parent), DELAY_DRAW + child)
                t = times[parent] - math.log(u.a) / decays[kind]
                if t < horizon:
                    if n == times.shape[0]:
                        return -1
                    times[n] = t
                    kinds[n] = kind
                    n += 1
        parent += 1
    return n


@kernel
def contagion_step(
    counts: NDArray[np.int64],
    nearness: NDArray[np.float64],
    fade: float,
    base: NDArray[np.float64],
    season: NDArray[np.float64],
    block: NDArray[np.int64],
    eta: float,
    own: NDArray[np.float64],
    season_own: NDArray[np.float64],
    ages: NDArray[np.float64],
) -> float:
    """One expectation over days and places; returns the log-likelihood at what it was given.

    `counts` (day, place), `nearness` (place raised, place raising) with columns that sum to 1, `base` (place), `season` (block of
    days), `block` (day). Fills `own` (place) and `season_own` (block) with events that the background explains, and `ages` with
    events that others raised, what remains to be raised after the last day, and the sums that the fading is renewed from.
    """
    n_days, n_places = counts.shape
    memory = np.zeros(n_places)
    aged = np.zeros(n_places)
    own[:] = 0.0
    season_own[:] = 0.0
    ages[:] = 0.0
    total = 0.0
    for day in range(n_days):
        for p in range(n_places):
            level = base[p] * season[block[day]]
            y = counts[day, p]
            if y > 0:
                raised, raised_age = 0.0, 0.0
                for q in range(n_places):
                    raised += nearness[p, q] * memory[q]
                    raised_age += nearness[p, q] * aged[q]
                rate = max(level + eta * raised, LEAST_RATE)
                total += y * math.log(rate)
                own[p] += y * level / rate
                season_own[block[day]] += y * level / rate
                ages[0] += y * eta * raised / rate
                ages[1] += y * eta * raised_age / rate
            total -= level
        for q in range(n_places):
            total -= eta * memory[q]
            ages[2] += memory[q]
        for q in range(n_places):
            # aged: as memory, each part times its age in days
            aged[q] = fade * (aged[q] + memory[q]) + (1.0 - fade) * counts[day, q]
            memory[q] = fade * memory[q] + (1.0 - fade) * counts[day, q]
    return total
