"""A theatre in which nothing can move or change hands, so that no decision matters: `write_small_scenario(folder, **STILL)`."""

from __future__ import annotations

from typing import Any

from scenarios import Rows


def without_movement(actors: dict[str, Any]) -> dict[str, Any]:
    return {key: {**actor, "mobility": "0"} for key, actor in actors.items()}


def without_mobile_force(rows: Rows) -> Rows:
    return [row for row in rows if row["kind"] != "mobile"]


STILL = {
    "forces": without_mobile_force,
    "reinforcements": [],
    "actors": without_movement,
    "policies": {side: {"hold": "1.0", "source": "assumption"} for side in ("government", "opposition")},
    "outcomes": {
        key: {"says": "So", "measure": "area_held_share", "area": area, "side": "government"}
        for key, area in (("south-held", "south"), ("hills-held", "hills"))
    },
}
