"""Calibrated draws: taken whole, by luck of their own, moving nothing else, and kept in the manifest."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from keyterrain.campaign.calibrated import FORMAT, MEMBER, CalibratedDraws, read_calibrated
from keyterrain.campaign.errors import RunRefused
from keyterrain.campaign.interventions import InterventionFaults, Interventions
from keyterrain.campaign.manifest import Manifest, Plan
from keyterrain.campaign.prepare import Prepared, prepare
from played_campaigns import small_scenario
from stand_in_campaign import run_stand_in

KEYS = ("decision.tempo", "combat.loss_factor")
MEMBERS = ((0.5, 0.4), (1.5, 0.9), (2.5, 1.1))
DRAWS = CalibratedDraws("fit", KEYS, MEMBERS, ("elsewhere",), date(2013, 6, 8))


def prepared_with(folder: Path, interventions: Interventions) -> Prepared:
    return prepare(small_scenario(folder), seed=3, interventions=interventions)


def evening(prepared: Prepared, first: int = 0, n: int = 400) -> dict[str, np.ndarray]:
    drawn = prepared.first_evening.draw(3, first, n, prepared.world.room)
    return dict(zip(prepared.first_evening.inputs.names, drawn.values.T, strict=True))


def test_a_replicate_takes_a_member_whole_and_all_come_alike_often(tmp_path: Path) -> None:
    prepared = prepared_with(tmp_path / "a", Interventions(calibrated=DRAWS))
    drawn = prepared.first_evening.draw(3, 0, 400, prepared.world.room)
    par = drawn.records["par"]
    pairs = set(zip(par["decision_tempo"].tolist(), par["combat_loss_factor"].tolist(), strict=True))
    assert pairs == set(MEMBERS)
    values = evening(prepared)
    assert values["parameter:decision.tempo"].tolist() == par["decision_tempo"].tolist()
    assert values[MEMBER].tolist() == [[0.5, 1.5, 2.5].index(tempo) for tempo in par["decision_tempo"]]
    counted = np.bincount(values[MEMBER].astype(int), minlength=3)
    assert (np.abs(counted - 400 / 3) < 4 * np.sqrt(400 * 2 / 9)).all()


def test_nothing_else_is_drawn_otherwise(tmp_path: Path) -> None:
    with_draws = evening(prepared_with(tmp_path / "a", Interventions(calibrated=DRAWS)))
    without = evening(prepared_with(tmp_path / "b", Interventions()))
    differing = {name for name in without if not np.array_equal(with_draws[name], without[name])}
    assert differing == {f"parameter:{key}" for key in KEYS}
    assert set(with_draws) - set(without) == {MEMBER}


def test_members_do_not_ask_how_replicates_are_cut_into_chunks(tmp_path: Path) -> None:
    prepared = prepared_with(tmp_path / "a", Interventions(calibrated=DRAWS))
    whole, part = evening(prepared), evening(prepared, first=37, n=11)
    assert part[MEMBER].tolist() == whole[MEMBER][37:48].tolist()


def test_in_turns_each_member_has_its_replicates_one_after_another(tmp_path: Path) -> None:
    prepared = prepared_with(tmp_path / "a", Interventions(calibrated=replace(DRAWS, turns=2)))
    assert evening(prepared, first=0, n=8)[MEMBER].tolist() == [0, 0, 1, 1, 2, 2, 0, 0]
    assert evening(prepared, first=5, n=2)[MEMBER].tolist() == [2, 0]


def test_a_parameter_that_the_scenario_overrides_is_calibrated_too(tmp_path: Path) -> None:
    scenario = small_scenario(tmp_path / "a", parameters={"decision.tempo": "9"})
    prepared = prepare(scenario, seed=3, interventions=Interventions(calibrated=DRAWS))
    assert set(evening(prepared)["parameter:decision.tempo"]) == {0.5, 1.5, 2.5}


def test_what_is_set_and_calibrated_contradicts_itself(tmp_path: Path) -> None:
    changes = replace(Interventions.parse(settings=["decision.tempo=1"]), calibrated=DRAWS)
    with pytest.raises(InterventionFaults, match=r"decision\.tempo and the calibration contradict"):
        prepared_with(tmp_path / "a", changes)


def test_a_manifest_keeps_the_draws_and_says_what_they_are() -> None:
    changes = Interventions(calibrated=DRAWS)
    manifest = Manifest(Plan("s", "0", date(2013, 11, 22), 10, 1, 5, interventions=changes), 5, {})
    written = json.loads(json.dumps(manifest.to_json()))
    assert Manifest.from_json(written) == manifest
    assert written["interventions"]["calibrated"]["digest"] == DRAWS.digest
    assert written["interventions"]["calibrated"]["fitted_on"] == ["elsewhere"]
    written["calibrated"]["members"][0][0] = 0.6
    with pytest.raises(RunRefused, match="not those"):
        Manifest.from_json(written)


def test_a_run_is_not_resumed_with_other_draws(tmp_path: Path) -> None:
    scenario = None
    run_stand_in(tmp_path, interventions=_unchecked(DRAWS), scenario=scenario)
    other = replace(DRAWS, members=((0.5, 0.4),))
    with pytest.raises(RunRefused, match="another interventions") as refused:
        run_stand_in(tmp_path, interventions=_unchecked(other), resume=True)
    assert len(str(refused.value)) < 900


def _unchecked(draws: CalibratedDraws) -> Interventions:
    return Interventions(calibrated=draws)


def test_only_what_ended_before_a_start_makes_a_forecast() -> None:
    assert DRAWS.is_of_the_past_of(date(2013, 6, 9))
    assert not DRAWS.is_of_the_past_of(date(2013, 6, 8))
    assert not DRAWS.is_of_the_past_of(date(2013, 6, 7))
    assert replace(DRAWS, until=None).is_of_the_past_of(date(1900, 1, 1))


def written(folder: Path, **changes: Any) -> Path:
    content: dict[str, Any] = {
        "format": FORMAT,
        "fitted_on": ["elsewhere"],
        "until": "2013-06-08",
        "parameters": [{"parameter": key} for key in KEYS],
        "draws": [list(values) for values in MEMBERS],
    }
    path = folder / "fit.json"
    path.write_text(json.dumps({name: value for name, value in {**content, **changes}.items() if value != "gone"}), "utf-8")
    return path


def test_a_file_is_read_as_it_was_written(tmp_path: Path) -> None:
    assert read_calibrated(written(tmp_path)) == DRAWS


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"format": "keyterrain-run/3"}, "is no calibration: its format is 'keyterrain-run/3'"),
        ({"draws": "gone"}, "not in the form of a calibration"),
        ({"draws": []}, "It has no draws"),
        ({"draws": [[1.0]]}, "Draw 1 has 1 values for 2 parameters"),
        ({"draws": [[1.0, -2.0]]}, "Draw 1 has -2 for combat.loss_factor, which it cannot be"),
        ({"draws": [[1.0, None]]}, "not in the form"),
        ({"draws": [[1.0, float("inf")]]}, "which it cannot be"),
        ({"parameters": [{"parameter": "decision.tempi"}, {"parameter": "combat.loss_factor"}]}, "did you mean decision.tempo"),
        ({"parameters": [{"parameter": "decision.cooldown_days"}, {"parameter": KEYS[1]}]}, "is fixed and not drawn"),
        ({"parameters": [{"parameter": KEYS[1]}, {"parameter": KEYS[1]}]}, "more than once"),
        ({"until": "June"}, "not in the form"),
    ],
)
def test_what_is_no_calibration_is_refused_in_a_sentence(tmp_path: Path, changes: dict[str, Any], says: str) -> None:
    path = written(tmp_path, **changes)
    with pytest.raises(RunRefused, match=says.replace("(", r"\(")):
        read_calibrated(path)


def test_a_file_that_is_not_there_or_no_json_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RunRefused, match="neither a file nor a calibration that ships"):
        read_calibrated(tmp_path / "none.json")
    with pytest.raises(RunRefused, match="is not a file"):
        read_calibrated(tmp_path)
    (tmp_path / "bad.json").write_text("{", "utf-8")
    with pytest.raises(RunRefused, match="it is not JSON"):
        read_calibrated(tmp_path / "bad.json")
