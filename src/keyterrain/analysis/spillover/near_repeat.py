"""Near repeats (Knox 1964; Townsley et al. 2003): whether events close in space are close in time more often than chance.

Dates are dealt out anew among the places; what is compared is the number of pairs in each band of distance and days.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from keyterrain.geo.distance import Points, distance_km

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

KM_BANDS = (1.0, 5.0, 10.0, 25.0, 50.0)
DAY_BANDS = (1, 3, 7, 14, 28)
MOST_EVENTS = 3000
"""Events above which only the first are looked at: pairs grow with the square."""


@dataclass(frozen=True, eq=False)
class NearRepeat:
    """Pairs by band.

    Attributes
    ----------
    km, days
        Upper ends of the bands.
    ratio
        Observed over expected pairs (km band, days band), nan where none are expected.
    p
        Chance of as many (km band, days band).
    p_any
        Chance of so large an excess in any band.
    n, n_left_out
        Events with coordinates that were looked at, and those beyond the most that are.
    """

    km: tuple[float, ...]
    days: tuple[int, ...]
    observed: Ints
    ratio: Floats
    p: Floats
    p_any: float
    n: int
    n_left_out: int


def near_repeats(
    days: Ints,
    lat: Floats,
    lon: Floats,
    *,
    km_bands: tuple[float, ...] = KM_BANDS,
    day_bands: tuple[int, ...] = DAY_BANDS,
    n_permuted: int = 999,
    seed: int = 0,
) -> NearRepeat | None:
    """Test events with coordinates for near repeats; None where fewer than three have any."""
    from keyterrain.campaign.resampling import uniforms

    known = np.flatnonzero(np.isfinite(lat) & np.isfinite(lon))
    used = known[:MOST_EVENTS]
    if len(used) < 3:
        return None
    first, second, band = _close_pairs(lat[used], lon[used], km_bands)
    when = days[used]
    luck = uniforms(seed, "dates", n_permuted, len(used))
    counted = np.stack(
        [_by_band(when[order], first, second, band, km_bands, day_bands) for order in [np.arange(len(used)), *np.argsort(luck)]]
    )
    observed, null = counted[0], counted[1:]
    expected, spread = null.mean(axis=0), np.maximum(null.std(axis=0), 1e-9)
    largest = ((observed - expected) / spread).max()
    p_any = (1 + np.count_nonzero(((null - expected) / spread).max(axis=(1, 2)) >= largest - 1e-9)) / (1 + n_permuted)
    with np.errstate(invalid="ignore", divide="ignore"):
        ratio = np.where(expected > 0, observed / expected, np.nan)
    p = (1 + (null >= observed).sum(axis=0)) / (1 + n_permuted)
    return NearRepeat(km_bands, day_bands, observed, ratio, p, float(p_any), len(used), len(known) - len(used))


def _close_pairs(lat: Floats, lon: Floats, km_bands: tuple[float, ...]) -> tuple[Ints, Ints, Ints]:
    """Return pairs within the widest band, and the band of each."""
    firsts, seconds, bands = [], [], []
    for i in range(len(lat) - 1):
        rest = slice(i + 1, None)
        n = len(lat) - i - 1
        km = distance_km(Points.of([lat[i]] * n, [lon[i]] * n), Points.of(lat[rest].tolist(), lon[rest].tolist()))
        near = np.flatnonzero(km <= km_bands[-1])
        firsts.append(np.full(len(near), i))
        seconds.append(near + i + 1)
        bands.append(np.searchsorted(km_bands, km[near], side="left"))
    return tuple(np.concatenate(each).astype(np.int64) for each in (firsts, seconds, bands))  # type: ignore[return-value]


def _by_band(when: Ints, first: Ints, second: Ints, band: Ints, km_bands: tuple[float, ...], day_bands: tuple[int, ...]) -> Ints:
    gap = np.abs(when[first] - when[second])
    days = np.searchsorted(day_bands, gap, side="left")
    kept = days < len(day_bands)
    cells = band[kept] * len(day_bands) + days[kept]
    return np.bincount(cells, minlength=len(km_bands) * len(day_bands)).reshape(len(km_bands), len(day_bands)).astype(np.int64)
