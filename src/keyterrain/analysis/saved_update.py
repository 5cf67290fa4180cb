"""An update for scripts, and kept in the folder of a run for its report."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from keyterrain.analysis.kept_answers import AskedCampaign, keep_about, kept, number, plain

if TYPE_CHECKING:
    from keyterrain.analysis.kept_answers import Content
    from keyterrain.analysis.update.question import Shift, Update
    from keyterrain.campaign.ensemble import Run

FILE_NAME = "update.json"
FORMAT = "keyterrain-update/1"


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
    }


def _observation(written: Content) -> dict[str, Any]:
    return {**written["observation"], **{key: value for key, value in written.items() if key != "observation"}}


def _shift(each: Shift, what: str) -> dict[str, Any]:
    written: dict[str, Any] = plain(each)
    return {what: written.pop("key"), **written}


def save_update(answer: Update, run: Run) -> Path:
    """Keep the update of a run in its folder, whole or not at all, in place of an earlier one.

    Returns
    -------
    Path
        The file that was written.

    Raises
    ------
    keyterrain.campaign.errors.RunRefused
        The update is about another campaign than the run's, or the run has interventions.
    """
    asked = AskedCampaign.answered(answer, run)
    written = {key: value for key, value in plain(answer).items() if key != "weights"}
    return keep_about(run, asked, FILE_NAME, {"format": FORMAT, "answer": written})


def saved_update(folder: Path) -> SavedUpdate | None:
    """Return the update that is kept in the folder of a run, None where there is none.

    Raises
    ------
    keyterrain.campaign.errors.RunRefused
        The file is not in the form that `save_update` writes.
    """
    return kept(folder, FILE_NAME, FORMAT, "update", _read)


def _read(written: Content) -> SavedUpdate:
    answer = written["answer"]
    return SavedUpdate(
        campaign=AskedCampaign.read(written["campaign"]),
        replicates=int(answer["replicates"]),
        ess=float(answer["ess"]),
        floor=float(answer["floor"]),
        verdict=str(answer["verdict"]),
        what_to_do=str(answer["what_to_do"] or ""),
        day=int(answer["day"]),
        observations=tuple(_read_observation(each) for each in answer["observations"]),
        outcomes=tuple(_read_shift(each) for each in answer["outcomes"]),
        places=tuple(_read_shift(each) for each in answer["places"]),
    )


def _read_observation(each: Content) -> SavedObservation:
    of = each["observation"]
    return SavedObservation(
        on=str(of["on"]),
        kind=str(of["kind"]),
        subject=str(of["subject"]),
        value=str(of["value"]),
        error=float(of["error"]),
        p_wrong=float(of["p_wrong"]),
        source=str(of["source"]),
        agreeing=float(each["agreeing"]),
        likelihood=float(each["likelihood"]),
        ess_alone=float(each["ess_alone"]),
        ess_without=float(each["ess_without"]),
    )


def _read_shift(each: Content) -> SavedShift:
    figures = ("before", "before_low", "before_high", "after", "after_low", "after_high")
    return SavedShift(str(each["key"]), str(each["says"]), str(each["unit"]), *(number(each[key]) for key in figures))
