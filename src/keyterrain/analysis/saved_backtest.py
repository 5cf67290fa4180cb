"""A backtest for scripts, and kept in the folder of a run for its report."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from keyterrain.analysis.backtest.question import CorridorScore
from keyterrain.analysis.kept_answers import CALIBRATED, AnswerFile, AskedCampaign, plain, read_as

if TYPE_CHECKING:
    from keyterrain.analysis.backtest.question import Backtest, BacktestScores, CampaignBacktest
    from keyterrain.analysis.backtest.scores import Score
    from keyterrain.analysis.kept_answers import Content
    from keyterrain.campaign.ensemble import Run

LABELS = {"true": "Blind. ", "false": "Not blind: whoever made it knew how it ended, so agreement shows no skill. "}
"""What the word of a scenario about its makers' knowledge means."""


@dataclass(frozen=True, slots=True)
class SavedScore:
    """A score beside its rivals; what is undefined is None."""

    score: float | None
    low: float | None
    high: float | None
    skill: float | None
    skill_low: float | None
    skill_high: float | None
    best_baseline: str
    baselines: Mapping[str, float]
    n: int
    n_fallen: float
    n_episodes: int
    verdict: str
    why: str


@dataclass(frozen=True, slots=True)
class SavedOrder:
    """How far captures came in the order that was foretold; undefined where there are too few."""

    tau: float | None
    low: float | None
    high: float | None
    n: int


@dataclass(frozen=True, slots=True)
class SavedBin:
    """A bin of the calibration curve."""

    n: int
    forecast: float
    happened: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class SavedPlace:
    """A place, what was foretold of it by horizon, and what happened."""

    place: str
    name: str
    p_fallen: Mapping[str, float]
    happened: Mapping[str, float | None]
    fell_on: str
    scored_until: str
    episode: str


@dataclass(frozen=True, slots=True)
class SavedGiven:
    """The forecast of those replicates in which the place of origin was attacked; what is undefined is None."""

    n: int
    median: float | None
    low: float | None
    high: float | None
    crps: float | None
    why: str


@dataclass(frozen=True, slots=True)
class SavedCount:
    """A count of displaced people beside what was foretold."""

    on: str
    since: str
    host: str
    origin: str
    observed: float
    median: float
    low: float
    high: float
    crps: float
    baselines: Mapping[str, float]
    attacked: tuple[str, ...]
    given: SavedGiven
    whenever: SavedGiven


@dataclass(frozen=True, slots=True)
class SavedLeftOut:
    """A place that was not scored, and why."""

    place: str
    why: str


@dataclass(frozen=True, slots=True)
class SavedCountLeftOut:
    """A count that was not scored, and why."""

    on: str
    host: str
    origin: str
    why: str


@dataclass(frozen=True, slots=True)
class SavedBacktest:
    """The backtest of a run, as its report shows it."""

    campaign: AskedCampaign
    sentence: str
    sides: tuple[str, ...]
    replicates: int
    observed_until: str
    last_row: str
    horizon: int
    brier: Mapping[str, SavedScore]
    log: Mapping[str, SavedScore]
    brier_integral: SavedScore
    crps_capture: SavedScore
    kendall: SavedOrder
    calibration: tuple[SavedBin, ...]
    places: tuple[SavedPlace, ...]
    left_out: tuple[SavedLeftOut, ...]
    corridors: tuple[CorridorScore, ...]
    counts: tuple[SavedCount, ...]
    counts_left_out: tuple[SavedCountLeftOut, ...]
    waves: SavedScore
    not_scored: Mapping[str, str]
    blind: str
    reason: str
    fitted: str = ""


def sentence(scores: BacktestScores, blind: str = "") -> str:
    """Say in a sentence or two whether the forecasts were better than the best rival."""
    whole = scores.brier_integral
    label = LABELS.get(blind, "")
    if not whole.n:
        return f"{label}Cannot tell: {whole.why}."
    rival = f"the best rival ({whole.best_baseline})"
    said = {
        "better": f"Better than {rival}",
        "worse": f"Worse than {rival}",
        "cannot tell": f"Cannot tell it from {rival}",
    }[whole.verdict]
    skill = (
        f"skill {whole.skill:.2f} [{whole.skill_low:.2f}, {whole.skill_high:.2f}]"
        if whole.skill == whole.skill
        else "skill undefined"
    )
    episodes = f"{whole.n_fallen:.3g} of {whole.n} places fell, in {whole.n_episodes} episode{'s' * (whole.n_episodes != 1)}"
    why = f" ({whole.why})" if whole.why else ""
    return f"{label}{said}{why}: {skill} in the Brier score of control over {scores.horizon} days; {episodes}."


def backtest_for_scripts(answer: Backtest) -> dict[str, Any]:
    """Return a backtest as machines read it: the pooled scores first, then every campaign's own."""
    campaigns = [_campaign_for_scripts(each) for each in answer.campaigns]
    blind = {each.blind for each in answer.campaigns}
    return {
        "answer": sentence(answer.pooled, blind.pop() if len(blind) == 1 else ""),
        **_scores_for_scripts(answer.pooled),
        "places": [place for each in campaigns for place in each["places"]],
        "campaigns": campaigns,
    }


def _scores_for_scripts(scores: BacktestScores) -> dict[str, Any]:
    return {
        "brier": {str(horizon): _score(score) for horizon, score in scores.brier.items()},
        "log": {str(horizon): _score(score) for horizon, score in scores.log.items()},
        "brier_integral": {**_score(scores.brier_integral), "horizon": scores.horizon},
        "crps_capture": {**_score(scores.crps_capture), "unit": "days", "horizon": scores.horizon},
        "kendall_tau": plain(scores.kendall.tau),
        "kendall": plain(scores.kendall),
        "calibration": plain(scores.calibration),
    }


def _score(score: Score) -> dict[str, Any]:
    written: dict[str, Any] = plain(score)
    return {**written, "best_baseline": score.best_baseline or None, "why": score.why or None}


def _campaign_for_scripts(each: CampaignBacktest) -> dict[str, Any]:
    written = plain(each)
    return {
        **{key: value for key, value in written.items() if key != "scores"},
        "waves": _score(each.waves),
        "answer": sentence(each.scores, each.blind),
        "blind": {"true": True, "false": False}.get(each.blind),
        "reason": each.reason or None,
        "fitted": each.fitted or None,
        **_scores_for_scripts(each.scores),
    }


def _read(written: Content) -> SavedBacktest:
    answer = written["answer"]
    known = {"campaign": written["campaign"], "sentence": written["sentence"]}
    return read_as(SavedBacktest, {**answer, **answer["scores"], **known})


FILE = AnswerFile("backtest", _read)
saved_backtest = FILE.kept


def save_backtest(answer: CampaignBacktest, run: Run) -> Path:
    """Keep the backtest of a run in its folder, with the sentence that says what came of it."""
    return FILE.keep_about(answer, run, {"answer": answer, "sentence": sentence(answer.scores, answer.blind)}, but=CALIBRATED)
