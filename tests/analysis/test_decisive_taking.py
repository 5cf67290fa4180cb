"""What it takes to take ground: figures by hand, against the measures, and against what campaigns lose in all."""

from __future__ import annotations

import math
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from keyterrain.analysis.decisive.ground import Ground, grounds_of
from keyterrain.analysis.decisive.holding import Holdings
from keyterrain.analysis.decisive.question import decide
from keyterrain.analysis.decisive.taking import (
    FAILED,
    FROM_THE_START,
    NEVER,
    OPEN,
    TAKEN,
    Assaults,
    Taking,
    Watched,
    _Seen,
    assaults_of,
    first_evening,
    watch,
)
from keyterrain.analysis.experiment import Experiment
from keyterrain.analysis.measures import Measurement, Replicates, of_chunk
from keyterrain.campaign.chunks import compiled_kernels
from keyterrain.campaign.interventions import Interventions
from keyterrain.campaign.variants import Stage, Variant, on_threads_of
from keyterrain.theatre import Scenario, load
from scenarios import write_small_scenario

KERNELS = compiled_kernels()
SIDES = ("government", "opposition")


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Scenario:
    return load(write_small_scenario(tmp_path_factory.mktemp("taking") / "small", days="60"))


# Assaults and their ends


def played(scenario: Scenario, n: int, *off: str) -> Replicates:
    interventions = Interventions(switches=dict.fromkeys(off, False))
    prepared = KERNELS.prepare(scenario, days=60, seed=8, interventions=interventions)
    return of_chunk(prepared, 0, KERNELS.play_chunk(prepared, 0, n))


def one_by_one(replicates: Replicates) -> set[tuple[Any, ...]]:
    """Go through the events of each place in order of days, as a reader of the list would."""
    found: list[list[Any]] = []
    under_way: dict[tuple[int, str], list[Any]] = {}
    assert replicates.table is not None
    order = {"broken_off": 1, "capture": 1, "defence_ends": 2, "assault": 0}
    rows = [row for row in replicates.table.to_pylist() if row["kind"] in order]
    for row in sorted(rows, key=lambda row: (row["replicate"], row["day"], order[row["kind"]])):
        where = row["replicate"], row["place"]
        if row["kind"] == "assault":
            under_way[where] = [*where, row["side"], row["day"], row["number"], 0, OPEN, 0, 0]
            found.append(under_way[where])
        elif row["kind"] == "defence_ends":
            under_way[where][8] = row["number"]
        else:
            under_way[where][5:8] = row["day"], {"capture": TAKEN, "broken_off": FAILED}[row["kind"]], row["number"]
    return {tuple(each) for each in found}


def test_every_assault_has_its_own_end(small: Scenario) -> None:
    replicates = played(small, 30)
    found = assaults_of(replicates)
    places, sides = replicates.labels["place"], replicates.labels["side"]
    columns = zip(*(column.tolist() for column in found), strict=True)
    read = {
        (row, places[place], sides[side], day, sent, until, ending, lost, defenders_lost)
        for row, day, until, place, side, ending, sent, _faced, lost, defenders_lost in columns
    }
    assert read == one_by_one(replicates)
    assert {OPEN, TAKEN, FAILED} <= set(found.ending.tolist())


def test_what_assaults_cost_is_what_campaigns_lose_where_nothing_else_costs_fighters(small: Scenario) -> None:
    replicates = played(small, 60, "insurgency", "interdiction", "supply")
    found = assaults_of(replicates)
    lost = replicates.arrays["cum_loss"][:, -1]
    ended = np.setdiff1d(np.arange(replicates.n), found.row[found.ending == OPEN])
    terms = replicates.events.where(replicates.events.kind == "terms").row
    ended = np.setdiff1d(ended, terms)
    assert len(ended) > 20
    n_lost = 0
    for code, side in enumerate(replicates.labels["side"]):
        actors = replicates.actors_of(str(side))
        hostile = np.array(
            [replicates.situation.relations.get((str(side), str(s))) == "hostile" for s in replicates.labels["side"]]
        )
        attacking = np.bincount(found.row, weights=found.lost * (found.side == code), minlength=replicates.n)
        defending = np.bincount(found.row, weights=found.defenders_lost * hostile[found.side], minlength=replicates.n)
        np.testing.assert_array_equal((attacking + defending)[ended], lost[ended][:, actors].sum(axis=(1, 2)))
        n_lost += int(lost[ended][:, actors].sum())
    assert n_lost > 1000


def test_who_is_faced_stood_there_in_the_week_before(small: Scenario) -> None:
    replicates = played(small, 20)
    found = assaults_of(replicates)
    weeks = list(replicates.labels["week"])
    for row, day, place, side, faced in zip(found.row, found.day, found.place, found.side, found.faced, strict=True):
        week = max(i for i, first in enumerate(weeks) if int(first) < day or i == 0)
        enemy = {"government": "opposition", "opposition": "government"}[str(replicates.labels["side"][side])]
        assert faced == replicates.arrays["strength"][row, week, replicates.actors_of(enemy), place].sum()
    assert found.faced.max() > 0


def test_replicates_without_an_assault_have_none(small: Scenario) -> None:
    replicates = played(small, 2, "decision")
    assert all(len(column) == 0 for column in assaults_of(replicates))
    assert isinstance(replicates.table, pa.Table)


# By hand

N = 40


def by_hand(first: Iterable[int], assaults: Iterable[tuple[int, ...]], first_of_area: Iterable[tuple[int, int]] = ()) -> Watched:
    """Watch one side and a place `mill`, or the area of `mill` and `ford`; assaults as rows of `Assaults`."""
    evenings = np.full((N, 1, 2), NEVER)
    evenings[:, 0, 0] = list(first)
    area = np.full((N, 1, 1, 2), NEVER)
    area[:, 0, 0] = list(first_of_area) or NEVER
    columns = np.array(list(assaults), dtype=np.int64).reshape(-1, 10).T
    seen = _Seen(evenings, area, Assaults(*columns))
    return Watched(N, ("alpha",), (0,), {"mill": 0, "ford": 1}, (("mill", "ford"),), seen)


MILL = Ground("mill", "Mill", "place", ("mill",))
BOTH = Ground("both", "Both", "area", ("mill", "ford"))


def only(taking: tuple[Taking, ...]) -> Taking:
    (found,) = taking
    return found


def test_figures_are_those_of_a_hand_sized_list() -> None:
    """In thirty of forty campaigns the mill falls on day 9: a try of 100 fails on day 5, one of 300 from day 7 does not."""
    rows = []
    for row in range(30):
        rows += [(row, 3, 5, 0, 0, FAILED, 100, 50, 20, 4), (row, 7, 9, 0, 0, TAKEN, 300, 60, 40, 30)]
        rows += [(row, 12, 14, 0, 0, FAILED, 9999, 1, 9999, 9999)]  # after it was taken: another story
        rows += [(row, 3, 5, 0, 1, FAILED, 8888, 1, 8888, 8888)]  # another side
        rows += [(row, 3, 5, 1, 0, FAILED, 7777, 1, 7777, 7777)]  # another place
    rows += [(35, 2, 0, 0, 0, OPEN, 500, 10, 0, 0)]
    taking = only(by_hand([9] * 30 + [NEVER] * 10, rows).taking(MILL))
    assert (taking.n, taking.p_taken.value, taking.p_half) == (N, 0.75, None)
    assert taking.p_assaulted.value == 31 / 40
    assert (taking.days.value, taking.days.low, taking.days.high, taking.days.n) == (6.0, 6.0, 6.0, 30)
    assert taking.sent.value == pytest.approx((30 * 200 + 500) / 31)
    assert (taking.sent_and_took.value, taking.success.value) == (300.0, 0.5)
    assert taking.faced.value == pytest.approx((30 * 55 + 10) / 31)
    assert taking.failed.value == 0.75
    assert (taking.lost_per_assault.value, taking.defenders_lost_per_assault.value) == (30.0, 17.0)
    assert (taking.lost_per_capture.value, taking.defenders_lost_per_capture.value) == (60.0, 34.0)


def test_campaigns_in_which_the_side_has_it_do_not_count() -> None:
    rows = [(row, 3, 5, 0, 0, FAILED, 100, 50, 20, 4) for row in range(N)]
    taking = only(by_hand([FROM_THE_START] * 5 + [9] * 35, rows).taking(MILL))
    assert (taking.n, taking.p_taken.value, taking.failed.value) == (35, 1.0, 1.0)
    assert by_hand([FROM_THE_START] * N, rows).taking(MILL) == ()


def test_what_few_campaigns_define_cannot_be_told() -> None:
    rows = [(row, 7, 9, 0, 0, TAKEN, 300, 60, 40, 30) for row in range(29)]
    taking = only(by_hand([9] * 29 + [NEVER] * 11, rows).taking(MILL))
    assert taking.p_taken.value == 29 / 40
    for each in (taking.days, taking.sent, taking.lost_per_capture, taking.success):
        assert each.n == 29
        assert math.isnan(each.value)
        assert math.isnan(each.low)
    assert only(by_hand([FROM_THE_START] * 11 + [9] * 29, rows).taking(MILL)).p_taken.n == 29
    assert math.isnan(only(by_hand([FROM_THE_START] * 11 + [9] * 29, rows).taking(MILL)).p_taken.value)


def test_an_area_is_taken_when_all_its_places_are_held_and_in_part_when_half_are() -> None:
    rows = [(row, 4, 6, 0, 0, TAKEN, 300, 60, 40, 30) for row in range(N)]
    rows += [(row, 7, 8, 1, 0, TAKEN, 100, 20, 10, 20) for row in range(20)]
    first_of_area = [(6, 8)] * 20 + [(6, NEVER)] * 20
    watched = by_hand([6] * N, rows, first_of_area)
    watched.seen.first[:20, 0, 1] = 8
    taking = only(watched.taking(BOTH))
    assert (taking.p_taken.value, taking.p_half and taking.p_half.value) == (0.5, 1.0)
    assert taking.lost_per_capture.value == pytest.approx((20 * 25 + 20 * 40) / N)
    assert math.isnan(taking.days.value), "twenty are too few"


def test_the_first_evening_of_something() -> None:
    is_so = np.array([[False, False, True], [True, False, True], [False, False, False]])
    assert first_evening(is_so).tolist() == [2, FROM_THE_START, NEVER]


# Against the measures, which are computed in another way


def watched_of(scenario: Scenario, n: int, threads: int = 2) -> tuple[Watched, tuple[Ground, ...]]:
    grounds = grounds_of(scenario.situation(scenario.default_start))
    stage = Stage(scenario, seed=8, executor=on_threads_of(threads))
    return watch(Holdings(stage, grounds, [], SIDES), n), grounds


def test_chances_are_those_of_the_measures(small: Scenario) -> None:
    n = 60
    watched, grounds = watched_of(small, n)
    compared = 0
    for ground in grounds:
        for taking in watched.taking(ground):
            if ground.kind == "place":
                asked = Measurement.of("place_taken", place=ground.key, side=taking.side, day=60)
            else:
                asked = Measurement.of("area_taken_after", area=ground.key, side=taking.side, share=1.0)
            values = Experiment(Stage(small, seed=8)).measure({Variant(): [asked]}, n).of(Variant(), asked)
            if ground.kind != "place":
                assert taking.p_taken.n == n or taking.n < n
                if taking.n == n:
                    assert taking.p_taken.value == pytest.approx(float((~np.isnan(values)).mean()))
                    compared += 1
            elif taking.n >= 30:
                assert taking.n == int((~np.isnan(values)).sum())
                assert taking.p_taken.value == pytest.approx(float(np.nanmean(values)))
                compared += 1
    assert compared > 10


def test_threads_and_chunks_do_not_matter(small: Scenario) -> None:
    one, grounds = watched_of(small, 55, threads=1)
    other, _ = watched_of(small, 55, threads=3)
    assert repr([one.taking(ground) for ground in grounds]) == repr([other.taking(ground) for ground in grounds])


def test_where_nobody_attacks_nothing_is_taken(tmp_path: Path) -> None:
    still = {side: {"hold": "1.0", "source": "assumption"} for side in SIDES}
    scenario = load(write_small_scenario(tmp_path / "still", days="20", policies=still))
    answer = decide(scenario, replicates=8, areas_at_random=0, only=["hills", "junction", "highway-town"])
    assert answer.n_watched == 40
    takings = [taking for each in (*answer.areas, *answer.places) for taking in each.taking]
    assert takings
    for taking in takings:
        if taking.n >= 30:
            assert (taking.p_taken.value, taking.p_assaulted.value, taking.failed.value) == (0.0, 0.0, 0.0)
            assert taking.p_taken.high < 0.15
        assert math.isnan(taking.sent.value)
        assert math.isnan(taking.lost_per_capture.value)
