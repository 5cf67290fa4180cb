"""Uncertain quantities as people report them, and the one table of how a hedge and a grade become a distribution.

**How it is written**

- `12000`: the number itself; exact without a grade.
- `about 800`: log-normal, median 800, log standard deviation 0.15: nine in ten within about a quarter.
- `8000..15000`: 5 % and 95 % points; log-normal where both are positive and one is over twice the other, normal otherwise.
- `5000 < 8000 < 15000`: triangular: lowest, most likely, highest.
- `up to 15000`: triangular between 0.2 and 1 times the number with its mode at 0.7: what is said to be the most is rarely
  reached, and the median is near two thirds.
- `at least 500`: the number times exp(0.4 |z|), z standard normal: never below, median a third above.

`around`, `roughly`, `some` mean `about`; `at most` means `up to`; `more than`, `over` mean `at least`. What each hedge means in
numbers is an assumption; no survey of war reports was found that measures it.

**What the grade adds**

The Admiralty code grades reliability of the source (A to F) and credibility of the item (1 to 6; NATO AJP-2.1). Each letter and
each figure stands for a log standard deviation: A 0.05, B 0.10, C 0.20, D 0.30, E 0.45, F 0.35; 1 0.05, 2 0.10, 3 0.20, 4 0.35,
5 0.50, 6 0.35. These are assumptions; F and 6 mean *cannot be judged* and so are not the worst. Both add in quadrature to the
spread that the written form has already, and the median stays: a bare `1000` graded B2 has its 5 % and 95 % points at 790 and
1,260, graded D4 at 470 and 2,130. Where the distribution reaches zero or below (logits) the spread is added on the plain scale,
in units of the absolute median or half the width, whichever is larger.

A quantity whose written numbers are all zero or positive never falls below zero; a column's own limits (a share is at most 1)
cut the distribution off.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from statistics import NormalDist
from typing import Literal

Kind = Literal["number", "about", "interval", "triangle", "up to", "at least"]

RELIABILITY_LOG_SD = {"": 0.0, "A": 0.05, "B": 0.10, "C": 0.20, "D": 0.30, "E": 0.45, "F": 0.35}
"""Spread added by the reliability of the source; assumption (the order is the code's, the sizes are ours)."""

CREDIBILITY_LOG_SD = {"": 0.0, "1": 0.05, "2": 0.10, "3": 0.20, "4": 0.35, "5": 0.50, "6": 0.35}
"""Spread added by the credibility of the item; assumption (the order is the code's, the sizes are ours)."""

ABOUT_LOG_SD = 0.15
"""Log standard deviation of `about`; assumption."""

LOG_NORMAL_RATIO = 2.0
"""An interval wider than this ratio is log-normal, a narrower one normal; at 2 their medians differ by 6 %; assumption."""

UP_TO_LOW, UP_TO_MODE = 0.2, 0.7
"""Lowest and most likely share of a claimed maximum; assumption."""

AT_LEAST_LOG_SD = 0.4
"""Log standard deviation of what may be there beyond a claimed minimum; assumption."""

HEDGES: dict[str, Kind] = {
    "about": "about",
    "around": "about",
    "roughly": "about",
    "some": "about",
    "up to": "up to",
    "at most": "up to",
    "at least": "at least",
    "more than": "at least",
    "over": "at least",
}
"""Words before a number, and the form each stands for."""

GRADE_PATTERN = re.compile(r"[A-F][1-6]")
_NUMBER = r"[+-]?\d{1,15}(?:\.\d{1,25})?(?:[eE][+-]?0?\d)?"
_PLAIN = re.compile(_NUMBER)
_INTERVAL = re.compile(rf"({_NUMBER})\s*\.\.\s*({_NUMBER})")
_TRIANGLE = re.compile(rf"({_NUMBER})\s*<\s*({_NUMBER})\s*<\s*({_NUMBER})")
_HEDGED = re.compile(rf"({'|'.join(HEDGES)})\s+({_NUMBER})")
_FORMS = "write 12000, 8000..15000, 5000 < 8000 < 15000, about 800, up to 15000 or at least 500"

_STANDARD_NORMAL = NormalDist()
_Z95 = _STANDARD_NORMAL.inv_cdf(0.95)


@dataclass(frozen=True, slots=True)
class _Shape:
    """An inverse distribution function with its spread, the form as written before any grade."""

    ppf: Callable[[float, float], float]
    sd: float
    is_log: bool


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number as reported, with how sure the report is; `text` is what was written."""

    text: str
    kind: Kind
    numbers: tuple[float, ...]
    grade: str = ""
    least: float = -math.inf
    most: float = math.inf
    _shape: _Shape = field(init=False, repr=False, compare=False)
    _extra_sd: float = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        shape = _shape_of(self.kind, self.numbers)
        object.__setattr__(self, "_shape", shape)
        object.__setattr__(self, "_extra_sd", _spread_added_by(self.grade, shape, self.numbers))

    @classmethod
    def parse(cls, text: str, grade: str = "", *, least: float = -math.inf, most: float = math.inf) -> Quantity:
        """Read a quantity as people write it.

        Parameters
        ----------
        text
            One of the forms in this module's table.
        grade
            Admiralty code, A1 to F6, or empty for an ungraded quantity.
        least, most
            Limits of what the quantity can be; the distribution is cut off there.

        Raises
        ------
        ValueError
            With a sentence that says what is wrong and how to write it.
        """
        if grade and not GRADE_PATTERN.fullmatch(grade):
            raise ValueError(f"{grade!r} is no grade of the Admiralty code, which runs from A1 to F6")
        written = " ".join(text.split())
        kind, numbers = _read(written)
        _refuse_disorder(kind, numbers)
        _refuse_outside(numbers, least, most)
        floor = max(least, 0.0) if min(numbers) >= 0 else least
        return cls(written, kind, numbers, grade, floor, most)

    @classmethod
    def exact(cls, number: float) -> Quantity:
        """Return a number about which nothing is uncertain."""
        return cls(format_number(number), "number", (float(number),))

    def ppf(self, u: float) -> float:
        """Return the value that the quantity stays below with probability `u`, 0 < u < 1; it never falls as `u` rises."""
        z = _STANDARD_NORMAL.inv_cdf(u)
        value = self._shape.ppf(u, z)
        if self._extra_sd:
            value = value * math.exp(self._extra_sd * z) if self._shape.is_log else value + self._extra_sd * z
        return min(max(value, self.least), self.most)

    @property
    def low(self) -> float:
        """5 % point."""
        return self.ppf(0.05)

    @property
    def mid(self) -> float:
        """Median."""
        return self.ppf(0.5)

    @property
    def high(self) -> float:
        """95 % point."""
        return self.ppf(0.95)

    @property
    def is_exact(self) -> bool:
        """Whether every draw is the same number."""
        return self._shape.sd == 0 and self._extra_sd == 0

    def __str__(self) -> str:
        return self.text

    def __reduce__(self) -> tuple[type[Quantity], tuple[object, ...]]:
        return Quantity, (self.text, self.kind, self.numbers, self.grade, self.least, self.most)


def format_number(number: float) -> str:
    """Return the shortest text that reads back as the same number, whole numbers without a point."""
    if float(number).is_integer() and abs(number) < 1e15:
        return str(int(number))
    return repr(float(number))


def _read(written: str) -> tuple[Kind, tuple[float, ...]]:
    lowered = written.lower()
    if _PLAIN.fullmatch(lowered):
        return "number", (float(lowered),)
    if match := _HEDGED.fullmatch(lowered):
        return HEDGES[match[1]], (float(match[2]),)
    if match := _INTERVAL.fullmatch(lowered):
        return "interval", (float(match[1]), float(match[2]))
    if match := _TRIANGLE.fullmatch(lowered):
        return "triangle", (float(match[1]), float(match[2]), float(match[3]))
    raise ValueError(f"{_shown(written)} is no quantity: {_FORMS}")


def _shown(text: str) -> str:
    return repr(text if len(text) <= 40 else text[:37] + "...")


def _refuse_disorder(kind: Kind, numbers: tuple[float, ...]) -> None:
    if list(numbers) != sorted(numbers):
        raise ValueError("its numbers do not rise from the lowest to the highest")
    if kind in ("up to", "at least", "about") and numbers[0] < 0:
        raise ValueError(f"`{kind}` needs a number that is not negative")


def _refuse_outside(numbers: tuple[float, ...], least: float, most: float) -> None:
    if numbers[0] < least:
        reason = "it is negative" if least == 0 else f"it is below {format_number(least)}"
        raise ValueError(f"{reason}: {format_number(numbers[0])}")
    if numbers[-1] > most:
        raise ValueError(f"it is above {format_number(most)}: {format_number(numbers[-1])}")


def _shape_of(kind: Kind, numbers: tuple[float, ...]) -> _Shape:
    first = numbers[0]
    if numbers[-1] == first and kind in ("number", "interval", "triangle"):
        return _Shape(lambda u, z: first, 0.0, is_log=first > 0)
    if kind == "about":
        return _log_normal(first, ABOUT_LOG_SD)
    if kind == "interval":
        return _interval(first, numbers[1])
    if kind == "triangle":
        return _triangular(*numbers)
    if kind == "up to":
        return _triangular(UP_TO_LOW * first, UP_TO_MODE * first, first)
    return _at_least(first)


def _log_normal(median: float, sd: float) -> _Shape:
    return _Shape(lambda u, z: median * math.exp(sd * z), sd if median else 0.0, is_log=True)


def _interval(low: float, high: float) -> _Shape:
    if low > 0 and high / low > LOG_NORMAL_RATIO:
        return _log_normal(math.sqrt(low) * math.sqrt(high), math.log(high / low) / (2 * _Z95))
    mean, sd = low / 2 + high / 2, (high - low) / (2 * _Z95)
    return _measured(lambda u, z: mean + sd * z)


def _triangular(low: float, mode: float, high: float) -> _Shape:
    width = high - low
    if width == 0:
        return _Shape(lambda u, z: low, 0.0, is_log=low > 0)
    share_below_mode = (mode - low) / width

    def ppf(u: float, _z: float) -> float:
        if u < share_below_mode:
            return low + width * math.sqrt(u * share_below_mode)
        return high - width * math.sqrt((1 - u) * (1 - share_below_mode))

    return _measured(ppf)


def _at_least(floor: float) -> _Shape:
    def ppf(u: float, _z: float) -> float:
        return floor * math.exp(-AT_LEAST_LOG_SD * _STANDARD_NORMAL.inv_cdf((1 - u) / 2))

    return _measured(ppf) if floor else _Shape(lambda u, z: 0.0, 0.0, is_log=False)


def _measured(ppf: Callable[[float, float], float]) -> _Shape:
    """Measure the spread of a form by its 5 % and 95 % points, in logarithms where both are positive."""
    low, high = ppf(0.05, -_Z95), ppf(0.95, _Z95)
    if low > 0:
        return _Shape(ppf, math.log(high / low) / (2 * _Z95), is_log=True)
    return _Shape(ppf, (high - low) / (2 * _Z95), is_log=False)


def _spread_added_by(grade: str, shape: _Shape, numbers: tuple[float, ...]) -> float:
    if not grade:
        return 0.0
    grade_sd = math.hypot(RELIABILITY_LOG_SD[grade[0]], CREDIBILITY_LOG_SD[grade[1]])
    if not shape.is_log:
        grade_sd *= max(abs(shape.ppf(0.5, 0.0)), (numbers[-1] - numbers[0]) / 2)
    return math.hypot(shape.sd, grade_sd) - shape.sd
