"""How much of an answer the assumptions about relief carry together.

That mountains are hard to take is no result (`relief_points`). A claim about mountains is therefore answered again with all
levers together at the ends of their ranges, and with all of them off, on the same luck.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from keyterrain.analysis.claims import ClaimAnswer, ClaimAnswers, answer_claims, chosen
from keyterrain.analysis.relief_points import AS_ASSUMED, OFF, POINTS, STRONG, WEAK, Point, levers_at
from keyterrain.campaign.errors import RunRefused
from keyterrain.theatre.claims import RELIEF, Change, Claim, Comparison, Reading, Whichever
from keyterrain.theatre.outcomes import MEASURES

if TYPE_CHECKING:
    from keyterrain.campaign.chunks import Kernels
    from keyterrain.campaign.ensemble import Run
    from keyterrain.campaign.variants import Executor
    from keyterrain.theatre.scenario import Scenario

DEFAULT_REPLICATES = 250
"""Of each campaign at each point (assumption: a chance of one half is then known to 0.06)."""


@dataclass(frozen=True, slots=True)
class ReliefPoint:
    """The four levers at one point, and what the claim's answer is there."""

    point: Point
    levers: Mapping[str, float] | None
    """None where they are drawn, as in every campaign."""
    answer: ClaimAnswer


@dataclass(frozen=True, slots=True)
class ReliefShare:
    """What the levers carry of the answer to one claim.

    Attributes
    ----------
    points
        As assumed, with mountains jointly weak, jointly strong, and with none of the levers, all with as many replicates.
    """

    claim: Claim
    points: tuple[ReliefPoint, ...]

    def of(self, point: Point) -> ClaimAnswer:
        """Return the answer at a point."""
        return next(each.answer for each in self.points if each.point == point)

    def estimate(self, point: Point) -> float:
        """Return the estimate of the claim's leading part at a point, the same part throughout; nan where undefined."""
        leading = self.of(AS_ASSUMED).deciding
        if leading is None:
            return math.nan
        return self.of(point).parts[self.of(AS_ASSUMED).parts.index(leading)].interval.value

    @property
    def swing(self) -> float:
        """What the estimate moves from jointly weak to jointly strong mountains."""
        return self.estimate(STRONG) - self.estimate(WEAK)

    @property
    def carried(self) -> float:
        """What the levers add to the estimate: as assumed less with all of them off."""
        return self.estimate(AS_ASSUMED) - self.estimate(OFF)

    @property
    def rests_on_it(self) -> bool:
        """Whether the verdict is another at some point than as assumed, at equal replicates."""
        return len({each.answer.verdict for each in self.points}) > 1


@dataclass(frozen=True, slots=True)
class ReliefShares:
    """What the levers carry of the answers to the claims of a scenario, with the budget and seed of their campaigns."""

    scenario: str
    seed: int
    replicates: int
    n_played: int
    shares: tuple[ReliefShare, ...]


def about_relief(scenario: Scenario, only: Sequence[str] = ()) -> tuple[Claim, ...]:
    """Return the claims that say that they are about relief and are asked of campaigns, of those chosen."""
    return tuple(claim for claim in chosen(scenario.claims, only) if claim.about == RELIEF and _is_played(claim))


def relief_shares(
    scenario: Scenario,
    *,
    only: Sequence[str] = (),
    every: bool = False,
    replicates: int = DEFAULT_REPLICATES,
    seed: int = 0,
    run: Run | None = None,
    executor: Executor | None = None,
    kernels: Kernels | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> ReliefShares:
    """Answer claims with the levers as assumed, jointly weak, jointly strong and off.

    Parameters
    ----------
    only
        Keys of the claims to answer; all by default.
    every
        Whether to ask also those that are not marked as being about relief.
    replicates
        Of each campaign at each point.
    run
        A stored run whose start, length and seed are taken.

    Raises
    ------
    RunRefused
        A claim that is not there, or none that campaigns could answer.
    """
    asked = chosen(scenario.claims, only) if every else about_relief(scenario, only)
    asked = tuple(claim for claim in asked if _is_played(claim))
    if not asked:
        raise RunRefused("No claim that was asked for is put to campaigns, so the assumptions about relief carry none of them.")
    answers: dict[Point, ClaimAnswers] = {}
    for point in POINTS:
        claims = tuple(with_levers(claim, levers_at(point)) for claim in asked)
        answers[point] = answer_claims(
            replace(scenario, claims=claims),
            budget=replicates,
            seed=seed,
            run=run,
            executor=executor,
            kernels=kernels,
            progress=progress,
        )
    shares = tuple(
        ReliefShare(
            claim, tuple(ReliefPoint(point, levers_at(point) or None, each.of(claim.key)) for point, each in answers.items())
        )
        for claim in asked
    )
    played = sum(each.n_played for each in answers.values())
    return ReliefShares(scenario.name, answers[AS_ASSUMED].seed, replicates, played, shares)


def with_levers(claim: Claim, levers: Mapping[str, float]) -> Claim:
    """Return a claim asked of campaigns with levers set; what a campaign of the claim sets itself stays as it is."""
    return replace(claim, parts=tuple(_part_with(part, levers) for part in claim.parts))


def _part_with(part: Comparison | Whichever, levers: Mapping[str, float]) -> Comparison | Whichever:
    if isinstance(part, Whichever):
        return Whichever(tuple(_comparison_with(each, levers) for each in part.of))
    return _comparison_with(part, levers)


def _comparison_with(comparison: Comparison, levers: Mapping[str, float]) -> Comparison:
    than = _reading_with(comparison.than, levers) if comparison.than is not None else None
    return replace(comparison, reading=_reading_with(comparison.reading, levers), than=than)


def _reading_with(reading: Reading, levers: Mapping[str, float]) -> Reading:
    if reading.contrast is None:
        return replace(reading, given=_change_with(reading.given, levers, ()))
    own = [key for key, _ in reading.given.set]
    first, second = (_change_with(change, levers, own) for change in reading.contrast)
    return replace(reading, contrast=(first, second))


def _change_with(change: Change, levers: Mapping[str, float], also_set: Sequence[str]) -> Change:
    own = {*also_set, *(key for key, _ in change.set)}
    return change.with_more(Change(set=tuple((key, f"{value:g}") for key, value in levers.items() if key not in own)))


def _is_played(claim: Claim) -> bool:
    comparisons = [each for part in claim.parts for each in (part.of if isinstance(part, Whichever) else (part,))]
    return any(MEASURES[each.reading.measure].basis == "runs" for each in comparisons)
