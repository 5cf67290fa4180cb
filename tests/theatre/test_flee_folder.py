"""Folders of Flee: what is read, and what is said about what cannot be."""

from __future__ import annotations

from pathlib import Path

import pytest

from flee_folders import CLOSURES, COUNTS, LAYOUT, LOCATIONS, ROUTES, SETTINGS, conflicts, write_flee_folder
from keyterrain.theatre.faults import ScenarioFaults
from keyterrain.theatre.flee_folder import read_flee_folder
from keyterrain.theatre.flee_settings import read_settings
from keyterrain.theatre.flee_tables import CountSeries, summed


def faults_of(folder: Path) -> list[str]:
    with pytest.raises(ScenarioFaults) as caught:
        read_flee_folder(folder)
    return [str(fault) for fault in caught.value.faults]


def test_a_sound_folder_is_read_without_a_warning(tmp_path: Path) -> None:
    folder = read_flee_folder(write_flee_folder(tmp_path))
    assert folder.warnings == ()
    assert (folder.days, len(folder.places), len(folder.links)) == (60, 6, 5)
    assert [folder.places[k].name for k in folder.camps] == ["Lager", "Zelt", "Hof"]
    assert folder.observed()[[0, 31, 59]].tolist() == [[100, 100, 100], [3000, 2166, 1185], [5896, 4033, 2165]]
    assert folder.totals().tolist() == folder.observed().sum(axis=1).tolist()


def test_counts_are_held_outside_their_dates_and_whole_between_them() -> None:
    series = CountSeries((3, 10), (10.0, 24.0))
    assert [series.on(day) for day in (0, 3, 4, 9, 10, 99)] == [10, 10, 12, 22, 24, 24]


def test_counts_before_a_second_registration_are_scaled_to_it() -> None:
    assert CountSeries((0, 5, 9), (50.0, 100.0, 60.0)).scaled_before(9) == CountSeries((0, 5, 9), (30.0, 60.0, 60.0))
    assert CountSeries((0, 5), (1.0, 2.0)).scaled_before(4) is None


def test_two_files_of_a_camp_are_summed() -> None:
    both = summed(CountSeries((0, 10, 20), (5.0, 6.0, 7.0)), CountSeries((0, 15, 20), (1.0, 2.0, 3.0)))
    assert both == CountSeries((0, 10, 15, 20), (6.0, 7.0, 9.0, 10.0))


def test_a_byte_order_mark_windows_line_ends_and_quoted_commas_are_no_fault(tmp_path: Path) -> None:
    quoted = LOCATIONS.replace("Weiler,North", '"Weiler, der alte",North')
    routes = ROUTES.replace("Weiler", '"Weiler, der alte"')
    folder = read_flee_folder(
        write_flee_folder(tmp_path, locations="\ufeff" + quoted.replace("\n", "\r\n"), routes=routes.replace("\n", "\r\n"))
    )
    assert folder.places[2].name == "Weiler, der alte"
    assert folder.links[1].second == 2


def test_all_faults_are_said_at_once_with_file_and_row(tmp_path: Path) -> None:
    folder = write_flee_folder(
        tmp_path,
        routes=ROUTES.replace("Weiler,Lager,70", "Weilr,Lager,siebzig") + "Hof,Hof,3,0\n",
        closures=CLOSURES + "country,Homeland,Homeland,1,5\nborder,a,b,1,2\ncountry,Homeland,Neighbor,9,3\n",
        lager="Date,Count\n2020-02-01,5\n2020-01-01,6\n",
        data_layout=LAYOUT.replace("Zelt,zelt.csv\n", ""),
        simsetting=SETTINGS.replace("camp_weight", "camp_wieght"),
        conflicts=conflicts().replace("\n3, 1", "\n4, 1").replace("\n7, 1", "\n7, 2"),
    )
    said = "\n".join(faults_of(folder))
    for expected in (
        "input_csv/routes.csv, row 4, name1: 'Weilr' is no place of input_csv/locations.csv (nearest valid: Weiler)",
        "input_csv/routes.csv, row 4, distance: 'siebzig' is no number",
        "input_csv/routes.csv, row 7: leads from 'Hof' to itself",
        "input_csv/closures.csv, row 2: closes 'Homeland' against itself",
        "input_csv/closures.csv, row 3, closure_type: 'border' is no type of closure",
        "input_csv/closures.csv, row 4, name2: 'Neighbor' is no country of input_csv/locations.csv (nearest valid: Neighbour)",
        "input_csv/closures.csv, row 4, closure_end: day 3 is before day 9",
        "source_data/lager.csv, row 3, date: 2020-01-01 is before the date of the row above it",
        "input_csv/locations.csv, row 6, Zelt: the camp has no counts in source_data/data_layout.csv",
        "simsetting.yml, row 7, camp_wieght: is no setting of Flee's move_rules (nearest valid: camp_weight)",
        "input_csv/conflicts.csv, row 5, #Day: '4' stands where day 3 is due",
        "input_csv/conflicts.csv, row 9, intensity: 2 does not lie between 0 and 1",
    ):
        assert expected in said


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"routes": ""}, "input_csv/routes.csv, row 1: the file is empty"),
        ({"routes": "#name1,name2,distance\n"}, "input_csv/routes.csv, row 1: holds no rows of data"),
        ({"lager": ""}, "source_data/lager.csv, row 1: the file is empty"),
        ({"lager": "Date,Count\n2020-01-01,99999999999\n"}, "lager.csv, row 2, count: 99999999999 is not from 0 to 100,000,000"),
        ({"lager": "Date,Count\n2020-01-01,-1\n"}, "lager.csv, row 2, count: -1 is not from 0 to 100,000,000"),
        ({"locations": LOCATIONS + "Zelt,E,Neighbour,1,1,camp,,0\n"}, "input_csv/locations.csv, row 8, name: 'Zelt' stands"),
        ({"locations": LOCATIONS.replace("town", "twon")}, "location_type: 'twon' is no type of place (nearest valid: town)"),
        ({"data_layout": LAYOUT.replace("zelt", "lager")}, "row 3: lager.csv holds the counts of 'Lager' already"),
        ({"sim_period": "StartDate,01.01.2020\nLength,60\n"}, "sim_period.csv, row 1, date: '01.01.2020' is no date"),
        ({"sim_period": "StartDate,2020-01-01\n"}, "input_csv/sim_period.csv, Length: is not given"),
        ({"conflicts": conflicts(30)}, "conflicts.csv, #Day: has 30 days; input_csv/sim_period.csv asks for 60"),
        ({"simsetting": "move_rules:\n  awareness_level: [\n"}, "simsetting.yml, row 3: is no YAML"),
        ({"simsetting": "move_rules:\n  camp_movechance: 3\n"}, "simsetting.yml, row 2, camp_movechance: 3.0 is no chance"),
    ],
)  # fmt: skip
def test_a_fault_is_named_where_it_is(tmp_path: Path, files: dict[str, str], expected: str) -> None:
    assert any(expected in fault for fault in faults_of(write_flee_folder(tmp_path, **files)))


def test_a_missing_file_and_a_missing_folder_are_faults(tmp_path: Path) -> None:
    folder = write_flee_folder(tmp_path)
    (folder / "input_csv" / "routes.csv").unlink()
    assert any("input_csv/routes.csv: is missing" in fault for fault in faults_of(folder))
    assert "is no folder" in faults_of(tmp_path / "nowhere")[0]


def test_settings_are_read_under_old_and_new_names() -> None:
    new = read_settings("move_rules:\n  max_move_speed: 120\n  softening: 4\nspawn_rules:\n  insert_day0: False\n")
    old = read_settings("MaxMoveSpeed: 120\nDistanceSoftening: 4\nInsertDayZeroRefugeesInCamps: False\n")
    assert new.settings == old.settings
    assert new.settings.max_move_speed == 120.0
    assert not new.faults
    assert not old.faults


def test_a_setting_that_is_not_simulated_is_warned_of() -> None:
    read = read_settings("move_rules:\n  avoid_short_stints: True\n  stay_close_to_home: False\n")
    assert [warning.field for warning in read.warnings] == ["avoid_short_stints"]


def test_capacities_taken_from_the_counts_are_found(tmp_path: Path) -> None:
    taken = LOCATIONS.replace("camp,,9000", "camp,,6050")
    assert [each.camp for each in read_flee_folder(write_flee_folder(tmp_path, locations=taken)).leaked] == ["Lager"]
    assert read_flee_folder(write_flee_folder(tmp_path, "other")).leaked == ()


def test_a_folder_may_know_totals_without_destinations_and_the_reverse(tmp_path: Path) -> None:
    totals = read_flee_folder(write_flee_folder(tmp_path, "totals", data_layout="total,refugees.csv\n"))
    assert not totals.is_observed
    assert totals.totals()[[0, 59]].tolist() == [300, 12100]
    camps = read_flee_folder(write_flee_folder(tmp_path, "camps", data_layout=LAYOUT.replace("total,refugees.csv\n", "")))
    assert camps.totals().tolist() == camps.observed().sum(axis=1).tolist()


def test_a_place_that_no_route_reaches_is_warned_of(tmp_path: Path) -> None:
    folder = read_flee_folder(write_flee_folder(tmp_path, locations=LOCATIONS + "Insel,E,Neighbour,1,1,town,,0\n"))
    assert [warning.field for warning in folder.warnings] == ["Insel"]


def test_names_in_counts_that_are_no_places_are_warned_of(tmp_path: Path) -> None:
    folder = write_flee_folder(tmp_path, data_layout=LAYOUT + "Zelte,fern.csv\n")
    (folder / "source_data" / "fern.csv").write_text(COUNTS["hof.csv"], encoding="utf-8")
    read = read_flee_folder(folder)
    assert read.warnings[0].nearest is None or read.warnings[0].field == "Zelte"
    assert read.totals()[0] == 400
