"""Connected, coincidence, or cannot tell."""

from __future__ import annotations

from typing import Literal

Verdict = Literal["connected", "coincidence", "cannot tell"]

LEVEL = 0.05
"""Share of unconnected pairs of series that may be called connected."""
ENOUGH_POWER = 0.8
"""Power from which finding nothing says something (the customary bound, Cohen 1988)."""
STATED_EFFECT = 0.2
"""Additional followers of one trigger that the power is stated for, unless another is asked (assumption)."""
LEAST_EVENTS = 5
"""Events of either kind below which nothing is concluded (assumption, against over-reading)."""


def verdict_of(p: float, power: float, n_triggers: int, n_followers: int, level: float = LEVEL) -> Verdict:
    """Return the verdict of a test with a power.

    Connected where chance, trend and clustering together seldom do as much. Coincidence only where an effect of the stated size
    would have been found in all likelihood; else the data are too few to tell.
    """
    if min(n_triggers, n_followers) < LEAST_EVENTS:
        return "cannot tell"
    if p <= level:
        return "connected"
    return "coincidence" if power >= ENOUGH_POWER else "cannot tell"
