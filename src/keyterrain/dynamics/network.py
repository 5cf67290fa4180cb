"""Shortest ways over the routes, by two searches.

Marches, relief and retreats stop when they have found what they need: Dijkstra's algorithm (1959) with a binary heap, place by
place. Supply and corridors want the price of every place in reach, and know ways that were the cheapest some days ago: labels are
corrected (Bellman 1958, Ford 1956) in the order of the last search, so that few sweeps find them without a heap. Both find the
same ways. `path_hours` is in hours, `cost` in the unit of the caller's prices. Families' searches are in `hierarchy`.
"""

from __future__ import annotations

import math

import numpy as np

from keyterrain.dynamics.kernel import kernel
from keyterrain.dynamics.state import FREE, HEAP, NONE, STAMP, Floats, Ints, State, World

SHIFTS_PER_PLACE = 4
"""Shifts from which on sorting by insertion is given up (measured: in theatres of hundreds of places it hardly ever is)."""
OUT_OF_REACH = -1.0
"""Price of a place that a search leaves out: no way is cheaper."""


@kernel
def push(s: State, cost: float, place: int) -> None:
    """Put a place on the heap."""
    i = s.count[HEAP]
    s.count[HEAP] = i + 1
    while i > 0:
        parent = (i - 1) >> 1
        if s.heap_cost[parent] <= cost:
            break
        s.heap_cost[i] = s.heap_cost[parent]
        s.heap_place[i] = s.heap_place[parent]
        i = parent
    s.heap_cost[i] = cost
    s.heap_place[i] = place


@kernel
def pop(s: State) -> int:
    """Take the cheapest place off the heap; the heap must not be empty."""
    top = s.heap_place[0]
    n = s.count[HEAP] - 1
    s.count[HEAP] = n
    cost = s.heap_cost[n]
    place = s.heap_place[n]
    i = 0
    while True:
        child = 2 * i + 1
        if child >= n:
            break
        if child + 1 < n and s.heap_cost[child + 1] < s.heap_cost[child]:
            child += 1
        if s.heap_cost[child] >= cost:
            break
        s.heap_cost[i] = s.heap_cost[child]
        s.heap_place[i] = s.heap_place[child]
        i = child
    if n > 0:
        s.heap_cost[i] = cost
        s.heap_place[i] = place
    return int(top)


@kernel
def begin_search(s: State) -> None:
    """Forget the last search."""
    s.count[STAMP] += 1
    s.count[HEAP] = 0


@kernel
def reach(s: State, place: int, hours: float, risk: float) -> None:
    """Offer a way to a place, so long and so risky; it is kept if it is the shortest so far."""
    stamp = s.count[STAMP]
    if s.stamp[place] == stamp and (s.done[place] == stamp or s.path_hours[place] <= hours):
        return
    s.stamp[place] = stamp
    s.path_hours[place] = hours
    s.path_risk[place] = risk
    push(s, hours, place)


@kernel
def settle(s: State) -> int:
    """Next place in the order of hours, -1 when none is left."""
    stamp = s.count[STAMP]
    while s.count[HEAP] > 0:
        place = pop(s)
        if s.done[place] == stamp:
            continue
        s.done[place] = stamp
        return place
    return NONE


@kernel
def begin_march_search(s: State, origin: int) -> None:
    """Begin a search of marches from a place."""
    begin_search(s)
    reach(s, origin, 0.0, 0.0)


@kernel
def spread_march(w: World, s: State, side: int, place: int, origin: int, unsafe: float) -> None:
    """Go on from a settled place over routes that pass today, through places that let the side through."""
    if place != origin and s.passable[side, place] != FREE:
        return
    for k in range(w.arc_start[place], w.arc_start[place + 1]):
        route = w.arc_route[k]
        hours = s.hours[route]
        if hours == math.inf:
            continue
        goal = w.arc_place[k]
        if s.passable[side, goal] != FREE:
            continue
        threat = s.threat[side, route]
        reach(s, goal, s.path_hours[place] + hours, s.path_risk[place] + (threat if threat > unsafe else 0.0))


@kernel
def begin_ways(s: State, order: Ints) -> None:
    """Forget all prices; the search is confined to the places of `order`."""
    s.cost[:] = OUT_OF_REACH
    for i in range(order.shape[0]):
        s.cost[order[i]] = math.inf
        s.by_arc[order[i]] = NONE


@kernel
def begin_way(s: State, place: int) -> None:
    """Let ways begin at a place, free of charge."""
    s.cost[place] = 0.0
    s.by_arc[place] = NONE


@kernel
def cheapest_ways(w: World, s: State, order: Ints, price: Floats) -> bool:
    """Bring the prices of the places of `order` down to those of the cheapest ways, at a price a route and `s.toll` a place.

    Prices that stand already, of ways that are known, are where it begins. Returns whether any way has changed.
    """
    for i in range(order.shape[0]):
        s.passed_on[order[i]] = math.inf
    return pass_on(w, s, order, price)


@kernel
def pass_on(w: World, s: State, order: Ints, price: Floats) -> bool:
    """Let places hand their price on to their neighbours wherever it is lower than what they have passed on before."""
    changed = False
    better = True
    while better:
        better = False
        for i in range(order.shape[0]):
            place = order[i]
            here = s.cost[place]
            if here >= s.passed_on[place]:
                continue
            s.passed_on[place] = here
            here += s.toll[place]
            for k in range(w.arc_start[place], w.arc_start[place + 1]):
                goal = w.arc_place[k]
                cost = here + price[w.arc_route[k]]
                if cost < s.cost[goal]:
                    s.cost[goal] = cost
                    s.by_arc[goal] = np.int32(k)
                    better = True
        changed |= better
    return changed


@kernel
def lead_back(w: World, s: State, order: Ints, price: Floats) -> bool:
    """Find the cheapest ways of places that are astray over others, whose ways stay as they are; True if any is found."""
    found = False
    better = True
    while better:
        better = False
        for i in range(order.shape[0]):
            place = order[i]
            if not s.astray[place]:
                continue
            for k in range(w.arc_start[place], w.arc_start[place + 1]):
                other = w.arc_place[k]
                cost = s.cost[other] + s.toll[other] + price[w.arc_route[k]]
                if cost < s.cost[place]:
                    s.cost[place] = cost
                    s.by_arc[place] = w.arc_back[k]
                    better = True
        found |= better
    return found


@kernel
def sort_by_price(s: State, order: Ints) -> None:
    """Bring places into the order of their prices, equals as they stood; quickly where that is nearly so."""
    n = order.shape[0]
    if insert_by_price(s, order, SHIFTS_PER_PLACE * n) < n:
        deal_by_price(s, order)
        insert_by_price(s, order, n * n)


@kernel
def insert_by_price(s: State, order: Ints, most: int) -> int:
    """Sort by insertion until so many places have been shifted; returns the first place that is not sorted in."""
    highest = -math.inf
    shifted = 0
    for i in range(order.shape[0]):
        place = order[i]
        cost = s.cost[place]
        if cost >= highest:
            highest = cost
            continue
        if shifted > most:
            return i
        k = i
        while k > 0 and s.cost[order[k - 1]] > cost:
            order[k] = order[k - 1]
            k -= 1
        order[k] = place
        shifted += i - k
    return int(order.shape[0])


@kernel
def bin_of(cost: float, n: int) -> int:
    """Which of so many bins a price falls into; dearer prices never into an earlier one, prices without end into the last."""
    return int(n * (cost / (1.0 + cost))) if cost < math.inf else n


@kernel
def deal_by_price(s: State, order: Ints) -> None:
    """Deal places out to as many bins by price as there are places, and take them up bin by bin, those of each as they stood."""
    n = order.shape[0]
    for i in range(n + 2):
        s.bin_end[i] = 0
    for i in range(n):
        s.dealt[i] = order[i]
        s.bin_end[bin_of(s.cost[order[i]], n) + 1] += 1
    for i in range(1, n + 2):
        s.bin_end[i] += s.bin_end[i - 1]
    for i in range(n):
        bin_ = bin_of(s.cost[s.dealt[i]], n)
        order[s.bin_end[bin_]] = s.dealt[i]
        s.bin_end[bin_] += 1
