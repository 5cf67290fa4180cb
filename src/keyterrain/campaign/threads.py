"""Threads of this process as a crew: kernels release the interpreter's lock."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from itertools import islice
from typing import TypeVar

from keyterrain.campaign.crew import Done, name_here

Task = TypeVar("Task")
Result = TypeVar("Result")


@dataclass(frozen=True)
class Threads:
    """So many threads of this process."""

    size: int
    is_elsewhere: bool = False

    def each(self, work: Callable[[Task], Result], tasks: Iterable[Task]) -> Iterator[Done[Result]]:
        """Yield results as they finish; when a task fails, those under way are finished first."""
        waiting, name = iter(tasks), name_here()
        with ThreadPoolExecutor(max_workers=self.size, thread_name_prefix="keyterrain") as pool:
            under_way: set[Future[Result]] = set()
            failure: BaseException | None = None
            while True:
                try:
                    if failure is None:
                        for task in islice(waiting, self.size - len(under_way)):
                            under_way.add(pool.submit(work, task))
                    if not under_way:
                        break
                    finished, under_way = wait(under_way, return_when=FIRST_COMPLETED)
                except KeyboardInterrupt as interrupt:
                    if failure is not None:
                        raise
                    failure = interrupt
                    continue
                for future in finished:
                    if (error := future.exception()) is None:
                        yield Done(future.result(), name)
                    else:
                        failure = failure or error
            if failure is not None:
                raise failure

    def __call__(self, work: Callable[[Task], Result], tasks: Iterable[Task]) -> Iterator[Result]:
        """Yield results alone, for those who do not ask who brought them."""
        return (done.result for done in self.each(work, tasks))


def n_cores() -> int:
    """Return the cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
