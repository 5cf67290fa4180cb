"""Settlements of a gazetteer: GeoNames' dump format, vector points, or a plain table, with everything that is wrong in them.

GeoNames: https://download.geonames.org/export/dump/readme.txt describes the nineteen columns, separated by tabs.
"""

from __future__ import annotations

import csv
import math
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

from keyterrain.geo.box import Box
from keyterrain.theatre.faults import Fault, nearest, shown
from keyterrain.theatre.importers import vector
from keyterrain.theatre.schema import PLACE_KINDS, SETTLEMENT_KINDS

GEONAMES_COLUMNS = (
    "geonameid", "name", "asciiname", "alternatenames", "latitude", "longitude", "feature class", "feature code",
    "country code", "cc2", "admin1 code", "admin2 code", "admin3 code", "admin4 code", "population", "elevation", "dem",
    "timezone", "modification date",
)  # fmt: skip
DESERTED = frozenset({"PPLQ", "PPLH", "PPLW", "PPLCH"})
"""Feature codes of populated places where nobody lives: abandoned, historical, destroyed."""
ERROR_KM = {"geonames": 1.0, "table": 1.0, "vector": 0.5}
"""How far off coordinates may be whose file does not say; assumption: GeoNames rounds many to the minute."""
CITY, TOWN = 50_000, 5_000
"""Inhabitants from which on a settlement is a city or a town; assumption."""
MOST_FAULTS = 200
"""Malformed rows that are listed; a file with more is of another format."""
MOST_ALT_NAMES = 12
SAME_PLACE_KM = 3.0
"""Two rows of one name so near are one place; assumption."""
_NAMES = {
    "name": ("name",),
    "lat": ("lat", "latitude", "y"),
    "lon": ("lon", "lng", "long", "longitude", "x"),
    "population": ("population", "pop"),
    "kind": ("kind", "place", "fclass", "type"),
    "alt_names": ("alt_names", "alternatenames", "alt_name"),
    "country": ("country", "country_code", "iso"),
    "error_km": ("error_km",),
    "elevation_m": ("elevation_m", "ele", "elevation"),
}
_OSM_KINDS = {"hamlet": "village", "isolated_dwelling": "village", "suburb": "quarter", "neighbourhood": "quarter",
              "national_capital": "city", "locality": "village"}  # fmt: skip
_NOT_LETTERS = re.compile(r"[^a-z0-9]+")
_LONGEST_KEY = 60


@dataclass(frozen=True, slots=True)
class Settlement:
    """A place of a gazetteer, with where it stands; `population` and `elevation_m` are None where nothing is said."""

    name: str
    ascii_name: str
    alt_names: tuple[str, ...]
    lat: float
    lon: float
    error_km: float
    population: int | None
    elevation_m: float | None
    kind: str
    country: str
    file: str
    row: int


class Gazetteer(NamedTuple):
    """Settlements in the box, what is wrong with rows, and how many were left out for which reason."""

    settlements: tuple[Settlement, ...]
    faults: tuple[Fault, ...]
    n_outside: int = 0
    n_too_small: int = 0
    n_unknown_population: int = 0


def read_places(path: Path, box: Box, min_population: int) -> Gazetteer:
    """Read the settlements of a file, in the format that its name and first row say.

    Places of unknown population are left out where `min_population` is above zero.
    """
    name = path.name.lower()
    if path.stat().st_size == 0:
        return Gazetteer((), (Fault(path.name, None, None, "the file is empty"),))
    if name.endswith(vector.SUFFIXES):
        rows = _vector_rows(path, box)
    elif name.endswith((".txt", ".tsv")):
        rows = _geonames_rows(path)
    elif name.endswith(".csv"):
        rows = _table_rows(path)
    else:
        what = "unknown format: places are read from GeoNames' dumps (.txt, .tsv), tables (.csv) and " + ", ".join(
            vector.SUFFIXES
        )
        return Gazetteer((), (Fault(path.name, None, None, what),))
    return _sifted(rows, box, min_population, path.name)


def _sifted(rows: Iterable[Settlement | Fault], box: Box, min_population: int, file: str) -> Gazetteer:
    import numpy as np

    kept: list[Settlement] = []
    faults: list[Fault] = []
    n_outside = n_small = n_unknown = 0
    for row in rows:
        if isinstance(row, Fault):
            faults.append(row)
            if len(faults) >= MOST_FAULTS:
                faults.append(
                    Fault(file, None, None, f"{MOST_FAULTS} faults, and no further row was read: is it of this format?")
                )
                break
        elif not box.holds(np.float64(row.lat), np.float64(row.lon)):  # type: ignore[arg-type]
            n_outside += 1
        elif row.kind in SETTLEMENT_KINDS and min_population > 0 and not row.population:
            n_unknown += 1
        elif row.kind in SETTLEMENT_KINDS and (row.population or 0) < min_population:
            n_small += 1
        else:
            kept.append(row)
    return Gazetteer(tuple(kept), tuple(faults), n_outside, n_small, n_unknown)


def _lines(path: Path) -> Iterator[tuple[int, str | Fault]]:
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            try:
                yield number, line.decode("utf-8-sig" if number == 1 else "utf-8").rstrip("\r\n")
            except UnicodeDecodeError as error:
                yield number, Fault(path.name, number, None, f"is not in UTF-8: byte 0x{line[error.start]:02x}")


def _geonames_rows(path: Path) -> Iterator[Settlement | Fault]:
    for number, line in _lines(path):
        if isinstance(line, Fault):
            yield line
        elif line.strip() and not line.startswith("#"):
            yield from _geonames_row(path.name, number, line)


def _geonames_row(file: str, number: int, line: str) -> Iterator[Settlement | Fault]:
    cells = line.split("\t")
    if len(cells) != len(GEONAMES_COLUMNS):
        what = f"the row has {len(cells)} cells separated by tabs; GeoNames' format has {len(GEONAMES_COLUMNS)}"
        yield Fault(file, number, None, what)
        return
    cell = {column: text.strip() for column, text in zip(GEONAMES_COLUMNS, cells, strict=True)}
    if cell["feature class"] != "P" or cell["feature code"] in DESERTED:
        return
    reader = _Cells(file, number, cell)
    lat, lon = reader.number("latitude", -90, 90), reader.number("longitude", -180, 180)
    population = reader.whole("population")
    elevation_m = reader.number("elevation", -500, 9000, may_be_blank=True)
    if not cell["name"]:
        reader.faults.append(Fault(file, number, "name", "is blank"))
    if reader.faults or lat is None or lon is None:
        yield from reader.faults
        return
    names = tuple(dict.fromkeys(name.strip() for name in cell["alternatenames"].split(",") if name.strip()))
    yield Settlement(
        name=cell["name"], ascii_name=cell["asciiname"], alt_names=names, lat=lat, lon=lon, error_km=ERROR_KM["geonames"],
        population=population or None, elevation_m=elevation_m, kind=_geonames_kind(cell["feature code"], population or 0),
        country=cell["country code"], file=file, row=number,
    )  # fmt: skip


def _geonames_kind(code: str, population: int) -> str:
    if code == "PPLX":
        return "quarter"
    by_size = _kind_by_size(population)
    if code == "PPLC":
        return "city"
    return "town" if code.startswith("PPLA") and by_size == "village" else by_size


def _kind_by_size(population: int) -> str:
    return "city" if population >= CITY else "town" if population >= TOWN else "village"


class _Cells:
    """Cells of a row read as numbers, and what is wrong with them."""

    def __init__(self, file: str, row: int, cells: Mapping[str, str]) -> None:
        self.file, self.row, self.cells = file, row, cells
        self.faults: list[Fault] = []

    def number(self, column: str, least: float, most: float, *, may_be_blank: bool = False) -> float | None:
        """Return a number within limits, None where it is blank or wrong."""
        text = self.cells.get(column, "")
        if not text and may_be_blank:
            return None
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if not least <= value <= most:
            says = "is blank" if not text else f"{shown(text)} is no number from {least:g} to {most:g}"
            self.faults.append(Fault(self.file, self.row, column, says))
            return None
        return value

    def whole(self, column: str) -> int | None:
        """Return a whole number of people, None where it is blank or wrong."""
        value = self.number(column, 0, 1e9, may_be_blank=True)
        return None if value is None else round(value)


def _table_rows(path: Path) -> Iterator[Settlement | Fault]:
    texts: list[str] = []
    for number, line in _lines(path):
        if isinstance(line, Fault):
            yield line
            return
        if "\0" in line:
            yield Fault(path.name, number, None, "holds a NUL character")
            return
        texts.append(line)
    reader = csv.reader(texts, strict=True)
    try:
        header = [cell.strip() for cell in next(reader)]
        columns = _columns(header)
        missing = [name for name in ("name", "lat", "lon") if name not in columns]
        for name in missing:
            yield Fault(path.name, 1, name, "the column is missing", nearest(name, header))
        if missing:
            return
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield from _table_row(path.name, reader.line_num, len(header), columns, cells)
    except csv.Error as error:
        yield Fault(path.name, reader.line_num, None, f"is no valid CSV: {error}")
    except StopIteration:
        yield Fault(path.name, 1, None, "the file is empty")


def _columns(header: Iterable[str]) -> dict[str, int]:
    positions = {name.casefold(): i for i, name in reversed(list(enumerate(header)))}
    found = {name: next((positions[each] for each in also if each in positions), None) for name, also in _NAMES.items()}
    return {name: position for name, position in found.items() if position is not None}


def _table_row(file: str, number: int, width: int, columns: Mapping[str, int], cells: list[str]) -> Iterator[Settlement | Fault]:
    if len(cells) != width:
        yield Fault(file, number, None, f"the row has {len(cells)} cells, the header {width}")
        return
    reader = _Cells(file, number, {name: cells[position].strip() for name, position in columns.items()})
    yield from _settlement(reader, "table")


def _settlement(reader: _Cells, form: str) -> Iterator[Settlement | Fault]:
    lat, lon = reader.number("lat", -90, 90), reader.number("lon", -180, 180)
    population = reader.whole("population")
    error_km = reader.number("error_km", 0, 100, may_be_blank=True)
    elevation_m = reader.number("elevation_m", -500, 9000, may_be_blank=True)
    written = reader.cells.get("kind", "").casefold()
    kind = _OSM_KINDS.get(written, written) or _kind_by_size(population or 0)
    if kind not in PLACE_KINDS:
        reader.faults.append(
            Fault(reader.file, reader.row, "kind", f"unknown kind {shown(written)}", nearest(written, PLACE_KINDS))
        )
    name = reader.cells.get("name", "")
    if not name:
        reader.faults.append(Fault(reader.file, reader.row, "name", "is blank"))
    if reader.faults or lat is None or lon is None:
        yield from reader.faults
        return
    names = tuple(dict.fromkeys(each.strip() for each in reader.cells.get("alt_names", "").split(";") if each.strip()))
    yield Settlement(
        name=name, ascii_name="", alt_names=names, lat=lat, lon=lon, error_km=ERROR_KM[form] if error_km is None else error_km,
        population=population, elevation_m=elevation_m, kind=kind, country=reader.cells.get("country", ""), file=reader.file,
        row=reader.row,
    )  # fmt: skip


def _vector_rows(path: Path, box: Box) -> Iterator[Settlement | Fault]:
    try:
        layer = vector.read_layer(path, box)
    except vector.UnreadableLayer as error:
        yield error.fault
        return
    columns = _columns(layer.columns)
    if "name" not in columns:
        yield Fault(path.name, None, "name", "the column is missing", nearest("name", layer.columns))
        return
    names = {name: layer.columns[position] for name, position in columns.items() if name not in ("lat", "lon")}
    for row, geometry in enumerate(layer.frame.geometry, start=1):
        if geometry is None or geometry.is_empty:
            yield Fault(path.name, row, "geometry", "is empty")
            continue
        point = geometry.representative_point()
        cells = {name: _cell(layer.frame[column].iloc[row - 1]) for name, column in names.items()}
        yield from _settlement(_Cells(path.name, row, cells | {"lat": str(point.y), "lon": str(point.x)}), "vector")


def _cell(value: object) -> str:
    return "" if value is None or value != value else str(value).strip()  # noqa: PLR0124 (only NaN differs from itself)


def without_doubles(settlements: Iterable[Settlement]) -> tuple[tuple[Settlement, ...], int]:
    """Return settlements once each, with the spellings of their doubles, and how many doubles there were.

    Of two rows with one name within 3 km the more populous stays.
    """
    import numpy as np

    from keyterrain.geo.distance import Points, distance_km

    ordered = sorted(settlements, key=lambda each: (-(each.population or 0), each.file, each.row))
    kept: list[Settlement] = []
    by_slug: dict[str, list[int]] = {}
    n_doubles = 0
    for each in ordered:
        same = by_slug.setdefault(slug(each.ascii_name or each.name), [])
        near = None
        if same:
            there = Points.of([kept[i].lat for i in same], [kept[i].lon for i in same])
            km = distance_km(Points.of([each.lat], [each.lon]), there)
            near = same[int(np.argmin(km))] if km.min() <= SAME_PLACE_KM else None
        if near is None:
            same.append(len(kept))
            kept.append(each)
        else:
            n_doubles += 1
            kept[near] = _with_spellings(kept[near], each)
    return tuple(kept), n_doubles


def _with_spellings(kept: Settlement, double: Settlement) -> Settlement:
    spellings = (*kept.alt_names, double.name, *double.alt_names)
    names = tuple(name for name in dict.fromkeys(spellings) if name != kept.name)
    return replace(kept, alt_names=names, population=kept.population or double.population)


def slug(name: str) -> str:
    """Return a name as a key can be: Latin lower-case letters, digits and hyphens; empty where nothing of it is Latin."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return _NOT_LETTERS.sub("-", plain.replace("'", "")).strip("-")[:_LONGEST_KEY].strip("-")
