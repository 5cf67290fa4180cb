"""The measures that outcomes and claims may name, with their arguments; they are computed from results elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from keyterrain.theatre.columns import Column
from keyterrain.theatre.policies import POLICY_RULES

Kind = Literal["whether", "share", "number"]
"""What a measure gives of a campaign: 0 or 1, something between 0 and 1, or any number."""
Basis = Literal["runs", "map", "record", "events"]
"""What a measure is computed from: campaigns as played, the map alone, the record before the start, or events of the region."""

WHOLE_THEATRE = "theatre"


@dataclass(frozen=True, slots=True)
class Measure:
    """A registered measure: what it says, and what it needs to be told.

    Attributes
    ----------
    undefined
        When it has no value in a campaign, or empty where it always has one; such campaigns are left out of its mean.
    is_of_ground
        Whether it counts what happens at places, so that it can be taken outside some of them; what is about ways, people
        or sides as a whole stays as it is.
    """

    name: str
    says: str
    arguments: tuple[Column, ...]
    kind: Kind = "share"
    unit: str = "1"
    basis: Basis = "runs"
    undefined: str = ""
    is_of_ground: bool = False


_CORRIDOR = Column("corridor", "key", "corridor that is meant", refers_to=("corridor",))
_AREA = Column("area", "key", "area that is meant", refers_to=("area",), also=(WHOLE_THEATRE,))
_PLACE = Column("place", "key", "place that is meant", refers_to=("place",))
_SIDE = Column("side", "key", "side that is meant", refers_to=("side",))
_ACTOR = Column("actor", "key", "actor that is meant", refers_to=("actor",))
_HOST = Column("host", "key", "place or country that takes people in", refers_to=("place", "abroad"))
_DAYS = Column("days", "integer", "number of days", "days", least=1, most=3650)
_DAY = Column("day", "integer", "day after the start; blank: the last", "days", default="", least=0, most=3660)
_SINCE = Column("since", "integer", "first day counted", "days", default="1", least=1, most=3660)
_SHARE = Column("share", "number", "share of its places that is enough", "1", default="1", least=0, most=1)
_THRESHOLD = Column("threshold", "number", "chance that counts as secure", "1", least=0, most=1)
_PLACES = Column("places", "keys", "places that are meant", refers_to=("place",))
_POLICY = Column("policy", "choice", "policy that is meant", choices=tuple(POLICY_RULES))
_INPUT = Column("input", "text", "name of a drawn input, as in the store's `draw`")
_PEOPLE_COUNT = Column("people", "integer", "number of people", "people", least=1, most=1_000_000_000)
_MONTHS = Column("months", "integer", "months before the start that are looked at", "months", least=1, most=240)
_FIRST = Column("first", "text", "filter of the events that come first, as in `spillover --from`")
_SECOND = Column("second", "text", "filter of the events that may follow")
_ALIKE = Column("alike", "text", "filter of the incidents that it was chosen from")
_TRIGGER = Column("trigger", "date", "day of what it is said to follow")
_ON = Column("on", "date", "day of the incident")
_WINDOW = Column("window", "integer", "days within which followers count", "days", default="7", least=1, most=365)
_ESTIMATES = Column(
    "estimates", "choice", "whether rows whose source is an assumption count", default="with", choices=("with", "without")
)
_KM = Column("km", "number", "how far from its end the way is looked at", "km", default="5", above=0, most=500)

_CONTROL = (
    Measure(
        "area_held_share",
        "share of the area's place-days that the side holds",
        (_AREA, _SIDE),
        undefined="no place is left",
        is_of_ground=True,
    ),
    Measure(
        "places_safe_share",
        "share of place-days on which the side holds the places named",
        (_PLACES, _SIDE),
        undefined="no place is left",
        is_of_ground=True,
    ),
    Measure(
        "area_held_on",
        "share of the area's places that the side holds on the evening of a day",
        (_AREA, _SIDE, _DAY),
        undefined="no place is left, or the campaign ends before that day",
        is_of_ground=True,
    ),
    Measure(
        "area_taken",
        "whether the side holds at least that share of the area's places on the evening of a day",
        (_AREA, _SIDE, _SHARE, _DAY),
        "whether",
        undefined="no place is left, or the campaign ends before that day",
        is_of_ground=True,
    ),
    Measure(
        "area_taken_after",
        "days until the side first holds at least that share of the area's places",
        (_AREA, _SIDE, _SHARE),
        "number",
        "days",
        undefined="it never comes to that, or is so at the start",
        is_of_ground=True,
    ),
    Measure(
        "place_taken",
        "whether the side, which did not hold the place at the start, holds it on some evening up to a day",
        (_PLACE, _SIDE, _DAY),
        "whether",
        undefined="the side holds it at the start, or the campaign ends before that day",
    ),
    Measure(
        "place_taken_after",
        "days until the side first holds the place",
        (_PLACE, _SIDE),
        "number",
        "days",
        undefined="it never does, or does so at the start",
    ),
    Measure(
        "place_held_share",
        "share of days on which the side holds the place",
        (_PLACE, _SIDE),
        undefined="the place is left out",
        is_of_ground=True,
    ),
    Measure(
        "places_gained",
        "places of the area that the side holds on the evening of a day and did not hold at the start",
        (_AREA, _SIDE, _DAY),
        "number",
        "places",
        undefined="the campaign ends before that day",
        is_of_ground=True,
    ),
    Measure(
        "reversal_within",
        "whether the side, having lost the area (more than half of its places, then no more than half), has it back within that "
        "many days of its first loss",
        (_AREA, _SIDE, _DAYS),
        "whether",
        undefined="the side never loses it, or the campaign ends within those days without its return",
        is_of_ground=True,
    ),
)

_WAYS = (
    Measure("corridor_open_share", "share of days on which the corridor is open to its side", (_CORRIDOR,)),
    Measure(
        "corridor_secure_share",
        "share of days on which the chance of a passage without attack reaches the threshold",
        (_CORRIDOR, _THRESHOLD),
    ),
    Measure(
        "corridor_security", "mean chance that a passage of the corridor meets no attack; 0 where it is closed", (_CORRIDOR,)
    ),
    Measure(
        "corridor_delivery_share",
        "mean share of a load that arrives through the corridor by any way, past the enemy too",
        (_CORRIDOR,),
    ),
    Measure("corridor_closed_for", "whether the corridor is closed for that many days on end", (_CORRIDOR, _DAYS), "whether"),
    Measure(
        "side_cut_off",
        "whether for that many days on end no way free of the enemy leads from a source of the side's supply to any place that "
        "it holds in the area",
        (_AREA, _SIDE, _DAYS),
        "whether",
        undefined="no place is left",
        is_of_ground=True,
    ),
)

_FIGHTING = (
    Measure("fighters_lost", "dead, wounded, captured and deserted of the side's actors", (_SIDE,), "number", "fighters"),
    Measure("actor_lost", "dead, wounded, captured and deserted of the actor", (_ACTOR,), "number", "fighters"),
    Measure(
        "actor_lost_per_gain",
        "losses of the actor for each place of the area that its side gains",
        (_ACTOR, _AREA),
        "number",
        "fighters per place",
        undefined="its side gains none",
    ),
    Measure("incidents", "raids, ambushes and bombs in the area from a day on, by day", (_AREA, _SINCE), "number", "1/d"),
    Measure(
        "assaults_elsewhere",
        "assaults in the area, other than on the place, in that many days after the side takes the place, less those in as many "
        "days before",
        (_PLACE, _SIDE, _AREA, _DAYS),
        "number",
        "assaults",
        undefined="the side does not take it, or fewer days than that are left before or after",
    ),
    Measure(
        "force_sent",
        "fighters sent in the side's first assault on the place",
        (_PLACE, _SIDE),
        "number",
        "fighters",
        undefined="it is never assaulted",
    ),
    Measure(
        "assault_losses",
        "losses of the side between its first assault on the place and the end of that assault, elsewhere too",
        (_PLACE, _SIDE),
        "number",
        "fighters",
        undefined="it is never assaulted, or the assault does not end",
    ),
    Measure(
        "place_assaulted",
        "whether the side assaults the place up to a day",
        (_PLACE, _SIDE, _DAY),
        "whether",
        undefined="the campaign ends before that day",
    ),
    Measure("operation_days", "share of days on which the side has an operation under way", (_SIDE,)),
)

_PEOPLE = (
    Measure(
        "displaced_at",
        "displaced people at the host on the evening of a day",
        (_HOST, _DAY),
        "number",
        "people",
        undefined="the campaign ends before that day",
    ),
    Measure(
        "displaced_gain",
        "displaced people at the host on the evening of a day, less those at the start",
        (_HOST, _DAY),
        "number",
        "people",
        undefined="the campaign ends before that day",
    ),
    Measure(
        "displaced_reach",
        "whether the displaced at the host have grown by that many people on some evening up to a day",
        (_HOST, _PEOPLE_COUNT, _DAY),
        "whether",
        undefined="the campaign ends before that day",
    ),
    Measure(
        "displaced_after_assault",
        "by how many people the displaced at the host grow from the evening before the side's first assault on the place to that "
        "many days later",
        (_PLACE, _SIDE, _HOST, _DAYS),
        "number",
        "people",
        undefined="there is no assault, or the campaign ends before",
    ),
)

_INPUTS = (
    Measure("policy_is", "whether the side follows that policy", (_SIDE, _POLICY), "whether"),
    Measure("waits_for_spring", "whether the side waits out the winter", (_SIDE,), "whether"),
    Measure("drawn_input", "value of a drawn input", (_INPUT,), "number"),
    Measure("first_strength", "fighters of the actor in the area on the first evening", (_ACTOR, _AREA), "number", "fighters"),
)

_MAP = (
    Measure(
        "way_enters_from",
        "bearing from the corridor's first place to the point at which the road through it is that far away; 0 is north, 90 east",
        (_CORRIDOR, _KM),
        "number",
        "degrees",
        "map",
        undefined="no road leads through",
    ),
    Measure(
        "km_to_corridor",
        "distance in a straight line from the place to the nearest place on the shortest road through the corridor",
        (_PLACE, _CORRIDOR),
        "number",
        "km",
        "map",
        undefined="no road leads through",
    ),
)

_RECORD = (
    Measure(
        "longest_quiet_days",
        "longest spell without a recorded incident or change of hands in the area in the months before the start",
        (_AREA, _MONTHS),
        "number",
        "days",
        "record",
    ),
    Measure(
        "days_since_capture",
        "days from the side's last recorded capture of a place of the area, which it kept for that many days or to the start",
        (_AREA, _SIDE, _DAYS),
        "number",
        "days",
        "record",
        undefined="none is on record",
    ),
)

_EVENTS = (
    Measure(
        "incident_by_chance",
        "chance that, whatever the trigger, an incident of those it was chosen from falls as close to the trigger's day as this "
        "one did; its interval spans even scatter, trend and clustering",
        (_TRIGGER, _ON, _ALIKE, _ESTIMATES),
        "share",
        "1",
        "events",
        undefined="no event of the region is recorded, or none passes the filter",
    ),
    Measure(
        "spillover_extra",
        "second events within the window after a first one, beyond what their trend explains",
        (_FIRST, _SECOND, _WINDOW, _ESTIMATES),
        "number",
        "events per event",
        "events",
        undefined="no event of the region is recorded, or none passes a filter",
    ),
    Measure(
        "spillover_difference",
        "second events that a first one raises, less first events that a second one raises (mutually exciting process)",
        (_FIRST, _SECOND, _WINDOW, _ESTIMATES),
        "number",
        "events per event",
        "events",
        undefined="fewer than five events of a kind are recorded",
    ),
)

MEASURES: Mapping[str, Measure] = {
    measure.name: measure for measure in (*_CONTROL, *_WAYS, *_FIGHTING, *_PEOPLE, *_INPUTS, *_MAP, *_RECORD, *_EVENTS)
}
RUN_MEASURES = tuple(name for name, measure in MEASURES.items() if measure.basis == "runs")
"""What an outcome may name: what is computed from campaigns."""
