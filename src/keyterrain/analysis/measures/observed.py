"""The record after a start as one replicate, so that what happened is measured as campaigns are."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import TYPE_CHECKING

import numpy as np

from keyterrain.analysis.measures.registry import computed_measures, measured
from keyterrain.analysis.measures.replicates import Labels, Replicates
from keyterrain.campaign.record import CONTESTED

if TYPE_CHECKING:
    from keyterrain.analysis.measures.registry import Measurement
    from keyterrain.theatre.nouns import ControlRow
    from keyterrain.theatre.scenario import Scenario

OBSERVABLE = frozenset({"control"})
"""Variables of the store that the record holds for every day."""


def can_be_observed(asked: Measurement) -> bool:
    """Whether a measure needs only what the record holds for every day."""
    return set(computed_measures().get(asked.measure, ("",))) <= OBSERVABLE


def observed_value(asked: Measurement, scenario: Scenario, start: date, days: int) -> float | None:
    """Return what a measure of campaigns says of the record from a start on, nan where it is undefined.

    None where the record does not hold what the measure needs, or ends before the campaign does. Of rival reports the likeliest
    counts. This looks beyond the start, as only analysis may.
    """
    control = scenario.record.control
    if not can_be_observed(asked) or not control or max(row.on for row in control) < start + timedelta(days=days):
        return None
    situation = scenario.situation(start)
    places, sides = [place.key for place in situation.places], sorted(side.key for side in situation.sides)
    labels: Labels = {"day": list(range(days + 1)), "place": places, "side": sides}
    held = [_holders(control, place, start, days, sides) for place in places]
    arrays = {"control": np.array(held, dtype=np.int8).T[None]}
    return float(measured([asked], Replicates(arrays, labels, situation, 0, 1))[0, 0])


def _holders(control: Sequence[ControlRow], place: str, start: date, days: int, sides: Sequence[str]) -> list[int]:
    """Return who held a place on each evening, by number of the side."""
    likeliest: dict[date, ControlRow] = {}
    for row in control:
        if row.place == place and (row.on not in likeliest or row.weight > likeliest[row.on].weight):
            likeliest[row.on] = row
    dates = sorted(likeliest)
    codes = [CONTESTED if likeliest[day].contested_by else sides.index(likeliest[day].holder) for day in dates]
    evenings = [start + timedelta(days=day) for day in range(days + 1)]
    last = np.searchsorted(np.array(dates, dtype="datetime64[D]"), np.array(evenings, dtype="datetime64[D]"), side="right") - 1
    return [codes[i] if i >= 0 else CONTESTED for i in last]
