"""Sensitivity: an analytic function, a planted input, noise that must tell nothing, and draws exchanged between replicates."""

from __future__ import annotations

import math
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from fabricated_run import fabricated_arrays
from keyterrain.analysis.sensitivity.groups import LUCK, group_of, grouped
from keyterrain.analysis.sensitivity.question import Sensitivity, sensitivity
from keyterrain.analysis.sensitivity.screening import screen
from keyterrain.analysis.sensitivity.sobol import LEAST_ROWS, sobol_indices
from keyterrain.campaign.chunks import Kernels
from keyterrain.campaign.ensemble import open_run, run
from keyterrain.campaign.errors import RunRefused
from keyterrain.campaign.inputs import Borrowed
from keyterrain.campaign.prepare import prepare
from keyterrain.campaign.resampling import uniforms
from keyterrain.theatre import Scenario, load
from scenarios import write_small_scenario
from stand_in_campaign import events_of

PLANTED = "strength:brigades@hill-village"


# Ishigami's function: indices are known in closed form (Ishigami and Homma 1990, with a = 7 and b = 0.1)


def ishigami(x: np.ndarray) -> np.ndarray:
    return np.sin(x[:, 0]) + 7 * np.sin(x[:, 1]) ** 2 + 0.1 * x[:, 2] ** 4 * np.sin(x[:, 0])


def ishigami_indices() -> dict[str, tuple[float, float]]:
    a, b, pi = 7.0, 0.1, math.pi
    one, two = 0.5 * (1 + b * pi**4 / 5) ** 2, a**2 / 8
    both = b**2 * pi**8 * (1 / 18 - 1 / 50)
    variance = one + two + both
    return {"one": (one / variance, (one + both) / variance), "two": (two / variance,) * 2, "three": (0.0, both / variance)}


def test_the_indices_of_ishigamis_function_are_the_exact_ones() -> None:
    n = 20_000
    drawn = 2 * math.pi * uniforms(3, "bootstrap", n, 6) - math.pi
    own, other = drawn[:, :3], drawn[:, 3:]
    exchanged = []
    for factor in range(3):
        mixed = own.copy()
        mixed[:, factor] = other[:, factor]
        exchanged.append(ishigami(mixed))
    found = sobol_indices(["one", "two", "three"], ishigami(own), ishigami(other), np.array(exchanged), seed=1)
    assert found.n == n
    assert [each.factor for each in found.indices] == ["one", "two", "three"]
    for each in found.indices:
        first, total = ishigami_indices()[each.factor]
        assert each.first == pytest.approx(first, abs=0.03)
        assert each.total == pytest.approx(total, abs=0.03)
        assert each.first_low < each.first < each.first_high
        assert each.total_low <= each.total < each.total_high


def test_indices_are_not_given_where_they_mean_nothing() -> None:
    same = np.ones(100)
    assert "same in every replicate" in sobol_indices(["a"], same, same, same[None], 1).why
    few = np.r_[np.arange(LEAST_ROWS - 1.0), np.full(5, np.nan)]
    assert "defined in 29 pairs" in sobol_indices(["a"], few, few, few[None], 1).why


# Screening


def draws(n: int, k: int, seed: int = 2) -> dict[str, np.ndarray]:
    table = uniforms(seed, "areas", n, k)
    return {f"x{column}": table[:, column] for column in range(k)}


def test_what_goes_with_the_outcome_is_found_and_nothing_else() -> None:
    inputs = draws(400, 60, seed=20)
    outcome = np.exp(3 * inputs["x7"]) + uniforms(9, "areas", 400, 1)[:, 0]
    found = screen(outcome, inputs, {"first": [f"x{k}" for k in range(5, 10)], "rest": [f"x{k}" for k in range(10, 60)]}, 1)
    assert [each.name for each in found.inputs if each.p < 0.05] == ["x7"]
    assert found.inputs[0].share > 0.9
    assert found.inputs[0].rank_correlation > 0.95
    assert [each.name for each in found.groups if each.p < 0.05] == ["first"]
    assert abs(found.groups[-1].share) < 0.1


def test_noise_tells_nothing_more_often_than_it_may() -> None:
    n_found = 0
    for seed in range(40):
        outcome = uniforms(seed + 100, "areas", 80, 1)[:, 0]
        n_found += any(each.p < 0.05 for each in screen(outcome, draws(80, 30, seed), {}, seed).inputs)
    assert n_found <= 6  # of 40 at one in twenty: more than 6 come by chance once in 300


def test_a_choice_among_several_is_compared_value_by_value() -> None:
    choice = np.floor(3 * uniforms(1, "areas", 300, 1)[:, 0])
    outcome = (choice == 1).astype(float) + 0.1 * uniforms(5, "areas", 300, 1)[:, 0]  # neither up nor down
    found = screen(outcome, {"choice": choice, **draws(300, 10)}, {}, 1)
    assert found.inputs[0].name == "choice"
    assert found.inputs[0].share > 0.6
    assert math.isnan(found.inputs[0].rank_correlation)


def test_nothing_is_said_where_there_is_nothing_to_say() -> None:
    assert "same in every replicate" in screen(np.ones(50), draws(50, 3), {}, 1).why
    assert "defined in 10 replicates" in screen(np.r_[np.arange(10.0), np.full(40, np.nan)], draws(50, 3), {}, 1).why
    wide = screen(uniforms(1, "areas", 40, 1)[:, 0], draws(40, 30), {"all": [f"x{k}" for k in range(30)]}, 1)
    assert math.isnan(wide.groups[0].share)  # thirty columns explain forty replicates whatever they are


def test_inputs_are_grouped_by_what_one_would_find_out_together() -> None:
    names = [
        "parameter:combat.tempo", "strength:army@nabk", "strength-of:army@hills", "claim:army@hills#0", "claim-chosen:army",
        "joining:army@nabk:2013-12-01", "known-quality:army", "quality:army", "mobility:army", "policy:government",
        "waits:government", "ground:nabk", "population:nabk", "guests:nabk@arsal", "holder:nabk", "site:hared",
        "capacity:government@homs", "new:thing",
    ]  # fmt: skip
    found = grouped(names)
    assert sum(map(len, found.values())) == len(names)
    assert len(found["strength of army"]) == 5
    assert len(found["quality of army"]) == 2
    assert found["policy of government"] == ("policy:government", "waits:government")
    assert group_of("parameter:combat.tempo") == "parameters of combat"
    assert group_of("new:thing") == "new"


# Draws exchanged, and a campaign in which one input matters


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Scenario:
    return load(write_small_scenario(tmp_path_factory.mktemp("sensitive") / "small", days="20"))


def test_borrowed_inputs_are_those_of_the_other_replicate_and_all_else_is_untouched(small: Scenario) -> None:
    prepared = prepare(small, seed=3)
    evening, room = prepared.first_evening, prepared.world.room
    own, far = evening.draw(3, 0, 6, room), evening.draw(3, 6, 6, room)
    names = [name for name in evening.inputs.names if name.startswith(("parameter:combat", "policy:"))]
    mixed = evening.borrowing(Borrowed(frozenset(names), 6)).draw(3, 0, 6, room)
    for column, name in enumerate(evening.inputs.names):
        expected = far if name in names else own
        if name.startswith("quality:"):
            continue  # scaled by a parameter of combat
        assert (mixed.values[:, column] == expected.values[:, column]).all(), name
    everything = evening.borrowing(Borrowed(frozenset(evening.inputs.names), -6)).draw(3, 6, 6, room)
    assert everything.records.tobytes() == own.records.tobytes()
    none = evening.borrowing(Borrowed(frozenset(), 6)).draw(3, 0, 6, room)
    assert none.records.tobytes() == own.records.tobytes()


def planted_chunk(prepared: Any, first: int, n: int, *, luck: bool = False, **_: Any) -> SimpleNamespace:
    """The hills fall where one garrison is weak, or by the luck of the replicate."""
    drawn = prepared.first_evening.draw(prepared.seed, first, n, prepared.world.room)
    arrays = fabricated_arrays(prepared.situation, prepared.coordinates, n, 1)
    arrays["draw"] = drawn.values
    names, sides = list(prepared.coordinates["input"]), list(prepared.coordinates["side"])
    strength = drawn.values[:, names.index(PLANTED)]
    coin = uniforms(8, "areas", n, 1, first_row=first)[:, 0] < 0.5
    falls = coin if luck else strength < 480
    arrays["control"][:] = np.where(falls, sides.index("government"), sides.index("opposition"))[:, None, None]
    return SimpleNamespace(arrays=arrays, events=events_of([], prepared.days), breaches=[], release=lambda: None)


def lucky_chunk(prepared: Any, first: int, n: int, **_: Any) -> SimpleNamespace:
    return planted_chunk(prepared, first, n, luck=True)


def asked(scenario: Scenario, play: Any, **options: Any) -> Sensitivity:
    return sensitivity(scenario, outcomes=["hills-held"], kernels=Kernels(prepare, play), seed=5, **options)


def test_a_planted_input_is_found_by_both_ways_and_named_with_its_source(small: Scenario) -> None:
    answer = asked(small, planted_chunk, pairs=120)
    (outcome,) = answer.outcomes
    assert outcome.sobol is not None
    first, *others = outcome.sobol.indices
    assert first.factor == "strength of brigades"
    assert first.total == pytest.approx(1.0, abs=0.25)
    sharing = {"strength of opposition", "strength of fighters"}  # a claim of the side's total is shared out among its actors
    assert all(each.total == 0.0 for each in others if each.factor not in sharing)
    assert all(each.total < first.total for each in others)
    assert outcome.worth_verifying[0].draw in {PLANTED, "strength-of:brigades@hills"}
    report = next(each for each in outcome.worth_verifying if each.draw == PLANTED)
    assert report.input is not None
    assert (report.input.source, report.input.grade) == ("report", "D4")
    assert outcome.parameters == ()


def test_luck_is_a_factor_of_its_own(small: Scenario) -> None:
    (outcome,) = asked(small, lucky_chunk, pairs=120).outcomes
    assert outcome.sobol is not None
    assert outcome.sobol.indices[0].factor == LUCK
    assert outcome.sobol.indices[0].total == pytest.approx(1.0, abs=0.25)
    assert all(each.total == 0.0 for each in outcome.sobol.indices[1:])
    assert outcome.worth_verifying == ()


def test_a_run_is_screened_without_playing(small: Scenario, tmp_path: Path) -> None:
    run(small, replicates=200, out=tmp_path / "run", seed=5, chunk=50, kernels=Kernels(prepare, planted_chunk))
    opened = open_run(tmp_path / "run")
    answer = sensitivity(opened.scenario, outcomes=["hills-held", "reversal"], run=opened)
    assert (answer.replicates, answer.n_played) == (200, 0)
    held, reversal = answer.outcomes
    assert held.sobol is None
    assert held.worth_verifying[0].draw in {PLANTED, "strength-of:brigades@hills"}
    assert reversal.screened.why


def test_what_cannot_be_asked_is_refused(small: Scenario) -> None:
    with pytest.raises(RunRefused, match="nearest valid: hills-held"):
        sensitivity(small, outcomes=["hill-held"])
    with pytest.raises(RunRefused, match="no replicates to screen"):
        sensitivity(small, pairs=0)
