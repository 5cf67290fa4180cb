"""The law of destinations: values small enough for paper, and two kernels that send the same shares."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from destination_by_hand import crowd_of, near_of, room_of, sampled_of
from flee_folders import SETTINGS, conflicts, write_flee_folder
from keyterrain.campaign.refugee_ensemble import CERTAIN, play_displacement
from keyterrain.campaign.refugee_rules import FITTED, SHARED
from keyterrain.dynamics.state import NONE, WAYS
from keyterrain.theatre.flee_folder import read_flee_folder
from keyterrain.theatre.parameters import PARAMETERS
from steps_by_hand import displace
from worlds_by_hand import BYSTANDER, GOVERNMENT, SEED, Actor, Road, evening, make_draw, make_world, opened


def test_a_pull_falls_with_the_way_as_written() -> None:
    assert near_of(1.5, 0.5, 2.0, 0.0) == pytest.approx((0.25, math.log(0.25)))
    assert near_of(1.5, 0.5, 2.0, 3.0)[0] == pytest.approx(0.25 * math.exp(-0.5))
    assert near_of(7.0, 0.5, 0.0, 0.0) == pytest.approx((1.0, 0.0))


def test_the_displaced_draw_others_by_their_share() -> None:
    assert crowd_of(0.0, 10.0, 1.5) == pytest.approx((1.0, 0.0))
    assert crowd_of(30.0, 10.0, 1.5) == pytest.approx((8.0, math.log(8.0)))


def test_room_falls_from_the_buffer_to_the_capacity() -> None:
    assert [room_of(100.0, n, 0.8) for n in (0, 80, 90, 95, 100, 300)] == pytest.approx([1, 1, 0.5, 0.25, 0, 0])
    assert [room_of(100.0, n, 0.0) for n in (0, 25, 100)] == pytest.approx([1, 0.75, 0])
    assert room_of(0.0, 10**6, 0.8) == 1.0


@pytest.mark.parametrize("u", [0.001, 0.37, 0.999])
def test_a_systematic_sample_gives_each_its_share_to_within_a_person(u: float) -> None:
    expected = np.cumsum([2.4, 0.2, 5.1, 3.3])
    given = np.diff([0, *(sampled_of(11, each, u) for each in expected)])
    assert given.sum() == 11
    assert (np.abs(given - [2.4, 0.2, 5.1, 3.3]) < 1.0).all()


def test_both_kernels_read_the_same_numbers() -> None:
    assert {name: getattr(FITTED, name) for name in SHARED} == {
        name: PARAMETERS[f"displacement.{name}"].default for name in SHARED
    }


LOCATIONS = """#name,region,country,lat,lon,location_type,conflict_date,population/capacity
Anfang,North,Homeland,10.0,10.0,conflict_zone,0,60000
Mitte,North,Homeland,10.5,10.0,town,,0
Weiler,North,Homeland,11.0,10.0,town,,0
Lager,East,Neighbour,11.5,10.0,camp,,0
Zelt,East,Neighbour,11.5,10.5,camp,,0
Hof,East,Neighbour,10.0,9.0,camp,,0
"""
ROUTES = """#name1,name2,distance,forced_redirection
Anfang,Mitte,1,0
Mitte,Weiler,1,0
Anfang,Lager,30,0
Anfang,Zelt,90,0
Anfang,Hof,150,0
"""
KM = np.array([30.0, 90.0, 150.0])
NOBODY = "Date,Count\n2020-01-01,0\n2020-03-01,4000\n"


def test_a_folder_and_a_campaign_send_the_same_shares(tmp_path: Path) -> None:
    """One place that people flee from, three goals of one size: two kernels, one law."""
    fought = conflicts().replace("Anfang, Mitte", "Anfang, Weiler")
    folder = write_flee_folder(
        tmp_path, locations=LOCATIONS, routes=ROUTES, conflicts="\n".join(row.rsplit(",", 1)[0] for row in fought.splitlines()),
        simsetting=SETTINGS.replace("max_move_speed: 200", "max_move_speed: 5000"), lager=NOBODY, zelt=NOBODY, hof=NOBODY,
    )  # fmt: skip
    parameters = replace(FITTED, crowd_power=0.0, leave=1.0)
    run = play_displacement(
        read_flee_folder(folder), replicates=1, threads=1, parameters=parameters, uncertainty=CERTAIN, capacities="without-leaked"
    )
    arrived = run.central[-1] / run.central[-1].sum()

    roads = [Road(0, 1 + i, float(km) / 10.0) for i, km in enumerate(KM)]
    world = make_world(4, roads, [Actor(GOVERNMENT)], n_abroad=0, mean_way_hours=float(KM.mean()) / 10.0)
    par = {"displacement_leave_rate": 1e3, "displacement_killed_rate": 0.0, "displacement_size_power": 0.0}
    draw = make_draw(
        holder=np.full(4, BYSTANDER), residents=[100_000], population=np.full(4, 1e5), room=np.full(4, 1e12), par=par
    )
    states = evening(world, draw)
    s = opened(states)
    s.battle[0], s.besieger[0], s.attacker[0] = True, GOVERNMENT, NONE
    displace(1, world, draw, states, SEED, np.uint64(0))
    n = int(s.count[WAYS])
    sent = np.bincount(s.way_goal[:n], s.way_n[:n], minlength=4)[1:] / 100_000

    expected = (FITTED.softening + KM / KM.mean()) ** -FITTED.distance_power
    assert sent == pytest.approx(expected / expected.sum(), abs=1e-3)  # between the steps of the table it is interpolated
    assert arrived == pytest.approx(expected / expected.sum(), abs=0.01)
    assert expected[0] > 2 * expected[2]
