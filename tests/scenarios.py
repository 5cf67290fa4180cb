"""A small sound scenario to test with: ten places, a highway in the plain, a ridge with a pass to the border, two enemies.

    folder = write_small_scenario(tmp_path / "small")
    folder = write_small_scenario(tmp_path / "small", days=30, routes=lambda rows: rows[1:], people=[])

Places run from the capital in the south along the highway (`junction`, `highway-town`) to `north-city`; from `highway-town` a
mountain road climbs to `hill-village` and `hill-fort`, a track goes on over `high-pass` to `border-town`. `orchards` beside
the capital is contested, who holds `hill-fort` is uncertain.
"""

from __future__ import annotations

import csv
import warnings
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import yaml

Heights = np.ndarray[Any, np.dtype[np.int16]]
Rows = list[dict[str, str]]
Change = Sequence[Mapping[str, str]] | Callable[[Rows], Rows]

FILES = {
    "places": "places.csv",
    "routes": "routes.csv",
    "forces": "forces.csv",
    "reinforcements": "reinforcements.csv",
    "supply": "supply.csv",
    "stocks": "stocks.csv",
    "people": "people.csv",
    "climate": "climate.csv",
    "sources": "sources.csv",
    "control": "record/control.csv",
    "closures": "record/closures.csv",
    "displacement": "record/displacement.csv",
    "incidents": "record/incidents.csv",
    "observed_corridors": "record/observed_corridors.csv",
}
WEST, NORTH, CELL_DEG, N_CELLS = 36.0, 34.4, 0.005, 200

PLACES = """
place,name,alt_names,lat,lon,error_km,elevation_m,population,kind,country,areas,community,leaning,host_capacity,source,known_on
capital,Capital,The City;Al-Asima,33.60,36.70,1.0,,800000..1200000,city,XX,south,plain,,up to 200000,census,2013-01-01
barracks,Barracks,,33.72,36.76,0.5,,,base,XX,south,,,,map,2013-01-01
orchards,Orchards,,33.62,36.86,1.0,,about 30000,town,XX,south,plain,government,,census,2013-01-01
junction,Junction,,33.80,36.70,0.2,,,junction,XX,south,,,,map,2013-01-01
highway-town,Highway Town,,33.92,36.69,1.0,,12000,town,XX,highway,hills,government,,census,2013-01-01
hill-village,Hill Village,,33.95,36.50,1.5,,2000 < 4000 < 7000,village,XX,hills,hills,government,,census,2013-01-01
hill-fort,Hill Fort,Qalaa,33.97,36.42,2.0,,,height,XX,hills,,,,map,2013-01-01
high-pass,High Pass,,33.98,36.34,1.0,,,pass,XX,hills,,,,map,2013-01-01
border-town,Border Town,,34.00,36.20,1.0,,35000,town,YY,beyond,hills,government,60000,census,2013-01-01
north-city,North City,,34.20,36.70,1.0,,300000,city,XX,highway,plain,,,census,2013-01-01
"""

ROUTES = """
from,to,km,kind,modes,source,known_on
capital,junction,25,motorway,vehicle;foot,map,2013-01-01
junction,highway-town,15,motorway,vehicle;foot,map,2013-01-01
highway-town,north-city,35,motorway,vehicle;foot,map,2013-01-01
capital,barracks,17,primary,vehicle;foot,map,2013-01-01
barracks,junction,12,paved,vehicle;foot,map,2013-01-01
capital,orchards,17,paved,vehicle;foot,map,2013-01-01
orchards,barracks,18,track,vehicle;foot,map,2013-01-01
highway-town,hill-village,24,mountain,vehicle;foot,map,2013-01-01
junction,hill-village,32,mountain,vehicle;foot,map,2013-01-01
hill-village,hill-fort,10,track,vehicle;foot,map,2013-01-01
hill-fort,high-pass,11,pass,vehicle;foot,map,2013-01-01
high-pass,border-town,18,pass,vehicle;foot,map,2013-01-01
north-city,hill-fort,48,track,foot,map,2013-01-01
"""

FORCES = """
actor,place,strength,kind,region,quality,source,grade,known_on
army,capital,4000..9000,garrison,south,regular,report,C3,2013-11-10
army,capital,2000..4000,mobile,south,regular,report,C3,2013-11-10
army,barracks,1000 < 1500 < 2500,garrison,south,,report,B2,2013-11-10
army,north-city,about 2500,garrison,theatre,,report,C3,2013-11-10
militia,junction,400,garrison,theatre,,report,D3,2013-11-10
militia,north-city,300..900,mobile,theatre,,report,D3,2013-11-10
militia,north-city,500..1200,mobile,theatre,,report,D3,2013-11-20
brigades,highway-town,600,garrison,highway,,report,D4,2013-11-10
brigades,hill-village,300..800,garrison,hills,,report,D4,2013-11-10
brigades,hill-fort,up to 400,garrison,hills,,report,E4,2013-11-10
brigades,high-pass,at least 60,garrison,hills,,report,E4,2013-11-10
fighters,orchards,1500..4000,garrison,south,,report,C3,2013-11-10
fighters,hill-village,0,mobile,hills,,report,C3,2013-11-20
fighters,hill-village,200,mobile,hills,,report,C3,2013-11-10
brigades,,up to 3000,claim_total,hills,,report,D4,2013-11-12
opposition,,5000..8000,claim_total,theatre,,press,C3,2013-11-12
"""

REINFORCEMENTS = """
actor,place,date,strength,source,grade,known_on
army,capital,2013-12-10,500..1500,report,C3,2013-11-13
"""

SUPPLY = """
side,place,capacity,source,grade,known_on
government,capital,30000,assumption: a capital feeds its army,,2013-01-01
government,north-city,8000..15000,assumption: a depot,,2013-01-01
opposition,border-town,2000..6000,report,C3,2013-01-01
opposition,orchards,1000,assumption: farmland,,2013-01-01
"""

STOCKS = """
side,place,stock_days,source,grade,known_on
opposition,hill-fort,10..30,report,D3,2013-11-01
"""

PEOPLE = """
place,group,origin,number,source,grade,known_on
highway-town,residents,,10000,report,C2,2013-11-01
highway-town,guests,,3000..6000,report,C3,2013-11-01
border-town,guests,hill-village,1500,press,B2,2013-11-10
border-town,guests,hill-village,1800,press,B2,2013-11-21
"""

CLIMATE = "month,t_mean_c,p_wet,wet_day_mm,source\n" + "\n".join(
    f"{month},{temperature},{p_wet},4,assumption: a highland on the Mediterranean"
    for month, temperature, p_wet in zip(
        range(1, 13),
        (3, 4, 7.5, 12, 16.5, 20.5, 23, 23, 20, 15.5, 9, 4.5),
        (0.3, 0.28, 0.22, 0.12, 0.06, 0.01, 0, 0, 0.02, 0.08, 0.17, 0.26),
        strict=True,
    )
)

SOURCES = """
source,title,address,kind,note
census,Census of the plain,https://example.org/census,data set,
map,"Road map, 1:200,000",,map,
report,Situation report,https://example.org/report,report,"splits by village are guesses"
press,Press review,,press,
"""

CONTROL = """
date,place,holder,contested_by,weight,precision_days,how,source,grade,known_on
2013-10-01,capital,government,,,0,,report,A1,2013-10-01
2013-10-01,barracks,government,,,0,,report,A1,2013-10-01
2013-10-01,orchards,opposition,government,,30,assault,report,B2,2013-10-01
2013-10-01,junction,government,,,0,,report,B2,2013-10-01
2013-10-01,highway-town,government,,,0,,report,B2,2013-10-01
2013-11-05,highway-town,opposition,,,1,assault,report,B2,2013-11-05
2013-10-01,hill-village,opposition,,,0,,report,B2,2013-10-01
2013-10-01,hill-fort,opposition,,0.7,0,,report,C3,2013-10-01
2013-10-01,hill-fort,government,,0.3,0,,press,D4,2013-10-01
2013-10-01,high-pass,opposition,,,0,,report,B2,2013-10-01
2013-10-01,border-town,neutral,,,0,,report,A1,2013-10-01
2013-10-01,north-city,government,,,0,,report,A1,2013-10-01
2013-11-18,hill-village,opposition,,,0,patrol seen,report,B2,2013-11-18
2013-12-08,highway-town,government,,,1,assault,report,B2,2013-12-09
2014-01-20,hill-village,government,,,2,withdrawal,press,C3,2014-01-22
"""

CLOSURES = """
from,to,mode,closed_on,reopened_on,cause,source,grade,known_on
junction,highway-town,vehicle,2013-11-05,2013-12-09,fighting,report,B2,2013-11-05
highway-town,north-city,vehicle,2013-11-05,2013-11-07,fighting,report,B2,2013-11-05
high-pass,border-town,vehicle,2014-01-10,,snow,press,C3,2014-01-10
"""

DISPLACEMENT = """
date,origin,host,cum_persons,source,grade,known_on
2013-11-06,highway-town,border-town,1200,press,B2,2013-11-06
2013-12-01,highway-town,border-town,4500,press,B2,2013-12-02
2013-12-01,hills,neighbour,900,press,C3,2013-12-02
"""

INCIDENTS = """
date,place,kind,description,source,grade,known_on
2013-11-12,junction,raid,Post attacked at night,press,C3,2013-11-12
2013-12-20,capital,bomb,Car bomb,press,B2,2013-12-20
2013-11-19,,bomb,Embassy abroad,press,A1,2013-11-19
"""

OBSERVED_CORRIDORS = """
date,corridor,open,source,grade,known_on
2013-11-04,highway,true,report,B2,2013-11-04
2013-11-06,highway,false,report,B2,2013-11-06
"""

_TEXTS = {
    "places": PLACES,
    "routes": ROUTES,
    "forces": FORCES,
    "reinforcements": REINFORCEMENTS,
    "supply": SUPPLY,
    "stocks": STOCKS,
    "people": PEOPLE,
    "climate": CLIMATE,
    "sources": SOURCES,
    "control": CONTROL,
    "closures": CLOSURES,
    "displacement": DISPLACEMENT,
    "incidents": INCIDENTS,
    "observed_corridors": OBSERVED_CORRIDORS,
}

SETTINGS = """
format: keyterrain-scenario/1
name: small
title: A small theatre
summary: Two enemies, a highway and a ridge.
starts: [2013-11-22, 2013-11-14]
days: 60
covered_until: 2014-02-01
sides:
  government: {name: Government, posture: active}
  opposition: {name: Opposition, posture: active}
  neutral: {name: Neutral, posture: passive}
relations:
  - [government, opposition, hostile]
  - [government, neutral, neutral]
  - [opposition, neutral, neutral]
actors:
  army:
    {name: Army, side: government, kind: regular, mobility: 0.3..0.6, air_support: true, quality: 0.2, source: report, grade: C3}
  militia: {name: Militia, side: government, kind: irregular, mobility: 0.2, source: report, grade: D3}
  brigades: {name: Brigades, side: opposition, kind: irregular, mobility: 0.1 < 0.3 < 0.5, source: report, grade: D3}
  fighters:
    {name: Fighters, side: opposition, kind: irregular, mobility: about 0.5, quality: -0.3..0.6, source: report, grade: C3}
policies:
  government: {piecemeal: 0.7, broad: 0.3, wait_for_spring: 0.2, source: "assumption: reports of both"}
  opposition: {raid: 1.0, source: assumption}
aims:
  government: {corridor: 1.0, people: 0.5, cut: 0.5, self: 0.5, source: assumption}
  opposition: {corridor: 0.5, people: 0.3, cut: 1.0, self: 0.5, source: assumption}
areas:
  south: {name: The south, source: map}
  highway: {name: Highway towns, source: map}
  hills: {name: The hills, source: map}
  beyond: {name: Beyond the border, source: map}
corridors:
  highway:
    name: Capital to north
    side: government
    from: capital
    to: north-city
    places: [capital, barracks, junction, highway-town, north-city]
    source: map
  over-the-pass:
    name: Border to hills
    side: opposition
    from: border-town
    to: hill-village
    places: [border-town, high-pass, hill-fort, hill-village]
    source: map
abroad:
  neighbour: {name: Neighbour, via: {border-town: 1, north-city: 6}, population: 4000000, source: census}
uncertain_places:
  old-mill: {name: Old Mill, candidates: {hill-village: 0.6, highway-town: 0.3}, source: press}
outcomes:
  highway-open: {says: The highway is open, measure: corridor_open_share, corridor: highway}
  highway-secure: {says: The highway is safe, measure: corridor_secure_share, corridor: highway, threshold: 0.8}
  hills-held: {says: The opposition holds the hills, measure: area_held_share, area: hills, side: opposition}
  towns-safe: {says: The towns are safe, measure: places_safe_share, places: [capital, north-city], side: government}
  cut-off: {says: The opposition is cut off, measure: side_cut_off, area: hills, side: opposition, days: 10}
  reversal: {says: The opposition comes back, measure: reversal_within, area: highway, side: opposition, days: 30}
climate: {reference_height_m: 1300, crest_areas: [hills]}
parameters: {}
"""


def small_tables() -> dict[str, Rows]:
    """Every table of the small scenario, cells as text."""
    return {name: list(csv.DictReader(text.strip().splitlines())) for name, text in _TEXTS.items()}


def small_settings() -> dict[str, Any]:
    """The settings of the small scenario, every value as text."""
    loaded: dict[str, Any] = yaml.load(SETTINGS, Loader=yaml.BaseLoader)
    return loaded


def columns_of(table: str) -> list[str]:
    """Columns of a table, in order."""
    return _TEXTS[table].strip().splitlines()[0].split(",")


def write_small_scenario(folder: Path, **changes: Any) -> Path:
    """Write the small scenario and return its folder.

    Parameters
    ----------
    folder
        Where to; made if it is not there.
    **changes
        A table by name (`routes=`): other rows, or a function from its rows to others. A key of scenario.yaml (`days=`,
        `sides=`, `climate_settings=` for the key `climate`): another value, or a function from its value to another.
        `terrain=`: a function that takes the path instead of `write_terrain`, or None for no file.
    """
    (folder / "record").mkdir(parents=True, exist_ok=True)
    terrain = changes.pop("terrain", write_terrain)
    for name, rows in small_tables().items():
        write_table(folder, name, _changed(rows, changes.pop(name, rows)))
    settings = small_settings()
    for name, change in changes.items():
        key = "climate" if name == "climate_settings" else name
        settings[key] = _changed(settings.get(key), change)
    write_settings(folder, settings)
    if terrain is not None:
        terrain(folder / "terrain.tif")
    return folder


def _changed(value: Any, change: Any) -> Any:
    return change(value) if callable(change) else change


def write_table(folder: Path, table: str, rows: Sequence[Mapping[str, str]]) -> None:
    """Write one table of a scenario; columns that a row has beyond the table's are added."""
    extra = [column for row in rows for column in row if column not in columns_of(table)]
    with (folder / FILES[table]).open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, [*columns_of(table), *dict.fromkeys(extra)], lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def write_settings(folder: Path, settings: Mapping[str, Any]) -> None:
    """Write scenario.yaml."""
    text = yaml.safe_dump(dict(settings), sort_keys=False, allow_unicode=True, width=1000)
    (folder / "scenario.yaml").write_text(text, encoding="utf-8")


def heights_m() -> Heights:
    """A plain at 700 m in the east, a ridge of 2,200 m at 36.4 degrees with a pass, a valley in the west."""
    row, column = np.mgrid[0:N_CELLS, 0:N_CELLS]
    lat, lon = NORTH - (row + 0.5) * CELL_DEG, WEST + (column + 0.5) * CELL_DEG
    ridge = 1500 * np.exp(-(((lon - 36.4) / 0.09) ** 2)) * (1 - 0.35 * np.exp(-(((lat - 33.98) / 0.02) ** 2)))
    knolls = 60 * np.sin(40 * lat) * np.cos(55 * lon)
    heights: Heights = np.round(700 + ridge + knolls).astype(np.int16)
    return heights


def write_terrain(path: Path, *, crs: str | None = "EPSG:4326", west: float = WEST, north: float = NORTH) -> None:
    """Write the elevation file of the small scenario."""
    path.write_bytes(_terrain(crs, west, north))


@cache
def _terrain(crs: str | None, west: float, north: float) -> bytes:
    import rasterio
    from rasterio.errors import NotGeoreferencedWarning
    from rasterio.io import MemoryFile

    shape = {"driver": "GTiff", "height": N_CELLS, "width": N_CELLS, "count": 1, "dtype": "int16", "nodata": -32768}
    place = {"crs": crs, "transform": rasterio.Affine(CELL_DEG, 0, west, 0, -CELL_DEG, north)}
    with warnings.catch_warnings(), MemoryFile() as file:
        warnings.simplefilter("ignore", NotGeoreferencedWarning)
        with file.open(**shape, **place, compress="deflate") as raster:
            raster.write(heights_m(), 1)
        content: bytes = file.read()
    return content
