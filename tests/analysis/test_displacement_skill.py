"""Measures of arrivals: Flee's formula by hand, bands that hold and bands that do not, baselines."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from flee_folders import LOCATIONS, write_flee_folder
from keyterrain.analysis.displacement_skill import arrivals, averaged_relative_difference, displacement_skill, rescaled_to
from keyterrain.campaign.refugee_ensemble import DisplacementRun, play_displacement
from keyterrain.theatre.flee_folder import read_flee_folder


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> DisplacementRun:
    folder = read_flee_folder(write_flee_folder(tmp_path_factory.mktemp("skill")))
    return play_displacement(folder, replicates=20, threads=1)


def as_observed(run: DisplacementRun, shift: np.ndarray | int = 0) -> DisplacementRun:
    observed = np.broadcast_to(run.folder.observed() + shift, run.arrived.shape)
    table = np.ascontiguousarray(observed, dtype=np.int32)
    return replace(run, arrived=table, central=table[0])


def test_the_averaged_relative_difference_is_flees_formula() -> None:
    simulated, observed = np.array([[30.0, 10.0], [0.0, 0.0]]), np.array([[10.0, 10.0], [5.0, 15.0]])
    # day 0: raw 20/20, rescaled (15 - 10 + 10 - 5)/20; day 1: nobody is simulated, all 20 are missing
    assert averaged_relative_difference(simulated, observed, rescale=False) == pytest.approx((1.0 + 1.0) / 2)
    assert averaged_relative_difference(simulated, observed, rescale=True) == pytest.approx((0.5 + 1.0) / 2)
    assert rescaled_to(simulated, observed.sum(axis=1)).tolist() == [[15.0, 5.0], [0.0, 0.0]]


def test_days_on_which_nobody_is_observed_do_not_divide_by_nothing() -> None:
    assert averaged_relative_difference(np.array([[3.0]]), np.array([[0.0]]), rescale=False) == 3.0


def test_a_perfect_forecast_has_no_error_in_any_measure(run: DisplacementRun) -> None:
    skill = displacement_skill(as_observed(run))
    for each in (skill.raw, skill.rescaled):
        assert each is not None
        assert each.ard == pytest.approx(0.0, abs=1e-12)
        assert each.crps == pytest.approx(0.0, abs=1e-12)
        assert each.coverage > 0.999 or each is skill.rescaled
    assert skill.total.ard == 0.0


def test_a_forecast_in_the_right_shares_and_twice_too_high_is_wrong_only_before_rescaling(run: DisplacementRun) -> None:
    doubled = replace(run, arrived=2 * as_observed(run).arrived, central=2 * as_observed(run).central)
    skill = displacement_skill(doubled)
    assert skill.raw is not None
    assert skill.rescaled is not None
    assert skill.raw.ard == pytest.approx(1.0)
    assert skill.raw.crps == pytest.approx(1.0)
    assert skill.raw.coverage == 0.0
    assert skill.rescaled.ard == pytest.approx(0.0, abs=1e-12)
    assert skill.total.ard == pytest.approx(1.0)


def test_the_crps_of_one_replicate_is_its_error(run: DisplacementRun) -> None:
    skill = displacement_skill(replace(run, arrived=run.arrived[:1], central=run.arrived[0]))
    assert skill.raw is not None
    assert skill.raw.crps == pytest.approx(skill.raw.ard)


def test_the_crps_of_an_ensemble_is_the_one_by_definition(run: DisplacementRun) -> None:
    skill = displacement_skill(run)
    assert skill.raw is not None
    observed, draws = run.folder.observed()[30].astype(float), run.arrived[:, 30, :].astype(float)
    n = len(draws)
    spread = np.abs(draws[:, None, :] - draws[None, :, :]).sum(axis=(0, 1)) / (2 * n * (n - 1))
    by_camp = np.abs(draws - observed).mean(axis=0) - spread
    assert skill.raw.crps_by_day[30] == pytest.approx(by_camp.sum() / observed.sum(), rel=1e-6)


def test_bands_enclose_their_median_and_widen_with_what_is_uncertain(run: DisplacementRun) -> None:
    bands = arrivals(run)
    assert (bands.low <= bands.middle).all()
    assert (bands.middle <= bands.high).all()
    certain = arrivals(play_displacement(run.folder, rules="flee", replicates=20, threads=1))
    assert (bands.high - bands.low)[-1].sum() > 3 * (certain.high - certain.low)[-1].sum()


def test_baselines_divide_the_observed_total(run: DisplacementRun) -> None:
    skill = displacement_skill(run)
    observed = run.folder.observed().astype(float)
    by_capacity = np.array([1.0, 0.0, 0.0]) * observed.sum(axis=1, keepdims=True)
    assert skill.baselines["by capacity"] == pytest.approx(averaged_relative_difference(by_capacity, observed, rescale=False))
    assert skill.baselines["uniform"] > 0
    assert {"by distance", "by population", "day 7 held", "day 30 held"} < set(skill.baselines)


def test_refugees_and_internally_displaced_people_are_told_apart(run: DisplacementRun) -> None:
    assert [(each.kind, each.camps) for each in displacement_skill(run).kinds] == [("refugees", 2), ("internally displaced", 1)]


def test_where_only_totals_are_known_only_totals_are_compared(tmp_path: Path) -> None:
    folder = read_flee_folder(write_flee_folder(tmp_path, data_layout="total,refugees.csv\n"))
    skill = displacement_skill(play_displacement(folder, replicates=5, threads=1))
    assert skill.raw is None
    assert skill.baselines == {}
    assert 0.0 < skill.total.ard < 0.3
    assert (arrivals(skill.run).observed == -1).all()


def test_leaked_capacities_are_named_and_ignored_unless_asked_for(tmp_path: Path) -> None:
    folder = read_flee_folder(write_flee_folder(tmp_path, locations=LOCATIONS.replace("camp,,9000", "camp,,6000")))
    without = play_displacement(folder, replicates=10, threads=1)
    given = play_displacement(folder, replicates=10, threads=1, capacities="as-given")
    assert displacement_skill(without).leaked == ("Lager",)
    assert given.arrived[:, -1, 0].max() <= 6000 + 600
    assert without.arrived.tobytes() != given.arrived.tobytes() or without.arrived[:, -1, 0].max() <= 5400
