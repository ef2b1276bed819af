"""The two decorators that compile the generator's inner loops.

Nothing is cached on disk: numba does not see that a function in *another* file has changed, and a
generator that silently runs old code cannot be reproducible.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

from numba import njit

Function = TypeVar("Function", bound=Callable[..., Any])


def compiled(function: Function) -> Function:
    """`function`, compiled by numba when it is first called, with its type kept."""
    return _compiled(function)


def compiled_inner(function: Function) -> Function:
    """The same for a function that only compiled functions call: half the time to compile."""
    return _compiled(function, no_cpython_wrapper=True)


def _compiled(function: Function, **options: Any) -> Function:
    options |= {"nogil": True, "no_cfunc_wrapper": True}
    return cast("Function", njit(**options)(function))
