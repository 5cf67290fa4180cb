"""Which ground decides: planted answers, symmetry, theatres in which nothing can matter, and what does not count."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import keyterrain as kt
from bridge_theatre import AT, BRIDGE, HUB, bridge_theatre
from keyterrain.analysis.decisive.answer import DecisiveAnswer
from keyterrain.analysis.decisive.ground import Ground, grounds_of, outside, random_areas, why_left_out
from keyterrain.analysis.decisive.holding import Held, Holdings
from keyterrain.analysis.decisive.question import decide
from keyterrain.analysis.decisive.worth import LEAST_WORTH, ranked, root, squared_worth
from keyterrain.analysis.experiment import Experiment
from keyterrain.analysis.measures import Measurement
from keyterrain.campaign.errors import RunRefused
from keyterrain.campaign.interventions import Hold, Interventions
from keyterrain.campaign.variants import Stage, Variant, on_threads_of
from keyterrain.theatre import Scenario, load
from mirrored_theatre import Half, mirrored_theatre
from scenarios import FILES, Rows, write_small_scenario
from still_theatre import STILL

# A planted bridge


def bridge_case(folder: Path, case: int, *more_roads: tuple[str, str]) -> DecisiveAnswer:
    scenario = load(write_small_scenario(folder, **bridge_theatre(case, *more_roads)))
    return decide(scenario, only=list(AT), replicates=50, seed=case, areas_at_random=0)


def assert_the_bridge_decides(answer: DecisiveAnswer) -> None:
    first = answer.places[0]
    assert (first.ground.key, first.rank, first.stands_out) == (BRIDGE, 1, True)
    assert first.strongest is not None
    assert first.strongest.outcome == "pocket-cut-off"
    assert first.strongest.interval.high < 0.0, "cut off if omega holds the bridge, not if alpha does"
    assert "bridge (worth" in answer.sentence
    assert not answer.of(HUB).stands_out, "the place with the most roads is a decoy"


@pytest.mark.parametrize("case", range(3))
def test_a_bridge_that_alone_joins_two_halves_comes_first(tmp_path: Path, case: int) -> None:
    assert_the_bridge_decides(bridge_case(tmp_path / "bridge", case))


@pytest.mark.slow
def test_the_bridge_comes_first_in_nineteen_of_twenty_theatres(tmp_path: Path) -> None:
    first = [bridge_case(tmp_path / str(case), case).places[0].ground.key for case in range(100, 120)]
    assert first.count(BRIDGE) >= 19


@pytest.mark.parametrize("case", range(2))
def test_a_bridge_with_two_ways_round_it_decides_nothing(tmp_path: Path, case: int) -> None:
    answer = bridge_case(tmp_path / "roads", case, ("west-mill", "east-fort"), ("west-gate", "east-market"))
    assert not answer.of(BRIDGE).stands_out
    cut_off = next(each for each in answer.of(BRIDGE).effects if each.outcome == "pocket-cut-off")
    assert not cut_off.is_clear


# Symmetry

HALVES = {
    "aa-held": {"says": "Alpha's half", "measure": "area_held_share", "area": "aa-land", "side": "alpha"},
    "zz-held": {"says": "Omega's half", "measure": "area_held_share", "area": "zz-land", "side": "omega"},
}
ASKED = ["aa-ford", "zz-ford", "aa-ridge", "zz-ridge"]


def mirrored(folder: Path, west: Half, east: Half) -> DecisiveAnswer:
    changes: dict[str, Any] = mirrored_theatre(west, east, "irregular")
    scenario = load(write_small_scenario(folder, **{**changes, "days": "60", "outcomes": HALVES}))
    return decide(scenario, replicates=200, seed=11, only=ASKED, areas_at_random=0)


@pytest.fixture(scope="module")
def even(tmp_path_factory: pytest.TempPathFactory) -> DecisiveAnswer:
    return mirrored(tmp_path_factory.mktemp("mirrored") / "even", Half("alpha", "aa", -1), Half("omega", "zz", 1))


def test_a_map_seen_in_a_mirror_gives_the_same_answer(even: DecisiveAnswer, tmp_path: Path) -> None:
    assert mirrored(tmp_path / "seen", Half("omega", "zz", -1), Half("alpha", "aa", 1)).places == even.places


def test_equal_halves_are_decided_by_opposite_ground_to_opposite_ends(even: DecisiveAnswer) -> None:
    n_clear = 0
    for key in ASKED:
        twin = even.of(("zz" if key.startswith("aa") else "aa") + key[2:])
        for own, other in zip(even.of(key).effects, reversed(twin.effects), strict=True):
            assert own.outcome[:2] != other.outcome[:2]
            error = math.hypot(*(each.interval.high - each.interval.low for each in (own, other))) / 2.0
            assert own.interval.value == pytest.approx(-other.interval.value, abs=error)
            n_clear += own.is_clear
    assert n_clear >= 4, "a mirror of noughts would show nothing"


# Nothing that can matter


def test_where_nothing_can_change_hands_nothing_stands_out(tmp_path: Path) -> None:
    answer = decide(load(write_small_scenario(tmp_path / "still", days="20", **STILL)), replicates=100, areas_at_random=2)
    assert answer.decisive == ()
    assert {each.worth for each in (*answer.areas, *answer.places)} == {0.0}
    assert answer.sentence.count("nothing stands out") == 2
    assert "outside the theatre cannot be ranked" in answer.sentence
    assert {each.rank for each in answer.places} == {1}
    assert sum(each.p_first for each in answer.places) == pytest.approx(1.0)


def pure_noise(case: int, n_grounds: int = 12) -> dict[Ground, np.ndarray[Any, np.dtype[np.float64]]]:
    luck = np.random.default_rng([7, case])
    return {Ground(f"g{i:02}", "", "place", (f"g{i:02}",)): luck.normal(0.0, 0.3, (6, 50)) for i in range(n_grounds)}


def test_ground_that_differs_by_noise_alone_stands_out_no_oftener_than_it_may() -> None:
    found = sum(True in ranked(pure_noise(case), case, 0.95).stands_out.values() for case in range(100))
    assert found <= 12  # of 100 at 5%: more than that happens once in 700


def test_worth_of_noise_is_nothing_on_average_and_of_an_effect_the_effect() -> None:
    luck = np.random.default_rng(1)
    noise = [squared_worth(luck.normal(0.0, 0.5, (5, 40))) for _ in range(400)]
    assert np.mean(noise) == pytest.approx(0.0, abs=4 * np.std(noise) / 20)
    assert root(squared_worth(luck.normal(0.4, 0.1, (5, 4000)))) == pytest.approx(0.4, abs=0.01)
    assert root(-1.0) == 0.0
    assert math.isnan(root(math.nan))


def test_ground_that_matters_stands_out_of_noise() -> None:
    differences = pure_noise(0)
    planted = next(iter(differences))
    differences[planted] = differences[planted] + 0.5
    ranking = ranked(differences, 0, 0.95)
    assert [ground for ground, out in ranking.stands_out.items() if out] == [planted]
    assert (ranking.order[0], ranking.rank(planted), ranking.p_first(planted)) == (planted, 1, 1.0)
    assert ranking.low[planted] > LEAST_WORTH**2


# What does not count


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Scenario:
    return load(write_small_scenario(tmp_path_factory.mktemp("decisive") / "small", days="40"))


@pytest.fixture(scope="module")
def answered(small: Scenario) -> DecisiveAnswer:
    return decide(small, replicates=60, seed=5, areas_at_random=3)


def test_a_corridor_does_not_count_for_its_own_stops(answered: DecisiveAnswer) -> None:
    for each in answered.places:
        counts = {effect.outcome: effect.counts for effect in each.effects}
        on_highway = each.ground.key in {"capital", "barracks", "junction", "highway-town", "north-city"}
        assert (counts["highway-open"], counts["highway-secure"]) == (not on_highway, not on_highway)
        assert not counts["reversal"], "undefined in some campaigns"
        assert each.n_counted == sum(counts.values())


def test_ground_without_anything_elsewhere_comes_last_and_has_no_worth(small: Scenario) -> None:
    answer = decide(small, replicates=20, outcomes=["highway-open", "hills-held"], areas_at_random=0, only=["south", "hills"])
    assert {each.ground.key for each in answer.areas if not math.isnan(each.worth)} == {"hills", "south"}
    only_road = decide(small, replicates=20, outcomes=["highway-open"], areas_at_random=0, only=["south", "hills"])
    assert [each.ground.key for each in only_road.areas] == ["hills", "south"]
    assert math.isnan(only_road.areas[-1].worth)
    assert only_road.areas[-1].stands_out is None
    assert not math.isnan(only_road.areas[0].worth)


def test_what_is_measured_lies_outside_the_ground(small: Scenario) -> None:
    situation = small.situation(small.default_start)
    grounds = {ground.key: ground for ground in grounds_of(situation)}
    held = Measurement.of("area_held_share", area="hills", side="opposition")
    assert outside(held, grounds["hill-fort"], situation).outside == {"hill-fort"}
    assert outside(held, grounds["south"], situation) == held
    assert why_left_out(held, grounds["hills"], situation) == "nothing of it lies outside this ground"
    assert why_left_out(held, grounds["hill-fort"], situation) == ""
    taken = Measurement.of("place_taken", place="hill-fort", side="government")
    assert why_left_out(taken, grounds["hills"], situation) == "it is about this ground"
    assert why_left_out(taken, grounds["south"], situation) == ""


# Sameness


def reversed_rows(rows: Rows) -> Rows:
    return rows[::-1]


def other_names(rows: Rows) -> Rows:
    return [{**row, "name": f"Z{99 - i} {row['name'][::-1]}"} for i, row in enumerate(rows)][::-1]


def figures(answer: DecisiveAnswer) -> dict[str, str]:
    """Everything that is said of each piece of ground but its name, to the last digit and with nan equal to nan."""
    every = (*answer.areas, *answer.places)
    return {f"{each.ground.kind} {each.ground.key}": repr(replace(each, ground=None)) for each in every}  # type: ignore[arg-type]


def test_other_names_and_another_order_of_rows_give_the_same_answer(answered: DecisiveAnswer, tmp_path: Path) -> None:
    changes: dict[str, Callable[[Rows], Rows]] = {**dict.fromkeys(FILES, reversed_rows), "places": other_names}
    other = load(write_small_scenario(tmp_path / "other", days="40", **changes))
    assert figures(decide(other, replicates=60, seed=5, areas_at_random=3)) == figures(answered)


def test_the_same_seed_gives_the_same_answer_whatever_the_threads(small: Scenario) -> None:
    asked: dict[str, Any] = {"replicates": 60, "seed": 3, "only": ["hills", "junction", "border-town"]}
    one, other = (decide(small, executor=on_threads_of(n), **asked) for n in (1, 3))
    assert figures(one) == figures(other)
    assert one.sentence == other.sentence


def test_values_are_those_of_campaigns_played_in_full_with_the_decree(small: Scenario) -> None:
    asked = [Measurement.of_outcome(each) for each in small.outcomes]
    situation = small.situation(small.default_start)
    grounds = grounds_of(situation, ["hills", "junction", "capital"])
    held = Holdings(Stage(small, seed=4), grounds, asked, ("government", "opposition"))
    held.extend(grounds, 10)
    held.extend(grounds[:1], 30)
    assert held.n_copied > 0, "some are not played again"
    for ground in grounds:
        for side in held.sides:
            n = 30 if ground == grounds[0] else 10
            hold = tuple(Hold(f"place:{place}", side) for place in ground.places)
            variant = Variant(interventions=Interventions(hold=hold))
            measurements = held.measurements[ground]
            values = Experiment(Stage(small, seed=4)).measure({variant: measurements}, n)
            expected = np.array([values.of(variant, each) for each in measurements])
            np.testing.assert_array_equal(held.if_held(Held(ground, side)), expected)


def test_an_area_of_one_place_is_that_place(answered: DecisiveAnswer) -> None:
    area = next(each for each in answered.areas if each.ground.key == "beyond")
    place = answered.of("border-town")
    assert area.effects == place.effects
    assert area.worth == place.worth > 0.0


# Areas at random


def test_random_areas_hang_together_and_have_the_size_asked_for(small: Scenario) -> None:
    situation = small.situation(small.default_start)
    routes = {frozenset((route.start, route.end)) for route in situation.routes}
    found = random_areas(situation, 4, 12, seed=1)
    assert len(found) > 4
    assert len({each.places for each in found}) == len(found)
    for area in found:
        reached, edge = {area.places[0]}, [area.places[0]]
        while edge:
            here = edge.pop()
            fresh = {other for other in area.places if frozenset((here, other)) in routes} - reached
            reached |= fresh
            edge += fresh
        assert reached == set(area.places)
        assert len(area.places) == 4
    assert random_areas(situation, 4, 3, seed=1) == found[:3]
    assert random_areas(situation, 11, 5, seed=1) == ()


def test_an_area_stands_beside_random_ones_of_its_size(answered: DecisiveAnswer) -> None:
    for each in answered.areas:
        assert each.size is None or (1 <= each.size.n <= 3 and 0.0 <= each.size.share_below <= 1.0)
    assert any(each.size is not None for each in answered.areas)
    assert all(each.size is None for each in answered.places)


# Budget


def test_replicates_are_spent_where_it_is_not_clear_yet(tmp_path: Path) -> None:
    scenario = load(write_small_scenario(tmp_path / "bridge", **bridge_theatre(0)))
    answer = decide(scenario, only=list(AT), replicates=100, areas_at_random=0)
    assert answer.of(BRIDGE).replicates == 50
    assert {each.replicates for each in answer.places} == {50, 100}
    assert answer.n_played < 2 * len(AT) * 100 + 100


# What is not there


@pytest.mark.parametrize(
    ("asked", "what"),
    [
        ({"only": ["hils", "juncton"]}, "did you mean hills.*did you mean junction"),
        ({"only": ["place:hills"]}, "no area or place place:hills"),
        ({"outcomes": ["hills-hled"]}, "did you mean hills-held"),
        ({"only": ["hils"], "outcomes": ["hills-hled"]}, "did you mean hills.*did you mean hills-held"),
    ],
)
def test_what_is_not_there_is_refused_with_the_nearest_name(small: Scenario, asked: dict[str, Any], what: str) -> None:
    with pytest.raises(RunRefused, match=what):
        kt.decisive(small, replicates=2, **asked)


def test_a_scenario_without_outcomes_says_what_is_missing(tmp_path: Path) -> None:
    with pytest.raises(RunRefused, match=r"scenario\.yaml"):
        decide(load(write_small_scenario(tmp_path / "small", outcomes={})), replicates=2)
