"""Crews: those who do a run's work, be they threads of this process or workers of a cluster.

A crew is given a function and tasks and yields each result with the name of who did it, in the order in which they finish. What
comes out may not depend on who did it; functions, tasks and results can all be sent to another process. `with crew(...) as hands`
is the one way to have one, for an ensemble and for whoever else has many replicates to play:

    with crew(scheduler="tcp://host:8786") as hands:
        for done in hands.each(play_and_look, chunks):
            ...
"""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from typing import Generic, NamedTuple, Protocol, TypeVar

from keyterrain.campaign.errors import RunRefused

Task = TypeVar("Task")
Result = TypeVar("Result")


class Done(NamedTuple, Generic[Result]):
    """A result, and the name of who brought it."""

    result: Result
    worker: str


class Crew(Protocol):
    """Does work, somewhere."""

    @property
    def size(self) -> int:
        """How many tasks are done at the same time."""

    @property
    def is_elsewhere(self) -> bool:
        """Whether tasks leave this process."""

    def each(self, work: Callable[[Task], Result], tasks: Iterable[Task]) -> Iterator[Done[Result]]:
        """Yield the result of every task as it comes; few tasks are drawn ahead, and few results wait in memory.

        Whatever ends the loop (a failure, an interrupt), results that are there are yielded before it is raised.
        """

    def __call__(self, work: Callable[[Task], Result], tasks: Iterable[Task]) -> Iterator[Result]:
        """Yield results alone, for those who do not ask who brought them."""


@contextmanager
def crew(*, threads: int | None = None, workers: int | None = None, scheduler: str | None = None) -> Iterator[Crew]:
    """Have a crew: threads of this process, or `workers` processes of this machine, or the workers of a Dask scheduler.

    Parameters
    ----------
    threads
        Threads of this process; as many as there are cores if nothing is said at all.
    workers
        Processes of a cluster that is started here and ends with the block.
    scheduler
        Address of a Dask scheduler, `tcp://host:8786`; nothing is ever done on this machine in its place.

    Raises
    ------
    RunRefused
        More than one is asked for, or what is given is no address.
    ClusterFailed
        The scheduler does not answer, has no workers, or has some that would compute otherwise.
    """
    refuse_two_crews(threads=threads, workers=workers, scheduler=scheduler)
    if workers is None and scheduler is None:
        yield Threads(threads or n_cores())
        return
    from keyterrain.campaign.cluster import cluster_at, local_cluster

    with local_cluster(workers) if workers is not None else cluster_at(str(scheduler)) as cluster:
        yield cluster


def refuse_two_crews(*, threads: int | None, workers: int | None, scheduler: str | None) -> None:
    """Refuse a run that is to be played in two places.

    Raises
    ------
    RunRefused
        More than one is given.
    """
    if workers is not None and scheduler is not None:
        raise RunRefused("--workers starts a cluster on this machine and --scheduler uses one that runs: give one of them.")
    if threads is not None and (workers is not None or scheduler is not None):
        other = "--workers" if workers is not None else "--scheduler"
        raise RunRefused(f"--threads is for a run in this process, {other} for one in others: give one of them.")


@dataclass(frozen=True)
class Threads:
    """Threads of this process; kernels release the interpreter's lock."""

    size: int
    is_elsewhere: bool = False

    def each(self, work: Callable[[Task], Result], tasks: Iterable[Task]) -> Iterator[Done[Result]]:
        """Yield results as they finish; when a task fails, those under way are finished first."""
        waiting, name = iter(tasks), name_here()
        with ThreadPoolExecutor(max_workers=self.size, thread_name_prefix="keyterrain") as pool:
            under_way: set[Future[Result]] = set()
            failure: BaseException | None = None
            while True:
                try:
                    if failure is None:
                        for task in islice(waiting, self.size - len(under_way)):
                            under_way.add(pool.submit(work, task))
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
                        yield Done(future.result(), name)
                    else:
                        failure = failure or error
            if failure is not None:
                raise failure

    def __call__(self, work: Callable[[Task], Result], tasks: Iterable[Task]) -> Iterator[Result]:
        """Yield results alone, for those who do not ask who brought them."""
        return (done.result for done in self.each(work, tasks))


def name_here() -> str:
    """Return the name of this process among all that may take part: its machine and its number there."""
    return f"{socket.gethostname()}/{os.getpid()}"


def n_cores() -> int:
    """Return the cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
