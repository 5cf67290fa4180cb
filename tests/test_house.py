"""The lock, the declared dependencies, the wheel and the tree agree, and name no host."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

from keyterrain.version import __version__

ROOT = Path(__file__).parents[1]
LARGEST_TEXT_BYTES = 2_000_000

# A pattern with its dots escaped does not match its own text.
HOSTS = re.compile(r"pypi\.org|pythonhosted\.org|anaconda\.org|registry\.npmjs|file:\/\/\/")


def locked_requirements(lock: str) -> dict[str, list[str]]:
    """Return the entries of a lock by normalised name: one per version, each with its hashes."""
    entries: dict[str, list[str]] = {}
    for entry in lock.replace("\\\n", " ").splitlines():
        if entry.strip() and not entry.startswith("#"):
            entries.setdefault(normalised(entry), []).append(entry)
    return entries


def normalised(requirement: str) -> str:
    name = re.match(r"[A-Za-z0-9._-]+", requirement)
    assert name, f"not a requirement: {requirement!r}"
    return re.sub(r"[-_.]+", "-", name[0]).lower()


def unhashed(lock: str) -> list[str]:
    entries = (entry for entries in locked_requirements(lock).values() for entry in entries)
    return [entry for entry in entries if not re.match(r"\S+==\S+ .*--hash=sha256:[0-9a-f]{64}", entry)]


def requirements_in(name: str) -> list[str]:
    lines = (ROOT / "requirements" / name).read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line and not line.startswith(("#", "-"))]


def tracked_files() -> list[Path]:
    """Return the files that belong to the repository, tracked or about to be."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    try:
        listing = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("not a git checkout: which files belong to the repository is not known")
    return [path for name in listing.split("\0") if name and (path := ROOT / name).is_file()]


def text_of(path: Path) -> str:
    content = path.read_bytes()[:LARGEST_TEXT_BYTES]
    return "" if b"\0" in content else content.decode("utf-8", errors="replace")


@pytest.fixture(scope="module")
def lock() -> str:
    return (ROOT / "requirements.lock").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def project() -> dict[str, list[str]]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def test_the_lock_names_no_address(lock: str) -> None:
    assert "://" not in lock
    assert not re.search(r"^\s*-", lock.replace("\\\n", " "), flags=re.MULTILINE), "an option of pip in the lock"


def test_every_locked_requirement_has_hashes(lock: str) -> None:
    assert locked_requirements(lock)
    assert unhashed(lock) == []


@pytest.mark.parametrize("line", ["numpy==2.0", "numpy>=2.0 --hash=sha256:" + "0" * 64, "numpy==2.0 --hash=sha256:0"])
def test_a_requirement_without_pin_or_hash_is_found(line: str) -> None:
    assert unhashed(line) == [line]


def test_everything_declared_is_locked(lock: str, project: dict[str, list[str]]) -> None:
    declared = {*project["dependencies"], *requirements_in("runtime.in"), *requirements_in("dev.in")}
    assert {normalised(each) for each in declared} <= locked_requirements(lock).keys()


def test_the_package_and_the_lock_start_from_the_same_list(project: dict[str, list[str]]) -> None:
    assert sorted(project["dependencies"]) == sorted(requirements_in("runtime.in"))


def test_the_build_backend_is_locked(lock: str) -> None:
    assert {"hatchling", "editables"} <= locked_requirements(lock).keys()


def test_no_file_names_a_package_host() -> None:
    assert {path.relative_to(ROOT).as_posix() for path in tracked_files() if HOSTS.search(text_of(path))} == set()


def test_a_host_would_be_noticed() -> None:
    assert HOSTS.search("--index-url https://{}.org/simple".format("pypi"))


def test_the_changelog_opens_with_this_version() -> None:
    headings = re.findall(r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), flags=re.MULTILINE)
    assert headings[0] == __version__


def test_the_wheel_carries_every_file_of_the_package(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    source = ROOT / "src"
    here = {
        path.relative_to(source).as_posix()
        for path in (source / "keyterrain").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    with zipfile.ZipFile(wheel) as archive:
        assert here <= set(archive.namelist())


def test_the_list_of_decisions_has_every_decision_once_in_order() -> None:
    folder = ROOT / "docs" / "decisions"
    listed = re.findall(r"^\| \[(\d{4})\]\((\S+)\)", (folder / "README.md").read_text(encoding="utf-8"), flags=re.MULTILINE)
    assert [name for _, name in listed] == sorted(path.name for path in folder.glob("[0-9]*.md"))
    assert [number for number, name in listed if not name.startswith(f"{number}-")] == []
