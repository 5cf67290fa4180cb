"""What is known of dated events, whatever file they came from."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from keyterrain.theatre.faults import Fault, ScenarioFaults

if TYPE_CHECKING:
    import pandas as pd

EPOCH = date(1970, 1, 1)
"""Days are counted from here, as numpy does."""
TEXTS = (
    "id", "country", "place", "kind", "subkind", "actor", "other_actor", "actor_kind", "other_actor_kind", "description",
    "source",
)  # fmt: skip
NUMBERS = ("lat", "lon", "weight", "low", "high", "place_precision")
DAYS = ("day", "first_day", "last_day")
COLUMNS = ("file", "row", *DAYS, *NUMBERS, *TEXTS)
N_SHOWN = 20


@dataclass(frozen=True)
class EventTable:
    """Events in the order of their days.

    Attributes
    ----------
    frame
        One row per event. `day`, `first_day`, `last_day`: the likeliest and the possible days, counted from 1970-01-01.
        `lat`, `lon` in degrees, nan where unknown; `weight`, `low`, `high`: people killed, best and least and most, or whatever
        a plain table weighs by; `place_precision` as the file's own code. `file` and `row`: where it stands, as an editor counts.
    formats
        Format of each file by its name.
    warnings
        What a reader should know of rows that are used, or of rows that say the same twice.
    left_out
        Faults of rows that were left out on request.
    """

    frame: pd.DataFrame
    formats: tuple[tuple[str, str], ...]
    warnings: tuple[Fault, ...] = ()
    left_out: tuple[Fault, ...] = ()

    @property
    def n(self) -> int:
        """How many events there are."""
        return len(self.frame)


class EventFaults(ScenarioFaults):
    """Files of events with faults; a long list is shown by its beginning and summed up by field."""

    def __str__(self) -> str:
        said = [f"{self.scenario}: {len(self.faults)} fault{'s' * (len(self.faults) != 1)}."]
        said += [f"  {fault}" for fault in self.faults[:N_SHOWN]]
        if len(self.faults) > N_SHOWN:
            fields = Counter(fault.field or "row" for fault in self.faults)
            summed = ", ".join(f"{field} {n}" for field, n in fields.most_common())
            said.append(f"  and {len(self.faults) - N_SHOWN} more; by field: {summed}")
        said.append("Mend the rows, or go on without them: --leave-out-faulty.")
        return "\n".join(said)


def day_number(on: date) -> int:
    """Return the day counted from 1970-01-01."""
    return (on - EPOCH).days


def day_of(number: int) -> date:
    """Return the date of a counted day."""
    return date.fromordinal(EPOCH.toordinal() + int(number))
