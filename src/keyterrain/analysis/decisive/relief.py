"""How much of the worth of ground the assumptions about relief carry together.

Every piece of ground is held by each side once more with all levers of relief (`analysis.relief_points`) at their joint weak and
strong end, and with all of them off: the same replicates on the same luck, and outcomes on the scales that they have as assumed.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from keyterrain.analysis.decisive.ground import Ground
from keyterrain.analysis.decisive.holding import Holdings
from keyterrain.analysis.decisive.unions import Allowance
from keyterrain.analysis.decisive.worth import Ranking, ranked, root
from keyterrain.analysis.interval import level_of_each
from keyterrain.analysis.relief_points import AS_ASSUMED, OFF, POINTS, STRONG, WEAK, Point, levers_at
from keyterrain.campaign.interventions import Interventions

Floats = NDArray[np.float64]
Differences = Callable[[Holdings, Ground], Floats]

DEFAULT_REPLICATES = 50
"""Replicates of ground at each point: those of the first look at ground (assumption)."""
LEVEL = 0.95
"""Chance that all limits at all points hold together, by custom."""
MOST_NAMED = 3
"""Pieces of ground that the sentence names; the rest is counted."""


@dataclass(frozen=True, slots=True)
class WorthAt:
    """Worth of ground with the levers at a point, with limits that hold for all ground and points together."""

    point: Point
    worth: float
    low: float
    high: float
    rank: int
    stands_out: bool | None


@dataclass(frozen=True, slots=True)
class GroundRelief:
    """What the levers carry of the worth of a piece of ground.

    Attributes
    ----------
    at
        As assumed, jointly weak, jointly strong, and off.
    swing
        What the worth moves from jointly weak to jointly strong mountains.
    carried
        What the levers add to it: as assumed less with all of them off.
    rests_on_it
        Whether it surely is another at some point than at some other: their limits lie apart.
    """

    ground: Ground
    at: tuple[WorthAt, ...]
    swing: float
    carried: float
    rests_on_it: bool

    @classmethod
    def of(cls, ground: Ground, at: tuple[WorthAt, ...]) -> GroundRelief:
        """Compare the points of a piece of ground."""
        worth = {each.point: each.worth for each in at}
        known = [each for each in at if not math.isnan(each.worth)]
        apart = bool(known) and max(each.low for each in known) > min(each.high for each in known)
        return cls(ground, at, worth[STRONG] - worth[WEAK], worth[AS_ASSUMED] - worth[OFF], apart)


@dataclass(frozen=True)
class ReliefOfGround:
    """What the levers carry of the worth of all ground that was asked about.

    Attributes
    ----------
    replicates
        Of each piece of ground with either side, at each point.
    n_played
        Replicates played for it; those as assumed were there.
    areas, places
        By their worth as assumed.
    """

    replicates: int
    n_played: int
    level: float
    levers: Mapping[Point, Mapping[str, float]]
    areas: tuple[GroundRelief, ...]
    places: tuple[GroundRelief, ...]

    @property
    def sentence(self) -> str:
        """The answer in words."""
        every = (*self.areas, *self.places)
        resting = sorted((each for each in every if each.rests_on_it), key=lambda each: -abs(each.swing))
        among = f"Of {len(every)} pieces of ground"
        if not resting:
            return f"{among} none is shown to be worth more or less by what is assumed of relief."
        named = ", ".join(f"{each.ground.name} ({each.swing:+.2g})" for each in resting[:MOST_NAMED])
        more = f" and {len(resting) - MOST_NAMED} more" if len(resting) > MOST_NAMED else ""
        rests = "rests" if len(resting) == 1 else "rest"
        return f"{among} the worth of {named}{more} {rests} on what is assumed of relief (weak to strong mountains in brackets)."


def relief_allowance(grounds: Sequence[Ground], n_sides: int, replicates: int, seconds_each: float) -> Allowance:
    """Return what asking about relief may take; ground of the same places is played once."""
    different = len({frozenset(ground.places) for ground in grounds})
    campaigns = (len(POINTS) - 1) * replicates * (1 + different * n_sides)
    says = f"Relief: {different} pieces of ground at {len(POINTS) - 1} more points, {replicates} replicates each"
    return Allowance(says, campaigns, campaigns * seconds_each)


def relief_of(held: Holdings, grounds: Sequence[Ground], differences: Differences, replicates: int, seed: int) -> ReliefOfGround:
    """Play ground with the levers at every point, and rank it at each.

    Parameters
    ----------
    held
        The ground as assumed; its first replicates are those of that point.
    differences
        Returns the scaled paired differences (effect, replicate) of ground.

    Raises
    ------
    ScenarioFaults, InterventionFaults, ElevationError
        A campaign cannot be played.
    """
    kinds = tuple(dict.fromkeys(ground.kind for ground in grounds))
    level = level_of_each(len(POINTS), len(kinds), LEVEL)
    found: dict[Point, dict[Ground, Floats]] = {}
    n_before, n_played = held.n_played, 0
    for point in POINTS:
        at_point = held if point == AS_ASSUMED else held.if_changed(_with_levers(point))
        at_point.extend(grounds, replicates)
        found[point] = {ground: differences(at_point, ground)[:, :replicates] for ground in grounds}
        n_played += at_point.n_played - (n_before if at_point is held else 0)
    alike = _comparable(found)
    rankings = {
        point: {kind: ranked({g: alike[point][g] for g in grounds if g.kind == kind}, seed, level) for kind in kinds}
        for point in POINTS
    }
    as_assumed = rankings[AS_ASSUMED]
    answers = {
        kind: tuple(
            GroundRelief.of(ground, tuple(_worth_at(point, rankings[point][kind], ground) for point in POINTS))
            for ground in as_assumed[kind].order
        )
        for kind in kinds
    }
    levers = {point: levers_at(point) for point in POINTS if point != AS_ASSUMED}
    return ReliefOfGround(replicates, n_played, LEVEL, levers, answers.get("area", ()), answers.get("place", ()))


def _comparable(found: Mapping[Point, Mapping[Ground, Floats]]) -> dict[Point, dict[Ground, Floats]]:
    """Leave out at every point the effects of ground that some replicate at some point does not define."""
    grounds = next(iter(found.values()))
    known = {ground: ~np.any([np.isnan(of[ground]).any(axis=1) for of in found.values()], axis=0) for ground in grounds}
    return {
        point: {ground: np.where(known[ground][:, None], each, np.nan) for ground, each in of.items()}
        for point, of in found.items()
    }


def _with_levers(point: Point) -> Interventions:
    return Interventions(settings={key: f"{value:g}" for key, value in levers_at(point).items()})


def _worth_at(point: Point, ranking: Ranking, ground: Ground) -> WorthAt:
    return WorthAt(
        point=point,
        worth=root(ranking.worth[ground]),
        low=root(ranking.low[ground]),
        high=root(ranking.high[ground]),
        rank=ranking.rank(ground),
        stands_out=ranking.stands_out[ground],
    )
