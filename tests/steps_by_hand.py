"""Single steps of a day on records made by hand, compiled and kept like the kernels themselves.

Compiled code that is kept on disk finds its module again by name, so these stand outside the test modules.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from keyterrain.campaign.day import first_evening, open_roads, play_day
from keyterrain.dynamics.appraisal import estimate
from keyterrain.dynamics.audit import Finding, audit
from keyterrain.dynamics.combat import combat, log_ratio
from keyterrain.dynamics.control import control
from keyterrain.dynamics.decision import decision
from keyterrain.dynamics.displacement import displacement
from keyterrain.dynamics.kernel import kernel
from keyterrain.dynamics.losses import recover
from keyterrain.dynamics.luck import Luck
from keyterrain.dynamics.movement import movement
from keyterrain.dynamics.presence import count_forces, mark_passable
from keyterrain.dynamics.routes import routes
from keyterrain.dynamics.state import ASSAULT, EVENTS, NONE, WITHDRAWAL
from worlds_by_hand import Records

RUNNING, TAKEN, ABANDONED, BROKEN_OFF = range(4)
"""How an assault stands: under way, place taken, place given up by its garrison, attack broken off."""


@kernel
def assaults(
    worlds: Records,
    draws: Records,
    states: Records,
    seed: np.uint64,
    side: int,
    staging: int,
    target: int,
    n: int,
    most_days: int,
    one_phase: bool,
    out: Any,
) -> None:
    """Let the fighters of a side who stand in a place assault it, n times.

    Columns of `out`: days, ending, sectors taken, losses of attacker and defender in battle.
    """
    for i in range(n):
        w, d, s = worlds[0], draws[i % len(draws)], states[0]
        luck = Luck(seed, np.uint64(i))
        first_evening(w, d, s)
        routes(0, w, d, luck, s)
        s.op_state[side, 0] = ASSAULT
        s.op_target[side, 0] = target
        s.op_staging[side, 0] = staging
        s.op_sent[side, 0] = s.force[side, target]
        s.op_lost[side, 0] = 0
        day = 0
        ending = RUNNING
        while day < most_days and ending == RUNNING:
            day += 1
            combat(day, w, d, luck, s)
            control(day, w, d, luck, s)
            count_forces(w, s)
            if s.holder[target] == side:
                ending = TAKEN
                for k in range(s.count[EVENTS]):
                    if s.event[k, 1] == WITHDRAWAL:
                        ending = ABANDONED
            elif s.attacker[target] == NONE:
                ending = BROKEN_OFF
            if one_phase and not s.in_phase[target]:
                break
        out[i, 0] = day
        out[i, 1] = ending
        out[i, 2] = s.taken[target]
        for actor in range(w.n_actors):
            column = 3 if w.actor_side[actor] == side else 4
            out[i, column] += s.cum_loss[actor, 0] + s.cum_loss[actor, 1]


@kernel
def log_ratio_of(worlds: Records, draws: Records, states: Records, attacker: int, defender: int, place: int) -> float:
    """Log of the force ratio at a place."""
    return log_ratio(worlds[0], draws[0], states[0], attacker, defender, place)


@kernel
def decide(day: int, worlds: Records, draws: Records, states: Records, seed: np.uint64, replicate: np.uint64) -> None:
    """Let all sides decide on the forces and ground as they are."""
    count_forces(worlds[0], states[0])
    mark_passable(worlds[0], states[0])
    decision(day, worlds[0], draws[0], Luck(seed, replicate), states[0])


@kernel
def move(day: int, worlds: Records, draws: Records, states: Records, seed: np.uint64, replicate: np.uint64) -> None:
    """Move, and bring the recovered back."""
    mark_passable(worlds[0], states[0])
    movement(day, worlds[0], draws[0], Luck(seed, replicate), states[0])
    recover(day, worlds[0], states[0])
    count_forces(worlds[0], states[0])


@kernel
def fight(day: int, worlds: Records, draws: Records, states: Records, seed: np.uint64, replicate: np.uint64) -> None:
    """Fight, and settle who controls what."""
    luck = Luck(seed, replicate)
    count_forces(worlds[0], states[0])
    mark_passable(worlds[0], states[0])
    combat(day, worlds[0], draws[0], luck, states[0])
    control(day, worlds[0], draws[0], luck, states[0])
    count_forces(worlds[0], states[0])


@kernel
def displace(day: int, worlds: Records, draws: Records, states: Records, seed: np.uint64, replicate: np.uint64) -> None:
    """Move people by the battles, threats and incidents that the state says."""
    displacement(day, worlds[0], draws[0], Luck(seed, replicate), states[0])


@kernel
def estimate_of(states: Records, side: int, place: int, n: int, adjacent: bool) -> float:
    """What a side believes a strength to be."""
    return estimate(states[0], states[0], side, place, n, adjacent)


@kernel
def begin_replicate(i: int, worlds: Records, draws: Records, states: Records, seed: np.uint64) -> None:
    """Set the evening before the i-th replicate's first day, as a run does."""
    first_evening(worlds[0], draws[i], states[0])
    open_roads(worlds[0], draws[i], Luck(seed, np.uint64(i)), states[0])


@kernel
def play_days(i: int, first: int, last: int, worlds: Records, draws: Records, states: Records, seed: np.uint64) -> None:
    """Play some days of the i-th replicate, the last included."""
    for day in range(first, last + 1):
        play_day(day, worlds[0], draws[i], Luck(seed, np.uint64(i)), states[0])


@kernel
def audited(worlds: Records, states: Records, fighters: Any, people: int) -> Finding:
    """Hold a state against the totals of the first evening."""
    return audit(worlds[0], states[0], fighters, people)
