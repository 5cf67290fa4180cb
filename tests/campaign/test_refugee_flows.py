"""Flows of refugees under both sets of rules: laws that hold whatever the parameters."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from flee_folders import CLOSURES, LOCATIONS, ROUTES, SETTINGS, write_flee_folder
from keyterrain.campaign.refugee_ensemble import CERTAIN, RETURNED, UNDER_WAY, DisplacementRun, play_displacement
from keyterrain.theatre.flee_folder import read_flee_folder

BOTH = pytest.mark.parametrize("rules", ["flee", "keyterrain"])


def play(folder: Path, rules: str, replicates: int = 3, **options: object) -> DisplacementRun:
    return play_displacement(read_flee_folder(folder), rules=rules, replicates=replicates, threads=1, **options)  # type: ignore[arg-type]


@BOTH
@pytest.mark.parametrize("awareness", [1, 2, 3])
def test_people_are_conserved_to_the_last_one_on_every_day(tmp_path: Path, rules: str, awareness: int) -> None:
    settings = SETTINGS.replace("awareness_level: 1", f"awareness_level: {awareness}")
    falling = "Date,Count\n2020-01-01,100\n2020-01-20,3000\n2020-02-01,900\n2020-03-01,6000\n"
    run = play(write_flee_folder(tmp_path, simsetting=settings, lager=falling), rules, uncertainty=CERTAIN)
    everybody = run.arrived.sum(axis=2) + run.elsewhere[:, :, UNDER_WAY] + run.elsewhere[:, :, 2] - run.elsewhere[:, :, 3]
    assert (everybody == run.folder.totals()).all()
    assert (run.elsewhere >= 0).all()
    assert (run.elsewhere[:, -1, RETURNED] > 0).all() == (rules == "keyterrain")


@BOTH
def test_a_closed_border_lets_no_one_through(tmp_path: Path, rules: str) -> None:
    closed = CLOSURES + "country,Homeland,Neighbour,0,-1\n"
    run = play(write_flee_folder(tmp_path, closures=closed), rules)
    assert run.arrived[:, :, :2].max() <= 100  # who was there on day 0
    assert run.arrived[:, -1, 2].min() > 1000
    opened = play(write_flee_folder(tmp_path, "opened", closures=closed.replace("0,-1", "0,30")), rules)
    assert opened.arrived[:, 29, :2].max() <= 100
    assert opened.arrived[:, 45, :2].sum(axis=1).min() > 400


@BOTH
def test_a_closed_camp_or_place_is_not_reached(tmp_path: Path, rules: str) -> None:
    run = play(write_flee_folder(tmp_path, closures=CLOSURES + "location,Zelt,,0,-1\n"), rules)
    assert run.arrived[:, :, 1].max() <= 100


def test_a_closed_link_is_shut_under_our_rules(tmp_path: Path) -> None:
    run = play(write_flee_folder(tmp_path, closures=CLOSURES + "link,Weiler,Zelt,0,-1\n"), "keyterrain")
    assert run.arrived[:, :, 1].max() <= 100


@BOTH
def test_an_isolated_camp_gets_nobody(tmp_path: Path, rules: str) -> None:
    routes = ROUTES.replace("Weiler,Zelt,90,0\n", "")
    zelt = "Date,Count\n2020-01-01,0\n2020-03-01,4100\n"
    run = play(write_flee_folder(tmp_path, routes=routes, zelt=zelt), rules)
    assert run.arrived[:, :, 1].max() == 0


@BOTH
def test_doubling_all_distances_and_speeds_changes_nothing(tmp_path: Path, rules: str) -> None:
    twice = re.sub(r",(\d+),0\n", lambda m: f",{2 * int(m[1])},0\n", ROUTES)
    settings = SETTINGS.replace("max_move_speed: 200", "max_move_speed: {}\n  softening: {}\n  max_walk_speed: {}")
    run = play(write_flee_folder(tmp_path, "once", simsetting=settings.format(200, 10, 35)), rules)
    doubled = play(write_flee_folder(tmp_path, "twice", simsetting=settings.format(400, 20, 70), routes=twice), rules)
    assert (run.arrived == doubled.arrived).all()


@BOTH
def test_the_same_seed_gives_the_same_bytes_on_any_number_of_threads(tmp_path: Path, rules: str) -> None:
    folder = read_flee_folder(write_flee_folder(tmp_path))
    one, two = (play_displacement(folder, rules=rules, replicates=5, seed=7, threads=n) for n in (1, 3))
    assert one.arrived.tobytes() == two.arrived.tobytes()
    other = play_displacement(folder, rules=rules, replicates=5, seed=8, threads=1)
    assert one.arrived.tobytes() != other.arrived.tobytes()


@BOTH
def test_shares_do_not_depend_on_how_many_people_there_are(tmp_path: Path, rules: str) -> None:
    small = play(write_flee_folder(tmp_path, "small"), rules, uncertainty=CERTAIN, capacities="without-leaked")
    unlimited = LOCATIONS.replace("camp,,9000", "camp,,0")
    small = play(write_flee_folder(tmp_path, "small2", locations=unlimited), rules, uncertainty=CERTAIN)
    large = play(write_flee_folder(tmp_path, "large", locations=unlimited, scale=100), rules, uncertainty=CERTAIN)
    shares = [run.arrived[0, -1] / run.arrived[0, -1].sum() for run in (small, large)]
    assert np.abs(shares[0] - shares[1]).max() < 0.02


def test_a_full_camp_is_left_out_only_where_its_capacity_holds(tmp_path: Path) -> None:
    tight = write_flee_folder(tmp_path, locations=LOCATIONS.replace("camp,,9000", "camp,,1200"))
    free = write_flee_folder(tmp_path, "free", locations=LOCATIONS.replace("camp,,9000", "camp,,0"))
    for rules in ("flee", "keyterrain"):
        assert play(tight, rules).arrived[:, :, 0].max() < 1350
        assert play(free, rules, uncertainty=CERTAIN).arrived[:, -1, 0].min() > 1500


def test_forced_redirection_sends_people_along_it_under_our_rules(tmp_path: Path) -> None:
    forced = ROUTES.replace("Weiler,Zelt,90,0", "Weiler,Zelt,90,2")  # from Weiler to Zelt
    run = play(write_flee_folder(tmp_path, routes=forced), "keyterrain")
    assert run.arrived[:, :, 0].max() <= 100
    lifted = CLOSURES + "remove_forced_redirection,Weiler,Zelt,30,-1\n"
    later = play(write_flee_folder(tmp_path, "later", routes=forced, closures=lifted), "keyterrain")
    assert later.arrived[:, -1, 0].min() > 300


def test_twin_camps_get_twin_arrivals(tmp_path: Path) -> None:
    twins = ROUTES.replace("Weiler,Lager,70", "Weiler,Lager,90")
    for rules in ("flee", "keyterrain"):
        run = play(
            write_flee_folder(tmp_path, rules, routes=twins, locations=LOCATIONS.replace("camp,,9000", "camp,,0")),
            rules,
            uncertainty=CERTAIN,
        )
        assert abs(int(run.arrived[0, -1, 0]) - int(run.arrived[0, -1, 1])) < 0.06 * run.arrived[0, -1, 0]


@pytest.mark.parametrize("mode", ["constant", "poisson", "pop_ratio"])
def test_the_fighting_itself_may_drive_people_out(tmp_path: Path, mode: str) -> None:
    rate = 0.001 if mode == "pop_ratio" else 60
    driven = f"spawn_rules:\n  conflict_driven_spawning:\n    spawn_mode: {mode}\n    displaced_per_conflict_day: {rate}\n"
    run = play(write_flee_folder(tmp_path, simsetting=SETTINGS.replace("spawn_rules:\n", driven)), "flee")
    people = run.arrived.sum(axis=2) + run.elsewhere[:, :, UNDER_WAY]
    assert people[:, 0].tolist() == pytest.approx([360] * 3, abs=25)
    assert people[:, -1].tolist() == pytest.approx([300 + 60 * 60 + 40 * 40 * (1 if mode == "pop_ratio" else 1.5)] * 3, rel=0.03)


@pytest.mark.parametrize("order", [1, -1])
def test_nobody_travels_further_in_a_day_than_a_day_goes_in_whatever_order_links_are_listed(tmp_path: Path, order: int) -> None:
    links = ["Anfang,Weiler,100,0", "Weiler,Lager,500,0"][::order]
    counts = "Date,Count\n2020-01-01,0\n2020-03-01,12000\n"
    folder = write_flee_folder(
        tmp_path,
        locations="".join(row + "\n" for row in LOCATIONS.splitlines() if row.startswith(("#", "Anfang", "Weiler", "Lager"))),
        routes="\n".join(["#name1,name2,distance,forced_redirection", *links]) + "\n",
        conflicts="#Day,Anfang\n" + "".join(f"{day},1\n" for day in range(60)),
        data_layout="total,refugees.csv\nLager,lager.csv\n",
        lager=counts,
        refugees=counts,
    )
    arrived = play(folder, "keyterrain", uncertainty=CERTAIN).arrived[:, :, 0]
    assert arrived[:, :3].max() == 0  # newcomers of day 1 have 600 km before them, three days of 200
    assert arrived[:, 3].min() > 20
