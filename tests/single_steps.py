"""The steps of a day one by one, compiled and kept like the kernels themselves: `STEPS["supply"](day, world, draw, luck, state)`.

A step is taken as `play_day` takes it, its switch included. Compiled code that is kept on disk finds its module again by name, so
this stands outside the test modules.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from keyterrain.dynamics.combat import combat
from keyterrain.dynamics.control import control
from keyterrain.dynamics.decision import decision
from keyterrain.dynamics.displacement import displacement
from keyterrain.dynamics.insurgency import insurgency
from keyterrain.dynamics.interdiction import interdiction
from keyterrain.dynamics.kernel import kernel
from keyterrain.dynamics.losses import recover
from keyterrain.dynamics.luck import Luck
from keyterrain.dynamics.movement import movement
from keyterrain.dynamics.presence import count_forces
from keyterrain.dynamics.routes import routes
from keyterrain.dynamics.state import (
    COMBAT_ON,
    CONTROL_ON,
    DECISION_ON,
    DISPLACEMENT_ON,
    INSURGENCY_ON,
    INTERDICTION_ON,
    MOVEMENT_ON,
    ROUTES_ON,
    SUPPLY_ON,
    WEATHER_ON,
)
from keyterrain.dynamics.supply import corridors, full_supply, supply
from keyterrain.dynamics.weather import normal_weather, weather

Records = NDArray[np.void]
Step = Callable[[int, Records, Records, Luck, Records], None]


@kernel
def _weather(day: int, worlds: Records, draws: Records, luck: Luck, states: Records) -> None:
    if worlds[0].on[WEATHER_ON]:
        weather(day, worlds[0], draws[0], luck, states[0])
    else:
        normal_weather(worlds[0], draws[0], day, states[0])


@kernel
def _routes(day: int, worlds: Records, draws: Records, luck: Luck, states: Records) -> None:
    if worlds[0].on[ROUTES_ON]:
        routes(day, worlds[0], draws[0], luck, states[0])


@kernel
def _interdiction(day: int, worlds: Records, draws: Records, luck: Luck, states: Records) -> None:
    if worlds[0].on[INTERDICTION_ON]:
        interdiction(day, worlds[0], draws[0], luck, states[0])


@kernel
def _supply(day: int, worlds: Records, draws: Records, luck: Luck, states: Records) -> None:
    corridors(day, worlds[0], draws[0], states[0])
    if worlds[0].on[SUPPLY_ON]:
        supply(day, worlds[0], draws[0], luck, states[0])
    else:
        full_supply(worlds[0], states[0])


@kernel
def _decision(day: int, worlds: Records, draws: Records, luck: Luck, states: Records) -> None:
    if worlds[0].on[DECISION_ON]:
        decision(day, worlds[0], draws[0], luck, states[0])


@kernel
def _movement(day: int, worlds: Records, draws: Records, luck: Luck, states: Records) -> None:
    if worlds[0].on[MOVEMENT_ON]:
        movement(day, worlds[0], draws[0], luck, states[0])
    recover(day, worlds[0], states[0])
    count_forces(worlds[0], states[0])


@kernel
def _combat(day: int, worlds: Records, draws: Records, luck: Luck, states: Records) -> None:
    if worlds[0].on[COMBAT_ON]:
        combat(day, worlds[0], draws[0], luck, states[0])


@kernel
def _control(day: int, worlds: Records, draws: Records, luck: Luck, states: Records) -> None:
    if worlds[0].on[CONTROL_ON]:
        control(day, worlds[0], draws[0], luck, states[0])


@kernel
def _insurgency(day: int, worlds: Records, draws: Records, luck: Luck, states: Records) -> None:
    if worlds[0].on[INSURGENCY_ON]:
        insurgency(day, worlds[0], draws[0], luck, states[0])
    count_forces(worlds[0], states[0])


@kernel
def _displacement(day: int, worlds: Records, draws: Records, luck: Luck, states: Records) -> None:
    if worlds[0].on[DISPLACEMENT_ON]:
        displacement(day, worlds[0], draws[0], luck, states[0])


STEPS: Mapping[str, Step] = {
    "weather": _weather,
    "routes": _routes,
    "interdiction": _interdiction,
    "supply": _supply,
    "decision": _decision,
    "movement": _movement,
    "combat": _combat,
    "control": _control,
    "insurgency": _insurgency,
    "displacement": _displacement,
}
