"""Routes: who can pass today, and how long it takes by vehicle and on foot.

    vehicle  km / (v kind x factor) / (1 - depth / d_kind),  closed where that falls below a tenth
    foot     base hours / max(floor, 1 - depth / d_foot)

Depth is that at the route's highest point; motorways and primary roads are ploughed and see only the snow of the last two
days. What stops a lorry does not stop a man, a mule or a family.
"""

from __future__ import annotations

import math

from keyterrain.dynamics.kernel import kernel
from keyterrain.dynamics.luck import Luck
from keyterrain.dynamics.state import N_BANDS, ROADS_CHANGED, Draw, State, World

MOTORWAY = 0
PRIMARY = 1
PAVED = 2
MOUNTAIN = 3
TRACK = 4

LEAST_VEHICLE_SHARE = 0.1
"""Share of the dry speed below which no vehicle passes (assumption)."""


@kernel
def speed_km_h(d: Draw, kind: int) -> float:
    """Vehicle speed on a dry road of a kind."""
    par = d.par
    speed = par.routes_track_speed
    if kind == MOTORWAY:
        speed = par.routes_motorway_speed
    elif kind == PRIMARY:
        speed = par.routes_primary_speed
    elif kind == PAVED:
        speed = par.routes_paved_speed
    elif kind == MOUNTAIN:
        speed = par.routes_mountain_speed
    return float(speed * par.routes_speed_factor)


@kernel
def stopping_snow_cm(d: Draw, kind: int) -> float:
    """Snow that stops vehicles on a road of a kind."""
    par = d.par
    depth = par.routes_track_snow_cm
    if kind == MOTORWAY:
        depth = par.routes_motorway_snow_cm
    elif kind == PRIMARY:
        depth = par.routes_primary_snow_cm
    elif kind == PAVED:
        depth = par.routes_paved_snow_cm
    elif kind == MOUNTAIN:
        depth = par.routes_mountain_snow_cm
    return float(depth * par.routes_snow_tolerance)


@kernel
def dry_roads(w: World, d: Draw, s: State) -> None:
    """Hours over each route without snow or attacks, and the snow that each kind bears, fixed for a replicate."""
    for kind in range(s.stopping_cm.shape[0]):
        s.stopping_cm[kind] = stopping_snow_cm(d, kind)
    for route in range(w.n_routes):
        drives = w.route_vehicle[route] and not w.shut_vehicle[route]
        s.dry_drive_hours[route] = w.route_km[route] / speed_km_h(d, w.route_kind[route]) if drives else math.inf
        s.dry_walk_hours[route] = math.inf if w.shut_foot[route] else w.walk_base_hours[route]


@kernel
def snow_here_cm(w: World, s: State, route: int) -> float:
    """Depth of snow on a route's highest point."""
    ground = w.route_ground[route]
    return float(s.snow_cm[ground // N_BANDS, ground % N_BANDS])


@kernel
def snow_on_route_cm(w: World, d: Draw, s: State, route: int) -> float:
    """Snow that a vehicle meets on a route's highest point."""
    depth = snow_here_cm(w, s, route)
    if w.route_kind[route] <= PRIMARY:
        zone, band = w.route_ground[route] // N_BANDS, w.route_ground[route] % N_BANDS
        fresh = s.fresh_mm[0, zone, band] + s.fresh_mm[1, zone, band]
        return float(min(depth, 0.1 * fresh / d.par.weather_fresh_snow_density))
    return depth


@kernel
def mark_white_ground(s: State) -> None:
    """Say on which ground there is any snow."""
    for ground in range(s.white.shape[0]):
        zone, band = ground // N_BANDS, ground % N_BANDS
        s.white[ground] = 1 if s.snow_cm[zone, band] > 0.0 or s.fresh_mm[0, zone, band] > 0.0 else 0


@kernel
def drive_share(w: World, d: Draw, s: State, route: int) -> float:
    """Share of the dry vehicle speed that snow leaves, 0 where no vehicle passes."""
    left = 1.0 - snow_on_route_cm(w, d, s, route) / s.stopping_cm[w.route_kind[route]]
    return left if left >= LEAST_VEHICLE_SHARE else 0.0


@kernel
def walk_share(w: World, d: Draw, s: State, route: int) -> float:
    """Share of the dry walking speed that snow leaves."""
    return float(max(d.par.routes_foot_floor, 1.0 - snow_here_cm(w, s, route) / d.par.routes_foot_snow_cm))


@kernel
def routes(day: int, w: World, d: Draw, luck: Luck, s: State) -> None:
    """Bring every route's hours up to date; a route that opens or closes to vehicles is noted."""
    mark_white_ground(s)
    for route in range(w.n_routes):
        drive, walk = s.dry_drive_hours[route], s.dry_walk_hours[route]
        if s.white[w.route_ground[route]]:
            walk /= walk_share(w, d, s, route)
            drive /= drive_share(w, d, s, route)
        if s.shut_days[route] > 0:
            s.shut_days[route] -= 1
            drive = math.inf
        if (drive < math.inf) != (s.drive_hours[route] < math.inf):
            s.way_changed[route] = 1
            s.count[ROADS_CHANGED] = 1
        s.drive_hours[route] = drive
        s.walk_hours[route] = walk
        s.hours[route] = min(drive, walk)
