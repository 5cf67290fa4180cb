"""Days: what the record says when, and whether a run can start from it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import date
from itertools import pairwise

from keyterrain.theatre.draft import Draft, Row
from keyterrain.theatre.faults import Fault, nearest, shown
from keyterrain.theatre.schema import CONTROL, WEIGHT_TOLERANCE

_HAPPENED_ON = {
    "control": "date",
    "closures": "closed_on",
    "displacement": "date",
    "incidents": "date",
    "observed_corridors": "date",
    "regional_events": "date",
}


def _earliest_start(draft: Draft) -> date | None:
    starts = draft.heading.get("starts")
    return min(starts) if starts else None


def places_are_known_by_the_earliest_start(draft: Draft) -> Iterator[Fault]:
    """Ground does not appear during a war: every place is there from the earliest start on."""
    start = _earliest_start(draft)
    for row in draft.rows("places"):
        if start and row.get("known_on") and row.get("known_on") > start:
            yield row.fault("known_on", f"the place is known only after the earliest start, {start}")


def every_place_has_a_holder(draft: Draft) -> Iterator[Fault]:
    """The record has a row for every place before the earliest start."""
    start = _earliest_start(draft)
    if start is None or not draft.tables["control"].is_readable:
        return
    held = {row.get("place") for row in draft.rows("control") if _is_known_by(row, start)}
    for row in draft.rows("places"):
        if row.has("place") and row.get("place") not in held:
            what = f"no row by the earliest start, {start}, says who holds {shown(row.get('place'))}"
            yield Fault(CONTROL.file, None, "place", what)


def _is_known_by(row: Row, start: date) -> bool:
    # a malformed day is its own fault and is not held against the place
    return all(row.get(column) is None or row.get(column) <= start for column in ("date", "known_on"))


def alternatives_sum_to_one(draft: Draft) -> Iterator[Fault]:
    """Weights of the holders that are possible on one day sum to 1."""
    groups: dict[tuple[str, date, date], list[Row]] = defaultdict(list)
    for row in draft.rows("control"):
        if row.has("place", "date", "known_on", "weight"):
            groups[row.get("place"), row.get("date"), row.get("known_on")].append(row)
    for (place, day, _), rows in groups.items():
        total = sum(row.get("weight") for row in rows)
        if abs(total - 1) > WEIGHT_TOLERANCE:
            yield rows[-1].fault("weight", f"the weights of the holders of {place} on {day} sum to {total:.6g} and not to 1")


def contestants_are_hostile(draft: Draft) -> Iterator[Fault]:
    """A place is contested between two hostile sides."""
    hostile = {
        frozenset((row.get("side"), row.get("other"))) for row in draft.rows("relations") if row.get("relation") == "hostile"
    }
    for row in draft.rows("control"):
        holder, other = row.get("holder"), row.get("contested_by")
        if holder and other and holder == other:
            yield row.fault("contested_by", f"{shown(other)} is the holder already")
        elif holder and other and {holder, other} <= (draft.names("side") or set()) and frozenset((holder, other)) not in hostile:
            yield row.fault("contested_by", f"{other} and {holder} are not hostile")


def nothing_is_known_before_it_happened(draft: Draft) -> Iterator[Fault]:
    """A row of the record is known on the day it happened, or later."""
    for table, column in _HAPPENED_ON.items():
        for row in draft.rows(table):
            if row.has(column, "known_on") and row.get("known_on") < row.get(column):
                yield row.fault("known_on", f"known on {row.get('known_on')}, before it happened on {row.get(column)}")


def closures_are_of_roads(draft: Draft) -> Iterator[Fault]:
    """A closed road is one of routes.csv, and opens after it was closed."""
    roads = {
        f"{row.get(one)} to {row.get(other)}"
        for row in draft.rows("routes")
        if row.has("from", "to")
        for one, other in (("from", "to"), ("to", "from"))
    }
    places = draft.names("place") or frozenset()
    for row in draft.rows("closures"):
        road = f"{row.get('from')} to {row.get('to')}"
        if draft.tables["routes"].is_readable and {row.get("from"), row.get("to")} <= places and road not in roads:
            yield row.fault("to", f"there is no road from {road}", nearest(road, roads))
        if row.get("closed_on") and row.get("reopened_on") and row.get("reopened_on") < row.get("closed_on"):
            yield row.fault("reopened_on", "is before the day of closing")


def counts_grow_from_their_beginning(draft: Draft) -> Iterator[Fault]:
    """People are counted after the evening from which they are counted, and a cumulative count does not fall."""
    series: dict[tuple[str, str, date | None], list[Row]] = defaultdict(list)
    for row in draft.rows("displacement"):
        if row.get("since") and row.get("date") and row.get("since") >= row.get("date"):
            yield row.fault("since", f"{row.get('since')} is not before the day of the count")
        if row.has("origin", "host", "date", "cum_persons"):
            series[row.get("origin"), row.get("host"), row.get("since")].append(row)
    for (origin, host, _), rows in series.items():
        ordered = sorted(rows, key=lambda row: row.get("date"))
        for earlier, later in pairwise(ordered):
            if later.get("date") > earlier.get("date") and later.get("cum_persons") < earlier.get("cum_persons"):
                what = f"people from {origin} at {host} are fewer than on {earlier.get('date')}: a new series has its own `since`"
                yield later.fault("cum_persons", what)


def starts_are_covered(draft: Draft) -> Iterator[Fault]:
    """The last day that may be given as a start is none before the starts."""
    starts, until = draft.heading.get("starts"), draft.heading.get("covered_until")
    if starts and until and until < max(starts):
        yield draft.heading.fault("covered_until", f"is before the last start, {max(starts)}")


def climate_has_twelve_months(draft: Draft) -> Iterator[Fault]:
    """The normals are those of a whole year."""
    table = draft.tables["climate"]
    given = {row.get("month") for row in table.rows if row.has("month")}
    missing = [str(month) for month in range(1, 13) if month not in given]
    if table.is_readable and missing and all(row.has("month") for row in table.rows):
        yield Fault("climate.csv", None, "month", f"months are missing: {', '.join(missing)}")


def actors_have_fighters(draft: Draft) -> Iterator[Fault]:
    """An actor without fighters by the earliest start is none (warning)."""
    start = _earliest_start(draft)
    known = {row.get("actor") for row in draft.rows("forces") if start and row.get("known_on") and row.get("known_on") <= start}
    for row in draft.rows("actors"):
        if start and draft.tables["forces"].is_readable and row.get("actor") not in known:
            yield row.fault("", f"the actor has no fighters by the earliest start, {start}")
