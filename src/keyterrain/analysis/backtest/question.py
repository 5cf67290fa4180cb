"""The backtest: what was foretold, beside what happened and what simple rivals would have said, alone and pooled."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from keyterrain.analysis.backtest.episodes import episodes, joined
from keyterrain.analysis.backtest.forecast import asked_of_record, forecast_of_play, forecast_of_run
from keyterrain.analysis.backtest.happened import happened, observed_until
from keyterrain.analysis.backtest.risk import at_risk
from keyterrain.analysis.backtest.rivals import rivals
from keyterrain.analysis.backtest.scores import (
    CalibrationBin,
    OrderScore,
    Score,
    brier,
    calibration,
    crps_of_time,
    log_score,
    order_score,
    scored,
)
from keyterrain.analysis.backtest.waves import score_counts, score_waves
from keyterrain.analysis.kept_answers import CALIBRATED, refuse_run_that_was_changed
from keyterrain.campaign.ensemble import Run
from keyterrain.campaign.errors import RunRefused
from keyterrain.campaign.variants import Stage, Variant

if TYPE_CHECKING:
    from keyterrain.analysis.backtest.forecast import Asked, Forecast
    from keyterrain.analysis.backtest.happened import Happened
    from keyterrain.analysis.backtest.risk import LeftOut, PlaceAtRisk
    from keyterrain.analysis.backtest.waves import CountLeftOut, CountScore
    from keyterrain.campaign.chunks import Kernels
    from keyterrain.campaign.variants import Executor
    from keyterrain.theatre.scenario import Scenario

Floats = NDArray[np.float64]

HORIZONS = (30, 60, 90, 120, 150)
"""Days after the start at which control is scored, as the issue of the reviewers asks."""
DEFAULT_REPLICATES = 500
"""Replicates that are played where no run is given (assumption: a chance of one half is then known to 0.022)."""
POOLED = "pooled"


@dataclass(frozen=True, slots=True)
class ScoredPlace:
    """A place with what was foretold and what happened.

    Attributes
    ----------
    p_fallen
        Chance, by horizon, that a side that counts holds it on that evening.
    fell_on
        When it was first taken, by the record, None where it was not.
    scored_until
        Last day on which it is scored, where a truce or a report that nobody can judge ends that before the run does.
    episode
        What it is resampled together with.
    """

    scenario: str
    start: date
    place: str
    name: str
    holder: str
    p_fallen: Mapping[int, float]
    happened: Mapping[int, float]
    fell_on: date | None
    scored_until: date | None
    episode: str


@dataclass(frozen=True, slots=True)
class CorridorScore:
    """Days closed among those that the record knows: in fact, foretold (mean, 5 and 95 per cent), and Brier scores by day."""

    corridor: str
    n_days: int
    n_closed: int
    mean: float
    low: float
    high: float
    score: float
    baselines: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class BacktestScores:
    """Scores of one campaign, or of several pooled.

    Attributes
    ----------
    brier, log
        By horizon.
    brier_integral
        Brier score of control, mean over the days up to the last horizon.
    crps_capture
        CRPS of the time of capture in days, censored at the last horizon.
    """

    name: str
    horizon: int
    brier: Mapping[int, Score]
    log: Mapping[int, Score]
    brier_integral: Score
    crps_capture: Score
    kendall: OrderScore
    calibration: tuple[CalibrationBin, ...]


@dataclass(frozen=True, slots=True)
class CampaignBacktest:
    """One campaign scored: its set, its scores, and what the record lacks.

    Attributes
    ----------
    counts, waves
        Counts of displaced people one by one, and their mean CRPS beside the rivals', counts of one wave being one episode.
    not_scored
        Horizons that lie beyond the run or the record, each with the reason.
    blind
        `true`, `false`, or empty where the scenario does not say.
    fitted
        By which calibration parameters were drawn, and up to when the records go that it saw; empty without one.
    """

    scenario: str
    title: str
    start: date
    days: int
    seed: int
    replicates: int
    version: str
    sides: tuple[str, ...]
    observed_until: date
    last_row: date | None
    scores: BacktestScores
    places: tuple[ScoredPlace, ...]
    left_out: tuple[LeftOut, ...]
    corridors: tuple[CorridorScore, ...]
    counts: tuple[CountScore, ...]
    counts_left_out: tuple[CountLeftOut, ...]
    waves: Score
    not_scored: Mapping[int, str]
    blind: str
    reason: str
    fitted: str = ""


@dataclass(frozen=True, slots=True)
class Backtest:
    """All campaigns that were scored; `pooled` is that of the one where there is one."""

    campaigns: tuple[CampaignBacktest, ...]
    pooled: BacktestScores


@dataclass(frozen=True)
class Target:
    """A campaign to score: a scenario with a start, or a run of one."""

    scenario: Scenario
    start: date | None = None
    days: int | None = None
    run: Run | None = None

    @classmethod
    def of(cls, what: Target | Scenario | Run) -> Target:
        """Return what was named as a target."""
        if isinstance(what, Target):
            return what
        return cls.of_run(what) if isinstance(what, Run) else cls(what)

    @classmethod
    def of_run(cls, run: Run) -> Target:
        """Return a run's own campaign."""
        return cls(run.scenario, run.manifest.plan.start, run.manifest.plan.days, run)


@dataclass(frozen=True)
class _Material:
    """Everything that scores of one campaign are made of; arrays have dims (day, place)."""

    name: str
    seed: int
    places: tuple[PlaceAtRisk, ...]
    forecast: Forecast
    happened: Happened
    rivals: Mapping[str, Floats]
    units: tuple[str, ...]
    horizons: tuple[int, ...]


def backtest(
    targets: Sequence[Target | Scenario | Run],
    *,
    horizons: Sequence[int] = HORIZONS,
    replicates: int = DEFAULT_REPLICATES,
    seed: int = 0,
    executor: Executor | None = None,
    kernels: Kernels | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Backtest:
    """Score campaigns against the record after their starts.

    Parameters
    ----------
    targets
        Scenarios, which are played (from their first start, or as a `Target` says), and runs, which are read.
    horizons
        Days after the start at which control is scored; those beyond a run or its record are left out, and said to be.
    replicates, seed
        How often and on what luck scenarios are played. The seed is also that of the resampling.

    Raises
    ------
    RunRefused
        No target, a horizon below 1, or a run with interventions.
    ScenarioFaults
        A start that the record does not cover.
    """
    if not targets:
        raise RunRefused("There is nothing to score: name a scenario or the folder of a run.")
    if bad := [horizon for horizon in horizons if horizon < 1]:
        raise RunRefused(f"A horizon is a day after the start, 1 at least: {bad[0]} is none.")
    wanted = tuple(sorted(set(horizons)))
    materials, campaigns = [], []
    asked = [Target.of(each) for each in targets]
    for target in asked:
        material, campaign = _campaign(target, wanted, replicates, seed, executor, kernels, progress)
        materials.append(material)
        campaigns.append(campaign)
    pooled = campaigns[0].scores if len(campaigns) == 1 else _scores(POOLED, _of_shared_episodes(materials, asked), seed)
    return Backtest(tuple(campaigns), pooled)


def _of_shared_episodes(materials: Sequence[_Material], targets: Sequence[Target]) -> list[_Material]:
    units = joined(
        [each.units for each in materials], [each.places for each in materials], [target.scenario.name for target in targets]
    )
    return [replace(each, units=own) for each, own in zip(materials, units, strict=True)]


def _campaign(
    target: Target,
    horizons: tuple[int, ...],
    replicates: int,
    seed: int,
    executor: Executor | None,
    kernels: Kernels | None,
    progress: Callable[[int, int], None] | None,
) -> tuple[_Material, CampaignBacktest]:
    from keyterrain.version import __version__

    scenario, run = target.scenario, target.run
    situation = scenario.situation(target.start)
    days = target.days or situation.days
    start = situation.start
    seed = run.manifest.plan.seed if run is not None else seed
    fitted = _fitted(run, start) if run is not None else ""
    risk = at_risk(scenario, situation)
    until = observed_until(scenario, start, days)
    n_days = max((until - start).days, 0)
    asked = asked_of_record(scenario, start, risk.places, n_days)
    if run is not None:
        forecast = forecast_of_run(run, asked)
    else:
        stage = Stage(scenario, seed=seed, executor=executor, kernels=kernels)
        forecast = forecast_of_play(stage, Variant(start, days), asked, replicates, progress)
    fact = happened(scenario, situation, risk.places, n_days)
    units = episodes(scenario.name, risk.places, fact.fell_on)
    reachable = tuple(horizon for horizon in horizons if horizon <= n_days)
    beside = rivals(scenario, situation, risk, n_days)
    material = _Material(f"{scenario.name} from {start}", seed, risk.places, forecast, fact, beside, units, reachable)
    counts = score_counts(asked.counts, forecast.gains)
    campaign = CampaignBacktest(
        scenario=scenario.name,
        title=scenario.title,
        start=start,
        days=days,
        seed=seed,
        replicates=forecast.n,
        version=run.manifest.plan.version if run is not None else __version__,
        sides=risk.sides,
        observed_until=until,
        last_row=fact.last_row,
        scores=_scores(material.name, [material], seed),
        places=_places(scenario.name, start, material),
        left_out=risk.left_out,
        corridors=tuple(_corridor_scores(asked, forecast)),
        counts=counts,
        counts_left_out=asked.counts_left_out,
        waves=score_waves(asked.counts, counts, seed),
        not_scored={horizon: _why_not(horizon, days, until, start) for horizon in horizons if horizon > n_days},
        blind=scenario.backtest.blind,
        reason=scenario.backtest.reason,
        fitted=fitted,
    )
    return material, campaign


def _fitted(run: Run, start: date) -> str:
    """Return by what the parameters of a run were fitted; other interventions, and fits that saw what is scored, are refused."""
    refuse_run_that_was_changed(run, but=CALIBRATED)
    draws = run.manifest.plan.interventions.calibrated
    if draws is None:
        return ""
    if run.scenario.name in draws.fitted_on or not draws.is_of_the_past_of(start):
        whose = ", ".join(draws.fitted_on) or "the region"
        seen = f"of {whose} up to {draws.until}" if draws.until else f"of {whose}, whose days it does not say"
        raise RunRefused(
            f"{run.path} was played with {draws.name}, which was fitted on records {seen}: it has seen what would be scored. "
            "Play it with a calibration whose --scored names this scenario."
        )
    return f"{draws.name}, records up to {draws.until}"


def _why_not(horizon: int, days: int, until: date, start: date) -> str:
    if horizon > days:
        return f"the run lasts {days} days"
    return "the record has nothing after the start" if until <= start else f"the record is taken to end on {until}"


def _scores(name: str, materials: Sequence[_Material], seed: int) -> BacktestScores:
    """Return scores over the places of all campaigns, at each horizon those of the campaigns that reach it."""
    horizons = sorted({horizon for material in materials for horizon in material.horizons})
    reach = {horizon: [each for each in materials if horizon in each.horizons] for horizon in horizons}
    briers = {horizon: _at(reach[horizon], _OfEvening(brier, horizon), horizon, seed) for horizon in horizons}
    logs = {horizon: _at(reach[horizon], _OfEvening(log_score, horizon), horizon, seed) for horizon in horizons}
    last = {id(each): each.horizons[-1] for each in materials if each.horizons}
    able = [each for each in materials if each.horizons]

    def integral(each: _Material, p: Floats, o: Floats) -> Floats:
        of_day = brier(p[1 : last[id(each)] + 1], o[1 : last[id(each)] + 1])
        n_known = (~np.isnan(of_day)).sum(axis=0)
        return np.where(n_known > 0, np.nansum(of_day, axis=0) / np.maximum(n_known, 1), np.nan)

    def capture(each: _Material, p: Floats, o: Floats) -> Floats:
        return crps_of_time(p[: last[id(each)] + 1], o[: last[id(each)] + 1])

    return BacktestScores(
        name=name,
        horizon=max(last.values(), default=0),
        brier=briers,
        log=logs,
        brier_integral=_at(able, integral, None, seed),
        crps_capture=_at(able, capture, None, seed, of_capture=True),
        kendall=_order(able, seed),
        calibration=_calibration(able, seed),
    )


@dataclass(frozen=True)
class _OfEvening:
    """A score of each place on one evening."""

    score: Callable[[Floats, Floats], Floats]
    day: int

    def __call__(self, _material: _Material, forecast: Floats, outcome: Floats) -> Floats:
        return self.score(forecast[self.day], outcome[self.day])


def _at(
    materials: Sequence[_Material],
    score: Callable[[_Material, Floats, Floats], Floats],
    horizon: int | None,
    seed: int,
    *,
    of_capture: bool = False,
) -> Score:
    """Score every campaign's places by one measure, beside those rivals that all of them have."""
    own: list[Floats] = []
    units: list[str] = []
    fallen: list[Floats] = []
    beside: dict[str, list[Floats]] = {name: [] for name in _common_rivals(materials)}
    for each in materials:
        fact = each.happened.taken if of_capture else each.happened.held
        own.append(score(each, each.forecast.taken if of_capture else each.forecast.held, fact))
        for name, values in beside.items():
            values.append(score(each, each.rivals[name], fact))
        at = each.horizons[-1] if horizon is None else horizon
        fallen.append(np.nan_to_num(_last_known(fact[: at + 1])))
        units += each.units
    if not materials:
        return scored(np.zeros(0), {}, (), np.zeros(0), seed)
    return scored(
        np.concatenate(own),
        {name: np.concatenate(values) for name, values in beside.items()},
        units,
        np.concatenate(fallen),
        seed,
    )


def _common_rivals(materials: Sequence[_Material]) -> list[str]:
    return [name for name in (materials[0].rivals if materials else ()) if all(name in each.rivals for each in materials)]


def _last_known(fact: Floats) -> Floats:
    """Return the last value (place) that is known."""
    n_known = (~np.isnan(fact)).sum(axis=0)
    last: Floats = np.where(n_known > 0, fact[np.maximum(n_known - 1, 0), np.arange(fact.shape[1])], np.nan)
    return last


def _order(materials: Sequence[_Material], seed: int) -> OrderScore:
    """Score the order of capture; days count from each campaign's own start."""
    if not materials:
        return OrderScore(math.nan, math.nan, math.nan, {}, 0, "nothing is scored")
    own: list[Floats] = []
    fell: list[Floats] = []
    units: list[str] = []
    beside: dict[str, list[Floats]] = {name: [] for name in _common_rivals(materials)}
    for each in materials:
        last = each.horizons[-1]
        own.append((1.0 - each.forecast.taken[:last]).sum(axis=0))
        taken = each.happened.taken[: last + 1]
        by = np.nan_to_num(taken) >= 0.5
        fell.append(np.where(by.any(axis=0), by.argmax(axis=0).astype(float), np.nan))
        for name, values in beside.items():
            values.append((1.0 - each.rivals[name][:last]).sum(axis=0))
        units += each.units
    together = {name: np.concatenate(values) for name, values in beside.items()}
    campaigns = [number for number, each in enumerate(materials) for _ in each.places]
    return order_score(np.concatenate(own), together, np.concatenate(fell), units, seed, campaigns)


def _calibration(materials: Sequence[_Material], seed: int) -> tuple[CalibrationBin, ...]:
    """Return the calibration over places and all horizons together; a unit's places stay together at all of them."""
    if not materials:
        return ()
    forecast = [each.forecast.held[horizon] for each in materials for horizon in each.horizons]
    outcome = [each.happened.held[horizon] for each in materials for horizon in each.horizons]
    units = [unit for each in materials for _ in each.horizons for unit in each.units]
    return calibration(np.concatenate(forecast), np.concatenate(outcome), units, seed)


def _places(scenario: str, start: date, material: _Material) -> tuple[ScoredPlace, ...]:
    found = []
    for column, each in enumerate(material.places):
        fact = material.happened.held[:, column]
        end = int((~np.isnan(fact)).sum()) - 1
        found.append(
            ScoredPlace(
                scenario=scenario,
                start=start,
                place=each.place.key,
                name=each.place.name,
                holder=each.holder,
                p_fallen={horizon: float(material.forecast.held[horizon, column]) for horizon in material.horizons},
                happened={horizon: float(fact[horizon]) for horizon in material.horizons},
                fell_on=material.happened.fell_on[column],
                scored_until=start + timedelta(days=end) if end < len(fact) - 1 else None,
                episode=material.units[column],
            )
        )
    return tuple(found)


def _corridor_scores(asked: Asked, forecast: Forecast) -> list[CorridorScore]:
    found = []
    for column, (each, p_open) in enumerate(zip(asked.corridors, forecast.p_open, strict=True)):
        fact = np.array(each.is_open, dtype=float)
        closed = forecast.n_closed[:, column]
        baselines = {}
        if each.open_before is not None and each.share_before is not None:
            baselines = {
                "as on the last day known": float(brier(np.full(len(fact), float(each.open_before)), fact).mean()),
                "as often as before": float(brier(np.full(len(fact), each.share_before), fact).mean()),
            }
        low, high = np.quantile(closed, [0.05, 0.95])
        found.append(
            CorridorScore(
                each.corridor, len(fact), int((1 - fact).sum()), float(closed.mean()), float(low), float(high),
                float(brier(p_open, fact).mean()), baselines,
            )
        )  # fmt: skip
    return found
