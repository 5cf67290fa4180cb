"""The manifest of a run: what was asked for, what is finished, and by which digest anyone can know it again."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any, Literal, NamedTuple

from keyterrain.campaign.calibrated import CalibratedDraws
from keyterrain.campaign.errors import RunRefused
from keyterrain.campaign.interventions import Interventions
from keyterrain.version import __version__

FORMAT = "keyterrain-run/5"
FILE_NAME = "manifest.json"
DIGEST_BITS = 256

Recording = Literal["thinned", "daily"]


class DoneChunk(NamedTuple):
    """Replicates `first` up to, not including, `stop`, with the digest of their arrays."""

    first: int
    stop: int
    digest: str


@dataclass(frozen=True, slots=True)
class Environment:
    """What the bytes of a run depend on beside its inputs."""

    python: str
    numpy: str
    numba: str
    machine: str

    @classmethod
    def here(cls) -> Environment:
        """Return the versions of this interpreter and the kind of this processor."""
        from importlib.metadata import version

        return cls(platform.python_version(), version("numpy"), version("numba"), platform.machine())

    @property
    def text(self) -> str:
        """One line for people."""
        return f"Python {self.python}, numpy {self.numpy}, numba {self.numba}, {self.machine}"


@dataclass(frozen=True, slots=True)
class Plan:
    """What a run was asked for; two runs with equal plans leave equal arrays."""

    scenario: str
    fingerprint: str
    start: date
    days: int
    seed: int
    replicates: int
    recording: Recording = "thinned"
    interventions: Interventions = field(default_factory=Interventions)
    version: str = __version__
    environment: Environment = field(default_factory=Environment.here)

    def differences(self, wanted: Plan) -> list[str]:
        """Name what another plan asks for otherwise, each with both values."""
        pairs = (
            ("scenario", self.scenario, wanted.scenario),
            ("content of the scenario", self.fingerprint[:12], wanted.fingerprint[:12]),
            ("version of keyterrain", self.version, wanted.version),
            ("start", self.start.isoformat(), wanted.start.isoformat()),
            ("number of days", self.days, wanted.days),
            ("seed", self.seed, wanted.seed),
            ("number of replicates", self.replicates, wanted.replicates),
            ("record", self.recording, wanted.recording),
            ("interventions", _compact(self.interventions.to_json()), _compact(wanted.interventions.to_json())),
            ("environment", self.environment.text, wanted.environment.text),
        )
        return [f"another {what} ({begun}, now {asked})" for what, begun, asked in pairs if begun != asked]


@dataclass(frozen=True, slots=True)
class Manifest:
    """A run's plan and state.

    Parameters
    ----------
    chunk
        Replicates per chunk, of the ensemble and of the stored arrays.
    lengths
        Length of every dimension but the replicate.
    done
        Finished chunks in the order of their replicates.
    verified
        First replicates of those chunks whose laws were checked day by day.
    timings
        Seconds and other figures of the clock; nothing that must be equal between two runs.
    workers
        Who played the finished chunks, by first replicate; nothing that must be equal either.
    """

    plan: Plan
    chunk: int
    lengths: Mapping[str, int]
    done: tuple[DoneChunk, ...] = ()
    verified: frozenset[int] = frozenset()
    timings: Mapping[str, float] = field(default_factory=dict)
    workers: Mapping[int, str] = field(default_factory=dict)

    @property
    def n_done(self) -> int:
        """Number of finished replicates."""
        return sum(chunk.stop - chunk.first for chunk in self.done)

    @property
    def is_complete(self) -> bool:
        """Whether every replicate is finished."""
        return self.n_done == self.plan.replicates

    @property
    def digest(self) -> str | None:
        """Digest of all arrays once complete; it does not depend on the chunks (see `store.digest_of`)."""
        return total_digest(chunk.digest for chunk in self.done) if self.is_complete else None

    def chunks(self) -> list[tuple[int, int]]:
        """Return first and stop of every chunk of the run."""
        n = self.plan.replicates
        return [(first, min(first + self.chunk, n)) for first in range(0, n, self.chunk)]

    def with_done(self, chunk: DoneChunk, *, verified: bool, worker: str) -> Manifest:
        """Return the manifest with one more finished chunk, played by a worker."""
        without = self.without([chunk.first])
        return replace(
            without,
            done=tuple(sorted([*without.done, chunk])),
            verified=without.verified | ({chunk.first} if verified else set()),
            workers={**without.workers, chunk.first: worker},
        )

    def without(self, firsts: list[int]) -> Manifest:
        """Return the manifest without the chunks that begin at these replicates."""
        return replace(
            self,
            done=tuple(chunk for chunk in self.done if chunk.first not in firsts),
            verified=self.verified - set(firsts),
            workers={first: worker for first, worker in self.workers.items() if first not in firsts},
        )

    def to_json(self) -> dict[str, object]:
        """Return the form that is written, keys in a fixed order."""
        plan = self.plan
        calibrated = plan.interventions.calibrated
        return {
            "format": FORMAT,
            "version": plan.version,
            "scenario": plan.scenario,
            "fingerprint": plan.fingerprint,
            "start": plan.start.isoformat(),
            "days": plan.days,
            "seed": plan.seed,
            "replicates": plan.replicates,
            "record": plan.recording,
            "interventions": plan.interventions.to_json(),
            **({"calibrated": calibrated.to_json()} if calibrated else {}),
            "environment": {name: getattr(plan.environment, name) for name in Environment.__slots__},
            "chunk": self.chunk,
            "lengths": dict(sorted(self.lengths.items())),
            "done": [list(chunk) for chunk in self.done],
            "verified": sorted(self.verified),
            "digest": self.digest,
            "timings": dict(sorted(self.timings.items())),
            "workers": {str(first): self.workers[first] for first in sorted(self.workers)},
        }

    @classmethod
    def from_json(cls, written: Mapping[str, object]) -> Manifest:
        """Read back what `to_json` wrote.

        Raises
        ------
        RunRefused
            Another format, or a key that is missing or malformed.
        """
        if (found := written.get("format")) != FORMAT:
            raise RunRefused(f"its format is {found!r}, and this version reads {FORMAT!r}")
        try:
            return cls._of(written)
        except KeyError as error:
            raise RunRefused(f"it lacks the key {error}") from error
        except (TypeError, ValueError, AttributeError) as error:
            raise RunRefused(f"it is malformed: {error}") from error

    @classmethod
    def _of(cls, written: Mapping[str, Any]) -> Manifest:
        calibrated = CalibratedDraws.from_json(written["calibrated"]) if "calibrated" in written else None
        plan = Plan(
            scenario=str(written["scenario"]),
            fingerprint=str(written["fingerprint"]),
            start=date.fromisoformat(written["start"]),
            days=_count(written["days"]),
            seed=_count(written["seed"]),
            replicates=_count(written["replicates"]),
            recording="daily" if written["record"] == "daily" else "thinned",
            interventions=Interventions.from_json(written["interventions"], calibrated),
            version=str(written["version"]),
            environment=Environment(**written["environment"]),
        )
        return cls(
            plan=plan,
            chunk=_count(written["chunk"]),
            lengths={name: _count(length) for name, length in written["lengths"].items()},
            done=tuple(sorted(DoneChunk(_count(first), _count(stop), str(digest)) for first, stop, digest in written["done"])),
            verified=frozenset(_count(first) for first in written["verified"]),
            timings={name: float(seconds) for name, seconds in written["timings"].items()},
            workers={int(first): str(worker) for first, worker in written.get("workers", {}).items()},
        )


def total_digest(digests: Iterable[str]) -> str:
    """Add up digests modulo 2**256, so that the order and grouping of what they stand for do not matter."""
    return format(sum(int(digest, 16) for digest in digests) % (1 << DIGEST_BITS), f"0{DIGEST_BITS // 4}x")


def write(manifest: Manifest, folder: Path) -> None:
    """Write a manifest so that a reader finds the old one or the new one, whatever happens in between."""
    write_atomically(folder / FILE_NAME, json.dumps(manifest.to_json(), indent=1, allow_nan=False).encode() + b"\n")


def read(folder: Path) -> Manifest:
    """Read the manifest of a run.

    Raises
    ------
    RunRefused
        No manifest there, or one of another format.
    """
    try:
        written = json.loads((folder / FILE_NAME).read_bytes())
    except FileNotFoundError as error:
        raise RunRefused(f"{folder} is not the folder of a run: there is no {FILE_NAME} in it.") from error
    except NotADirectoryError as error:
        raise RunRefused(f"{folder} is not a folder.") from error
    except ValueError as error:
        raise RunRefused(f"{folder / FILE_NAME} cannot be read: it is not JSON.") from error
    try:
        return Manifest.from_json(written if isinstance(written, dict) else {})
    except RunRefused as error:
        raise RunRefused(f"{folder / FILE_NAME} cannot be used: {error}.") from error


def write_atomically(path: Path, content: bytes) -> None:
    """Write beside, bring to the disk, and rename into place; what is left over on a failure is removed."""
    beside = path.with_name(f".{path.name}.new")
    try:
        with beside.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    except OSError:
        beside.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Bring the entries of a folder to the disk, where the system has a way to."""
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _compact(value: object) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":")) if value else "none"


def _count(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise ValueError(f"{value!r} is no count")
    return value
