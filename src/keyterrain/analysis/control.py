"""Who holds what: probabilities of control, dates of capture, towns held by area."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from keyterrain.analysis.bands import ValueCounts
from keyterrain.analysis.estimate import Estimate, probability
from keyterrain.campaign.record import CONTESTED

if TYPE_CHECKING:
    import xarray as xr

    from keyterrain.analysis.chunks import Chunk

CONTESTED_LABEL = "contested"
THEATRE = "theatre"
"""Label of the whole theatre where figures are given by area."""


@dataclass(frozen=True, slots=True)
class Captures:
    """When each side takes what it did not hold on the first evening.

    Attributes
    ----------
    p_by
        Probability (day, side, place) that the side has held the place on some evening up to that day, among the replicates
        in which it did not hold it at the start; what is lost again counts as having been taken.
    n_at_start
        Replicates (side, place) in which the side did not hold the place at the start.
    day
        Day of capture (side, place, level) in 5, 50 and 95 per cent of those replicates; nan where it does not come that far.
    """

    p_by: Estimate
    n_at_start: xr.DataArray
    day: xr.DataArray


CAPTURE_LEVELS = (0.05, 0.5, 0.95)


class ControlTally:
    """Counts replicates by holder of each place on each day; a holder is a side or `contested`."""

    def __init__(self, days: Sequence[int], places: Sequence[str], sides: Sequence[str]) -> None:
        self._labels = {"day": list(days), "holder": [*sides, CONTESTED_LABEL], "place": list(places)}
        self._codes = [*range(len(sides)), CONTESTED]
        self._count = np.zeros((len(days), len(self._codes), len(places)), np.int64)
        self._n = 0

    def add(self, chunk: Chunk) -> None:
        """Count the replicates of a chunk."""
        control = chunk["control"]
        self._n += len(control)
        for row, code in enumerate(self._codes):
            self._count[:, row] += (control == code).sum(axis=0)

    def result(self) -> Estimate:
        """Return the probability (day, holder, place) of each holder."""
        import xarray as xr

        return probability(xr.DataArray(self._count, dims=tuple(self._labels), coords=self._labels), self._n)


class CaptureTally:
    """Counts replicates by the first day on which a side holds a place that it did not hold at the start."""

    def __init__(self, days: Sequence[int], places: Sequence[str], sides: Sequence[str]) -> None:
        self._labels: dict[str, Sequence[object]] = {"day": list(days), "side": list(sides), "place": list(places)}
        self._count = np.zeros((len(days), len(sides), len(places)), np.int64)
        self._n_at_start = np.zeros((len(sides), len(places)), np.int64)

    def add(self, chunk: Chunk) -> None:
        """Count the replicates of a chunk."""
        for side in range(len(self._labels["side"])):
            held = chunk["control"] == side
            not_yet = ~held[:, 0]
            first_day = held.argmax(axis=1)
            taken = not_yet & held.any(axis=1)
            self._n_at_start[side] += not_yet.sum(axis=0)
            places = np.nonzero(taken)[1]
            np.add.at(self._count[:, side], (first_day[taken], places), 1)

    def result(self) -> Captures:
        """Return probabilities and dates of capture."""
        import xarray as xr

        n_at_start = xr.DataArray(
            self._n_at_start, dims=("side", "place"), coords={name: self._labels[name] for name in ("side", "place")}
        )
        taken_by = xr.DataArray(self._count.cumsum(axis=0), dims=tuple(self._labels), coords=self._labels)
        return Captures(probability(taken_by, n_at_start), n_at_start, self._capture_day(taken_by, n_at_start))

    def _capture_day(self, taken_by: xr.DataArray, n_at_start: xr.DataArray) -> xr.DataArray:
        """Return the first day by which the share of replicates given by each level has seen the capture."""
        import xarray as xr

        levels = xr.DataArray(list(CAPTURE_LEVELS), dims="level", coords={"level": list(CAPTURE_LEVELS)})
        reached = (taken_by >= levels * n_at_start - 1e-9) & (n_at_start > 0)
        day = taken_by["day"].isel(day=reached.argmax("day"))
        return day.drop_vars("day").where(reached.any("day")).transpose("side", "place", "level")


class HoldingTally:
    """Counts towns held by each holder in each area; a town counts in every area that it belongs to."""

    def __init__(
        self, days: Sequence[int], sides: Sequence[str], membership: npt.NDArray[np.bool_], areas: Sequence[str]
    ) -> None:
        self._codes = [*range(len(sides)), CONTESTED]
        self._member = membership.astype(np.float32)
        self.n_towns = dict(zip(areas, (int(n) for n in membership.sum(axis=1)), strict=True))
        self._counts = ValueCounts({"day": list(days), "area": list(areas), "holder": [*sides, CONTESTED_LABEL]})

    def add(self, chunk: Chunk) -> None:
        """Count the replicates of a chunk."""
        by_place = np.swapaxes(chunk["control"], 1, 2)
        held = [self._member @ (by_place == code).astype(np.float32, order="C") for code in self._codes]
        self._counts.add(np.rint(np.stack(held, axis=-1)).astype(np.int64).swapaxes(1, 2))

    def result(self) -> xr.DataArray:
        """Return bands (day, area, holder, level) of the number of towns."""
        return self._counts.quantiles()
