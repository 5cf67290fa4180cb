"""Control: whose a place is, and what happens when that changes.

A place belongs to the side whose fighters hold all its sectors; with none present the last holder keeps it until an enemy body
stands there. Between none and all of its sectors it is contested. Ground held by decree never changes hands.
"""

from __future__ import annotations

from keyterrain.dynamics.kernel import kernel
from keyterrain.dynamics.losses import give_up
from keyterrain.dynamics.luck import Luck, rounded
from keyterrain.dynamics.movement import nearest_friendly, set_out
from keyterrain.dynamics.presence import contested, friends, mark_passable
from keyterrain.dynamics.state import (
    ASSAULT,
    BY_HUNGER,
    CAPTURE,
    CONSOLIDATING,
    CONTROL_ON,
    DEFENCE_ENDS,
    HOSTILE,
    IDLE,
    MOST_SLOTS,
    NONE,
    TERMS,
    Draw,
    State,
    World,
)
from keyterrain.dynamics.trace import note

CAPTURED_SHARE = 0.5
"""Share captured of those who cannot get away (assumption)."""


@kernel
def may_change_hands(w: World, place: int) -> bool:
    """Whether ground can be won and lost here: not by decree, nor without the process."""
    return bool(w.on[CONTROL_ON] and not w.decree[place])


@kernel
def retreat(day: int, w: World, d: Draw, s: State, side: int, place: int) -> bool:
    """Send a coalition out of a place to its nearest ground by an open way; False if there is none."""
    goal = nearest_friendly(w, s, side, place)
    if goal == NONE:
        return False
    hours = s.path_hours[goal]
    for actor in range(w.n_actors):
        n = s.strength[actor, place]
        if n > 0 and friends(w, side, w.actor_side[actor]):
            set_out(d, s, day, actor, place, goal, n, hours)
    return True


@kernel
def drive_out(day: int, w: World, d: Draw, s: State, side: int, place: int, u: float) -> None:
    """Remove all enemies of a side from a place: those with a way leave, of the rest half are captured, half scatter."""
    for other in range(w.n_sides):
        if w.relation[side, other] != HOSTILE or s.force[other, place] == 0:
            continue
        if retreat(day, w, d, s, other, place):
            continue
        for actor in range(w.n_actors):
            n = s.strength[actor, place]
            if w.actor_side[actor] == other and n > 0:
                s.defence_lost[place] += n
                give_up(s, actor, place, min(rounded(CAPTURED_SHARE * n, u), n))


@kernel
def mourn_ground(w: World, d: Draw, s: State, loser: int, place: int) -> None:
    """Tell the actors of the losing coalition what share of its ground has gone."""
    held = 0
    for other in range(w.n_places):
        if friends(w, loser, s.holder[other]) and not w.apart[other]:
            held += d.sectors[other]
    share = d.sectors[place] / max(held, 1)
    for actor in range(w.n_actors):
        if friends(w, loser, w.actor_side[actor]):
            s.ground_lost[actor] += share


@kernel
def end_operations(s: State, side: int, place: int, success: bool) -> None:
    """Turn a side's assault on a place into consolidation, or end it."""
    for slot in range(MOST_SLOTS):
        if s.op_target[side, slot] == place and s.op_state[side, slot] == ASSAULT:
            s.op_state[side, slot] = CONSOLIDATING if success else IDLE
            s.op_days[side, slot] = 0
            if not success:
                s.op_target[side, slot] = NONE


@kernel
def end_battle(s: State, place: int) -> None:
    """Nobody attacks here any more."""
    s.attacker[place] = NONE
    s.attack_slot[place] = NONE
    s.in_phase[place] = False
    s.pause[place] = 0


@kernel
def capture(day: int, w: World, d: Draw, s: State, side: int, place: int, cause: int, u: float) -> None:
    """Give a place to the side that has taken it; survivors leave by an open way or are lost."""
    loser = s.holder[place]
    mourn_ground(w, d, s, loser, place)
    s.holder[place] = side
    s.intruder[place] = NONE
    s.taken[place] = 0
    s.held_days[place] = 0
    mark_passable(w, s)
    slot = s.attack_slot[place]
    lost = s.op_lost[side, slot] if slot != NONE else 0
    drive_out(day, w, d, s, side, place, u)
    end_battle(s, place)
    end_operations(s, side, place, True)
    s.last_success[side] = place
    note(s, day, CAPTURE, place, NONE, side, cause, lost)
    note(s, day, DEFENCE_ENDS, place, NONE, loser, cause, s.defence_lost[place])


@kernel
def clear_out(day: int, w: World, d: Draw, s: State, side: int, place: int, u: float) -> None:
    """Give a place back whole to its holder."""
    s.intruder[place] = NONE
    s.taken[place] = 0
    mark_passable(w, s)
    drive_out(day, w, d, s, side, place, u)
    end_battle(s, place)
    end_operations(s, side, place, True)


@kernel
def make_terms(day: int, w: World, s: State, side: int, place: int) -> None:
    """Let a garrison lay down its arms; the place turns neutral, neither base nor road-block."""
    for actor in range(w.n_actors):
        if w.actor_side[actor] == side and s.strength[actor, place] > 0:
            give_up(s, actor, place, 0)
    s.holder[place] = w.passive_side
    s.held_days[place] = 0
    mark_passable(w, s)
    note(s, day, TERMS, place, NONE, side, BY_HUNGER, 0)


@kernel
def control(day: int, w: World, d: Draw, luck: Luck, s: State) -> None:
    """Age every holding by a day and bring up to date who may pass where."""
    for place in range(w.n_places):
        s.held_days[place] += 1
    mark_passable_if_changed(w, s)


@kernel
def mark_passable_if_changed(w: World, s: State) -> None:
    """Contested ground closes and opens as sectors change hands."""
    for place in range(w.n_places):
        if contested(s, place) != (s.parted[place] == 1):
            mark_passable(w, s)
            return
