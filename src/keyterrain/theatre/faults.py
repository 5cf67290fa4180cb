"""Faults of a scenario: what is wrong, where an editor shows it, and what was probably meant."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches

_LONGEST_NAME = 80
_LONGEST_SHOWN = 40


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong; `row` is the line of the file as an editor counts it, None where no line is to blame."""

    file: str
    row: int | None
    field: str | None
    what: str
    nearest: str | None = None

    def __str__(self) -> str:
        where = [self.file or "scenario"]
        if self.row is not None:
            where.append(f"row {self.row}")
        if self.field:
            where.append(self.field)
        hint = f" (nearest valid: {self.nearest})" if self.nearest else ""
        return f"{', '.join(where)}: {self.what}{hint}"

    def sort_key(self) -> tuple[str, int, str, str]:
        """Order by file and row, as one mends them."""
        return self.file, self.row or 0, self.field or "", self.what


@dataclass(frozen=True, slots=True)
class CheckReport:
    """Everything found wrong with a scenario; warnings do not keep it from running."""

    faults: tuple[Fault, ...]
    warnings: tuple[Fault, ...]


class ScenarioFaults(ValueError):
    """A scenario that cannot be used, with every fault found."""

    def __init__(self, scenario: str, faults: Iterable[Fault]) -> None:
        self.scenario = scenario
        self.faults = tuple(faults)
        super().__init__(scenario, self.faults)

    def __str__(self) -> str:
        count = "one fault" if len(self.faults) == 1 else f"{len(self.faults)} faults"
        return "\n".join([f"{self.scenario} has {count}:", *(f"  {fault}" for fault in self.faults)])


def nearest(word: str, valid: Iterable[str]) -> str | None:
    """Return the valid name most like `word`, or None where none is like it."""
    if len(word) > _LONGEST_NAME:
        return None
    by_folded = {name.casefold(): name for name in sorted(valid, reverse=True)}
    folded = word.casefold()
    matches = get_close_matches(folded, by_folded, n=1, cutoff=0.5) or [
        name for name in by_folded if folded and name.startswith(folded)
    ]
    return by_folded[matches[-1]] if matches else None


def shown(text: str) -> str:
    """Return a cell's text as it can stand in a message."""
    return repr(text if len(text) <= _LONGEST_SHOWN else text[: _LONGEST_SHOWN - 3] + "...")


def in_order(faults: Iterable[Fault]) -> tuple[Fault, ...]:
    """Return the faults once each, by file and row."""
    return tuple(sorted(set(faults), key=Fault.sort_key))
