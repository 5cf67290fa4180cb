"""Decrees that change nothing: replicates in which ground stays with a side anyway, to the byte.

A decree (`hold`) does three things: on the first evening it gives ground to a side and moves enemies out; nobody may begin an
operation against the ground; and its holder cannot change. A replicate played without the decree is the replicate with it where
none of the three can have mattered.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from keyterrain.theatre.policies import POLICY_RULES

if TYPE_CHECKING:
    from keyterrain.campaign.chunks import PlayedChunk
    from keyterrain.campaign.prepare import Prepared

Bools = NDArray[np.bool_]


def kept_anyway(prepared: Prepared, played: PlayedChunk, side: str) -> Bools:
    """Return where (replicate, place) a decree for the side would change no byte of a replicate played without it.

    All of these hold, each of which can be read off what was played:

    - the side holds the place, whole, on every evening, the first one too, and as long as the account of it that a decree goes
      by says;
    - no enemy of the side stands in it on the first evening;
    - no enemy can have begun an operation against it: each of them either drew a policy that allows none, or held, on no
      evening, a place from which a route leads there. An operation that was called off leaves no trace, so that what cannot be
      ruled out counts as having happened.

    Ground of several places is kept anyway where each of its places is. Only chunks without a decree may be asked about.
    """
    control = np.asarray(played.arrays["control"])
    index = prepared.index
    keeps = (control == index.sides[side]).all(axis=1) & _as_old(prepared, side)
    enemies = [other for other in index.sides if prepared.situation.relations.get((side, other)) == "hostile"]
    garrisons = np.asarray(played.arrays["strength"][:, 0])
    beside = _beside(prepared)
    for enemy in enemies:
        actors = [index.actors[actor.key] for actor in prepared.situation.actors if actor.side == enemy]
        keeps &= garrisons[:, actors].sum(axis=1) == 0
        ever = (control == index.sides[enemy]).any(axis=1)
        within_reach = (ever.astype(np.int32) @ beside) > 0
        keeps &= ~(within_reach & _may_attack(prepared, played, enemy)[:, None])
    return np.asarray(keeps)


def started_anyway(prepared: Prepared, played: PlayedChunk, side: str) -> Bools:
    """Return where (replicate, place) the side starts with the place anyway, no enemy in it: giving it would change no byte.

    Ground of several places is started anyway where each of its places is. Only chunks without a decree may be asked about.
    """
    index = prepared.index
    starts = np.asarray(played.arrays["control"][:, 0] == index.sides[side])
    garrisons = np.asarray(played.arrays["strength"][:, 0])
    hostile = [other for other in index.sides if prepared.situation.relations.get((side, other)) == "hostile"]
    enemies = [index.actors[actor.key] for actor in prepared.situation.actors if actor.side in hostile]
    return np.asarray(starts & (garrisons[:, enemies].sum(axis=1) == 0))


def _as_old(prepared: Prepared, side: str) -> Bools:
    """Return whether all accounts that give a place whole to the side date that as the decree does."""
    evening = prepared.first_evening
    same = np.zeros(len(prepared.index.places), dtype=bool)
    for place, i in prepared.index.places.items():
        accounts = evening.accounts[place]
        of_side = accounts[accounts[:, 0] == prepared.index.sides[side]]
        same[i] = len(of_side) > 0 and bool((of_side[:, 2] == accounts[0, 2]).all())
    return same


def _may_attack(prepared: Prepared, played: PlayedChunk, side: str) -> Bools:
    """Return in which replicates the side's policy allows operations."""
    inputs: Iterable[str | int] = prepared.coordinates["input"]
    column = {name: i for i, name in enumerate(inputs)}.get(f"policy:{side}")
    n = len(played.arrays["draw"])
    if column is None:
        return np.zeros(n, dtype=bool)  # who has no policy holds still
    slots = np.array([rule.slots for rule in POLICY_RULES.values()])
    return np.asarray(slots[played.arrays["draw"][:, column].astype(np.int64)] > 0)


def _beside(prepared: Prepared) -> NDArray[np.int32]:
    """Return which places (place, place) a route joins."""
    places = prepared.index.places
    joined = np.zeros((len(places), len(places)), dtype=np.int32)
    for route in prepared.situation.routes:
        a, b = places[route.start], places[route.end]
        joined[a, b] = joined[b, a] = 1
    return joined
