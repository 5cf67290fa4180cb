"""What a question is asked of: a scenario, or a run whose folder may keep the answer for its report."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from keyterrain.cli.arguments import Answer

if TYPE_CHECKING:
    import argparse
    from datetime import date

    from keyterrain.campaign.ensemble import Run
    from keyterrain.theatre.scenario import Scenario

MANIFEST = "manifest.json"


class CampaignToAsk(NamedTuple):
    """A campaign to ask about, and the run that it is of, None where a scenario was given."""

    scenario: Scenario
    start: date | None
    days: int | None
    seed: int
    run: Run | None


def add_asked(parser: argparse.ArgumentParser) -> None:
    """Add what is asked, and whether to keep the answer there."""
    says = "a name that ships, a folder, or the folder of a run"
    parser.add_argument("scenario", metavar="SCENARIO_OR_RUN", help=says)
    parser.add_argument("--save", action="store_true", help="keep the answer in the run's folder, for its report")


def run_asked(arguments: argparse.Namespace) -> Run | None:
    """Return the run that is asked, None where it is a scenario.

    Raises
    ------
    keyterrain.campaign.errors.RunRefused
        The answer is to be kept and there is no run, or the run is at fault.
    """
    from keyterrain.campaign.ensemble import open_run
    from keyterrain.campaign.errors import RunRefused
    from keyterrain.theatre import shipped

    if arguments.scenario in shipped() or not (Path(arguments.scenario) / MANIFEST).is_file():
        if arguments.save:
            raise RunRefused(f"--save keeps answers in the folder of a run, and {arguments.scenario} is none: play one with run.")
        return None
    return open_run(arguments.scenario)


def campaign_asked(arguments: argparse.Namespace) -> CampaignToAsk:
    """Return the campaign that is asked: of a run its own scenario, start, days and seed, which options may not contradict.

    Raises
    ------
    keyterrain.campaign.errors.RunRefused
        An option contradicts the run, the run has interventions, or its answer could not be kept.
    ScenarioFaults
        The scenario is at fault.
    """
    from keyterrain.theatre import load

    run = run_asked(arguments)
    if run is None:
        return CampaignToAsk(load(arguments.scenario), arguments.start, arguments.days, arguments.seed or 0, None)
    _refuse_contradictions(arguments, run)
    plan = run.manifest.plan
    return CampaignToAsk(run.scenario, plan.start, plan.days, plan.seed, run)


def kept_in(path: Path, said: Answer) -> Answer:
    """Add to an answer where it was kept."""
    people = f"{said.people}\n\nkept in {path}; the report of the run shows it"
    return Answer({**said.machine, "saved": path}, people, said.exit_code)


def _refuse_contradictions(arguments: argparse.Namespace, run: Run) -> None:
    """Say everything that speaks against asking this run, or keeping the answer with it, at once."""
    from keyterrain.analysis.kept_answers import refuse_other_version, refuse_run_that_was_changed
    from keyterrain.campaign.errors import RunRefused

    plan, faults = run.manifest.plan, []
    for option, asked, has in (
        ("--start", arguments.start, plan.start),
        ("--days", arguments.days, plan.days),
        ("--seed", arguments.seed, plan.seed),
    ):
        if asked not in (None, has):
            faults.append(f"{run.path} was played with {option} {has}: leave out {option}, or ask its scenario.")
    for refuse in (refuse_run_that_was_changed, *([refuse_other_version] if arguments.save else [])):
        try:
            refuse(run)
        except RunRefused as refused:
            faults.append(str(refused))
    if faults:
        raise RunRefused(" ".join(faults))
