"""Which ground decides: every place and area in the hands of each side, and what that changes elsewhere.

    answer = decide(kt.load("qalamoun-2013"), replicates=200, seed=1)
    print(answer.sentence)

Replicates are played where it cannot be told yet whether ground stands out; the looks are fixed beforehand and their error is
shared out among them, as in docs/decisions/0017.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import combinations
from time import perf_counter
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from keyterrain.analysis.decisive.answer import DecisiveAnswer, Effect, GroundAnswer, OfItsSize, StartAnswer, Structure
from keyterrain.analysis.decisive.ground import Ground, grounds_of, random_areas, why_left_out
from keyterrain.analysis.decisive.holding import Held, Holdings, When
from keyterrain.analysis.decisive.pairs import Pairing, PairsAnswer
from keyterrain.analysis.decisive.pairs import check as check_pairs
from keyterrain.analysis.decisive.relief import ReliefOfGround, relief_allowance, relief_of
from keyterrain.analysis.decisive.sharing import ShapleyAnswer, Sharing
from keyterrain.analysis.decisive.start import of_ranking
from keyterrain.analysis.decisive.structure import Network
from keyterrain.analysis.decisive.taking import WATCHED_PER_REPLICATE, Watched, watch
from keyterrain.analysis.decisive.unions import Allowance, Unions
from keyterrain.analysis.decisive.worth import Ranking, ranked, root, scale_of, squared_worth
from keyterrain.analysis.interval import level_of_each, looks, narrowing, of_difference
from keyterrain.analysis.measures import Measurement
from keyterrain.campaign.errors import RunRefused
from keyterrain.campaign.variants import Stage
from keyterrain.theatre.faults import nearest
from keyterrain.theatre.outcomes import MEASURES

if TYPE_CHECKING:
    from keyterrain.campaign.chunks import Kernels
    from keyterrain.campaign.variants import Executor
    from keyterrain.theatre.nouns import Outcome, Situation
    from keyterrain.theatre.scenario import Scenario

Floats = NDArray[np.float64]

DEFAULT_REPLICATES = 1000
"""Most replicates of ground in the hands of each side (assumption: all ground of a theatre then takes minutes)."""
AREAS_AT_RANDOM = 8
"""Random areas beside those of each size (assumption: enough to see what is usual, not to tell the last tenth)."""
FIRST_LOOK = 50
"""Replicates at the first look, and of random areas (assumption: a share is then known to some 0.1)."""
LEVEL = 0.95
"""Chance that everything said holds together, by custom."""
TWO_SIDES = 2
KINDS = ("area", "place")


def decide(
    scenario: Scenario,
    *,
    start: date | None = None,
    days: int | None = None,
    replicates: int = DEFAULT_REPLICATES,
    seed: int = 0,
    only: Sequence[str] = (),
    outcomes: Sequence[str] = (),
    areas_at_random: int = AREAS_AT_RANDOM,
    start_replicates: int = 0,
    shapley: int | None = None,
    pairs: int | None = None,
    relief: int = 0,
    announce: Callable[[Allowance], None] | None = None,
    executor: Executor | None = None,
    kernels: Kernels | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> DecisiveAnswer:
    """Play every place and named area in the hands of each active side on common luck, and rank them by what that changes.

    Parameters
    ----------
    start, days
        First evening and number of days; the scenario's own by default.
    replicates
        Most replicates of each piece of ground in the hands of each side.
    only
        Keys of places and areas; all by default.
    outcomes
        Keys of the outcomes that are looked at; all by default.
    areas_at_random
        Random connected areas beside the areas of each size.
    start_replicates
        Most replicates of ground that each side holds on the first evening alone; 0: not asked (see `start_budget`).
    shapley, pairs
        Most campaigns to share out among areas what they change together, and to play pairs of ground; neither by default.
    relief
        Replicates of all ground with the assumptions about relief at each of their joint points; 0: not asked.
    announce
        Told what each of these may take, before it is played.

    Raises
    ------
    RunRefused
        Ground or an outcome that is not there, fewer than two active sides, or too few campaigns for what is asked.
    ScenarioFaults
        A start that is not covered.
    """
    start, days = start or scenario.default_start, days or scenario.days
    situation = scenario.situation(start)
    asked = _Asked.of(scenario, situation, only, outcomes)
    at_random = _at_random(asked.grounds, situation, areas_at_random, seed)
    held = Holdings(
        Stage(scenario, seed=seed, executor=executor, kernels=kernels),
        [*asked.grounds, *at_random],
        list(asked.measurements),
        asked.sides,
        start=start,
        days=days,
        progress=progress,
    )
    together = _Together(Unions(held, asked.grounds, asked.outcomes, situation, progress), replicates, announce)
    sharing = together.sharing(shapley, seed)
    together.check(pairs)
    schedule = looks(replicates, FIRST_LOOK)
    held.extend((), schedule[0])  # what is compiled on first use says nothing of how long a campaign takes
    n_before, began = held.n_played, perf_counter()
    rankings = _spend(held, asked, schedule, seed)
    starts = _starts(held, asked, start_replicates, seed) if start_replicates else {}
    held.extend(at_random, min(FIRST_LOOK, replicates))
    watched = watch(held, WATCHED_PER_REPLICATE * replicates)
    scales = asked.scales(held)
    by_chance = {ground: squared_worth(asked.differences(held, ground, scales)) for ground in at_random}
    level = level_of_each(len(schedule), len(asked.grounds) * len(asked.outcomes) * len(asked.pairs), LEVEL)
    network = Network(situation)
    answers = {
        kind: tuple(
            _answer(ground, ranking, held, asked, level, by_chance, network.structure(ground), watched, starts.get(ground))
            for ground in ranking.order
        )
        for kind, ranking in rankings.items()
    }
    n_played, n_copied = held.n_played, held.n_copied
    seconds_each = (perf_counter() - began) / max(n_played - n_before, 1)
    if relief and announce is not None:
        announce(relief_allowance(asked.grounds, len(asked.sides), relief, seconds_each))
    return DecisiveAnswer(
        scenario=scenario.name,
        title=scenario.title,
        start=start,
        days=days,
        seed=seed,
        budget=replicates,
        level=LEVEL,
        sides={side.key: side.name for side in situation.sides if side.active},
        outcomes=asked.outcomes,
        areas=answers["area"],
        places=answers["place"],
        typical_area=root(rankings["area"].typical),
        typical_place=root(rankings["place"].typical),
        n_played=n_played,
        n_copied=n_copied,
        corridor_ways=network.ways,
        start_budget=start_replicates,
        n_watched=watched.n,
        shapley=together.shared_out(sharing, seconds_each),
        relief=_relief(held, asked, relief, scales, seed) if relief else None,
        pairs=together.paired(pairs, (*answers["area"], *answers["place"]), seconds_each),
    )


def refuse_what_is_not_there(scenario: Scenario, start: date | None, only: Sequence[str], outcomes: Sequence[str]) -> None:
    """Say everything that is asked of a scenario and not there, at once.

    Raises
    ------
    RunRefused
        Ground or an outcome that is not there, or fewer than two active sides.
    ScenarioFaults
        A start that is not covered.
    """
    _Asked.of(scenario, scenario.situation(start or scenario.default_start), only, outcomes)


@dataclass(frozen=True)
class _Together:
    """What is asked of several pieces of ground together, each within a number of campaigns that is said beforehand."""

    unions: Unions
    replicates: int
    announce: Callable[[Allowance], None] | None

    def sharing(self, campaigns: int | None, seed: int) -> Sharing | None:
        return None if campaigns is None else Sharing(self.unions, campaigns, seed)

    def check(self, campaigns: int | None) -> None:
        if campaigns is not None:
            check_pairs(self.unions, campaigns, self.replicates)

    def shared_out(self, sharing: Sharing | None, seconds_each: float) -> ShapleyAnswer | None:
        if sharing is None:
            return None
        self._say(sharing.allowance(seconds_each))
        return sharing.share_out()

    def paired(self, campaigns: int | None, answers: Sequence[GroundAnswer], seconds_each: float) -> PairsAnswer | None:
        """Play pairs of the ground that is worth most, and of that which most ways pass."""
        if campaigns is None:
            return None
        by_worth = sorted(answers, key=lambda each: (-(0.0 if math.isnan(each.worth) else each.worth), each.ground.key))
        by_map = sorted(answers, key=lambda each: (-each.structure.betweenness, each.ground.key))
        grounds = ([each.ground for each in by_worth], [each.ground for each in by_map])
        pairing = Pairing(self.unions, *grounds, campaigns, self.replicates)
        self._say(pairing.allowance(seconds_each))
        return pairing.answer()

    def _say(self, allowance: Allowance) -> None:
        if self.announce is not None:
            self.announce(allowance)


@dataclass(frozen=True)
class _Asked:
    """What is asked: ground, outcomes and sides, and which outcomes say nothing about which ground."""

    situation: Situation
    grounds: tuple[Ground, ...]
    outcomes: tuple[Outcome, ...]
    sides: tuple[str, ...]
    measurements: tuple[Measurement, ...] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "measurements", tuple(Measurement.of_outcome(each) for each in self.outcomes))

    @classmethod
    def of(cls, scenario: Scenario, situation: Situation, only: Sequence[str], outcomes: Sequence[str]) -> _Asked:
        """Read what is asked, and say everything that is not there at once."""
        faults: list[str] = []
        grounds: tuple[Ground, ...] = ()
        chosen: tuple[Outcome, ...] = ()
        sides = tuple(sorted(side.key for side in situation.sides if side.active))
        try:
            grounds = grounds_of(situation, only)
        except RunRefused as refused:
            faults.append(str(refused))
        try:
            chosen = _outcomes(scenario.outcomes, outcomes)
        except RunRefused as refused:
            faults.append(str(refused))
        if len(sides) < TWO_SIDES:
            faults.append("Ground is held by one active side or another: fewer than two sides are active.")
        if faults:
            raise RunRefused(" ".join(faults))
        return cls(situation, grounds, chosen, sides)

    @property
    def pairs(self) -> tuple[tuple[str, str], ...]:
        """Pairs of sides that are held against each other."""
        return tuple(combinations(self.sides, 2))

    def left_out(self, ground: Ground) -> tuple[str, ...]:
        """Return why each outcome does not count for ground, empty where it does."""
        return tuple(why_left_out(each, ground, self.situation) for each in self.measurements)

    def scales(self, held: Holdings) -> tuple[float, ...]:
        """Return what effects on each outcome are divided by."""
        values = [held.if_held(Held(ground, side)) for ground in self.grounds for side in self.sides]
        return tuple(scale_of(each.noun.kind, [rows[i] for rows in values]) for i, each in enumerate(self.measurements))

    def differences(self, held: Holdings, ground: Ground, scales: Sequence[float], when: When = "throughout") -> Floats:
        """Return the scaled paired differences (pair and outcome, replicate), nan throughout where one does not count."""
        out = np.array([bool(why) for why in self.left_out(ground)])
        rows = []
        for first, second in self.pairs:
            differences = held.if_held(Held(ground, first, when)) - held.if_held(Held(ground, second, when))
            rows.append(np.where(out[:, None], np.nan, differences / np.array(scales)[:, None]))
        return np.concatenate(rows)


def _spend(held: Holdings, asked: _Asked, schedule: Sequence[int], seed: int, when: When = "throughout") -> dict[str, Ranking]:
    """Play ground until it is clear whether it stands out, or the budget ends; return the ranking of each kind."""
    level = level_of_each(len(schedule), len(KINDS), LEVEL)
    rankings: dict[str, Ranking] = {}
    still_open: Sequence[Ground] = asked.grounds
    for n in schedule:
        held.extend(still_open, n, when)
        scales = asked.scales(held)
        for kind in KINDS:
            differences = {g: asked.differences(held, g, scales, when) for g in asked.grounds if g.kind == kind}
            rankings[kind] = ranked(differences, seed, level)
        still_open = [g for ranking in rankings.values() for g in ranking.order if ranking.is_open(g)]
        if not still_open:
            break
    return rankings


def _starts(held: Holdings, asked: _Asked, replicates: int, seed: int) -> dict[Ground, StartAnswer]:
    """Play ground that is held at the start alone, as `_spend` does, and return what that does."""
    schedule = looks(replicates, FIRST_LOOK)
    rankings = _spend(held, asked, schedule, seed, "start")
    level = level_of_each(len(schedule), len(asked.grounds) * len(asked.outcomes) * len(asked.pairs), LEVEL)
    return {
        ground: of_ranking(
            ground,
            ranking,
            replicates=held.if_held(Held(ground, asked.sides[0], "start")).shape[1],
            effects=_effects(ground, held, asked, level, "start"),
            made={side: held.share_made(Held(ground, side, "start")) for side in asked.sides},
        )
        for ranking in rankings.values()
        for ground in ranking.order
    }


def _relief(held: Holdings, asked: _Asked, replicates: int, scales: Sequence[float], seed: int) -> ReliefOfGround:
    """Ask again with the levers of relief at their points, on the scales that outcomes have as assumed."""
    return relief_of(held, asked.grounds, lambda at_point, ground: asked.differences(at_point, ground, scales), replicates, seed)


def _at_random(grounds: Sequence[Ground], situation: Situation, n: int, seed: int) -> tuple[Ground, ...]:
    sizes = sorted({len(ground.places) for ground in grounds if ground.kind == "area"})
    return tuple(area for size in sizes if n for area in random_areas(situation, size, n, seed))


def _answer(
    ground: Ground,
    ranking: Ranking,
    held: Holdings,
    asked: _Asked,
    level: float,
    by_chance: Mapping[Ground, float],
    structure: Structure,
    watched: Watched,
    start: StartAnswer | None,
) -> GroundAnswer:
    rank_low, rank_high = ranking.middle(ground)
    return GroundAnswer(
        ground=ground,
        worth=root(ranking.worth[ground]),
        low=root(ranking.low[ground]),
        high=root(ranking.high[ground]),
        rank=ranking.rank(ground),
        rank_low=rank_low,
        rank_high=rank_high,
        p_first=ranking.p_first(ground),
        stands_out=ranking.stands_out[ground],
        replicates=held.if_held(Held(ground, asked.sides[0])).shape[1],
        effects=_effects(ground, held, asked, level),
        structure=structure,
        size=_of_its_size(ground, ranking.worth[ground], held, asked, by_chance),
        taking=watched.taking(ground),
        start=start,
    )


def _effects(ground: Ground, held: Holdings, asked: _Asked, level: float, when: When = "throughout") -> tuple[Effect, ...]:
    left_out, nothing = asked.left_out(ground), held.if_nothing_is_held(ground)
    effects = []
    for first, second in asked.pairs:
        one, other = held.if_held(Held(ground, first, when)), held.if_held(Held(ground, second, when))
        base = nothing[:, : one.shape[1]]
        for i, (outcome, measurement) in enumerate(zip(asked.outcomes, asked.measurements, strict=True)):
            kind = measurement.noun.kind
            undefined = "undefined in some campaigns" if np.isnan(one[i] - other[i]).any() else ""
            effects.append(
                Effect(
                    outcome=outcome.key,
                    first=first,
                    second=second,
                    unit=MEASURES[outcome.measure].unit,
                    interval=of_difference(one[i], other[i], kind, level),
                    if_first=of_difference(one[i], base[i], kind, level),
                    if_second=of_difference(other[i], base[i], kind, level),
                    left_out=left_out[i] or undefined,
                    narrowing=narrowing(one[i], other[i]),
                )
            )
    return tuple(effects)


def _of_its_size(
    ground: Ground, worth: float, held: Holdings, asked: _Asked, by_chance: Mapping[Ground, float]
) -> OfItsSize | None:
    """Return how an area stands beside random ones with as many places, none of which it is itself."""
    if ground.kind != "area":
        return None
    others = [
        (area, each)
        for area, each in by_chance.items()
        if len(area.places) == len(ground.places) and set(area.places) != set(ground.places) and not math.isnan(each)
    ]
    if not others:
        return None
    squares = np.array([each for _, each in others])
    return OfItsSize(
        n=len(others),
        replicates=held.if_held(Held(others[0][0], asked.sides[0])).shape[1],
        typical=root(float(np.median(squares))),
        largest=root(float(squares.max())),
        share_below=float((squares < worth).mean()),
    )


def _outcomes(known: Sequence[Outcome], wanted: Sequence[str]) -> tuple[Outcome, ...]:
    if not known:
        raise RunRefused("The scenario has no outcomes that ground could decide: define some in scenario.yaml.")
    keys = [outcome.key for outcome in known]
    faults = []
    for key in wanted:
        if key not in keys:
            found = nearest(key, keys)
            faults.append(f"There is no outcome {key}{f'; did you mean {found}?' if found else '.'}")
    if faults:
        raise RunRefused(" ".join(faults))
    return tuple(outcome for outcome in known if not wanted or outcome.key in wanted)
