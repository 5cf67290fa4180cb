"""What a theatre is to be built from, what was read of it, and what became of that: records that the steps of a build hand on."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np

from keyterrain.geo.box import Box
from keyterrain.geo.distance import Integers, Points, distance_km
from keyterrain.geo.mosaic import Mosaic
from keyterrain.theatre.faults import Fault, ScenarioFaults, in_order
from keyterrain.theatre.importers.decisions import Decision
from keyterrain.theatre.importers.gazetteer import Settlement
from keyterrain.theatre.importers.network import Network
from keyterrain.theatre.importers.roads import Ways
from keyterrain.theatre.importers.routes import Way

Pieces = Literal["refuse", "largest", "all"]
Tell = Callable[[str], None]
MOST_LISTED = 12


@dataclass(frozen=True, slots=True)
class BuildRequest:
    """What a theatre is to be built from, and how.

    Attributes
    ----------
    dem, roads, places
        Files: elevation in one or more, roads in one, places in one or more.
    box
        What part of the earth.
    min_population
        Settlements of fewer inhabitants are left out; above 0, those of unknown population too.
    title
        Title of the scenario; its name follows from the folder's.
    start
        First evening; None leaves it to be decided.
    pieces
        What to do with a network in pieces: refuse it, keep the largest, or keep all.
    leave_out_sea
        Leave out places in the sea instead of refusing them.
    all_roads
        Keep every road that is no dead end, not only those that some way between places takes.
    """

    dem: tuple[Path, ...]
    roads: Path
    places: tuple[Path, ...]
    box: Box
    min_population: int = 0
    title: str = ""
    start: date | None = None
    pieces: Pieces = "refuse"
    leave_out_sea: bool = False
    all_roads: bool = False


@dataclass(frozen=True, slots=True)
class Built:
    """A theatre that was built: where it lies, what it has, and what is left to decide."""

    request: BuildRequest
    out: Path
    n_places: int
    n_passes: int
    n_junctions: int
    n_routes: int
    km: float
    n_ways_read: int
    n_points_read: int
    population: float
    warnings: tuple[Fault, ...]
    decisions: tuple[Decision, ...]


class Read(NamedTuple):
    """What was read of the files."""

    mosaic: Mosaic
    ways: Ways
    settlements: tuple[Settlement, ...]
    decisions: tuple[Decision, ...]


class TheatreNetwork(NamedTuple):
    """A network with its places: nodes of settlements and passes, and the routes."""

    network: Network
    settlements: tuple[Settlement, ...]
    nodes: Integers
    passes: dict[int, str]
    ways: tuple[Way, ...]
    decisions: tuple[Decision, ...]


def refusal(faults: Iterable[Fault]) -> ScenarioFaults:
    """Return what is raised for files that nothing can be built from."""
    return ScenarioFaults("What a theatre was to be built from", in_order(faults))


def points_of(settlements: Sequence[Settlement]) -> Points:
    """Return where settlements lie."""
    return Points.of([each.lat for each in settlements], [each.lon for each in settlements])


def nearest_settlement(here: Points, settlements: Sequence[Settlement]) -> list[int]:
    """Return which settlement is nearest to each point."""
    there = points_of(settlements)
    return [int(np.argmin(distance_km(here[i : i + 1], there))) for i in range(len(here))]


def listed(names: Iterable[str], most: int = MOST_LISTED) -> str:
    """Return names as a sentence can have them, the first few and how many more."""
    ordered = list(names)
    rest = f" and {len(ordered) - most} more" if len(ordered) > most else ""
    return ", ".join(ordered[:most]) + rest
