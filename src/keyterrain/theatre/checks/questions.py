"""What is asked of the runs, and what replaces the model's own numbers."""

from __future__ import annotations

from collections.abc import Iterator

from keyterrain.theatre.claims_file import read_claims
from keyterrain.theatre.draft import Draft, Row
from keyterrain.theatre.faults import Fault, nearest, shown
from keyterrain.theatre.overrides import override
from keyterrain.theatre.parameters import PARAMETERS
from keyterrain.theatre.quantity import Quantity
from keyterrain.theatre.schema import ELSEWHERE, WEIGHT_TOLERANCE


def parameters_can_be_replaced(draft: Draft) -> Iterator[Fault]:
    """Only parameters of the shipped table can be replaced, by what they can be."""
    for row in draft.rows("parameters"):
        key, value = row.get("parameter"), row.get("value")
        if key and key not in PARAMETERS:
            yield row.fault(key, f"unknown parameter {shown(key)}", nearest(key, PARAMETERS))
        elif key and value is not None:
            yield from _impossible_value(row, key, value)


def _impossible_value(row: Row, key: str, value: Quantity) -> Iterator[Fault]:
    try:
        override(key, value.text)
    except ValueError as error:
        yield row.fault(key, str(error))


def candidates_sum_to_one(draft: Draft) -> Iterator[Fault]:
    """Weights of the candidates sum to at most 1, and to 1 where `elsewhere` is among them."""
    for row in draft.rows("uncertain_places"):
        candidates = row.get("candidates") or {}
        total = sum(candidates.values())
        if total > 1 + WEIGHT_TOLERANCE or (ELSEWHERE in candidates and total < 1 - WEIGHT_TOLERANCE):
            yield row.fault("candidates", f"the weights sum to {total:.6g} and not to 1")


def claims_can_be_put(draft: Draft) -> Iterator[Fault]:
    """Claims speak of what is there, and say what would bear them out."""
    yield from read_claims(draft).faults


def there_are_outcomes(draft: Draft) -> Iterator[Fault]:
    """Without outcomes a run answers no question (warning)."""
    table = draft.tables["outcomes"]
    if table.is_readable and not table.rows:
        yield Fault("scenario.yaml", None, "outcomes", "no outcome is defined")
