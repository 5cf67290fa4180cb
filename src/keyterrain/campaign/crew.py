"""A crew: those who do a run's work, be they threads of this process or workers of a cluster.

A crew is given a function and tasks and yields each result with the name of who did it, in the order in which they finish. What
comes out may not depend on who did it; functions, tasks and results can all be sent to another process. One has a crew by
`muster.py`.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Iterable, Iterator
from typing import Generic, NamedTuple, Protocol, TypeVar

Task = TypeVar("Task")
Result = TypeVar("Result")


class Done(NamedTuple, Generic[Result]):
    """A result, and the name of who brought it."""

    result: Result
    worker: str


class Crew(Protocol):
    """Does work, somewhere."""

    @property
    def size(self) -> int:
        """How many tasks are done at the same time."""

    @property
    def is_elsewhere(self) -> bool:
        """Whether tasks leave this process."""

    def each(self, work: Callable[[Task], Result], tasks: Iterable[Task]) -> Iterator[Done[Result]]:
        """Yield the result of every task as it comes; few tasks are drawn ahead, and few results wait in memory.

        Whatever ends the loop (a failure, an interrupt), results that are there are yielded before it is raised.
        """

    def __call__(self, work: Callable[[Task], Result], tasks: Iterable[Task]) -> Iterator[Result]:
        """Yield results alone, for those who do not ask who brought them."""


def name_here() -> str:
    """Return the name of this process among all that may take part: its machine and its number there."""
    return f"{socket.gethostname()}/{os.getpid()}"
