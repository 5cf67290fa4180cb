"""Equilibria of a table of pay-offs: choices from which no side gains by changing its own alone.

Pure ones exist for any number of sides or not at all; mixed ones (von Neumann 1928, doi:10.1007/BF01448847) are sought where
two sides stand against each other and what one gains the other loses.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

TIE = 1e-9
"""Pay-offs that differ by less, in units of the largest, are equal: far below any sampling error, above that of summing."""


@dataclass(frozen=True)
class Solution:
    """What two sides do in an equilibrium of a game in which the first wants more and the second less.

    Attributes
    ----------
    is_pure
        Whether each side makes one choice; otherwise it mixes.
    shares
        Share (choice) of each choice, of the first side and of the second; of several pure equilibria the first.
    value
        Expected pay-off, the same in every equilibrium.
    """

    is_pure: bool
    shares: tuple[Floats, Floats]
    value: float


def pure_equilibria(payoffs: Floats, wants: Sequence[int]) -> Flags:
    """Return which cells are pure equilibria.

    Parameters
    ----------
    payoffs
        Pay-offs (choice of the first side, of the second, ...).
    wants
        1 for a side that wants more, -1 for one that wants less, 0 for one that does not care: it has no say.
    """
    within = TIE * max(float(np.abs(payoffs).max()), 1e-300)
    found = np.ones(payoffs.shape, dtype=np.bool_)
    for axis, sign in enumerate(wants):
        if sign:
            found &= sign * payoffs >= (sign * payoffs).max(axis=axis, keepdims=True) - within
    return found


def zero_sum_solution(payoffs: Floats) -> Solution:
    """Return an equilibrium of a game (choice of the first side, of the second): a pure one where there is one."""
    pure = np.argwhere(pure_equilibria(payoffs, (1, -1)))
    if len(pure):
        row, column = pure[0]
        shares = tuple(np.eye(n)[chosen] for n, chosen in zip(payoffs.shape, (row, column), strict=True))
        return Solution(is_pure=True, shares=(shares[0], shares[1]), value=float(payoffs[row, column]))
    low, span = float(payoffs.min()), float(np.ptp(payoffs))
    scaled = (payoffs - low) / span  # what the solver tolerates is meant for numbers about 1
    first, second = _safest(scaled), _safest(-scaled.T)
    return Solution(is_pure=False, shares=(first, second), value=float(first @ payoffs @ second))


def _safest(payoffs: Floats) -> Floats:
    """Return the shares of the first side's choices whose worst expected pay-off is best, by linear programming."""
    from scipy.optimize import linprog

    n, m = payoffs.shape
    found = linprog(
        c=np.append(np.zeros(n), -1.0),  # the last variable is the pay-off that is assured
        A_ub=np.hstack([-payoffs.T, np.ones((m, 1))]),
        b_ub=np.zeros(m),
        A_eq=np.append(np.ones(n), 0.0)[None, :],
        b_eq=[1.0],
        bounds=[*[(0.0, 1.0)] * n, (None, None)],
        method="highs",
    )
    if found.x is None:  # a matrix game always has a solution
        raise ArithmeticError(f"no equilibrium was found: {found.message}")
    shares: Floats = np.clip(np.asarray(found.x[:n], dtype=np.float64), 0.0, 1.0)
    shares /= shares.sum()
    return shares
