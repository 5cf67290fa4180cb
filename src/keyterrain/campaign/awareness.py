"""Awareness: which places people know of, and what a search from their home has to look at to find the ways there.

People know of the places nearest to theirs by road in dry summer, and of those where one leaves the country. In a theatre with no
more than `MOST_KNOWN` places everyone knows all of them. That the number is bounded keeps the cost of a family's search the same
however large the theatre is.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from keyterrain.campaign.contraction import Contraction
from keyterrain.dynamics.hierarchy import look_up

if TYPE_CHECKING:
    from scipy.sparse import csr_array

MOST_KNOWN = 192
"""Places that people know of besides the gates of the country (assumption: as many as in a theatre of some 200 km, where the
farthest of importance to a family was the 118th by road)."""
FIRST_LIMIT_HOURS = 2.0
"""How far is looked first; doubled until enough is found, so that it sets the time taken and nothing else."""
ORIGINS_AT_ONCE = 512
"""Places searched from at a time: a table of all pairs would not lie in memory."""
MOST_ASKED = 256
"""Origins from which ways are measured for their mean, those with most people (assumption: most who flee are from there)."""
LEAST_HOURS = 1e-6
"""Mean way of a theatre in which all ways are without length."""


class Gate(NamedTuple):
    """Where one leaves the theatre: place, country, and hours beyond."""

    place: int
    country: int
    hours: float


@dataclass(frozen=True, slots=True)
class Awareness:
    """What people know of, by place of origin.

    Attributes
    ----------
    known_start, known_place
        (P + 1), (known) places that people know of, in the order of places.
    survey_start, survey_rank
        (P + 1), (surveyed) ranks on all ways down to these places in the contraction, highest first.
    """

    known_start: NDArray[np.int32]
    known_place: NDArray[np.int32]
    survey_start: NDArray[np.int32]
    survey_rank: NDArray[np.int32]


def awareness(
    graph: csr_array,
    gates: NDArray[np.int32],
    made: Contraction,
    most: int = MOST_KNOWN,
    peopled: NDArray[np.bool_] | None = None,
) -> Awareness:
    """Say what people of each place know of.

    Parameters
    ----------
    graph
        Hours (place, place) of each route.
    gates
        Places that everyone knows of.
    made
        Contraction of the same network.
    most
        Places that people know of besides these.
    peopled
        Whether anybody may live there, by place. Nobody flees to the others, so that beside home and gates they are left out.
    """
    n = int(graph.shape[0])
    everywhere = np.arange(n)
    nearest = [everywhere] * n if n <= most else _nearest(graph, most)
    if peopled is not None:
        nearest = [np.union1d(places[peopled[places]], origin) for origin, places in enumerate(nearest)]
    known = [np.union1d(places, gates) for places in nearest]
    known_start = np.cumsum([0, *map(len, known)]).astype(np.int32)
    known_place = (np.concatenate(known) if known else everywhere).astype(np.int32)
    upper = np.full(n, -1, dtype=np.int32)
    has_upper = np.diff(made.link_start) > 0
    upper[has_upper] = made.link_rank[made.link_start[:-1][has_upper]]
    survey_start = np.zeros(n + 1, dtype=np.int32)
    nothing = np.zeros(0, dtype=np.int32)
    look_up(upper, made.rank_of[known_place], known_start, survey_start, nothing)
    survey_rank = np.zeros(int(survey_start[n]), dtype=np.int32)
    look_up(upper, made.rank_of[known_place], known_start, survey_start, survey_rank)
    for i in range(n):
        survey_rank[survey_start[i] : survey_start[i + 1]][::-1].sort()
    return Awareness(known_start, known_place, survey_start, survey_rank)


def _nearest(graph: csr_array, most: int) -> list[NDArray[np.int64]]:
    """Return the nearest places of each, itself among them; fewer where fewer are joined to it."""
    from scipy.sparse.csgraph import dijkstra

    found: list[NDArray[np.int64]] = [np.zeros(0, dtype=np.int64)] * graph.shape[0]
    left = np.arange(graph.shape[0])
    limit = FIRST_LIMIT_HOURS
    while len(left):
        too_few = []
        for some in np.split(left, range(ORIGINS_AT_ONCE, len(left), ORIGINS_AT_ONCE)):
            for origin, hours in zip(some, dijkstra(graph, indices=some, limit=limit), strict=True):
                reached = np.flatnonzero(np.isfinite(hours))
                if len(reached) < most and np.isfinite(limit):
                    too_few.append(origin)
                found[origin] = np.sort(reached[np.lexsort((reached, hours[reached]))[:most]])
        left = np.array(too_few, dtype=np.int64)
        limit = 2.0 * limit if limit < _LONGEST_HOURS else np.inf
    return found


def mean_way_hours(graph: csr_array, aware: Awareness, people: NDArray[np.float64], gates: Sequence[Gate]) -> float:
    """Mean hours from where people live to the places and countries that they know of, as far as ways lead there.

    This is the unit of their ways. Each origin counts by its people, each of its goals once.

    Parameters
    ----------
    graph
        Hours (place, place) of each route.
    aware
        What people know of.
    people
        People (place), 0 where nobody is to count.
    gates
        Where one leaves the theatre.
    """
    from scipy.sparse.csgraph import dijkstra

    weighed, total = [], []
    origins = [origin for origin in sorted(np.argsort(-people, kind="stable")[:MOST_ASKED].tolist()) if people[origin] > 0.0]
    for origin, hours in zip(origins, np.atleast_2d(dijkstra(graph, indices=origins)) if origins else (), strict=True):
        known = aware.known_place[aware.known_start[origin] : aware.known_start[origin + 1]]
        goals = hours[known[(known != origin) & (people[known] > 0.0)]].tolist()
        abroad: dict[int, float] = {}
        for gate in gates:
            abroad[gate.country] = min(abroad.get(gate.country, math.inf), float(hours[gate.place]) + gate.hours)
        if ways := [each for each in (*goals, *abroad.values()) if math.isfinite(each)]:
            weighed.append(float(people[origin]) * math.fsum(ways) / len(ways))
            total.append(float(people[origin]))
    return max(math.fsum(weighed) / math.fsum(total), LEAST_HOURS) if total else 1.0


_LONGEST_HOURS = 128.0
"""From here on all places that are joined are looked for."""
