"""A campaign that was really played, reported: the picture holds against the store."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import numpy as np

from keyterrain.campaign.ensemble import open_run, run
from keyterrain.report import write_report
from keyterrain.theatre import load
from scenarios import write_small_scenario

if TYPE_CHECKING:
    from pathlib import Path

REPLICATES = 12


def test_a_played_run_is_reported_as_it_was_stored(tmp_path: Path) -> None:
    scenario = load(write_small_scenario(tmp_path / "source", days=20))
    run(scenario, replicates=REPLICATES, out=tmp_path / "run", seed=3)
    page = write_report(tmp_path / "run").read_text(encoding="utf-8")
    found = re.search(r'id="keyterrain-data">(.*?)</script>', page)
    assert found
    data = json.loads(found[1])
    control = open_run(tmp_path / "run").dataset["control"]
    for code, side in enumerate(data["sides"]):
        np.testing.assert_allclose(data["p_control"][side], (control == code).mean("replicate"), atol=5e-5)
    assert data["replicates"] == REPLICATES
    assert "other draw" not in page  # every input that is drawn is described
