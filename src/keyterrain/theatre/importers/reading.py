"""Files of a theatre to be built, read and found sound together: whatever is wrong with any of them is said at once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from keyterrain.geo import mosaic
from keyterrain.geo.elevation import Elevation, ElevationError
from keyterrain.theatre.faults import Fault
from keyterrain.theatre.importers import osm, vector
from keyterrain.theatre.importers.decisions import Decision
from keyterrain.theatre.importers.gazetteer import Gazetteer, Settlement, read_places, without_doubles
from keyterrain.theatre.importers.request import BuildRequest, Read, Tell, listed, points_of, refusal
from keyterrain.theatre.importers.roads import Ways


def read(request: BuildRequest, tell: Tell) -> Read:
    """Read all files of a request.

    Raises
    ------
    ScenarioFaults
        With everything that is wrong with any of them.
    """
    faults = [fault for path in (*request.dem, request.roads, *request.places) if (fault := _no_file(path))]
    if faults:
        raise refusal(faults)
    gazetteers = [read_places(path, request.box, request.min_population) for path in request.places]
    faults = [fault for each in gazetteers for fault in each.faults]
    tell(f"{sum(len(each.settlements) for each in gazetteers):,} places in the box")
    ground = _ground(request, faults)
    ways = _ways(request, faults, tell)
    settlements, n_doubles = without_doubles(each for gazetteer in gazetteers for each in gazetteer.settlements)
    if not settlements and not any(gazetteer.faults for gazetteer in gazetteers):
        faults.append(_no_places(request, gazetteers))
    decisions = list(_sifted(request, gazetteers, n_doubles))
    if ground is not None:
        settlements, drowned = _ashore(settlements, ground.elevation)
        if drowned and not request.leave_out_sea:
            faults += [_in_the_sea(each) for each in drowned]
        elif drowned:
            names = listed(each.name for each in drowned)
            decisions.append(Decision("left out", f"{len(drowned)} places in the sea by the elevation file", f"{names}."))
    if faults or ground is None or ways is None:
        raise refusal(faults)
    if not settlements:
        raise refusal([Fault(request.places[0].name, None, None, "all places in the box lie in the sea")])
    return Read(ground, ways, settlements, tuple(decisions))


def _no_file(path: Path) -> Fault | None:
    if path.is_dir():
        return Fault(path.name, None, None, f"{path} is a folder, not a file")
    return None if path.is_file() else Fault(path.name, None, None, f"there is no file {path}")


def _ground(request: BuildRequest, faults: list[Fault]) -> mosaic.Mosaic | None:
    try:
        return mosaic.mosaic(request.dem, request.box)
    except ElevationError as error:
        faults.append(Fault("elevation", None, None, str(error)))
        return None


def _ways(request: BuildRequest, faults: list[Fault], tell: Tell) -> Ways | None:
    name = request.roads.name.lower()
    try:
        if name.endswith(osm.SUFFIXES):
            ways = osm.read_osm(request.roads, request.box, tell)
        elif name.endswith(vector.SUFFIXES):
            ways = vector.read_roads(request.roads, request.box)
        else:
            formats = ", ".join((*osm.SUFFIXES, *vector.SUFFIXES))
            faults.append(Fault(request.roads.name, None, None, f"unknown format: roads are read from {formats}"))
            return None
    except osm.UnreadableRoads as error:
        faults.append(error.fault)
        return None
    tell(f"{len(ways):,} ways with {ways.lat.size:,} points in the box")
    return ways


def _no_places(request: BuildRequest, gazetteers: Sequence[Gazetteer]) -> Fault:
    n_outside = sum(each.n_outside for each in gazetteers)
    n_small = sum(each.n_too_small + each.n_unknown_population for each in gazetteers)
    what = f"no place lies in the box {request.box}"
    if n_small:
        least = request.min_population
        what = f"of the {n_small} places in the box {request.box} none has {least} inhabitants: lower --min-population"
    elif n_outside:
        what += f", and {n_outside} lie outside it: is the order W,S,E,N?"
    return Fault(request.places[0].name, None, None, what)


def _sifted(request: BuildRequest, gazetteers: Sequence[Gazetteer], n_doubles: int) -> Iterable[Decision]:
    small, unknown = sum(each.n_too_small for each in gazetteers), sum(each.n_unknown_population for each in gazetteers)
    if small or unknown:
        about = f"{small} places under {request.min_population} inhabitants, {unknown} of unknown population"
        yield Decision("left out", about, "Add what matters though few live there: bases, heights, crossings, posts.")
    if n_doubles:
        yield Decision("names", f"{n_doubles} rows name a place that another row names too", "They were made one.")


def _ashore(settlements: Sequence[Settlement], ground: Elevation) -> tuple[tuple[Settlement, ...], tuple[Settlement, ...]]:
    wet = {each for each in settlements if mosaic.lies_in_the_sea(ground, each.lat, each.lon)}
    if settlements:
        covered = ground.covers(points_of(settlements))
        wet |= {each for each, is_covered in zip(settlements, covered, strict=True) if not is_covered}
    return tuple(each for each in settlements if each not in wet), tuple(each for each in settlements if each in wet)


def _in_the_sea(settlement: Settlement) -> Fault:
    what = (
        f"{settlement.name} ({settlement.lat:.4f}, {settlement.lon:.4f}) lies in the sea or where the elevation has no data: "
        "mend its coordinates, or leave such places out with --leave-out-sea"
    )
    return Fault(settlement.file, settlement.row, None, what)
