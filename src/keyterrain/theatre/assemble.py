"""From a draft without faults to the nouns of a scenario."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from keyterrain.theatre import schema
from keyterrain.theatre.claims_file import read_claims
from keyterrain.theatre.columns import Table
from keyterrain.theatre.draft import Draft, Row
from keyterrain.theatre.fingerprint import of_files
from keyterrain.theatre.nouns import Backtest, Outcome, Policy, Record, Relation, StrengthClaim, UncertainPlace
from keyterrain.theatre.outcomes import MEASURES
from keyterrain.theatre.overrides import override
from keyterrain.theatre.policies import POLICY_RULES
from keyterrain.theatre.quantity import Quantity
from keyterrain.theatre.scenario import Scenario


def assemble(draft: Draft) -> Scenario:
    """Return the scenario of a draft in which no fault was found."""
    heading, climate = draft.heading, draft.rows("climate_settings")[0]
    forces = draft.rows("forces")
    return Scenario(
        path=draft.folder,
        name=heading.get("name"),
        title=heading.get("title"),
        summary=heading.get("summary"),
        starts=heading.get("starts"),
        days=heading.get("days"),
        covered_until=heading.get("covered_until"),
        sides=_nouns(draft, schema.SIDES),
        relations=_relations(draft.rows("relations")),
        actors=_nouns(draft, schema.ACTORS),
        policies=tuple(_policy(row) for row in draft.rows("policies")),
        aims=_nouns(draft, schema.AIMS),
        areas=_nouns(draft, schema.AREAS),
        corridors=_nouns(draft, schema.CORRIDORS),
        abroad=_nouns(draft, schema.ABROAD),
        uncertain_places=tuple(_uncertain_place(row) for row in draft.rows("uncertain_places")),
        outcomes=tuple(_outcome(row) for row in draft.rows("outcomes")),
        reference_height_m=climate.get("reference_height_m"),
        crest_areas=climate.get("crest_areas"),
        parameters=_parameters(draft.rows("parameters")),
        places=_nouns(draft, schema.PLACES),
        routes=_nouns(draft, schema.ROUTES),
        forces=tuple(_noun(schema.FORCES, row) for row in forces if not _is_claim(row)),
        strength_claims=tuple(_claim(row) for row in forces if _is_claim(row)),
        reinforcements=_nouns(draft, schema.REINFORCEMENTS),
        supply_sources=_nouns(draft, schema.SUPPLY),
        stocks=_nouns(draft, schema.STOCKS),
        people=_nouns(draft, schema.PEOPLE),
        climate=_nouns(draft, schema.CLIMATE),
        record=_record(draft),
        sources=_nouns(draft, schema.SOURCES),
        claims=read_claims(draft).claims,
        backtest=next(iter(_nouns(draft, schema.BACKTEST)), Backtest()),
        fingerprint=of_files(draft.contents),
    )


def _noun(table: Table, row: Row) -> Any:
    assert table.noun is not None
    return table.noun(**{column.attribute or column.name: row.get(column.name) for column in table.columns})


def _nouns(draft: Draft, table: Table) -> tuple[Any, ...]:
    return tuple(_noun(table, row) for row in draft.rows(table.name))


def _record(draft: Draft) -> Record:
    return Record(
        control=_nouns(draft, schema.CONTROL),
        closures=_nouns(draft, schema.CLOSURES),
        displacement=_nouns(draft, schema.DISPLACEMENT),
        incidents=_nouns(draft, schema.INCIDENTS),
        corridors=_nouns(draft, schema.OBSERVED_CORRIDORS),
        forecasts=_nouns(draft, schema.FORECASTS),
        region=_nouns(draft, schema.REGIONAL_EVENTS),
    )


def _relations(rows: Iterable[Row]) -> dict[tuple[str, str], Relation]:
    relations: dict[tuple[str, str], Relation] = {}
    for row in rows:
        one, other = row.get("side"), row.get("other")
        relations[one, other] = relations[other, one] = row.get("relation")
    return relations


def _policy(row: Row) -> Policy:
    odds = {name: row.get(name) for name in POLICY_RULES if row.get(name) > 0}
    return Policy(row.get("side"), odds, row.get("wait_for_spring"), row.get("source"))


def _uncertain_place(row: Row) -> UncertainPlace:
    candidates = dict(row.get("candidates"))
    rest = 1.0 - sum(candidates.values())
    if schema.ELSEWHERE not in candidates and rest > schema.WEIGHT_TOLERANCE:
        candidates[schema.ELSEWHERE] = round(rest, 9)
    return UncertainPlace(row.get("uncertain_place"), row.get("name"), dict(sorted(candidates.items())), row.get("source"))


def _outcome(row: Row) -> Outcome:
    measure = MEASURES[row.get("measure")]
    arguments = {argument.name: row.get(argument.name) for argument in measure.arguments}
    return Outcome(
        row.get("outcome"), row.get("says"), measure.name, arguments, row.get("wanted_by") or "", row.get("source") or ""
    )


def _parameters(rows: Iterable[Row]) -> dict[str, Quantity]:
    return {row.get("parameter"): override(row.get("parameter"), row.get("value").text) for row in rows}


def _is_claim(row: Row) -> bool:
    return bool(row.get("kind") == schema.CLAIM)


def _claim(row: Row) -> StrengthClaim:
    return StrengthClaim(
        claimed_of=row.get("actor"),
        region=row.get("region"),
        strength=row.get("strength"),
        source=row.get("source"),
        grade=row.get("grade"),
        known_on=row.get("known_on"),
    )
