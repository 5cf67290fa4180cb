"""Our rules of displacement: what makes a camp pull, one thing at a time, on folders that tests write."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from flee_folders import CLOSURES, LOCATIONS, ROUTES, conflicts, write_flee_folder
from keyterrain.campaign.refugee_ensemble import CERTAIN, DisplacementRun, play_displacement
from keyterrain.campaign.refugee_rules import FITTED, GoalParameters, goal_frame, tuned
from keyterrain.theatre.flee_folder import read_flee_folder

UNLIMITED = LOCATIONS.replace("camp,,9000", "camp,,0")
INDIFFERENT = GoalParameters(distance_power=0.0, sharing=0.0, crowd_power=0.0, site_power=0.0)
"""People to whom every camp that they can reach is the same."""
HUB = "Tor,East,{},11.4,10.1,forwarding_hub,,0\n"
LAGER, ZELT, HOF = 0, 1, 2


def play(folder: Path, parameters: GoalParameters = FITTED, **options: object) -> DisplacementRun:
    read = read_flee_folder(folder)
    return play_displacement(read, replicates=1, threads=1, parameters=parameters, uncertainty=CERTAIN, **options)  # type: ignore[arg-type]


def risen(run: DisplacementRun) -> np.ndarray:
    """Return each camp's share of those who came since day 0."""
    rise = run.arrived[0, -1].astype(float) - run.folder.observed()[0]
    return rise / rise.sum()


def test_people_to_whom_all_camps_are_the_same_divide_evenly(tmp_path: Path) -> None:
    run = play(write_flee_folder(tmp_path, locations=UNLIMITED), INDIFFERENT)
    assert risen(run) == pytest.approx([1 / 3] * 3, abs=0.01)


def test_countries_that_share_in_full_get_the_same_however_many_camps_they_have(tmp_path: Path) -> None:
    folder = write_flee_folder(tmp_path, locations=UNLIMITED)
    assert risen(play(folder, replace(INDIFFERENT, sharing=1.0))) == pytest.approx([1 / 4, 1 / 4, 1 / 2], abs=0.01)
    halfway = np.array([2**-0.5, 2**-0.5, 1.0])
    assert risen(play(folder, replace(INDIFFERENT, sharing=0.5))) == pytest.approx(halfway / halfway.sum(), abs=0.01)


def test_a_camp_stands_for_its_forwarding_hubs_and_for_no_one_elses(tmp_path: Path) -> None:
    sites = replace(INDIFFERENT, site_power=1.0)
    with_hub = {"routes": ROUTES + "Tor,Lager,5,0\n"}
    for country, expected in (("Neighbour", [1 / 2, 1 / 4, 1 / 4]), ("Elsewhere", [1 / 3, 1 / 3, 1 / 3])):
        run = play(write_flee_folder(tmp_path, country, locations=UNLIMITED + HUB.format(country), **with_hub), sites)
        assert risen(run) == pytest.approx(expected, abs=0.01)
    cut_off = write_flee_folder(tmp_path, "cut-off", locations=UNLIMITED + HUB.format("Neighbour"))
    assert goal_frame(read_flee_folder(cut_off)).sites.tolist() == [1, 1, 1]


def test_people_go_where_people_went(tmp_path: Path) -> None:
    followers = replace(INDIFFERENT, crowd_power=1.0)
    crowded = {"zelt": "Date,Count\n2020-01-01,900\n2020-03-01,4100\n"}
    alone = play(write_flee_folder(tmp_path, "alone", locations=UNLIMITED, **crowded), INDIFFERENT)
    drawn = play(write_flee_folder(tmp_path, "drawn", locations=UNLIMITED, **crowded), followers)
    assert risen(alone)[ZELT] == pytest.approx(1 / 3, abs=0.01)
    assert risen(drawn)[ZELT] > 0.4


def test_nearer_camps_get_more_in_any_unit(tmp_path: Path) -> None:
    folder = write_flee_folder(tmp_path, locations=UNLIMITED)
    near = risen(play(folder, replace(INDIFFERENT, distance_power=1.0)))
    assert near[HOF] > near[LAGER] > near[ZELT]


def test_zones_send_people_by_a_power_of_their_population(tmp_path: Path) -> None:
    frame = goal_frame(read_flee_folder(write_flee_folder(tmp_path)))
    for power in (0.0, 0.5, 1.0):
        days = tuned(frame, GoalParameters(people_power=power)).days
        sent = days.people[:2] * days.fighting[30, :2]
        assert sent[0] / sent[1] == pytest.approx(1.5**power)


def test_nothing_but_leaked_capacities_changes_when_they_do(tmp_path: Path) -> None:
    """Both camps abroad have the highest count for a capacity; the third capacity is of the same kind, and no limit either."""
    given = LOCATIONS.replace("camp,,9000", "camp,,6000").replace(
        "Zelt,East,Neighbour,11.5,10.5,camp,,0", "Zelt,East,Neighbour,11.5,10.5,camp,,4100"
    )
    given = given.replace("idpcamp,,0", "idpcamp,,700")
    without, leaking = (
        play(write_flee_folder(tmp_path, name, locations=text)) for name, text in (("without", UNLIMITED), ("leaking", given))
    )
    assert leaking.unused_capacities == ("Lager", "Zelt", "Hof")
    assert leaking.arrived.tobytes() == without.arrived.tobytes()
    assert leaking.central.tobytes() == without.central.tobytes()
    asked = play(write_flee_folder(tmp_path, "asked", locations=given), capacities="as-given")
    assert asked.unused_capacities == ()
    assert asked.arrived[0, -1, HOF] <= 770 < without.arrived[0, -1, HOF]


def test_capacities_hold_where_few_of_them_leak(tmp_path: Path) -> None:
    given = LOCATIONS.replace("camp,,9000", "camp,,6000").replace("idpcamp,,0", "idpcamp,,700")
    run = play(write_flee_folder(tmp_path, locations=given))
    assert run.unused_capacities == ("Lager",)
    assert run.arrived[0, -1, HOF] <= 770


def test_where_the_border_is_shut_all_stay_in_the_country(tmp_path: Path) -> None:
    shut = play(write_flee_folder(tmp_path, locations=UNLIMITED, closures=CLOSURES + "country,Homeland,Neighbour,0,-1\n"))
    assert risen(shut).tolist() == [0.0, 0.0, 1.0]
    opened = play(write_flee_folder(tmp_path, "opened", locations=UNLIMITED))
    assert 0.0 < risen(opened)[HOF] < 0.8


def test_displaced_people_leave_a_camp_that_is_fought_over(tmp_path: Path) -> None:
    rows = conflicts().splitlines()
    fought = [rows[0] + ", Hof", *(f"{row}, {int(day >= 30)}" for day, row in enumerate(rows[1:]))]
    run = play(write_flee_folder(tmp_path, locations=UNLIMITED, conflicts="\n".join(fought) + "\n"))
    assert run.arrived[0, 29, HOF] > 500
    assert run.arrived[0, -1, HOF] == 0
    assert (run.arrived[0].sum(axis=1) + run.elsewhere[0, :, 0] == run.folder.totals()).all()


@pytest.mark.parametrize(("kind", "camp", "column"), [("idpcamp", "Hof", HOF), ("camp", "Zelt", ZELT)])
def test_a_camp_that_closes_is_left_and_not_sought(tmp_path: Path, kind: str, camp: str, column: int) -> None:
    run = play(write_flee_folder(tmp_path, locations=UNLIMITED, closures=CLOSURES + f"{kind},{camp},,20,40\n"))
    assert run.arrived[0, 19, column] > 200
    assert run.arrived[0, 39, column] < 20
    assert run.arrived[0, -1, column] > 100
