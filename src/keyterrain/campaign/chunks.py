"""Chunks of replicates: played, brought to a digest and written by one worker each, on as many threads as one likes.

What a worker is given and gives back can be sent to another process: threads are one way to have chunks played.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from keyterrain.campaign.manifest import DoneChunk
from keyterrain.campaign.store import Store, digest_of

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


class Finished(NamedTuple):
    """A chunk in the store, or the laws that it breaks."""

    chunk: DoneChunk
    breaches: tuple[str, ...]


def compiled_kernels() -> Kernels:
    """Return the package's kernels, compiled or about to be, from a cache that is never stale."""
    from keyterrain.dynamics import compile_cache

    compile_cache.activate()
    from keyterrain.campaign.play import play_chunk
    from keyterrain.campaign.prepare import prepare

    return Kernels(prepare, play_chunk)


def on_threads(kernels: Kernels, work: Sequence[Work], threads: int) -> Iterator[Finished]:
    """Yield chunks as they finish, few at a time in memory; when one fails, those under way are finished first.

    Whatever ends the loop (a failure, an interrupt, or the caller), the chunks that do finish are yielded before it is raised.
    """
    waiting = iter(work)
    with ThreadPoolExecutor(max_workers=min(threads, max(1, len(work))), thread_name_prefix="keyterrain") as pool:
        under_way: set[Future[Finished]] = set()
        failure: BaseException | None = None
        while True:
            try:
                while failure is None and len(under_way) < threads and (task := next(waiting, None)) is not None:
                    under_way.add(pool.submit(play_and_store, kernels, task))
                if not under_way:
                    break
                finished, under_way = wait(under_way, return_when=FIRST_COMPLETED)
            except KeyboardInterrupt as interrupt:
                if failure is not None:
                    raise
                failure = interrupt
                continue
            for future in finished:
                if (error := future.exception()) is None:
                    yield future.result()
                else:
                    failure = failure or error
        if failure is not None:
            raise failure


def play_and_store(kernels: Kernels, work: Work) -> Finished:
    """Play one chunk and write it; a chunk that breaks a law is not written."""
    n = work.stop - work.first
    played = kernels.play_chunk(work.prepared, work.first, n, record_daily=work.record_daily, verify=work.verify)
    if played.breaches:
        return Finished(DoneChunk(work.first, work.stop, ""), tuple(played.breaches))
    digest = digest_of(played.arrays, work.first)
    work.store.write_chunk(work.first, played.arrays, played.events)
    played.release()
    return Finished(DoneChunk(work.first, work.stop, digest), ())


def n_cores() -> int:
    """Return the cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
