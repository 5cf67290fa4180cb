"""Progress on stderr: one line that changes on a terminal, a few lines elsewhere."""

from __future__ import annotations

import sys
from contextlib import suppress
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from keyterrain.campaign.ensemble import Progress

N_LINES = 4


class Line:
    """A line on stderr that changes on a terminal; a reader who is gone stops nothing."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self.stream = stream or sys.stderr
        self.is_terminal = self.stream.isatty()
        self.width = 0

    def close(self) -> None:
        """End the line that changes."""
        if self.width:
            self._write("\n")
            self.width = 0

    def _rewrite(self, text: str) -> None:
        self._write(f"\r{text.ljust(self.width)}")
        self.width = len(text)

    def _write_line(self, text: str) -> None:
        self.close()
        self._write(f"{text}\n")

    def _write(self, text: str) -> None:
        with suppress(OSError, ValueError):
            self.stream.write(text)
            self.stream.flush()


class ProgressLine(Line):
    """Says how far a run is."""

    def __init__(self, stream: TextIO | None = None) -> None:
        super().__init__(stream)
        self.n_said = 0

    def __call__(self, progress: Progress) -> None:
        """Say how far a run is, and what is out of the ordinary."""
        if progress.notice:
            self._write_line(progress.notice)
        elif self.is_terminal:
            self._rewrite(_how_far(progress))
        elif progress.n_done * N_LINES // progress.replicates > self.n_said:
            self.n_said = progress.n_done * N_LINES // progress.replicates
            self._write_line(_how_far(progress))


class CountLine(Line):
    """Says how much of something is done, for work that comes in several portions."""

    def __init__(self, what: str, stream: TextIO | None = None) -> None:
        super().__init__(stream)
        self.what = what

    def __call__(self, n_done: int, n_all: int) -> None:
        """Say how much of the present portion is done; elsewhere than on a terminal, only when it is."""
        if self.is_terminal:
            self._rewrite(f"{n_done} of {n_all} {self.what}")
        elif n_done == n_all:
            self._write_line(f"{n_all} {self.what} played")

    def say(self, text: str) -> None:
        """Say something on a line of its own."""
        self._write_line(text)


class StageLine(Line):
    """Says which stage work has reached."""

    def __call__(self, stage: str) -> None:
        """Say what is done; elsewhere than on a terminal, a line each."""
        if self.is_terminal:
            self._rewrite(stage)
        else:
            self._write_line(stage)


def _how_far(progress: Progress) -> str:
    said = f"{progress.n_done} of {progress.replicates} replicates, {progress.seconds:.0f} s"
    if progress.seconds_to_go and progress.n_done < progress.replicates:
        said += f", about {progress.seconds_to_go:.0f} s to go"
    return said
