"""A fabricated run on disk, with its report."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from fabricated_run import HOSTILE, fabricated_kernels
from keyterrain.campaign.ensemble import open_run, run
from keyterrain.report import write_report
from keyterrain.theatre import load
from scenarios import write_small_scenario

if TYPE_CHECKING:
    from pathlib import Path

    from keyterrain.campaign.ensemble import Run
    from scenarios import Rows

REPLICATES = 41


def with_hostile_name(rows: Rows) -> Rows:
    """Give one village a name that would run, and one a name with an entity in it."""
    names = {"hill-village": HOSTILE, "orchards": "Orchards & <b>Co</b> &lt;"}
    return [{**row, "name": names.get(row["place"], row["name"])} for row in rows]


@pytest.fixture(scope="session")
def run_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("reported")
    scenario = load(write_small_scenario(folder / "source", places=with_hostile_name))
    run(scenario, replicates=REPLICATES, out=folder / "run", seed=7, chunk=10, kernels=fabricated_kernels())
    return folder / "run"


@pytest.fixture(scope="session")
def opened(run_folder: Path) -> Run:
    return open_run(run_folder)


@pytest.fixture(scope="session")
def report_path(run_folder: Path) -> Path:
    return write_report(run_folder)
