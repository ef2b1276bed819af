"""The columns that the names in a file's header stand for, or why a first line is no header."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from sweep_dask.errors import InputError
from sweep_dask.printable import listed
from sweep_dask.schema import Column, Kind, Table
from sweep_dask.settings.values import DELIMITERS
from sweep_dask.storage.units import Unit, unit_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from sweep_dask.storage.raw_files import InputFile

#: A hundred times the columns of the widest table of the exchange.
_MAX_FIELDS = 4_000
#: Of names in a message.
_SHOWN_NAMES, _SHOWN_CHARACTERS = 60, 60

#: Columns added to the rows of a file: their trading date, and their calendar day while they are
#: put in order.
OWN_COLUMNS = ("date", "_day")

_SHOWN_CELLS = 30

_NUMBER = re.compile(r"\s*[+-]?[0-9]+(?:\.[0-9]*)?\s*")


@dataclass(frozen=True)
class Field:
    """One field of a file that is read."""

    position: int
    column: Column
    unit: Unit | None = None
    """Unit of the cells; None for that of the extracts."""


def plain_name(name: str) -> str:
    """Spelling that case, blanks and underscores do not change."""
    return "".join(name.split()).casefold().replace("_", "")


def with_units(fields: Sequence[Field], units: Mapping[str, str]) -> tuple[Field, ...]:
    """Fields that know in which unit their cells are."""
    return tuple(replace(field, unit=unit_of(field.column, units)) for field in fields)


def match_columns(
    names: Sequence[str], table: Table, mapping: Mapping[str, str], file: InputFile, where: str
) -> tuple[Field, ...]:
    """Fields to read, in the order of `Table.in_order`.

    `where`: where the names stand, for errors.
    Raises InputError: a required column is missing, or two fields claim the same column.
    """
    _refuse_too_many(names, file, where)
    _refuse_taken_names(table, mapping, file)
    wanted = accepted_names(table, mapping)
    fields: dict[str, Field] = {}
    for position, name in enumerate(names):
        column = wanted.get(plain_name(name))
        is_free = name.strip().casefold() not in {"", *OWN_COLUMNS}
        if column is None and table.keeps_other_columns and is_free:
            column = Column(name.strip(), Kind.TEXT, required=False)
        if column is None:
            continue
        if column.name in fields:
            raise InputError(
                f"Two fields of {file.name} claim the column {column.name}: "
                f"{names[fields[column.name].position].strip()} and {name.strip()}.",
                where=where,
                cure=f"Name the right one under columns.{table.name}.{column.name} in config.yaml.",
            )
        fields[column.name] = Field(position, column)
    _require(fields, names, table, mapping, file, where)
    return tuple(fields[c.name] for c in table.in_order(f.column for f in fields.values()))


def _refuse_too_many(names: Sequence[str], file: InputFile, where: str) -> None:
    if len(names) > _MAX_FIELDS:
        raise InputError(
            f"{file.name} has {len(names):,} columns; a table may have {_MAX_FIELDS:,}.",
            where=where,
            value=_shown(names),
            cure="Export the columns that docs/input.md lists.",
        )


def _shown(names: Sequence[str]) -> str:
    """The first of the names, as far as a reader can use them."""
    return listed([name.strip()[:_SHOWN_CHARACTERS] for name in names], _SHOWN_NAMES)


def _refuse_taken_names(table: Table, mapping: Mapping[str, str], file: InputFile) -> None:
    """A name that is another column's own, or is given twice, would leave one of two without."""
    taken = {
        plain_name(name): column.name
        for column in table.columns
        if column.name not in mapping
        for name in (column.name, *column.aliases)
    }
    for column, name in mapping.items():
        other = taken.setdefault(plain_name(name), column)
        if other != column:
            raise InputError(
                f"{name!r} cannot be the column {column}: it is the column {other}.",
                where=f"columns.{table.name}.{column} in config.yaml, for {file.name}",
                value=name,
                cure=f"Give {column} the name it has in the file.",
            )


def accepted_names(table: Table, mapping: Mapping[str, str]) -> dict[str, Column]:
    """Columns of a table by the names (`plain_name`) that a header may have for them."""
    accepted: dict[str, Column] = {}
    for column in table.columns:
        if column.name in mapping:
            accepted[plain_name(mapping[column.name])] = column
        else:
            for name in (column.name, *column.aliases):
                accepted.setdefault(plain_name(name), column)
    return accepted


def _require(
    fields: Mapping[str, Field],
    names: Sequence[str],
    table: Table,
    mapping: Mapping[str, str],
    file: InputFile,
    where: str,
) -> None:
    missing = [c.name for c in table.columns if c.required and c.name not in fields]
    if not missing:
        return
    claimed = {field.position for field in fields.values()}
    free = [name.strip() for position, name in enumerate(names) if position not in claimed]
    nearest = {name: difflib.get_close_matches(name, free, n=3, cutoff=0.4) for name in missing}
    # The one that the file seems to have under another name.
    shown, near = max(nearest.items(), key=lambda found: bool(found[1]))
    hint = f"{shown} (nearest: {', '.join(near)})" if near else shown
    expected = [f"{n} (mapped to {mapping[n]})" if n in mapping else n for n in missing]
    raise InputError(
        f"Required column{'s' * (len(missing) > 1)} missing from {file.name}: "
        f"{', '.join(expected)}.",
        where=where,
        value=_shown(names),
        cure=f"Map {hint} under columns.{table.name} in config.yaml, "
        f"as in `columns: {{{table.name}: {{{shown}: {(near or ['my_name'])[0]}}}}}`.",
    )


def refuse_other_delimiter(
    split: Callable[[str], Sequence[str]],
    delimiter: str,
    is_known: Callable[[str], bool],
    where: str,
    table: str,
    fewest: int,
) -> None:
    """Refuse a line with more known names when it is split at another delimiter.

    So is one whose names are all unknown, if it is a single field as it is split now.

    `split`: the line's fields, by delimiter.
    `is_known`: whether a name is one of the table's columns.
    `fewest`: so many columns the table has at least.
    Raises InputError: names the delimiter and how to set it.
    """
    fields = {word: split(d) for word, d in DELIMITERS.items()}
    known = {word: sum(map(is_known, names)) for word, names in fields.items()}
    used = next(word for word, d in DELIMITERS.items() if d == delimiter)
    best = max(known, key=lambda word: (known[word], len(fields[word])))
    is_one_field = len(fields[used]) == 1 and len(fields[best]) >= max(fewest, 2)
    if known[best] > max(known[used], 1) or (is_one_field and not known[used]):
        raise InputError(
            f"The columns of {where.partition(',')[0]} are separated by {_spoken(best)}, "
            f"not by {_spoken(used)}.",
            where=where,
            cure=f'Set `delimiter: {{{table}: "{best}"}}` in the configuration.',
        )


def _spoken(word: str) -> str:
    return {",": "commas", ";": "semicolons", "|": "bars", "tab": "tabs"}[word]


def refuse_header(known: Sequence[str], where: str, table: str) -> None:
    """Refuse a first line with names of columns where the configuration says there is none.

    Raises InputError: the first row would be taken for one.
    """
    if len(known) > 1:
        raise InputError(
            f"{where.partition(',')[0]} has a header, and the configuration names its columns.",
            where=where,
            value=", ".join(name.strip() for name in known),
            cure=f"Take `header.{table}` out of the configuration; rename columns with `columns`.",
        )


def refuse_other_number(cells: Sequence[str], names: Sequence[str], where: str, table: str) -> None:
    """Refuse a row with more or fewer cells than names.

    Raises InputError: says how many there are.
    """
    if len(cells) != len(names):
        raise InputError(
            f"{where.partition(',')[0]} has {len(cells)} fields and `header.{table}` {len(names)} "
            "names.",
            where=where,
            value=", ".join(cell.strip() for cell in cells[:_SHOWN_CELLS]),
            cure=f"Name every field in the order of the file; or correct `delimiter.{table}`.",
        )


def refuse_row(names: Sequence[str], required: Sequence[str], where: str, table: str) -> None:
    """Refuse a first line that holds mostly numbers.

    Raises InputError: says which names belong into the line that is missing.
    """
    numbers = sum(_NUMBER.fullmatch(name) is not None for name in names)
    if numbers < 2 or 2 * numbers < len(names):
        return
    raise InputError(
        f"{where.partition(',')[0]} has no header: its first line looks like a row.",
        where=where,
        value=", ".join(name.strip() for name in names),
        cure="Put a line with the names of the columns in front, among them "
        f"{', '.join(required)}; or name them, all in the order of the file, in the "
        f"configuration: `header: {{{table}: [{', '.join(required[:2])}, …]}}`.",
    )
