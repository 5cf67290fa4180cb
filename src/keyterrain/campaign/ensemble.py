"""The ensemble: a campaign played many times, chunk by chunk on all cores, into a folder that can be taken up again.

Each chunk is played and brought to a digest by one worker of the crew (`crew.py`), a thread or a process of a cluster, who writes
it if he sees the folder and else hands it over; only the process that began the run writes the manifest, and a chunk counts from
then on.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property, partial
from pathlib import Path
from secrets import token_hex
from typing import TYPE_CHECKING

from keyterrain.campaign import manifest as manifests
from keyterrain.campaign import store as stores
from keyterrain.campaign.chunks import Finished, Kernels, Prepared, Work, compiled_kernels, play_and_store
from keyterrain.campaign.crew import Crew, Done
from keyterrain.campaign.errors import LawBroken, RunRefused
from keyterrain.campaign.interventions import Interventions
from keyterrain.campaign.manifest import Manifest, Plan
from keyterrain.campaign.muster import muster, refuse_two_crews
from keyterrain.campaign.run_folder import (
    SCENARIO_COPY,
    begun_before,
    create_folder,
    mend_folder,
    refuse_another_run,
    said,
    unsound,
)
from keyterrain.campaign.store import Store

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa
    import xarray as xr

    from keyterrain.theatre.scenario import Scenario

LARGEST_SEED = 2**32 - 1
"""The seed is one 32-bit word of the random streams' key."""
MOST_REPLICATES = 10_000_000
MOST_DAYS = 3660
"""Limits against slips of the pen: beyond them a run would not fit any disk; assumption."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run is; `notice` is a sentence about something out of the ordinary, or empty."""

    n_done: int
    replicates: int
    seconds: float
    seconds_to_go: float | None = None
    notice: str = ""


@dataclass(frozen=True, slots=True)
class RunSummary:
    """What a run came to.

    Parameters
    ----------
    n_played
        Replicates played now; the others were finished before.
    seconds, seconds_playing
        Wall time of the whole, and of playing and storing after all was prepared.
    digest
        Digest of all arrays.
    notices
        Sentences about chunks that were played again.
    workers
        Names of those who played now.
    """

    out: Path
    scenario: str
    replicates: int
    days: int
    seed: int
    n_played: int
    seconds: float
    seconds_playing: float
    digest: str
    notices: tuple[str, ...] = ()
    workers: tuple[str, ...] = ()

    @property
    def replicate_days_per_s(self) -> float | None:
        """Speed of what was played now, None where nothing was."""
        return self.n_played * self.days / self.seconds_playing if self.n_played and self.seconds_playing > 0 else None


def run(
    scenario: Scenario,
    *,
    replicates: int,
    out: Path | str,
    start: date | None = None,
    days: int | None = None,
    seed: int = 0,
    interventions: Interventions | None = None,
    resume: bool = False,
    threads: int | None = None,
    workers: int | None = None,
    scheduler: str | None = None,
    chunk: int | None = None,
    record_daily: bool = False,
    verify: bool = False,
    progress: Callable[[Progress], None] | None = None,
    kernels: Kernels | None = None,
) -> RunSummary:
    """Play a campaign many times and store every replicate.

    The result depends on the scenario, start, days, seed and interventions; not on threads, workers, chunks, or how often the run
    was interrupted and resumed.

    Parameters
    ----------
    replicates
        How often to play; replicate r is the same world however many there are.
    out
        Folder of the run; it must not exist, unless the run is resumed.
    start
        First evening; the scenario's own by default.
    days
        Days to play; the scenario's own number by default.
    interventions
        What to change in the campaign.
    resume
        Take up an unfinished run; where nothing is begun, begin.
    threads
        Chunks played at the same time in this process; as many as there are cores by default.
    workers
        Have chunks played by so many processes that are started on this machine for it. Scripts need the usual guard,
        `if __name__ == "__main__":`.
    scheduler
        Have chunks played by the workers of a Dask scheduler, `tcp://host:8786`, and by nobody else.
    chunk
        Replicates per chunk; from the size of the theatre by default.
    record_daily
        Store every variable daily, also those that are weekly otherwise.
    verify
        Check the laws of conservation day by day. On resuming, read back what is stored and hold it against its digest, and play
        again what was not checked when it was played.
    progress
        Called in this thread with every finished chunk.
    kernels
        Other functions than the package's own to prepare and play.

    Raises
    ------
    RunRefused
        What was asked for cannot be done; nothing was written.
    StoreFailed
        Disk full, or the store is lost; finished chunks are kept.
    ClusterFailed
        The cluster does not answer, is lost, or has workers that would compute otherwise; finished chunks are kept.
    LawBroken
        A checked law does not hold; the chunk does not count as finished.
    RunInterrupted
        Interrupted from the keyboard; finished chunks are kept.
    """
    begun_at = time.perf_counter()
    folder = Path(out)
    _refuse_numbers(replicates=replicates, seed=seed, days=days, threads=threads, workers=workers, chunk=chunk)
    refuse_two_crews(threads=threads, workers=workers, scheduler=scheduler)
    begun = begun_before(folder, resume=resume)
    plan = _plan(scenario, start, days, interventions or Interventions(), seed, replicates, record_daily=record_daily)
    size = min(chunk, replicates) if chunk else None
    if begun is not None:
        refuse_another_run(folder, begun, plan, size)
    with muster(threads=threads, workers=workers, scheduler=scheduler) as crew:
        kernels = kernels or compiled_kernels()
        prepared = kernels.prepare(scenario, start=plan.start, days=plan.days, seed=seed, interventions=plan.interventions)
        manifest = begun or _fresh(plan, prepared, size)
        store = Store(folder, stores.stored_arrays(manifest.lengths, replicates, record_daily=record_daily), manifest.chunk)
        with said(folder, replicates):
            if begun is None:
                create_folder(store, manifest, prepared, scenario)
            else:
                mend_folder(store, prepared, scenario, plan)
            session = _Session(store, manifest, progress, begun_at)
            session.strike_out(unsound(store, manifest, verify=verify))
            return session.play(kernels, prepared, crew, verify=verify)


def _plan(
    scenario: Scenario,
    start: date | None,
    days: int | None,
    interventions: Interventions,
    seed: int,
    replicates: int,
    *,
    record_daily: bool,
) -> Plan:
    """Fill in what the scenario says, and refuse interventions that do not fit the situation."""
    situation = scenario.situation(start)
    interventions.check(situation)
    return Plan(
        scenario=scenario.name,
        fingerprint=scenario.fingerprint_at(situation.start),
        start=situation.start,
        days=situation.days if days is None else days,
        seed=seed,
        replicates=replicates,
        recording="daily" if record_daily else "thinned",
        interventions=interventions,
    )


def _fresh(plan: Plan, prepared: Prepared, chunk: int | None) -> Manifest:
    """Return the manifest of a run in which nothing is finished."""
    lengths = {dim: len(labels) for dim, labels in prepared.coordinates.items()}
    daily = plan.recording == "daily"
    return Manifest(plan, chunk or stores.replicates_per_chunk(lengths, plan.replicates, record_daily=daily), lengths)


class _Session:
    """One sitting of a run: the manifest as it stands, the clock, and what was said."""

    def __init__(self, store: Store, manifest: Manifest, progress: Callable[[Progress], None] | None, begun_at: float) -> None:
        self.store = store
        self.manifest = manifest
        self.progress = progress
        self.begun_at = begun_at
        self.playing_since = 0.0
        self.n_played = 0
        self.workers: set[str] = set()
        self.notices: list[str] = []
        self.identity = store.folder.stat()

    @property
    def seconds(self) -> float:
        return time.perf_counter() - self.begun_at

    def strike_out(self, lost: Mapping[int, str]) -> None:
        """Take chunks that cannot be relied on off the manifest and say why."""
        if lost:
            self.manifest = self.manifest.without(list(lost))
            self.save()
        for notice in lost.values():
            self.notices.append(notice)
            self.report(notice)

    def play(self, kernels: Kernels, prepared: Prepared, crew: Crew, *, verify: bool) -> RunSummary:
        """Have all chunks played that are not finished, and list each as it comes."""
        self.playing_since = self.seconds
        plan = self.manifest.plan
        daily = plan.recording == "daily"
        done = {chunk.first for chunk in self.manifest.done}
        with self.token(crew) as token:
            work = [
                Work(prepared, self.store, first, stop, daily, verify, token)
                for first, stop in self.manifest.chunks()
                if first not in done
            ]
            for finished in crew.each(partial(play_and_store, kernels), work):
                self.take(finished, verify=verify)
        self.refuse_lost_chunks()
        if work:
            who = "workers" if crew.is_elsewhere else "threads"
            n = len(self.workers) if crew.is_elsewhere else crew.size
            timings = {"seconds": self.seconds, "replicates_played": float(self.n_played), who: float(n)}
            self.manifest = replace(self.manifest, timings=timings)
            self.save()
        return RunSummary(
            out=self.store.folder,
            scenario=plan.scenario,
            replicates=plan.replicates,
            days=plan.days,
            seed=plan.seed,
            n_played=self.n_played,
            seconds=self.seconds,
            seconds_playing=self.seconds - self.playing_since,
            digest=str(self.manifest.digest),
            notices=tuple(self.notices),
            workers=tuple(sorted(self.workers)),
        )

    @contextmanager
    def token(self, crew: Crew) -> Iterator[str]:
        """Leave a token in the folder by which workers elsewhere know it; a crew of this process needs none."""
        if not crew.is_elsewhere:
            yield ""
            return
        token = token_hex(16)
        self.store.put_token(token)
        try:
            yield token
        finally:
            self.store.take_token_away()

    def take(self, done: Done[Finished], *, verify: bool) -> None:
        """List a finished chunk in the manifest, written before if its worker could not."""
        finished = done.result
        if finished.breaches:
            first, stop, _ = finished.chunk
            raise LawBroken(f"Replicates {first} to {stop - 1} break a law: {finished.breaches[0]}")
        self.write(finished)
        self.manifest = self.manifest.with_done(finished.chunk, verified=verify, worker=done.worker)
        self.workers.add(done.worker)
        self.save()
        self.n_played += finished.chunk.stop - finished.chunk.first
        self.report()

    def write(self, finished: Finished) -> None:
        """Write the files that a worker handed over; where that fails, give back the room that they took."""
        try:
            self.store.write_files(finished.files)
        except OSError:
            self.store.remove_chunk(finished.chunk.first)
            raise

    def save(self) -> None:
        """Write the manifest, unless the folder is no longer the one that the run began in."""
        here = self.store.folder.stat()
        if (here.st_dev, here.st_ino) != (self.identity.st_dev, self.identity.st_ino):
            raise FileNotFoundError(2, "the folder of the run was replaced by another", str(self.store.folder))
        manifests.write(self.manifest, self.store.folder)

    def report(self, notice: str = "") -> None:
        """Tell the caller how far the run is."""
        if self.progress is not None:
            n_done, n_all = self.manifest.n_done, self.manifest.plan.replicates
            pace = (self.seconds - self.playing_since) / self.n_played if self.n_played else None
            to_go = None if pace is None else pace * (n_all - n_done)
            self.progress(Progress(n_done, n_all, self.seconds, to_go, notice))

    def refuse_lost_chunks(self) -> None:
        """Look once more at what is listed, so that a run never ends well with a store that was cut down meanwhile."""
        for chunk in self.manifest.done:
            if lost := self.store.lost_files(chunk.first):
                raise FileNotFoundError(2, "a finished part of the store is lost", str(self.store.folder / lost[0]))


def _refuse_numbers(*, replicates: int, seed: int, days: int | None, **counts: int | None) -> None:
    """Refuse numbers that mean nothing, each with what it can be."""
    limits = (
        ("replicates", replicates, 1, MOST_REPLICATES),
        ("seed", seed, 0, LARGEST_SEED),
        ("days", days, 1, MOST_DAYS),
        *((name, count, 1, None) for name, count in counts.items()),
    )
    for name, value, least, most in limits:
        if value is not None and (value < least or (most is not None and value > most)):
            span = f"between {least} and {most}" if most is not None else f"at least {least}"
            raise RunRefused(f"{name} is {value}; it must be {span}.")


@dataclass(frozen=True)
class Run:
    """A finished run, opened: what it was asked for, its arrays, its events and the scenario that it was played from."""

    path: Path
    manifest: Manifest

    @cached_property
    def dataset(self) -> xr.Dataset:
        """Arrays of all finished replicates, read when they are used."""
        dataset = stores.read(self.path)
        if self.manifest.is_complete:
            return dataset
        finished = [replicate for first, stop, _ in self.manifest.done for replicate in range(first, stop)]
        return dataset.isel(replicate=finished)

    @cached_property
    def events(self) -> pd.DataFrame:
        """Events of all finished replicates, one per row, by replicate, day, kind and place."""
        table: pd.DataFrame = self.events_table().to_pandas()
        return table

    def events_table(self) -> pa.Table:
        """Return the events without bringing them into pandas."""
        return stores.read_events(self.path, [chunk.first for chunk in self.manifest.done])

    @cached_property
    def scenario(self) -> Scenario:
        """The scenario as it was when the run began."""
        from keyterrain.theatre import load

        return load(self.path / SCENARIO_COPY)


def open_run(path: Path | str, *, partial: bool = False) -> Run:
    """Open the folder of a run.

    Parameters
    ----------
    partial
        Open an unfinished run with the replicates that it has.

    Raises
    ------
    RunRefused
        Not the folder of a run, another format, nothing finished, or unfinished and not `partial`.
    """
    folder = Path(path)
    manifest = manifests.read(folder)
    n_done, n_all = manifest.n_done, manifest.plan.replicates
    if n_done == 0 or (n_done < n_all and not partial):
        raise RunRefused(f"{folder} is not finished ({n_done} of {n_all} replicates): go on with --resume.")
    return Run(folder, manifest)
