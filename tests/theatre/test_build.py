"""A theatre built from a valley that is known by hand, and from files that nothing can be built from."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

import keyterrain as kt
from extracts import BOX, SETTLED, Extract, Settled, arguments, geonames, geonames_cells, km_of, valley, valley_heights, write_dem
from keyterrain.geo.box import Box
from keyterrain.theatre import CheckReport, ScenarioFaults, check, load
from keyterrain.theatre.importers.build import build
from keyterrain.theatre.importers.osm import read_osm
from keyterrain.theatre.importers.request import BuildRequest, Built
from keyterrain.theatre.importers.roads import PRIMARY
from played_campaigns import play


def request(files: dict[str, Path] | Any, **options: Any) -> BuildRequest:
    places = options.pop("places", (files["places"],))
    return BuildRequest((files["dem"],), files["roads"], places, options.pop("box", BOX), **options)


def routes_of(folder: Path) -> dict[tuple[str, str], tuple[float, str, str]]:
    rows = csv.DictReader((folder / "routes.csv").read_text(encoding="utf-8").splitlines())
    return {(row["from"], row["to"]): (float(row["km"]), row["kind"], row["modes"]) for row in rows}


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return dict(arguments(tmp_path_factory.mktemp("valley")))


@pytest.fixture(scope="module")
def built(files: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Built:
    return build(request(files), tmp_path_factory.mktemp("built") / "valley")


ANSWER = {
    ("alpha", "alpha-motorway-junction"): (5.52, "paved", "vehicle;foot"),
    ("beta", "beta-motorway-junction"): (5.52, "paved", "vehicle;foot"),
    ("alpha-motorway-junction", "zeta-motorway-junction"): (13.83, "motorway", "vehicle;foot"),
    ("beta-motorway-junction", "zeta-motorway-junction"): (13.83, "motorway", "vehicle;foot"),
    ("zeta", "zeta-motorway-junction"): (0.55, "paved", "vehicle;foot"),
    ("alpha", "epsilon-junction"): (16.61, "paved", "vehicle;foot"),
    ("beta", "epsilon-junction"): (11.07, "paved", "vehicle;foot"),
    ("alpha", "high-pass"): (14.11, "pass", "vehicle;foot"),
    ("gamma", "high-pass"): (12.79, "pass", "vehicle;foot"),
    ("beta", "delta"): (19.48, "paved", "vehicle;foot"),
    ("epsilon", "epsilon-junction"): (8.43, "track", "foot"),
}
"""Lengths by hand: geodesics between the points of `extracts.valley`; for Epsilon 1.4 times the straight line, then its lane."""


def test_the_valley_has_the_roads_that_it_should(built: Built) -> None:
    routes = routes_of(built.out)
    assert routes.keys() == ANSWER.keys()
    for ends, (km, kind, modes) in ANSWER.items():
        assert routes[ends] == (pytest.approx(km, abs=0.02), kind, modes), ends


def test_no_road_crosses_the_river_without_a_bridge_and_one_does_with_it(files: dict[str, Path], tmp_path: Path) -> None:
    roads = valley(bridge=True).write(tmp_path / "bridge.osm.pbf")
    bridged = build(request(files | {"roads": roads}), tmp_path / "bridged")
    km, kind, _ = routes_of(bridged.out)["delta", "gamma"]
    by_hand = km_of([(36.25, 34.30), (36.299, 34.28), (36.301, 34.28), (36.35, 34.25)])
    assert (km, kind) == (pytest.approx(by_hand, abs=0.01), "track")
    assert ("delta", "gamma") not in ANSWER


def test_places_have_names_heights_people_and_errors(built: Built) -> None:
    places = {place.key: place for place in load(built.out).places}
    assert places["alpha"].alt_names == ("Alfa", "ألفا")
    assert places["beta"].kind == "city"
    assert places["alpha"].population is not None
    assert places["alpha"].population.text == "about 20000"
    assert "assumption" in places["delta"].source
    assert places["high-pass"].kind == "pass"
    assert places["gamma"].elevation_m == 1600
    assert places["high-pass"].elevation_m == pytest.approx(1200, abs=50)
    assert all(place.error_km > 0 for place in places.values())


def test_check_finds_no_fault_and_warns_of_what_is_to_be_decided(built: Built) -> None:
    report = check(built.out)
    assert report.faults == ()
    assert {warning.what for warning in report.warnings} == {
        "no outcome is defined",
        "the active side 'first' has no actors",
        "the active side 'second' has no actors",
        "the active side 'first' has no supply",
        "the active side 'second' has no supply",
    }


def test_what_a_person_must_decide_is_listed(built: Built) -> None:
    text = (built.out / "TO_DECIDE.md").read_text(encoding="utf-8")
    for said in ("Who holds what", "Epsilon is 4.3 km", "Zeta has no road but the motorway", "Delta", "leaves the box near Beta"):
        assert said in text
    assert text.count("- [ ]") == len(built.decisions)


def bytes_of(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def test_the_order_of_ways_and_rows_changes_no_byte(files: dict[str, Path], built: Built, tmp_path: Path) -> None:
    turned = valley()
    turned.ways.reverse()
    again = {"roads": turned.write(tmp_path / "valley.osm.pbf"), "places": geonames(tmp_path / "XY.txt", reversed(SETTLED))}
    assert bytes_of(build(request(files | again), tmp_path / "valley").out) == bytes_of(built.out)


def test_other_names_change_no_road(files: dict[str, Path], built: Built, tmp_path: Path) -> None:
    renamed = geonames(tmp_path / "XY.txt", (each._replace(name=each.name[::-1], alternatives="") for each in SETTLED))
    other = routes_of(build(request(files | {"places": renamed}), tmp_path / "out").out)
    assert sorted(other.values()) == sorted(routes_of(built.out).values())


def test_a_geopackage_and_a_geojson_of_the_same_roads_give_the_same_routes(
    files: dict[str, Path], built: Built, tmp_path: Path
) -> None:
    import geopandas
    from shapely.geometry import LineString, Point

    e = valley()
    lines = [LineString([e.nodes[n][:2] for n in nodes]) for nodes, _ in e.ways]
    tags = [{key: each.get(key) for key in ("highway", "oneway", "junction")} for _, each in e.ways]
    roads = geopandas.GeoDataFrame(tags, geometry=lines, crs="EPSG:4326")
    places = [
        {"name": each.name, "population": each.population or None, "kind": "town" if each.name == "Alpha" else None}
        for each in SETTLED
    ]
    points = geopandas.GeoDataFrame(places, geometry=[Point(each.lon, each.lat) for each in SETTLED], crs="EPSG:4326")
    for suffix in ("gpkg", "geojson"):
        roads.to_file(tmp_path / f"roads.{suffix}", engine="pyogrio")
        points.to_file(tmp_path / f"places.{suffix}", engine="pyogrio")
        there = {"roads": tmp_path / f"roads.{suffix}", "places": tmp_path / f"places.{suffix}"}
        made = routes_of(build(request(files | there), tmp_path / suffix).out)
        tracks = {"high-pass", "pass"}
        for ends, (km, kind, modes) in routes_of(built.out).items():
            if not tracks & {*ends, kind}:
                assert made[ends] == (pytest.approx(km, abs=0.02), kind, modes)
        assert made["alpha", "gamma"][0] == pytest.approx(26.9, abs=0.02)  # no pass is known of lines alone


def test_a_table_of_places_says_kind_and_error(files: dict[str, Path], tmp_path: Path) -> None:
    table = tmp_path / "places.csv"
    table.write_text(
        "Name,Latitude,Longitude,Population,kind,error_km\nAlpha,34.1,36.1,20000,,\n"
        "Beta,34.1,36.4,60000,,\nBarracks,34.11,36.25,,base,0.2\n".replace("error_km\n", "error_km,ele\n")
        .replace(",,\n", ",,,\n")
        .replace("0.2\n", "0.2,640\n"),
        encoding="utf-8",
    )
    places = {each.key: each for each in load(build(request(files | {"places": table}), tmp_path / "out").out).places}
    assert (places["barracks"].kind, places["barracks"].population, places["barracks"].error_km) == ("base", None, 0.2)
    assert (places["barracks"].elevation_m, places["alpha"].elevation_m) == (640, 600)  # stated, and from the file


def test_fewer_people_than_the_threshold_are_left_out_and_counted(files: dict[str, Path], tmp_path: Path) -> None:
    made = build(request(files, min_population=500), tmp_path / "out")
    kinds = [place.kind for place in load(made.out).places]
    assert made.n_places == sum(kind in ("city", "town", "village") for kind in kinds) == 3
    assert any(each.about == "2 places under 500 inhabitants, 1 of unknown population" for each in made.decisions)


def test_two_files_that_name_one_place_make_it_once(files: dict[str, Path], tmp_path: Path) -> None:
    second = geonames(tmp_path / "second.txt", [SETTLED[0]._replace(lat=34.105, population=100, alternatives="Halab al-Alfa")])
    made = build(request(files, places=(files["places"], second)), tmp_path / "out")
    alpha = next(place for place in load(made.out).places if place.key == "alpha")
    assert made.n_places == len(SETTLED)
    assert (alpha.lat, "Halab al-Alfa" in alpha.alt_names) == (34.1, True)


def test_a_place_alone_is_a_theatre_without_routes(files: dict[str, Path], tmp_path: Path) -> None:
    made = build(request(files | {"places": geonames(tmp_path / "XY.txt", SETTLED[:1])}), tmp_path / "out")
    assert (made.n_places, made.n_routes, check(made.out).faults) == (1, 0, ())


def test_two_places_of_one_name_have_keys_of_their_own(files: dict[str, Path], tmp_path: Path) -> None:
    twins = geonames(tmp_path / "XY.txt", [*SETTLED, Settled("Alpha", 34.102, 36.2, 50), Settled("ألفا", 34.1, 36.34, 40)])
    keys = {place.key for place in load(build(request(files | {"places": twins}), tmp_path / "out").out).places}
    assert {"alpha", "alpha-2", "place"} <= keys


# --- a network in pieces

ISLAND = Settled("Iota", 34.38, 36.05, 700)


def with_an_island() -> Extract:
    e = valley()
    e.way(e.line([(36.02, 34.38), (36.05, 34.38), (36.08, 34.38)]), "unclassified")
    return e


@pytest.fixture
def in_pieces(files: dict[str, Path], tmp_path: Path) -> dict[str, Path]:
    roads = with_an_island().write(tmp_path / "island.osm.pbf")
    return files | {"roads": roads, "places": geonames(tmp_path / "XY.txt", [*SETTLED, ISLAND])}


def test_a_network_in_pieces_is_refused_with_who_is_apart(in_pieces: dict[str, Path], tmp_path: Path) -> None:
    with pytest.raises(ScenarioFaults, match=r"in 2 pieces: beside the largest, of 6 places, there are Iota.*--pieces largest"):
        build(request(in_pieces), tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(("pieces", "n_places", "n_warnings"), [("largest", 6, 0), ("all", 7, 1)])
def test_the_largest_piece_or_all_can_be_kept(
    in_pieces: dict[str, Path], tmp_path: Path, pieces: str, n_places: int, n_warnings: int
) -> None:
    made = build(request(in_pieces, pieces=pieces), tmp_path / "out")
    assert made.n_places == n_places
    assert sum("in 2 pieces" in warning.what for warning in check(made.out).warnings) == n_warnings
    assert any("Iota" in each.meanwhile for each in made.decisions if each.topic == "pieces")


# --- what nothing can be built from


def damaged(content: bytes) -> bytes:
    return content[:300] + bytes([content[300] ^ 255]) + content[301:]


def broken(name: str, change: Callable[[bytes], bytes]) -> Callable[[dict[str, Path], Path], dict[str, Path]]:
    """The same files with one of them changed."""

    def make(files: dict[str, Path], folder: Path) -> dict[str, Path]:
        path = folder / files[name].name
        path.write_bytes(change(files[name].read_bytes()))
        return files | {name: path}

    return make


def other_dem(**other: Any) -> Callable[[dict[str, Path], Path], dict[str, Path]]:
    return lambda files, folder: files | {"dem": write_dem(folder / "other.tif", **other)}


def roads_said_to_be_in(crs: str, factor: float = 1.0) -> Callable[[dict[str, Path], Path], dict[str, Path]]:
    import geopandas
    from shapely.geometry import LineString

    def make(files: dict[str, Path], folder: Path) -> dict[str, Path]:
        line = LineString([(36.1 * factor, 34.1 * factor), (36.4 * factor, 34.3 * factor)])
        roads = geopandas.GeoDataFrame({"highway": ["primary"]}, geometry=[line], crs=crs)
        roads.to_file(folder / "roads.gpkg", engine="pyogrio")
        return files | {"roads": folder / "roads.gpkg"}

    return make


def drowned(files: dict[str, Path], folder: Path, level: int = -32768) -> dict[str, Path]:
    heights = valley_heights()
    heights[130:142, 140:152] = level  # 33.99 to 34.05 north, 36.45 to 36.51 east: no road is there
    places = geonames(folder / "XY.txt", [*SETTLED, Settled("Xi", 34.02, 36.48, 40)])
    return files | {"dem": write_dem(folder / "sea.tif", heights), "places": places}


def gap_under_a_crossing(files: dict[str, Path], folder: Path) -> dict[str, Path]:
    heights = valley_heights()
    heights[108:112, 68:72] = -32768  # under the motorway junction near Alpha
    return files | {"dem": write_dem(folder / "gap.tif", heights)}


def malformed(files: dict[str, Path], folder: Path) -> dict[str, Path]:
    good = "\t".join(geonames_cells(1, SETTLED[0]))
    bad = geonames_cells(2, SETTLED[1])
    bad[4], bad[14] = "34,1", "many"
    path = folder / "XY.txt"
    path.write_text(f"{good}\nfive\tcells\tin\tall\there\n" + "\t".join(bad) + "\n", encoding="utf-8")
    return files | {"places": path}


def ways_before_nodes(files: dict[str, Path], folder: Path) -> dict[str, Path]:
    lines = ["<?xml version='1.0'?><osm version='0.6'><way id='1'><nd ref='1'/><nd ref='2'/><tag k='highway' v='track'/></way>"]
    path = folder / "unsorted.osm"
    path.write_text("\n".join([*lines, "<node id='9' lat='34.1' lon='36.1'/></osm>"]), encoding="utf-8")
    return files | {"roads": path}


REFUSED: list[tuple[str, Callable[[dict[str, Path], Path], dict[str, Path]], list[str]]] = [
    ("truncated extract", broken("roads", lambda content: content[:-40]), ["valley.osm.pbf", "damaged, cut short"]),
    ("corrupt extract", broken("roads", damaged), ["valley.osm.pbf", "damaged, cut short"]),
    ("no extract at all", broken("roads", lambda _: b"this is no extract"), ["valley.osm.pbf", "or something else"]),
    ("empty extract", broken("roads", lambda _: b""), ["valley.osm.pbf: the file is empty"]),
    ("ways without nodes", ways_before_nodes, ["the nodes of its roads are not in it"]),
    ("empty gazetteer", broken("places", lambda _: b""), ["XY.txt: the file is empty"]),
    ("another encoding", broken("places", lambda text: text.replace(b"Alfa", b"\xff")), ["row 1: is not in UTF-8"]),
    ("malformed rows", malformed, ["row 2: the row has 5 cells", "row 3, latitude: '34,1'", "row 3, population: 'many'"]),
    ("elevation elsewhere", other_dem(west=10.0), ["of another region than the box"]),
    ("degrees taken for metres", other_dem(crs="EPSG:32637"), ["are metres, but they are like degrees", "EPSG:4326"]),
    ("roads in degrees taken for metres", roads_said_to_be_in("EPSG:32637"), ["roads.gpkg: its reference", "like degrees"]),
    ("roads in metres taken for degrees", roads_said_to_be_in("EPSG:4326", 100_000.0), ["roads.gpkg", "they are like metres"]),
    ("elevation too small", other_dem(west=36.2), ["% of the box 36,34,36.5,34.4 is not covered"]),
    ("elevation without a reference system", other_dem(crs=None), ["no coordinate reference system"]),
    ("elevation that is none", broken("dem", lambda _: b"II*\0 no raster"), ["cannot be read as an elevation raster"]),
    ("places in the sea", drowned, ["XY.txt, row 7: Xi", "lies in the sea", "--leave-out-sea"]),
    ("places in a sea at zero", lambda files, f: drowned(files, f, 0), ["XY.txt, row 7: Xi", "lies in the sea"]),
    ("a gap under a crossing", gap_under_a_crossing, ["no data under Motorway junction near Alpha", "gdal_fillnodata"]),
    ("roads of an unknown format", lambda files, _: files | {"roads": files["dem"]}, ["unknown format: roads are read from"]),
    ("places of an unknown format", lambda files, _: files | {"places": files["dem"]}, ["unknown format: places are read from"]),
    ("files that are not there", lambda files, f: files | {"roads": f / "a.pbf", "dem": f / "b.tif"}, ["a.pbf", "b.tif"]),
]  # fmt: skip


@pytest.mark.parametrize(("make", "says"), [each[1:] for each in REFUSED], ids=[each[0] for each in REFUSED])
def test_nothing_is_built_and_nothing_is_left_of(
    files: dict[str, Path], tmp_path: Path, make: Callable[[dict[str, Path], Path], dict[str, Path]], says: list[str]
) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "out").mkdir()
    with pytest.raises(ScenarioFaults) as refusal:
        build(request(make(files, tmp_path / "in")), tmp_path / "out" / "theatre")
    for each in says:
        assert each in str(refusal.value)
    assert list((tmp_path / "out").iterdir()) == []


def test_an_out_beneath_a_file_is_found_before_anything_is_read(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    nothing = dict.fromkeys(("dem", "roads", "places"), tmp_path / "missing")
    with pytest.raises(ScenarioFaults, match=r"cannot be made, since .*file is a file"):
        build(request(nothing), tmp_path / "file" / "deeper" / "theatre")


def test_places_in_the_sea_can_be_left_out(files: dict[str, Path], tmp_path: Path) -> None:
    made = build(request(drowned(files, tmp_path), leave_out_sea=True), tmp_path / "out")
    assert made.n_places == len(SETTLED)
    assert any("in the sea" in each.about and "Xi" in each.meanwhile for each in made.decisions)


def test_faults_of_all_files_are_said_at_once(files: dict[str, Path], tmp_path: Path) -> None:
    broken_files = malformed(broken("roads", damaged)(files, tmp_path), tmp_path)
    with pytest.raises(ScenarioFaults) as refusal:
        build(request(other_dem(crs=None)(broken_files, tmp_path)), tmp_path / "out")
    assert {fault.file for fault in refusal.value.faults} == {"XY.txt", "valley.osm.pbf", "elevation"}


def test_latitude_first_is_said_with_the_box_that_was_meant(files: dict[str, Path], tmp_path: Path) -> None:
    with pytest.raises(ScenarioFaults, match=r"write 36,34,36\.5,34\.4"):
        build(request(files, box=BOX.turned), tmp_path / "out")


def test_the_library_builds_as_the_command_does(files: dict[str, Path], built: Built, tmp_path: Path) -> None:
    asked = kt.BuildRequest((files["dem"],), files["roads"], (files["places"],), kt.Box.read("36,34,36.5,34.4"))
    again = kt.build(asked, tmp_path / "valley")
    assert bytes_of(again.out) == bytes_of(built.out)


def test_a_box_without_places_says_how_many_lie_outside(files: dict[str, Path], tmp_path: Path) -> None:
    with pytest.raises(ScenarioFaults, match=r"no place lies in the box 36,34,36.05,34.4, and 6 lie outside"):
        build(request(files, box=Box(36.0, 34.0, 36.05, 34.4)), tmp_path / "out")


def test_a_folder_that_is_there_is_not_touched(files: dict[str, Path], tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    with pytest.raises(ScenarioFaults, match="nothing is written over"):
        build(request(files), tmp_path / "out")
    assert list((tmp_path / "out").iterdir()) == []


def test_a_row_that_breaks_while_writing_leaves_nothing(
    files: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr("keyterrain.theatre.importers.build.as_markdown", fail)
    with pytest.raises(OSError, match="no space"):
        build(request(files), tmp_path / "room" / "out")
    assert list((tmp_path / "room").iterdir()) == []


def test_a_way_that_leaves_the_box_and_comes_back_is_two(tmp_path: Path) -> None:
    e = Extract()
    e.way(e.line([(36.1, 34.1), (36.2, 34.1), (36.3, 33.9), (36.4, 34.1), (36.45, 34.1)]), "primary")
    ways = read_osm(e.write(tmp_path / "x.osm.pbf"), BOX)
    assert np.diff(ways.start).tolist() == [2, 2]
    assert ways.lat.min() >= BOX.south
    assert [(round(each.lon, 6), each.kind) for each in ways.exits] == [(36.2, PRIMARY), (36.4, PRIMARY)]


def test_a_large_extract_keeps_its_nodes_in_a_file_and_reads_the_same(
    files: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    in_memory = read_osm(files["roads"], BOX)
    monkeypatch.setattr("keyterrain.theatre.importers.osm.IN_MEMORY_BYTES", 0)
    in_a_file = read_osm(files["roads"], BOX)
    for name in ("lat", "lon", "point", "start", "kind"):
        np.testing.assert_array_equal(getattr(in_a_file, name), getattr(in_memory, name))
    assert list(tmp_path.iterdir()) == []


def test_the_heights_are_those_of_the_file(built: Built) -> None:
    from keyterrain.geo.distance import Points
    from keyterrain.geo.elevation import Elevation

    ground = Elevation.open(load(built.out).terrain_path)
    np.testing.assert_allclose(ground.at(Points.of([34.05, 34.3], [36.2, 36.2])), [600.0, 1600.0], atol=1.0)


# --- and played


def with_forces(folder: Path) -> Path:
    """Give two sides a few fighters, ground and supply, as a person would do it by hand."""
    settings = yaml.safe_load((folder / "scenario.yaml").read_text(encoding="utf-8"))
    actor = {"kind": "irregular", "mobility": 0.5, "source": "assumption: test"}
    settings["actors"] = {f"{side}-men": actor | {"name": side, "side": side} for side in ("first", "second")}
    settings["outcomes"] = {
        "held": {"says": "Gamma is held", "measure": "place_held_share", "place": "gamma", "side": "second"},
    }
    (folder / "scenario.yaml").write_text(yaml.safe_dump(settings, sort_keys=False), encoding="utf-8")
    control = folder / "record" / "control.csv"
    text = control.read_text(encoding="utf-8")
    for side, places in (("first", ("alpha", "beta", "zeta")), ("second", ("gamma", "delta", "high-pass"))):
        for place in places:
            text = text.replace(f",{place},undecided,", f",{place},{side},")
    control.write_text(text, encoding="utf-8")
    add_rows(folder / "forces.csv", [f"{side}-men,{place},{n},mobile,theatre,,assumption: test,,2000-01-01" for side, place, n in
                                     (("first", "alpha", 2000), ("first", "beta", 3000), ("second", "gamma", 600))])  # fmt: skip
    add_rows(folder / "supply.csv", [f"{side},{place},5000,assumption: test,,2000-01-01" for side, place in
                                     (("first", "beta"), ("second", "gamma"))])  # fmt: skip
    return folder


def add_rows(path: Path, rows: list[str]) -> None:
    path.write_text(path.read_text(encoding="utf-8") + "\n".join(rows) + "\n", encoding="utf-8")


def test_a_built_theatre_is_played_once_forces_are_added(files: dict[str, Path], tmp_path: Path) -> None:
    folder = with_forces(build(request(files), tmp_path / "valley").out)
    assert check(folder) == CheckReport((), ())
    scenario = load(folder)
    played = play(scenario, replicates=4, days=20).data
    assert set(played.place.to_numpy()) == {place.key for place in scenario.places}
    strength = played.strength.sum(("actor", "place"))
    assert bool((strength.isel(day=-1) < strength.isel(day=0)).any())  # somebody fought
