"""The scenario's folder as bytes, read with suspicion: nothing outside it, nothing that is no plain file, nothing huge."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from keyterrain.theatre.faults import Fault, nearest

LARGEST_FILE_BYTES = 200_000_000
LARGEST_SETTINGS_BYTES = 2_000_000
_LEADS_OUT = "a symbolic link leads out of the scenario's folder"
_CHECKED_SUFFIXES = (".csv", ".yaml", ".yml", ".tif", ".tiff")


@dataclass(frozen=True, slots=True)
class FolderFile:
    """A file of the scenario: its name within the folder, its path, and its bytes."""

    name: str
    path: Path
    content: bytes


@dataclass(frozen=True, slots=True)
class FolderContents:
    """What could be read of a folder, and what is wrong with the rest."""

    files: Mapping[str, FolderFile]
    faults: tuple[Fault, ...]


def blocked_by(path: Path) -> Path | None:
    """Return what stands in the way of making a path: the nearest thing above it that is there and is no folder."""
    above = next((each for each in Path(path).absolute().parents if each.exists() or each.is_symlink()), None)
    return None if above is None or above.is_dir() else above


def read_folder(root: Path, required: tuple[str, ...], optional: tuple[str, ...]) -> FolderContents:
    """Read the named files of a folder and report strangers among them.

    Parameters
    ----------
    root
        The scenario's folder; it may itself be a symbolic link.
    required, optional
        Names of files relative to `root`, with forward slashes.
    """
    resolved_root = Path(os.path.realpath(root))
    files: dict[str, FolderFile] = {}
    faults = list(_strangers(resolved_root, required + optional))
    for name in required + optional:
        fault = _fault_of(resolved_root, name)
        if fault is None:
            read = _read_file(resolved_root, name)
            if isinstance(read, Fault):
                faults.append(read)
            else:
                files[name] = read
        elif name in required or os.path.lexists(resolved_root / name):
            faults.append(fault)
    return FolderContents(files, tuple(faults))


def _read_file(root: Path, name: str) -> FolderFile | Fault:
    path = root / name
    try:
        return FolderFile(name, path, path.read_bytes())
    except OSError as error:
        return Fault(name, None, None, f"cannot be read: {error.strerror}")


def _fault_of(root: Path, name: str) -> Fault | None:
    path = root / name
    if not os.path.lexists(path):
        return Fault(name, None, None, "the file is missing")
    if _leads_out(path, root):
        return Fault(name, None, None, _LEADS_OUT)
    try:
        what = _unfit(path.stat(), LARGEST_SETTINGS_BYTES if name.endswith(".yaml") else LARGEST_FILE_BYTES)
    except OSError:
        what = "a symbolic link leads nowhere"
    return Fault(name, None, None, what) if what else None


def _unfit(status: os.stat_result, largest_bytes: int) -> str | None:
    if stat.S_ISDIR(status.st_mode):
        return "is a directory where a file should be"
    if not stat.S_ISREG(status.st_mode):
        return "is no plain file"
    return f"is larger than {largest_bytes // 1_000_000} MB" if status.st_size > largest_bytes else None


def _leads_out(path: Path, root: Path) -> bool:
    real = Path(os.path.realpath(path))
    return not real.is_relative_to(root)


def _entries(folder: Path) -> list[str]:
    try:
        return sorted(entry.name for entry in folder.iterdir())
    except OSError:
        return []


def _strangers(root: Path, known: tuple[str, ...]) -> Iterator[Fault]:
    folders = {"", *(name.rpartition("/")[0] for name in known)}
    for folder in sorted(folders):
        parent = root / folder
        if not parent.is_dir() or _leads_out(parent, root):
            continue
        for entry in _entries(parent):
            name = f"{folder}/{entry}" if folder else entry
            if name in known or name in folders:
                continue
            if _leads_out(parent / entry, root):
                yield Fault(name, None, None, _LEADS_OUT)
            elif entry.lower().endswith(_CHECKED_SUFFIXES) and not entry.startswith("."):
                yield Fault(name, None, None, "no file of this name belongs to a scenario", nearest(name, known))
