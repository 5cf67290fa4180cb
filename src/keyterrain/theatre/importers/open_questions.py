"""What geodata leaves open of a theatre: the conflict, people, what lies beyond the box, names, climate."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from keyterrain.geo.distance import Points
from keyterrain.theatre.importers import undecided
from keyterrain.theatre.importers.assembly import UNKNOWN_COUNTRY
from keyterrain.theatre.importers.decisions import Decision
from keyterrain.theatre.importers.gazetteer import Settlement
from keyterrain.theatre.importers.request import MOST_LISTED, BuildRequest, TheatreNetwork, listed, nearest_settlement
from keyterrain.theatre.importers.roads import MOTORWAY, PAVED, PRIMARY, Ways
from keyterrain.theatre.importers.routes import name_of
from keyterrain.theatre.scenario import Scenario
from keyterrain.theatre.schema import SETTLEMENT_KINDS


def of_the_conflict(request: BuildRequest) -> Iterable[Decision]:
    """Who fights whom, when and over what."""
    if request.start is None:
        yield Decision(
            "conflict",
            "When it starts",
            f"`starts` and all `known_on` are {undecided.NO_START}, which is no date of anything: --start sets them.",
        )
    yield Decision(
        "conflict",
        "Who the sides are",
        "`first` and `second` are place-holders, hostile to each other; posture, policies and aims too.",
    )
    yield Decision(
        "conflict", "Who holds what", "`record/control.csv` gives every place to `undecided`, a passive side that does nothing."
    )
    yield Decision("conflict", "Actors and forces", "There are none: `actors` in scenario.yaml, then forces.csv.")
    yield Decision(
        "conflict",
        "Where supply enters",
        "supply.csv is empty: depots, ports, border crossings, and the roads that leave the box.",
    )
    yield Decision(
        "conflict",
        "What is measured",
        "`outcomes`, `areas`, `corridors` and `abroad` are empty: without outcomes a run answers nothing.",
    )


def of_people(settlements: Sequence[Settlement]) -> Iterable[Decision]:
    """Populations that are guesses, and that all of them are undated."""
    guessed = [each.name for each in settlements if each.population is None and each.kind in SETTLEMENT_KINDS]
    if guessed:
        what = "Their population is a wide guess by kind, marked as an assumption."
        yield Decision("population", f"{len(guessed)} places without a population: {listed(guessed)}", what)
    yield Decision(
        "population",
        "Whether people are still there",
        "Numbers of a gazetteer have no date; who fled or came belongs into people.csv.",
    )


def beyond(theatre: TheatreNetwork, ways: Ways) -> Iterable[Decision]:
    """Main roads that leave the box."""
    main = [each for each in ways.exits if each.kind in (MOTORWAY, PRIMARY, PAVED)]
    if not main:
        return
    here = Points.of([each.lat for each in main], [each.lon for each in main])
    near = nearest_settlement(here, theatre.settlements)
    seen: set[tuple[int, int]] = set()  # one of each kind of road near each place
    for each, i in sorted(zip(main, near, strict=True), key=lambda pair: (pair[0].kind, pair[1])):
        if (each.kind, i) in seen or len(seen) >= 3 * MOST_LISTED:
            continue
        seen.add((each.kind, i))
        about = f"A {name_of(each.kind)} road leaves the box near {theatre.settlements[i].name} ({each.lat:.3f}, {each.lon:.3f})"
        yield Decision("beyond", about, "What it leads to is not in the theatre: supply, guests or a country abroad may be.")


def of_names(scenario: Scenario) -> Iterable[Decision]:
    """Countries that no file says, and errors of coordinates."""
    nowhere = [place.name for place in scenario.places if place.country == UNKNOWN_COUNTRY]
    if nowhere:
        yield Decision("names", f"Country of {len(nowhere)} places: {listed(nowhere)}", f"Written as {UNKNOWN_COUNTRY}.")
    yield Decision("names", "How far coordinates may be off", "`error_km` is set by the kind of file, not place by place.")


def of_climate() -> Decision:
    """Normals that are none."""
    return Decision(
        "climate", "Normals of a station", "climate.csv follows from latitude and height alone; replace it by measured normals."
    )
