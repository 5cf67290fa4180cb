"""What ground is worth: how far outcomes elsewhere move when one side holds it rather than another, in one number.

    worth = sqrt(mean over effects of (effect / scale)^2, less what the noise of sampling adds)

The scale of a share or a chance is its whole range, 1; that of a number is two standard deviations (Gelman 2008,
doi:10.1002/sim.3107, which puts numbers beside what is 0 or 1). A mean of squares grows by the squares of the standard errors
even where nothing matters, more so where fewer replicates were played; these are taken off, so that ground with few replicates is
not favoured. See docs/decisions/0019.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from keyterrain.analysis.decisive.ground import Ground
from keyterrain.campaign.resampling import normals
from keyterrain.theatre.outcomes import Kind

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

N_RESAMPLES = 2500
"""Resamples of the replicates (assumption: the quantiles used then rest on ten of them at least)."""
LEAST_COMPARED = 3
"""Pieces of ground of a kind from which on one can be typical; fewer are held against `LEAST_WORTH` alone."""
TIMES_TYPICAL = 2.0
"""Ground stands out where its worth is surely more than so many times that of typical ground (assumption)."""
LEAST_WORTH = 0.02
"""Worth below which nobody need care, whatever else there is: two points in a hundred (assumption)."""


def scale_of(kind: Kind, values: Sequence[Floats]) -> float:
    """Return what an effect on a measure is divided by: 1 for shares and chances, else two standard deviations of all values."""
    if kind != "number":
        return 1.0
    together = np.concatenate([each[~np.isnan(each)] for each in values]) if values else np.zeros(0)
    spread = float(together.std()) if len(together) else 0.0
    return 2.0 * spread if spread > 0.0 else 1.0


def squared_worth(differences: Floats) -> float:
    """Return the mean square of scaled effects without the noise of sampling, which may come out below zero; nan without effects.

    Parameters
    ----------
    differences
        Paired differences (effect, replicate), divided by their scales. Effects that some replicate does not define are left
        out: in which replicates such a measure is defined may itself hang on who holds the ground.
    """
    whole = _whole(differences)
    if not len(whole) or whole.shape[1] < 2:
        return math.nan
    return float((whole.mean(axis=1) ** 2 - whole.var(axis=1, ddof=1) / whole.shape[1]).mean())


def resampled(differences: Floats, luck: Floats) -> Floats:
    """Return the squared worth in each resample (resample) of the replicates, centred on the squared worth.

    Parameters
    ----------
    luck
        Standard normals (resample, replicate): the multiplier bootstrap of Chernozhukov, Chetverikov and Kato (2013,
        doi:10.1214/13-AOS1161). All ground shares them, as it shares the luck of the campaigns.
    """
    whole = _whole(differences)
    if not len(whole) or whole.shape[1] < 2:
        return np.full(len(luck), np.nan)
    n = whole.shape[1]
    mean = whole.mean(axis=1, keepdims=True)
    moved = mean[:, 0] + luck[:, :n] @ (whole - mean).T / n
    noise = whole.var(axis=1, ddof=1) / n
    return np.asarray((moved**2 - noise - noise * (n - 1) / n).mean(axis=1))


def root(square: float) -> float:
    """Return the worth of a squared worth; what noise has brought below zero is worth nothing."""
    return math.sqrt(square) if square > 0.0 else 0.0 if square <= 0.0 else math.nan


@dataclass(frozen=True)
class Ranking:
    """Ground of one kind by worth, with what resampling the replicates says about it.

    Attributes
    ----------
    worth
        Squared worth by ground.
    low, high
        Limits of the squared worth that hold for all this ground together.
    typical
        Squared worth of typical ground, the median.
    stands_out
        Whether the worth is surely above the bar (True), surely not (False), or neither (None).
    ranks
        Rank (resample) of each ground among the others, 1 the first; equals have the same.
    """

    worth: Mapping[Ground, float]
    low: Mapping[Ground, float]
    high: Mapping[Ground, float]
    typical: float
    stands_out: Mapping[Ground, bool | None]
    ranks: Mapping[Ground, NDArray[np.int64]]

    @property
    def order(self) -> tuple[Ground, ...]:
        """Ground by falling worth; equals by key, what has no worth last."""
        return tuple(sorted(self.worth, key=lambda ground: (-_or(self.worth[ground], -math.inf), ground.key)))

    def is_open(self, ground: Ground) -> bool:
        """Return whether more replicates may tell whether it stands out."""
        return self.stands_out[ground] is None and not math.isnan(self.worth[ground])

    def rank(self, ground: Ground) -> int:
        """Return how much ground is worth more, and one."""
        own = _or(self.worth[ground], -math.inf)
        return 1 + sum(_or(other, -math.inf) > own for other in self.worth.values())

    def p_first(self, ground: Ground) -> float:
        """Return how often it comes first when replicates are resampled; those that tie share that."""
        first = np.array([ranks == 1 for ranks in self.ranks.values()])
        return float(((self.ranks[ground] == 1) / first.sum(axis=0)).mean())

    def middle(self, ground: Ground) -> tuple[int, int]:
        """Return the middle 90 % of its rank when replicates are resampled."""
        low, high = np.quantile(self.ranks[ground], [0.05, 0.95], method="inverted_cdf")
        return int(low), int(high)


def ranked(differences: Mapping[Ground, Floats], seed: int, level: float) -> Ranking:
    """Rank ground, and say which stands out from the rest.

    Parameters
    ----------
    differences
        Scaled paired differences (effect, replicate) of each ground.
    level
        Chance that no limit is wrong, and that nothing stands out where all ground is alike.
    """
    grounds = list(differences)
    worth = np.array([squared_worth(differences[ground]) for ground in grounds])
    longest = max((each.shape[1] for each in differences.values()), default=0)
    luck = normals(seed, "bootstrap", N_RESAMPLES, longest)
    moved = np.array([resampled(differences[ground], luck) for ground in grounds]).reshape(len(grounds), N_RESAMPLES)
    known = ~np.isnan(worth)
    typical = float(np.median(worth[known])) if known.any() else math.nan
    bar, moved_bar = LEAST_WORTH**2, np.full(N_RESAMPLES, LEAST_WORTH**2)
    if known.sum() >= LEAST_COMPARED:
        bar, moved_bar = _bar(typical), np.array([_bar(float(each)) for each in np.median(moved[known], axis=0)])
    shifted = moved - worth[:, None]
    low, high = _limits(worth, shifted, known, level)
    above, below = _limits(worth - bar, shifted - (moved_bar - bar), known, level)
    ranks = _ranks(moved)
    return Ranking(
        worth=dict(zip(grounds, worth.tolist(), strict=True)),
        low=dict(zip(grounds, low.tolist(), strict=True)),
        high=dict(zip(grounds, high.tolist(), strict=True)),
        typical=typical,
        stands_out={g: True if a > 0.0 else False if b <= 0.0 else None for g, a, b in zip(grounds, above, below, strict=True)},
        ranks=dict(zip(grounds, ranks, strict=True)),
    )


def _bar(typical: float) -> float:
    """Return the squared worth that ground has to exceed to stand out."""
    return max(TIMES_TYPICAL**2 * typical, LEAST_WORTH**2)


def _limits(centre: Floats, shifted: Floats, known: Bools, level: float) -> tuple[Floats, Floats]:
    """Return limits that hold for all at once: the largest studentised deviation over all ground gives their width."""
    spread = shifted.std(axis=1)
    moves = known & (spread > 0.0)
    if not moves.any():
        return centre, centre
    largest = np.abs(shifted[moves] / spread[moves, None]).max(axis=0)
    reach = float(np.quantile(largest, level)) * np.where(moves, spread, 0.0)
    return centre - reach, centre + reach


def _ranks(moved: Floats) -> list[NDArray[np.int64]]:
    """Return the rank of each ground in each resample, equals alike; undefined worth comes last."""
    known = np.nan_to_num(moved, nan=-np.inf)
    return [1 + (known > own).sum(axis=0) for own in known]


def _whole(differences: Floats) -> Floats:
    return differences[~np.isnan(differences).any(axis=1)]


def _or(value: float, other: float) -> float:
    return other if math.isnan(value) else value
