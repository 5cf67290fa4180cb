"""Pairs of ground that matter only together, and pairs of which either does.

    interaction = effect(both) - effect(one) - effect(other)

all three on the same replicates and the same luck, of an outcome that is about neither. See docs/decisions/0024.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, zip_longest
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from keyterrain.analysis.decisive.ground import Ground
from keyterrain.analysis.decisive.unions import Allowance, Union, Unions, of_combination
from keyterrain.analysis.interval import Interval, level_of_each, looks
from keyterrain.campaign.errors import RunRefused

Floats = NDArray[np.float64]
Verdict = Literal["only together", "more together", "substitutes", "less together"]

DEFAULT_CAMPAIGNS = 20_000
"""Most campaigns to play pairs (assumption: some minutes in a theatre of 170 places)."""
FIRST_LOOK = 50
"""Replicates at the first look at a pair, as for ground alone (assumption)."""
FOR_FIRST_LOOK = 0.6
"""Share of the campaigns that the first look may take where others follow (assumption: breadth first, then the clearest)."""
LEVEL = 0.95
"""Chance that all intervals hold together, by custom."""
REACH_OF_EFFECT, REACH_OF_INTERACTION = 1.0, 3.0
"""How large an effect and a sum of three can be, of a share or a chance."""
FAR_BEYOND_CHANCE = 6.0
"""Standard errors beyond which an interaction needs no more replicates (assumption: clear at any number of pairs in use)."""
ALIKE = 1e-12
"""Below this numbers differ by rounding alone."""
MOST_NAMED = 3
"""Pairs that the sentence names of a kind; the rest is counted."""
N_INTERVALS = 4
"""Intervals of a pair and outcome: either alone, both, interaction."""


@dataclass(frozen=True, slots=True)
class PairEffect:
    """What a pair of ground does to an outcome.

    Attributes
    ----------
    one, other, both
        Effects of either alone and of both.
    interaction
        What both do beyond the sum of either.
    """

    one_key: str
    other_key: str
    outcome: str
    unit: str
    first: str
    second: str
    one: Interval
    other: Interval
    both: Interval
    interaction: Interval

    @property
    def verdict(self) -> Verdict | None:
        """What the pair is, where the interaction is clear.

        *only together*: neither alone has a clear effect, both have; *substitutes*: each has one, the same way, and both less
        than the sum; *more together*, *less together*: otherwise, where the interaction goes the way of both, or not.
        """
        if not _sign(self.interaction):
            return None
        one, other, both = (_sign(each) for each in (self.one, self.other, self.both))
        if both == _sign(self.interaction):
            return "more together" if one or other else "only together"
        return "substitutes" if one and one == other == -_sign(self.interaction) else "less together"


@dataclass(frozen=True)
class PairsAnswer:
    """Pairs of ground that were played.

    Attributes
    ----------
    campaigns
        Most campaigns that it could take.
    grounds
        Keys of the ground that was paired, as `area:KEY` and `place:KEY`.
    n_pairs
        Pairs without a common place.
    n_played, n_copied
        Campaigns played, and those that holding the ground could not touch.
    level
        Chance that all intervals hold together, at all looks.
    effects
        Every pair and outcome that is about neither, the clearest interaction first.
    """

    campaigns: int
    grounds: tuple[str, ...]
    n_pairs: int
    n_played: int
    n_copied: int
    level: float
    effects: tuple[PairEffect, ...]

    def that_are(self, verdict: Verdict) -> tuple[PairEffect, ...]:
        """Return the pairs and outcomes with a verdict."""
        return tuple(each for each in self.effects if each.verdict == verdict)

    @property
    def sentence(self) -> str:
        """The answer in words."""
        together, instead = self.that_are("only together"), self.that_are("substitutes")
        among = f"Of {self.n_pairs} pairs of ground"
        if not together and not instead:
            return f"{among} none is shown to matter only together, none to be substitutes."
        kinds = ((together, "matter only together"), (instead, "are substitutes"))
        return f"{among} {'; '.join(_named(found, words) for found, words in kinds if found)}."


class _Pair(NamedTuple):
    one: Ground
    other: Ground

    @property
    def keys(self) -> tuple[str, str]:
        return f"{self.one.kind}:{self.one.key}", f"{self.other.kind}:{self.other.key}"


class _Bill:
    """What pairs and their ground alone want, each once, and the most campaigns that takes."""

    def __init__(self, unions: Unions, n: int) -> None:
        self._unions = unions
        self._n = n
        self._total = max(n - unions.held.n_baseline, 0)
        self.wanted: dict[Union, range] = {}

    def add(self, pairs: Sequence[_Pair]) -> int:
        """Add pairs, and return what all takes."""
        for pair in pairs:
            for union in (self._unions.union(pair), *(self._unions.union([ground]) for ground in pair)):
                if union not in self.wanted:
                    self.wanted[union] = range(self._n)
                    self._total += self._unions.n_missing({union: range(self._n)})
        return self._total


def check(unions: Unions, campaigns: int, replicates: int) -> None:
    """Say beforehand that there is no pair to ask about, or that not even one can have its first look.

    Raises
    ------
    RunRefused
        So it is.
    """
    if not any(_is_asked(unions, _Pair(*two)) for two in combinations(unions.grounds, 2)):
        raise RunRefused("There is no pair to ask about: two pieces of ground without a common place, and an outcome elsewhere.")
    schedule = looks(replicates, FIRST_LOOK)
    least = len(unions.sides) * schedule[0]
    if least > _for_first_look(schedule, campaigns):
        needed = least if len(schedule) == 1 else math.ceil(least / FOR_FIRST_LOOK)
        raise RunRefused(f"A single pair of ground needs {needed} campaigns, more than {campaigns}.")


class Pairing:
    """Chooses pairs of ground within a number of campaigns, plays them and says what they do together.

    Parameters
    ----------
    by_worth, by_map
        Ground by worth and by what the map alone says of it; taken in turns, since ground that matters only together with other
        ground is worth nothing alone.
    replicates
        Most replicates of a pair.
    """

    def __init__(
        self, unions: Unions, by_worth: Sequence[Ground], by_map: Sequence[Ground], campaigns: int, replicates: int
    ) -> None:
        self._unions = unions
        self._looks = looks(replicates, FIRST_LOOK)
        self.campaigns = campaigns
        in_turns: dict[Union, Ground] = {}
        for ground in (g for both in zip_longest(by_worth, by_map) for g in both if g is not None):
            in_turns.setdefault(unions.union([ground]), ground)  # an area of one place is that place
        self._pairs = self._chosen(tuple(in_turns.values()), campaigns)
        self.grounds = tuple(dict.fromkeys(ground for pair in self._pairs for ground in pair))

    def allowance(self, seconds_each: float) -> Allowance:
        """Return what it may take, given how long a campaign took so far."""
        says = f"{len(self._pairs)} pairs of {len(self.grounds)} pieces of ground, up to {self._looks[-1]} replicates each"
        most = min(self.campaigns, _Bill(self._unions, self._looks[-1]).add(self._pairs))
        return Allowance(says, most, most * seconds_each)

    def answer(self) -> PairsAnswer:
        """Play pairs at each look, the clearest of those still open first, as long as the campaigns last."""
        n_played, n_copied = self._unions.n_played, self._unions.n_copied
        n_of = self._play()
        unions, sides = self._unions, tuple(combinations(self._unions.sides, 2))
        rows = [(pair, row) for pair in self._pairs for row in _rows(self._unions, pair)]
        level = level_of_each(len(self._looks), N_INTERVALS * max(len(rows) * len(sides), 1), LEVEL)
        found = [self._effect(pair, row, first, second, n_of[pair], level) for pair, row in rows for first, second in sides]
        effects = [each for each in found if each is not None]
        return PairsAnswer(
            campaigns=self.campaigns,
            grounds=tuple(f"{ground.kind}:{ground.key}" for ground in self.grounds),
            n_pairs=len(self._pairs),
            n_played=unions.n_played - n_played,
            n_copied=unions.n_copied - n_copied,
            level=LEVEL,
            effects=tuple(sorted(effects, key=_by_clearness)),
        )

    def _chosen(self, grounds: Sequence[Ground], campaigns: int) -> tuple[_Pair, ...]:
        """Return the pairs of as much ground, from the first on, as can have the first look."""
        chosen: list[_Pair] = []
        bill = _Bill(self._unions, self._looks[0])
        for n, ground in enumerate(grounds):
            fresh = [_Pair(*sorted((other, ground), key=_by_key)) for other in grounds[:n]]
            fresh = [pair for pair in fresh if _is_asked(self._unions, pair)]
            if bill.add(fresh) > _for_first_look(self._looks, campaigns):
                break
            chosen += fresh
        return tuple(chosen)

    def _play(self) -> Mapping[_Pair, int]:
        """Play, and return the replicates of each pair."""
        n_of = dict.fromkeys(self._pairs, 0)
        spent, still_open = 0, list(self._pairs)
        for n in self._looks:
            bill, affordable = _Bill(self._unions, n), list[_Pair]()
            for pair in still_open:
                if spent + bill.add([pair]) > self.campaigns:
                    break
                affordable.append(pair)
            bill = _Bill(self._unions, n)
            spent += bill.add(affordable)
            self._unions.play(bill.wanted)
            n_of |= dict.fromkeys(affordable, n)
            still_open = self._open(affordable, n)
        return n_of

    def _open(self, pairs: Sequence[_Pair], n: int) -> list[_Pair]:
        """Return pairs whose interaction shows but is not far beyond chance yet, the clearest first."""
        z = {pair: self._clearest(pair, n) for pair in pairs}
        return sorted((pair for pair in pairs if 0.0 < z[pair] < FAR_BEYOND_CHANCE), key=lambda pair: (-z[pair], pair.keys))

    def _clearest(self, pair: _Pair, n: int) -> float:
        """Return the largest interaction in standard errors; where all replicates agree, these say nothing, and it stays open."""
        largest = 0.0
        for first, second in combinations(self._unions.sides, 2):
            one, other, both = self._effects(pair, n, first, second)
            values = (both - one - other)[_rows(self._unions, pair)]
            mean, error = np.abs(values.mean(axis=1)), values.std(axis=1, ddof=1) / np.sqrt(n)
            shows = mean > ALIKE
            in_errors = np.where(error[shows] > ALIKE, mean[shows] / np.maximum(error[shows], ALIKE), FAR_BEYOND_CHANCE - 1.0)
            largest = max(largest, float(np.max(in_errors, initial=0.0)))
        return largest

    def _effects(self, pair: _Pair, n: int, first: str, second: str) -> tuple[Floats, Floats, Floats]:
        unions = self._unions
        one, other, both = (
            unions.effects(each, range(n), first, second)
            for each in (unions.union([pair.one]), unions.union([pair.other]), unions.union(pair))
        )
        return one, other, both

    def _effect(self, pair: _Pair, row: int, first: str, second: str, n: int, level: float) -> PairEffect | None:
        """Return what a pair does to an outcome, or nothing where some campaign leaves it undefined."""
        one, other, both = (each[row] for each in self._effects(pair, n, first, second))
        noun = self._unions.measurements[row].noun
        if np.isnan(one + other + both).any():
            return None
        return PairEffect(
            one_key=pair.keys[0],
            other_key=pair.keys[1],
            outcome=self._unions.outcomes[row].key,
            unit=noun.unit,
            first=first,
            second=second,
            one=of_combination(one, noun.kind, REACH_OF_EFFECT, level),
            other=of_combination(other, noun.kind, REACH_OF_EFFECT, level),
            both=of_combination(both, noun.kind, REACH_OF_EFFECT, level),
            interaction=of_combination(both - one - other, noun.kind, REACH_OF_INTERACTION, level),
        )


def _for_first_look(schedule: Sequence[int], campaigns: int) -> float:
    return campaigns if len(schedule) == 1 else FOR_FIRST_LOOK * campaigns


def _is_asked(unions: Unions, pair: _Pair) -> bool:
    return not set(pair.one.places) & set(pair.other.places) and bool(_rows(unions, pair))


def _rows(unions: Unions, pair: _Pair) -> list[int]:
    """Return the rows of outcomes that are about neither."""
    union = unions.union(pair)
    return [row for row in range(len(unions.outcomes)) if unions.is_elsewhere(union, row)]


def _by_key(ground: Ground) -> tuple[str, str]:
    return ground.kind, ground.key


def _sign(interval: Interval) -> int:
    """Return the sign of what is clear, 0 where it is not."""
    return (interval.low > 0.0) - (interval.high < 0.0)


def _by_clearness(effect: PairEffect) -> tuple[float, float, str, str, str]:
    interval = effect.interaction
    half = (interval.high - interval.low) / 2.0
    clear = -abs(interval.value) / half if half > 0.0 else 0.0
    return clear, -abs(interval.value), effect.one_key, effect.other_key, effect.outcome


def _named(found: Sequence[PairEffect], words: str) -> str:
    pairs: dict[tuple[str, str], PairEffect] = {}
    for each in found:
        pairs.setdefault((each.one_key, each.other_key), each)
    named = ", ".join(
        f"{_bare(one)} and {_bare(other)} ({effect.both.value:+.2g} {effect.outcome})"
        for (one, other), effect in list(pairs.items())[:MOST_NAMED]
    )
    more = f" and {len(pairs) - MOST_NAMED} more" if len(pairs) > MOST_NAMED else ""
    return f"{named}{more} {words}"


def _bare(key: str) -> str:
    return key.rpartition(":")[2]
