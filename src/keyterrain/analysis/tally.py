"""Running sums over replicates: means of amounts and shares of yes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from keyterrain.analysis.estimate import Estimate, mean, probability

if TYPE_CHECKING:
    import xarray as xr

    from keyterrain.analysis.chunks import Chunk

Labels = Mapping[str, Sequence[object]]


def labelled(values: npt.NDArray[np.generic], labels: Labels) -> xr.DataArray:
    """Give an array its dims and labels."""
    import xarray as xr

    return xr.DataArray(values, dims=tuple(labels), coords={name: list(names) for name, names in labels.items()})


class MeanTally:
    """Sums and sums of squares of one variable over replicates, in `scale` of the stored unit."""

    def __init__(self, name: str, labels: Labels, *, scale: float = 1.0) -> None:
        self._name, self._labels, self._scale = name, labels, scale
        shape = tuple(len(values) for values in labels.values())
        self._total, self._squares, self._n = np.zeros(shape), np.zeros(shape), 0

    def add(self, chunk: Chunk) -> None:
        """Add the replicates of a chunk; whole numbers are summed exactly, whatever their order."""
        values = chunk[self._name].astype(np.float64)
        self._total += values.sum(axis=0)
        self._squares += (values * values).sum(axis=0)
        self._n += len(values)

    def result(self) -> Estimate:
        """Return the mean with its standard error."""
        return mean(
            labelled(self._total * self._scale, self._labels), labelled(self._squares * self._scale**2, self._labels), self._n
        )


class ShareTally:
    """Number of replicates in which one variable is not zero."""

    def __init__(self, name: str, labels: Labels) -> None:
        self._name, self._labels, self._n = name, labels, 0
        self._count = np.zeros(tuple(len(values) for values in labels.values()), np.int64)

    def add(self, chunk: Chunk) -> None:
        """Count the replicates of a chunk."""
        self._count += (chunk[self._name] != 0).sum(axis=0)
        self._n += len(chunk[self._name])

    def result(self) -> Estimate:
        """Return the probability with its standard error."""
        return probability(labelled(self._count, self._labels), self._n)
