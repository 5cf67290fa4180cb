"""Insurgency: raids by irregulars as a self-exciting process that battles feed.

    lam_p = mu_p + x_p;   y_p ~ Poisson(lam_p)
    x_p <- beta x_p + (1 - beta) [eta sum_q K_pq y_q + eta_b sum_q K_pq battle_q],   beta = exp(-1 / tau)
    mu_p = mu0 min(1, hostile irregulars in reach / 300) zone_p

Branching and memory after Lewis et al. (2012, doi:10.1057/sj.2011.21); the zones after Kalyvas (2006): violence is greatest
where control is dominant and incomplete. The columns of K sum to 1, so the stationary mean is mu / (1 - eta).
"""

from __future__ import annotations

import math

import numpy as np

from keyterrain.dynamics.kernel import kernel
from keyterrain.dynamics.losses import lose
from keyterrain.dynamics.luck import INSURGENCY, Luck, fill_uniforms, poisson, uniforms
from keyterrain.dynamics.presence import count_raiders, stands
from keyterrain.dynamics.state import BY_ATTACK, HOSTILE, INCIDENT, NONE, Draw, State, World
from keyterrain.dynamics.trace import note

EVERY_DAYS = 3
WEEK_MEMORY = 6.0 / 7.0
"""Share of the recent incidents that is still recent a day later: they count for a week in all (assumption)."""
PARITY_LOW, PARITY_HIGH = 1.0 / 3.0, 2.0 / 3.0
REAR_SHARE = 0.05
"""Share of hostile fighters in reach below which ground counts as deep rear (assumption)."""
RAID_DRAW = 0
LOSS_DRAW = 1


@kernel
def zone_factor(d: Draw, held_days: int, raiders: float, guards: float) -> float:
    """How much a place's zone of control invites raids."""
    par = d.par
    share = raiders / (raiders + guards + 1.0)
    if PARITY_LOW < share < PARITY_HIGH:
        return float(par.insurgency_parity_factor)
    if held_days >= par.insurgency_young_days and share < REAR_SHARE:
        return float(par.insurgency_rear_factor)
    return 1.0


@kernel
def expose(w: World, d: Draw, s: State, place: int) -> None:
    """Background rate of raids on a place's holder, and where the raiders come from."""
    par = d.par
    holder = s.holder[place]
    s.background[place] = 0.0
    s.raider_place[place] = NONE
    if not w.active[holder] or (s.force[holder, place] == 0 and s.residents[place] == 0):
        return
    raiders, guards, most = 0, 0, 0
    base = np.int64(NONE)  # numba takes places of lists for unsigned, and an unsigned number knows no NONE
    for k in range(w.near_start[place], w.near_start[place + 1]):
        other = w.near_place[k]
        n = s.raiders[holder, other]
        raiders += n
        guards += s.force[holder, other]
        base = np.int64(other) if n > most else base
        most = max(n, most)
    if raiders > 0:
        s.raider_place[place] = base
        s.raider_side[place] = raiding_side(w, s, holder, s.raider_place[place])
        reach = min(1.0, raiders / par.insurgency_raiders)
        s.background[place] = par.insurgency_background * reach * zone_factor(d, s.held_days[place], raiders, guards)


@kernel
def raiding_side(w: World, s: State, holder: int, base: int) -> int:
    """Enemy of a holder with the most irregulars at a base."""
    best, most = NONE, 0
    for side in range(w.n_sides):
        if w.relation[side, holder] == HOSTILE and s.irregulars[side, base] > most and stands(w, s, side, base):
            best, most = side, s.irregulars[side, base]
    return best


@kernel
def largest_actor(w: World, s: State, side: int, place: int, irregular_only: bool) -> int:
    """Actor of a side with the most fighters at a place, -1 if none; of equals the one with the larger word, whatever its row."""
    best, most = NONE, 0
    for actor in range(w.n_actors):
        n = s.strength[actor, place]
        if w.actor_side[actor] != side or n == 0 or n < most or (irregular_only and not w.actor_irregular[actor]):
            continue
        if n > most or w.actor_place_word[actor, place] > w.actor_place_word[best, place]:
            best, most = actor, n
    return best


@kernel
def raid(day: int, w: World, d: Draw, luck: Luck, s: State, place: int, n: int) -> None:
    """Losses of a day's raids on a place."""
    u = uniforms(luck, INSURGENCY, day, w.place_word[place], LOSS_DRAW)
    target = largest_actor(w, s, s.holder[place], place, False)
    if target != NONE:
        lost = min(poisson(n * d.par.insurgency_target_loss, u.a), s.strength[target, place])
        lose(day, d, s, target, place, lost, u.b)
    base = s.raider_place[place]
    raider = largest_actor(w, s, s.raider_side[place], base, True)
    if raider != NONE:
        lost = min(poisson(n * d.par.insurgency_raider_loss, u.c), s.strength[raider, base])
        lose(day, d, s, raider, base, lost, u.d)


@kernel
def excite(w: World, d: Draw, s: State, place: int) -> None:
    """Spread what a place's incidents and battle raise elsewhere."""
    par = d.par
    raised = par.insurgency_branching * s.incidents[place] + (par.insurgency_battle_effect if s.battle[place] else 0.0)
    if raised > 0.0:
        for k in range(w.spill_start[place], w.spill_start[place + 1]):
            s.excite_input[w.spill_place[k]] += raised * w.spill_share[k]


@kernel
def raiders_are_enemies(w: World, s: State, place: int) -> bool:
    """Whether those who raided a place at the last look are still enemies of its holder: it may have changed hands since."""
    return bool(w.relation[s.holder[place], s.raider_side[place]] == HOSTILE)


@kernel
def insurgency(day: int, w: World, d: Draw, luck: Luck, s: State) -> None:
    """Draw the day's raids, their losses and what they excite."""
    if day % EVERY_DAYS == 1:
        count_raiders(w, s)
        fill_uniforms(luck, INSURGENCY, day, w.place_word, w.n_places, RAID_DRAW, s.raid_luck)
        for place in range(w.n_places):
            expose(w, d, s, place)
    for place in range(w.n_places):
        s.incidents[place] = 0
        s.excite_input[place] = 0.0
        s.recent_incidents[place] *= WEEK_MEMORY
    ahead = (day - 1) % EVERY_DAYS
    n_stirred = 0
    for place in range(w.n_places):
        s.stirred[n_stirred] = place
        raided = s.raid_luck[ahead, place] > 1.0 - (
            s.background[place] + s.excitation[place]
        )  # exp(-rate) is never below 1 - rate
        n_stirred += 1 if raided | (s.battle[place] != 0) else 0
    for i in range(n_stirred):
        place = s.stirred[i]
        suffer_raids(day, w, d, luck, s, place, poisson(s.background[place] + s.excitation[place], s.raid_luck[ahead, place]))
        excite(w, d, s, place)
    memory = math.exp(-1.0 / d.par.insurgency_memory_days)
    for place in range(w.n_places):
        s.excitation[place] = memory * s.excitation[place] + (1.0 - memory) * s.excite_input[place]


@kernel
def suffer_raids(day: int, w: World, d: Draw, luck: Luck, s: State, place: int, n: int) -> None:
    """Let a place suffer the raids of a day, if there is still anyone to raid it."""
    if n > 0 and s.raider_place[place] != NONE and raiders_are_enemies(w, s, place):
        s.incidents[place] = n
        s.recent_incidents[place] += n
        raid(day, w, d, luck, s, place, n)
        note(s, day, INCIDENT, place, NONE, s.raider_side[place], BY_ATTACK, n)
