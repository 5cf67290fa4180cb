"""A scenario: everything its folder says, and what of it could be known at a start."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import NamedTuple, Protocol, TypeVar

from keyterrain.theatre.claims import Claim
from keyterrain.theatre.faults import Fault, ScenarioFaults
from keyterrain.theatre.fingerprint import of_situation
from keyterrain.theatre.known import closures_on, earliest_known, holdings_on, known_by, latest_by
from keyterrain.theatre.nouns import (
    Abroad,
    Actor,
    Aims,
    Area,
    Backtest,
    ClimateMonth,
    Corridor,
    Force,
    Outcome,
    PeopleCount,
    Place,
    Policy,
    Record,
    Reinforcement,
    Relation,
    Route,
    Side,
    Situation,
    Source,
    Stock,
    StrengthClaim,
    SupplySource,
    UncertainPlace,
)
from keyterrain.theatre.quantity import Quantity
from keyterrain.theatre.schema import CONTROL, TERRAIN_FILE


class Span(NamedTuple):
    """Days from the first to the last, both included."""

    first: date
    last: date

    def __contains__(self, day: object) -> bool:
        return isinstance(day, date) and self.first <= day <= self.last

    def __str__(self) -> str:
        return f"{self.first} to {self.last}"


@dataclass(frozen=True, slots=True)
class Scenario:
    """All tables of a scenario as they were written; two are equal whose tables are, wherever they lie."""

    path: Path = field(compare=False)
    name: str
    title: str
    summary: str
    starts: tuple[date, ...]
    days: int
    covered_until: date | None
    sides: tuple[Side, ...]
    relations: Mapping[tuple[str, str], Relation]
    actors: tuple[Actor, ...]
    policies: tuple[Policy, ...]
    aims: tuple[Aims, ...]
    areas: tuple[Area, ...]
    corridors: tuple[Corridor, ...]
    abroad: tuple[Abroad, ...]
    uncertain_places: tuple[UncertainPlace, ...]
    outcomes: tuple[Outcome, ...]
    reference_height_m: float
    crest_areas: tuple[str, ...]
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
    record: Record
    sources: tuple[Source, ...]
    claims: tuple[Claim, ...]
    fingerprint: str = field(compare=False)
    backtest: Backtest = field(default_factory=Backtest)

    @property
    def terrain_path(self) -> Path:
        """Where the elevation file lies."""
        return self.path / TERRAIN_FILE

    @property
    def default_start(self) -> date:
        """First of the starts."""
        return self.starts[0]

    @property
    def covered(self) -> Span:
        """Days that may be given as a start: all is known from the first of them on; the last is declared.

        The last day does not follow from the record, so that a start stays good when the record after it is taken away.
        """
        held = earliest_known(self.record.control, (place.key for place in self.places)) or min(self.starts)
        described = (place.known_on for place in self.places)
        manned = (min(row.known_on for row in self.forces if row.actor == actor) for actor in {row.actor for row in self.forces})
        first = max([held, *described, *manned])
        return Span(min([first, *self.starts]), max([self.covered_until or date.min, *self.starts]))

    def situation(self, start: date | None = None) -> Situation:
        """Return what could be known on the evening of `start`, the first of the scenario's starts by default.

        Raises
        ------
        ScenarioFaults
            If the record does not cover that day.
        """
        start = start or self.default_start
        if start not in self.covered:
            what = f"the record does not cover a start on {start}: it covers {self.covered}"
            raise ScenarioFaults(self.name, [Fault(CONTROL.file, None, "date", what)])
        return _situation(self, start)

    def fingerprint_at(self, start: date) -> str:
        """Return the SHA-256 of all that a run from `start` may see; what the record says of later days has no part in it."""
        return of_situation(self.situation(start))


def _situation(scenario: Scenario, start: date) -> Situation:
    return Situation(
        scenario_name=scenario.name,
        start=start,
        days=scenario.days,
        sides=_by_key(scenario.sides),
        relations=dict(sorted(scenario.relations.items())),
        actors=_by_key(scenario.actors),
        policies={policy.side: policy for policy in sorted(scenario.policies, key=lambda policy: policy.side)},
        aims={aims.side: aims for aims in sorted(scenario.aims, key=lambda aims: aims.side)},
        areas={area.key: area.name for area in _by_key(scenario.areas)},
        corridors=_by_key(scenario.corridors),
        abroad=_by_key(scenario.abroad),
        uncertain_places=_by_key(scenario.uncertain_places),
        outcomes=_by_key(scenario.outcomes),
        reference_height_m=scenario.reference_height_m,
        crest_areas=frozenset(scenario.crest_areas),
        parameters=dict(sorted(scenario.parameters.items())),
        places=_by_key(known_by(scenario.places, start)),
        routes=_by_key(known_by(scenario.routes, start)),
        forces=tuple(
            force for force in latest_by(scenario.forces, start, lambda row: (row.actor, row.place)) if force.strength.high > 0
        ),
        strength_claims=latest_by(scenario.strength_claims, start, lambda row: (row.claimed_of, row.region, row.source)),
        reinforcements=latest_by(_still_to_come(scenario, start), start, lambda row: (row.actor, row.place, row.on)),
        supply_sources=latest_by(scenario.supply_sources, start, lambda row: (row.side, row.place)),
        stocks=latest_by(scenario.stocks, start, lambda row: (row.side, row.place)),
        people=latest_by(scenario.people, start, lambda row: (row.place, row.group, row.origin)),
        climate=tuple(sorted(scenario.climate, key=lambda normals: normals.month)),
        holdings=holdings_on(scenario.record.control, start),
        closures=closures_on(scenario.record.closures, start),
        incidents=tuple(row for row in known_by(scenario.record.incidents, start) if row.on <= start),
        terrain_path=scenario.terrain_path,
    )


def _still_to_come(scenario: Scenario, start: date) -> Iterator[Reinforcement]:
    return (row for row in scenario.reinforcements if row.on > start)


class _Keyed(Protocol):
    @property
    def key(self) -> str: ...


Noun = TypeVar("Noun", bound=_Keyed)


def _by_key(nouns: tuple[Noun, ...]) -> tuple[Noun, ...]:
    return tuple(sorted(nouns, key=lambda noun: noun.key))
