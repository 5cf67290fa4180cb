"""What it takes to take ground: how often, how soon and at what price a side takes it in campaigns in which nothing is held.

    watched = watch(holdings, replicates=1000)
    for taking in watched.taking(ground):
        print(taking.side, taking.p_taken, taking.sent)

All ground is watched in the same campaigns. What is said of assaults are means over campaigns of each campaign's mean, since
assaults of one campaign are not independent of each other. Every interval holds for itself, not for all ground together.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from keyterrain.analysis.interval import LEAST_DEFINED, Interval, of_mean, of_median
from keyterrain.analysis.measures import of_chunk
from keyterrain.analysis.measures.assaults import FAILED, OPEN, TAKEN, Assaults, assaults_of
from keyterrain.theatre.outcomes import Kind

if TYPE_CHECKING:
    from keyterrain.analysis.decisive.ground import Ground
    from keyterrain.analysis.decisive.holding import Holdings
    from keyterrain.analysis.measures import Replicates
    from keyterrain.campaign.chunks import PlayedChunk
    from keyterrain.campaign.variants import ChunkToPlay

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

WATCHED_PER_REPLICATE = 5
"""Campaigns that are watched per replicate of held ground (assumption: they serve all ground, and captures may be rare)."""
HALF = 0.5
"""Share of an area's places that is looked at beside all of them."""
NEVER, FROM_THE_START = -1, -2


@dataclass(frozen=True, slots=True)
class Taking:
    """What it takes a side to take ground that it does not hold, whole, on the first evening.

    Figures that fewer than `LEAST_DEFINED` campaigns define are nan: cannot tell. An area's are of all its places together.

    Attributes
    ----------
    n
        Campaigns in which the side does not have it on the first evening.
    p_taken
        Chance that it has the place, or all places of the area, on some evening.
    p_half
        The same of half of the area's places, among the campaigns in which it does not have those; None of a place.
    p_assaulted
        Chance that it begins an assault.
    days
        Median days from its first assault to the evening on which it has the ground.
    sent, sent_and_took
        Fighters sent in an assault, in all of them and in those that took a place.
    faced
        Enemies in the place by the last weekly record before the assault.
    failed
        Operations of a campaign that were broken off.
    success
        Share of a campaign's assaults that took a place, of those that came to an end.
    lost_per_assault, defenders_lost_per_assault
        Fighters lost in an assault that came to an end, by those who attacked and by those attacked.
    lost_per_capture, defenders_lost_per_capture
        The same in all its assaults, failed ones too, per place taken, where one was.
    """

    side: str
    n: int
    p_taken: Interval
    p_half: Interval | None
    p_assaulted: Interval
    days: Interval
    sent: Interval
    sent_and_took: Interval
    faced: Interval
    failed: Interval
    success: Interval
    lost_per_assault: Interval
    defenders_lost_per_assault: Interval
    lost_per_capture: Interval
    defenders_lost_per_capture: Interval


class _Seen(NamedTuple):
    """What is kept of watched replicates: first evening (replicate, side, place) on which a side has a place, and assaults.

    Of areas the first evening (replicate, side, area, 2) with half of their places and with all.
    """

    first: Ints
    first_of_area: Ints
    assaults: Assaults


@dataclass(frozen=True)
class _Look:
    """What is asked of a chunk in the worker that played it."""

    sides: tuple[str, ...]
    areas: tuple[tuple[str, ...], ...]

    def __call__(self, chunk: ChunkToPlay, played: PlayedChunk) -> _Seen:
        return self.see(of_chunk(chunk.prepared, chunk.first, played))

    def see(self, replicates: Replicates) -> _Seen:
        """Look at replicates."""
        control = np.asarray(replicates.arrays["control"])
        holds = [control == replicates.at("side", side) for side in self.sides]
        members = [replicates.places(places) for places in self.areas]
        first_of_area = np.full((len(control), len(self.sides), len(members), 2), NEVER, dtype=np.int64)
        for s, held in enumerate(holds):
            for a, places in enumerate(members):
                n_held = held[:, :, places].sum(axis=2)
                first_of_area[:, s, a, 0] = first_evening(n_held >= HALF * len(places))
                first_of_area[:, s, a, 1] = first_evening(n_held == len(places))
        first = np.stack([first_evening(held) for held in holds], axis=1)
        return _Seen(first, first_of_area, assaults_of(replicates))


def first_evening(is_so: Bools) -> Ints:
    """Return the first evening (replicate, day, ...) on which something is so, or `NEVER`, or `FROM_THE_START`."""
    day = np.where(is_so.any(axis=1), is_so.argmax(axis=1), NEVER)
    return np.where(day == 0, FROM_THE_START, day).astype(np.int64)


@dataclass(frozen=True)
class Watched:
    """Campaigns in which nothing is held, as far as they say what it takes to take ground."""

    n: int
    sides: tuple[str, ...]
    side_at: tuple[int, ...]
    place_at: dict[str, int]
    areas: tuple[tuple[str, ...], ...]
    seen: _Seen

    def taking(self, ground: Ground) -> tuple[Taking, ...]:
        """Return what it takes each side that does not have the ground on every first evening."""
        return tuple(
            self._taking(ground, s) for s in range(len(self.sides)) if (self._first(ground, s)[-1] != FROM_THE_START).any()
        )

    def _first(self, ground: Ground, s: int) -> tuple[Ints, ...]:
        """Return the first evening (replicate) with half an area and with all of it, or with the place."""
        if ground.kind != "place":
            both = self.seen.first_of_area[:, s, self.areas.index(ground.places)]
            return both[:, 0], both[:, 1]
        return (self.seen.first[:, s, self.place_at[ground.places[0]]],)

    def _taking(self, ground: Ground, s: int) -> Taking:
        firsts = self._first(ground, s)
        first = firsts[-1]
        at_risk = first != FROM_THE_START
        some = self._assaults(ground, s, at_risk)
        ended = some.ending != OPEN
        took = some.where(some.ending == TAKEN)
        over = some.where(ended)
        n_taken, n_failed = self._count(took), self._count(some.where(some.ending == FAILED))
        began = np.full(self.n, np.inf)
        np.minimum.at(began, some.row, some.day.astype(np.float64))
        with np.errstate(divide="ignore", invalid="ignore"):
            lost, defenders = self._sum(over, over.lost), self._sum(over, over.defenders_lost)
            n_over = n_taken + n_failed
            per_assault = [np.where(n_over > 0, total / n_over, np.nan) for total in (lost, defenders)]
            per_capture = [np.where(n_taken > 0, total / n_taken, np.nan) for total in (lost, defenders)]
            success = np.where(n_over > 0, n_taken / n_over, np.nan)
        return Taking(
            side=self.sides[s],
            n=int(at_risk.sum()),
            p_taken=_told(first[at_risk] > 0, "whether"),
            p_half=_told(firsts[0][firsts[0] != FROM_THE_START] > 0, "whether") if len(firsts) > 1 else None,
            p_assaulted=_told(np.isfinite(began[at_risk]), "whether"),
            days=_told(np.where((first > 0) & (began <= first), first - began, np.nan)[at_risk], "median"),
            sent=_told(self._mean(some, some.sent), "number"),
            sent_and_took=_told(self._mean(took, took.sent), "number"),
            faced=_told(self._mean(some, some.faced), "number"),
            failed=_told(n_failed[at_risk], "number"),
            success=_told(success, "share"),
            lost_per_assault=_told(per_assault[0], "number"),
            defenders_lost_per_assault=_told(per_assault[1], "number"),
            lost_per_capture=_told(per_capture[0], "number"),
            defenders_lost_per_capture=_told(per_capture[1], "number"),
        )

    def _assaults(self, ground: Ground, s: int, at_risk: Bools) -> Assaults:
        """Return a side's assaults on places of the ground that it has not had so far, where it lacks the ground at first."""
        every = self.seen.assaults
        at = np.array([self.place_at[place] for place in ground.places])
        some = every.where((every.side == self.side_at[s]) & np.isin(every.place, at) & at_risk[every.row])
        had = self.seen.first[some.row, s, some.place]
        return some.where((had == NEVER) | (some.day <= had))

    def _count(self, some: Assaults) -> Floats:
        return np.bincount(some.row, minlength=self.n).astype(np.float64)

    def _sum(self, some: Assaults, numbers: Ints) -> Floats:
        return np.bincount(some.row, weights=numbers, minlength=self.n).astype(np.float64)

    def _mean(self, some: Assaults, numbers: Ints) -> Floats:
        """Return the mean of some numbers in each campaign, nan where there are none."""
        n = self._count(some)
        return np.where(n > 0, self._sum(some, numbers) / np.maximum(n, 1), np.nan)


def _told(values: NDArray[np.generic], kind: Kind | Literal["median"]) -> Interval:
    """Return the mean or median of what is defined, none of it below zero; nan where too few campaigns define it to tell."""
    numbers = np.asarray(values, dtype=np.float64)
    interval = of_median(numbers) if kind == "median" else of_mean(numbers, kind)
    if interval.n < LEAST_DEFINED:
        return replace(interval, value=math.nan, low=math.nan, high=math.nan)
    return replace(interval, low=max(interval.low, 0.0))


def watch(held: Holdings, replicates: int) -> Watched:
    """Play campaigns in which nothing is held, and keep what they say about taking ground."""
    prepared = held.stage.prepared(held.baseline)
    areas = tuple(dict.fromkeys(ground.places for ground in held.measurements if ground.kind == "area"))
    look = _Look(held.sides, areas)
    parts = sorted(
        ((chunk.first, seen) for chunk, seen in held.stage.play({held.baseline: [range(replicates)]}, look)),
        key=lambda part: part[0],
    )
    held.n_played += replicates
    index = prepared.index
    return Watched(
        n=replicates,
        sides=held.sides,
        side_at=tuple(index.sides[side] for side in held.sides),
        place_at=dict(index.places),
        areas=areas,
        seen=_together(parts),
    )


def _together(parts: Sequence[tuple[int, _Seen]]) -> _Seen:
    """Join what was seen of consecutive replicates."""
    shifted = [part.assaults._replace(row=part.assaults.row + first) for first, part in parts]
    columns = (np.concatenate(each) for each in zip(*shifted, strict=True))
    first = np.concatenate([part.first for _, part in parts])
    first_of_area = np.concatenate([part.first_of_area for _, part in parts])
    return _Seen(first, first_of_area, Assaults._make(columns))
