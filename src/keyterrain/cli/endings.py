"""How a command ends that does not end well: whose fault it is, in one paragraph and an exit code."""

from __future__ import annotations

import sys
import tempfile
import traceback
from typing import NamedTuple

from keyterrain.version import __version__

OURS, INPUT, SURROUNDINGS = 1, 2, 3


class Ending(NamedTuple):
    """An exit code, what is said to people, and what is added for machines."""

    exit_code: int
    message: str
    details: dict[str, object]


def ending_of(error: BaseException, *, debug: bool) -> Ending:
    """Return how an error ends the command."""
    from keyterrain.campaign.errors import LawBroken, ListOverrun
    from keyterrain.theatre.faults import ScenarioFaults

    match error:
        case ScenarioFaults():
            from keyterrain.cli.check import described

            ending = Ending(INPUT, str(error), {"faults": described(error.faults)})
        case ListOverrun():
            ending = Ending(OURS, f"{_sentence(error)} Please report it: the room is set in keyterrain, not in the input.", {})
        case LawBroken():
            ending = Ending(OURS, f"{_sentence(error)} This is an error of keyterrain, not of the input.", {})
        case MemoryError():
            ending = Ending(SURROUNDINGS, "There is not enough memory: fewer --threads or a smaller --chunk need less.", {})
        case OSError() | KeyboardInterrupt():
            ending = Ending(SURROUNDINGS, _sentence(error) if str(error) else "Stopped.", {})
        case _ if isinstance(error, _inputs_at_fault()):
            ending = Ending(INPUT, _sentence(error), {})
        case _:
            ending = Ending(OURS, _apology(error, debug=debug), {})
    return ending


def _inputs_at_fault() -> tuple[type[Exception], ...]:
    """Return the errors that blame the input; those of a layer that was never imported cannot have been raised."""
    from keyterrain.campaign.errors import RunRefused

    elsewhere = (
        ("keyterrain.geo.elevation", "ElevationError"),
        ("keyterrain.campaign.entities", "WordsCollide"),
        ("keyterrain.theatre.events.filters", "BadFilter"),
        ("keyterrain.analysis.spillover.question", "SpilloverRefused"),
    )
    return (RunRefused, *(getattr(sys.modules[module], name) for module, name in elsewhere if module in sys.modules))


def _sentence(error: BaseException) -> str:
    text = str(error)
    if isinstance(error, OSError) and type(error).__str__ is OSError.__str__:
        text = f"{f'{error.filename}: ' if error.filename else ''}{error.strerror or error}"
    return text if text.endswith((".", "!", "?")) else f"{text}."


def _apology(error: BaseException, *, debug: bool) -> str:
    trace = "".join(traceback.format_exception(error))
    said = f"This is an error of keyterrain {__version__}, not of the input: {type(error).__name__}: {error}"
    if debug:
        return f"{trace}\n{said}"
    try:
        with tempfile.NamedTemporaryFile("w", prefix="keyterrain-error-", suffix=".txt", delete=False, encoding="utf-8") as file:
            file.write(f"keyterrain {__version__}: {' '.join(sys.argv)}\n{trace}")
    except OSError:
        return f"{said}\n{trace}"
    return f"{said}\nThe traceback is in {file.name}; with --debug it is shown. Please report it with the command that led to it."
