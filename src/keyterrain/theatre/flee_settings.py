"""Settings of a Flee folder (`simsetting.yml`), under their present names and those of Flee's first versions.

Flee keeps silent about a key that it does not know; here it is a fault, with the nearest one that is known.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml

from keyterrain.theatre.faults import Fault, nearest, shown

FILE = "simsetting.yml"


@dataclass(frozen=True, slots=True)
class FleeSettings:
    """What a folder asks of Flee's rules; km and days, defaults are Flee's own."""

    take_from_population: bool = False
    insert_day0: bool = True
    empty_camps_on_day0: bool = False
    conflict_zone_spawning_only: bool = True
    camps_are_sinks: bool = False
    sum_from_camps: bool = True
    spawn_mode: str = "totals"
    displaced_per_conflict_day: float = 0.0
    conflict_spawn_decay: tuple[float, ...] = ()
    conflict_spawn_decay_interval: int = 30
    max_move_speed: float = 360.0
    max_walk_speed: float = 35.0
    foreign_weight: float = 1.0
    camp_weight: float = 1.0
    conflict_weight: float = 10.0**-0.5
    conflict_movechance: float = 1.0
    camp_movechance: float = 0.001
    idpcamp_movechance: float = 0.1
    default_movechance: float = 0.3
    awareness_level: int = 1
    capacity_buffer: float = 0.9
    capacity_scaling: float = 1.0
    start_on_foot: bool = False
    softening: float = 10.0
    weight_softening: float = 0.0
    weight_power: float = 1.0
    distance_power: float = 1.0
    use_pop_for_loc_weight: bool = False
    pop_power_for_loc_weight: float = 0.1
    movechance_pop_base: float = 10000.0
    movechance_pop_scale_factor: float = 0.0


@dataclass(frozen=True, slots=True)
class ReadSettings:
    """Settings with the faults of their file, and warnings about keys that are known and not simulated."""

    settings: FleeSettings
    faults: tuple[Fault, ...] = ()
    warnings: tuple[Fault, ...] = ()


SECTIONS: dict[str, tuple[str, ...]] = {
    "": ("number_of_steps", "conflict_input_file", "use_v1_rules"),
    "log_levels": ("agent", "link", "camp", "conflict", "init", "idp_totals", "granularity"),
    "spawn_rules": (
        "take_from_population",
        "insert_day0",
        "empty_camps_on_day0",
        "conflict_zone_spawning_only",
        "flood_zone_spawning_only",
        "camps_are_sinks",
        "camps_are_sicks",
        "read_from_agents_csv_file",
        "sum_from_camps",
        "conflict_driven_spawning",
        "flood_driven_spawning",
        "starvation_driven_spawning",
        "conflict_spawn_decay",
        "conflict_spawn_decay_interval",
    ),
    "conflict_driven_spawning": ("spawn_mode", "displaced_per_conflict_day"),
    "flood_driven_spawning": ("spawn_mode", "displaced_per_flood_day", "flood_forecaster_timescale"),
    "move_rules": (
        "max_move_speed",
        "max_walk_speed",
        "max_crossing_speed",
        "foreign_weight",
        "camp_weight",
        "conflict_weight",
        "conflict_movechance",
        "camp_movechance",
        "idpcamp_movechance",
        "default_movechance",
        "awareness_level",
        "capacity_buffer",
        "capacity_scaling",
        "avoid_short_stints",
        "start_on_foot",
        "softening",
        "weight_softening",
        "weight_power",
        "distance_power",
        "stay_close_to_home",
        "home_distance_power",
        "use_pop_for_loc_weight",
        "pop_power_for_loc_weight",
        "movechance_pop_base",
        "movechance_pop_scale_factor",
        "children_avoid_hazards",
        "boys_take_risk",
        "match_camp_ethnicity",
        "match_town_ethnicity",
        "match_conflict_ethnicity",
        "match_camp_religion",
        "matchcampreligion",
        "fixed_routes",
        "pruning_threshold",
        "default_conflict_intensity",
        "flood_rules",
        "flee_when_starving",
        "avoid_food_deprived_locations",
        "starvation_movechance",
        "harvest_months",
        "trade_volume_weight",
        "hdi_weight",
        "two_system_decision_making",
    ),
    "optimisations": ("hasten",),
}
"""Keys that Flee reads, by section (its documentation and its versions 2 to 3.1)."""

FORMER = {
    "insertdayzerorefugeesincamps": "insert_day0",
    "takerefugeesfrompopulation": "take_from_population",
    "defaultmovechance": "default_movechance",
    "distancesoftening": "softening",
    "populationscaledownfactor": "hasten",
    "emptycampsonday0": "empty_camps_on_day0",
    "conflictinputfile": "conflict_input_file",
    "usev1rules": "use_v1_rules",
    "agentloglevel": "agent",
    "linkloglevel": "link",
    "camploglevel": "camp",
    "initloglevel": "init",
    "conflictloglevel": "conflict",
}
"""Names of the first versions that are no other spelling of today's."""

FREE_FORM = ("flood_rules",)
ASKS_FOR_NOTHING: tuple[object, ...] = (None, False, 0, "", [], {})
NOT_SIMULATED = {
    "flood_zone_spawning_only",
    "flood_driven_spawning",
    "starvation_driven_spawning",
    "read_from_agents_csv_file",
    "avoid_short_stints",
    "stay_close_to_home",
    "children_avoid_hazards",
    "boys_take_risk",
    "match_camp_ethnicity",
    "match_town_ethnicity",
    "match_conflict_ethnicity",
    "match_camp_religion",
    "matchcampreligion",
    "fixed_routes",
    "pruning_threshold",
    "flood_rules",
    "flee_when_starving",
    "avoid_food_deprived_locations",
    "harvest_months",
    "trade_volume_weight",
    "hdi_weight",
    "two_system_decision_making",
}
V1_RULES = {"max_move_speed": 200.0, "start_on_foot": False, "camp_weight": 2.0, "conflict_weight": 0.25}
"""What Flee's `use_v1_rules` sets."""


@dataclass(slots=True)
class _Found:
    """Values, faults and warnings gathered while a file is read."""

    lines: list[str]
    values: dict[str, Any] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    warnings: list[Fault] = field(default_factory=list)

    def fault(self, key: str, what: str, near: str | None = None) -> None:
        self.faults.append(Fault(FILE, self.row_of(key), key, what, near))

    def row_of(self, key: str) -> int | None:
        """Return the first line that sets a key."""
        return next((n for n, line in enumerate(self.lines, 1) if line.strip().split(":")[0] == key), None)


def read_settings(text: str) -> ReadSettings:
    """Read the text of `simsetting.yml`; everything wrong with it is reported at once."""
    try:
        said = yaml.safe_load(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        row = mark.line + 1 if mark else None
        what = f"is no YAML: {getattr(error, 'problem', None) or error}"
        return ReadSettings(FleeSettings(), (Fault(FILE, row, None, what),))
    found = _Found(text.splitlines())
    if not isinstance(said, Mapping):
        said = {}
        found.faults.append(Fault(FILE, 1, None, "holds no settings"))
    for key, value in said.items():
        _take_top(found, str(key), value)
    return ReadSettings(_settings(found), tuple(found.faults), tuple(found.warnings))


def _take_top(found: _Found, key: str, value: Any) -> None:
    name = _known(key, ("", *SECTIONS))
    if name in SECTIONS and name not in {"conflict_driven_spawning", "flood_driven_spawning"}:
        _take_section(found, name, key, value)
        return
    known = _known(key, tuple(each for keys in SECTIONS.values() for each in keys))
    if known is None:
        found.fault(key, "is no setting of Flee", nearest(key, [*SECTIONS, *SECTIONS[""]]))
    else:
        _take(found, known, key, value)


def _take_section(found: _Found, section: str, key: str, value: Any) -> None:
    if value is None:
        return
    if not isinstance(value, Mapping):
        found.fault(key, f"is a section with keys of its own, not {shown(str(value))}")
        return
    for inner, each in value.items():
        name = _known(str(inner), SECTIONS[section])
        if name is None:
            found.fault(str(inner), f"is no setting of Flee's {section}", nearest(str(inner), SECTIONS[section]))
        elif name in SECTIONS and each is not None and isinstance(each, Mapping):
            found.values[name] = True
            _take_section(found, name, str(inner), each)
            if name in NOT_SIMULATED:
                found.warnings.append(Fault(FILE, found.row_of(str(inner)), str(inner), "is set and not simulated"))
        else:
            _take(found, name, str(inner), each)


def _known(key: str, names: tuple[str, ...]) -> str | None:
    """Return the present name of a key, however it is spelt: max_move_speed, MaxMoveSpeed."""
    folded = key.replace("_", "").casefold()
    folded = FORMER.get(folded, folded).replace("_", "")
    return next((name for name in names if name and name.replace("_", "") == folded), None)


def _take(found: _Found, name: str, key: str, value: Any) -> None:
    if name in NOT_SIMULATED and value not in ASKS_FOR_NOTHING:
        found.warnings.append(Fault(FILE, found.row_of(key), key, "is set and not simulated"))
    found.values["camps_are_sinks" if name == "camps_are_sicks" else name] = (key, value)


def _settings(found: _Found) -> FleeSettings:
    defaults = FleeSettings()
    values: dict[str, Any] = {}
    for name in FleeSettings.__slots__:
        if isinstance(pair := found.values.get(name), tuple):
            values[name] = _read_value(found, pair[0], pair[1], getattr(defaults, name))
    if "conflict_driven_spawning" in found.values:
        values.setdefault("spawn_mode", "constant")
        values["spawn_mode"] = str(values["spawn_mode"]).lower()
        if values["spawn_mode"] not in {"constant", "poisson", "pop_ratio"}:
            found.fault(
                "spawn_mode", "is none of constant, poisson, pop_ratio", nearest(values["spawn_mode"], ("constant", "poisson"))
            )
        values.setdefault("displaced_per_conflict_day", 0.01 if values["spawn_mode"] == "pop_ratio" else 500.0)
    v1 = found.values.get("use_v1_rules")
    if isinstance(v1, tuple) and v1[1] is True:
        values |= V1_RULES
    _check_ranges(found, values)
    return FleeSettings() if found.faults else FleeSettings(**values)


def _read_value(found: _Found, key: str, value: Any, default: Any) -> Any:
    if isinstance(default, bool):
        if isinstance(value, bool):
            return value
        found.fault(key, f"{shown(str(value))} is neither True nor False")
    elif isinstance(default, str):
        return str(value)
    elif isinstance(default, tuple):
        numbers = [] if value is None else list(value.values()) if isinstance(value, dict) else value
        if isinstance(numbers, list) and all(isinstance(each, int | float) for each in numbers):
            return tuple(float(each) for each in numbers)
        found.fault(key, f"{shown(str(value))} is no list of numbers")
    elif isinstance(value, int | float) and not isinstance(value, bool):
        return type(default)(value)
    else:
        found.fault(key, f"{shown(str(value))} is no number")
    return default


def _check_ranges(found: _Found, values: Mapping[str, Any]) -> None:
    for name, value in values.items():
        if name.endswith("movechance") and not 0.0 <= value <= 1.0:
            found.fault(name, f"{value} is no chance: it lies between 0 and 1")
        if name in {"max_move_speed", "max_walk_speed", "conflict_spawn_decay_interval"} and value <= 0:
            found.fault(name, f"{value} is not above 0")
        if name in {"camp_weight", "foreign_weight", "conflict_weight", "softening", "capacity_scaling"} and value < 0:
            found.fault(name, f"{value} is below 0")
