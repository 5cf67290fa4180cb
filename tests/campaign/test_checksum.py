"""Checksums are XXH64 as it was published, for bytes of any number."""

from __future__ import annotations

import numpy as np
import pytest

from keyterrain.campaign.checksum import fill_checksums, xxh64

PUBLISHED = {
    b"": 0xEF46DB3751D8E999,
    b"a": 0xD24EC4F1A98C6E5B,
    b"abc": 0x44BC2CF5AD770999,
    b"Nobody inspects the spammish repetition": 0xFBCEA83C8A378BF1,
}


def of(content: bytes) -> int:
    return int(xxh64(np.frombuffer(content, np.uint8)))


@pytest.mark.parametrize(("content", "checksum"), PUBLISHED.items(), ids=[str(len(content)) for content in PUBLISHED])
def test_it_is_the_published_checksum(content: bytes, checksum: int) -> None:
    assert of(content) == checksum


def test_every_byte_counts_wherever_it_stands() -> None:
    content = bytes(range(1, 78))
    changed = {of(content[:at] + b"\0" + content[at + 1 :]) for at in range(len(content))}
    assert len(changed | {of(content)}) == len(content) + 1
    assert len({of(content[:n]) for n in range(len(content) + 1)}) == len(content) + 1


def test_rows_are_summed_one_by_one() -> None:
    rows = np.arange(3 * 41, dtype=np.uint8).reshape(3, 41)
    found = np.zeros(3, np.uint64)
    fill_checksums(rows, found)
    assert found.tolist() == [of(row.tobytes()) for row in rows]
