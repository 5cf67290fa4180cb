"""Parameters drawn jointly from a calibration, in place of their priors: each replicate takes one member of an ensemble whole.

    draws = read_calibrated("my-fit.json")
    run(scenario, interventions=Interventions(calibrated=draws), ...)

The file is what `keyterrain calibrate` writes; only the draws and what tells a forecast from a repetition are read here.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from keyterrain.campaign.errors import RunRefused
from keyterrain.campaign.inputs import DrawnInputs
from keyterrain.theatre.faults import nearest, shown
from keyterrain.theatre.parameters import PARAMETERS, Parameter

Floats = NDArray[np.float64]

FORMAT = "keyterrain-calibration/1"
MEMBER = "calibrated-member"
"""Name of the input that says which member a replicate takes."""
SUFFIX = ".json"


@dataclass(frozen=True, slots=True)
class CalibratedDraws:
    """An ensemble of joint values of a few parameters.

    Attributes
    ----------
    name
        What people call it.
    parameters
        Keys of the parameters.
    members
        Values (member, parameter), all equally likely.
    fitted_on
        Campaigns whose own record was fitted.
    until
        Last day of the record that entered, None where none did.
    turns
        Consecutive replicates that each member has in turn; 0 where each replicate draws its member.
    """

    name: str
    parameters: tuple[str, ...]
    members: tuple[tuple[float, ...], ...] = field(repr=False)
    fitted_on: tuple[str, ...] = ()
    until: date | None = None
    turns: int = 0

    @property
    def digest(self) -> str:
        """Digest of parameters and values."""
        content = json.dumps([self.parameters, self.members, self.turns])
        return hashlib.blake2s(content.encode(), digest_size=8).hexdigest()

    @property
    def said(self) -> dict[str, object]:
        """What a manifest and a report say of it beside the values themselves."""
        return {
            "name": self.name,
            "parameters": list(self.parameters),
            "members": len(self.members),
            "fitted_on": list(self.fitted_on),
            "until": self.until.isoformat() if self.until else None,
            "digest": self.digest,
        }

    def to_json(self) -> dict[str, object]:
        """Return the form that a manifest keeps, from which the draws can be made again."""
        return {
            "name": self.name,
            "parameters": list(self.parameters),
            "members": [list(values) for values in self.members],
            "fitted_on": list(self.fitted_on),
            "until": self.until.isoformat() if self.until else None,
            "turns": self.turns,
        }

    @classmethod
    def from_json(cls, written: Mapping[str, Any]) -> CalibratedDraws:
        """Read back what `to_json` wrote.

        Raises
        ------
        KeyError, TypeError, ValueError
            Another form.
        """
        return cls(
            name=str(written["name"]),
            parameters=tuple(str(key) for key in written["parameters"]),
            members=tuple(tuple(float(value) for value in values) for values in written["members"]),
            fitted_on=tuple(str(name) for name in written["fitted_on"]),
            until=date.fromisoformat(written["until"]) if written["until"] else None,
            turns=int(written["turns"]),
        )

    def values(self, drawn: DrawnInputs, first: int, n: int) -> Floats:
        """Return the values (replicate, parameter) of replicates `first` to `first + n`, and note who took which member."""
        table = np.array(self.members)
        if self.turns:
            chosen = (np.arange(first, first + n) // self.turns) % len(table)
            drawn.keep(MEMBER, chosen.astype(np.float64))
        else:
            chosen = drawn.choice(MEMBER, np.ones(len(table)))
        return np.asarray(table[chosen])

    def is_of_the_past_of(self, start: date) -> bool:
        """Whether nothing that entered it happened after a start, so that a run from there with it may be called a forecast."""
        return self.until is None or self.until < start


def shipped_calibrations() -> tuple[str, ...]:
    """Return the names of the calibrations that ship with the package."""
    root = calibrations_folder()
    return tuple(sorted(path.stem for path in root.glob(f"*{SUFFIX}"))) if root.is_dir() else ()


def calibrations_folder() -> Path:
    """Return where calibrations and their targets ship."""
    return Path(str(files("keyterrain"))) / "scenarios" / "calibration"


def read_calibrated(name_or_path: str | Path) -> CalibratedDraws:
    """Read the draws of a calibration: a name that ships, or a file that `keyterrain calibrate` wrote.

    Raises
    ------
    RunRefused
        There is none, it cannot be read, or it is not of this form; every fault of its table at once.
    """
    written = _content(name_or_path)
    name = str(name_or_path) if str(name_or_path) in shipped_calibrations() else Path(name_or_path).stem
    try:
        draws = CalibratedDraws(
            name=name,
            parameters=tuple(str(row["parameter"]) for row in written["parameters"]),
            members=tuple(tuple(float(value) for value in values) for values in written["draws"]),
            fitted_on=tuple(str(each) for each in written["fitted_on"]),
            until=date.fromisoformat(written["until"]) if written["until"] else None,
        )
    except (KeyError, TypeError, ValueError) as error:
        raise RunRefused(f"{name_or_path} is not in the form of a calibration: {type(error).__name__} at {error}.") from error
    if faults := faults_of(draws.parameters, draws.members):
        raise RunRefused(f"{name_or_path} cannot be used: {' '.join(faults)}")
    return draws


def faults_of(parameters: Sequence[str], members: Sequence[Sequence[float]]) -> list[str]:
    """Return everything wrong with a table of draws, each fault a sentence."""
    faults = calibrated_parameter_faults(parameters)
    if not members:
        faults.append("It has no draws.")
    for row, values in enumerate(members, start=1):
        if len(values) != len(parameters):
            faults.append(f"Draw {row} has {len(values)} values for {len(parameters)} parameters.")
            continue
        for key, value in zip(parameters, values, strict=True):
            if key in PARAMETERS and not _may_be(PARAMETERS[key], value):
                faults.append(f"Draw {row} has {value:g} for {key}, which it cannot be.")
    return faults


def calibrated_parameter_faults(parameters: Sequence[str]) -> list[str]:
    """Return what speaks against fitting these parameters: there must be some, known, uncertain, and each once."""
    faults = [] if parameters else ["It names no parameters."]
    for key in dict.fromkeys(parameters):
        if key not in PARAMETERS:
            found = nearest(key, PARAMETERS)
            faults.append(f"There is no parameter {shown(key)}{f'; did you mean {found}?' if found else '.'}")
        elif PARAMETERS[key].scale == "fixed":
            faults.append(f"{key} is fixed and not drawn.")
        if list(parameters).count(key) > 1:
            faults.append(f"{key} stands there more than once.")
    return faults


def _may_be(parameter: Parameter, value: float) -> bool:
    """Whether a value lies where the parameter's scale allows any."""
    if not math.isfinite(value):
        return False
    if parameter.scale == "logit":
        return 0.0 < value < 1.0
    return value > 0.0 if parameter.scale == "log" else True


def _content(name_or_path: str | Path) -> dict[str, Any]:
    names = shipped_calibrations()
    path = calibrations_folder() / f"{name_or_path}{SUFFIX}" if str(name_or_path) in names else Path(name_or_path)
    try:
        written = json.loads(path.read_bytes())
    except FileNotFoundError:
        found = nearest(str(name_or_path), names)
        hint = f"; did you mean {found}?" if found else f"; there ship {', '.join(names)}." if names else "."
        raise RunRefused(f"{name_or_path} is neither a file nor a calibration that ships{hint}") from None
    except (IsADirectoryError, NotADirectoryError):
        raise RunRefused(f"{name_or_path} is not a file.") from None
    except (ValueError, RecursionError):
        raise RunRefused(f"{name_or_path} cannot be read: it is not JSON.") from None
    if not isinstance(written, dict) or written.get("format") != FORMAT:
        found_format = written.get("format") if isinstance(written, dict) else None
        raise RunRefused(f"{name_or_path} is no calibration: its format is {found_format!r}, and this version reads {FORMAT!r}.")
    return written
