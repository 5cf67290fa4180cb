"""scenario.yaml to a tree in which every value knows its line.

Values stay text until the schema says what they are, so that `no`, `1e3` or `12:30` never turn into something else. Anchors, tags
and keys given twice are refused.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import yaml

from keyterrain.theatre.faults import Fault, shown
from keyterrain.theatre.text import UnreadableText, decode

_DEEPEST = 12
_NULLS = ("", "~", "null", "Null", "NULL")


@dataclass(frozen=True, slots=True)
class Scalar:
    """A single value as it was written; null is the empty text."""

    text: str
    line: int


@dataclass(frozen=True, slots=True)
class ListNode:
    """A list of values."""

    items: list[Node]
    line: int


@dataclass(frozen=True, slots=True)
class Entry:
    """A key with its value."""

    key: str
    line: int
    value: Node


@dataclass(frozen=True, slots=True)
class MapNode:
    """A mapping, in the order in which it was written, each key once."""

    entries: dict[str, Entry]
    line: int


Node = Scalar | ListNode | MapNode


@dataclass(frozen=True, slots=True)
class SettingsTree:
    """The settings as written, and the faults of their form."""

    root: MapNode
    faults: tuple[Fault, ...]
    is_readable: bool = True


def read_settings(file: str, content: bytes) -> SettingsTree:
    """Read a YAML file into a tree of text with line numbers; what is malformed is one fault with its line."""
    try:
        text = decode(file, content)
        builder = _Builder(file)
        root = builder.tree_of(yaml.parse(text, Loader=yaml.SafeLoader))
    except UnreadableText as error:
        return _unreadable(error.fault)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else None
        return _unreadable(Fault(file, line, None, f"malformed YAML: {error.problem or error.context}"))
    except yaml.YAMLError as error:
        return _unreadable(Fault(file, None, None, f"malformed YAML: {str(error).splitlines()[0]}"))
    if not isinstance(root, MapNode):
        return _unreadable(Fault(file, 1, None, "the settings are no mapping of keys to values"))
    return SettingsTree(root, tuple(builder.faults))


def _unreadable(fault: Fault) -> SettingsTree:
    return SettingsTree(MapNode({}, 1), (fault,), is_readable=False)


@dataclass(slots=True)
class _Builder:
    file: str
    faults: list[Fault] = field(default_factory=list)

    def tree_of(self, events: Iterator[Any]) -> Node | None:
        root: Node | None = None
        for event in events:
            if isinstance(event, yaml.DocumentStartEvent) and root is not None:
                raise UnreadableText(Fault(self.file, _line(event), None, "holds more than one YAML document"))
            if isinstance(event, yaml.NodeEvent):
                root = self._node(event, events, depth=0)
        return root

    def _node(self, event: Any, events: Iterator[Any], depth: int) -> Node:
        self._refuse_cleverness(event, depth)
        if isinstance(event, yaml.SequenceStartEvent):
            return self._list(event, events, depth)
        if isinstance(event, yaml.MappingStartEvent):
            return self._mapping(event, events, depth)
        is_null = event.style is None and event.value in _NULLS
        return Scalar("" if is_null else event.value.strip(), _line(event))

    def _refuse_cleverness(self, event: Any, depth: int) -> None:
        if isinstance(event, yaml.AliasEvent) or event.anchor is not None:
            raise UnreadableText(Fault(self.file, _line(event), None, "anchors and aliases (& and *) are not supported"))
        if event.tag not in (None, "!"):
            raise UnreadableText(Fault(self.file, _line(event), None, f"tags are not supported: {shown(event.tag)}"))
        if depth > _DEEPEST:
            raise UnreadableText(Fault(self.file, _line(event), None, "is nested too deeply"))

    def _list(self, start: Any, events: Iterator[Any], depth: int) -> ListNode:
        items: list[Node] = []
        for event in events:
            if isinstance(event, yaml.SequenceEndEvent):
                break
            items.append(self._node(event, events, depth + 1))
        return ListNode(items, _line(start))

    def _mapping(self, start: Any, events: Iterator[Any], depth: int) -> MapNode:
        mapping = MapNode({}, _line(start))
        for event in events:
            if isinstance(event, yaml.MappingEndEvent):
                break
            key = self._node(event, events, depth + 1)
            value = self._node(next(events), events, depth + 1)
            self._add(mapping, key, value)
        return mapping

    def _add(self, mapping: MapNode, key: Node, value: Node) -> None:
        if not isinstance(key, Scalar):
            self.faults.append(Fault(self.file, key.line, None, "a key is no single word"))
        elif key.text in mapping.entries:
            self.faults.append(Fault(self.file, key.line, key.text, "the key is there twice"))
        else:
            mapping.entries[key.text] = Entry(key.text, key.line, value)


def _line(event: Any) -> int:
    return int(event.start_mark.line) + 1
