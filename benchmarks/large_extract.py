"""Write a made-up country to build a theatre from: 200,000 road nodes, 400 towns and villages, elevation.

Roads are laid in a warped lattice: a motorway of two carriageways every 40 lines, primary roads every 20, others paved, every
second line a track; about each town streets in blocks. No luck in it: whoever runs it writes the same bytes.
"""

from __future__ import annotations

import argparse
import math
from pathlib import Path

import numpy as np

WEST, SOUTH, EAST, NORTH = 36.0, 33.0, 38.0, 35.0
N_LINES = 100
"""Roads each way."""
POINTS_A_CELL = 5
N_TOWNS = 20
"""Towns each way."""
BLOCKS = 17
BLOCK_DEG = 0.0012
N_OTHER_NODES = 100_000


def at(i: float, j: float) -> tuple[float, float]:
    """Longitude and latitude of a point of the warped lattice."""
    x, y = i / (N_LINES - 1), j / (N_LINES - 1)
    x += 0.003 * math.sin(23.0 * y + 5.0 * x)
    y += 0.003 * math.sin(19.0 * x + 3.0 * y)
    return WEST + 0.01 + (EAST - WEST - 0.02) * (0.01 + 0.98 * x), SOUTH + 0.01 + (NORTH - SOUTH - 0.02) * (0.01 + 0.98 * y)


def highway(line: int) -> str:
    if line % 40 == 20:
        return "motorway"
    if line % 20 == 0:
        return "primary"
    return "tertiary" if line % 2 == 0 else "track"


class Country:
    """Nodes and ways as they are added."""

    def __init__(self) -> None:
        self.nodes: list[tuple[float, float]] = []
        self.ways: list[tuple[list[int], dict[str, str]]] = []

    def node(self, place: tuple[float, float]) -> int:
        """Add a node and return its number."""
        self.nodes.append(place)
        return len(self.nodes)

    def way(self, nodes: list[int], **tags: str) -> None:
        """Add a way."""
        self.ways.append((nodes, tags))

    def lattice(self) -> dict[tuple[int, int], int]:
        """Lay out all roads and return their crossings."""
        crossing = {(i, j): self.node(at(i, j)) for i in range(N_LINES) for j in range(N_LINES)}
        for line in range(N_LINES):
            for along_i in (True, False):
                self.road(crossing, line, along_i=along_i)
        return crossing

    def road(self, crossing: dict[tuple[int, int], int], line: int, *, along_i: bool) -> None:
        """Lay out one road from crossing to crossing."""
        kind = highway(line)
        for k in range(N_LINES - 1):
            ends = ((k, line), (k + 1, line)) if along_i else ((line, k), (line, k + 1))
            (i0, j0), (i1, j1) = ends
            inner = [
                self.node(at(i0 + (i1 - i0) * t / POINTS_A_CELL, j0 + (j1 - j0) * t / POINTS_A_CELL))
                for t in range(1, POINTS_A_CELL)
            ]
            there = [crossing[i0, j0], *inner, crossing[i1, j1]]
            self.way(there, highway=kind, oneway="yes" if kind == "motorway" else "no")
            if kind == "motorway":
                beside = [self.node((self.nodes[n - 1][0] + 0.0003, self.nodes[n - 1][1] + 0.0003)) for n in inner]
                self.way([there[-1], *reversed(beside), there[0]], highway=kind, oneway="yes")

    def streets(self, crossing: dict[tuple[int, int], int]) -> list[tuple[float, float]]:
        """Lay out the streets of all towns and return where towns lie."""
        step = N_LINES // N_TOWNS
        towns = []
        for a in range(N_TOWNS):
            for b in range(N_TOWNS):
                middle = crossing[a * step + 2, b * step + 2]
                lon, lat = self.nodes[middle - 1]
                towns.append((lon, lat))
                self.blocks(middle, lon, lat)
        return towns

    def blocks(self, middle: int, lon: float, lat: float) -> None:
        """Lay out the streets of a town."""
        half = BLOCKS // 2
        corner = {
            (i, j): middle if (i, j) == (half, half) else self.node((lon + (i - half) * BLOCK_DEG, lat + (j - half) * BLOCK_DEG))
            for i in range(BLOCKS)
            for j in range(BLOCKS)
        }
        for i in range(BLOCKS):
            self.way([corner[i, j] for j in range(BLOCKS)], highway="residential")
            self.way([corner[j, i] for j in range(BLOCKS)], highway="residential")

    def write(self, path: Path) -> int:
        """Write the extract and return how many road nodes it has."""
        import osmium
        from osmium.osm.mutable import Node, Way

        n_roads = len(self.nodes)
        path.unlink(missing_ok=True)
        with osmium.SimpleWriter(str(path)) as writer:
            for number, place in enumerate(self.nodes, start=1):
                writer.add_node(Node(id=number, location=place))
            for number in range(n_roads + 1, n_roads + N_OTHER_NODES + 1):
                writer.add_node(Node(id=number, location=(WEST + number % 997 / 500, SOUTH + number % 991 / 500)))
            for number, (nodes, tags) in enumerate(self.ways, start=1):
                writer.add_way(Way(id=number, nodes=nodes, tags=tags))
        return n_roads


def write_places(path: Path, towns: list[tuple[float, float]]) -> None:
    rows = [f"Town {n},{lat:.5f},{lon:.5f},{200 + 997 * n % 60000}" for n, (lon, lat) in enumerate(towns, start=1)]
    path.write_text("\n".join(["name,lat,lon,population", *rows]) + "\n", encoding="utf-8")


def write_dem(path: Path) -> None:
    """Write heights in cells of 3 arc seconds."""
    import rasterio

    n, step = 2640, 1 / 1200
    lat, lon = NORTH + 0.1 - (np.arange(n) + 0.5) * step, WEST - 0.1 + (np.arange(n) + 0.5) * step
    heights = 1000 + 300 * np.sin(9 * lat)[:, None] + 250 * np.sin(11 * lon)[None, :] + 100 * np.sin(140 * lat)[:, None]
    place = rasterio.Affine(step, 0, WEST - 0.1, 0, -step, NORTH + 0.1)
    profile = {"driver": "GTiff", "height": n, "width": n, "count": 1, "dtype": "int16", "crs": "EPSG:4326", "transform": place}
    with rasterio.open(path, "w", **profile) as raster:
        raster.write(heights.astype(np.int16), 1)


def write_country(folder: Path) -> int:
    """Write all files and return how many road nodes there are."""
    country = Country()
    towns = country.streets(country.lattice())
    write_places(folder / "places.csv", towns)
    write_dem(folder / "dem.tif")
    return country.write(folder / "roads.osm.pbf")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    folder.mkdir(parents=True, exist_ok=True)
    print(f"{write_country(folder):,} road nodes, box {WEST},{SOUTH},{EAST},{NORTH}")


if __name__ == "__main__":
    main()
