"""Claims as they were answered: a table with a bar for each interval on one axis."""

from __future__ import annotations

from math import floor
from typing import TYPE_CHECKING

from keyterrain.report.escape import html_text
from keyterrain.report.palette import BLUE, GREY, INK, VERMILLION
from keyterrain.report.tables import table
from keyterrain.report.wording import significant

if TYPE_CHECKING:
    from collections.abc import Sequence

    from keyterrain.analysis.saved_claims import SavedClaim, SavedClaims, SavedPart
    from keyterrain.report.tables import Cell

MARKS = {"borne out": ("\u2713", "yes"), "not borne out": ("\u2717", "no"), "cannot tell": ("?", "open")}
"""What stands before a verdict, and the name of its look."""
WIDTH, HEIGHT, MARGIN = 180, 18, 4
SMALL = 1e-3
HEADERS = ("Verdict", "Claim", "Estimate [interval]", "Where it lies", "Borne out if", "What happened")


def claims_lead(claims: SavedClaims) -> str:
    """Return what the table says at a glance."""
    counted = ", ".join(f"{claims.count(verdict)} {verdict}" for verdict in MARKS)
    return (
        f"{len(claims.claims)} claims: {counted}. A claim is borne out where its whole interval lies within what would bear it "
        "out, not borne out where all of it lies outside. Verdicts are about the model and its inputs."
    )


def claims_html(claims: SavedClaims, run_digest: str) -> str:
    """Return the table of claims, with a warning where the run has changed since they were answered."""
    low = _axis_from(claims.claims)
    stale = '<p class="warning">The run has changed since these claims were answered.</p>' if claims.digest != run_digest else ""
    rows = (_row(claim, low) for claim in claims.claims)
    return stale + _key(low) + table(HEADERS, rows, caption="Claims, each with the part that decides it")


def _axis_from(claims: Sequence[SavedClaim]) -> float:
    """Return where the axis begins: at the last tenth below all intervals that can be drawn, at 0 where none is below it."""
    spreads = [part.spread for claim in claims if (part := claim.leading) and part.unit == "1"]
    lowest = min((spread[0] for spread in spreads if spread and spread[0] >= -1.0), default=0.0)
    return min(floor(10 * lowest) / 10, 0.0)


def _key(low: float) -> str:
    """Return a line that says once what the bars are."""
    shapes = (
        (f'<rect x="0" y="2" width="28" height="8" fill="{BLUE}" fill-opacity=".35"/>', "interval"),
        (f'<line x1="14" x2="14" y1="0" y2="12" stroke="{INK}" stroke-width="2.4"/>', "estimate"),
        (f'<line x1="14" x2="14" y1="0" y2="12" stroke="{VERMILLION}" stroke-width="1.6" stroke-dasharray="2,2"/>', "bound"),
    )
    said = "".join(f'<span><svg width="28" height="12" aria-hidden="true">{svg}</svg> {name}</span> ' for svg, name in shapes)
    axis = f"<span>All bars run from {_said(low)} to 1; other units have none.</span>"
    return f'<p class="key">{said}{axis}</p>'


def _row(claim: SavedClaim, low: float) -> list[Cell]:
    part = claim.leading
    mark, look = MARKS.get(claim.verdict, ("?", "open"))
    verdict = f'<span class="verdict {look}"><span aria-hidden="true">{mark}</span> {html_text(claim.verdict)}</span>'
    return [
        (verdict, claim.verdict),
        (_says(claim), claim.key),
        (_estimate(part), part.estimate if part else ""),
        (_bar(part, low), part.estimate if part and part.unit == "1" else ""),
        (html_text(part.borne_out_if) if part else "", None),
        (_happened(claim), None),
    ]


def _says(claim: SavedClaim) -> str:
    """Return the sentence, with what was measured, why there is no verdict, and notes to unfold."""
    details = [f"measured: {each.reads}, {each.verdict}" for each in claim.parts]
    details += [f"{what}: {text}" for what, text in (("note", claim.note), ("source", claim.source)) if text]
    unfolded = "".join(f"<li>{html_text(line)}</li>" for line in details)
    why = f'<br><span class="faint">{html_text(claim.why)}</span>' if claim.why else ""
    return f"{html_text(claim.says)}{why}<details><summary>{html_text(claim.key)}</summary><ul>{unfolded}</ul></details>"


def _estimate(part: SavedPart | None) -> str:
    if part is None:
        return ""
    if part.estimate is None:
        return "undefined"
    unit = "" if part.unit == "1" else f" {part.unit}"
    spread = part.spread
    interval = f" [{_said(spread[0])}, {_said(spread[2])}]" if spread and part.replicates else ""
    of = f"<br><small>{part.replicates:,} replicates</small>" if part.replicates else "<br><small>no campaign needed</small>"
    return f"{html_text(_said(part.estimate) + interval + unit)}{of}"


def _bar(part: SavedPart | None, low: float) -> str:
    """Return the interval on the common axis; what has another unit or lies beyond it has none."""
    spread = part.spread if part else None
    if part is None or part.unit != "1" or spread is None or spread[0] < low or spread[2] > 1:
        return ""
    left, middle, right = (_x(number, low) for number in spread)
    ends = "".join(f'<line x1="{_x(end, low):.1f}" x2="{_x(end, low):.1f}" y1="5" y2="13"/>' for end in {low, 0.0, 1.0})
    bounds = "".join(
        f'<line x1="{_x(bound, low):.1f}" x2="{_x(bound, low):.1f}" y1="0" y2="{HEIGHT}"/>'
        for bound in part.bounds
        if low <= bound <= 1
    )
    label = html_text(f"{_said(spread[1])}, interval {_said(spread[0])} to {_said(spread[2])}, on an axis from {_said(low)} to 1")
    return (
        f'<svg class="interval" width="{WIDTH}" height="{HEIGHT}" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{label}">'
        f'<g stroke="{GREY}"><line x1="{MARGIN}" x2="{WIDTH - MARGIN}" y1="9" y2="9"/>{ends}</g>'
        f'<rect x="{left:.1f}" y="4" width="{max(right - left, 1.0):.1f}" height="10" fill="{BLUE}" fill-opacity=".35"/>'
        f'<g stroke="{VERMILLION}" stroke-width="1.6" stroke-dasharray="2,2">{bounds}</g>'
        f'<line x1="{middle:.1f}" x2="{middle:.1f}" y1="2" y2="16" stroke="{INK}" stroke-width="2.4"/></svg>'
    )


def _x(number: float, low: float) -> float:
    return MARGIN + (number - low) / (1.0 - low) * (WIDTH - 2 * MARGIN)


def _happened(claim: SavedClaim) -> str:
    if claim.happened is None:
        return '<span class="faint">not on record</span>'
    return html_text(claim.happened if isinstance(claim.happened, str) else _said(float(claim.happened)))


def _said(number: float) -> str:
    """Return a number without an exponent, whose sign can be seen."""
    small = 0.0 < abs(number) < SMALL
    return (f"{number:.6f}".rstrip("0").rstrip(".") if small else significant(number)).replace("-", "\u2212")
