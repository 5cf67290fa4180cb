"""Ground that starts with another holder: nobody is created, only the first evening differs, and who has it anyway has it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from keyterrain.campaign.chunks import compiled_kernels
from keyterrain.campaign.decree import started_anyway
from keyterrain.campaign.interventions import Hold, Interventions, StartHolder
from keyterrain.campaign.prepare import Prepared
from keyterrain.campaign.starting import LEAST_LEFT, FirstGround, Starting, apportioned
from keyterrain.campaign.world import nearest_first
from keyterrain.dynamics.state import NONE
from keyterrain.theatre import Scenario, load
from scenarios import Rows, write_small_scenario

DAYS, N, SEED = 40, 12, 3
KERNELS = compiled_kernels()
CHANGED = {"holder", "intruder", "taken", "strength"}
"""All of a first evening that another holder changes."""


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    return prepared(load(write_small_scenario(tmp_path_factory.mktemp("starting") / "small")))


def prepared(scenario: Scenario) -> Prepared:
    made: Prepared = KERNELS.prepare(scenario, days=DAYS, seed=SEED)
    return made


def started(base: Prepared, **holders: str) -> Prepared:
    """Prepare with ground given to sides, `hill_fort="government"`."""
    pairs = (StartHolder(ground.replace("_", "-"), side) for ground, side in holders.items())
    return base.with_hold(Interventions(start_holder=tuple(pairs)))


def drawn(prepared: Prepared, first: int = 0, n: int = N) -> Any:
    return prepared.first_evening.draw(SEED, first, n, prepared.world.room).records


def of_side(base: Prepared, records: Any, side: str) -> np.ndarray[Any, np.dtype[np.int64]]:
    """Fighters (replicate, place) of a side."""
    actors = [base.index.actors[actor.key] for actor in base.situation.actors if actor.side == side]
    return np.asarray(records["strength"][:, actors].sum(axis=1)[:, : len(base.index.places)])


GROUND = [place.replace("-", "_") for place in ("hill-fort", "hill-village", "junction", "orchards", "capital", "border-town")]


@pytest.mark.parametrize("side", ["government", "opposition", "neutral"])
@pytest.mark.parametrize("ground", [*GROUND, "hills", "south"])
def test_fighters_are_conserved_to_the_man_and_by_actor(base: Prepared, ground: str, side: str) -> None:
    before, after = drawn(base), drawn(started(base, **{ground: side}))
    np.testing.assert_array_equal(before["strength"].sum(axis=2), after["strength"].sum(axis=2))
    assert after["strength"].min() >= 0


def test_only_the_first_evening_differs_and_of_it_only_who_stands_where(base: Prepared) -> None:
    changed = started(base, hills="government")
    for name in base.world.record.dtype.names:  # field by field: what lies between fields is nobody's
        assert changed.world.record[name].tobytes() == base.world.record[name].tobytes(), "nothing is imposed on any later day"
    before, after = drawn(base), drawn(changed)
    differing = {name for name in before.dtype.names if before[name].tobytes() != after[name].tobytes()}
    assert differing == CHANGED - {"intruder", "taken"}, "the hills are not contested"
    contested = drawn(started(base, orchards="opposition"))
    assert {name for name in before.dtype.names if before[name].tobytes() != contested[name].tobytes()} == {
        "intruder",
        "taken",
    }


def test_ground_that_the_side_has_anyway_stays_as_it_is_to_the_byte(base: Prepared) -> None:
    played = KERNELS.play_chunk(base, 0, N)
    n_kept = n_other = 0
    for side in ("government", "opposition"):
        kept = started_anyway(base, played, side)
        before = drawn(base)
        for place, i in base.index.places.items():
            after = drawn(started(base, **{f"place:{place}": side}))
            same = np.array([one.tobytes() == other.tobytes() for one, other in zip(before, after, strict=True)])
            assert (same | ~kept[:, i]).all(), f"{place} started by {side}"
            n_kept += int(kept[:, i].sum())
            n_other += int((~same).sum())
    assert n_kept > 20
    assert n_other > 20
    everything = KERNELS.play_chunk(started(base, capital="government", barracks="government"), 0, N).arrays
    assert all(played.arrays[name].tobytes() == everything[name].tobytes() for name in everything)


def test_another_start_is_another_campaign_from_the_first_evening_on(base: Prepared) -> None:
    i = base.index.places["hill-fort"]
    control = KERNELS.play_chunk(started(base, hill_fort="government"), 0, N, verify=True)
    assert control.breaches == []
    assert (control.arrays["control"][:, 0, i] == base.index.sides["government"]).all()


def test_the_garrison_goes_to_the_nearest_place_of_its_own_that_is_not_given_away_too(base: Prepared) -> None:
    places = base.index.places
    before, after = drawn(base), drawn(started(base, hill_village="government"))
    own = of_side(base, before, "opposition")
    left = own[:, places["hill-village"]]
    gained = of_side(base, after, "opposition") - own
    fort_is_own = before["holder"][:, places["hill-fort"]] == base.index.sides["opposition"]
    assert (left > 0).all()
    assert 0 < fort_is_own.sum() < N, "both cases are to be seen"
    np.testing.assert_array_equal(gained[fort_is_own, places["hill-fort"]], left[fort_is_own])
    np.testing.assert_array_equal(gained[~fort_is_own, places["high-pass"]], left[~fort_is_own])
    both = of_side(base, drawn(started(base, hill_village="government", hill_fort="government")), "opposition") - own
    assert (both[:, places["high-pass"]] >= left).all()


def test_as_many_move_in_as_have_left_an_equal_share_of_each_mobile_garrison(base: Prepared) -> None:
    places, army = base.index.places, base.index.actors["army"]
    before, after = drawn(base), drawn(started(base, hill_village="government"))
    left = of_side(base, before, "opposition")[:, places["hill-village"]]
    came = of_side(base, after, "government")[:, places["hill-village"]]
    np.testing.assert_array_equal(came, left)
    share = 1.0 - after["strength"][:, army] / np.maximum(before["strength"][:, army], 1)
    for place in ("capital", "barracks"):
        surplus = 1.0 - LEAST_LEFT / of_side(base, before, "government")[:, places[place]]
        per_mobile = share[:, places[place]] / surplus / before["mobility"][:, army]
        np.testing.assert_allclose(per_mobile, share[:, places["capital"]] / before["mobility"][:, army], atol=0.02)
    assert (share[:, places["capital"]] > 0).all()


def test_no_more_move_in_than_there_are_to_move(base: Prepared) -> None:
    before, after = drawn(base), drawn(started(base, south="opposition"))
    own = of_side(base, before, "opposition")
    south = [base.index.places[place] for place in ("capital", "barracks", "orchards", "junction")]
    came = (of_side(base, after, "opposition") - own)[:, south].sum(axis=1)
    left = of_side(base, before, "government")[:, south].sum(axis=1)
    assert (came < left).all()
    assert (came > 0).all()
    outside = [i for i in range(len(base.index.places)) if i not in south]
    stayed = of_side(base, after, "opposition")[:, outside]
    assert (stayed >= np.minimum(own[:, outside], LEAST_LEFT)).all(), "no place is emptied"


def test_a_side_without_another_place_keeps_its_ground(base: Prepared) -> None:
    every = {key.replace("-", "_"): "government" for key in ("highway-town", "hills", "orchards")}
    before, after = drawn(base), drawn(started(base, **every))
    for name in before.dtype.names:
        places = [base.index.places[key] for key in ("highway-town", "hill-village")]
        if name in {"holder", "intruder"}:
            np.testing.assert_array_equal(before[name][:, places], after[name][:, places])
    np.testing.assert_array_equal(of_side(base, before, "opposition"), of_side(base, after, "opposition"))


def test_chunks_do_not_matter(base: Prepared) -> None:
    changed = started(base, hills="government", junction="opposition")
    whole = drawn(changed)
    parts = [drawn(changed, first, 4) for first in range(0, N, 4)]
    for name in whole.dtype.names:
        assert whole[name].tobytes() == np.concatenate([part[name] for part in parts]).tobytes()


def test_ground_held_throughout_needs_no_other_start(base: Prepared) -> None:
    hold = (Hold("hill-fort", "government"),)
    held = base.with_hold(Interventions(hold=hold))
    both = base.with_hold(Interventions(hold=hold, start_holder=(StartHolder("hill-fort", "government"),)))
    assert drawn(held).tobytes() == drawn(both).tobytes()


def test_places_are_in_order_of_the_way_to_them(base: Prepared) -> None:
    keys = list(base.index.places)
    order = [keys[i] for i in nearest_first(base.situation, ["high-pass"])[0]]
    assert order[:4] == ["high-pass", "hill-fort", "border-town", "hill-village"]
    assert sorted(order) == sorted(keys)


def by_largest_remainders(total: int, weights: list[int]) -> list[int]:
    """The same by hand, one at a time."""
    exact = [total * weight / sum(weights) for weight in weights]
    parts = [int(each) for each in exact]
    by_rest = sorted(range(len(weights)), key=lambda i: (-(exact[i] - parts[i]), i))
    for i in by_rest[: total - sum(parts)]:
        parts[i] += 1
    return parts


@pytest.mark.parametrize(("total", "weights"), [(7, [3, 3, 3]), (10, [1, 0, 9]), (5, [2, 2, 1]), (0, [4, 4]), (4, [1, 5, 2])])
def test_whole_numbers_are_divided_by_largest_remainders(total: int, weights: list[int]) -> None:
    parts = apportioned(np.array([total]), np.array([weights]))[0].tolist()
    assert parts == by_largest_remainders(total, weights)
    assert sum(parts) == total
    assert all(part <= weight for part, weight in zip(parts, weights, strict=True))


def test_a_hand_sized_change(base: Prepared) -> None:
    """600 of the brigades leave the town for the hill village; 600 come, of 1000 mobile at the capital and 200 elsewhere."""
    index = base.index
    n_places = len(index.places)
    holder = np.full((1, n_places), index.sides["government"], np.int8)
    for place in ("highway-town", "hill-village"):
        holder[0, index.places[place]] = index.sides["opposition"]
    intruder = np.full((1, n_places), NONE, np.int8)
    strength = np.zeros((1, len(index.actors), n_places), np.int32)
    strength[0, index.actors["brigades"], index.places["highway-town"]] = 600
    strength[0, index.actors["army"], index.places["capital"]] = 2050
    strength[0, index.actors["army"], index.places["north-city"]] = 450
    mobility = np.full((1, len(index.actors)), 0.5)
    Starting(base.situation, {"highway-town": "government"}).change(FirstGround(holder, intruder, strength, mobility))
    army, brigades = strength[0, index.actors["army"]], strength[0, index.actors["brigades"]]
    assert brigades[index.places["hill-village"]] == 600
    assert brigades[index.places["highway-town"]] == 0
    assert army[index.places["highway-town"]] == 600
    assert (army[index.places["capital"]], army[index.places["north-city"]]) == (2050 - 500, 450 - 100)
    assert holder[0, index.places["highway-town"]] == index.sides["government"]


def test_ground_that_nobody_defends_passes_without_anybody_moving(tmp_path: Any) -> None:
    def without_the_fort(rows: Rows) -> Rows:
        return [row for row in rows if row["place"] != "high-pass"]

    bare = prepared(load(write_small_scenario(tmp_path / "bare", forces=without_the_fort)))
    before, after = drawn(bare), drawn(started(bare, high_pass="government"))
    assert before["strength"].tobytes() == after["strength"].tobytes()
    assert (after["holder"][:, bare.index.places["high-pass"]] == bare.index.sides["government"]).all()
