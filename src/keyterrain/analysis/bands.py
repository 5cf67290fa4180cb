"""Quantiles over replicates in memory that does not grow with their number.

Values are counted in bins that are single whole numbers up to 128 and grow by one per cent of their value above, so that
counts of places are exact and counts of people are right to one per cent. Counting is order-free: how the replicates were cut
into chunks leaves no trace. The bins are those of DDSketch (Masson, Rim and Lee 2019, doi:10.14778/3352063.3352135).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    import xarray as xr

LEVELS = (0.05, 0.25, 0.5, 0.75, 0.95)
"""Quantiles that make up a band: its outer edges, its inner edges and its middle."""

EXACT_BELOW = 128
GROWTH = 1.01


def _bin_of(values: npt.NDArray[np.integer]) -> npt.NDArray[np.int64]:
    """Return the signed bin number of each whole number."""
    size = np.abs(values.astype(np.int64))
    bins = size.copy()
    large = size >= EXACT_BELOW
    bins[large] = EXACT_BELOW + np.floor(np.log(size[large] / EXACT_BELOW) / np.log(GROWTH)).astype(np.int64)
    return np.where(values < 0, -bins, bins)


def _value_of(bins: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    """Return the value that stands for each bin: itself, or the middle of its range."""
    size = np.abs(bins)
    above = np.maximum(size - EXACT_BELOW, 0)
    middle = np.rint(EXACT_BELOW * GROWTH**above * (1.0 + GROWTH) / 2.0)
    return np.sign(bins) * np.where(size < EXACT_BELOW, size.astype(np.float64), middle)


class ValueCounts:
    """Counts of whole-number values per cell, fed chunk by chunk; cells are labelled by dims other than the replicate."""

    def __init__(self, coordinates: dict[str, Sequence[object]]) -> None:
        self._coordinates = coordinates
        self._shape = tuple(len(labels) for labels in coordinates.values())
        self._n_cells = int(np.prod(self._shape, dtype=np.int64))
        self._lowest = 0
        self._counts = np.zeros((self._n_cells, 1), np.uint32)

    def add(self, values: npt.NDArray[np.integer]) -> None:
        """Count whole numbers of shape (replicate, *cells)."""
        if values.shape[1:] != self._shape:
            raise ValueError(f"values have cells {values.shape[1:]}, counted are {self._shape}")
        if not values.size:
            return
        bins = _bin_of(values.reshape(len(values), self._n_cells))
        self._widen(int(bins.min()), int(bins.max()))
        width = self._counts.shape[1]
        flat = bins - self._lowest + np.arange(self._n_cells, dtype=np.int64) * width
        np.add.at(self._counts.reshape(-1), flat.reshape(-1), np.uint32(1))

    def _widen(self, lowest: int, highest: int) -> None:
        """Make room for bins from `lowest` to `highest`."""
        below = max(self._lowest - lowest, 0)
        above = max(highest - (self._lowest + self._counts.shape[1] - 1), 0)
        if below or above:
            self._counts = np.pad(self._counts, ((0, 0), (below, above)))
            self._lowest -= below

    def quantiles(self, levels: Sequence[float] = LEVELS) -> xr.DataArray:
        """Return, per cell and level, the smallest counted value that at least that share of replicates does not exceed."""
        import xarray as xr

        cumulative = self._counts.cumsum(axis=1, dtype=np.int64)
        needed = np.ceil(np.asarray(levels)[:, None] * cumulative[:, -1] - 1e-9)
        index = np.stack([(cumulative < level[:, None]).sum(axis=1) for level in np.maximum(needed, 1)], axis=1)
        values = _value_of(index + self._lowest).reshape(*self._shape, len(levels))
        return xr.DataArray(
            values, dims=(*self._coordinates, "level"), coords={**_plain(self._coordinates), "level": list(levels)}
        )


def _plain(coordinates: dict[str, Sequence[object]]) -> dict[str, list[object]]:
    """Return labels as lists, which is what xarray takes for any kind of label."""
    return {name: list(labels) for name, labels in coordinates.items()}
