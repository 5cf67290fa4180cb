"""Which ways are open: corridors, and whether a side is cut off from its supply."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from keyterrain.analysis.measures.control import held, undefined
from keyterrain.analysis.measures.registry import Floats, Places, computes
from keyterrain.analysis.measures.replicates import Replicates
from keyterrain.campaign.record import CONTESTED

Bools = NDArray[np.bool_]
PER_CENT = 100.0


def _corridor(replicates: Replicates, variable: str, corridor: str) -> NDArray[np.uint8]:
    """Return a variable of a corridor (replicate, day) after the first evening, which is no day of the campaign."""
    return np.asarray(replicates.arrays[variable][:, 1:, replicates.at("corridor", corridor)])


def longest_spell(is_so: Bools) -> NDArray[np.int64]:
    """Return the length of the longest run of days (replicate, day) on which something is so."""
    day = np.arange(1, is_so.shape[1] + 1)
    last_not = np.maximum.accumulate(np.where(is_so, 0, day), axis=1)
    return np.asarray((day - last_not).max(axis=1, initial=0))


@computes("corridor_open_share", "corridor_open")
def corridor_open_share(replicates: Replicates, *, corridor: str) -> Floats:
    """Return the share of days on which some way through is not closed."""
    return np.asarray((_corridor(replicates, "corridor_open", corridor) > 0).mean(axis=1))


@computes("corridor_secure_share", "corridor_secure")
def corridor_secure_share(replicates: Replicates, *, corridor: str, threshold: float) -> Floats:
    """Return the share of days whose chance, kept in whole per cent, reaches the threshold."""
    return np.asarray((_corridor(replicates, "corridor_secure", corridor) >= threshold * PER_CENT).mean(axis=1))


@computes("corridor_security", "corridor_secure")
def corridor_security(replicates: Replicates, *, corridor: str) -> Floats:
    """Return the mean chance; a closed corridor has none."""
    return np.asarray(_corridor(replicates, "corridor_secure", corridor).mean(axis=1) / PER_CENT)


@computes("corridor_delivery_share", "corridor_delivery")
def corridor_delivery_share(replicates: Replicates, *, corridor: str) -> Floats:
    """Return the mean share of a load that arrives."""
    return np.asarray(_corridor(replicates, "corridor_delivery", corridor).mean(axis=1) / PER_CENT)


@computes("corridor_closed_for", "corridor_open")
def corridor_closed_for(replicates: Replicates, *, corridor: str, days: int) -> Floats:
    """Return 1 where it is closed for that many days on end."""
    closed = _corridor(replicates, "corridor_open", corridor) == 0
    return (longest_spell(closed) >= days).astype(np.float64)


@computes("side_cut_off", "control", "route_open", "strength")
def side_cut_off(replicates: Replicates, *, area: str, side: str, days: int, outside: Places) -> Floats:
    """Return 1 where for so long the side holds places of the area and none of them can be reached from its supply."""
    places = replicates.members(area, outside)
    if not len(places):
        return undefined(replicates)
    reached = replicates.shared(("reached", side), lambda: reached_from_supply(replicates, side))
    holds = held(replicates, places, side)
    cut = np.any(holds, axis=2) & ~np.any(holds & reached[:, :, places], axis=2)
    return (longest_spell(np.asarray(cut)[:, 1:]) >= days).astype(np.float64)


def reached_from_supply(replicates: Replicates, side: str) -> Bools:
    """Return which places (replicate, day, place) some way free of the enemy joins to a source of the side's supply.

    Enemy and contested ground lets nobody through. Routes are as on the last day of the week's record before; a side most of
    whose fighters are irregular at the start uses what can be walked, others what can be driven. Ground and routes that are
    the same on many days are looked at once.
    """
    n, n_days = replicates.n, replicates.last_day + 1
    free = _free_ground(replicates, side)
    passable = _passable_routes(replicates, side)
    open_rows, open_id = _distinct(np.packbits(passable, axis=2).reshape(-1, (passable.shape[2] + 7) // 8))
    week = np.searchsorted(np.asarray(replicates.labels["week"]), np.arange(n_days), side="right") - 1
    open_today = open_id.reshape(n, -1)[:, week].astype(np.uint32)
    bits = np.packbits(free, axis=2)
    key = np.concatenate([bits, np.ascontiguousarray(open_today)[..., None].view(np.uint8)], axis=2)
    begins = np.ones((n, n_days), dtype=bool)
    begins[:, 1:] = (key[:, 1:] != key[:, :-1]).any(axis=2)  # most days are like the day before, and need not be sorted
    at, which = _distinct(key[begins])
    states = free[begins][at]
    roads = passable.reshape(-1, passable.shape[2])[open_rows[open_today[begins][at]]]
    sources = [row.place for row in replicates.situation.supply_sources if row.side == side]
    spell = np.cumsum(begins).reshape(n, n_days) - 1
    return np.asarray(_joined(replicates, states, roads, sources)[which[spell]])


def _distinct(rows: NDArray[np.uint8]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return where each distinct row is first met, and for every row which of the distinct ones it is."""
    rows = np.ascontiguousarray(rows)
    values = rows.view(np.dtype((np.void, rows.shape[1]))).reshape(-1)
    _, first, which = np.unique(values, return_index=True, return_inverse=True)
    return first, which.reshape(-1)


def _free_ground(replicates: Replicates, side: str) -> Bools:
    """Return which places (replicate, day, place) neither an enemy holds nor is anyone fighting for."""
    relations = replicates.situation.relations
    free = [other == side or relations.get((side, str(other))) != "hostile" for other in replicates.labels["side"]]
    by_code = np.zeros(len(free) + 1, dtype=bool)
    by_code[: len(free)] = free
    by_code[CONTESTED] = False
    return by_code[replicates.arrays["control"]]


def _passable_routes(replicates: Replicates, side: str) -> Bools:
    """Return which routes (replicate, week, route) the side's supply can use."""
    usable = replicates.arrays["route_open"] > 0
    drive, walk = usable[:, :, replicates.at("mode", "vehicle")], usable[:, :, replicates.at("mode", "foot")]
    at_start = replicates.arrays["strength"][:, 0].sum(axis=2)
    actors = {actor.key: actor.irregular for actor in replicates.situation.actors if actor.side == side}
    irregular = [replicates.at("actor", key) for key, is_irregular in actors.items() if is_irregular]
    total = at_start[:, replicates.actors_of(side)].sum(axis=1)
    on_foot = at_start[:, irregular].sum(axis=1) * 2 > total
    return np.where(on_foot[:, None, None], drive | walk, drive)


def _joined(replicates: Replicates, states: Bools, roads: Bools, sources: Iterable[str]) -> Bools:
    """Return the places (state, place) joined to a source through free places by usable routes."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    n_states, n_places = states.shape
    nouns = {route.key: route for route in replicates.situation.routes}
    ends = [nouns[str(key)] for key in replicates.labels["route"]]
    start, end = replicates.places(route.start for route in ends), replicates.places(route.end for route in ends)
    row, route = np.nonzero(roads & states[:, start] & states[:, end])
    nodes = n_states * n_places
    graph = coo_array(
        (np.ones(len(row), np.int8), (row * n_places + start[route], row * n_places + end[route])), shape=(nodes, nodes)
    )
    part = connected_components(graph, directed=False)[1].reshape(n_states, n_places)
    supplied = replicates.places(sources)
    is_fed = np.zeros(nodes, dtype=bool)
    is_fed[part[:, supplied][states[:, supplied]]] = True
    return np.asarray(is_fed[part] & states)
