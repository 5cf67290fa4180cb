"""Sheets: what is written down of one replicate, evening by evening, before it is turned over onto the pages of its chunk.

An evening is written side by side, as it lies in the state. The store keeps the days of each place side by side, which compress
better; written so at once, every number of an evening would go to a line of memory of its own. So a replicate is written on
sheets, time first, that stay in the processor's cache, and turned over when it is done.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from keyterrain.dynamics.kernel import kernel
from keyterrain.dynamics.presence import contested
from keyterrain.dynamics.state import IDLE, KILLED, MOST_SLOTS, NONE, ON_THE_WAY, WET, State, World


class Sheets(NamedTuple):
    """One replicate of every variable that days are written to, time first."""

    control: NDArray[np.int8]
    sectors_taken: NDArray[np.uint8]
    strength: NDArray[np.int32]
    in_transit: NDArray[np.int32]
    supply: NDArray[np.uint8]
    route_open: NDArray[np.uint8]
    route_threat: NDArray[np.uint8]
    corridor_open: NDArray[np.uint8]
    corridor_secure: NDArray[np.uint8]
    corridor_delivery: NDArray[np.uint8]
    n_cut_off: NDArray[np.uint16]
    n_residents: NDArray[np.int32]
    n_displaced: NDArray[np.int32]
    n_fled_to: NDArray[np.int32]
    cum_loss: NDArray[np.int32]
    cum_reinforcement: NDArray[np.int32]
    cum_returned: NDArray[np.int32]
    new_incidents: NDArray[np.uint16]
    snow_depth: NDArray[np.uint16]
    wet: NDArray[np.uint8]
    n_operations: NDArray[np.uint8]


def blank_sheets(arrays: Mapping[str, NDArray[Any]]) -> Sheets:
    """Return sheets for the replicates of a chunk's arrays (replicate, time, ...)."""
    return Sheets(**{name: np.zeros(arrays[name].shape[1:], arrays[name].dtype) for name in Sheets._fields})


class Page(NamedTuple):
    """A sheet (time, item), and the pages (replicate, item, time) that it is turned over onto."""

    sheet: NDArray[Any]
    pages: NDArray[Any]


def pages_of(sheets: Sheets, arrays: Mapping[str, NDArray[Any]]) -> list[Page]:
    """Return each sheet with its array of the chunk.

    Raises
    ------
    ValueError
        An array whose time does not lie last in memory.
    """
    return [_page(getattr(sheets, name), arrays[name]) for name in Sheets._fields]


def _page(sheet: NDArray[Any], array: NDArray[Any]) -> Page:
    n, times = array.shape[:2]
    items = sheet.size // times
    return Page(sheet.reshape(times, items), np.moveaxis(array, 1, -1).reshape((n, items, times), copy=False))


def turn_over(pages: Sequence[Page], i: int) -> None:
    """Write the sheets of a replicate onto the i-th of each page."""
    for page in pages:
        turn(page.sheet, page.pages, i)


@kernel
def turn(sheet: NDArray[Any], pages: NDArray[Any], i: int) -> None:
    """Write a sheet (time, item) onto the i-th of some pages (replicate, item, time)."""
    for item in range(pages.shape[1]):
        for time in range(pages.shape[2]):
            pages[i, item, time] = sheet[time, item]


@kernel
def per_cent(x: float) -> int:
    """Whole per cent, rounded, between 0 and 100."""
    return int(min(max(x, 0.0), 1.0) * 100.0 + 0.5)


@kernel
def write_evening(day: int, w: World, s: State, out: Sheets) -> None:
    """Write down what is kept of every day."""
    for place in range(w.n_places):
        out.control[day, place] = NONE if contested(s, place) else s.holder[place]
    for c in range(w.n_corridors):
        out.corridor_open[day, c] = per_cent(0.01 * s.corridor_open[c])
        out.corridor_secure[day, c] = per_cent(s.corridor_secure[c])
        out.corridor_delivery[day, c] = per_cent(s.corridor_delivery[c])
    for side in range(w.n_sides):
        out.n_cut_off[day, side] = s.n_cut_off[side]
        n = 0
        for slot in range(MOST_SLOTS):
            n += 1 if s.op_state[side, slot] != IDLE else 0
        out.n_operations[day, side] = n
    n_hosts = w.n_places + w.n_abroad
    for host in range(n_hosts):
        out.n_displaced[day, host] = s.guests[host]
    out.n_displaced[day, n_hosts] = s.count[ON_THE_WAY]
    out.n_displaced[day, n_hosts + 1] = s.count[KILLED]
    for actor in range(w.n_actors):
        for kind in range(s.cum_loss.shape[1]):
            out.cum_loss[day, actor, kind] = s.cum_loss[actor, kind]
        out.cum_reinforcement[day, actor] = s.cum_joined[actor]
        out.cum_returned[day, actor] = s.cum_returned[actor]
    out.wet[day] = 1 if s.sky[WET] > 0.0 else 0
    out.new_incidents[day, :] = 0
    if day > 0:
        for place in range(w.n_places):
            out.new_incidents[day, w.area[place]] += s.incidents[place]


@kernel
def write_week(week: int, w: World, s: State, out: Sheets) -> None:
    """Write down what is kept of every week, or of every day on request."""
    for actor in range(w.n_actors):
        out.in_transit[week, actor] = s.n_marching[actor]
        for place in range(w.n_places):
            out.strength[week, actor, place] = s.strength[actor, place]
    for place in range(w.n_places):
        out.n_residents[week, place] = s.residents[place]
        out.sectors_taken[week, place] = s.taken[place]
    for area in range(w.n_areas):
        for column in range(w.n_areas + w.n_abroad + 2):
            out.n_fled_to[week, area, column] = s.fled[area, column]
    for side in range(w.n_sides):
        for place in range(w.n_places):
            out.supply[week, side, place] = per_cent(s.supplied[side, place]) if s.force[side, place] > 0 else 0
        for route in range(w.n_routes):
            out.route_threat[week, side, route] = per_cent(s.threat[side, route])
    for route in range(w.n_routes):
        out.route_open[week, 0, route] = 100 if s.drive_hours[route] < math.inf else 0
        out.route_open[week, 1, route] = 100 if s.walk_hours[route] < math.inf else 0
    for zone in range(s.snow_cm.shape[0]):
        for band in range(s.snow_cm.shape[1]):
            out.snow_depth[week, zone, band] = int(min(s.snow_cm[zone, band], 65535.0) + 0.5)
