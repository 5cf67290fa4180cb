"""The survey of a theatre: what it says, and what must not matter to it."""

from __future__ import annotations

from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest

from keyterrain.geo.distance import Points, distance_km
from keyterrain.geo.elevation import ElevationError
from keyterrain.theatre.nouns import Place, Situation
from keyterrain.theatre.survey import Survey, survey_terrain
from terrains import ARC_30, a_place, a_route, a_situation, rough_heights, write_raster

N = 70
WEST, NORTH = 36.0, 34.5
BY_POSITION = (
    "elevation_m",
    "ruggedness_m",
    "vector_ruggedness",
    "overlooks",
    "overlooked",
    "approach_climb_m",
    "motorway_km",
    "observed_km",
)


def at(row: float, column: float) -> tuple[float, float]:
    """Latitude and longitude of a row and column."""
    return NORTH - (row + 0.5) * ARC_30, WEST + (column + 0.5) * ARC_30


def some_places() -> list[Place]:
    cells = np.random.default_rng(2).uniform(24, 46, (9, 2))
    return [a_place(f"p{i}", *at(*cell), error_km=1.0) for i, cell in enumerate(cells)]


def a_theatre(path: Path, heights: np.ndarray, places: list[Place] | None = None, name: str = "terrain.tif") -> Situation:
    """Places in a ring of roads, the first of which is a motorway."""
    places = some_places() if places is None else places
    raster = write_raster(path / name, heights, west=WEST, north=NORTH, step=ARC_30)
    ends = zip(places, [*places[1:], places[0]], strict=True)
    positions = Points.of([place.lat for place in places], [place.lon for place in places])
    km = 1.25 * distance_km(positions, positions[np.roll(np.arange(len(places)), -1)])
    roads = [a_route(p.key, q.key, float(length)) for (p, q), length in zip(ends, km, strict=True)]
    return a_situation(raster, places, [replace(roads[0], kind="motorway"), *roads[1:]])


def surveyed(situation: Situation, folder: Path) -> Survey:
    return survey_terrain(situation, n_jitter=4, cache=folder / "cache")


def test_level_ground_gives_every_place_the_same(tmp_path: Path) -> None:
    found = surveyed(a_theatre(tmp_path, np.full((N, N), 900.0)), tmp_path)
    for name in ("ruggedness_m", "vector_ruggedness", "overlooks", "overlooked", "approach_climb_m"):
        assert (getattr(found, name) == 0.0).all(), name
    assert (found.elevation_m == 900.0).all()
    assert found.pass_ways.size == found.above.size == 0
    assert found.n_over == 0


def test_rough_ground_does_not(tmp_path: Path) -> None:
    found = surveyed(a_theatre(tmp_path, rough_heights((N, N), seed=1, smooth=1.5)), tmp_path)
    for name in BY_POSITION:
        assert getattr(found, name).shape == (5, 9)
        assert np.ptp(getattr(found, name)) > 0.0, name
    assert found.n_over > 0


def test_mirrored_ground_gives_the_same_numbers(tmp_path: Path) -> None:
    heights = rough_heights((N, N), seed=1, smooth=1.5)
    situation = a_theatre(tmp_path, heights)
    axis = WEST + N * ARC_30 / 2
    mirrored = replace(
        situation,
        places=tuple(replace(place, lon=2 * axis - place.lon) for place in situation.places),
        terrain_path=write_raster(tmp_path / "mirrored.tif", heights[:, ::-1], west=WEST, north=NORTH, step=ARC_30),
    )
    one, other = surveyed(situation, tmp_path), surveyed(mirrored, tmp_path)
    for name in BY_POSITION:
        # positions about the stated one change places with each other
        here, there = np.sort(getattr(one, name)[1:], axis=0), np.sort(getattr(other, name)[1:], axis=0)
        np.testing.assert_allclose(getattr(one, name)[0], getattr(other, name)[0], rtol=1e-6, atol=1e-6, err_msg=name)
        np.testing.assert_allclose(here, there, rtol=1e-6, atol=1e-6, err_msg=name)
    np.testing.assert_allclose(one.route_observed_share, other.route_observed_share)
    assert (one.n_ways, one.n_over) == (other.n_ways, other.n_over)


def test_names_and_labels_of_places_change_nothing(tmp_path: Path) -> None:
    situation = a_theatre(tmp_path, rough_heights((N, N), seed=1, smooth=1.5))
    labels = ("city", "post", "pass", "village", "junction")
    relabelled = replace(
        situation,
        places=tuple(
            replace(place, name=f"Tell {i}", kind=labels[i % 5], community="x", leaning="y", country="ZZ")
            for i, place in enumerate(situation.places)
        ),
    )
    one, other = surveyed(situation, tmp_path), surveyed(relabelled, tmp_path / "another")
    for field in fields(Survey):
        np.testing.assert_array_equal(getattr(one, field.name), getattr(other, field.name), err_msg=field.name)


def test_the_climb_to_a_hill_is_that_of_its_roads(tmp_path: Path) -> None:
    heights = np.full((N, N), 700.0)
    heights[30:33, 30:33] = 1000.0
    places = [a_place("foot", *at(31, 22)), a_place("hill", *at(31, 31)), a_place("plain", *at(31, 16))]
    found = surveyed(a_theatre(tmp_path, heights, places), tmp_path)
    assert found.approach_climb_m[0].tolist() == pytest.approx([0.0, 300.0, 0.0], abs=1.0)


def test_the_distance_from_the_motorway_is_that_to_its_nearest_point(tmp_path: Path) -> None:
    places = [a_place("a", *at(30, 20)), a_place("b", *at(30, 40)), a_place("off", *at(36, 30))]
    found = surveyed(a_theatre(tmp_path, np.full((N, N), 700.0), places), tmp_path)
    assert found.motorway_km[0].tolist() == pytest.approx([0.0, 0.0, 6 * ARC_30 * 110.92], abs=0.02)


def test_without_a_motorway_there_is_no_distance_from_it(tmp_path: Path) -> None:
    situation = a_theatre(tmp_path, np.full((N, N), 700.0))
    found = surveyed(replace(situation, routes=tuple(replace(r, kind="paved") for r in situation.routes)), tmp_path)
    assert np.isnan(found.motorway_km).all()


def test_a_ridge_takes_a_road_out_of_sight_of_all_but_its_ends(tmp_path: Path) -> None:
    shares = {}
    for name, ridge_m in (("plain", 800.0), ("ridge", 900.0)):
        heights = np.full((N, N), 800.0)
        heights[30] = ridge_m
        # other positions of the watch do not count, though they may lie before the ridge
        places = [a_place("a", *at(32, 29)), a_place("b", *at(32, 33)), a_place("watch", *at(28, 31), error_km=7.0)]
        raster = write_raster(tmp_path / f"{name}.tif", heights, west=WEST, north=NORTH, step=ARC_30)
        shares[name] = surveyed(a_situation(raster, places, [a_route("a", "b", 4.0)]), tmp_path).route_observed_share.tolist()
    assert shares == {"plain": [1.0], "ridge": [0.0]}


def test_a_place_without_a_road_is_walked_to_by_the_easiest_way(tmp_path: Path) -> None:
    heights = np.full((N, N), 700.0)
    heights[:, 34] = 1700.0
    heights[40, 34] = 750.0
    places = [a_place("a", *at(30, 26)), a_place("b", *at(30, 30)), a_place("far", *at(30, 38))]
    raster = write_raster(tmp_path / "terrain.tif", heights, west=WEST, north=NORTH, step=ARC_30)
    hours = surveyed(a_situation(raster, places, [a_route("a", "b", 4.0)]), tmp_path).off_road_hours
    assert np.isnan(hours[:2]).all()
    # by the gap it is some 20 km, at 3.02 km/h; straight over, a km of climb costs more than three hours each way
    assert 5.5 < hours[2] < 7.5
    farther = [*places, a_place("z", *at(30, 24))]
    roads = [a_route("a", "b", 4.0), a_route("a", "z", 20.0)]
    again = surveyed(a_situation(raster, farther, roads), tmp_path).off_road_hours
    assert again[2] == hours[2]


def test_a_theatre_without_roads_is_surveyed(tmp_path: Path) -> None:
    raster = write_raster(tmp_path / "terrain.tif", rough_heights((N, N), seed=3), west=WEST, north=NORTH, step=ARC_30)
    found = surveyed(a_situation(raster, some_places(), []), tmp_path)
    assert (found.observed_km == 0.0).all()
    assert (found.approach_climb_m == 0.0).all()
    assert np.isnan(found.off_road_hours).all()
    assert found.route_observed_share.size == 0


def test_a_survey_is_kept_and_read_back(tmp_path: Path) -> None:
    situation = a_theatre(tmp_path, rough_heights((N, N), seed=1, smooth=1.5))
    first = surveyed(situation, tmp_path)
    assert len(list((tmp_path / "cache").glob("survey-*.npz"))) == 1
    again = surveyed(situation, tmp_path)
    for field in fields(Survey):
        np.testing.assert_array_equal(getattr(first, field.name), getattr(again, field.name), err_msg=field.name)


def test_a_survey_of_other_roads_is_another(tmp_path: Path) -> None:
    situation = a_theatre(tmp_path, rough_heights((N, N), seed=1, smooth=1.5))
    surveyed(situation, tmp_path)
    surveyed(replace(situation, routes=tuple(replace(r, kind="paved") for r in situation.routes)), tmp_path)
    assert len(list((tmp_path / "cache").glob("survey-*.npz"))) == 2


def test_ground_that_does_not_cover_the_theatre_is_refused_in_a_sentence(tmp_path: Path) -> None:
    situation = a_theatre(tmp_path, np.full((N, N), 700.0))
    elsewhere = write_raster(tmp_path / "elsewhere.tif", np.full((N, N), 700.0), west=10.0, north=50.0, step=ARC_30)
    with pytest.raises(ElevationError, match=r"elsewhere\.tif does not cover P0 .*"):
        surveyed(replace(situation, terrain_path=elsewhere), tmp_path)
