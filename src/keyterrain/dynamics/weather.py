"""Weather: temperature, wet days, snow by height and side of the range, and the support that foul days take away.

    a[t] = phi a[t-1] + sigma sqrt(1 - phi^2) e[t]
    T[b] = Tm(date) + W + a[t] - c (wet[t] - mean wet) - 6.5 (z[b] - z_ref) / 1000
    rain[b] = wet[t] Q Gamma(mean m(date)) max(0, 1 + g (z[b] - z_ref) / 1000) zone
    snow share f = clip((T0 + 1 - T) / 2, 0, 1);  melt = min(S, ddf max(T, 0));  S += f rain - melt

T in C, S in mm of water. Degree days after Kuusisto (1980) and Hock (2003); threshold after Anderson's SNOW-17.
"""

from __future__ import annotations

import math

import numpy as np

from keyterrain.dynamics.kernel import kernel
from keyterrain.dynamics.luck import WEATHER, Luck, normal, uniforms
from keyterrain.dynamics.state import (
    ANOMALY,
    BAND_M,
    CREST,
    MEAN_SUPPORT,
    N_BANDS,
    SUPPORT,
    WET,
    Draw,
    State,
    World,
)

TODAY_IN_WEEK = 1.0 / 7.0
"""Weight of today in the mean support of about a week (assumption)."""


@kernel
def gamma_amount(w: World, u: float) -> float:
    """Amount of a wet day in units of its mean, by interpolation in the table of quantiles."""
    last = w.gamma_quantile.shape[0] - 1
    x = u * last
    i = min(int(x), last - 1)
    return float(w.gamma_quantile[i] + (x - i) * (w.gamma_quantile[i + 1] - w.gamma_quantile[i]))


@kernel
def wet_day(w: World, d: Draw, day: int, was_wet: bool, u: float) -> bool:
    """Whether a day is wet, by a two-state chain whose long-run share is the climate's."""
    p_long = min(w.p_wet[day] * d.par.weather_wet_frequency, 0.95)
    p_stay = d.par.weather_p_wet_after_wet
    p_turn = min(p_long * (1.0 - p_stay) / (1.0 - p_long), 1.0)
    return bool(u < (p_stay if was_wet else p_turn))


@kernel
def fall_and_melt(w: World, d: Draw, s: State, zone: int, band: int, celsius: float, water_mm: float) -> None:
    """Let it snow or rain on one height band, then melt."""
    share = min(max((d.par.weather_snow_threshold + 1.0 - celsius) / 2.0, 0.0), 1.0)
    s.fresh_mm[1, zone, band] = s.fresh_mm[0, zone, band]
    s.fresh_mm[0, zone, band] = share * water_mm
    melt = d.par.weather_degree_day_factor * max(celsius, 0.0)
    s.snow_mm[zone, band] = max(s.snow_mm[zone, band] + share * water_mm - melt, 0.0)
    s.snow_cm[zone, band] = 0.1 * s.snow_mm[zone, band] / d.par.weather_snow_density


@kernel
def normal_weather(w: World, d: Draw, day: int, s: State) -> None:
    """The day that the climate's means describe: dry, no snow falls, full support."""
    s.sky[ANOMALY] = 0.0
    s.sky[WET] = 0.0
    s.sky[SUPPORT] = 1.0
    s.sky[MEAN_SUPPORT] = 1.0


@kernel
def weather(day: int, w: World, d: Draw, luck: Luck, s: State) -> None:
    """Draw the day's weather and bring the snow up to date."""
    u = uniforms(luck, WEATHER, day, np.uint64(0), 0)
    par = d.par
    memory = par.weather_anomaly_memory
    shock = par.weather_anomaly_sd * normal(u.a)
    s.sky[ANOMALY] = shock if day == 1 else memory * s.sky[ANOMALY] + math.sqrt(1.0 - memory * memory) * shock
    wet = wet_day(w, d, day, s.sky[WET] > 0.0, u.b)
    s.sky[WET] = 1.0 if wet else 0.0
    s.sky[SUPPORT] = par.weather_foul_support if wet else 1.0
    s.sky[MEAN_SUPPORT] += TODAY_IN_WEEK * (s.sky[SUPPORT] - s.sky[MEAN_SUPPORT])
    amount = par.weather_precipitation_factor * par.weather_wet_day_amount * w.wet_mm[day] * gamma_amount(w, u.c) if wet else 0.0
    p_long = min(w.p_wet[day] * par.weather_wet_frequency, 0.95)
    level = w.mean_c[day] + par.weather_normal_error + par.weather_winter_offset + s.sky[ANOMALY]
    level -= par.weather_wet_day_cooling * (s.sky[WET] - p_long)
    for band in range(N_BANDS):
        above_km = ((band + 0.5) * BAND_M - w.reference_m) / 1000.0
        celsius = level - par.weather_lapse_rate * above_km
        water = amount * max(0.0, 1.0 + par.weather_height_gain * above_km)
        for zone in range(2):
            fall_and_melt(w, d, s, zone, band, celsius, water * par.weather_crest_factor if zone == CREST else water)
