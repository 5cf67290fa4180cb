"""Every kind of fault is found, in its file, row and field, with the nearest valid name; all at once, and nothing else."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from keyterrain.theatre import CheckReport, Fault, ScenarioFaults, check, load
from scenarios import Rows, write_small_scenario, write_terrain


@pytest.fixture
def small(tmp_path: Path) -> Path:
    return write_small_scenario(tmp_path / "small")


def with_cells(row: int, **cells: str) -> Callable[[Rows], Rows]:
    """Change cells of the row that an editor shows at that line."""

    def change(rows: Rows) -> Rows:
        rows[row - 2].update({name.rstrip("_"): text for name, text in cells.items()})
        return rows

    return change


def with_row(row: int, **cells: str) -> Callable[[Rows], Rows]:
    """Append a copy of a row with other cells."""

    def change(rows: Rows) -> Rows:
        return [*rows, {**rows[row - 2], **{name.rstrip("_"): text for name, text in cells.items()}}]

    return change


def without_row(row: int) -> Callable[[Rows], Rows]:
    return lambda rows: [*rows[: row - 2], *rows[row - 1 :]]


def with_entry(*path: str, **entries: Any) -> Callable[[Any], Any]:
    """Change entries of a mapping in the settings, reached by a path of keys."""

    def change(section: Any) -> Any:
        target = section
        for key in path:
            target = target[key]
        target.update({name.rstrip("_"): value for name, value in entries.items()})
        return section

    return change


def without_entry(*path: str) -> Callable[[Any], Any]:
    def change(section: Any) -> Any:
        target = section
        for key in path[:-1]:
            target = target[key]
        del target[path[-1]]
        return section

    return change


class Case(NamedTuple):
    """A change of the sound scenario, and the fault that it is."""

    changes: Mapping[str, Any]
    file: str
    row: int | None
    field: str | None
    what: str
    nearest: str | None = None


YAML = "scenario.yaml"
CASES = {
    "place twice": Case(
        {"places": with_row(3, name="Other")}, "places.csv", 12, "place", "'barracks' is there twice, first in row 3"
    ),
    "place key": Case(
        {"places": with_row(3, place="New Place", name="New")}, "places.csv", 12, "place", "is no key", "new-place"
    ),
    "reserved key": Case({"areas": with_entry(dead={"name": "Dead", "source": "map"})}, YAML, None, "areas.dead.area", "label"),
    "latitude": Case({"places": with_cells(11, lat="94.2")}, "places.csv", 11, "lat", "above 90"),
    "longitude": Case({"places": with_cells(11, lon="-194")}, "places.csv", 11, "lon", "below -180"),
    "no number": Case({"places": with_cells(3, error_km="near")}, "places.csv", 3, "error_km", "'near' is no number"),
    "negative population": Case({"places": with_cells(6, population="-12000")}, "places.csv", 6, "population", "negative"),
    "no quantity": Case({"places": with_cells(6, population="a few")}, "places.csv", 6, "population", "is no quantity"),
    "settlement without people": Case({"places": with_cells(6, population="")}, "places.csv", 6, "population", "blank"),
    "kind of place": Case({"places": with_cells(6, kind="twon")}, "places.csv", 6, "kind", "unknown value 'twon'", "town"),
    "unknown area": Case({"places": with_cells(6, areas="highwy")}, "places.csv", 6, "areas", "unknown area 'highwy'", "highway"),
    "unknown leaning": Case(
        {"places": with_cells(6, leaning="goverment")}, "places.csv", 6, "leaning", "unknown side 'goverment'", "government"
    ),
    "unknown source": Case(
        {"places": with_cells(6, source="map; censsus")}, "places.csv", 6, "source", "'censsus' is neither a key", "census"
    ),
    "no source": Case({"places": with_cells(6, source="")}, "places.csv", 6, "source", "is blank"),
    "undated row": Case({"places": with_cells(6, known_on="")}, "places.csv", 6, "known_on", "undated"),
    "place known too late": Case(
        {"places": with_cells(6, known_on="2013-11-20")}, "places.csv", 6, "known_on", "only after the earliest start, 2013-11-14"
    ),
    "key of place and area": Case(
        {"areas": with_entry(capital={"name": "Capital", "source": "map"})}, YAML, None, "areas.capital.area", "key of a place"
    ),
    "unknown column": Case(
        {"places": lambda rows: [{**row, "populaton": "3"} for row in rows]},
        "places.csv",
        1,
        "populaton",
        "unknown column 'populaton'",
        "population",
    ),
    "route to nowhere": Case(
        {"routes": with_cells(2, to="juncton")}, "routes.csv", 2, "to", "unknown place 'juncton'", "junction"
    ),
    "route to itself": Case({"routes": with_cells(14, to="north-city")}, "routes.csv", 14, "to", "to itself"),
    "route twice": Case(
        {"routes": with_row(2, from_="junction", to="capital")}, "routes.csv", 15, "from", "are there twice, first in row 2"
    ),
    "no length": Case({"routes": with_cells(2, km="0")}, "routes.csv", 2, "km", "not above 0"),
    "shorter than the line": Case({"routes": with_cells(4, km="25")}, "routes.csv", 4, "km", "shorter than the straight line"),
    "kind of route": Case({"routes": with_cells(2, kind="motorwy")}, "routes.csv", 2, "kind", "unknown value", "motorway"),
    "mode": Case({"routes": with_cells(2, modes="vehicle;boot")}, "routes.csv", 2, "modes", "unknown value 'boot'", "foot"),
    "no walking": Case({"routes": with_cells(2, modes="vehicle")}, "routes.csv", 2, "modes", "can be walked", "vehicle;foot"),
    "unknown actor": Case(
        {"forces": with_cells(2, actor="armi")}, "forces.csv", 2, "actor", "unknown actor or side 'armi'", "army"
    ),
    "side as actor": Case(
        {"forces": with_cells(2, actor="government")},
        "forces.csv",
        2,
        "actor",
        "is a side; only a claim can be about a whole side",
    ),
    "force nowhere": Case({"forces": with_cells(4, place="")}, "forces.csv", 4, "place", "where are they"),
    "claim at a place": Case({"forces": with_cells(17, place="capital")}, "forces.csv", 17, "place", "names its region"),
    "force twice": Case({"forces": with_row(4, strength="5")}, "forces.csv", 18, "actor", "twice, first in row 4"),
    "grade": Case({"forces": with_cells(4, grade="b2")}, "forces.csv", 4, "grade", "Admiralty", "B2"),
    "region": Case({"forces": with_cells(4, region="sauth")}, "forces.csv", 4, "region", "unknown area 'sauth'", "south"),
    "no date": Case({"forces": with_cells(4, known_on="soon")}, "forces.csv", 4, "known_on", "'soon' is no date"),
    "day that does not exist": Case(
        {"forces": with_cells(4, known_on="2013-02-30")}, "forces.csv", 4, "known_on", "does not exist"
    ),
    "ancient date": Case({"forces": with_cells(4, known_on="0213-02-20")}, "forces.csv", 4, "known_on", "before 1800"),
    "origin of residents": Case(
        {"people": with_cells(2, origin="capital")}, "people.csv", 2, "origin", "residents have no origin"
    ),
    "stock in negative days": Case({"stocks": with_cells(2, stock_days="-3")}, "stocks.csv", 2, "stock_days", "negative"),
    "supply of nobody": Case({"supply": with_cells(2, side="gov")}, "supply.csv", 2, "side", "unknown side 'gov'", "government"),
    "reinforcement date": Case(
        {"reinforcements": with_cells(2, date="10.12.2013")}, "reinforcements.csv", 2, "date", "is no date"
    ),
    "month missing": Case({"climate": without_row(13)}, "climate.csv", None, "month", "months are missing: 12"),
    "month twice": Case({"climate": with_row(13)}, "climate.csv", 14, "month", "'12' is there twice, first in row 13"),
    "month that is none": Case({"climate": with_cells(13, month="13")}, "climate.csv", 13, "month", "above 12"),
    "half a month": Case({"climate": with_cells(13, month="11.5")}, "climate.csv", 13, "month", "no whole number"),
    "chance above one": Case({"climate": with_cells(3, p_wet="1.2")}, "climate.csv", 3, "p_wet", "above 1"),
    "source twice": Case({"sources": with_row(2)}, "sources.csv", 6, "source", "'census' is there twice"),
    "place without holder": Case(
        {"control": without_row(11)},
        "record/control.csv",
        None,
        "place",
        "no row by the earliest start, 2013-11-14, says who holds 'high-pass'",
    ),
    "weights of holders": Case(
        {"control": with_cells(9, weight="0.6")}, "record/control.csv", 10, "weight", "hill-fort on 2013-10-01 sum to 0.9"
    ),
    "contested by the holder": Case(
        {"control": with_cells(4, contested_by="opposition")}, "record/control.csv", 4, "contested_by", "is the holder already"
    ),
    "contested by no enemy": Case(
        {"control": with_cells(4, contested_by="neutral")}, "record/control.csv", 4, "contested_by", "not hostile"
    ),
    "known before it happened": Case(
        {"control": with_cells(15, known_on="2013-11-01")}, "record/control.csv", 15, "known_on", "before it happened"
    ),
    "closure of no road": Case(
        {"closures": with_cells(2, to="orchards")},
        "record/closures.csv",
        2,
        "to",
        "no road from junction to orchards",
        "junction to barracks",
    ),
    "reopened before it closed": Case(
        {"closures": with_cells(2, reopened_on="2013-11-01")},
        "record/closures.csv",
        2,
        "reopened_on",
        "before the day of closing",
    ),
    "unknown host": Case(
        {"displacement": with_cells(4, host="neighbor")},
        "record/displacement.csv",
        4,
        "host",
        "unknown place or abroad",
        "neighbour",
    ),
    "place of an incident": Case(
        {"incidents": with_cells(2, place="the junction")}, "record/incidents.csv", 2, "place", "unknown place", "junction"
    ),
    "neither open nor closed": Case(
        {"observed_corridors": with_cells(2, open="flase")}, "record/observed_corridors.csv", 2, "open", "unknown value", "false"
    ),
    "unknown corridor": Case(
        {"observed_corridors": with_cells(2, corridor="m5")},
        "record/observed_corridors.csv",
        2,
        "corridor",
        "unknown corridor 'm5'",
    ),
    "another format": Case({"format": "keyterrain-scenario/2"}, YAML, 1, "format", "unknown value", "keyterrain-scenario/1"),
    "unknown key": Case({"sidez": {}}, YAML, None, "sidez", "unknown key 'sidez'", "sides"),
    "days": Case({"days": 0}, YAML, 8, "days", "below 1"),
    "no starts": Case({"starts": []}, YAML, None, "starts", "is blank"),
    "start that is none": Case({"starts": ["2013-11-31"]}, YAML, None, "starts", "does not exist"),
    "covered until before the start": Case({"covered_until": "2013-11-20"}, YAML, None, "covered_until", "before the last start"),
    "side without relations": Case(
        {"sides": with_entry(others={"name": "Others", "posture": "passive"})}, YAML, None, "sides.others", "has no relations"
    ),
    "pair missing": Case({"relations": lambda pairs: pairs[:2]}, YAML, None, "relations", "neutral and opposition is missing"),
    "pair twice": Case({"relations": lambda pairs: [*pairs, list(pairs[0])]}, YAML, None, "relations", "twice, first in row"),
    "side related to itself": Case(
        {"relations": lambda pairs: [*pairs, ["neutral", "neutral", "allied"]]}, YAML, None, "relations", "to itself"
    ),
    "unknown side": Case(
        {"relations": lambda pairs: [*pairs, ["neutral", "oposition", "neutral"]]},
        YAML,
        None,
        "relations.other",
        "unknown side 'oposition'",
        "opposition",
    ),
    "relation": Case(
        {"relations": lambda pairs: [*pairs[:2], ["opposition", "neutral", "hostil"]]},
        YAML,
        None,
        "relations.relation",
        "unknown value 'hostil'",
        "hostile",
    ),
    "no triple": Case({"relations": lambda pairs: [*pairs, ["neutral"]]}, YAML, None, "relations", "should be a list of"),
    "actor of no side": Case(
        {"actors": with_entry("army", side="goverment")}, YAML, None, "actors.army.side", "unknown side", "government"
    ),
    "actor of a passive side": Case(
        {"actors": with_entry("army", side="neutral")}, YAML, None, "actors.army.side", "'neutral' is passive: it has no actors"
    ),
    "mobility": Case({"actors": with_entry("army", mobility="0.5..1.5")}, YAML, None, "actors.army.mobility", "above 1"),
    "key of an actor": Case(
        {"actors": with_entry("army", mobilty="1")}, YAML, None, "actors.army.mobilty", "unknown key", "mobility"
    ),
    "key missing": Case({"actors": without_entry("army", "mobility")}, YAML, None, "actors.army.mobility", "the key is missing"),
    "policy missing": Case(
        {"policies": without_entry("opposition")}, YAML, None, "sides.opposition", "'opposition' has no policies"
    ),
    "policy of a passive side": Case(
        {"policies": with_entry(neutral={"hold": "1", "source": "map"})}, YAML, None, "policies.neutral", "is passive"
    ),
    "odds": Case(
        {"policies": with_entry("government", broad="0.4")}, YAML, None, "policies.government", "odds sum to 1.1 and not to 1"
    ),
    "name of a policy": Case(
        {"policies": with_entry("government", piecmeal="0")},
        YAML,
        None,
        "policies.government.piecmeal",
        "unknown key",
        "piecemeal",
    ),
    "aims missing": Case({"aims": without_entry("opposition")}, YAML, None, "sides.opposition", "has no aims"),
    "aim missing": Case({"aims": without_entry("opposition", "cut")}, YAML, None, "aims.opposition.cut", "the key is missing"),
    "corridor of unknown places": Case(
        {"corridors": with_entry("highway", places=["capital", "junction", "highway-town", "north-city", "baracks"])},
        YAML,
        None,
        "corridors.highway.places",
        "unknown place 'baracks'",
        "barracks",
    ),
    "corridor without its end": Case(
        {"corridors": with_entry("highway", places=["capital", "junction", "highway-town"])},
        YAML,
        None,
        "corridors.highway.places",
        "'north-city' is an end of the corridor and not among its places",
    ),
    "corridor that is broken": Case(
        {"corridors": with_entry("highway", places=["capital", "junction", "north-city"])},
        YAML,
        None,
        "corridors.highway.places",
        "no roads among these places join 'capital' and 'north-city'",
    ),
    "gate abroad": Case(
        {"abroad": with_entry("neighbour", via={"bordertown": "1"})},
        YAML,
        None,
        "abroad.neighbour.via",
        "unknown place",
        "border-town",
    ),
    "hours to a gate": Case(
        {"abroad": with_entry("neighbour", via={"border-town": "far"})},
        YAML,
        None,
        "abroad.neighbour.via",
        "border-town: 'far' is no number",
    ),
    "candidate": Case(
        {"uncertain_places": with_entry("old-mill", candidates={"hill-vilage": "0.5"})},
        YAML,
        None,
        "uncertain_places.old-mill.candidates",
        "unknown place",
        "hill-village",
    ),
    "weights of candidates": Case(
        {"uncertain_places": with_entry("old-mill", candidates={"hill-village": "0.7", "highway-town": "0.4"})},
        YAML,
        None,
        "uncertain_places.old-mill.candidates",
        "sum to 1.1",
    ),
    "measure": Case(
        {"outcomes": with_entry("cut-off", measure="side_cutoff")},
        YAML,
        None,
        "outcomes.cut-off.measure",
        "unknown value",
        "side_cut_off",
    ),
    "argument missing": Case(
        {"outcomes": without_entry("cut-off", "days")}, YAML, None, "outcomes.cut-off.days", "the key is missing"
    ),
    "argument of another measure": Case(
        {"outcomes": with_entry("cut-off", threshold="0.5")}, YAML, None, "outcomes.cut-off.threshold", "unknown key 'threshold'"
    ),
    "argument that names nothing": Case(
        {"outcomes": with_entry("cut-off", area="hill")}, YAML, None, "outcomes.cut-off.area", "unknown area 'hill'", "hills"
    ),
    "wanted by nobody": Case(
        {"outcomes": with_entry("cut-off", wanted_by="goverment")},
        YAML,
        None,
        "outcomes.cut-off.wanted_by",
        "unknown side 'goverment'",
        "government",
    ),
    "wanted by a passive side": Case(
        {"outcomes": with_entry("cut-off", wanted_by="neutral")}, YAML, None, "outcomes.cut-off.wanted_by", "is passive"
    ),
    "source of what is wanted": Case(
        {"outcomes": with_entry("cut-off", wanted_by="government", source="reprot")},
        YAML,
        None,
        "outcomes.cut-off.source",
        "'reprot' is neither a key",
        "report",
    ),
    "crest area": Case(
        {"climate_settings": {"reference_height_m": 1300, "crest_areas": ["hils"]}},
        YAML,
        None,
        "climate.crest_areas",
        "unknown area 'hils'",
        "hills",
    ),
    "parameter": Case(
        {"parameters": {"combat.slop": 3}},
        YAML,
        None,
        "parameters.combat.slop",
        "unknown parameter 'combat.slop'",
        "combat.slope",
    ),
    "value of a parameter": Case(
        {"parameters": {"combat.slope": "much"}}, YAML, None, "parameters.combat.slope", "is no quantity"
    ),
    "parameter that cannot be": Case(
        {"parameters": {"supply.floor": "0.5..1.5"}}, YAML, None, "parameters.supply.floor", "above 1"
    ),
    "code that stands for nothing": Case(
        {"parameters": {"combat.law": "3"}}, YAML, None, "parameters.combat.law", "write 0 (in phases), 1 (by Lanchester's"
    ),
    "parameter below zero": Case(
        {"parameters": {"combat.dug_in_days": "-3"}}, YAML, None, "parameters.combat.dug_in_days", "negative"
    ),
    "no elevation": Case({"terrain": None}, "terrain.tif", None, None, "the file is missing"),
    "elevation without CRS": Case(
        {"terrain": lambda path: write_terrain(path, crs=None)}, "terrain.tif", None, None, "no coordinate reference system"
    ),
    "elevation in the wrong place": Case(
        {"terrain": lambda path: write_terrain(path, west=10)}, "terrain.tif", None, None, "does not cover capital"
    ),
    "elevation that covers a part": Case(
        {"terrain": lambda path: write_terrain(path, north=34.1)}, "terrain.tif", None, None, "does not cover north-city"
    ),
    "degrees called metres": Case(
        {"terrain": lambda path: write_terrain(path, crs="EPSG:32637")}, "terrain.tif", None, None, "terrain.tif"
    ),
    "no raster": Case({"terrain": lambda path: path.write_text("heights")}, "terrain.tif", None, None, "is no GeoTIFF"),
}


NOT_ALONE = {
    # a name that is lost is missed elsewhere too
    "reserved key", "route to nowhere", "side without relations", "unknown side", "relation", "actor of a passive side",
    "kind of place", "route to itself", "policy of a passive side", "no starts", "start that is none", "month that is none",
    "half a month", "measure", "unknown actor", "unknown area", "place key", "gate abroad",
    "hours to a gate", "key of place and area",
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_a_fault_is_found_where_it_is(name: str, tmp_path: Path) -> None:
    case = CASES[name]
    report = check(write_small_scenario(tmp_path / "small", **case.changes))
    found = [fault for fault in report.faults if is_meant(fault, case)]
    assert found, "\n".join(map(str, report.faults))
    assert name in NOT_ALONE or len(report.faults) == 1, "\n".join(map(str, report.faults))


def is_meant(fault: Fault, case: Case) -> bool:
    return (
        (fault.file, fault.field) == (case.file, case.field)
        and case.row in (None, fault.row)
        and case.what in fault.what
        and fault.nearest == case.nearest
    )


def test_the_small_scenario_is_sound(small: Path) -> None:
    assert check(small) == CheckReport((), ())


def test_all_faults_are_reported_at_once(tmp_path: Path) -> None:
    names = (
        "negative population",
        "route twice",
        "grade",
        "month missing",
        "weights of holders",
        "mobility",
        "odds",
        "crest area",
    )
    changes: dict[str, Any] = {}
    for name in names:
        changes |= CASES[name].changes
    folder = write_small_scenario(tmp_path / "small", **changes, terrain=None)
    (folder / "stocks.csv").unlink()
    (folder / "people.csv").write_bytes(b"place,group\nDamasc\xe9\n")
    report = check(folder)
    for name in names:
        assert any(is_meant(fault, CASES[name]) for fault in report.faults), name
    assert {"stocks.csv", "people.csv", "terrain.tif"} <= {fault.file for fault in report.faults}
    with pytest.raises(ScenarioFaults) as raised:
        load(folder)
    assert raised.value.faults == report.faults
    assert str(len(report.faults)) in str(raised.value)


def test_rows_and_lines_are_those_of_an_editor(small: Path) -> None:
    lines = (small / "scenario.yaml").read_text(encoding="utf-8").splitlines()
    at = next(number for number, line in enumerate(lines, 1) if line.strip() == "posture: passive")
    lines[at - 1] = "    posture: pasive"
    (small / "scenario.yaml").write_text("\n".join(lines), encoding="utf-8")
    faults = check(small).faults
    assert Fault("scenario.yaml", at, "sides.neutral.posture", "unknown value 'pasive': active | passive", "passive") in faults


@pytest.mark.parametrize(
    "file", ["places.csv", "record/control.csv", "scenario.yaml", "terrain.tif", "sources.csv", "people.csv"]
)
def test_a_missing_file_is_one_fault(small: Path, file: str) -> None:
    (small / file).unlink()
    faults = check(small).faults
    assert Fault(file, None, None, "the file is missing") in faults
    assert {fault.file for fault in faults} <= {file, "scenario.yaml"}


def test_optional_files_may_be_missing(small: Path) -> None:
    (small / "record/observed_corridors.csv").unlink()
    assert not check(small).faults


def test_a_symbolic_link_out_of_the_folder_is_refused(small: Path, tmp_path: Path) -> None:
    shutil.move(small / "people.csv", tmp_path / "people.csv")
    (small / "people.csv").symlink_to(tmp_path / "people.csv")
    (small / "secrets").symlink_to("/etc")
    faults = check(small).faults
    assert {(fault.file, fault.what) for fault in faults} == {
        ("people.csv", "a symbolic link leads out of the scenario's folder"),
        ("secrets", "a symbolic link leads out of the scenario's folder"),
    }


def test_a_folder_linked_from_outside_is_refused(small: Path, tmp_path: Path) -> None:
    shutil.move(small / "record", tmp_path / "record")
    (small / "record").symlink_to(tmp_path / "record")
    assert any(fault.file == "record/control.csv" and "leads out" in fault.what for fault in check(small).faults)


def test_links_within_the_folder_and_to_it_are_followed(small: Path, tmp_path: Path) -> None:
    (small / "people.csv").rename(small / "people.txt")
    (small / "people.csv").symlink_to("people.txt")
    (tmp_path / "link").symlink_to(small)
    assert not check(tmp_path / "link").faults


def test_a_link_to_nowhere_or_to_itself_is_a_fault(small: Path) -> None:
    (small / "people.csv").unlink()
    (small / "people.csv").symlink_to("gone.csv")
    (small / "stocks.csv").unlink()
    (small / "stocks.csv").symlink_to("stocks.csv")
    assert {fault.file for fault in check(small).faults} == {"people.csv", "stocks.csv"}


def test_a_directory_in_place_of_a_file_is_a_fault(small: Path) -> None:
    (small / "people.csv").unlink()
    (small / "people.csv").mkdir()
    assert check(small).faults == (Fault("people.csv", None, None, "is a directory where a file should be"),)


def test_a_huge_file_is_not_read(small: Path) -> None:
    with (small / "people.csv").open("r+b") as file:
        file.truncate(200_000_001)
    assert check(small).faults == (Fault("people.csv", None, None, "is larger than 200 MB"),)


def test_an_unknown_file_is_a_fault_and_a_note_is_none(small: Path) -> None:
    (small / "README.md").write_text("a note")
    (small / "forces (copy).txt").write_text("a copy")
    (small / "record/displacment.csv").write_text("date\n")
    (fault,) = check(small).faults
    assert (fault.file, fault.nearest) == ("record/displacment.csv", "record/displacement.csv")


@pytest.mark.parametrize("name", ["nowhere-2013", "a\0b", "", "x" * 5000, "/dev/null"])
def test_what_is_no_scenario_is_one_fault(name: str) -> None:
    (fault,) = check(name).faults
    assert "neither a folder nor a scenario that ships" in fault.what


class Warned(NamedTuple):
    """A change that may be meant, and the warning it brings."""

    changes: Mapping[str, Any]
    file: str
    what: str


WARNED = {
    "display name twice": Warned({"places": with_cells(3, name="Capital")}, "places.csv", "also the name"),
    "area without places": Warned(
        {"areas": with_entry(void={"name": "Void", "source": "map"})}, YAML, "no place names this area"
    ),
    "pieces": Warned(
        {
            "routes": without_row(13),
            "corridors": {},
            "observed_corridors": [],
            "closures": [],
            "outcomes": lambda outcomes: {"towns-safe": outcomes["towns-safe"]},
        },
        "routes.csv",
        "border-town",
    ),
    "nobody is hostile": Warned(
        {
            "relations": lambda pairs: [[one, other, "neutral"] for one, other, _ in pairs],
            "control": with_cells(4, contested_by=""),
        },
        YAML,
        "nothing will happen",
    ),
    "no supply": Warned({"supply": []}, YAML, "has no supply"),
    "no fighters": Warned({"forces": lambda rows: [row for row in rows if row["actor"] != "fighters"]}, YAML, "no fighters"),
    "no outcomes": Warned({"outcomes": {}}, YAML, "no outcome"),
    "heights": Warned(
        {"places": lambda rows: [{**row, "elevation_m": "2500"} for row in rows]}, "terrain.tif", "half of the stated heights"
    ),
    "on hostile ground": Warned(
        {"forces": with_cells(5, place="high-pass")}, "forces.csv", "'high-pass', which on 2013-11-22 is wholly in hostile"
    ),
}


@pytest.mark.parametrize("name", WARNED)
def test_what_may_be_meant_is_a_warning(name: str, tmp_path: Path) -> None:
    changes, file, what = WARNED[name]
    report = check(write_small_scenario(tmp_path / "small", **changes))
    assert not report.faults, report.faults
    assert any(warning.file == file and what in warning.what for warning in report.warnings), report.warnings
