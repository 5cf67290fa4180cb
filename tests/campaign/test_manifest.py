"""The manifest: round trip, digests that add up, atomic writing, and refusals that say what is wrong."""

from __future__ import annotations

import errno
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from keyterrain.campaign import manifest as manifests
from keyterrain.campaign.errors import RunRefused
from keyterrain.campaign.interventions import Interventions
from keyterrain.campaign.manifest import DoneChunk, Manifest, Plan, total_digest
from stand_in_campaign import START

PLAN = Plan(
    "stand-in", "f" * 64, START, days=10, seed=5, replicates=10, interventions=Interventions.parse(hold=["qara=government"])
)
ONE, TWO = format(1, "064x"), format(2, "064x")
MANIFEST = Manifest(PLAN, chunk=4, lengths={"place": 3, "day": 11}, done=(DoneChunk(0, 4, ONE),), timings={"seconds": 1.5})


def test_it_round_trips(tmp_path: Path) -> None:
    manifests.write(MANIFEST, tmp_path)
    assert manifests.read(tmp_path) == MANIFEST
    assert [path.name for path in tmp_path.iterdir()] == ["manifest.json"]


def test_it_is_plain_json_with_the_promised_keys(tmp_path: Path) -> None:
    manifests.write(MANIFEST, tmp_path)
    written = json.loads((tmp_path / "manifest.json").read_text())
    assert written["format"] == "keyterrain-run/5"
    assert written["done"] == [[0, 4, ONE]]
    assert written["start"] == "2013-11-22"
    assert written["digest"] is None
    assert {"version", "seed", "replicates", "days", "interventions", "chunk", "environment", "timings"} <= written.keys()


def test_chunks_cover_the_replicates_once() -> None:
    assert MANIFEST.chunks() == [(0, 4), (4, 8), (8, 10)]


def test_the_digest_of_all_is_there_when_all_is_done() -> None:
    done = MANIFEST.with_done(DoneChunk(8, 10, TWO), verified=False, worker="w")
    assert not done.is_complete
    done = done.with_done(DoneChunk(4, 8, "f" * 64), verified=True, worker="w")
    assert done.is_complete
    assert done.digest == format(2, "064x")
    assert [chunk.first for chunk in done.done] == [0, 4, 8]
    assert done.verified == {4}


def test_digests_add_up_whatever_the_grouping() -> None:
    digests = ["a" * 64, "b" * 64, "f" * 64]
    assert total_digest([total_digest(digests[:2]), digests[2]]) == total_digest(reversed(digests))


def test_a_chunk_played_again_replaces_the_old_one() -> None:
    again = MANIFEST.with_done(DoneChunk(0, 4, TWO), verified=True, worker="w")
    assert again.done == (DoneChunk(0, 4, TWO),)
    assert again.without([0]).done == ()
    assert again.without([0]).verified == frozenset()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"seed": 6}, "another seed (5, now 6)"),
        ({"days": 11}, "another number of days (10, now 11)"),
        ({"replicates": 12}, "another number of replicates (10, now 12)"),
        ({"scenario": "other"}, "another scenario (stand-in, now other)"),
        ({"fingerprint": "e" * 64}, "another content of the scenario"),
        ({"start": START.replace(day=14)}, "another start (2013-11-22, now 2013-11-14)"),
        ({"version": "9.9"}, "another version of keyterrain"),
        ({"recording": "daily"}, "another record (thinned, now daily)"),
        ({"interventions": Interventions()}, "another interventions"),
        ({"environment": replace(PLAN.environment, numba="0.1")}, "another environment"),
    ],
)
def test_what_differs_is_named(change: dict[str, Any], said: str) -> None:
    (difference,) = PLAN.differences(replace(PLAN, **change))
    assert said in difference


def test_equal_plans_do_not_differ() -> None:
    assert PLAN.differences(replace(PLAN)) == []


def damaged(**changes: object) -> str:
    return json.dumps(MANIFEST.to_json() | changes)


@pytest.mark.parametrize(
    "content",
    [
        "", "[]", "{", '"x"', damaged(format="keyterrain-run/9"), damaged(seed="5"), damaged(seed=-1),
        damaged(start="22.11.2013"), damaged(done=[[0, 4]]),
        damaged(lengths=[1]), damaged(environment={"cpu": "x"}), damaged(interventions={"held": []}),
        damaged(verified=None), damaged(days=True), '{"format": "keyterrain-run/5"}',
    ],
)  # fmt: skip
def test_a_damaged_manifest_is_refused_in_a_sentence(tmp_path: Path, content: str) -> None:
    (tmp_path / "manifest.json").write_text(content)
    with pytest.raises(RunRefused, match=r"manifest\.json can"):
        manifests.read(tmp_path)


def test_a_folder_without_manifest_is_no_run(tmp_path: Path) -> None:
    with pytest.raises(RunRefused, match="not the folder of a run"):
        manifests.read(tmp_path)
    with pytest.raises(RunRefused, match="not the folder of a run"):
        manifests.read(tmp_path / "nowhere")
    (tmp_path / "file").touch()
    with pytest.raises(RunRefused, match="not a folder"):
        manifests.read(tmp_path / "file")


def test_a_full_disk_leaves_the_old_manifest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    manifests.write(MANIFEST, tmp_path)

    def full(_handle: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(manifests.os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        manifests.write(MANIFEST.without([0]), tmp_path)
    assert manifests.read(tmp_path) == MANIFEST
    assert [path.name for path in tmp_path.iterdir()] == ["manifest.json"]


def test_who_played_a_chunk_is_kept_and_changes_no_digest(tmp_path: Path) -> None:
    one = MANIFEST.with_done(DoneChunk(4, 8, TWO), verified=False, worker="here/1")
    other = MANIFEST.with_done(DoneChunk(4, 8, TWO), verified=False, worker="there/2 at tcp://10.0.0.2:1")
    manifests.write(other, tmp_path)
    assert manifests.read(tmp_path) == other
    assert one.workers == {4: "here/1"}
    assert other.without([4]).workers == {}
    assert one.done == other.done
    assert one.digest == other.digest


def test_a_manifest_that_names_no_workers_is_read(tmp_path: Path) -> None:
    written = {key: value for key, value in MANIFEST.to_json().items() if key != "workers"}
    (tmp_path / "manifest.json").write_text(json.dumps(written))
    assert manifests.read(tmp_path) == MANIFEST
