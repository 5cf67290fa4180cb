"""Numbers, dates and errors in words."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from math import isnan
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from keyterrain.analysis.estimate import Scalar
    from keyterrain.analysis.headline import Band

NARROW_POINTS = 2.0
"""Intervals narrower than this, in percentage points, are written with a decimal."""

MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December",
)  # fmt: skip


def day_month(day: date) -> str:
    """Return `26 April`."""
    return f"{day.day} {MONTHS[day.month - 1]}"


def day_month_year(day: date) -> str:
    """Return `26 April 2014`."""
    return f"{day_month(day)} {day.year}"


def day_short(day: date) -> str:
    """Return `26 Apr`."""
    return f"{day.day} {MONTHS[day.month - 1][:3]}"


def percent(p: float) -> str:
    """Return a share in per cent, whole but near 0 and 1, where whole numbers would claim certainty."""
    if 0.0 < p < 0.005:
        return "<1%"
    if 0.995 < p < 1.0:
        return ">99%"
    return f"{100.0 * p:.0f}%"


def percent_with_error(p: Scalar) -> str:
    """Return `43% [40–46]`, the interval of sampling in brackets; without it where it is not known or nothing varies."""
    if isnan(p.low) or isnan(p.high) or p.low == p.high:
        return percent(p.value)
    low, high = 100.0 * max(p.low, 0.0), 100.0 * min(p.high, 1.0)
    if high - low < NARROW_POINTS:
        return f"{100.0 * p.value:.1f}% [{low:.1f}–{high:.1f}]"
    return f"{percent(p.value)} [{low:.0f}–{high:.0f}]"


def count(number: float) -> str:
    """Return a number of people or places, from a thousand on rounded to two digits."""
    rounded = round(number)
    if abs(rounded) >= 1000:
        digits = len(str(abs(rounded))) - 2
        rounded = round(rounded / 10**digits) * 10**digits
    return f"{rounded:,}".replace("-", "−")


def count_with_band(band: Band) -> str:
    """Return `12,000 (8,500–17,000)`."""
    dash = " to " if band.low < 0 else "–"
    return f"{count(band.median)} ({count(band.low)}{dash}{count(band.high)})"


def listed(parts: Sequence[str]) -> str:
    """Return `a, b and c`."""
    if len(parts) < 2:
        return "".join(parts)
    return f"{', '.join(parts[:-1])} and {parts[-1]}"


def significant(value: float) -> str:
    """Return a number to three digits."""
    if value and abs(value) >= 1000:
        return f"{float(f'{value:.3g}'):,.0f}"
    return f"{value:.3g}"
