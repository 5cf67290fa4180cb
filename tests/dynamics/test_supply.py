"""Supply: what arrives is the best that networkx finds, sources share out, cut off means less; corridors by hand."""

from __future__ import annotations

import math
from itertools import combinations
from typing import Any, NamedTuple

import networkx as nx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from hand_made import DRAW, Corridor, Records, Road, Source, Theatre, default_parameters, hand_made, kernel
from keyterrain.campaign.inputs import quantiles
from keyterrain.dynamics.luck import Luck
from keyterrain.dynamics.state import BLOCKED, ENEMY, FREE, NONE, PASSABLE_CHANGED
from keyterrain.dynamics.supply import supply
from keyterrain.theatre.parameters import PARAMETERS

REACH_HOURS, BYPASS_HOURS, BYPASS_GUARD = 12.0, 6.0, 500.0
STORE_DAYS, LOW_DAYS, FLOOR, FIGHTING_USE, LOCAL_PART = 20.0, 5.0, 0.35, 2.5, 0.3
ACTIVE = ("government", "opposition")
ATTACK_RATE = 0.167


class Line(NamedTuple):
    """A road of a random theatre: its ends, hours and what it costs each side in ambushes."""

    start: int
    end: int
    hours: float
    tax: float
    threat: float


class Layout(NamedTuple):
    """A random theatre; what is listed by place is in the order of places."""

    lines: list[Line]
    holder: list[str]
    is_contested: list[bool]
    force: dict[str, list[int]]
    battle: list[bool]
    sources: list[Source]


def keys_of(n: int) -> list[str]:
    return [f"p{i}" for i in range(n)]


@st.composite
def layouts(draw: Any, capacity: st.SearchStrategy[float]) -> Layout:
    n = draw(st.integers(2, 8))

    def by_place(strategy: st.SearchStrategy[Any]) -> list[Any]:
        return draw(st.lists(strategy, min_size=n, max_size=n))

    pairs = draw(st.lists(st.sampled_from([*combinations(range(n), 2)]), min_size=1, max_size=16, unique=True))
    hours = st.floats(0.3, 15.0) | st.just(math.inf)
    lines = [Line(a, b, draw(hours), draw(st.floats(0.0, 0.5)), draw(st.floats(0.0, 1.0))) for a, b in pairs]
    sides = st.sampled_from(["government", "opposition", "government", "opposition", "neutral"])
    garrison = st.integers(0, 3000) | st.just(0)
    places = draw(st.lists(st.integers(0, n - 1), min_size=1, max_size=4, unique=True))
    return Layout(
        lines,
        by_place(sides),
        by_place(st.sampled_from([False, False, False, True])),
        {side: by_place(garrison) for side in ACTIVE},
        by_place(st.booleans()),
        [Source(draw(st.sampled_from(ACTIVE)), keys_of(n)[place], draw(capacity)) for place in places],
    )


AMPLE = st.just(1e9)
SCARCE = st.floats(100.0, 5000.0)


def theatre_of(layout: Layout) -> Theatre:
    keys = keys_of(len(layout.holder))
    contested = {
        key: "opposition" if holder == "government" else "government"
        for key, holder, is_contested in zip(keys, layout.holder, layout.is_contested, strict=True)
        if is_contested and holder in ACTIVE
    }
    theatre = hand_made(
        " ".join(keys),
        [Road(keys[line.start], keys[line.end]) for line in layout.lines],
        holds=dict(zip(keys, layout.holder, strict=True)),
        contested_by=contested,
        garrisons={f"{side}@{key}": n for side in ACTIVE for key, n in zip(keys, layout.force[side], strict=True)},
        sources=layout.sources,
    )
    n = len(layout.lines)
    theatre.at("hours")[:n] = theatre.at("drive_hours")[:n] = [line.hours for line in layout.lines]
    for side in ACTIVE:
        theatre.at("tax_cost")[theatre.number[side], :n] = [line.tax for line in layout.lines]
        theatre.at("threat")[theatre.number[side], :n] = [line.threat for line in layout.lines]
    theatre.at("battle")[: len(keys)] = layout.battle
    return theatre


def standing(layout: Layout, side: str, place: int) -> int:
    holder = layout.holder[place]
    if holder not in (side, "neutral"):
        return ENEMY
    return BLOCKED if layout.is_contested[place] and holder == side else FREE


class Delivered(NamedTuple):
    """What networkx says of a side's garrisons: share delivered, and share of the side's need that passes each place."""

    share: NDArray[Any]
    flow: NDArray[Any]


def delivered(layout: Layout, side: str) -> Delivered:
    """Send supply from all sources of a side over the cheapest ways, and share out what they cannot cover."""
    n = len(layout.holder)
    other = ACTIVE[1 - ACTIVE.index(side)]
    graph = carriage(layout, side, other)
    sources = {int(each.place[1:]): each.capacity for each in layout.sources if each.side == side}
    free = {place for place in sources if standing(layout, side, place) == FREE}
    if not free:
        return Delivered(np.zeros(n), np.zeros(n))
    cost, ways = nx.multi_source_dijkstra(graph, free)
    need = {place: layout.force[side][place] * (FIGHTING_USE if layout.battle[place] else 1.0) for place in cost}
    drawn = dict.fromkeys(free, 0.0)
    flow = np.zeros(n)
    for place, way in ways.items():
        drawn[way[0]] += need[place]
        flow[way] += need[place]
    share = np.zeros(n)
    for place, way in ways.items():
        covered = min(1.0, sources[way[0]] / drawn[way[0]]) if drawn[way[0]] > 0.0 else 1.0
        share[place] = math.exp(-cost[place]) * covered
    return Delivered(share, flow / max(sum(need.values()), 1e-300))


def carriage(layout: Layout, side: str, other: str) -> nx.DiGraph:
    """Log prices of carrying a load along each road in each direction, the price of going round an enemy place included."""
    irregular = side == "opposition"
    graph = nx.DiGraph()
    graph.add_nodes_from(range(len(layout.holder)))
    for line in layout.lines:
        for a, b in ((line.start, line.end), (line.end, line.start)):
            passes = standing(layout, side, a) == FREE or (standing(layout, side, a) == ENEMY and irregular)
            enters = standing(layout, side, b) == FREE or irregular or layout.force[side][b] > 0
            if passes and enters and line.hours < math.inf:
                round_it = standing(layout, side, a) == ENEMY
                bypass = BYPASS_HOURS / REACH_HOURS + layout.force[other][a] / BYPASS_GUARD if round_it else 0.0
                graph.add_edge(a, b, weight=bypass + line.hours / REACH_HOURS + line.tax)
    return graph


@pytest.mark.parametrize("side", ACTIVE)
@given(layout=layouts(AMPLE | SCARCE))
def test_delivery_is_that_of_networkx(side: str, layout: Layout) -> None:
    theatre = theatre_of(layout).play("supply")
    expected = delivered(layout, side)
    garrisons = np.flatnonzero(layout.force[side])
    number = theatre.number[side]
    np.testing.assert_allclose(theatre.at("delivery")[number][garrisons], expected.share[garrisons], rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(theatre.at("flow")[number][: len(layout.holder)], expected.flow, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("side", ACTIVE)
@given(layout=layouts(AMPLE), data=st.data())
def test_opening_a_route_never_lowers_a_delivery_where_sources_are_ample(side: str, layout: Layout, data: st.DataObject) -> None:
    shut = data.draw(st.integers(0, len(layout.lines) - 1))
    lines = [*layout.lines]
    lines[shut] = lines[shut]._replace(hours=math.inf)
    garrisons = np.flatnonzero(layout.force[side])
    before, after = (
        theatre_of(each).play("supply").at("delivery", side)[garrisons] for each in (layout._replace(lines=lines), layout)
    )
    assert (after >= before - 1e-12).all()


def one_source_and_two_posts(capacity: float, *, second_road: bool = True) -> Theatre:
    return hand_made(
        "depot near far",
        [Road("depot", "near", km=42.0), Road("depot", "far", km=210.0, shut_vehicle=not second_road, shut_foot=not second_road)],
        garrisons={"near": 600, "far": 400},
        sources=[Source("government", "depot", capacity)],
    ).play("routes", "supply")


def test_a_source_that_cannot_cover_the_need_gives_everyone_the_same_share() -> None:
    theatre = one_source_and_two_posts(500.0)
    for post, hours in (("near", 1.2), ("far", 6.0)):
        assert theatre.at("delivery", "government", post) == pytest.approx(0.5 * math.exp(-hours / REACH_HOURS))
    fighting = one_source_and_two_posts(500.0)
    fighting.put("battle", 1, "near")
    fighting.play("supply", first=4)
    assert fighting.at("delivery", "government", "far") == pytest.approx(500.0 / 1900.0 * math.exp(-0.5))


def test_a_new_road_to_a_scarce_source_is_paid_for_by_those_who_were_on_it() -> None:
    # the exception to the law above, and meant: what there is, is shared
    alone, together = one_source_and_two_posts(500.0, second_road=False), one_source_and_two_posts(500.0)
    assert alone.at("delivery", "government", "near") == pytest.approx(500.0 / 600.0 * math.exp(-0.1))
    assert together.at("delivery", "government", "near") == pytest.approx(0.5 * math.exp(-0.1))


def enemy_in_the_way(side: str, guards: int = 250) -> Theatre:
    """A source, a place that the enemy holds, and beyond it a post; an hour from each to the next."""
    enemy = ACTIVE[1 - ACTIVE.index(side)]
    return hand_made(
        "depot block post",
        [Road("depot", "block"), Road("block", "post")],
        holds={"depot": side, "post": side, "block": enemy},
        garrisons={"post": 100, "block": guards},
        sources=[Source(side, "depot")],
    ).play("routes", "supply")


@pytest.mark.parametrize("guards", [0, 250, 2000])
def test_irregulars_go_round_an_enemy_place_at_a_price(guards: int) -> None:
    expected = math.exp(-(2.0 + BYPASS_HOURS) / REACH_HOURS - guards / BYPASS_GUARD)
    assert enemy_in_the_way("opposition", guards).at("delivery", "opposition", "post") == pytest.approx(expected)
    assert enemy_in_the_way("government", guards).at("delivery", "government", "post") == 0.0


def test_contested_ground_lets_no_ones_supply_through() -> None:
    for side in ACTIVE:
        theatre = hand_made(
            "depot fight post",
            [Road("depot", "fight"), Road("fight", "post")],
            holds={"depot": side, "fight": side, "post": side},
            contested_by={"fight": ACTIVE[1 - ACTIVE.index(side)]},
            garrisons={"post": 100, "fight": 100},
            sources=[Source(side, "depot")],
        ).play("routes", "supply")
        assert theatre.at("delivery", side, "fight") == pytest.approx(math.exp(-1.0 / REACH_HOURS))
        assert theatre.at("delivery", side, "post") == 0.0


def test_a_source_in_enemy_or_contested_hands_gives_nothing() -> None:
    theatre = hand_made(
        "lost fought post",
        [Road("lost", "post"), Road("fought", "post")],
        holds={"lost": "opposition"},
        contested_by={"fought": "opposition"},
        garrisons={"post": 100},
        sources=[Source("government", "lost"), Source("government", "fought")],
    ).play("routes", "supply")
    assert theatre.at("delivery", "government", "post") == 0.0


def test_the_tax_on_a_threatened_road_is_paid() -> None:
    theatre = one_source_and_two_posts(1e9)
    theatre.put("tax_cost", 0.4, "government", "depot--near")
    theatre.play("supply", first=4)
    assert theatre.at("delivery", "government", "near") == pytest.approx(math.exp(-1.2 / REACH_HOURS - 0.4))


def test_lorries_take_another_road_within_three_days_of_an_attack_that_closes_theirs() -> None:
    theatre = hand_made(
        "depot long post",
        [Road("depot", "post", km=40.0, walk_hours=30.0), Road("depot", "long", km=40.0), Road("long", "post", km=40.0)],
        garrisons={"post": 100},
        sources=[Source("government", "depot")],
    ).play("routes", "supply")
    theatre.put("shut_days", 30, "depot--post")
    theatre.play("routes", first=2)
    straight, round_about = (float(theatre.at("hours", road)) for road in ("depot--post", "depot--long"))
    assert straight > 2 * round_about
    theatre.play("routes", "supply", first=2, days=3)
    assert theatre.at("delivery", "government", "post") == pytest.approx(math.exp(-2 * round_about / REACH_HOURS))


def test_a_closed_road_is_felt_within_three_days_and_a_lost_place_at_once() -> None:
    theatre = one_source_and_two_posts(1e9)
    for mode in ("drive", "walk"):
        theatre.at(f"dry_{mode}_hours")[0] = math.inf
    felt = [day for day in range(2, 8) if theatre.play("routes", "supply", first=day).at("delivery", "government", "near") == 0.0]
    assert felt[0] <= 4
    loses_its_road = hand_made(
        "depot way post",
        [Road("depot", "way"), Road("way", "post")],
        garrisons={"post": 100},
        sources=[Source("government", "depot")],
    ).play("routes", "supply")
    assert loses_its_road.at("delivery", "government", "post") > 0.8
    loses_its_road.put("holder", loses_its_road.number["opposition"], "way")
    loses_its_road.muster().play("supply", first=2)
    assert loses_its_road.at("delivery", "government", "post") == 0.0


@pytest.mark.parametrize("side", ACTIVE)
@given(layout=layouts(AMPLE), data=st.data())
def test_ways_after_any_change_of_ground_are_as_good_as_if_all_were_sought_anew(
    side: str, layout: Layout, data: st.DataObject
) -> None:
    n = len(layout.holder)
    theatre = theatre_of(layout).play("supply")
    for day in (2, 3):
        layout = layout._replace(
            holder=data.draw(st.lists(st.sampled_from([*ACTIVE, "neutral"]), min_size=n, max_size=n)),
            is_contested=data.draw(st.lists(st.booleans(), min_size=n, max_size=n)),
        )
        changed = theatre_of(layout)
        for field in ("holder", "intruder", "taken"):
            theatre.at(field)[:n] = changed.at(field)[:n]
        theatre.muster().play("supply", first=day)
        garrisons = np.flatnonzero(layout.force[side])
        found = theatre.at("delivery")[theatre.number[side]][garrisons]
        np.testing.assert_allclose(found, delivered(layout, side).share[garrisons], rtol=1e-9, atol=1e-12)


def test_ground_that_is_won_draws_ways_to_it_at_once() -> None:
    theatre = hand_made(
        "depot short post long",
        [
            Road("depot", "short"),
            Road("short", "post"),
            *(Road(end, "long", km=300.0, walk_hours=60.0) for end in ("depot", "post")),
        ],
        holds={"short": "opposition"},
        garrisons={"post": 100},
        sources=[Source("government", "depot")],
    ).play("routes", "supply")
    assert theatre.at("delivery", "government", "post") < 0.5
    theatre.put("holder", theatre.number["government"], "short")
    theatre.muster().play("supply", first=2)
    assert theatre.at("delivery", "government", "post") == pytest.approx(math.exp(-2.0 / REACH_HOURS))


@pytest.mark.parametrize("detour", [False, True])
def test_an_enemy_place_is_gone_round_however_it_fell(detour: bool) -> None:
    far = [Road(end, "long", km=300.0, walk_hours=60.0) for end in ("depot", "post") if detour]
    theatre = hand_made(
        "depot way post long",
        [Road("depot", "way"), Road("way", "post"), *far],
        holds=dict.fromkeys(["depot", "way", "post", "long"], "opposition"),
        garrisons={"post": 100},
        sources=[Source("opposition", "depot")],
    ).play("routes", "supply")
    government, opposition = theatre.number["government"], theatre.number["opposition"]
    seen = []
    for day, (holder, intruder) in enumerate([(opposition, government), (government, NONE), (opposition, NONE)], start=2):
        theatre.put("holder", holder, "way")
        theatre.put("intruder", intruder, "way")
        theatre.put("taken", 0 if intruder == NONE else 1, "way")
        theatre.muster().play("supply", first=day)
        seen.append(float(theatre.at("delivery", "opposition", "post")))
    free = math.exp(-2.0 / REACH_HOURS)
    round_the_enemy = free * math.exp(-BYPASS_HOURS / REACH_HOURS)
    round_about = math.exp(-2 * float(theatre.at("hours", "depot--long")) / REACH_HOURS) if detour else 0.0
    assert round_about < round_the_enemy
    assert seen == pytest.approx([round_about, round_the_enemy, free])


def test_who_is_without_a_way_finds_one_within_three_days_of_its_opening_whatever_happens_elsewhere() -> None:
    def days_without(closed_on_the_island: int) -> list[int]:
        theatre = hand_made(
            "depot post isla islb",
            [Road("depot", "post"), Road("isla", "islb")],
            garrisons={"post": 100, "islb": 100},
            sources=[Source("government", "depot"), Source("government", "isla")],
        )
        walk = {road: float(theatre.at("dry_walk_hours", road)) for road in ("depot--post", "isla--islb")}
        drive = {road: float(theatre.at("dry_drive_hours", road)) for road in walk}
        missed = []
        for day in range(1, 12):
            for road, shut in (("depot--post", 2 <= day <= 4), ("isla--islb", day >= closed_on_the_island)):
                theatre.put("dry_walk_hours", math.inf if shut else walk[road], road)
                theatre.put("dry_drive_hours", math.inf if shut else drive[road], road)
            theatre.play("routes", "supply", first=day)
            if theatre.at("delivery", "government", "post") == 0.0:
                missed.append(day)
        return missed

    assert days_without(closed_on_the_island=99) == days_without(closed_on_the_island=6) == [4, 5, 6]


def alone(side: str, *, garrison: int = 500, residents: int = 0, fights: bool = False, stock: float = STORE_DAYS) -> Theatre:
    """A garrison that nothing reaches."""
    theatre = hand_made("post", holds={"post": side}, garrisons={"post": garrison}, residents={"post": residents})
    theatre.put("store", stock, side, "post")
    theatre.put("battle", fights, "post")
    return theatre


def test_a_garrison_counts_as_cut_off_on_the_third_day_without_delivery() -> None:
    theatre = alone("government")
    n_cut_off = [int(theatre.play("supply", first=day).at("n_cut_off", "government")) for day in range(1, 6)]
    assert n_cut_off == [0, 0, 1, 1, 1]
    theatre.put("strength", 0, "government", "post")
    theatre.at("strength")[:] = 0
    theatre.muster().play("supply", first=6)
    assert theatre.at("n_cut_off", "government") == 0


@pytest.mark.parametrize(("hours", "is_cut_off"), [(12.0 * math.log(1.0 / 0.06), False), (12.0 * math.log(1.0 / 0.04), True)])
def test_less_than_a_twentieth_is_as_good_as_nothing(hours: float, is_cut_off: bool) -> None:
    theatre = hand_made(
        "depot post",
        [Road("depot", "post", km=35.0 * hours, walk_hours=999.0)],
        garrisons={"post": 9},
        sources=[Source("government", "depot")],
    )
    theatre.play("routes", "supply", days=3)
    assert theatre.at("n_cut_off", "government") == int(is_cut_off)


@pytest.mark.parametrize(
    ("side", "residents", "fights", "daily"),
    [
        ("government", 90_000, False, -1.0),
        ("government", 90_000, True, -FIGHTING_USE),
        ("opposition", 0, False, LOCAL_PART - 1.0),
        ("opposition", 5_000, False, LOCAL_PART - 1.0),
        ("opposition", 5_001, False, 0.0),
        ("opposition", 0, True, LOCAL_PART - FIGHTING_USE),
        ("opposition", 5_001, True, 1.0 - FIGHTING_USE),
    ],
)
def test_stores_run_down_by_hand(side: str, residents: int, fights: bool, daily: float) -> None:
    theatre = alone(side, residents=residents, fights=fights)
    for day in range(1, 40):
        theatre.play("supply", first=day)
        store = max(STORE_DAYS + day * daily, 0.0)
        assert theatre.at("store", side, "post") == pytest.approx(store, abs=1e-9)
        assert theatre.at("supplied", side, "post") == pytest.approx(FLOOR + (1.0 - FLOOR) * min(1.0, store / LOW_DAYS))


def test_stores_fill_by_three_days_at_most_and_never_over_the_brim() -> None:
    theatre = one_source_and_two_posts(1e9)
    theatre.put("store", 0.0, "government", "near")
    stores = [float(theatre.play("supply", first=day).at("store", "government", "near")) for day in range(2, 20)]
    daily = 3.0 * math.exp(-0.1) - 1.0
    assert stores == pytest.approx([min(daily * (i + 1), STORE_DAYS) for i in range(18)])


def drawn(n: int) -> Records:
    """Draws whose parameters of supply are as the table gives them."""
    draws = np.zeros(n, dtype=DRAW)
    draws["par"] = default_parameters()
    rng = np.random.Generator(np.random.Philox(29))
    for key, parameter in PARAMETERS.items():
        if key.startswith("supply.") and parameter.scale != "fixed":
            draws["par"][parameter.field] = quantiles(rng.standard_normal(n), parameter)
    return draws


@kernel
def besiege(worlds: Records, draws: Records, luck: Luck, states: Records, side: int, place: int, every: int, out: Any) -> None:
    """Supply factor (replicate, day) of a garrison that begins with full stores and fights every so many days, or never."""
    s = states[0]
    for i in range(draws.shape[0]):
        s.store[side, place] = draws[i].par.supply_store_days
        s.count[PASSABLE_CHANGED] = 1
        for day in range(1, out.shape[1] + 1):
            s.battle[place] = every > 0 and day % every == 0
            supply(day, worlds[0], draws[i], luck, s)
            out[i, day - 1] = s.supplied[side, place]


def besieged(theatre: Theatre, side: str, *, days: int, every: int = 0, n: int = 1000) -> NDArray[Any]:
    out = np.zeros((n, days))
    numbers = theatre.number[side], theatre.number["post"]
    besiege(theatre.world, drawn(n), theatre.luck, theatre.state, *numbers, every, out)
    return out


def test_an_enclave_with_farmland_and_ten_thousand_defenders_does_not_starve() -> None:
    factor = besieged(alone("opposition", garrison=10_000, residents=150_000), "opposition", days=150)
    floor = drawn(1000)["par"]["supply_floor"][:, None]
    starves = (factor <= floor + 1e-9).any(axis=1)
    assert starves.mean() <= 0.1
    # nor does it weaken, while regulars in the same place starve
    assert (factor == 1.0).mean() > 0.9
    regulars = besieged(alone("government", garrison=10_000, residents=150_000), "government", days=150)
    assert (regulars <= floor + 1e-9).any(axis=1).mean() > 0.99


@pytest.mark.parametrize(("every", "low_days", "high_days"), [(0, 17, 26), (1, 5, 9)])
def test_a_hill_post_without_a_village_weakens_in_three_weeks_and_in_one_if_it_fights(
    every: int, low_days: int, high_days: int
) -> None:
    factor = besieged(alone("opposition", garrison=200), "opposition", days=400, every=every)
    weakens_on = 1 + np.argmax(factor < 1.0, axis=1)
    assert (factor[:, -1] < 1.0).all()
    assert low_days <= np.median(weakens_on) <= high_days


def small_corridor(side: str = "government", **changes: Any) -> Theatre:
    """A short road over `pass` and a long one over `town`, two hours and six."""
    roads = [Road("a", "pass"), Road("pass", "z"), Road("a", "town", km=105.0), Road("town", "z", km=105.0)]
    corridor = Corridor(side, "a", "z", [road.key for road in roads])
    holds = dict.fromkeys(("a", "z", "pass", "town"), side) | changes.pop("holds", {})
    return hand_made("a pass town z", roads, holds=holds, corridors=[corridor], **changes).play("routes")


def corridor(theatre: Theatre) -> tuple[float, float, float]:
    """Open, secure and delivery of the one corridor."""
    theatre.play("corridors")
    opened, secure, arrives = (float(theatre.at(f"corridor_{name}", "a..z")) for name in ("open", "secure", "delivery"))
    return opened, secure, arrives


def test_a_quiet_corridor_is_open_and_secure_and_carries_by_its_shortest_way() -> None:
    assert corridor(small_corridor()) == pytest.approx((1.0, 1.0, math.exp(-2.0 / REACH_HOURS)))


def test_security_is_that_of_the_safest_way_and_carriage_that_of_the_cheapest() -> None:
    theatre = small_corridor()
    for road, threat in {"a--pass": 0.3, "pass--z": 0.2, "a--town": 0.1, "town--z": 0.05}.items():
        theatre.put("threat", threat, "government", road)
        theatre.put("tax_cost", 0.5 * threat, "government", road)
    expected = (1.0, math.exp(-ATTACK_RATE * 0.15), math.exp(-2.0 / REACH_HOURS - 0.25))
    assert corridor(theatre) == pytest.approx(expected)


def test_a_corridor_with_no_way_left_is_closed_and_carries_nothing() -> None:
    theatre = small_corridor(holds={"pass": "opposition", "town": "opposition"}, garrisons={"pass": 100, "town": 300})
    assert corridor(theatre) == (0.0, 0.0, 0.0)


def test_irregulars_carry_round_an_enemy_through_a_corridor_that_is_closed() -> None:
    theatre = small_corridor("opposition", holds={"pass": "government", "town": "government"}, garrisons={"pass": 100})
    by_pass = math.exp(-(2.0 + BYPASS_HOURS) / REACH_HOURS - 100 / BYPASS_GUARD)
    assert corridor(theatre) == pytest.approx((0.0, 0.0, by_pass))


def test_a_corridor_is_open_to_regulars_by_vehicle_and_to_irregulars_on_foot() -> None:
    for side, is_open in (("government", 0.0), ("opposition", 1.0)):
        theatre = small_corridor(side)
        theatre.world["shut_vehicle"][0, :4] = 1
        assert corridor(theatre.begin().play("routes"))[0] == is_open


def test_losing_and_retaking_the_last_place_closes_and_opens_a_corridor_at_once() -> None:
    theatre = small_corridor(holds={"town": "opposition"})
    seen = []
    for day, holder in enumerate(["government", "opposition", "opposition", "government"], start=4):
        theatre.put("holder", theatre.number[holder], "pass")
        theatre.muster().play("corridors", first=day + 1)
        theatre.at("count")[PASSABLE_CHANGED] = 0
        seen.append(float(theatre.at("corridor_open", "a..z")))
    assert seen == [1.0, 0.0, 0.0, 1.0]


def test_a_corridor_that_irregulars_can_only_drive_opens_when_its_road_does() -> None:
    theatre = small_corridor("opposition")
    theatre.world["shut_foot"][0, :4] = 1
    theatre.begin().play("routes", "corridors", first=1)
    seen = []
    for day in range(2, 6):
        if day == 2:
            theatre.at("shut_days")[:4] = 2
        theatre.play("routes", "corridors", first=day)
        seen.append(float(theatre.at("corridor_open", "a..z")))
    assert seen == [0.0, 0.0, 1.0, 1.0]


@pytest.mark.parametrize("side", ACTIVE)
@given(layout=layouts(AMPLE), inside=st.data())
def test_corridors_are_those_of_networkx(side: str, layout: Layout, inside: st.DataObject) -> None:
    n = len(layout.holder)
    other = ACTIVE[1 - ACTIVE.index(side)]
    through = {0, n - 1, *inside.draw(st.sets(st.integers(0, n - 1)))}
    lines = [line for line in layout.lines if {line.start, line.end} <= through]
    ends = {place for line in lines for place in (line.start, line.end)}
    if not {0, n - 1} <= ends:
        return
    keys = keys_of(n)
    roads = ["--".join(sorted((keys[line.start], keys[line.end]))) for line in lines]
    theatre = with_corridor(layout, Corridor(side, keys[0], keys[-1], roads)).play("corridors")
    part = layout._replace(lines=lines)
    safest = nx.Graph()
    safest.add_nodes_from(ends)
    free = {place for place in ends if standing(layout, side, place) == FREE} | {0, n - 1}
    safest.add_weighted_edges_from(
        (line.start, line.end, ATTACK_RATE * line.threat)
        for line in lines
        if {line.start, line.end} <= free and line.hours < math.inf
    )
    number = f"{keys[0]}..{keys[-1]}"
    danger = nx.single_source_dijkstra_path_length(safest, 0).get(n - 1, math.inf)
    assert theatre.at("corridor_open", number) == float(danger < math.inf)
    assert theatre.at("corridor_secure", number) == pytest.approx(math.exp(-danger), abs=1e-12)
    price = nx.single_source_dijkstra_path_length(from_start(part, side, other), 0).get(n - 1, math.inf)
    assert theatre.at("corridor_delivery", number) == pytest.approx(math.exp(-price), abs=1e-12)


def from_start(layout: Layout, side: str, other: str) -> nx.DiGraph:
    """Prices of carriage when the load already stands at place 0, whoever holds that, and may be handed over anywhere."""
    holder, is_contested = [*layout.holder], [*layout.is_contested]
    holder[0], is_contested[0] = side, False
    everywhere = {**layout.force, side: [1] * len(holder)}
    return carriage(layout._replace(holder=holder, is_contested=is_contested, force=everywhere), side, other)


def with_corridor(layout: Layout, wanted: Corridor) -> Theatre:
    theatre = theatre_of(layout)
    keys = keys_of(len(layout.holder))
    roads = [Road(keys[line.start], keys[line.end]) for line in layout.lines]
    also = hand_made(" ".join(keys), roads, corridors=[wanted])
    for name in theatre.world.dtype.names or ():
        if "corridor" in name:
            theatre.world[name] = also.world[name]
    return Theatre(theatre.world, theatre.draw, theatre.state, also.number)
