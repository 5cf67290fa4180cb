"""The order of a day says what the code does: which kernels are called when, and which fields of the state each step touches."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from kernel_reading import BY_SLOT, Access, Kernels, calls
from keyterrain.campaign.day import first_evening, open_roads, play_day
from keyterrain.campaign.order import ORDER_OF_DAY, SCRATCH, TRACE, Step
from keyterrain.campaign.prepare import prepare
from keyterrain.dynamics import state as states
from keyterrain.dynamics.kernel import kernel
from keyterrain.dynamics.luck import Luck
from keyterrain.dynamics.state import STATE_LAYOUT, state_type
from keyterrain.theatre.parameters import PROCESSES
from played_campaigns import small_scenario

KERNELS = Kernels()
STEPS = [pytest.param(step, id=step.name) for step in ORDER_OF_DAY]


def accessed(step: Step) -> Access:
    """What the kernels of a step do together."""
    access = Access()
    for name in step.kernels:
        access.add(KERNELS.access(name))
    return access


def mismatch(declared: tuple[str, ...], found: set[str]) -> dict[str, list[str]]:
    """Fields that are declared and not touched, and those that are touched and not declared."""
    touched = found - set(SCRATCH) - set(TRACE)
    return {"declared in vain": sorted(set(declared) - touched), "not declared": sorted(touched - set(declared))}


AGREED: dict[str, list[str]] = {"declared in vain": [], "not declared": []}


# The order


def test_the_steps_are_the_processes_and_the_record() -> None:
    assert tuple(step.name for step in ORDER_OF_DAY) == (*PROCESSES, "record")


def test_a_day_calls_the_kernels_of_the_steps_in_their_order() -> None:
    called = [call.func.id for call in calls(KERNELS.functions["play_day"])]  # type: ignore[attr-defined]
    assert called == [name for step in ORDER_OF_DAY[:-1] for name in step.kernels]


def test_the_evening_is_written_after_the_day_and_checked_after_that() -> None:
    days = [node for node in ast.walk(KERNELS.functions["play_replicate"]) if isinstance(node, ast.For)][-1]
    called = [call.func.id for call in calls(days) if call.func.id in KERNELS.functions]  # type: ignore[attr-defined]
    assert called == ["play_day", *ORDER_OF_DAY[-1].kernels, "audit"]


def switched() -> Iterator[tuple[str, str]]:
    """Each name of a switch in a day, with the first kernel that hangs on it."""
    for node in KERNELS.functions["play_day"].body:
        if isinstance(node, ast.If):
            yield ast.unparse(node.test), next(calls(ast.Module(node.body, []))).func.id  # type: ignore[attr-defined]


def test_every_process_has_its_own_switch() -> None:
    assert list(switched()) == [(f"w.on[{name.upper()}_ON]", name) for name in PROCESSES]
    assert [getattr(states, f"{name.upper()}_ON") for name in PROCESSES] == list(range(len(PROCESSES)))


# What a step touches


@pytest.mark.parametrize("step", STEPS)
def test_a_step_loads_what_it_declares_and_nothing_else(step: Step) -> None:
    assert mismatch(step.state_reads, accessed(step).loads) == AGREED


@pytest.mark.parametrize("step", STEPS)
def test_a_step_stores_in_what_it_declares_and_nothing_else(step: Step) -> None:
    assert mismatch(step.state_writes, accessed(step).stores) == AGREED


@pytest.mark.parametrize("step", STEPS)
def test_a_step_draws_only_the_luck_of_its_own_process(step: Step) -> None:
    assert accessed(step).luck == (set() if step.draws == "none" else {step.name.upper()})


def test_the_record_changes_nothing() -> None:
    assert accessed(ORDER_OF_DAY[-1]).stores == set()


def test_all_that_is_declared_is_a_field_of_the_state() -> None:
    slots = {f"{array}.{name}" for array in BY_SLOT for name in dir(states) if name.isupper()}
    fields = (set(STATE_LAYOUT) - set(BY_SLOT)) | slots
    declared = {name for step in ORDER_OF_DAY for name in (*step.state_reads, *step.state_writes)}
    assert declared | set(SCRATCH) | set(TRACE) <= fields
    assert declared.isdisjoint({*SCRATCH, *TRACE})


def test_whatever_is_read_was_written_on_a_day_or_on_the_first_evening() -> None:
    written = {name.partition(".")[0] for step in ORDER_OF_DAY for name in step.state_writes}
    written |= {name.partition(".")[0] for name in KERNELS.access("first_evening").stores}
    read = {name.partition(".")[0] for step in ORDER_OF_DAY for name in step.state_reads}
    assert read <= written


# What the reader of kernels sees

SAMPLE = """
@kernel
def outer(w: World, s: State) -> None:
    row, other = s.delivery[0], s.hours
    row[3] = other[2]
    s.count[WAYS] += 1
    s.taken[0], s.pause[1] = s.held_days[2], 4
    inner(s, 1)
    n = s.earmark.shape[0]
    unrelated(w)

@kernel
def inner(t: State, k: int) -> None:
    t.morale[k] *= uniforms(luck, COMBAT, 0, 0, 0).a
    if t.sky[WET] > 0.0:
        inner(t, k)
"""


def test_the_reader_sees_views_slots_tuples_and_kernels_that_are_called(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "sample.py").write_text(SAMPLE)
    monkeypatch.setattr("kernel_reading.SOURCES", (tmp_path / "sample.py",))
    access = Kernels().access("outer")
    assert access.loads == {"hours", "count.WAYS", "held_days", "morale", "sky.WET"}
    assert access.stores == {"delivery", "count.WAYS", "taken", "pause", "morale"}
    assert access.luck == {"COMBAT"}


# Scratch is scratch

DAYS = 40


@kernel
def _begin(worlds: Any, draws: Any, luck: Luck, states: Any) -> None:
    first_evening(worlds[0], draws[0], states[0])
    open_roads(worlds[0], draws[0], luck, states[0])


@kernel
def _play(day: int, worlds: Any, draws: Any, luck: Luck, states: Any) -> None:
    play_day(day, worlds[0], draws[0], luck, states[0])


def poison(state: NDArray[np.void]) -> None:
    """Leave nonsense in all scratch space; only no place is marked as reached, as stamps never are negative."""
    for name in SCRATCH:
        if name.startswith("count."):
            continue
        array = state[name][0]
        array[...] = -1 if name in {"stamp", "done"} else np.nan if array.dtype.kind == "f" else 77


@pytest.mark.slow
def test_nothing_passes_from_day_to_day_through_scratch(tmp_path: Path) -> None:
    prepared = prepare(small_scenario(tmp_path / "small"), days=DAYS, seed=3)
    drawn = prepared.first_evening.draw(prepared.seed, 0, 4, prepared.world.room).records
    carried = [name for name in STATE_LAYOUT if name not in SCRATCH]
    n_events = 0
    for replicate in range(4):
        evenings = []
        for spoilt in (False, True):
            state = np.zeros(1, dtype=state_type(dict(prepared.world.room)))
            world, draw, luck = prepared.world.record, drawn[replicate : replicate + 1], Luck(np.uint64(3), np.uint64(replicate))
            _begin(world, draw, luck, state)
            for day in range(1, DAYS + 1):
                if spoilt:
                    poison(state)
                _play(day, world, draw, luck, state)
            evenings.append(state)
        assert [name for name in carried if evenings[0][name].tobytes() != evenings[1][name].tobytes()] == []
        n_events += int(evenings[0]["count"][0, states.EVENTS])
    assert n_events > 20
