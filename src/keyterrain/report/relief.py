"""What the assumptions about relief carry of kept answers: of claims, and of the worth of ground."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keyterrain.report.escape import html_text
from keyterrain.report.tables import table
from keyterrain.report.wording import significant

if TYPE_CHECKING:
    from keyterrain.analysis.saved_claims import SavedReliefClaim, SavedReliefOfClaims, SavedReliefPoint
    from keyterrain.analysis.saved_decisive import SavedGroundRelief, SavedReliefOfGround, SavedWorthAt
    from keyterrain.report.tables import Cell

NOTE = (
    "That mountains are hard to take is largely put in. Four assumed numbers carry it: the relief multiplier, the narrowing of "
    "an approach, its frontage, and the sectors that heights add. Answers are asked again with all four at the joint 5% and 95% "
    "points of their ranges and with all of them off, on the same luck. Other effects of relief (tempo, sight, snow) stay on."
)
MARKS = {True: "stands out", False: "", None: "?"}


def relief_lead(claims: SavedReliefOfClaims | None, ground: SavedReliefOfGround | None) -> str:
    """Say how many verdicts change, and which ground is worth something else."""
    said = []
    if claims is not None:
        n = len(claims.claims)
        resting = sum(each.rests_on_it for each in claims.claims)
        said.append(f"Of {n} claim{'s' * (n != 1)} the verdict of {resting} is another at some point.")
    if ground is not None:
        said.append(ground.sentence)
    return " ".join(said)


def relief_html(claims: SavedReliefOfClaims | None, ground: SavedReliefOfGround | None) -> str:
    """Return a table of claims and one of ground, of what was asked."""
    tables = [_claims(claims)] if claims is not None else []
    tables += [_ground(ground)] if ground is not None else []
    return f'<p class="note">{html_text(NOTE)}</p>' + "".join(tables)


def _claims(claims: SavedReliefOfClaims) -> str:
    points = [each.point for each in claims.claims[0].points] if claims.claims else []
    headers = ["Claim", *map(_capitalized, points), "5 to 95%", "Verdict"]
    caption = f"Claims: estimate and verdict at each point, {claims.replicates:,} replicates of each campaign"
    columns = frozenset(range(1, 2 + len(points)))
    return table(headers, map(_claim_cells, claims.claims), caption=caption, numeric=columns)


def _claim_cells(claim: SavedReliefClaim) -> list[Cell]:
    return [
        (html_text(claim.says), claim.key),
        *((_estimate(each), each.estimate) for each in claim.points),
        (_signed(claim.swing), claim.swing),
        ("rests on them" if claim.rests_on_it else "the same throughout", None),
    ]


def _estimate(each: SavedReliefPoint) -> str:
    value = "undefined" if each.estimate is None else significant(each.estimate).replace("-", "−")
    return f"{value}<br><small>{html_text(each.verdict)}</small>"


def _ground(relief: SavedReliefOfGround) -> str:
    every = [*(("area", each) for each in relief.areas), *(("place", each) for each in relief.places)]
    points = [each.point for each in every[0][1].at] if every else []
    headers = ["Ground", "Kind", *(f"Worth, {point}" for point in points), "5 to 95%", "Rests on them"]
    caption = (
        f"Worth of ground at each point, {relief.replicates:,} replicates with either side; limits hold for all ground and "
        "points together, and worth rests on the assumptions where they lie apart; ?: cannot tell whether it stands out there"
    )
    columns = frozenset(range(2, 3 + len(points)))
    rows = sorted(every, key=lambda each: (not each[1].rests_on_it, -abs(each[1].swing or 0.0), each[1].key))
    return table(headers, (_ground_cells(kind, each) for kind, each in rows), caption=caption, numeric=columns)


def _ground_cells(kind: str, ground: SavedGroundRelief) -> list[Cell]:
    return [
        (html_text(ground.name), ground.name),
        (kind, None),
        *((_worth(each), each.worth) for each in ground.at),
        (_signed(ground.swing), ground.swing),
        ("yes" if ground.rests_on_it else "not shown", None),
    ]


def _worth(at: SavedWorthAt) -> str:
    if at.worth is None or at.low is None or at.high is None:
        return '<span class="faint">–</span>'
    mark = f" {MARKS[at.stands_out]}" if MARKS[at.stands_out] else ""
    return f"{significant(at.worth)}<br><small>[{significant(at.low)}, {significant(at.high)}]{mark}</small>"


def _signed(value: float | None) -> str:
    return "–" if value is None else f"{value:+.3g}".replace("-", "−")


def _capitalized(text: str) -> str:
    return text[:1].upper() + text[1:]
