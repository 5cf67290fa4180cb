"""Ground: roads that can be, a theatre in one piece, corridors that join their ends, an elevation file that lies beneath them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from statistics import median
from typing import TYPE_CHECKING

from keyterrain.theatre.draft import Draft, Row
from keyterrain.theatre.faults import Fault, shown
from keyterrain.theatre.schema import PLACES, SETTLEMENT_KINDS, TERRAIN_FILE

if TYPE_CHECKING:
    from keyterrain.geo.distance import Points

_STRAIGHT_LINE_SLACK = 0.99
"""Coordinates are written with few digits: a road may be this much shorter than the line between them; assumption."""
_SUSPICIOUS_HEIGHT_ERROR_M = 300.0
"""Half of the stated heights farther than this from the elevation file: it lies elsewhere; assumption."""
_FEWEST_STATED_HEIGHTS = 5
_TIFF_MARKS = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")


def there_are_places(draft: Draft) -> Iterator[Fault]:
    """A theatre has places."""
    if draft.tables["places"].is_readable and not draft.rows("places"):
        yield Fault(PLACES.file, None, None, "there are no places")


def routes_lead_elsewhere(draft: Draft) -> Iterator[Fault]:
    """No road leads from a place to itself."""
    for row in draft.rows("routes"):
        if row.has("from", "to") and row.get("from") == row.get("to"):
            yield row.fault("to", f"the road leads from {shown(row.get('from'))} to itself")


def roads_open_to_vehicles_can_be_walked(draft: Draft) -> Iterator[Fault]:
    """Modes are `vehicle;foot` or `foot`."""
    for row in draft.rows("routes"):
        if row.has("modes") and "foot" not in row.get("modes"):
            yield row.fault("modes", "a road that vehicles can use can be walked too: write `vehicle;foot`", "vehicle;foot")


def routes_are_no_shorter_than_the_straight_line(draft: Draft) -> Iterator[Fault]:
    """A road is at least as long as the geodesic between its ends, less the errors of both coordinates."""
    from keyterrain.geo.distance import Points, distance_km

    located = _located(draft)
    rows = [row for row in draft.rows("routes") if row.has("km") and row.get("from") in located and row.get("to") in located]
    starts, ends = [located[row.get("from")] for row in rows], [located[row.get("to")] for row in rows]
    straight = distance_km(_points(starts), _points(ends)) if rows else Points.of([], []).lat
    for row, start, end, line_km in zip(rows, starts, ends, straight, strict=True):
        least_km = _STRAIGHT_LINE_SLACK * line_km - start.get("error_km") - end.get("error_km")
        if row.get("km") < least_km:
            what = f"{row.get('km'):g} km is shorter than the straight line, {line_km:.1f} km, less the errors of its ends"
            yield row.fault("km", what)


def _located(draft: Draft) -> dict[str, Row]:
    return {row.get("place"): row for row in draft.rows("places") if row.has("place", "lat", "lon", "error_km")}


def _points(rows: Iterable[Row]) -> Points:
    from keyterrain.geo.distance import Points

    positions = [(row.get("lat"), row.get("lon")) for row in rows]
    return Points.of([lat for lat, _ in positions], [lon for _, lon in positions])


def settlements_have_people(draft: Draft) -> Iterator[Fault]:
    """Population may be blank only where nobody lives."""
    for row in draft.rows("places"):
        if row.get("kind") in SETTLEMENT_KINDS and row.has("population") and row.get("population") is None:
            yield row.fault("population", f"is blank, and a {row.get('kind')} has people")


def theatre_is_in_one_piece(draft: Draft) -> Iterator[Fault]:
    """Places that no road joins to the rest take no part in the campaign (warning)."""
    places = draft.names("place")
    if not places or not draft.tables["routes"].is_readable:
        return
    pieces = sorted(_pieces(places, _neighbours(draft)), key=lambda piece: (-len(piece), min(piece)))
    if len(pieces) > 1:
        listed = "; ".join(_listed(piece) for piece in pieces[1:])
        yield Fault("routes.csv", None, None, f"the theatre is in {len(pieces)} pieces: beside the largest there are {listed}")


def _neighbours(draft: Draft) -> dict[str, set[str]]:
    neighbours: dict[str, set[str]] = defaultdict(set)
    for row in draft.rows("routes"):
        if row.has("from", "to"):
            neighbours[row.get("from")].add(row.get("to"))
            neighbours[row.get("to")].add(row.get("from"))
    return neighbours


def _pieces(places: Iterable[str], neighbours: Mapping[str, set[str]]) -> Iterator[set[str]]:
    left = set(places)
    while left:
        piece = _reached_from(next(iter(left)), left, neighbours)
        left -= piece
        yield piece


def _reached_from(start: str, within: AbstractSet[str], neighbours: Mapping[str, set[str]]) -> set[str]:
    reached, edge = {start}, {start}
    while edge:
        edge = {other for place in edge for other in neighbours.get(place, ()) if other in within} - reached
        reached |= edge
    return reached


def _listed(names: Iterable[str], most: int = 8) -> str:
    ordered = sorted(names)
    rest = f" and {len(ordered) - most} more" if len(ordered) > most else ""
    return ", ".join(ordered[:most]) + rest


def corridors_join_their_ends(draft: Draft) -> Iterator[Fault]:
    """A corridor's places hold both its ends, and roads among them join the two."""
    neighbours = _neighbours(draft)
    for row in draft.rows("corridors"):
        if row.has("from", "to", "places"):
            yield from _broken_corridor(row, neighbours, roads_are_known=draft.tables["routes"].is_readable)


def _broken_corridor(row: Row, neighbours: Mapping[str, set[str]], *, roads_are_known: bool) -> Iterator[Fault]:
    start, end, places = row.get("from"), row.get("to"), set(row.get("places"))
    missing = [key for key in (start, end) if key not in places]
    if start == end:
        yield row.fault("to", f"the corridor leads from {shown(start)} to itself")
    for key in missing:
        yield row.fault("places", f"{shown(key)} is an end of the corridor and not among its places")
    if roads_are_known and not missing and end not in _reached_from(start, places, neighbours):
        yield row.fault("places", f"no roads among these places join {shown(start)} and {shown(end)}")


def terrain_lies_beneath_the_places(draft: Draft) -> Iterator[Fault]:
    """The elevation file can be read, says where it lies, and covers every place."""
    file = draft.contents.files.get(TERRAIN_FILE)
    places = list(_located(draft).values())
    if file is None:
        return
    if not file.content.startswith(_TIFF_MARKS):
        yield Fault(TERRAIN_FILE, None, None, "is no GeoTIFF")
        return
    from keyterrain.geo.elevation import Elevation

    try:
        if places:
            Elevation.open(file.path, around=_points(places), names=[row.get("place") for row in places])
        else:
            Elevation.open(file.path)
    except Exception as error:  # noqa: BLE001 - whatever a broken raster makes its reader say is a fault of the file
        yield Fault(TERRAIN_FILE, None, None, str(error) or type(error).__name__)


def stated_heights_agree_with_the_terrain(draft: Draft) -> Iterator[Fault]:
    """Heights that sources state are near those of the elevation file, or the file lies elsewhere (warning)."""
    file = draft.contents.files.get(TERRAIN_FILE)
    stated = [row for row in _located(draft).values() if row.get("elevation_m") is not None]
    if len(stated) < _FEWEST_STATED_HEIGHTS or file is None or any(terrain_lies_beneath_the_places(draft)):
        return
    from keyterrain.geo.elevation import Elevation

    points = _points(stated)
    heights = Elevation.open(file.path, around=points).at(points)
    error_m = median(abs(row.get("elevation_m") - height) for row, height in zip(stated, heights, strict=True))
    if error_m > _SUSPICIOUS_HEIGHT_ERROR_M:
        what = f"half of the stated heights are more than {error_m:.0f} m off: does it lie in the right place?"
        yield Fault(TERRAIN_FILE, None, None, what)
