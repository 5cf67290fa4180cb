"""A theatre with the names and forces of its two sides swapped: what alpha was is now called omega, and the other way round.

changes = swapped(bridge_theatre(case=3))

`mirrored_luck(monkeypatch)` lets each side of the swapped theatre draw what the other one drew before.
"""

from __future__ import annotations

from typing import Any

import pytest

OTHER = {"alpha": "omega", "omega": "alpha"}


def other_name(text: str) -> str:
    """Return a text in which the sides are called by each other's names."""
    return text.replace("alpha", "\0").replace("omega", "alpha").replace("\0", "omega")


def swapped(noun: Any) -> Any:
    """Return a noun of the scenario, or all of them, with the sides' names swapped wherever they stand."""
    if isinstance(noun, str):
        return other_name(noun)
    if isinstance(noun, list):
        return [swapped(each) for each in noun]
    if isinstance(noun, dict):
        return {swapped(key): swapped(each) for key, each in noun.items()}
    return noun


def mirrored_luck(patch: pytest.MonkeyPatch) -> None:
    """Give each name the luck of the other one from here on."""
    from keyterrain.campaign import entities

    own = entities.word
    patch.setattr(entities, "word", lambda key: own(other_name(key)))
