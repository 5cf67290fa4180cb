"""Layers of a run: probabilities of control, captures, open roads, corridors and displaced people by date, beside the record.

Everything here is an outlook laid out in rows; nothing is estimated anew. Weekly figures carry the dates of their weeks.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from keyterrain.analysis.bands import LEVELS
from keyterrain.analysis.control import CAPTURE_LEVELS
from keyterrain.analysis.layers import (
    NOWHERE,
    Field,
    Layer,
    Layers,
    area_members,
    area_shapes,
    point,
    route_shapes,
    standing_layers,
)
from keyterrain.analysis.outlook import outlook

if TYPE_CHECKING:
    from keyterrain.analysis.estimate import Estimate
    from keyterrain.analysis.outlook import Outlook
    from keyterrain.campaign.ensemble import Run

BANDS = {level: f"p{100 * level:02.0f}" for level in LEVELS}
"""Names of the quantiles that make up a band."""

Values = npt.NDArray[Any]


def run_layers(run: Run) -> Layers:
    """Return what a run says, with the places, routes and areas that it was played on.

    Raises
    ------
    ValueError
        No replicate of the run is finished.
    """
    seen = outlook(run)
    plan = run.manifest.plan
    asked = plan.interventions.to_json()
    return Layers(
        scenario=plan.scenario,
        title=run.scenario.title,
        start=plan.start,
        days=plan.days,
        fingerprint=plan.fingerprint,
        layers=(*standing_layers(seen.situation), *_played(seen)),
        n_replicates=seen.n_replicates,
        seed=plan.seed,
        interventions="; ".join(f"{what}: {asked[what]}" for what in asked),
        version=plan.version,
    )


def _played(seen: Outlook) -> Iterator[Layer]:
    yield _control(seen)
    yield _area_control(seen)
    yield _captures(seen)
    yield _route_open(seen)
    yield _corridor_open(seen)
    yield _displaced(seen)
    yield _observed(seen)


def _control(seen: Outlook) -> Layer:
    """Return one row per evening and place, with the probability of each holder."""
    places = seen.situation.places
    keys = [place.key for place in places]
    rows = _Rows(seen.dates, len(places))
    holders = [str(holder) for holder in seen.control.value["holder"].to_numpy()]
    estimate = seen.control.sel(place=keys)
    fields = [rows.dates(), *_labels(rows, "place", "loc", keys, [place.name for place in places])]
    for holder in holders:
        what = "it is contested" if holder == "contested" else f"{holder} holds it"
        fields += _probability(f"p_{holder}", f"probability that {what}", f"control+{_tag(holder)}", estimate.sel(holder=holder))
    says = "Who holds each place on each evening, as shares of replicates with their 95 % intervals"
    return Layer("control", says, "point", tuple(fields), tuple(point(place) for place in places), rows.of_each)


def _area_control(seen: Outlook) -> Layer:
    """Return one row per evening and area, with the mean share of its places that each holder has."""
    members = area_members(seen.situation)
    rows = _Rows(seen.dates, len(members))
    names = [seen.situation.areas[key] for key in members]
    fields = [rows.dates(), *_labels(rows, "area", "region", list(members), names)]
    by_area = [seen.control.value.sel(place=[place.key for place in places]).mean("place") for places in members.values()]
    for holder in [str(label) for label in seen.control.value["holder"].to_numpy()]:
        shares = np.stack([area.sel(holder=holder).to_numpy() for area in by_area], axis=1)
        meaning = f"mean share of its places that are held by {holder}" if holder != "contested" else "mean share contested"
        fields.append(Field(f"share_{holder}", meaning, "1", f"#indicator+share+control+{_tag(holder)}", shares.ravel()))
    says = "Share of each area's places by holder on each evening, mean over replicates"
    return Layer("area_control", says, "polygon", tuple(fields), area_shapes(seen.situation), rows.of_each)


def _captures(seen: Outlook) -> Layer:
    """Return one row per place and active side that might take it."""
    captures, last = seen.captures, seen.days[-1]
    sides = [side.key for side in seen.situation.sides if side.active]
    number = {place.key: row for row, place in enumerate(seen.situation.places)}
    might = [(side, key) for key in number for side in sides if float(captures.n_at_start.sel(side=side, place=key)) > 0]
    at_end = captures.p_by.sel(day=last)
    picked = {name: [float(getattr(at_end, name).sel(side=side, place=key)) for side, key in might] for name in _PARTS}
    days = [captures.day.sel(side=side, place=key).to_numpy() for side, key in might]
    names = {place.key: place.name for place in seen.situation.places}
    fields = [
        Field("place", "key of the place", "", "#loc+code", [key for _, key in might]),
        Field("name", "display name", "", "#loc+name", [names[key] for _, key in might]),
        Field("side", "side that may take it", "", "#org+code", [side for side, _ in might]),
        Field("p_taken", "probability that it has held it by the end", "1", "#indicator+probability+taken", picked["value"]),
        Field("p_taken_low", "95 % interval, low", "1", "#indicator+probability+taken+low", picked["low"]),
        Field("p_taken_high", "95 % interval, high", "1", "#indicator+probability+taken+high", picked["high"]),
    ]
    for column, level in enumerate(CAPTURE_LEVELS):
        meaning = f"date by which {100 * level:.0f} % of replicates have seen it taken; blank where it does not come that far"
        when = [None if np.isnan(day[column]) else seen.date_of(day[column]) for day in days]
        fields.append(Field(f"date_p{100 * level:02.0f}", meaning, "", f"#date+taken+p{100 * level:02.0f}", when))
    shapes = tuple(point(place) for place in seen.situation.places)
    of_row = np.array([number[key] for _, key in might], dtype=np.int64)
    says = "When each place may first be taken by a side that did not hold it at the start"
    return Layer("captures", says, "point", tuple(fields), shapes, of_row)


def _route_open(seen: Outlook) -> Layer:
    """Return one row per week and route."""
    keys = [route.key for route in seen.situation.routes]
    rows = _Rows([seen.date_of(week) for week in seen.weeks], len(keys))
    routes = seen.routes
    fields = [rows.dates(), Field("route", "key of the route", "", "#access+code", rows.each(keys))]
    for mode in [str(label) for label in routes.p_open.value["mode"].to_numpy()]:
        share = routes.p_open.sel(mode=mode, route=keys)
        fields += _means(f"open_{mode}", f"mean part of the day on which it can be used ({mode})", f"#access+open+{mode}", share)
    for side in [str(label) for label in routes.threat.value["side"].to_numpy()]:
        threat = routes.threat.sel(side=side, route=keys).value.to_numpy().ravel()
        meaning = f"mean threat to the traffic of {side}"
        fields.append(Field(f"threat_{side}", meaning, "1", f"#access+threat+{_tag(side)}", threat))
    snow = routes.p_snow.sel(route=keys).value.to_numpy().ravel()
    fields.append(Field("p_snow", "probability that snow lies at its highest point", "1", "#access+snow", snow))
    says = "What each road is worth week by week, whoever holds it; drawn as the straight line between its ends"
    return Layer("route_open", says, "line", tuple(fields), route_shapes(seen.situation), rows.of_each)


def _corridor_open(seen: Outlook) -> Layer:
    """Return one row per evening and corridor; it may lead by several ways, so it has no shape."""
    corridors = [corridor for key in seen.corridor_order for corridor in seen.situation.corridors if corridor.key == key]
    keys = [corridor.key for corridor in corridors]
    rows = _Rows(seen.dates, len(keys))
    open_ = seen.corridors.p_open.sel(corridor=keys)
    fields = [
        rows.dates(),
        *_labels(rows, "corridor", "access", keys, [corridor.name for corridor in corridors]),
        Field("side", "side that needs it", "", "#org+code", rows.each([corridor.side for corridor in corridors])),
        *_probability("p_open", "probability that some way through it is not closed to its side", "open", open_),
    ]
    return Layer("corridor_open", "Whether each corridor is open to its side on each evening", "none", tuple(fields))


def _displaced(seen: Outlook) -> Layer:
    """Return one row per week and host; countries and people on the way have no shape."""
    band = seen.displaced.by_host
    hosts = [str(host) for host in band["host"].to_numpy()]
    names = {place.key: place.name for place in seen.situation.places}
    names.update({country.key: country.name for country in seen.situation.abroad})
    number = {place.key: row for row, place in enumerate(seen.situation.places)}
    rows = _Rows([seen.date_of(week) for week in seen.weeks], len(hosts))
    fields = [rows.dates(), *_labels(rows, "host", "loc", hosts, [names.get(host, host.replace("_", " ")) for host in hosts])]
    for level, name in BANDS.items():
        people = band.sel(level=level).to_numpy().ravel()
        what = f"displaced people there, {100 * level:.0f} per cent point"
        fields.append(Field(name, what, "people", f"#affected+displaced+{name}", people))
    of_host = np.array([number.get(host, NOWHERE) for host in hosts], dtype=np.int64)
    says = "Displaced people by where they are, those of the start included; the dead are counted as a host"
    shapes = tuple(point(place) for place in seen.situation.places)
    return Layer("displaced", says, "point", tuple(fields), shapes, of_host[rows.of_each])


def _observed(seen: Outlook) -> Layer:
    """Return the changes of hands that the record has after the start; no run from it could know them."""
    changes = seen.observed.changes
    number = {place.key: row for row, place in enumerate(seen.situation.places)}
    names = {place.key: place.name for place in seen.situation.places}
    fields = (
        Field("date", "first evening", "", "#date", [change.on for change in changes]),
        Field("place", "key of the place", "", "#loc+code", [change.place for change in changes]),
        Field("name", "display name", "", "#loc+name", [names.get(change.place, change.place) for change in changes]),
        Field("holder", "side that held it, or most of it", "", "#org+code+holder", [change.holder for change in changes]),
        Field("contested_by", "side that held the rest", "", "#org+code+contender", [change.contested_by for change in changes]),
        Field("precision_days", "how far the date may be off", "days", "#date+error", [row.precision_days for row in changes]),
        Field("source", "sources", "", "#meta+source", [change.source for change in changes]),
        Field("grade", "Admiralty code", "", "#meta+grade", [change.grade for change in changes]),
    )
    of_row = np.array([number.get(change.place, NOWHERE) for change in changes], dtype=np.int64)
    shapes = tuple(point(place) for place in seen.situation.places)
    return Layer(
        "observed", "What the record says of the days played, to be held against the run", "point", fields, shapes, of_row
    )


class _Rows:
    """Rows by date and, within a date, by label."""

    def __init__(self, dates: Iterable[date], n_labels: int) -> None:
        self._dates = list(dates)
        self._n_labels = n_labels
        self.of_each = np.tile(np.arange(n_labels, dtype=np.int64), len(self._dates))

    def dates(self) -> Field:
        """Return the column of dates."""
        return Field("date", "evening", "", "#date", [day for day in self._dates for _ in range(self._n_labels)])

    def each(self, labels: Sequence[str]) -> list[str]:
        """Return labels once for each date."""
        return [*labels] * len(self._dates)


def _labels(rows: _Rows, what: str, hashtag: str, keys: Sequence[str], names: Sequence[str]) -> tuple[Field, Field]:
    return (
        Field(what, f"key of the {what}", "", f"#{hashtag}+code", rows.each(keys)),
        Field("name", "display name", "", f"#{hashtag}+name", rows.each(names)),
    )


_PARTS = ("value", "low", "high")


def _probability(name: str, meaning: str, tag: str, estimate: Estimate) -> list[Field]:
    """Return three columns: a probability and its 95 % interval."""
    return _means(name, meaning, f"#indicator+probability+{tag}", estimate)


def _means(name: str, meaning: str, tag: str, estimate: Estimate) -> list[Field]:
    """Return three columns: an estimate and its 95 % interval, by date and label."""
    columns: list[tuple[str, str, str, Values]] = [
        (name, meaning, tag, estimate.value.to_numpy()),
        (f"{name}_low", f"{meaning}: 95 % interval, low", f"{tag}+low", estimate.low.to_numpy()),
        (f"{name}_high", f"{meaning}: 95 % interval, high", f"{tag}+high", estimate.high.to_numpy()),
    ]
    return [Field(column, says, "1", hashtag, values.ravel()) for column, says, hashtag, values in columns]


def _tag(key: str) -> str:
    """Return a key as an attribute of a hashtag, which takes no hyphen."""
    return key.replace("-", "_")
