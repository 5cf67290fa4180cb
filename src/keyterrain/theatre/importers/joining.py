"""Roads and places to one network of the theatre, in one piece or as many as are wanted."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np

from keyterrain.geo.distance import Booleans, Integers
from keyterrain.theatre.faults import Fault
from keyterrain.theatre.importers.anchoring import Anchored, anchor
from keyterrain.theatre.importers.carriageways import without_roundabouts, zipped
from keyterrain.theatre.importers.decisions import Decision
from keyterrain.theatre.importers.gazetteer import Settlement
from keyterrain.theatre.importers.network import BESIDE_MOTORWAY, ON_FOOT, Network, components, of_ways, without_fragments
from keyterrain.theatre.importers.request import MOST_LISTED, BuildRequest, Read, Tell, TheatreNetwork, listed, points_of, refusal
from keyterrain.theatre.importers.roads import Ways
from keyterrain.theatre.importers.routes import ways_between
from keyterrain.theatre.importers.theatre_scale import reduce


def network_of(request: BuildRequest, sources: Read, tell: Tell) -> TheatreNetwork:
    """Return the network of the theatre with its places.

    Raises
    ------
    ScenarioFaults
        In pieces, where that is to be refused.
    """
    lat = request.box.lat
    roads = of_ways(sources.ways, sources.mosaic.elevation)
    roads = zipped(without_roundabouts(roads, sources.ways), lat)
    roads = without_fragments(roads)
    settlements = sources.settlements
    error_km = np.array([each.error_km for each in settlements])
    anchored = anchor(roads, points_of(settlements), error_km, lat)
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
    return TheatreNetwork(network, settlements, nodes, passes, ways, decisions)


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
    said = [listed(settlements[i].name for i in everyone[piece == each]) for each in order[1:]]
    if request.pieces == "refuse":
        more = f" and {len(said) - MOST_LISTED} more pieces" if len(said) > MOST_LISTED else ""
        what = (
            f"the network is in {len(order)} pieces: beside the largest, of {populous[order[0]]} places, there are "
            f"{'; '.join(said[:MOST_LISTED])}{more}. Keep the largest with --pieces largest, or all with --pieces all"
        )
        raise refusal([Fault(request.roads.name, None, None, what)])
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
            yield Decision(
                "links",
                f"{each.name} is {km:.1f} km from the nearest way",
                "Joined on foot in a straight line, 1.4 times as long.",
            )
        elif anchored.link[i] == BESIDE_MOTORWAY:
            yield Decision("links", f"{each.name} has no road but the motorway, {km:.1f} km off", "Joined to a junction on it.")
