"""Faults made by hand in the processes are caught by the laws; and the interpreter plays the same days as compiled code."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import interpreted_days
import keyterrain
from keyterrain.campaign.play import play_chunk
from keyterrain.campaign.prepare import Prepared

REPLICATES, DAYS = 2, 24

FAULTS = {
    "who leaves stays": ("dynamics/movement.py", "s.strength[actor, start] -= n", "s.strength[actor, start] -= 0 * n"),
    "who leaves comes twice": ("dynamics/movement.py", "s.strength[actor, start] -= n", "s.strength[actor, start] += n"),
    "who arrives is still under way": (
        "dynamics/movement.py",
        "s.marching[slot, actor, place] = 0",
        "s.marching[slot, actor, place] = n // 2",
    ),
    "arrivals are not taken off the tally": ("dynamics/movement.py", "s.n_marching[actor] -= n", "s.n_marching[actor] -= n - 1"),
    "the hit are not taken off": ("dynamics/losses.py", "s.cum_loss[actor, DEAD] += dead", "s.cum_loss[actor, DEAD] += dead + 1"),
    "losses of one actor are booked to another": (
        "dynamics/losses.py",
        "s.cum_loss[actor, WOUNDED] += wounded",
        "s.cum_loss[actor - 1, WOUNDED] += wounded",
    ),
    "those who fled are still at home": ("dynamics/displacement.py", "s.residents[place] -= gone", "s.residents[place] += 0"),
    "guests of an unknown host": (
        "dynamics/registration.py",
        "s.guests[host] += n",
        "s.guests[host - 1] += n",
    ),
    "the dead are not counted": ("dynamics/displacement.py", "s.count[KILLED] += n", "s.count[KILLED] += 0"),
    "one draw for length and losses of a phase": ("dynamics/combat.py", "LOSS_DRAW = 1", "LOSS_DRAW = 0"),
    "one draw for sight and preference": ("dynamics/appraisal.py", "CHOICE_DRAW = 1", "CHOICE_DRAW = 0"),
}

Prepare = Callable[..., Prepared]


@pytest.fixture(scope="module")
def prepared(prepare_small: Prepare) -> Prepared:
    return prepare_small(days=DAYS, seed=interpreted_days.SEED, policy=["government=broad"])


@pytest.fixture(scope="module")
def answers(prepared: Prepared, tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """What was found in the package as it is, under the name of an empty text, and with each fault."""
    folder = tmp_path_factory.mktemp("mutants")
    shutil.copytree(
        Path(keyterrain.__file__).parent,
        folder / "copy" / "keyterrain",
        ignore=shutil.ignore_patterns("scenarios", "assets", "__pycache__"),
    )
    drawn = prepared.first_evening.draw(prepared.seed, 0, REPLICATES, prepared.world.room)
    np.save(folder / "world.npy", prepared.world.record)
    np.save(folder / "draws.npy", drawn.records)
    request = {
        "source": str(folder / "copy"),
        "world": str(folder / "world.npy"),
        "draws": str(folder / "draws.npy"),
        "days": DAYS,
        "faults": [(f"keyterrain/{file}", old, new) for file, old, new in FAULTS.values()],
    }
    (folder / "request.json").write_text(json.dumps(request), encoding="utf-8")
    printed = subprocess.run(
        [sys.executable, interpreted_days.__file__, str(folder / "request.json")],
        env=os.environ | {"NUMBA_DISABLE_JIT": "1", "NUMBA_CACHE_DIR": str(folder / "cache")},
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    return dict(zip(["", *FAULTS], json.loads(printed), strict=True))


def test_the_package_as_it_is_breaks_no_law_and_uses_no_draw_twice(answers: dict[str, dict[str, Any]]) -> None:
    assert answers[""]["broken"] == []
    assert answers[""]["n_draws"] > 1000


def test_the_interpreter_plays_the_same_campaign_as_compiled_code(prepared: Prepared, answers: dict[str, dict[str, Any]]) -> None:
    compiled = play_chunk(prepared, 0, REPLICATES).arrays["strength"][:, -1]
    assert np.array_equal(np.array(answers[""]["strength"]), compiled)


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_made_by_hand_breaks_a_law(answers: dict[str, dict[str, Any]], fault: str) -> None:
    assert answers[fault]["broken"]
