"""A campaign that takes no time: kernels and a scenario of the right form, for tests of what surrounds them."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from keyterrain.campaign.chunks import Kernels
from keyterrain.campaign.ensemble import run
from keyterrain.campaign.record import VARIABLES, dimensions

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from keyterrain.campaign.ensemble import RunSummary

START = date(2013, 11, 22)
LABELS = {
    "place": ["qara", "yabroud", "nabk"],
    "actor": ["army", "brigades"],
    "side": ["government", "neutral", "opposition"],
    "route": ["nabk--qara", "nabk--yabroud"],
    "mode": ["vehicle", "foot"],
    "corridor": ["m5"],
    "host": ["qara", "yabroud", "nabk", "lebanon", "on_the_way", "dead"],
    "area": ["highway", "elsewhere"],
    "host_area": ["highway", "elsewhere", "lebanon", "on_the_way", "dead"],
    "loss_kind": ["dead", "wounded", "captured", "deserted"],
    "zone": ["crest", "lee"],
    "band": [0, 200, 400],
    "input": ["seed of luck", "quality"],
}
EVENT_SCHEMA = pa.schema(
    [
        ("replicate", pa.int32()), ("day", pa.int16()), ("kind", pa.dictionary(pa.int8(), pa.string())), ("place", pa.string()),
        ("side", pa.string()), ("cause", pa.string()), ("number", pa.int32()),
    ]
)  # fmt: skip


@dataclass(frozen=True)
class StandInPrepared:
    """Labels and a seed."""

    coordinates: dict[str, list[Any]]
    days: int
    seed: int


@dataclass(frozen=True)
class StandInChunk:
    """What a kernel would hand over."""

    arrays: dict[str, np.ndarray]
    events: pa.Table
    breaches: list[str] = field(default_factory=list)

    def release(self) -> None:
        """Nothing here is used twice."""


@dataclass(frozen=True)
class StandInScenario:
    """A scenario as the ensemble sees it."""

    path: Path
    name: str = "stand-in"
    fingerprint: str = "0" * 64
    days: int = 10

    def situation(self, start: date | None = None) -> SimpleNamespace:
        """Three places in one area, and two hostile sides with a neutral one."""
        sides = [SimpleNamespace(key=key, active=key != "neutral") for key in LABELS["side"]]
        places = [
            SimpleNamespace(key=key, areas=("qalamoun", "highway") if key != "yabroud" else ("qalamoun",))
            for key in LABELS["place"]
        ]
        areas = {"qalamoun": "Qalamoun", "highway": "Highway towns", "empty": "Nowhere", "nabk": "Nabk and around"}
        return SimpleNamespace(start=start or START, days=self.days, sides=sides, places=places, areas=areas)

    def fingerprint_at(self, _start: date | None) -> str:
        """Any text tells scenarios apart."""
        return self.fingerprint


def scenario_in(folder: Path, **changes: Any) -> StandInScenario:
    """Return a scenario whose files exist."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "scenario.yaml").write_text("name: stand-in\n", encoding="utf-8")
    (folder / "places.csv").write_text("place\nqara\n", encoding="utf-8")
    (folder / "notes.txt").write_text("not part of a scenario\n", encoding="utf-8")
    return StandInScenario(folder, **changes)


def prepare(_scenario: Any, *, start: date, days: int, seed: int, interventions: Any) -> StandInPrepared:
    """Label every dimension."""
    weeks = sorted({*range(0, days + 1, 7), days})
    return StandInPrepared({**LABELS, "day": list(range(days + 1)), "week": weeks}, days, seed)


def play_chunk(
    prepared: StandInPrepared, first: int, n: int, *, record_daily: bool, verify: bool, seconds_per_replicate: float = 0.0
) -> StandInChunk:
    """Fill every array from the seed and the number of the replicate alone."""
    time.sleep(n * seconds_per_replicate)
    lengths = {dim: len(labels) for dim, labels in prepared.coordinates.items()}
    rows = [played_replicate(prepared.seed, first + row, lengths, record_daily=record_daily) for row in range(n)]
    arrays = {variable.name: np.stack([row[variable.name] for row in rows]) for variable in VARIABLES}
    return StandInChunk(arrays, events_of(range(first, first + n), prepared.days))


def played_replicate(seed: int, replicate: int, lengths: dict[str, int], *, record_daily: bool) -> dict[str, np.ndarray]:
    """Return random numbers in every array."""
    luck = np.random.Generator(np.random.Philox(key=[seed, replicate]))
    arrays = {}
    for variable in VARIABLES:
        shape = tuple(lengths[dim] for dim in dimensions(variable, record_daily=record_daily)[1:])
        arrays[variable.name] = (luck.random(shape) * 3).astype(variable.dtype)
    return arrays


def events_of(replicates: Sequence[int], days: int) -> pa.Table:
    """Return two events of each replicate, the later one first."""
    rows = [
        {
            "replicate": replicate,
            "day": day,
            "kind": "capture",
            "place": "qara",
            "side": "government",
            "cause": "",
            "number": replicate,
        }
        for replicate in replicates
        for day in (days, 1)
    ]
    return pa.Table.from_pylist(rows, schema=EVENT_SCHEMA)


KERNELS = Kernels(prepare, play_chunk)


def slow_kernels(seconds_per_replicate: float) -> Kernels:
    """Return kernels that take their time."""
    return Kernels(prepare, partial(play_chunk, seconds_per_replicate=seconds_per_replicate))


def kernels_with(play: Callable[..., StandInChunk]) -> Kernels:
    """Return kernels with another way to play."""
    return Kernels(prepare, play)


def run_stand_in(folder: Path, **options: Any) -> RunSummary:
    """Run the stand-in campaign into `folder/run`."""
    settings: dict[str, Any] = {"replicates": 20, "chunk": 4, "seed": 5, "out": folder / "run", "kernels": KERNELS}
    settings |= options
    scenario = settings.pop("scenario", None) or scenario_in(folder / "source")
    return run(scenario, **settings)
