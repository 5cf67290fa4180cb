"""The table of parameters: every number that the processes use, with unit, default, low, high and source.

A parameter is drawn once per replicate by a two-piece normal on its scale: the default is the median, low and high are the
5% and 95% points, so that an asymmetric range stays asymmetric. `fixed` parameters are not drawn.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from statistics import NormalDist
from types import MappingProxyType

_Z95 = NormalDist().inv_cdf(0.95)


@dataclass(frozen=True, slots=True)
class Parameter:
    """One row of the table; `key` is `process.name`."""

    key: str
    meaning: str
    unit: str
    default: float
    low: float
    high: float
    scale: str
    source: str

    @property
    def field(self) -> str:
        """Name under which the kernels read it."""
        return self.key.replace(".", "_")

    def ppf(self, u: float) -> float:
        """Quantile at u in (0, 1)."""
        if self.scale == "fixed":
            return self.default
        z = NormalDist().inv_cdf(u) / _Z95
        middle = self._stretched(self.default)
        end = self._stretched(self.low if z < 0.0 else self.high)
        return self._unstretched(middle + abs(z) * (end - middle))

    def _stretched(self, value: float) -> float:
        if self.scale == "log":
            return math.log(value)
        if self.scale == "logit":
            return math.log(value / (1.0 - value))
        return value

    def _unstretched(self, value: float) -> float:
        if self.scale == "log":
            return math.exp(value)
        if self.scale == "logit":
            return 1.0 / (1.0 + math.exp(-value))
        return value


@cache
def _table(name: str) -> Mapping[str, Parameter]:
    text = resources.files("keyterrain.theatre").joinpath(name).read_text(encoding="utf-8")
    rows = (
        Parameter(
            key=row["parameter"],
            meaning=row["meaning"],
            unit=row["unit"],
            default=float(row["default"]),
            low=float(row["low"]),
            high=float(row["high"]),
            scale=row["scale"],
            source=row["source"],
        )
        for row in csv.DictReader(text.splitlines())
    )
    return MappingProxyType({row.key: row for row in rows})


PARAMETERS: Mapping[str, Parameter] = _table("parameters.csv")
"""All parameters by key, in the order of the table."""

_BEFORE_FITS = _table("parameters_before_fits.csv")


def before_fits(key: str) -> Parameter:
    """Return a parameter with the range that it had before records of campaigns told of it: what a calibration starts from."""
    return _BEFORE_FITS.get(key, PARAMETERS[key])


PROCESSES = (
    "weather",
    "routes",
    "interdiction",
    "supply",
    "decision",
    "movement",
    "combat",
    "control",
    "insurgency",
    "displacement",
)
"""The processes in the order of a day; each can be switched off by `processes.NAME=off`."""
