"""Decrees: the short way to prepare them, and replicates that they cannot touch, to the byte."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from keyterrain.campaign.chunks import compiled_kernels
from keyterrain.campaign.decree import kept_anyway
from keyterrain.campaign.interventions import Hold, InterventionFaults, Interventions
from keyterrain.campaign.prepare import Prepared
from keyterrain.theatre import Scenario, load
from mirrored_theatre import Half, mirrored_theatre
from scenarios import write_small_scenario

DAYS, N = 60, 12
KERNELS = compiled_kernels()


@pytest.fixture(scope="module", params=["small", "mirrored"])
def scenario(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Scenario:
    folder = tmp_path_factory.mktemp("decree") / request.param
    changes = mirrored_theatre(Half("alpha", "aa", -1), Half("omega", "zz", 1), "irregular")
    return load(write_small_scenario(folder, **(changes if request.param == "mirrored" else {})))


def prepared(scenario: Scenario, *holds: Hold) -> Prepared:
    return KERNELS.prepare(scenario, days=DAYS, seed=3, interventions=Interventions(hold=holds))


def arrays_of(prepared: Prepared) -> dict[str, Any]:
    return dict(KERNELS.play_chunk(prepared, 0, N).arrays)


def test_a_decree_prepared_the_short_way_is_the_same_to_the_byte(scenario: Scenario) -> None:
    base = prepared(scenario)
    for side in [side.key for side in base.situation.sides if side.active]:
        for place in base.situation.places[:3]:
            hold = Hold(f"place:{place.key}", side)
            long, short = prepared(scenario, hold), base.with_hold(Interventions(hold=(hold,)))
            for name in long.world.record.dtype.names:  # field by field: what lies between fields is nobody's
                assert long.world.record[name].tobytes() == short.world.record[name].tobytes()
            drawn, other = (each.first_evening.draw(3, 0, N, each.world.room) for each in (long, short))
            assert drawn.records.tobytes() == other.records.tobytes()
            assert drawn.values.tobytes() == other.values.tobytes()


def test_the_short_way_refuses_unknown_ground_and_other_changes(scenario: Scenario) -> None:
    base = prepared(scenario)
    with pytest.raises(InterventionFaults, match="There is no area or place nowhere"):
        base.with_hold(Interventions(hold=(Hold("nowhere", base.situation.sides[0].key),)))
    with pytest.raises(ValueError, match="more than the decrees"):
        base.with_hold(Interventions(switches={"insurgency": False}))


def test_a_decree_on_ground_that_is_kept_anyway_changes_no_byte(scenario: Scenario) -> None:
    base = prepared(scenario)
    played = KERNELS.play_chunk(base, 0, N)
    n_kept = n_other = 0
    for side in [side.key for side in base.situation.sides if side.active]:
        kept = kept_anyway(base, played, side)
        for place, i in base.index.places.items():
            changed = arrays_of(base.with_hold(Interventions(hold=(Hold(f"place:{place}", side),))))
            for row in range(N):
                same = all(played.arrays[name][row].tobytes() == changed[name][row].tobytes() for name in changed)
                assert same or not kept[row, i], f"{place} held by {side} in replicate {row}"
                n_kept += int(kept[row, i])
                n_other += int(not same)
    assert n_kept > 20, "the rule has to find something"
    assert n_other > 20, "and decrees to change something"


def test_several_places_that_are_kept_anyway_may_be_decreed_together(scenario: Scenario) -> None:
    base = prepared(scenario)
    played = KERNELS.play_chunk(base, 0, N)
    for side in [side.key for side in base.situation.sides if side.active]:
        kept = kept_anyway(base, played, side)
        row = int(np.argmax(kept.sum(axis=1)))
        together = [place for place, i in base.index.places.items() if kept[row, i]]
        assert together
        holds = tuple(Hold(f"place:{place}", side) for place in together)
        changed = arrays_of(base.with_hold(Interventions(hold=holds)))
        assert all(played.arrays[name][row].tobytes() == changed[name][row].tobytes() for name in changed)
