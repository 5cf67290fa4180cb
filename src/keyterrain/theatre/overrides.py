"""Quantities that replace parameters of the shipped table, kept within what the parameter can be."""

from __future__ import annotations

import math

from keyterrain.theatre.parameters import PARAMETERS, Parameter
from keyterrain.theatre.quantity import Quantity


def override(key: str, text: str) -> Quantity:
    """Return the quantity that replaces the parameter `key`, its distribution cut off at the parameter's limits.

    Raises
    ------
    KeyError
        If there is no such parameter.
    ValueError
        With a sentence, if the text is no quantity or lies outside what the parameter can be.
    """
    parameter = PARAMETERS[key]
    return Quantity.parse(text, least=_least(parameter), most=_most(parameter))


def _least(parameter: Parameter) -> float:
    is_signed = parameter.scale == "normal" or parameter.low < 0
    return -math.inf if is_signed else 0.0


def _most(parameter: Parameter) -> float:
    return 1.0 if parameter.scale == "logit" else math.inf
