"""A day of the campaign: the processes in their order, and what is written down in the evening."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from keyterrain.dynamics.audit import SOUND, Finding, audit, n_fighters, n_people
from keyterrain.dynamics.combat import combat
from keyterrain.dynamics.control import control
from keyterrain.dynamics.decision import decision
from keyterrain.dynamics.displacement import displacement, host_column, size_up_people, tally_fled
from keyterrain.dynamics.insurgency import insurgency
from keyterrain.dynamics.interdiction import interdiction, weigh_pairs
from keyterrain.dynamics.kernel import kernel
from keyterrain.dynamics.losses import recover
from keyterrain.dynamics.luck import Luck
from keyterrain.dynamics.movement import movement
from keyterrain.dynamics.presence import contested, count_forces, mark_passable
from keyterrain.dynamics.routes import dry_roads, routes
from keyterrain.dynamics.state import (
    COMBAT_ON,
    CONTROL_ON,
    DECISION_ON,
    DISPLACEMENT_ON,
    EVENTS,
    IDLE,
    INSURGENCY_ON,
    INTERDICTION_ON,
    KILLED,
    MEAN_SUPPORT,
    MOST_SLOTS,
    MOVEMENT_ON,
    NONE,
    ON_THE_WAY,
    OVERFLOW,
    ROUTES_ON,
    STAMP,
    SUPPLY_ON,
    SUPPORT,
    WEATHER_ON,
    WET,
    Draw,
    State,
    World,
)
from keyterrain.dynamics.supply import corridors, full_supply, supply
from keyterrain.dynamics.weather import normal_weather, weather

Records = NDArray[np.void]


class Pages(NamedTuple):
    """The arrays that a chunk of replicates is written to, as they are stored: the replicate in the chunk first, time last."""

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


class Outcome(NamedTuple):
    """How the playing of a replicate ended: events noted, whether a list ran over, and the first breach with its day."""

    n_events: np.int64
    overflow: np.int64
    day: int
    finding: Finding


@kernel
def forget(s: State) -> None:
    """Clear what the last replicate left; scratch space of searches keeps its stamps."""
    stamp = s.count[STAMP]
    s.count[:] = 0
    s.count[STAMP] = stamp
    s.sky[:] = 0.0
    s.sky[SUPPORT] = 1.0
    s.sky[MEAN_SUPPORT] = 1.0
    s.snow_mm[:, :] = 0.0
    s.fresh_mm[:, :, :] = 0.0
    s.snow_cm[:, :] = 0.0
    s.marching[:, :, :] = 0
    s.n_marching[:] = 0
    s.recovering[:, :] = 0
    s.cum_loss[:, :] = 0
    s.cum_joined[:] = 0
    s.cum_returned[:] = 0
    s.new_loss[:] = 0
    s.readiness[:] = 1.0
    s.morale[:] = 1.0
    s.drive_hours[:] = math.inf
    s.walk_hours[:] = math.inf
    s.hours[:] = math.inf
    s.shut_days[:] = 0
    s.raiders_counted[:, :] = 0.0
    s.threat_now[:, :] = 0.0
    s.threat[:, :] = 0.0
    s.tax_cost[:, :] = 0.0
    s.delivery[:, :] = 0.0
    s.flow[:, :] = 0.0
    s.supply_arc[:, :] = NONE
    s.supply_root[:, :] = NONE
    s.supply_drives[:, :] = False
    s.n_corridor_arcs[:] = 0
    s.passable[:, :] = 0
    s.ground_changed[:] = 0
    for place in range(s.supply_order.shape[1]):
        s.supply_order[:, place] = place
    s.supplied[:, :] = 1.0
    s.cut_days[:, :] = 0
    s.n_cut_off[:] = 0
    s.corridor_open[:] = 0.0
    s.corridor_secure[:] = 0.0
    s.corridor_delivery[:] = 0.0


@kernel
def forget_decisions(s: State) -> None:
    """Clear operations, battles, raids and people on the move."""
    s.sight[:, :] = 0.0
    s.value_scale[:, :] = -1.0
    s.last_success[:] = NONE
    s.cooldown[:, :] = 0
    s.op_state[:, :] = IDLE
    s.op_target[:, :] = NONE
    s.op_staging[:, :] = NONE
    s.op_force[:, :, :] = 0
    s.earmark[:, :] = 0
    s.threatened[:, :] = False
    s.attacker[:] = NONE
    s.attack_slot[:] = NONE
    s.pause[:] = 0
    s.in_phase[:] = False
    s.battle[:] = False
    s.ground_lost[:] = 0.0
    s.fought[:] = False
    s.excitation[:] = 0.0
    s.background[:] = 0.0
    s.raider_place[:] = NONE
    s.raider_side[:] = NONE
    s.incidents[:] = 0
    s.recent_incidents[:] = 0.0
    s.displaced[:, :] = 0
    s.guests[:] = 0
    s.away[:] = 0
    s.fled[:, :] = 0
    s.exposure[:] = 0.0
    s.danger[:] = 0.0
    s.calm[:] = 0
    s.besieger[:] = NONE
    s.goal_day[:] = 0
    s.safety_day[:] = 0
    s.n_goals[:] = 0


@kernel
def first_evening(w: World, d: Draw, s: State) -> None:
    """Set the state as it was drawn for the evening before the first step."""
    forget(s)
    forget_decisions(s)
    s.holder[:] = d.holder
    s.intruder[:] = d.intruder
    s.taken[:] = d.taken
    s.held_days[:] = d.held_days
    s.strength[:, :] = d.strength
    s.store[:, :] = d.stock
    s.residents[:] = d.residents
    for k in range(w.n_guest_groups):
        origin, host, n = w.guest_origin[k], w.guest_host[k], d.guests[k]
        s.displaced[origin, host] += n
        s.guests[host] += n
        s.away[origin] += n
        tally_fled(w, s, origin, host_column(w, s, host), n)
    count_forces(w, s)
    mark_passable(w, s)
    weigh_pairs(w, d, s)
    dry_roads(w, d, s)
    size_up_people(w, d, s)


@kernel
def play_day(day: int, w: World, d: Draw, luck: Luck, s: State) -> None:
    """One day: the processes in the order of a day; one that is off leaves its variables as they are by nature."""
    if w.on[WEATHER_ON]:
        weather(day, w, d, luck, s)
    else:
        normal_weather(w, d, day, s)
    if w.on[ROUTES_ON]:
        routes(day, w, d, luck, s)
    if w.on[INTERDICTION_ON]:
        interdiction(day, w, d, luck, s)
    corridors(day, w, d, s)
    if w.on[SUPPLY_ON]:
        supply(day, w, d, luck, s)
    else:
        full_supply(w, s)
    if w.on[DECISION_ON]:
        decision(day, w, d, luck, s)
    if w.on[MOVEMENT_ON]:
        movement(day, w, d, luck, s)
    recover(day, w, s)
    count_forces(w, s)
    if w.on[COMBAT_ON]:
        combat(day, w, d, luck, s)
    if w.on[CONTROL_ON]:
        control(day, w, d, luck, s)
    if w.on[INSURGENCY_ON]:
        insurgency(day, w, d, luck, s)
    count_forces(w, s)
    if w.on[DISPLACEMENT_ON]:
        displacement(day, w, d, luck, s)


@kernel
def per_cent(x: float) -> int:
    """Whole per cent, rounded, between 0 and 100."""
    return int(min(max(x, 0.0), 1.0) * 100.0 + 0.5)


@kernel
def write_evening(i: int, day: int, w: World, s: State, out: Pages) -> None:
    """Write down what is kept of every day."""
    for place in range(w.n_places):
        out.control[i, place, day] = NONE if contested(s, place) else s.holder[place]
    for c in range(w.n_corridors):
        out.corridor_open[i, c, day] = per_cent(0.01 * s.corridor_open[c])
        out.corridor_secure[i, c, day] = per_cent(s.corridor_secure[c])
        out.corridor_delivery[i, c, day] = per_cent(s.corridor_delivery[c])
    for side in range(w.n_sides):
        out.n_cut_off[i, side, day] = s.n_cut_off[side]
        n = 0
        for slot in range(MOST_SLOTS):
            n += 1 if s.op_state[side, slot] != IDLE else 0
        out.n_operations[i, side, day] = n
    n_hosts = w.n_places + w.n_abroad
    for host in range(n_hosts):
        out.n_displaced[i, host, day] = s.guests[host]
    out.n_displaced[i, n_hosts, day] = s.count[ON_THE_WAY]
    out.n_displaced[i, n_hosts + 1, day] = s.count[KILLED]
    for actor in range(w.n_actors):
        out.cum_loss[i, actor, :, day] = s.cum_loss[actor, :]
        out.cum_reinforcement[i, actor, day] = s.cum_joined[actor]
        out.cum_returned[i, actor, day] = s.cum_returned[actor]
    out.wet[i, day] = 1 if s.sky[WET] > 0.0 else 0
    if day > 0:
        for place in range(w.n_places):
            out.new_incidents[i, w.area[place], day] += s.incidents[place]


@kernel
def write_week(i: int, week: int, w: World, s: State, out: Pages) -> None:
    """Write down what is kept of every week, or of every day on request."""
    for actor in range(w.n_actors):
        out.in_transit[i, actor, week] = s.n_marching[actor]
        for place in range(w.n_places):
            out.strength[i, actor, place, week] = s.strength[actor, place]
    for place in range(w.n_places):
        out.n_residents[i, place, week] = s.residents[place]
        out.sectors_taken[i, place, week] = s.taken[place]
    for area in range(w.n_areas):
        for column in range(w.n_areas + w.n_abroad + 2):
            out.n_fled_to[i, area, column, week] = s.fled[area, column]
    for side in range(w.n_sides):
        for place in range(w.n_places):
            out.supply[i, side, place, week] = per_cent(s.supplied[side, place]) if s.force[side, place] > 0 else 0
        for route in range(w.n_routes):
            out.route_threat[i, side, route, week] = per_cent(s.threat[side, route])
    for route in range(w.n_routes):
        out.route_open[i, 0, route, week] = 100 if s.drive_hours[route] < math.inf else 0
        out.route_open[i, 1, route, week] = 100 if s.walk_hours[route] < math.inf else 0
    for zone in range(s.snow_cm.shape[0]):
        for band in range(s.snow_cm.shape[1]):
            out.snow_depth[i, zone, band, week] = int(min(s.snow_cm[zone, band], 65535.0) + 0.5)


@kernel
def open_roads(w: World, d: Draw, luck: Luck, s: State) -> None:
    """State of roads and corridors on the first evening, before anything has happened."""
    routes(0, w, d, luck, s)
    corridors(1, w, d, s)


@kernel
def play_replicate(
    i: int,
    worlds: Records,
    draws: Records,
    luck: Luck,
    states: Records,
    out: Pages,
    days: int,
    week_days: NDArray[np.int32],
    verify: bool,
) -> Outcome:
    """Play the i-th replicate of a chunk and write it down; with `verify` every day is held against the laws of conservation."""
    w = worlds[0]
    d = draws[i]
    s = states[0]
    first_evening(w, d, s)
    open_roads(w, d, luck, s)
    fighters = np.zeros(w.n_actors, dtype=np.int32)
    for actor in range(fighters.shape[0]):
        fighters[actor] = n_fighters(w, s, actor)
    people = n_people(w, s)
    write_evening(i, 0, w, s, out)
    write_week(i, 0, w, s, out)
    week = 1
    finding = Finding(SOUND, NONE, np.int64(0))
    for day in range(1, days + 1):
        play_day(day, w, d, luck, s)
        write_evening(i, day, w, s, out)
        if week < week_days.shape[0] and week_days[week] == day:
            write_week(i, week, w, s, out)
            week += 1
        if verify:
            finding = audit(w, s, fighters, people)
            if finding.breach != SOUND:
                return Outcome(np.int64(s.count[EVENTS]), np.int64(s.count[OVERFLOW]), day, finding)
    return Outcome(np.int64(s.count[EVENTS]), np.int64(s.count[OVERFLOW]), days, finding)
