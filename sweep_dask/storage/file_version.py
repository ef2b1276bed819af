"""What tells one content of a raw file from another."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from fsspec.implementations.local import LocalFileSystem

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem

#: What file systems say of a file that becomes another one with its content, without `_` and `-`.
#: Times of reading are not among it, and what else they say may differ from one look to the next.
_TELLING = {
    *("etag", "versionid", "generation", "contentmd5", "md5hash", "crc32c", "digest", "crc"),
    *("mtime", "modified", "modify", "lastmodified", "modificationtime", "lastwritetime"),
    *("updated", "created"),
}


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
