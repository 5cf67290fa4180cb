"""The pictures: figures, tables and the self-contained report."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from keyterrain.report.page import write_report

__all__ = ["write_report"]


def __getattr__(name: str) -> object:
    """Import the public verb on first use, so that naming this layer costs nothing."""
    if name != "write_report":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from keyterrain.report.page import write_report

    return write_report
