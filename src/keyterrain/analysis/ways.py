"""Which ways are open: routes, snow upon them, and corridors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from keyterrain.analysis.bands import ValueCounts
from keyterrain.analysis.estimate import Estimate, probability
from keyterrain.analysis.tally import MeanTally, ShareTally

if TYPE_CHECKING:
    import xarray as xr

    from keyterrain.analysis.chunks import Chunk

SNOW_LIES_CM = 5
"""A route counts as under snow from this depth at its highest point. Assumption: what a car without chains no longer ignores."""


@dataclass(frozen=True, slots=True)
class Corridors:
    """State of each corridor, day by day and over the whole campaign.

    Attributes
    ----------
    p_open
        Probability (day, corridor) that some way through it is not closed to its side.
    share_open
        Mean share (corridor) of days on which it is open.
    days_closed
        Quantiles (corridor, level) over replicates of the number of days on which it is closed.
    secure_percent, delivery_percent
        Bands (day, corridor, level) of the chance that a passage meets no attack, and of the share of a load that arrives.
    """

    p_open: Estimate
    share_open: Estimate
    days_closed: xr.DataArray
    secure_percent: xr.DataArray
    delivery_percent: xr.DataArray


@dataclass(frozen=True, slots=True)
class Routes:
    """State of each route, week by week.

    Attributes
    ----------
    p_open
        Mean part of the day (week, mode, route) on which it can be used, whoever holds it.
    threat
        Mean threat (week, side, route) to the side's traffic, 0 to 1.
    p_snow
        Probability (week, route) that snow lies at its highest point.
    """

    p_open: Estimate
    threat: Estimate
    p_snow: Estimate


class SnowTally:
    """Counts replicates in which snow lies at the highest point of each route."""

    def __init__(
        self, weeks: Sequence[int], routes: Sequence[str], zone: npt.NDArray[np.int64], band: npt.NDArray[np.int64]
    ) -> None:
        self._labels = {"week": list(weeks), "route": list(routes)}
        self._zone, self._band = zone, band
        self._count = np.zeros((len(weeks), len(routes)), np.int64)
        self._n = 0

    def add(self, chunk: Chunk) -> None:
        """Count the replicates of a chunk."""
        depth = chunk["snow_depth"]
        lies = (depth >= SNOW_LIES_CM).sum(axis=0)
        self._count += lies[:, self._zone, self._band]
        self._n += len(depth)

    def result(self) -> Estimate:
        """Return the probability (week, route) of lying snow."""
        import xarray as xr

        return probability(xr.DataArray(self._count, dims=tuple(self._labels), coords=self._labels), self._n)


class CorridorTally:
    """Counts open days, and values of security and delivery, of each corridor."""

    def __init__(self, days: Sequence[int], corridors: Sequence[str]) -> None:
        by_day: dict[str, Sequence[object]] = {"day": list(days), "corridor": list(corridors)}
        self._open = ShareTally("corridor_open", by_day)
        self._open_days = MeanTally("open_days", {"corridor": corridors}, scale=1.0 / max(len(days) - 1, 1))
        self._closed_days = ValueCounts({"corridor": list(corridors)})
        self._secure, self._delivery = ValueCounts(by_day), ValueCounts(by_day)

    def add(self, chunk: Chunk) -> None:
        """Count the replicates of a chunk; the first evening is no day of the campaign and is left out of the days closed."""
        played = chunk["corridor_open"][:, 1:]
        open_days = played.astype(np.int64).sum(axis=1)
        self._open.add(chunk)
        self._open_days.add({"open_days": open_days})
        self._closed_days.add(played.shape[1] - open_days)
        self._secure.add(chunk["corridor_secure"])
        self._delivery.add(chunk["corridor_delivery"])

    def result(self) -> Corridors:
        """Return all that is known of the corridors."""
        return Corridors(
            p_open=self._open.result(),
            share_open=self._open_days.result(),
            days_closed=self._closed_days.quantiles(),
            secure_percent=self._secure.quantiles(),
            delivery_percent=self._delivery.quantiles(),
        )
