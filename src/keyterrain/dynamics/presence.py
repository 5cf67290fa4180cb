"""Who is where: sums over a side's actors, whose ground a place is, and who may pass it."""

from __future__ import annotations

from keyterrain.dynamics.kernel import kernel
from keyterrain.dynamics.state import (
    ALLIED,
    BLOCKED,
    ENEMY,
    FREE,
    HOSTILE,
    NONE,
    PASSABLE_CHANGED,
    State,
    World,
)


@kernel
def count_forces(w: World, s: State) -> None:
    """Sum strengths over the actors of each side."""
    n_actors, n_places = w.n_actors, w.n_places
    s.force[:, :] = 0
    s.irregulars[:, :] = 0
    for actor in range(n_actors):
        side = w.actor_side[actor]
        irregular = w.actor_irregular[actor]
        for place in range(n_places):
            n = s.strength[actor, place]
            if n > 0:
                s.force[side, place] += n
                if irregular:
                    s.irregulars[side, place] += n


@kernel
def friends(w: World, side: int, other: int) -> bool:
    """Whether two sides are the same or allied."""
    return bool(w.relation[side, other] == ALLIED)


@kernel
def contested(s: State, place: int) -> bool:
    """Whether two hostile sides each hold a part of a place."""
    return bool(s.intruder[place] != NONE and s.taken[place] > 0)


@kernel
def stands(w: World, s: State, side: int, place: int) -> bool:
    """Whether a side holds the place, or some of its sectors, itself or by an ally; elsewhere its fighters are inert."""
    if friends(w, side, s.holder[place]):
        return True
    return bool(s.intruder[place] != NONE and friends(w, side, s.intruder[place]))


@kernel
def hostile_force(w: World, s: State, side: int, place: int) -> int:
    """Fighters at a place who are enemies of a side."""
    total = 0
    for other in range(w.n_sides):
        if w.relation[side, other] == HOSTILE:
            total += s.force[other, place]
    return total


@kernel
def count_facing(w: World, s: State) -> None:
    """Count at each place the enemies of each side."""
    s.facing[:, :] = 0
    for side in range(w.n_sides):
        for other in range(w.n_sides):
            if w.relation[side, other] == HOSTILE:
                for place in range(w.n_places):
                    s.facing[side, place] += s.force[other, place]


@kernel
def count_raiders(w: World, s: State) -> None:
    """Count at each place the irregular enemies of each side who stand on ground of their own."""
    s.raiders[:, :] = 0
    for side in range(w.n_sides):
        for other in range(w.n_sides):
            if w.relation[side, other] == HOSTILE:
                for place in range(w.n_places):
                    n = s.irregulars[side, place]
                    if n > 0 and stands(w, s, side, place):
                        s.raiders[other, place] += n


@kernel
def friendly_force(w: World, s: State, side: int, place: int) -> int:
    """Fighters at a place who are of a side or its allies."""
    total = 0
    for other in range(w.n_sides):
        if friends(w, side, other):
            total += s.force[other, place]
    return total


@kernel
def hostile_ground(w: World, s: State, side: int, place: int) -> bool:
    """Whether an enemy holds the place."""
    return bool(w.relation[side, s.holder[place]] == HOSTILE)


@kernel
def mark_passable(w: World, s: State) -> None:
    """Say for each side which places let it through; contested ground lets neither through."""
    for place in range(w.n_places):
        s.parted[place] = 1 if contested(s, place) else 0
    for side in range(w.n_sides):
        for place in range(w.n_places):
            standing = FREE
            if hostile_ground(w, s, side, place):
                standing = ENEMY
            elif s.parted[place] and w.active[side]:
                standing = BLOCKED
            if standing != s.passable[side, place]:
                s.passable[side, place] = standing
                s.ground_changed[place] = 1
    s.count[PASSABLE_CHANGED] = 1
