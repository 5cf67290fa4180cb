"""What happened, by the record after a start, as chances that leave doubtful dates and reports in doubt.

**Treatment.** A place has fallen on an evening on which a side that counts holds all of it. *Contested* is not fallen, in the
record as in campaigns. A date that may be off by so many days is spread evenly over them. Of rival reports of one day each
counts with its weight. By the credibility of the report (the figure of the Admiralty code): 1 to 3 and ungraded count; 4,
doubtful, counts half, so the outcome is drawn; from a report of 5 or 6 on the place is not scored any more, nor from the day on
which it came to terms or became a passive side's (a truce is neither a capture nor the lack of one). A place without a row
after the start stayed as it was; the record is censored at its last day (`observed_until`).
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from collections.abc import Sequence

    from keyterrain.analysis.backtest.risk import PlaceAtRisk
    from keyterrain.theatre.nouns import ControlRow, Situation
    from keyterrain.theatre.scenario import Scenario

Floats = NDArray[np.float64]

CREDENCE = {"4": 0.5, "5": None, "6": None}
"""Chance that a report of this credibility is true, None where nobody can say; others count. Assumption."""
TERMS = frozenset({"terms", "truce"})


@dataclass(frozen=True, slots=True)
class Happened:
    """The record after a start, evening by evening.

    Attributes
    ----------
    held
        Chance (day, place) that a side that counts held the place; nan from the day on which it is not scored any more.
    taken
        Chance (day, place) that it had held it on some evening up to that day; nan likewise.
    fell_on
        First day by which a place had likelier than not been taken, None where there is none.
    last_row
        Date of the last change of hands on the record.
    """

    held: Floats
    taken: Floats
    fell_on: tuple[date | None, ...]
    last_row: date | None


def observed_until(scenario: Scenario, start: date, days: int) -> date:
    """Return the last evening scored: the declared one, else the run's last where the record has a row after the start."""
    last = start + timedelta(days=days)
    if scenario.backtest.observed_until is not None:
        return min(last, scenario.backtest.observed_until)
    return last if any(row.on > start for row in scenario.record.control) else start


def happened(scenario: Scenario, situation: Situation, places: Sequence[PlaceAtRisk], days: int) -> Happened:
    """Read the record after the start of a situation, for the first `days` days."""
    rows: dict[str, list[ControlRow]] = defaultdict(list)
    for row in scenario.record.control:
        if row.on > situation.start:
            rows[row.place].append(row)
    passive = frozenset(side.key for side in situation.sides if not side.active)
    held, taken = np.zeros((days + 1, len(places))), np.zeros((days + 1, len(places)))
    for column, place in enumerate(places):
        _follow(rows[place.place.key], place, situation.start, passive, held[:, column], taken[:, column])
    fell = [_first(taken[:, column], situation.start) for column in range(len(places))]
    of_all = [row.on for each in rows.values() for row in each]
    return Happened(held, taken, tuple(fell), max(of_all, default=None))


def _follow(
    rows: Sequence[ControlRow], place: PlaceAtRisk, start: date, passive: frozenset[str], held: Floats, taken: Floats
) -> None:
    """Fill in the chances of one place, row by row in order of time."""
    by_day: dict[date, list[ControlRow]] = defaultdict(list)
    for row in sorted(rows, key=lambda row: row.on):
        by_day[row.on].append(row)
    day = np.arange(len(held))
    for on, of_day in by_day.items():
        latest = max(row.known_on for row in of_day)
        reports = [row for row in of_day if row.known_on == latest]
        precision = max(int(row.precision_days) for row in reports)
        first = (on - start).days - precision
        if any(_is_unscorable(row, passive) for row in reports):
            held[max(first, 1) :] = np.nan
            taken[max(first, 1) :] = np.nan
            return
        by_then = np.clip((day - first + 1) / (2 * precision + 1), 0.0, 1.0) * (day > 0)
        weight = sum(row.weight for row in reports)
        falls = sum(row.weight for row in reports if row.holder in place.takers and not row.contested_by) / weight
        told = by_then * min(credence(row.grade) or 0.0 for row in reports)
        held *= 1.0 - told
        held += told * falls
        taken += (1.0 - taken) * told * falls


def credence(grade: str) -> float | None:
    """Return the chance that a report of this grade is true, None where nobody can say."""
    return CREDENCE.get(grade[1:], 1.0)


def _is_unscorable(row: ControlRow, passive: frozenset[str]) -> bool:
    return row.how in TERMS or row.holder in passive or credence(row.grade) is None


def _first(taken: Floats, start: date) -> date | None:
    by = np.flatnonzero(np.nan_to_num(taken) >= 0.5)
    return start + timedelta(days=int(by[0])) if len(by) else None
