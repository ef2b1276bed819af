"""How the functions of the generator are compiled.

Numba counts the references to an array wherever one goes, also inside a tuple: at every call that
is handed a security, for each of its arrays. A function that neither makes, replaces nor returns
an array has no need of that, and is several times as fast without. `_nrt=False` leaves out Numba's
run time for references; the compiler refuses such a function if it makes an array all the same.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar, cast

import numba

from sweep_dask.compiled import kept

if TYPE_CHECKING:
    from collections.abc import Callable

Function = TypeVar("Function", bound="Callable[..., Any]")

#: Numba's types do not cover what is used of it here.
_numba: Any = numba
#: None of these functions is called by C.
_USUAL_OPTIONS = {"nogil": True, "no_cfunc_wrapper": True}


def kernel(function: Function) -> Function:
    """Compile a function that neither makes nor returns an array."""
    return _compiled(function, _nrt=False)


def entry(function: Function) -> Function:
    """Compile such a function that Python calls; it is kept on disk."""
    return cast("Function", kept(kernel(function)))


def allocating_entry(function: Function) -> Function:
    """The same for one that makes arrays, which must not be called for every event."""
    return cast("Function", kept(_compiled(function)))


def folded(function: Function) -> Function:
    """Compile a kernel so that it becomes part of its callers, of which there are few.

    To hand on a book, which has many arrays, costs more than many a function does.
    """
    return _compiled(function, _nrt=False, forceinline=True)


def _compiled(function: Function, **options: Any) -> Function:
    dispatcher = _numba.njit(**_USUAL_OPTIONS, **options)(function)
    _compile_once(dispatcher)
    return cast("Function", dispatcher)


def _compile_once(dispatcher: Any) -> None:
    """Let other compiled code call one version of a function whatever the widths of its integers.

    Otherwise Numba makes one for each combination of widths and of constants among the arguments,
    which more than doubles the time to compile.
    """
    template = dispatcher.get_call_template

    def widened(args: Any, kws: Any) -> Any:
        return template(tuple(map(_wide, args)), {name: _wide(kws[name]) for name in kws})

    dispatcher.get_call_template = widened


def _wide(kind: Any) -> Any:
    kind = _numba.types.unliteral(kind)
    return _numba.types.int64 if isinstance(kind, _numba.types.Integer) else kind
