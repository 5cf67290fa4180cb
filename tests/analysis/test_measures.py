"""Measures on campaigns that are small enough to be worked out on paper, and alike in memory and from the store."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np
import pyarrow as pa
import pytest

import keyterrain as kt
from keyterrain.analysis.measures import Measurement, Replicates, measured, of_chunk, of_run, variables_of
from keyterrain.analysis.measures.registry import computed_measures
from keyterrain.analysis.measures.ways import reached_from_supply
from keyterrain.campaign.chunks import compiled_kernels
from keyterrain.campaign.play import PlayedChunk
from keyterrain.campaign.prepare import Prepared, prepare
from keyterrain.campaign.record import CONTESTED, VARIABLES
from keyterrain.theatre import Scenario, load
from keyterrain.theatre.outcomes import MEASURES
from scenarios import write_small_scenario

DAYS = 14
GOVERNMENT, NEUTRAL, OPPOSITION = range(3)


@pytest.fixture(scope="module")
def scenario(tmp_path_factory: pytest.TempPathFactory) -> Scenario:
    return load(write_small_scenario(tmp_path_factory.mktemp("measures") / "small"))


@pytest.fixture(scope="module")
def prepared(scenario: Scenario) -> Prepared:
    return prepare(scenario, days=DAYS, seed=3)


@pytest.fixture
def quiet(prepared: Prepared) -> Replicates:
    """Two campaigns in which nothing happens: the government holds all, every road is open, nobody is anywhere."""
    arrays: dict[str, Any] = {
        v.name: np.zeros((2, *prepared.shape(v.dims, v.cadence, record_daily=False)), v.dtype) for v in VARIABLES
    }
    arrays["route_open"][:] = 100
    return Replicates(arrays, prepared.coordinates, prepared.situation, 0, 2, no_events())


def no_events() -> pa.Table:
    return events_of([])


def events_of(rows: list[dict[str, Any]]) -> pa.Table:
    columns = {
        "replicate": pa.int32(), "day": pa.int32(), "kind": pa.string(), "place": pa.string(), "route": pa.string(),
        "side": pa.string(), "cause": pa.string(), "number": pa.int32(),
    }  # fmt: skip
    return pa.Table.from_pylist([{**dict.fromkeys(columns), "number": 0, **row} for row in rows], schema=pa.schema(columns))


def value(replicates: Replicates, measure: str, *, outside: tuple[str, ...] = (), **arguments: Any) -> list[float]:
    return measured([Measurement.of(measure, outside, **arguments)], replicates)[0].tolist()


def hold(replicates: Replicates, place: str, code: int, days: slice, replicate: int = 0) -> None:
    replicates.arrays["control"][replicate, days, replicates.at("place", place)] = code


def test_every_declared_measure_of_campaigns_is_computed() -> None:
    assert set(computed_measures()) == {name for name, measure in MEASURES.items() if measure.basis == "runs"}


def test_the_share_of_an_area_leaves_out_the_first_evening_and_contested_ground(quiet: Replicates) -> None:
    hold(quiet, "hill-village", OPPOSITION, slice(0, 8))  # 7 of 14 days of one of three places
    hold(quiet, "hill-fort", CONTESTED, slice(None))
    assert value(quiet, "area_held_share", area="hills", side="government") == pytest.approx([(7 + 0 + 14) / 42, 1.0])
    assert value(quiet, "place_held_share", place="hill-fort", side="government") == [0.0, 1.0]


def test_ground_outside_of_which_one_measures_does_not_count(quiet: Replicates) -> None:
    hold(quiet, "hill-village", OPPOSITION, slice(None))
    asked = {"area": "hills", "side": "government"}
    assert value(quiet, "area_held_share", outside=("hill-village",), **asked) == [1.0, 1.0]
    everything = ("hill-village", "hill-fort", "high-pass")
    assert np.isnan(value(quiet, "area_held_share", outside=everything, **asked)).all()
    assert np.isnan(value(quiet, "side_cut_off", outside=everything, days=3, **asked)).all()


def test_what_is_not_of_ground_is_measured_the_same_outside_it(quiet: Replicates) -> None:
    quiet.arrays["corridor_open"][:] = 1
    asked = {"corridor": "highway"}
    assert Measurement.of("corridor_open_share", ("junction",), **asked) == Measurement.of("corridor_open_share", **asked)
    assert value(quiet, "corridor_open_share", outside=("junction",), **asked) == [1.0, 1.0]


def test_a_capture_is_of_ground_not_held_at_the_start(quiet: Replicates) -> None:
    hold(quiet, "hill-fort", OPPOSITION, slice(0, 6))
    asked = {"place": "hill-fort", "side": "government"}
    assert value(quiet, "place_taken", **asked) == pytest.approx([1.0, np.nan], nan_ok=True)
    assert value(quiet, "place_taken", day=5, **asked)[0] == 0.0
    assert value(quiet, "place_taken", day=6, **asked)[0] == 1.0
    assert value(quiet, "place_taken_after", **asked) == pytest.approx([6.0, np.nan], nan_ok=True)
    assert np.isnan(value(quiet, "place_taken", day=DAYS + 1, **asked)).all()
    assert value(quiet, "places_gained", area="theatre", side="government") == [1.0, 0.0]


def test_an_area_is_taken_on_the_day_when_enough_of_it_is_held(quiet: Replicates) -> None:
    hold(quiet, "hill-fort", OPPOSITION, slice(0, 6))
    hold(quiet, "high-pass", OPPOSITION, slice(0, 9))
    asked = {"area": "hills", "side": "government"}
    assert value(quiet, "area_taken_after", share=0.6, **asked)[0] == 6.0
    assert value(quiet, "area_taken_after", **asked)[0] == 9.0
    assert value(quiet, "area_taken", share=0.6, day=8, **asked) == [1.0, 1.0]
    assert value(quiet, "area_taken", day=8, **asked) == [0.0, 1.0]
    assert value(quiet, "area_held_on", day=8, **asked)[0] == pytest.approx(2 / 3)


@pytest.mark.parametrize(("back_on", "days", "expected"), [(8, 5, 1.0), (10, 5, 0.0), (None, 5, 0.0), (None, 12, np.nan)])
def test_a_reversal_counts_within_its_days_and_is_open_where_the_campaign_ends_first(
    quiet: Replicates, back_on: int | None, days: int, expected: float
) -> None:
    for place in ("hill-village", "hill-fort"):
        hold(quiet, place, OPPOSITION, slice(4, back_on))
    found = value(quiet, "reversal_within", area="hills", side="government", days=days)
    assert found == pytest.approx([expected, np.nan], nan_ok=True)


def test_corridors_are_read_in_shares_of_days(quiet: Replicates) -> None:
    at = quiet.at("corridor", "highway")
    quiet.arrays["corridor_open"][0, 5:, at] = 1
    quiet.arrays["corridor_secure"][0, 8:, at] = 60
    asked = {"corridor": "highway"}
    assert value(quiet, "corridor_open_share", **asked) == pytest.approx([10 / 14, 0.0])
    assert value(quiet, "corridor_secure_share", threshold=0.6, **asked) == pytest.approx([7 / 14, 0.0])
    assert value(quiet, "corridor_secure_share", threshold=0.61, **asked) == [0.0, 0.0]
    assert value(quiet, "corridor_security", **asked) == pytest.approx([0.3, 0.0])
    assert value(quiet, "corridor_closed_for", days=4, **asked) == [1.0, 1.0]
    assert value(quiet, "corridor_closed_for", days=5, **asked) == [0.0, 1.0]


def test_a_side_is_cut_off_while_no_free_way_joins_it_to_its_supply(quiet: Replicates) -> None:
    hold(quiet, "north-city", OPPOSITION, slice(None))
    hold(quiet, "junction", OPPOSITION, slice(3, 9))
    sources = {row.place for row in quiet.situation.supply_sources if row.side == "government"}
    assert sources == {"capital", "north-city"}, "the case on paper rests on it"
    quiet.arrays["strength"][:, 0, quiet.at("actor", "army"), 0] = 100  # most are regulars: they need what can be driven
    asked = {"area": "highway", "side": "government"}
    assert value(quiet, "side_cut_off", days=6, **asked) == [1.0, 0.0]
    assert value(quiet, "side_cut_off", days=7, **asked) == [0.0, 0.0]


def test_reach_from_supply_agrees_with_a_search_of_every_day(prepared: Prepared, quiet: Replicates) -> None:
    generator = np.random.Generator(np.random.Philox(key=7))
    arrays = dict(quiet.arrays)
    arrays["control"] = generator.integers(-1, 3, arrays["control"].shape).astype(np.int8)
    arrays["route_open"] = (generator.random(arrays["route_open"].shape) < 0.8).astype(np.uint8) * 100
    arrays["strength"] = generator.integers(0, 50, arrays["strength"].shape).astype(np.int32)
    random = replace(quiet, arrays=arrays, _shared={})
    for side in ("government", "opposition"):
        found = reached_from_supply(random, side)
        for replicate in range(2):
            for day in range(DAYS + 1):
                assert set(np.flatnonzero(found[replicate, day])) == searched(random, side, replicate, day)


def searched(replicates: Replicates, side: str, replicate: int, day: int) -> set[int]:
    situation, own = replicates.situation, replicates.at("side", side)
    control = replicates.arrays["control"][replicate, day]
    free = {place for place, code in enumerate(control) if code in {own, NEUTRAL}}
    strength = replicates.arrays["strength"][replicate, 0].sum(axis=1)
    by_kind = {True: 0, False: 0}
    for actor in situation.actors:
        if actor.side == side:
            by_kind[actor.irregular] += int(strength[replicates.at("actor", actor.key)])
    modes = ["vehicle", "foot"] if by_kind[True] > by_kind[False] else ["vehicle"]
    week = max(i for i, label in enumerate(replicates.labels["week"]) if label <= day)
    graph = nx.Graph()
    graph.add_nodes_from(free)
    for route in situation.routes:
        ends = (replicates.at("place", route.start), replicates.at("place", route.end))
        is_open = any(
            replicates.arrays["route_open"][replicate, week, replicates.at("mode", mode), replicates.at("route", route.key)]
            for mode in modes
        )
        if is_open and set(ends) <= free:
            graph.add_edge(*ends)
    sources = {replicates.at("place", row.place) for row in situation.supply_sources if row.side == side} & free
    return set().union(*(nx.node_connected_component(graph, source) for source in sources))


def test_fighting_is_read_from_events_and_losses(quiet: Replicates) -> None:
    hold(quiet, "hill-fort", OPPOSITION, slice(0, 7))
    army = quiet.at("actor", "army")
    quiet.arrays["cum_loss"][0, :, army, 0] = np.arange(DAYS + 1) * 10
    rows = [
        {"replicate": 0, "day": 5, "kind": "assault", "place": "hill-fort", "side": "government", "number": 900},
        {"replicate": 0, "day": 7, "kind": "capture", "place": "hill-fort", "side": "government"},
        {"replicate": 0, "day": 9, "kind": "assault", "place": "hill-village", "side": "opposition", "number": 50},
        {"replicate": 1, "day": 9, "kind": "incident", "place": "hill-fort", "side": "government", "number": 1},
    ]
    fought = replace(quiet, table=events_of(rows), _shared={})
    here = {"place": "hill-fort", "side": "government"}
    assert value(fought, "place_assaulted", **here) == [1.0, 0.0]
    assert value(fought, "place_assaulted", day=4, **here) == [0.0, 0.0]
    assert value(fought, "force_sent", **here) == pytest.approx([900.0, np.nan], nan_ok=True)
    assert value(fought, "assault_losses", **here) == pytest.approx([30.0, np.nan], nan_ok=True)  # evening of 4 to evening of 7
    fought.arrays["n_displaced"][0, :, fought.at("host", "border-town")] = np.arange(DAYS + 1) * 100
    away = {**here, "host": "border-town"}
    assert value(fought, "displaced_after_assault", days=7, **away) == pytest.approx([800.0, np.nan], nan_ok=True)
    assert np.isnan(value(fought, "displaced_after_assault", days=10, **away)).all()
    assert value(fought, "fighters_lost", side="government") == [140.0, 0.0]
    assert value(fought, "actor_lost_per_gain", actor="army", area="hills") == pytest.approx([140.0, np.nan], nan_ok=True)
    assert value(fought, "assaults_elsewhere", area="hills", days=5, **here) == pytest.approx([1.0, np.nan], nan_ok=True)
    assert np.isnan(value(fought, "assaults_elsewhere", area="hills", days=8, **here)).all()


def test_people_and_draws_are_picked_by_name(prepared: Prepared, quiet: Replicates) -> None:
    quiet.arrays["n_displaced"][0, :, quiet.at("host", "border-town")] = np.arange(DAYS + 1) * 100 + 50
    assert value(quiet, "displaced_at", host="border-town") == [1450.0, 0.0]
    assert value(quiet, "displaced_gain", host="border-town", day=3) == [300.0, 0.0]
    assert value(quiet, "displaced_reach", host="border-town", people=300, day=3) == [1.0, 0.0]
    assert value(quiet, "displaced_reach", host="border-town", people=301, day=3) == [0.0, 0.0]
    quiet.arrays["draw"][:, quiet.at("input", "policy:government")] = [0.0, 1.0]
    assert value(quiet, "policy_is", side="government", policy="piecemeal") == [1.0, 0.0]


def test_an_argument_that_a_measure_does_not_have_is_an_error_of_the_caller() -> None:
    with pytest.raises(TypeError, match="placce"):
        Measurement.of("place_taken", placce="nabk", side="government")
    with pytest.raises(TypeError, match="needs side"):
        Measurement.of("place_taken", place="nabk")


ARGUMENTS: dict[str, Any] = {
    "corridor": "highway", "area": "hills", "place": "hill-village", "side": "government", "actor": "army", "host": "border-town",
    "days": 7, "day": 20, "share": 0.5, "threshold": 0.5, "places": ("capital", "highway-town"), "policy": "piecemeal",
    "input": "quality:army", "since": 3, "people": 500,
}  # fmt: skip


def every_measurement() -> list[Measurement]:
    return [
        Measurement.of(name, **{column.name: ARGUMENTS[column.name] for column in measure.arguments})
        for name, measure in MEASURES.items()
        if measure.basis == "runs"
    ]


def test_a_stored_run_gives_the_same_values_as_the_campaign_in_memory(scenario: Scenario, tmp_path: Path) -> None:
    kt.run(scenario, replicates=7, days=30, seed=4, out=tmp_path / "run", chunk=4, record_daily=True)
    run = kt.open_run(tmp_path / "run")
    asked = every_measurement()
    prepared = prepare(scenario, days=30, seed=4)
    played: PlayedChunk = compiled_kernels().play_chunk(prepared, 0, 7)  # type: ignore[assignment]
    in_memory = measured(asked, of_chunk(prepared, 0, played))
    stored = np.concatenate([measured(asked, each) for each in of_run(run, variables_of(asked), n_at_once=3)], axis=1)
    for each, one, other in zip(asked, in_memory, stored, strict=True):
        np.testing.assert_array_equal(one, other, err_msg=each.text)
    defined = ~np.isnan(in_memory).all(axis=1)
    assert defined.sum() > 0.7 * len(asked), "a comparison of nothing proves nothing"


def assault(day: int, until: int, place: str, ending: str, replicate: int = 0, side: str = "government") -> list[dict[str, Any]]:
    common = {"replicate": replicate, "place": place, "side": side}
    return [
        {**common, "day": day, "kind": "assault", "cause": "assault"},
        {**common, "day": until, "kind": ending, "cause": "odds"},
    ]


def test_assaults_won_and_their_days_leave_out_those_that_do_not_end(quiet: Replicates) -> None:
    rows = [
        *assault(1, 5, "hill-fort", "capture"),
        *assault(2, 3, "high-pass", "capture"),
        *assault(4, 9, "orchards", "broken_off"),
        *assault(6, 6, "hill-village", "capture", side="opposition"),
        {"replicate": 0, "place": "junction", "side": "government", "day": 7, "kind": "assault", "cause": "assault"},
    ]
    fought = replace(quiet, table=events_of(sorted(rows, key=lambda row: (row["replicate"], row["day"]))), _shared={})
    assert value(fought, "assaults_won", side="government") == pytest.approx([2 / 3, np.nan], nan_ok=True)
    assert value(fought, "capture_days", side="government") == pytest.approx([3.5, np.nan], nan_ok=True)
    assert value(fought, "capture_days", side="opposition")[0] == 1.0


def test_captures_are_counted_in_the_area_for_each_month(quiet: Replicates) -> None:
    rows = [*assault(1, 5, "hill-fort", "capture"), *assault(6, 8, "hill-fort", "capture"), *assault(1, 3, "orchards", "capture")]
    fought = replace(quiet, table=events_of(sorted(rows, key=lambda row: row["day"])), _shared={})
    month = 365.25 / 12 / DAYS
    assert value(fought, "captures_per_month", area="hills", side="government") == pytest.approx([2 * month, 0.0])
    assert value(fought, "captures_per_month", area="theatre", side="government") == pytest.approx([3 * month, 0.0])
    assert value(fought, "captures_per_month", area="theatre", side="opposition") == [0.0, 0.0]


def test_the_dead_of_a_side_are_not_its_wounded(quiet: Replicates) -> None:
    quiet.arrays["cum_loss"][0, -1, quiet.at("actor", "army")] = [7, 50, 3, 2]
    quiet.arrays["cum_loss"][0, -1, quiet.at("actor", "brigades")] = [11, 0, 0, 0]
    assert value(quiet, "fighters_dead", side="government") == [7.0, 0.0]
