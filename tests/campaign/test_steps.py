"""Single days of the state, step by step: what passes from step to step, and what spreads when a process is off for a day."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from kernel_reading import BY_SLOT
from keyterrain.campaign.interventions import Interventions
from keyterrain.campaign.order import ORDER_OF_DAY, SCRATCH, TRACE
from keyterrain.campaign.prepare import Prepared, prepare
from keyterrain.dynamics import state as states
from keyterrain.dynamics.luck import Luck
from keyterrain.dynamics.state import STATE_LAYOUT, state_type
from keyterrain.theatre import Scenario
from keyterrain.theatre.parameters import PROCESSES
from played_campaigns import small_scenario
from single_steps import STEPS, Records
from steps_by_hand import begin_replicate, play_days

pytestmark = pytest.mark.slow

REPLICATES, DAYS, SEED = 4, 40, np.uint64(3)
EVERY_DAYS = 2  # days between those that are played with and without a process
ORDER = ORDER_OF_DAY[:-1]
DECLARED = {name for step in ORDER for name in (*step.state_reads, *step.state_writes)}
CARRIED = sorted((set(STATE_LAYOUT) - set(BY_SLOT) | DECLARED) - set(SCRATCH) - set(TRACE))
"""Fields of the state that one step may hand to another."""

REACHES_INTO: Mapping[str, str] = {"control": "combat", "routes": "interdiction"}
"""A switch that another step looks at too: without control ground taken in battle does not change hands, and without routes no
attack closes one."""

GOES_ON: Mapping[str, set[str]] = {
    "supply": {
        "corridor_open",
        "corridor_secure",
        "corridor_delivery",
        "corridor_arc",
        "n_corridor_arcs",
        "carriage_arc",
        "n_carriage_arcs",
    },
    "movement": {"cum_returned"},
}
"""What a step writes even where its process is off: corridors are looked at, and the wounded come back."""


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Scenario:
    """The small scenario."""
    return small_scenario(tmp_path_factory.mktemp("steps") / "small")


@pytest.fixture(scope="module")
def draws(small: Scenario) -> Records:
    """First evenings of the small scenario."""
    prepared = prepared_without(small)
    return prepared.first_evening.draw(int(SEED), 0, REPLICATES, prepared.world.room).records


def prepared_without(scenario: Scenario, *processes: str) -> Prepared:
    interventions = Interventions.parse(settings=[f"processes.{process}=off" for process in processes])
    return prepare(scenario, days=DAYS, seed=int(SEED), interventions=interventions)


def blank_state(prepared: Prepared) -> Records:
    return np.zeros(1, dtype=state_type(dict(prepared.world.room)))


def luck_of(replicate: int) -> Luck:
    return Luck(SEED, np.uint64(replicate))


def values_of(state: Records, name: str) -> NDArray[np.generic]:
    """A field of a state, or one slot of `count` and `sky`: `count.WAYS`."""
    array, _, slot = name.partition(".")
    values: NDArray[np.generic] = state[array][0]
    return values[getattr(states, slot)] if slot else values


def differing_fields(one: Records, other: Records) -> set[str]:
    return {name for name in CARRIED if values_of(one, name).tobytes() != values_of(other, name).tobytes()}


def poison(state: Records) -> None:
    """Leave nonsense in all scratch space; only no place is marked as reached, as stamps never are negative."""
    for name in set(SCRATCH) & set(STATE_LAYOUT):
        array = state[name][0]
        array[...] = -1 if name in {"stamp", "done"} else np.nan if array.dtype.kind == "f" else 77


def n_events(state: Records) -> int:
    return int(values_of(state, "count.EVENTS"))


# Scratch is scratch


@pytest.mark.parametrize("off", [(), ("weather", "supply"), ("decision",), PROCESSES], ids=",".join)
def test_nothing_passes_from_step_to_step_through_scratch(small: Scenario, draws: Records, off: Sequence[str]) -> None:
    prepared = prepared_without(small, *off)
    world, events = prepared.world.record, 0
    for i in range(REPLICATES):
        whole, spoilt = blank_state(prepared), blank_state(prepared)
        begin_replicate(i, world, draws, whole, SEED)
        begin_replicate(i, world, draws, spoilt, SEED)
        for day in range(1, DAYS + 1):
            play_days(i, day, day, world, draws, whole, SEED)
            for step in ORDER:
                poison(spoilt)
                STEPS[step.name](day, world, draws[i : i + 1], luck_of(i), spoilt)
        assert differing_fields(whole, spoilt) == set()
        assert whole["event"].tobytes() == spoilt["event"].tobytes()
        events += n_events(whole)
    assert (events > 0) == (off != PROCESSES)


# A process that is off for a day


def evenings(prepared: Prepared, draws: Records) -> Iterator[tuple[int, int, Records]]:
    """Replicate, next day and state on evenings of campaigns."""
    state = blank_state(prepared)
    for i in range(REPLICATES):
        begin_replicate(i, prepared.world.record, draws, state, SEED)
        for day in range(1, DAYS + 1, EVERY_DAYS):
            yield i, day, state.copy()
            play_days(i, day, day + EVERY_DAYS - 1, prepared.world.record, draws, state, SEED)


@pytest.mark.parametrize("process", PROCESSES)
def test_a_day_without_a_process_changes_only_what_it_writes_and_what_is_computed_from_that(
    small: Scenario, draws: Records, process: str
) -> None:
    all_on, without = prepared_without(small), prepared_without(small, process)
    own: set[str] = set()
    for i, day, state in evenings(all_on, draws):
        other = state.copy()
        differing: set[str] = set()
        for step in ORDER:
            STEPS[step.name](day, all_on.world.record, draws[i : i + 1], luck_of(i), state)
            STEPS[step.name](day, without.world.record, draws[i : i + 1], luck_of(i), other)
            now = differing_fields(state, other)
            depends = step.name in {process, REACHES_INTO.get(process)} or differing & set(step.state_reads)
            assert now - differing <= (set(step.state_writes) if depends else set()), (step.name, day, sorted(differing))
            differing = now
            if step.name == process:
                own |= now
    assert own != set()


def own_fields(process: str) -> set[str]:
    """What the step of a process writes and no other; of control, what nobody could write without it."""
    if process == "control":
        return {"holder", "taken", "held_days"}
    written = {step.name: set(step.state_writes) for step in ORDER}
    others = set().union(*(fields for name, fields in written.items() if name != process))
    return written[process] - others - GOES_ON.get(process, set())


@pytest.mark.parametrize("process", PROCESSES)
def test_nothing_of_a_process_that_is_off_changes_from_the_first_day_on(small: Scenario, draws: Records, process: str) -> None:
    prepared = prepared_without(small, process)
    own = own_fields(process)
    assert own
    for i, day, state in evenings(prepared, draws):
        later = state.copy()
        play_days(i, day, day, prepared.world.record, draws, later, SEED)
        if day > 1:  # on the first day supply is made full
            assert differing_fields(state, later) & own == set()
