"""A box of latitudes and longitudes: what part of the earth is meant, and whether it was written the right way round."""

from __future__ import annotations

from dataclasses import dataclass
from math import cos, isfinite, radians

from keyterrain.geo.distance import Booleans, Floats, Points

KM_PER_DEGREE = 111.2
"""Length of a degree of latitude, near enough for margins."""
LARGEST_SIDE_DEG = 20.0
"""A theatre is a region; a longer side is a slip of the pen (assumption)."""
SMALLEST_SIDE_DEG = 0.01
"""About 1 km: a shorter side holds no theatre (assumption)."""


class BoxError(ValueError):
    """A box that cannot be meant, with the reason in a sentence."""


@dataclass(frozen=True, slots=True)
class Box:
    """Edges in WGS 84 degrees, west below east and south below north."""

    west: float
    south: float
    east: float
    north: float

    @classmethod
    def read(cls, text: str) -> Box:
        """Read a box written as `W,S,E,N`.

        Raises
        ------
        BoxError
            Not four numbers, edges that lie nowhere, or in another order.
        """
        try:
            edges = tuple(float(part) for part in text.split(","))
        except ValueError:
            raise BoxError(f"the box {text!r} is not four numbers: write W,S,E,N in degrees") from None
        if len(edges) != 4 or not all(isfinite(edge) for edge in edges):
            raise BoxError(f"the box {text!r} is not four numbers: write W,S,E,N in degrees")
        return cls.of(*edges)

    @classmethod
    def of(cls, west: float, south: float, east: float, north: float) -> Box:
        """Return the box with these edges.

        Raises
        ------
        BoxError
            Edges that lie nowhere, or in another order.
        """
        box = cls(west, south, east, north)
        if fault := box._fault():
            raise BoxError(fault)
        return box

    def _fault(self) -> str | None:
        if max(abs(self.south), abs(self.north)) > 90.0 or max(abs(self.west), abs(self.east)) > 180.0:
            swapped = Box(self.south, self.west, self.north, self.east)
            known = max(abs(self.west), abs(self.east)) <= 90.0 and max(abs(self.south), abs(self.north)) <= 180.0
            hint = f"; with latitude and longitude swapped it would be {swapped}" if known else ""
            return f"the box {self} reaches beyond the earth: write W,S,E,N in degrees{hint}"
        if self.west >= self.east or self.south >= self.north:
            (west, east), (south, north) = sorted((self.west, self.east)), sorted((self.south, self.north))
            return f"the box {self} has its edges in another order than W,S,E,N: is {Box(west, south, east, north)} meant?"
        sides = (self.east - self.west, self.north - self.south)
        if max(sides) > LARGEST_SIDE_DEG:
            return f"the box {self} is {sides[0]:g} by {sides[1]:g} degrees; a theatre has no side of over {LARGEST_SIDE_DEG:g}"
        if min(sides) < SMALLEST_SIDE_DEG:
            return f"the box {self} is {sides[0]:g} by {sides[1]:g} degrees; no theatre is that small"
        return None

    def __str__(self) -> str:
        return ",".join(f"{edge:g}" for edge in (self.west, self.south, self.east, self.north))

    @property
    def turned(self) -> Box:
        """The same numbers with latitudes taken for longitudes."""
        return Box(self.south, self.west, self.north, self.east)

    @property
    def lat(self) -> float:
        """Latitude of the middle."""
        return (self.south + self.north) / 2.0

    def holds(self, lat: Floats, lon: Floats) -> Booleans:
        """Whether positions lie in the box, its edges included."""
        inside: Booleans = (lat >= self.south) & (lat <= self.north) & (lon >= self.west) & (lon <= self.east)
        return inside

    def wider(self, km: float) -> Box:
        """Return the box with a margin."""
        up = km / KM_PER_DEGREE
        aside = up / max(cos(radians(max(abs(self.south), abs(self.north)))), 0.01)
        return Box(self.west - aside, self.south - up, self.east + aside, self.north + up)

    def lattice(self, n: int) -> Points:
        """Positions on a lattice of n by n over the box, its corners included."""
        import numpy as np

        lat, lon = np.meshgrid(np.linspace(self.south, self.north, n), np.linspace(self.west, self.east, n), indexing="ij")
        return Points.of(lat.ravel(), lon.ravel())
