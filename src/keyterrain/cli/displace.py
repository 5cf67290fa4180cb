"""`keyterrain displace`: how many people reach which camp, from Flee's own folders."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from keyterrain.cli.answer import as_table
from keyterrain.cli.arguments import Answer, add_command, add_seed, add_threads, whole_number

if TYPE_CHECKING:
    from keyterrain.analysis.displacement_skill import DisplacementSkill
    from keyterrain.theatre.flee_folder import FleeFolder

EXAMPLES = """
keyterrain displace conflicts/mali2012
keyterrain displace conflicts/mali2012 --out arrivals/mali --hxl
keyterrain displace conflicts/mali2012 --rules flee --replicates 4
keyterrain displace conflicts/* --compare
keyterrain displace conflicts/mali2012 --capacities as-given --json
"""
RULES = ("keyterrain", "flee")
CAPACITIES = ("without-leaked", "as-given")
MOST_WARNINGS = 8


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
    says = "simulate who reaches which camp, from folders of Flee"
    parser = add_command(commands, "displace", says, work, EXAMPLES)
    parser.add_argument("folders", metavar="FOLDER", nargs="+", help="a folder with input_csv, source_data and simsetting.yml")
    parser.add_argument("--rules", choices=RULES, default="keyterrain", help="whose rules people follow (default: keyterrain)")
    capacities = "what is made of camps' capacities: without those taken from the observed counts (default of our rules), or all"
    parser.add_argument("--capacities", choices=CAPACITIES, help=f"{capacities} (default of Flee's)")
    parser.add_argument("--replicates", type=whole_number(1, 100_000), default=200, metavar="N", help="how many (default: 200)")
    add_seed(parser)
    add_threads(parser)
    parser.add_argument(
        "--compare", action="store_true", help="play every folder by both rules, with and without leaked capacities"
    )
    parser.add_argument("--out", type=Path, metavar="PATH", help="new folder for arrivals.csv, .parquet and .html")
    parser.add_argument("--hxl", action="store_true", help="add a row of HXL hashtags to arrivals.csv")


def work(arguments: argparse.Namespace) -> Answer:
    """Play the folders and say how right they were."""
    from keyterrain.campaign.errors import RunRefused
    from keyterrain.theatre.folder import blocked_by

    if arguments.hxl and arguments.out is None:
        raise RunRefused("--hxl adds a row to arrivals.csv: say with --out where to write it.")
    if arguments.out is not None and (arguments.compare or len(arguments.folders) > 1):
        raise RunRefused("--out takes the arrivals of one folder: leave out --compare and the other folders.")
    if arguments.out is not None and (arguments.out.exists() or arguments.out.is_symlink()):
        raise RunRefused(f"{arguments.out} exists and is left as it is: give another name.")
    if arguments.out is not None and (blocking := blocked_by(arguments.out)) is not None:
        raise RunRefused(f"{arguments.out} cannot be made, since {blocking} is a file: choose another --out.")
    folders = _read_all(arguments.folders)
    if arguments.compare or len(folders) > 1:
        return _compared(arguments, folders)
    skill = _skill(arguments, folders[0], arguments.rules, arguments.capacities)
    machine, people = _machine(skill), _people(skill)
    if arguments.out is not None:
        from keyterrain.report.displacement import write_displacement

        written = write_displacement(skill, arguments.out, hxl=arguments.hxl)
        machine |= {"out": written.folder, "files": list(written.files)}
        people += f"\n\narrivals by camp and day are in {written.folder}: {', '.join(path.name for path in written.files)}"
    return Answer(machine, people)


def _read_all(paths: list[str]) -> list[FleeFolder]:
    """Read all folders, with the faults of all of them at once."""
    from keyterrain.theatre.faults import Fault, ScenarioFaults
    from keyterrain.theatre.flee_folder import read_flee_folder

    folders, refused = [], []
    for path in paths:
        try:
            folders.append(read_flee_folder(path))
        except ScenarioFaults as faults:
            refused.append(faults)
    if len(refused) == 1:
        raise refused[0]
    if refused:
        where = [
            Fault(f"{faults.scenario}/{fault.file}", fault.row, fault.field, fault.what, fault.nearest)
            for faults in refused
            for fault in faults.faults
        ]
        raise ScenarioFaults(f"{len(refused)} folders", where)
    return folders


def _skill(arguments: argparse.Namespace, folder: FleeFolder, rules: str, capacities: str | None) -> DisplacementSkill:
    from keyterrain.analysis.displacement_skill import displacement_skill
    from keyterrain.campaign.refugee_ensemble import play_displacement

    run = play_displacement(
        folder,
        rules=rules,
        capacities=capacities or ("as-given" if rules == "flee" else "without-leaked"),
        replicates=arguments.replicates,
        seed=arguments.seed,
        threads=arguments.threads,
    )
    return displacement_skill(run)


def _machine(skill: DisplacementSkill) -> dict[str, object]:
    run, raw, rescaled = skill.run, skill.raw, skill.rescaled
    seen = raw is not None and rescaled is not None
    return {
        "folder": run.folder.name,
        "days": run.folder.days,
        "people": run.people,
        "ard": raw.ard if raw else None,
        "ard_rescaled": rescaled.ard if rescaled else None,
        "ard_of_mean": raw.ard_of_mean if raw else None,
        "ard_of_mean_rescaled": rescaled.ard_of_mean if rescaled else None,
        "crps": raw.crps if raw else None,
        "crps_rescaled": rescaled.crps if rescaled else None,
        "coverage_90": raw.coverage if raw else None,
        "coverage_90_rescaled": rescaled.coverage if rescaled else None,
        "seconds_per_replicate": run.seconds_per_replicate,
        "seconds": run.seconds,
        "rules": run.rules,
        "capacities": run.capacities,
        "unused_capacities": list(run.unused_capacities),
        "leaked_capacities": [each._asdict() for each in run.folder.leaked],
        "replicates": run.replicates,
        "seed": run.seed,
        "version": run.version,
        "total": {"ard": skill.total.ard, "coverage_90": skill.total.coverage},
        "kinds": [each._asdict() for each in skill.kinds],
        "baselines": skill.baselines,
        "by_day": {
            "ard": raw.error_by_day.tolist() if seen and raw else None,
            "ard_rescaled": rescaled.error_by_day.tolist() if seen and rescaled else None,
            "crps_rescaled": rescaled.crps_by_day.tolist() if seen and rescaled else None,
            "coverage_90_rescaled": rescaled.coverage_by_day.tolist() if seen and rescaled else None,
        },
        "warnings": [str(each) for each in run.folder.warnings],
    }


def _people(skill: DisplacementSkill) -> str:
    run = skill.run
    heading = (
        f"{run.folder.name}: {run.folder.days} days from {run.folder.start}, up to {run.people:,} people displaced, "
        f"{len(run.camps)} camps; rules {run.rules}, capacities {run.capacities}, {run.replicates} replicates, seed {run.seed}"
    )
    lines = [
        heading,
        _leaks(skill),
        "",
        as_table(_last_day(skill)),
        "",
        as_table(_measures(skill)),
    ]
    if skill.baselines:
        lines += ["", "shares that need no simulation, rescaled ARD: " + _listed(skill.baselines)]
    if run.rules == "flee":
        lines += ["Flee's rules have no uncertain parameters: their bands show luck alone."]
    warnings = run.folder.warnings
    if warnings:
        lines += ["", *(f"warning: {each}" for each in warnings[:MOST_WARNINGS])]
        if len(warnings) > MOST_WARNINGS:
            lines.append(f"and {len(warnings) - MOST_WARNINGS} more warnings (--json has them all)")
    lines.append(f"{run.seconds_per_replicate * 1000:.3g} ms of processor time a replicate, {run.seconds:.2f} s in all")
    return "\n".join(lines)


def _leaks(skill: DisplacementSkill) -> str:
    leaked = skill.run.folder.leaked
    if not leaked:
        return "no capacity equals what was observed"
    what = "ignored" if skill.run.capacities == "without-leaked" else "used all the same"
    named = ", ".join(f"{each.camp} {each.capacity:,} (observed {each.highest:,})" for each in leaked)
    others = [camp for camp in skill.run.unused_capacities if camp not in {each.camp for each in leaked}]
    rest = f"; so most are, and the rest are not used either: {', '.join(others)}" if others else ""
    return f"capacities that equal or nearly equal the highest count observed, {what}: {named}{rest}"


def _last_day(skill: DisplacementSkill) -> list[list[str]]:
    from keyterrain.analysis.displacement_skill import arrivals

    bands = arrivals(skill.run)
    rows = [["camp", "country", "last day: low", "median", "high", "observed"]]
    for k, camp in enumerate(skill.run.folder.camps):
        place, seen = skill.run.folder.places[camp], int(bands.observed[-1, k])
        numbers = [f"{float(table[-1, k]):,.0f}" for table in (bands.low, bands.middle, bands.high)]
        rows.append([place.name, place.country, *numbers, "" if seen < 0 else f"{seen:,}"])
    return rows


def _measures(skill: DisplacementSkill) -> list[list[str]]:
    rows = [["", "ARD of the central run", "of the mean", "CRPS", "90 % bands hold"]]
    for name, each in (("raw", skill.raw), ("rescaled", skill.rescaled)):
        if each is not None:
            rows.append([name, f"{each.ard:.3f}", f"{each.ard_of_mean:.3f}", f"{each.crps:.3f}", f"{each.coverage:.0%}"])
    rows.append(["total alone", "", f"{skill.total.ard:.3f}", "", f"{skill.total.coverage:.0%}"])
    if len(skill.kinds) > 1:
        rows += [[f"{each.kind}, rescaled", f"{each.ard_rescaled:.3f}", "", "", ""] for each in skill.kinds]
    return rows


def _listed(baselines: dict[str, float]) -> str:
    return ", ".join(f"{name} {value:.3f}" for name, value in baselines.items() if value == value)  # noqa: PLR0124  (nan)


def _compared(arguments: argparse.Namespace, folders: list[FleeFolder]) -> Answer:
    """Play each folder in the settings asked for, and lay the figures side by side."""
    settings: list[tuple[str, str | None]] = [(arguments.rules, arguments.capacities)]
    if arguments.compare:
        settings = [
            ("keyterrain", "without-leaked"),
            ("keyterrain", "as-given"),
            ("flee", "as-given"),
            ("flee", "without-leaked"),
        ]
    rows = [["folder", "rules", "capacities", "people", "ARD", "rescaled", "CRPS", "90 % bands hold", "ms a replicate"]]
    machine, baselines = [], [["folder", "baseline", "rescaled ARD"]]
    for folder in folders:
        skills = [_skill(arguments, folder, rules, capacities) for rules, capacities in settings]
        for skill in skills:
            said = _machine(skill)
            del said["by_day"]
            machine.append(said)
            rows.append(_row(skill))
        baselines += [[folder.name, name, f"{value:.3f}"] for name, value in skills[0].baselines.items() if value == value]  # noqa: PLR0124  (nan)
    heading = f"{arguments.replicates} replicates each, seed {arguments.seed}; CRPS and bands of rescaled counts"
    return Answer({"compared": machine}, f"{heading}\n{as_table(rows)}\n\n{as_table(baselines)}")


def _row(skill: DisplacementSkill) -> list[str]:
    run, raw, rescaled = skill.run, skill.raw, skill.rescaled
    measured = [""] * 4
    if raw is not None and rescaled is not None:
        measured = [f"{raw.ard:.3f}", f"{rescaled.ard:.3f}", f"{rescaled.crps:.3f}", f"{rescaled.coverage:.0%}"]
    return [run.folder.name, run.rules, run.capacities, f"{run.people:,}", *measured, f"{run.seconds_per_replicate * 1000:.3g}"]
