"""Figures of time: functions that return a figure, drawn from bands and estimates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np

from keyterrain.report.escape import html_text
from keyterrain.report.palette import BLUE, INK, ORANGE, translucent

if TYPE_CHECKING:
    import plotly.graph_objects as go
    import xarray as xr

    from keyterrain.analysis.estimate import Estimate
    from keyterrain.analysis.observed import ObservedCount

MS_PER_DAY = 86_400_000
FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, 'DejaVu Sans', sans-serif"
PER_CENT = {"range": [0, 100], "ticksuffix": "%"}
OUTER, INNER = (0.05, 0.95), (0.25, 0.75)


@dataclass(frozen=True, slots=True)
class Curve:
    """How one quantity is drawn: its name in the legend, its colour, its dash."""

    name: str
    colour: str
    dash: str = "solid"


def band_figure(
    start: date, curves: Sequence[tuple[Curve, xr.DataArray]], y_title: str, *, y_axis: dict[str, Any] | None = None
) -> go.Figure:
    """Draw bands (day or week, level): 5 to 95 per cent pale, 25 to 75 darker where there is one curve, the median as a line."""
    traces: list[Any] = []
    for curve, band in curves:
        traces += _band(start, curve, band, OUTER, 0.16)
        if len(curves) == 1:
            traces += _band(start, curve, band, INNER, 0.24)
        traces.append(_line(start, curve, band.sel(level=0.5)))
    return _figure(traces, y_title, y_axis)


CORRIDOR_CURVES = (
    Curve("open (share of replicates, with its 95% interval of sampling)", INK),
    Curve("chance that a passage meets no attack (median, 5–95%)", BLUE),
    Curve("share of a load that arrives (median)", ORANGE, "dot"),
)


def corridor_figure(start: date, p_open: Estimate, secure: xr.DataArray, delivery: xr.DataArray) -> go.Figure:
    """Draw how often a corridor is open, the band of its security, and the median of what arrives through it."""
    is_open, is_secure, arrives = CORRIDOR_CURVES
    traces = [
        *_band(start, is_secure, secure, OUTER, 0.14),
        _line(start, is_secure, secure.sel(level=0.5)),
        _line(start, arrives, delivery.sel(level=0.5)),
        *_edges(start, is_open, 100 * p_open.low, 100 * p_open.high, 0.2),
        _line(start, is_open, 100 * p_open.value, width=2.4),
    ]
    return _figure(traces, "per cent", PER_CENT)


def arrivals_figure(start: date, curve: Curve, band: xr.DataArray, counts: Sequence[ObservedCount]) -> go.Figure:
    """Draw people who arrived since the start, and the record's counts as points, filled where the run could not know them."""
    figure = band_figure(start, [(curve, band)], "people")
    for after_start, name, symbol in (
        (False, "counted before the start", "circle-open"),
        (True, "counted after it (not seen by the run)", "circle"),
    ):
        chosen = [count for count in counts if count.after_start == after_start]
        if chosen:
            figure.add_scatter(
                x=[count.on.isoformat() for count in chosen],
                y=[count.cum_persons for count in chosen],
                text=[html_text(f"from {count.origin}, grade {count.grade}") for count in chosen],
                mode="markers",
                name=name,
                marker={"color": INK, "symbol": symbol, "size": 9, "line": {"width": 1.6, "color": INK}},
                hovertemplate="%{y:,} %{text}<extra>observed</extra>",
            )
    return figure


def _band(start: date, curve: Curve, band: xr.DataArray, levels: tuple[float, float], opacity: float) -> list[Any]:
    low, high = (band.sel(level=level) for level in levels)
    return _edges(start, curve, low, high, opacity)


def _edges(start: date, curve: Curve, low: xr.DataArray, high: xr.DataArray, opacity: float) -> list[Any]:
    import plotly.graph_objects as go

    common = {
        **_days(start, low),
        "mode": "lines",
        "line": {"width": 0},
        "showlegend": False,
        "hoverinfo": "skip",
        "legendgroup": curve.name,
    }
    fill = {"fill": "tonexty", "fillcolor": translucent(curve.colour, opacity)}
    return [go.Scatter(y=_compact(low), **common), go.Scatter(y=_compact(high), **common, **fill)]


def _line(start: date, curve: Curve, values: xr.DataArray, *, width: float = 1.8) -> Any:
    import plotly.graph_objects as go

    return go.Scatter(
        **_days(start, values), y=_compact(values), mode="lines", name=curve.name, legendgroup=curve.name,
        line={"color": curve.colour, "width": width, "dash": curve.dash}, hovertemplate="%{y:,.3~r}",
    )  # fmt: skip


def _days(start: date, values: xr.DataArray) -> dict[str, Any]:
    """Return the days of a series: their beginning where it is daily, else each, since the last week may be short."""
    if "week" not in values.dims:
        return {"x0": start.isoformat(), "dx": MS_PER_DAY}
    return {"x": [(start + timedelta(days=day)).isoformat() for day in values["week"].to_numpy().tolist()]}


def _compact(values: Any) -> Any:
    """Return numbers in as few bytes as a figure needs: whole ones whole, others with four digits."""
    array = np.asarray(values, np.float64)
    if np.isfinite(array).all() and (array == np.rint(array)).all():
        return array.astype(np.int32)
    return array.astype(np.float32)


def _figure(traces: Sequence[Any], y_title: str, y_axis: dict[str, Any] | None) -> go.Figure:
    import plotly.graph_objects as go

    grid = {"gridcolor": "#e4e4de", "zerolinecolor": "#c9c9c2", "linecolor": "#c9c9c2", "tickcolor": "#c9c9c2"}
    return go.Figure(
        data=list(traces),
        layout={
            "template": "none",
            "font": {"family": FONT, "size": 12, "color": "#333"},
            "margin": {"l": 58, "r": 10, "t": 8, "b": 40},
            "paper_bgcolor": "rgba(0,0,0,0)",
            "plot_bgcolor": "rgba(0,0,0,0)",
            "hovermode": "x unified",
            "xaxis": {**grid, "type": "date", "tickformat": "%-d %b\n%Y", "nticks": 6, "showgrid": False, "ticks": "outside"},
            "yaxis": {
                **grid,
                "title": {"text": y_title, "standoff": 6},
                "rangemode": "tozero",
                "automargin": True,
                **(y_axis or {}),
            },
            "showlegend": False,
        },
    )
