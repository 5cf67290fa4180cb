"""How the combat law tells battles it has not seen: predicted chance against frequency, as a picture that stands alone."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import TYPE_CHECKING

from keyterrain.campaign.errors import RunRefused
from keyterrain.report.escape import html_text
from keyterrain.report.figures import FONT
from keyterrain.report.palette import BLUE, GREY, INK

if TYPE_CHECKING:
    from collections.abc import Sequence

    from keyterrain.analysis.battles.heldout import CalibrationBin, HeldOut

SUFFIX = ".svg"
SIDE, LEFT, TOP, GAP, FOOT = 300, 62, 84, 96, 118
"""Pixels: side of a panel, room before it and above it, between panels, and beneath the last."""
COLUMNS = 2
LINE = 118
"""Letters of a line beneath the panels."""
TICKS = (0.0, 0.25, 0.5, 0.75, 1.0)
WORDS = (
    "Each war in turn is left out of the fit (finer: each campaign of a war). A dot is a sixth of the battles, by the chance "
    "that the law, as it is played, gives the attacker. Whiskers: 95% intervals, resampling wars. Dashed: the chance means "
    "what it says. Dotted: the share of all attackers who won."
)


def refuse_picture(to: Path) -> None:
    """Refuse a picture that could not be written, before anything is computed.

    Raises
    ------
    RunRefused
        Another format than SVG, or no such folder.
    """
    if to.suffix.lower() != SUFFIX:
        raise RunRefused(f"A picture is drawn as SVG: give --picture a name that ends in {SUFFIX}, not {to.name}.")
    if not to.absolute().parent.is_dir():
        raise RunRefused(f"There is no folder {to.parent} for {to.name}.")


def write_calibration_picture(scores: Sequence[HeldOut], to: Path) -> Path:
    """Write the calibration curve of the law for each sample and way of leaving out.

    Returns
    -------
    Path
        The file that was written.
    """
    to.write_text(calibration_picture(scores), encoding="utf-8")
    return to


def calibration_picture(scores: Sequence[HeldOut]) -> str:
    """Return the picture as SVG: a panel for each sample and way of leaving out, each with its bins and their intervals."""
    rows = (len(scores) + COLUMNS - 1) // COLUMNS
    width = LEFT + COLUMNS * SIDE + (COLUMNS - 1) * GAP + 24
    height = TOP + rows * SIDE + (rows - 1) * (GAP + 24) + FOOT
    panels = "".join(
        _panel(each, LEFT + (number % COLUMNS) * (SIDE + GAP), TOP + (number // COLUMNS) * (SIDE + GAP + 24))
        for number, each in enumerate(scores)
    )
    title = "Combat law: predicted chance against frequency, wars left out"
    foot = "".join(
        _text(LEFT, height - 46 + 17 * i, line, size=11, colour="#555") for i, line in enumerate(textwrap.wrap(WORDS, LINE))
    )
    frame = f'viewBox="0 0 {width} {height}" width="{width}" height="{height}" role="img" aria-label="{html_text(title)}"'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" {frame} font-family="{html_text(FONT)}"><title>{html_text(title)}</title>'
        f'<rect width="{width}" height="{height}" fill="#fff"/>{_text(LEFT, 26, title, size=16, weight=600)}'
        f"{panels}{foot}</svg>\n"
    )


def _panel(held: HeldOut, left: float, top: float) -> str:
    """Return axes, the diagonal, the base rate and the bins of one sample."""
    finer = ", finer" if held.grouping == "war" else ""
    heading = _text(left, top - 25, held.sample, size=12.5, weight=600)
    counted = _text(left, top - 9, f"{held.n} battles, {held.n_wars} wars{finer}", size=11.5, colour="#555")
    base = sum(each.won.value * each.n for each in held.calibration) / held.n
    axes = f'<rect x="{left}" y="{top}" width="{SIDE}" height="{SIDE}" fill="none" stroke="#c9c9c2"/>'
    grid = "".join(_tick(value, left, top) for value in TICKS)
    diagonal = _line(left, top, (0.0, 0.0), (1.0, 1.0), f'stroke="{GREY}" stroke-dasharray="6,5"')
    usual = _line(left, top, (0.0, base), (1.0, base), f'stroke="{GREY}" stroke-dasharray="1.5,4"')
    dots = "".join(_bin(each, left, top) for each in held.calibration)
    named = _text(left + SIDE / 2, top + SIDE + 36, "chance predicted", size=12, anchor="middle")
    y = top + SIDE / 2
    turned = f'transform="rotate(-90 {left - 42} {y})"'
    won = _text(left - 42, y, "attackers who won", size=12, anchor="middle", more=turned)
    shapes = (heading, counted, axes, grid, diagonal, usual, dots, named, won)
    return "".join(shapes)


def _tick(value: float, left: float, top: float) -> str:
    x, y = _at(left, top, value, value)
    across = _line(left, top, (0.0, value), (1.0, value), 'stroke="#ececec"') if 0.0 < value < 1.0 else ""
    below = _text(x, top + SIDE + 17, f"{value:g}", size=11, anchor="middle", colour="#555")
    return f"{across}{below}{_text(left - 8, y + 4, f'{value:g}', size=11, anchor='end', colour='#555')}"


def _bin(each: CalibrationBin, left: float, top: float) -> str:
    x, y = _at(left, top, each.forecast, each.won.value)
    look = f'stroke="{BLUE}" stroke-width="1.8"'
    whisker = _line(left, top, (each.forecast, each.won.low), (each.forecast, each.won.high), look)
    said = f"forecast {each.forecast:.2f}, won {each.won.value:.2f} [{each.won.low:.2f}, {each.won.high:.2f}], {each.n} battles"
    ends = "".join(
        f'<line x1="{x - 4:.1f}" x2="{x + 4:.1f}" y1="{end:.1f}" y2="{end:.1f}" {look}/>'
        for _, end in (_at(left, top, 0.0, each.won.low), _at(left, top, 0.0, each.won.high))
    )
    return f'{whisker}{ends}<circle cx="{x:.1f}" cy="{y:.1f}" r="4.6" fill="{BLUE}"><title>{html_text(said)}</title></circle>'


def _at(left: float, top: float, x: float, y: float) -> tuple[float, float]:
    return left + x * SIDE, top + (1.0 - y) * SIDE


def _line(left: float, top: float, begin: tuple[float, float], end: tuple[float, float], look: str) -> str:
    (x1, y1), (x2, y2) = _at(left, top, *begin), _at(left, top, *end)
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" {look}/>'


def _text(
    x: float, y: float, said: str, *, size: float, weight: int = 400, anchor: str = "start", colour: str = INK, more: str = ""
) -> str:
    look = f'font-size="{size}" font-weight="{weight}" text-anchor="{anchor}" fill="{colour}"'
    return f'<text x="{x:.1f}" y="{y:.1f}" {look} {more}>{html_text(said)}</text>'
