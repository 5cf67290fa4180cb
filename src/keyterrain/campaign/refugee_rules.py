"""Two sets of rules for one kernel of refugee flows: Flee's, and ours.

Flee's rules offer people the neighbours of their place, or routes as far as the awareness level, and weigh them anew wherever
they are. Ours offer the camps, by the shortest open way, and people who have set off keep to their goal while it can be reached.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from keyterrain.campaign.entities import words
from keyterrain.campaign.flee_days import ConflictDays, OpenDays, conflict_days, decay, open_days
from keyterrain.dynamics.refugee_network import CONSTANT, FROM_TOTALS, POISSON, SHARE_OF_PEOPLE, Days, Network, Rules
from keyterrain.theatre.faults import Fault, ScenarioFaults
from keyterrain.theatre.flee_folder import FleeFolder
from keyterrain.theatre.parameters import PARAMETERS

MOST_ROUTES = 50_000
"""Routes that people may choose among under Flee's rules; more are refused (an awareness of many links on a dense network)."""
SPAWN_MODES = {"totals": FROM_TOTALS, "constant": CONSTANT, "poisson": POISSON, "pop_ratio": SHARE_OF_PEOPLE}
FLEE_REFUSES_BELOW = 0.5
"""Room below which Flee's agents do not set off for a camp (flee 3.1, `check_dest_is_full_camp`)."""


class Direction(NamedTuple):
    """A link in one direction."""

    link: int
    start: int
    end: int
    km: float
    speed_km: float


@dataclass(frozen=True, slots=True)
class RuledConflict:
    """A folder made ready for the kernel under one set of rules."""

    network: Network
    days: Days
    rules: Rules
    hosts: NDArray[np.int64]


def flee_rules(folder: FleeFolder, *, ignored: tuple[str, ...] = ()) -> RuledConflict:
    """Make a folder ready under Flee's rules, with the settings of its simsetting.yml.

    Raises
    ------
    keyterrain.theatre.faults.ScenarioFaults
        The awareness level offers more routes than can be weighed.
    """
    settings = folder.settings
    conflict, opened = conflict_days(folder), open_days(folder, link_closures=False)
    outward = directions(folder, doubled=True)
    routes = _routes(folder, outward, settings.awareness_level)
    network = _route_network(folder, opened, outward, routes)._replace(capacity=_capacities(folder, ignored))
    rules = Rules(
        SPAWN_MODES[settings.spawn_mode],
        settings.displaced_per_conflict_day,
        settings.take_from_population,
        settings.weight_softening,
        settings.weight_power,
        settings.softening,
        settings.distance_power,
        0.0,
        settings.capacity_buffer,
        FLEE_REFUSES_BELOW,
        True,
        settings.max_move_speed,
        settings.max_walk_speed if settings.start_on_foot else 0.0,
        0.0,
        0.0,
        1.0,
        1.0,
        False,
    )
    return RuledConflict(network, _flee_days(folder, conflict, opened), rules, np.array(folder.camps, dtype=np.int64))


def directions(folder: FleeFolder, *, doubled: bool) -> list[Direction]:
    """Links both ways; Flee's reader enters a link twice whose redirection is 1."""
    found = []
    for k, link in enumerate(folder.links):
        speed = link.speed_km or folder.settings.max_move_speed
        for _ in range(2 if doubled and link.redirection == 1 else 1):
            found.append(Direction(k, link.first, link.second, link.km, speed))
            found.append(Direction(k, link.second, link.first, link.km, speed))
    return found


def _routes(folder: FleeFolder, outward: list[Direction], awareness: int) -> list[list[list[int]]]:
    """Routes from each place, as directions in order, up to the awareness level; markers cost no awareness."""
    from_place: list[list[int]] = [[] for _ in folder.places]
    for k, each in enumerate(outward):
        from_place[each.start].append(k)
    level = 1 if awareness < 0 else awareness
    found: list[list[list[int]]] = [[] for _ in folder.places]
    n_routes = 0
    for place in range(len(folder.places) if level > 0 else 0):
        stack = [([k], {place}, 1) for k in reversed(from_place[place])]
        while stack:
            route, passed, step = stack.pop()
            end = outward[route[-1]].end
            if folder.places[end].kind == "marker":
                step -= 1
            else:
                found[place].append(route)
                n_routes += 1
            if n_routes > MOST_ROUTES or len(route) > len(folder.places):
                what = f"offers more than {MOST_ROUTES:,} routes: use --rules keyterrain, or lower it"
                raise ScenarioFaults(str(folder.path), [Fault("simsetting.yml", None, "awareness_level", what)])
            if level > step:
                stack += [
                    ([*route, k], passed | {end}, step + 1) for k in reversed(from_place[end]) if outward[k].end not in passed
                ]
    return found


def _route_network(folder: FleeFolder, opened: OpenDays, outward: list[Direction], routes: list[list[list[int]]]) -> Network:
    """Legs are the steps of each route."""
    legs: list[tuple[int, int, bool]] = []
    starts, goals, firsts, lengths, shut = [0], [], [], [], []
    for offered in routes:
        for route in offered:
            goals.append(outward[route[-1]].end)
            firsts.append(len(legs))
            lengths.append(sum(outward[k].km for k in route))
            shut.append(opened.closed[:, [outward[k].link for k in route]].any(axis=1))
            legs += [(k, goals[-1], k == route[-1] and i == len(route) - 1) for i, k in enumerate(route)]
        starts.append(len(goals))
    n_epochs = len(opened.closed)
    candidate_leg = (
        np.where(np.array(shut).T, -1, np.array(firsts)[None, :]) if goals else np.zeros((n_epochs, 0), dtype=np.int64)
    )
    following = np.array([-1 if last else k + 1 for k, (_, _, last) in enumerate(legs)], dtype=np.int64)
    walked = folder.settings.max_walk_speed if folder.settings.start_on_foot else 0.0
    return _network(
        folder,
        opened,
        [outward[k] for k, _, _ in legs],
        [goal for _, goal, _ in legs],
        np.tile(following, (n_epochs, 1)),
        np.array(starts),
        np.array(goals),
        candidate_leg,
        np.tile(np.array(lengths), (n_epochs, 1)),
        np.ones(len(goals)),
        _capacities(folder, ()),
        walked,
    )


def _network(
    folder: FleeFolder,
    opened: OpenDays,
    legs: list[Direction],
    leg_goals: list[int],
    following: NDArray[np.int64],
    starts: NDArray[np.int64],
    goals: NDArray[np.int64],
    candidate_leg: NDArray[np.int64],
    candidate_km: NDArray[np.float64],
    candidate_pull: NDArray[np.float64],
    capacity: NDArray[np.float64],
    walked_km: float,
) -> Network:
    n_legs = len(legs)
    first_leg = np.full(n_legs, -1, dtype=np.int64)
    closed = opened.closed[:, [leg.link for leg in legs]] if legs else np.zeros((len(opened.closed), 0), dtype=np.bool_)
    if walked_km > 0.0:
        first_leg = np.arange(n_legs, 2 * n_legs, dtype=np.int64)
        legs = [*legs, *(leg._replace(speed_km=walked_km) for leg in legs)]
        leg_goals = [*leg_goals, *leg_goals]
        following = np.concatenate((following, following), axis=1)
        closed = np.concatenate((closed, closed), axis=1)
        first_leg = np.concatenate((first_leg, np.full(n_legs, -1, dtype=np.int64)))
    slots = [int(leg.km // leg.speed_km) + 1 for leg in legs]
    return Network(
        words([place.name for place in folder.places]),
        capacity,
        np.array([place.is_camp for place in folder.places], dtype=np.bool_),
        starts.astype(np.int64),
        goals.astype(np.int64),
        np.ascontiguousarray(candidate_leg, dtype=np.int64),
        np.ascontiguousarray(candidate_km, dtype=np.float64),
        candidate_pull.astype(np.float64),
        np.array([leg.link for leg in legs], dtype=np.uint64),
        np.array([leg.start for leg in legs], dtype=np.int64),
        np.array([leg.end for leg in legs], dtype=np.int64),
        np.array(leg_goals, dtype=np.int64),
        np.array([leg.km for leg in legs], dtype=np.float64),
        np.array([leg.speed_km for leg in legs], dtype=np.float64),
        np.concatenate(([0], np.cumsum(slots))).astype(np.int64),
        np.ascontiguousarray(following, dtype=np.int64),
        np.ascontiguousarray(closed, dtype=np.bool_),
        first_leg,
    )


def _capacities(folder: FleeFolder, ignored: tuple[str, ...]) -> NDArray[np.float64]:
    """Capacities that hold, 0 for none."""
    scaled = [0 if place.name in ignored else int(place.capacity * folder.settings.capacity_scaling) for place in folder.places]
    return np.array(scaled, dtype=np.float64)


def _flee_days(folder: FleeFolder, conflict: ConflictDays, opened: OpenDays) -> Days:
    settings = folder.settings
    old = decay(settings, conflict)
    fought = np.maximum(conflict.intensity, 0.0)
    foreign = np.array([place.country != folder.places[0].country for place in folder.places])
    score = np.where(foreign, settings.foreign_weight, 1.0) * np.where(conflict.is_camp, settings.camp_weight, 1.0)
    score = score * np.where(fought > 0, settings.conflict_weight ** (old * fought), 1.0)
    return Days(
        opened.epoch,
        daily_changes(folder),
        at_start(folder),
        leave_chances(folder, conflict),
        np.ascontiguousarray(score),
        np.ascontiguousarray(fought * old),
        np.array([place.population for place in folder.places], dtype=np.float64),
    )


def leave_chances(folder: FleeFolder, conflict: ConflictDays) -> NDArray[np.float64]:
    """Chance to leave a place, by (day, place)."""
    settings = folder.settings
    by_kind = {
        "camp": settings.camp_movechance,
        "idpcamp": settings.idpcamp_movechance,
        "marker": 1.0,
        "forwarding_hub": 1.0,
    }
    usual = np.array([by_kind.get(place.kind, settings.default_movechance) for place in folder.places])
    chances = np.where(conflict.is_reset, settings.default_movechance, usual[None, :])
    chances = np.where(conflict.intensity > 0, settings.conflict_movechance, chances)
    if settings.movechance_pop_scale_factor != 0.0:
        people = np.array([max(place.population, place.capacity) for place in folder.places], dtype=np.float64)
        chances = chances * (people / settings.movechance_pop_base) ** settings.movechance_pop_scale_factor
    return np.ascontiguousarray(np.clip(chances, 0.0, 1.0))


def daily_changes(folder: FleeFolder) -> NDArray[np.int64]:
    """How much the number of displaced people grows each day; those of day 0 are in the camps already, or are newcomers."""
    totals = folder.totals()
    changes = np.diff(totals, prepend=0)
    if folder.settings.insert_day0 or folder.settings.empty_camps_on_day0:
        changes[0] = 0
    return changes.astype(np.int64)


def at_start(folder: FleeFolder) -> NDArray[np.int64]:
    """People in the camps at the start, as they were counted."""
    placed = np.zeros(len(folder.places), dtype=np.int64)
    if folder.settings.insert_day0 and not folder.settings.empty_camps_on_day0:
        for camp in folder.camps:
            series = folder.counts.get(folder.places[camp].name)
            placed[camp] = series.on(0) if series is not None else 0
    return placed


@dataclass(frozen=True, slots=True)
class GoalParameters:
    """Parameters of our rules; distances are relative to the conflict's own scale, so that no unit matters.

    A camp pulls with the power `site_power` of its sites, with the power -`sharing` of the number of camps in its country, with
    (softening + way)^-distance_power, and with the power `crowd_power` of 1 + people there / (crowd_share of all guests): of all
    guests that day or, if more, of the share `first_guests` of the most who are displaced. Zones send people as the power
    `people_power` of their population.
    """

    distance_power: float = 1.0
    softening: float = 0.1
    sharing: float = 0.5
    crowd_share: float = 0.3
    crowd_power: float = 1.0
    first_guests: float = 0.2
    site_power: float = 1.0
    people_power: float = 0.5
    room_from: float = 0.5
    leave: float = 0.3


SHARED = ("distance_power", "softening", "crowd_power", "crowd_share")
"""Parameters of the law of destinations, which the campaign draws on too: they stand in the table of parameters."""
FITTED = GoalParameters(**{name: PARAMETERS[f"displacement.{name}"].default for name in SHARED})
"""One set for all conflicts, as benchmarks/fit_displacement.py prints it (docs/displacement.md: on what, how, and how right).

The other parameters keep the values that theory or caution gives them (decision 0036), and are not fitted.
"""


class GoalFrame(NamedTuple):
    """A folder made ready but for the parameters: by camp its sites and the camps of its country, and the scale of a crowd."""

    ready: RuledConflict
    sites: NDArray[np.float64]
    siblings: NDArray[np.float64]
    people: float


def goal_rules(folder: FleeFolder, parameters: GoalParameters, *, ignored: tuple[str, ...] = ()) -> RuledConflict:
    """Make a folder ready under our rules."""
    return tuned(goal_frame(folder, ignored=ignored), parameters)


def goal_frame(folder: FleeFolder, *, ignored: tuple[str, ...] = ()) -> GoalFrame:
    """Make all of a folder ready that no parameter changes."""
    conflict, opened = conflict_days(folder), open_days(folder, link_closures=True)
    outward = directions(folder, doubled=False)
    km, following = goal_ways(folder, opened, outward)
    hosts = np.array(folder.camps, dtype=np.int64)
    n_places, n_hosts, n_epochs = len(folder.places), len(hosts), len(opened.closed)
    scale = typical_km(folder, km)
    on_some_way = np.zeros((len(outward), n_hosts), dtype=np.bool_)
    for host in range(n_hosts):
        on_some_way[following[:, :, host][following[:, :, host] >= 0], host] = True
    numbers = np.where(on_some_way, np.cumsum(on_some_way).reshape(on_some_way.shape) - 1, -1)
    pairs = np.argwhere(on_some_way)
    legs, leg_goals = [outward[k] for k, _ in pairs], [int(hosts[host]) for _, host in pairs]
    to_leg = np.where(following < 0, -1, numbers[following, np.arange(n_hosts)]) if outward else following
    ends = np.array([leg.end for leg in legs], dtype=np.int64)
    onward = to_leg[:, ends, pairs[:, 1]] if legs else np.zeros((n_epochs, 0), dtype=np.int64)
    settings = folder.settings
    network = _network(
        folder,
        opened,
        legs,
        leg_goals,
        onward,
        np.arange(n_places + 1) * n_hosts,
        np.tile(hosts, n_places),
        to_leg.reshape(n_epochs, -1),
        np.where(np.isfinite(km), km, 0.0).reshape(n_epochs, -1) / scale,
        np.ones(n_places * n_hosts),
        _capacities(folder, ignored),
        0.0,
    )
    rules = Rules(
        SPAWN_MODES[settings.spawn_mode],
        settings.displaced_per_conflict_day,
        settings.take_from_population,
        0.0,
        1.0,
        0.0,
        0.0,
        0.0,
        settings.capacity_buffer,
        0.0,
        False,
        settings.max_move_speed,
        0.0,
        1.0,
        0.0,
        1.0,
        1.0,
        True,
    )
    people = max(float(folder.totals().max()), 1.0)
    ready = RuledConflict(network, _goal_days(folder, conflict, opened), rules, hosts)
    return GoalFrame(ready, sites_of_camps(folder, km.min(axis=0)), _camps_of_country(folder), people)


def tuned(frame: GoalFrame, parameters: GoalParameters) -> RuledConflict:
    """Put parameters into a folder made ready."""
    ready = frame.ready
    pull = frame.sites**parameters.site_power * frame.siblings**-parameters.sharing
    network = ready.network._replace(candidate_pull=np.tile(pull, len(ready.network.is_host)))
    rules = ready.rules._replace(
        softening_km=parameters.softening,
        distance_power=parameters.distance_power,
        capacity_buffer=parameters.room_from,
        crowd_power=parameters.crowd_power,
        crowd_seed=parameters.crowd_share,
        least_guests=parameters.first_guests * frame.people,
    )
    days = ready.days
    fighting = days.fighting
    if rules.spawn_mode == FROM_TOTALS:
        fighting = fighting * np.where(days.people > 0, days.people, 1.0) ** (parameters.people_power - 1.0)
    return RuledConflict(network, days._replace(leave=days.leave * parameters.leave, fighting=fighting), rules, ready.hosts)


def _goal_days(folder: FleeFolder, conflict: ConflictDays, opened: OpenDays) -> Days:
    """Days under our rules: fighting counts however long it lasts; a camp fought over or closed is left and not sought."""
    flee = _flee_days(folder, conflict, opened)
    fighting = np.maximum(conflict.intensity, 0.0)
    receives = conflict.is_camp & (fighting <= 0.0)
    leave, score = np.where(receives, 0.0, 1.0), np.where(receives, 1.0, 0.0)
    return flee._replace(leave=leave, score=score, fighting=fighting)


def goal_ways(folder: FleeFolder, opened: OpenDays, outward: list[Direction]) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Shortest open ways to each camp, by (epoch, place, camp): km, inf where there is none, and the direction to take first."""
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import dijkstra

    n_places, hosts = len(folder.places), folder.camps
    km = np.full((len(opened.closed), n_places, len(hosts)), np.inf)
    following = np.full(km.shape, -1, dtype=np.int64)
    for e, closed in enumerate(opened.closed):
        usable = _usable(folder, outward, closed, opened.redirected[e])
        shortest: dict[tuple[int, int], int] = {}
        for k in usable:
            pair = (outward[k].start, outward[k].end)
            if pair not in shortest or outward[k].km < outward[shortest[pair]].km:
                shortest[pair] = k
        if not shortest:
            continue
        starts, ends = (np.array(side) for side in zip(*shortest, strict=True))
        lengths = np.array([max(outward[k].km, 1e-9) for k in shortest.values()])
        against = csr_array((lengths, (ends, starts)), shape=(n_places, n_places))  # from the camps outward, against the traffic
        far, before = dijkstra(against, indices=list(hosts), return_predecessors=True)
        for j in range(len(hosts)):
            for place in range(n_places):
                if before[j, place] >= 0:
                    following[e, place, j] = shortest[place, int(before[j, place])]
                    km[e, place, j] = far[j, place]
    return km, following


def _usable(folder: FleeFolder, outward: list[Direction], closed: NDArray[np.bool_], redirected: NDArray[np.bool_]) -> list[int]:
    """Directions that are open; from a place where people are redirected, only those they are redirected along."""
    forced: dict[int, set[int]] = {}
    for k, each in enumerate(outward):
        link = folder.links[each.link]
        sends = {1: link.second, 2: link.first}.get(link.redirection)
        if sends == each.start and redirected[each.link] and not closed[each.link]:
            forced.setdefault(each.start, set()).add(k)
    return [
        k for k, each in enumerate(outward) if not closed[each.link] and (each.start not in forced or k in forced[each.start])
    ]


def typical_km(folder: FleeFolder, km: NDArray[np.float64]) -> float:
    """Scale of a conflict's distances: mean way from those who may flee to the camps that they can reach when all is open."""
    weights = np.array([place.population for place in folder.places], dtype=np.float64)
    best = np.min(km, axis=0)
    fleeing = (weights > 0) & np.isfinite(best).any(axis=1)
    if not fleeing.any():
        return 1.0
    ways = np.where(np.isfinite(best), best, np.nan)[fleeing]
    return max(float(np.average(np.nanmean(ways, axis=1), weights=weights[fleeing])), 1e-9)


def sites_of_camps(folder: FleeFolder, km: NDArray[np.float64]) -> NDArray[np.float64]:
    """Sites that each camp of a folder stands for: itself, and the forwarding hubs of its country that have no nearer camp there.

    A camp with hubs of its own is a region of several sites. In choice among groups of alternatives the number of a group's
    members counts in full (McFadden 1978, Modelling the choice of residential location).
    """
    sites = np.ones(len(folder.camps))
    for place, ways in zip(folder.places, km, strict=True):
        at_home = np.array([folder.places[camp].country == place.country for camp in folder.camps])
        if place.kind == "forwarding_hub" and (at_home & np.isfinite(ways)).any():
            sites[int(np.argmin(np.where(at_home, ways, np.inf)))] += 1
    return sites


def _camps_of_country(folder: FleeFolder) -> NDArray[np.float64]:
    """Count, for each camp, the camps of its country."""
    countries = [folder.places[camp].country for camp in folder.camps]
    return np.array([countries.count(country) for country in countries], dtype=np.float64)


def capacities_without_news(folder: FleeFolder) -> tuple[str, ...]:
    """Camps whose capacities our rules do not use: those that leak, and all where more than half of those given do.

    Where most capacities of a folder are its highest counts, the column is a column of counts, and the others are counts as well.
    """
    given = [folder.places[camp].name for camp in folder.camps if folder.places[camp].capacity > 0]
    leaked = tuple(each.camp for each in folder.leaked)
    return tuple(given) if 2 * len(leaked) > len(given) else leaked
