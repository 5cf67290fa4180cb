"""Rivals: simple forecasts that a campaign has to beat, made from what was known at the start alone.

- *nothing changes*: every place stays.
- *constant hazard*: each place falls at the rate at which places of the scored sides' enemies fell in the scenario's own record
  before the start: falls of named places per day under them.
- *hazard by age*: the same, with rates for the first 30 days of a holding, days 30 to 120, and later, each drawn towards the
  overall rate by the weight of one fall (what was just taken is lost much more often than what was held for long).
- *hazard by age, region*: the same from a record of the whole region before the start, without named campaigns, where one ships
  for the scenario (`regional_hazards`).
- *nearest first*: the constant hazard, shared out by nearness: in proportion to 1 over the rank of the distance to the nearest
  place that a scored side held at the start, with the same mean.
- each analyst of `record/forecasts.csv` whose forecast was made by the start: the chance grows evenly to what was foretold for
  a day and stays there; what is not spoken of stays.

Exposure before the record begins is not counted, and neither are places that fell before they could be named: hazards are those
of what came on the record.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from keyterrain.analysis.backtest.hazards import Hazards, Holding, chances_by_age, hazards_of
from keyterrain.analysis.backtest.regional_hazards import regional_hazards
from keyterrain.geo.distance import Points, distance_km

if TYPE_CHECKING:
    from keyterrain.analysis.backtest.risk import AtRisk, PlaceAtRisk
    from keyterrain.theatre.nouns import ControlRow, Situation
    from keyterrain.theatre.scenario import Scenario

Floats = NDArray[np.float64]

NOTHING, CONSTANT, BY_AGE, NEAREST = "nothing changes", "constant hazard", "hazard by age", "nearest first"
OF_REGION = "hazard by age, region"


def rivals(scenario: Scenario, situation: Situation, at_risk: AtRisk, days: int) -> dict[str, Floats]:
    """Return for each rival the chance (day, place) that a place has fallen up to a day."""
    places, start = at_risk.places, situation.start
    hazards = hazards_before(scenario.record.control, start, _pairs(situation, at_risk.sides))
    day = np.arange(days + 1, dtype=float)[:, None]
    constant = np.full(len(places), hazards.constant)
    age = np.array([(start - place.since).days for place in places], dtype=float)
    found = {
        NOTHING: np.zeros((days + 1, len(places))),
        CONSTANT: -np.expm1(-constant * day),
        BY_AGE: chances_by_age(hazards.by_age, age, day),
        NEAREST: -np.expm1(-constant * _nearness(situation, at_risk) * day),
    }
    return {**found, **_of_region(scenario, start, places, age, day), **_analysts(scenario, start, places, days)}


def _of_region(scenario: Scenario, start: date, places: Sequence[PlaceAtRisk], age: Floats, day: Floats) -> dict[str, Floats]:
    """Return the rival of the region; none where its record is silent about the holder of some place."""
    hazards = {(place.holder, place.takers): Hazards((), ()) for place in places}
    for holder, takers in hazards:
        of_region = regional_hazards(scenario.name, holder, takers, start)
        if of_region is None:
            return {}
        hazards[holder, takers] = of_region
    if not hazards:
        return {}
    chances = [
        chances_by_age(hazards[place.holder, place.takers].by_age, age[[column]], day) for column, place in enumerate(places)
    ]
    return {OF_REGION: np.concatenate(chances, axis=1)}


def _pairs(situation: Situation, sides: Sequence[str]) -> Mapping[str, frozenset[str]]:
    """Return for each holder by whom its fall counts."""
    hostile = situation.relations
    return {
        side.key: frozenset(other for other in sides if hostile.get((side.key, other)) == "hostile") for side in situation.sides
    }


def hazards_before(control: Sequence[ControlRow], start: date, takers: Mapping[str, frozenset[str]]) -> Hazards:
    """Count falls and exposure on the record known by a start.

    A holding lasts until a side that counts holds the place whole, or the place becomes another side's; being contested does
    not end it. Of rival reports of one day the likeliest counts.
    """
    history: dict[str, dict[date, ControlRow]] = defaultdict(dict)
    for row in sorted(control, key=lambda row: (row.known_on, row.weight)):
        if row.known_on <= start and row.on <= start:
            history[row.place][row.on] = row
    return hazards_of(
        Holding(since, until, fell)
        for rows in history.values()
        for since, holder, until, fell in _holdings(sorted(rows.values(), key=lambda row: row.on), start, takers)
        if takers.get(holder)
    )


def _holdings(
    rows: Sequence[ControlRow], start: date, takers: Mapping[str, frozenset[str]]
) -> list[tuple[date, str, date, bool]]:
    """Return each holding of a place: since when, whose, until when, and whether it ended by a fall that counts."""
    found = []
    since, holder = rows[0].on, rows[0].holder
    for row in rows[1:]:
        if row.holder == holder:
            continue
        found.append((since, holder, row.on, row.holder in takers.get(holder, frozenset())))
        since, holder = row.on, row.holder
    return [*found, (since, holder, start, False)]


def _nearness(situation: Situation, at_risk: AtRisk) -> Floats:
    """Return weights (place) of mean 1 that fall with the rank of the distance to the scored sides' ground."""
    n = len(at_risk.places)
    theirs = [
        place for place in situation.places
        if any(row.holder in at_risk.sides and not row.contested_by for row in situation.holdings.get(place.key, ()))
    ]  # fmt: skip
    if not theirs or not n:
        return np.ones(n)
    nearest = np.empty(n)
    for row, each in enumerate(at_risk.places):
        here = Points.of([each.place.lat] * len(theirs), [each.place.lon] * len(theirs))
        nearest[row] = distance_km(here, Points.of([one.lat for one in theirs], [one.lon for one in theirs])).min()
    weight = np.empty(n)
    weight[np.argsort(nearest, kind="stable")] = 1.0 / np.arange(1, n + 1)
    normalised: Floats = weight / weight.mean()
    return normalised


def _analysts(scenario: Scenario, start: date, places: Sequence[PlaceAtRisk], days: int) -> dict[str, Floats]:
    rows = [row for row in scenario.record.forecasts if row.known_on <= start < row.by]
    found = {}
    for forecaster in dict.fromkeys(row.forecaster for row in rows):
        own = [row for row in rows if row.forecaster == forecaster]
        chance = np.zeros((days + 1, len(places)))
        for column, place in enumerate(places):
            of_place = [row for row in own if row.ground == place.place.key]
            of_area = [row for row in own if row.ground in place.place.areas]
            if points := sorted(((row.by - start).days, row.p) for row in of_place or of_area):
                at, p = zip((0, 0.0), *points, strict=True)
                chance[:, column] = np.interp(np.arange(days + 1), at, np.maximum.accumulate(p))
        found[forecaster] = chance
    return found
