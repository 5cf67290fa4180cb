"""Asking for help costs nothing, and importing the package imports nothing dear."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import keyterrain

DEAR = {"dask", "distributed", "numba", "pandas", "plotly", "pyarrow", "pyproj", "rasterio", "scipy", "shapely", "xarray", "zarr"}

COMMAND_LINE = "from keyterrain.cli.main import main; raise SystemExit(main())"


def run_python(code: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-X", "importtime", "-c", code, *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)


def complaint(process: subprocess.CompletedProcess[str]) -> str:
    return "\n".join(line for line in process.stderr.splitlines() if not line.startswith("import time:"))


def imported_packages(process: subprocess.CompletedProcess[str]) -> set[str]:
    lines = (line for line in process.stderr.splitlines() if line.startswith("import time:"))
    return {line.rpartition("|")[2].strip().partition(".")[0] for line in lines}


def test_the_probe_sees_what_is_imported() -> None:
    assert {"keyterrain", "scipy"} <= imported_packages(run_python("import keyterrain, scipy"))


def test_importing_the_package_imports_nothing_dear() -> None:
    process = run_python("import keyterrain")
    assert process.returncode == 0
    assert not imported_packages(process) & (DEAR | {"numpy"})


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["run", "--help"]])
def test_help_imports_nothing_dear(arguments: list[str]) -> None:
    process = run_python(COMMAND_LINE, *arguments)
    assert process.returncode == 0, complaint(process)
    assert "keyterrain" in process.stdout
    assert not imported_packages(process) & DEAR


def test_checking_a_scenario_needs_no_kernels_and_no_store() -> None:
    process = run_python(COMMAND_LINE, "check", "qalamoun-2013")
    assert process.returncode == 0, complaint(process)
    assert not imported_packages(process) & {"dask", "distributed", "numba", "plotly", "xarray", "zarr"}


STAND_IN_RUN = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from stand_in_campaign import run_stand_in
assert run_stand_in(Path(sys.argv[2]), **eval(sys.argv[3])).n_played == 20
"""


@pytest.mark.parametrize(("options", "imported"), [({"threads": 2}, set()), ({"workers": 1}, {"dask", "distributed"})])
def test_only_a_run_on_a_cluster_imports_dask(tmp_path: Path, options: dict[str, int], imported: set[str]) -> None:
    process = run_python(STAND_IN_RUN, str(Path(__file__).parent), str(tmp_path), repr(options))
    assert process.returncode == 0, complaint(process)
    assert imported_packages(process) & {"dask", "distributed"} == imported


def test_the_public_names_are_fetched_on_first_use() -> None:
    for name in keyterrain.__all__:
        assert getattr(keyterrain, name)
    assert dir(keyterrain) == sorted(keyterrain.__all__)


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="lode"):
        _ = keyterrain.lode
