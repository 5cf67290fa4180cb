"""Groups of inputs: what one would find out together, by the names of their draws."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

LUCK = "luck"
"""The factor of everything that is drawn from day to day."""
_OF_WHOM = {
    "strength": "strength of", "strength-of": "strength of", "claim": "strength of", "claim-chosen": "strength of",
    "joining": "strength of", "quality": "quality of", "known-quality": "quality of", "policy": "policy of", "waits": "policy of",
    "waits-chance": "policy of", "capacity": "supply of", "stock": "supply of",
}  # fmt: skip
_TOGETHER = {
    "mobility": "mobility of actors", "ground": "positions of places", "population": "people and guests",
    "residents": "people and guests", "guests": "people and guests", "room": "people and guests", "abroad": "people and guests",
    "holder": "who held what at the start", "site": "what names stand for",
}  # fmt: skip
INERT = frozenset({"what names stand for"})
"""Groups on which no campaign depends: the site of a name is only asked about."""


def group_of(name: str) -> str:
    """Return the group of an input: by actor or side, by process, or by kind; an unknown kind is a group of its own."""
    kind, _, rest = name.partition(":")
    if kind == "parameter":
        return f"parameters of {rest.partition('.')[0]}"
    if kind in _OF_WHOM:
        return f"{_OF_WHOM[kind]} {rest.partition('@')[0].partition('#')[0]}"
    return _TOGETHER.get(kind, kind)


def grouped(names: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Return the groups of some inputs, each with the names of its inputs, in alphabetical order."""
    found: dict[str, list[str]] = defaultdict(list)
    for name in names:
        found[group_of(name)].append(name)
    return {group: tuple(sorted(found[group])) for group in sorted(found)}
