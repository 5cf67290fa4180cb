"""Stochastic Lanchester battles: single casualties until one side has none left, or few enough to give up.

With x attackers and y defenders left the next casualty is a defender with probability A:

    linear law   A = p                       each side's losses as the numbers of pairs that meet
    square law   A = r x / (r x + y)         each side's losses as the number of those who fire at it

so the attacker's chance to win follows from `P(x, y) = A P(x, y - 1) + (1 - A) P(x - 1, y)`, P(x, 0) = 1, P(0, y) = 0
(Brown 1963, Operations Research 11, 418-425, doi:10.1287/opre.11.3.418). It is computed and played here with the same step, as the
exact truth that the combat process is held against; campaigns use it where `combat.law` says so.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from keyterrain.dynamics.kernel import kernel
from keyterrain.dynamics.luck import LANCHESTER, Luck, uniforms

LINEAR = 1
SQUARE = 2


@kernel
def next_is_defender(law: int, x: int, y: int, worth: float) -> float:
    """Chance that the next casualty is a defender.

    Parameters
    ----------
    law
        `LINEAR` or `SQUARE`.
    worth
        Of an attacker against a defender: by the linear law the odds p/(1 - p), by the square law the ratio r of their fire.
    """
    if law == LINEAR:
        return worth / (worth + 1.0)
    return worth * x / (worth * x + y)


@kernel
def chance_to_win(law: int, attackers: int, defenders: int, worth: float, least_attackers: int, least_defenders: int) -> float:
    """Attacker's chance to bring the defender down to `least_defenders` before being at `least_attackers`, by the recursion.

    Takes `attackers x defenders` steps and a row of memory.
    """
    if attackers <= least_attackers:
        return 0.0
    row = np.zeros(defenders + 1)
    for x in range(least_attackers + 1, attackers + 1):
        row[least_defenders] = 1.0
        for y in range(least_defenders + 1, defenders + 1):
            a = next_is_defender(law, x, y, worth)
            row[y] = a * row[y - 1] + (1.0 - a) * row[y]
    return float(row[defenders]) if defenders > least_defenders else 1.0


@kernel
def fight_out(
    law: int,
    luck: Luck,
    day: int,
    entity: np.uint64,
    attackers: int,
    defenders: int,
    worth: float,
    least_attackers: int,
    least_defenders: int,
    left: NDArray[np.int64],
) -> None:
    """Play one battle casualty by casualty; `left` (2) takes the attackers and defenders that remain."""
    x, y, draw = attackers, defenders, 0
    while x > least_attackers and y > least_defenders:
        u = uniforms(luck, LANCHESTER, day, entity, draw)
        draw += 1
        for each in (u.a, u.b, u.c, u.d):
            if x > least_attackers and y > least_defenders:
                if each < next_is_defender(law, x, y, worth):
                    y -= 1
                else:
                    x -= 1
    left[0], left[1] = x, y


@kernel
def fight_many(
    law: int,
    seed: np.uint64,
    attackers: int,
    defenders: int,
    worth: float,
    least_attackers: int,
    least_defenders: int,
    left: NDArray[np.int64],
) -> None:
    """Play as many battles as `left` (battle, 2) has rows, each a replicate of its own."""
    for replicate in range(left.shape[0]):
        luck = Luck(seed, np.uint64(replicate))
        fight_out(law, luck, 0, np.uint64(0), attackers, defenders, worth, least_attackers, least_defenders, left[replicate])
