"""What a person still has to decide of a theatre that was built from geodata, as a list to tick off."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

FILE = "TO_DECIDE.md"
HEADINGS = {
    "conflict": "The conflict: nothing of it is in geodata",
    "population": "People",
    "links": "Ways that no file has: look at each on a map",
    "pieces": "Places that no way joins to the rest",
    "beyond": "What lies beyond the box",
    "left out": "Left out",
    "names": "Names, countries and coordinates",
    "climate": "Climate",
}


BEGINNING = (
    "This theatre was built from elevation, roads and a gazetteer. Tick off what you have looked at; `keyterrain check` says "
    "what is still at odds."
)


@dataclass(frozen=True, slots=True)
class Decision:
    """One thing to decide: which part of the theatre it concerns, what it is about, and what was done meanwhile."""

    topic: str
    about: str
    meanwhile: str


def as_markdown(title: str, decisions: Iterable[Decision]) -> str:
    """Return the list under its headings."""
    listed = tuple(decisions)
    parts = [
        f"# To decide: {title}",
        BEGINNING,
    ]
    for topic, heading in HEADINGS.items():
        items = [f"- [ ] **{each.about}.** {each.meanwhile}" for each in listed if each.topic == topic]
        if items:
            parts.append("\n".join([f"## {heading}", "", *items]))
    return "\n\n".join(parts) + "\n"
