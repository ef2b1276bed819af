"""Which files an input holds, by table."""

from __future__ import annotations

import difflib
import os
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from fsspec.implementations.local import LocalFileSystem

from sweep_dask.errors import InputError
from sweep_dask.printable import listed
from sweep_dask.schema import BY_NAME, TABLES
from sweep_dask.storage.formats import FORMATS
from sweep_dask.storage.input_folder import InputFolder, Listing
from sweep_dask.storage.input_places import Place, names_in, places_of, prefixes, tables_below
from sweep_dask.storage.raw_files import InputChangedError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from sweep_dask.storage.address import InputAddresses
    from sweep_dask.storage.raw_files import InputFile

#: Of names in a message or of warnings of one kind.
_MOST_SHOWN = 12


class Taken(NamedTuple):
    """What was taken for a table."""

    input: str
    """What was given as INPUT."""
    table: str
    form: str
    """How its files lie: `orders/*`; digits of dates are `#` in `####-##-##/Orders/*`."""
    files: int


@dataclass(frozen=True)
class Discovery:
    """All files of an input."""

    address: InputAddresses
    ignore: tuple[str, ...]
    places: tuple[Place, ...]
    files: tuple[InputFile, ...]
    """Tables in the order of `schema.TABLES`; of a table by INPUT as given, then by name: this
    order decides which of two repeated rows is the first."""
    taken: tuple[Taken, ...]
    notes: tuple[str, ...]
    """What was taken for what, where that is not as it was written; files given twice."""
    strangers: tuple[str, ...]
    """Names of folders (with `/`) and of files that belong to no table."""


def discover(address: InputAddresses, ignore: Collection[str] = ()) -> Discovery:
    """All input files of what was given as INPUT.

    `ignore`: patterns, as in a shell, of names of files and folders that are not looked at; `*`
    also stands for `/`. Names that begin with `.` or `_` never are.
    Raises InputError: something given, or every file of a required table, is missing; it cannot be
    reached; a table holds what cannot be read, or lies in several forms. All of it is listed.
    """
    with _reaching(address):
        places, listings = _listings(address, ignore)
        _refuse_unread(address, [name for listing in listings for name in listing.unread])
        _refuse_unclear(address, [name for listing in listings for name in listing.unclear])
        for place, listing in zip(places, listings, strict=True):
            _refuse_several_forms(place, listing)
        files, twice = _each_once(listings)
        _require_tables(address, places, files, listings)
    taken = [
        Taken(str(place.address), table.name, form, count)
        for place, listing in zip(places, listings, strict=True)
        for table in TABLES
        for form, count in sorted(listing.forms[table.name].items())
    ]
    notes = [*(place.note for place in places if place.note), *twice]
    strangers = tuple(name for listing in listings for name in listing.strangers)
    return Discovery(
        address, tuple(ignore), tuple(places), tuple(files), tuple(taken), tuple(notes), strangers
    )


def _listings(
    address: InputAddresses, ignore: Collection[str]
) -> tuple[list[Place], list[Listing]]:
    places = places_of(address)
    pairs = zip(places, prefixes(places), strict=True)
    return places, [InputFolder(place, prefix, tuple(ignore)).listing() for place, prefix in pairs]


def _each_once(listings: Sequence[Listing]) -> tuple[list[InputFile], list[str]]:
    """Files in order, and a note on each that was given before."""
    order = {table.name: number for number, table in enumerate(TABLES)}
    in_order = [
        file for listing in listings for file in sorted(listing.files, key=lambda file: file.path)
    ]
    in_order.sort(key=lambda file: order[file.table])
    files: dict[str, InputFile] = {}
    twice = []
    for file in in_order:
        first = files.setdefault(_place_of(file), file)
        if first is not file:
            also = f", also as {file.name}" * (first.name != file.name)
            twice.append(f"{first.name} is there twice{also}: it is read once.")
    return list(files.values()), twice


def _place_of(file: InputFile) -> str:
    """Where a file really is: links are followed on this machine."""
    if isinstance(file.filesystem, LocalFileSystem):
        return os.path.realpath(file.path)
    return f"{type(file.filesystem).__name__} {file.path}"


@contextmanager
def _reaching(address: InputAddresses) -> Iterator[None]:
    """Errors of file systems as ours, without the credentials that their texts may hold."""
    try:
        yield
    except (InputError, MemoryError):
        raise
    except Exception as error:  # noqa: BLE001  each file system has errors of its own
        reason = address.hide(str(error) or type(error).__name__)
        raise InputError(
            "The input cannot be reached.", where=str(address), value=reason, cure=_cure(error)
        ) from address.cause(error)


def _cure(error: Exception) -> str:
    if isinstance(error, ImportError):
        return "Install the package that is named."
    if isinstance(error, ValueError):
        return "Use a local path, or a URL of a protocol that fsspec knows, such as s3://."
    return "Check the address, the connection and your permission to list the folder."


def require_unchanged(discovery: Discovery) -> None:
    """List the input again and refuse it if it is not what it was.

    Raises InputChangedError: names every file that is new, gone or another one.
    """
    with _reaching(discovery.address):
        _, listings = _listings(discovery.address, discovery.ignore)
        files, _ = _each_once(listings)
    unread = [name for listing in listings for name in (*listing.unread, *listing.unclear)]
    now = {file.name: file.version for file in files}
    before = {file.name: file.version for file in discovery.files}
    changes = [
        *(f"{name} is new" for name in (*now, *unread) if name not in before),
        *(f"{name} is gone" for name in before if name not in now),
        *(f"{name} was changed" for name in now if now[name] != before.get(name, now[name])),
    ]
    if changes:
        raise InputChangedError(
            "The input changed during the run.",
            where=str(discovery.address),
            value=", ".join(changes),
        )


def _require_tables(
    address: InputAddresses,
    places: Sequence[Place],
    files: Sequence[InputFile],
    listings: Sequence[Listing],
) -> None:
    present = {file.table for file in files}
    missing = [table.name for table in TABLES if table.required and table.name not in present]
    if not missing:
        return
    there = [name for place in places for name in names_in(place)]
    raise InputError(
        f"The input has no {' and no '.join(missing)} files.",
        where=str(address),
        value=listed(there, _MOST_SHOWN) or "an empty folder",
        cure=" ".join([*_hints(missing, places, listings), _wanted(missing)]),
    )


def _wanted(missing: Sequence[str]) -> str:
    folders = " and ".join(f"{name}/" for name in missing)
    return (
        f"Put files ending in {', '.join(FORMATS)} into {folders}, or give them as "
        + " ".join(f"{name}=PATH" for name in missing)
        + "."
    )


def _hints(
    missing: Sequence[str], places: Sequence[Place], listings: Sequence[Listing]
) -> list[str]:
    """What of that which was passed over may be meant."""
    hints = []
    for place, listing in zip(places, listings, strict=True):
        words = {name.rstrip("/").rsplit("/", 1)[-1].casefold(): name for name in listing.strangers}
        for table in missing:
            near = difflib.get_close_matches(table, words, n=1, cutoff=0.7)
            hints += [f"If {words[name]} holds {table}, rename it to {table}/." for name in near]
        if not place.starts[0]:
            inner = tables_below(place, listing.strangers)
            if inner:
                hints.append(f"There are tables in {listed(inner, _MOST_SHOWN)}: is that meant?")
    return hints


def _refuse_unread(address: InputAddresses, unread: Sequence[str]) -> None:
    """What lies beside files that are read, and is not read, is data that would be missing."""
    if unread:
        raise InputError(
            f"{len(unread)} of what lies in the folders of tables cannot be read.",
            where=str(address),
            value=", ".join(unread),
            cure=f"Files end in {', '.join(FORMATS)} and lie in the folder of their table, or of a "
            "date in it. Take others away, or leave them out with --ignore PATTERN "
            "(select.ignore).",
        )


def _refuse_unclear(address: InputAddresses, unclear: Sequence[str]) -> None:
    if unclear:
        raise InputError(
            "The names of some files do not tell one table.",
            where=str(address),
            value=listed(unclear, _MOST_SHOWN),
            cure=f"Say whose files they are, as in orders=PATH (or {', '.join(list(BY_NAME)[1:])}),"
            " or leave them out with --ignore PATTERN (select.ignore).",
        )


def _refuse_several_forms(place: Place, listing: Listing) -> None:
    """The same rows may lie there twice, or in one of them rows of long ago."""
    for table, forms in listing.forms.items():
        if len(forms) > 1:
            raise InputError(
                f"Files of {table} lie in {len(forms)} ways, and nothing says which is meant.",
                where=str(place.address),
                value=", ".join(f"{form} ({n} file{'s' * (n > 1)})" for form, n in forms.items()),
                cure="Leave out what is not meant with --ignore PATTERN (select.ignore); or, if "
                "all are, give each of them as an INPUT of its own, beside those of other tables.",
            )
