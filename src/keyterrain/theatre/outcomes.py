"""The measures that an outcome may name, with their arguments; they are computed from results elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from keyterrain.theatre.columns import Column


@dataclass(frozen=True, slots=True)
class Measure:
    """A registered measure: what it says of a run, and what it needs to be told."""

    name: str
    says: str
    arguments: tuple[Column, ...]


_CORRIDOR = Column("corridor", "key", "corridor that is meant", refers_to=("corridor",))
_AREA = Column("area", "key", "area that is meant", refers_to=("area",))
_SIDE = Column("side", "key", "side that is meant", refers_to=("side",))
_DAYS = Column("days", "integer", "number of days", "days", least=1, most=3650)

MEASURES: Mapping[str, Measure] = {
    measure.name: measure
    for measure in (
        Measure("corridor_open_share", "share of days on which the corridor is open to its side", (_CORRIDOR,)),
        Measure(
            "corridor_secure_share",
            "share of days on which the chance of a passage without attack reaches the threshold",
            (_CORRIDOR, Column("threshold", "number", "chance that counts as secure", "1", least=0, most=1)),
        ),
        Measure("area_held_share", "share of the area's place-days that the side holds", (_AREA, _SIDE)),
        Measure(
            "places_safe_share",
            "share of place-days on which the side holds the places named",
            (Column("places", "keys", "places that are meant", refers_to=("place",)), _SIDE),
        ),
        Measure("side_cut_off", "whether the side is cut off in the area for that many days on end", (_AREA, _SIDE, _DAYS)),
        Measure(
            "reversal_within", "whether the side, having lost the area, has it back within that many days", (_AREA, _SIDE, _DAYS)
        ),
    )
}
