"""Variants on common luck: paired, the same however they are played, and only what is missing is played."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import keyterrain as kt
from keyterrain.analysis.experiment import Experiment
from keyterrain.analysis.interval import of_difference
from keyterrain.analysis.measures import Measurement
from keyterrain.campaign.interventions import InterventionFaults, Interventions
from keyterrain.campaign.variants import Stage, Variant, on_threads_of
from keyterrain.theatre import Scenario, load
from scenarios import write_small_scenario

DAYS = 30
BASE = Variant(days=DAYS)
HILLS = Variant(days=DAYS, interventions=Interventions.parse(hold=["hills=government"]))
HELD = Measurement.of("area_held_share", area="highway", side="government")
HELD_HILLS = Measurement.of("area_held_share", area="hills", side="government")


@pytest.fixture(scope="module")
def scenario(tmp_path_factory: pytest.TempPathFactory) -> Scenario:
    return load(write_small_scenario(tmp_path_factory.mktemp("experiment") / "small"))


def counting(counted: list[Any]) -> Callable[..., Iterator[Any]]:
    """An executor in this thread that notes what it was given, after sending it there and back."""

    def execute(work: Callable[[Any], Any], tasks: Iterable[Any], /) -> Iterator[Any]:
        for task in tasks:
            counted.append(task)
            yield work(task)

    return execute


def test_values_do_not_depend_on_threads_or_on_how_replicates_are_divided(scenario: Scenario) -> None:
    asked = {BASE: [HELD], HILLS: [HELD, HELD_HILLS]}
    one = Experiment(Stage(scenario, seed=3, executor=on_threads_of(1), at_once=25)).measure(asked, 12)
    other = Experiment(Stage(scenario, seed=3, executor=on_threads_of(3), at_once=5)).measure(asked, 12)
    for variant, measurements in asked.items():
        for each in measurements:
            np.testing.assert_array_equal(one.of(variant, each), other.of(variant, each))
    assert (one.of(HILLS, HELD_HILLS) == 1.0).all(), "held by decree"


def test_the_same_variant_differs_from_itself_in_no_replicate(scenario: Scenario) -> None:
    again = Variant(start=scenario.default_start, days=DAYS, interventions=Interventions(switches={"weather": True}))
    values = Experiment(Stage(scenario, seed=3)).measure({BASE: [HELD], again: [HELD]}, 10)
    np.testing.assert_array_equal(values.of(BASE, HELD), values.of(again, HELD))
    assert BASE.in_full(scenario) == again.in_full(scenario)


def test_asking_for_more_plays_only_what_is_missing(scenario: Scenario) -> None:
    chunks: list[Any] = []
    experiment = Experiment(Stage(scenario, seed=3, executor=counting(chunks), at_once=4))
    first = experiment.measure({BASE: [HELD]}, 8).of(BASE, HELD)
    assert [(each.first, each.stop) for each in chunks] == [(0, 4), (4, 8)]
    more = experiment.measure({BASE: [HELD], HILLS: [HELD]}, 10)
    assert [(each.first, each.stop) for each in chunks[2:]] == [(8, 10), (0, 4), (4, 8), (8, 10)]
    np.testing.assert_array_equal(more.of(BASE, HELD)[:8], first)
    assert len(more.of(HILLS, HELD)) == 10


def test_common_luck_narrows_the_interval_of_a_difference(scenario: Scenario) -> None:
    fled, fort = Measurement.of("displaced_at", host="border-town"), Interventions.parse(hold=["hill-fort=government"])
    changed = Variant(days=DAYS, interventions=fort)
    values = Experiment(Stage(scenario, seed=3)).measure({BASE: [fled], changed: [fled]}, 60)
    apart = Experiment(Stage(scenario, seed=4)).measure({changed: [fled]}, 60)
    narrow = of_difference(values.of(changed, fled), values.of(BASE, fled), "number")
    wide = of_difference(apart.of(changed, fled), values.of(BASE, fled), "number")
    assert 2 * (narrow.high - narrow.low) < wide.high - wide.low


def test_a_run_in_the_store_is_read_and_not_played(scenario: Scenario, tmp_path: Path) -> None:
    kt.run(scenario, replicates=6, days=DAYS, seed=3, out=tmp_path / "run")
    chunks: list[Any] = []
    variant = BASE.in_full(scenario)
    experiment = Experiment(Stage(scenario, seed=3, executor=counting(chunks)), stored=(variant, kt.open_run(tmp_path / "run")))
    stored = experiment.measure({variant: [HELD]}, 6).of(variant, HELD)
    assert chunks == []
    played = Experiment(Stage(scenario, seed=3)).measure({variant: [HELD]}, 9).of(variant, HELD)
    np.testing.assert_array_equal(stored, played[:6])
    fewer = experiment.measure({variant: [HELD]}, 4).of(variant, HELD)
    np.testing.assert_array_equal(fewer, played[:4])
    further = experiment.measure({variant: [HELD]}, 9).of(variant, HELD)
    assert [(each.first, each.stop) for each in chunks] == [(6, 9)]
    np.testing.assert_array_equal(further, played)


def test_a_variant_that_contradicts_itself_is_refused_before_anything_is_played(scenario: Scenario) -> None:
    torn = Variant(interventions=Interventions.parse(hold=["hills=government", "hill-fort=opposition"]))
    with pytest.raises(InterventionFaults, match="contradict"):
        Experiment(Stage(scenario, seed=3)).measure({torn: [HELD]}, 2)


def test_values_are_labelled_and_lack_what_was_not_asked(scenario: Scenario) -> None:
    table = Experiment(Stage(scenario, seed=3)).measure({BASE: [HELD], HILLS: [HELD, HELD_HILLS]}, 3).to_xarray()
    assert table.dims == ("variant", "measurement", "replicate")
    assert table.sizes == {"variant": 2, "measurement": 2, "replicate": 3}
    assert table.sel(variant=0, measurement=HELD_HILLS.text).isnull().all()
    assert "area_held_share(area hills, side government)" in table["measurement"].to_numpy()


def test_measurements_and_variants_can_be_sent_to_another_process() -> None:
    for each in (HELD, HILLS):
        assert pickle.loads(pickle.dumps(each)) == each
