"""Dated events from files that people have: ACLED, UCDP GED, GTD, and plain tables.

table = read_events([Path("ged.csv")])
battles = EventFilter.parse("country=Syria,kind=battle").of(table)
"""

from keyterrain.theatre.events.filters import EventFilter
from keyterrain.theatre.events.reading import read_events
from keyterrain.theatre.events.table import EventFaults, EventTable

__all__ = ["EventFaults", "EventFilter", "EventTable", "read_events"]
