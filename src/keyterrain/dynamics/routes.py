"""Routes: who can pass today, and how long it takes by vehicle and on foot.

    vehicle  km (1 + mean s^2 / c^2) / (v kind x factor) / (1 - depth / d_kind),  closed where the last falls below a tenth
    foot     base hours / max(floor, 1 - depth / d_foot)

s is the gradient along the route and c the critical slope at which a vehicle takes twice as long as on the level (Herzog 2014,
doi:10.11141/ia.36.5). A kind says what a road is paved with and whether it is ploughed; how steep and how high it is, elevation
says. Depth is that at the route's highest point; motorways and primary roads are ploughed and see only the snow of the last two
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
TRACK = 3

LEAST_VEHICLE_SHARE = 0.1
"""Share of the dry speed below which no vehicle passes (assumption)."""


@kernel
def speed_km_h(d: Draw, kind: int) -> float:
    """Vehicle speed on a dry, level road of a kind."""
    par = d.par
    speed = par.routes_track_speed
    if kind == MOTORWAY:
        speed = par.routes_motorway_speed
    elif kind == PRIMARY:
        speed = par.routes_primary_speed
    elif kind == PAVED:
        speed = par.routes_paved_speed
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
    return float(depth * par.routes_snow_tolerance)


@kernel
def gradients_longer(w: World, d: Draw, route: int) -> float:
    """Factor of the hours by vehicle for the gradients of a route."""
    return float(1.0 + w.route_squared_gradient[route] / d.par.routes_critical_slope**2)


@kernel
def dry_roads(w: World, d: Draw, s: State) -> None:
    """Hours over each route without snow or attacks, and the snow that each kind bears, fixed for a replicate."""
    for kind in range(s.stopping_cm.shape[0]):
        s.stopping_cm[kind] = stopping_snow_cm(d, kind)
    for route in range(w.n_routes):
        drives = w.route_vehicle[route] and not w.shut_vehicle[route]
        level_hours = w.route_km[route] / speed_km_h(d, w.route_kind[route])
        s.dry_drive_hours[route] = level_hours * gradients_longer(w, d, route) if drives else math.inf
        s.dry_walk_hours[route] = math.inf if w.shut_foot[route] else w.walk_base_hours[route]


@kernel
def snow_here_cm(w: World, s: State, route: int) -> float:
    """Depth of snow on a route's highest point."""
    ground = w.route_ground[route]
    return float(s.snow_cm[ground // N_BANDS, ground % N_BANDS])


@kernel
def snow_on_road_cm(d: Draw, s: State, kind: int, ground: int) -> float:
    """Snow that a vehicle meets on a road of a kind on some ground."""
    zone, band = ground // N_BANDS, ground % N_BANDS
    depth = s.snow_cm[zone, band]
    if kind <= PRIMARY:
        fresh = s.fresh_mm[0, zone, band] + s.fresh_mm[1, zone, band]
        return float(min(depth, 0.1 * fresh / d.par.weather_fresh_snow_density))
    return float(depth)


@kernel
def drive_share(d: Draw, s: State, kind: int, ground: int) -> float:
    """Share of the dry vehicle speed that snow leaves, 0 where no vehicle passes."""
    left = 1.0 - snow_on_road_cm(d, s, kind, ground) / s.stopping_cm[kind]
    return left if left >= LEAST_VEHICLE_SHARE else 0.0


@kernel
def walk_share(d: Draw, s: State, ground: int) -> float:
    """Share of the dry walking speed that snow leaves."""
    depth = s.snow_cm[ground // N_BANDS, ground % N_BANDS]
    return float(max(d.par.routes_foot_floor, 1.0 - depth / d.par.routes_foot_snow_cm))


@kernel
def times_longer(share: float) -> float:
    """Factor of the hours at a share of the dry speed."""
    return 1.0 / share if share > 0.0 else math.inf


@kernel
def slow_down(d: Draw, s: State) -> None:
    """By how much snow lengthens hours today, by ground and, for vehicles, by kind of road."""
    for ground in range(s.slower_walk.shape[0]):
        zone, band = ground // N_BANDS, ground % N_BANDS
        white = s.snow_cm[zone, band] > 0.0 or s.fresh_mm[0, zone, band] > 0.0
        s.slower_walk[ground] = times_longer(walk_share(d, s, ground)) if white else 1.0
        for kind in range(s.slower_drive.shape[0]):
            s.slower_drive[kind, ground] = times_longer(drive_share(d, s, kind, ground)) if white else 1.0


@kernel
def routes(day: int, w: World, d: Draw, luck: Luck, s: State) -> None:
    """Bring every route's hours up to date; a route that opens or closes to vehicles is noted."""
    slow_down(d, s)
    changed = 0
    for route in range(w.n_routes):
        ground = w.route_ground[route]
        walk = s.dry_walk_hours[route] * s.slower_walk[ground]
        shut = s.shut_days[route] > 0
        drive = math.inf if shut else s.dry_drive_hours[route] * s.slower_drive[w.route_kind[route], ground]
        s.shut_days[route] -= 1 if shut else 0
        turned = 1 if (drive < math.inf) != (s.drive_hours[route] < math.inf) else 0
        s.way_changed[route] |= turned
        changed |= turned
        s.drive_hours[route] = drive
        s.walk_hours[route] = walk
        s.hours[route] = min(drive, walk)
    if changed:
        s.count[ROADS_CHANGED] = 1
