"""Which function computes which measure, and measures with their arguments."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from keyterrain.theatre.cells import write_cell
from keyterrain.theatre.outcomes import MEASURES, Measure

if TYPE_CHECKING:
    from keyterrain.analysis.measures.replicates import Replicates
    from keyterrain.theatre.nouns import Outcome

Floats = NDArray[np.float64]
Places = frozenset[str]


@dataclass(frozen=True, slots=True)
class Measurement:
    """A measure with its arguments, taken outside some places; equal ones give equal values.

    Attributes
    ----------
    arguments
        Name and value of every argument of the measure, in the measure's order.
    outside
        Places that do not count, where the measure is of ground. What is about ways, people or whole sides stays as it is.
    """

    measure: str
    arguments: tuple[tuple[str, Hashable], ...]
    outside: Places = frozenset()

    @classmethod
    def of(cls, measure: str, outside: Iterable[str] = (), **arguments: Any) -> Measurement:
        """Fill in arguments that are left out with their defaults.

        Raises
        ------
        TypeError
            An argument that the measure does not have, or one that it needs and did not get; an error of the caller, since
            whatever a person writes was checked before.
        """
        columns = MEASURES[measure].arguments
        if strangers := set(arguments) - {column.name for column in columns}:
            raise TypeError(f"{measure} has no argument {', '.join(sorted(strangers))}")
        filled = []
        for column in columns:
            if column.name not in arguments and column.is_required:
                raise TypeError(f"{measure} needs {column.name}")
            value = arguments.get(column.name, _default(column.type, column.default or ""))
            filled.append((column.name, tuple(value) if isinstance(value, list) else value))
        places = frozenset(outside) if MEASURES[measure].is_of_ground else frozenset()
        return cls(measure, tuple(filled), places)

    @classmethod
    def of_outcome(cls, outcome: Outcome, outside: Iterable[str] = ()) -> Measurement:
        """Return what an outcome of a scenario asks for."""
        return cls.of(outcome.measure, outside, **outcome.arguments)

    @property
    def noun(self) -> Measure:
        """The registered measure."""
        return MEASURES[self.measure]

    @property
    def text(self) -> str:
        """Measure and arguments in one line."""
        columns = {column.name: column for column in self.noun.arguments}
        said = [f"{name} {write_cell(columns[name], value)}" for name, value in self.arguments if value is not None]
        return f"{self.measure}({', '.join(said)})"


def _default(kind: str, text: str) -> Hashable:
    """Return the default of an argument as its type; blank is None."""
    if not text:
        return None
    return int(text) if kind == "integer" else float(text) if kind == "number" else text


class _Computation(NamedTuple):
    reads: tuple[str, ...]
    compute: Callable[..., Floats]


_COMPUTATIONS: dict[str, _Computation] = {}


def computes(measure: str, *reads: str) -> Callable[[Callable[..., Floats]], Callable[..., Floats]]:
    """Register a function as the one that computes a measure, with the variables of the store that it reads.

    The function takes the replicates, the arguments by name and, where the measure is of ground, `outside`; it returns one
    number per replicate, nan where the measure is undefined.
    """
    if measure not in MEASURES or measure in _COMPUTATIONS:
        raise ValueError(f"{measure} is not declared in theatre.outcomes, or computed twice")

    def register(function: Callable[..., Floats]) -> Callable[..., Floats]:
        _COMPUTATIONS[measure] = _Computation(reads, function)
        return function

    return register


def computed_measures() -> Mapping[str, tuple[str, ...]]:
    """Return the measures that are computed from campaigns, each with what it reads."""
    return {name: computation.reads for name, computation in _COMPUTATIONS.items()}


def variables_of(measurements: Iterable[Measurement]) -> tuple[str, ...]:
    """Return the variables of the store, and `events`, that some measurements read."""
    return tuple(sorted({name for each in measurements for name in _COMPUTATIONS[each.measure].reads}))


def measured(measurements: Sequence[Measurement], replicates: Replicates) -> Floats:
    """Return the value (measurement, replicate) of each measurement in each replicate, nan where it is undefined."""
    values = np.empty((len(measurements), replicates.n), dtype=np.float64)
    for row, asked in enumerate(measurements):
        ground = {"outside": asked.outside} if asked.noun.is_of_ground else {}
        values[row] = _COMPUTATIONS[asked.measure].compute(replicates, **ground, **dict(asked.arguments))
    return values
