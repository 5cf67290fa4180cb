"""Ground that starts with another holder: who leaves, where to, and who comes in their stead; nobody is created or lost.

Enemies of the new holder who stand in the ground move to the nearest place of their own side. As many of the new holder's mobile
force move in, an equal share of each of its garrisons elsewhere, and fewer where it has not so many. How long the ground has been
held stays: works belong to it. Where an enemy's side has no other place, its ground stays as it was. See docs/decisions/0023.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from keyterrain.campaign.world import Index, nearest_first
from keyterrain.dynamics.state import NONE

if TYPE_CHECKING:
    from keyterrain.theatre.nouns import Situation

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]

LEAST_LEFT = 50
"""Fighters of a side in a place who do not move away (assumption: as many as its planners hold back at least)."""


@dataclass(frozen=True)
class FirstGround:
    """Who holds what on the first evenings, to be changed.

    Attributes
    ----------
    holder, intruder
        Side (replicate, place) that holds a place, and that which holds a part of it or NONE.
    strength
        Fighters (replicate, actor, place).
    mobility
        Share (replicate, actor) of a surplus that can go elsewhere.
    """

    holder: NDArray[np.int8]
    intruder: NDArray[np.int8]
    strength: NDArray[np.int32]
    mobility: Floats


class Starting:
    """Gives places to sides on the first evening.

    Parameters
    ----------
    started
        Side by place.
    """

    def __init__(self, situation: Situation, started: Mapping[str, str]) -> None:
        index = Index(situation)
        self._at = np.array([index.places[place] for place in started], dtype=np.int64)
        self._side = np.array([index.sides[side] for side in started.values()], dtype=np.int64)
        self._order = nearest_first(situation, list(started))
        self._within_reach = np.zeros(len(index.places), dtype=bool)
        for order in self._order:
            self._within_reach[order] = True
        self._actor_side = np.array([index.sides[actor.side] for actor in situation.actors], dtype=np.int64)
        self._actors = np.array([index.actors[actor.key] for actor in situation.actors], dtype=np.int64)
        self._hostile = np.zeros((len(index.sides), len(index.sides)), dtype=bool)
        for (one, other), relation in situation.relations.items():
            self._hostile[index.sides[one], index.sides[other]] = relation == "hostile"

    def change(self, ground: FirstGround) -> None:
        """Change the first evenings in place."""
        leaving = self._give(ground, self._shelter(ground))
        for side in np.unique(self._side):
            own = self._side == side
            self._fill(ground, int(side), self._at[own], leaving[:, own])

    def _shelter(self, ground: FirstGround) -> Ints:
        """Return the nearest place (started place, side, replicate) that a side holds whole and keeps, NONE without one."""
        n, n_sides = len(ground.holder), len(self._hostile)
        found = np.full((len(self._at), n_sides, n), NONE, dtype=np.int64)
        for side in range(n_sides):
            own = (ground.holder == side) & (ground.intruder == NONE)
            own[:, self._at] = False
            for k, order in enumerate(self._order):
                in_order = own[:, order]
                found[k, side] = np.where(in_order.any(axis=1), order[in_order.argmax(axis=1)], NONE)
        return found

    def _give(self, ground: FirstGround, shelter: Ints) -> Ints:
        """Move enemies out and give places away; return how many (replicate, started place) have left who are to be replaced."""
        leaving = np.zeros((len(ground.holder), len(self._at)), dtype=np.int64)
        moved = np.zeros_like(ground.strength)
        for k, (place, side) in enumerate(zip(self._at, self._side, strict=True)):
            enemies = [(a, s) for a, s in zip(self._actors, self._actor_side, strict=True) if self._hostile[side, s]]
            stuck = np.zeros(len(leaving), dtype=bool)
            for actor, own in enemies:
                stuck |= (ground.strength[:, actor, place] > 0) & (shelter[k, own] == NONE)
            changes = ground.holder[:, place] != side
            for actor, own in enemies:
                rows = np.flatnonzero(~stuck & (ground.strength[:, actor, place] > 0))
                n = ground.strength[rows, actor, place]
                moved[rows, actor, shelter[k, own, rows]] += n
                moved[rows, actor, place] -= n
                leaving[rows, k] += np.where(changes[rows], n, 0)
            given = ~stuck & (changes | self._has_enemy_in(ground, int(side), int(place)))
            ground.holder[given, place] = side
            ground.intruder[given, place] = NONE
        ground.strength[:] += moved
        return leaving

    def _has_enemy_in(self, ground: FirstGround, side: int, place: int) -> Bools:
        intruder = ground.intruder[:, place].astype(np.int64)
        return np.asarray((intruder != NONE) & self._hostile[side, intruder])

    def _fill(self, ground: FirstGround, side: int, places: Ints, wanted: Ints) -> None:
        """Move as many of a side's mobile force into places (replicate, place) as have left, so far as it has them."""
        rows = np.flatnonzero(wanted.sum(axis=1) > 0)
        actors = self._actors[self._actor_side == side]
        if not len(rows) or not len(actors):
            return
        mobile = self._mobile(ground, rows, actors)
        n_all = mobile.sum(axis=(1, 2))
        total = np.minimum(wanted[rows].sum(axis=1), n_all)
        taken = apportioned(total, mobile.reshape(len(rows), -1)).reshape(mobile.shape)
        missing = apportioned(total, wanted[rows])
        for k, actor in enumerate(actors):
            ground.strength[rows, actor] -= taken[:, k].astype(np.int32)
            going = apportioned(taken[:, k].sum(axis=1), missing)
            missing -= going
            ground.strength[rows[:, None], actor, places] += going.astype(np.int32)

    def _mobile(self, ground: FirstGround, rows: Ints, actors: Ints) -> Ints:
        """Return the fighters (row, actor, place) who can leave a garrison outside the ground, from where a road leads to it."""
        there = ground.strength[rows][:, actors].astype(np.int64)
        total = there.sum(axis=1, keepdims=True)
        surplus = np.maximum(total - LEAST_LEFT, 0) / np.maximum(total, 1)
        mobile = np.floor(ground.mobility[rows][:, actors, None] * surplus * there).astype(np.int64)
        mobile[:, :, self._at] = 0
        mobile[:, :, ~self._within_reach] = 0
        return np.asarray(mobile)


def apportioned(total: Ints, weights: Ints) -> Ints:
    """Divide totals (row) by weights (row, part) into whole numbers by largest remainders, the first part where they tie.

    No part is above its weight where the total is not above their sum.
    """
    every = np.maximum(weights.sum(axis=1, keepdims=True), 1)
    whole, rest = np.divmod(total[:, None] * weights, every)
    order = np.argsort(-rest, axis=1, kind="stable")
    rank = np.empty_like(order)
    np.put_along_axis(rank, order, np.broadcast_to(np.arange(weights.shape[1]), order.shape), axis=1)
    return np.asarray(whole + (rank < (total - whole.sum(axis=1))[:, None]))
