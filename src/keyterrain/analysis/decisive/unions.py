"""Unions of ground in the hands of one side and of another, replicate by replicate, measured wholly elsewhere.

Several pieces of ground together are the places of all of them, each once: a place that two share belongs to the union if one of
them does. What is measured stays the same whichever of them are held, since an outcome is asked only of ground that has none of
the places it is about (`ground.measured_at`); so effects of unions can be added and taken from each other.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from keyterrain.analysis.decisive.ground import Ground, measured_at
from keyterrain.analysis.decisive.holding import AT_ONCE, Held, Holdings, Look, batched, spans_of
from keyterrain.analysis.interval import Interval, of_difference
from keyterrain.analysis.measures import Measurement
from keyterrain.campaign.interventions import Hold, Interventions
from keyterrain.campaign.variants import Variant

if TYPE_CHECKING:
    from keyterrain.analysis.decisive.holding import Progress
    from keyterrain.theatre.nouns import Outcome, Situation
    from keyterrain.theatre.outcomes import Kind

Floats = NDArray[np.float64]

Union = int
"""Places of a union, a bit each: there may be very many unions."""


class Allowance(NamedTuple):
    """What a part of the question may take, said before it is played.

    Attributes
    ----------
    says
        What is about to be played.
    campaigns
        Most campaigns that it may take.
    seconds
        About how long that takes, going by the campaigns played so far; nan where none were.
    """

    says: str
    campaigns: int
    seconds: float


class Unions:
    """Plays unions of ground and keeps what was measured; what is known from ground held alone is not played again.

    Parameters
    ----------
    held
        Ground held alone, with the baseline.
    grounds
        Ground that unions may be made of.
    outcomes
        What is measured, whole.
    """

    def __init__(
        self,
        held: Holdings,
        grounds: Sequence[Ground],
        outcomes: Sequence[Outcome],
        situation: Situation,
        progress: Progress | None = None,
    ) -> None:
        self.held = held
        self.grounds = tuple(grounds)
        self.outcomes = tuple(outcomes)
        self.measurements = tuple(Measurement.of_outcome(each) for each in outcomes)
        self.sides = held.sides
        self._progress = progress
        self._keys = tuple(place.key for place in situation.places)
        self._bit = {key: 1 << i for i, key in enumerate(self._keys)}
        self._about = tuple(self._of_places(measured_at(each, situation)) for each in self.measurements)
        self._alone = {self.union([ground]): ground for ground in grounds}
        self._values: dict[tuple[Union, str, int], Floats] = {}
        self.n_played = 0
        self.n_copied = 0

    def union(self, grounds: Iterable[Ground]) -> Union:
        """Return the places of ground together."""
        return self._of_places(place for ground in grounds for place in ground.places)

    def is_elsewhere(self, union: Union, outcome: int) -> bool:
        """Return whether an outcome is about none of these places."""
        return not union & self._about[outcome]

    def play(self, wanted: Mapping[Union, Collection[int]]) -> None:
        """Have replicates of unions in the hands of each side.

        Raises
        ------
        ScenarioFaults, InterventionFaults, ElevationError
            A campaign cannot be played.
        """
        n_before = self.held.n_baseline
        self.held.extend((), _n_replicates(wanted))
        self.n_played += self.held.n_baseline - n_before
        nothing_held = self.held.of_baseline(self.measurements)
        spans: dict[Variant, list[range]] = {}
        campaign_of: dict[Variant, tuple[Union, str]] = {}
        for union, replicates in wanted.items():
            for side in self.sides if union else ():
                touched = self._take_over(union, side, sorted(set(replicates)), nothing_held)
                if len(touched):
                    variant = self._variant(union, side)
                    campaign_of[variant], spans[variant] = (union, side), spans_of(touched, short_gap=0)
        self._play(spans, campaign_of)

    def effects(self, union: Union, replicates: Sequence[int], first: str, second: str) -> Floats:
        """Return outcomes (outcome, replicate) if the first side holds a union less those if the second does.

        Nothing held has no effect. Outcomes that are about one of the places are nan.
        """
        if not union:
            return np.zeros((len(self.measurements), len(replicates)))
        one, other = (np.array([self._values[union, side, r] for r in replicates]).T for side in (first, second))
        return np.asarray(one - other)

    def n_missing(self, wanted: Mapping[Union, Collection[int]]) -> int:
        """Return the most campaigns that playing these may take, besides those in which nothing is held."""
        return sum(
            not self._has(union, side, r)
            for union, replicates in wanted.items()
            for side in (self.sides if union else ())
            for r in set(replicates)
        )

    def _has(self, union: Union, side: str, replicate: int) -> bool:
        return (union, side, replicate) in self._values or self._n_alone(union, side) > replicate

    def _n_alone(self, union: Union, side: str) -> int:
        return self.held.if_held(Held(self._alone[union], side)).shape[1] if union in self._alone else 0

    def _take_over(self, union: Union, side: str, replicates: Sequence[int], nothing_held: Floats) -> NDArray[np.int64]:
        """Copy what is known already, or not touched by the decree; return the replicates that are still to be played."""
        n_alone = self._n_alone(union, side)
        alone = self.held.if_held(Held(self._alone[union], side)) if n_alone else np.zeros((0, 0))
        kept = self.held.kept(self._places(union), side)
        missing = []
        for r in replicates:
            if (union, side, r) in self._values:
                continue
            if r < n_alone:
                self._keep(union, side, r, alone[:, r])
            elif kept[r]:
                self._keep(union, side, r, nothing_held[:, r])
                self.n_copied += 1
            else:
                missing.append(r)
        return np.array(missing, dtype=np.int64)

    def _play(self, spans: Mapping[Variant, list[range]], campaign_of: Mapping[Variant, tuple[Union, str]]) -> None:
        stage, baseline = self.held.stage, self.held.baseline
        n_done, n_all = 0, sum(len(span) for of_variant in spans.values() for span in of_variant)
        for some in batched(spans, AT_ONCE):
            for variant in some:
                stage.prepare_like(variant, baseline)
            look = Look(baseline, (), self.sides, dict.fromkeys(some, self.measurements))
            for chunk, seen in stage.play({variant: spans[variant] for variant in some}, look):
                union, side = campaign_of[chunk.variant]
                for i, r in enumerate(range(chunk.first, chunk.stop)):
                    self._keep(union, side, r, seen.values[:, i])
                n_done += chunk.stop - chunk.first
                if self._progress is not None:
                    self._progress(n_done, n_all)
            stage.forget(some)
        self.n_played += n_done

    def _keep(self, union: Union, side: str, replicate: int, values: Floats) -> None:
        """Keep values; those of outcomes that are about the ground would be their own reward, and are not to be used."""
        elsewhere = [self.is_elsewhere(union, i) for i in range(len(values))]
        self._values[union, side, replicate] = np.where(elsewhere, values, np.nan)

    def _variant(self, union: Union, side: str) -> Variant:
        holds = tuple(Hold(f"place:{place}", side) for place in self._places(union))
        return Variant(self.held.baseline.start, self.held.baseline.days, Interventions(hold=holds))

    def _of_places(self, places: Iterable[str]) -> Union:
        union = 0
        for place in places:
            union |= self._bit[place]
        return union

    def _places(self, union: Union) -> list[str]:
        return [key for i, key in enumerate(self._keys) if union >> i & 1]


def _n_replicates(wanted: Mapping[Union, Collection[int]]) -> int:
    return 1 + max((r for replicates in wanted.values() for r in replicates), default=-1)


def of_combination(values: Floats, kind: Kind, reach: float, level: float) -> Interval:
    """Return the mean (replicate) of a sum and difference of outcomes on common luck, with its interval.

    As for paired differences (`interval.of_difference`), but of shares and chances it may be as large as `reach` either way, so
    that the half replicates which are added where hardly any differ are as large as that.
    """
    if kind == "number":
        return of_difference(values, np.zeros_like(values), kind, level)
    within = of_difference(values / reach, np.zeros_like(values), "share", level)
    scaled = (float(values.mean()), within.low * reach, within.high * reach)
    return Interval(*scaled, within.n, within.n_played, within.level)
