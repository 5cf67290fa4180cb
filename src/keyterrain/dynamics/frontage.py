"""Frontage: how many fighters of a side can be brought to bear at a place, by its roads and its relief.

    F = F0 [n x + (3 - n) x^4],   x = 1 - narrowing r,   n = min(roads, 3), one at least

A place can be attacked on three fronts at once. Relief narrows each, and one without a road as if four times over (assumption:
who leaves the road in mountains gets few men, slowly, to where they fight). So on open ground roads do not matter, in alpine
ground they do, and without narrowing ground does not matter at all.
"""

from __future__ import annotations

from keyterrain.dynamics.kernel import kernel
from keyterrain.dynamics.state import Draw, World

FRONTS = 3.0
"""Sides from which a place can be attacked at once (first formulation of combat)."""


@kernel
def frontage(w: World, d: Draw, place: int, by_front: float, narrowing: float) -> float:
    """Fighters a side who can be brought to bear, from what an open front takes and how full relief narrows it."""
    open_share = 1.0 - narrowing * d.relief[place]
    roads = min(w.approaches[place], FRONTS)
    return float(by_front * (roads * open_share + (FRONTS - roads) * open_share**4))
