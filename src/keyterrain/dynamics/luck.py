"""Random numbers that depend on their address alone: Philox 4x32-10 (Salmon et al. 2011, doi:10.1145/2063384.2063405).

The key is (seed, process), the counter (replicate, day, entity, draw). Nothing is ever "the next number", so adding a
place, a process or a thread shifts nobody's luck. An entity's word is a hash of its key, never its row.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from keyterrain.dynamics.kernel import kernel

WEATHER = 1
INTERDICTION = 3
DECISION = 5
MOVEMENT = 6
COMBAT = 7
INSURGENCY = 9
DISPLACEMENT = 10
INPUTS = 100

_M0 = np.uint64(0xD2511F53)
_M1 = np.uint64(0xCD9E8D57)
_W0 = np.uint64(0x9E3779B9)
_W1 = np.uint64(0xBB67AE85)
_LOW = np.uint64(0xFFFFFFFF)
_SHIFT = np.uint64(32)
_TO_UNIT = 2.0**-32
_ROUNDS = 10


class Words(NamedTuple):
    """Four random 32-bit words."""

    a: np.uint64
    b: np.uint64
    c: np.uint64
    d: np.uint64


class Uniforms(NamedTuple):
    """Four uniform numbers strictly between 0 and 1."""

    a: float
    b: float
    c: float
    d: float


class Luck(NamedTuple):
    """Whose luck is drawn: the seed and the replicate."""

    seed: np.uint64
    replicate: np.uint64


@kernel
def philox(c0: np.uint64, c1: np.uint64, c2: np.uint64, c3: np.uint64, k0: np.uint64, k1: np.uint64) -> Words:
    """Philox 4x32-10 of a counter of four words under a key of two; all arguments hold 32-bit values."""
    for _ in range(_ROUNDS):
        p0 = _M0 * c0
        p1 = _M1 * c2
        c0, c1, c2, c3 = (p1 >> _SHIFT) ^ c1 ^ k0, p1 & _LOW, (p0 >> _SHIFT) ^ c3 ^ k1, p0 & _LOW
        k0 = (k0 + _W0) & _LOW
        k1 = (k1 + _W1) & _LOW
    return Words(c0, c1, c2, c3)


@kernel
def uniforms(luck: Luck, process: int, day: int, entity: np.uint64, draw: int) -> Uniforms:
    """Four uniforms at one address; 32 bits each, never 0 or 1."""
    w = philox(luck.replicate, np.uint64(day), entity, np.uint64(draw), luck.seed, np.uint64(process))
    return Uniforms(
        (float(w.a) + 0.5) * _TO_UNIT,
        (float(w.b) + 0.5) * _TO_UNIT,
        (float(w.c) + 0.5) * _TO_UNIT,
        (float(w.d) + 0.5) * _TO_UNIT,
    )


@kernel
def fill_uniforms(
    luck: Luck, process: int, day: int, entities: NDArray[np.uint64], n: int, draw: int, out: NDArray[np.float64]
) -> None:
    """Fill `out` (3, entity) with three uniforms of each of the first n entities; together they cost a third of one by one."""
    for i in range(n):
        u = uniforms(luck, process, day, entities[i], draw)
        out[0, i] = u.a
        out[1, i] = u.b
        out[2, i] = u.c


@kernel
def mixed(first: np.uint64, second: np.uint64) -> np.uint64:
    """Word of a pair of entities, such as a side's view of a place; the order of the two matters.

    One round of mixing is enough: the word is part of a counter, and Philox scatters counters however alike.
    """
    word: np.uint64 = ((first * _M0 + second * _M1) ^ (first >> np.uint64(15))) & _LOW
    return word


@kernel
def normal(u: float) -> float:
    """Standard normal quantile, Wichura's AS 241 PPND16 (1988), relative error about 1e-16."""
    q = u - 0.5
    if abs(q) <= 0.425:
        r = 0.180625 - q * q
        num = (
            (
                (
                    (
                        ((2509.0809287301226727 * r + 33430.575583588128105) * r + 67265.770927008700853) * r
                        + 45921.953931549871457
                    )
                    * r
                    + 13731.693765509461125
                )
                * r
                + 1971.5909503065514427
            )
            * r
            + 133.14166789178437745
        ) * r + 3.387132872796366608
        den = (
            (
                (
                    (((5226.495278852545925 * r + 28729.085735721942674) * r + 39307.89580009271061) * r + 21213.794301586595867)
                    * r
                    + 5394.1960214247511077
                )
                * r
                + 687.1870074920579083
            )
            * r
            + 42.313330701600911252
        ) * r + 1.0
        return q * num / den
    r = u if q < 0.0 else 1.0 - u
    r = math.sqrt(-math.log(r))
    if r <= 5.0:
        r -= 1.6
        num = (
            (
                (
                    (
                        ((7.7454501427834140764e-4 * r + 0.0227238449892691845833) * r + 0.24178072517745061177) * r
                        + 1.27045825245236838258
                    )
                    * r
                    + 3.64784832476320460504
                )
                * r
                + 5.7694972214606914055
            )
            * r
            + 4.6303378461565452959
        ) * r + 1.42343711074968357734
        den = (
            (
                (
                    (
                        ((1.05075007164441684324e-9 * r + 5.475938084995344946e-4) * r + 0.0151986665636164571966) * r
                        + 0.14810397642748007459
                    )
                    * r
                    + 0.68976733498510000455
                )
                * r
                + 1.6763848301838038494
            )
            * r
            + 2.05319162663775882187
        ) * r + 1.0
    else:
        r -= 5.0
        num = (
            (
                (
                    (
                        ((2.01033439929228813265e-7 * r + 2.71155556874348757815e-5) * r + 0.0012426609473880784386) * r
                        + 0.026532189526576123093
                    )
                    * r
                    + 0.29656057182850489123
                )
                * r
                + 1.7848265399172913358
            )
            * r
            + 5.4637849111641143699
        ) * r + 6.6579046435011037772
        den = (
            (
                (
                    (
                        ((2.04426310338993978564e-15 * r + 1.4215117583164458887e-7) * r + 1.8463183175100546818e-5) * r
                        + 7.868691311456132591e-4
                    )
                    * r
                    + 0.0148753612908506148525
                )
                * r
                + 0.13692988092273580531
            )
            * r
            + 0.59983220655588793769
        ) * r + 1.0
    x = num / den
    return -x if q < 0.0 else x


@kernel
def logistic_variate(u: float) -> float:
    """Standard logistic variate from a uniform."""
    return math.log(u / (1.0 - u))


@kernel
def logistic(x: float) -> float:
    """Logistic function."""
    return 1.0 / (1.0 + math.exp(-x))


@kernel
def rounded(x: float, u: float) -> int:
    """Whole number with mean x from a real number and one uniform."""
    return int(math.floor(x + u))


@kernel
def poisson(mean: float, u: float) -> int:
    """Poisson variate by inversion of one uniform; the means used here are small (capped at 60)."""
    if u <= 1.0 - mean:
        return 0
    mean = min(mean, 60.0)
    p = math.exp(-mean)
    total = p
    k = 0
    while u > total and k < 300:
        k += 1
        p *= mean / k
        total += p
    return k


@kernel
def geometric(mean: float, u: float) -> int:
    """Geometric variate on 1, 2, ... with the given mean (at least 1)."""
    if mean <= 1.0:
        return 1
    return 1 + int(math.floor(math.log(1.0 - u) / math.log(1.0 - 1.0 / mean)))


@kernel
def binomial(n: int, p: float, u: float) -> int:
    """Binomial variate from one uniform: by inversion while the mean or its mirror is small, else by the normal quantile."""
    if n <= 0 or p <= 0.0:
        return 0
    if p >= 1.0:
        return n
    if p > 0.5:
        return n - binomial_low(n, 1.0 - p, 1.0 - u)
    return binomial_low(n, p, u)


@kernel
def binomial_low(n: int, p: float, u: float) -> int:
    """Binomial variate for p of at most one half."""
    mean = n * p
    if u <= 1.0 - mean:
        return 0  # (1 - p)^n is never below 1 - n p
    if mean > 25.0:
        k = int(math.floor(mean + normal(u) * math.sqrt(mean * (1.0 - p)) + 0.5))
        return min(max(k, 0), n)
    odds = p / (1.0 - p)
    term = math.exp(n * math.log1p(-p))
    total = term
    k = 0
    while u > total and k < n:
        term *= odds * (n - k) / (k + 1)
        k += 1
        total += term
        if term < 1e-18 and k > mean:
            break
    return k


@kernel
def fill_normals(seed: np.uint64, process: int, first: int, entities: NDArray[np.uint64], out: NDArray[np.float64]) -> None:
    """Fill `out` (replicate, entity) with one standard normal of each entity on day 0; rows count from replicate `first`."""
    for i in range(out.shape[0]):
        luck = Luck(seed, np.uint64(first + i))
        for j in range(entities.shape[0]):
            out[i, j] = normal(uniforms(luck, process, 0, entities[j], 0).a)


@kernel
def fill_mixed(first: NDArray[np.uint64], second: NDArray[np.uint64], out: NDArray[np.uint64]) -> None:
    """Fill `out` (first, second) with the words of all pairs of two lists of entities."""
    for i in range(first.shape[0]):
        for j in range(second.shape[0]):
            out[i, j] = mixed(first[i], second[j])
