"""Weather: the climate comes back on average, snow falls as often as it does on those heights, foul days alone take support.

The climate is the one of the formulation: 9, 4.5, 3, 4, 7.5, 12 C from November to April at 1,300 m, every fifth day wet.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pytest
from numpy.typing import NDArray

from hand_made import DRAW, ROOM, STATE, Records, default_parameters, kernel
from keyterrain.campaign.inputs import quantiles
from keyterrain.campaign.interventions import Interventions
from keyterrain.campaign.world import build_world
from keyterrain.dynamics.luck import Luck
from keyterrain.dynamics.state import BAND_M, CREST, LEE, SUPPORT, WET
from keyterrain.dynamics.weather import weather
from keyterrain.theatre import load
from keyterrain.theatre.ground import measure_ground
from keyterrain.theatre.parameters import PARAMETERS
from scenarios import write_small_scenario

if TYPE_CHECKING:
    from pathlib import Path

Floats = NDArray[np.float64]

WINTER_C = {11: 9.0, 12: 4.5, 1: 3.0, 2: 4.0, 3: 7.5, 4: 12.0}
P_WET = 0.12 / (0.12 + 1.0 - 0.50)
REFERENCE_M = 1300.0
N_WINTERS = 2500
DAYS = 181
"""From 1 November to 30 April."""
JANUARY = slice(61, 92)
JANUARY_AND_FEBRUARY = slice(61, 120)
JANUARY_TO_MARCH = slice(61, 151)
SNOWY_MM = 1.0
"""Snowfall that makes a day of snow, in water."""
ICE_MM = 1e6


def band_at(height_m: float) -> int:
    return int(height_m // BAND_M)


class Winters(NamedTuple):
    """What was seen of each winter and day, first axis winter."""

    wet: NDArray[np.bool_]
    support: Floats
    fresh_mm: NDArray[np.float32]
    snow_mm: NDArray[np.float32]
    snow_cm: NDArray[np.float32]


@kernel
def play_winters(
    worlds: Records, draws: Records, states: Records, wet: Any, support: Any, fresh: Any, snow: Any, depth: Any
) -> None:
    w, s = worlds[0], states[0]
    for i in range(draws.shape[0]):
        s.sky[:] = 0.0
        s.snow_mm[:, :] = 0.0
        s.fresh_mm[:, :, :] = 0.0
        for day in range(wet.shape[1]):
            weather(day + 1, w, draws[i], Luck(np.uint64(9), np.uint64(i)), s)
            wet[i, day] = s.sky[WET] > 0.0
            support[i, day] = s.sky[SUPPORT]
            fresh[i, day] = s.fresh_mm[0]
            snow[i, day] = s.snow_mm
            depth[i, day] = s.snow_cm


@kernel
def melt_and_catch(worlds: Records, draws: Records, states: Records, ice_mm: float, melt_mm: Any, wet: Any) -> None:
    """Put much ice everywhere every morning and see what has gone in the evening."""
    w, s = worlds[0], states[0]
    for i in range(draws.shape[0]):
        s.sky[:] = 0.0
        for day in range(wet.shape[1]):
            s.snow_mm[:, :] = ice_mm
            weather(day + 1, w, draws[i], Luck(np.uint64(9), np.uint64(i)), s)
            melt_mm[i, day] = ice_mm - s.snow_mm
            wet[i, day] = s.sky[WET] > 0.0


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Records:
    folder: Path = tmp_path_factory.mktemp("winter") / "small"

    def as_formulated(rows: list[dict[str, str]]) -> list[dict[str, str]]:
        for row in rows:
            mean_c = WINTER_C.get(int(row["month"]), 16.0)
            row.update(t_mean_c=str(mean_c), p_wet=str(P_WET), wet_day_mm="4")
        return rows

    situation = load(write_small_scenario(folder, climate=as_formulated, starts=["2013-10-31"])).situation(None)
    built = build_world(situation, measure_ground(situation), Interventions(), DAYS)
    assert dict(built.room) == ROOM
    return built.record


def drawn(n: int, **fixed: float) -> Records:
    """Draws whose weather parameters are as the table gives them, but for those that are fixed."""
    draws = np.zeros(n, dtype=DRAW)
    draws["par"] = default_parameters()
    rng = np.random.Generator(np.random.Philox(17))
    for key, parameter in PARAMETERS.items():
        if key.startswith("weather.") and parameter.scale != "fixed":
            draws["par"][parameter.field] = quantiles(rng.standard_normal(n), parameter)
    for name, value in fixed.items():
        draws["par"][name] = value
    return draws


def play(world: Records, draws: Records, days: int = DAYS) -> Winters:
    n, state = len(draws), np.zeros(1, dtype=STATE)
    shape = (n, days, *state["snow_mm"].shape[1:])
    seen = Winters(
        np.zeros((n, days), dtype=np.bool_),
        np.zeros((n, days)),
        *(np.zeros(shape, dtype=np.float32) for _ in range(3)),
    )
    play_winters(world, draws, state, *seen)
    return seen


@pytest.fixture(scope="module")
def winters(world: Records) -> Winters:
    """Winters under parameters as drawn."""
    return play(world, drawn(N_WINTERS))


class Thermometer(NamedTuple):
    """Temperatures (winter, day, zone, band) and wet days."""

    celsius: Floats
    wet: NDArray[np.bool_]


@pytest.fixture(scope="module")
def thermometer(world: Records) -> Thermometer:
    """Temperatures, read from how much of a block of ice melts where a degree melts a millimetre and no snow falls."""
    warmed = world.copy()
    warmed["mean_c"] += 100.0
    offsets = {"weather_normal_error": 0.0, "weather_winter_offset": 0.0}
    draws = drawn(N_WINTERS, weather_degree_day_factor=1.0, weather_snow_threshold=-1e9, **offsets)
    melt_mm, wet = np.zeros((N_WINTERS, DAYS, 2, 17)), np.zeros((N_WINTERS, DAYS), dtype=np.bool_)
    melt_and_catch(warmed, draws, np.zeros(1, dtype=STATE), ICE_MM, melt_mm, wet)
    return Thermometer(melt_mm - 100.0, wet)


def test_the_january_mean_is_that_of_the_climate(world: Records, thermometer: Thermometer) -> None:
    at_reference = thermometer.celsius[:, :, LEE, band_at(REFERENCE_M)]
    climate = world["mean_c"][0][1 : DAYS + 1]
    assert at_reference[:, JANUARY].mean() == pytest.approx(climate[JANUARY].mean(), abs=0.1)
    assert at_reference[:, JANUARY].mean() == pytest.approx(WINTER_C[1], abs=0.1)
    np.testing.assert_allclose(at_reference.mean(axis=0), climate, atol=0.3)


def test_a_thousand_metres_are_six_and_a_half_degrees(thermometer: Thermometer) -> None:
    colder = thermometer.celsius[..., band_at(1300)] - thermometer.celsius[..., band_at(2300)]
    np.testing.assert_allclose(colder, 6.5, atol=1e-6)


def test_a_wet_day_is_colder_by_what_the_table_says(thermometer: Thermometer) -> None:
    at_reference = thermometer.celsius[:, 10:, LEE, band_at(REFERENCE_M)]
    wet = thermometer.wet[:, 10:]
    expected = drawn(N_WINTERS)["par"]["weather_wet_day_cooling"].mean()
    seasonal = at_reference - at_reference.mean(axis=0)
    assert seasonal[~wet].mean() - seasonal[wet].mean() == pytest.approx(expected, abs=0.15)


def test_anomalies_remember_and_spread_as_the_table_says(world: Records) -> None:
    draws = drawn(N_WINTERS, weather_degree_day_factor=1.0, weather_snow_threshold=-1e9, weather_normal_error=0.0)
    for name in ("anomaly_memory", "anomaly_sd", "winter_offset", "wet_day_cooling"):
        draws["par"][f"weather_{name}"] = {"wet_day_cooling": 0.0}.get(name, PARAMETERS[f"weather.{name}"].default)
    warmed = world.copy()
    warmed["mean_c"][:] = 100.0
    melt_mm, wet = np.zeros((N_WINTERS, 60, 2, 17)), np.zeros((N_WINTERS, 60), dtype=np.bool_)
    melt_and_catch(warmed, draws, np.zeros(1, dtype=STATE), ICE_MM, melt_mm, wet)
    anomaly = melt_mm[:, :, LEE, band_at(REFERENCE_M)] - 100.0
    assert anomaly.std() == pytest.approx(3.0, rel=0.02)
    assert anomaly[:, 0].std() == pytest.approx(3.0, rel=0.06)
    assert np.corrcoef(anomaly[:, 1:].ravel(), anomaly[:, :-1].ravel())[0, 1] == pytest.approx(0.75, abs=0.01)


def test_the_share_of_wet_days_and_the_length_of_spells_are_the_climates(world: Records) -> None:
    wet = play(world, drawn(N_WINTERS, weather_wet_frequency=1.0, weather_p_wet_after_wet=0.5)).wet[:, 10:]
    assert wet.mean() == pytest.approx(P_WET, rel=0.015)
    assert wet[:, 1:][wet[:, :-1]].mean() == pytest.approx(0.50, abs=0.01)
    assert wet[:, 1:][~wet[:, :-1]].mean() == pytest.approx(0.12, abs=0.004)


def test_the_share_of_wet_days_follows_the_drawn_frequency(winters: Winters) -> None:
    frequency = drawn(N_WINTERS)["par"]["weather_wet_frequency"]
    assert winters.wet[:, 10:].mean() == pytest.approx(np.mean(P_WET * frequency), rel=0.02)


def test_a_wet_day_brings_the_climates_amount_more_on_the_crest_and_higher_up(world: Records) -> None:
    draws = drawn(N_WINTERS, weather_snow_threshold=1e9)
    for name in ("wet_day_amount", "precipitation_factor", "height_gain", "crest_factor"):
        draws["par"][f"weather_{name}"] = PARAMETERS[f"weather.{name}"].default
    seen = play(world, draws, days=60)
    falls = seen.fresh_mm[seen.wet]
    at_reference = falls[:, LEE, band_at(REFERENCE_M)]
    # a gamma variate of shape 3/4 has a coefficient of variation of 1.155
    assert at_reference.mean() == pytest.approx(4.0, rel=0.02)
    assert at_reference.std() == pytest.approx(4.0 / 0.75**0.5, rel=0.03)
    np.testing.assert_allclose(falls[:, CREST, :], 1.8 * falls[:, LEE, :], rtol=1e-5)
    np.testing.assert_allclose(falls[:, LEE, band_at(2300)], 1.8 * at_reference, rtol=1e-5)
    assert (seen.fresh_mm[~seen.wet] == 0.0).all()


SNOWY_DAYS = {700.0: (0.5, 3.0), 1300.0: (4.0, 10.0), 1800.0: (11.0, 20.0), 2300.0: (18.0, 32.0)}
"""Bounds about the days of snow of a winter on the windward side that the formulation names: 1, 7, 16 and 25."""


@pytest.mark.parametrize("height_m", SNOWY_DAYS)
def test_it_snows_as_often_as_the_formulation_says(winters: Winters, height_m: float) -> None:
    # 1,800 m is where two bands meet, so both count half
    bands = {band_at(height_m), band_at(height_m - 1.0)}
    snowy = np.mean([(winters.fresh_mm[:, :, CREST, band] >= SNOWY_MM).sum(axis=1).mean() for band in bands])
    low, high = SNOWY_DAYS[height_m]
    assert low < snowy < high


def test_snow_lies_as_long_as_the_formulation_says(winters: Winters) -> None:
    high = winters.snow_cm[:, JANUARY_TO_MARCH, CREST, band_at(2300)] > 25.0
    assert 0.35 < high.mean() < 0.65
    middle = [winters.snow_cm[:, JANUARY_AND_FEBRUARY, CREST, band] > 5.0 for band in (band_at(1700), band_at(1900))]
    assert 0.2 < np.mean(middle) < 0.5


def test_there_is_never_less_than_no_snow_and_depth_goes_with_water(winters: Winters) -> None:
    assert winters.snow_mm.min() == 0.0
    assert winters.fresh_mm.min() == 0.0
    density = drawn(N_WINTERS)["par"]["weather_snow_density"][:, None, None, None]
    np.testing.assert_allclose(winters.snow_cm, 0.1 * winters.snow_mm / density, rtol=1e-5)


def test_higher_up_and_on_the_wetter_side_there_is_never_less_snow(winters: Winters) -> None:
    assert (np.diff(winters.snow_mm, axis=-1) >= 0.0).all()
    crest_is_wetter = drawn(N_WINTERS)["par"]["weather_crest_factor"] >= 1.0
    assert crest_is_wetter.mean() > 0.98
    assert (winters.snow_mm[crest_is_wetter, :, CREST] >= winters.snow_mm[crest_is_wetter, :, LEE]).all()


def test_support_falls_on_wet_days_and_on_no_other(winters: Winters) -> None:
    foul = drawn(N_WINTERS)["par"]["weather_foul_support"]
    np.testing.assert_array_equal(winters.support, np.where(winters.wet, foul[:, None], 1.0))


def test_a_warmer_winter_never_gives_more_snow_on_the_same_luck(world: Records) -> None:
    rng = np.random.Generator(np.random.Philox(23))
    cold = drawn(400)
    warm = cold.copy()
    warm["par"]["weather_winter_offset"] += rng.uniform(0.01, 3.0, len(warm))
    colder, warmer = play(world, cold), play(world, warm)
    assert (warmer.snow_mm <= colder.snow_mm).all()
    assert (warmer.fresh_mm <= colder.fresh_mm).all()
    assert (warmer.wet == colder.wet).all()
    assert (warmer.snow_mm.sum(axis=(1, 2, 3)) < colder.snow_mm.sum(axis=(1, 2, 3))).all()
