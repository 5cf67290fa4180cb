"""The order of a day says what the code does: which kernels are called when, and which fields of the state each step touches."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from kernel_reading import BY_SLOT, Access, Kernels, Unreadable, calls
from keyterrain.campaign.order import ORDER_OF_DAY, SCRATCH, TRACE, Step
from keyterrain.dynamics import state as states
from keyterrain.dynamics.state import STATE_LAYOUT
from keyterrain.theatre.parameters import PROCESSES

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


@pytest.fixture
def read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Access]:
    """Reads the kernel `outer` of a source."""

    def access(source: str) -> Access:
        (tmp_path / "sample.py").write_text(source)
        monkeypatch.setattr("kernel_reading.SOURCES", (tmp_path / "sample.py",))
        return Kernels().access("outer")

    return access


def one_kernel(*lines: str) -> str:
    """Source of `outer` alone."""
    return "\n    ".join(["@kernel\ndef outer(w: World, s: State, k: int) -> None:", *lines])


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


def test_the_reader_sees_views_slots_tuples_and_kernels_that_are_called(read: Callable[[str], Access]) -> None:
    access = read(SAMPLE)
    assert access.loads == {"hours", "count.WAYS", "held_days", "morale", "sky.WET"}
    assert access.stores == {"delivery", "count.WAYS", "taken", "pause", "morale"}
    assert access.luck == {"COMBAT"}


HANDED_ON = """
@kernel
def outer(w: World, s: State, side: int) -> None:
    order = s.supply_order[side, : w.n_places]
    ahead = order[2:]
    sort(s, ahead, s.hours)
    sort(s, w.near_place[1:4], s.way_price)
    total(w.n_places, prices=s.threat[side])
    n = np.int64(s.taken[side])

@kernel
def sort(s: State, order: Ints, price: Floats) -> None:
    for k in range(order.shape[0]):
        if price[order[k]] > s.cost[k]:
            order[k] = order[k - 1]

@kernel
def total(n: int, prices: Floats) -> float:
    return prices[0] + prices[n - 1]

@kernel
def order(s: State, pause: int) -> None:
    s.order_n[0] = pause
"""


def test_the_reader_follows_slices_and_arrays_into_the_kernels_they_are_handed_to(read: Callable[[str], Access]) -> None:
    access = read(HANDED_ON)
    assert access.loads == {"supply_order", "hours", "way_price", "cost", "threat", "taken"}
    assert access.stores == {"supply_order"}


def test_what_is_done_to_an_array_of_the_world_is_not_done_to_the_state(read: Callable[[str], Access]) -> None:
    access = read(HANDED_ON.replace("s.supply_order[side, : w.n_places]", "w.near_place[0:9]"))
    assert access.loads == {"hours", "way_price", "cost", "threat", "taken"}
    assert access.stores == set()


def test_a_name_that_may_stand_for_two_arrays_stands_for_both(read: Callable[[str], Access]) -> None:
    access = read(one_kernel("fighters = s.facing if s.calm[k] > 2 else s.force[:, k:]", "return fighters[0, k]"))
    assert access.loads == {"facing", "force", "calm"}
    assert access.stores == set()


def test_a_choice_of_two_values_loads_both_and_what_stands_where_it_is_stored(read: Callable[[str], Access]) -> None:
    access = read(one_kernel("old = s.cost[k]", "cheaper = s.toll[k] < old", "s.cost[k] = s.toll[k] if cheaper else old"))
    assert access.loads == {"cost", "toll"}
    assert access.stores == {"cost"}


def test_a_name_that_is_not_used_loads_nothing(read: Callable[[str], Access]) -> None:
    access = read(one_kernel("row = s.force[k]", "n = s.hours.shape[0]"))
    assert access.loads == access.stores == set()


@pytest.mark.parametrize(
    "line",
    [
        "np.sum(s.force[k])",
        "return s.force[k]",
        "s.force.sort()",
        "for row in s.force: row[0] = 1",
        "row = s.hours; row += 1",
        "unknown(s)",
        "both = (w, s)",
        "s.count[k] = 1",
        "number = s.count; number[0] = 1",
    ],
)
def test_what_the_reader_cannot_follow_it_refuses(read: Callable[[str], Access], line: str) -> None:
    with pytest.raises(Unreadable):
        read(one_kernel(line))


def test_a_kernel_that_was_refused_once_is_not_taken_for_one_that_does_nothing() -> None:
    kernels = Kernels()
    kernels.functions["outer"] = ast.parse(one_kernel("return s.hours")).body[0]  # type: ignore[assignment]
    for _ in range(2):
        with pytest.raises(Unreadable):
            kernels.access("outer")
