"""Pay-off tables: what each combination of the sides' choices comes to, which reply is better, and where nobody would change.

Works on numbers alone, (choice of the first side, choice of the second, ..., replicate), whose replicates share their luck.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from itertools import product as every_combination
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from keyterrain.analysis.equilibrium import Solution, pure_equilibria, zero_sum_solution
from keyterrain.analysis.interval import LEAST_DEFINED, Interval, level_of_each, of_difference, of_mean

if TYPE_CHECKING:
    import xarray as xr

    from keyterrain.theatre.outcomes import Kind

Floats = NDArray[np.float64]
Cell = tuple[int, ...]
"""Number of the choice of each side, in the order of the sides."""

TWO_SIDES = 2


@dataclass(frozen=True, slots=True)
class Choices:
    """What a side may choose from.

    Attributes
    ----------
    wants
        1 where it wants more of the outcome, -1 where it wants less, 0 where nothing is known of it.
    """

    side: str
    names: tuple[str, ...]
    wants: int = 0


@dataclass(frozen=True, slots=True)
class Difference:
    """One choice of a side less another, the other sides' choices being the same.

    Attributes
    ----------
    side
        Number of the side that chooses.
    first, second
        Cells that are compared; they differ in the choice of `side` alone.
    interval
        Mean of paired differences; all intervals of a table hold together with the table's level.
    n_differing
        Replicates in which the two differ at all.
    """

    side: int
    first: Cell
    second: Cell
    interval: Interval
    n_differing: int

    @property
    def is_clear(self) -> bool:
        """Whether the sign of the difference is beyond doubt."""
        return self.interval.n >= LEAST_DEFINED and (self.interval.low > 0 or self.interval.high < 0)


@dataclass(frozen=True, slots=True)
class Reply:
    """What suits a side best against the choices of the others.

    Attributes
    ----------
    against
        Cell of the reply that is best by its mean.
    best
        Choices of the side: the best by its mean and, after it, those that cannot be told apart from it.
    """

    side: int
    against: Cell
    best: tuple[int, ...]

    @property
    def is_clear(self) -> bool:
        """Whether one reply is better than all others beyond doubt."""
        return len(self.best) == 1


@dataclass(frozen=True, slots=True)
class PureEquilibrium:
    """A cell from which no side gains by changing its choice alone, by the means.

    Attributes
    ----------
    is_clear
        Whether every other choice of every side that cares is worse beyond doubt.
    stability
        Share of resamplings in which it is an equilibrium.
    """

    cell: Cell
    is_clear: bool
    stability: float


@dataclass(frozen=True, slots=True)
class Share:
    """How often a side makes a choice in an equilibrium, with the 95% range of its resamplings."""

    side: int
    choice: int
    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Equilibrium:
    """Where nobody would change, or why that cannot be said.

    Attributes
    ----------
    kind
        `pure`, `mixed` or `none`.
    shares
        Of a mixed equilibrium; empty otherwise. There may be others with the same value.
    value, low, high
        What the outcome comes to, with the 95% range of its resamplings; nan where it is not that of two opposed sides.
    stability
        Share of resamplings with an equilibrium of this kind (pure: with one of the same cells).
    """

    kind: Literal["pure", "mixed", "none"]
    pure: tuple[PureEquilibrium, ...] = ()
    shares: tuple[Share, ...] = ()
    value: float = math.nan
    low: float = math.nan
    high: float = math.nan
    stability: float = math.nan
    why: str = ""


@dataclass(frozen=True)
class Payoffs:
    """A pay-off table.

    Attributes
    ----------
    cells
        Mean with its own 95% interval, by cell.
    differences
        Every two choices of a side against the same choices of the others.
    replies
        Best replies of sides that want more or less; none where the scenario does not say who does.
    level
        Nominal coverage of each difference, so that all hold together with 95%.
    """

    sides: tuple[Choices, ...]
    cells: dict[Cell, Interval]
    differences: tuple[Difference, ...]
    replies: tuple[Reply, ...]
    equilibrium: Equilibrium
    level: float

    def names(self, cell: Cell) -> dict[str, str]:
        """Return the name of each side's choice in a cell."""
        return {side.side: side.names[chosen] for side, chosen in zip(self.sides, cell, strict=True)}

    def to_xarray(self) -> xr.DataArray:
        """Return the means, one dimension for each side, labelled by its choices."""
        import xarray as xr

        means = np.array([interval.value for interval in self.cells.values()]).reshape([len(side.names) for side in self.sides])
        return xr.DataArray(means, dims=[side.side for side in self.sides], coords={s.side: list(s.names) for s in self.sides})


def payoff_table(values: Floats, sides: Sequence[Choices], kind: Kind, weights: Floats) -> Payoffs:
    """Return the table of some values, with best replies and equilibrium.

    Parameters
    ----------
    values
        Outcome (choice of the first side, of the second, ..., replicate), nan where it is undefined.
    weights
        Weights (round, replicate) of the resamplings from which the stability of the equilibrium is read.
    """
    shape = values.shape[:-1]
    n_pairs = sum(math.prod(shape) * (n - 1) // 2 for n in shape)
    level = level_of_each(1, max(n_pairs, 1))
    cells = {cell: of_mean(values[cell], kind) for cell in every_combination(*map(range, shape))}
    differences = tuple(_differences(values, kind, level))
    replies = tuple(_replies(sides, cells, differences))
    equilibrium = _equilibrium(values, sides, cells, replies, weights)
    return Payoffs(tuple(sides), cells, differences, replies, equilibrium, level)


def _differences(values: Floats, kind: Kind, level: float) -> Iterator[Difference]:
    shape = values.shape[:-1]
    for side, n in enumerate(shape):
        for others in _cells_of_others(shape, side):
            for one, other in combinations(range(n), 2):
                first, second = _with(others, side, one), _with(others, side, other)
                interval = of_difference(values[first], values[second], kind, level)
                with np.errstate(invalid="ignore"):
                    n_differing = int((np.abs(values[first] - values[second]) > 0).sum())
                yield Difference(side, first, second, interval, n_differing)


def _cells_of_others(shape: Sequence[int], side: int) -> Iterator[Cell]:
    """Yield every combination of the others' choices, as the cell with the first choice of the side."""
    return every_combination(*(range(1) if axis == side else range(n) for axis, n in enumerate(shape)))


def _with(cell: Cell, side: int, choice: int) -> Cell:
    return (*cell[:side], choice, *cell[side + 1 :])


def _replies(sides: Sequence[Choices], cells: dict[Cell, Interval], differences: Sequence[Difference]) -> Iterator[Reply]:
    clear = {(each.first, each.second) for each in differences if each.is_clear}
    shape = [len(side.names) for side in sides]
    for axis, side in enumerate(sides):
        if not side.wants:
            continue
        for others in _cells_of_others(shape, axis):
            column = [_with(others, axis, choice) for choice in range(shape[axis])]
            worth = [-math.inf if math.isnan(cells[cell].value) else side.wants * cells[cell].value for cell in column]
            top = worth.index(max(worth))
            apart = {i for i, cell in enumerate(column) if {(cell, column[top]), (column[top], cell)} & clear}
            best = (top, *(i for i in range(len(column)) if i != top and i not in apart))
            yield Reply(axis, column[top], best)


def _equilibrium(
    values: Floats, sides: Sequence[Choices], cells: dict[Cell, Interval], replies: Sequence[Reply], weights: Floats
) -> Equilibrium:
    wants = [side.wants for side in sides]
    if not any(wants):
        return Equilibrium("none", why="the scenario does not say who wants more of it (wanted_by)")
    fewest = min(interval.n for interval in cells.values())
    if fewest < LEAST_DEFINED:
        return Equilibrium("none", why=f"some cell is defined in {fewest} replicates, and fewer than {LEAST_DEFINED} say nothing")
    means = np.nanmean(values, axis=-1)
    resampled = _resampled(values, weights)
    is_opposed = len(sides) == TWO_SIDES and wants[0] * wants[1] < 0
    found = _pure(means, resampled, wants, replies)
    if not is_opposed:
        return _without_mixing(found, n_sides=len(sides))
    return _of_two(means, resampled, found, cells, turned=wants[0] < 0)


def _resampled(values: Floats, weights: Floats) -> Floats:
    """Return the means (round, choice, ...) of replicates counted by each round's weights, of those that are defined."""
    flat = values.reshape(-1, values.shape[-1])
    defined = ~np.isnan(flat)
    sums = weights @ np.where(defined, flat, 0.0).T
    means: Floats = (sums / (weights @ defined.T.astype(np.float64))).reshape(-1, *values.shape[:-1])
    return means


def _pure(means: Floats, resampled: Floats, wants: Sequence[int], replies: Sequence[Reply]) -> tuple[PureEquilibrium, ...]:
    again = np.mean([pure_equilibria(each, wants) for each in resampled], axis=0)
    clear = {(reply.side, _with(reply.against, reply.side, reply.best[0])) for reply in replies if reply.is_clear}
    return tuple(
        PureEquilibrium(
            tuple(map(int, cell)),
            all((axis, tuple(cell)) in clear for axis, sign in enumerate(wants) if sign),
            float(again[tuple(cell)]),
        )
        for cell in np.argwhere(pure_equilibria(means, wants))
    )


def _without_mixing(found: tuple[PureEquilibrium, ...], n_sides: int) -> Equilibrium:
    if n_sides == TWO_SIDES:
        why = "the two sides are not known to want the opposite: no mixed equilibrium is sought"
    else:
        why = "mixed equilibria are sought between two sides only"
    return Equilibrium(
        "pure" if found else "none", found, stability=max((each.stability for each in found), default=math.nan), why=why
    )


def _of_two(
    means: Floats, resampled: Floats, found: tuple[PureEquilibrium, ...], cells: dict[Cell, Interval], *, turned: bool
) -> Equilibrium:
    """Return the equilibrium of two opposed sides; `turned` where the second side is the one that wants more.

    The range of a pure one takes in the intervals of its cells: resampling never sees what no replicate did.
    """
    solution = _solved(means, turned=turned)
    again = [_solved(each, turned=turned) for each in resampled]
    low, high = _range([each.value for each in again])
    kept: Literal["pure", "mixed"] = "pure" if solution.is_pure else "mixed"
    if solution.is_pure:
        stability = float(np.mean([_has_any(each, found, turned=turned) for each in resampled]))
        low = min(low, *(cells[each.cell].low for each in found))
        high = max(high, *(cells[each.cell].high for each in found))
        return Equilibrium(kept, found, (), solution.value, low, high, stability)
    shares = tuple(
        Share(side, choice, float(value), *_range([each.shares[side][choice] for each in again]))
        for side in range(TWO_SIDES)
        for choice, value in enumerate(solution.shares[side])
    )
    stability = float(np.mean([not each.is_pure for each in again]))
    return Equilibrium(kept, (), shares, solution.value, low, high, stability)


def _has_any(means: Floats, found: tuple[PureEquilibrium, ...], *, turned: bool) -> bool:
    pure = pure_equilibria(means, (-1, 1) if turned else (1, -1))
    return any(bool(pure[each.cell]) for each in found)


def _solved(means: Floats, *, turned: bool) -> Solution:
    """Return the equilibrium with shares in the order of the sides, whichever of them wants more."""
    if not turned:
        return zero_sum_solution(means)
    solution = zero_sum_solution(means.T)
    return Solution(solution.is_pure, (solution.shares[1], solution.shares[0]), solution.value)


def _range(numbers: Sequence[float] | Floats) -> tuple[float, float]:
    low, high = np.quantile(np.asarray(numbers, dtype=np.float64), (0.025, 0.975))
    return float(low), float(high)
