"""The files of events that are known, by their columns.

ACLED: export files before and after the change of October 2022 and of `inter` to text in 2024 (ACLED codebook). UCDP GED: global
files v17 to v25 (Sundberg and Melander 2013, doi:10.1177/0022343313484347; codebooks of the releases). GTD: START codebook 2021.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class EventFormat:
    """A format: how it is known, and which column holds what.

    Attributes
    ----------
    name
        As it is shown.
    marks
        Columns that together show a file to be of this format.
    columns
        Role to the names that its column has had, the newest first.
    required
        Roles without which the file cannot be used.
    codes
        Role to what its numeric codes mean.
    """

    name: str
    marks: tuple[str, ...]
    columns: Mapping[str, tuple[str, ...]]
    required: tuple[str, ...]
    codes: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def column(self, role: str, header: Iterable[str]) -> str | None:
        """Return the name that the column of a role has in a header, None where it has none."""
        names = set(header)
        return next((name for name in self.columns.get(role, ()) if name in names), None)


_INTER = {
    "0": "", "1": "State forces", "2": "Rebel group", "3": "Political militia", "4": "Identity militia", "5": "Rioters",
    "6": "Protesters", "7": "Civilians", "8": "External/Other forces",
}  # fmt: skip

ACLED = EventFormat(
    "ACLED",
    ("event_date", "event_type", "actor1"),
    {
        "date": ("event_date",),
        "date_precision": ("time_precision",),
        "lat": ("latitude",),
        "lon": ("longitude",),
        "place_precision": ("geo_precision",),
        "place": ("location",),
        "country": ("country",),
        "kind": ("event_type",),
        "subkind": ("sub_event_type",),
        "actor": ("actor1",),
        "other_actor": ("actor2",),
        "actor_kind": ("inter1",),
        "other_actor_kind": ("inter2",),
        "weight": ("fatalities",),
        "description": ("notes",),
        "source": ("source",),
        "id": ("event_id_cnty", "data_id"),
    },
    ("date", "lat", "lon", "country", "kind"),
    {"actor_kind": _INTER, "other_actor_kind": _INTER},
)
UCDP_GED = EventFormat(
    "UCDP GED",
    ("date_start", "type_of_violence", "side_a"),
    {
        "date": ("date_start",),
        "end_date": ("date_end",),
        "date_precision": ("date_prec",),
        "lat": ("latitude",),
        "lon": ("longitude",),
        "place_precision": ("where_prec",),
        "place": ("where_coordinates", "where_description"),
        "country": ("country",),
        "kind": ("type_of_violence",),
        "subkind": ("conflict_name",),
        "actor": ("side_a",),
        "other_actor": ("side_b",),
        "weight": ("best", "best_est"),
        "low": ("low", "low_est"),
        "high": ("high", "high_est"),
        "description": ("source_headline", "source_article"),
        "source": ("source_office", "source_article"),
        "id": ("id", "relid"),
    },
    ("date", "end_date", "lat", "lon", "country", "kind", "weight", "low", "high"),
    {"kind": {"1": "state-based", "2": "non-state", "3": "one-sided"}},
)
GTD = EventFormat(
    "GTD",
    ("iyear", "imonth", "iday"),
    {
        "year": ("iyear",),
        "month": ("imonth",),
        "day_of_month": ("iday",),
        "lat": ("latitude",),
        "lon": ("longitude",),
        "place_precision": ("specificity",),
        "place": ("city",),
        "country": ("country_txt",),
        "kind": ("attacktype1_txt", "attacktype1"),
        "subkind": ("targtype1_txt", "targtype1"),
        "actor": ("gname",),
        "weight": ("nkill",),
        "description": ("summary",),
        "source": ("dbsource",),
        "id": ("eventid",),
    },
    ("year", "month", "day_of_month", "country", "kind"),
)
PLAIN = EventFormat(
    "plain table",
    ("date",),
    {
        "date": ("date",),
        "end_date": ("end_date", "date_end"),
        "precision_days": ("precision_days",),
        "lat": ("lat", "latitude"),
        "lon": ("lon", "longitude"),
        "place": ("place", "location"),
        "country": ("country",),
        "kind": ("kind", "type"),
        "subkind": ("subkind",),
        "actor": ("actor", "actor1"),
        "other_actor": ("other_actor", "actor2"),
        "weight": ("weight", "deaths", "fatalities"),
        "low": ("low",),
        "high": ("high",),
        "description": ("description", "notes"),
        "source": ("source",),
        "id": ("id", "event_id"),
    },
    ("date",),
)
FORMATS = (ACLED, UCDP_GED, GTD, PLAIN)


def format_of(header: Iterable[str]) -> EventFormat | None:
    """Return the format that a header shows, None where it shows none."""
    names = set(header)
    return next((each for each in FORMATS if names.issuperset(each.marks)), None)


def likeliest_format(header: Iterable[str]) -> EventFormat:
    """Return the format most of whose marks a header has, to say what it lacks."""
    names = set(header)
    return max(FORMATS, key=lambda each: len(names.intersection(each.marks)) / len(each.marks))
