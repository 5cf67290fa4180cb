"""Where a route meets snow first: the height band and side of the range of its highest point."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt

from keyterrain.theatre.ground import measure_ground

if TYPE_CHECKING:
    from keyterrain.theatre.nouns import Situation


class SnowIndex(NamedTuple):
    """Position of each route on the dims `zone` and `band` of the snow's depth."""

    zone: npt.NDArray[np.int64]
    band: npt.NDArray[np.int64]


def snow_index(situation: Situation, routes: Sequence[str], zones: Sequence[str], bands: Sequence[int]) -> SnowIndex:
    """Return zone and band of the highest point of each route; `bands` are lower heights in metres, in rising order."""
    ground = measure_ground(situation)
    order = {route.key: row for row, route in enumerate(situation.routes)}
    rows = [order[key] for key in routes]
    band = np.searchsorted(np.asarray(bands), ground.route_max_elevation_m[rows], side="right") - 1
    zone = np.where(ground.route_on_crest[rows], list(zones).index("crest"), list(zones).index("lee"))
    return SnowIndex(zone.astype(np.int64), np.clip(band, 0, len(bands) - 1).astype(np.int64))
