"""Combat: battles for the sectors of a place, as far as the battles of CDB90 carry it.

    cap    F by roads and relief (frontage.py);   E_A = min(N_A, F), E_D = min(N_D, F), R_n = E_A / E_D
    ln R = ln(E_A sig_A (1 + c_A air) z'_A) - ln(E_D sig_D (1 + c_D air) z'_D) - r ln M - g ln W,   z' = 0.6 + 0.4 z
    p_win = logistic(b0 + b1 ln R + q_A - q_D)

One logistic variate drawn at a phase's start settles its winner, compared each day with the odds as they stand; its length is
geometric. So at constant odds the chance to win is exactly logistic, length does not depend on the ratio (as measured in
CDB90), and more force never turns a won phase into a lost one. Losses per fighting day are log-normal shares of the engaged.

The luck of a battle is addressed by how often a side has assaulted the place, the phase and its day, not by the calendar: an
assault that other campaigns open some days earlier or later is the same assault, with the same luck.
"""

from __future__ import annotations

import math

import numpy as np

from keyterrain.dynamics.appraisal import estimate, phases_left
from keyterrain.dynamics.control import capture, clear_out, make_terms, may_change_hands, retreat
from keyterrain.dynamics.frontage import frontage
from keyterrain.dynamics.kernel import kernel
from keyterrain.dynamics.lanchester import casualties
from keyterrain.dynamics.losses import lose
from keyterrain.dynamics.luck import (
    COMBAT,
    Luck,
    Uniforms,
    geometric,
    logistic,
    logistic_variate,
    mixed,
    normal,
    rounded,
    uniforms,
)
from keyterrain.dynamics.movement import set_out
from keyterrain.dynamics.presence import friendly_force, friends, hostile_force
from keyterrain.dynamics.state import (
    ASSAULT,
    ASSAULT_BEGINS,
    BROKEN_OFF,
    BY_ASSAULT,
    BY_LOSSES,
    BY_ODDS,
    BY_WITHDRAWAL,
    DEFENCE_ENDS,
    IDLE,
    LONGEST_CUT_DAYS,
    MOST_SLOTS,
    NONE,
    SUPPORT,
    UNDEFENDED,
    WITHDRAWAL,
    Draw,
    State,
    World,
)
from keyterrain.dynamics.trace import note

ATTACKER_LOSS_CAP = 0.2
DEFENDER_LOSS_CAP = 0.3
LEAST_GARRISON = 50
"""Fewest fighters who can hold a place they have entered (assumption)."""

PHASE_DRAW = 0
LOSS_DRAW = 1
ACTOR_DRAW = 2
TERMS_DRAW = 3
DRAWS_A_DAY = 4
MOST_PHASES = 1 << 12
"""Addresses that each assault has for its phases; no assault lasts so many."""


@kernel
def battle_luck(luck: Luck, s: State, place: int, entity: np.uint64, draw: int) -> Uniforms:
    """Luck of an entity on this day of this phase of this assault on a place, whatever the date."""
    phase = s.n_assaults[s.attacker[place], place] * MOST_PHASES + s.n_phases[place]
    return uniforms(luck, COMBAT, phase, entity, draw + DRAWS_A_DAY * s.phase_days[place])


@kernel
def open_assaults(day: int, w: World, s: State) -> None:
    """Turn operations that have just gone over to the assault into battles."""
    for side in range(w.n_sides):
        for slot in range(MOST_SLOTS):
            if s.op_state[side, slot] != ASSAULT:
                continue
            place = s.op_target[side, slot]
            if s.attacker[place] != NONE:
                continue
            s.attacker[place] = side
            s.attack_slot[place] = slot
            s.defence_lost[place] = 0
            s.in_phase[place] = False
            s.n_assaults[side, place] += 1
            s.n_phases[place] = 0
            s.phase_days[place] = 0
            s.pause[place] = 0
            if s.holder[place] != side and s.intruder[place] == NONE:
                s.intruder[place] = side
                s.taken[place] = 0
            note(s, day, ASSAULT_BEGINS, place, NONE, side, BY_ASSAULT, s.op_sent[side, slot])


@kernel
def worth(w: World, d: Draw, s: State, side: int, place: int, engaged: float, air_worth: float) -> float:
    """Log of a coalition's fighting worth at a place: engaged strength, supply, air and artillery, readiness."""
    total, supplied, rested, with_air = 0.0, 0.0, 0.0, 0.0
    for actor in range(w.n_actors):
        n = s.strength[actor, place]
        own = w.actor_side[actor]
        if n > 0 and friends(w, side, own):
            total += n
            supplied += n * s.supplied[own, place]
            rested += n * s.readiness[actor]
            with_air += n if w.actor_air[actor] else 0.0
    if total <= 0.0:
        return 0.0
    floor = d.par.combat_readiness_floor
    readiness = floor + (1.0 - floor) * rested / total
    support = 1.0 + air_worth * s.sky[SUPPORT] * (1.0 if with_air > 0.0 else 0.0)
    return float(math.log(max(engaged, 1.0) * (supplied / total) * support * readiness))


@kernel
def mean_quality(w: World, d: Draw, s: State, side: int, place: int) -> float:
    """Quality of a coalition in logits, weighted by strength."""
    total, weighted = 0.0, 0.0
    for actor in range(w.n_actors):
        n = s.strength[actor, place]
        if n > 0 and friends(w, side, w.actor_side[actor]):
            total += n
            weighted += n * d.quality[actor]
    return weighted / total if total > 0.0 else 0.0


@kernel
def log_ratio(w: World, d: Draw, s: State, attacker: int, defender: int, place: int) -> float:
    """Log of the force ratio with everything that weighs on it but quality."""
    par = d.par
    cap = frontage(w, d, place, par.combat_frontage, par.combat_narrowing)
    n_attack, n_defend = friendly_force(w, s, attacker, place), friendly_force(w, s, defender, place)
    strong = worth(w, d, s, attacker, place, min(float(n_attack), cap), par.combat_attack_air)
    weak = worth(w, d, s, defender, place, min(float(n_defend), cap), par.combat_defence_air)
    dug_in = min(s.held_days[place] / par.combat_dug_in_days, 1.0)
    ground = d.relief[place] * math.log(par.combat_relief_multiplier)
    return float(strong - weak - ground - dug_in * math.log(par.combat_works_multiplier))


@kernel
def logit_win(w: World, d: Draw, s: State, attacker: int, defender: int, place: int) -> float:
    """Logit of the attacker's chance to win a phase."""
    par = d.par
    ratio = log_ratio(w, d, s, attacker, defender, place)
    quality = mean_quality(w, d, s, attacker, place) - mean_quality(w, d, s, defender, place)
    return float(par.combat_intercept + par.combat_slope * ratio + quality)


@kernel
def daily_loss_share(
    base: float, elasticity: float, log_numbers: float, spread: float, relief_factor: float, cap: float
) -> float:
    """Share of the engaged lost in a day of fighting."""
    return min(base * math.exp(elasticity * log_numbers + spread) * relief_factor, cap)


@kernel
def take_losses(day: int, w: World, d: Draw, luck: Luck, s: State, side: int, place: int, engaged: float, share: float) -> int:
    """Take a day's losses off a coalition, each actor by its part; returns the total."""
    present = friendly_force(w, s, side, place)
    total = 0
    for actor in range(w.n_actors):
        n = s.strength[actor, place]
        if n > 0 and friends(w, side, w.actor_side[actor]):
            word = mixed(w.actor_place_word[actor, place], w.side_place_word[s.attacker[place], place])
            u = battle_luck(luck, s, place, word, ACTOR_DRAW)
            lost = min(rounded(share * engaged * n / present, u.a), n)
            lose(day, d, s, actor, place, lost, u.b)
            total += lost
    return total


@kernel
def fight(day: int, w: World, d: Draw, luck: Luck, s: State, attacker: int, defender: int, place: int, winning: bool) -> None:
    """A day's losses on both sides."""
    par = d.par
    u = battle_luck(luck, s, place, w.side_place_word[attacker, place], LOSS_DRAW)
    first = normal(u.a)
    second = par.combat_loss_correlation * first + math.sqrt(1.0 - par.combat_loss_correlation**2) * normal(u.b)
    cap = frontage(w, d, place, par.combat_frontage, par.combat_narrowing)
    engaged = min(float(friendly_force(w, s, attacker, place)), cap)
    facing = min(float(friendly_force(w, s, defender, place)), cap)
    log_numbers = math.log(max(engaged, 1.0) / max(facing, 1.0))
    r = d.relief[place]
    base = par.combat_attacker_loss_winning if winning else par.combat_attacker_loss_losing
    attack_share = daily_loss_share(
        base * par.combat_loss_factor,
        par.combat_attacker_elasticity,
        log_numbers,
        par.combat_attacker_loss_sd * first,
        par.combat_attacker_loss_relief**r,
        ATTACKER_LOSS_CAP,
    )
    base = par.combat_defender_loss_losing if winning else par.combat_defender_loss_winning
    defend_share = daily_loss_share(
        base * par.combat_loss_factor,
        par.combat_defender_elasticity,
        log_numbers,
        par.combat_defender_loss_sd * second,
        par.combat_defender_loss_relief**r,
        DEFENDER_LOSS_CAP,
    )
    lost = take_losses(day, w, d, luck, s, attacker, place, engaged, attack_share)
    s.defence_lost[place] += take_losses(day, w, d, luck, s, defender, place, facing, defend_share)
    slot = s.attack_slot[place]
    if slot != NONE:
        s.op_lost[attacker, slot] += lost


@kernel
def wear_each_other_down(day: int, w: World, d: Draw, luck: Luck, s: State, attacker: int, defender: int, place: int) -> None:
    """A day by a Lanchester law in place of a phase: single casualties of all who are there, nobody leaves or breaks off.

    An attacker's worth against a defender is what the force ratio and quality leave when numbers are taken out of them, so that
    the law alone says what numbers do. How many fall in a day settles how long a battle lasts and not who wins it.
    """
    par = d.par
    x, y = friendly_force(w, s, attacker, place), friendly_force(w, s, defender, place)
    cap = frontage(w, d, place, par.combat_frontage, par.combat_narrowing)
    engaged = math.log(max(min(float(x), cap), 1.0) / max(min(float(y), cap), 1.0))
    worth_of_one = math.exp(logit_win(w, d, s, attacker, defender, place) - par.combat_slope * engaged)
    share = 0.5 * (par.combat_defender_loss_losing + par.combat_attacker_loss_winning) * par.combat_loss_factor
    left = np.zeros(2, dtype=np.int64)
    most = int(math.ceil(share * (x + y)))
    casualties(int(par.combat_law + 0.5), luck, day, w.place_word[place], worth_of_one, most, x, y, left)
    lost = take_losses(day, w, d, luck, s, attacker, place, float(x), (x - left[0]) / x)
    s.defence_lost[place] += take_losses(day, w, d, luck, s, defender, place, float(y), (y - left[1]) / y)
    slot = s.attack_slot[place]
    if slot != NONE:
        s.op_lost[attacker, slot] += lost


@kernel
def pause_after_phase(d: Draw, place: int, u: float) -> int:
    """Days until the next phase, longer on rugged ground."""
    return geometric(d.par.combat_pause_days / d.par.combat_tempo_relief ** d.relief[place], u)


@kernel
def phase_ends(d: Draw, s: State, place: int, u: float) -> bool:
    """Whether the phase ends today; works make it last."""
    dug_in = min(s.held_days[place] / d.par.combat_dug_in_days, 1.0)
    chance = (1.0 - dug_in) * d.par.combat_phase_end + dug_in * d.par.combat_phase_end_fortified
    return bool(u < chance)


@kernel
def break_off(day: int, w: World, d: Draw, s: State, place: int, cause: int) -> None:
    """End an attack: the operation's fighters go back; sectors are kept only by those strong enough to stay."""
    side, slot = s.attacker[place], s.attack_slot[place]
    defender = s.intruder[place] if s.holder[place] == side else s.holder[place]
    staging = s.op_staging[side, slot]
    hours = 8.0
    for k in range(w.arc_start[place], w.arc_start[place + 1]):
        if w.arc_place[k] == staging:
            hours = min(s.hours[w.arc_route[k]], hours)
    if s.holder[place] != side:
        send_back(day, w, d, s, side, place, staging, hours)
    note(s, day, BROKEN_OFF, place, NONE, side, cause, s.op_lost[side, slot])
    if defender != NONE:
        note(s, day, DEFENCE_ENDS, place, NONE, defender, cause, s.defence_lost[place])
    s.cooldown[side, place] = day + int(d.par.decision_cooldown_days * d.par.decision_tempo)
    s.op_state[side, slot] = IDLE
    s.op_target[side, slot] = NONE
    s.attacker[place] = NONE
    s.attack_slot[place] = NONE
    s.in_phase[place] = False


@kernel
def send_back(day: int, w: World, d: Draw, s: State, side: int, place: int, staging: int, hours: float) -> None:
    """Take an operation's fighters out of a place; a garrison that was there before stays in its sectors if it can."""
    slot = s.attack_slot[place]
    present = s.force[side, place]
    going = min(s.op_sent[side, slot] - s.op_lost[side, slot], present)
    stay = present - max(going, 0)
    keep = s.taken[place] > 0 and stay >= LEAST_GARRISON
    for actor in range(w.n_actors):
        n = s.strength[actor, place]
        if w.actor_side[actor] != side or n == 0:
            continue
        leaves = (n * going) // present if keep else n
        if leaves > 0:
            set_out(d, s, day, actor, place, staging, leaves, hours)
    if not keep and s.intruder[place] == side and (s.taken[place] == 0 or may_change_hands(w, place)):
        s.intruder[place] = NONE
        s.taken[place] = 0


@kernel
def wants_to_leave(w: World, d: Draw, s: State, attacker: int, defender: int, place: int, u: float) -> bool:
    """Whether a garrison gives a place up: it sees its chance to hold the rest, and asks its morale."""
    par = d.par
    ratio = log_ratio(w, d, s, attacker, defender, place) + 0.5 * s.sight[defender, place]
    p = logistic(par.combat_intercept + par.combat_slope * ratio)
    hold = 1.0 - p ** max(1.0, 0.5 * phases_left(d, s, attacker, place))
    total, morale = 0.0, 0.0
    for actor in range(w.n_actors):
        n = s.strength[actor, place]
        if n > 0 and friends(w, defender, w.actor_side[actor]):
            total += n
            morale += n * s.morale[actor]
    tolerance = par.combat_leave_hope
    if total > 0.0:
        tolerance += par.combat_leave_morale * (1.0 - morale / total)
    return bool(u < par.combat_leave_rate * max(0.0, (tolerance - hold) / tolerance))


@kernel
def end_phase(day: int, w: World, d: Draw, luck: Luck, s: State, attacker: int, defender: int, place: int, won: bool) -> None:
    """What follows a phase: a sector changes hands, the place falls, somebody leaves, or both draw breath."""
    u = battle_luck(luck, s, place, w.side_place_word[attacker, place], PHASE_DRAW)
    s.in_phase[place] = False
    s.pause[place] = pause_after_phase(d, place, u.b)
    at_stake = may_change_hands(w, place)
    if won and at_stake:
        s.taken[place] += -1 if s.holder[place] == attacker else 1
        if s.holder[place] != attacker and s.taken[place] >= d.sectors[place]:
            capture(day, w, d, s, attacker, place, BY_ASSAULT, u.d)
            return
        if s.holder[place] == attacker and s.taken[place] <= 0:
            clear_out(day, w, d, s, attacker, place, u.d)
            return
    if at_stake and wants_to_leave(w, d, s, attacker, defender, place, u.c) and retreat(day, w, d, s, defender, place):
        note(s, day, WITHDRAWAL, place, NONE, defender, BY_WITHDRAWAL, 0)
        if s.holder[place] == attacker:
            clear_out(day, w, d, s, attacker, place, u.d)
        else:
            capture(day, w, d, s, attacker, place, BY_WITHDRAWAL, u.d)
        return
    if not won:
        consider_breaking_off(day, w, d, s, attacker, defender, place)


@kernel
def consider_breaking_off(day: int, w: World, d: Draw, s: State, attacker: int, defender: int, place: int) -> None:
    """Break off when losses or odds have become too bad for the attacker's policy."""
    slot = s.attack_slot[place]
    if s.op_lost[attacker, slot] > d.par.decision_loss_limit * max(s.op_sent[attacker, slot], 1):
        break_off(day, w, d, s, place, BY_LOSSES)
        return
    believed = estimate(s, w, attacker, place, hostile_force(w, s, attacker, place), True)
    error = math.log(believed / max(float(hostile_force(w, s, attacker, place)), 30.0))
    p = logistic(d.par.combat_intercept + d.par.combat_slope * (log_ratio(w, d, s, attacker, defender, place) - error))
    p_all = p ** max(1.0, 0.5 * phases_left(d, s, attacker, place))
    if p_all < 0.5 * w.p_least[d.policy[attacker]]:
        break_off(day, w, d, s, place, BY_ODDS)


@kernel
def battle_day(day: int, w: World, d: Draw, luck: Luck, s: State, place: int) -> None:
    """One day of the attack on a place."""
    attacker = s.attacker[place]
    defender = s.intruder[place] if s.holder[place] == attacker else s.holder[place]
    if friendly_force(w, s, attacker, place) == 0:
        break_off(day, w, d, s, place, BY_LOSSES)
        return
    word = w.side_place_word[attacker, place]
    if defender == NONE or friendly_force(w, s, defender, place) == 0:
        walk_in(day, w, d, s, attacker, place, battle_luck(luck, s, place, word, PHASE_DRAW).d)
        return
    s.battle[place] = True
    mark_fought(w, s, attacker, place)
    if d.par.combat_law > 0.5:
        wear_each_other_down(day, w, d, luck, s, attacker, defender, place)
        count_forces_at(w, s, place)
        return
    if s.pause[place] > 0:
        s.pause[place] -= 1
        return
    if not s.in_phase[place]:
        s.in_phase[place] = True
        s.n_phases[place] += 1
        s.phase_days[place] = 0
        s.phase_luck[place] = logistic_variate(battle_luck(luck, s, place, word, LOSS_DRAW).c)
    s.phase_days[place] += 1
    winning = logit_win(w, d, s, attacker, defender, place) + s.phase_luck[place] > 0.0
    fight(day, w, d, luck, s, attacker, defender, place, winning)
    count_forces_at(w, s, place)
    if phase_ends(d, s, place, battle_luck(luck, s, place, word, PHASE_DRAW).a):
        end_phase(day, w, d, luck, s, attacker, defender, place, winning)


@kernel
def count_forces_at(w: World, s: State, place: int) -> None:
    """Sum strengths over the actors of each side at one place."""
    for side in range(w.n_sides):
        s.force[side, place] = 0
    for actor in range(w.n_actors):
        s.force[w.actor_side[actor], place] += s.strength[actor, place]


@kernel
def walk_in(day: int, w: World, d: Draw, s: State, attacker: int, place: int, u: float) -> None:
    """Take ground that nobody defends."""
    if not may_change_hands(w, place):
        break_off(day, w, d, s, place, BY_ODDS)
    elif s.holder[place] == attacker:
        clear_out(day, w, d, s, attacker, place, u)
    elif s.force[attacker, place] >= LEAST_GARRISON:
        capture(day, w, d, s, attacker, place, UNDEFENDED, u)
    else:
        break_off(day, w, d, s, place, BY_LOSSES)


@kernel
def mark_fought(w: World, s: State, attacker: int, place: int) -> None:
    """Note which actors take part in an assault today; it wears them out."""
    for actor in range(w.n_actors):
        if s.strength[actor, place] > 0 and friends(w, attacker, w.actor_side[actor]):
            s.fought[actor] = True


@kernel
def wear(w: World, d: Draw, s: State) -> None:
    """Let losses, lost ground and assaults wear actors out, and rest restore them."""
    par = d.par
    for actor in range(w.n_actors):
        present = s.n_marching[actor]
        for place in range(w.n_places):
            present += 0 if w.apart[place] else s.strength[actor, place]
        lost = s.new_loss[actor] / max(present + s.new_loss[actor], 1)
        rest = s.readiness[actor] + (1.0 - s.readiness[actor]) / par.combat_readiness_days
        rest -= par.combat_readiness_loss * lost + (par.combat_readiness_assault if s.fought[actor] else 0.0)
        s.readiness[actor] = min(max(rest, 0.0), 1.0)
        spirit = s.morale[actor] + (1.0 - s.morale[actor]) / par.combat_morale_days
        spirit -= par.combat_morale_loss * lost + par.combat_morale_ground * s.ground_lost[actor]
        s.morale[actor] = min(max(spirit, 0.0), 1.0)
        s.new_loss[actor] = 0
        s.ground_lost[actor] = 0.0
        s.fought[actor] = False


@kernel
def starved(d: Draw, s: State, side: int, place: int) -> bool:
    """Whether a garrison has been cut off long enough, and is short enough, to think of terms."""
    return bool(s.cut_days[side, place] > d.par.combat_terms_days and s.store[side, place] < d.par.combat_terms_stock)


@kernel
def speaks_for_people(d: Draw, s: State, side: int, place: int) -> bool:
    """Whether there are more inhabitants than fighters: truces are a town's; a post that starves holds, leaves or falls."""
    return bool(d.population[place] > s.force[side, place])


@kernel
def seek_terms(day: int, w: World, d: Draw, luck: Luck, s: State) -> None:
    """Let starved garrisons come to terms: the place turns neutral, its fighters lay down their arms."""
    if w.passive_side == NONE or s.count[LONGEST_CUT_DAYS] <= d.par.combat_terms_days:
        return
    for place in range(w.n_places):
        side = s.holder[place]
        if not starved(d, s, side, place) or not speaks_for_people(d, s, side, place):
            continue
        if not w.active[side] or w.apart[place] or s.force[side, place] == 0 or s.intruder[place] != NONE:
            continue
        if may_change_hands(w, place):
            u = uniforms(luck, COMBAT, day, w.place_word[place], TERMS_DRAW)
            if u.a < d.par.combat_terms_rate:
                make_terms(day, w, s, side, place)


@kernel
def combat(day: int, w: World, d: Draw, luck: Luck, s: State) -> None:
    """Fight the day's battles; what they cost wears on everyone."""
    s.battle[:] = False
    open_assaults(day, w, s)
    for place in range(w.n_places):
        if s.attacker[place] != NONE:
            battle_day(day, w, d, luck, s, place)
    seek_terms(day, w, d, luck, s)
    wear(w, d, s)
