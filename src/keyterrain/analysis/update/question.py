"""The update: what a run says before and after its replicates are weighed by observations, and whether that may be read.

Weights are likelihoods (importance resampling with the prior as proposal: Robert and Casella 2004, ch. 14). The effective
sample size (Kish 1965) says how many replicates are left; below `floor` the answer refuses, since a few replicates would then
speak for all.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from keyterrain.analysis.headline import hostile_sides
from keyterrain.analysis.measures import Measurement, measured, of_run, variables_of
from keyterrain.analysis.people import DEAD
from keyterrain.analysis.update.likelihood import READS, agreeing, log_likelihood
from keyterrain.analysis.update.shifts import BandShift, Shift, band_shift, mean_shift
from keyterrain.campaign.resampling import resampling_weights
from keyterrain.theatre.observations import Subjects, read_observations

if TYPE_CHECKING:
    from keyterrain.analysis.measures.replicates import Replicates
    from keyterrain.campaign.ensemble import Run
    from keyterrain.theatre.nouns import Outcome, Situation
    from keyterrain.theatre.observations import Observation

Floats = NDArray[np.float64]
Verdict = Literal["updated", "cannot tell"]

LEAST_EFFECTIVE = 50.0
LEAST_SHARE = 0.05
"""Effective replicates below which nothing is read: 50, and one in twenty.

Assumptions: by 50 a chance of one half is known to 0.14, and below one in twenty a few replicates speak for the rest.
"""
ROUNDS = 400
"""Bayesian bootstraps of an interval (assumption)."""


@dataclass(frozen=True, slots=True)
class WeighedObservation:
    """An observation with what it does to the ensemble.

    Attributes
    ----------
    agreeing
        Mean share of agreement over the unweighted replicates, of a count the share of them within two standard deviations.
        Where it is 0 the model holds the report to be impossible, and the update takes it to be wrong.
    likelihood
        Its mean likelihood over the unweighted replicates: how far it was foretold; of counts a density of the logarithm.
    ess_alone, ess_without
        Effective replicates by it alone, and by all the others.
    """

    observation: Observation
    agreeing: float
    likelihood: float
    ess_alone: float
    ess_without: float


@dataclass(frozen=True)
class Update:
    """What observations make of a run.

    Attributes
    ----------
    ess, floor
        Effective replicates, and how many are needed.
    what_to_do
        Advice where it refuses, else empty.
    outcomes
        The scenario's outcomes, mean over replicates in which each is defined.
    places
        Chance that a place is in the hands of an enemy of its first holder on the evening of `day`.
    corridors, corridor_days
        Chance that a corridor is open on the day `day`, and on what share of the days until then it is.
    hosts, fled
        People at each host where their number changes, and displaced anywhere, on the evening of `day` beyond those of the first;
        the dead are not among them.
    weights
        Normalised weights (replicate), for whoever wants to go on with them.
    """

    scenario: str
    title: str
    start: date
    days: int
    seed: int
    replicates: int
    version: str
    observations: tuple[WeighedObservation, ...]
    ess: float
    floor: float
    verdict: Verdict
    what_to_do: str
    day: int
    outcomes: tuple[Shift, ...]
    places: tuple[Shift, ...]
    corridors: tuple[Shift, ...]
    corridor_days: tuple[Shift, ...]
    hosts: tuple[BandShift, ...]
    fled: BandShift
    weights: Floats


def subjects_of(run: Run) -> Subjects:
    """Return what observations of a run may be about."""
    situation = run.scenario.situation(run.manifest.plan.start)
    hosts = frozenset(str(host) for host in run.dataset["host"].to_numpy().tolist())
    return Subjects.of(situation, run.manifest.plan.days, hosts)


def update(run: Run, observations: Sequence[Observation] | Path | str, *, day: int | None = None) -> Update:
    """Weigh the replicates of a run by observations.

    Parameters
    ----------
    observations
        What was seen, or the file that says it.
    day
        Evening on which places, corridors and people are looked at; the run's last by default.

    Raises
    ------
    ScenarioFaults
        The file is at fault.
    ValueError
        There is no observation, or the day lies outside the run; an error of the caller.
    """
    if isinstance(observations, (Path, str)):
        observations = read_observations(Path(observations), subjects_of(run))
    plan = run.manifest.plan
    day = plan.days if day is None else day
    if not observations or not 0 <= day <= plan.days:
        raise ValueError("an update needs observations, and a day of the run")
    situation = run.scenario.situation(plan.start)
    seen = _see(run, situation, observations, day)
    total = seen.logs.sum(axis=0)
    weights = _normalised(total)
    n = len(total)
    floor = max(LEAST_EFFECTIVE, LEAST_SHARE * n)
    ess = effective(weights)
    verdict: Verdict = "updated" if ess >= floor else "cannot tell"
    weighed = tuple(
        WeighedObservation(
            each,
            float(seen.agreeing[row].mean()),
            float(np.exp(seen.logs[row]).mean()),
            effective(_normalised(seen.logs[row])),
            effective(_normalised(total_without)),
        )
        for row, each in enumerate(observations)
        for total_without in (np.delete(seen.logs, row, axis=0).sum(axis=0),)
    )
    rounds = resampling_weights(plan.seed, ROUNDS, n)
    kept = weights if verdict == "updated" else None
    outcomes = run.scenario.outcomes
    return Update(
        scenario=plan.scenario,
        title=run.scenario.title,
        start=situation.start,
        days=plan.days,
        seed=plan.seed,
        replicates=n,
        version=plan.version,
        observations=weighed,
        ess=ess,
        floor=floor,
        verdict=verdict,
        what_to_do="" if kept is not None else _advice(n, ess, weighed),
        day=day,
        outcomes=tuple(_outcome(each, values, kept, rounds) for each, values in zip(outcomes, seen.outcomes, strict=True)),
        places=tuple(
            mean_shift(place.key, place.name, "1", values, kept, rounds)
            for place, values in zip(situation.places, seen.fallen, strict=True)
            if not np.isnan(values).all()
        ),
        corridors=_of_corridors(situation, seen.corridor_open, kept, rounds),
        corridor_days=_of_corridors(situation, seen.corridor_days, kept, rounds),
        hosts=_of_hosts(run, situation, seen.people, kept),
        fled=band_shift("fled", "displaced, wherever they are", "people", seen.people.sum(axis=0), kept),
        weights=weights,
    )


def effective(weights: Floats) -> float:
    """Return the effective sample size of normalised weights; 0 where no replicate is left."""
    square = float((weights**2).sum())
    return 1.0 / square if square > 0.0 else 0.0


@dataclass(frozen=True, slots=True)
class _Seen:
    """What replicates hold, each array with the replicates last.

    Agreement and log likelihoods of observations, outcomes, places fallen, corridors open on the day in question, the share of
    days until then on which they are, and people at hosts beyond those of the first evening.
    """

    agreeing: Floats
    logs: Floats
    outcomes: Floats
    fallen: Floats
    corridor_open: Floats
    corridor_days: Floats
    people: Floats

    @classmethod
    def joined(cls, parts: Sequence[_Seen]) -> _Seen:
        """Join what consecutive replicates hold."""
        names = [each.name for each in fields(cls)]
        return cls(*(np.concatenate([getattr(part, name) for part in parts], axis=-1) for name in names))


def _see(run: Run, situation: Situation, observations: Sequence[Observation], day: int) -> _Seen:
    asked = [Measurement.of_outcome(outcome) for outcome in run.scenario.outcomes]
    read = {*variables_of(asked), *(READS[each.kind] for each in observations), "control", "corridor_open", "n_displaced"}
    parts = []
    for replicates in of_run(run, sorted(read)):
        corridors = [replicates.at("corridor", each.key) for each in situation.corridors]
        is_open = np.asarray(replicates.arrays["corridor_open"]).T[corridors] > 0  # (corridor, day, replicate)
        parts.append(
            _Seen(
                agreeing=np.array([agreeing(each, replicates) for each in observations]),
                logs=np.array([log_likelihood(each, replicates) for each in observations]),
                outcomes=measured(asked, replicates),
                fallen=_fallen(situation, replicates, day).T,
                corridor_open=is_open[:, day].astype(np.float64),
                corridor_days=is_open[:, min(day, 1) : day + 1].mean(axis=1),
                people=_gained(replicates, _living(run), day),
            )
        )
    return _Seen.joined(parts)


def _living(run: Run) -> list[str]:
    """Return the hosts of people who are displaced and alive."""
    return [str(host) for host in run.dataset["host"].to_numpy().tolist() if host != DEAD]


def _gained(replicates: Replicates, hosts: Sequence[str], day: int) -> Floats:
    there = np.asarray(replicates.arrays["n_displaced"])[:, [0, day]]
    columns = [replicates.at("host", host) for host in hosts]
    gained: Floats = there[:, 1, columns].astype(np.float64) - there[:, 0, columns]
    return gained.T


def _of_corridors(situation: Situation, values: Floats, weights: Floats | None, rounds: Floats) -> tuple[Shift, ...]:
    return tuple(
        mean_shift(each.key, each.name, "1", column, weights, rounds)
        for each, column in zip(situation.corridors, values, strict=True)
    )


def _of_hosts(run: Run, situation: Situation, people: Floats, weights: Floats | None) -> tuple[BandShift, ...]:
    """Return the band of every host where some replicate has a change, those with most first."""
    names = {place.key: place.name for place in situation.places} | {each.key: each.name for each in situation.abroad}
    rows = [
        band_shift(host, names.get(host, host.replace("_", " ")), "people", gained, weights)
        for host, gained in zip(_living(run), people, strict=True)
        if gained.any()
    ]
    return tuple(sorted(rows, key=lambda each: (-each.before, -each.before_high, each.key)))


def _fallen(situation: Situation, replicates: Replicates, day: int) -> Floats:
    """Return whether an enemy of the first holder has a place (replicate, place), nan where nobody acts against him."""
    control = np.asarray(replicates.arrays["control"])[:, day]
    found = np.full(control.shape, np.nan)
    for column, place in enumerate(situation.places):
        holders = {row.holder for row in situation.holdings.get(place.key, ())}
        enemies = hostile_sides(situation, next(iter(holders))) if len(holders) == 1 else ()
        if enemies:
            row = replicates.at("place", place.key)
            found[:, column] = np.isin(control[:, row], [replicates.at("side", side) for side in enemies])
    return found


def _normalised(logs: Floats) -> Floats:
    """Return weights that sum to 1 from log likelihoods; all 0 where nothing is possible."""
    most = logs.max() if logs.size else 0.0
    if not np.isfinite(most):
        return np.zeros_like(logs)
    weights: Floats = np.exp(logs - most)
    weights /= weights.sum()
    return weights


def _outcome(outcome: Outcome, values: Floats, weights: Floats | None, rounds: Floats) -> Shift:
    unit = Measurement.of_outcome(outcome).noun.unit
    return mean_shift(outcome.key, outcome.says, unit, values, weights, rounds)


def _advice(n: int, ess: float, weighed: Sequence[WeighedObservation]) -> str:
    """Say what can be done about too few effective replicates."""
    if ess <= 0.0:
        return (
            "No replicate agrees with the observations together. Look for one that is wrong, give a chance of being wrong above "
            "0, or change what the campaign assumes: it holds what was seen to be impossible."
        )
    dearest = max(weighed, key=lambda each: each.ess_without)
    share = ess / n
    least = math.ceil(max(LEAST_EFFECTIVE / share, 1.0) / 100.0) * 100
    more = (
        f"Play about {least:,} replicates of the same campaign into a new folder. "
        if share >= LEAST_SHARE
        else f"More replicates do not help: {share:.1%} of them count and {LEAST_SHARE:.0%} must. "
    )
    of = dearest.observation
    return (
        f"{more}Of the observations that in row {of.row} ({of.kind} of {of.subject} on {of.on}) costs most: without it "
        f"{dearest.ess_without:.0f} are left. Or start a new run from the evening of the last observation."
    )
