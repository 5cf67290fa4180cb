"""Conservation over whole campaigns, in memory and in what is stored; a leak between two days is found."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from keyterrain.campaign.day import Outcome
from keyterrain.campaign.play import PlayedChunk, play_chunk
from keyterrain.campaign.prepare import Prepared
from keyterrain.dynamics.audit import FIGHTERS, NEGATIVE, PEOPLE, SOUND, TALLIES, Finding
from keyterrain.dynamics.state import DEAD, ON_THE_WAY
from steps_by_hand import audited, begin_replicate, play_days
from worlds_by_hand import STATE, Records, fighters_of, opened, people_of

REPLICATES = 12

Prepare = Callable[..., Prepared]


@pytest.fixture(scope="module", params=[1, 2, 3])
def chunk(prepare_small: Prepare, request: pytest.FixtureRequest) -> PlayedChunk:
    return play_chunk(prepare_small(seed=request.param), 0, REPLICATES, record_daily=True, verify=True)


def test_no_campaign_breaks_a_law(chunk: PlayedChunk) -> None:
    assert list(chunk.breaches) == []


def test_fighters_stored_are_conserved_by_actor_and_day(chunk: PlayedChunk) -> None:
    a = chunk.arrays
    present = a["strength"].sum(axis=3) + a["in_transit"]
    gone = a["cum_loss"].sum(axis=3) - a["cum_returned"] - a["cum_reinforcement"]
    total = present.astype(np.int64) + gone
    assert np.array_equal(total, np.broadcast_to(total[:, :1], total.shape))
    for name in ("cum_loss", "cum_returned", "cum_reinforcement"):
        assert np.all(np.diff(a[name], axis=1) >= 0), name
    assert (gone[:, -1] != 0).any(), "somebody should be lost or join"


def test_people_stored_are_conserved_on_every_day(chunk: PlayedChunk) -> None:
    a = chunk.arrays
    total = a["n_residents"].sum(axis=2, dtype=np.int64) + a["n_displaced"].sum(axis=2)
    assert np.array_equal(total, np.broadcast_to(total[:, :1], total.shape))
    assert np.all(np.diff(a["n_displaced"][:, :, -1].astype(int), axis=1) >= 0), "the dead stay dead"
    assert (np.diff(a["n_residents"], axis=1) != 0).any(), "somebody should flee"


def test_who_fled_by_area_is_who_is_away_since_the_start(chunk: PlayedChunk) -> None:
    # Guests of unknown origin are not counted by area; there are some thousand of them in the highway's town.
    by_area = chunk.arrays["n_fled_to"].sum(axis=(2, 3))
    displaced = chunk.arrays["n_displaced"].sum(axis=2)
    unknown = displaced[:, :1] - by_area[:, :1]
    assert np.array_equal(displaced - by_area, np.broadcast_to(unknown, displaced.shape))


# --- leaks


class Stage:
    """A replicate in the middle of its campaign."""

    def __init__(self, prepared: Prepared) -> None:
        self.prepared = prepared
        self.world = prepared.world.record
        self.draws = prepared.first_evening.draw(prepared.seed, 0, 1, prepared.world.room).records
        self.states: Records = np.zeros(1, dtype=STATE)
        begin_replicate(0, self.world, self.draws, self.states, np.uint64(prepared.seed))
        self.fighters = fighters_of(self.world, self.states).astype(np.int32)
        self.people = people_of(self.world, self.states)
        self.play(1, 20)

    def play(self, first: int, last: int) -> None:
        play_days(0, first, last, self.world, self.draws, self.states, np.uint64(self.prepared.seed))

    def audit(self) -> Finding:
        return audited(self.world, self.states, self.fighters, self.people)


@pytest.fixture(scope="module")
def twentieth_day(prepare_small: Prepare) -> Stage:
    return Stage(prepare_small())


@pytest.fixture
def stage(twentieth_day: Stage) -> Iterator[Stage]:
    kept = twentieth_day.states.copy()
    yield twentieth_day
    twentieth_day.states[:] = kept


def steal_a_fighter(s: Any) -> None:
    actor, place = np.argwhere(s.strength > 0)[0]
    s.strength[actor, place] -= 1


def lose_a_marcher(s: Any) -> None:
    s.marching[3, 0, 0] += 1


def count_a_dead_man_twice(s: Any) -> None:
    s.cum_loss[1, DEAD] += 1


def let_a_man_return_who_never_left(s: Any) -> None:
    s.cum_returned[0] += 1


def steal_a_resident(s: Any) -> None:
    s.residents[np.argmax(s.residents)] -= 1


def lose_a_family_on_the_way(s: Any) -> None:
    s.count[ON_THE_WAY] += 4


def send_a_guest_away_uncounted(s: Any) -> None:
    s.guests[np.argmax(s.guests)] -= 1


def owe_residents(s: Any) -> None:
    s.residents[1] += s.residents[0] + 1
    s.residents[0] = -1


def hide_a_guest_under_another_host(s: Any) -> None:
    s.guests[2] -= 1
    s.guests[3] += 1


LEAKS = {
    steal_a_fighter: FIGHTERS,
    lose_a_marcher: FIGHTERS,
    count_a_dead_man_twice: FIGHTERS,
    let_a_man_return_who_never_left: FIGHTERS,
    steal_a_resident: PEOPLE,
    lose_a_family_on_the_way: PEOPLE,
    send_a_guest_away_uncounted: PEOPLE,
    owe_residents: NEGATIVE,
    hide_a_guest_under_another_host: TALLIES,
}


@pytest.mark.parametrize(("leak", "breach"), LEAKS.items(), ids=lambda each: getattr(each, "__name__", ""))
def test_a_leak_is_found_on_the_day_and_ever_after(stage: Stage, leak: Callable[[Any], None], breach: int) -> None:
    assert stage.audit().breach == SOUND
    leak(opened(stage.states))
    assert stage.audit().breach == breach
    stage.play(21, 23)
    assert stage.audit().breach != SOUND


def test_an_audit_says_who_and_by_how_many(stage: Stage) -> None:
    opened(stage.states).cum_loss[2, DEAD] += 7
    assert stage.audit() == Finding(FIGHTERS, 2, np.int64(7))


def test_a_negative_garrison_is_found_though_the_sum_is_right(stage: Stage) -> None:
    s = opened(stage.states)
    s.strength[0, 1] += s.strength[0, 0] + 9
    s.strength[0, 0] = -9
    assert stage.audit() == Finding(NEGATIVE, 0, np.int64(-9))


def test_a_breach_is_told_in_a_sentence(prepare_small: Prepare) -> None:
    from keyterrain.campaign.play import _sentence

    outcome = Outcome(np.int64(0), np.int64(0), 12, Finding(FIGHTERS, 1, np.int64(-3)))
    assert _sentence(prepare_small(), 5, outcome) == "replicate 5, day 12: fighters of brigades are not conserved: -3"
