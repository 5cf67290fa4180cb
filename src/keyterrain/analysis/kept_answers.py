"""Answers kept in the folder of a run for its report: written whole or not at all, and read back with their errors said.

An answer is kept beside the campaign that it is about, so that one that was brought from elsewhere is known for what it is.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import MISSING, Field, dataclass, fields, is_dataclass
from datetime import date
from pathlib import Path
from types import NoneType, UnionType
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar, get_args, get_origin, get_type_hints

import numpy as np

from keyterrain.campaign.errors import RunRefused
from keyterrain.campaign.manifest import write_atomically

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

    from keyterrain.campaign.ensemble import Run
    from keyterrain.campaign.manifest import Plan

Content = Mapping[str, Any]
Read = TypeVar("Read")
Record = TypeVar("Record", bound="DataclassInstance")


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
    calibrated: str = ""

    @classmethod
    def of(cls, plan: Plan) -> AskedCampaign:
        """Return the campaign of a run."""
        draws = plan.interventions.calibrated
        fitted = draws.digest if draws is not None else ""
        return cls(plan.scenario, plan.fingerprint, plan.start, plan.days, plan.seed, plan.version, fitted)

    @classmethod
    def answered(cls, answer: Answered, run: Run) -> AskedCampaign:
        """Return the campaign that an answer asked of a run is about."""
        played = cls.of(run.manifest.plan)
        return cls(answer.scenario, played.fingerprint, answer.start, answer.days, answer.seed, answer.version, played.calibrated)

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
            ("calibration", self.calibrated[:12] or "none", other.calibrated[:12] or "none"),
        )
        return [f"another {what} ({one}, the run has {two})" for what, one, two in pairs if one != two]


CALIBRATED = "calibrated"
"""Kind of intervention by which a run draws parameters that were fitted on other campaigns."""


def refuse_run_that_was_changed(run: Run, *, but: str = "") -> None:
    """Refuse to ask, of a run with interventions, what is asked of the campaign without any.

    Parameters
    ----------
    but
        A kind of intervention that does not matter to the question.

    Raises
    ------
    RunRefused
        The run has interventions.
    """
    changes = {kind: each for kind, each in run.manifest.plan.interventions.to_json().items() if kind != but}
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


@dataclass(frozen=True, slots=True)
class AnswerFile(Generic[Read]):
    """Where the answer of a command lies in the folder of a run, and how it is read back.

    Attributes
    ----------
    command
        The command that writes it; file and format are named after it.
    read
        Makes a record of what is written.
    """

    command: str
    read: Callable[[Content], Read]

    @property
    def name(self) -> str:
        """Name of the file."""
        return f"{self.command}.json"

    @property
    def format(self) -> str:
        """The only value of `format` that can be read."""
        return f"keyterrain-{self.command}/1"

    def keep(self, run: Run, content: Content) -> Path:
        """Keep an answer in the folder of a run, whole or not at all, in place of an earlier one.

        Returns
        -------
        Path
            The file that was written.
        """
        path = Path(run.path) / self.name
        written = {"format": self.format, **content}
        write_atomically(path, json.dumps(plain(written), indent=1, allow_nan=False).encode() + b"\n")
        return path

    def keep_about(self, answer: Answered, run: Run, content: Content, *, but: str = "") -> Path:
        """Keep an answer in the folder of the run that it is about; one kind of intervention may not matter to it.

        Raises
        ------
        RunRefused
            The answer is about another campaign than the run's, or the run has interventions.
        """
        asked = AskedCampaign.answered(answer, run)
        refuse_run_that_was_changed(run, but=but)
        if differing := asked.differences(run.manifest.plan):
            raise RunRefused(f"The answer cannot be kept in {run.path}: it is about {' and '.join(differing)}.")
        return self.keep(run, {"campaign": asked, **content})

    def kept(self, folder: Path) -> Read | None:
        """Return the answer that is kept in the folder of a run, None where there is none.

        Raises
        ------
        RunRefused
            The file is not in the form that is written.
        """
        path = Path(folder) / self.name
        again = f"write it again with `keyterrain {self.command} RUN --save`, or remove it."
        try:
            written = json.loads(path.read_bytes(), parse_constant=_no_json)
            found = written["format"]
            if found == self.format:
                return self.read(written)
        except FileNotFoundError:
            return None
        except (ValueError, TypeError, KeyError, IndexError, AttributeError) as error:
            raise RunRefused(f"{path} cannot be read: {again}") from error
        raise RunRefused(f"{path} is of the format {found}, and only {self.format} is known: {again}")


def read_as(kind: type[Record], written: Content) -> Record:
    """Return what `plain` wrote as a record of a kind, by the types of its fields.

    Raises
    ------
    ValueError, TypeError, KeyError
        What is written is not what the record is made of.
    """
    values = {}
    types = get_type_hints(kind)
    for each in fields(kind):
        if each.name in written or not _may_lack(each):
            values[each.name] = _value(types[each.name], written[each.name])
    return kind(**values)


def _may_lack(one: Field[Any]) -> bool:
    return one.default is not MISSING or one.default_factory is not MISSING


def _value(kind: Any, written: Any) -> Any:
    """Return a written value as its type says; an undefined word is an empty one."""
    if isinstance(kind, UnionType):
        return _one_of([each for each in get_args(kind) if each is not NoneType], written)
    if (make := _SIMPLE.get(kind)) is not None:
        return make(written)
    if get_origin(kind) is tuple:
        return _several(get_args(kind), written)
    if get_origin(kind) in {dict, Mapping}:
        return {str(key): _value(get_args(kind)[1], each) for key, each in written.items()}
    return read_as(kind, written)


def _one_of(kinds: list[Any], written: Any) -> Any:
    """Return a value that may be undefined, or of one of several kinds of which none has to be made."""
    if written is None or (len(kinds) > 1 and isinstance(written, (int, *kinds))):
        return written
    (kind,) = kinds
    return _value(kind, written)


def _several(kinds: tuple[Any, ...], written: Any) -> tuple[Any, ...]:
    if not isinstance(written, list):
        raise TypeError("not a list")
    every = kinds[:1] * len(written) if kinds[-1] is Ellipsis else kinds
    return tuple(_value(kind, each) for kind, each in zip(every, written, strict=True))


def _word(written: Any) -> str:
    return "" if written is None else str(written)


def _truth(written: Any) -> bool:
    if not isinstance(written, bool):
        raise TypeError("neither true nor false")
    return written


_SIMPLE: Mapping[Any, Callable[[Any], Any]] = {
    str: _word, bool: _truth, int: int, float: float, date: date.fromisoformat
}  # fmt: skip


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


def _key(key: Any) -> str:
    return ",".join(map(str, key)) if isinstance(key, tuple) else str(key)


def _no_json(word: str) -> float:
    raise ValueError(f"{word} is no JSON")
