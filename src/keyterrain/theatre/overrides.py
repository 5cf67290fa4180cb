"""Quantities that replace parameters of the shipped table, kept within what the parameter can be."""

from __future__ import annotations

import math
from collections.abc import Mapping

from keyterrain.theatre.parameters import PARAMETERS, Parameter
from keyterrain.theatre.quantity import Quantity, format_number

CODES: Mapping[str, Mapping[float, str]] = {
    "combat.law": {0.0: "in phases", 1.0: "by Lanchester's linear law", 2.0: "by Lanchester's square law"}
}
"""Parameters whose values are no measures but stand for something: what each stands for."""


def override(key: str, text: str) -> Quantity:
    """Return the quantity that replaces the parameter `key`, its distribution cut off at the parameter's limits.

    Raises
    ------
    KeyError
        If there is no such parameter.
    ValueError
        With a sentence, if the text is no quantity, lies outside what the parameter can be, or is a code that stands for nothing.
    """
    parameter = PARAMETERS[key]
    quantity = Quantity.parse(text, least=_least(parameter), most=_most(parameter))
    if key in CODES and not (quantity.is_exact and quantity.mid in CODES[key]):
        raise ValueError(f"it stands for something and is no measure: write {_choices(CODES[key])}")
    return quantity


def _choices(codes: Mapping[float, str]) -> str:
    return ", ".join(f"{format_number(code)} ({says})" for code, says in codes.items())


def _least(parameter: Parameter) -> float:
    is_signed = parameter.scale == "normal" or parameter.low < 0
    return -math.inf if is_signed else 0.0


def _most(parameter: Parameter) -> float:
    return 1.0 if parameter.scale == "logit" else math.inf
