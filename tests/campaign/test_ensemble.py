"""The ensemble: the same arrays whatever the threads, chunks and interruptions; what is finished is kept, what is lost said."""

from __future__ import annotations

import errno
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from keyterrain.campaign import manifest as manifests
from keyterrain.campaign import store as stores
from keyterrain.campaign.chunks import Kernels
from keyterrain.campaign.ensemble import Progress, open_run
from keyterrain.campaign.errors import LawBroken, RunInterrupted, RunRefused, StoreFailed
from keyterrain.campaign.interventions import Interventions
from keyterrain.campaign.record import VARIABLES
from stand_in_campaign import (
    KERNELS,
    START,
    StandInChunk,
    kernels_with,
    play_chunk,
    prepare,
    run_stand_in,
    scenario_in,
    slow_kernels,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROOT = Path(__file__).parents[2]


def arrays_of(folder: Path) -> dict[str, np.ndarray]:
    dataset = open_run(folder, partial=True).dataset
    return {variable.name: dataset[variable.name].values for variable in VARIABLES}


def assert_same_arrays(first: Path, second: Path) -> None:
    here, there = arrays_of(first), arrays_of(second)
    for name, values in here.items():
        assert values.tobytes() == there[name].tobytes(), name


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that nothing disturbed."""
    folder = tmp_path_factory.mktemp("whole")
    run_stand_in(folder)
    return folder / "run"


class FailsAt:
    """Kernels that fail when they come to a replicate, once or always."""

    def __init__(self, replicate: int, failure: BaseException) -> None:
        self.replicate = replicate
        self.failure = failure

    def __call__(self, prepared: Any, first: int, n: int, **options: Any) -> StandInChunk:
        if first <= self.replicate < first + n:
            raise self.failure
        return play_chunk(prepared, first, n, **options)


# --- the same arrays


@pytest.mark.parametrize(("threads", "chunk"), [(1, 4), (2, 4), (2, 3), (5, 1), (1, 20), (2, 1000), (None, None)])
def test_neither_threads_nor_chunks_change_the_arrays(
    tmp_path: Path, whole: Path, threads: int | None, chunk: int | None
) -> None:
    summary = run_stand_in(tmp_path, threads=threads, chunk=chunk)
    assert_same_arrays(tmp_path / "run", whole)
    assert summary.digest == open_run(whole).manifest.digest
    events, undisturbed = open_run(tmp_path / "run").events, open_run(whole).events
    assert events.equals(undisturbed)


def test_another_seed_changes_them(tmp_path: Path, whole: Path) -> None:
    assert run_stand_in(tmp_path, seed=6).digest != open_run(whole).manifest.digest


def test_fewer_replicates_are_the_first_of_more(tmp_path: Path, whole: Path) -> None:
    run_stand_in(tmp_path, replicates=7)
    few, many = arrays_of(tmp_path / "run"), arrays_of(whole)
    for name, values in few.items():
        np.testing.assert_array_equal(values, many[name][:7])


def test_a_run_says_what_it_came_to(tmp_path: Path) -> None:
    reports: list[Progress] = []
    summary = run_stand_in(tmp_path, progress=reports.append, threads=1)
    assert (summary.replicates, summary.days, summary.seed, summary.n_played) == (20, 10, 5, 20)
    assert summary.replicate_days_per_s == pytest.approx(200 / summary.seconds_playing)
    assert [report.n_done for report in reports] == [4, 8, 12, 16, 20]
    manifest = manifests.read(tmp_path / "run")
    assert manifest.is_complete
    assert manifest.digest == summary.digest
    assert manifest.plan.start == START


def test_few_chunks_are_in_memory_at_a_time(tmp_path: Path) -> None:
    at_once, most, lock = 0, 0, threading.Lock()

    def counted(prepared: Any, first: int, n: int, **options: Any) -> StandInChunk:
        nonlocal at_once, most
        with lock:
            at_once += 1
            most = max(most, at_once)
        time.sleep(0.01)
        with lock:
            at_once -= 1
        return play_chunk(prepared, first, n, **options)

    run_stand_in(tmp_path, chunk=1, threads=2, kernels=kernels_with(counted))
    assert most == 2


def test_the_scenario_is_frozen_without_what_does_not_belong_to_it(tmp_path: Path) -> None:
    run_stand_in(tmp_path)
    copied = {path.name for path in (tmp_path / "run" / "scenario").iterdir()}
    assert copied == {"scenario.yaml", "places.csv"}


def test_daily_recording_keeps_every_day(tmp_path: Path) -> None:
    run_stand_in(tmp_path, record_daily=True)
    assert open_run(tmp_path / "run").dataset.strength.sizes["day"] == 11


# --- what is refused, and leaves nothing behind


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"replicates": 0}, "replicates is 0; it must be between 1 and"),
        ({"replicates": 10**9}, "replicates is 1000000000"),
        ({"seed": -1}, "seed is -1; it must be between 0 and 4294967295"),
        ({"seed": 2**32}, "seed is 4294967296"),
        ({"days": 0}, "days is 0"),
        ({"threads": 0}, "threads is 0; it must be at least 1"),
        ({"chunk": 0}, "chunk is 0"),
        ({"interventions": Interventions.parse(hold=["atlantis=government"])}, "no area or place atlantis"),
    ],
)
def test_bad_input_leaves_no_folder(tmp_path: Path, options: dict[str, Any], said: str) -> None:
    with pytest.raises(RunRefused, match=said):
        run_stand_in(tmp_path, out=tmp_path / "deep" / "run", **options)
    assert not (tmp_path / "deep").exists()


def test_an_error_while_preparing_leaves_no_folder(tmp_path: Path) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise RunRefused("the elevation does not cover the places")

    with pytest.raises(RunRefused, match="elevation"):
        run_stand_in(tmp_path, out=tmp_path / "deep" / "run", kernels=Kernels(refuse, play_chunk))
    assert not (tmp_path / "deep").exists()


def test_a_folder_that_cannot_be_made_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stores.Store, "create", disk_full)
    with pytest.raises(StoreFailed, match=r"No space left on device\. Nothing of the run is left\."):
        run_stand_in(tmp_path, out=tmp_path / "deep" / "run")
    assert not (tmp_path / "deep").exists()


@pytest.mark.parametrize("resume", [False, True])
def test_a_file_in_the_way_of_the_folder_is_found_before_anything_is_played(tmp_path: Path, resume: bool) -> None:
    (tmp_path / "file").touch()

    def never(*_: Any, **__: Any) -> Any:
        pytest.fail("something was played")

    with pytest.raises(RunRefused, match=r"cannot be made, since .*file is a file: choose another --out"):
        run_stand_in(tmp_path, out=tmp_path / "file" / "deep" / "run", resume=resume, kernels=kernels_with(never))


@pytest.mark.parametrize("make", [Path.mkdir, Path.touch, lambda path: path.symlink_to("nowhere")])
def test_what_exists_is_not_overwritten(tmp_path: Path, make: Callable[[Path], None]) -> None:
    make(tmp_path / "run")
    with pytest.raises(RunRefused, match="exists already: choose another --out, or go on with that run by --resume"):
        run_stand_in(tmp_path)


def test_a_folder_that_is_no_run_is_not_resumed(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "thesis.txt").touch()
    with pytest.raises(RunRefused, match="not the folder of a run"):
        run_stand_in(tmp_path, resume=True)


# --- taking up a run


@pytest.mark.parametrize("prior", [lambda _: None, Path.mkdir])
def test_with_nothing_begun_it_begins(tmp_path: Path, whole: Path, prior: Callable[[Path], None]) -> None:
    prior(tmp_path / "run")
    run_stand_in(tmp_path, resume=True)
    assert_same_arrays(tmp_path / "run", whole)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"seed": 6}, r"begun with another seed \(5, now 6\)\."),
        ({"days": 9}, "another number of days"),
        ({"start": START.replace(day=14)}, "another start"),
        ({"replicates": 21}, "another number of replicates"),
        ({"chunk": 5}, r"another chunk \(4, now 5\)"),
        ({"record_daily": True}, "another record"),
        ({"interventions": Interventions.parse(policy=["government=hold"])}, "another interventions"),
        ({"seed": 6, "days": 9}, "another number of days .* and another seed"),
    ],
)
def test_another_run_is_not_taken_up(tmp_path: Path, whole: Path, options: dict[str, Any], said: str) -> None:
    with pytest.raises(RunRefused, match=said):
        run_stand_in(tmp_path, out=whole, resume=True, **options)


def test_another_scenario_is_not_taken_up(tmp_path: Path, whole: Path) -> None:
    for change, said in (({"fingerprint": "1" * 64}, "content of the scenario"), ({"name": "other"}, "another scenario")):
        with pytest.raises(RunRefused, match=said):
            run_stand_in(tmp_path, out=whole, resume=True, scenario=scenario_in(tmp_path / "other", **change))


def test_another_version_is_not_taken_up(tmp_path: Path, whole: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(whole, copy)
    manifest = manifests.read(copy)
    manifests.write(replace(manifest, plan=replace(manifest.plan, version="0.0.1")), copy)
    with pytest.raises(RunRefused, match="another version of keyterrain"):
        run_stand_in(tmp_path, out=copy, resume=True)


def test_a_finished_run_is_left_as_it_is(whole: Path, tmp_path: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in whole.rglob("*")}
    summary = run_stand_in(tmp_path, out=whole, resume=True, chunk=None)
    assert summary.n_played == 0
    assert summary.replicate_days_per_s is None
    assert {path: path.stat().st_mtime_ns for path in whole.rglob("*")} == before


def test_only_what_is_not_listed_is_played(tmp_path: Path, whole: Path) -> None:
    run_stand_in(tmp_path)
    manifests.write(manifests.read(tmp_path / "run").without([4, 16]), tmp_path / "run")
    firsts = []

    def noted(prepared: Any, first: int, n: int, **options: Any) -> StandInChunk:
        firsts.append(first)
        return play_chunk(prepared, first, n, **options)

    assert run_stand_in(tmp_path, resume=True, kernels=kernels_with(noted), threads=1).n_played == 8
    assert firsts == [4, 16]
    assert_same_arrays(tmp_path / "run", whole)


def damage(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[-1] ^= 0xFF
    path.write_bytes(content)


def test_a_lost_file_is_said_and_its_chunk_played_again(tmp_path: Path, whole: Path) -> None:
    run_stand_in(tmp_path)
    (tmp_path / "run" / "ensemble.zarr" / "wet" / "c.1.0").unlink()
    (tmp_path / "run" / "events" / "part-0000016.parquet").unlink()
    summary = run_stand_in(tmp_path, resume=True)
    assert summary.n_played == 8
    assert summary.notices == (
        "Replicates 4 to 7 are played again: ensemble.zarr/wet/c.1.0 is lost.",
        "Replicates 16 to 19 are played again: events/part-0000016.parquet is lost.",
    )
    assert_same_arrays(tmp_path / "run", whole)


@pytest.mark.parametrize("lost", ["ensemble.zarr", "events", "scenario", "ensemble.zarr/zarr.json", "ensemble.zarr/place"])
def test_lost_folders_are_made_again(tmp_path: Path, whole: Path, lost: str) -> None:
    run_stand_in(tmp_path)
    path = tmp_path / "run" / lost
    shutil.rmtree(path) if path.is_dir() else path.unlink()
    run_stand_in(tmp_path, resume=True)
    assert path.exists()
    assert_same_arrays(tmp_path / "run", whole)


@pytest.mark.parametrize("content", [damage, lambda path: path.write_bytes(b"not blosc")])
def test_damage_is_found_when_asked_for(tmp_path: Path, whole: Path, content: Callable[[Path], None]) -> None:
    run_stand_in(tmp_path, verify=True)
    content(tmp_path / "run" / "ensemble.zarr" / "draw" / "c.2.0")
    assert run_stand_in(tmp_path, resume=True).n_played == 0
    summary = run_stand_in(tmp_path, resume=True, verify=True)
    assert summary.n_played == 4
    assert "Replicates 8 to 11 are played again: they" in summary.notices[0].replace("their arrays", "they")
    assert_same_arrays(tmp_path / "run", whole)


def test_what_was_not_verified_is_played_again_to_verify(tmp_path: Path) -> None:
    run_stand_in(tmp_path)
    first = run_stand_in(tmp_path, resume=True, verify=True)
    assert first.n_played == 20
    assert "laws were not checked" in first.notices[0]
    assert run_stand_in(tmp_path, resume=True, verify=True).n_played == 0


# --- laws


def test_a_broken_law_ends_the_run_and_its_chunk_is_not_listed(tmp_path: Path) -> None:
    def leaky(prepared: Any, first: int, n: int, *, verify: bool, **options: Any) -> StandInChunk:
        chunk = play_chunk(prepared, first, n, verify=verify, **options)
        breaches = ["Replicate 9, day 3: 12 people are missing."] if verify and first == 8 else []
        return replace(chunk, breaches=breaches)

    with pytest.raises(LawBroken, match="Replicates 8 to 11 break a law: Replicate 9, day 3: 12 people are missing"):
        run_stand_in(tmp_path, verify=True, kernels=kernels_with(leaky), threads=1)
    assert [chunk.first for chunk in manifests.read(tmp_path / "run").done] == [0, 4]
    assert run_stand_in(tmp_path, resume=True, kernels=kernels_with(leaky)).n_played == 12


# --- surroundings that fail


def disk_full(*_: Any, **__: Any) -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


@pytest.mark.parametrize("threads", [1, 2])
def test_a_full_disk_keeps_what_is_finished(tmp_path: Path, whole: Path, monkeypatch: pytest.MonkeyPatch, threads: int) -> None:
    write_beside = stores._write_beside

    def full_later(path: Path, content: bytes) -> None:
        if "part-0000012" in path.name:
            disk_full()
        write_beside(path, content)

    monkeypatch.setattr(stores, "_write_beside", full_later)
    with pytest.raises(StoreFailed, match=r"No space left on device.*finished and kept.*--resume") as failed:
        run_stand_in(tmp_path, threads=threads)
    assert failed.value.errno == errno.ENOSPC
    listed = [chunk.first for chunk in manifests.read(tmp_path / "run").done]
    assert listed[:3] == [0, 4, 8]
    assert 12 not in listed
    monkeypatch.undo()
    assert run_stand_in(tmp_path, resume=True).n_played == 20 - 4 * len(listed)
    assert_same_arrays(tmp_path / "run", whole)


@pytest.fixture
def tiny_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of about a MB, where this user may make one."""
    folder = tmp_path / "disk"
    folder.mkdir()
    made = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1200k", "none", str(folder)], capture_output=True, check=False)
    if made.returncode != 0:
        pytest.skip("may not mount a file system")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_a_disk_that_is_really_full_keeps_what_is_finished(tiny_disk: Path) -> None:
    with pytest.raises(StoreFailed, match="No space left on device"):
        run_stand_in(tiny_disk, replicates=400, chunk=2)
    manifest = manifests.read(tiny_disk / "run")
    assert 0 < manifest.n_done < 400
    assert arrays_of(tiny_disk / "run")["control"].shape[0] == manifest.n_done
    assert len(list((tiny_disk / "run" / "events").iterdir())) == len(manifest.done)


@pytest.mark.parametrize("how", ["removed", "replaced"])
def test_a_store_lost_under_way_is_said(tmp_path: Path, how: str) -> None:
    folder = tmp_path / "run"

    def lose(prepared: Any, first: int, n: int, **options: Any) -> StandInChunk:
        if first == 8:
            folder.rename(tmp_path / "elsewhere")
            if how == "replaced":
                shutil.copytree(tmp_path / "elsewhere", folder)
        return play_chunk(prepared, first, n, **options)

    with pytest.raises(StoreFailed, match="run"):
        run_stand_in(tmp_path, kernels=kernels_with(lose), threads=1)
    assert [chunk.first for chunk in manifests.read(tmp_path / "elsewhere").done] == [0, 4]


def test_a_chunk_lost_after_it_was_listed_is_said_at_the_end(tmp_path: Path) -> None:
    def lose(prepared: Any, first: int, n: int, **options: Any) -> StandInChunk:
        if first == 8:
            (tmp_path / "run" / "ensemble.zarr" / "control" / "c.0.0.0").unlink()
        return play_chunk(prepared, first, n, **options)

    with pytest.raises(StoreFailed, match="a finished part of the store is lost"):
        run_stand_in(tmp_path, kernels=kernels_with(lose), threads=1)
    assert run_stand_in(tmp_path, resume=True).n_played == 4


def test_a_fault_of_a_kernel_is_passed_on_and_the_rest_kept(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError):
        run_stand_in(tmp_path, kernels=kernels_with(FailsAt(9, ZeroDivisionError())), threads=1)
    assert [chunk.first for chunk in manifests.read(tmp_path / "run").done] == [0, 4]


def test_an_interrupt_keeps_what_is_finished_and_what_is_under_way(tmp_path: Path, whole: Path) -> None:
    def interrupted(prepared: Any, first: int, n: int, **options: Any) -> StandInChunk:
        if first == 8:
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(0.2)
        return play_chunk(prepared, first, n, **options)

    with pytest.raises(RunInterrupted, match=r"Stopped\. 12 of 20 replicates are finished and kept"):
        run_stand_in(tmp_path, kernels=kernels_with(interrupted), threads=1)
    assert run_stand_in(tmp_path, resume=True).n_played == 8
    assert_same_arrays(tmp_path / "run", whole)


KILLED = """
import sys
from pathlib import Path
sys.path[:0] = sys.argv[2:]
from stand_in_campaign import run_stand_in, slow_kernels
run_stand_in(Path(sys.argv[1]), kernels=slow_kernels(0.05), threads=2)
"""


@pytest.mark.parametrize("threads", [1, 2])
def test_a_killed_run_is_taken_up_and_ends_in_the_same_arrays(tmp_path: Path, whole: Path, threads: int) -> None:
    command = [sys.executable, "-c", KILLED, str(tmp_path), str(ROOT / "tests"), str(ROOT / "src")]
    with subprocess.Popen(command) as process:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and not n_listed(tmp_path / "run"):
            time.sleep(0.01)
        process.kill()
    n_done = n_listed(tmp_path / "run")
    assert 0 < n_done < 20
    summary = run_stand_in(tmp_path, resume=True, threads=threads)
    assert summary.n_played == 20 - n_done
    assert_same_arrays(tmp_path / "run", whole)
    assert [path for path in (tmp_path / "run").rglob("*") if path.name.endswith(".new")] == []


def n_listed(folder: Path) -> int:
    try:
        return manifests.read(folder).n_done
    except RunRefused:
        return 0


# --- opening a run


def test_an_opened_run_has_all_its_parts(whole: Path) -> None:
    run = open_run(whole)
    assert run.manifest.plan.seed == 5
    assert run.dataset.sizes["replicate"] == 20
    assert run.events.groupby("replicate").size().tolist() == [2] * 20
    assert run.events_table().num_rows == 40


def test_an_unfinished_run_is_opened_when_asked_for(tmp_path: Path, whole: Path) -> None:
    shutil.copytree(whole, tmp_path / "run")
    manifests.write(manifests.read(whole).without([4]), tmp_path / "run")
    with pytest.raises(RunRefused, match=r"is not finished \(16 of 20 replicates\): go on with --resume"):
        open_run(tmp_path / "run")
    run = open_run(tmp_path / "run", partial=True)
    assert run.dataset.replicate.values.tolist() == [*range(4), *range(8, 20)]
    assert set(run.events.replicate) == {*range(4), *range(8, 20)}


def test_what_is_no_run_is_not_opened(tmp_path: Path, whole: Path) -> None:
    with pytest.raises(RunRefused, match="not the folder of a run"):
        open_run(tmp_path)
    shutil.copytree(whole, tmp_path / "run")
    manifests.write(manifests.read(whole).without([0, 4, 8, 12, 16]), tmp_path / "run")
    with pytest.raises(RunRefused, match="0 of 20"):
        open_run(tmp_path / "run", partial=True)
    shutil.rmtree(tmp_path / "run" / "ensemble.zarr")
    manifests.write(manifests.read(whole), tmp_path / "run")
    with pytest.raises(RunRefused, match="is lost or cannot be read"):
        _ = open_run(tmp_path / "run").dataset


def test_the_stand_ins_are_what_the_ensemble_expects() -> None:
    prepared = prepare(None, start=START, days=3, seed=1, interventions=None)
    assert KERNELS.play_chunk(prepared, 0, 2, record_daily=False, verify=False).arrays.keys() == {v.name for v in VARIABLES}
    assert slow_kernels(0).prepare is prepare
