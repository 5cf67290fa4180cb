"""The nouns of a theatre: what a scenario's tables are made of once they have been read and found sound."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Literal

from keyterrain.theatre.quantity import Quantity

Relation = Literal["hostile", "allied", "neutral"]
Mode = Literal["vehicle", "foot"]


@dataclass(frozen=True, slots=True)
class Side:
    """A party to the conflict, or a passive one that holds ground and does nothing."""

    key: str
    name: str
    active: bool


@dataclass(frozen=True, slots=True)
class Actor:
    """An armed organisation of one side.

    `mobility` is the share of a surplus that fights elsewhere, `quality` a known mean in logits.
    """

    key: str
    name: str
    side: str
    irregular: bool
    mobility: Quantity
    air_support: bool
    quality: Quantity
    source: str
    grade: str


@dataclass(frozen=True, slots=True)
class Place:
    """A settlement, base, height or crossing; coordinates in WGS 84 degrees with their error in km."""

    key: str
    name: str
    alt_names: tuple[str, ...]
    lat: float
    lon: float
    error_km: float
    elevation_m: float | None
    population: Quantity | None
    kind: str
    country: str
    areas: tuple[str, ...]
    community: str
    leaning: str
    host_capacity: Quantity | None
    source: str
    known_on: date


@dataclass(frozen=True, slots=True)
class Route:
    """A road, track or pass between two places, listed once and usable both ways."""

    start: str
    end: str
    km: float
    kind: str
    modes: frozenset[Mode]
    source: str
    known_on: date

    @property
    def key(self) -> str:
        """Name that does not depend on which end was written first."""
        return "--".join(sorted((self.start, self.end)))


@dataclass(frozen=True, slots=True)
class Force:
    """Fighters of an actor at a place; rows of one actor and region share one draw."""

    actor: str
    place: str
    strength: Quantity
    kind: str
    region: str
    quality: str
    source: str
    grade: str
    known_on: date


@dataclass(frozen=True, slots=True)
class StrengthClaim:
    """A claim about the total of an actor, or of a whole side, in a region; rival claims stand beside each other."""

    claimed_of: str
    region: str
    strength: Quantity
    source: str
    grade: str
    known_on: date


@dataclass(frozen=True, slots=True)
class Reinforcement:
    """Fighters that an actor is known to receive on a date."""

    actor: str
    place: str
    on: date
    strength: Quantity
    source: str
    grade: str
    known_on: date


@dataclass(frozen=True, slots=True)
class SupplySource:
    """Where supply enters the theatre for a side; `capacity` in fighters fed."""

    side: str
    place: str
    capacity: Quantity
    source: str
    grade: str
    known_on: date


@dataclass(frozen=True, slots=True)
class Stock:
    """Initial store of a side at a place in days of need."""

    side: str
    place: str
    stock_days: Quantity
    source: str
    grade: str
    known_on: date


@dataclass(frozen=True, slots=True)
class PeopleCount:
    """Residents or guests of a place, guests with their place of origin where it is known."""

    place: str
    group: Literal["residents", "guests"]
    origin: str
    number: Quantity
    source: str
    grade: str
    known_on: date


@dataclass(frozen=True, slots=True)
class ClimateMonth:
    """Monthly normals at the reference height: mean temperature [C], chance of a wet day, mean amount of a wet day [mm]."""

    month: int
    t_mean_c: float
    p_wet: float
    wet_day_mm: float
    source: str


@dataclass(frozen=True, slots=True)
class Area:
    """A named part of the theatre; its places name it in their `areas`."""

    key: str
    name: str
    source: str


@dataclass(frozen=True, slots=True)
class Source:
    """Where something is known from: a title, and an address where it has one."""

    key: str
    title: str
    address: str
    kind: str
    note: str


@dataclass(frozen=True, slots=True)
class Corridor:
    """A way that a side needs from one place to another, through any of the places listed."""

    key: str
    name: str
    side: str
    start: str
    end: str
    places: tuple[str, ...]
    source: str


@dataclass(frozen=True, slots=True)
class Abroad:
    """A country beyond the theatre that takes people in through gate places, each with its extra hours."""

    key: str
    name: str
    via: Mapping[str, float]
    population: Quantity
    source: str


@dataclass(frozen=True, slots=True)
class UncertainPlace:
    """A place that a text names and that may be one of several; weights sum to 1 with `elsewhere` as the rest."""

    key: str
    name: str
    candidates: Mapping[str, float]
    source: str


@dataclass(frozen=True, slots=True)
class Policy:
    """How a side conducts operations: odds over named policies, and the chance that it waits out the winter."""

    side: str
    odds: Mapping[str, float]
    p_wait_for_spring: Quantity
    source: str


@dataclass(frozen=True, slots=True)
class Aims:
    """What a side values in a place: weights of corridor, people, cutting the enemy's supply and its own safety."""

    side: str
    corridor: float
    people: float
    cut: float
    self_: float
    source: str


@dataclass(frozen=True, slots=True)
class ControlRow:
    """Who holds a place from the evening of a date on; alternatives on one date carry weights."""

    on: date
    place: str
    holder: str
    contested_by: str
    weight: float
    precision_days: float
    how: str
    source: str
    grade: str
    known_on: date


@dataclass(frozen=True, slots=True)
class ClosureRow:
    """A road closed on a date; `reopened_on` is None where no reopening is known."""

    start: str
    end: str
    mode: Literal["vehicle", "foot", "both"]
    closed_on: date
    reopened_on: date | None
    cause: str
    source: str
    grade: str
    known_on: date


@dataclass(frozen=True, slots=True)
class DisplacementRow:
    """A count of people who came from an origin to a host since an evening, cumulative within its series."""

    on: date
    origin: str
    host: str
    cum_persons: float
    since: date | None
    source: str
    grade: str
    known_on: date


@dataclass(frozen=True, slots=True)
class IncidentRow:
    """A dated incident in the record."""

    on: date
    place: str
    kind: str
    description: str
    source: str
    grade: str
    known_on: date


@dataclass(frozen=True, slots=True)
class CorridorDay:
    """A day on which the record says that a corridor was open or not."""

    on: date
    corridor: str
    is_open: bool
    source: str
    grade: str
    known_on: date


@dataclass(frozen=True, slots=True)
class ForecastRow:
    """An analyst's chance that ground has been lost by its holder by a date."""

    forecaster: str
    ground: str
    by: date
    p: float
    source: str
    known_on: date


@dataclass(frozen=True, slots=True)
class RegionalEvent:
    """A dated event in the region, inside the theatre or beyond it."""

    on: date
    precision_days: int
    country: str
    place: str
    kind: str
    description: str
    source: str
    grade: str
    known_on: date


@dataclass(frozen=True, slots=True)
class Backtest:
    """Which forecasts a scenario has scored; what is empty follows the default rule."""

    side: str = ""
    ground: tuple[str, ...] = ()
    leave_out: tuple[str, ...] = ()
    observed_until: date | None = None
    blind: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Record:
    """What is known to have happened, before and after any start."""

    control: tuple[ControlRow, ...]
    closures: tuple[ClosureRow, ...]
    displacement: tuple[DisplacementRow, ...]
    incidents: tuple[IncidentRow, ...]
    corridors: tuple[CorridorDay, ...]
    forecasts: tuple[ForecastRow, ...] = ()
    region: tuple[RegionalEvent, ...] = ()


@dataclass(frozen=True, slots=True)
class Outcome:
    """A registered measure with its arguments, fixed before any run.

    `wanted_by` is the side that wants more of it, empty where the scenario does not say; `source` is what says so.
    """

    key: str
    says: str
    measure: str
    arguments: Mapping[str, object]
    wanted_by: str = ""
    source: str = ""


@dataclass(frozen=True, slots=True)
class Holding:
    """One possible holder of a place on the first evening, with its weight and the day from which it held."""

    holder: str
    contested_by: str
    weight: float
    since: date


@dataclass(frozen=True, slots=True)
class Situation:
    """What could be known on the evening of `start`; all a run may see. Places and routes are sorted by key."""

    scenario_name: str
    start: date
    days: int
    sides: tuple[Side, ...]
    relations: Mapping[tuple[str, str], Relation]
    actors: tuple[Actor, ...]
    policies: Mapping[str, Policy]
    aims: Mapping[str, Aims]
    areas: Mapping[str, str]
    corridors: tuple[Corridor, ...]
    abroad: tuple[Abroad, ...]
    uncertain_places: tuple[UncertainPlace, ...]
    outcomes: tuple[Outcome, ...]
    reference_height_m: float
    crest_areas: frozenset[str]
    parameters: Mapping[str, Quantity]
    places: tuple[Place, ...]
    routes: tuple[Route, ...]
    forces: tuple[Force, ...]
    strength_claims: tuple[StrengthClaim, ...]
    reinforcements: tuple[Reinforcement, ...]
    supply_sources: tuple[SupplySource, ...]
    stocks: tuple[Stock, ...]
    people: tuple[PeopleCount, ...]
    climate: tuple[ClimateMonth, ...]
    holdings: Mapping[str, tuple[Holding, ...]]
    closures: tuple[ClosureRow, ...]
    incidents: tuple[IncidentRow, ...]
    terrain_path: Path
