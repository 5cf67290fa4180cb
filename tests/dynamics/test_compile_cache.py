"""The cache of compiled kernels: an edit of any source is seen, and nothing is left to grow."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import keyterrain
from keyterrain.dynamics import compile_cache

HELPER = "from numba import njit\n\n\n@njit(cache=True)\ndef worth(x):\n    return x + {number}\n"
KERNEL = (
    "from numba import njit\n\nfrom keyterrain.dynamics.helper import worth\n\n\n"
    "@njit(cache=True)\ndef total(x):\n    return worth(x) * 2\n"
)
ASK = """
from keyterrain.dynamics import compile_cache
folder = compile_cache.activate()
from keyterrain.dynamics.kernel import total
print(total(1), sum(total.stats.cache_hits.values()))
print(folder)
"""


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """A package with one kernel that calls a helper in another file, and the real module of the cache."""
    root = tmp_path / "src" / "keyterrain"
    for layer in ("campaign", "dynamics"):
        (root / layer).mkdir(parents=True)
        (root / layer / "__init__.py").touch()
    (root / "__init__.py").touch()
    shutil.copy(Path(keyterrain.__file__).parent / "dynamics" / "compile_cache.py", root / "dynamics")
    (root / "dynamics" / "kernel.py").write_text(KERNEL)
    (root / "dynamics" / "helper.py").write_text(HELPER.format(number=2))
    return root


def ask(package: Path, **environment: str) -> tuple[int, bool, Path]:
    """Return the kernel's answer in a fresh process, whether it came from the cache, and the folder of the cache."""
    home = package.parents[1] / "home"
    own = {"PYTHONPATH": str(package.parent), "XDG_CACHE_HOME": str(home / "cache"), "HOME": str(home), **environment}
    surroundings = {name: value for name, value in os.environ.items() if name != "NUMBA_CACHE_DIR"} | own
    command = [sys.executable, "-c", ASK]
    answer = subprocess.run(command, env=surroundings, capture_output=True, text=True, check=True, timeout=120)
    figures, folder = answer.stdout.splitlines()
    total, hits = figures.split()
    return int(total), hits != "0", Path(folder)


def test_an_edit_of_a_helper_in_another_file_is_seen(package: Path) -> None:
    total, from_cache, folder = ask(package)
    assert (total, from_cache) == (6, False)
    assert folder.is_relative_to(package.parents[1] / "home" / "cache")
    assert ask(package) == (6, True, folder)
    (package / "dynamics" / "helper.py").write_text(HELPER.format(number=9))
    assert ask(package)[:2] == (20, False)


def test_the_temporary_folder_serves_where_nothing_can_be_written(package: Path, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    total, from_cache, folder = ask(package, XDG_CACHE_HOME=str(tmp_path / "file"))
    assert (total, from_cache) == (6, False)
    assert not folder.exists()  # gone with its process


def test_the_users_own_choice_is_kept_to(package: Path, tmp_path: Path) -> None:
    folder = ask(package, NUMBA_CACHE_DIR=str(tmp_path / "mine"))[2]
    assert folder.is_relative_to(tmp_path / "mine" / "keyterrain")


def test_old_folders_go(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path))
    root = tmp_path / "keyterrain"
    for age in range(9):
        (root / f"kernels-{age}").mkdir(parents=True)
        os.utime(root / f"kernels-{age}", (1e9 - age, 1e9 - age))
    folder = compile_cache._lasting("kernels-new")
    kept = {f"kernels-{age}" for age in range(compile_cache.FOLDERS_KEPT)}
    assert folder is not None
    assert {path.name for path in root.iterdir()} == {"kernels-new", *kept}


def test_the_name_follows_from_every_source_of_kernels_and_from_no_other(monkeypatch: pytest.MonkeyPatch, package: Path) -> None:
    monkeypatch.setattr(compile_cache, "PACKAGE", package)
    seen = [compile_cache.fingerprint()]
    for name, text in (
        ("dynamics/deeper.py", "@kernel\ndef f(): ...\n"),
        ("campaign/day.py", "def g():\n    from keyterrain.theatre import policies\n\n@kernel\ndef f(): ...\n"),
        ("theatre/policies.py", "SLOTS = 1\n"),
        ("theatre/policies.py", "SLOTS = 2\n"),
        ("theatre/parameters.csv", "parameter\n"),
        ("campaign/store.py", "import zarr\n"),
    ):
        (package / name).parent.mkdir(exist_ok=True)
        (package / name).write_text(text)
        seen.append(compile_cache.fingerprint())
    assert len(set(seen)) == 6
    assert seen[-1] == seen[-2]


def test_the_sources_of_the_package_are_found() -> None:
    found = {path.relative_to(compile_cache.PACKAGE).as_posix() for path in compile_cache._sources()}
    assert {"dynamics/luck.py", "dynamics/combat.py", "campaign/day.py", "theatre/parameters.csv"} <= found
    assert "campaign/ensemble.py" not in found
