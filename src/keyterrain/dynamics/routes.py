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
from keyterrain.dynamics.state import HIGHEST_SNOW_CM, ROADS_CHANGED, Draw, State, World

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
def snow_on_route_cm(w: World, d: Draw, s: State, route: int) -> float:
    """Snow that a vehicle meets on a route's highest point."""
    zone, band = w.route_zone[route], w.route_band[route]
    if w.route_kind[route] <= PRIMARY:
        fresh = s.fresh_mm[0, zone, band] + s.fresh_mm[1, zone, band]
        return float(min(s.snow_cm[zone, band], 0.1 * fresh / d.par.weather_fresh_snow_density))
    return float(s.snow_cm[zone, band])


@kernel
def drive_share(w: World, d: Draw, s: State, route: int) -> float:
    """Share of the dry vehicle speed that snow leaves, 0 where no vehicle passes."""
    left = 1.0 - snow_on_route_cm(w, d, s, route) / stopping_snow_cm(d, w.route_kind[route])
    return left if left >= LEAST_VEHICLE_SHARE else 0.0


@kernel
def walk_share(w: World, d: Draw, s: State, route: int) -> float:
    """Share of the dry walking speed that snow leaves."""
    depth = s.snow_cm[w.route_zone[route], w.route_band[route]]
    return float(max(d.par.routes_foot_floor, 1.0 - depth / d.par.routes_foot_snow_cm))


@kernel
def routes(day: int, w: World, d: Draw, luck: Luck, s: State) -> None:
    """Bring every route's hours up to date; a route that opens or closes to vehicles is noted."""
    white = s.sky[HIGHEST_SNOW_CM] > 0.0
    for route in range(w.n_routes):
        was_open = s.drive_hours[route] < math.inf
        drive, walk = math.inf, math.inf
        zone, band = w.route_zone[route], w.route_band[route]
        snow = white and (s.snow_cm[zone, band] > 0.0 or s.fresh_mm[0, zone, band] > 0.0)
        if not w.shut_foot[route]:
            walk = w.walk_base_hours[route] / (walk_share(w, d, s, route) if snow else 1.0)
        if w.route_vehicle[route] and not w.shut_vehicle[route] and s.shut_days[route] == 0:
            share = drive_share(w, d, s, route) if snow else 1.0
            if share > 0.0:
                drive = w.route_km[route] / (speed_km_h(d, w.route_kind[route]) * share)
        if s.shut_days[route] > 0:
            s.shut_days[route] -= 1
        s.drive_hours[route] = drive
        s.walk_hours[route] = walk
        s.hours[route] = min(drive, walk)
        if (drive < math.inf) != was_open:
            s.way_changed[route] = 1
            s.count[ROADS_CHANGED] = 1
