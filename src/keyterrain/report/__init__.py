"""The pictures and files: figures, tables, the self-contained report, and exports."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from keyterrain.report.export import write_export
    from keyterrain.report.page import write_report

__all__ = ["write_export", "write_report"]

_HOMES = {"write_export": "keyterrain.report.export", "write_report": "keyterrain.report.page"}


def __getattr__(name: str) -> object:
    """Import a public verb on first use, so that naming this layer costs nothing."""
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(home), name)
