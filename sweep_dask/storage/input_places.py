"""Where the files of an input lie: what was given as INPUT, as folders and what of them is meant.

A folder, a file, or a pattern of either; the folder of a table stands for the one around it if it
is given alone; `TABLE=PATH` says whose files they are. Files of a table lie in the folder of its
name, in any case, with folders of dates above or below it; or flat, with the table's name as a word
of their own.
"""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from sweep_dask.errors import InputError
from sweep_dask.schema import BY_NAME
from sweep_dask.storage.formats import FORMATS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from fsspec import AbstractFileSystem

    from sweep_dask.storage.address import Given, InputAddress, InputAddresses

#: As Hive names folders, `date=2024-09-05`, or without.
_KEY = r"(?:[A-Za-z_]+=)?"
_YEAR, _MONTH, _DAY = r"(?:19|20)\d\d", r"(?:0[1-9]|1[0-2])", r"(?:0[1-9]|[12]\d|3[01])"
#: Also the year, or year and month, above the rest.
_DATE = re.compile(rf"{_KEY}{_YEAR}(?:-?{_MONTH}(?:-?{_DAY})?|/{_KEY}{_MONTH}(?:/{_KEY}{_DAY})?)?")
_PART_OF_DATE = re.compile(rf"{_KEY}[0-9-]+")

_NO_LETTERS = re.compile(r"[\W\d_]+")

_PATTERN = re.compile(r"[*?\[]")
#: In a URL `?` begins a query.
_URL_PATTERN = re.compile(r"[*\[]")

_SHOWN_NAMES = 12


def format_of(name: str) -> str | None:
    """The format that the ending of a name stands for; None if it is not read."""
    lowered = name.lower()
    endings = (ending for ending in FORMATS if lowered.endswith(ending))
    return next((FORMATS[ending] for ending in endings), None)


def table_of_folder(name: str) -> str | None:
    """The table whose files lie in a folder of this name."""
    return name.casefold() if name.casefold() in BY_NAME else None


def table_above(folders: Sequence[str]) -> str | None:
    """The table of what lies in these folders, each in the one before; the innermost counts."""
    found = (table_of_folder(name) for name in reversed(folders))
    return next((table for table in found if table), None)


def tables_in_name(name: str) -> set[str]:
    """The tables that are words of a file's name: those of `20240905_Orders-2.csv`."""
    return {word for word in _NO_LETTERS.split(name.casefold()) if word in BY_NAME}


def leads_to_tables(folders: Sequence[str]) -> bool:
    """Whether the last folder is one of a table or of a date.

    `folders`: names, from the input folder on.
    """
    *above, name = folders
    if table_of_folder(name):
        return table_above(above) is None
    dates = [folder for folder in above if _PART_OF_DATE.fullmatch(folder)]
    return _DATE.fullmatch("/".join([*dates, name])) is not None


def folders_of_table(folders: Sequence[str]) -> int:
    """How many of the last folders are a table's own: its folder, and dates in it; else 0."""
    for n_dates, name in enumerate(reversed(folders)):
        if table_of_folder(name):
            return n_dates + 1
        if not _PART_OF_DATE.fullmatch(name):
            break
    return 0


def form_of(folders: Sequence[str], table: str) -> str:
    """How a file lies: two files of a table that lie alike have the same text.

    Digits of dates are `#`, and folders that are neither dates nor a table's are `*`.
    """
    shown = [
        name if table_of_folder(name)
        # Not its value: every date has another.
        else re.sub(r"\d", "#", name) if _PART_OF_DATE.fullmatch(name)
        else "*"
        for name in folders
    ]  # fmt: skip
    return "/".join([*shown, "*" if table_above(folders) else f"*{table}*"])


@dataclass(frozen=True)
class Place:
    """One of the things given as INPUT."""

    address: InputAddress
    filesystem: AbstractFileSystem
    root: str
    """A folder; paths in it tell tables and names."""
    starts: tuple[str, ...] = ("",)
    """Paths below `root` of what is meant: folders with all that is in them, and files."""
    table: str | None = None
    """Whose files they are, if that was said."""
    note: str | None = None
    """What was taken for what, where that is not as it was written."""


def places_of(inputs: InputAddresses) -> list[Place]:
    """The places that are meant, in the order given; errors are those of file systems.

    Raises InputError: there is no such thing, or a pattern fits nothing; what is there is named.
    """
    return [_place(given, is_alone=len(inputs.given) == 1) for given in inputs.given]


def prefixes(places: list[Place]) -> list[str]:
    """What to put before paths below the roots, so that names of files are paths below one folder.

    If they have no folder in common, being in several file systems, it is the number of the place.
    """
    if any(place.filesystem != places[0].filesystem for place in places):
        return [f"{number}/" for number, _ in enumerate(places, 1)]
    roots = [place.root.rstrip("/").split("/") for place in places]
    n_common = min(map(len, roots))
    while len({tuple(root[:n_common]) for root in roots}) > 1:
        n_common -= 1
    return ["/".join([*root[n_common:], ""]) for root in roots]


def _place(given: Given, *, is_alone: bool) -> Place:
    filesystem, path = given.address.connect()
    filesystem.invalidate_cache()
    place = Place(given.address, filesystem, path, table=given.table)
    if filesystem.isdir(path):
        return _folder(place, is_alone=is_alone)
    if filesystem.isfile(path):
        return _below(place, path.rpartition("/")[0], [path])
    pattern = _PATTERN if given.address.local is not None else _URL_PATTERN
    if pattern.search(path):
        return _fitting(place, path, pattern)
    raise _not_there("The input folder does not exist.", place, path)


def _folder(place: Place, *, is_alone: bool) -> Place:
    """The folder; one of a table is part of the folder around it, and alone stands for that."""
    n_own = folders_of_table(place.root.split("/"))
    if place.table or not n_own or "/" not in place.root.strip("/") or _holds_tables(place):
        return place
    if not is_alone or n_own > 1:
        return _below(place, place.root, [place.root])
    parent = place.root.rpartition("/")[0] or "/"
    note = f"{place.address} is the folder of a table: the folder around it is read."
    return replace(place, root=parent, note=note)


def _holds_tables(place: Place) -> bool:
    entries = place.filesystem.ls(place.root, detail=True)
    return any(table_of_folder(_name(entry)) for entry in entries if entry["type"] == "directory")


def _below(place: Place, base: str, paths: list[str]) -> Place:
    """Paths below `base`, told by a folder that is not itself part of a table."""
    folders = base.split("/")
    n_own = 0 if place.table else folders_of_table(folders)
    root = "/".join(folders[: len(folders) - n_own])
    return replace(place, root=root, starts=tuple(path[len(root) :].lstrip("/") for path in paths))


def _fitting(place: Place, path: str, pattern: re.Pattern[str]) -> Place:
    """What fits a pattern; where a folder is called like a part of it, that part is its name."""
    parts = path.split("/")
    filesystem, n_literal = place.filesystem, 0
    while n_literal < len(parts) and (
        not pattern.search(parts[n_literal]) or filesystem.exists("/".join(parts[: n_literal + 1]))
    ):
        n_literal += 1
    base = "/".join(parts[:n_literal])
    found = sorted(_fits(filesystem, base, parts[n_literal:])) if filesystem.isdir(base) else []
    if not found:
        raise _not_there("Nothing fits the pattern.", place, path)
    return _below(place, base, found)


def _fits(filesystem: AbstractFileSystem, folder: str, parts: list[str]) -> Iterator[str]:
    if not parts:
        yield folder
        return
    first, *rest = parts
    if first == "**":
        yield from _fits(filesystem, folder, rest)
    for entry in filesystem.ls(folder, detail=True):
        name = _name(entry)
        inner = f"{folder}/{name}"
        if name.startswith((".", "_")) or inner == folder:
            continue
        is_folder = filesystem.isdir(inner)
        if first == "**" and is_folder:
            yield from _fits(filesystem, inner, parts)
        elif first != "**" and fnmatchcase(name, first) and (is_folder or not rest):
            yield from _fits(filesystem, inner, rest)


def _name(entry: dict[str, Any]) -> str:
    return str(entry["name"]).rstrip("/").rsplit("/", 1)[-1]


def _not_there(what: str, place: Place, path: str) -> InputError:
    """With what there is in the innermost folder on the way that exists."""
    folder, filesystem = path, place.filesystem
    while "/" in folder and not filesystem.isdir(folder):
        folder = folder.rpartition("/")[0]
    cure = (
        "Name a folder that holds orders/ and trades/, or files of them, "
        "or leave INPUT out to use the built-in sample."
    )
    if not folder or not filesystem.isdir(folder):
        return InputError(what, where=str(place.address), cure=cure)
    names = sorted(_name(entry) for entry in filesystem.ls(folder, detail=True))
    wanted = path[len(folder) :].lstrip("/").split("/")[0]
    near = difflib.get_close_matches(wanted, names, n=1)
    shown = names[:_SHOWN_NAMES] + ["…"] * (len(names) > _SHOWN_NAMES)
    return InputError(
        what,
        where=str(place.address),
        value=place.address.hide(f"{folder} holds {', '.join(shown) or 'nothing'}"),
        cure=place.address.hide(f"Did you mean {near[0]}? {cure}") if near else cure,
    )


def names_in(place: Place) -> list[str]:
    """What is given of a folder; or, if that is all of it, what lies in it."""
    if place.starts != ("",):
        return list(map(place.address.hide, place.starts))
    names = sorted(_name(entry) for entry in place.filesystem.ls(place.root, detail=True))
    return [place.address.hide(name) for name in names if not name.startswith((".", "_"))]


def tables_below(place: Place, strangers: list[str]) -> list[str]:
    """Those of the folders in the root that hold folders of tables themselves."""
    found = []
    for name in strangers[:_SHOWN_NAMES]:
        inner = f"{place.root.rstrip('/')}/{name.rstrip('/')}"
        if name.endswith("/") and _leads_on(place.filesystem, inner):
            found.append(name)
    return found


def _leads_on(filesystem: AbstractFileSystem, folder: str) -> bool:
    entries = filesystem.ls(folder, detail=True)
    return any(leads_to_tables([_name(e)]) for e in entries if e["type"] == "directory")
