"""One raw file: which version of it was planned with, its bytes, and how damage is told."""

from __future__ import annotations

import hashlib
import io
import lzma
import zlib
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pyarrow as pa
from fsspec.implementations.local import LocalFileSystem

from sweep_dask.errors import InputError, SweepError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    from fsspec import AbstractFileSystem

    from sweep_dask.storage.address import InputAddress

#: What file systems say of a file that becomes another one with its content, without `_` and `-`.
#: Times of reading are not among it, and what else they say may differ from one look to the next.
_TELLING = {
    *("etag", "versionid", "generation", "contentmd5", "md5hash", "crc32c", "digest", "crc"),
    *("mtime", "modified", "modify", "lastmodified", "modificationtime", "lastwritetime"),
    *("updated", "created"),
}

_DIGEST_BYTES = 1 << 20

#: What reading such a file can raise: the system, gzip, Arrow, and names that are no text.
_DAMAGE = (OSError, EOFError, zlib.error, lzma.LZMAError, pa.ArrowException, UnicodeDecodeError)


class FileVersion(NamedTuple):
    """What tells one content of a file from another."""

    facts: tuple[str, ...]
    """Its size and what else is the same wherever the file is seen from."""
    inode: int | None = None
    """Of a local file, compared by the client alone: a network file system may number it anew for
    each machine."""


def file_version(filesystem: AbstractFileSystem, path: str) -> FileVersion:
    """The version of a file; errors are those of the file system.

    Of a local file it is size, times of change and inode, of others the size and what else their
    file system says: entity tag, version or times.
    """
    if isinstance(filesystem, LocalFileSystem):
        status = Path(path).stat()
        facts = (status.st_size, status.st_mtime_ns, status.st_ctime_ns)
        return FileVersion(tuple(map(str, facts)), status.st_ino)
    filesystem.invalidate_cache()
    info = filesystem.info(path)
    telling = sorted(
        f"{name}={value}"
        for name, value in info.items()
        if name.lower().replace("_", "").replace("-", "") in _TELLING
    )
    return FileVersion((str(info["size"]), *(telling or [filesystem.ukey(path)])))


@dataclass(frozen=True)
class InputFile:
    """One raw file, as it was when the input was listed."""

    table: str
    name: str
    """Path below the input folder, with `/`."""
    bytes: int
    format: str
    """A value of `formats.FORMATS`."""
    version: FileVersion
    """Equal as long as the content is the same."""
    filesystem: AbstractFileSystem = field(repr=False)
    """The one it was listed with; it opens the file by `path`, which is never parsed as a URL."""
    path: str = field(repr=False)
    address: InputAddress
    """The input folder."""


class InputChangedError(InputError):
    """A file is no longer what it was when the input was listed."""

    def __init__(self, what: str, **fields: Any) -> None:
        fields.setdefault("cure", "Wait until nothing writes to the input, then run again.")
        super().__init__(what, **fields)


@contextmanager
def open_raw(file: InputFile) -> Iterator[io.RawIOBase]:
    """The bytes of a raw file, which is the same from its listing until it is closed.

    Raises InputChangedError: it is not, also if reading fails for that reason.
    Raises OSError: the file cannot be read, whatever the file system raises.
    """
    try:
        with _errors_passed_on(file):
            stream = file.filesystem.open(file.path, "rb")
        with stream:
            _require_same(file)
            yield _Stream(stream, file)
    except SweepError:
        raise
    except Exception:
        _require_same(file)
        raise
    _require_same(file)


def input_digest(file: InputFile) -> str:
    """SHA-256 of a raw file's bytes, as `sha256:<hex>`.

    Raises UnreadableFileError, InputChangedError: it cannot be read, or is not what it was when the
    input was listed.
    """
    digest = hashlib.sha256()
    n_bytes = 0
    with readable(file), open_raw(file) as stream:
        while data := stream.read(_DIGEST_BYTES):
            digest.update(data)
            n_bytes += len(data)
    require_read(file, n_bytes, file.bytes)
    return f"sha256:{digest.hexdigest()}"


def require_read(file: InputFile, n_bytes: int, planned_bytes: int) -> None:
    """Refuse a file that gave fewer or more bytes than it was listed with."""
    if n_bytes != planned_bytes:
        raise InputChangedError(
            f"{file.name} gave {n_bytes:,} bytes where {planned_bytes:,} were planned.",
            where=file.name,
        )


def _require_same(file: InputFile) -> None:
    try:
        with _errors_passed_on(file):
            version = file_version(file.filesystem, file.path)
    except FileNotFoundError as error:
        raise InputChangedError(f"{file.name} was removed during the run.") from error
    if version.facts != file.version.facts:
        raise InputChangedError(f"{file.name} was changed during the run.")


@contextmanager
def _errors_passed_on(file: InputFile) -> Iterator[None]:
    """Errors of file systems, which may be of any class and name the URL, as ours to pass on."""
    try:
        yield
    except MemoryError:
        raise
    except Exception as error:  # noqa: BLE001  each file system has errors of its own
        kind = FileNotFoundError if isinstance(error, FileNotFoundError) else OSError
        reason = file.address.hide(str(error) or type(error).__name__)
        raise kind(reason) from file.address.cause(error)


class _Stream(io.RawIOBase):
    """The stream of a file system; its errors are `OSError` and without credentials."""

    def __init__(self, stream: Any, file: InputFile) -> None:
        self._stream = stream
        self._file = file

    def _ask(self, method: Callable[..., Any], *arguments: Any) -> Any:
        with _errors_passed_on(self._file):
            return method(*arguments)

    def read(self, size: int | None = -1) -> bytes:
        """As many bytes as asked for, or all up to the end."""
        data: bytes = self._ask(self._stream.read, -1 if size is None else size)
        return data

    def readinto(self, buffer: Any) -> int:
        """Fill a buffer."""
        data = self.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def seek(self, offset: int, whence: int = 0) -> int:
        """Go to a byte."""
        return int(self._ask(self._stream.seek, offset, whence))

    def tell(self) -> int:
        """The next byte."""
        return int(self._stream.tell())

    def readable(self) -> bool:
        """It is."""
        return True

    def seekable(self) -> bool:
        """It is, as Parquet and zip demand."""
        return True


class UnreadableFileError(InputError):
    """A file that cannot be read, or not to its end; the value says why."""


def unreadable(
    file: InputFile, reason: str, cure: str = "Fetch the file again, or remove it from the input."
) -> UnreadableFileError:
    """The error for a file."""
    return UnreadableFileError(
        f"{file.name} cannot be read.",
        where=file.name,
        value=reason,
        cure=cure,
    )


@contextmanager
def readable(file: InputFile) -> Iterator[None]:
    """Around whatever reads `file`: its damage is an `UnreadableFileError`.

    A lack of memory is no damage, although Arrow's is of both kinds.
    """
    try:
        yield
    except MemoryError:
        raise
    except _DAMAGE as error:
        raise unreadable(file, str(error) or type(error).__name__) from error
