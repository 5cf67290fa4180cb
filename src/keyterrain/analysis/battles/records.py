"""Battles read from the tidied tables of CDB90, the Database of Battles 1990 of the US Army Concepts Analysis Agency.

Four tables are read. What is wrong with the others, and with these, is dealt with here and nowhere else:

- outcomes come from `CDB90-patched.csv`, since `battles.csv` has negative values blanked, defeats of the attacker among them;
- days of fighting are counted from `active_periods.csv`, since `battle_durations.csv` cuts most battles of three days and more;
- battles nested in another of the table (`parent` of `battles.csv`) are left out, for their fighters would count twice;
- whose army fought comes from `battle_actors.csv`.
"""

from __future__ import annotations

import csv
import math
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from keyterrain.theatre.faults import Fault, ScenarioFaults, in_order, nearest, shown

PATCHED, TIDIED, PERIODS, ACTORS = "CDB90-patched.csv", "battles.csv", "active_periods.csv", "battle_actors.csv"
NEEDED: Mapping[str, tuple[str, ...]] = {
    PATCHED: ("ISQNO", "NAME", "STRA", "STRD", "CASA", "CASD", "TERRA1", "POST1", "WINA", "KMDA"),
    TIDIED: ("isqno", "parent", "war2", "war4"),
    PERIODS: ("isqno", "start_time_min", "end_time_max", "duration_only"),
    ACTORS: ("isqno", "attacker", "actor"),
}

ROLLING, RUGGED, FLAT, NO_TERRAIN = "R", "G", "F", "0"
HASTY, PREPARED, FORTIFIED = "HD", "PD", "FD"
UNKNOWN_DISTANCE = -9999.0

MODERN_FROM = 1900
MODERN_BELOW = 50_000
"""Battles since 1900 with both sides smaller than this are nearest to the fights that are played."""


@dataclass(frozen=True, slots=True)
class Battle:
    """One battle.

    Attributes
    ----------
    war, conflict
        The war it belongs to by the finer (`war2`) and the coarser (`war4`) grouping.
    won
        Whether the attacker won, None of a draw or where it is not known.
    attackers, defenders
        Strength of each side in fighters.
    attackers_lost, defenders_lost
        Losses in battle, None where not known.
    days
        Calendar days on which there was fighting, None where not known.
    ground
        CDB90's code of the ground: relief, cover, and a third letter for dunes, marsh or towns.
    posture
        Of the defender: `HD` hasty, `PD` prepared, `FD` fortified, and rarer ones.
    advance
        Of the attacker, km in the whole battle; None where not known.
    attacking, defending
        States or factions whose armies fought.
    """

    number: int
    name: str
    year: int
    war: str
    conflict: str
    won: bool | None
    attackers: float
    defenders: float
    attackers_lost: float | None
    defenders_lost: float | None
    days: int | None
    ground: str
    posture: str
    advance: float | None
    attacking: tuple[str, ...]
    defending: tuple[str, ...]

    @property
    def terrain(self) -> str:
        """Relief of the ground: `R` rolling, `G` rugged, `F` flat, `0` not known."""
        return self.ground[:1] or NO_TERRAIN

    @property
    def is_modern(self) -> bool:
        """Whether it is since 1900 and small enough to be like the fights that are played."""
        return self.year >= MODERN_FROM and max(self.attackers, self.defenders) < MODERN_BELOW


class Left(NamedTuple):
    """Battles left out, by reason."""

    nested: int
    undecided: int
    without_terrain: int
    without_strength: int


@dataclass(frozen=True, slots=True)
class BattleRecord:
    """The battles that a law is fitted to, decided and on known ground, and how many were left out."""

    source: str
    n_read: int
    battles: tuple[Battle, ...]
    left_out: Left

    @property
    def modern(self) -> tuple[Battle, ...]:
        """The battles since 1900 with both sides below 50,000."""
        return tuple(battle for battle in self.battles if battle.is_modern)


class _Row(NamedTuple):
    line: int
    cells: Mapping[str, str]


def read_cdb90(folder: Path) -> BattleRecord:
    """Read the battles of a folder of CDB90's tables.

    Raises
    ------
    ScenarioFaults
        Tables or columns that are missing and cells that cannot be read, all at once.
    """
    if not folder.is_dir():
        raise ScenarioFaults(str(folder), [Fault("", None, None, "there is no such folder; it should hold the tables of CDB90")])
    faults: list[Fault] = []
    tables = {name: _table(folder / name, columns, faults) for name, columns in NEEDED.items()}
    if faults:
        raise ScenarioFaults(str(folder), in_order(faults))
    battles, nested = _battles(tables, faults)
    if faults:
        raise ScenarioFaults(str(folder), in_order(faults))
    return record_of(battles, source=folder.name, n_nested=nested)


def record_of(battles: Sequence[Battle], *, source: str, n_nested: int = 0) -> BattleRecord:
    """Return the battles that can be fitted to: decided, on known ground, of known strengths."""
    decided = [battle for battle in battles if battle.won is not None]
    on_ground = [battle for battle in decided if battle.terrain != NO_TERRAIN]
    kept = tuple(battle for battle in on_ground if min(battle.attackers, battle.defenders) > 0)
    left = Left(n_nested, len(battles) - len(decided), len(decided) - len(on_ground), len(on_ground) - len(kept))
    return BattleRecord(source, len(battles) + n_nested, kept, left)


def _table(path: Path, columns: Sequence[str], faults: list[Fault]) -> list[_Row]:
    try:
        with path.open(encoding="utf-8", newline="") as file:
            reader = csv.DictReader(file)
            header = list(reader.fieldnames or ())
            rows = [_Row(reader.line_num, {key: cell or "" for key, cell in row.items() if key}) for row in reader]
    except FileNotFoundError:
        faults.append(Fault(path.name, None, None, "is missing"))
        return []
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        faults.append(Fault(path.name, None, None, f"cannot be read: {error}"))
        return []
    missing = [column for column in columns if column not in header]
    faults += [Fault(path.name, 1, column, "there is no such column", nearest(column, header)) for column in missing]
    if not missing and not rows:
        faults.append(Fault(path.name, None, None, "has no rows"))
    return rows


def _battles(tables: Mapping[str, list[_Row]], faults: list[Fault]) -> tuple[list[Battle], int]:
    reader = _CellReader(faults)
    days, years = _days_fought(tables[PERIODS], reader)
    sides: dict[tuple[int | None, str], list[str]] = defaultdict(list)
    for row in tables[ACTORS]:
        sides[reader.whole(ACTORS, row, "isqno"), row.cells["attacker"]].append(row.cells["actor"])
    tidied = {reader.whole(TIDIED, row, "isqno"): row.cells for row in tables[TIDIED]}
    battles: list[Battle] = []
    nested = 0
    for row in tables[PATCHED]:
        number = reader.whole(PATCHED, row, "ISQNO")
        if number is None:
            continue
        if number not in tidied or number not in years:
            where = TIDIED if number not in tidied else PERIODS
            faults.append(Fault(PATCHED, row.line, "ISQNO", f"battle {number} has no row in {where}"))
            continue
        if tidied[number]["parent"] not in {"", "NA"}:
            nested += 1
            continue
        outcome = reader.number(PATCHED, row, "WINA")
        distance = reader.number(PATCHED, row, "KMDA")
        battles.append(
            Battle(
                number=number,
                name=row.cells["NAME"],
                year=years[number],
                war=tidied[number]["war2"],
                conflict=tidied[number]["war4"],
                won=outcome > 0 if outcome in {-1.0, 1.0} else None,
                attackers=reader.number(PATCHED, row, "STRA") or 0.0,
                defenders=reader.number(PATCHED, row, "STRD") or 0.0,
                attackers_lost=reader.count(PATCHED, row, "CASA"),
                defenders_lost=reader.count(PATCHED, row, "CASD"),
                days=days.get(number),
                ground=row.cells["TERRA1"],
                posture=row.cells["POST1"],
                advance=None if distance is None or distance == UNKNOWN_DISTANCE else distance,
                attacking=tuple(sides[number, "1"]),
                defending=tuple(sides[number, "0"]),
            )
        )
    return battles, nested


class _CellReader:
    """Reads cells and keeps what is wrong with them."""

    def __init__(self, faults: list[Fault]) -> None:
        self._faults = faults

    def read(self, file: str, row: _Row, column: str, into: Callable[[str], float]) -> float | None:
        text = row.cells.get(column, "").strip()
        if text in {"", "NA"}:
            return None
        try:
            value = into(text)
        except ValueError:
            self._faults.append(Fault(file, row.line, column, f"{shown(text)} is no number"))
            return None
        if not math.isfinite(value):
            self._faults.append(Fault(file, row.line, column, f"{shown(text)} is no number"))
            return None
        return value

    def number(self, file: str, row: _Row, column: str) -> float | None:
        return self.read(file, row, column, float)

    def count(self, file: str, row: _Row, column: str) -> float | None:
        """A count of losses; -1 and the like say that it is not known, and a `?` that it is doubtful."""
        value = self.read(file, row, column, lambda text: float(text.rstrip("?")))
        return None if value is None or value < 0 else value

    def whole(self, file: str, row: _Row, column: str) -> int | None:
        value = self.read(file, row, column, lambda text: float(int(text)))
        if value is None:
            self._faults.append(Fault(file, row.line, column, "the number of a battle is missing or no whole number"))
            return None
        return int(value)

    def moment(self, file: str, row: _Row, column: str) -> datetime | None:
        text = row.cells[column].strip()
        if text in {"", "NA"}:
            return None
        try:
            return datetime.fromisoformat(text).replace(tzinfo=None)
        except ValueError:
            self._faults.append(Fault(file, row.line, column, f"{shown(text)} is no moment such as 1863-11-24T10:00:00"))
            return None


def _days_fought(rows: Sequence[_Row], reader: _CellReader) -> tuple[dict[int, int], dict[int, int]]:
    """Return for each battle the calendar days touched by a period of fighting, and its year.

    A period that ends at midnight does not touch the day that begins then: the tables write the end of an unknown hour so.
    """
    touched: dict[int, set[datetime]] = defaultdict(set)
    years: dict[int, int] = {}
    for row in rows:
        number = reader.whole(PERIODS, row, "isqno")
        begin, end = reader.moment(PERIODS, row, "start_time_min"), reader.moment(PERIODS, row, "end_time_max")
        if number is None or (begin or end) is None:
            continue
        years[number] = min(years.get(number, 9999), (begin or end).year)  # type: ignore[union-attr]
        if begin is not None and end is not None:
            touched[number].update(_calendar_days(begin, end))
    return {number: len(days) for number, days in touched.items()}, years


def _calendar_days(begin: datetime, end: datetime) -> Iterator[datetime]:
    day = datetime(begin.year, begin.month, begin.day)  # noqa: DTZ001  (a calendar day of the battle's own place)
    yield day
    while (day := day + timedelta(days=1)) < end:
        yield day
