from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, replace
from math import exp
from pathlib import Path

import numpy as np
import pytest

from keyterrain.geo.distance import Points, distance_km, offset
from keyterrain.geo.elevation import Elevation, ElevationError
from keyterrain.theatre import ground as ground_module
from keyterrain.theatre.ground import Ground, default_cache, measure_ground, position_variants
from keyterrain.theatre.nouns import Place, Route, Situation
from terrains import ARC_30, a_place, a_route, a_situation, rough_heights, write_raster

N = 120
WEST, NORTH = 36.0, 34.5
OFF_PATH_LEVEL_KM_H = 0.6 * 6.0 * exp(-0.175)
BY_PLACE = ("lat", "lon", "elevation_m", "n_approaches", "approach_climb_m", "place_on_crest")
BY_POSITION = ("relief_m", "slope_deg", "relief_index", "n_commanding_heights")
BY_ROUTE = ("route_max_elevation_m", "route_climb_m", "route_foot_hours", "route_mean_square_gradient", "route_on_crest")
Measure = Callable[[Situation], Ground]


@pytest.fixture
def measured(tmp_path: Path) -> Measure:
    """Measures with a cache that no other test sees."""
    return lambda situation: measure_ground(situation, cache=tmp_path / "cache")


def terrain(path: Path, heights: np.ndarray, *, west: float = WEST, north: float = NORTH, name: str = "terrain.tif") -> Path:
    return write_raster(path / name, heights, west=west, north=north, step=ARC_30)


def at(row: float, column: float) -> tuple[float, float]:
    """Latitude and longitude of a row and column of the usual raster."""
    return NORTH - (row + 0.5) * ARC_30, WEST + (column + 0.5) * ARC_30


def some_places(n: int = 12, *, seed: int = 1, error_km: float = 1.0) -> list[Place]:
    cells = np.random.default_rng(seed).uniform(40, 80, (n, 2))
    kinds = ("village", "height", "town")
    return [a_place(f"p{i:02d}", *at(*cell), error_km=error_km, kind=kinds[i % 3]) for i, cell in enumerate(cells)]


def some_routes(places: list[Place]) -> list[Route]:
    """A ring through the places, each road a quarter longer than the straight line."""
    ring = zip(places, [*places[1:], places[0]], strict=True)
    return [a_route(p.key, q.key, 1.25 * float(straight_km(p, q))) for p, q in ring]


def straight_km(one: Place, other: Place) -> float:
    return float(distance_km(Points.of(one.lat, one.lon), Points.of(other.lat, other.lon)))


def a_theatre(path: Path, *, seed: int = 1) -> Situation:
    places = some_places(seed=seed)
    return a_situation(terrain(path, rough_heights((N, N), seed=seed, smooth=1.5)), places, some_routes(places))


def pairs_of(ground: Ground, situation: Situation) -> dict[tuple[str, str], tuple[float, float]]:
    """Hours and observation by the keys of place and route."""
    return {
        (situation.places[p].key, situation.routes[r].key): (float(hours), float(seen))
        for p, r, hours, seen in zip(
            ground.pair_place, ground.pair_route, ground.pair_hours, ground.pair_observation, strict=True
        )
    }


def assert_same(one: Ground, other: Ground) -> None:
    for field in fields(Ground):
        np.testing.assert_array_equal(getattr(one, field.name), getattr(other, field.name), err_msg=field.name)


# --- what the measures say


def test_shapes_follow_places_routes_and_positions(tmp_path: Path) -> None:
    situation = a_theatre(tmp_path)
    ground = measure_ground(situation, n_jitter=6, cache=tmp_path / "cache")
    assert {getattr(ground, name).shape for name in BY_PLACE} == {(12,)}
    assert {getattr(ground, name).shape for name in BY_POSITION} == {(7, 12)}
    assert [getattr(ground, name).shape for name in BY_ROUTE] == [(12,), (12, 2), (12, 2), (12,), (12,)]
    assert ground.pair_place.dtype == ground.pair_route.dtype == np.int32
    assert ground.pair_hours.dtype == ground.pair_observation.dtype == np.float32
    for field in fields(Ground):
        values = getattr(ground, field.name)
        assert values.dtype.kind != "f" or np.isfinite(values).all(), field.name


def test_the_theatre_of_these_tests_is_varied_enough_to_show_faults(tmp_path: Path, measured: Measure) -> None:
    ground = measured(a_theatre(tmp_path))
    assert np.ptp(ground.relief_m) > 100.0
    assert ground.relief_m.std(axis=0).max() > 1.0
    assert 0 < np.count_nonzero(ground.n_commanding_heights) < ground.n_commanding_heights.size
    assert 0.0 < ground.pair_observation.mean() < 0.9


def test_flat_ground_gives_every_place_the_same_measures(tmp_path: Path, measured: Measure) -> None:
    places = some_places()
    ground = measured(a_situation(terrain(tmp_path, np.full((N, N), 800.0)), places, some_routes(places)))
    for name in BY_POSITION:
        assert not getattr(ground, name).any(), name
    assert (ground.elevation_m == 800.0).all()
    assert not ground.approach_climb_m.any()
    assert not ground.route_climb_m.any()
    np.testing.assert_allclose([ground.lat, ground.lon], [[p.lat for p in places], [p.lon for p in places]], atol=1e-9)


def test_measures_of_a_road_on_a_slope_by_hand(tmp_path: Path, measured: Measure) -> None:
    rows = np.arange(N)[:, None] * 0.05 * 924.3 * np.ones(N)  # 5 % up to the south
    low, high = a_place("low", *at(50, 60)), a_place("high", *at(60, 60))
    km = straight_km(low, high)
    ground = measured(a_situation(terrain(tmp_path, rows), [low, high], [a_route("low", "high", 2 * km)]))
    rise = 10 * 0.05 * 924.3
    np.testing.assert_allclose(ground.route_climb_m, [[rise, 0.0]], atol=1e-2)
    # the road of twice the length rises by 2.5 %
    hours = [2 * km / (6 * exp(-3.5 * 0.075)), 2 * km / (6 * exp(-3.5 * 0.025))]
    np.testing.assert_allclose(ground.route_foot_hours, [hours], rtol=1e-3)
    assert ground.route_max_elevation_m[0] == pytest.approx(60 * 0.05 * 924.3, abs=1e-2)
    # places are sorted: high, low; the last 3 km of road into the upper one rise by 2.5 %, none into the lower one
    np.testing.assert_allclose(ground.approach_climb_m, [75.0, 0.0], rtol=2e-3)
    np.testing.assert_allclose(ground.slope_deg, np.degrees(np.arctan(0.05)), rtol=1e-3)


def test_the_way_there_is_from_start_to_end_whichever_is_written_first(tmp_path: Path, measured: Measure) -> None:
    situation = a_theatre(tmp_path)
    turned = replace(situation, routes=tuple(replace(r, start=r.end, end=r.start) for r in situation.routes))
    forth, back = measured(situation), measured(turned)
    np.testing.assert_allclose(forth.route_foot_hours, back.route_foot_hours[:, ::-1], rtol=1e-9)
    np.testing.assert_allclose(forth.route_climb_m, back.route_climb_m[:, ::-1], atol=1e-6)
    np.testing.assert_allclose(forth.approach_climb_m, back.approach_climb_m, atol=1e-6)


def test_approaches_are_the_routes_that_end_at_a_place(tmp_path: Path, measured: Measure) -> None:
    places = some_places(4)
    hub = [a_route("p00", other, 30.0) for other in ("p01", "p02")]
    ground = measured(a_situation(terrain(tmp_path, np.full((N, N), 800.0)), places, hub))
    assert ground.n_approaches.tolist() == [2, 1, 1, 0]


def test_a_theatre_without_routes_has_no_pairs(tmp_path: Path, measured: Measure) -> None:
    ground = measured(a_situation(terrain(tmp_path, np.full((N, N), 800.0)), some_places(3), []))
    assert ground.pair_place.size == 0
    assert ground.route_climb_m.shape == ground.route_foot_hours.shape == (0, 2)


def test_a_height_stands_on_its_summit_and_a_village_where_it_is_stated(tmp_path: Path, measured: Measure) -> None:
    heights = np.full((N, N), 1000.0)
    heights[60, 61] = 1700.0
    stated = {"lat": at(60, 60)[0], "lon": at(60, 60)[1], "error_km": 1.0}
    ground = measured(
        a_situation(terrain(tmp_path, heights), [a_place("a-hill", kind="height", **stated), a_place("b-village", **stated)], [])
    )
    np.testing.assert_allclose([ground.lat[0], ground.lon[0]], at(60, 61), atol=1e-6)
    np.testing.assert_allclose([ground.lat[1], ground.lon[1]], at(60, 60), atol=1e-9)
    assert ground.elevation_m == pytest.approx([1700.0, 1000.0], abs=0.1)


def test_a_stated_elevation_is_kept(tmp_path: Path, measured: Measure) -> None:
    place = a_place("a", *at(60, 60), elevation_m=1355.0)
    assert measured(a_situation(terrain(tmp_path, np.full((N, N), 800.0)), [place], [])).elevation_m.tolist() == [1355.0]


def test_crest_is_where_an_area_says_so(tmp_path: Path, measured: Measure) -> None:
    places = some_places(3)
    places[0] = replace(places[0], areas=("barrens", "border"))
    situation = a_situation(
        terrain(tmp_path, np.full((N, N), 800.0)), places, [a_route("p00", "p01", 30.0), a_route("p01", "p02", 30.0)],
        crest_areas=("border",),
    )  # fmt: skip
    ground = measured(situation)
    assert ground.place_on_crest.tolist() == [True, False, False]
    assert ground.route_on_crest.tolist() == [True, False]


# --- places and routes near each other


def test_pairs_are_sorted_within_reach_and_hold_the_routes_of_a_place(tmp_path: Path, measured: Measure) -> None:
    situation = a_theatre(tmp_path)
    ground = measured(situation)
    codes = ground.pair_place.astype(int) * len(situation.routes) + ground.pair_route
    assert (np.diff(codes) > 0).all()
    assert ground.pair_hours.max() <= 6.0
    pairs = pairs_of(ground, situation)
    own = [(end, route.key) for route in situation.routes for end in (route.start, route.end)]
    assert all(pairs[pair][0] == 0.0 for pair in own)
    assert sum(hours == 0.0 for hours, _ in pairs.values()) == len(own)


def test_hours_to_a_road_across_a_plain_are_distance_over_speed(tmp_path: Path, measured: Measure) -> None:
    start, end = Points.of([34.0], [36.3]), offset(Points.of([34.0], [36.3]), 10.0, 0.0)
    ends = [a_place("e", 34.0, 36.3), a_place("w", float(end.lat[0]), float(end.lon[0]))]
    aside = {km: offset(start, 5.0, km) for km in (6.0, 15.0, 18.5)}
    posts = [a_place(f"post-{km:g}", float(p.lat[0]), float(p.lon[0])) for km, p in aside.items()]
    situation = a_situation(terrain(tmp_path, np.full((N, N), 800.0)), [*ends, *posts], [a_route("e", "w", 12.0)])
    pairs = pairs_of(measured(situation), situation)
    for km in (6.0, 15.0):
        assert pairs[f"post-{km:g}", "e--w"][0] == pytest.approx(km / OFF_PATH_LEVEL_KM_H, rel=1e-3)
    assert ("post-18.5", "e--w") not in pairs  # 6.1 hours
    assert pairs["post-6", "e--w"][1] == 0.0  # beyond 5 km nothing is seen


def test_a_road_in_the_plain_is_seen_and_behind_a_ridge_it_is_not(tmp_path: Path, measured: Measure) -> None:
    places = [a_place("a", *at(62, 50)), a_place("b", *at(62, 54)), a_place("post", *at(58, 52))]
    heights = np.full((N, N), 800.0)
    seen = {}
    for name, ridge_m in (("plain", 800.0), ("ridge", 890.0)):
        heights[60] = ridge_m
        situation = a_situation(terrain(tmp_path, heights, name=f"{name}.tif"), places, [a_route("a", "b", 4.0)])
        seen[name] = pairs_of(measured(situation), situation)["post", "a--b"][1]
    assert seen == {"plain": 1.0, "ridge": 0.0}


def test_a_road_behind_a_ridge_is_seen_from_a_summit_of_the_post(tmp_path: Path, measured: Measure) -> None:
    heights = np.full((N, N), 800.0)
    heights[60] = 880.0
    heights[60, 52] = 1000.0
    places = [a_place("a", *at(62, 51)), a_place("b", *at(62, 53)), a_place("post", *at(58, 52))]
    situation = a_situation(terrain(tmp_path, heights), places, [a_route("a", "b", 2.0)])
    ground = measured(situation)
    assert ground.n_commanding_heights[0, 2] == 1
    assert pairs_of(ground, situation)["post", "a--b"][1] == 1.0


def test_a_road_seen_from_the_post_and_from_its_summit_counts_once(tmp_path: Path, measured: Measure) -> None:
    heights = np.full((N, N), 800.0)
    heights[58, 54] = 1000.0
    places = [a_place("a", *at(62, 51)), a_place("b", *at(62, 53)), a_place("post", *at(58, 52))]
    situation = a_situation(terrain(tmp_path, heights), places, [a_route("a", "b", 2.0)])
    ground = measured(situation)
    assert ground.n_commanding_heights[0, 2] == 1
    assert pairs_of(ground, situation)["post", "a--b"][1] == 1.0


def test_hours_to_a_road_above_are_the_mean_of_up_and_down(tmp_path: Path, measured: Measure) -> None:
    slope = np.arange(N)[:, None] * 0.1 * 924.3 * np.ones(N)  # 10 % up to the south
    start = Points.of(*([value] for value in at(60, 50)))
    end, post = offset(start, 6.0, 0.0), offset(start, 3.0, 5.0)
    places = [a_place(key, float(p.lat[0]), float(p.lon[0])) for key, p in (("a", start), ("b", end), ("post", post))]
    situation = a_situation(terrain(tmp_path, slope), places, [a_route("a", "b", 7.0)])
    up, down = 5.0 / (3.6 * exp(-3.5 * 0.15)), 5.0 / (3.6 * exp(-3.5 * 0.05))
    assert pairs_of(measured(situation), situation)["post", "a--b"][0] == pytest.approx((up + down) / 2, rel=3e-3)


def test_part_of_a_road_beyond_the_reach_of_sight_counts_as_not_seen(tmp_path: Path, measured: Measure) -> None:
    start = Points.of([34.0], [36.3])
    end = offset(start, 10.0, 0.0)
    places = [a_place("a", 34.0, 36.3), a_place("b", float(end.lat[0]), float(end.lon[0]))]
    situation = a_situation(terrain(tmp_path, np.full((N, N), 800.0)), places, [a_route("a", "b", 11.0)])
    pairs = pairs_of(measured(situation), situation)
    assert pairs["a", "a--b"][1] == pairs["b", "a--b"][1]
    # 21 points; whether the one at 5 km counts is a matter of the last bit
    assert round(21 * pairs["a", "a--b"][1], 4) in {10.0, 11.0}


# --- what must not matter


def test_ground_mirrored_east_and_west_gives_the_same_numbers(tmp_path: Path, measured: Measure) -> None:
    situation = a_theatre(tmp_path)
    heights = rough_heights((N, N), seed=1, smooth=1.5)
    axis = WEST + N * ARC_30 / 2
    mirrored = replace(
        situation,
        places=tuple(replace(place, lon=2 * axis - place.lon) for place in situation.places),
        terrain_path=terrain(tmp_path, heights[:, ::-1], name="mirrored.tif"),
    )
    assert_mirrored(measured(situation), measured(mirrored))


def test_ground_mirrored_north_and_south_gives_the_same_numbers(tmp_path: Path, measured: Measure) -> None:
    # at the equator, the one parallel about which the earth is symmetric
    heights = rough_heights((N, N), seed=1, smooth=1.5)
    north = N * ARC_30 / 2
    places = [replace(place, lat=place.lat - NORTH + north) for place in some_places()]
    routes = some_routes(places)
    upright = a_situation(terrain(tmp_path, heights, north=north), places, routes)
    upside_down = replace(
        upright,
        places=tuple(replace(place, lat=-place.lat) for place in upright.places),
        terrain_path=terrain(tmp_path, heights[::-1], north=north, name="mirrored.tif"),
    )
    assert_mirrored(measured(upright), measured(upside_down))


def assert_mirrored(one: Ground, other: Ground) -> None:
    for name in (*BY_PLACE[2:], *BY_ROUTE, "pair_place", "pair_route", "pair_hours"):
        np.testing.assert_allclose(getattr(one, name), getattr(other, name), rtol=1e-6, atol=1e-4, err_msg=name)
    for name in BY_POSITION:
        here, there = getattr(one, name), getattr(other, name)
        np.testing.assert_allclose(here[0], there[0], rtol=1e-6, atol=1e-4, err_msg=name)
        # positions about the stated one change places with each other
        np.testing.assert_allclose(np.sort(here, axis=0), np.sort(there, axis=0), rtol=1e-6, atol=1e-4, err_msg=name)
    np.testing.assert_allclose(one.pair_observation, other.pair_observation, atol=1e-6)


def test_names_and_the_order_of_rows_change_nothing(tmp_path: Path, measured: Measure) -> None:
    situation = a_theatre(tmp_path)
    before = measured(situation)
    renamed = replace(
        situation, places=tuple(replace(p, name=f"Qaryat {i}", alt_names=("x",)) for i, p in enumerate(situation.places))
    )
    assert_same(before, measure_ground(renamed, cache=tmp_path / "another"))
    turned = replace(situation, places=situation.places[::-1], routes=situation.routes[::-1])
    after = measured(turned)
    for name in BY_PLACE:
        np.testing.assert_array_equal(getattr(before, name), getattr(after, name)[::-1], err_msg=name)
    for name in BY_POSITION:
        np.testing.assert_array_equal(getattr(before, name), getattr(after, name)[:, ::-1], err_msg=name)
    for name in BY_ROUTE:
        np.testing.assert_array_equal(getattr(before, name), getattr(after, name)[::-1], err_msg=name)
    assert pairs_of(before, situation) == pairs_of(after, turned)


def test_a_far_place_without_roads_changes_nothing_else(tmp_path: Path, measured: Measure) -> None:
    # the raster is large enough that a wider window of it is read for the far place
    places = some_places()
    path = terrain(tmp_path, rough_heights((240, 240), seed=1, smooth=1.5))
    near = a_situation(path, places, some_routes(places))
    with_far = a_situation(path, [*places, a_place("far", *at(230.0, 230.0), error_km=2.0)], some_routes(places))
    before, after = measured(near), measured(with_far)
    kept = np.array([place.key != "far" for place in with_far.places])
    for name in BY_PLACE:
        np.testing.assert_array_equal(getattr(before, name), getattr(after, name)[kept], err_msg=name)
    for name in BY_POSITION:
        np.testing.assert_array_equal(getattr(before, name), getattr(after, name)[:, kept], err_msg=name)
    for name in BY_ROUTE:
        np.testing.assert_array_equal(getattr(before, name), getattr(after, name), err_msg=name)
    assert pairs_of(before, near) == pairs_of(after, with_far)


# --- positions that a place might have


def positions(place: Place, n: int) -> tuple[np.ndarray, np.ndarray]:
    """Offsets in km east and north of the positions of a place."""
    found = position_variants([place], n)
    away = distance_km(Points.of(place.lat, place.lon), Points(found.lat[:, 0], found.lon[:, 0]))
    return away, np.stack([found.lat[:, 0] - place.lat, found.lon[:, 0] - place.lon], axis=1)


def test_nine_tenths_of_the_positions_lie_within_the_stated_error() -> None:
    away = np.concatenate([positions(a_place(f"place-{i}", 34.0, 36.0, error_km=2.0), 16)[0][1:] for i in range(400)])
    assert (away <= 2.0).mean() == pytest.approx(0.9, abs=0.01)
    assert np.median(away) == pytest.approx(2.0 * np.sqrt(np.log(0.5) / np.log(0.1)), rel=0.02)


def test_the_first_position_is_the_stated_one_and_without_error_all_are() -> None:
    away, _ = positions(a_place("a", 34.0, 36.0, error_km=2.0), 16)
    assert away[0] < 1e-9
    assert (away[1:] > 0.01).all()
    assert (positions(a_place("a", 34.0, 36.0), 16)[0] < 1e-9).all()


def test_positions_follow_from_the_key_alone() -> None:
    a, b = a_place("a", 34.0, 36.0, error_km=1.0), a_place("b", 34.0, 36.0, error_km=1.0)
    alone, beside = position_variants([a], 16), position_variants([b, replace(a, name="Other")], 16)
    np.testing.assert_array_equal(alone.lat[:, 0], beside.lat[:, 1])
    assert (beside.lat[1:, 0] != beside.lat[1:, 1]).all()


def test_positions_mirror_each_other_in_fours() -> None:
    _, moved = positions(a_place("a", 34.0, 36.0, error_km=1.0), 16)
    for four in moved[1:].reshape(4, 4, 2):
        assert (np.abs(four) > 0.0).all()
        np.testing.assert_allclose(four.mean(axis=0), 0.0, atol=1e-5)
        np.testing.assert_allclose(np.abs(four), np.broadcast_to(np.abs(four[0]), (4, 2)), rtol=1e-3)


@pytest.mark.parametrize("n", [0, 1, 3, 16])
def test_any_number_of_positions_may_be_asked_for(n: int) -> None:
    assert position_variants([a_place("a", 34.0, 36.0, error_km=1.0)] * 2, n).lat.shape == (1 + n, 2)


def test_positions_off_the_map_are_replaced_by_the_stated_one(tmp_path: Path, measured: Measure) -> None:
    place = a_place("edge", NORTH - 0.001, WEST + 0.3, error_km=4.0)
    ground = measured(a_situation(terrain(tmp_path, rough_heights((N, N), seed=1)), [place], []))
    assert np.isfinite(ground.relief_m).all()
    assert (ground.relief_m == ground.relief_m[0]).sum() > 4


# --- the elevation file and the cache


def test_a_place_off_the_raster_is_named(tmp_path: Path, measured: Measure) -> None:
    places = [a_place("home", *at(60, 60)), a_place("palmyra", 34.55, 38.27)]
    with pytest.raises(ElevationError, match="Palmyra"):
        measured(a_situation(terrain(tmp_path, np.full((N, N), 800.0)), places, []))


def test_a_missing_elevation_file_is_said(tmp_path: Path, measured: Measure) -> None:
    with pytest.raises(ElevationError, match=r"no elevation file absent\.tif"):
        measured(a_situation(tmp_path / "absent.tif", some_places(), []))


@pytest.fixture
def openings(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Elevation files opened so far: what comes from the cache opens none."""
    opened: list[Path] = []

    class Counted(Elevation):
        @classmethod
        def open(cls, path: Path, **how: object) -> Elevation:
            opened.append(path)
            return Elevation.open(path, **how)  # type: ignore[arg-type]

    monkeypatch.setattr(ground_module, "Elevation", Counted)
    return opened


def test_the_second_time_measures_come_from_the_cache(tmp_path: Path, measured: Measure, openings: list[Path]) -> None:
    situation = a_theatre(tmp_path)
    first, second = measured(situation), measured(situation)
    assert len(openings) == 1
    assert_same(first, second)
    assert [path.suffix for path in (tmp_path / "cache").iterdir()] == [".npz"]


def test_names_are_no_part_of_what_is_cached(tmp_path: Path, measured: Measure, openings: list[Path]) -> None:
    situation = a_theatre(tmp_path)
    measured(situation)
    measured(replace(situation, places=tuple(replace(place, name="Other") for place in situation.places)))
    assert len(openings) == 1


def test_whatever_decides_a_measure_is_measured_anew(
    tmp_path: Path, measured: Measure, openings: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    situation = a_theatre(tmp_path)
    first_place, first_route = situation.places[0], situation.routes[0]

    def with_place(**changes: object) -> Situation:
        return replace(situation, places=(replace(first_place, **changes), *situation.places[1:]))  # type: ignore[arg-type]

    variants = [
        situation,
        with_place(lat=first_place.lat + 0.001),
        with_place(error_km=1.5),
        with_place(elevation_m=900.0),
        with_place(kind="height"),
        with_place(areas=("border",)),
        replace(situation, routes=(replace(first_route, km=first_route.km + 1.0), *situation.routes[1:])),
        replace(situation, routes=situation.routes[1:]),
        replace(situation, crest_areas=frozenset(("border",))),
        replace(situation, terrain_path=terrain(tmp_path, rough_heights((N, N), seed=9), name="other.tif")),
    ]
    for variant in variants:
        measured(variant)
    assert len(openings) == len(variants)
    measure_ground(situation, n_jitter=4, cache=tmp_path / "cache")
    assert len(openings) == len(variants) + 1
    monkeypatch.setattr(ground_module, "_sources", lambda: ["edited"])
    measured(situation)
    assert len(openings) == len(variants) + 2


@pytest.mark.parametrize("damage", ["cut", "flipped", "text", "empty", "other arrays", "one array"])
def test_a_damaged_cache_is_ignored_and_written_anew(
    tmp_path: Path, measured: Measure, openings: list[Path], damage: str
) -> None:
    situation = a_theatre(tmp_path)
    first = measured(situation)
    (kept,) = (tmp_path / "cache").iterdir()
    whole = kept.read_bytes()
    middle = len(whole) // 2
    if damage == "other arrays":
        np.savez(kept, lat=np.zeros(3))
    elif damage == "one array":
        np.save(tmp_path / "one.npy", np.zeros(3))
        kept.write_bytes((tmp_path / "one.npy").read_bytes())
    else:
        damaged = {
            "cut": whole[:middle],
            "flipped": whole[:middle] + bytes(255 - byte for byte in whole[middle : middle + 64]) + whole[middle + 64 :],
            "text": b"not an archive",
            "empty": b"",
        }
        kept.write_bytes(damaged[damage])
    assert_same(first, measured(situation))
    assert len(openings) == 2
    assert_same(first, measured(situation))
    assert len(openings) == 2


def test_a_cache_that_cannot_be_written_is_done_without(tmp_path: Path) -> None:
    situation = a_theatre(tmp_path)
    (tmp_path / "file").write_text("in the way")
    assert_same(measure_ground(situation, cache=tmp_path / "file" / "cache"), measure_ground(situation, cache=tmp_path / "cache"))


def test_no_half_written_file_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full_disk(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "savez", full_disk)
    measure_ground(a_theatre(tmp_path), cache=tmp_path / "cache")
    assert not list((tmp_path / "cache").iterdir())


def test_the_folder_of_the_cache_follows_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KEYTERRAIN_CACHE", raising=False)
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    assert default_cache() == tmp_path / "home" / ".cache" / "keyterrain" / "ground"
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "shared"))
    assert default_cache() == tmp_path / "shared" / "keyterrain" / "ground"
    monkeypatch.setenv("KEYTERRAIN_CACHE", str(tmp_path / "own"))
    assert default_cache() == tmp_path / "own" / "ground"
    measure_ground(a_theatre(tmp_path))
    assert list((tmp_path / "own" / "ground").glob("*.npz"))
