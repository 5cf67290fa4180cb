"""A mirrored theatre of two equal sides: whoever stands where, and whatever the sides are called, neither is favoured.

Sides, actors and places are numbered in the order of their keys, and kernels go through them in that order; so the theatre is
played with the keys of sides and of places in either order. Each test of a distribution errs once in ten thousand seeds if the
model is fair, and the seed is fixed.
"""

from __future__ import annotations

from functools import cache
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.stats import binomtest, ks_2samp

from mirrored_theatre import Half, mirrored_theatre
from played_campaigns import EVENTS, Campaign, differing, play, small_scenario

pytestmark = pytest.mark.slow

REPLICATES, DAYS, SEED = 1000, 60, 11
ERROR_RATE = 1e-4
Integers = NDArray[np.int64]


class Mirrored:
    """Mirrored theatres, each played once."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.played = cache(self._play)

    def _play(self, west: str, east: str, west_prefix: str, east_prefix: str, kind: str) -> Campaign:
        changes = mirrored_theatre(Half(west, west_prefix, -1), Half(east, east_prefix, 1), kind)
        folder = self._folder / f"{west}-{east}-{west_prefix}-{kind}"
        return play(small_scenario(folder, **changes), replicates=REPLICATES, days=DAYS, seed=SEED)


@pytest.fixture(scope="module")
def mirrored(tmp_path_factory: pytest.TempPathFactory) -> Mirrored:
    """Plays mirrored theatres."""
    return Mirrored(tmp_path_factory.mktemp("mirrored"))


KINDS = ("regular", "irregular")
PREFIXES = (("aa", "zz"), ("zz", "aa"))
EVENT_KINDS = ("assault", "capture", "broken_off", "closure")


def fortunes(campaign: Campaign, side: str, prefix: str) -> dict[str, Integers]:
    """How each replicate went for a side: several measures (replicate)."""
    last, number = campaign.data.isel(day=-1), campaign.data.side.to_numpy().tolist().index(side)
    own = campaign.data.place.str.startswith(prefix)
    events = campaign.events[campaign.events.side == side]
    return {
        "places held": (last.control == number).sum("place").to_numpy(),
        "fighters": last.strength.sel(actor=f"{side}-army").sum("place").to_numpy(),
        "dead": last.cum_loss.sel(actor=f"{side}-army", loss_kind="dead").to_numpy(),
        "people at home": last.n_residents.isel(place=own.to_numpy()).sum("place").to_numpy(),
        "days of operations": campaign.data.n_operations.sel(side=side).sum("day").to_numpy(),
        "threat": campaign.data.route_threat.sel(side=side).astype(int).sum(("day", "route")).to_numpy(),
        **{kind: np.bincount(events[events.kind == kind].replicate, minlength=REPLICATES) for kind in EVENT_KINDS},
    }


def p_even(one: Integers, other: Integers) -> float:
    """Chance of so uneven a score between two sides, by the sign test: in how many replicates which of the two has more."""
    more, less = int((one > other).sum()), int((one < other).sum())
    return float(binomtest(more, more + less).pvalue) if more + less else 1.0


@pytest.mark.parametrize(("prefixes", "kind"), list(product(PREFIXES, KINDS)))
def test_neither_side_is_favoured(mirrored: Mirrored, prefixes: tuple[str, str], kind: str) -> None:
    campaign = mirrored.played("alpha", "omega", *prefixes, kind)
    assert len(campaign.events[campaign.events.kind == "capture"]) > REPLICATES / 4
    alpha, omega = fortunes(campaign, "alpha", prefixes[0]), fortunes(campaign, "omega", prefixes[1])
    assert {name: p for name in alpha if (p := p_even(alpha[name], omega[name])) < ERROR_RATE} == {}
    assert {name: p for name in alpha if (p := ks_2samp(alpha[name], omega[name], method="asymp").pvalue) < ERROR_RATE} == {}


@pytest.mark.parametrize("kind", KINDS)
def test_exchanging_the_names_of_the_sides_exchanges_the_results(mirrored: Mirrored, kind: str) -> None:
    one = fortunes(mirrored.played("alpha", "omega", "aa", "zz", kind), "alpha", "aa")
    other = fortunes(mirrored.played("omega", "alpha", "aa", "zz", kind), "omega", "aa")
    assert {name: p for name in one if (p := ks_2samp(one[name], other[name], method="asymp").pvalue) < ERROR_RATE} == {}


@pytest.mark.parametrize("kind", KINDS)
def test_names_that_sort_the_other_way_favour_nobody(mirrored: Mirrored, kind: str) -> None:
    first = fortunes(mirrored.played("alpha", "omega", "aa", "zz", kind), "alpha", "aa")
    last = fortunes(mirrored.played("zulu", "omega", "aa", "zz", kind), "zulu", "aa")
    assert {name: p for name in first if (p := ks_2samp(first[name], last[name], method="asymp").pvalue) < ERROR_RATE} == {}


def test_a_map_seen_in_a_mirror_gives_the_same_campaign(mirrored: Mirrored) -> None:
    straight = mirrored.played("alpha", "omega", "aa", "zz", "irregular")
    seen_in_a_mirror = mirrored.played("omega", "alpha", "zz", "aa", "irregular")
    assert differing(straight, seen_in_a_mirror) == []


def test_a_stronger_side_is_noticed(tmp_path: Path, mirrored: Mirrored) -> None:
    west, east = Half("alpha", "aa", -1), Half("omega", "zz", 1)
    changes = mirrored_theatre(west, east, "irregular")
    changes["actors"]["alpha-army"]["quality"] = "0.5"
    campaign = play(small_scenario(tmp_path / "small", **changes), replicates=REPLICATES, days=DAYS, seed=SEED)
    assert EVENTS in differing(campaign, mirrored.played("alpha", "omega", "aa", "zz", "irregular"))
    assert p_even(fortunes(campaign, "alpha", "aa")["capture"], fortunes(campaign, "omega", "zz")["capture"]) < ERROR_RATE
