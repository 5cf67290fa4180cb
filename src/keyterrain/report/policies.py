"""Policies compared, as pay-off tables whose best replies are marked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from keyterrain.report.escape import html_text
from keyterrain.report.palette import SKY, translucent
from keyterrain.report.wording import listed, percent, significant

if TYPE_CHECKING:
    from collections.abc import Mapping

    from keyterrain.analysis.saved_policies import Cell, SavedMean, SavedPolicies, SavedTable

TWO_SIDES = 2
MARKS = (("\u25b2", "\u25b3"), ("\u25c4", "\u25c5"))
"""Of the side that chooses the row, and of the one that chooses the column: a best reply, and one that cannot be told apart."""
FEW = 3
"""Equilibria that are named."""
PALEST, DARKEST = 0.04, 0.5
LEAST_SHARE = 0.005
"""Shares of a mixed equilibrium below this are left out."""


def policies_lead(saved: SavedPolicies) -> str:
    """Return how the tables are read."""
    return (
        f"Each cell is the mean of {saved.replicates:,} replicates on common luck, with its 95% interval of sampling. Each "
        "outcome is read as a game: its side wants more, the enemy less, and what one gains the other loses (an assumption). A "
        "reply is best where paired differences say so, all of a table together with 95%."
    )


def policies_html(saved: SavedPolicies) -> str:
    """Return a pay-off table for each outcome; those that no choice changes are named in a line."""
    shown = [each for each in saved.tables if each.is_defined and each.makes_a_difference]
    rest = [each for each in saved.tables if each not in shown]
    names = html_text(listed([each.says for each in rest]))
    alike = f'<p class="note">No choice changes, in any replicate, what can be said of: {names}.</p>' if rest else ""
    return _key(saved) + f'<div class="payoffs">{"".join(map(_figure, shown))}</div>' + alike


def policies_block(saved: SavedPolicies) -> list[dict[str, Any]]:
    """Return the tables as plain JSON values: means and best replies by the names of choices."""
    return [
        {
            "outcome": table.key,
            "cells": [
                {"choices": _names(table, cell), "mean": mean.value, "low": mean.low, "high": mean.high}
                for cell, mean in table.cells.items()
            ],
            "best_replies": [
                {
                    "side": table.choosers[reply.side].side,
                    "against": _names(table, reply.against),
                    "best": [table.choosers[reply.side].choices[choice] for choice in reply.best],
                }
                for reply in table.replies
            ],
        }
        for table in saved.tables
    ]


def _key(saved: SavedPolicies) -> str:
    if not saved.tables or len(saved.tables[0].choosers) != TWO_SIDES:
        return ""
    names = [html_text(each.name) for each in saved.tables[0].choosers]
    said = [
        f"<span>{MARKS[0][0]} best for {names[0]} (rows) against that column</span>",
        f"<span>{MARKS[1][0]} best for {names[1]} (columns) against that row</span>",
        f"<span>{MARKS[0][1]} {MARKS[1][1]} cannot be told apart from the best; no mark: none can be told apart</span>",
        '<span><b class="framed">&nbsp;&nbsp;</b> pure equilibrium: neither gains by changing alone, by the means</span>',
        "<span>The darker, the more of the outcome</span>",
    ]
    return f'<p class="key">{" ".join(said)}</p>'


def _figure(table: SavedTable) -> str:
    unit = "" if table.unit == "1" else f" ({html_text(table.unit)})"
    who = {each.side: each.name for each in table.choosers}.get(table.wanted_by, table.wanted_by)
    wanted = f"wanted by {html_text(who)}" if table.wanted_by else "nobody is said to want it"
    caption = f"<figcaption><b>{html_text(table.says)}</b>{unit}, {wanted}</figcaption>"
    grid = _grid(table) if len(table.choosers) == TWO_SIDES else _list(table)
    key, label = html_text(table.key), html_text(f"Pay-off table: {table.says}")
    scrolling = f'<div class="table plain" tabindex="0"><table aria-label="{label}">{grid}</table></div>'
    return f'<figure class="payoff" id="payoff-{key}">{caption}{scrolling}{_said(table)}</figure>'


def _grid(table: SavedTable) -> str:
    """Return the table of two sides: the first chooses the row, the second the column."""
    rows, columns = table.choosers
    marks, framed = _marks(table), set(table.equilibrium.cells)
    head = "".join(f'<th scope="col">{html_text(name)}</th>' for name in columns.choices)
    body = "".join(
        f'<tr><th scope="row">{html_text(name)}</th>'
        + "".join(_cell(table, (row, column), marks, is_framed=(row, column) in framed) for column in range(len(columns.choices)))
        + "</tr>"
        for row, name in enumerate(rows.choices)
    )
    corner = f"{html_text(rows.name)} \u2193<br>{html_text(columns.name)} \u2192"
    return f'<thead><tr><th scope="col"><small>{corner}</small></th>{head}</tr></thead><tbody>{body}</tbody>'


def _list(table: SavedTable) -> str:
    """Return a line for each combination of the choices of other numbers of sides."""
    head = "".join(f'<th scope="col">{html_text(each.name)}</th>' for each in table.choosers)
    body = "".join(
        f"<tr>{''.join(f'<td>{html_text(name)}</td>' for name in _names(table, cell).values())}"
        f"{_cell(table, cell, {}, is_framed=cell in table.equilibrium.cells)}</tr>"
        for cell in table.cells
    )
    return f'<thead><tr>{head}<th scope="col">mean</th></tr></thead><tbody>{body}</tbody>'


def _marks(table: SavedTable) -> dict[Cell, list[tuple[str, str]]]:
    """Return the marks of each cell, with what they say: one best reply filled, several that are alike hollow, none if all are.

    That all are alike is no news, and marks everywhere would hide those that say something.
    """
    found: dict[Cell, list[tuple[str, str]]] = {}
    for reply in (each for each in table.replies if len(each.best) < len(table.choosers[each.side].choices)):
        clear, open_ = MARKS[reply.side]
        name = table.choosers[reply.side].name
        for cell in reply.cells:
            alone = len(reply.best) == 1
            found.setdefault(cell, []).append((clear, f"best for {name}") if alone else (open_, f"among the best for {name}"))
    return found


def _cell(table: SavedTable, cell: Cell, marks: Mapping[Cell, list[tuple[str, str]]], *, is_framed: bool) -> str:
    mean = table.cells[cell]
    said = "".join(_mark(mark, html_text(why)) for mark, why in marks.get(cell, ()))
    frame = " framed" if is_framed else ""
    if mean.value is None:
        return f'<td class="number faint{frame}">undefined</td>'
    spread = f"<br><small>{_number(table, mean.low)} to {_number(table, mean.high)}</small>" if mean.low is not None else ""
    of = f"<br><small>{mean.n:,} of {mean.n_played:,}</small>" if mean.n != mean.n_played else ""
    value, shade = _number(table, mean.value), _shade(table, mean)
    return f'<td class="number{frame}" style="background:{shade}">{said} {value}{spread}{of}</td>'


def _mark(mark: str, why: str) -> str:
    return f'<span class="reply" role="img" title="{why}" aria-label="{why}">{mark}</span>'


def _shade(table: SavedTable, mean: SavedMean) -> str:
    known = [each.value for each in table.cells.values() if each.value is not None]
    low, high = min(known), max(known)
    share = (float(mean.value or 0.0) - low) / (high - low) if high > low else 0.0
    return translucent(SKY, round(PALEST + (DARKEST - PALEST) * share, 3))


def _said(table: SavedTable) -> str:
    """Return the equilibrium in words."""
    found = table.equilibrium
    why = f" ({found.why})" if found.why else ""
    value = f"; it comes to {_spread(table, found.value, found.low, found.high)}" if found.value is not None else ""
    stability = f" in {percent(found.stability)} of resamplings" if found.stability is not None else ""
    if found.kind == "none":
        said = f"No equilibrium is named{why}."
    elif found.kind == "mixed":
        said = f"Mixed equilibrium{stability}: {_mix(table)}{value}{why}."
    else:
        named = "; ".join(_named(table, cell) for cell in found.cells[:FEW])
        more = f" and {len(found.cells) - FEW} more that are equal" if len(found.cells) > FEW else ""
        doubt = "" if found.is_clear else ", by the means alone"
        said = f"Pure equilibrium{stability}{doubt}: {named}{more}{value}{why}."
    return f'<p class="note">{html_text(said)}</p>'


def _named(table: SavedTable, cell: Cell) -> str:
    return ", ".join(f"{side.name} {side.choices[at]}" for side, at in zip(table.choosers, cell, strict=True))


def _mix(table: SavedTable) -> str:
    sides = []
    for number, side in enumerate(table.choosers):
        shares = [each for each in table.equilibrium.shares if each.side == number and each.value > LEAST_SHARE]
        parts = [
            f"{side.choices[each.choice]} {percent(each.value)} [{percent(each.low)}, {percent(each.high)}]" for each in shares
        ]
        sides.append(f"{side.name} {', '.join(parts)}")
    return "; ".join(sides)


def _names(table: SavedTable, cell: Cell) -> dict[str, str]:
    return {side.side: side.choices[at] for side, at in zip(table.choosers, cell, strict=True)}


def _spread(table: SavedTable, value: float | None, low: float | None, high: float | None) -> str:
    spread = "" if low is None else f" [{_number(table, low)}, {_number(table, high)}]"
    return _number(table, value) + spread


def _number(table: SavedTable, value: float | None) -> str:
    """Return a share to three decimals, anything else to three digits."""
    if value is None:
        return "–"
    return (f"{value:.3f}" if table.unit == "1" else significant(value)).replace("-", "\u2212")
