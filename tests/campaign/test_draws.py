"""First evenings: the same to the last bit however the replicates are cut into chunks."""

from __future__ import annotations

import numpy as np
import pytest

from keyterrain.campaign.inputs import quantiles, quantiles_of_each
from keyterrain.campaign.prepare import Prepared, prepare
from keyterrain.theatre import load
from keyterrain.theatre.quantity import Quantity


@pytest.fixture(scope="module")
def prepared() -> Prepared:
    return prepare(load("qalamoun-2013"), seed=1)


@pytest.mark.parametrize(("first", "n"), [(0, 1), (5, 2), (19, 7)])
def test_a_first_evening_does_not_ask_who_is_drawn_beside_it(prepared: Prepared, first: int, n: int) -> None:
    whole = prepared.first_evening.draw(1, 0, 40, prepared.world.room)
    part = prepared.first_evening.draw(1, first, n, prepared.world.room)
    assert part.records.tobytes() == whole.records[first : first + n].tobytes()
    assert part.values.tobytes() == whole.values[first : first + n].tobytes()


def test_many_quantities_at_once_are_what_they_are_one_by_one() -> None:
    distributions = [
        Quantity.parse("8000..15000", "B2"),
        Quantity.parse("up to 300"),
        Quantity.parse("12"),
        Quantity.parse("-1..2"),
    ]
    z = np.linspace(-5.0, 5.0, 4 * 101).reshape(101, 4)
    one_by_one = np.column_stack([quantiles(column, each) for column, each in zip(z.T, distributions, strict=True)])
    np.testing.assert_allclose(quantiles_of_each(z, distributions), one_by_one, rtol=1e-12, atol=1e-12)
    assert quantiles_of_each(np.zeros((3, 0)), []).shape == (3, 0)
