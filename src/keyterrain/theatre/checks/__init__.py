"""What a scenario must be beyond the form of its cells: small checks, all of which are run."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from keyterrain.theatre.checks import ground, history, names, parties, questions, standing
from keyterrain.theatre.draft import Draft
from keyterrain.theatre.faults import CheckReport, Fault
from keyterrain.theatre.scenario import Scenario

Check = Callable[[Draft], Iterator[Fault]]

FAULT_CHECKS: tuple[Check, ...] = (
    names.rows_are_unique,
    names.names_are_known,
    names.sources_are_known,
    names.keys_are_free,
    names.keys_differ_between_tables,
    ground.there_are_places,
    ground.routes_lead_elsewhere,
    ground.roads_open_to_vehicles_can_be_walked,
    ground.routes_are_no_shorter_than_the_straight_line,
    ground.settlements_have_people,
    ground.corridors_join_their_ends,
    ground.terrain_lies_beneath_the_places,
    parties.there_are_sides,
    parties.every_pair_has_one_relation,
    parties.passive_sides_do_nothing,
    parties.active_sides_know_what_they_want,
    parties.outcomes_are_wanted_by_sides_that_act,
    parties.odds_sum_to_one,
    parties.forces_stand_somewhere,
    parties.guests_have_origins,
    history.places_are_known_by_the_earliest_start,
    history.every_place_has_a_holder,
    history.alternatives_sum_to_one,
    history.contestants_are_hostile,
    history.nothing_is_known_before_it_happened,
    history.closures_are_of_roads,
    history.counts_grow_from_their_beginning,
    history.starts_are_covered,
    history.climate_has_twelve_months,
    questions.parameters_can_be_replaced,
    questions.candidates_sum_to_one,
    questions.claims_can_be_put,
)
"""A scenario in which one of these finds something cannot be run."""

WARNING_CHECKS: tuple[Check, ...] = (
    names.display_names_differ,
    names.areas_have_places,
    ground.theatre_is_in_one_piece,
    ground.stated_heights_agree_with_the_terrain,
    parties.somebody_is_hostile,
    parties.active_sides_can_fight,
    history.actors_have_fighters,
    questions.there_are_outcomes,
)
"""What these find may be meant."""


def check_draft(draft: Draft) -> CheckReport:
    """Run every check on the files as far as they could be read."""
    faults = tuple(fault for check in FAULT_CHECKS for fault in check(draft))
    warnings = tuple(fault for check in WARNING_CHECKS for fault in check(draft))
    return CheckReport(faults, warnings)


def faults_of_scenario(scenario: Scenario) -> tuple[Fault, ...]:
    """Return what is wrong with a scenario in whose tables nothing is."""
    return tuple(standing.claims_start_when_covered(scenario))


def check_scenario(scenario: Scenario) -> tuple[Fault, ...]:
    """Return warnings about a scenario without faults."""
    return tuple(standing.forces_stand_on_friendly_ground(scenario))
