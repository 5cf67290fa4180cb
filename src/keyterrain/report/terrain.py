"""What the ground is worth: a map of defence and of observed roads over the relief, and a table of measures."""

from __future__ import annotations

from math import cos, isnan, radians
from typing import TYPE_CHECKING, Any, NamedTuple

from keyterrain.report.escape import html_text
from keyterrain.report.figures import FONT, Curve
from keyterrain.report.palette import GREY, INK, ORANGE, VERMILLION
from keyterrain.report.tables import table

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import plotly.graph_objects as go

    from keyterrain.analysis.relief import ReliefPicture
    from keyterrain.analysis.terrain import Crossing, PlaceTerrain, RouteTerrain, Spread, TerrainAnswer
    from keyterrain.report.tables import Cell
    from keyterrain.theatre.nouns import Place

RELIEF = "relief"
"""Stands in a figure for the picture of the relief, which the page holds once."""
OBSERVED = (
    (0.75, Curve("road in view from other places for three quarters of it or more", VERMILLION), 3.0),
    (0.35, Curve("for a third or more", ORANGE), 2.4),
    (0.0, Curve("less, or not at all", GREY, "dot"), 1.2),
)
"""Least share of a road in view, its look and its width."""
SIZE_LEAST, SIZE_SPAN = 7.0, 9.0
WORTH_SHOWN = 3.0
"""Defence at which a mark has its full colour and size; assumption: a few places are worth more."""
N_NAMED = 10
"""Places named on the map, the hardest first, as far as they do not overlap."""
NAMES_APART_DEG = 0.04
PASSES_SHOWN = 25
"""Passes with most ways, so that the map can still be read."""
LEFT_OUT, MARGIN_DEG = 0.04, 0.05
"""Share of places on each edge that the map does not open on, and what it shows beyond the others."""
WIDTH_TO_HEIGHT = 1.15
"""Shape of the map; assumption: what leaves room for the scale beside it."""
HEADERS = (
    "Rank", "Place", "Defence (5\u201395%)", "Relief m", "Heights", "Roads", "Frontage", "Dominance", "Climb m", "km to motorway",
)  # fmt: skip
LEAD = (
    "Defence says how many times fewer attackers would have the same chance on open ground, by the rules of combat at their "
    "defaults; who holds a place and how many live there do not enter. It is a mean over the positions that a place may have "
    "within the error of its coordinates, with 5 to 95 per cent of them in brackets. What makes mountains hard to take in these "
    "rules is assumed. Triangles are passes, where easiest ways on foot between places cross their highest ground."
)


class _View(NamedTuple):
    west: float
    east: float
    south: float
    north: float


def terrain_figure(answer: TerrainAnswer, places: Mapping[str, Place], relief: ReliefPicture) -> go.Figure:
    """Draw the relief, roads by how much of them is in view, places by their defence, and passes."""
    import plotly.graph_objects as go

    traces = [_roads(answer.routes, places, row) for row in reversed(range(len(OBSERVED)))]
    traces += [_passes(answer.crossings), _marks(answer.places, places), _names(answer.places, places)]
    return go.Figure(traces, _layout(relief, [places[row.place] for row in answer.places]))


def terrain_table(answer: TerrainAnswer) -> str:
    """Return the table of places with their measures, the hardest first."""
    return table(
        HEADERS,
        (_cells(row) for row in answer.places),
        caption="Places by what their ground is worth",
        numeric=frozenset({0, *range(2, len(HEADERS))}),
    )


def terrain_legend() -> tuple[Curve, ...]:
    """Return what the lines of the map are."""
    return tuple(curve for _, curve, _ in OBSERVED)


def _roads(routes: Sequence[RouteTerrain], places: Mapping[str, Place], row: int) -> go.Scatter:
    import plotly.graph_objects as go

    least, curve, width = OBSERVED[row]
    most = OBSERVED[row - 1][0] if row else 2.0
    x: list[float | None] = []
    y: list[float | None] = []
    for route in routes:
        if least <= route.observed_share < most:
            ends = [places[route.start], places[route.end]]
            x += [*(place.lon for place in ends), None]
            y += [*(place.lat for place in ends), None]
    line = {"color": curve.colour, "width": width, "dash": curve.dash}
    return go.Scatter(x=x, y=y, mode="lines", line=line, hoverinfo="skip", name=curve.name)


def _passes(crossings: Sequence[Crossing]) -> go.Scatter:
    import plotly.graph_objects as go

    passes = [each for each in crossings if each.kind == "pass"][:PASSES_SHOWN]
    return go.Scatter(
        x=[each.lon for each in passes],
        y=[each.lat for each in passes],
        mode="markers",
        name="passes",
        marker={"symbol": "triangle-up-open", "size": 8, "color": INK, "line": {"width": 1.4}},
        text=[f"<b>Pass</b>, {each.elevation_m:.0f} m<br>{each.ways} ways, near {html_text(each.near)}" for each in passes],
        hovertemplate="%{text}<extra></extra>",
    )


def _marks(rows: Sequence[PlaceTerrain], places: Mapping[str, Place]) -> go.Scatter:
    import plotly.graph_objects as go

    ordered = rows[::-1]  # the hardest on top
    worth = [row.measures["defence"].mean for row in ordered]
    return go.Scatter(
        x=[places[row.place].lon for row in ordered],
        y=[places[row.place].lat for row in ordered],
        mode="markers",
        name="defence",
        marker={
            "color": worth,
            "cmin": 1.0,
            "cmax": WORTH_SHOWN,
            "colorscale": "Cividis",
            "reversescale": True,
            "size": [SIZE_LEAST + SIZE_SPAN * min(max(one - 1.0, 0.0) / (WORTH_SHOWN - 1.0), 1.0) for one in worth],
            "line": {"color": INK, "width": 0.9},
            "colorbar": {"title": {"text": "defence", "side": "top"}, "thickness": 10, "len": 0.6, "outlinewidth": 0, "x": 1.01},
        },
        text=[_hover(row) for row in ordered],
        hovertemplate="%{text}<extra></extra>",
    )


def _hover(row: PlaceTerrain) -> str:
    measures = row.measures
    return (
        f"<b>{html_text(row.name)}</b>, rank {row.rank}<br>defence {_said(measures['defence'], 2)}<br>"
        f"relief {_said(measures['relief_m'], 0)} m, {row.approaches} roads"
    )


def _names(rows: Sequence[PlaceTerrain], places: Mapping[str, Place]) -> go.Scatter:
    import plotly.graph_objects as go

    named = list(_apart(rows, places))
    return go.Scatter(
        x=[places[row.place].lon for row in named],
        y=[places[row.place].lat for row in named],
        mode="text",
        name="names",
        text=[html_text(row.name) for row in named],
        textposition="top center",
        textfont={"size": 11, "color": INK},
        hoverinfo="skip",
    )


def _apart(rows: Sequence[PlaceTerrain], places: Mapping[str, Place]) -> Iterator[PlaceTerrain]:
    """Yield the hardest places whose names would not lie upon each other."""
    taken: list[Place] = []
    for row in rows:
        place = places[row.place]
        free = all(
            abs(place.lat - other.lat) > NAMES_APART_DEG or abs(place.lon - other.lon) > 6 * NAMES_APART_DEG for other in taken
        )
        if free and len(taken) < N_NAMED:
            taken.append(place)
            yield row


def _layout(relief: ReliefPicture, shown: Sequence[Place]) -> dict[str, Any]:
    stretch = 1.0 / cos(radians((relief.south + relief.north) / 2.0))
    view = _view(relief, shown, stretch)
    axis = {"showgrid": False, "zeroline": False, "ticks": "inside", "nticks": 6, "ticksuffix": "\u00b0", "constrain": "domain"}
    across = {"sizex": relief.east - relief.west, "sizey": relief.north - relief.south, "sizing": "stretch", "layer": "below"}
    return {
        "template": "none",
        "font": {"family": FONT, "size": 11},
        "showlegend": False,
        "hovermode": "closest",
        "dragmode": "pan",
        "margin": {"l": 40, "r": 8, "t": 6, "b": 30},
        "xaxis": {**axis, "range": [view.west, view.east]},
        "yaxis": {**axis, "range": [view.south, view.north], "scaleanchor": "x", "scaleratio": stretch},
        "images": [{"source": RELIEF, "xref": "x", "yref": "y", "x": relief.west, "y": relief.north, **across}],
    }


def _view(relief: ReliefPicture, shown: Sequence[Place], stretch: float) -> _View:
    """Return what the map opens on: all but the outermost places, widened to its shape."""
    west, east = _middle([place.lon for place in shown])
    south, north = _middle([place.lat for place in shown])
    more = max(0.0, (WIDTH_TO_HEIGHT * (north - south) * stretch - (east - west)) / 2.0)
    return _View(max(west - more, relief.west), min(east + more, relief.east), max(south, relief.south), min(north, relief.north))


def _middle(degrees: Sequence[float]) -> tuple[float, float]:
    """Return the span that holds all but the outermost places, with a margin; the rest comes by dragging."""
    ordered = sorted(degrees)
    cut = int(len(ordered) * LEFT_OUT)
    return ordered[cut] - MARGIN_DEG, ordered[-1 - cut] + MARGIN_DEG


def _cells(row: PlaceTerrain) -> list[Cell]:
    measures = row.measures
    return [
        (str(row.rank), float(row.rank)),
        (html_text(row.name), row.name),
        _number(measures["defence"], 2),
        _number(measures["relief_m"], 0),
        _number(measures["heights"], 1),
        (str(row.approaches), float(row.approaches)),
        (f"{measures['frontage'].mean:,.0f}", measures["frontage"].mean),
        (f"{measures['dominance'].mean:+.2f}".replace("-", "\u2212"), measures["dominance"].mean),
        _number(measures["approach_climb_m"], 0),
        _number(measures["motorway_km"], 1),
    ]


def _number(spread: Spread, digits: int) -> Cell:
    return ("", None) if isnan(spread.mean) else (html_text(_said(spread, digits)), spread.mean)


def _said(spread: Spread, digits: int) -> str:
    middle, low, high = (f"{value:,.{digits}f}" for value in (spread.mean, spread.low, spread.high))
    return middle if low == high else f"{middle} ({low}\u2013{high})"
