"""Random numbers: published answers, other people's generators and quantiles, and that luck hangs on its address alone."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from randomgen import Philox
from scipy import stats

from keyterrain.dynamics.compile_cache import activate

activate()

from keyterrain.campaign.entities import word, words  # noqa: E402  (the cache has to be in place first)
from keyterrain.dynamics.kernel import kernel  # noqa: E402
from keyterrain.dynamics.luck import (  # noqa: E402
    INPUTS,
    Luck,
    Uniforms,
    binomial,
    fill_normals,
    geometric,
    logistic,
    logistic_variate,
    mixed,
    normal,
    philox,
    poisson,
    rounded,
    uniforms,
)

Floats = NDArray[np.float64]
Words = NDArray[np.uint64]

WORD = st.integers(0, 2**32 - 1)
OPEN_UNIT = st.integers(0, 2**32 - 1).map(lambda word: (word + 0.5) / 2**32)
GRID = (np.arange(20_000) + 0.5) / 20_000
"""Even steps of u: means over them are expectations, but for the width of a step."""

KNOWN_ANSWERS = {
    "zeros": ("00000000 00000000 00000000 00000000", "00000000 00000000", "6627e8d5 e169c58d bc57ac4c 9b00dbd8"),
    "ones": ("ffffffff ffffffff ffffffff ffffffff", "ffffffff ffffffff", "408f276d 41c83b0e a20bc7c6 6d5451fd"),
    "pi": ("243f6a88 85a308d3 13198a2e 03707344", "a4093822 299f31d0", "d16cfe09 94fdcceb 5001e420 24126ea1"),
}
"""Counter, key and result of Philox 4x32-10 as published with Salmon et al. (2011)."""


def numbers(text: str) -> list[int]:
    return [int(each, 16) for each in text.split()]


def encrypt(counter: list[int], key: list[int]) -> list[int]:
    return [int(each) for each in philox(*map(np.uint64, counter), *map(np.uint64, key))]


@pytest.mark.parametrize("name", KNOWN_ANSWERS)
def test_philox_gives_the_published_answers(name: str) -> None:
    counter, key, answer = KNOWN_ANSWERS[name]
    assert encrypt(numbers(counter), numbers(key)) == numbers(answer)


def packed(four: list[int]) -> int:
    return sum(each << (32 * i) for i, each in enumerate(four))


@given(counter=st.lists(WORD, min_size=4, max_size=4), key=st.lists(WORD, min_size=2, max_size=2))
def test_philox_is_that_of_another_library(counter: list[int], key: list[int]) -> None:
    # that library counts up before it draws, so it is set one short of the counter
    before = (packed(counter) - 1) % 2**128
    oracle = Philox(counter=before, key=packed(key), number=4, width=32)
    assert encrypt(counter, key) == [int(each) for each in oracle.random_raw(4)]


@given(seed=WORD, replicate=WORD, process=st.integers(0, 200), day=st.integers(0, 1000), entity=WORD, draw=st.integers(0, 2**31))
def test_a_uniform_is_the_middle_of_one_of_two_to_the_32_steps(**address: int) -> None:
    # so none is 0 or 1, whatever the word
    for u in at(**address):
        step = u * 2.0**32 - 0.5
        assert step == int(step)
        assert 0 <= step <= 2**32 - 1
        assert 0.0 < u < 1.0


def at(*, seed: int = 1, replicate: int = 2, process: int = 3, day: int = 4, entity: int = 5, draw: int = 6) -> Uniforms:
    drawn: Uniforms = uniforms(Luck(np.uint64(seed), np.uint64(replicate)), process, day, np.uint64(entity), draw)
    return drawn


def test_every_part_of_the_address_counts_and_none_stands_for_another() -> None:
    parts = ("seed", "replicate", "process", "day", "entity", "draw")
    drawn = {at(**dict(zip(parts, values, strict=True))) for values in product((0, 1, 7), repeat=6)}
    assert len(drawn) == 3**6
    assert len({u for four in drawn for u in four}) == 4 * 3**6


def test_an_address_gives_the_same_luck_whatever_was_drawn_before() -> None:
    first = at()
    for day in range(50):
        at(day=day)
    assert at() == first


@kernel
def many(luck: Luck, process: int, day: int, n: int, out: Floats) -> None:
    for i in range(n):
        u = uniforms(luck, process, day, np.uint64(i), 0)
        out[i, 0], out[i, 1], out[i, 2], out[i, 3] = u.a, u.b, u.c, u.d


def drawn_over_entities(n: int, *, replicate: int = 0, day: int = 1) -> Floats:
    out = np.empty((n, 4))
    many(Luck(np.uint64(11), np.uint64(replicate)), 3, day, n, out)
    return out


def test_uniforms_are_uniform_and_unrelated_across_entities_days_and_replicates() -> None:
    n = 50_000
    here = drawn_over_entities(n)
    for column in here.T:
        assert stats.kstest(column, "uniform").pvalue > 1e-4
    others = [here[1:, 0], drawn_over_entities(n, day=2)[:-1, 0], drawn_over_entities(n, replicate=1)[:-1, 0], here[:-1, 1]]
    for other in others:
        assert abs(np.corrcoef(here[:-1, 0], other)[0, 1]) < 4.5 / n**0.5


def test_the_order_of_a_pair_counts() -> None:
    a, b = np.uint64(word("qara")), np.uint64(word("nabk"))
    assert len({int(mixed(a, b)), int(mixed(b, a)), int(a), int(b)}) == 4
    assert mixed(a, b) == mixed(a, b)


def test_words_hang_on_the_key_and_not_on_the_row() -> None:
    forth, back = words(["arsal", "homs", "nabk"]), words(["nabk", "homs", "arsal"])
    assert forth.tolist() == back[::-1].tolist()
    assert max(forth) < 2**32


@given(u=OPEN_UNIT)
def test_the_normal_quantile_is_that_of_scipy(u: float) -> None:
    assert normal(u) == pytest.approx(float(stats.norm.ppf(u)), rel=1e-12, abs=1e-12)


def test_the_normal_quantile_joins_its_three_pieces_and_is_odd() -> None:
    u = np.sort(np.concatenate([GRID, [0.5, 0.075, 0.925, np.exp(-25.0), 2.0**-33], 0.075 + np.linspace(-1e-9, 1e-9, 101)]))
    z = np.array([normal(each) for each in u])
    np.testing.assert_allclose(z, stats.norm.ppf(u), rtol=1e-12, atol=1e-15)
    assert (np.diff(z) >= 0.0).all()
    assert normal(0.25) == -normal(0.75)
    assert normal(0.5) == 0.0


@given(u=OPEN_UNIT)
def test_the_logistic_variate_is_that_of_scipy_and_undoes_the_logistic(u: float) -> None:
    x = logistic_variate(u)
    assert x == pytest.approx(float(stats.logistic.ppf(u)), rel=1e-9, abs=1e-9)
    assert logistic(x) == pytest.approx(u, rel=1e-9)


def is_between_steps(cdf: Callable[[int], float], k: int, u: float) -> bool:
    """Whether u lies so near a step of a distribution function that rounding decides."""
    return min(abs(cdf(k - 1) - u), abs(cdf(k) - u)) < 1e-12


@given(n=st.integers(1, 200_000), mean=st.floats(1e-6, 25.0), mirrored=st.booleans(), u=OPEN_UNIT)
def test_a_binomial_of_small_mean_is_the_exact_quantile(n: int, mean: float, mirrored: bool, u: float) -> None:
    low = min(mean / n, 0.5)
    p = 1.0 - low if mirrored else low
    k = binomial(n, p, u)
    assert k == stats.binom.ppf(u, n, p) or is_between_steps(lambda j: float(stats.binom.cdf(j, n, p)), k, u)


@given(mean=st.floats(0.0, 50.0), u=OPEN_UNIT)
def test_a_poisson_is_the_exact_quantile(mean: float, u: float) -> None:
    k = poisson(mean, u)
    assert k == stats.poisson.ppf(u, mean) or is_between_steps(lambda j: float(stats.poisson.cdf(j, mean)), k, u)


@given(mean=st.floats(1.01, 60.0), u=OPEN_UNIT)
def test_a_geometric_is_the_exact_quantile(mean: float, u: float) -> None:
    k = geometric(mean, u)
    assert k == stats.geom.ppf(u, 1.0 / mean) or is_between_steps(lambda j: float(stats.geom.cdf(j, 1.0 / mean)), k, u)
    assert k >= 1


@pytest.mark.parametrize(("n", "p"), [(200, 0.5), (5_000, 0.02), (60_000, 0.6), (60_000, 0.001), (1_000_000, 0.997)])
def test_a_binomial_of_large_mean_has_the_moments(n: int, p: float) -> None:
    k = np.array([binomial(n, p, u) for u in GRID])
    sd = (n * p * (1 - p)) ** 0.5
    assert k.mean() == pytest.approx(n * p, abs=0.02 * sd)
    assert k.std() == pytest.approx(sd, rel=0.01)
    assert np.abs(k - stats.binom.ppf(GRID, n, p)).max() <= 3
    assert (np.diff(k) >= 0).all()
    assert k.min() >= 0
    assert k.max() <= n


@pytest.mark.parametrize("mean", [0.02, 0.7, 12.0, 45.0])
def test_poisson_and_geometric_have_the_mean(mean: float) -> None:
    assert np.mean([poisson(mean, u) for u in GRID]) == pytest.approx(mean, rel=5e-3)
    assert np.mean([geometric(1.0 + mean, u) for u in GRID]) == pytest.approx(1.0 + mean, rel=5e-3)


def test_the_ends_of_a_binomial_are_certain() -> None:
    for u in (2.0**-33, 0.5, 1.0 - 2.0**-33):
        assert binomial(1000, 0.0, u) == binomial(0, 0.4, u) == binomial(-3, 0.4, u) == 0
        assert binomial(1000, 1.0, u) == 1000
        assert 0 <= binomial(1000, 0.5, u) <= 1000
        assert geometric(1.0, u) == geometric(0.2, u) == 1


@given(x=st.floats(0.0, 1e6))
def test_rounding_keeps_the_mean(x: float) -> None:
    whole = {rounded(x, float(u)) for u in (2.0**-33, 0.3, 0.7, 1.0 - 2.0**-33)}
    assert whole <= {int(x), int(x) + 1}
    assert np.mean([rounded(2.3, u) for u in GRID]) == pytest.approx(2.3, abs=1e-4)


def test_inputs_of_a_replicate_do_not_hang_on_the_chunk_or_on_other_inputs() -> None:
    entity = words(["alpha", "beta", "gamma"])
    whole, part, fewer = np.empty((6, 3)), np.empty((2, 3)), np.empty((6, 2))
    fill_normals(np.uint64(5), INPUTS, 0, entity, whole)
    fill_normals(np.uint64(5), INPUTS, 3, entity, part)
    fill_normals(np.uint64(5), INPUTS, 0, entity[[2, 0]], fewer)
    assert (part == whole[3:5]).all()
    assert (fewer == whole[:, [2, 0]]).all()


INTERPRETED = """
import sys
import numpy as np
from keyterrain.dynamics.compile_cache import activate
activate()
from keyterrain.dynamics import luck

rows = []
for i in range(200):
    who = luck.Luck(np.uint64(3), np.uint64(i))
    four = luck.uniforms(who, 7, i % 9, np.uint64(2654435761 * i % 2**32), i % 4)
    u = four.a
    whole = [luck.rounded(9.5, u), luck.poisson(8 * four.b, u), luck.geometric(1 + 9 * four.c, u)]
    whole += [luck.binomial(i, four.b, u), luck.binomial(900, 0.3, u)]
    rows.append([*four, luck.normal(u), luck.logistic_variate(u), *whole])
np.save(sys.argv[1], np.array(rows, dtype=float))
"""


def test_interpreted_luck_is_compiled_luck(tmp_path: Path) -> None:
    tables = [table_of(INTERPRETED, tmp_path / f"{disable}.npy", disable) for disable in "01"]
    assert (tables[0][:, :4] == tables[1][:, :4]).all()
    assert (tables[0][:, 6:] == tables[1][:, 6:]).all()
    np.testing.assert_allclose(tables[0], tables[1], rtol=1e-12)


def table_of(script: str, out: Path, disable: str) -> NDArray[Any]:
    environment = {**os.environ, "NUMBA_DISABLE_JIT": disable}
    subprocess.run([sys.executable, "-c", script, str(out)], check=True, env=environment, timeout=300)
    table: NDArray[Any] = np.load(out)
    return table
