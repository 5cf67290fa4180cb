"""One row per place: who held it, when it may be taken, and what happened."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from math import isnan
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from keyterrain.analysis.control import CONTESTED_LABEL
from keyterrain.analysis.estimate import Scalar
from keyterrain.analysis.headline import hostile_sides
from keyterrain.analysis.observed import ObservedHolder

if TYPE_CHECKING:
    import xarray as xr

    from keyterrain.analysis.estimate import Estimate
    from keyterrain.analysis.outlook import Outlook
    from keyterrain.theatre.nouns import Place

HORIZON_STEP_DAYS = 30
N_HORIZONS = 5


@dataclass(frozen=True, slots=True)
class PlaceRow:
    """A place that an enemy of its first holder may take.

    Attributes
    ----------
    p_by
        Probability that `taker` has held it on some evening within each of `horizons` days.
    p_held_at_end
        Probability that `taker` holds it on the last evening.
    earliest, median, latest
        Dates by which 5, 50 and 95 per cent of the replicates have seen it taken; None where it does not come that far.
    """

    place: str
    name: str
    kind: str
    start_holder: str
    taker: str
    p_by: tuple[Scalar, ...]
    p_held_at_end: Scalar
    earliest: date | None
    median: date | None
    latest: date | None
    observed: tuple[ObservedHolder, ...]


def horizons(outlook: Outlook) -> tuple[int, ...]:
    """Return the days at which captures are tabled: every 30th up to 150, or the last day of a shorter campaign."""
    steps = tuple(HORIZON_STEP_DAYS * step for step in range(1, N_HORIZONS + 1))
    within = tuple(day for day in steps if day <= outlook.days[-1])
    return within or (outlook.days[-1],)


def place_rows(outlook: Outlook) -> tuple[PlaceRow, ...]:
    """Return the rows of all places that may change hands, likeliest first."""
    cells = _Cells(outlook)
    rows = [row for place in outlook.situation.places if (row := _row(outlook, cells, place)) is not None]
    return tuple(sorted(rows, key=lambda row: (-row.p_by[-1].value, row.place)))


class _Cells:
    """Captures and control on the last evening as plain arrays, cut by side and place without a search for labels each time."""

    def __init__(self, outlook: Outlook) -> None:
        self._by = _arrays(outlook.captures.p_by.sel(day=list(horizons(outlook))))
        self._last = outlook.captures.p_by.value.isel(day=-1).fillna(0.0).to_numpy()
        self._held = _arrays(outlook.control.sel(day=outlook.days[-1]))
        self._day = outlook.captures.day.to_numpy()
        self._side = _numbers(outlook.captures.day["side"])
        self._place = _numbers(outlook.captures.day["place"])
        self._holder = _numbers(outlook.control.value["holder"])

    def p_last(self, side: str, place: str) -> float:
        """Probability of capture by the last evening; 0 where there is nothing to capture."""
        return float(self._last[self._side[side], self._place[place]])

    def p_by(self, side: str, place: str) -> tuple[Scalar, ...]:
        """Probability of capture by each horizon."""
        cells = self._by[:, :, self._side[side], self._place[place]]
        return tuple(Scalar(*(float(number) for number in cells[:, row])) for row in range(cells.shape[1]))

    def p_held(self, side: str, place: str) -> Scalar:
        """Probability of control on the last evening."""
        return Scalar(*(float(number) for number in self._held[:, self._holder[side], self._place[place]]))

    def days(self, side: str, place: str) -> list[float]:
        """Days of capture at each level."""
        days: list[float] = self._day[self._side[side], self._place[place]].tolist()
        return days


def _arrays(estimate: Estimate) -> npt.NDArray[np.float64]:
    """Return value, standard error, low and high as one array, in the order of the fields of a scalar."""
    return np.stack([part.to_numpy() for part in (estimate.value, estimate.standard_error, estimate.low, estimate.high)])


def _numbers(labels: xr.DataArray) -> dict[str, int]:
    return {label: number for number, label in enumerate(labels.to_numpy().tolist())}


def _row(outlook: Outlook, cells: _Cells, place: Place) -> PlaceRow | None:
    holder = outlook.start_holder(place.key)
    takers = _takers(outlook, holder)
    if not takers:
        return None
    taker = max(takers, key=lambda side: cells.p_last(side, place.key))
    earliest, median, latest = (_date(outlook, day) for day in cells.days(taker, place.key))
    return PlaceRow(
        place=place.key,
        name=place.name,
        kind=place.kind,
        start_holder=holder,
        taker=taker,
        p_by=cells.p_by(taker, place.key),
        p_held_at_end=cells.p_held(taker, place.key),
        earliest=earliest,
        median=median,
        latest=latest,
        observed=outlook.observed.changes_at(place.key),
    )


def _takers(outlook: Outlook, holder: str) -> tuple[str, ...]:
    """Return the active enemies of an active holder; ground contested at the start may go to any active side."""
    active = tuple(side.key for side in outlook.situation.sides if side.active)
    if holder == CONTESTED_LABEL:
        return active
    return hostile_sides(outlook.situation, holder) if holder in active else ()


def _date(outlook: Outlook, day: float) -> date | None:
    return None if isnan(day) else outlook.date_of(day)
