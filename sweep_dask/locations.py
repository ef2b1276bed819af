"""Where results and scratch files lie: a folder of this machine, or a URL of an object store."""

from __future__ import annotations

import re
from importlib.util import find_spec
from pathlib import Path
from typing import cast

from sweep_dask.errors import UsageError

#: By scheme of their URLs, stores that put an object in place whole or not at all, and the package
#: through which fsspec reaches each. `memory` is of one process, and for tests.
OBJECT_STORES = {"s3": "s3fs", "s3a": "s3fs", "gs": "gcsfs", "gcs": "gcsfs", "memory": "fsspec"}

#: Of URLs of files, which have no host but three slashes.
_OF_FILES = ("file", "local")

#: What begins like that and is no URL has a slash too few.
_SCHEME = re.compile(rf"({'|'.join((*OBJECT_STORES, *_OF_FILES))}):/")

_PLACES = "a folder, or " + ", ".join(f"{name}://…" for name in OBJECT_STORES if name != "memory")

#: A login, a query, and what stands for other names where objects are listed or removed.
_NO_PART_OF_A_PATH = "@?#*[]"


def location_of(text: str) -> Path:
    """The folder or file that a text names.

    Returns
    -------
    Path
        Of a URL a `upath.UPath`: it has the methods of a path, and those that have a meaning in an
        object store work.

    Raises
    ------
    UsageError
        It is empty, as a variable of a shell may be, or a URL of anything else than an object store
        that is known, or holds credentials, or a package is missing.
    """
    if not text.strip():
        raise UsageError("No folder is named.", value=text, cure=_PLACES)
    scheme, is_url, rest = text.partition("://")
    if not is_url and not _SCHEME.match(text):
        return Path(text)
    if scheme in _OF_FILES and rest.startswith("/"):
        return Path(rest)
    if scheme not in OBJECT_STORES or not rest.strip("/"):
        raise UsageError(
            "This is no place for results.",
            where=f"{scheme}://" if is_url else f"{text.partition(':')[0]}:/",
            cure=_PLACES,
        )
    if any(sign in rest for sign in _NO_PART_OF_A_PATH):
        raise UsageError(
            f"An address of results has none of {' '.join(_NO_PART_OF_A_PATH)} in it.",
            where=f"{scheme}://",
            cure="another address; credentials belong into the environment or the configuration "
            "of the store, where workers find them, too",
        )
    missing = [name for name in (OBJECT_STORES[scheme], "upath") if find_spec(name) is None]
    if missing:
        raise UsageError(
            "A package for results in an object store is not installed.",
            where=f"{scheme}://",
            value=", ".join(missing),
            cure=f"pip install 'sweep-dask[{'gcs' if scheme.startswith('g') else 's3'}]'",
        )
    from upath import UPath  # folders do without

    # What a store lists changes while others write to it. Of a file parts are read, each once.
    path = UPath(text.rstrip("/"), use_listings_cache=False, default_cache_type="none")
    return cast("Path", path)


def lasting(path: Path) -> Path:
    """The same place, if what is written there outlives this process.

    Raises
    ------
    UsageError
        It does not.
    """
    if str(path).startswith("memory://"):
        raise UsageError(
            "What is written there would end with this program.", where=str(path), cure=_PLACES
        )
    return path


def is_object(path: Path) -> bool:
    """Whether something lies in an object store, and is not of this machine."""
    return not isinstance(path, Path)
