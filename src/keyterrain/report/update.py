"""A run before and after it was weighed by observations."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keyterrain.report.escape import html_text
from keyterrain.report.tables import table
from keyterrain.report.wording import significant

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from keyterrain.analysis.saved_update import SavedShift, SavedUpdate
    from keyterrain.report.tables import Cell

NOTE = (
    "Replicates that agree with what was seen count more, the others less. Effective replicates say how many are left; where "
    "they are too few nothing is shown after, since a few would speak for all. Where no replicate agrees, the model holds the "
    "report impossible, and it is taken as wrong. The rest of this page is not weighed."
)


def update_lead(saved: SavedUpdate) -> str:
    """Say how many replicates are left, and what that allows."""
    n = len(saved.observations)
    left = f"{saved.ess:.0f} of {saved.replicates:,} replicates count after {n} observation{'s' * (n != 1)}"
    counted = f"{left}, {saved.floor:.0f} are needed."
    return counted if saved.verdict == "updated" else f"Cannot tell: {counted} {saved.what_to_do}"


def update_html(saved: SavedUpdate, names: Mapping[str, str]) -> str:
    """Return the observations, and the tables of before and after."""
    outcomes = _shift_table("Outcome", saved.outcomes, "Outcomes, mean before and after", by_name=False)
    caption = f"Places: chance that an enemy of the first holder has them on the evening of day {saved.day}"
    return "".join(
        [
            f'<p class="note">{html_text(NOTE)}</p>',
            _observed(saved, names),
            outcomes,
            _corridor_table(saved),
            _people_table(saved),
            _shift_table("Place", saved.places, caption),
        ]
    )


def _observed(saved: SavedUpdate, names: Mapping[str, str]) -> str:
    headers = [
        "Seen on",
        "What",
        "Of",
        "Was",
        "Chance of being wrong",
        "Agree",
        "Count by it alone",
        "Count without it",
        "Source",
    ]
    rows = [
        [
            (html_text(each.on), None),
            (html_text(each.kind), None),
            (html_text(names.get(each.subject, each.subject)), None),
            (html_text(names.get(each.value, each.value)), None),
            (f"{each.p_wrong:.2g}", each.p_wrong),
            (f"{each.agreeing:.1%}", each.agreeing),
            (f"{each.ess_alone:.0f}", each.ess_alone),
            (f"{each.ess_without:.0f}", each.ess_without),
            (html_text(each.source), None),
        ]
        for each in saved.observations
    ]
    return table(headers, rows, caption="Observations", numeric=frozenset(range(4, 8)))


def _shift_table(what: str, shifts: Sequence[SavedShift], caption: str, *, by_name: bool = True) -> str:
    moved = sorted(shifts, key=lambda each: -abs((each.after or 0.0) - (each.before or 0.0))) if by_name else list(shifts)
    rows: list[list[Cell]] = [
        [
            (html_text(each.says), each.says),
            *_before_and_after(each),
            (html_text("" if each.unit == "1" else each.unit), None),
        ]
        for each in moved
    ]
    return table([what, "Before", "After", "Unit"], rows, caption=caption, numeric=frozenset({1, 2}))


def _corridor_table(saved: SavedUpdate) -> str:
    """Return both figures of every corridor side by side."""
    days = {each.key: each for each in saved.corridor_days}
    rows: list[list[Cell]] = [
        [
            (html_text(each.says), each.says),
            *(cell for shift in (each, days[each.key]) for cell in _before_and_after(shift)),
        ]
        for each in saved.corridors
    ]
    if not rows:
        return ""
    headers = ["Corridor", "Open that day, before", "after", "Share of days open, before", "after"]
    return table(
        headers, rows, caption=f"Corridors on day {saved.day}, and on the days until then", numeric=frozenset(range(1, 5))
    )


def _people_table(saved: SavedUpdate) -> str:
    if saved.fled is None:
        return ""
    caption = (
        f"Displaced people on the evening of day {saved.day} beyond those of the first, by where they are: medians, with nine "
        "replicates in ten in brackets"
    )
    rows: list[list[Cell]] = [
        [(html_text(each.says), each.says), *_before_and_after(each)] for each in (saved.fled, *saved.hosts)
    ]
    return table(["Displaced people at", "Before", "After"], rows, caption=caption, numeric=frozenset({1, 2}))


def _before_and_after(each: SavedShift) -> list[Cell]:
    return [
        (_figure(each.before, each.before_low, each.before_high), each.before),
        (_figure(each.after, each.after_low, each.after_high), each.after),
    ]


def _figure(value: float | None, low: float | None, high: float | None) -> str:
    if value is None:
        return '<span class="faint">–</span>'
    span = "" if low is None or high is None else f" <small>[{significant(low)}, {significant(high)}]</small>"
    return f"{significant(value)}{span}".replace("-", "−")
