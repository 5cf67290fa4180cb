"""The arrays a campaign is played on: the world that all replicates share, what one replicate drew, and its state.

Each of the three is one record of memory with arrays inside, so that a kernel takes three pointers instead of hundreds of
arguments. Arrays are roomier than the theatre needs, in powers of two, so that few shapes are ever compiled: the first
`w.n_places` entries of an axis of places are in use, and so on.

Lists of places and routes are unsigned, which spares compiled code the look at whether an index counts from the end.

Letters in the shapes: P places, E routes, S sides, A actors, C corridors, G countries abroad, H hosts (P + G), K supply
sources, B height bands, Z zones (crest, lee), L initial groups of guests, N reinforcements, R areas (the last is
"elsewhere"). Places and routes are in the order of their keys, so that the order of rows in a table never matters.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Singles = NDArray[np.float32]
Ints = NDArray[np.int32]
Smalls = NDArray[np.int8]
Bytes = NDArray[np.uint8]
Words = NDArray[np.uint64]
Flags = NDArray[np.int8]

HOSTILE = 2
ALLIED = 1
NEUTRAL = 0
NONE = -1

# places of the processes in World.on, in the order of a day
WEATHER_ON, ROUTES_ON, INTERDICTION_ON, SUPPLY_ON, DECISION_ON = 0, 1, 2, 3, 4
MOVEMENT_ON, COMBAT_ON, CONTROL_ON, INSURGENCY_ON, DISPLACEMENT_ON = 5, 6, 7, 8, 9

BLOCKED = 0
FREE = 1
ENEMY = 2

N_BANDS = 17
BAND_M = 200.0
"""Height of a snow band [m]; bands are absolute, so a place more or less changes none."""
CREST = 0
LEE = 1

DEAD = 0
WOUNDED = 1
CAPTURED = 2
DESERTED = 3
N_LOSS_KINDS = 4

MOST_SLOTS = 4
MARCH_RING_DAYS = 16
WOUND_RING_DAYS = 64
MOST_GOALS = 12
WAY_STEPS = 512

# operations
IDLE = 0
MASSING = 1
MARCHING = 2
ASSAULT = 3
CONSOLIDATING = 4

# events
CAPTURE = 0
ASSAULT_BEGINS = 1
BROKEN_OFF = 2
WITHDRAWAL = 3
TERMS = 4
CLOSURE = 5
INCIDENT = 6
FLIGHT = 7
DEFENCE_ENDS = 8
EVENT_KINDS = ("capture", "assault", "broken_off", "withdrawal", "terms", "closure", "incident", "flight", "defence_ends")

# causes
BY_ASSAULT = 0
BY_WITHDRAWAL = 1
UNDEFENDED = 2
BY_LOSSES = 3
BY_ODDS = 4
BY_HUNGER = 5
BY_ATTACK = 6
BY_FEAR = 7
CAUSES = ("assault", "withdrawal", "undefended", "losses", "odds", "hunger", "attack", "fear")

# counters in State.count
HEAP = 0
STAMP = 1
EVENTS = 2
ORDERS = 3
WAYS = 4
ON_THE_WAY = 5
KILLED = 6
ROADS_CHANGED = 8
SUPPLY_SOUGHT = 9
OVERFLOW = 11
PASSABLE_CHANGED = 12
AMBUSHES = 13
LONGEST_CUT_DAYS = 14
ROWS = 15
N_COUNTERS = 16

# weather scalars in State.sky
ANOMALY = 0
WET = 1
SUPPORT = 2
MEAN_SUPPORT = 3
N_SKY = 8


class World(Protocol):
    """What all replicates share: the theatre as arrays, and how much of each is in use."""

    n_places: int
    n_routes: int
    n_sides: int
    n_actors: int
    n_corridors: int
    n_abroad: int
    n_areas: int
    n_sources: int
    n_pairs: int
    n_gates: int
    n_guest_groups: int
    n_joins: int
    on: Flags  # (process)
    place_word: Words  # (P)
    side_place_word: Words  # (S, P)
    side_route_word: Words  # (S, E)
    actor_place_word: Words  # (A, P)
    relation: Smalls  # (S, S)
    active: Flags  # (S)
    side_irregular: Flags  # (S)
    passive_side: int
    aims: Floats  # (S, 4) corridor, people, cut, self
    actor_side: Ints  # (A)
    actor_irregular: Flags  # (A)
    actor_air: Flags  # (A)
    muster: Ints  # (A, 3) places where the recovered gather, in order
    decree: Flags  # (P) control fixed by intervention
    apart: Flags  # (P) no road joins it to the largest piece of the theatre: no side counts on it
    lean: Ints  # (P) side whose enemies people flee from, -1 none
    community: Ints  # (P) -1 none
    country: Ints  # (P)
    area: Ints  # (P) first area
    approaches: Floats  # (P) roads in
    route_from: Ints  # (E)
    route_to: Ints  # (E)
    route_kind: Ints  # (E) what it is paved with: 0 motorway, 1 primary, 2 paved, 3 track
    route_vehicle: Flags  # (E)
    route_km: Floats  # (E)
    route_squared_gradient: Floats  # (E) mean over the route: what slows vehicles
    walk_base_hours: Floats  # (E) on foot without snow
    route_ground: Ints  # (E) zone x bands + band of the highest point
    shut_vehicle: Flags  # (E) closed at the start, no reopening known
    shut_foot: Flags  # (E)
    arc_start: Ints  # (P + 1)
    arc_from: Ints  # (2 E)
    arc_place: Ints  # (2 E)
    arc_route: Ints  # (2 E)
    arc_back: Ints  # (2 E) the same route the other way
    near_start: Ints  # (P + 1) places within three hours' walk along routes, nearest first
    near_place: Ints
    near_hours: Floats
    place_at: Ints  # (P) place by rank in the contraction
    rank_of: Ints  # (P)
    link_start: Ints  # (P + 1) links of a rank to higher ones
    link_rank: Ints
    route_link: Ints  # (E)
    triangle_start: Ints  # (P + 1) triangles over a rank
    triangle_sides: Ints  # (triangles, 2) links up from it
    triangle_across: Ints  # link between their upper ends
    known_start: Ints  # (P + 1) places that people know of
    known_place: Ints
    mean_way_hours: float  # from where people live to the places they know of, over dry roads
    survey_start: Ints  # (P + 1) ranks on the ways there, highest first
    survey_rank: Ints
    pair_start: Ints  # (P + 1) routes within a raid of a place
    pair_route: Ints
    pair_hours: Singles
    pair_seen: Singles
    spill_start: Ints  # (P + 1) where excitation of incidents goes
    spill_place: Ints
    spill_share: Singles
    corridor_side: Ints  # (C)
    corridor_from: Ints  # (C)
    corridor_to: Ints  # (C)
    corridor_stop_start: Ints  # (C + 1) places of a corridor, by the number of routes from its start
    corridor_stop: Ints
    corridor_way_start: Ints  # (C + 1) routes of a corridor
    corridor_way: Ints
    own_corridor: Flags  # (S, E)
    source_side: Ints  # (K)
    source_place: Ints  # (K)
    gate_place: Ints
    gate_country: Ints
    gate_hours: Floats
    guest_origin: Ints  # (L) place, or P where unknown
    guest_host: Ints  # (L)
    join_day: Ints  # (N)
    join_actor: Ints  # (N)
    join_place: Ints  # (N)
    mean_c: Floats  # (days + 1) at the reference height
    p_wet: Floats  # (days + 1)
    wet_mm: Floats  # (days + 1)
    reference_m: float
    gamma_quantile: Floats  # quantiles of a gamma variate of mean 1 and shape 0.75 on an even grid of u
    slots: Ints  # (policy)
    p_least: Floats
    ratio: Floats
    prep_days: Floats
    most_sectors: Ints
    log_believed_relief: float
    log_believed_works: float
    believed_frontage: float
    believed_narrowing: float


class Draw(Protocol):
    """What one replicate drew before its first day."""

    par: Any  # record of all parameters
    strength: Ints  # (A, P)
    holder: Smalls  # (P)
    intruder: Smalls  # (P)
    taken: Ints  # (P)
    held_days: Ints  # (P)
    sectors: Ints  # (P)
    relief: Floats  # (P)
    population: Floats  # (P)
    residents: Ints  # (P)
    guests: Ints  # (L)
    room: Floats  # (P) capacity for guests
    quality: Floats  # (A)
    mobility: Floats  # (A)
    policy: Ints  # (S)
    waits: Flags  # (S)
    capacity: Floats  # (K)
    stock: Floats  # (S, P)
    joining: Ints  # (N)
    abroad_population: Floats  # (G)


class State(Protocol):
    """Everything that changes in one replicate, and the scratch space of its searches."""

    count: Ints  # counters, see above
    sky: Floats  # scalars of the weather
    snow_mm: Floats  # (Z, B) snow water
    fresh_mm: Floats  # (2, Z, B) snow water of today and yesterday
    snow_cm: Floats  # (Z, B)
    slower_walk: Floats  # (Z x B) factor of the hours on foot by snow
    slower_drive: Floats  # (kinds of routes, Z x B) the same by vehicle, inf where none passes
    holder: Smalls  # (P)
    intruder: Smalls  # (P)
    taken: Ints  # (P) sectors of the intruder
    held_days: Ints  # (P)
    strength: Ints  # (A, P)
    force: Ints  # (S, P) sum of strength over a side's actors
    irregulars: Ints  # (S, P)
    marching: Ints  # (MARCH_RING_DAYS, A, P) arrivals by day and goal
    n_marching: Ints  # (A)
    recovering: Ints  # (WOUND_RING_DAYS, A)
    cum_loss: Ints  # (A, kinds)
    cum_joined: Ints  # (A)
    cum_returned: Ints  # (A)
    new_loss: Ints  # (A) today's losses
    readiness: Floats  # (A)
    morale: Floats  # (A)
    stopping_cm: Floats  # (kinds of routes) snow that stops vehicles
    dry_drive_hours: Floats  # (E) without snow or attacks, inf where vehicles never pass
    dry_walk_hours: Floats  # (E) the same on foot
    drive_hours: Floats  # (E) today, inf where vehicles cannot pass
    walk_hours: Floats  # (E)
    hours: Floats  # (E) by the faster mode that passes
    shut_days: Ints  # (E) days that the road stays closed by an attack
    pair_begin: Ints  # (P + 1) pairs that count in this replicate
    pair_way: Ints
    pair_weight: Singles  # worth of one raider for the route
    way_changed: Flags  # (E) opened or closed to vehicles since the corridors were looked at
    raiders_counted: Floats  # (S, P) a side's raiders at a place, as they count in `threat_now`
    threat_now: Floats  # (S, E) worth of the raiders in reach
    threat: Floats  # (S, E) smoothed
    tax_cost: Floats  # (S, E) -ln of the share that passes
    passable: Smalls  # (S, P)
    ground_changed: Flags  # (P) lets others through than when supply was last looked at
    parted: Flags  # (P) contested when `passable` was marked
    delivery: Floats  # (S, P)
    flow: Floats  # (S, P) share of the side's need that passes the place
    supply_order: Ints  # (S, P) places by the price of supply when its ways were last sought
    supply_arc: Ints  # (S, P) arc by which supply then reached a place, -1 for sources and places out of reach
    supply_drives: Flags  # (S, P) whether vehicles passed that arc then
    store: Floats  # (S, P) days
    supplied: Floats  # (S, P) supply factor
    cut_days: Ints  # (S, P)
    n_cut_off: Ints  # (S)
    corridor_open: Floats  # (C)
    corridor_arc: Ints  # (C, stops) arcs of the safest passage when it was last sought
    n_corridor_arcs: Ints  # (C)
    carriage_arc: Ints  # (C, stops) arcs of the cheapest carriage when it was last sought
    n_carriage_arcs: Ints  # (C)
    corridor_secure: Floats  # (C)
    corridor_delivery: Floats  # (C)
    sight_luck: Floats  # (3, P) scratch: uniforms
    sight: Floats  # (S, P) error of a side's estimate, log
    preference: Floats  # (S, P) standard Gumbel
    value_scale: Floats  # (S, 4)
    last_success: Ints  # (S) place
    cooldown: Ints  # (S, P) day until which a target is left alone
    op_state: Ints  # (S, slots)
    op_target: Ints
    op_staging: Ints
    op_days: Ints
    op_prep_days: Ints
    op_wanted: Ints
    op_sent: Ints  # fighters that went in
    op_lost: Ints
    op_force: Ints  # (S, slots, A) earmarked
    earmark: Ints  # (A, P)
    surplus: Floats  # (P) scratch: share of a garrison that can go
    bound: Ints  # (P) scratch: fighters with orders or an operation
    threatened: Flags  # (S, P)
    facing: Ints  # (S, P) fighters there who are enemies of the side
    raiders: Ints  # (S, P) irregulars there who stand on their own ground and are enemies of the side
    traffic_side: Ints  # (S x E) scratch: threatened ways in use
    traffic_route: Ints
    traffic_word: Words
    traffic_luck: Floats  # (3, S x E)
    ambush_side: Ints  # (ambushes) attacks laid for the days to the next update of threats
    ambush_route: Ints
    ambush_day: Ints
    order_actor: Ints
    order_from: Ints
    order_to: Ints
    order_n: Ints
    order_hours: Floats
    order_risk: Floats
    attacker: Smalls  # (P) side that attacks today, -1 none
    attack_slot: Ints  # (P)
    defence_lost: Ints  # (P) lost by those under attack since the assault began
    pause: Ints  # (P)
    n_assaults: Ints  # (S, P) so far
    n_phases: Ints  # (P) of the assault under way
    phase_days: Ints  # (P) fought in the phase under way
    phase_luck: Floats  # (P)
    in_phase: Flags  # (P)
    battle: Flags  # (P) fought today
    ground_lost: Floats  # (A)
    fought: Flags  # (A) took part in an assault today
    excitation: Floats  # (P)
    background: Floats  # (P)
    raid_luck: Floats  # (3, P) uniforms of the days to the next look at who is in reach
    stirred: Ints  # (P) scratch: places where raids or battles may excite others today
    raider_place: Ints  # (P)
    raider_side: Ints  # (P)
    suspect: Ints  # (P) scratch: places whose raiders have to be counted anew
    incidents: Ints  # (P) today
    recent_incidents: Floats  # (P) of about a week
    excite_input: Floats  # (P)
    residents: Ints  # (P)
    first_of_origin: Ints  # (P + 1) first row of an origin's displaced people, by host, -1 none
    first_at_host: Ints  # (H) first row of a host's guests, by origin, -1 none
    row_origin: Ints  # (rows) place of origin, P where unknown
    row_host: Ints
    row_n: Ints  # people
    next_of_origin: Ints  # (rows) next row of the same origin
    next_at_host: Ints  # (rows) next row of the same host
    guests: Ints  # (H)
    away: Ints  # (P + 1) displaced people of an origin in all hosts
    fled: Ints  # (R, R + G + 2)
    exposure: Floats  # (P)
    battle_share: Floats  # (P) share of the people whom a battle concerns
    raid_share: Floats  # (P) share of the people whom a raid concerns
    log_people: Floats  # (H) log of the pull of the people of a place or country
    log_near: Floats  # (steps) log of what a way of so many steps leaves of a pull
    log_size: Floats  # (H) log of the pull of a host's people and guests, brought up to date each week
    safety: Floats  # (P) factor of the pull by danger, as of `safety_day`
    safety_day: Ints  # (P)
    danger: Floats  # (P) mean exposure of a week
    calm: Ints  # (P) days
    besieger: Ints  # (P) hostile side that people see coming, -1 none
    way_origin: Ints
    way_goal: Ints
    way_n: Ints
    way_day: Ints
    goal_day: Ints  # (P) day on which goals were last sought
    n_goals: Ints  # (P)
    goal: Ints  # (P, goals)
    goal_days: Ints  # (P, goals)
    goal_pull: Floats  # (P, goals)
    goal_weight: Floats  # (goals) scratch
    pull: Floats  # (P) scratch: log of the pull of each place on the people of one
    pull_hours: Floats  # (P) scratch: hours there
    cost: Floats  # (P) scratch of searches
    path_hours: Floats  # (P)
    path_risk: Floats  # (P)
    passed_on: Floats  # (P) price that a place has passed on to its neighbours
    toll: Floats  # (P) price of going on from a place, inf where nothing goes on
    way_price: Floats  # (E) price of a route
    heard_hours: Floats  # (E) hours of the roads when families last heard of them
    heard_holder: Smalls  # (P) holders then
    weighed: Flags  # (leanings) whether links have been weighed since; the last leaning is that of no side
    link_cost: Floats  # (leanings, links) what links cost families
    link_hours: Floats  # (leanings, links)
    rank_toll: Floats  # (leanings, P) by rank, as the next three
    rank_cost: Floats
    rank_hours: Floats
    rank_onward: Floats  # cost of a place and its toll
    by_arc: Ints  # (P) arc by which the cheapest way enters a place, -1 where a way begins
    astray: Flags  # (P) whether the known way to a place has closed
    dealt: Ints  # (P) scratch: places being sorted
    bin_end: Ints  # (P + 2)
    root: Ints  # (P)
    stamp: Ints  # (P)
    done: Ints  # (P)
    heap_cost: Floats
    heap_place: Ints
    load: Floats  # (P) scratch
    source_need: Floats  # (K)
    event: Ints  # (events, 7) day, kind, place, route, side, cause, number


COUNTED = (
    "places",
    "routes",
    "sides",
    "actors",
    "corridors",
    "abroad",
    "areas",
    "sources",
    "pairs",
    "gates",
    "guest_groups",
    "joins",
)
"""Nouns whose number in use the world says as `n_...`."""

WORLD_LAYOUT: dict[str, tuple[str, str]] = {
    "on": ("i1", "processes"),
    "place_word": ("u8", "places"),
    "side_place_word": ("u8", "sides places"),
    "side_route_word": ("u8", "sides routes"),
    "actor_place_word": ("u8", "actors places"),
    "relation": ("i1", "sides sides"),
    "active": ("i1", "sides"),
    "side_irregular": ("i1", "sides"),
    "passive_side": ("i4", ""),
    "aims": ("f8", "sides four"),
    "actor_side": ("i4", "actors"),
    "actor_irregular": ("i1", "actors"),
    "actor_air": ("i1", "actors"),
    "muster": ("i4", "actors three"),
    "decree": ("i1", "places"),
    "apart": ("i1", "places"),
    "lean": ("i4", "places"),
    "community": ("i4", "places"),
    "country": ("i4", "places"),
    "area": ("i4", "places"),
    "approaches": ("f8", "places"),
    "route_from": ("i4", "routes"),
    "route_to": ("i4", "routes"),
    "route_kind": ("u4", "routes"),
    "route_vehicle": ("i1", "routes"),
    "route_km": ("f8", "routes"),
    "route_squared_gradient": ("f8", "routes"),
    "walk_base_hours": ("f8", "routes"),
    "route_ground": ("u4", "routes"),
    "shut_vehicle": ("i1", "routes"),
    "shut_foot": ("i1", "routes"),
    "arc_start": ("u4", "origins"),
    "arc_from": ("u4", "arcs"),
    "arc_place": ("u4", "arcs"),
    "arc_route": ("u4", "arcs"),
    "arc_back": ("i4", "arcs"),
    "near_start": ("u4", "origins"),
    "near_place": ("u4", "near"),
    "near_hours": ("f8", "near"),
    "place_at": ("u4", "places"),
    "rank_of": ("u4", "places"),
    "link_start": ("u4", "origins"),
    "link_rank": ("u4", "links"),
    "route_link": ("u4", "routes"),
    "triangle_start": ("u4", "origins"),
    "triangle_sides": ("u4", "triangles two"),
    "triangle_across": ("u4", "triangles"),
    "known_start": ("u4", "origins"),
    "known_place": ("u4", "known"),
    "mean_way_hours": ("f8", ""),
    "survey_start": ("u4", "origins"),
    "survey_rank": ("u4", "surveyed"),
    "pair_start": ("u4", "origins"),
    "pair_route": ("u4", "pairs"),
    "pair_hours": ("f4", "pairs"),
    "pair_seen": ("f4", "pairs"),
    "spill_start": ("u4", "origins"),
    "spill_place": ("u4", "spill"),
    "spill_share": ("f4", "spill"),
    "corridor_side": ("i4", "corridors"),
    "corridor_from": ("i4", "corridors"),
    "corridor_to": ("i4", "corridors"),
    "corridor_stop_start": ("u4", "corridor_ends"),
    "corridor_stop": ("u4", "corridor_stops"),
    "corridor_way_start": ("u4", "corridor_ends"),
    "corridor_way": ("u4", "corridor_ways"),
    "own_corridor": ("i1", "sides routes"),
    "source_side": ("i4", "sources"),
    "source_place": ("i4", "sources"),
    "gate_place": ("i4", "gates"),
    "gate_country": ("i4", "gates"),
    "gate_hours": ("f8", "gates"),
    "guest_origin": ("i4", "guest_groups"),
    "guest_host": ("i4", "guest_groups"),
    "join_day": ("i4", "joins"),
    "join_actor": ("i4", "joins"),
    "join_place": ("i4", "joins"),
    "mean_c": ("f8", "days"),
    "p_wet": ("f8", "days"),
    "wet_mm": ("f8", "days"),
    "reference_m": ("f8", ""),
    "gamma_quantile": ("f8", "quantiles"),
    "slots": ("i4", "policies"),
    "p_least": ("f8", "policies"),
    "ratio": ("f8", "policies"),
    "prep_days": ("f8", "policies"),
    "most_sectors": ("i4", "policies"),
    "log_believed_relief": ("f8", ""),
    "log_believed_works": ("f8", ""),
    "believed_frontage": ("f8", ""),
    "believed_narrowing": ("f8", ""),
}
"""Type and shape of every field of the world, in words."""

DRAW_LAYOUT: dict[str, tuple[str, str]] = {
    "strength": ("i4", "actors places"),
    "holder": ("i1", "places"),
    "intruder": ("i1", "places"),
    "taken": ("i4", "places"),
    "held_days": ("i4", "places"),
    "sectors": ("i4", "places"),
    "relief": ("f8", "places"),
    "population": ("f8", "places"),
    "residents": ("i4", "places"),
    "guests": ("i4", "guest_groups"),
    "room": ("f8", "places"),
    "quality": ("f8", "actors"),
    "mobility": ("f8", "actors"),
    "policy": ("i4", "sides"),
    "waits": ("i1", "sides"),
    "capacity": ("f8", "sources"),
    "stock": ("f8", "sides places"),
    "joining": ("i4", "joins"),
    "abroad_population": ("f8", "abroad"),
}
"""The same for what a replicate drew; its parameters are a record of their own, `par`."""

STATE_LAYOUT: dict[str, tuple[str, str]] = {
    "count": ("i4", "counters"),
    "sky": ("f8", "sky"),
    "snow_mm": ("f8", "zones bands"),
    "fresh_mm": ("f8", "two zones bands"),
    "snow_cm": ("f8", "zones bands"),
    "slower_walk": ("f8", "grounds"),
    "slower_drive": ("f8", "route_kinds grounds"),
    "holder": ("i1", "places"),
    "intruder": ("i1", "places"),
    "taken": ("i4", "places"),
    "held_days": ("i4", "places"),
    "strength": ("i4", "actors places"),
    "force": ("i4", "sides places"),
    "irregulars": ("i4", "sides places"),
    "marching": ("i4", "march_ring actors places"),
    "n_marching": ("i4", "actors"),
    "recovering": ("i4", "wound_ring actors"),
    "cum_loss": ("i4", "actors kinds"),
    "cum_joined": ("i4", "actors"),
    "cum_returned": ("i4", "actors"),
    "new_loss": ("i4", "actors"),
    "readiness": ("f8", "actors"),
    "morale": ("f8", "actors"),
    "stopping_cm": ("f8", "route_kinds"),
    "dry_drive_hours": ("f8", "routes"),
    "dry_walk_hours": ("f8", "routes"),
    "drive_hours": ("f8", "routes"),
    "walk_hours": ("f8", "routes"),
    "hours": ("f8", "routes"),
    "shut_days": ("i4", "routes"),
    "pair_begin": ("u4", "origins"),
    "pair_way": ("u4", "pairs"),
    "pair_weight": ("f4", "pairs"),
    "way_changed": ("i1", "routes"),
    "raiders_counted": ("f8", "sides places"),
    "threat_now": ("f8", "sides routes"),
    "threat": ("f8", "sides routes"),
    "tax_cost": ("f8", "sides routes"),
    "passable": ("i1", "sides places"),
    "ground_changed": ("i1", "places"),
    "parted": ("i1", "places"),
    "delivery": ("f8", "sides places"),
    "flow": ("f8", "sides places"),
    "supply_order": ("u4", "sides places"),
    "supply_arc": ("i4", "sides places"),
    "supply_drives": ("i1", "sides places"),
    "store": ("f8", "sides places"),
    "supplied": ("f8", "sides places"),
    "cut_days": ("i4", "sides places"),
    "n_cut_off": ("i4", "sides"),
    "corridor_open": ("f8", "corridors"),
    "corridor_arc": ("i4", "corridors corridor_stops"),
    "n_corridor_arcs": ("i4", "corridors"),
    "carriage_arc": ("i4", "corridors corridor_stops"),
    "n_carriage_arcs": ("i4", "corridors"),
    "corridor_secure": ("f8", "corridors"),
    "corridor_delivery": ("f8", "corridors"),
    "sight_luck": ("f8", "three places"),
    "sight": ("f8", "sides places"),
    "preference": ("f8", "sides places"),
    "value_scale": ("f8", "sides four"),
    "last_success": ("i4", "sides"),
    "cooldown": ("i4", "sides places"),
    "op_state": ("i4", "sides slots"),
    "op_target": ("i4", "sides slots"),
    "op_staging": ("i4", "sides slots"),
    "op_days": ("i4", "sides slots"),
    "op_prep_days": ("i4", "sides slots"),
    "op_wanted": ("i4", "sides slots"),
    "op_sent": ("i4", "sides slots"),
    "op_lost": ("i4", "sides slots"),
    "op_force": ("i4", "sides slots actors"),
    "earmark": ("i4", "actors places"),
    "surplus": ("f8", "places"),
    "bound": ("i4", "places"),
    "threatened": ("i1", "sides places"),
    "facing": ("i4", "sides places"),
    "raiders": ("i4", "sides places"),
    "traffic_side": ("i4", "traffic"),
    "traffic_route": ("i4", "traffic"),
    "traffic_word": ("u8", "traffic"),
    "traffic_luck": ("f8", "three traffic"),
    "ambush_side": ("i4", "ambushes"),
    "ambush_route": ("i4", "ambushes"),
    "ambush_day": ("i4", "ambushes"),
    "order_actor": ("i4", "orders"),
    "order_from": ("i4", "orders"),
    "order_to": ("i4", "orders"),
    "order_n": ("i4", "orders"),
    "order_hours": ("f8", "orders"),
    "order_risk": ("f8", "orders"),
    "attacker": ("i1", "places"),
    "attack_slot": ("i4", "places"),
    "defence_lost": ("i4", "places"),
    "pause": ("i4", "places"),
    "n_assaults": ("i4", "sides places"),
    "n_phases": ("i4", "places"),
    "phase_days": ("i4", "places"),
    "phase_luck": ("f8", "places"),
    "in_phase": ("i1", "places"),
    "battle": ("i1", "places"),
    "ground_lost": ("f8", "actors"),
    "fought": ("i1", "actors"),
    "excitation": ("f8", "places"),
    "background": ("f8", "places"),
    "raid_luck": ("f8", "three places"),
    "stirred": ("u4", "places"),
    "raider_place": ("i4", "places"),
    "raider_side": ("i4", "places"),
    "suspect": ("u4", "places"),
    "incidents": ("i4", "places"),
    "recent_incidents": ("f8", "places"),
    "excite_input": ("f8", "places"),
    "residents": ("i4", "places"),
    "first_of_origin": ("i4", "origins"),
    "first_at_host": ("i4", "hosts"),
    "row_origin": ("i4", "rows"),
    "row_host": ("i4", "rows"),
    "row_n": ("i4", "rows"),
    "next_of_origin": ("i4", "rows"),
    "next_at_host": ("i4", "rows"),
    "guests": ("i4", "hosts"),
    "away": ("i4", "origins"),
    "fled": ("i4", "areas host_areas"),
    "exposure": ("f8", "places"),
    "battle_share": ("f8", "places"),
    "raid_share": ("f8", "places"),
    "log_people": ("f8", "hosts"),
    "log_near": ("f8", "way_steps"),
    "log_size": ("f8", "hosts"),
    "safety": ("f8", "places"),
    "safety_day": ("i4", "places"),
    "danger": ("f8", "places"),
    "calm": ("i4", "places"),
    "besieger": ("i4", "places"),
    "way_origin": ("i4", "ways"),
    "way_goal": ("i4", "ways"),
    "way_n": ("i4", "ways"),
    "way_day": ("i4", "ways"),
    "goal_day": ("i4", "places"),
    "n_goals": ("i4", "places"),
    "goal": ("i4", "places goals"),
    "goal_days": ("i4", "places goals"),
    "goal_pull": ("f8", "places goals"),
    "goal_weight": ("f8", "goals"),
    "pull": ("f8", "places"),
    "pull_hours": ("f8", "places"),
    "cost": ("f8", "places"),
    "path_hours": ("f8", "places"),
    "path_risk": ("f8", "places"),
    "passed_on": ("f8", "places"),
    "toll": ("f8", "places"),
    "way_price": ("f8", "routes"),
    "heard_hours": ("f8", "routes"),
    "heard_holder": ("i1", "places"),
    "weighed": ("i1", "leanings"),
    "link_cost": ("f8", "leanings links"),
    "link_hours": ("f8", "leanings links"),
    "rank_toll": ("f8", "leanings places"),
    "rank_cost": ("f8", "places"),
    "rank_hours": ("f8", "places"),
    "rank_onward": ("f8", "places"),
    "by_arc": ("i4", "places"),
    "astray": ("i1", "places"),
    "dealt": ("u4", "places"),
    "bin_end": ("u4", "bins"),
    "root": ("i4", "places"),
    "stamp": ("i4", "places"),
    "done": ("i4", "places"),
    "heap_cost": ("f8", "heap"),
    "heap_place": ("i4", "heap"),
    "load": ("f8", "places"),
    "source_need": ("f8", "sources"),
    "event": ("i4", "events seven"),
}
"""The same for the state."""

LEAST_CAPACITY = {
    "places": 32,
    "routes": 64,
    "sides": 4,
    "actors": 8,
    "corridors": 8,
    "abroad": 4,
    "areas": 32,
    "sources": 32,
    "pairs": 2048,
    "gates": 16,
    "guest_groups": 32,
    "joins": 16,
    "near": 1024,
    "spill": 2048,
    "corridor_stops": 128,
    "corridor_ways": 128,
    "links": 512,
    "triangles": 1024,
    "known": 1024,
    "surveyed": 1024,
    "days": 512,
}
"""Smallest room for each length that differs between theatres; beyond it powers of two, so that few shapes are ever compiled."""

FIXED_LENGTHS = {
    "processes": 10,
    "route_kinds": 4,
    "grounds": 2 * N_BANDS,
    "counters": N_COUNTERS,
    "sky": N_SKY,
    "zones": 2,
    "bands": N_BANDS,
    "march_ring": MARCH_RING_DAYS,
    "wound_ring": WOUND_RING_DAYS,
    "kinds": N_LOSS_KINDS,
    "slots": MOST_SLOTS,
    "goals": MOST_GOALS,
    "way_steps": WAY_STEPS,
    "policies": 4,
    "quantiles": 1025,
    "two": 2,
    "three": 3,
    "four": 4,
    "seven": 7,
}


PER_PLACE = {"orders": 16, "ways": 32, "events": 64, "rows": 64}
"""Room in lists that grow with what happens, for each place that there is room for (assumption: several times what the busiest of
thousands of replicates of the theatres that ship used); who overruns it is told so."""
LEAST_LISTED = {"orders": 4096, "ways": 8192, "events": 16384, "rows": 16384}
"""The same in small theatres, where a few places may be busy all the time (assumption)."""


def capacities(lengths: dict[str, int]) -> dict[str, int]:
    """Room for every length: at least what is asked for, in powers of two."""
    room = dict(LEAST_CAPACITY)
    for name, least in LEAST_CAPACITY.items():
        while room[name] < lengths.get(name, 0):
            room[name] *= 2
        room[name] = max(room[name], least)
    return {
        **FIXED_LENGTHS,
        **room,
        **{name: max(LEAST_LISTED[name], n * room["places"]) for name, n in PER_PLACE.items()},
        "hosts": room["places"] + room["abroad"],
        "origins": room["places"] + 1,
        "bins": room["places"] + 2,
        "leanings": room["sides"] + 1,
        "host_areas": room["areas"] + room["abroad"] + 2,
        "arcs": 2 * room["routes"],
        "traffic": room["sides"] * room["routes"],
        "ambushes": 3 * room["sides"] * room["routes"],
        "corridor_ends": room["corridors"] + 1,
        "heap": 4 * room["routes"] + room["sources"] + 8,
    }


def world_type(room: dict[str, int]) -> np.dtype[np.void]:
    """Record of the world."""
    counts = [(f"n_{noun}", "i8") for noun in COUNTED]
    return np.dtype(counts + _fields(WORLD_LAYOUT, room), align=True)


def draw_type(room: dict[str, int], parameters: Sequence[str]) -> np.dtype[np.void]:
    """Record of what a replicate drew; `parameters` are the names of its parameters."""
    par = np.dtype([(name, "f8") for name in parameters])
    return np.dtype([("par", par), *_fields(DRAW_LAYOUT, room)], align=True)


def state_type(room: dict[str, int]) -> np.dtype[np.void]:
    """Record of the state."""
    return np.dtype(_fields(STATE_LAYOUT, room), align=True)


def _fields(layout: dict[str, tuple[str, str]], room: dict[str, int]) -> list[tuple[str, str, tuple[int, ...]]]:
    return [(name, kind, tuple(room[word] for word in shape.split())) for name, (kind, shape) in layout.items()]


def filled(dtype: np.dtype[np.void], fields: dict[str, Any]) -> NDArray[np.void]:
    """Record array of length 1 with fields set; arrays may be shorter than their room.

    Raises
    ------
    ValueError
        A field has more entries than there is room for.
    """
    record = np.zeros(1, dtype=dtype)
    for name, value in fields.items():
        array = np.asarray(value)
        target = record[name][0]
        if any(have > room for have, room in zip(array.shape, np.shape(target), strict=True)):
            raise ValueError(f"{name} of shape {array.shape} does not fit into {np.shape(target)}")
        if array.shape == ():
            record[name][0] = array
        else:
            target[tuple(slice(0, length) for length in array.shape)] = array
    return record
