"""Forecasts beside what happened: scores, a reliability diagram, and the places one by one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from keyterrain.report.escape import html_text
from keyterrain.report.figures import FONT
from keyterrain.report.palette import BLUE, GREY, INK, ORANGE
from keyterrain.report.tables import table
from keyterrain.report.wording import percent

if TYPE_CHECKING:
    from collections.abc import Mapping

    import plotly.graph_objects as go

    from keyterrain.analysis.saved_backtest import SavedBacktest, SavedGiven, SavedScore
    from keyterrain.report.tables import Cell

NOTE = (
    "Scores are means over the places that an enemy of the scored side held at the start; lower is better. Skill is 1 less the "
    "ratio to the score of the best rival. Intervals resample episodes, the places that fell in one operation together: few "
    "episodes make them wide, and fewer than five narrower than they should be. Contested counts as not fallen, in the campaigns "
    "as in the record."
)

DASHES = ("dash", "dot", "dashdot", "longdash", "solid")

WHOLE_FROM = 100
"""From here on a number is one of people and said whole."""


def backtest_html(saved: SavedBacktest, names: Mapping[str, str]) -> str:
    """Return the label, the scores and the tables; the figures' frames stand among them."""
    left_out = "; ".join(f"{names.get(each.place, each.place)} ({each.why})" for each in saved.left_out)
    last_row = saved.last_row or "no day after the start"
    notes = [
        NOTE,
        saved.reason,
        f"Parameters drawn from {saved.fitted}." if saved.fitted else "",
        f"The record is taken to cover all days up to {saved.observed_until}; its last change is of {last_row}.",
        f"Left out: {left_out}." if left_out else "",
        *(f"Not scored at {day} days: {why}." for day, why in saved.not_scored.items()),
    ]
    said = "".join(f'<p class="note">{html_text(note)}</p>' for note in notes if note)
    return (
        _label(saved)
        + said
        + score_table(saved)
        + place_table(saved)
        + _corridor_table(saved, names)
        + _count_table(saved, names)
    )


def _label(saved: SavedBacktest) -> str:
    if saved.blind != "false":
        return ""
    return '<p class="warning">Not blind: whoever made this scenario knew how the campaign ended. Agreement shows no skill.</p>'


def score_table(saved: SavedBacktest) -> str:
    """Return the table of scores beside those of every rival."""
    rivals = list(saved.brier_integral.baselines)
    headers = ["Score", "Model (95% by episodes)", *rivals, "Skill over the best rival", "Verdict"]
    scores = [
        *((f"Brier, {day} days", score) for day, score in saved.brier.items()),
        *((f"logarithmic, {day} days", score) for day, score in saved.log.items()),
        ("Brier, mean over days", saved.brier_integral),
        ("CRPS of the day of capture, days", saved.crps_capture),
    ]
    rows = [_score_cells(name, score, rivals) for name, score in scores if score.n]
    caption = f"Scores of {saved.replicates:,} replicates beside rivals"
    return table(headers, rows, caption=caption, numeric=frozenset(range(1, 2 + len(rivals)))) + _order(saved)


def _order(saved: SavedBacktest) -> str:
    order = saved.kendall
    if order.tau is None:
        return ""
    around = f" [{order.low:.2f}, {order.high:.2f}]" if order.low is not None and order.high is not None else ""
    return (
        f"<p>Order of the {order.n} captures: Kendall's tau between expected and actual days {order.tau:.2f}{around}; 1 is "
        "the same order, 0 none.</p>"
    )


def _score_cells(name: str, score: SavedScore, rivals: list[str]) -> list[Cell]:
    skill = "undefined" if score.skill is None else f"{score.skill:.2f}"
    why = f'<small class="reason">{html_text(score.why)}</small>' if score.why else ""
    return [
        (html_text(name), None),
        (f"{_number(score.score)} {_span(score.low, score.high)}", score.score),
        *((_number(score.baselines.get(rival)), score.baselines.get(rival)) for rival in rivals),
        (f"{skill} {_span(score.skill_low, score.skill_high)} <small>{html_text(score.best_baseline)}</small>", score.skill),
        (f"{html_text(score.verdict)} {why}", None),
    ]


def place_table(saved: SavedBacktest) -> str:
    """Return every scored place: its forecast by horizon beside the day on which it fell."""
    horizons = list(saved.brier)
    headers = ["Place", *(f"{day} d" for day in horizons), "Fell, by the record", "Scored until", "Episode"]
    rows = sorted(saved.places, key=lambda place: (place.fell_on or "9999", place.name))
    return table(
        headers,
        (
            [
                (html_text(place.name), place.name),
                *(_forecast_cell(place.p_fallen.get(day), place.happened.get(day)) for day in horizons),
                (place.fell_on or '<span class="faint">no</span>', place.fell_on or "9999"),
                (html_text(place.scored_until), place.scored_until or "9999"),
                (html_text(place.episode.partition(": ")[2]), None),
            ]
            for place in rows
        ),
        caption="Chance of having fallen, beside what happened; a dot marks evenings by which it had",
        numeric=frozenset(range(1, 1 + len(horizons))),
    )


def _forecast_cell(p: float | None, fact: float | None) -> Cell:
    if p is None:
        return "", None
    mark = "" if fact is None or fact < 0.5 else ' <b title="had fallen, by the record">●</b>'
    unknown = ' <small title="not scored on this day">–</small>' if fact is None else ""
    return f'<span class="bar" style="--p:{p:.3f}">{percent(p)}</span>{mark}{unknown}', p


def _corridor_table(saved: SavedBacktest, names: Mapping[str, str]) -> str:
    if not saved.corridors:
        return ""
    headers = ["Corridor", "Days known", "Closed in fact", "Closed, foretold (5–95%)", "Brier by day", "Rivals"]
    rows = [
        [
            (html_text(names.get(way.corridor, way.corridor)), None),
            (str(way.n_days), way.n_days),
            (str(way.n_closed), way.n_closed),
            (f"{way.mean:.1f} ({way.low:.0f}–{way.high:.0f})", way.mean),
            (_number(way.score), way.score),
            (_beside(way.baselines), None),
        ]
        for way in saved.corridors
    ]
    return table(headers, rows, caption="Corridors on the days of which the record knows", numeric=frozenset(range(1, 5)))


def _count_table(saved: SavedBacktest, names: Mapping[str, str]) -> str:
    left_out = "; ".join(f"{each.origin} at {each.host} by {each.on} ({each.why})" for each in saved.counts_left_out)
    said = f'<p class="note">Counts that are not scored: {html_text(left_out)}.</p>' if left_out else ""
    if not saved.counts:
        return said
    headers = [
        "From", "At", "Since", "By", "Counted", "Foretold: median (5–95%)", "CRPS", "Given the attack: median (5–95%)", "CRPS",
        "Rivals' errors",
    ]  # fmt: skip
    rows = [
        [
            (html_text(names.get(count.origin, count.origin)), None),
            (html_text(names.get(count.host, count.host)), None),
            (html_text(count.since), None),
            (html_text(count.on), None),
            (f"{count.observed:,.0f}", count.observed),
            (_people(count.median, count.low, count.high), count.median),
            (f"{count.crps:,.0f}", count.crps),
            (f"{_given(count.given)}<br>{_given(count.whenever)}", count.given.median),
            ("" if count.given.crps is None else f"{count.given.crps:,.0f}", count.given.crps),
            (_beside(count.baselines), None),
        ]
        for count in saved.counts
    ]
    caption = (
        "Displaced people since the evening from which they were counted: those of one origin beside all who came to the host, "
        "whatever their origin. Given the attack: those replicates alone in which the place of origin was attacked, first about "
        "then, below at any time"
    )
    waves = saved.waves
    why = f": {waves.why}" if waves.why else ""
    together = (
        f"<p>Mean CRPS of {waves.n} counts in {waves.n_episodes} waves {_number(waves.score)} {_span(waves.low, waves.high)}; "
        f"rivals: {_beside(waves.baselines)}. {html_text(waves.verdict.capitalize() + why)}.</p>"
    )
    return table(headers, rows, caption=caption, numeric=frozenset(range(4, 9))) + together + said


def _people(median: float, low: float, high: float) -> str:
    return f"{median:,.0f} ({low:,.0f}–{high:,.0f})"


def _given(given: SavedGiven) -> str:
    if given.median is None or given.low is None or given.high is None:
        return f'<small class="reason">cannot tell: {html_text(given.why)}</small>'
    return f"{_people(given.median, given.low, given.high)} <small>{given.n} replicates</small>"


def reliability_figure(saved: SavedBacktest) -> go.Figure:
    """Draw how often forecasts came true against what they said, with the diagonal of forecasts that mean what they say."""
    import plotly.graph_objects as go

    bins = saved.calibration
    happened = [each.happened for each in bins]
    diagonal: dict[str, Any] = {"color": GREY, "dash": "dash", "width": 1}
    figure = go.Figure(go.Scatter(x=[0, 1], y=[0, 1], mode="lines", line=diagonal, hoverinfo="skip", showlegend=False))
    figure.add_scatter(
        x=[each.forecast for each in bins], y=happened, mode="markers+lines", name="places and horizons together",
        marker={"color": BLUE, "size": [6 + min(each.n, 100) ** 0.5 for each in bins]}, line={"color": BLUE, "width": 1},
        error_y={
            "type": "data", "symmetric": False, "color": INK, "thickness": 1,
            "array": [max(each.high - each.happened, 0.0) for each in bins],
            "arrayminus": [max(each.happened - each.low, 0.0) for each in bins],
        },
        text=[f"{each.n} forecasts" for each in bins],
        hovertemplate="foretold %{x:.3f}, came true %{y:.3f}, %{text}<extra></extra>",
        showlegend=False,
    )  # fmt: skip
    return _laid_out(figure, "foretold chance", "share that had fallen", {"range": [-0.02, 1.02]}, {"range": [-0.02, 1.04]})


def skill_figure(saved: SavedBacktest) -> go.Figure:
    """Draw the Brier score by horizon beside those of the rivals."""
    import plotly.graph_objects as go

    days = [int(day) for day in saved.brier]
    scores = list(saved.brier.values())
    figure = go.Figure()
    for rank, rival in enumerate(saved.brier_integral.baselines):
        figure.add_scatter(
            x=days, y=[score.baselines.get(rival) for score in scores], mode="lines", name=rival,
            line={"color": ORANGE if rank else GREY, "width": 1.4, "dash": DASHES[rank % len(DASHES)]},
        )  # fmt: skip
    figure.add_scatter(
        x=days, y=[score.score for score in scores], mode="lines+markers", name="model",
        line={"color": BLUE, "width": 2.2}, marker={"color": BLUE, "size": 7},
        error_y={
            "type": "data", "symmetric": False, "color": BLUE, "thickness": 1,
            "array": [(score.high or 0.0) - (score.score or 0.0) for score in scores],
            "arrayminus": [(score.score or 0.0) - (score.low or 0.0) for score in scores],
        },
    )  # fmt: skip
    return _laid_out(figure, "days after the start", "Brier score", {"tickvals": days}, {"rangemode": "tozero"}, legend=True)


def _laid_out(
    figure: go.Figure, x: str, y: str, x_axis: dict[str, Any], y_axis: dict[str, Any], *, legend: bool = False
) -> go.Figure:
    margin = {"l": 52, "r": 12, "t": 8, "b": 44}
    figure.update_layout(
        template="none", font={"family": FONT, "size": 12, "color": INK}, margin=margin, showlegend=legend,
        xaxis={"title": {"text": x}, "zeroline": False, "gridcolor": "#e6e6e6", **x_axis},
        yaxis={"title": {"text": y}, "zeroline": False, "gridcolor": "#e6e6e6", **y_axis},
        paper_bgcolor="rgba(0,0,0,0)", plot_bgcolor="rgba(0,0,0,0)",
    )  # fmt: skip
    if legend:
        figure.update_layout(legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0})
    return figure


def _number(value: float | None, digits: int = 4) -> str:
    """Scores and their errors in one form down a column: people whole, shares to as many decimals."""
    return "" if value is None else f"{value:,.0f}" if abs(value) >= WHOLE_FROM else f"{value:.{digits}f}"


def _span(low: float | None, high: float | None) -> str:
    return "" if low is None or high is None else f"<small>[{_number(low, 3)}, {_number(high, 3)}]</small>"


def _beside(baselines: Mapping[str, float]) -> str:
    return html_text("; ".join(f"{name} {_number(value)}" for name, value in baselines.items()))
