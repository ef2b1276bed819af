"""What is done with files and folders, done with the objects of a store.

It has no folders (a folder is what names begin with), no links, no renames and no half-written
objects. Everything is a request of tens of milliseconds, so that many of them are made at a time;
of a large object only the bytes that are asked for travel.
"""

from __future__ import annotations

import errno
import os
import shutil
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from functools import lru_cache
from pathlib import Path
from tempfile import gettempdir
from typing import IO, TYPE_CHECKING, Any, TypeVar

import fsspec

from sweep_dask.locations import is_object

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

T = TypeVar("T")
R = TypeVar("R")

#: Requests at a time; arbitrary.
_AT_A_TIME = 16

#: What is read of an object at a time where all of it is; arbitrary.
COPY_BYTES = 1 << 23


#: What has a number of its own although a store's library says none.
_NUMBERED = {
    FileNotFoundError: errno.ENOENT,
    FileExistsError: errno.EEXIST,
    PermissionError: errno.EACCES,
}


@contextmanager
def _told(path: Path) -> Iterator[None]:
    """Errors of a store's own library as those of files, with a number and the object's name."""
    try:
        yield
    except MemoryError:
        raise
    except Exception as error:
        if isinstance(error, OSError) and error.errno and error.filename:
            raise
        for kind, code in _NUMBERED.items():
            if isinstance(error, kind):
                raise OSError(code, str(error), str(path)) from error
        # EREMOTE: "Object is remote".
        words = f"{type(error).__name__}: {error}"
        raise OSError(errno.EREMOTE, words, str(path)) from error


def _of(path: Path) -> tuple[Any, str]:
    """The file system of an object, and its path in it."""
    at: Any = path
    return _file_system(at.protocol, tuple(at.storage_options.items()), os.getpid()), at.path


@lru_cache
def _file_system(protocol: str, options: tuple[tuple[str, Any], ...], _process: int) -> Any:
    """One for all threads of a process: fsspec's own memory of them has one a thread.

    To make one takes a few tenths of a second, and connections are opened anew.
    """
    return fsspec.filesystem(protocol, **dict(options))


def near(folder: Path) -> Path:
    """The folder, or one of this machine, for what nobody else has to see."""
    return Path(gettempdir()) if is_object(folder) else folder


def kind_of(path: Path) -> str | None:
    """`file` of an object, `directory` if there are some below this name; else None."""
    with _told(path):
        files, name = _of(path)
        try:
            return str(files.info(name)["type"])
        except FileNotFoundError:
            return None


def kinds(root: Path, names: Iterable[str]) -> dict[str, str]:
    """`kind_of` of those names below `root` where something is; many of a folder are listed."""
    by_folder: dict[str, list[str]] = defaultdict(list)
    for name in names:
        by_folder[name.rpartition("/")[0]].append(name)
    listed = [folder for folder, of in by_folder.items() if len(of) > _AT_A_TIME]
    single = [name for folder, of in by_folder.items() if folder not in listed for name in of]
    found: dict[str, str | None] = {}
    at_a_time(lambda folder: found.update(_listed(root, folder)), listed)
    at_a_time(lambda name: found.update({name: kind_of(root / name)}), single)
    return {name: kind for name, kind in found.items() if kind is not None}


def _listed(root: Path, folder: str) -> dict[str, str]:
    """Name below `root` to kind of all in a folder, but not below others in it."""
    with suppress(FileNotFoundError), _told(root / folder):
        files, name = _of(root / folder)
        entries = files.ls(name, detail=True)
        names = (entry["name"].rstrip("/").rpartition("/")[2] for entry in entries)
        return {f"{folder}/{one}": e["type"] for one, e in zip(names, entries, strict=True)}
    return {}


def sizes_below(path: Path) -> dict[str, int]:
    """Name below `path` to bytes of all objects there, by name."""
    with _told(path):
        files, name = _of(path)
        found = files.find(name, detail=True)
    return {of.removeprefix(f"{name}/"): entry["size"] for of, entry in found.items() if of != name}


def open_object(path: Path) -> IO[bytes]:
    """An object for reading at any place; what is read is fetched, and nothing else.

    Raises OSError: there is none, or it cannot be read.
    """
    with _told(path):
        files, name = _of(path)
        opened: IO[bytes] = files.open(name, "rb")
        return opened


def read_object(path: Path) -> bytes:
    """All of a small object.

    Raises OSError: there is none, or it cannot be read.
    """
    with _told(path):
        files, name = _of(path)
        return bytes(files.cat_file(name))


def read_ranges(ranges: Sequence[tuple[Path, int, int]]) -> list[bytes]:
    """Bytes of objects of one store, each from a first one to the one before an end."""
    files, _ = _of(ranges[0][0])
    paths, starts, ends = zip(*ranges, strict=True)
    with _told(paths[0]):
        names = [_of(path)[1] for path in paths]
        return list(files.cat_ranges(names, list(starts), list(ends), on_error="raise"))


def upload(file: Path, path: Path) -> None:
    """Write what a file of this machine holds, in place of what is there."""
    with _told(path):
        files, name = _of(path)
        files.put_file(str(file), name)


def upload_folder(folder: Path, path: Path, last: str | None = None) -> None:
    """Write all files below a folder of this machine, one of them, by its name, last."""
    names = [
        file.relative_to(folder).as_posix() for file in sorted(folder.rglob("*")) if file.is_file()
    ]
    first = [name for name in names if name != last]
    at_a_time(lambda name: upload(folder / name, path / name), first)
    if last in names:
        upload(folder / last, path / last)


def create(path: Path, data: bytes) -> None:
    """Write an object where none is: of several who try one succeeds.

    Raises FileExistsError: there is one.
    """
    with _told(path):
        files, name = _of(path)
        try:
            files.pipe_file(name, data, mode="create")
        except OSError as error:
            # Libraries have more than one word for it.
            if files.exists(name):
                raise FileExistsError(errno.EEXIST, str(error), str(path)) from error
            raise


def remove(path: Path) -> None:
    """Remove an object, or all below this name; nothing is no error."""
    with _told(path), suppress(FileNotFoundError):
        files, name = _of(path)
        files.rm(name, recursive=True)


def move_files(source: Path, target: Path, names: Sequence[str]) -> None:
    """Move files below a folder, or objects below a name; the first of them before all others.

    Within a store nothing travels: it copies by itself.
    """
    at_a_time(lambda name: put(source / name, target / name), names[:1])
    at_a_time(lambda name: put(source / name, target / name), names[1:])
    remove_all([source / name for name in names])


def remove_all(paths: Sequence[Path]) -> None:
    """Remove objects of one store, or files of this machine."""
    if paths and is_object(paths[0]):
        with _told(paths[0]):
            files, _ = _of(paths[0])
            files.rm([_of(path)[1] for path in paths])
        return
    for path in paths:
        path.unlink()


def download(source: Path, target: Path) -> None:
    """Copy an object into a file of this machine, or all below a name into a folder."""
    names = list(sizes_below(source))
    for name in names:
        (target / name).parent.mkdir(parents=True, exist_ok=True)
    with _told(source):
        files, of_source = _of(source)
        at_a_time(lambda name: files.get_file(f"{of_source}/{name}", str(target / name)), names)
        if not names:
            files.get_file(of_source, str(target))


def put(source: Path, target: Path) -> None:
    """Write what an object, or a file of this machine, holds, in place of what is there."""
    if not is_object(source):
        upload(source, target)
        return
    (files, name), (to_files, to_name) = _of(source), _of(target)
    with _told(source):
        if files is to_files:
            files.cp_file(name, to_name)
            return
        with files.open(name, "rb") as stream, to_files.open(to_name, "wb") as written:
            shutil.copyfileobj(stream, written, COPY_BYTES)


def at_a_time(do: Callable[[T], R], items: Iterable[T]) -> list[R]:
    """What doing the same with each gives, in their order; the first error ends it."""
    with ThreadPoolExecutor(_AT_A_TIME) as pool:
        return list(pool.map(do, items))
