"""A mirrored theatre of two equal sides: two halves of six places each, the same on both sides of the middle.

changes = mirrored_theatre(Half("alpha", "aa", -1), Half("omega", "zz", 1), "irregular")
folder = write_small_scenario(tmp_path / "mirrored", **changes)
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

MIDDLE_LON = 36.5
CELL_DEG, N_CELLS, WEST, NORTH = 0.005, 200, 36.0, 34.4


class Ground(NamedTuple):
    """A place of one half: degrees of longitude from the middle, inhabitants, and its garrison."""

    key: str
    lat: float
    off_lon: float
    population: str
    kind: str
    garrison: str


HALF = (
    Ground("base", 33.90, 0.40, "200000", "city", "3000..5000"),
    Ground("camp", 34.10, 0.35, "", "base", "800..1500"),
    Ground("town", 33.95, 0.22, "20000", "town", "600..1200"),
    Ground("mill", 33.75, 0.18, "6000", "village", "200..500"),
    Ground("ridge", 34.05, 0.10, "3000", "village", "300..700"),
    Ground("ford", 33.85, 0.08, "8000", "town", "300..700"),
)
ROADS = (
    ("base", "camp", "24", "primary"),
    ("base", "town", "18", "motorway"),
    ("base", "mill", "28", "paved"),
    ("camp", "town", "24", "paved"),
    ("town", "ridge", "17", "mountain"),
    ("town", "ford", "18", "motorway"),
    ("mill", "ford", "15", "paved"),
    ("ridge", "ford", "25", "track"),
)
ACROSS = (("ridge", "19", "mountain"), ("ford", "15", "motorway"))
CORRIDOR = ("base", "town", "mill", "ford")
POLICY = {"broad": "0.5", "piecemeal": "0.3", "raid": "0.2", "wait_for_spring": "0.2", "source": "assumption"}
AIMS = {"corridor": "1.0", "people": "0.5", "cut": "0.5", "self": "0.5", "source": "assumption"}
KNOWN = {"source": "report", "grade": "C3", "known_on": "2013-01-01"}


class Half(NamedTuple):
    """Who holds one half of the theatre, what its places are called and on which side of the middle it lies."""

    side: str
    prefix: str
    sign: int

    def places(self) -> list[dict[str, str]]:
        """Places, all surely where they are said to be."""
        common = {"error_km": "0", "country": "XX", "areas": f"{self.prefix}-land", "source": "map", "known_on": "2013-01-01"}
        return [
            {
                "place": f"{self.prefix}-{ground.key}",
                "name": f"{self.prefix} {ground.key}",
                "lat": str(ground.lat),
                "lon": f"{MIDDLE_LON + self.sign * ground.off_lon:.4f}",
                "population": ground.population,
                "kind": ground.kind,
                **common,
            }
            for ground in HALF
        ]

    def roads(self) -> list[dict[str, str]]:
        """Roads within the half."""
        return [road(f"{self.prefix}-{a}", f"{self.prefix}-{b}", km, kind) for a, b, km, kind in ROADS]

    def forces(self) -> list[dict[str, str]]:
        """Garrisons."""
        common = {"actor": f"{self.side}-army", "kind": "garrison", "region": "theatre", **KNOWN}
        return [{**common, "place": f"{self.prefix}-{ground.key}", "strength": ground.garrison} for ground in HALF]

    def control(self) -> list[dict[str, str]]:
        """Who holds the half."""
        return [
            {"date": "2013-01-01", "place": f"{self.prefix}-{ground.key}", "holder": self.side, "precision_days": "0", **KNOWN}
            for ground in HALF
        ]

    def supply(self) -> list[dict[str, str]]:
        """Where supply comes in."""
        return [{"side": self.side, "place": f"{self.prefix}-base", "capacity": "30000", **KNOWN}]

    def corridor(self) -> dict[str, Any]:
        """The side's way to the middle."""
        places = [f"{self.prefix}-{key}" for key in CORRIDOR]
        return {"name": "To the ford", "side": self.side, "from": places[0], "to": places[-1], "places": places, "source": "map"}


def road(a: str, b: str, km: str, kind: str) -> dict[str, str]:
    return {"from": a, "to": b, "km": km, "kind": kind, "modes": "vehicle;foot", "source": "map", "known_on": "2013-01-01"}


def mirrored_terrain(path: Path) -> None:
    """A plain with a round hill, the same on both sides of the middle."""
    import rasterio

    row, column = np.mgrid[0:N_CELLS, 0:N_CELLS]
    off_lon = (np.minimum(column, N_CELLS - 1 - column) + 0.5) * CELL_DEG + WEST - MIDDLE_LON
    off_lat = NORTH - (row + 0.5) * CELL_DEG - 34.05
    heights = np.round(700 + 600 * np.exp(-((off_lon / 0.12) ** 2) - (off_lat / 0.08) ** 2)).astype(np.int16)
    transform = rasterio.Affine(CELL_DEG, 0, WEST, 0, -CELL_DEG, NORTH)
    shape = {"height": N_CELLS, "width": N_CELLS, "count": 1, "dtype": "int16"}
    with rasterio.open(path, "w", driver="GTiff", crs="EPSG:4326", transform=transform, nodata=-32768, **shape) as raster:
        raster.write(heights, 1)


def mirrored_theatre(west: Half, east: Half, kind: str) -> dict[str, Any]:
    """Changes that make the small scenario a mirrored one."""
    halves = (west, east)
    actor = {"name": "Army", "kind": kind, "mobility": "0.5", "air_support": "true", "quality": "0"}
    return {
        "places": [row for half in halves for row in half.places()],
        "routes": [row for half in halves for row in half.roads()]
        + [road(f"{west.prefix}-{key}", f"{east.prefix}-{key}", km, kind) for key, km, kind in ACROSS],
        "forces": [row for half in halves for row in half.forces()],
        "supply": [row for half in halves for row in half.supply()],
        "control": [row for half in halves for row in half.control()],
        **{table: [] for table in ("reinforcements", "stocks", "people")},
        **{table: [] for table in ("closures", "displacement", "incidents", "observed_corridors")},
        "starts": ["2013-11-22"],
        "sides": {
            **{half.side: {"name": "A side", "posture": "active"} for half in halves},
            "none": {"name": "None", "posture": "passive"},
        },
        "relations": [[west.side, east.side, "hostile"], *([half.side, "none", "neutral"] for half in halves)],
        "actors": {f"{half.side}-army": {**actor, "side": half.side, "source": "report", "grade": "C3"} for half in halves},
        "policies": {half.side: dict(POLICY) for half in halves},
        "aims": {half.side: dict(AIMS) for half in halves},
        "areas": {f"{half.prefix}-land": {"name": "Land", "source": "map"} for half in halves},
        "corridors": {f"{half.side}-road": half.corridor() for half in halves},
        **{nouns: {} for nouns in ("abroad", "uncertain_places", "outcomes")},
        "climate_settings": {"reference_height_m": "1300", "crest_areas": []},
        "terrain": mirrored_terrain,
    }
