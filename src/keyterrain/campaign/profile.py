"""Time by process: where the time of a replicate goes.

    python -m keyterrain.campaign.profile SCENARIO [--json]

Replicates are played as in a run, but with a clock read before and after every process of every day. So each process is timed on
the states that occur and as often as it runs: nothing is called twice, and no weights are needed. What reading the clock costs is
timed along with the rest, on a step that does nothing, and subtracted. The clock counts the work of this thread alone; a busy
machine lengthens a profile only by the caches that it shares. The pages so written are held against those of an ordinary run:
where they differ another campaign was timed, and there is no profile.

`draws` is the drawing of inputs, `first_evening` the setting up of a replicate, `record` the writing down of evenings and weeks.
Corridors count for supply, the return of the wounded for movement, sums of forces for the process before them. Digest and store
are not timed here. The way through a day with a clock is compiled anew each time (some fifteen seconds): it is no source of the
cache of kernels.
"""

from __future__ import annotations

import argparse
import ctypes
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

from keyterrain.campaign.day import Records, first_evening, open_roads
from keyterrain.campaign.order import ORDER_OF_DAY
from keyterrain.campaign.play import play_chunk
from keyterrain.campaign.prepare import Prepared, prepare
from keyterrain.campaign.sheets import Sheets, blank_sheets, pages_of, turn_over, write_evening, write_week
from keyterrain.dynamics.combat import combat
from keyterrain.dynamics.control import control
from keyterrain.dynamics.decision import decision
from keyterrain.dynamics.displacement import displacement
from keyterrain.dynamics.insurgency import insurgency
from keyterrain.dynamics.interdiction import interdiction
from keyterrain.dynamics.losses import recover
from keyterrain.dynamics.luck import Luck
from keyterrain.dynamics.movement import movement
from keyterrain.dynamics.presence import count_forces
from keyterrain.dynamics.routes import routes
from keyterrain.dynamics.state import Draw, State, World, state_type
from keyterrain.dynamics.supply import corridors, supply
from keyterrain.dynamics.weather import weather
from keyterrain.theatre import load

REPLICATES = 40
SEED = 1
NS_PER_S = 1_000_000_000
NOTHING = len(ORDER_OF_DAY)
FIRST_EVENING = NOTHING + 1
RECORD = NOTHING - 1
TIMED = tuple(step.name for step in ORDER_OF_DAY)


class AnotherCampaign(RuntimeError):
    """What was timed is not what a run plays: the order of a day there and here have drifted apart."""


@dataclass(frozen=True, slots=True)
class Profile:
    """Seconds of one core per replicate: by process, and for the same replicates played in one go without a clock."""

    seconds: Mapping[str, float]
    seconds_in_one_go: float


def take_step(  # noqa: C901  (a list)
    which: int, day: int, week: int, w: World, d: Draw, luck: Luck, s: State, out: Sheets
) -> None:
    """Take one step of a day by its place in `ORDER_OF_DAY`; `week` is the row of weekly variables that falls due, or 0."""
    if which == 0:
        weather(day, w, d, luck, s)
    elif which == 1:
        routes(day, w, d, luck, s)
    elif which == 2:
        interdiction(day, w, d, luck, s)
    elif which == 3:
        corridors(day, w, d, s)
        supply(day, w, d, luck, s)
    elif which == 4:
        decision(day, w, d, luck, s)
    elif which == 5:
        movement(day, w, d, luck, s)
        recover(day, w, s)
        count_forces(w, s)
    elif which == 6:
        combat(day, w, d, luck, s)
    elif which == 7:
        control(day, w, d, luck, s)
    elif which == 8:
        insurgency(day, w, d, luck, s)
        count_forces(w, s)
    elif which == 9:
        displacement(day, w, d, luck, s)
    elif which == 10:
        write_evening(day, w, s, out)
        if week > 0:
            write_week(week, w, s, out)


def set_up(w: World, d: Draw, luck: Luck, s: State, out: Sheets) -> None:
    """Bring a replicate to its first evening and write it down."""
    first_evening(w, d, s)
    open_roads(w, d, luck, s)
    write_evening(0, w, s, out)
    write_week(0, w, s, out)


def profile(prepared: Prepared, replicates: int = REPLICATES) -> Profile:
    """Time every process over the first replicates of a prepared situation with all processes on.

    Raises
    ------
    AnotherCampaign
        The steps, taken one by one, leave other pages than an ordinary run.
    OSError
        No POSIX clock that compiled code could read.
    """
    play_chunk(prepared, 0, 1)  # compiles, or loads what is compiled
    began = time.thread_time_ns()
    played = play_chunk(prepared, 0, replicates)
    in_one_go = time.thread_time_ns() - began
    began = time.thread_time_ns()
    drawn = prepared.first_evening.draw(prepared.seed, 0, replicates, prepared.world.room).records
    drawing = time.thread_time_ns() - began
    again = {name: np.zeros_like(array) for name, array in played.arrays.items()}
    ns = _timed(prepared, drawn, again)
    for name in Sheets._fields:
        if not np.array_equal(again[name], played.arrays[name]):
            raise AnotherCampaign(f"taken one by one, the steps of a day leave another {name} than a run does")
    spent = {"draws": drawing, "first_evening": ns[FIRST_EVENING], **{name: ns[k] - ns[NOTHING] for k, name in enumerate(TIMED)}}
    seconds = {name: max(float(each), 0.0) / replicates / NS_PER_S for name, each in spent.items()}
    return Profile(seconds, in_one_go / replicates / NS_PER_S)


def _timed(prepared: Prepared, draws: Records, arrays: Mapping[str, NDArray[Any]]) -> NDArray[np.int64]:
    """Play all drawn replicates and return the nanoseconds of each step, of no step, and of setting up; writes to the arrays."""
    play = _clocked_play(_clock())
    state = np.zeros(1, dtype=state_type(dict(prepared.world.room)))
    week_days = prepared.week_days(record_daily=False)
    sheets = blank_sheets(arrays)
    pages = pages_of(sheets, arrays)
    for warming_up in (True, False):  # the first replicate once more, for what is compiled on its way
        ns = np.zeros(FIRST_EVENING + 1, dtype=np.int64)
        for i in range(1 if warming_up else len(draws)):
            luck = Luck(np.uint64(prepared.seed), np.uint64(i))
            play(i, prepared.world.record, draws, luck, state, sheets, prepared.days, week_days, ns)
            began = time.thread_time_ns()
            turn_over(pages, i)
            ns[RECORD] += time.thread_time_ns() - began
    return ns


def _clock() -> Any:
    """Return a compiled function of a buffer (2) that reads this thread's clock in nanoseconds."""
    try:
        read, which = ctypes.CDLL(None).clock_gettime, time.CLOCK_THREAD_CPUTIME_ID
    except (AttributeError, TypeError) as error:
        raise OSError("there is no POSIX clock of the thread to time processes with") from error
    read.argtypes, read.restype = [ctypes.c_int, ctypes.c_void_p], ctypes.c_int

    @numba.njit(nogil=True)
    def now(buffer: NDArray[np.int64]) -> int:
        read(which, buffer.ctypes)
        return int(buffer[0] * NS_PER_S + buffer[1])

    return now


def _clocked_play(now: Any) -> Callable[..., None]:
    """Return a compiled function that plays one replicate and adds up the time of its steps."""
    compiled = numba.njit(nogil=True, error_model="numpy")
    step, begin = compiled(take_step), compiled(set_up)

    def play(
        i: int,
        worlds: Records,
        draws: Records,
        luck: Luck,
        states: Records,
        out: Sheets,
        days: int,
        week_days: NDArray[np.int32],
        ns: NDArray[np.int64],
    ) -> None:
        w, d, s = worlds[0], draws[i], states[0]
        buffer = np.zeros(2, dtype=np.int64)
        began = now(buffer)
        begin(w, d, luck, s, out)
        ns[FIRST_EVENING] += now(buffer) - began
        week = 1
        for day in range(1, days + 1):
            due = week < week_days.shape[0] and week_days[week] == day
            for which in range(NOTHING + 1):
                began = now(buffer)
                step(which, day, week if due else 0, w, d, luck, s, out)
                ns[which] += now(buffer) - began
            week += 1 if due else 0

    clocked: Callable[..., None] = compiled(play)
    return clocked


def table(found: Profile, days: int) -> str:
    """Return a profile for people: per replicate, per day of it, and as a share."""
    total = sum(found.seconds.values())
    rows = [f"{'':<16}{'ms a replicate':>16}{'us a day':>12}{'share':>9}"]
    for name, seconds in [*sorted(found.seconds.items(), key=lambda each: -each[1]), ("all of these", total)]:
        rows.append(f"{name:<16}{seconds * 1e3:>16.3f}{seconds * 1e6 / days:>12.2f}{seconds / total:>9.1%}")
    rows.append(f"{'in one go':<16}{found.seconds_in_one_go * 1e3:>16.3f}{found.seconds_in_one_go * 1e6 / days:>12.2f}")
    return "\n".join(rows)


def arguments() -> argparse.Namespace:
    """Return what was asked for on the command line."""
    parser = argparse.ArgumentParser(prog="python -m keyterrain.campaign.profile", description="Time by process of a day.")
    parser.add_argument("scenario", metavar="SCENARIO", help="a name that ships, or a folder")
    parser.add_argument("--json", action="store_true", help="answer in JSON: seconds per replicate by process")
    return parser.parse_args()


if __name__ == "__main__":
    asked = arguments()
    situation = prepare(load(asked.scenario), seed=SEED)
    result = profile(situation)
    as_json = {"seconds": dict(result.seconds), "seconds_in_one_go": result.seconds_in_one_go}
    print(json.dumps(as_json) if asked.json else table(result, situation.days))  # noqa: T201  (a script, not the library)
