"""What an analyst changes in a campaign: who holds ground, throughout or at the start, policies, parameters, processes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from keyterrain.campaign.calibrated import CalibratedDraws
from keyterrain.campaign.errors import RunRefused
from keyterrain.theatre.faults import nearest
from keyterrain.theatre.overrides import override
from keyterrain.theatre.parameters import PARAMETERS, PROCESSES
from keyterrain.theatre.policies import POLICY_RULES

if TYPE_CHECKING:
    from keyterrain.theatre.nouns import Situation

SEASONS = {"now": False, "spring": True}
"""What may follow a policy after a comma: whether its side waits out the winter."""
PROCESS_PREFIX = "processes."
FEW = 12
"""Names that a message may list in full."""
SWITCH_POSITIONS = {"on": True, "off": False}

Value = TypeVar("Value", str, bool)


class InterventionFaults(RunRefused):
    """Interventions that are malformed, contradict each other or name what is not there; all of them at once."""

    def __init__(self, faults: Sequence[str]) -> None:
        super().__init__(" ".join(faults))
        self.faults = tuple(faults)


class Hold(NamedTuple):
    """Ground (the key of an area or place, or `area:KEY`, `place:KEY`) that one side holds throughout."""

    ground: str
    side: str


class StartHolder(NamedTuple):
    """Ground, written as in `Hold`, that one side holds on the first evening; what becomes of it is left to the campaign."""

    ground: str
    side: str


@dataclass(frozen=True, slots=True)
class Interventions:
    """All changes of one run, in an order that does not depend on how they were given.

    Parameters
    ----------
    hold
        Ground that a side holds throughout; holding creates no force.
    policies
        Policy by side, in place of the drawn one.
    wait_for_spring
        Whether a side waits out the winter, in place of the drawn answer.
    settings
        Parameters (`process.name`) with their new quantity as text.
    switches
        Processes that are switched off, each with False; a process that is on has no entry.
    start_holder
        Ground that a side holds on the first evening; an equal number of its mobile force takes the place of those who leave.
    calibrated
        Joint draws of some parameters in place of their priors.
    """

    hold: tuple[Hold, ...] = ()
    policies: Mapping[str, str] = field(default_factory=dict)
    wait_for_spring: Mapping[str, bool] = field(default_factory=dict)
    settings: Mapping[str, str] = field(default_factory=dict)
    switches: Mapping[str, bool] = field(default_factory=dict)
    start_holder: tuple[StartHolder, ...] = ()
    calibrated: CalibratedDraws | None = None

    def __post_init__(self) -> None:
        """Bring everything into canonical order, so that equal interventions are equal as text."""
        object.__setattr__(self, "hold", tuple(sorted({Hold(*pair) for pair in self.hold})))
        object.__setattr__(self, "start_holder", tuple(sorted({StartHolder(*pair) for pair in self.start_holder})))
        for name in ("policies", "wait_for_spring", "settings"):
            object.__setattr__(self, name, dict(sorted(getattr(self, name).items())))
        object.__setattr__(self, "switches", {name: False for name, on in sorted(self.switches.items()) if not on})

    @classmethod
    def parse(
        cls,
        *,
        hold: Iterable[str] = (),
        policy: Iterable[str] = (),
        settings: Iterable[str] = (),
        start_holder: Iterable[str] = (),
    ) -> Interventions:
        """Read interventions as they are written on a command line.

        Parameters
        ----------
        hold, start_holder
            `GROUND=SIDE`.
        policy
            `SIDE=NAME`, or `SIDE=NAME,spring` and `SIDE=NAME,now` to fix as well whether the side waits out the winter.
        settings
            `process.name=QUANTITY` for a parameter, `processes.NAME=on|off` for a process.

        Raises
        ------
        InterventionFaults
            Text that is malformed, or two texts that contradict each other.
        """
        faults: list[str] = []
        holds = _pairs("--hold", "GROUND=SIDE", hold, faults)
        starts = _pairs("--start-holder", "GROUND=SIDE", start_holder, faults)
        chosen = [_policy(side, text) for side, text in _pairs("--policy", "SIDE=NAME", policy, faults)]
        pairs = _pairs("--set", "KEY=VALUE", settings, faults)
        switched = [(key.removeprefix(PROCESS_PREFIX), value) for key, value in pairs if key.startswith(PROCESS_PREFIX)]
        faults += [fault for choice in chosen for fault in choice.faults]
        faults += [_not_a_switch(name, value) for name, value in switched if value not in SWITCH_POSITIONS]
        interventions = cls(
            hold=tuple(Hold(ground, side) for ground, side in holds),
            policies=_unique("--policy", ((choice.side, choice.name) for choice in chosen), faults),
            wait_for_spring=_unique(
                "--policy", ((choice.side, choice.waits) for choice in chosen if choice.waits is not None), faults
            ),
            settings=_unique("--set", (pair for pair in pairs if not pair[0].startswith(PROCESS_PREFIX)), faults),
            switches=_unique("--set", ((name, SWITCH_POSITIONS.get(value, True)) for name, value in switched), faults),
            start_holder=tuple(StartHolder(ground, side) for ground, side in starts),
        )
        if faults:
            raise InterventionFaults(faults)
        return interventions

    def to_json(self) -> dict[str, object]:
        """Return the canonical form for a manifest, without what is empty; of calibrated draws what they are, not the values."""
        written: dict[str, object] = {
            "hold": [list(pair) for pair in self.hold],
            "policies": dict(self.policies),
            "wait_for_spring": dict(self.wait_for_spring),
            "settings": dict(self.settings),
            "switches": dict(self.switches),
            "start_holder": [list(pair) for pair in self.start_holder],
            "calibrated": self.calibrated.said if self.calibrated else None,
        }
        return {name: value for name, value in written.items() if value}

    @classmethod
    def from_json(cls, written: Mapping[str, object], calibrated: CalibratedDraws | None = None) -> Interventions:
        """Read back what `to_json` wrote, the calibrated draws apart.

        Raises
        ------
        RunRefused
            A form that `to_json` does not write.
        """
        if written.get("calibrated") != (calibrated.said if calibrated else None):
            raise RunRefused("The calibrated draws of the manifest are not those that its interventions name.")
        try:
            hold = tuple(Hold(*pair) for pair in _rows("hold", written))
            start_holder = tuple(StartHolder(*pair) for pair in _rows("start_holder", written))
            given = {**written, "hold": hold, "start_holder": start_holder, "calibrated": calibrated}
            return cls(**given)  # type: ignore[arg-type]
        except (TypeError, ValueError, AttributeError) as error:
            raise RunRefused(f"The interventions are not in the form of a manifest: {error}.") from error

    def held_places(self, situation: Situation) -> dict[str, str]:
        """Return the side that holds each decreed place, areas resolved into their places.

        Raises
        ------
        InterventionFaults
            Ground that is not there or ambiguous, or a place held by two sides.
        """
        faults: list[str] = []
        held = _resolve(self.hold, situation, faults)
        if faults:
            raise InterventionFaults(faults)
        return held

    def started_places(self, situation: Situation) -> dict[str, str]:
        """Return the side that holds each place of `start_holder` on the first evening, areas resolved into their places.

        Raises
        ------
        InterventionFaults
            Ground that is not there or ambiguous, or a place given to two sides.
        """
        faults: list[str] = []
        started = _resolve(self.start_holder, situation, faults)
        if faults:
            raise InterventionFaults(faults)
        return started

    def check(self, situation: Situation) -> None:
        """Hold the interventions against a situation and the package's parameters, policies and processes.

        Raises
        ------
        InterventionFaults
            Every unknown ground, side, policy, parameter or process with the nearest valid name, places given to two
            sides, policies for a side that has none, and values that are no quantities.
        """
        faults: list[str] = []
        decrees: list[Hold | StartHolder] = [*self.hold, *self.start_holder]
        _resolve(decrees, situation, faults)
        faults += _side_faults((decree.side for decree in decrees), situation)
        faults += _policy_faults(self, situation)
        faults += _setting_faults(self.settings)
        for key in self.calibrated.parameters if self.calibrated else ():
            if key in self.settings:
                faults.append(f"--set {key} and the calibration contradict each other: both say what it is.")
        faults += _unknown("process", self.switches, PROCESSES)
        if faults:
            raise InterventionFaults(faults)


class _Choice(NamedTuple):
    side: str
    name: str
    waits: bool | None
    faults: tuple[str, ...]


def _policy(side: str, text: str) -> _Choice:
    """Take `NAME` or `NAME,season` apart."""
    name, comma, season = (part.strip() for part in text.partition(","))
    if comma and season not in SEASONS:
        return _Choice(side, name, None, (f"--policy {side}={text}: after the comma stands spring or now, not {season!r}.",))
    return _Choice(side, name, SEASONS.get(season), ())


def _not_a_switch(name: str, value: str) -> str:
    return f"--set {PROCESS_PREFIX}{name}={value}: a process is on or off."


def _pairs(option: str, form: str, texts: Iterable[str], faults: list[str]) -> list[tuple[str, str]]:
    """Split `KEY=VALUE` texts; those that are not of this form become faults."""
    pairs = []
    for text in texts:
        key, _, value = (part.strip() for part in text.partition("="))
        if key and value:
            pairs.append((key, value))
        else:
            faults.append(f"{option} {text}: write {form}.")
    return pairs


def _unique(option: str, pairs: Iterable[tuple[str, Value]], faults: list[str]) -> dict[str, Value]:
    """Collect pairs into a mapping; a key with two different values becomes a fault."""
    collected: dict[str, Value] = {}
    for key, value in pairs:
        if collected.setdefault(key, value) != value:
            faults.append(f"{option} gives {key} two values that contradict each other.")
    return collected


def _rows(name: str, written: Mapping[str, object]) -> list[tuple[str, str]]:
    rows = written.get(name, [])
    if not isinstance(rows, list):
        raise TypeError(f"{name} is no list")
    return [(str(ground), str(side)) for ground, side in rows]


def _hint(word: str, known: Iterable[str]) -> str:
    """Return the end of a sentence: the nearest known word, or all of a few."""
    known = list(known)
    if found := nearest(word, known):
        return f"; did you mean {found}?"
    if 0 < len(known) <= FEW:
        return f"; there are {', '.join(known)}."
    return "."


def _unknown(what: str, words: Iterable[str], known: Sequence[str]) -> list[str]:
    return [f"There is no {what} {word}{_hint(word, known)}" for word in words if word not in known]


def _side_faults(sides: Iterable[str], situation: Situation) -> list[str]:
    return _unknown("side", sorted(set(sides)), [side.key for side in situation.sides])


def _policy_faults(interventions: Interventions, situation: Situation) -> list[str]:
    """Policies belong to sides that act, and are among those that the decisions know."""
    chosen = interventions.policies
    passive = {side.key for side in situation.sides if not side.active}
    return [
        *_side_faults([*chosen, *interventions.wait_for_spring], situation),
        *(f"The side {side} is passive and has no policy." for side in chosen if side in passive),
        *_unknown("policy", sorted(set(chosen.values())), tuple(POLICY_RULES)),
    ]


def _setting_faults(settings: Mapping[str, str]) -> list[str]:
    faults = _unknown("parameter", settings, tuple(PARAMETERS))
    for key, text in settings.items():
        if key not in PARAMETERS:
            continue
        try:
            override(key, text)
        except ValueError as error:
            faults.append(f"--set {key}={text}: {error}.")
    return faults


def _resolve(decrees: Iterable[Hold | StartHolder], situation: Situation, faults: list[str]) -> dict[str, str]:
    """Spread areas over their places; unknown ground and places of two sides become faults."""
    given: dict[str, Hold | StartHolder] = {}
    for decree in decrees:
        for place in _places_of(decree, situation, faults):
            other = given.setdefault(place, decree)
            if other.side != decree.side:
                faults.append(f"{_written(other)} and {_written(decree)} contradict each other: both decree who holds {place}.")
                break
    return {place: decree.side for place, decree in given.items()}


def _option(decree: Hold | StartHolder) -> str:
    return "--hold" if isinstance(decree, Hold) else "--start-holder"


def _written(decree: Hold | StartHolder) -> str:
    return f"{_option(decree)} {decree.ground}={decree.side}"


def _places_of(decree: Hold | StartHolder, situation: Situation, faults: list[str]) -> list[str]:
    """Return the places of an area or the place itself."""
    kind, colon, key = decree.ground.rpartition(":")
    areas = situation.areas if kind in {"", "area"} else {}
    places = {place.key for place in situation.places} if kind in {"", "place"} else set()
    if colon and kind not in {"area", "place"}:
        faults.append(f"{_option(decree)} {decree.ground}: before the colon stands area or place, not {kind!r}.")
    elif key in areas and key in places:
        faults.append(f"{key} is both an area and a place: write area:{key} or place:{key}.")
    elif key in places:
        return [key]
    elif key in areas:
        return _members(key, situation, faults)
    else:
        faults.append(f"There is no area or place {key}{_hint(key, [*areas, *sorted(places)])}")
    return []


def _members(area: str, situation: Situation, faults: list[str]) -> list[str]:
    members = [place.key for place in situation.places if area in place.areas]
    if not members:
        faults.append(f"The area {area} has no places.")
    return members
