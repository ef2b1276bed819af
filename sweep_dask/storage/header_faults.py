"""Why a first line is no header of its table: another delimiter, or no header at all."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from sweep_dask.errors import InputError
from sweep_dask.settings.values import DELIMITERS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_SHOWN_CELLS = 30

_NUMBER = re.compile(r"\s*[+-]?[0-9]+(?:\.[0-9]*)?\s*")


def refuse_other_delimiter(
    split: Callable[[str], Sequence[str]],
    delimiter: str,
    is_known: Callable[[str], bool],
    where: str,
    table: str,
) -> None:
    """Refuse a line with more known names when it is split at another delimiter.

    Parameters
    ----------
    split
        The line's fields, by delimiter.
    is_known
        Whether a name is one of the table's columns.

    Raises
    ------
    InputError
        Names the delimiter and how to set it.
    """
    known = {word: sum(map(is_known, split(d))) for word, d in DELIMITERS.items()}
    used = next(word for word, d in DELIMITERS.items() if d == delimiter)
    best = max(known, key=lambda word: known[word])
    if known[best] > max(known[used], 1):
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

    Raises
    ------
    InputError
        The first row would be taken for one.
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

    Raises
    ------
    InputError
        Says how many there are.
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

    Raises
    ------
    InputError
        Says which names belong into the line that is missing.
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
