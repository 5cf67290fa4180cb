"""Answers as JSON may hold them: whatever a record is made of, and never a number that is none."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np

from keyterrain.analysis.kept_answers import plain


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
