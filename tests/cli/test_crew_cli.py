"""Questions put to a cluster: the same numbers as on threads, and never in silence done elsewhere."""

from __future__ import annotations

import json
import os
import signal
import time
from typing import TYPE_CHECKING, Any

import pytest

from dask_processes import Processes, another_version, unused_address
from keyterrain.analysis.decisive.question import decide
from keyterrain.analysis.kept_answers import plain
from keyterrain.campaign.cluster import Cluster
from keyterrain.campaign.muster import muster
from keyterrain.cli.main import main
from keyterrain.theatre import load
from scenarios import write_small_scenario

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

HELD = {"measure": "area_held_share", "area": "hills", "side": "government", "borne_out_if": {"above": 0.5}}
CLAIMS: dict[str, Any] = {
    "held": {"says": "They hold it", "source": "report", **HELD},
    "by-decree": {"says": "They hold it", "source": "report", **HELD, "given": {"hold": {"hills": "opposition"}}},
}
QUESTIONS = {
    "claims": ("--replicates", "60", "--seed", "3"),
    "decisive": ("--only", "hills", "junction", "--replicates", "60", "--seed", "3", "--areas-at-random", "1"),
    "policies": ("--policy", "government=broad", "--policy", "opposition=raid,now", "--replicates", "60", "--seed", "3"),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = write_small_scenario(tmp_path_factory.mktemp("asked") / "small", days="20")
    (path / "claims.yaml").write_text(json.dumps({"claims": CLAIMS}), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a scheduler with two workers."""
    with Processes(tmp_path_factory.mktemp("dask")) as processes:
        address = processes.scheduler()
        for _ in range(2):
            processes.worker(address)
        processes.wait_for_workers(address, 2)
        yield address


def answered(capsys: pytest.CaptureFixture[str], command: str, *arguments: str) -> dict[str, Any]:
    assert main([command, *arguments, "--json"]) == 0
    said: dict[str, Any] = json.loads(capsys.readouterr().out)
    return said


@pytest.mark.parametrize("command", list(QUESTIONS))
def test_a_cluster_answers_as_threads_do(folder: Path, cluster: str, command: str, capsys: pytest.CaptureFixture[str]) -> None:
    asked = (str(folder), *QUESTIONS[command])
    on_threads = answered(capsys, command, *asked, "--threads", "2")
    assert answered(capsys, command, *asked, "--scheduler", cluster) == on_threads
    assert on_threads["replicates_played"] > 0


def test_processes_of_this_machine_answer_as_threads_do_though_one_is_killed(folder: Path) -> None:
    asked: dict[str, Any] = {"only": ["hills", "junction", "border-town"], "replicates": 200, "seed": 3, "areas_at_random": 1}
    scenario = load(folder)
    with muster(workers=2) as crew:
        assert isinstance(crew, Cluster)
        processes = list(crew._client.run(os.getpid).values())
        left = [processes[0]]

        def kill_once(done: int, of: int) -> None:
            if done > of // 3 and left:
                os.kill(left.pop(), signal.SIGKILL)

        by_two = decide(scenario, executor=crew, progress=kill_once, **asked)
    assert not left, "nobody was killed"
    assert os.getpid() not in processes
    assert plain(by_two) == plain(decide(scenario, **asked))


def test_nothing_is_played_here_where_a_cluster_was_asked_for(
    folder: Path, cluster: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise AssertionError("played in the process that asks")

    monkeypatch.setattr("keyterrain.campaign.play.play_chunk.__code__", refuse.__code__)
    for command, options in QUESTIONS.items():
        assert main([command, str(folder), *options, "--scheduler", cluster, "--json"]) == 0
        assert main([command, str(folder), *options, "--threads", "1", "--json"]) == 1, "on threads it would be noticed"
    capsys.readouterr()


@pytest.mark.parametrize("command", list(QUESTIONS))
def test_a_scheduler_that_does_not_answer_is_said_in_time(folder: Path, command: str, capsys: pytest.CaptureFixture[str]) -> None:
    began = time.monotonic()
    code = main([command, str(folder), *QUESTIONS[command], "--scheduler", unused_address()])
    captured = capsys.readouterr()
    assert time.monotonic() - began < 10
    assert (code, captured.out) == (3, "")
    assert captured.err.rstrip().endswith("does not answer: nobody there speaks Dask within 5 s.")
    assert "Traceback" not in captured.err


def test_workers_of_another_version_are_refused_by_name_and_version(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "dask").mkdir()
    with Processes(tmp_path / "dask") as processes:
        address = processes.scheduler()
        processes.worker(address, source=another_version(tmp_path / "other"))
        processes.wait_for_workers(address, 1)
        for command, options in QUESTIONS.items():
            assert main([command, str(folder), *options, "--scheduler", address]) == 3
            said = " ".join(capsys.readouterr().err.split())
            assert "Worker tcp://" in said
            assert "has keyterrain 0.0.7 (here " in said


@pytest.mark.parametrize("command", list(QUESTIONS))
def test_two_crews_are_refused(folder: Path, command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([command, str(folder), "--threads", "2", "--workers", "2"]) == 2
    assert "give one of them" in capsys.readouterr().err
    assert main([command, str(folder), "--scheduler", "somewhere"]) == 2
    assert "is no address of a scheduler" in capsys.readouterr().err
