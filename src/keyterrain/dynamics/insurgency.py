"""Insurgency: raids by irregulars as a self-exciting process that battles feed.

    lam_p = mu_p + x_p;   y_p ~ Poisson(lam_p)
    x_p <- beta x_p + (1 - beta) [eta sum_q K_pq y_q + eta_b sum_q K_pq battle_q],   beta = exp(-1 / tau)
    mu_p = mu0 min(1, hostile irregulars in reach / 300) zone_p

Branching and memory after Lewis et al. (2012, doi:10.1057/sj.2011.21); the zones after Kalyvas (2006): violence is greatest
where control is dominant and incomplete. The columns of K sum to 1, so the stationary mean is mu / (1 - eta).
"""

from __future__ import annotations

import math

from keyterrain.dynamics.kernel import kernel
from keyterrain.dynamics.losses import lose
from keyterrain.dynamics.luck import INSURGENCY, Luck, poisson, uniforms
from keyterrain.dynamics.presence import count_raiders, stands
from keyterrain.dynamics.state import BY_ATTACK, HOSTILE, INCIDENT, NONE, Draw, State, World
from keyterrain.dynamics.trace import note

EVERY_DAYS = 3
WEEK_MEMORY = 6.0 / 7.0
"""Share of the recent incidents that is still recent a day later: they count for a week in all (assumption)."""
PARITY_LOW, PARITY_HIGH = 1.0 / 3.0, 2.0 / 3.0
REAR_SHARE = 0.05
"""Share of hostile fighters in reach below which ground counts as deep rear (assumption)."""
LEAST_RATE = 1e-6


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
    raiders, most = 0, 0
    for k in range(w.near_start[place], w.near_start[place + 1]):
        other = w.near_place[k]
        n = s.raiders[holder, other]
        raiders += n
        if n > most:
            most = n
            s.raider_place[place] = other
    if raiders > 0:
        guards = 0
        for k in range(w.near_start[place], w.near_start[place + 1]):
            guards += s.force[holder, w.near_place[k]]
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
    """Actor of a side with the most fighters at a place, -1 if none."""
    best, most = NONE, 0
    for actor in range(w.n_actors):
        if w.actor_side[actor] == side and s.strength[actor, place] > most and (w.actor_irregular[actor] or not irregular_only):
            best, most = actor, s.strength[actor, place]
    return best


@kernel
def raid(day: int, w: World, d: Draw, luck: Luck, s: State, place: int, n: int) -> None:
    """Losses of a day's raids on a place."""
    u = uniforms(luck, INSURGENCY, day, w.place_word[place], 1)
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
def draw_raid_luck(day: int, w: World, luck: Luck, s: State) -> None:
    """Draw the uniforms that decide on raids, of every place for the days to the next look."""
    for place in range(w.n_places):
        u = uniforms(luck, INSURGENCY, day, w.place_word[place], 0)
        s.raid_luck[0, place], s.raid_luck[1, place], s.raid_luck[2, place] = u.a, u.b, u.c


@kernel
def raiders_are_enemies(w: World, s: State, place: int) -> bool:
    """Whether those who raided a place at the last look are still enemies of its holder: it may have changed hands since."""
    return bool(w.relation[s.holder[place], s.raider_side[place]] == HOSTILE)


@kernel
def insurgency(day: int, w: World, d: Draw, luck: Luck, s: State) -> None:
    """Draw the day's raids, their losses and what they excite."""
    memory = math.exp(-1.0 / d.par.insurgency_memory_days)
    s.excite_input[:] = 0.0
    if day % EVERY_DAYS == 1:
        count_raiders(w, s)
        draw_raid_luck(day, w, luck, s)
        for place in range(w.n_places):
            expose(w, d, s, place)
    ahead = (day - 1) % EVERY_DAYS
    for place in range(w.n_places):
        n = 0
        rate = s.background[place] + s.excitation[place]
        if rate > LEAST_RATE and s.raider_place[place] != NONE and raiders_are_enemies(w, s, place):
            n = poisson(rate, s.raid_luck[ahead, place])
        s.incidents[place] = n
        s.recent_incidents[place] = WEEK_MEMORY * s.recent_incidents[place] + n
        if n > 0:
            raid(day, w, d, luck, s, place, n)
            note(s, day, INCIDENT, place, NONE, s.raider_side[place], BY_ATTACK, n)
        if n > 0 or s.battle[place]:
            excite(w, d, s, place)
    for place in range(w.n_places):
        s.excitation[place] = memory * s.excitation[place] + (1.0 - memory) * s.excite_input[place]
