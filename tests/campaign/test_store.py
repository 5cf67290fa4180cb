"""The store: what is written can be read by anyone, labelled; what is lost or damaged is found."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow.parquet as pq
import pytest
import xarray as xr

from keyterrain.campaign.checksum import xxh64
from keyterrain.campaign.errors import RunRefused
from keyterrain.campaign.record import VARIABLES, dimensions
from keyterrain.campaign.store import (
    CHUNK_BYTES,
    LEAST_CHUNKS,
    Store,
    digest_of,
    read,
    read_events,
    replicates_per_chunk,
    stored_arrays,
)
from stand_in_campaign import LABELS, START, StandInChunk, events_of, play_chunk, prepare

if TYPE_CHECKING:
    from collections.abc import Callable

REPLICATES, DAYS = 10, 15
PREPARED = prepare(None, start=START, days=DAYS, seed=3, interventions=None)
LENGTHS = {dim: len(labels) for dim, labels in PREPARED.coordinates.items()}


def played(first: int, n: int, *, record_daily: bool = False) -> StandInChunk:
    return play_chunk(PREPARED, first, n, record_daily=record_daily, verify=False)


def store_in(folder: Path, chunk: int, *, record_daily: bool = False) -> Store:
    store = Store(folder, stored_arrays(LENGTHS, REPLICATES, record_daily=record_daily), chunk)
    store.create(PREPARED.coordinates, START)
    return store


def filled(folder: Path, chunk: int, *, record_daily: bool = False) -> Store:
    store = store_in(folder, chunk, record_daily=record_daily)
    for first in range(0, REPLICATES, chunk):
        piece = played(first, min(chunk, REPLICATES - first), record_daily=record_daily)
        store.write_chunk(first, piece.arrays, piece.events)
    return store


@pytest.mark.parametrize("record_daily", [False, True])
@pytest.mark.parametrize("chunk", [3, 5, 10])
def test_xarray_reads_what_was_written(tmp_path: Path, chunk: int, record_daily: bool) -> None:
    filled(tmp_path, chunk, record_daily=record_daily)
    dataset = xr.open_zarr(tmp_path / "ensemble.zarr", consolidated=False, chunks=None)
    whole = played(0, REPLICATES, record_daily=record_daily).arrays
    assert {variable.name for variable in VARIABLES} == set(dataset.data_vars)
    for variable in VARIABLES:
        assert dataset[variable.name].dims == dimensions(variable, record_daily=record_daily)
        assert dataset[variable.name].dtype == np.dtype(variable.dtype)
        np.testing.assert_array_equal(dataset[variable.name].values, whole[variable.name])


def test_labels_dates_and_attributes_go_along(tmp_path: Path) -> None:
    filled(tmp_path, 5)
    dataset = read(tmp_path)
    for dim, labels in LABELS.items():
        assert [label if isinstance(label, str) else int(label) for label in dataset[dim].values] == labels
    assert dataset.day.values.tolist() == list(range(DAYS + 1))
    assert dataset.week.values.tolist() == [0, 7, 14, 15]
    assert str(dataset.date.values[0])[:10] == "2013-11-22"
    assert str(dataset.week_date.values[-1])[:10] == "2013-12-07"
    assert {"date", "week_date"} <= set(dataset.coords)
    assert dataset.control.attrs["flag_values"] == [-1, 0, 1, 2]
    assert dataset.control.attrs["flag_meanings"] == "contested government neutral opposition"
    assert dataset.n_displaced.attrs == {
        "long_name": "displaced people by where they are, origins together",
        "units": "people",
        "aggregate": "sum",
    }
    assert dataset.strength.sel(place="nabk", actor="army").dims == ("replicate", "week")


def test_it_can_be_written_as_netcdf_types(tmp_path: Path) -> None:
    filled(tmp_path, 5)
    frame = read(tmp_path).control.isel(replicate=[0]).to_dataframe()
    assert set(frame.index.get_level_values("place")) == {"qara", "yabroud", "nabk"}


def bytes_of(arrays: dict[str, np.ndarray], name: str, row: int) -> bytes:
    """Bytes of one replicate of a variable, time last."""
    variable = next(each for each in VARIABLES if each.name == name)
    values = arrays[name][row]
    return (values if variable.cadence == "none" else np.moveaxis(values, 0, -1)).tobytes()


def test_the_digest_is_as_documented() -> None:
    arrays = played(4, 2).arrays
    by_hand = 0
    for row, replicate in enumerate((4, 5)):
        checksums = [int(xxh64(np.frombuffer(bytes_of(arrays, name.name, row), np.uint8))) for name in VARIABLES]
        content = b"".join(number.to_bytes(8, "little") for number in (replicate, *checksums))
        by_hand += int(hashlib.sha256(content).hexdigest(), 16)
    assert digest_of(arrays, 4) == format(by_hand % 2**256, "064x")


def test_the_digest_does_not_ask_how_arrays_lie_in_memory() -> None:
    arrays = played(0, 3).arrays
    lying_otherwise = {name: np.asfortranarray(array) for name, array in arrays.items()}
    assert digest_of(lying_otherwise, 0) == digest_of(arrays, 0)


def test_the_digest_read_back_is_that_of_what_was_played(tmp_path: Path) -> None:
    store = filled(tmp_path, 4)
    assert store.digest(8, 10) == digest_of(played(8, 2).arrays, 8)
    assert store.digest(0, 10) == digest_of(played(0, 10).arrays, 0)


@pytest.mark.parametrize("variable", [variable.name for variable in VARIABLES])
def test_the_digest_sees_every_variable(variable: str) -> None:
    arrays = played(0, 2).arrays
    before = digest_of(arrays, 0)
    arrays[variable].flat[-1] += 1
    assert digest_of(arrays, 0) != before


def test_the_digest_sees_replicates_that_change_places() -> None:
    arrays = played(0, 2).arrays
    swapped = {name: array[::-1] for name, array in arrays.items()}
    assert digest_of(swapped, 0) != digest_of(arrays, 0)


def test_a_chunk_that_equals_the_fill_value_is_written_all_the_same(tmp_path: Path) -> None:
    store = store_in(tmp_path, 5)
    piece = played(0, 5)
    piece.arrays["wet"][:] = 255
    store.write_chunk(0, piece.arrays, piece.events)
    assert store.lost_files(0) == []
    assert store.digest(0, 5) == digest_of(piece.arrays, 0)


def test_an_absent_chunk_reads_as_what_no_replicate_holds(tmp_path: Path) -> None:
    store_in(tmp_path, 5)
    dataset = read(tmp_path)
    assert int(dataset.control.values.max()) == -128
    assert int(dataset.wet.values.min()) == 255
    assert bool(np.isnan(dataset.draw.values).all())


def first_part(folder: Path) -> Path:
    return next(iter(sorted((folder / "events").glob("part-*.parquet"))))


def one_array_file(folder: Path) -> Path:
    return folder / "ensemble.zarr" / "control" / "c.0.0.0"


@pytest.mark.parametrize("which", [first_part, one_array_file])
def test_lost_and_empty_files_are_found(tmp_path: Path, which: Callable[[Path], Path]) -> None:
    store = filled(tmp_path, 5)
    path = which(tmp_path)
    path.write_bytes(b"")
    assert store.lost_files(0) == [path.relative_to(tmp_path).as_posix()]
    path.unlink()
    assert store.lost_files(0) == [path.relative_to(tmp_path).as_posix()]
    assert store.lost_files(5) == []


def test_no_file_lies_beside_when_all_is_written(tmp_path: Path) -> None:
    filled(tmp_path, 5)
    assert [path for path in tmp_path.rglob("*") if path.name.endswith(".new")] == []


def test_creating_again_keeps_chunks_and_puts_back_what_is_lost(tmp_path: Path) -> None:
    store = filled(tmp_path, 5)
    for name in ("control/zarr.json", "place/zarr.json", "date/c.0"):
        (tmp_path / "ensemble.zarr" / name).unlink()
    store.create(PREPARED.coordinates, START)
    assert store.digest(5, 10) != digest_of(played(5, 5).arrays, 5)  # control was made anew
    assert store.lost_files(5) == ["ensemble.zarr/control/c.1.0.0"]
    assert read(tmp_path).place.values.tolist() == LABELS["place"]
    np.testing.assert_array_equal(read(tmp_path).strength.values, played(0, 10).arrays["strength"])


def test_arrays_of_another_form_are_refused_before_anything_is_written(tmp_path: Path) -> None:
    store = store_in(tmp_path, 5)
    piece = played(0, 5)
    for wrong in (piece.arrays["draw"].astype("f4"), piece.arrays["draw"][:, :1]):
        with pytest.raises(ValueError, match="draw is"):
            store.write_chunk(0, piece.arrays | {"draw": wrong}, piece.events)
    assert len(store.lost_files(0)) == len(VARIABLES) + 1


def test_events_are_sorted_and_read_back(tmp_path: Path) -> None:
    filled(tmp_path, 4)
    events = read_events(tmp_path, [0, 4, 8]).to_pandas()
    assert events.replicate.tolist() == [replicate for replicate in range(10) for _ in range(2)]
    assert events.day.tolist() == [1, DAYS] * 10
    assert pq.read_schema(first_part(tmp_path)).field("kind").type == "string"


def test_events_of_a_chunk_are_the_same_bytes_twice(tmp_path: Path) -> None:
    first, second = tmp_path / "a", tmp_path / "b"
    for folder in (first, second):
        folder.mkdir()
        filled(folder, 5)
    assert first_part(first).read_bytes() == first_part(second).read_bytes()


def test_events_of_other_replicates_are_refused(tmp_path: Path) -> None:
    store = store_in(tmp_path, 5)
    with pytest.raises(ValueError, match="other replicates"):
        store.write_chunk(0, played(0, 5).arrays, events_of([5], DAYS))


def test_no_events_are_a_part_too(tmp_path: Path) -> None:
    store = store_in(tmp_path, 5)
    store.write_chunk(0, played(0, 5).arrays, events_of([], DAYS))
    assert store.lost_files(0) == []
    assert len(read_events(tmp_path, [0])) == 0


def test_damaged_events_are_found(tmp_path: Path) -> None:
    store = filled(tmp_path, 5)
    content = bytearray(first_part(tmp_path).read_bytes())
    content[40] ^= 0xFF
    first_part(tmp_path).write_bytes(content)
    with pytest.raises((OSError, ValueError)):
        store.read_events(0)
    first_part(tmp_path).unlink()
    with pytest.raises(RunRefused, match="lost or damaged"):
        read_events(tmp_path, [0])


def test_a_dimension_without_labels_is_no_loss(tmp_path: Path) -> None:
    prepared = {**PREPARED.coordinates, "corridor": []}
    lengths = LENGTHS | {"corridor": 0}
    store = Store(tmp_path, stored_arrays(lengths, 5, record_daily=False), 5)
    store.create(prepared, START)
    piece = played(0, 5)
    without = {name: array[..., :0] if name.startswith("corridor") else array for name, array in piece.arrays.items()}
    store.write_chunk(0, without, piece.events)
    assert store.lost_files(0) == []
    assert store.digest(0, 5) == digest_of(without, 0)


def test_chunks_follow_the_theatre_and_the_replicates_not_the_machine() -> None:
    large = LENGTHS | {"place": 180, "day": 156, "week": 24, "host": 190, "host_area": 15, "area": 12, "actor": 8}
    size = sum(array.bytes_per_replicate for array in stored_arrays(large, 1, record_daily=False))
    assert replicates_per_chunk(large, 100_000, record_daily=False) == CHUNK_BYTES // size
    assert replicates_per_chunk(large, 160, record_daily=False) == 160 // LEAST_CHUNKS
    assert replicates_per_chunk(large, 1, record_daily=False) == 1
    huge = large | {"place": 10_000_000}
    assert replicates_per_chunk(huge, 100, record_daily=True) == 1
