"""How often places of a region were lost, by age of the holding, from its record of control before a day: a table that ships.

    python -m keyterrain.analysis.backtest.regional_hazards RECIPE.csv RECORD_FOLDER BEFORE[,BEFORE...] TABLE.csv

The record is `record_control.csv`, the one that targets of calibration are made from. The recipe says which of its sides stand
for which of a scenario, and for which scenarios that region is theirs. Rows of named campaigns never enter, nor anything of the
day or after it. A place whose beginning is not on the record is not exposed. An estimate of a day may begin a holding, whose age
is then blurred, since leaving such places out would leave out those that were held for long; it ends one without a fall, as a
truce does.
"""

from __future__ import annotations

import csv
import sys
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import NamedTuple

from keyterrain.analysis.backtest.hazards import AGE_EDGES, Hazards, Holding, age_class, hazards_of
from keyterrain.campaign.calibrated import calibrations_folder

Row = Mapping[str, str]

SHIPPED = "regional-hazards.csv"
CONTESTED, ESTIMATE, TRUCE = "contested", "estimate", "truce"
COLUMNS = ("scenarios", "holder", "taker", "until", "age_days", "falls", "operations", "days", "source")
SEVERAL = ";"


class _OnRecord(NamedTuple):
    """A holding on the record, and the operation that ended it."""

    holding: Holding
    operation: tuple[str, str]


def regional_hazards(
    scenario: str, holder: str, takers: Collection[str], start: date, table: Path | None = None
) -> Hazards | None:
    """Return the hazards of a side's holdings in the region of a scenario, from the latest record that ends before a start.

    Parameters
    ----------
    table
        In place of the one that ships.

    Returns
    -------
    Hazards or None
        None where the table says nothing of that scenario, side or time.
    """
    path = table or calibrations_folder() / SHIPPED
    rows = [
        row
        for row in (_table(path) if path.exists() else [])
        if scenario in row["scenarios"].split(SEVERAL)
        and row["holder"] == holder
        and row["taker"] in takers
        and row["until"] < start.isoformat()
    ]
    latest = max((row["until"] for row in rows), default="")
    of_age = {age: [row for row in rows if row["until"] == latest and int(row["age_days"]) == age] for age in AGE_EDGES}
    if not all(of_age.values()):
        return None
    falls = tuple(sum(float(row["falls"]) for row in of_age[age]) for age in AGE_EDGES)
    days = tuple(max(float(row["days"]) for row in of_age[age]) for age in AGE_EDGES)  # the same ground, whoever takes it
    return Hazards(falls, days)


def hazards_from_record(recipe: Sequence[Row], folder: Path, before: date) -> list[dict[str, str]]:
    """Return rows of the table, as far as the record tells of the days before a day."""
    control = [row for row in _table(folder / "record_control.csv") if row["date"] < before.isoformat() and not row["campaign"]]
    rows = []
    for each in recipe:
        found = _on_record(control, each["holder_on_record"], each["taker_on_record"], before)
        hazards = hazards_of(one.holding for one in found)
        fallen = [one for one in found if one.holding.fell]
        for number, age in enumerate(AGE_EDGES):
            of_age = {one.operation for one in fallen if age_class(one.holding.age) == number}
            rows.append(
                {
                    **{name: each[name] for name in ("scenarios", "holder", "taker", "source")},
                    "until": (before - timedelta(days=1)).isoformat(),
                    "age_days": str(age),
                    "falls": f"{hazards.falls[number]:g}",
                    "operations": str(len(of_age)),
                    "days": f"{hazards.days[number]:g}",
                }
            )
    return rows


def _on_record(control: Sequence[Row], holder: str, taker: str, before: date) -> list[_OnRecord]:
    """Return the holdings of a side; being contested ends none."""
    histories: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in sorted(control, key=lambda row: (row["date"], row["id"])):
        if row["to_side"] != CONTESTED:
            histories[row["place"], row["region"]].append(row)
    found = []
    for (_, region), rows in histories.items():
        since: date | None = None
        for row in rows:
            day = date.fromisoformat(row["date"])
            if row["to_side"] == holder:
                since = since or day
            elif since is not None:
                fell = row["to_side"] == taker and row["how"] != TRUCE and row["basis"] != ESTIMATE
                found.append(_OnRecord(Holding(since, day, fell), (region, row["op_start"] or row["date"])))
                since = None
        if since is not None:
            found.append(_OnRecord(Holding(since, before, fell=False), (region, "")))
    return found


def _table(path: Path) -> list[Row]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def main(recipe: Path, folder: Path, before: str, out: Path) -> None:
    """Write the table anew."""
    rows = [row for day in before.split(",") for row in hazards_from_record(_table(recipe), folder, date.fromisoformat(day))]
    with out.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3], Path(sys.argv[4]))
