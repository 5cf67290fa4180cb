"""Appraisal: what a side believes of the enemy, what ground is worth to it, and what it would take to have it.

    V[j] = w_corridor C[j] + w_people people[j] + w_cut X[j] + w_self T[j]           each term at most 1 at the start
    p1 = logistic(b0 + b1 ln R^),  p[j] = p1^max(1, K/2),  t[j] = (K / p1)(1/h + pause),  l[j] = loss rate x engaged x K / (p1 h)
    worth = V p exp(-t / 90) - aversion l / N

C: fall of the threat to the side's corridors if j's garrison were gone; X: share of the enemy's need that passes j; T: enemy
at j over own strength in walking reach. ln N^ = ln max(N, 30) + e, e an AR(1) error, halved for neighbours. Nobody knows
anyone's true quality. All values are assumptions.
"""

from __future__ import annotations

import math

from keyterrain.dynamics.frontage import frontage
from keyterrain.dynamics.kernel import kernel
from keyterrain.dynamics.luck import DECISION, Luck, fill_uniforms, logistic, normal
from keyterrain.dynamics.presence import contested, hostile_force, hostile_ground
from keyterrain.dynamics.state import HOSTILE, MEAN_SUPPORT, NONE, Draw, State, World

LOOK_EVERY_DAYS = 9
"""Days between new looks at enemy places (assumption: reports come in over a week or so)."""
LEAST_SEEN = 30.0
"""Smallest garrison that a side reckons with (assumption)."""
REACH_WALK_HOURS = 2.0
"""What counts as near: two hours' walk along the routes (assumption; by vehicle nearly the whole theatre would be near)."""
PREFER_EVERY_DAYS = 27
"""Days for which a side keeps what it likes about places beyond their worth (assumption: about a month, three looks)."""
SIGHT_DRAW = 0
CHOICE_DRAW = 1

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
def prefer(day: int, w: World, luck: Luck, s: State) -> None:
    """Draw what each side likes about each place beyond its worth, Gumbel, for a while: a taste and no lottery."""
    for side in range(w.n_sides):
        if not w.active[side]:
            continue
        fill_uniforms(luck, DECISION, day, w.side_place_word[side], w.n_places, CHOICE_DRAW, s.sight_luck)
        for place in range(w.n_places):
            s.preference[side, place] = -math.log(-math.log(s.sight_luck[0, place]))


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
def phases_reckoned(d: Draw, s: State, side: int, place: int) -> float:
    """Phases in a row for which a side wants its odds: half of the sectors that are left, one at least (assumption)."""
    return max(1.0, 0.5 * phases_left(d, s, side, place))
