"""The few figures that a reader should see first, picked from an outlook by rules that know no theatre by name."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, NamedTuple

from keyterrain.analysis.control import CONTESTED_LABEL, THEATRE
from keyterrain.analysis.estimate import Scalar, scalar
from keyterrain.analysis.outlook import SETTLEMENTS, Outlook
from keyterrain.analysis.people import DEAD, ON_THE_WAY

if TYPE_CHECKING:
    import xarray as xr

    from keyterrain.theatre.nouns import Place, Situation

HELD_SHARE = "area_held_share"
"""Measure of the outcomes that say how much of an area a side holds."""

N_TOWNS = 4
"""How many towns are named."""

N_DESTINATIONS = 2
"""How many destinations of flight are named."""


@dataclass(frozen=True, slots=True)
class Band:
    """Median over replicates with its 5 and 95 per cent points."""

    low: float
    median: float
    high: float


@dataclass(frozen=True, slots=True)
class TownAtTheEnd:
    """A town that a side may take, and the probability that the side holds it on the last evening."""

    place: str
    name: str
    side: str
    p_held: Scalar


@dataclass(frozen=True, slots=True)
class AreaAtTheEnd:
    """Towns of an area that a side holds on the last evening."""

    area: str
    name: str
    side: str
    n_towns: int
    at_start: float
    held: Band


@dataclass(frozen=True, slots=True)
class CorridorOverall:
    """A corridor over the whole campaign."""

    corridor: str
    name: str
    side: str
    share_open: Scalar
    days_closed: Band


@dataclass(frozen=True, slots=True)
class Destination:
    """Displaced people in an area or country beyond those on the first evening."""

    host_area: str
    name: str
    people: Band


@dataclass(frozen=True, slots=True)
class SideAtTheEnd:
    """What the campaign has cost a side by the last evening."""

    side: str
    name: str
    dead: Band
    cut_off: Band


@dataclass(frozen=True, slots=True)
class Headline:
    """Everything that the opening paragraph of a report says."""

    start: date
    end: date
    n_replicates: int
    focus: AreaAtTheEnd | None
    towns: tuple[TownAtTheEnd, ...]
    corridors: tuple[CorridorOverall, ...]
    fled: Band
    destinations: tuple[Destination, ...]
    sides: tuple[SideAtTheEnd, ...]


def headline(outlook: Outlook) -> Headline:
    """Pick what to say first: the area that the outcomes name, its largest contested towns, the corridors, people and losses."""
    focus = _focus(outlook)
    return Headline(
        start=outlook.situation.start,
        end=outlook.dates[-1],
        n_replicates=outlook.n_replicates,
        focus=_area_at_the_end(outlook, focus) if focus.side else None,
        towns=_towns_at_stake(outlook, focus) if focus.side else (),
        corridors=_corridors(outlook),
        fled=band(outlook.displaced.fled.isel(day=-1)),
        destinations=_destinations(outlook),
        sides=_sides(outlook),
    )


def band(values: xr.DataArray) -> Band:
    """Pick the median and the outer edges of a band that has no other dims left."""
    low, median, high = (float(values.sel(level=level)) for level in (0.05, 0.5, 0.95))
    return Band(low, median, high)


def hostile_sides(situation: Situation, side: str) -> tuple[str, ...]:
    """Return the active sides that are hostile to a side, in the scenario's order."""
    return tuple(other.key for other in situation.sides if other.active and _are_hostile(situation, other.key, side))


def destination_name(situation: Situation, host_area: str) -> str:
    """Return the display name of an area, a country abroad, or one of the two states that are no place."""
    abroad = {country.key: country.name for country in situation.abroad}
    return situation.areas.get(host_area) or abroad.get(host_area) or host_area.replace("_", " ")


class _Focus(NamedTuple):
    area: str
    side: str


def _are_hostile(situation: Situation, one: str, other: str) -> bool:
    relations = situation.relations
    return "hostile" in {relations.get((one, other)), relations.get((other, one))}


def _focus(outlook: Outlook) -> _Focus:
    """Return area and side of the outcome about ground held that has most towns, else the theatre and an active side."""
    arguments = [outcome.arguments for outcome in outlook.situation.outcomes if outcome.measure == HELD_SHARE]
    named = [_Focus(str(each["area"]), str(each["side"])) for each in arguments if {"area", "side"} <= each.keys()]
    known = [focus for focus in named if focus.area in outlook.situation.areas]
    if known:
        return max(known, key=lambda focus: outlook.n_towns[focus.area])
    return _Focus(THEATRE, next((side.key for side in outlook.situation.sides if side.active), ""))


def _towns_at_stake(outlook: Outlook, focus: _Focus) -> tuple[TownAtTheEnd, ...]:
    """Return the largest towns of the area that an enemy of the side holds at the start, or part of it; else the side's own."""
    enemies = {*hostile_sides(outlook.situation, focus.side), CONTESTED_LABEL}
    towns = [place for place in outlook.situation.places if place.kind in SETTLEMENTS and _belongs(place, focus.area)]
    of_enemies = [place for place in towns if outlook.start_holder(place.key) in enemies]
    at_stake = of_enemies or [place for place in towns if outlook.start_holder(place.key) == focus.side]
    at_stake.sort(key=lambda place: (-(place.population.mid if place.population else 0.0), place.key))
    return tuple(_town_at_the_end(outlook, place, focus.side) for place in at_stake[:N_TOWNS])


def _belongs(place: Place, area: str) -> bool:
    return area == THEATRE or area in place.areas


def _town_at_the_end(outlook: Outlook, place: Place, side: str) -> TownAtTheEnd:
    held = outlook.control.sel(place=place.key, holder=side, day=outlook.days[-1])
    return TownAtTheEnd(place.key, place.name, side, scalar(held))


def _area_at_the_end(outlook: Outlook, focus: _Focus) -> AreaAtTheEnd:
    held = outlook.towns_held.sel(area=focus.area, holder=focus.side)
    return AreaAtTheEnd(
        area=focus.area,
        name=outlook.situation.areas.get(focus.area, "the whole theatre"),
        side=focus.side,
        n_towns=outlook.n_towns[focus.area],
        at_start=float(held.isel(day=0).sel(level=0.5)),
        held=band(held.isel(day=-1)),
    )


def _corridors(outlook: Outlook) -> tuple[CorridorOverall, ...]:
    corridors = {corridor.key: corridor for corridor in outlook.situation.corridors}
    return tuple(
        CorridorOverall(
            corridor.key,
            corridor.name,
            corridor.side,
            scalar(outlook.corridors.share_open.sel(corridor=corridor.key)),
            band(outlook.corridors.days_closed.sel(corridor=corridor.key)),
        )
        for corridor in (corridors[key] for key in outlook.corridor_order)
    )


def _destinations(outlook: Outlook) -> tuple[Destination, ...]:
    at_the_end = outlook.displaced.fled_to.isel(week=-1)
    areas = [area for area in at_the_end["host_area"].to_numpy().tolist() if area not in {ON_THE_WAY, DEAD}]
    ranked = sorted(areas, key=lambda area: -float(at_the_end.sel(host_area=area, level=0.5)))
    return tuple(
        Destination(area, destination_name(outlook.situation, area), band(at_the_end.sel(host_area=area)))
        for area in ranked[:N_DESTINATIONS]
    )


def _sides(outlook: Outlook) -> tuple[SideAtTheEnd, ...]:
    losses, cut_off = outlook.losses.by_side.isel(day=-1), outlook.cut_off.isel(day=-1)
    return tuple(
        SideAtTheEnd(
            side.key,
            side.name,
            band(losses.sel(side=side.key, loss_kind="dead")),
            band(cut_off.sel(side=side.key)),
        )
        for side in outlook.situation.sides
        if side.active
    )
