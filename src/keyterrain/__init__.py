"""Answer which ground decides an armed conflict.

The nouns and verbs of the package, fetched only when asked for, so that importing it costs nothing:

    import keyterrain as kt

    scenario = kt.load("qalamoun-2013")
    run = kt.run(scenario, replicates=500, seed=1, out="runs/demo")
    run = kt.open_run("runs/demo")
    answers = kt.answer_claims(scenario, budget=1000)
    compared = kt.compare_policies(scenario, replicates=200)
    print(kt.decisive(scenario, replicates=200).sentence)
    ground = kt.terrain(scenario, against="qara")
    request = kt.BuildRequest((Path("dem.tif"),), Path("roads.osm.pbf"), (Path("XY.txt"),), kt.Box.read("36,33.4,36.9,34.2"))
    built = kt.build(request, Path("my-theatre"))
    events = kt.read_events([Path("ged.csv")])
    connected = kt.spillover(events, kt.SpilloverQuestion("country=Syria", "country=Lebanon")).verdict
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from keyterrain.version import __version__

if TYPE_CHECKING:
    from keyterrain.analysis.claims import answer_claims
    from keyterrain.analysis.decisive.question import decide as decisive
    from keyterrain.analysis.policies import compare_policies
    from keyterrain.analysis.spillover.answer import SpilloverQuestion
    from keyterrain.analysis.spillover.question import ask_spillover as spillover
    from keyterrain.analysis.terrain import terrain
    from keyterrain.campaign.ensemble import open_run, run
    from keyterrain.geo.box import Box
    from keyterrain.theatre import load
    from keyterrain.theatre.events.reading import read_events
    from keyterrain.theatre.importers.build import build
    from keyterrain.theatre.importers.request import BuildRequest

__all__ = [
    "Box", "BuildRequest", "SpilloverQuestion", "__version__", "answer_claims", "build", "compare_policies", "decisive", "load",
    "open_run", "read_events", "run", "spillover", "terrain",
]  # fmt: skip

_HOMES = {
    "Box": "keyterrain.geo.box",
    "BuildRequest": "keyterrain.theatre.importers.request",
    "SpilloverQuestion": "keyterrain.analysis.spillover.answer",
    "answer_claims": "keyterrain.analysis.claims",
    "build": "keyterrain.theatre.importers.build",
    "compare_policies": "keyterrain.analysis.policies",
    "decisive": "keyterrain.analysis.decisive.question",
    "load": "keyterrain.theatre",
    "open_run": "keyterrain.campaign.ensemble",
    "read_events": "keyterrain.theatre.events.reading",
    "run": "keyterrain.campaign.ensemble",
    "spillover": "keyterrain.analysis.spillover.question",
    "terrain": "keyterrain.analysis.terrain",
}
_AT_HOME = {"decisive": "decide", "spillover": "ask_spillover"}
"""Verbs that are called otherwise in the layer they live in."""


def __getattr__(name: str) -> object:
    """Import a public verb from the layer it lives in, on first use."""
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(home), _AT_HOME.get(name, name))


def __dir__() -> list[str]:
    """List the public names, fetched or not."""
    return sorted(__all__)
