"""Runs weighed by observations: likelihoods by hand, an exact posterior, and refusals to be over-read."""

from __future__ import annotations

import math
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from fabricated_run import fabricated_kernels
from keyterrain.analysis.measures import of_run
from keyterrain.analysis.update.likelihood import FEW_PEOPLE, WIDE, log_likelihood
from keyterrain.analysis.update.question import LEAST_EFFECTIVE, effective, subjects_of, update
from keyterrain.campaign.ensemble import Run, open_run, run
from keyterrain.theatre import ScenarioFaults, load
from keyterrain.theatre.observations import DEFAULT_P_WRONG, DEFAULT_RELATIVE_ERROR, Observation, read_observations
from scenarios import write_small_scenario

HEADER = "date,kind,subject,value,error,p_wrong,source\n"


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Run:
    folder = tmp_path_factory.mktemp("updated")
    scenario = load(write_small_scenario(folder / "small"))
    run(scenario, replicates=400, out=folder / "run", seed=7, chunk=100, kernels=fabricated_kernels())
    return open_run(folder / "run")


def seen(folder: Path, opened: Run, *rows: str, header: str = HEADER) -> tuple[Observation, ...]:
    path = folder / "seen.csv"
    path.write_text(header + "".join(f"{row}\n" for row in rows), encoding="utf-8")
    return read_observations(path, subjects_of(opened))


def faults(folder: Path, opened: Run, *rows: str, header: str = HEADER) -> dict[tuple[int | None, str | None], str | None]:
    with pytest.raises(ScenarioFaults) as refused:
        seen(folder, opened, *rows, header=header)
    return {(fault.row, fault.field): fault.nearest for fault in refused.value.faults}


def control(opened: Run, place: str) -> np.ndarray:
    return np.asarray(opened.dataset["control"].sel(place=place).to_numpy())


def test_the_likelihood_of_a_state_is_that_of_the_report_being_right(tmp_path: Path, opened: Run) -> None:
    (one,) = seen(tmp_path, opened, "2013-12-12,control,hill-village,government,2,0.1,")
    side = opened.dataset["side"].to_numpy().tolist().index("government")
    agree = (control(opened, "hill-village")[:, 18:23] == side).mean(axis=1)
    found = np.concatenate([log_likelihood(one, part) for part in of_run(opened, ["control"])])
    assert 0.02 < agree.mean() < 0.98
    assert np.exp(found) == pytest.approx(0.9 * agree + 0.1 * (1 - agree))


def test_the_likelihood_of_a_count_is_a_mixture_of_normals(tmp_path: Path, opened: Run) -> None:
    (one,) = seen(tmp_path, opened, "2013-12-12,displaced,border-town,4000,0.4,0.2,")
    people = opened.dataset["n_displaced"].sel(host="border-town").to_numpy().astype(float)
    off = np.log(np.maximum(people[:, 20] - people[:, 0], 0) + FEW_PEOPLE) - math.log(4000 + FEW_PEOPLE)
    from scipy.stats import norm

    expected = 0.8 * norm.pdf(off, scale=0.4) + 0.2 * norm.pdf(off, scale=WIDE)
    found = np.concatenate([log_likelihood(one, part) for part in of_run(opened, ["n_displaced"])])
    assert np.exp(found) == pytest.approx(expected)


def test_a_certain_report_leaves_exactly_the_replicates_that_agree(tmp_path: Path, opened: Run) -> None:
    on = seen(tmp_path, opened, "2014-01-05,control,hill-village,opposition,0,0,")
    sides = opened.dataset["side"].to_numpy().tolist()
    agree = control(opened, "hill-village")[:, 44] == sides.index("opposition")
    side = sides.index("government")
    answer = update(opened, on)
    assert answer.ess == pytest.approx(agree.sum())
    assert answer.verdict == "updated"
    fallen = {each.key: each for each in answer.places}
    for place in ("highway-town", "hill-village", "high-pass"):
        there = control(opened, place)[:, -1] == side
        assert fallen[place].before == pytest.approx(there.mean())
        assert fallen[place].after == pytest.approx(there[agree].mean())
        assert fallen[place].after_low <= fallen[place].after <= fallen[place].after_high


def test_corridors_and_people_are_those_of_the_replicates_that_agree(tmp_path: Path, opened: Run) -> None:
    answer = update(opened, seen(tmp_path, opened, "2014-01-05,control,hill-village,opposition,0,0,"), day=40)
    sides = opened.dataset["side"].to_numpy().tolist()
    agree = control(opened, "hill-village")[:, 44] == sides.index("opposition")
    assert 60 < agree.sum() < 380
    is_open = opened.dataset["corridor_open"].sel(corridor="highway").to_numpy() > 0
    (highway,) = (each for each in answer.corridors if each.key == "highway")
    (days,) = (each for each in answer.corridor_days if each.key == "highway")
    assert (highway.before, highway.after) == pytest.approx((is_open[:, 40].mean(), is_open[agree, 40].mean()))
    assert (days.before, days.after) == pytest.approx((is_open[:, 1:41].mean(), is_open[agree, 1:41].mean()))
    people = opened.dataset["n_displaced"].sel(host="border-town").to_numpy().astype(float)
    gained = people[:, 40] - people[:, 0]
    (town,) = (each for each in answer.hosts if each.key == "border-town")
    figures = (town.before_low, town.before, town.before_high, town.after_low, town.after, town.after_high)
    levels, inverted = (0.05, 0.5, 0.95), {"method": "inverted_cdf"}
    assert figures == (*np.quantile(gained, levels, **inverted), *np.quantile(gained[agree], levels, **inverted))
    every = opened.dataset["n_displaced"].drop_sel(host="dead").to_numpy().astype(float).sum(axis=2)
    assert answer.fled.before == np.quantile(every[:, 40] - every[:, 0], 0.5, **inverted)
    assert "dead" not in {each.key for each in answer.hosts}
    medians = [each.before for each in answer.hosts]
    assert medians == sorted(medians, reverse=True)


def test_what_was_seen_of_a_road_moves_the_corridor_and_its_days(tmp_path: Path, opened: Run) -> None:
    answer = update(opened, seen(tmp_path, opened, "2013-12-22,corridor,highway,open,0,0,"), day=30)
    (highway,) = (each for each in answer.corridors if each.key == "highway")
    (days,) = (each for each in answer.corridor_days if each.key == "highway")
    assert highway.before < 1.0
    assert highway.after == 1.0
    assert days.after > days.before


def test_the_first_evening_has_no_days_before_it(tmp_path: Path, opened: Run) -> None:
    answer = update(opened, seen(tmp_path, opened, "2013-12-22,corridor,highway,open,0,0.4,"), day=0)
    assert [each.before for each in answer.corridors] == [each.before for each in answer.corridor_days]
    assert answer.hosts == ()
    assert (answer.fled.before, answer.fled.after_high) == (0.0, 0.0)


def test_a_report_that_is_as_likely_wrong_as_right_changes_nothing(tmp_path: Path, opened: Run) -> None:
    answer = update(opened, seen(tmp_path, opened, "2014-01-05,control,hill-village,government,0,0.5,"))
    assert answer.ess == pytest.approx(400)
    figures = (*answer.outcomes, *answer.places, *answer.corridors, *answer.corridor_days, *answer.hosts, answer.fled)
    assert all(each.after == pytest.approx(each.before, nan_ok=True) for each in figures)


def test_few_replicates_that_agree_are_not_read(tmp_path: Path, opened: Run) -> None:
    side = opened.dataset["side"].to_numpy().tolist().index("government")
    n_by_day = (control(opened, "high-pass") == side).sum(axis=0)
    day = int(np.flatnonzero(n_by_day > 0)[0])
    assert n_by_day[day] < LEAST_EFFECTIVE
    on = date.fromordinal(date(2013, 11, 22).toordinal() + day)
    rows = (f"{on},control,high-pass,government,0,0,", "2013-12-20,corridor,highway,open,0,0.4,")
    answer = update(opened, seen(tmp_path, opened, *rows))
    assert answer.verdict == "cannot tell"
    assert 0 < answer.ess < answer.floor == LEAST_EFFECTIVE
    assert "row 2" in answer.what_to_do
    figures = (*answer.places, *answer.corridors, *answer.corridor_days, *answer.hosts, answer.fled)
    assert all(math.isnan(each.after) and not math.isnan(each.before) for each in figures)
    dearest = max(answer.observations, key=lambda each: each.ess_without)
    assert dearest.observation.subject == "high-pass"


def test_what_no_replicate_agrees_with_is_said_to_be_held_impossible(tmp_path: Path, opened: Run) -> None:
    answer = update(opened, seen(tmp_path, opened, "2013-12-20,control,hill-village,neutral,0,0,"))
    assert (answer.ess, answer.verdict) == (0.0, "cannot tell")
    assert answer.observations[0].agreeing == 0.0
    assert "No replicate agrees" in answer.what_to_do


def test_the_effective_sample_of_even_weights_is_their_number() -> None:
    assert effective(np.full(8, 1 / 8)) == pytest.approx(8)
    assert effective(np.array([1.0, 0.0])) == 1.0
    assert effective(np.zeros(3)) == 0.0


def test_blanks_have_the_stated_defaults_and_roads_either_end_first(tmp_path: Path, opened: Run) -> None:
    rows = ("2013-12-01,displaced,border-town,3000,,,", "2013-12-01,control,orchards,contested,,,",
            "2013-12-02,route,highway-town--junction,closed,,,", "2013-12-03,route,capital--junction,open,3,,")  # fmt: skip
    people, state, turned, straight = seen(tmp_path, opened, *rows)
    assert (people.error, people.p_wrong, people.people) == (DEFAULT_RELATIVE_ERROR, DEFAULT_P_WRONG, 3000.0)
    assert (state.error, state.value) == (0.0, "contested")
    labels = set(opened.dataset["route"].to_numpy().tolist())
    assert {turned.subject, straight.subject} <= labels
    assert update(opened, [turned, straight]).ess > 0


def test_every_fault_is_named_at_once_with_row_and_field(tmp_path: Path, opened: Run) -> None:
    found = faults(
        tmp_path, opened,
        "2013-11-22,control,hill-village,government,0,0.1,",
        "2014-03-01,control,hill-vilage,goverment,0,1.5,",
        "2013-12-01,displaced,bordertown,-4,0,-0.1,",
        "soon,corridor,highwy,shut,-1,x,",
        "2013-12-01,weather,hill-village,snow,0,0.1,",
        "2013-12-05,route,capital--north-city,closed,0,0.1,",
        "2013-12-09,control,orchards,opposition,0,0.1,",
        "2013-12-09,control,orchards,government,0,0.1,",
    )  # fmt: skip
    assert set(found) == {
        (2, "date"), (3, "date"), (3, "subject"), (3, "value"), (3, "p_wrong"), (4, "subject"), (4, "value"), (4, "error"),
        (4, "p_wrong"), (5, "date"), (5, "subject"), (5, "value"), (5, "error"), (5, "p_wrong"), (6, "kind"), (7, "subject"),
        (9, "subject"),
    }  # fmt: skip
    assert found[3, "subject"] == "hill-village"
    assert found[3, "value"] == "government"
    assert found[4, "subject"] == "border-town"
    assert found[5, "subject"] == "highway"


def test_a_file_without_observations_is_a_fault(tmp_path: Path, opened: Run) -> None:
    assert (None, None) in faults(tmp_path, opened)
    assert (1, None) in faults(tmp_path, opened, header="")
    assert (1, "subject") in faults(tmp_path, opened, "2013-12-01,control,government", header="date,kind,value\n")
    with pytest.raises(ScenarioFaults, match="cannot be read"):
        read_observations(tmp_path / "none.csv", subjects_of(opened))
