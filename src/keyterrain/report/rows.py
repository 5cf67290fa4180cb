"""Pictures whose rows are things by rank: dots with whiskers beside their names, as high as there are rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from keyterrain.report.escape import html_text
from keyterrain.report.figures import FONT

if TYPE_CHECKING:
    import plotly.graph_objects as go

LONGEST_NAME, LONGEST_ON_A_PHONE = 34, 20
"""Letters of a name beside a row."""
ROW_PIXELS, FRAME_PIXELS = 24, 86


@dataclass(frozen=True, slots=True)
class RowLabel:
    """What stands beside a row, as HTML: on a page, and on a phone."""

    key: str
    name: str
    short: str


def whiskers(spreads: Sequence[tuple[float, float, float]], colour: str) -> dict[str, Any]:
    """Return error bars from low, value and high."""
    return {
        "type": "data",
        "symmetric": False,
        "array": [high - value for _, value, high in spreads],
        "arrayminus": [value - low for low, value, _ in spreads],
        "thickness": 1.6,
        "width": 3,
        "color": colour,
    }


def lay_out_rows(figure: go.Figure, rows: Sequence[RowLabel], title: str, span: tuple[float, float]) -> None:
    """Lay a figure out in rows, the first on top, over a span of values."""
    axis = {"gridcolor": "#e4e4de", "zerolinecolor": "#c9c9c2", "linecolor": "#c9c9c2", "fixedrange": True}
    figure.update_layout(
        template="none",
        font={"family": FONT, "size": 12, "color": "#333"},
        margin={"l": 20, "r": 12, "t": 26, "b": 44},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        meta={"short": [each.short for each in rows]},
        showlegend=False,
        hovermode="closest",
        xaxis={**axis, "range": list(span), "title": {"text": title, "standoff": 6}, "nticks": 6},
        yaxis={
            **axis,
            "type": "category",
            "categoryorder": "array",
            "categoryarray": [each.key for each in reversed(rows)],
            "range": [-0.7, len(rows) - 0.3],
            "tickmode": "array",
            "tickvals": [each.key for each in rows],
            "ticktext": [each.name for each in rows],
            "automargin": True,
            "showgrid": False,
        },
    )


def rows_frame(key: str, title: str, note: str, label: str, n_rows: int) -> str:
    """Return the frame of a picture, as high as it has rows; `label` says in words what it shows."""
    return (
        f"<figure><figcaption><b>{html_text(title)}</b> {html_text(note)}</figcaption>"
        f'<div class="chart" style="height:{FRAME_PIXELS + ROW_PIXELS * n_rows}px" data-figure="{html_text(key)}" role="img" '
        f'aria-label="{html_text(label)}"></div></figure>'
    )


def shortened(name: str, longest: int) -> str:
    """Return a name that is no longer than may be."""
    return name if len(name) <= longest else f"{name[: longest - 1]}…"
