"""What stands in the way of a folder that is to be made."""

from __future__ import annotations

from pathlib import Path

from keyterrain.theatre.folder import blocked_by


def test_the_nearest_thing_above_that_is_no_folder_is_found(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    (tmp_path / "nowhere").symlink_to(tmp_path / "missing")
    assert blocked_by(tmp_path / "file" / "a" / "b") == tmp_path / "file"
    assert blocked_by(tmp_path / "nowhere" / "a") == tmp_path / "nowhere"
    assert blocked_by(tmp_path / "new" / "a") is None
    assert blocked_by(tmp_path / "file") is None, "what is there itself is for others to say"
