"""A Dask cluster as a crew: tasks go to workers through a scheduler, and results come back with the name of who brought them.

Before anything is sent, and again in every task, a worker's build (`build.py`) is held against that of the run: one that would
compute otherwise is refused by name. A worker that dies costs time only, since Dask gives its tasks to others; a scheduler that
is lost ends the run. Nothing is ever done in this process in the cluster's place.

Dask is imported where it is used; it is dear, and a run on threads does without.
"""

from __future__ import annotations

import asyncio
import logging
import pickle
import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import CancelledError, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from itertools import islice
from queue import Empty, SimpleQueue
from secrets import token_hex
from typing import TYPE_CHECKING, Any, Final, TypeVar

from keyterrain.campaign.build import Build, build_here, differences
from keyterrain.campaign.crew import Done, name_here
from keyterrain.campaign.errors import ClusterFailed, RunRefused

if TYPE_CHECKING:
    from distributed import Client, Future

Task = TypeVar("Task")
Result = TypeVar("Result")

ADDRESS = re.compile(r"((tcp|tls)://)?(\[[0-9a-fA-F:]+\]|[^\s:/\[\]]+):\d{1,5}")
CONNECT_S = 5.0
"""How long a scheduler may take to answer at first: a network takes milliseconds; assumption."""
CLOSE_S = 2.0
"""How long a scheduler that may be gone is told goodbye; assumption."""
WORKERS_S = 3.0
"""How long to wait for a first worker; assumption."""
DESERTED_S = 60.0
"""How long a run waits for a worker when all are gone: they may be started anew; assumption."""
MUTE_S = 30.0
"""How long a scheduler may be silent during a run before it counts as lost, as Dask's own limit for connections."""
LOOK_EVERY_S = 1.0
"""How often the cluster is looked after while nothing comes; assumption."""
GATHER_S = 120.0
"""How long one result may be on its way before the cluster is looked after; assumption."""
AHEAD = 2
"""Tasks sent for each thread of the workers, so that none waits for the next; more would wait in the scheduler's memory."""

MOST_NAMED = 5
"""Unfit workers that are named."""

DONE: Final = "done"
UNFIT: Final = "unfit"
SAME_LOCK = "Start every worker from the environment of this run, as docs/scale.md says."


@contextmanager
def cluster_at(address: str) -> Iterator[Cluster]:
    """Use the workers of a scheduler that runs somewhere.

    Raises
    ------
    RunRefused
        It is no address.
    ClusterFailed
        Nobody answers there, no worker is connected, or one would compute otherwise.
    """
    if not ADDRESS.fullmatch(address):
        raise RunRefused(f"{address!r} is no address of a scheduler: write tcp://host:8786.")
    with _quiet():
        _refuse_if_silent(address)
        with _connected(address) as client:
            yield Cluster(client, address)


@contextmanager
def local_cluster(n_workers: int) -> Iterator[Cluster]:
    """Start processes on this machine that nobody else can reach, one thread each, and end them with the block.

    Raises
    ------
    ClusterFailed
        They cannot be started.
    """
    from distributed import LocalCluster

    preload = "keyterrain.campaign.local_worker"
    with _quiet():
        try:
            processes = LocalCluster(
                n_workers=n_workers,
                threads_per_worker=1,
                processes=True,
                dashboard_address=None,
                scheduler_kwargs={"dashboard_address": "127.0.0.1:0"},  # else it asks for a port that another cluster may have
                memory_limit=0,
                silence_logs=logging.CRITICAL,
                preload=[preload],
            )
        except (OSError, RuntimeError, TimeoutError) as error:
            raise ClusterFailed(f"{n_workers} worker processes could not be started on this machine: {error}") from error
        with processes, _connected(processes) as client:
            yield Cluster(client, "of this machine")


class Cluster:
    """The workers of one Dask scheduler; use it within the block that made it.

    Parameters
    ----------
    client
        Connected to the scheduler.
    where
        The scheduler's address, for people.

    Raises
    ------
    ClusterFailed
        No worker, or one that is unfit.
    """

    is_elsewhere = True

    def __init__(self, client: Client, where: str) -> None:
        self._client = client
        self._where = where
        self._build = build_here()
        self._heard_at = time.monotonic()
        self._seen_at = time.monotonic()
        self._wait_for_workers()
        self.refuse_unfit_workers()

    @property
    def size(self) -> int:
        """Threads of all workers, as many as there are now."""
        try:
            threads: Mapping[str, int] = self._client.nthreads(callback_timeout=CONNECT_S)
        except (OSError, CancelledError):
            threads = {}
        else:
            self._heard_at = time.monotonic()
            if threads:
                self._seen_at = self._heard_at
        return sum(threads.values())

    def each(self, work: Callable[[Task], Result], tasks: Iterable[Task]) -> Iterator[Done[Result]]:
        """Yield results as they come; on a failure or an interrupt those that have come are yielded, and the rest let go.

        Raises
        ------
        ClusterFailed
            The scheduler is lost, all workers are gone, a task kills its workers, or a worker that joined is unfit.
        """
        from distributed.protocol.pickle import dumps

        waiting, name = iter(tasks), f"keyterrain-{token_hex(8)}"
        under_way: set[Future[Any]] = set()
        finished: SimpleQueue[Future[Any]] = SimpleQueue()
        n_sent = 0
        try:
            while True:
                room = max(1, AHEAD * self.size - len(under_way))  # with no worker just now, one is sent to wait for the next
                for task in islice(waiting, room):
                    sent = dumps((work, task))
                    future = self._client.submit(_do, self._build, sent, key=f"{name}-{n_sent}", pure=False)
                    n_sent += 1
                    under_way.add(future)
                    future.add_done_callback(finished.put)
                if not under_way:
                    return
                future = self._next(finished)
                under_way.discard(future)
                yield self._result(future)
                future.release()
        except (Exception, KeyboardInterrupt):
            yield from self._left_over(finished)
            raise
        finally:
            for future in under_way:
                future.release()

    def __call__(self, work: Callable[[Task], Result], tasks: Iterable[Task]) -> Iterator[Result]:
        """Yield results alone, for those who do not ask who brought them."""
        return (done.result for done in self.each(work, tasks))

    def refuse_unfit_workers(self) -> None:
        """Ask every worker for its build.

        Raises
        ------
        ClusterFailed
            One has another, or none.
        """
        builds = self._asked_builds()
        complaints = [said for worker, found in sorted(builds.items()) if (said := self._complaint(worker, found))]
        if complaints:
            raise _unfit(complaints)

    def _asked_builds(self) -> dict[str, object]:
        """Return what each worker has, or the error that its answer was."""
        try:
            builds: dict[str, object] = self._client.run(_build_of_worker, on_error="return", callback_timeout=MUTE_S)
        except TimeoutError as error:
            raise ClusterFailed(f"Workers of the scheduler {self._where} do not answer within {MUTE_S:.0f} s.") from error
        except (OSError, CancelledError) as error:
            raise self._lost() from error
        return builds

    def _complaint(self, worker: str, found: object) -> str:
        """Say what a worker has otherwise; empty if it is fit."""
        if not isinstance(found, Mapping):
            return f"Worker {worker} {self._version_of(worker)} and cannot play this run: {found}."
        differing = differences(found, self._build)
        return f"Worker {worker} has {' and '.join(differing)}." if differing else ""

    def _version_of(self, worker: str) -> str:
        """Say which version a worker has that does not know how to answer, as far as Dask itself can tell."""
        found = None
        with suppress(Exception):
            known: Any = self._client.get_versions(packages=["keyterrain"])
            found = known["workers"][worker]["packages"].get("keyterrain")
        return f"has {f'keyterrain {found}' if found else 'no keyterrain'} (here {self._build['keyterrain']})"

    def _wait_for_workers(self) -> None:
        until = time.monotonic() + WORKERS_S
        while not self.size:
            if time.monotonic() > until:
                raise ClusterFailed(f"The scheduler {self._where} has no workers: start some, as docs/scale.md says.")
            time.sleep(0.1)

    def _next(self, finished: SimpleQueue[Future[Any]]) -> Future[Any]:
        """Wait for a task to end, and see meanwhile that there is someone to end it."""
        while True:
            try:
                return finished.get(timeout=LOOK_EVERY_S)
            except Empty:
                self._look_after()

    def _look_after(self) -> None:
        if self._client.status != "running":
            raise self._lost()
        if self.size:
            return
        now = time.monotonic()
        if now - self._heard_at > MUTE_S:
            raise self._lost()
        if self._heard_at - self._seen_at > DESERTED_S:
            raise ClusterFailed(f"All workers of the scheduler {self._where} are gone for {DESERTED_S:.0f} s.")

    def _lost(self) -> ClusterFailed:
        return ClusterFailed(f"The scheduler {self._where} is lost: it no longer answers.")

    def _result(self, future: Future[Any]) -> Done[Any]:
        """Bring a result here, or say why there is none."""
        from distributed import KilledWorker

        try:
            said, content, worker = self._brought(future)
        except KilledWorker as error:
            self.refuse_unfit_workers()
            last = error.last_worker.address
            raise ClusterFailed(f"{error.allowed_failures + 1} workers died of the same task, the last at {last}.") from error
        except CancelledError as error:
            raise self._lost() from error
        except Exception as error:
            if self._client.status != "running":
                raise self._lost() from error
            self.refuse_unfit_workers()
            raise
        if said == UNFIT:
            raise _unfit([self._complaint(worker, content)])
        return Done(pickle.loads(content), worker)

    def _brought(self, future: Future[Any]) -> Any:
        while True:
            try:
                return future.result(timeout=GATHER_S)
            except TimeoutError:
                if future.done() and future.status == "error":
                    raise
                self._look_after()

    def _left_over(self, finished: SimpleQueue[Future[Any]]) -> Iterator[Done[Any]]:
        """Yield what had come in already when something went wrong."""
        while True:
            try:
                future = finished.get_nowait()
                if future.status == "finished":
                    yield self._result(future)
            except (Empty, Exception):  # noqa: BLE001  (the first failure is the one to be said)
                return


def _unfit(complaints: Sequence[str]) -> ClusterFailed:
    more = f" So it is with {len(complaints) - MOST_NAMED} more." if len(complaints) > MOST_NAMED else ""
    return ClusterFailed(f"{' '.join(complaints[:MOST_NAMED])}{more} {SAME_LOCK}")


def _do(build: Build, sent: bytes) -> tuple[str, Any, str]:
    """Do one task in a worker, unless it would come out otherwise here.

    The task comes as bytes, so that nothing of it is read by a worker of another version.
    """
    worker = _name_of_worker()
    if differences(found := _build_of_worker(), build):
        return UNFIT, found, worker
    work, task = pickle.loads(sent)
    return DONE, pickle.dumps(work(task), protocol=pickle.HIGHEST_PROTOCOL), worker


def _build_of_worker() -> dict[str, str]:
    """Return a worker's build; kernels are imported beside it, so that it stays true of what is loaded."""
    from keyterrain.campaign.chunks import compiled_kernels

    compiled_kernels()
    return dict(build_here())


def _name_of_worker() -> str:
    from distributed import get_worker

    return f"{name_here()} at {get_worker().address}"


@contextmanager
def _connected(scheduler: Any) -> Iterator[Client]:
    from distributed import Client

    client = Client(scheduler, timeout=CONNECT_S, set_as_default=False)
    try:
        yield client
    finally:
        with suppress(Exception):
            client.close(timeout=CLOSE_S)


def _refuse_if_silent(address: str) -> None:
    """Ask who is there, with a limit of time: a client waits without one for the first word after it is connected."""
    with ThreadPoolExecutor(max_workers=1) as pool:  # a loop may run in this thread already, as in a notebook
        try:
            kind = pool.submit(asyncio.run, _kind_of_server(address)).result()
        except Exception as error:
            said = f"The scheduler {address} does not answer: nobody there speaks Dask within {CONNECT_S:.0f} s."
            raise ClusterFailed(said) from error
    if not kind.endswith("Scheduler"):
        raise ClusterFailed(f"{address} is no scheduler: a {kind.lower()} of Dask answers there.")


async def _kind_of_server(address: str) -> str:
    from distributed import rpc
    from distributed.security import Security

    async def asked() -> str:
        async with rpc(address, connection_args=Security().get_connection_args("client"), timeout=CONNECT_S) as server:
            identity = await server.identity()
            return str(identity["type"])

    return await asyncio.wait_for(asked(), CONNECT_S)


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep Dask from writing to stderr what the run says itself, in a sentence."""
    import distributed  # noqa: F401  (sets the levels of its loggers when it is imported)

    loggers = [logging.getLogger(name) for name in ("distributed", "distributed.client", "tornado", "tornado.application")]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
