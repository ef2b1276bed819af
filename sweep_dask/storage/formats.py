"""Formats of raw files, and the text of those that are CSV, compressed or not."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import zipfile
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING

import pyarrow as pa

from sweep_dask.storage.raw_files import open_raw, unreadable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    from sweep_dask.storage.raw_files import InputFile

    Opened = AbstractContextManager[IO[bytes]]

_BUFFER_BYTES = 1 << 16
_ENCRYPTED = 1


@contextmanager
def open_text(file: InputFile) -> Iterator[IO[bytes]]:
    """The text of a CSV file, from its first byte.

    Raises
    ------
    UnreadableFileError
        An archive that does not hold one file, or is encrypted; a format no library is there for.
    InputChangedError, OSError
        As `open_raw`; damage is an OSError, an EOFError or an error of zlib.
    """
    with open_raw(file) as raw, _OPENED[file.format](file, raw) as text:
        yield text


def _plain(file: InputFile, raw: io.RawIOBase) -> Opened:  # noqa: ARG001
    return io.BufferedReader(raw, _BUFFER_BYTES)


def _gzip(file: InputFile, raw: io.RawIOBase) -> Opened:  # noqa: ARG001
    return gzip.GzipFile(fileobj=raw)  # type: ignore[return-value]  # it reads bytes


def _bzip2(file: InputFile, raw: io.RawIOBase) -> Opened:  # noqa: ARG001
    return bz2.BZ2File(raw)


def _xz(file: InputFile, raw: io.RawIOBase) -> Opened:  # noqa: ARG001
    return lzma.LZMAFile(raw)  # type: ignore[arg-type]  # it reads bytes


def _zstandard(file: InputFile, raw: io.RawIOBase) -> Opened:
    if not pa.Codec.is_available("zstd"):
        raise unreadable(file, "pyarrow was built without Zstandard", "Install another pyarrow.")
    return io.BufferedReader(pa.CompressedInputStream(raw, "zstd"), _BUFFER_BYTES)


@contextmanager
def _only_member(file: InputFile, raw: io.RawIOBase) -> Iterator[IO[bytes]]:
    """The one file of a zip archive."""
    try:
        with zipfile.ZipFile(raw) as archive:
            members = [member for member in archive.infolist() if _counts(member)]
            if len(members) != 1:
                reason = f"the archive holds {len(members)} files, not one"
                raise unreadable(file, reason, "Put each file into an archive of its own.")
            if members[0].flag_bits & _ENCRYPTED:
                raise unreadable(file, "the archive is encrypted", "Pack it without a password.")
            with archive.open(members[0]) as stream:
                yield stream
    except (zipfile.BadZipFile, NotImplementedError) as error:
        raise OSError(f"{error}".rstrip(".")) from error


def _counts(member: zipfile.ZipInfo) -> bool:
    """Folders do not, nor what a system puts beside a file: `__MACOSX/._orders.csv`."""
    hidden = any(part.startswith((".", "_")) for part in member.filename.split("/"))
    return not (member.is_dir() or hidden)


#: Formats of text, and how the text of a file is had.
_OPENED: dict[str, Callable[[InputFile, io.RawIOBase], Opened]] = {
    "csv": _plain,
    "csv.bz2": _bzip2,
    "csv.gz": _gzip,
    "csv.xz": _xz,
    "csv.zst": _zstandard,
    "csv.zip": _only_member,
}

#: Formats that can only be read from their beginning.
COMPRESSED = tuple(name for name in _OPENED if name != "csv")

#: Endings that are read, and the format each stands for.
FORMATS = {f".{name}": name for name in (*_OPENED, "parquet")}
