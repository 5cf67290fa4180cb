"""Who plays: the options that say so, alike for every command that plays campaigns, and the crew that they call together."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from keyterrain.cli.arguments import add_threads, whole_number

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from keyterrain.campaign.crew import Crew


def add_crew(parser: argparse._ActionsContainer) -> None:
    """Add where chunks are played: threads of this process, processes of this machine, or the workers of a scheduler."""
    add_threads(parser)
    workers = "play in N processes of this machine instead of threads"
    parser.add_argument("--workers", type=whole_number(1), metavar="N", help=workers)
    scheduler = "play on the workers of a Dask scheduler, and nowhere else (docs/scale.md)"
    parser.add_argument("--scheduler", metavar="ADDRESS", help=scheduler)


@contextmanager
def crew_of(arguments: argparse.Namespace) -> Iterator[Crew]:
    """Have the crew that was asked for; what is asked of it is never done elsewhere.

    Raises
    ------
    keyterrain.campaign.errors.RunRefused
        More than one is asked for, or what is given is no address.
    keyterrain.campaign.errors.ClusterFailed
        The scheduler does not answer, has no workers, or has some that would compute otherwise.
    """
    from keyterrain.campaign.muster import muster

    with muster(threads=arguments.threads, workers=arguments.workers, scheduler=arguments.scheduler) as crew:
        yield crew
