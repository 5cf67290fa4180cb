"""Ways as they lie in a file: what their tags say of kind and modes, and flat arrays of their points.

What a tag means for a campaign is one table, here. Driveways, footways, steps and cycleways are left out: a theatre is about
ways between places. Streets are taken along, since the only way through a village often is one.
"""

from __future__ import annotations

from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from keyterrain.geo.distance import Booleans, Floats, Integers
from keyterrain.theatre.schema import ROUTE_KINDS

MOTORWAY, PRIMARY, PAVED, MOUNTAIN, TRACK, PASS = range(len(ROUTE_KINDS))
DEGREES_PER_UNIT, UNITS_PER_DEGREE = 1e-7, 1e7
"""OpenStreetMap keeps coordinates as whole ten-millionths of a degree."""


class WayClass(NamedTuple):
    """What one value of `highway` is: index into ROUTE_KINDS, whether vehicles pass, whether it is a ramp or a carriageway."""

    kind: int
    vehicle: bool
    is_ramp: bool = False


CLASSES: Mapping[str, WayClass] = {
    "motorway": WayClass(MOTORWAY, vehicle=True),
    "trunk": WayClass(PRIMARY, vehicle=True),
    "primary": WayClass(PRIMARY, vehicle=True),
    "secondary": WayClass(PAVED, vehicle=True),
    "tertiary": WayClass(PAVED, vehicle=True),
    "unclassified": WayClass(PAVED, vehicle=True),
    "residential": WayClass(PAVED, vehicle=True),
    "living_street": WayClass(PAVED, vehicle=True),
    "road": WayClass(PAVED, vehicle=True),
    "service": WayClass(PAVED, vehicle=True),
    "motorway_link": WayClass(PRIMARY, vehicle=True, is_ramp=True),
    "trunk_link": WayClass(PRIMARY, vehicle=True, is_ramp=True),
    "primary_link": WayClass(PRIMARY, vehicle=True, is_ramp=True),
    "secondary_link": WayClass(PAVED, vehicle=True, is_ramp=True),
    "tertiary_link": WayClass(PAVED, vehicle=True, is_ramp=True),
    "track": WayClass(TRACK, vehicle=True),
    "path": WayClass(TRACK, vehicle=False),
    "bridleway": WayClass(TRACK, vehicle=False),
}
"""What each value of `highway` is worth to a convoy or a column on foot; assumption."""
UNPAVED = frozenset(
    {"unpaved", "gravel", "fine_gravel", "dirt", "earth", "ground", "sand", "mud", "grass", "rock", "stone", "pebblestone"}
)
"""Surfaces on which a road is a track; assumption."""
CLOSED = frozenset({"no", "private"})
LEFT_OUT_SERVICES = frozenset({"driveway", "parking_aisle", "drive-through", "emergency_access"})
YES = frozenset({"yes", "true", "1"})
ONE_WAY_BY_NATURE = frozenset({"motorway", "motorway_link"})
TAGS = (
    "highway", "oneway", "junction", "surface", "access", "vehicle", "motor_vehicle", "service", "motorroad", "mountain_pass",
)  # fmt: skip


class Meaning(NamedTuple):
    """What the tags of one way say; `one_way` is 1, 0, or -1 against the order of its points."""

    kind: int
    vehicle: bool
    is_ramp: bool
    one_way: int
    is_roundabout: bool


def meaning(tags: Mapping[str, str]) -> Meaning | None:
    """Return what a way's tags say, None where it is no way between places."""
    highway = tags.get("highway", "")
    known = CLASSES.get(highway)
    if known is None or tags.get("service", "") in LEFT_OUT_SERVICES:
        return None
    access = tags.get("motor_vehicle") or tags.get("vehicle") or tags.get("access", "")
    if tags.get("access", "") in CLOSED and access in CLOSED:
        return None
    kind = known.kind
    if tags.get("motorroad", "") in YES and kind == PRIMARY:
        kind = MOTORWAY
    if tags.get("surface", "") in UNPAVED and kind in (PRIMARY, PAVED):
        kind = TRACK
    is_roundabout = tags.get("junction", "") in ("roundabout", "circular")
    return Meaning(kind, known.vehicle and access not in CLOSED, known.is_ramp, _one_way(tags, highway), is_roundabout)


def _one_way(tags: Mapping[str, str], highway: str) -> int:
    written = tags.get("oneway", "")
    if written in YES:
        return 1
    if written in ("-1", "reverse"):
        return -1
    return 1 if not written and highway in ONE_WAY_BY_NATURE else 0


@dataclass(frozen=True, eq=False)
class Ways:
    """Ways of a box: points once each, and for each way its points in order.

    `start` has one entry more than there are ways; points `point[start[i]:start[i + 1]]` are those of way i. Stretches beyond the
    box are not there: a way that leaves it and comes back is two.
    """

    lat: Floats
    lon: Floats
    point: Integers
    start: Integers
    kind: NDArray[np.int8]
    vehicle: Booleans
    is_ramp: Booleans
    one_way: NDArray[np.int8]
    is_roundabout: Booleans
    passes: Mapping[int, str]
    n_unlocated: int
    exits: tuple[Exit, ...]

    def __len__(self) -> int:
        return int(self.kind.size)


class Exit(NamedTuple):
    """Where a way leaves the box."""

    lat: float
    lon: float
    kind: int


@dataclass
class Gatherer:
    """Ways as they come in, kept as flat arrays of numbers: one identifier and one position for each point of a way."""

    west: int
    south: int
    east: int
    north: int
    refs: array[int] = field(default_factory=lambda: array("q"))
    xs: array[int] = field(default_factory=lambda: array("i"))
    ys: array[int] = field(default_factory=lambda: array("i"))
    starts: array[int] = field(default_factory=lambda: array("q", [0]))
    kinds: array[int] = field(default_factory=lambda: array("b"))
    flags: array[int] = field(default_factory=lambda: array("b"))
    one_ways: array[int] = field(default_factory=lambda: array("b"))
    passes: dict[int, str] = field(default_factory=dict)
    exits: list[Exit] = field(default_factory=list)
    n_unlocated: int = 0

    @classmethod
    def of(cls, west: float, south: float, east: float, north: float) -> Gatherer:
        """Return an empty one for a box in degrees."""
        units = [round(edge / DEGREES_PER_UNIT) for edge in (west, south, east, north)]
        return cls(units[0], units[1], units[2], units[3])

    def add(self, said: Meaning, refs: Sequence[int], xs: Sequence[int], ys: Sequence[int]) -> None:
        """Take the stretches of a way that lie in the box."""
        inside = [self.west <= x <= self.east and self.south <= y <= self.north for x, y in zip(xs, ys, strict=True)]
        if not any(inside):
            return
        n, first = len(refs), 0
        while first < n:
            if not inside[first]:
                first += 1
                continue
            last = first
            while last + 1 < n and inside[last + 1]:
                last += 1
            self._take(said, refs[first : last + 1], xs[first : last + 1], ys[first : last + 1])
            ends = ([first] if first > 0 else []) + ([last] if last + 1 < n else [])
            self.exits += [Exit(ys[i] * DEGREES_PER_UNIT, xs[i] * DEGREES_PER_UNIT, said.kind) for i in ends]
            first = last + 1

    def _take(self, said: Meaning, refs: Sequence[int], xs: Sequence[int], ys: Sequence[int]) -> None:
        if len(refs) < 2:
            return
        self.refs.extend(refs)
        self.xs.extend(xs)
        self.ys.extend(ys)
        self.starts.append(len(self.refs))
        self.kinds.append(said.kind)
        self.flags.append(said.vehicle | said.is_ramp << 1 | said.is_roundabout << 2)
        self.one_ways.append(said.one_way)

    def ways(self) -> Ways:
        """Return what was gathered, each point once."""
        refs = np.array(self.refs, dtype=np.int64)
        unique, first, point = np.unique(refs, return_index=True, return_inverse=True)
        x, y = np.array(self.xs, dtype=np.int64), np.array(self.ys, dtype=np.int64)
        flags = np.array(self.flags, dtype=np.int8)
        index = {int(ref): i for i, ref in enumerate(unique) if int(ref) in self.passes} if self.passes else {}
        return Ways(
            lat=_degrees(y[first]),
            lon=_degrees(x[first]),
            point=point.astype(np.int64).ravel(),
            start=np.array(self.starts, dtype=np.int64),
            kind=np.array(self.kinds, dtype=np.int8),
            vehicle=(flags & 1) > 0,
            is_ramp=(flags & 2) > 0,
            one_way=np.array(self.one_ways, dtype=np.int8),
            is_roundabout=(flags & 4) > 0,
            passes={index[ref]: name for ref, name in self.passes.items() if ref in index},
            n_unlocated=self.n_unlocated,
            exits=tuple(self.exits),
        )


def _degrees(units: Integers) -> Floats:
    # divided, so that a position reads as the decimal number that was meant
    degrees: Floats = np.asarray(units / UNITS_PER_DEGREE, dtype=np.float64)
    return degrees
