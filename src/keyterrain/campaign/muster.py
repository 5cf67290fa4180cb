"""The muster: who does the work of a run, as it was asked for, is called together for a block of code.

with muster(scheduler="tcp://host:8786") as crew:
for done in crew.each(play_and_look, chunks):
...
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from keyterrain.campaign.crew import Crew
from keyterrain.campaign.errors import RunRefused
from keyterrain.campaign.threads import Threads, n_cores


@contextmanager
def muster(*, threads: int | None = None, workers: int | None = None, scheduler: str | None = None) -> Iterator[Crew]:
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
