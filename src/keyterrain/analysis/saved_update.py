"""An update for scripts, and kept in the folder of a run for its report."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from keyterrain.analysis.kept_answers import CALIBRATED, AnswerFile, AskedCampaign, plain, read_as

if TYPE_CHECKING:
    from keyterrain.analysis.kept_answers import Content
    from keyterrain.analysis.update.question import Update
    from keyterrain.analysis.update.shifts import Shift
    from keyterrain.campaign.ensemble import Run


@dataclass(frozen=True, slots=True)
class SavedObservation:
    """An observation with what it does to the ensemble."""

    on: str
    kind: str
    subject: str
    value: str
    error: float
    p_wrong: float
    source: str
    agreeing: float
    likelihood: float
    ess_alone: float
    ess_without: float


@dataclass(frozen=True, slots=True)
class SavedShift:
    """A figure before and after; what is undefined, or refused, is None."""

    key: str
    says: str
    unit: str
    before: float | None
    before_low: float | None
    before_high: float | None
    after: float | None
    after_low: float | None
    after_high: float | None


@dataclass(frozen=True, slots=True)
class SavedUpdate:
    """The update of a run, as its report shows it."""

    campaign: AskedCampaign
    replicates: int
    ess: float
    floor: float
    verdict: str
    what_to_do: str
    day: int
    observations: tuple[SavedObservation, ...]
    outcomes: tuple[SavedShift, ...]
    places: tuple[SavedShift, ...]
    corridors: tuple[SavedShift, ...] = ()
    corridor_days: tuple[SavedShift, ...] = ()
    hosts: tuple[SavedShift, ...] = ()
    """Of people at hosts, and of all who fled, the median with the 5 and 95 per cent points."""
    fled: SavedShift | None = None


def update_for_scripts(answer: Update) -> dict[str, Any]:
    """Return an update as machines read it; `after` is null where it refuses."""
    return {
        "verdict": answer.verdict,
        "what_to_do": answer.what_to_do or None,
        "ess": answer.ess,
        "floor": answer.floor,
        "replicates": answer.replicates,
        "scenario": answer.scenario,
        "start": answer.start,
        "day": answer.day,
        "observations": [_observation(each) for each in plain(answer.observations)],
        "outcomes": [_shift(each, "outcome") for each in answer.outcomes],
        "places": [_shift(each, "place") for each in answer.places],
        "corridors": [_shift(each, "corridor") for each in answer.corridors],
        "corridor_days": [_shift(each, "corridor") for each in answer.corridor_days],
        "hosts": [_shift(each, "host") for each in answer.hosts],
        "fled": _shift(answer.fled, "of"),
    }


def _observation(written: Content) -> dict[str, Any]:
    return {**written["observation"], **{key: value for key, value in written.items() if key != "observation"}}


def _shift(each: Shift, what: str) -> dict[str, Any]:
    written: dict[str, Any] = plain(each)
    return {what: written.pop("key"), **written}


def _read(written: Content) -> SavedUpdate:
    answer = written["answer"]
    observations = [_observation(each) for each in answer["observations"]]
    return read_as(SavedUpdate, {**answer, "campaign": written["campaign"], "observations": observations})


FILE = AnswerFile("update", _read)
saved_update = FILE.kept


def save_update(answer: Update, run: Run) -> Path:
    """Keep the update of a run in its folder: all but the weights, one for each replicate."""
    return FILE.keep_about(
        answer, run, {"answer": {key: each for key, each in plain(answer).items() if key != "weights"}}, but=CALIBRATED
    )
