"""Files that are damaged, or are not what their names say: one error, wherever it is met."""

from __future__ import annotations

import lzma
import zlib
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pyarrow as pa

from sweep_dask.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sweep_dask.storage.raw_files import InputFile

#: What reading such a file can raise: the system, gzip, Arrow, and names that are no text.
_DAMAGE = (OSError, EOFError, zlib.error, lzma.LZMAError, pa.ArrowException, UnicodeDecodeError)


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
