"""The theatre of al-Qusayr: what its tables must say whoever edits them next."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import networkx as nx
import pytest

from keyterrain.theatre import Scenario, Situation, check, load, shipped

OPENING, EVE, FALL = date(2013, 4, 4), date(2013, 5, 18), date(2013, 6, 5)
POCKET = {
    "al-qusayr", "western-villages", "tal-al-nabi-mando", "western-dumayna", "haidariyah", "esh-al-warwar", "kafr-musa", "arjun",
    "hamidiyah", "jawadiyah", "dabaa", "dabaa-air-base", "buwaydah-al-sharqiyah", "jusiyah",
}  # fmt: skip
FALLEN = {
    "tal-al-nabi-mando": date(2013, 4, 11), "western-villages": date(2013, 4, 21), "western-dumayna": date(2013, 5, 13),
    "haidariyah": date(2013, 5, 13), "esh-al-warwar": date(2013, 5, 13), "dabaa-air-base": date(2013, 5, 29), "al-qusayr": FALL,
    "dabaa": date(2013, 6, 6), "buwaydah-al-sharqiyah": date(2013, 6, 8),
}  # fmt: skip


@pytest.fixture(scope="module")
def scenario() -> Scenario:
    return load("qusayr-2013")


@pytest.fixture(scope="module", params=(OPENING, EVE), ids=str)
def situation(request: pytest.FixtureRequest, scenario: Scenario) -> Situation:
    return scenario.situation(request.param)


def held_by(situation: Situation, side: str) -> set[str]:
    """Places that the side holds in every alternative, uncontested."""
    held = situation.holdings.items()
    return {place for place, rows in held if {(row.holder, row.contested_by) for row in rows} == {(side, "")}}


def strength(situation: Situation, actors: set[str], places: set[str]) -> tuple[float, float]:
    """Lowest and highest written strength of some actors at some places."""
    there = [force.strength.numbers for force in situation.forces if force.actor in actors and force.place in places]
    return sum(numbers[0] for numbers in there), sum(numbers[-1] for numbers in there)


def test_check_finds_nothing() -> None:
    report = check("qusayr-2013")
    assert not report.faults
    assert not report.warnings
    assert "qusayr-2013" in shipped()


def test_starts_with_the_offensive_and_on_the_eve_of_the_assault_and_lasts_to_its_end(scenario: Scenario) -> None:
    assert scenario.starts == (OPENING, EVE)
    assert OPENING + timedelta(days=scenario.days) == date(2013, 6, 8)


def test_is_one_connected_theatre_with_each_road_once(scenario: Scenario) -> None:
    keys = [route.key for route in scenario.routes]
    graph = nx.Graph((route.start, route.end) for route in scenario.routes)
    assert len(set(keys)) == len(keys)
    assert set(graph) == {place.key for place in scenario.places}
    assert nx.is_connected(graph)


def test_the_pocket_is_held_by_the_opposition_at_the_opening_but_for_the_besieged_air_base(scenario: Scenario) -> None:
    situation = scenario.situation(OPENING)
    assert {place.key for place in scenario.places if "al-qusayr-pocket" in place.areas} == POCKET
    assert held_by(situation, "opposition") >= POCKET - {"dabaa-air-base"}
    assert "dabaa-air-base" in held_by(situation, "government")


def test_on_the_eve_the_town_is_ringed_on_three_sides(scenario: Scenario) -> None:
    situation = scenario.situation(EVE)
    taken = POCKET & held_by(situation, "government")
    assert taken == {"western-villages", "tal-al-nabi-mando", "western-dumayna", "haidariyah", "esh-al-warwar", "kafr-musa"}
    assert POCKET - taken <= held_by(situation, "opposition")


def test_the_record_goes_on_to_the_fall_of_the_last_village(scenario: Scenario) -> None:
    taken = {(row.place, row.on) for row in scenario.record.control if row.holder == "government"}
    assert set(FALLEN.items()) <= taken
    assault = [row for row in scenario.record.control if row.place == "al-qusayr" and row.on == date(2013, 5, 19)]
    assert [(row.holder, row.contested_by) for row in assault] == [("opposition", "government")]


def test_nothing_after_the_start_enters(situation: Situation) -> None:
    rows: list[Any] = [
        *situation.places, *situation.routes, *situation.forces, *situation.strength_claims, *situation.supply_sources,
        *situation.stocks, *situation.people, *situation.closures, *situation.incidents, *situation.reinforcements,
    ]  # fmt: skip
    assert all(row.known_on <= situation.start for row in rows)
    assert all(holding.since <= situation.start for held in situation.holdings.values() for holding in held)


def test_neither_the_claims_of_later_days_nor_the_reinforcement_of_may_is_known(scenario: Scenario, situation: Situation) -> None:
    assert not situation.strength_claims
    assert not situation.reinforcements
    assert {claim.claimed_of for claim in scenario.strength_claims} == {"hizbollah", "opposition"}
    assert [(row.actor, row.on) for row in scenario.reinforcements] == [("hizbollah", date(2013, 5, 22))]


def test_forces_of_the_eve_span_the_published_totals(scenario: Scenario) -> None:
    eve = scenario.situation(EVE)
    low, high = strength(eve, {"army", "militia"}, POCKET)
    assert low < 5_000
    assert high > 6_000
    low, high = strength(eve, {"fsa-local", "nusra"}, {"al-qusayr"})
    assert low < 1_700
    assert high > 1_900
    low, high = strength(eve, {"hizbollah"}, POCKET | {"aqrabiyah"})
    assert low < 800
    assert high > 1_200


def test_fewer_attack_at_the_opening_than_on_the_eve(scenario: Scenario) -> None:
    def near(start: date) -> float:
        ring = POCKET | {"aqrabiyah", "al-qasr", "khirbat-tin-nur", "shinshar", "hasya"}
        forces = scenario.situation(start).forces
        return sum(f.strength.numbers[len(f.strength.numbers) // 2] for f in forces if f.place in ring and f.actor in attackers)

    attackers = {"army", "militia", "hizbollah"}
    assert near(OPENING) < near(EVE)


def test_whoever_holds_a_place_has_fighters_there(situation: Situation) -> None:
    sides = {actor.key: actor.side for actor in situation.actors}
    present = {(sides[force.actor], force.place) for force in situation.forces if force.strength.high > 0}
    holders = {(each.holder, place) for place, held in situation.holdings.items() for each in held if each.holder != "neutral"}
    assert holders == present, "and nobody stands on ground of the other"


def test_those_who_stay_in_the_town_are_fewer_on_the_eve(scenario: Scenario) -> None:
    (row,) = [row for row in scenario.situation(EVE).people if (row.place, row.group) == ("al-qusayr", "residents")]
    assert row.number.numbers == (25_000,)
    assert not [row for row in scenario.situation(OPENING).people if row.place == "al-qusayr"]


def test_the_unknown_is_graded_and_every_source_is_used(scenario: Scenario) -> None:
    graded: list[Any] = [*scenario.forces, *scenario.people, *scenario.supply_sources, *scenario.stocks, *scenario.record.control]
    assert all(row.grade for row in graded)
    tables: list[Any] = [
        *graded,
        *scenario.places,
        *scenario.routes,
        *scenario.climate,
        *scenario.strength_claims,
        *scenario.actors,
    ]
    tables += [*scenario.corridors, *scenario.areas, *scenario.policies, *scenario.aims, *scenario.abroad, *scenario.outcomes]
    tables += [*scenario.record.closures, *scenario.record.displacement, *scenario.record.incidents, *scenario.reinforcements]
    cited = {part.strip() for row in tables for part in row.source.split(";")}
    assert {source.key for source in scenario.sources} - cited == {"globe"}, "only the elevation grid is no cell's source"
