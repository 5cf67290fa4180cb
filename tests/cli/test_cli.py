"""The command line: exit codes, JSON alone on stdout, no traceback, and nothing left behind after bad input."""

from __future__ import annotations

import inspect
import json
import os
import shlex
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from dask_processes import unused_address
from keyterrain.campaign import ensemble, play
from keyterrain.campaign import manifest as manifests
from keyterrain.campaign.chunks import Kernels
from keyterrain.campaign.ensemble import Progress
from keyterrain.campaign.order import ORDER_OF_DAY
from keyterrain.campaign.prepare import prepare
from keyterrain.cli.answer import as_json, as_table
from keyterrain.cli.main import main, parser
from keyterrain.cli.progress import ProgressLine
from keyterrain.theatre import shipped
from scenarios import write_small_scenario
from stand_in_campaign import KERNELS, kernels_with, play_chunk, slow_kernels

if TYPE_CHECKING:
    from collections.abc import Callable

COMMAND_LINE = "import sys; sys.argv[0] = 'keyterrain'; from keyterrain.cli.main import main; sys.exit(main())"


class Said(NamedTuple):
    """How a command ended and what it said."""

    code: int
    out: str
    err: str

    @property
    def answer(self) -> Any:
        """The JSON on stdout, strictly read."""

        def refuse(word: str) -> None:
            raise ValueError(f"{word} is no JSON")

        return json.loads(self.out, parse_constant=refuse)


@pytest.fixture
def command(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., Said]:
    """Run a command in this process, in an empty folder, with kernels that take no time."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(ensemble, "compiled_kernels", lambda: KERNELS)

    def run(*arguments: str | Path) -> Said:
        try:
            code = main([str(each) for each in arguments])
        except SystemExit as ended:
            code = int(str(ended.code))
        return Said(code, *capsys.readouterr())

    return run


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sound scenario."""
    return write_small_scenario(tmp_path_factory.mktemp("scenario") / "small")


# --- help


def commands() -> list[str]:
    return ["scenarios", "check", "run", "report"]


@pytest.mark.parametrize("name", commands())
def test_every_example_in_a_help_can_be_typed(command: Callable[..., Said], name: str) -> None:
    said = command(name, "--help")
    examples = [line.strip() for line in said.out.partition("example:")[2].splitlines() if line.strip()]
    assert said.code == 0
    assert examples
    for example in examples:
        words = shlex.split(example)
        assert words[:2] == ["keyterrain", name]
        assert parser().parse_args(words[1:]).work


@pytest.mark.parametrize("name", commands())
def test_every_command_answers_in_json(command: Callable[..., Said], name: str) -> None:
    assert "--json" in command(name, "--help").out


def test_the_version_is_said(command: Callable[..., Said]) -> None:
    assert command("--version").out.startswith("keyterrain ")


@pytest.mark.parametrize(
    "arguments", [[], ["chek"], ["run"], ["check"], ["run", "x", "--relpicates", "3"], ["run", "x", "--rep", "3"]]
)
def test_errors_of_usage_end_in_2(command: Callable[..., Said], arguments: list[str]) -> None:
    said = command(*arguments)
    assert said.code == 2
    assert said.out == ""
    assert "usage: keyterrain" in said.err


# --- scenarios, check


def test_what_ships_is_listed(command: Callable[..., Said]) -> None:
    assert [each["name"] for each in command("scenarios", "--json").answer["scenarios"]] == list(shipped())
    for name in shipped():
        assert name in command("scenarios").out


def test_a_sound_scenario_passes(command: Callable[..., Said], small: Path) -> None:
    said = command("check", small, "--json")
    assert said.code == 0
    assert said.answer["faults"] == []
    assert isinstance(said.answer["warnings"], list)
    assert "no faults" in command("check", small).out


def test_all_faults_are_listed_with_file_row_field_and_nearest_name(command: Callable[..., Said], tmp_path: Path) -> None:
    folder = write_small_scenario(tmp_path / "faulty")
    (folder / "routes.csv").write_text(
        (folder / "routes.csv").read_text().replace("junction,highway-town", "junction,highway-twon", 1)
    )
    (folder / "supply.csv").unlink()
    said = command("check", folder, "--json")
    assert said.code == 2
    assert len(said.answer["faults"]) >= 2
    assert all(fault.keys() == {"file", "row", "field", "what", "nearest"} for fault in said.answer["faults"])
    assert "highway-town" in [fault["nearest"] for fault in said.answer["faults"]]
    text = command("check", folder)
    assert text.code == 2
    assert "supply.csv" in text.out


def test_the_nearest_name_that_ships_is_named(command: Callable[..., Said]) -> None:
    for name in ("check", "run"):
        said = command(name, "qalamun-2013", "--json")
        assert said.code == 2
        assert said.answer["faults"][0]["nearest"] == "qalamoun-2013"
        assert "Traceback" not in said.err


# --- run


def test_a_run_answers_with_the_promised_keys(command: Callable[..., Said], small: Path) -> None:
    said = command("run", small, "--replicates", "40", "--days", "9", "--seed", "3", "--json")
    assert said.code == 0, said.err
    answer = said.answer
    assert {"out", "scenario", "replicates", "days", "seed", "seconds", "replicate_days_per_s", "digest"} <= answer.keys()
    assert (answer["replicates"], answer["days"], answer["seed"]) == (40, 9, 3)
    assert Path(answer["out"]).parent == Path("runs")
    assert Path(answer["out"]).name.endswith("-seed3")
    assert "40 of 40 replicates" in said.err
    assert manifests.read(Path(answer["out"])).digest == answer["digest"]


def test_a_run_speaks_to_people_too(command: Callable[..., Said], small: Path) -> None:
    said = command("run", small, "--replicates", "5", "--out", "here", "--threads", "1")
    assert said.code == 0
    assert "here: 5 replicates are finished" in said.out
    assert "replicate-days per second" in said.out


def test_nothing_to_play_is_null_and_not_nan(command: Callable[..., Said], small: Path) -> None:
    arguments = ["run", small, "--replicates", "5", "--out", "here", "--json"]
    assert command(*arguments).answer["replicate_days_per_s"] > 0
    assert command(*arguments, "--resume").answer["replicate_days_per_s"] is None


def test_an_existing_folder_is_refused_with_a_hint(command: Callable[..., Said], small: Path) -> None:
    assert command("run", small, "--replicates", "5").code == 0
    said = command("run", small, "--replicates", "5")
    assert said.code == 2
    assert "--resume" in said.err
    assert command("run", small, "--replicates", "5", "--resume").code == 0
    assert command("run", small, "--replicates", "6", "--resume").code == 2


def test_interventions_reach_the_manifest(command: Callable[..., Said], small: Path) -> None:
    options = ["--hold", "hills=opposition", "--policy", "government=broad,now", "--set", "processes.insurgency=off"]
    options += ["--start-holder", "junction=opposition", "--set", "weather.winter_offset=-1..1"]
    said = command("run", small, "--replicates", "2", "--out", "held", *options)
    assert said.code == 0, said.err
    assert manifests.read(Path("held")).plan.interventions.to_json() == {
        "hold": [["hills", "opposition"]],
        "policies": {"government": "broad"},
        "wait_for_spring": {"government": False},
        "settings": {"weather.winter_offset": "-1..1"},
        "switches": {"insurgency": False},
        "start_holder": [["junction", "opposition"]],
    }


@pytest.mark.parametrize(
    "options",
    [
        ["--start", "22.11.2013"],
        ["--start", "1913-11-22"],
        ["--replicates", "-1"],
        ["--replicates", "0"],
        ["--replicates", "many"],
        ["--replicates", "99999999999"],
        ["--seed", "-1"],
        ["--seed", "4294967296"],
        ["--seed", "1.5"],
        ["--threads", "0"],
        ["--chunk", "0"],
        ["--days", "0"],
        ["--days", "1000000"],
        ["--record", "hourly"],
        ["--hold", "atlantis=government"],
        ["--hold", "hills"],
        ["--hold", "hills=government", "--hold", "hills=opposition"],
        ["--start-holder", "atlantis=government"],
        ["--hold", "hills=government", "--start-holder", "hill-fort=opposition"],
        ["--policy", "government=charge"],
        ["--set", "weather.nothing=1"],
        ["--set", "weather.winter_offset=cold"],
        ["--set", "processes.insurgency=maybe"],
    ],
)
def test_bad_input_ends_in_2_and_leaves_no_folder(command: Callable[..., Said], small: Path, options: list[str]) -> None:
    said = command("run", small, "--replicates", "3", *options)
    assert said.code == 2
    assert said.out == ""
    assert said.err.strip()
    assert "Traceback" not in said.err
    assert list(Path().iterdir()) == []


def test_a_scenario_with_faults_is_not_run(command: Callable[..., Said], tmp_path: Path) -> None:
    folder = write_small_scenario(tmp_path / "source" / "faulty")
    (folder / "places.csv").write_text("place\nx\n")
    said = command("run", folder, "--json")
    assert said.code == 2
    assert said.answer["faults"]
    assert not Path("runs").exists()


def test_a_full_disk_ends_in_3(command: Callable[..., Said], small: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any, **__: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("keyterrain.campaign.store._write_beside", full)
    said = command("run", small, "--replicates", "3", "--out", "here", "--json")
    assert said.code == 3
    assert "No space left on device" in said.answer["error"]
    assert "0 of 3 replicates are finished and kept" in said.err
    assert "Traceback" not in said.err


def test_a_broken_law_ends_in_1(command: Callable[..., Said], small: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def leaky(*arguments: Any, **options: Any) -> Any:
        chunk = play_chunk(*arguments, **options)
        chunk.breaches.append("replicate 0, day 1: people are not conserved: +12")
        return chunk

    monkeypatch.setattr(ensemble, "compiled_kernels", lambda: kernels_with(leaky))
    said = command("run", small, "--replicates", "3", "--out", "here", "--verify")
    assert said.code == 1
    assert "people are not conserved: +12" in said.err


def test_an_overrun_says_what_to_do(command: Callable[..., Said], small: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Overrun(NamedTuple):
        overflow: int = 1

    monkeypatch.setattr(play, "play_replicate", lambda *_: Overrun())
    monkeypatch.setattr(ensemble, "compiled_kernels", lambda: Kernels(prepare, play.play_chunk))
    said = command("run", small, "--replicates", "3", "--days", "5", "--threads", "1", "--out", "here")
    assert said.code == 1
    for text in ("Replicate 0 of 5 days from 2013-11-22 has more events", "Play fewer --days", "Please report it"):
        assert text in " ".join(said.err.split())
    for text in ("Traceback", "ListOverrun", "traceback is in"):
        assert text not in said.err


def test_an_error_of_ours_is_said_to_be_ours(command: Callable[..., Said], small: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def wrong(*_: Any, **__: Any) -> Any:
        raise IndexError("list index out of range")

    monkeypatch.setattr(ensemble, "compiled_kernels", lambda: kernels_with(wrong))
    said = command("run", small, "--replicates", "3", "--out", "here")
    assert said.code == 1
    assert "This is an error of keyterrain" in said.err
    assert "Traceback" not in said.err
    trace = Path(said.err.partition("The traceback is in ")[2].partition(";")[0])
    assert "IndexError: list index out of range" in trace.read_text()
    trace.unlink()
    assert "Traceback" in command("run", small, "--replicates", "3", "--out", "there", "--debug").err


@pytest.mark.parametrize("request_to_stop", [signal.SIGINT, signal.SIGTERM])
def test_stopping_keeps_what_is_finished(
    command: Callable[..., Said], small: Path, monkeypatch: pytest.MonkeyPatch, request_to_stop: signal.Signals
) -> None:
    monkeypatch.setattr(ensemble, "compiled_kernels", lambda: slow_kernels(0.05))
    timer = threading.Timer(0.5, os.kill, (os.getpid(), request_to_stop))
    monkeypatch.setattr(ensemble, "begun_before", started(timer, ensemble.begun_before))
    said = command("run", small, "--replicates", "200", "--chunk", "1", "--threads", "2", "--out", "here", "--json")
    assert said.code == 3
    assert 0 < manifests.read(Path("here")).n_done < 200
    assert "finished and kept" in said.answer["error"]


def started(timer: threading.Timer, function: Callable[..., Any]) -> Callable[..., Any]:
    def start_and_call(*arguments: Any, **options: Any) -> Any:
        timer.start()
        return function(*arguments, **options)

    return start_and_call


# --- run --plan


def test_the_order_of_a_day_is_printed_and_nothing_is_run(command: Callable[..., Said], small: Path) -> None:
    said = command("run", small, "--plan", "--json", "--set", "processes.weather=off")
    assert said.code == 0
    assert [step["name"] for step in said.answer["order"]] == [step.name for step in ORDER_OF_DAY]
    assert {step["name"] for step in said.answer["order"] if not step["on"]} == {"weather"}
    text = command("run", small, "--plan", "--set", "processes.weather=off").out
    assert "weather (off)" in text
    assert all(step.name in text for step in ORDER_OF_DAY)
    assert list(Path().iterdir()) == []


def test_a_plan_of_what_is_not_there_is_refused(command: Callable[..., Said], small: Path) -> None:
    assert command("run", small, "--plan", "--set", "processes.wether=off").code == 2
    assert command("run", "nowhere", "--plan").code == 2


# --- report


@pytest.mark.parametrize("folder", ["nowhere", "."])
def test_a_report_of_no_run_is_refused(command: Callable[..., Said], folder: str) -> None:
    pytest.importorskip("keyterrain.report.page", reason="the report is not written yet")
    said = command("report", folder)
    assert said.code == 2
    assert "not the folder of a run" in said.err


# --- how things are said


def test_json_has_null_for_what_is_no_number() -> None:
    answer = as_json({"a": float("nan"), "b": [float("inf"), 1.5], "c": Path("x"), "d": None, "é": {"e": (1, True)}})
    assert json.loads(answer) == {"a": None, "b": [None, 1.5], "c": "x", "d": None, "é": {"e": [1, True]}}
    assert answer.isascii()


def test_a_table_lines_up() -> None:
    assert as_table([["a", "bb"], ["ccc", "d"]]) == "a    bb\nccc  d"


class Lines:
    """A stream that may be a terminal, or gone."""

    def __init__(self, *, terminal: bool, gone: bool = False) -> None:
        self.terminal, self.gone, self.text = terminal, gone, ""

    def isatty(self) -> bool:
        return self.terminal

    def write(self, text: str) -> None:
        if self.gone:
            raise BrokenPipeError
        self.text += text

    def flush(self) -> None:
        pass


def report_to(stream: Lines, n: int = 100) -> None:
    line = ProgressLine(stream)  # type: ignore[arg-type]
    line(Progress(0, n, 0.0, notice="Replicates 0 to 3 are played again."))
    for done in range(1, n + 1):
        line(Progress(done, n, done / 10, (n - done) / 10))
    line.close()


def test_progress_is_a_few_lines_in_a_file() -> None:
    stream = Lines(terminal=False)
    report_to(stream)
    assert stream.text.splitlines()[0] == "Replicates 0 to 3 are played again."
    assert len(stream.text.splitlines()) == 5
    assert stream.text.splitlines()[1] == "25 of 100 replicates, 2 s, about 8 s to go"


def test_progress_is_one_line_on_a_terminal() -> None:
    stream = Lines(terminal=True)
    report_to(stream)
    assert stream.text.count("\n") == 2
    assert stream.text.count("\r") == 100


def test_a_reader_of_progress_who_is_gone_stops_nothing() -> None:
    report_to(Lines(terminal=True, gone=True))


# --- as a process


def process(*arguments: str | Path, **options: Any) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", COMMAND_LINE, *(str(each) for each in arguments)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options)


def test_help_comes_in_under_a_second() -> None:
    took = []
    for _ in range(3):
        begun = time.perf_counter()
        with process("--help") as helped:
            helped.communicate()
        took.append(time.perf_counter() - begun)
    assert helped.returncode == 0
    assert min(took) < 1.0


def test_a_closed_pipe_is_no_traceback(small: Path) -> None:
    with process("check", small) as checked:
        assert checked.stdout is not None
        assert checked.stderr is not None
        checked.stdout.close()
        error = checked.stderr.read()
    assert checked.returncode == 3
    assert error == ""


def test_names_that_the_terminal_cannot_show_are_written_out(tmp_path: Path) -> None:
    surroundings = os.environ | {"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0", "LC_ALL": "C"}
    with process("check", tmp_path / "قلمون", env=surroundings) as checked:
        out, error = checked.communicate()
    assert checked.returncode == 2
    assert "Traceback" not in error
    assert out


# --- elsewhere


@pytest.mark.parametrize("options", [["--threads", "2", "--workers", "2"], ["--workers", "2", "--scheduler", "tcp://h:1"]])
def test_two_places_to_play_in_are_refused(command: Callable[..., Said], small: Path, options: list[str]) -> None:
    said = command("run", small, "--out", "run", "--json", *options)
    assert said.code == 2
    assert said.answer["error"].endswith("give one of them.")
    assert said.err.count("\n") == 1
    assert not Path("run").exists()


def test_a_scheduler_that_does_not_answer_ends_in_3_and_is_said_once(command: Callable[..., Said], small: Path) -> None:
    began = time.monotonic()
    said = command("run", small, "--out", "run", "--json", "--scheduler", unused_address())
    assert time.monotonic() - began < 10
    assert said.code == 3
    assert "does not answer" in said.answer["error"]
    assert said.err == f"keyterrain: {said.answer['error']}\n"
    assert not Path("run").exists()


def test_a_run_on_workers_names_them(command: Callable[..., Said], small: Path) -> None:
    said = command("run", small, "--out", "run", "--json", "--replicates", "4", "--workers", "1")
    assert said.code == 0
    (worker,) = said.answer["workers"]
    written = json.loads(Path("run", "manifest.json").read_text(encoding="utf-8"))
    assert set(written["workers"].values()) == {worker}
    assert " at tcp://127.0.0.1:" in worker


@pytest.mark.parametrize(
    ("redirection", "what"), [(">/dev/full", "No space left on device"), (">&-", "standard output is closed")]
)
def test_an_answer_that_cannot_be_written_ends_in_a_sentence(redirection: str, what: str) -> None:
    program = f"{sys.executable} -m keyterrain scenarios {redirection}"
    done = subprocess.run(["sh", "-c", program], stderr=subprocess.PIPE, text=True, check=False, timeout=60)
    assert (done.returncode, done.stderr) == (3, f"keyterrain: the answer cannot be written: {what}.\n")


@pytest.mark.parametrize("command", ["decisive", "policies"])
def test_the_defaults_of_a_command_are_those_of_the_library(command: str) -> None:
    from keyterrain.analysis.decisive.question import decide
    from keyterrain.analysis.policies import compare_policies
    from keyterrain.cli.asked import campaign_asked

    arguments = parser().parse_args([command, "qalamoun-2013"])
    asked = {**vars(arguments), "seed": campaign_asked(arguments).seed}
    defaults = inspect.signature({"decisive": decide, "policies": compare_policies}[command]).parameters
    shared = set(asked) & set(defaults) - {"scenario"}
    assert shared >= {"start", "days", "replicates", "seed"}
    for name in shared:
        given = tuple(asked[name]) if isinstance(asked[name], list) else asked[name]
        assert given == defaults[name].default
