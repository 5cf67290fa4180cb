"""A theatre from elevation, roads and a gazetteer: a scenario folder that `check` accepts, and a list of what is left to decide."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np

from keyterrain.geo import mosaic
from keyterrain.geo.box import Box, BoxError
from keyterrain.geo.distance import Booleans, Integers, Points, distance_km
from keyterrain.geo.elevation import Elevation, ElevationError
from keyterrain.theatre.faults import Fault, ScenarioFaults, in_order
from keyterrain.theatre.folder import LARGEST_FILE_BYTES
from keyterrain.theatre.importers import osm, undecided, vector
from keyterrain.theatre.importers.anchoring import Anchored, anchor
from keyterrain.theatre.importers.carriageways import without_roundabouts, zipped
from keyterrain.theatre.importers.decisions import FILE, Decision, as_markdown
from keyterrain.theatre.importers.gazetteer import Gazetteer, Settlement, read_places, slug, without_doubles
from keyterrain.theatre.importers.naming import Keys, keys_of
from keyterrain.theatre.importers.network import BESIDE_MOTORWAY, ON_FOOT, Network, components, of_ways, without_fragments
from keyterrain.theatre.importers.roads import MOTORWAY, PAVED, PRIMARY, Ways
from keyterrain.theatre.importers.routes import LEAST_KM, Way, name_of, source_of, straight_km, ways_between
from keyterrain.theatre.importers.theatre_scale import reduce
from keyterrain.theatre.nouns import ControlRow, Place, Record, Route, Source
from keyterrain.theatre.quantity import Quantity
from keyterrain.theatre.scenario import Scenario
from keyterrain.theatre.schema import SETTLEMENT_KINDS, TERRAIN_FILE

Pieces = Literal["refuse", "largest", "all"]
Tell = Callable[[str], None]

UNKNOWN_COUNTRY = "XX"
GUESSED_POPULATION = {
    "city": "20000 < 80000 < 400000",
    "town": "2000 < 8000 < 40000",
    "village": "50 < 500 < 4000",
    "quarter": "500 < 5000 < 40000",
    "enclave": "500 < 5000 < 40000",
}
"""Inhabitants where a gazetteer says none; assumption, wide on purpose."""
JUNCTION_ERROR_KM = 0.2
"""Junctions stand for crossings up to 300 m apart; assumption."""
MOST_LISTED = 12


@dataclass(frozen=True, slots=True)
class BuildRequest:
    """What a theatre is to be built from, and how.

    Attributes
    ----------
    dem, roads, places
        Files: elevation in one or more, roads in one, places in one or more.
    box
        What part of the earth.
    min_population
        Settlements of fewer inhabitants are left out; above 0, those of unknown population too.
    title
        Title of the scenario; its name follows from the folder's.
    start
        First evening; None leaves it to be decided.
    pieces
        What to do with a network in pieces: refuse it, keep the largest, or keep all.
    leave_out_sea
        Leave out places in the sea instead of refusing them.
    all_roads
        Keep every road that is no dead end, not only those that some way between places takes.
    """

    dem: tuple[Path, ...]
    roads: Path
    places: tuple[Path, ...]
    box: Box
    min_population: int = 0
    title: str = ""
    start: date | None = None
    pieces: Pieces = "refuse"
    leave_out_sea: bool = False
    all_roads: bool = False


@dataclass(frozen=True, slots=True)
class Built:
    """A theatre that was built: where it lies, what it has, and what is left to decide."""

    request: BuildRequest
    out: Path
    n_places: int
    n_passes: int
    n_junctions: int
    n_routes: int
    km: float
    n_ways_read: int
    n_points_read: int
    population: float
    warnings: tuple[Fault, ...]
    decisions: tuple[Decision, ...]


class _Sources(NamedTuple):
    """What was read of the files."""

    mosaic: mosaic.Mosaic
    ways: Ways
    settlements: tuple[Settlement, ...]
    decisions: tuple[Decision, ...]


class _Theatre(NamedTuple):
    """A network with its places: nodes of settlements and passes, and the routes."""

    network: Network
    settlements: tuple[Settlement, ...]
    nodes: Integers
    passes: dict[int, str]
    ways: tuple[Way, ...]
    decisions: tuple[Decision, ...]


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
    sources = _read(request, tell)
    theatre = _network(request, sources, tell)
    out.parent.mkdir(parents=True, exist_ok=True)
    beside = Path(tempfile.mkdtemp(prefix=f".{out.name}.", dir=out.parent))
    try:
        return _write(request, sources, theatre, beside, out, tell)
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def _require_absent(out: Path) -> None:
    if out.exists() or out.is_symlink():
        raise _refuse([Fault("--out", None, None, f"{out} is there already, and nothing is written over")])


def _refuse(faults: Iterable[Fault]) -> ScenarioFaults:
    return ScenarioFaults("What a theatre was to be built from", in_order(faults))


# --- reading


def _read(request: BuildRequest, tell: Tell) -> _Sources:
    faults = [fault for path in (*request.dem, request.roads, *request.places) if (fault := _no_file(path))]
    if faults:
        raise _refuse(faults)
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
            names = _listed(each.name for each in drowned)
            decisions.append(Decision("left out", f"{len(drowned)} places in the sea by the elevation file", f"{names}."))
    if faults or ground is None or ways is None:
        raise _refuse(faults)
    if not settlements:
        raise _refuse([Fault(request.places[0].name, None, None, "all places in the box lie in the sea")])
    return _Sources(ground, ways, settlements, tuple(decisions))


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
        what = f"of the {n_small} places in the box {request.box} none has {request.min_population} inhabitants: lower --min-population"
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
        covered = ground.covers(_points(settlements))
        wet |= {each for each, is_covered in zip(settlements, covered, strict=True) if not is_covered}
    return tuple(each for each in settlements if each not in wet), tuple(each for each in settlements if each in wet)


def _in_the_sea(settlement: Settlement) -> Fault:
    what = (
        f"{settlement.name} ({settlement.lat:.4f}, {settlement.lon:.4f}) lies in the sea or where the elevation has no data: mend its "
        "coordinates, or leave such places out with --leave-out-sea"
    )
    return Fault(settlement.file, settlement.row, None, what)


def _points(settlements: Sequence[Settlement]) -> Points:
    return Points.of([each.lat for each in settlements], [each.lon for each in settlements])


def _listed(names: Iterable[str], most: int = MOST_LISTED) -> str:
    ordered = list(names)
    rest = f" and {len(ordered) - most} more" if len(ordered) > most else ""
    return ", ".join(ordered[:most]) + rest


# --- the network


def _network(request: BuildRequest, sources: _Sources, tell: Tell) -> _Theatre:
    lat = request.box.lat
    roads = of_ways(sources.ways, sources.mosaic.elevation)
    roads = zipped(without_roundabouts(roads, sources.ways), lat)
    roads = without_fragments(roads)
    settlements = sources.settlements
    error_km = np.array([each.error_km for each in settlements])
    anchored = anchor(roads, _points(settlements), error_km, lat)
    tell(f"{int((anchored.link >= 0).sum()):,} places set onto the roads")
    passes = _passes_on(roads, sources.ways)
    kinds = tuple(each.kind for each in settlements)
    network = reduce(
        anchored.network, anchored.node, kinds, np.array(list(passes), dtype=np.int64), all_roads=request.all_roads, tell=tell
    )
    kept, network, apart = _in_one_piece(request, settlements, anchored, network)
    settlements, nodes = tuple(settlements[i] for i in kept), anchored.node[kept]
    alive = np.zeros(network.n_nodes, np.bool_)
    alive[network.u] = alive[network.v] = True
    passes = {node: name for node, name in passes.items() if alive[node]}
    ways = ways_between(network, _marks(list(passes), network.n_nodes))
    decisions = (*_links_to_look_at(sources.settlements, anchored, kept), *apart)
    return _Theatre(network, settlements, nodes, passes, ways, decisions)


def _passes_on(roads: Network, ways: Ways) -> dict[int, str]:
    alive = np.zeros(roads.n_nodes, np.bool_)
    alive[roads.u] = alive[roads.v] = True
    return {node: name for node, name in sorted(ways.passes.items()) if alive[node]}


def _marks(which: Sequence[int], n: int) -> Booleans:
    marks = np.zeros(n, np.bool_)
    marks[list(which)] = True
    return marks


class _Piece(NamedTuple):
    """Which settlements stay, the network that they have, and what that leaves to decide."""

    kept: Integers
    network: Network
    decisions: tuple[Decision, ...]


def _in_one_piece(request: BuildRequest, settlements: Sequence[Settlement], anchored: Anchored, network: Network) -> _Piece:
    label = components(network)
    piece = label[anchored.node]
    populous = np.bincount(piece, minlength=label.max() + 1)
    has_places = populous[label[network.u]] > 0
    network = network.take(has_places)
    order = sorted(set(piece.tolist()), key=lambda each: (-populous[each], int(np.flatnonzero(piece == each)[0])))
    everyone = np.arange(len(settlements))
    if len(order) == 1:
        return _Piece(everyone, network, ())
    said = [_listed(settlements[i].name for i in everyone[piece == each]) for each in order[1:]]
    if request.pieces == "refuse":
        what = (
            f"the network is in {len(order)} pieces: beside the largest, of {populous[order[0]]} places, there are {'; '.join(said[:MOST_LISTED])}"
            f"{f' and {len(said) - MOST_LISTED} more' if len(said) > MOST_LISTED else ''}. Keep the largest with --pieces largest, or all "
            "with --pieces all"
        )
        raise _refuse([Fault(request.roads.name, None, None, what)])
    about = f"The network is in {len(order)} pieces"
    if request.pieces == "largest":
        largest = order[0]
        network = network.take(label[network.u] == largest)
        return _Piece(everyone[piece == largest], network, (Decision("pieces", about, f"Left out: {'; '.join(said)}."),))
    return _Piece(everyone, network, (Decision("pieces", about, f"Apart from the rest: {'; '.join(said)}."),))


def _links_to_look_at(settlements: Sequence[Settlement], anchored: Anchored, kept: Integers) -> Iterable[Decision]:
    for i in kept:
        each, km = settlements[i], anchored.offset_km[i]
        if anchored.link[i] == ON_FOOT:
            yield Decision("links", f"{each.name} is {km:.1f} km from the nearest way", "Joined on foot in a straight line, 1.4 times as long.")
        elif anchored.link[i] == BESIDE_MOTORWAY:
            yield Decision("links", f"{each.name} has no road but the motorway, {km:.1f} km off", "Joined to a junction on it.")


# --- writing


class _Named(NamedTuple):
    """Keys by node, and the places of the theatre."""

    key_of: dict[int, str]
    places: tuple[Place, ...]


def _write(request: BuildRequest, sources: _Sources, theatre: _Theatre, beside: Path, out: Path, tell: Tell) -> Built:
    from keyterrain.theatre.library import check
    from keyterrain.theatre.save import save

    mosaic.write_geotiff(sources.mosaic, beside / TERRAIN_FILE)
    if (size := (beside / TERRAIN_FILE).stat().st_size) > LARGEST_FILE_BYTES:
        what = f"the elevation of the box takes {size / 1e6:.0f} MB, more than a scenario may hold: warp it to coarser cells"
        raise _refuse([Fault("elevation", None, None, what)])
    scenario = _scenario(request, sources, theatre, beside, out)
    decisions = (*_of_the_conflict(request), *_of_people(theatre.settlements), *theatre.decisions, *_beyond(theatre, sources.ways),
                 *sources.decisions, *_of_names(scenario), _of_climate())  # fmt: skip
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


def _scenario(request: BuildRequest, sources: _Sources, theatre: _Theatre, folder: Path, out: Path) -> Scenario:
    start = request.start or undecided.NO_START
    named = _named(request, sources, theatre, start)
    _require_heights(named.places, sources.mosaic.elevation)
    heights = [place.elevation_m for place in named.places if place.elevation_m is not None]
    reference_m = round(float(np.median(heights)), -1)
    control = tuple(
        ControlRow(start, place.key, undecided.HOLDER, "", 1.0, 0.0, "", undecided.PLACEHOLDER, "", start) for place in named.places
    )
    return Scenario(
        path=folder, name=slug(out.name) or "theatre", title=request.title or out.name,
        summary=f"Built from geodata of the box {request.box}; who fights whom is not decided, see {FILE}.",
        starts=(start,), days=undecided.DAYS, covered_until=None, **undecided.parties(), actors=(), areas=(), corridors=(), abroad=(),
        uncertain_places=(), outcomes=(), reference_height_m=reference_m, crest_areas=(), parameters={}, places=named.places,
        routes=_routes(theatre, named.key_of, named.places, start), forces=(), strength_claims=(), reinforcements=(),
        supply_sources=(), stocks=(), people=(), climate=undecided.climate(request.box.lat, reference_m),
        record=Record(control, (), (), (), ()), sources=_sources(request), claims=(), fingerprint="",
    )  # fmt: skip


def _require_heights(places: Sequence[Place], ground: Elevation) -> None:
    covered = ground.covers(Points.of([place.lat for place in places], [place.lon for place in places]))
    bare = [f"{place.name} ({place.lat}, {place.lon})" for place, is_covered in zip(places, covered, strict=True) if not is_covered]
    if bare:
        what = f"the elevation has no data under {_listed(bare)}, where roads meet: fill its gaps (gdal_fillnodata) or take another file"
        raise _refuse([Fault("elevation", None, None, what)])


def _named(request: BuildRequest, sources: _Sources, theatre: _Theatre, start: date) -> _Named:
    keys = Keys((*(side.key for side in undecided.SIDES),))
    names = keys_of(theatre.settlements, keys)
    key_of = dict(zip((int(node) for node in theatre.nodes), names, strict=True))
    ground, source_keys = sources.mosaic.elevation, _source_keys(request)
    places = [
        _settled(each, key, ground, source_keys[each.file], start) for each, key in zip(theatre.settlements, names, strict=True)
    ]
    used = sorted({end for way in theatre.ways for end in (way.start, way.end)} - set(key_of))
    places += _between(used, theatre, keys, key_of, ground, start)
    return _Named(key_of, tuple(sorted(places, key=lambda place: place.key)))


def _settled(each: Settlement, key: str, ground: Elevation, source: str, start: date) -> Place:
    is_settlement = each.kind in SETTLEMENT_KINDS
    population, says = None, source
    if is_settlement and each.population is None:
        population = Quantity.parse(GUESSED_POPULATION[each.kind])
        says += f";assumption: no population known, as of any {each.kind}"
    elif each.population is not None:
        population = Quantity.parse(f"about {each.population}" if each.population else "0")
    height_m = each.elevation_m if each.elevation_m is not None else _height_m(ground, each.lat, each.lon)
    return Place(
        key=key, name=_clean(each.name), alt_names=_spellings(each), lat=round(each.lat, 5), lon=round(each.lon, 5),
        error_km=each.error_km, elevation_m=height_m, population=population, kind=each.kind,
        country=each.country or UNKNOWN_COUNTRY, areas=(), community="", leaning="", host_capacity=None, source=says, known_on=start,
    )  # fmt: skip


def _height_m(ground: Elevation, lat: float, lon: float) -> float | None:
    height = float(ground.at(Points.of([lat], [lon]))[0])
    return None if np.isnan(height) else float(round(height))


def _clean(name: str) -> str:
    return " ".join(name.replace(";", ",").split())


def _spellings(each: Settlement) -> tuple[str, ...]:
    names = (_clean(name) for name in (each.ascii_name, *each.alt_names))
    from keyterrain.theatre.importers.gazetteer import MOST_ALT_NAMES

    return tuple(name for name in dict.fromkeys(names) if name and name != _clean(each.name))[:MOST_ALT_NAMES]


def _between(
    used: Sequence[int], theatre: _Theatre, keys: Keys, key_of: dict[int, str], ground: Elevation, start: date
) -> list[Place]:
    """Places of kind pass and junction, named after the nearest settlement."""
    if not used:
        return []
    here = theatre.network.points[np.array(used, dtype=np.int64)]
    near = _nearest_settlement(here, theatre.settlements)
    on_motorway = {end for way in theatre.ways if way.kind == MOTORWAY for end in (way.start, way.end)}
    places = []
    numbers: dict[str, int] = {}
    for i, node in enumerate(used):
        by = theatre.settlements[near[i]]
        is_pass = node in theatre.passes
        what = "pass" if is_pass else "motorway junction" if node in on_motorway else "junction"
        own_name = theatre.passes.get(node, "")
        name = own_name or f"{what.capitalize()} near {by.name}"
        numbers[name] = numbers.get(name, 0) + 1
        if numbers[name] > 1:
            name = f"{name} ({numbers[name]})"
        key = keys.give(slug(own_name) or f"{slug(by.ascii_name or by.name) or 'place'}-{what.replace(' ', '-')}")
        key_of[node] = key
        lat, lon = round(float(here.lat[i]), 5), round(float(here.lon[i]), 5)
        places.append(
            Place(
                key=key, name=_clean(name), alt_names=(), lat=lat, lon=lon, error_km=JUNCTION_ERROR_KM,
                elevation_m=_height_m(ground, lat, lon), population=None, kind="pass" if is_pass else "junction",
                country=by.country or UNKNOWN_COUNTRY, areas=(), community="", leaning="", host_capacity=None, source="roads",
                known_on=start,
            )
        )  # fmt: skip
    return places


def _nearest_settlement(here: Points, settlements: Sequence[Settlement]) -> list[int]:
    there = _points(settlements)
    return [int(np.argmin(distance_km(here[i : i + 1], there))) for i in range(len(here))]


def _routes(theatre: _Theatre, key_of: dict[int, str], places: Sequence[Place], start: date) -> tuple[Route, ...]:
    error_km = {place.key: place.error_km for place in places}
    line_km = straight_km(theatre.network, theatre.ways)
    routes = []
    for way, straight in zip(theatre.ways, line_km, strict=True):
        one, two = sorted((key_of[way.start], key_of[way.end]))
        least = max(LEAST_KM, float(straight) - error_km[one] - error_km[two])
        modes = frozenset(("vehicle", "foot")) if way.vehicle else frozenset(("foot",))
        km = round(max(way.km, least), 2)
        routes.append(Route(one, two, km, name_of(way.kind), modes, source_of(way, "roads"), start))  # type: ignore[arg-type]
    return tuple(sorted(routes, key=lambda route: (route.start, route.end)))


def _source_keys(request: BuildRequest) -> dict[str, str]:
    keys = {}
    for number, path in enumerate(request.places, start=1):
        keys.setdefault(path.name, "places" if number == 1 else f"places-{number}")
    return keys


def _sources(request: BuildRequest) -> tuple[Source, ...]:
    is_osm = request.roads.name.lower().endswith(osm.SUFFIXES)
    licence = "Map data from OpenStreetMap, ODbL: name it where results are shown" if is_osm else ""
    roads = Source("roads", f"Roads: {request.roads.name}", "", "data set", licence)
    elevation = Source("elevation", f"Elevation: {_listed(path.name for path in request.dem)}", "", "data set", "")
    places = [Source(key, f"Places: {name}", "", "data set", "") for name, key in _source_keys(request).items()]
    return (elevation, *places, roads)


# --- what is left to decide


def _of_the_conflict(request: BuildRequest) -> Iterable[Decision]:
    if request.start is None:
        yield Decision(
            "conflict", "When it starts", f"`starts` and all `known_on` are {undecided.NO_START}, which is no date of anything: --start sets them."
        )
    yield Decision("conflict", "Who the sides are", "`first` and `second` are place-holders, hostile to each other; posture, policies and aims too.")
    yield Decision("conflict", "Who holds what", "`record/control.csv` gives every place to `undecided`, a passive side that does nothing.")
    yield Decision("conflict", "Actors and forces", "There are none: `actors` in scenario.yaml, then forces.csv.")
    yield Decision("conflict", "Where supply enters", "supply.csv is empty: depots, ports, border crossings, and the roads that leave the box.")
    yield Decision("conflict", "What is measured", "`outcomes`, `areas`, `corridors` and `abroad` are empty: without outcomes a run answers nothing.")


def _of_people(settlements: Sequence[Settlement]) -> Iterable[Decision]:
    guessed = [each.name for each in settlements if each.population is None and each.kind in SETTLEMENT_KINDS]
    if guessed:
        what = "Their population is a wide guess by kind, marked as an assumption."
        yield Decision("population", f"{len(guessed)} places without a population: {_listed(guessed)}", what)
    yield Decision("population", "Whether people are still there", "Numbers of a gazetteer have no date; who fled or came belongs into people.csv.")


def _beyond(theatre: _Theatre, ways: Ways) -> Iterable[Decision]:
    main = [each for each in ways.exits if each.kind in (MOTORWAY, PRIMARY, PAVED)]
    if not main:
        return
    here = Points.of([each.lat for each in main], [each.lon for each in main])
    near = _nearest_settlement(here, theatre.settlements)
    seen: set[tuple[int, int]] = set()  # one of each kind of road near each place
    for each, i in sorted(zip(main, near, strict=True), key=lambda pair: (pair[0].kind, pair[1])):
        if (each.kind, i) in seen or len(seen) >= 3 * MOST_LISTED:
            continue
        seen.add((each.kind, i))
        about = f"A {name_of(each.kind)} road leaves the box near {theatre.settlements[i].name} ({each.lat:.3f}, {each.lon:.3f})"
        yield Decision("beyond", about, "What it leads to is not in the theatre: supply, guests or a country abroad may be.")


def _of_names(scenario: Scenario) -> Iterable[Decision]:
    nowhere = [place.name for place in scenario.places if place.country == UNKNOWN_COUNTRY]
    if nowhere:
        yield Decision("names", f"Country of {len(nowhere)} places: {_listed(nowhere)}", f"Written as {UNKNOWN_COUNTRY}.")
    yield Decision("names", "How far coordinates may be off", "`error_km` is set by the kind of file, not place by place.")


def _of_climate() -> Decision:
    return Decision("climate", "Normals of a station", "climate.csv follows from latitude and height alone; replace it by measured normals.")


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
        raise _refuse([Fault("--bbox", None, None, str(error))]) from error

