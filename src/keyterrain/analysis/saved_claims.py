"""Answers to claims as plain values: for scripts, and kept in the folder of a run for its report."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from keyterrain.analysis.kept_answers import AnswerFile, read_as

if TYPE_CHECKING:
    from keyterrain.analysis.claims import ClaimAnswer, ClaimAnswers, PartAnswer
    from keyterrain.analysis.kept_answers import Content
    from keyterrain.analysis.relief_levers import ReliefShares
    from keyterrain.campaign.ensemble import Run


@dataclass(frozen=True, slots=True)
class SavedPart:
    """One comparison of a claim as it was answered; what is undefined is None."""

    reads: str
    unit: str
    borne_out_if: str
    bounds: tuple[float, ...]
    estimate: float | None
    low: float | None
    high: float | None
    replicates: int
    verdict: str

    @property
    def spread(self) -> tuple[float, float, float] | None:
        """Low, estimate and high, None where one of them is undefined."""
        if self.low is None or self.estimate is None or self.high is None:
            return None
        return self.low, self.estimate, self.high


@dataclass(frozen=True, slots=True)
class SavedClaim:
    """A claim as it was answered; `deciding` is the number of the part that stands for it."""

    key: str
    says: str
    verdict: str
    why: str
    note: str
    source: str
    happened: float | str | None
    parts: tuple[SavedPart, ...]
    deciding: int | None

    @property
    def leading(self) -> SavedPart | None:
        """The part whose estimate stands for the claim."""
        return None if self.deciding is None else self.parts[self.deciding]


@dataclass(frozen=True, slots=True)
class SavedReliefPoint:
    """The answer to a claim with the levers of relief at one point."""

    point: str
    verdict: str
    estimate: float | None


@dataclass(frozen=True, slots=True)
class SavedReliefClaim:
    """What the assumptions about relief carry of the answer to a claim."""

    key: str
    says: str
    points: tuple[SavedReliefPoint, ...]
    swing: float | None
    rests_on_it: bool


@dataclass(frozen=True, slots=True)
class SavedReliefOfClaims:
    """What they carry of all claims that were asked about it."""

    replicates: int
    claims: tuple[SavedReliefClaim, ...]


@dataclass(frozen=True, slots=True)
class SavedClaims:
    """All answers that were kept, with the digest of the run that they belong to."""

    seed: int
    digest: str
    claims: tuple[SavedClaim, ...]
    relief: SavedReliefOfClaims | None = None

    def count(self, verdict: str) -> int:
        """Return how many claims have a verdict."""
        return sum(claim.verdict == verdict for claim in self.claims)


def claims_for_scripts(answers: ClaimAnswers) -> dict[str, object]:
    """Return answers as scripts may rely on them; numbers that are none stay nan."""
    claims = [_claim(answer) for answer in answers.answers]
    played = {"variants": answers.n_variants, "replicates_played": answers.n_played}
    return {"scenario": answers.scenario, "seed": answers.seed, "budget": answers.budget, **played, "claims": claims}


def relief_for_scripts(shares: ReliefShares) -> dict[str, object]:
    """Return what the assumptions about relief carry of answers, as scripts may rely on it."""
    claims = [
        {
            "id": share.claim.key,
            "points": [
                {"point": each.point, "levers": each.levers, **_claim(each.answer), "estimate": share.estimate(each.point)}
                for each in share.points
            ],
            "swing": share.swing,
            "carried": share.carried,
            "rests_on_it": share.rests_on_it,
        }
        for share in shares.shares
    ]
    played = {"replicates": shares.replicates, "replicates_played": shares.n_played}
    return {"seed": shares.seed, **played, "claims": claims}


def _claim(answer: ClaimAnswer) -> dict[str, object]:
    claim, part = answer.claim, answer.deciding
    interval = part.interval if part else None
    return {
        "id": claim.key,
        "says": claim.says,
        "estimate": interval.value if interval else None,
        "low": interval.low if interval else None,
        "high": interval.high if interval else None,
        "verdict": answer.verdict,
        "observed": answer.happened,
        "replicates": answer.replicates,
        "why": answer.why or None,
        "start": answer.start.isoformat(),
        "source": claim.source,
        "note": claim.note or None,
        "combination": claim.combination if len(answer.parts) > 1 else None,
        "deciding_part": answer.parts.index(part) if part else None,
        "parts": [_part(each) for each in answer.parts],
    }


def _part(part: PartAnswer) -> dict[str, object]:
    interval = part.interval
    return {
        "reads": part.reads,
        "unit": part.unit,
        "borne_out_if": part.borne_out_if,
        "bounds": list(part.bounds),
        "estimate": interval.value,
        "low": interval.low,
        "high": interval.high,
        "replicates": interval.n_played,
        "replicates_defined": interval.n,
        "verdict": part.verdict,
        "observed": part.observed,
        "why": part.why or None,
    }


def _saved(written: Content) -> SavedClaims:
    relief = written.get("relief")
    if relief is not None:
        relief = {**relief, "claims": [_relief_claim(each) for each in relief["claims"]]}
    return read_as(SavedClaims, {**written, "claims": [_saved_claim(each) for each in written["claims"]], "relief": relief})


def _relief_claim(written: Content) -> Content:
    return {**written, "key": written["id"], "says": written["points"][0]["says"]}


def _saved_claim(written: Content) -> Content:
    deciding = written["deciding_part"]
    if deciding is not None and not 0 <= deciding < len(written["parts"]):
        raise ValueError("there is no such part")
    return {**written, "key": written["id"], "happened": written["observed"], "deciding": deciding}


FILE = AnswerFile("claims", _saved)
saved_claims = FILE.kept


def save_claims(answers: ClaimAnswers, run: Run, relief: ReliefShares | None = None) -> Path:
    """Keep answers in the folder of the run that was asked, with its digest, and what the assumptions about relief carry."""
    shares = {} if relief is None else {"relief": relief_for_scripts(relief)}
    return FILE.keep(run, {"digest": run.manifest.digest, **claims_for_scripts(answers), **shares})
