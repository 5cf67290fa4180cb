"""A planted theatre: two halves that one bridge alone joins, and a hub with the most roads that does not matter.

changes = bridge_theatre(case=3)
folder = write_small_scenario(tmp_path / "bridge", **changes)

Alpha holds the west, with two sources of supply, and a pocket in the east that is fed over the bridge alone; omega holds the
far east. Either half hangs together without any one of its places, so that no place but the bridge cuts the pocket off.
Positions, lengths and kinds of roads, garrisons, inhabitants and who holds the bridge at first hang on the case.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from mirrored_theatre import AIMS, KNOWN, POLICY, WEST, road

N_CELLS, CELL_DEG, NORTH = 200, 0.005, 34.4
BRIDGE, HUB = "bridge", "west-hub"
WEST_PLACES = ("west-depot", "west-port", HUB, "west-mill", "west-gate")
POCKET = ("east-fort", "east-market", "east-mine")
FAR_EAST = ("far-camp", "far-town")
AT = {
    "west-depot": (34.15, 36.10),
    "west-port": (33.65, 36.10),
    HUB: (33.90, 36.20),
    "west-mill": (34.10, 36.35),
    "west-gate": (33.70, 36.35),
    BRIDGE: (33.90, 36.48),
    "east-fort": (34.05, 36.60),
    "east-market": (33.75, 36.60),
    "east-mine": (33.90, 36.68),
    "far-camp": (34.10, 36.85),
    "far-town": (33.70, 36.85),
}
ROADS = (
    *((HUB, other) for other in WEST_PLACES if other != HUB),
    ("west-depot", "west-mill"),
    ("west-port", "west-gate"),
    ("west-depot", "west-port"),
    ("west-mill", BRIDGE),
    ("west-gate", BRIDGE),
    (BRIDGE, "east-fort"),
    (BRIDGE, "east-market"),
    ("east-fort", "east-mine"),
    ("east-market", "east-mine"),
    ("east-fort", "east-market"),
    ("east-fort", "far-camp"),
    ("east-market", "far-town"),
    ("far-camp", "far-town"),
)
OUTCOMES = {
    "pocket-cut-off": {
        "says": "The pocket is cut off",
        "measure": "side_cut_off",
        "area": "pocket",
        "side": "alpha",
        "days": "7",
    },
    "pocket-held": {"says": "The pocket is held", "measure": "area_held_share", "area": "pocket", "side": "alpha"},
    "west-held": {"says": "The west is held", "measure": "area_held_share", "area": "west", "side": "alpha"},
    "far-held": {"says": "The far east is held", "measure": "area_held_share", "area": "far-east", "side": "omega"},
}


def bridge_theatre(case: int, *more_roads: tuple[str, str]) -> dict[str, Any]:
    """Return changes that make the small scenario a planted one, or one with further roads."""
    luck = np.random.default_rng([2013, case])
    at = {key: (lat + luck.uniform(-0.03, 0.03), lon + luck.uniform(-0.03, 0.03)) for key, (lat, lon) in AT.items()}
    holder = dict.fromkeys((*WEST_PLACES, *POCKET), "alpha") | dict.fromkeys(FAR_EAST, "omega")
    holder[BRIDGE] = ("alpha", "omega")[int(luck.integers(2))]
    area = dict.fromkeys(WEST_PLACES, "west") | dict.fromkeys(POCKET, "pocket") | dict.fromkeys(FAR_EAST, "far-east")
    common = {"error_km": "0", "country": "XX", "source": "map", "known_on": "2013-01-01"}
    places = [
        {
            "place": key,
            "name": key,
            "lat": f"{lat:.4f}",
            "lon": f"{lon:.4f}",
            "population": str(int(luck.integers(2_000, 40_000))),
            "kind": "town",
            "areas": area.get(key, ""),
            **common,
        }
        for key, (lat, lon) in at.items()
    ]
    kinds = ("primary", "paved", "motorway")
    roads = [
        road(a, b, km(at[a], at[b], float(luck.uniform(1.1, 1.5))), kinds[int(luck.integers(3))])
        for a, b in (*ROADS, *more_roads)
    ]
    forces = [
        {"actor": f"{side}-army", "kind": "garrison", "region": "theatre", "place": key, "strength": _garrison(luck), **KNOWN}
        for key, side in holder.items()
    ]
    control = [
        {"date": "2013-01-01", "place": key, "holder": side, "precision_days": "0", **KNOWN} for key, side in holder.items()
    ]
    sources = (("alpha", "west-depot"), ("alpha", "west-port"), ("omega", "far-camp"), ("omega", "far-town"))
    actor = {"name": "Army", "kind": "irregular", "mobility": "0.5", "air_support": "false", "quality": "0"}
    return {
        "places": places,
        "routes": roads,
        "forces": forces,
        "supply": [{"side": side, "place": place, "capacity": "20000", **KNOWN} for side, place in sources],
        "control": control,
        **{table: [] for table in ("reinforcements", "stocks", "people")},
        **{table: [] for table in ("closures", "displacement", "incidents", "observed_corridors")},
        "starts": ["2013-11-22"],
        "days": "40",
        "sides": {
            **{side: {"name": side.title(), "posture": "active"} for side in ("alpha", "omega")},
            "none": {"name": "None", "posture": "passive"},
        },
        "relations": [["alpha", "omega", "hostile"], ["alpha", "none", "neutral"], ["omega", "none", "neutral"]],
        "actors": {f"{side}-army": {**actor, "side": side, "source": "report", "grade": "C3"} for side in ("alpha", "omega")},
        "policies": {side: dict(POLICY) for side in ("alpha", "omega")},
        "aims": {side: dict(AIMS) for side in ("alpha", "omega")},
        "areas": {key: {"name": key.title(), "source": "map"} for key in ("west", "pocket", "far-east")},
        "outcomes": OUTCOMES,
        **{nouns: {} for nouns in ("abroad", "uncertain_places", "corridors")},
        "climate_settings": {"reference_height_m": "1300", "crest_areas": []},
        "terrain": plain,
    }


def _garrison(luck: np.random.Generator) -> str:
    low = int(luck.integers(200, 800))
    return f"{low}..{low * 2}"


def km(a: tuple[float, float], b: tuple[float, float], detour: float) -> str:
    """Return the length of a road in km, so many times as long as a straight line."""
    return f"{111.0 * float(np.hypot(a[0] - b[0], (a[1] - b[1]) * 0.83)) * detour:.1f}"


def plain(path: Path) -> None:
    """Write a plain without relief."""
    import rasterio

    heights = np.full((N_CELLS, N_CELLS), 700, dtype=np.int16)
    transform = rasterio.Affine(CELL_DEG, 0, WEST, 0, -CELL_DEG, NORTH)
    shape = {"height": N_CELLS, "width": N_CELLS, "count": 1, "dtype": "int16"}
    with rasterio.open(path, "w", driver="GTiff", crs="EPSG:4326", transform=transform, nodata=-32768, **shape) as raster:
        raster.write(heights, 1)
