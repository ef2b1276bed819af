"""How the functions of the book are compiled.

Compiling takes some seconds, so the functions that others call are kept on disk, with all that they
call in them. Numba notices a change in the file of a function, not in those of the functions it
calls, and would go on with code that is out of date: so there is a cache for each state of the
sources, also within `NUMBA_CACHE_DIR`.

Numba compiles a function once more for every constant that it is called with, and for every width
of integers. Therefore a constant is handed on as `int(constant)`, which to Numba is any integer,
and a narrow one as a sum with 0, which is a wide one.
"""

from __future__ import annotations

import os
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast

import numba

if TYPE_CHECKING:
    from collections.abc import Callable

Function = TypeVar("Function", bound="Callable[..., Any]")

_HERE = Path(__file__).parent
#: Numba's types do not cover what is used of it here.
_numba: Any = numba
#: None of these functions is called by C; the book divides by nothing that may be zero.
_OPTIONS = {"nogil": True, "no_cfunc_wrapper": True, "error_model": "numpy"}


def kernel(function: Function) -> Function:
    """Compile a function that only compiled functions of the book call."""
    return cast("Function", _numba.njit(**_OPTIONS, no_cpython_wrapper=True)(function))


def entry(function: Function) -> Function:
    """Compile one that Python calls, or compiled functions elsewhere; it is kept on disk."""
    usual = _numba.config.CACHE_DIR
    _numba.config.CACHE_DIR = cache_folder(_HERE, usual)
    try:
        return cast("Function", _numba.njit(**_OPTIONS, cache=True)(function))
    finally:
        _numba.config.CACHE_DIR = usual


@cache
def cache_folder(room: Path, usual: str) -> str:
    """A folder for the present state of a room's sources, and of what they compile in.

    It is in the usual folder, if Numba was given one; else beside the sources or, if that fails,
    among the user's caches.
    """
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
    users = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return str(Path(users) / "sweep_dask" / name)
