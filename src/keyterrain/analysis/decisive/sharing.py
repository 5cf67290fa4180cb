"""What holding several areas together changes elsewhere, shared out among them: their Shapley values.

    v(S) = mean of an outcome if the first side holds all ground in S, less the mean if the second does

Each outcome has a game of its own. Its players are the areas that have none of the places it is about, so that it is measured at
the same places whichever areas are held: that makes it a game, in which the values of all players sum up to what holding them
all changes. Each replicate has an order of the areas of its own, and its reverse; with few players all coalitions are played.
See docs/decisions/0024.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from keyterrain.analysis.decisive.ground import Ground
from keyterrain.analysis.decisive.shapley import Coalition, Game, along, both_ways, coalitions, exact, left_over, mean_marginals
from keyterrain.analysis.decisive.unions import Allowance, Union, Unions, of_combination
from keyterrain.analysis.interval import Interval, level_of_each
from keyterrain.campaign.errors import RunRefused
from keyterrain.campaign.resampling import orders

Floats = NDArray[np.float64]

DEFAULT_CAMPAIGNS = 20_000
"""Most campaigns to share out what areas change (assumption: some minutes in a theatre of 170 places)."""
EXACT_UP_TO = 4
"""Players up to which all coalitions are played in each replicate: at most twice as many as along an order and back."""
LEAST_REPLICATES = 20
"""Replicates, each with its orders, below which values are not given (assumption: their intervals would say nothing)."""
MOST_REPLICATES = 1_000
LEAST_PLAYERS = 2
LEVEL = 0.95
"""Chance that the intervals of all values hold together, by custom."""
SHOWN_AFTER = (0.25, 0.5, 1.0)
"""Shares of the replicates after which values are shown, so that one sees whether they still move."""
ONE_BY_ONE = 2.0
"""A campaign played alone takes so many times as long as one of 25 played together (flagship, two cores: 45 ms against 20)."""
REACH_OF_VALUE, REACH_OF_EFFECT = 2.0, 1.0
"""How large a value or an effect of a share or a chance can be: a value is the mean of differences between two effects."""


@dataclass(frozen=True, slots=True)
class Share:
    """The Shapley value of an area for an outcome.

    Attributes
    ----------
    first, second
        The sides; values are of the mean if `first` holds ground less the mean if `second` does.
    interval
        Value with an interval that holds for all values together.
    after
        Value after a quarter, half and all of the replicates.
    """

    ground: str
    outcome: str
    first: str
    second: str
    interval: Interval
    after: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class SharedOutcome:
    """An outcome shared out among areas.

    Attributes
    ----------
    players
        Keys of the areas, none of which has a place that the outcome is about.
    is_exact
        Whether all coalitions were played in each replicate, rather than two orders.
    together
        What holding all of them changes, of which `shares` are the parts.
    left_over
        The largest part of it, in any replicate, that the values do not account for; rounding alone.
    shares
        One for each player, the largest first.
    """

    outcome: str
    unit: str
    first: str
    second: str
    players: tuple[str, ...]
    is_exact: bool
    together: Interval
    left_over: float
    shares: tuple[Share, ...]


@dataclass(frozen=True)
class ShapleyAnswer:
    """What areas change together, shared out among them.

    Attributes
    ----------
    campaigns
        Most campaigns that it could take.
    replicates
        Replicates, each with orders of its own.
    n_played, n_copied
        Campaigns played, and those that holding the ground could not touch.
    level
        Chance that all intervals hold together.
    shared
        By outcome and pair of sides; an outcome that some campaign leaves undefined, or that is elsewhere of fewer than two
        areas, is not shared out.
    """

    campaigns: int
    replicates: int
    n_played: int
    n_copied: int
    level: float
    shared: tuple[SharedOutcome, ...]

    def of(self, ground: str, outcome: str, first: str, second: str) -> Share | None:
        """Return the value of an area, or nothing where the outcome is about it or is not shared out."""
        found = (
            share
            for each in self.shared
            if (each.outcome, each.first, each.second) == (outcome, first, second)
            for share in each.shares
            if share.ground == ground
        )
        return next(found, None)


@dataclass(frozen=True)
class _GameOf:
    """The players of some outcomes, by row."""

    players: tuple[str, ...]
    outcomes: tuple[int, ...]

    @property
    def is_exact(self) -> bool:
        return len(self.players) <= EXACT_UP_TO

    def ways(self, order: Sequence[str]) -> tuple[tuple[str, ...], ...]:
        """Return the orders of its players in a replicate whose order of all areas is given."""
        return both_ways([key for key in order if key in self.players])

    def coalitions(self, order: Sequence[str]) -> Iterator[Coalition]:
        """Yield the coalitions that have to be played in a replicate."""
        if self.is_exact:
            yield from coalitions(self.players)
        else:
            for way in self.ways(order):
                yield from along(way)

    def shared(self, game: Game, order: Sequence[str]) -> dict[str, Floats]:
        """Return what each player gets in a replicate."""
        return exact(game, self.players) if self.is_exact else mean_marginals(game, self.ways(order))


class Sharing:
    """Plans, within a number of campaigns, how outcomes are shared out among areas, and does it.

    Raises
    ------
    RunRefused
        Too few campaigns, or no outcome that is elsewhere of two areas.
    """

    def __init__(self, unions: Unions, campaigns: int, seed: int) -> None:
        self._unions = unions
        self._areas = {ground.key: ground for ground in unions.grounds if ground.kind == "area"}
        self._games = _games(unions, tuple(self._areas.values()))
        if not self._games:
            raise RunRefused("Nothing can be shared out: no outcome lies elsewhere than two of the areas asked about.")
        self._orders: tuple[tuple[str, ...], ...] = ()
        self._wanted: dict[Union, list[int]] = {}
        self.campaigns = 0
        self._plan(campaigns, orders(seed, self._areas, MOST_REPLICATES))

    def allowance(self, seconds_each: float) -> Allowance:
        """Return what it may take, given how long a campaign took so far."""
        n = sum(len(game.outcomes) for game in self._games)
        most = max(len(game.players) for game in self._games)
        fewest = min(len(game.players) for game in self._games)
        among = f"{most}" if most == fewest else f"{fewest} to {most}"
        how = "all coalitions" if all(game.is_exact for game in self._games) else "two orders each"
        outcomes = f"{n} outcome{'s' if n > 1 else ''}"
        says = f"Shapley values of {among} areas for {outcomes}, {len(self._orders)} replicates with {how}"
        missing = self._unions.n_missing(self._wanted) + max(len(self._orders) - self._unions.held.n_baseline, 0)
        return Allowance(says, missing, missing * ONE_BY_ONE * seconds_each)

    def share_out(self) -> ShapleyAnswer:
        """Play what was planned, and share out."""
        unions = self._unions
        n_played, n_copied = unions.n_played, unions.n_copied
        unions.play(self._wanted)
        pairs = tuple(combinations(unions.sides, 2))
        level = level_of_each(1, sum(len(game.players) * len(game.outcomes) for game in self._games) * len(pairs), LEVEL)
        shared = [each for game in self._games for first, second in pairs for each in self._of_game(game, first, second, level)]
        rows = {outcome.key: i for i, outcome in enumerate(unions.outcomes)}
        return ShapleyAnswer(
            campaigns=self.campaigns,
            replicates=len(self._orders),
            n_played=unions.n_played - n_played,
            n_copied=unions.n_copied - n_copied,
            level=LEVEL,
            shared=tuple(sorted(shared, key=lambda each: (rows[each.outcome], each.first, each.second))),
        )

    def _plan(self, campaigns: int, drawn: Sequence[tuple[str, ...]]) -> None:
        """Take as many replicates as the campaigns allow even if none of them is known without playing."""
        n_sides, n, spent = len(self._unions.sides), 0, 0
        for r, order in enumerate(drawn):
            unions = self._unions_of(order)
            spent += len(unions) * n_sides + 1  # and the campaign in which nothing is held
            if spent > campaigns:
                break
            n, self.campaigns = r + 1, spent
            for union in unions:
                self._wanted.setdefault(union, []).append(r)
        if n < LEAST_REPLICATES:
            needed = sum(len(self._unions_of(order)) * n_sides + 1 for order in drawn[:LEAST_REPLICATES])
            raise RunRefused(
                f"Shapley values of these {len(self._areas)} areas need {needed} campaigns at least, more than {campaigns}: "
                "allow more, or ask about fewer areas or outcomes."
            )
        self._orders = tuple(drawn[:n])

    def _unions_of(self, order: Sequence[str]) -> frozenset[Union]:
        found = {self._union(coalition) for game in self._games for coalition in game.coalitions(order)}
        return frozenset(found - {0})

    def _union(self, coalition: Coalition) -> Union:
        return self._unions.union(self._areas[key] for key in coalition)

    def _of_game(self, game: _GameOf, first: str, second: str, level: float) -> Iterator[SharedOutcome]:
        values: list[dict[str, Floats]] = []
        left: list[float] = []
        together: list[Floats] = []
        for r, order in enumerate(self._orders):
            effect = self._effects_in(game, r, first, second)
            values.append(game.shared(effect, order))
            left.append(left_over(values[-1], effect))
            together.append(effect(frozenset(game.players)))
        for i, row in enumerate(game.outcomes):
            joint = np.array([each[i] for each in together])
            of_players = {player: np.array([each[player][i] for each in values]) for player in game.players}
            if np.isnan(list(of_players.values())).any():
                continue
            yield self._of_outcome(game, row, first, second, level, joint, of_players, max(left))

    def _effects_in(self, game: _GameOf, replicate: int, first: str, second: str) -> Game:
        """Return the game of one replicate."""
        rows = list(game.outcomes)

        def effect(coalition: Coalition) -> Floats:
            return self._unions.effects(self._union(coalition), [replicate], first, second)[rows, 0]

        return effect

    def _of_outcome(
        self,
        game: _GameOf,
        row: int,
        first: str,
        second: str,
        level: float,
        joint: Floats,
        of_players: Mapping[str, Floats],
        left: float,
    ) -> SharedOutcome:
        noun, outcome = self._unions.measurements[row].noun, self._unions.outcomes[row].key
        shares = [
            Share(outcome=outcome, ground=player, first=first, second=second, interval=interval, after=_after(values))
            for player, values in of_players.items()
            for interval in [of_combination(values, noun.kind, REACH_OF_VALUE, level)]
        ]
        return SharedOutcome(
            outcome=outcome,
            unit=noun.unit,
            first=first,
            second=second,
            players=game.players,
            is_exact=game.is_exact,
            together=of_combination(joint, noun.kind, REACH_OF_EFFECT, level),
            left_over=left,
            shares=tuple(sorted(shares, key=lambda share: (-abs(share.interval.value), share.ground))),
        )


def _games(unions: Unions, areas: Sequence[Ground]) -> tuple[_GameOf, ...]:
    """Return the games, outcomes with the same players together."""
    rows_of: dict[tuple[str, ...], list[int]] = {}
    for row in range(len(unions.outcomes)):
        players = tuple(sorted(area.key for area in areas if unions.is_elsewhere(unions.union([area]), row)))
        if len(players) >= LEAST_PLAYERS:
            rows_of.setdefault(players, []).append(row)
    return tuple(_GameOf(players, tuple(rows)) for players, rows in rows_of.items())


def _after(values: Floats) -> tuple[float, ...]:
    return tuple(float(values[: max(round(share * len(values)), 1)].mean()) for share in SHOWN_AFTER)
