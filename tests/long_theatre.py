"""A planted theatre in which what happens in one part hardly touches the others: a long ring in sectors, each with an outcome.

changes = long_theatre()
folder = write_small_scenario(tmp_path / "long", **changes)
"""

from __future__ import annotations

from typing import Any

from ring_theatre import SIDES, ring_theatre

N_PLACES, N_SECTORS = 16, 8
OF_SECTOR = N_PLACES // N_SECTORS


def long_theatre() -> dict[str, Any]:
    """Return changes that make the small scenario a long ring."""
    changes = ring_theatre(0, n=N_PLACES, steps=(1,))
    for i, row in enumerate(changes["places"]):
        row["areas"] = f"sector-{i // OF_SECTOR}"
    sectors = [f"sector-{k}" for k in range(N_SECTORS)]
    return {
        **changes,
        "days": "60",
        "areas": {sector: {"name": sector.title(), "source": "map"} for sector in sectors},
        "outcomes": {
            f"{sector}-{side}": {"says": f"What {side} holds", "measure": "area_held_share", "area": sector, "side": side}
            for sector in sectors
            for side in SIDES
        },
    }
