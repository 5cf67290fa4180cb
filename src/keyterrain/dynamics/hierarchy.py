"""All ways from a place at once, over links between the places that outlast others in `campaign.contraction`.

    weigh     link (u, v) <- min over routes u-v, and over the places x below both:  link (x, u) + toll x + link (x, v)
    climb     from the origin to ever higher places;   descend   from the highest place down to all

Every cheapest way climbs and then descends (Dibbelt, Strasser and Wagner 2016, doi:10.1145/2886843; the sweep down is that of
Delling, Goldberg, Nowatzyk and Werneck 2011, doi:10.1016/j.jpdc.2012.02.007), so two passes without a heap find them all. Weights
serve all origins until prices change. `toll` is paid for going on from a place, never at the origin nor at the goal. Hours are
those of the routes of the cheapest way, without tolls.
"""

from __future__ import annotations

import math

from keyterrain.dynamics.kernel import kernel
from keyterrain.dynamics.state import Floats, State, World


@kernel
def weigh_links(w: World, s: State, hours: Floats) -> None:
    """Work out what every link costs, at so many hours a route and `s.toll` a place."""
    for link in range(w.link_start[w.n_places]):
        s.link_cost[link] = math.inf
    for route in range(w.n_routes):
        link = w.route_link[route]
        s.link_cost[link] = min(s.link_cost[link], hours[route])
    for link in range(w.link_start[w.n_places]):
        s.link_hours[link] = s.link_cost[link]
    for rank in range(w.n_places):
        toll = s.toll[w.place_at[rank]]
        s.rank_toll[rank] = toll
        for k in range(w.triangle_start[rank], w.triangle_start[rank + 1]):
            one, other, across = w.triangle_sides[k, 0], w.triangle_sides[k, 1], w.triangle_across[k]
            cost = s.link_cost[one] + toll + s.link_cost[other]
            round_hours = s.link_hours[one] + s.link_hours[other]
            old_cost, old_hours = s.link_cost[across], s.link_hours[across]
            cheaper = cost < old_cost
            s.link_cost[across] = cost if cheaper else old_cost
            s.link_hours[across] = round_hours if cheaper else old_hours


@kernel
def find_all_ways(w: World, s: State, origin: int) -> None:
    """Set `rank_cost` and `rank_hours` of every place by its rank; inf where no way leads."""
    for rank in range(w.n_places):
        s.rank_cost[rank] = math.inf
        s.rank_hours[rank] = math.inf
    start = w.rank_of[origin]
    s.rank_cost[start] = 0.0
    s.rank_hours[start] = 0.0
    climb(w, s, start)
    descend(w, s, start)


@kernel
def climb(w: World, s: State, start: int) -> None:
    """Go up from a rank: the next place with a link to all that are higher is always the lowest of them."""
    rank = start
    toll = 0.0
    while True:
        first, last = w.link_start[rank], w.link_start[rank + 1]
        here, hours = s.rank_cost[rank] + toll, s.rank_hours[rank]
        for k in range(first, last):
            upper = w.link_rank[k]
            cost = here + s.link_cost[k]
            if cost < s.rank_cost[upper]:
                s.rank_cost[upper] = cost
                s.rank_hours[upper] = hours + s.link_hours[k]
        if first == last:
            return
        rank = w.link_rank[first]
        toll = s.rank_toll[rank]


@kernel
def descend(w: World, s: State, start: int) -> None:
    """Bring the costs of all ranks down to those of ways that come from above."""
    for below in range(w.n_places):
        rank = w.n_places - 1 - below
        cost, hours = s.rank_cost[rank], s.rank_hours[rank]
        for k in range(w.link_start[rank], w.link_start[rank + 1]):
            upper = w.link_rank[k]
            by_upper = s.rank_onward[upper] + s.link_cost[k]
            upper_hours = s.rank_hours[upper] + s.link_hours[k]
            cheaper = by_upper < cost
            cost = by_upper if cheaper else cost
            hours = upper_hours if cheaper else hours
        s.rank_cost[rank] = cost
        s.rank_hours[rank] = hours
        s.rank_onward[rank] = cost if rank == start else cost + s.rank_toll[rank]
