"""What commands share on their command lines: the way options are read, and a help that ends in examples."""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable, Sequence
from datetime import date
from typing import NamedTuple

Work = Callable[[argparse.Namespace], "Answer"]
LIST_BELOW_ZERO = re.compile(r"-\d*\.?\d*,")
"""The beginning of several numbers, the first below zero."""


class Answer(NamedTuple):
    """What a command says: for machines, for people, and how it ends."""

    machine: dict[str, object]
    people: str
    exit_code: int = 0


def add_command(
    commands: argparse._SubParsersAction[argparse.ArgumentParser], name: str, says: str, work: Work, examples: str
) -> argparse.ArgumentParser:
    """Add a command with the options that all commands have."""
    parser = commands.add_parser(
        name,
        help=says,
        description=f"{says[0].upper()}{says[1:]}.",
        epilog=f"example:\n{_indented(examples)}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.set_defaults(work=work)
    parser.add_argument("--json", action="store_true", help="answer in JSON, for machines")
    parser.add_argument("--debug", action="store_true", help="show the traceback of an error of ours")
    return parser


def joined_to_options(given: Sequence[str]) -> list[str]:
    """Join what begins like `-6.5,34` to the option before it: argparse would take a box west of Greenwich for an option."""
    joined: list[str] = []
    for word in given:
        if LIST_BELOW_ZERO.match(word) and joined and joined[-1].startswith("--") and "=" not in joined[-1]:
            joined[-1] = f"{joined[-1]}={word}"
        else:
            joined.append(word)
    return joined


def add_scenario(parser: argparse.ArgumentParser) -> None:
    """Add the scenario that a command is about."""
    parser.add_argument("scenario", metavar="SCENARIO", help="a name that ships, or a folder")


def add_span(parser: argparse._ActionsContainer) -> None:
    """Add when a campaign begins and how long it lasts."""
    parser.add_argument("--start", type=day, metavar="DATE", help="first evening (default: the scenario's)")
    parser.add_argument("--days", type=whole_number(1), metavar="D", help="days to play (default: the scenario's)")


def add_seed(parser: argparse.ArgumentParser, default: int | None = 0, otherwise: str = "0") -> None:
    """Add the seed, one 32-bit word of the random streams' key."""
    says = f"number that all luck follows from (default: {otherwise})"
    parser.add_argument("--seed", type=whole_number(0, 2**32 - 1), default=default, metavar="S", help=says)


def add_threads(parser: argparse._ActionsContainer) -> None:
    """Add how many chunks are played at a time."""
    parser.add_argument("--threads", type=whole_number(1), metavar="N", help="chunks played at a time (default: one per core)")


def day(text: str) -> date:
    """Read a date as it is written in scenarios."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no date: write 2013-11-22") from None


def whole_number(least: int, most: int | None = None) -> Callable[[str], int]:
    """Return a reader of whole numbers between limits."""
    span = f"of at least {least}" if most is None else f"between {least} and {most}"

    def read(text: str) -> int:
        try:
            number = int(text)
        except ValueError:
            raise argparse.ArgumentTypeError(f"{text!r} is no whole number {span}") from None
        if number < least or (most is not None and number > most):
            raise argparse.ArgumentTypeError(f"{text} is no whole number {span}")
        return number

    return read


def number_that_may_be_left_out(least: int, most: int | None = None) -> Callable[[str], int]:
    """Return a reader of the number after an option that needs none: a word that follows is not meant for it."""
    read = whole_number(least, most)

    def read_or_explain(text: str) -> int:
        if not text.lstrip("-").isdigit():
            raise argparse.ArgumentTypeError(
                f"{text!r} stands where only a number may: write it before this option, or give the option its number"
            )
        return read(text)

    return read_or_explain


def _indented(examples: str) -> str:
    return "\n".join(f"  {line.strip()}" for line in examples.strip().splitlines())
