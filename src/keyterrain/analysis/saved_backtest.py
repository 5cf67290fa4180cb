"""A backtest for scripts, and kept in the folder of a run for its report."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from keyterrain.analysis.backtest.question import CorridorScore
from keyterrain.analysis.kept_answers import AskedCampaign, keep_about, kept, number, plain

if TYPE_CHECKING:
    from collections.abc import Mapping

    from keyterrain.analysis.backtest.question import Backtest, BacktestScores, CampaignBacktest
    from keyterrain.analysis.backtest.scores import Score
    from keyterrain.analysis.kept_answers import Content
    from keyterrain.campaign.ensemble import Run

FILE_NAME = "backtest.json"
FORMAT = "keyterrain-backtest/2"
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
    tau: float | None
    tau_low: float | None
    tau_high: float | None
    tau_n: int
    calibration: tuple[SavedBin, ...]
    places: tuple[SavedPlace, ...]
    left_out: tuple[tuple[str, str], ...]
    corridors: tuple[CorridorScore, ...]
    counts: tuple[SavedCount, ...]
    counts_left_out: tuple[tuple[str, str], ...]
    waves: SavedScore
    not_scored: Mapping[str, str]
    blind: str
    reason: str


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
        **_scores_for_scripts(each.scores),
    }


def save_backtest(answer: CampaignBacktest, run: Run) -> Path:
    """Keep the backtest of a run in its folder, whole or not at all, in place of an earlier one.

    Returns
    -------
    Path
        The file that was written.

    Raises
    ------
    keyterrain.campaign.errors.RunRefused
        The backtest is about another campaign than the run's, or the run has interventions.
    """
    asked = AskedCampaign.answered(answer, run)
    content = {"format": FORMAT, "answer": plain(answer), "sentence": sentence(answer.scores, answer.blind)}
    return keep_about(run, asked, FILE_NAME, content)


def saved_backtest(folder: Path) -> SavedBacktest | None:
    """Return the backtest that is kept in the folder of a run, None where there is none.

    Raises
    ------
    keyterrain.campaign.errors.RunRefused
        The file is not in the form that `save_backtest` writes.
    """
    return kept(folder, FILE_NAME, FORMAT, "backtest", _read)


def _read(written: Content) -> SavedBacktest:
    answer, scores = written["answer"], written["answer"]["scores"]
    kendall, left_out = scores["kendall"], answer["counts_left_out"]
    return SavedBacktest(
        campaign=AskedCampaign.read(written["campaign"]),
        sentence=str(written["sentence"]),
        sides=tuple(map(str, answer["sides"])),
        replicates=int(answer["replicates"]),
        observed_until=str(answer["observed_until"]),
        last_row=str(answer["last_row"] or ""),
        horizon=int(scores["horizon"]),
        brier={str(key): _read_score(each) for key, each in scores["brier"].items()},
        log={str(key): _read_score(each) for key, each in scores["log"].items()},
        brier_integral=_read_score(scores["brier_integral"]),
        crps_capture=_read_score(scores["crps_capture"]),
        tau=number(kendall["tau"]),
        tau_low=number(kendall["low"]),
        tau_high=number(kendall["high"]),
        tau_n=int(kendall["n"]),
        calibration=tuple(
            SavedBin(int(each["n"]), *(float(each[key]) for key in ("forecast", "happened", "low", "high")))
            for each in scores["calibration"]
        ),
        places=tuple(_read_place(each) for each in answer["places"]),
        left_out=tuple((str(each["place"]), str(each["why"])) for each in answer["left_out"]),
        corridors=tuple(_read_corridor(each) for each in answer["corridors"]),
        counts=tuple(_read_count(each) for each in answer["counts"]),
        counts_left_out=tuple((f"{each['origin']} at {each['host']} by {each['on']}", str(each["why"])) for each in left_out),
        waves=_read_score(answer["waves"]),
        not_scored={str(key): str(why) for key, why in answer["not_scored"].items()},
        blind=str(answer["blind"] or ""),
        reason=str(answer["reason"] or ""),
    )


def _read_score(each: Content) -> SavedScore:
    return SavedScore(
        **{key: number(each[key]) for key in ("score", "low", "high", "skill", "skill_low", "skill_high")},
        best_baseline=str(each["best_baseline"] or ""),
        baselines=_numbers(each["baselines"]),
        n=int(each["n"]),
        n_fallen=float(each["n_fallen"]),
        n_episodes=int(each["n_episodes"]),
        verdict=str(each["verdict"]),
        why=str(each["why"] or ""),
    )


def _read_place(each: Content) -> SavedPlace:
    return SavedPlace(
        place=str(each["place"]),
        name=str(each["name"]),
        p_fallen=_numbers(each["p_fallen"]),
        happened={str(key): number(value) for key, value in each["happened"].items()},
        fell_on=str(each["fell_on"] or ""),
        scored_until=str(each["scored_until"] or ""),
        episode=str(each["episode"]),
    )


def _read_corridor(each: Content) -> CorridorScore:
    return CorridorScore(
        corridor=str(each["corridor"]),
        n_days=int(each["n_days"]),
        n_closed=int(each["n_closed"]),
        mean=float(each["mean"]),
        low=float(each["low"]),
        high=float(each["high"]),
        score=float(each["score"]),
        baselines=_numbers(each["baselines"]),
    )


def _read_count(each: Content) -> SavedCount:
    return SavedCount(
        on=str(each["on"]),
        since=str(each["since"]),
        host=str(each["host"]),
        origin=str(each["origin"]),
        **{key: float(each[key]) for key in ("observed", "median", "low", "high", "crps")},
        baselines=_numbers(each["baselines"]),
        attacked=tuple(map(str, each["attacked"])),
        given=_read_given(each["given"]),
        whenever=_read_given(each["whenever"]),
    )


def _read_given(each: Content) -> SavedGiven:
    return SavedGiven(
        n=int(each["n"]),
        **{key: number(each[key]) for key in ("median", "low", "high", "crps")},
        why=str(each["why"]),
    )


def _numbers(written: Content) -> dict[str, float]:
    return {str(key): float(value) for key, value in written.items()}
