"""A theatre from elevation, roads and a gazetteer: a sound scenario folder, and a list of what is left to decide."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from keyterrain.geo import mosaic
from keyterrain.geo.box import Box, BoxError
from keyterrain.theatre.cells import EARLIEST_YEAR
from keyterrain.theatre.faults import Fault
from keyterrain.theatre.folder import LARGEST_FILE_BYTES, blocked_by
from keyterrain.theatre.importers.assembly import scenario_of
from keyterrain.theatre.importers.decisions import FILE, as_markdown
from keyterrain.theatre.importers.joining import network_of
from keyterrain.theatre.importers.open_questions import beyond, of_climate, of_names, of_people, of_the_conflict
from keyterrain.theatre.importers.reading import read
from keyterrain.theatre.importers.request import BuildRequest, Built, Read, Tell, TheatreNetwork, refusal
from keyterrain.theatre.schema import TERRAIN_FILE


def build(request: BuildRequest, out: Path, tell: Tell = lambda _: None) -> Built:
    """Build a theatre and write it to a folder, whole or not at all.

    Raises
    ------
    ScenarioFaults
        With everything that is wrong with the files, or because the folder is there.
    OSError
        If it cannot be written.
    """
    _require_absent(out)
    _require_start(request)
    sources = read(request, tell)
    theatre = network_of(request, sources, tell)
    out.parent.mkdir(parents=True, exist_ok=True)
    beside = Path(tempfile.mkdtemp(prefix=f".{out.name}.", dir=out.parent))
    try:
        return _write(request, sources, theatre, beside, out, tell)
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def _require_absent(out: Path) -> None:
    if (blocking := blocked_by(out)) is not None:
        raise refusal([Fault("--out", None, None, f"{out} cannot be made, since {blocking} is a file")])
    if out.exists() or out.is_symlink():
        raise refusal([Fault("--out", None, None, f"{out} is there already, and nothing is written over")])


def _require_start(request: BuildRequest) -> None:
    if request.start is not None and request.start.year < EARLIEST_YEAR:
        raise refusal([Fault("--start", None, None, f"{request.start} is before {EARLIEST_YEAR}")])


def _write(request: BuildRequest, sources: Read, theatre: TheatreNetwork, beside: Path, out: Path, tell: Tell) -> Built:
    from keyterrain.theatre.library import check
    from keyterrain.theatre.save import save

    mosaic.write_geotiff(sources.mosaic, beside / TERRAIN_FILE)
    if (size := (beside / TERRAIN_FILE).stat().st_size) > LARGEST_FILE_BYTES:
        what = f"the elevation of the box takes {size / 1e6:.0f} MB, more than a scenario may hold: warp it to coarser cells"
        raise refusal([Fault("elevation", None, None, what)])
    scenario = scenario_of(request, sources, theatre, beside, out)
    decisions = (*of_the_conflict(request), *of_people(theatre.settlements), *theatre.decisions, *beyond(theatre, sources.ways),
                 *sources.decisions, *of_names(scenario), of_climate())  # fmt: skip
    folder = save(scenario, beside / "whole")
    (folder / FILE).write_text(as_markdown(scenario.title, decisions), encoding="utf-8")
    report = check(folder)
    if report.faults:
        raise AssertionError("a theatre was built that is not sound: " + "; ".join(str(fault) for fault in report.faults[:5]))
    _require_absent(out)
    folder.rename(out)
    tell(f"{out} written")
    n_junctions = sum(place.kind == "junction" for place in scenario.places)
    return Built(
        request=request, out=out, n_places=len(theatre.settlements), n_passes=len(theatre.passes), n_junctions=n_junctions,
        n_routes=len(scenario.routes), km=sum(route.km for route in scenario.routes), n_ways_read=len(sources.ways),
        n_points_read=int(sources.ways.lat.size),
        population=sum(place.population.ppf(0.5) for place in scenario.places if place.population is not None),
        warnings=report.warnings, decisions=decisions,
    )  # fmt: skip


def box_of(text: str) -> Box:
    """Read a box as it is written on the command line.

    Raises
    ------
    ScenarioFaults
        Saying what is wrong with it.
    """
    try:
        return Box.read(text)
    except BoxError as error:
        raise refusal([Fault("--bbox", None, None, str(error))]) from error
