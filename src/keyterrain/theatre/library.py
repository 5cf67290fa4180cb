"""Finding scenarios, checking them and loading them."""

from __future__ import annotations

import os
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from keyterrain.theatre.assemble import assemble
from keyterrain.theatre.checks import check_draft, check_scenario, faults_of_scenario
from keyterrain.theatre.draft import read_draft
from keyterrain.theatre.faults import CheckReport, Fault, ScenarioFaults, in_order, nearest, shown
from keyterrain.theatre.scenario import Scenario
from keyterrain.theatre.schema import SETTINGS_FILE


@dataclass(frozen=True, slots=True)
class _Examined:
    report: CheckReport
    scenario: Scenario | None


def shipped() -> tuple[str, ...]:
    """Return the names of the scenarios that ship with the package."""
    root = _shipped_root()
    if not root.is_dir():
        return ()
    return tuple(sorted(entry.name for entry in root.iterdir() if (entry / SETTINGS_FILE).is_file()))


def load(name_or_path: str | os.PathLike[str]) -> Scenario:
    """Return a scenario that is known to be sound.

    Parameters
    ----------
    name_or_path
        A name that ships, or a folder. A bare name that ships is never taken for a folder.

    Raises
    ------
    ScenarioFaults
        With every fault found.
    """
    examined = _examine(name_or_path)
    if examined.scenario is None:
        raise ScenarioFaults(os.fspath(name_or_path), examined.report.faults)
    return examined.scenario


def check(name_or_path: str | os.PathLike[str]) -> CheckReport:
    """Return every fault and every warning of a scenario; no fault raises."""
    return _examine(name_or_path).report


def folder_of(name_or_path: str | os.PathLike[str]) -> Path | None:
    """Return the folder that is meant, None where there is none."""
    written = os.fspath(name_or_path)
    if isinstance(name_or_path, str) and written in shipped():
        return _shipped_root() / written
    try:
        return Path(written).absolute() if written and Path(written).is_dir() else None
    except (ValueError, OSError):
        return None


def _shipped_root() -> Path:
    return Path(str(files("keyterrain"))) / "scenarios"


def _examine(name_or_path: str | os.PathLike[str]) -> _Examined:
    folder = folder_of(name_or_path)
    if folder is None:
        return _Examined(CheckReport((_no_such(os.fspath(name_or_path)),), ()), None)
    read = read_draft(folder)
    found = check_draft(read.draft)
    faults = in_order((*read.faults, *found.faults))
    if faults:
        return _Examined(CheckReport(faults, in_order(found.warnings)), None)
    scenario = assemble(read.draft)
    if faults := in_order(faults_of_scenario(scenario)):
        return _Examined(CheckReport(faults, in_order(found.warnings)), None)
    return _Examined(CheckReport((), in_order((*found.warnings, *check_scenario(scenario)))), scenario)


def _no_such(written: str) -> Fault:
    names = shipped()
    what = f"{shown(written)} is neither a folder nor a scenario that ships"
    return Fault("", None, None, what, nearest(written, names))
