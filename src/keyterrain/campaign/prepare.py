"""Preparation: everything that a run's replicates share, made once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from keyterrain.campaign.draws import FirstEvening
from keyterrain.campaign.interventions import Interventions
from keyterrain.campaign.record import LOSS_KINDS, MODES, VARIABLES
from keyterrain.campaign.world import BuiltWorld, Index, build_world, host_area_labels, host_labels
from keyterrain.dynamics.state import BAND_M, N_BANDS
from keyterrain.theatre.ground import measure_ground
from keyterrain.theatre.nouns import Situation

if TYPE_CHECKING:
    from keyterrain.theatre.scenario import Scenario

WEEK_DAYS = 7


@dataclass(frozen=True)
class Prepared:
    """A situation ready to be played: its world as arrays, and what draws the first evenings."""

    situation: Situation
    first_evening: FirstEvening
    world: BuiltWorld
    seed: int
    days: int

    @cached_property
    def index(self) -> Index:
        """Numbers of the nouns."""
        return Index(self.situation)

    def week_days(self, *, record_daily: bool) -> NDArray[np.int32]:
        """Days on which weekly variables are kept: every seventh and the last, or all."""
        if record_daily:
            return np.arange(self.days + 1, dtype=np.int32)
        return np.unique([*range(0, self.days + 1, WEEK_DAYS), self.days]).astype(np.int32)

    def with_hold(self, changes: Interventions) -> Prepared:
        """Return what `prepare` would make of other decrees, all else being the same, in a small part of the time.

        Raises
        ------
        InterventionFaults
            A decree names what is not there or contradicts itself.
        ValueError
            More than the decrees differs; an error of the caller.
        """
        own = self.first_evening.interventions
        if replace(changes, hold=(), start_holder=()) != replace(own, hold=(), start_holder=()):
            raise ValueError("more than the decrees differs")
        changes.check(self.situation)
        record = self.world.record.copy()
        held = changes.held_places(self.situation)
        record["decree"][0, : len(self.situation.places)] = [place.key in held for place in self.situation.places]
        evening = self.first_evening.with_decrees(changes)
        return replace(self, first_evening=evening, world=BuiltWorld(record, self.world.room))

    @cached_property
    def coordinates(self) -> Mapping[str, Sequence[str | int]]:
        """Labels of every dimension but the replicate; `week` is as it is without daily record."""
        index = self.index
        return {
            "day": list(range(self.days + 1)),
            "week": [int(day) for day in self.week_days(record_daily=False)],
            "place": list(index.places),
            "side": list(index.sides),
            "actor": list(index.actors),
            "route": list(index.routes),
            "mode": list(MODES),
            "corridor": list(index.corridors),
            "host": host_labels(index),
            "area": list(index.areas),
            "host_area": host_area_labels(index),
            "loss_kind": list(LOSS_KINDS),
            "zone": ["crest", "lee"],
            "band": [int(band * BAND_M) for band in range(N_BANDS)],
            "input": list(self.first_evening.inputs.names),
        }

    def shape(self, dims: Sequence[str], cadence: str, *, record_daily: bool) -> tuple[int, ...]:
        """Shape of a variable for one replicate."""
        coordinates = self.coordinates
        time = {"day": (self.days + 1,), "week": (len(self.week_days(record_daily=record_daily)),), "none": ()}[cadence]
        return (*time, *(len(coordinates[dim]) for dim in dims))

    def bytes_per_replicate(self, *, record_daily: bool) -> int:
        """Size of everything that one replicate leaves in the store, uncompressed."""
        return sum(
            int(np.prod(self.shape(v.dims, v.cadence, record_daily=record_daily))) * np.dtype(v.dtype).itemsize for v in VARIABLES
        )


def prepare(
    scenario: Scenario,
    *,
    start: date | None = None,
    days: int | None = None,
    seed: int = 0,
    interventions: Interventions | None = None,
) -> Prepared:
    """Make a scenario ready to be played from a start.

    Raises
    ------
    ScenarioFaults, InterventionFaults, ElevationError
        The start is not covered, an intervention names what is not there, or the elevation cannot be used.
    """
    changes = interventions or Interventions()
    situation = scenario.situation(start)
    changes.check(situation)
    days = situation.days if days is None else days
    ground = measure_ground(situation)
    return Prepared(
        situation=situation,
        first_evening=FirstEvening(situation, ground, changes),
        world=build_world(situation, ground, changes, days),
        seed=seed,
        days=days,
    )
