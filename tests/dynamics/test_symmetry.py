"""Symmetry: nothing depends on which number a side or an actor has; the same campaign with sides renumbered is the same."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import pytest

from keyterrain.campaign.day import play_replicate
from keyterrain.campaign.play import play_chunk
from keyterrain.campaign.prepare import Prepared
from keyterrain.campaign.sheets import blank_sheets, pages_of, turn_over
from keyterrain.dynamics.luck import Luck
from keyterrain.dynamics.state import DRAW_LAYOUT, WORLD_LAYOUT
from worlds_by_hand import STATE, Records

REPLICATES, DAYS = 40, 60
SIDE_VALUED = {"actor_side", "lean", "passive_side", "corridor_side", "source_side", "holder", "intruder"}
ACTOR_VALUED = {"join_actor"}

Prepare = Callable[..., Prepared]


def renumbered(records: Records, layout: Mapping[str, tuple[str, str]], new_side: list[int], new_actor: list[int]) -> Records:
    """The same records with other numbers for sides and actors; `new_side[i]` is the new number of side i."""
    out = records.copy()
    for name, (_, shape) in layout.items():
        values = records[name].copy()
        for axis, noun in enumerate(shape.split(), start=1):
            values = moved(values, axis, {"sides": new_side, "actors": new_actor}.get(noun, []))
        new = new_side if name in SIDE_VALUED else new_actor if name in ACTOR_VALUED else []
        known = (values >= 0) & (values < len(new))
        values[known] = np.array(new, dtype=values.dtype)[values[known].astype(int)]
        out[name] = values
    return out


def moved(values: np.ndarray, axis: int, new: list[int]) -> np.ndarray:
    """The entries of an axis in another order; those beyond the new numbers stay."""
    order = np.arange(values.shape[axis])
    order[new] = range(len(new))
    return np.take(values, order, axis)


def play(prepared: Prepared, world: Records, draws: Records) -> dict[str, np.ndarray]:
    """Arrays of a chunk played on given records."""
    arrays = {name: np.zeros_like(array) for name, array in play_chunk(prepared, 0, REPLICATES, record_daily=True).arrays.items()}
    sheets = blank_sheets(arrays)
    pages = pages_of(sheets, arrays)
    state = np.zeros(1, dtype=STATE)
    week_days = prepared.week_days(record_daily=True)
    for i in range(REPLICATES):
        luck = Luck(np.uint64(prepared.seed), np.uint64(i))
        play_replicate(i, world, draws, luck, state, sheets, prepared.days, week_days, False)
        turn_over(pages, i)
    return arrays


@pytest.mark.parametrize("new_side", [[1, 0, 2], [2, 0, 1]])
def test_renumbered_sides_and_actors_play_the_same_campaign(prepare_small: Prepare, new_side: list[int]) -> None:
    new_actor = [2, 0, 3, 1]
    prepared = prepare_small(days=DAYS, policy=["government=broad"])
    draws = prepared.first_evening.draw(prepared.seed, 0, REPLICATES, prepared.world.room).records
    straight = play(prepared, prepared.world.record, draws)
    turned = play(
        prepared,
        renumbered(prepared.world.record, WORLD_LAYOUT, new_side, new_actor),
        renumbered(draws, DRAW_LAYOUT, new_side, new_actor),
    )
    control = np.where(straight["control"] >= 0, np.array(new_side)[straight["control"]], -1)
    assert np.array_equal(turned["control"], control)
    assert np.array_equal(turned["strength"][:, :, new_actor], straight["strength"])
    assert np.array_equal(turned["cum_loss"][:, :, new_actor], straight["cum_loss"])
    assert np.array_equal(turned["n_operations"][:, :, new_side], straight["n_operations"])
    assert np.array_equal(turned["n_displaced"], straight["n_displaced"])
    assert np.array_equal(turned["new_incidents"], straight["new_incidents"])
    assert (np.diff(straight["control"], axis=1) != 0).any()
