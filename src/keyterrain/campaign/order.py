"""The order of a day as data: each step with what it reads, writes and draws. A test holds it against the code."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Step:
    """One process of the day."""

    name: str
    reads: tuple[str, ...]
    writes: tuple[str, ...]
    draws: str


ORDER_OF_DAY: tuple[Step, ...] = (
    Step("weather", ("season",), ("temperature", "wet", "snow by height", "support"), "1 a day"),
    Step("routes", ("snow", "closures"), ("hours by mode",), "none"),
    Step(
        "interdiction",
        ("strength", "observation", "supply", "raids"),
        ("threat", "closures by attack"),
        "1 per threatened route in use",
    ),
    Step("supply", ("hours", "control", "threat", "battles"), ("delivery", "stores", "supply factor", "cut off"), "none"),
    Step(
        "decision",
        ("estimates", "control", "threat", "supply flow", "snow", "readiness"),
        ("operations", "orders"),
        "per enemy place, every third day",
    ),
    Step("movement", ("orders", "hours", "threat"), ("in transit", "arrivals", "ambush losses"), "1 per body that marches"),
    Step(
        "combat",
        ("engaged forces", "support", "supply", "relief", "posture"),
        ("losses", "sectors", "withdrawals", "terms", "readiness", "morale"),
        "2 per battle, 1 per actor in it",
    ),
    Step("control", ("sectors", "garrisons"), ("control", "days held", "passage"), "none"),
    Step(
        "insurgency", ("control", "presence", "memory", "battles"), ("incidents", "losses"), "1 per exposed place, 1 more if any"
    ),
    Step(
        "displacement",
        ("battles", "incidents", "hours", "control"),
        ("departures", "arrivals", "returns"),
        "1 per exposed place, 1 per group and goal",
    ),
    Step("record", ("all",), ("outputs",), "none"),
)
