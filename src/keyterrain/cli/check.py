"""`keyterrain check`: all faults of a scenario at once."""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from typing import TYPE_CHECKING

from keyterrain.cli.arguments import Answer, add_command, add_scenario

if TYPE_CHECKING:
    from keyterrain.theatre import Fault

EXAMPLES = """
keyterrain check qalamoun-2013
keyterrain check my-theatre/ --json
"""


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
    parser = add_command(commands, "check", "list all faults of a scenario at once", work, EXAMPLES)
    add_scenario(parser)


def work(arguments: argparse.Namespace) -> Answer:
    """Check a scenario; a scenario with faults is the input's fault."""
    from keyterrain.theatre import check

    report = check(arguments.scenario)
    machine: dict[str, object] = {"faults": described(report.faults), "warnings": described(report.warnings)}
    return Answer(machine, _text(arguments.scenario, report.faults, report.warnings), 2 if report.faults else 0)


def described(faults: Iterable[Fault]) -> list[dict[str, object]]:
    """Return faults as scripts may rely on them."""
    return [
        {"file": fault.file, "row": fault.row, "field": fault.field, "what": fault.what, "nearest": fault.nearest}
        for fault in faults
    ]


def _text(scenario: str, faults: tuple[Fault, ...], warnings: tuple[Fault, ...]) -> str:
    heading = f"{scenario}: {_counted(len(faults), 'fault')}, {_counted(len(warnings), 'warning')}"
    return "\n".join([heading, *(f"fault    {each}" for each in faults), *(f"warning  {each}" for each in warnings)])


def _counted(number: int, noun: str) -> str:
    return f"{number or 'no'} {noun}{'' if number == 1 else 's'}"
