"""The picture of an answer about spillover: one page of drawings that opens offline, without scripts."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from keyterrain.report.escape import html_text
from keyterrain.report.palette import BLUE, GREY, INK, SKY, VERMILLION, translucent
from keyterrain.report.tables import table

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import date

    from keyterrain.analysis.spillover.answer import Direction, Excitation, SpilloverAnswer
    from keyterrain.analysis.spillover.incidents import IncidentAnswer
    from keyterrain.analysis.spillover.series import DailySeries

WIDTH, LEFT, RIGHT = 980, 16, 16
MOST_LINKS = 600
AROUND_DAYS = 30
STYLE = """
body {font: 15px/1.5 system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, 'DejaVu Sans', sans-serif;
  color: #222; max-width: 1020px; margin: 24px auto; padding: 0 20px}
h1 {font-size: 22px; margin: 0 0 4px; overflow-wrap: anywhere}
h2 {font-size: 17px; margin: 28px 0 4px}
svg {width: 100%; height: auto; display: block}
svg text {font: 12px system-ui, -apple-system, 'Segoe UI', Roboto, Arial, 'DejaVu Sans', sans-serif; fill: #222}
svg .faint {fill: #666}
.verdict {font-size: 17px; border-left: 5px solid #0072B2; padding: 6px 12px; background: #f4f7fa}
.two {display: grid; grid-template-columns: 1fr 1fr; gap: 24px}
@media (max-width: 720px) {.two {grid-template-columns: 1fr}}
.note {color: #555; font-size: 13px; margin: 4px 0}
table {border-collapse: collapse; font-size: 14px}
td, th {padding: 4px 10px; border-bottom: 1px solid #e2e2dc; text-align: left}
caption {text-align: left; color: #555}
th button {all: unset; font-weight: 600}
.matrix td {text-align: center; min-width: 130px}
.warn {margin: 2px 0; padding-left: 16px; text-indent: -16px}
"""
WAYS = ("First, then second", "Second, then first")
VERDICTS = {"connected": "Connected", "coincidence": "Coincidence", "cannot tell": "Cannot tell"}


def write_spillover_page(answer: SpilloverAnswer, to: Path) -> Path:
    """Write the picture as one HTML file, whole or not at all."""
    to.parent.mkdir(parents=True, exist_ok=True)
    beside = to.with_name(f".{to.name}.new")
    try:
        beside.write_text(spillover_page(answer), encoding="utf-8")
        beside.replace(to)
    except OSError:
        beside.unlink(missing_ok=True)
        raise
    return to


def spillover_page(answer: SpilloverAnswer) -> str:
    """Return the picture as HTML."""
    body = "\n".join((*_heading(answer), *_when(answer), *_chance(answer), *_lags(answer), *_rest(answer)))
    policy = "default-src 'none'; style-src 'unsafe-inline'"
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
        f"<title>Spillover: {html_text(answer.verdict)}</title><style>{STYLE}</style></head>\n<body>\n{body}\n</body></html>\n"
    )


def _heading(answer: SpilloverAnswer) -> list[str]:
    question, there = answer.question, answer.there
    asked = (
        f"{answer.n_events} events, {answer.first_day} to {answer.last_day}; window {question.window} days from day "
        f"{question.lag}; trend {question.trend_days:g} days; seed {question.seed}; keyterrain {html_text(answer.version)}"
    )
    said = html_text(answer.sentence.partition(": ")[2])
    return [
        f"<h1>{html_text(there.triggers.name)} and {html_text(there.followers.name)}</h1>",
        _note(asked),
        f'<p class="verdict"><b>{VERDICTS[answer.verdict]}.</b> {said}</p>',
    ]


def _when(answer: SpilloverAnswer) -> list[str]:
    said = (
        f"Each mark is a day with events, taller for more. Lines join a first event to second ones within "
        f"{answer.question.window} days after it; coloured marks have such a partner."
    )
    triggers = dict.fromkeys(each.incident.trigger_on for each in answer.incidents)
    parts = ["<h2>When</h2>", _note(said), timelines(answer.there, answer.first_day)]
    parts += [_around(answer, trigger) for trigger in triggers]
    return [*parts, _incident_table(answer.incidents)] if answer.incidents else parts


def _chance(answer: SpilloverAnswer) -> list[str]:
    said = (
        "Bars: the largest excess of followers over all lags, in series with the same trend and clustering and no regard to each "
        "other. Line: what was observed. To the right of nearly all bars it would be no chance."
    )
    figures = [_null_figure(way, each) for way, each in zip(WAYS, (answer.there, answer.back), strict=True)]
    return ["<h2>What chance does</h2>", '<div class="two">', *figures, "</div>", _note(said)]


def _lags(answer: SpilloverAnswer) -> list[str]:
    said = "Additional events on each day after a trigger. All points lie within the band in 95% of series without connection."
    figures = [_lag_figure(way, each) for way, each in zip(WAYS, (answer.there, answer.back), strict=True)]
    return ["<h2>After how many days</h2>", '<div class="two">', *figures, "</div>", _note(said)]


def _rest(answer: SpilloverAnswer) -> list[str]:
    parts = ["<h2>Who raises whom</h2>", _matrix(answer.excitation)] if answer.excitation else []
    warnings = [f'<p class="warn">! {html_text(each)}</p>' for each in answer.warnings]
    return [
        *parts, "<h2>In numbers</h2>", _numbers((answer.there, answer.back)), "<h2>What else could look like this</h2>", *warnings
    ]  # fmt: skip


def _note(text: str) -> str:
    return f'<p class="note">{text}</p>'


def timelines(direction: Direction, first_day: date) -> str:
    """Return both series above each other, with their coincidences."""
    n_days = direction.triggers.n_days
    pairs = direction.pairs
    upper, lower = {day for day, _ in pairs}, {day for _, day in pairs}
    step = (WIDTH - LEFT - RIGHT) / n_days
    x = [LEFT + step * (day + 0.5) for day in range(n_days)]
    links = ""
    if len(pairs) <= MOST_LINKS:
        colour = translucent(VERMILLION, 0.45)
        links = "".join(f'<line x1="{x[a]:.1f}" y1="70" x2="{x[b]:.1f}" y2="112" stroke="{colour}"/>' for a, b in pairs)
    shapes = [
        _ticks(direction.triggers, x, 70, -1, upper, BLUE),
        _ticks(direction.followers, x, 112, 1, lower, VERMILLION),
        links,
        _dates(first_day, n_days, x, 178),
        f'<text x="{LEFT}" y="14">first: {html_text(_short(direction.triggers.name))} ({direction.triggers.n})</text>',
        f'<text x="{LEFT}" y="196">second: {html_text(_short(direction.followers.name))} ({direction.followers.n})</text>',
    ]
    return _svg(WIDTH, 202, "Timelines of both series", shapes)


def _ticks(series: DailySeries, x: Sequence[float], y: int, up: int, paired: set[int], colour: str) -> str:
    most = max(int(series.counts.max()), 1)
    found = []
    for day in sorted(set(series.days.tolist())):
        length = 12 + 34 * int(series.counts[day]) / most
        stroke = colour if day in paired else GREY
        found.append(
            f'<line x1="{x[day]:.1f}" x2="{x[day]:.1f}" y1="{y}" y2="{y + up * length:.1f}" stroke="{stroke}" stroke-width="2"/>'
        )
    base = f'<line x1="{x[0]:.1f}" x2="{x[-1]:.1f}" y1="{y}" y2="{y}" stroke="#c9c9c2"/>'
    return base + "".join(found)


def _dates(first_day: date, n_days: int, x: Sequence[float], y: int) -> str:
    """Return a label at every so many firsts of a month."""
    firsts = [day for day in range(n_days) if (first_day + timedelta(days=day)).day == 1]
    every = max(1, -(-len(firsts) // 9))
    return "".join(
        f'<line x1="{x[day]:.1f}" x2="{x[day]:.1f}" y1="70" y2="{y - 12}" stroke="#ecece6"/>'
        f'<text class="faint" x="{x[day]:.1f}" y="{y}" text-anchor="middle">{first_day + timedelta(days=day):%b %Y}</text>'
        for day in firsts[::every]
    )


def _around(answer: SpilloverAnswer, trigger: date) -> str:
    """Return the days around a trigger with the incidents held against it."""
    there = answer.there
    centre = (trigger - answer.first_day).days
    days = [day for day in range(centre - AROUND_DAYS, centre + AROUND_DAYS + 1) if 0 <= day < there.triggers.n_days]
    step = (WIDTH - LEFT - RIGHT) / len(days)
    x = {day: LEFT + step * (i + 0.5) for i, day in enumerate(days)}
    shapes = [f'<rect x="{x[centre] - step / 2:.1f}" y="18" width="{step:.1f}" height="104" fill="{translucent(SKY, 0.35)}"/>']
    for series, y, up, colour in ((there.triggers, 66, -1, BLUE), (there.followers, 76, 1, VERMILLION)):
        shapes += [
            f'<rect x="{x[day] - step / 3:.1f}" y="{y - 11 * (i + 1) if up < 0 else y + 11 * i}" width="{step * 2 / 3:.1f}" '
            f'height="9" fill="{colour}"/>'
            for day in days
            for i in range(min(int(series.counts[day]), 4))
        ]
    shapes += [
        f'<text class="faint" x="{x[day]:.1f}" y="140" text-anchor="middle">{answer.first_day + timedelta(days=day):%d %b}</text>'
        for day in days[::10]
    ]
    for row, each in enumerate(one for one in answer.incidents if one.incident.trigger_on == trigger):
        at = x.get((each.incident.on - answer.first_day).days)
        if at is not None:
            shapes.append(f'<circle cx="{at:.1f}" cy="{82 + 16 * row}" r="7" fill="none" stroke="{INK}" stroke-width="2"/>')
    shapes.append(
        f'<text x="{LEFT}" y="14">first (above) and second (below) around {trigger}; rings: the incidents asked about</text>'
    )
    return _svg(WIDTH, 148, f"Days around {trigger}", shapes)


def _incident_table(incidents: Sequence[IncidentAnswer]) -> str:
    headers = ["Incident", "Trigger dated", "Lag", "Chance of one of its kind so close: even scatter", "with its trend",
               "with its clusters", "Chance of any incident looked at", "Chance near some trigger"]  # fmt: skip
    rows = [
        [
            (html_text(each.incident.label), None), (str(each.incident.trigger_on), None), (f"{each.lag} d", None),
            (f"{each.p['poisson']:.3f}", None), (f"{each.p['trend']:.3f}", None), (f"{each.p['circular_shift']:.3f}", None),
            (f"{each.p_any['circular_shift']:.2f} ({each.n_any})", None),
            (f"{each.p_some_trigger['circular_shift']:.2f} ({each.n_triggers})", None),
        ]
        for each in incidents
    ]  # fmt: skip
    return table(headers, rows, caption="Named incidents: how often chance comes as close")


def _null_figure(title: str, direction: Direction) -> str:
    edges, counts = direction.test.histogram()
    low, high, most = float(edges[0]), float(edges[-1]), max(float(counts.max()), 1.0)

    def at(value: float) -> float:
        return 20 + 440 * (value - low) / (high - low)

    bars = [
        f'<rect x="{at(float(a)):.1f}" y="{140 - 110 * float(n) / most:.1f}" width="{at(float(b)) - at(float(a)):.1f}" '
        f'height="{110 * float(n) / most:.1f}" fill="{translucent(BLUE, 0.55)}"/>'
        for a, b, n in zip(edges[:-1], edges[1:], counts, strict=True)
    ]
    seen = at(direction.test.observed)
    anchor = "end" if seen > 330 else "start"
    label = f"observed, p {direction.test.p:.3f}"
    shapes = [
        *bars,
        f'<line x1="{seen:.1f}" x2="{seen:.1f}" y1="26" y2="140" stroke="{VERMILLION}" stroke-width="2.5"/>',
        f'<text x="{seen + (6 if anchor == "start" else -6):.1f}" y="36" text-anchor="{anchor}">{label}</text>',
        '<line x1="20" x2="460" y1="140" y2="140" stroke="#c9c9c2"/>',
        f'<text x="20" y="14">{title}</text>',
        '<text class="faint" x="460" y="156" text-anchor="end">largest excess over lags, in standard deviations</text>',
    ]
    return _svg(480, 162, f"{title}: null distribution and observed value", shapes)


def _lag_figure(title: str, direction: Direction) -> str:
    curve = direction.by_lag
    n = len(curve.effect)
    top = max(float(max(curve.high.max(), curve.effect.max())), 1e-9) * 1.1
    bottom = min(float(min(curve.low.min(), curve.effect.min())), -1e-9) * 1.1

    def y(value: float) -> float:
        return 24 + 116 * (top - value) / (top - bottom)

    def x(lag: int) -> float:
        return 50 + 410 * (lag + 0.5) / n

    band = " ".join(
        [f"{x(i):.1f},{y(float(curve.high[i])):.1f}" for i in range(n)]
        + [f"{x(i):.1f},{y(float(curve.low[i])):.1f}" for i in reversed(range(n))]
    )
    shapes = [
        f'<polygon points="{band}" fill="{translucent(BLUE, 0.2)}"/>',
        f'<line x1="50" x2="460" y1="{y(0):.1f}" y2="{y(0):.1f}" stroke="#c9c9c2"/>',
        *(
            f'<line x1="{x(i):.1f}" x2="{x(i):.1f}" y1="{y(0):.1f}" y2="{y(float(v)):.1f}" stroke="{colour}" stroke-width="3"/>'
            for i, v in enumerate(curve.effect)
            for colour in [VERMILLION if v > curve.high[i] else INK]
        ),
        f'<text class="faint" x="46" y="{y(top) + 10:.1f}" text-anchor="end">{top:+.2f}</text>',
        f'<text class="faint" x="46" y="{y(bottom):.1f}" text-anchor="end">{bottom:+.2f}</text>',
        *(f'<text class="faint" x="{x(i):.1f}" y="158" text-anchor="middle">{i}</text>' for i in range(0, n, 7)),
        '<text class="faint" x="462" y="158" text-anchor="end">days</text>',
        f'<text x="50" y="14">{title}</text>',
    ]
    return _svg(480, 164, f"{title}: additional events by lag", shapes)


def _matrix(fitted: Excitation) -> str:
    most = max(float(fitted.branching.max()), 1e-9)
    rows = []
    for i, name in enumerate(("first", "second")):
        cells = "".join(
            f'<td style="background:{translucent(BLUE, 0.6 * float(fitted.branching[i, j]) / most)}"><b>'
            f"{fitted.branching[i, j]:.2f}</b><br><small>{fitted.low[i, j]:.2f} to {fitted.high[i, j]:.2f}</small></td>"
            for j in range(2)
        )
        rows.append(f'<tr><th scope="row">raised in {name}</th>{cells}<td>{fitted.fading_days[i]:.1f} d</td></tr>')
    return (
        '<table class="matrix"><caption>Events that one event raises, 95% intervals, and days until it fades to 1/e</caption>'
        '<thead><tr><th></th><th scope="col">by one of the first</th><th scope="col">by one of the second</th>'
        f'<th scope="col">fades in</th></tr></thead><tbody>{"".join(rows)}</tbody></table>'
        f'<p class="note">First to second less the reverse: {fitted.difference:+.2f} ({fitted.difference_low:+.2f} to '
        f"{fitted.difference_high:+.2f}).</p>"
    )


def _numbers(directions: Iterable[Direction]) -> str:
    headers = [
        "", "Verdict", "Additional per trigger", "p surrogates", "p even scatter", "p likelihood ratio", "Power", "Preceded",
        "Followed",
    ]  # fmt: skip
    rows = []
    for way, each in zip(WAYS, directions, strict=True):
        ratio = each.p["likelihood_ratio"]
        rows.append(
            [
                (way, None), (each.verdict, None),
                (f"{each.test.effect:+.2f} ({each.test.low:+.2f} to {each.test.high:+.2f})", None),
                (f"{each.test.p:.3f}", None), (f"{each.p['poisson']:.3f}", None),
                ("not fitted" if ratio is None else f"{ratio:.3f}", None),
                (f"{each.power.value:.0%} for {each.power.effect:g}", None),
                (f"{each.coincidence.preceded} of {each.coincidence.n_followers}", None),
                (f"{each.coincidence.followed} of {each.coincidence.n_triggers}", None),
            ]
        )  # fmt: skip
    return table(headers, rows, caption="Both directions")


def _short(name: str) -> str:
    return name if len(name) <= 90 else name[:87] + "..."


def _svg(width: int, height: int, label: str, shapes: Iterable[str]) -> str:
    return f'<svg viewBox="0 0 {width} {height}" role="img" aria-label="{html_text(label)}">{"".join(shapes)}</svg>'
