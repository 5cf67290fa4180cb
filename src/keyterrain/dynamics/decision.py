"""Decision: whom a side attacks and when, whom it helps, by sides that see through their own error.

    U[j] = worth[j] + pull [next to the last success, or a fresh gain of the enemy's] + Gumbel(noise) [for 27 days]

Every third day a side with a free slot begins the operation that it likes best; worth is a matter of `appraisal`, what follows of
`operations`. A slot that consolidates a capture is free for what lies next door. There, and against what an enemy took within a
month, a side goes in without new preparation. All values are assumptions.
"""

from __future__ import annotations

import math

import numpy as np

from keyterrain.dynamics.appraisal import (
    LOOK_EVERY_DAYS,
    PREFER_EVERY_DAYS,
    believed_handicap,
    believed_p_phase,
    believed_support,
    enough_mass,
    estimate,
    look,
    p_of_all,
    phases_reckoned,
    prefer,
    scale_values,
    utility,
)
from keyterrain.dynamics.kernel import kernel
from keyterrain.dynamics.luck import DECISION, Luck, mixed, rounded, uniforms
from keyterrain.dynamics.movement import order
from keyterrain.dynamics.network import begin_march_search, settle, spread_march
from keyterrain.dynamics.operations import advance_operations, begin_operation, count_surplus, massed, review_massing
from keyterrain.dynamics.presence import contested, count_facing, friendly_force, hostile_force, hostile_ground
from keyterrain.dynamics.routes import snow_here_cm
from keyterrain.dynamics.state import (
    CONSOLIDATING,
    HOSTILE,
    IDLE,
    MASSING,
    MEAN_SUPPORT,
    MOST_SLOTS,
    NONE,
    ORDERS,
    Draw,
    State,
    World,
)

EVERY_DAYS = 3
FRESH_DAYS = 30
"""Age of a gain up to which it is fought over again: places of the region were then lost ten times as often as later (decision
0041)."""
RELIEF_HOURS = 12.0
"""Time on the march within which garrisons are asked for help (assumption)."""
RELIEF_DRAW = 3


@kernel
def approach(w: World, s: State, side: int, place: int) -> int:
    """Index of the arc by which a side best reaches a place from a whole place of its own, -1 if there is none."""
    best = np.int64(NONE)
    hours = math.inf
    for k in range(w.arc_start[place], w.arc_start[place + 1]):
        start = w.arc_place[k]
        if s.holder[start] == side and s.intruder[start] == NONE and s.hours[w.arc_route[k]] < hours:
            best = np.int64(k)  # numba takes k for unsigned, and an unsigned number knows no NONE
            hours = s.hours[w.arc_route[k]]
    return int(best)


@kernel
def already_targeted(s: State, side: int, place: int) -> bool:
    """Whether a side has an operation against a place."""
    for slot in range(MOST_SLOTS):
        if s.op_state[side, slot] != IDLE and s.op_target[side, slot] == place:
            return True
    return False


@kernel
def next_to(w: World, place: int, other: int) -> bool:
    """Whether a route joins two places."""
    if other == NONE:
        return False
    for k in range(w.arc_start[place], w.arc_start[place + 1]):
        if w.arc_place[k] == other:
            return True
    return False


@kernel
def slot_next_door(w: World, s: State, side: int, place: int) -> int:
    """Slot that consolidates a capture next to a place, which is still the side's whole; NONE if there is none."""
    for slot in range(MOST_SLOTS):
        taken = s.op_target[side, slot]
        if s.op_state[side, slot] == CONSOLIDATING and next_to(w, place, taken):
            if s.holder[taken] == side and s.intruder[taken] == NONE:
                return slot
    return NONE


@kernel
def runs(s: State, side: int, state: int) -> bool:
    """Whether a side has an operation in such a state."""
    for slot in range(MOST_SLOTS):
        if s.op_state[side, slot] == state:
            return True
    return False


@kernel
def fresh_gain(w: World, s: State, side: int, place: int) -> bool:
    """Whether a place is a gain of an enemy's that is not a month old: the forces that lost it are still at hand."""
    return bool(s.held_days[place] < FRESH_DAYS and hostile_ground(w, s, side, place))


@kernel
def may_be_attacked(day: int, w: World, d: Draw, s: State, side: int, place: int) -> bool:
    """Whether a place is a candidate before anyone asks how strong it is."""
    hostile = hostile_ground(w, s, side, place)
    if not hostile and not (s.holder[place] == side and contested(s, place)):
        return False
    if w.decree[place] or w.apart[place] or s.cooldown[side, place] > day or already_targeted(s, side, place):
        return False
    if hostile and s.intruder[place] != NONE and s.intruder[place] != side:
        return False
    return bool(d.sectors[place] <= w.most_sectors[d.policy[side]])


@kernel
def winter_forbids(w: World, d: Draw, s: State, side: int, arc: int) -> bool:
    """Whether a side that waits for spring holds back here."""
    if not d.waits[side]:
        return False
    route = w.arc_route[arc]
    deep = snow_here_cm(w, s, route) > d.par.decision_winter_snow_cm
    return bool(deep or s.sky[MEAN_SUPPORT] < d.par.decision_winter_support)


@kernel
def ready(w: World, d: Draw, s: State, side: int) -> bool:
    """Whether the mobile actors of a side, weighted by strength, are rested enough."""
    rested = 0.0
    total = 0.0
    for actor in range(w.n_actors):
        if w.actor_side[actor] == side:
            weight = 0.0
            for place in range(w.n_places):
                weight += 0 if w.apart[place] else s.strength[actor, place]
            weight *= d.mobility[actor]
            rested += weight * s.readiness[actor]
            total += weight
    return bool(total > 0.0 and rested >= d.par.decision_readiness_least * total)


@kernel
def free_slot(w: World, d: Draw, s: State, side: int) -> int:
    """First slot that the side's policy leaves free, -1 if none."""
    for slot in range(w.slots[d.policy[side]]):
        if s.op_state[side, slot] == IDLE:
            return slot
    return NONE


@kernel
def choose(day: int, w: World, d: Draw, luck: Luck, s: State, side: int) -> None:
    """Let massing operations call what they miss, and begin the best operation that a side with a slot and rest sees."""
    if s.value_scale[side, 0] < 0.0:
        scale_values(w, d, s, side)
    masses = runs(s, side, MASSING)
    slot = free_slot(w, d, s, side)
    may_begin = (slot != NONE or runs(s, side, CONSOLIDATING)) and ready(w, d, s, side)
    if not masses and not may_begin:
        return
    most = count_surplus(w, d, s, side)
    if masses:
        most = review_massing(day, w, d, luck, s, side, most)
    if may_begin:
        begin_best(day, w, d, luck, s, side, slot, most)


@kernel
def begin_best(day: int, w: World, d: Draw, luck: Luck, s: State, side: int, free: int, most: float) -> None:
    """Begin the operation that is worth most, if any is: next door to a capture from there, elsewhere in a free slot."""
    own = 0
    for place in range(w.n_places):
        own += 0 if w.apart[place] else s.force[side, place]
    support = believed_support(w, d, s, side)
    best, best_arc, best_slot = NONE, NONE, NONE
    best_utility, best_mass = 0.0, 0.0
    for place in range(w.n_places):
        if not may_be_attacked(day, w, d, s, side, place):
            continue
        next_door = slot_next_door(w, s, side, place)
        slot = free if next_door == NONE else next_door
        arc = approach(w, s, side, place)
        if slot == NONE or arc == NONE or winter_forbids(w, d, s, side, arc):
            continue
        believed = estimate(s, w, side, place, hostile_force(w, s, side, place), True)
        if w.ratio[d.policy[side]] * believed > most:
            continue
        advantage = support - believed_handicap(w, d, s, place)
        phases = phases_reckoned(d, s, side, place)
        mass = enough_mass(w, d, s, side, place, most, believed, advantage, phases)
        if mass == 0.0:
            continue
        p_phase = believed_p_phase(w, d, place, mass, believed, advantage)
        p_all = p_of_all(p_phase, phases)
        worth = utility(w, d, s, side, place, mass, believed, p_phase, p_all, own)
        if worth <= 0.0:
            continue
        worth += d.par.decision_choice_noise * s.preference[side, place]
        if next_to(w, place, s.last_success[side]) or fresh_gain(w, s, side, place):
            worth += d.par.decision_success_pull
        if worth > best_utility:
            best, best_arc, best_slot, best_utility, best_mass = place, arc, slot, worth, mass
    if best != NONE:
        at_hand = s.op_state[side, best_slot] == CONSOLIDATING or fresh_gain(w, s, side, best)
        prep_days = 0 if at_hand else int(math.ceil(w.prep_days[d.policy[side]] * d.par.decision_tempo))
        begin_operation(day, w, d, luck, s, side, best_slot, best, w.arc_place[best_arc], best_mass, prep_days)


@kernel
def mark_threatened(w: World, s: State) -> None:
    """Say which places see an attack coming or have one on: the massing is seen after two days (assumption)."""
    s.threatened[:, :] = False
    s.besieger[:] = NONE
    for side in range(w.n_sides):
        for slot in range(MOST_SLOTS):
            state = s.op_state[side, slot]
            if state in (IDLE, CONSOLIDATING) or (state == MASSING and s.op_days[side, slot] < 2):
                continue
            target = s.op_target[side, slot]
            s.besieger[target] = side
            for other in range(w.n_sides):
                if w.relation[side, other] == HOSTILE and s.force[other, target] > 0:
                    s.threatened[other, target] = True


@kernel
def attackers_near(w: World, s: State, side: int, place: int) -> int:
    """Hostile fighters at a place and in its hostile operations' staging places."""
    total = hostile_force(w, s, side, place)
    for other in range(w.n_sides):
        if w.relation[side, other] == HOSTILE:
            for slot in range(MOST_SLOTS):
                if s.op_target[other, slot] == place and s.op_state[other, slot] == MASSING:
                    total += massed(s, other, slot)
    return total


@kernel
def call_relief(day: int, w: World, d: Draw, luck: Luck, s: State, side: int) -> None:
    """Let each threatened place of a side ask those within half a day for help."""
    any_threat = False
    for place in range(w.n_places):
        any_threat = any_threat or s.threatened[side, place] != 0
    if not any_threat:
        return
    if count_surplus(w, d, s, side) == 0.0:
        return
    for place in range(w.n_places):
        if s.threatened[side, place]:
            seen = estimate(s, w, side, place, attackers_near(w, s, side, place), True)
            missing = seen - friendly_force(w, s, side, place)
            if missing > 0.0:
                relieve(day, w, d, luck, s, side, place, missing)


@kernel
def relieve(day: int, w: World, d: Draw, luck: Luck, s: State, side: int, place: int, missing: float) -> None:
    """Send part of the surplus of the places within reach to a threatened one, nearest garrisons first."""
    begin_march_search(s, place)
    while missing > 0.5:
        helper = settle(s)
        if helper == NONE or s.path_hours[helper] > RELIEF_HOURS:
            return
        if helper != place and s.surplus[helper] > 0.0:
            missing -= send_relief(day, w, d, luck, s, side, helper, place, missing)
            s.surplus[helper] *= 1.0 - d.par.decision_relief_share
        spread_march(w, s, side, helper, place, d.par.interdiction_unsafe_threat)


@kernel
def send_relief(day: int, w: World, d: Draw, luck: Luck, s: State, side: int, helper: int, place: int, missing: float) -> float:
    """Order a part of a helper's surplus to a threatened place, each actor by its part; returns how many were ordered."""
    share = d.par.decision_relief_share * s.surplus[helper]
    spare = 0.0
    for actor in range(w.n_actors):
        if w.actor_side[actor] == side:
            spare += share * d.mobility[actor] * s.strength[actor, helper]
    if spare <= 0.0:
        return 0.0
    share *= min(1.0, missing / spare)
    ordered = 0
    for actor in range(w.n_actors):
        if w.actor_side[actor] == side and s.strength[actor, helper] > 0:
            u = uniforms(luck, DECISION, day, mixed(w.actor_place_word[actor, helper], w.place_word[place]), RELIEF_DRAW)
            n = min(rounded(share * d.mobility[actor] * s.strength[actor, helper], u.a), s.strength[actor, helper])
            order(s, actor, helper, place, n, s.path_hours[helper], s.path_risk[helper])
            ordered += n
    return float(ordered)


@kernel
def decision(day: int, w: World, d: Draw, luck: Luck, s: State) -> None:
    """Carry operations on, and every third day look, call for help and choose; yesterday's orders are void if nobody moved."""
    s.count[ORDERS] = 0
    for side in range(w.n_sides):
        if w.active[side]:
            advance_operations(day, w, d, s, side)
    mark_threatened(w, s)
    if day % EVERY_DAYS != 1:
        return
    count_facing(w, s)
    if day % LOOK_EVERY_DAYS == 1:
        look(day, w, d, luck, s)
    if day % PREFER_EVERY_DAYS == 1:
        prefer(day, w, luck, s)
    for side in range(w.n_sides):  # before any side reviews its massing, which relief looks at
        if w.active[side]:
            call_relief(day, w, d, luck, s, side)
    for side in range(w.n_sides):
        if w.active[side]:
            choose(day, w, d, luck, s, side)
