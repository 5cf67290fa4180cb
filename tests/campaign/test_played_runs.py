"""Runs with the real kernels on a small theatre: the same arrays whatever the threads, chunks and interruptions, laws kept."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from keyterrain.campaign import manifest as manifests
from keyterrain.campaign.ensemble import open_run, run
from keyterrain.campaign.errors import RunRefused
from keyterrain.campaign.play import play_chunk, state_of_thread
from keyterrain.campaign.prepare import prepare
from keyterrain.campaign.record import VARIABLES, dimensions, order_in_memory
from keyterrain.campaign.sheets import Sheets
from keyterrain.theatre import load
from scenarios import write_small_scenario

if TYPE_CHECKING:
    from keyterrain.campaign.ensemble import RunSummary

pytestmark = pytest.mark.slow

REPLICATES, DAYS, SEED = 24, 30, 7
COMMAND_LINE = "import sys; from keyterrain.cli.main import main; sys.exit(main())"


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sound scenario."""
    return write_small_scenario(tmp_path_factory.mktemp("source") / "small")


@pytest.fixture(scope="module")
def undisturbed(source: Path, tmp_path_factory: pytest.TempPathFactory) -> RunSummary:
    """A run that nothing disturbed."""
    return play(source, tmp_path_factory.mktemp("undisturbed") / "run", threads=1)


def play(source: Path, out: Path, **options: Any) -> RunSummary:
    settings: dict[str, Any] = {"replicates": REPLICATES, "days": DAYS, "seed": SEED, "chunk": 5}
    return run(load(source), out=out, **(settings | options))


@pytest.mark.parametrize(("threads", "chunk"), [(2, 5), (2, 7), (1, 24), (2, 1)])
def test_threads_and_chunks_change_nothing(
    source: Path, tmp_path: Path, undisturbed: RunSummary, threads: int, chunk: int
) -> None:
    assert play(source, tmp_path / "run", threads=threads, chunk=chunk).digest == undisturbed.digest
    assert open_run(tmp_path / "run").events.equals(open_run(undisturbed.out).events)


def test_a_killed_run_ends_in_the_same_arrays(source: Path, tmp_path: Path, undisturbed: RunSummary) -> None:
    out = tmp_path / "run"
    options = f"--replicates {REPLICATES} --days {DAYS} --seed {SEED} --chunk 1 --threads 1".split()
    with subprocess.Popen([sys.executable, "-c", COMMAND_LINE, "run", str(source), "--out", str(out), *options]) as process:
        deadline = time.monotonic() + 300
        while time.monotonic() < deadline and process.poll() is None and not n_done(out):
            time.sleep(0.001)
        process.kill()
    before = n_done(out)
    assert before < REPLICATES
    resumed = play(source, out, chunk=None, resume=True)
    assert resumed.n_played == REPLICATES - before
    assert resumed.digest == undisturbed.digest


def n_done(folder: Path) -> int:
    try:
        return manifests.read(folder).n_done
    except RunRefused:
        return 0


def test_another_seed_is_another_campaign(source: Path, tmp_path: Path, undisturbed: RunSummary) -> None:
    assert play(source, tmp_path / "run", seed=SEED + 1).digest != undisturbed.digest


def test_arrays_lie_as_the_store_takes_them(source: Path) -> None:
    arrays = play_chunk(prepare(load(source), days=8), 0, 2).arrays
    for variable in VARIABLES:
        order = order_in_memory(dimensions(variable, record_daily=False))
        assert arrays[variable.name].transpose(order).flags.c_contiguous, variable.name


def test_laws_are_kept_and_the_digest_is_that_of_the_stored_arrays(source: Path, tmp_path: Path) -> None:
    play(source, tmp_path / "run", verify=True)
    assert play(source, tmp_path / "run", verify=True, resume=True).n_played == 0


def test_no_value_is_left_as_the_store_was_created(undisturbed: RunSummary) -> None:
    dataset = open_run(undisturbed.out).dataset
    assert {variable.name for variable in VARIABLES} == set(dataset.data_vars)
    assert int(dataset.control.min()) >= -1
    assert int(dataset.control.max()) < dataset.sizes["side"]
    assert int(dataset.corridor_secure.max()) <= 100
    assert not bool(dataset.draw.isnull().any())


def test_people_are_conserved_in_what_is_stored(source: Path, tmp_path: Path) -> None:
    play(source, tmp_path / "run", record_daily=True)
    dataset = open_run(tmp_path / "run").dataset
    people = dataset.n_residents.sum("place") + dataset.n_displaced.sum("host")
    assert bool((people == people.isel(day=0)).all())


def test_fighters_are_conserved_in_what_is_stored(source: Path, tmp_path: Path) -> None:
    play(source, tmp_path / "run", record_daily=True)
    data = open_run(tmp_path / "run").dataset
    present = data.strength.sum("place") + data.in_transit
    fighters = present + data.cum_loss.sum("loss_kind") - data.cum_returned - data.cum_reinforcement
    assert bool((fighters == fighters.isel(day=0)).all())


def test_what_an_earlier_chunk_left_behind_is_never_seen(source: Path) -> None:
    prepared = prepare(load(source), days=150, seed=SEED)  # long enough for people to go home
    first = play_chunk(prepared, 0, 3)
    clean = {name: array.copy() for name, array in first.arrays.items()}
    for array in first.arrays.values():
        array[...] = 77
    first.release()
    state = state_of_thread(prepared.world.room)
    for name in state.dtype.names or ():
        if name not in {"count", "stamp", "done"}:  # these carry the number of the last search
            state[name] = 77
    again = play_chunk(prepared, 0, 3)
    assert again.arrays["control"] is first.arrays["control"]
    assert all(np.array_equal(again.arrays[name], values) for name, values in clean.items())
    assert again.events.equals(first.events)


def test_every_variable_but_the_draws_has_a_sheet() -> None:
    assert {variable.name for variable in VARIABLES} == {*Sheets._fields, "draw"}


def test_arrays_cannot_be_released_twice(source: Path) -> None:
    chunk = play_chunk(prepare(load(source), days=2), 0, 1)
    chunk.release()
    with pytest.raises(ValueError, match="released twice"):
        chunk.release()
