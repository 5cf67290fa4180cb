"""The folder of a run: made whole or not at all, taken up again only for the same run, and looked over for what is lost."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from secrets import token_hex
from typing import TYPE_CHECKING

from keyterrain.campaign import manifest as manifests
from keyterrain.campaign.chunks import Prepared
from keyterrain.campaign.errors import ClusterFailed, RunInterrupted, RunRefused, StoreFailed
from keyterrain.campaign.manifest import DoneChunk, Manifest, Plan
from keyterrain.campaign.store import Store
from keyterrain.theatre.folder import blocked_by
from keyterrain.theatre.schema import OPTIONAL_FILES, REQUIRED_FILES

if TYPE_CHECKING:
    from keyterrain.theatre.scenario import Scenario

SCENARIO_COPY = "scenario"


def begun_before(folder: Path, *, resume: bool) -> Manifest | None:
    """Return the manifest of the run to take up, None where nothing is begun.

    Raises
    ------
    RunRefused
        There is something, and it is not to be resumed or not a run; or a file stands where a folder above it would be.
    """
    if (blocking := blocked_by(folder)) is not None:
        raise RunRefused(f"{folder} cannot be made, since {blocking} is a file: choose another --out.")
    if not (folder.exists() or folder.is_symlink()):
        return None
    if not resume:
        raise RunRefused(f"{folder} exists already: choose another --out, or go on with that run by --resume.")
    if folder.is_dir() and not any(folder.iterdir()):
        return None
    return manifests.read(folder)


def refuse_another_run(folder: Path, begun: Manifest, plan: Plan, chunk: int | None) -> None:
    """Refuse to go on with a run that was asked for otherwise, and name what differs."""
    differing = begun.plan.differences(plan)
    if chunk is not None and chunk != begun.chunk:
        differing.append(f"another chunk ({begun.chunk}, now {chunk})")
    if differing:
        raise RunRefused(f"{folder} cannot be resumed: it was begun with {' and '.join(differing)}.")


def create_folder(store: Store, manifest: Manifest, prepared: Prepared, scenario: Scenario) -> None:
    """Build the folder of a run beside its place and bring it there whole, or leave nothing."""
    folder = store.folder.absolute()
    made = [parent for parent in folder.parents if not parent.exists()]
    building = folder.with_name(f".{folder.name}.{token_hex(4)}.new")
    try:
        building.mkdir(parents=True)
        replace(store, folder=building).create(prepared.coordinates, manifest.plan.start)
        _copy_scenario(scenario, building)
        manifests.write(manifest, building)
        building.rename(folder)
    except BaseException:
        shutil.rmtree(building, ignore_errors=True)
        for parent in made:
            _remove_if_empty(parent)
        raise


def _remove_if_empty(folder: Path) -> None:
    with suppress(OSError):
        folder.rmdir()


def mend_folder(store: Store, prepared: Prepared, scenario: Scenario, plan: Plan) -> None:
    """Put back what a resumed run lacks beside its chunks (metadata, coordinates, the copy of the scenario); remove leftovers."""
    store.take_token_away()
    store.create(prepared.coordinates, plan.start)
    if not (store.folder / SCENARIO_COPY).is_dir():
        _copy_scenario(scenario, store.folder)


def _copy_scenario(scenario: Scenario, folder: Path) -> None:
    """Copy the files that belong to a scenario, and nothing else that lies beside them."""
    for name in (*REQUIRED_FILES, *OPTIONAL_FILES):
        if (original := scenario.path / name).is_file():
            copy = folder / SCENARIO_COPY / name
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(original, copy)


def unsound(store: Store, manifest: Manifest, *, verify: bool) -> dict[int, str]:
    """Return why listed chunks must be played again, by their first replicates; with `verify` their content is read."""
    reasons = {}
    for chunk in manifest.done:
        if reason := _fault_of(store, chunk, verified=chunk.first in manifest.verified, verify=verify):
            reasons[chunk.first] = f"Replicates {chunk.first} to {chunk.stop - 1} are played again: {reason}."
    return reasons


def _fault_of(store: Store, chunk: DoneChunk, *, verified: bool, verify: bool) -> str:
    if lost := store.lost_files(chunk.first):
        return f"{lost[0]} is lost" + (f" with {len(lost) - 1} more files" if len(lost) > 1 else "")
    if not verify:
        return ""
    if not verified:
        return "their laws were not checked when they were played"
    try:
        store.read_events(chunk.first)
        return "" if store.digest(chunk.first, chunk.stop) == chunk.digest else "their arrays do not match their digest"
    except (OSError, ValueError, RuntimeError) as error:
        return f"they cannot be read ({error})"


@contextmanager
def said(folder: Path, replicates: int) -> Iterator[None]:
    """Turn failures of the disk, the cluster and the keyboard into one sentence that says what is kept."""
    try:
        yield
    except StoreFailed:
        raise
    except ClusterFailed as error:
        raise ClusterFailed(f"{error} {_kept(folder, replicates)}") from error
    except OSError as error:
        raise StoreFailed(error.errno, f"{_failure(error, folder)} {_kept(folder, replicates)}") from error
    except KeyboardInterrupt as interrupt:
        raise RunInterrupted(f"Stopped. {_kept(folder, replicates)}") from interrupt


def _failure(error: OSError, folder: Path) -> str:
    reason = error.strerror or str(error)
    return f"{error.filename or folder} could not be written or read: {reason}."


def _kept(folder: Path, replicates: int) -> str:
    """Say what is left of a run that ended early."""
    try:
        n_done = manifests.read(folder).n_done
    except (RunRefused, OSError):
        return "Nothing of the run is left."
    return f"{n_done} of {replicates} replicates are finished and kept in {folder}; go on with --resume."
