"""Fighting: what it costs, where it goes, and what an assault takes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from keyterrain.analysis.measures.control import place_taken_after, places_gained, undefined
from keyterrain.analysis.measures.registry import Floats, computes
from keyterrain.analysis.measures.replicates import EVENTS, Events, Replicates
from keyterrain.theatre.outcomes import WHOLE_THEATRE

Ints = NDArray[np.int64]
ASSAULT = "assault"
CAPTURE = "capture"
DAYS_OF_A_MONTH = 365.25 / 12.0
ENDS = ("capture", "broken_off")


def _lost(replicates: Replicates, actors: Ints) -> Ints:
    """Return all losses so far (replicate, day) of some actors."""
    return np.asarray(replicates.arrays["cum_loss"][:, :, actors].sum(axis=(2, 3)), dtype=np.int64)


@computes("fighters_lost", "cum_loss")
def fighters_lost(replicates: Replicates, *, side: str) -> Floats:
    """Return the losses of all actors of a side by the last evening."""
    return _lost(replicates, replicates.actors_of(side))[:, -1].astype(np.float64)


@computes("fighters_dead", "cum_loss")
def fighters_dead(replicates: Replicates, *, side: str) -> Floats:
    """Return the dead of all actors of a side by the last evening."""
    of_side = replicates.arrays["cum_loss"][:, -1, replicates.actors_of(side), replicates.at("loss_kind", "dead")]
    return np.asarray(of_side.sum(axis=1), dtype=np.float64)


@computes("actor_lost", "cum_loss")
def actor_lost(replicates: Replicates, *, actor: str) -> Floats:
    """Return the losses of an actor by the last evening."""
    return _lost(replicates, np.array([replicates.at("actor", actor)]))[:, -1].astype(np.float64)


@computes("actor_lost_per_gain", "cum_loss", "control")
def actor_lost_per_gain(replicates: Replicates, *, actor: str, area: str) -> Floats:
    """Return losses over places gained by the last evening."""
    side = next(each.side for each in replicates.situation.actors if each.key == actor)
    gained = places_gained(replicates, area=area, side=side, day=None, outside=frozenset())
    return actor_lost(replicates, actor=actor) / np.where(gained > 0, gained, np.nan)


@computes("incidents", "new_incidents")
def incidents(replicates: Replicates, *, area: str, since: int) -> Floats:
    """Return the mean number a day; a place counts for the first of its areas, as the store counts it."""
    if since > replicates.last_day:
        return undefined(replicates)
    counted = replicates.arrays["new_incidents"][:, since:]
    if area == WHOLE_THEATRE:
        return np.asarray(counted.sum(axis=2, dtype=np.int64).mean(axis=1))
    columns = _counting_areas(replicates, area)
    return np.asarray(counted[:, :, columns].sum(axis=2, dtype=np.int64).mean(axis=1))


def _counting_areas(replicates: Replicates, area: str) -> Ints:
    """Return the columns of incidents that lie in an area: it, and every area whose counted places all belong to it."""
    counted: dict[str, list[bool]] = {}
    for place in replicates.situation.places:
        if place.areas:
            counted.setdefault(place.areas[0], []).append(area in place.areas)
    inside = [first for first, is_inside in counted.items() if all(is_inside)]
    return np.array([replicates.at("area", first) for first in sorted({*inside, area})], dtype=np.int64)


def _first_of(replicates: Replicates, events: Events) -> Ints:
    """Return the row of the first of some events of each replicate, -1 where there is none; events come in order of days."""
    first = np.full(replicates.n, -1, dtype=np.int64)
    rows, at = np.unique(events.row, return_index=True)
    first[rows] = at
    return first


def _assaults(replicates: Replicates, place: str, side: str) -> Events:
    events = replicates.events
    here = (events.place == replicates.at("place", place)) & (events.side == replicates.at("side", side))
    return events.where(here & (events.kind == ASSAULT))


def first_assault(replicates: Replicates, place: str, side: str) -> Floats:
    """Return the day on which the side's first assault on the place begins, nan where there is none."""
    return _picked(replicates, _assaults(replicates, place, side), "day")


@computes("place_assaulted", EVENTS)
def place_assaulted(replicates: Replicates, *, place: str, side: str, day: int | None) -> Floats:
    """Return 1 where an assault on the place begins by that day."""
    last = replicates.last_day if day is None else day
    if last > replicates.last_day:
        return undefined(replicates)
    begun = first_assault(replicates, place, side)
    return (np.nan_to_num(begun, nan=np.inf) <= last).astype(np.float64)


@computes("force_sent", EVENTS)
def force_sent(replicates: Replicates, *, place: str, side: str) -> Floats:
    """Return the number that went in the first assault."""
    return _picked(replicates, _assaults(replicates, place, side), "number")


def _picked(replicates: Replicates, events: Events, column: str) -> Floats:
    """Return a column of the first of some events of each replicate, nan where there is none."""
    first = _first_of(replicates, events)
    values = np.append(getattr(events, column), 0)[first].astype(np.float64)
    return np.where(first >= 0, values, np.nan)


@computes("assault_losses", EVENTS, "cum_loss")
def assault_losses(replicates: Replicates, *, place: str, side: str) -> Floats:
    """Return the side's losses from the evening before the first assault to the evening of its end."""
    begun = first_assault(replicates, place, side)
    events = replicates.events
    here = (events.place == replicates.at("place", place)) & (events.side == replicates.at("side", side))
    in_time = events.day >= np.where(np.isnan(begun), np.inf, begun)[events.row]
    ended = _picked(replicates, events.where(here & np.isin(events.kind, ENDS) & in_time), "day")
    lost = _lost(replicates, replicates.actors_of(side))
    known = ~np.isnan(ended)
    rows = np.flatnonzero(known)
    losses = undefined(replicates)
    losses[rows] = lost[rows, ended[rows].astype(int)] - lost[rows, begun[rows].astype(int) - 1]
    return losses


@computes("assaults_elsewhere", EVENTS, "control")
def assaults_elsewhere(replicates: Replicates, *, place: str, side: str, area: str, days: int) -> Floats:
    """Return the assaults of any side in the area after the capture of the place, less those before; its day is neither."""
    taken_on = place_taken_after(replicates, place=place, side=side)
    known = (taken_on - days >= 1) & (taken_on + days <= replicates.last_day)
    events = replicates.events
    elsewhere = np.setdiff1d(replicates.members(area), replicates.places([place]))
    some = events.where((events.kind == ASSAULT) & np.isin(events.place, elsewhere))
    since = some.day - taken_on[some.row]
    after = np.bincount(some.row[(since > 0) & (since <= days)], minlength=replicates.n)
    before = np.bincount(some.row[(since < 0) & (since >= -days)], minlength=replicates.n)
    return np.where(known, after - before, np.nan)


@computes("captures_per_month", EVENTS)
def captures_per_month(replicates: Replicates, *, area: str, side: str) -> Floats:
    """Return the captures by a side in the area, those of ground that is lost and taken again too, for each month played."""
    events = replicates.events
    own = (events.kind == CAPTURE) & (events.side == replicates.at("side", side))
    here = own & np.isin(events.place, replicates.members(area))
    counted = np.bincount(events.row[here], minlength=replicates.n).astype(np.float64)
    return counted * (DAYS_OF_A_MONTH / replicates.last_day)


@computes("operation_days", "n_operations")
def operation_days(replicates: Replicates, *, side: str) -> Floats:
    """Return the share of days with an operation, from massing to consolidation."""
    under_way = replicates.arrays["n_operations"][:, 1:, replicates.at("side", side)] > 0
    return np.asarray(under_way.mean(axis=1))
