"""Claims put to the test: an estimate with its interval and a verdict for each, and what happened where the record says.

Each distinct variant is played once for all claims that need it, on common luck. Evidence is looked at on a fixed schedule
(`interval.looks`); a claim with a verdict needs no more replicates, and the intervals hold at all looks together.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from keyterrain.analysis.experiment import Experiment, Values
from keyterrain.analysis.interval import LEAST_DEFINED, Interval, level_of_each, looks, of_difference, of_mean
from keyterrain.analysis.measures import Measurement, standing_value
from keyterrain.analysis.measures.inputs import input_read
from keyterrain.analysis.measures.observed import observed_value
from keyterrain.campaign.errors import RunRefused
from keyterrain.campaign.interventions import Interventions
from keyterrain.campaign.variants import Stage, Variant
from keyterrain.theatre.claims import Whichever
from keyterrain.theatre.faults import nearest
from keyterrain.theatre.outcomes import MEASURES, Kind

if TYPE_CHECKING:
    from keyterrain.campaign.chunks import Kernels
    from keyterrain.campaign.ensemble import Run
    from keyterrain.campaign.variants import Executor
    from keyterrain.theatre.claims import Bound, Change, Claim, Comparison, Condition, Reading
    from keyterrain.theatre.scenario import Scenario

Floats = NDArray[np.float64]
Verdict = Literal["borne out", "not borne out", "cannot tell"]
BORNE_OUT: Verdict = "borne out"
NOT_BORNE_OUT: Verdict = "not borne out"
CANNOT_TELL: Verdict = "cannot tell"

DEFAULT_BUDGET = 1000
"""Most replicates of a variant (assumption: a chance of one half is then known to 0.03)."""


@dataclass(frozen=True, slots=True)
class PartAnswer:
    """What one comparison came to.

    Attributes
    ----------
    reads
        Measure and arguments in one line.
    interval
        Estimate with its interval; of the map or the record the interval is the value itself and no replicate was played.
    observed
        What the record after the start gives for the same measure; None where it cannot be computed, nan where undefined.
    why
        Why there is no verdict, or empty.
    """

    reads: str
    unit: str
    borne_out_if: str
    interval: Interval
    verdict: Verdict
    observed: float | None = None
    why: str = ""
    group: int = 0
    """Number of the part of the claim that it belongs to; parts of one number are what a name may stand for."""
    bounds: tuple[float, ...] = ()
    """The numbers of what would bear it out."""


@dataclass(frozen=True, slots=True)
class ClaimAnswer:
    """A claim with its verdict and the answers of its parts; the first of those that decided it leads."""

    claim: Claim
    start: date
    verdict: Verdict
    parts: tuple[PartAnswer, ...]
    replicates: int
    why: str = ""

    @property
    def deciding(self) -> PartAnswer | None:
        """The part whose estimate stands for the claim."""
        return next((part for part in self.parts if part.verdict == self.verdict), self.parts[0] if self.parts else None)

    @property
    def happened(self) -> float | str | None:
        """What happened: the record's own value where it has one, else the words quoted in the claim."""
        part = self.deciding
        if part is not None and part.observed is not None and not math.isnan(part.observed):
            return part.observed
        return self.claim.observed.says if self.claim.observed else None


@dataclass(frozen=True)
class ClaimAnswers:
    """Answers to claims of a scenario.

    Attributes
    ----------
    budget
        Replicates that a variant could have.
    n_variants, n_played
        Different campaigns that were needed, and replicates of them played now.
    """

    scenario: str
    title: str
    seed: int
    budget: int
    answers: tuple[ClaimAnswer, ...]
    n_variants: int = 0
    n_played: int = 0

    def of(self, key: str) -> ClaimAnswer:
        """Return the answer to a claim."""
        return next(answer for answer in self.answers if answer.claim.key == key)


def answer_claims(
    scenario: Scenario,
    *,
    only: Sequence[str] = (),
    budget: int | None = None,
    seed: int = 0,
    run: Run | None = None,
    executor: Executor | None = None,
    kernels: Kernels | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> ClaimAnswers:
    """Put the claims of a scenario to the test.

    Parameters
    ----------
    only
        Keys of the claims to answer; all by default.
    budget
        Most replicates of each variant; by default 1000, or as many as the run has.
    seed
        Seed of the luck; a run's own is used where there is one.
    run
        A stored run of the scenario: the variant that it is is read and not played.

    Raises
    ------
    RunRefused
        A claim that is not there, or a run whose other variants cannot be played by this version.
    ScenarioFaults, InterventionFaults
        A start that is not covered, or a change that names what is not there.
    """
    claims = chosen(scenario.claims, only)
    budget = budget or (run.manifest.plan.replicates if run else DEFAULT_BUDGET)
    seed = run.manifest.plan.seed if run else seed
    own = _variant_of(run) if run else Variant().in_full(scenario)
    questions = [_Question(claim, scenario, own) for claim in claims]
    experiment = Experiment(
        Stage(scenario, seed=seed, executor=executor, kernels=kernels), stored=(own, run) if run else None, progress=progress
    )
    if run is not None:
        _refuse_other_version(run, {variant for question in questions for variant in question.asked} - {own})
    _refuse_unknown_inputs(questions, experiment.stage)
    schedule = looks(budget)
    answers: dict[str, ClaimAnswer] = {}
    for n in schedule:
        still_open = [each for each in questions if each.claim.key not in answers or _needs_more(each, answers[each.claim.key])]
        asked = _asked(still_open)
        values = experiment.measure(asked, n) if asked else Values({}, seed)
        for question in still_open:
            answers[question.claim.key] = question.answer(values, len(schedule))
    return ClaimAnswers(
        scenario=scenario.name,
        title=scenario.title,
        seed=seed,
        budget=budget,
        answers=tuple(answers[claim.key] for claim in claims),
        n_variants=len({variant for question in questions for variant in question.asked}),
        n_played=experiment.n_played,
    )


def chosen(claims: Sequence[Claim], only: Sequence[str]) -> tuple[Claim, ...]:
    """Return the claims with these keys, all where there are none.

    Raises
    ------
    RunRefused
        There are no claims, or none of such a key.
    """
    keys = [claim.key for claim in claims]
    if not claims:
        raise RunRefused("The scenario has no claims: write them in claims.yaml (docs/claims.md).")
    faults = []
    for key in only:
        if key not in keys:
            found = nearest(key, keys)
            faults.append(f"There is no claim {key}{f'; did you mean {found}?' if found else '.'}")
    if faults:
        raise RunRefused(" ".join(faults))
    return tuple(claim for claim in claims if not only or claim.key in only)


def verdict_of(bound: Bound, interval: Interval) -> Verdict:
    """Return what an interval says: all of it within the bound, all of it outside, or neither.

    A claim and its negation (above and below the same number, between and not between the same two) are never both borne out.
    """
    low, high, numbers = interval.low, interval.high, bound.numbers
    if math.isnan(low) or math.isnan(high):
        return CANNOT_TELL
    within, without = {
        "above": (low > numbers[0], high <= numbers[0]),
        "below": (high < numbers[0], low >= numbers[0]),
        "between": (low >= numbers[0] and high <= numbers[-1], high < numbers[0] or low > numbers[-1]),
        "not_between": (high < numbers[0] or low > numbers[-1], low >= numbers[0] and high <= numbers[-1]),
    }[bound.word]
    return BORNE_OUT if within else NOT_BORNE_OUT if without else CANNOT_TELL


def combined(verdicts: Sequence[Verdict], combination: str) -> Verdict:
    """Return the verdict of several: of all, or of any of them."""
    decisive, other = (NOT_BORNE_OUT, BORNE_OUT) if combination == "all_of" else (BORNE_OUT, NOT_BORNE_OUT)
    if decisive in verdicts:
        return decisive
    return CANNOT_TELL if CANNOT_TELL in verdicts or not verdicts else other


def unanimous(verdicts: Sequence[Verdict]) -> Verdict:
    """Return the verdict that all have, if they have one."""
    return verdicts[0] if len(set(verdicts)) == 1 else CANNOT_TELL


def verdict_of_parts(parts: Sequence[PartAnswer], combination: str) -> Verdict:
    """Return the verdict of a claim from those of its parts."""
    groups: dict[int, list[Verdict]] = {}
    for part in parts:
        groups.setdefault(part.group, []).append(part.verdict)
    return combined([unanimous(verdicts) for verdicts in groups.values()], combination)


def _variant_of(run: Run) -> Variant:
    plan = run.manifest.plan
    return Variant(plan.start, plan.days, plan.interventions)


def _refuse_other_version(run: Run, others: set[Variant]) -> None:
    from keyterrain.campaign.manifest import Environment
    from keyterrain.version import __version__

    plan = run.manifest.plan
    here = Environment.here()
    if others and (plan.version, plan.environment) != (__version__, here):
        raise RunRefused(
            f"{run.path} was played by keyterrain {plan.version} on {plan.environment.text}, here is {__version__} on "
            f"{here.text}; campaigns to compare it with would not share its luck: ask its scenario, or play the run again."
        )


def _refuse_unknown_inputs(questions: Sequence[_Question], stage: Stage) -> None:
    """Refuse measures of what nobody draws; which inputs there are is known once a variant is prepared."""
    faults = []
    for question in questions:
        for variant, measurements in question.asked.items():
            for name in filter(None, map(input_read, measurements)):
                names = [str(each) for each in stage.prepared(variant).coordinates["input"]]
                if name not in names:
                    found = nearest(name, names)
                    hint = f"; did you mean {found}?" if found else "."
                    faults.append(f"Claim {question.claim.key}: there is no drawn input {name}{hint}")
    if faults:
        raise RunRefused(" ".join(dict.fromkeys(faults)))


def _needs_more(question: _Question, answer: ClaimAnswer) -> bool:
    return bool(question.asked) and verdict_of_parts(answer.parts, question.claim.combination) == CANNOT_TELL


def _asked(questions: Iterable[_Question]) -> dict[Variant, list[Measurement]]:
    asked: dict[Variant, dict[Measurement, None]] = {}
    for question in questions:
        for variant, measurements in question.asked.items():
            asked.setdefault(variant, {}).update(dict.fromkeys(measurements))
    return {variant: list(measurements) for variant, measurements in asked.items()}


@dataclass
class _Question:
    """A claim with the variants and measurements that its parts need."""

    claim: Claim
    scenario: Scenario
    own: Variant
    asked: dict[Variant, dict[Measurement, None]] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        self.start = self.claim.start or self.own.start or self.scenario.default_start
        self.situation = self.scenario.situation(self.start)
        self.parts = [
            _Part(comparison, self, group)
            for group, part in enumerate(self.claim.parts)
            for comparison in (part.of if isinstance(part, Whichever) else (part,))
        ]
        for part in self.parts:
            for variant, measurements in part.asked():
                self.asked.setdefault(variant, {}).update(dict.fromkeys(measurements))

    def variant(self, change: Change) -> Variant:
        """Return the campaign with a change, from the claim's start and as long as those it is compared with."""
        written = {
            "hold": [f"{ground}={side}" for ground, side in change.hold],
            "policy": [f"{side}={name}" for side, name in change.policy],
            "settings": [f"{key}={value}" for key, value in change.set],
            "start_holder": [f"{ground}={side}" for ground, side in change.start_holder],
        }
        return Variant(self.start, self.own.days, Interventions.parse(**written))

    def answer(self, values: Values, n_looks: int) -> ClaimAnswer:
        claim = self.claim
        if claim.cannot_tell:
            return ClaimAnswer(claim, self.start, CANNOT_TELL, (), 0, claim.cannot_tell)
        level = level_of_each(n_looks, len(self.parts))
        parts = tuple(part.answer(values, level) for part in self.parts)
        verdict = verdict_of_parts(parts, claim.combination)
        replicates = max((part.interval.n_played for part in parts), default=0)
        if verdict == NOT_BORNE_OUT and claim.only_bears_out:
            return ClaimAnswer(claim, self.start, CANNOT_TELL, parts, replicates, claim.only_bears_out)
        why = ""
        if verdict == CANNOT_TELL:
            why = next((part.why for part in parts if part.verdict == CANNOT_TELL), "what the name may stand for does not agree")
        return ClaimAnswer(claim, self.start, verdict, parts, replicates, why)


class _Part:
    """One comparison of a claim, and how it is read off values."""

    def __init__(self, comparison: Comparison, question: _Question, group: int) -> None:
        self.comparison = comparison
        self.group = group
        self.question = question
        self.measure = MEASURES[comparison.reading.measure]
        self.readings = [_Reader(reading, question) for reading in (comparison.reading, comparison.than) if reading is not None]

    def asked(self) -> Iterable[tuple[Variant, list[Measurement]]]:
        """Return what is asked of which variants; nothing where no campaign is needed."""
        return [pair for reading in self.readings for pair in reading.asked()] if self.measure.basis == "runs" else []

    def answer(self, values: Values, level: float) -> PartAnswer:
        interval = self._standing() if self.measure.basis != "runs" else self._interval(values, level)
        verdict, why = verdict_of(self.comparison.borne_out_if, interval), ""
        if self.measure.basis == "runs" and interval.n < LEAST_DEFINED:
            verdict = CANNOT_TELL
            why = f"defined in {interval.n} of {interval.n_played} replicates, and fewer than {LEAST_DEFINED} say nothing"
        elif verdict == CANNOT_TELL:
            why = "the interval lies on both sides of what would bear it out" if interval.n else "it is undefined"
        bound = f"{self.comparison.borne_out_if.word} {' and '.join(f'{x:g}' for x in self.comparison.borne_out_if.numbers)}"
        return PartAnswer(
            self.text, self.measure.unit, bound.replace("_", " "), interval, verdict, self._observed(), why, self.group,
            self.comparison.borne_out_if.numbers,
        )  # fmt: skip

    @property
    def text(self) -> str:
        """What is read, in one line."""
        return " less ".join(reading.text for reading in self.readings)

    def _standing(self) -> Interval:
        if self.measure.basis == "events":
            from keyterrain.analysis.measures.events import events_interval

            return events_interval(self.readings[0].measurement, self.question.scenario)
        value = standing_value(self.readings[0].measurement, self.question.scenario, self.question.situation)
        return Interval(value, value, value, int(not math.isnan(value)), 0, 1.0)

    def _interval(self, values: Values, level: float) -> Interval:
        """Return a mean, or a mean of paired differences; of differences of differences the plain one of Student."""
        kind: Kind = self.measure.kind
        reading = self.readings[0]
        if all(each.is_zero for each in self.readings):
            n = len(reading.value(values))
            return Interval(0.0, 0.0, 0.0, n, n, 1.0)
        if len(self.readings) == 2:
            own, other = (each.value(values) for each in self.readings)
            paired = reading.comparison.contrast is not None
            return of_difference(own, other, "number" if paired and kind == "whether" else kind, level)
        if reading.comparison.contrast is not None:
            first, second = reading.values(values)
            return of_difference(first, second, kind, level)
        return of_mean(reading.value(values), kind, level)

    def _observed(self) -> float | None:
        """Return the record's value where nothing is changed, compared or picked."""
        reading = self.comparison.reading
        plain = (
            len(self.readings) == 1 and reading.contrast is None and reading.among is None and _said(reading.given) == UNCHANGED
        )
        if not plain or self.measure.basis != "runs":
            return None
        days = self.question.own.days or self.question.scenario.days
        return observed_value(self.readings[0].measurement, self.question.scenario, self.question.start, days)


class _Reader:
    """A reading: its variants, its measurement, and its value in each replicate."""

    def __init__(self, reading: Reading, question: _Question) -> None:
        self.comparison = reading
        places = question.situation.places
        outside = [place.key for place in places if place.key in reading.outside or set(place.areas) & set(reading.outside)]
        arguments: dict[str, Any] = dict(reading.arguments)
        self.measurement = Measurement.of(reading.measure, outside, **arguments)
        changes = reading.contrast or (None,)
        self.variants = [question.variant(reading.given.with_more(change) if change else reading.given) for change in changes]
        self.condition = _measurement_of(reading.among) if reading.among else None

    @property
    def is_zero(self) -> bool:
        """Whether a contrast is of a campaign with itself, which differs in nothing, and that for certain."""
        return len(self.variants) == 2 and self.variants[0] == self.variants[1]

    @property
    def text(self) -> str:
        outside = f" outside {', '.join(self.comparison.outside)}" if self.comparison.outside else ""
        among = f" among {self.condition.text}" if self.condition else ""
        if self.comparison.contrast:
            first, second = (_said(self.comparison.given.with_more(change)) for change in self.comparison.contrast)
            return f"{self.measurement.text}{outside}{among}, {first} less {second}"
        given = _said(self.comparison.given)
        return f"{self.measurement.text}{outside}{among}{f', {given}' if given != UNCHANGED else ''}"

    def asked(self) -> Iterable[tuple[Variant, list[Measurement]]]:
        wanted = [self.measurement, *([self.condition] if self.condition else [])]
        return [(variant, wanted) for variant in self.variants]

    def values(self, values: Values) -> list[Floats]:
        """Return the values (replicate) in each variant, nan where the condition does not hold."""
        return [self._of(variant, values) for variant in self.variants]

    def value(self, values: Values) -> Floats:
        """Return the value, or the first variant's less the second's."""
        found = self.values(values)
        return found[0] - found[1] if len(found) == 2 else found[0]

    def _of(self, variant: Variant, values: Values) -> Floats:
        found = values.of(variant, self.measurement)
        if self.condition is None or self.comparison.among is None:
            return found
        holds = values.of(variant, self.condition)
        at_least, at_most = self.comparison.among.at_least, self.comparison.among.at_most
        with np.errstate(invalid="ignore"):
            fits = (holds >= (-np.inf if at_least is None else at_least)) & (holds <= (np.inf if at_most is None else at_most))
        return np.where(fits, found, np.nan)


UNCHANGED = "nothing changed"


def _said(change: Change) -> str:
    """Return a change as it is written on the command line."""
    written: Mapping[str, Sequence[tuple[str, str]]] = {
        "--hold": change.hold,
        "--start-holder": change.start_holder,
        "--policy": change.policy,
        "--set": change.set,
    }
    return " ".join(f"{option} {key}={value}" for option, pairs in written.items() for key, value in pairs) or UNCHANGED


def _measurement_of(condition: Condition) -> Measurement:
    arguments: dict[str, Any] = dict(condition.arguments)
    return Measurement.of(condition.measure, **arguments)
