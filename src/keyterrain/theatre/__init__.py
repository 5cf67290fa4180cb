"""The theatre: scenarios as folders of plain tables, their nouns, and what is known of them by a start."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from keyterrain.theatre.faults import CheckReport, Fault, ScenarioFaults
    from keyterrain.theatre.library import check, load, shipped
    from keyterrain.theatre.nouns import Situation
    from keyterrain.theatre.scenario import Scenario

__all__ = ["CheckReport", "Fault", "Scenario", "ScenarioFaults", "Situation", "check", "load", "shipped"]

_HOMES = {
    "CheckReport": "faults",
    "Fault": "faults",
    "Scenario": "scenario",
    "ScenarioFaults": "faults",
    "Situation": "nouns",
    "check": "library",
    "load": "library",
    "shipped": "library",
}


def __getattr__(name: str) -> object:
    """Import a public name from the module it lives in, on first use."""
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{home}"), name)


def __dir__() -> list[str]:
    """List the public names, fetched or not."""
    return sorted(__all__)
