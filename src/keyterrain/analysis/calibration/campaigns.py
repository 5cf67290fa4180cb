"""Campaigns as a simulator: played at the members of an ensemble, and measured for what is to be met."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from keyterrain.analysis.calibration.targets import Target
from keyterrain.analysis.calibration.waves import Observed, Played
from keyterrain.analysis.measures import Measurement, measured, of_chunk
from keyterrain.campaign.calibrated import CalibratedDraws
from keyterrain.campaign.interventions import Interventions
from keyterrain.campaign.variants import Stage, Variant
from keyterrain.theatre.parameters import before_fits

if TYPE_CHECKING:
    from keyterrain.campaign.chunks import PlayedChunk
    from keyterrain.campaign.variants import ChunkToPlay

Floats = NDArray[np.float64]


def values_at(parameters: Sequence[str], scores: Floats) -> Floats:
    """Return values (point, parameter) of parameters at their standard normal scores, to six digits as they are written."""
    from scipy.special import ndtr

    chances = ndtr(scores)
    priors = [before_fits(key) for key in parameters]
    return np.array([[float(f"{prior.ppf(u):.6g}") for prior, u in zip(priors, row, strict=True)] for row in chances])


def observed_of(targets: Sequence[Target]) -> Observed:
    """Return what is to be met, one statistic for each key of a target in their order."""
    first = list({target.key: target for target in targets}.values())
    return Observed(
        np.array([target.scaled for target in first]),
        np.array([target.error for target in first]),
        np.array([target.is_one for target in first]),
    )


@dataclass(frozen=True)
class _Look:
    """What is asked of a chunk in the worker that played it."""

    asked: Mapping[Variant, Sequence[Measurement]]

    def __call__(self, chunk: ChunkToPlay, played: PlayedChunk) -> Floats:
        return measured(self.asked[chunk.variant], of_chunk(chunk.prepared, chunk.first, played))


class Campaigns:
    """Plays the campaigns that targets are measured on, one at each member, in replicates that no other wave has.

    Where several scenarios share a target, it is the mean of theirs, replicate by replicate.

    Parameters
    ----------
    stages
        Where the campaigns of each scenario are played, by its name.
    progress
        Called with the campaigns done and to do of a wave.
    """

    def __init__(
        self,
        stages: Mapping[str, Stage],
        targets: Sequence[Target],
        parameters: Sequence[str],
        *,
        progress: Callable[[int, int], None] | None = None,
    ) -> None:
        self.stages = stages
        self.targets = tuple(targets)
        self.parameters = tuple(parameters)
        self.keys = tuple(dict.fromkeys(target.key for target in targets))
        self.n_played = 0
        self._progress = progress

    def __call__(self, scores: Floats, wave: int) -> Played:
        """Play at scores (member, parameter)."""
        n = len(scores)
        draws = CalibratedDraws("wave", self.parameters, tuple(map(tuple, values_at(self.parameters, scores).tolist())), turns=1)
        span = range(wave * n, (wave + 1) * n)
        found: dict[str, list[Floats]] = {key: [] for key in self.keys}
        n_all = n * len({(target.scenario, target.variant) for target in self.targets})
        n_done = 0
        for name, stage in self.stages.items():
            own = [target for target in self.targets if target.scenario == name]
            asked: dict[Variant, list[Target]] = {}
            for target in own:
                variant = Variant(target.variant.start, target.variant.days, Interventions(calibrated=draws))
                asked.setdefault(variant, []).append(target)
            if not asked:
                continue
            look = _Look({variant: [each.measurement for each in of_variant] for variant, of_variant in asked.items()})
            rows = {variant: np.full((len(of_variant), n), np.nan) for variant, of_variant in asked.items()}
            for chunk, values in stage.play({variant: [span] for variant in asked}, look):
                rows[chunk.variant][:, chunk.first - span.start : chunk.stop - span.start] = values
                n_done += chunk.stop - chunk.first
                if self._progress is not None:
                    self._progress(n_done, n_all)
            stage.forget(asked)
            for variant, of_variant in asked.items():
                for target, row in zip(of_variant, rows[variant], strict=True):
                    found[target.key].append(target.scale_of(row))
        self.n_played += n_done
        return Played(scores, np.column_stack([_mean(found[key]) for key in self.keys]))


def _mean(rows: Sequence[Floats]) -> Floats:
    """Return the mean of what is defined (campaign), nan where nothing is."""
    stacked = np.array(rows)
    n = (~np.isnan(stacked)).sum(axis=0)
    return np.asarray(np.nansum(stacked, axis=0) / np.where(n > 0, n, np.nan))
