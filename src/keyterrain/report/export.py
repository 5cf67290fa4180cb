"""Exports: layers and samples in the files that geographic programs, spreadsheets and notebooks read.

Everything is written beside its place and moved there at the end; what stands there already is never overwritten. Coordinates are
WGS 84 (EPSG:4326), longitude before latitude.
"""

from __future__ import annotations

import csv
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from keyterrain.analysis.layers import NOWHERE, Field, Layer, Layers, scenario_layers
from keyterrain.campaign.errors import RunRefused
from keyterrain.campaign.manifest import FILE_NAME as MANIFEST
from keyterrain.theatre.faults import nearest

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd

    from keyterrain.campaign.ensemble import Run

FORMATS = {"gpkg": ".gpkg", "geojson": ".geojson", "geoparquet": ".parquet", "csv": ".csv", "views": ".parquet"}
"""Formats, with the ending of their files."""

CRS = "EPSG:4326"
DRIVERS = {"gpkg": "GPKG", "geojson": "GeoJSON"}
GEOMETRIES = {"point": "Point", "line": "LineString", "polygon": "Polygon"}
SAMPLED_BY_DEFAULT = "displaced"


class ExportRefused(RunRefused):
    """What was asked for cannot be exported; the message says why."""


@dataclass(frozen=True, slots=True)
class Written:
    """A layer, or a table of samples, that was written: its file, rows and what they are."""

    name: str
    path: Path
    geometry: str
    rows: int
    says: str


@dataclass(frozen=True, slots=True)
class Export:
    """What was exported, and from what; a scenario has no replicates and no seed."""

    scenario: str
    start: date
    days: int
    n_replicates: int | None
    seed: int | None
    version: str
    form: str
    path: Path
    written: tuple[Written, ...]


def write_export(
    subject: str | Path,
    form: str,
    out: Path,
    *,
    only: Sequence[str] = (),
    start: date | None = None,
    hxl: bool = False,
    outcome: str | None = None,
) -> Export:
    """Write a run, or a scenario, for other programs.

    Parameters
    ----------
    subject
        The folder of a run (an unfinished one with the replicates that it has), or a scenario's name or folder.
    form
        One of `FORMATS`.
    out
        Where to: a file for `gpkg` and `views`; for the others a folder with one file a layer, or, if it ends as a file of the
        format does, the file of the one layer named.
    only
        Names of layers; all by default.
    start
        Of a scenario: the evening that it is shown on.
    hxl
        For `csv`: a second row with hashtags of the Humanitarian Exchange Language.
    outcome
        For `views`: what is sampled, one of `analysis.samples.SAMPLED`.

    Raises
    ------
    keyterrain.report.export.ExportRefused
        The format cannot do what is asked, a layer is unknown, or something stands at `out`.
    keyterrain.campaign.errors.RunRefused
        The run cannot be read.
    keyterrain.theatre.faults.ScenarioFaults
        The scenario cannot be used.
    OSError
        It cannot be written; nothing is left.
    """
    _refuse_what_does_not_fit(form, out, only, hxl, outcome)
    run = _run_of(subject)
    if run is not None and start is not None:
        raise ExportRefused("A run has its own start: --start goes with a scenario.")
    if form == "views":
        return _write_samples(subject, run, out, outcome or SAMPLED_BY_DEFAULT)
    layers = _layers(subject, run, start)
    picked = _picked(layers, only)
    with _beside(out) as place:
        written = _write_layers(layers, picked, form, place, hxl=hxl)
    return Export(
        layers.scenario,
        layers.start,
        layers.days,
        layers.n_replicates,
        layers.seed,
        layers.version,
        form,
        out,
        tuple(_moved(each, place, out) for each in written),
    )


def _refuse_what_does_not_fit(form: str, out: Path, only: Sequence[str], hxl: bool, outcome: str | None) -> None:
    if form not in FORMATS:
        hint = nearest(form, FORMATS)
        raise ExportRefused(f"There is no format {form!r}{f'; did you mean {hint}?' if hint else ''}: {', '.join(FORMATS)}.")
    ending = FORMATS[form]
    if hxl and form != "csv":
        raise ExportRefused("--hxl adds a row of hashtags to csv; other formats have no such row.")
    if outcome is not None and form != "views":
        raise ExportRefused("--outcome says what is sampled, and goes with --to views.")
    if only and form == "views":
        raise ExportRefused("--layer picks layers, and views has none: --outcome says what is sampled.")
    if form in {"gpkg", "views"} and out.suffix != ending:
        raise ExportRefused(f"{out}: a file of format {form} ends in {ending}.")
    if _is_one_file(form, out) and form not in {"gpkg", "views"} and len(only) != 1:
        raise ExportRefused(f"{out}: one file holds one layer of {form}: name it with --layer, or give a folder for all.")
    if out.exists() or out.is_symlink():
        raise ExportRefused(f"{out} exists and is left as it is: give another name.")


def _is_one_file(form: str, out: Path) -> bool:
    return out.suffix == FORMATS[form]


def _run_of(subject: str | Path) -> Run | None:
    """Return the run that is meant, none if it is a scenario."""
    if not (Path(subject) / MANIFEST).is_file():
        return None
    from keyterrain.campaign.ensemble import open_run

    return open_run(subject, partial=True)


def _layers(subject: str | Path, run: Run | None, start: date | None) -> Layers:
    if run is None:
        from keyterrain.theatre import load

        return scenario_layers(load(subject), start)
    from keyterrain.analysis.run_layers import run_layers

    return run_layers(run)


def _picked(layers: Layers, only: Sequence[str]) -> tuple[Layer, ...]:
    """Return the layers asked for, in their own order.

    Raises
    ------
    ExportRefused
        Some are unknown, said all at once.
    """
    if unknown := sorted(set(only) - set(layers.names)):
        hints = [f"{name!r}{f' (did you mean {near}?)' if (near := nearest(name, layers.names)) else ''}" for name in unknown]
        raise ExportRefused(f"There is no layer {', '.join(hints)}: there are {', '.join(layers.names)}.")
    return tuple(layer for layer in layers.layers if not only or layer.name in only)


@contextmanager
def _beside(out: Path) -> Iterator[Path]:
    """Give a place beside `out` to write to, and move it there if all went well; else nothing is left."""
    out.parent.mkdir(parents=True, exist_ok=True)
    beside = Path(tempfile.mkdtemp(prefix=f".{out.name}.", dir=out.parent))
    try:
        yield beside / out.name
        if out.exists():
            raise ExportRefused(f"{out} has come to exist meanwhile and is left as it is: give another name.")
        (beside / out.name).rename(out)
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def _moved(each: Written, place: Path, out: Path) -> Written:
    return Written(each.name, out / each.path.relative_to(place), each.geometry, each.rows, each.says)


def _write_layers(layers: Layers, picked: Sequence[Layer], form: str, place: Path, *, hxl: bool) -> list[Written]:
    """Write the layers to one file or one folder, with what they are about and what their columns mean."""
    one_file = _is_one_file(form, place)
    told = [*picked] if one_file and form != "gpkg" else [*picked, _about(layers), _columns(picked)]
    if not one_file:
        place.mkdir()
    written = []
    for layer in told:
        path = place if one_file else place / f"{layer.name}{FORMATS[form]}"
        match form:
            case "csv":
                _write_csv(layer, path, hxl=hxl)
            case "geoparquet":
                _write_parquet(layer, path)
            case _:
                _write_by_driver(layer, path, DRIVERS[form])
        written.append(Written(layer.name, path, layer.geometry, len(layer), layer.says))
    return written


def _about(layers: Layers) -> Layer:
    """Return what an export is about as a table of its own, so that it goes where the file goes."""
    facts = {
        "scenario": layers.scenario,
        "title": layers.title,
        "start": layers.start.isoformat(),
        "days": str(layers.days),
        "fingerprint of what was known at the start": layers.fingerprint,
        "replicates": "" if layers.n_replicates is None else str(layers.n_replicates),
        "seed": "" if layers.seed is None else str(layers.seed),
        "interventions": layers.interventions,
        "keyterrain": layers.version,
        "coordinates": f"{CRS}, longitude before latitude; errors of places are in places.error_km",
        "areas": "hulls of the places that belong to them; no border is known",
        "routes": "straight lines between their ends; lengths are those of the road",
        "intervals": "of sampling alone: how far a figure would move with other luck, not how far the model is from the world",
    }
    fields = (
        Field("what", "what is said", "", "#meta+name", list(facts)),
        Field("value", "what it is", "", "#meta+value", list(facts.values())),
    )
    return Layer("about", "What this export is about", "none", fields)


def _columns(picked: Sequence[Layer]) -> Layer:
    """Return the meaning of every column as a table of its own."""
    told = [(layer, field) for layer in picked for field in layer.fields]
    fields = (
        Field("layer", "name of the layer", "", "#meta+layer", [layer.name for layer, _ in told]),
        Field("column", "name of the column", "", "#meta+column", [field.name for _, field in told]),
        Field("meaning", "what it means", "", "#meta+description", [field.meaning for _, field in told]),
        Field("unit", "its unit", "", "#meta+unit", [field.unit for _, field in told]),
        Field("hxl", "its hashtag", "", "#meta+tag", [field.tag for _, field in told]),
    )
    return Layer("columns", "What the columns of the other layers mean", "none", fields)


def _frame(layer: Layer) -> pd.DataFrame:
    import pandas as pd

    return pd.DataFrame({field.name: field.cells for field in layer.fields})


def _geometries(layer: Layer) -> list[Any]:
    """Return a geometry for each row, None for rows that lie nowhere."""
    from shapely import LineString, Point, Polygon

    make = {"point": lambda shape: Point(shape[0]), "line": LineString, "polygon": Polygon}.get(layer.geometry)
    if make is None or layer.shape_of_row is None:
        return [None] * len(layer)
    made = [make(shape) for shape in layer.shapes]
    return [None if row == NOWHERE else made[row] for row in layer.shape_of_row.tolist()]


def _geo_frame(layer: Layer) -> gpd.GeoDataFrame:
    import geopandas as gpd

    return gpd.GeoDataFrame(_frame(layer), geometry=_geometries(layer), crs=CRS)


def _write_by_driver(layer: Layer, path: Path, driver: str) -> None:
    """Write one layer with GDAL; a GeoPackage keeps what it has.

    Raises
    ------
    OSError
        GDAL cannot write it.
    """
    import pyogrio
    from pyogrio.errors import DataLayerError, DataSourceError

    options = {"RFC7946": "YES"} if driver == "GeoJSON" else {}
    is_table = layer.geometry == "none" and driver == "GPKG"
    frame = _frame(layer) if is_table else _geo_frame(layer)
    if not is_table:
        options["geometry_type"] = GEOMETRIES.get(layer.geometry, "Point")
    try:
        pyogrio.write_dataframe(
            frame, path, layer=layer.name, driver=driver, append=False, use_arrow=True, layer_options={}, **options
        )
    except (DataSourceError, DataLayerError) as error:
        raise OSError(f"{path.name} cannot be written: {error}") from error


def _write_parquet(layer: Layer, path: Path) -> None:
    """Write GeoParquet; a table without shapes is plain parquet."""
    if layer.geometry == "none":
        _frame(layer).to_parquet(path, index=False)
    else:
        _geo_frame(layer).to_parquet(path, index=False)


def _write_csv(layer: Layer, path: Path, *, hxl: bool) -> None:
    """Write a table with its shapes in columns: `lat` and `lon` of points, well-known text of the rest."""
    fields = [*layer.fields, *_shape_fields(layer)]
    columns = [[_cell(value) for value in field.cells] for field in fields]
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(field.name for field in fields)
        if hxl:
            writer.writerow(field.tag for field in fields)
        writer.writerows(zip(*columns, strict=True))


def _shape_fields(layer: Layer) -> list[Field]:
    geometries = _geometries(layer)
    match layer.geometry:
        case "point":
            lat = [None if shape is None else shape.y for shape in geometries]
            lon = [None if shape is None else shape.x for shape in geometries]
            return [
                Field("lat", "latitude, WGS 84", "degrees", "#geo+lat", lat),
                Field("lon", "longitude, WGS 84", "degrees", "#geo+lon", lon),
            ]
        case "none":
            return []
        case _:
            return [Field("wkt", "shape as well-known text, WGS 84", "degrees", "#geo+wkt", [shape.wkt for shape in geometries])]


def _cell(value: Any) -> str:
    """Return a value as CSV has it: nothing for what is missing, truth as true and false, a number in full."""
    if value is None or value != value:  # noqa: PLR0124  (nan alone differs from itself)
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    return repr(float(value)) if isinstance(value, float) else str(value)


def _write_samples(subject: str | Path, run: Run | None, out: Path, outcome: str) -> Export:
    """Write every replicate's figures as a long table of unit, time, draw and outcome."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.parquet as pq

    from keyterrain.analysis.samples import SAMPLED, samples

    if run is None:
        raise ExportRefused(f"{subject} is not the folder of a run, and views exchanges the draws of runs.")
    if outcome not in SAMPLED:
        hint = nearest(outcome, SAMPLED)
        meant = f"; did you mean {hint}?" if hint else ""
        raise ExportRefused(f"{outcome!r} cannot be sampled{meant}: {', '.join(SAMPLED)} can.")
    plan, sampled = run.manifest.plan, SAMPLED[outcome]
    told = {"scenario": plan.scenario, "start": plan.start.isoformat(), "seed": str(plan.seed), "version": plan.version}
    schema = pa.schema(
        [("unit", pa.string()), ("time", pa.date32()), ("draw", pa.int32()), ("outcome", pa.int64())],
        metadata={f"keyterrain.{key}": text for key, text in {**told, "outcome": sampled.says, "unit": sampled.unit}.items()},
    )
    rows = 0
    with _beside(out) as place, pq.ParquetWriter(place, schema, compression="zstd") as writer:
        for part in samples(run, outcome):
            n_draws, n_times, n_units = part.outcome.shape
            table = pa.table(
                {
                    "unit": np.tile(np.array(part.units, dtype=object), n_draws * n_times),
                    "time": np.tile(np.repeat(np.array(part.times, dtype="datetime64[D]"), n_units), n_draws),
                    "draw": np.repeat(np.array(part.draws, dtype=np.int32), n_times * n_units),
                    "outcome": part.outcome.reshape(-1),
                },
                schema=schema,
            )
            writer.write_table(table)
            rows += table.num_rows
    written = Written(outcome, out, "none", rows, f"{sampled.says}, by {sampled.unit}, week and replicate")
    return Export(plan.scenario, plan.start, plan.days, run.manifest.n_done, plan.seed, plan.version, "views", out, (written,))
