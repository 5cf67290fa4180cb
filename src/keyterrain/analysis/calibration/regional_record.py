"""Targets from a regional record of control, offensives and roads, as far as it was written before a start.

    python -m keyterrain.analysis.calibration.regional_record RECIPE.csv RECORD_FOLDER BEFORE[,BEFORE...] TARGETS.csv

The record is three tables (`record_control.csv`, `record_offensives.csv`, `record_roads.csv`); the recipe says which statistic of
which rows stands for which measure. Rows of named campaigns never enter: those are fitted or scored on records of their own. Nor
do estimates of a day, or changes without one. Rows of the targets that are there already and come from elsewhere stay.
"""

from __future__ import annotations

import csv
import math
import sys
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import numpy as np

from keyterrain.analysis.calibration.targets import COLUMNS
from keyterrain.campaign.resampling import resampling_weights

Row = Mapping[str, str]
ROUNDS = 400
"""Times that operations are weighed anew for a sampling error (assumption)."""
FOUGHT = ("assault", "siege", "raid", "withdrawal")
"""Ways of changing hands that an operation brings about; a truce or a gradual change is none."""
DAYS_OF_A_MONTH = 365.25 / 12.0
PARTLY = {"won": 1.0, "partial": 0.5, "failed": 0.0}
"""What an offensive counts for; one that reached a part of its aims a half (assumption)."""


@dataclass(frozen=True, slots=True)
class Statistic:
    """A number of the record: its value, its sampling error on the scale of the target, and what it rests on."""

    value: float
    error: float
    rests_on: str


@dataclass(frozen=True)
class RegionalRecord:
    """The three tables, cut off before a day and without named campaigns."""

    control: tuple[Row, ...]
    offensives: tuple[Row, ...]
    roads: tuple[Row, ...]
    before: date

    @classmethod
    def read(cls, folder: Path, before: date) -> RegionalRecord:
        """Read the tables of a folder.

        Raises
        ------
        OSError
            A table is not there.
        """
        tables = [_table(folder / f"record_{name}.csv") for name in ("control", "offensives", "roads")]
        control = [row for row in tables[0] if row["date"] < before.isoformat() and row["basis"] != "estimate"]
        offensives = [row for row in tables[1] if (row["end"] or row["start"]) < before.isoformat()]
        roads = [row for row in tables[2] if row["closed"] < before.isoformat()]
        of_none = [tuple(row for row in rows if not row.get("campaign")) for rows in (control, offensives, roads)]
        return cls(of_none[0], of_none[1], of_none[2], before)

    def capture_days(self, of: Mapping[str, str]) -> Statistic:
        """Return the median days from the start of an operation to a capture by a side, both counted."""
        rows = [
            row
            for row in self.control
            if row["to_side"] == of["side"] and row["how"] in FOUGHT and float(row["duration_days"] or 0) > 0
        ]
        days = np.array([float(row["duration_days"]) for row in rows])
        operation = _numbered([(row["region"], row["op_start"], row["to_side"]) for row in rows])
        n = int(operation.max()) + 1 if rows else 0
        weights = resampling_weights(0, ROUNDS, n)[:, operation] if n else np.ones((1, 0))
        medians = np.log1p([_weighted_median(days, each) for each in weights])
        return Statistic(float(np.median(days)), float(medians.std(ddof=1)), f"{len(rows)} captures in {n} operations")

    def offensives_won(self, of: Mapping[str, str]) -> Statistic:
        """Return the share of a side's offensives that were won, partly won ones at a half."""
        won = np.array(
            [PARTLY[row["outcome"]] for row in self.offensives if row["side"] == of["side"] and row["outcome"] in PARTLY]
        )
        return Statistic(float(won.mean()), float(won.std(ddof=1) / math.sqrt(len(won))), f"{len(won)} offensives")

    def captures_per_month(self, of: Mapping[str, str]) -> Statistic:
        """Return the captures by a side in some regions for each month since a day."""
        regions, since = of["regions"].split("|"), date.fromisoformat(of["since"])
        rows = [
            row
            for row in self.control
            if row["to_side"] == of["side"]
            and row["region"] in regions
            and row["date"] >= since.isoformat()
            and row["how"] in FOUGHT
        ]
        months = (self.before - since).days / DAYS_OF_A_MONTH
        operations = len({(row["region"], row["op_start"] or row["date"]) for row in rows})
        value = len(rows) / months
        spread = value / math.sqrt(max(operations, 1)) / (1.0 + value)
        return Statistic(value, spread, f"{len(rows)} captures in {operations} operations, {months:.1f} months")

    def road_open(self, of: Mapping[str, str]) -> Statistic:
        """Return the share of days since a stretch was first threatened on which it was not closed; a contested day is a half."""
        own = [row for row in self.roads if row["section"] in of["sections"].split("|")]
        since = min(date.fromisoformat(row["closed"]) for row in own)
        days = (self.before - since).days
        shut = 0.0
        for row in own:
            worth = {"closed": 1.0, "contested": 0.5}.get(row["kind"], 0.0)
            until = min(date.fromisoformat(row["reopened"]) if row["reopened"] else self.before, self.before - timedelta(days=1))
            shut += worth * ((until - date.fromisoformat(row["closed"])).days + 1)
        return Statistic(1.0 - shut / days, 0.0, f"{days} days from {since}, {shut:g} of them closed")


STATISTICS: Mapping[str, Callable[[RegionalRecord, Mapping[str, str]], Statistic]] = {
    "capture_days": RegionalRecord.capture_days,
    "offensives_won": RegionalRecord.offensives_won,
    "captures_per_month": RegionalRecord.captures_per_month,
    "road_open": RegionalRecord.road_open,
}


def targets_from_record(recipe: Sequence[Row], folder: Path, before: date) -> list[dict[str, str]]:
    """Return rows of a table of targets, as far as the record was written before a day."""
    record = RegionalRecord.read(folder, before)
    rows = []
    for each in recipe:
        of = dict(part.strip().split("=", 1) for part in each["of"].split(";") if part.strip())
        found = STATISTICS[each["statistic"]](record, of)
        error = math.hypot(found.error, float(each["own_error"]))
        rows.append(
            {
                **{name: each.get(name, "") for name in COLUMNS},
                "value": f"{found.value:.3g}",
                "error": f"{error:.2g}",
                "luck": "many",
                "until": (before - timedelta(days=1)).isoformat(),
                "source": f"{each['source']}; {found.rests_on}; sampling error {found.error:.2g}",
            }
        )
    return rows


def _table(path: Path) -> list[Row]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _numbered(keys: Sequence[object]) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    known: dict[object, int] = defaultdict(lambda: len(known))
    return np.array([known[key] for key in keys], dtype=np.int64)


def _weighted_median(
    values: np.ndarray[tuple[int], np.dtype[np.float64]], weights: np.ndarray[tuple[int], np.dtype[np.float64]]
) -> float:
    order = np.argsort(values, kind="stable")
    edges = np.cumsum(weights[order])
    return float(values[order][np.searchsorted(edges, edges[-1] / 2.0)])


def main(recipe: Path, folder: Path, before: str, out: Path) -> None:
    """Write the table of targets anew, keeping rows of it that do not come from the recipe."""
    wanted = _table(recipe)
    rows: list[Row] = [
        row for row in (_table(out) if out.exists() else []) if row["target"] not in {each["target"] for each in wanted}
    ]
    for day in before.split(","):
        rows += targets_from_record(wanted, folder, date.fromisoformat(day))
    with out.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3], Path(sys.argv[4]))
