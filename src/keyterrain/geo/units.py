"""Coordinates whose reference system cannot be theirs: degrees that are said to be metres, or the other way round."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pyproj import CRS

Edges = tuple[float, float, float, float]
"""West, south, east, north, in whatever unit they are."""
FURTHEST_DEGREE = 360.0
DEGREES = "EPSG:4326"


def mistaken_unit(crs: CRS, edges: Edges) -> str:
    """Return what is wrong with the unit of coordinates, and what to do; nothing where it can be right.

    A file in metres that lies within 180 m by 90 m of the origin of its grid holds no theatre.
    """
    west, south, east, north = edges
    said = ",".join(f"{edge:.7g}" for edge in edges)
    if crs.is_projected and max(abs(west), abs(east)) <= 180.0 and max(abs(south), abs(north)) <= 90.0:
        return (
            f"its reference system ({crs.name}) says that its coordinates are metres, but they are like degrees ({said}): give "
            f"it the one that it has, probably {DEGREES}"
        )
    if crs.is_geographic and max(map(abs, edges)) > FURTHEST_DEGREE:
        return (
            f"its reference system ({crs.name}) says that its coordinates are degrees, but they are like metres ({said}): give "
            "it the one that it has"
        )
    return ""
