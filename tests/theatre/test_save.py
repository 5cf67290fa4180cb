"""What is saved loads as an equal scenario; what cannot be saved leaves everything as it was."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keyterrain.theatre import Scenario, load
from keyterrain.theatre.nouns import (
    Abroad,
    Actor,
    Aims,
    Force,
    IncidentRow,
    Outcome,
    PeopleCount,
    Place,
    Policy,
    Source,
    StrengthClaim,
    UncertainPlace,
)
from keyterrain.theatre.quantity import Quantity, format_number
from keyterrain.theatre.save import save, texts_of
from scenarios import write_small_scenario

GRADES = st.sampled_from(["", "A1", "C3", "F6"])
DAYS = st.dates(date(2013, 1, 1), date(2013, 11, 14))
SOURCES = st.sampled_from(["map", "census; map", "assumption", "assumption: nobody counted, it is said", "press"])
NASTY = st.sampled_from(
    ['"', ",", "\n", "'", ": ", "# no", "- a", "é", "ⴰ", "null", "true", "2013-11-22", "0x1", "1e3", "=1", "{}", "%", "|", "\\"]
)
TEXTS = (
    st.lists(st.one_of(NASTY, st.text("abc xyz", min_size=1)), min_size=1, max_size=4).map("".join).map(str.strip).filter(bool)
)
NOTES = st.one_of(st.just(""), TEXTS)
LISTED = st.lists(TEXTS.filter(lambda text: ";" not in text), max_size=3, unique=True).map(tuple)
SHARES = st.floats(0, 1).map(lambda share: round(share, 4))
AMOUNTS = st.floats(0, 1e6).map(lambda amount: round(amount, 3))


@st.composite
def quantities(draw: st.DrawFn, grade: str, most: float = 1e6) -> Quantity:
    numbers = sorted(draw(st.lists(st.floats(0, most).map(lambda x: round(x, 4)), min_size=3, max_size=3)))
    low, mode, high = map(format_number, numbers)
    forms = [low, f"{low}..{high}", f"{low} < {mode} < {high}", f"up to {high}", f"at least {low}", f"about {mode}"]
    return Quantity.parse(draw(st.sampled_from(forms)), grade, least=0, most=most if most == 1 else float("inf"))


@st.composite
def scenarios(draw: st.DrawFn, base: Scenario) -> Scenario:
    return replace(
        base,
        title=draw(TEXTS),
        summary=draw(NOTES),
        days=draw(st.integers(1, 400)),
        covered_until=draw(st.one_of(st.none(), st.dates(date(2013, 11, 22), date(2014, 6, 1)))),
        places=tuple(draw(place(original)) for original in base.places),
        actors=tuple(draw(actor(original)) for original in base.actors),
        policies=tuple(draw(policy(original.side)) for original in base.policies),
        aims=tuple(Aims(a.side, draw(AMOUNTS), draw(AMOUNTS), draw(AMOUNTS), draw(AMOUNTS), draw(SOURCES)) for a in base.aims),
        abroad=(Abroad("neighbour", draw(TEXTS), {"border-town": draw(AMOUNTS)}, draw(quantities("")), draw(SOURCES)),),
        uncertain_places=draw(st.one_of(st.just(()), uncertain_place().map(lambda noun: (noun,)))),
        outcomes=draw(outcomes()),
        forces=draw(forces()),
        strength_claims=draw(claims()),
        people=draw(people()),
        sources=(*base.sources, Source("other", draw(TEXTS), draw(NOTES), draw(NOTES), draw(NOTES))),
        record=replace(base.record, incidents=draw(incidents())),
    )


@st.composite
def place(draw: st.DrawFn, original: Place) -> Place:
    return replace(
        original,
        name=draw(TEXTS),
        alt_names=draw(LISTED),
        error_km=draw(st.floats(0, 5)),
        lat=original.lat + draw(st.floats(-0.001, 0.001)),
        elevation_m=draw(st.one_of(st.none(), st.floats(-500, 9000))),
        population=draw(quantities("")),
        community=draw(NOTES),
        host_capacity=draw(st.one_of(st.none(), quantities(""))),
        source=draw(SOURCES),
        known_on=draw(DAYS),
    )


@st.composite
def actor(draw: st.DrawFn, original: Actor) -> Actor:
    grade = draw(GRADES)
    quality = Quantity.parse(draw(st.sampled_from(["0", "-0.5", "-0.5..0.25", "0.3"])), grade, least=-5, most=5)
    return replace(
        original,
        name=draw(TEXTS),
        irregular=draw(st.booleans()),
        mobility=draw(quantities(grade, most=1)),
        air_support=draw(st.booleans()),
        quality=quality,
        source=draw(SOURCES),
        grade=grade,
    )


@st.composite
def policy(draw: st.DrawFn, side: str) -> Policy:
    share = draw(SHARES)
    odds = {"piecemeal": share, "raid": round(1 - share, 4)}
    return Policy(side, {name: odd for name, odd in odds.items() if odd > 0}, draw(quantities("", most=1)), draw(SOURCES))


@st.composite
def uncertain_place(draw: st.DrawFn) -> UncertainPlace:
    share = draw(SHARES)
    return UncertainPlace("old-mill", draw(TEXTS), {"capital": share, "elsewhere": round(1 - share, 4)}, draw(SOURCES))


@st.composite
def outcomes(draw: st.DrawFn) -> tuple[Outcome, ...]:
    secure = {"corridor": "highway", "threshold": draw(SHARES)}
    safe = {"places": ("capital", "junction")[: draw(st.integers(1, 2))], "side": "government"}
    return (
        Outcome("secure", draw(TEXTS), "corridor_secure_share", secure, "government", draw(SOURCES)),
        Outcome("safe", draw(TEXTS), "places_safe_share", safe),
        Outcome("cut", draw(TEXTS), "side_cut_off", {"area": "hills", "side": "opposition", "days": draw(st.integers(1, 99))}),
    )


@st.composite
def forces(draw: st.DrawFn) -> tuple[Force, ...]:
    places = draw(st.lists(st.sampled_from(["capital", "junction", "barracks"]), unique=True))
    grade = draw(GRADES)
    region = draw(st.sampled_from(["theatre", "south"]))
    return tuple(
        Force("army", key, draw(quantities(grade)), "garrison", region, draw(NOTES), draw(SOURCES), grade, draw(DAYS))
        for key in places
    )


@st.composite
def claims(draw: st.DrawFn) -> tuple[StrengthClaim, ...]:
    grade = draw(GRADES)
    return (StrengthClaim("opposition", "theatre", draw(quantities(grade)), draw(SOURCES), grade, draw(DAYS)),)


@st.composite
def people(draw: st.DrawFn) -> tuple[PeopleCount, ...]:
    grade = draw(GRADES)
    origin = draw(st.sampled_from(["", "capital"]))
    return (PeopleCount("border-town", "guests", origin, draw(quantities(grade)), draw(SOURCES), grade, draw(DAYS)),)


@st.composite
def incidents(draw: st.DrawFn) -> tuple[IncidentRow, ...]:
    day = draw(DAYS)
    return (IncidentRow(day, draw(st.sampled_from(["", "capital"])), draw(TEXTS), draw(NOTES), draw(SOURCES), draw(GRADES), day),)


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Scenario:
    return load(write_small_scenario(tmp_path_factory.mktemp("save") / "small"))


@pytest.fixture(scope="module")
def shelf() -> Iterator[Path]:
    with TemporaryDirectory() as folder:
        yield Path(folder)


@settings(max_examples=60)
@given(data=st.data())
def test_what_is_saved_loads_as_an_equal_scenario(data: st.DataObject, small: Scenario, shelf: Path) -> None:
    scenario = data.draw(scenarios(small))
    assert load(save(scenario, shelf / "copy", overwrite=True)) == scenario


def test_the_small_scenario_comes_back_with_its_ground_and_claims(small: Scenario, tmp_path: Path) -> None:
    (small.path / "claims.yaml").write_text(
        "claims: {beyond: {says: It is heard far away, source: press, cannot_tell: Far away}}\n"
    )
    small = load(small.path)
    folder = save(small, tmp_path / "deep" / "copy")
    assert load(folder) == small
    assert (folder / "terrain.tif").read_bytes() == small.terrain_path.read_bytes()
    assert load(folder).claims == small.claims
    assert [claim.key for claim in small.claims] == ["beyond"]
    assert [path.name for path in folder.parent.iterdir()] == ["copy"]


def test_saving_twice_gives_the_same_texts(small: Scenario, tmp_path: Path) -> None:
    assert texts_of(load(save(small, tmp_path / "copy"))) == texts_of(small)


def test_a_folder_that_exists_is_refused(small: Scenario, tmp_path: Path) -> None:
    (tmp_path / "kept").write_text("mine")
    with pytest.raises(FileExistsError):
        save(small, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["kept"]


def test_a_scenario_can_be_saved_over_itself(tmp_path: Path) -> None:
    scenario = load(write_small_scenario(tmp_path / "small"))
    save(replace(scenario, title="Another title"), scenario.path, overwrite=True)
    assert load(scenario.path) == replace(scenario, title="Another title")


def test_a_failure_leaves_what_was_there(small: Scenario, tmp_path: Path) -> None:
    scenario = load(write_small_scenario(tmp_path / "kept"))
    scenario.terrain_path.unlink()
    before = sorted(path.name for path in (tmp_path / "kept").iterdir())
    with pytest.raises(FileNotFoundError):
        save(scenario, tmp_path / "kept", overwrite=True)
    assert sorted(path.name for path in (tmp_path / "kept").iterdir()) == before
    assert [path.name for path in tmp_path.iterdir()] == ["kept"]
