"""How every kernel is compiled: without the interpreter's lock, cached on disk, without float shortcuts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba

from keyterrain.dynamics.compile_cache import activate

activate()

Function = TypeVar("Function", bound=Callable[..., object])


EXACT: dict[str, Any] = {"nogil": True, "error_model": "numpy", "fastmath": False}
UNCOUNTED: dict[str, Any] = {"_nrt": False}
"""Without numba's memory of its own: no array can be made, and nothing counts who holds one."""


def kernel(function: Function) -> Function:
    """Compile a function on arrays; division by zero gives inf as in numpy, and sums keep their order."""
    return cast(Function, numba.njit(cache=True, **EXACT)(function))


def bare_kernel(function: Function) -> Function:
    """Compile a kernel that makes no array: then none need be counted, which costs a lock for each name that is given to one."""
    return cast(Function, numba.njit(cache=True, **EXACT, **UNCOUNTED)(function))


def inlined(function: Function) -> Function:
    """Compile a small function into each bare kernel that calls it: handing it an array costs as much as many steps on one."""
    return cast(Function, numba.njit(forceinline=True, **EXACT, **UNCOUNTED)(function))
