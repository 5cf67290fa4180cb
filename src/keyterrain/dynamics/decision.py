"""Decision: operations with massing, assault, consolidation, breaking off and pause, by sides that see through their own error.

    V[j] = w_corridor C[j] + w_people people[j] + w_cut X[j] + w_self T[j]           each term at most 1 at the start
    p1 = logistic(b0 + b1 ln R^),  p[j] = p1^max(1, K/2),  t[j] = (K / p1)(1/h + pause),  l[j] = loss rate x engaged x K / (p1 h)
    U[j] = V p exp(-t / 90) - aversion l / N + pull [next to the last success] + Gumbel(noise)

C: fall of the threat to the side's corridors if j's garrison were gone; X: share of the enemy's need that passes j; T: enemy
at j over own strength in walking reach. ln N^ = ln max(N, 30) + e, e an AR(1) error, halved for neighbours. Nobody knows
anyone's true quality. All values are assumptions.
"""

from __future__ import annotations

import math

import numpy as np

from keyterrain.dynamics.frontage import frontage
from keyterrain.dynamics.kernel import kernel
from keyterrain.dynamics.luck import DECISION, Luck, fill_uniforms, logistic, mixed, normal, rounded, uniforms
from keyterrain.dynamics.movement import order
from keyterrain.dynamics.network import begin_march_search, settle, spread_march
from keyterrain.dynamics.presence import contested, count_facing, friendly_force, hostile_force, hostile_ground
from keyterrain.dynamics.routes import snow_here_cm
from keyterrain.dynamics.state import (
    ASSAULT,
    CONSOLIDATING,
    HOSTILE,
    IDLE,
    MARCHING,
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
LOOK_EVERY_DAYS = 9
"""Days between new looks at enemy places (assumption: reports come in over a week or so)."""
LEAST_SEEN = 30.0
"""Smallest garrison that a side reckons with (assumption)."""
MASS_HOURS = 24.0
"""Time on the march within which garrisons are called to an operation (assumption)."""
RELIEF_HOURS = 12.0
"""Time on the march within which garrisons are asked for help (assumption)."""
REACH_WALK_HOURS = 2.0
"""What counts as near: two hours' walk along the routes (assumption; by vehicle nearly the whole theatre would be near)."""
PATIENCE_DAYS = 14
"""Days beyond preparation after which an operation that has not massed is given up (assumption)."""
LONGEST_APPROACH_DAYS = 10
"""Days after which an assault whose fighters have not come is given up (assumption)."""
FULL_MASS = 0.9
"""Share of the wanted mass that is enough to go (assumption)."""
SIGHT_DRAW = 0
CHOICE_DRAW = 1
SEND_DRAW = 2
RELIEF_DRAW = 3

CORRIDOR = 0
PEOPLE = 1
CUT = 2
SELF = 3


@kernel
def estimate(s: State, w: World, side: int, place: int, n: int, adjacent: bool) -> float:
    """What a side believes an enemy strength at a place to be."""
    error = s.sight[side, place]
    return float(max(float(n), LEAST_SEEN) * math.exp(0.5 * error if adjacent else error))


@kernel
def look(day: int, w: World, d: Draw, luck: Luck, s: State) -> None:
    """Bring each side's error about each place up to date."""
    memory = d.par.decision_sight_memory**LOOK_EVERY_DAYS
    fresh = math.sqrt(1.0 - memory * memory)
    for side in range(w.n_sides):
        if not w.active[side]:
            continue
        fill_uniforms(luck, DECISION, day, w.side_place_word[side], w.n_places, SIGHT_DRAW, s.sight_luck)
        for place in range(w.n_places):
            if day > 1 and not (hostile_ground(w, s, side, place) or s.intruder[place] != NONE):
                continue
            shock = d.par.decision_sight_error * normal(s.sight_luck[0, place])
            s.sight[side, place] = shock if day == 1 else memory * s.sight[side, place] + fresh * shock


@kernel
def near_force(w: World, s: State, side: int, place: int, hostile: bool) -> int:
    """Fighters in walking reach of a place, its own included: those hostile to a side, or its own."""
    fighters = s.facing if hostile else s.force
    total = 0
    for k in range(w.near_start[place], w.near_start[place + 1]):
        if w.near_hours[k] > REACH_WALK_HOURS:
            break
        total += fighters[side, w.near_place[k]]
    return total


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
def corridor_gain(w: World, d: Draw, s: State, side: int, place: int, believed: float) -> float:
    """Fall of the threat to a side's corridors if a garrison were gone; on a road that it stands on, the threat is whole."""
    gain = 0.0
    for k in range(w.arc_start[place], w.arc_start[place + 1]):
        if w.own_corridor[side, w.arc_route[k]]:
            gain += 1.0
    for k in range(s.pair_begin[place], s.pair_begin[place + 1]):
        route = s.pair_way[k]
        if w.own_corridor[side, route]:
            guards = s.force[side, w.route_from[route]] + s.force[side, w.route_to[route]]
            scale = s.threat_now[side, route] + d.par.interdiction_half_strength + d.par.interdiction_guard_worth * guards
            gain += believed * s.pair_weight[k] / scale
    return gain


@kernel
def enemy_flow(w: World, s: State, side: int, place: int) -> float:
    """Share of the enemies' supply that passes a place."""
    total = 0.0
    for other in range(w.n_sides):
        if w.relation[side, other] == HOSTILE:
            total += s.flow[other, place]
    return total


@kernel
def value_term(w: World, d: Draw, s: State, side: int, place: int, believed: float, term: int) -> float:
    """One of the four reasons to want a place, before scaling."""
    if term == CORRIDOR:
        return corridor_gain(w, d, s, side, place, believed)
    if term == PEOPLE:
        return float(d.population[place])
    if term == CUT:
        return enemy_flow(w, s, side, place)
    return float(believed / (near_force(w, s, side, place, False) + d.par.decision_holdback_least))


@kernel
def scale_values(w: World, d: Draw, s: State, side: int) -> None:
    """Largest value of each term over enemy ground at the start."""
    for term in range(4):
        largest = 0.0
        for place in range(w.n_places):
            if (hostile_ground(w, s, side, place) or contested(s, place)) and not w.apart[place]:
                believed = estimate(s, w, side, place, hostile_force(w, s, side, place), False)
                largest = max(largest, value_term(w, d, s, side, place, believed, term))
        s.value_scale[side, term] = largest


@kernel
def value(w: World, d: Draw, s: State, side: int, place: int, believed: float) -> float:
    """Worth of a place to a side."""
    total = 0.0
    for term in range(4):
        if w.aims[side, term] > 0.0 and s.value_scale[side, term] > 0.0:
            total += w.aims[side, term] * value_term(w, d, s, side, place, believed, term) / s.value_scale[side, term]
    return total


@kernel
def side_has_air(w: World, s: State, side: int) -> bool:
    """Whether any actor of a side has air and artillery."""
    for actor in range(w.n_actors):
        if w.actor_side[actor] == side and w.actor_air[actor]:
            return True
    return False


@kernel
def believed_support(w: World, d: Draw, s: State, side: int) -> float:
    """Log of what a side's air and artillery are worth in the weather of the week."""
    return math.log(1.0 + d.par.combat_attack_air * s.sky[MEAN_SUPPORT]) if side_has_air(w, s, side) else 0.0


@kernel
def believed_handicap(w: World, d: Draw, s: State, place: int) -> float:
    """Log of what ground and works are believed to be worth to the defender, at their medians."""
    dug_in = min(s.held_days[place] / d.par.combat_dug_in_days, 1.0)
    return float(d.relief[place] * w.log_believed_relief + dug_in * w.log_believed_works)


@kernel
def believed_p_phase(w: World, d: Draw, place: int, mass: float, believed: float, advantage: float) -> float:
    """Chance to win a phase as the attacker sees it, who knows nobody's quality."""
    cap = frontage(w, d, place, w.believed_frontage, w.believed_narrowing)
    engaged, facing = min(mass, cap), min(believed, cap)
    log_ratio = math.log(max(engaged, 1.0) / max(facing, 1.0)) + advantage
    return logistic(d.par.combat_intercept + d.par.combat_slope * log_ratio)


@kernel
def p_of_all(p_phase: float, phases: float) -> float:
    """Chance to win so many phases in a row."""
    return p_phase if phases == 1.0 else p_phase**phases


@kernel
def phases_left(d: Draw, s: State, side: int, place: int) -> int:
    """Sectors that a side still has to take."""
    if s.holder[place] == side:
        return int(s.taken[place])
    return int(d.sectors[place] - s.taken[place])


@kernel
def utility(
    w: World, d: Draw, s: State, side: int, place: int, mass: float, believed: float, p_phase: float, p_all: float, own: int
) -> float:
    """Expected worth of an operation without noise."""
    par = d.par
    k = phases_left(d, s, side, place)
    hold = par.combat_phase_end
    days = (k / p_phase) * (1.0 / hold + par.combat_pause_days)
    rate = 0.5 * (par.combat_attacker_loss_winning + par.combat_attacker_loss_losing) * par.combat_loss_factor
    cap = frontage(w, d, place, w.believed_frontage, w.believed_narrowing)
    losses = rate * min(mass, cap) * k / (p_phase * hold)
    worth = value(w, d, s, side, place, believed) * p_all * math.exp(-days / par.decision_horizon_days)
    return float(worth - par.decision_loss_aversion * losses / max(own, 1))


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
def enough_mass(
    w: World, d: Draw, s: State, side: int, place: int, most: float, believed: float, advantage: float, phases: float
) -> float:
    """Smallest of one, one and a half and two times the policy's ratio that gives the odds it asks for; 0 if none can be had."""
    policy = d.policy[side]
    for step in range(3):
        mass = w.ratio[policy] * believed * (1.0 + 0.5 * step)
        if mass > most:
            return 0.0
        if p_of_all(believed_p_phase(w, d, place, mass, believed, advantage), phases) >= w.p_least[policy]:
            return float(mass)
    return 0.0


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
    """Begin the best operation that a side sees, if it has a slot, rest and reason."""
    if s.value_scale[side, 0] < 0.0:
        scale_values(w, d, s, side)
    slot = free_slot(w, d, s, side)
    if slot == NONE or not ready(w, d, s, side):
        return
    most = count_surplus(w, d, s, side)
    own = 0
    for place in range(w.n_places):
        own += 0 if w.apart[place] else s.force[side, place]
    support = believed_support(w, d, s, side)
    best, best_arc = NONE, NONE
    best_utility, best_mass = 0.0, 0.0
    for place in range(w.n_places):
        if not may_be_attacked(day, w, d, s, side, place):
            continue
        arc = approach(w, s, side, place)
        if arc == NONE or winter_forbids(w, d, s, side, arc):
            continue
        believed = estimate(s, w, side, place, hostile_force(w, s, side, place), True)
        if w.ratio[d.policy[side]] * believed > most:
            continue
        advantage = support - believed_handicap(w, d, s, place)
        phases = max(1.0, 0.5 * phases_left(d, s, side, place))
        mass = enough_mass(w, d, s, side, place, most, believed, advantage, phases)
        if mass == 0.0:
            continue
        p_phase = believed_p_phase(w, d, place, mass, believed, advantage)
        p_all = p_of_all(p_phase, phases)
        worth = utility(w, d, s, side, place, mass, believed, p_phase, p_all, own)
        if worth <= 0.0:
            continue
        u = uniforms(luck, DECISION, day, w.side_place_word[side, place], CHOICE_DRAW)
        worth -= d.par.decision_choice_noise * math.log(-math.log(u.a))
        if next_to(w, place, s.last_success[side]):
            worth += d.par.decision_success_pull
        if worth > best_utility:
            best, best_arc, best_utility, best_mass = place, arc, worth, mass
    if best != NONE:
        begin_operation(day, w, d, luck, s, side, slot, best, w.arc_place[best_arc], best_mass)


@kernel
def begin_operation(
    day: int, w: World, d: Draw, luck: Luck, s: State, side: int, slot: int, target: int, staging: int, mass: float
) -> None:
    """Set up an operation and call its mass to the staging place, nearest garrisons first."""
    s.op_state[side, slot] = MASSING
    s.op_target[side, slot] = target
    s.op_staging[side, slot] = staging
    s.op_days[side, slot] = 0
    s.op_wanted[side, slot] = int(mass)
    s.op_sent[side, slot] = 0
    s.op_lost[side, slot] = 0
    for actor in range(s.earmark.shape[0]):
        s.op_force[side, slot, actor] = 0
    missing = float(mass)
    begin_march_search(s, staging)
    while missing > 0.5:
        place = settle(s)
        if place == NONE or s.path_hours[place] > MASS_HOURS:
            break
        if s.surplus[place] > 0.0:
            missing -= call_up(day, w, d, luck, s, side, slot, place, staging, missing)
        spread_march(w, s, side, place, staging, d.par.interdiction_unsafe_threat)
    if missing > (1.0 - FULL_MASS) * mass:
        give_up_operation(day, w, d, s, side, slot, EVERY_DAYS)


@kernel
def call_up(
    day: int, w: World, d: Draw, luck: Luck, s: State, side: int, slot: int, place: int, staging: int, missing: float
) -> float:
    """Call what a garrison can spare, at most what is missing; returns how many were called."""
    mobile = 0.0
    for actor in range(w.n_actors):
        if w.actor_side[actor] == side:
            mobile += d.mobility[actor] * s.strength[actor, place] * s.surplus[place]
    if mobile < 1.0:
        return 0.0
    part = min(1.0, missing / mobile)
    called = 0
    for actor in range(w.n_actors):
        if w.actor_side[actor] != side or s.strength[actor, place] == 0:
            continue
        u = uniforms(luck, DECISION, day, mixed(w.actor_place_word[actor, place], w.place_word[staging]), SEND_DRAW)
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
def massed(s: State, side: int, slot: int) -> int:
    """Fighters of an operation who have arrived."""
    staging = s.op_staging[side, slot]
    total = 0
    for actor in range(s.earmark.shape[0]):
        total += min(s.op_force[side, slot, actor], s.strength[actor, staging])
    return total


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
        n = min(s.op_force[side, slot, actor], s.strength[actor, staging])
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
    late = s.op_days[side, slot] > w.prep_days[policy] * d.par.decision_tempo + PATIENCE_DAYS
    if lost_base or pointless or taken_over or late:
        give_up_operation(day, w, d, s, side, slot, int(d.par.decision_cooldown_days * d.par.decision_tempo))
        return
    if s.op_days[side, slot] < w.prep_days[policy] * d.par.decision_tempo:
        return
    believed = estimate(s, w, side, target, hostile_force(w, s, side, target), True)
    here = massed(s, side, slot)
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
    for side in range(w.n_sides):
        if w.active[side]:
            call_relief(day, w, d, luck, s, side)
            choose(day, w, d, luck, s, side)
