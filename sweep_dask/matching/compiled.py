"""How the functions of the book are compiled, and those of rooms above that call it.

Numba counts the references to an array wherever one goes, also inside a tuple: at every call that
is handed a book, for each of its arrays. A function that neither makes, nor replaces, nor returns
an array has no need of that, and is several times as fast without. `_nrt=False` leaves out Numba's
run time for references; the compiler refuses such a function if it makes an array all the same.

Compiling all of them takes about a minute, so the result is kept on disk. Numba notices a change
in the file of a function, not in those of the functions it calls, and would go on with code that
is out of date: so there is a cache for each state of the sources, also within `NUMBA_CACHE_DIR`.
"""

from __future__ import annotations

import inspect
import os
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast

import numba
from numba.misc import appdirs

if TYPE_CHECKING:
    from collections.abc import Callable

Function = TypeVar("Function", bound="Callable[..., Any]")

_HERE = Path(__file__).parent
#: Numba's types do not cover what is used of it here.
_numba: Any = numba
_appdirs: Any = appdirs
#: None of these functions is called by C.
_USUAL_OPTIONS = {"cache": True, "nogil": True, "no_cfunc_wrapper": True}


def kernel(function: Function) -> Function:
    """Compile a function that neither makes nor returns an array."""
    return _compiled(function, _nrt=False)


def allocating(function: Function) -> Function:
    """Compile one that does, which must not be called for every event."""
    return _compiled(function)


def folded(function: Function) -> Function:
    """Compile a kernel so that it becomes part of its callers, of which there are few.

    To hand on a book, which has many arrays, costs more than many a function does.
    """
    return _compiled(function, _nrt=False, forceinline=True)


def inlined(function: Function) -> Function:
    """Compile one of a few lines that Numba is to copy into its callers."""
    return _compiled(function, _nrt=False, inline="always")


def _compiled(function: Function, **options: Any) -> Function:
    usual = _numba.config.CACHE_DIR
    _numba.config.CACHE_DIR = _cache_folder(Path(inspect.getfile(function)).parent, usual)
    try:
        dispatcher = _numba.njit(**_USUAL_OPTIONS, **options)(function)
    finally:
        _numba.config.CACHE_DIR = usual
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


@cache
def _cache_folder(room: Path, usual: str) -> str:
    """A folder for the present state of a room: in the usual one, beside it, or the user's."""
    digest = sha256()
    rooms = {room, _HERE, _HERE.parent / "market"}
    # The schema's number for "no value" is compiled in as well.
    sources = [path for folder in rooms for path in folder.glob("*.py")]
    for path in sorted([*sources, _HERE.parent / "schema.py"]):
        digest.update(path.read_bytes())
    name = f"{room.name}-{digest.hexdigest()[:16]}"
    if usual:
        return str(Path(usual) / name)
    beside = room / "__pycache__" / name
    try:
        beside.mkdir(parents=True, exist_ok=True)
        if os.access(beside, os.W_OK):
            return str(beside)
    except OSError:
        pass
    return str(Path(_appdirs.user_cache_dir("sweep_dask")) / name)
