"""Every table of a scenario, column by column: what the loader, the validator, the writer and the documentation read."""

from __future__ import annotations

from collections.abc import Mapping

from keyterrain.theatre import nouns
from keyterrain.theatre.columns import Column, Table
from keyterrain.theatre.outcomes import RUN_MEASURES, WHOLE_THEATRE
from keyterrain.theatre.policies import POLICY_RULES

FORMAT = "keyterrain-scenario/1"
SETTINGS_FILE = "scenario.yaml"
TERRAIN_FILE = "terrain.tif"
CLAIMS_FILE = "claims.yaml"

PLACE_KINDS = (
    "city", "town", "village", "quarter", "enclave", "base", "depot", "post", "junction", "height", "pass", "crossing",
    "industrial", "prison",
)  # fmt: skip
SETTLEMENT_KINDS = frozenset({"city", "town", "village", "quarter", "enclave"})
ROUTE_KINDS = ("motorway", "primary", "paved", "mountain", "track", "pass")
POLICY_NAMES = tuple(POLICY_RULES)
RELATIONS = ("hostile", "allied", "neutral")
CLAIM = "claim_total"
ELSEWHERE = "elsewhere"
WEIGHT_TOLERANCE = 0.002
"""Weights written with three digits sum to 1 within this."""
RESERVED_KEYS = frozenset({WHOLE_THEATRE, ELSEWHERE, "on_the_way", "dead", "contested"})
"""Words that the results use as labels beside the scenario's own keys."""

SOURCE = Column("source", "source", "keys of sources.csv or `assumption: why`, separated by `;`")
GRADE = Column("grade", "grade", "Admiralty code A1 to F6; widens the quantities of its row", default="")
KNOWN_ON = Column("known_on", "date", "day from which it was true and observable on the spot")
NAME = Column("name", "text", "display name, free to change")


def _route_ends(what: str) -> tuple[Column, Column]:
    return (
        Column("from", "key", f"one end of {what}", refers_to=("place",), attribute="start"),
        Column("to", "key", "the other end", refers_to=("place",), attribute="end"),
    )


PLACES = Table(
    "places",
    "places.csv",
    "Settlements, bases, heights and crossings, each once.",
    (
        Column("place", "key", "key of the place; luck hangs on it, so it stays when the name changes", attribute="key"),
        NAME,
        Column("alt_names", "texts", "other spellings, separated by `;`", default=""),
        Column("lat", "number", "latitude, WGS 84", "degrees", least=-90, most=90),
        Column("lon", "number", "longitude, WGS 84", "degrees", least=-180, most=180),
        Column("error_km", "number", "how far the coordinates may be off", "km", least=0),
        Column(
            "elevation_m",
            "number",
            "height that a source states; blank: from the elevation file",
            "m",
            default="",
            least=-500,
            most=9000,
        ),
        Column(
            "population", "quantity", "inhabitants without guests; blank only where nobody lives", "people", default="", least=0
        ),
        Column("kind", "choice", "what it is", choices=PLACE_KINDS),
        Column("country", "text", "country it lies in (ISO 3166 code)"),
        Column(
            "areas",
            "keys",
            "areas it belongs to, separated by `;`; results count it for the first",
            default="",
            refers_to=("area",),
        ),
        Column("community", "text", "free key; people of one community are kin", default=""),
        Column("leaning", "key", "side whose enemies these people flee from", default="", refers_to=("side",)),
        Column("host_capacity", "quantity", "guests it can house; blank: the model's default", "people", default="", least=0),
        SOURCE,
        KNOWN_ON,
    ),
    unique=("place",),
    noun=nouns.Place,
    defines="place",
)

ROUTES = Table(
    "routes",
    "routes.csv",
    "Roads, tracks and passes, each once and usable both ways.",
    (
        *_route_ends("the road"),
        Column("km", "number", "length on the ground", "km", above=0, most=2000),
        Column("kind", "choice", "surface; `mountain` is paved, `pass` a track: steepness is measured", choices=ROUTE_KINDS),
        Column("modes", "choices", "who can use it: `vehicle;foot` or `foot`", choices=("vehicle", "foot")),
        SOURCE,
        KNOWN_ON,
    ),
    noun=nouns.Route,
)

FORCES = Table(
    "forces",
    "forces.csv",
    "Fighters by actor and place, and claims about totals; the latest rows of an actor and place known by the start win.",
    (
        Column("actor", "key", "whose fighters; for a claim an actor or a whole side", refers_to=("actor", "side")),
        Column("place", "key", "where; blank for a claim", default="", refers_to=("place",)),
        Column("strength", "quantity", "fighters", "fighters", least=0),
        Column("kind", "choice", "garrison, mobile force, or claim about a total", choices=("garrison", "mobile", CLAIM)),
        Column(
            "region", "key", "rows of one actor and region share one draw; what a claim is about",
            default=WHOLE_THEATRE, refers_to=("area",), also=(WHOLE_THEATRE,),
        ),
        Column("quality", "text", "note on arms and training", default=""),
        SOURCE,
        GRADE,
        KNOWN_ON,
    ),
    noun=nouns.Force,
)  # fmt: skip

REINFORCEMENTS = Table(
    "reinforcements",
    "reinforcements.csv",
    "Fighters that an actor was known to receive; may hold the header only.",
    (
        Column("actor", "key", "who receives them", refers_to=("actor",)),
        Column("place", "key", "where they arrive", refers_to=("place",)),
        Column("date", "date", "day of arrival", attribute="on"),
        Column("strength", "quantity", "fighters", "fighters", least=0),
        SOURCE,
        GRADE,
        KNOWN_ON,
    ),
    unique=("actor", "place", "date", "known_on"),
    noun=nouns.Reinforcement,
)

SUPPLY = Table(
    "supply",
    "supply.csv",
    "Where supply enters the theatre for a side.",
    (
        Column("side", "key", "who is supplied", refers_to=("side",)),
        Column("place", "key", "where it enters", refers_to=("place",)),
        Column("capacity", "quantity", "fighters it can feed", "fighters", least=0),
        SOURCE,
        GRADE,
        KNOWN_ON,
    ),
    unique=("side", "place", "known_on"),
    noun=nouns.SupplySource,
)

STOCKS = Table(
    "stocks",
    "stocks.csv",
    "Initial stocks where they are not the model's default; may hold the header only.",
    (
        Column("side", "key", "whose stock", refers_to=("side",)),
        Column("place", "key", "where", refers_to=("place",)),
        Column("stock_days", "quantity", "days of need in store", "days", least=0),
        SOURCE,
        GRADE,
        KNOWN_ON,
    ),
    unique=("side", "place", "known_on"),
    noun=nouns.Stock,
)

PEOPLE = Table(
    "people",
    "people.csv",
    "Residents that differ from places.csv, and guests, as they were at a date; may hold the header only.",
    (
        Column("place", "key", "where they are", refers_to=("place",)),
        Column("group", "choice", "residents or guests", choices=("residents", "guests")),
        Column("origin", "key", "where guests came from; blank if unknown", default="", refers_to=("place",)),
        Column("number", "quantity", "people", "people", least=0),
        SOURCE,
        GRADE,
        KNOWN_ON,
    ),
    unique=("place", "group", "origin", "known_on"),
    noun=nouns.PeopleCount,
)

CLIMATE = Table(
    "climate",
    "climate.csv",
    "Monthly normals at the reference height: twelve rows.",
    (
        Column("month", "integer", "1 is January", least=1, most=12),
        Column("t_mean_c", "number", "mean temperature", "C", least=-60, most=60),
        Column("p_wet", "number", "chance that a day is wet", "1", least=0, most=1),
        Column("wet_day_mm", "number", "mean amount on a wet day", "mm", least=0, most=500),
        SOURCE,
    ),
    unique=("month",),
    noun=nouns.ClimateMonth,
)

SOURCES = Table(
    "sources",
    "sources.csv",
    "Every source by its key.",
    (
        Column("source", "key", "key that `source` cells name", attribute="key"),
        Column("title", "text", "what it is"),
        Column("address", "text", "where to find it", default=""),
        Column("kind", "text", "report, press, map, data set ...", default=""),
        Column("note", "text", "what to keep in mind", default=""),
    ),
    unique=("source",),
    noun=nouns.Source,
    defines="source",
)

CONTROL = Table(
    "control",
    "record/control.csv",
    "Who held a place from the evening of a date on; every place has a row before the earliest start.",
    (
        Column("date", "date", "first evening", attribute="on"),
        Column("place", "key", "where", refers_to=("place",)),
        Column("holder", "key", "side that held it, or most of it", refers_to=("side",)),
        Column("contested_by", "key", "side that held the rest", default="", refers_to=("side",)),
        Column(
            "weight",
            "number",
            "weight of this alternative; those of one place and date sum to 1",
            "1",
            default="1",
            above=0,
            most=1,
        ),
        Column("precision_days", "number", "how far the date may be off", "days", default="0", least=0),
        Column("how", "text", "assault, withdrawal, terms ...", default=""),
        SOURCE,
        GRADE,
        KNOWN_ON,
    ),
    unique=("date", "place", "holder", "contested_by", "known_on"),
    noun=nouns.ControlRow,
)

CLOSURES = Table(
    "closures",
    "record/closures.csv",
    "Roads that were closed; a reopening after the start is not known at the start.",
    (
        *_route_ends("the closed road"),
        Column("mode", "choice", "who could not use it", choices=("vehicle", "foot", "both")),
        Column("closed_on", "date", "first day closed"),
        Column("reopened_on", "date", "first day open again, blank if unknown", default=""),
        Column("cause", "text", "why", default=""),
        SOURCE,
        GRADE,
        KNOWN_ON,
    ),
    unique=("from", "to", "mode", "closed_on", "known_on"),
    noun=nouns.ClosureRow,
)

DISPLACEMENT = Table(
    "displacement",
    "record/displacement.csv",
    "Counts of displaced people, cumulative within their series of one origin, host and `since`; drawn beside the results and "
    "scored by `backtest`.",
    (
        Column("date", "date", "day of the count", attribute="on"),
        Column("origin", "text", "area, place, or free text"),
        Column("host", "key", "place or country that took them in", refers_to=("place", "abroad")),
        Column("cum_persons", "number", "people so far", "people", least=0),
        Column("since", "date", "evening from which they are counted, blank if unknown or the start of a run", default=""),
        SOURCE,
        GRADE,
        KNOWN_ON,
    ),
    unique=("date", "origin", "host", "since", "source"),
    noun=nouns.DisplacementRow,
)

INCIDENTS = Table(
    "incidents",
    "record/incidents.csv",
    "Raids, bombs and battles of the record.",
    (
        Column("date", "date", "day", attribute="on"),
        Column("place", "key", "where; blank beyond the theatre", default="", refers_to=("place",)),
        Column("kind", "text", "raid, bomb, battle ..."),
        Column("description", "text", "what happened, in own words", default=""),
        SOURCE,
        GRADE,
        KNOWN_ON,
    ),
    noun=nouns.IncidentRow,
)

OBSERVED_CORRIDORS = Table(
    "observed_corridors",
    "record/observed_corridors.csv",
    "Days on which a corridor is known to have been open or not.",
    (
        Column("date", "date", "day", attribute="on"),
        Column("corridor", "key", "which", refers_to=("corridor",)),
        Column("open", "flag", "whether it was open", choices=("true", "false"), attribute="is_open"),
        SOURCE,
        GRADE,
        KNOWN_ON,
    ),
    unique=("date", "corridor", "known_on"),
    is_optional=True,
    noun=nouns.CorridorDay,
)

FORECASTS = Table(
    "forecasts",
    "record/forecasts.csv",
    "What an analyst foretold: chances that ground has been lost by its holder by a date. Only `backtest` reads it.",
    (
        Column("forecaster", "text", "who foretold it; all rows of one make one forecast"),
        Column("ground", "key", "place, or area for each of its places", refers_to=("place", "area")),
        Column("by", "date", "day by which"),
        Column("p", "number", "chance that the side which held it on the start has lost it to an enemy", "1", least=0, most=1),
        SOURCE,
        KNOWN_ON,
    ),
    unique=("forecaster", "ground", "by"),
    is_optional=True,
    noun=nouns.ForecastRow,
)

REGIONAL_EVENTS = Table(
    "regional_events",
    "record/regional_events.csv",
    "Events in and around the theatre's region, whose connection `spillover` and claims ask about; no run reads them.",
    (
        Column("date", "date", "day", attribute="on"),
        Column("precision_days", "integer", "how far the date may be off", "days", default="0", least=0, most=366),
        Column("country", "text", "country that it happened in, or that acted"),
        Column("place", "text", "where, in words", default=""),
        Column("kind", "text", "battle, bombing, clash ..."),
        Column("description", "text", "what happened, in own words", default=""),
        SOURCE,
        GRADE,
        KNOWN_ON,
    ),
    is_optional=True,
    noun=nouns.RegionalEvent,
)

HEADING = Table(
    "heading",
    SETTINGS_FILE,
    "The scenario as a whole.",
    (
        Column("format", "choice", "format of the folder", choices=(FORMAT,)),
        Column("name", "key", "key of the scenario"),
        Column("title", "text", "title of reports"),
        Column("summary", "text", "what it is about, in a few sentences", default=""),
        Column("starts", "dates", "days from which it is meant to be played; the first is the default"),
        Column("days", "integer", "length of a run", "days", least=1, most=3650),
        Column("covered_until", "date", "last day that may be given as a start; blank: the last of `starts`", default=""),
    ),
    form="fields",
)

SIDES = Table(
    "sides",
    SETTINGS_FILE,
    "Parties to the conflict. A passive side holds ground and does nothing.",
    (
        Column("side", "key", "key of the side", attribute="key"),
        NAME,
        Column("posture", "flag", "active or passive", choices=("active", "passive"), attribute="active"),
    ),
    form="entries",
    section="sides",
    noun=nouns.Side,
    defines="side",
)

RELATIONS_TABLE = Table(
    "relations",
    SETTINGS_FILE,
    "What each pair of sides is to each other: every pair once.",
    (
        Column("side", "key", "one side", refers_to=("side",)),
        Column("other", "key", "the other", refers_to=("side",)),
        Column("relation", "choice", "what they are to each other", choices=RELATIONS),
    ),
    form="triples",
    section="relations",
)

ACTORS = Table(
    "actors",
    SETTINGS_FILE,
    "Armed organisations, each of one active side.",
    (
        Column("actor", "key", "key of the actor", attribute="key"),
        NAME,
        Column("side", "key", "side it fights for", refers_to=("side",)),
        Column("kind", "flag", "irregular or regular", choices=("irregular", "regular"), attribute="irregular"),
        Column("mobility", "quantity", "share of a surplus that fights elsewhere", "1", least=0, most=1),
        Column("air_support", "flag", "whether it has aircraft and heavy artillery", default="false", choices=("true", "false")),
        Column(
            "quality",
            "quantity",
            "known mean of its quality; the unknown part is drawn by the model",
            "logits",
            default="0",
            least=-5,
            most=5,
        ),
        SOURCE,
        GRADE,
    ),
    form="entries",
    section="actors",
    noun=nouns.Actor,
    defines="actor",
)

POLICIES = Table(
    "policies",
    SETTINGS_FILE,
    "Odds of the ways in which a side may conduct operations, drawn in each replicate; they sum to 1.",
    (
        Column("side", "key", "active side", refers_to=("side",)),
        *(Column(name, "number", f"odds of `{name}`", "1", default="0", least=0, most=1) for name in POLICY_NAMES),
        Column("wait_for_spring", "quantity", "chance that it waits out the winter", "1", default="0", least=0, most=1),
        SOURCE,
    ),
    form="entries",
    section="policies",
)

AIMS = Table(
    "aims",
    SETTINGS_FILE,
    "What a side values in a place: weights of four terms, each scaled to 1 at most.",
    (
        Column("side", "key", "active side", refers_to=("side",)),
        Column("corridor", "number", "making its corridors safe", "1", least=0),
        Column("people", "number", "population", "1", least=0),
        Column("cut", "number", "cutting the enemy's supply", "1", least=0),
        Column("self", "number", "its own safety", "1", least=0, attribute="self_"),
        SOURCE,
    ),
    form="entries",
    section="aims",
    noun=nouns.Aims,
)

AREAS = Table(
    "areas",
    SETTINGS_FILE,
    "Named parts of the theatre; places name theirs in places.csv.",
    (Column("area", "key", "key of the area", attribute="key"), NAME, SOURCE),
    form="entries",
    section="areas",
    noun=nouns.Area,
    defines="area",
)

CORRIDORS = Table(
    "corridors",
    SETTINGS_FILE,
    "Ways that a side needs, through any of the places listed.",
    (
        Column("corridor", "key", "key of the corridor", attribute="key"),
        NAME,
        Column("side", "key", "side that needs it", refers_to=("side",)),
        Column("from", "key", "where it begins", refers_to=("place",), attribute="start"),
        Column("to", "key", "where it ends", refers_to=("place",), attribute="end"),
        Column("places", "keys", "all places that may be used, both ends included", refers_to=("place",)),
        SOURCE,
    ),
    form="entries",
    section="corridors",
    is_optional=True,
    noun=nouns.Corridor,
    defines="corridor",
)

ABROAD = Table(
    "abroad",
    SETTINGS_FILE,
    "Countries beyond the theatre that take people in.",
    (
        Column("country", "key", "key of the country", attribute="key"),
        NAME,
        Column("via", "weights", "gate places, each with the extra hours beyond it", "h", least=0, refers_to=("place",)),
        Column("population", "quantity", "inhabitants", "people", least=0),
        SOURCE,
    ),
    form="entries",
    section="abroad",
    is_optional=True,
    noun=nouns.Abroad,
    defines="abroad",
)

UNCERTAIN_PLACES = Table(
    "uncertain_places",
    SETTINGS_FILE,
    "Places that a text names and that may be one of several.",
    (
        Column("uncertain_place", "key", "key of the name", attribute="key"),
        NAME,
        Column(
            "candidates", "weights", "places it may be, with weights; `elsewhere` is the rest to 1", "1",
            least=0, most=1, refers_to=("place",), also=(ELSEWHERE,),
        ),
        SOURCE,
    ),
    form="entries",
    section="uncertain_places",
    is_optional=True,
    noun=nouns.UncertainPlace,
)  # fmt: skip

OUTCOMES = Table(
    "outcomes",
    SETTINGS_FILE,
    "What is measured of every run, fixed before any: a registered measure with its arguments as further keys.",
    (
        Column("outcome", "key", "key of the outcome"),
        Column("says", "text", "what it means, in a sentence"),
        Column("measure", "choice", "registered measure", choices=RUN_MEASURES),
        Column("wanted_by", "key", "active side that wants more of it; blank: nothing is said", default="", refers_to=("side",)),
        Column("source", "source", "what says who wants it: keys of sources.csv or `assumption: why`", default=""),
    ),
    form="entries",
    section="outcomes",
)

CLIMATE_SETTINGS = Table(
    "climate_settings",
    SETTINGS_FILE,
    "What the rows of climate.csv refer to.",
    (
        Column("reference_height_m", "number", "height of the normals", "m", least=-500, most=9000),
        Column("crest_areas", "keys", "areas in the zone of windward crests", default="", refers_to=("area",)),
    ),
    form="fields",
    section="climate",
)

PARAMETERS = Table(
    "parameters",
    SETTINGS_FILE,
    "Overrides of the shipped parameters, `process.name`.",
    (Column("parameter", "text", "`process.name`"), Column("value", "quantity", "what replaces it")),
    form="values",
    section="parameters",
    is_optional=True,
)

BACKTEST = Table(
    "backtest",
    SETTINGS_FILE,
    "Which forecasts are scored against the record (backtest.md), declared before any run; all of it may be left out.",
    (
        Column(
            "side", "key", "active side whose captures are scored; blank: by the rule of backtest.md", default="",
            refers_to=("side",),
        ),
        Column(
            "ground", "keys", "places and areas that are scored, as far as they are at risk; blank: all", default="",
            refers_to=("place", "area"),
        ),
        Column("leave_out", "keys", "places that are not scored", default="", refers_to=("place",)),
        Column(
            "observed_until", "date", "last day that the record covers; blank: the run's last, if it has a row after the start",
            default="",
        ),
        Column(
            "blind", "choice", "whether its makers did not know how it ended; blank: not said", default="",
            choices=("true", "false"),
        ),
        Column("reason", "text", "why it is blind or not, and why places are left out", default=""),
    ),
    form="fields",
    section="backtest",
    is_optional=True,
    noun=nouns.Backtest,
)  # fmt: skip

CSV_TABLES = (
    PLACES, ROUTES, FORCES, REINFORCEMENTS, SUPPLY, STOCKS, PEOPLE, CLIMATE, SOURCES,
    CONTROL, CLOSURES, DISPLACEMENT, INCIDENTS, OBSERVED_CORRIDORS, FORECASTS, REGIONAL_EVENTS,
)  # fmt: skip
SETTINGS_TABLES = (
    HEADING, SIDES, RELATIONS_TABLE, ACTORS, POLICIES, AIMS, AREAS, CORRIDORS, ABROAD, UNCERTAIN_PLACES, OUTCOMES,
    CLIMATE_SETTINGS, PARAMETERS, BACKTEST,
)  # fmt: skip
TABLES: Mapping[str, Table] = {table.name: table for table in (*SETTINGS_TABLES, *CSV_TABLES)}

REQUIRED_FILES = (SETTINGS_FILE, *(table.file for table in CSV_TABLES if not table.is_optional), TERRAIN_FILE)
OPTIONAL_FILES = (*(table.file for table in CSV_TABLES if table.is_optional), CLAIMS_FILE)
