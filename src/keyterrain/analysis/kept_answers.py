"""Answers kept in the folder of a run for its report: written whole or not at all, and read back with their errors said.

An answer is kept beside the campaign that it is about, so that one that was brought from elsewhere is known for what it is.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, is_dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import numpy as np

from keyterrain.campaign.errors import RunRefused
from keyterrain.campaign.manifest import write_atomically

if TYPE_CHECKING:
    from keyterrain.campaign.ensemble import Run
    from keyterrain.campaign.manifest import Plan

Content = Mapping[str, Any]
Read = TypeVar("Read")


class Answered(Protocol):
    """An answer that says which campaign it is about."""

    @property
    def scenario(self) -> str:
        """Name of the scenario."""

    @property
    def start(self) -> date:
        """First evening."""

    @property
    def days(self) -> int:
        """Days played."""

    @property
    def seed(self) -> int:
        """Seed of all luck."""

    @property
    def version(self) -> str:
        """Version of the package that answered."""


@dataclass(frozen=True, slots=True)
class AskedCampaign:
    """The campaign that an answer is about; `fingerprint` is of what a run of it could know."""

    scenario: str
    fingerprint: str
    start: date
    days: int
    seed: int
    version: str

    @classmethod
    def of(cls, plan: Plan) -> AskedCampaign:
        """Return the campaign of a run."""
        return cls(plan.scenario, plan.fingerprint, plan.start, plan.days, plan.seed, plan.version)

    @classmethod
    def answered(cls, answer: Answered, run: Run) -> AskedCampaign:
        """Return the campaign that an answer asked of a run is about."""
        return cls(answer.scenario, run.manifest.plan.fingerprint, answer.start, answer.days, answer.seed, answer.version)

    @classmethod
    def read(cls, written: Content) -> AskedCampaign:
        """Return what was written by `plain`."""
        return cls(
            scenario=str(written["scenario"]),
            fingerprint=str(written["fingerprint"]),
            start=date.fromisoformat(written["start"]),
            days=int(written["days"]),
            seed=int(written["seed"]),
            version=str(written["version"]),
        )

    def differences(self, plan: Plan) -> list[str]:
        """Name what the campaign of a run has otherwise, each with both values."""
        other = AskedCampaign.of(plan)
        pairs = (
            ("scenario", self.scenario, other.scenario),
            ("content of the scenario", self.fingerprint[:12], other.fingerprint[:12]),
            ("start", self.start, other.start),
            ("number of days", self.days, other.days),
            ("seed", self.seed, other.seed),
            ("version of keyterrain", self.version, other.version),
        )
        return [f"another {what} ({one}, the run has {two})" for what, one, two in pairs if one != two]


def refuse_run_that_was_changed(run: Run) -> None:
    """Refuse to ask, of a run with interventions, what is asked of the campaign without any.

    Raises
    ------
    RunRefused
        The run has interventions.
    """
    changes = run.manifest.plan.interventions.to_json()
    if changes:
        raise RunRefused(
            f"{run.path} was played with {json.dumps(changes, default=str)}, and this question is asked of the campaign as its "
            "scenario has it: ask the scenario, or play a run without interventions."
        )


def refuse_other_version(run: Run) -> None:
    """Refuse to keep answers with a run that another version played, before any of them is worked out.

    Raises
    ------
    RunRefused
        The run is of another version than this.
    """
    from keyterrain.version import __version__

    if run.manifest.plan.version != __version__:
        raise RunRefused(
            f"{run.path} was played by keyterrain {run.manifest.plan.version}, here is {__version__}: answers of one would stand "
            "in the report of the other. Play the run again, or leave out --save."
        )


def keep(run: Run, file_name: str, content: Content) -> Path:
    """Keep an answer in the folder of a run, in place of an earlier one.

    Returns
    -------
    Path
        The file that was written.
    """
    path = Path(run.path) / file_name
    write_atomically(path, json.dumps(plain(content), indent=1, allow_nan=False).encode() + b"\n")
    return path


def keep_about(run: Run, asked: AskedCampaign, file_name: str, content: Content) -> Path:
    """Keep an answer in the folder of the run that it is about.

    Raises
    ------
    RunRefused
        The answer is about another campaign than the run's.
    """
    refuse_run_that_was_changed(run)
    if differing := asked.differences(run.manifest.plan):
        raise RunRefused(f"The answer cannot be kept in {run.path}: it is about {' and '.join(differing)}.")
    return keep(run, file_name, {"campaign": asked, **content})


def kept(folder: Path, file_name: str, form: str, command: str, read: Callable[[Content], Read]) -> Read | None:
    """Return an answer that is kept in the folder of a run, None where there is none.

    Parameters
    ----------
    form
        The only value of `format` that can be read.
    command
        The command that writes it.
    read
        Makes a record of what is written.

    Raises
    ------
    RunRefused
        The file is not in the form.
    """
    path = Path(folder) / file_name
    again = f"write it again with `keyterrain {command} RUN --save`, or remove it."
    try:
        written = json.loads(path.read_bytes(), parse_constant=_no_json)
        found = written["format"]
        if found == form:
            return read(written)
    except FileNotFoundError:
        return None
    except (ValueError, TypeError, KeyError, IndexError, AttributeError) as error:
        raise RunRefused(f"{path} cannot be read: {again}") from error
    raise RunRefused(f"{path} is of the format {found}, and only {form} is known: {again}")


def plain(value: Any) -> Any:
    """Return what JSON can say of a value: records by their fields, dates as they are written, numbers that are none as None.

    Keys that are tuples are joined by commas; a record that gets another field has one more key.
    """
    if is_dataclass(value) and not isinstance(value, type):
        return {each.name: plain(getattr(value, each.name)) for each in fields(value)}
    if isinstance(value, Mapping):
        return {_key(key): plain(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(each) for each in value]
    if isinstance(value, (set, frozenset)):
        return sorted(map(str, value))
    if isinstance(value, (np.ndarray, np.generic)):
        return plain(value.tolist())
    return _alone(value)


def _alone(value: Any) -> str | int | float | None:
    """Return what JSON can say of a value that holds no others."""
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value if value is None or isinstance(value, (str, int, float)) else str(value)


def number(written: Any) -> float | None:
    """Return a number that may be undefined."""
    return None if written is None else float(written)


def _key(key: Any) -> str:
    return ",".join(map(str, key)) if isinstance(key, tuple) else str(key)


def _no_json(word: str) -> float:
    raise ValueError(f"{word} is no JSON")
