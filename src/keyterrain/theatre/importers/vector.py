"""Roads and places of a vector file (GeoPackage, GeoJSON, shapefile): what GDAL reads, brought to WGS 84.

Roads join where they share a point; two that cross without one pass over each other, as in OpenStreetMap.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from keyterrain.geo.box import Box
from keyterrain.geo.units import mistaken_unit
from keyterrain.theatre.faults import Fault, nearest
from keyterrain.theatre.importers.osm import UnreadableRoads
from keyterrain.theatre.importers.roads import CLASSES, DEGREES_PER_UNIT, TAGS, Gatherer, Meaning, Ways, meaning

if TYPE_CHECKING:
    import geopandas
    from pyproj import CRS

SUFFIXES = (".gpkg", ".geojson", ".json", ".shp", ".fgb")
KIND_COLUMNS = ("highway", "fclass")
"""What the column with the class of a road is called: OpenStreetMap's own name, and that of a common extract service."""
WGS84 = "EPSG:4326"


class UnreadableLayer(Exception):
    """A vector file that cannot be used, with the fault that says so."""

    def __init__(self, fault: Fault) -> None:
        self.fault = fault
        super().__init__(str(fault))


@dataclass(frozen=True, eq=False)
class Layer:
    """Features of a file whose geometries touch the box, in WGS 84."""

    frame: geopandas.GeoDataFrame
    columns: tuple[str, ...]


def read_layer(path: Path, box: Box) -> Layer:
    """Read the features of a vector file that touch the box.

    Raises
    ------
    UnreadableLayer
        Not readable, without a reference system, or with one that is not known.
    """
    import geopandas
    from pyogrio.errors import DataLayerError, DataSourceError
    from pyproj.exceptions import CRSError, ProjError
    from shapely.errors import ShapelyError

    if path.stat().st_size == 0:
        raise UnreadableLayer(Fault(path.name, None, None, "the file is empty"))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what GDAL remarks of a file is no concern of a theatre's
            frame = geopandas.read_file(path, bbox=_mask(box), engine="pyogrio")
            if not hasattr(frame, "crs"):
                raise UnreadableLayer(Fault(path.name, None, None, "has no geometries"))
            if frame.crs is None:
                what = "says no coordinate reference system, so its features lie nowhere"
                raise UnreadableLayer(Fault(path.name, None, None, what))
            if frame.empty:
                _refuse_another_unit(path, frame.crs)
            frame = frame.to_crs(WGS84)
    except (DataSourceError, DataLayerError, CRSError, ProjError, ShapelyError, ValueError) as error:
        raise UnreadableLayer(Fault(path.name, None, None, f"cannot be read as a vector file: {error}")) from error
    return Layer(frame, tuple(str(column) for column in frame.columns if column != frame.geometry.name))


def _refuse_another_unit(path: Path, crs: CRS) -> None:
    """Refuse a file of which nothing lies in the box because its coordinates are in another unit than it says."""
    from pyogrio import read_info

    edges = read_info(path, force_total_bounds=True)["total_bounds"]
    if edges is not None and (what := mistaken_unit(crs, edges)):
        raise UnreadableLayer(Fault(path.name, None, None, what))


def _mask(box: Box) -> geopandas.GeoSeries:
    import geopandas
    from shapely.geometry import box as rectangle

    return geopandas.GeoSeries([rectangle(box.west, box.south, box.east, box.north)], crs=WGS84)


def read_roads(path: Path, box: Box) -> Ways:
    """Read roads from a vector file.

    Raises
    ------
    UnreadableRoads
        Not readable, no column that says what a road is, or no road in the box.
    """
    try:
        layer = read_layer(path, box)
    except UnreadableLayer as error:
        raise UnreadableRoads(error.fault) from error
    column = next((name for name in KIND_COLUMNS if name in layer.columns), None)
    if column is None:
        what = "no column says what a road is: `highway` (or `fclass`) with the values of OpenStreetMap is needed"
        raise UnreadableRoads(Fault(path.name, None, "highway", what, nearest("highway", layer.columns)))
    gatherer = Gatherer.of(box.west, box.south, box.east, box.north)
    numbers: dict[tuple[int, int], int] = {}
    for tags, geometry in _features(layer, column):
        if (said := meaning(tags)) is not None:
            _add(geometry, said, gatherer, numbers)
    if not gatherer.kinds:
        values = sorted({str(value) for value in layer.frame[column].dropna()})
        seen = f"; it has {', '.join(values[:8])}" if values and not set(values) & set(CLASSES) else ""
        raise UnreadableRoads(Fault(path.name, None, None, f"there is no road in the box {box}{seen}"))
    return gatherer.ways()


def _features(layer: Layer, column: str) -> Iterator[tuple[Mapping[str, str], Any]]:
    present = [tag for tag in TAGS if tag in layer.columns and tag != "highway"]
    names = [column, *present]
    for *cells, geometry in zip(*(layer.frame[name] for name in names), layer.frame.geometry, strict=True):
        if geometry is None or geometry.is_empty:
            continue
        tags = {tag: _text(cell) for tag, cell in zip(["highway", *present], cells, strict=True)}
        if tags.get("oneway", "") in ("F", "T"):  # forward and backward, as a common extract service writes it
            tags["oneway"] = "yes" if tags["oneway"] == "F" else "-1"
        yield {tag: value for tag, value in tags.items() if value}, geometry


def _text(cell: object) -> str:
    if cell is None or cell != cell:  # noqa: PLR0124 (nothing but NaN differs from itself)
        return ""
    return ("yes" if cell else "no") if isinstance(cell, bool) else str(cell)


def _add(geometry: Any, said: Meaning, gatherer: Gatherer, numbers: dict[tuple[int, int], int]) -> None:
    for line in getattr(geometry, "geoms", [geometry]):
        if line.geom_type != "LineString":
            continue
        places = [(round(x / DEGREES_PER_UNIT), round(y / DEGREES_PER_UNIT)) for x, y, *_ in line.coords]
        refs = [numbers.setdefault(place, len(numbers)) for place in places]
        gatherer.add(said, refs, [x for x, _ in places], [y for _, y in places])
