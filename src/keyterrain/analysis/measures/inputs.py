"""What the replicates drew: policies, strengths and every other uncertain input."""

from __future__ import annotations

import numpy as np

from keyterrain.analysis.measures.registry import Floats, Measurement, computes
from keyterrain.analysis.measures.replicates import Replicates
from keyterrain.theatre.policies import POLICY_RULES


def input_read(asked: Measurement) -> str | None:
    """Return the name of the draw that a measurement reads, None where it reads none."""
    arguments = dict(asked.arguments)
    if asked.measure == "drawn_input":
        return str(arguments["input"])
    prefix = {"policy_is": "policy", "waits_for_spring": "waits"}.get(asked.measure)
    return f"{prefix}:{arguments['side']}" if prefix else None


@computes("drawn_input", "draw")
def drawn_input(replicates: Replicates, *, input: str) -> Floats:  # noqa: A002  (the name of the argument in claims)
    """Return the value of one draw."""
    return np.asarray(replicates.arrays["draw"][:, replicates.at("input", input)], dtype=np.float64)


@computes("policy_is", "draw")
def policy_is(replicates: Replicates, *, side: str, policy: str) -> Floats:
    """Return 1 where the side drew, or was given, that policy."""
    drawn = drawn_input(replicates, input=f"policy:{side}")
    return np.where(drawn == list(POLICY_RULES).index(policy), 1.0, 0.0)


@computes("waits_for_spring", "draw")
def waits_for_spring(replicates: Replicates, *, side: str) -> Floats:
    """Return 1 where the side waits out the winter."""
    return np.where(drawn_input(replicates, input=f"waits:{side}") > 0, 1.0, 0.0)


@computes("first_strength", "strength")
def first_strength(replicates: Replicates, *, actor: str, area: str) -> Floats:
    """Return the fighters at the places of the area on the first evening."""
    at_start = replicates.arrays["strength"][:, 0, replicates.at("actor", actor)]
    return np.asarray(at_start[:, replicates.members(area)].sum(axis=1), dtype=np.float64)
