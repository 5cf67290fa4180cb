"""claims.yaml to claims: every fault of it at once, with line, path and the nearest valid name."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from keyterrain.theatre.cells import BadCell, Raw, read_cell
from keyterrain.theatre.claims import (
    BOUND_COLUMNS,
    CHANGE_COLUMNS,
    CLAIM_COLUMNS,
    COMPARISON_COLUMNS,
    CONDITION_COLUMNS,
    QUOTED_COLUMNS,
    Arguments,
    Bound,
    BoundWord,
    Change,
    Claim,
    Combination,
    Comparison,
    Condition,
    Pairs,
    Quoted,
    Reading,
    Whichever,
)
from keyterrain.theatre.columns import Column
from keyterrain.theatre.draft import Draft
from keyterrain.theatre.faults import Fault, nearest, shown
from keyterrain.theatre.outcomes import MEASURES
from keyterrain.theatre.overrides import override
from keyterrain.theatre.parameters import PARAMETERS, PROCESSES
from keyterrain.theatre.policies import POLICY_RULES
from keyterrain.theatre.schema import CLAIMS_FILE
from keyterrain.theatre.settings import Entry, ListNode, MapNode, Node, Scalar, read_settings

SECTION = "claims"
WHICHEVER = "whichever"
SPACES = ("place", "side", "actor", "area", "corridor", "abroad", "source")
SEASONS = ("now", "spring")
SWITCH = "processes."
_ASSUMPTION = "assumption"

Part = TypeVar("Part")


@dataclass(frozen=True, slots=True)
class ReadClaims:
    """The claims that could be read, and every fault of the file."""

    claims: tuple[Claim, ...]
    faults: tuple[Fault, ...]


def read_claims(draft: Draft) -> ReadClaims:
    """Read the claims of a scenario and hold them against its places, sides, measures and parameters; there may be none."""
    file = draft.contents.files.get(CLAIMS_FILE)
    if file is None:
        return ReadClaims((), ())
    tree = read_settings(CLAIMS_FILE, file.content)
    reader = _Reader(_Names.of(draft), list(tree.faults))
    if not tree.is_readable:
        return ReadClaims((), tuple(reader.faults))
    reader.refuse_strangers(tree.root, (SECTION,), "")
    section = tree.root.entries.get(SECTION)
    if section is None:
        reader.fault(1, SECTION, "the key is missing")
        return ReadClaims((), tuple(reader.faults))
    entries = reader.mapping(section.value, SECTION)
    claims = [reader.claim(entry) for entry in entries.values()]
    return ReadClaims(tuple(claim for claim in claims if claim is not None), tuple(reader.faults))


@dataclass(frozen=True, slots=True)
class _Names:
    """What claims may speak of."""

    spaces: Mapping[str, frozenset[str] | None]
    ground: Mapping[str, frozenset[str]]
    active: frozenset[str]
    days: int | None

    @classmethod
    def of(cls, draft: Draft) -> _Names:
        ground: dict[str, set[str]] = {}
        for row in draft.rows("places"):
            if row.has("place"):
                for key in (row.get("place"), *(row.get("areas") or ())):
                    ground.setdefault(key, set()).add(row.get("place"))
        active = frozenset(row.get("side") for row in draft.rows("sides") if row.get("posture"))
        spaces = {space: draft.names(space) for space in SPACES}
        return cls(spaces, {key: frozenset(places) for key, places in ground.items()}, active, draft.heading.get("days"))

    def valid(self, spaces: Iterable[str]) -> set[str] | None:
        """Return the names of some spaces, None where one could not be read."""
        found: set[str] = set()
        for space in spaces:
            names = self.spaces[space]
            if names is None:
                return None
            found |= names
        return found


class _Unreadable(Exception):
    """A part of a claim that is malformed; its fault has been noted."""


@dataclass
class _Reader:
    names: _Names
    faults: list[Fault] = field(default_factory=list)

    def fault(self, line: int, path: str, what: str, nearest_valid: str | None = None) -> None:
        self.faults.append(Fault(CLAIMS_FILE, line, path or None, what, nearest_valid))

    def refuse_strangers(self, node: MapNode, valid: Sequence[str], path: str) -> None:
        for entry in node.entries.values():
            if entry.key not in valid:
                what = f"unknown key {shown(entry.key)}"
                self.fault(entry.line, _join(path, entry.key), what, nearest(entry.key, valid))

    def mapping(self, node: Node, path: str) -> dict[str, Entry]:
        """Return the entries of a mapping; anything else is a fault."""
        if isinstance(node, MapNode):
            return node.entries
        if not (isinstance(node, Scalar) and not node.text):
            self.fault(node.line, path, "should be a mapping")
        return {}

    def attempt(self, read: Callable[[], Part]) -> Part | None:
        """Return a part, None where it is malformed; the rest is read on, so that all faults are found."""
        try:
            return read()
        except _Unreadable:
            return None

    # cells

    def cells(self, columns: Sequence[Column], entries: Mapping[str, Entry], line: int, path: str) -> dict[str, Any]:
        """Read the flat cells of a mapping; what is missing or malformed is a fault, and then not there."""
        found: dict[str, Any] = {}
        for column in columns:
            entry = entries.get(column.name)
            if column.type == "nested":
                if entry is None and column.is_required:
                    self.fault(line, _join(path, column.name), "the key is missing")
                continue
            if entry is None:
                if column.is_required:
                    self.fault(line, _join(path, column.name), "the key is missing")
                else:
                    found[column.name] = read_cell(column, "")
                continue
            self.attempt(lambda column=column, entry=entry: found.update({column.name: self.cell(column, entry, path)}))  # type: ignore[misc]
        return found

    def cell(self, column: Column, entry: Entry, path: str) -> Any:
        where = _join(path, column.name)
        try:
            value = read_cell(column, _plain(entry.value))
        except BadCell as error:
            self.fault(entry.line, where, error.what, error.nearest)
            raise _Unreadable from None
        self.refuse_unknown_names(column, value, entry.line, where)
        if column.type == "source":
            self.refuse_unknown_sources(str(value), entry.line, where)
        return value

    def refuse_unknown_names(self, column: Column, value: Any, line: int, where: str) -> None:
        valid = self.names.valid(column.refers_to) if column.refers_to else None
        if valid is None or value in (None, ""):
            return
        for name in (value,) if isinstance(value, str) else value:
            if name not in valid | set(column.also):
                self.fault(line, where, f"unknown {' or '.join(column.refers_to)} {shown(name)}", nearest(name, valid))

    def refuse_unknown_sources(self, value: str, line: int, where: str) -> None:
        valid = self.names.spaces["source"]
        for part in value.split(";"):
            source = part.strip()
            if valid is not None and source and source not in valid and not source.startswith(_ASSUMPTION):
                what = f"{shown(source)} is neither a key of sources.csv nor `assumption: why`"
                self.fault(line, where, what, nearest(source, {*valid, _ASSUMPTION}))

    # claims

    def claim(self, entry: Entry) -> Claim | None:
        path = f"{SECTION}.{entry.key}"
        n_faults = len(self.faults)
        key = self.attempt(
            lambda: self.cell(Column("claim", "key", ""), Entry("claim", entry.line, Scalar(entry.key, entry.line)), path)
        )
        if not isinstance(entry.value, MapNode):
            self.fault(entry.line, path, "should be a mapping with says, source, measure, borne_out_if ...")
            return None
        entries = entry.value.entries
        cells = self.cells(CLAIM_COLUMNS, entries, entry.line, path)
        observed = self.attempt(lambda: self.quoted(entries["observed"], f"{path}.observed")) if "observed" in entries else None
        parts = self.parts(entry, path, cells)
        if key is None or len(self.faults) > n_faults:
            return None
        return Claim(
            key=key,
            says=cells["says"],
            source=cells["source"],
            grade=cells["grade"],
            start=cells["start"],
            parts=tuple(part for part in parts if part is not None),
            combination="any_of" if "any_of" in entries and len(parts) > 1 else "all_of",
            cannot_tell=cells["cannot_tell"],
            only_bears_out=cells["only_bears_out"],
            observed=observed,
            note=cells["note"],
            about=cells["about"] or "",
        )

    def parts(self, entry: Entry, path: str, cells: Mapping[str, Any]) -> list[Comparison | Whichever | None]:
        """Return the comparisons of a claim: itself, or those of a list."""
        assert isinstance(entry.value, MapNode)
        entries = entry.value.entries
        lists: list[Combination] = [word for word in ("all_of", "any_of") if word in entries]
        own = tuple(column.name for column in CLAIM_COLUMNS)
        ways = [
            *lists,
            *(word for word in ("measure",) if word in entries),
            *(["cannot_tell"] if cells.get("cannot_tell") else []),
        ]
        if len(ways) != 1:
            what = "says " + " and ".join(ways) if ways else "says neither what is measured nor why it cannot be answered"
            self.fault(entry.line, path, f"{what}: write one of measure, all_of, any_of or cannot_tell")
            return []
        if ways == ["measure"]:
            return [self.attempt(lambda: self.comparison(entry.value, path, own))]
        self.refuse_strangers(entry.value, own, path)
        if not lists:
            return []
        return [
            self.attempt(lambda item=item, where=where: self.group_or_comparison(item, where))  # type: ignore[misc]
            for where, item in self.listed(entries[lists[0]], f"{path}.{lists[0]}")
        ]

    def listed(self, entry: Entry, path: str) -> list[tuple[str, Node]]:
        """Return the items of a list with their paths; anything else, and an empty one, is a fault."""
        items = entry.value.items if isinstance(entry.value, ListNode) else []
        if not items:
            self.fault(entry.line, path, "should be a list of comparisons")
        return [(f"{path}[{i + 1}]", item) for i, item in enumerate(items)]

    def group_or_comparison(self, node: Node, path: str) -> Comparison | Whichever:
        if not isinstance(node, MapNode) or WHICHEVER not in node.entries:
            return self.comparison(node, path, ())
        self.refuse_strangers(node, (WHICHEVER,), path)
        listed = self.listed(node.entries[WHICHEVER], f"{path}.{WHICHEVER}")
        found = [self.attempt(lambda item=item, where=where: self.comparison(item, where, ())) for where, item in listed]  # type: ignore[misc]
        return Whichever(tuple(part for part in found if part is not None))

    def comparison(self, node: Node, path: str, also: Sequence[str]) -> Comparison:
        entries = self.mapping(node, path)
        cells = self.cells(COMPARISON_COLUMNS, entries, node.line, path)
        columns = self.arguments_of(cells)
        nested = tuple(column.name for column in COMPARISON_COLUMNS)
        if isinstance(node, MapNode) and columns is not None:
            self.refuse_strangers(node, (*also, *nested, *(column.name for column in columns)), path)
        bound = (
            self.attempt(lambda: self.bound(entries["borne_out_if"], f"{path}.borne_out_if"))
            if "borne_out_if" in entries
            else None
        )
        if columns is None:
            raise _Unreadable
        reading = self.reading(cells, columns, entries, node.line, path)
        than = self.attempt(lambda: self.than(entries["than"], reading, columns, f"{path}.than")) if "than" in entries else None
        if MEASURES[reading.measure].basis != "runs":
            self.refuse_variants(reading, entries, path)
        if bound is None:
            raise _Unreadable
        return Comparison(reading, bound, than)

    def refuse_variants(self, reading: Reading, entries: Mapping[str, Entry], path: str) -> None:
        basis = MEASURES[reading.measure].basis
        for word in ("given", "contrast", "among", "than"):
            if word in entries:
                self.fault(
                    entries[word].line, f"{path}.{word}", f"{reading.measure} is read off the {basis}, which has no variants"
                )

    def arguments_of(self, cells: Mapping[str, Any]) -> tuple[Column, ...] | None:
        return MEASURES[cells["measure"]].arguments if "measure" in cells else None

    def reading(
        self, cells: Mapping[str, Any], columns: Sequence[Column], entries: Mapping[str, Entry], line: int, path: str
    ) -> Reading:
        given = self.attempt(lambda: self.change(entries["given"], f"{path}.given")) if "given" in entries else Change()
        given = given or Change()
        contrast = (
            self.attempt(lambda: self.contrast(entries["contrast"], given, f"{path}.contrast")) if "contrast" in entries else None
        )
        among = self.attempt(lambda: self.condition(entries["among"], f"{path}.among")) if "among" in entries else None
        self.refuse_contradiction(given, line, f"{path}.given")
        arguments = self.arguments(columns, entries, line, path)
        return Reading(cells["measure"], arguments, tuple(cells.get("outside") or ()), given, contrast, among)

    def arguments(self, columns: Sequence[Column], entries: Mapping[str, Entry], line: int, path: str) -> Arguments:
        found = self.cells(columns, entries, line, path)
        day = found.get("day") or found.get("since")
        if day is not None and self.names.days is not None and day > self.names.days:
            self.fault(line, f"{path}.day", f"day {day} lies beyond the {self.names.days} days of a campaign")
        return tuple((column.name, found[column.name]) for column in columns if column.name in found)

    def than(self, entry: Entry, own: Reading, columns: Sequence[Column], path: str) -> Reading:
        """Return the other reading: as this one but for what it says itself."""
        entries = self.mapping(entry.value, path)
        valid = ("outside", "given", "contrast", "among", *(column.name for column in columns))
        if isinstance(entry.value, MapNode):
            self.refuse_strangers(entry.value, valid, path)
        changed = self.cells([column for column in columns if column.name in entries], entries, entry.line, path)
        arguments = tuple((name, changed.get(name, value)) for name, value in own.arguments)
        other = replace(own, arguments=arguments)
        if "outside" in entries:
            column = next(column for column in COMPARISON_COLUMNS if column.name == "outside")
            other = replace(other, outside=tuple(self.cell(column, entries["outside"], path)))
        if "given" in entries:
            other = replace(other, given=self.change(entries["given"], f"{path}.given"))
        if "contrast" in entries:
            other = replace(other, contrast=self.contrast(entries["contrast"], other.given, f"{path}.contrast"))
        if "among" in entries:
            other = replace(other, among=self.condition(entries["among"], f"{path}.among"))
        return other

    def quoted(self, entry: Entry, path: str) -> Quoted:
        entries = self.mapping(entry.value, path)
        if isinstance(entry.value, MapNode):
            self.refuse_strangers(entry.value, [column.name for column in QUOTED_COLUMNS], path)
        cells = self.cells(QUOTED_COLUMNS, entries, entry.line, path)
        if not {"says", "source"} <= set(cells):
            raise _Unreadable
        return Quoted(cells["says"], cells["source"], cells["grade"])

    def condition(self, entry: Entry, path: str) -> Condition:
        entries = self.mapping(entry.value, path)
        cells = self.cells(CONDITION_COLUMNS, entries, entry.line, path)
        columns = self.arguments_of(cells)
        if columns is None:
            raise _Unreadable
        if isinstance(entry.value, MapNode):
            own = [column.name for column in (*CONDITION_COLUMNS, *columns)]
            self.refuse_strangers(entry.value, own, path)
        measure = MEASURES[cells["measure"]]
        if measure.basis != "runs":
            self.fault(entry.line, f"{path}.measure", f"{measure.name} is read off the {measure.basis} and picks no replicates")
        at_least, at_most = cells.get("at_least"), cells.get("at_most")
        if at_least is None and at_most is None:
            if measure.kind != "whether":
                self.fault(entry.line, path, f"{measure.name} is no yes or no: write at_least or at_most")
            at_least = 0.5
        return Condition(measure.name, self.arguments(columns, entries, entry.line, path), at_least, at_most)

    def bound(self, entry: Entry, path: str) -> Bound:
        entries = self.mapping(entry.value, path)
        words: list[BoundWord] = ["above", "below", "between", "not_between"]
        if isinstance(entry.value, MapNode):
            self.refuse_strangers(entry.value, words, path)
        said = [word for word in words if word in entries]
        if len(said) != 1:
            self.fault(entry.line, path, f"write one of {', '.join(words)}")
            raise _Unreadable
        word = said[0]
        column = next(column for column in BOUND_COLUMNS if column.name == word)
        if column.type == "number":
            return Bound(word, (float(self.cell(replace(column, default=None), entries[word], path)),))
        return Bound(word, self.two_numbers(entries[word], f"{path}.{word}"))

    def two_numbers(self, entry: Entry, path: str) -> tuple[float, float]:
        items = entry.value.items if isinstance(entry.value, ListNode) else []
        if len(items) != 2:
            self.fault(entry.line, path, "should be a list of two numbers")
            raise _Unreadable
        number = Column("number", "number", "")
        low, high = (float(self.cell(number, Entry("number", item.line, item), path)) for item in items)
        if low > high:
            self.fault(entry.line, path, "the first number is larger than the second")
        return low, high

    # changes

    def contrast(self, entry: Entry, given: Change, path: str) -> tuple[Change, Change]:
        entries = self.mapping(entry.value, path)
        if isinstance(entry.value, MapNode):
            self.refuse_strangers(entry.value, ("first", "second"), path)
        if not {"first", "second"} <= set(entries):
            self.fault(entry.line, path, "needs first and second; an empty mapping changes nothing")
            raise _Unreadable
        first, second = (self.change(entries[word], f"{path}.{word}") for word in ("first", "second"))
        for word, change in (("first", first), ("second", second)):
            self.refuse_contradiction(given.with_more(change), entries[word].line, f"{path}.{word}")
        if first == second:
            self.fault(entry.line, path, "first and second are the same change")
        return first, second

    def change(self, entry: Entry, path: str) -> Change:
        entries = self.mapping(entry.value, path)
        if isinstance(entry.value, MapNode):
            self.refuse_strangers(entry.value, [column.name for column in CHANGE_COLUMNS], path)
        return Change(
            hold=self.pairs(entries, "hold", path, self.refuse_hold),
            policy=self.pairs(entries, "policy", path, self.refuse_policy),
            set=self.pairs(entries, "set", path, self.refuse_setting),
            start_holder=self.pairs(entries, "start_holder", path, self.refuse_hold),
        )

    def pairs(self, entries: Mapping[str, Entry], word: str, path: str, refuse: Callable[[Entry, str, str], None]) -> Pairs:
        if word not in entries:
            return ()
        where = f"{path}.{word}"
        found = []
        for entry in self.mapping(entries[word].value, where).values():
            if not isinstance(entry.value, Scalar) or not entry.value.text:
                self.fault(entry.line, f"{where}.{entry.key}", "should be a single value")
                continue
            refuse(entry, entry.value.text, f"{where}.{entry.key}")
            found.append((entry.key, entry.value.text))
        return tuple(found)

    def refuse_hold(self, entry: Entry, side: str, where: str) -> None:
        kind, colon, key = entry.key.rpartition(":")
        if colon and kind not in {"area", "place"}:
            self.fault(entry.line, where, f"before the colon stands area or place, not {shown(kind)}")
        spaces = (kind,) if kind in {"area", "place"} else ("area", "place")
        self.refuse_unknown_names(Column("hold", "key", "", refers_to=spaces), key, entry.line, where)
        self.refuse_unknown_names(Column("hold", "key", "", refers_to=("side",)), side, entry.line, where)

    def refuse_policy(self, entry: Entry, text: str, where: str) -> None:
        name, comma, season = (part.strip() for part in text.partition(","))
        self.refuse_unknown_names(Column("policy", "key", "", refers_to=("side",)), entry.key, entry.line, where)
        if entry.key in (self.names.spaces["side"] or ()) and entry.key not in self.names.active:
            self.fault(entry.line, where, f"the side {entry.key} is passive and has no policy")
        if name not in POLICY_RULES:
            self.fault(entry.line, where, f"unknown policy {shown(name)}", nearest(name, POLICY_RULES))
        if comma and season not in SEASONS:
            self.fault(entry.line, where, f"after the comma stands spring or now, not {shown(season)}")

    def refuse_setting(self, entry: Entry, text: str, where: str) -> None:
        if entry.key.startswith(SWITCH):
            process = entry.key.removeprefix(SWITCH)
            if process not in PROCESSES:
                self.fault(entry.line, where, f"unknown process {shown(process)}", nearest(process, PROCESSES))
            if text not in {"on", "off"}:
                self.fault(entry.line, where, f"a process is on or off, not {shown(text)}")
        elif entry.key not in PARAMETERS:
            self.fault(entry.line, where, f"unknown parameter {shown(entry.key)}", nearest(entry.key, PARAMETERS))
        else:
            try:
                override(entry.key, text)
            except ValueError as error:
                self.fault(entry.line, where, str(error))

    def refuse_contradiction(self, change: Change, line: int, where: str) -> None:
        """A place that two sides hold, and a policy or parameter with two values, contradict each other."""
        holder: dict[str, tuple[str, str, str]] = {}
        decrees = [(*pair, "held") for pair in change.hold] + [(*pair, "held at the start") for pair in change.start_holder]
        for ground, side, how in decrees:
            for place in sorted(self.names.ground.get(ground.rpartition(":")[2], ())):
                other = holder.setdefault(place, (ground, side, how))
                if other[1] != side:
                    both = f"{other[0]} {other[2]} by {other[1]} and {ground} {how} by {side}"
                    what = f"{both} contradict each other: both decree who holds {place}"
                    self.fault(line, where, what)
                    return
        for word, pairs in (("policy", change.policy), ("set", change.set)):
            values: dict[str, str] = {}
            for key, text in pairs:
                if values.setdefault(key, text) != text:
                    self.fault(line, where, f"{word} gives {key} two values that contradict each other")


def _join(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key


def _plain(node: Node) -> Raw:
    """Return a value of single texts, as cells are read from."""
    if isinstance(node, Scalar):
        return node.text
    values = node.items if isinstance(node, ListNode) else [entry.value for entry in node.entries.values()]
    texts = [value.text for value in values if isinstance(value, Scalar)]
    if len(texts) < len(values):
        raise BadCell("is nested too deeply")
    return texts if isinstance(node, ListNode) else dict(zip(node.entries, texts, strict=True))
