"""Chunks of replicates: played, brought to a digest and written by one worker each.

What a worker is given and gives back can be sent to another process (`crew.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from keyterrain.campaign.manifest import DoneChunk
from keyterrain.campaign.store import Files, Store, digest_of

if TYPE_CHECKING:
    import pyarrow as pa


class Prepared(Protocol):
    """A situation as arrays, ready to be played; what this module needs to know of it."""

    @property
    def coordinates(self) -> Mapping[str, Sequence[str | int]]:
        """Labels of every dimension but the replicate."""

    @property
    def days(self) -> int:
        """Days to play."""


class PlayedChunk(Protocol):
    """Consecutive replicates as they were played."""

    @property
    def arrays(self) -> Mapping[str, Any]:
        """Every variable of the store, replicate first."""

    @property
    def events(self) -> pa.Table:
        """One row per event."""

    @property
    def breaches(self) -> Sequence[str]:
        """Laws that were broken, each in a sentence; empty unless they were checked."""

    def release(self) -> None:
        """Give the arrays up; nobody looks at them any more."""


class Kernels(NamedTuple):
    """The two functions that an ensemble is made of."""

    prepare: Callable[..., Any]
    play_chunk: Callable[..., PlayedChunk]


class Work(NamedTuple):
    """One chunk to play; everything that a worker needs beside the kernels."""

    prepared: Prepared
    store: Store
    first: int
    stop: int
    record_daily: bool
    verify: bool
    token: str = ""


class Finished(NamedTuple):
    """A chunk in the store, or the laws that it breaks, or the files of the store that are still to be written."""

    chunk: DoneChunk
    breaches: tuple[str, ...]
    files: Files = ()


def compiled_kernels() -> Kernels:
    """Return the package's kernels, compiled or about to be, from a cache that is never stale."""
    from keyterrain.dynamics import compile_cache

    compile_cache.activate()
    from keyterrain.campaign.play import play_chunk
    from keyterrain.campaign.prepare import prepare

    return Kernels(prepare, play_chunk)


def play_and_store(kernels: Kernels, work: Work) -> Finished:
    """Play one chunk and write it; a chunk that breaks a law is not written.

    Where the work has a token, the process may be one of a cluster: only if it finds the token in the run's folder does it write
    there, else the files are handed over, to be written by whoever began the run.
    """
    n = work.stop - work.first
    played = kernels.play_chunk(work.prepared, work.first, n, record_daily=work.record_daily, verify=work.verify)
    if played.breaches:
        return Finished(DoneChunk(work.first, work.stop, ""), tuple(played.breaches))
    chunk = DoneChunk(work.first, work.stop, digest_of(played.arrays, work.first))
    if not work.token:
        work.store.write_chunk(work.first, played.arrays, played.events)
        played.release()
        return Finished(chunk, ())
    files = tuple(work.store.encoded(work.first, played.arrays, played.events))
    played.release()
    return Finished(chunk, (), () if _written_here(work.store, files, work.token) else files)


def _written_here(store: Store, files: Files, token: str) -> bool:
    """Write files where that can be done; whoever began the run says why, if it cannot either."""
    try:
        if not store.holds_token(token):
            return False
        store.write_files(files)
    except OSError:
        return False
    return True
