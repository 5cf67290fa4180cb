"""Events of the region as a scenario's record has them."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from keyterrain.theatre.events.table import COLUMNS, EventTable, day_number
from keyterrain.theatre.faults import Fault, ScenarioFaults

if TYPE_CHECKING:
    from keyterrain.theatre.scenario import Scenario

ASSUMPTION = "assumption"
FILE = "record/regional_events.csv"


def record_of_region(name_or_path: str | os.PathLike[str]) -> EventTable:
    """Return the events of the region that a scenario records.

    Raises
    ------
    ScenarioFaults
        The scenario has faults, or records no such events.
    """
    from keyterrain.theatre.library import load

    scenario = load(name_or_path)
    if not scenario.record.region:
        raise ScenarioFaults(scenario.name, [Fault(FILE, None, None, "the scenario records no events of the region")])
    return events_of_region(scenario)


def events_of_region(scenario: Scenario) -> EventTable:
    """Return the recorded events of the region as a table; before and after any start, since no run reads it."""
    import pandas as pd

    events = scenario.record.region
    days = np.array([day_number(event.on) for event in events], dtype=np.int64)
    off = np.array([event.precision_days for event in events], dtype=np.int64)
    values: dict[str, object] = dict.fromkeys(COLUMNS, "")
    values |= dict.fromkeys(("lat", "lon", "weight", "low", "high", "place_precision"), np.nan)
    values |= {"file": FILE, "row": np.arange(len(events)) + 2, "day": days, "first_day": days - off, "last_day": days + off}
    for name in ("country", "place", "kind", "description", "source"):
        values[name] = np.array([getattr(event, name) for event in events], dtype=object)
    frame = pd.DataFrame(values, columns=list(COLUMNS), index=range(len(events)))
    return EventTable(frame.sort_values("day", kind="stable", ignore_index=True), ((scenario.name, "record of a scenario"),))


def without_estimates(table: EventTable) -> EventTable:
    """Return the events whose source is no assumption or estimate."""
    sources = table.frame["source"].str.casefold()
    kept = ~(sources.str.startswith(ASSUMPTION) | sources.str.startswith("estimate"))
    return replace(table, frame=table.frame[kept].reset_index(drop=True))
