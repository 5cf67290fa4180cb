"""Claims on a mirrored theatre: neither side is favoured, a planted strength is found, and exchanged sides exchange verdicts."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from keyterrain.analysis.claims import BORNE_OUT, NOT_BORNE_OUT, ClaimAnswers, answer_claims
from keyterrain.theatre import load
from mirrored_theatre import Half, mirrored_theatre
from scenarios import write_small_scenario

GAINS = {"measure": "places_gained", "area": "theatre", "side": "alpha", "than": {"side": "omega"}}
HELD = {"measure": "area_held_share", "area": "aa-land", "side": "alpha", "than": {"area": "zz-land", "side": "omega"}}
CLAIMS = {
    f"{name}-{word}": {"says": "One side does better", "source": "report", **reading, "borne_out_if": {word: 0}}
    for name, reading in (("gains", GAINS), ("holds", HELD))
    for word in ("above", "below")
}


def answers(folder: Path, stronger: str | None) -> ClaimAnswers:
    changes: dict[str, Any] = mirrored_theatre(Half("alpha", "aa", -1), Half("omega", "zz", 1), "irregular")
    if stronger:
        changes["actors"][f"{stronger}-army"]["quality"] = "1"
    write_small_scenario(folder, **{**changes, "days": "60"})
    (folder / "claims.yaml").write_text(json.dumps({"claims": CLAIMS}), encoding="utf-8")
    return answer_claims(load(folder), budget=400, seed=11)


def test_neither_side_is_borne_out_to_be_favoured(tmp_path: Path) -> None:
    assert [answer.verdict for answer in answers(tmp_path / "even", None).answers if answer.verdict == BORNE_OUT] == []


@pytest.mark.parametrize("name", ["gains", "holds"])
def test_a_stronger_side_is_found_and_exchanged_sides_exchange_the_verdicts(tmp_path: Path, name: str) -> None:
    alpha, omega = answers(tmp_path / "alpha", "alpha"), answers(tmp_path / "omega", "omega")
    assert (alpha.of(f"{name}-above").verdict, alpha.of(f"{name}-below").verdict) == (BORNE_OUT, NOT_BORNE_OUT)
    assert (omega.of(f"{name}-above").verdict, omega.of(f"{name}-below").verdict) == (NOT_BORNE_OUT, BORNE_OUT)
