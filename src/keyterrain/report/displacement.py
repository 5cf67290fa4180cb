"""Files of refugee flows: arrivals by camp and day with bands as CSV and parquet, and a picture in one page of its own."""

from __future__ import annotations

import csv
import html
import json
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from keyterrain.analysis.displacement_skill import Arrivals, DisplacementSkill, arrivals
from keyterrain.campaign.errors import RunRefused
from keyterrain.report.palette import BLUE, INK, VERMILLION, translucent

if TYPE_CHECKING:
    import plotly.graph_objects as go

COLUMNS = (
    ("date", "#date"),
    ("day", "#date+day"),
    ("camp", "#loc+name"),
    ("country", "#country+name"),
    ("kind", "#affected+type"),
    ("lat", "#geo+lat"),
    ("lon", "#geo+lon"),
    ("low", "#affected+num+low"),
    ("median", "#affected+num+median"),
    ("high", "#affected+num+high"),
    ("mean", "#affected+num+mean"),
    ("observed", "#affected+num+observed"),
)
"""Columns of the arrivals with their tags of the Humanitarian Exchange Language (hxlstandard.org, 1.1)."""
KIND_NAMES = {"camp": "refugees", "idpcamp": "internally displaced"}
STYLE = (
    "<style>body{font-family:system-ui,sans-serif;margin:1.5rem;color:#222;max-width:1300px}"
    "h1{font-size:1.3rem;margin:0 0 .3rem}p{margin:.2rem 0 1rem;line-height:1.45}</style>"
)
DRAW = (
    '<script>const f=JSON.parse(document.getElementById("keyterrain-data").textContent);'
    'Plotly.newPlot("arrivals",f.data,f.layout,{responsive:true,displayModeBar:false});</script>'
)
N_COLUMNS = 3
PANEL_PX = 230


@dataclass(frozen=True, slots=True)
class DisplacementFiles:
    """What was written, and where."""

    folder: Path
    files: tuple[Path, ...]


def write_displacement(skill: DisplacementSkill, out: Path, *, hxl: bool = False) -> DisplacementFiles:
    """Write arrivals.csv, arrivals.parquet and arrivals.html into a new folder; all of them, or nothing.

    Raises
    ------
    keyterrain.campaign.errors.RunRefused
        Something stands there already.
    OSError
        They cannot be written.
    """
    if out.exists() or out.is_symlink():
        raise RunRefused(f"{out} exists and is left as it is: give another name.")
    out.parent.mkdir(parents=True, exist_ok=True)
    beside = Path(tempfile.mkdtemp(prefix=f".{out.name}-", dir=out.parent))
    try:
        bands = arrivals(skill.run)
        rows = arrival_rows(skill, bands)
        _write_csv(rows, beside / "arrivals.csv", hxl=hxl)
        _write_parquet(skill, rows, beside / "arrivals.parquet")
        (beside / "arrivals.html").write_text(arrivals_page(skill, bands), encoding="utf-8")
        beside.chmod(0o755)
        beside.replace(out)
    except BaseException:
        shutil.rmtree(beside, ignore_errors=True)
        raise
    return DisplacementFiles(out, tuple(out / name for name in ("arrivals.csv", "arrivals.parquet", "arrivals.html")))


def arrival_rows(skill: DisplacementSkill, bands: Arrivals) -> list[tuple[Any, ...]]:
    """Return a row for every day and camp, as `COLUMNS` has them; observed is None where nothing was counted."""
    folder = skill.run.folder
    rows: list[tuple[Any, ...]] = []
    for day, date in enumerate(folder.dates()):
        for k, camp in enumerate(folder.camps):
            place, seen = folder.places[camp], int(bands.observed[day, k])
            numbers = [round(float(table[day, k]), 1) for table in (bands.low, bands.middle, bands.high, bands.mean)]
            where = (place.name, place.country, KIND_NAMES[place.kind], place.latitude, place.longitude)
            rows.append((date.isoformat(), day, *where, *numbers, None if seen < 0 else seen))
    return rows


def _write_csv(rows: list[tuple[Any, ...]], path: Path, *, hxl: bool) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(name for name, _ in COLUMNS)
        if hxl:
            writer.writerow(tag for _, tag in COLUMNS)
        writer.writerows(["" if cell is None else cell for cell in row] for row in rows)


def _write_parquet(skill: DisplacementSkill, rows: list[tuple[Any, ...]], path: Path) -> None:
    import pandas as pd

    frame = pd.DataFrame(rows, columns=[name for name, _ in COLUMNS])
    frame["date"] = pd.to_datetime(frame["date"])
    frame["observed"] = frame["observed"].astype("Int64")
    run = skill.run
    frame.attrs = {"rules": run.rules, "capacities": run.capacities, "replicates": run.replicates, "seed": run.seed}
    frame.to_parquet(path, index=False)


def arrivals_page(skill: DisplacementSkill, bands: Arrivals) -> str:
    """Return a page of its own with small multiples: a camp each, its band, its median, and what was observed."""
    from importlib import resources

    run = skill.run
    figure = json.dumps(json.loads(arrivals_figure(skill, bands).to_json())).replace("</", "<\\/")
    script = resources.files("plotly").joinpath("package_data/plotly.min.js").read_text(encoding="utf-8")
    title = f"{run.folder.name}: people in camps from {run.folder.start}"
    says = (
        f"Rules {run.rules}, capacities {run.capacities}, {run.replicates} replicates, seed {run.seed}, "
        f"keyterrain {run.version}. Shaded: nine in ten replicates; line: median; points: counts observed on their dates."
    )
    if skill.rescaled is not None and skill.raw is not None:
        says += (
            f" Averaged relative difference {skill.raw.ard:.3f} raw, {skill.rescaled.ard:.3f} rescaled; "
            f"{skill.rescaled.coverage:.0%} of rescaled counts lie in their bands."
        )
    return "\n".join(
        [
            "<!doctype html>",
            '<html lang="en"><head><meta charset="utf-8">',
            f"<title>{html.escape(title)}</title>",
            STYLE,
            "</head><body>",
            f"<h1>{html.escape(title)}</h1><p>{html.escape(says)}</p>",
            '<div id="arrivals"></div>',
            f"<script>{script}</script>",
            f'<script type="application/json" id="keyterrain-data">{figure}</script>',
            DRAW,
            "</body></html>",
        ]
    )


def arrivals_figure(skill: DisplacementSkill, bands: Arrivals) -> go.Figure:
    """Return the small multiples as a figure."""
    from plotly.subplots import make_subplots

    run = skill.run
    folder = run.folder
    n_rows = -(-len(run.camps) // N_COLUMNS)
    titles = [
        f"{html.escape(name)} ({html.escape(folder.places[k].country)})" for name, k in zip(run.camps, folder.camps, strict=True)
    ]
    figure = make_subplots(rows=n_rows, cols=N_COLUMNS, subplot_titles=titles, vertical_spacing=min(0.12, 0.3 / n_rows))
    for k in range(len(run.camps)):
        for trace in _traces(skill, bands, k):
            figure.add_trace(trace, row=k // N_COLUMNS + 1, col=k % N_COLUMNS + 1)
    figure.update_layout(
        template="plotly_white",
        height=PANEL_PX * n_rows + 80,
        margin={"l": 50, "r": 20, "t": 80, "b": 40},
        legend={"orientation": "h", "y": 1.0 + 35 / (PANEL_PX * n_rows), "yanchor": "bottom", "x": 0.0, "xanchor": "left"},
        font={"color": INK, "size": 11},
    )
    figure.update_annotations(font_size=12)
    dates = folder.dates()
    figure.update_xaxes(range=[dates[0].isoformat(), dates[-1].isoformat()])
    figure.update_yaxes(rangemode="tozero", tickformat="~s")
    return figure


def _traces(skill: DisplacementSkill, bands: Arrivals, k: int) -> list[go.Scatter]:
    import plotly.graph_objects as go

    folder = skill.run.folder
    dates = [date.isoformat() for date in folder.dates()]
    shown = k == 0
    low, middle, high = ([round(float(x)) for x in table[:, k]] for table in (bands.low, bands.middle, bands.high))
    traces = [
        go.Scatter(x=dates, y=high, mode="lines", line={"width": 0}, hoverinfo="skip", showlegend=False),
        go.Scatter(
            x=dates, y=low, mode="lines", line={"width": 0}, fill="tonexty", fillcolor=translucent(BLUE, 0.22),
            name="nine in ten", hoverinfo="skip", showlegend=shown, legendgroup="band",
        ),
        go.Scatter(
            x=dates, y=middle, mode="lines", line={"color": BLUE, "width": 1.6}, name="median", showlegend=shown,
            legendgroup="median",
        ),
    ]  # fmt: skip
    series = folder.counts.get(skill.run.camps[k])
    if series is not None:
        seen = [(day, count) for day, count in zip(*series, strict=True) if 0 <= day < folder.days]
        traces.append(
            go.Scatter(
                x=[dates[day] for day, _ in seen],
                y=[round(count) for _, count in seen],
                mode="markers",
                marker={"color": VERMILLION, "size": 5, "symbol": "circle-open"},
                name="observed",
                showlegend=shown,
                legendgroup="observed",
            )
        )
    return traces
