"""What the bytes of a run follow from beside its plan: the code that plays it and the libraries under it.

Two processes whose builds are equal, on processors of one kind, play a replicate to the same bytes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import asdict
from functools import cache
from importlib.metadata import version
from pathlib import Path

from keyterrain.campaign.manifest import Environment
from keyterrain.version import __version__

Build = Mapping[str, str]

PACKAGE = Path(__file__).parents[1]
LAYERS = ("geo", "theatre", "dynamics", "campaign", "analysis")
"""Whatever a worker may be asked to do: what plays, and what measures where it was played."""
LIBRARIES = ("numcodecs", "pyarrow")
"""Libraries that write chunks, beside those that an `Environment` names."""


@cache
def build_here() -> Build:
    """Return what the results of this process follow from, as first asked: code on disk may change, loaded code does not."""
    libraries = {name: version(name) for name in LIBRARIES}
    return {"keyterrain": __version__, "sources": _fingerprint(), **asdict(Environment.here()), **libraries}


def differences(found: Build, wanted: Build) -> list[str]:
    """Name what a build has otherwise, each with both values."""
    return [
        f"{'sources of keyterrain' if name == 'sources' else name} {found.get(name, 'missing')} (here {value})"
        for name, value in wanted.items()
        if found.get(name) != value
    ]


def _fingerprint() -> str:
    """Return a short hash of all code and tables of the layers that play and measure; kernels are among them."""
    digest = hashlib.sha256()
    for path in sorted(file for layer in LAYERS for file in (PACKAGE / layer).rglob("*") if file.suffix in {".py", ".csv"}):
        digest.update(f"{path.relative_to(PACKAGE).as_posix()}\0{path.stat().st_size}\0".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]
