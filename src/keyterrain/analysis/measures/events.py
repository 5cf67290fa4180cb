"""What is read off the events of the region: whether they coincide by chance, and who feeds whom."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import date
from typing import TYPE_CHECKING

from keyterrain.analysis.interval import Interval
from keyterrain.analysis.spillover.answer import SpilloverQuestion
from keyterrain.analysis.spillover.incidents import NamedIncident
from keyterrain.analysis.spillover.question import SpilloverRefused, chance_of_incident, excitation_between, extra_followers
from keyterrain.theatre.events.filters import BadFilter
from keyterrain.theatre.events.recorded import events_of_region, without_estimates
from keyterrain.theatre.outcomes import MEASURES

if TYPE_CHECKING:
    from keyterrain.analysis.measures.registry import Measurement
    from keyterrain.theatre.events.table import EventTable
    from keyterrain.theatre.scenario import Scenario

LEVEL = 0.95
"""Level of intervals, by custom."""
UNDEFINED = Interval(math.nan, math.nan, math.nan, 0, 0, LEVEL)

_READERS: dict[str, Callable[..., Interval]] = {}


def _reads(measure: str) -> Callable[[Callable[..., Interval]], Callable[..., Interval]]:
    if MEASURES[measure].basis != "events":
        raise ValueError(f"{measure} is not computed from events of the region")

    def register(function: Callable[..., Interval]) -> Callable[..., Interval]:
        _READERS[measure] = function
        return function

    return register


def event_measures() -> frozenset[str]:
    """Return the measures that are read off events of the region."""
    return frozenset(_READERS)


def events_interval(asked: Measurement, scenario: Scenario) -> Interval:
    """Return the value of a measure of events with its interval; nan where it is undefined."""
    if not scenario.record.region:
        return UNDEFINED
    arguments = dict(asked.arguments)
    table = events_of_region(scenario)
    if arguments.pop("estimates") == "without":
        table = without_estimates(table)
    try:
        return _READERS[asked.measure](table, **arguments)
    except (BadFilter, SpilloverRefused):
        return UNDEFINED


@_reads("incident_by_chance")
def incident_by_chance(table: EventTable, *, trigger: date, on: date, alike: str) -> Interval:
    """Return the chance with clustering; the interval is from the least to the most that any null gives."""
    answer = chance_of_incident(table, NamedIncident(alike, on, trigger, alike), SpilloverQuestion(alike, alike))
    return Interval(answer.p["circular_shift"], min(answer.p.values()), max(answer.p.values()), answer.n_alike, 0, LEVEL)


@_reads("spillover_extra")
def spillover_extra(table: EventTable, *, first: str, second: str, window: int) -> Interval:
    """Return additional followers with the interval of their test."""
    test = extra_followers(table, SpilloverQuestion(first, second, window=window))
    return Interval(test.effect, test.low, test.high, table.n, 0, LEVEL)


@_reads("spillover_difference")
def spillover_difference(table: EventTable, *, first: str, second: str, window: int) -> Interval:
    """Return the difference of the two branching ratios."""
    fitted = excitation_between(table, SpilloverQuestion(first, second, window=window, n_simulated=0))
    if fitted is None:
        return UNDEFINED
    return Interval(fitted.difference, fitted.difference_low, fitted.difference_high, table.n, 0, LEVEL)
