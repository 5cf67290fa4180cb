"""Planted theatres about two bridges: side by side (only both together cut), one after the other (either cuts), and neither.

changes = side_by_side(case=3)
folder = write_small_scenario(tmp_path / "bridges", **changes)

As `bridge_theatre`, with two bridges in place of one; nobody attacks, so that ground is lost by decree alone.
"""

from __future__ import annotations

from typing import Any

from bridge_theatre import BRIDGE, bridge_theatre, km
from mirrored_theatre import KNOWN, road

UPPER, LOWER = "upper-bridge", "lower-bridge"
LAND = {UPPER: "upper-land", LOWER: "lower-land"}
SIDE_BY_SIDE = (("west-mill", UPPER), (UPPER, "east-fort"), ("west-gate", LOWER), (LOWER, "east-market"))
IN_A_ROW = (("west-mill", UPPER), ("west-gate", UPPER), (UPPER, LOWER), (LOWER, "east-fort"), (LOWER, "east-market"))
HOLD = {"hold": "1.0", "source": "assumption"}
DETOUR = 1.3


def side_by_side(case: int, *more_roads: tuple[str, str]) -> dict[str, Any]:
    """Return changes in which two bridges lead to the pocket from different places; omega in both cuts it off."""
    return _with_bridges(bridge_theatre(case), (*SIDE_BY_SIDE, *more_roads))


def in_a_row(case: int) -> dict[str, Any]:
    """Return changes in which the way to the pocket leads over both bridges; omega in either cuts it off."""
    return _with_bridges(bridge_theatre(case), IN_A_ROW)


def _with_bridges(changes: dict[str, Any], roads: tuple[tuple[str, str], ...]) -> dict[str, Any]:
    (old,) = (row for row in changes["places"] if row["place"] == BRIDGE)
    at = {UPPER: ("34.0100", old["lon"]), LOWER: ("33.8100", old["lon"])}
    bridges = [{**old, "place": key, "name": key, "lat": lat, "lon": lon, "areas": LAND[key]} for key, (lat, lon) in at.items()]
    places = [*(row for row in changes["places"] if row["place"] != BRIDGE), *bridges]
    where = {row["place"]: (float(row["lat"]), float(row["lon"])) for row in places}
    army = {"actor": "alpha-army", "kind": "garrison", "region": "theatre", "strength": "400", **KNOWN}
    holder = {"date": "2013-01-01", "holder": "alpha", "precision_days": "0", **KNOWN}
    return {
        **changes,
        "places": places,
        "routes": [
            *(row for row in changes["routes"] if BRIDGE not in (row["from"], row["to"])),
            *(road(a, b, km(where[a], where[b], DETOUR), "paved") for a, b in roads),
        ],
        "forces": [
            *(row for row in changes["forces"] if row["place"] != BRIDGE),
            *({**army, "place": key} for key in (UPPER, LOWER)),
        ],
        "control": [
            *(row for row in changes["control"] if row["place"] != BRIDGE),
            *({**holder, "place": key} for key in (UPPER, LOWER)),
        ],
        "policies": {side: dict(HOLD) for side in ("alpha", "omega")},
        "areas": {**changes["areas"], **{key: {"name": key.title(), "source": "map"} for key in LAND.values()}},
        "outcomes": {"pocket-cut-off": changes["outcomes"]["pocket-cut-off"]},
    }
