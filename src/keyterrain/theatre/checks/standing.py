"""What looks wrong on the first evening of a start, though every table is sound by itself."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from keyterrain.theatre.faults import Fault, shown
from keyterrain.theatre.nouns import Holding, Situation
from keyterrain.theatre.scenario import Scenario
from keyterrain.theatre.schema import CLAIMS_FILE


def forces_stand_on_friendly_ground(scenario: Scenario) -> Iterator[Fault]:
    """At each start, fighters are where their side or no enemy surely holds (warning)."""
    for start in scenario.starts:
        yield from _forces_on_hostile_ground(scenario.situation(start), start)


def _forces_on_hostile_ground(situation: Situation, start: date) -> Iterator[Fault]:
    sides = {actor.key: actor.side for actor in situation.actors}
    for force in situation.forces:
        side = sides[force.actor]
        holdings = situation.holdings.get(force.place, ())
        if holdings and all(_is_hostile_to(side, holding, situation) for holding in holdings):
            what = f"{shown(force.actor)} has fighters at {shown(force.place)}, which on {start} is wholly in hostile hands"
            yield Fault("forces.csv", None, "place", what)


def _is_hostile_to(side: str, holding: Holding, situation: Situation) -> bool:
    return holding.contested_by != side and situation.relations.get((side, holding.holder)) == "hostile"


def claims_start_when_covered(scenario: Scenario) -> Iterator[Fault]:
    """A claim starts on a day that may be a start."""
    for claim in scenario.claims:
        if claim.start is not None and claim.start not in scenario.covered:
            what = f"the record does not cover a start on {claim.start}: it covers {scenario.covered}"
            yield Fault(CLAIMS_FILE, None, f"claims.{claim.key}.start", what)
