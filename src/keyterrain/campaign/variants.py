"""Variants of a campaign played in memory: the same replicates on the same luck, looked at as they come and then let go.

Luck hangs on seed, replicate and the key of each thing, so replicate r of one variant and replicate r of another are the same
world but for what was changed: common random numbers (Law 2015, ch. 11).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import TYPE_CHECKING, Generic, NamedTuple, Protocol, TypeVar

from keyterrain.campaign.chunks import Kernels, compiled_kernels
from keyterrain.campaign.inputs import Borrowed
from keyterrain.campaign.interventions import Interventions
from keyterrain.campaign.threads import Threads, n_cores

if TYPE_CHECKING:
    from keyterrain.campaign.chunks import PlayedChunk
    from keyterrain.campaign.prepare import Prepared
    from keyterrain.theatre.scenario import Scenario

AT_ONCE = 25
"""Replicates of a chunk in memory: some 10 MB each in a theatre of 170 places, and enough work to share out among cores."""

Task = TypeVar("Task")
Result = TypeVar("Result")


@dataclass(frozen=True)
class Variant:
    """A campaign to play: when it starts, how long it lasts and what is changed in it.

    Attributes
    ----------
    start, days
        First evening and number of days; the scenario's own where None.
    borrowed
        Inputs that are drawn as in other replicates, None where each has its own.
    """

    start: date | None = None
    days: int | None = None
    interventions: Interventions = field(default_factory=Interventions)
    borrowed: Borrowed | None = None

    def __hash__(self) -> int:
        return hash((self.start, self.days, str(self.interventions.to_json()), self.borrowed))

    def in_full(self, scenario: Scenario) -> Variant:
        """Return the variant with the scenario's start and days filled in, so that equal campaigns are equal variants."""
        return Variant(self.start or scenario.default_start, self.days or scenario.days, self.interventions, self.borrowed)


class Span(NamedTuple):
    """Consecutive replicates `first` up to, not including, `stop` of a variant."""

    variant: Variant
    first: int
    stop: int


class ChunkToPlay(NamedTuple):
    """Consecutive replicates of a prepared variant, for a worker."""

    variant: Variant
    prepared: Prepared
    first: int
    stop: int


class Executor(Protocol):
    """Has work done, somewhere: yields results as they come, each task's function and argument being all that it needs."""

    def __call__(self, work: Callable[[Task], Result], tasks: Iterable[Task], /) -> Iterator[Result]:
        """Yield the result of every task, in any order."""


def on_threads_of(threads: int | None = None) -> Executor:
    """Return an executor on threads of this process, as many as there are cores by default; few results wait in memory."""
    return Threads(threads or n_cores())


class Stage:
    """A scenario and a seed on which variants are played; each variant is prepared once.

    Parameters
    ----------
    executor
        Where chunks are played; threads of this process by default. What it is given can be sent to another process.
    kernels
        Other functions than the package's own to prepare and play.
    """

    def __init__(
        self,
        scenario: Scenario,
        *,
        seed: int,
        executor: Executor | None = None,
        kernels: Kernels | None = None,
        at_once: int = AT_ONCE,
    ) -> None:
        self.scenario = scenario
        self.seed = seed
        self._executor = executor or on_threads_of()
        self._kernels = kernels
        self._at_once = at_once
        self._prepared: dict[Variant, Prepared] = {}

    @property
    def kernels(self) -> Kernels:
        """What prepares and plays, compiled on first use."""
        if self._kernels is None:
            self._kernels = compiled_kernels()
        return self._kernels

    def prepared(self, variant: Variant) -> Prepared:
        """Return a variant ready to be played.

        Raises
        ------
        ScenarioFaults, InterventionFaults
            The start is not covered, or an intervention names what is not there or contradicts itself.
        """
        if variant.borrowed is not None:
            own = self.prepared(replace(variant, borrowed=None))
            return replace(own, first_evening=own.first_evening.borrowing(variant.borrowed))
        if variant not in self._prepared:
            self._prepared[variant] = self.kernels.prepare(
                self.scenario, start=variant.start, days=variant.days, seed=self.seed, interventions=variant.interventions
            )
        return self._prepared[variant]

    def prepare_like(self, variant: Variant, other: Variant) -> None:
        """Prepare a variant that differs from another one in decrees alone, in a small part of the time.

        Raises
        ------
        InterventionFaults
            A decree names what is not there or contradicts itself.
        """
        if variant not in self._prepared:
            self._prepared[variant] = self.prepared(other).with_hold(variant.interventions)

    def forget(self, variants: Iterable[Variant]) -> None:
        """Let prepared variants go that will not be played soon; asked for again, they are prepared again."""
        for variant in variants:
            self._prepared.pop(variant, None)

    def play(
        self, spans: Mapping[Variant, Sequence[range]], look: Callable[[ChunkToPlay, PlayedChunk], Result]
    ) -> Iterator[tuple[Span, Result]]:
        """Play replicates of variants and yield what is seen of each chunk, whose arrays are let go, in any order.

        Parameters
        ----------
        spans
            Replicates of each variant that are to be played.
        look
            What is asked of a chunk, in the worker that played it.
        """
        chunks = (
            ChunkToPlay(variant, self.prepared(variant), first, min(first + self._at_once, span.stop))
            for variant, of_variant in spans.items()
            for span in of_variant
            for first in range(span.start, span.stop, self._at_once)
        )
        return self._executor(_PlayAndLook(self.kernels, look), chunks)


@dataclass(frozen=True)
class _PlayAndLook(Generic[Result]):
    """The work of one worker; a class of its own so that it can be sent elsewhere."""

    kernels: Kernels
    look: Callable[[ChunkToPlay, PlayedChunk], Result]

    def __call__(self, chunk: ChunkToPlay) -> tuple[Span, Result]:
        played = self.kernels.play_chunk(chunk.prepared, chunk.first, chunk.stop - chunk.first)
        return Span(chunk.variant, chunk.first, chunk.stop), self.look(chunk, played)
