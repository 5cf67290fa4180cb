"""What a run leaves: every variable of the store with its dimensions, type, unit and meaning, in one table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Cadence = Literal["day", "week", "none"]

LOSS_KINDS = ("dead", "wounded", "captured", "deserted")
MODES = ("vehicle", "foot")
CONTESTED = -1
"""Value of `control` where a place is held in part by each of two hostile sides."""


@dataclass(frozen=True, slots=True)
class Variable:
    """One array of the store; `dims` are those after the replicate, `cadence` says how often it is kept."""

    name: str
    dtype: str
    cadence: Cadence
    dims: tuple[str, ...]
    units: str
    long_name: str
    how_to_aggregate: str


VARIABLES: tuple[Variable, ...] = (
    Variable("control", "i1", "day", ("place",), "1", "side that holds the place, -1 contested", "share"),
    Variable("sectors_taken", "u1", "week", ("place",), "1", "sectors held by the side that is not the holder", "mean"),
    Variable("strength", "i4", "week", ("actor", "place"), "fighters", "fighters present", "sum"),
    Variable("in_transit", "i4", "week", ("actor",), "fighters", "fighters on the way or in the open", "sum"),
    Variable("supply", "u1", "week", ("side", "place"), "percent", "supply factor of the side's fighters there", "mean"),
    Variable(
        "route_open",
        "u1",
        "week",
        ("mode", "route"),
        "percent",
        "part of the day on which the route can be used, whoever holds it",
        "mean",
    ),
    Variable("route_threat", "u1", "week", ("side", "route"), "percent", "threat to the side's traffic", "mean"),
    Variable(
        "corridor_open", "u1", "day", ("corridor",), "1", "1 where a way through the corridor is not closed to its side", "mean"
    ),
    Variable(
        "corridor_secure", "u1", "day", ("corridor",), "percent", "chance that a passage of the corridor meets no attack", "mean"
    ),
    Variable(
        "corridor_delivery",
        "u1",
        "day",
        ("corridor",),
        "percent",
        "share of a load that arrives through the corridor by any way, bypasses included",
        "mean",
    ),
    Variable(
        "n_cut_off",
        "u2",
        "day",
        ("side",),
        "1",
        "places with fighters of the side that have been cut off for three days or more",
        "mean",
    ),
    Variable("n_residents", "i4", "week", ("place",), "people", "people at home", "sum"),
    Variable("n_displaced", "i4", "day", ("host",), "people", "displaced people by where they are, origins together", "sum"),
    Variable(
        "n_fled_to",
        "i4",
        "week",
        ("area", "host_area"),
        "people",
        "displaced people of known origin, by area of origin and area where they are; the column dead counts residents killed",
        "sum",
    ),
    Variable("cum_loss", "i4", "day", ("actor", "loss_kind"), "fighters", "losses since the start", "last"),
    Variable("cum_reinforcement", "i4", "day", ("actor",), "fighters", "fighters that joined since the start", "last"),
    Variable("cum_returned", "i4", "day", ("actor",), "fighters", "wounded who returned since the start", "last"),
    Variable("new_incidents", "u2", "day", ("area",), "1", "raids, ambushes and bombs of the day", "sum"),
    Variable(
        "snow_depth", "u2", "week", ("zone", "band"), "cm", "depth of lying snow by height band and side of the range", "mean"
    ),
    Variable("wet", "u1", "day", (), "1", "1 on a day with rain or snow", "mean"),
    Variable("n_operations", "u1", "day", ("side",), "1", "operations under way", "mean"),
    Variable("draw", "f8", "none", ("input",), "1", "every drawn input and parameter, by name", "distribution"),
)
"""Areas in `n_fled_to`, `new_incidents`: a place counts for the first of its areas, places without one for `elsewhere`."""


def dimensions(variable: Variable, *, record_daily: bool) -> tuple[str, ...]:
    """Return the dimensions of a stored variable, replicate first."""
    cadence = "day" if record_daily and variable.cadence == "week" else variable.cadence
    return ("replicate", *(() if cadence == "none" else (cadence,)), *variable.dims)


def order_in_memory(dims: Sequence[str]) -> tuple[int, ...]:
    """Return the order in which axes lie in memory and on the disk: the replicate first, time last.

    What changes slowly from day to day is then long runs of equal bytes, which compress fast and well.
    """
    time = [axis for axis, dim in enumerate(dims) if dim in {"day", "week"}]
    return (*(axis for axis in range(len(dims)) if axis not in time), *time)
