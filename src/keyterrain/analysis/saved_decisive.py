"""The answer which ground decides, kept in the folder of a run for its report.

What is written are the fields of the answer, whatever they are; what is read is what a report shows of them, so that an answer
with more or fewer optional fields can be read all the same.
"""

from __future__ import annotations

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

    @property
    def pairs(self) -> tuple[tuple[str, str], ...]:
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
    answer = written["answer"]
    ground = {kind: [_ground(each) for each in answer[kind]] for kind in ("areas", "places")}
    return read_as(SavedDecisive, {**answer, **ground, "campaign": written["campaign"], "sentence": written["sentence"]})


def _ground(written: Content) -> Content:
    effects = [{**each, **each["interval"]} for each in written["effects"]]
    return {**written, **written["ground"], **(written.get("size") or {}), "effects": effects}


FILE = AnswerFile("decisive", _read)
saved_decisive = FILE.kept


def save_decisive(answer: DecisiveAnswer, run: Run) -> Path:
    """Keep an answer in the folder of the run that was asked, with the sentence that says what stands out."""
    return FILE.keep_about(answer, run, {"sentence": answer.sentence, "answer": answer})
