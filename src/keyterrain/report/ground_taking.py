"""Ground that a side has at the start alone, and what it takes to take ground, as compact tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keyterrain.report.escape import html_text
from keyterrain.report.tables import table
from keyterrain.report.wording import percent, significant

if TYPE_CHECKING:
    from keyterrain.analysis.saved_decisive import SavedDecisive, SavedGround, SavedInterval, SavedStart, SavedTaking
    from keyterrain.report.tables import Cell

STANDING = {True: "stands out", False: "does not stand out", None: "cannot tell"}
CANNOT_TELL = '<span class="faint">cannot tell</span>'


def starts_html(saved: SavedDecisive) -> str:
    """Return what ground is worth that a side has on the first evening alone, beside what holding it is worth."""
    rows = [(kind, each, each.start) for kind, each in _every(saved) if each.start is not None]
    if not rows:
        return ""
    sides = list(dict.fromkeys(side for _, _, start in rows for side in start.made))
    given = [f"Given to {saved.sides.get(side, side)}" for side in sides]
    headers = ["Ground", "Kind", "Worth, held throughout", "Worth, at the start alone [limits]", "Stands out", *given]
    replicates = max(start.replicates for _, _, start in rows)
    caption = (
        f"Ground that a side has on the first evening, everything then taking its course; up to {replicates:,} replicates; "
        "given: share of replicates in which it could be, who has no other place keeps his"
    )
    cells = (_start_cells(kind, ground, start, sides) for kind, ground, start in rows)
    shown = table(headers, cells, caption=caption, numeric=frozenset({2, 3, *range(5, 5 + len(sides))}))
    return f"<details><summary>At the start alone ({len(rows)})</summary>{shown}</details>"


def _start_cells(kind: str, ground: SavedGround, start: SavedStart, sides: list[str]) -> list[Cell]:
    is_known = start.worth is not None and start.low is not None and start.high is not None
    limits = f" <small>[{_number(start.low)}, {_number(start.high)}]</small>" if is_known else ""
    made = [start.made.get(side) for side in sides]
    return [
        (html_text(ground.name), ground.name),
        (kind, None),
        (_number(ground.worth), ground.worth),
        (f"{_number(start.worth)}{limits}", start.worth),
        (STANDING[start.stands_out] if is_known else "no outcome counts", None),
        *(("" if share is None else percent(share), share) for share in made),
    ]


def taking_html(saved: SavedDecisive) -> str:
    """Return how often each side takes ground that it lacks, how soon and at what price."""
    rows = [(kind, ground, taking) for kind, ground in _every(saved) for taking in ground.taking]
    if not rows:
        return ""
    headers = [
        "Ground", "Kind", "By", "Takes it", "Half of it", "Begins an assault", "Days from first assault", "Sent and took",
        "Lost per place", "Defenders lost",
    ]  # fmt: skip
    caption = (
        "What it takes to take ground, in campaigns in which nothing is held and the side lacks it at first: chances, the median "
        "of days, and means of fighters over campaigns, each with its own 95% interval"
    )
    cells = (_taking_cells(saved, kind, ground, taking) for kind, ground, taking in rows)
    shown = table(headers, cells, caption=caption, numeric=frozenset(range(3, 10)))
    return f"<details><summary>What it takes to take it ({len(rows)})</summary>{shown}</details>"


def _taking_cells(saved: SavedDecisive, kind: str, ground: SavedGround, taking: SavedTaking) -> list[Cell]:
    return [
        (html_text(ground.name), ground.name),
        (kind, None),
        (html_text(saved.sides.get(taking.side, taking.side)), None),
        _figure(taking.p_taken, is_chance=True),
        _figure(taking.p_half, is_chance=True),
        _figure(taking.p_assaulted, is_chance=True),
        *map(_figure, (taking.days, taking.sent_and_took, taking.lost_per_capture, taking.defenders_lost_per_capture)),
    ]


def _figure(interval: SavedInterval | None, *, is_chance: bool = False) -> Cell:
    if interval is None:
        return "", None
    if interval.value is None or interval.low is None or interval.high is None:
        return CANNOT_TELL, None
    if is_chance:
        return f"{percent(interval.value)}<br><small>{percent(interval.low)}–{percent(interval.high)}</small>", interval.value
    return f"{interval.value:,.0f}<br><small>{interval.low:,.0f}–{interval.high:,.0f}</small>", interval.value


def _every(saved: SavedDecisive) -> list[tuple[str, SavedGround]]:
    return [*(("area", each) for each in saved.areas), *(("place", each) for each in saved.places)]


def _number(value: float | None) -> str:
    return "–" if value is None else significant(value)
