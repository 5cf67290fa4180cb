"""`keyterrain report`: one page that shows a run."""

from __future__ import annotations

import argparse
from pathlib import Path

from keyterrain.cli.arguments import Answer, add_command

EXAMPLES = """
keyterrain report runs/demo
keyterrain report runs/demo --to qalamoun.html
"""


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
    parser = add_command(commands, "report", "write one page that shows a run and opens offline", work, EXAMPLES)
    parser.add_argument("run", metavar="RUN", type=Path, help="the folder of a run")
    parser.add_argument("--to", type=Path, metavar="FILE", help="where to write it (default: RUN/report.html)")


def work(arguments: argparse.Namespace) -> Answer:
    """Write the report of a run."""
    from keyterrain.report import write_report

    written = write_report(arguments.run, arguments.to)
    return Answer({"run": arguments.run, "report": written}, f"{written} is written")
