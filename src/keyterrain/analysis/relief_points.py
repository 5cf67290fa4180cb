"""The levers that carry what mountains are worth, and the joint points at which answers are asked again.

That mountains are hard to take is no result: battles of history do not show it (docs/validation.md). Four assumed numbers carry
it, the *levers*: the defender's worth on rugged ground, how far ground narrows an approach, how many an approach takes, and the
sectors that heights add.
"""

from __future__ import annotations

from typing import Literal

from keyterrain.theatre.parameters import PARAMETERS

Point = Literal["as assumed", "joint 5 %", "joint 95 %", "off"]
AS_ASSUMED: Point = "as assumed"
WEAK: Point = "joint 5 %"
STRONG: Point = "joint 95 %"
OFF: Point = "off"

POINTS = (AS_ASSUMED, WEAK, STRONG, OFF)

NO_LIMIT = 1e9
"""Fighters whom an approach takes where frontage is off: all there are."""

MULTIPLIER, NARROWING, FRONTAGE, HEIGHTS = (
    "combat.relief_multiplier",
    "combat.narrowing",
    "combat.frontage",
    "combat.heights_worth",
)
_FAVOURS_DEFENDER = {MULTIPLIER: 1, NARROWING: 1, FRONTAGE: -1, HEIGHTS: 1}
_WITHOUT = {MULTIPLIER: 1.0, NARROWING: 0.0, FRONTAGE: NO_LIMIT, HEIGHTS: 0.0}


def levers_at(point: Point) -> dict[str, float]:
    """Return the four levers at a joint point; nothing where they are as assumed."""
    if point == AS_ASSUMED:
        return {}
    if point == OFF:
        return dict(_WITHOUT)
    strong = 1 if point == STRONG else -1
    return {key: PARAMETERS[key].high if sign * strong > 0 else PARAMETERS[key].low for key, sign in _FAVOURS_DEFENDER.items()}
