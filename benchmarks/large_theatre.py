"""Write a large theatre: copies of a scenario that ships, side by side and joined by roads, so that all of it is as busy.

    python benchmarks/large_theatre.py qalamoun-2013 60 /tmp/large

The cost of a day of a place can then be held against that of the original: only the size differs.
"""

from __future__ import annotations

import argparse
import csv
import shutil
from math import ceil, sqrt
from pathlib import Path

import numpy as np
import rasterio
import yaml
from rasterio.transform import Affine

from keyterrain import load

COPY_KM = 280.0
"""Length of a road from a copy to the next (assumption: longer than the straight line wherever a copy comes to lie)."""
PLACE_COLUMNS = {
    "places.csv": ("place",),
    "routes.csv": ("from", "to"),
    "forces.csv": ("place",),
    "people.csv": ("place",),
    "supply.csv": ("place",),
    "stocks.csv": ("place",),
    "record/control.csv": ("place",),
}
"""Tables that are copied, and their columns that name places; what else is optional is left out."""
EMPTY = (
    "reinforcements.csv",
    "record/closures.csv",
    "record/displacement.csv",
    "record/incidents.csv",
    "record/observed_corridors.csv",
)


def copied(key: str, copy: int) -> str:
    """Key of a place in a copy; the first keeps its own, so that corridors and areas go on naming places that are there."""
    return key if copy == 0 or not key else f"{key}-{copy}"


def shift(copy: int, n: int, height: float, width: float) -> tuple[float, float]:
    """Degrees by which a copy lies south and east of the first."""
    side = ceil(sqrt(n))
    return (copy // side) * height, (copy % side) * width


def write_large_theatre(name: str, n: int, out: Path) -> Path:
    """Write so many copies of a scenario as one scenario.

    Raises
    ------
    FileExistsError
        The folder is there already.
    """
    source = load(name).path
    out.mkdir(parents=True)
    (out / "record").mkdir()
    with rasterio.open(source / "terrain.tif") as raster:
        heights, transform, profile = raster.read(1), raster.transform, raster.profile
    height, width = heights.shape[0] * -transform.e, heights.shape[1] * transform.a
    side = ceil(sqrt(n))
    mosaic = np.tile(heights, (ceil(n / side), side))
    profile.update(height=mosaic.shape[0], width=mosaic.shape[1], compress="deflate", transform=Affine(*transform[:6]))
    with rasterio.open(out / "terrain.tif", "w", **profile) as raster:
        raster.write(mosaic, 1)
    for table, columns in PLACE_COLUMNS.items():
        rows = list(csv.DictReader((source / table).open(encoding="utf-8", newline="")))
        rows = [row for row in rows if row.get("kind") != "claim_total"]
        with (out / table).open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, list(rows[0]))
            writer.writeheader()
            for copy in range(n):
                south, east = shift(copy, n, height, width)
                for row in rows:
                    new = {**row, **{column: copied(row[column], copy) for column in columns}}
                    if table == "places.csv":
                        new |= {"lat": f"{float(row['lat']) - south:.5f}", "lon": f"{float(row['lon']) + east:.5f}"}
                        new |= {"name": f"{row['name']} {copy}" if copy else row["name"], "alt_names": ""}
                    if table == "people.csv" and row["origin"]:
                        new["origin"] = copied(row["origin"], copy)
                    writer.writerow(new)
            if table == "routes.csv":
                join_copies(writer, n, side, source)
    for table in EMPTY:
        header = (source / table).open(encoding="utf-8", newline="").readline()
        (out / table).write_text(header, encoding="utf-8")
    for table in ("climate.csv", "sources.csv"):
        shutil.copy(source / table, out / table)
    text = yaml.safe_load((source / "scenario.yaml").read_text(encoding="utf-8"))
    text |= {"name": out.name, "title": f"{n} copies of {name}"}
    text.pop("uncertain_places", None)
    (out / "scenario.yaml").write_text(yaml.safe_dump(text, sort_keys=False, allow_unicode=True), encoding="utf-8")
    return out


def join_copies(writer: csv.DictWriter[str], n: int, side: int, source: Path) -> None:
    """Write roads from each copy to its neighbours, between the same two places of each."""
    places = [
        row["place"]
        for row in csv.DictReader((source / "places.csv").open(encoding="utf-8", newline=""))
        if row["kind"] == "city"
    ]
    for copy in range(n):
        for other in (copy + 1 if (copy + 1) % side else n, copy + side):
            if other < n:
                row = {"from": copied(places[0], copy), "to": copied(places[0], other), "km": f"{COPY_KM:.0f}", "kind": "primary"}
                writer.writerow({**row, "modes": "vehicle;foot", "source": "assumption: joins copies", "known_on": "2012-01-01"})


def main() -> None:
    """Write a large theatre from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("scenario")
    parser.add_argument("copies", type=int)
    parser.add_argument("out", type=Path)
    asked = parser.parse_args()
    write_large_theatre(asked.scenario, asked.copies, asked.out)


if __name__ == "__main__":
    main()
