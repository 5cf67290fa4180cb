"""What moves outcomes: a ranked picture for each, and the reports that are worth verifying."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keyterrain.report.escape import html_text
from keyterrain.report.palette import BLUE, GREY, INK, VERMILLION
from keyterrain.report.rows import LONGEST_NAME, LONGEST_ON_A_PHONE, RowLabel, lay_out_rows, rows_frame, shortened, whiskers
from keyterrain.report.tables import sources_html, table
from keyterrain.report.wording import listed, significant

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import plotly.graph_objects as go

    from keyterrain.analysis.saved_sensitivity import SavedIndex, SavedOutcome, SavedReport, SavedSensitivity, SavedShare
    from keyterrain.report.tables import Cell

MOST_ROWS = 10
"""Factors of a picture; the table beneath has all."""
LIMITS = (-0.3, 1.5)
"""Beyond these an index is noise, and a picture shows none of it."""
BY_CHANCE = 0.05
"""Chance from which on a share is drawn as one that chance makes (docs/sensitivity.md)."""
NOTE = (
    "Total order: how much of the outcome's spread would stay if all else were known; first order: how much would go if this "
    "alone were known. Luck is the dice of every day, which no report can take away. Shares are of the spread of ranks, beyond "
    "what chance explains. All of it speaks of the model, and of inputs as wide as they were written down."
)


def sensitivity_lead(saved: SavedSensitivity) -> str:
    """Say which report to verify first, and for how many outcomes none stands out."""
    ranked = _ranked(saved, lambda outcome: outcome.worth_verifying)
    silent = sum(not outcome.worth_verifying for outcome in saved.outcomes)
    n = len(saved.outcomes)
    none = f"for {silent} of {n} outcomes no report stands out from chance" if silent else ""
    if not ranked:
        return f"{none[:1].upper()}{none[1:]}: what is not known of single reports does not move them visibly."
    outcome, first = ranked[0]
    said = f"Worth verifying first: {_what(first)}, which goes with “{outcome.says}” (share {significant(first.share)})"
    return f"{said}; {none}." if none else f"{said}."


def sensitivity_figures(saved: SavedSensitivity) -> dict[str, go.Figure]:
    """Return the ranked picture of each outcome by its key on the page: Sobol indices where there are some, else shares."""
    drawn = {_key(outcome): _index_figure(outcome.indices[:MOST_ROWS]) for outcome in saved.outcomes if outcome.indices}
    shown = {_key(outcome): _share_figure(_shares(outcome)[:MOST_ROWS]) for outcome in saved.outcomes if _shares(outcome)}
    return {**shown, **drawn}


def sensitivity_html(saved: SavedSensitivity, titles: Mapping[str, str]) -> str:
    """Return frames of the pictures, and the tables; `titles` are those of the sources by key."""
    frames = "".join(_frame(outcome) for outcome in saved.outcomes)
    silent = "".join(
        f'<p class="note">{html_text(outcome.says)}: cannot tell, {html_text(why)}.</p>'
        for outcome in saved.outcomes
        for why in dict.fromkeys((outcome.why, outcome.why_no_indices))
        if why
    )
    return (
        f'<p class="note">{html_text(NOTE)}</p>{_key_html(saved)}<div class="panels wide rankings">{frames}</div>{silent}'
        + _report_table(saved, titles)
        + _parameter_table(saved)
        + _factor_table(saved)
    )


def _key(outcome: SavedOutcome) -> str:
    return f"sensitivity-{outcome.key}"


def _shares(outcome: SavedOutcome) -> list[SavedShare]:
    return [each for each in outcome.groups if each.share is not None]


def _index_figure(indices: Sequence[SavedIndex]) -> go.Figure:
    """Draw both orders of every factor; the picture is cut where an index can only be noise."""
    import plotly.graph_objects as go

    figure = go.Figure()
    orders = (
        ("total order", -0.16, "circle", [(each.total_low, each.total, each.total_high) for each in indices]),
        ("first order", 0.16, "circle-open", [(each.first_low, each.first, each.first_high) for each in indices]),
    )
    ends = [0.0, 1.0]
    for name, off, symbol, spreads in orders:
        known = [
            (row, each.factor, (low, value, high))
            for row, (each, (low, value, high)) in enumerate(zip(indices, spreads, strict=True))
            if low is not None and value is not None and high is not None
        ]
        colours = [_colour(factor, spread) for _, factor, spread in known]
        for colour in dict.fromkeys(colours):
            some = [one for one, of in zip(known, colours, strict=True) if of == colour]
            figure.add_scatter(
                x=[spread[1] for _, _, spread in some],
                y=[len(indices) - 1 - row - off for row, _, _ in some],
                error_x=whiskers([spread for _, _, spread in some], colour),
                mode="markers",
                name=name,
                marker={"color": colour, "symbol": symbol, "size": 8, "line": {"width": 2, "color": colour}},
                text=[html_text(f"{factor}: {name} {_spread(spread)}") for _, factor, spread in some],
                hovertemplate="%{text}<extra></extra>",
            )
        ends += [end for _, _, spread in known for end in (spread[0], spread[2])]
    _lay_out(figure, [each.factor for each in indices], "share of the variance", (min(ends), max(ends)))
    return figure


def _share_figure(shares: Sequence[SavedShare]) -> go.Figure:
    """Draw the share of every group, hollow where chance makes as much."""
    import plotly.graph_objects as go

    figure = go.Figure()
    for clear, symbol in ((True, "circle"), (False, "circle-open")):
        some = [
            (row, each, each.share)
            for row, each in enumerate(shares)
            if each.share is not None and (each.p is not None and each.p < BY_CHANCE) == clear
        ]
        colour = BLUE if clear else GREY
        figure.add_scatter(
            x=[share for _, _, share in some],
            y=[len(shares) - 1 - row for row, _, _ in some],
            mode="markers",
            name="stands out from chance" if clear else "does not",
            marker={"color": colour, "symbol": symbol, "size": 9, "line": {"width": 2, "color": colour}},
            text=[html_text(f"{each.name}: {significant(share)}, chance {_number(each.p)}") for _, each, share in some],
            hovertemplate="%{text}<extra></extra>",
        )
    values = [each.share for each in shares if each.share is not None]
    _lay_out(figure, [each.name for each in shares], "share of ranks explained beyond chance", (min([0.0, *values]), max(values)))
    return figure


def _lay_out(figure: go.Figure, names: Sequence[str], title: str, ends: tuple[float, float]) -> None:
    """Lay out in rows with numbered places, since both orders of a factor stand in one row, a little apart."""
    labels = [
        RowLabel(name, html_text(shortened(name, LONGEST_NAME)), html_text(shortened(_brief(name), LONGEST_ON_A_PHONE)))
        for name in names
    ]
    low, high = max(ends[0], LIMITS[0]), min(ends[1], LIMITS[1])
    room = 0.04 * max(high - low, 0.05)
    lay_out_rows(figure, labels, title, (low - room, high + room))
    at = [len(names) - 1 - row for row in range(len(names))]
    figure.update_layout(
        yaxis={"type": "linear", "categoryorder": None, "categoryarray": None, "tickvals": at, "zeroline": False}
    )


def _brief(name: str) -> str:
    """Return a name whose end can be read where there is little room."""
    return name.replace("parameters of", "par.")


def _colour(factor: str, spread: tuple[float, float, float]) -> str:
    if spread[0] <= 0.0:
        return GREY
    return VERMILLION if factor == "luck" else BLUE


def _frame(outcome: SavedOutcome) -> str:
    if not outcome.indices and not _shares(outcome):
        return ""
    spread = f"mean {_number(outcome.mean)}, standard deviation {_number(outcome.sd)}"
    if outcome.indices:
        note = f"{spread}; {outcome.pairs} pairs of replicates"
        first = [f"{each.factor} {_number(each.total)}" for each in outcome.indices[:3]]
        n_rows, n_all = min(len(outcome.indices), MOST_ROWS), len(outcome.indices)
    else:
        note = f"{spread}; {outcome.n:,} replicates screened"
        first = [f"{each.name} {_number(each.share)}" for each in _shares(outcome)[:3]]
        n_rows, n_all = min(len(_shares(outcome)), MOST_ROWS), len(outcome.groups)
    some = "" if n_rows == n_all else f"; the first {n_rows} of {n_all}"
    label = f"{outcome.says}. Largest are {listed(first)}. All are in the table below."
    return rows_frame(_key(outcome), outcome.says, f"{note}{some}", label, n_rows)


def _key_html(saved: SavedSensitivity) -> str:
    """Return a line that says once what dots and whiskers are."""
    shapes: list[tuple[str, str]] = []
    if any(outcome.indices for outcome in saved.outcomes):
        shapes += [
            (f'<circle cx="14" cy="6" r="5" fill="{INK}"/>', "total order"),
            (f'<circle cx="14" cy="6" r="4.2" fill="none" stroke="{INK}" stroke-width="2"/>', "first order"),
            (f'<path d="M2 6H26M2 3V9M26 3V9" stroke="{INK}" fill="none"/>', "95% interval"),
            (f'<circle cx="14" cy="6" r="5" fill="{VERMILLION}"/>', "luck"),
            (f'<circle cx="14" cy="6" r="5" fill="{BLUE}"/>', "what could be known"),
            (f'<circle cx="14" cy="6" r="5" fill="{GREY}"/>', "the interval touches 0: cannot be told from nothing"),
        ]
    if any(not outcome.indices and _shares(outcome) for outcome in saved.outcomes):
        shapes += [
            (f'<circle cx="14" cy="6" r="5" fill="{BLUE}"/>', "share that stands out from chance"),
            (f'<circle cx="14" cy="6" r="4.2" fill="none" stroke="{GREY}" stroke-width="2"/>', "share that does not"),
        ]
    said = "".join(f'<span><svg width="28" height="12" aria-hidden="true">{svg}</svg> {name}</span> ' for svg, name in shapes)
    return f'<p class="key">{said}</p>' if said else ""


def _report_table(saved: SavedSensitivity, titles: Mapping[str, str]) -> str:
    rows = _ranked(saved, lambda outcome: outcome.worth_verifying)
    if not rows:
        return '<p class="note">No report stands out from chance.</p>'
    headers = ["Report", "As reported or assumed", "Grade", "Source", "Goes with", "Share", "Rank correlation", "Chance"]
    cells = [_report_cells(outcome, report, titles) for outcome, report in rows]
    caption = "Which report is worth verifying: what goes with an outcome more than chance allows, the largest share first"
    return f"<h3>Which report is worth verifying</h3>{table(headers, cells, caption=caption, numeric=frozenset({5, 6, 7}))}"


def _report_cells(outcome: SavedOutcome, report: SavedReport, titles: Mapping[str, str]) -> list[Cell]:
    known = report.input
    return [
        (html_text(_what(report)), _what(report)),
        (html_text(_prior(report)), None),
        (html_text(known.grade if known else ""), known.grade if known else ""),
        (sources_html(known.source, titles) if known else "", None),
        *_effect_cells(outcome, report),
    ]


def _parameter_table(saved: SavedSensitivity) -> str:
    rows = _ranked(saved, lambda outcome: outcome.parameters)
    if not rows:
        return ""
    headers = ["Parameter", "Assumed", "Goes with", "Share", "Rank correlation", "Chance"]
    cells: list[list[Cell]] = [
        [
            (html_text(_what(report)), _what(report)),
            (html_text(_prior(report)), None),
            *_effect_cells(outcome, report),
        ]
        for outcome, report in rows
    ]
    shown = table(headers, cells, caption="Parameters of the model that go with an outcome", numeric=frozenset({3, 4, 5}))
    return f"<details><summary>Parameters that matter ({len(rows)})</summary>{shown}</details>"


def _effect_cells(outcome: SavedOutcome, report: SavedReport) -> list[Cell]:
    is_choice = report.input is not None and bool(report.input.alternatives)
    trend = None if is_choice else report.rank_correlation
    return [
        (html_text(outcome.says), outcome.says),
        (f"{report.share:.2f}", report.share),
        ("" if trend is None else f"{trend:+.2f}".replace("-", "−"), trend),
        (f"{report.p:.3f}", report.p),
    ]


def _factor_table(saved: SavedSensitivity) -> str:
    """Return every factor and group of every outcome, so that nothing is said by pictures alone."""
    headers = ["Outcome", "Group of inputs", "Inputs", "Total order [95%]", "First order [95%]", "Share", "Chance"]
    rows = [_factor_cells(outcome, name) for outcome in saved.outcomes for name in _factors(outcome)]
    every = table(headers, rows, caption="All groups of inputs by outcome", numeric=frozenset({2, 3, 4, 5, 6}))
    return f"<details><summary>All groups of inputs ({len(rows)})</summary>{every}</details>" if rows else ""


def _factors(outcome: SavedOutcome) -> list[str]:
    return list(dict.fromkeys([*(each.factor for each in outcome.indices), *(each.name for each in outcome.groups)]))


def _factor_cells(outcome: SavedOutcome, name: str) -> list[Cell]:
    index = next((each for each in outcome.indices if each.factor == name), None)
    group = next((each for each in outcome.groups if each.name == name), None)
    total = _spread((index.total_low, index.total, index.total_high)) if index else "–"
    first = _spread((index.first_low, index.first, index.first_high)) if index else "–"
    return [
        (html_text(outcome.says), outcome.says),
        (html_text(name), name),
        (str(group.n_inputs) if group else "", group.n_inputs if group else 0),
        (total, index.total if index else None),
        (first, index.first if index else None),
        (_number(group.share if group else None), group.share if group else None),
        (_number(group.p if group else None), group.p if group else None),
    ]


def _ranked(
    saved: SavedSensitivity, of: Callable[[SavedOutcome], Sequence[SavedReport]]
) -> list[tuple[SavedOutcome, SavedReport]]:
    rows = [(outcome, report) for outcome in saved.outcomes for report in of(outcome)]
    return sorted(rows, key=lambda row: (-row[1].share, row[1].draw, row[0].key))


def _what(report: SavedReport) -> str:
    known = report.input
    return f"{known.name}, {known.meaning} ({known.group})" if known else report.draw


def _prior(report: SavedReport) -> str:
    known = report.input
    return f"{known.prior} {known.unit}".strip() if known and known.prior else ""


def _spread(spread: tuple[float | None, float | None, float | None]) -> str:
    low, value, high = spread
    around = f" [{low:.2f}, {high:.2f}]" if low is not None and high is not None else ""
    return "–" if value is None else f"{value:.2f}{around}".replace("-", "−")


def _number(value: float | None) -> str:
    return "–" if value is None else significant(value).replace("-", "−")
