"""Where displaced people are: by host, by area, and as arrivals at the places for which the record has counts.

What is set beside the record is taken from `n_displaced`, which is kept for every day: counts from the field fall on any day, and
in the first week of a flight a line between two evenings would be far off.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from keyterrain.analysis.bands import ValueCounts

if TYPE_CHECKING:
    import xarray as xr

    from keyterrain.analysis.chunks import Chunk


DEAD = "dead"
ON_THE_WAY = "on_the_way"
"""Labels among the hosts that are no places."""


@dataclass(frozen=True, slots=True)
class Displaced:
    """Bands of displaced people.

    Attributes
    ----------
    by_host
        People (week, host, level) who are displaced and at the host, those who were there at the start included.
    fled_to
        People (week, host_area, level) of known origin who are displaced and in an area or country, beyond those on the first
        evening; below zero where more have gone home or on than came.
    net_arrivals
        People (day, host, level) at a host beyond those who were there on the first evening; for hosts that the record counts.
    fled
        People (day, level) who are displaced, wherever they are, beyond those on the first evening; the dead are not among them.
    """

    by_host: xr.DataArray
    fled_to: xr.DataArray
    net_arrivals: xr.DataArray
    fled: xr.DataArray


class DisplacedTally:
    """Counts displaced people by destination; `counted_hosts` get net arrivals by day."""

    def __init__(
        self,
        days: Sequence[int],
        weeks: Sequence[int],
        hosts: Sequence[str],
        host_areas: Sequence[str],
        counted_hosts: Sequence[str],
    ) -> None:
        self._week_days = np.searchsorted(np.asarray(days), np.asarray(weeks))
        self._counted = [list(hosts).index(host) for host in counted_hosts]
        self._alive = [row for row, host in enumerate(hosts) if host != DEAD]
        self._by_host = ValueCounts({"week": list(weeks), "host": list(hosts)})
        self._fled_to = ValueCounts({"week": list(weeks), "host_area": list(host_areas)})
        self._net_arrivals = ValueCounts({"day": list(days), "host": list(counted_hosts)})
        self._fled = ValueCounts({"day": list(days)})

    def add(self, chunk: Chunk) -> None:
        """Count the replicates of a chunk."""
        at_host = chunk["n_displaced"]
        self._by_host.add(at_host[:, self._week_days])
        counted = at_host[:, :, self._counted].astype(np.int64)
        self._net_arrivals.add(counted - counted[:, :1])
        fled_to = chunk["n_fled_to"].astype(np.int64).sum(axis=2)
        self._fled_to.add(fled_to - fled_to[:, :1])
        displaced = at_host[:, :, self._alive].sum(axis=2, dtype=np.int64)
        self._fled.add(displaced - displaced[:, :1])

    def result(self) -> Displaced:
        """Return the bands."""
        return Displaced(
            self._by_host.quantiles(), self._fled_to.quantiles(), self._net_arrivals.quantiles(), self._fled.quantiles()
        )
