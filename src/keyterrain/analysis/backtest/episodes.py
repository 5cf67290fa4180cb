"""Episodes: what fell in one operation together, which is one event and not many; and resampling by episodes.

Two places belong to one episode that fell within `WINDOW_DAYS` of each other and lie within `REACH_KM`, and so on from place to
place. What did not fall is resampled by area, since what kept one village of an area kept its neighbours too.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from keyterrain.campaign.resampling import uniforms
from keyterrain.geo.distance import Points, distance_km

if TYPE_CHECKING:
    from datetime import date

    from keyterrain.analysis.backtest.risk import PlaceAtRisk

Floats = NDArray[np.float64]

WINDOW_DAYS = 10
"""Assumption: half of the offensives of 2012 and 2013 in western Syria lasted 10 to 13 days."""
REACH_KM = 25.0
"""Assumption: a day's march; what one force can fight for at a time."""
ROUNDS = 2000
"""Resamplings (assumption: a 2.5 per cent point is then known to about a twentieth of the width)."""


def episodes(scenario: str, places: Sequence[PlaceAtRisk], fell_on: Sequence[date | None]) -> tuple[str, ...]:
    """Return for each place the name of the unit that is resampled: its episode, or its area where it did not fall."""
    fallen = [row for row, day in enumerate(fell_on) if day is not None]
    group = {row: row for row in fallen}
    for one in fallen:
        for other in fallen:
            if other < one and _together(places[one], places[other], fell_on[one], fell_on[other]):
                old, new = group[one], group[other]
                group.update({row: new for row, of in group.items() if of == old})
    names = {}
    for row in fallen:
        first = min(f"{fell_on[each]} {places[each].place.key}" for each in fallen if group[each] == group[row])
        names[row] = f"{scenario}: fell {first}"
    return tuple(names.get(row, f"{scenario}: {_area(place)}") for row, place in enumerate(places))


def joined(
    units: Sequence[Sequence[str]], places: Sequence[Sequence[PlaceAtRisk]], scenarios: Sequence[str]
) -> list[tuple[str, ...]]:
    """Return units of several campaigns, those episodes of one scenario that share a place being one.

    From a later start an episode may begin with another place; it is the same event all the same and must not count twice.
    """
    fell = ": fell "
    name_of = {unit: unit for of_campaign in units for unit in of_campaign}
    first_of: dict[tuple[str, str], str] = {}
    for of_campaign, of_places, scenario in zip(units, places, scenarios, strict=True):
        for unit, place in zip(of_campaign, of_places, strict=True):
            if fell not in unit:
                continue
            new = name_of[first_of.setdefault((scenario, place.place.key), unit)]
            old = name_of[unit]
            if old != new:
                name_of = {each: new if name == old else name for each, name in name_of.items()}
    return [tuple(name_of[unit] for unit in of_campaign) for of_campaign in units]


def _area(place: PlaceAtRisk) -> str:
    return f"stood in {place.place.areas[0]}" if place.place.areas else f"stood, {place.place.key}"


def _together(one: PlaceAtRisk, other: PlaceAtRisk, fell: date | None, other_fell: date | None) -> bool:
    if fell is None or other_fell is None or abs((fell - other_fell).days) > WINDOW_DAYS:
        return False
    first, second = (Points.of([each.place.lat], [each.place.lon]) for each in (one, other))
    return float(distance_km(first, second)[0]) <= REACH_KM


def resamplings(seed: int, units: Sequence[str], rounds: int = ROUNDS) -> Floats:
    """Return how often each row counts (round, row) when units are drawn with replacement, all rows of a unit together."""
    names = sorted(set(units))
    number = {name: row for row, name in enumerate(names)}
    drawn = np.floor(uniforms(seed, "bootstrap", rounds, len(names)) * len(names)).astype(np.int64)
    counts = np.zeros((rounds, len(names)))
    np.add.at(counts, (np.arange(rounds)[:, None], drawn), 1.0)
    return counts[:, [number[unit] for unit in units]]
