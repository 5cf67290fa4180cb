"""What kernels load from the state and store in it, read off their source: `Kernels().access("combat")`.

A field is loaded where its value is used and stored where something is assigned to it or to a part of it, in the kernel or in any
kernel that it hands its state to. Counters and scalars of the weather, kept in one array each, count one by one: `count.WAYS`.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from keyterrain.dynamics.state import STATE_LAYOUT

PACKAGE = Path(__file__).parents[1] / "src" / "keyterrain"
SOURCES = (*sorted((PACKAGE / "dynamics").glob("*.py")), PACKAGE / "campaign" / "day.py")
BY_SLOT = ("count", "sky")


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
        self._known: dict[str, Access] = {}

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
        if name not in self._known:
            self._known[name] = Access()  # ends recursion
            self._known[name] = self._read(self.functions[name])
        return self._known[name]

    def _read(self, function: ast.FunctionDef) -> Access:
        state = _name_of_state(function)
        access = _Reader(state, function).access if state else Access()
        for call in calls(function):
            callee = call.func.id  # type: ignore[attr-defined]
            if callee == "uniforms":
                access.luck.add(ast.unparse(call.args[1]))
            elif callee in self.functions and any(isinstance(a, ast.Name) and a.id in {state, "luck"} for a in call.args):
                access.add(self.access(callee))
        return access


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
    """Reads one kernel, following local names that stand for a part of the state."""

    def __init__(self, state: str, function: ast.FunctionDef) -> None:
        self.access = Access()
        self._state = state
        self._parent = {child: node for node in ast.walk(function) for child in ast.iter_child_nodes(node)}
        self._views = dict(self._named_views(function))
        for node in ast.walk(function):
            if self._is_field(node):
                self._note(node, node.attr)  # type: ignore[attr-defined]
            elif isinstance(node, ast.Name) and node.id in self._views and isinstance(node.ctx, ast.Load):
                self._note(node, self._views[node.id])

    def _is_field(self, node: ast.AST) -> bool:
        return isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == self._state

    def _named_views(self, function: ast.FunctionDef) -> Iterator[tuple[str, str]]:
        """Local names that are given an array of the state, or a row of one."""
        for node in ast.walk(function):
            if isinstance(node, ast.Assign) and len(node.targets) == 1:
                for target, value in _assigned(node.targets[0], node.value):
                    inner = _innermost(value)
                    if isinstance(target, ast.Name) and self._is_field(inner) and _n_axes(inner.attr, value) > 0:  # type: ignore[attr-defined]
                        yield target.id, inner.attr  # type: ignore[attr-defined]

    def _note(self, node: ast.AST, name: str) -> None:
        whole = self._with_subscripts(node)
        parent = self._parent[whole]
        if isinstance(parent, ast.Attribute) and parent.attr == "shape":
            return
        if isinstance(parent, ast.Call) and _n_axes(name, whole) > 0 and self._is_field(node):
            raise Unreadable(f"{ast.unparse(parent)} hands on a part of the state")
        if name in BY_SLOT:
            name = f"{name}.{_slot(self._parent[node], name)}"
        changed = isinstance(parent, ast.AugAssign) and parent.target is whole
        stored = isinstance(whole.ctx, ast.Store)  # type: ignore[attr-defined]
        if stored:
            self.access.stores.add(name)
        if changed or not (stored or self._only_names_it(whole, parent)):
            self.access.loads.add(name)

    def _with_subscripts(self, node: ast.AST) -> ast.AST:
        while isinstance(parent := self._parent[node], ast.Subscript) and parent.value is node:
            node = parent
        return node

    def _only_names_it(self, whole: ast.AST, parent: ast.AST) -> bool:
        """Whether an array is only given a local name here; what happens to it is seen where the name is used."""
        assign = self._parent[parent] if isinstance(parent, ast.Tuple) else parent
        if not isinstance(assign, ast.Assign):
            return False
        return any(value is whole and _names(target, self._views) for target, value in _assigned(assign.targets[0], assign.value))


def _names(target: ast.expr, views: dict[str, str]) -> bool:
    return isinstance(target, ast.Name) and target.id in views


def _assigned(target: ast.expr, value: ast.expr) -> Iterator[tuple[ast.expr, ast.expr]]:
    if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
        yield from zip(target.elts, value.elts, strict=True)
    else:
        yield target, value


def _innermost(node: ast.expr) -> ast.expr:
    while isinstance(node, ast.Subscript):
        node = node.value
    return node


def _n_axes(name: str, node: ast.AST) -> int:
    """Axes that are left of a field after its subscripts; slices leave theirs."""
    n = len(STATE_LAYOUT[name][1].split())
    while isinstance(node, ast.Subscript):
        parts = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
        n -= sum(not isinstance(part, ast.Slice) for part in parts)
        node = node.value
    return n


def _slot(subscript: ast.AST, name: str) -> str:
    """Name of the slot that is meant, an asterisk for all of them."""
    if isinstance(subscript, ast.Subscript) and isinstance(subscript.slice, ast.Name):
        return subscript.slice.id
    if isinstance(subscript, ast.Subscript) and isinstance(subscript.slice, ast.Slice):
        return "*"
    raise Unreadable(f"a slot of {name} without a name: {ast.unparse(subscript)}")
