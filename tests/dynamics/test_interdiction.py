"""Interdiction: who is near a road threatens it, guards lessen that, and attacks come as often as the threat says."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from hand_made import SIDES, Reach, Records, Road, Theatre, hand_made, kernel
from keyterrain.dynamics.interdiction import interdiction
from keyterrain.dynamics.luck import Luck
from keyterrain.dynamics.state import CLOSURE, EVENTS, OVERFLOW

HALF_STRENGTH, REACH_HOURS, UNSEEN_SHARE, ATTACK_RATE, CLOSING_SHARE, CLOSURE_DAYS, TAX = 400.0, 1.5, 0.3, 0.167, 0.3, 2.0, 0.5
UNSAFE = 0.25
SETTLED_DAYS = 100
"""Days after which the smoothed threat has reached its level."""


def motorway_below_a_post(
    raiders: int = 1000, *, hours: float = 1.0, seen: float = 1.0, guards: int = 0, **parameters: float
) -> Theatre:
    """Two friendly towns on a motorway, and a hostile post on the heights above it."""
    return hand_made(
        "south north post",
        [Road("south", "north", kind="motorway")],
        holds={"post": "opposition"},
        garrisons={"post": raiders, "south": guards},
        reach=[Reach("post", "north--south", hours, seen)],
        parameters=parameters,
    )


def threat(theatre: Theatre, side: str = "government", road: str = "north--south") -> float:
    return float(theatre.at("threat", side, road))


def settled_threat(theatre: Theatre) -> float:
    return threat(theatre.play("routes").play("interdiction", days=SETTLED_DAYS))


def raiders_in_reach(theatre: Theatre) -> float:
    return float(theatre.play("routes", "interdiction").at("threat_now", "government", "north--south"))


def test_where_there_is_no_enemy_there_is_no_threat() -> None:
    theatre = motorway_below_a_post(raiders=0, guards=500).play("routes", "interdiction", days=40)
    assert (theatre.at("threat") == 0.0).all()
    assert (theatre.at("tax_cost") == 0.0).all()
    assert theatre.at("count")[EVENTS] == 0


def test_neutrals_threaten_no_one_and_no_one_threatens_them() -> None:
    theatre = hand_made(
        "south north post",
        [Road("south", "north")],
        holds={"post": "neutral", "south": "neutral"},
        garrisons={"government@post": 900, "opposition@post": 900},
        reach=[Reach("post", "north--south")],
    )
    # whoever stands on neutral ground holds no part of it and is inert
    theatre.play("routes", "interdiction", days=40)
    assert (theatre.at("threat") == 0.0).all()


@pytest.mark.parametrize("guards", [0, 600])
def test_a_thousand_men_an_hour_above_a_motorway_make_it_unsafe_though_every_town_on_it_is_friendly(guards: int) -> None:
    theatre = motorway_below_a_post(guards=guards)
    in_reach = 1000 * math.exp(-1.0 / REACH_HOURS)
    assert settled_threat(theatre) == pytest.approx(in_reach / (in_reach + HALF_STRENGTH + guards), rel=1e-5)
    assert threat(theatre) > UNSAFE
    assert threat(theatre, "opposition") == 0.0
    assert theatre.at("drive_hours", "north--south") < math.inf
    assert theatre.at("tax_cost", "government", "north--south") == pytest.approx(TAX * threat(theatre))


def test_threat_is_whole_from_the_first_day_and_fades_as_its_memory_says_once_the_raiders_are_gone() -> None:
    theatre = motorway_below_a_post().play("routes", "interdiction")
    in_reach = 1000 * math.exp(-1.0 / REACH_HOURS)
    level = in_reach / (in_reach + HALF_STRENGTH)
    assert threat(theatre) == pytest.approx(level, rel=1e-5)
    theatre.put("strength", 0)
    theatre.muster()
    for day in range(2, 15):
        theatre.play("interdiction", first=day)
        assert threat(theatre) == pytest.approx(level * 0.8 ** (3 * ((day - 1) // 3)), rel=1e-5)


def test_a_garrison_that_changes_by_less_than_a_twentieth_counts_as_before() -> None:
    theatre = motorway_below_a_post()
    before = settled_threat(theatre)
    for share, counts in ((0.96, False), (0.9, True)):
        changed = motorway_below_a_post()
        settled_threat(changed)
        changed.put("strength", (changed.at("strength") * share).astype(np.int32))
        changed.muster().play("interdiction", first=SETTLED_DAYS + 3)  # the next look
        assert (threat(changed) != pytest.approx(before, rel=1e-6)) == counts


def test_raiders_behind_a_ridge_count_for_the_unseen_share() -> None:
    seen, unseen, half = (raiders_in_reach(motorway_below_a_post(seen=share)) for share in (1.0, 0.0, 0.5))
    assert unseen / seen == pytest.approx(UNSEEN_SHARE, rel=1e-6)
    assert half / seen == pytest.approx(0.5 * (1.0 + UNSEEN_SHARE), rel=1e-6)


def test_raiders_count_for_less_with_every_hour_and_without_supply() -> None:
    near, far = raiders_in_reach(motorway_below_a_post(hours=0.0)), raiders_in_reach(motorway_below_a_post(hours=3.0))
    assert far / near == pytest.approx(math.exp(-3.0 / REACH_HOURS), rel=1e-6)
    hungry = motorway_below_a_post(hours=0.0)
    hungry.put("supplied", 0.35, "opposition", "post")
    assert raiders_in_reach(hungry) / near == pytest.approx(0.5 + 0.5 * 0.35)


def test_raiders_at_several_places_add_up() -> None:
    reach = [Reach("post", "north--south", 1.0), Reach("camp", "north--south", 2.0, 0.0)]
    theatre = hand_made(
        "south north post camp",
        [Road("south", "north")],
        holds={"post": "opposition", "camp": "opposition"},
        garrisons={"post": 300, "camp": 800},
        reach=reach,
    )
    expected = 300 * math.exp(-1.0 / REACH_HOURS) + 800 * UNSEEN_SHARE * math.exp(-2.0 / REACH_HOURS)
    assert raiders_in_reach(theatre) == pytest.approx(expected, rel=1e-6)


def test_fresh_raids_count_as_raiders_on_the_roads_of_their_place() -> None:
    theatre = hand_made("south north", [Road("south", "north")], reach=[Reach("south", "north--south")])
    theatre.put("recent_incidents", 2.5, "south")
    theatre.put("raider_side", theatre.number["opposition"], "south")
    assert raiders_in_reach(theatre) == pytest.approx(2.5 * 100.0)


@given(
    raiders=st.integers(0, 20_000),
    guards=st.integers(0, 5_000),
    more=st.integers(1, 5_000),
    worth=st.floats(0.0, 3.0),
    hours=st.floats(0.0, 5.0),
)
@settings(max_examples=40)
def test_more_guards_never_mean_more_threat(raiders: int, guards: int, more: int, worth: float, hours: float) -> None:
    few, many = (
        settled_threat(motorway_below_a_post(raiders, hours=hours, guards=n, interdiction_guard_worth=worth))
        for n in (guards, guards + more)
    )
    assert 0.0 <= many <= few < 1.0


@given(raiders=st.integers(0, 20_000), more=st.integers(1, 5_000), hours=st.floats(0.0, 5.0))
@settings(max_examples=40)
def test_more_raiders_never_mean_less_threat(raiders: int, more: int, hours: float) -> None:
    few, many = (settled_threat(motorway_below_a_post(n, hours=hours)) for n in (raiders, raiders + more))
    assert few <= many


@kernel
def watch_attacks(
    worlds: Records, draws: Records, luck: Luck, states: Records, first: int, days: NDArray[np.int64], lasts: NDArray[np.int64]
) -> None:
    """Count closures by road and sum how long they last; a road is open again the next morning."""
    s = states[0]
    for day in range(first, first + days.shape[1]):
        s.count[EVENTS] = 0
        s.shut_days[:] = 0
        interdiction(day, worlds[0], draws[0], luck, s)
        for i in range(s.count[EVENTS]):
            if s.event[i, 1] == CLOSURE:
                days[s.event[i, 3], day - first] += 1
                lasts[s.event[i, 3]] += s.event[i, 6]


def closures_of(theatre: Theatre, n_roads: int, days: int) -> tuple[NDArray[Any], NDArray[Any]]:
    count, lasts = np.zeros((n_roads, days), dtype=np.int64), np.zeros(n_roads, dtype=np.int64)
    first = SETTLED_DAYS + 1
    theatre.play("routes").play("interdiction", days=SETTLED_DAYS)
    watch_attacks(theatre.world, theatre.draw, theatre.luck, theatre.state, first, count, lasts)
    assert theatre.at("count")[OVERFLOW] == 0
    return count, lasts


@pytest.mark.parametrize(("hours", "guards"), [(0.0, 0), (1.0, 300), (3.0, 1500)])
def test_roads_are_closed_as_often_as_the_threat_says_and_for_as_long(hours: float, guards: int) -> None:
    n = 40_000
    theatre = motorway_below_a_post(hours=hours, guards=guards)
    count, lasts = closures_of(theatre, 1, n)
    p = (1.0 - math.exp(-ATTACK_RATE * threat(theatre))) * CLOSING_SHARE
    assert count.max() == 1
    assert count.sum() == pytest.approx(n * p, abs=4.0 * (n * p * (1.0 - p)) ** 0.5)
    sd_of_days = (CLOSURE_DAYS * (CLOSURE_DAYS - 1.0)) ** 0.5
    assert lasts.sum() / count.sum() == pytest.approx(CLOSURE_DAYS, abs=4.0 * sd_of_days / count.sum() ** 0.5)


def test_each_road_has_its_own_luck() -> None:
    n = 20_000
    theatre = hand_made(
        "south middle north post",
        [Road("south", "middle"), Road("middle", "north")],
        holds={"post": "opposition"},
        garrisons={"post": 2000},
        reach=[Reach("post", "middle--south"), Reach("post", "middle--north")],
    )
    one, other = closures_of(theatre, 2, n)[0].astype(float)
    assert abs(np.corrcoef(one, other)[0, 1]) < 4.0 / n**0.5
    assert abs(np.corrcoef(one[1:], one[:-1])[0, 1]) < 4.0 / n**0.5


def test_only_roads_that_a_side_uses_are_attacked() -> None:
    roads = [Road("south", "north"), Road("north", "post"), Road("east", "west"), Road("south", "east", vehicle=False)]
    theatre = hand_made(
        "south north east west post",
        roads,
        holds={"post": "opposition", "east": "neutral", "west": "neutral"},
        garrisons={"post": 20_000},
        reach=[Reach("post", road.key) for road in roads],
        parameters={"interdiction_attack_rate": 50.0, "interdiction_closing_share": 1.0},
    )
    closures = closures_of(theatre, 4, 200)[0].sum(axis=1)
    # the second ends at an enemy, the third is between neutrals, the fourth has no traffic
    assert closures[0] > 190
    assert closures[1:].tolist() == [0, 0, 0]


def test_an_attack_that_closes_a_road_is_felt_for_the_days_it_names() -> None:
    theatre = motorway_below_a_post(raiders=20_000, hours=0.0, interdiction_attack_rate=50.0, interdiction_closing_share=1.0)
    lengths = set()
    for replicate in range(12):
        theatre.begin().luck = Luck(np.uint64(5), np.uint64(replicate))
        theatre.play("routes", "interdiction", days=1)
        assert theatre.at("count")[EVENTS] == 1
        named = int(theatre.at("event")[0, 6])
        shut = []
        for day in range(2, 2 + named + 3):
            theatre.play("routes", first=day)
            shut.append(bool(theatre.at("drive_hours", "north--south") == math.inf))
        assert shut == [True] * named + [False] * 3
        lengths.add(named)
    assert len(lengths) > 1


def two_fronts(sides: tuple[str, ...]) -> Theatre:
    """A theatre in which both sides have roads that the other threatens."""
    return hand_made(
        "a b c d",
        [Road("a", "b"), Road("c", "d"), Road("b", "c")],
        sides=sides,
        holds={"a": "government", "b": "government", "c": "opposition", "d": "opposition"},
        garrisons={"a": 900, "b": 2500, "c": 1900, "d": 700},
        reach=[Reach("a", "a--b"), Reach("b", "c--d", 0.5, 0.4), Reach("c", "a--b", 0.2, 0.9), Reach("d", "b--c", 1.0)],
    )


def test_the_order_of_sides_changes_nothing() -> None:
    theatres = [two_fronts(sides).play("routes", "interdiction", days=120) for sides in (SIDES, SIDES[::-1])]
    for side in ("government", "opposition"):
        for road in ("a--b", "c--d", "b--c"):
            one, other = (theatre.at("threat", side, road) for theatre in theatres)
            assert one == other
    assert theatres[0].at("threat", "government", "a--b") > 0.2 < theatres[0].at("threat", "opposition", "c--d")
    assert theatres[0].at("shut_days").tolist() == theatres[1].at("shut_days").tolist()
    one, other = (closed_days(theatre) for theatre in theatres)
    assert one == other
    assert len({road for _, road in one}) == 2


def closed_days(theatre: Theatre) -> set[tuple[int, int]]:
    """Days and roads of all closures so far."""
    events = theatre.at("event")[: theatre.at("count")[EVENTS]]
    return {(int(day), int(road)) for day, kind, _, road, *_ in events if kind == CLOSURE}
