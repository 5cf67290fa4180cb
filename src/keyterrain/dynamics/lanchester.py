"""Stochastic Lanchester battles: single casualties until one side has none left.

With x attackers and y defenders left the next casualty is a defender with probability A:

    linear law   A = p                       each side's losses as the numbers of pairs that meet
    square law   A = r x / (r x + y)         each side's losses as the number of those who fire at it

so the attacker's chance to win follows from `P(x, y) = A P(x, y - 1) + (1 - A) P(x - 1, y)`, P(x, 0) = 1, P(0, y) = 0
(Brown 1963, Operations Research 11, 418-425, doi:10.1287/opre.11.3.418). It is computed and played here with the same step:
the exact truth that the combat process is held against, and how campaigns fight where `combat.law` says so.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from keyterrain.dynamics.kernel import kernel
from keyterrain.dynamics.luck import COMBAT, Luck, uniforms

LINEAR = 1
SQUARE = 2

FIRST_CASUALTY = 16
"""First draw of a place that is a casualty's; those before it are the phases'."""


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
def chance_to_win(law: int, attackers: int, defenders: int, worth: float) -> float:
    """Attacker's chance to be the last with anybody left, by the recursion: `attackers x defenders` steps, one row of memory."""
    row = np.zeros(defenders + 1)
    row[0] = 1.0 if attackers > 0 else 0.0
    for x in range(1, attackers + 1):
        for y in range(1, defenders + 1):
            a = next_is_defender(law, x, y, worth)
            row[y] = a * row[y - 1] + (1.0 - a) * row[y]
    return float(row[defenders])


@kernel
def casualties(
    law: int,
    luck: Luck,
    day: int,
    entity: np.uint64,
    worth: float,
    most: int,
    attackers: int,
    defenders: int,
    left: NDArray[np.int64],
) -> None:
    """Play up to `most` casualties of one day, or until a side has nobody left; `left` (2) takes who remains of either side."""
    x, y, n, draw = attackers, defenders, 0, FIRST_CASUALTY
    while n < most and x > 0 and y > 0:
        u = uniforms(luck, COMBAT, day, entity, draw)
        draw += 1
        for each in (u.a, u.b, u.c, u.d):
            if n < most and x > 0 and y > 0:
                n += 1
                if each < next_is_defender(law, x, y, worth):
                    y -= 1
                else:
                    x -= 1
    left[0], left[1] = x, y


@kernel
def fight_many(law: int, seed: np.uint64, attackers: int, defenders: int, worth: float, left: NDArray[np.int64]) -> None:
    """Play as many battles to the end as `left` (battle, 2) has rows, each a replicate of its own."""
    for replicate in range(left.shape[0]):
        luck = Luck(seed, np.uint64(replicate))
        casualties(law, luck, 0, np.uint64(0), worth, attackers + defenders, attackers, defenders, left[replicate])
