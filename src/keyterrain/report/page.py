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
from keyterrain.report.decisive import decisive_block
from keyterrain.report.escape import html_text, json_text
from keyterrain.report.policies import policies_block
from keyterrain.report.sections import Answers, Panel, Section, sections
from keyterrain.report.summary import how_to_read, summary_sentences
from keyterrain.report.wording import day_month_year

if TYPE_CHECKING:
    from keyterrain.analysis.headline import Headline
    from keyterrain.analysis.outlook import Outlook
    from keyterrain.analysis.relief import ReliefPicture
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
        The folder is not that of a run, nothing of it is finished, or answers kept in it cannot be read.
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
    from keyterrain.analysis.saved_backtest import saved_backtest
    from keyterrain.analysis.saved_claims import saved_claims
    from keyterrain.analysis.saved_decisive import saved_decisive
    from keyterrain.analysis.saved_policies import saved_policies
    from keyterrain.analysis.saved_sensitivity import saved_sensitivity
    from keyterrain.analysis.saved_update import saved_update
    from keyterrain.analysis.terrain import terrain

    answers = Answers(
        claims=saved_claims(run.path),
        decisive=saved_decisive(run.path),
        policies=saved_policies(run.path),
        backtest=saved_backtest(run.path),
        update=saved_update(run.path),
        sensitivity=saved_sensitivity(run.path),
    )
    seen = outlook(run)
    first = headline(seen)
    relief = shaded_relief(seen.situation.terrain_path, seen.situation.places)
    ground = terrain(run.scenario, start=seen.situation.start)
    return _page(run, seen, first, relief, ground, answers)


def _page(run: Run, seen: Outlook, first: Headline, relief: ReliefPicture, worth: TerrainAnswer, answers: Answers) -> str:
    names = {side.key: side.name for side in seen.situation.sides}
    parts = sections(run, seen, worth, relief, answers)
    ground = map_block(seen, relief, [town.place for town in first.towns])
    return Template(_asset("page.html")).substitute(
        title=html_text(run.scenario.title),
        span=html_text(f"{day_month_year(first.start)} to {day_month_year(first.end)}"),
        summary=_unbroken(html_text(" ".join(summary_sentences(first, names)))),
        answer_links="".join(f'<a href="#{key}">{name}</a> ' for key, name in answers.contents.items()),
        how_to_read=html_text(how_to_read(first)),
        sections="\n".join(_section(part) for part in parts),
        data=json_text({**data_block(seen, run.manifest), **_answer_blocks(seen, answers)}),
        aspect=f"{_aspect(relief):.4f}",
        map=json_text(ground),
        figures=_figures(parts),
        style=_asset("page.css"),
        script="\n".join(_asset(name) for name in ("figures.js", "map.js", "worth.js", "tables.js", "start.js")),
        plotly=_packed_plotly(),
    )


def _answer_blocks(seen: Outlook, answers: Answers) -> dict[str, object]:
    """Return what the pictures of kept answers show, for the data block."""
    from keyterrain.analysis.outlines import area_outlines

    blocks: dict[str, object] = {}
    if answers.decisive:
        outlines = area_outlines(seen.situation.places, [each.key for each in answers.decisive.areas])
        places = seen.control.value["place"].to_numpy().tolist()
        blocks["decisive"] = decisive_block(answers.decisive, outlines, places)
    if answers.policies:
        blocks["policies"] = policies_block(answers.policies)
    return blocks


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
    figures = {key: figure for part in parts for key, figure in ((panel.key, panel.figure) for panel in part.panels)}
    figures |= {key: figure for part in parts for key, figure in part.figures.items()}
    return json_text({key: json.loads(figure.to_json()) for key, figure in figures.items()})


def _packed_plotly() -> str:
    """Return plotly's script, gzipped, in base64: two fifths of its size, and no text of it can be taken for markup."""
    script = resources.files("plotly").joinpath("package_data/plotly.min.js").read_bytes()
    return base64.b64encode(gzip.compress(script, GZIP_LEVEL, mtime=0)).decode()


def _asset(name: str) -> str:
    return resources.files("keyterrain.report").joinpath("assets", name).read_text(encoding="utf-8")
