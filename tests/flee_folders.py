"""Folders in Flee's layout that tests write themselves: two countries, a border, three camps; nothing of any real conflict."""

from __future__ import annotations

from pathlib import Path

LOCATIONS = """#name,region,country,lat,lon,location_type,conflict_date,population/capacity
Anfang,North,Homeland,10.0,10.0,conflict_zone,0,60000
Mitte,North,Homeland,10.5,10.0,conflict_zone,20,40000
Weiler,North,Homeland,11.0,10.0,town,,0
Lager,East,Neighbour,11.5,10.0,camp,,9000
Zelt,East,Neighbour,11.5,10.5,camp,,0
Hof,West,Homeland,10.0,9.0,idpcamp,,0
"""
ROUTES = """#name1,name2,distance,forced_redirection
Anfang,Mitte,60,0
Mitte,Weiler,80,0
Weiler,Lager,70,0
Weiler,Zelt,90,0
Anfang,Hof,120,0
"""
CLOSURES = "#closure_type,name1,name2,closure_start,closure_end\n"
PERIOD = "StartDate,2020-01-01\nLength,60\n"
CORRECTIONS = ""
LAYOUT = "total,refugees.csv\nLager,lager.csv\nZelt,zelt.csv\nHof,hof.csv\n"
COUNTS = {
    "refugees.csv": "Date,Count\n2020-01-01,300\n2020-03-01,12300\n",
    "lager.csv": "Date,Count\n2020-01-01,100\n2020-02-01,3000\n2020-03-01,6000\n",
    "zelt.csv": "Date,Count\n2020-01-01,100\n2020-03-01,4100\n",
    "hof.csv": "Date,Count\n2020-01-01,100\n2020-03-01,2200\n",
}
SETTINGS = """spawn_rules:
  take_from_population: False
  insert_day0: True
move_rules:
  max_move_speed: 200
  foreign_weight: 1.0
  camp_weight: 2.0
  conflict_weight: 0.25
  awareness_level: 1
optimisations:
  hasten: 1
"""


def conflicts(days: int = 60) -> str:
    """Return a table in which Anfang is fought over throughout and Mitte from day 20."""
    rows = [f"{day}, 1, {int(day >= 20)}" for day in range(days)]
    return "\n".join(["#Day, Anfang, Mitte", *rows]) + "\n"


def write_flee_folder(root: Path, name: str = "made-up", *, scale: int = 1, **files: str) -> Path:
    """Write a folder; `files` replaces the text of files named by their stem, `scale` multiplies counts of people."""
    folder = root / name
    texts = {
        "input_csv/locations.csv": LOCATIONS,
        "input_csv/routes.csv": ROUTES,
        "input_csv/closures.csv": CLOSURES,
        "input_csv/conflicts.csv": conflicts(),
        "input_csv/sim_period.csv": PERIOD,
        "input_csv/registration_corrections.csv": CORRECTIONS,
        "source_data/data_layout.csv": LAYOUT,
        "simsetting.yml": SETTINGS,
        **{f"source_data/{file}": text for file, text in COUNTS.items()},
    }
    counted = [f"source_data/{file}" for file in COUNTS] if scale != 1 else []
    for file, usual in texts.items():
        path = folder / file
        path.parent.mkdir(parents=True, exist_ok=True)
        text = files.get(path.stem, usual)
        lines = [multiplied(line, scale) for line in text.splitlines(keepends=True)] if file in counted else [text]
        path.write_bytes("".join(lines).encode("utf-8"))
    return folder


def multiplied(line: str, factor: int) -> str:
    """Return a row of date and count with the count multiplied."""
    date, _, count = line.strip().partition(",")
    return f"{date},{int(count) * factor}\n" if count.isdigit() else line
