"""The outlook: everything that an ensemble says about one campaign, each figure with the error of its sampling."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from keyterrain.analysis.chunks import read_chunks, thinned
from keyterrain.analysis.control import THEATRE, Captures, CaptureTally, ControlTally, HoldingTally
from keyterrain.analysis.forces import BandTally, Losses, LossTally, SumTally
from keyterrain.analysis.inputs import Input, inputs
from keyterrain.analysis.observed import Observed, counted_hosts, observed
from keyterrain.analysis.people import Displaced, DisplacedTally
from keyterrain.analysis.snowline import snow_index
from keyterrain.analysis.tally import MeanTally
from keyterrain.analysis.ways import Corridors, CorridorTally, Routes, SnowTally

if TYPE_CHECKING:
    import xarray as xr

    from keyterrain.analysis.estimate import Estimate
    from keyterrain.campaign.ensemble import Run
    from keyterrain.theatre.nouns import Situation

SETTLEMENTS = frozenset({"city", "town", "village", "quarter", "enclave"})
"""Kinds of place that count as towns where towns are counted."""

READ = (
    "control", "corridor_open", "corridor_secure", "corridor_delivery", "cum_loss", "n_cut_off", "n_operations", "new_incidents",
    "n_displaced", "n_fled_to", "route_open", "route_threat", "snow_depth",
)  # fmt: skip
"""Variables of the store that an outlook is made of, beside the draws."""


@dataclass(frozen=True, slots=True)
class Outlook:
    """What an ensemble says, with labels; `days` count from the evening of `start`, `weeks` are the days of weekly figures.

    Attributes
    ----------
    corridor_order, area_order
        Keys in the scenario's own order, which puts first what matters most to its author.
    control
        Probability (day, holder, place); a holder is a side or `contested`.
    captures
        Probability and dates of capture by (side, place).
    towns_held, n_towns
        Bands (day, area, holder, level) of towns held by area and over the whole `theatre`, and the number of towns there.
    cut_off, operations
        Bands (day, side, level) of places cut off and of operations under way.
    incidents
        Mean number (day, area) of raids, ambushes and bombs of the day.
    incidents_in_all
        Bands (day, level) of their number in the whole theatre.
    """

    situation: Situation
    corridor_order: tuple[str, ...]
    area_order: tuple[str, ...]
    n_replicates: int
    days: tuple[int, ...]
    weeks: tuple[int, ...]
    control: Estimate
    captures: Captures
    towns_held: xr.DataArray
    n_towns: dict[str, int]
    routes: Routes
    corridors: Corridors
    losses: Losses
    cut_off: xr.DataArray
    operations: xr.DataArray
    incidents: Estimate
    incidents_in_all: xr.DataArray
    displaced: Displaced
    observed: Observed
    inputs: tuple[Input, ...]

    @property
    def dates(self) -> tuple[date, ...]:
        """Date of each day."""
        return tuple(self.date_of(day) for day in self.days)

    def date_of(self, day: float) -> date:
        """Return the date of a day."""
        return self.situation.start + timedelta(days=int(day))

    def start_holder(self, place: str) -> str:
        """Return who held a place on the first evening in most replicates."""
        first = self.control.value.sel(place=place).isel(day=0)
        return str(first["holder"].to_numpy()[int(first.to_numpy().argmax())])


def outlook(run: Run, *, n_at_once: int | None = None) -> Outlook:
    """Read a run's store once, some replicates at a time, and say what it holds.

    Parameters
    ----------
    run
        A run with at least one finished replicate.
    n_at_once
        Replicates read together; by default what fits in about 64 MB. The answer does not depend on it.

    Raises
    ------
    ValueError
        If no replicate is finished.
    """
    dataset = thinned(run.dataset)
    n_replicates = dataset.sizes["replicate"]
    if n_replicates == 0:
        raise ValueError("the run has no finished replicate: there is nothing to look at yet")
    situation = run.scenario.situation(run.manifest.plan.start)
    labels = _Labels.of(dataset)
    end = situation.start + timedelta(days=labels.day[-1])
    tallies = _tallies(labels, situation, counted_hosts(run.scenario.record, end, labels.host))
    for chunk in read_chunks(dataset, READ, n_at_once=n_at_once):
        for tally in tallies.values():
            tally.add(chunk)
    results = {name: tally.result() for name, tally in tallies.items()}
    return Outlook(
        situation=situation,
        corridor_order=tuple(corridor.key for corridor in run.scenario.corridors),
        area_order=tuple(area.key for area in run.scenario.areas),
        n_replicates=n_replicates,
        days=tuple(labels.day),
        weeks=tuple(labels.week),
        n_towns=tallies["towns_held"].n_towns,
        routes=Routes(*(results.pop(name) for name in ("route_open", "threat", "snow"))),
        observed=observed(run.scenario.record, situation.start, end, labels.host),
        inputs=inputs(dataset, situation, run.manifest.plan.interventions.settings),
        **results,
    )


@dataclass(frozen=True, slots=True)
class _Labels:
    """Labels of the store's dims."""

    day: list[int]
    week: list[int]
    place: list[str]
    side: list[str]
    route: list[str]
    mode: list[str]
    corridor: list[str]
    host: list[str]
    area: list[str]
    host_area: list[str]
    zone: list[str]
    band: list[int]

    @classmethod
    def of(cls, dataset: xr.Dataset) -> _Labels:
        return cls(**{name: dataset[name].to_numpy().tolist() for name in cls.__dataclass_fields__})


def _tallies(labels: _Labels, situation: Situation, hosts_of_record: Sequence[str]) -> dict[str, Any]:
    """Return a tally for each field of the outlook that is read from the store."""
    areas = [*situation.areas, THEATRE]
    side_of_actor = {actor.key: actor.side for actor in situation.actors}
    by_side: dict[str, Sequence[object]] = {"day": labels.day, "side": labels.side}
    zone, band = snow_index(situation, labels.route, labels.zone, labels.band)
    return {
        "control": ControlTally(labels.day, labels.place, labels.side),
        "captures": CaptureTally(labels.day, labels.place, labels.side),
        "towns_held": HoldingTally(labels.day, labels.side, _membership(situation, labels.place, areas), areas),
        "corridors": CorridorTally(labels.day, labels.corridor),
        "losses": LossTally(labels.day, side_of_actor, labels.side),
        "cut_off": BandTally("n_cut_off", by_side),
        "operations": BandTally("n_operations", by_side),
        "incidents": MeanTally("new_incidents", {"day": labels.day, "area": labels.area}),
        "incidents_in_all": SumTally("new_incidents", {"day": labels.day}),
        "displaced": DisplacedTally(labels.day, labels.week, labels.host, labels.host_area, hosts_of_record),
        "route_open": MeanTally("route_open", {"week": labels.week, "mode": labels.mode, "route": labels.route}, scale=0.01),
        "threat": MeanTally("route_threat", {"week": labels.week, "side": labels.side, "route": labels.route}, scale=0.01),
        "snow": SnowTally(labels.week, labels.route, zone, band),
    }


def _membership(situation: Situation, places: Sequence[str], areas: Sequence[str]) -> npt.NDArray[np.bool_]:
    """Return which towns (area, place) belong to which area; every town belongs to the theatre."""
    nouns = {place.key: place for place in situation.places}
    towns = {key for key in places if nouns[key].kind in SETTLEMENTS}
    return np.array([[key in towns and (area == THEATRE or area in nouns[key].areas) for key in places] for area in areas])
