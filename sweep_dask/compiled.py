"""How functions are compiled, and where compiled code is kept.

Compiling takes from a second to half a minute, so the functions that Python calls are kept on disk,
with all that they call in them. A wheel carries them, for every processor of its architecture; what
it does not carry, or carries for other versions, the first process that needs it compiles for this
processor, and the others on the machine wait for that.

Numba's own cache notices a change in the file of a function, not in those of the functions it
calls, and would go on with code that is out of date: so there is a folder for each state of the
sources and for each version of what compiles them. Where code is kept anew, folders of other states
that nobody has used for some weeks are removed.

Numba compiles a function once more for every constant that it is called with, and for every width
of integers. Therefore a constant is handed on as `int(constant)`, which to Numba is any integer,
and a narrow one as a sum with 0, which is a wide one.
"""

from __future__ import annotations

import fcntl
import os
import pickle
import re
import shutil
import sys
import time
from contextlib import ExitStack, contextmanager, suppress
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast

import llvmlite
import numba

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

Function = TypeVar("Function", bound="Callable[..., Any]")

_HERE = Path(__file__).parent
#: What a wheel carries; `NUMBA_CACHE_DIR` while it is built.
CARRIED = _HERE / "carried"
#: Beside the rooms that every kernel may call: where constants that are compiled in come from.
_CONSTANTS = ("schema.py", "terms/deal_sources.py", "terms/sides.py")
#: The processor that is for, as `NUMBA_CPU_NAME` and `NUMBA_CPU_FEATURES`: any of its architecture.
ANY_PROCESSOR = ("generic", "")
#: Numba's types do not cover what is used of it here.
_numba: Any = numba
#: None of these functions is called by C; they divide by nothing that may be zero.
_OPTIONS = {"nogil": True, "no_cfunc_wrapper": True, "error_model": "numpy"}
#: How long code of another state stays that nobody uses: somebody may work on two of them.
_UNUSED_SECONDS = 60 * 24 * 3600
#: In front of kept code: its digest.
_DIGEST_BYTES = sha256().digest_size


def kernel(function: Function) -> Function:
    """Compile a function that only compiled functions call."""
    return cast("Function", _numba.njit(**_OPTIONS, no_cpython_wrapper=True)(function))


def entry(function: Function) -> Function:
    """Compile one that Python calls, or compiled functions of other rooms; it is kept on disk."""
    return cast("Function", kept(_numba.njit(**_OPTIONS)(function)))


def kept(dispatcher: Any) -> Any:
    """Keep on disk what Numba compiles of a function."""
    dispatcher._cache = code = _KeptCode(dispatcher.py_func)
    compiled = dispatcher.compile

    def compiled_alone(types: Any) -> Any:
        try:
            return compiled(types)
        finally:
            code.lock.close()

    dispatcher.compile = compiled_alone
    return dispatcher


def is_kept(function: Callable[..., Any]) -> bool:
    """Whether code of an `entry` is on disk: for any processor, and for some types at least."""
    code: _KeptCode = cast("Any", function)._cache
    return any(path.suffix == ".code" for folder in code.folders for path in _listed(folder))


class _KeptCode:
    """The compiled code of one function on disk; what Numba calls a cache."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self._name = f"{function.__module__}.{function.__qualname__}"
        self._room = Path(function.__code__.co_filename).parent
        self.lock = ExitStack()
        """Held from when nothing is found until it is compiled."""

    @property
    def folders(self) -> tuple[Path, Path]:
        """Where it may be: with the package, and where this machine keeps its own."""
        state = state_of(self._room)
        return CARRIED / state / self._name, kept_folder(self._room, state) / self._name

    def load_overload(self, types: Any, context: Any) -> Any:
        """Return the code for these types, None if it has to be compiled; then others wait."""
        context.refresh()  # what is loaded links to the run time of Numba
        found = self._found(types, context)
        if found is None:
            self.lock.enter_context(_locked(self.folders[1]))
            # Who held the lock has compiled it.
            found = self._found(types, context)
        return found

    def save_overload(self, types: Any, result: Any) -> None:
        """Keep code for these types; where that cannot be, the next process compiles again."""
        code = _numba.core.serialize.dumps(result._reduce())
        path = self.folders[1] / _file_name(types, result.codegen.magic_tuple())
        temporary = path.with_suffix(f".{os.getpid()}")
        with suppress(OSError):
            try:
                temporary.write_bytes(sha256(code).digest() + code)
                temporary.replace(path)
            finally:
                temporary.unlink(missing_ok=True)
        _remove_unused(self.folders[1].parent)

    def _found(self, types: Any, context: Any) -> Any:
        machine, *processor = context.codegen().magic_tuple()
        for folder, kind in zip(self.folders, (ANY_PROCESSOR, processor), strict=True):
            code = _read(folder / _file_name(types, (machine, *kind)))
            if code is not None:
                return _numba.core.compiler.CompileResult._rebuild(context, *code)
        return None


def _file_name(types: Any, processor: tuple[str, ...]) -> str:
    return f"{sha256(repr((str(types), *processor)).encode()).hexdigest()[:32]}.code"


def _read(path: Path) -> Any:
    """What Numba made of compiled code, None if it is not there as it was written."""
    try:
        content = path.read_bytes()
    except OSError:
        return None
    digest, code = content[:_DIGEST_BYTES], content[_DIGEST_BYTES:]
    # Who can write there can write the package, or is this user.
    return pickle.loads(code) if sha256(code).digest() == digest else None  # noqa: S301


def _listed(folder: Path) -> list[Path]:
    try:
        return list(folder.iterdir())
    except OSError:
        return []


def _remove_unused(used: Path) -> None:
    """Remove folders beside this one, of other states of its room, that nobody has used for long.

    A process that uses one nevertheless compiles again.
    """
    of_room = re.compile(re.escape(used.name.rpartition("-")[0]) + r"-[0-9a-f]{16}")
    oldest_s = time.time() - _UNUSED_SECONDS
    for folder in _listed(used.parent):
        with suppress(OSError):
            if of_room.fullmatch(folder.name) and folder.stat().st_mtime < oldest_s:
                shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Keep other processes from compiling the same, where the file system can; it is released
    however this one ends.
    """
    with ExitStack() as stack:
        with suppress(OSError):
            folder.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
            stack.callback(os.close, descriptor)
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield


@cache
def state_of(room: Path) -> str:
    """A name for the present state of a room's sources, of what they compile in, and of Numba."""
    digest = sha256(repr((numba.__version__, llvmlite.__version__, sys.version_info[:2])).encode())
    sources = [Path(__file__), *(_HERE / name for name in _CONSTANTS)]
    for folder in {room, _HERE / "market", _HERE / "matching"}:
        sources += folder.glob("*.py")
    for path in sorted(sources):
        digest.update(path.read_bytes())
    return f"{room.name}-{digest.hexdigest()[:16]}"


@cache
def kept_folder(room: Path, state: str) -> Path:
    """The folder in which this machine keeps the code of a state of a room; it is in use now.

    It is in the folder that Numba was given, if it was; else beside the sources or, if that fails,
    among the user's caches.
    """
    folder = _kept_folder(room, state)
    with suppress(OSError):
        os.utime(folder)
    return folder


def _kept_folder(room: Path, state: str) -> Path:
    if _numba.config.CACHE_DIR:
        return Path(_numba.config.CACHE_DIR) / state
    beside = room / "__pycache__" / state
    with suppress(OSError):
        beside.mkdir(parents=True, exist_ok=True)
        if os.access(beside, os.W_OK):
            return beside
    users = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(users) / "sweep_dask" / state
