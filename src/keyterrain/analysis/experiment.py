"""Experiments: measures of several variants of a campaign, replicate by replicate on common luck.

    stage = Stage(scenario, seed=1)
    asked = {Variant(): [measurement], Variant(interventions=held): [measurement]}
    values = Experiment(stage).measure(asked, replicates=1000)
    values.of(variant, measurement)  # (replicate), nan where undefined

Only the numbers are kept, so memory grows by some bytes for each replicate and measurement.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from keyterrain.analysis.measures import Measurement, measured, of_chunk, of_run, variables_of

if TYPE_CHECKING:
    import xarray as xr

    from keyterrain.campaign.chunks import PlayedChunk
    from keyterrain.campaign.ensemble import Run
    from keyterrain.campaign.variants import ChunkToPlay, Stage, Variant

Floats = NDArray[np.float64]
Asked = Mapping["Variant", Sequence[Measurement]]


@dataclass(frozen=True)
class Values:
    """What was measured, replicate by replicate; replicate r of every variant has the same luck.

    Attributes
    ----------
    by_variant
        For each variant the values (replicate) of each of its measurements, replicates 0 to n in order.
    seed
        Seed of the luck.
    """

    by_variant: Mapping[Variant, Mapping[Measurement, Floats]]
    seed: int

    def of(self, variant: Variant, measurement: Measurement) -> Floats:
        """Return the values of one measurement in one variant."""
        return self.by_variant[variant][measurement]

    def to_xarray(self) -> xr.DataArray:
        """Return an array (variant, measurement, replicate), nan also where a variant was not asked or not played so far."""
        import xarray as xr

        variants = list(self.by_variant)
        asked = list(dict.fromkeys(each for values in self.by_variant.values() for each in values))
        n = max((len(column) for values in self.by_variant.values() for column in values.values()), default=0)
        table = np.full((len(variants), len(asked), n), np.nan)
        for i, variant in enumerate(variants):
            for j, measurement in enumerate(asked):
                column = self.by_variant[variant].get(measurement, np.zeros(0))
                table[i, j, : len(column)] = column
        labels = {"variant": range(len(variants)), "measurement": [each.text for each in asked], "replicate": range(n)}
        return xr.DataArray(table, dims=tuple(labels), coords={name: list(values) for name, values in labels.items()})


@dataclass(frozen=True)
class _Look:
    """What is asked of a chunk in the worker that played it."""

    asked: Asked

    def __call__(self, chunk: ChunkToPlay, played: PlayedChunk) -> Floats:
        return measured(self.asked[chunk.variant], of_chunk(chunk.prepared, chunk.first, played))


class Experiment:
    """Plays what is asked for and has not been played yet, and keeps what was measured.

    Asking again with more replicates plays only those that are missing; asking something new of a variant plays its
    replicates again, since their arrays were let go, so ask all at once.

    Parameters
    ----------
    stage
        Where variants are played.
    stored
        A run whose replicates are read instead of played, for the variant that it is, and the seed that it has.
    progress
        Called with the replicates done and to do of the present call.
    """

    def __init__(
        self,
        stage: Stage,
        *,
        stored: tuple[Variant, Run] | None = None,
        progress: Callable[[int, int], None] | None = None,
    ) -> None:
        self.stage = stage
        self._stored = stored
        self._progress = progress
        self._values: dict[Variant, dict[Measurement, Floats]] = {}
        self.n_played = 0

    def measure(self, asked: Asked, replicates: int) -> Values:
        """Measure replicates 0 to `replicates` of each variant.

        Raises
        ------
        ScenarioFaults, InterventionFaults, ElevationError
            A variant cannot be played.
        """
        to_do = {variant: self._missing(variant, measurements, replicates) for variant, measurements in asked.items()}
        self._read_stored(asked, to_do)
        to_do = {variant: span for variant, span in to_do.items() if len(span)}
        if to_do:
            self._play(asked, to_do)
        kept = self._values
        return Values(
            {variant: {each: kept[variant][each][:replicates] for each in asked[variant]} for variant in asked}, self.stage.seed
        )

    def _play(self, asked: Asked, to_do: Mapping[Variant, range]) -> None:
        """Play what is to do, and keep what is measured."""
        fresh = {variant: np.full((len(asked[variant]), len(span)), np.nan) for variant, span in to_do.items()}
        n_done, n_all = 0, sum(len(span) for span in to_do.values())
        for chunk, values in self.stage.play({variant: [span] for variant, span in to_do.items()}, _Look(asked)):
            begin = to_do[chunk.variant].start
            fresh[chunk.variant][:, chunk.first - begin : chunk.stop - begin] = values
            n_done += chunk.stop - chunk.first
            self.n_played += chunk.stop - chunk.first
            if self._progress is not None:
                self._progress(n_done, n_all)
        for variant, rows in fresh.items():
            self._keep(variant, asked[variant], rows, to_do[variant].start)

    def _missing(self, variant: Variant, measurements: Sequence[Measurement], replicates: int) -> range:
        kept = self._values.get(variant, {})
        return range(min((len(kept.get(each, ())) for each in measurements), default=replicates), replicates)

    def _keep(self, variant: Variant, measurements: Sequence[Measurement], rows: Floats, begin: int) -> None:
        kept = self._values.setdefault(variant, {})
        for measurement, row in zip(measurements, rows, strict=True):
            kept[measurement] = np.concatenate([kept.get(measurement, np.zeros(0))[:begin], row])

    def _read_stored(self, asked: Asked, to_do: dict[Variant, range]) -> None:
        """Read a stored variant, all of its replicates at once; what it lacks is still to do."""
        if self._stored is None or self._stored[0] not in to_do or not len(to_do[self._stored[0]]):
            return
        variant, run = self._stored
        kept = self._values.get(variant, {})
        new = [each for each in asked[variant] if each not in kept]
        if new:
            parts = [measured(new, replicates) for replicates in of_run(run, variables_of(new))]
            self._keep(variant, new, np.concatenate(parts, axis=1), 0)
        to_do[variant] = self._missing(variant, asked[variant], to_do[variant].stop)
