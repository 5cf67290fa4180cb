"""Ground that may decide: places, named areas, and random connected areas to hold an area against."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from keyterrain.analysis.measures import Measurement
from keyterrain.campaign.errors import RunRefused
from keyterrain.campaign.resampling import uniforms
from keyterrain.theatre.faults import nearest
from keyterrain.theatre.outcomes import WHOLE_THEATRE

if TYPE_CHECKING:
    from keyterrain.theatre.nouns import Situation

GroundKind = Literal["place", "area", "random"]


@dataclass(frozen=True, slots=True)
class Ground:
    """A place, a named area, or an area at random, with the places that it consists of."""

    key: str
    name: str
    kind: GroundKind
    places: tuple[str, ...]


def grounds_of(situation: Situation, only: Sequence[str] = ()) -> tuple[Ground, ...]:
    """Return every place, and every named area that has places, or those asked for.

    Parameters
    ----------
    only
        Keys, or `area:KEY` and `place:KEY` where a key is both; a key without colon that is both means both.

    Raises
    ------
    RunRefused
        Ground that is not there, with the nearest that is; all faults at once.
    """
    areas = [
        Ground(key, name, "area", tuple(place.key for place in situation.places if key in place.areas))
        for key, name in sorted(situation.areas.items())
    ]
    places = [Ground(place.key, place.name, "place", (place.key,)) for place in situation.places]
    every = [*(area for area in areas if area.places), *places]
    if not only:
        return tuple(every)
    faults, chosen = [], set()
    for text in only:
        kind, _, key = text.rpartition(":")
        found = [ground for ground in every if ground.key == key and kind in ("", ground.kind)]
        chosen.update(found)
        if not found:
            close = nearest(key, [ground.key for ground in every])
            faults.append(f"There is no area or place {text} that can be held{f'; did you mean {close}?' if close else '.'}")
    if faults:
        raise RunRefused(" ".join(faults))
    return tuple(ground for ground in every if ground in chosen)


def random_areas(situation: Situation, size: int, n: int, seed: int) -> tuple[Ground, ...]:
    """Return connected areas of so many places, each grown from a place at random by neighbours at random.

    Areas that come out the same are kept once, so that there may be fewer than `n`; where no connected part of the theatre is
    large enough there are none. The draws hang on seed, size and number of the area alone.
    """
    beside = _neighbours(situation)
    keys = sorted(beside)
    found: dict[tuple[str, ...], None] = {}
    draws = uniforms(seed, "areas", n, size, first_row=size * _MOST_AREAS)
    for row in draws:
        area = [keys[int(row[0] * len(keys))]]
        for u in row[1:]:
            edge = sorted({other for place in area for other in beside[place]} - set(area))
            if not edge:
                break
            area.append(edge[int(u * len(edge))])
        if len(area) == size:
            found[tuple(sorted(area))] = None
    return tuple(Ground(f"random-{size}-{i}", f"Random area {i}", "random", places) for i, places in enumerate(found))


_MOST_AREAS = 1 << 16
"""Rows of the stream that each size of area has."""


def _neighbours(situation: Situation) -> dict[str, set[str]]:
    beside: dict[str, set[str]] = {place.key: set() for place in situation.places}
    for route in situation.routes:
        beside[route.start].add(route.end)
        beside[route.end].add(route.start)
    return beside


def outside(asked: Measurement, ground: Ground, situation: Situation) -> Measurement:
    """Return a measurement taken outside ground; places that it does not count anyway are not named, so that equals are equal."""
    if not asked.noun.is_of_ground:
        return asked
    return Measurement(asked.measure, asked.arguments, frozenset(ground.places) & _counted(asked, situation))


def why_left_out(asked: Measurement, ground: Ground, situation: Situation) -> str:
    """Return why a measurement says nothing about what happens elsewhere than on this ground, or nothing where it does.

    Whoever holds a stop of a corridor closes it there to the enemy: its days would be the reward of holding it.
    """
    arguments, held = dict(asked.arguments), set(ground.places)
    if any(corridor.key == arguments.get("corridor") and held & set(corridor.places) for corridor in situation.corridors):
        return "the corridor can lead through this ground"
    if asked.noun.is_of_ground:
        return "nothing of it lies outside this ground" if _counted(asked, situation) <= held else ""
    return "it is about this ground" if held & {arguments.get("place"), arguments.get("host")} else ""


def measured_at(asked: Measurement, situation: Situation) -> frozenset[str]:
    """Return the places that a measurement is about: those it counts, the stops of its corridor, and where it asks for one.

    Ground without any of them is wholly elsewhere: `outside` leaves the measurement as it is, and `why_left_out` has nothing to
    say.
    """
    arguments = dict(asked.arguments)
    stops = {stop for corridor in situation.corridors if corridor.key == arguments.get("corridor") for stop in corridor.places}
    named = {place.key for place in situation.places if place.key in (arguments.get("place"), arguments.get("host"))}
    return _counted(asked, situation) | stops | named


def _counted(asked: Measurement, situation: Situation) -> frozenset[str]:
    """Return the places that a measurement of ground counts."""
    counted: set[str] = set()
    for name, value in asked.arguments:
        if name == "area":
            counted |= {place.key for place in situation.places if value == WHOLE_THEATRE or value in place.areas}
        elif name == "place":
            counted.add(str(value))
        elif name == "places" and isinstance(value, tuple):
            counted |= set(value)
    return frozenset(counted)
