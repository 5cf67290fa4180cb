"""Movement: bodies on the way, ambushed on unsafe roads, who turn aside when their goal has fallen.

A body is (actor, goal, day of arrival); days = ceil(hours / 8). Loss in ambushes is Beta(1, b) with mean 0.02 per unit of
threat on unsafe roads, at most a fifth (assumption). Whoever finds no way stays in the open and tries again.
"""

from __future__ import annotations

import math

from keyterrain.dynamics.kernel import kernel
from keyterrain.dynamics.losses import lose
from keyterrain.dynamics.luck import MOVEMENT, Luck, mixed, rounded, uniforms
from keyterrain.dynamics.network import begin_march_search, settle, spread_march
from keyterrain.dynamics.presence import friends, stands
from keyterrain.dynamics.state import (
    ASSAULT,
    MARCH_RING_DAYS,
    MARCHING,
    MOST_SLOTS,
    NONE,
    ORDERS,
    OVERFLOW,
    Draw,
    State,
    World,
)

LONGEST_MARCH_DAYS = 8
DAYS_IN_THE_OPEN = 3
"""Days after which a body without a way tries again (assumption)."""


@kernel
def order(s: State, actor: int, start: int, goal: int, n: int, hours: float, risk: float) -> None:
    """Give an order to march, carried out in today's movement."""
    if n <= 0:
        return
    i = s.count[ORDERS]
    if i >= s.order_n.shape[0]:
        s.count[OVERFLOW] = 1
        return
    s.order_actor[i] = actor
    s.order_from[i] = start
    s.order_to[i] = goal
    s.order_n[i] = n
    s.order_hours[i] = hours
    s.order_risk[i] = risk
    s.count[ORDERS] = i + 1


@kernel
def set_out(d: Draw, s: State, day: int, actor: int, start: int, goal: int, n: int, hours: float) -> None:
    """Take fighters off a place and put them on the way."""
    s.strength[actor, start] -= n
    send(d, s, day, actor, goal, n, hours)


@kernel
def send(d: Draw, s: State, day: int, actor: int, goal: int, n: int, hours: float) -> None:
    """Put fighters who are nowhere on the way to a goal."""
    days = min(max(int(math.ceil(hours / d.par.movement_march_hours)), 1), LONGEST_MARCH_DAYS)
    s.marching[(day + days) % MARCH_RING_DAYS, actor, goal] += n
    s.n_marching[actor] += n


@kernel
def ambushed(d: Draw, n: int, risk: float, u: float, whole: float) -> int:
    """Fighters lost on a march over unsafe roads; Beta(1, b) by inversion."""
    mean = min(d.par.movement_ambush_loss * risk, 0.5)
    if mean <= 0.0:
        return 0
    share = 1.0 - (1.0 - u) ** (mean / (1.0 - mean))
    return rounded(n * min(share, d.par.movement_ambush_most), whole)


@kernel
def carry_out_orders(day: int, w: World, d: Draw, luck: Luck, s: State) -> None:
    """March off, with the day's ambushes."""
    for i in range(s.count[ORDERS]):
        actor, start, goal = s.order_actor[i], s.order_from[i], s.order_to[i]
        n = min(s.order_n[i], s.strength[actor, start])
        if n <= 0:
            continue
        if s.order_risk[i] > 0.0:
            entity = mixed(w.actor_place_word[actor, start], w.place_word[goal])
            u = uniforms(luck, MOVEMENT, day, entity, 0)
            lost = min(ambushed(d, n, s.order_risk[i], u.a, u.b), n)
            lose(day, d, s, actor, start, lost, u.c)
            n -= lost
        set_out(d, s, day, actor, start, goal, n, s.order_hours[i])
    s.count[ORDERS] = 0


@kernel
def attacks(s: State, side: int, place: int) -> bool:
    """Whether a side has an operation on its way into a place."""
    for slot in range(MOST_SLOTS):
        if s.op_target[side, slot] == place and (s.op_state[side, slot] == MARCHING or s.op_state[side, slot] == ASSAULT):
            return True
    return False


@kernel
def nearest_friendly(w: World, s: State, side: int, place: int) -> int:
    """Nearest other place that the side or an ally holds whole, by a way that lets it through; -1 if there is none."""
    begin_march_search(s, place)
    while True:
        found = settle(s)
        if found == NONE:
            return NONE
        whole = s.intruder[found] == NONE or s.taken[found] == 0
        if found != place and whole and friends(w, side, s.holder[found]):
            return found
        spread_march(w, s, side, found, place, 1.0)


@kernel
def arrive(day: int, w: World, d: Draw, s: State) -> None:
    """Bring in the day's arrivals; those whose goal has fallen turn aside."""
    slot = day % MARCH_RING_DAYS
    n_actors, n_places = w.n_actors, w.n_places
    for actor in range(n_actors):
        side = w.actor_side[actor]
        if s.n_marching[actor] == 0:
            continue
        for place in range(n_places):
            n = s.marching[slot, actor, place]
            if n == 0:
                continue
            s.marching[slot, actor, place] = 0
            s.n_marching[actor] -= n
            if stands(w, s, side, place) or attacks(s, side, place):
                s.strength[actor, place] += n
                continue
            goal = nearest_friendly(w, s, side, place)
            if goal == NONE:
                send(d, s, day, actor, place, n, DAYS_IN_THE_OPEN * d.par.movement_march_hours)
            else:
                send(d, s, day, actor, goal, n, s.path_hours[goal])


@kernel
def join(day: int, w: World, d: Draw, s: State) -> None:
    """Bring in reinforcements from outside the theatre on their date; where the place has fallen they look for another."""
    for i in range(w.n_joins):
        if w.join_day[i] == day:
            s.cum_joined[w.join_actor[i]] += d.joining[i]
            send(d, s, day - 1, w.join_actor[i], w.join_place[i], d.joining[i], 0.0)


@kernel
def movement(day: int, w: World, d: Draw, luck: Luck, s: State) -> None:
    """Carry out orders, then bring in the day's arrivals."""
    join(day, w, d, s)
    carry_out_orders(day, w, d, luck, s)
    arrive(day, w, d, s)
