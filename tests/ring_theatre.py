"""Symmetric theatres: rings in which every place is like every other one, so that no ground can decide more than the rest.

changes = ring_theatre(case=3)
folder = write_small_scenario(tmp_path / "ring", **changes)

Two equal sides hold every other place of a ring on a plain. Turned by two places the theatre is itself; turned by one it is
itself with the sides exchanged. Number of places, length and kind of the roads, chords across, garrisons, inhabitants, plans
and days hang on the case.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from bridge_theatre import plain
from mirrored_theatre import AIMS, KNOWN, road

MIDDLE_LAT, MIDDLE_LON = 33.9, 36.5
KM_PER_DEG = 111.2
SIDES = ("alpha", "omega")
OUTCOMES = {
    f"{side}-holds": {"says": f"What {side} holds", "measure": "area_held_share", "area": "land", "side": side} for side in SIDES
}


def ring_theatre(case: int, n: int = 0, steps: Sequence[int] = ()) -> dict[str, Any]:
    """Return changes that make the small scenario a ring; number of places and steps of its roads hang on the case by default."""
    luck = np.random.default_rng([2013, 7, case])
    n = n or int(luck.choice([6, 8, 10, 12]))
    keys = [f"place-{i:02}" for i in range(n)]
    holder = {key: SIDES[i % 2] for i, key in enumerate(keys)}
    radius_km = float(luck.uniform(10.0, 25.0))
    kind = str(luck.choice(["motorway", "primary", "paved", "track"]))
    people = int(luck.integers(2_000, 40_000))
    low = int(luck.integers(150, 600))
    forces = {"kind": "garrison", "region": "theatre", "strength": f"{low}..{3 * low}", **KNOWN}
    actor = {"name": "Army", "kind": "irregular", "mobility": "0.5", "air_support": "false", "quality": "0"}
    plans = dict(zip(("broad", "piecemeal", "raid"), (f"{p:.3f}" for p in luck.dirichlet([2, 2, 2])), strict=True))
    steps = steps or [1, *([n // 2] if luck.random() < 0.3 else []), *([2] if n > 6 and luck.random() < 0.3 else [])]
    return {
        "places": [_place(key, 2 * math.pi * i / n, radius_km, people) for i, key in enumerate(keys)],
        "routes": [
            road(keys[i], keys[(i + step) % n], f"{2.4 * radius_km * math.sin(math.pi * step / n):.1f}", kind)
            for step in steps
            for i in range(n // 2 if 2 * step == n else n)
        ],
        "forces": [{"actor": f"{side}-army", "place": key, **forces} for key, side in holder.items()],
        "supply": [{"side": side, "place": key, "capacity": "20000", **KNOWN} for key in keys for side in SIDES],
        "control": [
            {"date": "2013-01-01", "place": key, "holder": side, "precision_days": "0", **KNOWN} for key, side in holder.items()
        ],
        **{table: [] for table in ("reinforcements", "stocks", "people")},
        **{table: [] for table in ("closures", "displacement", "incidents", "observed_corridors")},
        "starts": ["2013-11-22"],
        "days": str(int(luck.integers(30, 61))),
        "sides": {
            **{side: {"name": side.title(), "posture": "active"} for side in SIDES},
            "none": {"name": "None", "posture": "passive"},
        },
        "relations": [["alpha", "omega", "hostile"], ["alpha", "none", "neutral"], ["omega", "none", "neutral"]],
        "actors": {f"{side}-army": {**actor, "side": side, "source": "report", "grade": "C3"} for side in SIDES},
        "policies": {side: {**plans, "wait_for_spring": "0", "source": "assumption"} for side in SIDES},
        "aims": {side: dict(AIMS) for side in SIDES},
        "areas": {"land": {"name": "Land", "source": "map"}},
        "outcomes": OUTCOMES,
        **{nouns: {} for nouns in ("abroad", "uncertain_places", "corridors")},
        "climate_settings": {"reference_height_m": "1300", "crest_areas": []},
        "terrain": plain,
    }


def _place(key: str, angle: float, radius_km: float, population: int) -> dict[str, str]:
    lat = MIDDLE_LAT + radius_km * math.cos(angle) / KM_PER_DEG
    lon = MIDDLE_LON + radius_km * math.sin(angle) / KM_PER_DEG / math.cos(math.radians(MIDDLE_LAT))
    return {
        "place": key,
        "name": key,
        "lat": f"{lat:.4f}",
        "lon": f"{lon:.4f}",
        "population": str(population),
        "kind": "town",
        "areas": "land",
        "error_km": "0",
        "country": "XX",
        "source": "map",
        "known_on": "2013-01-01",
    }
