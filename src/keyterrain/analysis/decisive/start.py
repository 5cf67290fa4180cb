"""Ground that a side holds on the first evening alone: what another start changes elsewhere, and what asking that may cost.

The intervention is `start_holder` (docs/decisions/0023): the ground's garrison goes to its nearest other places, as many of the
new holder's mobile force come, and from then on everything takes its course. It is measured as holding is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from keyterrain.analysis.decisive.answer import StartAnswer
from keyterrain.analysis.decisive.ground import grounds_of
from keyterrain.analysis.decisive.worth import root

if TYPE_CHECKING:
    from datetime import date

    from keyterrain.analysis.decisive.answer import Effect
    from keyterrain.analysis.decisive.ground import Ground
    from keyterrain.analysis.decisive.worth import Ranking
    from keyterrain.theatre.scenario import Scenario

DEFAULT_REPLICATES = 100
"""Most replicates of each start with either side (assumption: half of what holding gets, since it is asked beside it)."""


@dataclass(frozen=True, slots=True)
class StartBudget:
    """What asking for the start may cost, at most.

    Attributes
    ----------
    n_grounds, n_sides, replicates
        Pieces of ground, sides that may have each of them at the start, and replicates of each.
    """

    n_grounds: int
    n_sides: int
    replicates: int

    @property
    def campaigns(self) -> int:
        """Most campaigns that are played for it."""
        return self.n_grounds * self.n_sides * self.replicates

    @property
    def sentence(self) -> str:
        """The budget in words."""
        return (
            f"Starts alone: up to {self.campaigns} campaigns ({self.n_grounds} pieces of ground, {self.n_sides} sides, up to "
            f"{self.replicates} replicates each), less those whose start stays as it is."
        )


def start_budget(scenario: Scenario, *, start: date | None, only: Sequence[str], replicates: int) -> StartBudget:
    """Return what asking for the start may cost, before anything is played; ground of the same places is played once.

    Raises
    ------
    RunRefused
        Ground that is not there.
    ScenarioFaults
        A start that is not covered.
    """
    situation = scenario.situation(start or scenario.default_start)
    different = {frozenset(ground.places) for ground in grounds_of(situation, only)}
    return StartBudget(len(different), sum(side.active for side in situation.sides), replicates)


def of_ranking(
    ground: Ground, ranking: Ranking, *, replicates: int, effects: tuple[Effect, ...], made: Mapping[str, float]
) -> StartAnswer:
    """Return what a ranking of starts says of ground."""
    return StartAnswer(
        worth=root(ranking.worth[ground]),
        low=root(ranking.low[ground]),
        high=root(ranking.high[ground]),
        rank=ranking.rank(ground),
        stands_out=ranking.stands_out[ground],
        replicates=replicates,
        effects=effects,
        made=made,
    )
