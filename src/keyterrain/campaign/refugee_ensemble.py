"""Ensembles of refugee flows: one folder under one set of rules, played many times with uncertain parameters and counts."""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from keyterrain.campaign.entities import word, words
from keyterrain.campaign.refugee_rules import (
    FITTED,
    GoalParameters,
    RuledConflict,
    capacities_without_news,
    flee_rules,
    goal_rules,
)
from keyterrain.campaign.threads import Threads, n_cores
from keyterrain.dynamics.luck import fill_normals
from keyterrain.dynamics.refugee_choice import Choice
from keyterrain.dynamics.refugee_flows import N_COUNTS, Flows, play_flows
from keyterrain.dynamics.refugee_legs import N_BINS, N_LEG_FIELDS, Ways
from keyterrain.dynamics.refugee_network import REFUGEE_FLOWS, Network
from keyterrain.theatre.flee_folder import FleeFolder
from keyterrain.version import __version__

RULES = ("keyterrain", "flee")
CAPACITIES = ("without-leaked", "as-given")
PULL_STREAM = REFUGEE_FLOWS + 1
"""Stream of what is uncertain about a replicate as a whole."""
UNDER_WAY, RETURNED, UNPLACED, DEBT = 0, 1, 2, 3
"""Columns of `elsewhere`."""

CENTRAL = 2**31
"""Number of the replicate that is played at central values: its luck is nobody's, however many replicates there are."""


@dataclass(frozen=True, slots=True)
class Uncertainty:
    """Standard deviations of logarithms: of each camp's pull, of each country's, of the power of distance, and of newcomers.

    That of camps is of the errors on conflicts left out of the fit, as benchmarks/fit_displacement.py prints it; the others are
    assumptions (three conflicts show no spread among countries beyond that of their camps, and cannot rule it out).
    """

    camp_pull: float = 0.67
    country_pull: float = 0.3
    distance: float = 0.2
    newcomers: float = 0.05


CERTAIN = Uncertainty(0.0, 0.0, 0.0, 0.0)


@dataclass(frozen=True, slots=True)
class DisplacementRun:
    """What an ensemble gave: `arrived` is (replicate, day, camp), `elsewhere` (replicate, day, 4), see `play_flows`.

    `central` (day, camp) is one more run, with every parameter at its central value: what stands against one run of a peer.
    """

    folder: FleeFolder
    rules: str
    capacities: str
    parameters: GoalParameters | None
    uncertainty: Uncertainty
    replicates: int
    seed: int
    version: str
    central: NDArray[np.int32]
    arrived: NDArray[np.int32]
    elsewhere: NDArray[np.int64]
    seconds: float
    seconds_per_replicate: float

    @property
    def camps(self) -> tuple[str, ...]:
        """Names of the camps."""
        return tuple(self.folder.places[k].name for k in self.folder.camps)

    @property
    def unused_capacities(self) -> tuple[str, ...]:
        """Names of camps whose capacities the run did without."""
        return unused_capacities(self.folder, self.rules, self.capacities)

    @property
    def people(self) -> int:
        """Most people who were displaced on a day, over all replicates."""
        return int((self.arrived.sum(axis=2) + self.elsewhere[:, :, UNDER_WAY]).max())


def play_displacement(
    folder: FleeFolder,
    *,
    rules: str = "keyterrain",
    capacities: str = "without-leaked",
    replicates: int = 200,
    seed: int = 0,
    threads: int | None = None,
    parameters: GoalParameters = FITTED,
    uncertainty: Uncertainty | None = None,
) -> DisplacementRun:
    """Play a folder of Flee many times.

    Parameters
    ----------
    folder
        As `read_flee_folder` gives it.
    rules
        One of `RULES`. Flee's have the parameters of the folder's settings, and nothing uncertain but luck.
    capacities
        One of `CAPACITIES`: without those that were taken from the counts to be predicted, or all. Flee's rules always have all
        unless they are asked to do without.
    replicates, seed, threads
        How many, from what number, and how many at a time; the result does not depend on the threads.
    parameters, uncertainty
        Of our rules.

    Raises
    ------
    keyterrain.theatre.faults.ScenarioFaults
        Flee's rules cannot be applied to the folder.
    """
    if uncertainty is None:
        uncertainty = Uncertainty() if rules == "keyterrain" else CERTAIN
    ready = ready_conflict(folder, rules, unused_capacities(folder, rules, capacities), parameters)
    varied = _Variation(folder, ready, uncertainty, replicates, seed)
    arrived = np.zeros((replicates, folder.days, len(ready.hosts)), dtype=np.int32)
    elsewhere = np.zeros((replicates, folder.days, 4), dtype=np.int64)
    central = play_once(ready, seed, CENTRAL)  # code is loaded before the clock runs

    def play(replicate: int) -> float:
        began = time.thread_time()
        _play(varied.of(replicate), seed, replicate, arrived[replicate], elsewhere[replicate])
        return time.thread_time() - began

    began = time.perf_counter()
    busy = list(Threads(threads or n_cores())(play, range(replicates)))
    seconds = time.perf_counter() - began
    return DisplacementRun(
        folder,
        rules,
        capacities,
        parameters if rules == "keyterrain" else None,
        uncertainty,
        replicates,
        seed,
        __version__,
        central,
        arrived,
        elsewhere,
        seconds,
        sum(busy) / replicates,
    )


def ready_conflict(folder: FleeFolder, rules: str, unused: tuple[str, ...], parameters: GoalParameters) -> RuledConflict:
    """Make a folder ready under one of the sets of rules, without the capacities of some camps."""
    return flee_rules(folder, ignored=unused) if rules == "flee" else goal_rules(folder, parameters, ignored=unused)


def unused_capacities(folder: FleeFolder, rules: str, capacities: str) -> tuple[str, ...]:
    """Camps whose capacities a run does without: none as given; else those that leak, and under our rules their like."""
    if capacities == "as-given":
        return ()
    return tuple(each.camp for each in folder.leaked) if rules == "flee" else capacities_without_news(folder)


def empty_state(network: Network) -> Flows:
    """Return a state of zeros for a conflict."""
    n_places = len(network.is_host)
    return Flows(_empty_choice(network), _empty_ways(network), _zeros(n_places), np.zeros(n_places), _zeros(N_COUNTS))


def _empty_choice(network: Network) -> Choice:
    n_places, (n_epochs, n_candidates) = len(network.is_host), network.candidate_leg.shape
    return Choice(
        base=np.zeros((n_epochs, n_candidates)),
        leg=_zeros(n_candidates),
        weight=np.zeros(n_candidates),
        up_to=np.zeros(n_candidates),
        pull=np.zeros(n_places),
        total=np.zeros(n_places),
        is_filling=np.zeros(n_places, dtype=np.bool_),
        is_live=np.zeros(n_places, dtype=np.bool_),
        weighed_by=_zeros(n_places),
    )


def _empty_ways(network: Network) -> Ways:
    n_places, n_legs = len(network.is_host), len(network.leg_from)
    n_ways, n_pools = n_legs + int(network.leg_slot[-1]), N_BINS * n_places
    return Ways(
        cells=_zeros(2 * n_places + n_ways + n_pools),
        moved=np.zeros(n_pools),
        leg=_zeros(n_legs, N_LEG_FIELDS),
        leg_km=np.zeros((n_legs, 2)),
        leg_word=np.zeros(n_legs, dtype=np.uint64),
        stays=np.zeros(n_places, dtype=np.bool_),
        log_stay=np.zeros(n_places),
        set_out=_zeros(2, len(network.candidate_goal)),
        was=_zeros(n_ways),
        leads_to=_zeros(n_ways),
        moved_by_then=np.zeros(n_ways),
        listed=_zeros(2, n_ways),
        n_listed=_zeros(2),
        uniform=np.zeros((3, n_places)),
        walker_uniform=np.zeros((3, n_places)),
    )


def _zeros(*shape: int) -> NDArray[np.int64]:
    return np.zeros(shape, dtype=np.int64)


def play_once(ready: RuledConflict, seed: int, replicate: int) -> NDArray[np.int32]:
    """Play one replicate and return who is in each camp, by (day, camp)."""
    n_days = len(ready.days.epoch)
    arrived = np.zeros((n_days, len(ready.hosts)), dtype=np.int32)
    _play(ready, seed, replicate, arrived, np.zeros((n_days, 4), dtype=np.int64))
    return arrived


def _play(ready: RuledConflict, seed: int, replicate: int, arrived: NDArray[np.int32], elsewhere: NDArray[np.int64]) -> None:
    play_flows(
        np.uint64(seed),
        np.uint64(replicate),
        ready.network,
        ready.days,
        ready.rules,
        empty_state(ready.network),
        ready.hosts,
        arrived,
        elsewhere,
    )


class _Variation:
    """What is uncertain about each replicate: pulls of camps and countries, the part of distance, how many come."""

    def __init__(self, folder: FleeFolder, ready: RuledConflict, uncertainty: Uncertainty, replicates: int, seed: int) -> None:
        self.ready, self.uncertainty = ready, uncertainty
        names = [folder.places[k].name for k in folder.camps]
        countries = sorted({folder.places[k].country for k in folder.camps})
        self.country_of = np.array([countries.index(folder.places[k].country) for k in folder.camps], dtype=np.int64)
        entities = np.concatenate(
            [
                words([f"camp {name}" for name in names]),
                words([f"country {name}" for name in countries]),
                np.array([word("distance"), word("newcomers")], dtype=np.uint64),
            ]
        )
        self.normals = np.zeros((replicates, len(entities)))
        fill_normals(np.uint64(seed), PULL_STREAM, 0, entities, self.normals)
        self.n_camps, self.n_countries = len(names), len(countries)

    def of(self, replicate: int) -> RuledConflict:
        """Return the conflict of one replicate."""
        ready, sd = self.ready, self.uncertainty
        if sd == CERTAIN:
            return ready
        drawn = self.normals[replicate]
        camps, countries = drawn[: self.n_camps], drawn[self.n_camps : self.n_camps + self.n_countries]
        distance, newcomers = drawn[-2], drawn[-1]
        factor = np.exp(sd.camp_pull * camps + sd.country_pull * countries[self.country_of])
        by_place = np.ones(len(ready.network.is_host))
        by_place[ready.hosts] = factor
        network = ready.network._replace(candidate_pull=ready.network.candidate_pull * by_place[ready.network.candidate_goal])
        rules = ready.rules._replace(distance_power=ready.rules.distance_power * float(np.exp(sd.distance * distance)))
        totals = np.round(np.cumsum(ready.days.newcomers) * np.exp(sd.newcomers * newcomers))
        days = ready.days._replace(newcomers=np.diff(totals, prepend=0).astype(np.int64))
        return RuledConflict(network, days, rules, ready.hosts)
