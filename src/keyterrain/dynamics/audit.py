"""Conservation: nobody is created or lost, person by person and fighter by fighter."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from keyterrain.dynamics.kernel import kernel
from keyterrain.dynamics.state import KILLED, NONE, ON_THE_WAY, Ints, State, World

SOUND = 0
FIGHTERS = 1
PEOPLE = 2
NEGATIVE = 3
TALLIES = 4


class Finding(NamedTuple):
    """What an audit found: a kind of breach, the actor or place it concerns, and by how many it is out."""

    breach: int
    where: int
    off_by: np.int64


@kernel
def n_fighters(w: World, s: State, actor: int) -> int:
    """Strength, in transit and losses less those returned and joined: constant for an actor."""
    total = 0
    for place in range(w.n_places):
        total += s.strength[actor, place]
    for slot in range(s.marching.shape[0]):
        for place in range(w.n_places):
            total += s.marching[slot, actor, place]
    for kind in range(s.cum_loss.shape[1]):
        total += s.cum_loss[actor, kind]
    return int(total - s.cum_returned[actor] - s.cum_joined[actor])


@kernel
def n_people(w: World, s: State) -> int:
    """Residents, guests, people on the way and the dead: constant."""
    total = s.count[ON_THE_WAY] + s.count[KILLED]
    for place in range(w.n_places):
        total += s.residents[place]
    for host in range(w.n_places + w.n_abroad):
        total += s.guests[host]
    return int(total)


@kernel
def audit(w: World, s: State, fighters: Ints, people: int) -> Finding:
    """Hold the state against what there was on the first evening; `fighters` (A) and `people` are its totals."""
    for actor in range(w.n_actors):
        off = n_fighters(w, s, actor) - fighters[actor]
        if off != 0:
            return Finding(FIGHTERS, actor, np.int64(off))
        for place in range(w.n_places):
            if s.strength[actor, place] < 0:
                return Finding(NEGATIVE, place, np.int64(s.strength[actor, place]))
    off = n_people(w, s) - people
    if off != 0:
        return Finding(PEOPLE, -1, np.int64(off))
    for host in range(w.n_places + w.n_abroad):
        guests = 0
        row = s.first_at_host[host]
        while row != NONE:
            if s.row_n[row] < 0:
                return Finding(NEGATIVE, host, np.int64(s.row_n[row]))
            guests += s.row_n[row]
            row = s.next_at_host[row]
        if guests != s.guests[host]:
            return Finding(TALLIES, host, np.int64(guests - s.guests[host]))
    for place in range(w.n_places):
        if s.residents[place] < 0:
            return Finding(NEGATIVE, place, np.int64(s.residents[place]))
    return Finding(SOUND, -1, np.int64(0))
