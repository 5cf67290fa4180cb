"""What the question which ground decides comes to."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from statistics import median
from typing import TYPE_CHECKING

from keyterrain.analysis.decisive.ground import Ground
from keyterrain.analysis.decisive.pairs import PairsAnswer
from keyterrain.analysis.decisive.relief import ReliefOfGround
from keyterrain.analysis.decisive.sharing import ShapleyAnswer
from keyterrain.analysis.interval import Interval
from keyterrain.theatre.nouns import Outcome
from keyterrain.version import __version__

if TYPE_CHECKING:
    from keyterrain.analysis.decisive.taking import Taking

MOST_NAMED = 3
"""Ground that stands out and is named in the sentence; the rest is counted."""
LEAST_SAID = 0.001
"""Worth of typical ground that is given as a number: below it lies nothing but noise (assumption)."""
OUTSIDE = "What lies outside the theatre cannot be ranked."


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
    left_out
        Why it does not enter the worth, or empty where it does.
    narrowing
        How many times as wide the interval would be without common luck (see `interval.narrowing`).
    """

    outcome: str
    first: str
    second: str
    unit: str
    interval: Interval
    if_first: Interval
    if_second: Interval
    left_out: str = ""
    narrowing: float = math.nan

    @property
    def counts(self) -> bool:
        """Whether it enters the worth."""
        return not self.left_out

    @property
    def is_clear(self) -> bool:
        """Whether its interval leaves out zero."""
        return self.interval.low > 0.0 or self.interval.high < 0.0


@dataclass(frozen=True, slots=True)
class OfItsSize:
    """An area beside random connected areas with as many places.

    Attributes
    ----------
    n
        Random areas.
    replicates
        Replicates of each with either side.
    typical, largest
        Median and largest worth among them.
    share_below
        Share of them that is worth less than the area.
    """

    n: int
    replicates: int
    typical: float
    largest: float
    share_below: float


@dataclass(frozen=True, slots=True)
class Structure:
    """What the map alone says of ground, whatever is played.

    Attributes
    ----------
    betweenness
        Share of pairs of other places between which a fastest way passes it.
    ways_lost
        By corridor the share of ways without a common route between its ends that is lost where nobody can pass the ground.
    observed
        By corridor the share of the length of its routes that is seen from the ground.
    """

    betweenness: float
    ways_lost: Mapping[str, float]
    observed: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class StartAnswer:
    """What holding a piece of ground on the first evening alone does.

    Attributes
    ----------
    worth, low, high, rank, stands_out, replicates
        As of ground that is held throughout, among starts; the scales of outcomes are those of holding.
    effects
        As of holding; their intervals hold for all starts together.
    made
        By side the share of replicates in which it has all of the ground on the first evening: ground whose holder has no other
        place stays with him.
    """

    worth: float
    low: float
    high: float
    rank: int
    stands_out: bool | None
    replicates: int
    effects: tuple[Effect, ...]
    made: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class GroundAnswer:
    """What holding a piece of ground does.

    Attributes
    ----------
    worth, low, high
        Worth (see `worth`) with limits that hold for all ground of its kind together; nan where no effect counts.
    rank
        By worth, among ground of its kind; 1 is the first, equals have the same.
    rank_low, rank_high, p_first
        Middle 90 % of the rank, and how often it is first, when replicates are resampled.
    stands_out
        Whether it surely is worth more than twice as much as typical ground of its kind (True), surely not (False), or neither
        can be told (None).
    replicates
        Replicates with either side.
    taking
        What it takes each side to take it that does not have it from the start.
    start
        What holding it on the first evening alone does, where that was asked.
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
    structure: Structure
    size: OfItsSize | None = None
    taking: tuple[Taking, ...] = ()
    start: StartAnswer | None = None

    @property
    def n_counted(self) -> int:
        """Effects that enter the worth."""
        return sum(each.counts for each in self.effects)

    @property
    def strongest(self) -> Effect | None:
        """The clearest of its effects that count, the one with the largest mean among those whose interval leaves out zero."""
        counted = [each for each in self.effects if each.counts]
        clear = [each for each in counted if each.is_clear]
        return max(clear or counted, key=lambda each: abs(each.interval.value), default=None)


@dataclass(frozen=True)
class DecisiveAnswer:
    """Which ground decides, with what was asked.

    Attributes
    ----------
    areas, places
        By rank.
    typical_area, typical_place
        Worth of the median area and place, against which ground stands out.
    budget
        Most replicates that ground could have with either side.
    level
        Chance that all limits and intervals hold together, and that nothing is said to stand out where all ground is alike.
    n_played, n_copied
        Replicates played, and those that holding the ground could not touch and that were not played again.
    corridor_ways
        By corridor the most ways without a common route between its ends: the least number of routes to cut.
    start_budget
        Most replicates with either side of ground that is held at the start alone; 0: not asked.
    n_watched
        Replicates in which nothing is held and that were watched to see what it takes to take ground.
    shapley, pairs
        What areas change together, shared out among them, and what pairs of ground do together; where asked for.
    relief
        What the assumptions about relief carry of all worth, where asked for; played beside `n_played`.
    """

    scenario: str
    title: str
    start: date
    days: int
    seed: int
    budget: int
    level: float
    sides: Mapping[str, str]
    outcomes: tuple[Outcome, ...]
    areas: tuple[GroundAnswer, ...]
    places: tuple[GroundAnswer, ...]
    typical_area: float
    typical_place: float
    n_played: int
    n_copied: int
    corridor_ways: Mapping[str, int]
    shapley: ShapleyAnswer | None = None
    pairs: PairsAnswer | None = None
    version: str = __version__
    start_budget: int = 0
    n_watched: int = 0
    relief: ReliefOfGround | None = None

    def of(self, key: str) -> GroundAnswer:
        """Return the answer about an area or place; the area where a key is both."""
        return next(each for each in (*self.areas, *self.places) if each.ground.key == key)

    @property
    def narrowing(self) -> float:
        """Median over all ground and outcomes that count of what common luck narrows intervals by; nan where nothing varies."""
        each = [effect.narrowing for ground in (*self.areas, *self.places) for effect in ground.effects if effect.counts]
        known = [narrowed for narrowed in each if not math.isnan(narrowed)]
        return median(known) if known else math.nan

    @property
    def decisive(self) -> tuple[GroundAnswer, ...]:
        """Ground that stands out, areas first."""
        return tuple(each for each in (*self.areas, *self.places) if each.stands_out)

    @property
    def sentence(self) -> str:
        """The answer in words."""
        kinds = (("areas", self.areas, self.typical_area), ("places", self.places, self.typical_place))
        said = [self._of_kind(plural, grounds, typical) for plural, grounds, typical in kinds if grounds]
        return " ".join([*said, OUTSIDE])

    def _of_kind(self, plural: str, grounds: tuple[GroundAnswer, ...], typical: float) -> str:
        among = f"Of {len(grounds)} {plural}" if len(grounds) > 1 else f"Of the {plural} asked about"
        out = [each for each in grounds if each.stands_out]
        if out:
            more = f" and {len(out) - MOST_NAMED} more" if len(out) > MOST_NAMED else ""
            named = ", ".join(self._worth(each) for each in out[:MOST_NAMED])
            verb = "stands" if len(out) == 1 else "stand"
            against = f" against {_typical(typical)} of typical ground" if len(grounds) > 1 else ""
            return f"{among} {named}{more} {verb} out{against}{self._by_what(out[0], alone=len(out) == 1)}."
        known = [each for each in grounds if not math.isnan(each.worth)]
        if not known:
            return f"{among} none can be ranked: no outcome is measured elsewhere."
        if all(each.stands_out is False for each in known):
            return f"{among} nothing stands out: none is decisive."
        open_ones = [each for each in known if each.stands_out is None]
        most = max(each.replicates for each in open_ones)
        return (
            f"{among} nothing surely stands out: whether {self._worth(open_ones[0])} does cannot be told with {most} replicates"
            f"{f', nor of {len(open_ones) - 1} more' if len(open_ones) > 1 else ''}."
        )

    @staticmethod
    def _worth(answer: GroundAnswer) -> str:
        return f"{answer.ground.name} (worth {answer.worth:.2g} [{answer.low:.2g}, {answer.high:.2g}])"

    def _by_what(self, answer: GroundAnswer, *, alone: bool) -> str:
        effect = answer.strongest
        if effect is None:
            return ""
        says = next(outcome.says for outcome in self.outcomes if outcome.key == effect.outcome)
        unit = "" if effect.unit == "1" else f" {effect.unit}"
        held, other = self.sides[effect.first], self.sides[effect.second]
        by = ", most of all by" if alone else f"; {answer.ground.name} most of all by"
        interval = effect.interval
        spread = f"{interval.value:+.2g}{unit} [{interval.low:.2g}, {interval.high:.2g}]"
        return f'{by} {spread} in "{says}" when {held} rather than {other} holds it'


def _typical(worth: float) -> str:
    return f"{worth:.2g}" if worth >= LEAST_SAID else f"less than {LEAST_SAID}"
