"""Which unknowns matter: a screening of what was played, and Sobol indices where replicates may be played again."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from keyterrain.analysis.inputs import Input, inputs_by_draw
from keyterrain.analysis.measures import Measurement, measured, of_chunk, of_run, variables_of
from keyterrain.analysis.sensitivity.groups import LUCK, grouped
from keyterrain.analysis.sensitivity.screening import Screened, screen
from keyterrain.analysis.sensitivity.sobol import SobolIndices, sobol_indices
from keyterrain.campaign.errors import RunRefused
from keyterrain.campaign.inputs import Borrowed
from keyterrain.campaign.variants import Stage, Variant
from keyterrain.theatre.faults import nearest
from keyterrain.version import __version__

if TYPE_CHECKING:
    from keyterrain.analysis.measures.replicates import Replicates
    from keyterrain.campaign.chunks import Kernels, PlayedChunk
    from keyterrain.campaign.ensemble import Run
    from keyterrain.campaign.variants import ChunkToPlay, Executor
    from keyterrain.theatre.nouns import Outcome
    from keyterrain.theatre.scenario import Scenario

Floats = NDArray[np.float64]

DEFAULT_PAIRS = 100
"""Pairs of replicates of the Sobol indices of a scenario (assumption: total orders are then known to about 0.2)."""
CLEAR = 0.05
"""Chance under the null below which a report is worth verifying: the usual one of twenty."""


@dataclass(frozen=True, slots=True)
class Report:
    """An input that goes with the outcome more than chance allows, with what is known of it.

    `share`, `rank_correlation` and `p` are those of the screening; `input` is None where a draw has no row in the table of
    inputs.
    """

    draw: str
    group: str
    share: float
    rank_correlation: float
    p: float
    input: Input | None


@dataclass(frozen=True, slots=True)
class OutcomeSensitivity:
    """What moves one outcome.

    Attributes
    ----------
    mean, sd
        Over the replicates in which it is defined.
    sobol
        Indices of the groups and of luck, None where nothing was played for them.
    worth_verifying
        Reports that stand out in the screening, the largest share first; parameters are not reports.
    """

    outcome: Outcome
    mean: float
    sd: float
    screened: Screened
    sobol: SobolIndices | None
    worth_verifying: tuple[Report, ...]
    parameters: tuple[Report, ...]


@dataclass(frozen=True)
class Sensitivity:
    """What moves each outcome that was asked about."""

    scenario: str
    title: str
    start: date
    days: int
    seed: int
    version: str
    replicates: int
    n_played: int
    groups: Mapping[str, tuple[str, ...]]
    outcomes: tuple[OutcomeSensitivity, ...]


def sensitivity(
    scenario: Scenario,
    *,
    outcomes: Sequence[str] = (),
    pairs: int | None = None,
    start: date | None = None,
    days: int | None = None,
    seed: int = 0,
    run: Run | None = None,
    executor: Executor | None = None,
    kernels: Kernels | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Sensitivity:
    """Say which unknowns move outcomes of a campaign.

    Parameters
    ----------
    outcomes
        Keys of the scenario's outcomes; all by default.
    pairs
        Pairs of replicates for Sobol indices; none are computed for 0. By default 100 of a scenario, and 0 of a run, whose stored
        replicates are screened.
    run
        A run of the scenario whose replicates are screened.

    Raises
    ------
    RunRefused
        An outcome that is not there, no outcome at all, or nothing to look at.
    """
    chosen = _chosen(scenario, outcomes)
    asked = [Measurement.of_outcome(outcome) for outcome in chosen]
    pairs = (0 if run is not None else DEFAULT_PAIRS) if pairs is None else pairs
    if run is None and pairs < 1:
        raise RunRefused("A scenario has no replicates to screen: ask for one pair at least, or ask a run.")
    own = Variant(start, days).in_full(scenario)
    settings: Mapping[str, str] = {}
    if run is not None:
        plan = run.manifest.plan
        own, seed, settings = Variant(plan.start, plan.days, plan.interventions), plan.seed, plan.interventions.settings
    situation = scenario.situation(own.start)
    stage = Stage(scenario, seed=seed, executor=executor, kernels=kernels)
    played: _Played | None = None
    if pairs:
        played = _play(stage, own, asked, pairs, progress)
    names, values, draws = _stored(run, asked) if run is not None else _screened_of(played)
    groups = grouped(names)
    described = inputs_by_draw(situation, settings)
    answers = []
    for row, outcome in enumerate(chosen):
        screened = screen(values[row], dict(zip(names, draws.T, strict=True)), groups, seed)
        reports = _reports(screened, described)
        known = values[row][~np.isnan(values[row])]
        answers.append(
            OutcomeSensitivity(
                outcome=outcome,
                mean=float(known.mean()) if len(known) else float("nan"),
                sd=float(known.std()) if len(known) else float("nan"),
                screened=screened,
                sobol=played.indices(row, seed) if played is not None else None,
                worth_verifying=tuple(each for each in reports if not each.draw.startswith("parameter:")),
                parameters=tuple(each for each in reports if each.draw.startswith("parameter:")),
            )
        )
    return Sensitivity(
        scenario=scenario.name,
        title=scenario.title,
        start=situation.start,
        days=own.days or scenario.days,
        seed=seed,
        version=__version__,
        replicates=values.shape[1],
        n_played=played.n_played if played is not None else 0,
        groups=groups,
        outcomes=tuple(answers),
    )


def _chosen(scenario: Scenario, keys: Sequence[str]) -> list[Outcome]:
    known = {outcome.key: outcome for outcome in scenario.outcomes}
    if not known:
        raise RunRefused(f"{scenario.name} declares no outcomes, and sensitivity is that of an outcome.")
    unknown = []
    for key in keys:
        if key not in known:
            near = nearest(key, known)
            unknown.append(f"{key!r}{f' (nearest valid: {near})' if near else ''}")
    if unknown:
        raise RunRefused(f"{scenario.name} has no outcome {', '.join(unknown)}.")
    return [known[key] for key in dict.fromkeys(keys or known)]


def _reports(screened: Screened, described: Mapping[str, Input]) -> list[Report]:
    from keyterrain.analysis.sensitivity.groups import group_of

    return [
        Report(each.name, group_of(each.name), each.share, each.rank_correlation, each.p, described.get(each.name))
        for each in screened.inputs
        if each.p < CLEAR
    ]


@dataclass(frozen=True, slots=True)
class _Part:
    """Measures (measurement, replicate) and draws (replicate, input) of some replicates."""

    values: Floats
    draws: Floats


@dataclass(frozen=True)
class _Look:
    asked: tuple[Measurement, ...]

    def __call__(self, chunk: ChunkToPlay, played: PlayedChunk) -> _Part:
        replicates = of_chunk(chunk.prepared, chunk.first, played)
        draws = replicates.arrays["draw"] if chunk.variant.borrowed is None else np.zeros((replicates.n, 0))
        return _Part(measured(self.asked, replicates), np.array(draws, dtype=np.float64))


@dataclass(frozen=True)
class _Played:
    """Everything that the Sobol indices of a campaign are made of; the two plain sets of replicates are screened too."""

    names: tuple[str, ...]
    factors: tuple[str, ...]
    own: _Part
    other: _Part
    exchanged: tuple[Floats, ...]
    n_played: int

    def indices(self, row: int, seed: int) -> SobolIndices:
        """Return the indices of one measurement."""
        exchanged = np.array([values[row] for values in self.exchanged])
        return sobol_indices(self.factors, self.own.values[row], self.other.values[row], exchanged, seed)


def _play(
    stage: Stage, own: Variant, asked: Sequence[Measurement], pairs: int, progress: Callable[[int, int], None] | None
) -> _Played:
    """Play replicates 0 to N and N to 2N as they are, and the first with each factor of the second."""
    names = stage.prepared(own).first_evening.inputs.names
    groups = grouped(names)
    spans: dict[Variant, range] = {own: range(2 * pairs)}
    variants: dict[str, Variant] = {}
    for group, members in groups.items():
        variants[group] = Variant(own.start, own.days, own.interventions, Borrowed(frozenset(members), pairs))
        spans[variants[group]] = range(pairs)
    variants[LUCK] = Variant(own.start, own.days, own.interventions, Borrowed(frozenset(names), -pairs))
    spans[variants[LUCK]] = range(pairs, 2 * pairs)  # the other's luck with the one's inputs
    values = {variant: np.empty((len(asked), len(span))) for variant, span in spans.items()}
    draws = np.empty((2 * pairs, len(names)))
    n_done, n_all = 0, sum(len(span) for span in spans.values())
    for chunk, part in stage.play({variant: [span] for variant, span in spans.items()}, _Look(tuple(asked))):
        begin = spans[chunk.variant].start
        values[chunk.variant][:, chunk.first - begin : chunk.stop - begin] = part.values
        if chunk.variant == own:
            draws[chunk.first : chunk.stop] = part.draws
        n_done += chunk.stop - chunk.first
        if progress is not None:
            progress(n_done, n_all)
    return _Played(
        names, tuple(variants), _Part(values[own][:, :pairs], draws[:pairs]), _Part(values[own][:, pairs:], draws[pairs:]),
        tuple(values[variant] for variant in variants.values()), n_all,
    )  # fmt: skip


def _screened_of(played: _Played | None) -> tuple[tuple[str, ...], Floats, Floats]:
    if played is None:
        raise RunRefused("There is nothing to look at.")
    values = np.concatenate([played.own.values, played.other.values], axis=1)
    return played.names, values, np.concatenate([played.own.draws, played.other.draws])


def _stored(run: Run, asked: Sequence[Measurement]) -> tuple[tuple[str, ...], Floats, Floats]:
    """Read measures and draws of a run."""
    variables = sorted({*variables_of(asked), "draw"})
    parts: list[Replicates] = list(of_run(run, variables))
    names = tuple(str(name) for name in parts[0].labels["input"])
    values = np.concatenate([measured(asked, part) for part in parts], axis=1)
    return names, values, np.concatenate([np.asarray(part.arrays["draw"], dtype=np.float64) for part in parts])
