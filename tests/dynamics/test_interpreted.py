"""The compiled kernels do what their Python says: the same days, played with and without the compiler."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

TESTS = Path(__file__).parents[1]
SCRIPT = """
import sys
import numpy as np
from hand_made import Corridor, Reach, Road, Source, hand_made

roads = [Road("depot", "town", kind="motorway", band=4), Road("town", "pass", kind="pass", band=10, on_crest=True),
         Road("pass", "post", kind="track", band=9), Road("town", "mill", band=4, vehicle=False), Road("mill", "post", band=7)]
towns = ("depot", "town", "pass", "post", "mill")
theatre = hand_made(
    " ".join(towns),
    roads,
    holds={"post": "opposition", "pass": "opposition"},
    contested_by={"mill": "opposition"},
    garrisons={"depot": 900, "town": 400, "post": 700, "pass": 250, "mill": 80, "opposition@mill": 120},
    near=[(a, b, 1.0) for a in towns for b in towns],
    spill=[(a, b, 0.2) for a in towns for b in towns],
    reach=[Reach(place, road.key, 0.7 * i, 0.2 * i) for i, place in enumerate(towns) for road in roads],
    sources=[Source("government", "depot", 900.0), Source("opposition", "post", 400.0)],
    corridors=[Corridor("government", "depot", "mill", [road.key for road in roads]),
               Corridor("opposition", "post", "town", [road.key for road in roads])],
    parameters={"insurgency_background": 0.8, "interdiction_attack_rate": 3.0},
)
theatre.world["reference_m"] = 1300.0
theatre.world["mean_c"][:] = 1.0
theatre.world["p_wet"][:] = 0.4
theatre.world["wet_mm"][:] = 9.0
theatre.world["gamma_quantile"][:] = np.linspace(0.0, 3.0, 1025)
for day in range(1, 31):
    theatre.play("weather", "routes", "interdiction", "supply", "insurgency", "muster", first=day)
np.savez(sys.argv[1], **{name: theatre.state[name][0] for name in theatre.state.dtype.names})
"""

PLAYED = [
    "sky",
    "snow_mm",
    "snow_cm",
    "fresh_mm",
    "drive_hours",
    "walk_hours",
    "hours",
    "shut_days",
    "pair_weight",
    "threat_now",
    "threat",
    "tax_cost",
    "passable",
    "delivery",
    "flow",
    "store",
    "supplied",
    "cut_days",
    "n_cut_off",
    "corridor_open",
    "corridor_secure",
    "corridor_delivery",
    "strength",
    "force",
    "cum_loss",
    "recovering",
    "excitation",
    "background",
    "raider_place",
    "raider_side",
    "incidents",
    "recent_incidents",
    "event",
    "count",
]
"""What the processes played here write."""


def evening(out: Path, disable: str) -> dict[str, Any]:
    """Play the script in a process of its own, compiled or not, and return the state of its last evening."""
    package = os.pathsep.join([str(TESTS.parent / "src"), str(TESTS)])
    environment = {**os.environ, "NUMBA_DISABLE_JIT": disable, "PYTHONPATH": package}
    subprocess.run([sys.executable, "-c", SCRIPT, str(out)], check=True, env=environment, timeout=600)
    with np.load(out) as state:
        return {name: state[name] for name in PLAYED}


@pytest.fixture(scope="module")
def evenings(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], dict[str, Any]]:
    """State of the last evening as compiled and as interpreted."""
    folder = tmp_path_factory.mktemp("evenings")
    return evening(folder / "compiled.npz", "0"), evening(folder / "interpreted.npz", "1")


@pytest.mark.parametrize("name", PLAYED)
def test_interpreted_days_are_compiled_days(name: str, evenings: tuple[dict[str, Any], dict[str, Any]]) -> None:
    compiled, interpreted = (each[name] for each in evenings)
    if np.issubdtype(compiled.dtype, np.integer):
        np.testing.assert_array_equal(compiled, interpreted)
    else:
        np.testing.assert_allclose(compiled, interpreted, rtol=1e-12 if compiled.dtype == np.float64 else 1e-6, atol=1e-12)


def test_the_days_compared_were_eventful(evenings: tuple[dict[str, Any], dict[str, Any]]) -> None:
    state = evenings[0]
    kinds = set(state["event"][: state["count"][2], 1].tolist())
    assert len(kinds) == 2
    assert state["snow_cm"].max() > 20.0
    assert state["cum_loss"].sum() > 20
    assert 0.0 < state["delivery"].max() < 1.0
