"""What moves outcomes, kept in the folder of a run for its report."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from keyterrain.analysis.kept_answers import CALIBRATED, AnswerFile, AskedCampaign, plain, read_as

if TYPE_CHECKING:
    from keyterrain.analysis.kept_answers import Content
    from keyterrain.analysis.sensitivity.question import Sensitivity
    from keyterrain.campaign.ensemble import Run


@dataclass(frozen=True, slots=True)
class SavedIndex:
    """Sobol indices of a factor with their intervals; what is undefined is None."""

    factor: str
    first: float | None
    first_low: float | None
    first_high: float | None
    total: float | None
    total_low: float | None
    total_high: float | None


@dataclass(frozen=True, slots=True)
class SavedShare:
    """What a group of inputs explains beyond chance; None where it cannot be told."""

    name: str
    share: float | None
    p: float | None
    n_inputs: int


@dataclass(frozen=True, slots=True)
class SavedInput:
    """What was reported or assumed of an input, and by whom; of `alternatives` one is drawn."""

    group: str
    name: str
    meaning: str
    unit: str
    prior: str
    source: str
    grade: str
    alternatives: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SavedReport:
    """An input that stands out; `input` is None where a draw has no row in the table of inputs."""

    draw: str
    group: str
    share: float
    rank_correlation: float | None
    p: float
    input: SavedInput | None


@dataclass(frozen=True, slots=True)
class SavedOutcome:
    """What moves one outcome; `why` and `why_no_indices` say why shares or Sobol indices are missing."""

    key: str
    says: str
    mean: float | None
    sd: float | None
    n: int
    groups: tuple[SavedShare, ...]
    why: str
    pairs: int
    indices: tuple[SavedIndex, ...]
    why_no_indices: str
    worth_verifying: tuple[SavedReport, ...]
    parameters: tuple[SavedReport, ...]


@dataclass(frozen=True, slots=True)
class SavedSensitivity:
    """What moves the outcomes of a run, as its report shows it."""

    campaign: AskedCampaign
    replicates: int
    n_played: int
    outcomes: tuple[SavedOutcome, ...]


def _read(written: Content) -> SavedSensitivity:
    answer = written["answer"]
    outcomes = [_outcome(each) for each in answer["outcomes"]]
    return read_as(SavedSensitivity, {**answer, "campaign": written["campaign"], "outcomes": outcomes})


def _outcome(written: Content) -> Content:
    sobol = written["sobol"] or {"n": 0, "indices": [], "why": ""}
    indices = {"pairs": sobol["n"], "indices": sobol["indices"], "why_no_indices": sobol["why"]}
    return {**written, **written["outcome"], **written["screened"], **indices}


FILE = AnswerFile("sensitivity", _read)
saved_sensitivity = FILE.kept


def save_sensitivity(answer: Sensitivity, run: Run) -> Path:
    """Keep an answer in the folder of the run that was asked: all but the shares of inputs that do not stand out."""
    written = plain(answer)
    for each in written["outcomes"]:
        del each["screened"]["inputs"]
    return FILE.keep_about(answer, run, {"answer": written}, but=CALIBRATED)
