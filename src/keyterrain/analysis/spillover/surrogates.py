"""Series that could have been: with the trend and the clustering of one that was, and no regard to any other.

Each works on *operational time*, the cumulated trend, in which the series has no trend left; what is done there is undone by
going back. (Theiler et al. 1992 for the idea of surrogates; waiting times and shifts after Donges et al. 2016,
arXiv:1508.03534; blocks after Politis and Romano 1992.)

    circular_shift   all events move by the same operational time, round the end: keeps clustering of any kind
    waiting_times    the waiting times between events are shuffled: keeps their distribution
    blocks           stretches of the series drawn with replacement: keeps clustering within stretches
    rate             events drawn one by one at the trend's rate: keeps the trend alone
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from keyterrain.analysis.spillover.series import DailySeries, trend

Floats = NDArray[np.float64]
Counts = NDArray[np.float32]
Null = Literal["circular_shift", "waiting_times", "blocks", "rate"]
NULLS: tuple[Null, ...] = ("circular_shift", "waiting_times", "blocks", "rate")
CLUSTERED: tuple[Null, ...] = ("circular_shift", "waiting_times", "blocks")
"""Those that keep clustering: a connection must stand out against each of them."""
DEFAULT_NULL: Null = "circular_shift"
"""The one that is drawn, and that effects are measured against."""

N_BLOCKS = 12
"""Stretches that a series is cut into (assumption: long against clusters, and enough of them to differ)."""
_ENTRIES_AT_A_TIME = 4_000_000


def surrogates(series: DailySeries, null: Null, n: int, trend_days: float, seed: int, first: int = 0) -> Counts:
    """Return counts (surrogate, day) of series that could have been.

    Parameters
    ----------
    n
        How many.
    first
        Number of the first: each has luck of its own, whatever else is drawn.
    """
    cumulated = np.concatenate([[0.0], np.cumsum(trend(series.counts, trend_days))])
    grid = np.arange(series.n_days + 1, dtype=np.float64)
    found = np.empty((n, series.n_days), dtype=np.float32)
    if series.n == 0:
        found[:] = 0.0
        return found
    clock = np.sort(np.interp(series.days + _luck(seed, null, 0, 1, series.n, "within_day")[0], grid, cumulated))
    step = max(1, _ENTRIES_AT_A_TIME // max(series.n, series.n_days))
    for start in range(0, n, step):
        rows = min(step, n - start)
        moved = _MOVES[null](clock, cumulated[-1], rows, seed, first + start)
        days = np.minimum(np.interp(moved[1], cumulated, grid).astype(np.int64), series.n_days - 1)
        cells = moved[0] * series.n_days + days
        found[start : start + rows] = np.bincount(cells, minlength=rows * series.n_days).reshape(rows, series.n_days)
    return found


Moved = tuple[NDArray[np.int64], Floats]


def _luck(seed: int, null: Null, first: int, n: int, n_columns: int, purpose: Literal["surrogates", "within_day"]) -> Floats:
    """Return uniforms (row, column); each null has columns of its own."""
    from keyterrain.campaign.resampling import uniforms

    return uniforms(seed, purpose, n, n_columns, first_row=first + NULLS.index(null) * _ROWS_APART)


_ROWS_APART = 1 << 28
"""Rows between the luck of one null and that of the next."""


def _circular_shift(clock: Floats, end: float, n: int, seed: int, first: int) -> Moved:
    shift = _luck(seed, "circular_shift", first, n, 1, "surrogates") * end
    return np.repeat(np.arange(n), len(clock)), ((clock + shift) % end).ravel()


def _waiting_times(clock: Floats, end: float, n: int, seed: int, first: int) -> Moved:
    waits = np.diff(clock, append=clock[0] + end)
    luck = _luck(seed, "waiting_times", first, n, len(clock) + 1, "surrogates")
    shuffled = waits[np.argsort(luck[:, 1:], axis=1)]
    times = luck[:, :1] * end + np.cumsum(shuffled, axis=1)
    return np.repeat(np.arange(n), len(clock)), (times % end).ravel()


def _blocks(clock: Floats, end: float, n: int, seed: int, first: int) -> Moved:
    length = end / N_BLOCKS
    starts = _luck(seed, "blocks", first, n, N_BLOCKS, "surrogates") * end
    rows, times = [], []
    for block in range(N_BLOCKS):
        since = (clock - starts[:, block : block + 1]) % end
        row, event = np.nonzero(since < length)
        rows.append(row)
        times.append(block * length + since[row, event])
    return np.concatenate(rows), np.concatenate(times)


def _rate(clock: Floats, end: float, n: int, seed: int, first: int) -> Moved:
    luck = _luck(seed, "rate", first, n, len(clock), "surrogates")
    return np.repeat(np.arange(n), len(clock)), (luck * end).ravel()


_MOVES: dict[Null, Callable[[Floats, float, int, int, int], Moved]] = {
    "circular_shift": _circular_shift,
    "waiting_times": _waiting_times,
    "blocks": _blocks,
    "rate": _rate,
}
