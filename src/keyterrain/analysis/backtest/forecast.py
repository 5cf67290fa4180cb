"""What campaigns foretold of the places, corridors and hosts that the record can be asked about: counted chunk by chunk."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from keyterrain.analysis.backtest.waves import Gains, counts_after
from keyterrain.analysis.measures.replicates import EVENTS, of_chunk, of_run

if TYPE_CHECKING:
    from keyterrain.analysis.backtest.risk import PlaceAtRisk
    from keyterrain.analysis.backtest.waves import CountAfterStart, CountLeftOut
    from keyterrain.analysis.measures.replicates import Replicates
    from keyterrain.campaign.chunks import PlayedChunk
    from keyterrain.campaign.ensemble import Run
    from keyterrain.campaign.variants import ChunkToPlay, Stage, Variant
    from keyterrain.theatre.scenario import Scenario

Floats = NDArray[np.float64]
READ = ("control", "corridor_open", "n_displaced", EVENTS)
"""What of the store a backtest reads."""


@dataclass(frozen=True, slots=True)
class CorridorDays:
    """Days after the start on which the record knows of a corridor whether it was open, and what was known at the start.

    `open_before` is whether it was open by the last such day up to the start, `share_before` the share of open days among them;
    None where there are none.
    """

    corridor: str
    days: tuple[int, ...]
    is_open: tuple[bool, ...]
    open_before: bool | None
    share_before: float | None


@dataclass(frozen=True, slots=True)
class Asked:
    """What the record can be asked about, up to the last of `days`."""

    places: tuple[PlaceAtRisk, ...]
    corridors: tuple[CorridorDays, ...]
    counts: tuple[CountAfterStart, ...]
    counts_left_out: tuple[CountLeftOut, ...]
    days: int


@dataclass(frozen=True, slots=True)
class Forecast:
    """What an ensemble foretold.

    Attributes
    ----------
    held, taken
        Share of replicates (day, place) in which a side that counts holds it that evening, or has held it on some evening.
    p_open
        For each corridor the share of replicates (observed day) in which it is open.
    n_closed
        Days closed (replicate, corridor) among the observed ones.
    gains
        Displaced people who came to the hosts.
    """

    n: int
    held: Floats
    taken: Floats
    p_open: tuple[Floats, ...]
    n_closed: Floats
    gains: Gains


def asked_of_record(scenario: Scenario, start: date, places: tuple[PlaceAtRisk, ...], days: int) -> Asked:
    """Return what the record of the first `days` days after a start can be asked about."""
    return Asked(places, tuple(_corridors(scenario, start, days)), *counts_after(scenario, start, days), days)


def _corridors(scenario: Scenario, start: date, days: int) -> list[CorridorDays]:
    found = []
    for corridor in scenario.corridors:
        rows = {row.on: row.is_open for row in sorted(scenario.record.corridors, key=lambda row: (row.on, row.known_on))
                if row.corridor == corridor.key}  # fmt: skip
        after = {(on - start).days: is_open for on, is_open in rows.items() if 0 < (on - start).days <= days}
        before = [is_open for on, is_open in rows.items() if on <= start]
        if after:
            last, share = (before[-1], float(np.mean(before))) if before else (None, None)
            found.append(CorridorDays(corridor.key, tuple(after), tuple(after.values()), last, share))
    return found


@dataclass(frozen=True, slots=True)
class _Part:
    """What some replicates add: replicates that held and that first took, closed days, people."""

    n: int
    held: NDArray[np.int64]
    first: NDArray[np.int64]
    open: tuple[NDArray[np.int64], ...]
    n_closed: Floats
    gains: Gains


def _look(asked: Asked, replicates: Replicates) -> _Part:
    sides = {str(side): number for number, side in enumerate(replicates.labels["side"])}
    control = np.asarray(replicates.arrays["control"])[:, : asked.days + 1]
    held = np.zeros((asked.days + 1, len(asked.places)), np.int64)
    first = np.zeros_like(held)
    for column, place in enumerate(asked.places):
        theirs = np.isin(control[:, :, replicates.at("place", place.place.key)], [sides[side] for side in place.takers])
        held[:, column] = theirs.sum(axis=0)
        ever = theirs.any(axis=1)
        np.add.at(first[:, column], theirs[ever].argmax(axis=1), 1)
    ways = np.asarray(replicates.arrays["corridor_open"])
    is_open = [ways[:, list(each.days), replicates.at("corridor", each.corridor)] > 0 for each in asked.corridors]
    n = replicates.n
    closed = [(~each).sum(axis=1) for each in is_open]
    return _Part(
        n, held, first, tuple(each.sum(axis=0) for each in is_open),
        np.array(closed, dtype=float).reshape(-1, n).T, Gains.of(asked.counts, replicates),
    )  # fmt: skip


@dataclass(frozen=True)
class _Look:
    asked: Asked

    def __call__(self, chunk: ChunkToPlay, played: PlayedChunk) -> _Part:
        return _look(self.asked, of_chunk(chunk.prepared, chunk.first, played))


def _together(parts: Sequence[_Part]) -> Forecast:
    n = sum(part.n for part in parts)
    held = np.sum([part.held for part in parts], axis=0) / n
    taken = np.sum([part.first for part in parts], axis=0).cumsum(axis=0) / n
    p_open = tuple(np.sum([part.open[row] for part in parts], axis=0) / n for row in range(len(parts[0].open)))
    return Forecast(
        n, held, taken, p_open, np.concatenate([part.n_closed for part in parts]), Gains.joined([part.gains for part in parts])
    )


def forecast_of_run(run: Run, asked: Asked) -> Forecast:
    """Read what a stored run foretold."""
    return _together([_look(asked, replicates) for replicates in of_run(run, READ)])


def forecast_of_play(
    stage: Stage, variant: Variant, asked: Asked, replicates: int, progress: Callable[[int, int], None] | None = None
) -> Forecast:
    """Play a campaign and see what it foretells; only counts are kept."""
    parts = {}
    n_done = 0
    for span, part in stage.play({variant: [range(replicates)]}, _Look(asked)):
        parts[span.first] = part
        n_done += part.n
        if progress is not None:
            progress(n_done, replicates)
    return _together([parts[first] for first in sorted(parts)])
