"""What the fighting costs: losses by actor and side, places cut off, operations, incidents."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from keyterrain.analysis.bands import ValueCounts
from keyterrain.campaign.record import LOSS_KINDS

if TYPE_CHECKING:
    import xarray as xr

    from keyterrain.analysis.chunks import Chunk

ALL_KINDS = "all"


@dataclass(frozen=True, slots=True)
class Losses:
    """Losses since the start: bands (day, actor, loss_kind, level) and (day, side, loss_kind, level); kind `all` is their sum."""

    by_actor: xr.DataArray
    by_side: xr.DataArray


class LossTally:
    """Counts cumulative losses by actor and by side."""

    def __init__(self, days: Sequence[int], side_of_actor: Mapping[str, str], sides: Sequence[str]) -> None:
        kinds = [*LOSS_KINDS, ALL_KINDS]
        actors = list(side_of_actor)
        self._member = np.array([[side_of_actor[actor] == side for side in sides] for actor in actors]).reshape(-1, len(sides))
        self._by_actor = ValueCounts({"day": list(days), "actor": actors, "loss_kind": kinds})
        self._by_side = ValueCounts({"day": list(days), "side": list(sides), "loss_kind": kinds})

    def add(self, chunk: Chunk) -> None:
        """Count the replicates of a chunk."""
        by_kind = chunk["cum_loss"].astype(np.int64)
        lost = np.concatenate([by_kind, by_kind.sum(axis=-1, keepdims=True)], axis=-1)
        self._by_actor.add(lost)
        self._by_side.add(np.einsum("rdak,as->rdsk", lost, self._member.astype(np.int64)))

    def result(self) -> Losses:
        """Return the bands."""
        return Losses(self._by_actor.quantiles(), self._by_side.quantiles())


class SumTally:
    """Counts the sum of one variable over its last dim."""

    def __init__(self, name: str, labels: Mapping[str, Sequence[object]]) -> None:
        self._name = name
        self._counts = ValueCounts(dict(labels))

    def add(self, chunk: Chunk) -> None:
        """Count the replicates of a chunk."""
        self._counts.add(chunk[self._name].astype(np.int64).sum(axis=-1))

    def result(self) -> xr.DataArray:
        """Return the bands."""
        return self._counts.quantiles()


class BandTally:
    """Counts the values of one variable as they are stored."""

    def __init__(self, name: str, labels: Mapping[str, Sequence[object]]) -> None:
        self._name = name
        self._counts = ValueCounts(dict(labels))

    def add(self, chunk: Chunk) -> None:
        """Count the replicates of a chunk."""
        self._counts.add(chunk[self._name])

    def result(self) -> xr.DataArray:
        """Return the bands."""
        return self._counts.quantiles()
