"""What the map alone says of ground, whatever is played: betweenness, ways that would be lost, roads that are seen."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from keyterrain.analysis.decisive.answer import Structure
from keyterrain.analysis.decisive.ground import Ground
from keyterrain.campaign.world import drive_hours
from keyterrain.theatre.ground import measure_ground

if TYPE_CHECKING:
    from keyterrain.theatre.nouns import Corridor, Situation

Floats = NDArray[np.float64]
TOLERANCE = 1e-9
"""Hours, relative: ways that differ by less take equally long."""


class Network:
    """Places and routes of a situation as a graph, in summer and with nobody in the way."""

    def __init__(self, situation: Situation) -> None:
        self.situation = situation
        self.at = {place.key: i for i, place in enumerate(situation.places)}
        self.ends = np.array([(self.at[route.start], self.at[route.end]) for route in situation.routes]).reshape(-1, 2)
        self._measured = measure_ground(situation)

    def structure(self, ground: Ground) -> Structure:
        """Return the structural measures of ground."""
        places = np.array([self.at[key] for key in ground.places])
        corridors = self.situation.corridors
        return Structure(
            betweenness=self.betweenness(places),
            ways_lost={each.key: self.ways_lost(each, ground) for each in corridors},
            observed={each.key: self.observed(each, places) for each in corridors},
        )

    @cached_property
    def ways(self) -> Mapping[str, int]:
        """By corridor the most ways without a common route between its ends, which is the least number of routes to cut."""
        return {each.key: self._flow(each, frozenset()) for each in self.situation.corridors}

    @cached_property
    def route_hours(self) -> Floats:
        """Hours (route) of each route, the faster of driving and walking."""
        walk = self._measured.route_foot_hours.mean(axis=1)
        return np.asarray(np.minimum(drive_hours(self.situation, self._measured), walk))

    @cached_property
    def hours(self) -> Floats:
        """Hours (place, place) of the fastest way, by road at default speeds or on foot; inf where there is none."""
        from scipy.sparse import coo_array
        from scipy.sparse.csgraph import dijkstra

        n = len(self.at)
        fastest = np.full((n, n), np.inf)
        for (a, b), hours in zip(self.ends, self.route_hours, strict=True):
            fastest[a, b] = fastest[b, a] = min(fastest[a, b], max(hours, 1e-6))
        a, b = np.nonzero(np.isfinite(fastest))
        return np.asarray(dijkstra(coo_array((fastest[a, b], (a, b)), shape=(n, n)).tocsr()))

    def betweenness(self, places: NDArray[np.int64]) -> float:
        """Return the share of pairs of other, joined places between which a fastest way passes some of these.

        Freeman (1977, doi:10.2307/3033543), for groups Everett and Borgatti (1999); of several fastest ways one is enough here.
        """
        others = np.setdiff1d(np.arange(len(self.at)), places)
        direct = self.hours[np.ix_(others, others)]
        joined = np.isfinite(direct) & ~np.eye(len(others), dtype=bool)
        if not joined.any():
            return 0.0
        through = np.full(direct.shape, np.inf)
        for place in places:
            here = self.hours[others, place]
            through = np.minimum(through, here[:, None] + here[None, :])
        return float((through[joined] <= direct[joined] * (1.0 + TOLERANCE)).mean())

    def ways_lost(self, corridor: Corridor, ground: Ground) -> float:
        """Return the share of a corridor's ways that is lost where nobody can pass ground; all where it holds an end."""
        ways = self.ways[corridor.key]
        closed = frozenset(ground.places)
        return 0.0 if ways == 0 else 1.0 if closed & {corridor.start, corridor.end} else 1.0 - self._flow(corridor, closed) / ways

    def observed(self, corridor: Corridor, places: NDArray[np.int64]) -> float:
        """Return the share of the length of a corridor's routes that is seen, each route from where most of it is seen."""
        seen = np.zeros(len(self.ends))
        pairs = np.isin(self._measured.pair_place, places)
        np.maximum.at(seen, self._measured.pair_route[pairs], self._measured.pair_observation[pairs].astype(np.float64))
        own = self._routes(corridor, frozenset())
        km = np.array([route.km for route in self.situation.routes])[own]
        return float((seen[own] * km).sum() / km.sum()) if len(own) else 0.0

    def _flow(self, corridor: Corridor, closed: frozenset[str]) -> int:
        from scipy.sparse import coo_array
        from scipy.sparse.csgraph import maximum_flow

        ends = self.ends[self._routes(corridor, closed)]
        a, b = np.concatenate([ends, ends[:, ::-1]]).T
        shape = (len(self.at), len(self.at))
        graph = coo_array((np.ones(len(a), dtype=np.int32), (a, b)), shape=shape).tocsr()
        return int(maximum_flow(graph, self.at[corridor.start], self.at[corridor.end]).flow_value)

    def _routes(self, corridor: Corridor, closed: frozenset[str]) -> NDArray[np.int64]:
        free = set(corridor.places) - closed
        routes = self.situation.routes
        return np.array([i for i, each in enumerate(routes) if each.start in free and each.end in free], dtype=np.int64)
