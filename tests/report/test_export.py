"""Exports, opened again by other programs' readers and held against the store."""

from __future__ import annotations

import csv
import json
from datetime import date, timedelta
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pyogrio
import pytest

from fabricated_run import HOSTILE
from keyterrain.campaign.errors import RunRefused
from keyterrain.campaign.record import CONTESTED
from keyterrain.report import export as exports
from keyterrain.report.export import write_export
from keyterrain.theatre import load
from keyterrain.theatre.faults import ScenarioFaults
from scenarios import write_small_scenario

if TYPE_CHECKING:
    from pathlib import Path

    from keyterrain.campaign.ensemble import Run

OF_A_SCENARIO = ["places", "routes", "areas"]
OF_A_RUN = [
    *OF_A_SCENARIO, "control", "area_control", "captures", "route_open", "corridor_open", "displaced", "observed",
]  # fmt: skip
BOOKS = ["about", "columns"]
SHAPES = {"places": "Point", "control": "Point", "displaced": "Point", "routes": "LineString", "route_open": "LineString"}


@pytest.fixture(scope="module")
def package(run_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("exported") / "run.gpkg"
    write_export(run_folder, "gpkg", out)
    return out


@pytest.fixture(scope="module")
def sheets(run_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("exported") / "sheets"
    write_export(run_folder, "csv", out, hxl=True)
    return out


def dates_of(run: Run, dim: str) -> list[date]:
    return [run.manifest.plan.start + timedelta(days=int(day)) for day in run.dataset[dim].to_numpy()]


def by_date_and(frame: pd.DataFrame, key: str, column: str) -> pd.DataFrame:
    return frame.assign(date=pd.to_datetime(frame["date"])).pivot_table(index="date", columns=key, values=column, dropna=False)


def rows_of(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


def test_a_geopackage_holds_all_layers_in_the_named_reference_system(package: Path) -> None:
    assert {name for name, _ in pyogrio.list_layers(package)} == {*OF_A_RUN, *BOOKS}
    for name, kind in SHAPES.items():
        info = pyogrio.read_info(package, layer=name)
        assert (info["crs"], info["geometry_type"]) == ("EPSG:4326", kind), name
    assert pyogrio.read_info(package, layer="control")["dtypes"].tolist()[0] == "datetime64[D]"


def test_longitude_comes_before_latitude(package: Path, opened: Run) -> None:
    places = gpd.read_file(package, layer="places").set_index("place")
    for place in opened.scenario.places:
        shape = places.loc[place.key].geometry
        assert (shape.x, shape.y) == (place.lon, place.lat)
    routes = gpd.read_file(package, layer="routes").set_index("route")
    nouns = {place.key: place for place in opened.scenario.places}
    for route in opened.scenario.routes:
        ends = [(nouns[key].lon, nouns[key].lat) for key in (route.start, route.end)]
        assert list(routes.loc[route.key].geometry.coords) == ends


def test_probabilities_of_control_are_shares_of_the_stored_replicates(package: Path, opened: Run) -> None:
    frame = gpd.read_file(package, layer="control")
    control, places = opened.dataset["control"].to_numpy(), opened.dataset["place"].to_numpy().tolist()
    sides = opened.dataset["side"].to_numpy().tolist()
    for code, holder in [*enumerate(sides), (CONTESTED, "contested")]:
        table = by_date_and(frame, "place", f"p_{holder}")
        assert [day.date() for day in table.index] == dates_of(opened, "day")
        assert table[places].to_numpy() == pytest.approx((control == code).mean(axis=0), abs=1e-12)
    holders = [column for column in frame if column.startswith("p_") and not column.endswith(("_low", "_high"))]
    assert frame[holders].sum(axis=1).to_numpy() == pytest.approx(1.0)
    for holder in holders:
        assert (frame[f"{holder}_low"] <= frame[holder] + 1e-12).all()
        assert (frame[f"{holder}_high"] >= frame[holder] - 1e-12).all()


def test_shares_of_areas_are_means_over_their_places(package: Path, opened: Run) -> None:
    frame = gpd.read_file(package, layer="area_control")
    control, places = opened.dataset["control"].to_numpy(), opened.dataset["place"].to_numpy().tolist()
    government = opened.dataset["side"].to_numpy().tolist().index("government")
    hills = [places.index(place.key) for place in opened.scenario.places if "hills" in place.areas]
    table = by_date_and(frame, "area", "share_government")
    assert table["hills"].to_numpy() == pytest.approx((control[:, :, hills] == government).mean(axis=(0, 2)))


def test_displaced_people_are_those_of_the_store_by_host_and_week(package: Path, opened: Run) -> None:
    frame = gpd.read_file(package, layer="displaced")
    weeks = opened.dataset["week"].to_numpy()
    hosts = opened.dataset["host"].to_numpy().tolist()
    stored = opened.dataset["n_displaced"].sel(day=weeks).to_numpy()
    table = by_date_and(frame, "host", "p50")[hosts].to_numpy()
    assert [day.date() for day in by_date_and(frame, "host", "p50").index] == dates_of(opened, "week")
    middle = np.quantile(stored, 0.5, axis=0, method="inverted_cdf")
    assert table == pytest.approx(middle, rel=0.011, abs=1.0)
    nowhere = set(frame[frame.geometry.isna()]["host"])
    assert nowhere == set(hosts) - {place.key for place in opened.scenario.places}


def test_roads_are_as_open_as_the_store_says(package: Path, opened: Run) -> None:
    frame = gpd.read_file(package, layer="route_open")
    routes = opened.dataset["route"].to_numpy().tolist()
    for row, mode in enumerate(opened.dataset["mode"].to_numpy().tolist()):
        stored = opened.dataset["route_open"].to_numpy()[:, :, row].mean(axis=0) / 100.0
        assert by_date_and(frame, "route", f"open_{mode}")[routes].to_numpy() == pytest.approx(stored)


def test_captures_count_replicates_in_which_a_side_came_to_hold_what_it_did_not_have(package: Path, opened: Run) -> None:
    frame = gpd.read_file(package, layer="captures")
    control, places = opened.dataset["control"].to_numpy(), opened.dataset["place"].to_numpy().tolist()
    sides = opened.dataset["side"].to_numpy().tolist()
    assert len(frame) > 5
    for row in frame.itertuples():
        held = control[:, :, places.index(row.place)] == sides.index(row.side)
        open_to = ~held[:, 0]
        assert row.p_taken == pytest.approx(held[open_to].any(axis=1).mean())
    never = frame[frame.p_taken < 0.05]
    assert never["date_p05"].isna().all()


def test_what_the_record_says_is_after_the_start(package: Path, opened: Run) -> None:
    frame = gpd.read_file(package, layer="observed")
    start, end = opened.manifest.plan.start, opened.manifest.plan.start + timedelta(days=opened.manifest.plan.days)
    stated = {(row.on, row.place, row.holder) for row in opened.scenario.record.control if start < row.on <= end}
    assert {(day.date(), place, who) for day, place, who in zip(frame.date, frame.place, frame.holder, strict=True)} == stated


def test_areas_are_polygons_that_hold_their_places_and_say_what_they_are(package: Path, opened: Run) -> None:
    areas = gpd.read_file(package, layer="areas").set_index("area")
    points = gpd.read_file(package, layer="places").set_index("place")
    assert (areas.geom_type == "Polygon").all()
    assert areas.is_valid.all()
    assert set(areas["shape"]) == {"hull of its places"}
    for place in opened.scenario.places:
        assert all(areas.loc[area].geometry.contains(points.loc[place.key].geometry) for area in place.areas)


def test_an_export_says_what_it_is_about(package: Path, opened: Run) -> None:
    about = pyogrio.read_dataframe(package, layer="about").set_index("what")["value"]
    assert about["replicates"] == str(opened.manifest.n_done)
    assert about["seed"] == "7"
    assert "hulls" in about["areas"]
    columns = pyogrio.read_dataframe(package, layer="columns")
    for layer in OF_A_RUN:
        held = set(gpd.read_file(package, layer=layer, rows=1).columns) - {"geometry"}
        assert set(columns[columns.layer == layer].column) == held, layer
    assert columns["meaning"].str.len().min() > 3


def test_every_format_holds_the_same(run_folder: Path, package: Path, sheets: Path, tmp_path: Path) -> None:
    for form, reader in (("geojson", gpd.read_file), ("geoparquet", gpd.read_parquet)):
        out = tmp_path / form
        write_export(run_folder, form, out)
        assert {path.stem for path in out.iterdir()} == {*OF_A_RUN, *BOOKS}
        for layer in ("places", "control", "areas", "displaced", "routes"):
            here, there = gpd.read_file(package, layer=layer), reader(out / f"{layer}{exports.FORMATS[form]}")
            assert there.crs.to_epsg() == 4326
            assert list(there.columns) == list(here.columns)
            assert len(there) == len(here)
            for column in here.select_dtypes("number").columns:
                assert there[column].to_numpy(dtype=float) == pytest.approx(here[column].to_numpy(dtype=float), nan_ok=True)
            wheres = zip(here.geometry, there.geometry, strict=True)
            assert all((a is None and b is None) or a.equals_exact(b, 1e-6) for a, b in wheres)
    flat = pd.read_csv(sheets / "control.csv", skiprows=[1])
    here = gpd.read_file(package, layer="control")
    assert flat["p_government"].to_numpy() == pytest.approx(here["p_government"].to_numpy())
    assert flat["lon"].to_numpy() == pytest.approx(here.geometry.x.to_numpy())


def test_geojson_writes_positions_as_longitude_and_latitude(run_folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "places.geojson"
    write_export(run_folder, "geojson", out, only=["places"])
    said = json.loads(out.read_text(encoding="utf-8"))
    capital = next(one for one in said["features"] if one["properties"]["place"] == "capital")
    assert capital["geometry"]["coordinates"] == [36.7, 33.6]
    assert "crs" not in said, "RFC 7946 knows one reference system and does not name it"


def test_the_hashtags_stand_under_the_names_and_only_where_they_were_asked_for(
    run_folder: Path, sheets: Path, tmp_path: Path
) -> None:
    tagged = rows_of(sheets / "displaced.csv")
    assert tagged[0][:4] == ["date", "host", "name", "p05"]
    assert tagged[1][:4] == ["#date", "#loc+code", "#loc+name", "#affected+displaced+p05"]
    for path in sheets.iterdir():
        names, tags, *_ = rows_of(path)
        assert len(names) == len(tags)
        assert all(tag.startswith("#") for tag in tags), path.name
        assert all(part.replace("_", "").isalnum() for tag in tags for part in tag[1:].split("+")), path.name
        assert len(set(tags)) == len(tags), path.name
    write_export(run_folder, "csv", tmp_path / "plain", only=["displaced"])
    assert rows_of(tmp_path / "plain" / "displaced.csv") == [tagged[0], *tagged[2:]]


def test_names_that_would_run_elsewhere_are_kept_as_text(sheets: Path) -> None:
    names = [row[1] for row in rows_of(sheets / "places.csv")]
    assert HOSTILE in names


def test_samples_are_the_replicates_themselves(run_folder: Path, opened: Run, tmp_path: Path) -> None:
    out = tmp_path / "displaced.parquet"
    write_export(run_folder, "views", out)
    table = pq.read_table(out)
    assert table.schema.names == ["unit", "time", "draw", "outcome"]
    assert table.schema.metadata[b"keyterrain.outcome"].startswith(b"displaced people")
    frame = table.to_pandas()
    hosts = [host for host in opened.dataset["host"].to_numpy().tolist() if host != "dead"]
    weeks = opened.dataset["week"].to_numpy()
    assert len(frame) == opened.manifest.n_done * len(weeks) * len(hosts)
    assert not frame.duplicated(["unit", "time", "draw"]).any()
    cube = frame.set_index(["draw", "time", "unit"])["outcome"].to_xarray().sel(unit=hosts)
    stored = opened.dataset["n_displaced"].sel(day=weeks, host=hosts).transpose("replicate", "day", "host")
    assert (cube.to_numpy() == stored.to_numpy()).all()
    assert sorted(set(frame["time"])) == dates_of(opened, "week")


def test_samples_of_events_add_up_to_all_of_them(run_folder: Path, opened: Run, tmp_path: Path) -> None:
    write_export(run_folder, "views", tmp_path / "i.parquet", outcome="incidents")
    incidents = pq.read_table(tmp_path / "i.parquet").to_pandas().groupby(["draw", "unit"])["outcome"].sum().to_xarray()
    stored = opened.dataset["new_incidents"].sum("day").sel(area=incidents["unit"].to_numpy())
    assert (incidents.to_numpy() == stored.to_numpy()).all()
    write_export(run_folder, "views", tmp_path / "k.parquet", outcome="fighters-killed")
    killed = pq.read_table(tmp_path / "k.parquet").to_pandas().groupby(["draw", "unit"])["outcome"].sum().to_xarray()
    last = opened.dataset["cum_loss"].isel(day=-1).sel(loss_kind="dead", actor=killed["unit"].to_numpy())
    assert (killed.to_numpy() == last.to_numpy()).all()


def test_a_scenario_is_exported_as_it_was_known_on_an_evening(tmp_path: Path) -> None:
    folder = write_small_scenario(tmp_path / "small")
    scenario = load(folder)
    export = write_export(folder, "gpkg", tmp_path / "small.gpkg")
    assert [each.name for each in export.written] == [*OF_A_SCENARIO, *BOOKS]
    assert (export.n_replicates, export.seed, export.start) == (None, None, scenario.default_start)
    places = gpd.read_file(tmp_path / "small.gpkg", layer="places").set_index("place")
    held = scenario.situation().holdings
    for key, row in places.iterrows():
        assert row["holder"] == max(held[str(key)], key=lambda holding: holding.weight).holder
    assert places.loc["orchards", "contested_by"]
    assert np.isnan(places.loc["barracks", "population"])
    assert places.loc["highway-town", "population"] == 12_000


def test_nothing_is_overwritten(run_folder: Path, tmp_path: Path) -> None:
    taken, folder = tmp_path / "taken.gpkg", tmp_path / "folder"
    taken.write_text("mine", encoding="utf-8")
    folder.mkdir()
    for form, out in (("gpkg", taken), ("csv", folder)):
        with pytest.raises(RunRefused, match="exists"):
            write_export(run_folder, form, out)
    assert taken.read_text(encoding="utf-8") == "mine"
    assert {path.name for path in tmp_path.iterdir()} == {"taken.gpkg", "folder"}
    assert not list(folder.iterdir())


@pytest.mark.parametrize(
    ("form", "out", "broken"), [("gpkg", "a.gpkg", "_about"), ("csv", "a", "_about"), ("views", "a.parquet", "")]
)
def test_nothing_half_written_is_left(
    run_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, form: str, out: str, broken: str
) -> None:
    def fails(*_: object) -> None:
        raise OSError("the disk is full")

    if broken:
        monkeypatch.setattr(exports, broken, fails)
    else:
        monkeypatch.setattr(pq.ParquetWriter, "write_table", fails)
    with pytest.raises(OSError, match="full"):
        write_export(run_folder, form, tmp_path / out)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"form": "gpgk"}, "did you mean gpkg"),
        ({"form": "gpkg", "out": "a.shp"}, "ends in .gpkg"),
        ({"form": "geojson", "out": "a.geojson"}, "one layer"),
        ({"form": "geojson", "out": "a.geojson", "only": ["places", "routes"]}, "one layer"),
        ({"form": "gpkg", "out": "a.gpkg", "hxl": True}, "--hxl"),
        ({"form": "csv", "outcome": "displaced"}, "--to views"),
        ({"form": "views", "out": "a.parquet", "only": ["places"]}, "--layer"),
        ({"form": "views", "out": "a.parquet", "outcome": "displace"}, "did you mean displaced"),
        ({"form": "csv", "only": ["contrl", "plces"]}, "'contrl' .did you mean control.*'plces' .did you mean places"),
        ({"form": "csv", "start": date(2013, 11, 22)}, "its own start"),
    ],
)
def test_what_cannot_be_done_is_refused_in_a_sentence(
    run_folder: Path, tmp_path: Path, arguments: dict[str, object], says: str
) -> None:
    wanted = {"out": "a", **arguments}
    out = tmp_path / str(wanted.pop("out"))
    with pytest.raises(RunRefused, match=says):
        write_export(run_folder, str(wanted.pop("form")), out, **wanted)  # type: ignore[arg-type]
    assert not list(tmp_path.iterdir())


def test_samples_of_a_scenario_and_layers_of_nothing_are_refused(tmp_path: Path) -> None:
    folder = write_small_scenario(tmp_path / "small")
    with pytest.raises(RunRefused, match="not the folder of a run"):
        write_export(folder, "views", tmp_path / "a.parquet")
    with pytest.raises(ScenarioFaults):
        write_export(tmp_path / "nothing", "csv", tmp_path / "a")
    with pytest.raises(ScenarioFaults, match="does not cover"):
        write_export(folder, "csv", tmp_path / "a", start=date(1999, 1, 1))
    assert {path.name for path in tmp_path.iterdir()} == {"small"}
