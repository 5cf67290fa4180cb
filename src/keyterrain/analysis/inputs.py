"""The table of inputs: what was reported or assumed, with source and grade, beside what the replicates drew from it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from keyterrain.analysis.chunks import read_columns
from keyterrain.campaign.strengths import choice_input, claim_input, region_input, row_input
from keyterrain.theatre.parameters import PARAMETERS, Parameter
from keyterrain.theatre.policies import POLICY_RULES

if TYPE_CHECKING:
    import xarray as xr

    from keyterrain.theatre.nouns import Situation

DRAWN_LEVELS = (0.05, 0.5, 0.95)

POSITIONS = "ground:"
"""Prefix of the draws of positions within their stated error; one for each place, which would drown the table."""


class _Named(Protocol):
    @property
    def key(self) -> str: ...

    @property
    def name(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Drawn:
    """The 5, 50 and 95 per cent points of what the replicates drew."""

    low: float
    median: float
    high: float


@dataclass(frozen=True, slots=True)
class Input:
    """One input: what it is about, its prior as it was written, where it comes from, and what was drawn where it has a draw.

    `draw` is the name of the draw in the store. Where one of several `alternatives` is drawn, `shares` says how often each was.
    """

    group: str
    name: str
    meaning: str
    unit: str
    prior: str
    source: str
    grade: str
    draw: str = ""
    alternatives: tuple[str, ...] = ()
    drawn: Drawn | None = None
    shares: tuple[float, ...] = ()


def inputs(dataset: xr.Dataset, situation: Situation, settings: Mapping[str, str]) -> tuple[Input, ...]:
    """Return every input of a run with what was drawn from it.

    Parameters
    ----------
    dataset
        The run's arrays; as many inputs are read together as fit in memory.
    situation
        What was known at the start.
    settings
        Parameters that were set for the run, as quantities in text.
    """
    column = {name: row for row, name in enumerate(dataset["input"].to_numpy().tolist())}
    described = [*_described(situation), *_parameters(situation, settings)]
    known = {row.draw for row in described}
    others = [
        Input("other draw", name, "", "", "", "", "", name)
        for name in column
        if name not in known and not name.startswith(POSITIONS)
    ]
    by_column = {column[row.draw]: row for row in (*described, *others) if row.draw in column}
    told = {
        id(by_column[at]): _with_draws(by_column[at], draws) for at, draws in read_columns(dataset, "draw", sorted(by_column))
    }
    return tuple(told.get(id(row), row) for row in (*described, *others))


def inputs_by_draw(situation: Situation, settings: Mapping[str, str]) -> dict[str, Input]:
    """Return the rows of the table by the name of their draw, without what was drawn."""
    return {row.draw: row for row in (*_described(situation), *_parameters(situation, settings)) if row.draw}


def _with_draws(row: Input, draws: npt.NDArray[np.float64]) -> Input:
    if row.alternatives:
        return replace(row, shares=tuple(float((draws == number).mean()) for number in range(len(row.alternatives))))
    return replace(row, drawn=Drawn(*(float(value) for value in np.quantile(draws, DRAWN_LEVELS))))


def _described(situation: Situation) -> Iterable[Input]:
    """Return the reports and assumptions of the scenario that were known at the start."""
    yield from _strengths(situation)
    yield from _actors(situation)
    yield from _sides(situation)
    yield from _people(situation)
    yield from _supplies(situation)
    yield from _alternatives(situation)


def _strengths(situation: Situation) -> Iterator[Input]:
    actors, places, sides = _names(situation.actors), _names(situation.places), _names(situation.sides)
    for force in situation.forces:
        what = f"{actors[force.actor]} at {places[force.place]}"
        yield Input("force", what, force.quality, "fighters", force.strength.text, force.source, force.grade, row_input(force))
    for draw, force in {region_input(force): force for force in situation.forces}.items():
        what = f"{actors[force.actor]} in {force.region}"
        yield Input("force", what, "error that its garrisons there share", "standard score", "0 (-1.64..1.64)", "", "", draw)
    seen: Counter[str] = Counter()
    for claim in sorted(situation.strength_claims, key=repr):
        what = f"{actors.get(claim.claimed_of) or sides.get(claim.claimed_of, claim.claimed_of)} in {claim.region}"
        draw = claim_input(claim, seen[claim.claimed_of])
        seen[claim.claimed_of] += 1
        yield Input("claim of strength", what, "", "fighters", claim.strength.text, claim.source, claim.grade, draw)
    for claimed_of, n_claims in seen.items():
        what = actors.get(claimed_of) or sides.get(claimed_of, claimed_of)
        rivals = ("the rows of forces", *(f"claim {number + 1}" for number in range(n_claims)))
        yield Input("claim of strength", what, "which claim is believed", "", "", "", "", choice_input(claimed_of), rivals)
    for joined in situation.reinforcements:
        what = f"{actors[joined.actor]} to {places[joined.place]} on {joined.on}"
        draw = f"joining:{joined.actor}@{joined.place}:{joined.on.isoformat()}"
        yield Input("reinforcement", what, "", "fighters", joined.strength.text, joined.source, joined.grade, draw)


def _actors(situation: Situation) -> Iterator[Input]:
    for actor in situation.actors:
        where = (actor.source, actor.grade)
        yield Input(
            "actor",
            actor.name,
            "share of a surplus that fights elsewhere",
            "1",
            actor.mobility.text,
            *where,
            f"mobility:{actor.key}",
        )
        yield Input("actor", actor.name, "quality as known", "logits", actor.quality.text, *where, f"known-quality:{actor.key}")
        yield Input("actor", actor.name, "quality with its unknown part", "logits", "", *where, f"quality:{actor.key}")


def _sides(situation: Situation) -> Iterator[Input]:
    sides = _names(situation.sides)
    for key, policy in situation.policies.items():
        odds = ", ".join(f"{name} {share:g}" for name, share in policy.odds.items())
        yield Input("side", sides[key], "policy", "", odds, policy.source, "", f"policy:{key}", tuple(POLICY_RULES))
        chance = policy.p_wait_for_spring
        yield Input("side", sides[key], "waits for spring", "", "", policy.source, "", f"waits:{key}", ("no", "yes"))
        yield Input(
            "side",
            sides[key],
            "chance that it waits for spring",
            "1",
            chance.text,
            policy.source,
            chance.grade,
            f"waits-chance:{key}",
        )


def _people(situation: Situation) -> Iterator[Input]:
    places = _names(situation.places)
    for place in situation.places:
        if place.population is not None:
            yield Input(
                "population", place.name, place.kind, "people", place.population.text, place.source, "", f"population:{place.key}"
            )
        if place.host_capacity is not None:
            yield Input(
                "population",
                place.name,
                "room for guests",
                "people",
                place.host_capacity.text,
                place.source,
                "",
                f"room:{place.key}",
            )
    for row in situation.people:
        origin = f" from {places.get(row.origin, row.origin)}" if row.origin else ""
        is_guest = row.group == "guests"
        draw = f"guests:{row.origin or 'unknown'}@{row.place}" if is_guest else f"residents:{row.place}"
        yield Input(
            "people", f"{row.group} at {places[row.place]}{origin}", "", "people", row.number.text, row.source, row.grade, draw
        )
    for country in situation.abroad:
        yield Input(
            "population", country.name, "abroad", "people", country.population.text, country.source, "", f"abroad:{country.key}"
        )


def _supplies(situation: Situation) -> Iterator[Input]:
    places, sides = _names(situation.places), _names(situation.sides)
    for row in situation.supply_sources:
        what, draw = f"{sides[row.side]} at {places[row.place]}", f"capacity:{row.side}@{row.place}"
        yield Input("supply", what, "fighters fed", "fighters", row.capacity.text, row.source, row.grade, draw)
    for stock in situation.stocks:
        what, draw = f"{sides[stock.side]} at {places[stock.place]}", f"stock:{stock.side}@{stock.place}"
        yield Input("supply", what, "stock at the start", "days of need", stock.stock_days.text, stock.source, stock.grade, draw)


def _alternatives(situation: Situation) -> Iterator[Input]:
    """Return what is one of several: holders on which the record disagrees, and places that a text may mean."""
    places, sides = _names(situation.places), _names(situation.sides)
    for place, rows in situation.holdings.items():
        if len(rows) > 1 and place in places:
            names = tuple(f"{sides[row.holder]}{', contested' if row.contested_by else ''}" for row in rows)
            prior = ", ".join(f"{name} {row.weight:g}" for name, row in zip(names, rows, strict=True))
            yield Input(
                "holder", places[place], "on the first evening", "", prior, "the record of control", "", f"holder:{place}", names
            )
    for uncertain in situation.uncertain_places:
        names = (*(places.get(key, key) for key in uncertain.candidates), "elsewhere")
        prior = ", ".join(f"{name} {weight:g}" for name, weight in zip(names, uncertain.candidates.values(), strict=False))
        yield Input("place", uncertain.name, "where it is", "", prior, uncertain.source, "", f"site:{uncertain.key}", names)


def _parameters(situation: Situation, settings: Mapping[str, str]) -> Iterator[Input]:
    for key, parameter in PARAMETERS.items():
        prior, source, grade = _prior(parameter, situation, settings)
        yield Input("parameter", key, parameter.meaning, parameter.unit, prior, source, grade, f"parameter:{key}")


class _Prior(NamedTuple):
    text: str
    source: str
    grade: str


def _prior(parameter: Parameter, situation: Situation, settings: Mapping[str, str]) -> _Prior:
    """Return the prior in force: the run's own before the scenario's before the table's."""
    if parameter.key in settings:
        return _Prior(settings[parameter.key], "set for this run", "")
    if (own := situation.parameters.get(parameter.key)) is not None:
        return _Prior(own.text, "the scenario's own value", own.grade)
    return _Prior(_prior_text(parameter), parameter.source, "")


def _prior_text(parameter: Parameter) -> str:
    """Write a parameter's prior: its default, and its 5 and 95 per cent points where it is drawn."""
    if parameter.scale == "fixed":
        return f"{parameter.default:g}"
    return f"{parameter.default:g} ({parameter.low:g}..{parameter.high:g})"


def _names(nouns: Iterable[_Named]) -> dict[str, str]:
    return {noun.key: noun.name for noun in nouns}
