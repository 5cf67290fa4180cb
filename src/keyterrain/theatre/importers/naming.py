"""Keys and names of places and junctions: from a gazetteer's spelling, or after the nearest place where there is none."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from keyterrain.theatre.importers.gazetteer import Settlement, slug
from keyterrain.theatre.schema import RESERVED_KEYS

LONGEST_STEM = 48
"""Leaves room for a number, and for what a junction's key adds to that of a place."""


class Keys:
    """Keys that were given out, none twice."""

    def __init__(self, taken: Iterable[str] = ()) -> None:
        self.taken = {*RESERVED_KEYS, *taken}

    def give(self, wanted: str) -> str:
        """Return the key, with a number where it is taken."""
        stem = wanted[:LONGEST_STEM].strip("-") or "place"
        key, number = stem, 1
        while key in self.taken:
            number += 1
            key = f"{stem}-{number}"
        self.taken.add(key)
        return key


def keys_of(settlements: Sequence[Settlement], keys: Keys) -> list[str]:
    """Return a key for each settlement, in order: a Latin spelling, or `place`, with a number from the second of a name on."""
    return [keys.give(next((found for name in _spellings(each) if (found := slug(name))), "place")) for each in settlements]


def _spellings(settlement: Settlement) -> tuple[str, ...]:
    return settlement.ascii_name, settlement.name, *settlement.alt_names
