"""What the question which ground decides comes to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from keyterrain.analysis.decisive.ground import Ground
from keyterrain.analysis.interval import Interval
from keyterrain.theatre.nouns import Outcome


@dataclass(frozen=True, slots=True)
class Effect:
    """How an outcome outside the ground differs when one side rather than another holds it throughout.

    Attributes
    ----------
    outcome
        Key of the outcome.
    first, second
        The sides; the effect is the mean if `first` holds the ground less the mean if `second` does.
    unit
        Unit of the outcome and its effect.
    interval
        Paired difference, with an interval that holds for all ground, outcomes and looks together.
    if_first, if_second
        Paired difference of either from the campaign in which nothing is held, with intervals of the same kind.
    counts
        Whether it enters the worth: only what every replicate defines does.
    """

    outcome: str
    first: str
    second: str
    unit: str
    interval: Interval
    if_first: Interval
    if_second: Interval
    counts: bool


@dataclass(frozen=True, slots=True)
class OfItsSize:
    """An area beside random connected areas with as many places.

    Attributes
    ----------
    n
        Random areas.
    typical, largest
        Median and largest worth among them.
    share_below
        Share of them that is worth less than the area.
    """

    n: int
    typical: float
    largest: float
    share_below: float


@dataclass(frozen=True, slots=True)
class Taking:
    """What it takes a side to take a place, in the campaign in which nothing is held.

    Attributes
    ----------
    p_assaulted
        Share of replicates with an assault of the side on the place.
    force, losses
        Fighters sent in the first assault, and lost until it ends, means over the replicates with one; nan without.
    """

    side: str
    p_assaulted: float
    force: float
    losses: float


@dataclass(frozen=True, slots=True)
class Structure:
    """What the map alone says of ground, whatever is played.

    Attributes
    ----------
    betweenness
        Share of shortest ways by hours of travel between other places that pass it.
    ways_lost
        By corridor the share of ways without a common road between its ends that closing the ground would take away.
    observed
        By corridor the share of the length of its roads that is seen from the ground.
    """

    betweenness: float
    ways_lost: Mapping[str, float]
    observed: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class GroundAnswer:
    """What holding a piece of ground does.

    Attributes
    ----------
    worth, low, high
        Worth (see `worth`) with limits that hold for all ground of its kind together.
    rank
        By worth, among ground of its kind; 1 is the first.
    rank_low, rank_high, p_first
        Middle 90 % of the rank, and how often it is first, when replicates are resampled.
    stands_out
        Whether it surely is worth more than ground of its size (True), surely not (False), or neither can be told (None).
    replicates
        Replicates with either side.
    shapley
        By outcome, where asked for.
    """

    ground: Ground
    worth: float
    low: float
    high: float
    rank: int
    rank_low: int
    rank_high: int
    p_first: float
    stands_out: bool | None
    replicates: int
    effects: tuple[Effect, ...]
    size: OfItsSize | None = None
    structure: Structure | None = None
    taking: tuple[Taking, ...] = ()
    shapley: Mapping[str, float] = field(default_factory=dict)

    @property
    def strongest(self) -> Effect | None:
        """The clearest of its effects that count, the one with the largest mean among those whose interval leaves out zero."""
        counted = [each for each in self.effects if each.counts]
        clear = [each for each in counted if each.interval.low > 0.0 or each.interval.high < 0.0]
        return max(clear or counted, key=lambda each: abs(each.interval.value), default=None)


@dataclass(frozen=True)
class DecisiveAnswer:
    """Which ground decides, with what was asked.

    Attributes
    ----------
    areas, places
        By rank.
    budget
        Most replicates that ground could have with either side.
    level
        Chance that all intervals hold together, and that nothing is said to stand out where all ground is alike.
    n_played, n_copied
        Replicates played, and those that holding the ground could not touch and that were not played again.
    corridor_ways
        By corridor the number of ways without a common road between its ends.
    """

    scenario: str
    title: str
    version: str
    start: date
    days: int
    seed: int
    budget: int
    level: float
    sides: Mapping[str, str]
    outcomes: tuple[Outcome, ...]
    areas: tuple[GroundAnswer, ...]
    places: tuple[GroundAnswer, ...]
    n_played: int
    n_copied: int
    corridor_ways: Mapping[str, int] = field(default_factory=dict)

    def of(self, key: str) -> GroundAnswer:
        """Return the answer about an area or place; the area where a key is both."""
        return next(each for each in (*self.areas, *self.places) if each.ground.key == key)

    @property
    def decisive(self) -> tuple[GroundAnswer, ...]:
        """Ground that stands out, areas first."""
        return tuple(each for each in (*self.areas, *self.places) if each.stands_out)
