"""Strengths: garrisons drawn together, and claims of totals that scale them by one draw.

Rows of one actor and region share most of their luck, since whoever overcounts one village overcounts the next; drawn apart, the
uncertainty of a region's total would average away. Where there are claims about a total, the rows themselves are one claim among
rivals: one is chosen by credibility, and scales all rows it speaks of.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from keyterrain.campaign.inputs import DrawnInputs, quantiles_of_each
from keyterrain.theatre.nouns import Actor, Force, Place, Situation, StrengthClaim

Floats = NDArray[np.float64]

SHARED_VARIANCE = 0.8
"""Part of a garrison's uncertainty that its actor's garrisons in the region share; assumption."""
CLAIM_SCATTER = 0.15
"""Log standard deviation of a garrison about its part of a claimed total; assumption."""
CREDIBILITY_WEIGHT: Mapping[str, float] = {"1": 1.0, "2": 0.8, "3": 0.6, "4": 0.3, "5": 0.1, "6": 0.3}
"""Weight of a rival claim by the credibility of its grade (6: cannot be judged); assumption."""
EVERYWHERE = "theatre"
OWN_ROWS_CREDIBILITY = "3"


def row_input(force: Force) -> str:
    """Name of a garrison's own draw."""
    return f"strength:{force.actor}@{force.place}"


def region_input(force: Force) -> str:
    """Name of the draw that garrisons of an actor share in a region."""
    return f"strength-of:{force.actor}@{force.region}"


def choice_input(claimed_of: str) -> str:
    """Name of the draw that chooses among rival claims."""
    return f"claim-chosen:{claimed_of}"


def claim_input(claim: StrengthClaim, number: int) -> str:
    """Name of the draw of a claimed total."""
    return f"claim:{claim.claimed_of}@{claim.region}#{number}"


@dataclass(frozen=True, slots=True)
class Rivals:
    """Claims about one actor or side, with the garrisons that each speaks of."""

    claimed_of: str
    claims: tuple[StrengthClaim, ...]
    covers: tuple[NDArray[np.bool_], ...]
    weights: Floats


@dataclass(frozen=True)
class Garrisons:
    """All garrisons of a situation and the rival claims about them; actors' own claims come after those about sides."""

    forces: tuple[Force, ...]
    medians: Floats
    rivals: tuple[Rivals, ...]

    @classmethod
    def of(cls, situation: Situation) -> Garrisons:
        """Gather the garrisons of a situation and say which claims speak of which."""
        actors = {actor.key: actor for actor in situation.actors}
        places = {place.key: place for place in situation.places}
        forces = tuple(sorted(situation.forces, key=lambda force: (force.actor, force.place)))
        by_subject: dict[str, list[StrengthClaim]] = defaultdict(list)
        for claim in sorted(situation.strength_claims, key=repr):
            by_subject[claim.claimed_of].append(claim)
        subjects = sorted(by_subject, key=lambda subject: (subject in actors, subject))
        rivals = (_rivals(subject, by_subject[subject], forces, actors, places) for subject in subjects)
        return cls(
            forces, np.array([force.strength.mid for force in forces]), tuple(r for r in rivals if any(c.any() for c in r.covers))
        )

    def input_names(self) -> list[str]:
        """Names of all draws made here."""
        names = {row_input(force) for force in self.forces} | {region_input(force) for force in self.forces}
        for rivals in self.rivals:
            names.add(choice_input(rivals.claimed_of))
            names |= {claim_input(claim, i) for i, claim in enumerate(rivals.claims)}
        return sorted(names)

    def draw(self, drawn: DrawnInputs) -> Floats:
        """Draw the strength of every garrison (replicate, garrison) in fighters."""
        rows, regions = self._row_inputs, self._region_inputs
        own, shared = drawn.z_of_all(rows), drawn.keep_all(regions, drawn.z_of_all(regions))
        z = math.sqrt(SHARED_VARIANCE) * shared + math.sqrt(1.0 - SHARED_VARIANCE) * own
        strengths = np.maximum(quantiles_of_each(z, [force.strength for force in self.forces]), 0.0)
        for rivals in self.rivals:
            self._apply(drawn, rivals, own, strengths)
        return drawn.keep_all(rows, np.floor(strengths + 0.5))

    @cached_property
    def _row_inputs(self) -> list[str]:
        return [row_input(force) for force in self.forces]

    @cached_property
    def _region_inputs(self) -> list[str]:
        return [region_input(force) for force in self.forces]

    def _apply(self, drawn: DrawnInputs, rivals: Rivals, own: Floats, strengths: Floats) -> None:
        chosen = drawn.choice(choice_input(rivals.claimed_of), rivals.weights)
        for i, (claim, covered) in enumerate(zip(rivals.claims, rivals.covers, strict=True)):
            total = drawn.quantity(claim_input(claim, i), claim.strength)
            believed = chosen == i + 1
            parts = self.medians[covered]
            if not believed.any() or parts.sum() <= 0.0:
                continue
            scatter = np.ascontiguousarray(own[:, covered])  # sums below depend on how it lies, and must not depend on the chunk
            share = parts * np.exp(CLAIM_SCATTER * scatter)
            share /= share.sum(axis=1, keepdims=True)
            strengths[np.ix_(believed, covered)] = (total[:, None] * share)[believed]


def _rivals(
    subject: str,
    claims: Sequence[StrengthClaim],
    forces: Sequence[Force],
    actors: Mapping[str, Actor],
    places: Mapping[str, Place],
) -> Rivals:
    covers = tuple(np.array([_covers(claim, force, actors, places) for force in forces], dtype=bool) for claim in claims)
    credibility = [OWN_ROWS_CREDIBILITY, *(claim.grade[1:] or OWN_ROWS_CREDIBILITY for claim in claims)]
    return Rivals(subject, tuple(claims), covers, np.array([CREDIBILITY_WEIGHT[c] for c in credibility]))


def _covers(claim: StrengthClaim, force: Force, actors: Mapping[str, Actor], places: Mapping[str, Place]) -> bool:
    of_whom = claim.claimed_of in (force.actor, actors[force.actor].side)
    where = claim.region in (EVERYWHERE, force.region) or claim.region in places[force.place].areas
    return of_whom and where
