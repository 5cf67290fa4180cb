"""The command `keyterrain`: a thin shell around the package's verbs."""

from __future__ import annotations

import argparse
import atexit
import errno
import gc
import os
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from types import FrameType
from typing import NoReturn

from keyterrain.cli import (
    build,
    calibrate,
    check,
    claims,
    combat_law,
    decisive,
    displace,
    export,
    policies,
    report,
    run,
    scenarios,
    spillover,
    terrain,
)
from keyterrain.cli.answer import as_json
from keyterrain.cli.arguments import Answer
from keyterrain.cli.endings import SURROUNDINGS, ending_of
from keyterrain.version import __version__

COMMANDS = (
    scenarios,
    check,
    build,
    calibrate,
    terrain,
    run,
    claims,
    decisive,
    policies,
    spillover,
    displace,
    report,
    export,
    combat_law,
)
GARBAGE_THRESHOLD = 100_000
"""New objects after which garbage is looked for; assumption: in place of 700, some hundred times more seldom."""
DESCRIPTION = "Which ground decides an armed conflict? Plays campaigns day by day, thousands of times, with uncertainty."
EPILOG = """example:
  keyterrain run qalamoun-2013 --replicates 500 --seed 1 --out runs/demo
  keyterrain report runs/demo

exit codes: 0 done, 1 an error of keyterrain, 2 the input is at fault, 3 the surroundings failed (disk, cluster, interrupt)"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code; errors of usage raise SystemExit(2) as argparse does."""
    parsed = parser().parse_args(arguments)
    with _terminated_like_interrupted():
        try:
            answer = _work(parsed)
            _say(answer, json=parsed.json)
        except BrokenPipeError:
            _let_go_of_stdout()
            return SURROUNDINGS
        except OSError as error:
            print(f"keyterrain: the answer cannot be written: {error.strerror}.", file=sys.stderr)
            _let_go_of_stdout()
            return SURROUNDINGS
        return answer.exit_code


def program() -> NoReturn:
    """Run one command as a program of its own, and end as soon as it is done.

    A command makes much and drops little: looking for garbage while it starts, and taking every module to pieces at its end,
    would take a third of a second of the one or two that a short run lasts. No thread outlives `main`, whose answer is written
    and flushed; what was registered for the end is done.
    """
    gc.set_threshold(GARBAGE_THRESHOLD)
    exit_code = main()
    atexit._run_exitfuncs()
    with suppress(OSError, ValueError, AttributeError):  # a terminal that has gone hears nothing
        sys.stderr.flush()
    os._exit(exit_code)


def parser() -> argparse.ArgumentParser:
    """Return the parser of all commands."""
    top = argparse.ArgumentParser(
        prog="keyterrain",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    top.add_argument("--version", action="version", version=f"keyterrain {__version__}")
    commands = top.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for command in COMMANDS:
        command.add(commands)
    return top


def _work(parsed: argparse.Namespace) -> Answer:
    """Do the command's work; whatever goes wrong ends in a sentence."""
    try:
        answer: Answer = parsed.work(parsed)
    except BrokenPipeError:
        raise
    except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001  (nothing may reach the user as a traceback)
        ending = ending_of(error, debug=parsed.debug)
        print(f"keyterrain: {ending.message}", file=sys.stderr)
        return Answer({"error": ending.message, **ending.details}, "", ending.exit_code)
    return answer


def _say(answer: Answer, *, json: bool) -> None:
    """Write an answer to standard output.

    Raises
    ------
    OSError
        It cannot be written, or standard output is closed.
    """
    if sys.stdout is None:
        raise OSError(errno.EBADF, "standard output is closed")
    if json:
        print(as_json(answer.machine))
    elif answer.people:
        print(_printable(answer.people))
    sys.stdout.flush()


def _printable(text: str) -> str:
    """Return the text with what the terminal's encoding lacks written out."""
    encoding = sys.stdout.encoding or "utf-8"
    return text.encode(encoding, errors="backslashreplace").decode(encoding)


def _let_go_of_stdout() -> None:
    """Leave nothing for the interpreter to flush into a pipe that nobody reads."""
    with suppress(OSError, ValueError, AttributeError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


@contextmanager
def _terminated_like_interrupted() -> Iterator[None]:
    """Let a request to terminate end a run as an interrupt does, with what is finished kept."""

    def interrupt(_signal: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    try:
        former = signal.signal(signal.SIGTERM, interrupt)
    except ValueError:  # not in the main thread: whoever runs us there sees to signals
        yield
        return
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, former)
