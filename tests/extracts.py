"""A made-up valley whose network is known by hand, written as an extract, as elevation and as a gazetteer.

Degrees east 36.00 to 36.50, north 34.00 to 34.40. Alpha (36.10, 34.10) and Beta (36.40, 34.10) are joined by a paved road, drawn
twice, and by a motorway of two carriageways at 34.15 with ramps to each. Gamma (36.25, 34.30) is reached from Alpha by a track
over High Pass; another track leads on to the river at 36.30, which no bridge crosses. Delta (36.35, 34.25) beyond it is reached
from Beta through a roundabout. Epsilon is 4 km from any road; Zeta has nothing but the motorway beside it. A lane ends nowhere,
another runs in a ring, and a primary road leaves the box.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np

from keyterrain.geo.box import Box
from keyterrain.geo.distance import Points, distance_km

BOX = Box(36.0, 34.0, 36.5, 34.4)
APART_DEG = 0.0003
"""Half of 60 m between the carriageways."""


class Settled(NamedTuple):
    name: str
    lat: float
    lon: float
    population: int
    code: str = "PPL"
    alternatives: str = ""


SETTLED = (
    Settled("Alpha", 34.10, 36.10, 20000, "PPLA", "Alfa,ألفا"),
    Settled("Beta", 34.10, 36.40, 60000),
    Settled("Gamma", 34.30, 36.25, 900),
    Settled("Delta", 34.25, 36.35, 0),
    Settled("Epsilon", 34.06, 36.25, 300),
    Settled("Zeta", 34.155, 36.25, 150),
)


class Extract:
    """Nodes and ways as they are added, to be written as an extract."""

    def __init__(self) -> None:
        self.nodes: dict[int, tuple[float, float, dict[str, str]]] = {}
        self.ways: list[tuple[list[int], dict[str, str]]] = []

    def node(self, lon: float, lat: float, **tags: str) -> int:
        number = len(self.nodes) + 1
        self.nodes[number] = (lon, lat, tags)
        return number

    def line(self, points: Iterable[tuple[float, float]]) -> list[int]:
        return [self.node(lon, lat) for lon, lat in points]

    def way(self, nodes: list[int], highway: str, **tags: str) -> list[int]:
        self.ways.append((nodes, {"highway": highway, **tags}))
        return nodes

    def write(self, path: Path) -> Path:
        import osmium
        from osmium.osm.mutable import Node, Way

        path.unlink(missing_ok=True)
        with osmium.SimpleWriter(str(path)) as writer:
            for number, (lon, lat, tags) in self.nodes.items():
                writer.add_node(Node(id=number, location=(lon, lat), tags=tags))
            for number, (nodes, tags) in enumerate(self.ways, start=1):
                writer.add_way(Way(id=number, nodes=nodes, tags=tags))
        return path


def between(start: tuple[float, float], end: tuple[float, float], n: int) -> list[tuple[float, float]]:
    """Points that cut a line into n parts, both ends left out."""
    return [(start[0] + (end[0] - start[0]) * i / n, start[1] + (end[1] - start[1]) * i / n) for i in range(1, n)]


def km_of(points: list[tuple[float, float]]) -> float:
    """Length of a line of longitudes and latitudes."""
    lon, lat = np.array(points).T
    return float(distance_km(Points.of(lat[:-1], lon[:-1]), Points.of(lat[1:], lon[1:])).sum())


def valley(*, bridge: bool = False) -> Extract:
    """The valley's roads."""
    e = Extract()
    alpha, beta = e.node(36.10, 34.10), e.node(36.40, 34.10)
    paved = [alpha, *e.line(between((36.10, 34.10), (36.40, 34.10), 10)), beta]
    e.way(paved, "tertiary", name="Old road")
    e.way(list(paved), "tertiary", name="Old road, drawn twice")
    # carriageways: eastbound in the south, westbound in the north, their points at other longitudes
    east_lons = np.linspace(36.05, 36.45, 21)
    west_lons = sorted({*np.linspace(36.45, 36.05, 18), 36.10, 36.40}, reverse=True)
    east = e.line((float(lon), 34.15 - APART_DEG) for lon in sorted({*np.round(east_lons, 6), 36.10, 36.40}))
    west = e.line((float(lon), 34.15 + APART_DEG) for lon in west_lons)
    e.way(east, "motorway")
    e.way(west, "motorway", oneway="yes")
    for town, lon in ((alpha, 36.10), (beta, 36.40)):
        junction = e.node(lon, 34.1485)
        e.way([town, *e.line(between((lon, 34.10), (lon, 34.1485), 4)), junction], "secondary")
        south = min(east, key=lambda n: abs(e.nodes[n][0] - lon))
        north = min(west, key=lambda n: abs(e.nodes[n][0] - lon))
        e.way([junction, south], "motorway_link")
        e.way([north, junction], "motorway_link")
    gamma, high_pass = e.node(36.25, 34.30), e.node(36.15, 34.22, mountain_pass="yes", name="High Pass")
    e.way([alpha, e.node(36.12, 34.16), high_pass, e.node(36.20, 34.26), gamma], "track")
    bank = e.node(36.299, 34.28)
    e.way([gamma, bank], "track")
    delta, other_bank = e.node(36.35, 34.25), e.node(36.301, 34.28)
    e.way([other_bank, delta], "track")
    if bridge:
        e.way([bank, other_bank], "track", bridge="yes")
    ring = e.line((36.38 + 0.0004 * math.cos(a), 34.18 + 0.0004 * math.sin(a)) for a in np.linspace(0, 2 * math.pi, 9)[:-1])
    e.way([*ring, ring[0]], "secondary", junction="roundabout")
    e.way([beta, e.node(36.42, 34.16), ring[0]], "secondary")
    e.way([ring[4], delta], "secondary")
    # what must go: a lane that ends nowhere, one that runs in a ring, a road out of the box
    e.way([paved[3], e.node(36.19, 34.05), e.node(36.19, 34.03)], "unclassified")
    e.way([paved[6], e.node(36.29, 34.08), e.node(36.30, 34.08), e.node(36.30, 34.09), paved[6]], "residential")
    e.way([beta, e.node(36.47, 34.12), e.node(36.60, 34.15), e.node(36.70, 34.15)], "primary")
    e.way([alpha, e.node(36.101, 34.101), e.node(36.102, 34.102)], "footway")
    return e


def geonames(path: Path, settled: Iterable[Settled] = SETTLED) -> Path:
    """Write settlements in GeoNames' dump format, with rows that are none."""
    rows = ["\t".join(geonames_cells(number, each)) for number, each in enumerate(settled, start=1)]
    hill = ["900", "A hill", "A hill", "", "34.2", "36.2", "T", "MT", "XY", *[""] * 5, "0", "", "1200", "", "2020-01-01"]
    path.write_text("\n".join([*rows, "\t".join(hill)]) + "\n", encoding="utf-8")
    return path


def geonames_cells(number: int, each: Settled) -> list[str]:
    """The nineteen cells of a row."""
    place = [str(number), each.name, each.name, each.alternatives, str(each.lat), str(each.lon), "P", each.code, "XY"]
    return [*place, *[""] * 5, str(each.population), "", "700", "Asia/Damascus", "2020-01-01"]


def valley_heights() -> np.ndarray:
    """A plain at 600 m in the south that rises to 1,600 m in the north; row 0 is the northernmost."""
    lat = 34.7 - (np.arange(160) + 0.5) * 0.005
    rise = np.clip((lat - 34.16) / 0.1, 0.0, 1.0) * 1000.0
    return np.round(np.repeat((600.0 + rise)[:, None], 200, axis=1))


def write_dem(path: Path, heights: np.ndarray | None = None, **other: object) -> Path:
    """Write the valley's elevation, with a margin about the box."""
    from terrains import write_raster

    place: dict[str, object] = {"west": 35.75, "north": 34.7, "step": 0.005, "dtype": "int16", "nodata": -32768}
    return write_raster(path, valley_heights() if heights is None else heights, **(place | other))  # type: ignore[arg-type]


def arguments(folder: Path, **changes: Path) -> Mapping[str, Path]:
    """Write all files of the valley and return their paths."""
    files = {
        "dem": lambda: write_dem(folder / "dem.tif"),
        "roads": lambda: valley().write(folder / "valley.osm.pbf"),
        "places": lambda: geonames(folder / "XY.txt"),
    }
    return {name: changes.get(name) or write() for name, write in files.items()}
