"""Tables of a report as HTML."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from keyterrain.analysis.headline import band
from keyterrain.report.escape import html_text
from keyterrain.report.wording import count_with_band, day_short, percent, significant

if TYPE_CHECKING:
    import xarray as xr

    from keyterrain.analysis.inputs import Input
    from keyterrain.analysis.observed import ObservedHolder
    from keyterrain.analysis.placerows import PlaceRow
    from keyterrain.theatre.nouns import Source

Cell = tuple[str, float | str | None]
"""HTML of a cell, and what it is sorted by if not its text."""

SAFE_SCHEMES = ("http://", "https://")


def table(headers: Sequence[str], rows: Iterable[Sequence[Cell]], *, caption: str, numeric: frozenset[int] = frozenset()) -> str:
    """Return a table that can be searched and sorted; headers are text, cells are HTML already."""
    head = "".join(
        f'<th scope="col"{_numeric(column, numeric)}><button type="button">{html_text(header)}</button></th>'
        for column, header in enumerate(headers)
    )
    body = "".join(f"<tr>{''.join(_cell(cell, column, numeric) for column, cell in enumerate(row))}</tr>\n" for row in rows)
    return (
        f'<div class="table" data-table><table><caption>{html_text(caption)}</caption>'
        f"<thead><tr>{head}</tr></thead>\n<tbody>{body}</tbody></table></div>"
    )


def place_table(rows: Sequence[PlaceRow], days: Sequence[int], names: Mapping[str, str]) -> str:
    """Return the table of places that may change hands."""
    by = [f"{day} d" for day in days]
    headers = ["Place", "At the start", "May fall to", *by, "at the end", "Median date (5–95%)", "What happened, by the record"]
    numeric = frozenset(range(3, 4 + len(days)))
    return table(
        headers,
        ([*_place_cells(row, names), (_happened(row.observed, names), _first_day(row.observed))] for row in rows),
        caption="Probability that a place has fallen to the other side by so many days",
        numeric=numeric,
    )


def input_table(inputs: Sequence[Input], titles: Mapping[str, str]) -> str:
    """Return the table of inputs; `titles` are the titles of sources by key."""
    headers = ["Kind", "Input", "Meaning", "Unit", "As reported or assumed", "Drawn: median (5–95%)", "Grade", "Source"]
    return table(
        headers, (_input_cells(one, titles) for one in inputs), caption="Inputs with sources and grades", numeric=frozenset()
    )


def loss_table(by_actor: xr.DataArray, names: Mapping[str, str], sides: Mapping[str, str]) -> str:
    """Return losses on the last evening by actor and kind; `by_actor` has dims (actor, loss_kind, level)."""
    kinds = by_actor["loss_kind"].to_numpy().tolist()
    rows = [
        [
            (html_text(names[actor]), None),
            (html_text(sides[actor]), None),
            *(_loss(by_actor.sel(actor=actor, loss_kind=kind)) for kind in kinds),
        ]
        for actor in by_actor["actor"].to_numpy().tolist()
    ]
    headers = ["Actor", "Side", *(kind.capitalize() for kind in kinds)]
    return table(headers, rows, caption="Losses by the last evening: median (5–95%)", numeric=frozenset(range(2, 2 + len(kinds))))


def source_table(sources: Sequence[Source]) -> str:
    """Return the sources by key; an address that is not of the web stays text."""
    rows = (
        [
            (html_text(one.key), None),
            (html_text(one.title), None),
            (_address(one.address), one.address),
            (html_text(one.note), None),
        ]
        for one in sources
    )
    return table(["Key", "Title", "Address", "Note"], rows, caption="Sources")


def pairs_table(pairs: Iterable[tuple[str, object]], caption: str) -> str:
    """Return names with their values, unsorted."""
    rows = "".join(f"<tr><th scope='row'>{html_text(name)}</th><td>{html_text(value)}</td></tr>" for name, value in pairs)
    return f'<div class="table plain"><table><caption>{html_text(caption)}</caption><tbody>{rows}</tbody></table></div>'


def _place_cells(row: PlaceRow, names: Mapping[str, str]) -> list[Cell]:
    median = day_short(row.median) if row.median else "not by then"
    latest = f" – {day_short(row.latest)}" if row.latest else " on"
    around = f" ({'' if row.latest else 'from '}{day_short(row.earliest)}{latest})" if row.earliest else ""
    return [
        (f"{html_text(row.name)} <small>{html_text(row.kind)}</small>", row.name),
        (html_text(names.get(row.start_holder, row.start_holder)), None),
        (html_text(names.get(row.taker, row.taker)), None),
        *((_share(p.value, p.standard_error), p.value) for p in (*row.p_by, row.p_held_at_end)),
        (f"{median}<small>{around}</small>", row.median.isoformat() if row.median else "9999"),
    ]


def _share(p: float, standard_error: float) -> str:
    """Return a probability with its standard error on hovering, and a bar as long as it is likely."""
    return f'<span class="bar" style="--p:{p:.3f}" title="standard error {100 * standard_error:.1f} points">{percent(p)}</span>'


def _happened(changes: Sequence[ObservedHolder], names: Mapping[str, str]) -> str:
    if not changes:
        return '<span class="faint">no change recorded</span>'
    return "; ".join(_change(change, names) for change in changes)


def _change(change: ObservedHolder, names: Mapping[str, str]) -> str:
    holder = names.get(change.holder, change.holder)
    contested = f", contested by {names.get(change.contested_by, change.contested_by)}" if change.contested_by else ""
    note = f"grade {change.grade}; {change.source}"
    return f'<span title="{html_text(note)}">{html_text(day_short(change.on))}: {html_text(holder + contested)}</span>'


def _first_day(changes: Sequence[ObservedHolder]) -> str:
    return changes[0].on.isoformat() if changes else "9999"


def _input_cells(one: Input, titles: Mapping[str, str]) -> list[Cell]:
    return [
        (html_text(one.group), None),
        (html_text(one.name), None),
        (html_text(one.meaning), None),
        (html_text(one.unit), None),
        (html_text(one.prior), None),
        (html_text(_drawn(one)), one.drawn.median if one.drawn else None),
        (html_text(one.grade), None),
        (sources_html(one.source, titles), None),
    ]


def _drawn(one: Input) -> str:
    """Return what was drawn: a median with its range, or how often each alternative was."""
    if one.drawn:
        return f"{significant(one.drawn.median)} ({significant(one.drawn.low)}–{significant(one.drawn.high)})"
    shares = zip(one.alternatives, one.shares, strict=False)
    return ", ".join(f"{name} {percent(share)}" for name, share in shares if share > 0)


def sources_html(cell: str, titles: Mapping[str, str]) -> str:
    """Return the keys of a source cell, each with its title on hovering; assumptions stay as they are written."""
    return "; ".join(_source(part.strip(), titles) for part in cell.split(";") if part.strip())


def _source(part: str, titles: Mapping[str, str]) -> str:
    title = titles.get(part)
    return f'<abbr title="{html_text(title)}">{html_text(part)}</abbr>' if title else html_text(part)


def _loss(cell: xr.DataArray) -> Cell:
    numbers = band(cell)
    return html_text(count_with_band(numbers)), numbers.median


def _address(address: str) -> str:
    if address.startswith(SAFE_SCHEMES):
        return f'<a href="{html_text(address)}" rel="noreferrer noopener" target="_blank">{html_text(address)}</a>'
    return html_text(address)


def _cell(cell: Cell, column: int, numeric: frozenset[int]) -> str:
    content, key = cell
    sort_key = "" if key is None else f' data-key="{html_text(key)}"'
    return f"<td{_numeric(column, numeric)}{sort_key}>{content}</td>"


def _numeric(column: int, numeric: frozenset[int]) -> str:
    return ' class="number"' if column in numeric else ""
