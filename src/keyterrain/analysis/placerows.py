"""One row per place: who held it, when it may be taken, and what happened."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from math import isnan
from typing import TYPE_CHECKING

from keyterrain.analysis.control import CONTESTED_LABEL
from keyterrain.analysis.estimate import Scalar, scalar
from keyterrain.analysis.headline import hostile_sides
from keyterrain.analysis.observed import ObservedHolder

if TYPE_CHECKING:
    from keyterrain.analysis.outlook import Outlook
    from keyterrain.theatre.nouns import Place

HORIZON_STEP_DAYS = 30
N_HORIZONS = 5


@dataclass(frozen=True, slots=True)
class PlaceRow:
    """A place that an enemy of its first holder may take.

    Attributes
    ----------
    p_by
        Probability that `taker` has held it on some evening within each of `horizons` days.
    p_held_at_end
        Probability that `taker` holds it on the last evening.
    earliest, median, latest
        Dates by which 5, 50 and 95 per cent of the replicates have seen it taken; None where it does not come that far.
    """

    place: str
    name: str
    kind: str
    start_holder: str
    taker: str
    p_by: tuple[Scalar, ...]
    p_held_at_end: Scalar
    earliest: date | None
    median: date | None
    latest: date | None
    observed: tuple[ObservedHolder, ...]


def horizons(outlook: Outlook) -> tuple[int, ...]:
    """Return the days at which captures are tabled: every 30th up to 150, or the last day of a shorter campaign."""
    steps = tuple(HORIZON_STEP_DAYS * step for step in range(1, N_HORIZONS + 1))
    within = tuple(day for day in steps if day <= outlook.days[-1])
    return within or (outlook.days[-1],)


def place_rows(outlook: Outlook) -> tuple[PlaceRow, ...]:
    """Return the rows of all places that may change hands, likeliest first."""
    rows = [row for place in outlook.situation.places if (row := _row(outlook, place)) is not None]
    return tuple(sorted(rows, key=lambda row: (-row.p_by[-1].value, row.place)))


def _row(outlook: Outlook, place: Place) -> PlaceRow | None:
    holder = outlook.start_holder(place.key)
    takers = _takers(outlook, holder)
    if not takers:
        return None
    last = outlook.captures.p_by.value.sel(place=place.key, day=outlook.days[-1]).fillna(0.0)
    taker = max(takers, key=lambda side: float(last.sel(side=side)))
    by = outlook.captures.p_by.sel(place=place.key, side=taker)
    when = [_date(outlook, day) for day in outlook.captures.day.sel(place=place.key, side=taker).to_numpy().tolist()]
    held = outlook.control.sel(place=place.key, holder=taker, day=outlook.days[-1])
    return PlaceRow(
        place=place.key,
        name=place.name,
        kind=place.kind,
        start_holder=holder,
        taker=taker,
        p_by=tuple(scalar(by.sel(day=day)) for day in horizons(outlook)),
        p_held_at_end=scalar(held),
        earliest=when[0],
        median=when[1],
        latest=when[2],
        observed=outlook.observed.changes_at(place.key),
    )


def _takers(outlook: Outlook, holder: str) -> tuple[str, ...]:
    """Return the active enemies of an active holder; ground contested at the start may go to any active side."""
    active = tuple(side.key for side in outlook.situation.sides if side.active)
    if holder == CONTESTED_LABEL:
        return active
    return hostile_sides(outlook.situation, holder) if holder in active else ()


def _date(outlook: Outlook, day: float) -> date | None:
    return None if isnan(day) else outlook.date_of(day)
