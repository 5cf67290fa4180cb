"""A day of the campaign: the processes in their order, and a replicate day by day."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from keyterrain.campaign.sheets import Sheets, write_evening, write_week
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
from keyterrain.dynamics.presence import count_forces, mark_passable
from keyterrain.dynamics.registration import register
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
    MEAN_SUPPORT,
    MOVEMENT_ON,
    NONE,
    OVERFLOW,
    ROUTES_ON,
    STAMP,
    SUPPLY_ON,
    SUPPORT,
    WEATHER_ON,
    Draw,
    State,
    World,
)
from keyterrain.dynamics.supply import corridors, full_supply, supply
from keyterrain.dynamics.weather import normal_weather, weather

Records = NDArray[np.void]


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
    s.supply_drives[:, :] = False
    s.n_corridor_arcs[:] = 0
    s.n_carriage_arcs[:] = 0
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
    s.defence_lost[:] = 0
    s.pause[:] = 0
    s.in_phase[:] = False
    s.n_assaults[:, :] = 0
    s.n_phases[:] = 0
    s.phase_days[:] = 0
    s.battle[:] = False
    s.ground_lost[:] = 0.0
    s.fought[:] = False
    s.excitation[:] = 0.0
    s.background[:] = 0.0
    s.raider_place[:] = NONE
    s.raider_side[:] = NONE
    s.incidents[:] = 0
    s.recent_incidents[:] = 0.0
    s.first_of_origin[:] = NONE
    s.first_at_host[:] = NONE
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
        register(s, origin, host, n)
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
    sheets: Sheets,
    days: int,
    week_days: NDArray[np.int32],
    verify: bool,
) -> Outcome:
    """Play the i-th replicate of a chunk and write its days down; with `verify` each is held against the laws of conservation."""
    w = worlds[0]
    d = draws[i]
    s = states[0]
    first_evening(w, d, s)
    open_roads(w, d, luck, s)
    fighters = np.zeros(w.n_actors, dtype=np.int32)
    for actor in range(fighters.shape[0]):
        fighters[actor] = n_fighters(w, s, actor)
    people = n_people(w, s)
    write_evening(0, w, s, sheets)
    write_week(0, w, s, sheets)
    week = 1
    finding = Finding(SOUND, NONE, np.int64(0))
    for day in range(1, days + 1):
        play_day(day, w, d, luck, s)
        write_evening(day, w, s, sheets)
        if week < week_days.shape[0] and week_days[week] == day:
            write_week(week, w, s, sheets)
            week += 1
        if verify:
            finding = audit(w, s, fighters, people)
            if finding.breach != SOUND:
                return Outcome(np.int64(s.count[EVENTS]), np.int64(s.count[OVERFLOW]), day, finding)
    return Outcome(np.int64(s.count[EVENTS]), np.int64(s.count[OVERFLOW]), days, finding)
