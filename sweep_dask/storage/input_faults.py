"""What is wrong with an input: tables that are missing, files that cannot be told or used."""

from __future__ import annotations

import difflib
from collections import defaultdict
from textwrap import indent
from typing import TYPE_CHECKING

from sweep_dask.errors import InputError
from sweep_dask.printable import listed, printable
from sweep_dask.schema import BY_NAME, TABLES
from sweep_dask.storage.formats import FORMATS
from sweep_dask.storage.input_places import Place, names_in, tables_below

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from sweep_dask.storage.address import InputAddresses
    from sweep_dask.storage.header import FileHeader
    from sweep_dask.storage.input_folder import Listing
    from sweep_dask.storage.inputs import Discovery, Mapped
    from sweep_dask.storage.raw_files import InputFile

#: Of names in a message or of warnings of one kind.
_MOST_SHOWN = 12

#: Of warnings of one kind.
_MOST_PASSED_OVER = 12


def require_tables(
    address: InputAddresses,
    places: Sequence[Place],
    files: Sequence[InputFile],
    listings: Sequence[Listing],
) -> None:
    """Refuse an input without files of a required table; what may be meant is named."""
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


def refuse_unread(address: InputAddresses, unread: Sequence[str]) -> None:
    """What lies beside files that are read, and is not read, is data that would be missing."""
    if unread:
        raise InputError(
            f"{len(unread)} of what lies in the folders of tables cannot be read.",
            where=str(address),
            value=", ".join(unread),
            cure=f"Files end in {', '.join(FORMATS)} and lie in the folder of their table, or of a "
            "date in it. Rename others that are such files, take them away, or leave them out with "
            "--ignore PATTERN (select.ignore).",
        )


def refuse_unclear(address: InputAddresses, unclear: Sequence[str]) -> None:
    """Refuse files whose names tell no table, or several."""
    if unclear:
        raise InputError(
            "The names of some files do not tell one table.",
            where=str(address),
            value=listed(unclear, _MOST_SHOWN),
            cure=f"Say whose files they are, as in orders=PATH (or {', '.join(list(BY_NAME)[1:])}),"
            " or leave them out with --ignore PATTERN (select.ignore).",
        )


def refuse_several_forms(place: Place, listing: Listing) -> None:
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


class SeveralFilesError(InputError):
    """Several files that cannot be used."""

    errors: tuple[InputError, ...] = ()

    def of(self, errors: Sequence[InputError]) -> SeveralFilesError:
        """Itself, with one error for each of the files."""
        self.errors = tuple(errors)
        return self


def passed_over(strangers: Sequence[str]) -> list[str]:
    """Warnings of what is no table."""
    shown = [f"{printable(name)} in the input is no table and is not read." for name in strangers]
    if len(shown) <= _MOST_PASSED_OVER:
        return shown
    more = f"{len(shown) - _MOST_PASSED_OVER:,} more in the input are no tables and are not read."
    return [*shown[:_MOST_PASSED_OVER], more]


def raise_all(errors: Sequence[InputError]) -> None:
    """Raise what is wrong with one file or another, if anything is, as one error."""
    if len(errors) == 1:
        raise errors[0]
    if errors:
        raise SeveralFilesError(
            f"{len(errors)} input files cannot be used:\n"
            + "\n".join(indent(f"- {error}", "    ")[2:] for error in errors),
            cure="Each of them is described above.",
        ).of(errors)


def require_rows(discovery: Discovery, headers: Mapping[str, FileHeader]) -> None:
    """Refuse required tables of which no file has rows."""
    with_rows = {file.table for file in discovery.files if file.name in headers}
    for table in TABLES:
        if table.required and table.name not in with_rows:
            raise InputError(
                f"The {table.name} files hold no rows.",
                where=str(discovery.address),
                value=", ".join(file.name for file in discovery.files if file.table == table.name),
                cure=f"Give {table.name} files that have rows below their header.",
            )


def require_mapped(
    files: Iterable[InputFile], headers: Mapping[str, FileHeader], mapping: Mapped
) -> None:
    """A column mapped to a name that no file has is a mistake, also if it is not required."""
    by_table: dict[str, set[str]] = defaultdict(set)
    for file in files:
        if file.name in headers:
            by_table[file.table].update(field.column.name for field in headers[file.name].fields)
    for table, columns in by_table.items():
        for column, name in mapping.get(table, {}).items():
            if column not in columns:
                raise InputError(
                    f"None of the {table} files has a column {name!r}.",
                    where=f"columns.{table}.{column} in config.yaml",
                    value=name,
                    cure="Correct the name, or remove it from the configuration.",
                )
