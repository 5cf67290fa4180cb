"""Who sees what: lines of sight over a curved earth through air that bends light.

A ray leaves the straight line downwards; on a sphere with refraction coefficient k a target at distance d appears lower
by (1 - k) d^2 / (2 R). k = 0.13 is Gauss's value for daytime rays well above the ground, as discussed by Hirt et al.
(2010), doi:10.1029/2010JD014067; R is the mean radius of GRS 80, Moritz (2000), doi:10.1007/s001900050278.
"""

from __future__ import annotations

from math import ceil

import numpy as np

from keyterrain.geo.distance import M_PER_KM, Booleans, Floats, Pairs, Points, distance_km, pairs_within, short_line_points
from keyterrain.geo.elevation import Elevation

REFRACTION = 0.13
EARTH_RADIUS_M = 6_371_008.8
EYE_M = 2.0
"""Height of an observer's eye above the ground (assumption)."""
TARGET_M = 2.0
"""Height of what is looked for above the ground: a man, a vehicle (assumption)."""
SIGHT_KM = 5.0
"""PROCESSES 0: how far a road is observed (assumption)."""
LINES_AT_ONCE = 20_000


def apparent_drop_m(km: Floats) -> Floats:
    """How much lower a point at this distance appears for curvature less refraction."""
    return (1.0 - REFRACTION) * (km * M_PER_KM) ** 2 / (2.0 * EARTH_RADIUS_M)


def n_steps(elevation: Elevation, reach_km: float) -> int:
    """Steps into which lines of up to this length are cut: two to a cell, the same for all lines."""
    return max(2, ceil(2.0 * reach_km / elevation.cell.finest_km))


def sees(elevation: Elevation, viewers: Points, targets: Points, reach_km: float) -> Booleans:
    """Whether each viewer sees its target over the ground between them.

    Parameters
    ----------
    elevation
        Heights of the ground.
    viewers, targets
        Positions in pairs, not farther apart than `reach_km`. Eyes are 2 m above the ground, targets too.
    reach_km
        Length of the longest line; sets how finely all lines are sampled.

    Notes
    -----
    Ground without data hides nothing; a viewer or target on such ground sees nothing and is not seen.
    """
    parts = [
        _sees(elevation, viewers[part], targets[part], n_steps(elevation, reach_km))
        for part in (slice(i, i + LINES_AT_ONCE) for i in range(0, len(viewers), LINES_AT_ONCE))
    ]
    return np.concatenate(parts) if parts else np.zeros(0, dtype=np.bool_)


def _sees(elevation: Elevation, viewers: Points, targets: Points, steps: int) -> Booleans:
    ground_m = elevation.at(short_line_points(viewers, targets, steps))
    km = distance_km(viewers, targets)[:, None] * np.linspace(0.0, 1.0, steps + 1)
    eye_m = ground_m[:, 0] + EYE_M
    apparent_m = ground_m - apparent_drop_m(km) - eye_m[:, None]
    # slopes are compared without dividing by the distance, which is 0 where viewer and target coincide
    line_m = (apparent_m[:, -1:] + TARGET_M) * np.linspace(0.0, 1.0, steps + 1)
    hidden = (apparent_m[:, 1:-1] > line_m[:, 1:-1]).any(axis=1)
    return np.isfinite(line_m[:, -1]) & ~hidden


def sightings(elevation: Elevation, viewers: Points, targets: Points, reach_km: float = SIGHT_KM) -> Pairs:
    """All pairs of a viewer and a target within reach that it sees, sorted by (viewer, target)."""
    near = pairs_within(viewers, targets, reach_km)
    return near.only(sees(elevation, viewers[near.first], targets[near.second], reach_km))
