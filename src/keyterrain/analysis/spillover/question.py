"""Ask whether events here are followed by events there."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from keyterrain.analysis.spillover.answer import Direction, Excitation, LagCurve, SpilloverAnswer, SpilloverQuestion
from keyterrain.analysis.spillover.coincidence import coincidence
from keyterrain.analysis.spillover.contagion import ContagionFit, fit_contagion, road_distances
from keyterrain.analysis.spillover.followers import FollowerScan, FollowerTest, scan_of
from keyterrain.analysis.spillover.hawkes import HawkesFit, RatioTest, fit_hawkes, ratio_test, spread_within_days
from keyterrain.analysis.spillover.incidents import IncidentAnswer, NamedIncident, closeness
from keyterrain.analysis.spillover.near_repeat import near_repeats
from keyterrain.analysis.spillover.power import power_of
from keyterrain.analysis.spillover.series import DailySeries
from keyterrain.analysis.spillover.surrogates import CLUSTERED, DEFAULT_NULL, NULLS, Null
from keyterrain.analysis.spillover.verdict import LEAST_EVENTS, Verdict, verdict_of
from keyterrain.campaign.point_process import MarkedTimes
from keyterrain.geo.distance import Points, distance_km
from keyterrain.theatre.events.filters import EventFilter
from keyterrain.theatre.events.table import EventTable, day_number, day_of
from keyterrain.version import __version__

if TYPE_CHECKING:
    from keyterrain.theatre.nouns import Situation

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

LONGEST_LAG = 30
N_SPREADS = 3
"""Spreads of events within their days over which a fit is averaged (assumption)."""
MOST_TESTED = 5000
"""Events above which the likelihood ratio is left to its approximate distribution: simulating would take hours (assumption)."""
NEAR_PLACE_KM = 10.0
"""Distance up to which an event counts for a place of the theatre (assumption)."""
POOR_FIT = 0.01
"""p of the fit's rescaled times below which a warning is given (assumption: well below custom, as several are looked at)."""
FEW_EVENTS = 20
"""Events below which a rule is not to be read out of them, and none is sought along roads (assumption)."""


class SpilloverRefused(ValueError):
    """What was asked cannot be answered with these events; the message says what could be."""


def ask_spillover(
    table: EventTable,
    question: SpilloverQuestion,
    *,
    incidents: Sequence[NamedIncident] = (),
    theatre: Situation | None = None,
    with_excitation: bool = True,
    progress: Callable[[int, int], None] | None = None,
) -> SpilloverAnswer:
    """Ask whether the events of one filter are followed by those of another more often than chance and trend explain.

    Parameters
    ----------
    incidents
        Named incidents whose closeness to a trigger is asked about.
    theatre
        Places and roads, to fit contagion between them to all events that pass either filter.
    with_excitation
        Whether the mutually exciting process is fitted as well.

    Raises
    ------
    BadFilter
        A filter that cannot be read, or that no event passes.
    SpilloverRefused
        The filters overlap, or the span is empty.
    """
    steps = _Steps(progress, 3 + 2 * with_excitation + len(incidents))
    seen = _Seen.of(table, question)
    within, a, b, warnings = seen.table, seen.triggers, seen.followers, seen.warnings
    there = _direction(a, b, question)
    steps.done()
    back = _direction(b, a, question)
    steps.done()
    excitation = None
    if with_excitation and min(a.n, b.n) >= LEAST_EVENTS:
        excitation = _excitation(a, b, question, steps)
        p = {(test.raising, test.raised): test.p for test in excitation.tests}
        there.p["likelihood_ratio"], back.p["likelihood_ratio"] = p[0, 1], p[1, 0]
    answers = tuple(_incident(each, seen, question, steps) for each in incidents)
    either = seen.is_trigger | seen.is_follower
    frame = within.frame
    near = near_repeats(
        frame["day"].to_numpy(np.int64)[either], *(frame[name].to_numpy(np.float64)[either] for name in ("lat", "lon")),
        n_permuted=question.n_surrogates, seed=question.seed,
    )  # fmt: skip
    contagion = _contagion(within, either, theatre, seen, question) if theatre is not None else None
    warnings += _warnings(within, there, back, excitation, seen, question)
    steps.done()
    return SpilloverAnswer(
        question=question, version=__version__, files=table.formats, n_events=table.n, n_left_out=seen.n_left_out,
        first_day=day_of(seen.first), last_day=day_of(seen.last), there=there, back=back, excitation=excitation,
        incidents=answers,
        near_repeat=near, contagion=contagion, warnings=tuple(warnings), sentence=_sentence(there, question),
    )  # fmt: skip


def extra_followers(table: EventTable, question: SpilloverQuestion) -> FollowerTest:
    """Return additional followers of triggers and their test alone."""
    seen = _Seen.of(table, question)
    return _scan(seen.triggers, seen.followers, question, DEFAULT_NULL).test()


def excitation_between(table: EventTable, question: SpilloverQuestion) -> Excitation | None:
    """Return the mutually exciting process of triggers and followers alone; None where they are too few."""
    seen = _Seen.of(table, question)
    if min(seen.triggers.n, seen.followers.n) < LEAST_EVENTS:
        return None
    return _excitation(seen.triggers, seen.followers, question, _Steps(None, 0))


def chance_of_incident(table: EventTable, named: NamedIncident, question: SpilloverQuestion) -> IncidentAnswer:
    """Return how surprising the closeness of an incident to its trigger is, among incidents like it alone."""
    within, n_left_out, warnings = _within(table, question)
    first, last = (int(edge) for edge in _span(within, question))
    days = within.frame["day"].to_numpy(np.int64)
    alike = DailySeries.of(named.kind, days[EventFilter.parse(named.kind).holds(within)], first, last)
    seen = _Seen(within, alike, alike, np.zeros(0, bool), np.zeros(0, bool), first, last, n_left_out, warnings)
    return _incident(named, seen, question, _Steps(None, 0))


@dataclass(frozen=True, eq=False)
class _Seen:
    """The events looked at, and the two series among them."""

    table: EventTable
    triggers: DailySeries
    followers: DailySeries
    is_trigger: Flags
    is_follower: Flags
    first: int
    last: int
    n_left_out: int
    warnings: list[str]

    @classmethod
    def of(cls, table: EventTable, question: SpilloverQuestion) -> _Seen:
        within, n_left_out, warnings = _within(table, question)
        flags = [EventFilter.parse(text).holds(within) for text in (question.triggers, question.followers)]
        _refuse_overlap(flags[0] & flags[1])
        first, last = (int(edge) for edge in _span(within, question))
        days = within.frame["day"].to_numpy(np.int64)
        names = (question.triggers, question.followers)
        series = [DailySeries.of(name, days[each], first, last) for name, each in zip(names, flags, strict=True)]
        return cls(within, series[0], series[1], flags[0], flags[1], first, last, n_left_out, warnings)


class _Steps:
    def __init__(self, progress: Callable[[int, int], None] | None, n: int) -> None:
        self.progress, self.n, self.n_done = progress, n, 0

    def done(self) -> None:
        self.n_done += 1
        if self.progress is not None:
            self.progress(self.n_done, self.n)


def _within(table: EventTable, question: SpilloverQuestion) -> tuple[EventTable, int, list[str]]:
    """Return the events of the span whose dates are known well enough for the window."""
    frame = table.frame
    error = (frame["last_day"] - frame["first_day"]).to_numpy(np.int64)
    known = error <= question.window
    warnings = []
    if n := int(np.count_nonzero(~known)):
        warnings.append(
            f"{n} of {table.n} events are dated to more than {question.window} days and were left out: they can show no "
            f"coincidence within {question.window} days."
        )
    kept = frame[known].reset_index(drop=True)
    if kept.empty:
        raise SpilloverRefused(f"No event is dated to {question.window} days or better; a longer --window may help.")
    return replace(table, frame=kept), int(np.count_nonzero(~known)), warnings


def _span(table: EventTable, question: SpilloverQuestion) -> Ints:
    """Return the first and last day looked at: as asked, else those of all events."""
    days = table.frame["day"].to_numpy(np.int64)
    first = day_number(question.since) if question.since else int(days.min())
    last = day_number(question.until) if question.until else int(days.max())
    if last - first < 2 * question.window:
        raise SpilloverRefused(
            f"The events span {max(last - first + 1, 0)} days; for a window of {question.window} days twice as many are needed."
        )
    return np.array([first, last], dtype=np.int64)


def _refuse_overlap(both: Flags) -> None:
    if n := int(np.count_nonzero(both)):
        raise SpilloverRefused(
            f"{n} event{'s pass' if n > 1 else ' passes'} both filters, and no event can follow itself: add to one of them what "
            "the other has not, such as country!=Syria."
        )


def _direction(triggers: DailySeries, followers: DailySeries, question: SpilloverQuestion) -> Direction:
    scans = {null: _scan(triggers, followers, question, null) for null in NULLS}
    tests = {null: scan.test() for null, scan in scans.items()}
    test = replace(tests[DEFAULT_NULL], p=max(tests[null].p for null in CLUSTERED))
    counted = coincidence(
        triggers, followers, window=question.window, lag=question.lag, nulls=NULLS, n_surrogates=question.n_surrogates,
        trend_days=question.trend_days, seed=question.seed,
    )  # fmt: skip
    power = power_of(
        [scans[null] for null in CLUSTERED], question.effect, question.window, level=question.level,
        n_planted=question.n_planted, seed=question.seed,
    )  # fmt: skip
    p: dict[str, float | None] = {"poisson": counted.p_precursor["poisson"], "surrogate": test.p}
    p |= {null: tests[null].p for null in NULLS}
    p["later_days"] = max(scans[null].on_later_days().test().p for null in CLUSTERED)
    p["likelihood_ratio"] = None
    verdict: Verdict = verdict_of(test.p, power.value, triggers.n, followers.n, question.level)
    curve = LagCurve(*scans[DEFAULT_NULL].by_lag(min(LONGEST_LAG, triggers.n_days - 1)))
    return Direction(triggers, followers, verdict, test, p, power, counted, curve)


def _scan(triggers: DailySeries, followers: DailySeries, question: SpilloverQuestion, null: Null) -> FollowerScan:
    lags = tuple(each.after(question.lag) if question.lag else each for each in scan_of(question.window))
    return FollowerScan.of(
        triggers, followers, lags, trend_days=question.trend_days, n_surrogates=question.n_surrogates, null=null,
        seed=question.seed,
    )  # fmt: skip


def _excitation(a: DailySeries, b: DailySeries, question: SpilloverQuestion, steps: _Steps) -> Excitation:
    """Fit the mutually exciting process to several spreads of the events within their days, and test both directions."""
    times = np.concatenate([a.days, b.days]).astype(np.float64)
    order = np.argsort(times, kind="stable")
    dated = MarkedTimes(times[order], np.repeat([0, 1], [a.n, b.n])[order].astype(np.int64))
    n_spreads = N_SPREADS if len(times) <= MOST_TESTED else 1
    spreads = [spread_within_days(dated, question.seed, -1 - number) for number in range(n_spreads)]
    fits = [fit_hawkes(events, (a.name, b.name), float(a.n_days), trend_days=question.trend_days) for events in spreads]
    steps.done()
    tests = tuple(_ratio(spreads, fits[0], raised, raising, question) for raising, raised in ((0, 1), (1, 0)))
    steps.done()
    branching = np.mean([fit.branching for fit in fits], axis=0)
    between = np.var([fit.branching for fit in fits], axis=0, ddof=1) if n_spreads > 1 else np.zeros((2, 2))
    below, above = (
        np.mean([[getattr(kind, side) for kind in fit.kinds] for fit in fits], axis=0) - branching for side in ("low", "high")
    )
    extra = 1.96**2 * (1.0 + 1.0 / n_spreads) * between
    low = np.maximum(branching - np.sqrt(below**2 + extra), 0.0)
    high = branching + np.sqrt(above**2 + extra)
    difference = float(branching[1, 0] - branching[0, 1])
    return Excitation(
        names=(a.name, b.name), branching=branching, low=low, high=high,
        fading_days=tuple(float(np.mean([fit.kinds[i].fading_days for fit in fits])) for i in range(2)),
        p_fit=tuple(float(np.median([fit.kinds[i].p_fit for fit in fits])) for i in range(2)),
        tests=tests, difference=difference,
        difference_low=difference - float(np.hypot(branching[1, 0] - low[1, 0], high[0, 1] - branching[0, 1])),
        difference_high=difference + float(np.hypot(high[1, 0] - branching[1, 0], branching[0, 1] - low[0, 1])),
    )  # fmt: skip


def _ratio(spreads: Sequence[MarkedTimes], fit: HawkesFit, raised: int, raising: int, question: SpilloverQuestion) -> RatioTest:
    if len(spreads[0].times) <= MOST_TESTED:
        return ratio_test(spreads, fit, raised, raising, n_simulated=question.n_simulated, seed=question.seed)
    from scipy.stats import chi2

    found = ratio_test(spreads, fit, raised, raising, n_simulated=0, seed=question.seed)
    return replace(found, p=float(0.5 * chi2.sf(found.ratio, 1)) if found.ratio > 0.0 else 1.0)


def _incident(named: NamedIncident, seen: _Seen, question: SpilloverQuestion, steps: _Steps) -> IncidentAnswer:
    flags = EventFilter.parse(named.kind).holds(seen.table)
    days = seen.table.frame["day"].to_numpy(np.int64)[flags]
    if not seen.first <= day_number(named.trigger_on) <= seen.last:
        raise SpilloverRefused(f"The trigger of {named.trigger_on} lies outside the days looked at.")
    answer = closeness(
        named, DailySeries.of(named.kind, days, seen.first, seen.last), seen.followers, seen.triggers,
        trend_days=question.trend_days, n_surrogates=question.n_surrogates, seed=question.seed,
    )  # fmt: skip
    steps.done()
    return answer


def _contagion(
    table: EventTable, flags: Flags, theatre: Situation, seen: _Seen, question: SpilloverQuestion
) -> ContagionFit | None:
    """Fit contagion to the events near a place of the theatre; None where too few are."""
    places = theatre.places
    frame = table.frame[flags]
    frame = frame[np.isfinite(frame["lat"].to_numpy(np.float64))]
    lat, lon = ([getattr(place, name) for place in places] for name in ("lat", "lon"))
    at, days, n_far = [], [], 0
    for day, event_lat, event_lon in frame[["day", "lat", "lon"]].itertuples(index=False):
        km = distance_km(Points.of([event_lat] * len(places), [event_lon] * len(places)), Points.of(lat, lon))
        if km.min() <= NEAR_PLACE_KM and seen.first <= day <= seen.last:
            at.append(int(km.argmin()))
            days.append(int(day) - seen.first)
        else:
            n_far += 1
    if len(at) < FEW_EVENTS:
        return None
    used, where = np.unique(at, return_inverse=True)
    counts = np.zeros((seen.last - seen.first + 1, len(used)), dtype=np.int64)
    np.add.at(counts, (np.array(days), where), 1)
    km = road_distances(places, theatre.routes)[np.ix_(used, used)]
    return replace(fit_contagion(counts, km, trend_days=question.trend_days), n_far=n_far)


def _warnings(
    table: EventTable, there: Direction, back: Direction, excitation: Excitation | None, seen: _Seen,
    question: SpilloverQuestion,
) -> list[str]:  # fmt: skip
    said = [
        (
            "A common cause, or one reporter who looks here and there at once, would look the same if it comes and goes within "
            f"{question.trend_days:g} days; slower ones are taken for trend."
        )
    ]
    if there.verdict == back.verdict == "connected":
        said.append(
            "Both directions are found. A common cause, common reporting and clusters of the one that the other joins do that "
            "too; the exciting process, which knows each series' own past, tells more of the direction."
        )
    if there.by_lag.effect[0] > there.by_lag.high[0]:
        said.append(
            "More fall on one and the same day than chance explains: shared reporting, or one event entered twice, does that."
        )
    said += [
        f"From {each.triggers.name!r}: what is found rests on pairs of one day (p {each.p['later_days']:.2f} without them), "
        "whose order is not known. It may say that the two are connected, not which leads."
        for each in (there, back)
        if each.test.p <= question.level < (each.p["later_days"] or 0.0)
    ]
    shared = _shared_sources(table, seen.is_trigger, seen.is_follower)
    if shared >= 0.5:
        said.append(f"{shared:.0%} of pairs on one day come from the same source: reporting may tie them together.")
    few = [each for each in (there.triggers, there.followers) if each.n < FEW_EVENTS]
    said += [f"Only {each.n} events pass {each.name!r}: few can be said to follow a rule." for each in few]
    if excitation is not None and min(excitation.p_fit) < POOR_FIT:
        said.append(
            "The exciting process fits poorly (rescaled time): its branching and its likelihood ratio are not to be leant on."
        )
    if there.test.p > question.level and (there.p["likelihood_ratio"] or 1.0) <= question.level:
        said.append(
            "The exciting process finds what surrogates do not: it takes for excitation whatever its background cannot follow. "
            "The verdict is that of the surrogates."
        )
    if len({name for _, name in table.formats}) > 1:
        said.append("Files of several formats are joined: one incident may stand in more than one of them.")
    return said


def _shared_sources(table: EventTable, triggers: Flags, followers: Flags) -> float:
    """Return the share of pairs of a trigger and a follower on one day whose source is the same; 0 where there are few."""
    frame = table.frame[["day", "source"]]
    pairs = frame[triggers].merge(frame[followers], on="day")
    pairs = pairs[(pairs["source_x"] != "") & (pairs["source_y"] != "")]
    return float((pairs["source_x"] == pairs["source_y"]).mean()) if len(pairs) >= LEAST_EVENTS else 0.0


def _sentence(there: Direction, question: SpilloverQuestion) -> str:
    test, power = there.test, there.power
    seen = (
        f"{test.effect:+.2f} events [{test.low:+.2f}, {test.high:+.2f}] follow each of {there.triggers.n} within "
        f"{question.window} days beyond what trend explains"
    )
    if there.verdict == "connected":
        return f"Connected: {seen}; chance with the same clustering and trend does as much in {test.p:.1%} of series."
    if there.verdict == "coincidence":
        return (
            f"Coincidence: {seen}, no more than chance gives (p {test.p:.2f}), and an effect of {question.effect:g} would have "
            f"been found with a probability of {power.value:.0%}."
        )
    return (
        f"Cannot tell: {seen}, no more than chance gives (p {test.p:.2f}), but an effect of {question.effect:g} would have been "
        f"found with a probability of {power.value:.0%} only."
        if min(there.triggers.n, there.followers.n) >= LEAST_EVENTS
        else f"Cannot tell: {there.triggers.n} and {there.followers.n} events are too few for any conclusion."
    )
