"""What a report shows below its map, in order: each section a title, a sentence, its figures and tables."""

from __future__ import annotations

from dataclasses import dataclass, field
from importlib import resources
from typing import TYPE_CHECKING

from keyterrain.analysis.control import THEATRE
from keyterrain.analysis.forces import ALL_KINDS
from keyterrain.analysis.headline import band, destination_name, headline
from keyterrain.analysis.people import DEAD, ON_THE_WAY
from keyterrain.analysis.placerows import horizons, place_rows
from keyterrain.report import figures
from keyterrain.report.backtest import backtest_html, reliability_figure, skill_figure
from keyterrain.report.claims import claims_html, claims_lead
from keyterrain.report.decisive import (
    MOST_RANKED,
    effects_html,
    ground_table,
    ranked_figure,
    ranking_html,
    ranking_key_html,
    worth_map_html,
)
from keyterrain.report.escape import html_text
from keyterrain.report.figures import Curve
from keyterrain.report.ground_taking import starts_html, taking_html
from keyterrain.report.ground_together import pairs_html, shapley_html
from keyterrain.report.palette import GREEN, GREY, SKY, looks
from keyterrain.report.policies import policies_html, policies_lead
from keyterrain.report.relief import relief_html, relief_lead
from keyterrain.report.sensitivity import sensitivity_figures, sensitivity_html, sensitivity_lead
from keyterrain.report.tables import input_table, loss_table, pairs_table, place_table, source_table
from keyterrain.report.terrain import LEAD, terrain_figure, terrain_legend, terrain_table
from keyterrain.report.update import update_html, update_lead
from keyterrain.report.wording import count_with_band, day_month_year, percent_with_error

if TYPE_CHECKING:
    import plotly.graph_objects as go
    import xarray as xr

    from keyterrain.analysis.kept_answers import AskedCampaign
    from keyterrain.analysis.outlook import Outlook
    from keyterrain.analysis.relief import ReliefPicture
    from keyterrain.analysis.saved_backtest import SavedBacktest
    from keyterrain.analysis.saved_claims import SavedClaims
    from keyterrain.analysis.saved_decisive import SavedDecisive
    from keyterrain.analysis.saved_policies import SavedPolicies
    from keyterrain.analysis.saved_sensitivity import SavedSensitivity
    from keyterrain.analysis.saved_update import SavedUpdate
    from keyterrain.analysis.terrain import TerrainAnswer
    from keyterrain.campaign.ensemble import Run
    from keyterrain.report.palette import Look

WORTH = (
    "Worth: how far outcomes elsewhere move when one side rather than the other holds the ground throughout, 0 nothing, 1 "
    "everything. Limits hold for all ground of a kind together and speak of sampling alone. Holding creates no force, and a side "
    "may hold here what it could never take."
)
NO_PLACE = frozenset({ON_THE_WAY, DEAD})


@dataclass(frozen=True, slots=True)
class Panel:
    """One figure with its caption."""

    key: str
    title: str
    note: str
    figure: go.Figure


@dataclass(frozen=True, slots=True)
class Section:
    """A heading, a sentence beneath it, figures, and tables as HTML."""

    key: str
    title: str
    lead: str
    panels: list[Panel] = field(default_factory=list)
    html: str = ""
    legend: tuple[Curve, ...] = ()
    is_wide: bool = False
    figures: dict[str, go.Figure] = field(default_factory=dict)
    """Figures whose frames stand in `html`."""


@dataclass(frozen=True, slots=True)
class Answers:
    """Answers that were kept with a run, None where a question was not asked."""

    claims: SavedClaims | None = None
    decisive: SavedDecisive | None = None
    policies: SavedPolicies | None = None
    backtest: SavedBacktest | None = None
    update: SavedUpdate | None = None
    sensitivity: SavedSensitivity | None = None

    @property
    def rests_on_relief(self) -> bool:
        """Whether some answer says what the assumptions about relief carry of it."""
        return any(answer is not None and answer.relief is not None for answer in (self.claims, self.decisive))

    @property
    def contents(self) -> dict[str, str]:
        """Keys of their sections, and what they are called in the table of contents."""
        every = (
            ("claims", "Claims", self.claims),
            ("decisive", "Which ground", self.decisive),
            ("relief", "Mountains", self.rests_on_relief),
            ("policies", "Policies", self.policies),
            ("backtest", "Backtest", self.backtest),
            ("update", "Update", self.update),
            ("sensitivity", "What matters", self.sensitivity),
        )
        return {key: name for key, name, answer in every if answer}


def sections(run: Run, seen: Outlook, ground: TerrainAnswer, relief: ReliefPicture, answers: Answers) -> list[Section]:
    """Return all sections below the map, those of questions where answers to them were kept."""
    return [
        *([_claims(run, answers.claims)] if answers.claims else []),
        *([_decisive(run, answers.decisive)] if answers.decisive else []),
        *([_relief(run, answers)] if answers.rests_on_relief else []),
        *([_policies(run, answers.policies)] if answers.policies else []),
        *([_backtest(run, seen, answers.backtest)] if answers.backtest else []),
        *([_update(run, seen, answers.update)] if answers.update else []),
        *([_sensitivity(run, answers.sensitivity)] if answers.sensitivity else []),
        _corridors(seen),
        _towns(seen),
        _losses(seen),
        _cut_off(seen),
        _displaced(seen),
        _ground(seen, ground, relief),
        _places(seen),
        _inputs(run, seen),
        _manifest(run, seen),
        _scope(),
    ]


def _claims(run: Run, claims: SavedClaims) -> Section:
    html = claims_html(claims, run.manifest.digest or "")
    return Section("claims", "Claims put to the test", claims_lead(claims), html=html)


def _decisive(run: Run, saved: SavedDecisive) -> Section:
    first, n = saved.places[:MOST_RANKED], len(saved.places)
    of_places = f"all {n}" if len(first) == n else f"the first {len(first)} of {n}"
    rankings = (
        ("ranked-areas", "Areas", f"all {len(saved.areas)}", saved.areas, saved.bar_of_areas),
        ("ranked-places", "Places", of_places, first, saved.bar_of_places),
    )
    shown = [each for each in rankings if any(ground.spread for ground in each[3])]
    frames = "".join(ranking_html(key, title, note, grounds) for key, title, note, grounds, _ in shown)
    html = (
        _of_another_campaign(run, saved.campaign)
        + f'<p class="note">{html_text(WORTH)}</p>'
        + worth_map_html(saved)
        + f"<h3>Ranked by worth</h3>{ranking_key_html()}"
        + f'<div class="panels wide rankings">{frames}</div>'
        + effects_html(saved)
        + shapley_html(saved)
        + pairs_html(saved)
        + ground_table(saved)
        + starts_html(saved)
        + taking_html(saved)
    )
    drawn = {key: ranked_figure(grounds, bar) for key, _, _, grounds, bar in shown}
    return Section("decisive", "Which ground decides", saved.sentence, html=html, figures=drawn)


def _relief(run: Run, answers: Answers) -> Section:
    claims = answers.claims.relief if answers.claims else None
    ground = answers.decisive.relief if answers.decisive else None
    warning = _of_another_campaign(run, answers.decisive.campaign) if answers.decisive and ground else ""
    html = warning + relief_html(claims, ground)
    return Section("relief", "What rests on the assumptions about mountains", relief_lead(claims, ground), html=html)


def _policies(run: Run, saved: SavedPolicies) -> Section:
    html = _of_another_campaign(run, saved.campaign) + policies_html(saved)
    return Section("policies", "Policies compared", policies_lead(saved), html=html)


def _backtest(run: Run, seen: Outlook, saved: SavedBacktest) -> Section:
    html = _of_another_campaign(run, saved.campaign) + backtest_html(saved, _names(seen))
    panels = []
    if saved.calibration:
        note = "all places and horizons in bins, intervals by episodes; on the dashed line forecasts mean what they say"
        panels.append(Panel("reliability", "Reliability", note, reliability_figure(saved)))
    if saved.brier:
        note = "Brier score of control by horizon, lower is better, beside rivals"
        panels.append(Panel("brier-by-horizon", "By horizon", note, skill_figure(saved)))
    return Section("backtest", "Forecast beside what happened", saved.sentence, panels, html=html, is_wide=True)


def _update(run: Run, seen: Outlook, saved: SavedUpdate) -> Section:
    html = _of_another_campaign(run, saved.campaign) + update_html(saved, _names(seen))
    return Section("update", "In the light of what was seen", update_lead(saved), html=html)


def _names(seen: Outlook) -> dict[str, str]:
    """Return display names of places, corridors, countries and sides by key."""
    at = seen.situation
    names = {place.key: place.name for place in at.places} | {way.key: way.name for way in at.corridors}
    return names | {country.key: country.name for country in at.abroad} | {side.key: side.name for side in at.sides}


def _of_another_campaign(run: Run, asked: AskedCampaign) -> str:
    """Return a warning where an answer that lies in the run's folder is about another campaign."""
    differing = asked.differences(run.manifest.plan)
    return f'<p class="warning">This answer is about {html_text(" and ".join(differing))}.</p>' if differing else ""


def _sensitivity(run: Run, saved: SavedSensitivity) -> Section:
    titles = {source.key: source.title for source in run.scenario.sources}
    html = _of_another_campaign(run, saved.campaign) + sensitivity_html(saved, titles)
    drawn = sensitivity_figures(saved)
    return Section("sensitivity", "What matters, and what to verify", sensitivity_lead(saved), html=html, figures=drawn)


def _active_looks(seen: Outlook) -> list[Look]:
    active = {side.key for side in seen.situation.sides if side.active}
    return [look for look in looks(seen.situation.sides) if look.holder in active]


def _corridors(seen: Outlook) -> Section:
    names = {side.key: side.name for side in seen.situation.sides}
    panels = []
    for overall in headline(seen).corridors:
        where = {"corridor": overall.corridor}
        figure = figures.corridor_figure(
            seen.situation.start,
            seen.corridors.p_open.sel(**where),
            seen.corridors.secure_percent.sel(where),
            seen.corridors.delivery_percent.sel(where),
        )
        note = (
            f"needed by {names[overall.side]}: open on {percent_with_error(overall.share_open)} of days, "
            f"closed on {count_with_band(overall.days_closed)} of {seen.days[-1]}"
        )
        panels.append(Panel(f"corridor-{overall.corridor}", overall.name, note, figure))
    lead = (
        "A corridor is open on a day when some way through it is not closed to the side that needs it. Its security is "
        "the chance that a passage meets no attack; what arrives may also have taken a way round."
    )
    return Section("corridors", "Corridors", lead, panels, legend=figures.CORRIDOR_CURVES, is_wide=True)


def _towns(seen: Outlook) -> Section:
    panels = []
    for area in (THEATRE, *seen.area_order):
        held = seen.towns_held.sel(area=area)
        if not _ever_changes(held):
            continue
        curves = [(Curve(look.name, look.colour), held.sel(holder=look.holder)) for look in _active_looks(seen)]
        name = "The whole theatre" if area == THEATRE else seen.situation.areas[area]
        n_towns = seen.n_towns[area]
        figure = figures.band_figure(seen.situation.start, curves, "towns held", y_axis={"range": [0, n_towns * 1.04]})
        panels.append(Panel(f"towns-{area}", name, f"{n_towns} towns and villages", figure))
    lead = (
        "Lines are medians, bands hold nine replicates in ten; a town counts in every area that it belongs to. What is missing "
        "to the number of towns is contested or neutral. Areas where nothing changes in nine replicates of ten are left out."
    )
    legend = tuple(Curve(look.name, look.colour) for look in _active_looks(seen))
    return Section("towns", "Towns held, by area", lead, panels, legend=legend)


def _ever_changes(band_by_day: xr.DataArray) -> bool:
    return bool((band_by_day != band_by_day.isel(day=0)).any())


def _losses(seen: Outlook) -> Section:
    start, names = seen.situation.start, {actor.key: actor for actor in seen.situation.actors}
    sides = {look.holder: look for look in looks(seen.situation.sides)}
    panels = []
    for actor in seen.losses.by_actor["actor"].to_numpy().tolist():
        lost = seen.losses.by_actor.sel(actor=actor)
        look = sides[names[actor].side]
        curves = [
            (Curve("dead", look.colour), lost.sel(loss_kind="dead")),
            (Curve("dead, wounded, captured, deserted", look.colour, "dash"), lost.sel(loss_kind=ALL_KINDS)),
        ]
        figure = figures.band_figure(start, curves, "fighters")
        panels.append(Panel(f"losses-{actor}", names[actor].name, look.name, figure))
    operations = [(Curve(look.name, look.colour), seen.operations.sel(side=look.holder)) for look in _active_looks(seen)]
    panels.append(Panel("operations", "Operations under way", "by side", figures.band_figure(start, operations, "operations")))
    incidents = [(Curve("raids, ambushes and bombs", GREY), seen.incidents_in_all)]
    panels.append(Panel("incidents", "Raids, ambushes and bombs", "of each day", figures.band_figure(start, incidents, "a day")))
    table = loss_table(
        seen.losses.by_actor.isel(day=-1),
        {key: actor.name for key, actor in names.items()},
        {key: sides[actor.side].name for key, actor in names.items()},
    )
    lead = "Sums since the start; lines are medians, bands hold nine replicates in ten. Wounded who return are not taken off."
    legend = (Curve("dead", GREY), Curve("dead, wounded, captured and deserted", GREY, "dash"))
    return Section("losses", "Losses and fighting", lead, panels, table, legend)


def _cut_off(seen: Outlook) -> Section:
    panels = []
    for look in _active_looks(seen):
        cut_off = seen.cut_off.sel(side=look.holder)
        figure = figures.band_figure(seen.situation.start, [(Curve(look.name, look.colour), cut_off)], "places")
        note = f"by the last evening {count_with_band(band(cut_off.isel(day=-1)))}"
        panels.append(Panel(f"cut-off-{look.holder}", look.name, note, figure))
    lead = (
        "Places with fighters of a side to which nothing has come for three days or more. The darker band holds every "
        "other replicate."
    )
    return Section("cut-off", "Cut off", lead, panels)


def _displaced(seen: Outlook) -> Section:
    situation = seen.situation
    panels = [
        Panel(
            "fled",
            "All, wherever they are",
            f"by the last evening {count_with_band(band(seen.displaced.fled.isel(day=-1)))}",
            figures.band_figure(
                situation.start, [(Curve("displaced beyond the first evening", GREEN), seen.displaced.fled)], "people"
            ),
        )
    ]
    places = {place.key: place.name for place in situation.places} | {one.key: one.name for one in situation.abroad}
    for host in seen.displaced.net_arrivals["host"].to_numpy().tolist():
        counts = [count for count in seen.observed.counts if count.host == host]
        arrivals = seen.displaced.net_arrivals.sel(host=host)
        figure = figures.arrivals_figure(
            situation.start, Curve("arrivals beyond those there at the start", GREEN), arrivals, counts
        )
        note = "with the record's counts: each counts from the start of its own wave, not from the start of the run"
        panels.append(Panel(f"arrivals-{host}", f"Arrivals at {places[host]}", note, figure))
    for area in _destinations(seen):
        people = seen.displaced.fled_to.sel(host_area=area)
        figure = figures.band_figure(situation.start, [(Curve("beyond the first evening", SKY), people)], "people")
        note = f"by the last evening {count_with_band(band(people.isel(week=-1)))}"
        panels.append(Panel(f"fled-to-{area}", _capitalized(destination_name(situation, area)), note, figure))
    lead = (
        "Displaced people beyond those of the first evening, by where they are: below zero where more have gone home or on than "
        "came. The darker band holds every other replicate. By destination they are known every seventh evening and on the last, "
        "with straight lines between. Points are counts from the record: open ones were known at the "
        "start, filled ones came after it and were not seen by the run."
    )
    return Section("displaced", "Displaced people, by destination", lead, panels)


def _capitalized(name: str) -> str:
    return name[:1].upper() + name[1:]


def _destinations(seen: Outlook) -> list[str]:
    """Return destinations where numbers change in more than one replicate of twenty, those that gain most first."""
    last = seen.displaced.fled_to.isel(week=-1)
    areas = [area for area in last["host_area"].to_numpy().tolist() if bool((last.sel(host_area=area) != 0).any())]
    return sorted(areas, key=lambda area: (area in NO_PLACE, -float(last.sel(host_area=area, level=0.5)), area))


def _ground(seen: Outlook, ground: TerrainAnswer, relief: ReliefPicture) -> Section:
    places = {place.key: place for place in seen.situation.places}
    note = "the larger and darker a mark, the harder the ground; roads by how much of them other places see within 5 km"
    panel = Panel("ground", "Defence and observed roads", note, terrain_figure(ground, places, relief))
    return Section("ground", "What the ground is worth", LEAD, [panel], terrain_table(ground), terrain_legend())


def _places(seen: Outlook) -> Section:
    names = {look.holder: look.name for look in looks(seen.situation.sides)}
    lead = (
        "Places held at the start by a side with an enemy that acts, likeliest to fall first. What is taken and lost "
        "again counts as fallen; the column before the date says who holds it at the end. What happened was not seen by "
        "the run."
    )
    table = place_table(place_rows(seen), horizons(seen), names)
    return Section("places", "Place by place", lead, html=table)


def _inputs(run: Run, seen: Outlook) -> Section:
    titles = {source.key: source.title for source in run.scenario.sources}
    lead = (
        "Grades are those of the Admiralty code: A to F for the source, 1 to 6 for what it says. Forces of one actor in "
        "one region share one draw. Whatever says assumption has no source."
    )
    sources = f"<details><summary>Sources ({len(run.scenario.sources)})</summary>{source_table(run.scenario.sources)}</details>"
    return Section("inputs", "Inputs", lead, html=input_table(seen.inputs, titles) + sources)


def _manifest(run: Run, seen: Outlook) -> Section:
    manifest, plan = run.manifest, run.manifest.plan
    done = "" if manifest.is_complete else f" of {plan.replicates:,}: the run is not finished"
    pairs = [
        ("Scenario", plan.scenario),
        ("What the run could know (SHA-256)", plan.fingerprint),
        ("Start", day_month_year(plan.start)),
        ("Days", plan.days),
        ("Seed", plan.seed),
        ("Replicates", f"{seen.n_replicates:,}{done}"),
        ("Interventions", plan.interventions.to_json() or "none"),
        ("Version of keyterrain", plan.version),
        ("Environment", plan.environment.text),
        ("Digest of all arrays", manifest.digest or "not yet"),
    ]
    return Section(
        "manifest", "This run", run.scenario.summary, html=pairs_table(pairs, "What it takes to get the same bytes again")
    )


def _scope() -> Section:
    text = resources.files("keyterrain.report").joinpath("assets", "scope.html").read_text(encoding="utf-8")
    return Section("scope", "Scope and limits", "", html=text)
