"""What the ground is worth: ranks, probabilities over positions, roads, and what must not matter."""

from __future__ import annotations

from dataclasses import replace
from math import exp
from pathlib import Path

import networkx as nx
import numpy as np
import pytest
import rasterio

from keyterrain.analysis.decisive.structure import Network
from keyterrain.analysis.terrain import MEASURES, TerrainAnswer, p_harder, terrain
from keyterrain.campaign.errors import RunRefused
from keyterrain.campaign.world import drive_hours
from keyterrain.theatre import Scenario, load
from keyterrain.theatre.ground import measure_ground
from keyterrain.theatre.parameters import PARAMETERS
from scenarios import write_small_scenario


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Scenario:
    return load(write_small_scenario(tmp_path_factory.mktemp("terrain") / "small"))


def levelled(folder: Path) -> Scenario:
    """The small theatre with its mountains taken away."""
    write_small_scenario(folder)
    with rasterio.open(folder / "terrain.tif", "r+") as raster:
        raster.write(np.full_like(raster.read(1), 800), 1)
    return load(folder)


@pytest.fixture(scope="module")
def answer(small: Scenario) -> TerrainAnswer:
    return terrain(small, against="junction")


def test_every_place_has_every_measure_and_ranks_follow_the_mean_defence(answer: TerrainAnswer) -> None:
    assert len(answer.places) == 10
    for place in answer.places:
        assert list(place.measures) == [measure.key for measure in MEASURES]
        for spread in place.measures.values():
            assert spread.low <= spread.mean <= spread.high
    defences = [place.measures["defence"].mean for place in answer.places]
    assert defences == sorted(defences, reverse=True)
    assert answer.places[0].rank == 1
    assert defences[0] > defences[-1]


def test_the_mountains_of_the_small_theatre_are_harder_than_its_plain(answer: TerrainAnswer) -> None:
    rank = {place.place: place.rank for place in answer.places}
    assert max(rank["hill-fort"], rank["high-pass"], rank["hill-village"]) < min(rank["capital"], rank["north-city"])
    (fort,) = [row for row in answer.outranks if (row.place, row.measure) == ("hill-fort", "defence")]
    assert fort.p == 1.0
    assert 0.7 < fort.p_levers < 1.0, "relief can be worth less than nothing"


def test_level_ground_gives_every_place_the_same_defence_and_rank(tmp_path: Path) -> None:
    found = terrain(levelled(tmp_path / "flat"), against="junction")
    assert {place.rank for place in found.places} == {1}
    for place in found.places:
        assert place.measures["defence"].low == pytest.approx(1.0)
        assert place.measures["defence"].high == pytest.approx(1.0)
    assert {row.p for row in found.outranks if row.measure == "defence"} == {0.5}
    assert {row.p_levers for row in found.outranks if row.measure == "defence"} == {0.5}
    assert found.overlooks == ()
    assert [each for each in found.crossings if each.kind == "pass"] == []


def test_names_and_kinds_of_places_change_no_measure(tmp_path: Path, answer: TerrainAnswer) -> None:
    kept = {"hill-fort": "height"}  # a height stands on its summit; every other label is free
    kinds = {True: ("city", "village", "town"), False: ("post", "junction", "base")}

    def relabelled(rows: list[dict[str, str]]) -> list[dict[str, str]]:
        return [
            {**row, "name": f"Tell {i}", "kind": kept.get(row["place"], kinds[bool(row["population"])][i % 3])}
            for i, row in enumerate(rows)
        ]

    other = terrain(load(write_small_scenario(tmp_path / "small", places=relabelled)))
    assert [(row.place, row.rank, row.measures) for row in other.places] == [
        (row.place, row.rank, row.measures) for row in answer.places
    ]
    assert other.routes == answer.routes


def test_whether_a_paved_road_is_called_a_mountain_road_changes_no_hour(tmp_path: Path, answer: TerrainAnswer) -> None:
    other_name = {"mountain": "paved", "pass": "track"}

    def renamed(rows: list[dict[str, str]]) -> list[dict[str, str]]:
        return [{**row, "kind": other_name.get(row["kind"], row["kind"])} for row in rows]

    found = terrain(load(write_small_scenario(tmp_path / "small", routes=renamed)))
    for one, other in zip(answer.routes, found.routes, strict=True):
        assert replace(one, kind="") == replace(other, kind="")
    assert {row.kind for row in answer.routes} > {"mountain", "pass"}


def test_a_steep_road_is_slower_than_a_level_one_of_the_same_kind_by_hand(answer: TerrainAnswer) -> None:
    critical = PARAMETERS["routes.critical_slope"].default
    speed = {"motorway": 60.0, "primary": 45.0, "paved": 35.0, "mountain": 35.0, "track": 22.0, "pass": 22.0}
    for row in answer.routes:
        if np.isfinite(row.vehicle_hours):
            expected = row.km / speed[row.kind] * (1.0 + (row.gradient / critical) ** 2)
            assert row.vehicle_hours == pytest.approx(expected)
        assert row.hours == min(row.vehicle_hours, row.foot_hours)
        assert row.foot_hours >= row.km / 6.0
    steepest = max(answer.routes, key=lambda row: row.gradient)
    assert steepest.gradient > 0.05


def test_snow_slows_and_closes_by_the_rules_of_a_days_routes(small: Scenario, answer: TerrainAnswer) -> None:
    stops = {"motorway": None, "primary": None, "paved": 30.0, "mountain": 30.0, "track": 25.0, "pass": 25.0}
    for snow_cm in (10, 24, 60):
        for dry, white in zip(answer.routes, terrain(small, snow_cm=snow_cm).routes, strict=True):
            stop_cm = stops[dry.kind]
            left = 1.0 if stop_cm is None else 1.0 - snow_cm / stop_cm
            assert white.vehicle_hours == pytest.approx(dry.vehicle_hours / left if left >= 0.1 else np.inf)
            assert white.foot_hours == pytest.approx(dry.foot_hours / (1.0 - snow_cm / 100.0))
            assert np.isfinite(white.hours), "a pass that is closed to vehicles is no wall"


def test_a_level_road_is_walked_at_toblers_pace(tmp_path: Path) -> None:
    for row in terrain(levelled(tmp_path / "flat")).routes:
        assert row.foot_hours == pytest.approx(row.km / (6.0 * exp(-0.175)))
        assert row.gradient == 0.0


def test_twice_the_km_at_twice_the_speed_take_as_long(small: Scenario, monkeypatch: pytest.MonkeyPatch) -> None:
    situation = small.situation(None)
    ground = measure_ground(situation)
    before = drive_hours(situation, ground)
    longer = replace(situation, routes=tuple(replace(route, km=2.0 * route.km) for route in situation.routes))
    speeds = [key for key in PARAMETERS if key.startswith("routes.") and key.endswith("_speed")]
    faster = {**PARAMETERS, **{key: replace(PARAMETERS[key], default=2.0 * PARAMETERS[key].default) for key in speeds}}
    monkeypatch.setattr("keyterrain.campaign.world.PARAMETERS", faster)
    np.testing.assert_allclose(drive_hours(longer, ground), before)
    assert (drive_hours(situation, ground)[np.isfinite(before)] < before[np.isfinite(before)]).all()


def test_shortest_times_agree_with_networkx(small: Scenario, answer: TerrainAnswer) -> None:
    graph = nx.Graph()
    for row in answer.routes:
        graph.add_edge(row.start, row.end, hours=row.hours)
    expected = dict(nx.all_pairs_dijkstra_path_length(graph, weight="hours"))
    found = Network(small.situation(None))
    for one, i in found.at.items():
        for other, j in found.at.items():
            assert found.hours[i, j] == pytest.approx(expected[one][other])


def test_a_probability_is_counted_over_all_pairs_of_positions_by_hand() -> None:
    values = np.array([[1.0, 2.0], [3.0, 2.0], [2.0, 0.0]])  # (position, place)
    # 1 against 2 2 0, 3 against them, 2 against them: 1 + 3 + (1/2 + 1/2 + 1) of 9
    assert p_harder(values, 0, 1, high_is_hard=True) == pytest.approx(6.0 / 9.0)
    assert p_harder(values, 1, 0, high_is_hard=True) == pytest.approx(3.0 / 9.0)
    assert p_harder(values, 0, 1, high_is_hard=False) == pytest.approx(3.0 / 9.0)
    assert np.isnan(p_harder(np.full((3, 2), np.nan), 0, 1, high_is_hard=True))
    assert p_harder(np.stack([values, values[:, ::-1]]), 0, 1, high_is_hard=True) == pytest.approx(0.5)


def test_a_place_and_its_rival_share_one_probability(small: Scenario) -> None:
    one = {row.measure: row for row in terrain(small, against="hill-village", only=["hill-fort"]).outranks}
    other = {row.measure: row for row in terrain(small, against="hill-fort", only=["hill-village"]).outranks}
    for measure in MEASURES:
        assert one[measure.key].p + other[measure.key].p == pytest.approx(1.0)
        assert one[measure.key].p_levers + other[measure.key].p_levers == pytest.approx(1.0)


def test_only_some_are_answered_for_with_their_roads_and_their_ranks_among_all(small: Scenario, answer: TerrainAnswer) -> None:
    some = terrain(small, only=["hills", "junction"])
    keys = {place.place for place in some.places}
    assert keys == {"hill-village", "hill-fort", "high-pass", "junction"}
    rank = {place.place: place.rank for place in answer.places}
    assert {place.place: place.rank for place in some.places} == {key: rank[key] for key in keys}
    assert all(row.start in keys or row.end in keys for row in some.routes)
    assert len(some.routes) < len(answer.routes)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"against": "junktion"}, r"No place of .* is called 'junktion' \(did you mean junction\?\)"),
        ({"only": ["hils", "hill-fortt"]}, r"'hils' \(did you mean hills\?\), 'hill-fortt' \(did you mean hill-fort\?\)"),
        ({"against": "hills"}, r"No place of .* is called 'hills'"),
    ],
)
def test_ground_that_is_not_there_is_refused_with_the_nearest_name(
    small: Scenario, arguments: dict[str, object], says: str
) -> None:
    with pytest.raises(RunRefused, match=says):
        terrain(small, **arguments)  # type: ignore[arg-type]
