"""What cannot matter changes no byte of a campaign: what happened later, names, the order of rows, ground out of the way."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from keyterrain.campaign.ensemble import run
from keyterrain.campaign.interventions import Hold, Interventions
from keyterrain.campaign.prepare import prepare
from keyterrain.theatre import check, load
from keyterrain.theatre.ground import measure_ground
from keyterrain.theatre.policies import POLICY_RULES
from played_campaigns import Campaign, differing, play, play_prepared, same_labels, small_scenario
from scenarios import FILES, small_settings, small_tables, write_small_scenario

pytestmark = pytest.mark.slow

Row = dict[str, str]
Rows = list[Row]

RECORD = ("control", "closures", "displacement", "incidents", "observed_corridors")
STORES = ("ensemble.zarr", "events")
HAPPENED = ("date", "closed_on", "known_on")
STARTS = (date(2013, 11, 22), date(2013, 11, 14))


@pytest.fixture(scope="module")
def baseline(tmp_path_factory: pytest.TempPathFactory) -> Campaign:
    """The small campaign as it is."""
    return play(small_scenario(tmp_path_factory.mktemp("baseline") / "small"))


# What happened later


def known_by(start: date) -> Callable[[Rows], Rows]:
    """Rows without those that tell of a later day, and without the end of closures that nobody could know yet."""

    def known(rows: Rows) -> Rows:
        kept = [row for row in rows if all(date.fromisoformat(row[day]) <= start for day in HAPPENED if row.get(day))]
        return [_with_open_end(row, start) for row in kept]

    return known


def _with_open_end(row: Row, start: date) -> Row:
    ends = row.get("reopened_on")
    return {**row, "reopened_on": ""} if ends and date.fromisoformat(ends) > start else row


@pytest.mark.parametrize("start", STARTS)
@pytest.mark.parametrize("tables", [RECORD, (*RECORD, "forces", "people")], ids=["record", "every-table"])
def test_what_became_known_after_the_start_changes_nothing(tmp_path: Path, start: date, tables: tuple[str, ...]) -> None:
    known = {table: known_by(start) for table in tables}
    removed = {table: len(rows) - len(known[table](rows)) for table, rows in small_tables().items() if table in tables}
    assert removed["control"] >= 2
    assert removed["displacement"] == 2
    full = play(small_scenario(tmp_path / "full"), start=start)
    blind = play(small_scenario(tmp_path / "blind", **known), start=start)
    assert same_labels(full, blind)
    assert differing(full, blind) == []


def test_what_was_known_before_the_start_does_change_a_campaign(tmp_path: Path, baseline: Campaign) -> None:
    forgotten = play(small_scenario(tmp_path / "small", control=lambda rows: [r for r in rows if r["date"] != "2013-11-05"]))
    assert "control" in differing(baseline, forgotten)


def files_of_run(folder: Path, start: date, out: Path, **changes: Any) -> dict[Path, bytes]:
    """What a run stores, but for the scenario itself and the manifest, which names the scenario and says how long it took."""
    run(small_scenario(folder, **changes), out=out, start=start, replicates=4, days=40, seed=5, chunk=3)
    files = [path for store in STORES for path in (out / store).rglob("*") if path.is_file()]
    return {path.relative_to(out): path.read_bytes() for path in files}


@pytest.mark.parametrize("start", STARTS)
def test_the_record_after_the_start_changes_no_byte_of_what_a_run_stores(tmp_path: Path, start: date) -> None:
    blind: dict[str, Any] = {**dict.fromkeys(RECORD, known_by(start)), "covered_until": max(STARTS).isoformat()}
    files = files_of_run(tmp_path / "full", start, tmp_path / "run")
    assert files == files_of_run(tmp_path / "blind", start, tmp_path / "blind-run", **blind)
    assert {path.parts[0] for path in files} == set(STORES)


@pytest.mark.parametrize("start", STARTS)
def test_a_situation_has_no_row_from_after_its_start(tmp_path: Path, start: date) -> None:
    situation = small_scenario(tmp_path / "small").situation(start)
    rows = [row for name in situation.__slots__ if isinstance(table := getattr(situation, name), tuple) for row in table]
    dated = [row.known_on for row in rows if hasattr(row, "known_on")]
    assert len(dated) > 30
    assert max(dated) <= start


# Names


def renamed(nouns: Any) -> Any:
    """Nouns of scenario.yaml under other names, in another order of the alphabet."""
    return {key: {**noun, "name": f"Z{9 - i} {noun['name'][::-1]}"} for i, (key, noun) in enumerate(nouns.items())}


def test_display_names_change_nothing(tmp_path: Path, baseline: Campaign) -> None:
    nouns = ("sides", "actors", "areas", "corridors", "abroad", "uncertain_places")
    other = small_scenario(
        tmp_path / "small",
        **dict.fromkeys(nouns, renamed),
        places=lambda rows: [{**row, "name": f"Z{9 - i} {row['name']}", "alt_names": "Elsewhere"} for i, row in enumerate(rows)],
        title="Another title",
        summary="Another summary.",
    )
    assert {place.name[0] for place in other.places} == {"Z"}
    assert {side.name[0] for side in other.sides} == {"Z"}
    campaign = play(other)
    assert same_labels(baseline, campaign)
    assert differing(baseline, campaign) == []


# The order of rows


def reversed_rows(rows: Rows) -> Rows:
    return rows[::-1]


def shuffled_rows(rows: Rows) -> Rows:
    return [rows[i] for i in np.random.default_rng(len(rows)).permutation(len(rows))]


@pytest.mark.parametrize("reordered", [reversed_rows, shuffled_rows])
def test_the_order_of_rows_changes_nothing(tmp_path: Path, baseline: Campaign, reordered: Callable[[Rows], Rows]) -> None:
    tables = dict.fromkeys(FILES, reordered)
    assert any(reordered(rows) != rows for rows in small_tables().values())
    campaign = play(small_scenario(tmp_path / "small", **tables))
    assert same_labels(baseline, campaign)
    assert differing(baseline, campaign) == []


def backwards(value: Any) -> Any:
    """A tree of settings with every mapping and every list of lists the other way round."""
    if isinstance(value, Mapping):
        return {key: backwards(item) for key, item in reversed(value.items())}
    return value


def test_the_order_of_settings_changes_nothing(tmp_path: Path, baseline: Campaign) -> None:
    keys = ("sides", "actors", "policies", "aims", "areas", "corridors", "abroad", "uncertain_places", "outcomes")
    changes: dict[str, Any] = dict.fromkeys(keys, backwards)
    changes["relations"] = [[b, a, relation] for a, b, relation in reversed(small_settings()["relations"])]
    changes["corridors"] = lambda corridors: {k: {**c, "places": c["places"][::-1]} for k, c in backwards(corridors).items()}
    campaign = play(small_scenario(tmp_path / "small", **changes))
    assert same_labels(baseline, campaign)
    assert differing(baseline, campaign) == []


# Ground that no road leads to

FAR = "aa-far"


def far_away(holder: str, garrison: str = "", kind: str = "regular") -> dict[str, Any]:
    """A town in a corner without any road; with a garrison, its side has one more actor, who is nowhere else."""
    town = {"place": FAR, "name": "Far", "lat": "33.45", "lon": "36.05", "error_km": "1.0", "population": "50000"}
    town |= {"kind": "town", "country": "XX", "leaning": "government", "source": "census", "known_on": "2013-01-01"}
    held = {"date": "2013-10-01", "place": FAR, "holder": holder, "source": "report", "grade": "A1", "known_on": "2013-10-01"}
    changes: dict[str, Any] = {"places": lambda rows: [*rows, town], "control": lambda rows: [*rows, held]}
    if garrison:
        force = {"actor": FAR, "place": FAR, "strength": garrison, "kind": "garrison", "region": "theatre"}
        force |= {"source": "report", "grade": "C3", "known_on": "2013-11-10"}
        actor = {"name": "Guard", "side": holder, "kind": kind, "mobility": "0.5", "air_support": "false"}
        # a claim about all fighters of a side would rightly be shared with the newcomers
        changes["forces"] = lambda rows: [*without_claims(rows), force]
        changes["actors"] = lambda actors: {FAR: {**actor, "source": "report", "grade": "D3"}, **actors}
    return changes


def without_claims(rows: Rows) -> Rows:
    return [row for row in rows if row["kind"] != "claim_total"]


@pytest.mark.parametrize("holder", ["government", "opposition", "neutral"])
def test_an_unconnected_place_changes_nothing_else(tmp_path: Path, baseline: Campaign, holder: str) -> None:
    other = play(small_scenario(tmp_path / "small", **far_away(holder)))
    assert FAR in other.data.place
    assert differing(baseline, other) == []


@pytest.mark.parametrize("kind", ["regular", "irregular"])
@pytest.mark.parametrize("holder", ["government", "opposition"])
def test_an_unconnected_garrison_changes_nothing_else(tmp_path: Path, holder: str, kind: str) -> None:
    one = play(small_scenario(tmp_path / "one", forces=without_claims))
    other = play(small_scenario(tmp_path / "other", **far_away(holder, "1000..3000", kind)))
    assert int(other.data.strength.sel(actor=FAR, place=FAR).min()) > 0
    assert differing(one, other) == []


def test_an_unconnected_town_with_supply_of_its_own_changes_nothing_else(tmp_path: Path) -> None:
    one = play(small_scenario(tmp_path / "one", forces=without_claims))
    source = {"side": "opposition", "place": FAR, "capacity": "5000", "source": "assumption", "known_on": "2013-01-01"}
    changes = far_away("opposition", "1000..3000")
    other = play(small_scenario(tmp_path / "other", **changes, supply=lambda rows: [*rows, source]))
    assert int(other.data.supply.sel(side="opposition", place=FAR).min()) == 100
    assert differing(one, other) == []


def wide_terrain(path: Path) -> None:
    """Write rolling ground that reaches a degree further north and west than the places do."""
    import rasterio

    row, column = np.mgrid[0:400, 0:400]
    heights = np.round(900 + 300 * np.sin(row / 17) * np.cos(column / 13) + 100 * np.sin(column / 5)).astype(np.int16)
    transform = rasterio.Affine(0.005, 0, 35.0, 0, -0.005, 35.4)
    shape = {"height": 400, "width": 400, "count": 1, "dtype": "int16"}
    with rasterio.open(path, "w", driver="GTiff", crs="EPSG:4326", transform=transform, nodata=-32768, **shape) as raster:
        raster.write(heights, 1)


def test_a_place_for_which_more_of_the_terrain_is_read_changes_nothing_else(tmp_path: Path) -> None:
    changes = far_away("neutral")
    beyond = {"lat": "35.2", "lon": "35.2"}
    changes["places"] = lambda rows: [*rows, {**far_away("neutral")["places"]([])[0], **beyond}]
    one = small_scenario(tmp_path / "one", terrain=wide_terrain)
    other = small_scenario(tmp_path / "other", terrain=wide_terrain, **changes)
    measures, others = measure_ground(one.situation()), measure_ground(other.situation())
    n_places = len(one.places)
    for name in ("elevation_m", "slope_deg", "relief_index", "n_commanding_heights"):  # the newcomer's key is the first
        assert getattr(measures, name).tobytes() == getattr(others, name)[..., -n_places:].tobytes()
    for name in ("route_foot_hours", "route_climb_m", "route_max_elevation_m", "pair_hours", "pair_observation"):
        assert getattr(measures, name).tobytes() == getattr(others, name).tobytes()
    assert differing(play(one), play(other)) == []


def test_an_unconnected_place_is_no_fault_but_a_warning(tmp_path: Path) -> None:
    before = check(write_small_scenario(tmp_path / "before"))
    after = check(write_small_scenario(tmp_path / "after", **far_away("neutral")))
    assert after.faults == ()
    new = [warning.what for warning in after.warnings if warning not in before.warnings]
    assert len(new) == 1
    assert "in 2 pieces" in new[0]
    assert FAR in new[0]


# Seeds, chunks and days


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others(tmp_path: Path, baseline: Campaign) -> None:
    scenario = small_scenario(tmp_path / "small")
    assert differing(baseline, play(scenario)) == []
    assert {"control", "strength", "n_displaced", "wet", "draw", "events"} <= set(differing(baseline, play(scenario, seed=6)))


@pytest.mark.parametrize("sizes", [(1,) * 8, (3, 5), (7, 1)])
def test_a_replicate_is_the_same_in_any_chunk(tmp_path: Path, baseline: Campaign, sizes: tuple[int, ...]) -> None:
    prepared = prepare(small_scenario(tmp_path / "small"), days=90, seed=5)
    for first, n in zip(np.cumsum((0, *sizes)), sizes, strict=False):
        piece = play_prepared(prepared, int(first), n)
        whole = baseline.only((baseline.data.replicate >= first) & (baseline.data.replicate < first + n))
        assert differing(piece, whole) == []


def test_replicates_may_be_played_in_any_order(tmp_path: Path, baseline: Campaign) -> None:
    prepared = prepare(small_scenario(tmp_path / "small"), days=90, seed=5)
    for replicate in (6, 0, 3):
        assert differing(play_prepared(prepared, replicate, 1), baseline.only(baseline.data.replicate == replicate)) == []


def test_a_longer_campaign_begins_as_the_shorter_one(tmp_path: Path) -> None:
    scenario = small_scenario(tmp_path / "small")
    short, long = play(scenario, days=60), play(scenario, days=155)
    assert long.data.sizes["day"] == 156
    assert differing(short, long.until(60)) == []
    assert not bool((long.data.control.sel(day=60) == long.data.control.sel(day=155)).all())


# Common luck


@pytest.mark.parametrize("ground", ["beyond", "place:border-town"])
def test_holding_ground_that_never_comes_into_play_changes_nothing(tmp_path: Path, baseline: Campaign, ground: str) -> None:
    held = play(small_scenario(tmp_path / "small"), interventions=Interventions(hold=(Hold(ground, "neutral"),)))
    assert differing(baseline, held) == []


def test_holding_a_city_that_nobody_could_attack_changes_nothing(tmp_path: Path, baseline: Campaign) -> None:
    held = play(small_scenario(tmp_path / "small"), interventions=Interventions(hold=(Hold("capital", "government"),)))
    assert differing(baseline, held) == []


def test_holding_ground_that_is_fought_over_does_change_a_campaign(tmp_path: Path, baseline: Campaign) -> None:
    held = play(small_scenario(tmp_path / "small"), interventions=Interventions(hold=(Hold("hills", "opposition"),)))
    assert {"control", "cum_loss", "n_operations"} <= set(differing(baseline, held))


def test_decreeing_the_policy_that_was_drawn_anyway_changes_nothing(tmp_path: Path) -> None:
    scenario = small_scenario(tmp_path / "small")
    free = play(scenario, replicates=24)
    broad = play(scenario, replicates=24, interventions=Interventions(policies={"government": "broad"}))
    anyway = free.data.draw.sel(input="policy:government").to_numpy() == list(POLICY_RULES).index("broad")
    assert 2 <= anyway.sum() <= 22
    assert differing(free.only(anyway), broad.only(anyway)) == []
    assert "control" in differing(free.only(~anyway), broad.only(~anyway))


def test_a_reinforcement_that_comes_later_changes_nothing_before(tmp_path: Path, baseline: Campaign) -> None:
    none = play(small_scenario(tmp_path / "small", reinforcements=[]))
    arrival = (date(2013, 12, 10) - STARTS[0]).days
    assert differing(baseline.until(arrival - 1), none.until(arrival - 1)) == []
    assert {"strength", "cum_reinforcement"} <= set(differing(baseline, none))


def test_a_scenario_that_moves_to_another_folder_is_the_same(tmp_path: Path, baseline: Campaign) -> None:
    folder = write_small_scenario(tmp_path / "a much longer name, with blanks")
    assert differing(baseline, play(load(folder))) == []
