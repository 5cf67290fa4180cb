"""Operations: massing, the march, assault, consolidation, and giving up.

An operation masses at a place of its side next to the target until it has what the odds ask for and is prepared. Every third
day its mass is reckoned anew by what is then believed of the enemy: who has called too few calls more, and who cannot have enough
lets go. Nobody is called where too few could come. A side that goes on from a capture to a place next door needs no new
preparation: places that fell in one operation did so within two days of each other (docs/decisions/0041). All values are
assumptions.
"""

from __future__ import annotations

from keyterrain.dynamics.appraisal import (
    LOOK_EVERY_DAYS,
    believed_handicap,
    believed_support,
    enough_mass,
    estimate,
    near_force,
    phases_reckoned,
)
from keyterrain.dynamics.kernel import kernel
from keyterrain.dynamics.luck import DECISION, Luck, mixed, rounded, uniforms
from keyterrain.dynamics.movement import order
from keyterrain.dynamics.network import begin_march_search, settle, spread_march
from keyterrain.dynamics.presence import contested, hostile_force, hostile_ground
from keyterrain.dynamics.state import (
    ASSAULT,
    CONSOLIDATING,
    IDLE,
    MARCHING,
    MASSING,
    MOST_SLOTS,
    NONE,
    ORDERS,
    Draw,
    State,
    World,
)

MASS_HOURS = 24.0
"""Time on the march within which garrisons are called to an operation (assumption)."""
PATIENCE_DAYS = 14
"""Days beyond preparation after which an operation that has not massed is given up (assumption)."""
LONGEST_APPROACH_DAYS = 10
"""Days after which an assault whose fighters have not come is given up (assumption)."""
FULL_MASS = 0.9
"""Share of the wanted mass that is enough to go (assumption)."""
SEND_DRAW = 2


@kernel
def count_bound(w: World, s: State, side: int) -> None:
    """Count at each place the fighters of a side who have their orders for today or an operation: nobody is promised twice."""
    s.bound[:] = 0
    for actor in range(w.n_actors):
        if w.actor_side[actor] == side:
            for place in range(w.n_places):
                s.bound[place] += s.earmark[actor, place]
    for i in range(s.count[ORDERS]):
        if w.actor_side[s.order_actor[i]] == side:
            s.bound[s.order_from[i]] += s.order_n[i]


@kernel
def count_surplus(w: World, d: Draw, s: State, side: int) -> float:
    """Share of each garrison of a side that could go; returns the mobile total."""
    total = 0.0
    n_actors, n_places = w.n_actors, w.n_places
    count_bound(w, s, side)
    for place in range(n_places):
        s.surplus[place] = 0.0
        force = s.force[side, place]
        if force <= d.par.decision_holdback_least or s.holder[place] != side:
            continue
        if s.intruder[place] != NONE or s.threatened[side, place] or w.apart[place]:
            continue
        guard = max(d.par.decision_holdback_least, d.par.decision_holdback_share * near_force(w, s, side, place, True))
        free = force - guard - s.bound[place]
        if free > 0.0:
            s.surplus[place] = free / force
            for actor in range(n_actors):
                if w.actor_side[actor] == side:
                    total += s.surplus[place] * d.mobility[actor] * s.strength[actor, place]
    return total


@kernel
def call_up(
    day: int, w: World, d: Draw, luck: Luck, s: State, side: int, slot: int, place: int, staging: int, missing: float
) -> float:
    """Call what a garrison can spare, at most what is missing; returns how many were called."""
    mobile = mobile_surplus(w, d, s, side, place)
    if mobile < 1.0:
        return 0.0
    part = min(1.0, missing / mobile)
    called = 0
    target = w.place_word[s.op_target[side, slot]]  # operations of a day may share garrison and staging place, not the target
    for actor in range(w.n_actors):
        if w.actor_side[actor] != side or s.strength[actor, place] == 0:
            continue
        u = uniforms(luck, DECISION, day, mixed(w.actor_place_word[actor, place], target), SEND_DRAW)
        n = rounded(part * d.mobility[actor] * s.strength[actor, place] * s.surplus[place], u.a)
        n = min(n, s.strength[actor, place])
        if n <= 0:
            continue
        called += n
        s.op_force[side, slot, actor] += n
        s.earmark[actor, staging] += n
        if place != staging:
            order(s, actor, place, staging, n, s.path_hours[place], s.path_risk[place])
    s.surplus[place] *= 1.0 - part
    return float(called)


@kernel
def begin_operation(
    day: int,
    w: World,
    d: Draw,
    luck: Luck,
    s: State,
    side: int,
    slot: int,
    target: int,
    staging: int,
    mass: float,
    prep_days: int,
) -> None:
    """Set up an operation and call its mass to the staging place; without the fighters it is put off until the next look.

    A slot that consolidates goes on to do so if nothing comes of it.
    """
    if in_reach(w, d, s, side, staging, mass) < FULL_MASS * mass:
        s.cooldown[side, target] = day + LOOK_EVERY_DAYS
        return
    s.op_state[side, slot] = MASSING
    s.op_target[side, slot] = target
    s.op_staging[side, slot] = staging
    s.op_days[side, slot] = 0
    s.op_prep_days[side, slot] = prep_days
    s.op_wanted[side, slot] = int(mass)
    s.op_sent[side, slot] = 0
    s.op_lost[side, slot] = 0
    for actor in range(s.earmark.shape[0]):
        s.op_force[side, slot, actor] = 0
    call_mass(day, w, d, luck, s, side, slot, mass)


@kernel
def mobile_surplus(w: World, d: Draw, s: State, side: int, place: int) -> float:
    """Fighters whom a garrison can spare and who can march."""
    total = 0.0
    if s.surplus[place] > 0.0:
        for actor in range(w.n_actors):
            if w.actor_side[actor] == side:
                total += d.mobility[actor] * s.strength[actor, place] * s.surplus[place]
    return total


@kernel
def in_reach(w: World, d: Draw, s: State, side: int, staging: int, wanted: float) -> float:
    """Fighters who can be called to a place in a day's march; no more are counted than are wanted."""
    found = 0.0
    begin_march_search(s, staging)
    while found < wanted:
        place = settle(s)
        if place == NONE or s.path_hours[place] > MASS_HOURS:
            break
        found += mobile_surplus(w, d, s, side, place)
        spread_march(w, s, side, place, staging, d.par.interdiction_unsafe_threat)
    return found


@kernel
def call_mass(day: int, w: World, d: Draw, luck: Luck, s: State, side: int, slot: int, missing: float) -> float:
    """Call up what an operation misses, nearest garrisons first; returns how many were called."""
    staging = s.op_staging[side, slot]
    called = 0.0
    begin_march_search(s, staging)
    while missing - called > 0.5:
        place = settle(s)
        if place == NONE or s.path_hours[place] > MASS_HOURS:
            break
        if s.surplus[place] > 0.0:
            called += call_up(day, w, d, luck, s, side, slot, place, staging, missing - called)
        spread_march(w, s, side, place, staging, d.par.interdiction_unsafe_threat)
    return called


@kernel
def release(s: State, side: int, slot: int) -> None:
    """Let go of the fighters that an operation holds at its staging place."""
    staging = s.op_staging[side, slot]
    for actor in range(s.earmark.shape[0]):
        s.earmark[actor, staging] -= s.op_force[side, slot, actor]
        s.op_force[side, slot, actor] = 0


@kernel
def give_up_operation(day: int, w: World, d: Draw, s: State, side: int, slot: int, cooldown_days: int) -> None:
    """End an operation before its assault."""
    release(s, side, slot)
    s.cooldown[side, s.op_target[side, slot]] = day + cooldown_days
    s.op_state[side, slot] = IDLE
    s.op_target[side, slot] = NONE


@kernel
def promised(s: State, side: int, slot: int, actor: int) -> int:
    """Fighters of an actor whom operations in lower slots hold at the same staging place: nobody counts for two."""
    total = 0
    for other in range(slot):
        if s.op_state[side, other] == MASSING and s.op_staging[side, other] == s.op_staging[side, slot]:
            total += s.op_force[side, other, actor]
    return total


@kernel
def leaving(s: State, actor: int, place: int) -> int:
    """Fighters of an actor who have orders to leave a place today."""
    total = 0
    for i in range(s.count[ORDERS]):
        if s.order_actor[i] == actor and s.order_from[i] == place:
            total += s.order_n[i]
    return total


@kernel
def part_of(s: State, side: int, slot: int, actor: int, n: int) -> int:
    """How many of n fighters of an actor an operation can count on: those that it called and that no other has."""
    return int(max(0, min(s.op_force[side, slot, actor], n - promised(s, side, slot, actor))))


@kernel
def massed(s: State, side: int, slot: int) -> int:
    """Fighters of an operation who have arrived, as the morning shows them."""
    total = 0
    for actor in range(s.earmark.shape[0]):
        total += part_of(s, side, slot, actor, s.strength[actor, s.op_staging[side, slot]])
    return total


@kernel
def at_hand(s: State, side: int, slot: int, actor: int) -> int:
    """Fighters of an actor with whom an operation can go in today."""
    staging = s.op_staging[side, slot]
    return part_of(s, side, slot, actor, s.strength[actor, staging] - leaving(s, actor, staging))


@kernel
def on_the_march_to(s: State, actor: int, place: int) -> int:
    """Fighters of an actor who are on their way to a place."""
    total = 0
    if s.n_marching[actor] > 0:
        for arrival in range(s.marching.shape[0]):
            total += s.marching[arrival, actor, place]
    return total


@kernel
def muster_again(s: State, side: int, slot: int) -> int:
    """Count an operation's fighters who are there or on their way, and forget those who were lost."""
    staging = s.op_staging[side, slot]
    total = 0
    for actor in range(s.earmark.shape[0]):
        left = s.strength[actor, staging] - leaving(s, actor, staging) + on_the_march_to(s, actor, staging)
        n = part_of(s, side, slot, actor, left)
        s.earmark[actor, staging] -= s.op_force[side, slot, actor] - n
        s.op_force[side, slot, actor] = n
        total += n
    return total


@kernel
def review_massing(day: int, w: World, d: Draw, luck: Luck, s: State, side: int, most: float) -> float:
    """Reckon anew what massing operations need: call up what is missing, or let go; returns how many can still be called."""
    support = believed_support(w, d, s, side)
    for slot in range(MOST_SLOTS):
        if s.op_state[side, slot] != MASSING:
            continue
        target = s.op_target[side, slot]
        here = muster_again(s, side, slot)
        believed = estimate(s, w, side, target, hostile_force(w, s, side, target), True)
        phases = phases_reckoned(d, s, side, target)
        advantage = support - believed_handicap(w, d, s, target)
        mass = enough_mass(w, d, s, side, target, here + most, believed, advantage, phases)
        s.op_wanted[side, slot] = int(mass)
        missing = mass - here
        if mass == 0.0 or missing - in_reach(w, d, s, side, s.op_staging[side, slot], missing) > (1.0 - FULL_MASS) * mass:
            give_up_operation(day, w, d, s, side, slot, LOOK_EVERY_DAYS)
        elif missing > 0.5:
            most -= call_mass(day, w, d, luck, s, side, slot, missing)
    return most


@kernel
def go_in(day: int, w: World, d: Draw, s: State, side: int, slot: int) -> None:
    """Order the massed fighters from the staging place into the target."""
    staging, target = s.op_staging[side, slot], s.op_target[side, slot]
    hours, risk = MASS_HOURS, 0.0
    for k in range(w.arc_start[staging], w.arc_start[staging + 1]):
        route = w.arc_route[k]
        if w.arc_place[k] == target and s.hours[route] < hours:
            hours = s.hours[route]
            risk = s.threat[side, route] if s.threat[side, route] > d.par.interdiction_unsafe_threat else 0.0
    for actor in range(s.earmark.shape[0]):
        n = at_hand(s, side, slot, actor)
        if n > 0:
            order(s, actor, staging, target, n, hours, risk)
            s.op_sent[side, slot] += n
    release(s, side, slot)
    s.op_state[side, slot] = MARCHING
    s.op_days[side, slot] = 0


@kernel
def advance_massing(day: int, w: World, d: Draw, s: State, side: int, slot: int) -> None:
    """Go when enough have come and the preparation is done; give up when it takes too long or the ground is gone."""
    staging, target = s.op_staging[side, slot], s.op_target[side, slot]
    policy = d.policy[side]
    lost_base = s.holder[staging] != side or s.intruder[staging] != NONE
    pointless = not hostile_ground(w, s, side, target) and not contested(s, target)
    taken_over = s.intruder[target] != NONE and s.intruder[target] != side and s.holder[target] != side
    late = s.op_days[side, slot] > s.op_prep_days[side, slot] + PATIENCE_DAYS
    if lost_base or pointless or taken_over or late:
        give_up_operation(day, w, d, s, side, slot, int(d.par.decision_cooldown_days * d.par.decision_tempo))
        return
    if s.op_days[side, slot] < s.op_prep_days[side, slot]:
        return
    believed = estimate(s, w, side, target, hostile_force(w, s, side, target), True)
    here = 0
    for actor in range(s.earmark.shape[0]):
        here += at_hand(s, side, slot, actor)
    if here >= FULL_MASS * s.op_wanted[side, slot] and here >= FULL_MASS * w.ratio[policy] * believed:
        go_in(day, w, d, s, side, slot)


@kernel
def advance_marching(day: int, w: World, d: Draw, s: State, side: int, slot: int) -> None:
    """Open the assault when fighters of the operation have arrived and no other attack is on."""
    target = s.op_target[side, slot]
    own_ground = s.holder[target] == side
    if (
        s.force[side, target] > 0
        and s.attacker[target] == NONE
        and (own_ground or s.intruder[target] == NONE or s.intruder[target] == side)
    ):
        s.op_state[side, slot] = ASSAULT
        s.op_days[side, slot] = 0
        return
    if s.op_days[side, slot] > LONGEST_APPROACH_DAYS:
        give_up_operation(day, w, d, s, side, slot, int(d.par.decision_cooldown_days * d.par.decision_tempo))


@kernel
def advance_operations(day: int, w: World, d: Draw, s: State, side: int) -> None:
    """Carry a side's operations on by a day; an assault itself is combat's."""
    for slot in range(MOST_SLOTS):
        state = s.op_state[side, slot]
        if state == IDLE:
            continue
        s.op_days[side, slot] += 1
        if state == MASSING:
            advance_massing(day, w, d, s, side, slot)
        elif state == MARCHING:
            advance_marching(day, w, d, s, side, slot)
        elif state == CONSOLIDATING and s.op_days[side, slot] >= d.par.decision_consolidation_days * d.par.decision_tempo:
            s.op_state[side, slot] = IDLE
            s.op_target[side, slot] = NONE
