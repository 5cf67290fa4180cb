"""A scenario back to a folder that loads as an equal scenario, whole or not at all.

Comments and the order of keys in scenario.yaml are not kept; forces.csv lists forces first, then claims.
"""

from __future__ import annotations

import csv
import io
import shutil
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import yaml

from keyterrain.theatre import schema
from keyterrain.theatre.cells import write_cell
from keyterrain.theatre.claims_text import text_of_claims
from keyterrain.theatre.columns import Column, Table
from keyterrain.theatre.nouns import Outcome, Policy, StrengthClaim
from keyterrain.theatre.outcomes import MEASURES
from keyterrain.theatre.quantity import Quantity, format_number
from keyterrain.theatre.scenario import Scenario


def save(scenario: Scenario, folder: Path, *, overwrite: bool = False) -> Path:
    """Write a scenario to a folder, terrain and claims included.

    Everything is written beside the folder and moved there at the end, so that nothing half-written is left.

    Raises
    ------
    FileExistsError
        If the folder is there and `overwrite` is not set.
    OSError
        If it cannot be written; what was there before is still there.
    """
    if folder.exists() and not overwrite:
        raise FileExistsError(f"{folder} exists")
    folder.parent.mkdir(parents=True, exist_ok=True)
    beside = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
    try:
        written = beside / "new"
        _write_all(scenario, written)
        if folder.exists():
            folder.rename(beside / "old")
        written.rename(folder)
    except BaseException:
        if (beside / "old").exists() and not folder.exists():
            (beside / "old").rename(folder)
        raise
    finally:
        shutil.rmtree(beside, ignore_errors=True)
    return folder


def texts_of(scenario: Scenario) -> dict[str, str]:
    """Return the text of every file of a scenario but its elevation, by name; without claims there is no file of them."""
    texts = {table.file: _csv_text(table, rows) for table, rows in _csv_rows(scenario).items()}
    settings = yaml.safe_dump(_settings(scenario), sort_keys=False, allow_unicode=True, width=130)
    claims = {schema.CLAIMS_FILE: text_of_claims(scenario.claims)} if scenario.claims else {}
    return {schema.SETTINGS_FILE: settings, **texts, **claims}


def _write_all(scenario: Scenario, folder: Path) -> None:
    for name, text in texts_of(scenario).items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8", newline="")
    shutil.copyfile(scenario.terrain_path, folder / schema.TERRAIN_FILE)


def _csv_text(table: Table, rows: Iterable[Mapping[str, str]]) -> str:
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, table.column_names, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def _csv_rows(scenario: Scenario) -> dict[Table, list[dict[str, str]]]:
    record = scenario.record
    nouns: dict[str, Sequence[object]] = {
        "places": scenario.places,
        "routes": scenario.routes,
        "forces": scenario.forces,
        "reinforcements": scenario.reinforcements,
        "supply": scenario.supply_sources,
        "stocks": scenario.stocks,
        "people": scenario.people,
        "climate": scenario.climate,
        "sources": scenario.sources,
        "control": record.control,
        "closures": record.closures,
        "displacement": record.displacement,
        "incidents": record.incidents,
        "observed_corridors": record.corridors,
        "forecasts": record.forecasts,
        "regional_events": record.region,
    }
    rows = {table: [_csv_row(table, noun) for noun in nouns[table.name]] for table in schema.CSV_TABLES}
    rows[schema.FORCES] += [_claim_row(claim) for claim in scenario.strength_claims]
    return rows


def _csv_row(table: Table, noun: object) -> dict[str, str]:
    return {column.name: write_cell(column, getattr(noun, column.attribute or column.name)) for column in table.columns}


def _claim_row(claim: StrengthClaim) -> dict[str, str]:
    return {
        "actor": claim.claimed_of,
        "place": "",
        "strength": claim.strength.text,
        "kind": schema.CLAIM,
        "region": claim.region,
        "quality": "",
        "source": claim.source,
        "grade": claim.grade,
        "known_on": claim.known_on.isoformat(),
    }


def _settings(scenario: Scenario) -> dict[str, Any]:
    return {
        **_heading(scenario),
        "sides": _entries(schema.SIDES, scenario.sides),
        "relations": [[one, other, what] for (one, other), what in sorted(scenario.relations.items()) if one < other],
        "actors": _entries(schema.ACTORS, scenario.actors),
        "policies": {policy.side: _policy(policy) for policy in scenario.policies},
        "aims": _entries(schema.AIMS, scenario.aims, key="side"),
        "areas": _entries(schema.AREAS, scenario.areas),
        "corridors": _entries(schema.CORRIDORS, scenario.corridors),
        "abroad": _entries(schema.ABROAD, scenario.abroad),
        "uncertain_places": _entries(schema.UNCERTAIN_PLACES, scenario.uncertain_places),
        "outcomes": {outcome.key: _outcome(outcome) for outcome in scenario.outcomes},
        "climate": {"reference_height_m": _number(scenario.reference_height_m), "crest_areas": list(scenario.crest_areas)},
        "parameters": {key: _quantity(value) for key, value in scenario.parameters.items()},
        **_backtest(scenario),
    }


def _backtest(scenario: Scenario) -> dict[str, Any]:
    declared = _fields(schema.BACKTEST, scenario.backtest)
    return {"backtest": declared} if declared else {}


def _fields(table: Table, noun: object) -> dict[str, Any]:
    cells = {column: getattr(noun, column.attribute or column.name) for column in table.columns}
    return {column.name: _plain(column, value) for column, value in cells.items() if value not in (None, "", ())}


def _heading(scenario: Scenario) -> dict[str, Any]:
    heading: dict[str, Any] = {"format": schema.FORMAT}
    for column in schema.HEADING.columns[1:]:
        value = getattr(scenario, column.name)
        if value not in (None, ""):
            heading[column.name] = _plain(column, value)
    return heading


def _entries(table: Table, nouns: Iterable[object], key: str = "key") -> dict[str, dict[str, Any]]:
    return {getattr(noun, key): _entry(table, noun) for noun in nouns}


def _entry(table: Table, noun: object) -> dict[str, Any]:
    cells = {column: getattr(noun, column.attribute or column.name) for column in table.columns[1:]}
    return {column.name: _plain(column, value) for column, value in cells.items() if write_cell(column, value) != column.default}


def _policy(policy: Policy) -> dict[str, Any]:
    odds = {name: _number(share) for name, share in policy.odds.items()}
    return {**odds, "wait_for_spring": _quantity(policy.p_wait_for_spring), "source": policy.source}


def _outcome(outcome: Outcome) -> dict[str, Any]:
    columns = {argument.name: argument for argument in MEASURES[outcome.measure].arguments}
    arguments = {name: _plain(columns[name], value) for name, value in outcome.arguments.items() if value is not None}
    wanted = {name: value for name in ("wanted_by", "source") if (value := getattr(outcome, name))}
    return {"says": outcome.says, "measure": outcome.measure, **wanted, **arguments}


def _plain(column: Column, value: object) -> Any:
    """Return a value as YAML writes it; whatever reads back as the same text will do."""
    if isinstance(value, bool):
        return value if column.choices == ("true", "false") else write_cell(column, value)
    if isinstance(value, Quantity):
        return _quantity(value)
    if isinstance(value, (int, float)):
        return _number(value)
    if isinstance(value, tuple):
        return list(value)
    if isinstance(value, Mapping):
        return {key: _number(number) for key, number in value.items()}
    return value if isinstance(value, date) else str(value)


def _number(number: float) -> float:
    return int(number) if float(number).is_integer() else float(number)


def _quantity(quantity: Quantity) -> float | str:
    if quantity.kind == "number" and format_number(quantity.numbers[0]) == quantity.text:
        return _number(quantity.numbers[0])
    return quantity.text
