"""The order of a day as data: each step with what it reads, writes and draws. A test holds it against the code.

What a step reads and writes is said twice: in words for people, and in fields of the state, where counters and scalars of the
weather, kept in one array each, have names of their own (`count.WAYS`, `sky.WET`).
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Step:
    """One process of the day.

    Attributes
    ----------
    reads, writes, draws
        In words: what it looks at, what it changes, and how many blocks of luck it draws.
    kernels
        What is called for it, in this order, the last of two alternatives where the process is off.
    state_reads, state_writes
        Fields of the state that its kernels load and store, themselves or by kernels that they call; `SCRATCH` and `TRACE`, open
        to every step, are left out.
    """

    name: str
    reads: tuple[str, ...]
    writes: tuple[str, ...]
    draws: str
    kernels: tuple[str, ...] = ()
    state_reads: tuple[str, ...] = ()
    state_writes: tuple[str, ...] = ()


def _fields(names: str) -> tuple[str, ...]:
    return tuple(names.split())


SCRATCH = _fields(
    "astray bin_end bound by_arc cost count.HEAP count.STAMP dealt done excite_input facing goal_weight heap_cost "
    "heap_place load passed_on path_hours path_risk pull pull_hours raiders rank_cost rank_hours rank_onward root safety "
    "sight_luck slower_drive slower_walk source_need stamp stirred surplus suspect toll traffic_luck traffic_route "
    "traffic_side traffic_word way_price"
)
"""Fields that carry nothing from one step to the next: each step that loads them has stored them before."""

TRACE = _fields("count.EVENTS count.OVERFLOW event")
"""Fields in which any step notes what happened; no step looks at what another has noted."""

ORDER_OF_DAY: tuple[Step, ...] = (
    Step(
        name="weather",
        reads=("season",),
        writes=("temperature", "wet", "snow by height", "support"),
        draws="1 a day",
        kernels=("weather", "normal_weather"),
        state_reads=_fields("fresh_mm sky.ANOMALY sky.MEAN_SUPPORT sky.SUPPORT sky.WET snow_mm"),
        state_writes=_fields("fresh_mm sky.ANOMALY sky.MEAN_SUPPORT sky.SUPPORT sky.WET snow_cm snow_mm"),
    ),
    Step(
        name="routes",
        reads=("snow", "closures"),
        writes=("hours by mode",),
        draws="none",
        kernels=("routes",),
        state_reads=_fields("drive_hours dry_drive_hours dry_walk_hours fresh_mm shut_days snow_cm stopping_cm way_changed"),
        state_writes=_fields("count.ROADS_CHANGED drive_hours hours shut_days walk_hours way_changed"),
    ),
    Step(
        name="interdiction",
        reads=("strength", "observation", "supply", "raids"),
        writes=("threat", "closures by attack"),
        draws="1 per threatened way in use every third day, 1 per attack",
        kernels=("interdiction",),
        state_reads=_fields(
            "ambush_day ambush_route ambush_side count.AMBUSHES force holder intruder pair_begin pair_way pair_weight passable "
            "raider_side raiders_counted recent_incidents shut_days supplied threat threat_now"
        ),
        state_writes=_fields(
            "ambush_day ambush_route ambush_side count.AMBUSHES raiders_counted shut_days tax_cost threat threat_now"
        ),
    ),
    Step(
        name="supply",
        reads=("hours", "control", "threat", "battles"),
        writes=("delivery", "stores", "supply factor", "cut off", "corridors"),
        draws="none",
        kernels=("corridors", "supply", "full_supply"),
        state_reads=_fields(
            "battle carriage_arc corridor_arc count.LONGEST_CUT_DAYS count.PASSABLE_CHANGED count.ROADS_CHANGED "
            "count.SUPPLY_SOUGHT cut_days delivery drive_hours force ground_changed guests hours n_carriage_arcs "
            "n_corridor_arcs n_cut_off passable residents store supply_arc supply_drives supply_order tax_cost threat "
            "way_changed"
        ),
        state_writes=_fields(
            "carriage_arc corridor_arc corridor_delivery corridor_open corridor_secure count.LONGEST_CUT_DAYS "
            "count.PASSABLE_CHANGED count.ROADS_CHANGED count.SUPPLY_SOUGHT cut_days delivery flow ground_changed "
            "n_carriage_arcs n_corridor_arcs n_cut_off store supplied supply_arc supply_drives supply_order way_changed"
        ),
    ),
    Step(
        name="decision",
        reads=("estimates", "control", "threat", "supply flow", "snow", "readiness"),
        writes=("operations", "orders"),
        draws="1 per enemy place every ninth day, 1 per side and place every 27th; every third 1 per actor called from a place",
        kernels=("decision",),
        state_reads=_fields(
            "attacker cooldown count.ORDERS earmark flow force held_days holder hours intruder last_success marching "
            "n_marching op_days op_force op_prep_days op_sent op_staging op_state op_target op_wanted order_actor order_from "
            "order_n pair_begin pair_way pair_weight passable preference readiness sight sky.MEAN_SUPPORT snow_cm strength "
            "taken threat threat_now threatened value_scale"
        ),
        state_writes=_fields(
            "besieger cooldown count.ORDERS earmark op_days op_force op_lost op_prep_days op_sent op_staging op_state op_target "
            "op_wanted order_actor order_from order_hours order_n order_risk order_to preference sight threatened value_scale"
        ),
    ),
    Step(
        name="movement",
        reads=("orders", "hours", "threat"),
        writes=("in transit", "arrivals", "ambush losses", "the recovered"),
        draws="1 per body that marches",
        kernels=("movement", "recover", "count_forces"),
        state_reads=_fields(
            "count.ORDERS cum_joined cum_loss cum_returned force holder hours intruder irregulars marching n_marching "
            "new_loss op_state op_target order_actor order_from order_hours order_n order_risk order_to passable recovering "
            "strength taken threat"
        ),
        state_writes=_fields(
            "count.ORDERS cum_joined cum_loss cum_returned force irregulars marching n_marching new_loss recovering strength"
        ),
    ),
    Step(
        name="combat",
        reads=("engaged forces", "support", "supply", "relief", "posture"),
        writes=("losses", "sectors", "control", "withdrawals", "terms", "readiness", "morale"),
        draws="2 per battle, 1 per actor in it",
        kernels=("combat",),
        state_reads=_fields(
            "attack_slot attacker count.LONGEST_CUT_DAYS cum_loss cut_days defence_lost force fought ground_lost held_days "
            "holder hours in_phase intruder marching morale n_assaults n_marching n_phases new_loss op_lost op_sent op_staging "
            "op_state op_target parted passable pause phase_days phase_luck readiness recovering sight sky.SUPPORT store "
            "strength supplied taken threat"
        ),
        state_writes=_fields(
            "attack_slot attacker battle cooldown count.PASSABLE_CHANGED cum_loss defence_lost force fought "
            "ground_changed ground_lost held_days holder in_phase intruder last_success marching morale n_assaults n_marching "
            "n_phases new_loss op_days op_lost op_state op_target parted passable pause phase_days phase_luck readiness "
            "recovering strength taken"
        ),
    ),
    Step(
        name="control",
        reads=("sectors", "garrisons"),
        writes=("days held", "passage"),
        draws="none",
        kernels=("control",),
        state_reads=_fields("held_days holder intruder parted passable taken"),
        state_writes=_fields("count.PASSABLE_CHANGED ground_changed held_days parted passable"),
    ),
    Step(
        name="insurgency",
        reads=("control", "presence", "memory", "battles"),
        writes=("incidents", "losses"),
        draws="1 per place every third day, 1 more if any raid",
        kernels=("insurgency", "count_forces"),
        state_reads=_fields(
            "background battle cum_loss excitation force held_days holder incidents intruder irregulars new_loss raid_luck "
            "raider_place raider_side recent_incidents recovering residents strength"
        ),
        state_writes=_fields(
            "background cum_loss excitation force incidents irregulars new_loss raid_luck raider_place raider_side "
            "recent_incidents recovering strength"
        ),
    ),
    Step(
        name="displacement",
        reads=("battles", "incidents", "hours", "control"),
        writes=("departures", "arrivals", "returns"),
        draws="1 per exposed place that decides, 1 per group of guests that moves on, 1 per home to which people may return",
        kernels=("displacement",),
        state_reads=_fields(
            "attacker away battle battle_share besieger calm count.KILLED count.ON_THE_WAY count.ROWS count.WAYS cut_days danger "
            "exposure first_at_host first_of_origin fled goal goal_day goal_days goal_pull guests heard_holder heard_hours "
            "holder hours link_cost link_hours log_near log_people log_size n_goals next_at_host next_of_origin raid_share "
            "raider_place raider_side rank_toll recent_incidents residents row_host row_n row_origin safety_day way_day way_goal "
            "way_n way_origin weighed"
        ),
        state_writes=_fields(
            "away besieger calm count.KILLED count.ON_THE_WAY count.ROWS count.WAYS danger exposure first_at_host "
            "first_of_origin fled goal goal_day goal_days goal_pull guests heard_holder heard_hours link_cost link_hours "
            "log_size n_goals next_at_host next_of_origin rank_toll residents row_host row_n row_origin safety_day way_day "
            "way_goal way_n way_origin weighed"
        ),
    ),
    Step(
        name="record",
        reads=("all",),
        writes=("outputs",),
        draws="none",
        kernels=("write_evening", "write_week"),
        state_reads=_fields(
            "corridor_delivery corridor_open corridor_secure count.KILLED count.ON_THE_WAY cum_joined cum_loss cum_returned "
            "drive_hours fled force guests holder incidents intruder n_cut_off n_marching op_state residents sky.WET "
            "snow_cm strength supplied taken threat walk_hours"
        ),
        state_writes=(),
    ),
)
