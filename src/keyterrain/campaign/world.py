"""The world: a situation and its ground as the arrays that the processes know."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import asdict, dataclass
from datetime import timedelta
from functools import cached_property
from itertools import chain
from math import log
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from keyterrain.campaign.awareness import Gate, awareness, mean_way_hours
from keyterrain.campaign.contraction import contract
from keyterrain.campaign.entities import words
from keyterrain.campaign.interventions import Interventions
from keyterrain.dynamics.luck import fill_mixed
from keyterrain.dynamics.routes import LEAST_VEHICLE_SHARE, PRIMARY
from keyterrain.dynamics.state import (
    ALLIED,
    BAND_M,
    CREST,
    HOSTILE,
    LEE,
    N_BANDS,
    NEUTRAL,
    NONE,
    capacities,
    filled,
    world_type,
)
from keyterrain.geo.driving import times_longer
from keyterrain.theatre.ground import Ground
from keyterrain.theatre.nouns import Force, Route, Situation
from keyterrain.theatre.parameters import PARAMETERS, PROCESSES
from keyterrain.theatre.policies import POLICY_RULES

if TYPE_CHECKING:
    from scipy.sparse import csr_array

ELSEWHERE = "elsewhere"
ROUTE_KINDS = {"motorway": 0, "primary": 1, "paved": 2, "mountain": 2, "track": 3, "pass": 3}
"""Surface by kind: a mountain road is paved, a pass is a track; that they are steep and high is measured, not believed."""
SPEEDS = ("motorway", "primary", "paved", "track")
"""Names of the surfaces in the table of parameters, by number."""
NEAR_WALK_HOURS = 3.0
"""What raiders reach and return from in a night (assumption)."""
SPILL_HOURS = 6.0
"""Travel time beyond which an incident excites nothing; assumption: exp(-3) of what it does on the spot."""
LEAST_SPILL = 0.005
"""Share of what an incident excites below which a place is left out (assumption; the rest is scaled up to the whole)."""
GAMMA_SHAPE = 0.75
"""Shape of the amount of a wet day; assumption (many small, few large)."""
GAMMA_STEPS = 1024
MUSTER_PLACES = 3
"""Places, the largest garrisons first, at which an actor's recovered wounded gather while they are its own (assumption)."""
YEAR_DAYS = 365.25
RELATION_CODES = {"hostile": HOSTILE, "allied": ALLIED, "neutral": NEUTRAL}


@dataclass(frozen=True)
class Index:
    """Numbers of the nouns: every key in its order, and the way back."""

    situation: Situation

    @cached_property
    def places(self) -> dict[str, int]:
        """Places by key."""
        return {place.key: i for i, place in enumerate(self.situation.places)}

    @cached_property
    def routes(self) -> dict[str, int]:
        """Routes by key."""
        return {route.key: i for i, route in enumerate(self.situation.routes)}

    @cached_property
    def sides(self) -> dict[str, int]:
        """Sides by key, sorted."""
        return {key: i for i, key in enumerate(sorted(side.key for side in self.situation.sides))}

    @cached_property
    def actors(self) -> dict[str, int]:
        """Actors by key, sorted."""
        return {key: i for i, key in enumerate(sorted(actor.key for actor in self.situation.actors))}

    @cached_property
    def areas(self) -> dict[str, int]:
        """Areas by key, sorted, and the rest."""
        return {key: i for i, key in enumerate([*sorted(self.situation.areas), ELSEWHERE])}

    @cached_property
    def corridors(self) -> dict[str, int]:
        """Corridors by key, sorted."""
        return {key: i for i, key in enumerate(sorted(corridor.key for corridor in self.situation.corridors))}

    @cached_property
    def abroad(self) -> dict[str, int]:
        """Countries abroad by key, sorted."""
        return {key: i for i, key in enumerate(sorted(country.key for country in self.situation.abroad))}

    @cached_property
    def sources(self) -> list[tuple[str, str]]:
        """Supply sources as (side, place), sorted."""
        return sorted((source.side, source.place) for source in self.situation.supply_sources)

    @cached_property
    def guests(self) -> list[tuple[str, str]]:
        """Groups of guests as (origin, host), sorted."""
        return sorted((row.origin, row.place) for row in self.situation.people if row.group == "guests")

    def first_area(self, areas: Sequence[str]) -> int:
        """Area that a place is counted in."""
        return self.areas[areas[0]] if areas else self.areas[ELSEWHERE]


@dataclass(frozen=True, slots=True)
class Lists:
    """A list for every place, end to end: entries of place p stand from start[p] to start[p + 1]."""

    start: NDArray[np.int32]
    item: NDArray[np.int32]
    value: NDArray[np.float64]

    @classmethod
    def of(cls, n: int, owner: NDArray[np.int64], item: NDArray[np.int64], value: NDArray[np.float64]) -> Lists:
        """Sort entries by owner, then item."""
        order = np.lexsort((item, owner))
        start = np.searchsorted(owner[order], np.arange(n + 1)).astype(np.int32)
        return cls(start, item[order].astype(np.int32), value[order].astype(np.float64))


@dataclass(frozen=True, slots=True)
class BuiltWorld:
    """The world as one record, and the room that its arrays, and those of draws and states, have."""

    record: NDArray[np.void]
    room: Mapping[str, int]


def build_world(situation: Situation, ground: Ground, interventions: Interventions, days: int) -> BuiltWorld:
    """Turn a situation, its ground and what is changed in it into arrays."""
    index = Index(situation)
    walk = ground.route_foot_hours.mean(axis=1)
    arcs = _arcs(situation, index)
    fields: dict[str, Any] = {
        **_words(index),
        **_sides(situation, index),
        **_actors(situation, index),
        **_places(situation, index, ground, interventions),
        **_routes(situation, index, ground),
        "arc_start": arcs.start,
        "arc_from": np.repeat(np.arange(len(index.places)), np.diff(arcs.start)),
        "arc_place": arcs.item,
        "arc_route": arcs.value.astype(np.int32),
        "arc_back": _backward(arcs),
        **_near(situation, index, walk),
        **_families(situation, index, ground),
        **_pairs(len(index.places), ground),
        **_spill(situation, index, ground),
        **_corridors(situation, index),
        **_entries(situation, index),
        **_climate(situation, days),
        **_policies(),
        "on": np.array([interventions.switches.get(process, True) for process in PROCESSES]),
        "log_believed_relief": log(PARAMETERS["combat.relief_multiplier"].default),
        "log_believed_works": log(PARAMETERS["combat.works_multiplier"].default),
        "believed_frontage": PARAMETERS["combat.frontage"].default,
        "believed_narrowing": PARAMETERS["combat.narrowing"].default,
    }
    counts = _counts(index, fields)
    room = capacities({**counts, **_list_lengths(fields), "days": days + 1})
    return BuiltWorld(filled(world_type(room), {**fields, **{f"n_{noun}": n for noun, n in counts.items()}}), room)


def _counts(index: Index, fields: Mapping[str, Any]) -> dict[str, int]:
    return {
        "places": len(index.places),
        "routes": len(index.routes),
        "sides": len(index.sides),
        "actors": len(index.actors),
        "corridors": len(index.corridors),
        "abroad": len(index.abroad),
        "areas": len(index.areas),
        "sources": len(index.sources),
        "pairs": len(fields["pair_route"]),
        "gates": len(fields["gate_place"]),
        "guest_groups": len(index.guests),
        "joins": len(fields["join_day"]),
    }


def _list_lengths(fields: Mapping[str, Any]) -> dict[str, int]:
    return {
        "near": len(fields["near_place"]),
        "spill": len(fields["spill_place"]),
        "corridor_stops": len(fields["corridor_stop"]),
        "corridor_ways": len(fields["corridor_way"]),
        "links": len(fields["link_rank"]),
        "triangles": len(fields["triangle_across"]),
        "known": len(fields["known_place"]),
        "surveyed": len(fields["survey_rank"]),
    }


def _words(index: Index) -> dict[str, object]:
    place, side = words(index.places), words(index.sides)
    route, actor = words(index.routes), words(index.actors)
    return {
        "place_word": place,
        "side_place_word": _paired(side, place),
        "side_route_word": _paired(side, route),
        "actor_place_word": _paired(actor, place),
    }


def _paired(first: NDArray[np.uint64], second: NDArray[np.uint64]) -> NDArray[np.uint64]:
    pairs = np.empty((len(first), len(second)), dtype=np.uint64)
    fill_mixed(first, second, pairs)
    return pairs


def _sides(situation: Situation, index: Index) -> dict[str, object]:
    n = len(index.sides)
    relation = np.full((n, n), NEUTRAL, dtype=np.int8)
    for (a, b), name in situation.relations.items():
        relation[index.sides[a], index.sides[b]] = relation[index.sides[b], index.sides[a]] = RELATION_CODES[name]
    np.fill_diagonal(relation, ALLIED)
    active = np.zeros(n, dtype=bool)
    for side in situation.sides:
        active[index.sides[side.key]] = side.active
    passive = np.flatnonzero(~active)
    aims = np.zeros((n, 4))
    for key, aim in situation.aims.items():
        aims[index.sides[key]] = (aim.corridor, aim.people, aim.cut, aim.self_)
    return {
        "relation": relation,
        "active": active,
        "side_irregular": _mostly_irregular(situation, index),
        "passive_side": int(passive[0]) if len(passive) else NONE,
        "aims": aims,
    }


def _apart(situation: Situation, index: Index) -> NDArray[np.bool_]:
    """Whether a place is outside the largest piece of the theatre; of equal pieces, that with the first key is the largest."""
    from scipy.sparse.csgraph import connected_components

    _, piece = connected_components(_graph(situation, index, np.ones(len(situation.routes))), directed=False)
    largest = np.bincount(piece)[piece].argmax()
    apart: NDArray[np.bool_] = piece != piece[largest]
    return apart


def _joined_forces(situation: Situation, index: Index) -> list[Force]:
    """Garrisons in the largest piece of the theatre."""
    apart = _apart(situation, index)
    return [force for force in situation.forces if not apart[index.places[force.place]]]


def _mostly_irregular(situation: Situation, index: Index) -> NDArray[np.bool_]:
    actors = {actor.key: actor for actor in situation.actors}
    strength = np.zeros((len(index.sides), 2))
    for force in _joined_forces(situation, index):
        actor = actors[force.actor]
        strength[index.sides[actor.side], int(actor.irregular)] += force.strength.mid
    return strength[:, 1] > strength[:, 0]


def _actors(situation: Situation, index: Index) -> dict[str, object]:
    actors = sorted(situation.actors, key=lambda actor: actor.key)
    forces = _joined_forces(situation, index)
    muster = np.full((len(actors), MUSTER_PLACES), NONE, dtype=np.int32)
    for actor, i in index.actors.items():
        own = sorted((force for force in forces if force.actor == actor), key=lambda f: (-f.strength.mid, f.place))
        for k, force in enumerate(own[:MUSTER_PLACES]):
            muster[i, k] = index.places[force.place]
    return {
        "actor_side": np.array([index.sides[actor.side] for actor in actors], dtype=np.int32),
        "actor_irregular": np.array([actor.irregular for actor in actors], dtype=bool),
        "actor_air": np.array([actor.air_support for actor in actors], dtype=bool),
        "muster": muster,
    }


def _numbered(labels: Sequence[str]) -> NDArray[np.int32]:
    numbers = {label: i for i, label in enumerate(sorted(set(labels) - {""}))}
    return np.array([numbers.get(label, NONE) for label in labels], dtype=np.int32)


def _places(situation: Situation, index: Index, ground: Ground, interventions: Interventions) -> dict[str, object]:
    held = interventions.held_places(situation)
    return {
        "decree": np.array([place.key in held for place in situation.places], dtype=bool),
        "apart": _apart(situation, index),
        "lean": np.array([index.sides.get(place.leaning, NONE) for place in situation.places], dtype=np.int32),
        "community": _numbered([place.community for place in situation.places]),
        "country": _numbered([place.country for place in situation.places]),
        "area": np.array([index.first_area(place.areas) for place in situation.places], dtype=np.int32),
        "approaches": np.maximum(ground.n_approaches, 1).astype(np.float64),
    }


def _routes(situation: Situation, index: Index, ground: Ground) -> dict[str, object]:
    shut = {"vehicle": np.zeros(len(index.routes), dtype=bool), "foot": np.zeros(len(index.routes), dtype=bool)}
    for row in situation.closures:
        route = index.routes.get("--".join(sorted((row.start, row.end))))
        if route is not None:
            for mode in ("vehicle", "foot"):
                if row.mode in (mode, "both"):
                    shut[mode][route] = True
    band = np.clip(ground.route_max_elevation_m // BAND_M, 0, N_BANDS - 1).astype(np.int32)
    return {
        "route_from": np.array([index.places[route.start] for route in situation.routes], dtype=np.int32),
        "route_to": np.array([index.places[route.end] for route in situation.routes], dtype=np.int32),
        "route_kind": np.array([ROUTE_KINDS[route.kind] for route in situation.routes], dtype=np.int32),
        "route_vehicle": np.array(["vehicle" in route.modes for route in situation.routes], dtype=bool),
        "route_km": np.array([route.km for route in situation.routes], dtype=np.float64),
        "route_squared_gradient": ground.route_mean_square_gradient,
        "walk_base_hours": ground.route_foot_hours.mean(axis=1),
        "route_ground": np.where(ground.route_on_crest, CREST, LEE) * N_BANDS + band,
        "shut_vehicle": shut["vehicle"],
        "shut_foot": shut["foot"],
    }


def _arcs(situation: Situation, index: Index) -> Lists:
    a = np.array([index.places[route.start] for route in situation.routes], dtype=np.int64)
    b = np.array([index.places[route.end] for route in situation.routes], dtype=np.int64)
    route = np.arange(len(a), dtype=np.float64)
    return Lists.of(len(index.places), np.concatenate([a, b]), np.concatenate([b, a]), np.concatenate([route, route]))


def _graph(situation: Situation, index: Index, hours: NDArray[np.float64]) -> csr_array:
    from scipy.sparse import csr_array

    a = [index.places[route.start] for route in situation.routes]
    b = [index.places[route.end] for route in situation.routes]
    n = len(index.places)
    return csr_array((np.maximum(np.concatenate([hours, hours]), 1e-6), (a + b, b + a)), shape=(n, n))


def _within(situation: Situation, index: Index, hours: NDArray[np.float64], limit: float) -> Lists:
    from scipy.sparse.csgraph import dijkstra

    n = len(index.places)
    graph = _graph(situation, index, hours)
    owner, item, value = [], [], []
    for place in range(n):
        reached: NDArray[np.float64] = dijkstra(graph, indices=np.array([place]), limit=limit)[0]
        near = np.flatnonzero(np.isfinite(reached))
        owner.append(np.full(len(near), place))
        item.append(near)
        value.append(reached[near])
    return Lists.of(n, np.concatenate(owner), np.concatenate(item), np.concatenate(value))


def _backward(arcs: Lists) -> NDArray[np.int32]:
    """Arc of the same route the other way, for each arc; both arcs of a route stand side by side when sorted by route."""
    by_route = np.argsort(arcs.value, kind="stable").reshape(-1, 2)
    back = np.empty(by_route.size, dtype=np.int32)
    back[by_route] = by_route[:, ::-1]
    return back


def _near(situation: Situation, index: Index, walk: NDArray[np.float64]) -> dict[str, object]:
    near = _within(situation, index, walk, NEAR_WALK_HOURS)
    n = len(index.places)
    order = np.lexsort((near.item, near.value, np.repeat(np.arange(n), np.diff(near.start))))
    return {"near_start": near.start, "near_place": near.item[order], "near_hours": near.value[order]}


def _families(situation: Situation, index: Index, ground: Ground) -> dict[str, object]:
    """Contraction of the network, and what people know of, field by field."""
    made = contract(len(index.places), [(index.places[route.start], index.places[route.end]) for route in situation.routes])
    gates = _gates(situation, index)
    graph = _graph(situation, index, _road_hours(situation, ground))
    people, peopled = np.zeros(len(index.places)), np.zeros(len(index.places), dtype=np.bool_)
    for place in situation.places:
        if place.population is not None:
            people[index.places[place.key]], peopled[index.places[place.key]] = place.population.mid, True
    people[_apart(situation, index)] = 0.0
    aware = awareness(graph, np.unique([gate.place for gate in gates]).astype(np.int32), made, peopled=peopled)
    return {**asdict(made), **asdict(aware), "mean_way_hours": mean_way_hours(graph, aware, people, gates)}


def _pairs(n_places: int, ground: Ground) -> dict[str, object]:
    return {
        "pair_start": np.searchsorted(ground.pair_place, np.arange(n_places + 1)).astype(np.int32),
        "pair_route": ground.pair_route.astype(np.int32),
        "pair_hours": ground.pair_hours.astype(np.float32),
        "pair_seen": ground.pair_observation.astype(np.float32),
    }


def drive_hours(situation: Situation, ground: Ground, snow_cm: float = 0.0) -> NDArray[np.float64]:
    """Hours by vehicle over each route at the defaults of all parameters, infinite where none can go.

    `snow_cm` of settled snow lies everywhere; ploughed roads are clear of it. As the routes of a day have it (dynamics.routes).
    """
    speed = [PARAMETERS[f"routes.{surface}_speed"].default for surface in SPEEDS]
    longer = times_longer(ground.route_mean_square_gradient, PARAMETERS["routes.critical_slope"].default)
    level = [route.km / speed[ROUTE_KINDS[route.kind]] if "vehicle" in route.modes else np.inf for route in situation.routes]
    depth = np.array([0.0 if ROUTE_KINDS[route.kind] <= PRIMARY else snow_cm for route in situation.routes])
    left = 1.0 - depth / np.array([stopping_snow_cm(route) for route in situation.routes])
    hours = np.array(level, dtype=np.float64) * longer
    today: NDArray[np.float64] = np.full(hours.shape, np.inf)
    np.divide(hours, left, out=today, where=left >= LEAST_VEHICLE_SHARE)
    return today


def walk_hours(situation: Situation, ground: Ground, snow_cm: float = 0.0) -> NDArray[np.float64]:
    """Hours on foot over each route, mean of both ways, at the defaults of all parameters; infinite where none may walk."""
    floor, stop_cm = (PARAMETERS[f"routes.{name}"].default for name in ("foot_floor", "foot_snow_cm"))
    walks = np.array(["foot" in route.modes for route in situation.routes], dtype=bool)
    return np.where(walks, ground.route_foot_hours.mean(axis=1) / max(floor, 1.0 - snow_cm / stop_cm), np.inf)


def stopping_snow_cm(route: Route) -> float:
    """Snow at its highest point that stops vehicles on a route, at the default; on ploughed roads the snow of two days."""
    return PARAMETERS[f"routes.{SPEEDS[ROUTE_KINDS[route.kind]]}_snow_cm"].default


def _road_hours(situation: Situation, ground: Ground) -> NDArray[np.float64]:
    """Hours over each dry route by the faster mode."""
    hours: NDArray[np.float64] = np.minimum(drive_hours(situation, ground), ground.route_foot_hours.mean(axis=1))
    return hours


def _spill(situation: Situation, index: Index, ground: Ground) -> dict[str, object]:
    reach = PARAMETERS["insurgency.reach_hours"].default
    spill = _within(situation, index, _road_hours(situation, ground), SPILL_HOURS)
    n = len(index.places)
    owner = np.repeat(np.arange(n), np.diff(spill.start))
    weight = np.exp(-spill.value / reach)
    share = weight / np.bincount(owner, weight, n)[owner]
    keep = share >= LEAST_SPILL
    owner, item, share = owner[keep], spill.item[keep].astype(np.int64), share[keep]
    share = share / np.bincount(owner, share, n)[owner]
    lists = Lists.of(n, owner, item, share)
    return {"spill_start": lists.start, "spill_place": lists.item, "spill_share": lists.value.astype(np.float32)}


def _corridors(situation: Situation, index: Index) -> dict[str, object]:
    corridors = sorted(situation.corridors, key=lambda corridor: corridor.key)
    own = np.zeros((len(index.sides), len(index.routes)), dtype=bool)
    stops: list[list[int]] = []
    ways: list[list[int]] = []
    for corridor in corridors:
        inside = set(corridor.places)
        steps = _steps_from(situation, corridor.start, inside)
        stops.append([index.places[place] for place in sorted(steps, key=lambda place: (steps[place], place))])
        ways.append([i for i, route in enumerate(situation.routes) if route.start in inside and route.end in inside])
        own[index.sides[corridor.side], ways[-1]] = True
    return {
        "corridor_side": np.array([index.sides[corridor.side] for corridor in corridors], dtype=np.int32),
        "corridor_from": np.array([index.places[corridor.start] for corridor in corridors], dtype=np.int32),
        "corridor_to": np.array([index.places[corridor.end] for corridor in corridors], dtype=np.int32),
        "corridor_stop_start": _starts(stops),
        "corridor_stop": _end_to_end(stops),
        "corridor_way_start": _starts(ways),
        "corridor_way": _end_to_end(ways),
        "own_corridor": own,
    }


def _end_to_end(lists: Sequence[Sequence[int]]) -> NDArray[np.int32]:
    return np.array(list(chain.from_iterable(lists)), dtype=np.int32)


def _starts(lists: Sequence[Sequence[int]]) -> NDArray[np.int32]:
    return np.cumsum([0, *map(len, lists)]).astype(np.int32)


def _steps_from(situation: Situation, start: str, inside: AbstractSet[str]) -> dict[str, int]:
    """Number of routes from a corridor's start to each of its places; those that cannot be reached come last."""
    neighbours: dict[str, list[str]] = {}
    for route in situation.routes:
        if route.start in inside and route.end in inside:
            neighbours.setdefault(route.start, []).append(route.end)
            neighbours.setdefault(route.end, []).append(route.start)
    steps = dict.fromkeys(inside, len(inside) + 1)
    steps[start] = 0
    queue = deque([start])
    while queue:
        place = queue.popleft()
        for other in neighbours.get(place, []):
            if steps[other] > steps[place] + 1:
                steps[other] = steps[place] + 1
                queue.append(other)
    return steps


def _gates(situation: Situation, index: Index) -> list[Gate]:
    return sorted(
        Gate(index.places[gate], index.abroad[country.key], extra)
        for country in situation.abroad
        for gate, extra in country.via.items()
    )


def _entries(situation: Situation, index: Index) -> dict[str, object]:
    n = len(index.places)
    gates = _gates(situation, index)
    joins = sorted(situation.reinforcements, key=lambda row: (row.on, row.actor, row.place))
    return {
        "source_side": np.array([index.sides[side] for side, _ in index.sources], dtype=np.int32),
        "source_place": np.array([index.places[place] for _, place in index.sources], dtype=np.int32),
        "gate_place": np.array([gate.place for gate in gates], dtype=np.int32),
        "gate_country": np.array([gate.country for gate in gates], dtype=np.int32),
        "gate_hours": np.array([gate.hours for gate in gates], dtype=np.float64),
        "guest_origin": np.array([index.places.get(origin, n) for origin, _ in index.guests], dtype=np.int32),
        "guest_host": np.array([index.places[host] for _, host in index.guests], dtype=np.int32),
        "join_day": np.array([(row.on - situation.start).days for row in joins], dtype=np.int32),
        "join_actor": np.array([index.actors[row.actor] for row in joins], dtype=np.int32),
        "join_place": np.array([index.places[row.place] for row in joins], dtype=np.int32),
    }


def _climate(situation: Situation, days: int) -> dict[str, object]:
    """Monthly normals brought to days, such that the means of the months are the normals; amounts of a wet day as quantiles."""
    from scipy.special import gammaincinv

    months = sorted(situation.climate, key=lambda row: row.month)
    middle = np.array([(row.month - 0.5) * YEAR_DAYS / 12.0 for row in months])
    day_of_year = [(situation.start + timedelta(days=day)).timetuple().tm_yday for day in range(days + 1)]

    def daily(normals: Sequence[float]) -> NDArray[np.float64]:
        return np.interp(day_of_year, middle, _knots(np.array(normals), middle), period=YEAR_DAYS)

    u = np.linspace(0.0, 1.0, GAMMA_STEPS + 1)
    u[-1] = 1.0 - 0.5 / GAMMA_STEPS
    return {
        "mean_c": daily([row.t_mean_c for row in months]),
        "p_wet": np.clip(daily([row.p_wet for row in months]), 0.0, 1.0),
        "wet_mm": np.maximum(daily([row.wet_day_mm for row in months]), 0.0),
        "reference_m": float(situation.reference_height_m),
        "gamma_quantile": gammaincinv(GAMMA_SHAPE, u) / GAMMA_SHAPE,
    }


def _knots(normals: NDArray[np.float64], middle: NDArray[np.float64]) -> NDArray[np.float64]:
    """Values in the middle of the months between which straight lines have the normals as their means over each month.

    Lines through the normals themselves would cut the peaks of winter and summer off, by 0.3 K in January here.
    """
    day = np.arange(0.5, YEAR_DAYS)
    share = np.column_stack([np.interp(day, middle, one, period=YEAR_DAYS) for one in np.eye(len(middle))])
    month = np.minimum((day / (YEAR_DAYS / 12.0)).astype(int), 11)
    means = np.array([share[month == number].mean(axis=0) for number in range(12)])
    knots: NDArray[np.float64] = np.linalg.solve(means, normals)
    return knots


def _policies() -> dict[str, object]:
    rules = POLICY_RULES.values()
    return {
        "slots": np.array([rule.slots for rule in rules], dtype=np.int32),
        "p_least": np.array([rule.p_least for rule in rules], dtype=np.float64),
        "ratio": np.array([rule.ratio for rule in rules], dtype=np.float64),
        "prep_days": np.array([rule.prep_days for rule in rules], dtype=np.float64),
        "most_sectors": np.array([rule.most_sectors for rule in rules], dtype=np.int32),
    }


def host_labels(index: Index) -> list[str]:
    """Labels of the hosts of displaced people."""
    return [*index.places, *index.abroad, "on_the_way", "dead"]


def host_area_labels(index: Index) -> list[str]:
    """Labels of the areas in which displaced people are."""
    return [*index.areas, *index.abroad, "on_the_way", "dead"]


def refuge(situation: Situation, held: Mapping[str, str]) -> dict[tuple[str, str], str | None]:
    """For each held place and other side: the nearest undecreed place that the side holds surely, or else most likely."""
    from scipy.sparse.csgraph import dijkstra

    index = Index(situation)
    likely = {place: max(rows, key=lambda row: (row.weight, row.holder)).holder for place, rows in situation.holdings.items()}
    km = np.array([route.km for route in situation.routes])
    graph = _graph(situation, index, km)
    keys = list(index.places)
    unsure = [len(situation.holdings.get(key, ())) > 1 for key in keys]
    found: dict[tuple[str, str], str | None] = {}
    for place in held:
        reached: NDArray[np.float64] = dijkstra(graph, indices=np.array([index.places[place]]))[0]
        for side in index.sides:
            free = [i for i, key in enumerate(keys) if likely.get(key) == side and key not in held and np.isfinite(reached[i])]
            found[place, side] = keys[min(free, key=lambda i: (unsure[i], reached[i], keys[i]))] if free else None
    return found


def nearest_first(situation: Situation, places: Sequence[str]) -> list[NDArray[np.int64]]:
    """For each place the numbers of all places that roads join to it, itself first, nearest first; equals by number."""
    from scipy.sparse.csgraph import dijkstra

    index = Index(situation)
    if not places:
        return []
    graph = _graph(situation, index, np.array([route.km for route in situation.routes]))
    far: NDArray[np.float64] = dijkstra(graph, indices=np.array([index.places[place] for place in places]))
    return [np.argsort(row, kind="stable")[: int(np.isfinite(row).sum())] for row in far]
