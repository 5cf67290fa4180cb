"""Units of coordinates that cannot be what their reference system says."""

from __future__ import annotations

import pytest
from pyproj import CRS

from keyterrain.geo.units import mistaken_unit

UTM, DEGREES = CRS.from_epsg(32637), CRS.from_epsg(4326)
EDGES = (36.0, 33.5, 37.0, 34.5)
METRES = (222_000.0, 3_710_000.0, 315_000.0, 3_820_000.0)


@pytest.mark.parametrize(
    ("crs", "edges", "said"),
    [
        (UTM, EDGES, "are metres, but they are like degrees (36,33.5,37,34.5)"),
        (UTM, METRES, ""),
        (UTM, (-300.0, 20.0, 300.0, 60.0), ""),
        (DEGREES, METRES, "are degrees, but they are like metres"),
        (DEGREES, EDGES, ""),
        (DEGREES, (181.0, -10.0, 359.0, 10.0), ""),
    ],
)
def test_a_unit_that_cannot_be_is_named(crs: CRS, edges: tuple[float, float, float, float], said: str) -> None:
    found = mistaken_unit(crs, edges)
    assert said in found
    assert bool(found) == bool(said)
