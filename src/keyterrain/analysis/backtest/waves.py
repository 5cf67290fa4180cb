"""Waves of displaced people: what the record counted at a host after the start, beside what campaigns brought there.

A count is compared with how many more displaced people are at the host than on the evening from which they were counted (`since`
of the record; the start where it says nothing or the series had begun by then). Beside the forecast stands one **given the
attack**: of those replicates alone in which the place of origin was assaulted within `WINDOW_DAYS` of the day after that evening,
counted from the evening before that assault and for as many days as in the record; and one given that it was assaulted at any
time. They tell a flight that is modelled badly from an attack that did not come. Where the origin is an area, its places count
that the record saw change hands or contested about then; all, if it saw none.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from keyterrain.analysis.backtest.episodes import WINDOW_DAYS
from keyterrain.analysis.backtest.scores import FEW_EPISODES, Score, scored

if TYPE_CHECKING:
    from keyterrain.analysis.measures.replicates import Replicates
    from keyterrain.theatre.nouns import DisplacementRow
    from keyterrain.theatre.scenario import Scenario

Floats = NDArray[np.float64]

LEAST_GIVEN = 20
"""Replicates with the attack below which their forecast is not said (assumption: one then lies beyond each end of a band)."""
ASSAULT = "assault"
"""Kind of the event with which an assault begins."""


@dataclass(frozen=True, slots=True)
class CountAfterStart:
    """A count of displaced people after the start.

    Attributes
    ----------
    on, day
        When it was taken, as a date and in days after the start.
    since
        The evening from which people are counted, `from_day` in days after the start.
    gain
        How many had come since.
    before
        People a day between the last two counts of the series that were known at the start, 0 where there are fewer.
    filling
        People a day by whom the host had filled by the start, since the record begins; 0 where nothing is known.
    attacked
        Places whose attack the forecast is given; none where `not_given` says why there is no such forecast.
    """

    on: date
    day: int
    since: date
    from_day: int
    host: str
    origin: str
    gain: float
    before: float
    filling: float
    grade: str
    attacked: tuple[str, ...]
    not_given: str

    @property
    def wave(self) -> str:
        """Name of the series that it belongs to."""
        return f"{self.origin} at {self.host} since {self.since}"


@dataclass(frozen=True, slots=True)
class CountLeftOut:
    """A count that is not scored, and why."""

    on: date
    host: str
    origin: str
    why: str


@dataclass(frozen=True, slots=True)
class GivenAttack:
    """The forecast of those `n` replicates in which the place of origin was attacked; nan where `why` says why not."""

    n: int
    median: float
    low: float
    high: float
    crps: float
    why: str


@dataclass(frozen=True, slots=True)
class CountScore:
    """A count of displaced people beside what was foretold: median, 5 and 95 per cent, and the CRPS in people.

    `given` and `whenever` are the forecasts given an attack on `attacked` about then, and at any time after the start.
    """

    on: date
    since: date
    host: str
    origin: str
    observed: float
    median: float
    low: float
    high: float
    crps: float
    baselines: Mapping[str, float]
    attacked: tuple[str, ...]
    given: GivenAttack
    whenever: GivenAttack


def counts_after(scenario: Scenario, start: date, days: int) -> tuple[tuple[CountAfterStart, ...], tuple[CountLeftOut, ...]]:
    """Return the counts of the first `days` days after a start that can be scored, and those that cannot."""
    series = defaultdict(list)
    for row in sorted(scenario.record.displacement, key=lambda row: row.on):
        series[row.host, row.origin, row.since].append(row)
    found: list[CountAfterStart] = []
    left_out: list[CountLeftOut] = []
    for rows in series.values():
        begun = [row for row in rows if row.on <= start]
        for row in rows:
            if not 0 < (row.on - start).days <= days:
                continue
            if row.since is not None and row.since < start and not begun:
                why = f"counted since {row.since}, and nothing says how many of them had come by the start"
                left_out.append(CountLeftOut(row.on, row.host, row.origin, why))
            else:
                found.append(_count(scenario, start, rows, row))
    return tuple(sorted(found, key=_in_order)), tuple(sorted(left_out, key=lambda each: (each.on, each.host, each.origin)))


def _in_order(count: CountAfterStart) -> tuple[date, str, str, date]:
    return count.on, count.host, count.origin, count.since


def _count(scenario: Scenario, start: date, rows: Sequence[DisplacementRow], row: DisplacementRow) -> CountAfterStart:
    begun = [each for each in rows if each.on <= start]
    known = [each for each in begun if each.known_on <= start]
    before = 0.0
    if len(known) > 1 and known[-1].on > known[-2].on:
        before = (known[-1].cum_persons - known[-2].cum_persons) / (known[-1].on - known[-2].on).days
    since = start if begun or row.since is None else row.since
    attacked: tuple[str, ...] = ()
    why = ""
    if begun:
        why = "the series had begun before the start"
    elif row.since is None:
        why = "the record does not say since when they were counted"
    else:
        attacked = _attacked(scenario, row.origin, since)
        why = "" if attacked else "the origin is neither a place nor an area of the theatre"
    return CountAfterStart(
        on=row.on,
        day=(row.on - start).days,
        since=since,
        from_day=(since - start).days,
        host=row.host,
        origin=row.origin,
        gain=row.cum_persons - (begun[-1].cum_persons if begun else 0.0),
        before=before,
        filling=_filling(scenario, start, row.host),
        grade=row.grade,
        attacked=attacked,
        not_given=why,
    )


def _attacked(scenario: Scenario, origin: str, since: date) -> tuple[str, ...]:
    members = [place.key for place in scenario.places if origin == place.key or origin in place.areas]
    about = timedelta(days=WINDOW_DAYS)
    seen = {row.place for row in scenario.record.control if -about <= row.on - since <= about}
    return tuple(place for place in members if place in seen) or tuple(members)


def _filling(scenario: Scenario, start: date, host: str) -> float:
    """Return the guests known at the start over the days since the record of control begins."""
    situation = scenario.situation(start)
    guests = sum(row.number.mid for row in situation.people if row.group == "guests" and row.place == host)
    first = min((row.on for row in scenario.record.control), default=start)
    return float(guests) / max((start - first).days, 1)


@dataclass(frozen=True, slots=True)
class Gains:
    """Displaced people (replicate, count) who came to the hosts, nan where a replicate does not count.

    Attributes
    ----------
    gain
        Since the evening from which they are counted.
    given, whenever
        Since the evening before an attack on the place of origin, about then or at any time.
    """

    gain: Floats
    given: Floats
    whenever: Floats

    @classmethod
    def of(cls, counts: Sequence[CountAfterStart], replicates: Replicates) -> Gains:
        """Look at some replicates."""
        return cls(gains(counts, replicates), gains_given(counts, replicates), gains_given(counts, replicates, math.inf))

    @classmethod
    def joined(cls, parts: Sequence[Gains]) -> Gains:
        """Put replicates together."""
        return cls(*(np.concatenate([getattr(part, name) for part in parts]) for name in ("gain", "given", "whenever")))


def gains(counts: Sequence[CountAfterStart], replicates: Replicates) -> Floats:
    """Return how many more displaced people (replicate, count) are at the host than on the evening from which they count."""
    found = np.empty((replicates.n, len(counts)))
    for column, count in enumerate(counts):
        there = _people_at(replicates, count.host)
        found[:, column] = there[:, count.day] - there[:, count.from_day]
    return found


def gains_given(counts: Sequence[CountAfterStart], replicates: Replicates, window: float = WINDOW_DAYS) -> Floats:
    """Return the same (replicate, count) from the evening before the attack; nan without one in the window, or days enough."""
    found = np.full((replicates.n, len(counts)), math.nan)
    for column, count in enumerate(counts):
        if count.attacked:
            begun = _first_attack(replicates, count, window)
            last = begun - 1 + count.day - count.from_day
            rows = np.flatnonzero((begun > 0) & (last <= replicates.last_day))
            there = _people_at(replicates, count.host)
            found[rows, column] = there[rows, last[rows]] - there[rows, begun[rows] - 1]
    return found


def _people_at(replicates: Replicates, host: str) -> Floats:
    people: Floats = np.asarray(replicates.arrays["n_displaced"])[:, :, replicates.at("host", host)].astype(np.float64)
    return people


def _first_attack(replicates: Replicates, count: CountAfterStart, window: float) -> NDArray[np.int64]:
    """Return the day (replicate) of the first assault on the places of origin within the window, 0 without one."""
    events, expected = replicates.events, count.from_day + 1
    chosen = (events.kind == ASSAULT) & np.isin(events.place, replicates.places(count.attacked))
    about = events.where(chosen & (np.abs(events.day - expected) <= window))
    first = np.full(replicates.n, np.iinfo(np.int64).max)
    np.minimum.at(first, about.row, about.day)
    return np.where(first == np.iinfo(np.int64).max, 0, first)


def score_counts(counts: Sequence[CountAfterStart], found: Gains) -> tuple[CountScore, ...]:
    """Score each count by what came in the replicates."""
    columns = (found.gain.T, found.given.T, found.whenever.T)
    return tuple(_scored(count, *each) for count, *each in zip(counts, *columns, strict=True))


def _scored(count: CountAfterStart, gain: Floats, given: Floats, whenever: Floats) -> CountScore:
    low, median, high = (float(each) for each in np.quantile(gain, [0.05, 0.5, 0.95]))
    days = count.day - count.from_day
    baselines = {
        "nothing comes": abs(count.gain),
        "goes on as before": abs(count.gain - count.before * days),
        "fills as so far": abs(count.gain - count.filling * days),
    }
    return CountScore(
        count.on, count.since, count.host, count.origin, count.gain, median, low, high, _crps(count.gain, gain), baselines,
        count.attacked, _given(count, given, "about then"), _given(count, whenever, "in time to be followed"),
    )  # fmt: skip


def _given(count: CountAfterStart, gain: Floats, when: str) -> GivenAttack:
    nan, of = math.nan, len(gain)
    gain = gain[~np.isnan(gain)]
    if count.not_given or len(gain) < LEAST_GIVEN:
        why = count.not_given or f"attacked {when} in {len(gain)} of {of} replicates; {LEAST_GIVEN} are needed"
        return GivenAttack(len(gain), nan, nan, nan, nan, why)
    low, median, high = (float(each) for each in np.quantile(gain, [0.05, 0.5, 0.95]))
    return GivenAttack(len(gain), median, low, high, _crps(count.gain, gain), "")


def _crps(observed: float, gain: Floats) -> float:
    from scoringrules import crps_ensemble

    return float(crps_ensemble(observed, gain, backend="numpy"))


def score_waves(counts: Sequence[CountAfterStart], scores: Sequence[CountScore], seed: int) -> Score:
    """Return the mean CRPS beside the mean errors of the rivals; counts of one wave are resampled together.

    There is no verdict on fewer than `FEW_EPISODES` waves: of one or two all may go one way by chance.
    """
    names = list(scores[0].baselines) if scores else []
    found = scored(
        np.array([each.crps for each in scores]),
        {name: np.array([each.baselines[name] for each in scores]) for name in names},
        [count.wave for count in counts],
        np.ones(len(scores)),
        seed,
    )
    if 0 < found.n_episodes < FEW_EPISODES:
        why = f"{found.n_episodes} wave{'s' * (found.n_episodes != 1)} in the record, and {FEW_EPISODES} are needed"
        return replace(found, verdict="cannot tell", why=why)
    return found
