"""Reading a run's arrays some replicates at a time, so that memory does not grow with their number."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from keyterrain.campaign.record import VARIABLES

if TYPE_CHECKING:
    import xarray as xr

Chunk = Mapping[str, npt.NDArray[Any]]
"""Arrays of some replicates by the name of their variable, first axis replicate."""

DAYS_OF_A_WEEK = 7

BYTES_AT_ONCE = 64 * 2**20
"""How much of the store is held at a time. Assumption: small beside the memory of any machine that can play the ensemble."""


def thinned(dataset: xr.Dataset) -> xr.Dataset:
    """Return a run's dataset with weekly figures by week, also where the run kept them every day."""
    weekly = [variable.name for variable in VARIABLES if variable.cadence == "week" and "day" in dataset[variable.name].dims]
    if not weekly:
        return dataset
    days = dataset["day"].to_numpy()
    rows = np.flatnonzero((days % DAYS_OF_A_WEEK == 0) | (days == days[-1]))
    by_week = {name: dataset[name].isel(day=rows).drop_vars(["date"], errors="ignore").rename(day="week") for name in weekly}
    return dataset.drop_vars([*weekly, "week", "week_date"], errors="ignore").assign(by_week)


def read_chunks(dataset: xr.Dataset, names: Sequence[str], *, n_at_once: int | None = None) -> Iterator[Chunk]:
    """Read the named variables for all replicates, `n_at_once` replicates at a time (default: what the store holds together)."""
    n_replicates = dataset.sizes["replicate"]
    step = n_at_once or _replicates_at_once(dataset, names)
    for first in range(0, n_replicates, step):
        part = dataset[list(names)].isel(replicate=slice(first, first + step))
        yield {name: np.asarray(part[name].to_numpy()) for name in names}


def read_columns(dataset: xr.Dataset, name: str, columns: Sequence[int]) -> Iterator[tuple[int, npt.NDArray[Any]]]:
    """Read columns of a variable (replicate, column), as many together as fit in memory; yield each with its number."""
    variable = dataset[name]
    at_once = max(BYTES_AT_ONCE // max(variable.sizes["replicate"] * variable.dtype.itemsize, 1), 1)
    for first in range(0, variable.shape[1], at_once):
        block = variable.isel({variable.dims[1]: slice(first, first + at_once)}).to_numpy()
        yield from ((column, block[:, column - first]) for column in columns if first <= column < first + at_once)


def _replicates_at_once(dataset: xr.Dataset, names: Sequence[str]) -> int:
    """Return a number of replicates that fits in memory and, where it can, ends where a chunk of the store ends."""
    bytes_each = sum(dataset[name].nbytes for name in names) / max(dataset.sizes["replicate"], 1)
    fitting = max(int(BYTES_AT_ONCE / max(bytes_each, 1.0)), 1)
    stored = dataset[names[0]].encoding.get("chunks") or (fitting,)
    whole_chunks = fitting // stored[0] * stored[0]
    return int(whole_chunks or fitting)
