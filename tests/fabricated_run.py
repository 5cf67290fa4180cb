"""A run that nobody played: arrays of the right form with plausible content, for tests of what reads a run."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from itertools import pairwise
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from keyterrain.analysis.headline import hostile_sides
from keyterrain.campaign.chunks import Kernels
from keyterrain.campaign.prepare import prepare
from keyterrain.campaign.record import LOSS_KINDS, MODES, VARIABLES, dimensions
from keyterrain.theatre.nouns import (
    Abroad,
    Actor,
    ClimateMonth,
    ControlRow,
    Corridor,
    DisplacementRow,
    Force,
    Holding,
    Outcome,
    Place,
    Policy,
    Record,
    Route,
    Side,
    Situation,
)
from keyterrain.theatre.quantity import Quantity
from stand_in_campaign import events_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from keyterrain.campaign.prepare import Prepared

START = date(2013, 11, 22)
HOSTILE = "<script>alert(1)</script>"
"""A display name that would run if it were written into a page as it is."""


@dataclass(frozen=True)
class FabricatedRun:
    """The parts of a run that analysis reads."""

    manifest: Any
    dataset: xr.Dataset
    scenario: Any


def small_situation(terrain: Path, *, name_of_beta: str = "Beta", days: int = 40) -> Situation:
    """Five places in a row, two hostile sides and a neutral one."""
    keys = {"alpha": "Alpha", "beta": name_of_beta, "gamma": "Gamma", "delta": "Delta", "height": "The Height"}
    areas = {"alpha": (), "beta": ("hills",), "gamma": ("hills", "north"), "delta": ("north",), "height": ("hills",)}
    places = tuple(
        Place(
            key, name, (f"{name}-town", "بلدة"), 33.5 + 0.1 * row, 36.2 + 0.05 * row, 0.5, None, Quantity.parse(f"{10 - row}000"),
            "height" if key == "height" else "town", "SY", areas[key], "", "", None, "assumption", START,
        )
        for row, (key, name) in enumerate(sorted(keys.items()))
    )  # fmt: skip
    ordered = [place.key for place in places]
    routes = tuple(
        Route(start, end, 12.0, "paved", frozenset({"vehicle", "foot"}), "assumption", START) for start, end in pairwise(ordered)
    )
    return situation(terrain, places, routes, days=days, areas={"hills": "The <Hills> & Co", "north": "North"})


def situation(
    terrain: Path,
    places: tuple[Place, ...],
    routes: tuple[Route, ...],
    *,
    days: int,
    areas: dict[str, str],
    corridors: tuple[Corridor, ...] | None = None,
    holders: dict[str, str] | None = None,
    outcome_area: str = "hills",
) -> Situation:
    """A situation about given places; the first third is the government's unless `holders` says otherwise."""
    ordered = [place.key for place in places]
    default = {key: "government" if row < len(ordered) / 3 else "opposition" for row, key in enumerate(ordered)}
    holders = holders or default
    exact = Quantity.exact
    return Situation(
        scenario_name="fabricated",
        start=START,
        days=days,
        sides=(Side("government", "Government", True), Side("neutral", "Neutral", False), Side("opposition", "Opposition", True)),
        relations={
            ("government", "neutral"): "neutral",
            ("government", "opposition"): "hostile",
            ("neutral", "opposition"): "neutral",
        },
        actors=(
            Actor("army", "The Army", "government", False, exact(0.5), True, exact(0.0), "assumption", "C3"),
            Actor("guests", "Guests", "government", True, exact(0.5), False, exact(0.0), "assumption", "C3"),
            Actor("rebels", "Rebels", "opposition", True, exact(0.5), False, exact(0.0), "assumption", "C3"),
        ),
        policies={"government": Policy("government", {"piecemeal": 0.7, "broad": 0.3}, exact(0.2), "assumption")},
        aims={},
        areas=areas,
        corridors=corridors
        or (Corridor("road", "The road", "government", ordered[0], ordered[-1], tuple(ordered), "assumption"),),
        abroad=(Abroad("lebanon", "Lebanon", {ordered[-1]: 0.0}, exact(4e6), "assumption"),),
        uncertain_places=(),
        outcomes=(Outcome("area", "says", "area_held_share", {"area": outcome_area, "side": "government"}),),
        reference_height_m=1300.0,
        crest_areas=frozenset(list(areas)[-1:]),
        parameters={},
        places=places,
        routes=routes,
        forces=tuple(
            Force("rebels", key, Quantity.parse("100..300", "D3"), "garrison", "theatre", "", "a-source", "D3", START)
            for key in ordered
        ),
        strength_claims=(),
        reinforcements=(),
        supply_sources=(),
        stocks=(),
        people=(),
        climate=tuple(ClimateMonth(month, 5.0, 0.2, 4.0, "assumption") for month in range(1, 13)),
        holdings={key: (Holding(holders[key], "", 1.0, START),) for key in ordered},
        closures=(),
        incidents=(),
        terrain_path=terrain,
    )


def small_record(host: str = "delta") -> Record:
    """Two counts of people, one each side of the start, and one change of hands after it."""
    before, after, late = START - timedelta(days=9), START + timedelta(days=9), START + timedelta(days=20)
    return Record(
        control=(
            ControlRow(after, "gamma", "government", "", 1.0, 1.0, "assault", "a-source", "B2", after),
            ControlRow(before, "gamma", "opposition", "", 1.0, 1.0, "", "a-source", "B2", before),
        ),
        closures=(),
        displacement=(
            DisplacementRow(before, "hills", host, 6000.0, None, "unhcr", "A2", before),
            DisplacementRow(late, "hills", host, 18000.0, None, "unhcr", "A2", late),
            DisplacementRow(late, "hills", "nowhere", 1.0, None, "unhcr", "A2", late),
        ),
        incidents=(),
        corridors=(),
    )


def labels_of(at: Situation) -> dict[str, list[Any]]:
    """Labels of every dim but the replicate."""
    weeks = sorted({*range(0, at.days, 7), at.days})
    areas, abroad = list(at.areas), [country.key for country in at.abroad]
    places = [place.key for place in at.places]
    labels: dict[str, list[Any]] = {
        "day": list(range(at.days + 1)), "week": weeks, "place": places, "side": [side.key for side in at.sides],
        "actor": [actor.key for actor in at.actors], "route": [route.key for route in at.routes], "mode": list(MODES),
        "corridor": [corridor.key for corridor in at.corridors], "host": [*places, *abroad, "on_the_way", "dead"],
        "area": [*areas, "elsewhere"], "host_area": [*areas, "elsewhere", *abroad, "on_the_way", "dead"],
        "loss_kind": list(LOSS_KINDS), "zone": ["crest", "lee"], "band": list(range(0, 3400, 200)),
        "input": ["parameter:weather.winter_offset", "strength:rebels@alpha", "policy:government", "something:new"],
    }  # fmt: skip
    return labels


def fabricated_arrays(
    at: Situation, labels: Mapping[str, Sequence[Any]], n_replicates: int, seed: int, *, daily: bool = False
) -> dict[str, np.ndarray]:
    """Arrays of every variable: places fall at random days, people follow, snow comes and goes."""
    rng = np.random.default_rng(seed)
    sizes = {name: len(values) for name, values in labels.items()}
    arrays = {}
    for variable in VARIABLES:
        shape = (n_replicates, *(sizes[dim] for dim in dimensions(variable, record_daily=daily)[1:]))
        high = 2 if variable.long_name.startswith(("1 ", "places", "sectors")) else 100
        arrays[variable.name] = rng.integers(0, high + 1, shape).astype(variable.dtype)
    arrays["corridor_open"] = (rng.random(arrays["corridor_open"].shape) < 0.6).astype(np.uint8)
    for name in ("cum_loss", "cum_returned", "cum_reinforcement"):
        arrays[name] = np.cumsum(rng.poisson(0.8, arrays[name].shape), axis=1).astype(np.int32)
    for name, rate in (("n_displaced", 900.0), ("n_fled_to", 90.0)):
        scale = rng.gamma(0.15, 1.0, (n_replicates, 1, *arrays[name].shape[2:]))
        arrays[name] = np.cumsum(rng.poisson(rate * scale / 10, arrays[name].shape), axis=1).astype(np.int32)
    arrays["control"] = _fabricated_control(at, labels, n_replicates, rng)
    arrays["draw"] = rng.lognormal(0.0, 1.0, arrays["draw"].shape)
    for column, name in enumerate(labels["input"]):
        if name.startswith("policy:"):
            arrays["draw"][:, column] = rng.integers(0, 2, n_replicates)
    return arrays


def _fabricated_control(at: Situation, labels: Mapping[str, Sequence[Any]], n: int, rng: np.random.Generator) -> np.ndarray:
    """Each place of an active side falls to its enemy on some day or never, and is contested for five days before."""
    sides = list(labels["side"])
    holders = [at.holdings[key][0].holder for key in labels["place"]]
    first = np.array([sides.index(holder) for holder in holders])
    other = np.array([next((sides.index(enemy) for enemy in hostile_sides(at, holder)), -2) for holder in holders])
    falls = rng.exponential(200.0, (n, 1, len(first))) * rng.uniform(0.3, 6.0, (1, 1, len(first)))
    falls += 1000.0 * ((other == -2) | (first == sides.index("government")))
    day = np.arange(len(labels["day"]))[None, :, None]
    control = np.where(day >= falls, other, first)
    return np.where((day >= falls - 5) & (day < falls) & (day > 0), -1, control).astype(np.int8)


def fabricated_dataset(at: Situation, n_replicates: int, seed: int = 1, *, daily: bool = False) -> xr.Dataset:
    """The arrays with their labels, as a store gives them."""
    labels = labels_of(at)
    arrays = fabricated_arrays(at, labels, n_replicates, seed, daily=daily)
    dims = {variable.name: dimensions(variable, record_daily=daily) for variable in VARIABLES}
    return xr.Dataset(
        {name: (dims[name], values) for name, values in arrays.items()}, coords={"replicate": range(n_replicates), **labels}
    )


def fabricated_kernels(seed: int = 1) -> Kernels:
    """Kernels that prepare a scenario as ever and fabricate what they should play."""
    return Kernels(prepare, partial(_fabricated_chunk, seed=seed))


def _fabricated_chunk(
    prepared: Prepared, first: int, n: int, *, seed: int, record_daily: bool = False, verify: bool = False
) -> SimpleNamespace:
    arrays = fabricated_arrays(prepared.situation, prepared.coordinates, n, seed + first, daily=record_daily)
    return SimpleNamespace(arrays=arrays, events=events_of([], prepared.days), breaches=[], release=lambda: None)


def fabricated_run(at: Situation, record: Record, n_replicates: int, seed: int = 1, *, daily: bool = False) -> FabricatedRun:
    """A run of so many replicates."""
    changes = SimpleNamespace(to_json=dict, settings={"weather.winter_offset": "1..2"})
    plan = SimpleNamespace(
        scenario="fabricated", fingerprint="f" * 64, start=at.start, days=at.days, seed=seed, replicates=n_replicates,
        version="0.0", recording="daily" if daily else "thinned", interventions=changes,
        environment=SimpleNamespace(text="Python"),
    )  # fmt: skip
    manifest = SimpleNamespace(plan=plan, n_done=n_replicates, is_complete=True, digest="d" * 64, timings={})
    scenario = SimpleNamespace(
        name="fabricated", title="A fabricated campaign", summary="Nobody played it.", record=record, sources=(),
        corridors=at.corridors, areas=tuple(SimpleNamespace(key=key, name=name) for key, name in at.areas.items()),
        situation=lambda start=None: at,
    )  # fmt: skip
    return FabricatedRun(manifest, fabricated_dataset(at, n_replicates, seed, daily=daily), scenario)
