"""A theatre made by hand: places, roads and forces as a test states them, every parameter at its default.

    theatre = hand_made("town post", [Road("town", "post", km=35.0)], holds={"post": "opposition"}, garrisons={"post": 300})
    theatre.play("routes", "interdiction", days=6)
    theatre.at("threat", "government", "post--town")

A place without a holder is the government's. Each side has one actor of its own kind: the government regulars, the opposition
irregulars. All theatres share one shape of memory, so that every kernel is compiled once.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
from numba import config
from numpy.typing import NDArray
from scipy.sparse import csr_array

from keyterrain.campaign.awareness import awareness
from keyterrain.campaign.contraction import contract
from keyterrain.campaign.day import first_evening
from keyterrain.campaign.entities import words
from keyterrain.campaign.world import ROUTE_KINDS
from keyterrain.dynamics.kernel import kernel
from keyterrain.dynamics.luck import Luck, mixed
from keyterrain.dynamics.presence import count_forces, mark_passable
from keyterrain.dynamics.state import (
    ALLIED,
    CREST,
    HOSTILE,
    LEE,
    N_BANDS,
    NEUTRAL,
    NONE,
    capacities,
    draw_type,
    filled,
    state_type,
    world_type,
)
from keyterrain.dynamics.supply import corridors as run_corridors
from keyterrain.theatre.parameters import PARAMETERS
from single_steps import STEPS, Records, Step

ROOM = capacities({})
WORLD, STATE = world_type(ROOM), state_type(ROOM)
DRAW = draw_type(ROOM, [parameter.field for parameter in PARAMETERS.values()])

SIDES = ("government", "opposition", "neutral")
PASSIVE = ("neutral",)
IRREGULAR = ("opposition",)


@dataclass(frozen=True)
class Road:
    """A road; its key is that of its ends in alphabetical order."""

    start: str
    end: str
    km: float = 35.0
    kind: str = "paved"
    walk_hours: float = 7.0
    band: int = 0
    on_crest: bool = False
    vehicle: bool = True
    shut_vehicle: bool = False
    shut_foot: bool = False

    @property
    def key(self) -> str:
        return "--".join(sorted((self.start, self.end)))


@dataclass(frozen=True)
class Corridor:
    """A corridor through the places that the named roads join, and over all roads among them."""

    side: str
    start: str
    end: str
    roads: Sequence[str]


@dataclass(frozen=True)
class Reach:
    """A road that raiders at a place can get to: hours on foot, and the share of it that they see."""

    place: str
    road: str
    hours: float = 0.0
    seen: float = 1.0


@dataclass(frozen=True)
class Source:
    """Where supply comes in for a side."""

    side: str
    place: str
    capacity: float = 1e9


@dataclass
class Theatre:
    """World, draw and state as records of length 1, and the numbers of all keys."""

    world: Records
    draw: Records
    state: Records
    number: Mapping[str, int]
    luck: Luck = field(default_factory=lambda: Luck(np.uint64(1), np.uint64(0)))

    def __post_init__(self) -> None:
        if config.DISABLE_JIT:
            self.world, self.draw, self.state = (each.view(np.recarray) for each in (self.world, self.draw, self.state))

    def copy(self) -> Theatre:
        """Return the theatre as it stands, for comparison."""
        return Theatre(self.world.copy(), self.draw.copy(), self.state.copy(), self.number, self.luck)

    def begin(self) -> Theatre:
        """Go back to the first evening."""
        _begin(self.world, self.draw, self.state)
        return self

    def play(self, *processes: str, first: int = 1, days: int = 1) -> Theatre:
        """Play some steps for days on end, in the order given: those of a day by their process, `muster` and `corridors`."""
        for day in range(first, first + days):
            for process in processes:
                PLAYED[process](day, self.world, self.draw, self.luck, self.state)
        return self

    def muster(self) -> Theatre:
        """Count forces and say who may pass anew, after strengths or holders have been set."""
        _muster(0, self.world, self.draw, self.luck, self.state)
        return self

    def at(self, name: str, *keys: str) -> Any:
        """Entry of the state; a name without keys gives the array itself."""
        return self.state[name][0][tuple(self.number[key] for key in keys)]

    def put(self, name: str, value: Any, *keys: str) -> None:
        """Set an entry of the state, or a whole array."""
        self.state[name][0][tuple(self.number[key] for key in keys)] = value

    def set_parameters(self, **values: Any) -> None:
        """Set parameters by field name."""
        for name, value in values.items():
            self.draw["par"][name] = value


@kernel
def _begin(worlds: Records, draws: Records, states: Records) -> None:
    first_evening(worlds[0], draws[0], states[0])


@kernel
def _muster(day: int, worlds: Records, draws: Records, luck: Luck, states: Records) -> None:
    count_forces(worlds[0], states[0])
    mark_passable(worlds[0], states[0])


@kernel
def _corridors_of_the_day(day: int, worlds: Records, draws: Records, luck: Luck, states: Records) -> None:
    run_corridors(day, worlds[0], draws[0], states[0])


PLAYED: Mapping[str, Step] = {**STEPS, "muster": _muster, "corridors": _corridors_of_the_day}


def hand_made(
    places: str,
    roads: Sequence[Road] = (),
    *,
    sides: Sequence[str] = SIDES,
    holds: Mapping[str, str] | None = None,
    garrisons: Mapping[str, int] | None = None,
    contested_by: Mapping[str, str] | None = None,
    residents: Mapping[str, int] | None = None,
    near: Iterable[tuple[str, str, float]] | None = None,
    spill: Iterable[tuple[str, str, float]] | None = None,
    reach: Sequence[Reach] = (),
    sources: Sequence[Source] = (),
    corridors: Sequence[Corridor] = (),
    climate: Mapping[str, Any] | None = None,
    parameters: Mapping[str, float] | None = None,
) -> Theatre:
    """Make a theatre and set it to its first evening; a garrison is of its place's holder unless its key is `side@place`."""
    keys = places.split()
    place = {key: i for i, key in enumerate(keys)}
    side = {key: i for i, key in enumerate(sides)}
    road = {each.key: i for i, each in enumerate(roads)}
    active = [key for key in sides if key not in PASSIVE]
    holder = np.array([side[(holds or {}).get(key, "government")] for key in keys])
    strength = np.zeros((len(active), len(keys)), dtype=np.int32)
    for where, n in (garrisons or {}).items():
        of, _, at = where.rpartition("@")
        strength[active.index(of or sides[holder[place[at]]]), place[at]] = n
    world = {
        **words_of(keys, list(road), list(sides), active),
        **_sides(sides, active),
        **_road_fields(roads, place),
        **_lists("near", "hours", place, near if near is not None else [(key, key, 0.0) for key in keys]),
        **_lists("spill", "share", place, spill if spill is not None else [(key, key, 1.0) for key in keys]),
        **_reach(reach, place, road),
        **_corridor_fields(corridors, roads, place, side),
        "approaches": np.ones(len(keys)),
        "lean": np.full(len(keys), NONE),
        "community": np.full(len(keys), NONE),
        "on": np.ones(10),
        "mean_way_hours": 5.0,
        "source_side": np.array([side[each.side] for each in sources], dtype=np.int32),
        "source_place": np.array([place[each.place] for each in sources], dtype=np.int32),
        **(climate or {}),
    }
    counts = {
        "n_places": len(keys),
        "n_routes": len(roads),
        "n_sides": len(sides),
        "n_actors": len(active),
        "n_corridors": len(corridors),
        "n_areas": 1,
        "n_sources": len(sources),
        "n_pairs": len(reach),
    }
    draw = filled(DRAW, _draw(keys, side, holder, strength, contested_by or {}, residents or {}, sources))
    numbers = {**place, **road, **side, **_corridor_numbers(corridors)}
    theatre = Theatre(filled(WORLD, {**world, **counts}), draw, np.zeros(1, dtype=STATE), numbers)
    theatre.draw["par"] = default_parameters()
    theatre.set_parameters(**(parameters or {}))
    theatre.draw["stock"] = theatre.draw["par"]["supply_store_days"][0]
    return theatre.begin()


def default_parameters() -> Records:
    """Every parameter at its default."""
    return np.array([tuple(parameter.default for parameter in PARAMETERS.values())], dtype=DRAW["par"])


def words_of(places: list[str], roads: list[str], sides: list[str], active: list[str]) -> dict[str, Any]:
    """Words that luck knows places, roads, sides and actors by."""
    place, road, side, actor = words(places), words(roads), words(sides), words(active)
    return {
        "place_word": place,
        "side_place_word": _paired(side, place),
        "side_route_word": _paired(side, road),
        "actor_place_word": _paired(actor, place),
    }


def _paired(first: NDArray[np.uint64], second: NDArray[np.uint64]) -> NDArray[np.uint64]:
    return np.array([[mixed(a, b) for b in second] for a in first], dtype=np.uint64).reshape(len(first), len(second))


def _sides(sides: Sequence[str], active: Sequence[str]) -> dict[str, Any]:
    relation = np.array([[HOSTILE if a in active and b in active else NEUTRAL for b in sides] for a in sides])
    np.fill_diagonal(relation, ALLIED)
    return {
        "relation": relation,
        "active": [key in active for key in sides],
        "side_irregular": [key in IRREGULAR for key in sides],
        "passive_side": sides.index(PASSIVE[0]) if PASSIVE[0] in sides else NONE,
        "actor_side": [sides.index(key) for key in active],
        "actor_irregular": [key in IRREGULAR for key in active],
        "muster": np.full((len(active), 3), NONE),
    }


def _road_fields(roads: Sequence[Road], place: Mapping[str, int]) -> dict[str, Any]:
    ends = np.array([(place[road.start], place[road.end]) for road in roads], dtype=np.int32).reshape(-1, 2)
    return {
        **ways_of(ends, len(place)),
        "route_kind": [ROUTE_KINDS[road.kind] for road in roads],
        "route_vehicle": [road.vehicle for road in roads],
        "route_km": [road.km for road in roads],
        "walk_base_hours": [road.walk_hours for road in roads],
        "route_ground": [(CREST if road.on_crest else LEE) * N_BANDS + road.band for road in roads],
        "shut_vehicle": [road.shut_vehicle for road in roads],
        "shut_foot": [road.shut_foot for road in roads],
    }


def ways_of(ends: NDArray[np.int32], n_places: int) -> dict[str, Any]:
    """Both ends (road, 2) of each road, and the arcs out of each place."""
    arcs = sorted([(a, b, i) for i, (a, b) in enumerate(ends)] + [(b, a, i) for i, (a, b) in enumerate(ends)])
    table = np.array(arcs, dtype=np.int32).reshape(-1, 3)
    number = {arc: k for k, arc in enumerate(arcs)}
    made = contract(n_places, [(int(a), int(b)) for a, b in ends])
    nowhere = csr_array((n_places, n_places))
    return {
        **asdict(made),
        **asdict(awareness(nowhere, np.zeros(0, dtype=np.int32), made, most=n_places)),
        "route_from": ends[:, 0],
        "route_to": ends[:, 1],
        "arc_start": np.searchsorted(table[:, 0], np.arange(n_places + 1)),
        "arc_from": table[:, 0],
        "arc_place": table[:, 1],
        "arc_route": table[:, 2],
        "arc_back": np.array([number[b, a, i] for a, b, i in arcs], dtype=np.int32),
    }


def _lists(name: str, value: str, place: Mapping[str, int], entries: Iterable[tuple[str, str, float]]) -> dict[str, Any]:
    rows = sorted((place[owner], place[item], number) for owner, item, number in entries)
    return {
        f"{name}_start": np.searchsorted([row[0] for row in rows], np.arange(len(place) + 1)),
        f"{name}_place": np.array([row[1] for row in rows], dtype=np.int32),
        f"{name}_{value}": np.array([row[2] for row in rows], dtype=np.float64),
    }


def _reach(reach: Sequence[Reach], place: Mapping[str, int], road: Mapping[str, int]) -> dict[str, Any]:
    rows = sorted((place[each.place], road[each.road], each.hours, each.seen) for each in reach)
    return {
        "pair_start": np.searchsorted([row[0] for row in rows], np.arange(len(place) + 1)),
        "pair_route": np.array([row[1] for row in rows], dtype=np.int32),
        "pair_hours": np.array([row[2] for row in rows], dtype=np.float32),
        "pair_seen": np.array([row[3] for row in rows], dtype=np.float32),
    }


def _corridor_fields(
    corridors: Sequence[Corridor], roads: Sequence[Road], place: Mapping[str, int], side: Mapping[str, int]
) -> dict[str, Any]:
    own_roads = [[road for road in roads if road.key in corridor.roads] for corridor in corridors]
    stops = [
        sorted({place[key] for road in own for key in (road.start, road.end)} | {place[corridor.start], place[corridor.end]})
        for corridor, own in zip(corridors, own_roads, strict=True)
    ]
    ways = [[i for i, road in enumerate(roads) if {place[road.start], place[road.end]} <= set(own)] for own in stops]
    return {
        "corridor_side": np.array([side[corridor.side] for corridor in corridors], dtype=np.int32),
        "corridor_from": np.array([place[corridor.start] for corridor in corridors], dtype=np.int32),
        "corridor_to": np.array([place[corridor.end] for corridor in corridors], dtype=np.int32),
        "corridor_stop_start": np.cumsum([0, *map(len, stops)]),
        "corridor_stop": [stop for own in stops for stop in own],
        "corridor_way_start": np.cumsum([0, *map(len, ways)]),
        "corridor_way": [way for own in ways for way in own],
    }


def _corridor_numbers(corridors: Sequence[Corridor]) -> dict[str, int]:
    return {f"{corridor.start}..{corridor.end}": i for i, corridor in enumerate(corridors)}


def _draw(
    places: Sequence[str],
    side: Mapping[str, int],
    holder: NDArray[Any],
    strength: NDArray[np.int32],
    contested_by: Mapping[str, str],
    residents: Mapping[str, int],
    sources: Sequence[Source],
) -> dict[str, Any]:
    return {
        "holder": holder,
        "strength": strength,
        "intruder": [side[contested_by[key]] if key in contested_by else NONE for key in places],
        "taken": [1 if key in contested_by else 0 for key in places],
        "sectors": np.full(len(places), 2),
        "held_days": np.full(len(places), 30),
        "residents": [residents.get(key, 0) for key in places],
        "population": [residents.get(key, 0) for key in places],
        "capacity": [each.capacity for each in sources],
    }
