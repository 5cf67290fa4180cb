"""A cluster plays to the same bytes as threads do, outlives its workers, and never does in silence what was not asked for."""

from __future__ import annotations

import json
import os
import signal
import time
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from dask_processes import Processes, another_version, mute_address, unused_address, without_cluster
from keyterrain.campaign import manifest as manifests
from keyterrain.campaign.build import build_here, differences
from keyterrain.campaign.chunks import Kernels, Work, play_and_store
from keyterrain.campaign.cluster import UNFIT, _do
from keyterrain.campaign.ensemble import Progress, run
from keyterrain.campaign.errors import ClusterFailed, LawBroken, RunInterrupted, RunRefused
from keyterrain.campaign.muster import muster
from keyterrain.campaign.store import TOKEN, Store, stored_arrays
from keyterrain.campaign.threads import Threads
from keyterrain.theatre import load
from scenarios import write_small_scenario
from stand_in_campaign import KERNELS, StandInChunk, play_chunk, prepare, run_stand_in, slow_kernels

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


def contents(folder: Path) -> dict[str, bytes]:
    """Every file of a run but the manifest, which tells the clock and names workers."""
    files = (path for path in folder.rglob("*") if path.is_file() and path.name != manifests.FILE_NAME)
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def what_must_be_equal(folder: Path) -> dict[str, Any]:
    written = json.loads((folder / manifests.FILE_NAME).read_text(encoding="utf-8"))
    return {key: value for key, value in written.items() if key not in {"timings", "workers"}}


def assert_same_run(one: Path, other: Path) -> None:
    assert what_must_be_equal(one) == what_must_be_equal(other)
    here, there = contents(one), contents(other)
    assert here.keys() == there.keys()
    assert [name for name, content in here.items() if content != there[name]] == []


def process_of(worker: str) -> int:
    """Number of the process in a worker's name, `host/process at address`."""
    return int(worker.split(maxsplit=1)[0].rpartition("/")[2])


def workers_of(folder: Path) -> dict[int, str]:
    return dict(manifests.read(folder).workers)


def once(n_done: int, do: Callable[[], None]) -> Callable[[Progress], None]:
    """Do something when so many replicates are finished."""
    left = [do]

    def report(progress: Progress) -> None:
        if progress.n_done >= n_done and left:
            left.pop()()

    return report


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run on threads."""
    folder = tmp_path_factory.mktemp("whole")
    run_stand_in(folder, chunk=1)
    return folder / "run"


@pytest.fixture
def dask(tmp_path: Path) -> Iterator[Processes]:
    (tmp_path / "dask").mkdir()
    with Processes(tmp_path / "dask") as processes:
        yield processes


# --- the same bytes


def test_real_kernels_play_to_the_same_bytes_on_threads_and_on_workers_of_which_one_is_killed(tmp_path: Path) -> None:
    scenario = load(write_small_scenario(tmp_path / "small"))
    options: dict[str, Any] = {"replicates": 160, "days": 155, "chunk": 4, "seed": 3}
    on_threads = run(scenario, out=tmp_path / "threads", threads=2, **options)
    undisturbed = run(scenario, out=tmp_path / "two", workers=2, **options)

    def kill() -> None:
        os.kill(process_of(workers_of(tmp_path / "killed")[0]), signal.SIGKILL)

    killed = run(scenario, out=tmp_path / "killed", workers=2, progress=once(40, kill), **options)
    assert on_threads.digest == undisturbed.digest == killed.digest
    assert_same_run(tmp_path / "threads", tmp_path / "two")
    assert_same_run(tmp_path / "threads", tmp_path / "killed")
    assert len(undisturbed.workers) == 2
    assert set(workers_of(tmp_path / "two").values()) == set(undisturbed.workers)
    assert sorted(workers_of(tmp_path / "two")) == list(range(0, 160, 4))
    assert {process_of(name) for name in workers_of(tmp_path / "threads").values()} == {os.getpid()}


def test_a_killed_worker_costs_time_only(tmp_path: Path, whole: Path) -> None:
    def kill() -> None:
        victims.append(process_of(workers_of(tmp_path / "run")[0]))
        os.kill(victims[0], signal.SIGKILL)

    victims: list[int] = []
    reports: list[int] = []
    kill_once = once(5, kill)

    def progress(now: Progress) -> None:
        reports.append(now.n_done)
        kill_once(now)

    run_stand_in(tmp_path, chunk=1, workers=2, kernels=slow_kernels(0.1), progress=progress)
    assert_same_run(tmp_path / "run", whole)
    assert reports == list(range(1, 21))
    players = [process_of(name) for name in workers_of(tmp_path / "run").values()]
    assert players.count(victims[0]) <= 6
    assert len(set(players)) >= 2


def test_workers_that_see_another_disk_hand_their_chunks_over(tmp_path: Path, whole: Path, dask: Processes) -> None:
    address = dask.scheduler()
    dask.worker(address)
    dask.wait_for_workers(address, 1)
    run_stand_in(tmp_path, chunk=1, scheduler=address, kernels=Kernels(prepare, blind_play))
    assert_same_run(tmp_path / "run", whole)


def blind_play(prepared: Any, first: int, n: int, **options: Any) -> StandInChunk:
    """Play where the folder of the run is not to be seen."""
    Store.holds_token = lambda self, token: False  # type: ignore[method-assign]
    return play_chunk(prepared, first, n, **options)


# --- who writes


def work_in(folder: Path, *, token: str) -> Work:
    prepared = prepare(None, start=None, days=10, seed=5, interventions=None)  # type: ignore[arg-type]
    lengths = {dim: len(labels) for dim, labels in prepared.coordinates.items()}
    store = Store(folder, stored_arrays(lengths, 8, record_daily=False), 4)
    return Work(prepared, store, 0, 4, record_daily=False, verify=False, token=token)


@pytest.fixture
def begun(tmp_path: Path) -> Path:
    """The folder of a run in which nothing is finished, with the token of its sitting."""
    run_stand_in(tmp_path, replicates=8)
    manifest = manifests.read(tmp_path / "run")
    manifests.write(manifest.without([0, 4]), tmp_path / "run")
    for path in [*(tmp_path / "run").rglob("c.*"), *(tmp_path / "run").rglob("*.parquet")]:
        if path.parent.name not in prepare(None, start=None, days=1, seed=1, interventions=None).coordinates:  # type: ignore[arg-type]
            path.unlink()
    work_in(tmp_path / "run", token="").store.put_token("ours")
    return tmp_path / "run"


def test_who_finds_the_token_writes(begun: Path) -> None:
    work = work_in(begun, token="ours")
    finished = play_and_store(KERNELS, work)
    assert finished.files == ()
    assert work.store.lost_files(0) == []


@pytest.mark.parametrize("token", ["that of a sitting before", "o"])
def test_who_finds_another_token_crew_over_and_writes_nothing(begun: Path, token: str) -> None:
    before = contents(begun)
    finished = play_and_store(KERNELS, work_in(begun, token=token))
    assert contents(begun) == before
    work = work_in(begun, token="ours")
    work.store.write_files(finished.files)
    handed_over = contents(begun)
    play_and_store(KERNELS, work)
    assert contents(begun) == handed_over
    assert len(handed_over) > len(before)


def test_who_may_not_write_crew_over(begun: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Store, "write_files", refuse)
    assert len(play_and_store(KERNELS, work_in(begun, token="ours")).files) > 10


def test_two_may_write_one_chunk_at_once(begun: Path) -> None:
    work = work_in(begun, token="ours")
    alone = play_and_store(KERNELS, work_in(begun, token="")).chunk
    once_written = contents(begun)
    both = list(Threads(4).each(partial(play_and_store, KERNELS), [work] * 12))
    assert {done.result.chunk for done in both} == {alone}
    assert all(done.result.files == () for done in both)
    assert contents(begun) == once_written


# --- what is refused


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"threads": 2, "workers": 2}, "--threads is for a run in this process, --workers for one in others"),
        ({"threads": 2, "scheduler": "tcp://h:1"}, "--threads is for a run in this process, --scheduler for one in others"),
        ({"workers": 2, "scheduler": "tcp://h:1"}, "--workers starts a cluster .* and --scheduler uses one"),
        ({"workers": 0}, "workers is 0; it must be at least 1"),
        ({"scheduler": "somewhere"}, "'somewhere' is no address of a scheduler: write tcp://host:8786"),
        ({"scheduler": "http://host:8787/status"}, "is no address of a scheduler"),
        ({"scheduler": ""}, "'' is no address of a scheduler"),
    ],
)
def test_a_run_is_played_in_one_place(tmp_path: Path, options: dict[str, Any], said: str) -> None:
    with pytest.raises(RunRefused, match=said):
        run_stand_in(tmp_path, **options)
    assert not (tmp_path / "run").exists()


def test_nobody_at_the_address_is_said_in_time(tmp_path: Path) -> None:
    began = time.monotonic()
    with pytest.raises(ClusterFailed, match=r"does not answer: nobody there speaks Dask within 5 s\.$"):
        run_stand_in(tmp_path, scheduler=unused_address())
    assert time.monotonic() - began < 9
    assert not (tmp_path / "run").exists()


def test_a_mute_address_is_said_in_time(tmp_path: Path) -> None:
    began = time.monotonic()
    with mute_address() as address, pytest.raises(ClusterFailed, match="does not answer"):
        run_stand_in(tmp_path, scheduler=address)
    assert time.monotonic() - began < 9
    assert not (tmp_path / "run").exists()


def test_a_scheduler_without_workers_and_a_worker_that_is_no_scheduler_are_said(tmp_path: Path, dask: Processes) -> None:
    address = dask.scheduler()
    with pytest.raises(ClusterFailed, match="has no workers: start some"):
        run_stand_in(tmp_path, scheduler=address)
    assert not (tmp_path / "run").exists()
    dask.worker(address)
    dask.wait_for_workers(address, 1)
    run_stand_in(tmp_path, scheduler=address)
    (worker,) = set(workers_of(tmp_path / "run").values())
    with pytest.raises(ClusterFailed, match="is no scheduler: a worker of Dask answers there"):
        run_stand_in(tmp_path, scheduler=worker.rpartition(" ")[2], resume=True)


def test_unfit_workers_are_refused_by_name_and_version(tmp_path: Path, dask: Processes) -> None:
    address = dask.scheduler()
    dask.worker(address, source=another_version(tmp_path / "other"))
    dask.worker(address, source=without_cluster(tmp_path / "older"))
    dask.wait_for_workers(address, 2)
    with pytest.raises(ClusterFailed, match=r"Worker tcp://\S+ has keyterrain 0\.0\.7 \(here \d") as refused:
        run_stand_in(tmp_path, scheduler=address)
    assert str(refused.value).count("Worker tcp://") == 2
    assert "cannot play this run" in str(refused.value)
    assert "No module named 'keyterrain.campaign'" in str(refused.value)
    assert not (tmp_path / "run").exists()


def test_an_unfit_worker_that_joins_later_is_refused_and_the_rest_kept(tmp_path: Path, whole: Path, dask: Processes) -> None:
    with pytest.raises(ClusterFailed, match=r"has keyterrain 0\.0\.7 .* of 20 replicates are finished and kept") as refused:
        play_while_joined_by(another_version(tmp_path / "other"), tmp_path, dask)
    assert "--resume" in str(refused.value)
    assert 1 <= manifests.read(tmp_path / "run").n_done < 20
    run_stand_in(tmp_path, chunk=1, resume=True, threads=1)
    assert_same_run(tmp_path / "run", whole)


def test_a_worker_that_cannot_even_read_a_task_costs_time_only(tmp_path: Path, whole: Path, dask: Processes) -> None:
    play_while_joined_by(without_cluster(tmp_path / "older"), tmp_path, dask)
    assert_same_run(tmp_path / "run", whole)
    assert len(set(workers_of(tmp_path / "run").values())) == 1


def play_while_joined_by(source: Path, folder: Path, dask: Processes) -> None:
    address = dask.scheduler()
    dask.worker(address)
    dask.wait_for_workers(address, 1)
    join = once(1, lambda: (dask.worker(address, source=source), dask.wait_for_workers(address, 2))[-1])
    run_stand_in(folder, chunk=1, scheduler=address, kernels=slow_kernels(0.2), progress=join)


@pytest.mark.parametrize("name", list(build_here()))
def test_whatever_bytes_follow_from_is_named_when_it_differs(name: str) -> None:
    assert differences(build_here(), build_here()) == []
    (said,) = differences({**build_here(), name: "0.0"}, build_here())
    assert "0.0 (here " in said
    (said,) = differences({key: value for key, value in build_here().items() if key != name}, build_here())
    assert "missing (here " in said


def test_a_task_is_not_even_read_by_an_unfit_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("keyterrain.campaign.cluster._name_of_worker", lambda: "w")
    said, found, worker = _do({**build_here(), "sources": "other"}, b"no pickle at all")
    assert (said, worker) == (UNFIT, "w")
    assert found == build_here()


# --- what fails under way


def test_a_lost_scheduler_keeps_what_is_finished_and_threads_go_on(tmp_path: Path, whole: Path, dask: Processes) -> None:
    address = dask.scheduler()
    dask.worker(address)
    dask.wait_for_workers(address, 1)
    lose = once(3, lambda: os.kill(dask.started[0].pid, signal.SIGKILL))
    began = time.monotonic()
    with pytest.raises(ClusterFailed, match=r"The scheduler tcp://\S+ is lost: .* of 20 replicates are finished and kept"):
        run_stand_in(tmp_path, chunk=1, scheduler=address, kernels=slow_kernels(0.2), progress=lose)
    assert time.monotonic() - began < 15
    assert 3 <= manifests.read(tmp_path / "run").n_done < 20
    assert not (tmp_path / "run" / TOKEN).exists()
    assert run_stand_in(tmp_path, chunk=1, resume=True, threads=2).n_played < 18
    assert_same_run(tmp_path / "run", whole)


def test_a_run_does_not_wait_for_ever_for_workers_that_are_gone(
    tmp_path: Path, dask: Processes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("keyterrain.campaign.cluster.DESERTED_S", 1.0)
    address = dask.scheduler()
    worker = dask.worker(address)
    dask.wait_for_workers(address, 1)
    leave = once(3, lambda: os.kill(worker, signal.SIGKILL))
    with pytest.raises(ClusterFailed, match=r"All workers of the scheduler tcp://\S+ are gone .* finished and kept"):
        run_stand_in(tmp_path, chunk=1, scheduler=address, kernels=slow_kernels(0.1), progress=leave)


def test_a_scheduler_that_falls_silent_is_given_up(tmp_path: Path, dask: Processes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("keyterrain.campaign.cluster.MUTE_S", 2.0)
    monkeypatch.setattr("keyterrain.campaign.cluster.CONNECT_S", 1.0)
    address = dask.scheduler()
    dask.worker(address)
    dask.wait_for_workers(address, 1)
    fall_silent = once(3, lambda: os.kill(dask.started[0].pid, signal.SIGSTOP))
    with pytest.raises(ClusterFailed, match=r"The scheduler tcp://\S+ is lost: it no longer answers\. .* finished and kept"):
        run_stand_in(tmp_path, chunk=1, scheduler=address, kernels=slow_kernels(0.1), progress=fall_silent)


def test_what_threads_began_a_cluster_ends(tmp_path: Path, whole: Path) -> None:
    run_stand_in(tmp_path, chunk=1)
    manifests.write(manifests.read(tmp_path / "run").without([4, 16]), tmp_path / "run")
    assert run_stand_in(tmp_path, chunk=1, resume=True, workers=1).n_played == 2
    assert_same_run(tmp_path / "run", whole)
    players = workers_of(tmp_path / "run")
    assert [first for first, name in players.items() if process_of(name) != os.getpid()] == [4, 16]


def failing_play(prepared: Any, first: int, n: int, **options: Any) -> StandInChunk:
    """Fail at one replicate, break a law at another, kill the worker at a third."""
    if first == 3 and prepared.seed == 1:
        raise ZeroDivisionError("in a kernel")
    if first == 3 and prepared.seed == 2:
        return replace(play_chunk(prepared, first, n, **options), breaches=["Replicate 3, day 3: 12 people are missing."])
    if first == 3 and prepared.seed == 3:
        os.kill(os.getpid(), signal.SIGKILL)
    return play_chunk(prepared, first, n, **options)


def test_failures_in_workers_are_told_as_on_threads(tmp_path: Path) -> None:
    kernels = Kernels(prepare, failing_play)
    for seed, failure, said in ((1, ZeroDivisionError, "in a kernel"), (2, LawBroken, "12 people are missing")):
        with pytest.raises(failure, match=said):
            run_stand_in(tmp_path, out=tmp_path / f"run-{seed}", seed=seed, chunk=1, workers=1, kernels=kernels)
        assert {0, 1, 2} <= {chunk.first for chunk in manifests.read(tmp_path / f"run-{seed}").done}
        assert 3 not in {chunk.first for chunk in manifests.read(tmp_path / f"run-{seed}").done}


def test_a_chunk_that_kills_every_worker_ends_the_run(tmp_path: Path) -> None:
    with pytest.raises(ClusterFailed, match=r"workers died of the same task, the last at tcp://.*finished and kept"):
        run_stand_in(tmp_path, seed=3, chunk=1, workers=2, kernels=Kernels(prepare, failing_play))
    assert 3 not in {chunk.first for chunk in manifests.read(tmp_path / "run").done}


def test_an_interrupt_keeps_what_is_finished(tmp_path: Path, whole: Path) -> None:
    stop = once(4, lambda: signal.setitimer(signal.ITIMER_REAL, 0.05) and None)  # not within a report: while it waits
    former = signal.signal(signal.SIGALRM, signal.default_int_handler)
    try:
        with pytest.raises(RunInterrupted, match=r"Stopped\. \d+ of 20 replicates are finished and kept"):
            run_stand_in(tmp_path, chunk=1, workers=2, kernels=slow_kernels(0.3), progress=stop)
    finally:
        signal.signal(signal.SIGALRM, former)
    assert 4 <= manifests.read(tmp_path / "run").n_done < 20
    assert not (tmp_path / "run" / TOKEN).exists()
    run_stand_in(tmp_path, chunk=1, resume=True)
    assert_same_run(tmp_path / "run", whole)


# --- a crew for others


def square(number: int) -> int:
    return number * number


@pytest.mark.parametrize("where", [{"threads": 2}, {"workers": 1}])
def test_any_work_can_be_done_by_a_crew(where: dict[str, int]) -> None:
    drawn: list[int] = []

    def numbers() -> Iterator[int]:
        for number in range(40):
            drawn.append(number)
            yield number

    with muster(**where) as crew:
        assert crew.is_elsewhere == ("workers" in where)
        results = crew.each(square, numbers())
        first = next(results)
        assert first.result in {0, 1, 4}
        assert len(drawn) <= 2 * crew.size
        rest = [done.result for done in results]
        assert sorted([first.result, *rest]) == [number * number for number in range(40)]
        assert sorted(crew(lambda number: -number, range(3))) == [-2, -1, 0]
