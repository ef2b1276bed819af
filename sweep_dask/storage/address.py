"""Where an input lies, said without its credentials."""

from __future__ import annotations

import os.path
import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import unquote

import fsspec
from fsspec.implementations.local import LocalFileSystem

from sweep_dask.schema import BY_NAME

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fsspec import AbstractFileSystem

_HIDDEN = "***"

#: A URL up to the next one: links of a chain, `zip://a.csv::s3://bucket/b.zip`, are URLs.
_URL = re.compile(r"([a-z][a-z0-9+.-]*://)((?:(?![a-z][a-z0-9+.-]*://)[^\s'\"<>])*)", re.IGNORECASE)

#: What stands before the host. It is looked for if there is an `@`, or a colon before what is no
#: port, and then goes to the last `@`, for a password may hold `/` and `?`.
_LOGIN = re.compile(r"(?=[^/?#]*@|[^/?#@:]*:(?!\d*(?:[/?#]|$)))(.+)@", re.DOTALL)

#: One value behind `?`, `&` or `#`, with or without a name.
_QUERY_VALUE = re.compile(r"([?&#](?:[^=&#]*=)?)([^&#]+)")

#: A shorter text is no secret, and is part of too many words to be replaced in them.
_SHORTEST_SECRET = 4

_LOCAL = ("file://", "local://")


@dataclass(frozen=True, repr=False)
class InputAddress:
    """A local path or an fsspec URL.

    Its text is what may be shown and written: names and passwords before a host, and values in a
    query, are `***`. Only opening it sees them.
    """

    _raw: str

    def __str__(self) -> str:
        return self._raw if self.local is not None else _masked(self._raw)

    def __repr__(self) -> str:
        return f"InputAddress({str(self)!r})"

    @cached_property
    def local(self) -> Path | None:
        """The folder, if it is one of this machine, whatever its name looks like."""
        folder = self._raw
        if not Path(folder).is_dir():
            if folder.startswith(_LOCAL):
                folder = folder.partition("://")[2]
            elif "://" in folder:
                return None
            folder = os.path.expanduser(folder)  # noqa: PTH111  never fails
        return Path(folder).absolute()

    def connect(self) -> tuple[AbstractFileSystem, str]:
        """The file system, and the folder's path in it; errors are those of fsspec."""
        if self.local is not None:
            return LocalFileSystem(), self.local.as_posix()
        filesystem, root = fsspec.core.url_to_fs(self._raw)
        return filesystem, root

    def hide(self, text: str) -> str:
        """`text`, such as the message of a library, without this address's credentials."""
        if self._is_open:
            return text
        text = _masked(text)
        for secret in self._secrets:
            text = text.replace(secret, _HIDDEN)
        return text

    def cause(self, error: Exception) -> Exception | None:
        """What may stand as the cause of an error of ours: a traceback would show its text."""
        return error if self._is_open else None

    @property
    def _is_open(self) -> bool:
        """Whether there is nothing to hide."""
        return str(self) == self._raw

    @cached_property
    def _secrets(self) -> tuple[str, ...]:
        """Longest first, for one may be part of another."""
        found: set[str] = set()
        for _, rest in _URL.findall(self._raw):
            login = _LOGIN.match(rest)
            if login is not None:
                found |= {login[1], *login[1].split(":", 1)}
            found |= {value for _, value in _QUERY_VALUE.findall(rest)}
        found |= {unquote(secret) for secret in found}
        return tuple(sorted((s for s in found if len(s) >= _SHORTEST_SECRET), key=len)[::-1])


class Given(NamedTuple):
    """One thing given as INPUT."""

    address: InputAddress
    table: str | None = None
    """Whose files they are, if that was said, as in `orders=PATH`."""

    def __str__(self) -> str:
        return f"{self.table}={self.address}" if self.table else str(self.address)


@dataclass(frozen=True)
class InputAddresses:
    """All that was given as INPUT, in its order; its text may be shown and written."""

    given: tuple[Given, ...]

    @classmethod
    def of(cls, inputs: str | Sequence[str]) -> InputAddresses:
        """Of a path or URL, or several; each may say its table, `orders=PATH`."""
        return cls(tuple(map(_given, [inputs] if isinstance(inputs, str) else inputs)))

    def __str__(self) -> str:
        return ", ".join(map(str, self.given))

    @property
    def local(self) -> InputAddresses:
        """Those on this machine."""
        return InputAddresses(tuple(g for g in self.given if g.address.local is not None))

    def hide(self, text: str) -> str:
        """`text` without the credentials of any of them."""
        for given in self.given:
            text = given.address.hide(text)
        return text

    def cause(self, error: Exception) -> Exception | None:
        """As of `InputAddress`."""
        is_open = all(given.address.cause(error) for given in self.given)
        return error if is_open else None


def _given(text: str) -> Given:
    word, sign, path = text.partition("=")
    if sign and word.casefold() in BY_NAME and not Path(text).exists():
        return Given(InputAddress(path), word.casefold())
    return Given(InputAddress(text))


def _masked(text: str) -> str:
    return _URL.sub(_masked_url, text)


def _masked_url(url: re.Match[str]) -> str:
    scheme, rest = url.groups()
    if scheme.lower() in _LOCAL:
        return url[0]
    rest = _LOGIN.sub(f"{_HIDDEN}@", rest, count=1) if _LOGIN.match(rest) else rest
    return scheme + _QUERY_VALUE.sub(rf"\1{_HIDDEN}", rest)
