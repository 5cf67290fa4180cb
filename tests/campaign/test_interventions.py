"""Interventions: read, refused with the nearest name, and written so that equal ones are equal as text."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyterrain.campaign.errors import RunRefused
from keyterrain.campaign.interventions import Hold, InterventionFaults, Interventions
from keyterrain.theatre.overrides import CODES
from keyterrain.theatre.parameters import PARAMETERS, PROCESSES
from stand_in_campaign import scenario_in

if TYPE_CHECKING:
    from pathlib import Path

    from keyterrain.theatre import Situation


@pytest.fixture
def situation(tmp_path: Path) -> Situation:
    return scenario_in(tmp_path).situation()  # type: ignore[return-value]


def faults_of(situation: Situation, **texts: list[str]) -> list[str]:
    try:
        Interventions.parse(**texts).check(situation)
    except InterventionFaults as refused:
        return list(refused.faults)
    return []


def test_everything_that_can_be_written_is_read(situation: Situation) -> None:
    read = Interventions.parse(
        hold=["qalamoun=opposition"],
        policy=["government=broad,spring", "opposition=raid"],
        settings=["weather.winter_offset=-1..2", "processes.insurgency=off", "processes.weather=on"],
    )
    read.check(situation)
    assert read.hold == (Hold("qalamoun", "opposition"),)
    assert read.policies == {"government": "broad", "opposition": "raid"}
    assert read.wait_for_spring == {"government": True}
    assert read.settings == {"weather.winter_offset": "-1..2"}
    assert read.switches == {"insurgency": False}


def test_an_area_is_held_place_by_place(situation: Situation) -> None:
    read = Interventions.parse(hold=["highway=government", "yabroud=opposition"])
    assert read.held_places(situation) == {"nabk": "government", "qara": "government", "yabroud": "opposition"}


def test_a_name_of_both_an_area_and_a_place_must_say_which(situation: Situation) -> None:
    assert faults_of(situation, hold=["nabk=government"]) == ["nabk is both an area and a place: write area:nabk or place:nabk."]
    assert Interventions.parse(hold=["place:nabk=government"]).held_places(situation) == {"nabk": "government"}


def test_codes_that_stand_for_something_are_taken(situation: Situation) -> None:
    for text in ("0", "1", "2", "2.0"):
        assert faults_of(situation, settings=[f"combat.law={text}"]) == []


def test_every_code_is_of_a_parameter_whose_meaning_names_it() -> None:
    for key, codes in CODES.items():
        assert PARAMETERS[key].default in codes
        assert all(f"{code:g}" in PARAMETERS[key].meaning for code in codes)


@pytest.mark.parametrize(
    ("texts", "said"),
    [
        ({"hold": ["yabrud=opposition"]}, "There is no area or place yabrud; did you mean yabroud?"),
        ({"hold": ["qara=goverment"]}, "There is no side goverment; did you mean government?"),
        ({"hold": ["empty=government"]}, "The area empty has no places."),
        ({"hold": ["region:qara=government"]}, "--hold region:qara: before the colon stands area or place, not 'region'."),
        ({"hold": ["qara"]}, "--hold qara: write GROUND=SIDE."),
        ({"hold": ["=government"]}, "--hold =government: write GROUND=SIDE."),
        ({"start_holder": ["yabrud=opposition"]}, "There is no area or place yabrud; did you mean yabroud?"),
        ({"start_holder": ["qara=goverment"]}, "There is no side goverment; did you mean government?"),
        ({"start_holder": ["region:qara=government"]}, "--start-holder region:qara: before the colon stands area or place"),
        ({"start_holder": ["qara"]}, "--start-holder qara: write GROUND=SIDE."),
        ({"policy": ["government=piecemal"]}, "There is no policy piecemal; did you mean piecemeal?"),
        ({"policy": ["neutral=hold"]}, "The side neutral is passive and has no policy."),
        ({"policy": ["government=broad,summer"]}, "after the comma stands spring or now, not 'summer'."),
        (
            {"settings": ["weather.winter_ofset=1"]},
            "There is no parameter weather.winter_ofset; did you mean weather.winter_offset?",
        ),
        ({"settings": ["processes.insurgancy=off"]}, "There is no process insurgancy; did you mean insurgency?"),
        ({"settings": ["processes.insurgency=perhaps"]}, "a process is on or off."),
        ({"settings": ["weather.winter_offset=cold"]}, "'cold' is no quantity"),
        ({"settings": ["weather.p_wet_after_wet=2"]}, "it is above 1: 2"),
        ({"settings": ["weather.anomaly_sd=-3"]}, "it is negative: -3"),
        ({"settings": ["combat.law=3"]}, "it stands for something and is no measure: write 0 (in phases), 1 (by Lanchester's"),
        ({"settings": ["combat.law=0.5"]}, "write 0 (in phases), 1 (by Lanchester's linear law), 2 (by"),
        ({"settings": ["combat.law=0..2"]}, "it stands for something and is no measure"),
        ({"settings": ["combat.law=about 1"]}, "it stands for something and is no measure"),
    ],
)
def test_what_is_wrong_is_said_with_the_nearest_name(situation: Situation, texts: dict[str, list[str]], said: str) -> None:
    (fault,) = faults_of(situation, **texts)
    assert said in fault


@pytest.mark.parametrize(
    "texts",
    [
        {"hold": ["qalamoun=government", "qara=opposition"]},
        {"hold": ["qara=government", "qara=opposition"]},
        {"start_holder": ["qalamoun=government", "qara=opposition"]},
        {"hold": ["qalamoun=government"], "start_holder": ["qara=opposition"]},
        {"policy": ["government=broad", "government=hold"]},
        {"policy": ["government=broad,now", "government=broad,spring"]},
        {"settings": ["weather.winter_offset=1", "weather.winter_offset=2"]},
        {"settings": ["processes.weather=on", "processes.weather=off"]},
    ],
)
def test_contradictions_are_refused(situation: Situation, texts: dict[str, list[str]]) -> None:
    (fault,) = faults_of(situation, **texts)
    assert "contradict" in fault


def test_the_same_said_twice_is_no_contradiction(situation: Situation) -> None:
    assert (
        faults_of(situation, hold=["qalamoun=government", "qara=government"], policy=["government=broad", "government=broad"])
        == []
    )


def test_all_faults_come_at_once(situation: Situation) -> None:
    assert len(faults_of(situation, hold=["x", "y"], policy=["z"], settings=["w", "processes.weather=maybe"])) == 5
    assert len(faults_of(situation, hold=["atlantis=nobody"], policy=["nobody=nothing"], settings=["a=b"])) == 5


def test_every_parameter_and_process_of_the_package_can_be_set(situation: Situation) -> None:
    settings = [f"{key}={parameter.default}" for key, parameter in PARAMETERS.items()]
    assert faults_of(situation, settings=settings + [f"processes.{name}=off" for name in PROCESSES]) == []


words = st.text("abc", min_size=1, max_size=3)


@given(
    hold=st.lists(st.tuples(words, words), max_size=4),
    policies=st.dictionaries(words, words, max_size=3),
    settings=st.dictionaries(words, words, max_size=3),
    switches=st.dictionaries(words, st.booleans(), max_size=3),
)
def test_json_round_trips_and_does_not_depend_on_the_order(
    hold: list[tuple[str, str]], policies: dict[str, str], settings: dict[str, str], switches: dict[str, bool]
) -> None:
    forwards = Interventions(tuple(Hold(*pair) for pair in hold), policies, {}, settings, switches)
    backwards = Interventions(
        tuple(Hold(*pair) for pair in reversed(hold)),
        *(dict(reversed(each.items())) for each in (policies, {}, settings, switches)),
    )
    assert json.dumps(forwards.to_json()) == json.dumps(backwards.to_json())
    assert Interventions.from_json(json.loads(json.dumps(forwards.to_json()))) == forwards


@pytest.mark.parametrize("written", [{"hold": [["qara"]]}, {"hold": "qara"}, {"held": []}, {"policies": 3}])
def test_json_of_another_form_is_refused(written: dict[str, object]) -> None:
    with pytest.raises(RunRefused):
        Interventions.from_json(written)


def test_another_start_is_written_and_read_back_and_old_manifests_have_none() -> None:
    read = Interventions.parse(start_holder=["qara=opposition", "nabk=opposition"], hold=["yabroud=government"])
    written = json.loads(json.dumps(read.to_json()))
    assert written["start_holder"] == [["nabk", "opposition"], ["qara", "opposition"]]
    assert Interventions.from_json(written) == read
    assert Interventions.from_json({"hold": [["yabroud", "government"]]}).start_holder == ()
    with pytest.raises(RunRefused, match="start_holder is no list"):
        Interventions.from_json({"start_holder": "qara"})


def test_a_contradiction_is_said_as_it_was_written(situation: Situation) -> None:
    (fault,) = faults_of(situation, hold=["qalamoun=government"], start_holder=["qara=opposition"])
    assert fault.startswith("--hold qalamoun=government and --start-holder qara=opposition contradict each other")
