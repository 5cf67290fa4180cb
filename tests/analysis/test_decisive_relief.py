"""What the assumptions about relief carry of the worth of ground: planted effects are found, and others are not."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from keyterrain.analysis.decisive.ground import Ground
from keyterrain.analysis.decisive.question import decide
from keyterrain.analysis.decisive.relief import GroundRelief, WorthAt, relief_allowance, relief_of
from keyterrain.analysis.relief_points import AS_ASSUMED, MULTIPLIER, OFF, POINTS, STRONG, WEAK, Point, levers_at
from keyterrain.campaign.interventions import Interventions
from keyterrain.campaign.resampling import normals
from keyterrain.theatre import load
from scenarios import write_small_scenario

RIDGE, PLAIN, FLAT = (Ground(key, key.title(), "place", (key,)) for key in ("ridge", "plain", "flat"))
N = 40


class StandInHoldings:
    """Holdings that play nothing, and remember what they are asked for."""

    def __init__(self, changes: Interventions | None = None) -> None:
        self.changes, self.n_played, self.asked = changes, 0, list[int]()

    def if_changed(self, changes: Interventions) -> StandInHoldings:
        return StandInHoldings(changes)

    def extend(self, grounds: Any, replicates: int) -> None:
        self.asked.append(replicates)
        self.n_played += 2 * len(grounds) * replicates

    @property
    def multiplier(self) -> float:
        return float(self.changes.settings[MULTIPLIER]) if self.changes else 1.5


def planted(held: StandInHoldings, ground: Ground) -> np.ndarray:
    """The ridge decides as far as relief multiplies, the plain always; the flat has a second effect that needs relief."""
    luck = 0.1 * normals(5, "bootstrap", 2, 2 * N)
    if ground is RIDGE:
        return luck + 0.4 * (held.multiplier - 1.0)
    if ground is PLAIN:
        return luck + 0.3
    second = np.full((1, 2 * N), np.nan if held.multiplier == 1.0 else 0.9)
    return np.concatenate([0.0 * luck[:1], second])


@pytest.fixture(scope="module")
def answer() -> Any:
    return relief_of(StandInHoldings(), [RIDGE, PLAIN, FLAT], planted, N, seed=1)  # type: ignore[arg-type]


def of(answer: Any, key: str) -> GroundRelief:
    return next(each for each in answer.places if each.ground.key == key)


def worth(each: GroundRelief, point: Point) -> float:
    return next(at.worth for at in each.at if at.point == point)


def test_ground_whose_worth_is_assumed_is_told_from_ground_whose_worth_is_not(answer: Any) -> None:
    ridge, plain = of(answer, "ridge"), of(answer, "plain")
    weak, strong = (levers_at(point)[MULTIPLIER] - 1.0 for point in (WEAK, STRONG))
    assert ridge.rests_on_it
    assert worth(ridge, OFF) < 0.05
    assert worth(ridge, AS_ASSUMED) == pytest.approx(0.2, abs=0.03)
    assert worth(ridge, STRONG) == pytest.approx(0.4 * strong, abs=0.03)
    assert ridge.swing == pytest.approx(0.4 * (strong - abs(weak)), abs=0.03)
    assert ridge.carried == pytest.approx(worth(ridge, AS_ASSUMED) - worth(ridge, OFF))
    assert not plain.rests_on_it
    assert plain.swing == plain.carried == 0.0, "the same luck at every point"
    assert answer.sentence.startswith("Of 3 pieces of ground the worth of Ridge (")


def test_an_effect_that_is_undefined_at_one_point_counts_at_none(answer: Any) -> None:
    assert [each.worth for each in of(answer, "flat").at] == [0.0] * 4


def test_what_is_there_is_not_played_again_and_replicates_are_equal(answer: Any) -> None:
    assert answer.n_played == 4 * 2 * 3 * N
    assert (answer.replicates, [each.point for each in answer.places[0].at]) == (N, list(POINTS))
    allowance = relief_allowance([RIDGE, PLAIN, Ground("same", "Same", "area", ("plain",))], 2, N, 0.5)
    assert allowance.campaigns == 3 * N * (1 + 2 * 2), "ground of the same places is played once"
    assert allowance.seconds == 0.5 * allowance.campaigns


@pytest.mark.parametrize(
    ("limits", "rests"),
    [
        (((0.0, 0.1), (0.2, 0.3), (0.0, 0.3), (0.0, 0.3)), True),
        (((0.0, 0.2), (0.1, 0.3), (0.0, 0.3), (0.15, 0.3)), False),
        (((math.nan, math.nan),) * 4, False),
    ],
)
def test_worth_rests_on_relief_where_limits_lie_apart(limits: tuple[tuple[float, float], ...], rests: bool) -> None:
    at = tuple(WorthAt(point, (low + high) / 2, low, high, 1, None) for point, (low, high) in zip(POINTS, limits, strict=True))
    assert GroundRelief.of(RIDGE, at).rests_on_it == rests


def test_ground_without_any_worth_is_said_to_rest_on_nothing() -> None:
    answer = relief_of(StandInHoldings(), [PLAIN], planted, N, seed=1)  # type: ignore[arg-type]
    assert "none is shown" in answer.sentence


def test_a_point_is_the_campaign_with_these_parameters_written_into_the_scenario(tmp_path: Path) -> None:
    asked: dict[str, Any] = {"only": ["hill-village", "junction"], "replicates": 10, "seed": 3, "areas_at_random": 0}
    small = load(write_small_scenario(tmp_path / "small", days="20"))
    relief = decide(small, **asked, relief=10).relief
    assert relief is not None
    for point in (STRONG, OFF):
        written = {key: f"{value:g}" for key, value in levers_at(point).items()}
        changed = load(write_small_scenario(tmp_path / point.replace(" ", "-"), days="20", parameters=written))
        plain = decide(changed, **asked)
        for each in relief.places:
            assert worth(each, point) == pytest.approx(plain.of(each.ground.key).worth, nan_ok=True)
    assert decide(small, **asked).relief is None
