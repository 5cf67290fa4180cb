"""Routes: hours by kind and snow, closures by mode; what stops a lorry does not stop a man."""

from __future__ import annotations

import math
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hand_made import ROOM, Road, Theatre, hand_made
from keyterrain.campaign.interventions import Interventions
from keyterrain.campaign.world import build_world
from keyterrain.dynamics.state import CREST, LEE, WET
from keyterrain.theatre import load
from keyterrain.theatre.ground import measure_ground
from scenarios import write_small_scenario

if TYPE_CHECKING:
    from pathlib import Path

SPEEDS_KM_H = {"motorway": 60.0, "primary": 45.0, "paved": 35.0, "mountain": 35.0, "track": 22.0, "pass": 22.0}
STOPPING_CM = {"motorway": 40.0, "primary": 35.0, "paved": 30.0, "mountain": 30.0, "track": 25.0, "pass": 25.0}
PLOUGHED = ("motorway", "primary")
BAND = 9
KINDS = tuple(SPEEDS_KM_H)
FRESH_DENSITY, FOOT_CM, FOOT_FLOOR = 0.12, 100.0, 0.15


def one_road_of_each_kind(*, on_crest: bool = False, **parameters: float) -> Theatre:
    roads = [Road("hub", kind, km=100.0, kind=kind, walk_hours=10.0, band=BAND, on_crest=on_crest) for kind in KINDS]
    return hand_made("hub " + " ".join(KINDS), roads, parameters=parameters)


@cache
def shared_roads() -> Theatre:
    """One theatre for many examples, each of which sets what it depends on."""
    return one_road_of_each_kind()


def lay_snow(theatre: Theatre, lying_cm: float, *, fresh_mm: float = 0.0, yesterday_mm: float = 0.0) -> Theatre:
    """Lay snow on the band of the roads, on the lee side."""
    theatre.at("snow_cm")[LEE, BAND] = lying_cm
    theatre.at("fresh_mm")[:, LEE, BAND] = fresh_mm, yesterday_mm
    return theatre


def drive_hours(theatre: Theatre, kind: str) -> float:
    return float(theatre.at("drive_hours", f"hub--{kind}" if kind > "hub" else f"{kind}--hub"))


def walk_hours(theatre: Theatre, kind: str) -> float:
    return float(theatre.at("walk_hours", f"hub--{kind}" if kind > "hub" else f"{kind}--hub"))


@pytest.mark.parametrize("kind", KINDS)
def test_a_dry_road_is_driven_at_the_speed_of_its_kind(kind: str) -> None:
    theatre = one_road_of_each_kind().play("routes")
    assert drive_hours(theatre, kind) == pytest.approx(100.0 / SPEEDS_KM_H[kind])
    assert walk_hours(theatre, kind) == 10.0


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("lying_cm", [5.0, 15.0, 22.0, 24.0, 28.0, 36.5, 60.0])
def test_lying_snow_slows_and_stops_vehicles_by_hand(kind: str, lying_cm: float) -> None:
    # settled snow of last week: ploughed roads are clear of it
    theatre = lay_snow(one_road_of_each_kind(), lying_cm).play("routes")
    left = 1.0 if kind in PLOUGHED else 1.0 - lying_cm / STOPPING_CM[kind]
    expected = 100.0 / (SPEEDS_KM_H[kind] * left) if left >= 0.1 else math.inf
    assert drive_hours(theatre, kind) == pytest.approx(expected)


TWO_DAYS_OF_SNOW = [(12, 12, 90), (24, 0, 90), (0, 24, 90), (18, 30, 8), (40, 10, 90)]


@pytest.mark.parametrize("kind", PLOUGHED)
@pytest.mark.parametrize(("today_mm", "yesterday_mm", "lying_cm"), TWO_DAYS_OF_SNOW)
def test_a_ploughed_road_sees_the_snow_of_two_days(kind: str, today_mm: float, yesterday_mm: float, lying_cm: float) -> None:
    theatre = lay_snow(one_road_of_each_kind(), lying_cm, fresh_mm=today_mm, yesterday_mm=yesterday_mm).play("routes")
    depth = min(0.1 * (today_mm + yesterday_mm) / FRESH_DENSITY, lying_cm)
    left = 1.0 - depth / STOPPING_CM[kind]
    expected = 100.0 / (SPEEDS_KM_H[kind] * left) if left >= 0.1 else math.inf
    assert drive_hours(theatre, kind) == pytest.approx(expected)


def test_an_unploughed_road_sees_what_lies_and_not_what_is_fresh() -> None:
    theatre = lay_snow(one_road_of_each_kind(), 10.0, fresh_mm=60.0).play("routes")
    assert drive_hours(theatre, "paved") == pytest.approx(100.0 / (35.0 * (1.0 - 10.0 / 30.0)))


def test_fresh_snow_that_has_melted_stops_nobody() -> None:
    theatre = lay_snow(one_road_of_each_kind(), 0.0, fresh_mm=60.0, yesterday_mm=60.0).play("routes")
    for kind in KINDS:
        assert drive_hours(theatre, kind) == pytest.approx(100.0 / SPEEDS_KM_H[kind])


@pytest.mark.parametrize("kind", KINDS)
def test_a_road_whose_gradient_is_the_critical_slope_takes_twice_as_long_by_vehicle_and_as_long_on_foot(kind: str) -> None:
    theatre = one_road_of_each_kind(routes_critical_slope=0.1)
    theatre.world["route_squared_gradient"][:] = 0.01
    theatre.begin().play("routes")
    assert drive_hours(theatre, kind) == pytest.approx(2.0 * 100.0 / SPEEDS_KM_H[kind])
    assert walk_hours(theatre, kind) == 10.0


def test_a_mountain_road_is_a_paved_road_and_a_pass_a_track_until_elevation_says_otherwise() -> None:
    theatre = lay_snow(one_road_of_each_kind(), 12.0).play("routes")
    assert drive_hours(theatre, "mountain") == drive_hours(theatre, "paved")
    assert drive_hours(theatre, "pass") == drive_hours(theatre, "track")


def test_snow_counts_at_the_roads_own_height_and_side_of_the_range() -> None:
    roads = [
        Road("a", "b", kind="mountain", band=BAND, on_crest=True),
        Road("b", "c", kind="mountain", band=BAND),
        Road("c", "d", kind="mountain", band=BAND - 1),
    ]
    theatre = hand_made("a b c d", roads)
    theatre.at("snow_cm")[CREST, BAND] = 10.0
    theatre.play("routes")
    assert theatre.at("drive_hours", "a--b") == pytest.approx(35.0 / (35.0 * (1.0 - 10.0 / 30.0)))
    assert theatre.at("drive_hours", "b--c") == theatre.at("drive_hours", "c--d") == pytest.approx(1.0)


@given(lying_cm=st.floats(0.0, 500.0), fresh_mm=st.floats(0.0, 200.0), floor=st.floats(0.05, 0.3), stop_cm=st.floats(40.0, 200.0))
def test_snow_closes_roads_to_vehicles_and_never_to_people(
    lying_cm: float, fresh_mm: float, floor: float, stop_cm: float
) -> None:
    theatre = lay_snow(shared_roads(), lying_cm, fresh_mm=fresh_mm)
    theatre.set_parameters(routes_foot_floor=floor, routes_foot_snow_cm=stop_cm)
    theatre.play("routes")
    for kind in KINDS:
        assert walk_hours(theatre, kind) == pytest.approx(10.0 / max(floor, 1.0 - lying_cm / stop_cm))
        assert drive_hours(theatre, kind) >= 100.0 / SPEEDS_KM_H[kind]
    assert np.isfinite(theatre.at("hours")[: len(KINDS)]).all()


def test_hours_are_those_of_the_faster_mode() -> None:
    roads = [Road("a", "b", km=35.0, walk_hours=7.0), Road("b", "c", km=350.0, walk_hours=7.0), Road("c", "d", vehicle=False)]
    theatre = hand_made("a b c d", roads).play("routes")
    assert theatre.at("hours")[:3].tolist() == pytest.approx([1.0, 7.0, 7.0])
    assert theatre.at("drive_hours", "c--d") == math.inf


@given(km=st.floats(1.0, 200.0), lying_cm=st.floats(0.0, 40.0), fresh_mm=st.floats(0.0, 40.0))
def test_twice_the_way_at_twice_the_speed_takes_as_long(km: float, lying_cm: float, fresh_mm: float) -> None:
    hours = []
    for factor in (1.0, 2.0):
        theatre = lay_snow(shared_roads(), lying_cm, fresh_mm=fresh_mm)
        theatre.world["route_km"][:] = factor * km
        theatre.set_parameters(routes_speed_factor=factor, routes_foot_floor=FOOT_FLOOR, routes_foot_snow_cm=FOOT_CM)
        theatre.play("routes")
        hours.append(np.array([theatre.at(name)[: len(KINDS)] for name in ("drive_hours", "walk_hours", "hours")]))
    np.testing.assert_allclose(hours[0], hours[1], rtol=1e-12)


def test_more_tolerance_of_snow_opens_roads() -> None:
    theatre = lay_snow(one_road_of_each_kind(), 30.0).play("routes")
    assert drive_hours(theatre, "mountain") == math.inf
    theatre.set_parameters(routes_snow_tolerance=1.6)
    lay_snow(theatre.begin(), 30.0).play("routes")
    assert drive_hours(theatre, "mountain") == pytest.approx(100.0 / (35.0 * (1.0 - 30.0 / 48.0)))


def test_a_closure_decreed_for_a_mode_shuts_that_mode_alone() -> None:
    roads = [
        Road("a", "b", shut_vehicle=True),
        Road("b", "c", shut_foot=True),
        Road("c", "d", shut_vehicle=True, shut_foot=True),
        Road("d", "e"),
    ]
    theatre = hand_made("a b c d e", roads).play("routes")
    inf = math.inf
    assert theatre.at("drive_hours")[:4].tolist() == pytest.approx([inf, 1.0, inf, 1.0])
    assert theatre.at("walk_hours")[:4].tolist() == pytest.approx([7.0, inf, inf, 7.0])
    assert theatre.at("hours")[:4].tolist() == pytest.approx([7.0, 1.0, inf, 1.0])


def test_closures_on_record_at_the_start_are_decreed_by_mode(tmp_path: Path) -> None:
    shut = {"vehicle": ("junction", "highway-town"), "foot": ("capital", "barracks"), "both": ("capital", "orchards")}
    since = {"closed_on": "2013-11-01", "reopened_on": "", "known_on": "2013-11-02"}

    def closed(rows: list[dict[str, str]]) -> list[dict[str, str]]:
        return [{**rows[0], **since, "from": start, "to": end, "mode": mode} for mode, (start, end) in shut.items()]

    situation = load(write_small_scenario(tmp_path / "small", closures=closed)).situation(None)
    built = build_world(situation, measure_ground(situation), Interventions(), 10)
    assert dict(built.room) == ROOM
    keys = [route.key for route in situation.routes]
    vehicle, foot = ({keys[i] for i in np.flatnonzero(built.record[f"shut_{mode}"][0])} for mode in ("vehicle", "foot"))
    assert vehicle == {"highway-town--junction", "capital--orchards"}
    assert foot == {"barracks--capital", "capital--orchards"}


@pytest.mark.parametrize("days", [1, 2, 5])
def test_a_road_that_an_attack_shuts_for_some_days_is_shut_for_those_days(days: int) -> None:
    theatre = hand_made("a b", [Road("a", "b")]).play("routes")
    theatre.put("shut_days", days, "a--b")
    is_open = []
    for day in range(2, 10):
        theatre.play("routes", first=day)
        is_open.append(bool(theatre.at("drive_hours", "a--b") < math.inf))
        assert theatre.at("walk_hours", "a--b") == 7.0
    assert is_open == [False] * days + [True] * (8 - days)


def test_a_change_of_the_road_is_told_to_the_corridors() -> None:
    theatre = one_road_of_each_kind().play("routes")
    theatre.at("way_changed")[:] = 0
    lay_snow(theatre, 50.0).play("routes", first=2)
    changed = [kind for kind, flag in zip(KINDS, theatre.at("way_changed"), strict=False) if flag]
    assert changed == [kind for kind in KINDS if kind not in PLOUGHED]


STORM_C, THAW_C = -8.0, 12.0
STORM_DAYS, WATCHED_DAYS = 7, 20
STORM_MM = 6.0 * (1.0 + 0.8 * 0.6)
"""Water of a day of the storm on the roads, 600 m above the reference."""


def stormy_week(*, on_crest: bool) -> list[Theatre]:
    """A week of snow every day, then mild dry weather; the theatre as it was on each day."""
    theatre = one_road_of_each_kind(on_crest=on_crest)
    theatre.set_parameters(weather_p_wet_after_wet=1e-9, weather_anomaly_sd=1e-9, weather_wet_day_cooling=0.0)
    is_storm = np.arange(512) <= STORM_DAYS
    theatre.world["reference_m"] = 1300.0
    theatre.world["gamma_quantile"][:] = 1.0
    theatre.world["wet_mm"][:] = 6.0
    theatre.world["p_wet"][0] = np.where(is_storm, 0.95, 0.0)
    theatre.world["mean_c"][0] = np.where(is_storm, STORM_C, THAW_C)
    evenings = []
    for day in range(1, WATCHED_DAYS + 1):
        theatre.at("sky")[WET] = 0.0
        theatre.play("weather", "routes", first=day)
        evenings.append(theatre.copy())
    return evenings


@pytest.mark.parametrize("on_crest", [False, True])
def test_a_stormy_week_slows_and_does_not_annihilate(on_crest: bool) -> None:
    evenings = stormy_week(on_crest=on_crest)
    daily_cm = 0.1 * STORM_MM / 0.28 * (1.8 if on_crest else 1.0)
    for i in range(STORM_DAYS):
        lying = daily_cm * (i + 1)
        left = 1.0 - lying / STOPPING_CM["mountain"]
        expected = 100.0 / 35.0 / left if left >= 0.1 else math.inf
        assert drive_hours(evenings[i], "mountain") == pytest.approx(expected)
        assert walk_hours(evenings[i], "mountain") == pytest.approx(10.0 / (1.0 - lying / FOOT_CM))
    # 22 cm on the lee leave vehicles a crawl, 40 cm on the crest stop them; ploughed roads and people go on
    assert (drive_hours(evenings[STORM_DAYS - 1], "mountain") == math.inf) == on_crest
    assert max(drive_hours(evening, "motorway") for evening in evenings) < 3.0 * 100.0 / 60.0
    assert max(walk_hours(evening, "pass") for evening in evenings) < 2.0 * 10.0
    for kind in KINDS:
        assert drive_hours(evenings[-1], kind) == pytest.approx(100.0 / SPEEDS_KM_H[kind])
        assert walk_hours(evenings[-1], kind) == 10.0
