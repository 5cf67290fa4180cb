"""Which ground decides, as it was answered: what its map shows, a ranking with intervals, and effects by outcome."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from keyterrain.report.escape import html_text
from keyterrain.report.palette import BLUE, GREY, INK, VERMILLION, translucent
from keyterrain.report.rows import LONGEST_NAME, LONGEST_ON_A_PHONE, RowLabel, lay_out_rows, rows_frame, shortened, whiskers
from keyterrain.report.tables import table
from keyterrain.report.wording import significant

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import plotly.graph_objects as go

    from keyterrain.analysis.outlines import Outline
    from keyterrain.analysis.saved_decisive import SavedDecisive, SavedEffect, SavedGround
    from keyterrain.report.tables import Cell

MOST_RANKED = 20
"""Places in the ranking; areas are all in it."""
MOST_COMPARED = 8
"""Ground whose effects are laid out by outcome."""
STANDING = {True: "stands out", False: "does not stand out", None: "cannot tell"}
ALL_BELOW = "All are in the table below."
WORTH_AXIS = "worth (0 to 1)"
BAR_LINE = {"color": BLUE, "width": 1.6, "dash": "dash"}
DARKEST = 0.62
"""Opacity of the strongest effect: text upon it can still be read."""


def decisive_block(saved: SavedDecisive, outlines: Mapping[str, Outline], places: Sequence[str]) -> dict[str, Any]:
    """Return what the map of worth shows, as plain JSON values; `at` is the number of a place among those of the report."""
    at = {key: number for number, key in enumerate(places)}
    return {
        "areas": [{**_ground_block(each), "outline": _line(outlines.get(each.key))} for each in saved.areas],
        "places": [{**_ground_block(each), "at": at[each.key]} for each in saved.places if each.key in at],
        "bar_areas": saved.bar_of_areas,
        "bar_places": saved.bar_of_places,
        "seed": saved.campaign.seed,
        "budget": saved.budget,
    }


def _ground_block(ground: SavedGround) -> dict[str, Any]:
    return {
        "key": ground.key,
        "name": ground.name,
        "worth": ground.worth,
        "low": ground.low,
        "high": ground.high,
        "rank": ground.rank,
        "rank_low": ground.rank_low,
        "rank_high": ground.rank_high,
        "stands_out": ground.stands_out,
    }


def _line(outline: Outline | None) -> dict[str, Any] | None:
    return None if outline is None else {"lon": list(outline.lons), "lat": list(outline.lats)}


def worth_map_html(saved: SavedDecisive) -> str:
    """Return the frame that the map of worth is drawn in, with what it shows in words."""
    label = html_text(f"Map of the worth of {len(saved.places)} places. {_first_in_words(saved.places)} {ALL_BELOW}")
    return (
        '<div class="map-grid" id="worth-grid"><div class="map-frame">'
        f'<div id="worth-figure" role="img" aria-label="{label}"></div></div>'
        '<aside><label class="view">View <select id="worth-view"></select></label>'
        '<fieldset id="worth-areas"><legend>Areas outlined</legend></fieldset>'
        '<div id="worth-legend" class="legend"></div>'
        '<p class="hint">Outlines lie around the places of an area and are no borders. Drag to move the map, scroll or pinch to '
        "zoom, tap a place for its worth.</p></aside></div>"
    )


def _first_in_words(grounds: Sequence[SavedGround], most: int = 5) -> str:
    said = [f"{each.rank}. {each.name}: {_spread(each)}, {STANDING[each.stands_out]}" for each in grounds[:most] if each.spread]
    return f"First are {'; '.join(said)}." if said else "None can be ranked."


def ranked_figure(grounds: Sequence[SavedGround], bar: float) -> go.Figure:
    """Draw the worth of ground by rank as dots with their limits, and the bar above which it stands out."""
    import plotly.graph_objects as go

    rows = [each for each in grounds if each.spread]
    figure = go.Figure()
    for stands_out, colour, symbol in ((True, VERMILLION, "circle"), (None, INK, "circle-open"), (False, GREY, "circle")):
        some = [each for each in rows if each.stands_out is stands_out]
        spreads = [each.spread for each in some if each.spread]
        figure.add_scatter(
            x=[worth for _, worth, _ in spreads],
            y=[each.key for each in some],
            error_x=whiskers(spreads, colour),
            mode="markers",
            name=STANDING[stands_out],
            marker={"color": colour, "symbol": symbol, "size": 9, "line": {"width": 2, "color": colour}},
            text=[html_text(f"{each.name}: {_spread(each)}, {STANDING[stands_out]}") for each in some],
            hovertemplate="%{text}<extra></extra>",
        )
    highest = max([bar, *(each.spread[2] for each in rows if each.spread)])
    labels = [
        RowLabel(each.key, *(_rank_label(each, longest) for longest in (LONGEST_NAME, LONGEST_ON_A_PHONE))) for each in rows
    ]
    lay_out_rows(figure, labels, WORTH_AXIS, (-0.02 * highest, 1.04 * highest))
    figure.update_layout(
        shapes=[{"type": "line", "x0": bar, "x1": bar, "y0": 0, "y1": 1, "yref": "paper", "line": BAR_LINE}],
        annotations=[
            {
                "x": bar, "y": 1, "yref": "paper", "xanchor": "left" if bar < highest / 2 else "right", "yanchor": "bottom",
                "text": f"has to exceed {significant(bar)}", "showarrow": False, "font": {"size": 11, "color": BLUE},
            }
        ],
    )  # fmt: skip
    return figure


def _rank_label(ground: SavedGround, longest: int) -> str:
    return f"{html_text(shortened(ground.name, longest))}  {ground.rank}"


def ranking_html(key: str, title: str, note: str, grounds: Sequence[SavedGround]) -> str:
    """Return the frame of a ranking, as high as it has rows."""
    rows = [each for each in grounds if each.spread]
    return rows_frame(key, title, note, f"{title}. {_first_in_words(rows)} {ALL_BELOW}", len(rows))


def ranking_key_html() -> str:
    """Return a line that says once what dots, whiskers and the bar are."""
    dash = f'stroke="{BLUE}" stroke-width="1.6" stroke-dasharray="3,2"'
    shapes = (
        (f'<circle cx="14" cy="6" r="5" fill="{VERMILLION}"/>', "surely stands out"),
        (f'<circle cx="14" cy="6" r="4.2" fill="none" stroke="{INK}" stroke-width="2"/>', "cannot tell"),
        (f'<circle cx="14" cy="6" r="5" fill="{GREY}"/>', "surely does not"),
        (
            f'<path d="M2 6H26M2 3V9M26 3V9" stroke="{INK}" fill="none"/>',
            "limits, for all of a ranking at once",
        ),
        (f'<line x1="14" x2="14" y1="0" y2="12" {dash}/>', "what worth has to exceed: twice that of typical ground, and 0.02"),
    )
    said = "".join(f'<span><svg width="28" height="12" aria-hidden="true">{svg}</svg> {name}</span> ' for svg, name in shapes)
    return f'<p class="key">{said}</p>'


def compared(saved: SavedDecisive) -> tuple[SavedGround, ...]:
    """Return the ground whose effects are laid out: what stands out first, then by rank, areas and places in turns."""
    out = [each for each in (*saved.areas, *saved.places) if each.stands_out]
    turns = [each for pair in zip(saved.areas, saved.places, strict=False) for each in pair]
    every = [each for each in (*out, *turns, *saved.areas, *saved.places) if each.spread]
    return tuple({id(each): each for each in every}.values())[:MOST_COMPARED]


def effects_html(saved: SavedDecisive) -> str:
    """Return effects of some ground by outcome as a table whose cells are as dark as the effects are strong."""
    grounds, areas = compared(saved), {id(each) for each in saved.areas}
    if not grounds:
        return ""
    head = "".join(_ground_head(each, "area" if id(each) in areas else "place") for each in grounds)
    asked = [(outcome, pair) for pair in saved.held_against for outcome in saved.outcomes]
    rows = "".join(_effect_row(saved, grounds, outcome.key, outcome.says, pair) for outcome, pair in asked)
    names = saved.sides
    pairs = "; ".join(
        f"{names.get(first, first)} rather than {names.get(second, second)}" for first, second in saved.held_against
    )
    caption = (
        f"What changes elsewhere if {pairs} holds the ground: blue is more, orange is less, as dark as the change is large; "
        "without colour: the sign is not clear; a dash: does not count, with the reason on hovering"
    )
    return (
        f'<h3>What it changes elsewhere</h3><p class="note">{html_text(caption)}.</p><div class="table plain heat" tabindex="0">'
        f'<table aria-label="Effects by ground and outcome"><thead><tr><th scope="col">Outcome</th>{head}</tr></thead>'
        f"<tbody>{rows}</tbody></table></div>"
    )


def _ground_head(ground: SavedGround, kind: str) -> str:
    return f'<th scope="col">{html_text(shortened(ground.name, LONGEST_NAME))} <small>{kind}</small></th>'


def _effect_row(saved: SavedDecisive, grounds: Sequence[SavedGround], outcome: str, says: str, pair: tuple[str, str]) -> str:
    effects = [_effect(ground, outcome, pair) for ground in grounds]
    found = [each for each in effects if each is not None]
    if not found:
        return ""
    largest = 1.0 if found[0].unit == "1" else max((abs(each.value) for each in found if each.value is not None), default=0.0)
    unit = "" if found[0].unit == "1" else f" <small>{html_text(found[0].unit)}</small>"
    whom = "" if len(saved.held_against) == 1 else f" <small>{html_text(' rather than '.join(pair))}</small>"
    cells = "".join(_effect_cell(each, largest) for each in effects)
    return f'<tr><th scope="row">{html_text(says)}{unit}{whom}</th>{cells}</tr>'


def _effect(ground: SavedGround, outcome: str, pair: tuple[str, str]) -> SavedEffect | None:
    return next((each for each in ground.effects if each.outcome == outcome and (each.first, each.second) == pair), None)


def _effect_cell(effect: SavedEffect | None, largest: float) -> str:
    if effect is None or effect.left_out or effect.value is None:
        why = html_text(effect.left_out if effect and effect.left_out else "undefined")
        return f'<td class="number faint" title="{why}"><span role="img" aria-label="does not count: {why}">–</span></td>'
    spread = f"<br><small>{_signed(effect.low)} to {_signed(effect.high)}</small>" if effect.spread else ""
    if not effect.is_clear or not largest:
        return f'<td class="number faint">{_signed(effect.value)}{spread}</td>'
    strength = min(DARKEST * (abs(effect.value) / largest) ** 0.5, DARKEST)
    shade = translucent(BLUE if effect.value > 0 else VERMILLION, round(strength, 3))
    return f'<td class="number" style="background:{shade}">{_signed(effect.value)}{spread}</td>'


def ground_table(saved: SavedDecisive) -> str:
    """Return every piece of ground with its worth, so that nothing is said by pictures alone."""
    headers = ("Ground", "Kind", "Rank", "Worth [limits]", "Stands out", "90% of ranks", "Most of all", "Of its size")
    rows = [
        _ground_row(saved, each, kind) for kind, grounds in (("area", saved.areas), ("place", saved.places)) for each in grounds
    ]
    caption = f"All ground; worth from 0, nothing, to 1, everything; up to {saved.budget:,} replicates with either side"
    every = table(headers, rows, caption=caption, numeric=frozenset({2, 3, 5}))
    return f"<details><summary>All {len(rows)} pieces of ground</summary>{every}</details>"


def _ground_row(saved: SavedDecisive, ground: SavedGround, kind: str) -> list[Cell]:
    is_ranked = ground.spread is not None
    return [
        (html_text(ground.name), ground.name),
        (kind, None),
        (str(ground.rank) if is_ranked else "–", ground.rank if is_ranked else 1_000_000),
        (html_text(_spread(ground)), ground.worth if ground.worth is not None else -1.0),
        (STANDING[ground.stands_out] if is_ranked else "no outcome counts", None),
        (f"{ground.rank_low}–{ground.rank_high}" if is_ranked else "", ground.rank_low),
        (_strongest(saved, ground), None),
        (f"above {100 * ground.share_below:.0f}%" if ground.share_below is not None and is_ranked else "", None),
    ]


def _strongest(saved: SavedDecisive, ground: SavedGround) -> str:
    effect = ground.strongest
    if effect is None:
        return ""
    says = next((outcome.says for outcome in saved.outcomes if outcome.key == effect.outcome), effect.outcome)
    unit = "" if effect.unit == "1" else f" {effect.unit}"
    return html_text(f"{_signed(effect.value)}{unit} {says}{'' if effect.is_clear else ' (not clear)'}")


def _spread(ground: SavedGround) -> str:
    if ground.spread is None:
        return "–"
    low, worth, high = ground.spread
    return f"{significant(worth)} [{significant(low)}, {significant(high)}]"


def _signed(value: float | None) -> str:
    if value is None:
        return "–"
    said = f"{value:+.2f}" if abs(value) < 100 else f"{value:+,.0f}"
    return said.replace("-", "\u2212") if float(said.replace(",", "")) else "0"
