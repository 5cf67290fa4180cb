"""How right arrivals in camps are: Flee's averaged relative difference, CRPS and coverage of bands, and baselines.

    E(t) = sum_x |r_x(t) - data_x(t)| / max(N_data(t), 1),     ARD = mean of E over the days

with r the simulated counts, *raw*, or *rescaled* to the observed total of the day. The same two conventions hold for the CRPS
(Gneiting and Raftery 2007, doi:10.1198/016214506000001437), which for a single forecast is the difference itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from keyterrain.campaign.flee_days import open_days
from keyterrain.campaign.refugee_ensemble import DisplacementRun
from keyterrain.campaign.refugee_rules import directions, goal_ways
from keyterrain.theatre.flee_folder import FleeFolder

BAND = (0.05, 0.5, 0.95)
"""Quantiles of the bands: nine in ten replicates lie between the outer two."""
BASELINE_SOFTENING_KM = 10.0
"""Added to distances of the baseline `by distance`, as Flee's softening does."""
KINDS = {"camp": "refugees", "idpcamp": "internally displaced"}


class Convention(NamedTuple):
    """Measures in one convention: averaged, and by day. ARD is of the central run, or of the mean of all; the rest of all."""

    ard: float
    ard_of_mean: float
    crps: float
    coverage: float
    error_by_day: NDArray[np.float64]
    crps_by_day: NDArray[np.float64]
    coverage_by_day: NDArray[np.float64]


class KindSkill(NamedTuple):
    """Measures of the camps of one kind of people alone."""

    kind: str
    camps: int
    ard: float
    ard_rescaled: float


class TotalSkill(NamedTuple):
    """Averaged relative difference of the number of people in all camps, where that is all that is known or asked."""

    ard: float
    coverage: float


@dataclass(frozen=True, slots=True)
class DisplacementSkill:
    """How right a run was; raw and rescaled are None where no camp was counted."""

    run: DisplacementRun
    raw: Convention | None
    rescaled: Convention | None
    total: TotalSkill
    kinds: tuple[KindSkill, ...]
    baselines: dict[str, float]
    leaked: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Arrivals:
    """Bands of the number of people by (day, camp), beside what was observed (-1 where nothing was)."""

    low: NDArray[np.float64]
    middle: NDArray[np.float64]
    high: NDArray[np.float64]
    mean: NDArray[np.float64]
    observed: NDArray[np.int64]


def displacement_skill(run: DisplacementRun) -> DisplacementSkill:
    """Measure a run against the counts of its folder."""
    folder = run.folder
    leaked = tuple(each.camp for each in folder.leaked)
    arrived = run.arrived.astype(np.float64)
    total = _total_skill(folder, arrived.sum(axis=2))
    if not folder.is_observed:
        return DisplacementSkill(run, None, None, total, (), {}, leaked)
    observed = folder.observed().astype(np.float64)
    central, totals = run.central.astype(np.float64), observed.sum(axis=1)
    return DisplacementSkill(
        run,
        _convention(central, arrived, observed),
        _convention(rescaled_to(central, totals), rescaled_to(arrived, totals), observed),
        total,
        _kinds(folder, central, observed),
        baselines(folder),
        leaked,
    )


def arrivals(run: DisplacementRun) -> Arrivals:
    """Return bands of a run by day and camp."""
    low, middle, high = np.quantile(run.arrived, BAND, axis=0)
    return Arrivals(low, middle, high, run.arrived.mean(axis=0), run.folder.observed())


def rescaled_to(arrived: NDArray[np.float64], totals: NDArray[np.float64]) -> NDArray[np.float64]:
    """Scale counts (..., day, camp) so that each day's sum is the total observed; 0 where nobody is simulated."""
    simulated = arrived.sum(axis=-1, keepdims=True)
    factor = np.divide(totals[:, None], simulated, out=np.zeros_like(simulated), where=simulated > 0)
    scaled: NDArray[np.float64] = arrived * factor
    return scaled


def relative_errors(counts: NDArray[np.float64], observed: NDArray[np.float64]) -> NDArray[np.float64]:
    """Sum over camps of absolute differences, relative to the day's observed total, by day."""
    errors: NDArray[np.float64] = np.abs(counts - observed).sum(axis=-1) / np.maximum(observed.sum(axis=-1), 1.0)
    return errors


def averaged_relative_difference(counts: NDArray[np.float64], observed: NDArray[np.float64], *, rescale: bool) -> float:
    """Flee's measure for one table of counts (day, camp)."""
    return float(relative_errors(rescaled_to(counts, observed.sum(axis=1)) if rescale else counts, observed).mean())


def _convention(central: NDArray[np.float64], ensemble: NDArray[np.float64], observed: NDArray[np.float64]) -> Convention:
    import scoringrules

    errors, of_mean = relative_errors(central, observed), float(relative_errors(ensemble.mean(axis=0), observed).mean())
    by_camp = scoringrules.crps_ensemble(observed, np.moveaxis(ensemble, 0, -1), estimator="pwm") if len(ensemble) > 1 else None
    each = np.abs(ensemble[0] - observed) if by_camp is None else np.asarray(by_camp)
    crps = each.sum(axis=1) / np.maximum(observed.sum(axis=1), 1.0)
    low, _, high = np.quantile(ensemble, BAND, axis=0)
    covered = ((low <= observed) & (observed <= high)).mean(axis=1)
    return Convention(float(errors.mean()), of_mean, float(crps.mean()), float(covered.mean()), errors, crps, covered)


def _total_skill(folder: FleeFolder, in_camps: NDArray[np.float64]) -> TotalSkill:
    """Hold the people in all camps against the sum of the counted camps or, without any, against the total."""
    known = folder.observed().sum(axis=1) if folder.is_observed else folder.totals()
    error = np.abs(in_camps.mean(axis=0) - known) / np.maximum(known, 1)
    low, _, high = np.quantile(in_camps, BAND, axis=0)
    return TotalSkill(float(error.mean()), float(((low <= known) & (known <= high)).mean()))


def _kinds(folder: FleeFolder, central: NDArray[np.float64], observed: NDArray[np.float64]) -> tuple[KindSkill, ...]:
    kind_of = np.array([folder.places[k].kind for k in folder.camps])
    found = []
    for kind, says in KINDS.items():
        chosen = kind_of == kind
        if chosen.any():
            simulated, seen = central[:, chosen], observed[:, chosen]
            raw, rescaled = (averaged_relative_difference(simulated, seen, rescale=each) for each in (False, True))
            found.append(KindSkill(says, int(chosen.sum()), raw, rescaled))
    return tuple(found)


def baselines(folder: FleeFolder) -> dict[str, float]:
    """Averaged relative difference of shares that need no simulation, given each day's observed total."""
    observed = folder.observed().astype(np.float64)
    n_camps = len(folder.camps)
    shares: dict[str, NDArray[np.float64]] = {"uniform": np.ones(n_camps)}
    near, nearest_people = _shares_by_map(folder)
    shares["by distance"], shares["by population"] = near, nearest_people
    for day in (7, 30):
        if day < folder.days:
            shares[f"day {day} held"] = observed[day]
    shares["by capacity"] = np.array([folder.places[k].capacity for k in folder.camps], dtype=np.float64)
    return {name: _baseline(share, observed) for name, share in shares.items()}


def _baseline(share: NDArray[np.float64], observed: NDArray[np.float64]) -> float:
    if share.sum() <= 0:
        return float("nan")
    return float(relative_errors(share / share.sum() * observed.sum(axis=1, keepdims=True), observed).mean())


def _shares_by_map(folder: FleeFolder) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Shares by distance (a zone divides its people by 1 / (10 km + way)) and by population (it sends all to its nearest)."""
    km = goal_ways(folder, open_days(folder, link_closures=True), directions(folder, doubled=False))[0].min(axis=0)
    near, nearest_people = np.zeros(km.shape[1]), np.zeros(km.shape[1])
    for place, ways in zip(folder.places, km, strict=True):
        if place.population > 0 and place.kind == "conflict_zone" and np.isfinite(ways).any():
            weight = 1.0 / (BASELINE_SOFTENING_KM + ways)
            near += place.population * weight / weight.sum()
            nearest_people[int(np.argmin(ways))] += place.population
    return near, nearest_people
