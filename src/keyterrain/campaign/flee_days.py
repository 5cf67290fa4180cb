"""Days of a Flee folder: where there is fighting, who leaves with what chance, how much each place pulls, what is closed."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from keyterrain.theatre.flee_folder import Closure, FleeFolder, FleePlace
from keyterrain.theatre.flee_settings import FleeSettings

FIGHTING_FROM = 1e-6
"""Intensity below which Flee sees no conflict."""


class ConflictDays(NamedTuple):
    """By (day, place): intensity, the day it broke out, and whether people may be received there as in a camp."""

    intensity: NDArray[np.float64]
    outbreak: NDArray[np.int64]
    is_camp: NDArray[np.bool_]
    is_reset: NDArray[np.bool_]


class OpenDays(NamedTuple):
    """Epochs between closures: of each day its number, and of each epoch which links are shut and which redirections hold."""

    epoch: NDArray[np.int64]
    closed: NDArray[np.bool_]
    redirected: NDArray[np.bool_]


def conflict_days(folder: FleeFolder) -> ConflictDays:
    """Follow conflict from day to day as Flee does: it begins when intensity rises from 0, and ends when it falls from 1."""
    n_places = len(folder.places)
    intensity = np.full((folder.days, n_places), -1.0)
    outbreak = np.full((folder.days, n_places), -1, dtype=np.int64)
    is_camp = np.zeros((folder.days, n_places), dtype=np.bool_)
    is_reset = np.zeros((folder.days, n_places), dtype=np.bool_)
    for k, place in enumerate(folder.places):
        changes = _conflict_changes(folder, k, place)
        is_camp[:, k] = place.is_camp
        for day, now in changes:
            intensity[day:, k] = now
            is_reset[day:, k] = now <= 0 and day > 0
            if now > 0 and day >= 0:
                outbreak[day:, k] = day
            if day == 0 and now > 0 and np.isnan(folder.intensity[0, k]):
                outbreak[:, k] = -1
    index = {place.name: k for k, place in enumerate(folder.places)}
    for closure in folder.closures:
        if closure.kind in {"camp", "idpcamp"} and closure.start < folder.days:
            end = closure.end if closure.end >= 0 else folder.days
            k = index[closure.first]
            is_camp[max(closure.start, 0) : end, k] = False
            is_reset[max(closure.start, 0) : end, k] = True
            is_camp[end:, k] = True
            intensity[max(closure.start, 0) :, k] = -1.0
    return ConflictDays(intensity, outbreak, is_camp, is_reset)


def _conflict_changes(folder: FleeFolder, k: int, place: FleePlace) -> list[tuple[int, float]]:
    """Days on which a place's conflict changes, and to what (-1: none)."""
    column = folder.intensity[:, k]
    changes: list[tuple[int, float]] = []
    if place.kind == "conflict_zone" and place.conflict_day <= 0:
        changes.append((0, 1.0))
    if np.isnan(column[0]):
        if place.kind == "conflict_zone" and 0 < place.conflict_day < folder.days and np.isnan(folder.intensity).all():
            changes.append((place.conflict_day, 1.0))
        return changes
    before = np.concatenate(([0.0], column[:-1]))
    begins = np.flatnonzero((column >= FIGHTING_FROM) & (before < FIGHTING_FROM))
    ends = np.flatnonzero((column < FIGHTING_FROM) & (before == 1.0))
    changes += [(int(day), float(column[day])) for day in begins] + [(int(day), -1.0) for day in ends]
    return sorted(changes, key=lambda change: change[0])


def decay(settings: FleeSettings, conflict: ConflictDays) -> NDArray[np.float64]:
    """Share that is left of a conflict's weight as it grows old, (day, place)."""
    steps = settings.conflict_spawn_decay
    if not steps:
        return np.ones_like(conflict.intensity)
    days = np.arange(len(conflict.intensity))[:, None]
    age = np.minimum((days - conflict.outbreak) // settings.conflict_spawn_decay_interval, len(steps) - 1)
    shares: NDArray[np.float64] = np.array(steps)[np.maximum(age, 0)]
    return shares


def open_days(folder: FleeFolder, *, link_closures: bool) -> OpenDays:
    """Divide the days into epochs with the same closures. A closure shuts both directions of every link that it concerns."""
    starts = {0}
    for closure in folder.closures:
        starts |= {day for day in (closure.start, closure.end) if 0 < day < folder.days}
    days = sorted(starts)
    epoch = np.searchsorted(np.array(days), np.arange(folder.days), side="right") - 1
    closed = np.zeros((len(days), max(len(folder.links), 1)), dtype=np.bool_)
    redirected = np.ones_like(closed)
    for e, day in enumerate(days):
        for closure in folder.closures:
            if closure.start <= day and (closure.end < 0 or day < closure.end):
                for k, link in enumerate(folder.links):
                    first, second = folder.places[link.first], folder.places[link.second]
                    if _concerns(closure, first, second) and (link_closures or closure.kind != "link"):
                        closed[e, k] |= closure.kind in {"country", "location", "link"}
                        redirected[e, k] &= closure.kind != "remove_forced_redirection"
    return OpenDays(epoch.astype(np.int64), closed, redirected)


def _concerns(closure: Closure, first: FleePlace, second: FleePlace) -> bool:
    match closure.kind:
        case "country":
            return {closure.first, closure.second} == {first.country, second.country} and first.country != second.country
        case "location":
            return closure.first in {first.name, second.name}
        case "link" | "remove_forced_redirection":
            return {closure.first, closure.second} == {first.name, second.name}
    return False
