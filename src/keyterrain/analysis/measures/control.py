"""Who holds what: shares of ground held, captures, and ground that changes hands again."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from keyterrain.analysis.measures.registry import Floats, Places, computes
from keyterrain.analysis.measures.replicates import Replicates

HALF = 0.5
"""A side has an area whose places it holds to more than this share (assumption: a majority of the places)."""


def held(replicates: Replicates, places: NDArray[np.int64], side: str) -> NDArray[np.bool_]:
    """Return whether the side holds places (replicate, day, place); what is contested is nobody's."""
    return np.asarray(replicates.arrays["control"][:, :, places] == replicates.at("side", side))


def undefined(replicates: Replicates) -> Floats:
    """Return no value for any replicate."""
    return np.full(replicates.n, np.nan)


def first_day(happened: NDArray[np.bool_]) -> Floats:
    """Return the first day (replicate, day) on which something is so, nan where it never is."""
    return np.where(happened.any(axis=1), happened.argmax(axis=1), np.nan)


def _share_by_day(replicates: Replicates, places: NDArray[np.int64], side: str) -> Floats:
    """Return the share of places (replicate, day) that the side holds; nan without places."""
    if not len(places):
        return np.full((replicates.n, replicates.last_day + 1), np.nan)
    return np.asarray(held(replicates, places, side).mean(axis=2))


def _on(replicates: Replicates, by_day: Floats, day: int | None) -> Floats:
    """Return the values of a day (the last where none is given), nan where the campaign ends before it."""
    last = replicates.last_day
    wanted = last if day is None else day
    return by_day[:, wanted] if wanted <= last else undefined(replicates)


@computes("area_held_share", "control")
def area_held_share(replicates: Replicates, *, area: str, side: str, outside: Places) -> Floats:
    """Return the share of place-days after the first evening."""
    return np.asarray(_share_by_day(replicates, replicates.members(area, outside), side)[:, 1:].mean(axis=1))


@computes("places_safe_share", "control")
def places_safe_share(replicates: Replicates, *, places: tuple[str, ...], side: str, outside: Places) -> Floats:
    """Return the share of place-days after the first evening."""
    counted = replicates.places(key for key in places if key not in outside)
    return np.asarray(_share_by_day(replicates, counted, side)[:, 1:].mean(axis=1))


@computes("place_held_share", "control")
def place_held_share(replicates: Replicates, *, place: str, side: str, outside: Places) -> Floats:
    """Return the share of days after the first evening."""
    return places_safe_share(replicates, places=(place,), side=side, outside=outside)


@computes("area_held_on", "control")
def area_held_on(replicates: Replicates, *, area: str, side: str, day: int | None, outside: Places) -> Floats:
    """Return the share of places on one evening."""
    return _on(replicates, _share_by_day(replicates, replicates.members(area, outside), side), day)


@computes("area_taken", "control")
def area_taken(replicates: Replicates, *, area: str, side: str, share: float, day: int | None, outside: Places) -> Floats:
    """Return 1 where enough of the places are held on that evening."""
    on_day = area_held_on(replicates, area=area, side=side, day=day, outside=outside)
    return np.where(np.isnan(on_day), np.nan, on_day >= share - 1e-12)


@computes("area_taken_after", "control")
def area_taken_after(replicates: Replicates, *, area: str, side: str, share: float, outside: Places) -> Floats:
    """Return the first day with enough places held; it is no capture where it is so on the first evening."""
    enough = _share_by_day(replicates, replicates.members(area, outside), side) >= share - 1e-12
    return np.where(enough[:, 0], np.nan, first_day(enough))


@computes("place_taken", "control")
def place_taken(replicates: Replicates, *, place: str, side: str, day: int | None) -> Floats:
    """Return 1 where the place is taken by that day, whatever becomes of it later."""
    last = replicates.last_day if day is None else day
    if last > replicates.last_day:
        return undefined(replicates)
    holds = held(replicates, replicates.places([place]), side)[:, : last + 1, 0]
    return np.where(holds[:, 0], np.nan, holds.any(axis=1))


@computes("place_taken_after", "control")
def place_taken_after(replicates: Replicates, *, place: str, side: str) -> Floats:
    """Return the first day on which the place is held."""
    holds = held(replicates, replicates.places([place]), side)[:, :, 0]
    return np.where(holds[:, 0], np.nan, first_day(holds))


@computes("places_gained", "control")
def places_gained(replicates: Replicates, *, area: str, side: str, day: int | None, outside: Places) -> Floats:
    """Return the number of places held on that evening and not on the first."""
    holds = held(replicates, replicates.members(area, outside), side)
    gained = (holds & ~holds[:, :1]).sum(axis=2).astype(np.float64)
    return _on(replicates, gained, day)


@computes("reversal_within", "control")
def reversal_within(replicates: Replicates, *, area: str, side: str, days: int, outside: Places) -> Floats:
    """Return 1 where the area, once lost, is had again in time; only the first loss counts."""
    has = _share_by_day(replicates, replicates.members(area, outside), side) > HALF
    lost = ~has & np.logical_or.accumulate(has, axis=1)
    lost_on = first_day(lost)
    after = np.arange(has.shape[1]) - lost_on[:, None]
    back = (has & (after > 0) & (after <= days)).any(axis=1)
    seen = lost_on + days <= replicates.last_day
    return np.where(np.isnan(lost_on) | (~back & ~seen), np.nan, back)
