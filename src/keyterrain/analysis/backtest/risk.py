"""What is at risk: the places whose fall is forecast, by a rule that looks at nothing after the start."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from keyterrain.analysis.headline import hostile_sides
from keyterrain.theatre.policies import POLICY_RULES

if TYPE_CHECKING:
    from keyterrain.theatre.nouns import Place, Situation
    from keyterrain.theatre.scenario import Scenario

OFFENSIVE = tuple(name for name in POLICY_RULES if name not in {"hold", "raid"})
"""Policies by which a side sets out to take ground."""


@dataclass(frozen=True, slots=True)
class PlaceAtRisk:
    """A place that is forecast: who held it on the first evening and since when, and by whom its fall counts."""

    place: Place
    holder: str
    since: date
    takers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A place that an enemy of a scored side held, or may have held, and that is not scored."""

    place: str
    why: str


@dataclass(frozen=True, slots=True)
class AtRisk:
    """The set that is scored, and what was left out of it; `sides` are those whose captures count."""

    sides: tuple[str, ...]
    places: tuple[PlaceAtRisk, ...]
    left_out: tuple[LeftOut, ...]


def scored_sides(scenario: Scenario, situation: Situation) -> tuple[str, ...]:
    """Return the sides whose captures are scored: the one declared, else those likeliest to set out to take ground.

    The rule reads the odds of policies alone, which are declared before any run; of equal odds all sides are scored.
    """
    if scenario.backtest.side:
        return (scenario.backtest.side,)
    odds = {side: sum(policy.odds.get(name, 0.0) for name in OFFENSIVE) for side, policy in situation.policies.items()}
    able = {side: share for side, share in odds.items() if hostile_sides_of_all(situation, side)}
    return tuple(side for side, share in sorted(able.items()) if share >= max(able.values()) - 1e-9)


def hostile_sides_of_all(situation: Situation, side: str) -> tuple[str, ...]:
    """Return the sides that are hostile to one, active or not."""
    return tuple(other.key for other in situation.sides if situation.relations.get((side, other.key)) == "hostile")


def at_risk(scenario: Scenario, situation: Situation) -> AtRisk:
    """Return what is scored from a start: what an enemy of a scored side holds, whole and without doubt.

    Left out, each with its reason: what the scenario declares, what is contested on the first evening, what rival accounts give
    to different sides, and what had changed hands before the start but was reported only after it.
    """
    sides = scored_sides(scenario, situation)
    chosen = set(scenario.backtest.ground)
    unseen = {row.place for row in scenario.record.control if row.on <= situation.start < row.known_on}
    places: list[PlaceAtRisk] = []
    left_out: list[LeftOut] = []
    for place in situation.places:
        if chosen and place.key not in chosen and not chosen & set(place.areas):
            continue
        rows = situation.holdings.get(place.key, ())
        takers = {row.holder: tuple(side for side in sides if side in hostile_sides(situation, row.holder)) for row in rows}
        if not any(takers.values()):
            continue
        if why := next(_reasons(scenario, situation, place.key, place.key in unseen), ""):
            left_out.append(LeftOut(place.key, why))
            continue
        places.append(PlaceAtRisk(place, rows[0].holder, rows[0].since, takers[rows[0].holder]))
    return AtRisk(sides, tuple(places), tuple(left_out))


def _reasons(scenario: Scenario, situation: Situation, place: str, is_unseen: bool) -> Iterator[str]:
    rows = situation.holdings[place]
    if place in scenario.backtest.leave_out:
        yield "left out by the scenario"
    if len(rows) > 1:
        yield "accounts of who held it at the start contradict each other"
    if any(row.contested_by for row in rows):
        yield "contested at the start"
    if is_unseen:
        yield "had changed hands before the start, which was reported only after it"
