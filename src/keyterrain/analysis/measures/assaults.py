"""Assaults of a campaign from their beginning to their end, and what they come to."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from keyterrain.analysis.measures.registry import Floats, computes
from keyterrain.analysis.measures.replicates import EVENTS, Replicates

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
OPEN, TAKEN, FAILED = 0, 1, 2


class Assaults(NamedTuple):
    """Assaults as columns: row of the replicate, first and last day, place, side, how it ended, and fighters."""

    row: Ints
    day: Ints
    until: Ints
    place: Ints
    side: Ints
    ending: Ints
    sent: Ints
    faced: Ints
    lost: Ints
    defenders_lost: Ints

    def where(self, chosen: Bools) -> Assaults:
        """Return some of the assaults."""
        return Assaults._make(column[chosen] for column in self)


def assaults_of(replicates: Replicates) -> Assaults:
    """Return every assault with its end; one that the campaign's end or the loss of its aim cuts off has none.

    A place is attacked by one side at a time, so that an end belongs to the last assault on the place that had begun.
    """
    events = replicates.events
    begun = events.where((events.kind == "assault") & (events.place >= 0))
    n_places, span = len(replicates.labels["place"]), replicates.last_day + 2
    order = np.argsort((begun.row * n_places + begun.place) * span + begun.day, kind="stable")
    begun = type(begun)._make(column[order] for column in begun)
    key = (begun.row * n_places + begun.place) * span + begun.day
    n = len(key)
    until, ending, lost, defenders_lost = (np.zeros(n, dtype=np.int64) for _ in range(4))
    for kind, code in (("capture", TAKEN), ("broken_off", FAILED), ("defence_ends", OPEN)):
        some = events.where(events.kind == kind)
        at = np.searchsorted(key, (some.row * n_places + some.place) * span + some.day, side="right") - 1
        known = at >= 0
        known[known] = (begun.row[at[known]] == some.row[known]) & (begun.place[at[known]] == some.place[known])
        at, some = at[known], some.where(known)
        if code == OPEN:
            defenders_lost[at] = some.number
        else:
            until[at], ending[at], lost[at] = some.day, code, some.number
    faced = _faced(replicates, begun.row, begun.day, begun.place, begun.side)
    return Assaults(begun.row, begun.day, until, begun.place, begun.side, ending, begun.number, faced, lost, defenders_lost)


def _faced(replicates: Replicates, row: Ints, day: Ints, place: Ints, side: Ints) -> Ints:
    """Return the enemies of a side in a place by the last weekly record before a day."""
    relations = replicates.situation.relations
    weeks = np.asarray(replicates.labels["week"])
    week = np.maximum(np.searchsorted(weeks, day - 1, side="right") - 1, 0)
    strength = replicates.arrays["strength"]
    faced = np.zeros(len(row), dtype=np.int64)
    for code, own in enumerate(replicates.labels["side"]):
        hostile = [
            replicates.at("actor", actor.key)
            for actor in replicates.situation.actors
            if relations.get((str(own), actor.side)) == "hostile"
        ]
        mine = side == code
        for actor in hostile:
            faced[mine] += strength[row[mine], week[mine], actor, place[mine]]
    return faced


def _assaults_by(replicates: Replicates, side: str) -> Assaults:
    every: Assaults = replicates.shared("assaults", lambda: assaults_of(replicates))
    return every.where(every.side == replicates.at("side", side))


@computes("assaults_won", EVENTS, "strength")
def assaults_won(replicates: Replicates, *, side: str) -> Floats:
    """Return the share of a side's assaults that took the place, of those that came to an end."""
    own = _assaults_by(replicates, side)
    n_won = np.bincount(own.row[own.ending == TAKEN], minlength=replicates.n)
    n_over = np.bincount(own.row[own.ending != OPEN], minlength=replicates.n)
    return n_won / np.where(n_over > 0, n_over, np.nan)


@computes("capture_days", EVENTS, "strength")
def capture_days(replicates: Replicates, *, side: str) -> Floats:
    """Return the median length of a side's assaults that took the place, first and last day both counted."""
    own = _assaults_by(replicates, side)
    won = own.where(own.ending == TAKEN)
    days = won.until - won.day + 1
    found = np.full(replicates.n, np.nan)
    for row in np.unique(won.row):
        found[row] = np.median(days[won.row == row])
    return found
