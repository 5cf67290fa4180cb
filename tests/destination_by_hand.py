"""The functions of the law of destinations, compiled and kept like the kernels themselves.

Compiled code that is kept on disk finds its module again by name, so these stand outside the test modules.
"""

from __future__ import annotations

from keyterrain.dynamics.destination import crowd, log_crowd, log_nearness, nearness, room, sampled_up_to
from keyterrain.dynamics.kernel import kernel


@kernel
def near_of(way: float, softening: float, power: float, reach: float) -> tuple[float, float]:
    """What a way leaves of a pull, and the log without a reach."""
    return nearness(way, softening, power, reach), log_nearness(way, softening, power)


@kernel
def crowd_of(people: float, seed: float, power: float) -> tuple[float, float]:
    """How much more a place pulls for those who are there, and its log."""
    return crowd(people, seed, power), log_crowd(people, seed, power)


@kernel
def room_of(capacity: float, people: int, buffer: float) -> float:
    """Share of its pull that a place keeps."""
    return room(capacity, people, buffer)


@kernel
def sampled_of(n: int, expected: float, u: float) -> int:
    """People given out when so many are expected."""
    return sampled_up_to(n, expected, u)
