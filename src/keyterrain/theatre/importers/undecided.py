"""What geodata does not say of a theatre, filled with place-holders that are marked as such, for a person to decide."""

from __future__ import annotations

import math
from datetime import date
from typing import TypedDict

from keyterrain.theatre.nouns import Aims, ClimateMonth, Policy, Relation, Side
from keyterrain.theatre.quantity import Quantity

PLACEHOLDER = "assumption: place-holder, for a person to decide"
SIDES = (
    Side("first", "First side (to be named)", active=True),
    Side("second", "Second side (to be named)", active=True),
    Side("undecided", "Nobody yet (to be decided)", active=False),
)
HOLDER = "undecided"
NO_START = date(2000, 1, 1)
"""The start of a theatre whose start was not given: a day that nobody takes for a real one."""
DAYS = 90
LAPSE_C_PER_M = 0.0065
"""Fall of temperature with height, standard atmosphere (ISO 2533)."""


class Parties(TypedDict):
    """Sides with what the format requires of them."""

    sides: tuple[Side, ...]
    relations: dict[tuple[str, str], Relation]
    policies: tuple[Policy, ...]
    aims: tuple[Aims, ...]


def parties() -> Parties:
    """Return two hostile sides that hold nothing and have nobody, and a third that holds everything."""
    active = [side.key for side in SIDES if side.active]
    relations: dict[tuple[str, str], Relation] = {}
    for one in SIDES:
        for other in SIDES:
            if one.key != other.key:
                relations[one.key, other.key] = "hostile" if one.active and other.active else "neutral"
    return Parties(
        sides=SIDES,
        relations=relations,
        policies=tuple(Policy(side, {"piecemeal": 1.0}, Quantity.exact(0), PLACEHOLDER) for side in active),
        aims=tuple(Aims(side, 0.5, 0.5, 0.5, 0.5, PLACEHOLDER) for side in active),
    )


def climate(lat: float, height_m: float) -> tuple[ClimateMonth, ...]:
    """Return twelve months by latitude and height alone, so that a run can be tried.

    Mean temperature at sea level 27 C to 20 degrees of latitude and 0.75 C less for each degree beyond; half the yearly swing
    0.3 C a degree; one day in five wet, 5 mm. All of it assumption.
    """
    mean_c = 27.0 - 0.75 * max(abs(lat) - 20.0, 0.0) - LAPSE_C_PER_M * height_m
    swing_c = 0.3 * abs(lat)
    warmest = 7 if lat >= 0 else 1
    says = f"{PLACEHOLDER}: by latitude and height, not measured"
    return tuple(
        ClimateMonth(month, round(mean_c + swing_c * math.cos(2 * math.pi * (month - warmest) / 12), 1), 0.2, 5.0, says)
        for month in range(1, 13)
    )
