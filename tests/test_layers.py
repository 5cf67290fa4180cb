"""Imports point one way, and the library is a polite guest.

    geo -> theatre -> dynamics -> campaign -> analysis -> report -> app, cli

A layer may import those left of it. Every import counts, wherever it stands: inside functions, and those that only types need.
"""

from __future__ import annotations

import ast
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import networkx as nx
import pytest

import keyterrain

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PACKAGE = "keyterrain"
SOURCE = Path(keyterrain.__file__).parent

LAYERS = ("geo", "theatre", "dynamics", "campaign", "analysis", "report", "app", "cli")
FREE = ("version", "scenarios")  # any layer may name them; they import nothing of the package
FRONT_DOORS = (PACKAGE, f"{PACKAGE}.__main__")  # may import all, imported by none
SHELLS = ("app", "cli", "__main__")
UNSEEN = {"analysis": "dynamics", "report": "dynamics"}  # left of them, and still not theirs to import

DYNAMICS_MAY_IMPORT = ("numpy", "numba", f"{PACKAGE}.dynamics", f"{PACKAGE}.theatre.parameters")
RUDE_CALLS = {"print", "exit", "quit", "sys.exit", "os._exit", "logging.basicConfig"}
RUDE_NAMES = {"SystemExit"}
EMPTY_NAMES = {"util", "utils", "helper", "helpers", "manager", "managers", "misc"}


class Import(NamedTuple):
    """One module named by another, at a line."""

    importer: str
    imported: str
    line: int

    def __str__(self) -> str:
        return f"{self.importer}:{self.line} imports {self.imported}"


class Tree(NamedTuple):
    """The parsed modules of a package, by dotted name."""

    modules: dict[str, ast.Module]

    def home(self, dotted: str) -> str:
        """Return the module that a dotted name of this package lives in (`keyterrain.geo.distance.great_circle_km`)."""
        while dotted not in self.modules and "." in dotted:
            dotted = dotted.rpartition(".")[0]
        return dotted

    def imports(self) -> Iterator[Import]:
        for name, module in self.modules.items():
            for node in ast.walk(module):
                for imported in named_modules(node):
                    inside = imported.split(".")[0] == PACKAGE
                    yield Import(name, self.home(imported) if inside else imported, getattr(node, "lineno", 0))

    def inner_imports(self) -> Iterator[Import]:
        return (each for each in self.imports() if each.imported.split(".")[0] == PACKAGE)


def named_modules(node: ast.AST) -> list[str]:
    match node:
        case ast.Import(names=names):
            return [alias.name for alias in names]
        case ast.ImportFrom(module=str(module), names=names, level=0):
            return [f"{module}.{alias.name}" for alias in names] if module.split(".")[0] == PACKAGE else [module]
        case ast.Call(func=func, args=[ast.Constant(value=str(module)), *_]) if ast.unparse(func).endswith(
            ("import_module", "__import__")
        ):
            return [module]
    return []


def read_tree(source: Path) -> Tree:
    modules = {}
    for path in sorted(source.rglob("*.py")):
        parts = (PACKAGE, *path.relative_to(source).with_suffix("").parts)
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        modules[name] = ast.parse(path.read_text(encoding="utf-8"), filename=str(path))
    return Tree(modules)


def layer(module: str) -> str:
    return module.partition(".")[2].partition(".")[0]


def imports_against_the_arrow(tree: Tree) -> list[str]:
    return [str(each) for each in tree.inner_imports() if not may_import(each.importer, each.imported)]


def may_import(importer: str, imported: str) -> bool:
    if imported in FRONT_DOORS:
        return False
    if importer in FRONT_DOORS or layer(imported) in FREE:
        return True
    left, right = layer(imported), layer(importer)
    if left not in LAYERS or right not in LAYERS or UNSEEN.get(right) == left:
        return False
    return LAYERS.index(left) <= LAYERS.index(right)


def modules_without_layer(tree: Tree) -> list[str]:
    known = {*LAYERS, *FREE, "__main__"}
    return [name for name in tree.modules if name != PACKAGE and layer(name) not in known]


def import_cycles(tree: Tree) -> list[str]:
    graph = nx.DiGraph((each.importer, each.imported) for each in tree.inner_imports() if each.importer != each.imported)
    return [" <-> ".join(sorted(knot)) for knot in nx.strongly_connected_components(graph) if len(knot) > 1]


def strangers_in_dynamics(tree: Tree) -> list[str]:
    return [
        str(each)
        for each in tree.imports()
        if layer(each.importer) == "dynamics"
        and not any(f"{each.imported}.".startswith(f"{allowed}.") for allowed in DYNAMICS_MAY_IMPORT)
        and each.imported.split(".")[0] not in sys.stdlib_module_names
    ]


def relative_imports(tree: Tree) -> list[str]:
    return [
        f"{name}:{node.lineno}"
        for name, module in tree.modules.items()
        for node in ast.walk(module)
        if isinstance(node, ast.ImportFrom) and node.level
    ]


def rudeness(tree: Tree) -> list[str]:
    """Printing, ending the process and seizing the root logger, outside the shells and `if __name__ == "__main__"`."""
    return [
        f"{name}:{node.lineno} {ast.unparse(node)}"
        for name, module in tree.modules.items()
        if layer(name) not in SHELLS
        for statement in module.body
        if not is_script_guard(statement)
        for node in ast.walk(statement)
        if is_rude(node)
    ]


def is_script_guard(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.If) and "__name__" in ast.unparse(statement.test)


def is_rude(node: ast.AST) -> bool:
    match node:
        case ast.Call(func=func):
            return ast.unparse(func) in RUDE_CALLS
        case ast.ImportFrom(module=str(module), names=names):
            return any(f"{module}.{alias.name}" in RUDE_CALLS for alias in names)
        case ast.Name(id=name):
            return name in RUDE_NAMES
    return False


def modules_that_say_nothing(tree: Tree) -> list[str]:
    return [name for name in tree.modules if EMPTY_NAMES & set(name.rpartition(".")[2].split("_"))]


RULES: dict[str, Callable[[Tree], list[str]]] = {
    "imports point to the left": imports_against_the_arrow,
    "every module belongs to a layer": modules_without_layer,
    "no import cycles": import_cycles,
    "dynamics sees arrays and numbers only": strangers_in_dynamics,
    "imports are absolute": relative_imports,
    "the library is a polite guest": rudeness,
    "names say what a module is": modules_that_say_nothing,
}


@pytest.fixture(scope="module")
def tree() -> Tree:
    return read_tree(SOURCE)


@pytest.mark.parametrize("rule", RULES)
def test_the_package_keeps(rule: str, tree: Tree) -> None:
    assert RULES[rule](tree) == []


# Each planted fault must be found, by the rule it breaks: (file, its text, rule).
PLANTED = [
    ("geo/relief.py", "from keyterrain.theatre.nouns import Place", "imports point to the left"),
    ("geo/relief.py", "from keyterrain.theatre import nouns", "imports point to the left"),
    ("theatre/nouns.py", "def f():\n    import keyterrain.dynamics.combat", "imports point to the left"),
    (
        "campaign/store.py",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from keyterrain.report.html import Page",
        "imports point to the left",
    ),
    (
        "campaign/store.py",
        "import importlib\nimportlib.import_module('keyterrain.cli.main')",
        "imports point to the left",
    ),
    ("report/html.py", "from keyterrain.dynamics.combat import sectors", "imports point to the left"),
    ("analysis/claims.py", "import keyterrain.dynamics.combat as c", "imports point to the left"),
    ("campaign/store.py", "from keyterrain import load", "imports point to the left"),
    ("app/server.py", "from keyterrain.cli.main import main", "imports point to the left"),
    ("tools/draw.py", "x = 1", "every module belongs to a layer"),
    ("theatre/nouns.py", "from keyterrain.theatre.schema import rows", "no import cycles"),
    ("theatre/nouns.py", "def f():\n    from keyterrain.theatre import schema", "no import cycles"),
    ("dynamics/combat.py", "from keyterrain.theatre.nouns import Place", "dynamics sees arrays and numbers only"),
    ("dynamics/combat.py", "import scipy.special", "dynamics sees arrays and numbers only"),
    ("theatre/nouns.py", "from . import schema", "imports are absolute"),
    ("geo/relief.py", "def f():\n    print('x')", "the library is a polite guest"),
    ("geo/relief.py", "import sys\ndef f():\n    sys.exit(2)", "the library is a polite guest"),
    ("geo/relief.py", "from sys import exit", "the library is a polite guest"),
    ("geo/relief.py", "def f():\n    raise SystemExit", "the library is a polite guest"),
    ("geo/relief.py", "import logging\nlogging.basicConfig()", "the library is a polite guest"),
    ("campaign/store_utils.py", "x = 1", "names say what a module is"),
    ("campaign/manager.py", "x = 1", "names say what a module is"),
]

SOUND = {
    "__init__.py": "from keyterrain.version import __version__\nfrom keyterrain.theatre.schema import rows",
    "version.py": "__version__ = '1'",
    "geo/relief.py": "import rasterio",
    "theatre/__init__.py": "",
    "theatre/nouns.py": "from keyterrain.geo.relief import slope",
    "theatre/parameters.py": "x = 1",
    "theatre/schema.py": "from keyterrain.theatre.nouns import Place",
    "dynamics/combat.py": "import math\nfrom numba import njit\nimport numpy as np\nfrom keyterrain.theatre.parameters import x\n"
    "from keyterrain.dynamics.luck import draw",
    "dynamics/luck.py": "if __name__ == '__main__':\n    print(1)",
    "campaign/store.py": "import zarr\nfrom keyterrain.dynamics import combat\nfrom keyterrain.version import __version__",
    "analysis/claims.py": "from keyterrain.campaign.store import read",
    "report/html.py": "from keyterrain.analysis.claims import verdict",
    "app/server.py": "from keyterrain.report.html import page",
    "cli/main.py": "from keyterrain.app.server import serve\nimport sys\nprint(1)\nsys.exit(0)",
}


def write_tree(root: Path, files: dict[str, str]) -> Tree:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")
    return read_tree(root)


@pytest.mark.parametrize("rule", RULES)
def test_a_sound_tree_passes(rule: str, tmp_path: Path) -> None:
    assert RULES[rule](write_tree(tmp_path, SOUND)) == []


@pytest.mark.parametrize(("file", "text", "rule"), PLANTED)
def test_a_planted_fault_is_found(file: str, text: str, rule: str, tmp_path: Path) -> None:
    assert RULES[rule](write_tree(tmp_path, SOUND | {file: text}))
