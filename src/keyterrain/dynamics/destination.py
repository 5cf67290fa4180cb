"""Choice of destination: how much places pull on people who flee, and how a group divides among them.

    weight = size (s + way)^-a exp(-way/L) (1 + people/c)^p room        room = 1 up to a share of the capacity, falling to 0 at it

A way is measured in mean ways, from those who may flee to the places that they know of, so that no unit matters. People are the
displaced who are there already, who draw others, and c a share of all of them. Size, and whatever else draws or repels, is a
factor of the kernel that asks: the campaign's (`displacement`) knows populations, kin, danger and holders, that of Flee's folders
(`refugee_flows`) maps alone. s and c are fitted on the latter, and both have all four from one table.

Who goes where is systematic sampling (Madow and Madow 1944, doi:10.1214/aoms/1177731312).
"""

from __future__ import annotations

import math

from keyterrain.dynamics.kernel import inlined


@inlined
def nearness(way: float, softening: float, power: float, reach: float) -> float:
    """What a way leaves of a pull; a reach of 0 is none."""
    near: float = (softening + way) ** (-power) if power != 0.0 else 1.0
    return near * math.exp(-way / reach) if reach > 0.0 else near


@inlined
def log_nearness(way: float, softening: float, power: float) -> float:
    """Log of `nearness` without a reach."""
    return -power * math.log(softening + way)


@inlined
def crowd(people: float, seed: float, power: float) -> float:
    """How much more a place pulls for the people who are there already."""
    return float((1.0 + people / seed) ** power)


@inlined
def log_crowd(people: float, seed: float, power: float) -> float:
    """Log of `crowd`."""
    return power * math.log1p(people / seed)


@inlined
def room(capacity: float, people: int, buffer: float) -> float:
    """Share of its pull that a place keeps as it fills up; a capacity below 1 is none."""
    if capacity < 1.0 or people <= buffer * capacity:
        return 1.0
    if people >= capacity:
        return 0.0
    return 1.0 - (people - buffer * capacity) / (capacity * (1.0 - buffer))


@inlined
def sampled_up_to(n: int, expected: float, u: float) -> int:
    """How many of n people a systematic sample has given out when it has passed those of whom so many are expected."""
    return min(n, int(expected + u))
