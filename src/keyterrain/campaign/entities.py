"""Words of entities: the 32-bit hash of a key that gives a place, route, side or actor its own luck."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray


class WordsCollide(ValueError):
    """Two keys have the same word and would share their luck."""


def word(key: str) -> int:
    """Return the 32-bit word of a key, the same on every machine."""
    return int.from_bytes(hashlib.blake2s(key.encode(), digest_size=4).digest(), "little")


def words(keys: Iterable[str]) -> NDArray[np.uint64]:
    """Return the words of keys in their order.

    Raises
    ------
    WordsCollide
        Two keys share a word; one of them has to be renamed.
    """
    seen: dict[int, str] = {}
    for key in keys:
        other = seen.setdefault(word(key), key)
        if other != key:
            raise WordsCollide(f"{key!r} and {other!r} have the same word for random numbers; rename one of them")
    return np.array(list(seen), dtype=np.uint64)
