"""The first evening of each replicate: its own world, drawn from the uncertain inputs and the parameters."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from keyterrain.campaign.calibrated import MEMBER
from keyterrain.campaign.inputs import Borrowed, DrawnInputs, Inputs
from keyterrain.campaign.interventions import Interventions
from keyterrain.campaign.starting import FirstGround, Starting
from keyterrain.campaign.strengths import Garrisons
from keyterrain.campaign.world import Index, refuge
from keyterrain.dynamics.state import NONE, draw_type
from keyterrain.theatre.ground import Ground
from keyterrain.theatre.nouns import Holding, PeopleCount, Situation
from keyterrain.theatre.overrides import override
from keyterrain.theatre.parameters import PARAMETERS, Parameter
from keyterrain.theatre.policies import POLICY_RULES
from keyterrain.theatre.quantity import Quantity

Floats = NDArray[np.float64]

LONGEST_HELD_DAYS = 9999
"""Age given to a holding older than that."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """First evenings as records, and the value (replicate, input) that every input took."""

    records: NDArray[np.void]
    values: Floats


@dataclass(frozen=True)
class FirstEvening:
    """Draws the world of any replicate of a situation as it stands after interventions."""

    situation: Situation
    ground: Ground
    interventions: Interventions
    borrowed: Borrowed | None = None

    @cached_property
    def index(self) -> Index:
        """Numbers of the nouns."""
        return Index(self.situation)

    @cached_property
    def garrisons(self) -> Garrisons:
        """Garrisons and claims."""
        return Garrisons.of(self.situation)

    @cached_property
    def parameters(self) -> dict[str, Parameter | Quantity]:
        """Distribution of every parameter: the command line before the scenario before the table.

        Calibrated parameters have that of the table, whose draws are then replaced.
        """
        changed: dict[str, Parameter | Quantity] = dict(PARAMETERS)
        changed.update(self.situation.parameters)
        changed.update({key: override(key, text) for key, text in self.interventions.settings.items()})
        if (calibrated := self.interventions.calibrated) is not None:
            changed.update({key: PARAMETERS[key] for key in calibrated.parameters})
        return changed

    @cached_property
    def residents(self) -> dict[str, PeopleCount]:
        """Counts of residents by place, where there is one beside the place's population."""
        return {row.place: row for row in self.situation.people if row.group == "residents"}

    @cached_property
    def guests(self) -> dict[tuple[str, str], PeopleCount]:
        """Counts of guests by origin and host."""
        return {(row.origin, row.place): row for row in self.situation.people if row.group == "guests"}

    @cached_property
    def holders(self) -> Mapping[str, tuple[Holding, ...]]:
        """Possible holders of each place by the accounts of it, whatever an intervention decrees."""
        return self.situation.holdings

    @cached_property
    def held(self) -> Mapping[str, str]:
        """Side of each decreed place."""
        return self.interventions.held_places(self.situation)

    @cached_property
    def starting(self) -> Starting | None:
        """What changes who holds what at the start, where something does."""
        started = self.interventions.started_places(self.situation)
        return Starting(self.situation, started) if started else None

    @cached_property
    def shelter(self) -> Mapping[tuple[str, str], str | None]:
        """Where those go whom a decree makes enemies of a place's holder, by place and side."""
        return refuge(self.situation, self.held) if self.held else {}

    @cached_property
    def accounts(self) -> Mapping[str, NDArray[np.int64]]:
        """Accounts of each place (account, 3): number of the holder, of who contests it or NONE, and days held."""
        sides, start = self.index.sides, self.situation.start
        return {
            place: np.array(
                [
                    (sides[row.holder], sides.get(row.contested_by, NONE), min((start - row.since).days, LONGEST_HELD_DAYS))
                    for row in rows
                ]
            )
            for place, rows in self.holders.items()
        }

    @cached_property
    def uncertain_parameters(self) -> dict[str, Parameter | Quantity]:
        """Distribution of every parameter that is drawn."""
        return {key: distribution for key, distribution in self.parameters.items() if not _is_fixed(distribution)}

    @cached_property
    def inputs(self) -> Inputs:
        """All inputs by name."""
        return Inputs.of(self._input_names())

    def with_decrees(self, interventions: Interventions) -> FirstEvening:
        """Return first evenings under other decrees, all else being the same; what decrees do not touch is not made anew."""
        return self._like(FirstEvening(self.situation, self.ground, interventions, self.borrowed))

    def borrowing(self, borrowed: Borrowed) -> FirstEvening:
        """Return first evenings some of whose inputs are drawn as in other replicates."""
        return self._like(FirstEvening(self.situation, self.ground, self.interventions, borrowed))

    def _like(self, other: FirstEvening) -> FirstEvening:
        for name in ("index", "garrisons", "parameters", "residents", "guests", "accounts", "uncertain_parameters", "inputs"):
            other.__dict__[name] = getattr(self, name)
        return other

    def _input_names(self) -> list[str]:
        s = self.situation
        names = [f"parameter:{key}" for key in self.uncertain_parameters]
        names += [MEMBER] if self.interventions.calibrated else []
        names += self.garrisons.input_names()
        names += [f"holder:{place}" for place, rows in self.holders.items() if len(rows) > 1]
        names += [f"ground:{place.key}" for place in s.places]
        names += [f"population:{place.key}" for place in s.places if place.population is not None]
        names += [f"residents:{place}" for place in self.residents]
        names += [f"guests:{origin or 'unknown'}@{host}" for origin, host in self.guests]
        names += [f"room:{place.key}" for place in s.places if place.host_capacity is not None]
        names += [f"{what}:{actor.key}" for actor in s.actors for what in ("quality", "known-quality", "mobility")]
        names += [f"{what}:{side}" for side in s.policies for what in ("policy", "waits", "waits-chance")]
        names += [f"capacity:{row.side}@{row.place}" for row in s.supply_sources]
        names += [f"stock:{row.side}@{row.place}" for row in s.stocks]
        names += [f"joining:{row.actor}@{row.place}:{row.on.isoformat()}" for row in s.reinforcements]
        names += [f"abroad:{country.key}" for country in s.abroad]
        names += [f"site:{uncertain.key}" for uncertain in s.uncertain_places]
        return names

    def draw(self, seed: int, first: int, n: int, room: Mapping[str, int]) -> Drawn:
        """Draw the first evenings of replicates `first` to `first + n`, as records with the world's room."""
        drawn = DrawnInputs(self.inputs, seed, first, n, self.borrowed)
        par = self._draw_parameters(drawn, first, n)
        variant = self._draw_variants(drawn)
        population = self._draw_population(drawn, n)
        holder, intruder, held_days = self._draw_holders(drawn, n)
        strength = self._draw_strength(drawn, holder, intruder)
        self._decree(holder, intruder, held_days)
        sectors = self._sectors(par, variant, population, intruder)
        mobility = self._draw_mobility(drawn, n)
        if self.starting is not None:
            self.starting.change(FirstGround(holder, intruder, strength, mobility))
        taken = np.where(intruder != NONE, np.maximum(sectors // 2, 1), 0).astype(np.int32)
        for uncertain in self.situation.uncertain_places:
            weights = [*uncertain.candidates.values()]
            drawn.choice(f"site:{uncertain.key}", np.array([*weights, max(1.0 - sum(weights), 0.0)]))
        fields: dict[str, NDArray[Any]] = {
            "par": par,
            "strength": strength,
            "holder": holder,
            "intruder": intruder,
            "taken": taken,
            "held_days": held_days,
            "sectors": sectors,
            "relief": _picked(self.ground.relief_index, variant),
            "population": population,
            "residents": self._draw_residents(drawn, population),
            "guests": self._draw_guests(drawn),
            "room": self._draw_room(drawn, par, population),
            "quality": self._draw_quality(drawn, par, n),
            "mobility": mobility,
            "policy": self._draw_policy(drawn, n),
            "waits": self._draw_waits(drawn, n),
            "capacity": self._draw_capacity(drawn, n),
            "stock": self._draw_stock(drawn, par, n),
            "joining": self._draw_joining(drawn, n),
            "abroad_population": self._draw_abroad(drawn, n),
        }
        records = np.zeros(n, dtype=draw_type(dict(room), [parameter.field for parameter in PARAMETERS.values()]))
        for name, values in fields.items():
            records[name][tuple(slice(0, length) for length in values.shape)] = values
        return Drawn(records, drawn.values)

    def _draw_parameters(self, drawn: DrawnInputs, first: int, n: int) -> NDArray[np.void]:
        dtype = np.dtype([(parameter.field, "f8") for parameter in PARAMETERS.values()])
        par = np.zeros(n, dtype=dtype)
        uncertain = self.uncertain_parameters
        values = drawn.quantities([f"parameter:{key}" for key in uncertain], list(uncertain.values()))
        column = dict(zip(uncertain, values.T, strict=True))
        if (calibrated := self.interventions.calibrated) is not None:
            for key, own in zip(calibrated.parameters, calibrated.values(drawn, first, n).T, strict=True):
                column[key] = drawn.keep(f"parameter:{key}", own)
        for key, distribution in self.parameters.items():
            par[PARAMETERS[key].field] = column[key] if key in column else _fixed_value(distribution)
        return par

    def _draw_variants(self, drawn: DrawnInputs) -> NDArray[np.int64]:
        """Position of each place among those its coordinates may stand for."""
        n_positions = len(self.ground.relief_index)
        weights = np.ones(n_positions)
        exact = [place.error_km <= 0.0 for place in self.situation.places]
        variant = drawn.choices([f"ground:{place.key}" for place in self.situation.places], weights)
        variant[:, exact] = 0
        return variant

    def _draw_population(self, drawn: DrawnInputs, n: int) -> Floats:
        population = np.zeros((n, len(self.situation.places)))
        known = {place.key: place.population for place in self.situation.places if place.population is not None}
        counts = drawn.quantities([f"population:{place}" for place in known], list(known.values()))
        population[:, [self.index.places[place] for place in known]] = np.floor(np.maximum(counts, 0.0))
        return population

    def _draw_holders(self, drawn: DrawnInputs, n: int) -> tuple[NDArray[np.int8], NDArray[np.int8], NDArray[np.int32]]:
        first = np.array([self.accounts[place][0] for place in self.index.places])
        told = np.broadcast_to(first, (n, *first.shape)).copy()
        for place, i in self.index.places.items():
            if len(rows := self.holders[place]) > 1:
                told[:, i] = self.accounts[place][drawn.choice(f"holder:{place}", np.array([row.weight for row in rows]))]
        holder, intruder, held = np.moveaxis(told, -1, 0)
        return holder.astype(np.int8), intruder.astype(np.int8), held.astype(np.int32)

    def _decree(self, holder: NDArray[np.int8], intruder: NDArray[np.int8], held: NDArray[np.int32]) -> None:
        """Give decreed places whole to their side; who was there before the decree is `_draw_strength`'s matter."""
        for place, side in self.held.items():
            i = self.index.places[place]
            holder[:, i] = self.index.sides[side]
            intruder[:, i] = NONE
            held[:, i] = min((self.situation.start - self.holders[place][0].since).days, LONGEST_HELD_DAYS)

    def _sectors(
        self,
        par: NDArray[np.void],
        variant: NDArray[np.int64],
        population: Floats,
        intruder: NDArray[np.int8],
    ) -> NDArray[np.int32]:
        """Steps in which a place can be taken: by its size and commanding heights, two at least where it is contested."""
        unit = par["combat_sector_people"][:, None]
        size = np.floor(np.log2(np.maximum(population, unit) / unit) + 0.5)
        heights = np.floor(
            par["combat_heights_worth"][:, None].clip(0.0) * _picked(self.ground.n_commanding_heights, variant) + 0.5
        )
        sectors: NDArray[np.int32] = np.maximum(1 + size + heights, np.where(intruder != NONE, 2, 1)).astype(np.int32)
        return sectors

    def _draw_strength(self, drawn: DrawnInputs, holder: NDArray[np.int8], intruder: NDArray[np.int8]) -> NDArray[np.int32]:
        """Draw garrisons; where accounts of a place contradict each other, only the drawn account's fighters are there.

        A decree creates no one: it only moves those out whom it makes enemies of the holder.
        """
        index = self.index
        strength = np.zeros((len(holder), len(index.actors), len(index.places)), dtype=np.int32)
        rows = self.garrisons.draw(drawn)
        held, shelter = self.held, self.shelter
        sides = {actor.key: actor.side for actor in self.situation.actors}
        for j, force in enumerate(self.garrisons.forces):
            place = force.place
            side = sides[force.actor]
            there = rows[:, j].astype(np.int32)
            if len(self.holders[place]) > 1:
                i, own = index.places[place], index.sides[side]
                there = np.where((holder[:, i] == own) | (intruder[:, i] == own), there, 0)
            if place in held and self.situation.relations.get((held[place], side), "allied") == "hostile":
                away = shelter[place, side]
                if away is None:
                    continue
                place = away
            strength[:, index.actors[force.actor], index.places[place]] += there
        return strength

    def _draw_residents(self, drawn: DrawnInputs, population: Floats) -> NDArray[np.int32]:
        residents = population.copy()
        counts = drawn.quantities(
            [f"residents:{place}" for place in self.residents], [row.number for row in self.residents.values()]
        )
        residents[:, [self.index.places[place] for place in self.residents]] = np.floor(np.maximum(counts, 0.0))
        return residents.astype(np.int32)

    def _draw_guests(self, drawn: DrawnInputs) -> NDArray[np.int32]:
        names = [f"guests:{origin or 'unknown'}@{host}" for origin, host in self.index.guests]
        numbers = drawn.quantities(names, [self.guests[origin, host].number for origin, host in self.index.guests])
        return np.floor(np.maximum(numbers, 0.0)).astype(np.int32)

    def _draw_room(self, drawn: DrawnInputs, par: NDArray[np.void], population: Floats) -> Floats:
        room: Floats = population * par["displacement_host_share"][:, None]
        for i, place in enumerate(self.situation.places):
            if place.host_capacity is not None:
                room[:, i] = np.maximum(drawn.quantity(f"room:{place.key}", place.host_capacity), 0.0)
        return room

    def _draw_quality(self, drawn: DrawnInputs, par: NDArray[np.void], n: int) -> Floats:
        quality = np.zeros((n, len(self.index.actors)))
        for actor in self.situation.actors:
            known = drawn.quantity(f"known-quality:{actor.key}", actor.quality)
            unknown = par["combat_quality_sd"] * drawn.z(f"quality:{actor.key}")
            quality[:, self.index.actors[actor.key]] = drawn.keep(f"quality:{actor.key}", known + unknown)
        return quality

    def _draw_mobility(self, drawn: DrawnInputs, n: int) -> Floats:
        mobility = np.zeros((n, len(self.index.actors)))
        for actor in self.situation.actors:
            mobility[:, self.index.actors[actor.key]] = np.clip(drawn.quantity(f"mobility:{actor.key}", actor.mobility), 0.0, 1.0)
        return mobility

    def _draw_policy(self, drawn: DrawnInputs, n: int) -> NDArray[np.int32]:
        names = list(POLICY_RULES)
        policy = np.full((n, len(self.index.sides)), names.index("hold"), dtype=np.int32)
        for side, stance in self.situation.policies.items():
            weights = np.array([stance.odds.get(name, 0.0) for name in names])
            chosen = drawn.choice(f"policy:{side}", weights)
            if side in self.interventions.policies:
                chosen = drawn.keep(f"policy:{side}", np.full(n, float(names.index(self.interventions.policies[side])))).astype(
                    int
                )
            policy[:, self.index.sides[side]] = chosen
        return policy

    def _draw_waits(self, drawn: DrawnInputs, n: int) -> NDArray[np.bool_]:
        waits = np.zeros((n, len(self.index.sides)), dtype=bool)
        for side, stance in self.situation.policies.items():
            chance = drawn.quantity(f"waits-chance:{side}", stance.p_wait_for_spring)
            yes = _normal_cdf(drawn.z(f"waits:{side}")) < chance
            if side in self.interventions.wait_for_spring:
                yes = np.full(n, self.interventions.wait_for_spring[side])
            drawn.keep(f"waits:{side}", yes.astype(np.float64))
            waits[:, self.index.sides[side]] = yes
        return waits

    def _draw_capacity(self, drawn: DrawnInputs, n: int) -> Floats:
        capacity = np.zeros((n, len(self.index.sources)))
        number = {(row.side, row.place): row.capacity for row in self.situation.supply_sources}
        for k, (side, place) in enumerate(self.index.sources):
            capacity[:, k] = np.maximum(drawn.quantity(f"capacity:{side}@{place}", number[side, place]), 0.0)
        return capacity

    def _draw_stock(self, drawn: DrawnInputs, par: NDArray[np.void], n: int) -> Floats:
        most = par["supply_store_days"]
        stock = np.empty((n, len(self.index.sides), len(self.index.places)))
        stock[:] = most[:, None, None]
        for row in self.situation.stocks:
            days = np.maximum(drawn.quantity(f"stock:{row.side}@{row.place}", row.stock_days), 0.0)
            stock[:, self.index.sides[row.side], self.index.places[row.place]] = np.minimum(days, most)
        return stock

    def _draw_joining(self, drawn: DrawnInputs, n: int) -> NDArray[np.int32]:
        rows = sorted(self.situation.reinforcements, key=lambda row: (row.on, row.actor, row.place))
        joining = np.zeros((n, len(rows)), dtype=np.int32)
        for k, row in enumerate(rows):
            name = f"joining:{row.actor}@{row.place}:{row.on.isoformat()}"
            joining[:, k] = np.floor(np.maximum(drawn.quantity(name, row.strength), 0.0))
        return joining

    def _draw_abroad(self, drawn: DrawnInputs, n: int) -> Floats:
        people = np.zeros((n, len(self.index.abroad)))
        for country in self.situation.abroad:
            people[:, self.index.abroad[country.key]] = np.maximum(
                drawn.quantity(f"abroad:{country.key}", country.population), 0.0
            )
        return people


def _is_fixed(distribution: Parameter | Quantity) -> bool:
    return distribution.scale == "fixed" if isinstance(distribution, Parameter) else distribution.is_exact


def _fixed_value(distribution: Parameter | Quantity) -> float:
    return distribution.default if isinstance(distribution, Parameter) else distribution.mid


def _picked(by_position: NDArray[np.generic], variant: NDArray[np.int64]) -> Floats:
    """Measures (replicate, place) at the position that each replicate drew, from measures (position, place)."""
    return np.take_along_axis(by_position.astype(np.float64), variant, axis=0)


def _normal_cdf(z: Floats) -> Floats:
    return np.array([0.5 * math.erfc(-x / math.sqrt(2.0)) for x in z])
