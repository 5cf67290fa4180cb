"""Policies compared, kept in the folder of a run for its report."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from keyterrain.analysis.kept_answers import AnswerFile, AskedCampaign, read_as

if TYPE_CHECKING:
    from collections.abc import Sequence

    from keyterrain.analysis.kept_answers import Content
    from keyterrain.analysis.policies import PolicyComparison
    from keyterrain.campaign.ensemble import Run

Cell = tuple[int, ...]
"""Number of the choice of each side, in the order of the sides."""


@dataclass(frozen=True, slots=True)
class SavedChooser:
    """A side with what it could choose from; of an outcome it wants more (1), less (-1), or nothing is known (0)."""

    side: str
    name: str
    choices: tuple[str, ...]
    wants: int


@dataclass(frozen=True, slots=True)
class SavedMean:
    """Mean of an outcome with its interval; what is undefined is None."""

    value: float | None
    low: float | None
    high: float | None
    n: int
    n_played: int


@dataclass(frozen=True, slots=True)
class SavedReply:
    """What suits a side best against the others' choices in the cell `against`; of more than one none can be told apart."""

    side: int
    against: Cell
    best: tuple[int, ...]

    @property
    def cells(self) -> tuple[Cell, ...]:
        """The cells of these replies, the best by its mean first."""
        return tuple((*self.against[: self.side], choice, *self.against[self.side + 1 :]) for choice in self.best)


@dataclass(frozen=True, slots=True)
class SavedShare:
    """How often a side makes a choice in a mixed equilibrium."""

    side: int
    choice: int
    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class SavedEquilibrium:
    """Where nobody would change, or why that cannot be said."""

    kind: str
    cells: tuple[Cell, ...]
    is_clear: bool
    shares: tuple[SavedShare, ...]
    value: float | None
    low: float | None
    high: float | None
    stability: float | None
    why: str


@dataclass(frozen=True, slots=True)
class SavedTable:
    """The pay-off table of an outcome."""

    key: str
    says: str
    unit: str
    wanted_by: str
    choosers: tuple[SavedChooser, ...]
    cells: dict[Cell, SavedMean]
    replies: tuple[SavedReply, ...]
    equilibrium: SavedEquilibrium
    makes_a_difference: bool
    """Whether some choice changes the outcome in some replicate."""

    @property
    def is_defined(self) -> bool:
        """Whether some cell has a mean."""
        return any(each.value is not None for each in self.cells.values())


@dataclass(frozen=True, slots=True)
class SavedPolicies:
    """Every table that was kept."""

    campaign: AskedCampaign
    replicates: int
    rounds: int
    tables: tuple[SavedTable, ...]


def _read(written: Content) -> SavedPolicies:
    answer = written["answer"]
    return SavedPolicies(
        campaign=read_as(AskedCampaign, written["campaign"]),
        replicates=int(answer["replicates"]),
        rounds=int(answer["rounds"]),
        tables=tuple(_table(each, answer["side_names"], written["units"]) for each in answer["tables"]),
    )


def _table(written: Content, names: Content, units: Content) -> SavedTable:
    outcome, payoffs = written["outcome"], written["payoffs"]
    choosers = tuple(
        SavedChooser(str(each["side"]), str(names[each["side"]]), tuple(map(str, each["names"])), int(each["wants"]))
        for each in payoffs["sides"]
    )
    return SavedTable(
        key=str(outcome["key"]),
        says=str(outcome["says"]),
        unit=str(units[outcome["key"]]),
        wanted_by=str(outcome["wanted_by"] or ""),
        choosers=choosers,
        cells={_cell(key.split(","), choosers): read_as(SavedMean, each) for key, each in payoffs["cells"].items()},
        replies=tuple(_reply(each, choosers) for each in payoffs["replies"]),
        equilibrium=_equilibrium(payoffs["equilibrium"], choosers),
        makes_a_difference=any(int(each["n_differing"]) > 0 for each in payoffs["differences"]),
    )


def _cell(numbers: Sequence[object], choosers: tuple[SavedChooser, ...]) -> Cell:
    cell = tuple(int(str(each)) for each in numbers)
    if len(cell) != len(choosers) or not all(0 <= at < len(side.choices) for at, side in zip(cell, choosers, strict=True)):
        raise ValueError("not what save_policies writes")
    return cell


def _reply(written: Content, choosers: tuple[SavedChooser, ...]) -> SavedReply:
    reply = read_as(SavedReply, written)
    for cell in (reply.against, *reply.cells):
        _cell(cell, choosers)
    return reply


def _equilibrium(written: Content, choosers: tuple[SavedChooser, ...]) -> SavedEquilibrium:
    pure = written["pure"]
    is_clear = any(bool(each["is_clear"]) for each in pure)
    found = read_as(SavedEquilibrium, {**written, "cells": [each["cell"] for each in pure], "is_clear": is_clear})
    for cell in found.cells:
        _cell(cell, choosers)
    for share in found.shares:
        choosers[share.side].choices[share.choice]
    return found


FILE = AnswerFile("policies", _read)
saved_policies = FILE.kept


def save_policies(compared: PolicyComparison, run: Run) -> Path:
    """Keep a comparison in the folder of the run that was asked, with the unit of each outcome."""
    units = {table.outcome.key: table.unit for table in compared.tables}
    return FILE.keep_about(compared, run, {"units": units, "answer": compared})
