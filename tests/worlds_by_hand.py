"""Theatres small enough for paper: worlds, first evenings and states filled by hand.

    world = make_world(3, [Road(0, 1, 2.0), Road(1, 2, 4.0)], [Actor(GOVERNMENT), Actor(OPPOSITION, irregular=True)])
    draw = make_draw(holder=[GOVERNMENT, OPPOSITION, OPPOSITION], strength={(0, 0): 3000, (1, 1): 400})
    states = evening(world, draw)

Nouns are numbers here, and a side may have many actors; `hand_made` knows them by name, with one actor a side. All roads are on
foot, so that hours are as written.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from hand_made import DRAW, ROOM, STATE, WORLD, Records, default_parameters, ways_of, words_of
from keyterrain.campaign.day import first_evening
from keyterrain.dynamics.audit import n_fighters, n_people
from keyterrain.dynamics.kernel import kernel
from keyterrain.dynamics.luck import Luck
from keyterrain.dynamics.routes import routes
from keyterrain.dynamics.state import ALLIED, HOSTILE, NEUTRAL, NONE, filled
from keyterrain.theatre.parameters import PARAMETERS
from keyterrain.theatre.policies import POLICY_RULES

SIDES = ("government", "opposition", "bystander")
GOVERNMENT, OPPOSITION, BYSTANDER = range(3)
PIECEMEAL, BROAD, RAID, HOLD = (list(POLICY_RULES).index(name) for name in ("piecemeal", "broad", "raid", "hold"))
N_DAYS = 400
NEAR_HOURS = 3.0
MEAN_WAY_HOURS = 5.0
SEED = np.uint64(20131122)


class Road(NamedTuple):
    """A way on foot between two places."""

    a: int
    b: int
    hours: float = 2.0


class Actor(NamedTuple):
    """Fighters of a side."""

    side: int
    irregular: bool = False
    air: bool = False


def make_world(n_places: int, roads: Sequence[Road], actors: Sequence[Actor], **changes: Any) -> Records:
    """Fill a world: government and opposition are enemies, the third side is passive, everyone wants people."""
    fields = {
        **words_of(_keys("place", n_places), _keys("route", len(roads)), list(SIDES), _keys("actor", len(actors))),
        **_sides(actors),
        **ways_of(np.array([road[:2] for road in roads], dtype=np.int32).reshape(-1, 2), n_places),
        **_lists(n_places, roads),
        **_rules(),
        "walk_base_hours": [road.hours for road in roads],
        "on": np.ones(ROOM["processes"], dtype=bool),
        "lean": np.full(n_places, NONE),
        "community": np.full(n_places, NONE),
        "country": np.zeros(n_places),
        "approaches": np.maximum([sum(place in road[:2] for road in roads) for place in range(n_places)], 1),
        "mean_way_hours": MEAN_WAY_HOURS,
        "n_places": n_places,
        "n_routes": len(roads),
        "n_actors": len(actors),
        "n_areas": 1,
        **changes,
    }
    counted = {"n_gates": "gate_place", "n_joins": "join_day"}
    return filled(WORLD, {**fields, **{n: len(fields[field]) for n, field in counted.items() if field in fields}})


def _keys(noun: str, n: int) -> list[str]:
    return [f"{noun}-{i}" for i in range(n)]


def _sides(actors: Sequence[Actor]) -> dict[str, Any]:
    relation = np.full((3, 3), NEUTRAL)
    relation[GOVERNMENT, OPPOSITION] = relation[OPPOSITION, GOVERNMENT] = HOSTILE
    np.fill_diagonal(relation, ALLIED)
    irregular = [all(actor.irregular for actor in actors if actor.side == side) for side in range(3)]
    return {
        "n_sides": 3,
        "relation": relation,
        "active": [True, True, False],
        "side_irregular": irregular,
        "passive_side": BYSTANDER,
        "aims": np.tile([0.0, 1.0, 0.0, 0.0], (3, 1)),
        "actor_side": [actor.side for actor in actors],
        "actor_irregular": [actor.irregular for actor in actors],
        "actor_air": [actor.air for actor in actors],
        "muster": np.full((len(actors), 3), NONE),
    }


def shortest_hours(n_places: int, roads: Iterable[Road]) -> NDArray[np.float64]:
    """Hours (place, place) by the shortest way on foot, by Floyd and Warshall."""
    hours = np.full((n_places, n_places), np.inf)
    np.fill_diagonal(hours, 0.0)
    for road in roads:
        hours[road.a, road.b] = hours[road.b, road.a] = min(road.hours, hours[road.a, road.b])
    for k in range(n_places):
        hours = np.minimum(hours, hours[:, k, None] + hours[None, k, :])
    return hours


def _lists(n_places: int, roads: Sequence[Road]) -> dict[str, Any]:
    hours = shortest_hours(n_places, roads)
    near = np.argwhere(hours <= NEAR_HOURS)
    nearest = np.lexsort((hours[tuple(near.T)], near[:, 0]))
    pairs = np.array(sorted((end, i) for i, road in enumerate(roads) for end in road[:2]), dtype=int).reshape(-1, 2)
    return {
        "near_start": np.searchsorted(near[:, 0], np.arange(n_places + 1)),
        "near_place": near[nearest, 1],
        "near_hours": hours[tuple(near[nearest].T)],
        "n_pairs": len(pairs),
        "pair_start": np.searchsorted(pairs[:, 0], np.arange(n_places + 1)),
        "pair_route": pairs[:, 1],
        "pair_hours": np.zeros(len(pairs)),
        "pair_seen": np.ones(len(pairs)),
        "spill_start": np.arange(n_places + 1),
        "spill_place": np.arange(n_places),
        "spill_share": np.ones(n_places),
    }


def _rules() -> dict[str, Any]:
    rules = POLICY_RULES.values()
    return {
        "slots": [rule.slots for rule in rules],
        "p_least": [rule.p_least for rule in rules],
        "ratio": [rule.ratio for rule in rules],
        "prep_days": [rule.prep_days for rule in rules],
        "most_sectors": [rule.most_sectors for rule in rules],
        "log_believed_relief": math.log(PARAMETERS["combat.relief_multiplier"].default),
        "log_believed_works": math.log(PARAMETERS["combat.works_multiplier"].default),
        "believed_frontage": PARAMETERS["combat.frontage"].default,
        "believed_narrowing": PARAMETERS["combat.narrowing"].default,
        "mean_c": np.full(N_DAYS, 15.0),
    }


def make_draw(
    *,
    holder: Sequence[int],
    strength: Mapping[tuple[int, int], int] | None = None,
    par: Mapping[str, float] | None = None,
    **changes: Any,
) -> Records:
    """Fill a first evening: every parameter at its default but those in `par`, `strength` by (actor, place)."""
    n_places = len(holder)
    garrisons = np.zeros((ROOM["actors"], n_places), dtype=np.int32)
    for where, n in (strength or {}).items():
        garrisons[where] = n
    fields = {
        "holder": holder,
        "intruder": np.full(n_places, NONE),
        "sectors": np.ones(n_places),
        "strength": garrisons,
        "mobility": np.ones(ROOM["actors"]),
        "policy": np.full(ROOM["sides"], HOLD),
        "stock": np.full((ROOM["sides"], n_places), 20.0),
        **changes,
    }
    draw = filled(DRAW, fields)
    draw["par"] = default_parameters()
    for name, value in (par or {}).items():
        draw["par"][name] = value
    return draw


@kernel
def _begin(worlds: Records, draws: Records, states: Records, seed: np.uint64) -> None:
    first_evening(worlds[0], draws[0], states[0])
    routes(0, worlds[0], draws[0], Luck(seed, np.uint64(0)), states[0])


def evening(world: Records, draw: Records) -> Records:
    """State on the evening before the first day, roads as they are without snow."""
    states = np.zeros(1, dtype=STATE)
    _begin(world, draw, states, SEED)
    return states


def opened(records: Records) -> Any:
    """Fields of the one record of an array as attributes; arrays can be written to."""
    return records.view(np.recarray)[0]


@kernel
def _count(worlds: Records, states: Records, fighters: NDArray[np.int64]) -> int:
    for actor in range(worlds[0].n_actors):
        fighters[actor] = n_fighters(worlds[0], states[0], actor)
    return n_people(worlds[0], states[0])


def fighters_of(world: Records, states: Records) -> NDArray[np.int64]:
    """Strength, on the way and lost (actor), less those who joined or returned: what cannot change."""
    fighters = np.zeros(int(world["n_actors"][0]), dtype=np.int64)
    _count(world, states, fighters)
    return fighters


def people_of(world: Records, states: Records) -> int:
    """Everyone at home, displaced, on the way or dead: what cannot change."""
    return _count(world, states, np.zeros(int(world["n_actors"][0]), dtype=np.int64))
