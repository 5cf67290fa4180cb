"""An outlook says what brute force says, however the replicates are cut."""

from __future__ import annotations

from dataclasses import fields, is_dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import xarray as xr

from fabricated_run import START, fabricated_dataset, fabricated_run, small_record, small_situation
from keyterrain.analysis.bands import EXACT_BELOW, GROWTH, LEVELS, ValueCounts
from keyterrain.analysis.control import CONTESTED_LABEL, THEATRE
from keyterrain.analysis.estimate import mean, probability
from keyterrain.analysis.headline import headline
from keyterrain.analysis.outlook import Outlook, outlook
from keyterrain.analysis.placerows import horizons, place_rows
from keyterrain.analysis.snowline import snow_index
from keyterrain.theatre.parameters import PARAMETERS
from keyterrain.theatre.policies import POLICY_RULES

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from fabricated_run import FabricatedRun

N = 37


@pytest.fixture(scope="module")
def terrain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ground that rises to the north, from 500 to 2,900 m."""
    import rasterio
    from rasterio.transform import Affine

    path = tmp_path_factory.mktemp("ground") / "terrain.tif"
    heights = np.linspace(2900, 500, 120)[:, None] * np.ones((1, 120))
    with rasterio.open(
        path, "w", driver="GTiff", height=120, width=120, count=1, dtype="float32", crs="EPSG:4326",
        transform=Affine(0.0075, 0.0, 36.0, 0.0, -0.0075, 34.2),
    ) as out:  # fmt: skip
        out.write(heights.astype(np.float32), 1)
    return path


@pytest.fixture(scope="module")
def run(terrain: Path) -> FabricatedRun:
    return fabricated_run(small_situation(terrain), small_record(), N)


@pytest.fixture(scope="module")
def seen(run: FabricatedRun) -> Outlook:
    return outlook(run, n_at_once=10)


def brute_band(values: np.ndarray) -> np.ndarray:
    """Quantiles over replicates, levels last."""
    return np.moveaxis(np.quantile(values, LEVELS, axis=0, method="inverted_cdf"), 0, -1)


def test_probabilities_of_control_are_shares_of_replicates(run: FabricatedRun, seen: Outlook) -> None:
    control = run.dataset["control"].to_numpy()
    for code, holder in enumerate(run.dataset["side"].to_numpy()):
        np.testing.assert_allclose(seen.control.value.sel(holder=holder), (control == code).mean(axis=0))
    np.testing.assert_allclose(seen.control.value.sel(holder=CONTESTED_LABEL), (control == -1).mean(axis=0))
    np.testing.assert_allclose(seen.control.value.sum("holder"), 1.0)


def test_every_probability_carries_the_error_of_its_sampling(seen: Outlook) -> None:
    p = seen.control.value
    np.testing.assert_allclose(seen.control.standard_error, np.sqrt(p * (1 - p) / N))
    assert bool((seen.control.low <= p + 1e-12).all())
    assert bool((seen.control.high >= p - 1e-12).all())


def test_captures_are_the_first_day_of_holding_what_was_not_held(run: FabricatedRun, seen: Outlook) -> None:
    control = run.dataset["control"].to_numpy()
    for side_code, side in enumerate(run.dataset["side"].to_numpy()):
        for row, place in enumerate(run.dataset["place"].to_numpy()):
            eligible = [r for r in range(N) if control[r, 0, row] != side_code]
            days = [next((d for d, code in enumerate(control[r, :, row]) if code == side_code), None) for r in eligible]
            by = [sum(day is not None and day <= d for day in days) for d in seen.days]
            if not eligible:
                assert bool(seen.captures.p_by.value.sel(side=side, place=place).isnull().all())
                continue
            np.testing.assert_allclose(seen.captures.p_by.value.sel(side=side, place=place), np.array(by) / len(eligible))
            half = next((d for d, n in enumerate(by) if n >= 0.5 * len(eligible)), np.nan)
            np.testing.assert_equal(float(seen.captures.day.sel(side=side, place=place, level=0.5)), half)


def test_towns_held_count_towns_and_no_heights(run: FabricatedRun, seen: Outlook) -> None:
    control = run.dataset["control"]
    government = list(run.dataset["side"].to_numpy()).index("government")
    hills = (control.sel(place=["beta", "gamma"]) == government).sum("place").to_numpy()
    np.testing.assert_array_equal(seen.towns_held.sel(area="hills", holder="government"), brute_band(hills))
    assert seen.n_towns == {"hills": 2, "north": 2, THEATRE: 4}


@pytest.mark.parametrize(
    ("band", "variable"), [("cut_off", "n_cut_off"), ("operations", "n_operations")], ids=["cut off", "operations"]
)
def test_bands_of_counts_are_exact(run: FabricatedRun, seen: Outlook, band: str, variable: str) -> None:
    np.testing.assert_array_equal(getattr(seen, band), brute_band(run.dataset[variable].to_numpy()))


def test_incidents_are_means_by_area_and_bands_in_all(run: FabricatedRun, seen: Outlook) -> None:
    of_day = run.dataset["new_incidents"].to_numpy()
    np.testing.assert_allclose(seen.incidents.value, of_day.mean(axis=0))
    np.testing.assert_allclose(seen.incidents_in_all, brute_band(of_day.sum(axis=2, dtype=int)), rtol=0.01)


def test_losses_add_up_over_kinds_and_sides(run: FabricatedRun, seen: Outlook) -> None:
    lost = run.dataset["cum_loss"]
    np.testing.assert_array_equal(seen.losses.by_actor.sel(loss_kind="dead"), brute_band(lost.sel(loss_kind="dead").to_numpy()))
    government = lost.sel(actor=["army", "guests"]).sum("actor").to_numpy()
    found = seen.losses.by_side.sel(side="government", loss_kind=["dead", "wounded", "captured", "deserted"])
    np.testing.assert_allclose(found, brute_band(government), rtol=GROWTH - 1)
    whole = seen.losses.by_side.sel(side="government", loss_kind="all")
    np.testing.assert_allclose(whole, brute_band(government.sum(axis=-1)), rtol=GROWTH - 1)


def test_displaced_people_are_right_to_one_per_cent(run: FabricatedRun, seen: Outlook) -> None:
    fled_to = run.dataset["n_fled_to"].sum("area")
    fled_to = fled_to - fled_to.isel(week=0)
    np.testing.assert_allclose(seen.displaced.fled_to, brute_band(fled_to.to_numpy()), rtol=0.01, atol=0.5)
    at_host = run.dataset["n_displaced"]
    alive = at_host.drop_sel(host="dead").sum("host")
    np.testing.assert_allclose(seen.displaced.fled, brute_band((alive - alive.isel(day=0)).to_numpy()), rtol=0.01, atol=0.5)
    by_week = at_host.sel(day=list(seen.weeks)).to_numpy()
    np.testing.assert_allclose(seen.displaced.by_host, brute_band(by_week), rtol=0.01, atol=0.5)
    delta = (at_host - at_host.isel(day=0)).sel(host=["delta"]).to_numpy()
    np.testing.assert_allclose(seen.displaced.net_arrivals, brute_band(delta), rtol=0.01, atol=0.5)


def test_corridors_count_days_and_replicates(run: FabricatedRun, seen: Outlook) -> None:
    is_open = run.dataset["corridor_open"].to_numpy()
    np.testing.assert_allclose(seen.corridors.p_open.value, is_open.mean(axis=0))
    share = is_open[:, 1:].mean(axis=1)
    np.testing.assert_allclose(seen.corridors.share_open.value, share.mean(axis=0))
    np.testing.assert_allclose(seen.corridors.share_open.standard_error, share.std(axis=0, ddof=1) / np.sqrt(N))
    np.testing.assert_array_equal(seen.corridors.days_closed, brute_band((is_open[:, 1:] == 0).sum(axis=1)))
    np.testing.assert_array_equal(seen.corridors.secure_percent, brute_band(run.dataset["corridor_secure"].to_numpy()))


def test_routes_are_means_with_errors(run: FabricatedRun, seen: Outlook) -> None:
    part = run.dataset["route_open"].to_numpy() / 100.0
    np.testing.assert_allclose(seen.routes.p_open.value, part.mean(axis=0))
    np.testing.assert_allclose(seen.routes.p_open.standard_error, part.std(axis=0, ddof=1) / np.sqrt(N))


def test_snow_is_that_of_the_highest_point_of_a_route(run: FabricatedRun, seen: Outlook) -> None:
    at = run.scenario.situation()
    index = snow_index(at, [route.key for route in at.routes], ["crest", "lee"], list(range(0, 3400, 200)))
    assert list(np.diff(index.band) >= 0) == [True] * (len(at.routes) - 1)  # the ground rises along the row of places
    assert set(index.zone) == {0, 1}
    lies = run.dataset["snow_depth"].to_numpy()[:, :, index.zone, index.band] >= 5
    np.testing.assert_allclose(seen.routes.p_snow.value, lies.mean(axis=0))


def test_what_was_observed_is_told_apart_by_the_start(seen: Outlook) -> None:
    assert [(count.host, count.cum_persons, count.after_start) for count in seen.observed.counts] == [
        ("delta", 6000.0, False),
        ("delta", 18000.0, True),
    ]
    assert [(change.place, change.holder) for change in seen.observed.changes] == [("gamma", "government")]
    assert seen.observed.changes_at("alpha") == ()


def test_inputs_carry_priors_sources_and_draws(run: FabricatedRun, seen: Outlook) -> None:
    offset = next(row for row in seen.inputs if row.name == "weather.winter_offset")
    draws = run.dataset["draw"].sel(input=offset.draw).to_numpy()
    assert offset.drawn is not None
    np.testing.assert_allclose([offset.drawn.low, offset.drawn.median, offset.drawn.high], np.quantile(draws, [0.05, 0.5, 0.95]))
    assert (offset.prior, offset.source) == ("1..2", "set for this run")
    assert any("assumption" in row.source for row in seen.inputs if row.group == "parameter")
    assert offset.unit == "K"
    garrison = next(row for row in seen.inputs if row.group == "force")
    assert (garrison.prior, garrison.grade, garrison.draw) == ("100..300", "D3", "strength:rebels@alpha")
    assert garrison.drawn is not None
    policy = next(row for row in seen.inputs if row.draw == "policy:government")
    chosen = run.dataset["draw"].sel(input=policy.draw).to_numpy()
    assert policy.shares[policy.alternatives.index("broad")] == (chosen == list(POLICY_RULES).index("broad")).mean()
    assert [row.name for row in seen.inputs if row.group == "other draw"] == ["something:new"]
    assert len([row for row in seen.inputs if row.group == "parameter"]) == len(PARAMETERS)


def test_chunks_leave_no_trace(run: FabricatedRun, seen: Outlook) -> None:
    for n_at_once in (1, 36, None):
        assert_same(seen, outlook(run, n_at_once=n_at_once))


def test_a_run_recorded_daily_gives_the_same_outlook(terrain: Path, run: FabricatedRun) -> None:
    at = small_situation(terrain)
    daily = fabricated_run(at, small_record(), N, daily=True)
    weeks = list(run.dataset["week"].to_numpy())
    thinned = daily.dataset.copy()
    for name, variable in daily.dataset.data_vars.items():
        if "week" in run.dataset[name].dims:
            thinned = thinned.assign({name: variable.sel(day=weeks).rename(day="week").assign_coords(week=weeks)})
    assert_same(outlook(daily), outlook(replace(daily, dataset=thinned)))


def test_negative_changes_have_bands_too() -> None:
    values = np.array([[-500], [-20], [0], [7], [90000]])
    counts = ValueCounts({"cell": ["only"]})
    for row in values:
        counts.add(row[None])
    np.testing.assert_allclose(counts.quantiles([0.1, 0.4, 0.6, 0.8, 1.0])[0], values[:, 0], rtol=0.01)
    with pytest.raises(ValueError, match="cells"):
        counts.add(np.zeros((3, 2), np.int64))


def test_bins_are_right_to_one_per_cent() -> None:
    values = np.unique(np.concatenate([np.arange(2000), np.geomspace(2000, 5e6, 3000).astype(np.int64)]))
    for value in values[:: max(len(values) // 300, 1)]:
        counts = ValueCounts({"cell": [0]})
        counts.add(np.array([[value]]))
        found = float(counts.quantiles([0.5])[0, 0])
        assert found == value if value < EXACT_BELOW else abs(found - value) <= 0.01 * value


def test_intervals_of_probabilities_cover_as_they_say() -> None:
    rng = np.random.default_rng(3)
    for p in (0.03, 0.4, 0.9):
        counts = xr.DataArray(rng.binomial(80, p, 4000), dims="trial")
        estimate = probability(counts, 80)
        covered = float(((estimate.low <= p) & (p <= estimate.high)).mean())
        assert 0.92 < covered < 0.985
    none = probability(xr.DataArray(0), 200)
    assert float(none.standard_error) == 0.0
    assert float(none.high) == pytest.approx(0.0188, abs=1e-3)


def test_one_replicate_says_nothing_about_its_error() -> None:
    alone = mean(xr.DataArray([3.0]), xr.DataArray([9.0]), 1)
    assert float(alone.value[0]) == 3.0
    assert np.isnan(float(alone.standard_error[0]))


def test_nothing_finished_is_refused(run: FabricatedRun) -> None:
    with pytest.raises(ValueError, match="no finished replicate"):
        outlook(replace(run, dataset=run.dataset.isel(replicate=slice(0, 0))))


def test_the_headline_is_about_the_area_of_the_outcomes(seen: Outlook) -> None:
    first = headline(seen)
    assert first.focus is not None
    assert (first.focus.area, first.focus.side) == ("hills", "government")
    assert [town.place for town in first.towns] == ["gamma"]
    assert first.towns[0].p_held.value == float(seen.control.value.sel(holder="government", place=first.towns[0].place)[-1])
    assert first.focus.n_towns == 2
    assert (first.start, len(first.corridors), len(first.sides)) == (START, 1, 2)


def test_rows_of_places_say_what_the_captures_say(seen: Outlook) -> None:
    rows = {row.place: row for row in place_rows(seen)}
    gamma = rows["gamma"]
    assert (gamma.start_holder, gamma.taker) == ("opposition", "government")
    assert horizons(seen) == (30,)
    assert gamma.p_by[0].value == float(seen.captures.p_by.value.sel(place="gamma", side="government", day=30))
    assert [change.holder for change in gamma.observed] == ["government"]
    assert [row.p_by[-1].value for row in place_rows(seen)] == sorted((row.p_by[-1].value for row in rows.values()), reverse=True)


def test_memory_does_not_grow_with_replicates(terrain: Path) -> None:
    """What is kept between chunks has the same size after many replicates as after few."""
    at = small_situation(terrain)
    counts = ValueCounts({"host": list(range(9))})
    values = fabricated_dataset(at, 64)["n_displaced"].to_numpy()[:, -1, :]
    counts.add(np.resize(values, (64, 9)))
    size = counts._counts.nbytes
    for _ in range(50):
        counts.add(np.resize(values, (64, 9)))
    assert counts._counts.nbytes == size


def assert_same(one: Outlook, other: Outlook) -> None:
    found = dict(leaves(one))
    assert found.keys() == dict(leaves(other)).keys()
    for name, value in leaves(other):
        xr.testing.assert_identical(found[name], value) if isinstance(value, xr.DataArray) else None


def leaves(thing: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    if is_dataclass(thing):
        for field in fields(thing):
            yield from leaves(getattr(thing, field.name), f"{name}.{field.name}")
    elif isinstance(thing, xr.DataArray):
        yield name, thing
