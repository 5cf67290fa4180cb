"""The store of a run: zarr arrays by chunks of replicates, and one parquet part of events per chunk.

Layout: every variable of `record.VARIABLES` is one array of zarr format 3 with dimensions (replicate, day or week, ...); labels
of places, actors and the rest are coordinates. Chunks span some replicates and everything else, so that a chunk has one writer.

Compression: time goes last (zarr's transpose codec), then blosc with byte shuffle and lz4. On integers that change slowly from
day to day this takes a third of the time of zstd level 1 on the arrays as they are, at the same size. Played arrays lie so in
memory already and are compressed where they lie.

Digest: each array of a replicate has a checksum, XXH64 over its bytes (little-endian, time last, else C order). The digest of a
replicate is SHA-256 over its number and the checksums in the order of VARIABLES (8 bytes each, little-endian); digests of several
replicates add up modulo 2**256, and so depend on no chunk.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from math import prod
from pathlib import Path
from secrets import token_hex
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import zarr
from numcodecs import Blosc  # type: ignore[import-untyped]
from numpy.typing import NDArray
from zarr.codecs import BloscCodec, BytesCodec, TransposeCodec

from keyterrain.campaign.errors import RunRefused
from keyterrain.campaign.manifest import total_digest
from keyterrain.campaign.record import CONTESTED, VARIABLES, Variable, dimensions, order_in_memory

if TYPE_CHECKING:
    import xarray as xr

ARRAYS = "ensemble.zarr"
EVENTS = "events"
TOKEN = ".sitting"
CHUNK_BYTES = 64_000_000
"""Raw size of one chunk: large enough to write fast, small enough that some fit in memory beside each other."""
LEAST_CHUNKS = 16
"""A run is cut into at least so many chunks, so that many cores share it evenly and little is lost when it is killed."""
_BLOSC = Blosc(cname="lz4", clevel=1, shuffle=Blosc.SHUFFLE)
EVENT_KEYS = ("replicate", "day", "kind", "place")

Labels = Mapping[str, Sequence[str | int]]
Arrays = Mapping[str, NDArray[Any]]
Files = tuple[tuple[str, bytes], ...]
"""Names relative to the run's folder, and contents."""


@dataclass(frozen=True, slots=True)
class StoredArray:
    """One variable as it is stored; `dims` and `shape` begin with the replicate."""

    variable: Variable
    dims: tuple[str, ...]
    shape: tuple[int, ...]

    @property
    def dtype(self) -> np.dtype[Any]:
        """Little-endian type of its numbers."""
        return np.dtype(self.variable.dtype).newbyteorder("<")

    @property
    def bytes_per_replicate(self) -> int:
        """Raw size of one replicate."""
        return prod(self.shape[1:]) * self.dtype.itemsize


def stored_arrays(lengths: Mapping[str, int], replicates: int, *, record_daily: bool) -> tuple[StoredArray, ...]:
    """Return every array of a run with its dimensions and shape, from the lengths of the dimensions."""
    sizes = {**lengths, "replicate": replicates}
    named = [(variable, dimensions(variable, record_daily=record_daily)) for variable in VARIABLES]
    return tuple(StoredArray(variable, dims, tuple(sizes[dim] for dim in dims)) for variable, dims in named)


def replicates_per_chunk(lengths: Mapping[str, int], replicates: int, *, record_daily: bool) -> int:
    """Return the replicates of a chunk: some 64 MB of arrays, fewer in a small run; the number of threads plays no part."""
    size = sum(array.bytes_per_replicate for array in stored_arrays(lengths, 1, record_daily=record_daily))
    return max(1, min(CHUNK_BYTES // size, -(-replicates // LEAST_CHUNKS)))


def digest_of(arrays: Arrays, first: int) -> str:
    """Return the digest of consecutive replicates, given every variable with the replicate as its first axis."""
    from keyterrain.campaign.checksum import fill_checksums

    n = len(arrays[VARIABLES[0].name])
    checksums = np.empty((len(VARIABLES), n), np.uint64)
    for column, variable in zip(checksums, VARIABLES, strict=True):
        fill_checksums(_bytes_by_replicate(variable, arrays[variable.name]), column)
    named = np.column_stack([np.arange(first, first + n, dtype=np.uint64), checksums.T]).astype("<u8")
    return total_digest(hashlib.sha256(row.tobytes()).hexdigest() for row in named)


def _bytes_by_replicate(variable: Variable, values: NDArray[Any]) -> NDArray[np.uint8]:
    """Return the bytes (replicate, byte) of a variable, as they lie wherever they lie as they should."""
    order = order_in_memory(dimensions(variable, record_daily=False))
    lying = np.ascontiguousarray(values.transpose(order), np.dtype(variable.dtype).newbyteorder("<"))
    return lying.reshape(len(lying), lying[:1].size).view(np.uint8)


@dataclass(frozen=True)
class Store:
    """Arrays and events of one run in its folder.

    Parameters
    ----------
    folder
        The run's folder.
    arrays
        All arrays, with as many replicates as the run has.
    chunk
        Replicates per chunk.
    """

    folder: Path
    arrays: tuple[StoredArray, ...]
    chunk: int

    def create(self, labels: Labels, start: date) -> None:
        """Write the metadata of all arrays, and the coordinates; an array that is there already as it should be is kept.

        Parameters
        ----------
        labels
            Labels of every dimension but the replicate, `day` and `week` as numbers of days since the start.
        start
            Day 0.
        """
        (self.folder / EVENTS).mkdir(exist_ok=True)
        group = zarr.open_group(self.folder / ARRAYS, mode="a", zarr_format=3)
        if group.attrs.asdict() != (attributes := _attributes_of_the_run(start, labels)):
            group.attrs.put(attributes)
        for array in self.arrays:
            if not self._is_sound(array):
                self._create_array(group, array, labels)
        _write_coordinates(group, {"replicate": range(self.arrays[0].shape[0]), **labels}, start)

    def write_chunk(self, first: int, arrays: Arrays, events: pa.Table) -> None:
        """Write consecutive replicates, arrays first and then the events; the manifest is the caller's to write afterwards.

        Raises
        ------
        OSError
            The disk is full or the folder is lost; nothing of the chunk is left.
        ValueError
            Arrays or events that do not have the form of the store: an error of the caller.
        """
        try:
            for name, content in self.encoded(first, arrays, events):
                self._write_file(name, content)
        except OSError:
            self.remove_chunk(first)
            raise

    def encoded(self, first: int, arrays: Arrays, events: pa.Table) -> Iterator[tuple[str, bytes]]:
        """Yield the files of consecutive replicates, names relative to the run's folder, the events last.

        Raises
        ------
        ValueError
            Arrays or events that do not have the form of the store: an error of the caller.
        """
        stop = first + len(arrays[VARIABLES[0].name])
        for array in self.arrays:
            _refuse_other_form(array, arrays[array.variable.name], stop - first)
        for array in self.arrays:
            if array.bytes_per_replicate:
                yield self._chunk_name(array, first), self._encoded_array(array, arrays[array.variable.name])
        yield _part_name(first), _encoded_events(first, stop, events)

    def write_files(self, files: Files) -> None:
        """Write encoded files; another process may write the same ones at the same time.

        Raises
        ------
        OSError
            The disk is full or the folder is lost. What is written stays: another may have written and listed it.
        """
        for name, content in files:
            self._write_file(name, content)

    def _write_file(self, name: str, content: bytes) -> None:
        _write_beside(self.folder / name, content)

    def put_token(self, token: str) -> None:
        """Leave a token in the folder: who finds it there sees the same folder and is wanted in it.

        Raises
        ------
        OSError
            The disk is full or the folder is lost.
        """
        _write_beside(self.folder / TOKEN, token.encode())

    def holds_token(self, token: str) -> bool:
        """Whether the folder, seen from here, is that in which a token was left."""
        try:
            return (self.folder / TOKEN).read_bytes() == token.encode()
        except OSError:
            return False

    def take_token_away(self) -> None:
        """Remove the token, so that whoever still plays for this sitting writes nothing more, and what was left half-written."""
        if self.folder.is_dir():
            for leftover in (self.folder / TOKEN, *self.folder.rglob(".*.new")):
                with suppress(OSError):
                    leftover.unlink()

    def lost_files(self, first: int) -> list[str]:
        """Return the files of a chunk that are absent or empty, relative to the run's folder."""
        return [name for name in self._files(first) if not _has_content(self.folder / name)]

    def _files(self, first: int) -> list[str]:
        names = [self._chunk_name(array, first) for array in self.arrays if array.bytes_per_replicate]
        return [*names, _part_name(first)]

    def remove_chunk(self, first: int) -> None:
        """Give back the room of a chunk that came to nothing: the manifest may need it."""
        for name in self._files(first):
            with suppress(OSError):
                (self.folder / name).unlink()

    def digest(self, first: int, stop: int) -> str:
        """Return the digest of replicates as they are stored.

        Raises
        ------
        OSError, ValueError, RuntimeError
            They cannot be read.
        """
        return digest_of({each.variable.name: np.asarray(self._open_array(each)[first:stop]) for each in self.arrays}, first)

    def read_events(self, first: int) -> pa.Table:
        """Return the events of the chunk that begins at a replicate, its checksums verified."""
        return pq.read_table(self.folder / _part_name(first), page_checksum_verification=True)

    def _encoded_array(self, array: StoredArray, values: NDArray[Any]) -> bytes:
        """Return one zarr chunk as its codecs say: time last, then blosc.

        Not by assignment to the zarr array, which takes three times as long and leaves out chunks that equal the fill value: here
        a chunk that is absent is lost, never merely empty.
        """
        lying = np.ascontiguousarray(_filled_up(values, self.chunk).transpose(order_in_memory(array.dims)))
        encoded: bytes = _BLOSC.encode(lying)
        return encoded

    def _open_array(self, array: StoredArray) -> zarr.Array[Any]:
        return zarr.open_array(self.folder / ARRAYS / array.variable.name, mode="r", zarr_format=3)

    def _is_sound(self, array: StoredArray) -> bool:
        try:
            found = self._open_array(array)
        except (OSError, ValueError, KeyError):
            return False
        return found.shape == array.shape and found.chunks == self._chunk_shape(array) and found.dtype == array.dtype

    def _chunk_shape(self, array: StoredArray) -> tuple[int, ...]:
        return (self.chunk, *(max(1, length) for length in array.shape[1:]))

    def _create_array(self, group: zarr.Group, array: StoredArray, labels: Labels) -> None:
        group.create_array(
            array.variable.name,
            shape=array.shape,
            chunks=self._chunk_shape(array),
            dtype=array.dtype,
            fill_value=_unlikely(array.dtype),
            filters=[TransposeCodec(order=order_in_memory(array.dims))] if len(array.dims) > 1 else [],
            serializer=BytesCodec(),
            compressors=BloscCodec(cname=_BLOSC.cname, clevel=_BLOSC.clevel, shuffle="shuffle"),
            chunk_key_encoding={"name": "default", "separator": "."},
            dimension_names=array.dims,
            attributes=_attributes(array.variable, labels),
            overwrite=True,
        )

    def _chunk_name(self, array: StoredArray, first: int) -> str:
        index = ".".join([str(first // self.chunk), *("0" for _ in array.shape[1:])])
        return f"{ARRAYS}/{array.variable.name}/c.{index}"


def _encoded_events(first: int, stop: int, events: pa.Table) -> bytes:
    if missing := [name for name in EVENT_KEYS if name not in events.column_names]:
        raise ValueError(f"events without {', '.join(missing)}")
    ordered = _in_order(events)
    replicates = ordered.column("replicate")
    if len(ordered) and not first <= replicates[0].as_py() <= replicates[-1].as_py() < stop:
        raise ValueError(f"events of other replicates than {first} to {stop - 1}")
    buffer = pa.BufferOutputStream()
    pq.write_table(
        ordered,
        buffer,
        use_dictionary=_columns_of_text(ordered),
        store_schema=False,
        write_statistics=False,
        compression="zstd",
        compression_level=1,
        write_page_checksum=True,
    )
    content: bytes = buffer.getvalue().to_pybytes()
    return content


def read(folder: Path) -> xr.Dataset:
    """Open the arrays of a run lazily, as anyone can: labelled, `date` and `week_date` beside `day` and `week`.

    Raises
    ------
    RunRefused
        No arrays there.
    """
    import xarray as xr

    try:
        dataset: xr.Dataset = xr.open_zarr(folder / ARRAYS, consolidated=False, chunks=None)
    except (FileNotFoundError, ValueError) as error:
        raise RunRefused(f"{folder / ARRAYS} is lost or cannot be read ({error}).") from error
    return dataset


def read_events(folder: Path, firsts: Iterable[int]) -> pa.Table:
    """Return the events of the chunks that begin at these replicates, in this order.

    Raises
    ------
    RunRefused
        A part that is lost or damaged.
    """
    try:
        return pa.concat_tables([pq.read_table(folder / _part_name(first)) for first in firsts])
    except (FileNotFoundError, pa.ArrowInvalid) as error:
        raise RunRefused(f"Events of {folder} are lost or damaged ({error}); run it again with --resume.") from error


def _in_order(events: pa.Table) -> pa.Table:
    """Return the table by replicate and day; one that is so already, with kinds and places in an order of its own, stays."""
    replicate, day = (_as_numpy(events.column(name)) for name in ("replicate", "day"))
    is_next, is_same = replicate[1:] > replicate[:-1], replicate[1:] == replicate[:-1]
    if bool((is_next | is_same & (day[1:] >= day[:-1])).all()):
        return events
    others = [name for name in events.column_names if name not in EVENT_KEYS]
    return _plain_text(events).sort_by([(name, "ascending") for name in [*EVENT_KEYS, *others]])


def _as_numpy(column: pa.ChunkedArray) -> NDArray[Any]:
    """Return a column of numbers, not by its own `to_numpy`, which imports pandas."""
    return np.from_dlpack(column.combine_chunks())


def _plain_text(events: pa.Table) -> pa.Table:
    """Return the table with its dictionaries as text, which can be sorted."""
    fields = [each.with_type(each.type.value_type) if pa.types.is_dictionary(each.type) else each for each in events.schema]
    return events.cast(pa.schema(fields))


def _columns_of_text(events: pa.Table) -> list[str]:
    """Return the columns that are worth a dictionary; numbers are not, which compress as they are in less time."""
    return [each.name for each in events.schema if pa.types.is_dictionary(each.type) or pa.types.is_string(each.type)]


def _part_name(first: int) -> str:
    return f"{EVENTS}/part-{first:07d}.parquet"


def _has_content(path: Path) -> bool:
    try:
        return path.stat().st_size > 0
    except OSError:
        return False


def _filled_up(values: NDArray[Any], n_replicates: int) -> NDArray[Any]:
    """Return a whole chunk; replicates beyond the last of the run hold what no replicate can hold."""
    if (lacking := n_replicates - len(values)) == 0:
        return values
    filling = np.full((lacking, *values.shape[1:]), _unlikely(values.dtype), values.dtype)
    return np.concatenate([values, filling])


def _write_beside(path: Path, content: bytes) -> None:
    """Write a file that a kill leaves whole or not at all, and that two may write at once."""
    beside = path.with_name(f".{path.name}.{token_hex(4)}.new")
    try:
        beside.write_bytes(content)
        beside.replace(path)
    except OSError:
        beside.unlink(missing_ok=True)
        raise


def _unlikely(dtype: np.dtype[Any]) -> float | int:
    """Return the value that an absent chunk reads as: one that no replicate can hold."""
    if dtype.kind == "f":
        return float("nan")
    return int(np.iinfo(dtype).min if dtype.kind == "i" else np.iinfo(dtype).max)


def _attributes(variable: Variable, labels: Labels) -> dict[str, Any]:
    """Return CF attributes; what `control` counts is spelled out as flags."""
    attributes: dict[str, Any] = {
        "long_name": variable.long_name,
        "units": variable.units,
        "aggregate": variable.how_to_aggregate,
    }
    if variable.name == "control":
        attributes["flag_values"] = [CONTESTED, *range(len(labels["side"]))]
        attributes["flag_meanings"] = " ".join(["contested", *(str(side) for side in labels["side"])])
    return attributes


def _attributes_of_the_run(start: date, labels: Labels) -> dict[str, Any]:
    dates = ["date", *(["week_date"] if "week" in labels else [])]
    return {"Conventions": "CF-1.11", "title": f"campaign from {start.isoformat()}, by replicate", "coordinates": " ".join(dates)}


def _write_coordinates(group: zarr.Group, labels: Labels, start: date) -> None:
    for dim, values in labels.items():
        is_text = any(isinstance(value, str) for value in values)
        content: NDArray[Any] = np.array(list(values), dtype=np.dtypes.StringDType() if is_text else "<i8")
        _write_coordinate(group, dim, dim, content, {"long_name": _MEANINGS.get(dim, dim.replace("_", " "))})
    for name, dim in (("date", "day"), ("week_date", "week")):
        if dim in labels:
            attributes = {"standard_name": "time", "units": f"days since {start.isoformat()}", "calendar": "proleptic_gregorian"}
            _write_coordinate(group, name, dim, np.array(list(labels[dim]), dtype="<i8"), attributes)


_MEANINGS = {
    "day": "days since the evening before the first step",
    "week": "days since the evening before the first step, every seventh and the last",
    "band": "lower height of a band [m]",
    "input": "name of a drawn input or parameter",
}


def _write_coordinate(group: zarr.Group, name: str, dim: str, content: NDArray[Any], attributes: dict[str, Any]) -> None:
    """Write a coordinate unless it is there already."""
    if _holds(group, name, content):
        return
    array = group.create_array(
        name,
        shape=content.shape,
        chunks=(max(1, len(content)),),
        dtype=str if content.dtype.kind == "T" else content.dtype,
        chunk_key_encoding={"name": "default", "separator": "."},
        dimension_names=(dim,),
        attributes=attributes,
        config={"write_empty_chunks": True},
        overwrite=True,
    )
    array[:] = content


def _holds(group: zarr.Group, name: str, content: NDArray[Any]) -> bool:
    try:
        found = zarr.open_array(group.store, path=name, mode="r", zarr_format=3)
        return found.shape == content.shape and bool(np.array_equal(np.asarray(found[:]), content))
    except (OSError, ValueError, KeyError):
        return False


def _refuse_other_form(array: StoredArray, values: NDArray[Any], n_replicates: int) -> None:
    shape = (n_replicates, *array.shape[1:])
    if values.shape != shape or values.dtype != array.dtype:
        name = array.variable.name
        raise ValueError(f"{name} is {values.dtype} {values.shape} where the store takes {array.dtype} {shape}")
