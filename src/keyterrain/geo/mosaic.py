"""One elevation raster of a box from files that cover it together: GeoTIFF, SRTM tiles, or whatever else GDAL reads.

Files are taken as they are, cell by cell: those that lie on different grids are refused, since where heights are
resampled is for a person to decide. Only the part about the box is read.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from keyterrain.geo.box import Box
from keyterrain.geo.elevation import Elevation, ElevationError, Grid, Header, open_header
from keyterrain.geo.units import DEGREES, Edges, mistaken_unit

if TYPE_CHECKING:
    from pyproj import CRS

MARGIN_KM = 25.0
"""As much as is read beyond the places of a scenario, where the files reach that far."""
MOST_CELLS = 100_000_000
"""400 MB of heights; about 3 by 3 degrees of cells of one arc second (assumption)."""
COVER_LATTICE = 60
"""The box is taken for covered where a lattice of so many points a side is."""
ALIGNED = 0.02
"""Part of a cell by which grids may differ and still be one."""
NO_DATA = -32768
SEA_RADIUS_KM = 1.0
"""A place with nothing but sea so near lies in it; harbours have land about them (assumption)."""


@dataclass(frozen=True, slots=True)
class Mosaic:
    """Heights of the box with a margin, the files they are from, and whether all are whole metres."""

    elevation: Elevation
    files: tuple[str, ...]
    is_whole: bool


def mosaic(paths: Sequence[Path], box: Box) -> Mosaic:
    """Read the elevation of a box from one or more files.

    Raises
    ------
    ElevationError
        A file that cannot be used, files that do not cover the box, files on different grids, or too many cells.
    """
    headers = [open_header(path) for path in paths]
    _require_cover(headers, box)
    wide = box.wider(MARGIN_KM).lattice(COVER_LATTICE)
    near = [header for header in headers if header.grid.holds(wide).any()]
    for header in near[1:]:
        _require_one_grid(near[0], header)
    union = _union([header.grid for header in near])
    rows, columns = union.window_about(wide, 0.0, near[0].cell)
    grid = union.part(rows, columns)
    if grid.n_rows * grid.n_columns > MOST_CELLS:
        million = grid.n_rows * grid.n_columns / 1e6
        raise ElevationError(
            f"The box holds {million:,.0f} million cells of {near[0].cell.height_km * 1000:.0f} m; warp the elevation to coarser "
            f"cells or take a smaller box (at most {MOST_CELLS / 1e6:g} million)."
        )
    heights = np.full((grid.n_rows, grid.n_columns), np.nan, dtype=np.float32)
    for header in near:
        _paste(heights, grid, header)
    if np.isnan(heights).all():
        raise ElevationError(f"There is no height at all in the box {box}: nothing but cells without data.")
    known = heights[np.isfinite(heights)]
    is_whole = bool((known == np.round(known)).all())
    return Mosaic(Elevation(heights, _standing_alone(grid), near[0].cell), tuple(header.name for header in near), is_whole)


def write_geotiff(mosaic: Mosaic, path: Path) -> None:
    """Write heights as a compressed GeoTIFF: whole metres where all are, else decimetres.

    Raises
    ------
    OSError
        It cannot be written.
    """
    import rasterio
    from rasterio.errors import RasterioError

    grid, heights = mosaic.elevation.grid, mosaic.elevation.heights_m
    dtype, predictor = ("int16", 2) if mosaic.is_whole else ("float32", 3)
    filled = np.where(np.isnan(heights), NO_DATA, heights if mosaic.is_whole else np.round(heights, 1)).astype(dtype)
    profile: dict[str, Any] = {"driver": "GTiff", "count": 1, "dtype": dtype, "nodata": NO_DATA, "crs": grid.crs_wkt}
    profile |= {"height": grid.n_rows, "width": grid.n_columns, "compress": "deflate", "predictor": predictor, "tiled": True}
    transform = rasterio.Affine(grid.step_x, 0.0, grid.west, 0.0, grid.step_y, grid.north)
    try:
        with rasterio.open(path, "w", transform=transform, **profile) as raster:
            raster.write(filled, 1)
    except RasterioError as error:
        raise OSError(f"{path.name} cannot be written: {error}") from error


def lies_in_the_sea(elevation: Elevation, lat: float, lon: float) -> bool:
    """Whether nothing within 1 km has a height, or all that has is at zero: some files fill the sea with it."""
    radius_km = max(SEA_RADIUS_KM, 1.5 * max(elevation.cell))
    cells = elevation.cells_within(lat, lon, radius_km)
    return bool((cells.height_m == 0.0).all())


def _paste(heights: NDArray[np.float32], grid: Grid, header: Header) -> None:
    own = header.grid
    top = round((own.north - grid.north) / grid.step_y) - grid.first_row
    left = round((own.west - grid.west) / grid.step_x) - grid.first_column
    rows = slice(max(0, -top), min(own.n_rows, grid.n_rows - top))
    columns = slice(max(0, -left), min(own.n_columns, grid.n_columns - left))
    if rows.start >= rows.stop or columns.start >= columns.stop:
        return
    read = header.heights_m((rows, columns))
    target = heights[rows.start + top : rows.stop + top, columns.start + left : columns.stop + left]
    # what an earlier file knows stays: tiles share their outermost cells
    np.copyto(target, read, where=np.isnan(target))


def _union(grids: Sequence[Grid]) -> Grid:
    first = grids[0]
    west = min((grid.west for grid in grids), key=lambda edge: edge / first.step_x)
    north = min((grid.north for grid in grids), key=lambda edge: edge / first.step_y)
    n_columns = max(round((grid.west - west) / first.step_x) + grid.n_columns for grid in grids)
    n_rows = max(round((grid.north - north) / first.step_y) + grid.n_rows for grid in grids)
    return replace(first, west=west, north=north, n_rows=n_rows, n_columns=n_columns)


def _standing_alone(grid: Grid) -> Grid:
    """The grid of a window as that of a whole raster, which it is once it is written."""
    west, north = grid.west + grid.first_column * grid.step_x, grid.north + grid.first_row * grid.step_y
    return replace(grid, west=west, north=north, first_row=0, first_column=0)


def _require_one_grid(first: Header, other: Header) -> None:
    one, two = first.grid, other.grid
    same_steps = abs(one.step_x / two.step_x - 1.0) * two.n_columns < ALIGNED and (
        abs(one.step_y / two.step_y - 1.0) * two.n_rows < ALIGNED
    )
    shifts = ((two.west - one.west) / one.step_x, (two.north - one.north) / one.step_y)
    if one.crs_wkt != two.crs_wkt or not same_steps or any(abs(shift - round(shift)) > ALIGNED for shift in shifts):
        raise ElevationError(
            f"{first.name} and {other.name} lie on different grids (reference system, size or place of the cells): "
            "warp them onto one grid first."
        )


def _require_cover(headers: Sequence[Header], box: Box) -> None:
    lattice = box.lattice(COVER_LATTICE)
    covered = _covered(headers, box)
    if covered.all():
        return
    names = ", ".join(header.name for header in headers[:4]) + (" and others" if len(headers) > 4 else "")
    where = "; ".join(f"{header.name} covers {extent(header)}" for header in headers[:4])
    turned = box.turned
    swapped = abs(turned.south) <= 90.0 and abs(turned.north) <= 90.0 and _covered(headers, turned).all()
    if swapped:
        raise ElevationError(
            f"The box {box} lies outside {names}, and with latitude and longitude swapped inside: "
            f"the order is W,S,E,N, so write {turned}."
        )
    mistaken = next(((header, why) for header in headers if (why := mistaken_unit(*_as_declared(header)))), None)
    if mistaken is not None:
        raise ElevationError(f"{mistaken[0].name}: {mistaken[1]} (gdal_edit.py -a_srs {DEGREES} {mistaken[0].name}).")
    if not covered.any():
        raise ElevationError(f"{names}: of another region than the box {box} ({where}).")
    first = int(np.flatnonzero(~covered)[0])
    share = 1.0 - float(covered.mean())
    raise ElevationError(
        f"{names}: {share:.0%} of the box {box} is not covered, among it latitude {lattice.lat[first]:.3f}, longitude "
        f"{lattice.lon[first]:.3f} ({where})."
    )


def _as_declared(header: Header) -> tuple[CRS, Edges]:
    """Return the reference system of a file and its edges in the unit of that."""
    from pyproj import CRS

    grid = header.grid
    xs = (grid.west, grid.west + grid.n_columns * grid.step_x)
    ys = (grid.north, grid.north + grid.n_rows * grid.step_y)
    return CRS.from_wkt(grid.crs_wkt), (min(xs), min(ys), max(xs), max(ys))


def _covered(headers: Sequence[Header], box: Box) -> NDArray[np.bool_]:
    lattice = box.lattice(COVER_LATTICE)
    covered: NDArray[np.bool_] = np.any([header.grid.holds(lattice) for header in headers], axis=0)
    return covered


def extent(header: Header) -> str:
    """Edges of a file in degrees, as `W,S,E,N`."""
    grid = header.grid
    rows = np.array([-0.5, -0.5, grid.n_rows - 0.5, grid.n_rows - 0.5])
    columns = np.array([-0.5, grid.n_columns - 0.5, -0.5, grid.n_columns - 0.5])
    corners = grid.position_of(rows, columns)
    edges = (corners.lon.min(), corners.lat.min(), corners.lon.max(), corners.lat.max())
    return ",".join(f"{edge:.3f}".rstrip("0").rstrip(".") for edge in edges)
