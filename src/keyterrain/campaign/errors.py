"""How a run can end other than well: by what was asked for, by its surroundings, by a broken law, or by the reader's wish."""

from __future__ import annotations


class RunRefused(ValueError):
    """What was asked for cannot be done; the message says what, and where it helps the nearest thing that can."""


class StoreFailed(OSError):
    """The disk is full, or the store is lost or cannot be written; what was finished before is kept."""

    def __str__(self) -> str:
        return str(self.strerror or super().__str__())


class ClusterFailed(OSError):
    """A scheduler or its workers do not answer, are lost, or would compute otherwise; what was finished before is kept."""


class ListOverrun(RuntimeError):
    """A replicate had more events, orders or groups under way than there is room for; nothing is cut short in silence."""


class LawBroken(RuntimeError):
    """A replicate lost or created people or fighters, or broke another law that `verify` checks day by day."""


class RunInterrupted(KeyboardInterrupt):
    """The run was stopped on request; what was finished before is kept."""
