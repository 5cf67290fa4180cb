"""The combat law: read from tables with known traps, found again in battles made by it, and held against what campaigns use."""

from __future__ import annotations

import csv
import dataclasses
import math
import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from scipy import integrate

import keyterrain
from keyterrain.analysis.battles.heldout import area_under_curve, dupuy_multiplier, held_out, held_out_chances, ratio_only
from keyterrain.analysis.battles.law import CombatLaw, TooFewBattles, fit_law, law_as_csv, shipped_law
from keyterrain.analysis.battles.outcome import fit_outcome, ratio_design
from keyterrain.analysis.battles.records import NEEDED, Battle, BattleRecord, read_cdb90, record_of
from keyterrain.analysis.battles.regression import jackknifed, within_wars
from keyterrain.campaign.resampling import uniforms
from keyterrain.theatre.faults import ScenarioFaults
from keyterrain.theatre.parameters import PARAMETERS

EVEN = Battle(
    number=1,
    name="",
    year=1944,
    war="w",
    conflict="c",
    won=True,
    attackers=2000.0,
    defenders=1000.0,
    attackers_lost=100.0,
    defenders_lost=100.0,
    days=2,
    ground="RM0",
    posture="HD",
    advance=4.0,
    attacking=("a",),
    defending=("b",),
)

# --- battles made by a known law

TRUTH = {
    "combat.intercept": 0.2,
    "combat.slope": 1.1,
    "combat.quality_sd": 0.8,
    "combat.attacker_loss_winning": 0.02,
    "combat.attacker_loss_losing": 0.03,
    "combat.defender_loss_losing": 0.04,
    "combat.defender_loss_winning": 0.025,
    "combat.attacker_elasticity": -0.3,
    "combat.defender_elasticity": 0.5,
    "combat.attacker_loss_relief": 0.7,
    "combat.defender_loss_relief": 0.6,
    "combat.attacker_loss_sd": 0.6,
    "combat.defender_loss_sd": 0.9,
    "combat.loss_correlation": 0.3,
    "combat.phase_end": 0.4,
    "combat.phase_end_fortified": 0.4,
    "combat.tempo_relief": 0.6,
}
N_MADE, N_WARS, N_ARMIES = 700, 25, 30


def made_battles(seed: int, n: int = N_MADE, *, slope: float = 1.1) -> list[Battle]:
    """Battles drawn from `TRUTH`; wars differ in how bloody they are, and rugged ground draws more attackers."""
    from scipy.special import ndtri

    u = uniforms(seed, "bootstrap", n, 12)
    z = ndtri(u)
    quality = TRUTH["combat.quality_sd"] * ndtri(uniforms(seed, "weights", 1, N_ARMIES)[0])
    bloody = 0.5 * ndtri(uniforms(seed, "areas", 1, N_WARS)[0])
    battles = []
    for row in range(n):
        war = row % N_WARS
        ground = "GRF"[int(3 * u[row, 0])]
        rugged = ground == "G"
        ratio = 0.4 + 0.6 * z[row, 1] + 0.3 * rugged
        first, second = int(N_ARMIES * u[row, 2]), int(N_ARMIES * u[row, 3])
        second = (first + 1) % N_ARMIES if first == second else second
        logit = TRUTH["combat.intercept"] + slope * ratio + quality[first] - quality[second]
        won = math.log(u[row, 4] / (1.0 - u[row, 4])) < logit
        days = 1 + int(math.log(u[row, 5]) / math.log(1.0 - TRUTH["combat.phase_end"]))
        e1 = z[row, 6]
        e2 = TRUTH["combat.loss_correlation"] * e1 + math.sqrt(1.0 - TRUTH["combat.loss_correlation"] ** 2) * z[row, 7]
        outcome = ("winning", "losing") if won else ("losing", "winning")
        lost = [
            TRUTH[f"combat.{side}_loss_{how}"]
            * math.exp(TRUTH[f"combat.{side}_elasticity"] * ratio + bloody[war] + TRUTH[f"combat.{side}_loss_sd"] * error)
            * (TRUTH[f"combat.{side}_loss_relief"] if rugged else 1.0)
            for side, how, error in (("attacker", outcome[0], e1), ("defender", outcome[1], e2))
        ]
        defenders = math.exp(8.0 + 0.3 * z[row, 8])
        pace = math.exp(1.0 + 0.8 * bloody[war] + 0.7 * z[row, 9]) * (TRUTH["combat.tempo_relief"] if rugged else 1.0)
        battles.append(
            dataclasses.replace(
                EVEN,
                number=row,
                war=f"war {war}",
                conflict=f"conflict {war // 2}",
                won=won,
                attackers=defenders * math.exp(ratio),
                defenders=defenders,
                attackers_lost=lost[0] * days * defenders * math.exp(ratio),
                defenders_lost=lost[1] * days * defenders,
                days=days,
                ground=f"{ground}M0",
                posture=("HD", "PD", "FD")[int(3 * u[row, 10])],
                advance=pace * days if won else None,
                attacking=(f"army {first}",),
                defending=(f"army {second}",),
            )
        )
    return battles


@pytest.fixture(scope="module")
def made_laws() -> list[CombatLaw]:
    return [fit_law(record_of(made_battles(seed), source=f"made {seed}")) for seed in range(30, 42)]


@pytest.mark.parametrize("parameter", TRUTH)
def test_the_law_that_made_the_battles_is_found_again(parameter: str, made_laws: Sequence[CombatLaw]) -> None:
    errors = [law.of(parameter).errors_from(TRUTH[parameter]) for law in made_laws]
    # the errors of twelve samples: no bias, and about as large as they are said to be (a jackknife of 25 wars says a little less)
    assert abs(np.mean(errors)) < 1.25, errors
    assert 0.4 < np.std(errors) < 1.9, errors


def test_standard_errors_say_something(made_laws: Sequence[CombatLaw]) -> None:
    for each in made_laws[0].estimates:
        assert 0.0 < each.standard_error < 0.45, each
        assert each.low < each.estimate < each.high


def test_without_an_effect_of_ratio_none_is_found() -> None:
    battles = made_battles(4, slope=0.0)
    law = fit_outcome(battles, ratio_design(battles), with_quality=True)
    assert abs(law.coefficients[1]) < 3.0 * law.coefficient_errors[1]
    assert law.coefficient_errors[1] < 0.3


def test_a_law_blind_to_quality_finds_too_small_a_slope(made_laws: Sequence[CombatLaw]) -> None:
    battles = made_battles(30)
    blind = fit_outcome(battles, ratio_design(battles), with_quality=False)
    assert blind.coefficients[1] < made_laws[0].of("combat.slope").estimate
    assert blind.quality_sd == 0.0


def test_the_same_battles_give_the_same_table_in_any_order() -> None:
    battles = made_battles(5, 300)
    turned = [*battles[150:], *battles[:150]]
    there, back = (fit_law(record_of(some, source="s")).estimates for some in (battles, turned))
    assert [each.estimate for each in there] == pytest.approx([each.estimate for each in back], rel=2e-3, abs=2e-4)


# --- exact cases


def test_odds_without_quality_are_those_counted() -> None:
    battles = [dataclasses.replace(EVEN, won=row < 30, war=str(row)) for row in range(40)]
    law = fit_outcome(battles, np.ones((40, 1)), with_quality=False)
    assert law.coefficients[0] == pytest.approx(math.log(30 / 10), abs=1e-5)
    assert law.coefficient_errors[0] == pytest.approx(math.sqrt(1 / 30 + 1 / 10), rel=1e-3)


def test_integrating_quality_out_is_close_to_quadrature() -> None:
    """One army attacks forty times against forty strangers that have no quality of their own."""
    battles = [dataclasses.replace(EVEN, won=row < 30, defending=()) for row in range(40)]
    law = fit_outcome(battles, np.ones((40, 1)), with_quality=True)
    b, sd = float(law.coefficients[0]), law.quality_sd

    def likelihood(z: float) -> float:
        p = 1.0 / (1.0 + math.exp(-(b + sd * z)))
        return math.exp(-0.5 * z * z) / math.sqrt(2.0 * math.pi) * p**30 * (1.0 - p) ** 10

    exact = math.log(integrate.quad(likelihood, -8.0, 8.0, points=[0.0], epsabs=0.0)[0])
    assert law.log_likelihood == pytest.approx(exact, abs=0.05)


def test_within_wars_is_least_squares_with_a_level_for_each_war() -> None:
    battles = made_battles(6, 90)
    y, columns = uniforms(1, "weights", 90, 1)[:, 0], uniforms(2, "weights", 90, 2)
    wars = [battle.war for battle in battles]
    dummies = np.array([[war == each for each in sorted(set(wars))] for war in wars], dtype=float)
    direct = np.linalg.lstsq(np.hstack([columns, dummies]), y, rcond=None)[0]
    found = within_wars(battles, y, columns)
    assert found.slopes == pytest.approx(direct[:2], abs=1e-12)
    assert found.level == pytest.approx(float(dummies.sum(axis=0) / 90 @ direct[2:]), abs=1e-12)


def test_the_jackknife_of_a_mean_over_wars_of_one_battle_is_its_standard_error() -> None:
    battles = [dataclasses.replace(EVEN, war=str(row), days=row % 7 + 1) for row in range(20)]
    days = np.array([battle.days for battle in battles], float)
    found = jackknifed(battles, lambda some: np.array([np.mean([battle.days for battle in some])]))
    assert found.values[0] == pytest.approx(days.mean())
    assert found.errors[0] == pytest.approx(days.std(ddof=1) / math.sqrt(20))


def test_area_under_curve_counts_pairs_with_ties_half() -> None:
    chances, won = np.array([0.2, 0.5, 0.5, 0.9, 0.1]), np.array([0.0, 1.0, 0.0, 1.0, 1.0])
    pairs = [(chances[i] > chances[j]) + 0.5 * (chances[i] == chances[j]) for i in (1, 3, 4) for j in (0, 2)]
    assert area_under_curve(chances, won) == pytest.approx(np.mean(pairs))
    twice = area_under_curve(np.append(chances, 0.9), np.append(won, 1.0))
    assert area_under_curve(chances, won, np.array([1.0, 1.0, 1.0, 2.0, 1.0])) == pytest.approx(twice)
    assert area_under_curve(np.full(5, 0.3), won) == 0.5


def test_dupuy_multiplies_posture_by_ground() -> None:
    fortified_in_hills = dataclasses.replace(EVEN, posture="FD", ground="GM0")
    assert dupuy_multiplier(fortified_in_hills) == pytest.approx(1.6 * 1.5)
    assert dupuy_multiplier(dataclasses.replace(EVEN, posture="PD", ground="RMU")) == pytest.approx(1.5 * 1.4)


# --- held out


def test_a_war_left_out_teaches_nothing_about_itself() -> None:
    battles = made_battles(7, 200)
    turned = [dataclasses.replace(each, won=not each.won) if each.war == "war 3" else each for each in battles]
    before, after = (held_out_chances(some, "war", ratio_only) for some in (battles, turned))
    of_it = np.array([battle.war == "war 3" for battle in battles])
    assert after[of_it] == pytest.approx(before[of_it], abs=1e-9)
    assert not np.allclose(after[~of_it], before[~of_it])


def test_the_law_beats_the_base_rate_where_it_rules_and_not_where_nothing_does() -> None:
    ruled = held_out(made_battles(8, 400, slope=2.5), sample="made", grouping="war", rounds=200)
    scores = {each.rival: each for each in ruled.rivals}
    assert scores["force ratio only"].against_base.high < 0.0
    assert scores["the law, qualities unknown"].against_base.high < 0.0
    assert scores["the law, armies of other wars known"].auc.low > 0.6
    assert scores["base rate"].against_base.value == 0.0
    nothing = [
        dataclasses.replace(each, won=bool(coin < 0.6), attacking=("a",), defending=("b",))
        for each, coin in zip(made_battles(9, 400), uniforms(9, "weights", 400, 1)[:, 0], strict=True)
    ]
    blind = {each.rival: each for each in held_out(nothing, sample="made", grouping="war", rounds=200).rivals}
    assert blind["force ratio only"].against_base.high > 0.0
    assert blind["the law, qualities unknown"].against_base.high > 0.0


# --- reading


def write_tables(folder: Path, battles: Sequence[dict[str, str]]) -> None:
    """Write tables of CDB90 with the columns that are read, and periods and armies for each battle."""
    folder.mkdir(exist_ok=True)
    rows: dict[str, list[dict[str, str]]] = {name: [] for name in NEEDED}
    for battle in battles:
        number = battle["ISQNO"]
        plain = {"NAME": "n", "STRA": "2000", "STRD": "1000", "CASA": "10", "CASD": "20", "TERRA1": "RM0", "POST1": "HD"}
        rows["CDB90-patched.csv"].append({**plain, "WINA": "1", "KMDA": "4", **battle})
        rows["battles.csv"].append({"isqno": number, "parent": battle.get("parent", ""), "war2": "w2", "war4": "w4"})
        for period in battle.get("periods", "1944-01-01T06:00:00/1944-01-01T18:00:00").split():
            begin, end = period.split("/")
            rows["active_periods.csv"].append(
                {"isqno": number, "start_time_min": begin, "end_time_max": end, "duration_only": "0"}
            )
        rows["battle_actors.csv"] += [
            {"isqno": number, "attacker": side, "actor": actor} for side, actor in (("1", "A"), ("0", "B"), ("0", "C"))
        ]
    for name, columns in NEEDED.items():
        with (folder / name).open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, columns, extrasaction="ignore")
            writer.writeheader()
            writer.writerows(rows[name])


def read_back(folder: Path, *battles: dict[str, str]) -> BattleRecord:
    write_tables(folder, battles)
    return read_cdb90(folder)


def test_defeats_draws_nested_battles_and_unknown_ground_are_told_apart(tmp_path: Path) -> None:
    record = read_back(
        tmp_path,
        {"ISQNO": "1"},
        {"ISQNO": "2", "WINA": "-1"},
        {"ISQNO": "3", "WINA": "0"},
        {"ISQNO": "4", "WINA": "-9"},
        {"ISQNO": "5", "parent": "1"},
        {"ISQNO": "6", "TERRA1": "000"},
        {"ISQNO": "7", "STRA": "-1"},
    )
    assert [(battle.number, battle.won) for battle in record.battles] == [(1, True), (2, False)]
    assert record.left_out == (1, 2, 1, 1)
    assert record.n_read == 7
    assert (record.battles[0].attacking, record.battles[0].defending) == (("A",), ("B", "C"))


def test_days_are_those_with_fighting_and_midnight_ends_the_day_before(tmp_path: Path) -> None:
    record = read_back(
        tmp_path,
        {"ISQNO": "1", "periods": "1916-07-01T00:00:00/1916-07-04T00:00:00"},
        {"ISQNO": "2", "periods": "1916-07-01T06:00:00/1916-07-01T18:00:00 1916-07-03T06:00:00/1916-07-03T09:00:00"},
        {"ISQNO": "3", "periods": "1916-07-01T22:00:00/1916-07-02T03:00:00 1916-07-02T09:00:00/1916-07-02T12:00:00"},
        {"ISQNO": "4", "periods": "/1864-05-05T20:00:00"},
    )
    assert [battle.days for battle in record.battles] == [3, 2, 2, None]
    assert [battle.year for battle in record.battles] == [1916, 1916, 1916, 1864]


def test_losses_and_distances_that_are_not_known_are_none(tmp_path: Path) -> None:
    record = read_back(tmp_path, {"ISQNO": "1", "CASA": "-1", "CASD": "300?", "KMDA": "-9999"})
    assert (record.battles[0].attackers_lost, record.battles[0].defenders_lost, record.battles[0].advance) == (None, 300.0, None)


def test_all_faults_of_the_tables_are_said_at_once(tmp_path: Path) -> None:
    with pytest.raises(ScenarioFaults, match="there is no such folder"):
        read_cdb90(tmp_path / "nowhere")
    write_tables(tmp_path, [{"ISQNO": "1"}])
    (tmp_path / "active_periods.csv").unlink()
    header = (tmp_path / "battles.csv").read_text().replace("war4", "war_4")
    (tmp_path / "battles.csv").write_text(header)
    with pytest.raises(ScenarioFaults) as found:
        read_cdb90(tmp_path)
    assert "active_periods.csv: is missing" in str(found.value)
    assert "battles.csv, row 1, war4: there is no such column (nearest valid: war_4)" in str(found.value)


@pytest.mark.parametrize(
    ("battle", "said"),
    [
        ({"ISQNO": "1", "STRA": "many"}, "row 2, STRA: 'many' is no number"),
        ({"ISQNO": "1", "STRA": "inf"}, "row 2, STRA: 'inf' is no number"),
        ({"ISQNO": "one"}, "ISQNO"),
        ({"ISQNO": "1", "periods": "spring/autumn"}, "'spring' is no moment"),
    ],
)
def test_a_cell_that_cannot_be_read_is_named(battle: dict[str, str], said: str, tmp_path: Path) -> None:
    with pytest.raises(ScenarioFaults, match=said):
        read_back(tmp_path, battle)


def test_too_few_battles_are_refused_with_what_would_do(tmp_path: Path) -> None:
    with pytest.raises(TooFewBattles, match=r"1 battles of 1 wars .*; a law needs 30 of 3 wars"):
        fit_law(read_back(tmp_path, {"ISQNO": "1"}))
    alike = [dataclasses.replace(each, won=True, advance=3.0) for each in made_battles(1, 120)]
    with pytest.raises(TooFewBattles, match="ended alike"):
        fit_law(record_of(alike, source="s"))


# --- what ships

TAKEN_OVER = [
    each.parameter for each in shipped_law().estimates if "fitted by keyterrain combat-law" in PARAMETERS[each.parameter].source
]
KEPT = [each.parameter for each in shipped_law().estimates if each.parameter not in TAKEN_OVER]


def test_every_estimate_is_of_a_parameter_and_says_where_from() -> None:
    assert {each.parameter for each in shipped_law().estimates} == set(TRUTH)
    assert len(TAKEN_OVER) == 11
    for each in shipped_law().estimates:
        assert "CDB90" in PARAMETERS[each.parameter].source, each.parameter


@pytest.mark.parametrize("parameter", TAKEN_OVER)
def test_campaigns_draw_what_was_fitted(parameter: str) -> None:
    fitted, used = shipped_law().of(parameter), PARAMETERS[parameter]
    assert (used.default, used.low, used.high, used.scale) == (fitted.estimate, fitted.low, fitted.high, fitted.scale)


@pytest.mark.parametrize("parameter", KEPT)
def test_what_was_kept_is_within_a_standard_error_of_the_fit_and_drawn(parameter: str) -> None:
    fitted, used = shipped_law().of(parameter), PARAMETERS[parameter]
    assert abs(fitted.errors_from(used.default)) < 1.0
    assert used.low < used.default < used.high


CDB90 = Path(os.environ.get("KEYTERRAIN_CDB90", Path(keyterrain.__file__).parents[3] / "shared" / "data" / "cdb90"))


@pytest.mark.skipif(
    not CDB90.is_dir(), reason="the tables of CDB90 do not ship; KEYTERRAIN_CDB90 names their folder where they are"
)
def test_the_shipped_table_is_what_the_tables_of_cdb90_give() -> None:
    record = read_cdb90(CDB90)
    assert (record.n_read, len(record.battles), len(record.modern)) == (660, 566, 226)
    again, shipped = fit_law(record), shipped_law()
    for there, here in zip(again.estimates, shipped.estimates, strict=True):
        assert (there.parameter, there.n, there.n_wars) == (here.parameter, here.n, here.n_wars)
        # nothing is drawn: only rounding and the search for the likeliest values can differ between machines
        for word in ("estimate", "standard_error", "low", "high"):
            assert getattr(there, word) == pytest.approx(getattr(here, word), rel=0.01, abs=0.002), (there, here)


def test_the_table_is_written_as_it_is_read() -> None:
    shipped = (Path(keyterrain.__file__).parent / "analysis" / "battles" / "combat_law.csv").read_text(encoding="utf-8")
    assert law_as_csv(shipped_law()) == shipped
