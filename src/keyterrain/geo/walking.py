"""Time and climb on foot along a profile of the ground.

Tobler (1993), "Three presentations on geographical analysis and modeling", NCGIA Technical Report 93-1:
a walker covers 6 exp(-3.5 |slope + 0.05|) km an hour on a path, three fifths of that off it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from keyterrain.geo.distance import M_PER_KM, Floats, Integers, Points, distance_km, geodesic_points, short_line_points
from keyterrain.geo.elevation import Elevation

FASTEST_KM_H = 6.0
OFF_PATH = 0.6
SAMPLE_KM = 0.5
"""PROCESSES 0: routes are sampled every 500 m (assumption)."""


@dataclass(frozen=True, slots=True)
class Walk:
    """Hours there and back along profiles."""

    there_hours: Floats
    back_hours: Floats


@dataclass(frozen=True, slots=True)
class Climb:
    """Metres climbed there and back along profiles."""

    there_m: Floats
    back_m: Floats


def tobler_km_h(slope: ArrayLike) -> Floats:
    """Walking speed on a path; `slope` is rise over run, positive uphill."""
    return FASTEST_KM_H * np.exp(-3.5 * np.abs(np.asarray(slope, dtype=np.float64) + 0.05))


def walk(heights_m: Floats, km: Floats, *, on_path: bool) -> Walk:
    """Hours to walk along profiles of equally spaced heights.

    Parameters
    ----------
    heights_m
        Shape (profile, sample), at least two samples.
    km
        Length on the ground of each profile; a road longer than the straight line is gentler than the line is.
    on_path
        Off a path everything takes five thirds of the time.
    """
    leg_km = np.asarray(km)[..., None] / (heights_m.shape[-1] - 1)
    slope = np.divide(np.diff(heights_m) / M_PER_KM, leg_km, out=np.zeros_like(heights_m[..., 1:]), where=leg_km > 0.0)
    factor = 1.0 if on_path else OFF_PATH
    return Walk(
        (leg_km / (factor * tobler_km_h(slope))).sum(axis=-1),
        (leg_km / (factor * tobler_km_h(-slope))).sum(axis=-1),
    )


def climb(heights_m: Floats) -> Climb:
    """Sum of all rises along profiles, in both directions."""
    rise = np.diff(heights_m)
    return Climb(np.maximum(rise, 0.0).sum(axis=-1), np.maximum(-rise, 0.0).sum(axis=-1))


def n_segments(km: Floats) -> Integers:
    """Into how many equal parts, of at most 500 m, lines are cut."""
    # a millionth forgives rounding, so that a line of exactly 5 km has ten parts
    return np.maximum(1, np.ceil(km / SAMPLE_KM - 1e-6)).astype(np.int64)


def straight_points(start: Points, end: Points) -> list[Points]:
    """Points at most 500 m apart along each geodesic, ends included."""
    parts = n_segments(distance_km(start, end))
    return [
        geodesic_points(start[i : i + 1], end[i : i + 1], int(n)).flat() for i, n in zip(range(len(start)), parts, strict=True)
    ]


def cross_country_hours(elevation: Elevation, start: Points, end: Points) -> Walk:
    """Hours on foot off any path along the straight line between points."""
    km = distance_km(start, end)
    parts = n_segments(km)
    there, back = np.zeros(km.shape), np.zeros(km.shape)
    for n in np.unique(parts):
        same = np.flatnonzero(parts == n)
        heights_m = without_gaps(elevation.at(short_line_points(start[same], end[same], int(n))))
        hours = walk(heights_m, km[same], on_path=False)
        there[same], back[same] = hours.there_hours, hours.back_hours
    return Walk(there, back)


def without_gaps(heights_m: Floats) -> Floats:
    """Profiles with missing heights interpolated from both sides; a profile without any height is level."""
    filled = np.array(heights_m)
    sample = np.arange(filled.shape[-1])
    for i in np.flatnonzero(np.isnan(filled).any(axis=-1)):
        known = ~np.isnan(filled[i])
        filled[i] = np.interp(sample, sample[known], filled[i][known]) if known.any() else 0.0
    return filled


def final_climb_m(heights_m: Floats, share: float) -> float:
    """Sum of the rises in the last `share` of a profile; all of it where the share is 1 or more."""
    risen_m = np.concatenate([[0.0], np.cumsum(np.maximum(np.diff(heights_m), 0.0))])
    along = np.linspace(0.0, 1.0, risen_m.size)
    return float(risen_m[-1] - np.interp(1.0 - min(1.0, share), along, risen_m))
