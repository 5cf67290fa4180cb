"""How every kernel is compiled: without the interpreter's lock, cached on disk, without float shortcuts."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar, cast

import numba

from keyterrain.dynamics.compile_cache import activate

activate()

Function = TypeVar("Function", bound=Callable[..., object])


def kernel(function: Function) -> Function:
    """Compile a function on arrays; division by zero gives inf as in numpy, and sums keep their order."""
    compiled = numba.njit(nogil=True, cache=True, error_model="numpy", fastmath=False)(function)
    return cast(Function, compiled)
