"""How likely an observation is in each replicate, under an error model that is stated.

- *control, corridor, route*: the report is right with chance 1 - p_wrong. A date that may be off by e days is taken as any of
  the days d - e to d + e: with a the share of them on which the replicate is in the reported state, the likelihood is (1 - p) a
  + p (1 - a).
- *displaced*: the log of the count is normal about the log of the replicate's number, with the standard deviation given; a
  wrong report is normal with `WIDE`. A hundred people are added to both, so that few and none are alike. The likelihood is the
  mixture of both.

Reports are taken as independent of each other given the replicate: what two papers took from one telegram is one observation.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from keyterrain.campaign.record import CONTESTED
from keyterrain.theatre.observations import CONTESTED_WORD

if TYPE_CHECKING:
    from keyterrain.analysis.measures.replicates import Replicates
    from keyterrain.theatre.observations import Observation

Floats = NDArray[np.float64]

WIDE = 2.0
"""Log standard deviation of a count that is plainly wrong (assumption: a factor of seven either way)."""
FEW_PEOPLE = 100.0
"""People who are added to both counts (assumption: nobody counts refugees to less than a hundred)."""
OPEN_PERCENT = 50
"""Part of the day from which on a road counts as open (assumption)."""
READS = {"control": "control", "corridor": "corridor_open", "route": "route_open", "displaced": "n_displaced"}
"""Variable of the store that each kind of observation is held against."""


def log_likelihood(observation: Observation, replicates: Replicates) -> Floats:
    """Return the log of the likelihood (replicate) of an observation; minus infinity where it cannot be."""
    likelihood = _of_count(observation, replicates) if observation.kind == "displaced" else _of_state(observation, replicates)
    with np.errstate(divide="ignore"):
        logs: Floats = np.log(likelihood)
    return logs


def agreeing(observation: Observation, replicates: Replicates) -> Floats:
    """Return the share of the days in question on which a replicate agrees (replicate); of a count whether within two sd."""
    if observation.kind == "displaced":
        close: Floats = (np.abs(_off(observation, replicates)) <= 2.0 * observation.error).astype(np.float64)
        return close
    share: Floats = _agreeing(observation, replicates).mean(axis=1)
    return share


def _of_state(observation: Observation, replicates: Replicates) -> Floats:
    share, p = agreeing(observation, replicates), observation.p_wrong
    likelihood: Floats = (1.0 - p) * share + p * (1.0 - share)
    return likelihood


def _agreeing(observation: Observation, replicates: Replicates) -> NDArray[np.bool_]:
    """Return whether a replicate is in the reported state (replicate, day that it may have been)."""
    if observation.kind == "route":
        return _of_route(observation, replicates)
    first = max(observation.day - int(observation.error), 1)
    days = slice(first, min(observation.day + int(observation.error), replicates.last_day) + 1)
    values = np.asarray(replicates.arrays[READS[observation.kind]])
    if observation.kind == "corridor":
        is_open = values[:, days, replicates.at("corridor", observation.subject)] > 0
        return np.asarray(is_open == (observation.value == "open"))
    code = CONTESTED if observation.value == CONTESTED_WORD else replicates.at("side", observation.value)
    return np.asarray(values[:, days, replicates.at("place", observation.subject)] == code)


def _of_route(observation: Observation, replicates: Replicates) -> NDArray[np.bool_]:
    """Routes are kept by the week: the weeks that the days lie nearest to are looked at, for vehicles."""
    weeks = np.array(replicates.labels["week"], dtype=np.int64)
    days = np.arange(observation.day - int(observation.error), observation.day + int(observation.error) + 1)
    rows = np.unique(np.abs(weeks[:, None] - days).argmin(axis=0))
    values = np.asarray(replicates.arrays["route_open"])[:, rows, replicates.at("mode", "vehicle")]
    is_open = values[:, :, replicates.at("route", observation.subject)] >= OPEN_PERCENT
    return np.asarray(is_open == (observation.value == "open"))


def _of_count(observation: Observation, replicates: Replicates) -> Floats:
    off, p = _off(observation, replicates), observation.p_wrong
    return (1.0 - p) * _normal(off, observation.error) + p * _normal(off, max(WIDE, observation.error))


def _off(observation: Observation, replicates: Replicates) -> Floats:
    """Return by how much the log of a replicate's number is above that of the count (replicate)."""
    people = np.asarray(replicates.arrays["n_displaced"])[:, :, replicates.at("host", observation.subject)].astype(np.float64)
    gain = np.maximum(people[:, observation.day] - people[:, 0], 0.0)
    off: Floats = np.log(gain + FEW_PEOPLE) - np.log(observation.people + FEW_PEOPLE)
    return off


def _normal(off: Floats, sd: float) -> Floats:
    density: Floats = np.exp(-0.5 * (off / sd) ** 2) / (sd * np.sqrt(2.0 * np.pi))
    return density
