"""All ways from a place at once, over links between the places that outlast others in `campaign.contraction`.

    weigh     link (u, v) <- min over routes u-v, and over the places x below both:  link (x, u) + toll x + link (x, v)
    climb     from the origin to ever higher places;   descend   from the highest place down to all

Every cheapest way climbs and then descends (Dibbelt, Strasser and Wagner 2016, doi:10.1145/2886843; the sweep down is that of
Delling, Goldberg, Nowatzyk and Werneck 2011, doi:10.1016/j.jpdc.2012.02.007), so two passes without a heap find them all. Weights
serve all origins until prices change; who leans to another side has other weights, as he shuns other ground. `toll` is paid for
going on from a place, never at the origin nor at the goal. Hours are those of the routes of the cheapest way, without tolls. Only
what lies on the way to places that people of the origin know of is looked at (`campaign.awareness`).
"""

from __future__ import annotations

import math

import numpy as np

from keyterrain.dynamics.kernel import kernel
from keyterrain.dynamics.state import NONE, Floats, Ints, State, World


@kernel
def weigh_links(w: World, s: State, hours: Floats, leaning: int) -> None:
    """Work out what every link costs those of a leaning, at so many hours a route and `s.toll` a place."""
    link_cost, link_hours, rank_toll = s.link_cost[leaning], s.link_hours[leaning], s.rank_toll[leaning]
    for link in range(w.link_start[w.n_places]):
        link_cost[link] = math.inf
    for route in range(w.n_routes):
        link = w.route_link[route]
        link_cost[link] = min(link_cost[link], hours[route])
    for link in range(w.link_start[w.n_places]):
        link_hours[link] = link_cost[link]
    for rank in range(w.n_places):
        toll = s.toll[w.place_at[rank]]
        rank_toll[rank] = toll
        for k in range(w.triangle_start[rank], w.triangle_start[rank + 1]):
            one, other, across = w.triangle_sides[k, 0], w.triangle_sides[k, 1], w.triangle_across[k]
            cost = link_cost[one] + toll + link_cost[other]
            round_hours = link_hours[one] + link_hours[other]
            old_cost, old_hours = link_cost[across], link_hours[across]
            cheaper = cost < old_cost
            link_cost[across] = cost if cheaper else old_cost
            link_hours[across] = round_hours if cheaper else old_hours


@kernel
def find_all_ways(w: World, s: State, leaning: int, origin: int) -> None:
    """Set `rank_cost` and `rank_hours` by rank of every place that people of the origin know of; inf where no way leads."""
    for k in range(w.survey_start[origin], w.survey_start[origin + 1]):
        rank = w.survey_rank[k]
        s.rank_cost[rank] = math.inf
        s.rank_hours[rank] = math.inf
    start = w.rank_of[origin]
    s.rank_cost[start] = 0.0
    s.rank_hours[start] = 0.0
    climb(w, s, leaning, start)
    descend(w, s, leaning, origin)


@kernel
def climb(w: World, s: State, leaning: int, start: int) -> None:
    """Go up from a rank: the next place with a link to all that are higher is always the lowest of them."""
    link_cost, link_hours = s.link_cost[leaning], s.link_hours[leaning]
    rank = start
    toll = 0.0
    while True:
        first, last = w.link_start[rank], w.link_start[rank + 1]
        here, hours = s.rank_cost[rank] + toll, s.rank_hours[rank]
        for k in range(first, last):
            upper = w.link_rank[k]
            cost = here + link_cost[k]
            if cost < s.rank_cost[upper]:
                s.rank_cost[upper] = cost
                s.rank_hours[upper] = hours + link_hours[k]
        if first == last:
            return
        rank = w.link_rank[first]
        toll = s.rank_toll[leaning, rank]


@kernel
def descend(w: World, s: State, leaning: int, origin: int) -> None:
    """Bring the costs of all surveyed ranks down to those of ways that come from above."""
    link_cost, link_hours, rank_toll = s.link_cost[leaning], s.link_hours[leaning], s.rank_toll[leaning]
    start = w.rank_of[origin]
    for i in range(w.survey_start[origin], w.survey_start[origin + 1]):
        rank = w.survey_rank[i]
        cost, hours = s.rank_cost[rank], s.rank_hours[rank]
        for k in range(w.link_start[rank], w.link_start[rank + 1]):
            upper = w.link_rank[k]
            by_upper = s.rank_onward[upper] + link_cost[k]
            upper_hours = s.rank_hours[upper] + link_hours[k]
            cheaper = by_upper < cost
            cost = by_upper if cheaper else cost
            hours = upper_hours if cheaper else hours
        s.rank_cost[rank] = cost
        s.rank_hours[rank] = hours
        s.rank_onward[rank] = cost if rank == start else cost + rank_toll[rank]


@kernel
def look_up(upper: Ints, ranks: Ints, begin: Ints, start: Ints, seen: Ints) -> None:
    """Write down the ranks on all ways up from some, for one list of ranks after another.

    `upper` (P) is the lowest link up from a rank or -1; `ranks` holds the lists, list i from `begin[i]`. `start` (lists + 1) is
    set; `seen` is filled unless it is empty.
    """
    by = np.full(len(upper), NONE, dtype=np.int32)
    n = 0
    for i in range(len(begin) - 1):
        start[i] = n
        for k in range(begin[i], begin[i + 1]):
            rank = ranks[k]
            while rank != NONE and by[rank] != i:
                by[rank] = i
                if len(seen) > 0:
                    seen[n] = rank
                n += 1
                rank = upper[rank]
    start[len(begin) - 1] = n
