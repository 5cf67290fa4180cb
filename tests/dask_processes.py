"""A Dask scheduler and its workers as processes of their own, as a user would start them.

with Processes(tmp_path) as dask:
    address = dask.scheduler()
    dask.worker(address)
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Self

import keyterrain

if TYPE_CHECKING:
    from collections.abc import Iterator

SOURCE = Path(keyterrain.__file__).parents[1]
TESTS = Path(__file__).parent
PATIENCE_S = 60


class Processes:
    """Processes that end with the block, whatever happens in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.started: list[subprocess.Popen[bytes]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for process in self.started:
            process.kill()
        for process in self.started:
            process.wait()

    def scheduler(self) -> str:
        """Start a scheduler and return its address."""
        said = self.folder / f"scheduler-{len(self.started)}.json"
        self._start("dask_scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--scheduler-file", str(said))
        until = time.monotonic() + PATIENCE_S
        while time.monotonic() < until:
            try:
                return str(json.loads(said.read_text(encoding="utf-8"))["address"])
            except (OSError, ValueError):
                time.sleep(0.05)
        raise TimeoutError("the scheduler did not start")

    def worker(self, scheduler: str, *, source: Path = SOURCE) -> int:
        """Start a worker whose keyterrain comes from a folder, and return its process."""
        options = ("--nthreads", "1", "--no-nanny", "--no-dashboard", "--host", "127.0.0.1")
        return self._start("dask_worker", scheduler, *options, "--local-directory", str(self.folder), source=source)

    def wait_for_workers(self, scheduler: str, n: int) -> None:
        """Return when so many workers are connected."""
        from distributed import Client

        with Client(scheduler, timeout=PATIENCE_S, set_as_default=False) as client:
            client.wait_for_workers(n, timeout=PATIENCE_S)

    def _start(self, what: str, *arguments: str, source: Path = SOURCE) -> int:
        command = [sys.executable, "-m", f"distributed.cli.{what}", *arguments]
        paths = os.pathsep.join([str(source), str(TESTS)])
        environment = os.environ | {"PYTHONPATH": paths, "PYTHONWARNINGS": "ignore"}
        log = (self.folder / f"{what}-{len(self.started)}.log").open("wb")
        with log:
            self.started.append(subprocess.Popen(command, env=environment, stdout=log, stderr=log))
        return self.started[-1].pid


def another_version(folder: Path) -> Path:
    """Return where a copy of the package lies that is the same but for its version."""
    shutil.copytree(SOURCE / "keyterrain", folder / "keyterrain", ignore=shutil.ignore_patterns("scenarios", "__pycache__"))
    (folder / "keyterrain" / "version.py").write_text('"""Another version."""\n\n__version__ = "0.0.7"\n', encoding="utf-8")
    return folder


def without_cluster(folder: Path) -> Path:
    """Return where a package of the name lies that knows nothing of clusters."""
    (folder / "keyterrain").mkdir(parents=True)
    (folder / "keyterrain" / "__init__.py").write_text('__version__ = "0.0.1"\n', encoding="utf-8")
    return folder


@contextmanager
def mute_address() -> Iterator[str]:
    """Return an address where connections are taken and nothing is ever said."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"tcp://127.0.0.1:{server.getsockname()[1]}"


def unused_address() -> str:
    """Return an address where nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return f"tcp://127.0.0.1:{server.getsockname()[1]}"
