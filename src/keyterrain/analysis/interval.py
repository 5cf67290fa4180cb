"""Intervals about means of one number per replicate, and about paired differences of two variants on common luck.

All of them speak of sampling alone: how far a figure would move with other luck, not how far the model is from the world.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from keyterrain.theatre.outcomes import Kind

Floats = NDArray[np.float64]

FEW = 10
"""Replicates that must differ from the rest before a normal interval is trusted (assumption: the usual n p >= 10)."""
LEAST_DEFINED = 30
"""Replicates in which a figure must be defined before anything is concluded from it (assumption, against over-reading)."""
FIRST_LOOK = 250
"""Replicates at the first look (assumption: enough for an interval of 0.06 either way about one half)."""


@dataclass(frozen=True, slots=True)
class Interval:
    """A mean over replicates with an interval.

    Attributes
    ----------
    value, low, high
        Mean and interval; nan where there are too few replicates.
    n
        Replicates in which it is defined, and which it is the mean of.
    n_played
        Replicates played.
    level
        Nominal coverage of the interval.
    """

    value: float
    low: float
    high: float
    n: int
    n_played: int
    level: float


def of_mean(values: Floats, kind: Kind, level: float = 0.95) -> Interval:
    """Return the mean (replicate) of those values that are defined, with its interval.

    Of 0 and 1 the score interval of Wilson (1927, doi:10.1080/01621459.1927.10502953), which stays honest at 0 and 1. Else
    Student's t; but shares of which fewer than `FEW` differ from the commonest have no variance to speak of and get Wilson's
    interval too, which is wide enough because nothing between 0 and 1 varies more than 0 and 1 with the same mean. Other numbers
    that hardly ever differ: see `_rare`.
    """
    known = values[~np.isnan(values)]
    if kind == "whether" or (kind == "share" and _is_nearly_constant(known)):
        low, high = _wilson(float(known.sum()), len(known), level)
    elif _is_nearly_constant(known):
        low, high = _rare(known, level)
    else:
        low, high = _student(known, level)
    return Interval(_mean(known), low, high, len(known), len(values), level)


def of_median(values: Floats, level: float = 0.95) -> Interval:
    """Return the median of those values (replicate) that are defined, with the interval between two of them.

    Which two says the binomial law of how many lie below the median (David and Nagaraja 2003, section 7.1), whatever the values'
    distribution; with too few values for the level it is from the smallest to the largest.
    """
    known = np.sort(values[~np.isnan(values)])
    n = len(known)
    if not n:
        return Interval(math.nan, math.nan, math.nan, 0, len(values), level)
    from scipy.special import bdtr

    n_outside = int((2.0 * bdtr(np.arange(n // 2), n, 0.5) <= 1.0 - level).sum())
    first = max(n_outside - 1, 0)
    return Interval(float(np.median(known)), float(known[first]), float(known[n - 1 - first]), n, len(values), level)


def of_difference(first: Floats, second: Floats, kind: Kind, level: float = 0.95) -> Interval:
    """Return the mean of first less second (replicate) where both are defined, with the interval of paired differences.

    Of 0 and 1 the adjusted interval of Agresti and Min (2005, doi:10.1002/sim.1781): half a replicate is added to each cell of
    the table of both, so that it has a width also where all replicates agree. Else Student's t on the differences; shares that
    differ in fewer than `FEW` replicates get those added replicates too (our extension of the same idea), and other numbers the
    interval of `_rare`.
    """
    differences = first - second
    known = differences[~np.isnan(differences)]
    n_differing = int((known != 0.0).sum())
    if kind == "whether" or (kind == "share" and n_differing < FEW):
        low, high = _agresti_min(known, level)
    elif _is_nearly_constant(known):
        low, high = _rare(known, level)
    else:
        low, high = _student(known, level)
    return Interval(_mean(known), low, high, len(known), len(differences), level)


def narrowing(first: Floats, second: Floats) -> float:
    """Return how many times as wide the interval of their difference would be if two variants did not share their luck.

        sqrt(var first + var second) / sd(first - second)

    What pairing on common luck is worth: 1 where it changes nothing, inf where the two vary but never differ, below 1 where luck
    that is good for one is bad for the other. nan where neither varies, or fewer than two replicates define both.

    Parameters
    ----------
    first, second
        Values (replicate) of two variants on common luck.
    """
    both = ~np.isnan(first - second)
    if both.sum() < 2:
        return math.nan
    apart = float(first[both].var(ddof=1) + second[both].var(ddof=1))
    paired = float((first[both] - second[both]).var(ddof=1))
    if apart == 0.0:
        return math.nan
    return math.sqrt(apart / paired) if paired > 0.0 else math.inf


def looks(budget: int, first: int = FIRST_LOOK) -> tuple[int, ...]:
    """Return the numbers of replicates at which the evidence is looked at: doubling from the first, the budget last."""
    schedule = []
    n = first
    while n < budget:
        schedule.append(n)
        n *= 2
    return (*schedule, budget)


def level_of_each(n_looks: int, n_parts: int = 1, level: float = 0.95) -> float:
    """Return the level at which intervals hold at all looks, and for all parts of a claim, together.

    Repeated confidence intervals (Jennison and Turnbull 1989, doi:10.1111/j.2517-6161.1989.tb01433.x) with the error shared
    out equally (Bonferroni): stopping at whatever look then cannot raise the chance of a wrong verdict above 1 - `level`.
    """
    return 1.0 - (1.0 - level) / (n_looks * n_parts)


def _mean(known: Floats) -> float:
    return float(known.mean()) if len(known) else math.nan


def _z(level: float) -> float:
    return NormalDist().inv_cdf(0.5 + level / 2.0)


def _is_nearly_constant(known: Floats) -> bool:
    if not len(known):
        return True
    counts = np.unique(known, return_counts=True)[1]
    return len(known) - int(counts.max()) < FEW


def _wilson(successes: float, n: int, level: float) -> tuple[float, float]:
    if n == 0:
        return math.nan, math.nan
    z2, p = _z(level) ** 2, successes / n
    centre = (p + z2 / (2 * n)) / (1 + z2 / n)
    half = math.sqrt(z2) / (1 + z2 / n) * math.sqrt(p * (1 - p) / n + z2 / (4 * n * n))
    return min(max(centre - half, 0.0), p), max(min(centre + half, 1.0), p)


def _agresti_min(differences: Floats, level: float) -> tuple[float, float]:
    """Add half a replicate with difference 1, half a one with -1 and one with 0."""
    if not len(differences):
        return math.nan, math.nan
    n = len(differences) + 2.0
    mean = float(differences.sum()) / n
    variance = (float((differences**2).sum()) + 1.0) / n - mean**2
    half = _z(level) * math.sqrt(max(variance, 0.0) / n)
    return max(mean - half, -1.0), min(mean + half, 1.0)


def _rare(known: Floats, level: float) -> tuple[float, float]:
    """Return an interval about the commonest number where so few differ from it that their variance says nothing.

    The share that differs is at most Wilson's upper limit; those not seen are taken to differ by as much as the farthest that
    was seen, and by 1 of the unit at least (assumption), either way.
    """
    if not len(known):
        return math.nan, math.nan
    numbers, counts = np.unique(known, return_counts=True)
    commonest = float(numbers[counts.argmax()])
    farthest = max(float(np.abs(known - commonest).max()), 1.0)
    reach = _wilson(float((known != commonest).sum()), len(known), level)[1] * farthest
    mean = float(known.mean())
    return min(commonest - reach, mean), max(commonest + reach, mean)


def _student(known: Floats, level: float) -> tuple[float, float]:
    if len(known) < 2:
        return math.nan, math.nan
    from scipy.special import stdtrit

    half = float(stdtrit(len(known) - 1, 0.5 + level / 2.0)) * float(known.std(ddof=1)) / math.sqrt(len(known))
    mean = float(known.mean())
    return mean - half, mean + half
