"""`keyterrain scenarios`: what ships."""

from __future__ import annotations

import argparse

from keyterrain.cli.answer import as_table
from keyterrain.cli.arguments import Answer, add_command


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
    add_command(commands, "scenarios", "list the scenarios that ship", work, "keyterrain scenarios")


def work(_: argparse.Namespace) -> Answer:
    """Describe every scenario of the package."""
    from keyterrain.theatre import load, shipped

    scenarios = [load(name) for name in shipped()]
    described: list[dict[str, object]] = [
        {
            "name": scenario.name,
            "title": scenario.title,
            "summary": scenario.summary,
            "starts": list(scenario.starts),
            "days": scenario.days,
            "places": len(scenario.places),
        }
        for scenario in scenarios
    ]
    rows = [
        [
            scenario.name,
            f"from {scenario.default_start}",
            f"{scenario.days} days",
            f"{len(scenario.places)} places",
            scenario.title,
        ]
        for scenario in scenarios
    ]
    return Answer({"scenarios": described}, as_table(rows) if rows else "No scenario ships with this package.")
