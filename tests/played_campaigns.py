"""Whole campaigns as labelled arrays of every day, and what differs between two of them, byte by byte.

    small = small_scenario(tmp_path / "small")
    one, other = play(small), play(small, interventions=Interventions(switches={"insurgency": False}))
    differing(one, other)  # names of variables, and "events"

Only labels that both campaigns have are compared, so that a theatre can be held against a larger one.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from keyterrain.campaign.interventions import Interventions
from keyterrain.campaign.play import play_chunk
from keyterrain.campaign.prepare import Prepared, prepare
from keyterrain.campaign.record import VARIABLES
from keyterrain.theatre import Scenario, load
from scenarios import write_small_scenario

EVENTS = "events"
TIME = {"day": ("day",), "week": ("day",), "none": ()}


@dataclass(frozen=True)
class Campaign:
    """Replicates of a campaign; every variable that changes is there for every day."""

    data: xr.Dataset
    events: pd.DataFrame

    def until(self, day: int) -> Campaign:
        """The same campaign, cut off after a day."""
        return Campaign(self.data.sel(day=slice(0, day)), self.events[self.events.day <= day])

    def only(self, replicates: Any) -> Campaign:
        """Some replicates of the campaign, by a mask."""
        data = self.data.isel(replicate=np.flatnonzero(replicates))
        return Campaign(data, self.events[self.events.replicate.isin(data.replicate.to_numpy())])


def small_scenario(folder: Path, **changes: Any) -> Scenario:
    """Write the small scenario with changes and load it."""
    return load(write_small_scenario(folder, **changes))


def play(
    scenario: Scenario,
    *,
    replicates: int = 8,
    days: int = 90,
    seed: int = 5,
    first: int = 0,
    start: date | None = None,
    interventions: Interventions | None = None,
    verify: bool = False,
) -> Campaign:
    """Play consecutive replicates, every day kept; laws are checked on request."""
    prepared = prepare(scenario, start=start, days=days, seed=seed, interventions=interventions)
    return play_prepared(prepared, first, replicates, verify=verify)


def play_prepared(prepared: Prepared, first: int, n: int, *, verify: bool = False) -> Campaign:
    """Play consecutive replicates of a prepared situation, every day kept."""
    chunk = play_chunk(prepared, first, n, record_daily=True, verify=verify)
    assert list(chunk.breaches) == []
    labels = {name: list(values) for name, values in prepared.coordinates.items() if name != "week"}
    variables = {v.name: (("replicate", *TIME[v.cadence], *v.dims), chunk.arrays[v.name]) for v in VARIABLES}
    data = xr.Dataset(variables, coords={**labels, "replicate": np.arange(first, first + n)})
    return Campaign(data, chunk.events.to_pandas())


def differing(one: Campaign, other: Campaign) -> list[str]:
    """Names of the variables of which a byte differs where the labels of both agree, and `events` if an event does."""
    names = [name for name in map(str, one.data.data_vars) if _bytes(one, name, other) != _bytes(other, name, one)]
    return names if _shared_events(one, other).equals(_shared_events(other, one)) else [*names, EVENTS]


def same_labels(one: Campaign, other: Campaign) -> bool:
    """Whether two campaigns speak of the same places, sides and so on, in the same order."""
    return all(one.data[name].to_numpy().tolist() == other.data[name].to_numpy().tolist() for name in one.data.coords)


def _bytes(campaign: Campaign, name: str, other: Campaign) -> tuple[str, tuple[int, ...], bytes]:
    values = campaign.data[name]
    for dim in map(str, values.dims):
        if dim != "replicate":
            known = set(other.data[dim].to_numpy().tolist())
            values = values.isel({dim: [i for i, label in enumerate(values[dim].to_numpy().tolist()) if label in known]})
    return str(values.dtype), values.shape, values.to_numpy().tobytes()


def _shared_events(campaign: Campaign, other: Campaign) -> pd.DataFrame:
    events = campaign.events.astype(dict.fromkeys(("kind", "place", "route", "side", "cause"), "string"))
    known = [events[column].isna() | events[column].isin(other.data[column].to_numpy()) for column in ("place", "route", "side")]
    return events[known[0] & known[1] & known[2]].reset_index(drop=True)
