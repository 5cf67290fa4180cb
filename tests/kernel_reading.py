"""What kernels load from the state and store in it, read off their source: `Kernels().access("combat")`.

A field is loaded where its value is used and stored where something is assigned to it or to a part of it, in the kernel or in any
kernel that it hands its state, or an array of its state, to. Counters and scalars of the weather, kept in one array each, count
one by one: `count.WAYS`.

An array that is given a local name, or is handed to a kernel as an argument, is followed under that name. Where a name may stand
for one of several arrays, what is done under it counts for each of them.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from keyterrain.dynamics.state import STATE_LAYOUT

PACKAGE = Path(__file__).parents[1] / "src" / "keyterrain"
DRAWING = {"uniforms", "fill_uniforms"}
"""Kernels that draw the luck of the process which is their second argument."""
SOURCES = (*sorted((PACKAGE / "dynamics").glob("*.py")), *(PACKAGE / "campaign" / name for name in ("day.py", "sheets.py")))
BY_SLOT = ("count", "sky")
UNFOLLOWED = (ast.Call, ast.Return, ast.NamedExpr, ast.Starred, ast.Attribute, ast.For, ast.comprehension)
"""What gives an array a name, or to somebody else, in a way that is not followed."""

Arrays = frozenset[tuple[str, int]]
"""Fields that a name or an expression may stand for, each with the axes that are left of it."""
Reading = tuple[str, tuple[tuple[str, Arrays], ...]]
"""A kernel, and those of its parameters that are given an array of the state."""


@dataclass
class Access:
    """Fields that a kernel loads and stores, and the processes whose luck it draws."""

    loads: set[str] = field(default_factory=set)
    stores: set[str] = field(default_factory=set)
    luck: set[str] = field(default_factory=set)

    def add(self, other: Access) -> None:
        """Take over what a called kernel does."""
        self.loads |= other.loads
        self.stores |= other.stores
        self.luck |= other.luck


class Unreadable(ValueError):
    """Source that uses the state in a way that is not understood here."""


class Kernels:
    """All kernels by name."""

    def __init__(self) -> None:
        self._known: dict[Reading, _Reader] = {}

    @cached_property
    def functions(self) -> dict[str, ast.FunctionDef]:
        """Functions marked as kernels; no two have one name."""
        found: dict[str, ast.FunctionDef] = {}
        for path in SOURCES:
            for node in ast.parse(path.read_text(encoding="utf-8")).body:
                if isinstance(node, ast.FunctionDef) and any(ast.unparse(mark) == "kernel" for mark in node.decorator_list):
                    if node.name in found:
                        raise Unreadable(f"two kernels are called {node.name}")
                    found[node.name] = node
        return found

    def access(self, name: str) -> Access:
        """What a kernel and all that it calls do with the state."""
        access = Access()
        seen: set[Reading] = set()
        ahead: set[Reading] = {(name, ())}
        while ahead:
            reading = ahead.pop()
            seen.add(reading)
            reader = self._read(reading)
            access.add(reader.access)
            ahead |= reader.handed_on - seen
        return access

    def _read(self, reading: Reading) -> _Reader:
        if reading not in self._known:
            name, given = reading
            self._known[reading] = _Reader(self.functions, self.functions[name], dict(given))
        return self._known[reading]


def calls(node: ast.AST) -> Iterator[ast.Call]:
    """Calls by a plain name, in the order of the source."""
    found = (n for n in ast.walk(node) if isinstance(n, ast.Call) and isinstance(n.func, ast.Name))
    yield from sorted(found, key=lambda call: (call.lineno, call.col_offset))


def _name_of_state(function: ast.FunctionDef) -> str:
    for argument in function.args.args:
        if argument.annotation is not None and ast.unparse(argument.annotation) == "State":
            return argument.arg
    return ""


class _Reader:
    """Reads one kernel, following names that stand for a part of the state; what it hands on is left to other readers."""

    def __init__(self, kernels: Mapping[str, ast.FunctionDef], function: ast.FunctionDef, given: dict[str, Arrays]) -> None:
        self.access = Access()
        self.handed_on: set[Reading] = set()
        self._kernels = kernels
        self._state = _name_of_state(function)
        self._parent = {child: node for node in ast.walk(function) for child in ast.iter_child_nodes(node)}
        self._names = given
        self._follow_names(function)
        for node in ast.walk(function):
            if self._is_root(node):
                self._note(node)
            elif isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name) and node.target.id in self._names:
                raise Unreadable(f"{ast.unparse(node)} changes all of an array under a name")
            elif isinstance(node, ast.Name) and node.id == self._state:
                self._check_state(node)
        for call in calls(function):
            self._note_call(call)

    # Names

    def _is_root(self, node: ast.AST) -> bool:
        """Whether an expression is a field of the state or a name that may stand for a part of one."""
        if isinstance(node, ast.Name):
            return node.id in self._names and isinstance(node.ctx, ast.Load)
        return isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == self._state

    def _follow_names(self, function: ast.FunctionDef) -> None:
        """Find the names that are given an array of the state or a part of one, also by way of another name."""
        known = -1
        while known != sum(map(len, self._names.values())):
            known = sum(map(len, self._names.values()))
            for node in ast.walk(function):
                for target, value in _assigned(node):
                    if isinstance(target, ast.Name) and (arrays := self._arrays(value)):
                        self._names[target.id] = self._names.get(target.id, frozenset()) | arrays

    def _arrays(self, node: ast.AST) -> Arrays:
        """Arrays of the state that an expression may stand for; numbers are none."""
        if isinstance(node, ast.IfExp):
            return self._arrays(node.body) | self._arrays(node.orelse)
        root, taken = node, 0
        while isinstance(root, ast.Subscript):
            parts = root.slice.elts if isinstance(root.slice, ast.Tuple) else [root.slice]
            taken += sum(not isinstance(part, ast.Slice) for part in parts)
            root = root.value
        if not self._is_root(root):
            return frozenset()
        return frozenset((name, axes - taken) for name, axes in self._stands_for(root) if axes > taken)

    def _stands_for(self, root: ast.AST) -> Arrays:
        if isinstance(root, ast.Attribute):
            return frozenset({(root.attr, len(STATE_LAYOUT[root.attr][1].split()))})
        assert isinstance(root, ast.Name)
        return self._names[root.id]

    # Uses

    def _note(self, root: ast.AST) -> None:
        whole = root
        while isinstance(parent := self._parent[whole], ast.Subscript) and parent.value is whole:
            whole = parent
        parent = self._parent[whole]
        if isinstance(parent, ast.Attribute) and parent.attr in {"shape", "size", "ndim"}:
            return
        stored = isinstance(whole.ctx, ast.Store)  # type: ignore[attr-defined]
        handed_on = not stored and bool(self._arrays(whole)) and self._only_names(whole)
        changed = isinstance(parent, ast.AugAssign) and parent.target is whole
        for name, _ in self._stands_for(root):
            part = f"{name}.{_slot(self._parent[root], name)}" if name in BY_SLOT else name
            if stored:
                self.access.stores.add(part)
            if changed or not (stored or handed_on):
                self.access.loads.add(part)

    def _only_names(self, node: ast.AST) -> bool:
        """Whether an array is only given a name here; what happens to it is seen where the name is used."""
        parent = self._parent[node]
        if isinstance(parent, ast.IfExp) and node is not parent.test:
            return self._only_names(parent)
        if isinstance(parent, ast.keyword):
            parent = self._parent[parent]
        if isinstance(parent, ast.Call) and self._kernel(parent):
            return True
        if isinstance(parent, UNFOLLOWED):
            raise Unreadable(f"{ast.unparse(parent)} hands on a part of the state")
        assign = self._parent[parent] if isinstance(parent, ast.Tuple) else parent
        return any(value is node and isinstance(target, ast.Name) for target, value in _assigned(assign))

    def _check_state(self, node: ast.AST) -> None:
        parent = self._parent[node]
        if not (isinstance(parent, ast.Attribute) or (isinstance(parent, ast.Call) and self._kernel(parent))):
            raise Unreadable(f"{ast.unparse(parent)} hands on the state")

    # Calls

    def _kernel(self, call: ast.Call) -> str:
        """Name of the kernel that is called; nothing if it is no kernel."""
        return call.func.id if isinstance(call.func, ast.Name) and call.func.id in self._kernels else ""

    def _note_call(self, call: ast.Call) -> None:
        if isinstance(call.func, ast.Name) and call.func.id in DRAWING and (process := ast.unparse(call.args[1])).isupper():
            self.access.luck.add(process)
        if (callee := self._kernel(call)) and callee != "uniforms":
            parameters = [argument.arg for argument in self._kernels[callee].args.args]
            arguments = dict(zip(parameters, call.args, strict=False)) | {k.arg or "": k.value for k in call.keywords}
            given = {parameter: arrays for parameter, value in arguments.items() if (arrays := self._arrays(value))}
            names = {value.id for value in arguments.values() if isinstance(value, ast.Name)}
            if given or names & {self._state, "luck"}:
                self.handed_on.add((callee, tuple(sorted(given.items()))))


def _assigned(node: ast.AST) -> Iterator[tuple[ast.expr, ast.expr]]:
    """Targets of an assignment with their values, of tuples one by one."""
    targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
    for target in targets:
        value = node.value  # type: ignore[attr-defined]
        if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
            yield from zip(target.elts, value.elts, strict=True)
        elif value is not None:
            yield target, value


def _slot(subscript: ast.AST, name: str) -> str:
    """Name of the slot that is meant, an asterisk for all of them."""
    if isinstance(subscript, ast.Subscript) and isinstance(subscript.slice, ast.Name) and subscript.slice.id.isupper():
        return subscript.slice.id
    if isinstance(subscript, ast.Subscript) and isinstance(subscript.slice, ast.Slice):
        return "*"
    raise Unreadable(f"a slot of {name} without a name: {ast.unparse(subscript)}")
