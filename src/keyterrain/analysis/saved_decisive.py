"""The answer which ground decides, kept in the folder of a run for its report.

What is written are the fields of the answer, whatever they are; what is read is what a report shows of them, so that an answer
with more or fewer optional fields can be read all the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from keyterrain.analysis.decisive.worth import LEAST_COMPARED, LEAST_WORTH, TIMES_TYPICAL
from keyterrain.analysis.kept_answers import AnswerFile, AskedCampaign, read_as

if TYPE_CHECKING:
    from collections.abc import Sequence

    from keyterrain.analysis.decisive.answer import DecisiveAnswer
    from keyterrain.analysis.kept_answers import Content
    from keyterrain.campaign.ensemble import Run


@dataclass(frozen=True, slots=True)
class SavedEffect:
    """How an outcome elsewhere differs if `first` rather than `second` holds the ground; what is undefined is None."""

    outcome: str
    first: str
    second: str
    unit: str
    value: float | None
    low: float | None
    high: float | None
    left_out: str

    @property
    def spread(self) -> tuple[float, float, float] | None:
        """Low, estimate and high, None where one of them is undefined."""
        if self.low is None or self.value is None or self.high is None:
            return None
        return self.low, self.value, self.high

    @property
    def is_clear(self) -> bool:
        """Whether its interval leaves out zero."""
        return self.spread is not None and (self.spread[0] > 0.0 or self.spread[2] < 0.0)


@dataclass(frozen=True, slots=True)
class SavedInterval:
    """A figure with its interval, all None where it cannot be told."""

    value: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class SavedTaking:
    """What it takes a side to take ground."""

    side: str
    n: int
    p_taken: SavedInterval
    p_half: SavedInterval | None
    p_assaulted: SavedInterval
    days: SavedInterval
    sent_and_took: SavedInterval
    failed: SavedInterval
    lost_per_capture: SavedInterval
    defenders_lost_per_capture: SavedInterval


@dataclass(frozen=True, slots=True)
class SavedStart:
    """What holding ground on the first evening alone does; `made` is by side how often it could be given the ground."""

    worth: float | None
    low: float | None
    high: float | None
    rank: int
    stands_out: bool | None
    replicates: int
    made: Mapping[str, float | None]


@dataclass(frozen=True, slots=True)
class SavedGround:
    """A place or an area as it was answered; `worth` is None where no outcome counts, `stands_out` where it cannot be told."""

    key: str
    name: str
    places: tuple[str, ...]
    worth: float | None
    low: float | None
    high: float | None
    rank: int
    rank_low: int
    rank_high: int
    stands_out: bool | None
    replicates: int
    effects: tuple[SavedEffect, ...]
    share_below: float | None = None
    """Share of random connected areas of its size that are worth less, None where none were played."""
    taking: tuple[SavedTaking, ...] = ()
    start: SavedStart | None = None

    @property
    def spread(self) -> tuple[float, float, float] | None:
        """Low limit, worth and high limit, None where no outcome counts."""
        if self.low is None or self.worth is None or self.high is None:
            return None
        return self.low, self.worth, self.high

    @property
    def strongest(self) -> SavedEffect | None:
        """Of its effects that count the largest among those that are clear, or of all where none is."""
        counted = [each for each in self.effects if not each.left_out and each.value is not None]
        clear = [each for each in counted if each.is_clear]
        return max(clear or counted, key=lambda each: abs(each.value or 0.0), default=None)


@dataclass(frozen=True, slots=True)
class SavedOutcome:
    """What was measured."""

    key: str
    says: str


@dataclass(frozen=True, slots=True)
class SavedShareOfGround:
    """The Shapley value of an area."""

    ground: str
    interval: SavedInterval
    after: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class SavedSharedOutcome:
    """An outcome shared out among areas."""

    outcome: str
    unit: str
    first: str
    second: str
    is_exact: bool
    together: SavedInterval
    shares: tuple[SavedShareOfGround, ...]


@dataclass(frozen=True, slots=True)
class SavedShapley:
    """What areas change together, shared out among them."""

    replicates: int
    n_played: int
    shared: tuple[SavedSharedOutcome, ...]


@dataclass(frozen=True, slots=True)
class SavedPair:
    """What a pair of ground does to an outcome; `verdict` is empty where the interaction is not clear."""

    one_key: str
    other_key: str
    outcome: str
    unit: str
    one: SavedInterval
    other: SavedInterval
    both: SavedInterval
    interaction: SavedInterval
    verdict: str


@dataclass(frozen=True, slots=True)
class SavedPairs:
    """Pairs of ground that were played."""

    sentence: str
    n_pairs: int
    n_played: int
    effects: tuple[SavedPair, ...]


@dataclass(frozen=True, slots=True)
class SavedWorthAt:
    """Worth of ground with the levers of relief at a point."""

    point: str
    worth: float | None
    low: float | None
    high: float | None
    rank: int
    stands_out: bool | None


@dataclass(frozen=True, slots=True)
class SavedGroundRelief:
    """What the levers carry of the worth of a piece of ground."""

    key: str
    name: str
    at: tuple[SavedWorthAt, ...]
    swing: float | None
    carried: float | None
    rests_on_it: bool


@dataclass(frozen=True, slots=True)
class SavedReliefOfGround:
    """What they carry of the worth of all ground."""

    sentence: str
    replicates: int
    areas: tuple[SavedGroundRelief, ...]
    places: tuple[SavedGroundRelief, ...]


@dataclass(frozen=True, slots=True)
class SavedDecisive:
    """Which ground decides, as it was answered; areas and places are by rank, `typical` is the worth of the median."""

    campaign: AskedCampaign
    sentence: str
    sides: dict[str, str]
    outcomes: tuple[SavedOutcome, ...]
    areas: tuple[SavedGround, ...]
    places: tuple[SavedGround, ...]
    typical_area: float | None
    typical_place: float | None
    budget: int
    level: float
    shapley: SavedShapley | None = None
    pairs: SavedPairs | None = None
    relief: SavedReliefOfGround | None = None

    @property
    def held_against(self) -> tuple[tuple[str, str], ...]:
        """Pairs of sides that were held against each other, in their order."""
        every = (*self.areas, *self.places)
        return tuple(dict.fromkeys((each.first, each.second) for ground in every for each in ground.effects))

    @property
    def bar_of_areas(self) -> float:
        """Worth above which an area stands out."""
        return _bar(self.areas, self.typical_area)

    @property
    def bar_of_places(self) -> float:
        """Worth above which a place stands out."""
        return _bar(self.places, self.typical_place)


def _bar(grounds: Sequence[SavedGround], typical: float | None) -> float:
    """Return what ground is held against (docs/decisions/0019): few pieces of it have no typical one."""
    n_known = sum(each.worth is not None for each in grounds)
    return LEAST_WORTH if typical is None or n_known < LEAST_COMPARED else max(TIMES_TYPICAL * typical, LEAST_WORTH)


def _read(written: Content) -> SavedDecisive:
    answer, said = written["answer"], written.get("said", {})
    ground = {kind: [_ground(each) for each in answer[kind]] for kind in ("areas", "places")}
    more = {"pairs": _pairs(answer.get("pairs"), said), "relief": _relief(answer.get("relief"), said)}
    known = {"campaign": written["campaign"], "sentence": written["sentence"]}
    return read_as(SavedDecisive, {**answer, **ground, **more, **known})


def _ground(written: Content) -> Content:
    effects = [{**each, **each["interval"]} for each in written["effects"]]
    return {**written, **written["ground"], **(written.get("size") or {}), "effects": effects}


def _pairs(written: Content | None, said: Content) -> Content | None:
    if written is None:
        return None
    effects = [{**each, "verdict": verdict} for each, verdict in zip(written["effects"], said["verdicts_of_pairs"], strict=True)]
    return {**written, "effects": effects, "sentence": said["pairs"]}


def _relief(written: Content | None, said: Content) -> Content | None:
    if written is None:
        return None
    ground = {kind: [{**each, **each["ground"]} for each in written[kind]] for kind in ("areas", "places")}
    return {**written, **ground, "sentence": said["relief"]}


FILE = AnswerFile("decisive", _read)
saved_decisive = FILE.kept


def save_decisive(answer: DecisiveAnswer, run: Run) -> Path:
    """Keep an answer in the folder of the run that was asked, with the sentences and verdicts that it comes to."""
    said = {
        "pairs": answer.pairs.sentence if answer.pairs else "",
        "verdicts_of_pairs": [each.verdict for each in answer.pairs.effects] if answer.pairs else [],
        "relief": answer.relief.sentence if answer.relief else "",
    }
    return FILE.keep_about(answer, run, {"sentence": answer.sentence, "said": said, "answer": answer})
