"""Targets: what is to be met, measured on campaigns as any outcome is, with the value of the record, its error and its source.

A table of targets is a CSV file, one row each:

    target      key of the target
    scenario    on whose campaigns it is measured; blank: on those of every scenario that is played
    start, days of the campaign that is played for it; blank: the scenario's
    measure     a measure of campaigns
    arguments   its arguments, `name value; name value`
    scale       on which it is compared: plain, sqrt, or log (of one more)
    value       what was observed, or `record`: what the same measure says of the scenario's own record
    error       standard deviation of the observation on that scale, luck apart
    luck        one: the value comes from one campaign, whose luck is added to the error; many: a mean, whose error has all
    campaign    scenario of whose record the value is; blank: of no campaign that ships
    until       last day of the record that enters it
    source      where it comes from, or `assumption: why`
"""

from __future__ import annotations

import csv
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from keyterrain.analysis.measures import Measurement
from keyterrain.analysis.measures.observed import observed_value
from keyterrain.campaign.calibrated import calibrations_folder
from keyterrain.campaign.errors import RunRefused
from keyterrain.campaign.variants import Variant
from keyterrain.theatre.cells import BadCell, read_cell
from keyterrain.theatre.columns import Column
from keyterrain.theatre.faults import nearest, shown
from keyterrain.theatre.outcomes import MEASURES, RUN_MEASURES

if TYPE_CHECKING:
    from keyterrain.theatre.nouns import Situation
    from keyterrain.theatre.scenario import Scenario

Floats = NDArray[np.float64]
Scale = Literal["plain", "sqrt", "log"]

COLUMNS = (
    "target", "scenario", "start", "days", "measure", "arguments", "scale", "value", "error", "luck", "campaign", "until",
    "source",
)  # fmt: skip
SHIPPED = "targets.csv"
OWN_RECORD = "record"
RECORD_ERROR = {"share": 0.05, "number": 0.5}
"""Error of what a scenario's own record says, where no table does: a share, or on the scale `log` a number (assumption)."""

_SCALES: Mapping[Scale, Callable[[Any], Any]] = {"plain": lambda x: x, "sqrt": np.sqrt, "log": np.log1p}
_BACK: Mapping[Scale, Callable[[float], float]] = {"plain": lambda x: x, "sqrt": lambda x: max(x, 0.0) ** 2, "log": math.expm1}


@dataclass(frozen=True)
class Target:
    """One number to be met.

    Attributes
    ----------
    value
        As observed, in the measure's own unit.
    error
        Standard deviation of the observation on the scale, luck apart.
    is_one
        Whether it comes from a single campaign.
    """

    key: str
    scenario: str
    variant: Variant
    measurement: Measurement
    scale: Scale
    value: float
    error: float
    is_one: bool
    campaign: str
    until: date | None
    source: str

    @property
    def scaled(self) -> float:
        """The value on the scale."""
        return float(_SCALES[self.scale](self.value))

    def scale_of(self, values: Floats) -> Floats:
        """Return measured values on the scale."""
        return np.asarray(_SCALES[self.scale](values))

    def back(self, scaled: float) -> float:
        """Return a value on the scale in the measure's own unit."""
        return float(_BACK[self.scale](scaled))


@dataclass(frozen=True, slots=True)
class _Row:
    """A row as written, with its line."""

    line: int
    cells: Mapping[str, str]


class _Faults:
    """Gathers what is wrong with a table, by line."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.found: list[str] = []

    def add(self, row: _Row | None, field: str, what: str, valid: Iterable[str] = (), written: str = "") -> None:
        where = f"{self.file}" + (f", row {row.line}" if row else "") + (f", {field}" if field else "")
        found = nearest(written, valid) if written else None
        self.found.append(f"{where}: {what}{f' (nearest valid: {found})' if found else ''}.")

    def refuse(self) -> None:
        if self.found:
            raise RunRefused(" ".join(dict.fromkeys(self.found)))


def targets_of(
    scenarios: Sequence[Scenario], *, table: Path | str | None = None, scored: Sequence[Scenario] = ()
) -> tuple[Target, ...]:
    """Return what scenarios are to be fitted to.

    Without a table the shipped one is used: rows of the campaigns that are scored are dropped, and of several rows of one target
    the latest whose record ends before every scored campaign begins. A scenario without rows of its own is fitted to those of its
    outcomes that its record tells. A table that is given is used whole, and refused where it holds what it may not.

    Raises
    ------
    RunRefused
        The table cannot be read; a row is malformed, measures what no campaign has, or belongs to a campaign that is scored or to
        the time after its start; nothing is left. All faults at once.
    """
    names = [scenario.name for scenario in scenarios]
    _refuse_twice(names)
    path = Path(table) if table else calibrations_folder() / SHIPPED
    faults = _Faults(str(path) if table else "shipped targets")
    rows = _rows(path, faults, is_given=table is not None)
    faults.refuse()
    reader = _Reader({scenario.name: scenario for scenario in scenarios}, faults)
    if table is None:
        found = _of_the_shipped(rows, reader, scenarios, scored)
    else:
        found = [target for row in rows for target in reader.targets(row)]
        for row in rows:
            _refuse_what_is_scored(row, scored, faults)
    faults.refuse()
    if not found:
        said = f"no target of it is left for {', '.join(names)}" + (f" without {_listed(scored)}" if scored else "")
        raise RunRefused(f"{faults.file}: {said}; give some by --targets.")
    return tuple(found)


def earliest_start(scenario: Scenario) -> date:
    """Return the first day from which a scenario is meant to be played."""
    return min(scenario.starts)


def _listed(scenarios: Iterable[Scenario]) -> str:
    return ", ".join(scenario.name for scenario in scenarios)


def _refuse_twice(names: Sequence[str]) -> None:
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise RunRefused(f"{', '.join(twice)} is given more than once.")


def _rows(path: Path, faults: _Faults, *, is_given: bool) -> list[_Row]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        if is_given:
            raise RunRefused(f"There is no file {path}.") from None
        return []
    except (IsADirectoryError, NotADirectoryError):
        raise RunRefused(f"{path} is not a file.") from None
    except UnicodeDecodeError:
        raise RunRefused(f"{path} is not UTF-8 text.") from None
    reader = csv.reader(text.splitlines(), strict=True)
    try:
        header, *lines = [line for line in reader if any(cell.strip() for cell in line)] or [[]]
    except csv.Error as error:
        raise RunRefused(f"{path} is no CSV file: {error}.") from None
    header = [name.strip() for name in header]
    for name in header:
        if name not in COLUMNS:
            faults.add(None, "", f"there is no column {shown(name)}", COLUMNS, name)
    for name in COLUMNS:
        if name not in header:
            faults.add(None, "", f"the column {name} is missing")
    rows = []
    for number, line in enumerate(lines, start=2):
        row = _Row(number, {name: cell.strip() for name, cell in zip(header, line, strict=False)})
        if len(line) != len(header):
            faults.add(row, "", f"{len(line)} cells for {len(header)} columns")
        rows.append(row)
    return rows


def _of_the_shipped(
    rows: Sequence[_Row], reader: _Reader, scenarios: Sequence[Scenario], scored: Sequence[Scenario]
) -> list[Target]:
    """Choose among the shipped rows what may be used, and add the scenarios' own records where no row is about them."""
    first_start = min((earliest_start(each) for each in scored), default=None)
    left_out = {scenario.name for scenario in scored}
    latest: dict[str, _Row] = {}
    for row in rows:
        own, until = row.cells["campaign"], _date(row.cells["until"])
        is_about = row.cells["scenario"] in {"", *reader.scenarios}
        if not is_about or own in left_out or (first_start and until and until >= first_start):
            continue
        known = latest.get(row.cells["target"])
        if known is None or (until or date.min) > (_date(known.cells["until"]) or date.min):
            latest[row.cells["target"]] = row
    found = [target for row in latest.values() for target in reader.targets(row, is_lenient=True)]
    about = {row.cells["scenario"] for row in rows}
    for scenario in scenarios:
        if scenario.name not in about | left_out:
            found += _of_own_record(scenario)
    return found


def _of_own_record(scenario: Scenario) -> list[Target]:
    """Return targets of the outcomes that the record after the start tells; yes or no is left out, being nearly no number."""
    variant = Variant().in_full(scenario)
    assert variant.start is not None
    assert variant.days is not None
    until, found = variant.start + timedelta(days=variant.days), []
    for outcome in scenario.outcomes:
        kind = MEASURES[outcome.measure].kind
        measurement = Measurement.of_outcome(outcome)
        value = observed_value(measurement, scenario, variant.start, variant.days)
        if kind == "whether" or value is None or math.isnan(value):
            continue
        scale: Scale = "plain" if kind == "share" else "log"
        source = "the scenario's record; assumption: error of a share 0.05, of a number 0.5 on the scale log"
        found.append(
            Target(
                f"{outcome.key}@{scenario.name}",
                scenario.name,
                variant,
                measurement,
                scale,
                value,
                RECORD_ERROR[kind],
                True,
                scenario.name,
                until,
                source,
            )
        )
    return found


def _refuse_what_is_scored(row: _Row, scored: Sequence[Scenario], faults: _Faults) -> None:
    until = _date(row.cells["until"])
    for scenario in scored:
        start = earliest_start(scenario)
        if row.cells["campaign"] == scenario.name:
            faults.add(row, "campaign", f"{scenario.name} is scored, and may not be among its own targets")
        elif until is not None and until >= start:
            faults.add(row, "until", f"{scenario.name}, which is scored, begins on {start}, and this looks at {until}")


def _date(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


class _Reader:
    """Reads rows into targets, one for each scenario that a row is about."""

    def __init__(self, scenarios: Mapping[str, Scenario], faults: _Faults) -> None:
        self.scenarios = scenarios
        self.faults = faults

    def targets(self, row: _Row, *, is_lenient: bool = False) -> list[Target]:
        """Return the targets of a row; a lenient reader passes over scenarios that lack a noun of a row about all of them."""
        cells = row.cells
        name = cells["scenario"]
        if name and name not in self.scenarios:
            self.faults.add(row, "scenario", f"{shown(name)} is not among the scenarios given", self.scenarios, name)
            return []
        n_before = len(self.faults.found)
        common = self._common(row)
        if len(self.faults.found) > n_before:
            return []
        found = []
        for scenario in [self.scenarios[name]] if name else self.scenarios.values():
            target = self._on(row, scenario, common, is_lenient=is_lenient and not name)
            if target is not None:
                found.append(target)
        return found

    def _common(self, row: _Row) -> dict[str, Any]:
        """Read what does not depend on the scenario."""
        cells = row.cells
        if not cells["target"]:
            self.faults.add(row, "target", "is blank")
        self._one_of(row, "scale", tuple(_SCALES))
        self._one_of(row, "luck", ("one", "many"))
        self._measure(row)
        error = self._number(row, "error")
        if error is not None and error <= 0:
            self.faults.add(row, "error", "is not above zero")
        value = None if cells["value"] == OWN_RECORD else self._number(row, "value")
        if value is not None and value < 0 and cells["scale"] in {"sqrt", "log"}:
            self.faults.add(row, "value", f"is below zero, which the scale {cells['scale']} does not take")
        for field in ("start", "until"):
            if cells[field] and _date(cells[field]) is None:
                self.faults.add(row, field, f"{shown(cells[field])} is no date: write 2013-11-22")
        if not cells["source"]:
            self.faults.add(row, "source", "is blank: name a source, or write assumption: why")
        days = self._number(row, "days") if cells["days"] else None
        if days is not None and (days < 1 or days != int(days)):
            self.faults.add(row, "days", "is no whole number of at least 1")
        return {"error": error, "value": value, "days": None if days is None else int(days)}

    def _one_of(self, row: _Row, field: str, valid: tuple[str, ...]) -> None:
        if row.cells[field] not in valid:
            self.faults.add(row, field, f"{shown(row.cells[field])} is none of {', '.join(valid)}", valid, row.cells[field])

    def _number(self, row: _Row, field: str) -> float | None:
        try:
            number = float(row.cells[field])
        except ValueError:
            number = math.nan
        if not math.isfinite(number):
            self.faults.add(row, field, f"{shown(row.cells[field])} is no number")
            return None
        return number

    def _measure(self, row: _Row) -> None:
        name = row.cells["measure"]
        if name in RUN_MEASURES:
            return
        if name in MEASURES:
            self.faults.add(row, "measure", f"{name} is read off the {MEASURES[name].basis} and not measurable on campaigns")
        else:
            self.faults.add(row, "measure", f"{shown(name)} is not measurable: there is no such measure", RUN_MEASURES, name)

    def _on(self, row: _Row, scenario: Scenario, common: Mapping[str, Any], *, is_lenient: bool) -> Target | None:
        cells = row.cells
        variant = Variant(_date(cells["start"]), common["days"]).in_full(scenario)
        assert variant.start is not None
        assert variant.days is not None
        situation = scenario.situation(variant.start)
        faults = _Faults(self.faults.file)
        arguments = _arguments(row, situation, variant.days, faults)
        if faults.found:
            self.faults.found += [] if is_lenient else faults.found
            return None
        measurement = Measurement.of(cells["measure"], (), **arguments)
        value, until = common["value"], _date(cells["until"])
        if value is None:
            value = observed_value(measurement, scenario, variant.start, variant.days)
            until = until or variant.start + timedelta(days=variant.days)
            if value is None or math.isnan(value):
                what = "undefined in" if value is not None else "not told by"
                self.faults.add(row, "value", f"{measurement.text} is {what} the record of {scenario.name}: write the value")
                return None
        return Target(
            key=cells["target"] if common["value"] is not None or cells["scenario"] else f"{cells['target']}@{scenario.name}",
            scenario=scenario.name,
            variant=variant,
            measurement=measurement,
            scale=cells["scale"],  # type: ignore[arg-type]
            value=float(value),
            error=common["error"],
            is_one=cells["luck"] == "one",
            campaign=cells["campaign"] or (scenario.name if common["value"] is None else ""),
            until=until,
            source=cells["source"],
        )


def _arguments(row: _Row, situation: Situation, days: int, faults: _Faults) -> dict[str, Any]:
    """Read the arguments of a measure against the nouns of a situation."""
    columns = {column.name: column for column in MEASURES[row.cells["measure"]].arguments}
    given: dict[str, str] = {}
    for part in filter(None, (part.strip() for part in row.cells["arguments"].split(";"))):
        name, _, text = part.partition(" ")
        if name not in columns:
            faults.add(row, "arguments", f"{row.cells['measure']} has no argument {shown(name)}", columns, name)
        given[name] = text.strip().replace(",", ";")
    found: dict[str, Any] = {}
    for name, column in columns.items():
        if name not in given:
            if column.is_required:
                faults.add(row, "arguments", f"{row.cells['measure']} needs {name}")
            continue
        try:
            found[name] = read_cell(column, given[name])
        except BadCell as error:
            faults.add(row, "arguments", f"{name} {error.what}")
            continue
        _refuse_unknown(row, column, found[name], situation, faults)
        if name in {"day", "since"} and isinstance(found[name], int) and int(str(found[name])) > days:
            faults.add(row, "arguments", f"{name} {found[name]} lies beyond the {days} days of the campaign")
    return found


def _refuse_unknown(row: _Row, column: Column, value: object, situation: Situation, faults: _Faults) -> None:
    if not column.refers_to:
        return
    keys = {
        "place": [place.key for place in situation.places],
        "side": [side.key for side in situation.sides],
        "actor": [actor.key for actor in situation.actors],
        "area": list(situation.areas),
        "corridor": [corridor.key for corridor in situation.corridors],
        "abroad": [country.key for country in situation.abroad],
    }
    valid = [*column.also, *(key for space in column.refers_to for key in keys[space])]
    for word in value if isinstance(value, tuple) else (value,):
        if word not in valid:
            what = f"there is no {' or '.join(column.refers_to)} {shown(str(word))} in it"
            faults.add(row, "arguments", what, valid, str(word))
