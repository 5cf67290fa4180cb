"""The part of `keyterrain decisive` that says what it takes to take ground."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from keyterrain.cli.answer import as_table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from keyterrain.analysis.decisive.answer import GroundAnswer
    from keyterrain.analysis.decisive.taking import Taking
    from keyterrain.analysis.interval import Interval

CHANCES = ("p_taken", "p_half", "p_assaulted", "success")
FIGURES = {
    "p_taken": "takes it, whole",
    "p_half": "takes half of its places",
    "p_assaulted": "begins an assault",
    "failed": "operations broken off, per campaign",
    "success": "assaults that take a place",
    "days": "days from first assault to having it, median",
    "sent": "fighters sent in an assault",
    "sent_and_took": "fighters sent in one that takes a place",
    "faced": "enemies in the place before it",
    "lost_per_assault": "attackers lost, per assault",
    "defenders_lost_per_assault": "defenders lost, per assault",
    "lost_per_capture": "attackers lost, per place taken",
    "defenders_lost_per_capture": "defenders lost, per place taken",
}
CANNOT_TELL = "cannot tell"


def brief(taking: Sequence[Taking]) -> str:
    """Return the chance of each side that does not have the ground, and what it sends and loses in taking it."""
    return "; ".join(f"{each.side} {_value('p_taken', each.p_taken)}{_half(each)}{_price(each)}" for each in taking)


def _half(taking: Taking) -> str:
    return f", half {_value('p_half', taking.p_half)}" if taking.p_half is not None else ""


def _price(taking: Taking) -> str:
    if math.isnan(taking.sent_and_took.value) or math.isnan(taking.lost_per_capture.value):
        return ""
    per = " a place" if taking.p_half is not None else ""
    return f" ({taking.sent_and_took.value:.0f} sent, {taking.lost_per_capture.value:.0f} lost{per})"


def in_full(ground: GroundAnswer) -> str:
    """Return a table of what it takes to take a piece of ground, with intervals."""
    if not ground.taking:
        return f"{ground.ground.key}: the only sides that could take it have it in every campaign on the first evening."
    rows = [[f"to take {ground.ground.key}", *(cell for each in ground.taking for cell in (each.side, "[low, high]"))]]
    for name, says in FIGURES.items():
        intervals: list[Interval | None] = [getattr(each, name) for each in ground.taking]
        known = [interval for interval in intervals if interval is not None]
        if known:
            rows.append([says, *(cell for each in known for cell in (_value(name, each), _limits(name, each)))])
    rows.append(["campaigns in which it lacks it at first", *(cell for each in ground.taking for cell in (str(each.n), ""))])
    return as_table(rows)


def _value(name: str, interval: Interval) -> str:
    return CANNOT_TELL if math.isnan(interval.value) else _figure(name, interval.value)


def _limits(name: str, interval: Interval) -> str:
    return "" if math.isnan(interval.value) else f"[{_figure(name, interval.low)}, {_figure(name, interval.high)}]"


def _figure(name: str, value: float) -> str:
    if name in CHANCES:
        return f"{value:.1%}"
    return f"{value:.2f}" if name == "failed" else f"{value:.0f}"


def taking_json(taking: Sequence[Taking]) -> dict[str, object]:
    """Return what it takes each side by its key; figures that too few campaigns define are null."""
    return {each.side: {"n": each.n, **{name: _interval(getattr(each, name)) for name in FIGURES}} for each in taking}


def _interval(interval: Interval | None) -> dict[str, object] | None:
    if interval is None:
        return None
    return {"value": interval.value, "low": interval.low, "high": interval.high, "n": interval.n}
