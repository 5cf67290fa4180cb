"""The flagship scenario: what its tables must say whoever edits them next."""

from __future__ import annotations

import re
from collections import defaultdict
from datetime import date
from typing import Any

import networkx as nx
import pytest

from keyterrain.theatre import Scenario, Situation, check, load


def keys(text: str) -> set[str]:
    return set(text.split())


EVE, ARTICLE = date(2013, 11, 14), date(2013, 11, 22)
STARTS = (EVE, ARTICLE)
NAMED_IN_THE_ARTICLE = keys(
    """
    qara halbun hosh-arab jubbadin arsal damascus homs beirut qara-junction-m5 nabk yabroud ghouta-towns
    zabadani
    """
)
AREAS = keys(
    """
    western-qalamoun qalamoun-highway-towns qalamoun-border-heights southern-qalamoun eastern-qalamoun
    zabadani-valley eastern-ghouta greater-damascus homs-qusayr bekaa-arsal wadi-barada
    """
)
OPPOSITION = keys(
    """
    yabroud rima al-sahel jarajir flitah ras-al-maara ras-al-ain asal-al-ward hosh-arab al-jibbeh bakhah
    rankous talfita halbun nabk zabadani madaya serghaya ghouta-towns douma homs-old-city al-waer
    daraya-and-moadamiya ruhaybah jayrud rastan talat-moussa zamrani-crossing
    """
)
GOVERNMENT = keys(
    """
    damascus homs al-qusayr qutayfah saidnaya maaloula qastal burayj hasya sadad otaiba bludan dimas
    nasiriyah-air-base dumayr-air-base adra-al-ummaliyah deir-atiyah-hospital qara-junction-m5 hermel labweh
    baalbek
    """
)
NEUTRAL = keys(
    """
    tall dumayr ain-minin arsal beirut zahle masnaa-crossing
    """
)
CONTESTED = {"harasta", "barzeh", "adra"}
CHANGED = {
    "qara": ("opposition", "government"),
    "deir-atiyah": ("government", "opposition"),
    "nabk-junction-m5": ("government", "opposition"),
    "deir-atiyah-junction-m5": ("government", "opposition"),
    "mahin": ("opposition", "government"),
    "mahin-depots": ("opposition", "government"),
    "hawarin": ("opposition", "government"),
}
FALLEN_BY_SPRING = {
    "deir-atiyah": date(2013, 11, 28), "nabk": date(2013, 12, 9), "jarajir": date(2014, 2, 12), "yabroud": date(2014, 3, 16),
    "flitah": date(2014, 3, 29), "rankous": date(2014, 4, 9), "maaloula": date(2014, 4, 14), "hosh-arab": date(2014, 4, 15),
}  # fmt: skip


@pytest.fixture(scope="module")
def scenario() -> Scenario:
    return load("qalamoun-2013")


@pytest.fixture(scope="module", params=STARTS, ids=str)
def situation(request: pytest.FixtureRequest, scenario: Scenario) -> Situation:
    return scenario.situation(request.param)


def holders(situation: Situation, place: str) -> set[tuple[str, str]]:
    return {(holding.holder, holding.contested_by) for holding in situation.holdings[place]}


def midpoints(situation: Situation) -> dict[str, tuple[float, float, float]]:
    """Lowest, most likely and highest written strength by actor."""
    totals: dict[str, list[float]] = defaultdict(lambda: [0.0, 0.0, 0.0])
    for force in situation.forces:
        written = force.strength.numbers
        low, mode, high = written if len(written) == 3 else (written[0], written[0], written[-1])
        for i, number in enumerate((low, mode, high)):
            totals[force.actor][i] += number
    return {actor: (low, mode, high) for actor, (low, mode, high) in totals.items()}


def test_check_finds_nothing() -> None:
    report = check("qalamoun-2013")
    assert not report.faults
    assert not report.warnings


def test_is_the_size_that_was_asked_for(scenario: Scenario) -> None:
    assert 120 <= len(scenario.places) <= 180
    assert scenario.starts == (ARTICLE, EVE)
    assert scenario.days == 155


def test_is_one_connected_theatre_with_each_road_once(scenario: Scenario) -> None:
    keys = [route.key for route in scenario.routes]
    graph = nx.Graph((route.start, route.end) for route in scenario.routes)
    assert len(set(keys)) == len(keys)
    assert set(graph) == {place.key for place in scenario.places}
    assert nx.is_connected(graph)


def test_has_the_ground_that_the_article_names(scenario: Scenario) -> None:
    assert {place.key for place in scenario.places} >= NAMED_IN_THE_ARTICLE
    assert {area.key for area in scenario.areas} >= AREAS
    southern = {place.key for place in scenario.places if "southern-qalamoun" in place.areas}
    assert southern >= {"halbun", "hosh-arab", "jubbadin"}
    (hared,) = scenario.uncertain_places
    assert hared.key == "hared"
    assert hared.candidates["hurayra"] == pytest.approx(0.4)
    assert hared.candidates["elsewhere"] == pytest.approx(0.12)


def test_keeps_names_in_arabic(scenario: Scenario) -> None:
    towns = [place for place in scenario.places if place.kind in ("city", "town") and place.country == "SY"]
    assert [place.key for place in towns if not re.search("[\u0600-\u06ff]", " ".join(place.alt_names))] == []


@pytest.mark.parametrize(("side", "places"), [("opposition", OPPOSITION), ("government", GOVERNMENT), ("neutral", NEUTRAL)])
def test_holders_that_are_the_same_at_both_starts(situation: Situation, side: str, places: set[str]) -> None:
    assert [place for place in sorted(places) if holders(situation, place) != {(side, "")}] == []


def test_contested_places_are_held_mostly_by_the_opposition(situation: Situation) -> None:
    assert [place for place in sorted(CONTESTED) if holders(situation, place) != {("opposition", "government")}] == []


def test_holders_that_changed_between_the_starts(scenario: Scenario) -> None:
    for place, (before, after) in CHANGED.items():
        assert holders(scenario.situation(EVE), place) == {(before, "")}, place
        assert holders(scenario.situation(ARTICLE), place) == {(after, "")}, place


def test_jubbadin_is_drawn_because_sources_contradict_each_other(situation: Situation) -> None:
    weights = {holding.holder: holding.weight for holding in situation.holdings["jubbadin"]}
    assert weights == {"government": pytest.approx(0.5), "opposition": pytest.approx(0.5)}


def test_days_dug_in_follow_from_the_record(scenario: Scenario) -> None:
    (qara,) = scenario.situation(ARTICLE).holdings["qara"]
    (yabroud,) = scenario.situation(ARTICLE).holdings["yabroud"]
    assert qara.since == date(2013, 11, 19)
    assert yabroud.since < date(2013, 1, 1)


def test_nothing_after_the_start_enters(situation: Situation) -> None:
    rows: list[Any] = [
        *situation.places, *situation.routes, *situation.forces, *situation.strength_claims, *situation.supply_sources,
        *situation.stocks, *situation.people, *situation.closures, *situation.incidents,
    ]  # fmt: skip
    assert all(row.known_on <= situation.start for row in rows)
    assert all(holding.since <= situation.start for held in situation.holdings.values() for holding in held)
    assert all(closure.reopened_on is None for closure in situation.closures)


def test_claims_printed_later_do_not_enter(scenario: Scenario) -> None:
    known = {claim.claimed_of for start in STARTS for claim in scenario.situation(start).strength_claims}
    everything = {claim.claimed_of for claim in scenario.strength_claims}
    assert known == {"hizbollah", "opposition"}
    assert everything == {"hizbollah", "opposition", "government", "militia"}


def test_the_record_goes_on_to_april(scenario: Scenario) -> None:
    taken = {(row.place, row.on) for row in scenario.record.control if row.holder == "government"}
    assert set(FALLEN_BY_SPRING.items()) <= taken
    zabadani = max((row for row in scenario.record.control if row.place == "zabadani"), key=lambda row: row.on)
    assert (zabadani.on, zabadani.holder) == (date(2014, 4, 26), "neutral")


def test_only_the_old_closures_are_in_force(situation: Situation) -> None:
    shut = {frozenset((closure.start, closure.end)) for closure in situation.closures}
    assert frozenset(("damascus", "harasta")) in shut
    assert not any("junction" in end for road in shut for end in road)


def test_counts_of_displaced_people_rise_to_eighteen_thousand(scenario: Scenario) -> None:
    series = {row.on: row.cum_persons for row in scenario.record.displacement if (row.origin, row.host) == ("qalamoun", "arsal")}
    assert series[date(2013, 11, 19)] == 6000
    assert series[ARTICLE] == 18000
    assert list(series.values()) == sorted(series.values())


def test_guests_in_arsal_match_the_counts(scenario: Scenario) -> None:
    def in_arsal(start: date) -> float:
        rows = [row for row in scenario.situation(start).people if (row.place, row.group) == ("arsal", "guests")]
        return sum(row.number.numbers[len(row.number.numbers) // 2] for row in rows)

    assert in_arsal(EVE) == 20_000
    assert in_arsal(ARTICLE) == 38_000


def test_every_settlement_has_people(scenario: Scenario) -> None:
    settlements = [place for place in scenario.places if place.kind in ("city", "town", "village", "quarter", "enclave")]
    assert [place.key for place in settlements if place.population is None or place.population.high <= 0] == []


@pytest.mark.parametrize(
    ("actor", "low", "mode", "high"),
    [("army", 20_490, 40_780, 74_270), ("militia", 4_990, 10_300, 18_900), ("hizbollah", 2_300, 4_800, 10_100)],
)
def test_totals_of_the_government_side(situation: Situation, actor: str, low: float, mode: float, high: float) -> None:
    assert midpoints(situation)[actor] == pytest.approx((low, mode, high), rel=0.03)


def test_totals_of_the_opposition_by_region(situation: Situation) -> None:
    sides = {actor.key: actor.side for actor in situation.actors}
    by_region: dict[str, float] = defaultdict(float)
    for force in situation.forces:
        if sides[force.actor] == "opposition":
            by_region[force.region] += force.strength.numbers[1]
    assert by_region["qalamoun"] == pytest.approx(14_800, rel=0.05)
    assert by_region["eastern-ghouta"] == pytest.approx(12_500, rel=0.05)
    assert by_region["zabadani-valley"] == pytest.approx(1_470, rel=0.05)
    assert by_region["northern-homs"] == pytest.approx(5_000, rel=0.05)


def test_whoever_holds_a_place_has_fighters_there(situation: Situation) -> None:
    sides = {actor.key: actor.side for actor in situation.actors}
    present = {(sides[force.actor], force.place) for force in situation.forces}
    empty = [
        (side, place)
        for place, held in situation.holdings.items()
        for holding in held
        for side in (holding.holder, holding.contested_by)
        if side in ("government", "opposition") and (side, place) not in present
    ]
    assert not empty


def test_truce_towns_and_the_lebanese_state_have_no_fighters(situation: Situation) -> None:
    neutral = {place for place, held in situation.holdings.items() if any(holding.holder == "neutral" for holding in held)}
    assert not {force.place for force in situation.forces} & neutral


def test_government_ground_hangs_together_from_damascus_to_homs_on_the_eve(scenario: Scenario) -> None:
    def motorway(start: date) -> nx.Graph:
        situation = scenario.situation(start)
        (m5,) = [corridor for corridor in situation.corridors if corridor.key == "m5"]
        own = {place for place in m5.places if holders(situation, place) == {("government", "")}}
        shut = {frozenset((closure.start, closure.end)) for closure in situation.closures}
        ways = [(route.start, route.end) for route in situation.routes if {route.start, route.end} <= own]
        return nx.Graph(way for way in ways if frozenset(way) not in shut)

    assert nx.has_path(motorway(EVE), "damascus", "homs")
    assert not nx.has_path(motorway(ARTICLE), "damascus", "homs")


def test_besieged_pockets_live_on_stocks_and_not_on_an_entry_of_their_own(situation: Situation) -> None:
    entries = {source.place: source.capacity.mid for source in situation.supply_sources if source.side == "opposition"}
    pockets = keys("ghouta-towns douma southern-damascus-pocket daraya-and-moadamiya homs-old-city al-waer")
    assert not pockets & set(entries)
    assert {stock.place for stock in situation.stocks if stock.side == "opposition"} >= pockets - {"douma"}
    assert entries["arsal"] > 5_000


def test_every_actor_and_outcome_that_the_question_needs(scenario: Scenario) -> None:
    actors = {actor.key for actor in scenario.actors}
    assert actors == {"army", "hizbollah", "militia", "nusra-isil", "islamic-front", "fsa-local"}
    assert {corridor.key for corridor in scenario.corridors} == {"m5", "damascus-beirut", "arsal-ghouta", "qalamoun-homs"}
    assert {outcome.measure for outcome in scenario.outcomes} == {
        "corridor_open_share", "corridor_secure_share", "area_held_share", "places_safe_share", "side_cut_off", "reversal_within",
    }  # fmt: skip


def test_the_unknown_is_graded_and_every_source_is_used(scenario: Scenario) -> None:
    graded: list[Any] = [*scenario.forces, *scenario.people, *scenario.supply_sources, *scenario.stocks, *scenario.record.control]
    assert all(row.grade for row in graded)
    tables: list[Any] = [
        *graded,
        *scenario.places,
        *scenario.routes,
        *scenario.climate,
        *scenario.strength_claims,
        *scenario.actors,
    ]
    tables += [
        *scenario.corridors,
        *scenario.areas,
        *scenario.policies,
        *scenario.aims,
        *scenario.abroad,
        *scenario.uncertain_places,
    ]
    tables += [*scenario.record.closures, *scenario.record.displacement, *scenario.record.incidents, *scenario.record.corridors]
    tables += scenario.record.region
    cited = {part.strip() for row in tables for part in row.source.split(";")}
    unused = {source.key for source in scenario.sources} - cited
    assert unused == {"globe"}, "only the elevation grid is no cell's source"
