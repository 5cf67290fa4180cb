"""Elevation rasters: what they must declare before they are believed, and heights at a place.

A raster is taken only with a coordinate reference system whose units are known, one band of metres, heights that occur
on land, and cells small enough for measures within a few km. Everything above this module asks for heights by latitude
and longitude and cannot take degrees for metres.
"""

from __future__ import annotations

import hashlib
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from keyterrain.geo.distance import Booleans, Floats, Integers, Points, distance_km

if TYPE_CHECKING:
    from pyproj import Transformer

LOWEST_LAND_M = -500.0
"""Shore of the Dead Sea, about -430 m, with room for pits (assumption)."""
HIGHEST_LAND_M = 9000.0
"""Mount Everest, 8,849 m (survey of 2020), rounded up."""
COARSEST_CELL_KM = 3.0
"""Relief is measured within 3 km; of a coarser raster nothing would be left to measure."""
METRES = frozenset({"", "m", "metre", "metres", "meter", "meters"})


class ElevationError(ValueError):
    """An elevation raster that cannot be used, with the reason in a sentence."""


class CellSize(NamedTuple):
    """Width (along a row) and height (along a column) of a cell."""

    width_km: float
    height_km: float

    @property
    def finest_km(self) -> float:
        """The shorter side."""
        return min(self)


@dataclass(frozen=True)
class Grid:
    """How the cells of a raster, or of a window of one, lie on the earth.

    Rows and columns are real numbers that are whole at the centre of a cell; (0, 0) is the first cell. `west` and `north` are the
    outer edges of the whole raster, of which a window begins at `first_row` and `first_column`: so a position has the same
    fraction of a cell, to the last bit, in every window.
    """

    west: float
    north: float
    step_x: float
    step_y: float
    n_rows: int
    n_columns: int
    crs_wkt: str
    first_row: int = 0
    first_column: int = 0

    @cached_property
    def _from_wgs84(self) -> Transformer:
        from pyproj import CRS, Transformer

        return Transformer.from_crs("EPSG:4326", CRS.from_wkt(self.crs_wkt), always_xy=True)

    def cell_of(self, points: Points) -> tuple[Floats, Floats]:
        """Row and column, with fractions, of positions."""
        x, y = self._from_wgs84.transform(points.lon, points.lat)
        row, column = (np.asarray(y) - self.north) / self.step_y - 0.5, (np.asarray(x) - self.west) / self.step_x - 0.5
        return row - self.first_row, column - self.first_column

    def position_of(self, row: Floats | Integers, column: Floats | Integers) -> Points:
        """Positions of rows and columns."""
        x = self.west + (column + self.first_column + 0.5) * self.step_x
        y = self.north + (row + self.first_row + 0.5) * self.step_y
        lon, lat = self._from_wgs84.transform(x, y, direction="INVERSE")
        return Points.of(lat, lon)

    def holds(self, points: Points) -> NDArray[np.bool_]:
        """Whether positions lie within the outer edge of the grid."""
        row, column = self.cell_of(points)
        # a billionth of a cell forgives the rounding of a coordinate that lies on the edge
        margin = 0.5 + 1e-9
        inside_rows = (row >= -margin) & (row <= self.n_rows - 1 + margin)
        return inside_rows & (column >= -margin) & (column <= self.n_columns - 1 + margin)

    def cell_km(self, points: Points) -> tuple[Floats, Floats]:
        """Width and height in km of the cells about positions."""
        row, column = self.cell_of(points)
        width = distance_km(self.position_of(row, column - 0.5), self.position_of(row, column + 0.5))
        height = distance_km(self.position_of(row - 0.5, column), self.position_of(row + 0.5, column))
        return width, height

    def central_cell(self) -> CellSize:
        """Size of the cell in the middle of the grid."""
        middle = self.position_of(np.array([(self.n_rows - 1) / 2]), np.array([(self.n_columns - 1) / 2]))
        width, height = self.cell_km(middle)
        return CellSize(float(width[0]), float(height[0]))

    def part(self, rows: slice, columns: slice) -> Grid:
        """The grid of a window of this one."""
        return replace(
            self,
            n_rows=rows.stop - rows.start,
            n_columns=columns.stop - columns.start,
            first_row=self.first_row + rows.start,
            first_column=self.first_column + columns.start,
        )

    def window_about(self, points: Points, margin_km: float, cell: CellSize) -> tuple[slice, slice]:
        """Rows and columns that hold the points with a margin, cut at the edge of the grid."""
        row, column = self.cell_of(points)
        return (
            _span(row, margin_km / cell.height_km, self.n_rows),
            _span(column, margin_km / cell.width_km, self.n_columns),
        )


@dataclass(frozen=True, slots=True)
class Cells:
    """Cells of a raster within a radius: where they are, how far off, and their heights."""

    row: Integers
    column: Integers
    points: Points
    km: Floats
    height_m: Floats


@dataclass(frozen=True, eq=False)
class Elevation:
    """Heights of the ground in metres above sea level; cells without data are NaN.

    `cell` is the size of the cell in the middle of the whole file, also where only a window of it was read, so that no
    measure depends on what else was asked for.
    """

    heights_m: NDArray[np.float32]
    grid: Grid
    cell: CellSize

    @classmethod
    def open(
        cls, path: Path, *, around: Points | None = None, names: Sequence[str] | None = None, margin_km: float = 25.0
    ) -> Elevation:
        """Read an elevation raster, or the part of it around some points.

        Parameters
        ----------
        path
            Anything that GDAL reads: GeoTIFF, SRTM tiles, ...
        around
            Positions that have to be covered; only the window around them is read.
        names
            What to call these positions where they are not covered.
        margin_km
            How far the window reaches beyond the points.

        Raises
        ------
        ElevationError
            No such file, no raster, no coordinate reference system or one with unknown units, more than one band, units
            other than metres, heights that do not occur on land, cells too coarse, or points outside.
        """
        import rasterio
        from rasterio.errors import NotGeoreferencedWarning, RasterioError

        if not path.is_file():
            raise ElevationError(f"There is no elevation file {path.name}.")
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", NotGeoreferencedWarning)
                with rasterio.open(path) as raster:
                    return cls._read(raster, path.name, around, names, margin_km)
        except RasterioError as error:
            raise ElevationError(f"{path.name} cannot be read as an elevation raster: {error}.") from error

    @classmethod
    def _read(cls, raster: Any, name: str, around: Points | None, names: Sequence[str] | None, margin_km: float) -> Elevation:
        grid = _declared_grid(raster, name)
        cell = _sane_cell(grid, name)
        window = (slice(0, grid.n_rows), slice(0, grid.n_columns))
        if around is not None:
            _require_inside(grid, around, names, name)
            window = grid.window_about(around, margin_km, cell)
        elevation = cls(_heights_m(raster, window, name), grid.part(*window), cell)
        if around is not None:
            elevation.require_cover(around, names=names, name=name)
        return elevation

    def coarsened(self, least_km: float) -> Elevation:
        """The same ground in cells of about this size, each the mean of those within it; itself where it has no smaller ones.

        What is left over along the last rows and columns is cut off.
        """
        n = int(least_km / self.cell.finest_km + 1e-9)
        n_rows, n_columns = (length // max(n, 1) for length in self.heights_m.shape)
        if n <= 1 or min(n_rows, n_columns) < 2:
            return self
        blocks = self.heights_m[: n_rows * n, : n_columns * n].reshape(n_rows, n, n_columns, n)
        known = np.isfinite(blocks)
        number = known.sum(axis=(1, 3))
        total = np.where(known, blocks, 0.0).sum(axis=(1, 3), dtype=np.float64)
        mean = np.divide(total, number, out=np.full(total.shape, np.nan), where=number > 0)
        grid = replace(
            self.grid,
            west=self.grid.west + self.grid.first_column * self.grid.step_x,
            north=self.grid.north + self.grid.first_row * self.grid.step_y,
            step_x=n * self.grid.step_x,
            step_y=n * self.grid.step_y,
            n_rows=n_rows,
            n_columns=n_columns,
            first_row=0,
            first_column=0,
        )
        return Elevation(mean.astype(np.float32), grid, CellSize(n * self.cell.width_km, n * self.cell.height_km))

    def at(self, points: Points) -> Floats:
        """Heights by bilinear interpolation; NaN outside the raster and where no neighbouring cell has data."""
        row, column = self.grid.cell_of(points)
        heights = bilinear(self.heights_m, row, column)
        return np.where(self.grid.holds(points), heights, np.nan)

    def covers(self, points: Points) -> NDArray[np.bool_]:
        """Whether there is ground with a known height under each of the points."""
        return np.isfinite(self.at(points))

    def require_cover(self, points: Points, *, names: Sequence[str] | None = None, name: str = "the raster") -> None:
        """Refuse points that the raster does not cover.

        Raises
        ------
        ElevationError
            With the first few that are not covered.
        """
        missing = np.flatnonzero(~self.covers(points))
        if missing.size:
            raise ElevationError(f"No elevation in {name} for {_listed(points, missing, names)}.")

    def heights_within(self, points: Points, radius_km: float) -> Floats:
        """Heights of the cells whose centres lie within the radius of each point, in one go: as `cells_within` has them.

        Returns
        -------
        Shape (point, cell), in the order of the raster; NaN for cells beyond the radius and those without data.
        """
        n_rows, n_columns = self.heights_m.shape
        row, column = self.grid.cell_of(points)
        width_km, height_km = self.grid.cell_km(points)
        rows, in_rows = _spans(row, 1.001 * radius_km / height_km, n_rows)
        columns, in_columns = _spans(column, 1.001 * radius_km / width_km, n_columns)
        shape = (len(points), rows.shape[1], columns.shape[1])
        down = np.broadcast_to(rows[:, :, None], shape)
        right = np.broadcast_to(columns[:, None, :], shape)
        km = distance_km(Points(points.lat[:, None, None], points.lon[:, None, None]), self.grid.position_of(down, right))
        inside = in_rows[:, :, None] & in_columns[:, None, :] & (km <= radius_km)
        return np.where(inside, self.heights_m[down, right].astype(np.float64), np.nan).reshape(len(points), -1)

    def cells_within(self, lat: float, lon: float, radius_km: float) -> Cells:
        """Cells whose centres lie within the radius of a position, those without data left out."""
        centre = Points.of([lat], [lon])
        width_km, height_km = self.grid.cell_km(centre)
        around = CellSize(float(width_km[0]), float(height_km[0]))
        # a thousandth more, since towards a pole columns draw together
        rows, columns = self.grid.window_about(centre, 1.001 * radius_km, around)
        row, column = (index.ravel() for index in np.mgrid[rows, columns])
        points, height_m = self.grid.position_of(row, column), self.heights_m[row, column].astype(np.float64)
        km = distance_km(centre, points)
        inside = (km <= radius_km) & np.isfinite(height_m)
        return Cells(row[inside], column[inside], points[inside], km[inside], height_m[inside])


@dataclass(frozen=True, eq=False)
class Header:
    """What an elevation file declares, before its heights are read."""

    path: Path
    name: str
    grid: Grid
    cell: CellSize

    def heights_m(self, window: tuple[slice, slice]) -> NDArray[np.float32]:
        """Heights of rows and columns; NaN where there are none, and in a window that has none at all.

        Raises
        ------
        ElevationError
            Damaged, or heights that do not occur on land.
        """
        import rasterio
        from rasterio.errors import RasterioError

        try:
            with rasterio.open(self.path) as raster:
                return _heights_m(raster, window, self.name, may_be_empty=True)
        except RasterioError as error:
            raise ElevationError(f"{self.name} cannot be read as an elevation raster: {error}.") from error


def open_header(path: Path) -> Header:
    """Read what an elevation file declares.

    Raises
    ------
    ElevationError
        No such file, no raster, no usable reference system, more than one band, or cells too coarse.
    """
    import rasterio
    from rasterio.errors import NotGeoreferencedWarning, RasterioError

    if not path.is_file():
        raise ElevationError(f"There is no elevation file {path.name}.")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", NotGeoreferencedWarning)
            with rasterio.open(path) as raster:
                grid = _declared_grid(raster, path.name)
                _require_metres(raster, path.name)
                return Header(path, path.name, grid, _sane_cell(grid, path.name))
    except RasterioError as error:
        raise ElevationError(f"{path.name} cannot be read as an elevation raster: {error}.") from error


def fingerprint(path: Path) -> str:
    """SHA-256 of the bytes of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def bilinear(heights_m: NDArray[np.float32], row: Floats, column: Floats) -> Floats:
    """Heights at fractional rows and columns from the four cells about them, of which those without data are left out.

    Positions beyond the centres of the outermost cells take the value at the edge.
    """
    row0, down = _lower_cell(row, heights_m.shape[0])
    column0, right = _lower_cell(column, heights_m.shape[1])
    corners = [(r, c) for r in (0, 1) for c in (0, 1)]
    height_m = np.stack([heights_m[row0 + r, column0 + c] for r, c in corners]).astype(np.float64)
    share = np.stack([(down if r else 1.0 - down) * (right if c else 1.0 - right) for r, c in corners])
    share[np.isnan(height_m)] = 0.0
    # differences from the lowest, so that level ground stays level to the last bit
    lowest_m = np.fmin.reduce(height_m)
    above_m = (np.nan_to_num(height_m - lowest_m) * share).sum(axis=0)
    weight = share.sum(axis=0)
    mean_m: Floats = lowest_m + np.divide(above_m, weight, out=np.full(row.shape, np.nan), where=weight > 0.0)
    return mean_m


def _lower_cell(index: Floats, n: int) -> tuple[Integers, Floats]:
    inside = np.clip(np.nan_to_num(index), 0.0, n - 1.0)
    lower = np.minimum(inside.astype(np.int64), n - 2)
    return lower, inside - lower


def _span(index: Floats, margin: float, n: int) -> slice:
    first = int(np.clip(np.floor(np.min(index) - margin), 0, n - 2))
    last = int(np.clip(np.ceil(np.max(index) + margin), first + 1, n - 1))
    return slice(first, last + 1)


def _spans(index: Floats, margin: Floats, n: int) -> tuple[Integers, Booleans]:
    """Indices that `_span` gives for each of several positions, and which of them are its own: all have as many."""
    first = np.clip(np.floor(index - margin), 0, n - 2).astype(np.int64)
    last = np.clip(np.ceil(index + margin), first + 1, n - 1).astype(np.int64)
    within = first[:, None] + np.arange(int((last - first).max(initial=0)) + 1)
    return np.minimum(within, n - 1), within <= last[:, None]


def _declared_grid(raster: Any, name: str) -> Grid:
    if raster.crs is None:
        raise ElevationError(f"{name} has no coordinate reference system, so its cells lie nowhere.")
    wkt = _usable_crs(raster.crs, name)
    transform = raster.transform
    if not transform.is_rectilinear:
        raise ElevationError(f"{name} is rotated; warp it so that its rows run along one axis.")
    if min(raster.shape) < 2:
        raise ElevationError(f"{name} has {raster.height} x {raster.width} cells; at least 2 x 2 are needed.")
    grid = Grid(transform.c, transform.f, transform.a, transform.e, raster.height, raster.width, wkt)
    _require_on_earth(raster, grid, name)
    return grid


def _usable_crs(crs: Any, name: str) -> str:
    from pyproj import CRS
    from pyproj.exceptions import CRSError

    wkt: str = crs.to_wkt()
    try:
        declared = CRS.from_wkt(wkt)
    except CRSError as error:
        raise ElevationError(f"{name} has a coordinate reference system that PROJ does not know.") from error
    if not (declared.is_geographic or declared.is_projected):
        raise ElevationError(f"{name} is neither in geographic nor in projected coordinates, but in {declared.name}.")
    unknown = [axis.name for axis in declared.axis_info if axis.unit_conversion_factor <= 0.0]
    if unknown:
        raise ElevationError(f"{name} does not say in which units its {unknown[0]} is measured.")
    return wkt


def _require_on_earth(raster: Any, grid: Grid, name: str) -> None:
    corners = grid.position_of(
        np.array([-0.5, -0.5, grid.n_rows - 0.5, grid.n_rows - 0.5]),
        np.array([-0.5, grid.n_columns - 0.5, -0.5, grid.n_columns - 0.5]),
    )
    beyond = ~np.isfinite(corners.lat) | (np.abs(corners.lat) > 90.001) | (np.abs(corners.lon) > 360.001)
    if beyond.any():
        bounds = ", ".join(f"{edge:g}" for edge in raster.bounds)
        raise ElevationError(
            f"{name} reaches beyond the earth (bounds {bounds}): its coordinates are not in the units that it declares."
        )


def _sane_cell(grid: Grid, name: str) -> CellSize:
    cell = grid.central_cell()
    if max(cell) > COARSEST_CELL_KM:
        raise ElevationError(
            f"{name} has cells of {cell.width_km:.3g} x {cell.height_km:.3g} km; "
            f"nothing coarser than {COARSEST_CELL_KM:g} km can say what the ground is like."
        )
    return cell


def _heights_m(raster: Any, window: tuple[slice, slice], name: str, *, may_be_empty: bool = False) -> NDArray[np.float32]:
    _require_metres(raster, name)
    masked = raster.read(1, window=tuple((part.start, part.stop) for part in window), masked=True)
    scaled = masked.astype(np.float32) * np.float32(raster.scales[0]) + np.float32(raster.offsets[0])
    heights: NDArray[np.float32] = np.ma.filled(scaled, np.nan).astype(np.float32)
    heights[~np.isfinite(heights)] = np.nan
    if not (may_be_empty and np.isnan(heights).all()):
        _require_land_heights(heights, name)
    return heights


def _require_metres(raster: Any, name: str) -> None:
    if raster.count != 1:
        raise ElevationError(f"{name} has {raster.count} bands; an elevation raster has one.")
    if np.dtype(raster.dtypes[0]).kind not in "iuf":
        raise ElevationError(f"{name} holds {raster.dtypes[0]} values, not heights.")
    units = raster.units[0] or raster.tags().get("units", "")
    if units.strip().lower() not in METRES:
        raise ElevationError(f"{name} gives heights in {units}; metres are needed.")


def _require_land_heights(heights_m: NDArray[np.float32], name: str) -> None:
    if np.isnan(heights_m).all():
        raise ElevationError(f"{name} has no height at all where it is needed.")
    lowest, highest = float(np.nanmin(heights_m)), float(np.nanmax(heights_m))
    if lowest < LOWEST_LAND_M or highest > HIGHEST_LAND_M:
        raise ElevationError(
            f"{name} has heights from {lowest:g} to {highest:g} m, which no land has: "
            "other units, or a value for missing data that it does not declare."
        )


def _require_inside(grid: Grid, points: Points, names: Sequence[str] | None, name: str) -> None:
    outside = np.flatnonzero(~grid.holds(points))
    if outside.size:
        raise ElevationError(f"{name} does not cover {_listed(points, outside, names)}.")


def _listed(points: Points, which: Integers, names: Sequence[str] | None, n_shown: int = 3) -> str:
    shown = [(f"{names[i]} " if names else "") + f"({points.lat[i]:.4f}, {points.lon[i]:.4f})" for i in which[:n_shown]]
    more = f" and {which.size - n_shown} more points" if which.size > n_shown else ""
    return ", ".join(shown) + more
