"""What a run may see: the latest that was known by its start, in an order of its own, and nothing of what came after."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyterrain.theatre import Scenario, ScenarioFaults, Situation, load
from keyterrain.theatre.fingerprint import of_situation
from scenarios import FILES, Rows, small_settings, small_tables, write_small_scenario

EVE, START = date(2013, 11, 14), date(2013, 11, 22)


@pytest.fixture(scope="module")
def scenario(tmp_path_factory: pytest.TempPathFactory) -> Scenario:
    return load(write_small_scenario(tmp_path_factory.mktemp("situation") / "small"))


def strengths(situation: Situation, actor: str, place: str) -> list[str]:
    return sorted(force.strength.text for force in situation.forces if (force.actor, force.place) == (actor, place))


def test_the_first_start_is_the_default(scenario: Scenario) -> None:
    assert scenario.situation() == scenario.situation(START)
    assert scenario.situation().start == START


def test_the_latest_row_known_by_the_start_wins(scenario: Scenario) -> None:
    assert strengths(scenario.situation(EVE), "militia", "north-city") == ["300..900"]
    assert strengths(scenario.situation(START), "militia", "north-city") == ["500..1200"]


def test_rows_of_one_day_stand_beside_each_other(scenario: Scenario) -> None:
    assert strengths(scenario.situation(START), "army", "capital") == ["2000..4000", "4000..9000"]


def test_a_force_that_has_left_stays_out(scenario: Scenario) -> None:
    assert strengths(scenario.situation(EVE), "fighters", "hill-village") == ["200"]
    assert strengths(scenario.situation(START), "fighters", "hill-village") == []


def test_guests_are_those_of_the_start(scenario: Scenario) -> None:
    for start, number in ((EVE, "1500"), (START, "1800")):
        counts = [count.number.text for count in scenario.situation(start).people if count.place == "border-town"]
        assert counts == [number]


def test_rival_claims_are_kept(scenario: Scenario, tmp_path: Path) -> None:
    assert [claim.strength.text for claim in scenario.situation().strength_claims] == ["up to 3000", "5000..8000"]

    def rivals(rows: Rows) -> Rows:
        other = {**rows[-2], "strength": "400", "source": "press"}
        newer = {**rows[-2], "strength": "2000", "known_on": "2013-11-20"}
        return [*rows, other, newer]

    situation = load(write_small_scenario(tmp_path / "rivals", forces=rivals)).situation()
    assert sorted(claim.strength.text for claim in situation.strength_claims) == ["2000", "400", "5000..8000"]


def test_control_follows_from_the_record(scenario: Scenario) -> None:
    (holding,) = scenario.situation(START).holdings["highway-town"]
    assert (holding.holder, holding.since) == ("opposition", date(2013, 11, 5))
    (holding,) = scenario.situation(START).holdings["orchards"]
    assert (holding.holder, holding.contested_by) == ("opposition", "government")
    fort = scenario.situation(START).holdings["hill-fort"]
    assert [(holding.holder, holding.weight) for holding in fort] == [("government", 0.3), ("opposition", 0.7)]


def test_a_holder_seen_again_holds_since_he_was_first_seen(scenario: Scenario) -> None:
    (holding,) = scenario.situation(START).holdings["hill-village"]
    assert holding.since == date(2013, 10, 1)


def test_control_that_became_known_later_is_not_known(scenario: Scenario) -> None:
    assert scenario.situation(date(2013, 12, 8)).holdings["highway-town"][0].holder == "opposition"
    assert scenario.situation(date(2013, 12, 9)).holdings["highway-town"][0].holder == "government"


def test_closures_in_force_hide_their_end(scenario: Scenario) -> None:
    (closure,) = scenario.situation(START).closures
    assert (closure.start, closure.end, closure.reopened_on) == ("junction", "highway-town", None)
    assert scenario.situation(date(2013, 12, 9)).closures == ()


def test_incidents_are_those_up_to_the_start(scenario: Scenario) -> None:
    assert [row.on.day for row in scenario.situation(EVE).incidents] == [12]
    assert sorted(row.on.day for row in scenario.situation(START).incidents) == [12, 19]


def test_relations_hold_both_ways(scenario: Scenario) -> None:
    relations = scenario.situation().relations
    assert all(relations[one, other] == relations[other, one] for one, other in relations)
    assert len(relations) == 6


def test_places_routes_and_mappings_are_sorted(scenario: Scenario) -> None:
    situation = scenario.situation()
    for keys in (
        [place.key for place in situation.places],
        [route.key for route in situation.routes],
        [side.key for side in situation.sides],
        list(situation.areas),
        list(situation.holdings),
        list(situation.policies),
    ):
        assert keys == sorted(keys)


@pytest.mark.parametrize("day", [date(2013, 11, 9), date(2014, 2, 2), date(1999, 1, 1)])
def test_a_start_that_the_record_does_not_cover_is_refused(day: date, scenario: Scenario) -> None:
    with pytest.raises(ScenarioFaults, match="it covers 2013-11-10 to 2014-02-01"):
        scenario.situation(day)


def test_starts_are_covered_where_nothing_else_is_declared(tmp_path: Path) -> None:
    scenario = load(write_small_scenario(tmp_path / "small", covered_until=""))
    assert scenario.covered.last == START


WHEN = {"control": "date", "closures": "closed_on", "displacement": "date", "incidents": "date", "observed_corridors": "date"}


@pytest.mark.parametrize("start", [EVE, START, date(2013, 12, 1)])
def test_deleting_what_came_after_changes_nothing(start: date, scenario: Scenario, tmp_path: Path) -> None:
    def up_to_start(column: str) -> Callable[[Rows], Rows]:
        day = start.isoformat()
        return lambda rows: [row for row in rows if row["known_on"] <= day and row[column] <= day]

    changes = {table: up_to_start(column) for table, column in WHEN.items()}
    bare = load(write_small_scenario(tmp_path / "small", **changes))
    assert len(bare.record.control) < len(scenario.record.control)
    assert same_but_for_the_folder(bare.situation(start), scenario.situation(start))


def same_but_for_the_folder(one: Situation, other: Situation) -> bool:
    return of_situation(one) == of_situation(other) and all(
        getattr(one, name) == getattr(other, name) and list(getattr(one, name)) == list(getattr(other, name))
        for name in ("places", "routes", "forces", "people", "holdings", "relations", "closures", "policies", "areas", "outcomes")
    )


@given(data=st.data())
def test_the_order_of_rows_does_not_matter(
    data: st.DataObject, scenario: Scenario, tmp_path_factory: pytest.TempPathFactory
) -> None:
    tables = small_tables()
    changes: dict[str, Any] = {name: data.draw(st.permutations(tables[name])) for name in FILES}
    sections = small_settings()
    for key in ("sides", "actors", "policies", "aims", "areas", "corridors", "abroad", "outcomes"):
        changes[key] = dict(data.draw(st.permutations(list(sections[key].items()))))
    changes["relations"] = data.draw(st.permutations(sections["relations"]))
    shuffled = load(write_small_scenario(tmp_path_factory.mktemp("shuffled") / "small", **changes))
    assert same_but_for_the_folder(shuffled.situation(START), scenario.situation(START))


def test_a_change_that_matters_changes_the_fingerprints(scenario: Scenario, tmp_path: Path) -> None:
    def fewer(rows: Rows) -> Rows:
        return [*rows[:2], {**rows[2], "strength": "1000 < 1500 < 2501"}, *rows[3:]]

    other = load(write_small_scenario(tmp_path / "small", forces=fewer))
    assert other.fingerprint != scenario.fingerprint
    assert of_situation(other.situation()) != of_situation(scenario.situation())


def test_what_happens_later_changes_the_fingerprint_of_the_scenario_alone(scenario: Scenario, tmp_path: Path) -> None:
    other = load(write_small_scenario(tmp_path / "small", control=lambda rows: rows[:-1]))
    assert other.fingerprint != scenario.fingerprint
    assert other.fingerprint_at(START) == scenario.fingerprint_at(START) == of_situation(scenario.situation(START))


def test_the_rest_of_the_candidates_lies_elsewhere(scenario: Scenario) -> None:
    (mill,) = scenario.situation().uncertain_places
    assert mill.candidates == pytest.approx({"hill-village": 0.6, "highway-town": 0.3, "elsewhere": 0.1})


def test_reinforcements_are_those_still_to_come(scenario: Scenario) -> None:
    assert [row.on for row in scenario.situation(START).reinforcements] == [date(2013, 12, 10)]
    assert scenario.situation(date(2013, 12, 10)).reinforcements == ()


def test_a_share_that_replaces_a_parameter_stays_one(tmp_path: Path) -> None:
    scenario = load(write_small_scenario(tmp_path / "small", parameters={"supply.floor": "0.5..0.95"}))
    assert scenario.situation().parameters["supply.floor"].ppf(0.9999) == 1


def test_a_scenario_knows_its_folder_from_anywhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_small_scenario(tmp_path / "small")
    monkeypatch.chdir(tmp_path)
    scenario = load("small")
    monkeypatch.chdir("/")
    assert scenario.situation().terrain_path.is_file()
