"""Colours and marks that colour-blind readers can tell apart.

Colours of Okabe and Ito (2008, "Color Universal Design", jfly.uni-koeln.de/color); each holder has a mark of its own beside,
so that nothing rests on colour alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from keyterrain.analysis.control import CONTESTED_LABEL

if TYPE_CHECKING:
    from keyterrain.theatre.nouns import Side

BLUE, VERMILLION, GREEN, ORANGE, SKY, PURPLE, GREY, INK = (
    "#0072B2", "#D55E00", "#009E73", "#E69F00", "#56B4E9", "#CC79A7", "#7a7a7a", "#222222",
)  # fmt: skip
ACTIVE_LOOKS = ((BLUE, "circle"), (VERMILLION, "diamond"), (GREEN, "triangle-up"), (ORANGE, "pentagon"), (SKY, "hexagon"))
PASSIVE_LOOK = (GREY, "square")
CONTESTED_LOOK = (PURPLE, "star")


@dataclass(frozen=True, slots=True)
class Look:
    """How a holder is drawn."""

    holder: str
    name: str
    colour: str
    symbol: str


def looks(sides: Sequence[Side]) -> tuple[Look, ...]:
    """Give every side, and contested ground, its colour and mark; active sides come first."""
    free = iter(ACTIVE_LOOKS * (1 + len(sides) // len(ACTIVE_LOOKS)))
    ordered = sorted(sides, key=lambda side: not side.active)
    of_sides = (Look(side.key, side.name, *(next(free) if side.active else PASSIVE_LOOK)) for side in ordered)
    return (*of_sides, Look(CONTESTED_LABEL, "Contested", *CONTESTED_LOOK))


def translucent(colour: str, share: float) -> str:
    """Return a colour `#rrggbb` with an opacity."""
    red, green, blue = (int(colour[at : at + 2], 16) for at in (1, 3, 5))
    return f"rgba({red},{green},{blue},{share:g})"
