"""Losses: what happens to fighters who are hit, and the wounded who come back."""

from __future__ import annotations

from keyterrain.dynamics.kernel import kernel
from keyterrain.dynamics.luck import rounded
from keyterrain.dynamics.presence import friends
from keyterrain.dynamics.state import (
    CAPTURED,
    DEAD,
    DESERTED,
    WOUND_RING_DAYS,
    WOUNDED,
    Draw,
    State,
    World,
)


@kernel
def lose(day: int, d: Draw, s: State, actor: int, place: int, n: int, u: float) -> None:
    """Take dead and wounded off a garrison; part of the wounded will return."""
    if n <= 0:
        return
    dead = min(rounded(d.par.combat_dead_share * n, u), n)
    wounded = n - dead
    s.strength[actor, place] -= n
    s.cum_loss[actor, DEAD] += dead
    s.cum_loss[actor, WOUNDED] += wounded
    s.new_loss[actor] += n
    back = (day + min(int(d.par.combat_return_days), WOUND_RING_DAYS - 1)) % WOUND_RING_DAYS
    s.recovering[back, actor] += min(rounded(d.par.combat_return_share * wounded, 1.0 - u), wounded)


@kernel
def give_up(s: State, actor: int, place: int, captured: int) -> None:
    """End a garrison that has nowhere to go: some are captured, the rest desert."""
    n = s.strength[actor, place]
    s.strength[actor, place] = 0
    s.cum_loss[actor, CAPTURED] += captured
    s.cum_loss[actor, DESERTED] += n - captured
    s.new_loss[actor] += n


@kernel
def recover(day: int, w: World, s: State) -> None:
    """Bring back the wounded whose time has come, to the first of their bases that is still held; else they wait a day."""
    slot = day % WOUND_RING_DAYS
    for actor in range(w.n_actors):
        n = s.recovering[slot, actor]
        if n == 0:
            continue
        s.recovering[slot, actor] = 0
        base = -1
        for k in range(w.muster.shape[1]):
            place = w.muster[actor, k]
            if base < 0 and place >= 0 and friends(w, w.actor_side[actor], s.holder[place]):
                base = place
        if base < 0:
            s.recovering[(day + 1) % WOUND_RING_DAYS, actor] += n
        else:
            s.strength[actor, base] += n
            s.cum_returned[actor] += n
