"""Claims back to the text of claims.yaml, which reads as equal claims."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

import yaml

from keyterrain.theatre.claims import Change, Claim, Comparison, Condition, Quoted, Reading, Whichever


def text_of_claims(claims: Iterable[Claim]) -> str:
    """Return claims.yaml; comments and the order of keys are not kept."""
    tree = {"claims": {claim.key: _claim(claim) for claim in claims}}
    return yaml.safe_dump(tree, sort_keys=False, allow_unicode=True, width=130)


def _claim(claim: Claim) -> dict[str, Any]:
    written = {
        "says": claim.says,
        "source": claim.source,
        "grade": claim.grade,
        "start": claim.start,
        "cannot_tell": claim.cannot_tell,
        "only_bears_out": claim.only_bears_out,
        "observed": _quoted(claim.observed) if claim.observed else "",
        "about": claim.about,
        "note": claim.note,
    }
    written = {key: value for key, value in written.items() if value}
    if len(claim.parts) == 1 and isinstance(claim.parts[0], Comparison):
        return {**written, **_comparison(claim.parts[0])}
    return {**written, claim.combination: [_part(part) for part in claim.parts]} if claim.parts else written


def _part(part: Comparison | Whichever) -> dict[str, Any]:
    return {"whichever": [_comparison(each) for each in part.of]} if isinstance(part, Whichever) else _comparison(part)


def _comparison(comparison: Comparison) -> dict[str, Any]:
    written = _reading(comparison.reading)
    if comparison.than is not None:
        other = _reading(comparison.than)
        than = {key: value for key, value in other.items() if key != "measure" and written.get(key) != value}
        emptied: dict[str, Any] = {
            key: blank for key, blank in (("outside", []), ("given", {})) if key in written and key not in other
        }
        written = {**written, "than": {**than, **emptied}}
    numbers = [_number(number) for number in comparison.borne_out_if.numbers]
    return {**written, "borne_out_if": {comparison.borne_out_if.word: numbers[0] if len(numbers) == 1 else numbers}}


def _reading(reading: Reading) -> dict[str, Any]:
    written: dict[str, Any] = {"measure": reading.measure, **_arguments(reading.arguments)}
    if reading.outside:
        written["outside"] = list(reading.outside)
    if reading.given != Change():
        written["given"] = _change(reading.given)
    if reading.contrast is not None:
        written["contrast"] = {word: _change(change) for word, change in zip(("first", "second"), reading.contrast, strict=True)}
    if reading.among is not None:
        written["among"] = _condition(reading.among)
    return written


def _arguments(arguments: Iterable[tuple[str, object]]) -> dict[str, Any]:
    return {name: _plain(value) for name, value in arguments if value is not None}


def _condition(condition: Condition) -> dict[str, Any]:
    limits = {"at_least": condition.at_least, "at_most": condition.at_most}
    written = {name: _number(value) for name, value in limits.items() if value is not None}
    return {"measure": condition.measure, **_arguments(condition.arguments), **written}


def _change(change: Change) -> dict[str, Any]:
    written: Mapping[str, dict[str, str]] = {
        "hold": dict(change.hold),
        "policy": dict(change.policy),
        "set": dict(change.set),
        "start_holder": dict(change.start_holder),
    }
    return {word: pairs for word, pairs in written.items() if pairs}


def _quoted(quoted: Quoted) -> dict[str, Any]:
    return {"says": quoted.says, "source": quoted.source, **({"grade": quoted.grade} if quoted.grade else {})}


def _plain(value: object) -> Any:
    if isinstance(value, tuple):
        return list(value)
    if isinstance(value, (int, float)):
        return _number(value)
    return value if isinstance(value, date) else str(value)


def _number(number: float) -> float:
    return int(number) if float(number).is_integer() else float(number)
