"""Each process switched off by name: its own variables stand still, and nothing that does not depend on it changes a byte.

Whole campaigns first. `UNTOUCHED`, the table of what does not depend on a process, is short: strength, supply, roads, control and
people hang together through the processes that are left on. So `SHUT_OFF` has for each process a theatre in which the few ways
are shut by which it reaches the others, and there all but its own variables have to stay.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import xarray as xr

from keyterrain.campaign.interventions import Interventions
from keyterrain.campaign.record import VARIABLES
from keyterrain.theatre import Scenario
from keyterrain.theatre.parameters import PROCESSES
from played_campaigns import EVENTS, Campaign, differing, play, same_labels, small_scenario

pytestmark = pytest.mark.slow

REPLICATES, DAYS = 96, 120
NAMES = {variable.name for variable in VARIABLES}

SKY = {"wet", "snow_depth"}
ALWAYS = {"draw"}
UNTOUCHED: Mapping[str, set[str]] = {
    "weather": {"cum_reinforcement"},
    "routes": {*SKY, "cum_reinforcement"},
    "interdiction": {*SKY, "cum_reinforcement"},
    "supply": {*SKY, "cum_reinforcement"},
    "decision": {*SKY, "cum_reinforcement"},
    "movement": {*SKY},
    "combat": {*SKY, "cum_reinforcement"},
    "control": {*SKY, "cum_reinforcement"},
    "insurgency": {*SKY, "cum_reinforcement"},
    # what irregulars find to eat depends on how many people are left, and through it whatever they do
    "displacement": {*SKY, "cum_reinforcement"},
}
"""Variables that do not depend on a process, beside the draws; reinforcements come on their date, brought in by movement."""

STAND_STILL: Mapping[str, set[str]] = {
    "weather": {"wet", "snow_depth"},
    "routes": {"route_open"},
    "interdiction": {"route_threat"},
    "supply": {"n_cut_off"},
    "decision": {"n_operations", "sectors_taken"},
    "movement": {"in_transit", "cum_reinforcement"},
    "combat": {"control", "sectors_taken"},
    "control": {"control", "sectors_taken"},
    "insurgency": {"new_incidents"},
    "displacement": {"n_residents", "n_displaced", "n_fled_to"},
}
"""Variables that stay for good as they were on the first evening."""

NOTHING_IN: Mapping[str, set[str]] = {
    "weather": {"wet", "snow_depth"},
    "interdiction": {"route_threat"},
    "supply": {"n_cut_off"},
    "decision": {"n_operations"},
    "movement": {"in_transit", "cum_reinforcement"},
    "insurgency": {"new_incidents"},
}
"""Variables that are 0 throughout."""

NO_EVENTS: Mapping[str, set[str]] = {
    "routes": {"closure"},
    "interdiction": {"closure"},
    "supply": {"terms"},
    "decision": {"assault", "capture", "withdrawal", "broken_off"},
    "combat": {"assault", "capture", "withdrawal", "broken_off", "terms"},
    "control": {"capture", "withdrawal", "terms"},
    "insurgency": {"incident"},
    "displacement": {"flight"},
}
"""Kinds of events that do not happen."""


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Scenario:
    """The small scenario."""
    return small_scenario(tmp_path_factory.mktemp("switches") / "small")


@pytest.fixture(scope="module")
def all_on(small: Scenario) -> Campaign:
    """Every process on."""
    return play(small, replicates=REPLICATES, days=DAYS)


@pytest.fixture(scope="module")
def without(small: Scenario) -> Mapping[str, Campaign]:
    """The same campaign without each of the processes."""
    return {process: play_without(small, process) for process in PROCESSES}


def play_without(scenario: Scenario, *processes: str) -> Campaign:
    switched_off = Interventions.parse(settings=[f"processes.{process}=off" for process in processes])
    return play(scenario, replicates=REPLICATES, days=DAYS, interventions=switched_off, verify=True)


def stands_still(values: xr.DataArray) -> bool:
    return bool((values == values.isel(day=0)).all())


def test_every_process_is_in_every_table() -> None:
    assert set(UNTOUCHED) == set(STAND_STILL) == set(PROCESSES) == set(SHUT_OFF)
    assert set().union(*UNTOUCHED.values(), *STAND_STILL.values(), *NOTHING_IN.values()) <= NAMES


@pytest.mark.parametrize("process", PROCESSES)
def test_what_does_not_depend_on_a_process_changes_no_byte(
    all_on: Campaign, without: Mapping[str, Campaign], process: str
) -> None:
    assert same_labels(all_on, without[process])
    changed = set(differing(all_on, without[process]))
    assert changed & (UNTOUCHED[process] | ALWAYS) == set()
    assert changed >= STAND_STILL[process] | {EVENTS}


@pytest.mark.parametrize("process", PROCESSES)
def test_the_variables_of_a_process_that_is_off_stand_still(
    all_on: Campaign, without: Mapping[str, Campaign], process: str
) -> None:
    still = {name for name in STAND_STILL[process] if stands_still(without[process].data[name])}
    assert still == STAND_STILL[process]
    assert not any(stands_still(all_on.data[name]) for name in STAND_STILL[process])
    assert {name for name in NOTHING_IN.get(process, ()) if not without[process].data[name].any()} == NOTHING_IN.get(
        process, set()
    )


@pytest.mark.parametrize("process", NO_EVENTS)
def test_events_of_a_process_that_is_off_do_not_happen(all_on: Campaign, without: Mapping[str, Campaign], process: str) -> None:
    assert set(without[process].events.kind) & NO_EVENTS[process] == set()
    assert set(all_on.events.kind) >= NO_EVENTS[process]


@pytest.mark.parametrize("process", PROCESSES)
def test_the_first_evening_does_not_depend_on_any_process(
    all_on: Campaign, without: Mapping[str, Campaign], process: str
) -> None:
    assert differing(all_on.until(0), without[process].until(0)) == []


def test_without_supply_everybody_has_all(without: Mapping[str, Campaign]) -> None:
    data = without["supply"].data
    manned = xr.concat(
        [data.strength.sel(actor=own).sum("actor") for own in (["army", "militia"], ["brigades", "fighters"])], "side"
    )
    had = data.supply.sel(side=["government", "opposition"]).drop_vars("side").where(manned > 0)
    later = had.isel(day=slice(1, None))
    assert float(later.min()) == float(later.max()) == 100.0


def test_without_combat_nobody_is_captured_or_deserts(without: Mapping[str, Campaign], all_on: Campaign) -> None:
    kinds = ["captured", "deserted"]
    assert not without["combat"].data.cum_loss.sel(loss_kind=kinds).any()
    assert all_on.data.cum_loss.sel(loss_kind=kinds).any()


def test_without_control_there_is_fighting_for_ground_that_stays(without: Mapping[str, Campaign]) -> None:
    assert "assault" in set(without["control"].events.kind)
    assert without["control"].data.cum_loss.sel(loss_kind="dead").any()


def test_without_interdiction_an_open_corridor_is_safe(without: Mapping[str, Campaign]) -> None:
    data = without["interdiction"].data.isel(day=slice(1, None))
    assert bool((data.corridor_secure == 100 * data.corridor_open).all())
    assert bool(data.corridor_open.any())


def test_roads_without_their_process_are_closed_only_as_on_the_first_evening(
    all_on: Campaign, without: Mapping[str, Campaign]
) -> None:
    first = without["routes"].data.route_open.isel(day=0)
    assert bool((first == all_on.data.route_open.isel(day=0)).all())
    assert int(first.sel(mode="vehicle", route="highway-town--junction").max()) == 0  # closed before the start


# Where the ways by which a process reaches the others are shut


def regulars(actors: Mapping[str, Any]) -> dict[str, Any]:
    return {key: {**actor, "kind": "regular"} for key, actor in actors.items()}


def hot(climate: Sequence[Mapping[str, str]]) -> list[dict[str, str]]:
    return [{**month, "t_mean_c": "40"} for month in climate]


def waiting_for_no_spring(policies: Mapping[str, Any]) -> dict[str, Any]:
    return {side: {**policy, "wait_for_spring": "0"} for side, policy in policies.items()}


def holding(policies: Mapping[str, Any]) -> dict[str, Any]:
    return {side: {"hold": "1.0", "source": "assumption"} for side in policies}


def without_aim(aim: str) -> Callable[[Mapping[str, Any]], dict[str, Any]]:
    return lambda aims: {side: {**weights, aim: "0"} for side, weights in aims.items()}


NO_SNOW: Mapping[str, Any] = {"climate": hot}
NO_IRREGULARS: Mapping[str, Any] = {"actors": regulars}  # nobody lives off the land, nobody raids
NO_TERMS = {"combat.terms_rate": "0"}

SHUT_OFF: Mapping[str, tuple[Mapping[str, Any], set[str]]] = {
    "weather": (
        {**NO_SNOW, "parameters": {"weather.foul_support": "1"}, "policies": waiting_for_no_spring},
        {"wet"},
    ),
    "routes": ({**NO_SNOW, "parameters": {"interdiction.closing_share": "0"}}, set()),
    "interdiction": (
        {
            "parameters": {"interdiction.attack_rate": "0", "interdiction.tax": "0", "movement.ambush_most": "0"},
            "aims": without_aim("corridor"),
        },
        {"route_threat"},
    ),
    "supply": (
        {
            "parameters": {"supply.floor": "1", "displacement.trapped_share": "1", **NO_TERMS},
            "aims": without_aim("cut"),
        },
        {"n_cut_off"},
    ),
    "decision": ({"policies": holding}, set()),
    "movement": ({"policies": holding, "reinforcements": []}, set()),
    "combat": ({"policies": holding, "parameters": NO_TERMS}, set()),
    # how long ground has been held matters to raids in a rear as well
    "control": ({"policies": holding, "parameters": {**NO_TERMS, "insurgency.rear_factor": "1"}}, set()),
    "insurgency": (NO_IRREGULARS, set()),
    "displacement": (NO_IRREGULARS, {*STAND_STILL["displacement"], EVENTS}),
}
"""For each process a theatre where it reaches nothing but its own variables, and which of these it still changes."""


@pytest.mark.parametrize("process", SHUT_OFF)
def test_a_process_reaches_the_others_by_the_known_ways_alone(tmp_path: Path, process: str) -> None:
    changes, own = SHUT_OFF[process]
    theatre = small_scenario(tmp_path / "small", **changes)
    campaign = play(theatre, replicates=REPLICATES, days=DAYS)
    assert set(differing(campaign, play_without(theatre, process))) == own


def test_who_does_not_decide_has_nothing_to_move_or_to_fight_for(small: Scenario) -> None:
    quiet = {"interdiction", "insurgency", "supply", "decision"}
    still = play_without(small, *quiet)
    changed = set(differing(still, play_without(small, *quiet, "combat", "control")))
    assert changed == set()
    assert stands_still(still.data.control)
    arrival = (date(2013, 12, 10) - date(2013, 11, 22)).days
    assert stands_still(still.data.strength.sel(day=slice(0, arrival - 1)))


def test_with_everything_off_nothing_happens(small: Scenario) -> None:
    nothing = play_without(small, *PROCESSES)
    moved = {name for name in NAMES - {"draw"} if not stands_still(nothing.data[name].isel(day=slice(1, None)))}
    assert moved == set()
    assert len(nothing.events) == 0


def test_without_battles_raids_and_ambushes_nobody_is_lost(small: Scenario) -> None:
    bloody = {"combat", "insurgency", "interdiction"}  # a road without a threat is one without ambushes
    assert not play_without(small, *bloody).data.cum_loss.any()
    for process in bloody:
        assert play_without(small, *bloody - {process}).data.cum_loss.any()
