"""Named incidents: how surprising it is that this one came so close upon that trigger.

Whoever notices that an incident followed a trigger within k days has chosen it, after the fact, from all that might have been
noticed. So three chances are given, under each null: that *some incident of its kind* falls that close to this trigger; that some
incident *of any kind that was looked at* does; and that an incident of its kind falls that close to *any* of the triggers.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from keyterrain.analysis.spillover.series import DailySeries, trend
from keyterrain.analysis.spillover.surrogates import DEFAULT_NULL, NULLS, surrogates
from keyterrain.theatre.events.table import day_number

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class NamedIncident:
    """An incident and the trigger that it is said to follow.

    Attributes
    ----------
    label
        As it is shown.
    on, trigger_on
        Their days; as dated by someone, so that several datings can stand beside each other.
    kind
        Filter text of incidents like it.
    """

    label: str
    on: date
    trigger_on: date
    kind: str


@dataclass(frozen=True, slots=True)
class IncidentAnswer:
    """How close it came, and how often chance comes as close.

    Attributes
    ----------
    lag
        Days from the trigger to the incident; 0 is one day, order unknown.
    n_alike, n_any, n_triggers
        Incidents of its kind, incidents of any kind looked at, and triggers.
    p
        By null: chance that an incident of its kind falls within the lag of this trigger, the trigger's own day included.
    p_any
        The same for an incident of any kind looked at.
    p_some_trigger
        Chance that an incident of its kind falls so close to at least one of the triggers.
    """

    incident: NamedIncident
    lag: int
    n_alike: int
    n_any: int
    n_triggers: int
    p: dict[str, float]
    p_any: dict[str, float]
    p_some_trigger: dict[str, float]

    @property
    def is_before(self) -> bool:
        """Whether the incident came before what it is said to follow."""
        return self.lag < 0


def closeness(
    incident: NamedIncident,
    alike: DailySeries,
    any_kind: DailySeries,
    triggers: DailySeries,
    *,
    trend_days: float,
    n_surrogates: int,
    seed: int,
) -> IncidentAnswer:
    """Return how surprising the closeness of an incident to its trigger is.

    Of an incident that came before its trigger the distance is taken the same way, backwards.
    """
    lag = (incident.on - incident.trigger_on).days
    day = day_number(incident.trigger_on) - alike.first_day
    reach = range(min(0, lag), max(0, lag) + 1)
    inside = [day + step for step in reach if 0 <= day + step < alike.n_days]
    p: dict[str, float] = {}
    p_any: dict[str, float] = {}
    for series, into in ((alike, p), (any_kind, p_any)):
        into["poisson"] = float(1.0 - (1.0 - len(reach) / series.n_days) ** series.n)
        into["trend"] = float(1.0 - np.exp(-trend(series.counts, trend_days)[inside].sum()))
        for null in NULLS[:3]:
            moved = surrogates(series, null, n_surrogates, trend_days, seed)
            into[null] = float((1 + np.count_nonzero(moved[:, inside].sum(axis=1) > 0.5)) / (1 + n_surrogates))
    some = _near_some_trigger(alike, triggers, lag, trend_days, n_surrogates, seed)
    return IncidentAnswer(incident, lag, alike.n, any_kind.n, triggers.n, p, p_any, some)


def _near_some_trigger(
    alike: DailySeries, triggers: DailySeries, lag: int, trend_days: float, n_surrogates: int, seed: int
) -> dict[str, float]:
    """Return the chance that some trigger is followed within the lag, triggers staying where they are."""
    window = np.ones(abs(lag) + 1)
    n = alike.n_days
    reached = (np.convolve(triggers.counts, window)[:n] if lag >= 0 else np.convolve(triggers.counts, window)[-n:]) > 0.5
    share = float(reached.mean())
    moved = surrogates(alike, DEFAULT_NULL, n_surrogates, trend_days, seed)
    hit = np.count_nonzero(moved[:, reached].sum(axis=1) > 0.5)
    return {"poisson": float(1.0 - (1.0 - share) ** alike.n), DEFAULT_NULL: float((1 + hit) / (1 + n_surrogates))}
