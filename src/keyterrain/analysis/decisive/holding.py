"""Ground held by one side and by another, replicate by replicate on common luck; what cannot differ is not played."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from keyterrain.analysis.decisive.ground import Ground, outside
from keyterrain.analysis.measures import Measurement, measured, of_chunk
from keyterrain.campaign.decree import kept_anyway, started_anyway
from keyterrain.campaign.interventions import Hold, Interventions, StartHolder
from keyterrain.campaign.variants import Variant

if TYPE_CHECKING:
    from datetime import date

    from keyterrain.campaign.chunks import PlayedChunk
    from keyterrain.campaign.variants import ChunkToPlay, Stage

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Progress = Callable[[int, int], None]
When = Literal["throughout", "start"]
"""Whether a side holds ground throughout, or only has it on the first evening."""

AT_ONCE = 64
"""Variants that are prepared at a time: enough to keep all cores busy, and few enough to lie in memory."""
SHORT_GAP = 1
"""Replicates that need not be played but lie between two that do, up to so many, are played along: a chunk costs as much."""

_NOWHERE: Bools = np.zeros((0, 0, 0), dtype=bool)


class Held(NamedTuple):
    """Ground in the hands of a side, throughout or at the start alone."""

    ground: Ground
    side: str
    when: When = "throughout"

    @property
    def campaign(self) -> tuple[frozenset[str], str, When]:
        """What is played: ground of the same places is the same ground, whatever it is called."""
        return frozenset(self.ground.places), self.side, self.when


class _Seen(NamedTuple):
    """What is kept of a chunk.

    Values (measurement, replicate); where (side, replicate, place) holding ground changes nothing, and where its start does not;
    and of another start in which replicates it could be made.
    """

    values: Floats
    kept: Bools = _NOWHERE
    started: Bools = _NOWHERE
    made: Bools | None = None


@dataclass(frozen=True)
class Look:
    """What is asked of a chunk in the worker that played it."""

    baseline: Variant
    of_baseline: tuple[Measurement, ...]
    sides: tuple[str, ...]
    asked: dict[Variant, tuple[Measurement, ...]]

    def __call__(self, chunk: ChunkToPlay, played: PlayedChunk) -> _Seen:
        """Measure a chunk, and of the baseline see where a decree changes nothing."""
        replicates = of_chunk(chunk.prepared, chunk.first, played)
        if chunk.variant != self.baseline:
            return _Seen(measured(self.asked[chunk.variant], replicates), made=_made(chunk, played))
        kept = np.stack([kept_anyway(chunk.prepared, played, side) for side in self.sides])
        started = np.stack([started_anyway(chunk.prepared, played, side) for side in self.sides])
        return _Seen(measured(self.of_baseline, replicates), kept, started)


def _made(chunk: ChunkToPlay, played: PlayedChunk) -> Bools | None:
    """Return in which replicates all ground whose start was changed is with its side on the first evening."""
    started = chunk.variant.interventions.started_places(chunk.prepared.situation)
    if not started:
        return None
    index = chunk.prepared.index
    at, sides = [index.places[place] for place in started], [index.sides[side] for side in started.values()]
    return np.asarray((played.arrays["control"][:, 0, at] == sides).all(axis=1))


class Holdings:
    """Plays ground in the hands of each side, and keeps what was measured outside it.

    Parameters
    ----------
    grounds
        All ground that may be asked for.
    outcomes
        What is measured, each outside the ground that is held.
    sides
        Sides that may hold it.
    changes
        What is otherwise in all campaigns than the scenario has it.
    """

    def __init__(
        self,
        stage: Stage,
        grounds: Sequence[Ground],
        outcomes: Sequence[Measurement],
        sides: Sequence[str],
        *,
        start: date | None = None,
        days: int | None = None,
        changes: Interventions | None = None,
        progress: Progress | None = None,
    ) -> None:
        self.stage = stage
        self.sides = tuple(sides)
        self.baseline = Variant(start, days, changes or Interventions())
        self._outcomes = tuple(outcomes)
        self._progress = progress
        prepared = stage.prepared(self.baseline)
        situation = prepared.situation
        self._at = dict(prepared.index.places)
        self.measurements = {ground: tuple(outside(each, ground, situation) for each in outcomes) for ground in grounds}
        every = dict.fromkeys(each for of_ground in self.measurements.values() for each in of_ground)
        self._row = {each: i for i, each in enumerate(every)}
        self._base = np.zeros((len(every), 0))
        nowhere = np.zeros((len(self.sides), 0, len(self._at)), dtype=bool)
        self._kept: dict[When, Bools] = {"throughout": nowhere, "start": nowhere}
        self._values: dict[tuple[frozenset[str], str, When], Floats] = {}
        self._not_made: dict[tuple[frozenset[str], str, When], set[int]] = {}
        self.n_played = 0
        self.n_copied = 0

    def if_changed(self, changes: Interventions) -> Holdings:
        """Return the same ground, sides and luck in a campaign that is changed, none of it played yet."""
        start, days = self.baseline.start, self.baseline.days
        return Holdings(
            self.stage, tuple(self.measurements), self._outcomes, self.sides,
            start=start, days=days, changes=changes, progress=self._progress,
        )  # fmt: skip

    @property
    def n_baseline(self) -> int:
        """Replicates of the baseline that were played."""
        return self._base.shape[1]

    def if_nothing_is_held(self, ground: Ground) -> Floats:
        """Return the outcomes (outcome, replicate) outside ground in the baseline."""
        return self._base[[self._row[each] for each in self.measurements[ground]]]

    def if_held(self, held: Held) -> Floats:
        """Return the outcomes (outcome, replicate) outside ground that a side holds, for the replicates that were asked for."""
        return self._values.get(held.campaign, np.zeros((len(self.measurements[held.ground]), 0)))

    def of_baseline(self, asked: Sequence[Measurement]) -> Floats:
        """Return measurements (measurement, replicate) of the baseline; nan for one that no ground is measured by."""
        missing = np.full(self.n_baseline, np.nan)
        return np.array([self._base[self._row[each]] if each in self._row else missing for each in asked])

    def kept(self, places: Iterable[str], side: str, when: When = "throughout") -> Bools:
        """Return in which replicates (replicate) of the baseline a side keeps, or starts with, all of these places anyway."""
        at = [self._at[place] for place in places]
        return np.asarray(self._kept[when][self.sides.index(side)][:, at].all(axis=1))

    def share_made(self, held: Held) -> float:
        """Return in which share of the replicates a start could be made; who has no other place keeps his ground."""
        n = self.if_held(held).shape[1]
        return 1.0 - len(self._not_made.get(held.campaign, ())) / n if n else np.nan

    def extend(self, grounds: Iterable[Ground], replicates: int, when: When = "throughout") -> None:
        """Have replicates 0 to `replicates` of ground in the hands of each side, throughout or at the start alone.

        Raises
        ------
        ScenarioFaults, InterventionFaults, ElevationError
            A campaign cannot be played.
        """
        self._extend_baseline(replicates)
        variants: dict[Variant, Held] = {}
        spans: dict[Variant, list[range]] = {}
        for held in [Held(ground, side, when) for ground in grounds for side in self.sides]:
            touched = self._take_over(held, replicates)
            if len(touched):
                variant = self._variant(held)
                variants[variant] = held
                spans[variant] = spans_of(touched)
        n_done, n_all = 0, sum(len(span) for of_variant in spans.values() for span in of_variant)
        for some in batched(variants, AT_ONCE):
            for variant in some:
                self.stage.prepare_like(variant, self.baseline)
            for n in self._play({v: variants[v] for v in some}, {v: spans[v] for v in some}):
                n_done += n
                if self._progress is not None:
                    self._progress(n_done, n_all)
            self.stage.forget(some)
        self.n_played += n_done

    def _variant(self, held: Held) -> Variant:
        pairs = [(f"place:{place}", held.side) for place in held.ground.places]
        own = self.baseline.interventions
        if held.when == "start":
            changed = replace(own, start_holder=tuple(StartHolder(*pair) for pair in pairs))
        else:
            changed = replace(own, hold=tuple(Hold(*pair) for pair in pairs))
        return Variant(self.baseline.start, self.baseline.days, changed)

    def _extend_baseline(self, replicates: int) -> None:
        missing = range(self.n_baseline, replicates)
        if not missing:
            return
        values = np.full((len(self._row), len(missing)), np.nan)
        kept = np.zeros((len(self.sides), len(missing), len(self._at)), dtype=bool)
        started = np.zeros_like(kept)
        look = Look(self.baseline, tuple(self._row), self.sides, {})
        for chunk, seen in self.stage.play({self.baseline: [missing]}, look):
            columns = slice(chunk.first - missing.start, chunk.stop - missing.start)
            values[:, columns] = seen.values
            kept[:, columns] = seen.kept
            started[:, columns] = seen.started
            self.n_played += chunk.stop - chunk.first
        self._base = np.concatenate([self._base, values], axis=1)
        same: dict[When, Bools] = {"throughout": kept, "start": started}
        self._kept = {when: np.concatenate([self._kept[when], fresh], axis=1) for when, fresh in same.items()}

    def _take_over(self, held: Held, replicates: int) -> NDArray[np.int64]:
        """Copy what the decree cannot touch from the baseline; return the replicates that are still to be played."""
        have = self.if_held(held)
        if have.shape[1] >= replicates:
            return np.zeros(0, dtype=np.int64)
        fresh = np.arange(have.shape[1], replicates)
        kept = self.kept(held.ground.places, held.side, held.when)[fresh]
        values = np.full((have.shape[0], replicates), np.nan)
        values[:, : have.shape[1]] = have
        values[:, fresh[kept]] = self.if_nothing_is_held(held.ground)[:, fresh[kept]]
        self._values[held.campaign] = values
        self.n_copied += int(kept.sum())
        return np.asarray(fresh[~kept])

    def _play(self, variants: dict[Variant, Held], spans: dict[Variant, list[range]]) -> Iterator[int]:
        """Play replicates and keep what was measured; yield how many are done."""
        look = Look(self.baseline, (), self.sides, {v: self.measurements[held.ground] for v, held in variants.items()})
        for chunk, seen in self.stage.play(spans, look):
            campaign = variants[chunk.variant].campaign
            self._values[campaign][:, chunk.first : chunk.stop] = seen.values
            if seen.made is not None:
                not_made = (chunk.first + np.flatnonzero(~seen.made)).tolist()
                self._not_made.setdefault(campaign, set()).update(not_made)
            yield chunk.stop - chunk.first


def batched(variants: Iterable[Variant], n: int) -> Iterator[tuple[Variant, ...]]:
    """Yield so many variants at a time."""
    rest = iter(variants)
    while some := tuple(islice(rest, n)):
        yield some


def spans_of(replicates: NDArray[np.int64], short_gap: int = SHORT_GAP) -> list[range]:
    """Return consecutive runs of replicates, short gaps closed."""
    breaks = np.flatnonzero(np.diff(replicates) > 1 + short_gap) + 1
    return [range(int(part[0]), int(part[-1]) + 1) for part in np.split(replicates, breaks)]
