"""One raw file: its address, which version of it was planned with, and its bytes."""

from __future__ import annotations

import hashlib
import io
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sweep_dask.errors import InputError, SweepError
from sweep_dask.storage.file_version import file_version
from sweep_dask.storage.unreadable import readable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    from fsspec import AbstractFileSystem

    from sweep_dask.storage.address import InputAddress
    from sweep_dask.storage.file_version import FileVersion

_DIGEST_BYTES = 1 << 20


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

    Raises
    ------
    InputChangedError
        It is not, also if reading fails for that reason.
    OSError
        The file cannot be read, whatever the file system raises.
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

    Raises
    ------
    UnreadableFileError, InputChangedError
        It cannot be read, or is not what it was when the input was listed.
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
