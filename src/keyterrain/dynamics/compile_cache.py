"""A home for compiled kernels that is never stale: a folder named by everything that the machine code follows from.

numba keeps compiled functions beside their source, and looks again only at the file of the outer function: after an edit of a
helper in another file it would go on running the old code. Here the folder's name holds a hash of all sources that kernels are
made of, so that an edit of any of them leads to an empty folder.

This module imports no numba until it is asked to, and nothing of the package, so that whoever needs kernels can call it first.
"""

from __future__ import annotations

import atexit
import hashlib
import os
import platform
import re
import shutil
import sys
import tempfile
from functools import cache
from importlib.metadata import version
from pathlib import Path

PACKAGE = Path(__file__).parents[1]
KERNEL_FOLDERS = ("dynamics", "campaign")
KERNEL_MARK = re.compile(r"^@(\w+\.)?(kernel|bare_kernel|inlined|n?jit)\b", flags=re.MULTILINE)
"""A file of these folders with this mark holds kernels; it and all it imports of the package count as sources."""
MODULE = re.compile(rf"\b{PACKAGE.name}(?:\.\w+)+")
FROM_IMPORT = re.compile(rf"^[ \t]*from[ \t]+({PACKAGE.name}[\w.]*)[ \t]+import[ \t]+(\([^)]*\)|[^\n]*)", flags=re.MULTILINE)
NAME = re.compile(r"[^\W\d]\w*")
TABLES = ("theatre/parameters.csv",)
"""Tables whose numbers may be compiled in."""
FOLDERS_KEPT = 4
"""Folders of other sources or versions that stay, for those who go back and forth between branches."""


@cache
def activate() -> Path:
    """Let numba keep compiled kernels in a folder of their own; call it before any kernel is imported.

    Where the user's cache cannot be written, a temporary folder serves until the process ends.

    Returns
    -------
    The folder.
    """
    import numba

    folder = _lasting(f"kernels-{fingerprint()}") or _temporary()
    numba.config.CACHE_DIR = str(folder)  # type: ignore[attr-defined]
    return folder


def fingerprint() -> str:
    """Return a short hash of the kernels' sources and of the versions that compile them."""
    digest = hashlib.sha256()
    for path in sorted(_sources()):
        digest.update(f"{path.relative_to(PACKAGE).as_posix()}\0{path.stat().st_size}\0".encode())
        digest.update(path.read_bytes())
    versions = (version("numba"), version("numpy"), platform.python_version(), sys.implementation.cache_tag, platform.machine())
    digest.update("\0".join(versions).encode())
    return digest.hexdigest()[:16]


def cache_root() -> Path:
    """Return the folder that all of the package's compiled kernels live in: the user's cache, or as `NUMBA_CACHE_DIR` says."""
    if chosen := os.environ.get("NUMBA_CACHE_DIR"):
        return Path(chosen) / "keyterrain"
    if os.name == "nt":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local") / "keyterrain" / "Cache"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "keyterrain"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "keyterrain"


def _sources() -> set[Path]:
    """Return every file that compiled code may follow from: those with kernels, what they import, and tables."""
    found: set[Path] = {PACKAGE / name for name in TABLES if (PACKAGE / name).is_file()}
    waiting = [path for folder in KERNEL_FOLDERS for path in (PACKAGE / folder).rglob("*.py") if _has_kernels(path)]
    while waiting:
        path = waiting.pop()
        if path not in found:
            found.add(path)
            waiting += _imported_files(path)
    return found


def _has_kernels(path: Path) -> bool:
    return KERNEL_MARK.search(path.read_text(encoding="utf-8")) is not None


def _imported_files(path: Path) -> list[Path]:
    """Return the files of the package that a file names, in imports wherever they stand, or else.

    Names are found as text: parsing the files would take a tenth of a run's start.
    """
    text = path.read_text(encoding="utf-8")
    modules = set(MODULE.findall(text))
    modules |= {f"{module}.{name}" for module, names in FROM_IMPORT.findall(text) for name in NAME.findall(names)}
    inside = [module.split(".")[1:] for module in sorted(modules)]
    return [file for parts in inside if (file := PACKAGE.joinpath(*parts).with_suffix(".py")).is_file()]


def _lasting(name: str) -> Path | None:
    """Make a folder in the user's cache, mark it as used now and try to write in it; None where that fails."""
    try:
        folder = cache_root() / name
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            os.utime(folder)
    except (OSError, RuntimeError):
        return None
    _prune(folder)
    return folder


def _prune(current: Path) -> None:
    """Remove all but the folders that were used last."""
    others = [path for path in current.parent.glob("kernels-*") if path != current]
    for folder in sorted(others, key=_last_used, reverse=True)[FOLDERS_KEPT:]:
        shutil.rmtree(folder, ignore_errors=True)


def _last_used(folder: Path) -> float:
    try:
        return folder.stat().st_mtime
    except OSError:
        return 0.0


def _temporary() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="keyterrain-kernels-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder
