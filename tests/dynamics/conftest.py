"""The small theatre, once for all tests of the processes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from keyterrain.campaign.interventions import Interventions
from keyterrain.campaign.prepare import Prepared, prepare
from keyterrain.theatre import load
from scenarios import write_small_scenario

Prepare = Callable[..., Prepared]


@pytest.fixture(scope="session")
def small_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_small_scenario(tmp_path_factory.mktemp("theatre") / "small")


@pytest.fixture(scope="session")
def prepare_small(small_folder: Path) -> Prepare:
    """Prepare the small theatre: `hold`, `policy` and `settings` are written as on a command line."""
    scenario = load(small_folder)

    def prepared(*, days: int = 60, seed: int = 7, **changes: list[str]) -> Prepared:
        return prepare(scenario, days=days, seed=seed, interventions=Interventions.parse(**changes))

    return prepared
