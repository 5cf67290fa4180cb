"""Samples: every replicate's own figures in one long table of unit, time, draw and outcome.

The layout in which the VIEWS community exchanges forecasts that are samples (arXiv:2407.11045): one row for each unit, step of
time and draw. Steps are the weeks of the store, and a draw is a replicate.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from keyterrain.analysis.chunks import read_chunks, thinned
from keyterrain.analysis.people import DEAD
from keyterrain.campaign.record import LOSS_KINDS

if TYPE_CHECKING:
    from keyterrain.analysis.chunks import Chunk
    from keyterrain.campaign.ensemble import Run

Counts = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Sampled:
    """A quantity that can be sampled: the variable of the store, its units of analysis, and what its figures mean."""

    variable: str
    unit: str
    says: str


SAMPLED = {
    "displaced": Sampled("n_displaced", "host", "displaced people at the host on the evening"),
    "incidents": Sampled("new_incidents", "area", "raids, ambushes and bombs in the area since the step before"),
    "fighters-killed": Sampled("cum_loss", "actor", "fighters of the actor killed since the step before"),
}
"""What can be sampled, by name."""


@dataclass(frozen=True, slots=True)
class Samples:
    """Some replicates' figures: `outcome` (draw, time, unit) with the labels of its axes."""

    units: tuple[str, ...]
    times: tuple[date, ...]
    draws: tuple[int, ...]
    outcome: Counts


def samples(run: Run, name: str, *, n_at_once: int | None = None) -> Iterator[Samples]:
    """Return the figures of a run some replicates at a time, in the order of the replicates.

    Parameters
    ----------
    name
        One of `SAMPLED`.
    n_at_once
        Replicates read together; by default what fits in about 64 MB.

    Raises
    ------
    ValueError
        No such quantity.
    """
    if name not in SAMPLED:
        raise ValueError(f"{name!r} cannot be sampled: {', '.join(SAMPLED)} can")
    sampled = SAMPLED[name]
    dataset = thinned(run.dataset)
    weeks: list[int] = dataset["week"].to_numpy().tolist()
    times = tuple(run.manifest.plan.start + timedelta(days=int(week)) for week in weeks)
    steps = np.searchsorted(dataset["day"].to_numpy(), weeks)
    units: list[str] = [str(unit) for unit in dataset[sampled.unit].to_numpy()]
    kept = [row for row, unit in enumerate(units) if unit != DEAD]
    first = 0
    for chunk in read_chunks(dataset, (sampled.variable,), n_at_once=n_at_once):
        outcome = _by_step(chunk, name, steps)[:, :, kept]
        numbers = dataset["replicate"].to_numpy()[first : first + len(outcome)]
        first += len(outcome)
        yield Samples(tuple(units[row] for row in kept), times, tuple(int(number) for number in numbers), outcome)


def _by_step(chunk: Chunk, name: str, steps: Sequence[int] | npt.NDArray[np.int64]) -> Counts:
    """Return figures (replicate, step, unit); what counts events counts those since the step before."""
    match name:
        case "displaced":
            return chunk["n_displaced"][:, steps].astype(np.int64)
        case "incidents":
            so_far = np.cumsum(chunk["new_incidents"], axis=1, dtype=np.int64)[:, steps]
        case _:
            so_far = chunk["cum_loss"][:, :, :, LOSS_KINDS.index("dead")].astype(np.int64)[:, steps]
    return np.diff(so_far, axis=1, prepend=np.zeros_like(so_far[:, :1]))
