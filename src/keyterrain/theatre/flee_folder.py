"""Folders of Flee: places, links, closures, zones of conflict and observed counts, read with every fault at once.

The layout is Flee's (`input_csv`, `source_data`, `simsetting.yml`); what each file holds is described in docs/displacement.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from keyterrain.theatre.faults import Fault, ScenarioFaults, in_order, nearest, shown
from keyterrain.theatre.flee_settings import FleeSettings, read_settings
from keyterrain.theatre.flee_tables import CountSeries, FolderReading, PlainRow, summed

LOCATIONS = "input_csv/locations.csv"
ROUTES = "input_csv/routes.csv"
CLOSURES = "input_csv/closures.csv"
CONFLICTS = "input_csv/conflicts.csv"
PERIOD = "input_csv/sim_period.csv"
CORRECTIONS = "input_csv/registration_corrections.csv"
LAYOUT = "source_data/data_layout.csv"
NOT_READ = ("flood_level.csv", "region_attributes_IPC.csv", "agents.csv", "location_changes.csv", "major_routes.csv")
"""Files of Flee's further modules; where they lie in a folder, a warning says that they are not used."""
PLACE_TYPES = ("conflict_zone", "town", "camp", "idpcamp", "marker", "forwarding_hub")
CLOSURE_TYPES = ("country", "location", "link", "camp", "idpcamp", "remove_forced_redirection")
LEAKED_WITHIN = 0.03
"""How near to the highest observed count a capacity counts as taken from it (issue 6: equal or nearly equal)."""


class FleePlace(NamedTuple):
    """A row of locations.csv; capacity is 0 where there is no limit."""

    name: str
    country: str
    kind: str
    conflict_day: int
    population: int
    capacity: int
    latitude: float
    longitude: float

    @property
    def is_camp(self) -> bool:
        """Whether it is a camp, of refugees or of internally displaced people."""
        return self.kind in {"camp", "idpcamp"}


class FleeLink(NamedTuple):
    """A row of routes.csv, by index of its places; redirection as Flee documents it (1: from second to first, 2: from first)."""

    first: int
    second: int
    km: float
    redirection: int
    speed_km: float


class Closure(NamedTuple):
    """A row of closures.csv; closed from a day to the day before another, -1: for good."""

    kind: str
    first: str
    second: str
    start: int
    end: int


class LeakedCapacity(NamedTuple):
    """A camp whose capacity equals, or nearly, the highest count that was observed in it."""

    camp: str
    capacity: int
    highest: int


@dataclass(frozen=True, slots=True)
class FleeFolder:
    """A conflict as Flee describes it. Intensity is (day, place), NaN for places that conflicts.csv does not name."""

    path: Path
    start: date
    days: int
    settings: FleeSettings
    places: tuple[FleePlace, ...]
    links: tuple[FleeLink, ...]
    closures: tuple[Closure, ...]
    intensity: NDArray[np.float64]
    counts: dict[str, CountSeries]
    uncorrected: dict[str, CountSeries]
    total: CountSeries | None
    warnings: tuple[Fault, ...]

    @property
    def name(self) -> str:
        """Name of the folder."""
        return self.path.resolve().name

    @property
    def camps(self) -> tuple[int, ...]:
        """Indices of the camps, in the order of the file."""
        return tuple(k for k, place in enumerate(self.places) if place.is_camp)

    @property
    def is_observed(self) -> bool:
        """Whether counts of camps are known, not only their total."""
        return bool(self.counts)

    @property
    def leaked(self) -> tuple[LeakedCapacity, ...]:
        """Camps whose capacity was taken from what was to be predicted."""
        found = []
        for camp in self.camps:
            place = self.places[camp]
            if place.name not in self.counts or place.capacity < 1:
                continue
            for highest in self._highest_counts(place.name):
                if highest > 0 and abs(place.capacity - highest) <= LEAKED_WITHIN * highest:
                    found.append(LeakedCapacity(place.name, place.capacity, highest))
                    break
        return tuple(found)

    def _highest_counts(self, camp: str) -> tuple[int, ...]:
        """Highest counts of a camp: as corrected and as published, of the simulated days and of the whole file."""
        corrected, published = self.counts[camp], self.uncorrected[camp]
        within = [max(series.on(day) for day in range(self.days)) for series in (corrected, published)]
        return (*within, int(max(corrected.counts)), int(max(published.counts)))

    def dates(self) -> list[date]:
        """Dates of the simulated days."""
        return [self.start + timedelta(days=day) for day in range(self.days)]

    def observed(self) -> NDArray[np.int64]:
        """Observed counts (day, camp), interpolated between the dates; -1 where camps are not observed."""
        table = np.full((self.days, len(self.camps)), -1, dtype=np.int64)
        for k, camp in enumerate(self.camps):
            series = self.counts.get(self.places[camp].name)
            if series is not None:
                table[:, k] = [series.on(day) for day in range(self.days)]
        return table

    def totals(self) -> NDArray[np.int64]:
        """People known to be displaced, by day: the sum of the camps or, if the settings say so or none is counted, the total."""
        if self.counts and (self.settings.sum_from_camps or self.total is None):
            return np.array([sum(series.on(day) for series in self.counts.values()) for day in range(self.days)], dtype=np.int64)
        if self.total is None:
            return np.zeros(self.days, dtype=np.int64)
        return np.array([self.total.on(day) for day in range(self.days)], dtype=np.int64)


def read_flee_folder(path: str | Path) -> FleeFolder:
    """Read a folder of Flee.

    Raises
    ------
    keyterrain.theatre.faults.ScenarioFaults
        Naming everything wrong with it, by file and row.
    """
    folder = Path(path)
    reading = FolderReading(folder)
    if not folder.is_dir():
        raise ScenarioFaults(str(path), [Fault("", None, None, f"{path} is no folder")])
    settings = _settings(reading)
    start, days = _period(reading)
    places = _places(reading)
    index = {place.name: k for k, place in enumerate(places)}
    links = _links(reading, index)
    closures = _closures(reading, index, places)
    intensity = _intensity(reading, index, days)
    counts, total = _counts(reading, start, places)
    uncorrected = dict(counts)
    _correct(reading, counts, start)
    _note_loose_ends(reading, places, links)
    if reading.faults:
        raise ScenarioFaults(str(path), in_order(reading.faults))
    return FleeFolder(
        folder,
        start,
        days,
        settings,
        tuple(places),
        links,
        closures,
        intensity,
        counts,
        uncorrected,
        total,
        in_order(reading.warnings),
    )


def _settings(reading: FolderReading) -> FleeSettings:
    if not (reading.folder / "simsetting.yml").exists():
        reading.warn("simsetting.yml", None, None, "is missing; Flee's defaults hold")
        return FleeSettings()
    text = reading.text("simsetting.yml")
    if text is None:
        return FleeSettings()
    read = read_settings(text)
    reading.faults += read.faults
    reading.warnings += read.warnings
    return read.settings


def _period(reading: FolderReading) -> tuple[date, int]:
    n_faults, start, days = len(reading.faults), None, None
    for row in reading.rows(PERIOD):
        match row.cell(0).lower():
            case "startdate":
                start = reading.day(PERIOD, row, 1)
            case "length":
                days = reading.whole(PERIOD, row, 1, "Length")
                if days is not None and not 1 <= days <= 100_000:
                    reading.fault(PERIOD, row.line, "Length", f"{days} is no number of days between 1 and 100000")
            case other:
                reading.fault(
                    PERIOD,
                    row.line,
                    None,
                    f"{shown(other)} is neither StartDate nor Length",
                    nearest(other, ("StartDate", "Length")),
                )
    if len(reading.faults) == n_faults:
        for name, value in (("StartDate", start), ("Length", days)):
            if value is None:
                reading.fault(PERIOD, None, name, "is not given")
    return start or date(2000, 1, 1), max(1, min(days or 1, 100_000))


def _places(reading: FolderReading) -> list[FleePlace]:
    places: list[FleePlace] = []
    seen: dict[str, int] = {}
    for row in reading.rows(LOCATIONS):
        name = row.cell(0)
        if not name:
            reading.fault(LOCATIONS, row.line, "name", "is empty")
        elif name in seen:
            reading.fault(LOCATIONS, row.line, "name", f"{shown(name)} stands in row {seen[name]} already")
        else:
            seen[name] = row.line
            places.append(_place(reading, row))
    return places


def _place(reading: FolderReading, row: PlainRow) -> FleePlace:
    if len(row.cells) < 6:
        reading.fault(LOCATIONS, row.line, None, f"has {len(row.cells)} columns of at least 8: is a comma missing?")
    kind = _kind(row.cell(5))
    if kind is None:
        what = f"{shown(row.cell(5))} is no type of place"
        reading.fault(LOCATIONS, row.line, "location_type", what, nearest(row.cell(5), PLACE_TYPES))
    latitude = reading.number(LOCATIONS, row, 3, "lat", empty=0.0) or 0.0
    longitude = reading.number(LOCATIONS, row, 4, "lon", empty=0.0) or 0.0
    if not (abs(latitude) <= 90 and abs(longitude) <= 360):
        reading.fault(LOCATIONS, row.line, "lat, lon", f"{latitude}, {longitude} is nowhere on Earth")
    conflict_day = reading.whole(LOCATIONS, row, 6, "conflict_date", empty=0) or 0
    people = reading.number(LOCATIONS, row, 7, "population", empty=0.0) or 0.0
    is_camp = kind in {"camp", "idpcamp"}
    if people < 0 and not is_camp:
        reading.fault(LOCATIONS, row.line, "population", f"{people:g} is below 0")
    people = max(people, 0.0)
    return FleePlace(
        row.cell(0),
        row.cell(2) or "unknown",
        kind or "town",
        conflict_day,
        0 if is_camp else int(people),
        int(people) if is_camp else 0,
        latitude,
        longitude,
    )


def _kind(text: str) -> str | None:
    """Return the type of a place as Flee tells it: by a word that its text contains."""
    folded = text.lower()
    if "camp" in folded:
        return "idpcamp" if "idp" in folded else "camp"
    for word, kind in (("conflict", "conflict_zone"), ("forward", "forwarding_hub"), ("marker", "marker"), ("town", "town")):
        if word in folded:
            return kind
    return "town" if "default" in folded or "flood" in folded else None


def _links(reading: FolderReading, index: dict[str, int]) -> tuple[FleeLink, ...]:
    header = [name.lower() for name in reading.header(ROUTES)]
    speed_column = header.index("max_move_speed") if "max_move_speed" in header else None
    if "walk_probability" in header:
        reading.warn(ROUTES, None, "walk_probability", "is given and not simulated")
    links = []
    for row in reading.rows(ROUTES):
        ends = [_place_named(reading, ROUTES, row, k, index, f"name{k + 1}") for k in (0, 1)]
        km = reading.number(ROUTES, row, 2, "distance")
        redirection = reading.whole(ROUTES, row, 3, "forced_redirection", empty=0)
        if km is not None and km < 0:
            reading.fault(ROUTES, row.line, "distance", f"{row.cell(2)} km is below 0")
        if redirection not in {None, 0, 1, 2}:
            reading.fault(ROUTES, row.line, "forced_redirection", f"{redirection} is none of 0, 1, 2")
        if row.cell(0) and row.cell(0) == row.cell(1):
            reading.fault(ROUTES, row.line, None, f"leads from {shown(row.cell(0))} to itself")
            continue
        speed = reading.number(ROUTES, row, speed_column, "max_move_speed", empty=0.0) if speed_column is not None else 0.0
        first, second = ends
        if first is not None and second is not None and km is not None and redirection is not None:
            links.append(FleeLink(first, second, km, redirection, max(speed or 0.0, 0.0)))
    return tuple(links)


def _place_named(reading: FolderReading, file: str, row: PlainRow, k: int, index: dict[str, int], column: str) -> int | None:
    name = row.cell(k)
    if name in index:
        return index[name]
    what = f"{shown(name)} is no place of {LOCATIONS}" if name else "is empty"
    reading.fault(file, row.line, column, what, nearest(name, index) if name else None)
    return None


def _closures(reading: FolderReading, index: dict[str, int], places: list[FleePlace]) -> tuple[Closure, ...]:
    countries = {place.country for place in places}
    closures = []
    for row in reading.rows(CLOSURES, required=False):
        kind = row.cell(0)
        if kind not in CLOSURE_TYPES:
            reading.fault(
                CLOSURES, row.line, "closure_type", f"{shown(kind)} is no type of closure", nearest(kind, CLOSURE_TYPES)
            )
            continue
        named = 2 if kind in {"country", "link", "remove_forced_redirection"} else 1
        valid, what = (countries, "country") if kind == "country" else (set(index), "place")
        for k in range(1, named + 1):
            if row.cell(k) not in valid:
                reading.fault(
                    CLOSURES,
                    row.line,
                    f"name{k}",
                    f"{shown(row.cell(k))} is no {what} of {LOCATIONS}",
                    nearest(row.cell(k), valid),
                )
        if named == 2 and row.cell(1) == row.cell(2):
            reading.fault(CLOSURES, row.line, None, f"closes {shown(row.cell(1))} against itself")
        start, end = reading.whole(CLOSURES, row, 3, "closure_start"), reading.whole(CLOSURES, row, 4, "closure_end", empty=-1)
        if start is None or end is None:
            continue
        if 0 <= end < start:
            reading.fault(CLOSURES, row.line, "closure_end", f"day {end} is before day {start}, on which it starts")
        closures.append(Closure(kind, row.cell(1), row.cell(2), start, end))
    return tuple(closures)


def _intensity(reading: FolderReading, index: dict[str, int], days: int) -> NDArray[np.float64]:
    table = np.full((days, max(len(index), 1)), np.nan)
    if not (reading.folder / CONFLICTS).exists():
        reading.warn(CONFLICTS, None, None, f"is missing; zones of conflict begin on the dates in {LOCATIONS}")
        return table
    rows = reading.rows(CONFLICTS, comments=False)
    if not rows:
        return table
    header, *body = rows
    columns = _conflict_columns(reading, header, index)
    for k, row in enumerate(body):
        _take_conflict_day(reading, row, k, columns, len(header.cells), table)
    if len(body) < days:
        reading.fault(CONFLICTS, None, "#Day", f"has {len(body)} days; {PERIOD} asks for {days}")
    return table


def _conflict_columns(reading: FolderReading, header: PlainRow, index: dict[str, int]) -> dict[int, int]:
    columns: dict[int, int] = {}
    for k, name in enumerate(header.cells[1:], 1):
        if not name:
            continue
        if name not in index:
            reading.warn(
                CONFLICTS, header.line, name, f"is no place of {LOCATIONS}; the column is left out", nearest(name, index)
            )
        elif index[name] in columns.values():
            reading.fault(CONFLICTS, header.line, name, "has two columns")
        else:
            columns[k] = index[name]
    return columns


def _take_conflict_day(
    reading: FolderReading, row: PlainRow, k: int, columns: dict[int, int], width: int, table: NDArray[np.float64]
) -> None:
    if row.cell(0) not in {str(k), f"{k}.0"}:
        reading.fault(CONFLICTS, row.line, "#Day", f"{shown(row.cell(0))} stands where day {k} is due")
    if any(row.cells[width:]):
        reading.fault(CONFLICTS, row.line, None, f"has {len(row.cells)} columns; the header has {width}")
    for column, place in columns.items():
        value = reading.number(CONFLICTS, row, column, "intensity")
        if value is not None and not 0.0 <= value <= 1.0:
            reading.fault(CONFLICTS, row.line, "intensity", f"{row.cell(column)} does not lie between 0 and 1")
        elif value is not None and k < len(table):
            table[k, place] = value


def _counts(reading: FolderReading, start: date, places: list[FleePlace]) -> tuple[dict[str, CountSeries], CountSeries | None]:
    counts: dict[str, CountSeries] = {}
    total: CountSeries | None = None
    named: set[str] = set()
    owner: dict[str, str] = {}
    for row in reading.rows(LAYOUT):
        name, files = row.cell(0), [cell for cell in row.cells[1:] if cell]
        if name in named:
            reading.fault(LAYOUT, row.line, None, f"{shown(name)} stands twice")
            continue
        named.add(name)
        if not files:
            reading.fault(LAYOUT, row.line, None, f"{shown(name)} has no file")
        for file in files:
            if file in owner:
                reading.fault(LAYOUT, row.line, None, f"{file} holds the counts of {shown(owner[file])} already")
            owner[file] = name
        if name == "total" and len(named) == 1:
            total = reading.series(f"source_data/{files[0]}", start) if files else None
            continue
        read = [series for file in files if (series := reading.series(f"source_data/{file}", start)) is not None]
        if len(read) == len(files) and read:
            series = read[0]
            for each in read[1:]:
                series = summed(series, each)
            counts[name] = series
    _compare_with_places(reading, places, named - {"total"})
    return counts, total


def _compare_with_places(reading: FolderReading, places: list[FleePlace], named: set[str]) -> None:
    """Hold the camps that are counted against those on the map."""
    on_map = {place.name for place in places}
    if named:
        for row in reading.rows(LOCATIONS, required=False):
            if _kind(row.cell(5)) in {"camp", "idpcamp"} and row.cell(0) not in named:
                what = f"the camp has no counts in {LAYOUT}"
                reading.fault(LOCATIONS, row.line, row.cell(0), what, nearest(row.cell(0), named - on_map))
    for name in sorted(named - on_map):
        what = f"is no place of {LOCATIONS}: its people count in the totals, and it is not compared"
        reading.warn(LAYOUT, None, name, what, nearest(name, on_map - named))


def _correct(reading: FolderReading, counts: dict[str, CountSeries], start: date) -> None:
    """Scale counts before a second registration to it."""
    for row in reading.rows(CORRECTIONS, required=False):
        if len(row.cells) < 2:
            continue
        when = reading.day(CORRECTIONS, row, 1)
        if row.cell(0) not in counts:
            reading.warn(CORRECTIONS, row.line, row.cell(0), "has no counts; nothing is corrected", nearest(row.cell(0), counts))
        elif when is not None:
            corrected = counts[row.cell(0)].scaled_before((when - start).days)
            if corrected is None:
                reading.warn(
                    CORRECTIONS, row.line, "date", f"{when} is no date of the counts of {row.cell(0)}; nothing is corrected"
                )
            else:
                counts[row.cell(0)] = corrected


def _note_loose_ends(reading: FolderReading, places: list[FleePlace], links: tuple[FleeLink, ...]) -> None:
    """Warn of places that no route reaches, and of files that are not used."""
    linked = {end for link in links for end in (link.first, link.second)}
    for k, place in enumerate(places):
        if links and k not in linked:
            reading.warn(ROUTES, None, place.name, "no route leads there: nobody arrives and nobody leaves")
    if places and links and not any(place.is_camp for place in places):
        reading.fault(LOCATIONS, None, "location_type", "no place is a camp: there is nowhere to arrive")
    for file in NOT_READ:
        if (reading.folder / "input_csv" / file).exists():
            reading.warn(f"input_csv/{file}", None, None, "is not used")
