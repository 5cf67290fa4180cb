"""The report: one HTML file that needs no network, no server and no WebGL."""

from __future__ import annotations

import base64
import gzip
import json
import re
from importlib import resources
from math import cos, radians
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING

from keyterrain.report.data import data_block, map_block
from keyterrain.report.escape import html_text, json_text
from keyterrain.report.sections import Panel, Section, sections
from keyterrain.report.summary import how_to_read, summary_sentences
from keyterrain.report.wording import day_month_year

if TYPE_CHECKING:
    from keyterrain.analysis.headline import Headline
    from keyterrain.analysis.outlook import Outlook
    from keyterrain.analysis.relief import ReliefPicture
    from keyterrain.analysis.saved_claims import SavedClaims
    from keyterrain.analysis.terrain import TerrainAnswer
    from keyterrain.campaign.ensemble import Run
    from keyterrain.report.figures import Curve

FILE_NAME = "report.html"
GZIP_LEVEL = 9
DASHES = {"dash": "7,4", "dot": "2,3"}


def write_report(run_path: Path, to: Path | None = None) -> Path:
    """Write the report of a run as one HTML file.

    Parameters
    ----------
    run_path
        The folder of a run; an unfinished run is reported with the replicates that it has.
    to
        Where to; by default `report.html` in the run's folder.

    Returns
    -------
    Path
        The file that was written.

    Raises
    ------
    keyterrain.campaign.errors.RunRefused
        The folder is not that of a run, nothing of it is finished, or answers to claims kept in it cannot be read.
    """
    from keyterrain.campaign.ensemble import open_run

    page = report_page(open_run(run_path, partial=True))
    target = to if to is not None else Path(run_path) / FILE_NAME
    target.parent.mkdir(parents=True, exist_ok=True)
    beside = target.with_name(f".{target.name}.new")
    try:
        beside.write_text(page, encoding="utf-8")
        beside.replace(target)
    except OSError:
        beside.unlink(missing_ok=True)
        raise
    return target


def report_page(run: Run) -> str:
    """Return the report of a run as HTML."""
    from keyterrain.analysis.headline import headline
    from keyterrain.analysis.outlook import outlook
    from keyterrain.analysis.relief import shaded_relief
    from keyterrain.analysis.saved_claims import saved_claims
    from keyterrain.analysis.terrain import terrain

    claims = saved_claims(run.path)
    seen = outlook(run)
    first = headline(seen)
    relief = shaded_relief(seen.situation.terrain_path, seen.situation.places)
    ground = terrain(run.scenario, start=seen.situation.start)
    return _page(run, seen, first, relief, ground, claims)


def _page(
    run: Run, seen: Outlook, first: Headline, relief: ReliefPicture, worth: TerrainAnswer, claims: SavedClaims | None
) -> str:
    names = {side.key: side.name for side in seen.situation.sides}
    parts = sections(run, seen, worth, relief, claims)
    ground = map_block(seen, relief, [town.place for town in first.towns])
    return Template(_asset("page.html")).substitute(
        title=html_text(run.scenario.title),
        span=html_text(f"{day_month_year(first.start)} to {day_month_year(first.end)}"),
        summary=_unbroken(html_text(" ".join(summary_sentences(first, names)))),
        claims_link='<a href="#claims">Claims</a> ' if claims else "",
        how_to_read=html_text(how_to_read(first)),
        sections="\n".join(_section(part) for part in parts),
        data=json_text(data_block(seen, run.manifest)),
        aspect=f"{_aspect(relief):.4f}",
        map=json_text(ground),
        figures=_figures(parts),
        style=_asset("page.css"),
        script="\n".join(_asset(name) for name in ("figures.js", "map.js", "tables.js", "start.js")),
        plotly=_packed_plotly(),
    )


def _unbroken(text: str) -> str:
    """Keep a number and its interval on one line."""
    return re.sub(r"[^\s]+ [\[(][^\])]*\d[\])]", lambda found: f'<span class="unbroken">{found[0]}</span>', text)


def _aspect(relief: ReliefPicture) -> float:
    """Return width to height of the relief on the page, a degree of longitude being shorter than one of latitude."""
    return (relief.east - relief.west) * cos(radians((relief.south + relief.north) / 2)) / (relief.north - relief.south)


def _section(section: Section) -> str:
    panels = "".join(_panel(panel) for panel in section.panels)
    width = "panels wide" if section.is_wide else "panels"
    grid = f'<div class="{width}">{panels}</div>' if panels else ""
    lead = f"<p>{html_text(section.lead)}</p>" if section.lead else ""
    content = f"<h2>{html_text(section.title)}</h2>{lead}{_legend(section)}{grid}{section.html}"
    return f'<section id="{html_text(section.key)}">{content}</section>'


def _legend(section: Section) -> str:
    """Return a line that says once what the curves of all panels of a section are."""
    if not section.legend:
        return ""
    return f'<p class="key">{"".join(_key(curve) for curve in section.legend)}</p>'


def _key(curve: Curve) -> str:
    dashes = f' stroke-dasharray="{DASHES[curve.dash]}"' if curve.dash in DASHES else ""
    line = f'<line x1="0" x2="28" y1="6" y2="6" stroke="{html_text(curve.colour)}" stroke-width="2.4"{dashes}/>'
    return f'<span><svg width="28" height="12" aria-hidden="true">{line}</svg> {html_text(curve.name)}</span> '


def _panel(panel: Panel) -> str:
    title = html_text(panel.title)
    return (
        f"<figure><figcaption><b>{title}</b> {html_text(panel.note)}</figcaption>"
        f'<div class="chart" data-figure="{html_text(panel.key)}" role="img" aria-label="{title}"></div></figure>'
    )


def _figures(parts: list[Section]) -> str:
    """Return the figures by key, as plotly's own JSON."""
    figures = {panel.key: json.loads(panel.figure.to_json()) for part in parts for panel in part.panels}
    return json_text(figures)


def _packed_plotly() -> str:
    """Return plotly's script, gzipped, in base64: two fifths of its size, and no text of it can be taken for markup."""
    script = resources.files("plotly").joinpath("package_data/plotly.min.js").read_bytes()
    return base64.b64encode(gzip.compress(script, GZIP_LEVEL, mtime=0)).decode()


def _asset(name: str) -> str:
    return resources.files("keyterrain.report").joinpath("assets", name).read_text(encoding="utf-8")
