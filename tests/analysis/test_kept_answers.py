"""Answers as JSON may hold them: whatever a record is made of, and never a number that is none."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from keyterrain.analysis.kept_answers import plain, read_as


@dataclass(frozen=True, slots=True)
class Record:
    """A record with something of everything."""

    number: float
    many: Any = ()
    inner: Any = None
    by_pair: dict[tuple[str, int], float] = field(default_factory=dict)


def test_records_become_what_json_can_say() -> None:
    record = Record(
        float("nan"),
        (np.float64("inf"), np.int32(3), np.array([[1.0, np.nan]]), True, None, date(2013, 11, 22), Path("runs")),
        Record(1.5, frozenset({"b", "a"})),
        {("qara", 1): 0.5},
    )
    assert plain(record) == {
        "number": None,
        "many": [None, 3, [[1.0, None]], True, None, "2013-11-22", "runs"],
        "inner": {"number": 1.5, "many": ["a", "b"], "inner": None, "by_pair": {}},
        "by_pair": {"qara,1": 0.5},
    }
    assert json.loads(json.dumps(plain(record), allow_nan=False)) == plain(record)


@dataclass(frozen=True, slots=True)
class Inner:
    """A part of a record."""

    key: str
    on: date


@dataclass(frozen=True, slots=True)
class Typed:
    """A record whose every field has a type of its own."""

    word: str
    is_so: bool
    count: int
    share: float | None
    either: float | str | None
    ends: tuple[float, float]
    parts: tuple[Inner, ...]
    by_name: Mapping[str, Inner | None]
    extra: int = 7


TYPED = Typed(
    "a", True, 3, 0.25, "b", (0.0, 1.0), (Inner("x", date(2013, 11, 22)), Inner("y", date(2014, 1, 1))),
    {"z": Inner("z", date(2013, 1, 1)), "none": None}, 8,
)  # fmt: skip


def test_a_record_reads_back_as_it_was() -> None:
    assert read_as(Typed, json.loads(json.dumps(plain(TYPED)))) == TYPED
    undefined = replace(TYPED, share=float("nan"), either=None, parts=())
    assert read_as(Typed, plain(undefined)) == replace(undefined, share=None)


def test_only_fields_with_a_default_may_be_missing_and_further_ones_do_no_harm() -> None:
    written = {**plain(TYPED), "unheard-of": [1]}
    del written["extra"]
    assert read_as(Typed, written) == replace(TYPED, extra=7)
    for key in set(written) - {"unheard-of"}:
        with pytest.raises(KeyError, match=key):
            read_as(Typed, {name: each for name, each in written.items() if name != key})


@pytest.mark.parametrize(
    ("key", "wrong"),
    [
        ("is_so", "yes"), ("is_so", 1), ("count", None), ("count", "many"), ("share", "little"), ("either", [1.0]),
        ("ends", [1.0]), ("ends", [0.0, 1.0, 2.0]), ("ends", "01"), ("parts", {"x": 1}), ("parts", [3]),
        ("parts", [{"key": "x", "on": "soon"}]), ("by_name", []), ("by_name", {"z": {"key": "z"}}),
    ],
)  # fmt: skip
def test_what_is_of_another_type_is_not_read(key: str, wrong: Any) -> None:
    with pytest.raises((ValueError, TypeError, KeyError, AttributeError)):
        read_as(Typed, {**plain(TYPED), key: wrong})
