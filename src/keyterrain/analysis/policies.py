"""Policies compared: every combination of what the active sides may do, played on common luck, as a game over each outcome.

    compared = compare_policies(kt.load("qalamoun-2013"), replicates=200, seed=1)
    compared.of("m5_open_share").payoffs.to_xarray()

What one side does is held against the other's choices by paired differences. That what one side gains the other loses is a
reading of one outcome at a time and an assumption: sides want several things at once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import product
from typing import TYPE_CHECKING

import numpy as np

from keyterrain.analysis.experiment import Experiment
from keyterrain.analysis.measures import Measurement
from keyterrain.analysis.payoffs import Choices, Payoffs, payoff_table
from keyterrain.campaign.errors import RunRefused
from keyterrain.campaign.interventions import SEASONS, InterventionFaults, Interventions
from keyterrain.campaign.resampling import resampling_weights
from keyterrain.campaign.variants import Stage, Variant
from keyterrain.theatre.faults import nearest
from keyterrain.theatre.outcomes import MEASURES
from keyterrain.theatre.policies import POLICY_RULES
from keyterrain.version import __version__

if TYPE_CHECKING:
    from keyterrain.analysis.experiment import Values
    from keyterrain.campaign.chunks import Kernels
    from keyterrain.campaign.variants import Executor
    from keyterrain.theatre.nouns import Outcome, Situation
    from keyterrain.theatre.scenario import Scenario

DEFAULT_REPLICATES = 200
"""Replicates of a combination (assumption: a chance of one half is then known to 0.07)."""
ROUNDS = 200
"""Resamplings from which the stability of an equilibrium is read (assumption: a share is then known to some 0.03)."""


@dataclass(frozen=True, slots=True)
class Choice:
    """One way for a side to conduct operations.

    Attributes
    ----------
    waits
        Whether it waits out the winter; None where each replicate draws that.
    """

    side: str
    policy: str
    waits: bool | None = None

    @property
    def name(self) -> str:
        """The choice as it is written on the command line, such as `broad,spring`."""
        season = {waits: word for word, waits in SEASONS.items()}.get(self.waits) if self.waits is not None else None
        return f"{self.policy},{season}" if season else self.policy


@dataclass(frozen=True)
class OutcomeTable:
    """The pay-off table of an outcome; `payoffs.sides` are in the order of the comparison's."""

    outcome: Outcome
    payoffs: Payoffs

    @property
    def unit(self) -> str:
        """Unit of the outcome."""
        return MEASURES[self.outcome.measure].unit


@dataclass(frozen=True)
class PolicyComparison:
    """Every combination of the sides' choices, outcome by outcome.

    Attributes
    ----------
    choices
        What each active side could choose from.
    replicates
        Replicates of each combination; replicate r of all of them has the same luck.
    rounds
        Resamplings behind what is said of equilibria.
    n_played
        Replicates played in all.
    """

    scenario: str
    title: str
    start: date
    days: int
    seed: int
    replicates: int
    choices: Mapping[str, tuple[Choice, ...]]
    side_names: Mapping[str, str]
    tables: tuple[OutcomeTable, ...]
    rounds: int
    n_played: int
    version: str = __version__

    def of(self, outcome: str) -> OutcomeTable:
        """Return the table of an outcome."""
        return next(table for table in self.tables if table.outcome.key == outcome)


def compare_policies(
    scenario: Scenario,
    *,
    start: date | None = None,
    days: int | None = None,
    replicates: int = DEFAULT_REPLICATES,
    seed: int = 0,
    outcomes: Sequence[str] = (),
    policies: Sequence[str] = (),
    season: bool = False,
    executor: Executor | None = None,
    kernels: Kernels | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> PolicyComparison:
    """Play every combination of the active sides' policies on common luck and lay the outcomes out as pay-off tables.

    Parameters
    ----------
    start, days
        First evening and number of days; the scenario's own by default.
    replicates
        Replicates of each combination.
    outcomes
        Keys of outcomes; all by default.
    policies
        `SIDE=NAME`, `SIDE=NAME,now` or `SIDE=NAME,spring`: what a side may choose from; a side that is not named may choose
        any policy.
    season
        Give every policy without a season twice, now and in spring, instead of leaving the season to each replicate's draw.

    Raises
    ------
    RunRefused
        An outcome, side or policy that is not there, or nothing to choose from.
    ScenarioFaults
        A start that is not covered.
    """
    start, days = start or scenario.default_start, days or scenario.days
    situation = scenario.situation(start)
    chosen = _outcomes(scenario.outcomes, outcomes)
    choices = _choices(situation, policies, season=season)
    variants = {combination: _variant(combination, start, days) for combination in product(*choices.values())}
    measurements = {outcome.key: Measurement.of_outcome(outcome) for outcome in chosen}
    experiment = Experiment(Stage(scenario, seed=seed, executor=executor, kernels=kernels), progress=progress)
    asked = list(dict.fromkeys(measurements.values()))
    values = experiment.measure(dict.fromkeys(variants.values(), asked), replicates)
    weights = resampling_weights(seed, ROUNDS, replicates)
    return PolicyComparison(
        scenario=scenario.name,
        title=scenario.title,
        start=start,
        days=days,
        seed=seed,
        replicates=replicates,
        choices=choices,
        side_names={side.key: side.name for side in situation.sides},
        tables=tuple(_table(each, measurements[each.key], values, variants, choices, situation, weights) for each in chosen),
        rounds=ROUNDS,
        n_played=experiment.n_played,
    )


def _table(
    outcome: Outcome,
    measurement: Measurement,
    values: Values,
    variants: Mapping[tuple[Choice, ...], Variant],
    choices: Mapping[str, tuple[Choice, ...]],
    situation: Situation,
    weights: np.ndarray,
) -> OutcomeTable:
    shape = [len(each) for each in choices.values()]
    rows = np.array([values.of(variant, measurement) for variant in variants.values()]).reshape(*shape, -1)
    sides = [
        Choices(side, tuple(choice.name for choice in each), _wants(side, outcome, situation)) for side, each in choices.items()
    ]
    return OutcomeTable(outcome, payoff_table(rows, sides, measurement.noun.kind, weights))


def _wants(side: str, outcome: Outcome, situation: Situation) -> int:
    """Return 1 for the side that wants an outcome and its allies, -1 for its enemies, 0 for others and where nothing is said."""
    if not outcome.wanted_by:
        return 0
    if side == outcome.wanted_by:
        return 1
    return {"allied": 1, "hostile": -1}.get(situation.relations.get((side, outcome.wanted_by), ""), 0)


def _outcomes(known: Sequence[Outcome], wanted: Sequence[str]) -> tuple[Outcome, ...]:
    if not known:
        raise RunRefused("The scenario has no outcomes by which policies could be compared: define some in scenario.yaml.")
    keys = [outcome.key for outcome in known]
    faults = []
    for key in wanted:
        if key not in keys:
            found = nearest(key, keys)
            faults.append(f"There is no outcome {key}{f'; did you mean {found}?' if found else '.'}")
    if faults:
        raise RunRefused(" ".join(faults))
    return tuple(outcome for outcome in known if not wanted or outcome.key in wanted)


def _choices(situation: Situation, written: Sequence[str], *, season: bool) -> dict[str, tuple[Choice, ...]]:
    """Return what each active side may choose from, in the order of the sides' keys and of the table of policies."""
    active = [side.key for side in situation.sides if side.active]
    if not active:
        raise RunRefused("No side is active: there are no policies to compare.")
    named = _named(written, situation)
    seasons: tuple[bool | None, ...] = tuple(SEASONS.values()) if season else (None,)
    choices = {}
    for side in sorted(active):
        chosen = [choice for choice in named if choice.side == side] or [Choice(side, policy) for policy in POLICY_RULES]
        doubled = [
            Choice(side, choice.policy, waits)
            for choice in chosen
            for waits in (seasons if choice.waits is None else (choice.waits,))
        ]
        choices[side] = tuple(dict.fromkeys(doubled))
    return choices


def _named(written: Sequence[str], situation: Situation) -> list[Choice]:
    """Read choices as they are written, with every fault of all of them."""
    named: list[Choice] = []
    faults: list[str] = []
    for text in written:
        try:
            choice = Interventions.parse(policy=[text])
            choice.check(situation)
        except InterventionFaults as error:
            faults.extend(error.faults)
            continue
        named += [Choice(side, policy, choice.wait_for_spring.get(side)) for side, policy in choice.policies.items()]
    if faults:
        raise InterventionFaults(list(dict.fromkeys(faults)))
    return named


def _variant(combination: Sequence[Choice], start: date, days: int) -> Variant:
    policies = {choice.side: choice.policy for choice in combination}
    waits = {choice.side: choice.waits for choice in combination if choice.waits is not None}
    return Variant(start, days, Interventions(policies=policies, wait_for_spring=waits))
