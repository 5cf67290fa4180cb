"""Roads of an OpenStreetMap extract, read as a stream.

libosmium reads the file, keeps the positions of its nodes in a sorted list of 16 bytes each, in memory for small files and
in a temporary file for large ones, and hands over ways of the wanted tags alone. What lies outside the box is dropped at
once, so that a country does not have to fit in memory.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from keyterrain.geo.box import Box
from keyterrain.theatre.faults import Fault
from keyterrain.theatre.importers.roads import CLASSES, TAGS, Gatherer, Ways, meaning

if TYPE_CHECKING:
    from collections.abc import Iterator

    import osmium

SUFFIXES = (".osm.pbf", ".pbf", ".osm", ".osm.xml", ".osm.gz", ".osm.bz2")
IN_MEMORY_BYTES = 60_000_000
"""Extracts up to this size hold some ten million nodes, whose positions take 160 MB (assumption: 6 bytes a node)."""
_NOWHERE = 2_147_483_647
"""How libosmium writes a position that it does not know."""
_TELL_EVERY = 50_000


class UnreadableRoads(Exception):
    """Roads that cannot be used, with the fault that says so."""

    def __init__(self, fault: Fault) -> None:
        self.fault = fault
        super().__init__(str(fault))


def read_osm(path: Path, box: Box, tell: Callable[[str], None] = lambda _: None) -> Ways:
    """Read the roads of a box from an extract.

    Raises
    ------
    UnreadableRoads
        Empty, truncated, damaged, ways before their nodes, or no road in the box.
    """
    if path.stat().st_size == 0:
        raise UnreadableRoads(Fault(path.name, None, None, "the file is empty"))
    gatherer = Gatherer.of(box.west, box.south, box.east, box.north)
    try:
        with _node_index(path) as index:
            _gather(path, index, gatherer, tell)
    except RuntimeError as error:
        what = f"cannot be read as an OpenStreetMap extract, it is damaged, cut short or something else: {error}"
        raise UnreadableRoads(Fault(path.name, None, None, what)) from error
    if not gatherer.kinds:
        raise UnreadableRoads(Fault(path.name, None, None, _nothing(gatherer, box)))
    return gatherer.ways()


def _nothing(gatherer: Gatherer, box: Box) -> str:
    if gatherer.n_unlocated:
        return "the nodes of its roads are not in it or stand after the ways: sort it (osmium sort) or take a whole extract"
    return f"there is no road in the box {box}: is it an extract of another region?"


@contextmanager
def _node_index(path: Path) -> Iterator[str]:
    if path.stat().st_size <= IN_MEMORY_BYTES:
        yield "sparse_mem_array"
        return
    with tempfile.TemporaryDirectory(prefix="keyterrain-nodes-") as folder:
        yield f"sparse_file_array,{Path(folder) / 'nodes'}"


def _gather(path: Path, index: str, gatherer: Gatherer, tell: Callable[[str], None]) -> None:
    import osmium

    entities = osmium.osm.NODE | osmium.osm.WAY
    wanted = osmium.filter.TagFilter(*(("highway", value) for value in CLASSES), ("mountain_pass", "yes"))
    source = osmium.FileProcessor(osmium.io.File(path, _format_of(path)), entities)
    for n, each in enumerate(source.with_locations(index).with_filter(wanted), start=1):
        if isinstance(each, osmium.osm.Way):
            _take_way(each, gatherer)
        elif each.tags.get("mountain_pass") == "yes":
            gatherer.passes[each.id] = each.tags.get("name") or ""
        if n % _TELL_EVERY == 0:
            tell(f"{n:,} ways of {path.name} read")


def _format_of(path: Path) -> str:
    return "pbf" if path.name.lower().endswith(".pbf") else ""


def _take_way(way: osmium.osm.Way, gatherer: Gatherer) -> None:
    tags = way.tags
    said = meaning({key: value for key in TAGS if (value := tags.get(key)) is not None})
    if said is None:
        return
    points = [(node.ref, node.x, node.y) for node in way.nodes]
    gatherer.n_unlocated += sum(point[1] == _NOWHERE for point in points)
    if points:
        # a node of unknown position lies in no box, so that the way is cut there
        refs, xs, ys = zip(*points, strict=True)
        gatherer.add(said, refs, xs, ys)
